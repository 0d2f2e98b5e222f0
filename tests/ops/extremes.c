/* Float32 against float64 where numbers are very large and very small: the samples of ops with their float inputs times
 * 1e30 and 1e-30, values and derivatives of orders 1 and 2. What float64 has within float32's range float32 has, too:
 * nothing overflows, vanishes or becomes NaN on the way. */
#include "../support.h"

#include <float.h>
#include <stdlib.h>

enum { MOST = 3 * (DG_MAX_INPUTS + DG_MAX_OUTPUTS) };

typedef struct run {
    dg_sample_case made;
    dg_node *nodes[MOST];
    int count, n_values, n_first;
    dg_plan *plan;
} run;

/* 1, 3/4, 1/2 or 1/4: exact in both types. */
static dg_node *weights_of(dg_node *output)
{
    const dg_type *type = dg_node_type(output, 0);
    dg_tensor tensor;
    must(dg_tensor_make(&tensor, type->dtype, type->shape));
    for (int64_t i = 0; i < dg_tensor_count(&tensor); i++)
        dg_tensor_set(&tensor, i, 1 - (double)(i * 7 % 5 % 4) / 4);
    dg_node *node = dg_constant(dg_node_graph(output), &tensor, .dtype = type->dtype);
    dg_tensor_release(&tensor);
    return node;
}

static int differentiate(int n, dg_node **outputs, int n_wrt, dg_node **wrt, dg_node **to)
{
    dg_node *weights[MOST];
    for (int k = 0; k < n; k++)
        weights[k] = weights_of(outputs[k]);
    must(dg_vector_jacobian(n, outputs, weights, n_wrt, wrt, to));
    return n_wrt;
}

static void make_run(run *r, const dg_op *op, const dg_sample *sample, dg_dtype dtype, double scale)
{
    dg_node *wrt[DG_MAX_INPUTS];
    int n = 0;
    *r = (run){0};
    must(dg_sample_make(&r->made, op, sample, dtype, 1));
    for (int k = 0; k < r->made.n_feeds; k++) {
        dg_tensor *x = &r->made.tensors[k];
        if (!dg_dtype_is_float(x->dtype))
            continue;
        wrt[n++] = r->made.feeds[k].node;
        for (int64_t i = 0; i < dg_tensor_count(x); i++)
            dg_tensor_set(x, i, (double)(float)(scale * (double)(float)dg_tensor_get(x, i)));
    }
    for (int k = 0; k < dg_node_output_count(r->made.node); k++)
        if (dg_dtype_is_float(dg_node_type(r->made.node, k)->dtype))
            r->nodes[r->count++] = k ? dg_output(r->made.node, k) : r->made.node;
    r->n_values = r->count;
    if (n == 0 || r->count == 0 || op->flags & (DG_NOT_DIFFERENTIABLE | DG_CUSTOM_GRADIENT))
        return;
    r->n_first = differentiate(r->count, r->nodes, n, wrt, r->nodes + r->count);
    r->count += r->n_first;
    r->count += differentiate(r->n_first, r->nodes + r->n_values, n, wrt, r->nodes + r->count);
}

static void copy_parameters(run *to, const run *from)
{
    for (size_t k = 0; k < dg_tensors_count(from->made.parameters); k++) {
        const dg_tensor *x = dg_tensors_at(from->made.parameters, k);
        dg_tensor *y = dg_tensors_find(to->made.parameters, dg_tensors_name(from->made.parameters, k));
        for (int64_t i = 0; i < dg_tensor_count(x); i++)
            dg_tensor_set(y, i, dg_tensor_get(x, i));
    }
}

static dg_status execute(run *r)
{
    DG_TRY(dg_plan_new(r->made.graph,
                       &(dg_plan_options){.fetch = r->nodes, .n_fetch = r->count, .parameters = r->made.parameters},
                       &r->plan));
    return dg_plan_run(r->plan, r->made.feeds, r->made.n_feeds);
}

static void release(run *r)
{
    dg_plan_free(r->plan);
    dg_sample_release(&r->made);
}

/* The largest that is within float32's range. */
static double largest_of(const dg_tensor *want)
{
    double largest = 0;
    for (int64_t i = 0; i < dg_tensor_count(want); i++) {
        double x = fabs(dg_tensor_get(want, i));
        largest = x < (double)FLT_MAX / 4 && x > largest ? x : largest;
    }
    return largest;
}

static void compare(const dg_sample *sample, double scale, int order, int which, const dg_tensor *got,
                    const dg_tensor *want, int *ran)
{
    double largest = largest_of(want);
    for (int64_t i = 0; i < dg_tensor_count(want); i++) {
        double w = dg_tensor_get(want, i), g = dg_tensor_get(got, i);
        if (!(fabs(w) < (double)FLT_MAX / 4))
            continue;
        bool right = fabs(g - w) <= 1e-3 * largest + 1e3 * (double)FLT_MIN;
        cr_expect(right, "%s at %g, order %d of %d: element %d is %.9g, wants %.9g", sample->call, scale, order, which,
                  (int)i, g, w);
        (*ran)++;
        if (!right)
            return;
    }
}

static void check_sample(const dg_op *op, const dg_sample *sample, double scale, int orders, int *ran)
{
    run single, wide;
    make_run(&single, op, sample, DG_FLOAT32, scale);
    make_run(&wide, op, sample, DG_FLOAT64, scale);
    copy_parameters(&wide, &single);
    dg_status a = single.count ? execute(&single) : dg_ok(), b = wide.count ? execute(&wide) : dg_ok();
    cr_expect(a.code == b.code, "%s at %g: %s", sample->call, scale, a.code ? a.message : b.message);
    for (int k = 0; a.code == DG_OK && b.code == DG_OK && k < single.count; k++) {
        int order = k < single.n_values ? 0 : k < single.n_values + single.n_first ? 1 : 2;
        if (order <= orders)
            compare(sample, scale, order, k, dg_plan_result(single.plan, k), dg_plan_result(wide.plan, k), ran);
    }
    release(&single);
    release(&wide);
}

/* Families whose values are of the size of their inputs or less. Products of matrices, convolutions, recurrences and
 * attention have sums of products on the way that float32 cannot hold. */
static bool is_of_inputs_size(const dg_op *op)
{
    static const char *const families[] = {"elementwise", "activation", "reduce", "norm", "softmax", "loss"};
    for (size_t k = 0; k < sizeof families / sizeof *families; k++)
        if (strcmp(op->family, families[k]) == 0)
            return true;
    return false;
}

static bool is_exempt(const dg_op *op)
{
    static const char *const ops[] = {
        /* Square what they are given: their descriptions say up to where. */
        "standardize", "standardize_backward", "layer_norm", "batch_norm", "group_norm", "instance_norm",
        "rms_norm", /* and its default eps is the type's own */
        "local_response_norm",
        /* Products of inputs: of numbers in a row, of weights and losses, of probabilities and targets. */
        "prod_others", "cumprod", "linear_scan", "nll_loss", "cross_entropy", "dice_loss",
        "weight_norm",    /* second derivatives of 1e-30, as products of subnormal numbers */
        "pau",            /* likewise */
        "sine",           /* is as exact as its argument 30·x, which is rounded */
        "gumbel_softmax", /* random numbers of the type's own */
    };
    for (size_t k = 0; k < sizeof ops / sizeof *ops; k++)
        if (strcmp(op->name, ops[k]) == 0)
            return true;
    return !is_of_inputs_size(op);
}

Test(extremes, of_ops_are_those_of_float64)
{
    int ran = 0;
    for (size_t i = 0; i < dg_op_count(); i++)
        for (const dg_sample *s = dg_op_at(i)->samples; s && s->call && !is_exempt(dg_op_at(i)); s++) {
            check_sample(dg_op_at(i), s, 1e30, 2, &ran);
            check_sample(dg_op_at(i), s, 1e-30, 2, &ran);
        }
    cr_expect_geq(ran, 3000, "%d", ran);
}

/* Norms that square: where their descriptions say so the derivatives are right, too; second ones are products that
 * float32 holds for less. */
Test(extremes, of_norms_are_right_as_far_as_they_say)
{
    static const struct {
        const char *call;
        double scale;
        int orders;
    } norms[] = {{"layer_norm([2, 3], eps=0.1)", 1e16, 1},
                 {"rms_norm([2, 3], eps=0.1)", 1e16, 1},
                 {"batch_norm", 1e16, 1},
                 {"group_norm", 1e16, 1},
                 {"instance_norm", 1e16, 1},
                 {"standardize(", 1e16, 1},
                 {"local_response_norm", 1e8, 1},
                 {"layer_norm([2, 3], eps=0.1)", 1e9, 2},
                 {"rms_norm([2, 3], eps=0.1)", 1e9, 2},
                 {"batch_norm", 1e9, 2}};
    int ran = 0;
    for (size_t i = 0; i < dg_op_count(); i++)
        for (const dg_sample *s = dg_op_at(i)->samples; s && s->call; s++)
            for (size_t k = 0; k < sizeof norms / sizeof *norms; k++)
                if (strncmp(s->call, norms[k].call, strlen(norms[k].call)) == 0)
                    check_sample(dg_op_at(i), s, norms[k].scale, norms[k].orders, &ran);
    cr_expect_geq(ran, 500, "%d", ran);
}
