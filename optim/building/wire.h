/* What use() and scan() share. */
#ifndef OPTIM_BUILDING_WIRE_H
#define OPTIM_BUILDING_WIRE_H

#include "building.h"

typedef struct wiring {
    const building *user;
    building *inner;
    int n_inputs, *inputs; /* nodes of the used file */
    size_binding *sizes;   /* inner's, with room for more */
} wiring;

/* Refuses files that use each other in a circle. */
dg_status use_check_circle(const building *b, const dg_graph_file *used);
/* The module for the nodes of the file that an item uses: a new one of the item's name, or, where that is NULL, a new
 * one with checkpoint=true alone. The caller switches back. */
dg_status use_open_module(building *b, int item, const char *name, dg_module **module);
/* The sizes behind the file's name in the call go into `sizes` and are counted in inner->n_sizes. */
dg_status use_take_sizes(const building *user, const dg_value *call, size_binding *sizes, building *inner);
/* The node that is the file's result: what `output` names, or of that name; else the only one that nobody reads,
 * losses aside. */
dg_status use_find_result(const dg_graph_file *file, int *result);
/* Marks the nodes of the file that the wanted ones are computed from. */
dg_status use_find_needed(building *inner, const int *wanted, int n_wanted, bool *needed);
/* Sets *places to the input that each edge goes to. */
dg_status use_place_edges(const wiring *w, const int *edges, int count, int *places);
/* What is wired to an input must be as the used file declares it; its sizes are what the symbols stand for. */
dg_status use_match_input(wiring *w, int input, const dg_type *type, const char *name);

#endif
