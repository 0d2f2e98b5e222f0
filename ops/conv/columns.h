/* Convolution by columns: what each window covers is unfolded and multiplied. For every setting and both
 * types; images are N C H W. */
#ifndef OPS_CONV_COLUMNS_H
#define OPS_CONV_COLUMNS_H

#include "choose.h"

size_t columns_output_workspace(const conv_shape *s);
size_t columns_input_grad_workspace(const conv_shape *s);
size_t columns_weight_grad_workspace(const conv_shape *s);

/* As conv_output, conv_input_grad and conv_weight_grad. */
void columns_output(const conv_shape *s, const void *x, const void *w, const void *bias, void *y, void *workspace,
                    dg_threads *threads);
void columns_input_grad(const conv_shape *s, const void *g, const void *w, const void *bias, void *dx, void *workspace,
                        dg_threads *threads);
void columns_weight_grad(const conv_shape *s, const void *x, const void *g, void *dw, void *workspace,
                         dg_threads *threads);

#endif
