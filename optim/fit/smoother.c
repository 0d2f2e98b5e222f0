/* Smoothers by eigenvalues. With B = QᵀKQ on the complement Q of the monomials, B = VwVᵀ and U = QV:
 * w = U (w + λ)⁻¹ Uᵀt, and row i left out is off by w_i / (U (w + λ)⁻¹ Uᵀ)_ii (Rippa, 1999). With fewer centres
 * ΦᵀΦ = VwVᵀ, Z = ΦV: ŷ = Z (w + λ)⁻¹ Zᵀt, and it is off by (t_i − ŷ_i)/(1 − h_ii). */
#include "smoother.h"

#include "core/base/blas.h"

#include <cblas.h>
#include <float.h>
#include <lapacke.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static double *numbers(int64_t count)
{
    return calloc((size_t)(count > 0 ? count : 0) + 1, sizeof(double));
}

void smoother_release(smoother *s)
{
    free(s->vectors);
    free(s->values);
    free(s->rotation);
    free(s->targets);
    free(s->along);
    free(s->means);
    free(s->phi_means);
    free(s->work);
    free(s->classes);
    *s = (smoother){0};
}

static dg_status failed_as(lapack_int code, int64_t n)
{
    return code <= LAPACK_WORK_MEMORY_ERROR ? dg_no_memory("a matrix of %lld rows", (long long)n)
                                            : dg_error(DG_NUMERIC, "the values of the kernel are not finite");
}

/* The eigenvectors of a symmetric matrix take its place. */
static dg_status decompose(double *matrix, int64_t n, double *values)
{
    lapack_int code = LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'V', 'L', (lapack_int)n, matrix, (lapack_int)n, values);
    for (int64_t i = 0; code == 0 && i < n; i++)
        values[i] = values[i] > 0 ? values[i] : 0;
    return code == 0 ? dg_ok() : failed_as(code, n);
}

/* K in `kernel` becomes B, and `vectors` U. */
static dg_status project(smoother *s, double *kernel, double *monomials)
{
    lapack_int n = (lapack_int)s->n, q = (lapack_int)s->q, code = 0;
    double *tau = numbers(q), *small = numbers(s->r * s->r);
    dg_status status = tau && small ? dg_ok() : dg_no_memory("a matrix of %lld rows", (long long)s->n);
    if (status.code == DG_OK && q > 0) {
        code = LAPACKE_dgeqrf(LAPACK_COL_MAJOR, n, q, monomials, n, tau);
        if (code == 0)
            code = LAPACKE_dormqr(LAPACK_COL_MAJOR, 'L', 'T', n, n, q, monomials, n, tau, kernel, n);
        if (code == 0)
            code = LAPACKE_dormqr(LAPACK_COL_MAJOR, 'R', 'N', n, n, q, monomials, n, tau, kernel, n);
        status = code == 0 ? dg_ok() : failed_as(code, s->n);
    }
    for (int64_t j = 0; status.code == DG_OK && j < s->r; j++)
        memcpy(small + j * s->r, kernel + (j + q) * s->n + q, (size_t)s->r * sizeof *small);
    if (status.code == DG_OK)
        status = decompose(small, s->r, s->values);
    for (int64_t j = 0; status.code == DG_OK && j < s->r; j++)
        memcpy(s->vectors + j * s->n + q, small + j * s->r, (size_t)s->r * sizeof *small);
    if (status.code == DG_OK && q > 0)
        code = LAPACKE_dormqr(LAPACK_COL_MAJOR, 'L', 'N', n, (lapack_int)s->r, q, monomials, n, tau, s->vectors, n);
    if (status.code == DG_OK && code != 0)
        status = failed_as(code, s->n);
    free(tau);
    free(small);
    return status;
}

static dg_status make_exact(smoother *s)
{
    int64_t width = s->m + s->q;
    const double *basis = s->basis->data;
    double *kernel = numbers(s->n * s->n), *monomials = numbers(s->n * s->q);
    dg_status status = kernel && monomials ? dg_ok() : dg_no_memory("a matrix of %lld rows", (long long)s->n);
    for (int64_t i = 0; status.code == DG_OK && i < s->n; i++) {
        for (int64_t j = 0; j < s->n; j++)
            kernel[j * s->n + i] = s->sign * basis[i * width + j];
        for (int64_t j = 0; j < s->q; j++)
            monomials[j * s->n + i] = basis[i * width + s->m + j];
    }
    if (status.code == DG_OK)
        status = project(s, kernel, monomials);
    free(kernel);
    free(monomials);
    return status;
}

static dg_status make_ridge(smoother *s)
{
    const double *basis = s->basis->data;
    double *phi = numbers(s->n * s->m);
    if (!phi)
        return dg_no_memory("a matrix of %lld rows", (long long)s->n);
    for (int64_t j = 0; j < s->m; j++) {
        for (int64_t i = 0; i < s->n; i++)
            s->phi_means[j] += basis[i * s->m + j] / (double)s->n;
        for (int64_t i = 0; i < s->n; i++)
            phi[j * s->n + i] = basis[i * s->m + j] - s->phi_means[j];
    }
    for (int64_t j = 0; j < s->k; j++) {
        for (int64_t i = 0; i < s->n; i++)
            s->means[j] += s->targets[j * s->n + i] / (double)s->n;
        for (int64_t i = 0; i < s->n; i++)
            s->targets[j * s->n + i] -= s->means[j];
    }
    int n = (int)s->n, m = (int)s->m;
    cblas_dsyrk(CblasColMajor, CblasLower, CblasTrans, m, n, 1, phi, n, 0, s->rotation, m);
    dg_status status = decompose(s->rotation, s->m, s->values);
    if (status.code == DG_OK)
        cblas_dgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, n, m, m, 1, phi, n, s->rotation, m, 0, s->vectors, n);
    free(phi);
    return status;
}

/* Targets are classes where each row has a single 1, and else 0. */
static dg_status find_classes(smoother *s, const double *targets)
{
    if (!(s->classes = calloc((size_t)s->n + 1, sizeof *s->classes)))
        return dg_no_memory("the classes of %lld rows", (long long)s->n);
    bool are = s->k > 1;
    for (int64_t i = 0; i < s->n && are; i++) {
        double sum = 0;
        for (int64_t j = 0; j < s->k; j++) {
            double target = targets[i * s->k + j];
            are = are && (target == 0 || target == 1);
            sum += target;
            if (target == 1)
                s->classes[i] = j;
        }
        are = are && sum == 1;
    }
    if (!are) {
        free(s->classes);
        s->classes = NULL;
    }
    return dg_ok();
}

dg_status smoother_make(smoother *s, bool exact, const dg_tensor *basis, int64_t q, double sign,
                        const dg_tensor *targets)
{
    int64_t n = basis->shape.dims[0], m = basis->shape.dims[1] - q, k = targets->shape.dims[1];
    *s = (smoother){.exact = exact, .n = n, .k = k, .m = m, .q = q, .sign = sign, .basis = basis};
    s->r = exact ? n - q : m;
    if (s->r < 1 || n > INT32_MAX / 2)
        return dg_error(DG_BAD_DATA, "%lld row(s) are too few for a polynomial of %lld term(s)", (long long)n,
                        (long long)q);
    s->vectors = numbers(n * s->r);
    s->values = numbers(s->r);
    s->rotation = numbers(exact ? 0 : m * m);
    s->targets = numbers(n * k);
    s->along = numbers(s->r * k);
    s->means = numbers(k);
    s->phi_means = numbers(m);
    s->work = numbers(n * k + s->r * k);
    dg_status status = dg_no_memory("a smoother of %lld rows", (long long)n);
    if (!s->vectors || !s->values || !s->rotation || !s->targets || !s->along || !s->means || !s->phi_means || !s->work)
        goto fail;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < k; j++)
            s->targets[j * n + i] = ((const double *)targets->data)[i * k + j];
    threads_hold_blas();
    status = find_classes(s, targets->data);
    if (status.code == DG_OK)
        status = exact ? make_exact(s) : make_ridge(s);
    if (status.code != DG_OK)
        goto fail;
    cblas_dgemm(CblasColMajor, CblasTrans, CblasNoTrans, (int)s->r, (int)k, (int)n, 1, s->vectors, (int)n, s->targets,
                (int)n, 0, s->along, (int)s->r);
    return dg_ok();
fail:
    smoother_release(s);
    return status;
}

/* work ← vectors · (along / (values + λ)): w of an exact one, ŷ without its mean of the other. */
static void apply(const smoother *s, double lambda)
{
    double *scaled = s->work + s->n * s->k;
    for (int64_t j = 0; j < s->k; j++)
        for (int64_t i = 0; i < s->r; i++)
            scaled[j * s->r + i] = s->along[j * s->r + i] / (s->values[i] + lambda);
    cblas_dgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, (int)s->n, (int)s->k, (int)s->r, 1, s->vectors, (int)s->n,
                scaled, (int)s->r, 0, s->work, (int)s->n);
}

/* What row i weighs of itself, or of the inverse matrix of an exact one. */
static double diagonal_of(const smoother *s, double lambda, int64_t i)
{
    double diagonal = s->exact ? 0 : 1 / (double)s->n;
    for (int64_t j = 0; j < s->r; j++)
        diagonal += s->vectors[j * s->n + i] * s->vectors[j * s->n + i] / (s->values[j] + lambda);
    return diagonal;
}

/* How far row i, left out, is off in column j, after apply(). */
static double off_without(const smoother *s, double diagonal, int64_t i, int64_t j)
{
    double at = s->work[j * s->n + i];
    return s->exact ? at / diagonal : (s->targets[j * s->n + i] - at) / (1 - diagonal);
}

void smoother_left_out(const smoother *s, double ridge, double *predictions)
{
    apply(s, ridge);
    for (int64_t i = 0; i < s->n; i++) {
        double diagonal = diagonal_of(s, ridge, i);
        for (int64_t j = 0; j < s->k; j++)
            predictions[i * s->k + j] =
                s->targets[j * s->n + i] + s->means[j] - off_without(s, diagonal, i, j); /* means: 0 of an exact one */
    }
}

void smoother_measure(const smoother *s, double relative, smoothed *result)
{
    double most = s->values[s->r - 1], lambda = relative * (most > 0 ? most : 1), off = 0, left = 0, freedom = 0;
    double hinge = 0;
    for (int64_t i = 0; i < s->r; i++)
        freedom += s->values[i] / (s->values[i] + lambda);
    freedom += s->exact ? (double)s->q : 1;
    apply(s, lambda);
    for (int64_t i = 0; i < s->n; i++) {
        double diagonal = diagonal_of(s, lambda, i);
        for (int64_t j = 0; j < s->k; j++) {
            double at = s->work[j * s->n + i];
            double residual = s->exact ? lambda * at : s->targets[j * s->n + i] - at;
            double out = off_without(s, diagonal, i, j);
            off += out * out;
            left += residual * residual;
            if (s->classes && (s->classes[i] == j ? out > 0 : out < 0)) /* below the 1, above a 0 */
                hinge += out * out;
        }
    }
    double count = (double)s->n * (double)s->k, square = left / count;
    *result = (smoothed){.ridge = lambda,
                         .loo = sqrt(off / count),
                         .hinge = sqrt(hinge / count),
                         .error = sqrt(square),
                         .freedom = freedom};
    double information = (double)s->n * log(square > DBL_MIN ? square : DBL_MIN);
    result->aic = information + 2 * freedom;
    result->bic = information + log((double)s->n) * freedom;
}

/* v of P v = t − (K + λ) w, by least squares. */
static dg_status polynomial(const smoother *s, double lambda, dg_tensor *weights)
{
    int64_t width = s->m + s->q;
    const double *basis = s->basis->data;
    double *monomials = numbers(s->n * s->q), *rest = numbers(s->n * s->k);
    dg_status status = monomials && rest ? dg_ok() : dg_no_memory("a matrix of %lld rows", (long long)s->n);
    for (int64_t i = 0; status.code == DG_OK && i < s->n; i++) {
        for (int64_t j = 0; j < s->q; j++)
            monomials[j * s->n + i] = basis[i * width + s->m + j];
        for (int64_t j = 0; j < s->k; j++) {
            double sum = s->targets[j * s->n + i] - lambda * s->work[j * s->n + i];
            for (int64_t c = 0; c < s->n; c++)
                sum -= s->sign * basis[i * width + c] * s->work[j * s->n + c];
            rest[j * s->n + i] = sum;
        }
    }
    lapack_int code = 0, n = (lapack_int)s->n;
    if (status.code == DG_OK && s->q)
        code = LAPACKE_dgels(LAPACK_COL_MAJOR, 'N', n, (lapack_int)s->q, (lapack_int)s->k, monomials, n, rest, n);
    if (status.code == DG_OK && code != 0)
        status = code < 0 ? failed_as(code, s->n)
                          : dg_error(DG_BAD_DATA, "the rows lie on a line or plane: no polynomial of this degree is "
                                                  "determined by them");
    for (int64_t j = 0; status.code == DG_OK && j < s->k; j++)
        for (int64_t i = 0; i < s->q; i++)
            dg_tensor_set(weights, j * width + s->m + i, rest[j * s->n + i]);
    free(monomials);
    free(rest);
    return status;
}

dg_status smoother_weights(const smoother *s, double ridge, dg_tensor *weights, dg_tensor *bias)
{
    int64_t width = s->m + s->q;
    apply(s, ridge);
    if (s->exact) {
        for (int64_t j = 0; j < s->k; j++)
            for (int64_t i = 0; i < s->n; i++)
                dg_tensor_set(weights, j * width + i, s->sign * s->work[j * s->n + i]);
        return polynomial(s, ridge, weights);
    }
    const double *scaled = s->work + s->n * s->k;
    for (int64_t j = 0; j < s->k; j++) {
        double at = s->means[j];
        for (int64_t i = 0; i < s->m; i++) {
            double sum = 0;
            for (int64_t c = 0; c < s->r; c++)
                sum += s->rotation[c * s->m + i] * scaled[j * s->r + c];
            dg_tensor_set(weights, j * s->m + i, sum);
            at -= sum * s->phi_means[i];
        }
        dg_tensor_set(bias, j, at);
    }
    return dg_ok();
}
