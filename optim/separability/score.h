/* Scores that a loss wants above 0 for some rows and below 0 for others, as the hinge, the perceptron criterion and
 * logistic regression do. */
#ifndef OPTIM_SCORE_H
#define OPTIM_SCORE_H

#include "question.h"

/* The node of one number a row (or, has_classes, of several, [N, C]) through which alone all that is learnt reaches the
 * loss of a row, the first such one after `after` (NULL: of all); *score NULL: none. Terms of the parameters alone, as
 * weight decay has, may join where rows are already combined. */
dg_status score_find(dg_node *loss, bool has_classes, const dg_node *after, dg_node **score);
/* Fills q->wanted. *is_margin: each row's loss never rises towards the side that it wants, and levels off there. Of a
 * regression, whose loss has its least value at a number, it does not. Where it is not the same loss mirrored at 0 for
 * both sides, q->any_threshold. */
dg_status score_wants(question *q, bool *is_margin);

#endif
