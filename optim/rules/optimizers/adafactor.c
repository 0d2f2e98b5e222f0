/* Shazeer, Stern: "Adafactor: adaptive learning rates with sublinear memory cost" (2018), algorithm 4, in
 * torch.optim.Adafactor's form. The second moment of a matrix [n, m] is kept as its row and column means. */
#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/reduce.h>
#include <dotgrad/ops/source.h>
#include <dotgrad/rules.h>

#include <float.h>

/* The mean of g² along one dimension, which stays as 1. */
static dg_node *mean_square(dg_node *g, int64_t dim)
{
    return dg_mean(dg_square(g), .dim = DG_INTS(dim), .keepdim = true);
}

static void emit(dg_rule_step *step)
{
    const dg_type *type = dg_rule_type(step);
    dg_graph *graph = dg_rule_graph(step);
    dg_node *g = dg_rule_symbol(step, "g");
    double tiny = dg_rule_hyper(step, "eps1");
    if (tiny == 0)
        tiny = type->dtype == DG_FLOAT64 ? DBL_EPSILON : FLT_EPSILON;
    dg_rule_set(step, "tiny", dg_full(graph, dg_scalar(), tiny, .dtype = type->dtype));
    if (type->shape.rank > 1) {
        dg_shape row = type->shape, col = type->shape;
        row.dims[row.rank - 1] = 1;
        col.dims[col.rank - 2] = 1;
        dg_rule_state(step, "row_var", row);
        dg_rule_state(step, "col_var", col);
        dg_rule_set(step, "row_mean", mean_square(g, -1));
        dg_rule_set(step, "col_mean", mean_square(g, -2));
        dg_rule_lines(step, "part = t ^ beta2_decay;"
                            "row_var = row_var + part * (row_mean - row_var);"
                            "col_var = col_var + part * (col_mean - col_var)");
        dg_rule_set(step, "mean_row", dg_mean(dg_rule_symbol(step, "row_var"), .dim = DG_INTS(-2), .keepdim = true));
        dg_rule_lines(step, "v = row_var * col_var / max(mean_row, tiny)");
    } else {
        dg_rule_lines(step, "variance = variance + t ^ beta2_decay * (g * g - variance); v = variance");
    }
    dg_rule_lines(step, "rate = max(eps2, sqrt(mean(p * p))) * min(lr, rsqrt(t));"
                        "u = g * rsqrt(max(v, tiny * tiny));"
                        "p = p * (1 - lr * weight_decay) if weight_decay;"
                        "p = p - rate / max(1, sqrt(mean(u * u)) / d) * u");
}

const dg_rule adafactor_rule = {
    .name = "adafactor",
    .summary = "g/√v, with v kept as row and column means and steps relative to the size of the parameter",
    .source = "Shazeer, Stern 2018, algorithm 4",
    .lr = 1e-2,
    .arguments = {{.name = "beta2_decay", .range = DG_ARGUMENT_FINITE, .fallback = {-0.8}},
                  {.name = "eps1", .range = DG_ARGUMENT_NOT_NEGATIVE, .doc = "0: the type's own epsilon"},
                  {.name = "eps2", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {1e-3}},
                  {.name = "d", .range = DG_ARGUMENT_POSITIVE, .fallback = {1}},
                  {.name = "weight_decay", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {0}}},
    .emit = emit,
};
