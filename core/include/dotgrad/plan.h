/* Plans: a graph made ready to run for a purpose.
 *
 * dg_plan_new() takes what to fetch and what to update. The first run with new sizes (a new batch size) binds the plan
 * to them: prunes, folds constants, merges common subexpressions, fuses, and places every buffer in one arena. Later
 * runs with those sizes walk an array: no allocation, no hashing, no text. A plan keeps its bindings to the sizes that
 * came last, a dozen or so, and one arena of buffers for all of them, as large as the largest has needed.
 *
 * Sample by sample. A plan with `per_sample` computes for each sample of a batch what a batch of this one alone gives,
 * whatever the batch's size, and stacks the results. So the gradient of the loss becomes the gradient of each sample's
 * loss (of private training, of influence functions, of the gradient's noise):
 *
 *     DG_TRY(dg_grad(loss, DG_NODES(w, b), gradients));                 // of w [10, 64] and b [10]
 *     dg_plan_options options = {.fetch = gradients, .n_fetch = 2, .parameters = parameters, .per_sample = true};
 *     DG_TRY(dg_plan_new(g, &options, &plan));
 *     DG_TRY(dg_plan_run(plan, feeds, n_feeds));                        // x [N, 64]: results [N, 10, 64] and [N, 10]
 *
 * Samples are cut along first sizes that are DG_N; feeds without it are the same for all. Whatever ops do, samples do
 * not mix: batch_norm in training sees one alone. Random nodes draw anew for each sample, which counts as a step.
 *
 * Threads. A graph is built by one thread at a time, and while one builds, nobody may make or bind plans of it. Apart
 * from that, plans of one graph may be made, bound and run by several threads, each its own: once bound to a size,
 * plans without updates run in parallel, and may share parameters and a pool of threads. One plan is run by one thread
 * at a time; a second one is refused with DG_BAD_ARGUMENT. While a plan with updates runs, no other plan may run on the
 * same set of parameters: one that begins meanwhile is refused, one that has begun before fails at its end, both with
 * DG_BAD_ARGUMENT. Nor may parameters be loaded or changed while a plan runs: nothing keeps watch over that. */
#ifndef DOTGRAD_PLAN_H
#define DOTGRAD_PLAN_H

#include <dotgrad/graph.h>
#include <dotgrad/parameters.h>
#include <dotgrad/random.h>
#include <dotgrad/threads.h>

DG_BEGIN_C

typedef struct dg_plan dg_plan;

/* What a plan does to a graph beyond running it node by node. The results differ by rounding at most. The environment's
 * DG_WITHOUT, a list of their names ("fusion,layouts", or "all"), turns some off in every plan. */
enum dg_optimization {
    DG_FOLDING = 1,      /* what follows from constants alone is computed once */
    DG_MERGING = 2,      /* what is the same is computed once */
    DG_ALGEBRA = 4,      /* formulas are simplified by the constants among their inputs, and written for speed */
    DG_SPLITTING = 8,    /* forward steps prepare factors of their derivatives */
    DG_FUSION = 16,      /* elementwise steps run together */
    DG_EPILOGUES = 32,   /* and in the kernel that makes what they read */
    DG_PROLOGUES = 64,   /* or in the reduction that reads what they make */
    DG_LAYOUTS = 128,    /* buffers between convolutions keep channels last */
    DG_SCHEDULING = 256, /* what can run in several orders runs in one that takes little memory */
    DG_REUSE = 512,      /* buffers are used again, and written over in place */
    DG_COMPILED = 1024,  /* programs of the activations and optimisers that ship run as compiled loops, bits alike */
    DG_ALL_OPTIMIZATIONS = 2047
};

typedef struct dg_plan_options {
    dg_node *const *fetch; /* results, in the caller's order */
    int n_fetch;
    dg_node *const *updates; /* assign nodes; all read the old values, as all results do. With some, N is 1 at least */
    int n_updates;
    dg_tensors *parameters; /* read and written in place; must outlive the plan. NULL: the graph has none */
    dg_threads *threads;    /* NULL: one thread */
    uint64_t seed;          /* of random nodes */
    bool training;          /* dropout, batch statistics, running updates */
    bool per_sample;        /* runs each sample of a batch for itself, see above. Updates: DG_BAD_ARGUMENT. Costs and
                               profile are of a batch of one */
    unsigned without;       /* of enum dg_optimization: what the plan leaves undone; 0 for all but tests */
    size_t memory_limit;    /* bytes of the plan's arena and constants, of all its bindings together; 0: none */
    bool measuring;         /* for dg_plan_prepare() and dg_plan_cost_of() alone: parameters need not be there, tensors
                               that are fed have no data, and nothing of their size is allocated */
} dg_plan_options;

/* Does not copy parameters; copies the lists. The graph must outlive the plan and may grow meanwhile. Updates that are
 * no assign nodes: DG_BAD_ARGUMENT. Two different updates of one parameter are refused when the plan is bound; the
 * running statistics of layers that share them follow each other in the order in which the layers were made. */
dg_status dg_plan_new(dg_graph *graph, const dg_plan_options *options, dg_plan **plan);
void dg_plan_free(dg_plan *plan);

typedef struct dg_feed {
    dg_node *node;           /* an input, or any other node */
    const dg_tensor *tensor; /* read in place during the run */
} dg_feed;

/* Runs once. Each input that the plan reads must be fed, with its dtype and a shape that fits its symbols:
 * DG_BAD_ARGUMENT, DG_BAD_DTYPE or DG_BAD_SHAPE name the input and both shapes. A computed node may be fed as well:
 * what reads it gets the tensor, and inputs that only it needed need not be fed (to sample a decoder, feed the code);
 * of a node with several outputs it is the first. So may a parameter, which the same run then cannot update. Feeds of
 * nodes that the plan does not have are not looked at. A kernel's failure (DG_BAD_DATA) names the node; parameters are
 * then as before the run. */
dg_status dg_plan_run(dg_plan *plan, const dg_feed *feeds, int n_feeds);
/* Result k of the last run; its buffer belongs to the plan (or is the very feed or parameter that was fetched) and is
 * good until the next run. NULL: there is no such result, or no run yet. */
const dg_tensor *dg_plan_result(const dg_plan *plan, int k);
/* The number of the step, for random nodes: 0 at first, one more after every run. */
void dg_plan_set_step(dg_plan *plan, uint64_t step);

/* Binds the plan to the sizes of these feeds without running it: takes the memory and tells the costs. Errors are those
 * of dg_plan_run(), a memory limit's (DG_NO_MEMORY) among them. */
dg_status dg_plan_prepare(dg_plan *plan, const dg_feed *feeds, int n_feeds);

/* What a bound plan costs; zero before it is bound. */
typedef struct dg_plan_cost {
    size_t arena_bytes;
    size_t steps;
    double flops;
} dg_plan_cost;
dg_plan_cost dg_plan_cost_of(const dg_plan *plan);

/* Where the time goes. While the profile is on, runs keep the time of each step; off (as plans are at first), it costs
 * nothing. Turning it on begins anew. */
void dg_plan_profile(dg_plan *plan, bool on);
/* One step of the last run's binding. */
typedef struct dg_plan_profile_entry {
    dg_node *node;         /* what the step computes; of a fused step, its kernel's node or its last one */
    dg_node *const *nodes; /* all that it computes, `node` among them; the plan's */
    size_t n_nodes;
    double seconds; /* over all calls */
    uint64_t calls;
    double flops; /* of one call */
    double bytes; /* of one call: of the tensors it reads and writes */
} dg_plan_profile_entry;
/* The number of steps; the first `count` of them, in the order in which they run, go to `entries`. 0: no run was timed.
 */
size_t dg_plan_profile_entries(const dg_plan *plan, dg_plan_profile_entry *entries, size_t count);

/* One step of a plan that is bound: what runs at once, and the bytes that it makes. */
typedef struct dg_plan_step {
    dg_node *node;         /* what the step computes; of a fused step, its kernel's node or its last one */
    dg_node *const *nodes; /* all that it computes, `node` among them; the plan's */
    size_t n_nodes;
    double flops;
    bool is_in_arena;     /* its results are in the plan's arena: */
    size_t offset, bytes; /* from here, and how many; of results elsewhere only bytes */
    size_t workspace_bytes;
    size_t last;         /* the last step that reads them; the number of steps: they are kept to the end */
    const size_t *reads; /* the steps whose results it reads */
    size_t n_reads;
} dg_plan_step;
/* The steps in the order in which they run, in `arena`; good until the plan is bound anew. DG_BAD_ARGUMENT: the plan is
 * not bound (see dg_plan_prepare). */
dg_status dg_plan_steps(const dg_plan *plan, dg_arena *arena, dg_plan_step **steps, size_t *count);

DG_END_C

#endif
