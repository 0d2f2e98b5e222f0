/* The making of one binding, shared by its stages. */
#ifndef CORE_PLAN_BUILD_H
#define CORE_PLAN_BUILD_H

#include "plan.h"

/* A program that the binding has made, by what it computes. */
typedef struct made_program {
    const expression **roots; /* NULL: a free place */
    int n_roots;
    dg_dtype compute;
    bool is_update;
    dg_program *program;
} made_program;

/* A step or view that another one like it may be merged with. */
typedef struct merge_slot {
    int32_t what; /* 1 + index of a step, or −1 − value of a view; 0: empty */
    uint32_t hash;
} merge_slot;

typedef struct build {
    dg_plan *plan;
    binding *b;
    const dg_feed *feeds;
    int n_feeds;
    int32_t *start;   /* by place in the order: first of its results */
    int32_t *results; /* values */
    int64_t *symbols; /* sizes of DG_N, DG_N − 1, …; −1: no feed tells */
    int32_t *fed_at;  /* by place in the order: number of the feed; −1: none */
    uint8_t *wanted;  /* by place in the order: 0: not needed with these feeds */
    merge_slot *slots;
    size_t n_slots, used_slots;
    hash_table programs; /* that were made, by what they compute */
} build;

enum { WANTED = 1, COMPUTED = 2 }; /* needed; and not only fed */

static inline uint64_t hash_mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0x9E3779B97F4A7C15u;
    return hash ^ (hash >> 29);
}

/* sources.c: values, and the nodes that nothing is computed for. */
dg_status new_value(binding *b, const dg_type *type, storage_kind kind, int32_t *made);
/* Room for a constant, kept by the binding. */
dg_status new_constant(binding *b, const dg_type *type, int32_t *made);
dg_status bind_parameter(build *u, dg_node *node, int32_t *made);
dg_status bind_constant(build *u, dg_node *node, int32_t *made);
/* The node's attributes with real sizes for symbols, which follow from the feeds. */
dg_status real_attrs(build *u, const dg_node *node, const dg_value **attrs);

/* feeds.c: takes over which nodes are fed, which are needed then, and the sizes of symbols. */
dg_status take_feeds(build *u);
/* The value of a node that is fed. */
dg_status bind_fed(build *u, int32_t fed, int32_t *made);
dg_status list_fed_views(binding *b);

/* merge.c */
/* A view of `base` with an identity of its own. */
dg_status new_view(build *u, int32_t base, const dg_shape *shape, int32_t *view);
/* The value that is `base` under another shape; the root itself where the shape is its own. */
dg_status make_view(build *u, int32_t base, const dg_shape *shape, int32_t *view);
/* An earlier step that computes the same, or −1 after remembering this one. */
dg_status merge(build *u, int32_t index, int32_t *earlier);

/* bind.c: a result of a node that is bound already. */
int32_t node_result(const build *u, const dg_node *node, int output);
/* Adds the step, whose inputs are these. */
dg_status add_step(build *u, const step *made, int32_t *inputs, int32_t *results);
/* The kernel's call of a step, with tensors where values are now. */
dg_status point_kernel(const dg_plan *plan, binding *b, const step *s, dg_kernel *kernel);
void operand_strides(const dg_shape *in, const dg_shape *out, int64_t strides[DG_MAX_RANK]);

/* halves.c */
bool is_half(const build *u, int32_t v);
/* *v, where it is in 16 bits, in float32: an elementwise step, made once for all who read it. */
dg_status widen(build *u, int32_t *v);
/* What the node's work does not take in 16 bits is widened. Elementwise steps take all. */
dg_status widen_inputs(build *u, const dg_node *node, int32_t *inputs);
/* Whether some parameters are in 16 bits: then there may be one more step for each value. */
bool keeps_halves(const dg_plan *plan);

/* updates.c */
dg_status bind_assignment(build *u, dg_node *node, int32_t *result);
/* Every parameter has one new value. Two updates that compute the same one are one. */
dg_status check_assignments(build *u);
/* All results are of the old values, and so is what one parameter gives to another: where these are the very bytes of a
 * parameter that is updated, they are saved. */
dg_status save_old_values(build *u);

/* alive.c: marks the steps that somebody needs; puts them in their final order. */
void mark_alive(binding *b, const dg_plan *plan);
dg_status order_steps(binding *b, const dg_plan *plan);

/* split.c: has forward steps prepare factors of backward ones. */
dg_status split_steps(build *u);

/* layout.c: sets channels_last where it helps. */
dg_status choose_layouts(build *u);
/* How an operand's elements lie against those of the value whose space it is read in. */
row_pattern operand_pattern(const dg_tensor *in, const dg_tensor *space);

/* fuse.c. A group is a kernel with the elementwise steps that run in its epilogue, or elementwise steps alone. */
typedef struct group {
    int32_t kernel;      /* step, or −1 */
    int32_t position;    /* the step in whose place it runs */
    int32_t first, last; /* elementwise steps, linked by `next` */
    int32_t n_steps;
    int32_t n_readers; /* steps outside that read what it computes */
    int32_t into;      /* the group that it has been merged into, or −1 */
    int32_t consumer;  /* the kernel's step whose prologue it is, or −1 */
    int64_t count;     /* elements */
    uint64_t weight;   /* expressions in its formulas */
    dg_dtype compute;
    bool update, closed; /* closed: nothing joins it */
} group;

typedef struct grouping {
    group *groups;
    int32_t n_groups;
    int32_t *of;   /* by step; −1: a kernel alone */
    int32_t *next; /* by step: the next of its group, or −1 */
    bool *outside; /* by root: read by another task, the caller or an assignment */
} grouping;

enum { MOST_IN_GROUP = 16 };

dg_status group_steps(build *u, grouping *made);
void grouping_free(grouping *g);

/* tasks.c */
void note_producers(binding *b);
dg_status make_tasks(build *u, const grouping *g);
/* schedule.c: the order that takes less memory. */
dg_status schedule_tasks(build *u);
/* tasks.c: kernels and programs learn where their tensors are. */
dg_status finish_tasks(build *u);

#endif
