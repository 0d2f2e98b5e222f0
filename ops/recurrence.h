/* What recurrent layers and cells take from the ops over time steps. */
#ifndef OPS_RECURRENCE_H
#define OPS_RECURRENCE_H

#include <dotgrad/op.h>

/* Input k, when it is given, must have this shape and input 0's float type. */
dg_status want_shape(const dg_infer *infer, int k, const dg_shape *wants);

/* The last or the first time step of [N, T, features]: [N, features]. */
dg_node *time_edge(dg_node *x, bool last);

#endif
