/* Tensors brought to mean 0 and variance 1. */
#ifndef OPS_STANDARDIZE_H
#define OPS_STANDARDIZE_H

#include <dotgrad/op.h>

/* A tensor seen as [before, channels, after]: each channel is reduced over both sides. */
typedef struct channel_layout {
    int64_t before, channels, after;
} channel_layout;

/* Outputs y = (x − mean) / √(var + eps), mean and (biased) var of each channel of input x. Runs the epilogue. */
void standardize_run(const dg_kernel *kernel, const channel_layout *layout, double eps);

/* Of inputs g, y and var: dx = (g − mean(g) − y mean(g y)) / √(var + eps). Runs the epilogue. */
void standardize_backward_run(const dg_kernel *kernel, const channel_layout *layout, double eps);

/* ---- ops ---- */

dg_status standardize_infer(const dg_infer *infer);
dg_layout standardize_layout(const dg_kernel *kernel, int k);
dg_status standardize_forward(const dg_kernel *kernel);
void standardize_backward(const dg_backward *vjp);
double standardize_flops(const dg_infer *infer);

dg_status standardize_backward_infer(const dg_infer *infer);
dg_status standardize_backward_forward(const dg_kernel *kernel);
void standardize_backward_backward(const dg_backward *vjp);

/* w/√(var + ε); without a weight 1/√(var + ε). */
dg_node *inverse_deviation(dg_node *var, double eps, dg_node *weight);
dg_status check_eps(double eps); /* DG_BAD_ARGUMENT below 0 */

#endif
