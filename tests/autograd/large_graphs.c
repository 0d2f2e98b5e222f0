/* Random graphs whose buffers are worth ordering (over 64 KB), with inputs that are read for their shape alone and with
 * random nodes: values and gradients are the same with and without each optimisation of plans. */
#include "../sweeps.h"
#include "grown.h"

enum { GROUPS = 4, GRAPHS = 40, MOST_GROWN = 22, ROWS = 130, COLUMNS = 68 };

/* Of the shape of a node alone. */
static dg_node *like(maker *m, dg_node *x)
{
    switch (below(m, 4)) {
    case 0:
        return dg_normal_like(x);
    case 1:
        return dg_uniform_like(x);
    case 2:
        return dg_zeros_like(x);
    default:
        return dg_ones_like(x);
    }
}

static dg_node *unary(maker *m, dg_node *x)
{
    switch (below(m, 8)) {
    case 0:
        return dg_tanh(x);
    case 1:
        return dg_erf(x);
    case 2:
        return dg_gelu(x);
    case 3:
        return dg_penalized_tanh(x);
    case 4:
        return dg_softmax(x);
    case 5:
        return dg_cumsum(dg_tanh(x), 0);
    case 6:
        return dg_dropout(x, .p = 0.3);
    default:
        return dg_layer_norm(x, .elementwise_affine = false);
    }
}

/* Kernels whose derivatives read the shape of what came in. */
static dg_node *reorder(maker *m, dg_node *x)
{
    dg_node *half = dg_slice(x, .dim = 1, .start = 0, .end = COLUMNS / 2),
            *rest = dg_slice(x, .dim = 1, .start = COLUMNS / 2);
    switch (below(m, 4)) {
    case 0:
        return dg_cat(2, ((dg_node *[]){rest, half}), .dim = 1);
    case 1:
        return dg_slice(dg_tile(half, DG_INTS(1, 3)), .dim = 1, .start = 3, .end = 3 + COLUMNS);
    case 2:
        return dg_add(x, dg_mean(x, .dim = DG_INTS(0), .keepdim = true));
    default:
        return dg_flip(x, DG_INTS(1));
    }
}

static dg_node *grow(maker *m)
{
    dg_node *a = any_node(m), *b = any_node(m);
    switch (below(m, 6)) {
    case 0:
        return like(m, a);
    case 1:
        return unary(m, a);
    case 2:
        return reorder(m, a);
    case 3:
        return dg_expr("x * exp(-y^2)", {"x", a}, {"y", b});
    case 4:
        return dg_expr("x + 0.1 * noise", {"x", a}, {"noise", like(m, b)});
    default:
        return dg_add(a, dg_tanh(b));
    }
}

static dg_node *make_graph(maker *m, uint64_t seed)
{
    static const char *const names[] = {"a", "b"};
    static double values[ROWS * COLUMNS];
    maker_begin(m, seed, 23);
    for (int k = 0; k < 2; k++) {
        dg_random key = {.seed = seed, .stream = (uint64_t)k};
        dg_random_normal(&key, DG_FLOAT64, values, 0, ROWS * COLUMNS, 0, 1);
        m->nodes[m->n_nodes++] = give_as(&m->p, names[k], DG_SHAPE(DG_N, COLUMNS), DG_SHAPE(ROWS, COLUMNS), values);
    }
    return maker_grow(m, 8 + below(m, MOST_GROWN - 8), grow);
}

static dg_plan *run_plan(const maker *m, dg_node *const *fetch, int n_fetch, unsigned without)
{
    dg_plan *plan;
    dg_plan_options options = {
        .fetch = fetch, .n_fetch = n_fetch, .without = without, .training = true, .seed = m->seed};
    OK(dg_plan_new(m->p.graph, &options, &plan));
    dg_status status = dg_plan_run(plan, m->p.feeds, m->p.n_feeds);
    cr_assert_eq(status.code, DG_OK, "graph %d without %u: %s", (int)m->seed, without, status.message);
    return plan;
}

/* float64 sums of 10⁴ terms of order 1, in another order: 1e-11 of the largest is far above what rounding does. */
static void expect_same(const maker *m, const dg_tensor *a, const dg_tensor *b, unsigned without, int k)
{
    double largest = 1, apart = 0;
    cr_assert(dg_shape_equal(&a->shape, &b->shape));
    for (int64_t i = 0; i < dg_tensor_count(a); i++) {
        double difference = fabs(dg_tensor_get(a, i) - dg_tensor_get(b, i));
        largest = fmax(largest, fabs(dg_tensor_get(b, i)));
        if (!(difference <= apart))
            apart = difference;
    }
    cr_expect(apart <= 1e-11 * largest, "graph %d without %u: result %d is off by %g", (int)m->seed, without, k, apart);
}

static void check_plans(const maker *m, dg_node *loss)
{
    static const unsigned lacks[] = {0,
                                     DG_FOLDING,
                                     DG_MERGING,
                                     DG_ALGEBRA,
                                     DG_SPLITTING,
                                     DG_FUSION,
                                     DG_EPILOGUES,
                                     DG_PROLOGUES,
                                     DG_LAYOUTS,
                                     DG_SCHEDULING,
                                     DG_REUSE,
                                     DG_FOLDING | DG_ALGEBRA};
    dg_node *fetch[5] = {loss, m->nodes[m->n_nodes - 1], m->nodes[m->n_nodes / 2]};
    OK(dg_grad(loss, 2, m->nodes, fetch + 3));
    dg_plan *plain = run_plan(m, fetch, 5, DG_ALL_OPTIMIZATIONS);
    for (size_t i = 0; i < sizeof lacks / sizeof *lacks; i++) {
        dg_plan *plan = run_plan(m, fetch, 5, lacks[i]);
        for (int k = 0; k < 5; k++)
            expect_same(m, dg_plan_result(plan, k), dg_plan_result(plain, k), lacks[i], k);
        dg_plan_free(plan);
    }
    dg_plan_free(plain);
}

ParameterizedTestParameters(large_graphs, plans_agree)
{
    static int groups[GROUPS];
    for (int k = 0; k < GROUPS; k++)
        groups[k] = k;
    return cr_make_param_array(int, groups, GROUPS);
}

ParameterizedTest(int *group, large_graphs, plans_agree)
{
    int count = sweeps_are_few() ? GRAPHS / 4 : GRAPHS;
    for (int k = 0; k < count; k++) {
        maker m;
        dg_node *loss = make_graph(&m, (uint64_t)(*group * GRAPHS + k));
        check_plans(&m, loss);
        point_free(&m.p);
    }
}

/* Noise on an activation, read beside it: fusion moves the activation behind the noise, which reads its shape. */
Test(large_graphs, noise_may_stand_before_what_it_is_shaped_like)
{
    static double values[256 * 64];
    point p;
    point_make(&p);
    for (int i = 0; i < 256 * 64; i++)
        values[i] = sin(i);
    dg_node *x = give_as(&p, "x", DG_SHAPE(DG_N, 64), DG_SHAPE(256, 64), values), *a = dg_tanh(x),
            *eps = dg_normal_like(a), *z = dg_expr("x + 0.1 * eps", {"x", a}, {"eps", eps}),
            *loss = dg_mean(dg_square(dg_softmax(z)));
    dg_node *fetch[] = {loss, NULL};
    OK(dg_grad(loss, 1, &x, fetch + 1));
    maker m = {.p = p};
    dg_plan *plain = run_plan(&m, fetch, 2, DG_ALL_OPTIMIZATIONS), *plan = run_plan(&m, fetch, 2, 0);
    for (int k = 0; k < 2; k++)
        expect_same(&m, dg_plan_result(plan, k), dg_plan_result(plain, k), 0, k);
    dg_plan_free(plan);
    dg_plan_free(plain);
    point_free(&p);
}
