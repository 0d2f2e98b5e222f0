/* What the files of mirror share. */
#ifndef TOOLS_DRAW_MIRROR_WORK_H
#define TOOLS_DRAW_MIRROR_WORK_H

#include "mirror.h"

#include "step_list.h"

/* WEIGHT_SUM: of the gradients by a parameter that several boxes read, where nothing is updated. */
typedef enum mirror_kind { FORWARD, GRADIENT, WEIGHT_SUM, UPDATE, N_KINDS } mirror_kind;

typedef struct node_place {
    int box, row; /* −1: nowhere */
    mirror_kind kind;
} node_place;

typedef struct mirror {
    view *v;
    dg_graph *graph;
    const derived_nodes *derived;
    const dg_node *loss;
    int64_t n;
    int n_boxes; /* of the network */
    bool *is_wanted;
    node_place *places;          /* by node */
    int *first;                  /* by box: its first row among all rows */
    int64_t *counts[N_KINDS];    /* by row: nodes, of a plan steps */
    bool *has_nodes[N_KINDS];    /* by row */
    const char **names[N_KINDS]; /* by row: of its parameters, of their gradients */
    int *n_names[N_KINDS];       /* of them */
    int *order;                  /* by box */
    int *shadow[N_KINDS];        /* by box: the box beside it; −1 */
    step_list *steps[N_KINDS];   /* by row, with a plan */
    step_list shared;
    const plan_steps *plan;
    int64_t n_shared; /* nodes that several parameters' updates read */
} mirror;

/* ---- mirror_place.c ---- */

void mirror_place_forward(mirror *m);
/* Counts them by row, too. */
void mirror_place_derivatives(mirror *m);
/* Where the forward node is that a node is a part, a result or the derivative of. */
node_place mirror_find_place(const mirror *m, const dg_node *node);
/* A node of the network's that is computed once more for the gradient, in a module with a checkpoint. */
bool mirror_is_again(const dg_node *node);
/* Whether a node adds what the derivatives of others give: the sum is of what these read. */
bool mirror_is_sum(const mirror *m, const dg_node *node);
/* A node that counts: no label of a result, and no part of another. */
bool mirror_counts(const mirror *m, const dg_node *node);

#endif
