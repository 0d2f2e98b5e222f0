/* Winograd's convolution, on request: kernels of 3 by 3 without stride, dilation, groups, in float32. 2.25 to 4 times
 * fewer multiplications than direct convolution; rounding errors are some ten times larger. */
#ifndef OPS_CONV_WINOGRAD_H
#define OPS_CONV_WINOGRAD_H

#include "choose.h"

/* Of a shape with `winograd` set. */
bool winograd_takes(const conv_shape *s);

size_t winograd_output_workspace(const conv_shape *s, const dg_threads *threads);
size_t winograd_input_grad_workspace(const conv_shape *s, const dg_threads *threads);

/* As conv_output and conv_input_grad. */
void winograd_output(const conv_shape *s, const float *x, const float *w, const float *bias, float *y,
                     const dg_kernel *kernel);
void winograd_input_grad(const conv_shape *s, const float *g, const float *w, const float *bias, float *dx,
                         const dg_kernel *kernel);

#endif
