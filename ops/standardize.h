/* Tensors brought to mean 0 and variance 1. */
#ifndef OPS_STANDARDIZE_H
#define OPS_STANDARDIZE_H

#include <dotgrad/tensor.h>
#include <dotgrad/threads.h>

/* A tensor seen as [before, channels, after]: each channel is reduced over both sides. */
typedef struct channel_layout {
    int64_t before, channels, after;
} channel_layout;

/* y = (x − mean) / √(var + eps), with the mean and the (biased) variance of each channel. Both are found by a pass of
 * their own, so that a large mean costs the variance no digits. */
void standardize_run(const dg_tensor *x, const channel_layout *layout, double eps, dg_tensor *y, dg_tensor *mean,
                     dg_tensor *var, dg_threads *threads);

#endif
