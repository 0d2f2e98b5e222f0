/* Networks over sequences, one step at a time.
 *
 *   steps.c    the nodes of one step, from those over the whole sequence
 *   stepper.c  runs them, and compares them with the whole
 *   sample.c   draws tokens by their scores */
#ifndef OPTIM_SEQUENCE_H
#define OPTIM_SEQUENCE_H

#include <dotgrad/generate.h>
#include <dotgrad/step.h>

/* What goes from one step to the next. */
typedef struct kept_value {
    dg_node *input; /* its value before the step */
    dg_node *next;  /* its value after it; of a past, the step's own piece */
    dg_node *first; /* its value before the first step; NULL: zeros */
    int axis;       /* of a past: the dimension that grows; else −1 */
} kept_value;

typedef struct step_graph {
    dg_node *token;    /* [N, 1] */
    dg_node *position; /* int64 [1] */
    dg_node *counts;   /* bool [room + 1]; NULL: there is no past */
    dg_node *output;
    bool is_placed; /* what a step gives depends on its number */
    int n_kept, capacity;
    kept_value *kept;
} step_graph;

/* Adds the nodes of one step to the graph. An error sticks to it. */
dg_status step_graph_make(dg_graph *graph, dg_node *input, dg_node *output, step_graph *made);
void step_graph_release(step_graph *made);

/* The dimension of the output that its places are in: behind the classes where a loss on classes reads it, else that of
 * the input's size. DG_BAD_SHAPE: it has none. */
dg_status find_time_axis(dg_node *input, dg_node *output, int *axis);

#endif
