#include "initialiser.h"

#include <lapacke.h>
#include <stdlib.h>

/* Saxe, McClelland, Ganguli (2013). Q of a normal matrix [tall, thin] (column by column, for LAPACK), each column with
 * the sign that makes R's diagonal positive, so that Q is uniform among orthogonal matrices. */
static dg_status orthogonal_columns(double *matrix, lapack_int tall, lapack_int thin)
{
    double *tau = malloc((size_t)thin * sizeof *tau), *signs = malloc((size_t)thin * sizeof *signs);
    dg_status status = dg_no_memory("a matrix [%d, %d]", (int)tall, (int)thin);
    if (!tau || !signs)
        goto done;
    if (LAPACKE_dgeqrf(LAPACK_COL_MAJOR, tall, thin, matrix, tall, tau) != 0)
        goto done;
    for (lapack_int j = 0; j < thin; j++)
        signs[j] = matrix[(size_t)j * (size_t)tall + (size_t)j] < 0 ? -1 : 1;
    if (LAPACKE_dorgqr(LAPACK_COL_MAJOR, tall, thin, thin, matrix, tall, tau) != 0)
        goto done;
    for (size_t j = 0; j < (size_t)thin; j++)
        for (size_t i = 0; i < (size_t)tall; i++)
            matrix[j * (size_t)tall + i] *= signs[j];
    status = dg_ok();
done:
    free(tau);
    free(signs);
    return status;
}

static dg_status init_orthogonal(dg_tensor *tensor, const dg_init_call *call)
{
    int64_t rows = tensor->shape.dims[0], columns = dg_tensor_count(tensor) / rows;
    int64_t tall = rows > columns ? rows : columns, thin = rows > columns ? columns : rows;
    if (tall > INT32_MAX)
        return dg_error(DG_NO_MEMORY, "a matrix of %lld row(s) is larger than LAPACK can index", (long long)tall);
    dg_tensor matrix;
    DG_TRY(dg_tensor_make(&matrix, DG_FLOAT64, DG_SHAPE(thin, tall)));
    double *q = matrix.data;
    dg_random_normal(call->key, DG_FLOAT64, q, 0, tall * thin, 0, 1);
    dg_status status = orthogonal_columns(q, (lapack_int)tall, (lapack_int)thin);
    for (int64_t i = 0; status.code == DG_OK && i < rows; i++)
        for (int64_t j = 0; j < columns; j++)
            dg_tensor_set(tensor, i * columns + j,
                          call->values[0] * (rows > columns ? q[j * tall + i] : q[i * tall + j]));
    dg_tensor_release(&matrix);
    return status;
}

const dg_initialiser orthogonal_initialiser = {
    .name = "orthogonal",
    .summary = "gain times a random matrix with orthonormal rows or columns",
    .source = "Saxe, McClelland, Ganguli, Exact solutions to the nonlinear dynamics of learning in deep linear neural "
              "networks (2013)",
    .arguments = {GAIN},
    .least_rank = 2,
    .fill = init_orthogonal,
};
