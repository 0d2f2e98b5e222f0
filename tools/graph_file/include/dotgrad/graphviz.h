/* Reading graph files: Graphviz DOT text, through Graphviz's own libcgraph. In the library dotgrad-graphviz; documents,
 * building and writing are in <dotgrad/graph_file.h>.
 *
 * libcgraph's state is global, parsing included: one lock is around every call of it, so that files may be read in
 * several threads. It has no answer to a failing allocation but to end the process (exit or a null pointer): where
 * memory may run out, read untrusted files in a process of their own. */
#ifndef DOTGRAD_GRAPHVIZ_H
#define DOTGRAD_GRAPHVIZ_H

#include <dotgrad/graph_file.h>

DG_BEGIN_C

/* Reads a file ("-": standard input), or options->text that came from `path`, with the files that it uses, and builds
 * its graph. *file is freed with dg_graph_file_free(). Errors are those of dg_document_read(); a DOT file that is
 * undirected, or that holds several graphs, is DG_BAD_DATA. options: NULL for none. */
dg_status dg_graph_read(const char *path, const dg_graph_read_options *options, dg_graph_file **file);

/* DOT text to a document, without building. */
dg_status dg_document_parse_dot(dg_graph_file *file, const char *text, size_t size);

DG_END_C

#endif
