/* A graph file on its way to a dg_graph.
 *
 *   build.c    nodes in the order in which they depend on each other
 *   repeat.c   repeat=K: which copies of its nodes a document asks for, and how they are chained
 *   use.c      use('file.dot'): other files as modules
 *   scan.c     scan('cell.dot'): other files as the cells of recurrences
 *
 * An item is one copy of one of the document's nodes. A node in a cluster with repeat=K has K items, in clusters that
 * nest the product; copy i of a node in a cluster is in copy i of the cluster. */
#ifndef TOOLS_DOT_BUILDING_H
#define TOOLS_DOT_BUILDING_H

#include "graph_file.h"

enum { MOST_ITEMS = 1 << 22 };

typedef struct cluster_copies {
    int repeat;       /* 1 for a cluster that does not repeat, and for a block */
    bool is_repeated; /* repeat is given, be it 1: its copies have numbers in their names */
    bool is_checkpoint;
    int copies;      /* in all: the product of this repeat and those around it */
    int entry, exit; /* nodes: what enters the first copy, and what leaves each to enter the next; −1: none */
    const char *entry_out, *exit_out; /* which output of them */
    int rival;                        /* a node that could be the entry as well, −1: none */
    dg_module **modules;              /* by copy, where is_checkpoint */
} cluster_copies;

typedef struct size_binding {
    const char *symbol;
    dg_value value; /* a number, or the name of another symbol */
} size_binding;

/* What a node with use() stands for. */
typedef struct used_file {
    dg_node *result;
    int n_others; /* further nodes that edges take by out=NAME */
    const char **names;
    dg_node **others;
} used_file;

struct library;

typedef struct building {
    graph_file *file;
    dg_graph *graph;
    const graph_file_options *options;
    struct library *library;
    const struct building *user; /* whose node uses this file; NULL: it is the one that is read */
    const char *prefix;          /* of all names */
    dg_module *module;           /* around all nodes */
    const size_binding *sizes;
    int n_sizes;
    dg_node **given; /* by node, for a used file: what is wired to an input; NULL: is made */
    cluster_copies *clusters;
    int *base;    /* by node: its first item; one more at the end */
    int *node_of; /* by item */
    int *first;   /* of a node's incoming edges in `incoming`, by node; one more at the end */
    int *incoming;
    dg_node **made; /* by item */
    used_file **used;
    signed char *state; /* by item: 0 new, 1 open, 2 made */
    int *stack, *next;  /* items; next: the edge to follow, by item */
    int depth;
} building;

/* One end of an edge: an item and the output that is meant (NULL: the first). */
typedef struct edge_end {
    int item;
    const char *out;
} edge_end;

/* build.c: reads the calls of a document's nodes, and prepares the rest; building_free() in any case. */
dg_status building_begin(building *b);
void building_free(building *b);
/* Makes an item with all that it depends on. */
dg_status build_item(building *b, int item);
/* An item's node, or another output of it. */
dg_status build_source(const building *b, edge_end end, dg_node **source);
/* A node of the document by its name, −1: there is none. */
int document_find(const graph_file *file, const char *name);
/* Whether the node's op is the role's. */
bool document_has_role(const graph_file *file, int node, dg_role role);

/* repeat.c */
dg_status copies_plan(building *b);
edge_end copies_source(const building *b, const file_edge *edge, int item);
/* The last item of a node. */
int copies_last(const building *b, int node);
/* Checks that what leaves one copy of a cluster may enter the next, where the edge does that. */
dg_status copies_check(const building *b, const file_edge *edge, int item);
const char *copies_name(const building *b, int item); /* NULL without memory */
/* The module that an item is made in. */
dg_module *copies_module(building *b, int item);

/* use.c */
bool is_use(const file_node *node); /* scan() is a way of using a file, too */
bool is_scan(const file_node *node);
/* Makes the nodes of the file that an item uses, and the item. `inputs` are the sources of the node's incoming edges. */
dg_status use_build(building *b, int item, const char *name, dg_node *const *inputs);
/* Puts sizes for symbols into a copy of the call. */
dg_status sizes_put(const building *b, dg_value *call);
struct library *library_new(graph_file *file);
bool library_take(struct library *library, int64_t n_items); /* false: there would be more than MOST_ITEMS in all */
void library_free(struct library *library);                  /* NULL is fine */

/* Parts of use.c that scan.c is made of, too. */
typedef struct wiring {
    const building *user;
    building *inner;
    int n_inputs, *inputs; /* nodes of the used file */
    size_binding *sizes;   /* inner's, with room for more */
} wiring;
/* The document of that name, seen from the folder of the file that uses it. */
dg_status library_find(struct library *library, const graph_file *user, const char *name, graph_file **file);
/* Refuses files that use each other in a circle. */
dg_status use_check_circle(const building *b, const graph_file *used);
/* The module for the nodes of the file that an item uses; a new one with checkpoint=true (the caller switches back). */
dg_status use_open_module(building *b, int item, dg_module **module);
/* The sizes behind the file's name in the call go into `sizes` and are counted in inner->n_sizes. */
dg_status use_take_sizes(const building *user, const dg_value *call, size_binding *sizes, building *inner);
const size_binding *sizes_find(const building *b, const char *symbol); /* NULL: not known */
/* The node that is the file's result. */
dg_status use_find_result(const graph_file *file, int *result);
/* Marks the nodes of the file that the wanted ones are computed from. */
dg_status use_find_needed(building *inner, const int *wanted, int n_wanted, bool *needed);
/* Sets *places to the input that each edge goes to. */
dg_status use_place_edges(const wiring *w, const int *edges, int count, int *places);
/* What is wired to an input must be as the used file declares it; its sizes are what the symbols stand for. */
dg_status use_match_input(wiring *w, int input, const dg_type *type, const char *name);

/* scan.c: makes the steps that an item with scan() stands for. */
dg_status scan_build(building *b, int item, dg_node *const *inputs, dg_node **made);

#endif
