/* What recurrent layers take from a sequence. */
#ifndef OPS_RECURRENCE_H
#define OPS_RECURRENCE_H

#include <dotgrad/op.h>

/* The last or the first time step of [N, T, features]: [N, features]. */
dg_node *time_edge(dg_node *x, bool last);

#endif
