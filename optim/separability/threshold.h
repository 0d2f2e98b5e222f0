/* Units that give one answer below a number and another above it. */
#ifndef OPTIM_THRESHOLD_H
#define OPTIM_THRESHOLD_H

#include <dotgrad/op.h>

typedef struct threshold {
    double at;           /* where the answer changes */
    double below, above; /* the answers, which differ */
    int side;            /* of `at` itself: −1 it is answered as below, 1 as above, 0 neither */
} threshold;

/* Whether the node is such a function of its only input, which its formula alone decides: with enclosures that hold one
 * number each over all that is below and all that is above. */
dg_status threshold_find(const dg_node *node, threshold *found, bool *is_one);
/* The only threshold between what is learnt and the loss; *unit NULL: there is none, or several: *count. */
dg_status threshold_unit(dg_node *loss, dg_node **unit, threshold *found, int *count);
/* A parameter that is trained or assigned to. */
bool threshold_may_move(const dg_node *node);

#endif
