/* A chain of a million nodes builds, differentiates, plans and runs without deep recursion: all of it on a thread with
 * a stack of 256 KiB. The seconds are printed beside those of a chain of a tenth of its length; work that grows with
 * the square would not end within the time that a test is given. */
#include <criterion/criterion.h>
#include <dotgrad/dotgrad.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>

typedef struct chain {
    int length;
    double seconds, value, slope;
    dg_status status;
} chain;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* y_{k+1} = sin y_k, x · cos y_k or y_k + x in turn. */
static dg_status run_chain(dg_graph *g, chain *c)
{
    dg_node *x = dg_input(g, DG_SHAPE(2), .dtype = DG_FLOAT64, .name = "x"), *y = x, *fetch[2];
    double start[2] = {0.3, 0.4};
    dg_tensor tensor = dg_tensor_view(DG_FLOAT64, DG_SHAPE(2), start);
    dg_plan *plan;
    for (int k = 0; k < c->length; k++)
        y = k % 3 == 0 ? dg_sin(y) : k % 3 == 1 ? dg_mul(x, dg_cos(y)) : dg_add(y, x);
    fetch[0] = dg_sum(y);
    DG_TRY(dg_graph_status(g));
    DG_TRY(dg_grad(fetch[0], 1, &x, &fetch[1]));
    DG_TRY(dg_plan_new(g, &(dg_plan_options){.fetch = fetch, .n_fetch = 2}, &plan));
    dg_status status = dg_plan_run(plan, &(dg_feed){x, &tensor}, 1);
    if (status.code == DG_OK) {
        c->value = dg_tensor_get(dg_plan_result(plan, 0), 0);
        c->slope = dg_tensor_get(dg_plan_result(plan, 1), 0);
    }
    dg_plan_free(plan);
    return status;
}

static void *work(void *argument)
{
    chain *c = argument;
    dg_graph *g;
    double start = now();
    c->status = dg_graph_new(&g);
    if (c->status.code == DG_OK) {
        c->status = run_chain(g, c);
        dg_graph_free(g);
    }
    c->seconds = now() - start;
    return NULL;
}

static chain run_on_a_small_stack(int length)
{
    chain c = {.length = length};
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    cr_assert_eq(pthread_attr_setstacksize(&attributes, 256 * 1024), 0);
    cr_assert_eq(pthread_create(&thread, &attributes, work, &c), 0);
    pthread_join(thread, NULL);
    pthread_attr_destroy(&attributes);
    cr_assert_eq(c.status.code, DG_OK, "%s", c.status.message);
    return c;
}

/* The same in plain C: value and derivative by the chain rule, forwards. */
static void expect_values(const chain *c)
{
    const double x[2] = {0.3, 0.4};
    double sum = 0, first_slope = 0;
    for (int i = 0; i < 2; i++) {
        double y = x[i], slope = 1;
        for (int k = 0; k < c->length; k++) {
            if (k % 3 == 0) {
                slope *= cos(y);
                y = sin(y);
            } else if (k % 3 == 1) {
                slope = cos(y) - x[i] * sin(y) * slope;
                y = x[i] * cos(y);
            } else {
                slope += 1;
                y += x[i];
            }
        }
        sum += y;
        first_slope = i == 0 ? slope : first_slope;
    }
    cr_expect_float_eq(c->value, sum, 1e-9);
    cr_expect_float_eq(c->slope, first_slope, 1e-9);
}

Test(long_chain, of_a_million_nodes_works_on_a_small_stack)
{
    chain tenth = run_on_a_small_stack(100000), whole = run_on_a_small_stack(1000000);
    expect_values(&tenth);
    expect_values(&whole);
    printf("%.2f s for 100,000 nodes, %.2f s for 1,000,000\n", tenth.seconds, whole.seconds);
}
