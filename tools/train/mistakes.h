/* What trains, and is hardly meant. */
#ifndef TOOLS_MISTAKES_H
#define TOOLS_MISTAKES_H

#include <dotgrad/optim.h>

/* A warning where what a loss is given is, on the first few of the rows, what it makes of it itself (a softmax before
 * cross_entropy, a sigmoid before a loss on logits), or where nll_loss gets no logarithms of probabilities. */
void tell_scores(const char *name, const dg_task *task, dg_rows rows);
/* A warning where the last function cannot give what the loss asks for, whatever its input: targets beyond its range,
 * or scores of either sign; and where it is a softmax along the batch. */
void tell_ranges(const char *name, const dg_task *task, dg_rows rows);
/* A warning where the last two epochs had the same loss, as all its derivatives are 0. Rows: of one batch. */
void tell_stuck(const char *name, const dg_task *task, dg_rows rows, const dg_trainer *trainer);
/* A warning where the author has layers whose parameters neither the losses nor anything else that is asked for
 * depends on: an edge is missing. `metrics`: names of nodes among others; NULL: none. */
void tell_unseen(const char *name, const dg_trainer_options *options, const char *metrics);

#endif
