/* Gradients as optimisers take them. */
#ifndef OPTIM_OBJECTIVE_H
#define OPTIM_OBJECTIVE_H

#include <dotgrad/optim.h>

/* Gradients of the loss, clipped where a limit is not 0. */
dg_status objective_gradients(dg_node *loss, int count, dg_node *const *parameters, double clip_value, double clip_norm,
                              dg_node **gradients);
/* √B times the gradients of the loss op with targets drawn from its own input, B the number of targets (Liu et al.
 * 2023, algorithm 2). DG_BAD_ARGUMENT: the loss is of no op that tells what its scores are. */
dg_status sampled_gradients(dg_node *loss, int count, dg_node *const *parameters, dg_node **gradients);

#endif
