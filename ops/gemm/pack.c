/* Lines are packed, and what is kept in 16 bits becomes float32. */
#include "way.h"

/* ---- operands in 16 bits ---- */

enum { HALF_ROWS = 32, HALF_DEPTH = 256 }; /* of a block that is widened in the first cache; rows in whole vectors */

gemm_dots *dots_of(const way *w)
{
    return !w->factor_type                ? w->f->dots
           : w->factor_type == DG_FLOAT16 ? gemm_kernels()->dots_float16
                                          : gemm_kernels()->dots_bfloat16;
}

gemm_pairs *pairs_of(const way *w)
{
    return !w->factor_type                ? w->f->pairs
           : w->factor_type == DG_FLOAT16 ? gemm_kernels()->pairs_float16
                                          : gemm_kernels()->pairs_bfloat16;
}

/* rows × columns numbers in 16 bits, widened to rows of HALF_DEPTH. */
static void widen_block(dg_dtype type, int64_t rows, int64_t columns, const char *from, int64_t from_row, float *block)
{
    for (int64_t i = 0; i < rows; i++)
        dg_half_widen(type, from + i * from_row * (int64_t)sizeof(uint16_t), columns, block + i * HALF_DEPTH);
}

static __attribute__((noinline)) void transpose_half_lines(const way *w, int64_t rows, int64_t columns,
                                                           const char *from, char *to)
{
    float block[HALF_ROWS * HALF_DEPTH];
    for (int64_t p = 0; p < columns; p += HALF_DEPTH)
        for (int64_t i = 0; i < rows; i += HALF_ROWS) {
            int64_t height = least(rows - i, HALF_ROWS), width = least(columns - p, HALF_DEPTH);
            widen_block(w->line_type, height, width, from + (i * w->line_row + p) * w->line_size, w->line_row, block);
            w->f->transpose(height, width, block, HALF_DEPTH, to + (p * w->packed_row + i) * w->size, w->packed_row,
                            true);
        }
}

void transpose_lines(const way *w, int64_t rows, int64_t columns, const char *from, char *to)
{
    if (w->line_type)
        transpose_half_lines(w, rows, columns, from, to);
    else
        w->f->transpose(rows, columns, from, w->line_row, to, w->packed_row, true);
}

static __attribute__((noinline)) void pack_half_panel(const way *w, int64_t width, const char *from, int64_t from_row,
                                                      int64_t from_column, char *to)
{
    float block[HALF_ROWS * HALF_DEPTH];
    bool turn = from_column != 1;
    int64_t most = turn ? HALF_DEPTH : HALF_ROWS;
    for (int64_t p = 0; p < w->k; p += most) {
        int64_t depth = least(w->k - p, most);
        const char *part = from + p * from_row * w->line_size;
        widen_block(w->line_type, turn ? width : depth, turn ? depth : width, part, turn ? from_column : from_row,
                    block);
        w->f->pack_panel(depth, width, block, turn ? 1 : HALF_DEPTH, turn ? HALF_DEPTH : 1,
                         to + p * w->f->panel * w->size);
    }
}

static void pack_panel(const way *w, int64_t width, const char *from, int64_t from_row, int64_t from_column, char *to)
{
    if (w->line_type)
        pack_half_panel(w, width, from, from_row, from_column, to);
    else
        w->f->pack_panel(w->k, width, from, from_row, from_column, to);
}

/* An operand that no way reads in 16 bits is widened before all else. */
typedef struct widening {
    dg_dtype type; /* 0: none */
    const char *from;
    float *to;
    int64_t count;
} widening;

static int64_t operand_count(const way *w, int64_t matrix, const int64_t *strides)
{
    for (int d = 0; d < w->p->batch.rank; d++)
        matrix *= strides[d] ? w->p->batch.dims[d] : 1;
    return matrix;
}

bool turns_half(const way *w)
{
    return w->factor_type && w->turned && !w->dots && !w->pairs && w->rows > 1 && w->factor_column == 1 &&
           gemm_kernels()->turns_half(w->columns, w->k, w->panels);
}

static widening widened_factors(const way *w)
{
    return (widening){.type = w->dots || w->pairs || turns_half(w) ? DG_DEFAULT_DTYPE : w->factor_type,
                      .from = w->factors,
                      .count = operand_count(w, w->rows * w->k, w->factor_strides)};
}

static widening widened_lines(const way *w)
{
    return (widening){.type = w->pack || w->panels ? DG_DEFAULT_DTYPE : w->line_type,
                      .from = w->lines,
                      .count = operand_count(w, w->columns * w->k, w->line_strides)};
}

/* Bytes of the workspace, in whole cache lines. */
static size_t widening_room(const widening *v)
{
    return v->type ? ((size_t)v->count * sizeof(float) + 63) / 64 * 64 : 0;
}

enum { WIDEN_CHUNK = 65536 };

static void widen_piece(void *argument, int64_t piece)
{
    const widening *v = argument;
    int64_t begin = piece * WIDEN_CHUNK;
    dg_half_widen(v->type, v->from + begin * (int64_t)sizeof(uint16_t), least(v->count - begin, WIDEN_CHUNK),
                  v->to + begin);
}

/* Where the operand is then, *type and *size with it; room of the workspace is taken. */
static void widen(way *w, widening *v, const char **at, dg_dtype *type, int64_t *size)
{
    if (!v->type)
        return;
    v->to = (float *)(void *)w->workspace;
    w->workspace += widening_room(v);
    dg_threads_run(w->kernel->threads, (v->count + WIDEN_CHUNK - 1) / WIDEN_CHUNK, widen_piece, v);
    *at = (const char *)v->to;
    *type = DG_DEFAULT_DTYPE;
    *size = w->size;
}

static void widen_operands(way *w)
{
    widening factors = widened_factors(w), lines = widened_lines(w);
    widen(w, &factors, &w->factors, &w->factor_type, &w->factor_size);
    widen(w, &lines, &w->lines, &w->line_type, &w->line_size);
}

/* ---- packing ---- */

enum { PACK_DEPTH = 1024 };

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
    const char *lines = w->lines + batch_offset(&w->p->batch, w->line_strides, matrix) * w->line_size;
    for (int64_t j = begin; j < least(w->columns, begin + LEAST_COLUMNS); j += panel)
        pack_panel(w, least(panel, w->columns - j), lines + j * (turn ? w->line_row : 1) * w->line_size,
                   turn ? 1 : w->line_row, turn ? w->line_row : 1,
                   w->workspace + (matrix * w->packed + j * w->k) * w->size);
}

static void pack_piece(void *argument, int64_t piece)
{
    const way *w = argument;
    int64_t depths = depth_blocks(w), columns = column_blocks(w);
    int64_t p = piece % depths * PACK_DEPTH, column = piece / depths % columns * LEAST_COLUMNS;
    int64_t matrix = piece / depths / columns;
    int64_t from = batch_offset(&w->p->batch, w->line_strides, matrix) + column * w->line_row + p;
    int64_t to = matrix * w->packed + p * w->packed_row + column;
    transpose_lines(w, least(w->columns - column, LEAST_COLUMNS), least(w->k - p, PACK_DEPTH),
                    w->lines + from * w->line_size, w->workspace + to * w->size);
}

size_t way_workspace(const way *w)
{
    if (w->pieces == 0)
        return 0;
    widening factors = widened_factors(w), lines = widened_lines(w);
    return widening_room(&factors) + widening_room(&lines) +
           (w->shared ? (size_t)(w->packed_matrices * w->packed * w->size) : 0);
}

void way_prepare(way *w, dg_threads *threads)
{
    widen_operands(w);
    if (!w->shared)
        return;
    int64_t blocks = w->packed_matrices * column_blocks(w) * (w->panels ? 1 : depth_blocks(w)); /* 3 µs or more */
    dg_threads_run(blocks > 2 ? threads : NULL, blocks, w->panels ? pack_panels : pack_piece, w);
}
