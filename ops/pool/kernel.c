/* Pooling: the places of windows, and the loops over planes (planes.template.h) and over pixels (pixels.template.h).
 */
#include "kernel.h"

#include <math.h>
#include <string.h>

#include "ops/shared/lanes.h"

/* Places begin, begin + step, … below end of one dimension; `counted`: how many an average counts. */
typedef struct range {
    int64_t begin, end, step, counted;
} range;

#define INLINE static inline __attribute__((always_inline))

static int64_t volume(const int64_t dims[3])
{
    return dims[0] * dims[1] * dims[2];
}

static inline int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* The places of the input that window `o` covers along dimension d. */
INLINE range range_of(const pool_shape *s, int d, int64_t o)
{
    int64_t size = s->in[d], step = s->dilation[d];
    if (s->adaptive) {
        int64_t begin = o * size / s->out[d], end = ((o + 1) * size + s->out[d] - 1) / s->out[d];
        return (range){begin, end, 1, end - begin};
    }
    int64_t begin = o * s->stride[d] - s->pad[d], end = begin + (s->kernel[d] - 1) * step + 1;
    int64_t padded = least(end, size + s->pad[d]) - begin;
    if (begin < 0)
        begin += (-begin + step - 1) / step * step;
    end = least(end, size);
    return (range){begin, end, step, s->count_include_pad ? padded : end - begin};
}

static inline int64_t divisor_of(const pool_shape *s, const range *z, const range *y, const range *w)
{
    return s->divisor ? s->divisor : z->counted * y->counted * w->counted;
}

/* The windows of a line that have all their places on it. */
static range inner_windows(const pool_shape *s)
{
    int64_t stride = s->stride[2], room = s->in[2] + s->pad[2] - s->dilation[2] * (s->kernel[2] - 1) - 1;
    int64_t begin = (s->pad[2] + stride - 1) / stride, end = room < 0 ? 0 : least(room / stride + 1, s->out[2]);
    if (s->adaptive || begin > end)
        begin = end = 0;
    return (range){.begin = begin, .end = end, .step = 1};
}

/* Where the elements of a tensor are: plane p begins at at_plane(), its places are `step` apart. */
typedef struct layout {
    int64_t image, channel, step;
} layout;

static layout layout_of(const pool_shape *s, const pool_tensor *tensor, const int64_t dims[3])
{
    int64_t plane = volume(dims);
    bool last = tensor->channels_last;
    return (layout){plane * s->channels, last ? 1 : plane, last ? s->channels : 1};
}

static inline int64_t at_plane(const pool_shape *s, const layout *l, int64_t plane)
{
    return plane / s->channels * l->image + plane % s->channels * l->channel;
}

/* The lines of windows of a plane, one after another. */
typedef struct row_of_windows {
    int64_t n, row; /* row: of the plane's last two dimensions */
    range z, y;
} row_of_windows;

static inline row_of_windows first_row(const pool_shape *s)
{
    return (row_of_windows){.z = range_of(s, 0, 0), .y = range_of(s, 1, 0)};
}

static inline void next_row(const pool_shape *s, row_of_windows *at)
{
    at->n++;
    if (++at->row == s->out[1]) {
        at->row = 0;
        at->z = range_of(s, 0, at->n / s->out[1]);
    }
    at->y = range_of(s, 1, at->row);
}

/* One window of an image stored as N H W C after another. The places it covers along y and x are numbers of elements,
 * counted from the image's first one. */
typedef struct window {
    int64_t image, row, column; /* of the window */
    range y, x;
    int64_t divisor;
} window;

INLINE range scaled(range r, int64_t by)
{
    return (range){r.begin * by, r.end * by, r.step * by, r.counted};
}

INLINE void look_down(const pool_shape *s, window *at)
{
    at->y = scaled(range_of(s, 1, at->row), s->in[2] * s->channels);
}

INLINE void look_across(const pool_shape *s, window *at)
{
    at->x = scaled(range_of(s, 2, at->column), s->channels);
    at->divisor = s->divisor ? s->divisor : at->y.counted * at->x.counted;
}

static inline window first_window(const pool_shape *s, int64_t at)
{
    int64_t row = at / s->out[2];
    window first = {.image = row / s->out[1], .row = row % s->out[1], .column = at % s->out[2]};
    look_down(s, &first);
    look_across(s, &first);
    return first;
}

INLINE void next_window(const pool_shape *s, window *at)
{
    if (++at->column == s->out[2]) {
        at->column = 0;
        if (++at->row == s->out[1]) {
            at->row = 0;
            at->image++;
        }
        look_down(s, at);
    }
    look_across(s, at);
}

/* Windows of a line whose places are found together, and pixels of NCHW that are transposed together. */
enum { BLOCK = 64, TURNED = 32 };

#if LANES_BYTES == 64
#define EVENS_float32 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
#define LOWER_float32 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define UPPER_float32 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#define EVENS_float64 0, 2, 4, 6, 8, 10, 12, 14
#define LOWER_float64 0, 8, 1, 9, 2, 10, 3, 11
#define UPPER_float64 4, 12, 5, 13, 6, 14, 7, 15
#elif LANES_BYTES == 32
#define EVENS_float32 0, 2, 4, 6, 8, 10, 12, 14
#define LOWER_float32 0, 8, 1, 9, 2, 10, 3, 11
#define UPPER_float32 4, 12, 5, 13, 6, 14, 7, 15
#define EVENS_float64 0, 2, 4, 6
#define LOWER_float64 0, 4, 1, 5
#define UPPER_float64 2, 6, 3, 7
#else
#define EVENS_float32 0, 2, 4, 6
#define LOWER_float32 0, 4, 1, 5
#define UPPER_float32 2, 6, 3, 7
#define EVENS_float64 0, 2
#define LOWER_float64 0, 2
#define UPPER_float64 1, 3
#endif

#define TEMPLATE "ops/pool/lanes.template.h"
#include "core/base/for_floats.h"

#define TEMPLATE "ops/pool/pixels.template.h"
#include "core/base/for_floats.h"

#define TEMPLATE "ops/pool/planes.template.h"
#include "core/base/for_floats.h"

const pool_table DG_ISA_NAME(pool_kernel_table) = {
    .float32 = {gather_planes_float32, scatter_planes_float32, mean_planes_float32, spread_planes_float32,
                max_pixels_float32, mean_pixels_float32, scatter_pixels_float32, spread_pixels_float32},
    .float64 = {gather_planes_float64, scatter_planes_float64, mean_planes_float64, spread_planes_float64,
                max_pixels_float64, mean_pixels_float64, scatter_pixels_float64, spread_pixels_float64},
};
