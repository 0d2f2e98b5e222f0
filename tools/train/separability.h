/* Whether a linear classifier that errs could do better. */
#ifndef TOOLS_SEPARABILITY_H
#define TOOLS_SEPARABILITY_H

#include <dotgrad/optim.h>

/* A warning when the task is a perceptron (dg_separability_find) that answers some of the rows wrongly, or of a score
 * that can only do so; a note of logistic regression and softmax, for which that is usual; `what` are they: "training
 * rows". Of other tasks nothing is said. */
void tell_separability(const char *name, const dg_task *task, dg_rows rows, const char *what);

#endif
