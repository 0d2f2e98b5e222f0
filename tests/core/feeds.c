/* What may be fed to a plan: inputs, computed nodes and parameters, each once; and what the feeds tell of symbols. */
#include "planned.h"

Test(feeds, computed_node_takes_the_place_of_what_computes_it)
{
    dg_graph *g = new_graph();
    dg_tensors *parameters = new_tensors();
    dg_node *x = dg_input(g, DG_SHAPE(DG_N, 3), .name = "x");
    dg_node *code = dg_tanh(dg_linear(x, 2, .name = "encoder"), .name = "code");
    dg_node *y = dg_linear(code, 3, .name = "decoder");
    OK(dg_parameters_init(parameters, g, 1));
    dg_plan *plan = plan_of(y, parameters);
    dg_tensor given = FLOATS(DG_SHAPE(2, 2), 0.5f, -1, 2, 0.25f), data = FLOATS(DG_SHAPE(1, 3), 1, 2, 3);
    OK(dg_plan_run(plan, &(dg_feed){code, &given}, 1)); /* x is not needed */
    const dg_tensor *w = dg_tensors_find(parameters, "decoder.weight"),
                    *b = dg_tensors_find(parameters, "decoder.bias");
    cr_assert_eq(dg_plan_result(plan, 0)->shape.dims[0], 2);
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 3; j++) {
            double wants = dg_tensor_get(b, j);
            for (int k = 0; k < 2; k++)
                wants += dg_tensor_get(&given, 2 * i + k) * dg_tensor_get(w, 2 * j + k);
            cr_expect_float_eq(element(plan, 0, 3 * i + j), wants, 1e-6);
        }
    OK(dg_plan_run(plan, &(dg_feed){x, &data}, 1)); /* the same plan without it, and with both */
    double through = element(plan, 0, 0);
    OK(dg_plan_run(plan, (dg_feed[]){{x, &data}, {code, &given}}, 2));
    cr_expect_eq(dg_plan_result(plan, 0)->shape.dims[0], 2);
    OK(dg_plan_run(plan, &(dg_feed){x, &data}, 1));
    cr_expect_eq(element(plan, 0, 0), through);
    EXPECT_FAILURE(dg_plan_run(plan, NULL, 0), DG_BAD_ARGUMENT, "'x' is not fed");
    dg_tensor wrong = FLOATS(DG_SHAPE(1, 3), 1, 2, 3);
    EXPECT_FAILURE(dg_plan_run(plan, &(dg_feed){code, &wrong}, 1), DG_BAD_SHAPE, "'code' is [N, 2]");
    dg_plan_free(plan);
    dg_tensors_free(parameters);
    dg_graph_free(g);
}

Test(feeds, gradient_is_taken_where_the_computed_node_is_fed)
{
    dg_graph *g = new_graph();
    dg_node *x = dg_input(g, dg_scalar(), .name = "x"), *m = dg_square(x, .name = "m");
    dg_node *y = dg_mul(m, dg_sin(m)), *fetch[] = {y, NULL};
    OK(dg_grad(y, 1, &m, fetch + 1));
    dg_plan *plan = new_plan(g, (dg_plan_options){.fetch = fetch, .n_fetch = 2});
    dg_tensor at = FLOATS(dg_scalar(), 1.25f);
    OK(dg_plan_run(plan, &(dg_feed){m, &at}, 1));
    cr_expect_float_eq(element(plan, 0, 0), 1.25 * sin(1.25), 1e-6);
    cr_expect_float_eq(element(plan, 1, 0), sin(1.25) + 1.25 * cos(1.25), 1e-6);
    dg_plan_free(plan);
    dg_graph_free(g);
}

Test(feeds, composed_and_constant_nodes_may_be_fed)
{
    dg_graph *g = new_graph();
    dg_node *x = dg_input(g, DG_SHAPE(DG_N, 4), .name = "x");
    dg_node *normal = dg_layer_norm(x, .elementwise_affine = false, .name = "normal");
    dg_node *two = dg_full(g, dg_scalar(), 2, .name = "two"), *y = dg_mul(normal, two);
    dg_plan *plan = plan_of(y, NULL);
    dg_tensor given = FLOATS(DG_SHAPE(1, 4), 1, 2, 3, 4), ten = FLOATS(dg_scalar(), 10);
    OK(dg_plan_run(plan, (dg_feed[]){{two, &ten}, {normal, &given}}, 2));
    for (int i = 0; i < 4; i++)
        cr_expect_float_eq(element(plan, 0, i), 10 * (i + 1), 1e-6);
    OK(dg_plan_run(plan, &(dg_feed){normal, &given}, 1));
    cr_expect_float_eq(element(plan, 0, 3), 8, 1e-6);
    dg_plan_free(plan);
    dg_graph_free(g);
}

Test(feeds, of_a_node_with_several_outputs_the_first_is_fed)
{
    dg_graph *g = new_graph();
    dg_node *x = dg_input(g, DG_SHAPE(4), .name = "x"), *top = dg_topk(x, 2, .name = "top");
    dg_node *fetch[] = {dg_neg(top), dg_output(top, 1)};
    dg_plan *both = new_plan(g, (dg_plan_options){.fetch = fetch, .n_fetch = 2}), *first = plan_of(fetch[0], NULL);
    dg_tensor data = FLOATS(DG_SHAPE(4), 1, 4, 2, 3), given = FLOATS(DG_SHAPE(2), 7, 8);
    OK(dg_plan_run(first, &(dg_feed){top, &given}, 1));
    cr_expect_eq(element(first, 0, 1), -8);
    EXPECT_FAILURE(dg_plan_run(both, &(dg_feed){top, &given}, 1), DG_BAD_ARGUMENT, "'x' is not fed");
    OK(dg_plan_run(both, (dg_feed[]){{top, &given}, {x, &data}}, 2));
    cr_expect_eq(element(both, 0, 0), -7);
    cr_expect_eq(element(both, 1, 0), 1);
    cr_expect_eq(element(both, 1, 1), 3);
    dg_plan_free(first);
    dg_plan_free(both);
    dg_graph_free(g);
}

Test(feeds, parameter_is_fed_in_place_of_the_stored_one_but_not_updated)
{
    dg_graph *g = new_graph();
    dg_tensors *parameters = new_tensors();
    dg_node *w = dg_parameter(g, DG_SHAPE(2), .name = "w", .init = "ones"), *y = dg_mul(w, w);
    dg_node *update = dg_assign(w, y);
    OK(dg_parameters_init(parameters, g, 1));
    dg_plan *plan = plan_of(y, parameters);
    dg_plan *updating = new_plan(g, (dg_plan_options){.updates = &update, .n_updates = 1, .parameters = parameters});
    dg_tensor three = FLOATS(DG_SHAPE(2), 3, 4);
    OK(dg_plan_run(plan, &(dg_feed){w, &three}, 1));
    cr_expect_eq(element(plan, 0, 1), 16);
    OK(dg_plan_run(plan, NULL, 0));
    cr_expect_eq(element(plan, 0, 1), 1);
    EXPECT_FAILURE(dg_plan_run(updating, &(dg_feed){w, &three}, 1), DG_BAD_ARGUMENT, "'w' is fed");
    EXPECT_FAILURE(dg_plan_run(plan, (dg_feed[]){{w, &three}, {w, &three}}, 2), DG_BAD_ARGUMENT, "'w' is fed twice");
    dg_plan_free(plan);
    dg_plan_free(updating);
    dg_tensors_free(parameters);
    dg_graph_free(g);
}

Test(feeds, each_mistake_in_the_list_is_named)
{
    dg_graph *g = new_graph(), *other = new_graph();
    dg_node *x = dg_input(g, DG_SHAPE(DG_N, 2), .name = "x"), *y = dg_neg(x);
    dg_node *foreign = dg_input(other, DG_SHAPE(DG_N, 2), .name = "foreign"), *unread = dg_input(g, DG_SHAPE(3));
    dg_plan *plan = plan_of(y, NULL);
    dg_tensor good = FLOATS(DG_SHAPE(1, 2), 1, 2), empty = dg_tensor_view(DG_FLOAT32, DG_SHAPE(1, 2), NULL),
              high = good, negative = good, strange = good, odd = good;
    high.shape.rank = 100;
    negative.shape.dims[0] = -4;
    strange.dtype = (dg_dtype)99;
    odd.channels_last = true;
    const struct {
        dg_feed feeds[2];
        int n;
        dg_code code;
        const char *word;
    } cases[] = {{{{x, &good}, {x, &good}}, 2, DG_BAD_ARGUMENT, "'x' is fed twice"},
                 {{{NULL, &good}}, 1, DG_BAD_ARGUMENT, "node of feed 0 is NULL"},
                 {{{x, NULL}}, 1, DG_BAD_ARGUMENT, "fed to 'x' is NULL"},
                 {{{x, &good}, {foreign, &good}}, 2, DG_BAD_ARGUMENT, "another graph"},
                 {{{x, &empty}}, 1, DG_BAD_ARGUMENT, "has no data"},
                 {{{x, &odd}}, 1, DG_BAD_ARGUMENT, "channels last"},
                 {{{x, &high}}, 1, DG_BAD_SHAPE, "'x' is [N, 2]"},
                 {{{x, &negative}}, 1, DG_BAD_SHAPE, "'x' is [N, 2], the tensor fed has -4 elements along dimension 0"},
                 {{{x, &strange}}, 1, DG_BAD_DTYPE, "'x' is float32"},
                 {{{x, &good}}, -1, DG_BAD_ARGUMENT, "number of feeds is -1"},
                 {{{y, &good}}, 1, DG_OK, ""}}; /* the very result */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        EXPECT_FAILURE(dg_plan_run(plan, cases[i].feeds, cases[i].n), cases[i].code, cases[i].word);
    EXPECT_FAILURE(dg_plan_run(plan, NULL, 2), DG_BAD_ARGUMENT, "NULL");
    OK(dg_plan_run(plan, (dg_feed[]){{unread, &good}, {x, &good}}, 2)); /* nobody looks at it */
    OK(dg_plan_run(plan, &(dg_feed){x, &good}, 1));
    EXPECT_FAILURE(dg_plan_run(plan, (dg_feed[]){{x, &good}, {x, &good}}, 2), DG_BAD_ARGUMENT, "'x' is fed twice");
    dg_plan_free(plan);
    dg_graph_free(g);
    dg_graph_free(other);
}

Test(feeds, symbols_are_learned_from_what_the_plan_reads)
{
    dg_graph *g = new_graph();
    dg_node *x = dg_input(g, DG_SHAPE(DG_N, 2), .name = "x"), *z = dg_input(g, DG_SHAPE(DG_N, 3), .name = "z");
    dg_node *y = dg_add(x, dg_zeros(g, DG_SHAPE(DG_N, 2)));
    dg_plan *plan = plan_of(y, NULL);
    dg_tensor one, seven;
    OK(dg_tensor_make(&one, DG_FLOAT32, DG_SHAPE(1, 2)));
    OK(dg_tensor_make(&seven, DG_FLOAT32, DG_SHAPE(7, 3)));
    OK(dg_plan_run(plan, (dg_feed[]){{x, &one}, {z, &seven}}, 2));
    cr_expect_eq(dg_plan_result(plan, 0)->shape.dims[0], 1);
    dg_tensor_release(&one);
    dg_tensor_release(&seven);
    dg_plan_free(plan);
    dg_graph_free(g);
}
