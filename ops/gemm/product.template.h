/* Products, as tiles one after the other. */
#if !defined(REAL) || !defined(NAME) || !defined(LANES)
#error "this is a template: REAL, NAME and LANES must be defined"
#endif

/* All rows of some vectors of columns, in tiles of about one size. */
static void NAME(multiply_columns)(const gemm *g, int vectors, const REAL *b, int64_t last, REAL *c, const REAL *start)
{
    NAME(tile_function) *const *tiles = NAME(tiles)[vectors];
    int64_t most = most_rows[vectors], count = g->m <= most ? 1 : (g->m + most - 1) / most;
    const REAL *a = g->a;
    for (int64_t left = g->m; count > 0; count--) {
        int64_t rows = count == 1 ? left : (left + count - 1) / count;
        if (g->ahead)
            ahead_fetch(g->ahead, g->ahead->part);
        tiles[rows](g, a, b, last, c, start);
        a += rows * g->a_row;
        c += rows * g->c_row;
        start = start ? start + rows * g->start_row : NULL;
        left -= rows;
    }
}

static void NAME(multiply_few)(const gemm *g)
{
    const REAL *b = g->b, *start = g->start;
    for (int64_t i = 0; i < g->m; i++)
        for (int64_t j = 0; j < g->n; j++) {
            const REAL *a = (const REAL *)g->a + i * g->a_row;
            REAL sum = start ? start[i * g->start_row + j] : 0;
            for (int64_t p = 0; p < g->k; p++)
                sum += a[p * g->a_column] * b[p * g->b_row + j];
            ((REAL *)g->c)[i * g->c_row + j] = sum;
        }
}

static void NAME(multiply_narrow)(const gemm *g)
{
    NAME(narrow) b;
    b.width = g->n;
    b.within = g->k * g->b_row - g->b_row + g->n - LANES; /* where the last whole vector may begin */
    b.within = b.within < 0 ? 0 : b.within / g->b_row + 1;
    b.within = b.within < g->k ? b.within : g->k;
    for (int64_t p = b.within; p < g->k; p++)
        NAME(store)(b.end + (p - b.within) * LANES, NAME(load_part)((const REAL *)g->b + p * g->b_row, g->n));
    const REAL *a = g->a, *start = g->start;
    REAL *c = g->c;
    for (int64_t left = g->m; left > 0;) {
        int64_t rows = left < NARROW_ROWS ? left : NARROW_ROWS;
        NAME(narrow_tiles)[rows](g, &b, a, c, start);
        a += rows * g->a_row;
        c += rows * g->c_row;
        start = start ? start + rows * g->start_row : NULL;
        left -= rows;
    }
}

static void NAME(multiply_panel)(const gemm *g)
{
    const REAL *b = g->b, *start = g->start;
    REAL *c = g->c;
    int64_t columns = g->n;
    while (columns > 0) {
        /* A last vector that is not whole overlaps the one before, so the last tile must not be of one vector. */
        int64_t left = (columns + LANES - 1) / LANES;
        int64_t vectors = left <= MOST_VECTORS ? left : left == MOST_VECTORS + 1 ? MOST_VECTORS - 1 : MOST_VECTORS;
        int64_t width = vectors < left ? vectors * LANES : columns;
        NAME(multiply_columns)(g, (int)vectors, b, width - LANES, c, start);
        b += width;
        c += width;
        start = start ? start + width : NULL;
        columns -= width;
    }
}

/* A depth of 0: there may be no a and no b. */
static void NAME(multiply_nothing)(const gemm *g)
{
    const REAL *start = g->start;
    for (int64_t i = 0; i < g->m; i++)
        for (int64_t j = 0; j < g->n; j++)
            ((REAL *)g->c)[i * g->c_row + j] = start ? start[i * g->start_row + j] : 0;
}

/* Terms at a time. Where a lies transposed, each of its lines is read for a few of its elements, by some tiles one
 * after the other: many of them would leave the first cache between, and lie in more pages than it has translations
 * for. Whole SUMMED, so that sums are the same whatever the caches. */
static int64_t NAME(terms)(const gemm *g)
{
    enum { LINE_BYTES = 64 };
    int64_t most = least(machine_here().first / (MOST_VECTORS * VECTOR_BYTES + LINE_BYTES), DEPTH) / SUMMED * SUMMED;
    most = most > SUMMED ? most : SUMMED;
    return g->a_column == 1 || g->k <= 2 * most ? DEPTH : most;
}

static void NAME(multiply)(const gemm *g)
{
    if (g->m <= 0 || g->n <= 0)
        return;
    if (g->k <= 0) {
        NAME(multiply_nothing)(g);
        return;
    }
    if (g->n < LANES) {
        if (g->n <= LANES / 4 && (double)g->m * (double)g->k <= FEW_ELEMENTS)
            NAME(multiply_few)(g);
        else
            NAME(multiply_narrow)(g);
        return;
    }
    const int64_t terms = NAME(terms)(g);
    if (g->k <= terms) {
        NAME(multiply_panel)(g);
        return;
    }
    gemm panel = *g;
    for (int64_t p = 0; p < g->k; p += terms) {
        panel.k = g->k - p < terms ? g->k - p : terms;
        panel.a = (const REAL *)g->a + p * g->a_column;
        panel.b = (const REAL *)g->b + p * g->b_row;
        NAME(multiply_panel)(&panel);
        panel.start = g->c;
        panel.start_row = g->c_row;
    }
}

/* Blocks of c are made as they are multiplied, and turned round in the cache. */
static void NAME(multiply_turned)(const gemm *g)
{
    enum { COLUMNS = MOST_VECTORS * LANES };
    REAL block[TURNED_ROWS * COLUMNS];
    const REAL *start = g->start;
    gemm part = *g;
    part.c = block;
    part.c_row = COLUMNS;
    part.start_row = COLUMNS;
    for (int64_t j = 0; j < g->n; j += COLUMNS)
        for (int64_t i = 0; i < g->m; i += TURNED_ROWS) {
            part.m = g->m - i < TURNED_ROWS ? g->m - i : TURNED_ROWS;
            part.n = g->n - j < COLUMNS ? g->n - j : COLUMNS;
            part.a = (const REAL *)g->a + i * g->a_row;
            part.b = (const REAL *)g->b + j;
            part.start = start ? block : NULL;
            for (int64_t r = 0; start && r < part.m; r++)
                for (int64_t s = 0; s < part.n; s++)
                    block[r * COLUMNS + s] = start[i + r];
            NAME(multiply)(&part);
            NAME(transpose)(part.m, part.n, block, COLUMNS, (REAL *)g->c + j * g->c_row + i, g->c_row, false);
        }
}

static bool NAME(distances)(int64_t n, const void *own, const void *squares, double near, void *y)
{
    REAL first = *(const REAL *)own, share = (REAL)near, *restrict result = y;
    const REAL *restrict second = squares;
    REAL far = 1; /* a number and no flag: it has the size of an element */
    for (int64_t j = 0; j < n; j++) {
        REAL sum = first + second[j];
        result[j] = sum - 2 * result[j];
        far = result[j] >= share * sum ? far : 0;
    }
    return far != 0;
}
