/* Dimensions of size 0 and of size 1. */
#include "points.h"

Test(small_sizes, size_0_elementwise_and_reductions)
{
    static const point points[] = {
        {"exp", {"[0]"}, "[0]", {"[0]"}},
        {"add", {"[0, 3]", "[3] 1 2 3"}, "[0, 3]", {"[0, 3]", "[3] 0 0 0"}},
        {"mul", {"[2, 0]", "[1] 5"}, "[2, 0]", {"[2, 0]", "[1] 0"}},
        {"where", {"[0] bool", "[0]", "[1] 3"}, "[0]", {NULL, "[0]", "[1] 0"}},
        {"sum", {"[0]"}, "[] 0", {"[0]"}},
        {"sum(dim=0)", {"[0, 2]"}, "[2] 0 0", {"[0, 2]"}},
        {"sum(dim=1)", {"[0, 2]"}, "[0]", {"[0, 2]"}},
        {"prod", {"[0]"}, "[] 1", {"[0]"}},
        {"prod(dim=0)", {"[0, 2]"}, "[2] 1 1", {"[0, 2]"}},
        {"prod(dim=1)", {"[0, 2]"}, "[0]", {"[0, 2]"}},
        {"mean", {"[0]"}, "[] nan", {"[0]"}},
        {"mean(dim=0)", {"[0, 2]"}, "[2] nan nan", {"[0, 2]"}},
        {"mean(dim=1)", {"[0, 2]"}, "[0]", {"[0, 2]"}},
        {"norm(dim=0)", {"[0, 2]"}, "[2] 0 0", {"[0, 2]"}},
        {"var(dim=0)", {"[0, 2]"}, "[2] nan nan", {"[0, 2]"}},
        {"std(dim=0)", {"[0, 2]"}, "[2] nan nan", {"[0, 2]"}},
        {"amax(dim=1)", {"[0, 2]"}, "[0]", {"[0, 2]"}},
        {"argmax(dim=1)", {"[0, 2]"}, "[0] int64", {}},
        {"softmax(dim=1)", {"[0, 3]"}, "[0, 3]", {"[0, 3]"}},
        {"softmax(dim=0)", {"[0, 3]"}, "[0, 3]", {"[0, 3]"}},
        {"log_softmax(dim=1)", {"[2, 0]"}, "[2, 0]", {"[2, 0]"}},
        {"cumsum(dim=0)", {"[0, 2]"}, "[0, 2]", {"[0, 2]"}},
        {"sort(dim=0)", {"[0, 2]"}, "[0, 2]", {"[0, 2]"}},
        {"cumprod(dim=0)", {"[0]"}, "[0]", {"[0]"}},
    };
    CHECK_POINTS(points);
}

Test(small_sizes, size_0_products_and_layers)
{
    static const point points[] = {
        {"matmul", {"[0, 2]", "[2, 3] 1 2 3 4 5 6"}, "[0, 3]", {"[0, 2]", "[2, 3] 0 0 0 0 0 0"}},
        {"matmul", {"[2, 0]", "[0, 3]"}, "[2, 3] 0 0 0 0 0 0", {"[2, 0]", "[0, 3]"}},
        {"matmul", {"[2, 1, 0]", "[0, 1]"}, "[2, 1, 1] 0 0", {"[2, 1, 0]", "[0, 1]"}},
        {"matmul", {"[0]", "[0]"}, "[] 0", {"[0]", "[0]"}},
        {"matmul", {"[0, 2, 3]", "[3, 1] 1 2 3"}, "[0, 2, 1]", {"[0, 2, 3]", "[3, 1] 0 0 0"}},
        {"linear", {"[0, 2]", "[1, 2] 1 2", "[1] 3"}, "[0, 1]", {"[0, 2]", "[1, 2] 0 0", "[1] 0"}},
        {"linear", {"[1, 0]", "[2, 0]", "[2] 3 4"}, "[1, 2] 3 4", {"[1, 0]", "[2, 0]", "[2] 1 2"}},
        {"einsum('ij,jk->ik')", {"[2, 0]", "[0, 1]"}, "[2, 1] 0 0", {"[2, 0]", "[0, 1]"}},
        {"outer", {"[0]", "[2] 1 2"}, "[0, 2]", {"[0]", "[2] 0 0"}},
        {"cdist", {"[0, 2]", "[2, 2] 1 2 3 4"}, "[0, 2]", {"[0, 2]", "[2, 2] 0 0 0 0"}},
        {"cdist", {"[1, 0]", "[2, 0]"}, "[1, 2] 0 0", {"[1, 0]", "[2, 0]"}},
        {"conv1d", {"[0, 1, 3]", "[1, 1, 2] 1 2"}, "[0, 1, 2]", {"[0, 1, 3]", "[1, 1, 2] 0 0"}},
        {"conv2d(padding=1)",
         {"[0, 1, 2, 2]", "[1, 1, 1, 1] 2", "[1] 1"},
         "[0, 1, 4, 4]",
         {"[0, 1, 2, 2]", "[1, 1, 1, 1] 0", "[1] 0"}},
        {"conv_transpose1d", {"[0, 1, 3]", "[1, 1, 2] 1 2"}, "[0, 1, 4]", {"[0, 1, 3]", "[1, 1, 2] 0 0"}},
        {"max_pool1d(2)", {"[0, 1, 4]"}, "[0, 1, 2]", {"[0, 1, 4]"}},
        {"avg_pool1d(2)", {"[0, 1, 4]"}, "[0, 1, 2]", {"[0, 1, 4]"}},
        {"adaptive_avg_pool1d(2)", {"[0, 1, 4]"}, "[0, 1, 2]", {"[0, 1, 4]"}},
        {"layer_norm([2], elementwise_affine=false)", {"[0, 2]"}, "[0, 2]", {"[0, 2]"}},
        {"embedding", {"[0] int64", "[3, 2] 1 2 3 4 5 6"}, "[0, 2]", {NULL, "[3, 2] 0 0 0 0 0 0"}},
        {"scaled_dot_product_attention",
         {"[0, 1, 2]", "[0, 1, 2]", "[0, 1, 2]"},
         "[0, 1, 2]",
         {"[0, 1, 2]", "[0, 1, 2]", "[0, 1, 2]"}},
        {"interpolate(scale_factor=2)", {"[0, 1, 2]"}, "[0, 1, 4]", {"[0, 1, 2]"}},
    };
    CHECK_POINTS(points);
}

Test(small_sizes, size_0_shapes)
{
    static const point points[] = {
        {"cat(dim=0)", {"[0, 2]", "[1, 2] 1 2"}, "[1, 2] 1 2", {"[0, 2]", "[1, 2] 1 2"}},
        {"cat(dim=1)", {"[2, 0]", "[2, 1] 1 2", "[2, 0]"}, "[2, 1] 1 2", {"[2, 0]", "[2, 1] 1 2", "[2, 0]"}},
        {"stack", {"[0]", "[0]"}, "[2, 0]", {"[0]", "[0]"}},
        {"reshape([0, 3])", {"[3, 0]"}, "[0, 3]", {"[3, 0]"}},
        {"transpose(dim0=0, dim1=1)", {"[0, 3]"}, "[3, 0]", {"[0, 3]"}},
        {"flatten(start_dim=0)", {"[0, 3]"}, "[0]", {"[0, 3]"}},
        {"flatten", {"[0, 3, 2]"}, "[0, 6]", {"[0, 3, 2]"}},
        {"squeeze", {"[1, 0, 1]"}, "[0]", {"[1, 0, 1]"}},
        {"expand([0, 2])", {"[1, 2] 1 2"}, "[0, 2]", {"[1, 2] 0 0"}},
        {"slice(dim=0, start=1, end=1)", {"[3] 1 2 3"}, "[0]", {"[3] 0 0 0"}},
        {"slice(dim=0, start=5)", {"[3] 1 2 3"}, "[0]", {"[3] 0 0 0"}},
        {"pad([1, 1])", {"[0]"}, "[2] 0 0", {"[0]"}},
        {"pad([-1, -1])", {"[2] 1 2"}, "[0]", {"[2] 0 0"}},
        {"flip(dims=[0])", {"[0, 2]"}, "[0, 2]", {"[0, 2]"}},
        {"repeat([0, 2])", {"[2, 2] 1 2 3 4"}, "[0, 4]", {"[2, 2] 0 0 0 0"}},
        {"gather(dim=0)", {"[3] 1 2 3", "[0] int64"}, "[0]", {"[3] 0 0 0", NULL}},
        {"index_select(dim=0)", {"[3, 2] 1 2 3 4 5 6", "[0] int64"}, "[0, 2]", {"[3, 2] 0 0 0 0 0 0", NULL}},
        {"one_hot(num_classes=2)", {"[0] int64"}, "[0, 2] int64", {}},
        {"tril", {"[0, 2]"}, "[0, 2]", {"[0, 2]"}},
        {"roll(1, dims=0)", {"[0]"}, "[0]", {"[0]"}},
        {"diagonal", {"[0, 2]"}, "[0]", {"[0, 2]"}},
        {"trace", {"[0, 0]"}, "[] 0", {"[0, 0]"}},
    };
    CHECK_POINTS(points);
}

Test(small_sizes, size_1_dimensions)
{
    static const point points[] = {
        {"softmax(dim=0)", {"[1] 7"}, "[1] 1", {"[1] 0"}},
        {"matmul", {"[1, 1] 3", "[1, 1] 4"}, "[1, 1] 12", {"[1, 1] 4", "[1, 1] 3"}},
        {"matmul", {"[1] 3", "[1] 4"}, "[] 12", {"[1] 4", "[1] 3"}},
        {"conv2d", {"[1, 1, 1, 1] 3", "[1, 1, 1, 1] 4"}, "[1, 1, 1, 1] 12", {"[1, 1, 1, 1] 4", "[1, 1, 1, 1] 3"}},
        {"conv1d(padding=1)", {"[1, 1, 1] 3", "[1, 1, 3] 1 2 3"}, "[1, 1, 1] 6", {"[1, 1, 1] 2", "[1, 1, 3] 0 3 0"}},
        {"max_pool1d(1)", {"[1, 1, 1] 3"}, "[1, 1, 1] 3", {"[1, 1, 1] 1"}},
        {"cat(dim=0)", {"[1] 2"}, "[1] 2", {"[1] 1"}},
        {"amax(dim=0)", {"[1] 2"}, "[] 2", {"[1] 1"}},
        {"prod(dim=0)", {"[1] 0"}, "[] 0", {"[1] 1"}},
        {"norm(dim=0)", {"[1] 0"}, "[] 0", {"[1] 0"}},
        {"logsumexp(dim=0)", {"[1] -inf"}, "[] -inf", {"[1] 0"}}, /* PyTorch nan */
        {"cumsum(dim=0)", {"[1] 2"}, "[1] 2", {"[1] 1"}},
        {"sort", {"[1] 2"}, "[1] 2", {"[1] 1"}},
        {"mse_loss", {"[1] 2", "[1] 2"}, "[] 0", {"[1] 0", "[1] 0"}},
        {"interpolate([3], mode=linear)", {"[1, 1, 1] 2"}, "[1, 1, 3] 2 2 2", {"[1, 1, 1] 6"}},
        {"det", {"[1, 1] 0"}, "[] 0", {"[1, 1] 1"}},
        {"inverse", {"[1, 1] 2"}, "[1, 1] 0.5", {"[1, 1] -0.25"}},
    };
    CHECK_POINTS(points);
}

/* What has no answer is an error, as in PyTorch; logsumexp, which is −∞ there, is one too. */
Test(small_sizes, nothing_to_choose_from_is_an_error)
{
    static const char *const ops[] = {"amax", "amin", "argmax", "argmin", "logsumexp"};
    for (size_t k = 0; k < sizeof ops / sizeof *ops; k++) {
        trial *t = trial_new(DG_FLOAT64);
        dg_node *x = trial_input(t, DG_SHAPE(0, 2), NULL);
        dg_value call;
        char text[40];
        snprintf(text, sizeof text, "%s(dim=0)", ops[k]);
        must(dg_call_parse(dg_graph_arena(t->graph), text, &call));
        dg_apply(&(dg_application){.graph = t->graph,
                                   .op = call.s,
                                   .at = DG_HERE,
                                   .n_inputs = 1,
                                   .inputs = &x,
                                   .n_attrs = (int)call.count,
                                   .attrs = call.items});
        expect_failure(dg_graph_status(t->graph), DG_BAD_SHAPE, "dimension 0 has no elements to choose from");
        trial_free(t);
    }
}

Test(small_sizes, a_symbolic_batch_may_be_of_none)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_feed(t, DG_FLOAT64, DG_SHAPE(DG_N, 1, 4, 4), DG_SHAPE(0, 1, 4, 4), NULL);
    dg_node *w = trial_input(t, DG_SHAPE(2, 1, 3, 3), NULL);
    dg_node *y = dg_flatten(dg_max_pool2d(dg_relu(dg_conv2d(x, DG_NONE, .weight = w)), .kernel_size = DG_INTS(2, 2)));
    expect_values(trial_run(t, y), DG_SHAPE(0, 2), 0, NULL);
    expect_values(trial_run(t, trial_grad(dg_sum(y), w)), DG_SHAPE(2, 1, 3, 3), 0, (double[18]){0});
    expect_values(trial_run(t, dg_mean(y)), dg_scalar(), 0, DATA(NAN));
    trial_free(t);
}
