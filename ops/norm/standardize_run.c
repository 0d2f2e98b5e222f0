#include "standardize_run.h"

#include "kernel.h"
#include "ops/shared/chunks.h"

#include <math.h>

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

/* ---- numbers whose squares overflow ---- */

static double value_at(const dg_tensor *x, int64_t i)
{
    return x->dtype == DG_FLOAT32 ? (double)((const float *)x->data)[i] : ((const double *)x->data)[i];
}

static int64_t element_of(const channel_layout *layout, int64_t channel, int64_t i)
{
    return (i / layout->after * layout->channels + channel) * layout->after + i % layout->after;
}

/* Σ of a channel's elements divided by `scale`, less `mean`; or of their squares. */
static double sum_scaled(const call *c, int64_t channel, double scale, double mean, bool squares)
{
    double sum = 0;
    for (int64_t i = 0; i < c->layout->before * c->layout->after; i++) {
        double d = value_at(c->kernel->inputs[0], element_of(c->layout, channel, i)) / scale - mean;
        sum += squares ? d * d : d;
    }
    return sum;
}

/* A channel of finite numbers again, each divided by a power of two near the largest. */
static void run_scaled(const call *c, int64_t channel)
{
    const dg_tensor *x = c->kernel->inputs[0];
    int64_t n = c->layout->before * c->layout->after;
    double most = 0;
    int exponent;
    for (int64_t i = 0; i < n; i++) {
        double size = fabs(value_at(x, element_of(c->layout, channel, i)));
        most = size > most || isnan(size) ? size : most;
    }
    if (!isfinite(most) || most == 0)
        return;
    frexp(most, &exponent);
    double scale = ldexp(1, exponent - 1), mean = sum_scaled(c, channel, scale, 0, false) / (double)n;
    mean += sum_scaled(c, channel, scale, mean, false) / (double)n; /* what rounding has left */
    double variance = sum_scaled(c, channel, scale, mean, true) / (double)n;
    double deviation = sqrt(variance + c->eps / scale / scale);
    for (int64_t i = 0; i < n; i++) {
        int64_t element = element_of(c->layout, channel, i);
        dg_tensor_set(c->kernel->outputs[0], element, (value_at(x, element) / scale - mean) / deviation);
    }
    dg_tensor_set(c->kernel->outputs[1], channel, mean * scale);
}

/* Channels whose variance is no number, because the numbers are not or their squares overflow. */
static void mend_channels(const call *c, int64_t begin, int64_t end)
{
    for (int64_t channel = begin; channel < end && !c->backward; channel++)
        if (!isfinite(value_at(c->kernel->outputs[2], channel)))
            run_scaled(c, channel);
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
        mend_channels(c, r, r + rows);
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
    mend_channels(c, begin, end);
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
    mend_channels(c, begin, end);
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
    if (layout->after != 1) /* 0: nothing to read, but each channel has a mean */
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
