/* The difference between two networks. */
#ifndef TOOLS_DRAW_DIFF_H
#define TOOLS_DRAW_DIFF_H

#include "passes.h"

typedef struct diff_counts {
    int added, removed, changed, wires;
} diff_counts;

/* Marks in `v` what differs from `old`, a view of the same kind before any other pass, in the same arena; adds what is
 * gone from it. */
dg_status pass_diff(view *v, const view *old, diff_counts *counts);
/* The summary, and one line for each difference: + added, - removed, ~ changed. */
void paint_diff(const view *v, text *to);

#endif
