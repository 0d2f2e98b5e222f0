/* Attention against the same sums written as loops elsewhere (weights sin(0.7 i + k)), masks, symbolic sizes. */
#include "../support.h"

static void put_wave(trial *t, const char *name, dg_shape shape, double k)
{
    dg_tensor tensor;
    must(dg_tensor_make(&tensor, dg_graph_dtype(t->graph), shape));
    for (int64_t i = 0; i < dg_tensor_count(&tensor); i++)
        dg_tensor_set(&tensor, i, sin(0.7 * (double)i + k));
    must(dg_tensors_put(t->parameters, name, &tensor));
    dg_tensor_release(&tensor);
}

/* Two sequences of three places with four features, their sizes symbols. */
static dg_node *sequences(trial *t)
{
    double x[24];
    for (int i = 0; i < 12; i++) {
        x[i] = sin(0.7 * i + 0.1);
        x[12 + i] = sin(0.7 * i + 1.3);
    }
    return trial_feed(t, dg_graph_dtype(t->graph), DG_SHAPE(DG_N, dg_symbol(t->graph, "T"), 4), DG_SHAPE(2, 3, 4), x);
}

static double tolerance(dg_dtype dtype)
{
    return dtype == DG_FLOAT32 ? 2e-5 : 1e-10;
}

static const dg_dtype dtypes[] = {DG_FLOAT32, DG_FLOAT64};

static const double mha_wants[] = {2.21697302918,  -1.7089038941,   4.18546354961,  -2.94758000591, 0.284455312642,
                                   0.522188135533, 1.91361175734,   -0.89749300881, 3.32405203883,  -2.0780867326,
                                   3.77408917641,  -1.8031849178,   1.83148916797,  -1.01975021663, 3.27227542869,
                                   -1.91588118585, 2.68468009558,   -1.81715041636, 3.92174106637,  -2.34236305276,
                                   2.11880078646,  -0.568139828866, 2.13392901694,  -0.222340732481};
static const double weights_want[] = {
    1, 0, 0, 0.563281146373, 0.436718853627, 0, 0.0633414798814, 0.363404442569, 0.57325407755,
    1, 0, 0, 0.719825261074, 0.280174738926, 0, 0.0052719864931, 0.994728013507, 0};

Test(multihead_attention, agrees_with_the_sums_it_stands_for)
{
    for (int k = 0; k < 2; k++) {
        trial *t = trial_new(dtypes[k]);
        dg_node *x = sequences(t);
        dg_node *padding = trial_feed(t, DG_BOOL, DG_SHAPE(2, 3), DG_SHAPE(2, 3), DATA(0, 0, 0, 0, 0, 1));
        dg_node *y =
            dg_multihead_attention(x, 4, 2, .is_causal = true, .key_padding_mask = padding, .name = "attention");
        put_wave(t, "attention.in_proj_weight", DG_SHAPE(12, 4), 0.2);
        put_wave(t, "attention.in_proj_bias", DG_SHAPE(12), 0.3);
        put_wave(t, "attention.out_proj.weight", DG_SHAPE(4, 4), 0.4);
        put_wave(t, "attention.out_proj.bias", DG_SHAPE(4), 0.5);
        expect_values(trial_run(t, y), DG_SHAPE(2, 3, 4), tolerance(dtypes[k]), mha_wants);
        expect_values(trial_run(t, dg_output(y, 1)), DG_SHAPE(2, 3, 3), tolerance(dtypes[k]), weights_want);
        trial_free(t);
    }
}

Test(multihead_attention, takes_other_layouts_and_one_sequence)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = sequences(t), *last = dg_slice(x, .dim = 0, .start = 1);
    dg_node *in = dg_parameter(t->graph, DG_SHAPE(12, 4), .name = "in"),
            *out = dg_parameter(t->graph, DG_SHAPE(4, 4), .name = "out");
    put_wave(t, "in", DG_SHAPE(12, 4), 0.2);
    put_wave(t, "out", DG_SHAPE(4, 4), 0.4);
    dg_node *batch = dg_multihead_attention(last, 4, 2, .in_proj_weight = in, .out_proj_weight = out, .bias = false);
    dg_node *time = dg_multihead_attention(dg_transpose(last, 0, 1), 4, 2, .in_proj_weight = in, .out_proj_weight = out,
                                           .bias = false, .batch_first = false);
    dg_node *single = dg_multihead_attention(dg_reshape(last, DG_SHAPE(3, 4)), 4, 2, .in_proj_weight = in,
                                             .out_proj_weight = out, .bias = false);
    double wants[12];
    const dg_tensor *y = trial_run(t, batch);
    for (int i = 0; i < 12; i++)
        wants[i] = dg_tensor_get(y, i);
    expect_values(trial_run(t, time), DG_SHAPE(3, 1, 4), 1e-14, wants);
    expect_values(trial_run(t, single), DG_SHAPE(3, 4), 1e-14, wants);
    trial_free(t);
}

static const double post_wants[] = {
    2.24644607316,    -0.00648034006686, -0.0577173474411, -0.339514568145,  2.1673365011,     0.278923731442,
    -0.208048164447,  -0.351329497879,   2.24937423502,    -0.0648570519736, -0.0229336635405, -0.33810626382,
    2.19659600088,    0.219615450391,    -0.178421091079,  -0.347197904545,  2.24166316055,    -0.0107288816157,
    -0.0568568343464, -0.340768965958,   2.25714652847,    0.0600374191655,  -0.0895939835971, -0.336369596852};
static const double pre_wants[] = {6.29112649154,  -0.832083474687, 3.4400196886,   1.60501619439,  6.19451788734,
                                   -1.29318150009, 0.687698009486,  0.605551006616, 5.48908685935,  -1.42466598779,
                                   3.31378200547,  1.64138113754,   6.65668585826,  0.401556114192, 1.36141572891,
                                   2.00272647181,  4.9846649908,    -2.25425123847, 1.68450525877,  0.606544378009,
                                   6.57068848454,  0.0113310878527, 2.43414350853,  2.21731391103};

static void put_layer(trial *t)
{
    put_wave(t, "layer.self_attn.in_proj_weight", DG_SHAPE(12, 4), 0.2);
    put_wave(t, "layer.self_attn.in_proj_bias", DG_SHAPE(12), 0.3);
    put_wave(t, "layer.self_attn.out_proj.weight", DG_SHAPE(4, 4), 0.4);
    put_wave(t, "layer.self_attn.out_proj.bias", DG_SHAPE(4), 0.5);
    put_wave(t, "layer.linear1.weight", DG_SHAPE(3, 4), 0.6);
    put_wave(t, "layer.linear1.bias", DG_SHAPE(3), 0.7);
    put_wave(t, "layer.linear2.weight", DG_SHAPE(4, 3), 0.8);
    put_wave(t, "layer.linear2.bias", DG_SHAPE(4), 0.9);
    put_wave(t, "layer.norm1.weight", DG_SHAPE(4), 1.0);
    put_wave(t, "layer.norm1.bias", DG_SHAPE(4), 1.1);
    put_wave(t, "layer.norm2.weight", DG_SHAPE(4), 1.2);
    put_wave(t, "layer.norm2.bias", DG_SHAPE(4), 1.3);
}

Test(transformer_encoder_layer, agrees_with_the_sums_it_stands_for)
{
    for (int k = 0; k < 2; k++) {
        trial *t = trial_new(dtypes[k]);
        put_layer(t);
        dg_node *post = dg_transformer_encoder_layer(sequences(t), 4, 2, .dim_feedforward = 3, .name = "layer");
        expect_values(trial_run(t, post), DG_SHAPE(2, 3, 4), tolerance(dtypes[k]), post_wants);
        trial_free(t);
        t = trial_new(dtypes[k]);
        put_layer(t);
        dg_node *pre = dg_transformer_encoder_layer(sequences(t), 4, 2, .dim_feedforward = 3, .activation = "gelu",
                                                    .norm_first = true, .name = "layer");
        expect_values(trial_run(t, pre), DG_SHAPE(2, 3, 4), tolerance(dtypes[k]), pre_wants);
        trial_free(t);
    }
}

Test(scaled_dot_product_attention, gives_0_to_a_query_that_sees_no_key)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *q = trial_input(t, DG_SHAPE(2, 1), DATA(1, 2)), *k = trial_input(t, DG_SHAPE(2, 1), DATA(3, -1));
    dg_node *v = trial_input(t, DG_SHAPE(2, 1), DATA(5, 7));
    dg_node *mask = trial_feed(t, DG_BOOL, DG_SHAPE(2, 2), DG_SHAPE(2, 2), DATA(0, 1, 0, 0));
    dg_node *y = dg_scaled_dot_product_attention(q, k, v, .attn_mask = mask);
    expect_values(trial_run(t, y), DG_SHAPE(2, 1), 1e-6, DATA(7, 0));
    expect_values(trial_run(t, trial_grad(dg_sum(y), q)), DG_SHAPE(2, 1), 1e-6, DATA(0, 0));
    dg_node *added = trial_input(t, DG_SHAPE(2), DATA(0, -INFINITY));
    expect_values(trial_run(t, dg_scaled_dot_product_attention(q, k, v, .attn_mask = added)), DG_SHAPE(2, 1), 1e-6,
                  DATA(5, 5));
    trial_free(t);
}

Test(attention, tells_what_does_not_fit)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *q = trial_input(t, DG_SHAPE(2, 3), NULL), *k = trial_input(t, DG_SHAPE(2, 4), NULL);
    dg_scaled_dot_product_attention(q, k, k);
    expect_failure(dg_graph_status(t->graph), DG_BAD_SHAPE, "key is [2, 4], expected [.., S, E] like the query");
    trial_free(t);
    t = trial_new(DG_FLOAT32);
    dg_multihead_attention(trial_input(t, DG_SHAPE(2, 3), NULL), 3, 2);
    expect_failure(dg_graph_status(t->graph), DG_BAD_ARGUMENT, "3 features do not divide into 2 heads");
    trial_free(t);
}

/* A query whose keys are all masked by −∞ gives 0, as with a mask of conditions, and no gradient. */
Test(attention, gives_0_where_a_mask_of_numbers_leaves_no_key)
{
    EACH_DTYPE(d)
    {
        trial *t = trial_new((dg_dtype)d);
        dg_node *q = trial_input(t, DG_SHAPE(2, 1), DATA(1, 1)), *k = trial_input(t, DG_SHAPE(2, 1), DATA(1, 1));
        dg_node *v = trial_input(t, DG_SHAPE(2, 1), DATA(3, 5));
        dg_node *mask = trial_input(t, DG_SHAPE(2, 2), DATA(-INFINITY, -INFINITY, 0, -INFINITY));
        dg_node *y = dg_scaled_dot_product_attention(q, k, v, .attn_mask = mask);
        expect_values(trial_run(t, y), DG_SHAPE(2, 1), 0, DATA(0, 3));
        expect_values(trial_run(t, trial_grad(dg_sum(y), q)), DG_SHAPE(2, 1), 0, DATA(0, 0));
        expect_values(trial_run(t, trial_grad(dg_sum(y), v)), DG_SHAPE(2, 1), 0, DATA(1, 0));
        expect_values(trial_run(t, trial_grad(dg_sum(y), mask)), DG_SHAPE(2, 2), 0, DATA(0, 0, 0, 0));
        /* Query 0 sees key 0 alone, which is masked; a score that is hidden must not come in its place. */
        y = dg_scaled_dot_product_attention(q, k, v, .attn_mask = mask, .is_causal = true);
        expect_values(trial_run(t, y), DG_SHAPE(2, 1), 0, DATA(0, 3));
        trial_free(t);
    }
}

Test(attention, wants_a_mask_that_broadcasts_to_the_scores)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *q = trial_input(t, DG_SHAPE(1, 2), NULL), *k = trial_input(t, DG_SHAPE(4, 2), NULL);
    dg_scaled_dot_product_attention(q, k, k, .attn_mask = trial_input(t, DG_SHAPE(3, 4), NULL));
    expect_failure(dg_graph_status(t->graph), DG_BAD_SHAPE, "broadcasts to the scores");
    trial_free(t);
}

/* Five products of all queries with all keys beside the two of the forward pass (Dao and others 2022, algorithm 4). */
Test(attention, the_work_of_its_gradient_is_counted)
{
    dg_graph *g;
    must(dg_graph_new(&g));
    static float zeros[256 * 16];
    dg_tensor tensor = dg_tensor_view(DG_FLOAT32, DG_SHAPE(256, 16), zeros);
    dg_node *in[3], *gradients[3];
    dg_feed feeds[3];
    for (int k = 0; k < 3; k++) {
        in[k] = dg_input(g, DG_SHAPE(256, 16));
        feeds[k] = (dg_feed){in[k], &tensor};
    }
    dg_node *y = dg_scaled_dot_product_attention(in[0], in[1], in[2]);
    must(dg_grad(dg_sum(y), 3, in, gradients));
    double flops[2];
    for (int k = 0; k < 2; k++) {
        dg_plan *plan;
        must(dg_plan_new(g, &(dg_plan_options){.fetch = k ? gradients : &y, .n_fetch = k ? 3 : 1}, &plan));
        must(dg_plan_prepare(plan, feeds, 3));
        flops[k] = dg_plan_cost_of(plan).flops;
        dg_plan_free(plan);
    }
    double product = 2.0 * 256 * 256 * 16;
    cr_expect(flops[0] >= 2 * product && flops[0] < 2.1 * product, "%g", flops[0]);
    cr_expect(flops[1] >= 7 * product && flops[1] < 7.3 * product, "%g", flops[1]);
    dg_graph_free(g);
}
