/* A view of a graph file: its nodes, clusters and the author's looks. */
#ifndef TOOLS_DRAW_VIEW_FILE_H
#define TOOLS_DRAW_VIEW_FILE_H

#include "view.h"

#include <dotgrad/graph_file.h>

typedef struct file_wish {
    bool parameters; /* those that layers own, as boxes */
    bool names;      /* identities that begin a module are boxes, no dots */
} file_wish;

dg_status view_of_file(view *v, const dg_graph_file *file, const file_wish *wish);

#endif
