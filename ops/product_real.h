/* One tile of a matrix product in one float type. Included with REAL, GEMM, GEMV and NAME() defined. */

static void NAME(fill_rows)(REAL *restrict c, int64_t ldc, const REAL *restrict bias, int64_t m, int64_t n)
{
    for (int64_t i = 0; i < m; i++) {
        if (bias)
            memcpy(c + i * ldc, bias, (size_t)n * sizeof(REAL));
        else
            memset(c + i * ldc, 0, (size_t)n * sizeof(REAL));
    }
}

static void NAME(multiply_tile)(const product *p, int64_t a_at, int64_t b_at, int64_t c_at, const tile *t)
{
    int64_t m = t->m_end - t->m_begin, n = t->n_end - t->n_begin, k = p->k;
    int64_t lda = p->transpose_a ? p->m : k, ldb = p->transpose_b ? k : p->n, ldc = p->n;
    const REAL *a = (const REAL *)p->a + a_at + t->m_begin * (p->transpose_a ? 1 : lda);
    const REAL *b = (const REAL *)p->b + b_at + t->n_begin * (p->transpose_b ? ldb : 1);
    REAL *c = (REAL *)p->c + c_at + t->m_begin * ldc + t->n_begin;
    bool vector = p->m == 1 || p->n == 1;

    if (p->bias || vector || k == 0)
        NAME(fill_rows)(c, ldc, p->bias ? (const REAL *)p->bias + t->n_begin : NULL, m, n);
    if (k == 0)
        return;
    if (p->n == 1) /* c += a′·b */
        GEMV(CblasRowMajor, p->transpose_a ? CblasTrans : CblasNoTrans, (blasint)(p->transpose_a ? k : m),
             (blasint)(p->transpose_a ? m : k), 1, a, (blasint)lda, b, 1, 1, c, 1);
    else if (p->m == 1) /* cᵀ += b′ᵀ·aᵀ */
        GEMV(CblasRowMajor, p->transpose_b ? CblasNoTrans : CblasTrans, (blasint)(p->transpose_b ? n : k),
             (blasint)(p->transpose_b ? k : n), 1, b, (blasint)ldb, a, 1, 1, c, 1);
    else
        GEMM(CblasRowMajor, p->transpose_a ? CblasTrans : CblasNoTrans, p->transpose_b ? CblasTrans : CblasNoTrans,
             (blasint)m, (blasint)n, (blasint)k, 1, a, (blasint)lda, b, (blasint)ldb, p->bias ? 1 : 0, c, (blasint)ldc);
}
