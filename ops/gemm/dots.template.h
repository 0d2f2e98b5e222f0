/* Scalar products of the rows of a matrix, whose elements may be kept in 16 bits, with a vector, or with some: in the
 * same order for every type of element. */
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

/* sums[i][j] = Σ_p a[i, p] x[j, p]: each vector of a row is read once for all columns. */
INLINE void DOTS(pair_tile)(int rows, int columns, int64_t k, const ELEMENT *a, int64_t a_row, const REAL *x,
                            int64_t x_row, REAL sums[PAIR_ROWS][PAIR_COLUMNS])
{
    NAME(vector) sum[PAIR_ROWS][PAIR_COLUMNS], terms[PAIR_COLUMNS], row;
    UNROLL
    for (int i = 0; i < rows; i++)
        UNROLL
    for (int j = 0; j < columns; j++)
        sum[i][j] = (NAME(vector)){0};
    int64_t p = 0;
    for (; p + LANES <= k; p += LANES) {
        UNROLL
        for (int j = 0; j < columns; j++)
            terms[j] = NAME(load)(x + j * x_row + p);
        UNROLL
        for (int i = 0; i < rows; i++) {
            row = LOAD_ROW(a + i * a_row + p);
            UNROLL
            for (int j = 0; j < columns; j++)
                sum[i][j] += row * terms[j];
        }
    }
    if (p < k)
        for (int i = 0; i < rows; i++) {
            row = LOAD_ROW_PART(a + i * a_row + p, k - p);
            for (int j = 0; j < columns; j++)
                sum[i][j] += row * NAME(load_part)(x + j * x_row + p, k - p);
        }
    UNROLL
    for (int i = 0; i < rows; i++)
        UNROLL
    for (int j = 0; j < columns; j++)
        sums[i][j] = NAME(total)(sum[i][j]);
}

static void DOTS(some_pairs)(int rows, int columns, const row_pairs *d, const ELEMENT *a, const REAL *x,
                             REAL sums[PAIR_ROWS][PAIR_COLUMNS])
{
    switch (rows * (PAIR_COLUMNS + 1) + columns) {
#define PAIR_TILE(m, n)                                                                                                \
    case (m) * (PAIR_COLUMNS + 1) + (n):                                                                               \
        DOTS(pair_tile)(m, n, d->k, a, d->a_row, x, d->x_row, sums);                                                   \
        break;
        PAIR_TILE(1, 1)
        PAIR_TILE(1, 2)
        PAIR_TILE(1, 3)
        PAIR_TILE(PAIR_ROWS, 1)
        PAIR_TILE(PAIR_ROWS, 2)
        PAIR_TILE(PAIR_ROWS, 3)
#if VECTOR_REGISTERS == 32
        PAIR_TILE(1, 4)
        PAIR_TILE(PAIR_ROWS, 4)
#endif
#undef PAIR_TILE
    }
}

static void DOTS(pairs)(const row_pairs *d)
{
    REAL sums[PAIR_ROWS][PAIR_COLUMNS];
    const REAL *start = d->start;
    REAL *y = d->y;
    int64_t parts = (d->n + PAIR_COLUMNS - 1) / PAIR_COLUMNS;
    for (int64_t i = 0, rows; i < d->m; i += rows) {
        rows = d->m - i < PAIR_ROWS ? 1 : PAIR_ROWS;
        for (int64_t part = 0; part < parts; part++) {
            int64_t j = part * d->n / parts, columns = (part + 1) * d->n / parts - j;
            DOTS(some_pairs)
            ((int)rows, (int)columns, d, (const ELEMENT *)d->a + i * d->a_row, (const REAL *)d->x + j * d->x_row, sums);
            for (int64_t r = 0; r < rows; r++)
                for (int64_t s = 0; s < columns; s++)
                    y[(i + r) * d->y_row + (j + s) * d->y_column] =
                        start ? start[(i + r) * d->start_row + (j + s) * d->start_column] + sums[r][s] : sums[r][s];
        }
    }
}

#undef ELEMENT
#undef DOTS
#undef LOAD_ROW
#undef LOAD_ROW_PART
