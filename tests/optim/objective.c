/* What an optimiser is given: parameters that a derivative reaches, schedules of rate and momentum, accumulated
 * gradients, averages, sampled targets; and losses of one's own, which are judged as those that ship. */
#include "small.h"

static dg_node *const *trainable(dg_node *output, const char *patterns, int *count)
{
    dg_node *const *list;
    MUST(dg_trainable_matching(output, patterns, &list, count));
    return list;
}

Test(objective, has_no_parameters_behind_detach)
{
    dg_graph *graph;
    dg_tensors *parameters;
    dg_plan *plan;
    int count;
    MUST(dg_graph_new(&graph));
    MUST(dg_tensors_new(&parameters));
    dg_node *frozen = dg_parameter(graph, DG_SHAPE(1), .init = "ones", .name = "frozen");
    dg_node *head = dg_parameter(graph, DG_SHAPE(1), .init = "ones", .name = "head");
    dg_node *loss = dg_sum(dg_square(dg_mul(dg_detach(frozen), head)));
    dg_node *const *list = trainable(loss, NULL, &count);
    cr_assert(count == 1 && list[0] == head);
    MUST(dg_training_plan(loss, "adamw(lr=0.1, weight_decay=0.5)", parameters, &plan));
    for (int i = 0; i < 20; i++)
        MUST(dg_plan_run(plan, NULL, 0));
    cr_assert_eq(dg_tensor_get(dg_tensors_find(parameters, "frozen"), 0), 1);
    cr_assert(dg_tensor_get(dg_tensors_find(parameters, "head"), 0) < 0.5);
    dg_plan_free(plan);
    dg_tensors_free(parameters);
    dg_graph_free(graph);
}

Test(objective, takes_parameters_by_pattern_and_module)
{
    network net = small_classifier(0);
    static const struct {
        const char *patterns;
        int count;
    } cases[] = {{"fc1", 2}, {"*.weight", 2}, {"fc1.bias, scores", 3}, {"fc?.*", 2}, {"*", 4}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int count;
        trainable(net.loss, cases[i].patterns, &count);
        cr_assert_eq(count, cases[i].count, "%s: %d", cases[i].patterns, count);
    }
    dg_node *const *list;
    int count;
    MUST_FAIL(DG_BAD_ARGUMENT, dg_trainable_matching(net.loss, "fc", &list, &count));
    network_release(&net);
}

/* Two steps on halves of a batch, accumulated, are one step on the mean of their gradients. */
Test(objective, accumulates_gradients)
{
    double reached[2][3];
    for (int way = 0; way < 2; way++) {
        dg_graph *graph;
        dg_tensors *parameters;
        dg_plan *plan;
        MUST(dg_graph_new(&graph));
        MUST(dg_tensors_new(&parameters));
        dg_graph_set_dtype(graph, DG_FLOAT64);
        dg_node *p = dg_parameter(graph, DG_SHAPE(3), .init = "constant([1, -2, 0.5])", .name = "p");
        dg_node *x = dg_input(graph, DG_SHAPE(3), .name = "x"), *y = dg_input(graph, DG_SHAPE(3), .name = "y");
        dg_node *first = dg_sum(dg_square(dg_sub(p, x))), *second = dg_sum(dg_square(dg_sub(p, y)));
        dg_node *loss = way ? first : dg_expr("(a + b) / 2", {"a", first}, {"b", second});
        MUST(dg_training_plan(loss, "adam(lr=0.1)", parameters, &plan, .accumulate = way ? 2 : 0));
        double a[3] = {0.3, 0.1, -2}, b[3] = {-1, 4, 2};
        const dg_tensor ta = dg_tensor_view(DG_FLOAT64, DG_SHAPE(3), a),
                        tb = dg_tensor_view(DG_FLOAT64, DG_SHAPE(3), b);
        for (int i = 0; i < 10; i++) {
            if (!way) {
                MUST(dg_plan_run(plan, (dg_feed[]){{x, &ta}, {y, &tb}}, 2));
                continue;
            }
            MUST(dg_plan_run(plan, &(dg_feed){x, &ta}, 1));
            MUST(dg_plan_run(plan, &(dg_feed){x, &tb}, 1));
        }
        for (int k = 0; k < 3; k++)
            reached[way][k] = dg_tensor_get(dg_tensors_find(parameters, "p"), k);
        cr_assert_eq(dg_tensor_get(dg_tensors_find(parameters, "optimizer/step"), 0), 10);
        dg_plan_free(plan);
        dg_tensors_free(parameters);
        dg_graph_free(graph);
    }
    for (int k = 0; k < 3; k++)
        cr_assert_float_eq(reached[0][k], reached[1][k], 1e-13);
}

static dg_trainer *train(network *net, const dg_dataset *data, dg_trainer_options options)
{
    dg_trainer *trainer;
    (void)net;
    (void)data;
    MUST(dg_trainer_new(&options, &trainer));
    MUST(dg_trainer_run(trainer));
    return trainer;
}

Test(objective, averages_take_the_place_of_the_weights)
{
    static const char *const calls[] = {"ema(decay=0.9)", "swa(start=1)"};
    for (int way = 0; way < 2; way++) {
        network net = small_classifier(0), plain = small_classifier(0);
        dg_dataset data = three_clusters(60);
        MUST(dg_dataset_split(&data, 0, 0.2, 1));
        dg_trainer_options options = options_for(&net, &data, "adam(lr=0.05)");
        options.average = calls[way];
        /* The averages by hand, from a run without them, step by step. */
        dg_trainer_options other = options_for(&plain, &data, "adam(lr=0.05)");
        dg_trainer *steps, *trainer = train(&net, &data, options);
        MUST(dg_trainer_new(&other, &steps));
        double mean[16] = {0};
        int n = 0, start = 3; /* three batches an epoch */
        for (bool done = false; !done;) {
            MUST(dg_trainer_step(steps, &done));
            n++;
            for (int k = 0; k < 16; k++) {
                double p = dg_tensor_get(dg_tensors_find(plain.parameters, "fc1.weight"), k);
                if (way == 0)
                    mean[k] = n > 1 ? 0.9 * mean[k] + 0.1 * p : p;
                else
                    mean[k] = n > start + 1 ? mean[k] + (p - mean[k]) / (n - start) : p;
            }
        }
        for (int k = 0; k < 16; k++)
            cr_assert_float_eq(dg_tensor_get(dg_tensors_find(net.parameters, "fc1.weight"), k), mean[k], 1e-5, "%s",
                               calls[way]);
        dg_trainer_free(trainer);
        dg_trainer_free(steps);
        dg_dataset_release(&data);
        network_release(&net);
        network_release(&plain);
    }
}

Test(objective, one_cycle_moves_the_momentum_too)
{
    network net = small_classifier(0);
    dg_dataset data = three_clusters(48);
    MUST(dg_dataset_split(&data, 0, 0, 1));
    dg_trainer_options options = options_for(&net, &data, "sgd(lr=0.1, momentum=0.9)");
    options.schedule = "onecycle";
    dg_trainer_free(train(&net, &data, options));
    /* momentum_buffer after the last step: momentum·before + gradient; the rate is at its end. */
    network fixed = small_classifier(0);
    dg_trainer_options other = options_for(&fixed, &data, "sgd(lr=0.1, momentum=0.9)");
    other.schedule = "onecycle(cycle_momentum=false)";
    dg_trainer_free(train(&fixed, &data, other));
    cr_assert_not(
        same_bits(dg_tensors_find(net.parameters, "fc1.weight"), dg_tensors_find(fixed.parameters, "fc1.weight")));
    network wrong = small_classifier(0);
    dg_trainer_options bad = options_for(&wrong, &data, "adagrad");
    dg_trainer *trainer;
    bad.schedule = "onecycle";
    MUST_FAIL(DG_BAD_ARGUMENT, dg_trainer_new(&bad, &trainer));
    dg_dataset_release(&data);
    network_release(&net);
    network_release(&fixed);
    network_release(&wrong);
}

Test(objective, plateau_lowers_the_rate_when_the_loss_stays)
{
    network net = small_classifier(0);
    dg_dataset data = three_clusters(48);
    MUST(dg_dataset_split(&data, 0, 0, 1));
    dg_trainer_options options = options_for(&net, &data, "sgd(lr=1e-12)"); /* nothing moves: the loss stays */
    options.schedule = "plateau(factor=0.5, patience=1, eps=0)";
    options.epochs = 8;
    dg_trainer *trainer = train(&net, &data, options);
    const dg_tensor *history = dg_trainer_history(trainer);
    int64_t columns = history->shape.dims[1];
    static const double rates[8] = {1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.125};
    for (int64_t e = 0; e < 8; e++)
        cr_assert_float_eq(dg_tensor_get(history, e * columns + columns - 1), 1e-12 * rates[e], 1e-20, "epoch %d",
                           (int)e);
    dg_trainer_free(trainer);
    dg_dataset_release(&data);
    network_release(&net);
}

Test(objective, sophia_learns_by_sampled_targets)
{
    network net = small_classifier(0);
    dg_dataset data = three_clusters(90);
    MUST(dg_dataset_split(&data, 0, 0.2, 1));
    dg_trainer_options options = options_for(&net, &data, "sophia(lr=0.02)");
    options.epochs = 20;
    dg_trainer *trainer = train(&net, &data, options);
    dg_metrics metrics;
    MUST(dg_trainer_evaluate(trainer, (dg_rows){data.validation, data.n_validation}, &metrics));
    cr_assert_str_eq(metrics.names[1], "accuracy");
    cr_assert(metrics.values[1] > 0.9, "%g", metrics.values[1]);
    dg_trainer_free(trainer);
    dg_dataset_release(&data);
    network_release(&net);
}

/* −log softmax(x)[label], written as an op of the test's own. */
static dg_status own_infer(const dg_infer *infer)
{
    infer->outputs[0] = (dg_type){infer->inputs[0]->dtype, dg_scalar()};
    return dg_ok();
}

static void own_compose(const dg_compose *compose)
{
    compose->outputs[0] = dg_cross_entropy(compose->inputs[0], compose->inputs[1]);
}

Test(objective, a_loss_of_ones_own_has_metrics_and_finds_its_labels)
{
    static const dg_op own = {.name = "own_entropy",
                              .family = "own",
                              .summary = "cross entropy again",
                              .inputs = {{.name = "x"}, {.name = "truth", .flags = DG_TARGET | DG_INDEX}},
                              .scores = DG_SCORES_CLASSES,
                              .infer = own_infer,
                              .compose = own_compose};
    MUST(dg_register(&own));
    network net = small_classifier(0);
    dg_dataset data = three_clusters(60);
    MUST(dg_dataset_split(&data, 0, 0.2, 1));
    dg_node *loss = dg_call(DG_HERE, "own_entropy", 2, (dg_node *[]){net.scores, net.label});
    MUST(dg_graph_status(net.graph));
    dg_metrics shipped, mine;
    dg_task task = options_for(&net, &data, NULL).task;
    MUST(dg_parameters_init(net.parameters, net.graph, 1));
    MUST(dg_evaluate(&task, (dg_rows){data.train, data.n_train}, &shipped));
    task.loss = loss;
    MUST(dg_evaluate(&task, (dg_rows){data.train, data.n_train}, &mine));
    cr_assert_eq(mine.count, 2);
    cr_assert_str_eq(mine.names[1], "accuracy");
    for (int k = 0; k < 2; k++)
        cr_assert_eq(mine.values[k], shipped.values[k]);
    dg_dataset_release(&data);
    network_release(&net);
}

static dg_status same_type(const dg_infer *infer)
{
    return dg_infer_same(infer);
}

static void centre(const dg_compose *compose)
{
    compose->outputs[0] = dg_sub(compose->inputs[0], dg_mean(compose->inputs[0], .dim = 0, .keepdim = true));
}

static int64_t five_rows(const dg_infer *infer)
{
    return infer->n_inputs + 4;
}

/* What batch_norm has, any op may have. */
Test(objective, an_op_says_how_many_rows_it_needs)
{
    static const dg_op own = {.name = "centred",
                              .family = "own",
                              .summary = "x less its mean",
                              .inputs = {{.name = "x"}},
                              .infer = same_type,
                              .compose = centre,
                              .least_rows = five_rows};
    MUST(dg_register(&own));
    network net = small_classifier(0);
    dg_dataset data = three_clusters(20);
    MUST(dg_dataset_split(&data, 0, 0, 1));
    dg_trainer *trainer;
    net.loss = dg_cross_entropy(dg_call(DG_HERE, "centred", 1, &net.scores), net.label, .name = "centred_loss");
    dg_trainer_options options = options_for(&net, &data, NULL); /* 20 rows in batches of 16 end with 4 */
    dg_status status = dg_trainer_new(&options, &trainer);
    cr_expect_eq(status.code, DG_BAD_ARGUMENT);
    cr_expect(strstr(status.message, "centred 'centred_") && strstr(status.message, "5 rows or more"), "%s",
              status.message);
    options.task.batch_size = 5;
    MUST(dg_trainer_new(&options, &trainer));
    dg_trainer_free(trainer);
    dg_dataset_release(&data);
    network_release(&net);
}
