/* Composed ops: their own shape rule holds for real sizes too, what their expansion makes is compared with it, and
 * mistakes inside them name the user's node. */
#include "planned.h"

static dg_status run_with(dg_node *y, const dg_feed *feeds, int n_feeds)
{
    dg_plan *plan = plan_of(y, NULL);
    dg_status status = dg_plan_run(plan, feeds, n_feeds);
    dg_plan_free(plan);
    return status;
}

Test(composed, shape_rule_holds_for_real_sizes)
{
    dg_graph *g = new_graph();
    dg_node *x = dg_input(g, DG_SHAPE(DG_N, 65), .name = "x"), *y = dg_einsum(1, &x, "ii->i", .name = "diagonal");
    dg_tensor three, square;
    OK(dg_graph_status(g));
    OK(dg_tensor_make(&three, DG_FLOAT32, DG_SHAPE(3, 65)));
    OK(dg_tensor_make(&square, DG_FLOAT32, DG_SHAPE(65, 65)));
    EXPECT_FAILURE(run_with(dg_tanh(y), &(dg_feed){x, &three}, 1), DG_BAD_SHAPE, "'diagonal'");
    OK(run_with(dg_tanh(y), &(dg_feed){x, &square}, 1));
    dg_tensor_release(&three);
    dg_tensor_release(&square);
    dg_graph_free(g);
}

/* ---- ops that break their word ---- */

static dg_status say_same(const dg_infer *infer)
{
    return dg_infer_same(infer);
}

static void make_sum(const dg_compose *c)
{
    c->outputs[0] = dg_sum(c->inputs[0]);
}

static void make_half(const dg_compose *c) /* [N, 4] to [N / 2, 8], where infer says [N, 4] */
{
    c->outputs[0] = dg_reshape(c->inputs[0], DG_SHAPE(-1, 8));
    c->outputs[0] = dg_transpose(dg_reshape(dg_transpose(c->outputs[0], 0, 1), DG_SHAPE(4, -1)), 0, 1);
    c->outputs[0] = dg_slice(c->outputs[0], .dim = 0, .step = 2);
}

static void make_mistake(const dg_compose *c)
{
    dg_node *five = dg_full(c->graph, DG_SHAPE(5), 1);
    c->outputs[0] = dg_add(dg_sin(c->inputs[0]), five, .name = "inner");
}

#define OP(op_name, made)                                                                                              \
    {                                                                                                                  \
        .name = (op_name), .family = "shape", .summary = "y = x", .inputs = {{.name = "input"}}, .infer = say_same,    \
        .compose = (made)                                                                                              \
    }

static const dg_op ops[] = {OP("says_same", make_sum), OP("says_whole", make_half), OP("has_mistake", make_mistake)};

static dg_node *call(dg_location at, const char *op, dg_node *x)
{
    return dg_apply(&(dg_application){.op = op, .name = "mine", .at = at, .n_inputs = 1, .inputs = &x});
}

Test(composed, expansion_is_compared_with_what_was_declared)
{
    OK(dg_register(&ops[0]));
    OK(dg_register(&ops[1]));
    for (size_t k = 0; k < 2; k++) {
        dg_graph *g = new_graph();
        dg_node *x = dg_input(g, k == 0 ? DG_SHAPE(2, 4) : DG_SHAPE(DG_N, 4), .name = "x");
        dg_node *y = call(DG_HERE, ops[k].name, x);
        OK(dg_graph_status(g));
        dg_tensor data;
        OK(dg_tensor_make(&data, DG_FLOAT32, DG_SHAPE(2, 4)));
        dg_plan *plan;
        dg_status status = dg_plan_new(g, &(dg_plan_options){.fetch = &y, .n_fetch = 1}, &plan);
        if (status.code == DG_OK) {
            status = dg_plan_run(plan, &(dg_feed){x, &data}, 1);
            dg_plan_free(plan);
        }
        cr_expect_eq(status.code, DG_BAD_SHAPE, "%s: %s", ops[k].name, status.message);
        cr_expect(strstr(status.message, "'mine'"), "%s", status.message);
        dg_tensor_release(&data);
        dg_graph_free(g);
    }
}

static dg_status say_nothing(const dg_infer *infer)
{
    (void)infer;
    return dg_ok();
}

static dg_status say_a_shape(const dg_infer *infer)
{
    infer->outputs[0].shape = dg_scalar();
    return dg_ok();
}

/* What an op's infer leaves out is said when the node is made. */
Test(composed, types_that_are_left_out)
{
    dg_op silent[] = {OP("says_nothing", make_sum), OP("says_a_shape", make_sum)};
    silent[0].infer = say_nothing;
    silent[1].infer = say_a_shape;
    OK(dg_register(&silent[0]));
    OK(dg_register(&silent[1]));
    for (int k = 0; k < 2; k++) {
        dg_graph *g = new_graph();
        dg_node *x = dg_input(g, DG_SHAPE(2, 4), .name = "x");
        cr_expect_null(call(DG_HERE, silent[k].name, x));
        EXPECT_FAILURE(dg_graph_status(g), DG_BAD_ARGUMENT,
                       k ? "leaves the element type of output 0 out" : "leaves the shape");
        dg_graph_free(g);
    }
}

/* Neither the file of the op nor its inner node: those of whoever wrote the node. */
Test(composed, mistakes_inside_are_told_of_the_users_node)
{
    OK(dg_register(&ops[2]));
    for (int k = 0; k < 2; k++) {
        dg_graph *g = new_graph();
        dg_node *x = dg_input(g, k ? DG_SHAPE(3, DG_N) : DG_SHAPE(3, 4), .name = "x");
        dg_node *y = call((dg_location){"network.c", 77}, "has_mistake", x);
        OK(dg_graph_status(g));
        dg_tensor data;
        OK(dg_tensor_make(&data, DG_FLOAT32, DG_SHAPE(3, 4)));
        dg_plan *plan = NULL;
        dg_status status = dg_plan_new(g, &(dg_plan_options){.fetch = &y, .n_fetch = 1}, &plan);
        if (status.code == DG_OK) /* with a symbol: when the sizes are real */
            status = dg_plan_run(plan, &(dg_feed){x, &data}, 1);
        cr_expect_eq(status.code, DG_BAD_SHAPE, "%s", status.message);
        cr_expect(strstr(status.message, "has_mistake 'mine'"), "%s", status.message);
        cr_expect(strstr(status.message, "network.c:77"), "%s", status.message);
        cr_expect_null(strstr(status.message, "composed.c"), "%s", status.message);
        dg_plan_free(plan);
        dg_tensor_release(&data);
        dg_graph_free(g);
    }
}

Test(composed, mistakes_in_a_derivative_are_told_of_the_users_node)
{
    dg_graph *g = new_graph();
    dg_node *x = dg_input(g, DG_SHAPE(DG_N, 3), .name = "x"), *t = dg_input(g, DG_SHAPE(DG_N), .dtype = DG_INT64);
    dg_node *loss = dg_cross_entropy(x, t, .name = "loss"), *gradient;
    OK(dg_grad(loss, 1, &x, &gradient));
    dg_plan *plan = plan_of(gradient, NULL);
    dg_tensor data = FLOATS(DG_SHAPE(1, 3), 1, 2, 3), label = dg_tensor_view(DG_INT64, DG_SHAPE(1), &(int64_t){7});
    dg_status status = dg_plan_run(plan, (dg_feed[]){{x, &data}, {t, &label}}, 2);
    cr_expect_eq(status.code, DG_BAD_DATA, "%s", status.message);
    cr_expect(strstr(status.message, "cross_entropy 'loss'") && strstr(status.message, "composed.c"), "%s",
              status.message);
    dg_plan_free(plan);
    dg_graph_free(g);
}
