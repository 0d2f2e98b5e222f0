/* The trainer as a whole. */
#include "small.h"

#include <signal.h>

Test(trainer, learns_separated_clusters)
{
    dg_dataset data = three_clusters(200);
    MUST(dg_dataset_split(&data, 0.2, 0.1, 1));
    network net = small_classifier(0);
    dg_trainer_options options = options_for(&net, &data, "adam(lr=0.05)");
    options.epochs = 20;
    dg_trainer *trainer;
    dg_metrics metrics;
    MUST(dg_trainer_new(&options, &trainer));
    MUST(dg_trainer_run(trainer));
    MUST(dg_trainer_evaluate(trainer, (dg_rows){data.test, data.n_test}, &metrics));
    cr_assert_eq(metrics.count, 2);
    cr_assert_str_eq(metrics.names[0], "loss");
    cr_assert_str_eq(metrics.names[1], "accuracy");
    cr_assert_eq(metrics.values[1], 1);
    cr_assert_lt(metrics.values[0], 0.05);
    const dg_tensor *history = dg_trainer_history(trainer);
    cr_assert_eq(history->shape.dims[0], 20);
    static const char *const columns[] = {"loss", "accuracy", "validation_loss", "validation_accuracy", "lr"};
    for (int64_t k = 0; k < 5; k++)
        cr_assert_str_eq(dg_trainer_history_column(trainer, k), columns[k]);
    cr_assert_null(dg_trainer_history_column(trainer, 5));
    cr_assert_lt(dg_tensor_get(history, 19 * 5), dg_tensor_get(history, 0));
    cr_assert_eq(dg_tensor_get(history, 19 * 5 + 4), 0.05);
    cr_assert_gt(dg_trainer_cost(trainer).steps, 0);
    dg_trainer_free(trainer);
    network_release(&net);
    dg_dataset_release(&data);
}

/* The published 2-2-2 example: sigmoid units, error Σ ½(t − o)², rate .5. */
typedef struct worked {
    dg_graph *graph;
    dg_node *error, *output;
    dg_tensors *parameters;
    dg_dataset data;
} worked;

static dg_node *worked_layer(worked *w, dg_node *x, const char *name, const double *weights, const double *biases,
                             bool train_bias)
{
    char weight_name[16], bias_name[16];
    snprintf(weight_name, sizeof weight_name, "%s.w", name);
    snprintf(bias_name, sizeof bias_name, "%s.b", name);
    const dg_tensor weight = dg_tensor_view(DG_FLOAT64, DG_SHAPE(2, 2), weights);
    const dg_tensor bias = dg_tensor_view(DG_FLOAT64, DG_SHAPE(2), biases);
    MUST(dg_tensors_put(w->parameters, weight_name, &weight));
    MUST(dg_tensors_put(w->parameters, bias_name, &bias));
    dg_node *weight_node = dg_parameter(w->graph, DG_SHAPE(2, 2), .name = weight_name);
    dg_node *bias_node = dg_parameter(w->graph, DG_SHAPE(2), .trainable = train_bias, .name = bias_name);
    return dg_sigmoid(dg_linear(x, 2, .weight = weight_node, .bias_node = bias_node, .name = name));
}

static worked make_worked(bool train_biases)
{
    static const double first[] = {0.15, 0.20, 0.25, 0.30}, second[] = {0.40, 0.45, 0.50, 0.55};
    static const double b1[] = {0.35, 0.35}, b2[] = {0.60, 0.60}, in[] = {0.05, 0.10}, wanted[] = {0.01, 0.99};
    worked w;
    MUST(dg_graph_new(&w.graph));
    MUST(dg_tensors_new(&w.parameters));
    MUST(dg_dataset_new(&w.data));
    const dg_tensor x_row = dg_tensor_view(DG_FLOAT64, DG_SHAPE(1, 2), in);
    const dg_tensor t_row = dg_tensor_view(DG_FLOAT64, DG_SHAPE(1, 2), wanted);
    MUST(dg_tensors_put(w.data.fields, "features", &x_row));
    MUST(dg_tensors_put(w.data.fields, "target", &t_row));
    MUST(dg_dataset_split_at(&w.data, 1));
    dg_graph_set_dtype(w.graph, DG_FLOAT64);
    dg_node *x = dg_input(w.graph, DG_SHAPE(DG_N, 2), .field = "features", .name = "x");
    dg_node *t = dg_input(w.graph, DG_SHAPE(DG_N, 2), .field = "target", .name = "t");
    w.output =
        worked_layer(&w, worked_layer(&w, x, "hidden", first, b1, train_biases), "out", second, b2, train_biases);
    w.error = dg_sum(dg_expr("0.5 * (t - o)^2", {"t", t}, {"o", w.output}), .name = "error");
    MUST(dg_graph_status(w.graph));
    return w;
}

static void free_worked(worked *w)
{
    dg_tensors_free(w->parameters);
    dg_graph_free(w->graph);
    dg_dataset_release(&w->data);
}

static double worked_error(worked *w)
{
    dg_metrics metrics;
    dg_task task = {.graph = w->graph, .loss = w->error, .parameters = w->parameters, .data = &w->data};
    MUST(dg_evaluate(&task, (dg_rows){NULL, 1}, &metrics));
    return metrics.values[0];
}

static void train_worked(worked *w, int64_t epochs)
{
    dg_trainer *trainer;
    dg_trainer_options options = {
        .task = {.graph = w->graph, .loss = w->error, .parameters = w->parameters, .data = &w->data},
        .optimizer = "sgd(lr=0.5)",
        .epochs = epochs};
    MUST(dg_trainer_new(&options, &trainer));
    MUST(dg_trainer_run(trainer));
    dg_trainer_free(trainer);
}

Test(trainer, reproduces_the_worked_backpropagation_example)
{
    worked w = make_worked(false);
    cr_assert_float_eq(worked_error(&w), 0.298371109, 5e-10);
    train_worked(&w, 1);
    cr_assert_float_eq(dg_tensor_get(dg_tensors_find(w.parameters, "out.w"), 0), 0.35891648, 5e-9);
    cr_assert_float_eq(dg_tensor_get(dg_tensors_find(w.parameters, "hidden.w"), 0), 0.149780716, 5e-10);
    cr_assert_float_eq(worked_error(&w), 0.2910277737, 5e-11);
    free_worked(&w);

    w = make_worked(true);
    train_worked(&w, 1);
    cr_assert_float_eq(worked_error(&w), 0.280471447, 5e-10);
    free_worked(&w);
}

Test(trainer, reproduces_the_worked_example_after_ten_thousand_steps)
{
    worked w = make_worked(false);
    dg_tensor output;
    train_worked(&w, 10000);
    cr_assert_float_eq(worked_error(&w), 3.51019e-5, 5e-11);
    dg_task task = {.graph = w.graph, .parameters = w.parameters, .data = &w.data};
    MUST(dg_predict(&task, w.output, (dg_rows){NULL, 1}, &output));
    cr_assert_float_eq(dg_tensor_get(&output, 0), 0.015913620, 5e-10);
    cr_assert_float_eq(dg_tensor_get(&output, 1), 0.984064274, 5e-10);
    dg_tensor_release(&output);
    free_worked(&w);
}

static void train_copy(const dg_dataset *data, uint64_t seed, dg_threads *threads, network *net)
{
    dg_trainer *trainer;
    *net = small_classifier(0.3);
    dg_trainer_options options = options_for(net, data, "adam(lr=0.01, weight_decay=0.01)");
    options.task.seed = seed;
    options.task.threads = threads;
    options.schedule = "cosine(warmup=1)";
    options.clip_norm = 1;
    options.clip_value = 0.5;
    MUST(dg_trainer_new(&options, &trainer));
    MUST(dg_trainer_run(trainer));
    dg_trainer_free(trainer);
}

Test(trainer, same_seed_gives_the_same_bits_for_any_number_of_threads)
{
    dg_dataset data = three_clusters(100);
    MUST(dg_dataset_split(&data, 0, 0, 1));
    dg_threads *one, *two;
    MUST(dg_threads_new(1, &one));
    MUST(dg_threads_new(2, &two));
    network first, second, other;
    train_copy(&data, 3, one, &first);
    train_copy(&data, 3, two, &second);
    train_copy(&data, 4, two, &other);
    cr_assert_eq(dg_tensors_count(first.parameters), 4 + 8 + 1);
    for (size_t i = 0; i < dg_tensors_count(first.parameters); i++)
        cr_assert(same_bits(dg_tensors_at(first.parameters, i), dg_tensors_at(second.parameters, i)), "%s",
                  dg_tensors_name(first.parameters, i));
    cr_assert_not(
        same_bits(dg_tensors_find(first.parameters, "fc1.weight"), dg_tensors_find(other.parameters, "fc1.weight")));
    network_release(&first);
    network_release(&second);
    network_release(&other);
    dg_threads_free(one);
    dg_threads_free(two);
    dg_dataset_release(&data);
}

/* Early stopping on data whose validation part is noise: the best epoch comes early. */
Test(trainer, early_stopping_keeps_the_best_weights)
{
    dg_dataset data = three_clusters(60);
    MUST(dg_dataset_split(&data, 0, 0.3, 1));
    for (int64_t i = 0; i < data.n_validation; i++)
        dg_tensor_set(dg_tensors_find(data.fields, "target"), data.validation[i], (double)(i % 3));
    network net = small_classifier(0);
    dg_trainer_options options = options_for(&net, &data, "adam(lr=0.05)");
    options.epochs = 100;
    options.early_stopping = 3;
    dg_trainer *trainer;
    dg_metrics metrics;
    MUST(dg_trainer_new(&options, &trainer));
    MUST(dg_trainer_run(trainer));
    const dg_tensor *history = dg_trainer_history(trainer);
    int64_t epochs = history->shape.dims[0], best = 0, columns = history->shape.dims[1];
    cr_assert_lt(epochs, 100);
    for (int64_t e = 1; e < epochs; e++)
        if (dg_tensor_get(history, e * columns + 2) < dg_tensor_get(history, best * columns + 2))
            best = e;
    cr_assert_eq(best, epochs - 4);
    MUST(dg_trainer_evaluate(trainer, (dg_rows){data.validation, data.n_validation}, &metrics));
    cr_assert_eq(metrics.values[0], dg_tensor_get(history, best * columns + 2));
    dg_trainer_free(trainer);
    network_release(&net);
    dg_dataset_release(&data);
}

typedef struct seen {
    int steps, epochs;
    dg_progress last, last_epoch;
} seen;

static bool watch(void *argument, const dg_progress *progress)
{
    seen *s = argument;
    s->steps += !progress->epoch_done;
    s->epochs += progress->epoch_done;
    s->last = *progress;
    if (progress->epoch_done)
        s->last_epoch = *progress;
    return true;
}

Test(trainer, reports_progress_after_each_step_and_epoch)
{
    dg_dataset data = three_clusters(50);
    MUST(dg_dataset_split(&data, 0, 0.2, 1));
    network net = small_classifier(0);
    seen s = {0};
    dg_trainer_options options = options_for(&net, &data, "sgd(lr=0.1)");
    options.progress = watch;
    options.argument = &s;
    dg_trainer *trainer;
    MUST(dg_trainer_new(&options, &trainer));
    MUST(dg_trainer_run(trainer));
    cr_assert_eq(s.steps, 3 * 2); /* the third batch of each epoch reports the epoch */
    cr_assert_eq(s.epochs, 3);
    cr_assert_eq(s.last_epoch.epoch, 3);
    cr_assert_eq(s.last_epoch.epochs, 3);
    cr_assert_eq(s.last_epoch.batches, 3);
    cr_assert_eq(s.last_epoch.batch, 3);
    cr_assert_eq(s.last_epoch.step, 9);
    cr_assert_eq(s.last_epoch.lr, 0.1);
    cr_assert_eq(s.last_epoch.train.count, 2);
    cr_assert_eq(s.last_epoch.validation.count, 2);
    cr_assert_eq(s.last_epoch.train.values[0], dg_tensor_get(dg_trainer_history(trainer), 2 * 5));
    dg_trainer_free(trainer);
    network_release(&net);
    dg_dataset_release(&data);
}

Test(trainer, epoch_loss_weighs_batches_by_their_rows)
{
    dg_dataset data = three_clusters(40); /* batches of 16, 16 and 8 */
    MUST(dg_dataset_split_at(&data, 40));
    network net = small_classifier(0);
    dg_trainer_options options = options_for(&net, &data, "sgd(lr=1e-30)");
    options.epochs = 1;
    dg_trainer *trainer;
    dg_metrics metrics;
    MUST(dg_trainer_new(&options, &trainer));
    MUST(dg_trainer_run(trainer));
    options.task.batch_size = 40;
    MUST(dg_evaluate(&options.task, (dg_rows){NULL, 40}, &metrics));
    cr_assert_float_eq(dg_tensor_get(dg_trainer_history(trainer), 0), metrics.values[0], 1e-6);
    cr_assert_float_eq(dg_tensor_get(dg_trainer_history(trainer), 1), metrics.values[1], 1e-12);
    dg_trainer_free(trainer);
    network_release(&net);
    dg_dataset_release(&data);
}

Test(trainer, stops_when_a_signal_handler_asks)
{
    dg_dataset data = three_clusters(50);
    MUST(dg_dataset_split_at(&data, 50));
    network net = small_classifier(0);
    volatile sig_atomic_t stop = 1;
    seen s = {0};
    dg_trainer_options options = options_for(&net, &data, "sgd(lr=0.1)");
    options.stop = &stop;
    options.progress = watch;
    options.argument = &s;
    dg_trainer *trainer;
    MUST(dg_trainer_new(&options, &trainer));
    MUST_FAIL(DG_INTERRUPTED, dg_trainer_run(trainer));
    cr_assert_eq(s.steps, 1);
    stop = 0;
    MUST(dg_trainer_run(trainer));
    cr_assert_eq(s.last.step, 12);
    dg_trainer_free(trainer);
    network_release(&net);
    dg_dataset_release(&data);
}

Test(trainer, names_epoch_and_step_of_a_loss_that_is_no_number)
{
    dg_dataset data = three_clusters(50);
    MUST(dg_dataset_split_at(&data, 50));
    dg_tensor_set(dg_tensors_find(data.fields, "features"), 60, NAN);
    network net = small_classifier(0);
    dg_trainer_options options = options_for(&net, &data, "sgd(lr=0.1)");
    dg_trainer *trainer;
    MUST(dg_trainer_new(&options, &trainer));
    dg_status status = dg_trainer_run(trainer);
    cr_assert_eq(status.code, DG_NUMERIC);
    cr_assert(strstr(status.message, "nan") && strstr(status.message, "epoch 1, step "), "%s", status.message);
    dg_trainer_free(trainer);
    network_release(&net);
    dg_dataset_release(&data);
}

Test(trainer, chooses_metrics_by_the_loss)
{
    static const double scores[] = {-1, 2, 3, -4}, targets[] = {0, 1, 0, 0};
    const dg_tensor x = dg_tensor_view(DG_FLOAT64, DG_SHAPE(4, 1), scores);
    const dg_tensor t = dg_tensor_view(DG_FLOAT64, DG_SHAPE(4, 1), targets);
    dg_dataset data;
    dg_graph *graph;
    dg_metrics metrics;
    MUST(dg_dataset_new(&data));
    MUST(dg_tensors_put(data.fields, "features", &x));
    MUST(dg_tensors_put(data.fields, "target", &t));
    MUST(dg_graph_new(&graph));
    dg_graph_set_dtype(graph, DG_FLOAT64);
    dg_node *input = dg_input(graph, DG_SHAPE(DG_N, 1), .name = "x");
    dg_node *target = dg_input(graph, DG_SHAPE(DG_N, 1), .name = "t");
    dg_task task = {.graph = graph, .data = &data, .batch_size = 3};
    task.loss = dg_binary_cross_entropy_with_logits(input, target);
    MUST(dg_evaluate(&task, (dg_rows){NULL, 4}, &metrics));
    cr_assert_str_eq(metrics.names[1], "accuracy");
    cr_assert_eq(metrics.values[1], 0.75);
    task.loss = dg_binary_cross_entropy(dg_sigmoid(input), target);
    MUST(dg_evaluate(&task, (dg_rows){NULL, 4}, &metrics));
    cr_assert_eq(metrics.values[1], 0.75);
    task.loss = dg_mse_loss(input, target);
    MUST(dg_evaluate(&task, (dg_rows){NULL, 4}, &metrics));
    cr_assert_str_eq(metrics.names[1], "rmse");
    cr_assert_float_eq(metrics.values[1], sqrt((1 + 1 + 9 + 16) / 4.0), 1e-12);
    cr_assert_float_eq(metrics.values[0], 27 / 4.0, 1e-12);
    task.metrics = "rmse, accuracy";
    MUST(dg_evaluate(&task, (dg_rows){NULL, 4}, &metrics));
    cr_assert_eq(metrics.count, 3);
    cr_assert_eq(metrics.values[2], 0.75);
    task.metrics = "f7";
    MUST_FAIL(DG_BAD_ARGUMENT, dg_evaluate(&task, (dg_rows){NULL, 4}, &metrics));
    cr_assert(dg_metric_rises("accuracy") && !dg_metric_rises("rmse") && !dg_metric_rises("loss"));
    dg_graph_free(graph);
    dg_dataset_release(&data);
}

Test(trainer, predicts_rows_in_the_order_asked_for)
{
    dg_dataset data = three_clusters(10);
    network net = small_classifier(0);
    dg_task task = {.graph = net.graph, .loss = net.loss, .parameters = net.parameters, .data = &data, .batch_size = 4};
    dg_tensor result;
    static const int64_t rows[] = {7, 1, 9, 3, 5};
    dg_node *doubled = dg_mul(net.x, net.x);
    MUST(dg_parameters_init(net.parameters, net.graph, 1));
    MUST(dg_predict(&task, doubled, (dg_rows){rows, 5}, &result));
    cr_assert(dg_shape_equal(&result.shape, &DG_SHAPE(5, 2)));
    for (int64_t i = 0; i < 10; i++) {
        double x = dg_tensor_get(dg_tensors_find(data.fields, "features"), 2 * rows[i / 2] + i % 2);
        cr_assert_float_eq(dg_tensor_get(&result, i), x * x, 1e-6);
    }
    dg_tensor_release(&result);
    MUST_FAIL(DG_BAD_SHAPE, dg_predict(&task, net.loss, (dg_rows){rows, 5}, &result));
    network_release(&net);
    dg_dataset_release(&data);
}

/* 50 rows in batches of 16: three whole batches, and two rows that are other ones in each epoch. */
Test(trainer, drop_last_leaves_out_what_fills_no_batch)
{
    dg_dataset data = three_clusters(50);
    MUST(dg_dataset_split_at(&data, 50));
    network net = small_classifier(0);
    seen s = {0};
    dg_trainer_options options = options_for(&net, &data, "sgd(lr=0.1)");
    options.progress = watch;
    options.argument = &s;
    options.drop_last = true;
    dg_trainer *trainer;
    MUST(dg_trainer_new(&options, &trainer));
    MUST(dg_trainer_run(trainer));
    cr_assert_eq(s.last_epoch.batches, 3);
    cr_assert_eq(s.last_epoch.step, 9);
    dg_trainer_free(trainer);
    network_release(&net);
    net = small_classifier(0);
    options = options_for(&net, &data, "sgd(lr=0.1)");
    options.drop_last = true;
    options.task.batch_size = 51;
    MUST_FAIL(DG_BAD_ARGUMENT, dg_trainer_new(&options, &trainer));
    network_release(&net);
    dg_dataset_release(&data);
}

/* As PyTorch, but before the first step: 33 rows in batches of 16 end with one. */
Test(trainer, batch_norm_refuses_a_last_batch_of_one_row)
{
    dg_dataset data = three_clusters(33);
    MUST(dg_dataset_split_at(&data, 33));
    network net = small_classifier(0);
    net.loss = dg_cross_entropy(dg_batch_norm(net.scores, .name = "bn"), net.label, .name = "normed");
    dg_trainer_options options = options_for(&net, &data, "sgd(lr=0.1)");
    dg_trainer *trainer;
    dg_status status = dg_trainer_new(&options, &trainer);
    cr_assert_eq(status.code, DG_BAD_ARGUMENT);
    cr_expect(strstr(status.message, "'bn'") && strstr(status.message, "drop_last"), "%s", status.message);
    options.drop_last = true;
    MUST(dg_trainer_new(&options, &trainer));
    MUST(dg_trainer_run(trainer));
    dg_trainer_free(trainer);
    network_release(&net);
    dg_dataset_release(&data);
}

static dg_status refuse(dg_trainer_options options)
{
    dg_trainer *trainer;
    dg_status status = dg_trainer_new(&options, &trainer);
    cr_assert_null(trainer);
    return status;
}

Test(trainer, a_schedule_never_goes_below_0)
{
    dg_dataset data = three_clusters(50);
    dg_trainer *trainer;
    MUST(dg_dataset_split_at(&data, 50));
    network net = small_classifier(0);
    dg_trainer_options options = options_for(&net, &data, "sgd");
    options.schedule = "1 - epoch";
    options.epochs = 4;
    MUST(dg_trainer_new(&options, &trainer));
    dg_status status = dg_trainer_run(trainer);
    cr_expect_eq(status.code, DG_BAD_ARGUMENT);
    cr_expect_not_null(strstr(status.message, "learning rate -"), "%s", status.message);
    dg_trainer_free(trainer);
    network_release(&net);
    dg_dataset_release(&data);
}

Test(trainer, rejects_options_that_make_no_sense)
{
    dg_dataset data = three_clusters(50), none = three_clusters(50);
    MUST(dg_dataset_split_at(&data, 50));
    network net = small_classifier(0);
    dg_trainer_options good = options_for(&net, &data, "adam"), bad = good;
    bad.optimizer = "adam(lr=0)";
    MUST_FAIL(DG_BAD_ARGUMENT, refuse(bad));
    bad = good, bad.schedule = "sine";
    MUST_FAIL(DG_BAD_ARGUMENT, refuse(bad));
    bad = good, bad.epochs = -1;
    MUST_FAIL(DG_BAD_ARGUMENT, refuse(bad));
    bad = good, bad.task.batch_size = -1;
    MUST_FAIL(DG_BAD_ARGUMENT, refuse(bad));
    bad = good, bad.early_stopping = 2;
    MUST_FAIL(DG_BAD_ARGUMENT, refuse(bad));
    bad = good, bad.clip_norm = -1;
    MUST_FAIL(DG_BAD_ARGUMENT, refuse(bad));
    bad = good, bad.clip_value = NAN;
    MUST_FAIL(DG_BAD_ARGUMENT, refuse(bad));
    bad = good, bad.task.loss = net.scores;
    MUST_FAIL(DG_BAD_SHAPE, refuse(bad));
    bad = good, bad.task.loss = NULL;
    MUST_FAIL(DG_BAD_ARGUMENT, refuse(bad));
    bad = good, bad.task.data = &none;
    MUST_FAIL(DG_BAD_ARGUMENT, refuse(bad));
    bad = good, bad.epochs = 3, bad.accumulate = 1000000;
    MUST_FAIL(DG_BAD_ARGUMENT, refuse(bad));
    bad = good, bad.epochs = 3, bad.average = "swa(start=3)";
    MUST_FAIL(DG_BAD_ARGUMENT, refuse(bad));
    bad = good, bad.task.loss = dg_sum(net.x);
    MUST_FAIL(DG_BAD_ARGUMENT, refuse(bad));
    network_release(&net);
    dg_dataset_release(&data);
    dg_dataset_release(&none);
}
