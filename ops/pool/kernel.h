/* Pooling on buffers: windows over planes of up to three dimensions, for each instruction set. */
#ifndef OPS_POOL_KERNEL_H
#define OPS_POOL_KERNEL_H

#include "ops/shared/window.h"

typedef struct pool_shape {
    dg_dtype dtype;
    int64_t images, channels;
    int64_t in[3], out[3];
    int64_t kernel[3], stride[3], pad[3], dilation[3];
    bool adaptive; /* window o of n covers ⌊o·in/n⌋ … ⌈(o + 1)·in/n⌉ − 1 instead */
    bool count_include_pad;
    int64_t divisor; /* of averages; 0: the number of places */
} pool_shape;

/* One tensor of a call; channels_last only of images in two dimensions. */
typedef struct pool_tensor {
    void *data;
    bool channels_last;
} pool_tensor;

typedef struct pool_call {
    const pool_shape *shape;
    pool_tensor x;      /* what is compared, [images, channels, in]; not of averages */
    pool_tensor places; /* the values at the places of windows, [images, channels, in] */
    pool_tensor pooled; /* one value a window, [images, channels, out] */
    bool tiled;         /* every place is in one window exactly */
} pool_call;

/* Computes units begin … end − 1. */
typedef void (*pool_function)(const pool_call *call, int64_t begin, int64_t end);

/* The _planes go plane by plane of a channel and take every layout; the others go pixel by pixel over all channels at
 * once: their x and places are channels_last. */
typedef struct pool_kernels {
    pool_function gather_planes, scatter_planes, mean_planes, spread_planes; /* of planes */
    pool_function max_pixels, mean_pixels; /* of pixels of the result; whole images, when that is not channels_last */
    pool_function scatter_pixels, spread_pixels; /* of lines of windows; whole images, unless tiled */
} pool_kernels;

typedef struct pool_table {
    pool_kernels float32, float64;
} pool_table;
DG_ISA_TABLE(pool_table, pool_kernel_table)

/* pooled = places at the place of the greatest x in each window: the first one on ties, a NaN before every number.
 * With places = x this is max pooling. 0 for a window without a place. */
void max_pool_gather(const pool_shape *s, const dg_kernel *kernel, const dg_tensor *x, const dg_tensor *places,
                     const dg_tensor *pooled);
/* The transposed: places = 0, and each value of pooled added at its window's place. */
void max_pool_scatter(const pool_shape *s, const dg_kernel *kernel, const dg_tensor *x, const dg_tensor *places,
                      const dg_tensor *pooled);

void avg_pool_mean(const pool_shape *s, const dg_kernel *kernel, const dg_tensor *places, const dg_tensor *pooled);
void avg_pool_spread(const pool_shape *s, const dg_kernel *kernel, const dg_tensor *places, const dg_tensor *pooled);

#endif
