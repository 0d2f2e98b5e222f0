/* Op descriptors: all that dotgrad knows of an op, in one constant. Ops that ship and ops of users are the same thing.
 *
 * An op computes in one of three ways:
 *   formula   elementwise; shape rule, kernels, derivatives of any order and in-place reuse all follow from its text
 *   forward   a kernel on buffers, with `infer` for the shapes and `backward` for the derivative
 *   compose   other ops, emitted as nodes when the op is differentiated or planned; `infer` tells the result's type
 */
#ifndef DOTGRAD_OP_H
#define DOTGRAD_OP_H

#include <dotgrad/graph.h>
#include <dotgrad/isa.h>
#include <dotgrad/random.h>
#include <dotgrad/threads.h>

DG_BEGIN_C

#define DG_MAX_INPUTS    20
#define DG_MAX_ATTRS     14
#define DG_MAX_OUTPUTS   32
#define DG_MAX_ELSEWHERE 3

/* The rule for shapes and dtypes. Runs when a node is built, on sizes that may be symbols, and again when a plan is
 * bound, on real ones. `inputs[k]` is NULL for an optional input that was left out. */
typedef struct dg_infer {
    const dg_op *op;
    dg_graph *graph;
    const dg_value *attrs;
    int n_inputs;
    const dg_type *const *inputs;
    int n_outputs;
    dg_type *outputs;
} dg_infer;

/* Emits the vector-Jacobian product. Set grad_inputs[k] for the inputs that are `wanted`; what is left NULL is zero.
 * A gradient may have the broadcast shape: the engine sums it to its input's. */
typedef struct dg_backward {
    dg_graph *graph;
    dg_node *node;
    const dg_value *attrs;
    int n_inputs;
    dg_node *const *inputs;
    dg_node *output; /* the node itself: its first output */
    int n_outputs;
    dg_node *const *grad_outputs; /* per output; NULL: no cotangent reaches it */
    dg_node *grad_output;         /* the first one; never NULL for an op with one output */
    const bool *wanted;
    dg_node **grad_inputs;
} dg_backward;

/* Emits the tangents of the outputs from those of the inputs (NULL: zero). */
typedef struct dg_tangents {
    dg_graph *graph;
    dg_node *node;
    const dg_value *attrs;
    int n_inputs;
    dg_node *const *inputs;
    dg_node *output;
    dg_node *const *tangents;
    int n_outputs;
    dg_node **output_tangents;
} dg_tangents;

/* Emits the nodes an op is made of. */
typedef struct dg_compose {
    dg_graph *graph;
    dg_node *node;
    const dg_value *attrs;
    int n_inputs;
    dg_node *const *inputs;
    int n_outputs;
    dg_node **outputs;
} dg_compose;

typedef struct dg_fused dg_fused; /* elementwise steps that the plan has joined to a kernel */

/* One call of a kernel. Buffers are contiguous and 64-byte aligned; an input that is only there for its shape has
 * data == NULL. A kernel fails only on data (a label out of range); the executor adds the node's name. */
typedef struct dg_kernel {
    const dg_value *attrs;
    int n_inputs;
    const dg_tensor *const *inputs; /* NULL: left out */
    int n_outputs;
    dg_tensor *const *outputs;
    void *workspace;  /* as many bytes as `workspace` asked for, 64-byte aligned, its content undefined */
    dg_random random; /* of this node, at this step */
    dg_threads *threads;
    const dg_fused *epilogue; /* elementwise work on output 0: see dg_epilogue_run; NULL: none */
    const dg_fused *prologue; /* elementwise work that input 0 is made by: see dg_prologue_read; NULL: none */
} dg_kernel;

/* Of an op with DG_EPILOGUE. Its kernel calls this for every element of output 0 once, with ranges of flat indices
 * [begin, end) whose values are final, best while they are in the cache, from whichever thread. Afterwards the elements
 * may have been written over: the kernel must not read them again. */
void dg_fused_epilogue(const dg_fused *epilogue, int64_t begin, int64_t end);
static inline void dg_epilogue_run(const dg_kernel *kernel, int64_t begin, int64_t end)
{
    if (kernel->epilogue)
        dg_fused_epilogue(kernel->epilogue, begin, end);
}

/* Of an op with DG_PROLOGUE. Its kernel reads input 0 through this alone: elements [begin, begin + count), which are
 * where the input is, or computed into `scratch` (room for `count` elements). With a prologue inputs[0]->data is NULL.
 * Calls cost some 50 ns: ask for hundreds of elements at a time, and for each element once. */
const void *dg_fused_prologue(const dg_fused *prologue, int64_t begin, int64_t count, void *scratch);
static inline const void *dg_prologue_read(const dg_kernel *kernel, int64_t begin, int64_t count, void *scratch)
{
    const dg_tensor *input = kernel->inputs[0];
    if (kernel->prologue)
        return dg_fused_prologue(kernel->prologue, begin, count, scratch);
    return (const char *)input->data + (size_t)begin * dg_dtype_size(input->dtype);
}

enum dg_input_flags {
    DG_OPTIONAL = 1,   /* may be left out */
    DG_SHAPE_ONLY = 2, /* read for its shape; its values are never computed on its account */
    DG_VARIADIC = 4,   /* the last input: any number of them, at least one */
    DG_INDEX = 8,      /* integers or conditions: no gradient goes there */
    DG_FIXED = 16,     /* as a layer's parameter it is not trained (running statistics) */
    DG_NO_DECAY = 32,  /* a parameter here is never decayed by an optimiser */
    DG_TARGET = 64,    /* of a loss: takes the labels, the field "target" of a data set */
    DG_POSITIVE = 128, /* as a layer's parameter it stays above 0: see dg_parameter_range() */
    DG_HALF = 256,     /* the kernel takes it in 16 bits as well, where a float32 parameter is kept so (see
                        * dg_tensors_halve): as float16 or bfloat16, see dg_half_widen. Others get it widened */
    DG_SIGNS = 512     /* with the target of a loss: it is −1 or 1; other numbers of a data set are refused */
};

typedef struct dg_input_spec {
    const char *name;
    unsigned flags;
    const char *doc;
    /* For weights: when the input is not wired, the layer owns a parameter of this type. Sets its shape (its dtype is
     * the graph's), or sets *present to false (bias=false). `init` is an initialiser call; NULL: see `init_attr`. */
    dg_status (*parameter)(const dg_infer *infer, dg_shape *shape, bool *present);
    const char *init;
    dg_status (*init_for)(const dg_infer *infer, char *text,
                          size_t size); /* writes the call, where it depends on sizes */
    const char *init_attr;              /* the attribute that names the initialiser, when that is given */
    /* Where the initialiser speaks of another quantity than the layer keeps (of widths σ, where γ is kept): what is
     * kept of a number x of it, by the layer's attributes; NaN for one that cannot be. NULL: x itself. */
    double (*stored)(const dg_value *attrs, double x);
} dg_input_spec;

typedef enum dg_attr_kind {
    DG_ATTR_BOOL,
    DG_ATTR_INT,
    DG_ATTR_FLOAT,
    DG_ATTR_NAME,   /* one of `choices` */
    DG_ATTR_SIZES,  /* one size for all dimensions, or a list: kernel_size, stride, padding; none or DG_VALUE_LIST */
    DG_ATTR_INTS,   /* a number or a list, always kept as DG_VALUE_LIST */
    DG_ATTR_SHAPE,  /* DG_VALUE_SHAPE: sizes, symbols, −1 */
    DG_ATTR_DTYPE,  /* DG_VALUE_INT holding a dg_dtype */
    DG_ATTR_TENSOR, /* a number or nested lists: DG_VALUE_TENSOR, float64, int64 or bool as written */
    DG_ATTR_INIT,   /* an initialiser: DG_VALUE_CALL */
    DG_ATTR_TEXT    /* a formula or other text, kept as DG_VALUE_TEXT */
} dg_attr_kind;

typedef struct dg_attr_spec {
    const char *name;
    dg_attr_kind kind;
    const char *fallback; /* the default, as a graph file would write it ("none": may be absent); NULL: required */
    const char *doc;
    const char *choices;  /* of DG_ATTR_NAME: "mean|sum|none" */
    bool positional;      /* the C builder takes it as an argument, not as an option */
    bool may_be_nan;      /* of DG_ATTR_FLOAT: NaN, ∞ and −∞ are values like others; else NaN is refused */
    bool may_be_infinite; /* of DG_ATTR_FLOAT: ∞ and −∞ are; else they are refused */
    bool takes_rest;      /* of DG_ATTR_SHAPE: a size may be −1, which follows from the others */
    bool is_place;        /* says where in a tensor, as the ends of a slice do: parts of a network that differ in it
                           * alone are of one kind in diagrams */
} dg_attr_spec;

enum dg_op_flags {
    DG_VIEW = 1,               /* the output is input 0 under another shape: no work */
    DG_IN_PLACE = 2,           /* the output may use the buffer of input 0 */
    DG_RANDOM = 4,             /* draws numbers: two such nodes are never merged, none is folded */
    DG_NOT_DIFFERENTIABLE = 8, /* the gradient is zero wherever it exists, or there is none; declared, not forgotten */
    DG_ANY_INPUTS = 16,        /* inputs are the free names of the formula attribute */
    DG_EFFECT = 32,            /* writes to a parameter */
    DG_CUSTOM_GRADIENT = 64,   /* by intention not the derivative of the value: finite differences do not apply */
    DG_FRESH = 128,       /* a view that keeps what is computed from it from being merged with the same on its input */
    DG_EPILOGUE = 256,    /* the kernel calls dg_epilogue_run */
    DG_PROLOGUE = 512,    /* the kernel reads input 0 by dg_prologue_read */
    DG_ANY_LAYOUT = 1024, /* the kernel takes inputs and outputs of four dimensions with or without channels_last, each
                           * of its own (see `layout`); their layout is known when `workspace` is asked */
    DG_CAST = 2048,       /* the output has input 0's elements in another type */
    DG_SINGULAR = 4096 /* has no derivative at some inputs, as its summary says, where it gives NaN: a check tells that
                        * from a mistake */
};

/* How a kernel takes a tensor [N, C, H, W]. */
typedef enum dg_layout {
    DG_LAYOUT_PLAIN,        /* in the order of its shape: without channels_last */
    DG_LAYOUT_ANY,          /* with or without */
    DG_LAYOUT_ALIKE,        /* with or without, as all those of the kernel that it says this of */
    DG_LAYOUT_CHANNELS_LAST /* with or without, and is faster with */
} dg_layout;

/* What the engine itself treats in a special way. */
typedef enum dg_role {
    DG_ROLE_NONE = 0,
    DG_ROLE_INPUT,     /* fed by the caller */
    DG_ROLE_PARAMETER, /* read from the plan's parameters by name */
    DG_ROLE_CONSTANT,  /* the value is attribute 0 */
    DG_ROLE_TRAINING,  /* 1 in a plan for training, else 0 */
    DG_ROLE_ASSIGN,    /* writes input 1 into the parameter that input 0 is */
    DG_ROLE_OUTPUT     /* output number `index` (attribute 0) of input 0 */
} dg_role;

/* What input 0 of a loss holds: tells metrics, predictions and labels what to make of it. */
typedef enum dg_scores {
    DG_SCORES_NONE = 0,          /* nothing is known */
    DG_SCORES_CLASSES,           /* [N, C, …] or [C]: one score a class, which softmax makes probabilities */
    DG_SCORES_LOG_PROBABILITIES, /* the same as logarithms of probabilities */
    DG_SCORES_MARGINS,           /* one score a class; the largest wins, none is a probability */
    DG_SCORES_LOGITS,            /* each a decision, 1 above 0; the sigmoid makes probabilities */
    DG_SCORES_PROBABILITIES,     /* each a decision, 1 above ½ */
    DG_SCORES_VALUES             /* numbers, to be near the target's */
} dg_scores;

/* Inputs for the automatic checks: one call of the op as a graph file would write it, and a type for each input. */
typedef struct dg_sample {
    const char *call; /* "conv2d(3, kernel_size=2)" */
    const char
        *inputs[DG_MAX_INPUTS]; /* "[2, 3, 4]", "[4] int64 below 5", "[3] positive", "[3, 3] spd", "-" left out */
} dg_sample;

/* An element of a result written out as a sum of products of elements of inputs, over a divisor (that of a mean). */
#define DG_MAX_FACTORS 2
typedef struct dg_term {
    int n_factors;
    int input[DG_MAX_FACTORS];  /* which inputs the factors are of, */
    int64_t at[DG_MAX_FACTORS]; /* and which elements, by flat index */
} dg_term;
typedef struct dg_terms {
    int64_t count, most; /* so far, and room for them */
    dg_term *list;
    int64_t divisor; /* 1 when nothing is said */
} dg_terms;

/* False: there is no room for the term, and none for more. */
static inline bool dg_terms_add(dg_terms *terms, dg_term term)
{
    if (terms->count < terms->most)
        terms->list[terms->count] = term;
    return terms->count++ < terms->most;
}

/* The layout of dg_op and of all that a kernel is given. It rises when a descriptor that was compiled before can no
 * longer be read; such a one is refused. */
#define DG_OP_VERSION 7

struct dg_op {
    uint64_t version; /* DG_OP_VERSION; C and C++ may leave it 0: the layout of the headers they are compiled with */
    const char *name;
    const char *family;  /* "activation", "linear", "reduce", …: colour of diagrams, chapter of the reference */
    const char *summary; /* one line, with the formula: "y = x·Wᵀ + b" */
    const char *source;  /* paper and equation, where there is one */
    /* Names that other libraries have for it, for suggestions: "Dense" of Keras is linear. */
    const char *elsewhere[DG_MAX_ELSEWHERE];
    dg_input_spec inputs[DG_MAX_INPUTS];
    /* Inputs beyond those, as many as the attributes ask for (weights of stacked layers): specs that stay, *count of
     * them, with the flags of the last declared input. NULL: none. */
    const dg_input_spec *(*more_inputs)(const dg_value *attrs, int *count);
    dg_attr_spec attrs[DG_MAX_ATTRS];
    /* Of a layer that takes from its input what PyTorch's takes as an argument ("in_features"): only the first
     * `unnamed` attributes may then be written without their names, so that a line of PyTorch's, linear(4, 3), is
     * refused instead of being read as another network. NULL: all attributes may. */
    const char *from_input;
    int unnamed;
    const char *outputs[DG_MAX_OUTPUTS]; /* names, for an op with several */
    /* Where attributes and shapes tell how many outputs there are (`outputs` is then empty and they go by number):
     * 1 … DG_MAX_OUTPUTS. Asked once, when a node is built. */
    dg_status (*output_count)(const dg_infer *infer, int *count);
    unsigned flags;
    dg_role role;
    dg_scores scores; /* of a loss */
    bool squares;     /* a loss that is the mean or sum of (input 0 − target)² */
    uint8_t spatial; /* of windows over images: dimensions behind [N, C, …], all of which one size stands for; else 0 */

    /* Elementwise: the text, over the inputs' names and the FLOAT and BOOL attributes; or, where it depends on other
     * attributes or on which inputs are there, a function that answers it. */
    const char *formula;
    const char *(*formula_for)(const dg_value *attrs, int n_inputs);
    /* Elementwise, where numbers of attributes are limited: refuses the others, naming attribute, value and what it
     * expects. (Ops with `infer` check theirs there.) NULL: all will do. */
    dg_status (*check)(const dg_value *attrs);

    dg_status (*infer)(const dg_infer *infer);
    dg_status (*forward)(const dg_kernel *kernel);
    size_t (*workspace)(const dg_kernel *kernel); /* bytes; the tensors have shapes but no data */
    /* Of an op with DG_ANY_LAYOUT: tensor number k of four dimensions, inputs first, then outputs; the tensors have
     * shapes alone. NULL: DG_LAYOUT_ANY. */
    dg_layout (*layout)(const dg_kernel *kernel, int k);
    void (*backward)(const dg_backward *vjp);
    void (*jvp)(const dg_tangents *jvp);
    void (*compose)(const dg_compose *compose);
    double (*flops)(const dg_infer *infer);
    /* Of an op that takes statistics over the batch in training: how many rows of it it needs at least, by attributes
     * and types of inputs. NULL: 1. */
    int64_t (*least_rows)(const dg_infer *infer);
    /* Of an op that sums, without a formula (which is written out by itself): adds the terms of element `at` of output
     * 0, by flat index, with which `dotgrad eval --trace` shows how it comes about. Attributes and shapes tell which
     * they are; the kernel's tensors may have no data. NULL, a divisor of 0, or a term of an element that is not there:
     * the element is shown as it is. */
    void (*terms)(const dg_kernel *kernel, int64_t at, dg_terms *terms);
    const dg_sample *samples; /* ended by a NULL call */
};

/* The ops of one source file. */
typedef struct dg_op_family {
    size_t count;
    const dg_op *ops;
} dg_op_family;
#define DG_FAMILY(array)                                                                                               \
    {                                                                                                                  \
        sizeof(array) / sizeof(array[0]), array                                                                        \
    }

/* What a plugin of the command defines (`--plugin own_op.so`): its ops, ended by NULL. In the shared object its name
 * ends in the version, so that an old plugin can be told apart from a new one; an array called just "dotgrad_plugin",
 * made without this header, has DG_OP_VERSION in each op. */
#define DG_PLUGIN_NAME_AGAIN(version) "dotgrad_plugin_" #version
#define DG_PLUGIN_NAME(version)       DG_PLUGIN_NAME_AGAIN(version)
extern const dg_op *const dotgrad_plugin[] __asm__(DG_PLUGIN_NAME(DG_OP_VERSION))
    __attribute__((visibility("default")));

/* Adds an op, before the first graph is made. The descriptor must stay. DG_BAD_ARGUMENT: a descriptor that is not
 * complete or of another version, with names that are none or are there twice, with a default that is not of its
 * attribute's kind, a formula, sample or initialiser that does not parse (what it calls is registered before it), or
 * parts that do not go together; a name that is taken; or a graph has been made. The message names op and field. */
dg_status dg_register(const dg_op *op);
/* Adds the ops of a table. */
dg_status dg_register_family(const dg_op_family *family);
const dg_op *dg_op_find(const char *name); /* NULL: no such op */
size_t dg_op_count(void);
const dg_op *dg_op_at(size_t index);    /* those that ship first, in chapters */
int dg_op_input_count(const dg_op *op); /* declared ones */
int dg_op_attr_count(const dg_op *op);
int dg_op_output_count(const dg_op *op); /* at least 1 */
/* The input of a loss that takes the labels: the one with DG_TARGET, else, in the family "loss", the one named target;
 * −1: the op is no loss. */
int dg_op_target(const dg_op *op);
/* How many rows of a batch the node needs in training: see `least_rows`; 1 for most. */
int64_t dg_node_least_rows(const dg_node *node);
/* The registered name most like `name`, for "did you mean"; NULL when none is near. */
const char *dg_op_nearest(const char *name);

/* Helpers for `infer`. */
dg_status dg_infer_same(const dg_infer *infer);           /* the output is of input 0's type */
dg_status dg_infer_dim(int64_t dim, int rank, int *axis); /* −rank … rank − 1 to 0 … rank − 1, or DG_BAD_SHAPE */

/* Makes a composed op's node assign `value` to a parameter in every plan for training that computes the node. */
void dg_compose_update(const dg_compose *compose, dg_node *parameter, dg_node *value);

/* For those who walk graphs: the nodes that a composed op stands for (outputs of its expansion), made on first call;
 * NULL for other ops and after an error. */
dg_node *const *dg_node_expansion(dg_node *node);

/* The node whose derivative by reverse mode this one was emitted for; of a sum of what several readers of a value give,
 * the node that the value is of; NULL: none. With dg_node_owner() it leads from a step of a plan back to what the user
 * wrote. */
dg_node *dg_node_derivative_of(const dg_node *node);
/* For those who emit derivatives: nodes made from now on are for the derivative of `node` (NULL: of none). Returns the
 * one before, to be given back. */
dg_node *dg_graph_differentiate(dg_graph *graph, dg_node *node);

/* What the graph's author has made, and what was emitted for it: derivatives, clipping, updates, an optimiser's state.
 */
bool dg_node_is_emitted(const dg_node *node);
/* An assign node that the graph's author wrote, neither emitted nor a part of a composed op: it belongs to every step.
 */
bool dg_node_is_update(const dg_node *node);
/* For those who emit: nodes made from now on are emitted (true), or the author's. Returns what was before, to be given
 * back. */
bool dg_graph_emit(dg_graph *graph, bool on);
/* For those who emit and may fail: a moment that the graph can be brought back to. dg_graph_undo() returns `status`; if
 * that is a failure, the nodes that were made since are gone, what was expanded is not, the module that was open is,
 * and the mistake does not stick to the graph (but one from before does). */
typedef struct dg_graph_point {
    int64_t nodes;
    dg_module *module;
    bool failed;
} dg_graph_point;
dg_graph_point dg_graph_mark(const dg_graph *graph);
dg_status dg_graph_undo(dg_graph *graph, dg_graph_point point, dg_status status);
/* marks[id], one for each node: whether it is of the network, which is what the author has made, but no assignment of
 * what was emitted, and all that this is computed from. With `loss` or `output` the author's nodes that read emitted
 * ones are of the network only where these are computed from them: so updates written by hand are not. */
dg_status dg_graph_mark_network(const dg_graph *graph, const dg_node *loss, const dg_node *output, bool *marks);

/* For rematerialisation. A second node that computes what `node` does from `inputs`, which are as many and of the same
 * types: its random numbers are the same ones, its assignments to parameters are left out. For a node that has an
 * expansion, `expansion` holds the nodes that the copy stands for, one an output. */
dg_node *dg_node_copy(dg_node *node, dg_node *const *inputs, dg_node *const *expansion);
/* The node that this one is a copy of, at first hand; the node itself when it is none. Both have one value: derivatives
 * take the two for one node. */
dg_node *dg_node_original(const dg_node *node);
/* The outermost module with `checkpoint` that the node is in, and the nodes being made are not; NULL: there is none. */
dg_module *dg_node_checkpoint(const dg_node *node);

DG_END_C

#endif
