/* Clipped gradients against torch.nn.utils.clip_grad_value_ and clip_grad_norm_, by hand. */
#include "small.h"

static dg_graph *graph;
static dg_node *inputs[2], *clipped[2];
static const double first[] = {3, -4, 0.5}, second[] = {12};

static void setup(void)
{
    MUST(dg_graph_new(&graph));
    inputs[0] = dg_input(graph, DG_SHAPE(3), .dtype = DG_FLOAT64, .name = "a");
    inputs[1] = dg_input(graph, DG_SHAPE(1), .dtype = DG_FLOAT64, .name = "b");
}

static void teardown(void)
{
    dg_graph_free(graph);
}

/* Runs and checks the two clipped gradients and, where given, the norm. */
static void check(const double *want_first, const double *want_second, dg_node *norm, double want_norm)
{
    dg_plan *plan;
    dg_node *fetch[] = {clipped[0], clipped[1], norm};
    MUST(dg_plan_new(graph, &(dg_plan_options){.fetch = fetch, .n_fetch = norm ? 3 : 2}, &plan));
    const dg_tensor a = dg_tensor_view(DG_FLOAT64, DG_SHAPE(3), first),
                    b = dg_tensor_view(DG_FLOAT64, DG_SHAPE(1), second);
    MUST(dg_plan_run(plan, (dg_feed[]){{inputs[0], &a}, {inputs[1], &b}}, 2));
    for (int i = 0; i < 3; i++)
        cr_assert_float_eq(dg_tensor_get(dg_plan_result(plan, 0), i), want_first[i], 1e-12);
    cr_assert_float_eq(dg_tensor_get(dg_plan_result(plan, 1), 0), want_second[0], 1e-12);
    if (norm)
        cr_assert_float_eq(dg_tensor_get(dg_plan_result(plan, 2), 0), want_norm, 1e-12);
    dg_plan_free(plan);
}

TestSuite(clip, .init = setup, .fini = teardown);

Test(clip, value_cuts_each_element)
{
    MUST(dg_clip_value(graph, 2, inputs, 3.5, clipped));
    check((double[]){3, -3.5, 0.5}, (double[]){3.5}, NULL, 0);
}

Test(clip, norm_scales_all_together)
{
    dg_node *norm;
    double total = sqrt(9 + 16 + 0.25 + 144), factor = 2 / (total + 1e-6);
    MUST(dg_clip_norm(graph, 2, inputs, 2, clipped, &norm));
    check((double[]){3 * factor, -4 * factor, 0.5 * factor}, (double[]){12 * factor}, norm, total);
}

Test(clip, norm_leaves_small_gradients_alone)
{
    MUST(dg_clip_norm(graph, 2, inputs, 100, clipped, NULL));
    check(first, second, NULL, 0);
}

Test(clip, rejects_limits_that_make_no_sense)
{
    static const double bad[] = {0, -1, NAN, INFINITY};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        MUST_FAIL(DG_BAD_ARGUMENT, dg_clip_value(graph, 2, inputs, bad[i], clipped));
        MUST_FAIL(DG_BAD_ARGUMENT, dg_clip_norm(graph, 2, inputs, bad[i], clipped, NULL));
    }
    MUST_FAIL(DG_BAD_ARGUMENT, dg_clip_norm(graph, 0, NULL, 1, NULL, NULL));
}
