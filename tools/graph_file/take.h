/* What libcgraph has read to a document. */
#ifndef TOOLS_GRAPH_FILE_TAKE_H
#define TOOLS_GRAPH_FILE_TAKE_H

#include "text.h"

#include <cgraph.h>

/* Fills the document but for its path and arena. */
dg_status take_document(dg_graph_file *file, Agraph_t *graph, const dot_text *text);

#endif
