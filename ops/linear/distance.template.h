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
