/* Rematerialisation: the values inside a module with `checkpoint`, as the backward pass reads them, are computed again
 * from what enters the module. */
#ifndef AUTOGRAD_RECOMPUTE_H
#define AUTOGRAD_RECOMPUTE_H

#include "walk.h"

/* What has been made again in one module: for each node its stand-in. */
typedef struct recomputed_module {
    dg_module *module;
    dg_node *cotangent; /* the first that came back to the module: nothing is computed again before it */
    node_map places;
    dg_node **stand_ins;
    size_t count, capacity;
} recomputed_module;

typedef struct recompute_frame {
    dg_node *node;
    dg_node *const *expansion; /* NULL: it has none, or is not copied */
    int n_children, next;      /* next: the child to look at */
    bool is_copied;
} recompute_frame;

typedef struct recomputation {
    recomputed_module *modules;
    size_t count, capacity;
    recompute_frame *stack;
    size_t depth, stack_capacity;
} recomputation;

/* Where a backward rule is to be run on *node, inside such a module, puts the node's copy in its place: its inputs are
 * copies, too. `cotangent` is the node's. */
dg_status recompute(recomputation *again, dg_node **node, dg_node *cotangent);
void recompute_release(recomputation *again);

#endif
