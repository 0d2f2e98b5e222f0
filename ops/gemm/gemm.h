/* Matrix products and transpositions on buffers, on one thread, for each instruction set.
 *
 * `a` may have any strides. b's rows are taken as they lie, so whoever has b transposed turns it round first or
 * computes the transposed of c; or b is packed in panels. Nothing is allocated. The room:
 *
 *   product.c  products of matrices of any size, piece by piece, on threads (product.h is what ops call)
 *   way.c      which kernel, cut how (way.h)
 *   pack.c     lines packed, operands in 16 bits widened
 *   gemm.c     the kernels, from gemm.template.h and those that it includes: tile, part, product, panels, dots, half,
 *              transpose */
#ifndef OPS_GEMM_KERNEL_H
#define OPS_GEMM_KERNEL_H

#include <dotgrad/isa.h>
#include <dotgrad/tensor.h>

/* What will soon be read or written: rows in memory, of which a part is asked for with each tile of products, so that
 * waiting for them takes no time of its own. Only a hint. */
enum { AHEAD_RANGES = 6, AHEAD_LINE = 64 };
typedef struct gemm_ahead {
    struct {
        const char *next;   /* of the row under way */
        int64_t left;       /* bytes of it */
        int64_t rows;       /* that follow it */
        int64_t bytes, row; /* of a row; from one to the next */
    } ranges[AHEAD_RANGES];
    int count, at;
    int64_t lines, part; /* in all, and with a tile */
} gemm_ahead;

/* Rows of so many bytes; first: NULL for none. */
static inline void ahead_add(gemm_ahead *a, const void *first, int64_t rows, int64_t row, int64_t bytes)
{
    if (!first || rows <= 0 || bytes <= 0 || a->count == AHEAD_RANGES)
        return;
    a->ranges[a->count].next = first;
    a->ranges[a->count].left = a->ranges[a->count].bytes = bytes;
    a->ranges[a->count].rows = rows - 1;
    a->ranges[a->count++].row = row;
    a->lines += (bytes + AHEAD_LINE - 1) / AHEAD_LINE * rows;
}

static inline void ahead_fetch(gemm_ahead *a, int64_t lines)
{
    while (lines > 0 && a->at < a->count) {
        for (; lines > 0 && a->ranges[a->at].left > 0; lines--, a->ranges[a->at].left -= AHEAD_LINE) {
            __builtin_prefetch(a->ranges[a->at].next, 1, 2);
            a->ranges[a->at].next += AHEAD_LINE;
        }
        if (a->ranges[a->at].left > 0)
            return;
        if (a->ranges[a->at].rows-- == 0) {
            a->at++;
            continue;
        }
        int64_t taken = (a->ranges[a->at].bytes + AHEAD_LINE - 1) / AHEAD_LINE * AHEAD_LINE;
        a->ranges[a->at].next += a->ranges[a->at].row - taken;
        a->ranges[a->at].left = a->ranges[a->at].bytes;
    }
}

/* c[m, n] = a[m, k]·b[k, n], added to `start` where that is given. Strides count elements; all sizes may be 0.
 *     start = NULL                    c = a·b
 *     start = c, start_row = c_row    c += a·b
 *     start = bias, start_row = 0     c = a·b + bias, with bias [n] on every row
 * c overlaps neither a nor b. */
typedef struct gemm {
    int64_t m, n, k;
    const void *a;
    int64_t a_row, a_column; /* a[i, p] is at i·a_row + p·a_column */
    const void *b;
    int64_t b_row;
    int64_t b_column, b_panel; /* of multiply_panels alone */
    void *c;
    int64_t c_row;
    const void *start;
    int64_t start_row;
    gemm_ahead *ahead; /* or NULL */
} gemm;

/* y[i] = start[i·start_step] + Σ_p a[i, p] x[p], with rows of a that are dense; start may be NULL */
typedef void gemm_dots(int64_t m, int64_t k, const void *a, int64_t a_row, const void *x, const void *start,
                       int64_t start_step, void *y);

/* y[i, j] = start[i, j] + Σ_p a[i, p] x[j, p], with rows of a [m, k] and of x [n, k] that are dense; y and start with a
 * stride for either index; start may be NULL */
typedef struct row_pairs {
    int64_t m, n, k;
    const void *a, *x;
    int64_t a_row, x_row;
    const void *start;
    int64_t start_row, start_column;
    void *y;
    int64_t y_row, y_column;
} row_pairs;
typedef void gemm_pairs(const row_pairs *pairs);

/* In one float type. */
typedef struct gemm_functions {
    int lanes; /* elements of a vector: columns come in as many */
    /* How many tiles a product of panels, or of rows, takes at least. */
    int64_t (*tiles)(int64_t m, int64_t n, int64_t k, bool panels);
    void (*multiply)(const gemm *product);
    /* b lies in panels of pack_panel, b_panel elements from one to the next; or b_panel is 0, b[p, j] is at p·b_row +
     * j·b_column, one of them 1, and panels are packed as they are needed. */
    void (*multiply_panels)(const gemm *product);
    int panel;       /* columns of one */
    bool panels_pay; /* even for a product of some dozen rows: tiles get to their speed only from the first cache */
    /* as multiply_turned, of panels that are packed */
    void (*multiply_turned_panels)(const gemm *product);
    /* to[k, panel] = b[p, j], j < width ≤ panel: whole vectors of it are written */
    void (*pack_panel)(int64_t k, int64_t width, const void *b, int64_t b_row, int64_t b_column, void *to);
    /* c is written the other way round, c[i, j] at j·c_row + i, and start is [m], one number a row, or NULL */
    void (*multiply_turned)(const gemm *product);
    /* to[j, i] = from[i, j]. Padded: each row of `to` has room for `rows` rounded up to whole vectors, and zeros fill
     * it. */
    void (*transpose)(int64_t rows, int64_t columns, const void *from, int64_t from_row, void *to, int64_t to_row,
                      bool padded);
    gemm_dots *dots;
    gemm_pairs *pairs;
    int few; /* rows of x for which `pairs` passes over rows of a twice */
    /* y[j] = own + squares[j] − 2 y[j]; tells whether all of them are at least `near` times own + squares[j] */
    bool (*distances)(int64_t n, const void *own, const void *squares, double near, void *y);
} gemm_functions;

typedef struct gemm_table {
    gemm_functions float32, float64;
    /* multiply_turned, or multiply_turned_panels, of an a in 16 bits (a_column is 1): bit by bit as if it were widened
     * before; where turns_half of c's other side and k */
    void (*multiply_turned_half)(const gemm *product, dg_dtype type, bool panels);
    bool (*turns_half)(int64_t n, int64_t k, bool panels);
    gemm_dots *dots_float16, *dots_bfloat16; /* in float32, of an a in 16 bits: likewise */
    gemm_pairs *pairs_float16, *pairs_bfloat16;
} gemm_table;

DG_ISA_TABLE(gemm_table, gemm_kernels)

static inline const gemm_functions *gemm_for(dg_dtype dtype)
{
    return dtype == DG_FLOAT32 ? &gemm_kernels()->float32 : &gemm_kernels()->float64;
}

#endif
