/* Pooling: which kernel computes a call, and the pieces that threads take. */
#include <dotgrad/op.h>

#include "kernel.h"
#include "ops/shared/chunks.h"

/* Elements of the larger side in a piece. */
enum { PIECE = 65536 };

typedef struct pool_work {
    pool_call call;
    pool_function compute;
    const dg_kernel *kernel;
    int64_t together, elements; /* units that are done together, and their elements of the result */
} pool_work;

static int64_t volume(const int64_t dims[3])
{
    return dims[0] * dims[1] * dims[2];
}

/* An adaptive pool whose sizes divide is a plain one. */
static pool_shape plain(const pool_shape *given)
{
    pool_shape s = *given;
    bool divides = s.adaptive;
    for (int d = 0; d < 3; d++)
        divides = divides && s.out[d] > 0 && s.in[d] % s.out[d] == 0;
    for (int d = 0; d < 3 && divides; d++)
        s.kernel[d] = s.stride[d] = s.in[d] / s.out[d];
    s.adaptive = s.adaptive && !divides;
    return s;
}

static bool is_tiled(const pool_shape *s)
{
    for (int d = 0; d < 3; d++)
        if (s->adaptive || s->pad[d] || s->stride[d] != s->kernel[d] || (s->kernel[d] > 1 && s->dilation[d] != 1) ||
            s->out[d] * s->stride[d] != s->in[d])
            return false;
    return true;
}

static pool_tensor buffer(const dg_tensor *tensor)
{
    return (pool_tensor){tensor->data, tensor->channels_last};
}

/* A pixel alone lies the same in both layouts. */
static pool_tensor pooled_buffer(const pool_shape *s, const dg_tensor *pooled, const dg_tensor *places)
{
    bool single = places->channels_last && volume(s->out) == 1;
    return (pool_tensor){pooled->data, pooled->channels_last || single};
}

static void work_on_units(void *argument, int64_t begin, int64_t end)
{
    const pool_work *work = argument;
    work->compute(&work->call, begin, end);
    dg_epilogue_run(work->kernel, begin / work->together * work->elements, end / work->together * work->elements);
}

/* Computes all of a result of `result` elements, in `units`; pieces are whole groups of `together` units. */
static void run(pool_work *work, int64_t result, int64_t units, int64_t together)
{
    const pool_shape *s = work->call.shape;
    int64_t in = volume(s->in), out = volume(s->out), elements = s->images * s->channels * (in > out ? in : out);
    if (units == 0 || result == 0)
        return;
    work->together = together;
    work->elements = result / (units / together);
    int64_t groups = PIECE / (elements / (units / together) + 1);
    chunks_run(elements < 2 * PIECE ? NULL : work->kernel->threads, units, (groups ? groups : 1) * together,
               work_on_units, work);
}

static const pool_kernels *kernels_for(const pool_shape *s)
{
    const pool_table *table = pool_kernel_table();
    return s->dtype == DG_FLOAT32 ? &table->float32 : &table->float64;
}

static bool any_channels_last(const pool_call *call)
{
    return call->x.channels_last || call->places.channels_last || call->pooled.channels_last;
}

/* From places to windows. */
static void run_pooling(pool_work *work, pool_function planes, pool_function pixels)
{
    const pool_call *call = &work->call;
    const pool_shape *s = call->shape;
    int64_t result = s->images * s->channels * volume(s->out), image = volume(s->out);
    work->compute = pixels ? pixels : planes;
    if (pixels)
        run(work, result, s->images * image, call->pooled.channels_last ? 1 : image);
    else
        run(work, result, s->images * s->channels, any_channels_last(call) ? s->channels : 1);
}

/* From windows to places. */
static void run_transposed(pool_work *work, pool_function planes, pool_function pixels)
{
    const pool_call *call = &work->call;
    const pool_shape *s = call->shape;
    int64_t result = s->images * s->channels * volume(s->in);
    work->compute = pixels ? pixels : planes;
    if (pixels)
        run(work, result, s->images * s->out[1], call->tiled ? 1 : s->out[1]);
    else
        run(work, result, s->images * s->channels, any_channels_last(call) ? s->channels : 1);
}

void max_pool_gather(const pool_shape *given, const dg_kernel *kernel, const dg_tensor *x, const dg_tensor *places,
                     const dg_tensor *pooled)
{
    pool_shape s = plain(given);
    const pool_kernels *kernels = kernels_for(&s);
    pool_work work = {.call = {&s, buffer(x), buffer(places), pooled_buffer(&s, pooled, places), is_tiled(&s)},
                      .kernel = kernel};
    bool pixels = x == places && x->channels_last;
    run_pooling(&work, kernels->gather_planes, pixels ? kernels->max_pixels : NULL);
}

void max_pool_scatter(const pool_shape *given, const dg_kernel *kernel, const dg_tensor *x, const dg_tensor *places,
                      const dg_tensor *pooled)
{
    pool_shape s = plain(given);
    const pool_kernels *kernels = kernels_for(&s);
    pool_work work = {.call = {&s, buffer(x), buffer(places), pooled_buffer(&s, pooled, places), is_tiled(&s)},
                      .kernel = kernel};
    bool pixels = x->channels_last && places->channels_last;
    run_transposed(&work, kernels->scatter_planes, pixels ? kernels->scatter_pixels : NULL);
}

void avg_pool_mean(const pool_shape *given, const dg_kernel *kernel, const dg_tensor *places, const dg_tensor *pooled)
{
    pool_shape s = plain(given);
    const pool_kernels *kernels = kernels_for(&s);
    pool_work work = {.call = {&s, {0}, buffer(places), pooled_buffer(&s, pooled, places), is_tiled(&s)},
                      .kernel = kernel};
    run_pooling(&work, kernels->mean_planes, places->channels_last ? kernels->mean_pixels : NULL);
}

void avg_pool_spread(const pool_shape *given, const dg_kernel *kernel, const dg_tensor *places, const dg_tensor *pooled)
{
    pool_shape s = plain(given);
    const pool_kernels *kernels = kernels_for(&s);
    pool_work work = {.call = {&s, {0}, buffer(places), pooled_buffer(&s, pooled, places), is_tiled(&s)},
                      .kernel = kernel};
    run_transposed(&work, kernels->spread_planes, places->channels_last ? kernels->spread_pixels : NULL);
}
