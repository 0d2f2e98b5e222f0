/* sort, argsort, topk, median, kthvalue. */
#include "../support.h"

Test(sort, is_stable_and_puts_nan_last)
{
    for (int k = 0; k < 2; k++) {
        trial *t = trial_new(k ? DG_FLOAT64 : DG_FLOAT32);
        dg_node *x = trial_input(t, DG_SHAPE(7), DATA(2, NAN, 1, INFINITY, 2, -INFINITY, NAN));
        dg_node *up = dg_sort(x), *down = dg_sort(x, .descending = true);
        expect_values(trial_run(t, up), DG_SHAPE(7), 0, DATA(-INFINITY, 1, 2, 2, INFINITY, NAN, NAN));
        expect_values(trial_run(t, dg_output(up, 1)), DG_SHAPE(7), 0, DATA(5, 2, 0, 4, 3, 1, 6));
        expect_values(trial_run(t, dg_output(down, 1)), DG_SHAPE(7), 0, DATA(1, 6, 3, 0, 4, 2, 5));
        expect_values(trial_run(t, dg_argsort(x)), DG_SHAPE(7), 0, DATA(5, 2, 0, 4, 3, 1, 6));
        trial_free(t);
    }
}

Test(sort, along_any_dimension)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_input(t, DG_SHAPE(3, 2), DATA(3, 10, 1, 30, 2, 20)), *y = dg_sort(x, .dim = 0);
    expect_values(trial_run(t, y), DG_SHAPE(3, 2), 0, DATA(1, 10, 2, 20, 3, 30));
    expect_values(trial_run(t, dg_output(y, 1)), DG_SHAPE(3, 2), 0, DATA(1, 0, 2, 2, 0, 1));
    dg_node *weights = trial_input(t, DG_SHAPE(3, 2), DATA(1, 2, 3, 4, 5, 6));
    expect_values(trial_run(t, trial_grad(dg_mul(y, weights), x)), DG_SHAPE(3, 2), 0, DATA(5, 2, 1, 6, 3, 4));
    dg_node *i = trial_feed(t, DG_INT32, DG_SHAPE(3), DG_SHAPE(3), DATA(2, -1, 2));
    expect_values(trial_run(t, dg_output(dg_sort(i, .descending = true), 1)), DG_SHAPE(3), 0, DATA(0, 2, 1));
    dg_node *b = trial_feed(t, DG_BOOL, DG_SHAPE(3), DG_SHAPE(3), DATA(1, 0, 1));
    expect_values(trial_run(t, dg_sort(b)), DG_SHAPE(3), 0, DATA(0, 1, 1));
    expect_values(trial_run(t, dg_sort(trial_input(t, DG_SHAPE(2, 0), NULL))), DG_SHAPE(2, 0), 0, NULL);
    expect_values(trial_run(t, dg_sort(trial_input(t, dg_scalar(), DATA(4)))), dg_scalar(), 0, DATA(4));
    trial_free(t);
}

Test(sort, of_long_rows_on_two_threads)
{
    enum { ROWS = 9, COUNT = 5003 };
    trial *t = trial_new(DG_FLOAT64);
    must(dg_threads_new(2, &t->threads));
    dg_node *x = trial_input(t, DG_SHAPE(ROWS, COUNT), NULL), *y = dg_sort(x);
    for (int i = 0; i < ROWS * COUNT; i++)
        dg_tensor_set(&t->tensors[0], i, (double)((i % COUNT) * 2311 % 1201)); /* values repeat */
    const dg_tensor *index = trial_run(t, dg_output(y, 1));
    for (int i = 1; i < ROWS * COUNT; i++) {
        int row = i / COUNT * COUNT, a = (int)dg_tensor_get(index, i - 1), b = (int)dg_tensor_get(index, i);
        double va = dg_tensor_get(&t->tensors[0], row + a), vb = dg_tensor_get(&t->tensors[0], row + b);
        cr_assert(i == row || va < vb || (va == vb && a < b), "places %d and %d", i - 1, i);
    }
    dg_threads *threads = t->threads;
    trial_free(t);
    dg_threads_free(threads);
}

Test(topk, takes_the_greatest_or_the_least)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_input(t, DG_SHAPE(2, 4), DATA(1, 4, 2, 4, 8, 5, NAN, 7)), *y = dg_topk(x, 2);
    expect_values(trial_run(t, y), DG_SHAPE(2, 2), 0, DATA(4, 4, NAN, 8));
    expect_values(trial_run(t, dg_output(y, 1)), DG_SHAPE(2, 2), 0, DATA(1, 3, 2, 0));
    expect_values(trial_run(t, dg_topk(x, 1, .dim = 0, .largest = false)), DG_SHAPE(1, 4), 0, DATA(1, 4, 2, 4));
    expect_values(trial_run(t, trial_grad(y, x)), DG_SHAPE(2, 4), 0, DATA(0, 1, 0, 1, 1, 0, 1, 0));
    expect_values(trial_run(t, dg_topk(x, 0)), DG_SHAPE(2, 0), 0, NULL);
    dg_topk(x, 5);
    expect_failure(dg_graph_status(t->graph), DG_BAD_ARGUMENT, "k is 5, expected 0 … 4");
    trial_free(t);
}

Test(topk, checks_k_when_the_batch_is_known)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_feed(t, DG_FLOAT32, DG_SHAPE(DG_N), DG_SHAPE(2), DATA(1, 2));
    expect_failure(trial_try(t, dg_topk(x, 3, .name = "best")), DG_BAD_ARGUMENT, "k is 3, expected 0 … 2");
    trial_free(t);
}

Test(median, is_the_lower_one_of_two)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(2, 4), DATA(4, 1, 3, 2, 5, NAN, 6, 7)), *y = dg_median(x, .dim = 1);
    expect_values(trial_run(t, y), DG_SHAPE(2), 0, DATA(2, NAN));
    expect_values(trial_run(t, dg_output(y, 1)), DG_SHAPE(2), 0, DATA(3, 1));
    expect_values(trial_run(t, trial_grad(y, x)), DG_SHAPE(2, 4), 0, DATA(0, 0, 0, 1, 0, 1, 0, 0));
    expect_values(trial_run(t, dg_median(x, .dim = 0, .keepdim = true)), DG_SHAPE(1, 4), 0, DATA(4, NAN, 3, 2));
    trial_free(t);
}

Test(median, of_all_shares_its_gradient_among_equals)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(2, 3), DATA(2, 1, 2, 3, 2, 0)), *y = dg_median(x);
    expect_values(trial_run(t, y), dg_scalar(), 0, DATA(2));
    expect_values(trial_run(t, trial_grad(y, x)), DG_SHAPE(2, 3), 1e-15, DATA(1 / 3., 0, 1 / 3., 0, 1 / 3., 0));
    dg_median(trial_input(t, DG_SHAPE(2, 0), NULL), .dim = 1);
    expect_failure(dg_graph_status(t->graph), DG_BAD_SHAPE, "no elements to choose from");
    trial_free(t);
}

Test(kthvalue, counts_from_the_least)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_input(t, DG_SHAPE(2, 3), DATA(3, NAN, 1, 6, 5, 4)), *y = dg_kthvalue(x, 2, .keepdim = true);
    expect_values(trial_run(t, y), DG_SHAPE(2, 1), 0, DATA(3, 5));
    expect_values(trial_run(t, dg_output(y, 1)), DG_SHAPE(2, 1), 0, DATA(0, 1));
    expect_values(trial_run(t, dg_kthvalue(x, 3)), DG_SHAPE(2), 0, DATA(NAN, 6));
    expect_values(trial_run(t, trial_grad(dg_kthvalue(x, 1), x)), DG_SHAPE(2, 3), 0, DATA(0, 0, 1, 0, 0, 1));
    dg_kthvalue(x, 0);
    expect_failure(dg_graph_status(t->graph), DG_BAD_ARGUMENT, "k is 0, expected 1 … 3");
    trial_free(t);
}
