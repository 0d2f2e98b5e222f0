/* kan: a layer of a Kolmogorov–Arnold network, a function of its own on each wire from an input to a result, as a sum
 * of bumps on a grid: y_o = Σ_i (Σ_g w_oig B((x_i − c_g)/h) + b_oi silu(x_i)). */
#include <dotgrad/op.h>
#include <dotgrad/ops/activation.h>
#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/linear.h>
#include <dotgrad/ops/shape.h>
#include <dotgrad/ops/source.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ops/shared/rules.h"

enum { OUT_FEATURES, BASIS, GRID, LOW, HIGH }; /* attributes, in their order */

static dg_status input_size(const dg_infer *infer, int64_t *size)
{
    const dg_shape *shape = &infer->inputs[0]->shape;
    *size = shape->rank ? shape->dims[shape->rank - 1] : -1;
    if (*size < 0)
        return dg_error(DG_BAD_SHAPE, "the last size of the input must be a number");
    if (infer->attrs[OUT_FEATURES].i < 1)
        return dg_error(DG_BAD_ARGUMENT, "out_features is %lld, expected at least 1",
                        (long long)infer->attrs[OUT_FEATURES].i);
    return dg_ok();
}

static dg_status kan_weight(const dg_infer *infer, dg_shape *shape, bool *present)
{
    int64_t in;
    *present = infer->inputs[0] != NULL;
    if (!*present)
        return dg_ok();
    DG_TRY(input_size(infer, &in));
    *shape = DG_SHAPE(infer->attrs[OUT_FEATURES].i, in * infer->attrs[GRID].i);
    return dg_ok();
}

static dg_status kan_base(const dg_infer *infer, dg_shape *shape, bool *present)
{
    int64_t in;
    *present = infer->inputs[0] != NULL;
    if (!*present)
        return dg_ok();
    DG_TRY(input_size(infer, &in));
    *shape = DG_SHAPE(infer->attrs[OUT_FEATURES].i, in);
    return dg_ok();
}

static dg_status kan_infer(const dg_infer *infer)
{
    const dg_value *attrs = infer->attrs;
    int64_t in, out = attrs[OUT_FEATURES].i;
    for (int k = 0; k < 3; k++)
        DG_TRY(want_floats(infer, k));
    DG_TRY(input_size(infer, &in));
    if (attrs[GRID].i < 2 || attrs[GRID].i > 10000)
        return dg_error(DG_BAD_ARGUMENT, "grid is %lld, expected 2 … 10000 points", (long long)attrs[GRID].i);
    if (!(attrs[LOW].f < attrs[HIGH].f))
        return dg_error(DG_BAD_ARGUMENT, "low is %g and high %g: expected low below high", attrs[LOW].f, attrs[HIGH].f);
    const dg_shape wants[] = {DG_SHAPE(out, in * attrs[GRID].i), DG_SHAPE(out, in)};
    for (int k = 0; k < 2; k++) {
        char has[DG_SHAPE_TEXT], wanted[DG_SHAPE_TEXT];
        if (!dg_shape_equal(&infer->inputs[k + 1]->shape, &wants[k]))
            return dg_error(DG_BAD_SHAPE, "%s is %s, expected %s", infer->op->inputs[k + 1].name,
                            dg_graph_print_shape(infer->graph, &infer->inputs[k + 1]->shape, has, sizeof has),
                            dg_shape_print(&wants[k], wanted, sizeof wanted));
    }
    infer->outputs[0] = *infer->inputs[0];
    infer->outputs[0].shape.dims[infer->inputs[0]->shape.rank - 1] = out;
    return dg_ok();
}

/* Where the bumps are, in units of their distance. */
static dg_node *grid_points(const dg_compose *compose, double low, double step)
{
    int64_t count = compose->attrs[GRID].i;
    double *points = malloc((size_t)count * sizeof *points);
    if (!points)
        return dg_graph_fail(compose->graph, dg_no_memory("a grid of %lld points", (long long)count));
    for (int64_t i = 0; i < count; i++)
        points[i] = low / step + (double)i;
    const dg_tensor tensor = dg_tensor_view(DG_FLOAT64, DG_SHAPE(count), points);
    dg_node *node = dg_constant(compose->graph, &tensor, .dtype = dg_node_type(compose->inputs[0], 0)->dtype);
    free(points);
    return node;
}

/* Gaussians whose width is the distance of the grid; or cubic B-splines. */
static dg_node *bumps(const dg_compose *compose)
{
    const dg_value *attrs = compose->attrs;
    double step = (attrs[HIGH].f - attrs[LOW].f) / (double)(attrs[GRID].i - 1);
    char scale[80], number[DG_NUMBER_TEXT];
    snprintf(scale, sizeof scale, "x * %s", dg_number_print(1 / step, DG_FLOAT64, number));
    dg_node *x = dg_expr(scale, {"x", compose->inputs[0]});
    dg_node *u = dg_sub(dg_unsqueeze(x, -1), grid_points(compose, attrs[LOW].f, step));
    return strcmp(attrs[BASIS].s, "rbf") == 0
               ? dg_expr("exp(-u^2)", {"u", u})
               : dg_expr("where(abs(u) >= 2, 0, where(abs(u) >= 1, (2 - abs(u))^3 / 6, 2 / 3 - u^2 + abs(u)^3 / 2))",
                         {"u", u});
}

static void kan_compose(const dg_compose *compose)
{
    dg_node *basis = dg_flatten(bumps(compose), .start_dim = -2, .end_dim = -1);
    dg_node *curves = dg_linear(basis, DG_NONE, .weight = compose->inputs[1]);
    compose->outputs[0] = dg_add(curves, dg_linear(dg_silu(compose->inputs[0]), DG_NONE, .weight = compose->inputs[2]));
}

static const dg_sample kan_samples[] = {
    {"kan(3, grid=4)", {"[2, 2]", "[3, 8]", "[3, 2]"}},
    {"kan(2, basis=rbf, grid=5, low=-2, high=2)", {"[2, 3]", "[2, 15]", "[2, 3]"}},
    {"kan(2, basis=rbf)", {"[3]"}},
    {0},
};

static const dg_op kan_ops[] = {{
    .name = "kan",
    .family = "linear",
    .summary = "y_o = Σ_i f_oi(x_i), each f a sum of bumps on a grid and b silu(x)",
    .source =
        "Liu et al., KAN: Kolmogorov-Arnold Networks (2024); basis=rbf: Li, Kolmogorov-Arnold Networks are Radial "
        "Basis Function Networks (2024)",
    .inputs = {{.name = "input", .doc = "[.., in]"},
               {.name = "weight",
                .flags = DG_OPTIONAL,
                .doc = "[out, in·grid]: heights of the bumps",
                .parameter = kan_weight,
                .init = "normal(0, 0.1)",
                .init_attr = "init"},
               {.name = "base_weight",
                .flags = DG_OPTIONAL,
                .doc = "[out, in]: b",
                .parameter = kan_base,
                .init = "kaiming_uniform(2.23606797749979)"}},
    .attrs = {{.name = "out_features", .kind = DG_ATTR_INT, .positional = true, .doc = "columns of the result"},
              {.name = "basis",
               .kind = DG_ATTR_NAME,
               .fallback = "spline",
               .doc = "the bumps: cubic B-splines, or Gaussians exp(−u²)",
               .choices = "spline|rbf"},
              {.name = "grid", .kind = DG_ATTR_INT, .fallback = "8", .doc = "bumps of each function"},
              {.name = "low", .kind = DG_ATTR_FLOAT, .fallback = "-2", .doc = "the place of the first"},
              {.name = "high", .kind = DG_ATTR_FLOAT, .fallback = "2", .doc = "the place of the last"},
              {.name = "init", .kind = DG_ATTR_INIT, .fallback = "none", .doc = "initialiser of weight"}},
    .infer = kan_infer,
    .compose = kan_compose,
    .samples = kan_samples,
}};

const dg_op_family kan_family = DG_FAMILY(kan_ops);
