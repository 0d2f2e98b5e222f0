/* A view of a graph file: its nodes, clusters and the appearance that its author set. */
#ifndef TOOLS_DRAW_VIEW_FILE_H
#define TOOLS_DRAW_VIEW_FILE_H

#include "view.h"

#include <dotgrad/graph_file.h>

typedef struct file_wish {
    bool parameters; /* those that layers own, as boxes */
    bool all;        /* each node of the file has its own: parameters of layers, too, that others read */
    bool names;      /* identities that begin a module are boxes, no dots */
} file_wish;

dg_status view_of_file(view *v, const dg_graph_file *file, const file_wish *wish);
/* What rows say of the parameters that they share, when the wires are there; box: by node of the file. */
void file_shares(view *v, const dg_graph_file *file, const int *box);

/* The modules of a file's nodes by name, for a view of its graph: clusters, and the copies of those that repeat. */
typedef struct file_modules {
    const dg_graph_file *file;
    dg_arena *arena;
    int64_t n;
    int *node; /* by id of the graph's nodes: the file's node, −1: none */
    int64_t n_groups;
    const char *const *groups; /* by id, of nodes that are no file's; NULL, and NULL in it: none */
} file_modules;
dg_status file_modules_make(file_modules *modules, const dg_graph_file *file, dg_arena *arena);
const char *file_module_of(void *user, const dg_node *node); /* for graph_wish.module_of */

#endif
