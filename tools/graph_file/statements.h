/* What the statements of DOT text say and libcgraph's sets of nodes do not keep. Under the lock of read.c; the text is
 * one that libcgraph has read. */
#ifndef TOOLS_GRAPH_FILE_STATEMENTS_H
#define TOOLS_GRAPH_FILE_STATEMENTS_H

#include "text.h"

#include <cgraph.h>

/* Puts the graph's edges, which come in the order in which libcgraph has made them, into the order of the text: of
 * {b a} -> c it makes the edge of the older node first. DG_NO_MEMORY. */
dg_status statements_sort_edges(const dg_graph_file *file, Agraph_t *graph, const dot_text *text, Agedge_t **edges,
                                size_t count);

/* The first line on which a node stands in a subgraph of that name; 0: there is none. */
int statements_line(const dg_graph_file *file, Agraph_t *graph, const dot_text *text, const char *subgraph,
                    const Agnode_t *node);

#endif
