/* Scores of classes, of which the highest decides, as cross-entropy has them. */
#ifndef OPTIM_CLASSES_H
#define OPTIM_CLASSES_H

#include <dotgrad/optim.h>

/* Whether scores [N, C] that are linear in what is learnt can be highest at the class that each row wants. Two classes
 * by themselves are asked about, by the difference of their scores: where no weights tell these two, none tell all. */
dg_status classes_ask(const dg_task *task, dg_rows rows, dg_separability *found);

#endif
