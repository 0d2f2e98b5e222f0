/* Convolution on buffers: the three products that all of its derivatives are made of. */
#ifndef OPS_CONV_KERNEL_H
#define OPS_CONV_KERNEL_H

#include <dotgrad/threads.h>

#include "ops/shared/window.h"

/* x [batch, groups·in_channels, in], w [groups·out_channels, in_channels, kernel], y [batch, groups·out_channels, out]:
 * y[n, o, p] = Σ_{c, k} w[o, c, k] · x[n, c, p·stride − pad + k·dilation]. */
typedef struct conv_shape {
    dg_dtype dtype;
    padding_mode mode;
    int64_t batch, groups;
    int64_t in_channels, out_channels; /* of one group */
    int64_t in[3], out[3], kernel[3];
    int64_t stride[3], pad[3], dilation[3]; /* pad: places before the first; those after follow from `out` */
    bool x_channels_last, y_channels_last;  /* stored as N H W C */
    bool winograd;                          /* instead of sums in order, where there are kernels for it */
} conv_shape;

/* Bytes of workspace that each needs, for a kernel with so many threads. */
size_t conv_output_workspace(const conv_shape *s, const dg_kernel *kernel);
size_t conv_input_grad_workspace(const conv_shape *s, const dg_kernel *kernel);
size_t conv_weight_grad_workspace(const conv_shape *s, const dg_kernel *kernel);

/* All take workspace, threads and epilogue from `kernel`; which of its tensors is what is the caller's to say.
 *
 * y = conv(x, w) + bias; bias [groups·out_channels] or NULL. DG_BAD_SHAPE: a product beyond what BLAS can count. */
dg_status conv_output(const conv_shape *s, const void *x, const void *w, const void *bias, void *y,
                      const dg_kernel *kernel);
/* The transposed product: dx = ∂⟨g, conv(x, w)⟩/∂x + bias; bias [groups·in_channels] or NULL. */
dg_status conv_input_grad(const conv_shape *s, const void *g, const void *w, const void *bias, void *dx,
                          const dg_kernel *kernel);
/* dw = ∂⟨g, conv(x, w)⟩/∂w, summed over the batch in an order that depends on the shape alone. */
dg_status conv_weight_grad(const conv_shape *s, const void *x, const void *g, void *dw, const dg_kernel *kernel);

/* Columns [batch, groups·in_channels·kernel, out] of x: what each window covers. out_channels does not matter. */
void conv_unfold(const conv_shape *s, const void *x, void *columns, dg_threads *threads);
/* The transposed: adds every column back to where it came from. */
void conv_fold(const conv_shape *s, const void *columns, void *x, dg_threads *threads);

#endif
