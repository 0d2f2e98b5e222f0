/* Jordan, Jin, Boza, You, Cesista, Newhouse, Bernstein: "Muon: an optimizer for hidden layers in neural networks"
 * (2024): the momentum of a matrix, made nearly orthogonal by Newton-Schulz steps. Kernels [out, in, …] are matrices
 * [out, in·…]; vectors and scalars go by AdamW at the same rate. */
#include <dotgrad/ops/linear.h>
#include <dotgrad/ops/reduce.h>
#include <dotgrad/ops/shape.h>
#include <dotgrad/ops/source.h>
#include <dotgrad/rules.h>

#include <math.h>

/* X ← a·X + (b·A + c·A²)·X with A = X·Xᵀ, on the side where A is the smaller. */
static dg_node *orthogonal(const dg_rule_step *step, dg_node *x, int64_t rows, int64_t columns, double eps)
{
    const double a = dg_rule_hyper(step, "a"), b = dg_rule_hyper(step, "b"), c = dg_rule_hyper(step, "c");
    dg_graph *graph = dg_rule_graph(step);
    dg_dtype dtype = dg_rule_type(step)->dtype;
    dg_node *ka = dg_full(graph, dg_scalar(), a, .dtype = dtype), *kb = dg_full(graph, dg_scalar(), b, .dtype = dtype),
            *kc = dg_full(graph, dg_scalar(), c, .dtype = dtype);
    if (rows > columns)
        x = dg_transpose(x, 0, 1);
    x = dg_expr("x / max(n, eps)", {"x", x}, {"n", dg_norm(x)},
                {"eps", dg_full(graph, dg_scalar(), eps, .dtype = dtype)});
    for (int i = 0; i < (int)dg_rule_hyper(step, "ns_steps"); i++) {
        dg_node *gram = dg_matmul(x, dg_transpose(x, 0, 1));
        dg_node *factor = dg_expr("b * m + c * q", {"b", kb}, {"m", gram}, {"c", kc}, {"q", dg_matmul(gram, gram)});
        x = dg_expr("a * x + y", {"a", ka}, {"x", x}, {"y", dg_matmul(factor, x)});
    }
    return rows > columns ? dg_transpose(x, 0, 1) : x;
}

static void emit(dg_rule_step *step)
{
    const dg_shape *shape = &dg_rule_type(step)->shape;
    if (shape->rank < 2) {
        dg_rule_lines(step, "rate = -lr / expm1(t * log(0.9));"
                            "scale = rsqrt(-expm1(t * log(0.95)));"
                            "p = p * (1 - lr * weight_decay) if weight_decay;"
                            "exp_avg = 0.9 * exp_avg + 0.1 * g;"
                            "exp_avg_sq = 0.95 * exp_avg_sq + 0.05 * g * g;"
                            "p = p - rate * exp_avg / (sqrt(exp_avg_sq) * scale + 1e-10)");
        return;
    }
    int64_t rows = shape->dims[0], columns = rows ? dg_shape_count(shape) / rows : 0;
    double larger = (double)(rows > columns ? rows : columns);
    bool match_rms = dg_rule_hyper(step, "adjust_lr_fn") != 0;
    double adjust = match_rms ? 0.2 * sqrt(larger) : sqrt(fmax(1, columns ? (double)rows / (double)columns : 1));
    dg_rule_lines(step, "momentum_buffer = momentum_buffer + (1 - momentum) * (g - momentum_buffer);"
                        "u = momentum_buffer;"
                        "u = g + momentum * (momentum_buffer - g) if nesterov");
    dg_node *u = dg_rule_symbol(step, "u");
    if (shape->rank > 2)
        u = dg_reshape(u, DG_SHAPE(rows, columns));
    u = orthogonal(step, u, rows, columns, dg_rule_hyper(step, "eps"));
    dg_rule_set(step, "u", shape->rank > 2 ? dg_reshape(u, *shape) : u);
    dg_rule_set(step, "adjust", dg_full(dg_rule_graph(step), dg_scalar(), adjust, .dtype = dg_rule_type(step)->dtype));
    dg_rule_lines(step, "p = p * (1 - lr * weight_decay) if weight_decay; p = p - lr * adjust * u");
}

const dg_rule muon_rule = {
    .name = "muon",
    .summary = "matrices step by their momentum made orthogonal; vectors by adamw",
    .source = "Jordan et al. 2024",
    .lr = 1e-3,
    .arguments = {{.name = "weight_decay", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {0.1}},
                  {.name = "momentum", .range = DG_ARGUMENT_FRACTION, .fallback = {0.95}},
                  {.name = "nesterov", .range = DG_ARGUMENT_FLAG, .fallback = {1}},
                  {.name = "ns_coefficients",
                   .range = DG_ARGUMENT_FINITE,
                   .fallback = {3.4445, -4.775, 2.0315},
                   .symbols = {"a", "b", "c"}},
                  {.name = "eps", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {1e-7}},
                  {.name = "ns_steps", .range = DG_ARGUMENT_COUNT, .fallback = {5}},
                  {.name = "adjust_lr_fn", .range = DG_ARGUMENT_CHOICE, .choices = "original|match_rms_adamw"}},
    .emit = emit,
};
