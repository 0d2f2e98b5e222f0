/* Plans, inside. A plan is compiled once (which nodes, in which order) and bound once for each set of real sizes. A
 * binding begins as steps, one a node, on values, and ends as tasks, which are what runs:
 *
 *   compile.c   nodes to an order
 *   feeds.c     what is fed, and which nodes are then needed
 *   bind.c      order to steps: real shapes, folding of constants (with sources.c, merge.c and
 *                    constants.c)
 *   halves.c   parameters in 16 bits
 *   updates.c  what is assigned to parameters
 *   alive.c    which steps are needed, and their order
 *   split.c     derivatives that forward steps prepare
 *   layout.c    which values keep channels last
 *   fuse.c      steps to groups: elementwise steps join each other and the kernels beside them
 *   tasks.c     groups to tasks
 *   schedule.c  the order of tasks that takes the least memory
 *   place.c     tasks to memory: lifetimes, reuse, one arena
 *   keep.c      the bindings that a plan keeps, and the one arena that they share
 *   run.c       running
 *   per_sample.c  running sample by sample
 *   listing.c   what it will do, step by step
 *   profile.c   running with a clock, and what it all costs
 */
#ifndef CORE_PLAN_INTERNAL_H
#define CORE_PLAN_INTERNAL_H

#include "core/graph/graph.h"
#include "fused.h"

#include <dotgrad/plan.h>

#include <stdatomic.h>

typedef enum storage_kind {
    STORED_IN_ARENA,
    STORED_BY_CALLER, /* a feed */
    STORED_AS_PARAMETER,
    STORED_AS_CONSTANT /* literal or folded */
} storage_kind;

/* One result. A view shares the bytes of its `root`. */
typedef struct value {
    dg_tensor tensor; /* real type; data once placed (a caller's: once fed) */
    int32_t root;     /* this value itself, unless it is a view */
    int32_t origin;   /* of views: what they are merged by, the root or a fresh view of it */
    int32_t producer; /* step, once there are tasks the task; or −1 */
    int32_t source;   /* of a root: number of the feed, or of the parameter, that its bytes are */
    size_t offset;    /* of a root in the arena; NOWHERE: it has no bytes there */
    storage_kind kind;
    const dg_tensor *literal; /* of a constant that was written in float64 and is kept in float32: as it was written */
    int32_t wide;             /* of a parameter in 16 bits: the same in float32; −1: nobody has asked yet */
    bool uniform;             /* a constant whose elements are all one number */
    bool needed;              /* of a root: its bytes are read by a step, the caller or an assignment */
    bool fetched;             /* of a root: by the caller */
} value;

/* The work of one node. */
typedef struct step {
    const op_entry *entry;
    dg_node *node;             /* for names in messages */
    const dg_value *attrs;     /* the node's, symbols in shapes replaced by real sizes */
    const dg_formula *formula; /* of elementwise steps */
    const int32_t *inputs;     /* values; −1: left out */
    int32_t n_inputs, n_outputs;
    int32_t first_output; /* value; a step's outputs are consecutive */
    dg_dtype compute;     /* of elementwise steps */
    double flops;
    bool alive;
    bool update; /* elementwise, and only assignments read it: runs when no kernel can fail any more */
} step;

/* Elementwise work: one program over operands, every one read in the way it broadcasts to the shape of its space. */
typedef struct elementwise {
    const dg_program *program;
    int32_t n_operands, n_results;
    const int32_t *operands, *spaces, *results; /* values */
} elementwise;

/* What runs at once: a kernel, with elementwise work on its input 0 and output 0; or elementwise work alone, in parts
 * that share a program. */
typedef struct task {
    const step *of;        /* the kernel's, or the first elementwise one */
    dg_kernel *kernel;     /* NULL: elementwise alone */
    elementwise *parts;    /* with a kernel: at most one, the epilogue */
    elementwise *prologue; /* NULL: none */
    dg_fused *fused;       /* of the parts, one after another */
    int32_t n_parts;
    int32_t n_nodes;
    dg_node **nodes; /* all that it computes, that of `of` first */
    size_t workspace_bytes, workspace_offset;
    double flops;
    bool update;
} task;

/* The end of a plan for training: the bytes of one value go into a parameter. */
typedef struct assignment {
    int32_t value, parameter;
    dg_node *node;
    bool in_place; /* the step that computes the value writes into the parameter itself */
} assignment;

/* Before the assignments: what is still wanted of a parameter that they change. */
typedef struct saving {
    int32_t from, to; /* values */
} saving;

/* A node that is fed, as far as the plan has it; `read`: and needs it. */
typedef struct fed_node {
    dg_node *node;
    dg_shape shape;
    bool read;
} fed_node;

typedef struct binding {
    struct binding *next;
    dg_arena *arena; /* everything but the buffers below */
    fed_node *fed;   /* what this binding is for */
    int n_fed;
    dg_node **parameters; /* that it reads, by their values' `source` */
    dg_dtype *kept_in;    /* what each is stored as */
    int32_t n_parameters;
    uint64_t stored; /* the state of the set of parameters when their addresses were taken: tensors_state() */
    value *values;
    int32_t n_values, values_capacity;
    step *steps;
    int32_t n_steps;
    task *tasks;
    int32_t n_tasks;
    int32_t *fetch; /* values */
    assignment *assignments;
    int32_t n_assignments;
    saving *savings;
    int32_t n_savings;
    dg_kernel **random_kernels;
    int32_t n_random_kernels;
    int32_t *fed_views; /* values whose bytes are a caller's, by feed: fed_views[feed_starts[k]] … */
    int32_t *feed_starts;
    unsigned char *memory; /* where the arena of buffers was when the values got their addresses */
    size_t memory_bytes;   /* that it needs there */
    void **constants;
    int32_t n_constants, constants_capacity;
    size_t constant_bytes;
    double *seconds; /* of each task, while the plan keeps a profile */
    uint64_t timed_runs;
} binding;

/* An update that a composed node brings along in training: running statistics. */
typedef struct brought {
    const dg_node *by;
    dg_node *assign;
} brought;

struct dg_plan {
    dg_graph *graph;
    dg_plan_options options; /* lists copied */
    dg_node **order;         /* topological: whatever a node reads comes before it */
    int64_t n_order, order_capacity;
    int32_t *place; /* of a node in the order, by id; −1: not in it */
    int64_t n_places;
    dg_node **inputs; /* in the order */
    int n_inputs;
    int64_t n_parameters; /* in the order */
    brought *brought;
    int64_t n_brought;
    binding *bindings;     /* the one used last first */
    binding *current;      /* its results are there */
    unsigned char *memory; /* the arena of buffers, for whichever binding runs */
    size_t memory_bytes;
    uint64_t step;
    struct samples *samples; /* of a plan that runs sample by sample; NULL: it has not run */
    bool profiling;
    atomic_bool running; /* in some thread */
};

#define NOWHERE SIZE_MAX

dg_status plan_compile(dg_plan *plan);
dg_status plan_bind(dg_plan *plan, const dg_feed *feeds, int n_feeds, binding **made);
dg_status plan_place(dg_plan *plan, binding *b);
void binding_free(binding *b);

/* feeds.c: that the list can be looked at; that it has what the binding is for; taking its addresses over, where both
 * are so, which is all that a run of known sizes does with it. */
dg_status check_feed_list(const dg_plan *plan, const dg_feed *feeds, int n_feeds);
bool feeds_fit(const dg_plan *plan, const binding *b, const dg_feed *feeds, int n_feeds);
bool take_feeds_again(const dg_plan *plan, binding *b, const dg_feed *feeds, int n_feeds);

/* sources.c: the stored value of a parameter; its type is the node's, or one of 16 bits for float32. */
dg_status find_parameter(const dg_plan *plan, dg_node *node, const dg_tensor **found);

/* keep.c: makes the binding for these feeds the current one. */
dg_status find_binding(dg_plan *plan, const dg_feed *feeds, int n_feeds);
/* Whether the current one knows where the parameters are. */
bool knows_parameters(const dg_plan *plan);
void forget_bindings(dg_plan *plan);
/* The name of a node, which may be made in that moment, while the graph's lock is free. */
const char *name_unlocked(const dg_plan *plan, dg_node *node);
/* From beginning to end of what only one thread at a time may do with a plan. */
static inline bool plan_enter(dg_plan *plan)
{
    return !atomic_exchange_explicit(&plan->running, true, memory_order_acquire);
}

static inline void plan_leave(dg_plan *plan)
{
    atomic_store_explicit(&plan->running, false, memory_order_release);
}

dg_status busy_plan(void); /* the error of a thread that cannot enter */

/* The dtype and shape that a tensor has, for shape rules: a parameter in 16 bits is one of float32. */
static inline dg_type type_of(const dg_tensor *tensor)
{
    return (dg_type){dg_dtype_is_half(tensor->dtype) ? DG_FLOAT32 : tensor->dtype, tensor->shape};
}

/* Whether the step reads input k, or only its shape. */
bool reads_bytes(const step *s, int k);

/* The roots of which a task reads bytes: of its kernel's inputs, unless their shape alone, and of the operands of its
 * elementwise work. And those that it writes. A root may come several times. Whoever asks what a task waits for, or how
 * long a buffer lives, asks here. */
typedef void see_root(void *user, int32_t root);
void task_reads(const binding *b, const task *t, see_root *see, void *user);
void task_writes(const binding *b, const task *t, see_root *see, void *user);

static inline bool plan_does(const dg_plan *plan, enum dg_optimization what)
{
    return !(plan->options.without & (unsigned)what);
}

/* run.c: a run of a plan that has been entered; result k of it. */
dg_status run_entered(dg_plan *plan, const dg_feed *feeds, int n_feeds);
static inline const dg_tensor *result_of_run(const dg_plan *plan, int k)
{
    return &plan->current->values[plan->current->fetch[k]].tensor;
}

/* per_sample.c: of a plan that runs sample by sample and has been entered. The feeds are of the whole batch. */
dg_status samples_check(const dg_plan *plan);
dg_status samples_prepare(dg_plan *plan, const dg_feed *feeds, int n_feeds);
dg_status samples_run(dg_plan *plan, const dg_feed *feeds, int n_feeds);
const dg_tensor *samples_result(const dg_plan *plan, int k);
void samples_free(dg_plan *plan);

/* Runs all tasks in order and keeps the time of each. */
dg_status run_tasks_timed(const dg_plan *plan, binding *b);

/* A task's failure, with the node's name. */
dg_status task_failed(const dg_plan *plan, const task *t, dg_status status);

/* Runs one task in a binding whose values have their buffers. */
dg_status task_run(const dg_plan *plan, const task *t);

/* The formula with the numbers of inputs that are constants put in; it keeps its inputs, some of them unused. */
dg_status formula_with_constants(const binding *b, dg_formulas *pool, const dg_formula *formula, const int32_t *inputs,
                                 const dg_formula **result);
/* Which input the formula is, when it is nothing else; −1 otherwise. */
int formula_is_input(const dg_formula *formula);

/* The node to name in a message: for a part of a composed op, the op that the user wrote; a layer's parameter has
 * its own name. */
static inline dg_node *node_in_messages(dg_node *node)
{
    while (node->owner && node->entry->op->role != DG_ROLE_PARAMETER)
        node = node->owner;
    return node;
}

/* Adds "op 'node'" before a message. */
dg_status at_node(dg_node *node, dg_status status);

#endif
