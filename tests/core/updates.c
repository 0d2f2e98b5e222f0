/* What a plan does to parameters: results are of the old values, every parameter has one new one. */
#include "planned.h"

Test(updates, all_results_are_of_the_old_values)
{
    for (int k = 0; k < 4; k++) {
        dg_graph *g = new_graph();
        dg_tensors *parameters = new_tensors();
        dg_graph_set_dtype(g, k % 2 ? DG_FLOAT64 : DG_FLOAT32);
        dg_node *w = dg_parameter(g, DG_SHAPE(2, 2), .name = "w", .init = "ones");
        dg_node *update = dg_assign(w, dg_expr("w + 1", {"w", w}));
        dg_node *fetch[] = {w,
                            dg_identity(w),
                            dg_reshape(w, DG_SHAPE(4)),
                            dg_detach(w),
                            dg_transpose(w, 0, 1),
                            dg_expr("1 * w", {"w", w}),
                            dg_flatten(w, .start_dim = 0),
                            dg_expand(w, DG_SHAPE(2, 2)),
                            dg_expr("w + 0", {"w", w})};
        enum { COUNT = sizeof fetch / sizeof *fetch };
        OK(dg_parameters_init(parameters, g, 0));
        dg_plan *plan = new_plan(g, (dg_plan_options){.fetch = fetch,
                                                      .n_fetch = COUNT,
                                                      .updates = &update,
                                                      .n_updates = 1,
                                                      .parameters = parameters,
                                                      .without = k < 2 ? 0 : DG_ALL_OPTIMIZATIONS});
        for (int run = 0; run < 3; run++) {
            OK(dg_plan_run(plan, NULL, 0));
            for (int i = 0; i < COUNT; i++)
                cr_expect_eq(element(plan, i, 3), run + 1, "result %d after run %d: %g", i, run, element(plan, i, 3));
            cr_expect_eq(dg_tensor_get(dg_tensors_find(parameters, "w"), 3), run + 2);
        }
        dg_plan_free(plan);
        dg_tensors_free(parameters);
        dg_graph_free(g);
    }
}

Test(updates, parameters_give_each_other_their_old_values)
{
    dg_graph *g = new_graph();
    dg_tensors *parameters = new_tensors();
    dg_node *a = dg_parameter(g, DG_SHAPE(2, 2), .name = "a", .init = "constant([[1, 2], [3, 4]])"),
            *b = dg_parameter(g, DG_SHAPE(2, 2), .name = "b", .init = "constant([[5, 6], [7, 8]])");
    dg_node *updates[] = {dg_assign(a, b), dg_assign(b, dg_transpose(a, 0, 1))}, *fetch[] = {a, updates[0]};
    OK(dg_parameters_init(parameters, g, 0));
    dg_plan *plan = new_plan(
        g,
        (dg_plan_options){.fetch = fetch, .n_fetch = 2, .updates = updates, .n_updates = 2, .parameters = parameters});
    OK(dg_plan_run(plan, NULL, 0));
    const double new_a[] = {5, 6, 7, 8}, new_b[] = {1, 3, 2, 4}, old_a[] = {1, 2, 3, 4};
    for (int i = 0; i < 4; i++) {
        cr_expect_eq(dg_tensor_get(dg_tensors_find(parameters, "a"), i), new_a[i]);
        cr_expect_eq(dg_tensor_get(dg_tensors_find(parameters, "b"), i), new_b[i]);
        cr_expect_eq(element(plan, 0, i), old_a[i]);
        cr_expect_eq(element(plan, 1, i), new_a[i]); /* an assignment's value is what it assigns */
    }
    dg_plan_free(plan);
    dg_tensors_free(parameters);
    dg_graph_free(g);
}

Test(updates, what_is_no_assignment_is_refused)
{
    dg_graph *g = new_graph();
    dg_node *w = dg_parameter(g, DG_SHAPE(2), .name = "w"), *step = dg_mul(w, w, .name = "step"), *none = NULL;
    dg_plan *plan;
    EXPECT_FAILURE(dg_plan_new(g, &(dg_plan_options){.updates = &step, .n_updates = 1}, &plan), DG_BAD_ARGUMENT,
                   "'step' is not an assignment");
    EXPECT_FAILURE(dg_plan_new(g, &(dg_plan_options){.updates = &none, .n_updates = 1}, &plan), DG_BAD_ARGUMENT,
                   "update 0 of the plan is NULL");
    EXPECT_FAILURE(dg_plan_new(g, &(dg_plan_options){.n_updates = 1}, &plan), DG_BAD_ARGUMENT, "NULL");
    EXPECT_FAILURE(dg_plan_new(g, &(dg_plan_options){.fetch = &w, .n_fetch = -1}, &plan), DG_BAD_ARGUMENT, "-1");
    dg_graph_free(g);
}

/* A mean over no rows is NaN, which every weight would be. */
Test(updates, there_are_none_of_a_batch_without_rows)
{
    dg_graph *g = new_graph();
    dg_tensors *parameters = new_tensors();
    dg_node *x = dg_input(g, DG_SHAPE(DG_N, 2), .name = "x"), *w = dg_parameter(g, DG_SHAPE(2), .name = "w");
    dg_node *loss = dg_mean(dg_mul(x, w)), *slope, *step;
    OK(dg_grad(loss, 1, &w, &slope));
    step = dg_assign(w, dg_expr("w - 0.1 * g", {"w", w}, {"g", slope}));
    OK(dg_parameters_init(parameters, g, 3));
    double before = dg_tensor_get(dg_tensors_find(parameters, "w"), 0);
    const float rows[] = {1, 2, 3, 4};
    const dg_tensor none = dg_tensor_view(DG_FLOAT32, DG_SHAPE(0, 2), rows),
                    two = dg_tensor_view(DG_FLOAT32, DG_SHAPE(2, 2), rows);
    const dg_feed empty = {x, &none}, full = {x, &two};
    dg_plan_options options = {.fetch = &loss, .n_fetch = 1, .parameters = parameters};
    dg_plan *looking = new_plan(g, options);
    options.updates = &step;
    options.n_updates = 1;
    dg_plan *plan = new_plan(g, options);
    EXPECT_FAILURE(dg_plan_run(plan, &empty, 1), DG_BAD_SHAPE,
                   "'x' is [N, 2], the tensor fed is [0, 2]: there is no row");
    cr_expect_eq(dg_tensor_get(dg_tensors_find(parameters, "w"), 0), before);
    OK(dg_plan_run(plan, &full, 1));
    cr_expect_neq(dg_tensor_get(dg_tensors_find(parameters, "w"), 0), before);
    OK(dg_plan_run(looking, &empty, 1));
    cr_expect(isnan(dg_tensor_get(dg_plan_result(looking, 0), 0)));
    dg_plan_free(plan);
    dg_plan_free(looking);
    dg_tensors_free(parameters);
    dg_graph_free(g);
}

Test(updates, only_parameters_are_assigned_to)
{
    dg_graph *g = new_graph();
    dg_node *x = dg_input(g, DG_SHAPE(2), .name = "x"), *w = dg_parameter(g, DG_SHAPE(2), .name = "w");
    cr_expect_null(dg_assign(x, x));
    EXPECT_FAILURE(dg_graph_recover(g), DG_BAD_ARGUMENT, "'x' is made by input: only a parameter");
    cr_expect_null(dg_assign(dg_detach(w, .name = "view"), x));
    EXPECT_FAILURE(dg_graph_recover(g), DG_BAD_ARGUMENT, "'view' is made by detach: only a parameter");
    cr_expect_not_null(dg_assign(w, x));
    OK(dg_graph_status(g));
    dg_node *running = dg_batch_norm(dg_input(g, DG_SHAPE(4, 2)), .running_mean = x, .running_var = x);
    cr_expect(dg_node_expansion(running), "statistics that are no parameters are not updated, but may be there");
    dg_graph_free(g);
}

Test(updates, two_different_ones_of_a_parameter_are_refused)
{
    dg_graph *g = new_graph();
    dg_tensors *parameters = new_tensors();
    dg_node *w = dg_parameter(g, DG_SHAPE(2), .name = "w", .init = "ones");
    dg_node *two[] = {dg_assign(w, dg_expr("w * 2", {"w", w}), .name = "double"),
                      dg_assign(w, dg_expr("w * 3", {"w", w}), .name = "triple")};
    dg_node *same[] = {two[0], dg_assign(w, dg_expr("w * 2", {"w", w}))};
    OK(dg_parameters_init(parameters, g, 0));
    dg_plan_options options = {.updates = two, .n_updates = 2, .parameters = parameters};
    dg_plan *plan = new_plan(g, options);
    EXPECT_FAILURE(dg_plan_run(plan, NULL, 0), DG_BAD_ARGUMENT, "'double' and 'triple'");
    cr_expect_eq(dg_tensor_get(dg_tensors_find(parameters, "w"), 0), 1);
    dg_plan_free(plan);
    options.updates = same;
    plan = new_plan(g, options);
    OK(dg_plan_run(plan, NULL, 0));
    cr_expect_eq(dg_tensor_get(dg_tensors_find(parameters, "w"), 0), 2);
    dg_plan_free(plan);
    dg_tensors_free(parameters);
    dg_graph_free(g);
}

/* PyTorch: a BatchNorm1d called on x, then on y, in one forward pass updates its statistics twice, one after another.
 */
Test(updates, running_statistics_of_a_shared_layer_follow_each_other)
{
    dg_graph *g = new_graph();
    dg_tensors *parameters = new_tensors();
    dg_node *x = dg_input(g, DG_SHAPE(DG_N, 1), .name = "x"), *y = dg_input(g, DG_SHAPE(DG_N, 1), .name = "y");
    dg_node *first = dg_batch_norm(x, .name = "bn"), *inputs[5] = {y};
    for (int k = 1; k < 5; k++)
        inputs[k] = dg_node_input(first, k);
    dg_node *second = dg_call(DG_HERE, "batch_norm", 5, inputs), *fetch[] = {second, first};
    OK(dg_graph_status(g));
    OK(dg_parameters_init(parameters, g, 0));
    dg_plan *plan =
        new_plan(g, (dg_plan_options){.fetch = fetch, .n_fetch = 2, .parameters = parameters, .training = true});
    dg_tensor tx = FLOATS(DG_SHAPE(4, 1), 1, 2, 3, 6), ty = FLOATS(DG_SHAPE(4, 1), 10, 20, 30, 60);
    OK(dg_plan_run(plan, (dg_feed[]){{x, &tx}, {y, &ty}}, 2));
    /* means 3 and 30; unbiased variances 14/3 and 1400/3; momentum 0.1; they begin with 0 and 1 */
    cr_expect_float_eq(dg_tensor_get(dg_tensors_find(parameters, "bn.running_mean"), 0), 0.9 * 0.3 + 0.1 * 30, 1e-5);
    cr_expect_float_eq(dg_tensor_get(dg_tensors_find(parameters, "bn.running_var"), 0),
                       0.9 * (0.9 + 1.4 / 3) + 140.0 / 3, 1e-4);
    dg_plan_free(plan);
    dg_tensors_free(parameters);
    dg_graph_free(g);
}
