/* Factorisations of single matrices, through OpenBLAS and LAPACK. All are row-major and dense; float32 or float64. */
#ifndef OPS_MATRIX_KERNEL_H
#define OPS_MATRIX_KERNEL_H

#include <dotgrad/tensor.h>

/* Bytes that each function here needs beside its matrices, for a matrix of m rows and n columns. */
size_t pivots_bytes(int64_t n);
size_t inverse_bytes(dg_dtype dtype, int64_t n);
size_t cofactors_bytes(dg_dtype dtype, int64_t n);
size_t cofactors_backward_bytes(dg_dtype dtype, int64_t n);
size_t eigen_bytes(dg_dtype dtype, int64_t n);
size_t least_squares_bytes(dg_dtype dtype, int64_t m, int64_t n, int64_t k);

/* a [n, n] becomes its Cholesky factor, the other triangle 0. Reads the triangle that it writes. Returns 0, or the
 * order of the first leading minor that is not positive. */
int64_t cholesky_factor(dg_dtype dtype, int64_t n, bool upper, void *a);

/* a [n, n] becomes its LU factors by columns' pivots. Returns 0, or the number of the first pivot that is 0. */
int64_t lu_factor(dg_dtype dtype, int64_t n, void *a, void *pivots);
/* b [n, k] becomes a⁻¹·b. */
void lu_solve(dg_dtype dtype, int64_t n, int64_t k, const void *lu, const void *pivots, void *b);
/* The factors become a⁻¹. */
void lu_invert(dg_dtype dtype, int64_t n, void *lu, const void *pivots, void *work);
/* det a = sign · exp(log). */
typedef struct determinant {
    double value, sign, log;
} determinant;
determinant lu_determinant(dg_dtype dtype, int64_t n, const void *lu, const void *pivots);

/* a [n, n] becomes its cofactors: ∂ det a / ∂ a. Where a is well conditioned, by its inverse; else by its singular
 * values, so that they are right where det a = 0. Returns 0, or what LAPACK could not converge on. */
int64_t cofactors(dg_dtype dtype, int64_t n, void *a, void *work);

/* a [n, n] becomes ∂ Σ g∘cofactors(a) / ∂ a, by singular values, where det a = 0, too. The same errors. */
int64_t cofactors_backward(dg_dtype dtype, int64_t n, const void *g, void *a, void *work);

/* b [n, k] becomes t⁻¹·b, or t⁻ᵀ·b, for a triangular t [n, n]. Returns 0, or the number of the first 0 on its diagonal.
 */
typedef struct triangle {
    bool upper, transpose, unit;
} triangle;
int64_t triangle_solve(dg_dtype dtype, int64_t n, int64_t k, triangle form, const void *t, void *b);

/* vectors [n, n], at first the symmetric matrix, of which one triangle is read; then its eigenvectors as columns.
 * values [n] ascend. Returns 0, or what LAPACK could not converge on. */
int64_t eigen(dg_dtype dtype, int64_t n, bool upper, void *vectors, void *values, void *work);

/* x [n, k] of least ‖a·x − b‖, and of those the one of least norm; a [m, n] of full rank, b [m, k]. Returns 0, or the
 * number of the first 0 on the diagonal of the triangular factor. */
int64_t least_squares(dg_dtype dtype, int64_t m, int64_t n, int64_t k, const void *a, const void *b, void *x,
                      void *work);

#endif
