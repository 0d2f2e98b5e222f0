/* Gated units, maxout, sparsemax, Gumbel softmax, straight_through, the functions of papers, and what draws numbers in
 * training. */
#include "../support.h"

static const dg_tensor *run_in(trial *t, dg_node *node, bool training)
{
    dg_plan_free(t->plan);
    t->plan = NULL;
    must(dg_graph_status(t->graph));
    must(dg_plan_new(t->graph, &(dg_plan_options){.fetch = &node, .n_fetch = 1, .training = training, .seed = 5},
                     &t->plan));
    must(dg_plan_run(t->plan, t->feeds, t->n_feeds));
    return dg_plan_result(t->plan, 0);
}

Test(gated, multiplies_one_half_by_the_other)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(1, 4), DATA(2, 3, 1, -1));
    double s = 1 / (1 + exp(-1));
    expect_values(trial_run(t, dg_glu(x)), DG_SHAPE(1, 2), 1e-14, DATA(2 * s, 3 * (1 - s)));
    expect_values(trial_run(t, dg_swiglu(x)), DG_SHAPE(1, 2), 1e-14, DATA(2 * s, -3 * (1 - s)));
    expect_values(trial_run(t, dg_geglu(x)), DG_SHAPE(1, 2), 1e-14,
                  DATA(1 + erf(sqrt(0.5)), -1.5 * (1 - erf(sqrt(0.5)))));
    expect_values(trial_run(t, dg_reglu(x)), DG_SHAPE(1, 2), 0, DATA(2, 0));
    expect_values(trial_run(t, dg_glu(dg_reshape(x, DG_SHAPE(2, 2)), .dim = 0)), DG_SHAPE(1, 2), 1e-14,
                  DATA(2 * s, 3 * (1 - s)));
    dg_glu(trial_input(t, DG_SHAPE(2, 3), NULL));
    expect_failure(dg_graph_status(t->graph), DG_BAD_SHAPE, "dimension 1 has 3 features, expected an even number");
    trial_free(t);
}

Test(maxout, takes_the_largest_of_neighbours)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_input(t, DG_SHAPE(2, 4), DATA(1, 2, 4, 3, -1, -2, 0, 0));
    expect_values(trial_run(t, dg_maxout(x)), DG_SHAPE(2, 2), 0, DATA(2, 4, -1, 0));
    expect_values(trial_run(t, dg_maxout(x, .pieces = 2, .dim = 0)), DG_SHAPE(1, 4), 0, DATA(1, 2, 4, 3));
    expect_values(trial_run(t, dg_crelu(x)), DG_SHAPE(2, 8), 0, DATA(1, 2, 4, 3, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0));
    trial_free(t);
}

/* Martins and Astudillo's closed form for two classes: clip((x₁ − x₂ + 1)/2, 0, 1). */
Test(sparsemax, projects_onto_the_simplex)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(4, 2), DATA(0.3, 0, 5, 1, -2, 2, 1000, 1000.5));
    dg_node *y = dg_sparsemax(x);
    expect_values(trial_run(t, y), DG_SHAPE(4, 2), 1e-12, DATA(0.65, 0.35, 1, 0, 0, 1, 0.25, 0.75));
    dg_node *first = dg_sum(dg_slice(y, .dim = 1, .end = 1));
    expect_values(trial_run(t, trial_grad(first, x)), DG_SHAPE(4, 2), 1e-12, DATA(0.5, -0.5, 0, 0, 0, 0, 0.5, -0.5));
    dg_node *z = trial_input(t, DG_SHAPE(5), DATA(1, 0.9, 0.8, -1, 0.1)); /* τ = (2.7 − 1)/3 */
    expect_values(trial_run(t, dg_sparsemax(z)), DG_SHAPE(5), 1e-12,
                  DATA(1 - 1.7 / 3, 0.9 - 1.7 / 3, 0.8 - 1.7 / 3, 0, 0));
    trial_free(t);
}

Test(straight_through, has_the_value_of_one_and_the_gradient_of_the_other)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_input(t, DG_SHAPE(2), DATA(-1, 2)), *y = dg_straight_through(dg_step(x), dg_square(x));
    expect_values(trial_run(t, y), DG_SHAPE(2), 0, DATA(0, 1));
    expect_values(trial_run(t, trial_grad(dg_sum(y), x)), DG_SHAPE(2), 0, DATA(-2, 4));
    trial_free(t);
}

Test(gumbel_softmax, draws_each_class_by_its_probability)
{
    enum { DRAWS = 4000 };
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = dg_expand(trial_input(t, DG_SHAPE(1, 2), DATA(log(3), 0)), DG_SHAPE(DRAWS, 2));
    const dg_tensor *y = run_in(t, dg_gumbel_softmax(x, .hard = true), false);
    double first = 0;
    for (int64_t i = 0; i < DRAWS; i++) {
        double a = dg_tensor_get(y, 2 * i), b = dg_tensor_get(y, 2 * i + 1);
        cr_assert(a + b == 1 && a * b == 0);
        first += a / DRAWS;
    }
    cr_expect_float_eq(first, 0.75, 5 * sqrt(0.75 * 0.25 / DRAWS));
    trial_free(t);
}

Test(research, activations_have_the_values_of_their_papers)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(2), DATA(-0.5, 2));
    double s = 1 / (1 + exp(-2)), m = 1 / (1 + exp(0.5));
    const struct {
        dg_node *node;
        double low, high;
    } cases[] = {
        {dg_swish(x, .beta = 2), -0.5 / (1 + exp(1)), 2 / (1 + exp(-4))},
        {dg_eswish(x), -0.5 * 1.375 * m, 2 * 1.375 * s},
        {dg_squareplus(x), (-0.5 + sqrt(4.25)) / 2, (2 + sqrt(8)) / 2},
        {dg_sparse_plus(x), 0.0625, 2},
        {dg_sparse_sigmoid(x), 0.25, 1},
        {dg_exponential(x), exp(-0.5), exp(2)},
        {dg_penalized_tanh(x), -tanh(0.5) / 4, tanh(2)},
        {dg_isru(x), -0.5 / sqrt(1.25), 2 / sqrt(5)},
        {dg_isrlu(x), -0.5 / sqrt(1.25), 2},
        {dg_bent_identity(x), (sqrt(1.25) - 1) / 2 - 0.5, (sqrt(5) - 1) / 2 + 2},
        {dg_lecun_tanh(x), 1.7159 * tanh(-1. / 3), 1.7159 * tanh(4. / 3)},
        {dg_sine(x), sin(-15), sin(60)},
        {dg_snake(x, .a = 3), -0.5 + pow(sin(-1.5), 2) / 3, 2 + pow(sin(6), 2) / 3},
        {dg_gcu(x), -0.5 * cos(0.5), 2 * cos(2)},
        {dg_gaussian(x), exp(-0.25), exp(-4)},
        {dg_lisht(x), 0.5 * tanh(0.5), 2 * tanh(2)},
        {dg_tanhexp(x), -0.5 * tanh(exp(-0.5)), 2 * tanh(exp(2))},
        {dg_serf(x), -0.5 * erf(log1p(exp(-0.5))), 2 * erf(log1p(exp(2)))},
        {dg_relu_squared(x), 0, 4},
        {dg_rrelu(x), -0.5 * (1. / 8 + 1. / 3) / 2, 2},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
        expect_values(trial_run(t, cases[k].node), DG_SHAPE(2), 1e-14, DATA(cases[k].low, cases[k].high));
    trial_free(t);
}

Test(pau, starts_as_a_leaky_relu)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_input(t, DG_SHAPE(5), DATA(-3, -1, 0, 1, 3));
    expect_values(trial_run(t, dg_pau(x, .name = "pau")), DG_SHAPE(5), 0.04, DATA(-0.03, -0.01, 0, 1, 3));
    cr_expect(dg_tensors_find(t->parameters, "pau.a5") && dg_tensors_find(t->parameters, "pau.b4"));
    trial_free(t);
}

Test(rrelu, draws_slopes_in_training)
{
    trial *t = trial_new(DG_FLOAT64);
    double ones[100];
    for (int i = 0; i < 100; i++)
        ones[i] = i < 50 ? -1 : 1;
    const dg_tensor *y = run_in(t, dg_rrelu(trial_input(t, DG_SHAPE(100), ones)), true);
    for (int64_t i = 0; i < 100; i++) {
        double slope = -dg_tensor_get(y, i);
        cr_expect(i < 50 ? slope >= 0.125 && slope <= 1. / 3 : slope == -1);
    }
    cr_expect_neq(dg_tensor_get(y, 0), dg_tensor_get(y, 1));
    trial_free(t);
}

Test(dropout2d, drops_whole_channels_in_training_alone)
{
    enum { CHANNELS = 400 };
    double ones[CHANNELS * 4];
    for (int i = 0; i < CHANNELS * 4; i++)
        ones[i] = 1;
    trial *t = trial_new(DG_FLOAT32);
    dg_node *y = dg_dropout2d(trial_input(t, DG_SHAPE(2, CHANNELS / 2, 2, 2), ones), .p = 0.25);
    expect_values(run_in(t, y, false), DG_SHAPE(2, CHANNELS / 2, 2, 2), 0, ones);
    const dg_tensor *dropped = run_in(t, y, true);
    int kept = 0;
    for (int64_t c = 0; c < CHANNELS; c++) {
        double value = dg_tensor_get(dropped, 4 * c);
        cr_expect(value == 0 || fabs(value - 1 / 0.75) < 1e-6);
        for (int64_t i = 1; i < 4; i++)
            cr_expect_eq(dg_tensor_get(dropped, 4 * c + i), value);
        kept += value != 0;
    }
    cr_expect_float_eq(kept, 0.75 * CHANNELS, 5 * sqrt(0.1875 * CHANNELS));
    trial_free(t);
}

Test(alpha_dropout, keeps_mean_0_and_variance_1)
{
    enum { COUNT = 100000 };
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = dg_normal(t->graph, DG_SHAPE(COUNT));
    const dg_tensor *y = run_in(t, dg_alpha_dropout(x, .p = 0.3), true);
    double mean = 0, squares = 0;
    for (int64_t i = 0; i < COUNT; i++) {
        mean += dg_tensor_get(y, i) / COUNT;
        squares += pow(dg_tensor_get(y, i), 2) / COUNT;
    }
    cr_expect_float_eq(mean, 0, 5 / sqrt(COUNT));
    cr_expect_float_eq(squares, 1, 10 / sqrt(COUNT));
    trial_free(t);
}

/* Rows on which the membership of the last element is decided by rounding: the projection comes to an end. */
Test(sparsemax, ends_whatever_is_rounded)
{
    static const double row[] = {0.16666666666666666,
                                 0.20833333333333334,
                                 0.16666666666666666,
                                 0.20833333333333334,
                                 0.20833333333333334,
                                 0.041666666666666664,
                                 0};
    EACH_DTYPE(d)
    {
        trial *t = trial_new((dg_dtype)d);
        dg_node *x = trial_input(t, DG_SHAPE(7), row);
        expect_values(trial_run(t, dg_sparsemax(x)), DG_SHAPE(7), precision(d), row);
        trial_free(t);
    }
    enum { N = 9, ROWS = 4000 };
    trial *t = trial_new(DG_FLOAT64);
    dg_random key = {.seed = 5};
    static double x[ROWS * N];
    for (int i = 0; i < ROWS * N; i++) /* many sums that are 1 but for rounding */
        x[i] = (double)dg_random_below(&key, (uint64_t)i, 7) / (i % 2 ? 24 : 18);
    const dg_tensor *y = trial_run(t, dg_sparsemax(trial_input(t, DG_SHAPE(ROWS, N), x)));
    for (int i = 0; i < ROWS; i++) {
        double sum = 0;
        for (int j = 0; j < N; j++)
            sum += dg_tensor_get(y, i * N + j);
        cr_assert_float_eq(sum, 1, 1e-14);
    }
    trial_free(t);
}
