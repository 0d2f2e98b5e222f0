/* What is asked: whether a unit can answer rows as its loss wants. */
#ifndef OPTIM_QUESTION_H
#define OPTIM_QUESTION_H

#include <dotgrad/optim.h>

#include "threshold.h"

typedef struct question {
    const dg_task *task;
    dg_rows rows;
    threshold threshold;
    dg_node *unit;
    bool is_score;                 /* the unit is a score, whose sign is its answer */
    bool any_threshold;            /* … or any number may part the answers */
    dg_node **parameters, **fetch; /* fetch: what the unit looks at, and its derivatives by the parameters */
    int n_parameters;
    int64_t d;      /* numbers in all parameters */
    double *a;      /* [rows, d + 1]: derivative by them, and the value at 0, which the threshold is then taken from */
    double *wanted; /* [rows]: 1: above the threshold, −1: below, 0: neither is better */
    double *point;  /* [d]: now */
} question;

/* Runs a plan, sample by sample, on the rows and on `more`. */
dg_status question_run(const question *q, dg_node *const *fetch, int n_fetch, const dg_feed *more, int n_more,
                       dg_plan **plan);
/* The loss of each row where the unit says `answer` [width] of all of them; without data: the unit is not of so many
 * numbers a row, or the loss not of one. */
dg_status question_loss(const question *q, const double *answer, int64_t width, dg_tensor *losses);
/* Fills parameters, fetch and d by what the unit reads. */
dg_status question_parameters(question *q);
/* Rows and parameters are few enough to be solved for. */
bool question_is_small(const question *q);
/* The answer for a score with its parameters and the rows that want something of it; found->unit NULL: it is not
 * linear, or too large. */
dg_status question_ask(question *q, dg_separability *found);
void question_release(question *q);

#endif
