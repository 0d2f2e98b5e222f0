/* Matrix products: which kernel, cut how. */
#include "way.h"

#include "core/base/blas.h"

enum { PAGE = 4096 };

/* Rounded up to whole vectors. */
static double padded(int64_t size, int64_t lanes)
{
    return (double)((size + lanes - 1) & -lanes);
}

/* Multiply-adds that turning one element round takes as long as: a matrix that no cache holds, line by line into
 * another such one, takes far longer. (One row times 4096x4096, Ice Lake: 4.8 ns an element.) */
static double turning(int64_t elements, int64_t size)
{
    enum { CACHED = 1 << 20 };
    return (double)elements * (double)size > CACHED ? 40 : 6;
}

/* Tiles of one vector take longer, because they read as many factors for half the sums. */
static bool turned_is_less(const product *p, int64_t lanes)
{
    const double SINGLE = 1.3;
    const int64_t size = (int64_t)dg_dtype_size(p->dtype);
    double k = (double)p->k, m = padded(p->m, lanes), n = padded(p->n, lanes), depth = padded(p->k, lanes);
    double straight = (double)p->m * n * k * (p->n <= lanes ? SINGLE : 1) +
                      (p->transpose_b ? turning(p->n * p->k, size) * n * depth : 0);
    double turned = (double)p->n * m * k * (p->m <= lanes ? SINGLE : 1) + turning(p->m * p->n, size) * m * n +
                    (p->transpose_a ? 0 : turning(p->m * p->k, size) * m * depth);
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
 * 0.3 at 2000x3x64, but 1.4 at 256x10x128. Nor is it where it does not know the processor. */
static bool blas_wins(const way *w)
{
    enum { LARGE = 512 };
    const product *p = w->p;
    int64_t vector = w->f->lanes * w->size, line = (p->transpose_b ? p->k : p->n) * w->size;
    return p->m >= LARGE && p->n >= LARGE && p->k >= LARGE && (vector == 32 || (vector == 64 && line % PAGE == 0)) &&
           blas_has(vector);
}

/* Where vectors are of 32 bytes and tiles of 16 registers reach their speed only from the first cache, packing pays as
 * soon as a panel is read more than a few times. */
static bool panels_pay(const product *p, const gemm_functions *f)
{
    enum { FEWEST_ROWS = 24, FEWEST_PANELS = 3, FEWEST_TERMS = 16, LEAST_WORK = 400000 };
    return f->panels_pay && p->m >= FEWEST_ROWS && p->n >= FEWEST_PANELS * f->panel && p->k >= FEWEST_TERMS &&
           (double)p->m * (double)p->n * (double)p->k > LEAST_WORK;
}

/* Wider vectors, and twice the registers, multiply lines as they lie about as fast as panels, and need not pack them.
 * But lines that lie half a page apart, or whole ones, share a few places of the first cache, and many of them more
 * pages than it has translations for; and lines that do not begin with a vector are read in halves. Time in panels by
 * time without, Ice Lake, float32, one thread, products NN of 64 rows and TN of 256 (minima; m, n, k): 64x512x512 1.06,
 * 64x512x784 .79, 64x512x1024 .66, 64x1024x512 .68, 64x500x1024 .90; TN 256x512x512 .96, 256x512x784 .64, 256x1024x640
 * .24, 256x500x784 .80; else 64x784x1024 1.19, 64x256x784 1.38. */
static bool lines_compete(const way *w)
{
    enum { FEWEST_ROWS = 24, LEAST_SPAN = 1300000, MANY_ROWS = 64, LEAST_COLUMNS_HALVED = 384 };
    int64_t line = w->line_row * w->size, vector = w->f->lanes * w->size;
    bool lie = w->turned ? w->p->transpose_a : !w->p->transpose_b;
    if (vector < 64 || !lie || w->rows < FEWEST_ROWS || w->columns < 2 * w->f->panel)
        return false;
    if (line % (PAGE / 2) == 0)
        return (double)line * (double)w->k >= LEAST_SPAN;
    return line % vector != 0 && w->rows >= MANY_ROWS && w->columns >= LEAST_COLUMNS_HALVED;
}

/* A few rows times many that lie along k, as a batch of a few times weights: both are read in whole vectors, and none
 * is turned round. Adding up the elements of a vector takes as long as some `lanes` multiply-adds of vectors; the other
 * ways take for each term of a row as long as for whole vectors of sums. More than twice over, the few are read from a
 * near cache or not at all. Time by that of the others, Zen 5, float32, one thread, minima, weights 256x784, 1024²,
 * 4096² (rows: with 32 bytes; with 64): 2: .26 .28 .67; .30 .25 .50, 4: .49 .54 .83; .36 .30 .71, 6: .63 - .70; .61 -
 * .58, 8: .99 .98 1.32, not taken; .63 .57 .90, 12: .81 .83 1.05; .80 .86 1.12, the last not taken. */
static bool pairs_pay(const product *p, const gemm_functions *f)
{
    enum { FEWEST_VECTORS = 12, NEAR_BYTES = 65536 };
    int64_t few = least(p->m, p->n), sum = (int64_t)f->lanes * f->lanes, size = (int64_t)dg_dtype_size(p->dtype);
    int64_t most = (double)few * (double)p->k * (double)size > NEAR_BYTES ? f->few : 2 * f->few;
    return !p->transpose_a && p->transpose_b && few > 1 && few <= most && p->k >= FEWEST_VECTORS * f->lanes &&
           (double)few * (double)(p->k + sum) < padded(few, f->lanes) * (double)p->k;
}

static void take_operands(way *w)
{
    const product *p = w->p;
    int64_t lda = p->transpose_a ? p->m : p->k, ldb = p->transpose_b ? p->k : p->n;
    if (w->turned) {
        w->rows = p->n;
        w->columns = p->m;
        w->factors = p->b;
        w->factor_type = p->b_type;
        w->line_type = p->a_type;
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
        w->factor_type = p->a_type;
        w->line_type = p->b_type;
        w->factor_strides = p->a_strides;
        w->factor_row = p->transpose_a ? 1 : lda;
        w->factor_column = p->transpose_a ? lda : 1;
        w->lines = p->b;
        w->line_strides = p->b_strides;
        w->line_row = ldb;
    }
    w->factor_size = w->factor_type ? (int64_t)dg_dtype_size(w->factor_type) : w->size;
    w->line_size = w->line_type ? (int64_t)dg_dtype_size(w->line_type) : w->size;
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
    else if (!row && !w->blas && pairs_pay(p, w->f))
        w->pairs = true;
    else if (!row && !w->blas)
        w->panels = panels_pay(p, w->f);
    if (w->pairs)
        w->turned = p->m <= p->n;
    else if (!row && !column && !w->blas)
        w->turned = turned_is_less(p, w->f->lanes);
    take_operands(w);
    if (!row && !column && !w->blas && !w->pairs && lines_compete(w))
        w->panels = true;
    w->pack = !w->dots && !w->pairs && !w->blas && !w->panels && (w->turned ? !p->transpose_a : p->transpose_b);
}

/* ---- the pieces ---- */

/* Work is counted in multiply-adds with vectors of WIDE_LANES, of which a core does some hundred a nanosecond; with
 * narrower ones it takes so much longer. Matrix-vector products, which wait for memory, do a tenth of that, and so do
 * those that are mostly writing. */
enum {
    WIDE_LANES = 16,
    SERIAL_WORK = 1500000, /* some 12 µs are not worth a second thread */
    PIECE_WORK = 1000000,
    MOST_PIECES = 32,
    ENOUGH_PIECES = 4, /* to share out among threads: more only where full rows of c stay together */
    LEAST_ROWS = 16,   /* of a piece: each reads all the lines */
    LEAST_PANEL_ROWS = 48,
    LEAST_FAR_ROWS = 64, /* where the lines are more bytes than FAR_LINES, which no near cache holds */
    FAR_LINES = 1 << 20,
    MOST_SHARED = 4 << 20, /* bytes of packed panels that all pieces read */
    BLAS_SIDE = 256        /* of its tiles, which pack both operands */
};

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
    const double lines = (double)w->k * (double)w->columns * (double)w->size;
    int64_t unit_rows = w->blas             ? BLAS_SIDE
                        : w->panels         ? LEAST_PANEL_ROWS
                        : lines > FAR_LINES ? LEAST_FAR_ROWS
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
        if (w->panels && lines > MOST_SHARED)
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
    each *= (double)WIDE_LANES / (double)w->f->lanes;
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
        w->shared = w->turned || w->row_pieces > 1 || w->line_type;
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

void way_plan(way *w, const product *p)
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
