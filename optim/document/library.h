/* The files that a graph file uses: see <dotgrad/graph_file.h>. */
#ifndef OPTIM_DOCUMENT_LIBRARY_H
#define OPTIM_DOCUMENT_LIBRARY_H

#include "document.h"

/* NULL without memory. */
struct dg_file_library *library_new(dg_graph_file *file, dg_document_parser *parse);
void library_free(struct dg_file_library *library); /* NULL is fine */
/* Starts to count the nodes of a build. */
void library_count_anew(struct dg_file_library *library);
/* false: there would be more than MOST_ITEMS in all. */
bool library_take(struct dg_file_library *library, int64_t n_items);
/* The document of that name, seen from the folder of the file that uses it. */
dg_status library_find(struct dg_file_library *library, const dg_graph_file *user, const char *name,
                       dg_graph_file **file);

#endif
