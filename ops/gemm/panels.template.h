/* Products whose b lies in panels: columns two vectors wide, row after row without gaps. A panel stays in the first
 * cache while a block of a passes over it, and no two rows of it compete for one line of that cache, as
 * rows whole pages apart do. */
#if !defined(REAL) || !defined(NAME) || !defined(LANES)
#error "this is a template: REAL, NAME and LANES must be defined"
#endif

enum {
    NAME(wide) = 2 * LANES,                                   /* columns of a panel */
    NAME(most_depth) = MOST_PANEL_BYTES / (2 * VECTOR_BYTES), /* rows of b at a time */
    NAME(most_block) = MOST_BLOCK_BYTES / (int)sizeof(REAL),  /* elements of a */
};

/* Rows of b at a time: about as many each time, and whole SUMMED, so that sums are the same whatever the caches. */
static int64_t NAME(depth)(int64_t k)
{
    int64_t most = least(machine_here().first / 4 * 3 / (2 * VECTOR_BYTES), NAME(most_depth)) / SUMMED * SUMMED;
    most = most > SUMMED ? most : SUMMED;
    int64_t parts = (k + most - 1) / most;
    return ((k + parts - 1) / parts + SUMMED - 1) / SUMMED * SUMMED;
}

/* Rows of a of that depth in sixes. */
static int64_t NAME(block_rows)(int64_t depth)
{
    int64_t most = least(machine_here().second / 8 / sizeof(REAL), NAME(most_block)) / depth / SIX * SIX;
    return most > SIX ? most : SIX;
}

/* panel[k, wide] = b[p, j], j < width. Of a last vector that is not whole, the rest is 0. */
static void NAME(pack_panel)(int64_t k, int64_t width, const void *b, int64_t b_row, int64_t b_column, void *panel)
{
    const REAL *from = b;
    REAL *to = panel;
    if (b_column != 1) {
        NAME(transpose)(width, k, b, b_column, panel, NAME(wide), true);
        return;
    }
    if (width == NAME(wide))
        for (int64_t p = 0; p < k; p++, from += b_row, to += NAME(wide)) {
            NAME(store)(to, NAME(load)(from));
            NAME(store)(to + LANES, NAME(load)(from + LANES));
        }
    else
        for (int64_t p = 0; p < k; p++, from += b_row, to += NAME(wide)) {
            int64_t whole = width >= LANES ? LANES : 0;
            if (whole)
                NAME(store)(to, NAME(load)(from));
            if (width > whole)
                NAME(store)(to + whole, NAME(load_part)(from + whole, width - whole));
        }
}

/* Rows of a that lie transposed, in groups of SIX: [rows / SIX][k][SIX]. The last may be less. */
static void NAME(pack_rows)(int64_t rows, int64_t k, const REAL *a, int64_t a_column, REAL *to)
{
    for (; rows >= SIX; rows -= SIX, a += SIX)
        for (int64_t p = 0; p < k; p++, to += SIX)
            memcpy(to, a + p * a_column, SIX * sizeof(REAL));
    for (int64_t p = 0; rows > 0 && p < k; p++, to += SIX)
        memcpy(to, a + p * a_column, (size_t)rows * sizeof(REAL));
}

/* Less than a vector of columns: the tile is made in a buffer. */
static void NAME(multiply_edge)(const gemm *g, int64_t rows, int64_t width, const REAL *a, const REAL *b, REAL *c,
                                const REAL *start)
{
    REAL block[SIX * LANES];
    gemm part = *g;
    part.c_row = part.start_row = LANES;
    if (start)
        NAME(copy_parts)(rows, width, block, LANES, start, g->start_row);
    NAME(tiles_1)[rows](&part, a, b, 0, block, start ? block : NULL);
    NAME(copy_parts)(rows, width, c, g->c_row, block, LANES);
}

/* A block of rows by one panel. In_sixes: of pack_rows. */
static void NAME(multiply_block)(const gemm *g, int64_t width, bool in_sixes, const REAL *a, const REAL *b, REAL *c,
                                 const REAL *start)
{
    int64_t count;
    for (int64_t left = g->m; left > 0; left -= count) {
        int64_t tiles = (left + SIX - 1) / SIX;
        count = !in_sixes ? (left + tiles - 1) / tiles : left < SIX ? left : SIX;
        if (g->ahead)
            ahead_fetch(g->ahead, g->ahead->part);
        if (width < LANES)
            NAME(multiply_edge)(g, count, width, a, b, c, start);
        else if (width == LANES)
            NAME(tiles_1)[count](g, a, b, 0, c, start);
        else
            NAME(tiles_2)[count](g, a, b, width - LANES, c, start);
        a += in_sixes ? SIX * g->k : count * g->a_row;
        c += count * g->c_row;
        start = start ? start + count * g->start_row : NULL;
    }
}

/* A block of rows by all panels, of a part of k. */
static void NAME(multiply_rows)(const gemm *g, bool in_sixes, const REAL *a)
{
    _Alignas(64) REAL panel[NAME(most_depth) * NAME(wide)];
    const REAL *b = g->b, *start = g->start;
    gemm block = *g;
    block.b_row = NAME(wide);
    if (in_sixes) {
        block.a_row = 1;
        block.a_column = SIX;
    }
    for (int64_t j = 0; j < g->n; j += NAME(wide)) {
        int64_t width = g->n - j < NAME(wide) ? g->n - j : NAME(wide);
        const REAL *lines = panel;
        if (g->b_panel)
            lines = b + j / NAME(wide) * g->b_panel;
        else
            NAME(pack_panel)(g->k, width, b + j * g->b_column, g->b_row, g->b_column, panel);
        NAME(multiply_block)(&block, width, in_sixes, a, lines, (REAL *)g->c + j, start ? start + j : NULL);
    }
}

/* a in sixes takes room on the stack. */
static __attribute__((noinline)) void NAME(multiply_transposed_rows)(const gemm *g)
{
    _Alignas(64) REAL sixes[NAME(most_block)];
    NAME(pack_rows)(g->m, g->k, g->a, g->a_column, sixes);
    NAME(multiply_rows)(g, true, sixes);
}

static void NAME(multiply_panels)(const gemm *g)
{
    if (g->k <= 0) {
        NAME(multiply_nothing)(g);
        return;
    }
    int64_t depth = NAME(depth)(g->k);
    bool in_sixes = g->a_row == 1 && g->n > 2 * NAME(wide);
    int64_t most = in_sixes ? NAME(block_rows)(depth) : LOOSE_ROWS;
    int64_t b_step = g->b_panel ? NAME(wide) : g->b_row;
    gemm part = *g;
    for (int64_t p = 0; p < g->k; p += depth) {
        part.k = g->k - p < depth ? g->k - p : depth;
        part.b = (const REAL *)g->b + p * b_step;
        for (int64_t i = 0; i < g->m; i += most) {
            part.m = g->m - i < most ? g->m - i : most;
            part.a = (const REAL *)g->a + i * g->a_row + p * g->a_column;
            part.c = (REAL *)g->c + i * g->c_row;
            part.start = p > 0 ? part.c : g->start ? (const REAL *)g->start + i * g->start_row : NULL;
            part.start_row = p > 0 ? g->c_row : g->start_row;
            if (in_sixes)
                NAME(multiply_transposed_rows)(&part);
            else
                NAME(multiply_rows)(&part, false, part.a);
        }
    }
}

static int64_t NAME(tiles_of)(int64_t m, int64_t n, int64_t k, bool panels)
{
    int64_t rows = panels ? SIX : most_rows[MOST_VECTORS], columns = panels ? NAME(wide) : MOST_VECTORS * LANES;
    int64_t depth = !panels ? DEPTH : k > 0 ? NAME(depth)(k) : 1;
    return ((m + rows - 1) / rows) * ((n + columns - 1) / columns) * ((k + depth - 1) / depth);
}

/* Blocks of c are made as they are multiplied, and turned round in the cache. */
static void NAME(multiply_turned_panels)(const gemm *g)
{
    enum { COLUMNS = 4 * NAME(wide) };
    REAL block[TURNED_ROWS * COLUMNS];
    const REAL *start = g->start;
    gemm part = *g;
    part.c = block;
    part.c_row = part.start_row = COLUMNS;
    for (int64_t i = 0; i < g->m; i += TURNED_ROWS)
        for (int64_t j = 0; j < g->n; j += COLUMNS) {
            part.m = g->m - i < TURNED_ROWS ? g->m - i : TURNED_ROWS;
            part.n = g->n - j < COLUMNS ? g->n - j : COLUMNS;
            part.a = (const REAL *)g->a + i * g->a_row;
            part.b = (const REAL *)g->b + j / NAME(wide) * g->b_panel;
            part.start = start ? block : NULL;
            for (int64_t r = 0; start && r < part.m; r++)
                for (int64_t s = 0; s < part.n; s++)
                    block[r * COLUMNS + s] = start[i + r];
            NAME(multiply_panels)(&part);
            NAME(transpose)(part.m, part.n, block, COLUMNS, (REAL *)g->c + j * g->c_row + i, g->c_row, false);
        }
}
