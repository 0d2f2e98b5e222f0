/* Pooling: the places of windows, and the loops over planes. */
#include "pool_kernel.h"

#include <math.h>
#include <string.h>

#include "chunks.h"

/* Places begin, begin + step, … below end of one dimension; `counted`: how many an average counts. */
typedef struct range {
    int64_t begin, end, step, counted;
} range;

typedef struct run {
    const pool_shape *s;
    const void *x, *from;
    void *to;
} run;

static int64_t volume(const int64_t dims[3])
{
    return dims[0] * dims[1] * dims[2];
}

/* The places of the input that window `o` covers along dimension d. */
static range range_of(const pool_shape *s, int d, int64_t o)
{
    int64_t size = s->in[d], step = s->dilation[d];
    if (s->adaptive) {
        int64_t begin = o * size / s->out[d], end = ((o + 1) * size + s->out[d] - 1) / s->out[d];
        return (range){begin, end, 1, end - begin};
    }
    int64_t begin = o * s->stride[d] - s->pad[d], end = begin + (s->kernel[d] - 1) * step + 1;
    int64_t padded = (end < size + s->pad[d] ? end : size + s->pad[d]) - begin;
    if (begin < 0)
        begin += (-begin + step - 1) / step * step;
    end = end < size ? end : size;
    return (range){begin, end, step, s->count_include_pad ? padded : end - begin};
}

/* Of `count` windows of a line, from `first` on: those begin … end − 1 whose tap is on the input, counted from first.
 * `step` is the place that the first of them sees. */
static range windows_that_see(const pool_shape *s, int64_t tap, int64_t first, int64_t count)
{
    int64_t shift = tap * s->dilation[2] - s->pad[2] + first * s->stride[2], stride = s->stride[2];
    int64_t begin = shift < 0 ? (-shift + stride - 1) / stride : 0;
    int64_t end = s->in[2] > shift ? (s->in[2] - shift + stride - 1) / stride : 0;
    return (range){.begin = begin, .end = end < count ? end : count, .step = begin * stride + shift};
}

static int64_t divisor_of(const pool_shape *s, const range *z, const range *y, const range *x)
{
    return s->divisor ? s->divisor : z->counted * y->counted * x->counted;
}

/* Windows whose places are found together. */
enum { BLOCK = 64 };

#define REAL       float
#define PLACE      int32_t
#define NAME(name) name##_float32
#include "pool_real.h"
#undef REAL
#undef PLACE
#undef NAME

#define REAL       double
#define PLACE      int64_t
#define NAME(name) name##_float64
#include "pool_real.h"
#undef REAL
#undef PLACE
#undef NAME

static void run_planes(const pool_shape *s, const void *x, const void *from, void *to, dg_threads *threads,
                       void (*float32)(void *, int64_t, int64_t), void (*float64)(void *, int64_t, int64_t))
{
    run r = {s, x, from, to};
    int64_t size = volume(s->in) > volume(s->out) ? volume(s->in) : volume(s->out);
    chunks_run(threads, s->planes, size ? CHUNK / size : 1, s->dtype == DG_FLOAT32 ? float32 : float64, &r);
}

void max_pool_gather(const pool_shape *s, const void *x, const void *from, void *y, dg_threads *threads)
{
    if (x == from && !s->adaptive)
        run_planes(s, x, from, y, threads, max_planes_float32, max_planes_float64);
    else
        run_planes(s, x, from, y, threads, gather_planes_float32, gather_planes_float64);
}

void max_pool_scatter(const pool_shape *s, const void *x, const void *g, void *dx, dg_threads *threads)
{
    run_planes(s, x, g, dx, threads, scatter_planes_float32, scatter_planes_float64);
}

void avg_pool_mean(const pool_shape *s, const void *x, void *y, dg_threads *threads)
{
    run_planes(s, x, NULL, y, threads, mean_planes_float32, mean_planes_float64);
}

void avg_pool_spread(const pool_shape *s, const void *g, void *dx, dg_threads *threads)
{
    run_planes(s, g, NULL, dx, threads, spread_planes_float32, spread_planes_float64);
}
