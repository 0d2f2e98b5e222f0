/* Derivatives in the large. */
#ifndef TOOLS_DRAW_MIRROR_H
#define TOOLS_DRAW_MIRROR_H

#include "tools/draw/view/derive.h"
#include "tools/draw/view/plan.h"
#include "tools/draw/view/view.h"

typedef struct mirror_wish {
    dg_graph *graph;
    const derived_nodes *derived;
    const dg_node *loss;
    const plan_steps *plan; /* the boxes tell the steps of a plan, not nodes; NULL */
    bool is_told;           /* in words in the network's boxes, without boxes of their own */
    bool with_network;      /* beside the network's boxes; else the derivatives alone */
} mirror_wish;

/* For a view of the network that has been rewritten: after the other passes. */
dg_status pass_mirror(view *v, const mirror_wish *wish);

#endif
