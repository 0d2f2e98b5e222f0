/* Reductions that are made of others, over one dimension, several, or all (`dim` left out): var, std, norm, logsumexp;
 * places, argmax and argmin; and sum_to and prod_others, for derivatives. */
#include "ops/shared/describe.h"
#include "ops/shared/rules.h"
#include "reduction.h"

#include "core/base/plain.h"

#include <dotgrad/op.h>
#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/reduce.h>
#include <dotgrad/ops/shape.h>
#include <dotgrad/ops/source.h>
#include <math.h>
#include <stdio.h>

/* Attributes: dim, keepdim; of one element at least. */
static dg_status logsumexp_infer(const dg_infer *infer)
{
    DG_TRY(reduction_of_floats(infer));
    return reduction_shape(infer, &infer->attrs[0], infer->attrs[1].b, true);
}

/* Attributes: dim, a number, keepdim. */
static dg_status var_infer(const dg_infer *infer)
{
    DG_TRY(reduction_of_floats(infer));
    return reduction_shape(infer, &infer->attrs[0], infer->attrs[2].b, false);
}

/* Attributes: p, dim, keepdim. */
static dg_status norm_infer(const dg_infer *infer)
{
    DG_TRY(reduction_of_floats(infer));
    return reduction_shape(infer, &infer->attrs[1], infer->attrs[2].b, isinf(infer->attrs[0].f));
}

static int rank_of(dg_node *node)
{
    return dg_node_type(node, 0)->shape.rank;
}

/* Squares and other powers of float32 are summed in float64, which they neither leave nor cancel in. */
static dg_node *widened(dg_node *x)
{
    return dg_node_type(x, 0)->dtype == DG_FLOAT32 ? dg_to(x, DG_FLOAT64) : x;
}

static dg_node *narrowed(dg_node *y, dg_node *x)
{
    dg_dtype dtype = dg_node_type(x, 0)->dtype;
    return dtype == DG_FLOAT32 ? dg_to(y, dtype) : y;
}

/* A power of two near Σ|x|, or for p < 0 near 1 / Σ 1/|x|, to divide x by before it is raised to the power p: powers of
 * what is far from 1 overflow or vanish, where their root does not. It cancels out, so that no derivative flows through
 * it. For p = 2 its square is in range, too, for the square of the norm. */
static dg_node *scale_of(dg_node *x, double p, const dg_value *dim, bool keepdim)
{
    dg_node *sizes = p < 0 ? dg_expr("1 / abs(x)", {"x", x}) : dg_abs(x);
    dg_node *sum = dg_sum(sizes, .dim = ints_option(dim), .keepdim = keepdim);
    if (p < 0)
        sum = dg_reciprocal(sum);
    return dg_detach(p == 2 ? dg_expr("exp2(floor(min(max(log2(s), -511), 511)))", {"s", sum})
                            : dg_expr("exp2(floor(min(max(log2(s), -1000), 1020)))", {"s", sum}));
}

/* Of float64; squares of float32 are in its range as they are. */
static bool needs_scale(dg_node *x)
{
    return dg_node_type(x, 0)->dtype == DG_FLOAT64;
}

/* ---- var, std: mean square distance from the mean; count − correction in the denominator ---- */

static dg_node *from_mean(dg_node *x, dg_ints dim)
{
    return dg_sub(x, dg_mean(x, .dim = dim, .keepdim = true));
}

/* In float64. A mean is rounded: of float64 what is left of it is taken off too, of float32 that is far below a digit.
 */
static dg_node *distances_from_mean(dg_node *x, const dg_value *attrs)
{
    dg_ints dim = ints_option(&attrs[0]);
    dg_node *distances = from_mean(widened(x), dim);
    return dg_node_type(x, 0)->dtype == DG_FLOAT64 ? from_mean(distances, dim) : distances;
}

/* Σ d² / (n − correction) */
static dg_node *mean_square(dg_node *distances, const dg_value *attrs)
{
    dg_ints dim = ints_option(&attrs[0]);
    char formula[80];
    plain_print(formula, sizeof formula, "squares / max(n - %.17g, 0)", attrs[1].f);
    dg_node *squares = dg_sum(dg_square(distances), .dim = dim, .keepdim = attrs[2].b);
    return dg_expr(formula, {"squares", squares}, {"n", dg_count(distances, .dim = dim)});
}

static void var_compose(const dg_compose *compose)
{
    dg_node *x = compose->inputs[0];
    compose->outputs[0] = narrowed(mean_square(distances_from_mean(x, compose->attrs), compose->attrs), x);
}

static void std_compose(const dg_compose *compose)
{
    const dg_value *attrs = compose->attrs;
    dg_node *x = compose->inputs[0], *distances = distances_from_mean(x, attrs);
    if (!needs_scale(x)) {
        dg_node *v = mean_square(distances, attrs);
        compose->outputs[0] = narrowed(dg_expr("where(v == 0, 0, sqrt(v))", {"v", v}), x);
        return;
    }
    dg_node *m = scale_of(distances, 2, &attrs[0], attrs[2].b);
    dg_node *parts = dg_div(distances, restore_dims(m, rank_of(x), &attrs[0], attrs[2].b));
    compose->outputs[0] = dg_expr("where(v == 0, 0, m * sqrt(v))", {"v", mean_square(parts, attrs)}, {"m", m});
}

/* ---- norm: (Σ|x|^p)^(1/p); the gradient is 0 where x is, and where all of x is 0 ---- */

/* m·(Σ|x/m|^p)^(1/p) in float64 */
static dg_node *root_of_powers(dg_node *x, const dg_value *attrs)
{
    double p = attrs[0].f;
    char power[80], root[80];
    dg_node *m = scale_of(x, p, &attrs[1], attrs[2].b);
    dg_node *parts = dg_div(x, restore_dims(m, rank_of(x), &attrs[1], attrs[2].b));
    plain_print(power, sizeof power, "where(x == 0, %s, abs(x)^(%.17g))", p > 0 ? "0" : "inf", p);
    plain_print(root, sizeof root, "where(s == %s, 0, m * s^(%.17g))", p > 0 ? "0" : "inf", 1 / p);
    dg_node *powers = p == 2 ? dg_square(parts) : dg_expr(power, {"x", parts});
    dg_node *sum = dg_sum(powers, .dim = ints_option(&attrs[1]), .keepdim = attrs[2].b);
    return p == 2 ? dg_expr("where(s == 0, 0, m * sqrt(s))", {"s", sum}, {"m", m})
                  : dg_expr(root, {"s", sum}, {"m", m});
}

static void norm_compose(const dg_compose *compose)
{
    dg_node *x = compose->inputs[0];
    double p = compose->attrs[0].f;
    dg_ints dim = ints_option(&compose->attrs[1]);
    bool keepdim = compose->attrs[2].b;
    if (isinf(p)) {
        compose->outputs[0] = p > 0 ? dg_amax(dg_abs(x), .dim = dim, .keepdim = keepdim)
                                    : dg_amin(dg_abs(x), .dim = dim, .keepdim = keepdim);
    } else if (p == 0) {
        compose->outputs[0] = dg_sum(dg_expr("where(x == 0, 0, 1)", {"x", x}), .dim = dim, .keepdim = keepdim);
    } else if (p == 1) {
        compose->outputs[0] = dg_sum(dg_abs(x), .dim = dim, .keepdim = keepdim);
    } else if (p == 2 && !needs_scale(x)) {
        dg_node *sum = dg_sum(dg_square(widened(x)), .dim = dim, .keepdim = keepdim);
        compose->outputs[0] = narrowed(dg_expr("where(s == 0, 0, sqrt(s))", {"s", sum}), x);
    } else {
        compose->outputs[0] = narrowed(root_of_powers(widened(x), compose->attrs), x);
    }
}

/* ---- logsumexp: shifted by the maximum, so that nothing overflows ---- */

static void logsumexp_compose(const dg_compose *compose)
{
    dg_node *x = compose->inputs[0];
    dg_ints dim = ints_option(&compose->attrs[0]);
    bool keepdim = compose->attrs[1].b;
    dg_node *m = dg_detach(dg_amax(x, .dim = dim, .keepdim = true));
    dg_node *shift = dg_expr("where(abs(m) < 1.7976931348623157e308, m, 0)", {"m", m}); /* 0 for ±inf */
    dg_node *s = dg_sum(dg_expr("exp(x - m)", {"x", x}, {"m", shift}), .dim = dim, .keepdim = true);
    dg_node *y = dg_expr("where(s == 0, m, log(s) + shift)", {"s", s}, {"shift", shift}, {"m", m});
    compose->outputs[0] = keepdim ? y : dg_squeeze(y, .dim = dim);
}

/* ---- prod_others: y_i = Π x_j over j ≠ i, the derivative of prod; ∂y_i/∂x_j = Π x_k over k ≠ i, j ---- */

static dg_status prod_others_infer(const dg_infer *infer)
{
    int axis;
    DG_TRY(reduction_of_floats(infer));
    DG_TRY(dg_infer_dim(infer->attrs[0].i, infer->inputs[0]->shape.rank, &axis));
    return dg_infer_same(infer);
}

static dg_status prod_others_forward(const dg_kernel *kernel)
{
    int axis;
    DG_TRY(dg_infer_dim(kernel->attrs[0].i, kernel->inputs[0]->shape.rank, &axis));
    prod_others_run(kernel->inputs[0], axis, kernel->outputs[0], kernel->threads);
    return dg_ok();
}

/* In a matrix of i and j, [n, n] at the place of [n]: row i is x with 1 for x_i, so that its products of the others
 * are the derivatives of y_i. */
static void prod_others_backward(const dg_backward *vjp)
{
    dg_node *x = vjp->inputs[0];
    int rank = rank_of(x), axis;
    if (rank == 0 || dg_infer_dim(vjp->attrs[0].i, rank, &axis).code != DG_OK)
        return;
    dg_node *column = dg_arange_like(x, .dim = axis);
    for (int d = axis + 1; d < rank; d++)
        column = dg_unsqueeze(column, -1);
    dg_node *same = dg_eq(dg_unsqueeze(column, 1), column);
    dg_node *rows = dg_expr("where(same, 1, x)", {"same", same}, {"x", dg_unsqueeze(x, axis)});
    dg_node *partial = dg_prod_others(rows, .dim = axis + 1);
    dg_node *terms = dg_expr("where(same, 0, g * p)", {"same", same}, {"g", dg_unsqueeze(vjp->grad_output, axis + 1)},
                             {"p", partial});
    vjp->grad_inputs[0] = dg_sum(terms, .dim = DG_INTS(axis));
}

/* ---- argmax, argmin ---- */

static dg_status place_infer(const dg_infer *infer)
{
    dg_value items[1], dims = {0};
    if (is_given(&infer->attrs[0])) {
        items[0] = infer->attrs[0];
        dims = (dg_value){.kind = DG_VALUE_LIST, .count = 1, .items = items};
    }
    infer->outputs[0].dtype = DG_INT64;
    return reduction_shape(infer, &dims, infer->attrs[1].b, true);
}

static dg_status find_place(const dg_kernel *kernel, bool greatest)
{
    int axis = -1;
    if (is_given(&kernel->attrs[0]))
        DG_TRY(dg_infer_dim(kernel->attrs[0].i, kernel->inputs[0]->shape.rank, &axis));
    reduce_place(greatest, kernel->inputs[0], axis, kernel->outputs[0], kernel->threads);
    return dg_ok();
}

static dg_status argmax_forward(const dg_kernel *kernel)
{
    return find_place(kernel, true);
}

static dg_status argmin_forward(const dg_kernel *kernel)
{
    return find_place(kernel, false);
}

/* ---- sum_to: the reverse of broadcasting ---- */

DG_ISA_TABLE(reduction_loops, sum_loops)

/* The dimensions of `from` that were stretched from `to`. */
static axes stretched(const dg_shape *from, const dg_shape *to)
{
    axes set = {{false}};
    for (int d = 0, missing = from->rank - to->rank; d < from->rank; d++)
        set.has[d] = d < missing || (to->dims[d - missing] == 1 && from->dims[d] != 1);
    return set;
}

static dg_status sum_to_infer(const dg_infer *infer)
{
    const dg_shape *from = &infer->inputs[0]->shape, *to = &infer->inputs[1]->shape;
    char left[DG_SHAPE_TEXT], right[DG_SHAPE_TEXT];
    int missing = from->rank - to->rank;
    bool fits = missing >= 0;
    for (int d = 0; fits && d < to->rank; d++)
        fits = to->dims[d] == 1 || !sizes_differ(from->dims[d + missing], to->dims[d]);
    if (!fits)
        return dg_error(DG_BAD_SHAPE, "%s cannot be the broadcast of %s",
                        dg_graph_print_shape(infer->graph, from, left, sizeof left),
                        dg_graph_print_shape(infer->graph, to, right, sizeof right));
    DG_TRY(reduction_of_floats(infer));
    infer->outputs[0].shape = *to;
    return dg_ok();
}

static size_t sum_to_workspace(const dg_kernel *kernel)
{
    axes set = stretched(&kernel->inputs[0]->shape, &kernel->inputs[1]->shape);
    return reduce_workspace(kernel->inputs[0], &set, kernel->outputs[0]->dtype);
}

static dg_layout sum_to_layout(const dg_kernel *kernel, int k)
{
    axes set = stretched(&kernel->inputs[0]->shape, &kernel->inputs[1]->shape);
    return k > 0 ? DG_LAYOUT_PLAIN : reduce_layout(&set);
}

static dg_status sum_to_forward(const dg_kernel *kernel)
{
    axes set = stretched(&kernel->inputs[0]->shape, &kernel->inputs[1]->shape);
    reduce_run(sum_loops(), kernel, &set, 1);
    return dg_ok();
}

static void sum_to_terms(const dg_kernel *kernel, int64_t at, dg_terms *terms)
{
    axes set = stretched(&kernel->inputs[0]->shape, &kernel->inputs[1]->shape);
    reduction_terms_over(&kernel->inputs[0]->shape, &set, at, terms);
}

static void sum_to_backward(const dg_backward *vjp)
{
    vjp->grad_inputs[0] = dg_expand_as(vjp->grad_output, vjp->inputs[0]);
}

/* ---- descriptors ---- */

#define PLACE_SAMPLES(op_name)                                                                                         \
    SAMPLES({op_name, {"[3, 4]"}}, {op_name "(dim=1)", {"[3, 4]"}}, {op_name "(dim=0, keepdim=true)", {"[3, 4]"}})

static const dg_sample norm_samples[] = {
    {"norm", {"[3, 4]"}},
    {"norm(p=1, dim=1)", {"[3, 4]"}},
    {"norm(p=3, dim=[0, 2], keepdim=true)", {"[2, 3, 4]"}},
    {"norm(p=0.5, dim=0)", {"[3, 4]"}},
    {"norm(p=-2, dim=0)", {"[3, 4]"}},
    {"norm(p=inf, dim=1)", {"[3, 4]"}},
    {.call = NULL},
};
static const dg_sample var_samples[] = {{"var", {"[3, 4]"}},
                                        {"var(dim=1, correction=0)", {"[3, 4]"}},
                                        {"var(dim=[0, -1], keepdim=true)", {"[2, 3, 4]"}},
                                        {.call = NULL}};
static const dg_sample std_samples[] = {{"std", {"[3, 4]"}},
                                        {"std(dim=1, correction=0)", {"[3, 4]"}},
                                        {"std(dim=[0, -1], keepdim=true)", {"[2, 3, 4]"}},
                                        {.call = NULL}};
static const dg_sample prod_others_samples[] = {
    {"prod_others(dim=0)", {"[4]"}}, {"prod_others(dim=1)", {"[2, 3, 2]"}}, {.call = NULL}};
static const dg_sample sum_to_samples[] = {
    {"sum_to", {"[3, 4]", "[4]"}}, {"sum_to", {"[2, 3, 4]", "[3, 1]"}}, {"sum_to", {"[2, 3]", "[]"}}, {.call = NULL}};

static const dg_op reduce_ops[] = {
    {
        .name = "var",
        .family = "reduce",
        .summary = "y = Σ (x − mean)² / (n − correction)",
        .inputs = {{.name = "input"}},
        .attrs = {DIM_ATTR,
                  {.name = "correction", .kind = DG_ATTR_FLOAT, .fallback = "1", .doc = "0: biased, 1: Bessel's"},
                  KEEPDIM_ATTR},
        .infer = var_infer,
        .compose = var_compose,
        .samples = var_samples,
    },
    {
        .name = "std",
        .family = "reduce",
        .summary = "y = √var; gradient 0 where that is 0",
        .inputs = {{.name = "input"}},
        .attrs = {DIM_ATTR,
                  {.name = "correction", .kind = DG_ATTR_FLOAT, .fallback = "1", .doc = "0: biased, 1: Bessel's"},
                  KEEPDIM_ATTR},
        .infer = var_infer,
        .compose = std_compose,
        .samples = std_samples,
    },
    {
        .name = "norm",
        .family = "reduce",
        .summary = "y = (Σ |x|ᵖ)^(1/p); gradient 0 where that is 0",
        .inputs = {{.name = "input"}},
        .attrs = {BOUND("p", "2", "the order: inf is the greatest |x|, 0 counts what is not 0"), DIM_ATTR,
                  KEEPDIM_ATTR},
        .infer = norm_infer,
        .compose = norm_compose,
        .samples = norm_samples,
    },
    {
        .name = "logsumexp",
        .family = "reduce",
        .summary = "y = ln Σ eˣ, without overflow",
        .inputs = {{.name = "input"}},
        .attrs = {DIM_ATTR, KEEPDIM_ATTR},
        .infer = logsumexp_infer,
        .compose = logsumexp_compose,
        .samples = REDUCTION_SAMPLES("logsumexp", ""),
    },
    {
        .name = "argmax",
        .family = "reduce",
        .summary = "y = where x is greatest, int64; the first place on ties",
        .inputs = {{.name = "input"}},
        .attrs = {{.name = "dim", .kind = DG_ATTR_INT, .fallback = "none", .doc = "when left out, of the flat tensor"},
                  KEEPDIM_ATTR},
        .flags = DG_NOT_DIFFERENTIABLE,
        .infer = place_infer,
        .forward = argmax_forward,
        .samples = PLACE_SAMPLES("argmax"),
    },
    {
        .name = "argmin",
        .family = "reduce",
        .summary = "y = where x is least, int64; the first place on ties",
        .inputs = {{.name = "input"}},
        .attrs = {{.name = "dim", .kind = DG_ATTR_INT, .fallback = "none", .doc = "when left out, of the flat tensor"},
                  KEEPDIM_ATTR},
        .flags = DG_NOT_DIFFERENTIABLE,
        .infer = place_infer,
        .forward = argmin_forward,
        .samples = PLACE_SAMPLES("argmin"),
    },
    {
        .name = "sum_to",
        .family = "reduce",
        .summary = "sums over broadcast dimensions to the shape of like",
        .inputs = {{.name = "input"}, {.name = "like", .flags = DG_SHAPE_ONLY}},
        .flags = DG_EPILOGUE | DG_PROLOGUE | DG_ANY_LAYOUT,
        .infer = sum_to_infer,
        .forward = sum_to_forward,
        .workspace = sum_to_workspace,
        .layout = sum_to_layout,
        .backward = sum_to_backward,
        .flops = reduction_flops,
        .terms = sum_to_terms,
        .samples = sum_to_samples,
    },
    {
        .name = "prod_others",
        .family = "reduce",
        .summary = "y_i = Π x_j over j ≠ i, the derivative of prod, right where there are zeros",
        .inputs = {{.name = "input"}},
        .attrs = {{.name = "dim", .kind = DG_ATTR_INT, .fallback = "0", .doc = "the dimension"}},
        .infer = prod_others_infer,
        .forward = prod_others_forward,
        .backward = prod_others_backward,
        .flops = reduction_flops,
        .samples = prod_others_samples,
    },
};

const dg_op_family reduce_family = DG_FAMILY(reduce_ops);
