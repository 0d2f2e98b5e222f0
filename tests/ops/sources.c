/* Inputs, parameters, constants, conversions, fills and detach. */
#include "../support.h"

Test(constant, with_a_point_is_of_the_graphs_float_type)
{
    trial *t = trial_new(DG_FLOAT32);
    const double numbers[] = {0.5, 2};
    const int64_t integers[] = {3, -4};
    dg_tensor real = dg_tensor_view(DG_FLOAT64, DG_SHAPE(2), numbers);
    dg_tensor whole = dg_tensor_view(DG_INT64, DG_SHAPE(2), integers);
    cr_expect_eq(dg_node_type(dg_constant(t->graph, &real), 0)->dtype, DG_FLOAT32);
    cr_expect_eq(dg_node_type(dg_constant(t->graph, &whole), 0)->dtype, DG_INT64);
    dg_node *given = dg_constant(t->graph, &whole, .dtype = DG_FLOAT64);
    cr_expect_eq(dg_node_type(given, 0)->dtype, DG_FLOAT64);
    expect_values(trial_run(t, given), DG_SHAPE(2), 0, DATA(3, -4));
    trial_free(t);
}

/* No node is of 16 bits: numbers that are become the graph's, which has each of them exactly. */
Test(constant, in_16_bits_is_of_the_graphs_float_type)
{
    for (dg_dtype type = DG_FLOAT16; type <= DG_BFLOAT16; type++) {
        trial *t = trial_new(type == DG_FLOAT16 ? DG_FLOAT32 : DG_FLOAT64);
        dg_tensor half;
        must(dg_tensor_make(&half, type, DG_SHAPE(2)));
        dg_tensor_set(&half, 0, 0.5);
        dg_tensor_set(&half, 1, -3);
        dg_node *constant = dg_constant(t->graph, &half);
        cr_expect_eq(dg_node_type(constant, 0)->dtype, dg_graph_dtype(t->graph));
        expect_values(trial_run(t, dg_mul(constant, constant)), DG_SHAPE(2), 0, DATA(0.25, 9));
        dg_tensor_release(&half);
        trial_free(t);
    }
}

Test(parameter, wants_sizes_that_are_numbers)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_parameter(t->graph, DG_SHAPE(DG_N, 3), .name = "w");
    expect_failure(dg_graph_status(t->graph), DG_BAD_SHAPE, "[N, 3]");
    trial_free(t);
}

Test(input, takes_the_graphs_float_type_or_its_own)
{
    trial *t = trial_new(DG_FLOAT64);
    cr_expect_eq(dg_node_type(dg_input(t->graph, DG_SHAPE(DG_N)), 0)->dtype, DG_FLOAT64);
    cr_expect_eq(dg_node_type(dg_input(t->graph, DG_SHAPE(DG_N), .dtype = DG_INT32), 0)->dtype, DG_INT32);
    trial_free(t);
}

Test(assign, wants_the_parameters_type)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *w = dg_parameter(t->graph, DG_SHAPE(3), .init = "zeros", .name = "w");
    dg_assign(w, trial_input(t, DG_SHAPE(2), NULL));
    expect_failure(dg_graph_status(t->graph), DG_BAD_SHAPE, "[2], the parameter [3]");
    trial_free(t);
}

Test(to, converts_between_all_types)
{
    const dg_dtype types[] = {DG_BOOL, DG_INT32, DG_INT64, DG_FLOAT32, DG_FLOAT64};
    const double wants[5][3] = {{1, 0, 1}, {-2, 0, 3}, {-2, 0, 3}, {-2.75, 0, 3.5}, {-2.75, 0, 3.5}};
    for (int from = 0; from < 5; from++) {
        for (int to = 0; to < 5; to++) {
            trial *t = trial_new(DG_FLOAT32);
            dg_node *x = trial_feed(t, types[from], DG_SHAPE(3), DG_SHAPE(3), wants[from]);
            const dg_tensor *y = trial_run(t, dg_to(x, types[to]));
            cr_expect_eq(y->dtype, types[to]);
            double want[3];
            for (int i = 0; i < 3; i++)
                want[i] = to == 0 ? wants[from][i] != 0 : to < 3 ? trunc(wants[from][i]) : wants[from][i];
            expect_values(y, DG_SHAPE(3), 0, want);
            trial_free(t);
        }
    }
}

Test(to, integers_from_numbers_that_do_not_fit)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(4), DATA(NAN, INFINITY, -1e300, 3e9));
    expect_values(trial_run(t, dg_to(x, DG_INT32)), DG_SHAPE(4), 0, DATA(0, INT32_MAX, INT32_MIN, INT32_MAX));
    expect_values(trial_run(t, dg_to(x, DG_INT64)), DG_SHAPE(4), 0, DATA(0, 0x1p63, -0x1p63, 3e9));
    trial_free(t);
}

Test(to, sends_gradients_back_in_the_inputs_type)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(2), DATA(1, 2));
    const dg_tensor *g = trial_run(t, trial_grad(dg_square(dg_to(x, DG_FLOAT32)), x));
    cr_expect_eq(g->dtype, DG_FLOAT64);
    expect_values(g, DG_SHAPE(2), 0, DATA(2, 4));
    trial_free(t);
}

Test(detach, stops_the_gradient)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(2), DATA(3, 5)), *y = dg_mul(x, dg_detach(x));
    expect_values(trial_run(t, y), DG_SHAPE(2), 0, DATA(9, 25));
    expect_values(trial_run(t, trial_grad(y, x)), DG_SHAPE(2), 0, DATA(3, 5));
    trial_free(t);
}

Test(fills, take_the_shape_of_their_input)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_feed(t, DG_FLOAT32, DG_SHAPE(DG_N, 2), DG_SHAPE(3, 2), NULL);
    expect_values(trial_run(t, dg_zeros_like(x)), DG_SHAPE(3, 2), 0, DATA(0, 0, 0, 0, 0, 0));
    expect_values(trial_run(t, dg_ones_like(x)), DG_SHAPE(3, 2), 0, DATA(1, 1, 1, 1, 1, 1));
    expect_values(trial_run(t, dg_count(x)), dg_scalar(), 0, DATA(6));
    expect_values(trial_run(t, dg_count(x, .dim = DG_INTS(0))), dg_scalar(), 0, DATA(3));
    expect_values(trial_run(t, dg_arange_like(x)), DG_SHAPE(3), 0, DATA(0, 1, 2));
    cr_expect_eq(trial_run(t, dg_arange_like(x, .dim = 1))->dtype, DG_INT64);
    trial_free(t);
}

Test(training, tells_plans_apart)
{
    trial *t = trial_new(DG_FLOAT32);
    expect_values(trial_run(t, dg_training(t->graph)), dg_scalar(), 0, DATA(0));
    trial_free(t);
}
