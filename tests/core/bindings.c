/* What a plan keeps for the sizes that it has seen, and that it follows its parameters. */
#include "planned.h"

#include <malloc.h>

static double heap_megabytes(void)
{
    struct mallinfo2 now = mallinfo2();
    return (double)(now.uordblks + now.hblkhd) / 1e6;
}

Test(bindings, eight_hundred_batch_sizes_take_the_memory_of_the_largest)
{
    dg_graph *g = new_graph();
    dg_tensors *parameters = new_tensors();
    dg_node *x = dg_input(g, DG_SHAPE(DG_N, 64), .name = "x");
    dg_node *h = dg_tanh(dg_linear(dg_tanh(dg_linear(x, 128)), 128)), *fetch[] = {dg_sum(h), NULL};
    OK(dg_grad(fetch[0], 1, &x, fetch + 1));
    OK(dg_parameters_init(parameters, g, 1));
    dg_plan *plan = new_plan(g, (dg_plan_options){.fetch = fetch, .n_fetch = 2, .parameters = parameters});
    dg_tensor data;
    OK(dg_tensor_make(&data, DG_FLOAT32, DG_SHAPE(800, 64)));
    double before = 0;
    size_t largest = 0;
    for (int n = 800; n >= 1; n--) {
        dg_tensor batch = dg_tensor_view(DG_FLOAT32, DG_SHAPE(n, 64), data.data);
        OK(dg_plan_run(plan, &(dg_feed){x, &batch}, 1));
        size_t bytes = dg_plan_cost_of(plan).arena_bytes;
        largest = bytes > largest ? bytes : largest;
        if (n == 760)
            before = heap_megabytes();
    }
    cr_expect_leq(heap_megabytes(), before + 1, "%g MB after 40 sizes, %g after 800", before, heap_megabytes());
    cr_expect_leq((double)largest, 2e6);
    dg_tensor_release(&data);
    dg_plan_free(plan);
    dg_tensors_free(parameters);
    dg_graph_free(g);
}

Test(bindings, results_are_right_whichever_sizes_come_back)
{
    dg_graph *g = new_graph();
    int64_t t = dg_symbol(g, "T");
    dg_node *x = dg_input(g, DG_SHAPE(DG_N, t), .name = "x");
    dg_node *y = dg_add(dg_cumsum(x, 1), dg_softmax(x));
    dg_plan *plan = plan_of(y, NULL), *alone;
    static float values[40 * 40];
    for (int i = 0; i < 1600; i++)
        values[i] = (float)sin(i);
    for (int k = 0; k < 400; k++) {
        dg_random key = {.seed = 3};
        int64_t rows = 1 + (int64_t)dg_random_below(&key, (uint64_t)(2 * k), 6) * 7,
                columns = 1 + (int64_t)dg_random_below(&key, (uint64_t)(2 * k + 1), 6) * 7;
        dg_tensor data = dg_tensor_view(DG_FLOAT32, DG_SHAPE(rows, columns), values);
        OK(dg_plan_run(plan, &(dg_feed){x, &data}, 1));
        alone = plan_of(y, NULL);
        OK(dg_plan_run(alone, &(dg_feed){x, &data}, 1));
        cr_assert(dg_shape_equal(&dg_plan_result(plan, 0)->shape, &data.shape));
        cr_expect_arr_eq(dg_plan_result(plan, 0)->data, dg_plan_result(alone, 0)->data,
                         dg_tensor_bytes(dg_plan_result(alone, 0)));
        dg_plan_free(alone);
    }
    dg_plan_free(plan);
    dg_graph_free(g);
}

Test(bindings, memory_limit_holds_for_the_sum)
{
    dg_graph *g = new_graph();
    dg_node *x = dg_input(g, DG_SHAPE(DG_N, 100), .name = "x");
    dg_node *y = dg_softmax(dg_cumsum(x, 1)), *many = dg_add(x, dg_linspace(g, 0, 1, 100));
    dg_node *fetch[] = {y, many};
    size_t limit = 2 * 4 * 100 * 30;
    dg_plan *plan = new_plan(g, (dg_plan_options){.fetch = fetch, .n_fetch = 2, .memory_limit = limit});
    dg_tensor data;
    OK(dg_tensor_make(&data, DG_FLOAT32, DG_SHAPE(100, 100)));
    for (int turn = 0; turn < 2; turn++)
        for (int64_t n = 1; n <= 28; n++) { /* together they would take 8 times the limit */
            dg_tensor batch = dg_tensor_view(DG_FLOAT32, DG_SHAPE(n, 100), data.data);
            OK(dg_plan_run(plan, &(dg_feed){x, &batch}, 1));
            cr_expect_float_eq(element(plan, 0, 0), 0.01, 1e-7);
        }
    EXPECT_FAILURE(dg_plan_run(plan, &(dg_feed){x, &data}, 1), DG_NO_MEMORY, "the limit is 24000");
    dg_tensor_release(&data);
    dg_plan_free(plan);
    dg_graph_free(g);
}

Test(bindings, plan_without_tasks_over_its_limit_names_a_parameter)
{
    dg_graph *g = new_graph();
    dg_tensors *parameters = new_tensors();
    dg_node *a = dg_parameter(g, DG_SHAPE(1000), .init = "zeros", .name = "a"),
            *b = dg_parameter(g, DG_SHAPE(1000), .init = "ones", .name = "b");
    dg_node *updates[] = {dg_assign(a, b), dg_assign(b, a)};
    OK(dg_parameters_init(parameters, g, 1));
    dg_plan *plan = new_plan(
        g, (dg_plan_options){.updates = updates, .n_updates = 2, .parameters = parameters, .memory_limit = 64});
    EXPECT_FAILURE(dg_plan_run(plan, NULL, 0), DG_NO_MEMORY, "parameter 'b'");
    dg_plan_free(plan);
    dg_tensors_free(parameters);
    dg_graph_free(g);
}

Test(bindings, follow_parameters_that_are_replaced_or_removed)
{
    dg_graph *g = new_graph();
    dg_tensors *parameters = new_tensors();
    dg_node *x = dg_input(g, DG_SHAPE(DG_N, 3), .name = "x"), *y = dg_linear(x, 2, .bias = false, .name = "y");
    OK(dg_parameters_init(parameters, g, 1));
    dg_plan *plan = plan_of(y, parameters);
    dg_tensor data = FLOATS(DG_SHAPE(1, 3), 1, 2, 3), w = FLOATS(DG_SHAPE(2, 3), 1, 1, 1, 2, 2, 2),
              small = FLOATS(DG_SHAPE(1, 1), 1), wide;
    dg_feed feed = {x, &data};
    OK(dg_plan_run(plan, &feed, 1));
    dg_tensors_remove(parameters, "y.weight");
    EXPECT_FAILURE(dg_plan_run(plan, &feed, 1), DG_BAD_ARGUMENT, "parameter 'y.weight'");
    OK(dg_tensors_put(parameters, "y.weight", &w));
    OK(dg_plan_run(plan, &feed, 1));
    cr_expect_eq(element(plan, 0, 0), 6);
    cr_expect_eq(element(plan, 0, 1), 12);
    OK(dg_tensors_put(parameters, "y.weight", &small));
    EXPECT_FAILURE(dg_plan_run(plan, &feed, 1), DG_BAD_SHAPE, "parameter 'y.weight'");
    OK(dg_tensor_convert(&wide, &w, DG_FLOAT64));
    OK(dg_tensors_put(parameters, "y.weight", &wide));
    EXPECT_FAILURE(dg_plan_run(plan, &feed, 1), DG_BAD_DTYPE, "parameter 'y.weight'");
    OK(dg_tensors_put(parameters, "y.weight", &w));
    OK(dg_plan_run(plan, &feed, 1));
    cr_expect_eq(element(plan, 0, 1), 12);
    dg_tensor_release(&wide);
    dg_plan_free(plan);
    dg_tensors_free(parameters);
    dg_graph_free(g);
}

Test(bindings, update_in_place_follows_its_parameter)
{
    dg_graph *g = new_graph();
    dg_tensors *parameters = new_tensors();
    dg_node *w = dg_parameter(g, DG_SHAPE(5), .name = "w", .init = "ones");
    dg_node *update = dg_assign(w, dg_expr("w * 3 + 1", {"w", w}));
    dg_tensor twos = FLOATS(DG_SHAPE(5), 2, 2, 2, 2, 2);
    OK(dg_parameters_init(parameters, g, 1));
    dg_plan *plan = new_plan(g, (dg_plan_options){.updates = &update, .n_updates = 1, .parameters = parameters});
    OK(dg_plan_run(plan, NULL, 0));
    dg_tensors_remove(parameters, "w");
    OK(dg_tensors_put(parameters, "w", &twos));
    OK(dg_plan_run(plan, NULL, 0));
    cr_expect_eq(dg_tensor_get(dg_tensors_find(parameters, "w"), 4), 7);
    dg_plan_free(plan);
    dg_tensors_free(parameters);
    dg_graph_free(g);
}
