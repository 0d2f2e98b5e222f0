/* float32 kernels against float64 ones: every op, values and gradients, on the samples of its descriptor.
 *
 * Both runs get the same numbers, those of float32. What is compared: each output of the op, and the gradient of their
 * weighted sum by every float input and parameter, in evaluation and in training. A difference is measured against the
 * largest magnitude in its tensor, or against 1 where that is smaller (inputs are of the order of 1), in units of 2⁻²⁴,
 * the relative error of rounding one number to float32. */
#include "run.h"

#include <criterion/parameterized.h>
#include <string.h>

enum { GROUPS = 8, SEEDS = 4, MOST = 64 };

/* How many roundings an op of a family may be off by. The last line is for those that stand nowhere: a handful of
 * operations, or sums of a few dozen terms, each with its rounding. */
typedef struct family_bound {
    const char *family;
    double value, gradient;
} family_bound;

static const family_bound bounds[] = {
    {"activation", 128, 64}, /* sine(30x): the phase, up to 90, carries its rounding into the value */
    {"attention", 32, 128},  /* two products and two layer_norms of a few features in a row */
    {"linalg", 64, 128},     /* multiplied by the condition of the matrix */
    {"linear", 32, 160},     /* distances are differences; rbf divides by them, wendland near the edge of its support */
    {"norm", 32, 64},        /* divided by deviations below 1; rms_norm adds an eps that is the type's own */
    {"recurrent", 16, 64},   /* gates of gates, step after step; samples of the gradient kernels have gates above 1 */
    {NULL, 8, 16},
};

static const family_bound *bound_of(const dg_op *op)
{
    const family_bound *bound = bounds;
    while (bound->family && strcmp(bound->family, op->family) != 0)
        bound++;
    return bound;
}

/* A sample's case, run in one dtype: the nodes are the op's outputs and then gradients. */
typedef struct run {
    dg_sample_case made;
    dg_node *nodes[MOST];
    int count;
    dg_plan *plan;
} run;

/* 1, 3/4, 1/2 or 1/4: exact in both types. */
static dg_node *cotangent_of(dg_node *output)
{
    const dg_type *type = dg_node_type(output, 0);
    dg_tensor tensor;
    OK(dg_tensor_make(&tensor, type->dtype, type->shape));
    for (int64_t i = 0; i < dg_tensor_count(&tensor); i++)
        dg_tensor_set(&tensor, i, 1 - (double)(i * 7 % 5 % 4) / 4);
    dg_node *node = dg_constant(dg_node_graph(output), &tensor, .dtype = type->dtype);
    dg_tensor_release(&tensor);
    return node;
}

static void add_gradients(run *r)
{
    dg_node *wrt[MOST], *outputs[MOST], *cotangents[MOST];
    int count = 0, n_outputs = 0;
    int64_t nodes = dg_graph_node_count(r->made.graph);
    for (int k = 0; k < r->count; k++)
        if (dg_dtype_is_float(dg_node_type(r->nodes[k], 0)->dtype)) {
            outputs[n_outputs] = r->nodes[k];
            cotangents[n_outputs++] = cotangent_of(r->nodes[k]);
        }
    for (int64_t id = 0; id < nodes; id++) {
        dg_node *node = dg_graph_node(r->made.graph, id);
        dg_role role = dg_node_op(node)->role;
        if ((role == DG_ROLE_INPUT || role == DG_ROLE_PARAMETER) && dg_dtype_is_float(dg_node_type(node, 0)->dtype))
            wrt[count++] = node;
    }
    OK(dg_vector_jacobian(n_outputs, outputs, cotangents, count, wrt, r->nodes + r->count));
    r->count += count;
}

static void make_run(run *r, const dg_op *op, const dg_sample *sample, dg_dtype dtype, uint64_t seed)
{
    *r = (run){0};
    OK(dg_sample_make(&r->made, op, sample, dtype, seed));
    for (int k = 0; k < dg_node_output_count(r->made.node); k++)
        r->nodes[r->count++] = k ? dg_output(r->made.node, k) : r->made.node;
    if (r->made.loss && !(op->flags & DG_NOT_DIFFERENTIABLE))
        add_gradients(r);
}

static void copy_values(dg_tensor *to, const dg_tensor *from)
{
    for (int64_t i = 0; i < dg_tensor_count(from); i++)
        dg_tensor_set(to, i, dg_tensor_get(from, i));
}

static void copy_inputs(run *to, const run *from)
{
    for (int k = 0; k < from->made.n_feeds; k++)
        copy_values(&to->made.tensors[k], &from->made.tensors[k]);
    for (size_t k = 0; k < dg_tensors_count(from->made.parameters); k++) {
        const char *name = dg_tensors_name(from->made.parameters, k);
        copy_values((dg_tensor *)dg_tensors_find(to->made.parameters, name), dg_tensors_at(from->made.parameters, k));
    }
}

static void execute(run *r, bool training, uint64_t seed)
{
    OK(dg_plan_new(r->made.graph,
                   &(dg_plan_options){.fetch = r->nodes,
                                      .n_fetch = r->count,
                                      .parameters = r->made.parameters,
                                      .seed = seed,
                                      .training = training},
                   &r->plan));
    OK(dg_plan_run(r->plan, r->made.feeds, r->made.n_feeds));
}

static void release(run *r)
{
    dg_plan_free(r->plan);
    dg_sample_release(&r->made);
}

/* In roundings; infinity where one is a NaN or infinite and the other is not. */
static double difference(const dg_tensor *a, const dg_tensor *b)
{
    double worst = 0, largest = 1;
    cr_assert(dg_shape_equal(&a->shape, &b->shape));
    for (int64_t i = 0; i < dg_tensor_count(a); i++) {
        double x = dg_tensor_get(a, i), y = dg_tensor_get(b, i);
        if (x == y || (isnan(x) && isnan(y)))
            continue;
        double off = fabs(x - y);
        worst = fmax(worst, isnan(off) ? INFINITY : off);
        largest = fmax(largest, fabs(y));
    }
    return ldexp(worst / largest, 24);
}

/* Whether the op draws random numbers in this mode: others in float32 than in float64, so that there is nothing to
 * compare. */
static bool is_random(const run *r, const dg_op *op, const dg_sample *sample, bool training, uint64_t seed)
{
    bool differs = false;
    for (uint64_t draw = 2; draw < 6; draw++) {
        run other;
        make_run(&other, op, sample, DG_FLOAT64, seed);
        copy_inputs(&other, r);
        execute(&other, training, draw);
        for (int k = 0; k < r->count; k++)
            differs = differs || difference(dg_plan_result(r->plan, k), dg_plan_result(other.plan, k)) > 0;
        release(&other);
    }
    return differs;
}

static void compare(const dg_op *op, const dg_sample *sample, bool training, uint64_t seed)
{
    run single, twice;
    make_run(&single, op, sample, DG_FLOAT32, seed);
    make_run(&twice, op, sample, DG_FLOAT64, seed);
    copy_inputs(&twice, &single);
    execute(&single, training, 1);
    execute(&twice, training, 1);
    bool random = is_random(&twice, op, sample, training, seed);
    for (int k = 0; k < single.count && !random; k++) {
        const dg_tensor *a = dg_plan_result(single.plan, k), *b = dg_plan_result(twice.plan, k);
        bool value = k < dg_node_output_count(single.made.node);
        double bound = value ? bound_of(op)->value : bound_of(op)->gradient, off = difference(a, b);
        cr_expect(off <= (dg_dtype_is_float(a->dtype) ? bound : 0), "%s: %s %d is off by %.1f roundings", sample->call,
                  value ? "output" : "gradient", k, off);
    }
    release(&single);
    release(&twice);
}

ParameterizedTestParameters(precision, float32_agrees_with_float64)
{
    static int groups[GROUPS];
    for (int k = 0; k < GROUPS; k++)
        groups[k] = k;
    return cr_make_param_array(int, groups, GROUPS);
}

ParameterizedTest(int *group, precision, float32_agrees_with_float64)
{
    for (size_t i = 0; i < dg_op_count(); i++) {
        const dg_op *op = dg_op_at(i);
        for (const dg_sample *s = op->samples; (int)(i % GROUPS) == *group && s && s->call; s++)
            for (uint64_t seed = 1; seed <= SEEDS; seed++)
                for (int training = 0; training < 2; training++)
                    compare(op, s, training, seed);
    }
}
