/* Pooling in one, two and three dimensions: the greatest or the mean of each window.
 *
 * Max pooling reads x where it is greatest; its derivatives read (max_pool_gather) or write (max_pool_scatter) other
 * tensors at those places, found again from x, so that no tensor of places is kept. Average pooling is linear:
 * avg_pool_like is it and avg_pool_grad its transposed. Each of these is the other's derivative. Long because the
 * ops of pooling are each other's derivatives and share one shape rule. */
#include <dotgrad/op.h>

#include "kernel.h"
#include "ops/shared/arguments.h"
#include "ops/shared/describe.h"
#include "ops/shared/rules.h"

/* ---- attributes ---- */

/* Where an op has them; −1: not at all. Without a kernel_size the windows are adaptive. */
typedef struct pool_places {
    int kernel_size, stride, padding, dilation, ceil_mode, count_include_pad, divisor_override, dims;
} pool_places;
static const pool_places max_at = {0, 1, 2, 3, 4, -1, -1, -1};
static const pool_places avg_at = {0, 1, 2, -1, 3, 4, 5, -1};
static const pool_places adaptive_at = {-1, -1, -1, -1, -1, -1, -1, -1};
static const pool_places max_product_at = {1, 2, 3, 4, -1, -1, -1, 0};
static const pool_places avg_product_at = {1, 2, 3, -1, -1, 4, 5, 0};

static const dg_value *attr(const dg_value *attrs, int place)
{
    static const dg_value none = {0};
    return place < 0 ? &none : &attrs[place];
}

static dg_status settings_from(const dg_value *attrs, const pool_places *at, int rank, pool_shape *s)
{
    const dg_value *kernel = attr(attrs, at->kernel_size), *stride = attr(attrs, at->stride);
    *s = (pool_shape){.adaptive = !is_given(kernel), .count_include_pad = true};
    DG_TRY(spatial_sizes(kernel, "kernel_size", rank, 1, 1, s->kernel));
    DG_TRY(spatial_sizes(is_given(stride) ? stride : kernel, "stride", rank, 1, 1, s->stride));
    DG_TRY(spatial_sizes(attr(attrs, at->padding), "padding", rank, 0, 0, s->pad));
    DG_TRY(spatial_sizes(attr(attrs, at->dilation), "dilation", rank, 1, 1, s->dilation));
    for (int d = 0; d < 3; d++)
        if (2 * s->pad[d] > s->dilation[d] * (s->kernel[d] - 1) + 1)
            return dg_error(DG_BAD_ARGUMENT, "padding is %lld, expected at most half of the kernel's %lld",
                            (long long)s->pad[d], (long long)(s->dilation[d] * (s->kernel[d] - 1) + 1));
    if (at->count_include_pad >= 0)
        s->count_include_pad = attrs[at->count_include_pad].b;
    s->divisor = int_or(attr(attrs, at->divisor_override), 0);
    if (is_given(attr(attrs, at->divisor_override)) && s->divisor == 0)
        return dg_error(DG_BAD_ARGUMENT, "divisor_override is 0");
    return dg_ok();
}

/* ---- shapes ---- */

/* As in PyTorch: with ceil_mode a last window may hang over the end, but not begin there. 0: none fits. */
static int64_t pooled_size(const pool_shape *s, int d, int64_t in, bool ceil_mode)
{
    int64_t stride = s->stride[d], extent = s->dilation[d] * (s->kernel[d] - 1) + 1;
    if (!ceil_mode || stride == 1)
        return window_count(in, s->kernel[d], stride, s->dilation[d], 2 * s->pad[d]);
    if (in < 0)
        return DG_UNKNOWN;
    int64_t reach = in + 2 * s->pad[d] - extent + stride - 1, out = reach < 0 ? 0 : reach / stride + 1;
    return out > 0 && (out - 1) * stride >= in + s->pad[d] ? out - 1 : out;
}

static dg_status pool_infer(const dg_infer *infer, const pool_places *at)
{
    const dg_shape *x = &infer->inputs[0]->shape;
    int rank = infer->op->spatial;
    pool_shape s;
    int64_t in[3];
    DG_TRY(want_floats(infer, 0));
    DG_TRY(want_image(infer, 0, rank));
    if (!is_given(&infer->attrs[at->kernel_size]))
        return dg_error(DG_BAD_ARGUMENT, "kernel_size is missing");
    DG_TRY(settings_from(infer->attrs, at, rank, &s));
    spatial_dims(x, rank, in);
    dg_type y = *infer->inputs[0];
    for (int d = 3 - rank; d < 3; d++) {
        int64_t *out = &y.shape.dims[x->rank - 3 + d];
        *out = pooled_size(&s, d, in[d], infer->attrs[at->ceil_mode].b);
        if (*out == 0)
            return no_window_fits(infer, 0, 2 * s.pad[d], s.dilation[d] * (s.kernel[d] - 1) + 1);
    }
    infer->outputs[0] = y;
    return dg_ok();
}

static dg_status max_infer(const dg_infer *infer)
{
    return pool_infer(infer, &max_at);
}

static dg_status avg_infer(const dg_infer *infer)
{
    return pool_infer(infer, &avg_at);
}

static dg_status adaptive_infer(const dg_infer *infer)
{
    const dg_shape *x = &infer->inputs[0]->shape;
    int rank = infer->op->spatial;
    char text[DG_SHAPE_TEXT];
    int64_t out[3];
    DG_TRY(want_floats(infer, 0));
    DG_TRY(want_image(infer, 0, rank));
    if (!is_given(&infer->attrs[0]))
        return dg_error(DG_BAD_ARGUMENT, "output_size is missing");
    DG_TRY(spatial_sizes(&infer->attrs[0], "output_size", rank, 1, 1, out));
    dg_type y = *infer->inputs[0];
    for (int d = 3 - rank; d < 3; d++) {
        if (x->dims[x->rank - 3 + d] == 0)
            return dg_error(DG_BAD_SHAPE, "input is %s: dimension %d has nothing to pool",
                            dg_graph_print_shape(infer->graph, x, text, sizeof text), x->rank - 3 + d);
        y.shape.dims[x->rank - 3 + d] = out[d];
    }
    infer->outputs[0] = y;
    return dg_ok();
}

/* ---- forward ---- */

static dg_status geometry(const dg_value *attrs, const pool_places *at, int rank, const dg_tensor *x,
                          const dg_tensor *y, pool_shape *s)
{
    DG_TRY(settings_from(attrs, at, rank, s));
    s->images = x->shape.rank == rank + 2 ? x->shape.dims[0] : 1;
    s->channels = x->shape.dims[x->shape.rank - rank - 1];
    s->dtype = x->dtype;
    spatial_dims(&x->shape, rank, s->in);
    spatial_dims(&y->shape, rank, s->out);
    if (s->in[0] * s->in[1] * s->in[2] > INT32_MAX)
        return dg_error(DG_BAD_SHAPE, "a plane of more than 2³¹ − 1 places is too large to pool");
    return dg_ok();
}

static dg_status max_forward(const dg_kernel *kernel, const pool_places *at, int rank)
{
    const dg_tensor *x = kernel->inputs[0], *y = kernel->outputs[0];
    pool_shape s;
    DG_TRY(geometry(kernel->attrs, at, rank, x, y, &s));
    max_pool_gather(&s, kernel, x, x, y);
    return dg_ok();
}

static dg_status avg_forward(const dg_kernel *kernel, const pool_places *at, int rank)
{
    const dg_tensor *x = kernel->inputs[0], *y = kernel->outputs[0];
    pool_shape s;
    DG_TRY(geometry(kernel->attrs, at, rank, x, y, &s));
    avg_pool_mean(&s, kernel, x, y);
    return dg_ok();
}

/* A kernel does not know its op; these give the number of dimensions. */
#define FORWARD(name, rule, places, rank)                                                                              \
    static dg_status name(const dg_kernel *kernel)                                                                     \
    {                                                                                                                  \
        return rule(kernel, &places, rank);                                                                            \
    }
FORWARD(max_1d, max_forward, max_at, 1)
FORWARD(max_2d, max_forward, max_at, 2)
FORWARD(max_3d, max_forward, max_at, 3)
FORWARD(avg_1d, avg_forward, avg_at, 1)
FORWARD(avg_2d, avg_forward, avg_at, 2)
FORWARD(avg_3d, avg_forward, avg_at, 3)
FORWARD(adaptive_max_1d, max_forward, adaptive_at, 1)
FORWARD(adaptive_max_2d, max_forward, adaptive_at, 2)
FORWARD(adaptive_max_3d, max_forward, adaptive_at, 3)
FORWARD(adaptive_avg_1d, avg_forward, adaptive_at, 1)
FORWARD(adaptive_avg_2d, avg_forward, adaptive_at, 2)
FORWARD(adaptive_avg_3d, avg_forward, adaptive_at, 3)

/* ---- layouts ---- */

static dg_layout picture_layout(const dg_kernel *kernel, int k)
{
    (void)k;
    return kernel->attrs[0].i == 2 ? DG_LAYOUT_ANY : DG_LAYOUT_PLAIN; /* not [C, D, H, W] */
}

/* ---- backward ---- */

static dg_node *product(const dg_backward *vjp, const pool_places *at, const char *op, int n_inputs,
                        dg_node *const *inputs)
{
    static const char *const names[] = {"kernel_size",       "stride",          "padding", "dilation",
                                        "count_include_pad", "divisor_override"};
    const int places[] = {at->kernel_size,       at->stride,          at->padding, at->dilation,
                          at->count_include_pad, at->divisor_override};
    int n_attrs = 1, rank = at->dims < 0 ? dg_node_op(vjp->node)->spatial : (int)vjp->attrs[at->dims].i;
    dg_value attrs[7] = {dg_int(rank)};
    attrs[0].key = "dims";
    for (int k = 0; k < 6; k++)
        if (places[k] >= 0) {
            attrs[n_attrs] = vjp->attrs[places[k]];
            attrs[n_attrs++].key = names[k];
        }
    return dg_apply(&(dg_application){.graph = vjp->graph,
                                      .op = op,
                                      .at = DG_HERE,
                                      .n_inputs = n_inputs,
                                      .inputs = inputs,
                                      .n_attrs = n_attrs,
                                      .attrs = attrs});
}

static void max_reverse(const dg_backward *vjp, const pool_places *at)
{
    vjp->grad_inputs[0] = product(vjp, at, "max_pool_scatter", 2, (dg_node *[]){vjp->inputs[0], vjp->grad_output});
}

static void avg_reverse(const dg_backward *vjp, const pool_places *at)
{
    vjp->grad_inputs[0] = product(vjp, at, "avg_pool_grad", 2, (dg_node *[]){vjp->grad_output, vjp->inputs[0]});
}

static void max_backward(const dg_backward *vjp)
{
    max_reverse(vjp, &max_at);
}

static void avg_backward(const dg_backward *vjp)
{
    avg_reverse(vjp, &avg_at);
}

static void adaptive_max_backward(const dg_backward *vjp)
{
    max_reverse(vjp, &adaptive_at);
}

static void adaptive_avg_backward(const dg_backward *vjp)
{
    avg_reverse(vjp, &adaptive_at);
}

/* ---- what the derivatives are made of ---- */

/* `x` and `y` are the inputs that look like what is pooled and like the result; output 0 is of the type of `result`. */
static dg_status check_product(const dg_infer *infer, const pool_places *at, int x_at, int y_at, int result)
{
    const dg_shape *x = &infer->inputs[x_at]->shape, *y = &infer->inputs[y_at]->shape;
    int64_t rank = infer->attrs[at->dims].i;
    char left[DG_SHAPE_TEXT], right[DG_SHAPE_TEXT];
    pool_shape s;
    if (rank < 1 || rank > 3)
        return dg_error(DG_BAD_ARGUMENT, "dims is %lld, expected 1, 2 or 3", (long long)rank);
    for (int k = 0; k < infer->n_inputs; k++)
        DG_TRY(want_floats(infer, k));
    DG_TRY(want_image(infer, x_at, (int)rank));
    DG_TRY(settings_from(infer->attrs, at, (int)rank, &s));
    bool fits = x->rank == y->rank;
    for (int d = 0; fits && d < x->rank - (int)rank; d++)
        fits = !sizes_differ(x->dims[d], y->dims[d]);
    if (!fits)
        return dg_error(DG_BAD_SHAPE, "%s is %s and %s is %s: they must have the same channels",
                        infer->op->inputs[x_at].name, dg_graph_print_shape(infer->graph, x, left, sizeof left),
                        infer->op->inputs[y_at].name, dg_graph_print_shape(infer->graph, y, right, sizeof right));
    infer->outputs[0] = *infer->inputs[result];
    return dg_ok();
}

static dg_status gather_infer(const dg_infer *infer)
{
    DG_TRY(shapes_agree(infer, 0, 1));
    return check_product(infer, &max_product_at, 0, 2, 2);
}

static dg_status scatter_infer(const dg_infer *infer)
{
    return check_product(infer, &max_product_at, 0, 1, 0);
}

static dg_status like_infer(const dg_infer *infer)
{
    return check_product(infer, &avg_product_at, 0, 1, 1);
}

static dg_status grad_infer(const dg_infer *infer)
{
    return check_product(infer, &avg_product_at, 1, 0, 1);
}

static dg_status gather_forward(const dg_kernel *kernel)
{
    const dg_tensor *x = kernel->inputs[0], *y = kernel->outputs[0];
    pool_shape s;
    DG_TRY(geometry(kernel->attrs, &max_product_at, (int)kernel->attrs[0].i, x, y, &s));
    max_pool_gather(&s, kernel, x, kernel->inputs[1], y);
    return dg_ok();
}

static dg_status scatter_forward(const dg_kernel *kernel)
{
    const dg_tensor *x = kernel->inputs[0], *g = kernel->inputs[1];
    pool_shape s;
    DG_TRY(geometry(kernel->attrs, &max_product_at, (int)kernel->attrs[0].i, x, g, &s));
    max_pool_scatter(&s, kernel, x, kernel->outputs[0], g);
    return dg_ok();
}

static dg_status like_forward(const dg_kernel *kernel)
{
    return avg_forward(kernel, &avg_product_at, (int)kernel->attrs[0].i);
}

static dg_status grad_forward(const dg_kernel *kernel)
{
    const dg_tensor *g = kernel->inputs[0], *dx = kernel->outputs[0];
    pool_shape s;
    DG_TRY(geometry(kernel->attrs, &avg_product_at, (int)kernel->attrs[0].i, dx, g, &s));
    avg_pool_spread(&s, kernel, dx, g);
    return dg_ok();
}

/* The places, and so the results, do not move with x. */
static void gather_backward(const dg_backward *vjp)
{
    if (vjp->wanted[1])
        vjp->grad_inputs[1] =
            product(vjp, &max_product_at, "max_pool_scatter", 2, (dg_node *[]){vjp->inputs[0], vjp->grad_output});
}

static void scatter_backward(const dg_backward *vjp)
{
    if (vjp->wanted[1])
        vjp->grad_inputs[1] = product(vjp, &max_product_at, "max_pool_gather", 3,
                                      (dg_node *[]){vjp->inputs[0], vjp->grad_output, vjp->inputs[1]});
}

static void like_backward(const dg_backward *vjp)
{
    avg_reverse(vjp, &avg_product_at);
}

static void grad_backward(const dg_backward *vjp)
{
    vjp->grad_inputs[0] =
        product(vjp, &avg_product_at, "avg_pool_like", 2, (dg_node *[]){vjp->grad_output, vjp->inputs[0]});
}

/* One operation for each place of each window. */
static double pool_flops(const dg_infer *infer)
{
    int64_t kernel[3];
    dg_status status = spatial_sizes(&infer->attrs[0], "kernel_size", infer->op->spatial, 1, 1, kernel);
    return status.code == DG_OK
               ? (double)dg_shape_count(&infer->outputs[0].shape) * (double)(kernel[0] * kernel[1] * kernel[2])
               : 0;
}

static double every_element(const dg_infer *infer)
{
    return (double)dg_shape_count(&infer->inputs[0]->shape);
}

/* ---- descriptors ---- */

NAMED_SAMPLES(max1d, {"max_pool1d(2)", {"[2, 2, 5]"}}, {"max_pool1d(3, stride=1, padding=1, dilation=2)", {"[2, 6]"}});
NAMED_SAMPLES(max2d, {"max_pool2d(2)", {"[2, 2, 4, 5]"}}, {"max_pool2d([3, 2], stride=2, padding=1)", {"[2, 2, 4, 5]"}},
              {"max_pool2d(2, ceil_mode=true)", {"[1, 2, 5, 3]"}}, {"max_pool2d(2, stride=1)", {"[2, 3, 3]"}});
NAMED_SAMPLES(max3d, {"max_pool3d(2, stride=[1, 2, 1])", {"[1, 2, 2, 4, 3]"}});
NAMED_SAMPLES(avg1d, {"avg_pool1d(3, stride=2)", {"[2, 2, 5]"}},
              {"avg_pool1d(3, padding=1, count_include_pad=false)", {"[2, 4]"}});
NAMED_SAMPLES(avg2d, {"avg_pool2d(2)", {"[2, 2, 4, 5]"}}, {"avg_pool2d([3, 2], stride=1, padding=1)", {"[2, 2, 3, 4]"}},
              {"avg_pool2d(2, ceil_mode=true, count_include_pad=false, padding=1)", {"[1, 2, 4, 3]"}},
              {"avg_pool2d(2, divisor_override=3)", {"[1, 2, 4, 4]"}});
NAMED_SAMPLES(avg3d, {"avg_pool3d(2)", {"[1, 2, 2, 4, 3]"}});
NAMED_SAMPLES(adaptive_max1d, {"adaptive_max_pool1d(3)", {"[2, 2, 5]"}});
NAMED_SAMPLES(adaptive_max2d, {"adaptive_max_pool2d([2, 3])", {"[1, 2, 3, 4]"}});
NAMED_SAMPLES(adaptive_max3d, {"adaptive_max_pool3d(2)", {"[1, 2, 3, 2, 3]"}});
NAMED_SAMPLES(adaptive_avg1d, {"adaptive_avg_pool1d(3)", {"[2, 2, 5]"}});
NAMED_SAMPLES(adaptive_avg2d, {"adaptive_avg_pool2d([3, 2])", {"[1, 2, 4, 5]"}},
              {"adaptive_avg_pool2d(1)", {"[2, 3, 3]"}});
NAMED_SAMPLES(adaptive_avg3d, {"adaptive_avg_pool3d([1, 2, 3])", {"[1, 2, 2, 3, 4]"}});
NAMED_SAMPLES(gather, {"max_pool_gather(2, kernel_size=2)", {"[1, 2, 4, 4]", "[1, 2, 4, 4]", "[1, 2, 2, 2]"}});
NAMED_SAMPLES(scatter, {"max_pool_scatter(2, kernel_size=2)", {"[1, 2, 4, 4]", "[1, 2, 2, 2]"}});
NAMED_SAMPLES(like,
              {"avg_pool_like(1, kernel_size=3, padding=1, count_include_pad=false)", {"[1, 2, 6]", "[1, 2, 2]"}});
NAMED_SAMPLES(grad, {"avg_pool_grad(1, kernel_size=3, stride=1)", {"[2, 2, 3]", "[2, 2, 5]"}});

#define SIZES(attr_name, fallback_text, text)                                                                          \
    {                                                                                                                  \
        .name = attr_name, .kind = DG_ATTR_SIZES, .fallback = fallback_text, .doc = text                               \
    }
#define KERNEL_SIZE SIZES("kernel_size", "none", "places of a window; required")
#define STRIDE      SIZES("stride", "none", "between windows; kernel_size when left out")
#define PADDING     SIZES("padding", "0", "places at both ends that windows may cover and that hold nothing")
#define DILATION    SIZES("dilation", "1", "between the places of a window")
#define CEIL_MODE                                                                                                      \
    {                                                                                                                  \
        .name = "ceil_mode", .kind = DG_ATTR_BOOL, .fallback = "false", .doc = "a last window may hang over the end"   \
    }
#define INCLUDE                                                                                                        \
    {                                                                                                                  \
        .name = "count_include_pad", .kind = DG_ATTR_BOOL, .fallback = "true", .doc = "padding counts as zeros"        \
    }
#define DIVISOR                                                                                                        \
    {                                                                                                                  \
        .name = "divisor_override", .kind = DG_ATTR_INT, .fallback = "none", .doc = "instead of the number of places"  \
    }
#define DIMS                                                                                                           \
    {                                                                                                                  \
        .name = "dims", .kind = DG_ATTR_INT, .doc = "spatial dimensions: 1, 2 or 3", .positional = true                \
    }
#define WINDOW SIZES("kernel_size", "none", "places of a window; none: adaptive")

#define MAX_POOL(op_name, rank, kernel, layouts, op_samples)                                                           \
    {                                                                                                                  \
        .name = op_name, .family = "pool", .spatial = rank,                                                            \
        .summary = "the greatest of each window; the first one on ties",                                               \
        .inputs = {{.name = "input", .doc = "[N, C, sizes], or one without N"}},                                       \
        .attrs = {KERNEL_SIZE, STRIDE, PADDING, DILATION, CEIL_MODE}, .infer = max_infer, .forward = kernel,           \
        .backward = max_backward, .flops = pool_flops, .flags = DG_EPILOGUE | (layouts), .samples = op_samples         \
    }
#define AVG_POOL(op_name, rank, kernel, layouts, op_samples)                                                           \
    {                                                                                                                  \
        .name = op_name, .family = "pool", .spatial = rank, .summary = "the mean of each window",                      \
        .inputs = {{.name = "input", .doc = "[N, C, sizes], or one without N"}},                                       \
        .attrs = {KERNEL_SIZE, STRIDE, PADDING, CEIL_MODE, INCLUDE, DIVISOR}, .infer = avg_infer, .forward = kernel,   \
        .backward = avg_backward, .flops = pool_flops, .flags = DG_EPILOGUE | (layouts), .samples = op_samples         \
    }
#define ADAPTIVE(op_name, rank, text, kernel, reverse, layouts, op_samples, ...)                                       \
    {                                                                                                                  \
        .name = op_name, .elsewhere = {__VA_ARGS__}, .family = "pool", .spatial = rank,                                \
        .summary = text " of as many windows as output_size says: ⌊o·in/out⌋ … ⌈(o + 1)·in/out⌉ − 1",                  \
        .inputs = {{.name = "input", .doc = "[N, C, sizes], or one without N"}},                                       \
        .attrs = {SIZES("output_size", "none", "windows of each dimension; required")}, .infer = adaptive_infer,       \
        .forward = kernel, .backward = reverse, .flops = every_element, .flags = DG_EPILOGUE | (layouts),              \
        .samples = op_samples                                                                                          \
    }

static const dg_op pool_ops[] = {
    MAX_POOL("max_pool1d", 1, max_1d, 0, max1d_samples),
    MAX_POOL("max_pool2d", 2, max_2d, DG_ANY_LAYOUT, max2d_samples),
    MAX_POOL("max_pool3d", 3, max_3d, 0, max3d_samples),
    AVG_POOL("avg_pool1d", 1, avg_1d, 0, avg1d_samples),
    AVG_POOL("avg_pool2d", 2, avg_2d, DG_ANY_LAYOUT, avg2d_samples),
    AVG_POOL("avg_pool3d", 3, avg_3d, 0, avg3d_samples),
    ADAPTIVE("adaptive_max_pool1d", 1, "the greatest", adaptive_max_1d, adaptive_max_backward, 0,
             adaptive_max1d_samples, "GlobalMaxPooling1D"),
    ADAPTIVE("adaptive_max_pool2d", 2, "the greatest", adaptive_max_2d, adaptive_max_backward, DG_ANY_LAYOUT,
             adaptive_max2d_samples, "GlobalMaxPool", "GlobalMaxPooling2D"),
    ADAPTIVE("adaptive_max_pool3d", 3, "the greatest", adaptive_max_3d, adaptive_max_backward, 0,
             adaptive_max3d_samples, "GlobalMaxPooling3D"),
    ADAPTIVE("adaptive_avg_pool1d", 1, "the mean", adaptive_avg_1d, adaptive_avg_backward, 0, adaptive_avg1d_samples,
             "GlobalAveragePooling1D"),
    ADAPTIVE("adaptive_avg_pool2d", 2, "the mean", adaptive_avg_2d, adaptive_avg_backward, DG_ANY_LAYOUT,
             adaptive_avg2d_samples, "GlobalAveragePool", "GlobalAveragePooling2D"),
    ADAPTIVE("adaptive_avg_pool3d", 3, "the mean", adaptive_avg_3d, adaptive_avg_backward, 0, adaptive_avg3d_samples,
             "GlobalAveragePooling3D"),
    {
        .name = "max_pool_gather",
        .family = "pool",
        .summary = "from, at the place of the greatest input of each window; no gradient through input",
        .inputs = {{.name = "input", .flags = DG_INDEX}, {.name = "from"}, {.name = "like", .flags = DG_SHAPE_ONLY}},
        .attrs = {DIMS, WINDOW, STRIDE, PADDING, DILATION},
        .infer = gather_infer,
        .forward = gather_forward,
        .backward = gather_backward,
        .flags = DG_ANY_LAYOUT | DG_EPILOGUE,
        .layout = picture_layout,
        .flops = every_element,
        .samples = gather_samples,
    },
    {
        .name = "max_pool_scatter",
        .family = "pool",
        .summary = "zeros with grad added at the place of the greatest input of each window; no gradient through input",
        .inputs = {{.name = "input", .flags = DG_INDEX}, {.name = "grad"}},
        .attrs = {DIMS, WINDOW, STRIDE, PADDING, DILATION},
        .infer = scatter_infer,
        .forward = scatter_forward,
        .backward = scatter_backward,
        .flags = DG_ANY_LAYOUT | DG_EPILOGUE,
        .layout = picture_layout,
        .flops = every_element,
        .samples = scatter_samples,
    },
    {
        .name = "avg_pool_like",
        .family = "pool",
        .summary = "the mean of each window, as many as like has",
        .inputs = {{.name = "input"}, {.name = "like", .flags = DG_SHAPE_ONLY}},
        .attrs = {DIMS, WINDOW, STRIDE, PADDING, INCLUDE, DIVISOR},
        .infer = like_infer,
        .forward = like_forward,
        .backward = like_backward,
        .flags = DG_ANY_LAYOUT | DG_EPILOGUE,
        .layout = picture_layout,
        .flops = every_element,
        .samples = like_samples,
    },
    {
        .name = "avg_pool_grad",
        .family = "pool",
        .summary = "the gradient of average pooling: each grad spread over its window",
        .inputs = {{.name = "grad"}, {.name = "like", .flags = DG_SHAPE_ONLY}},
        .attrs = {DIMS, WINDOW, STRIDE, PADDING, INCLUDE, DIVISOR},
        .infer = grad_infer,
        .forward = grad_forward,
        .backward = grad_backward,
        .flags = DG_ANY_LAYOUT | DG_EPILOGUE,
        .layout = picture_layout,
        .flops = every_element,
        .samples = grad_samples,
    },
};

const dg_op_family pool_family = DG_FAMILY(pool_ops);
