#include "strided.h"
#include "chunks.h"
#include "core/base/join.h"

#include <string.h>

enum { TILE = 32 };

typedef struct copying {
    box box;
    int64_t segments; /* of a row */
    void *to;
    const void *from;
} copying;

typedef struct corner {
    int64_t to, from;
} corner;

/* Where number `index` of the first `rank` dimensions begins. */
static inline corner corner_of(const box *b, int64_t index, int rank)
{
    corner at = {0, 0};
    for (int d = rank - 1; d >= 0; d--) {
        int64_t i = d ? index % b->size[d] : index;
        index /= b->size[d];
        at.to += i * b->to[d];
        at.from += i * b->from[d];
    }
    return at;
}

/* A place among the first `rank` dimensions, and how to get to the next one without a division. */
typedef struct walk {
    corner at;
    int rank;
    int64_t index[DG_MAX_RANK];
} walk;

static walk walk_from(const box *b, int64_t index, int rank)
{
    walk w = {.at = corner_of(b, index, rank), .rank = rank};
    for (int d = rank - 1; d >= 0; d--) {
        w.index[d] = d ? index % b->size[d] : index;
        index /= b->size[d];
    }
    return w;
}

static inline void walk_on(const box *b, walk *w)
{
    for (int d = w->rank - 1; d >= 0; d--) {
        w->at.to += b->to[d];
        w->at.from += b->from[d];
        if (++w->index[d] < b->size[d])
            return;
        w->at.to -= b->to[d] * b->size[d];
        w->at.from -= b->from[d] * b->size[d];
        w->index[d] = 0;
    }
}

/* Short rows of usual lengths without a call: heads of attention, channels of images. */
static inline void copy_row(void *restrict y, const void *restrict x, size_t bytes)
{
    enum { STEP = 16, SHORT = 512 };
    switch (bytes) {
    case 32:
        memcpy(y, x, 32);
        return;
    case 64:
        memcpy(y, x, 64);
        return;
    case 128:
        memcpy(y, x, 128);
        return;
    case 256:
        memcpy(y, x, 256);
        return;
    default:
        if (bytes % STEP != 0 || bytes > SHORT) {
            memcpy(y, x, bytes);
            return;
        }
        for (size_t at = 0; at < bytes; at += STEP)
            memcpy((char *)y + at, (const char *)x + at, STEP);
    }
}

typedef uint8_t __attribute__((may_alias)) element1;
typedef uint32_t __attribute__((may_alias)) element4;
typedef uint64_t __attribute__((may_alias)) element8;

#define NAME(name) JOIN(name, SUFFIX)

#define SUFFIX  1
#define ELEMENT element1
#include "strided.template.h"
#define SUFFIX  4
#define ELEMENT element4
#include "strided.template.h"
#define SUFFIX  8
#define ELEMENT element8
#include "strided.template.h"

void strides_of(const dg_shape *shape, int64_t strides[DG_MAX_RANK])
{
    int64_t stride = 1;
    for (int d = shape->rank - 1; d >= 0; d--) {
        strides[d] = stride;
        stride *= shape->dims[d];
    }
}

/* Dimensions of size 1 go; neighbours that lie alike in both buffers become one. */
static box collapse(const box *b)
{
    box c = {0};
    for (int d = 0; d < b->rank; d++) {
        if (b->size[d] == 1)
            continue;
        int k = c.rank - 1;
        if (k >= 0 && c.to[k] == b->to[d] * b->size[d] && c.from[k] == b->from[d] * b->size[d]) {
            c.size[k] *= b->size[d];
        } else {
            k = c.rank++;
            c.size[k] = b->size[d];
        }
        c.to[k] = b->to[d];
        c.from[k] = b->from[d];
    }
    if (c.rank == 0) {
        c.rank = 1;
        c.size[0] = c.to[0] = c.from[0] = 1;
    }
    return c;
}

/* Puts the dimension that is dense in `from` next to the last one, which is dense in `to` alone. False: there is none.
 */
static bool transposed(box *b)
{
    int last = b->rank - 1;
    if (b->to[last] != 1 || b->from[last] <= 1)
        return false;
    for (int k = 0; k < last; k++) {
        if (b->from[k] != 1)
            continue;
        int64_t size = b->size[k], to = b->to[k];
        for (int d = k; d < last - 1; d++) {
            b->size[d] = b->size[d + 1];
            b->to[d] = b->to[d + 1];
            b->from[d] = b->from[d + 1];
        }
        b->size[last - 1] = size;
        b->to[last - 1] = to;
        b->from[last - 1] = 1;
        return true;
    }
    return false;
}

void box_copy(const box *b, dg_dtype dtype, void *to, const void *from, dg_threads *threads)
{
    int64_t count = 1;
    for (int d = 0; d < b->rank; d++)
        count *= b->size[d];
    if (count == 0)
        return;
    copying c = {.box = collapse(b), .to = to, .from = from};
    size_t size = dg_dtype_size(dtype);
    int last = c.box.rank - 1;
    if (transposed(&c.box)) {
        int64_t across = (c.box.size[last] + TILE - 1) / TILE, down = (c.box.size[last - 1] + TILE - 1) / TILE;
        int64_t outer = count / (c.box.size[last] * c.box.size[last - 1]);
        chunks_run(threads, outer * across * down, CHUNK / (TILE * TILE),
                   size == 8   ? tiles8
                   : size == 4 ? tiles4
                               : tiles1,
                   &c);
        return;
    }
    int64_t row = c.box.size[last];
    c.segments = (row + CHUNK - 1) / CHUNK;
    chunks_run(threads, count / row * c.segments, CHUNK / row, size == 8 ? rows8 : size == 4 ? rows4 : rows1, &c);
}

void *element_at(dg_dtype dtype, void *data, int64_t index)
{
    return (char *)data + index * (int64_t)dg_dtype_size(dtype);
}

const void *const_element_at(dg_dtype dtype, const void *data, int64_t index)
{
    return (const char *)data + index * (int64_t)dg_dtype_size(dtype);
}

dg_shape stored_shape(const dg_tensor *tensor)
{
    dg_shape s = tensor->shape;
    if (tensor->channels_last) {
        s.dims[1] = tensor->shape.dims[2];
        s.dims[2] = tensor->shape.dims[3];
        s.dims[3] = tensor->shape.dims[1];
    }
    return s;
}

int stored_axis(const dg_tensor *tensor, int axis)
{
    return !tensor->channels_last || axis == 0 ? axis : axis == 1 ? 3 : axis - 1;
}

dg_layout layout_alike(const dg_kernel *kernel, int k)
{
    (void)kernel, (void)k;
    return DG_LAYOUT_ALIKE;
}
