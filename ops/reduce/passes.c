#include "passes.h"
#include "loops.h"
#include "ops/shared/chunks.h"

enum {
    MAX_PASSES = DG_MAX_RANK + 1,
    ALONE = 1 << 17 /* elements that are not worth a second thread */
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
static pass_chain chain_for(const dg_tensor *x, const axes *set)
{
    static const int pixels[4] = {0, 2, 3, 1};
    pass_chain chain = {0};
    collapsed c = {0};
    for (int i = 0; i < x->shape.rank; i++) {
        int d = x->channels_last ? pixels[i] : i;
        collapse_add(&c, x->shape.dims[d], set->has[d]);
    }
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
    pass_chain chain = chain_for(input, set);
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
    pass_source from;
    dg_tensor *output;
    void *to;
    const dg_kernel *finish; /* of the last pass: whose epilogue follows */
    double divisor;          /* then, too; 1: none */
} pass_run;

static void divide(dg_tensor *y, int64_t begin, int64_t end, double divisor)
{
    for (int64_t i = begin; i < end; i++)
        if (y->dtype == DG_FLOAT32)
            ((float *)y->data)[i] /= (float)divisor;
        else
            ((double *)y->data)[i] /= divisor;
}

/* The results of the last pass's units lie one after the other. */
static int64_t results_before(const pass *p, int64_t unit)
{
    int64_t column = unit % p->column_blocks * COLUMN_WIDTH;
    return unit / p->column_blocks * p->inner + column;
}

static void run_units(void *argument, int64_t begin, int64_t end)
{
    const pass_run *run = argument;
    run->kernel(run->pass, &run->from, run->to, begin, end);
    if (!run->finish || (run->divisor == 1 && !run->finish->epilogue))
        return;
    int64_t first = results_before(run->pass, begin), after = results_before(run->pass, end);
    if (run->divisor != 1)
        divide(run->output, first, after, run->divisor);
    dg_epilogue_run(run->finish, first, after);
}

static void run_pass(pass_run *run, dg_threads *threads)
{
    const pass *p = run->pass;
    if (p->outer * p->rows * p->inner < ALONE)
        threads = NULL;
    chunks_run(threads, pass_units(p), units_a_piece(p), run_units, run);
}

/* All of the input, little, to one result: not worth a chain. */
static void run_little(const reduction_loops *loops, const dg_kernel *kernel, int64_t count, double divisor)
{
    pass p = {.outer = 1, .rows = count, .inner = 1, .chunks = 1, .chunk_rows = count, .column_blocks = 1};
    const dg_tensor *x = kernel->inputs[0];
    dg_tensor *y = kernel->outputs[0];
    pass_run run = {&p, loops->of[x->dtype], {x->data, kernel->prologue ? kernel : NULL}, y, y->data, kernel, divisor};
    run_units(&run, 0, 1);
}

void reduce_run(const reduction_loops *loops, const dg_kernel *kernel, const axes *set, double divisor)
{
    enum { LITTLE = 1024 };
    const dg_tensor *x = kernel->inputs[0];
    dg_tensor *y = kernel->outputs[0];
    int64_t count = 1;
    bool to_one = true;
    for (int d = 0; d < x->shape.rank; d++) {
        count *= x->shape.dims[d];
        to_one = to_one && (set->has[d] || x->shape.dims[d] == 1);
    }
    if (to_one && count <= LITTLE) {
        run_little(loops, kernel, count, divisor);
        return;
    }
    pass_chain chain = chain_for(x, set);
    pass_source from = {x->data, kernel->prologue ? kernel : NULL};
    unsigned char *spare = kernel->workspace;
    for (int i = 0; i < chain.count; i++) {
        const pass *p = &chain.passes[i];
        bool last = i + 1 == chain.count;
        pass_run run = {.pass = p, .from = from, .output = y, .to = last ? y->data : spare, .divisor = divisor};
        run.kernel = loops->of[i ? y->dtype : x->dtype];
        run.finish = last ? kernel : NULL;
        run_pass(&run, kernel->threads);
        from = (pass_source){run.to, NULL};
        if (!last && spare) /* reductions of nothing have no workspace */
            spare += pass_bytes(p, y->dtype);
    }
}

/* ---- places, products of the others: one pass, its rows in one piece ---- */

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
    place_kernel kernel;
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
    place_run run = {pass_along(&input->shape, axis), greatest, reduce_tables()->place[input->dtype], input->data,
                     output->data};
    chunks_run(threads, pass_units(&run.pass), units_a_piece(&run.pass), run_places, &run);
}

void prod_others_run(const dg_tensor *input, int axis, dg_tensor *output, dg_threads *threads)
{
    pass p = pass_along(&input->shape, axis);
    pass_run run = {&p, reduce_tables()->others[input->dtype], {input->data, NULL}, output, output->data, NULL, 1};
    chunks_run(threads, pass_units(&p), units_a_piece(&p), run_units, &run);
}
