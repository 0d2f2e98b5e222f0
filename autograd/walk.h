/* The part of a graph that a derivative runs through: the nodes between some results and the nodes they are
 * differentiated by, the inside of composed ops included. Shared by reverse mode, forward mode and the gradient check.
 */
#ifndef AUTOGRAD_WALK_H
#define AUTOGRAD_WALK_H

#include <dotgrad/op.h>

/* How the derivative of a node is found. */
typedef enum walk_kind {
    WALK_STOP,     /* no derivative flows to its inputs: a source, an index, a node declared not differentiable */
    WALK_FORMULA,  /* by differentiating its formula */
    WALK_BACKWARD, /* by its op's own rule */
    WALK_COMPOSED, /* through the nodes it stands for */
    WALK_OUTPUT,   /* it is one of its input's outputs */
    WALK_MISSING   /* its op has no rule */
} walk_kind;

typedef struct walk_entry {
    dg_node *node;
    walk_kind kind;
    bool depends;  /* the node is one of `wrt`, or depends on one */
    bool flows;    /* one of its children depends */
    int64_t first; /* its first output's place in walk.values, where `depends` */
} walk_entry;

/* A map from nodes to numbers, in which a node and its copies are one: open addressing by id, so that its size follows
 * what was reached, not the graph. */
typedef struct node_map {
    struct node_slot {
        const dg_node *node;
        int64_t index;
    } * slots;
    size_t count, capacity;
} node_map;

dg_status node_map_put(node_map *map, const dg_node *node, int64_t index);
int64_t node_map_get(const node_map *map, const dg_node *node); /* −1: not there */

typedef struct walk {
    dg_graph *graph;
    walk_entry *entries; /* every node after those that it is computed from */
    int64_t count, capacity;
    node_map places;   /* of nodes in entries */
    dg_node **values;  /* the cotangents or tangents of the outputs; NULL: zero */
    dg_node **scratch; /* four lists of `scratch_size` nodes and one of flags, for one node's inputs or outputs */
    bool *flags;
    int scratch_size;
    node_map wrt; /* by what derivatives are asked for, as given to walk_make() */
} walk;

/* A node, and which of its outputs is meant. */
typedef struct walk_point {
    dg_node *node;
    int output;
} walk_point;
/* Different handles on one output, and copies of a node, are the same point. */
walk_point walk_resolve(dg_node *node);

/* Finds the graph and checks that all are its nodes and of float types. A mistake in building comes back as it is. */
dg_status walk_check(dg_graph **graph, int n_outputs, dg_node *const *outputs, int n_wrt, dg_node *const *wrt);

/* Finds what lies between `roots` and `wrt`; walk_release() in any case. With `everything`, goes on through nodes that
 * no derivative passes, and prunes nothing. */
dg_status walk_make(walk *w, dg_graph *graph, int n_roots, dg_node *const *roots, int n_wrt, dg_node *const *wrt,
                    bool everything);
void walk_release(walk *w);

/* The error for a node on the way whose op has no rule. */
dg_status walk_missing(dg_node *node);
walk_kind walk_kind_of(const dg_node *node);
/* Child k: the nodes that a composed op stands for; else the inputs, NULL for one that no derivative flows to. */
dg_node *walk_child(const dg_node *node, walk_kind kind, int k, bool everything);

/* The op's own rule: the gradients by those inputs for which w->flags is set, from the cotangents of its outputs. */
void walk_backward(walk *w, dg_node *node, dg_node *const *inputs, dg_node *const *cotangents, dg_node **gradients);

/* True for an op whose one input is not broadcast against another. */
bool walk_single_input(const dg_node *node);

/* The value of an output (NULL: zero), or NULL for a node that does not depend on `wrt`. */
dg_node *walk_value(const walk *w, walk_point point);
bool walk_depends(const walk *w, const dg_node *node);
/* Adds `value` to what is there. */
void walk_add(walk *w, walk_point point, dg_node *value);

/* True when both shapes will be the same whatever the symbols stand for. */
bool same_shape(const dg_shape *a, const dg_shape *b);
/* Brings a cotangent or tangent of the caller's to the dtype of `like`; fails where it has another shape. */
dg_status walk_fit(dg_graph *graph, dg_node **value, dg_node *like, const char *what);
/* For a node with a formula whose input has one, too: the cotangent to the input of that, where both together are
 * simpler than one after the other; *done tells whether they are. (through_two.c) */
dg_status through_two(walk *w, dg_node *node, dg_node *cotangent, bool *done);
/* The gradient of `like`, brought to its shape (summed over what was broadcast) and dtype. */
dg_node *conform_gradient(dg_node *gradient, dg_node *like);

#endif
