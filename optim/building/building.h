/* A graph file on its way to a dg_graph.
 *
 * An item is one copy of one of the document's nodes. A node in a cluster with repeat=K has K items, in clusters that
 * nest the product; copy i of a node in a cluster is in copy i of the cluster. The room:
 *
 *   read.c      text to a document to a graph
 *   library.c   the files that it uses
 *   sizes.c     ROWS, FEATURES, CLASSES, VOCAB from data
 *   count.c     how large the network would be
 *   build.c     nodes in the order in which they depend on each other
 *   hints.c     what has probably been meant, where a node cannot be made
 *   owned.c     parameters that layers own, constants in files
 *   repeat.c    repeat=K: which copies of its nodes a document asks for, and how they are chained
 *   wire.c      what use() and scan() share
 *   use.c       use('file.dot'): other files as modules
 *   scan.c      scan('cell.dot'): other files as the cells of recurrences */
#ifndef OPTIM_BUILDING_BUILDING_H
#define OPTIM_BUILDING_BUILDING_H

#include "optim/document/document.h"

typedef struct cluster_copies {
    int repeat;       /* 1 for a cluster that does not repeat, and for a block */
    bool is_repeated; /* repeat is given, be it 1: its copies have numbers in their names */
    bool is_checkpoint;
    bool is_shared;  /* share=true: its copies have the parameters of the first */
    int copies;      /* in all: the product of this repeat and those around it */
    int entry, exit; /* nodes: what enters the first copy, and what leaves each to enter the next; −1: none */
    const char *entry_out, *exit_out; /* which output of them */
    int rival;                        /* a node that could be the entry as well, −1: none */
    dg_module **modules;              /* by copy, of a cluster */
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

struct building;
/* Makes an item that stands for another file; `inputs` are the sources of the node's incoming edges. */
typedef dg_status module_maker(struct building *b, int item, const char *name, dg_node *const *inputs);

typedef struct building {
    dg_graph_file *file;
    dg_graph *graph;
    const dg_graph_read_options *options;
    module_maker *(*find_maker)(const char *op); /* NULL: it is a plain op */
    struct dg_file_library *library;
    bool is_counting;            /* nothing is made */
    const struct building *user; /* whose node uses this file; NULL: it is the one that is read */
    const char *prefix;          /* of all names */
    const char *shares_with;     /* prefix of the names of those whose parameters these nodes use; NULL: their own */
    dg_module *module;           /* around all nodes */
    const size_binding *sizes;
    int n_sizes;
    dg_node **given; /* by node, for a used file: what is wired to an input; NULL: is made */
    cluster_copies *clusters;
    int *base;    /* by node: its first item; one more at the end */
    int *node_of; /* by item */
    int *owners;  /* by node: the one that a node without op is a parameter of; −1: none */
    int *shares;  /* by node: the one that share=NODE names; −1: none */
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

/* owned.c: the node that a node without op is a parameter of, "y" of "y.weight"; −1: none. */
int owned_find(const dg_graph_file *file, int node);
/* The item whose parameter an item is; −1: it is no such node. */
int owned_source(const building *b, int item);
dg_status owned_make(building *b, int item);
/* Which node each one's share=NODE names. */
dg_status owned_find_shares(building *b);
/* The item whose parameters an item uses, by share=NODE or share=true of a cluster; −1: it has its own. */
int owned_shared(const building *b, int item);
/* The node whose parameters the node of that name uses; NULL: it has its own. */
dg_status owned_sharer(const building *b, int item, const char *name, dg_node **other);
/* The prefix of the names that the nodes of a used file share with, as `shares_with`. */
dg_status owned_share_file(const building *b, int item, const char *name, const char **prefix);
/* Puts the tensor in the place of a constant's file, constant('net.safetensors'). */
dg_status owned_constant(const building *b, int item, const char *name, dg_value *call);

/* build.c: reads the calls of a document's nodes, and prepares the rest; building_free() in any case. */
dg_status building_begin(building *b);
void building_free(building *b);
/* Makes an item with all that it depends on. */
dg_status build_item(building *b, int item);
/* An item's node, or another output of it. */
dg_status build_source(const building *b, edge_end end, dg_node **source);
/* hints.c: the message of a node that cannot be made, with what may be the reason: an argument of the call that is an
 * attribute of the node; */
dg_status hint_misplaced(const dg_op *op, const dg_value *call, dg_status status);
/* an edge that is not to be seen; this, a chain with one name for all of its edges, or edges in another order. */
dg_status hint_unseen(const building *b, int index, dg_status status);
dg_status hint_edges(const building *b, int index, dg_status status);
/* repeat.c */
dg_status copies_plan(building *b);
edge_end copies_source(const building *b, const dg_file_edge *edge, int item);
/* The last item of a node. */
int copies_last(const building *b, int node);
/* Checks that what leaves one copy of a cluster may enter the next, where the edge does that. */
dg_status copies_check(const building *b, const dg_file_edge *edge, int item);
const char *copies_name(const building *b, int item); /* NULL without memory */
/* The same item in the first copy of each cluster whose copies share. */
int copies_first_shared(const building *b, int item);
/* The module that an item is made in. */
dg_module *copies_module(building *b, int item);

/* wire.c: puts sizes for symbols into a copy of the call. */
dg_status sizes_put(const building *b, dg_value *call);
const size_binding *sizes_find(const building *b, const char *symbol); /* NULL: not known */

#endif
