/* Gradients as optimisers take them. */
#ifndef OPTIM_OBJECTIVE_H
#define OPTIM_OBJECTIVE_H

#include <dotgrad/optim.h>

/* What an objective may train: parameters of the loss that fit the patterns (NULL: all). The list lives in the graph's
 * arena. */
dg_status objective_parameters(dg_node *loss, const char *trains, dg_node ***parameters, int *count);
/* Each parameter holds numbers that its range has: DG_BAD_ARGUMENT names one that does not. */
dg_status objective_check_ranges(const dg_tensors *values, int count, dg_node *const *parameters,
                                 const dg_parameter_settings *settings);
/* The lines after a rule's own that keep an average of the weights, from a call ema(decay=0.999) or swa(start=EPOCH):
 * an epoch has `batches`, of which `accumulate` make a step; `epochs` in all (0: not known). */
#define AVERAGE_TEXT 160
dg_status objective_average(dg_arena *arena, const char *average, int64_t batches, int accumulate, int64_t epochs,
                            char text[AVERAGE_TEXT]);
/* Gradients, clipped where a limit is not 0, in their place. */
dg_status objective_clip(dg_graph *graph, int count, double clip_value, double clip_norm, dg_node **gradients);
/* √B times the gradients of the loss op with targets drawn from its own input, B the number of targets (Liu et al.
 * 2023, algorithm 2). DG_BAD_ARGUMENT: the loss is of no op that tells what its scores are. */
dg_status sampled_gradients(dg_node *loss, int count, dg_node *const *parameters, dg_node **gradients);

#endif
