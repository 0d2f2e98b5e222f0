/* NULL for every pointer argument of every public function of optim (argument.h, rules.h, data.h, optim.h and
 * graph_file.h): DG_BAD_ARGUMENT, or the answer that <dotgrad/core.h> promises; never a crash. */
#include "small.h"

#include <dotgrad/cost.h>
#include <dotgrad/probe.h>
#include <dotgrad/statistics.h>

#define REFUSED(call)                                                                                                  \
    do {                                                                                                               \
        dg_status refused_ = (call);                                                                                   \
        cr_expect_eq(refused_.code, DG_BAD_ARGUMENT, "%s: code %d, '%s'", #call, refused_.code, refused_.message);     \
        cr_expect(refused_.message[0], "%s: no message", #call);                                                       \
    } while (0)
#define EMPTY(call)  cr_expect(!(call), "%s is not empty", #call)
#define IS_NAN(call) cr_expect(isnan(call), "%s is a number", #call)

static network net;
static dg_dataset data;
static dg_tensors *set;
static dg_arena *arena;

static void set_up(void)
{
    net = small_classifier(0);
    data = three_clusters(12);
    MUST(dg_dataset_split(&data, 0, 0, 1));
    MUST(dg_tensors_new(&set));
    MUST(dg_arena_new(&arena));
}

static void tear_down(void)
{
    dg_arena_free(arena);
    dg_tensors_free(set);
    dg_dataset_release(&data);
    network_release(&net);
}

TestSuite(null_arguments, .init = set_up, .fini = tear_down);

Test(null_arguments, freeing_nothing_is_fine)
{
    dg_dataset_release(NULL);
    dg_data_free(NULL);
    dg_schedule_release(NULL);
    dg_predictor_free(NULL);
    dg_trainer_free(NULL);
    dg_graph_file_free(NULL);
}

Test(null_arguments, arguments_of_calls)
{
    const dg_argument arguments[] = {{.name = "a", .range = DG_ARGUMENT_FINITE}, {0}};
    const double numbers[] = {1};
    double values[3];
    dg_value call;
    char text[20] = "kept";
    MUST(dg_call_parse(arena, "f(1)", &call));
    EMPTY(dg_argument_width(NULL));
    EMPTY(dg_argument_symbol(NULL, 0));
    EMPTY(dg_argument_symbol(arguments, -1));
    EMPTY(dg_argument_symbol(arguments, DG_ARGUMENT_WIDTH));
    EMPTY(dg_argument_default(arguments, NULL, 10));
    cr_expect_eq(dg_argument_default(NULL, text, sizeof text), text);
    cr_expect_str_empty(text);
    REFUSED(dg_arguments_read(NULL, "f", &call, arguments, values, NULL));
    REFUSED(dg_arguments_read(arena, NULL, &call, arguments, values, NULL));
    REFUSED(dg_arguments_read(arena, "f", NULL, arguments, values, NULL));
    REFUSED(dg_arguments_read(arena, "f", &call, NULL, values, NULL));
    REFUSED(dg_arguments_read(arena, "f", &call, arguments, NULL, NULL));
    MUST(dg_arguments_read(arena, "f", &call, arguments, values, NULL));
    EMPTY(dg_arguments_print(NULL, numbers, text, sizeof text, 0));
    EMPTY(dg_arguments_print(arguments, NULL, text, sizeof text, 0));
    EMPTY(dg_arguments_print(arguments, numbers, NULL, 20, 0));
    EMPTY(dg_text_append(NULL, 20, 0, "%d", 3));
}

Test(null_arguments, optimizers)
{
    dg_optimizer adam;
    char text[DG_OPTIMIZER_TEXT] = "kept";
    MUST(dg_optimizer_parse("adam", &adam));
    REFUSED(dg_optimizer_parse(NULL, &adam));
    REFUSED(dg_optimizer_parse("adam", NULL));
    MUST(dg_optimizer_parse("adam", &adam));
    EMPTY(dg_optimizer_name(NULL));
    EMPTY(dg_optimizer_print(&adam, NULL, 10));
    cr_expect_eq(dg_optimizer_print(NULL, text, sizeof text), text);
    cr_expect_str_empty(text);
    IS_NAN(dg_optimizer_hyper(NULL, "eps"));
    IS_NAN(dg_optimizer_hyper(&adam, NULL));
    REFUSED(dg_register_rule(NULL));
    REFUSED(dg_register_rule(&(dg_rule){0}));
    EMPTY(dg_rule_find(NULL));
    EMPTY(dg_rule_graph(NULL));
    EMPTY(dg_rule_type(NULL));
    IS_NAN(dg_rule_hyper(NULL, "eps"));
    EMPTY(dg_rule_symbol(NULL, "p"));
    dg_rule_set(NULL, "p", net.x);
    EMPTY(dg_rule_state(NULL, "m", dg_scalar()));
    dg_rule_lines(NULL, "p = p - lr*g");
}

static void emit_with_nothing(dg_rule_step *step)
{
    IS_NAN(dg_rule_hyper(step, NULL));
    EMPTY(dg_rule_symbol(step, NULL));
    dg_rule_set(step, NULL, dg_rule_symbol(step, "g"));
    EMPTY(dg_rule_state(step, NULL, dg_scalar()));
    dg_rule_lines(step, NULL);
    dg_rule_lines(step, "p = p - lr*g");
}

Test(null_arguments, steps_of_optimizers)
{
    static const dg_rule nothing = {.name = "nothing", .summary = "p - lr*g", .lr = 0.1, .emit = emit_with_nothing};
    dg_optimizer optimizer;
    dg_node *const *parameters, *gradients[8], *clipped[8], *none = NULL, *const * updates;
    int count, n;
    MUST(dg_register_rule(&nothing));
    MUST(dg_optimizer_parse("nothing", &optimizer));
    MUST(dg_trainable_parameters(net.loss, &parameters, &count));
    MUST(dg_grad(net.loss, count, parameters, gradients));
    dg_optimizer_step step = {.graph = net.graph, .count = count, .parameters = parameters, .gradients = gradients};
    REFUSED(dg_optimizer_emit(&optimizer, &step, &updates, &n)); /* no learning rate */
    step.lr = dg_input(net.graph, dg_scalar(), .dtype = DG_FLOAT64, .name = "lr");
    REFUSED(dg_optimizer_emit(NULL, &step, &updates, &n));
    REFUSED(dg_optimizer_emit(&(dg_optimizer){0}, &step, &updates, &n));
    REFUSED(dg_optimizer_emit(&optimizer, NULL, &updates, &n));
    REFUSED(dg_optimizer_emit(&optimizer, &step, NULL, &n));
    REFUSED(dg_optimizer_emit(&optimizer, &step, &updates, NULL));
    REFUSED(dg_optimizer_emit(&optimizer, &(dg_optimizer_step){.lr = step.lr}, &updates, &n));
    REFUSED(dg_optimizer_emit(
        &optimizer, &(dg_optimizer_step){.graph = net.graph, .lr = step.lr, .count = 1, .gradients = gradients},
        &updates, &n));
    REFUSED(dg_optimizer_emit(
        &optimizer, &(dg_optimizer_step){.graph = net.graph, .lr = step.lr, .count = 1, .parameters = parameters},
        &updates, &n));
    MUST(dg_optimizer_emit(&optimizer, &step, &updates, &n));
    REFUSED(dg_clip_value(NULL, count, gradients, 1, clipped));
    REFUSED(dg_clip_value(net.graph, count, NULL, 1, clipped));
    REFUSED(dg_clip_value(net.graph, count, gradients, 1, NULL));
    REFUSED(dg_clip_value(net.graph, 1, &none, 1, clipped));
    REFUSED(dg_clip_norm(NULL, count, gradients, 1, clipped, NULL));
    REFUSED(dg_clip_norm(net.graph, count, NULL, 1, clipped, NULL));
    REFUSED(dg_clip_norm(net.graph, count, gradients, 1, NULL, NULL));
    REFUSED(dg_clip_norm(net.graph, 1, &none, 1, clipped, NULL));
    REFUSED(dg_trainable_parameters(NULL, &parameters, &count));
    REFUSED(dg_trainable_parameters(net.loss, NULL, &count));
    REFUSED(dg_trainable_parameters(net.loss, &parameters, NULL));
    REFUSED(dg_trainable_matching(NULL, "*", &parameters, &count));
    REFUSED(dg_trainable_matching(net.loss, "*", NULL, &count));
    REFUSED(dg_trainable_matching(net.loss, "*", &parameters, NULL));
    MUST(dg_graph_status(net.graph));
}

Test(null_arguments, schedules)
{
    dg_schedule schedule, plateau;
    char text[DG_SCHEDULE_TEXT] = "kept";
    const double *numbers;
    double momentum = 0;
    MUST(dg_schedule_parse("multistep(milestones=[1, 2])", &schedule));
    MUST(dg_schedule_parse("plateau", &plateau));
    REFUSED(dg_schedule_parse("constant", NULL));
    REFUSED(dg_schedule_parse(NULL, &(dg_schedule){0}));
    EMPTY(dg_schedule_print(&schedule, NULL, 10));
    cr_expect_eq(dg_schedule_print(NULL, text, sizeof text), text);
    cr_expect_str_empty(text);
    EMPTY(dg_schedule_rate(NULL, 1, 0, 1, 1) != 0);
    EMPTY(dg_schedule_follow(NULL, 1, 0, 1, 1, 0, NULL, &momentum) != 0);
    IS_NAN(momentum);
    cr_expect_eq(dg_schedule_follow(&plateau, 0.5, 30, 1, 50, 20, NULL, NULL), 0.5);
    EMPTY(dg_schedule_moves_momentum(NULL));
    EMPTY(dg_schedule_knows_the_end(NULL));
    EMPTY(dg_schedule_list(NULL, "milestones", &numbers));
    EMPTY(dg_schedule_list(&schedule, NULL, &numbers));
    EMPTY(dg_schedule_list(&schedule, "milestones", NULL));
    cr_expect_eq(dg_schedule_list(&schedule, "milestones", &numbers), 2);
    IS_NAN(dg_schedule_formula(NULL, "f", &(dg_schedule_point){0}));
    IS_NAN(dg_schedule_formula(&schedule, NULL, &(dg_schedule_point){0}));
    IS_NAN(dg_schedule_formula(&schedule, "f", NULL));
    REFUSED(dg_register_schedule(NULL));
    REFUSED(dg_register_schedule(&(dg_schedule_rule){0}));
    dg_schedule_release(&plateau);
    dg_schedule_release(&schedule);
}

Test(null_arguments, data_sets)
{
    int64_t count;
    dg_data *opened;
    char **classes;
    REFUSED(dg_dataset_new(NULL));
    REFUSED(dg_dataset_rows(NULL, &count));
    REFUSED(dg_dataset_rows(&data, NULL));
    REFUSED(dg_dataset_split(NULL, 0, 0, 1));
    REFUSED(dg_dataset_split_at(NULL, 1));
    REFUSED(dg_dataset_take_validation(NULL, 0.1, 1));
    REFUSED(dg_data_open(NULL, NULL, &opened));
    REFUSED(dg_data_open("iris", NULL, NULL));
    EMPTY(dg_data_set(NULL));
    EMPTY(dg_data_rows(NULL));
    EMPTY(dg_data_bytes(NULL));
    EMPTY(dg_data_column_count(NULL));
    EMPTY(dg_data_column(NULL, 0));
    EMPTY(dg_data_class_count(NULL));
    EMPTY(dg_data_class(NULL, 0));
    EMPTY(dg_data_offset(NULL));
    EMPTY(dg_data_divisor(NULL));
    EMPTY(dg_data_notice(NULL, 0));
    MUST(dg_data_open("iris", NULL, &opened));
    REFUSED(dg_data_suit(NULL, net.graph));
    REFUSED(dg_data_suit(opened, NULL));
    REFUSED(dg_data_keep(NULL, set));
    REFUSED(dg_data_keep(opened, NULL));
    REFUSED(dg_data_check_kept(NULL, set));
    REFUSED(dg_data_check_kept(opened, NULL));
    REFUSED(dg_data_kept_classes(NULL, &classes, &count));
    REFUSED(dg_data_kept_classes(set, NULL, &count));
    REFUSED(dg_data_kept_classes(set, &classes, NULL));
    dg_data_free(opened);
}

Test(null_arguments, tasks)
{
    const dg_task task = {.graph = net.graph, .loss = net.loss, .parameters = net.parameters, .data = &data};
    const dg_rows rows = {.count = 4};
    dg_task without = task, unlisted = task;
    dg_predictor *predictor;
    dg_metrics metrics;
    dg_tensor result;
    dg_plan *plan;
    without.graph = NULL;
    unlisted.n_inputs = 1;
    EMPTY(dg_metric_rises(NULL));
    MUST(dg_parameters_init(net.parameters, net.graph, 1));
    REFUSED(dg_evaluate(NULL, rows, &metrics));
    REFUSED(dg_evaluate(&task, rows, NULL));
    REFUSED(dg_evaluate(&without, rows, &metrics));
    REFUSED(dg_evaluate(&unlisted, rows, &metrics));
    REFUSED(dg_predict(NULL, net.scores, rows, &result));
    REFUSED(dg_predict(&task, NULL, rows, &result));
    REFUSED(dg_predict(&task, net.scores, rows, NULL));
    REFUSED(dg_predict(&without, net.scores, rows, &result));
    without = task;
    without.data = NULL;
    REFUSED(dg_evaluate(&without, rows, &metrics));
    REFUSED(dg_predict(&without, net.scores, rows, &result));
    without = task;
    without.parameters = NULL;
    REFUSED(dg_evaluate(&without, rows, &metrics));
    REFUSED(dg_predict(&without, net.scores, rows, &result));
    REFUSED(dg_predictor_new(NULL, net.scores, &predictor));
    REFUSED(dg_predictor_new(&task, NULL, &predictor));
    REFUSED(dg_predictor_new(&task, net.scores, NULL));
    REFUSED(dg_predictor_run(NULL, &data, rows, &result));
    MUST(dg_predictor_new(&task, net.scores, &predictor));
    REFUSED(dg_predictor_run(predictor, NULL, rows, &result));
    REFUSED(dg_predictor_run(predictor, &data, rows, NULL));
    dg_predictor_free(predictor);
    REFUSED(dg_fit_parameters(NULL, net.graph, NULL, 0, 1, NULL));
    REFUSED(dg_fit_parameters(net.parameters, NULL, NULL, 0, 1, NULL));
    REFUSED(dg_fit_parameters(net.parameters, net.graph, NULL, 1, 1, NULL));
    REFUSED(dg_training_plan(NULL, "adam", net.parameters, &plan, .seed = 1));
    REFUSED(dg_training_plan(net.loss, "adam", NULL, &plan, .seed = 1));
    REFUSED(dg_training_plan(net.loss, "adam", net.parameters, NULL, .seed = 1));
    REFUSED(dg_training_plan(net.loss, "adam", net.parameters, &plan, .n_fetch = 1));
}

Test(null_arguments, trainers)
{
    dg_trainer_options options = options_for(&net, &data, "sgd");
    const dg_rows rows = {.count = 4};
    dg_trainer *trainer;
    dg_metrics metrics;
    bool done;
    REFUSED(dg_trainer_new(NULL, &trainer));
    REFUSED(dg_trainer_new(&options, NULL));
    REFUSED(dg_trainer_new(&(dg_trainer_options){0}, &trainer));
    REFUSED(dg_trainer_run(NULL));
    REFUSED(dg_trainer_step(NULL, &done));
    REFUSED(dg_trainer_save(NULL, "nowhere"));
    REFUSED(dg_trainer_evaluate(NULL, rows, &metrics));
    EMPTY(dg_trainer_history(NULL));
    EMPTY(dg_trainer_history_column(NULL, 0));
    EMPTY(dg_trainer_cost(NULL).steps);
    MUST(dg_trainer_new(&options, &trainer));
    REFUSED(dg_trainer_step(trainer, NULL));
    REFUSED(dg_trainer_save(trainer, NULL));
    REFUSED(dg_trainer_evaluate(trainer, rows, NULL));
    dg_trainer_free(trainer);
    REFUSED(dg_checkpoint_weights(NULL, set));
    REFUSED(dg_checkpoint_weights(set, NULL));
    REFUSED(dg_weights_take(NULL, set, set));
    REFUSED(dg_weights_take(net.graph, NULL, set));
    REFUSED(dg_weights_take(net.graph, set, NULL));
}

static dg_status parse_nothing(dg_graph_file *file, const char *text, size_t size)
{
    (void)file;
    (void)text;
    (void)size;
    return dg_ok();
}

Test(null_arguments, costs)
{
    dg_graph_file *file;
    dg_node_cost *costs;
    char number[20];
    MUST(dg_document_read(parse_nothing, "nothing.dot", &(dg_graph_read_options){.text = ""}, &file));
    REFUSED(dg_graph_file_costs(NULL, &costs));
    REFUSED(dg_graph_file_costs(file, NULL));
    EMPTY(dg_count_print(1, NULL, 20));
    EMPTY(dg_amount_print(1, NULL, number, sizeof number));
    EMPTY(dg_amount_print(1, "B", NULL, 20));
    EMPTY(dg_seconds_print(1, NULL, 20));
    dg_graph_file_free(file);
}

Test(null_arguments, documents)
{
    const dg_graph_read_options empty = {.text = ""};
    const dg_attribute *epochs = dg_attribute_find("epochs");
    const dg_file_attributes attributes = {0};
    dg_graph_file *file, *made;
    char *text;
    size_t bytes;
    MUST(dg_document_read(parse_nothing, "nothing.dot", &empty, &file));
    EMPTY(dg_graph_file_setting(NULL, "epochs"));
    EMPTY(dg_graph_file_setting(file, NULL));
    EMPTY(dg_graph_file_find(NULL, "x"));
    EMPTY(dg_graph_file_find(file, NULL));
    cr_expect_eq(dg_graph_file_index(NULL, net.x), -1);
    cr_expect_eq(dg_graph_file_index(file, NULL), -1);
    EMPTY(dg_file_attribute_find(NULL, "epochs"));
    EMPTY(dg_file_attribute_find(&attributes, NULL));
    EMPTY(dg_file_cluster_name(NULL));
    EMPTY(dg_file_cluster_name(&(dg_file_cluster){.is_cluster = true})); /* anonymous */
    REFUSED(dg_graph_file_error(NULL, 1, dg_error(DG_IO, "lost")));
    EMPTY(dg_attribute_find(NULL));
    EMPTY(dg_attribute_is_ours(NULL));
    EMPTY(dg_attribute_near(NULL, DG_ON_GRAPH));
    REFUSED(dg_attribute_check(NULL, "1"));
    REFUSED(dg_attribute_check(epochs, NULL));
    EMPTY(dg_bytes_parse(NULL, &bytes));
    EMPTY(dg_bytes_parse("1M", NULL));
    REFUSED(dg_graph_file_text(NULL, &empty, &text));
    REFUSED(dg_graph_file_text("nothing.dot", &empty, NULL));
    REFUSED(dg_document_read(NULL, "nothing.dot", &empty, &made));
    REFUSED(dg_document_read(parse_nothing, NULL, &empty, &made));
    REFUSED(dg_document_read(parse_nothing, "nothing.dot", &empty, NULL));
    REFUSED(dg_document_read(parse_nothing, "nothing.dot", &(dg_graph_read_options){.text = "", .n_set = 1}, &made));
    REFUSED(dg_document_read(parse_nothing, "nothing.dot", &(dg_graph_read_options){.text = "", .n_sizes = 1}, &made));
    REFUSED(dg_document_read(parse_nothing, "nothing.dot", &(dg_graph_read_options){.text = "", .n_texts = 1}, &made));
    REFUSED(dg_document_read(parse_nothing, "nothing.dot", &(dg_graph_read_options){.text = "", .n_roots = 1}, &made));
    REFUSED(dg_document_read(parse_nothing, "nothing.dot",
                             &(dg_graph_read_options){.text = "", .set = &(dg_file_setting){0}, .n_set = 1}, &made));
    REFUSED(dg_document_read(parse_nothing, "nothing.dot",
                             &(dg_graph_read_options){.text = "", .sizes = &(dg_symbol_size){0}, .n_sizes = 1}, &made));
    REFUSED(dg_document_read(parse_nothing, "nothing.dot",
                             &(dg_graph_read_options){.text = "", .texts = &(dg_file_text){0}, .n_texts = 1}, &made));
    REFUSED(dg_graph_file_build(NULL, &empty));
    REFUSED(dg_graph_file_build(file, NULL));
    REFUSED(dg_graph_file_check_path(NULL, "."));
    REFUSED(dg_graph_file_check_path(file, NULL));
    EMPTY(dg_graph_file_used_count(NULL));
    EMPTY(dg_graph_file_used_name(NULL, 0));
    EMPTY(dg_graph_file_used_text(NULL, 0));
    REFUSED(dg_graph_write(NULL, NULL, &text));
    REFUSED(dg_graph_write(net.graph, NULL, NULL));
    REFUSED(dg_graph_write(net.graph, &(dg_graph_write_options){.n_settings = 1}, &text));
    REFUSED(dg_graph_file_write(NULL, &text));
    REFUSED(dg_graph_file_write(file, NULL));
    REFUSED(dg_graph_file_bundle(NULL, &text));
    REFUSED(dg_graph_file_bundle(file, NULL));
    dg_graph_file_free(file);
}

Test(null_arguments, lists_of_steps_that_are_null)
{
    dg_optimizer sgd;
    dg_node *const *parameters, *gradients[8], *const *updates;
    int count, n;
    MUST(dg_optimizer_parse("sgd", &sgd));
    MUST(dg_trainable_parameters(net.loss, &parameters, &count));
    MUST(dg_grad(net.loss, count, parameters, gradients));
    dg_optimizer_step step = {.graph = net.graph, .count = count, .parameters = parameters, .gradients = gradients};
    step.lr = dg_input(net.graph, dg_scalar(), .dtype = DG_FLOAT64, .name = "lr");
    step.n_no_decay = 2;
    REFUSED(dg_optimizer_emit(&sgd, &step, &updates, &n));
    step.n_no_decay = 0;
    step.n_moving = 2;
    REFUSED(dg_optimizer_emit(&sgd, &step, &updates, &n));
    step.n_moving = 0;
    MUST(dg_optimizer_emit(&sgd, &step, &updates, &n));
}

Test(null_arguments, groups_tests_and_probes)
{
    const double p[] = {0.01};
    double adjusted[1];
    dg_groups groups;
    MUST(dg_groups_parse("group('fc1*', lr=0.1)", NULL, &groups));
    REFUSED(dg_groups_check(&groups, NULL, 1));
    dg_groups_release(&groups);
    REFUSED(dg_holm(NULL, 1, adjusted));
    REFUSED(dg_holm(p, 1, NULL));
    EMPTY(dg_probing_fetch(NULL, NULL));
}
