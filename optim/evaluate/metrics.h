/* Metrics as sums over rows: what is added up batch by batch, and what it comes to. */
#ifndef OPTIM_METRICS_H
#define OPTIM_METRICS_H

#include "optim/batch/fields.h"

typedef struct metric_rule metric_rule;
struct judged;

typedef struct metric_set {
    int count; /* the loss included */
    const metric_rule *rules[DG_MAX_METRICS];
    dg_node *nodes[DG_MAX_METRICS]; /* of those that are the value of a node; else NULL */
    int objective[DG_MAX_METRICS];  /* in whose turns it is measured: that of the trainer's with this number */
    dg_node *prediction, *target;   /* NULL when no metric compares them */
    dg_scores scores;               /* what the prediction is */
    double threshold;               /* of a binary decision */
    int64_t ignored;                /* a label that does not count */
} metric_set;

/* Numerator and denominator of each metric. */
typedef struct metric_sums {
    double over[DG_MAX_METRICS], under[DG_MAX_METRICS];
} metric_sums;

const char *metric_name(const metric_set *set, int metric); /* constant text */
/* Chooses metrics by task->metrics or by the loss op. */
dg_status metrics_choose(const dg_task *task, metric_set *set);
/* The loss of a further objective, measured in its turns. */
dg_status metrics_add_loss(metric_set *set, dg_node *loss, int objective);
/* Adds one batch of `rows`. prediction and target are NULL when set->prediction is. DG_BAD_SHAPE: they do not go
 * together. */
dg_status metrics_add(const metric_set *set, const dg_tensor *prediction, const dg_tensor *target, metric_sums *sums);
/* The same of one that is a number, the loss (0) or a node's. */
void metrics_add_number(int metric, double value, int64_t rows, metric_sums *sums);
/* DG_BAD_DATA: what one score should decide is no label, but a number beyond −1 … 1. */
dg_status metric_check_decision(const char *metric, double wanted);
/* Whether a metric is one of the whole pass (judge.h), or the n-th is; such a one is NaN until it is put in. */
bool metrics_judge(const metric_set *set);
dg_status metrics_put_judged(const metric_set *set, const struct judged *all, dg_metrics *metrics);
void metrics_finish(const metric_set *set, const metric_sums *sums, dg_metrics *metrics);

#endif
