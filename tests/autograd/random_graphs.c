/* Random graphs: random ops, shapes, sharing and broadcasting. Reverse mode, forward mode and finite differences agree,
 * and a plan gives the same numbers with and without its optimisations. */
#include "grown.h"

#include <stdlib.h>

enum { GROUPS = 8, GRAPHS = 300 };

/* Smooth functions of bounded growth, so that finite differences are sharp. */
static dg_node *unary(maker *m, dg_node *x)
{
    switch (below(m, 12)) {
    case 0:
        return dg_tanh(x);
    case 1:
        return dg_sigmoid(x);
    case 2:
        return dg_softplus(x);
    case 3:
        return dg_sin(x);
    case 4:
        return dg_gelu(x);
    case 5:
        return dg_mish(x);
    case 6:
        return dg_atan(x);
    case 7:
        return dg_asinh(x);
    case 8:
        return dg_expr("x / (1 + x^2)", {"x", x});
    case 9:
        return dg_expr("exp(-x^2)", {"x", x});
    case 10:
        return dg_expr("sqrt(1 + x^2)", {"x", x});
    default:
        return dg_expr("log(2 + cos(x))", {"x", x});
    }
}

static dg_node *binary(maker *m, dg_node *a, dg_node *b)
{
    switch (below(m, 5)) {
    case 0:
        return dg_add(a, b);
    case 1:
        return dg_sub(a, b);
    case 2:
        return dg_mul(a, dg_tanh(b));
    case 3:
        return dg_div(a, dg_softplus(b));
    default:
        return dg_logaddexp(a, b);
    }
}

static dg_node *reduce(maker *m, dg_node *x)
{
    int rank = dg_node_type(x, 0)->shape.rank;
    if (rank == 0)
        return dg_neg(x);
    bool keep = below(m, 2);
    dg_ints dim = DG_INTS(below(m, rank));
    switch (below(m, 6)) {
    case 0:
        return dg_sum(x, .dim = dim, .keepdim = keep);
    case 1:
        return dg_mean(x, .dim = dim, .keepdim = keep);
    case 2:
        return dg_logsumexp(x, .dim = dim, .keepdim = keep);
    case 3:
        return dg_softmax(x, .dim = dim.at[0]);
    case 4:
        return dg_log_softmax(x, .dim = dim.at[0]);
    default:
        return dg_mean(x);
    }
}

static dg_node *reorder(maker *m, dg_node *x)
{
    const dg_shape *shape = &dg_node_type(x, 0)->shape;
    if (shape->rank == 0)
        return dg_unsqueeze(x, 0);
    int64_t axis = below(m, shape->rank);
    dg_node *twice[] = {x, dg_tanh(x)};
    switch (below(m, 4)) {
    case 0:
        return dg_transpose(x, 0, axis);
    case 1:
        return dg_slice(x, .dim = axis, .start = below(m, shape->dims[axis]));
    case 2:
        return dg_cat(2, twice, .dim = axis);
    default:
        return dg_flatten(x, .start_dim = 0);
    }
}

/* Broadcasts where shapes go together; else brings both to scalars. */
static bool go_together(const dg_node *a, const dg_node *b)
{
    dg_shape joined;
    return dg_shape_broadcast(&dg_node_type(a, 0)->shape, &dg_node_type(b, 0)->shape, &joined).code == DG_OK &&
           dg_shape_count(&joined) <= 60;
}

static dg_node *grow(maker *m)
{
    dg_node *a = any_node(m), *b = any_node(m);
    const dg_shape *shape = &dg_node_type(a, 0)->shape;
    switch (below(m, 6)) {
    case 0:
        return unary(m, a);
    case 1:
        return reduce(m, a);
    case 2:
        return reorder(m, a);
    case 3:
        if (shape->rank == 2)
            return dg_matmul(a, dg_transpose(a, 0, 1));
        return dg_expr("0.3 * x * y", {"x", a}, {"y", dg_sum(b)});
    default:
        return go_together(a, b) ? binary(m, a, b) : binary(m, a, dg_mean(b));
    }
}

static dg_node *make_graph(maker *m, uint64_t seed)
{
    static const char *const names[] = {"a", "b", "c"};
    maker_begin(m, seed, 17);
    int64_t rows = 1 + below(m, 3), columns = 1 + below(m, 3);
    for (int k = 0; k < 3; k++) {
        dg_shape shapes[] = {DG_SHAPE(rows, columns), DG_SHAPE(columns), DG_SHAPE(rows, 1),
                             DG_SHAPE(1, columns),    dg_scalar(),       DG_SHAPE(2, rows, columns)};
        double values[60];
        dg_random key = {.seed = seed, .stream = (uint64_t)k};
        dg_random_normal(&key, DG_FLOAT64, values, 0, 60, 0, 1);
        m->nodes[m->n_nodes++] = give(&m->p, names[k], shapes[below(m, 6)], values);
    }
    return maker_grow(m, 6 + below(m, MOST_NODES - 6), grow);
}

static void check_derivatives(const maker *m, dg_node *loss)
{
    dg_check_report *report;
    dg_check_options options = {
        .loss = loss, .feeds = m->p.feeds, .n_feeds = m->p.n_feeds, .elements = 6, .directions = 1, .seed = m->seed};
    OK(dg_check_gradients(&options, &report));
    for (size_t k = 0; k < report->count; k++) {
        const dg_check_entry *e = &report->entries[k];
        cr_expect_eq(e->failed, 0, "graph %d: %s, order %d, %s mode, element %d: expected %.10g, found %.10g",
                     (int)m->seed, e->node, e->order, e->forward ? "forward" : "reverse", (int)e->element, e->expected,
                     e->found);
    }
    dg_check_report_free(report);
}

static void check_plans(const maker *m, dg_node *loss)
{
    dg_node *fetch[4] = {loss}, *inputs[3];
    dg_plan *plans[2];
    for (int k = 0; k < 3; k++)
        inputs[k] = m->nodes[k];
    OK(dg_grad(loss, 3, inputs, fetch + 1));
    for (int k = 0; k < 2; k++) {
        dg_plan_options options = {.fetch = fetch, .n_fetch = 4, .without = k == 1 ? DG_ALL_OPTIMIZATIONS : 0};
        OK(dg_plan_new(m->p.graph, &options, &plans[k]));
        OK(dg_plan_run(plans[k], m->p.feeds, m->p.n_feeds));
    }
    for (int k = 0; k < 4; k++) {
        const dg_tensor *a = dg_plan_result(plans[0], k), *b = dg_plan_result(plans[1], k);
        cr_assert(dg_shape_equal(&a->shape, &b->shape));
        for (int64_t i = 0; i < dg_tensor_count(a); i++)
            cr_expect_float_eq(dg_tensor_get(a, i), dg_tensor_get(b, i), 1e-12, "graph %d: result %d is %.17g or %.17g",
                               (int)m->seed, k, dg_tensor_get(a, i), dg_tensor_get(b, i));
    }
    dg_plan_free(plans[0]);
    dg_plan_free(plans[1]);
}

ParameterizedTestParameters(random_graphs, all_derivatives_and_plans_agree)
{
    static int groups[GROUPS];
    for (int k = 0; k < GROUPS; k++)
        groups[k] = k;
    return cr_make_param_array(int, groups, GROUPS);
}

ParameterizedTest(int *group, random_graphs, all_derivatives_and_plans_agree)
{
    const char *text = getenv("RANDOM_GRAPHS"); /* so many of each group */
    int count = text ? atoi(text) : GRAPHS;
    for (int k = 0; k < count; k++) {
        maker m;
        dg_node *loss = make_graph(&m, (uint64_t)(*group * GRAPHS + k));
        check_derivatives(&m, loss);
        check_plans(&m, loss);
        point_free(&m.p);
    }
}
