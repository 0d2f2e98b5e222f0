/* Random ops: moments, ranges, repeatability, threads; dropout in training and out of it. */
#include "../support.h"

/* Runs a node at a step of a plan for training or evaluation, on as many threads. */
static dg_tensor run_at(dg_node *node, const dg_feed *feed, bool training, uint64_t seed, uint64_t step, int threads)
{
    dg_threads *pool = NULL;
    dg_plan *plan = NULL;
    dg_tensor copy;
    must(dg_threads_new(threads, &pool));
    must(dg_plan_new(
        dg_node_graph(node),
        &(dg_plan_options){.fetch = &node, .n_fetch = 1, .training = training, .seed = seed, .threads = pool}, &plan));
    dg_plan_set_step(plan, step);
    must(dg_plan_run(plan, feed, feed ? 1 : 0));
    must(dg_tensor_copy(&copy, dg_plan_result(plan, 0)));
    dg_plan_free(plan);
    dg_threads_free(pool);
    return copy;
}

static bool equal(const dg_tensor *a, const dg_tensor *b)
{
    return memcmp(a->data, b->data, dg_tensor_bytes(a)) == 0;
}

static void moments(const dg_tensor *x, double *mean, double *variance)
{
    int64_t n = dg_tensor_count(x);
    *mean = *variance = 0;
    for (int64_t i = 0; i < n; i++)
        *mean += dg_tensor_get(x, i) / (double)n;
    for (int64_t i = 0; i < n; i++)
        *variance += pow(dg_tensor_get(x, i) - *mean, 2) / (double)n;
}

/* Within five standard deviations of what a sample of 100000 shows. */
Test(random, draws_have_their_moments)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_shape shape = DG_SHAPE(100000);
    dg_node *like = trial_input(t, shape, NULL);
    const struct {
        dg_node *node;
        double mean, variance;
    } draws[] = {
        {dg_normal(t->graph, shape, .mean = 2, .std = 3), 2, 9},
        {dg_uniform(t->graph, shape, .low = -1, .high = 3), 1, 16. / 12},
        {dg_bernoulli(t->graph, shape, .p = 0.2), 0.2, 0.16},
        {dg_bernoulli(t->graph, shape, .p = 0.2, .dtype = DG_BOOL), 0.2, 0.16},
        {dg_bernoulli(t->graph, shape, .p = 0.2, .dtype = DG_FLOAT64), 0.2, 0.16},
        {dg_normal_like(like), 0, 1},
        {dg_uniform_like(like, .low = -2, .high = 0), -1, 4. / 12},
        {dg_bernoulli_like(like), 0.5, 0.25},
    };
    for (int k = 0; k < 8; k++) {
        double mean, variance;
        dg_tensor x = run_at(draws[k].node, t->feeds, false, 3, 0, 2);
        moments(&x, &mean, &variance);
        cr_expect_float_eq(mean, draws[k].mean, 5 * sqrt(draws[k].variance / 1e5), "mean of %d is %g", k, mean);
        cr_expect_float_eq(variance, draws[k].variance, 5 * draws[k].variance * sqrt(2. / 1e5), "variance of %d is %g",
                           k, variance);
        dg_tensor_release(&x);
    }
    trial_free(t);
}

Test(random, numbers_depend_on_seed_node_and_step_alone)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = dg_normal(t->graph, DG_SHAPE(70000), .name = "x"),
            *y = dg_normal(t->graph, DG_SHAPE(70000), .name = "y");
    dg_tensor a = run_at(x, NULL, false, 1, 5, 1), same = run_at(x, NULL, true, 1, 5, 3);
    dg_tensor seed = run_at(x, NULL, false, 2, 5, 1), step = run_at(x, NULL, false, 1, 6, 1);
    dg_tensor node = run_at(y, NULL, false, 1, 5, 1);
    cr_expect(equal(&a, &same));
    cr_expect_not(equal(&a, &seed));
    cr_expect_not(equal(&a, &step));
    cr_expect_not(equal(&a, &node));
    dg_tensor_release(&a);
    dg_tensor_release(&same);
    dg_tensor_release(&seed);
    dg_tensor_release(&step);
    dg_tensor_release(&node);
    trial_free(t);
}

Test(random, follows_the_batch)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_feed(t, DG_FLOAT32, DG_SHAPE(DG_N, 3), DG_SHAPE(5, 3), NULL);
    dg_node *z = dg_normal(t->graph, DG_SHAPE(DG_N, 2));
    dg_shape want = DG_SHAPE(5, 5);
    cr_expect(dg_shape_equal(&trial_run(t, dg_cat(2, ((dg_node *[]){x, z}), .dim = 1))->shape, &want));
    trial_free(t);
}

Test(random, mistakes_are_named)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_bernoulli(t->graph, DG_SHAPE(2), .p = 1.5);
    expect_failure(dg_graph_status(t->graph), DG_BAD_ARGUMENT, "p is 1.5");
    trial_free(t);
    t = trial_new(DG_FLOAT32);
    dg_normal(t->graph, DG_SHAPE(2), .std = -1);
    expect_failure(dg_graph_status(t->graph), DG_BAD_ARGUMENT, "std is -1");
    trial_free(t);
    t = trial_new(DG_FLOAT32);
    dg_uniform(t->graph, DG_SHAPE(2), .dtype = DG_INT64);
    expect_failure(dg_graph_status(t->graph), DG_BAD_DTYPE, "int64");
    trial_free(t);
}

Test(dropout, drops_in_training_and_is_the_identity_otherwise)
{
    trial *t = trial_new(DG_FLOAT64);
    int64_t n = 20000;
    dg_node *x = trial_input(t, DG_SHAPE(n), NULL), *y = dg_dropout(x, .p = 0.25, .name = "d");
    for (int64_t i = 0; i < n; i++)
        dg_tensor_set(&t->tensors[0], i, (double)(i + 1));
    dg_tensor out = run_at(y, t->feeds, false, 1, 0, 1), in = run_at(y, t->feeds, true, 1, 0, 1);
    dg_tensor gradient = run_at(trial_grad(y, x), t->feeds, true, 1, 0, 1);
    cr_expect(equal(&out, &t->tensors[0]));
    int64_t dropped = 0, wrong = 0;
    for (int64_t i = 0; i < n; i++) {
        double value = dg_tensor_get(&in, i), slope = dg_tensor_get(&gradient, i);
        dropped += value == 0;
        wrong += !(value == 0 || fabs(value - (double)(i + 1) / 0.75) < 1e-9 * value);
        wrong += !(fabs(slope - (value == 0 ? 0 : 1 / 0.75)) < 1e-12);
    }
    cr_expect_eq(wrong, 0);
    cr_expect_float_eq((double)dropped, 0.25 * (double)n, 5 * sqrt(0.25 * 0.75 * (double)n));
    dg_tensor_release(&out);
    dg_tensor_release(&in);
    dg_tensor_release(&gradient);
    trial_free(t);
}

Test(dropout, of_everything_or_nothing)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_input(t, DG_SHAPE(3), DATA(1, 2, 3));
    dg_tensor all = run_at(dg_dropout(x, .p = 1), t->feeds, true, 1, 0, 1);
    dg_tensor none = run_at(dg_dropout(x, .p = 0), t->feeds, true, 1, 0, 1);
    expect_values(&all, DG_SHAPE(3), 0, DATA(0, 0, 0));
    expect_values(&none, DG_SHAPE(3), 0, DATA(1, 2, 3));
    dg_tensor_release(&all);
    dg_tensor_release(&none);
    dg_dropout(x, .p = -0.1, .name = "d");
    expect_failure(dg_graph_status(t->graph), DG_BAD_ARGUMENT, "p is -0.1");
    trial_free(t);
}
