/* A view of the steps of a plan. */
#ifndef TOOLS_DRAW_VIEW_PLAN_H
#define TOOLS_DRAW_VIEW_PLAN_H

#include "derive.h"
#include "view.h"

#include <dotgrad/plan.h>

typedef struct plan_wish {
    dg_node *loss;
    dg_node *const *updates;
    int n_updates;
    int64_t batch; /* for N */
} plan_wish;

typedef struct plan_steps {
    dg_plan_step *steps;
    size_t count;
    const char *summary;
} plan_steps;

/* Binds a plan of the loss and the updates to the batch, and keeps its steps, in the graph's arena. */
dg_status plan_steps_make(dg_graph *graph, const plan_wish *wish, plan_steps *made);

dg_status view_of_plan(view *v, dg_graph *graph, const plan_steps *made, const dg_node *loss,
                       const derived_nodes *derived);

#endif
