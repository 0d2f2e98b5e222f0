/* Documents of graph files: the private header of this folder. <dotgrad/graph_file.h> is the public part.
 *
 *   document.c  looking into a document
 *   attributes.c  the table of attributes
 *   check.c     a document's attributes against it
 *   settings.c  $name in attributes
 *   replace.c   ops in the place of others
 *   keys.c      names of used files
 *   constants.c   those with tensors
 *   cost.c      parameters, work and memory of nodes: <dotgrad/cost.h>
 *   export.c    any graph to a document
 *   clusters.c  its modules as clusters
 *   options.c   options of calls that stand as attributes
 *   order.c     what another program may have reordered
 *   ports.c     what edges show and may be taken for what they compute
 *   write.c     document to text */
#ifndef OPTIM_DOCUMENT_H
#define OPTIM_DOCUMENT_H

#include <dotgrad/graph_file.h>

/* A node of the document by its name, −1: there is none. */
int document_find(const dg_graph_file *file, const char *name);
/* The error where there is none of that name, with the one that was probably meant. */
dg_status document_no_node(const dg_graph_file *file, const char *name);
/* Whether the node's op is the role's. */
bool document_has_role(const dg_graph_file *file, int node, dg_role role);
/* The op that the node's attribute names, before its call is read; NULL: none, or one of a file. */
const dg_op *document_op(const dg_file_node *node);
/* Whether that is use() or scan(). */
bool document_uses_file(const dg_file_node *node);
/* Whether the node, whose call is read, stands for another file: use() and scan(). */
bool document_is_module(const dg_file_node *node);
/* The line where an attribute of that name is set first; 0: not known. */
int document_line(const dg_graph_file *file, const char *name);
/* Whether an error begins with the file's path already. */
bool document_names(const dg_graph_file *file, dg_status status);
/* check.c: refuses attributes whose names are near ours or whose values are not of their form; what is unknown is a
 * warning of `warned`, the file that is read. */
dg_status document_check(dg_graph_file *file, dg_graph_file *warned);
/* Warns of attributes of nodes that change nothing where they stand, once the losses are known. */
void document_warn_of_idle(dg_graph_file *file);
/* options.c: refuses an attribute, not one of ours, that is an option of an optimiser, a schedule, data or a loss. */
dg_status document_check_option(const dg_graph_file *file, unsigned where, const char *name, const char *value);
/* ports.c: refuses ports that would be the name or number of an output or an argument. */
dg_status document_check_ports(const dg_graph_file *file);
/* Warns of edges that are drawn the other way round, or not at all. */
void document_warn_of_looks(const dg_graph_file *file, dg_graph_file *warned);
/* order.c: warns where a layout program may have changed the order of arguments. */
dg_status document_check_order(dg_graph_file *file);
/* An edge whose ends are those of another one; NULL: there is none. */
dg_status document_find_parallel(const dg_graph_file *file, const dg_file_edge **edge);
void document_warn(dg_graph_file *file, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Whether that keyword of use() and scan() is a setting of the file: small letters, but for those of scan() itself. */
bool document_is_setting(const char *keyword);
dg_status document_no_memory(const dg_graph_file *file);

/* The next of names with commas or spaces between them, cut to `size`; what follows it, NULL: there is none more. */
const char *document_name_in(const char *names, char *name, size_t size);

#endif
