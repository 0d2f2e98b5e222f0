/* Gradients and updates for the views that show them. */
#ifndef TOOLS_DRAW_DERIVE_H
#define TOOLS_DRAW_DERIVE_H

#include <dotgrad/op.h>

typedef struct derived_nodes {
    int64_t first; /* the graph's nodes from here on are derivatives */
    int count;
    dg_node *const *nodes; /* gradients, or updates */
    int n_gradients;
    dg_node *const *gradients;
    dg_node *const *wrt;     /* what each gradient is by */
    const char **names;      /* of gradients: "∂loss/∂fc.weight" */
    int64_t first_update;    /* the optimiser's nodes begin here */
    const char *rule;        /* "adam" */
    const dg_node **updated; /* by node from `first` on: the parameter that it alone serves; NULL */
    int64_t n_groups;
    const char *
        *groups; /* by node from `first` on: "adam fc.weight", for nodes that only that parameter's update has; NULL */
} derived_nodes;

/* The graph grows by the gradients of the loss by every trainable parameter (that fits `trains`), with_updates by a
 * step of the optimiser.
 */
dg_status derive_nodes(dg_node *loss, const char *trains, bool with_updates, const char *optimizer,
                       derived_nodes *made);

#endif
