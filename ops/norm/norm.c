/* Normalisation. All but rms_norm, local_response_norm, normalize and weight_norm are composed of `standardize`, whose
 * kernel takes the mean and then the centred square; its derivative is three terms, made of ops. Long because all
 * normalisations are one family over one kernel. */
#include "ops/shared/arguments.h"
#include "ops/shared/describe.h"
#include "ops/shared/rules.h"
#include "standardize_run.h"

#include "core/base/plain.h"

#include <dotgrad/op.h>
#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/norm.h>
#include <dotgrad/ops/reduce.h>
#include <dotgrad/ops/shape.h>
#include <dotgrad/ops/source.h>
#include <float.h>
#include <stdio.h>
#include <string.h>

/* ---- shared ---- */

static dg_ints dims_from(int first, int end)
{
    dg_ints dims = {.only = DG_NONE};
    for (int d = first; d < end; d++)
        dims.at[dims.count++] = d;
    return dims;
}

/* [C] beside [N, C, …]: [C, 1, …]. */
static dg_node *beside_channels(dg_node *weight, int rank)
{
    if (!weight || rank == 2)
        return weight;
    dg_shape shape = {.rank = rank - 1, .dims = {-1}};
    for (int d = 1; d < shape.rank; d++)
        shape.dims[d] = 1;
    return dg_reshape(weight, shape);
}

/* y·w + b, either may be missing. */
static dg_node *affine(dg_node *y, dg_node *weight, dg_node *bias)
{
    if (weight && bias)
        return dg_expr("y * w + b", {"y", y}, {"w", weight}, {"b", bias});
    return weight ? dg_mul(y, weight) : bias ? dg_add(y, bias) : dg_identity(y);
}

static dg_status want_rank(const dg_infer *infer, int rank, const char *layout)
{
    char text[DG_SHAPE_TEXT];
    if (infer->inputs[0]->shape.rank >= rank)
        return dg_ok();
    return dg_error(DG_BAD_SHAPE, "the input is %s, expected %s",
                    dg_graph_print_shape(infer->graph, &infer->inputs[0]->shape, text, sizeof text), layout);
}

/* Input k, when it is given, is [C] for the C channels of [N, C, …]. */
static dg_status want_per_channel(const dg_infer *infer, int k)
{
    const dg_type *type = infer->inputs[k];
    int64_t channels = infer->inputs[0]->shape.dims[1];
    char text[DG_SHAPE_TEXT];
    if (!type || (type->shape.rank == 1 && !sizes_differ(type->shape.dims[0], channels)))
        return dg_ok();
    return dg_error(DG_BAD_SHAPE, "%s is %s, expected [%lld]", infer->op->inputs[k].name,
                    dg_graph_print_shape(infer->graph, &type->shape, text, sizeof text), (long long)channels);
}

static dg_status channels_of(const dg_infer *infer, dg_shape *shape)
{
    const dg_shape *x = &infer->inputs[0]->shape;
    char text[DG_SHAPE_TEXT];
    if (x->rank < 2 || x->dims[1] < 0)
        return dg_error(DG_BAD_SHAPE, "the input is %s, expected [N, C, …] with a number of channels",
                        dg_graph_print_shape(infer->graph, x, text, sizeof text));
    *shape = DG_SHAPE(x->dims[1]);
    return dg_ok();
}

static dg_node *as_dtype(dg_node *node, dg_dtype dtype)
{
    return dg_node_type(node, 0)->dtype == dtype ? node : dg_to(node, dtype);
}

/* ---- batch_norm ---- */

enum { BATCH_EPS, BATCH_MOMENTUM, BATCH_AFFINE, BATCH_TRACK, BATCH_TRAINING };

static bool training_is(const dg_value *attrs, const char *name)
{
    return is_given(&attrs[BATCH_TRAINING]) && strcmp(attrs[BATCH_TRAINING].s, name) == 0;
}

static dg_status batch_norm_weight(const dg_infer *infer, dg_shape *shape, bool *present)
{
    *present = infer->inputs[0] && infer->attrs[BATCH_AFFINE].b;
    return *present ? channels_of(infer, shape) : dg_ok();
}

static dg_status batch_norm_statistic(const dg_infer *infer, dg_shape *shape, bool *present)
{
    *present = infer->inputs[0] && infer->attrs[BATCH_TRACK].b;
    return *present ? channels_of(infer, shape) : dg_ok();
}

/* Of one row there is one value a channel, unless it has further sizes, and so no variance. */
static int64_t batch_norm_least_rows(const dg_infer *infer)
{
    const dg_shape *x = &infer->inputs[0]->shape;
    for (int d = 2; d < x->rank; d++)
        if (x->dims[d] != 1)
            return 1;
    return training_is(infer->attrs, "false") ? 1 : 2;
}

static dg_status batch_norm_infer(const dg_infer *infer)
{
    double momentum = infer->attrs[BATCH_MOMENTUM].f;
    for (int k = 0; k < 3; k++)
        DG_TRY(want_floats(infer, k));
    DG_TRY(check_eps(infer->attrs[BATCH_EPS].f));
    DG_TRY(want_rank(infer, 2, "[N, C, …]"));
    for (int k = 1; k < 5; k++)
        DG_TRY(want_per_channel(infer, k));
    if (!(momentum >= 0 && momentum <= 1))
        return dg_error(DG_BAD_ARGUMENT, "momentum is %g, expected 0 … 1", momentum);
    if (!infer->inputs[3] != !infer->inputs[4])
        return dg_error(DG_BAD_ARGUMENT, "running_mean and running_var go together, one is missing");
    if (!infer->inputs[3] && training_is(infer->attrs, "false"))
        return dg_error(DG_BAD_ARGUMENT, "training=false needs running statistics");
    return dg_infer_same(infer);
}

/* running ← running + momentum·(statistic − running), but for batches of fewer than two values a channel, which have no
 * variance: they leave what is running. */
static void update_statistic(const dg_compose *compose, dg_node *running, dg_node *statistic, dg_node *values)
{
    char formula[80];
    dg_dtype dtype = dg_node_type(running, 0)->dtype;
    statistic = as_dtype(dg_reshape(statistic, DG_SHAPE(-1)), dtype);
    if (dg_node_op(running)->role != DG_ROLE_PARAMETER)
        return;
    plain_print(formula, sizeof formula, "where(n > 1, r + %.17g * (s - r), r)", compose->attrs[BATCH_MOMENTUM].f);
    dg_compose_update(compose, running, dg_expr(formula, {"r", running}, {"s", statistic}, {"n", values}));
}

/* The statistics of the batch, and what follows from them in training. */
static dg_node *batch_standardized(const dg_compose *compose)
{
    dg_node *x = compose->inputs[0];
    int rank = dg_node_type(x, 0)->shape.rank;
    dg_ints dims = dims_from(1, rank);
    dims.at[0] = 0;
    dg_node *y = dg_standardize(x, dims, .eps = compose->attrs[BATCH_EPS].f);
    if (compose->inputs[3]) {
        dg_node *n = dg_count(x, .dim = dims);
        dg_node *unbiased = dg_expr("v * (n / max(n - 1, 1))", {"v", dg_output(y, 2)}, {"n", n});
        update_statistic(compose, compose->inputs[3], dg_output(y, 1), n);
        update_statistic(compose, compose->inputs[4], unbiased, n);
    }
    return y;
}

static void batch_norm_compose(const dg_compose *compose)
{
    dg_node *x = compose->inputs[0], *running_mean = compose->inputs[3];
    int rank = dg_node_type(x, 0)->shape.rank;
    dg_node *w = beside_channels(compose->inputs[1], rank), *b = beside_channels(compose->inputs[2], rank);
    dg_node *y = training_is(compose->attrs, "false") ? NULL : batch_standardized(compose);
    if (!running_mean || training_is(compose->attrs, "true")) {
        compose->outputs[0] = affine(y, w, b);
        return;
    }
    dg_dtype dtype = dg_node_type(x, 0)->dtype;
    dg_node *mean = beside_channels(as_dtype(running_mean, dtype), rank);
    dg_node *scale =
        inverse_deviation(as_dtype(compose->inputs[4], dtype), compose->attrs[BATCH_EPS].f, compose->inputs[1]);
    scale = beside_channels(scale, rank);
    dg_node *running = b ? dg_expr("(x - m) * s + b", {"x", x}, {"m", mean}, {"s", scale}, {"b", b})
                         : dg_expr("(x - m) * s", {"x", x}, {"m", mean}, {"s", scale});
    compose->outputs[0] = y ? dg_where(dg_training(compose->graph), affine(y, w, b), running) : running;
}

/* ---- layer_norm, rms_norm ---- */

enum { LAYER_SHAPE, LAYER_EPS, LAYER_AFFINE, LAYER_BIAS };

/* What is normalised: normalized_shape, else what the wired weight has, else the last dimension. */
static int trailing_dims(const dg_value *normalized_shape, int weight_rank)
{
    if (is_given(normalized_shape))
        return (int)normalized_shape->count;
    return weight_rank > 0 ? weight_rank : 1;
}

static dg_status not_trailing(const dg_infer *infer, int rank)
{
    char text[DG_SHAPE_TEXT], list[DG_SHAPE_TEXT] = "";
    const dg_value *wanted = &infer->attrs[LAYER_SHAPE];
    for (size_t d = 0; is_given(wanted) && d < wanted->count; d++) {
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%lld", d ? ", " : ", [", (long long)wanted->items[d].i);
    }
    return dg_error(DG_BAD_SHAPE, "the input is %s, which does not end in the %d normalised dimension%s%s%s",
                    dg_graph_print_shape(infer->graph, &infer->inputs[0]->shape, text, sizeof text), rank,
                    rank > 1 ? "s" : "", list, list[0] ? "]" : "");
}

static dg_status trailing_shape(const dg_infer *infer, dg_shape *shape)
{
    const dg_type *x = infer->inputs[0], *weight = infer->inputs[1];
    const dg_value *wanted = &infer->attrs[LAYER_SHAPE];
    int rank = trailing_dims(wanted, weight ? weight->shape.rank : 0), first = x->shape.rank - rank;
    if (is_given(wanted) && wanted->count == 0)
        return dg_error(DG_BAD_ARGUMENT, "normalized_shape is [], expected one size at least");
    bool fits = first >= 0;
    *shape = (dg_shape){.rank = rank};
    for (int d = 0; fits && d < rank; d++) {
        shape->dims[d] = x->shape.dims[first + d];
        if (is_given(wanted)) {
            fits = !sizes_differ(wanted->items[d].i, shape->dims[d]);
            shape->dims[d] = wanted->items[d].i;
        }
    }
    return fits ? dg_ok() : not_trailing(infer, rank);
}

static dg_status layer_norm_weight(const dg_infer *infer, dg_shape *shape, bool *present)
{
    *present = infer->inputs[0] && infer->attrs[LAYER_AFFINE].b;
    return *present ? trailing_shape(infer, shape) : dg_ok();
}

static dg_status layer_norm_bias(const dg_infer *infer, dg_shape *shape, bool *present)
{
    *present = infer->inputs[0] && infer->attrs[LAYER_AFFINE].b && infer->attrs[LAYER_BIAS].b;
    return *present ? trailing_shape(infer, shape) : dg_ok();
}

static dg_status layer_norm_infer(const dg_infer *infer)
{
    dg_shape shape;
    char text[DG_SHAPE_TEXT], more[DG_SHAPE_TEXT];
    if (is_given(&infer->attrs[LAYER_EPS]))
        DG_TRY(check_eps(infer->attrs[LAYER_EPS].f));
    DG_TRY(want_floats(infer, 0));
    DG_TRY(trailing_shape(infer, &shape));
    for (int k = 1; k < infer->n_inputs; k++) {
        DG_TRY(want_floats(infer, k));
        const dg_type *type = infer->inputs[k];
        bool fits = !type || type->shape.rank == shape.rank;
        for (int d = 0; type && fits && d < shape.rank; d++)
            fits = !sizes_differ(type->shape.dims[d], shape.dims[d]);
        if (!fits)
            return dg_error(DG_BAD_SHAPE, "%s is %s, expected %s", infer->op->inputs[k].name,
                            dg_graph_print_shape(infer->graph, &type->shape, text, sizeof text),
                            dg_graph_print_shape(infer->graph, &shape, more, sizeof more));
    }
    return dg_infer_same(infer);
}

static dg_ints normalised_dims(const dg_compose *compose)
{
    const dg_node *weight = compose->inputs[1];
    int rank = dg_node_type(compose->inputs[0], 0)->shape.rank;
    return dims_from(
        rank - trailing_dims(&compose->attrs[LAYER_SHAPE], weight ? dg_node_type(weight, 0)->shape.rank : 0), rank);
}

static void layer_norm_compose(const dg_compose *compose)
{
    dg_node *y = dg_standardize(compose->inputs[0], normalised_dims(compose), .eps = compose->attrs[LAYER_EPS].f);
    compose->outputs[0] = affine(y, compose->inputs[1], compose->inputs[2]);
}

static void rms_norm_compose(const dg_compose *compose)
{
    dg_node *x = compose->inputs[0], *w = compose->inputs[1];
    const dg_value *eps = &compose->attrs[LAYER_EPS];
    double least = dg_node_type(x, 0)->dtype == DG_FLOAT32 ? (double)FLT_EPSILON : DBL_EPSILON;
    dg_node *mean = dg_mean(dg_square(x), .dim = normalised_dims(compose), .keepdim = true);
    char formula[64];
    plain_print(formula, sizeof formula, "sqrt(v + %.17g)", is_given(eps) ? eps->f : least);
    /* 1/√ in two steps: of the one the derivative has v^(−3/2), which float32 cannot hold from |x| = 1e13 on */
    dg_node *r = dg_expr("1 / s", {"s", dg_expr(formula, {"v", mean})});
    compose->outputs[0] = w ? dg_expr("x * r * w", {"x", x}, {"r", r}, {"w", w}) : dg_mul(x, r);
}

/* ---- group_norm, instance_norm ---- */

enum { GROUP_COUNT, GROUP_EPS, GROUP_AFFINE };

static dg_status group_norm_weight(const dg_infer *infer, dg_shape *shape, bool *present)
{
    *present = infer->inputs[0] && infer->attrs[GROUP_AFFINE].b;
    return *present ? channels_of(infer, shape) : dg_ok();
}

static dg_status per_channel_infer(const dg_infer *infer, double eps)
{
    for (int k = 0; k < 3; k++)
        DG_TRY(want_floats(infer, k));
    DG_TRY(check_eps(eps));
    for (int k = 1; k < 3; k++)
        DG_TRY(want_per_channel(infer, k));
    return dg_infer_same(infer);
}

static dg_status group_norm_infer(const dg_infer *infer)
{
    int64_t groups = infer->attrs[GROUP_COUNT].i;
    DG_TRY(want_rank(infer, 2, "[N, C, …]"));
    int64_t channels = infer->inputs[0]->shape.dims[1];
    if (groups < 1 || (channels >= 0 && channels % groups != 0))
        return dg_error(DG_BAD_ARGUMENT, "num_groups is %lld, which does not divide the %lld channel(s)",
                        (long long)groups, (long long)channels);
    return per_channel_infer(infer, infer->attrs[GROUP_EPS].f);
}

/* [N·G, C/G, …] has a row for each group: sizes behind the channels may be unknown, but then N may not. */
static void group_norm_compose(const dg_compose *compose)
{
    dg_node *x = compose->inputs[0];
    const dg_shape *shape = &dg_node_type(x, 0)->shape;
    int64_t elements = shape->dims[1] / compose->attrs[GROUP_COUNT].i;
    bool known = true;
    for (int d = 2; known && d < shape->rank; d++) {
        known = shape->dims[d] >= 0;
        elements *= known ? shape->dims[d] : 1;
    }
    dg_shape rows = {.rank = 3, .dims = {shape->dims[0], compose->attrs[GROUP_COUNT].i, -1}};
    if (known)
        rows = DG_SHAPE(elements ? -1 : shape->dims[0], compose->attrs[GROUP_COUNT].i, elements);
    dg_node *y = dg_standardize(dg_reshape(x, rows), DG_INTS(2), .eps = compose->attrs[GROUP_EPS].f);
    compose->outputs[0] = affine(dg_reshape_as(y, x), beside_channels(compose->inputs[1], shape->rank),
                                 beside_channels(compose->inputs[2], shape->rank));
}

enum { INSTANCE_EPS, INSTANCE_AFFINE };

static dg_status instance_norm_weight(const dg_infer *infer, dg_shape *shape, bool *present)
{
    *present = infer->inputs[0] && infer->attrs[INSTANCE_AFFINE].b;
    return *present ? channels_of(infer, shape) : dg_ok();
}

static dg_status instance_norm_infer(const dg_infer *infer)
{
    DG_TRY(want_rank(infer, 3, "[N, C, …] with something behind the channels"));
    return per_channel_infer(infer, infer->attrs[INSTANCE_EPS].f);
}

static void instance_norm_compose(const dg_compose *compose)
{
    dg_node *x = compose->inputs[0];
    int rank = dg_node_type(x, 0)->shape.rank;
    dg_node *y = dg_standardize(x, dims_from(2, rank), .eps = compose->attrs[INSTANCE_EPS].f);
    compose->outputs[0] =
        affine(y, beside_channels(compose->inputs[1], rank), beside_channels(compose->inputs[2], rank));
}

/* ---- descriptors ---- */

static const dg_sample standardize_samples[] = {{"standardize(1, eps=0.1)", {"[3, 5]"}},
                                                {"standardize(0, eps=0.1)", {"[4, 3]"}},
                                                {"standardize([0, 2], eps=0.1)", {"[3, 2, 4]"}},
                                                {"standardize([])", {"[2, 3]"}},
                                                {.call = NULL}};
static const dg_sample standardize_backward_samples[] = {
    {"standardize_backward(1, eps=0.1)", {"[3, 5]", "[3, 5]", "[3, 1] positive"}},
    {"standardize_backward(0, eps=0.1)", {"[4, 3]", "[4, 3]", "[1, 3] positive"}},
    {"standardize_backward([0, 2], eps=0.1)", {"[3, 2, 4]", "[3, 2, 4]", "[1, 2, 1] positive"}},
    {.call = NULL}};
static const dg_sample batch_norm_samples[] = {
    {"batch_norm(training=true)", {"[4, 2, 3]", "[2]", "[2]"}},
    {"batch_norm(training=true, affine=false)", {"[5, 3]"}},
    {"batch_norm", {"[3, 2, 2, 2]", "[2]", "[2]", "[2]", "[2] positive"}},
    {"batch_norm(training=false, eps=0.1, affine=false)", {"[4, 2]", "-", "-", "[2]", "[2] positive"}},
    {"batch_norm(track_running_stats=false)", {"[4, 3]"}},
    {.call = NULL}};
static const dg_sample layer_norm_samples[] = {
    {"layer_norm", {"[3, 5]", "[5]", "[5]"}},           {"layer_norm([3, 4])", {"[2, 3, 4]"}},
    {"layer_norm(eps=0.1, bias=false)", {"[2, 2, 4]"}}, {"layer_norm(elementwise_affine=false)", {"[3, 4]"}},
    {"layer_norm", {"[2, 2, 3]", "[2, 3]", "[2, 3]"}},  {.call = NULL}};
static const dg_sample rms_norm_samples[] = {{"rms_norm", {"[3, 5]", "[5]"}},
                                             {"rms_norm([2, 3], eps=0.1)", {"[2, 2, 3]"}},
                                             {"rms_norm(elementwise_affine=false)", {"[3, 4]"}},
                                             {.call = NULL}};
static const dg_sample group_norm_samples[] = {{"group_norm(2)", {"[2, 4, 3]", "[4]", "[4]"}},
                                               {"group_norm(1, eps=0.1)", {"[2, 4]"}},
                                               {"group_norm(3, affine=false)", {"[2, 3, 2, 2]"}},
                                               {.call = NULL}};
static const dg_sample instance_norm_samples[] = {{"instance_norm", {"[2, 3, 4]"}},
                                                  {"instance_norm(affine=true)", {"[2, 2, 3, 2]"}},
                                                  {"instance_norm(eps=0.1)", {"[2, 2, 4]", "[2]", "[2]"}},
                                                  {.call = NULL}};

#define RANGE                                                                                                          \
    "where distances from the mean exceed 1e18 in float32 or 1e153 in float64 the variance is inf and the derivative " \
    "0"
#define RANGE_OF_SQUARES "|x| below 1e18 in float32 and 1e153 in float64, whose squares are finite"
#define EPS(text)                                                                                                      \
    {                                                                                                                  \
        .name = "eps", .kind = DG_ATTR_FLOAT, .fallback = text, .doc = "added to the variance"                         \
    }
#define WEIGHT(shape_rule, text)                                                                                       \
    {                                                                                                                  \
        .name = "weight", .flags = DG_OPTIONAL, .doc = text, .parameter = shape_rule, .init = "ones"                   \
    }
#define BIAS(shape_rule, text)                                                                                         \
    {                                                                                                                  \
        .name = "bias", .flags = DG_OPTIONAL, .doc = text, .parameter = shape_rule, .init = "zeros"                    \
    }
#define NORMALIZED_SHAPE                                                                                               \
    {                                                                                                                  \
        .name = "normalized_shape", .kind = DG_ATTR_INTS, .fallback = "none",                                          \
        .doc = "the last sizes, over which the mean goes; when left out, those of a wired weight or the last one"      \
    }

static const dg_op norm_ops[] = {
    {
        .name = "standardize",
        .family = "norm",
        .summary = "y = (x − mean)/√(var + eps) over dim, with the biased variance",
        .inputs = {{.name = "input"}},
        .attrs = {{.name = "dim",
                   .kind = DG_ATTR_INTS,
                   .positional = true,
                   .doc = "what mean and variance go over; those left are neighbours"},
                  EPS("1e-5")},
        .outputs = {"output", "mean", "var"},
        .flags = DG_EPILOGUE | DG_ANY_LAYOUT,
        .layout = standardize_layout,
        .infer = standardize_infer,
        .forward = standardize_forward,
        .backward = standardize_backward,
        .flops = standardize_flops,
        .samples = standardize_samples,
    },
    {
        .name = "standardize_backward",
        .family = "norm",
        .summary =
            "dx = (g − mean(g) − y mean(g y))/√(var + eps) over dim: the gradient of standardize, whose value is "
            "y",
        .inputs = {{.name = "grad_output", .doc = "g"}, {.name = "output", .doc = "y"}, {.name = "var"}},
        .attrs = {{.name = "dim",
                   .kind = DG_ATTR_INTS,
                   .positional = true,
                   .doc = "what mean and variance go over; those left are neighbours"},
                  EPS("1e-5")},
        .flags = DG_EPILOGUE | DG_ANY_LAYOUT,
        .layout = standardize_layout,
        .infer = standardize_backward_infer,
        .forward = standardize_backward_forward,
        .backward = standardize_backward_backward,
        .flops = standardize_flops,
        .samples = standardize_backward_samples,
    },
    {
        .name = "batch_norm",
        .family = "norm",
        .summary = "y = w·(x − mean)/√(var + eps) + b for each channel of [N, C, …]: of the batch in training, running "
                   "ones otherwise",
        .source = "Ioffe, Szegedy 2015, algorithms 1 and 2",
        .inputs = {{.name = "input", .doc = "[N, C, …]; " RANGE},
                   WEIGHT(batch_norm_weight, "[C]"),
                   BIAS(batch_norm_weight, "[C]"),
                   {.name = "running_mean",
                    .flags = DG_OPTIONAL | DG_FIXED,
                    .doc = "[C], moved by momentum in training",
                    .parameter = batch_norm_statistic,
                    .init = "zeros"},
                   {.name = "running_var",
                    .flags = DG_OPTIONAL | DG_FIXED,
                    .doc = "[C], unbiased, moved by momentum in training",
                    .parameter = batch_norm_statistic,
                    .init = "ones"}},
        .attrs = {EPS("1e-5"),
                  {.name = "momentum", .kind = DG_ATTR_FLOAT, .fallback = "0.1", .doc = "the weight of a new batch"},
                  SWITCH("affine", "true", "owns weight and bias, where none is wired"),
                  SWITCH("track_running_stats", "true", "owns running_mean and running_var, where none is wired"),
                  {.name = "training",
                   .kind = DG_ATTR_NAME,
                   .fallback = "none",
                   .choices = "none|true|false",
                   .doc = "true: always the batch's statistics, false: always the running ones"}},
        .from_input = "num_features",
        .infer = batch_norm_infer,
        .compose = batch_norm_compose,
        .least_rows = batch_norm_least_rows,
        .samples = batch_norm_samples,
    },
    {
        .name = "layer_norm",
        .family = "norm",
        .summary = "y = w·(x − mean)/√(var + eps) + b over the last dimensions",
        .source = "Ba, Kiros, Hinton 2016",
        .inputs = {{.name = "input", .doc = RANGE},
                   WEIGHT(layer_norm_weight, "normalized_shape"),
                   BIAS(layer_norm_bias, "normalized_shape")},
        .attrs = {NORMALIZED_SHAPE, EPS("1e-5"), SWITCH("elementwise_affine", "true", "owns weight and bias"),
                  SWITCH("bias", "true", "owns a bias, where none is wired")},
        .infer = layer_norm_infer,
        .compose = layer_norm_compose,
        .samples = layer_norm_samples,
    },
    {
        .name = "rms_norm",
        .family = "norm",
        .summary = "y = w·x/√(mean(x²) + eps) over the last dimensions",
        .source = "Zhang, Sennrich 2019, eq. 4",
        .inputs = {{.name = "input", .doc = RANGE_OF_SQUARES}, WEIGHT(layer_norm_weight, "normalized_shape")},
        .attrs = {NORMALIZED_SHAPE,
                  {.name = "eps",
                   .kind = DG_ATTR_FLOAT,
                   .fallback = "none",
                   .doc = "added to the mean square; the float type's epsilon when left out"},
                  SWITCH("elementwise_affine", "true", "owns a weight")},
        .infer = layer_norm_infer,
        .compose = rms_norm_compose,
        .samples = rms_norm_samples,
    },
    {
        .name = "group_norm",
        .family = "norm",
        .summary = "y = w·(x − mean)/√(var + eps) + b over each group of channels of [N, C, …]",
        .source = "Wu, He 2018, eq. 1",
        .inputs = {{.name = "input", .doc = "[N, C, …]; " RANGE},
                   WEIGHT(group_norm_weight, "[C]"),
                   BIAS(group_norm_weight, "[C]")},
        .attrs = {{.name = "num_groups", .kind = DG_ATTR_INT, .positional = true, .doc = "divides the channels"},
                  EPS("1e-5"),
                  SWITCH("affine", "true", "owns weight and bias, where none is wired")},
        .from_input = "num_channels",
        .unnamed = 1,
        .infer = group_norm_infer,
        .compose = group_norm_compose,
        .samples = group_norm_samples,
    },
    {
        .name = "instance_norm",
        .family = "norm",
        .summary = "y = w·(x − mean)/√(var + eps) + b over each channel of each sample of [N, C, …]",
        .source = "Ulyanov, Vedaldi, Lempitsky 2016",
        .inputs = {{.name = "input", .doc = "[N, C, …]; " RANGE},
                   WEIGHT(instance_norm_weight, "[C]"),
                   BIAS(instance_norm_weight, "[C]")},
        .attrs = {EPS("1e-5"), SWITCH("affine", "false", "owns weight and bias, where none is wired")},
        .from_input = "num_features",
        .infer = instance_norm_infer,
        .compose = instance_norm_compose,
        .samples = instance_norm_samples,
    },
};

const dg_op_family norm_family = DG_FAMILY(norm_ops);
