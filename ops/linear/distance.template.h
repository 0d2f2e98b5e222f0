/* Squared distances in one float type. See core/base/for_floats.h. */
#if !defined(REAL) || !defined(NAME)
#error "this is a template: REAL and NAME must be defined"
#endif

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

/* √Σ (a − b)², in double and in units of the power of 2 of the largest difference. */
static REAL NAME(scaled)(const REAL *a, const REAL *b, int64_t d)
{
    double largest = 0, sum = 0;
    int exponent;
    for (int64_t k = 0; k < d; k++) {
        double difference = fabs((double)a[k] - (double)b[k]);
        if (isnan(difference))
            return (REAL)difference;
        largest = difference > largest ? difference : largest;
    }
    if (largest == 0 || isinf(largest))
        return (REAL)largest;
    frexp(largest, &exponent);
    for (int64_t k = 0; k < d; k++) {
        double part = ldexp((double)a[k] - (double)b[k], -exponent);
        sum += part * part;
    }
    return (REAL)ldexp(sqrt(sum), exponent);
}

/* y[i, j] for the columns [begin, end) of one row */
static void NAME(direct)(const void *row, const void *x2, void *y, int64_t begin, int64_t end, int64_t d)
{
    for (int64_t j = begin; j < end; j++)
        ((REAL *)y)[j] = NAME(distance)(row, (const REAL *)x2 + j * d, d);
}

/* Those of y[begin … end) that are near, anew. */
static void NAME(mend)(const void *row, const void *x2, const void *own, const void *squares, void *y, int64_t begin,
                       int64_t end, int64_t d)
{
    for (int64_t j = begin; j < end; j++)
        if (!(((REAL *)y)[j] >= (REAL)NEAR * (*(const REAL *)own + ((const REAL *)squares)[j])))
            ((REAL *)y)[j] = NAME(distance)(row, (const REAL *)x2 + j * d, d);
}

/* Those of y[begin … end), which are squares, as distances. Where a square leaves the type's range, the distance is
 * that of the rows in units of their largest difference; NaN before ∞. */
static void NAME(root)(const void *row, const void *x2, void *y, int64_t begin, int64_t end, int64_t d)
{
    const REAL least = IS_FLOAT32 ? (REAL)0x1p-90 : (REAL)0x1p-900, most = IS_FLOAT32 ? (REAL)0x1p126 : (REAL)0x1p1022;
    REAL *restrict at = y;
    bool any = false;
    for (int64_t j = begin; j < end; j++) {
        any |= !(at[j] >= least && at[j] <= most);
        at[j] = MATH(sqrt)(at[j]);
    }
    for (int64_t j = begin; any && j < end; j++)
        if (!(at[j] * at[j] >= 2 * least && at[j] <= MATH(sqrt)(most)))
            at[j] = NAME(scaled)(row, (const REAL *)x2 + j * d, d);
}
