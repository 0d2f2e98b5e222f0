/* Factorisations in one float type. See core/base/for_floats.h. What is row-major here is
 * the transpose to LAPACK, which works by columns. */
#if !defined(REAL) || !defined(NAME)
#error "this is a template: REAL and NAME must be defined"
#endif

static int64_t NAME(cholesky_factor)(int64_t n, bool upper, REAL *a)
{
    lapack_int info = LAPACK(potrf)(LAPACK_COL_MAJOR, upper ? 'L' : 'U', (lapack_int)n, a, (lapack_int)n);
    for (int64_t i = 0; i < n; i++) {
        if (!info && isnan(a[i * n + i])) /* not every LAPACK sees those */
            info = (lapack_int)(i + 1);
        for (int64_t j = upper ? 0 : i + 1; j < (upper ? i : n); j++)
            a[i * n + j] = 0;
    }
    return info;
}

static bool NAME(holds_nan)(const REAL *a, int64_t count)
{
    bool any = false;
    for (int64_t i = 0; i < count; i++)
        any |= isnan(a[i]);
    return any;
}

/* A NaN goes everywhere: LAPACK may pass it by. */
static void NAME(fill_nan)(REAL *a, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        a[i] = (REAL)NAN;
}

static bool NAME(is_finite)(const REAL *a, int64_t count)
{
    bool all = true;
    for (int64_t i = 0; i < count; i++)
        all &= isfinite(a[i]);
    return all;
}

static int64_t NAME(lu_factor)(int64_t n, REAL *a, lapack_int *pivots)
{
    if (NAME(holds_nan)(a, n * n)) {
        NAME(fill_nan)(a, n * n);
        for (int64_t i = 0; i < n; i++)
            pivots[i] = (lapack_int)(i + 1);
        return 0;
    }
    return LAPACK(getrf)(LAPACK_COL_MAJOR, (lapack_int)n, (lapack_int)n, a, (lapack_int)n, pivots);
}

/* aᵀ = P·L·U, so that a = Uᵀ·Lᵀ·Pᵀ: rows are swapped last, in reverse order. */
static void NAME(lu_solve)(int64_t n, int64_t k, const REAL *lu, const lapack_int *pivots, REAL *b)
{
    blasint rows = (blasint)n, columns = (blasint)k;
    if (n > 0 && isnan(lu[0])) {
        NAME(fill_nan)(b, n * k);
        return;
    }
    BLAS(trsm)
    (CblasRowMajor, CblasLeft, CblasLower, CblasNoTrans, CblasNonUnit, rows, columns, 1, lu, rows, b, columns);
    BLAS(trsm)(CblasRowMajor, CblasLeft, CblasUpper, CblasNoTrans, CblasUnit, rows, columns, 1, lu, rows, b, columns);
    for (int64_t i = n - 1; i >= 0; i--)
        if (pivots[i] - 1 != i)
            BLAS(swap)(columns, b + i * k, 1, b + (pivots[i] - 1) * k, 1);
}

static void NAME(lu_invert)(int64_t n, REAL *lu, const lapack_int *pivots, REAL *work)
{
    if (n > 0 && isnan(lu[0])) {
        NAME(fill_nan)(lu, n * n);
        return;
    }
    LAPACK(getri)(LAPACK_COL_MAJOR, (lapack_int)n, lu, (lapack_int)n, pivots, work, (lapack_int)(n * BLOCK));
}

static determinant NAME(lu_determinant)(int64_t n, const REAL *lu, const lapack_int *pivots)
{
    REAL value = 1, log_sum = 0, sign = 1;
    for (int64_t i = 0; i < n; i++) {
        REAL u = lu[i * n + i], factor = pivots[i] - 1 == i ? 1 : -1;
        value *= factor * u;
        sign *= factor * (REAL)((u > 0) - (u < 0));
        log_sum += MATH(log)(MATH(fabs)(u));
        if (isnan(u))
            sign = u;
    }
    return (determinant){(double)value, (double)sign, (double)log_sum};
}

/* aᵀ = U·S·Vᵀ by columns, so that a by rows is U·S·Vᵀ of these arrays read by columns; a is lost. */
typedef struct NAME(svd) {
    REAL *s, *u, *vt, *free; /* [n], [n, n], [n, n], and SVD_FREE more */
    REAL sign;               /* det(U)·det(V) */
} NAME(svd);

static int64_t NAME(svd_make)(int64_t n, REAL *a, REAL *work, NAME(svd) * svd)
{
    REAL *s = work, *u = s + n, *vt = u + n * n, *free = vt + n * n;
    lapack_int *pivots = (lapack_int *)(free + 5 * n + BLOCK * n), size = (lapack_int)n;
    *svd = (NAME(svd)){s, u, vt, free, 1};
    lapack_int info = LAPACK(gesvd)(LAPACK_COL_MAJOR, 'A', 'A', size, size, a, size, s, u, size, vt, size, free,
                                    (lapack_int)(5 * n + BLOCK * n));
    REAL *const factors[] = {u, vt};
    for (int f = 0; f < 2 && !info; f++) {
        memcpy(a, factors[f], (size_t)(n * n) * sizeof(REAL));
        NAME(lu_factor)(n, a, pivots);
        svd->sign *= (REAL)NAME(lu_determinant)(n, a, pivots).sign;
    }
    return info;
}

/* Cofactors are det(U)·det(V)·U·adj(S)·Vᵀ, where adj(S) has the products of the others. */
static int64_t NAME(cofactors_by_svd)(int64_t n, REAL *a, REAL *work)
{
    NAME(svd) svd;
    lapack_int size = (lapack_int)n;
    if (!NAME(is_finite)(a, n * n)) { /* no iteration ends with those, or each LAPACK's as it likes */
        NAME(fill_nan)(a, n * n);
        return 0;
    }
    int64_t info = NAME(svd_make)(n, a, work, &svd);
    if (info)
        return info;
    REAL *others = svd.free, product = 1;
    for (int64_t i = 0; i < n; i++) {
        others[i] = product;
        product *= svd.s[i];
    }
    product = 1;
    for (int64_t i = n - 1; i >= 0; i--) {
        others[i] *= product;
        product *= svd.s[i];
    }
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++)
            svd.u[i * n + j] *= svd.sign * others[i];
    BLAS(gemm)
    (CblasColMajor, CblasNoTrans, CblasNoTrans, size, size, size, 1, svd.u, size, svd.vt, size, 0, a, size);
    return 0;
}

/* With E = Uᵀ·g·V and P_ij = Π s_k over k ≠ i, j: M_ij = −P_ij·E_ji and M_jj = Σ P_ij·E_ii over i ≠ j. */
static void NAME(second_cofactors)(int64_t n, const REAL *s, const REAL *e, REAL *m)
{
    memset(m, 0, (size_t)(n * n) * sizeof(REAL));
    REAL before = 1;
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = i + 1; j < n; j++) {
            REAL p = before;
            for (int64_t k = i + 1; k < n; k++)
                p *= k == j ? 1 : s[k];
            m[i * n + j] = -p * e[j * n + i];
            m[j * n + i] = -p * e[i * n + j];
            m[i * n + i] += p * e[j * n + j];
            m[j * n + j] += p * e[i * n + i];
        }
        before *= s[i];
    }
}

static int64_t NAME(cofactors_backward)(int64_t n, const REAL *g, REAL *a, REAL *work)
{
    NAME(svd) svd;
    lapack_int size = (lapack_int)n;
    if (!NAME(is_finite)(a, n * n) || NAME(holds_nan)(g, n * n)) {
        NAME(fill_nan)(a, n * n);
        return 0;
    }
    int64_t info = NAME(svd_make)(n, a, work, &svd);
    if (info)
        return info;
    REAL *part = svd.free + 5 * n + (BLOCK + 1) * n, *inner = part + n * n;
    BLAS(gemm)
    (CblasColMajor, CblasTrans, CblasNoTrans, size, size, size, svd.sign, svd.u, size, g, size, 0, part, size);
    BLAS(gemm)
    (CblasColMajor, CblasNoTrans, CblasTrans, size, size, size, 1, part, size, svd.vt, size, 0, inner, size);
    NAME(second_cofactors)(n, svd.s, inner, part);
    BLAS(gemm)
    (CblasColMajor, CblasNoTrans, CblasNoTrans, size, size, size, 1, svd.u, size, part, size, 0, inner, size);
    BLAS(gemm)
    (CblasColMajor, CblasNoTrans, CblasNoTrans, size, size, size, 1, inner, size, svd.vt, size, 0, a, size);
    return 0;
}

static int64_t NAME(cofactors)(int64_t n, REAL *a, REAL *work)
{
    REAL *lu = work, *free = lu + n * n, least = INFINITY, most = 0;
    lapack_int *pivots = (lapack_int *)(free + n * BLOCK);
    memcpy(lu, a, (size_t)(n * n) * sizeof(REAL));
    NAME(lu_factor)(n, lu, pivots);
    for (int64_t i = 0; i < n; i++) {
        REAL size = MATH(fabs)(lu[i * n + i]);
        least = size < least || isnan(size) ? size : least;
        most = size > most ? size : most;
    }
    if (!(least > most * MATH(sqrt)(EPSILON)))
        return NAME(cofactors_by_svd)(n, a, work);
    REAL det = (REAL)NAME(lu_determinant)(n, lu, pivots).value;
    NAME(lu_invert)(n, lu, pivots, free);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++)
            a[i * n + j] = det * lu[j * n + i];
    return 0;
}

static int64_t NAME(triangle_solve)(int64_t n, int64_t k, triangle form, const REAL *t, REAL *b)
{
    for (int64_t i = 0; i < n && !form.unit; i++)
        if (t[i * n + i] == 0)
            return i + 1;
    BLAS(trsm)
    (CblasRowMajor, CblasLeft, form.upper ? CblasUpper : CblasLower, form.transpose ? CblasTrans : CblasNoTrans,
     form.unit ? CblasUnit : CblasNonUnit, (blasint)n, (blasint)k, 1, t, (blasint)n, b, (blasint)k);
    return 0;
}

static int64_t NAME(eigen)(int64_t n, bool upper, REAL *vectors, REAL *values, REAL *work)
{
    bool finite = true;
    for (int64_t i = 0; i < n; i++)
        finite &= upper ? NAME(is_finite)(vectors + i * n + i, n - i) : NAME(is_finite)(vectors + i * n, i + 1);
    if (!finite) { /* some LAPACKs give NaN, others give up */
        NAME(fill_nan)(vectors, n * n);
        NAME(fill_nan)(values, n);
        return 0;
    }
    int64_t reals = 1 + 6 * n + 2 * n * n;
    lapack_int *integers = (lapack_int *)(work + reals), size = (lapack_int)n;
    lapack_int info = LAPACK(syevd)(LAPACK_COL_MAJOR, 'V', upper ? 'L' : 'U', size, vectors, size, values, work,
                                    (lapack_int)reals, integers, (lapack_int)(3 + 5 * n));
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < i; j++) {
            REAL other = vectors[i * n + j];
            vectors[i * n + j] = vectors[j * n + i];
            vectors[j * n + i] = other;
        }
    return info;
}

static void NAME(transpose)(int64_t rows, int64_t columns, const REAL *restrict from, int64_t from_row,
                            REAL *restrict to, int64_t to_row)
{
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++)
            to[j * to_row + i] = from[i * from_row + j];
}

static int64_t NAME(least_squares)(int64_t m, int64_t n, int64_t k, const REAL *a, const REAL *b, REAL *x, REAL *work)
{
    if (NAME(holds_nan)(a, m * n) || NAME(holds_nan)(b, m * k)) {
        NAME(fill_nan)(x, n * k);
        return 0;
    }
    int64_t longer = m > n ? m : n, shorter = m < n ? m : n;
    REAL *factor = work, *right = factor + m * n, *free = right + longer * k;
    memcpy(factor, a, (size_t)(m * n) * sizeof(REAL));
    NAME(transpose)(m, k, b, k, right, longer);
    lapack_int info =
        LAPACK(gels)(LAPACK_COL_MAJOR, 'T', (lapack_int)n, (lapack_int)m, (lapack_int)k, factor, (lapack_int)n, right,
                     (lapack_int)longer, free, (lapack_int)(shorter + (longer > k ? longer : k) * BLOCK));
    NAME(transpose)(k, n, right, longer, x, k);
    return info;
}
