/* Documents of graph files: the door of this room. <dotgrad/graph_file.h> is the public part.
 *
 *   document.c  looking into a document
 *   library.c   the files that it uses
 *   build.c     nodes in the order in which they depend on each other
 *   repeat.c    repeat=K: which copies of its nodes a document asks for, and how they are chained
 *   wire.c      what use() and scan() share
 *   use.c       use('file.dot'): other files as modules
 *   scan.c      scan('cell.dot'): other files as the cells of recurrences
 *   read.c      text to a document to a graph
 *   write.c     document to text */
#ifndef OPTIM_DOCUMENT_H
#define OPTIM_DOCUMENT_H

#include <dotgrad/graph_file.h>

enum { MOST_ITEMS = 1 << 22 }; /* nodes of a network */

/* A node of the document by its name, −1: there is none. */
int document_find(const dg_graph_file *file, const char *name);
/* Whether the node's op is the role's. */
bool document_has_role(const dg_graph_file *file, int node, dg_role role);
/* Whether the node stands for another file: use() and scan(). */
bool document_is_module(const dg_file_node *node);
dg_status document_no_memory(const dg_graph_file *file);

#endif
