#include "factor.h"

#include <cblas.h>
#include <float.h>
#include <lapacke.h>
#include <math.h>
#include <string.h>

enum { BLOCK = 64 }; /* columns at a time, in what LAPACK blocks */

#define TEMPLATE "ops/linalg/factor.template.h"
#include "core/base/for_floats.h"

/* Calls the function of the type; an empty matrix needs none. */
#define OF_TYPE(call32, call64) (dtype == DG_FLOAT32 ? (call32) : (call64))

/* ---- sizes: reals, then integers; 0 where they do not fit, so that the plan's own check of sizes reports the error
 * ---- */

static size_t bytes_of(dg_dtype dtype, int64_t reals, int64_t integers)
{
    return (size_t)reals * dg_dtype_size(dtype) + (size_t)integers * sizeof(lapack_int);
}

size_t pivots_bytes(int64_t n)
{
    return bytes_of(DG_FLOAT32, 0, n);
}

size_t inverse_bytes(dg_dtype dtype, int64_t n)
{
    return bytes_of(dtype, n * BLOCK, 0);
}

size_t cofactors_bytes(dg_dtype dtype, int64_t n)
{
    return bytes_of(dtype, 2 * n * n + 7 * n + BLOCK * n, n);
}

size_t cofactors_backward_bytes(dg_dtype dtype, int64_t n)
{
    return bytes_of(dtype, 4 * n * n + 7 * n + BLOCK * n, 0);
}

size_t eigen_bytes(dg_dtype dtype, int64_t n)
{
    return bytes_of(dtype, 1 + 6 * n + 2 * n * n, 3 + 5 * n);
}

size_t least_squares_bytes(dg_dtype dtype, int64_t m, int64_t n, int64_t k)
{
    int64_t longer = m > n ? m : n, shorter = m < n ? m : n;
    return bytes_of(dtype, m * n + longer * k + shorter + (longer > k ? longer : k) * BLOCK, 0);
}

/* ---- both types ---- */

int64_t cholesky_factor(dg_dtype dtype, int64_t n, bool upper, void *a)
{
    return n == 0 ? 0 : OF_TYPE(cholesky_factor_float32(n, upper, a), cholesky_factor_float64(n, upper, a));
}

int64_t lu_factor(dg_dtype dtype, int64_t n, void *a, void *pivots)
{
    return n == 0 ? 0 : OF_TYPE(lu_factor_float32(n, a, pivots), lu_factor_float64(n, a, pivots));
}

void lu_solve(dg_dtype dtype, int64_t n, int64_t k, const void *lu, const void *pivots, void *b)
{
    if (n == 0 || k == 0)
        return;
    OF_TYPE(lu_solve_float32(n, k, lu, pivots, b), lu_solve_float64(n, k, lu, pivots, b));
}

void lu_invert(dg_dtype dtype, int64_t n, void *lu, const void *pivots, void *work)
{
    if (n > 0)
        OF_TYPE(lu_invert_float32(n, lu, pivots, work), lu_invert_float64(n, lu, pivots, work));
}

determinant lu_determinant(dg_dtype dtype, int64_t n, const void *lu, const void *pivots)
{
    return OF_TYPE(lu_determinant_float32(n, lu, pivots), lu_determinant_float64(n, lu, pivots));
}

int64_t cofactors(dg_dtype dtype, int64_t n, void *a, void *work)
{
    return n == 0 ? 0 : OF_TYPE(cofactors_float32(n, a, work), cofactors_float64(n, a, work));
}

int64_t cofactors_backward(dg_dtype dtype, int64_t n, const void *g, void *a, void *work)
{
    return n == 0 ? 0 : OF_TYPE(cofactors_backward_float32(n, g, a, work), cofactors_backward_float64(n, g, a, work));
}

int64_t triangle_solve(dg_dtype dtype, int64_t n, int64_t k, triangle form, const void *t, void *b)
{
    if (n == 0 || k == 0)
        return 0;
    return OF_TYPE(triangle_solve_float32(n, k, form, t, b), triangle_solve_float64(n, k, form, t, b));
}

int64_t eigen(dg_dtype dtype, int64_t n, bool upper, void *vectors, void *values, void *work)
{
    if (n == 0)
        return 0;
    return OF_TYPE(eigen_float32(n, upper, vectors, values, work), eigen_float64(n, upper, vectors, values, work));
}

int64_t least_squares(dg_dtype dtype, int64_t m, int64_t n, int64_t k, const void *a, const void *b, void *x,
                      void *work)
{
    if (n == 0 || k == 0)
        return 0;
    if (m == 0) {
        memset(x, 0, (size_t)(n * k) * dg_dtype_size(dtype));
        return 0;
    }
    return OF_TYPE(least_squares_float32(m, n, k, a, b, x, work), least_squares_float64(m, n, k, a, b, x, work));
}
