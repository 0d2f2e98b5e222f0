#include "standardize_run.h"

#include "kernel.h"
#include "ops/shared/chunks.h"

enum {
    PIECE_ELEMENTS = 1 << 15,
    COLUMNS = 64, /* of a piece, where a channel is not in one row */
    GROUP = 64    /* rows between two epilogues */
};

typedef struct call {
    const dg_kernel *kernel;
    const standardize_table *table;
    const channel_layout *layout;
    double eps;
    bool backward;
} call;

static void *at(const dg_tensor *x, int64_t index)
{
    return (char *)x->data + (size_t)index * dg_dtype_size(x->dtype);
}

/* Channels that are one row each. */
static void run_rows(void *argument, int64_t begin, int64_t end)
{
    const call *c = argument;
    const dg_kernel *k = c->kernel;
    int64_t size = c->layout->after, all = c->layout->channels * size;
    int64_t some = k->epilogue ? GROUP : end - begin;
    for (int64_t r = begin; r < end; r += some) {
        int64_t rows = end - r < some ? end - r : some, first = r * size;
        if (c->backward)
            c->table->rows_backward(at(k->inputs[0], first), at(k->inputs[1], first), at(k->inputs[2], r),
                                    at(k->outputs[0], first), c->eps, rows, size, all - first, rows * size);
        else
            c->table->rows(at(k->inputs[0], first), at(k->outputs[0], first), at(k->outputs[1], r),
                           at(k->outputs[2], r), c->eps, rows, size, all - first, rows * size);
        dg_epilogue_run(k, first, first + rows * size);
    }
}

/* Channels that are several rows. */
static void run_channels(void *argument, int64_t begin, int64_t end)
{
    const call *c = argument;
    const dg_kernel *k = c->kernel;
    int64_t size = c->layout->after, stride = c->layout->channels * size;
    for (int64_t channel = begin; channel < end; channel++)
        if (c->backward)
            c->table->channel_backward(at(k->inputs[0], channel * size), at(k->inputs[1], channel * size),
                                       at(k->inputs[2], channel), at(k->outputs[0], channel * size), c->eps,
                                       c->layout->before, size, stride);
        else
            c->table->channel(at(k->inputs[0], channel * size), at(k->outputs[0], channel * size),
                              at(k->outputs[1], channel), at(k->outputs[2], channel), c->eps, c->layout->before, size,
                              stride);
}

/* Channels that are columns. */
static void run_columns(void *argument, int64_t begin, int64_t end)
{
    const call *c = argument;
    const dg_kernel *k = c->kernel;
    int64_t rows = c->layout->before, stride = c->layout->channels;
    if (c->backward)
        c->table->columns_backward(at(k->inputs[0], begin), at(k->inputs[1], begin), at(k->inputs[2], begin),
                                   at(k->outputs[0], begin), c->eps, rows, end - begin, stride);
    else
        c->table->columns(at(k->inputs[0], begin), at(k->outputs[0], begin), at(k->outputs[1], begin),
                          at(k->outputs[2], begin), c->eps, rows, end - begin, stride);
}

static void run(const dg_kernel *kernel, const channel_layout *layout, double eps, bool backward)
{
    bool single = kernel->outputs[0]->dtype == DG_FLOAT32;
    call c = {kernel, single ? &standardize_tables()->float32 : &standardize_tables()->float64, layout, eps, backward};
    int64_t elements = layout->before * layout->after, count = elements * layout->channels;
    dg_threads *threads = count < 4 * PIECE_ELEMENTS ? NULL : kernel->threads;
    int64_t channels = elements > 0 && elements < PIECE_ELEMENTS ? PIECE_ELEMENTS / elements : 1;
    if (layout->before == 1) {
        chunks_run(threads, layout->channels, channels, run_rows, &c);
        return;
    }
    if (layout->after > 1)
        chunks_run(threads, layout->channels, channels, run_channels, &c);
    else
        chunks_run(threads, layout->channels, channels > COLUMNS ? channels : COLUMNS, run_columns, &c);
    dg_epilogue_run(kernel, 0, count);
}

void standardize_run(const dg_kernel *kernel, const channel_layout *layout, double eps)
{
    run(kernel, layout, eps, false);
}

void standardize_backward_run(const dg_kernel *kernel, const channel_layout *layout, double eps)
{
    run(kernel, layout, eps, true);
}
