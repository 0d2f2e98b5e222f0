/* Matrix products and what is made of them: matmul, linear, outer, sqdist, euclidean, cdist. Long because products and
 * distances are each other's derivatives. */
#include <dotgrad/op.h>
#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/linear.h>
#include <dotgrad/ops/reduce.h>
#include <dotgrad/ops/shape.h>

#include <stdio.h>

#include "distance.h"
#include "ops/gemm/product.h"
#include "ops/shared/describe.h"
#include "ops/shared/rules.h"

/* ---- matmul ---- */

static dg_status inner_sizes_differ(const dg_infer *infer, int64_t a, int64_t b)
{
    char left[DG_SHAPE_TEXT], right[DG_SHAPE_TEXT];
    return dg_error(
        DG_BAD_SHAPE, "%s is %s and %s is %s: the inner sizes %lld and %lld differ", infer->op->inputs[0].name,
        dg_graph_print_shape(infer->graph, &infer->inputs[0]->shape, left, sizeof left), infer->op->inputs[1].name,
        dg_graph_print_shape(infer->graph, &infer->inputs[1]->shape, right, sizeof right), (long long)a, (long long)b);
}

/* An operand as a stack of matrices [.., rows, columns]; a vector is one row, or as second operand one column. */
typedef struct matrix_shape {
    dg_shape batch;
    int64_t rows, columns; /* after the transposition */
    bool transposed;
} matrix_shape;

static matrix_shape matrix_of(const dg_shape *shape, bool transpose, bool second)
{
    matrix_shape matrix = {.batch = *shape, .rows = 1, .columns = 1};
    if (shape->rank == 1) {
        *(second ? &matrix.rows : &matrix.columns) = shape->dims[0];
        matrix.batch.rank = 0;
        return matrix;
    }
    matrix.batch.rank -= 2;
    matrix.rows = shape->dims[shape->rank - (transpose ? 1 : 2)];
    matrix.columns = shape->dims[shape->rank - (transpose ? 2 : 1)];
    matrix.transposed = transpose;
    return matrix;
}

static dg_status want_dimensions(const dg_infer *infer, int k, int rank)
{
    char text[DG_SHAPE_TEXT];
    if (infer->inputs[k]->shape.rank >= rank)
        return dg_ok();
    return dg_error(DG_BAD_SHAPE, "%s is %s, expected at least %d dimension%s", infer->op->inputs[k].name,
                    dg_graph_print_shape(infer->graph, &infer->inputs[k]->shape, text, sizeof text), rank,
                    rank > 1 ? "s" : "");
}

static dg_status matmul_infer(const dg_infer *infer)
{
    const dg_type *input = infer->inputs[0], *other = infer->inputs[1];
    dg_shape *shape = &infer->outputs[0].shape;
    for (int k = 0; k < 2; k++) {
        DG_TRY(want_floats(infer, k));
        DG_TRY(want_dimensions(infer, k, 1));
    }
    matrix_shape a = matrix_of(&input->shape, infer->attrs[0].b, false);
    matrix_shape b = matrix_of(&other->shape, infer->attrs[1].b, true);
    if (sizes_differ(a.columns, b.rows))
        return inner_sizes_differ(infer, a.columns, b.rows);
    DG_TRY(dg_shape_broadcast(&a.batch, &b.batch, shape));
    if (input->shape.rank > 1)
        shape->dims[shape->rank++] = a.rows;
    if (other->shape.rank > 1)
        shape->dims[shape->rank++] = b.columns;
    infer->outputs[0].dtype = input->dtype;
    return dg_ok();
}

/* Strides, in elements, of an operand's matrices in the batch of the result; 0 where it is broadcast. */
static void batch_strides(const matrix_shape *matrix, const dg_shape *batch, int64_t strides[DG_MAX_RANK])
{
    int64_t stride = matrix->rows * matrix->columns;
    for (int d = batch->rank - 1; d >= 0; d--) {
        int from = d - (batch->rank - matrix->batch.rank);
        int64_t size = from >= 0 ? matrix->batch.dims[from] : 1;
        strides[d] = size == 1 ? 0 : stride;
        stride *= size;
    }
}

/* How a product is told that an operand is in 16 bits. */
static dg_dtype half_type(const dg_tensor *operand)
{
    return dg_dtype_is_half(operand->dtype) ? operand->dtype : DG_DEFAULT_DTYPE;
}

static product matmul_product(const dg_kernel *kernel)
{
    const dg_tensor *input = kernel->inputs[0], *other = kernel->inputs[1], *y = kernel->outputs[0];
    matrix_shape a = matrix_of(&input->shape, kernel->attrs[0].b, false);
    matrix_shape b = matrix_of(&other->shape, kernel->attrs[1].b, true);
    product p = {.dtype = y->dtype,
                 .a_type = half_type(input),
                 .b_type = half_type(other),
                 .m = a.rows,
                 .n = b.columns,
                 .k = a.columns,
                 .transpose_a = a.transposed,
                 .transpose_b = b.transposed,
                 .a = input->data,
                 .b = other->data,
                 .c = y->data,
                 .batch = y->shape};
    p.batch.rank -= (input->shape.rank > 1) + (other->shape.rank > 1);
    if (p.batch.rank == 0)
        return p;
    if (!a.transposed && dg_shape_count(&b.batch) == 1 && dg_shape_equal(&a.batch, &p.batch)) {
        p.m *= dg_shape_count(&p.batch); /* one matrix for all: the batch is more rows */
        p.batch = dg_scalar();
    }
    batch_strides(&a, &p.batch, p.a_strides);
    batch_strides(&b, &p.batch, p.b_strides);
    return p;
}

static dg_status matmul_forward(const dg_kernel *kernel)
{
    product p = matmul_product(kernel);
    return product_run(&p, kernel);
}

static size_t matmul_workspace(const dg_kernel *kernel)
{
    product p = matmul_product(kernel);
    return product_workspace(&p);
}

static void matmul_terms(const dg_kernel *kernel, int64_t at, dg_terms *terms)
{
    product p = matmul_product(kernel);
    product_terms(&p, at, terms);
}

/* y = a′b′, where ′ is the transposition that the attributes ask for: da′ = g·b′ᵀ, db′ = a′ᵀ·g. A vector is given the
 * dimension that it lacks, and its gradient gives it back. */
static void matmul_backward(const dg_backward *vjp)
{
    dg_node *a = vjp->inputs[0], *b = vjp->inputs[1], *g = vjp->grad_output;
    int a_rank = dg_node_type(a, 0)->shape.rank, b_rank = dg_node_type(b, 0)->shape.rank;
    bool ta = vjp->attrs[0].b && a_rank > 1, tb = vjp->attrs[1].b && b_rank > 1;
    if (a_rank == 1 && b_rank == 1) {
        vjp->grad_inputs[0] = vjp->wanted[0] ? dg_mul(g, b) : NULL;
        vjp->grad_inputs[1] = vjp->wanted[1] ? dg_mul(g, a) : NULL;
        return;
    }
    if (b_rank == 1) {
        b = dg_unsqueeze(b, -1);
        g = dg_unsqueeze(g, -1);
    }
    if (a_rank == 1) {
        a = dg_unsqueeze(a, 0);
        g = dg_unsqueeze(g, -2);
    }
    if (vjp->wanted[0]) {
        dg_node *da = ta ? dg_matmul(b, g, .transpose_input = tb, .transpose_other = true)
                         : dg_matmul(g, b, .transpose_other = !tb);
        vjp->grad_inputs[0] = a_rank == 1 ? dg_squeeze(da, .dim = DG_INTS(-2)) : da;
    }
    if (vjp->wanted[1]) {
        if (b_rank <= 2 && a_rank > 2 && !ta) { /* one matrix for a batch: the batch is more rows */
            a = dg_flatten(a, .start_dim = 0, .end_dim = -2);
            g = dg_flatten(g, .start_dim = 0, .end_dim = -2);
        }
        dg_node *db = tb ? dg_matmul(g, a, .transpose_input = true, .transpose_other = ta)
                         : dg_matmul(a, g, .transpose_input = !ta);
        vjp->grad_inputs[1] = b_rank == 1 ? dg_squeeze(db, .dim = DG_INTS(-1)) : db;
    }
}

static double matmul_flops(const dg_infer *infer)
{
    matrix_shape a = matrix_of(&infer->inputs[0]->shape, infer->attrs[0].b, false);
    return 2 * (double)dg_shape_count(&infer->outputs[0].shape) * (double)a.columns;
}

static const dg_sample matmul_samples[] = {
    {"matmul", {"[2, 3]", "[3, 4]"}},
    {"matmul", {"[3]", "[3]"}},
    {"matmul", {"[3]", "[3, 2]"}},
    {"matmul", {"[3]", "[2, 3, 4]"}},
    {"matmul", {"[2, 3]", "[3]"}},
    {"matmul", {"[2, 3, 4]", "[4]"}},
    {"matmul", {"[2, 3, 4]", "[4, 2]"}},
    {"matmul", {"[2, 1, 3, 4]", "[3, 4, 2]"}},
    {"matmul(transpose_input=true)", {"[3, 2]", "[3, 4]"}},
    {"matmul(transpose_other=true)", {"[2, 2, 3]", "[4, 3]"}},
    {"matmul(transpose_input=true)", {"[2, 4, 3]", "[4, 2]"}},
    {"matmul(transpose_input=true, transpose_other=true)", {"[2, 4, 3]", "[1, 2, 4]"}},
    {0},
};

/* ---- linear ---- */

/* y[.., out] = x[.., in]·Wᵀ + b with W [out, in] and b [out] (PyTorch's layout). */

static int64_t last_size(const dg_type *type)
{
    return type->shape.rank ? type->shape.dims[type->shape.rank - 1] : DG_UNKNOWN;
}

static bool out_features_given(const dg_infer *infer)
{
    return infer->attrs[0].kind == DG_VALUE_INT;
}

static dg_status linear_weight(const dg_infer *infer, dg_shape *shape, bool *present)
{
    char text[DG_SHAPE_TEXT];
    *present = infer->inputs[0] != NULL;
    if (!*present)
        return dg_ok();
    if (!out_features_given(infer))
        return dg_error(DG_BAD_ARGUMENT, "it has neither out_features nor a weight");
    if (infer->attrs[0].i <= 0)
        return dg_error(DG_BAD_ARGUMENT, "out_features is %lld, expected at least 1", (long long)infer->attrs[0].i);
    DG_TRY(want_dimensions(infer, 0, 1));
    if (last_size(infer->inputs[0]) < 0)
        return dg_error(DG_BAD_SHAPE, "input is %s: its last size must be a number",
                        dg_graph_print_shape(infer->graph, &infer->inputs[0]->shape, text, sizeof text));
    *shape = DG_SHAPE(infer->attrs[0].i, last_size(infer->inputs[0]));
    return dg_ok();
}

/* A layer owns its bias; where only the weight is wired (no out_features) linear is a function without one. */
static dg_status linear_bias(const dg_infer *infer, dg_shape *shape, bool *present)
{
    *present = infer->attrs[1].b && infer->inputs[0] && infer->inputs[1] && out_features_given(infer);
    if (*present)
        *shape = DG_SHAPE(infer->attrs[0].i);
    return dg_ok();
}

/* PyTorch's: U(−1/√fan_in, 1/√fan_in) */
static dg_status linear_bias_init(const dg_infer *infer, char *text, size_t size)
{
    int64_t fan_in = last_size(infer->inputs[0]);
    char bound[DG_NUMBER_TEXT];
    dg_number_print(fan_in > 0 ? 1 / __builtin_sqrt((double)fan_in) : 0, DG_FLOAT64, bound);
    snprintf(text, size, "uniform(-%s, %s)", bound, bound);
    return dg_ok();
}

static dg_status linear_infer(const dg_infer *infer)
{
    const dg_type *input = infer->inputs[0], *weight = infer->inputs[1], *bias = infer->inputs[2];
    char text[DG_SHAPE_TEXT], more[DG_SHAPE_TEXT];
    for (int k = 0; k < 3; k++)
        DG_TRY(want_floats(infer, k));
    DG_TRY(want_dimensions(infer, 0, 1));
    dg_graph_print_shape(infer->graph, &weight->shape, text, sizeof text);
    if (weight->shape.rank != 2 || sizes_differ(weight->shape.dims[1], last_size(input))) {
        dg_shape in = DG_SHAPE(last_size(input));
        dg_graph_print_shape(infer->graph, &in, more, sizeof more);
        return dg_error(DG_BAD_SHAPE, "weight is %s, expected [out, %s", text, more + 1);
    }
    int64_t out = weight->shape.dims[0];
    if (out_features_given(infer) && sizes_differ(out, infer->attrs[0].i))
        return dg_error(DG_BAD_SHAPE, "out_features is %lld, but weight is %s", (long long)infer->attrs[0].i, text);
    if (bias && (bias->shape.rank != 1 || sizes_differ(bias->shape.dims[0], out)))
        return dg_error(DG_BAD_SHAPE, "bias is %s, expected [%lld]",
                        dg_graph_print_shape(infer->graph, &bias->shape, more, sizeof more), (long long)out);
    infer->outputs[0] = *input;
    infer->outputs[0].shape.dims[input->shape.rank - 1] = out;
    return dg_ok();
}

static product linear_product(const dg_kernel *kernel)
{
    const dg_tensor *x = kernel->inputs[0], *weight = kernel->inputs[1], *bias = kernel->inputs[2],
                    *y = kernel->outputs[0];
    dg_shape rows = x->shape;
    rows.rank--;
    return (product){.dtype = y->dtype,
                     .b_type = half_type(weight),
                     .m = dg_shape_count(&rows),
                     .n = weight->shape.dims[0],
                     .k = weight->shape.dims[1],
                     .transpose_b = true,
                     .a = x->data,
                     .b = weight->data,
                     .c = y->data,
                     .bias = bias ? bias->data : NULL};
}

static dg_status linear_forward(const dg_kernel *kernel)
{
    product p = linear_product(kernel);
    return product_run(&p, kernel);
}

static size_t linear_workspace(const dg_kernel *kernel)
{
    product p = linear_product(kernel);
    return product_workspace(&p);
}

static void linear_terms(const dg_kernel *kernel, int64_t at, dg_terms *terms)
{
    product p = linear_product(kernel);
    product_terms(&p, at, terms);
    if (kernel->inputs[2])
        dg_terms_add(terms, (dg_term){1, {2}, {at % p.n}});
}

/* dx = g·W, dW = gᵀ·x over all rows, db = g (summed to [out] by the engine). */
static void linear_backward(const dg_backward *vjp)
{
    dg_node *x = vjp->inputs[0], *g = vjp->grad_output;
    int rank = dg_node_type(x, 0)->shape.rank;
    if (vjp->wanted[0])
        vjp->grad_inputs[0] = dg_matmul(g, vjp->inputs[1]);
    if (vjp->wanted[1] && rank == 1)
        vjp->grad_inputs[1] = dg_outer(g, x);
    else if (vjp->wanted[1] && rank == 2)
        vjp->grad_inputs[1] = dg_matmul(g, x, .transpose_input = true);
    else if (vjp->wanted[1])
        vjp->grad_inputs[1] = dg_matmul(dg_flatten(g, .start_dim = 0, .end_dim = -2),
                                        dg_flatten(x, .start_dim = 0, .end_dim = -2), .transpose_input = true);
    if (vjp->inputs[2] && vjp->wanted[2])
        vjp->grad_inputs[2] = g;
}

static double linear_flops(const dg_infer *infer)
{
    double in = (double)infer->inputs[1]->shape.dims[1];
    return (2 * in + (infer->inputs[2] ? 1 : 0)) * (double)dg_shape_count(&infer->outputs[0].shape);
}

static const dg_sample linear_samples[] = {
    {"linear(3)", {"[2, 4]"}},
    {"linear(3, bias=false)", {"[2, 4]"}},
    {"linear(2, init=xavier_uniform)", {"[2, 2, 3]"}},
    {"linear", {"[2, 4]", "[3, 4]", "[3]"}},
    {"linear", {"[2, 3, 4]", "[5, 4]"}},
    {"linear", {"[4]", "[3, 4]", "[3]"}},
    {0},
};

/* ---- outer ---- */

static dg_status outer_infer(const dg_infer *infer)
{
    char text[DG_SHAPE_TEXT];
    for (int k = 0; k < 2; k++) {
        DG_TRY(want_floats(infer, k));
        if (infer->inputs[k]->shape.rank != 1)
            return dg_error(DG_BAD_SHAPE, "%s is %s, expected one dimension", infer->op->inputs[k].name,
                            dg_graph_print_shape(infer->graph, &infer->inputs[k]->shape, text, sizeof text));
    }
    infer->outputs[0] =
        (dg_type){infer->inputs[0]->dtype, DG_SHAPE(infer->inputs[0]->shape.dims[0], infer->inputs[1]->shape.dims[0])};
    return dg_ok();
}

static void outer_compose(const dg_compose *compose)
{
    compose->outputs[0] = dg_mul(dg_unsqueeze(compose->inputs[0], 1), compose->inputs[1]);
}

static void outer_terms(const dg_kernel *kernel, int64_t at, dg_terms *terms)
{
    int64_t columns = kernel->inputs[1]->shape.dims[0];
    dg_terms_add(terms, (dg_term){2, {0, 1}, {at / columns, at % columns}});
}

static const dg_sample outer_samples[] = {{"outer", {"[3]", "[4]"}}, {.call = NULL}};

/* ---- sqdist ---- */

/* y[.., i, j] = |x1[.., i, :] − x2[.., j, :]|². Smooth everywhere, so that what has a kink at distance 0 (a root, a
 * logarithm) is left to a formula on top. */

static dg_status distance_infer(const dg_infer *infer)
{
    const dg_type *x1 = infer->inputs[0], *x2 = infer->inputs[1];
    dg_shape *shape = &infer->outputs[0].shape, first = x1->shape, second = x2->shape;
    for (int k = 0; k < 2; k++) {
        DG_TRY(want_floats(infer, k));
        DG_TRY(want_dimensions(infer, k, 2));
    }
    if (sizes_differ(last_size(x1), last_size(x2)))
        return inner_sizes_differ(infer, last_size(x1), last_size(x2));
    first.rank -= 2;
    second.rank -= 2;
    DG_TRY(dg_shape_broadcast(&first, &second, shape));
    shape->dims[shape->rank++] = x1->shape.dims[first.rank];
    shape->dims[shape->rank++] = x2->shape.dims[second.rank];
    infer->outputs[0].dtype = x1->dtype;
    return dg_ok();
}

/* dx1_i = 2 Σ_j g_ij (x1_i − x2_j) = 2 (x1_i Σ_j g_ij − (g·x2)_i), and the same for x2. */
static void sqdist_backward(const dg_backward *vjp)
{
    dg_node *x1 = vjp->inputs[0], *x2 = vjp->inputs[1], *g = vjp->grad_output;
    if (vjp->wanted[0]) {
        dg_node *weight = dg_sum(g, .dim = DG_INTS(-1), .keepdim = true);
        vjp->grad_inputs[0] = dg_expr("2 * (x * w - p)", {"x", x1}, {"w", weight}, {"p", dg_matmul(g, x2)});
    }
    if (vjp->wanted[1]) {
        dg_node *weight = dg_unsqueeze(dg_sum(g, .dim = DG_INTS(-2)), -1);
        dg_node *others = dg_matmul(g, x1, .transpose_input = true);
        vjp->grad_inputs[1] = dg_expr("2 * (x * w - p)", {"x", x2}, {"w", weight}, {"p", others});
    }
}

static double sqdist_flops(const dg_infer *infer)
{
    return 3 * (double)dg_shape_count(&infer->outputs[0].shape) * (double)last_size(infer->inputs[0]);
}

static const dg_sample sqdist_samples[] = {
    {"sqdist", {"[3, 2]", "[4, 2]"}},
    {"sqdist", {"[2, 3, 2]", "[4, 2]"}},
    {"sqdist", {"[3, 2]", "[2, 1, 2]"}},
    {"sqdist", {"[3, 20]", "[2, 20]"}},
    {0},
};

/* ---- euclidean ---- */

/* dx1_i = Σ_j w_ij (x1_i − x2_j) with w = g/y, and the same for x2; 0 at distances so small that 1/y is infinite. */
static void euclidean_backward(const dg_backward *vjp)
{
    bool is_float = dg_node_type(vjp->output, 0)->dtype == DG_FLOAT32;
    dg_node *x1 = vjp->inputs[0], *x2 = vjp->inputs[1];
    dg_node *w = dg_expr(is_float ? "where(y < 1.2e-38, 0, g / y)" : "where(y < 2.3e-308, 0, g / y)",
                         {"y", vjp->output}, {"g", vjp->grad_output});
    if (vjp->wanted[0])
        vjp->grad_inputs[0] = dg_expr("x * w - p", {"x", x1}, {"w", dg_sum(w, .dim = DG_INTS(-1), .keepdim = true)},
                                      {"p", dg_matmul(w, x2)});
    if (vjp->wanted[1])
        vjp->grad_inputs[1] = dg_expr("x * w - p", {"x", x2}, {"w", dg_unsqueeze(dg_sum(w, .dim = DG_INTS(-2)), -1)},
                                      {"p", dg_matmul(w, x1, .transpose_input = true)});
}

static const dg_sample euclidean_samples[] = {
    {"euclidean", {"[3, 2]", "[4, 2]"}},
    {"euclidean", {"[2, 3, 2]", "[4, 2]"}},
    {"euclidean", {"[3, 2]", "[2, 1, 2]"}},
    {"euclidean", {"[3, 20]", "[2, 20]"}},
    {0},
};

/* ---- cdist ---- */

/* y[.., i, j] = ‖x1[.., i, :] − x2[.., j, :]‖_p; the gradient at distance 0 is 0. */
static void cdist_compose(const dg_compose *compose)
{
    dg_node *x1 = compose->inputs[0], *x2 = compose->inputs[1];
    double p = compose->attrs[0].f;
    if (p == 2)
        compose->outputs[0] = dg_euclidean(x1, x2);
    else
        compose->outputs[0] = dg_norm(dg_sub(dg_unsqueeze(x1, -2), dg_unsqueeze(x2, -3)), .p = p, .dim = DG_INTS(-1));
}

static dg_status cdist_infer(const dg_infer *infer)
{
    if (!(infer->attrs[0].f >= 0))
        return dg_error(DG_BAD_ARGUMENT, "p is %g, expected 0 or more", infer->attrs[0].f);
    return distance_infer(infer);
}

static const dg_sample cdist_samples[] = {
    {"cdist", {"[3, 2]", "[4, 2]"}},
    {"cdist", {"[2, 3, 2]", "[4, 2]"}},
    {"cdist(p=1)", {"[3, 2]", "[2, 2]"}},
    {"cdist(p=3)", {"[2, 2, 2]", "[2, 3, 2]"}},
    {0},
};

#define RANGE                                                                                                          \
    "; distances from 1e-18 to 1e18 in float32, from 1e-153 to 1e153 in float64: squares of farther ones are inf, of " \
    "nearer ones 0"

static const dg_op linear_ops[] = {
    {
        .name = "matmul",
        .family = "linear",
        .summary = "matrix product, batched and broadcast as in NumPy",
        .inputs = {{.name = "input", .flags = DG_HALF}, {.name = "other", .flags = DG_HALF}},
        .attrs = {{.name = "transpose_input",
                   .kind = DG_ATTR_BOOL,
                   .fallback = "false",
                   .doc = "swaps the last two dimensions of input"},
                  {.name = "transpose_other",
                   .kind = DG_ATTR_BOOL,
                   .fallback = "false",
                   .doc = "swaps the last two dimensions of other"}},
        .flags = DG_EPILOGUE,
        .infer = matmul_infer,
        .forward = matmul_forward,
        .workspace = matmul_workspace,
        .backward = matmul_backward,
        .flops = matmul_flops,
        .terms = matmul_terms,
        .samples = matmul_samples,
    },
    {
        .name = "linear",
        .elsewhere = {"Dense", "FullyConnected", "FC"},
        .family = "linear",
        .summary = "y = x·Wᵀ + b",
        .inputs = {{.name = "input", .doc = "[.., in]"},
                   {.name = "weight",
                    .flags = DG_OPTIONAL | DG_HALF,
                    .doc = "[out, in]",
                    .parameter = linear_weight,
                    .init = "kaiming_uniform(2.23606797749979)",
                    .init_attr = "init"},
                   {.name = "bias",
                    .flags = DG_OPTIONAL,
                    .doc = "[out]; a linear with a wired weight and without out_features owns none",
                    .parameter = linear_bias,
                    .init_for = linear_bias_init}},
        .attrs = {{.name = "out_features",
                   .kind = DG_ATTR_INT,
                   .fallback = "none",
                   .doc = "columns of the result, where weight is not wired",
                   .positional = true},
                  {.name = "bias", .kind = DG_ATTR_BOOL, .fallback = "true", .doc = "owns a bias, where none is wired"},
                  {.name = "init",
                   .kind = DG_ATTR_INIT,
                   .fallback = "none",
                   .doc = "initialiser of weight; bias keeps its own"}},
        .from_input = "in_features",
        .unnamed = 1,
        .flags = DG_EPILOGUE,
        .infer = linear_infer,
        .forward = linear_forward,
        .workspace = linear_workspace,
        .backward = linear_backward,
        .flops = linear_flops,
        .terms = linear_terms,
        .samples = linear_samples,
    },
    {
        .name = "outer",
        .family = "linear",
        .summary = "y_ij = a_i b_j",
        .inputs = {{.name = "input", .doc = "[n]"}, {.name = "vec2", .doc = "[m]"}},
        .infer = outer_infer,
        .compose = outer_compose,
        .terms = outer_terms,
        .samples = outer_samples,
    },
    {
        .name = "sqdist",
        .family = "linear",
        .summary = "squared distances between rows: y_ij = |a_i − b_j|²",
        .inputs = {{.name = "x1", .doc = "[.., n, d]" RANGE}, {.name = "x2", .doc = "[.., m, d]"}},
        .flags = DG_EPILOGUE,
        .infer = distance_infer,
        .forward = sqdist_forward,
        .workspace = sqdist_workspace,
        .backward = sqdist_backward,
        .flops = sqdist_flops,
        .samples = sqdist_samples,
    },
    {
        .name = "euclidean",
        .family = "linear",
        .summary = "distances between rows: y_ij = |a_i − b_j|, also where squares overflow; gradients are 0 where "
                   "that is 0",
        .inputs = {{.name = "x1", .doc = "[.., n, d]"}, {.name = "x2", .doc = "[.., m, d]"}},
        .flags = DG_EPILOGUE,
        .infer = distance_infer,
        .forward = euclidean_forward,
        .workspace = sqdist_workspace,
        .backward = euclidean_backward,
        .flops = sqdist_flops,
        .samples = euclidean_samples,
    },
    {
        .name = "cdist",
        .family = "linear",
        .summary = "distances between rows: y_ij = ‖a_i − b_j‖_p; gradients are 0 where that is 0",
        .inputs = {{.name = "x1", .doc = "[.., n, d]"}, {.name = "x2", .doc = "[.., m, d]"}},
        .attrs = {BOUND("p", "2", "of the norm")},
        .infer = cdist_infer,
        .compose = cdist_compose,
        .samples = cdist_samples,
    },
};

const dg_op_family linear_family = DG_FAMILY(linear_ops);
