/* Matrix products: the cutting into pieces, and the calls of OpenBLAS. */
#include "product.h"

#include <cblas.h>
#include <string.h>

typedef struct tile {
    int64_t m_begin, m_end, n_begin, n_end;
} tile;

#define REAL       float
#define GEMM       cblas_sgemm
#define GEMV       cblas_sgemv
#define NAME(name) name##_float32
#include "product_real.h"
#undef REAL
#undef GEMM
#undef GEMV
#undef NAME

#define REAL       double
#define GEMM       cblas_dgemm
#define GEMV       cblas_dgemv
#define NAME(name) name##_float64
#include "product_real.h"
#undef REAL
#undef GEMM
#undef GEMV
#undef NAME

/* How a product is cut: matrices into tiles of at most [m, n], or, where they are small, several to a piece. */
typedef struct cutting {
    const product *product;
    int64_t matrices;
    int64_t m, n; /* sizes of a tile */
    int64_t m_tiles, n_tiles;
    int64_t group; /* matrices in a piece */
} cutting;

/* A tile of 4M multiply-adds runs for some 50 µs, a matrix-vector product for as long with a sixteenth of them. Tiles
 * narrower than 64 would spend more on packing than they win. */
enum { TILE_WORK = 4 << 20, VECTOR_WORK = TILE_WORK / 16, SHORTEST_SIDE = 64, MOST_TILES = 64 };

static int64_t halved(int64_t size)
{
    return (size / 2 + 15) / 16 * 16;
}

static cutting cut(const product *p, int64_t matrices)
{
    cutting c = {.product = p, .matrices = matrices, .m = p->m, .n = p->n, .m_tiles = 1, .n_tiles = 1, .group = 1};
    double depth = (double)(p->k > 0 ? p->k : 1), limit = p->m == 1 || p->n == 1 ? VECTOR_WORK : TILE_WORK;
    while ((double)c.m * (double)c.n * depth > limit && (c.m > c.n ? c.m : c.n) >= 2 * SHORTEST_SIDE &&
           matrices * c.m_tiles * c.n_tiles < MOST_TILES) {
        if (c.m >= c.n)
            c.m = halved(c.m);
        else
            c.n = halved(c.n);
        c.m_tiles = (p->m + c.m - 1) / c.m;
        c.n_tiles = (p->n + c.n - 1) / c.n;
    }
    if (c.m_tiles * c.n_tiles == 1) {
        double fit = limit / ((double)p->m * (double)p->n * depth);
        c.group = fit < 1 ? 1 : fit < (double)matrices ? (int64_t)fit : matrices;
    }
    return c;
}

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

static void run_piece(void *argument, int64_t piece)
{
    const cutting *c = argument;
    const product *p = c->product;
    int64_t tiles = c->m_tiles * c->n_tiles, row = piece % tiles / c->n_tiles, column = piece % c->n_tiles;
    tile t = {.m_begin = row * c->m, .n_begin = column * c->n};
    t.m_end = t.m_begin + c->m < p->m ? t.m_begin + c->m : p->m;
    t.n_end = t.n_begin + c->n < p->n ? t.n_begin + c->n : p->n;
    int64_t begin = piece / tiles * c->group, end = begin + c->group < c->matrices ? begin + c->group : c->matrices;
    for (int64_t i = begin; i < end; i++) {
        int64_t a = batch_offset(&p->batch, p->a_strides, i), b = batch_offset(&p->batch, p->b_strides, i);
        if (p->dtype == DG_FLOAT32)
            multiply_tile_float32(p, a, b, i * p->m * p->n, &t);
        else
            multiply_tile_float64(p, a, b, i * p->m * p->n, &t);
    }
}

dg_status product_run(const product *p, dg_threads *threads)
{
    int64_t matrices = dg_shape_count(&p->batch);
    if (matrices == 0 || p->m == 0 || p->n == 0)
        return dg_ok();
    if (p->m > INT32_MAX || p->n > INT32_MAX || p->k > INT32_MAX)
        return dg_error(DG_BAD_SHAPE, "a product of [%lld, %lld] and [%lld, %lld] is beyond what BLAS can count",
                        (long long)p->m, (long long)p->k, (long long)p->k, (long long)p->n);
    cutting c = cut(p, matrices);
    dg_threads_run(threads, (matrices + c.group - 1) / c.group * c.m_tiles * c.n_tiles, run_piece, &c);
    return dg_ok();
}
