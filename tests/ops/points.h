/* Points where an op is singular, as lines of a table: a call, its inputs, the value, and the gradients of the sum of
 * the value's elements times 1, 2, 3, … by the inputs. Tensors are texts: "[2, 2] 0 -1 inf nan", "[3] int64 0 2 1".
 *
 * The numbers were got from PyTorch 2.15 in float64: the same call on the same inputs, and torch.autograd.grad with
 * that cotangent, once or twice. Each line is checked in float64 and in float32. */
#ifndef TESTS_OPS_POINTS_H
#define TESTS_OPS_POINTS_H

#include "../support.h"

#include <stdio.h>
#include <stdlib.h>

enum { POINT_INPUTS = 3, SECOND = POINT_INPUTS, POINT_ELEMENTS = 24 };

typedef struct point {
    const char *call;
    const char *inputs[POINT_INPUTS];
    const char *value;
    /* From SECOND on those of the sum of the gradients' elements times 1, 2, 3, …; NULL: not asked for. */
    const char *gradients[2 * POINT_INPUTS];
} point;

typedef struct point_tensor {
    dg_dtype dtype; /* DG_DEFAULT_DTYPE: a float */
    dg_shape shape;
    double values[POINT_ELEMENTS];
} point_tensor;

static inline point_tensor point_parse(const char *text)
{
    point_tensor tensor = {.dtype = DG_DEFAULT_DTYPE};
    char *at = (char *)(text + 1);
    while (*at != ']') {
        tensor.shape.dims[tensor.shape.rank++] = strtoll(at, &at, 10);
        at += strspn(at, ", ");
    }
    at += 1 + (at[1] == ' ');
    if (strncmp(at, "int64", 5) == 0 || strncmp(at, "bool", 4) == 0) {
        tensor.dtype = *at == 'i' ? DG_INT64 : DG_BOOL;
        at += strcspn(at, " ");
    }
    for (int k = 0;; k++) {
        char *end;
        double value = strtod(at, &end);
        if (end == at)
            return tensor;
        cr_assert_lt(k, POINT_ELEMENTS);
        tensor.values[k] = value;
        at = end;
    }
}

/* 1, 2, 3, … in the shape of a float node. */
static inline dg_node *point_cotangent(dg_node *node)
{
    const dg_type *type = dg_node_type(node, 0);
    dg_tensor tensor;
    must(dg_tensor_make(&tensor, type->dtype, type->shape));
    for (int64_t i = 0; i < dg_tensor_count(&tensor); i++)
        dg_tensor_set(&tensor, i, (double)(i + 1));
    dg_node *cotangent = dg_constant(dg_node_graph(node), &tensor, .dtype = type->dtype);
    dg_tensor_release(&tensor);
    return cotangent;
}

static inline void point_expect(const point *p, const char *what, dg_dtype dtype, const dg_tensor *got,
                                const char *text)
{
    point_tensor want = point_parse(text);
    double tolerance = dtype == DG_FLOAT64 ? 1e-12 : 1e-6;
    bool same =
        dg_shape_equal(&got->shape, &want.shape) && (want.dtype == DG_DEFAULT_DTYPE || want.dtype == got->dtype);
    for (int64_t i = 0; same && i < dg_tensor_count(got); i++) {
        double x = dg_tensor_get(got, i), y = want.values[i];
        same = x == y || (isnan(x) && isnan(y)) || fabs(x - y) <= tolerance * fmax(1, fabs(y));
    }
    if (same)
        return;
    char found[600] = "";
    for (int64_t i = 0; i < dg_tensor_count(got); i++)
        snprintf(found + strlen(found), sizeof found - strlen(found), " %.15g", dg_tensor_get(got, i));
    cr_expect(same, "%s of %s%s%s, %s, %s: it is%s, expected %s", p->call, p->inputs[0], p->inputs[1] ? "; " : "",
              p->inputs[1] ? p->inputs[1] : "", dg_dtype_name(dtype), what, found, text);
}

/* fetch[0]: the op; then its gradients in the order of the inputs that have one. */
static inline int point_build(trial *t, const point *p, dg_node **fetch)
{
    dg_node *inputs[POINT_INPUTS], *wrt[POINT_INPUTS];
    int n_inputs = 0, n_wrt = 0;
    for (; n_inputs < POINT_INPUTS && p->inputs[n_inputs]; n_inputs++) {
        point_tensor tensor = point_parse(p->inputs[n_inputs]);
        dg_dtype dtype = tensor.dtype == DG_DEFAULT_DTYPE ? dg_graph_dtype(t->graph) : tensor.dtype;
        inputs[n_inputs] = trial_feed(t, dtype, tensor.shape, tensor.shape, tensor.values);
        if (p->gradients[n_inputs])
            wrt[n_wrt++] = inputs[n_inputs];
    }
    dg_value call;
    must(dg_call_parse(dg_graph_arena(t->graph), p->call, &call));
    fetch[0] = dg_apply(&(dg_application){.graph = t->graph,
                                          .op = call.s,
                                          .at = DG_HERE,
                                          .n_inputs = n_inputs,
                                          .inputs = inputs,
                                          .n_attrs = (int)call.count,
                                          .attrs = call.items});
    dg_status status = dg_graph_status(t->graph);
    cr_assert_eq(status.code, DG_OK, "%s of %s: %s", p->call, p->inputs[0], status.message);
    if (n_wrt > 0)
        must(dg_vector_jacobian(1, fetch, (dg_node *[]){point_cotangent(fetch[0])}, n_wrt, wrt, fetch + 1));
    if (!p->gradients[SECOND])
        return 1 + n_wrt;
    dg_node *cotangents[POINT_INPUTS];
    for (int k = 0; k < n_wrt; k++)
        cotangents[k] = point_cotangent(fetch[1 + k]);
    must(dg_vector_jacobian(n_wrt, fetch + 1, cotangents, n_wrt, wrt, fetch + 1 + n_wrt));
    return 1 + 2 * n_wrt;
}

static inline void point_check(const point *p, dg_dtype dtype)
{
    dg_node *fetch[1 + 2 * POINT_INPUTS];
    dg_plan *plan;
    trial *t = trial_new(dtype);
    int count = point_build(t, p, fetch), k = 1;
    must(dg_plan_new(t->graph, &(dg_plan_options){.fetch = fetch, .n_fetch = count, .parameters = t->parameters},
                     &plan));
    dg_status status = dg_plan_run(plan, t->feeds, t->n_feeds);
    cr_expect_eq(status.code, DG_OK, "%s of %s: %s", p->call, p->inputs[0], status.message);
    if (status.code == DG_OK)
        point_expect(p, "value", dtype, dg_plan_result(plan, 0), p->value);
    static const char *const what[] = {"gradient 0", "gradient 1", "gradient 2"};
    for (int input = 0; status.code == DG_OK && input < POINT_INPUTS; input++)
        if (p->gradients[input])
            point_expect(p, what[input], dtype, dg_plan_result(plan, k++), p->gradients[input]);
    static const char *const order2[] = {"second derivative 0", "second derivative 1", "second derivative 2"};
    for (int input = 0; status.code == DG_OK && input < POINT_INPUTS; input++)
        if (p->gradients[SECOND + input])
            point_expect(p, order2[input], dtype, dg_plan_result(plan, k++), p->gradients[SECOND + input]);
    dg_plan_free(plan);
    trial_free(t);
}

static inline void point_check_all(const point *points, size_t count)
{
    for (size_t k = 0; k < count; k++) {
        point_check(&points[k], DG_FLOAT64);
        point_check(&points[k], DG_FLOAT32);
    }
}
#define CHECK_POINTS(points) point_check_all(points, sizeof points / sizeof *points)

#endif
