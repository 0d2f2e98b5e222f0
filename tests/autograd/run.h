/* Numbers in and numbers out, for tests of derivatives: everything in float64. */
#ifndef TESTS_AUTOGRAD_RUN_H
#define TESTS_AUTOGRAD_RUN_H

#include <criterion/criterion.h>
#include <dotgrad/autograd.h>
#include <dotgrad/ops.h>
#include <math.h>

typedef struct point {
    dg_graph *graph;
    dg_feed feeds[8];
    dg_tensor tensors[8];
    int n_feeds;
} point;

static inline void point_make(point *p)
{
    *p = (point){0};
    dg_status status = dg_graph_new(&p->graph);
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
    dg_graph_set_dtype(p->graph, DG_FLOAT64);
}

static inline void point_free(point *p)
{
    for (int k = 0; k < p->n_feeds; k++)
        dg_tensor_release(&p->tensors[k]);
    dg_graph_free(p->graph);
}

/* A symbolic input, fed with values of that shape. */
static inline dg_node *give_as(point *p, const char *name, dg_shape declared, dg_shape shape, const double *values)
{
    dg_tensor *tensor = &p->tensors[p->n_feeds];
    cr_assert_eq(dg_tensor_make(tensor, DG_FLOAT64, shape).code, DG_OK);
    for (int64_t i = 0; i < dg_tensor_count(tensor); i++)
        dg_tensor_set(tensor, i, values[i]);
    dg_node *node = dg_input(p->graph, declared, .name = name);
    p->feeds[p->n_feeds++] = (dg_feed){node, tensor};
    return node;
}

static inline dg_node *give(point *p, const char *name, dg_shape shape, const double *values)
{
    return give_as(p, name, shape, shape, values);
}

static inline dg_node *give_scalar(point *p, const char *name, double value)
{
    return give(p, name, dg_scalar(), &value);
}

#define VALUES(...) ((const double[]){__VA_ARGS__})

#define OK(call)                                                                                                       \
    do {                                                                                                               \
        dg_status status_ = (call);                                                                                    \
        cr_assert_eq(status_.code, DG_OK, "%s", status_.message);                                                      \
    } while (0)

/* Runs the node and compares its elements. */
static inline void expect_near(const point *p, dg_node *node, dg_shape shape, const double *values, double tolerance)
{
    dg_plan *plan;
    char text[DG_SHAPE_TEXT], wanted[DG_SHAPE_TEXT];
    OK(dg_graph_status(p->graph));
    cr_assert_not_null(node);
    OK(dg_plan_new(p->graph, &(dg_plan_options){.fetch = &node, .n_fetch = 1}, &plan));
    OK(dg_plan_run(plan, p->feeds, p->n_feeds));
    const dg_tensor *result = dg_plan_result(plan, 0);
    cr_assert(dg_shape_equal(&result->shape, &shape), "shape %s, expected %s",
              dg_shape_print(&result->shape, text, sizeof text), dg_shape_print(&shape, wanted, sizeof wanted));
    for (int64_t i = 0; i < dg_tensor_count(result); i++) {
        double found = dg_tensor_get(result, i);
        cr_assert(fabs(found - values[i]) <= tolerance * fmax(1, fabs(values[i])),
                  "element %d is %.15g, expected %.15g", (int)i, found, values[i]);
    }
    dg_plan_free(plan);
}

static inline void expect(const point *p, dg_node *node, dg_shape shape, const double *values)
{
    expect_near(p, node, shape, values, 1e-12);
}

static inline dg_node *grad_of(dg_node *output, dg_node *wrt)
{
    dg_node *gradient = NULL;
    OK(dg_grad(output, 1, &wrt, &gradient));
    return gradient;
}

/* ---- ops of the tests' own ---- */

static inline dg_status same_infer(const dg_infer *infer)
{
    return dg_infer_same(infer);
}

/* y0 = sin x, y1 = cos x: an op with two outputs. */
static dg_status sincos_infer(const dg_infer *infer)
{
    infer->outputs[0] = infer->outputs[1] = *infer->inputs[0];
    return dg_ok();
}

static dg_status sincos_forward(const dg_kernel *kernel)
{
    const double *x = kernel->inputs[0]->data;
    double *s = kernel->outputs[0]->data, *c = kernel->outputs[1]->data;
    for (int64_t i = 0; i < dg_tensor_count(kernel->inputs[0]); i++) {
        s[i] = sin(x[i]);
        c[i] = cos(x[i]);
    }
    return dg_ok();
}

static void sincos_backward(const dg_backward *vjp)
{
    dg_node *s = vjp->grad_outputs[0], *c = vjp->grad_outputs[1];
    dg_node *from_s = s ? dg_mul(s, dg_output(vjp->output, 1)) : NULL;
    dg_node *from_c = c ? dg_neg(dg_mul(c, vjp->output)) : NULL;
    vjp->grad_inputs[0] = from_s && from_c ? dg_add(from_s, from_c) : from_s ? from_s : from_c;
}

static const dg_sample one_vector[] = {{.call = "test_sincos", .inputs = {"[3]"}}, {.call = NULL}};

static const dg_op sincos_op = {
    .name = "test_sincos",
    .family = "test",
    .summary = "sin x and cos x",
    .inputs = {{.name = "input"}},
    .outputs = {"sine", "cosine"},
    .infer = sincos_infer,
    .forward = sincos_forward,
    .backward = sincos_backward,
    .samples = one_vector,
};

static inline dg_node *apply1(const char *op, dg_node *x)
{
    return dg_apply(&(dg_application){.op = op, .at = DG_HERE, .n_inputs = 1, .inputs = &x});
}

/* y = x · exp(x), made of other ops. */
static void xexp_compose(const dg_compose *compose)
{
    compose->outputs[0] = dg_mul(compose->inputs[0], dg_exp(compose->inputs[0]));
}

static const dg_op xexp_op = {
    .name = "test_xexp",
    .family = "test",
    .summary = "x exp(x)",
    .inputs = {{.name = "input"}},
    .infer = same_infer,
    .compose = xexp_compose,
};

#endif
