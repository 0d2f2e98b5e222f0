/* After a failed call a graph is as it was, and good for more. */
#include "small.h"

#include <dotgrad/op.h>

/* One step of training changes the loss. */
static void expect_trains(network *net, const char *optimizer)
{
    dg_dataset data = three_clusters(30);
    dg_plan *plan;
    const dg_feed feeds[] = {{net->x, dg_tensors_find(data.fields, "features")},
                             {net->label, dg_tensors_find(data.fields, "target")}};
    MUST(dg_training_plan(net->loss, optimizer, net->parameters, &plan, .seed = 1));
    MUST(dg_plan_run(plan, feeds, 2));
    double before = dg_tensor_get(dg_plan_result(plan, 0), 0);
    for (int k = 0; k < 20; k++)
        MUST(dg_plan_run(plan, feeds, 2));
    double after = dg_tensor_get(dg_plan_result(plan, 0), 0);
    cr_expect(after < 0.9 * before, "%g, then %g", before, after);
    dg_plan_free(plan);
    dg_dataset_release(&data);
}

Test(recover, rules_that_cannot_be_emitted)
{
    static const char *const rules[] = {"rule('p = p - lr*matmul(g,g)')", "rule('p = p - lr*unheard(g)')",
                                        "rule('m = sum(g); p = p - lr*cat(m, g)')", "rule('p = p - lr*linear(g, 3)')"};
    network net = small_classifier(0.1);
    int64_t count = dg_graph_node_count(net.graph);
    for (size_t k = 0; k < sizeof rules / sizeof *rules; k++) {
        dg_plan *plan;
        dg_status status = dg_training_plan(net.loss, rules[k], net.parameters, &plan);
        cr_expect(status.code != DG_OK && status.message[0], "%s", rules[k]);
        cr_expect_null(plan);
        MUST(dg_graph_status(net.graph));
        cr_expect_eq(dg_graph_node_count(net.graph), count, "%s", rules[k]);
        cr_expect_null(dg_graph_find(net.graph, "optimizer/step"));
    }
    expect_trains(&net, "sgd(lr=0.1)");
    network_release(&net);
}

Test(recover, trainers_that_cannot_be_made)
{
    network net = small_classifier(0);
    dg_dataset data = three_clusters(30);
    dg_trainer *trainer;
    MUST(dg_dataset_split(&data, 0, 0, 1));
    int64_t count = dg_graph_node_count(net.graph);
    const dg_task task = {.graph = net.graph, .loss = net.loss, .parameters = net.parameters, .data = &data};
    dg_trainer_options options = {.task = task, .optimizer = "rule('p = p - lr*matmul(g,g)')"};
    cr_expect(dg_trainer_new(&options, &trainer).code != DG_OK);
    options = (dg_trainer_options){.task = task, .freeze = "*"};
    cr_expect(dg_trainer_new(&options, &trainer).code != DG_OK);
    options = (dg_trainer_options){.task = task};
    options.task.memory_limit = 1000;
    MUST_FAIL(DG_NO_MEMORY, dg_trainer_new(&options, &trainer));
    MUST(dg_graph_status(net.graph));
    cr_expect_eq(dg_graph_node_count(net.graph), count);
    dg_dataset_release(&data);
    expect_trains(&net, "adam(lr=0.05)");
    network_release(&net);
}

/* No op takes such a call. */
static void call_wrongly(dg_graph *g, const dg_op *op, int how, dg_node *x)
{
    enum { MANY = 60 };
    dg_node *inputs[MANY];
    const char *names[1] = {"nobody's input"};
    const dg_value attr = {.kind = DG_VALUE_TEXT, .key = "nobody's attribute", .s = "1"};
    for (int k = 0; k < MANY; k++)
        inputs[k] = x;
    dg_apply(&(dg_application){.graph = g,
                               .op = op->name,
                               .name = how == 3   ? "x"
                                       : how == 2 ? NULL
                                                  : "wrong",
                               .at = DG_HERE,
                               .n_inputs = how == 0   ? 1
                                           : how == 3 ? dg_op_input_count(op)
                                                      : 0,
                               .inputs = inputs,
                               .input_names = how == 0 ? names : NULL,
                               .n_attrs = how == 1,
                               .attrs = &attr});
}

Test(recover, wrong_calls_of_every_op)
{
    network net = small_classifier(0.1);
    int failed = 0;
    for (size_t i = 0; i < dg_op_count(); i++)
        for (int how = 0; how < 4; how++) {
            int64_t count = dg_graph_node_count(net.graph);
            call_wrongly(net.graph, dg_op_at(i), how, net.x);
            dg_status status = dg_graph_recover(net.graph);
            if (status.code == DG_OK)
                continue; /* ops without inputs and attributes */
            failed++;
            cr_expect(strstr(status.message, dg_op_at(i)->name), "%s: %s", dg_op_at(i)->name, status.message);
            cr_expect_eq(dg_graph_node_count(net.graph), count, "%s leaves nodes", dg_op_at(i)->name);
            MUST(dg_graph_status(net.graph));
            cr_expect_eq(dg_graph_find(net.graph, "x"), net.x);
        }
    cr_expect_gt(failed, 1200);
    cr_expect_null(dg_graph_find(net.graph, "wrong"));
    cr_expect_null(dg_graph_find(net.graph, "wrong.weight"));
    expect_trains(&net, "adam(lr=0.05)");
    network_release(&net);
}

static void bad_cell(dg_scan_step *step)
{
    dg_linear(step->x, 3, .name = "fc");
    step->output = step->next[0] = dg_add(step->x, dg_zeros(step->graph, DG_SHAPE(7, 5)));
}

Test(recover, modules_and_names_are_as_before)
{
    dg_graph *g;
    MUST(dg_graph_new(&g));
    dg_node *x = dg_input(g, DG_SHAPE(4, 6, 3), .name = "x"), *state = dg_zeros(g, DG_SHAPE(4, 3));
    int64_t count = dg_graph_node_count(g);
    cr_expect_null(dg_scan(x, 1, &state, bad_cell, .name = "rnn"));
    cr_expect_neq(dg_graph_recover(g).code, DG_OK);
    cr_expect_eq(dg_graph_node_count(g), count);
    dg_module_begin(g, "outer", false);
    cr_expect_null(dg_linear(x, -3, .name = "fc"));
    dg_module_begin(g, "inner", false);
    dg_module_end(g);
    dg_module_end(g);
    cr_expect_neq(dg_graph_recover(g).code, DG_OK);
    MUST(dg_graph_recover(g));
    dg_node *fc = dg_linear(x, 3, .name = "fc");
    cr_expect_str_eq(dg_node_name(fc), "fc");
    cr_expect_not_null(dg_graph_find(g, "fc.weight"));
    cr_expect_null(dg_graph_find(g, "outer.fc.weight"));
    dg_graph_free(g);
}

static void failing(const dg_compose *compose)
{
    compose->outputs[0] = dg_add(compose->inputs[0], dg_zeros(compose->graph, DG_SHAPE(7, 5)));
}

static dg_status same(const dg_infer *infer)
{
    return dg_infer_same(infer);
}

/* What fails in an expansion, in a derivative or a plan, leaves neither nodes nor a mistake. */
Test(recover, derivatives_and_plans)
{
    static const dg_op bad = {.name = "bad",
                              .family = "own",
                              .summary = "fails where it is expanded",
                              .inputs = {{.name = "x"}},
                              .infer = same,
                              .compose = failing};
    MUST(dg_register(&bad));
    network net = small_classifier(0);
    dg_node *y = dg_sum(dg_call(DG_HERE, "bad", 1, &net.scores)), *gradient, *inner;
    dg_plan *plan;
    int64_t count = dg_graph_node_count(net.graph);
    cr_expect_neq(dg_grad(y, 1, &net.x, &gradient).code, DG_OK);
    cr_expect_neq(dg_jacobian_vector(1, &y, 1, &net.x, NULL, &inner).code, DG_OK);
    cr_expect_neq(dg_hessian(y, net.x, &gradient).code, DG_OK);
    cr_expect_neq(dg_plan_new(net.graph, &(dg_plan_options){.fetch = &y, .n_fetch = 1}, &plan).code, DG_OK);
    MUST(dg_graph_status(net.graph));
    cr_expect_eq(dg_graph_node_count(net.graph), count);
    expect_trains(&net, "adam(lr=0.05)");
    network_release(&net);
}
