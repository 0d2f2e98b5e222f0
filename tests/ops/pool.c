/* Pooling: values by hand, ties, NaN, sizes with ceil_mode, and failures. */
#include "../support.h"

static dg_node *line(trial *t, int64_t count, const double *values)
{
    return trial_input(t, DG_SHAPE(1, 1, count), values);
}

Test(max_pool, takes_the_greatest_of_each_window)
{
    for (dg_dtype dtype = DG_FLOAT32; dtype <= DG_FLOAT64; dtype++) {
        trial *t = trial_new(dtype);
        dg_node *x = trial_input(t, DG_SHAPE(1, 1, 3, 4), DATA(1, 5, 2, 0, 3, 4, 9, 8, -1, -2, -3, -4));
        dg_node *y = dg_max_pool2d(x, .kernel_size = 2);
        expect_values(trial_run(t, y), DG_SHAPE(1, 1, 1, 2), 0, DATA(5, 9));
        y = dg_max_pool2d(x, .kernel_size = DG_INTS(2, 3), .stride = 1);
        expect_values(trial_run(t, y), DG_SHAPE(1, 1, 2, 2), 0, DATA(9, 9, 9, 9));
        y = dg_max_pool2d(x, .kernel_size = 2, .dilation = DG_INTS(2, 1), .stride = 1);
        expect_values(trial_run(t, y), DG_SHAPE(1, 1, 1, 3), 0, DATA(5, 5, 2));
        y = dg_max_pool2d(x, .kernel_size = 3, .stride = 2, .padding = 1);
        expect_values(trial_run(t, y), DG_SHAPE(1, 1, 2, 2), 0, DATA(5, 9, 4, 9));
        y = dg_adaptive_max_pool2d(x, .output_size = DG_INTS(2, 1));
        expect_values(trial_run(t, y), DG_SHAPE(1, 1, 2, 1), 0, DATA(9, 9));
        trial_free(t);
    }
}

/* The first of several equal ones gets the gradient; overlapping windows add up. */
Test(max_pool, the_first_of_equal_ones_wins)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = line(t, 5, DATA(1, 1, 2, 2, 2)), *c = line(t, 4, DATA(1, 10, 100, 1000));
    dg_node *y = dg_sum(dg_mul(dg_max_pool1d(x, .kernel_size = 2, .stride = 1), c));
    expect_values(trial_run(t, trial_grad(y, x)), DG_SHAPE(1, 1, 5), 0, DATA(1, 0, 110, 1000, 0));
    trial_free(t);
}

Test(max_pool, nan_wins_and_gets_the_gradient)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = line(t, 6, DATA(1, NAN, 7, -INFINITY, -INFINITY, -INFINITY));
    dg_node *y = dg_max_pool1d(x, .kernel_size = 3);
    expect_values(trial_run(t, y), DG_SHAPE(1, 1, 2), 0, DATA(NAN, -INFINITY));
    expect_values(trial_run(t, trial_grad(dg_sum(y), x)), DG_SHAPE(1, 1, 6), 0, DATA(0, 1, 0, 1, 0, 0));
    y = dg_max_pool1d(x, .kernel_size = 2, .stride = 1);
    expect_values(trial_run(t, y), DG_SHAPE(1, 1, 5), 0, DATA(NAN, NAN, 7, -INFINITY, -INFINITY));
    trial_free(t);
}

Test(max_pool, works_in_three_dimensions_and_without_a_batch)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_input(t, DG_SHAPE(1, 2, 2, 2), DATA(1, 2, 3, 4, 8, 7, 6, 5));
    dg_node *y = dg_max_pool3d(x, .kernel_size = DG_INTS(1, 2, 2));
    expect_values(trial_run(t, y), DG_SHAPE(1, 2, 1, 1), 0, DATA(4, 8));
    expect_values(trial_run(t, trial_grad(dg_sum(y), x)), DG_SHAPE(1, 2, 2, 2), 0, DATA(0, 0, 0, 1, 1, 0, 0, 0));
    trial_free(t);
}

/* PyTorch's sizes: a last window that begins in the padding after the end is dropped. */
Test(pooling, ceil_mode_adds_a_window_that_begins_inside)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = line(t, 5, DATA(1, 2, 3, 4, 5)), *four = line(t, 4, DATA(1, 2, 3, 4));
    expect_values(trial_run(t, dg_max_pool1d(x, .kernel_size = 2, .ceil_mode = true)), DG_SHAPE(1, 1, 3), 0,
                  DATA(2, 4, 5));
    expect_values(trial_run(t, dg_avg_pool1d(x, .kernel_size = 2, .ceil_mode = true)), DG_SHAPE(1, 1, 3), 0,
                  DATA(1.5, 3.5, 5));
    expect_values(trial_run(t, dg_max_pool1d(four, .kernel_size = 2, .stride = 3, .padding = 1, .ceil_mode = true)),
                  DG_SHAPE(1, 1, 2), 0, DATA(1, 4));
    expect_values(trial_run(t, dg_max_pool1d(line(t, 1, DATA(6)), .kernel_size = 2, .ceil_mode = true)),
                  DG_SHAPE(1, 1, 1), 0, DATA(6));
    trial_free(t);
}

Test(avg_pool, counts_padding_or_not)
{
    for (dg_dtype dtype = DG_FLOAT32; dtype <= DG_FLOAT64; dtype++) {
        trial *t = trial_new(dtype);
        dg_node *x = line(t, 3, DATA(2, 4, 6));
        dg_node *y = dg_avg_pool1d(x, .kernel_size = 2, .padding = 1);
        expect_values(trial_run(t, y), DG_SHAPE(1, 1, 2), 0, DATA(1, 5));
        y = dg_avg_pool1d(x, .kernel_size = 2, .padding = 1, .count_include_pad = false);
        expect_values(trial_run(t, y), DG_SHAPE(1, 1, 2), 0, DATA(2, 5));
        expect_values(trial_run(t, trial_grad(dg_sum(y), x)), DG_SHAPE(1, 1, 3), 0, DATA(1, 0.5, 0.5));
        y = dg_avg_pool1d(x, .kernel_size = 2, .padding = 1, .divisor_override = 4);
        expect_values(trial_run(t, y), DG_SHAPE(1, 1, 2), 0, DATA(0.5, 2.5));
        y = dg_avg_pool1d(x, .kernel_size = 3, .stride = 2, .padding = 1, .ceil_mode = true);
        expect_values(trial_run(t, y), DG_SHAPE(1, 1, 2), 1e-6, DATA(2, 10.0 / 3));
        trial_free(t);
    }
}

/* Windows overlap where sizes do not divide: [0, 2), [1, 4), [3, 5) of 5 in 3. */
Test(avg_pool, adaptive_windows_cover_everything)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = line(t, 5, DATA(1, 2, 3, 4, 5)), *y = dg_adaptive_avg_pool1d(x, .output_size = 3);
    expect_values(trial_run(t, y), DG_SHAPE(1, 1, 3), 1e-15, DATA(1.5, 3, 4.5));
    expect_values(trial_run(t, trial_grad(dg_sum(y), x)), DG_SHAPE(1, 1, 5), 1e-15,
                  DATA(0.5, 0.5 + 1.0 / 3, 1.0 / 3, 1.0 / 3 + 0.5, 0.5));
    y = dg_adaptive_avg_pool1d(x, .output_size = 7);
    expect_values(trial_run(t, y), DG_SHAPE(1, 1, 7), 1e-15, DATA(1, 1.5, 2.5, 3, 3.5, 4.5, 5));
    trial_free(t);
}

/* A long window: 1/3 a million times is 1/3 but for rounding, which must not grow with the count. */
Test(avg_pool, of_many_places_is_accurate)
{
    enum { COUNT = 1000000 };
    double *values = malloc(COUNT * sizeof *values);
    for (int i = 0; i < COUNT; i++)
        values[i] = 1.0 / 3;
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_input(t, DG_SHAPE(1, 1, 1000, 1000), values), *y = dg_adaptive_avg_pool2d(x, .output_size = 1);
    expect_values(trial_run(t, y), DG_SHAPE(1, 1, 1, 1), 2e-5, DATA(1.0 / 3));
    trial_free(t);
    free(values);
}

Test(pooling, gives_the_same_bits_with_any_number_of_threads_and_a_symbolic_batch)
{
    enum { N = 5, C = 9, SIDE = 33 };
    static double values[N * C * SIDE * SIDE];
    static float first[N * C * 17 * 17], second[N * C * SIDE * SIDE];
    dg_random key = {5, 1, 0};
    dg_random_normal(&key, DG_FLOAT64, values, 0, N * C * SIDE * SIDE, 0, 1);
    for (int n_threads = 1; n_threads <= 3; n_threads += 2) {
        dg_threads *threads;
        must(dg_threads_new(n_threads, &threads));
        trial *t = trial_new(DG_FLOAT32);
        t->threads = threads;
        dg_node *x = trial_feed(t, DG_FLOAT32, DG_SHAPE(DG_N, C, SIDE, SIDE), DG_SHAPE(N, C, SIDE, SIDE), values);
        dg_node *y = dg_max_pool2d(x, .kernel_size = 3, .stride = 2, .padding = 1);
        dg_node *z = dg_avg_pool2d(y, .kernel_size = 3, .stride = 1, .padding = 1), *loss = dg_sum(dg_square(z));
        const dg_tensor *got = trial_run(t, z);
        cr_expect(n_threads == 1 || memcmp(first, got->data, sizeof first) == 0);
        memcpy(first, got->data, sizeof first);
        got = trial_run(t, trial_grad(loss, x));
        cr_expect(n_threads == 1 || memcmp(second, got->data, sizeof second) == 0);
        memcpy(second, got->data, sizeof second);
        trial_free(t);
        dg_threads_free(threads);
    }
}

static void expect_refusal(dg_node *(*build)(dg_node *x), const char *text)
{
    trial *t = trial_new(DG_FLOAT32);
    build(trial_input(t, DG_SHAPE(2, 3, 4, 4), NULL));
    expect_failure(dg_graph_status(t->graph), dg_graph_status(t->graph).code, text);
    cr_expect_neq(dg_graph_status(t->graph).code, DG_OK);
    trial_free(t);
}

static dg_node *without_a_kernel(dg_node *x)
{
    return dg_max_pool2d(x);
}

static dg_node *too_large(dg_node *x)
{
    return dg_max_pool2d(x, .kernel_size = 5);
}

static dg_node *too_much_padding(dg_node *x)
{
    return dg_avg_pool2d(x, .kernel_size = 2, .padding = 2);
}

static dg_node *wrong_rank(dg_node *x)
{
    return dg_max_pool1d(x, .kernel_size = 2);
}

static dg_node *no_divisor(dg_node *x)
{
    return dg_avg_pool2d(x, .kernel_size = 2, .divisor_override = 0);
}

static dg_node *no_size(dg_node *x)
{
    return dg_adaptive_avg_pool2d(x);
}

Test(pooling, says_what_does_not_fit)
{
    expect_refusal(without_a_kernel, "kernel_size is missing");
    expect_refusal(too_large, "input is [2, 3, 4, 4]: a kernel that spans 5 does not fit with a padding of 0");
    expect_refusal(too_much_padding, "padding is 2, expected at most half of the kernel's 2");
    expect_refusal(wrong_rank, "input is [2, 3, 4, 4], expected [N, C, L] or [C, L]");
    expect_refusal(no_divisor, "divisor_override is 0");
    expect_refusal(no_size, "output_size is missing");
}
