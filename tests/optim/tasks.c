/* Tasks that cannot be meant: nodes of another graph, inputs that are none, and graphs with a mistake in them. */
#include "small.h"

static network net, other;
static dg_dataset data;

static void set_up(void)
{
    net = small_classifier(0);
    other = small_classifier(0);
    data = three_clusters(12);
    MUST(dg_dataset_split(&data, 0, 0, 1));
    MUST(dg_parameters_init(net.parameters, net.graph, 1));
    for (int k = 0; k < 300; k++) /* its ids are far beyond those of the small graph */
        other.scores = dg_neg(other.scores);
    other.loss = dg_cross_entropy(other.scores, other.label);
    MUST(dg_graph_status(other.graph));
}

static void tear_down(void)
{
    dg_dataset_release(&data);
    network_release(&other);
    network_release(&net);
}

TestSuite(tasks, .init = set_up, .fini = tear_down);

/* Whether everything that takes a task refuses this one and says `why`. */
static void expect_refused(dg_task task, const char *why)
{
    const dg_trainer_options options = {.task = task, .epochs = 1};
    const dg_rows rows = {.count = 4};
    dg_node *scores = net.scores;
    dg_trainer *trainer;
    dg_predictor *predictor;
    dg_fed_rows *fed;
    dg_metrics metrics;
    dg_tensor result;
    const dg_status got[] = {
        dg_trainer_new(&options, &trainer),          dg_evaluate(&task, rows, &metrics),
        dg_confusion(&task, rows, &result),          dg_fed_rows_new(&task, &scores, 1, rows, &fed),
        dg_predictor_new(&task, scores, &predictor), dg_predict(&task, scores, rows, &result)};
    for (size_t k = 0; k < sizeof got / sizeof *got; k++) {
        cr_expect_eq(got[k].code, DG_BAD_ARGUMENT, "%zu: code %d, '%s'", k, (int)got[k].code, got[k].message);
        cr_expect(strstr(got[k].message, why), "%zu: '%s' does not say '%s'", k, got[k].message, why);
    }
}

static dg_task sound(void)
{
    return (dg_task){
        .graph = net.graph, .loss = net.loss, .output = net.scores, .parameters = net.parameters, .data = &data};
}

Test(tasks, nodes_of_another_graph_are_refused)
{
    dg_task task = sound();
    const dg_rows rows = {.count = 4};
    dg_predictor *predictor;
    dg_fed_rows *fed;
    dg_tensor result;
    task.loss = other.loss;
    expect_refused(task, "loss");
    expect_refused(task, "another graph");
    task = sound();
    task.output = other.scores;
    expect_refused(task, "output");
    task = sound();
    MUST_FAIL(DG_BAD_ARGUMENT, dg_fed_rows_new(&task, &other.scores, 1, rows, &fed));
    MUST_FAIL(DG_BAD_ARGUMENT, dg_predict(&task, other.scores, rows, &result));
    MUST_FAIL(DG_BAD_ARGUMENT, dg_predictor_new(&task, other.scores, &predictor));
}

Test(tasks, inputs_that_are_none_are_refused)
{
    const struct {
        dg_input_field fields[2];
        int count;
        const char *why;
    } cases[] = {{{{NULL, NULL}}, 1, "input 0 of the task is NULL"},
                 {{{net.x, NULL}}, 1, "has no field"},
                 {{{net.scores, "features"}}, 1, "is not an input but"},
                 {{{other.x, "features"}}, 1, "another graph"},
                 {{{net.x, "features"}, {net.x, "target"}}, 2, "both 'x'"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dg_task task = sound();
        task.inputs = cases[i].fields;
        task.n_inputs = cases[i].count;
        expect_refused(task, cases[i].why);
    }
    dg_task task = sound();
    task.n_inputs = -1;
    expect_refused(task, "the list of -1 inputs");
}

/* What the builder said is told, not that its node is missing. */
Test(tasks, a_mistake_in_building_is_told_first)
{
    dg_task task = sound();
    dg_trainer *trainer;
    dg_predictor *predictor;
    dg_tensor result;
    dg_plan *plan;
    task.loss = dg_cross_entropy(dg_linear(net.x, 0, .name = "broken"), net.label);
    cr_assert_null(task.loss);
    const dg_trainer_options options = {.task = task, .epochs = 1};
    const dg_rows rows = {.count = 4};
    const dg_status got[] = {dg_trainer_new(&options, &trainer), dg_predictor_new(&task, NULL, &predictor),
                             dg_predict(&task, NULL, rows, &result), dg_parameters_init(net.parameters, net.graph, 1)};
    for (size_t k = 0; k < sizeof got / sizeof *got; k++) {
        cr_expect_neq(got[k].code, DG_OK, "%zu", k);
        cr_expect(strstr(got[k].message, "broken"), "%zu: '%s'", k, got[k].message);
    }
    dg_status status = dg_training_plan(task.loss, "sgd", net.parameters, &plan, .seed = 1);
    cr_expect_eq(status.code, DG_BAD_ARGUMENT);
    cr_expect(strstr(status.message, "dg_graph_status"), "'%s'", status.message);
}

/* As a trainer refuses it: the gradient would be that of the sum over the batch. */
Test(tasks, a_training_plan_of_a_loss_for_each_row_is_refused)
{
    dg_node *rows = dg_cross_entropy(net.scores, net.label, .reduction = "none", .name = "rows");
    dg_plan *plan;
    MUST_FAIL(DG_BAD_SHAPE, dg_training_plan(rows, "sgd", net.parameters, &plan));
    MUST(dg_training_plan(dg_mean(rows), "sgd", net.parameters, &plan));
    dg_plan_free(plan);
}

/* The graph stays usable: the next, correct call succeeds. */
Test(tasks, a_learning_rate_of_another_graph_is_refused)
{
    dg_node *lr = dg_input(other.graph, dg_scalar(), .dtype = DG_FLOAT64, .name = "lr");
    dg_plan *plan;
    MUST_FAIL(DG_BAD_ARGUMENT, dg_training_plan(net.loss, "sgd", net.parameters, &plan, .lr = lr));
    MUST(dg_graph_status(net.graph));
    MUST(dg_training_plan(net.loss, "sgd", net.parameters, &plan, .seed = 1));
    dg_plan_free(plan);
}

Test(tasks, what_is_left_out_is_named)
{
    const struct {
        dg_task task;
        const char *why;
    } cases[] = {
        {{0}, "no graph, no loss, no parameters"},
        {{.graph = net.graph, .parameters = net.parameters, .data = &data}, "trainer: the task has no loss"},
        {{.graph = net.graph, .loss = net.loss, .parameters = net.parameters}, "trainer: the task has no data"},
        {{.graph = net.graph, .loss = net.loss, .data = &data}, "trainer: the task has no parameters"}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        dg_trainer *trainer;
        dg_status status = dg_trainer_new(&(dg_trainer_options){.task = cases[k].task, .epochs = 1}, &trainer);
        cr_expect_eq(status.code, DG_BAD_ARGUMENT);
        cr_expect(strstr(status.message, cases[k].why), "'%s'", status.message);
    }
    dg_trainer *trainer;
    dg_task undealt = sound();
    undealt.data = &(dg_dataset){.fields = data.fields};
    dg_status rows = dg_trainer_new(&(dg_trainer_options){.task = undealt, .epochs = 1}, &trainer);
    cr_expect_str_eq(rows.message, "the data set has no training rows: dg_dataset_split() deals them");
    dg_task task = {.graph = net.graph, .parameters = net.parameters};
    dg_predictor *predictor;
    dg_metrics metrics;
    dg_status status = dg_evaluate(&task, (dg_rows){.count = 4}, &metrics);
    cr_expect(strstr(status.message, "evaluation: the task has no loss, no data"), "'%s'", status.message);
    task.graph = NULL;
    status = dg_predictor_new(&task, net.scores, &predictor);
    cr_expect(strstr(status.message, "predictor: the task has no graph"), "'%s'", status.message);
}

/* A mean over no rows would be NaN. */
Test(tasks, no_rows_are_no_measurement)
{
    const dg_task task = sound();
    const dg_rows none = {0};
    dg_metrics metrics;
    dg_tensor result;
    dg_trainer *trainer;
    MUST(dg_trainer_new(&(dg_trainer_options){.task = task, .epochs = 1}, &trainer));
    const dg_status got[] = {dg_evaluate(&task, none, &metrics), dg_confusion(&task, none, &result),
                             dg_trainer_evaluate(trainer, none, &metrics)};
    for (size_t k = 0; k < sizeof got / sizeof *got; k++) {
        cr_expect_eq(got[k].code, DG_BAD_ARGUMENT, "%zu", k);
        cr_expect(strstr(got[k].message, "rows: there is none"), "%zu: '%s'", k, got[k].message);
    }
    dg_trainer_free(trainer);
}

/* Of whichever kind: a step of a plan counts runs, that of a trainer epochs. */
Test(tasks, an_average_that_there_is_not_is_refused)
{
    dg_plan *plan;
    dg_status status = dg_training_plan(net.loss, "sgd", net.parameters, &plan, .average = "exp");
    cr_expect_eq(status.code, DG_BAD_ARGUMENT);
    cr_expect(strstr(status.message, "average is 'exp', expected ema(decay=0.999), swa(start=5) or none"), "'%s'",
              status.message);
}
