/* Scalar products of the rows of a matrix, whose elements may be kept in 16 bits, with a vector: in the same order for
 * every type of element. */
#if !defined(REAL) || !defined(NAME) || !defined(ELEMENT) || !defined(DOTS)
#error "this is a template: REAL, NAME, ELEMENT, DOTS, LOAD_ROW and LOAD_ROW_PART must be defined"
#endif

INLINE void DOTS(dot_rows)(int rows, int64_t k, const ELEMENT *a, int64_t a_row, const REAL *x, REAL *y)
{
    NAME(vector) sum[DOT_ROWS][2];
    UNROLL
    for (int i = 0; i < rows; i++)
        sum[i][0] = sum[i][1] = (NAME(vector)){0};
    int64_t p = 0;
    for (; p + 2 * LANES <= k; p += 2 * LANES)
        UNROLL
    for (int i = 0; i < rows; i++) {
        sum[i][0] += LOAD_ROW(a + i * a_row + p) * NAME(load)(x + p);
        sum[i][1] += LOAD_ROW(a + i * a_row + p + LANES) * NAME(load)(x + p + LANES);
    }
    if (p + LANES <= k) {
        UNROLL
        for (int i = 0; i < rows; i++)
            sum[i][0] += LOAD_ROW(a + i * a_row + p) * NAME(load)(x + p);
        p += LANES;
    }
    if (p < k) {
        NAME(vector) rest = NAME(load_part)(x + p, k - p);
        UNROLL
        for (int i = 0; i < rows; i++)
            sum[i][1] += LOAD_ROW_PART(a + i * a_row + p, k - p) * rest;
    }
    UNROLL
    for (int i = 0; i < rows; i++)
        y[i] = NAME(total)(sum[i][0] + sum[i][1]);
}

static void DOTS(dots)(int64_t m, int64_t k, const void *a, int64_t a_row, const void *x, const void *start,
                       int64_t start_step, void *y)
{
    const ELEMENT *row = a;
    const REAL *base = start;
    REAL *result = y;
    for (int64_t i = 0; i < m;) {
        REAL sums[DOT_ROWS];
        int64_t count = m - i < DOT_ROWS ? 1 : DOT_ROWS;
        if (count == DOT_ROWS)
            DOTS(dot_rows)(DOT_ROWS, k, row + i * a_row, a_row, x, sums);
        else
            DOTS(dot_rows)(1, k, row + i * a_row, a_row, x, sums);
        for (int64_t r = 0; r < count; r++)
            result[i + r] = base ? base[(i + r) * start_step] + sums[r] : sums[r];
        i += count;
    }
}

#undef ELEMENT
#undef DOTS
#undef LOAD_ROW
#undef LOAD_ROW_PART
