/* interpolate: images of another size.
 *
 * All modes work on one dimension after the other, and along a dimension each new place is a weighted sum of a few old
 * ones (resample; resample_grad is its transposed). `nearest` takes one, `linear` two, `cubic` four: the convolution
 * kernel with a = −3/4 (Keys, Cubic convolution interpolation for digital image processing, 1981, equation 4). `area`
 * is adaptive average pooling. Places are PyTorch's. */
#include <dotgrad/op.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ops/shared/arguments.h"
#include "ops/shared/chunks.h"
#include "ops/shared/rules.h"
#include "ops/shared/strided.h"
#include "ops/shared/window.h"

/* One new place: old places and their weights. */
typedef struct sample_point {
    int64_t at[4];
    double weight[4];
} sample_point;

typedef enum resample_mode { NEAREST, NEAREST_EXACT, LINEAR, CUBIC } resample_mode;

typedef struct resampling {
    resample_mode mode;
    bool align_corners;
    double factor; /* 0: out / in */
    int taps;
} resampling;

/* ---- resample, along one dimension ---- */

enum { DIM, SIZE, SCALE_FACTOR, MODE, ALIGN_CORNERS }; /* attributes */

static resampling resampling_from(const dg_value *attrs)
{
    static const char *const names[] = {"nearest", "nearest-exact", "linear", "cubic"};
    static const int taps[] = {1, 1, 2, 4};
    resampling r = {.align_corners = attrs[ALIGN_CORNERS].b};
    for (int k = 0; k < 4; k++)
        if (strcmp(attrs[MODE].s, names[k]) == 0)
            r.mode = (resample_mode)k;
    r.taps = taps[r.mode];
    r.factor = is_given(&attrs[SCALE_FACTOR]) ? attrs[SCALE_FACTOR].f : 0;
    return r;
}

/* DG_UNKNOWN where the old size is not known and matters. */
static dg_status resampled_size(const dg_value *size, const dg_value *factor, int64_t in, int64_t *out)
{
    if (is_given(size) == is_given(factor))
        return dg_error(DG_BAD_ARGUMENT, "needs either a size or a scale_factor");
    *out = is_given(size) ? size->i : DG_UNKNOWN;
    if (is_given(size) && *out < 1)
        return dg_error(DG_BAD_ARGUMENT, "size is %lld, expected at least 1", (long long)*out);
    if (is_given(factor) && !(factor->f > 0 && factor->f < 1e6))
        return dg_error(DG_BAD_ARGUMENT, "scale_factor is %g, expected a number above 0 and below 1e6", factor->f);
    if (is_given(factor) && factor->f == 1)
        *out = in;
    else if (is_given(factor) && in >= 0)
        *out = (int64_t)floor((double)in * factor->f);
    if (in == 0 || *out == 0)
        return dg_error(DG_BAD_SHAPE, "a size of %lld would become %lld", (long long)in, (long long)*out);
    return dg_ok();
}

static int64_t clamped(int64_t place, int64_t size)
{
    return place < 0 ? 0 : place >= size ? size - 1 : place;
}

static sample_point linear_point(double source, int64_t in)
{
    source = source < 0 ? 0 : source;
    int64_t first = clamped((int64_t)source, in);
    double rest = source - (double)first;
    rest = rest > 1 ? 1 : rest;
    return (sample_point){{first, clamped(first + 1, in)}, {1 - rest, rest}};
}

/* |t| ≤ 1 and 1 < |t| < 2 of Keys's kernel, a = −3/4. */
static double cubic_near(double t)
{
    return (1.25 * t - 2.25) * t * t + 1;
}

static double cubic_far(double t)
{
    return ((-0.75 * t + 3.75) * t - 6) * t + 3;
}

static sample_point cubic_point(double source, int64_t in)
{
    double whole = floor(source), t = source - whole;
    sample_point p = {.weight = {cubic_far(t + 1), cubic_near(t), cubic_near(1 - t), cubic_far(2 - t)}};
    for (int k = 0; k < 4; k++)
        p.at[k] = clamped((int64_t)whole - 1 + k, in);
    return p;
}

/* Where place o of `out` new ones looks among `in` old ones. PyTorch finds the nearest place in float32. */
static sample_point point_at(const resampling *r, int64_t o, int64_t in, int64_t out)
{
    double step = r->factor > 0 ? 1 / r->factor : (double)in / (double)out;
    if (r->mode == NEAREST)
        return (sample_point){{clamped((int64_t)floorf((float)o * (float)step), in)}, {1}};
    if (r->mode == NEAREST_EXACT)
        return (sample_point){{clamped((int64_t)floorf(((float)o + 0.5F) * (float)step), in)}, {1}};
    if (r->align_corners)
        step = out > 1 ? (double)(in - 1) / (double)(out - 1) : 0;
    double source = r->align_corners ? (double)o * step : ((double)o + 0.5) * step - 0.5;
    return r->mode == LINEAR ? linear_point(source, in) : cubic_point(source, in);
}

/* A tensor as [outer, size, inner] around the dimension, and its new places. */
typedef struct passes {
    int taps;
    int64_t outer, in, out, inner;
    const sample_point *points;
    const void *from;
    void *to;
} passes;

#define TEMPLATE "ops/image/resample.template.h"
#include "core/base/for_floats.h"

static dg_status resample_infer(const dg_infer *infer)
{
    int axis;
    dg_type y = *infer->inputs[0];
    DG_TRY(want_floats(infer, 0));
    DG_TRY(dg_infer_dim(infer->attrs[DIM].i, y.shape.rank, &axis));
    if (y.shape.rank == 0)
        return dg_error(DG_BAD_SHAPE, "input is [], expected a dimension");
    DG_TRY(resampled_size(&infer->attrs[SIZE], &infer->attrs[SCALE_FACTOR], y.shape.dims[axis], &y.shape.dims[axis]));
    infer->outputs[0] = y;
    return dg_ok();
}

static dg_status resample_grad_infer(const dg_infer *infer)
{
    const dg_shape *g = &infer->inputs[0]->shape, *like = &infer->inputs[1]->shape;
    char left[DG_SHAPE_TEXT], right[DG_SHAPE_TEXT];
    int axis;
    int64_t size;
    for (int k = 0; k < 2; k++)
        DG_TRY(want_floats(infer, k));
    DG_TRY(dg_infer_dim(infer->attrs[DIM].i, like->rank, &axis));
    if (like->rank == 0)
        return dg_error(DG_BAD_SHAPE, "like is [], expected a dimension");
    DG_TRY(resampled_size(&infer->attrs[SIZE], &infer->attrs[SCALE_FACTOR], like->dims[axis], &size));
    bool fits = g->rank == like->rank;
    for (int d = 0; fits && d < g->rank; d++)
        fits = !sizes_differ(g->dims[d], d == axis ? size : like->dims[d]);
    if (!fits)
        return dg_error(DG_BAD_SHAPE, "grad is %s, which is not %s resampled",
                        dg_graph_print_shape(infer->graph, g, left, sizeof left),
                        dg_graph_print_shape(infer->graph, like, right, sizeof right));
    infer->outputs[0] = (dg_type){infer->inputs[0]->dtype, *like};
    return dg_ok();
}

/* The passes between the old tensor and the new one. */
static dg_status make_passes(const dg_kernel *kernel, const dg_tensor *old, const dg_tensor *new, passes *p)
{
    resampling r = resampling_from(kernel->attrs);
    int axis;
    DG_TRY(dg_infer_dim(kernel->attrs[DIM].i, old->shape.rank, &axis));
    *p = (passes){.taps = r.taps, .outer = 1, .inner = 1, .in = old->shape.dims[axis], .out = new->shape.dims[axis]};
    dg_shape stored = stored_shape(old);
    axis = stored_axis(old, axis);
    for (int d = 0; d < stored.rank; d++)
        if (d != axis)
            *(d < axis ? &p->outer : &p->inner) *= stored.dims[d];
    sample_point *points = kernel->workspace;
    for (int64_t o = 0; points && o < p->out; o++)
        points[o] = point_at(&r, o, p->in, p->out);
    p->points = points;
    p->from = kernel->inputs[0]->data;
    p->to = kernel->outputs[0]->data;
    return dg_ok();
}

static int64_t lines_of(int64_t inner, int64_t lines)
{
    int64_t elements = inner * lines;
    return elements > 0 && elements < CHUNK ? CHUNK / elements : 1;
}

static dg_status resample_forward(const dg_kernel *kernel)
{
    passes p;
    DG_TRY(make_passes(kernel, kernel->inputs[0], kernel->outputs[0], &p));
    chunks_run(kernel->threads, p.outer * p.out, lines_of(p.inner, 1),
               kernel->inputs[0]->dtype == DG_FLOAT32 ? resample_lines_float32 : resample_lines_float64, &p);
    return dg_ok();
}

static dg_status resample_grad_forward(const dg_kernel *kernel)
{
    passes p;
    DG_TRY(make_passes(kernel, kernel->outputs[0], kernel->inputs[0], &p));
    chunks_run(kernel->threads, p.outer, lines_of(p.inner, p.in > p.out ? p.in : p.out),
               kernel->inputs[0]->dtype == DG_FLOAT32 ? resample_back_float32 : resample_back_float64, &p);
    return dg_ok();
}

static size_t points_of(const dg_kernel *kernel, const dg_tensor *new)
{
    int axis;
    dg_status status = dg_infer_dim(kernel->attrs[DIM].i, new->shape.rank, &axis);
    return status.code == DG_OK ? (size_t) new->shape.dims[axis] * sizeof(sample_point) : 0;
}

static size_t resample_workspace(const dg_kernel *kernel)
{
    return points_of(kernel, kernel->outputs[0]);
}

static size_t resample_grad_workspace(const dg_kernel *kernel)
{
    return points_of(kernel, kernel->inputs[0]);
}

static void resample_backward(const dg_backward *vjp)
{
    dg_node *const inputs[] = {vjp->grad_output, vjp->inputs[0]};
    vjp->grad_inputs[0] = dg_apply(&(dg_application){
        .op = "resample_grad", .at = DG_HERE, .n_inputs = 2, .inputs = inputs, .n_attrs = 5, .attrs = vjp->attrs});
}

static dg_node *resample(dg_node *x, const dg_value attrs[5])
{
    return dg_apply(
        &(dg_application){.op = "resample", .at = DG_HERE, .n_inputs = 1, .inputs = &x, .n_attrs = 5, .attrs = attrs});
}

static void resample_grad_backward(const dg_backward *vjp)
{
    vjp->grad_inputs[0] = resample(vjp->grad_output, vjp->attrs);
}

/* ---- interpolate ---- */

enum { WHOLE_SIZE, WHOLE_FACTOR, WHOLE_MODE, WHOLE_ALIGN };

/* The spatial dimensions that a mode works on: 0 any. */
static const struct {
    const char *name, *along;
    int rank;
} modes[] = {{"nearest", "nearest", 0},  {"nearest-exact", "nearest-exact", 0},
             {"linear", "linear", 1},    {"bilinear", "linear", 2},
             {"trilinear", "linear", 3}, {"bicubic", "cubic", 2},
             {"area", NULL, 0}};
static const char mode_names[] = "nearest|nearest-exact|linear|bilinear|trilinear|bicubic|area";

static int mode_from(const dg_value *attrs)
{
    int k = 0;
    while (k < 6 && strcmp(modes[k].name, attrs[WHOLE_MODE].s) != 0)
        k++;
    return k;
}

/* The size attribute of one of `rank` spatial dimensions. */
static dg_value size_along(const dg_value *sizes, int d)
{
    return is_given(sizes) ? sizes->items[sizes->count == 1 ? 0 : d] : (dg_value){0};
}

static dg_status interpolate_infer(const dg_infer *infer)
{
    const dg_shape *x = &infer->inputs[0]->shape;
    const dg_value *sizes = &infer->attrs[WHOLE_SIZE];
    int mode = mode_from(infer->attrs), rank = x->rank - 2;
    char text[DG_SHAPE_TEXT];
    int64_t checked[3];
    DG_TRY(want_floats(infer, 0));
    dg_graph_print_shape(infer->graph, x, text, sizeof text);
    if (rank < 1 || rank > 3)
        return dg_error(DG_BAD_SHAPE, "input is %s, expected [N, C] and one to three sizes", text);
    if (modes[mode].rank && modes[mode].rank != rank)
        return dg_error(DG_BAD_SHAPE, "input is %s, but %s is for %d dimension(s) after [N, C]", text, modes[mode].name,
                        modes[mode].rank);
    if (infer->attrs[WHOLE_ALIGN].b && !modes[mode].rank)
        return dg_error(DG_BAD_ARGUMENT, "mode %s has no align_corners", modes[mode].name);
    DG_TRY(spatial_sizes(sizes, "size", rank, 1, 1, checked));
    dg_type y = *infer->inputs[0];
    for (int d = 0; d < rank; d++) {
        dg_value size = size_along(sizes, d);
        DG_TRY(resampled_size(&size, &infer->attrs[WHOLE_FACTOR], x->dims[2 + d], &y.shape.dims[2 + d]));
        if (!modes[mode].along && y.shape.dims[2 + d] < 0)
            return dg_error(DG_BAD_SHAPE, "input is %s: mode area needs sizes that are numbers", text);
    }
    infer->outputs[0] = y;
    return dg_ok();
}

static dg_node *pool_area(const dg_compose *compose, int rank)
{
    char op[40];
    dg_value items[3], size = {.kind = DG_VALUE_LIST, .count = (size_t)rank, .items = items};
    snprintf(op, sizeof op, "adaptive_avg_pool%dd", rank);
    for (int d = 0; d < rank; d++)
        items[d] = dg_int(dg_node_type(compose->node, 0)->shape.dims[2 + d]);
    return dg_apply(&(dg_application){
        .op = op, .at = DG_HERE, .n_inputs = 1, .inputs = compose->inputs, .n_attrs = 1, .attrs = &size});
}

static void interpolate_compose(const dg_compose *compose)
{
    const dg_value *attrs = compose->attrs;
    dg_node *y = compose->inputs[0];
    int mode = mode_from(attrs), rank = dg_node_type(y, 0)->shape.rank - 2;
    for (int d = 0; modes[mode].along && d < rank; d++) {
        const dg_value along[] = {dg_int(2 + d), size_along(&attrs[WHOLE_SIZE], d), attrs[WHOLE_FACTOR],
                                  dg_text(modes[mode].along), attrs[WHOLE_ALIGN]};
        y = resample(y, along);
    }
    compose->outputs[0] = modes[mode].along ? y : pool_area(compose, rank);
}

static const dg_sample interpolate_samples[] = {
    {"interpolate(scale_factor=2)", {"[2, 2, 3]"}},
    {"interpolate(5, mode='nearest-exact')", {"[1, 2, 3, 2]"}},
    {"interpolate(scale_factor=1.5, mode=linear)", {"[2, 2, 4]"}},
    {"interpolate(scale_factor=2, mode=bilinear)", {"[2, 2, 2, 3]"}},
    {"interpolate([3, 5], mode=bilinear, align_corners=true)", {"[1, 2, 4, 3]"}},
    {"interpolate([5, 3], mode=bicubic)", {"[1, 2, 4, 5]"}},
    {"interpolate([2, 4], mode=bicubic, align_corners=true)", {"[1, 1, 3, 3]"}},
    {"interpolate(scale_factor=2, mode=trilinear)", {"[1, 1, 2, 1, 3]"}},
    {"interpolate([2, 3], mode=area)", {"[1, 2, 5, 3]"}},
    {0},
};
static const dg_sample resample_samples[] = {
    {"resample(1, scale_factor=0.5, mode=linear)", {"[2, 5, 2]"}},
    {"resample(-1, size=4)", {"[2, 3]"}},
    {0},
};
static const dg_sample resample_grad_samples[] = {{"resample_grad(0, size=5, mode=cubic)", {"[5, 2]", "[3, 2]"}},
                                                  {.call = NULL}};

#define FACTOR                                                                                                         \
    {                                                                                                                  \
        .name = "scale_factor", .kind = DG_ATTR_FLOAT, .fallback = "none", .doc = "new sizes by old ones"              \
    }
#define ALIGN                                                                                                          \
    {                                                                                                                  \
        .name = "align_corners", .kind = DG_ATTR_BOOL, .fallback = "false",                                            \
        .doc = "the first and last places stay, instead of the edges"                                                  \
    }
#define ALONG                                                                                                          \
    {.name = "dim", .kind = DG_ATTR_INT, .positional = true, .doc = "the dimension"},                                  \
        {.name = "size", .kind = DG_ATTR_INT, .fallback = "none", .doc = "new places"}, FACTOR,                        \
        {.name = "mode",                                                                                               \
         .kind = DG_ATTR_NAME,                                                                                         \
         .fallback = "nearest",                                                                                        \
         .choices = "nearest|nearest-exact|linear|cubic",                                                              \
         .doc = "how old places are mixed"},                                                                           \
        ALIGN

static const dg_op resample_ops[] = {
    {
        .name = "interpolate",
        .family = "shape",
        .summary = "images [N, C, sizes] of another size",
        .inputs = {{.name = "input"}},
        .attrs = {{.name = "size", .kind = DG_ATTR_SIZES, .fallback = "none", .doc = "new sizes, without N and C"},
                  FACTOR,
                  {.name = "mode",
                   .kind = DG_ATTR_NAME,
                   .fallback = "nearest",
                   .choices = mode_names,
                   .doc = "how old places are mixed"},
                  ALIGN},
        .infer = interpolate_infer,
        .compose = interpolate_compose,
        .samples = interpolate_samples,
    },
    {
        .name = "resample",
        .family = "shape",
        .summary = "interpolate along one dimension",
        .inputs = {{.name = "input"}},
        .attrs = {ALONG},
        .flags = DG_ANY_LAYOUT,
        .layout = layout_alike,
        .infer = resample_infer,
        .forward = resample_forward,
        .workspace = resample_workspace,
        .backward = resample_backward,
        .samples = resample_samples,
    },
    {
        .name = "resample_grad",
        .family = "shape",
        .summary = "the gradient of resample: each grad added to the places that it was mixed from",
        .inputs = {{.name = "grad"}, {.name = "like", .flags = DG_SHAPE_ONLY}},
        .attrs = {ALONG},
        .flags = DG_ANY_LAYOUT,
        .layout = layout_alike,
        .infer = resample_grad_infer,
        .forward = resample_grad_forward,
        .workspace = resample_grad_workspace,
        .backward = resample_grad_backward,
        .samples = resample_grad_samples,
    },
};

const dg_op_family resample_family = DG_FAMILY(resample_ops);
