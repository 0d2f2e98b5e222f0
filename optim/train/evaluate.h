/* Passes over rows without training. */
#ifndef OPTIM_EVALUATE_H
#define OPTIM_EVALUATE_H

#include "batch.h"
#include "metrics.h"

#define MAX_FETCH          3
#define DEFAULT_BATCH_SIZE 32

/* What training and evaluation fetch: the loss, then prediction and target when metrics want them. DG_BAD_ARGUMENT: no
 * loss; DG_BAD_SHAPE: a loss of several elements. */
dg_status fetch_list(const dg_task *task, const metric_set *set, dg_node *fetch[MAX_FETCH], int *n_fetch);
/* Adds what the plan (of fetch_list) gave for `rows` rows; the loss too in *loss. */
dg_status add_results(const dg_plan *plan, const metric_set *set, int64_t rows, metric_sums *sums, double *loss);
dg_status evaluate_rows(dg_plan *plan, const metric_set *set, batch *into, dg_rows rows, dg_metrics *metrics);

#endif
