/* Initialisers of layers that keep the training data: targets of the rows (grnn, pnn), and weights of exact
 * interpolation (rbf_interpolator). */
#include "core/base/blas.h"
#include "fit.h"
#include "ops/rbf/monomials.h"

#include <dotgrad/parameters.h>

#include <lapacke.h>
#include <math.h>
#include <stdlib.h>

#pragma GCC diagnostic ignored "-Wmissing-field-initializers" /* the tables leave out what is NULL or 0 */

/* ---- targets of all rows ---- */

typedef struct taking {
    const fit_target *target;
    dg_tensor *into; /* [rows, columns] */
    int64_t done;
} taking;

static dg_status take_targets(void *argument, const dg_tensor *values)
{
    taking *t = argument;
    int64_t k = t->target->columns, room = t->into->shape.dims[0] - t->done;
    dg_tensor matrix;
    DG_TRY(target_matrix(t->target, &values[0], &matrix));
    int64_t rows = matrix.shape.dims[0];
    for (int64_t i = 0; i < k * (rows < room ? rows : room); i++)
        dg_tensor_set(t->into, t->done * k + i, dg_tensor_get(&matrix, i));
    t->done += rows;
    dg_tensor_release(&matrix);
    return dg_ok();
}

static dg_status all_targets(const dg_init_call *call, dg_tensor *into)
{
    fit_target target;
    DG_TRY(target_reached(call->data->layer, &target));
    if (into->shape.rank != 2 || into->shape.dims[1] != target.columns)
        return dg_error(DG_BAD_SHAPE, "the targets of '%s' have %lld column(s): out_features must be that",
                        dg_node_name(target.loss), (long long)target.columns);
    taking t = {&target, into, 0};
    DG_TRY(call->data->blocks(call->data, 1, &target.node, take_targets, &t));
    return t.done == into->shape.dims[0]
               ? dg_ok()
               : dg_error(DG_BAD_SHAPE, "the training has %lld row(s), the layer keeps %lld: patterns must be ROWS",
                          (long long)t.done, (long long)into->shape.dims[0]);
}

/* Each column divided by its sum. */
static void balance(dg_tensor *values)
{
    int64_t rows = values->shape.dims[0], k = values->shape.dims[1];
    for (int64_t j = 0; j < k; j++) {
        double sum = 0;
        for (int64_t i = 0; i < rows; i++)
            sum += dg_tensor_get(values, i * k + j);
        for (int64_t i = 0; sum > 0 && i < rows; i++)
            dg_tensor_set(values, i * k + j, dg_tensor_get(values, i * k + j) / sum);
    }
}

/* Densities are of classes: of other numbers they would be none. */
static dg_status check_classes(const dg_tensor *values)
{
    for (int64_t i = 0; i < dg_tensor_count(values); i++) {
        double value = dg_tensor_get(values, i);
        if (value != 0 && value != 1)
            return dg_error(
                DG_BAD_DATA,
                "row %lld has the target %g, but densities are of classes: give it labels, by cross_entropy "
                "or nll_loss, or take grnn for values",
                (long long)(i / values->shape.dims[1]), value);
    }
    return dg_ok();
}

static dg_status fill_targets(dg_tensor *tensor, const dg_init_call *call)
{
    DG_TRY(all_targets(call, tensor));
    if (call->values[0] == 0)
        return dg_ok();
    DG_TRY(check_classes(tensor));
    balance(tensor);
    return dg_ok();
}

/* ---- interpolation ---- */

/* The system [Φ + λI, P; Pᵀ, 0] [w; v] = [t; 0], in place; a singular one by least squares. */
static dg_status solve_system(const dg_tensor *basis, double smoothing, int64_t k, double *right)
{
    int64_t m = basis->shape.dims[0], n = basis->shape.dims[1];
    double *matrix = calloc((size_t)(n * n) + 1, sizeof *matrix), *copy = calloc((size_t)(n * k) + 1, sizeof *copy);
    lapack_int *pivots = calloc((size_t)n + 1, sizeof *pivots), rank, order = (lapack_int)n;
    double *singular = calloc((size_t)n + 1, sizeof *singular);
    lapack_int failed = LAPACK_WORK_MEMORY_ERROR;
    bool made = matrix && copy && pivots && singular && n < INT32_MAX;
    for (int attempt = 0; made && attempt < 2; attempt++) {
        for (int64_t i = 0; i < m; i++)
            for (int64_t j = 0; j < n; j++)
                matrix[j * n + i] = matrix[i * n + j] = dg_tensor_get(basis, i * n + j);
        for (int64_t i = 0; i < n * n; i++)
            if (i / n >= m && i % n >= m)
                matrix[i] = 0;
        for (int64_t i = 0; i < m; i++)
            matrix[i * n + i] += smoothing;
        for (int64_t i = 0; i < n * k; i++)
            copy[i] = right[i];
        threads_hold_blas();
        failed = attempt == 0
                     ? LAPACKE_dgesv(LAPACK_COL_MAJOR, order, (lapack_int)k, matrix, order, pivots, copy, order)
                     : LAPACKE_dgelsd(LAPACK_COL_MAJOR, order, order, (lapack_int)k, matrix, order, copy, order,
                                      singular, -1, &rank);
        if (failed == 0)
            break;
    }
    for (int64_t i = 0; failed == 0 && i < n * k; i++)
        right[i] = copy[i];
    free(matrix);
    free(copy);
    free(pivots);
    free(singular);
    if (failed == 0)
        return dg_ok();
    return failed <= LAPACK_WORK_MEMORY_ERROR ? dg_no_memory("a system of %lld unknowns", (long long)n)
                                              : dg_error(DG_NUMERIC, "the values of the kernel are not finite");
}

static dg_status basis_of(const dg_init_call *call, int64_t unknowns, dg_tensor *basis)
{
    const dg_node *layer = call->data->layer;
    dg_node *centers_node = layer_input(layer, "centers"), *gamma_node = layer_input(layer, "gamma");
    const dg_value *kernel = dg_node_attr(layer, "kernel");
    dg_tensor centers = {0}, gamma = {0};
    if (!centers_node || !kernel)
        return dg_error(DG_BAD_ARGUMENT, "it is for the weight of rbf_interpolator");
    DG_TRY(call->data->value(call->data, centers_node, &centers));
    dg_status status = gamma_node ? call->data->value(call->data, gamma_node, &gamma) : dg_ok();
    if (gamma_node && status.code == DG_OK)
        gamma.shape = DG_SHAPE(1);
    radial_basis radial = {.kernel = kernel->s,
                           .centers = &centers,
                           .gamma = gamma_node ? &gamma : NULL,
                           .degree = -1,
                           .threads = call->data->threads};
    for (int64_t count = centers.shape.dims[0]; status.code == DG_OK && count < unknowns; radial.degree++)
        count = centers.shape.dims[0] + monomial_count(centers.shape.dims[1], radial.degree + 1);
    if (status.code == DG_OK)
        status = radial_values(&radial, &centers, basis);
    dg_tensor_release(&centers);
    dg_tensor_release(&gamma);
    return status;
}

static dg_status interpolate(dg_tensor *weight, dg_tensor *bias, const dg_init_call *call)
{
    (void)bias;
    int64_t k = weight->shape.dims[0], n = weight->shape.dims[1];
    dg_tensor basis = {0}, targets = {0};
    DG_TRY(basis_of(call, n, &basis));
    int64_t m = basis.shape.dims[0];
    double *right = calloc((size_t)(n * k) + 1, sizeof *right);
    dg_status status = right ? dg_tensor_make(&targets, DG_FLOAT64, DG_SHAPE(m, k))
                             : dg_no_memory("a system of %lld unknowns", (long long)n);
    if (status.code == DG_OK)
        status = all_targets(call, &targets);
    for (int64_t i = 0; status.code == DG_OK && i < m * k; i++)
        right[i % k * n + i / k] = dg_tensor_get(&targets, i);
    if (status.code == DG_OK)
        status = solve_system(&basis, call->values[0], k, right);
    for (int64_t i = 0; status.code == DG_OK && i < n * k; i++)
        dg_tensor_set(weight, i, right[i]);
    free(right);
    dg_tensor_release(&basis);
    dg_tensor_release(&targets);
    return status;
}

const dg_initialiser pattern_initialisers[] = {
    {.name = "targets",
     .summary =
         "the targets of all training rows, in order, labels as one column a class; balanced: each column divided "
         "by its sum",
     .arguments = {{.name = "balanced", .range = DG_ARGUMENT_FLAG, .fallback = {0}}},
     .needs_data = true,
     .row_each = true,
     .fill = fill_targets},
    {.name = "interpolation",
     .summary = "weight of rbf_interpolator: solves [Φ + smoothing I, P; Pᵀ, 0], P the monomials at the centres",
     .source = "Micchelli, Interpolation of scattered data: distance matrices and conditionally positive definite "
               "functions (1986)",
     .arguments = {{.name = "smoothing", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {0}}},
     .needs_data = true,
     .looks_at_others = true,
     .solve = interpolate},
    {NULL},
};
