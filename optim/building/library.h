/* The files that a graph file uses: see <dotgrad/graph_file.h>. */
#ifndef OPTIM_BUILDING_LIBRARY_H
#define OPTIM_BUILDING_LIBRARY_H

#include "optim/document/document.h"

enum { MOST_BYTES = 1 << 28, MOST_NODES = 1 << 22 }; /* of a file and of a network, where the caller gives no bound */

/* For a file whose path and arena are set. NULL without memory. */
struct dg_file_library *library_new(dg_graph_file *file, dg_document_parser *parse,
                                    const dg_graph_read_options *options);
void library_free(struct dg_file_library *library); /* NULL is fine */

/* The texts that the caller has given are gone when reading is over. */
void library_forget_texts(struct dg_file_library *library);

/* Starts to count the nodes of a build. */
void library_count_anew(struct dg_file_library *library);
/* false: there would be more than the most in all. */
bool library_take(struct dg_file_library *library, int64_t n_items);
int64_t library_most(const struct dg_file_library *library); /* nodes of a network */
dg_status library_too_many(const dg_graph_file *file);

/* The settings of the first file, which those that it uses may read, too. */
void library_set_scope(struct dg_file_library *library, const char *scope);
/* The document of that name, seen from the file that uses it, with the settings in the call that does. */
dg_status library_find(struct dg_file_library *library, const dg_graph_file *user, const char *name,
                       const dg_value *call, dg_graph_file **file);
/* The tensor `name`, else `otherwise`, of a file with constants, seen from a file of the library; it lives as long. */
dg_status library_constant(struct dg_file_library *library, const dg_graph_file *user, const char *file,
                           const char *name, const char *otherwise, const dg_tensor **found);
/* Whether two documents were read from one file. */
bool library_is_same(const struct dg_file_library *library, const dg_graph_file *a, const dg_graph_file *b);
/* A note of count.c for each document. */
int64_t *library_note(struct dg_file_library *library, const dg_graph_file *file);

#endif
