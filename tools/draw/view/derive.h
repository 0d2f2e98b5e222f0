/* Gradients and updates for the views that show them. */
#ifndef TOOLS_DRAW_DERIVE_H
#define TOOLS_DRAW_DERIVE_H

#include <dotgrad/op.h>
#include <dotgrad/optim.h>

typedef struct derived_nodes {
    int64_t first; /* the graph's nodes from here on are derivatives */
    int count;
    dg_node *const *nodes; /* gradients, or updates */
    int n_gradients;
    dg_node *const *gradients;
    dg_node *const *wrt;     /* what each gradient is by */
    const char **names;      /* of gradients: "∂loss/∂fc.weight" */
    int64_t first_update;    /* what clips gradients and the optimiser's nodes begin here */
    const char *rule;        /* "adam" */
    const char *settings;    /* "adam(lr=0.001), clip_norm 1", of a step; NULL */
    const dg_node **updated; /* by node: the parameter that it alone serves; NULL, and NULL in it: none */
    int64_t n_groups;
    const char **groups; /* by node: "adam fc.weight", for nodes that only that parameter's update has; NULL */
} derived_nodes;

/* The graph grows by the gradients of the loss by every trainable parameter (that fits the options' `trains`); with an
 * optimizer by a whole step, with what the options ask for, to which the author's own assignments belong. Without such
 * a parameter a step has no gradients; without an optimizer (NULL) gradients are then by the float inputs. */
dg_status derive_nodes(dg_node *loss, const char *optimizer, const dg_training_plan_options *options,
                       derived_nodes *made);
/* Whether a node has been made for a derivative or an update: parts that a composed op has got meanwhile have not. */
bool derive_is_derivative(const derived_nodes *made, const dg_node *node);

#endif
