/* Modules with `checkpoint`: less memory, the same numbers. */
#include "run.h"

#include <stdio.h>
#include <string.h>

/* What a graph gives in one run of a plan for training: fetched results and what they cost. */
typedef struct outcome {
    dg_tensors *parameters;
    dg_plan *plan;
    dg_plan_cost cost;
} outcome;

static outcome run_plan(dg_graph *g, int n_fetch, dg_node *const *fetch, int n_feeds, const dg_feed *feeds)
{
    outcome o;
    OK(dg_graph_status(g));
    OK(dg_tensors_new(&o.parameters));
    OK(dg_parameters_init(o.parameters, g, 7));
    OK(dg_plan_new(
        g,
        &(dg_plan_options){.fetch = fetch, .n_fetch = n_fetch, .parameters = o.parameters, .training = true, .seed = 3},
        &o.plan));
    OK(dg_plan_run(o.plan, feeds, n_feeds));
    o.cost = dg_plan_cost_of(o.plan);
    return o;
}

static void outcome_free(outcome *o)
{
    dg_plan_free(o->plan);
    dg_tensors_free(o->parameters);
}

static dg_tensor numbers(dg_dtype dtype, dg_shape shape)
{
    dg_tensor made;
    OK(dg_tensor_make(&made, dtype, shape));
    for (int64_t i = 0; i < dg_tensor_count(&made); i++)
        dg_tensor_set(&made, i, sin(1 + 0.7 * (double)i));
    return made;
}

static void expect_same_bits(const dg_plan *a, const dg_plan *b, int count)
{
    for (int k = 0; k < count; k++) {
        const dg_tensor *x = dg_plan_result(a, k), *y = dg_plan_result(b, k);
        cr_assert(dg_shape_equal(&x->shape, &y->shape));
        cr_assert_eq(x->dtype, y->dtype);
        cr_assert_eq(memcmp(x->data, y->data, dg_tensor_bytes(x)), 0, "result %d differs", k);
    }
}

/* ---- memory ---- */

enum { DEEP = 32, LAYERS = 4, WIDTH = 16, BATCH = 64, MOST = 2 * DEEP * LAYERS + 8 };

typedef struct network {
    dg_graph *graph;
    dg_node *x, *loss, *wrt[MOST], *fetch[MOST + 1];
    int n_wrt;
} network;

static void collect_parameters(network *n)
{
    n->wrt[n->n_wrt++] = n->x;
    for (int64_t id = 0; id < dg_graph_node_count(n->graph); id++)
        if (dg_node_op(dg_graph_node(n->graph, id))->role == DG_ROLE_PARAMETER && n->n_wrt < MOST)
            n->wrt[n->n_wrt++] = dg_graph_node(n->graph, id);
}

static void differentiate(network *n)
{
    n->fetch[0] = n->loss;
    OK(dg_graph_status(n->graph));
    OK(dg_grad(n->loss, n->n_wrt, n->wrt, n->fetch + 1));
}

/* `depth` modules of linear layers with tanh and, in each, dropout. */
static network deep_network(int depth, bool checkpoint, bool dropout)
{
    network n = {0};
    char name[32];
    OK(dg_graph_new(&n.graph));
    dg_node *h = n.x = dg_input(n.graph, DG_SHAPE(DG_N, WIDTH), .name = "x");
    for (int i = 0; i < depth; i++) {
        snprintf(name, sizeof name, "block.%d", i);
        dg_module_begin(n.graph, name, checkpoint);
        for (int k = 0; k < LAYERS; k++) {
            snprintf(name, sizeof name, "fc%d", k);
            h = dg_tanh(dg_linear(h, WIDTH, .name = name));
        }
        if (dropout)
            h = dg_dropout(h, .p = 0.25, .name = "drop");
        dg_module_end(n.graph);
    }
    n.loss = dg_mean(dg_square(h));
    collect_parameters(&n);
    differentiate(&n);
    return n;
}

Test(checkpoint, deep_chain_takes_half_the_memory_and_gives_the_same_bits)
{
    network plain = deep_network(DEEP, false, false), spare = deep_network(DEEP, true, false);
    dg_tensor x = numbers(DG_FLOAT32, DG_SHAPE(BATCH, WIDTH));
    outcome a = run_plan(plain.graph, plain.n_wrt + 1, plain.fetch, 1, &(dg_feed){plain.x, &x});
    outcome b = run_plan(spare.graph, spare.n_wrt + 1, spare.fetch, 1, &(dg_feed){spare.x, &x});
    expect_same_bits(a.plan, b.plan, plain.n_wrt + 1);
    cr_expect_leq((double)b.cost.arena_bytes, 0.5 * (double)a.cost.arena_bytes, "%zu bytes, without %zu",
                  b.cost.arena_bytes, a.cost.arena_bytes);
    cr_expect_gt(b.cost.steps, a.cost.steps);
    outcome_free(&a);
    outcome_free(&b);
    dg_tensor_release(&x);
    dg_graph_free(plain.graph);
    dg_graph_free(spare.graph);
}

/* ---- the same numbers ---- */

/* Builds on x what is tested, inside a module where `checkpoint` says so; returns what is differentiated. */
typedef dg_node *(*build_fn)(dg_graph *g, dg_node *x, bool checkpoint);

/* Loss, its gradients by x and all parameters, and those of Σ of these gradients' squares; all must be the same. */
static network twice_differentiated(build_fn build, bool checkpoint, dg_shape shape)
{
    network n = {0};
    OK(dg_graph_new(&n.graph));
    dg_graph_set_dtype(n.graph, DG_FLOAT64);
    n.x = dg_input(n.graph, shape, .name = "x");
    n.loss = dg_mean(dg_square(build(n.graph, n.x, checkpoint)));
    collect_parameters(&n);
    differentiate(&n);
    dg_node *sum = NULL;
    for (int k = 0; k < n.n_wrt; k++) {
        dg_node *part = dg_sum(dg_square(n.fetch[1 + k]));
        sum = sum ? dg_add(sum, part) : part;
    }
    OK(dg_graph_status(n.graph));
    OK(dg_grad(sum, n.n_wrt, n.wrt, n.fetch + 1 + n.n_wrt));
    return n;
}

static void expect_no_difference(build_fn build, dg_shape shape)
{
    network plain = twice_differentiated(build, false, shape), spare = twice_differentiated(build, true, shape);
    dg_tensor x = numbers(DG_FLOAT64, shape);
    int count = 1 + 2 * plain.n_wrt;
    cr_assert_eq(plain.n_wrt, spare.n_wrt);
    outcome a = run_plan(plain.graph, count, plain.fetch, 1, &(dg_feed){plain.x, &x});
    outcome b = run_plan(spare.graph, count, spare.fetch, 1, &(dg_feed){spare.x, &x});
    cr_expect_gt(b.cost.steps, a.cost.steps, "nothing is computed again");
    expect_same_bits(a.plan, b.plan, 1 + plain.n_wrt);
    for (int k = 1 + plain.n_wrt; k < count; k++) { /* sums of the second order come in another sequence */
        const dg_tensor *y = dg_plan_result(a.plan, k), *z = dg_plan_result(b.plan, k);
        for (int64_t i = 0; i < dg_tensor_count(y); i++)
            cr_assert_float_eq(dg_tensor_get(y, i), dg_tensor_get(z, i), 1e-12 * fmax(1, fabs(dg_tensor_get(y, i))),
                               "second order, result %d", k);
    }
    for (size_t k = 0; k < dg_tensors_count(a.parameters); k++) { /* running statistics were assigned once */
        const dg_tensor *y = dg_tensors_at(a.parameters, k);
        const dg_tensor *z = dg_tensors_find(b.parameters, dg_tensors_name(a.parameters, k));
        cr_assert_eq(memcmp(y->data, z->data, dg_tensor_bytes(y)), 0, "%s", dg_tensors_name(a.parameters, k));
    }
    outcome_free(&a);
    outcome_free(&b);
    dg_tensor_release(&x);
    dg_graph_free(plain.graph);
    dg_graph_free(spare.graph);
}

static dg_node *dropped(dg_graph *g, dg_node *x, bool checkpoint)
{
    for (int i = 0; i < 3; i++) {
        dg_module_begin(g, i ? i == 1 ? "b" : "c" : "a", checkpoint);
        x = dg_dropout(dg_tanh(dg_linear(x, 4, .name = "fc")), .p = 0.3);
        x = dg_add(x, dg_mul(x, dg_normal(g, DG_SHAPE(4))));
        dg_module_end(g);
    }
    return x;
}

Test(checkpoint, random_numbers_are_drawn_again)
{
    expect_no_difference(dropped, DG_SHAPE(6, 4));
}

static dg_node *normalised(dg_graph *g, dg_node *x, bool checkpoint)
{
    dg_module_begin(g, "a", checkpoint);
    dg_node *h = dg_gelu(dg_batch_norm(dg_linear(dg_flatten(x), 5, .name = "fc"), .name = "bn"));
    dg_module_end(g);
    return h;
}

Test(checkpoint, composed_ops_and_views_are_computed_again)
{
    expect_no_difference(normalised, DG_SHAPE(6, 2, 2));
}

static dg_node *attending(dg_graph *g, dg_node *x, bool checkpoint)
{
    dg_module_begin(g, "layer", checkpoint);
    dg_node *h = dg_transformer_encoder_layer(x, 4, 2, .dim_feedforward = 6, .dropout = 0.1, .name = "t");
    dg_module_end(g);
    return h;
}

Test(checkpoint, a_transformer_layer_with_dropout)
{
    expect_no_difference(attending, DG_SHAPE(2, 3, 4));
}

static dg_node *nested(dg_graph *g, dg_node *x, bool checkpoint)
{
    dg_module_begin(g, "outer", checkpoint);
    x = dg_tanh(dg_linear(x, 3, .name = "fc"));
    dg_module_begin(g, "inner", checkpoint);
    dg_node *h = dg_sigmoid(dg_linear(x, 3, .name = "fc"));
    dg_module_end(g);
    x = dg_tanh(dg_mul(x, h));
    dg_module_end(g);
    return dg_add(x, h); /* two nodes leave */
}

Test(checkpoint, modules_nest_and_give_several_results)
{
    expect_no_difference(nested, DG_SHAPE(4, 3));
}

static dg_node *derived(dg_graph *g, dg_node *x, bool checkpoint)
{
    dg_node *gradient = NULL;
    dg_module_begin(g, "a", checkpoint);
    dg_node *h = dg_tanh(dg_linear(x, 3, .name = "fc"));
    OK(dg_grad(h, 1, &x, &gradient));
    gradient = dg_sin(gradient);
    dg_module_end(g);
    return gradient;
}

Test(checkpoint, a_module_may_hold_a_derivative)
{
    expect_no_difference(derived, DG_SHAPE(4, 3));
}

/* ---- derivatives by what is inside ---- */

Test(checkpoint, derivatives_by_inner_nodes_of_both_orders)
{
    point p;
    point_make(&p);
    dg_node *x = give(&p, "x", DG_SHAPE(2), VALUES(0.3, -0.8));
    dg_module_begin(p.graph, "a", true);
    dg_node *h = dg_exp(x), *y = dg_mul(dg_sin(h), h);
    dg_module_end(p.graph);
    double first[2], second[2];
    for (int i = 0; i < 2; i++) {
        double v = exp(i ? -0.8 : 0.3);
        first[i] = cos(v) * v + sin(v);
        second[i] = 2 * cos(v) - v * sin(v);
    }
    dg_node *gradient = grad_of(y, h), *tangent = NULL;
    expect(&p, gradient, DG_SHAPE(2), first);
    expect(&p, grad_of(gradient, h), DG_SHAPE(2), second);
    OK(dg_jacobian_vector(1, &gradient, 1, &h, NULL, &tangent));
    expect(&p, tangent, DG_SHAPE(2), second);
    point_free(&p);
}

Test(checkpoint, several_outputs_of_an_op)
{
    cr_assert_eq(dg_register(&sincos_op).code, DG_OK);
    point p;
    point_make(&p);
    dg_node *x = give(&p, "x", DG_SHAPE(3), VALUES(0.5, 1, -2));
    dg_module_begin(p.graph, NULL, true);
    dg_node *both = apply1("test_sincos", dg_square(x)), *y = dg_mul(both, dg_output(both, 1));
    dg_module_end(p.graph);
    double wanted[3];
    for (int i = 0; i < 3; i++) {
        double v = (const double[]){0.5, 1, -2}[i];
        wanted[i] = cos(2 * v * v) * 2 * v;
    }
    expect(&p, grad_of(y, x), DG_SHAPE(3), wanted);
    point_free(&p);
}

/* ---- modules as such ---- */

Test(checkpoint, names_in_a_module_get_its_name)
{
    dg_graph *g;
    OK(dg_graph_new(&g));
    dg_node *x = dg_input(g, DG_SHAPE(DG_N, 2), .name = "x");
    dg_module *stage = dg_module_begin(g, "stage.0", false);
    dg_module *block = dg_module_begin(g, "block.1", true);
    dg_node *fc = dg_linear(x, 3, .name = "fc");
    dg_module_end(g);
    dg_node *act = dg_relu(fc, .name = "act");
    dg_module_end(g);
    dg_node *out = dg_linear(act, 1, .name = "out");
    OK(dg_graph_status(g));
    cr_expect_str_eq(dg_node_name(fc), "stage.0.block.1.fc");
    cr_expect_not_null(dg_graph_find(g, "stage.0.block.1.fc.weight"));
    cr_expect_str_eq(dg_node_name(act), "stage.0.act");
    cr_expect_str_eq(dg_node_name(out), "out");
    cr_expect_str_eq(dg_module_name(block), "stage.0.block.1");
    cr_expect_eq(dg_node_module(fc), block);
    cr_expect_eq(dg_node_module(act), stage);
    cr_expect_null(dg_node_module(out));
    cr_expect_null(dg_module_switch(g, stage));
    cr_expect_str_eq(dg_node_name(dg_tanh(act, .name = "again")), "stage.0.again");
    cr_expect_eq(dg_module_switch(g, NULL), stage);
    dg_module_end(g);
    cr_expect_eq(dg_graph_status(g).code, DG_BAD_ARGUMENT);
    dg_graph_free(g);
}

Test(checkpoint, a_module_of_a_hundred_thousand_nodes_needs_no_deep_stack)
{
    enum { LONG = 100000 };
    point p;
    point_make(&p);
    dg_node *x = give(&p, "x", DG_SHAPE(1), VALUES(0.5)), *h = x;
    dg_module_begin(p.graph, "long", true);
    for (int i = 0; i < LONG; i++)
        h = dg_sin(h);
    dg_module_end(p.graph);
    double value = 0.5, slope = 1;
    for (int i = 0; i < LONG; i++) {
        slope *= cos(value);
        value = sin(value);
    }
    expect_near(&p, grad_of(h, x), DG_SHAPE(1), &slope, 1e-9);
    point_free(&p);
}
