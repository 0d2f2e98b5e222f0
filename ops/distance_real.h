/* Squared distances in one float type. Included with REAL, GEMM and NAME() defined. */

/* Σ (a − b)² in four lanes */
static REAL NAME(distance)(const REAL *restrict a, const REAL *restrict b, int64_t d)
{
    REAL lanes[4] = {0};
    int64_t k = 0;
    for (; k + 4 <= d; k += 4)
        for (int j = 0; j < 4; j++)
            lanes[j] += (a[k + j] - b[k + j]) * (a[k + j] - b[k + j]);
    for (; k < d; k++)
        lanes[0] += (a[k] - b[k]) * (a[k] - b[k]);
    return (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
}

static REAL NAME(square)(const REAL *restrict a, int64_t d)
{
    REAL lanes[4] = {0};
    int64_t k = 0;
    for (; k + 4 <= d; k += 4)
        for (int j = 0; j < 4; j++)
            lanes[j] += a[k + j] * a[k + j];
    for (; k < d; k++)
        lanes[0] += a[k] * a[k];
    return (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
}

static void NAME(squares)(const REAL *restrict rows, int64_t count, int64_t d, REAL *restrict result)
{
    for (int64_t i = 0; i < count; i++)
        result[i] = NAME(square)(rows + i * d, d);
}

static void NAME(direct_rows)(const REAL *x1, const REAL *x2, REAL *y, int64_t n, int64_t m, int64_t d)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < m; j++)
            y[i * m + j] = NAME(distance)(x1 + i * d, x2 + j * d, d);
}

/* |a|² + |b|² − 2ab loses the digits of near points, so that those (and infinities) are summed up directly. */
static void NAME(product_rows)(const REAL *x1, const REAL *x2, const REAL *x2_squares, REAL *restrict y, int64_t n,
                               int64_t m, int64_t d)
{
    GEMM(CblasRowMajor, CblasNoTrans, CblasTrans, (blasint)n, (blasint)m, (blasint)d, -2, x1, (blasint)d, x2,
         (blasint)d, 0, y, (blasint)m);
    for (int64_t i = 0; i < n; i++) {
        REAL own = NAME(square)(x1 + i * d, d), *restrict row = y + i * m;
        int64_t near = 0;
        for (int64_t j = 0; j < m; j++) {
            REAL sum = own + x2_squares[j];
            row[j] += sum;
            near += !(row[j] >= (REAL)NEAR * sum);
        }
        for (int64_t j = 0; near > 0 && j < m; j++) {
            if (row[j] >= (REAL)NEAR * (own + x2_squares[j]))
                continue;
            row[j] = NAME(distance)(x1 + i * d, x2 + j * d, d);
            near--;
        }
    }
}
