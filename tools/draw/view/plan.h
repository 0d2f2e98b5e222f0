/* A view of the steps of a plan. */
#ifndef TOOLS_DRAW_VIEW_PLAN_H
#define TOOLS_DRAW_VIEW_PLAN_H

#include "derive.h"
#include "view.h"

typedef struct plan_wish {
    dg_node *loss;
    dg_node *const *updates;
    int n_updates;
    const derived_nodes *derived; /* which nodes are of derivatives */
    int64_t batch;                /* for N */
} plan_wish;

/* Binds a plan of the loss and the updates to the batch, with parameters made by their initialisers. */
dg_status view_of_plan(view *v, dg_graph *graph, const plan_wish *wish);

#endif
