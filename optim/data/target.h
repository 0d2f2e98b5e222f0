/* Which inputs of a graph take the labels of a data set. */
#ifndef OPTIM_TARGET_H
#define OPTIM_TARGET_H

#include <dotgrad/op.h>

/* Marks, by node id, the inputs that are labels: the target of a loss op is made from them, its other arguments are
 * not, and no other loss op's are, unless the labels are of an integer type, classes that a network may also read.
 * `of`: the loss ops that count, by node id; NULL: all of the graph. Free *marks with free(). */
dg_status target_inputs(const dg_graph *graph, const bool *of, bool **marks);
/* Whether a node is an input that takes the field "target": as it says, or by those marks, or by its name. */
bool input_takes_target(const dg_node *node, const bool *marks);

#endif
