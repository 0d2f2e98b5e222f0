/* Elements in another order, repeated, dealt out, replaced, on diagonals; tensors made of numbers. */
#include "points.h"

static dg_node *counting(trial *t, dg_shape shape)
{
    dg_node *node = trial_input(t, shape, NULL);
    dg_tensor *tensor = &t->tensors[t->n_feeds - 1];
    for (int64_t i = 0; i < dg_tensor_count(tensor); i++)
        dg_tensor_set(tensor, i, (double)i);
    return node;
}

Test(flip, reverses_dimensions)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = counting(t, DG_SHAPE(2, 3)), *w = counting(t, DG_SHAPE(2, 3));
    expect_values(trial_run(t, dg_flip(x, DG_INTS(1))), DG_SHAPE(2, 3), 0, DATA(2, 1, 0, 5, 4, 3));
    expect_values(trial_run(t, dg_flip(x, DG_INTS(0, -1))), DG_SHAPE(2, 3), 0, DATA(5, 4, 3, 2, 1, 0));
    expect_values(trial_run(t, trial_grad(dg_mul(w, dg_flip(x, DG_INTS(0))), x)), DG_SHAPE(2, 3), 0,
                  DATA(3, 4, 5, 0, 1, 2));
    expect_values(trial_run(t, dg_flip(trial_input(t, DG_SHAPE(0, 2), NULL), DG_INTS(0))), DG_SHAPE(0, 2), 0, NULL);
    dg_flip(x, DG_INTS(1, -1));
    expect_failure(dg_graph_status(t->graph), DG_BAD_SHAPE, "dimension 1 is given twice");
    trial_free(t);
}

Test(roll, comes_round)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = counting(t, DG_SHAPE(2, 3));
    expect_values(trial_run(t, dg_roll(x, DG_INTS(1))), DG_SHAPE(2, 3), 0, DATA(5, 0, 1, 2, 3, 4));
    expect_values(trial_run(t, dg_roll(x, DG_INTS(-4), .dims = DG_INTS(1))), DG_SHAPE(2, 3), 0, DATA(1, 2, 0, 4, 5, 3));
    expect_values(trial_run(t, dg_roll(x, DG_INTS(1, 1), .dims = DG_INTS(0, 1))), DG_SHAPE(2, 3), 0,
                  DATA(5, 3, 4, 2, 0, 1));
    dg_roll(x, DG_INTS(1, 2));
    expect_failure(dg_graph_status(t->graph), DG_BAD_ARGUMENT, "2 shifts for 1 dimension");
    trial_free(t);
}

Test(repeat, puts_copies_side_by_side)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = counting(t, DG_SHAPE(2, 1)), *v = counting(t, DG_SHAPE(2));
    expect_values(trial_run(t, dg_repeat(x, DG_INTS(2, 2))), DG_SHAPE(4, 2), 0, DATA(0, 0, 1, 1, 0, 0, 1, 1));
    expect_values(trial_run(t, dg_repeat(v, DG_INTS(2, 2))), DG_SHAPE(2, 4), 0, DATA(0, 1, 0, 1, 0, 1, 0, 1));
    expect_values(trial_run(t, dg_repeat(v, DG_INTS(1, 1))), DG_SHAPE(1, 2), 0, DATA(0, 1));
    expect_values(trial_run(t, dg_repeat(v, DG_INTS(0))), DG_SHAPE(0), 0, NULL);
    expect_values(trial_run(t, dg_tile(x, DG_INTS(3))), DG_SHAPE(2, 3), 0, DATA(0, 0, 0, 1, 1, 1));
    expect_values(trial_run(t, trial_grad(dg_repeat(v, DG_INTS(3, 2)), v)), DG_SHAPE(2), 0, DATA(6, 6));
    dg_node *batch = trial_feed(t, DG_FLOAT32, DG_SHAPE(DG_N, 2), DG_SHAPE(2, 2), DATA(1, 2, 3, 4));
    expect_values(trial_run(t, dg_repeat(batch, DG_INTS(2, 1))), DG_SHAPE(4, 2), 0, DATA(1, 2, 3, 4, 1, 2, 3, 4));
    dg_repeat(x, DG_INTS(2));
    expect_failure(dg_graph_status(t->graph), DG_BAD_SHAPE, "1 repeat for 2 dimensions");
    trial_free(t);
}

Test(movedim, keeps_the_order_of_the_rest)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = counting(t, DG_SHAPE(2, 1, 3));
    expect_values(trial_run(t, dg_movedim(x, DG_INTS(0), DG_INTS(-1))), DG_SHAPE(1, 3, 2), 0, DATA(0, 3, 1, 4, 2, 5));
    expect_values(trial_run(t, dg_unflatten(x, 2, DG_SHAPE(-1, 1))), DG_SHAPE(2, 1, 3, 1), 0, DATA(0, 1, 2, 3, 4, 5));
    dg_unflatten(x, 2, DG_SHAPE(2, 2));
    expect_failure(dg_graph_status(t->graph), DG_BAD_SHAPE, "the product of the sizes is not 3");
    trial_free(t);
}

Test(split, has_an_output_for_each_piece)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = counting(t, DG_SHAPE(5)), *y = dg_split(x, DG_INTS(2)), *z = dg_split(x, DG_INTS(1, 0, 4));
    cr_expect_eq(dg_node_output_count(y), 3);
    expect_values(trial_run(t, y), DG_SHAPE(2), 0, DATA(0, 1));
    expect_values(trial_run(t, dg_output(y, 2)), DG_SHAPE(1), 0, DATA(4));
    expect_values(trial_run(t, dg_output(z, 1)), DG_SHAPE(0), 0, NULL);
    expect_values(trial_run(t, dg_output(z, 2)), DG_SHAPE(4), 0, DATA(1, 2, 3, 4));
    dg_node *c = dg_chunk(x, 4);
    cr_expect_eq(dg_node_output_count(c), 3); /* as in PyTorch: pieces of 2 */
    dg_node *u = dg_unbind(dg_unflatten(dg_slice(x, .end = 4), 0, DG_SHAPE(2, 2)), .dim = 1);
    expect_values(trial_run(t, dg_output(u, 1)), DG_SHAPE(2), 0, DATA(1, 3));
    dg_node *loss = dg_add(dg_sum(dg_output(y, 1)), dg_sum(dg_square(dg_output(y, 2))));
    expect_values(trial_run(t, trial_grad(loss, x)), DG_SHAPE(5), 0, DATA(0, 0, 1, 1, 8));
    dg_output(y, 3);
    expect_failure(dg_graph_status(t->graph), DG_BAD_ARGUMENT, "has 3 outputs");
    trial_free(t);
}

static void expect_bad_split(dg_shape shape, dg_ints sizes, dg_code code, const char *text)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_split(dg_input(t->graph, shape), sizes);
    expect_failure(dg_graph_status(t->graph), code, text);
    trial_free(t);
}

Test(split, says_what_is_wrong)
{
    expect_bad_split(DG_SHAPE(5), DG_INTS(2, 2), DG_BAD_SHAPE, "the sizes add up to 4, dimension 0 has 5");
    expect_bad_split(DG_SHAPE(5), DG_INTS(0), DG_BAD_ARGUMENT, "split_size");
    expect_bad_split(DG_SHAPE(100), DG_INTS(1), DG_BAD_SHAPE, "100 pieces, at most 32");
    expect_bad_split(DG_SHAPE(DG_N), DG_INTS(2), DG_BAD_SHAPE, "is not known");
}

Test(meshgrid, in_both_conventions)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x[] = {trial_input(t, DG_SHAPE(2), DATA(1, 2)), trial_input(t, DG_SHAPE(3), DATA(3, 4, 5))};
    expect_values(trial_run(t, dg_meshgrid(2, x)), DG_SHAPE(2, 3), 0, DATA(1, 1, 1, 2, 2, 2));
    expect_values(trial_run(t, dg_output(dg_meshgrid(2, x), 1)), DG_SHAPE(2, 3), 0, DATA(3, 4, 5, 3, 4, 5));
    expect_values(trial_run(t, dg_meshgrid(2, x, .indexing = "xy")), DG_SHAPE(3, 2), 0, DATA(1, 2, 1, 2, 1, 2));
    trial_free(t);
}

Test(tril, and_triu_keep_their_triangle)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_input(t, DG_SHAPE(2, 3), DATA(1, 2, NAN, 4, 5, 6));
    expect_values(trial_run(t, dg_tril(x)), DG_SHAPE(2, 3), 0, DATA(1, 0, 0, 4, 5, 0));
    expect_values(trial_run(t, dg_tril(x, .diagonal = -2)), DG_SHAPE(2, 3), 0, DATA(0, 0, 0, 0, 0, 0));
    expect_values(trial_run(t, dg_triu(x, .diagonal = 1)), DG_SHAPE(2, 3), 0, DATA(0, 2, NAN, 0, 0, 6));
    expect_values(trial_run(t, dg_triu(x, .diagonal = -9)), DG_SHAPE(2, 3), 0, DATA(1, 2, NAN, 4, 5, 6));
    expect_values(trial_run(t, trial_grad(dg_tril(x), x)), DG_SHAPE(2, 3), 0, DATA(1, 0, 0, 1, 1, 0));
    expect_values(trial_run(t, dg_tril(trial_input(t, DG_SHAPE(0, 3), NULL))), DG_SHAPE(0, 3), 0, NULL);
    dg_tril(trial_input(t, DG_SHAPE(3), NULL));
    expect_failure(dg_graph_status(t->graph), DG_BAD_SHAPE, "1 dimension, expected at least 2");
    trial_free(t);
}

Test(diagonal, of_any_two_dimensions)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = counting(t, DG_SHAPE(2, 3)), *y = counting(t, DG_SHAPE(2, 2, 2)), *v = counting(t, DG_SHAPE(2));
    expect_values(trial_run(t, dg_diagonal(x)), DG_SHAPE(2), 0, DATA(0, 4));
    expect_values(trial_run(t, dg_diagonal(x, .offset = 1)), DG_SHAPE(2), 0, DATA(1, 5));
    expect_values(trial_run(t, dg_diagonal(x, .offset = -1)), DG_SHAPE(1), 0, DATA(3));
    expect_values(trial_run(t, dg_diagonal(x, .offset = 5)), DG_SHAPE(0), 0, NULL);
    expect_values(trial_run(t, dg_diagonal(y, .dim1 = 2, .dim2 = 0)), DG_SHAPE(2, 2), 0, DATA(0, 5, 2, 7));
    expect_values(trial_run(t, dg_diag(v, .diagonal = -1)), DG_SHAPE(3, 3), 0, DATA(0, 0, 0, 0, 0, 0, 0, 1, 0));
    expect_values(trial_run(t, dg_diag_embed(x)), DG_SHAPE(2, 3, 3), 0,
                  DATA(0, 0, 0, 0, 1, 0, 0, 0, 2, 3, 0, 0, 0, 4, 0, 0, 0, 5));
    expect_values(trial_run(t, dg_trace(y)), DG_SHAPE(2), 0, DATA(3, 11));
    expect_values(trial_run(t, trial_grad(dg_trace(x), x)), DG_SHAPE(2, 3), 0, DATA(1, 0, 0, 0, 1, 0));
    dg_diagonal(x, .dim1 = 1, .dim2 = -1);
    expect_failure(dg_graph_status(t->graph), DG_BAD_SHAPE, "dim1 and dim2 are both 1");
    trial_free(t);
}

Test(masked_fill, leaves_no_gradient_behind)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_input(t, DG_SHAPE(2, 2), DATA(1, NAN, 3, 4));
    dg_node *y = dg_masked_fill(x, dg_isnan(x), -INFINITY),
            *z = trial_input(t, DG_SHAPE(3), DATA(NAN, INFINITY, -INFINITY));
    expect_values(trial_run(t, y), DG_SHAPE(2, 2), 0, DATA(1, -INFINITY, 3, 4));
    expect_values(trial_run(t, trial_grad(y, x)), DG_SHAPE(2, 2), 0, DATA(1, 0, 1, 1));
    expect_values(trial_run(t, dg_isinf(z)), DG_SHAPE(3), 0, DATA(0, 1, 1));
    expect_values(trial_run(t, dg_isfinite(x)), DG_SHAPE(2, 2), 0, DATA(1, 0, 1, 1));
    expect_values(trial_run(t, dg_nan_to_num(z)), DG_SHAPE(3), 0, DATA(0, 0x1.fffffep127, -0x1.fffffep127));
    expect_values(trial_run(t, dg_nan_to_num(z, .nan = 1, .posinf = 2, .neginf = 3)), DG_SHAPE(3), 0, DATA(1, 2, 3));
    expect_values(trial_run(t, trial_grad(dg_nan_to_num(z), z)), DG_SHAPE(3), 0, DATA(0, 0, 0));
    trial_free(t);
}

Test(scatter, writes_the_last_of_several)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = counting(t, DG_SHAPE(4)), *i = trial_labels(t, DG_SHAPE(3), DATA(2, 0, 2));
    dg_node *s = trial_input(t, DG_SHAPE(3), DATA(10, 20, 30)), *w = trial_input(t, DG_SHAPE(4), DATA(1, 2, 3, 4));
    dg_node *y = dg_scatter(x, i, .src = s);
    expect_values(trial_run(t, y), DG_SHAPE(4), 0, DATA(20, 1, 30, 3));
    expect_values(trial_run(t, trial_grad(dg_mul(y, w), s)), DG_SHAPE(3), 0, DATA(0, 1, 3));
    expect_values(trial_run(t, trial_grad(dg_mul(y, w), x)), DG_SHAPE(4), 0, DATA(0, 2, 0, 4));
    expect_values(trial_run(t, dg_scatter(x, i, .value = -1)), DG_SHAPE(4), 0, DATA(-1, 1, -1, 3));
    expect_failure(trial_try(t, dg_scatter(x, trial_labels(t, DG_SHAPE(1), DATA(4)), .value = 0)), DG_BAD_DATA,
                   "index 4 at place 0 is outside 0 … 3");
    dg_scatter(x, i);
    expect_failure(dg_graph_status(t->graph), DG_BAD_ARGUMENT, "needs either src or value");
    trial_free(t);
}

Test(arange, and_other_tensors_of_numbers)
{
    trial *t = trial_new(DG_FLOAT64);
    const dg_tensor *y = trial_run(t, dg_arange(t->graph, 3));
    cr_expect_eq(y->dtype, DG_INT64);
    expect_values(y, DG_SHAPE(3), 0, DATA(0, 1, 2));
    expect_values(trial_run(t, dg_arange(t->graph, 1, .end = 2, .step = 0.5)), DG_SHAPE(2), 0, DATA(1, 1.5));
    expect_values(trial_run(t, dg_arange(t->graph, 3, .end = 0, .step = -2)), DG_SHAPE(2), 0, DATA(3, 1));
    expect_values(trial_run(t, dg_arange(t->graph, 0)), DG_SHAPE(0), 0, NULL);
    expect_values(trial_run(t, dg_linspace(t->graph, -1, 1, 5)), DG_SHAPE(5), 0, DATA(-1, -0.5, 0, 0.5, 1));
    expect_values(trial_run(t, dg_linspace(t->graph, 2, 9, 1)), DG_SHAPE(1), 0, DATA(2));
    expect_values(trial_run(t, dg_eye(t->graph, 2, .m = 3)), DG_SHAPE(2, 3), 0, DATA(1, 0, 0, 0, 1, 0));
    expect_values(trial_run(t, dg_full(t->graph, DG_SHAPE(2), 0.5)), DG_SHAPE(2), 0, DATA(0.5, 0.5));
    expect_values(trial_run(t, dg_ones(t->graph, DG_SHAPE(2), .dtype = DG_BOOL)), DG_SHAPE(2), 0, DATA(1, 1));
    dg_node *x = trial_feed(t, DG_FLOAT64, DG_SHAPE(DG_N), DG_SHAPE(2), DATA(1, 2));
    expect_values(trial_run(t, dg_mul(x, dg_full_like(x, 3))), DG_SHAPE(2), 0, DATA(3, 6));
    expect_values(trial_run(t, dg_add(x, dg_zeros(t->graph, DG_SHAPE(DG_N)))), DG_SHAPE(2), 0, DATA(1, 2));
    dg_arange(t->graph, 3, .step = -1);
    expect_failure(dg_graph_status(t->graph), DG_BAD_ARGUMENT, "no way from 0 to 3 in steps of -1");
    trial_free(t);
}

Test(arrange, takes_an_empty_list_of_dimensions_for_none)
{
    static const point points[] = {
        {"flip(dims=[])", {"[2, 2] 1 2 3 4"}, "[2, 2] 1 2 3 4", {"[2, 2] 1 2 3 4"}},
        {"squeeze(dim=[])", {"[1, 2] 1 2"}, "[1, 2] 1 2", {"[1, 2] 1 2"}},
        {"squeeze", {"[1, 2] 1 2"}, "[2] 1 2", {"[1, 2] 1 2"}},
        {"sum(dim=[])", {"[1, 2] 1 2"}, "[] 3", {"[1, 2] 1 1"}}, /* all, as in PyTorch */
    };
    CHECK_POINTS(points);
}
