/* softmax, log_softmax, softmin: values in closed form, extreme rows, gradients, threads. */
#include "../support.h"

Test(softmax, of_logarithms_is_their_share)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(2, 3), DATA(log(1), log(2), log(5), log(3), log(3), log(2)));
    expect_values(trial_run(t, dg_softmax(x)), DG_SHAPE(2, 3), 1e-15, DATA(0.125, 0.25, 0.625, 0.375, 0.375, 0.25));
    expect_values(trial_run(t, dg_softmax(x, .dim = 0)), DG_SHAPE(2, 3), 1e-15,
                  DATA(0.25, 0.4, 5. / 7, 0.75, 0.6, 2. / 7));
    expect_values(trial_run(t, dg_log_softmax(x)), DG_SHAPE(2, 3), 1e-15,
                  DATA(log(0.125), log(0.25), log(0.625), log(0.375), log(0.375), log(0.25)));
    expect_values(trial_run(t, dg_softmin(dg_neg(x))), DG_SHAPE(2, 3), 1e-15,
                  DATA(0.125, 0.25, 0.625, 0.375, 0.375, 0.25));
    trial_free(t);
}

Test(softmax, works_along_a_middle_dimension)
{
    trial *t = trial_new(DG_FLOAT32);
    double values[2 * 3 * 20], want[2 * 3 * 20];
    for (int n = 0; n < 2; n++)
        for (int i = 0; i < 20; i++)
            for (int c = 0; c < 3; c++) {
                values[(n * 3 + c) * 20 + i] = log(1 + c * (i + n));
                want[(n * 3 + c) * 20 + i] = (1. + c * (i + n)) / (3 + 3 * (i + n));
            }
    dg_node *x = trial_input(t, DG_SHAPE(2, 3, 20), values);
    expect_values(trial_run(t, dg_softmax(x, .dim = 1)), DG_SHAPE(2, 3, 20), 1e-6, want);
    expect_values(trial_run(t, dg_exp(dg_log_softmax(x, .dim = -2))), DG_SHAPE(2, 3, 20), 1e-6, want);
    trial_free(t);
}

Test(softmax, is_stable_in_extreme_rows)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_input(t, DG_SHAPE(4, 2), DATA(1e4, -1e4, 1e4, 1e4, -INFINITY, 3, -INFINITY, -INFINITY));
    expect_values(trial_run(t, dg_softmax(x)), DG_SHAPE(4, 2), 0, DATA(1, 0, 0.5, 0.5, 0, 1, NAN, NAN));
    double half = log(0.5);
    expect_values(trial_run(t, dg_log_softmax(x)), DG_SHAPE(4, 2), 1e-7,
                  DATA(0, -2e4, half, half, -INFINITY, 0, NAN, NAN));
    x = trial_input(t, DG_SHAPE(1, 3), DATA(1, NAN, 2));
    expect_values(trial_run(t, dg_softmax(x)), DG_SHAPE(1, 3), 0, DATA(NAN, NAN, NAN));
    trial_free(t);
}

Test(softmax, of_a_scalar_is_1_and_of_nothing_is_nothing)
{
    trial *t = trial_new(DG_FLOAT64);
    expect_values(trial_run(t, dg_softmax(trial_input(t, dg_scalar(), DATA(7)))), dg_scalar(), 0, DATA(1));
    expect_values(trial_run(t, dg_softmax(trial_input(t, DG_SHAPE(0, 3), NULL))), DG_SHAPE(0, 3), 0, NULL);
    expect_values(trial_run(t, dg_softmax(trial_input(t, DG_SHAPE(3, 0), NULL))), DG_SHAPE(3, 0), 0, NULL);
    trial_free(t);
}

Test(softmax, has_the_textbook_gradient)
{
    /* p = (1, 2, 5) / 8; ∂p_1/∂x = p_1 (e_1 − p); ∂ log p_1/∂x = e_1 − p */
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(3), DATA(log(1), log(2), log(5)));
    dg_node *second = trial_input(t, DG_SHAPE(3), DATA(0, 1, 0));
    dg_node *p = dg_sum(dg_mul(dg_softmax(x), second)), *log_p = dg_sum(dg_mul(dg_log_softmax(x), second));
    expect_values(trial_run(t, trial_grad(p, x)), DG_SHAPE(3), 1e-15, DATA(-1. / 32, 3. / 16, -5. / 32));
    expect_values(trial_run(t, trial_grad(log_p, x)), DG_SHAPE(3), 1e-15, DATA(-0.125, 0.75, -0.625));
    /* the Hessian of log p_1 is −(diag p − p pᵀ); times e_1 */
    dg_node *slope = dg_sum(dg_mul(trial_grad(log_p, x), second));
    expect_values(trial_run(t, trial_grad(slope, x)), DG_SHAPE(3), 1e-15, DATA(1. / 32, -3. / 16, 5. / 32));
    trial_free(t);
}

Test(softmax, has_the_same_bits_for_any_number_of_threads)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = dg_normal(t->graph, DG_SHAPE(70, 50, 30));
    dg_node *y = dg_add(dg_softmax(x, .dim = 1), dg_log_softmax(x));
    dg_tensor first = {0};
    for (int threads = 1; threads <= 3; threads++) {
        must(dg_threads_new(threads, &t->threads));
        const dg_tensor *result = trial_run(t, y);
        if (threads == 1)
            must(dg_tensor_copy(&first, result));
        cr_expect_eq(memcmp(first.data, result->data, dg_tensor_bytes(result)), 0, "%d threads", threads);
        dg_threads_free(t->threads);
        t->threads = NULL;
    }
    dg_tensor_release(&first);
    trial_free(t);
}

Test(softmax, sums_long_rows_accurately)
{
    enum { LENGTH = 1 << 20 };
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_input(t, DG_SHAPE(1, LENGTH), NULL);
    dg_node *y = dg_slice(dg_log_softmax(x), .dim = 1, .end = 1);
    expect_values(trial_run(t, y), DG_SHAPE(1, 1), 1e-7, DATA(-20 * log(2)));
    trial_free(t);
}

Test(softmax, refuses_what_does_not_fit)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_softmax(trial_input(t, DG_SHAPE(2, 3), NULL), .dim = 2, .name = "p");
    expect_failure(dg_graph_status(t->graph), DG_BAD_SHAPE, "softmax 'p': dim is 2");
    trial_free(t);
    t = trial_new(DG_FLOAT32);
    dg_log_softmax(trial_labels(t, DG_SHAPE(2), NULL));
    expect_failure(dg_graph_status(t->graph), DG_BAD_DTYPE, "input is int64, expected float32 or float64");
    trial_free(t);
}

/* The elementwise work before and after, which a plan may join to the kernel, against the same on values made before.
 */
Test(softmax, is_the_same_between_elementwise_neighbours)
{
    const dg_shape shapes[] = {DG_SHAPE(3, 5, 7), DG_SHAPE(2, 5000), DG_SHAPE(40, 300), DG_SHAPE(3, 40, 300)};
    for (size_t k = 0; k < sizeof shapes / sizeof shapes[0]; k++)
        for (int dim = 0; dim < shapes[k].rank; dim++)
            for (int op = 0; op < 6; op++) {
                trial *t = trial_new(DG_FLOAT32);
                int64_t n = dg_shape_count(&shapes[k]);
                dg_node *x = trial_input(t, shapes[k], NULL), *made = trial_input(t, shapes[k], NULL);
                for (int64_t i = 0; i < n; i++) {
                    float value = (float)((i * 37 % 101) - 50) / 16;
                    dg_tensor_set(&t->tensors[0], i, (double)value);
                    dg_tensor_set(&t->tensors[1], i, (double)(value * value - 3 * value));
                }
                dg_node *from[] = {dg_expr("x * x - 3 * x", {"x", x}), made}, *y[2];
                for (int way = 0; way < 2; way++)
                    y[way] = op == 0   ? dg_softmax(from[way], .dim = dim)
                             : op == 1 ? dg_log_softmax(from[way], .dim = dim)
                             : op == 2 ? dg_sum(from[way], .dim = DG_INTS(dim))
                             : op == 3 ? dg_mean(from[way], .dim = DG_INTS(dim))
                             : op == 4 ? dg_amax(from[way], .dim = DG_INTS(dim))
                                       : dg_standardize(from[way], DG_INTS(dim));
                if (op == 5 && dim > 0 && dim + 1 < shapes[k].rank) { /* what stays must be neighbours */
                    trial_free(t);
                    continue;
                }
                dg_tensor plain = {0};
                must(dg_tensor_copy(&plain, trial_run(t, y[1])));
                const dg_tensor *joined = trial_run(t, dg_expr("2 * y + 1", {"y", y[0]}));
                for (int64_t i = 0; i < dg_tensor_count(&plain); i++) {
                    double want = 2 * dg_tensor_get(&plain, i) + 1;
                    cr_assert_float_eq(dg_tensor_get(joined, i), want, 1e-5 * (1 + fabs(want)), "op %d, dim %d", op,
                                       dim);
                }
                dg_tensor_release(&plain);
                trial_free(t);
            }
}
