/* Least squares a block of rows at a time, by orthogonal factors (Björck, Numerical methods for least squares problems,
 * 1996, 2.4): the triangle so far on top of new rows is made a triangle again, so that nothing is squared that is
 * solved for, and no more than a block of rows is held. Then the initialisers ridge, svd and lstsq. */
#include "core/base/blas.h"
#include "fit.h"

#include <dotgrad/parameters.h>

#include <float.h>
#include <lapacke.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#pragma GCC diagnostic ignored "-Wmissing-field-initializers" /* the tables leave out what is NULL or 0 */

dg_status least_squares_make(least_squares *made, int64_t features, bool bias, int64_t targets)
{
    *made = (least_squares){.features = features + bias, .targets = targets, .bias = bias};
    int64_t n = made->features + targets;
    size_t bytes;
    DG_TRY(dg_shape_bytes(&DG_SHAPE(n, n), DG_FLOAT64, &bytes));
    made->factor = n <= INT32_MAX / 4 ? calloc(1, bytes + 8) : NULL;
    return made->factor ? dg_ok() : dg_no_memory("the factors of %lld columns", (long long)n);
}

void least_squares_release(least_squares *made)
{
    free(made->factor);
    made->factor = NULL;
}

/* Column by column: the triangle, and below it the new rows. */
static void stack(const least_squares *of, const dg_tensor *features, const dg_tensor *targets, double *matrix,
                  int64_t tall)
{
    int64_t n = of->features + of->targets, rows = tall - n, given = of->features - of->bias;
    const double *x = features->data, *t = targets->data;
    for (int64_t j = 0; j < n; j++) {
        double *column = matrix + j * tall;
        memcpy(column, of->factor + j * n, (size_t)n * sizeof *column);
        column += n;
        for (int64_t i = 0; i < rows; i++)
            column[i] = j < given ? x[i * given + j] : j < of->features ? 1 : t[i * of->targets + j - of->features];
    }
}

dg_status least_squares_add(least_squares *into, const dg_tensor *features, const dg_tensor *targets)
{
    int64_t n = into->features + into->targets, rows = features->shape.dims[0], tall = n + rows;
    double *matrix = tall <= INT32_MAX / 2 ? malloc(((size_t)(tall * n) + 1) * sizeof *matrix) : NULL;
    double *tau = malloc(((size_t)n + 1) * sizeof *tau);
    dg_status status = dg_no_memory("a block of %lld rows and %lld columns", (long long)rows, (long long)n);
    if (!matrix || !tau)
        goto done;
    stack(into, features, targets, matrix, tall);
    threads_hold_blas();
    lapack_int failed =
        LAPACKE_dgeqrf(LAPACK_COL_MAJOR, (lapack_int)tall, (lapack_int)n, matrix, (lapack_int)tall, tau);
    if (failed == 0) {
        for (int64_t j = 0; j < n; j++)
            for (int64_t i = 0; i <= j; i++)
                into->factor[j * n + i] = matrix[j * tall + i];
        status = dg_ok();
    } else if (failed < 0 && failed > LAPACK_WORK_MEMORY_ERROR) {
        status = dg_error(DG_NUMERIC, "features or targets are not finite");
    }
done:
    free(matrix);
    free(tau);
    return status;
}

/* min |R w − z|² + λ |w|²: rows √λ below the triangle, which has full rank then. */
static lapack_int solve_ridge(const least_squares *of, double lambda, double *matrix, double *right, int64_t tall)
{
    int64_t p = of->features, weights = p - of->bias;
    for (int64_t j = 0; j < weights; j++)
        matrix[j * tall + p + j] = sqrt(lambda);
    return LAPACKE_dgels(LAPACK_COL_MAJOR, 'N', (lapack_int)tall, (lapack_int)p, (lapack_int)of->targets, matrix,
                         (lapack_int)tall, right, (lapack_int)tall);
}

static lapack_int solve_short(const least_squares *of, double tolerance, double *matrix, double *right, int64_t tall)
{
    lapack_int rank, p = (lapack_int)of->features;
    double *singular = malloc(((size_t)p + 1) * sizeof *singular);
    lapack_int failed = LAPACK_WORK_MEMORY_ERROR;
    if (singular)
        failed = LAPACKE_dgelsd(LAPACK_COL_MAJOR, (lapack_int)tall, p, (lapack_int)of->targets, matrix,
                                (lapack_int)tall, right, (lapack_int)tall, singular, tolerance, &rank);
    free(singular);
    return failed;
}

static dg_status copy_solution(const least_squares *of, const double *right, int64_t tall, dg_tensor *solution)
{
    int64_t p = of->features, k = of->targets;
    DG_TRY(dg_tensor_make(solution, DG_FLOAT64, DG_SHAPE(p, k)));
    for (int64_t i = 0; i < p; i++)
        for (int64_t j = 0; j < k; j++)
            dg_tensor_set(solution, i * k + j, right[j * tall + i]);
    for (int64_t i = 0; i < p * k; i++)
        if (!isfinite(dg_tensor_get(solution, i))) {
            dg_tensor_release(solution);
            return dg_error(DG_NUMERIC, "the solution is not finite: features of the layer are linearly dependent, or "
                                        "not finite; ridge(lambda) or svd solve such");
        }
    return dg_ok();
}

dg_status least_squares_solve(const least_squares *of, solver by, double number, dg_tensor *solution)
{
    int64_t p = of->features, k = of->targets, n = p + k, tall = by == SOLVE_RIDGE ? 2 * p : p;
    double *matrix = calloc((size_t)(tall * p) + 1, sizeof *matrix);
    double *right = calloc((size_t)(tall * k) + 1, sizeof *right);
    dg_status status = dg_no_memory("a system of %lld unknowns", (long long)p);
    if (!matrix || !right)
        goto done;
    for (int64_t j = 0; j < p; j++)
        memcpy(matrix + j * tall, of->factor + j * n, ((size_t)j + 1) * sizeof *matrix);
    for (int64_t j = 0; j < k; j++)
        memcpy(right + j * tall, of->factor + (p + j) * n, (size_t)p * sizeof *right);
    threads_hold_blas();
    lapack_int failed = by == SOLVE_RIDGE
                            ? solve_ridge(of, number, matrix, right, tall)
                            : solve_short(of, by == SOLVE_SVD ? number : DBL_EPSILON * (double)p, matrix, right, tall);
    if (failed == 0)
        status = copy_solution(of, right, tall, solution);
    else if (failed > 0)
        status = dg_error(DG_NUMERIC, "the features of the layer are linearly dependent: ridge(lambda) with a larger "
                                      "lambda, or svd, solves such");
    else if (failed > LAPACK_WORK_MEMORY_ERROR)
        status = dg_error(DG_NUMERIC, "features or targets are not finite");
done:
    free(matrix);
    free(right);
    return status;
}

/* ---- the initialisers ---- */

typedef struct gathering {
    least_squares system;
    fit_target target;
    const dg_tensor *given; /* a bias that is there: what is solved for is the rest */
} gathering;

static dg_status gather_block(void *argument, const dg_tensor *values)
{
    gathering *g = argument;
    dg_tensor targets;
    if (values[0].shape.dims[0] != values[1].shape.dims[0])
        return dg_error(DG_BAD_SHAPE, "the layer gets %lld row(s), but %lld target(s)",
                        (long long)values[0].shape.dims[0], (long long)values[1].shape.dims[0]);
    DG_TRY(target_matrix(&g->target, &values[1], &targets));
    for (int64_t i = 0; g->given && i < dg_tensor_count(&targets); i++)
        dg_tensor_set(&targets, i, dg_tensor_get(&targets, i) - dg_tensor_get(g->given, i % g->target.columns));
    dg_status status = least_squares_add(&g->system, &values[0], &targets);
    dg_tensor_release(&targets);
    return status;
}

static dg_status solve_by(dg_tensor *weight, dg_tensor *bias, const dg_init_call *call, solver by)
{
    dg_node *layer = call->data->layer;
    gathering g = {.given = NULL};
    DG_TRY(target_of(layer, &g.target));
    int64_t k = weight->shape.dims[0], p = weight->shape.dims[1];
    if (k != g.target.columns)
        return dg_error(DG_BAD_SHAPE, "layer '%s' has %lld result(s), the targets of '%s' have %lld column(s)",
                        dg_node_name(layer), (long long)k, dg_node_name(g.target.loss), (long long)g.target.columns);
    dg_node *const nodes[] = {dg_node_input(layer, 0), g.target.node},
                   *given = bias ? NULL : layer_input(layer, "bias");
    dg_tensor solution, kept = {0};
    dg_status status = least_squares_make(&g.system, p, bias != NULL, k);
    if (status.code == DG_OK && given) {
        status = call->data->value(call->data, given, &kept);
        g.given = &kept;
    }
    if (status.code == DG_OK)
        status = call->data->blocks(call->data, 2, nodes, gather_block, &g);
    if (status.code == DG_OK)
        status = least_squares_solve(&g.system, by, call->values[0], &solution);
    least_squares_release(&g.system);
    dg_tensor_release(&kept);
    if (status.code != DG_OK)
        return status;
    for (int64_t j = 0; j < k; j++) {
        for (int64_t i = 0; i < p; i++)
            dg_tensor_set(weight, j * p + i, dg_tensor_get(&solution, i * k + j));
        if (bias)
            dg_tensor_set(bias, j, dg_tensor_get(&solution, p * k + j));
    }
    dg_tensor_release(&solution);
    return dg_ok();
}

static dg_status ridge(dg_tensor *weight, dg_tensor *bias, const dg_init_call *call)
{
    return solve_by(weight, bias, call, SOLVE_RIDGE);
}

static dg_status svd(dg_tensor *weight, dg_tensor *bias, const dg_init_call *call)
{
    return solve_by(weight, bias, call, SOLVE_SVD);
}

static dg_status lstsq(dg_tensor *weight, dg_tensor *bias, const dg_init_call *call)
{
    return solve_by(weight, bias, call, SOLVE_LSTSQ);
}

static dg_status check_matrix(const dg_init_call *call, const dg_type *type)
{
    (void)call;
    return type->shape.rank == 2 ? dg_ok() : dg_error(DG_BAD_SHAPE, "needs a weight [out, in]");
}

const dg_initialiser solved_initialisers[] = {
    {.name = "ridge",
     .summary = "weight and bias of a layer that feeds a loss directly: those that make |y − t|² + lambda |w|² least, "
                "summed over all training rows; labels are one column a class",
     .source = "Hoerl and Kennard, Ridge regression (1970)",
     .arguments = {{.name = "lambda", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {1e-3}}},
     .needs_data = true,
     .looks_at_others = true,
     .check = check_matrix,
     .solve = ridge},
    {.name = "svd",
     .summary = "as ridge, by the pseudo-inverse: singular values below tolerance times the largest count as 0",
     .arguments = {{.name = "tolerance", .range = DG_ARGUMENT_FRACTION, .fallback = {1e-10}}},
     .needs_data = true,
     .looks_at_others = true,
     .check = check_matrix,
     .solve = svd},
    {.name = "lstsq",
     .summary = "as ridge, by plain least squares; of several solutions the shortest",
     .needs_data = true,
     .looks_at_others = true,
     .check = check_matrix,
     .solve = lstsq},
    {NULL},
};
