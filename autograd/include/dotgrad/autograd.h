/* Differentiation: every derivative is more graph, made of ordinary nodes that can be drawn, planned and differentiated
 * again. */
#ifndef DOTGRAD_AUTOGRAD_H
#define DOTGRAD_AUTOGRAD_H

#include <dotgrad/ops.h>

/* Reverse mode: grads[k] = d(sum of output)/d(wrt[k]), of wrt[k]'s type; zeros where output does not depend on it.
 * `wrt` are any nodes of the graph, parameters and intermediate ones alike. DG_BAD_ARGUMENT: an op on the way that has
 * no derivative; DG_BAD_DTYPE: a node that is not of a float type. */
dg_status dg_grad(dg_node *output, int count, dg_node *const *wrt, dg_node **grads);

/* The same for several outputs, each weighted by a cotangent of its type (NULL: ones). */
dg_status dg_vector_jacobian(int n_outputs, dg_node *const *outputs, dg_node *const *cotangents, int count,
                             dg_node *const *wrt, dg_node **grads);

#endif
