/* Softmax of rows in one float type. Included with REAL, EXP and NAME() defined.
 *
 * Elements of one row lie `step` apart; `lanes` neighbouring rows are worked on together, element by element, so that
 * memory is read in order whichever dimension the softmax runs over. */

static void NAME(largest)(const REAL *restrict x, int64_t size, int64_t step, int64_t lanes, REAL *restrict largest)
{
    for (int64_t j = 0; j < lanes; j++)
        largest[j] = x[j];
    for (int64_t i = 1; i < size; i++)
        for (int64_t j = 0; j < lanes; j++)
            largest[j] = x[i * step + j] > largest[j] ? x[i * step + j] : largest[j];
}

static void NAME(softmax_rows)(const REAL *restrict x, REAL *restrict y, int64_t size, int64_t step, int64_t lanes)
{
    REAL top[LANES];
    double sum[LANES] = {0};
    NAME(largest)(x, size, step, lanes, top);
    for (int64_t i = 0; i < size; i++)
        for (int64_t j = 0; j < lanes; j++) {
            y[i * step + j] = EXP(x[i * step + j] - top[j]);
            sum[j] += y[i * step + j];
        }
    for (int64_t j = 0; j < lanes; j++)
        top[j] = (REAL)(1 / sum[j]);
    for (int64_t i = 0; i < size; i++)
        for (int64_t j = 0; j < lanes; j++)
            y[i * step + j] *= top[j];
}

static void NAME(log_softmax_rows)(const REAL *restrict x, REAL *restrict y, int64_t size, int64_t step, int64_t lanes)
{
    REAL top[LANES], log_sum[LANES];
    double sum[LANES] = {0};
    NAME(largest)(x, size, step, lanes, top);
    for (int64_t i = 0; i < size; i++)
        for (int64_t j = 0; j < lanes; j++)
            sum[j] += EXP(x[i * step + j] - top[j]);
    for (int64_t j = 0; j < lanes; j++)
        log_sum[j] = (REAL)log(sum[j]);
    for (int64_t i = 0; i < size; i++)
        for (int64_t j = 0; j < lanes; j++)
            y[i * step + j] = (x[i * step + j] - top[j]) - log_sum[j];
}
