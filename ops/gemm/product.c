/* Matrix products, piece by piece. */
#include "product.h"

#include <cblas.h>
#include <string.h>

#include "way.h"

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
    if (turns_half(w)) {
        gemm_kernels()->multiply_turned_half(g, w->factor_type, w->panels);
        return;
    }
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

static void multiply_pairs(const way *w, const tile *t, const char *factors, const char *lines, const char *bias,
                           char *c)
{
    int64_t row = w->p->n;
    pairs_of(w)(&(row_pairs){.m = t->rows,
                             .n = t->columns,
                             .k = w->k,
                             .a = factors,
                             .a_row = w->factor_row,
                             .x = lines,
                             .x_row = w->line_row,
                             .start = bias,
                             .start_row = w->turned,
                             .start_column = !w->turned,
                             .y = c,
                             .y_row = w->turned ? 1 : row,
                             .y_column = w->turned ? row : 1});
}

static __attribute__((noinline)) void pack_and_multiply(const way *w, const tile *t, gemm *g)
{
    _Alignas(64) char packed[LOCAL_BYTES];
    transpose_lines(w, t->columns, w->k, g->b, packed);
    g->b = packed;
    g->b_row = w->packed_row;
    multiply(w, g);
}

static void run_tile(const way *w, const tile *t)
{
    const product *p = w->p;
    int64_t factors_at = t->row * w->factor_row,
            lines_at = t->column * (w->pack || w->pairs || (!w->turned && p->transpose_b) ? w->line_row : 1);
    int64_t c_at = w->turned ? t->column * p->n + t->row : t->row * p->n + t->column;
    int64_t bias_at = w->turned ? t->row : t->column;
    if (p->batch.rank > 0) {
        factors_at += batch_offset(&p->batch, w->factor_strides, t->matrix);
        lines_at += batch_offset(&p->batch, w->line_strides, t->matrix);
        c_at += t->matrix * p->m * p->n;
    }
    const char *factors = w->factors + factors_at * w->factor_size, *lines = w->lines + lines_at * w->line_size;
    const char *bias = p->bias ? (const char *)p->bias + bias_at * w->size : NULL;
    char *c = (char *)p->c + c_at * w->size;
    if (w->blas) {
        multiply_blas(w, t, factors, lines, c);
        return;
    }
    if (w->dots) {
        dots_of(w)(t->rows, w->k, factors, w->factor_row, lines, bias, w->turned, c);
        return;
    }
    if (w->pairs) {
        multiply_pairs(w, t, factors, lines, bias, c);
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
        g.b = w->workspace + (matrix * w->packed + at) * w->size;
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

enum { FINISH_CHUNK = 8192 };

static void finish_piece(void *argument, int64_t piece)
{
    const way *w = argument;
    int64_t count = w->matrices * w->p->m * w->p->n, begin = piece * FINISH_CHUNK;
    finish(w->p, w->kernel, begin, least(count, begin + FINISH_CHUNK));
}

/* ---- the smallest ---- */

enum { SMALL = 32 };

/* A single product so small that planning it would take as long as computing it. */
static bool is_small(const product *p)
{
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

static __attribute__((noinline)) void run_small_half(const product *p)
{
    _Alignas(64) float a[SMALL * SMALL], b[SMALL * SMALL];
    product wide = *p;
    dg_half_widen(p->a_type, p->a, p->m * p->k, a);
    dg_half_widen(p->b_type, p->b, p->k * p->n, b);
    wide.a = p->a_type ? a : p->a;
    wide.b = p->b_type ? b : p->b;
    run_small(&wide);
}

size_t product_workspace(const product *p)
{
    way w;
    if (is_small(p))
        return 0;
    way_plan(&w, p);
    return way_workspace(&w);
}

dg_status product_run(const product *p, const dg_kernel *kernel)
{
    way w;
    if (p->m > INT32_MAX || p->n > INT32_MAX || p->k > INT32_MAX)
        return dg_error(DG_BAD_SHAPE, "a product of [%lld, %lld] and [%lld, %lld] is too large to be indexed",
                        (long long)p->m, (long long)p->k, (long long)p->k, (long long)p->n);
    if (is_small(p)) {
        (p->a_type || p->b_type ? run_small_half : run_small)(p);
        finish(p, kernel, 0, p->m * p->n);
        return dg_ok();
    }
    way_plan(&w, p);
    if (w.pieces == 0)
        return dg_ok();
    w.kernel = kernel;
    w.workspace = kernel->workspace;
    /* What a piece writes is one stretch of c. */
    bool stretch = w.turned ? w.row_pieces == 1 || w.columns == 1 : w.column_pieces == 1 || w.rows == 1;
    bool finishes = p->finish || kernel->epilogue;
    w.finish_in_pieces = finishes && stretch;
    dg_threads *threads = w.pieces > 1 ? kernel->threads : NULL;
    way_prepare(&w, threads);
    if (w.pieces == 1)
        run_whole(&w);
    else
        dg_threads_run(threads, w.pieces, run_piece, &w);
    if (finishes && !stretch)
        dg_threads_run(threads, (w.matrices * p->m * p->n + FINISH_CHUNK - 1) / FINISH_CHUNK, finish_piece, &w);
    return dg_ok();
}
