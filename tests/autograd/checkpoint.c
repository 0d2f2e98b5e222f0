/* Modules with `checkpoint`: less memory, the same numbers. */
#include "run.h"

#include <stdio.h>
#include <string.h>

TestSuite(checkpoint, .timeout = 120);

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
        g, &(dg_plan_options){.fetch = fetch, .n_fetch = n_fetch, .parameters = o.parameters, .training = true, .seed = 3},
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
