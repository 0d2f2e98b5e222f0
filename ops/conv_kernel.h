/* Convolution on buffers, N C H W: the three products that all of its derivatives are made of. */
#ifndef OPS_CONV_KERNEL_H
#define OPS_CONV_KERNEL_H

#include <dotgrad/threads.h>

#include "window.h"

/* x [batch, groups·in_channels, in], w [groups·out_channels, in_channels, kernel], y [batch, groups·out_channels, out]:
 * y[n, o, p] = Σ_{c, k} w[o, c, k] · x[n, c, p·stride − pad + k·dilation]. */
typedef struct conv_shape {
    dg_dtype dtype;
    padding_mode mode;
    int64_t batch, groups;
    int64_t in_channels, out_channels; /* of one group */
    int64_t in[3], out[3], kernel[3];
    int64_t stride[3], pad[3], dilation[3]; /* pad: places before the first; those after follow from `out` */
} conv_shape;

/* Bytes of workspace that each wants. */
size_t conv_output_workspace(const conv_shape *s);
size_t conv_input_grad_workspace(const conv_shape *s);
size_t conv_weight_grad_workspace(const conv_shape *s);

/* y = conv(x, w) + bias; bias [groups·out_channels] or NULL. DG_BAD_SHAPE: beyond what BLAS can count. */
dg_status conv_output(const conv_shape *s, const void *x, const void *w, const void *bias, void *y, void *workspace,
                      dg_threads *threads);
/* The transposed product: dx = ∂⟨g, conv(x, w)⟩/∂x + bias; bias [groups·in_channels] or NULL. */
dg_status conv_input_grad(const conv_shape *s, const void *g, const void *w, const void *bias, void *dx,
                          void *workspace, dg_threads *threads);
/* dw = ∂⟨g, conv(x, w)⟩/∂w, summed over the batch in an order that depends on the shape alone. */
dg_status conv_weight_grad(const conv_shape *s, const void *x, const void *g, void *dw, void *workspace,
                           dg_threads *threads);

/* Columns [batch, groups·in_channels·kernel, out] of x: what each window covers. out_channels does not matter. */
void conv_unfold(const conv_shape *s, const void *x, void *columns, dg_threads *threads);
/* The transposed: adds every column back to where it came from. */
void conv_fold(const conv_shape *s, const void *columns, void *x, dg_threads *threads);

#endif
