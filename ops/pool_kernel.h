/* Pooling on buffers: windows over planes of up to three dimensions. */
#ifndef OPS_POOL_KERNEL_H
#define OPS_POOL_KERNEL_H

#include <dotgrad/threads.h>

#include "window.h"

typedef struct pool_shape {
    dg_dtype dtype;
    int64_t planes; /* batch · channels */
    int64_t in[3], out[3];
    int64_t kernel[3], stride[3], pad[3], dilation[3];
    bool adaptive; /* window o of n covers ⌊o·in/n⌋ … ⌈(o + 1)·in/n⌉ − 1 instead */
    bool count_include_pad;
    int64_t divisor; /* of averages; 0: the number of places */
} pool_shape;

/* y = from at the place of the greatest x in each window: the first one on ties, a NaN before every number.
 * With from = x this is max pooling. 0 for a window without a place. */
void max_pool_gather(const pool_shape *s, const void *x, const void *from, void *y, dg_threads *threads);
/* The transposed: dx = 0, and each g added at its window's place. */
void max_pool_scatter(const pool_shape *s, const void *x, const void *g, void *dx, dg_threads *threads);

void avg_pool_mean(const pool_shape *s, const void *x, void *y, dg_threads *threads);
void avg_pool_spread(const pool_shape *s, const void *g, void *dx, dg_threads *threads);

#endif
