/* Matrix products: which kernel, cut how. Long because choosing a kernel and cutting the work for it are one thread of
 * decisions. */
#include "product.h"

#include <cblas.h>
#include <string.h>

#include "gemm.h"

/* ---- the way ---- */

/* A product as the kernels see it: elements of one operand, the factors, times rows of the other, the lines. Turned,
 * the operands change places and what comes out is the transposed of c; so either operand can be the one whose rows
 * must lie as they are multiplied, and if none does, the one that is less work to turn round. */
typedef struct way {
    const product *p;
    const gemm_functions *f;
    int64_t size;             /* bytes of an element */
    int64_t rows, columns, k; /* of c, or turned of cᵀ */
    bool turned;
    bool dots; /* one column, and rows of factors that are dense: scalar products */
    bool blas;
    bool panels; /* the lines are packed in panels: */
    bool pack;   /* the lines are stored as columns, and turned round first: */
    bool shared; /* in the workspace, before all else, or by each piece for itself on the stack */
    const char *factors, *lines;
    const int64_t *factor_strides, *line_strides; /* of the batch */
    int64_t factor_row, factor_column, line_row;
    int64_t packed_row, packed; /* elements of a packed line, of a packed matrix */
    int64_t matrices, packed_matrices;
    int64_t piece_rows, piece_columns, row_pieces, column_pieces, pieces;
    int64_t group; /* matrices in a piece */
    const dg_kernel *kernel;
    bool finish_in_pieces;
} way;

enum { LOCAL_BYTES = 32768, PAGE = 4096 };

/* Rounded up to whole vectors. */
static double padded(int64_t size, int64_t lanes)
{
    return (double)((size + lanes - 1) & -lanes);
}

/* Turning round takes about as long as six multiply-adds an element. Tiles of one vector take longer, because they read
 * as many factors for half the sums. */
static bool turned_is_less(const product *p, int64_t lanes)
{
    const double TURN = 6, SINGLE = 1.3;
    double k = (double)p->k, m = padded(p->m, lanes), n = padded(p->n, lanes), depth = padded(p->k, lanes);
    double straight = (double)p->m * n * k * (p->n <= lanes ? SINGLE : 1) + (p->transpose_b ? TURN * n * depth : 0);
    double turned =
        (double)p->n * m * k * (p->m <= lanes ? SINGLE : 1) + TURN * m * n + (p->transpose_a ? 0 : TURN * m * depth);
    return turned < straight;
}

/* OpenBLAS is taken for large squares alone, where its packing of both operands pays; with vectors of 64 bytes only
 * where rows of b are whole pages apart, so that they compete for the same lines of the caches. What was measured is
 * its time by the time of these kernels: one thread, float32, minima over a tenth of a second, Zen 5, OpenBLAS 0.3.21
 * with its kernels for as wide vectors (Nehalem's for 16 bytes, which like ours have no fused multiply-add).
 *
 * 64 bytes: 8x256x784 2.8, 64x256x784 1.3, 256x784x256 1.06, 384³ 1.06, 512³ 1.07, 1000³ 1.05, 1024³ 0.92
 *
 * 32 bytes: 8x256x784 1.4, 64x256x784 1.1, 256x784x256 1.01, 384³ 1.01, 512³ 0.93
 *
 * 16 bytes: 8x256x784 1.24, 64x256x784 1.05, 256x784x256 1.07, 384³ 1.04
 *
 * It also wins, and is not taken, on some products with very few columns: with vectors of 64 bytes 0.5 at 64x10x128 and
 * 0.3 at 2000x3x64, but 1.4 at 256x10x128. */
static bool blas_wins(const way *w)
{
    enum { LARGE = 512 };
    const product *p = w->p;
    int64_t vector = w->f->lanes * w->size, line = (p->transpose_b ? p->k : p->n) * w->size;
    return p->m >= LARGE && p->n >= LARGE && p->k >= LARGE && (vector == 32 || (vector == 64 && line % PAGE == 0));
}

/* Where vectors are of 32 bytes and tiles of 16 registers reach their speed only from the first cache, packing pays as
 * soon as a panel is read more than a few times. */
static bool panels_pay(const product *p, const gemm_functions *f)
{
    enum { FEWEST_ROWS = 24, FEWEST_PANELS = 3, FEWEST_TERMS = 16, LEAST_WORK = 400000 };
    return f->panels_pay && p->m >= FEWEST_ROWS && p->n >= FEWEST_PANELS * f->panel && p->k >= FEWEST_TERMS &&
           (double)p->m * (double)p->n * (double)p->k > LEAST_WORK;
}

static void take_operands(way *w)
{
    const product *p = w->p;
    int64_t lda = p->transpose_a ? p->m : p->k, ldb = p->transpose_b ? p->k : p->n;
    if (w->turned) {
        w->rows = p->n;
        w->columns = p->m;
        w->factors = p->b;
        w->factor_strides = p->b_strides;
        w->factor_row = p->transpose_b ? ldb : 1;
        w->factor_column = p->transpose_b ? 1 : ldb;
        w->lines = p->a;
        w->line_strides = p->a_strides;
        w->line_row = lda;
    } else {
        w->rows = p->m;
        w->columns = p->n;
        w->factors = p->a;
        w->factor_strides = p->a_strides;
        w->factor_row = p->transpose_a ? 1 : lda;
        w->factor_column = p->transpose_a ? lda : 1;
        w->lines = p->b;
        w->line_strides = p->b_strides;
        w->line_row = ldb;
    }
}

static void choose(way *w)
{
    const product *p = w->p;
    bool row = p->m == 1, column = p->n == 1; /* such an operand lies the same way, transposed or not */
    w->blas = blas_wins(w);
    if (column && (row || !p->transpose_a))
        w->dots = true;
    else if (row && p->transpose_b)
        w->dots = w->turned = true;
    else if (column)
        w->turned = true;
    else if (!row && !w->blas)
        w->panels = panels_pay(p, w->f);
    if (!row && !column && !w->blas)
        w->turned = turned_is_less(p, w->f->lanes);
    take_operands(w);
    w->pack = !w->dots && !w->blas && !w->panels && (w->turned ? !p->transpose_a : p->transpose_b);
}

/* ---- the pieces ---- */

/* Work is counted in multiply-adds, of which a core does some hundred a nanosecond; matrix-vector products, which wait
 * for memory, do a tenth of that, and so do those that are mostly writing. */
enum {
    SERIAL_WORK = 1500000, /* some 12 µs are not worth a second thread */
    PIECE_WORK = 1000000,
    MOST_PIECES = 32,
    ENOUGH_PIECES = 4, /* to share out among threads: more only where full rows of c stay together */
    LEAST_ROWS = 16,   /* of a piece: each reads all the lines */
    LEAST_PANEL_ROWS = 48,
    LEAST_COLUMNS = 64,    /* whole panels */
    MOST_SHARED = 4 << 20, /* bytes of packed panels that all pieces read */
    PACK_DEPTH = 1024,
    BLAS_SIDE = 256 /* of its tiles, which pack both operands */
};

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* How many parts of at least `unit` a side is cut into, `wanted` or less. */
static int64_t parts(int64_t side, int64_t unit, int64_t wanted)
{
    int64_t count = least(side / unit, wanted);
    return count > 1 ? count : 1;
}

static int64_t part_size(int64_t side, int64_t count, int64_t unit)
{
    return ((side + count - 1) / count + unit - 1) / unit * unit;
}

/* Along the rows of c first, so that pieces hold full rows. */
static void cut_matrix(way *w, int64_t wanted)
{
    int64_t unit_rows = w->blas     ? BLAS_SIDE
                        : w->panels ? LEAST_PANEL_ROWS
                                    : LEAST_ROWS,
            unit_columns = w->blas ? BLAS_SIDE : LEAST_COLUMNS;
    int64_t row_parts = 1, column_parts = 1;
    if (w->blas) {
        row_parts = parts(w->rows, unit_rows, ENOUGH_PIECES);
        column_parts = parts(w->columns, unit_columns, ENOUGH_PIECES);
    } else if (w->turned) {
        column_parts = parts(w->columns, unit_columns, wanted);
        if (column_parts < ENOUGH_PIECES)
            row_parts = parts(w->rows, unit_rows, wanted / column_parts);
    } else {
        if (w->panels && (double)w->k * (double)w->columns * (double)w->size > MOST_SHARED)
            unit_rows = w->rows;
        row_parts = parts(w->rows, unit_rows, wanted);
        if (row_parts < ENOUGH_PIECES)
            column_parts = parts(w->columns, unit_columns, wanted / row_parts);
    }
    /* Turned, rows are columns of c: pieces begin with a cache line of their own. */
    w->piece_rows = part_size(w->rows, row_parts, w->turned ? LEAST_ROWS : 1);
    w->piece_columns = column_parts > 1 ? part_size(w->columns, column_parts, unit_columns) : w->columns;
    w->row_pieces = (w->rows + w->piece_rows - 1) / w->piece_rows;
    w->column_pieces = (w->columns + w->piece_columns - 1) / w->piece_columns;
    w->pieces = w->matrices * w->row_pieces * w->column_pieces;
}

static void cut(way *w)
{
    double depth = w->k < 16 ? 16 : (double)w->k, each = (double)w->rows * (double)w->columns * depth;
    if (w->rows == 1 || w->columns == 1)
        each *= 10;
    w->piece_rows = w->rows;
    w->piece_columns = w->columns;
    w->row_pieces = w->column_pieces = w->pieces = 1;
    w->group = w->matrices;
    if (each * (double)w->matrices < SERIAL_WORK)
        return;
    double wanted = each / PIECE_WORK;
    w->group = 1;
    if (wanted >= 2 && w->matrices < MOST_PIECES) {
        double most = (double)(MOST_PIECES / w->matrices);
        cut_matrix(w, (int64_t)(wanted < most ? wanted : most));
        return;
    }
    if (wanted < 1)
        w->group = wanted * (double)w->matrices < 1 ? w->matrices : least(w->matrices, (int64_t)(1 / wanted));
    w->pieces = (w->matrices + w->group - 1) / w->group;
}

static bool one_for_all(const dg_shape *batch, const int64_t *strides)
{
    for (int d = 0; d < batch->rank; d++)
        if (strides[d] != 0)
            return false;
    return true;
}

/* A packed line has room for whole vectors; lines must not lie whole pages apart, see blas_wins. */
static void place_packed(way *w)
{
    if (w->panels) { /* which one piece of rows may pack as it goes */
        w->shared = w->turned || w->row_pieces > 1;
        w->packed = (w->columns + w->f->panel - 1) / w->f->panel * w->f->panel * w->k;
        w->packed_matrices = one_for_all(&w->p->batch, w->line_strides) ? 1 : w->matrices;
        return;
    }
    int64_t columns = (w->columns + w->f->lanes - 1) & -(int64_t)w->f->lanes;
    int64_t piece = (w->piece_columns + w->f->lanes - 1) & -(int64_t)w->f->lanes;
    w->shared = (double)w->k * (double)piece * (double)w->size > LOCAL_BYTES;
    w->packed_row = !w->shared ? piece : columns * w->size % (PAGE / 2) == 0 ? columns + w->f->lanes : columns;
    w->packed = w->packed_row * w->k;
    w->packed_matrices = one_for_all(&w->p->batch, w->line_strides) ? 1 : w->matrices;
}

static void plan(way *w, const product *p)
{
    *w = (way){.p = p, .f = gemm_for(p->dtype), .size = (int64_t)dg_dtype_size(p->dtype), .k = p->k, .matrices = 1};
    if (p->batch.rank > 0)
        w->matrices = dg_shape_count(&p->batch);
    choose(w);
    if (w->matrices == 0 || w->rows == 0 || w->columns == 0)
        return;
    cut(w);
    if (w->pack || w->panels)
        place_packed(w);
}

/* ---- the work ---- */

/* Where matrix number `index` of the batch begins. */
static int64_t batch_offset(const dg_shape *batch, const int64_t *strides, int64_t index)
{
    int64_t offset = 0;
    for (int d = batch->rank - 1; d >= 0; d--) {
        offset += index % batch->dims[d] * strides[d];
        index /= batch->dims[d];
    }
    return offset;
}

typedef struct tile {
    int64_t matrix, row, column, rows, columns;
} tile;

static void multiply_blas(const way *w, const tile *t, const char *a, const char *b, char *c)
{
    const product *p = w->p;
    CBLAS_TRANSPOSE ta = p->transpose_a ? CblasTrans : CblasNoTrans, tb = p->transpose_b ? CblasTrans : CblasNoTrans;
    blasint m = (blasint)t->rows, n = (blasint)t->columns, k = (blasint)w->k, ldc = (blasint)p->n;
    blasint lda = (blasint)(p->transpose_a ? p->m : p->k), ldb = (blasint)(p->transpose_b ? p->k : p->n);
    const char *bias = p->bias ? (const char *)p->bias + t->column * w->size : NULL;
    for (int64_t i = 0; bias && i < t->rows; i++)
        memcpy(c + i * p->n * w->size, bias, (size_t)(t->columns * w->size));
    if (p->dtype == DG_FLOAT32)
        cblas_sgemm(CblasRowMajor, ta, tb, m, n, k, 1, (const float *)a, lda, (const float *)b, ldb, bias ? 1 : 0,
                    (float *)c, ldc);
    else
        cblas_dgemm(CblasRowMajor, ta, tb, m, n, k, 1, (const double *)a, lda, (const double *)b, ldb, bias ? 1 : 0,
                    (double *)c, ldc);
}

static void multiply(const way *w, const gemm *g)
{
    if (w->panels) {
        (w->turned ? w->f->multiply_turned_panels : w->f->multiply_panels)(g);
        return;
    }
    bool vector = w->rows == 1 && !g->start; /* which is its own transposed */
    if (w->turned && !vector)
        w->f->multiply_turned(g);
    else
        w->f->multiply(g);
}

static __attribute__((noinline)) void pack_and_multiply(const way *w, const tile *t, gemm *g)
{
    _Alignas(64) char packed[LOCAL_BYTES];
    w->f->transpose(t->columns, w->k, g->b, w->line_row, packed, w->packed_row, true);
    g->b = packed;
    g->b_row = w->packed_row;
    multiply(w, g);
}

static void run_tile(const way *w, const tile *t)
{
    const product *p = w->p;
    int64_t factors_at = t->row * w->factor_row,
            lines_at = t->column * (w->pack || (!w->turned && p->transpose_b) ? w->line_row : 1);
    int64_t c_at = w->turned ? t->column * p->n + t->row : t->row * p->n + t->column;
    int64_t bias_at = w->turned ? t->row : t->column;
    if (p->batch.rank > 0) {
        factors_at += batch_offset(&p->batch, w->factor_strides, t->matrix);
        lines_at += batch_offset(&p->batch, w->line_strides, t->matrix);
        c_at += t->matrix * p->m * p->n;
    }
    const char *factors = w->factors + factors_at * w->size, *lines = w->lines + lines_at * w->size;
    const char *bias = p->bias ? (const char *)p->bias + bias_at * w->size : NULL;
    char *c = (char *)p->c + c_at * w->size;
    if (w->blas) {
        multiply_blas(w, t, factors, lines, c);
        return;
    }
    if (w->dots) {
        w->f->dots(t->rows, w->k, factors, w->factor_row, lines, bias, w->turned, c);
        return;
    }
    gemm g = {.m = t->rows,
              .n = t->columns,
              .k = w->k,
              .a = factors,
              .a_row = w->factor_row,
              .a_column = w->factor_column,
              .b = lines,
              .b_row = w->line_row,
              .c = c,
              .c_row = p->n,
              .start = bias};
    if (w->pack && !w->shared) {
        pack_and_multiply(w, t, &g);
        return;
    }
    if (w->panels && !w->shared) {
        g.b_row = p->transpose_b ? 1 : w->line_row;
        g.b_column = p->transpose_b ? w->line_row : 1;
    } else if (w->shared) {
        int64_t matrix = w->packed_matrices > 1 ? t->matrix : 0, at = t->column * (w->panels ? w->k : 1);
        g.b = (const char *)w->kernel->workspace + (matrix * w->packed + at) * w->size;
        g.b_row = w->packed_row;
        g.b_panel = w->panels ? w->f->panel * w->k : 0;
    }
    multiply(w, &g);
}

/* Elements [begin, end) of c hold their sums. */
static void finish(const product *p, const dg_kernel *kernel, int64_t begin, int64_t end)
{
    if (p->finish)
        p->finish(p->finish_argument, begin, end);
    dg_epilogue_run(kernel, begin, end);
}

static void run_matrices(const way *w, tile *t, int64_t begin, int64_t end)
{
    const product *p = w->p;
    for (t->matrix = begin; t->matrix < end; t->matrix++) {
        run_tile(w, t);
        if (!w->finish_in_pieces)
            continue;
        int64_t at = t->matrix * p->m * p->n + (w->turned ? t->column * p->n + t->row : t->row * p->n + t->column);
        finish(p, w->kernel, at, at + t->rows * t->columns);
    }
}

static void run_piece(void *argument, int64_t piece)
{
    const way *w = argument;
    int64_t tiles = w->row_pieces * w->column_pieces, begin = piece / tiles * w->group;
    tile t = {.row = piece % tiles / w->column_pieces * w->piece_rows,
              .column = piece % w->column_pieces * w->piece_columns};
    t.rows = least(w->rows - t.row, w->piece_rows);
    t.columns = least(w->columns - t.column, w->piece_columns);
    run_matrices(w, &t, begin, least(w->matrices, begin + w->group));
}

static void run_whole(const way *w)
{
    tile t = {.rows = w->rows, .columns = w->columns};
    run_matrices(w, &t, 0, w->matrices);
}

/* Lines are packed in blocks of LEAST_COLUMNS by PACK_DEPTH. */
static int64_t column_blocks(const way *w)
{
    return (w->columns + LEAST_COLUMNS - 1) / LEAST_COLUMNS;
}

static int64_t depth_blocks(const way *w)
{
    return (w->k + PACK_DEPTH - 1) / PACK_DEPTH;
}

/* Panels of one block of columns, of all depths. */
static void pack_panels(void *argument, int64_t piece)
{
    const way *w = argument;
    bool turn = w->turned ? !w->p->transpose_a : w->p->transpose_b;
    int64_t panel = w->f->panel, blocks = column_blocks(w), matrix = piece / blocks,
            begin = piece % blocks * LEAST_COLUMNS;
    const char *lines = w->lines + batch_offset(&w->p->batch, w->line_strides, matrix) * w->size;
    for (int64_t j = begin; j < least(w->columns, begin + LEAST_COLUMNS); j += panel)
        w->f->pack_panel(w->k, least(panel, w->columns - j), lines + j * (turn ? w->line_row : 1) * w->size,
                         turn ? 1 : w->line_row, turn ? w->line_row : 1,
                         (char *)w->kernel->workspace + (matrix * w->packed + j * w->k) * w->size);
}

static void pack_piece(void *argument, int64_t piece)
{
    const way *w = argument;
    int64_t depths = depth_blocks(w), columns = column_blocks(w);
    int64_t p = piece % depths * PACK_DEPTH, column = piece / depths % columns * LEAST_COLUMNS;
    int64_t matrix = piece / depths / columns;
    int64_t from = batch_offset(&w->p->batch, w->line_strides, matrix) + column * w->line_row + p;
    int64_t to = matrix * w->packed + p * w->packed_row + column;
    w->f->transpose(least(w->columns - column, LEAST_COLUMNS), least(w->k - p, PACK_DEPTH), w->lines + from * w->size,
                    w->line_row, (char *)w->kernel->workspace + to * w->size, w->packed_row, true);
}

enum { FINISH_CHUNK = 8192 };

static void finish_piece(void *argument, int64_t piece)
{
    const way *w = argument;
    int64_t count = w->matrices * w->p->m * w->p->n, begin = piece * FINISH_CHUNK;
    finish(w->p, w->kernel, begin, least(count, begin + FINISH_CHUNK));
}

/* ---- the smallest ---- */

/* A single product so small that planning it would take as long as computing it. */
static bool is_small(const product *p)
{
    enum { SMALL = 32 };
    return p->batch.rank == 0 && p->m > 0 && p->n > 0 && p->m <= SMALL && p->n <= SMALL && p->k <= SMALL;
}

static void run_small(const product *p)
{
    const gemm_functions *f = gemm_for(p->dtype);
    if (p->n == 1 && (p->m == 1 || !p->transpose_a)) {
        f->dots(p->m, p->k, p->a, p->k, p->b, p->bias, 0, p->c);
        return;
    }
    if (p->m == 1 && p->transpose_b) {
        f->dots(p->n, p->k, p->b, p->k, p->a, p->bias, 1, p->c);
        return;
    }
    if (p->transpose_a && !p->transpose_b && p->n <= f->lanes / 4 && p->m >= f->lanes) {
        f->multiply_turned(&(gemm){.m = p->n,
                                   .n = p->m,
                                   .k = p->k,
                                   .a = p->b,
                                   .a_row = 1,
                                   .a_column = p->n,
                                   .b = p->a,
                                   .b_row = p->m,
                                   .c = p->c,
                                   .c_row = p->n,
                                   .start = p->bias});
        return;
    }
    _Alignas(64) char packed[LOCAL_BYTES];
    gemm g = {.m = p->m,
              .n = p->n,
              .k = p->k,
              .a = p->a,
              .a_row = p->transpose_a ? 1 : p->k,
              .a_column = p->transpose_a ? p->m : 1,
              .b = p->b,
              .b_row = p->n,
              .c = p->c,
              .c_row = p->n,
              .start = p->bias};
    if (p->transpose_b) {
        g.b = packed;
        g.b_row = (p->n + f->lanes - 1) & -(int64_t)f->lanes;
        f->transpose(p->n, p->k, p->b, p->k, packed, g.b_row, true);
    }
    f->multiply(&g);
}

size_t product_workspace(const product *p)
{
    way w;
    if (is_small(p))
        return 0;
    plan(&w, p);
    return w.shared ? (size_t)(w.packed_matrices * w.packed * w.size) : 0;
}

dg_status product_run(const product *p, const dg_kernel *kernel)
{
    way w;
    if (p->m > INT32_MAX || p->n > INT32_MAX || p->k > INT32_MAX)
        return dg_error(DG_BAD_SHAPE, "a product of [%lld, %lld] and [%lld, %lld] is too large to be indexed",
                        (long long)p->m, (long long)p->k, (long long)p->k, (long long)p->n);
    if (is_small(p)) {
        run_small(p);
        finish(p, kernel, 0, p->m * p->n);
        return dg_ok();
    }
    plan(&w, p);
    if (w.pieces == 0)
        return dg_ok();
    w.kernel = kernel;
    /* What a piece writes is one stretch of c. */
    bool stretch = w.turned ? w.row_pieces == 1 || w.columns == 1 : w.column_pieces == 1 || w.rows == 1;
    bool finishes = p->finish || kernel->epilogue;
    w.finish_in_pieces = finishes && stretch;
    dg_threads *threads = w.pieces > 1 ? kernel->threads : NULL;
    if (w.shared) {
        int64_t blocks = w.packed_matrices * column_blocks(&w) * (w.panels ? 1 : depth_blocks(&w)); /* 3 µs or more */
        dg_threads_run(blocks > 2 ? threads : NULL, blocks, w.panels ? pack_panels : pack_piece, &w);
    }
    if (w.pieces == 1)
        run_whole(&w);
    else
        dg_threads_run(threads, w.pieces, run_piece, &w);
    if (finishes && !stretch)
        dg_threads_run(threads, (w.matrices * p->m * p->n + FINISH_CHUNK - 1) / FINISH_CHUNK, finish_piece, &w);
    return dg_ok();
}
