/* Shapes: views, orders, broadcasting, joining and slicing; symbols, gradients, errors. */
#include "../support.h"

#define SIX DATA(1, 2, 3, 4, 5, 6)

Test(reshape, keeps_the_elements)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(2, 3), SIX);
    expect_values(trial_run(t, dg_reshape(x, DG_SHAPE(3, 2))), DG_SHAPE(3, 2), 0, SIX);
    expect_values(trial_run(t, dg_reshape(x, DG_SHAPE(-1, 1, 2))), DG_SHAPE(3, 1, 2), 0, SIX);
    expect_values(trial_run(t, trial_grad(dg_mul(dg_reshape(x, DG_SHAPE(6)), trial_input(t, DG_SHAPE(6), SIX)), x)),
                  DG_SHAPE(2, 3), 0, SIX);
    trial_free(t);
}

Test(reshape, finds_the_batch)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = dg_input(t->graph, DG_SHAPE(DG_N, 2, 3));
    dg_shape batch = DG_SHAPE(DG_N, 6);
    cr_expect(dg_shape_equal(&dg_node_type(dg_reshape(x, DG_SHAPE(-1, 6)), 0)->shape, &batch));
    cr_expect(dg_shape_equal(&dg_node_type(dg_flatten(x), 0)->shape, &batch));
    cr_expect_eq(dg_node_type(dg_reshape(x, DG_SHAPE(-1, 3)), 0)->shape.dims[0], DG_UNKNOWN);
    dg_shape column = DG_SHAPE(6, 1), all = DG_SHAPE(DG_UNKNOWN);
    cr_expect(dg_shape_equal(&dg_node_type(dg_flatten(x, .start_dim = 0), 0)->shape, &all));
    dg_node *known = trial_input(t, DG_SHAPE(2, 3, 1), SIX);
    expect_values(trial_run(t, dg_flatten(known, .start_dim = 0, .end_dim = 1)), column, 0, SIX);
    must(dg_graph_status(t->graph));
    dg_reshape(x, DG_SHAPE(DG_N, 5));
    expect_failure(dg_graph_status(t->graph), DG_BAD_SHAPE, "[N, 2, 3] cannot be reshaped to [N, 5]");
    trial_free(t);
}

Test(reshape, with_a_symbol_is_checked_when_it_is_bound)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_feed(t, DG_FLOAT64, DG_SHAPE(DG_N, 2), DG_SHAPE(3, 2), SIX);
    expect_values(trial_run(t, dg_reshape(x, DG_SHAPE(2, DG_N))), DG_SHAPE(2, 3), 0, SIX);
    expect_failure(trial_try(t, dg_reshape(x, DG_SHAPE(-1, 4))), DG_BAD_SHAPE, "[3, 2]");
    trial_free(t);
}

Test(reshape, mistakes_are_named)
{
    const struct {
        dg_shape shape;
        const char *message;
    } mistakes[] = {{DG_SHAPE(4, 2), "[2, 3] cannot be reshaped to [4, 2]"},
                    {DG_SHAPE(-1, 4), "[2, 3] cannot be reshaped to"},
                    {DG_SHAPE(-1, -1), "more than one"},
                    {DG_SHAPE(-1, 0), "cannot be reshaped"}};
    for (int k = 0; k < 4; k++) {
        trial *t = trial_new(DG_FLOAT32);
        dg_reshape(trial_input(t, DG_SHAPE(2, 3), NULL), mistakes[k].shape);
        expect_failure(dg_graph_status(t->graph), DG_BAD_SHAPE, mistakes[k].message);
        trial_free(t);
    }
}

Test(squeeze, and_unsqueeze_move_dimensions_of_size_1)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(1, 6, 1), SIX);
    expect_values(trial_run(t, dg_squeeze(x)), DG_SHAPE(6), 0, SIX);
    expect_values(trial_run(t, dg_squeeze(x, .dim = DG_INTS(-1))), DG_SHAPE(1, 6), 0, SIX);
    expect_values(trial_run(t, dg_squeeze(x, .dim = DG_INTS(0, 1))), DG_SHAPE(6, 1), 0, SIX);
    expect_values(trial_run(t, dg_unsqueeze(x, -1)), DG_SHAPE(1, 6, 1, 1), 0, SIX);
    expect_values(trial_run(t, dg_unsqueeze(x, 1)), DG_SHAPE(1, 1, 6, 1), 0, SIX);
    expect_values(trial_run(t, trial_grad(dg_unsqueeze(dg_squeeze(x), 0), x)), DG_SHAPE(1, 6, 1), 0,
                  DATA(1, 1, 1, 1, 1, 1));
    dg_squeeze(dg_input(t->graph, DG_SHAPE(DG_N, 1)));
    expect_failure(dg_graph_status(t->graph), DG_BAD_SHAPE, "name the dimensions");
    trial_free(t);
}

/* y[k][j][i] = x[i][j][k] for sizes around those of tiles. */
Test(transpose, moves_every_element)
{
    const int64_t sizes[][2] = {{1, 7}, {3, 5}, {32, 32}, {33, 70}, {100, 31}};
    const dg_dtype dtypes[] = {DG_FLOAT32, DG_FLOAT64, DG_BOOL, DG_INT64};
    for (int k = 0; k < 5; k++) {
        for (int d = 0; d < 4; d++) {
            trial *t = trial_new(DG_FLOAT32);
            int64_t m = sizes[k][0], n = sizes[k][1];
            dg_node *x = trial_feed(t, dtypes[d], DG_SHAPE(2, m, n), DG_SHAPE(2, m, n), NULL);
            for (int64_t i = 0; i < 2 * m * n; i++)
                dg_tensor_set(&t->tensors[0], i, (double)(i * 7 % 101 % (dtypes[d] == DG_BOOL ? 2 : 101)));
            const dg_tensor *y = trial_run(t, dg_transpose(x, 0, -1));
            dg_shape want = DG_SHAPE(n, m, 2);
            cr_assert(dg_shape_equal(&y->shape, &want));
            bool same = true;
            for (int64_t a = 0; a < 2; a++)
                for (int64_t i = 0; i < m; i++)
                    for (int64_t j = 0; j < n; j++)
                        same &=
                            dg_tensor_get(y, (j * m + i) * 2 + a) == dg_tensor_get(&t->tensors[0], (a * m + i) * n + j);
            cr_expect(same, "[2, %d, %d] of %s", (int)m, (int)n, dg_dtype_name(dtypes[d]));
            trial_free(t);
        }
    }
}

Test(permute, orders_dimensions_and_its_gradient_orders_them_back)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(1, 2, 3), SIX), *y = dg_permute(x, DG_INTS(2, 0, 1));
    expect_values(trial_run(t, y), DG_SHAPE(3, 1, 2), 0, DATA(1, 4, 2, 5, 3, 6));
    dg_node *weights = trial_input(t, DG_SHAPE(3, 1, 2), SIX);
    expect_values(trial_run(t, trial_grad(dg_mul(y, weights), x)), DG_SHAPE(1, 2, 3), 0, DATA(1, 3, 5, 2, 4, 6));
    dg_permute(x, DG_INTS(0, 1, 1));
    expect_failure(dg_graph_status(t->graph), DG_BAD_SHAPE, "dimension 1 twice");
    trial_free(t);
}

Test(transpose, has_the_same_bits_for_any_number_of_threads)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_input(t, DG_SHAPE(500, 300), NULL);
    for (int64_t i = 0; i < 150000; i++)
        dg_tensor_set(&t->tensors[0], i, (double)i);
    must(dg_threads_new(3, &t->threads));
    const dg_tensor *y = trial_run(t, dg_transpose(x, 0, 1));
    bool same = true;
    for (int64_t i = 0; i < 150000; i++)
        same &= dg_tensor_get(y, i) == (double)(i % 500 * 300 + i / 500);
    cr_expect(same);
    dg_plan_free(t->plan);
    t->plan = NULL;
    dg_threads_free(t->threads);
    trial_free(t);
}

Test(expand, repeats_and_its_gradient_sums)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(2, 1), DATA(1, 2));
    expect_values(trial_run(t, dg_expand(x, DG_SHAPE(2, -1, 3))), DG_SHAPE(2, 2, 3), 0,
                  DATA(1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2));
    expect_values(trial_run(t, trial_grad(dg_expand(x, DG_SHAPE(2, -1, 3)), x)), DG_SHAPE(2, 1), 0, DATA(6, 6));
    expect_values(trial_run(t, dg_expand_as(x, trial_input(t, DG_SHAPE(2, 3), SIX))), DG_SHAPE(2, 3), 0,
                  DATA(1, 1, 1, 2, 2, 2));
    expect_values(trial_run(t, dg_expand(trial_input(t, dg_scalar(), DATA(7)), DG_SHAPE(3))), DG_SHAPE(3), 0,
                  DATA(7, 7, 7));
    dg_expand(x, DG_SHAPE(3, 3));
    expect_failure(dg_graph_status(t->graph), DG_BAD_SHAPE, "[2, 1] cannot be expanded to [3, 3]");
    trial_free(t);
}

Test(slice, follows_python)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(6), SIX);
    expect_values(trial_run(t, dg_slice(x, .start = 1, .end = 6, .step = 2)), DG_SHAPE(3), 0, DATA(2, 4, 6));
    expect_values(trial_run(t, dg_slice(x, .start = -2)), DG_SHAPE(2), 0, DATA(5, 6));
    expect_values(trial_run(t, dg_slice(x, .end = -4)), DG_SHAPE(2), 0, DATA(1, 2));
    expect_values(trial_run(t, dg_slice(x, .start = 4, .end = 100)), DG_SHAPE(2), 0, DATA(5, 6));
    expect_values(trial_run(t, dg_slice(x, .start = 4, .end = 2)), DG_SHAPE(0), 0, NULL);
    expect_values(trial_run(t, trial_grad(dg_slice(x, .start = 1, .step = 3), x)), DG_SHAPE(6), 0,
                  DATA(0, 1, 0, 0, 1, 0));
    dg_slice(x, .step = 0);
    expect_failure(dg_graph_status(t->graph), DG_BAD_ARGUMENT, "step is 0");
    trial_free(t);
}

Test(slice, of_inner_dimensions)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_input(t, DG_SHAPE(2, 3), SIX), *y = dg_slice(x, .dim = -1, .start = 1);
    expect_values(trial_run(t, y), DG_SHAPE(2, 2), 0, DATA(2, 3, 5, 6));
    dg_node *g = trial_grad(dg_square(y), x);
    expect_values(trial_run(t, g), DG_SHAPE(2, 3), 0, DATA(0, 4, 6, 0, 10, 12));
    expect_values(trial_run(t, trial_grad(g, x)), DG_SHAPE(2, 3), 0, DATA(0, 2, 2, 0, 2, 2));
    trial_free(t);
}

Test(cat, joins_and_sends_each_gradient_home)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *a = trial_input(t, DG_SHAPE(2, 1), DATA(1, 2)), *b = trial_input(t, DG_SHAPE(2, 2), DATA(3, 4, 5, 6));
    dg_node *y = dg_cat(3, ((dg_node *[]){a, b, a}), .dim = 1);
    expect_values(trial_run(t, y), DG_SHAPE(2, 4), 0, DATA(1, 3, 4, 1, 2, 5, 6, 2));
    dg_node *weighted = dg_mul(y, trial_input(t, DG_SHAPE(4), DATA(1, 10, 100, 1000)));
    expect_values(trial_run(t, trial_grad(weighted, a)), DG_SHAPE(2, 1), 0, DATA(1001, 1001));
    expect_values(trial_run(t, trial_grad(weighted, b)), DG_SHAPE(2, 2), 0, DATA(10, 100, 10, 100));
    trial_free(t);
}

Test(cat, of_symbolic_sizes_has_its_gradient_too)
{
    trial *t = trial_new(DG_FLOAT64);
    int64_t m = dg_symbol(t->graph, "M");
    dg_node *a = trial_feed(t, DG_FLOAT64, DG_SHAPE(DG_N), DG_SHAPE(2), DATA(1, 2));
    dg_node *b = trial_feed(t, DG_FLOAT64, DG_SHAPE(m), DG_SHAPE(3), DATA(3, 4, 5));
    dg_node *y = dg_cat(3, ((dg_node *[]){a, b, a}));
    cr_assert(y);
    cr_expect_eq(dg_node_type(y, 0)->shape.dims[0], DG_UNKNOWN);
    expect_values(trial_run(t, y), DG_SHAPE(7), 0, DATA(1, 2, 3, 4, 5, 1, 2));
    dg_node *cubes = dg_pow(y, .exponent = 3), *g = trial_grad(cubes, b);
    expect_values(trial_run(t, g), DG_SHAPE(3), 0, DATA(27, 48, 75));
    expect_values(trial_run(t, trial_grad(cubes, a)), DG_SHAPE(2), 0, DATA(6, 24));
    expect_values(trial_run(t, trial_grad(g, b)), DG_SHAPE(3), 0, DATA(18, 24, 30));
    dg_node *joined = dg_cat(2, ((dg_node *[]){a, b}));
    dg_node *rest = dg_slice_like(joined, b, .before = a), *back = dg_slice_like_scatter(rest, joined, .before = a);
    expect_values(trial_run(t, rest), DG_SHAPE(3), 0, DATA(3, 4, 5));
    expect_values(trial_run(t, back), DG_SHAPE(5), 0, DATA(0, 0, 3, 4, 5));
    expect_values(trial_run(t, trial_grad(dg_square(back), b)), DG_SHAPE(3), 0, DATA(6, 8, 10));
    trial_free(t);
}

Test(cat, mistakes_are_named)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_cat(2, ((dg_node *[]){trial_input(t, DG_SHAPE(2, 3), NULL), trial_input(t, DG_SHAPE(3, 3), NULL)}), .dim = 1);
    expect_failure(dg_graph_status(t->graph), DG_BAD_SHAPE, "[2, 3] and [3, 3] do not join along dimension 1");
    trial_free(t);
    t = trial_new(DG_FLOAT32);
    dg_cat(2, ((dg_node *[]){trial_input(t, DG_SHAPE(2), NULL), trial_labels(t, DG_SHAPE(3), NULL)}));
    expect_failure(dg_graph_status(t->graph), DG_BAD_DTYPE, "float32 and int64");
    trial_free(t);
}

Test(stack, joins_along_a_new_dimension)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *a = trial_input(t, DG_SHAPE(3), DATA(1, 2, 3)), *b = trial_input(t, DG_SHAPE(3), DATA(4, 5, 6));
    dg_node *both[] = {a, b};
    expect_values(trial_run(t, dg_stack(2, both)), DG_SHAPE(2, 3), 0, SIX);
    dg_node *y = dg_stack(2, both, .dim = -1);
    expect_values(trial_run(t, y), DG_SHAPE(3, 2), 0, DATA(1, 4, 2, 5, 3, 6));
    expect_values(trial_run(t, trial_grad(dg_mul(y, trial_input(t, DG_SHAPE(3, 2), SIX)), b)), DG_SHAPE(3), 0,
                  DATA(2, 4, 6));
    dg_stack(2, ((dg_node *[]){a, trial_input(t, DG_SHAPE(2), NULL)}));
    expect_failure(dg_graph_status(t->graph), DG_BAD_SHAPE, "[3]");
    trial_free(t);
}
