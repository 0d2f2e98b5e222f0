/* Running sums, products, greatest and least; the linear recurrence. */
#include "../support.h"

Test(cumsum, in_both_directions)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_input(t, DG_SHAPE(2, 3), DATA(1, 2, 3, 4, 5, NAN));
    expect_values(trial_run(t, dg_cumsum(x, 1)), DG_SHAPE(2, 3), 0, DATA(1, 3, 6, 4, 9, NAN));
    expect_values(trial_run(t, dg_cumsum(x, 0)), DG_SHAPE(2, 3), 0, DATA(1, 2, 3, 5, 7, NAN));
    expect_values(trial_run(t, dg_cumsum(x, -1, .reverse = true)), DG_SHAPE(2, 3), 0, DATA(6, 5, 3, NAN, NAN, NAN));
    expect_values(trial_run(t, trial_grad(dg_cumsum(x, 1), x)), DG_SHAPE(2, 3), 0, DATA(3, 2, 1, 3, 2, 1));
    dg_node *i = trial_labels(t, DG_SHAPE(3), DATA(1, 2, 3)), *scalar = trial_input(t, dg_scalar(), DATA(7));
    expect_values(trial_run(t, dg_cumsum(i, 0)), DG_SHAPE(3), 0, DATA(1, 3, 6));
    expect_values(trial_run(t, dg_cumsum(scalar, 0)), dg_scalar(), 0, DATA(7));
    expect_values(trial_run(t, dg_cumsum(trial_input(t, DG_SHAPE(2, 0), NULL), 0)), DG_SHAPE(2, 0), 0, NULL);
    dg_cumsum(x, 2);
    expect_failure(dg_graph_status(t->graph), DG_BAD_SHAPE, "dim is 2");
    trial_free(t);
}

Test(cumsum, of_many_small_numbers_is_exact_to_rounding)
{
    enum { COUNT = 1000000 };
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_input(t, DG_SHAPE(COUNT), NULL);
    for (int i = 0; i < COUNT; i++)
        dg_tensor_set(&t->tensors[0], i, 0.1);
    const dg_tensor *y = trial_run(t, dg_cumsum(x, 0));
    cr_expect_float_eq(dg_tensor_get(y, COUNT - 1), COUNT * (double)0.1f, 0.01);
    trial_free(t);
}

Test(cumprod, has_a_gradient_at_zeros)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(2, 4), DATA(2, 0, 3, 4, 0, 0, 5, 6)), *y = dg_cumprod(x, 1);
    expect_values(trial_run(t, y), DG_SHAPE(2, 4), 0, DATA(2, 0, 0, 0, 0, 0, 0, 0));
    dg_node *g = trial_grad(y, x);
    expect_values(trial_run(t, g), DG_SHAPE(2, 4), 0, DATA(1, 32, 0, 0, 1, 0, 0, 0));
    /* Row 0: Σ_i ∂²/∂x_i∂x_j of x_0 + x_0·x_1 + x_0·x_1·x_2 + x_0·x_1·x_2·x_3. */
    expect_values(trial_run(t, trial_grad(g, x)), DG_SHAPE(2, 4), 0, DATA(16, 32, 10, 6, 36, 36, 0, 0));
    trial_free(t);
}

Test(cummax, keeps_the_last_of_equals_and_any_nan)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_input(t, DG_SHAPE(6), DATA(1, 3, 3, 2, NAN, 5)), *y = dg_cummax(x, 0), *z = dg_cummin(x, 0);
    expect_values(trial_run(t, y), DG_SHAPE(6), 0, DATA(1, 3, 3, 3, NAN, NAN));
    expect_values(trial_run(t, dg_output(y, 1)), DG_SHAPE(6), 0, DATA(0, 1, 2, 2, 4, 4));
    expect_values(trial_run(t, dg_output(z, 1)), DG_SHAPE(6), 0, DATA(0, 0, 0, 0, 4, 4));
    expect_values(trial_run(t, trial_grad(y, x)), DG_SHAPE(6), 0, DATA(1, 1, 2, 0, 2, 0));
    trial_free(t);
}

Test(logcumsumexp, neither_overflows_nor_loses_minus_infinity)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(4), DATA(-INFINITY, -INFINITY, 1000, 1000)), *y = dg_logcumsumexp(x, 0);
    expect_values(trial_run(t, y), DG_SHAPE(4), 1e-15, DATA(-INFINITY, -INFINITY, 1000, 1000 + log(2)));
    expect_values(trial_run(t, trial_grad(y, x)), DG_SHAPE(4), 1e-12, DATA(0, 0, 1.5, 0.5));
    dg_node *z = trial_input(t, DG_SHAPE(3), DATA(0, INFINITY, INFINITY));
    expect_values(trial_run(t, dg_logcumsumexp(z, 0)), DG_SHAPE(3), 0, DATA(0, INFINITY, INFINITY));
    trial_free(t);
}

Test(linear_scan, is_a_recurrence_and_its_transpose)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *a = trial_input(t, DG_SHAPE(3), DATA(100, 2, 3)), *b = trial_input(t, DG_SHAPE(3), DATA(1, 4, 5));
    expect_values(trial_run(t, dg_linear_scan(a, b, 0)), DG_SHAPE(3), 0, DATA(1, 6, 23));
    expect_values(trial_run(t, dg_linear_scan(a, b, 0, .transposed = true)), DG_SHAPE(3), 0, DATA(39, 19, 5));
    expect_values(trial_run(t, trial_grad(dg_linear_scan(a, b, 0), a)), DG_SHAPE(3), 0, DATA(0, 4, 6));
    dg_linear_scan(a, trial_input(t, DG_SHAPE(2), NULL), 0);
    expect_failure(dg_graph_status(t->graph), DG_BAD_SHAPE, "the same shape");
    trial_free(t);
}
