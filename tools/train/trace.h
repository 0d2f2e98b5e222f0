/* A graph as a textbook works through it: every node with its formula, the numbers filled in, forward and backward. */
#ifndef TOOLS_TRACE_H
#define TOOLS_TRACE_H

#include "tools/session/session.h"

#include <stdio.h>

/* Prints the values of all nodes that `target` depends on, then the derivatives of the sum of `target` by them. */
dg_status trace_print(FILE *out, const graph_session *session, dg_node *target, const dg_feed *feeds, int n_feeds,
                      bool training);

/* Works through steps of a trainer: each with the pages of its loss, then the weights before and after. `data` holds
 * the rows; DG_BAD_ARGUMENT: they are more than one batch, so that a step does not see all of them. */
dg_status trace_steps(FILE *out, const graph_session *session, const dg_task *task, dg_trainer *trainer, int64_t steps,
                      int64_t batch_size);

#endif
