/* Metrics that no sum over batches gives: they need the scores of all rows of a pass. */
#ifndef OPTIM_JUDGE_H
#define OPTIM_JUDGE_H

#include "metrics.h"

/* Scores and labels, row by row. One score a row: of class 1 against class 0. */
typedef struct judged {
    int64_t rows, room, classes; /* classes: scores a row; 1: two classes */
    double *scores;              /* [rows, classes], higher for the class */
    int64_t *labels;
} judged;

/* Adds a batch. DG_BAD_SHAPE: they do not go together; DG_BAD_DATA: a label that is no class. */
dg_status judged_add(judged *all, const metric_set *set, const dg_tensor *prediction, const dg_tensor *target);
void judged_release(judged *all);

/* Area under the ROC curve: the chance that a row of the class has a higher score than one of another, ties half. Of
 * several classes the mean over them, each against the rest (scikit-learn: roc_auc_score(multi_class='ovr')); NaN where
 * a class has no row. */
dg_status judged_auc(const judged *all, double *value);
/* The mean over classes of 2·hits/(said + are) (scikit-learn: f1_score(average='macro')); 0 for a class that neither is
 * nor is said. */
dg_status judged_f1(const judged *all, double *value);
/* counts[target·classes + decision], classes the number of classes: 2 for one score. */
int64_t judged_classes(const judged *all);
void judged_count(const judged *all, int64_t *counts);

#endif
