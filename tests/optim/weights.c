/* Weights of other programs become a graph's parameters. */
#include "small.h"

typedef struct layer {
    dg_graph *graph;
    dg_node *output;
    dg_tensors *weights, *parameters;
} layer;

/* linear(2) on two features, of a float type; weights of another. */
static layer make_layer(dg_dtype dtype, dg_dtype stored)
{
    layer made;
    dg_tensor *weight, *bias;
    MUST(dg_graph_new(&made.graph));
    MUST(dg_tensors_new(&made.weights));
    MUST(dg_tensors_new(&made.parameters));
    dg_graph_set_dtype(made.graph, dtype);
    made.output = dg_linear(dg_input(made.graph, DG_SHAPE(DG_N, 2), .name = "x"), 2, .name = "fc");
    MUST(dg_graph_status(made.graph));
    MUST(dg_tensors_add(made.weights, "fc.weight", stored, DG_SHAPE(2, 2), &weight));
    MUST(dg_tensors_add(made.weights, "fc.bias", stored, DG_SHAPE(2), &bias));
    for (int k = 0; k < 4; k++)
        dg_tensor_set(weight, k, 0.1 * k);
    return made;
}

static void release(layer *used)
{
    dg_tensors_free(used->weights);
    dg_tensors_free(used->parameters);
    dg_graph_free(used->graph);
}

Test(weights, floats_of_one_width_become_the_other)
{
    static const dg_dtype types[2] = {DG_FLOAT32, DG_FLOAT64};
    for (int k = 0; k < 4; k++) {
        layer l = make_layer(types[k / 2], types[k % 2]);
        MUST(dg_weights_take(l.graph, l.weights, l.parameters));
        const dg_tensor *weight = dg_tensors_find(l.parameters, "fc.weight");
        cr_assert_eq(weight->dtype, types[k / 2]);
        double wanted = k == 0 || k == 1 || k == 2 ? (double)0.3f : 0.1 * 3;
        cr_assert_eq(dg_tensor_get(weight, 3), wanted, "%d: %.17g", k, dg_tensor_get(weight, 3));
        release(&l);
    }
}

/* So that what was halved for inference can be trained again: the set itself cannot, and says what can. */
Test(weights, in_16_bits_become_those_of_the_graph)
{
    for (dg_dtype type = DG_FLOAT16; type <= DG_BFLOAT16; type++) {
        layer l = make_layer(DG_FLOAT32, DG_FLOAT32);
        MUST(dg_tensors_halve(l.weights, type, NULL));
        dg_status status = dg_parameters_init(l.weights, l.graph, 1);
        cr_assert_eq(status.code, DG_BAD_DTYPE);
        cr_assert_not_null(strstr(status.message, "dg_weights_take()"), "%s", status.message);
        MUST(dg_weights_take(l.graph, l.weights, l.parameters));
        MUST(dg_parameters_init(l.parameters, l.graph, 1));
        const dg_tensor *weight = dg_tensors_find(l.parameters, "fc.weight");
        cr_assert_eq(weight->dtype, DG_FLOAT32);
        double wanted = type == DG_FLOAT16 ? 1229.0 / 4096 : 154.0 / 512; /* 0.3 in 11 and in 8 bits */
        cr_assert_eq(dg_tensor_get(weight, 3), wanted, "%s: %.17g", dg_dtype_name(type), dg_tensor_get(weight, 3));
        release(&l);
    }
}

Test(weights, what_no_parameter_is_named_after_does_not_matter)
{
    layer l = make_layer(DG_FLOAT32, DG_FLOAT32);
    MUST(dg_tensors_add(l.weights, "unused", DG_BOOL, DG_SHAPE(7), NULL));
    MUST(dg_tensors_set_note(l.weights, "unread.phase", "C64"));
    MUST(dg_weights_take(l.graph, l.weights, l.parameters));
    cr_assert_eq(dg_tensors_count(l.parameters), 2);
    release(&l);
}

/* The graph of a training plan has the optimiser's state, too. */
Test(weights, state_of_an_optimiser_is_taken_where_there_is_some)
{
    static const float values[] = {1, 2, 3, 4};
    const dg_tensor rows = dg_tensor_view(DG_FLOAT32, DG_SHAPE(2, 2), values);
    dg_plan *plan;
    dg_tensors *saved, *fresh;
    layer l = make_layer(DG_FLOAT32, DG_FLOAT32);
    dg_node *x = dg_graph_find(l.graph, "x"), *loss = dg_mean(l.output);
    MUST(dg_tensors_new(&saved));
    MUST(dg_tensors_new(&fresh));
    MUST(dg_training_plan(loss, "adam", saved, &plan));
    for (int k = 0; k < 3; k++)
        MUST(dg_plan_run(plan, &(dg_feed){x, &rows}, 1));
    MUST(dg_weights_take(l.graph, saved, fresh));
    cr_assert_eq(dg_tensors_count(fresh), dg_tensors_count(saved));
    cr_assert_eq(dg_tensor_get(dg_tensors_find(fresh, "optimizer/step"), 0), 3);
    MUST(dg_weights_take(l.graph, l.weights, l.parameters)); /* weights alone: the state begins anew */
    cr_assert_eq(dg_tensors_count(l.parameters), 2);
    MUST(dg_parameters_init(l.parameters, l.graph, 1));
    cr_assert_eq(dg_tensor_get(dg_tensors_find(l.parameters, "optimizer/step"), 0), 0);
    dg_plan_free(plan);
    dg_tensors_free(saved);
    dg_tensors_free(fresh);
    release(&l);
}

Test(weights, what_does_not_fit_is_named)
{
    layer l = make_layer(DG_FLOAT32, DG_FLOAT64);
    dg_tensor_set(dg_tensors_find(l.weights, "fc.weight"), 1, 1e300);
    dg_status status = dg_weights_take(l.graph, l.weights, l.parameters);
    cr_assert_eq(status.code, DG_BAD_DATA);
    cr_assert_not_null(strstr(status.message, "'fc.weight': element 1, 1e+300, is beyond float32"), "%s",
                       status.message);
    dg_tensors_remove(l.weights, "fc.weight");
    cr_assert_not_null(strstr(dg_weights_take(l.graph, l.weights, l.parameters).message, "no parameter 'fc.weight'"));
    MUST(dg_tensors_set_note(l.weights, "unread.fc.weight", "C64"));
    cr_assert_not_null(strstr(dg_weights_take(l.graph, l.weights, l.parameters).message, "elements of type 'C64'"));
    MUST(dg_tensors_add(l.weights, "fc.weight", DG_FLOAT32, DG_SHAPE(3, 2), NULL));
    cr_assert_not_null(
        strstr(dg_weights_take(l.graph, l.weights, l.parameters).message, "'fc.weight' is [3, 2], the graph"));
    dg_tensors_remove(l.weights, "fc.weight");
    MUST(dg_tensors_add(l.weights, "fc.weight", DG_INT64, DG_SHAPE(2, 2), NULL));
    cr_assert_eq(dg_weights_take(l.graph, l.weights, l.parameters).code, DG_BAD_DTYPE);
    release(&l);
}
