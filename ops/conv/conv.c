/* Convolution in one, two and three dimensions, and its transposed. Their derivatives are in derivatives.c. */
#include <dotgrad/op.h>
#include <dotgrad/ops/reduce.h>

#include <stdio.h>
#include <string.h>

#include "ops/shared/arguments.h"
#include "ops/shared/describe.h"
#include "ops/shared/rules.h"
#include "settings.h"

/* ---- attributes ---- */

enum { OUT_CHANNELS, KERNEL_SIZE }; /* of all layers */
enum { CONV_GROUPS = 5, CONV_BIAS, TRANSPOSE_GROUPS = 5, TRANSPOSE_BIAS };
static const conv_places conv_line_at = {2, 3, 4, CONV_GROUPS, 7, -1, -1}; /* and conv3d */
static const conv_places conv2d_at = {2, 3, 4, CONV_GROUPS, 7, -1, 9};
static const conv_places transpose_at = {2, 3, 7, TRANSPOSE_GROUPS, -1, 4, -1};

static const conv_places *conv_at(int rank)
{
    return rank == 2 ? &conv2d_at : &conv_line_at;
}

/* ---- shapes: x [N, groups·c, in], w [groups·o, c, kernel], y [N, groups·o, out], N being there or not ---- */

/* `channels` of input `image` against the weight's dimension `dim`, of which there are `times`. */
static dg_status want_channels(const dg_infer *infer, int weight, int dim, int64_t times, int image, int rank)
{
    const dg_shape *w = &infer->inputs[weight]->shape, *x = &infer->inputs[image]->shape;
    char left[DG_SHAPE_TEXT], right[DG_SHAPE_TEXT];
    if (w->dims[dim] < 0 || !sizes_differ(w->dims[dim] * times, conv_channels(x, rank)))
        return dg_ok();
    return dg_error(DG_BAD_SHAPE, "weight is %s, expected %lld input channel(s)%s, input is %s",
                    dg_graph_print_shape(infer->graph, w, left, sizeof left), (long long)(w->dims[dim] * times),
                    times > 1 ? " in all groups" : "", dg_graph_print_shape(infer->graph, x, right, sizeof right));
}

/* Of a layer: its kernel_size, out_channels and bias against what is wired. */
static dg_status check_layer(const dg_infer *infer, int rank, int64_t out_channels)
{
    const dg_shape *w = &infer->inputs[1]->shape;
    const dg_type *bias = infer->inputs[2];
    int64_t kernel[3], actual[3];
    char text[DG_SHAPE_TEXT];
    spatial_dims(w, rank, actual);
    DG_TRY(spatial_sizes(&infer->attrs[KERNEL_SIZE], "kernel_size", rank, 1, DG_UNKNOWN, kernel));
    for (int d = 3 - rank; d < 3; d++)
        if (sizes_differ(kernel[d], actual[d]))
            return dg_error(DG_BAD_SHAPE, "kernel_size is %lld, but weight is %s", (long long)kernel[d],
                            dg_graph_print_shape(infer->graph, w, text, sizeof text));
    if (is_given(&infer->attrs[OUT_CHANNELS]) && sizes_differ(infer->attrs[OUT_CHANNELS].i, out_channels))
        return dg_error(DG_BAD_SHAPE, "out_channels is %lld, but weight is %s", (long long)infer->attrs[OUT_CHANNELS].i,
                        dg_graph_print_shape(infer->graph, w, text, sizeof text));
    if (bias && (bias->shape.rank != 1 || sizes_differ(bias->shape.dims[0], out_channels)))
        return dg_error(DG_BAD_SHAPE, "bias is %s, expected [%lld]",
                        dg_graph_print_shape(infer->graph, &bias->shape, text, sizeof text), (long long)out_channels);
    return dg_ok();
}

static dg_status check_images(const dg_infer *infer, int rank)
{
    for (int k = 0; k < infer->n_inputs; k++)
        DG_TRY(want_floats(infer, k));
    DG_TRY(want_image(infer, 0, rank));
    return conv_want_weight(infer, 1, rank);
}

static dg_status check_winograd(const conv_settings *s, const int64_t kernel[3])
{
    bool plain = s->groups == 1 && s->mode == PADDING_ZEROS;
    for (int d = 1; d < 3; d++)
        plain = plain && !sizes_differ(kernel[d], 3) && s->stride[d] == 1 && s->dilation[d] == 1;
    if (!s->winograd || plain)
        return dg_ok();
    return dg_error(DG_BAD_ARGUMENT,
                    "algorithm=winograd needs a kernel of 3 by 3, stride, dilation and groups of 1 and "
                    "padding with zeros");
}

static dg_status conv_infer(const dg_infer *infer)
{
    const dg_shape *x = &infer->inputs[0]->shape, *w = &infer->inputs[1]->shape;
    int rank = infer->op->spatial;
    conv_settings s;
    int64_t in[3], kernel[3], before;
    DG_TRY(check_images(infer, rank));
    DG_TRY(conv_settings_from(infer->attrs, conv_at(rank), rank, &s));
    DG_TRY(conv_want_groups("input", conv_channels(x, rank), s.groups));
    DG_TRY(conv_want_groups("output", w->dims[0], s.groups));
    DG_TRY(want_channels(infer, 1, 1, s.groups, 0, rank));
    DG_TRY(check_layer(infer, rank, w->dims[0]));
    spatial_dims(x, rank, in);
    spatial_dims(w, rank, kernel);
    DG_TRY(check_winograd(&s, kernel));
    dg_type y = *infer->inputs[0];
    y.shape.dims[y.shape.rank - rank - 1] = w->dims[0];
    for (int d = 3 - rank; d < 3; d++) {
        int64_t padding = conv_padding_of(&s, d, kernel[d], &before);
        int64_t *out = &y.shape.dims[y.shape.rank - 3 + d];
        *out = window_count(in[d], kernel[d], s.stride[d], s.dilation[d], padding);
        if (*out == 0)
            return no_window_fits(infer, 0, padding, s.dilation[d] * (kernel[d] - 1) + 1);
        DG_TRY(padding_fits(s.mode, before, padding - before, in[d], x->rank - 3 + d));
    }
    infer->outputs[0] = y;
    return dg_ok();
}

/* A line of the transposed convolution. 0: there is none. */
static int64_t transposed_size(const conv_settings *s, int d, int64_t in, int64_t kernel)
{
    if (in < 0 || kernel < 0)
        return DG_UNKNOWN;
    int64_t size = (in - 1) * s->stride[d] - 2 * s->padding[d] + s->dilation[d] * (kernel - 1) + 1;
    return size + s->output_padding[d] > 0 ? size + s->output_padding[d] : 0;
}

static dg_status transpose_infer(const dg_infer *infer)
{
    const dg_shape *x = &infer->inputs[0]->shape, *w = &infer->inputs[1]->shape;
    int rank = infer->op->spatial;
    char text[DG_SHAPE_TEXT];
    conv_settings s;
    int64_t in[3], kernel[3];
    DG_TRY(check_images(infer, rank));
    DG_TRY(conv_settings_from(infer->attrs, &transpose_at, rank, &s));
    DG_TRY(conv_want_groups("input", conv_channels(x, rank), s.groups));
    DG_TRY(want_channels(infer, 1, 0, 1, 0, rank));
    int64_t out_channels = w->dims[1] < 0 ? DG_UNKNOWN : w->dims[1] * s.groups;
    DG_TRY(check_layer(infer, rank, out_channels));
    spatial_dims(x, rank, in);
    spatial_dims(w, rank, kernel);
    dg_type y = *infer->inputs[0];
    y.shape.dims[y.shape.rank - rank - 1] = out_channels;
    for (int d = 3 - rank; d < 3; d++) {
        int64_t limit = s.stride[d] > s.dilation[d] ? s.stride[d] : s.dilation[d];
        if (s.output_padding[d] >= limit)
            return dg_error(DG_BAD_ARGUMENT, "output_padding is %lld, expected less than stride or dilation, %lld",
                            (long long)s.output_padding[d], (long long)limit);
        int64_t *out = &y.shape.dims[y.shape.rank - 3 + d];
        *out = transposed_size(&s, d, in[d], kernel[d]);
        if (*out == 0)
            return dg_error(DG_BAD_SHAPE, "input is %s: nothing is left of dimension %d",
                            dg_graph_print_shape(infer->graph, x, text, sizeof text), x->rank - 3 + d);
    }
    infer->outputs[0] = y;
    return dg_ok();
}

/* ---- parameters: weight [out, in/groups, kernel], of the transposed [in, out/groups, kernel] ---- */

static dg_status layer_weight(const dg_infer *infer, dg_shape *shape, bool *present, bool transposed)
{
    int rank = infer->op->spatial;
    int64_t groups = infer->attrs[transposed ? TRANSPOSE_GROUPS : CONV_GROUPS].i, kernel[3];
    *present = infer->inputs[0] != NULL;
    if (!*present)
        return dg_ok();
    if (!is_given(&infer->attrs[OUT_CHANNELS]))
        return dg_error(DG_BAD_ARGUMENT, "it has neither out_channels nor a weight");
    int64_t out = infer->attrs[OUT_CHANNELS].i;
    if (out <= 0)
        return dg_error(DG_BAD_ARGUMENT, "out_channels is %lld, expected at least 1", (long long)out);
    if (!is_given(&infer->attrs[KERNEL_SIZE]))
        return dg_error(DG_BAD_ARGUMENT, "it has neither kernel_size nor a weight");
    if (groups < 1)
        return dg_error(DG_BAD_ARGUMENT, "groups is %lld, expected at least 1", (long long)groups);
    DG_TRY(spatial_sizes(&infer->attrs[KERNEL_SIZE], "kernel_size", rank, 1, 1, kernel));
    DG_TRY(want_image(infer, 0, rank));
    int64_t in = conv_channels(&infer->inputs[0]->shape, rank);
    DG_TRY(conv_want_groups("input", in, groups));
    DG_TRY(conv_want_groups("output", out, groups));
    *shape = (dg_shape){.rank = 2, .dims = {transposed ? in : out, transposed ? out / groups : in}};
    if (!transposed && in >= 0)
        shape->dims[1] = in / groups;
    for (int d = 3 - rank; d < 3; d++)
        shape->dims[shape->rank++] = kernel[d];
    return dg_ok();
}

static dg_status conv_weight(const dg_infer *infer, dg_shape *shape, bool *present)
{
    return layer_weight(infer, shape, present, false);
}

static dg_status transpose_weight(const dg_infer *infer, dg_shape *shape, bool *present)
{
    return layer_weight(infer, shape, present, true);
}

/* A layer owns its bias; where only the weight is wired (no out_channels) it is a function without one. */
static dg_status layer_bias(const dg_infer *infer, dg_shape *shape, bool *present)
{
    *present =
        infer->inputs[0] && infer->inputs[1] && is_given(&infer->attrs[OUT_CHANNELS]) && infer->attrs[CONV_BIAS].b;
    if (*present)
        *shape = DG_SHAPE(infer->attrs[OUT_CHANNELS].i);
    return dg_ok();
}

/* PyTorch's: U(−1/√fan_in, 1/√fan_in), fan_in being all of the weight but its first dimension. */
static dg_status layer_bias_init(const dg_infer *infer, char *text, size_t size)
{
    dg_shape fan = infer->inputs[1]->shape;
    fan.dims[0] = 1;
    int64_t fan_in = dg_shape_count(&fan);
    char bound[DG_NUMBER_TEXT];
    dg_number_print(fan_in > 0 ? 1 / __builtin_sqrt((double)fan_in) : 0, DG_FLOAT64, bound);
    snprintf(text, size, "uniform(-%s, %s)", bound, bound);
    return dg_ok();
}

/* ---- forward ---- */

static const void *data_or_null(const dg_tensor *tensor)
{
    return tensor ? tensor->data : NULL;
}

static dg_status conv_forward(const dg_kernel *kernel)
{
    const dg_tensor *x = kernel->inputs[0], *w = kernel->inputs[1], *y = kernel->outputs[0];
    conv_shape s;
    DG_TRY(conv_geometry(kernel->attrs, conv_at(w->shape.rank - 2), x, w, y, &s));
    return conv_output(&s, x->data, w->data, data_or_null(kernel->inputs[2]), y->data, kernel);
}

static size_t conv_workspace(const dg_kernel *kernel)
{
    conv_shape s;
    const dg_tensor *w = kernel->inputs[1];
    dg_status status =
        conv_geometry(kernel->attrs, conv_at(w->shape.rank - 2), kernel->inputs[0], w, kernel->outputs[0], &s);
    return status.code == DG_OK ? conv_output_workspace(&s, kernel) : 0;
}

/* The transposed convolution is the input's gradient of the convolution that goes from its output to its input. */
static dg_status transpose_forward(const dg_kernel *kernel)
{
    const dg_tensor *x = kernel->inputs[0], *w = kernel->inputs[1], *y = kernel->outputs[0];
    conv_shape s;
    DG_TRY(conv_geometry(kernel->attrs, &transpose_at, y, w, x, &s));
    return conv_input_grad(&s, x->data, w->data, data_or_null(kernel->inputs[2]), y->data, kernel);
}

static size_t transpose_workspace(const dg_kernel *kernel)
{
    conv_shape s;
    dg_status status =
        conv_geometry(kernel->attrs, &transpose_at, kernel->outputs[0], kernel->inputs[1], kernel->inputs[0], &s);
    return status.code == DG_OK ? conv_input_grad_workspace(&s, kernel) : 0;
}

/* ---- backward ---- */

/* db: the sum over all dimensions but the channels. */
static dg_node *sum_to_channels(dg_node *g, int rank)
{
    int all = dg_node_type(g, 0)->shape.rank;
    dg_ints dims = {.only = DG_NONE};
    for (int d = 0; d < all; d++)
        if (d != all - rank - 1)
            dims.at[dims.count++] = d;
    return dg_sum(g, .dim = dims);
}

static void conv_backward(const dg_backward *vjp)
{
    conv_reverse(vjp, conv_at(dg_node_type(vjp->inputs[1], 0)->shape.rank - 2));
    if (vjp->inputs[2] && vjp->wanted[2])
        vjp->grad_inputs[2] = sum_to_channels(vjp->grad_output, dg_node_type(vjp->inputs[1], 0)->shape.rank - 2);
}

static void transpose_backward(const dg_backward *vjp)
{
    dg_node *x = vjp->inputs[0], *w = vjp->inputs[1], *g = vjp->grad_output;
    if (vjp->wanted[0])
        vjp->grad_inputs[0] = conv_product(vjp, &transpose_at, "conv_like", g, w, x);
    if (vjp->wanted[1])
        vjp->grad_inputs[1] = conv_product(vjp, &transpose_at, "conv_weight_grad", g, x, w);
    if (vjp->inputs[2] && vjp->wanted[2])
        vjp->grad_inputs[2] = sum_to_channels(g, dg_node_type(w, 0)->shape.rank - 2);
}

/* ---- work: two operations for each weight that meets an output place (of the transposed, an input place) ---- */

static double conv_flops(const dg_infer *infer)
{
    double bias = infer->inputs[2] ? (double)dg_shape_count(&infer->outputs[0].shape) : 0;
    return conv_product_flops(&infer->outputs[0].shape, &infer->inputs[1]->shape) + bias;
}

static double transpose_flops(const dg_infer *infer)
{
    double bias = infer->inputs[2] ? (double)dg_shape_count(&infer->outputs[0].shape) : 0;
    return conv_product_flops(&infer->inputs[0]->shape, &infer->inputs[1]->shape) + bias;
}

/* ---- descriptors ---- */

NAMED_SAMPLES(conv1d, {"conv1d(2, kernel_size=2)", {"[2, 2, 4]"}},
              {"conv1d(padding=1, stride=2)", {"[2, 2, 5]", "[3, 2, 3]", "[3]"}},
              {"conv1d(padding=same, dilation=2)", {"[2, 5]", "[2, 2, 2]"}},
              {"conv1d(padding=2, padding_mode=reflect)", {"[1, 2, 4]", "[2, 2, 3]"}});
NAMED_SAMPLES(conv2d, {"conv2d(2, kernel_size=[2, 1], bias=false)", {"[2, 2, 3, 2]"}},
              {"conv2d(padding=1)", {"[2, 2, 3, 4]", "[3, 2, 3, 3]", "[3]"}},
              {"conv2d", {"[2, 3, 2, 2]", "[2, 3, 1, 1]", "[2]"}},
              {"conv2d(groups=2, padding=1)", {"[2, 4, 2, 3]", "[6, 2, 2, 2]", "[6]"}},
              {"conv2d(groups=3, padding=1)", {"[2, 3, 3, 3]", "[3, 1, 3, 3]", "[3]"}},
              {"conv2d(groups=2, stride=2, dilation=[1, 2], padding=1)", {"[2, 2, 4, 5]", "[4, 1, 3, 2]"}},
              {"conv2d(stride=[2, 1], padding=[0, 1], dilation=[1, 2])", {"[1, 2, 4, 3]", "[2, 2, 2, 2]"}},
              {"conv2d(padding=same, padding_mode=circular)", {"[1, 2, 3, 4]", "[2, 2, 3, 2]"}},
              {"conv2d(padding=1, padding_mode=replicate)", {"[2, 3, 3]", "[2, 2, 3, 3]"}},
              {"conv2d(padding=valid)", {"[1, 1, 3, 3]", "[1, 1, 2, 2]"}});
NAMED_SAMPLES(conv3d, {"conv3d(2, kernel_size=2)", {"[1, 1, 2, 3, 2]"}},
              {"conv3d(padding=1, stride=2)", {"[2, 1, 3, 2, 3]", "[2, 1, 2, 3, 2]", "[2]"}});
NAMED_SAMPLES(transpose1d, {"conv_transpose1d(2, kernel_size=2)", {"[2, 2, 3]"}},
              {"conv_transpose1d(stride=2, padding=1)", {"[2, 2, 3]", "[2, 3, 4]", "[3]"}},
              {"conv_transpose1d(dilation=3, output_padding=2)", {"[2, 3]", "[2, 1, 2]"}});
NAMED_SAMPLES(transpose2d, {"conv_transpose2d(4, kernel_size=2, groups=2)", {"[1, 2, 2, 3]"}},
              {"conv_transpose2d(stride=2, padding=1, output_padding=1)", {"[2, 2, 2, 3]", "[2, 3, 3, 3]", "[3]"}},
              {"conv_transpose2d(groups=2)", {"[2, 2, 2, 2]", "[2, 1, 2, 2]", "[2]"}});
NAMED_SAMPLES(transpose3d, {"conv_transpose3d(stride=[1, 2, 1])", {"[1, 2, 2, 2, 1]", "[2, 1, 2, 2, 2]", "[1]"}});

#define SIZES(attr_name, fallback_text, text)                                                                          \
    {                                                                                                                  \
        .name = attr_name, .kind = DG_ATTR_SIZES, .fallback = fallback_text, .doc = text                               \
    }
#define OUT_CHANNELS_ATTR                                                                                              \
    {                                                                                                                  \
        .name = "out_channels", .kind = DG_ATTR_INT, .fallback = "none",                                               \
        .doc = "channels of the result, where weight is not wired", .positional = true                                 \
    }
#define GROUPS_ATTR                                                                                                    \
    {                                                                                                                  \
        .name = "groups", .kind = DG_ATTR_INT, .fallback = "1",                                                        \
        .doc = "channels are cut into as many groups, each with weights of its own"                                    \
    }
#define BIAS_ATTR                                                                                                      \
    {                                                                                                                  \
        .name = "bias", .kind = DG_ATTR_BOOL, .fallback = "true", .doc = "owns a bias, where none is wired"            \
    }
#define INIT_ATTR                                                                                                      \
    {                                                                                                                  \
        .name = "init", .kind = DG_ATTR_INIT, .fallback = "none", .doc = "initialiser of weight; bias keeps its own"   \
    }
#define LAYER_INPUTS(image, weight_doc, weight_rule)                                                                   \
    {                                                                                                                  \
        {.name = "input", .doc = image},                                                                               \
            {.name = "weight",                                                                                         \
             .flags = DG_OPTIONAL,                                                                                     \
             .doc = weight_doc,                                                                                        \
             .parameter = weight_rule,                                                                                 \
             .init = "kaiming_uniform(2.23606797749979)",                                                              \
             .init_attr = "init"},                                                                                     \
        {                                                                                                              \
            .name = "bias", .flags = DG_OPTIONAL,                                                                      \
            .doc = "[out]; a layer with a wired weight and without out_channels owns none", .parameter = layer_bias,   \
            .init_for = layer_bias_init                                                                                \
        }                                                                                                              \
    }
#define ALGORITHM_ATTR                                                                                                 \
    {                                                                                                                  \
        .name = "algorithm", .kind = DG_ATTR_NAME, .fallback = "auto", .choices = CONV_ALGORITHMS,                     \
        .doc = "winograd: for a float32 result and input gradient, with half as much work, but rounding errors ten "   \
               "times as large (4e-5 on results of size 1); auto never takes it"                                       \
    }
#define CONV(op_name, rank, op_samples, sizes, kernel, layouts, ...)                                                   \
    {                                                                                                                  \
        .name = op_name, .family = "conv", .spatial = rank,                                                            \
        .summary = "y[n, o, p] = b[o] + Σ w[o, c, k]·x[n, c, p·stride − padding + k·dilation]",                        \
        .inputs = LAYER_INPUTS("[N, C, " sizes "], or one without N", "[out, C/groups, " kernel "]", conv_weight),     \
        .attrs = {OUT_CHANNELS_ATTR,                                                                                   \
                  SIZES("kernel_size", "none", "where weight is not wired"),                                           \
                  SIZES("stride", "1", "between windows"),                                                             \
                  {.name = "padding",                                                                                  \
                   .kind = DG_ATTR_SIZES,                                                                              \
                   .fallback = "0",                                                                                    \
                   .choices = "same|valid",                                                                            \
                   .doc = "at both ends; same: as much as keeps the sizes; valid: none"},                              \
                  SIZES("dilation", "1", "between the places that a window reads"),                                    \
                  GROUPS_ATTR,                                                                                         \
                  BIAS_ATTR,                                                                                           \
                  {.name = "padding_mode",                                                                             \
                   .kind = DG_ATTR_NAME,                                                                               \
                   .fallback = "zeros",                                                                                \
                   .choices = "zeros|" PADDING_MODES,                                                                  \
                   .doc = "what padding shows"},                                                                       \
                  INIT_ATTR,                                                                                           \
                  __VA_ARGS__},                                                                                        \
        .from_input = "in_channels", .unnamed = 2, .flags = DG_EPILOGUE | (layouts), .infer = conv_infer,              \
        .forward = conv_forward, .workspace = conv_workspace, .layout = conv_layout, .backward = conv_backward,        \
        .flops = conv_flops, .samples = op_samples                                                                     \
    }
#define TRANSPOSE(op_name, rank, op_samples, sizes, kernel, layouts)                                                   \
    {                                                                                                                  \
        .name = op_name, .family = "conv", .spatial = rank,                                                            \
        .summary = "y[n, o, p·stride − padding + k·dilation] += w[c, o, k]·x[n, c, p], plus b[o]",                     \
        .source = "Dumoulin and Visin, A guide to convolution arithmetic for deep learning (2016), section 4",         \
        .inputs =                                                                                                      \
            LAYER_INPUTS("[N, C, " sizes "], or one without N", "[C, out/groups, " kernel "]", transpose_weight),      \
        .attrs = {OUT_CHANNELS_ATTR,                                                                                   \
                  SIZES("kernel_size", "none", "where weight is not wired"),                                           \
                  SIZES("stride", "1", "between the places of the result that neighbours write to"),                   \
                  SIZES("padding", "0", "places cut off at both ends"),                                                \
                  SIZES("output_padding", "0", "places added at the end"),                                             \
                  GROUPS_ATTR,                                                                                         \
                  BIAS_ATTR,                                                                                           \
                  SIZES("dilation", "1", "between the places that one input writes to"),                               \
                  INIT_ATTR},                                                                                          \
        .from_input = "in_channels", .unnamed = 2, .flags = DG_EPILOGUE | (layouts), .infer = transpose_infer,         \
        .forward = transpose_forward, .layout = conv_layout, .workspace = transpose_workspace,                         \
        .backward = transpose_backward, .flops = transpose_flops, .samples = op_samples                                \
    }

static const dg_op conv_ops[] = {
    CONV("conv1d", 1, conv1d_samples, "L", "k", 0, {0}),
    CONV("conv2d", 2, conv2d_samples, "H, W", "kh, kw", DG_ANY_LAYOUT, ALGORITHM_ATTR),
    CONV("conv3d", 3, conv3d_samples, "D, H, W", "kd, kh, kw", 0, {0}),
    TRANSPOSE("conv_transpose1d", 1, transpose1d_samples, "L", "k", 0),
    TRANSPOSE("conv_transpose2d", 2, transpose2d_samples, "H, W", "kh, kw", DG_ANY_LAYOUT),
    TRANSPOSE("conv_transpose3d", 3, transpose3d_samples, "D, H, W", "kd, kh, kw", 0),
};

const dg_op_family conv_family = DG_FAMILY(conv_ops);
