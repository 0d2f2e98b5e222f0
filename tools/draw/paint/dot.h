/* The graph file itself with the attributes of the drawing in it: loads back as the same network. */
#ifndef TOOLS_DRAW_DOT_H
#define TOOLS_DRAW_DOT_H

#include "scene.h"

#include <dotgrad/graph_file.h>

/* `v` is a view of the file before any pass that takes boxes away, measured. *bytes is allocated. What is added is
 * listed in `styled` attributes or marked derived=true, so that the reader drops it again. */
dg_status paint_dot(const dg_graph_file *file, view *v, const layout *made, const compose_options *options,
                    const char *rankdir, char **bytes);

#endif
