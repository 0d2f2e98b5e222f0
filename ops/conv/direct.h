/* Direct convolution: float32 in one and two dimensions, padded with zeros, one group or depthwise, images N C H W or
 * N H W C. An image is copied, with its padding and pixel by pixel, to where it stays in the cache; no columns are
 * made. How work is cut depends on the shape alone; only the number of scratch buffers is that of the threads. */
#ifndef OPS_CONV_DIRECT_H
#define OPS_CONV_DIRECT_H

#include "choose.h"

bool direct_takes_output(const conv_shape *s);
bool direct_takes_input_grad(const conv_shape *s);
bool direct_takes_weight_grad(const conv_shape *s);

size_t direct_output_workspace(const conv_shape *s, const dg_threads *threads);
size_t direct_input_grad_workspace(const conv_shape *s, const dg_threads *threads);
size_t direct_weight_grad_workspace(const conv_shape *s, const dg_threads *threads);

/* As conv_output, conv_input_grad and conv_weight_grad, of shapes that they take. */
void direct_output(const conv_shape *s, const float *x, const float *w, const float *bias, float *y,
                   const dg_kernel *kernel);
void direct_input_grad(const conv_shape *s, const float *g, const float *w, const float *bias, float *dx,
                       const dg_kernel *kernel);
void direct_weight_grad(const conv_shape *s, const float *x, const float *g, float *dw, const dg_kernel *kernel);

#endif
