/* Normalisation: against plain loops and values by hand, in training and out of it; failures. */
#include "../support.h"

static double wave(int64_t i)
{
    return sin(0.7 * (double)i) + 0.1 * (double)(i % 5);
}

/* Runs a node in a plan for training or evaluation. */
static const dg_tensor *run_in(trial *t, dg_node *node, bool training)
{
    dg_plan_free(t->plan);
    t->plan = NULL;
    must(dg_graph_status(t->graph));
    must(dg_parameters_init(t->parameters, t->graph, 1));
    must(dg_plan_new(
        t->graph, &(dg_plan_options){.fetch = &node, .n_fetch = 1, .parameters = t->parameters, .training = training},
        &t->plan));
    must(dg_plan_run(t->plan, t->feeds, t->n_feeds));
    return dg_plan_result(t->plan, 0);
}

/* y, mean and biased variance of each channel of x [before, channels, after]. */
static void by_loops(const double *x, int64_t before, int64_t channels, int64_t after, double eps, double *y,
                     double *mean, double *var)
{
    for (int64_t c = 0; c < channels; c++) {
        double n = (double)(before * after);
        mean[c] = var[c] = 0;
        for (int64_t i = 0; i < before * after; i++)
            mean[c] += x[(i / after * channels + c) * after + i % after] / n;
        for (int64_t i = 0; i < before * after; i++)
            var[c] += pow(x[(i / after * channels + c) * after + i % after] - mean[c], 2) / n;
        for (int64_t i = 0; i < before * after; i++) {
            int64_t at = (i / after * channels + c) * after + i % after;
            y[at] = (x[at] - mean[c]) / sqrt(var[c] + eps);
        }
    }
}

enum { LARGE = 20000 };

static void standardized(dg_dtype dtype, dg_shape shape, dg_ints dims, int64_t before, int64_t channels, int64_t after)
{
    static double x[LARGE], y[LARGE], mean[LARGE], var[LARGE];
    int64_t count = before * channels * after;
    cr_assert_leq(count, LARGE);
    for (int64_t i = 0; i < count; i++)
        x[i] = wave(i);
    by_loops(x, before, channels, after, 1e-3, y, mean, var);
    trial *t = trial_new(dtype);
    dg_node *node = dg_standardize(trial_input(t, shape, x), dims, .eps = 1e-3);
    double tolerance = dtype == DG_FLOAT32 ? 2e-6 : 1e-12;
    must(dg_threads_new(2, &t->threads));
    expect_values(trial_run(t, node), shape, tolerance, y);
    dg_shape kept = shape;
    for (int k = 0; k < dims.count; k++)
        kept.dims[dims.at[k]] = 1;
    expect_values(trial_run(t, dg_output(node, 1)), kept, tolerance, mean);
    expect_values(trial_run(t, dg_output(node, 2)), kept, tolerance, var);
    dg_plan_free(t->plan);
    t->plan = NULL;
    dg_threads_free(t->threads);
    trial_free(t);
}

Test(standardize, agrees_with_plain_loops)
{
    for (dg_dtype dtype = DG_FLOAT32; dtype <= DG_FLOAT64; dtype++) {
        if (!dg_dtype_is_float(dtype))
            continue;
        standardized(dtype, DG_SHAPE(3, 4, 5), DG_INTS(0, 2), 3, 4, 5);
        standardized(dtype, DG_SHAPE(7, 37), DG_INTS(0), 7, 37, 1);
        standardized(dtype, DG_SHAPE(500, 40), DG_INTS(0), 500, 40, 1);
        standardized(dtype, DG_SHAPE(60, 301), DG_INTS(1), 1, 60, 301);
        standardized(dtype, DG_SHAPE(2, 2, 4900), DG_INTS(0, 2), 2, 2, 4900);
        standardized(dtype, DG_SHAPE(4, 3), DG_INTS(0, 1), 12, 1, 1);
    }
}

Test(standardize, keeps_its_digits_beside_a_large_mean)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_input(t, DG_SHAPE(1, 4), DATA(4096, 4097, 4098, 4099));
    double s = sqrt(1.25 + 1e-5);
    expect_values(trial_run(t, dg_standardize(x, DG_INTS(1))), DG_SHAPE(1, 4), 1e-6,
                  DATA(-1.5 / s, -0.5 / s, 0.5 / s, 1.5 / s));
    trial_free(t);
}

Test(layer_norm, gives_a_constant_row_finite_gradients)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_input(t, DG_SHAPE(1, 3), DATA(2, 2, 2)), *c = trial_input(t, DG_SHAPE(3), DATA(1, 2, 6));
    dg_node *y = dg_layer_norm(x, .name = "norm");
    double s = sqrt(1e5);
    expect_values(trial_run(t, y), DG_SHAPE(1, 3), 0, DATA(0, 0, 0));
    expect_values(trial_run(t, trial_grad(dg_sum(dg_mul(y, c)), x)), DG_SHAPE(1, 3), 1e-5, DATA(-2 * s, -s, 3 * s));
    cr_expect(dg_graph_find(t->graph, "norm.weight") && dg_graph_find(t->graph, "norm.bias"));
    trial_free(t);
}

Test(layer_norm, runs_with_a_symbolic_batch)
{
    trial *t = trial_new(DG_FLOAT64);
    int64_t T = dg_symbol(t->graph, "T");
    dg_node *x = trial_feed(t, DG_FLOAT64, DG_SHAPE(DG_N, T, 2), DG_SHAPE(1, 2, 2), DATA(1, 3, -5, 5));
    dg_node *y = dg_layer_norm(x, .eps = 0);
    expect_values(trial_run(t, y), DG_SHAPE(1, 2, 2), 1e-12, DATA(-1, 1, -1, 1));
    dg_node *grouped = dg_group_norm(
        trial_feed(t, DG_FLOAT64, DG_SHAPE(DG_N, 2, T), DG_SHAPE(1, 2, 2), DATA(1, 3, -5, 5)), 2, .eps = 0);
    expect_values(trial_run(t, grouped), DG_SHAPE(1, 2, 2), 1e-12, DATA(-1, 1, -1, 1));
    trial_free(t);
}

Test(rms_norm, divides_by_the_root_mean_square)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(2), DATA(3, 4)), *w = trial_input(t, DG_SHAPE(2), DATA(1, 2));
    double r = sqrt(12.5 + 0.5);
    expect_values(trial_run(t, dg_rms_norm(x, .eps = 0.5, .weight = w)), DG_SHAPE(2), 1e-15, DATA(3 / r, 8 / r));
    trial_free(t);
}

Test(batch_norm, takes_the_batch_in_training_and_moves_the_running_statistics)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(2, 2, 2), DATA(1, 3, 10, 10, 5, 7, 10, 14)); /* means 4, 11; var 5, 3 */
    dg_node *y = dg_batch_norm(x, .eps = 0, .name = "bn");
    double a = sqrt(5), b = sqrt(3);
    expect_values(run_in(t, y, true), DG_SHAPE(2, 2, 2), 1e-14,
                  DATA(-3 / a, -1 / a, -1 / b, -1 / b, 1 / a, 3 / a, -1 / b, 3 / b));
    expect_values(dg_tensors_find(t->parameters, "bn.running_mean"), DG_SHAPE(2), 1e-14, DATA(0.4, 1.1));
    expect_values(dg_tensors_find(t->parameters, "bn.running_var"), DG_SHAPE(2), 1e-14,
                  DATA(0.9 + 0.1 * 5 * 4 / 3, 0.9 + 0.1 * 4));
    trial_free(t);
}

Test(batch_norm, takes_the_running_statistics_otherwise_and_computes_no_others)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_input(t, DG_SHAPE(3, 2), DATA(1, 2, 3, 4, 5, 6));
    dg_node *y = dg_batch_norm(x, .eps = 0, .running_mean = trial_input(t, DG_SHAPE(2), DATA(1, 2)),
                               .running_var = trial_input(t, DG_SHAPE(2), DATA(4, 16)));
    expect_values(run_in(t, y, false), DG_SHAPE(3, 2), 1e-6, DATA(0, 0, 1, 0.5, 2, 1));
    cr_expect_leq(dg_plan_cost_of(t->plan).steps, 2);
    expect_values(run_in(t, dg_batch_norm(x, .training = "true", .affine = false, .eps = 0), false), DG_SHAPE(3, 2),
                  1e-6, DATA(-sqrt(1.5), -sqrt(1.5), 0, 0, sqrt(1.5), sqrt(1.5)));
    trial_free(t);
}

Test(batch_norm, has_running_statistics_that_are_not_trained)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_batch_norm(trial_input(t, DG_SHAPE(3, 2), NULL), .name = "bn");
    cr_expect(!dg_node_attr(dg_graph_find(t->graph, "bn.running_mean"), "trainable")->b);
    cr_expect(!dg_node_attr(dg_graph_find(t->graph, "bn.running_var"), "trainable")->b);
    cr_expect(dg_node_attr(dg_graph_find(t->graph, "bn.weight"), "trainable")->b);
    trial_free(t);
}

Test(local_response_norm, counts_the_channels_around)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(1, 3, 1), DATA(1, 2, 3));
    expect_values(trial_run(t, dg_local_response_norm(x, 2, .alpha = 2, .beta = 1, .k = 1)), DG_SHAPE(1, 3, 1), 1e-14,
                  DATA(1. / 2, 2. / 6, 3. / 14));
    expect_values(trial_run(t, dg_local_response_norm(x, 3, .alpha = 3, .beta = 1, .k = 1)), DG_SHAPE(1, 3, 1), 1e-14,
                  DATA(1. / 6, 2. / 15, 3. / 14));
    trial_free(t);
}

Test(normalize, gives_unit_vectors_and_leaves_zero)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_input(t, DG_SHAPE(2, 2), DATA(3, -4, 0, 0)), *y = dg_normalize(x);
    expect_values(trial_run(t, y), DG_SHAPE(2, 2), 1e-6, DATA(0.6, -0.8, 0, 0));
    const dg_tensor *g = trial_run(t, trial_grad(dg_sum(y), x));
    cr_expect_float_eq(dg_tensor_get(g, 0), 0.224, 1e-6);
    cr_expect(isfinite(dg_tensor_get(g, 2)));
    trial_free(t);
}

Test(weight_norm, gives_each_row_its_length)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *v = trial_input(t, DG_SHAPE(2, 2), DATA(3, 4, 0, 2));
    dg_node *g = trial_input(t, DG_SHAPE(2, 1), DATA(10, 3));
    expect_values(trial_run(t, dg_weight_norm(v, .weight_g = g)), DG_SHAPE(2, 2), 1e-14, DATA(6, 8, 0, 3));
    trial_free(t);
}

static void fails(void (*build)(trial *t), dg_code code, const char *text)
{
    trial *t = trial_new(DG_FLOAT32);
    build(t);
    expect_failure(dg_graph_status(t->graph), code, text);
    trial_free(t);
}

static void wide_weight(trial *t)
{
    dg_layer_norm(trial_input(t, DG_SHAPE(2, 3), NULL), .weight = trial_input(t, DG_SHAPE(4), NULL));
}

static void odd_groups(trial *t)
{
    dg_group_norm(trial_input(t, DG_SHAPE(2, 3), NULL), 2);
}

static void no_statistics(trial *t)
{
    dg_batch_norm(trial_input(t, DG_SHAPE(2, 3), NULL), .training = "false", .track_running_stats = false);
}

static void apart(trial *t)
{
    dg_standardize(trial_input(t, DG_SHAPE(2, 3, 4), NULL), DG_INTS(1));
}

Test(norm, tells_what_does_not_fit)
{
    fails(wide_weight, DG_BAD_SHAPE, "weight is [4], expected [3]");
    fails(odd_groups, DG_BAD_ARGUMENT, "num_groups is 2, which does not divide the 3 channels");
    fails(no_statistics, DG_BAD_ARGUMENT, "training=false needs running statistics");
    fails(apart, DG_BAD_SHAPE, "must be neighbours");
}

/* One value a channel has no variance (PyTorch refuses it): what is running stays, with an empty batch, too. */
Test(batch_norm, keeps_its_running_statistics_with_fewer_than_two_values_a_channel)
{
    for (int64_t n = 0; n < 3; n++) {
        trial *t = trial_new(DG_FLOAT64);
        double values[] = {1, 10, 3, 30};
        dg_node *x = trial_input(t, DG_SHAPE(n, 2), values), *y = dg_batch_norm(x, .name = "n", .momentum = 0.5);
        must(dg_parameters_init(t->parameters, t->graph, 1));
        dg_plan *plan;
        must(dg_plan_new(t->graph,
                         &(dg_plan_options){.fetch = &y, .n_fetch = 1, .parameters = t->parameters, .training = true},
                         &plan));
        must(dg_plan_run(plan, t->feeds, t->n_feeds));
        dg_plan_free(plan);
        expect_values(dg_tensors_find(t->parameters, "n.running_mean"), DG_SHAPE(2), 1e-15,
                      n < 2 ? DATA(0, 0) : DATA(1, 10));
        expect_values(dg_tensors_find(t->parameters, "n.running_var"), DG_SHAPE(2), 1e-14,
                      n < 2 ? DATA(1, 1) : DATA(1.5, 100.5));
        trial_free(t);
    }
}

Test(layer_norm, wants_a_size_in_normalized_shape)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_input(t, DG_SHAPE(2, 3), NULL);
    dg_value call;
    must(dg_call_parse(dg_graph_arena(t->graph), "layer_norm(normalized_shape=[])", &call));
    dg_apply(&(dg_application){.graph = t->graph,
                               .op = call.s,
                               .at = DG_HERE,
                               .n_inputs = 1,
                               .inputs = &x,
                               .n_attrs = 1,
                               .attrs = call.items});
    expect_failure(dg_graph_status(t->graph), DG_BAD_ARGUMENT, "normalized_shape is []");
    trial_free(t);
}

/* The square of a norm has twice the identity for its second derivative, at 0 as well, however the square is written.
 */
Test(norm, square_has_a_second_derivative_at_0)
{
    EACH_DTYPE(d)
    {
        for (int way = 0; way < 4; way++) {
            trial *t = trial_new((dg_dtype)d);
            dg_node *x = trial_input(t, DG_SHAPE(2, 2), DATA(0, 0, 3, 4)), *y = dg_norm(x, .p = 2, .dim = DG_INTS(1));
            dg_node *square = way == 0   ? dg_square(y)
                              : way == 1 ? dg_mul(y, y)
                              : way == 2 ? dg_pow(y, .exponent = 2)
                                         : dg_expr("y * y", {"y", y});
            dg_node *slope = trial_grad(dg_sum(square), x);
            expect_values(trial_run(t, square), DG_SHAPE(2), precision(d), DATA(0, 25));
            expect_values(trial_run(t, slope), DG_SHAPE(2, 2), precision(d), DATA(0, 0, 6, 8));
            expect_values(trial_run(t, trial_grad(dg_sum(slope), x)), DG_SHAPE(2, 2), precision(d), DATA(2, 2, 2, 2));
            dg_node *by_norm = trial_grad(dg_sum(square), y);
            expect_values(trial_run(t, by_norm), DG_SHAPE(2), precision(d), DATA(0, 10));
            expect_values(trial_run(t, trial_grad(dg_sum(y), x)), DG_SHAPE(2, 2), precision(d), DATA(0, 0, 0.6, 0.8));
            trial_free(t);
        }
    }
}

/* Channels in rows, in several rows and in columns: the values are those of the same numbers near 1; a NaN stays. */
Test(norm, of_numbers_whose_squares_overflow)
{
    EACH_DTYPE(d)
    {
        trial *t = trial_new((dg_dtype)d);
        double size = d == DG_FLOAT32 ? 0x1p100 : 0x1p1000, small[16], large[16];
        for (int i = 0; i < 16; i++) {
            small[i] = (i * 7 % 16 - 6) / 8.;
            large[i] = small[i] * size;
        }
        const dg_shape shapes[] = {DG_SHAPE(2, 2, 2, 2), DG_SHAPE(8, 2), DG_SHAPE(1, 2, 8)};
        for (int k = 0; k < 3; k++) {
            dg_node *near = trial_input(t, shapes[k], small), *far = trial_input(t, shapes[k], large), *y[2];
            for (int j = 0; j < 2; j++)
                y[j] = dg_batch_norm(j ? far : near, .eps = 0, .affine = false, .track_running_stats = false);
            double wants[16];
            const dg_tensor *of_near = trial_run(t, y[0]);
            for (int i = 0; i < 16; i++)
                wants[i] = dg_tensor_get(of_near, i);
            expect_values(trial_run(t, y[1]), shapes[k], precision(d), wants);
        }
        dg_node *with_nan = trial_input(t, DG_SHAPE(2, 2), DATA(1, NAN, -size, size));
        dg_node *rows = dg_layer_norm(with_nan, .elementwise_affine = false);
        expect_values(trial_run(t, rows), DG_SHAPE(2, 2), precision(d), DATA(NAN, NAN, -1, 1));
        trial_free(t);
    }
}
