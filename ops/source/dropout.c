/* What draws numbers in training: rrelu, dropout of whole channels, dropout that keeps mean and variance. */
#include "core/base/plain.h"
#include "ops/shared/describe.h"

#include <dotgrad/op.h>
#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/reduce.h>
#include <dotgrad/ops/source.h>
#include <math.h>
#include <stdio.h>

/* ---- rrelu ---- */

static dg_status want_float_input(const dg_infer *infer)
{
    dg_dtype dtype = infer->inputs[0]->dtype;
    if (dg_dtype_is_float(dtype))
        return dg_infer_same(infer);
    return dg_error(DG_BAD_DTYPE, "the input is %s, expected floats", dg_dtype_name(dtype));
}

static dg_status rrelu_infer(const dg_infer *infer)
{
    double lower = infer->attrs[0].f, upper = infer->attrs[1].f;
    if (!(lower <= upper))
        return dg_error(DG_BAD_ARGUMENT, "lower is %g, which is above upper %g", lower, upper);
    return want_float_input(infer);
}

static void rrelu_compose(const dg_compose *compose)
{
    dg_node *x = compose->inputs[0];
    double lower = compose->attrs[0].f, upper = compose->attrs[1].f;
    char formula[80];
    plain_print(formula, sizeof formula, "where(x > 0, x, where(t, r, %.17g) * x)", (lower + upper) / 2);
    dg_node *slopes = dg_uniform_like(x, .low = lower, .high = upper);
    compose->outputs[0] = dg_expr(formula, {"x", x}, {"t", dg_training(compose->graph)}, {"r", slopes});
}

/* ---- dropout of whole channels, and dropout that keeps mean and variance ---- */

static dg_status dropout_infer(const dg_infer *infer)
{
    double p = infer->attrs[0].f;
    if (!(p >= 0 && p <= 1))
        return dg_error(DG_BAD_ARGUMENT, "p is %g, expected 0 … 1", p);
    return want_float_input(infer);
}

/* Input with `space` dimensions behind the channels, [N, C, …] or [C, …]. */
static dg_status channel_dropout_infer(const dg_infer *infer, int space)
{
    int rank = infer->inputs[0]->shape.rank;
    char text[DG_SHAPE_TEXT];
    if (rank != space + 1 && rank != space + 2)
        return dg_error(DG_BAD_SHAPE, "the input is %s, expected %d or %d dimension(s)",
                        dg_graph_print_shape(infer->graph, &infer->inputs[0]->shape, text, sizeof text), space + 1,
                        space + 2);
    return dropout_infer(infer);
}

static dg_status dropout1d_infer(const dg_infer *infer)
{
    return channel_dropout_infer(infer, 1);
}

static dg_status dropout2d_infer(const dg_infer *infer)
{
    return channel_dropout_infer(infer, 2);
}

static dg_status dropout3d_infer(const dg_infer *infer)
{
    return channel_dropout_infer(infer, 3);
}

/* 1 with probability 1 − p, else 0; one number for all but the first `kept` dimensions. Of the sum only the shape is
 * read. */
static dg_node *mask_of(dg_node *x, int kept, double p)
{
    dg_ints rest = {.only = DG_NONE};
    for (int d = kept; d < dg_node_type(x, 0)->shape.rank; d++)
        rest.at[rest.count++] = d;
    return dg_bernoulli_like(rest.count ? dg_sum(x, .dim = rest, .keepdim = true) : x, .p = 1 - p);
}

/* In training `formula` of x and the mask m, else x. */
static void drop(const dg_compose *compose, int kept, const char *formula)
{
    dg_node *x = compose->inputs[0];
    double p = compose->attrs[0].f;
    if (p == 0) {
        compose->outputs[0] = dg_identity(x);
        return;
    }
    dg_node *dropped = dg_expr(formula, {"x", x}, {"m", mask_of(x, kept, p)});
    compose->outputs[0] = dg_where(dg_training(compose->graph), dropped, x);
}

static void drop_channels(const dg_compose *compose, int space)
{
    char formula[64];
    double p = compose->attrs[0].f;
    int kept = dg_node_type(compose->inputs[0], 0)->shape.rank - space;
    plain_print(formula, sizeof formula, "x * (m * %.17g)", p < 1 ? 1 / (1 - p) : 0);
    drop(compose, kept, formula);
}

static void dropout1d_compose(const dg_compose *compose)
{
    drop_channels(compose, 1);
}

static void dropout2d_compose(const dg_compose *compose)
{
    drop_channels(compose, 2);
}

static void dropout3d_compose(const dg_compose *compose)
{
    drop_channels(compose, 3);
}

/* What is dropped becomes α′ = −λα, SELU's limit; then a·y + b brings mean 0 and variance 1 back. */
static void drop_to_limit(const dg_compose *compose, int kept)
{
    const double limit = -1.7580993408473766;
    double p = compose->attrs[0].f, a = p < 1 ? 1 / sqrt((1 - p) * (1 + p * limit * limit)) : 0;
    char formula[128];
    plain_print(formula, sizeof formula, "%.17g * where(m > 0, x, %.17g) + %.17g", a, limit,
                p < 1 ? -a * limit * p : 0);
    drop(compose, kept, formula);
}

static void alpha_dropout_compose(const dg_compose *compose)
{
    drop_to_limit(compose, dg_node_type(compose->inputs[0], 0)->shape.rank);
}

static void feature_alpha_dropout_compose(const dg_compose *compose)
{
    int rank = dg_node_type(compose->inputs[0], 0)->shape.rank;
    drop_to_limit(compose, rank < 2 ? rank : 2);
}

#define DROPOUT(op_name, text, paper, rule, parts, shape)                                                              \
    {                                                                                                                  \
        .name = op_name, .family = "random", .summary = text, .source = paper, .inputs = {{.name = "input"}},          \
        .attrs = {NUMBER("p", "0.5", "the probability of dropping")}, .infer = rule, .compose = parts,                 \
        .samples = SAMPLES({op_name, {shape}}, {op_name "(0.2)", {shape}})                                             \
    }

static const dg_op dropout_ops[] = {
    {
        .name = "rrelu",
        .family = "activation",
        .summary = "y = x above 0, else a·x: in training a is uniform in [lower, upper), else their mean",
        .source = "Xu, Wang, Chen, Li 2015, section 2.4",
        .inputs = {{.name = "input"}},
        .attrs = {NUMBER("lower", "0.125", "the least slope"), NUMBER("upper", "0.3333333333333333", "the greatest")},
        .infer = rrelu_infer,
        .compose = rrelu_compose,
        .samples = SAMPLES({"rrelu", {"[3, 4]"}}, {"rrelu(lower=0, upper=1)", {"[5]"}}),
    },
    DROPOUT("dropout1d", "dropout of whole channels of [N, C, L] or [C, L]",
            "Tompson, Goroshin, Jain, LeCun, Bregler 2015", dropout1d_infer, dropout1d_compose, "[2, 3, 2]"),
    DROPOUT("dropout2d", "dropout of whole channels of [N, C, H, W] or [C, H, W]",
            "Tompson, Goroshin, Jain, LeCun, Bregler 2015", dropout2d_infer, dropout2d_compose, "[2, 3, 2, 1]"),
    DROPOUT("dropout3d", "dropout of whole channels of [N, C, D, H, W] or [C, D, H, W]",
            "Tompson, Goroshin, Jain, LeCun, Bregler 2015", dropout3d_infer, dropout3d_compose, "[2, 2, 1, 2, 1]"),
    DROPOUT("alpha_dropout", "dropout to the limit of selu that keeps mean 0 and variance 1",
            "Klambauer, Unterthiner, Mayr, Hochreiter 2017", dropout_infer, alpha_dropout_compose, "[3, 4]"),
    DROPOUT("feature_alpha_dropout", "alpha_dropout of whole channels of [N, C, …]",
            "Klambauer, Unterthiner, Mayr, Hochreiter 2017", dropout_infer, feature_alpha_dropout_compose, "[2, 3, 2]"),
};

const dg_op_family dropout_family = DG_FAMILY(dropout_ops);
