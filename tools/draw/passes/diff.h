/* The difference between two networks. */
#ifndef TOOLS_DRAW_DIFF_H
#define TOOLS_DRAW_DIFF_H

#include "passes.h"

#include <dotgrad/graph_file.h>

typedef struct diff_counts {
    int added, removed, changed, wires, modules;
    int following; /* as they were, but of other sizes, since what they read has changed */
} diff_counts;

/* What both views are of. */
typedef struct diff_files {
    const dg_graph_file *now, *old;
} diff_files;

/* Marks in `v` what differs from `old`, a view of the same kind before any other pass, in the same arena; adds what is
 * gone from it. files: NULL where one of them is of no file. */
dg_status pass_diff(view *v, const view *old, const diff_files *files, diff_counts *counts);

/* ---- diff_file.c ---- */

/* "epochs 5 → 10, seed none → 3" of the attributes of ours that are for such a place; "" and no count: none differs. */
const char *diff_attributes(view *v, const dg_file_attributes *now, const dg_file_attributes *old, unsigned where,
                            int *count);
/* What differs between two nodes beside their calls: other attributes, and what is in the file that they use. */
const char *diff_nodes(view *v, const dg_file_node *now, const dg_file_node *old);
void diff_modules(view *v, const view *old, const diff_files *files, diff_counts *counts);

#endif
