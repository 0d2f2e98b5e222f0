/* One application while it becomes a node: what apply.c and owned.c share. */
#ifndef CORE_GRAPH_MAKING_H
#define CORE_GRAPH_MAKING_H

#include "graph.h"

/* Everything about one application while it is being made. */
typedef struct making {
    dg_graph *graph;
    const dg_application *application;
    const char *name; /* with the module's; NULL: made up */
    const op_entry *entry;
    const dg_value *attrs, *extra; /* extra: keywords that stand for names in a formula */
    int n_extra;
    const dg_formula *formula;
    dg_node **inputs;
    int n_inputs;
    int64_t number; /* in the names of its parameters, where it has no name: all have the same */
} making;

/* The place of an input, by name or by position; −1: there is none. */
int making_input(const making *m, const char *name);
/* The types of what is wired so far; NULL for the rest. */
void making_types(const making *m, const dg_type **types);
/* owned.c: gives the inputs that are not wired their parameters, where they have some. */
dg_status making_own(making *m);

#endif
