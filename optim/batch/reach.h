/* What a node depends on. */
#ifndef OPTIM_REACH_H
#define OPTIM_REACH_H

#include <dotgrad/op.h>

/* marks[id] for every node that one of `nodes` (NULL ones are skipped) reads, themselves included; free it with
 * free(). A node of another graph is refused. */
dg_status reach_new(dg_graph *graph, dg_node *const *nodes, int n_nodes, bool **marks);
/* The error that a loss depends on no trainable parameter, with the node that no derivative passes, where one does. */
dg_status reach_nothing(dg_node *loss);

#endif
