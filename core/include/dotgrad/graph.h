/* Graphs. A node is an op applied to other nodes; graphs own their nodes, and a handle is good as long as its graph.
 *
 * Building never aborts. The first mistake sticks to the graph with the op, the node's name, the shapes and the
 * caller's file and line; every builder then returns NULL and accepts NULL, so that one check at the end is enough:
 *
 *     dg_node *x = dg_input(g, DG_SHAPE(DG_N, 64), .name = "x");
 *     dg_node *y = dg_linear(dg_relu(dg_linear(x, 100)), 10, .name = "y");
 *     DG_TRY(dg_graph_status(g));
 *
 * After a mistake everything that was made before is as it was; what the builder had made on the way is gone. Who wants
 * to go on takes the mistake off with dg_graph_recover(). Functions that make nodes and return a dg_status (dg_grad,
 * dg_optimizer_emit, dg_training_plan, dg_plan_new, dg_trainer_new …) answer their mistakes themselves: these do not
 * stick, and the graph is as it was before the call.
 *
 * The builders of all ops are in <dotgrad/ops.h>. A graph is used by one thread at a time. */
#ifndef DOTGRAD_GRAPH_H
#define DOTGRAD_GRAPH_H

#include <dotgrad/formula.h>

DG_BEGIN_C

typedef struct dg_graph dg_graph;
typedef struct dg_node dg_node;
typedef struct dg_op dg_op; /* <dotgrad/op.h> */

/* Where in the caller's program a node is made. */
typedef struct dg_location {
    const char *file;
    int line;
} dg_location;
#ifdef __cplusplus
#define DG_HERE (dg_location{__FILE__, __LINE__})
#else
#define DG_HERE ((dg_location){__FILE__, __LINE__})
#endif

/* Nodes where a function or a builder takes a count and an array: dg_cat(DG_NODES(a, b), .dim = 1),
 * dg_grad(loss, DG_NODES(w, b), gradients). */
#ifdef __cplusplus
DG_END_C
template <int count> struct dg_node_array {
    dg_node *at[count];
    static constexpr int size()
    {
        return count;
    }
    dg_node *const *nodes() const
    {
        return at;
    }
};
template <class... pointers> dg_node_array<sizeof...(pointers)> dg_nodes_of(pointers... nodes)
{
    return dg_node_array<sizeof...(pointers)>{{nodes...}};
}
#define DG_NODES(...) decltype(dg_nodes_of(__VA_ARGS__))::size(), dg_nodes_of(__VA_ARGS__).nodes()
DG_BEGIN_C
#else
#define DG_NODES(...) (int)(sizeof((dg_node *[]){__VA_ARGS__}) / sizeof(dg_node *)), ((dg_node *[]){__VA_ARGS__})
#endif

dg_status dg_graph_new(dg_graph **graph);
void dg_graph_free(dg_graph *graph);
dg_status dg_graph_status(const dg_graph *graph); /* the first mistake in building, or DG_OK */
/* The same, and takes the mistake off: the graph can be built further, from the nodes that were made before. */
dg_status dg_graph_recover(dg_graph *graph);
/* Makes a mistake stick, unless one does already. Returns NULL for convenience. */
dg_node *dg_graph_fail(dg_graph *graph, dg_status status);

/* What graphs are made with. The float type of inputs, parameters and constants that name none (float32), and the
 * initialiser of weights that name none ("": each layer's own). Set before the first node. */
void dg_graph_set_dtype(dg_graph *graph, dg_dtype dtype);
dg_dtype dg_graph_dtype(const dg_graph *graph);
dg_status dg_graph_set_init(dg_graph *graph, const char *init);

/* A symbol for a size: the same one for the same name. Graph files want it capitalised; "N" is DG_N. The graph
 * fails where it is not of letters, digits and underscores, and DG_UNKNOWN comes back. A symbol is a number of its
 * graph: in another one it stands for that graph's own symbol of this number, or is refused where there is none. */
int64_t dg_symbol(dg_graph *graph, const char *name);
const char *dg_symbol_name(const dg_graph *graph, int64_t symbol);
char *dg_graph_print_shape(const dg_graph *graph, const dg_shape *shape, char *text, size_t size);

dg_arena *dg_graph_arena(dg_graph *graph); /* lives as long as the graph */
dg_formulas *dg_graph_formulas(dg_graph *graph);

typedef struct dg_type {
    dg_dtype dtype;
    dg_shape shape;
} dg_type;

/* Modules. Nodes made while a module is open belong to it, and the names given to them get its name and a dot in front,
 * so that a C function which builds a module can be called many times:
 *
 *     for (int i = 0; i < 6; i++) {
 *         snprintf(name, sizeof name, "block.%d", i);
 *         dg_module_begin(g, name, true);
 *         x = residual(x); // a linear layer "fc" in there owns "block.0.fc.weight"
 *         dg_module_end(g);
 *     }
 *
 * A module with `checkpoint` trades time for memory: dg_grad() reads none of its inner values but computes them again
 * from what enters the module, once the cotangent has come back to it. Random numbers are the same ones. Plans fuse the
 * two graphs in different ways, so that gradients may differ by rounding, in float32 by about 1e-7 of the largest; in a
 * plan without fusion (DG_FUSION, DG_WITHOUT=fusion) they are the same to the last bit. Where such modules nest, the
 * outermost one counts. */
typedef struct dg_module dg_module;
/* Opens a new module inside the one that is open. Without a name (NULL, "") names stay as they are given. NULL after an
 * error, which sticks to the graph. */
dg_module *dg_module_begin(dg_graph *graph, const char *name, bool checkpoint);
/* Closes the module that is open; the one around it is open again. */
void dg_module_end(dg_graph *graph);
/* Opens an earlier module (NULL: none) in place of the one that is open; returns that one, to be given back. For graphs
 * whose nodes are not made module by module. */
dg_module *dg_module_switch(dg_graph *graph, dg_module *module);
/* The module that a node was made in; NULL: none. A part of a composed op is where the op is. */
dg_module *dg_node_module(const dg_node *node);
const char *dg_module_name(const dg_module *module); /* "stage.1.block.0", with the names of those around it */
/* What names given to nodes in it get in front: "stage.1.block.0."; "" where they stay, as in a graph file's clusters.
 */
const char *dg_module_prefix(const dg_module *module);

/* Nodes. A node with several outputs stands for its first; dg_output() in <dotgrad/ops.h> takes the others. */
int64_t dg_graph_node_count(const dg_graph *graph);
dg_node *dg_graph_node(const dg_graph *graph, int64_t id); /* ids are 0 … count − 1 in order of making */
/* The node of that name; NULL: there is none. A builder that gets nothing but NULL has the graph used last fail. */
dg_node *dg_graph_find(const dg_graph *graph, const char *name);
dg_graph *dg_node_graph(const dg_node *node);
int64_t dg_node_id(const dg_node *node);
const dg_op *dg_node_op(const dg_node *node);
/* The name given, or one made from the op and the id; the same pointer every time. */
const char *dg_node_name(dg_node *node);
bool dg_node_is_named(const dg_node *node);
int dg_node_input_count(const dg_node *node);
dg_node *dg_node_input(const dg_node *node, int input); /* NULL: an optional input that was left out */
const char *dg_node_input_name(const dg_node *node, int input);
int dg_node_output_count(const dg_node *node);
const dg_type *dg_node_type(const dg_node *node, int output); /* sizes as far as known; of NULL: some float32 */
const dg_value *dg_node_attrs(const dg_node *node);           /* in the order the op declares, defaults filled in */
const dg_value *dg_node_attr(const dg_node *node, const char *name); /* NULL: the op has no such attribute */
const dg_formula *dg_node_formula(const dg_node *node);              /* of an elementwise node; else NULL */
/* The layer that made this node (a layer's parameter, a part of a composed op), or NULL for a node of the user's. */
dg_node *dg_node_owner(const dg_node *node);
dg_location dg_node_location(const dg_node *node);

/* The one way in which every node is made, by <dotgrad/ops.h> and by the reader of graph files alike. */
typedef struct dg_application {
    dg_graph *graph; /* may be NULL when there is an input */
    const char *op;
    const char *name; /* NULL: made up */
    dg_location at;
    int n_inputs;
    dg_node *const *inputs;
    const char *const *input_names; /* NULL: by position; else a name for each input, NULL in it: the next free place */
    int n_attrs;
    const dg_value *attrs; /* by position; with .key set: by name. DG_VALUE_NONE leaves an attribute at its default */
    bool attrs_in_order;   /* attrs has one value for each attribute of the op */
    dg_node *owner;
    dg_node
        *share; /* its parameters, by their names, are the new node's, which then makes none; NULL: it makes its own */
    dg_node *original; /* the new node has this one's value again: see dg_node_original() in <dotgrad/op.h> */
} dg_application;

/* NULL after an error, which sticks to the graph: an unknown op, a missing or surplus input or attribute, a value of
 * the wrong kind, shapes or dtypes that do not go together, a name that is taken. Missing weights of a layer become
 * parameters named NODE.INPUT that the node owns. */
dg_node *dg_apply(const dg_application *application);

/* An op by name with its default attributes, for ops that have no builder. */
dg_node *dg_call(dg_location at, const char *op, int n_inputs, dg_node *const *inputs);

/* A node that computes a formula: dg_expr("x * sigmoid(beta * x)", {"x", x}, {"beta", beta}). */
typedef struct dg_named_node {
    const char *name;
    dg_node *node;
} dg_named_node;
#ifdef __cplusplus
DG_END_C
extern "C" dg_node *dg_expr_at(dg_location at, const char *formula, int n_inputs, const dg_named_node *inputs);
template <int count> dg_node *dg_expr_of(dg_location at, const char *formula, const dg_named_node (&inputs)[count])
{
    return dg_expr_at(at, formula, count, inputs);
}
#define dg_expr(formula, ...) dg_expr_of(DG_HERE, (formula), {__VA_ARGS__})
DG_BEGIN_C
#else
#define dg_expr(formula, ...)                                                                                          \
    dg_expr_at(DG_HERE, (formula), (int)(sizeof((dg_named_node[]){__VA_ARGS__}) / sizeof(dg_named_node)),              \
               (dg_named_node[]){__VA_ARGS__})
#endif
dg_node *dg_expr_at(dg_location at, const char *formula, int n_inputs, const dg_named_node *inputs);
/* The same from a formula of the graph's pool; inputs in the formula's order, NULL for those that it does not use. */
dg_node *dg_formula_node(dg_graph *graph, dg_location at, const dg_formula *formula, dg_node *const *inputs);

/* Builders are macros over functions, as <dotgrad/ops.h> tells; in C++ from C++20 on, which has options by name. Their
 * options: in C the defaults first, then what the caller writes, without a warning about the overriding; a list in bare
 * braces is an error (see dg_ints), and so is a fraction where a whole number is meant (.dim = 1.5, .dim = n / 2.0; a
 * variable of a float type is cast), a number or a text where a node is (dg_add(x, 1): dg_expr("x + 1", {"x", x})) and
 * a text that means true or false (dg_flag). In C++ defaults are the members' own.
 *
 * Options have no places: a value without a name, dg_linear(x, 10, false), is an error. For gcc's C the struct says so
 * (DG_BY_NAME), for clang's every option follows one that no value goes into and that takes no room (DG_OPTION), in
 * C++ the first one does (DG_OPTIONS_BEGIN). */
#if !defined(__cplusplus) || __cplusplus >= 202002L
#define DG_BUILDERS 1
#endif
typedef int64_t dg_flag; /* true or false: unlike bool it takes no text and no fraction */
#define DG_BY_NAME
#define DG_OPTION
#define DG_OPTIONS_BEGIN
#ifdef __cplusplus
#ifdef DG_BUILDERS
DG_END_C
struct dg_no_value {
    constexpr dg_no_value()
    {
    }
};
DG_BEGIN_C
#undef DG_OPTIONS_BEGIN
#define DG_OPTIONS_BEGIN [[no_unique_address]] dg_no_value options_have_names{};
#endif
#ifdef __clang__
#define DG_OPTIONS(type, ...)                                                                                          \
    _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic error \"-Wc99-designator\"")                                \
        type{__VA_ARGS__} _Pragma("GCC diagnostic pop")
#else
#define DG_OPTIONS(type, ...)                                                                                          \
    type                                                                                                               \
    {                                                                                                                  \
        __VA_ARGS__                                                                                                    \
    }
#endif
#define DG_DEFAULT(...)                                                                                                \
    {                                                                                                                  \
        __VA_ARGS__                                                                                                    \
    }
#define DG_GIVEN(...)
#define DG_INTS_ARGUMENT(numbers)      dg_ints(numbers)
#define DG_INT_ARGUMENT(number)        dg_whole(number)
#define DG_SHAPE_ARGUMENT(shape)       (shape)
#define DG_NODES_ARGUMENT(nodes)       (nodes)
#define DG_NODE_ARGUMENT(node, what)   (node)
#define DG_GRAPH_ARGUMENT(graph, what) (graph)
#define DG_TEXT_ARGUMENT(text, what)   (text)
#else
/* What is wrong in an option is an error. The pragmas that say so stand in operands of sizeof, before and behind the
 * options: so these are the caller's own, in his block, and what they point to ((dg_node *[]){y}) lives as long. */
#ifdef __clang__
__extension__ typedef struct dg_no_value {
} dg_no_value;
#define DG_OPTION_ON_LINE_(line) dg_no_value has_a_name_##line;
#define DG_OPTION_ON_LINE(line)  DG_OPTION_ON_LINE_(line)
#undef DG_OPTION
#define DG_OPTION DG_OPTION_ON_LINE(__LINE__)
#define DG_CHECKED                                                                                                     \
    _Pragma("GCC diagnostic error \"-Wassign-enum\"") _Pragma("GCC diagnostic error \"-Wexcess-initializers\"")        \
        _Pragma("GCC diagnostic error \"-Wfloat-conversion\"")                                                         \
            _Pragma("GCC diagnostic error \"-Wliteral-conversion\"")
#else
#undef DG_BY_NAME
#define DG_BY_NAME __attribute__((designated_init))
#define DG_CHECKED                                                                                                     \
    _Pragma("GCC diagnostic error \"-Wdesignated-init\"") _Pragma("GCC diagnostic error \"-Wfloat-conversion\"")
#endif
#define DG_CHECKED_POINTERS                                                                                            \
    _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic error \"-Wint-conversion\"")                                \
        _Pragma("GCC diagnostic error \"-Wincompatible-pointer-types\"")
#define DG_CHECKED_OPTIONS                                                                                             \
    DG_CHECKED_POINTERS DG_CHECKED _Pragma("GCC diagnostic ignored \"-Woverride-init\"")                               \
        _Pragma("GCC diagnostic ignored \"-Wmissing-braces\"")                                                         \
            _Pragma("GCC diagnostic ignored \"-Wmissing-field-initializers\"")
#define DG_PRAGMAS(pragmas) ((void)sizeof(__extension__({ pragmas 0; })))
#define DG_CHECKED_LITERAL(pragmas, type, ...)                                                                         \
    (*(DG_PRAGMAS(pragmas), &(type){__VA_ARGS__} + 0 * sizeof(__extension__({ _Pragma("GCC diagnostic pop") 0; }))))
#define DG_DEFAULT(...)
#define DG_GIVEN(...)             __VA_ARGS__
#define DG_OPTIONS(type, ...)     DG_CHECKED_LITERAL(DG_CHECKED_OPTIONS, type, __VA_ARGS__)
/* A list that a builder cannot do without is a number, too: dg_flip(x, 1), dg_flip(x, DG_INTS(0, 1)). */
typedef struct dg_ints_argument {
    dg_ints value;
} dg_ints_argument;
#define DG_INTS_ARGUMENT(numbers) (DG_OPTIONS(dg_ints_argument, .value = (numbers)).value)
/* Numbers and shapes that a builder cannot do without are checked as its options are. */
#define DG_CHECKED_VALUE(type, value)                                                                                  \
    __extension__({                                                                                                    \
        _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wshadow\"") DG_CHECKED type checked_ =       \
            (value);                                                                                                   \
        _Pragma("GCC diagnostic pop") checked_;                                                                        \
    })
#define DG_INT_ARGUMENT(number)        DG_CHECKED_VALUE(int64_t, number)
#define DG_SHAPE_ARGUMENT(shape)       DG_CHECKED_VALUE(dg_shape, shape)
/* So are arrays of nodes; nodes, graphs and texts by their type, with `what` for a message: a number or a node in the
 * place of a graph is an error. (Each argument is written once: nested calls would double.) */
typedef dg_node *const *dg_nodes_pointer;
#define DG_NODES_ARGUMENT(nodes)       DG_CHECKED_LITERAL(DG_CHECKED_POINTERS, dg_nodes_pointer, (nodes))
#define DG_NODE_ARGUMENT(node, what)   DG_TYPED(node, dg_node *, dg_node *, what " must be a node (dg_node *)")
#define DG_GRAPH_ARGUMENT(graph, what) DG_TYPED(graph, dg_graph *, dg_graph *, what " must be a graph (dg_graph *)")
#define DG_TEXT_ARGUMENT(text, what)   DG_TYPED(text, char *, const char *, what " must be a text (const char *)")
#define DG_TYPED(...)                  DG_TYPED_AS(__COUNTER__, __VA_ARGS__)
#define DG_TYPED_AS(number, ...)       DG_TYPED_BY(number, __VA_ARGS__) /* where the number is one by now */
#define DG_TYPED_BY(number, ...)       DG_TYPED_HERE(given_##number, __VA_ARGS__)
#define DG_TYPED_HERE(given, value, type, other, message)                                                              \
    __extension__({                                                                                                    \
        __auto_type given = (value);                                                                                   \
        _Static_assert(DG_IS_OF(given, type) || DG_IS_OF(given, other) || DG_IS_OF(given, void *), message);           \
        given;                                                                                                         \
    })
#define DG_IS_OF(value, type) __builtin_types_compatible_p(__typeof__(value), type)
#endif

DG_END_C

#endif
