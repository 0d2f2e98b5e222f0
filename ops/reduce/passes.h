/* Reductions over any set of dimensions, as a chain of passes over [outer, rows, inner] blocks. */
#ifndef OPS_REDUCE_KERNEL_H
#define OPS_REDUCE_KERNEL_H

#include "ops/shared/arguments.h"

typedef struct reduction_loops reduction_loops; /* loops.h */

/* Bytes that reduce_run needs: of the partial results between two passes. */
size_t reduce_workspace(const dg_tensor *input, const axes *set, dg_dtype result);

/* Reduces input 0 of the kernel, which may have a prologue, over the dimensions in `set` into output 0, which has one
 * element for each element of the others, divided by `divisor` where that is not 1 (floats). The output's type is the
 * input's; of sums and products of integers and conditions int64; of all and any bool. Sums and products are pairwise:
 * the error grows with the logarithm of the count. Runs the epilogue. The input may have channels_last where
 * reduce_layout() lets it. */
void reduce_run(const reduction_loops *loops, const dg_kernel *kernel, const axes *set, double divisor);

/* Whatever the layout of [N, C, H, W], what is left keeps its order, unless C and one of H and W are left. */
static inline dg_layout reduce_layout(const axes *set)
{
    return set->has[1] || (set->has[2] && set->has[3]) ? DG_LAYOUT_ANY : DG_LAYOUT_PLAIN;
}

/* int64 places of the greatest (or least) elements along `axis`, −1: in the flat array. The first one on ties; a NaN
 * comes before every number. */
void reduce_place(bool greatest, const dg_tensor *input, int axis, dg_tensor *output, dg_threads *threads);

/* y_i = the product of all x_j with j ≠ i along `axis`, without a division: right where there are zeros. Floats. */
void prod_others_run(const dg_tensor *input, int axis, dg_tensor *output, dg_threads *threads);

#endif
