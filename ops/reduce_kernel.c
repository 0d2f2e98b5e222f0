#include "reduce_kernel.h"
#include "chunks.h"

#include <math.h>
#include <string.h>

/* ---- one pass: [outer, rows, inner] to [outer, chunks, inner], `chunk_rows` rows at a time ---- */

enum {
    ROW_BLOCK = 512,    /* neighbours that are added in lanes */
    COLUMN_BLOCK = 16,  /* rows that are added one after the other */
    COLUMN_WIDTH = 512, /* columns that are done together */
    MAX_PASSES = DG_MAX_RANK + 1
};

typedef struct pass {
    int64_t outer, rows, inner;
    int64_t chunks, chunk_rows, column_blocks;
} pass;

/* The part of a pass that one unit of work is. */
typedef struct place {
    int64_t outer, chunk, row, rows, column, columns;
} place;

static inline place place_of(const pass *p, int64_t unit)
{
    if (p->column_blocks * p->chunks == 1) /* spares the divisions */
        return (place){.outer = unit, .rows = p->rows, .columns = p->inner};
    int64_t block = unit % p->column_blocks, rest = unit / p->column_blocks;
    place at = {.outer = rest / p->chunks, .chunk = rest % p->chunks};
    at.row = at.chunk * p->chunk_rows;
    at.rows = p->rows - at.row < p->chunk_rows ? p->rows - at.row : p->chunk_rows;
    at.column = block * COLUMN_WIDTH;
    at.columns = p->inner - at.column < COLUMN_WIDTH ? p->inner - at.column : COLUMN_WIDTH;
    return at;
}

typedef void (*pass_kernel)(const pass *p, const void *from, void *to, int64_t begin, int64_t end);

/* ---- kernels of all types ---- */

#define PASTE_(a, b) a##b
#define PASTE(a, b)  PASTE_(a, b)
#define NAME(suffix) PASTE(OP, suffix)
#define SAME(type)   type
#define WIDE(type)   int64_t
#define TRUTH(type)  uint8_t

#define FIRST(x)              (x)
#define REAL_TO               SAME
#define INTEGER_TO            WIDE
#define OP                    sum_
#define NEUTRAL               0
#define REAL_COMBINE(a, b)    ((a) + (b))
#define INTEGER_COMBINE(a, b) ((int64_t)((uint64_t)(a) + (uint64_t)(b))) /* wraps */
#include "reduce_op.inc"

#define OP                    prod_
#define NEUTRAL               1
#define REAL_COMBINE(a, b)    ((a) * (b))
#define INTEGER_COMBINE(a, b) ((int64_t)((uint64_t)(a) * (uint64_t)(b)))
#include "reduce_op.inc"
#undef INTEGER_TO

#define INTEGER_TO            SAME
#define OP                    amax_
#define NEUTRAL               0
#define REAL_COMBINE(a, b)    ((b) > (a) || isnan(b) ? (b) : (a))
#define INTEGER_COMBINE(a, b) ((b) > (a) ? (b) : (a))
#include "reduce_op.inc"

#define OP                    amin_
#define NEUTRAL               0
#define REAL_COMBINE(a, b)    ((b) < (a) || isnan(b) ? (b) : (a))
#define INTEGER_COMBINE(a, b) ((b) < (a) ? (b) : (a))
#include "reduce_op.inc"
#undef FIRST
#undef REAL_TO
#undef INTEGER_TO

#define FIRST(x)              ((x) != 0)
#define REAL_TO               TRUTH
#define INTEGER_TO            TRUTH
#define OP                    all_
#define NEUTRAL               1
#define REAL_COMBINE(a, b)    ((uint8_t)((a) & (b)))
#define INTEGER_COMBINE(a, b) ((uint8_t)((a) & (b)))
#include "reduce_op.inc"

#define OP                    any_
#define NEUTRAL               0
#define REAL_COMBINE(a, b)    ((uint8_t)((a) | (b)))
#define INTEGER_COMBINE(a, b) ((uint8_t)((a) | (b)))
#include "reduce_op.inc"

static const pass_kernel *const kernels[] = {
    [REDUCE_SUM] = sum_kernels,   [REDUCE_PROD] = prod_kernels, [REDUCE_AMAX] = amax_kernels,
    [REDUCE_AMIN] = amin_kernels, [REDUCE_ALL] = all_kernels,   [REDUCE_ANY] = any_kernels,
};

/* ---- the chain of passes ---- */

typedef struct pass_chain {
    int count;
    pass passes[2 * MAX_PASSES];
} pass_chain;

/* Dimensions of size 1 gone, neighbours of the same kind joined. */
typedef struct collapsed {
    int count;
    int64_t size[DG_MAX_RANK + 1];
    bool reduced[DG_MAX_RANK + 1];
} collapsed;

static void collapse_add(collapsed *c, int64_t size, bool reduced)
{
    if (size == 1)
        return;
    if (c->count > 0 && c->reduced[c->count - 1] == reduced) {
        c->size[c->count - 1] *= size;
        return;
    }
    c->size[c->count] = size;
    c->reduced[c->count++] = reduced;
}

static int64_t blocks(int64_t count, int64_t block)
{
    return count > block ? (count + block - 1) / block : 1;
}

/* Many rows for few results are cut into chunks, whose results a second pass joins: work for several threads. */
static void chain_add(pass_chain *chain, int64_t outer, int64_t rows, int64_t inner)
{
    pass p = {.outer = outer, .rows = rows, .inner = inner, .chunks = 1, .chunk_rows = rows};
    p.column_blocks = blocks(inner, COLUMN_WIDTH);
    int64_t width = inner < COLUMN_WIDTH ? inner : COLUMN_WIDTH, chunk = CHUNK / (width > 0 ? width : 1);
    if (outer * p.column_blocks < 8 && rows > 2 * chunk) {
        p.chunk_rows = chunk;
        p.chunks = blocks(rows, chunk);
    }
    chain->passes[chain->count++] = p;
    if (p.chunks > 1)
        chain_add(chain, outer, p.chunks, inner);
}

/* The last reduced dimensions first: they are the nearest in memory. */
static pass_chain chain_for(const dg_shape *shape, const axes *set)
{
    pass_chain chain = {0};
    collapsed c = {0};
    for (int d = 0; d < shape->rank; d++)
        collapse_add(&c, shape->dims[d], set->has[d]);
    for (int last = c.count - 1; last >= 0; last--) {
        if (!c.reduced[last])
            continue;
        int64_t outer = 1, inner = 1;
        for (int d = 0; d < last; d++)
            outer *= c.size[d];
        for (int d = last + 1; d < c.count; d++)
            inner *= c.size[d];
        chain_add(&chain, outer, c.size[last], inner);
        c.size[last] = 1;
    }
    if (chain.count == 0) { /* nothing to reduce: one row */
        int64_t inner = 1;
        for (int d = 0; d < c.count; d++)
            inner *= c.size[d];
        chain_add(&chain, 1, 1, inner);
    }
    return chain;
}

static size_t pass_bytes(const pass *p, dg_dtype result)
{
    size_t bytes = (size_t)(p->outer * p->chunks * p->inner) * dg_dtype_size(result);
    return (bytes + 63) / 64 * 64;
}

size_t reduce_workspace(const dg_tensor *input, const axes *set, dg_dtype result)
{
    pass_chain chain = chain_for(&input->shape, set);
    size_t bytes = 0;
    for (int i = 0; i + 1 < chain.count; i++)
        bytes += pass_bytes(&chain.passes[i], result);
    return bytes;
}

static int64_t pass_units(const pass *p)
{
    return p->inner ? p->outer * p->chunks * p->column_blocks : 0;
}

static int64_t units_a_piece(const pass *p)
{
    int64_t width = p->inner < COLUMN_WIDTH ? p->inner : COLUMN_WIDTH, work = p->chunk_rows * width;
    return CHUNK / (work > 0 ? work : 1);
}

typedef struct pass_run {
    const pass *pass;
    pass_kernel kernel;
    const void *from;
    void *to;
} pass_run;

static void run_units(void *argument, int64_t begin, int64_t end)
{
    const pass_run *run = argument;
    run->kernel(run->pass, run->from, run->to, begin, end);
}

void reduce_run(reduction kind, const dg_tensor *input, const axes *set, dg_tensor *output, void *workspace,
                dg_threads *threads)
{
    pass_chain chain = chain_for(&input->shape, set);
    const void *from = input->data;
    unsigned char *spare = workspace;
    for (int i = 0; i < chain.count; i++) {
        const pass *p = &chain.passes[i];
        bool last = i + 1 == chain.count;
        pass_run run = {p, kernels[kind][i ? output->dtype : input->dtype], from, last ? output->data : spare};
        chunks_run(threads, pass_units(p), units_a_piece(p), run_units, &run);
        from = run.to;
        if (!last)
            spare += pass_bytes(p, output->dtype);
    }
}

/* ---- places, products of the others: one pass, its rows in one piece ---- */

#define OP        place_
#define IS_NAN(x) false
#define TYPE      condition
#define FROM      uint8_t
#include "reduce_place.inc"
#define TYPE int32
#define FROM int32_t
#include "reduce_place.inc"
#define TYPE int64
#define FROM int64_t
#include "reduce_place.inc"
#undef IS_NAN
#define IS_NAN(x) isnan(x)
#define TYPE      float32
#define FROM      float
#include "reduce_place.inc"
#define TYPE float64
#define FROM double
#include "reduce_place.inc"
#undef OP

#define OP   others_
#define TYPE float32
#define REAL float
#include "reduce_others.inc"
#define TYPE float64
#define REAL double
#include "reduce_others.inc"
#undef OP

/* [outer, rows, inner] around one axis; all in one row of rows for −1. */
static pass pass_along(const dg_shape *shape, int axis)
{
    pass p = {.outer = 1, .rows = 1, .inner = 1, .chunks = 1};
    for (int d = 0; d < shape->rank; d++)
        *(axis < 0 || d == axis ? &p.rows : d < axis ? &p.outer : &p.inner) *= shape->dims[d];
    p.chunk_rows = p.rows;
    p.column_blocks = blocks(p.inner, COLUMN_WIDTH);
    return p;
}

typedef struct place_run {
    pass pass;
    bool greatest;
    void (*kernel)(const pass *p, bool greatest, const void *from, int64_t *to, int64_t begin, int64_t end);
    const void *from;
    int64_t *to;
} place_run;

static void run_places(void *argument, int64_t begin, int64_t end)
{
    const place_run *run = argument;
    run->kernel(&run->pass, run->greatest, run->from, run->to, begin, end);
}

void reduce_place(bool greatest, const dg_tensor *input, int axis, dg_tensor *output, dg_threads *threads)
{
    place_run run = {pass_along(&input->shape, axis), greatest, NULL, input->data, output->data};
    run.kernel = input->dtype == DG_BOOL      ? place_condition
                 : input->dtype == DG_INT32   ? place_int32
                 : input->dtype == DG_INT64   ? place_int64
                 : input->dtype == DG_FLOAT32 ? place_float32
                                              : place_float64;
    chunks_run(threads, pass_units(&run.pass), units_a_piece(&run.pass), run_places, &run);
}

void prod_others_run(const dg_tensor *input, int axis, dg_tensor *output, dg_threads *threads)
{
    pass p = pass_along(&input->shape, axis);
    pass_run run = {&p, input->dtype == DG_FLOAT32 ? others_float32 : others_float64, input->data, output->data};
    chunks_run(threads, pass_units(&p), units_a_piece(&p), run_units, &run);
}
