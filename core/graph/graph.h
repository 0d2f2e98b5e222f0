/* What graph.c, arguments.c, attributes.c, apply.c and the plan share of a graph's inside. */
#ifndef CORE_GRAPH_INTERNAL_H
#define CORE_GRAPH_INTERNAL_H

#include <dotgrad/op.h>

#include "core/base/table.h"

#include <pthread.h>

/* An op as the registry keeps it: counted once, its defaults parsed once. */
typedef struct op_entry {
    const dg_op *op;
    size_t index;
    int n_inputs; /* declared */
    int n_attrs;
    int n_outputs;
    bool variadic;
    dg_value defaults[DG_MAX_ATTRS]; /* normalised; DG_VALUE_NONE where a value may be absent or is required */
} op_entry;

/* descriptor.c: DG_BAD_ARGUMENT names op and field. The second one parses what is text in it, which may call ops that
 * are registered already. */
dg_status descriptor_check(const dg_op *op);
dg_status descriptor_check_texts(const dg_op *op);
/* The function that registers what ships, called when the registry is first asked for something. */
void registry_filled_by(dg_status (*fill)(void));
/* A graph is made: from now on the registry is only read. DG_OK, or what went wrong in filling it. */
dg_status registry_close(void);
const op_entry *registry_find(const char *name);
/* The name most like `name` among the ops that fit (NULL: all do); NULL when none is near. */
const char *registry_nearest(const char *name, bool (*fits)(const op_entry *entry));
const op_entry *registry_formula_op(void); /* the op whose inputs are the free names of its formula */
const op_entry *registry_parameter_op(void);
size_t registry_count(void);
dg_status registry_status(void); /* of filling it with the ops that ship */

/* Inputs that an op has with these attributes, not counting repetitions of a variadic one; and the spec of input k:
 * declared, brought by the attributes, or the last one declared. `attrs` may be NULL for an op without more_inputs. */
int input_count(const op_entry *entry, const dg_value *attrs);
const dg_input_spec *input_spec(const op_entry *entry, const dg_value *attrs, int k);

typedef struct node_update {
    struct node_update *next;
    dg_node *assign;
} node_update;

/* What a group of parameters is kept for together: an optimiser's state, of the optimiser and what it steps. The text
 * ends with a number in [] by which two that read alike differ. */
typedef struct purpose {
    const char *group; /* what their names begin with: "optimizer/" */
    const char *text;  /* "adam of 'a' and 1 more [c0ffee]" */
} purpose;

struct dg_node {
    dg_graph *graph;
    const op_entry *entry;
    const char *name; /* NULL until somebody asks or gives one */
    bool named;
    bool emitted; /* for a derivative or by an optimiser, not by the graph's author */
    dg_location at;
    int64_t id;
    int n_inputs;
    int n_outputs;
    dg_node **inputs;
    const dg_value *attrs; /* NULL for a formula node made without text, until somebody asks */
    dg_type *types;        /* one an output */
    const dg_formula *formula;
    dg_node *owner;
    dg_node *derivative_of; /* NULL: none */
    dg_module *module;
    dg_node *original;      /* NULL: it is no copy */
    dg_node **expansion;    /* of a composed op, made on demand */
    node_update *updates;   /* of a composed op: assignments in training */
    const purpose *purpose; /* of a parameter; NULL: none that is known */
};

struct dg_module {
    dg_module *parent;
    const char *name;   /* with those of the modules around it */
    const char *prefix; /* "name." or "" */
    bool checkpoint;
};

struct dg_graph {
    uint64_t number;      /* of all graphs there were: from 1 on */
    pthread_mutex_t lock; /* held while a plan is compiled or bound, which adds to the graph */
    dg_status status;
    dg_arena *arena;
    dg_formulas *formulas;
    dg_dtype dtype;
    const char *init; /* "" when layers keep their own */
    dg_node **nodes;
    int64_t n_nodes, capacity;
    hash_table names;     /* nodes by name */
    const char **symbols; /* names of symbols −3, −4, … */
    int n_symbols;
    const dg_formula **op_formulas; /* of ops without attributes, by registry index */
    dg_node *owner;                 /* the composed op that is being expanded */
    dg_node *differentiated;        /* the node whose derivative is being emitted */
    bool emitting;                  /* what is made now is emitted */
    dg_module *module;              /* that is open */
    int64_t unopened;               /* modules that were not opened since there is a mistake, and are to be closed */
    struct scan_list *scans;        /* see step.c */
};

/* DG_BAD_ARGUMENT when there is no initialiser of that name, or one of its arguments is out of its range. */
dg_status init_is_known(const dg_value *init);

/* Whether a word in a shape can be the name of a size: capitalised, and not None or the like. */
bool size_is_name(const char *name);
/* The error of an item of a shape that is no size; `shape` is the text of all. */
dg_status size_error(const char *attribute, const dg_value *size, const char *shape);
/* Brings one value into the form that `spec` declares. `what` names the op and node for the message. */
dg_status attribute_normalise(dg_graph *graph, dg_arena *arena, const dg_attr_spec *spec, const dg_value *given,
                              dg_value *value);
/* arguments.c: attributes of an application in declared order. `extra` receives keywords that the op does not declare
 * (for ops with DG_ANY_INPUTS; NULL: they are an error). */
dg_status attributes_collect(dg_graph *graph, const op_entry *entry, const dg_application *application,
                             const dg_value **attrs, const dg_value **extra, int *n_extra);

/* Bindings of a formula op: its number attributes. */
#define MAX_BINDINGS 16
int formula_bindings(const op_entry *entry, const dg_value *attrs, dg_binding bindings[MAX_BINDINGS]);

/* missing.c: a name that the graph does not have, asked for by its author; */
uint64_t missing_number(void);
void missing_sought(const dg_graph *graph, const char *name);
/* the graph in which a node is being made; one that has failed; one that ends; */
void missing_building(const dg_graph *graph);
void missing_failed(const dg_graph *graph);
void missing_freed(const dg_graph *graph);
/* the NULL that was answered is explained, or is not the reason of what comes; */
void missing_forget(void);
/* the last such name, NULL: none; */
const char *missing_name(const dg_graph *graph);
/* and a builder whose inputs are all NULL. Its mistake is that of the graph, until it recovers. */
void missing_built(const dg_application *application);
dg_status missing_mistake(const dg_graph *graph);
void missing_recover(const dg_graph *graph);

/* purpose.c: what a set's tensors of that group are kept for; NULL: nobody has said. */
const char *purpose_in(const dg_tensors *set, const char *group);
/* False, and DG_BAD_ARGUMENT, of a parameter whose tensor the set keeps for something else. */
bool purpose_fits(const dg_tensors *set, const dg_node *parameter);
dg_status purpose_check(const dg_tensors *set, const dg_node *parameter);
/* The set keeps the tensor for the parameter's purpose from now on. */
dg_status purpose_keep(dg_tensors *set, const dg_node *parameter);

/* undo.c: takes away all nodes but the first `count`, and what the others keep of them. */
void graph_forget(dg_graph *graph, int64_t count);

/* The name that a node gets in the module that is open; inside a composed op, the one given. NULL without memory. */
const char *module_name_in(dg_graph *graph, const char *name);
/* Opens a module of that whole name in the one that is open, which leaves the names of its nodes as they are given. */
dg_module *module_begin_labelled(dg_graph *graph, const char *name, bool checkpoint);
/* The module of nodes that are being made. */
dg_module *module_of_new(const dg_graph *graph);

dg_status graph_check_name(const dg_graph *graph, const char *name); /* DG_BAD_ARGUMENT: it is taken */
dg_status graph_add_name(dg_graph *graph, dg_node *node);
dg_node *graph_new_node(dg_graph *graph, const op_entry *entry, int n_inputs, int n_outputs, dg_location at);

enum { MAX_FORMULA_INPUTS = 64 };
/* An op's own infer, which must say all of each output. */
dg_status op_infer(const dg_infer *infer);
/* Sets the types of a node's outputs as far as the symbols tell. */
dg_status node_infer_types(dg_node *node);
/* Every size is a number, one that follows from symbols, or a symbol of the node's graph. */
dg_status node_check_sizes(const dg_node *node);
/* Type of an elementwise node, and the type it computes in. */
dg_status formula_infer(const dg_formula *formula, int n_inputs, const dg_type *const *inputs, dg_type *output,
                        dg_dtype *compute);

#endif
