/* Passes over rows without training. The room:
 *
 *   evaluate.c   the passes
 *   metrics.c    what is added up batch by batch, and what it comes to
 *   judge.c      metrics that need the scores of all rows
 *   predictor.c  a graph that answers, for a program's own rows */
#ifndef OPTIM_EVALUATE_H
#define OPTIM_EVALUATE_H

#include "metrics.h"
#include "optim/batch/batch.h"

#define MAX_FETCH          (4 + DG_MAX_METRICS)
#define ALL_OBJECTIVES     (-1)
#define DEFAULT_BATCH_SIZE 32

/* DG_BAD_SHAPE: it is not one number of a float type. */
dg_status check_loss(const dg_node *loss);
/* What turns of an objective fetch, or evaluation (ALL_OBJECTIVES): the loss; prediction and target when metrics need
 * them; the nodes that are metrics. Of a further objective only its loss. DG_BAD_ARGUMENT: no loss; DG_BAD_SHAPE: a
 * loss of several elements. */
dg_status fetch_list(const dg_task *task, const metric_set *set, int objective, dg_node *fetch[MAX_FETCH],
                     int *n_fetch);
/* Adds what the plan (of fetch_list) gave for `rows` rows; the loss too in *loss. */
dg_status add_results(const dg_plan *plan, const metric_set *set, int objective, int64_t rows, metric_sums *sums,
                      double *loss);
dg_status evaluate_rows(dg_plan *plan, const metric_set *set, batch *into, dg_rows rows, dg_metrics *metrics);

#endif
