/* Factorisations and solutions of linear systems. The last two dimensions are the matrices, those before them a batch.
 * Gradients: M. Giles, "Collected matrix derivative results for forward and reverse mode algorithmic differentiation"
 * (2008), except where another source is named. Long because each op is beside its derivative, which uses the
 * others. */
#include "batch.h"
#include "factor.h"
#include "ops/shared/describe.h"
#include "ops/shared/rules.h"

#include <dotgrad/op.h>
#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/linalg.h>
#include <dotgrad/ops/linear.h>
#include <dotgrad/ops/reduce.h>
#include <dotgrad/ops/shape.h>
#include <dotgrad/ops/source.h>
#include <string.h>

static int64_t rows_of(const dg_tensor *tensor)
{
    return tensor->shape.dims[tensor->shape.rank - 2];
}

static int64_t columns_of(const dg_tensor *tensor)
{
    return tensor->shape.dims[tensor->shape.rank - 1];
}

static dg_node *transposed(dg_node *matrix)
{
    return dg_transpose(matrix, -2, -1);
}

static dg_status square_infer(const dg_infer *infer)
{
    DG_TRY(want_square(infer, 0));
    return dg_infer_same(infer);
}

/* Two stacks of matrices side by side: [.., m, n] and [.., m, k] give [.., n, k]. */
static dg_status system_infer(const dg_infer *infer, int matrix, int right)
{
    const dg_type *a = infer->inputs[matrix], *b = infer->inputs[right];
    char left[DG_SHAPE_TEXT], text[DG_SHAPE_TEXT];
    dg_shape first = a->shape, second = b->shape, shape;
    DG_TRY(want_matrices(infer, right));
    first.rank -= 2;
    second.rank -= 2;
    if (sizes_differ(a->shape.dims[first.rank], b->shape.dims[second.rank]))
        return dg_error(DG_BAD_SHAPE, "%s is %s and %s is %s: they must have the same number of rows",
                        infer->op->inputs[matrix].name,
                        dg_graph_print_shape(infer->graph, &a->shape, left, sizeof left), infer->op->inputs[right].name,
                        dg_graph_print_shape(infer->graph, &b->shape, text, sizeof text));
    DG_TRY(dg_shape_broadcast(&first, &second, &shape));
    shape.dims[shape.rank++] = a->shape.dims[first.rank + 1];
    shape.dims[shape.rank++] = b->shape.dims[second.rank + 1];
    infer->outputs[0] = (dg_type){a->dtype, shape};
    return dg_ok();
}

/* ---- cholesky: A = L·Lᵀ ---- */

static int64_t cholesky_one(const matrix_job *job, int64_t matrix, void *work, int64_t *held)
{
    (void)work, (void)held;
    void *y = matrix_at(job->kernel->outputs[0], matrix);
    matrix_copy(y, job->kernel->inputs[0], matrix);
    return cholesky_factor(job->dtype, job->n, job->kernel->attrs[0].b, y);
}

static dg_status cholesky_forward(const dg_kernel *kernel)
{
    matrix_job job = matrix_job_of(kernel, kernel->outputs[0]);
    job.one = cholesky_one;
    return matrix_job_run(&job, "its leading minor of order %lld is not positive: it is not positive definite");
}

/* dA = ½ L⁻ᵀ (P + Pᵀ) L⁻¹ with P = the lower triangle of Lᵀ·dL, its diagonal halved; symmetric, as in PyTorch. */
static void cholesky_backward(const dg_backward *vjp)
{
    bool upper = vjp->attrs[0].b;
    dg_node *l = upper ? transposed(vjp->output) : vjp->output,
            *g = upper ? transposed(vjp->grad_output) : vjp->grad_output;
    dg_node *p = dg_matmul(l, g, .transpose_input = true);
    dg_node *s = dg_add(dg_tril(p), transposed(dg_tril(p, .diagonal = -1)));
    dg_node *half = dg_triangular_solve(s, l, .upper = false, .transpose = true);
    dg_node *whole = dg_triangular_solve(transposed(half), l, .upper = false, .transpose = true);
    vjp->grad_inputs[0] = dg_expr("0.5 * a", {"a", whole});
}

/* ---- triangular_solve: X = A⁻¹·b ---- */

static dg_status triangular_infer(const dg_infer *infer)
{
    DG_TRY(want_square(infer, 1));
    return system_infer(infer, 1, 0);
}

static int64_t triangular_one(const matrix_job *job, int64_t matrix, void *work, int64_t *held)
{
    (void)work, (void)held;
    const dg_tensor *b = job->kernel->inputs[0], *a = job->kernel->inputs[1];
    const dg_value *attrs = job->kernel->attrs;
    void *x = matrix_at(job->kernel->outputs[0], matrix);
    matrix_copy(x, b, matrix_of_batch(job, b, matrix));
    triangle form = {.upper = attrs[0].b, .transpose = attrs[1].b, .unit = attrs[2].b};
    return triangle_solve(job->dtype, job->m, job->n, form, matrix_at(a, matrix_of_batch(job, a, matrix)), x);
}

static dg_status triangular_forward(const dg_kernel *kernel)
{
    matrix_job job = matrix_job_of(kernel, kernel->outputs[0]);
    job.one = triangular_one;
    return matrix_job_run(&job, "element %lld of the diagonal is 0: the matrix is singular");
}

/* db = A⁻ᵀ·g and dA = −db·Xᵀ (transposed where A was) in the triangle that is read. */
static void triangular_backward(const dg_backward *vjp)
{
    const dg_value *attrs = vjp->attrs;
    bool upper = attrs[0].b, transpose = attrs[1].b, unit = attrs[2].b;
    dg_node *x = vjp->output, *a = vjp->inputs[1];
    dg_node *db =
        dg_triangular_solve(vjp->grad_output, a, .upper = upper, .transpose = !transpose, .unitriangular = unit);
    vjp->grad_inputs[0] = db;
    if (!vjp->wanted[1])
        return;
    dg_node *whole = transpose ? dg_matmul(x, db, .transpose_other = true) : dg_matmul(db, x, .transpose_other = true);
    dg_node *da = dg_neg(whole);
    vjp->grad_inputs[1] = upper ? dg_triu(da, .diagonal = unit) : dg_tril(da, .diagonal = -(int64_t)unit);
}

/* ---- inverse ---- */

static int64_t inverse_one(const matrix_job *job, int64_t matrix, void *work, int64_t *held)
{
    (void)held;
    void *y = matrix_at(job->kernel->outputs[0], matrix), *free = (char *)work + pivots_bytes(job->n);
    matrix_copy(y, job->kernel->inputs[0], matrix);
    int64_t info = lu_factor(job->dtype, job->n, y, work);
    if (!info)
        lu_invert(job->dtype, job->n, y, work, free);
    return info;
}

static matrix_job inverse_job(const dg_kernel *kernel)
{
    matrix_job job = matrix_job_of(kernel, kernel->outputs[0]);
    job.one = inverse_one;
    job.work = (pivots_bytes(job.n) + 7) / 8 * 8 + inverse_bytes(job.dtype, job.n);
    return job;
}

static size_t inverse_workspace(const dg_kernel *kernel)
{
    matrix_job job = inverse_job(kernel);
    return matrix_job_bytes(&job);
}

#define SINGULAR "pivot %lld is 0: the matrix is singular"

static dg_status inverse_forward(const dg_kernel *kernel)
{
    matrix_job job = inverse_job(kernel);
    return matrix_job_run(&job, SINGULAR);
}

/* dA = −Yᵀ·g·Yᵀ */
static void inverse_backward(const dg_backward *vjp)
{
    dg_node *y = vjp->output;
    dg_node *left = dg_matmul(y, vjp->grad_output, .transpose_input = true);
    vjp->grad_inputs[0] = dg_neg(dg_matmul(left, y, .transpose_other = true));
}

/* ---- solve_matrix: X = A⁻¹·B ---- */

static dg_status solve_matrix_infer(const dg_infer *infer)
{
    DG_TRY(want_square(infer, 0));
    return system_infer(infer, 0, 1);
}

/* A matrix that the next right side has, too, is factored once. */
static int64_t solve_one(const matrix_job *job, int64_t matrix, void *work, int64_t *held)
{
    const dg_tensor *a = job->kernel->inputs[0], *b = job->kernel->inputs[1];
    int64_t own = matrix_of_batch(job, a, matrix), info = 0;
    void *x = matrix_at(job->kernel->outputs[0], matrix), *lu = (char *)work + (pivots_bytes(job->m) + 7) / 8 * 8;
    if (*held != own) {
        matrix_copy(lu, a, own);
        info = lu_factor(job->dtype, job->m, lu, work);
        *held = own;
    }
    matrix_copy(x, b, matrix_of_batch(job, b, matrix));
    if (!info)
        lu_solve(job->dtype, job->m, job->n, lu, work, x);
    return info;
}

static matrix_job solve_job(const dg_kernel *kernel)
{
    matrix_job job = matrix_job_of(kernel, kernel->outputs[0]);
    job.one = solve_one;
    job.work = (pivots_bytes(job.m) + 7) / 8 * 8 + matrix_bytes(kernel->inputs[0]);
    return job;
}

static size_t solve_workspace(const dg_kernel *kernel)
{
    matrix_job job = solve_job(kernel);
    return matrix_job_bytes(&job);
}

static dg_status solve_forward(const dg_kernel *kernel)
{
    matrix_job job = solve_job(kernel);
    return matrix_job_run(&job, SINGULAR);
}

/* dB = A⁻ᵀ·g, dA = −dB·Xᵀ */
static void solve_backward(const dg_backward *vjp)
{
    dg_node *db = dg_solve_matrix(transposed(vjp->inputs[0]), vjp->grad_output);
    vjp->grad_inputs[1] = db;
    if (vjp->wanted[0])
        vjp->grad_inputs[0] = dg_neg(dg_matmul(db, vjp->output, .transpose_other = true));
}

/* ---- lstsq_matrix: the X of least ‖A·X − B‖, of least norm ---- */

static dg_status lstsq_matrix_infer(const dg_infer *infer)
{
    DG_TRY(want_matrices(infer, 0));
    return system_infer(infer, 0, 1);
}

static int64_t lstsq_one(const matrix_job *job, int64_t matrix, void *work, int64_t *held)
{
    (void)held;
    const dg_tensor *a = job->kernel->inputs[0], *b = job->kernel->inputs[1];
    return least_squares(job->dtype, rows_of(a), columns_of(a), columns_of(b),
                         matrix_at(a, matrix_of_batch(job, a, matrix)), matrix_at(b, matrix_of_batch(job, b, matrix)),
                         matrix_at(job->kernel->outputs[0], matrix), work);
}

static matrix_job lstsq_job(const dg_kernel *kernel)
{
    const dg_tensor *a = kernel->inputs[0], *b = kernel->inputs[1];
    matrix_job job = matrix_job_of(kernel, kernel->outputs[0]);
    job.one = lstsq_one;
    job.m = rows_of(a);
    job.n = columns_of(a);
    job.k = columns_of(b);
    job.work = least_squares_bytes(job.dtype, job.m, job.n, job.k);
    return job;
}

static size_t lstsq_workspace(const dg_kernel *kernel)
{
    matrix_job job = lstsq_job(kernel);
    return matrix_job_bytes(&job);
}

static dg_status lstsq_forward(const dg_kernel *kernel)
{
    matrix_job job = lstsq_job(kernel);
    return matrix_job_run(&job,
                          "element %lld of the triangular factor's diagonal is 0: the matrix is not of full rank");
}

/* With A⁺ for the solution's matrix, dB = A⁺ᵀ·g and dA = −dB·Xᵀ + R·Zᵀ + W·Vᵀ, where R = B − A·X, Z = A⁺·dB,
 * W = A⁺ᵀ·X, V = g − Aᵀ·dB: R is 0 where rows are few, V where columns are. (G. Golub and V. Pereyra: "The
 * differentiation of pseudo-inverses", 1973.) */
static void lstsq_backward(const dg_backward *vjp)
{
    dg_node *a = vjp->inputs[0], *b = vjp->inputs[1], *x = vjp->output, *g = vjp->grad_output;
    const dg_shape *shape = &dg_node_type(a, 0)->shape;
    int64_t m = shape->dims[shape->rank - 2], n = shape->dims[shape->rank - 1];
    bool known = m >= 0 && n >= 0;
    dg_node *at = transposed(a), *db = dg_lstsq_matrix(at, g);
    vjp->grad_inputs[1] = db;
    if (!vjp->wanted[0])
        return;
    dg_node *da = dg_neg(dg_matmul(db, x, .transpose_other = true));
    if (!known || m > n)
        da = dg_add(da, dg_matmul(dg_sub(b, dg_matmul(a, x)), dg_lstsq_matrix(a, db), .transpose_other = true));
    if (!known || m < n)
        da = dg_add(da, dg_matmul(dg_lstsq_matrix(at, x), dg_sub(g, dg_matmul(at, db)), .transpose_other = true));
    vjp->grad_inputs[0] = da;
}

/* ---- solve, lstsq: a stack of vectors may be on the right ---- */

/* As PyTorch tells: one dimension, or the sizes of A without its columns. */
static bool is_vector(const dg_shape *a, const dg_shape *b)
{
    bool same = b->rank == a->rank - 1;
    for (int d = 0; same && d < b->rank; d++)
        same = a->dims[d] == b->dims[d];
    return b->rank == 1 || same;
}

static dg_status right_side_infer(const dg_infer *infer, bool left)
{
    const dg_type *a = infer->inputs[0], *b = infer->inputs[1];
    DG_TRY(want_matrices(infer, 0));
    DG_TRY(want_floats(infer, 1));
    dg_type first = *a, second = *b, *types[] = {&first, &second};
    bool vector = is_vector(&a->shape, &b->shape);
    if (vector && !left)
        return dg_error(DG_BAD_SHAPE, "left=false needs matrices on the right");
    if (vector && second.shape.rank < DG_MAX_RANK)
        second.shape.dims[second.shape.rank++] = 1;
    for (int k = 0; k < 2 && !left; k++) {
        int rank = types[k]->shape.rank;
        if (rank < 2)
            continue;
        int64_t rows = types[k]->shape.dims[rank - 2];
        types[k]->shape.dims[rank - 2] = types[k]->shape.dims[rank - 1];
        types[k]->shape.dims[rank - 1] = rows;
    }
    dg_infer matrices = *infer;
    matrices.inputs = (const dg_type *const *)types;
    DG_TRY(system_infer(&matrices, 0, 1));
    dg_shape *shape = &infer->outputs[0].shape;
    if (vector)
        shape->rank--;
    if (!left) {
        int64_t rows = shape->dims[shape->rank - 2];
        shape->dims[shape->rank - 2] = shape->dims[shape->rank - 1];
        shape->dims[shape->rank - 1] = rows;
    }
    return dg_ok();
}

static dg_status solve_infer(const dg_infer *infer)
{
    DG_TRY(want_square(infer, 0));
    return right_side_infer(infer, infer->attrs[0].b);
}

static void solve_compose(const dg_compose *compose)
{
    dg_node *a = compose->inputs[0], *b = compose->inputs[1];
    if (!compose->attrs[0].b)
        compose->outputs[0] = transposed(dg_solve_matrix(transposed(a), transposed(b)));
    else if (is_vector(&dg_node_type(a, 0)->shape, &dg_node_type(b, 0)->shape))
        compose->outputs[0] = dg_squeeze(dg_solve_matrix(a, dg_unsqueeze(b, -1)), .dim = DG_INTS(-1));
    else
        compose->outputs[0] = dg_solve_matrix(a, b);
}

static dg_status lstsq_infer(const dg_infer *infer)
{
    return right_side_infer(infer, true);
}

static void lstsq_compose(const dg_compose *compose)
{
    dg_node *a = compose->inputs[0], *b = compose->inputs[1];
    if (is_vector(&dg_node_type(a, 0)->shape, &dg_node_type(b, 0)->shape))
        compose->outputs[0] = dg_squeeze(dg_lstsq_matrix(a, dg_unsqueeze(b, -1)), .dim = DG_INTS(-1));
    else
        compose->outputs[0] = dg_lstsq_matrix(a, b);
}

/* ---- eigh: A = V·diag(λ)·Vᵀ ---- */

static dg_status eigh_infer(const dg_infer *infer)
{
    DG_TRY(want_square(infer, 0));
    infer->outputs[0] = infer->outputs[1] = *infer->inputs[0];
    infer->outputs[0].shape.rank--;
    return dg_ok();
}

static int64_t eigh_one(const matrix_job *job, int64_t matrix, void *work, int64_t *held)
{
    (void)held;
    const dg_tensor *values = job->kernel->outputs[0];
    size_t row = (size_t)job->n * dg_dtype_size(job->dtype);
    void *vectors = matrix_at(job->kernel->outputs[1], matrix);
    matrix_copy(vectors, job->kernel->inputs[0], matrix);
    return eigen(job->dtype, job->n, strcmp(job->kernel->attrs[0].s, "U") == 0, vectors,
                 (char *)values->data + (size_t)matrix * row, work);
}

static matrix_job eigh_job(const dg_kernel *kernel)
{
    matrix_job job = matrix_job_of(kernel, kernel->outputs[1]);
    job.one = eigh_one;
    job.work = eigen_bytes(job.dtype, job.n);
    return job;
}

static size_t eigh_workspace(const dg_kernel *kernel)
{
    matrix_job job = eigh_job(kernel);
    return matrix_job_bytes(&job);
}

static dg_status eigh_forward(const dg_kernel *kernel)
{
    enum { MOST_ROWS = 1 << 14 }; /* twice the elements are counted in 31 bits */
    matrix_job job = eigh_job(kernel);
    if (job.n > MOST_ROWS)
        return dg_error(DG_BAD_SHAPE, "a matrix of %lld row(s) is larger than LAPACK can index", (long long)job.n);
    return matrix_job_run(&job, "the eigenvalues did not converge (LAPACK's info is %lld)");
}

/* m_ij / (λ_j − λ_i), and 0 on the diagonal. Vectors of equal λ have no derivative: NaN, but in columns of vectors that
 * nothing looks at (whose `looked` is 0; NULL: all are looked at). Equal are those that rounding may have set apart, by
 * 8 units of ‖λ‖, for their vectors are any two that are orthogonal. */
static dg_node *divided_by_gaps(dg_node *m, dg_node *values, dg_node *looked)
{
    bool is_double = dg_node_type(values, 0)->dtype == DG_FLOAT64;
    dg_node *a = dg_unsqueeze(values, -1), *b = dg_unsqueeze(values, -2);
    dg_node *size = dg_unsqueeze(dg_norm(dg_detach(values), .dim = DG_INTS(-1), .keepdim = true), -1);
    dg_node *itself = dg_eq(dg_unsqueeze(dg_arange_like(values, .dim = -1), -1), dg_arange_like(values, .dim = -1));
    dg_node *near = dg_expr(is_double ? "abs(b - a) <= 2^-49 * size" : "abs(b - a) <= 2^-20 * size", {"a", a}, {"b", b},
                            {"size", size});
    if (!looked)
        return dg_expr("where(same, 0, where(near, nan, m / (b - a)))", {"same", itself}, {"near", near}, {"m", m},
                       {"a", a}, {"b", b});
    return dg_expr("where(or(same, and(near, looked == 0)), 0, where(near, nan, m / (b - a)))", {"same", itself},
                   {"near", near}, {"looked", looked}, {"m", m}, {"a", a}, {"b", b});
}

/* dA = V (diag(dλ) + F ∘ Vᵀ·dV) Vᵀ with F_ij = 1 / (λ_j − λ_i), and 0 on the diagonal. */
static void eigh_backward(const dg_backward *vjp)
{
    dg_node *values = vjp->output, *vectors = dg_output(vjp->node, 1), *inner = NULL;
    if (vjp->grad_outputs[0])
        inner = dg_diag_embed(vjp->grad_outputs[0]);
    if (vjp->grad_outputs[1]) {
        dg_node *g = vjp->grad_outputs[1], *turn = dg_matmul(vectors, g, .transpose_input = true);
        dg_node *looked = dg_detach(dg_sum(dg_abs(g), .dim = DG_INTS(-2), .keepdim = true)); /* at each vector */
        dg_node *part = divided_by_gaps(turn, values, looked);
        inner = inner ? dg_add(inner, part) : part;
    }
    vjp->grad_inputs[0] = dg_matmul(dg_matmul(vectors, inner), vectors, .transpose_other = true);
}

/* dλ = diag(Vᵀ·dA·V), dV = V (F ∘ Vᵀ·dA·V) */
static void eigh_jvp(const dg_tangents *jvp)
{
    dg_node *values = jvp->output, *vectors = dg_output(jvp->node, 1);
    dg_node *turned = dg_matmul(dg_matmul(vectors, jvp->tangents[0], .transpose_input = true), vectors);
    jvp->output_tangents[0] = dg_diagonal(turned, .dim1 = -2, .dim2 = -1);
    jvp->output_tangents[1] = dg_matmul(vectors, divided_by_gaps(turned, values, NULL));
}

/* ---- descriptors ---- */

static const dg_sample cholesky_samples[] = {{"cholesky", {"[3, 3] spd"}},
                                             {"cholesky(upper=true)", {"[3, 3] spd"}},
                                             {"cholesky", {"[2, 2, 2] spd"}},
                                             {.call = NULL}};
static const dg_sample triangular_samples[] = {
    {"triangular_solve", {"[3, 2]", "[3, 3] spd"}},
    {"triangular_solve(upper=false)", {"[2, 3, 2]", "[3, 3] spd"}},
    {"triangular_solve(transpose=true)", {"[3, 2]", "[2, 3, 3] spd"}},
    {"triangular_solve(upper=false, transpose=true, unitriangular=true)", {"[3, 2]", "[3, 3]"}},
    {"triangular_solve(unitriangular=true)", {"[3, 2]", "[3, 3]"}},
    {.call = NULL},
};
static const dg_sample inverse_samples[] = {
    {"inverse", {"[3, 3] spd"}}, {"inverse", {"[2, 2, 2] spd"}}, {.call = NULL}};
static const dg_sample solve_samples[] = {
    {"solve", {"[3, 3] spd", "[3, 2]"}},
    {"solve", {"[3, 3] spd", "[3]"}},
    {"solve", {"[2, 3, 3] spd", "[2, 3]"}},
    {"solve", {"[2, 3, 3] spd", "[3, 2]"}},
    {"solve", {"[3, 3] spd", "[2, 3, 1]"}},
    {"solve(left=false)", {"[3, 3] spd", "[2, 3]"}},
    {.call = NULL},
};
static const dg_sample solve_matrix_samples[] = {
    {"solve_matrix", {"[3, 3] spd", "[3, 2]"}}, {"solve_matrix", {"[2, 1, 2, 2] spd", "[3, 2, 1]"}}, {.call = NULL}};
static const dg_sample lstsq_samples[] = {
    {"lstsq", {"[4, 2]", "[4, 3]"}}, {"lstsq", {"[4, 2]", "[4]"}}, {"lstsq", {"[2, 4]", "[2, 2]"}}, {.call = NULL}};
static const dg_sample lstsq_matrix_samples[] = {{"lstsq_matrix", {"[4, 2]", "[4, 3]"}},
                                                 {"lstsq_matrix", {"[2, 4]", "[2, 2]"}},
                                                 {"lstsq_matrix", {"[3, 3] spd", "[3, 1]"}},
                                                 {"lstsq_matrix", {"[2, 4, 2]", "[4, 1]"}},
                                                 {.call = NULL}};
static const dg_sample eigh_samples[] = {{"eigh", {"[3, 3] spd"}}, {"eigh(U)", {"[2, 3, 3] spd"}}, {.call = NULL}};

#define GILES "M. Giles: Collected matrix derivative results (2008)"

static const dg_op linalg_ops[] = {
    {
        .name = "cholesky",
        .family = "linalg",
        .summary = "the triangular L of L·Lᵀ = x; x is symmetric positive definite",
        .source = "I. Murray: Differentiation of the Cholesky decomposition (2016)",
        .inputs = {{.name = "input", .doc = "[.., n, n]; one triangle of it is read"}},
        .attrs = {SWITCH("upper", "false", "Lᵀ instead, from the upper triangle")},
        .infer = square_infer,
        .forward = cholesky_forward,
        .backward = cholesky_backward,
        .samples = cholesky_samples,
    },
    {
        .name = "triangular_solve",
        .family = "linalg",
        .summary = "y = A⁻¹·b of a triangular A",
        .source = GILES,
        .inputs = {{.name = "b", .doc = "[.., n, k]"}, {.name = "A", .doc = "[.., n, n]; one triangle of it is read"}},
        .attrs = {SWITCH("upper", "true", "reads the upper triangle, else the lower"),
                  SWITCH("transpose", "false", "Aᵀ in the place of A"),
                  SWITCH("unitriangular", "false", "the diagonal counts as ones")},
        .infer = triangular_infer,
        .forward = triangular_forward,
        .backward = triangular_backward,
        .samples = triangular_samples,
    },
    {
        .name = "inverse",
        .family = "linalg",
        .summary = "y = x⁻¹",
        .source = GILES,
        .inputs = {{.name = "input", .doc = "[.., n, n]"}},
        .infer = square_infer,
        .forward = inverse_forward,
        .workspace = inverse_workspace,
        .backward = inverse_backward,
        .samples = inverse_samples,
    },
    {
        .name = "solve",
        .family = "linalg",
        .summary = "the y of A·y = B",
        .source = GILES,
        .inputs = {{.name = "A", .doc = "[.., n, n]"},
                   {.name = "B", .doc = "[.., n, k]; or vectors: [n], or A's sizes without the last"}},
        .attrs = {SWITCH("left", "true", "else the y of y·A = B")},
        .infer = solve_infer,
        .compose = solve_compose,
        .samples = solve_samples,
    },
    {
        .name = "solve_matrix",
        .family = "linalg",
        .summary = "the y of A·y = B for matrices",
        .source = GILES,
        .inputs = {{.name = "A", .doc = "[.., n, n]"}, {.name = "B", .doc = "[.., n, k]"}},
        .infer = solve_matrix_infer,
        .forward = solve_forward,
        .workspace = solve_workspace,
        .backward = solve_backward,
        .samples = solve_matrix_samples,
    },
    {
        .name = "lstsq",
        .family = "linalg",
        .summary = "the y of least ‖A·y − B‖, and of least ‖y‖; A of full rank",
        .source = "G. Golub and V. Pereyra: The differentiation of pseudo-inverses (1973)",
        .inputs = {{.name = "A", .doc = "[.., m, n]"},
                   {.name = "B", .doc = "[.., m, k]; or vectors: [m], or A's sizes without the last"}},
        .infer = lstsq_infer,
        .compose = lstsq_compose,
        .samples = lstsq_samples,
    },
    {
        .name = "lstsq_matrix",
        .family = "linalg",
        .summary = "the y of least ‖A·y − B‖, and of least ‖y‖, for matrices",
        .source = "G. Golub and V. Pereyra: The differentiation of pseudo-inverses (1973)",
        .inputs = {{.name = "A", .doc = "[.., m, n]"}, {.name = "B", .doc = "[.., m, k]"}},
        .infer = lstsq_matrix_infer,
        .forward = lstsq_forward,
        .workspace = lstsq_workspace,
        .backward = lstsq_backward,
        .samples = lstsq_matrix_samples,
    },
    {
        .name = "eigh",
        .family = "linalg",
        .summary = "eigenvalues, ascending, and eigenvectors (columns) of a symmetric x; derivatives of what looks at "
                   "vectors of values that are equal, or apart by rounding, and second ones of such values, do not "
                   "exist: NaN",
        .source = GILES,
        .inputs = {{.name = "input", .doc = "[.., n, n]; one triangle of it is read"}},
        .attrs = {{.name = "UPLO", .kind = DG_ATTR_NAME, .fallback = "L", .choices = "L|U", .doc = "the triangle"}},
        .outputs = {"eigenvalues", "eigenvectors"},
        .flags = DG_SINGULAR,
        .infer = eigh_infer,
        .forward = eigh_forward,
        .workspace = eigh_workspace,
        .backward = eigh_backward,
        .jvp = eigh_jvp,
        .samples = eigh_samples,
    },
};

const dg_op_family linalg_family = DG_FAMILY(linalg_ops);
