/* Vectors brought to a length: normalize, weight_norm, local_response_norm. */
#include "ops/shared/arguments.h"
#include "ops/shared/describe.h"
#include "ops/shared/rules.h"

#include "core/base/plain.h"

#include <dotgrad/op.h>
#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/linear.h>
#include <dotgrad/ops/reduce.h>
#include <dotgrad/ops/shape.h>
#include <dotgrad/ops/source.h>
#include <stdio.h>

/* ---- normalize: y = x/max(‖x‖_p, ε) ---- */

static dg_status normalize_infer(const dg_infer *infer)
{
    axes set;
    DG_TRY(want_floats(infer, 0));
    DG_TRY(axes_from(&infer->attrs[1], infer->inputs[0]->shape.rank, &set));
    if (!(infer->attrs[2].f >= 0))
        return dg_error(DG_BAD_ARGUMENT, "eps is %g, expected 0 or more", infer->attrs[2].f);
    return dg_infer_same(infer);
}

static void normalize_compose(const dg_compose *compose)
{
    char formula[96];
    dg_node *x = compose->inputs[0];
    dg_node *norm = dg_norm(x, .p = compose->attrs[0].f, .dim = ints_option(&compose->attrs[1]), .keepdim = true);
    plain_print(formula, sizeof formula, "x / where(n < %.17g, %.17g, n)", compose->attrs[2].f, compose->attrs[2].f);
    compose->outputs[0] = dg_expr(formula, {"x", x}, {"n", norm});
}

/* ---- weight_norm: w = g·v/‖v‖ ---- */

/* −1: the norm goes over all dimensions. */
static dg_status kept_dim(const dg_value *dim, int rank, int *axis)
{
    *axis = -1;
    if (dim->i == -1)
        return dg_ok();
    return dg_infer_dim(dim->i, rank, axis);
}

static dg_status weight_norm_scale(const dg_infer *infer, dg_shape *shape, bool *present)
{
    int axis;
    *present = infer->inputs[0] != NULL;
    if (!*present)
        return dg_ok();
    const dg_shape *v = &infer->inputs[0]->shape;
    DG_TRY(kept_dim(&infer->attrs[0], v->rank, &axis));
    *shape = dg_scalar();
    for (int d = 0; axis >= 0 && d < v->rank; d++)
        shape->dims[shape->rank++] = d == axis ? v->dims[d] : 1;
    return dg_ok();
}

static dg_status weight_norm_infer(const dg_infer *infer)
{
    const dg_shape *v = &infer->inputs[0]->shape, *g = &infer->inputs[1]->shape;
    dg_shape wanted;
    bool present;
    char text[DG_SHAPE_TEXT], more[DG_SHAPE_TEXT];
    for (int k = 0; k < 2; k++)
        DG_TRY(want_floats(infer, k));
    DG_TRY(weight_norm_scale(infer, &wanted, &present));
    bool fits = g->rank == wanted.rank;
    for (int d = 0; fits && d < g->rank; d++)
        fits = !sizes_differ(g->dims[d], wanted.dims[d]);
    if (!fits)
        return dg_error(DG_BAD_SHAPE, "weight_v is %s and weight_g is %s, which needs the size of dim and 1 for others",
                        dg_graph_print_shape(infer->graph, v, text, sizeof text),
                        dg_graph_print_shape(infer->graph, g, more, sizeof more));
    return dg_infer_same(infer);
}

static void weight_norm_compose(const dg_compose *compose)
{
    dg_node *v = compose->inputs[0], *g = compose->inputs[1];
    int axis, rank = dg_node_type(v, 0)->shape.rank;
    dg_ints dims = {.only = DG_NONE};
    if (kept_dim(&compose->attrs[0], rank, &axis).code != DG_OK)
        return;
    for (int d = 0; d < rank; d++)
        if (d != axis)
            dims.at[dims.count++] = d;
    dg_node *norm = axis >= 0 && rank == 1 ? dg_abs(v) : dg_norm(v, .dim = dims, .keepdim = axis >= 0);
    compose->outputs[0] = dg_expr("v * where(n == 0, 0, g / n)", {"v", v}, {"g", g}, {"n", norm});
}

/* ---- local_response_norm: y = x/(k + α/size·Σ x²)^β, the sum over `size` neighbouring channels ---- */

static dg_status local_response_norm_infer(const dg_infer *infer)
{
    const dg_shape *x = &infer->inputs[0]->shape;
    char text[DG_SHAPE_TEXT];
    DG_TRY(want_floats(infer, 0));
    if (infer->attrs[0].i < 1)
        return dg_error(DG_BAD_ARGUMENT, "size is %lld, expected at least 1", (long long)infer->attrs[0].i);
    if (x->rank < 3 || x->dims[1] < 0)
        return dg_error(DG_BAD_SHAPE, "the input is %s, expected [N, C, d1, …] with a number of channels",
                        dg_graph_print_shape(infer->graph, x, text, sizeof text));
    return dg_infer_same(infer);
}

/* [C, C], 1 where channel j is counted for channel i: i − ⌊size/2⌋ … i + ⌊(size − 1)/2⌋. */
static dg_node *neighbours(dg_graph *graph, int64_t channels, int64_t size, dg_dtype dtype)
{
    dg_tensor band;
    dg_status status = dg_tensor_make(&band, dtype, DG_SHAPE(channels, channels));
    if (status.code != DG_OK)
        return dg_graph_fail(graph, status);
    for (int64_t i = 0; i < channels; i++)
        for (int64_t j = 0; j < channels; j++)
            dg_tensor_set(&band, i * channels + j, j >= i - size / 2 && j <= i + (size - 1) / 2);
    dg_node *node = dg_constant(graph, &band, .dtype = dtype);
    dg_tensor_release(&band);
    return node;
}

static void local_response_norm_compose(const dg_compose *compose)
{
    char formula[128];
    dg_node *x = compose->inputs[0], *squares = dg_square(x);
    const dg_type *type = dg_node_type(x, 0);
    int64_t size = compose->attrs[0].i;
    dg_node *band = neighbours(compose->graph, type->shape.dims[1], size, type->dtype);
    if (type->shape.rank > 3)
        squares = dg_flatten(squares, .start_dim = 2);
    dg_node *sums = dg_reshape_as(dg_matmul(band, squares), x);
    plain_print(formula, sizeof formula, "x * (%.17g + %.17g * s) ^ %.17g", compose->attrs[3].f,
                compose->attrs[1].f / (double)size, -compose->attrs[2].f);
    compose->outputs[0] = dg_expr(formula, {"x", x}, {"s", sums});
}

/* ---- descriptors ---- */

static const dg_sample normalize_samples[] = {{"normalize", {"[3, 4]"}},
                                              {"normalize(p=1, dim=0)", {"[3, 4]"}},
                                              {"normalize(dim=[1, 2])", {"[2, 3, 2]"}},
                                              {"normalize(p=3, eps=100)", {"[2, 3]"}},
                                              {.call = NULL}};
static const dg_sample weight_norm_samples[] = {{"weight_norm", {"[3, 4]", "[3, 1]"}},
                                                {"weight_norm(dim=1)", {"[2, 3, 2]", "[1, 3, 1]"}},
                                                {"weight_norm(dim=-1)", {"[2, 3]", "[]"}},
                                                {"weight_norm(dim=-1)", {"[2, 3]"}},
                                                {.call = NULL}};
static const dg_sample local_response_norm_samples[] = {
    {"local_response_norm(3, alpha=0.5)", {"[2, 4, 3]"}},
    {"local_response_norm(2, alpha=1, beta=0.5, k=2)", {"[2, 3, 2, 2]"}},
    {"local_response_norm(5)", {"[1, 2, 3]"}},
    {.call = NULL}};

static const dg_op normalize_ops[] = {
    {
        .name = "normalize",
        .family = "norm",
        .summary = "y = x/max(‖x‖, eps) along dim",
        .inputs = {{.name = "input"}},
        .attrs = {BOUND("p", "2", "of the norm"),
                  {.name = "dim", .kind = DG_ATTR_INTS, .fallback = "1", .doc = "what the norm goes over"},
                  NUMBER("eps", "1e-12", "the least that is divided by")},
        .infer = normalize_infer,
        .compose = normalize_compose,
        .samples = normalize_samples,
    },
    {
        .name = "weight_norm",
        .family = "norm",
        .summary = "w = g·v/‖v‖: a weight as a length and a direction for each index along dim",
        .source = "Salimans, Kingma 2016, eq. 2",
        .inputs = {{.name = "weight_v"},
                   {.name = "weight_g",
                    .flags = DG_OPTIONAL,
                    .doc = "the size of dim, 1 for the others; [] without dim",
                    .parameter = weight_norm_scale,
                    .init = "ones"}},
        .attrs = {{.name = "dim",
                   .kind = DG_ATTR_INT,
                   .fallback = "0",
                   .doc = "what the norm does not go over; −1: one norm of all"}},
        .infer = weight_norm_infer,
        .compose = weight_norm_compose,
        .samples = weight_norm_samples,
    },
    {
        .name = "local_response_norm",
        .family = "norm",
        .summary = "y = x/(k + alpha/size·Σ x²)^beta, the sum over size channels around each",
        .source = "Krizhevsky, Sutskever, Hinton 2012, section 3.3",
        .inputs = {{.name = "input",
                    .doc =
                        "[N, C, …]; below 1e18 in float32 and 1e153 in float64, whose squares are finite, and for its "
                        "derivative below 1e9 and 1e76"}},
        .attrs = {{.name = "size", .kind = DG_ATTR_INT, .positional = true, .doc = "channels that are summed"},
                  NUMBER("alpha", "1e-4", "α"),
                  NUMBER("beta", "0.75", "β"),
                  NUMBER("k", "1", "k")},
        .infer = local_response_norm_infer,
        .compose = local_response_norm_compose,
        .samples = local_response_norm_samples,
    },
};

const dg_op_family normalize_family = DG_FAMILY(normalize_ops);
