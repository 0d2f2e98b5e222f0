/* Differentiation: every derivative is more graph, made of ordinary nodes that can be drawn, planned and differentiated
 * again.
 *
 * What is differentiated, and by what, are any float nodes of one graph: inputs, parameters and intermediate nodes. A
 * derivative by an intermediate node is the one that a change of that node's value would make. DG_BAD_ARGUMENT: an op
 * on the way has no derivative (the message names it and its node), a node is NULL or of another graph; DG_BAD_DTYPE:
 * a node is not of a float type. A mistake made earlier in building the graph is returned as it is. After a failure
 * all results are NULL and the graph is as it was before. */
#ifndef DOTGRAD_AUTOGRAD_H
#define DOTGRAD_AUTOGRAD_H

#include <dotgrad/op.h>
#include <dotgrad/plan.h>

DG_BEGIN_C

/* ---- derivatives ---- */

/* Reverse mode: grads[k] = d(sum of output)/d(wrt[k]), of wrt[k]'s type; zeros where output does not depend on it. For
 * the gradient of each sample of a batch, run them in a plan with .per_sample (<dotgrad/plan.h>). */
dg_status dg_grad(dg_node *output, int count, dg_node *const *wrt, dg_node **grads);

/* depends[k]: whether a derivative flows from output to wrt[k] at all. False where every path goes through `detach`, an
 * index or another node that no derivative passes. */
dg_status dg_depends(dg_node *output, int count, dg_node *const *wrt, bool *depends);

/* The same for several outputs, each weighted by a cotangent of its shape: grads[k] = Σ cotangentᵀ · ∂output/∂wrt[k].
 * `cotangents` may be NULL, and so may each of them: ones. DG_BAD_SHAPE: a cotangent of another shape. */
dg_status dg_vector_jacobian(int n_outputs, dg_node *const *outputs, dg_node *const *cotangents, int count,
                             dg_node *const *wrt, dg_node **grads);

/* Forward mode: output_tangents[i] = Σ ∂outputs[i]/∂wrt[k] · tangents[k], of outputs[i]'s type. `tangents` may be NULL,
 * and so may each of them: ones. DG_BAD_SHAPE: a tangent of another shape than its node. */
dg_status dg_jacobian_vector(int n_outputs, dg_node *const *outputs, int count, dg_node *const *wrt,
                             dg_node *const *tangents, dg_node **output_tangents);

/* ∂output/∂wrt whole, of shape [output's sizes…, wrt's sizes…]; made of as many derivatives as the smaller of the two
 * has elements. DG_BAD_SHAPE: a size is a symbol, or the ranks together exceed DG_MAX_RANK. */
dg_status dg_jacobian(dg_node *output, dg_node *wrt, dg_node **jacobian);
/* ∂²(sum of output)/∂wrt², of shape [wrt's sizes…, wrt's sizes…]. Errors as above. */
dg_status dg_hessian(dg_node *output, dg_node *wrt, dg_node **hessian);
/* products = H · vectors, where H is the Hessian of the sum of output by all of wrt together (B. Pearlmutter: "Fast
 * exact multiplication by the Hessian", 1994). vectors[k] and products[k] are of wrt[k]'s type. */
dg_status dg_hessian_vector(dg_node *output, int count, dg_node *const *wrt, dg_node *const *vectors,
                            dg_node **products);
/* products = Jᵀ · H · J · vectors, where J = ∂output/∂wrt and H is the Hessian of the sum of loss by output: positive
 * semidefinite when loss is convex in output (N. Schraudolph: "Fast curvature matrix-vector products", 2002). */
dg_status dg_gauss_newton_vector(dg_node *loss, dg_node *output, int count, dg_node *const *wrt,
                                 dg_node *const *vectors, dg_node **products);

/* ---- checks of derivatives ---- */

/* Compares derivatives with central finite differences (Richardson's extrapolation over three steps, smaller steps
 * where those do not agree). What is checked: the gradient of the sum of `loss` by every float input and parameter that
 * it is computed from, for up to `elements` elements of each and along random directions; the same in forward mode;
 * and, for order 2, both for Σ gradient · v with a random v. Each loss is computed with the same random numbers.
 *
 * A comparison is skipped, and counted as such, where finite differences say nothing: at a kink (when the derivative
 * lies between the one-sided slopes), and when the two disagree while a node through which no derivative flows
 * (`detach`, `step`, an index) changes its value. */
typedef struct dg_check_options {
    dg_node *loss;                /* of a graph in float64, which grows by the derivatives */
    const dg_tensors *parameters; /* read only; NULL: the graph has none */
    const dg_feed *feeds;         /* read only */
    int n_feeds;
    int order;        /* 1 or 2; 0: 2 */
    int elements;     /* elements of each tensor, chosen at random in larger ones; 0: 50 */
    int directions;   /* random directions of each tensor; 0: 2 */
    double tolerance; /* relative to the larger of the two values; 0: 1e-6 */
    double most_work; /* FLOPs of finite differences, about. Where all would take more, every tensor is moved along
                         directions of all together, then each by itself by fewer elements, in an order by the seed, as
                         far as that goes, and of each that is left by one element (report->left_out); 0: no bound */
    bool training;    /* checks the graph as it is in training */
    bool no_forward;  /* leaves out forward mode */
    uint64_t seed;    /* of directions, of v, and of the graph's random nodes */
    dg_threads *threads;
} dg_check_options;

/* What was found for one tensor and one kind of derivative. */
typedef struct dg_check_entry {
    const char *call; /* of a sample of an op: the op as a graph file would write it; else "" */
    const char *node; /* the input's or parameter's name, or "all together" */
    int order;        /* 1, 2 */
    bool forward;     /* by forward mode; else by reverse mode */
    int64_t checked;  /* comparisons made, */
    int64_t failed;   /* those outside the tolerance, */
    int64_t skipped;  /* and those where there is nothing to compare with */
    int64_t element;  /* where the difference is worst: flat index, or −1 along a random direction */
    double expected;  /* the finite difference there */
    double found;     /* the derivative there */
} dg_check_entry;

typedef struct dg_check_report {
    size_t count;
    const dg_check_entry *entries;
    int64_t checked, failed, skipped; /* totals */
    int64_t tensors;                  /* inputs and parameters, of the last op's sample where there are some, */
    int64_t left_out;                 /* and those that were compared by one element, in one order or both */
    const char *singular;             /* a node that has no derivative at this point, as its op says (DG_SINGULAR): what
                                       * is NaN by it is skipped, not failed; NULL: none was met */
    dg_arena *arena;                  /* owns the entries and their texts */
} dg_check_report;

/* DG_OK means that the comparison was made: whether it went well is report->failed == 0. DG_BAD_DTYPE: an input or
 * parameter that the loss depends on is not float64 (nor an integer or condition). DG_NUMERIC: the loss itself is not a
 * finite number. Errors of dg_grad and of plans come back as they are. */
dg_status dg_check_gradients(const dg_check_options *options, dg_check_report **report);
/* Checks an op by all of its sample inputs: order, elements, directions, tolerance, most_work, training, no_forward,
 * seed and threads are taken from `options` (NULL: the defaults). DG_BAD_ARGUMENT: the op has no samples. An op that is
 * declared not differentiable, or has no float output, gives an empty report. */
dg_status dg_check_op(const dg_op *op, const dg_check_options *options, dg_check_report **report);
void dg_check_report_free(dg_check_report *report);

/* ---- samples ---- */

/* One call of an op on inputs as its descriptor suggests them (dg_sample in <dotgrad/op.h>), ready to run. The types of
 * inputs are "[sizes…]" and a word for their elements:
 *   (none)         N(0, 1), at least 0.05 away from 0, ±0.5, ±1 and ±3, where activations have their corners
 *   positive       0.3 … 2          unit      0.1 … 0.9          above 1    1.2 … 3
 *   spd            symmetric positive definite in the last two sizes
 *   int64 below 5  integers from 0 (int32 likewise)              bool       false and true
 *   -              an input that is left out */
typedef struct dg_sample_case {
    dg_graph *graph;
    dg_node *node;          /* the op's */
    dg_node *loss;          /* Σ c · (y + sin(y) / 2) over its float outputs, c random; NULL: none is a float */
    dg_tensors *parameters; /* those that the op owns */
    int n_feeds;
    dg_feed feeds[DG_MAX_INPUTS];
    dg_tensor tensors[DG_MAX_INPUTS]; /* what is fed */
} dg_sample_case;

/* `dtype` is that of all floats. DG_BAD_ARGUMENT: the sample cannot be read. Errors in building the node come back as
 * they are. Release the case after a failure, too. */
dg_status dg_sample_make(dg_sample_case *made, const dg_op *op, const dg_sample *sample, dg_dtype dtype, uint64_t seed);
void dg_sample_release(dg_sample_case *made);

DG_END_C

#endif
