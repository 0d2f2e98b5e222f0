/* Whose an optimiser's states are: those of one optimiser and the parameters that it steps, in one graph or in several
 * on the same tensors. Each loss is a sum, so that Adam's every step is lr / (1 + eps), and ten of them 0.1. */
#include "small.h"

#include <unistd.h>

#define ADAM "adam(lr=0.01)"

typedef struct sums {
    dg_graph *graph;
    dg_node *a, *b;
} sums;

static sums make_sums(void)
{
    sums s;
    MUST(dg_graph_new(&s.graph));
    dg_graph_set_dtype(s.graph, DG_FLOAT64);
    s.a = dg_sum(dg_parameter(s.graph, DG_SHAPE(2), .init = "ones", .name = "a"), .name = "sum_a");
    s.b = dg_sum(dg_parameter(s.graph, DG_SHAPE(2), .init = "ones", .name = "b"), .name = "sum_b");
    return s;
}

static dg_plan *plan_of(dg_node *loss, const char *optimizer, dg_tensors *set, const char *name)
{
    dg_plan *plan;
    MUST(dg_training_plan(loss, optimizer, set, &plan, .name = name));
    return plan;
}

static void ten_steps(dg_plan *plan)
{
    for (int i = 0; i < 10; i++)
        MUST(dg_plan_run(plan, NULL, 0));
}

static void ten_steps_of(dg_node *loss, const char *optimizer, dg_tensors *set, const char *name)
{
    dg_plan *plan = plan_of(loss, optimizer, set, name);
    ten_steps(plan);
    dg_plan_free(plan);
}

static double value_of(const dg_tensors *set, const char *name)
{
    const dg_tensor *tensor = dg_tensors_find(set, name);
    cr_assert(tensor, "%s", name);
    return dg_tensor_get(tensor, 0);
}

static void expect_value(const dg_tensors *set, const char *name, double value)
{
    cr_expect_float_eq(value_of(set, name), value, 1e-7, "%s is %.12g, expected %.12g", name, value_of(set, name),
                       value);
}

Test(states, of_two_graphs_on_one_set_of_tensors_are_apart)
{
    dg_tensors *set;
    MUST(dg_tensors_new(&set));
    sums one = make_sums(), other = make_sums();
    dg_plan *plans[] = {plan_of(one.a, ADAM, set, NULL), plan_of(other.b, ADAM, set, NULL)};
    for (int k = 0; k < 2; k++)
        ten_steps(plans[k]);
    expect_value(set, "a", 0.9);
    expect_value(set, "b", 0.9);
    cr_expect_eq(value_of(set, "optimizer/step"), 10);
    cr_expect_eq(value_of(set, "optimizer/2/step"), 10);
    for (int k = 0; k < 2; k++)
        dg_plan_free(plans[k]);
    dg_graph_free(one.graph);
    dg_graph_free(other.graph);
    dg_tensors_free(set);
}

Test(states, of_sets_of_parameters_that_overlap_are_apart)
{
    dg_tensors *set;
    MUST(dg_tensors_new(&set));
    sums s = make_sums();
    dg_node *both = dg_add(s.a, s.b);
    ten_steps_of(both, ADAM, set, NULL);
    ten_steps_of(s.a, ADAM, set, NULL);
    ten_steps_of(s.b, ADAM, set, NULL);
    expect_value(set, "a", 0.8);
    expect_value(set, "b", 0.8);
    cr_expect_eq(value_of(set, "optimizer/step"), 10);
    cr_expect_eq(value_of(set, "optimizer/3/step"), 10);
    dg_graph_free(s.graph);
    dg_tensors_free(set);
}

Test(states, of_two_optimizers_of_the_same_parameters_are_apart)
{
    dg_tensors *set;
    MUST(dg_tensors_new(&set));
    sums s = make_sums();
    ten_steps_of(s.a, "sgd(lr=0.01)", set, NULL);
    ten_steps_of(s.a, ADAM, set, NULL); /* its first step is no eleventh one */
    expect_value(set, "a", 0.8);
    dg_graph_free(s.graph);
    dg_tensors_free(set);
}

Test(states, of_the_same_optimizer_and_parameters_are_one)
{
    dg_tensors *set;
    MUST(dg_tensors_new(&set));
    sums s = make_sums(), again = make_sums();
    dg_node *sum = dg_add(s.a, s.b), *turned = dg_add(s.b, s.a);
    ten_steps_of(sum, ADAM, set, NULL);
    size_t count = dg_tensors_count(set);
    ten_steps_of(turned, "adam(lr=0.001)", set, NULL);
    ten_steps_of(dg_add(again.a, again.b), ADAM, set, NULL);
    cr_expect_eq(value_of(set, "optimizer/step"), 30);
    cr_expect_eq(dg_tensors_count(set), count);
    dg_graph_free(s.graph);
    dg_graph_free(again.graph);
    dg_tensors_free(set);
}

Test(states, under_a_name_that_is_taken_are_refused)
{
    dg_tensors *set;
    dg_plan *plan;
    MUST(dg_tensors_new(&set));
    sums one = make_sums(), other = make_sums();
    ten_steps_of(one.a, ADAM, set, "o");
    dg_node *const losses[] = {one.b, other.b, one.a};
    static const char *const calls[] = {ADAM, ADAM, "rmsprop"};
    for (int k = 0; k < 3; k++) {
        dg_status status = dg_training_plan(losses[k], calls[k], set, &plan, .name = "o");
        cr_assert_eq(status.code, DG_BAD_ARGUMENT, "%d", k);
        cr_expect(strstr(status.message, "'o'") && strstr(status.message, "adam of 'a'") &&
                      strstr(status.message, k == 2 ? "rmsprop of 'a'" : "adam of 'b'") &&
                      strstr(status.message, "another name"),
                  "%s", status.message);
    }
    ten_steps_of(one.b, ADAM, set, "p");
    expect_value(set, "b", 0.9);
    dg_graph_free(one.graph);
    dg_graph_free(other.graph);
    dg_tensors_free(set);
}

/* dg_optimizer_emit() is not told of the tensors: they are looked at where they are read. */
Test(states, that_are_another_graphs_are_left_alone_and_not_read)
{
    dg_tensors *set;
    dg_plan *plan;
    MUST(dg_tensors_new(&set));
    sums one = make_sums(), other = make_sums();
    ten_steps_of(one.a, ADAM, set, NULL);
    const dg_training_plan_options none = {.seed = 0};
    dg_training_nodes made;
    MUST(dg_training_emit(other.b, ADAM, &none, &made));
    MUST(dg_parameters_init(set, other.graph, 0));
    dg_status status = dg_plan_new(
        other.graph, &(dg_plan_options){.updates = made.updates, .n_updates = 1, .parameters = set, .training = true},
        &plan);
    if (status.code == DG_OK) {
        status = dg_plan_run(plan, NULL, 0);
        dg_plan_free(plan);
    }
    cr_assert_eq(status.code, DG_BAD_ARGUMENT);
    cr_expect(strstr(status.message, "'optimizer/step'") && strstr(status.message, "adam of 'a', and") &&
                  strstr(status.message, "adam of 'b': two") && strstr(status.message, ".name"),
              "%s", status.message);
    expect_value(set, "optimizer/step", 10);
    dg_graph_free(one.graph);
    dg_graph_free(other.graph);
    dg_tensors_free(set);
}

/* Saved with their notes, the tensors tell which states are whose, in whatever order plans are made. */
Test(states, that_are_saved_find_their_optimizer_again)
{
    for (int noted = 0; noted < 2; noted++) {
        dg_tensors *set, *back;
        MUST(dg_tensors_new(&set));
        char path[] = "/tmp/states-XXXXXX";
        close(mkstemp(path));
        sums one = make_sums(), two = make_sums(), again = make_sums();
        ten_steps_of(one.a, ADAM, set, NULL);
        ten_steps_of(two.b, ADAM, set, NULL);
        if (noted) {
            MUST(dg_safetensors_write(path, set));
        } else { /* as they were written before there were notes */
            dg_tensors *bare;
            MUST(dg_tensors_new(&bare));
            for (size_t k = 0; k < dg_tensors_count(set); k++)
                MUST(dg_tensors_put(bare, dg_tensors_name(set, k), dg_tensors_at(set, k)));
            MUST(dg_safetensors_write(path, bare));
            dg_tensors_free(bare);
        }
        MUST(dg_safetensors_read(path, &back));
        unlink(path);
        ten_steps_of(noted ? again.b : again.a, ADAM, back, NULL);
        ten_steps_of(noted ? again.a : again.b, ADAM, back, NULL);
        expect_value(back, "a", 0.8);
        expect_value(back, "b", 0.8);
        cr_expect_eq(value_of(back, "optimizer/step"), 20);
        cr_expect_eq(value_of(back, "optimizer/2/step"), 20);
        dg_graph_free(one.graph);
        dg_graph_free(two.graph);
        dg_graph_free(again.graph);
        dg_tensors_free(set);
        dg_tensors_free(back);
    }
}

/* Transfer: a second network trains on from the first one's weights; stopped, it goes on bit for bit elsewhere. */
Test(states, of_a_second_trainer_are_new_and_resume)
{
    dg_dataset data = three_clusters(60);
    MUST(dg_dataset_split(&data, 0, 0.2, 1));
    const dg_tensor *ended[2];
    network first = small_classifier(0), second[2] = {small_classifier(0), small_classifier(0)};
    dg_trainer *trainer;
    dg_trainer_options options = options_for(&first, &data, "adam(lr=0.05)");
    MUST(dg_trainer_new(&options, &trainer));
    MUST(dg_trainer_run(trainer));
    dg_trainer_free(trainer);
    char path[] = "/tmp/states-XXXXXX";
    close(mkstemp(path));
    dg_tensors *checkpoint;
    for (int way = 0; way < 2; way++) {
        options = options_for(&second[way], &data, "adam(lr=0.05)");
        options.freeze = "fc1";
        options.average = "ema(decay=0.5)";
        options.task.parameters = way ? second[way].parameters : first.parameters;
        options.resume = way ? checkpoint : NULL;
        options.checkpoint = path;
        MUST(dg_trainer_new(&options, &trainer));
        bool done = false;
        for (int step = 0; step < 4 && !way; step++)
            MUST(dg_trainer_step(trainer, &done));
        if (!way) {
            cr_expect_eq(value_of(first.parameters, "optimizer/2/step"), 4);
            MUST(dg_trainer_save(trainer, path));
            MUST(dg_safetensors_read(path, &checkpoint));
        }
        MUST(dg_trainer_run(trainer));
        dg_trainer_free(trainer);
        ended[way] = dg_tensors_find(options.task.parameters, "scores.weight");
        cr_expect(same_bits(ended[way], dg_tensors_find(options.task.parameters, "optimizer/2/scores.weight/average")));
    }
    cr_expect(same_bits(ended[0], ended[1]));
    unlink(path);
    dg_tensors_free(checkpoint);
    network_release(&first);
    network_release(&second[0]);
    network_release(&second[1]);
    dg_dataset_release(&data);
}

static void train_with(const network *n, const dg_dataset *data, const char *optimizer, dg_tensors *parameters,
                       const char *freeze, const char *checkpoint, const dg_tensors *resume)
{
    dg_trainer *trainer;
    dg_trainer_options options = options_for(n, data, optimizer);
    options.task.parameters = parameters;
    options.epochs = 2;
    options.freeze = freeze;
    options.checkpoint = checkpoint;
    options.resume = resume;
    MUST(dg_trainer_new(&options, &trainer));
    MUST(dg_trainer_run(trainer));
    dg_trainer_free(trainer);
}

/* L-BFGS keeps its numbers under another name than Adam's step: it has a group of its own all the same. */
Test(states, of_optimizers_that_drive_the_training_are_apart)
{
    static const char *const orders[][4] = {{"adam(lr=0.05)", "lbfgs", "adam(lr=0.05)", "lbfgs"},
                                            {"lbfgs", "adam(lr=0.05)", "adam(lr=0.05)", "sgd(lr=0.1)"}};
    dg_dataset data = three_clusters(60);
    MUST(dg_dataset_split(&data, 0, 0.2, 1));
    for (int order = 0; order < 2; order++) {
        network n = small_classifier(0);
        dg_tensors *fresh;
        for (int k = 0; k < 4; k++)
            train_with(&n, &data, orders[order][k], n.parameters, NULL, NULL, NULL);
        MUST(dg_tensors_new(&fresh));
        train_with(&n, &data, orders[order][1], fresh, NULL, NULL, NULL);
        MUST(dg_parameters_init(fresh, n.graph, 1));
        dg_tensors_free(fresh);
        network_release(&n);
    }
    dg_dataset_release(&data);
}

/* The groups of unnamed optimisers are numbered as they come: tensors of a graph that made them in another order are
 * trained on all the same. */
Test(states, of_a_graph_with_another_order_stay_where_they_are)
{
    dg_tensors *first, *second;
    MUST(dg_tensors_new(&first));
    MUST(dg_tensors_new(&second));
    sums one = make_sums(), other = make_sums();
    ten_steps_of(one.a, ADAM, first, NULL);
    ten_steps_of(one.b, ADAM, first, NULL);
    ten_steps_of(other.b, ADAM, second, NULL);
    ten_steps_of(other.a, ADAM, second, NULL);
    ten_steps_of(one.a, ADAM, second, NULL);
    expect_value(second, "a", 0.8);
    expect_value(second, "b", 0.9);
    cr_expect_eq(value_of(second, "optimizer/step"), 10);
    dg_graph_free(one.graph);
    dg_graph_free(other.graph);
    dg_tensors_free(first);
    dg_tensors_free(second);
}

/* The head, then all of it, and back to the checkpoint of the head. */
Test(states, of_others_on_the_graph_are_not_asked_of_a_checkpoint)
{
    dg_dataset data = three_clusters(60);
    MUST(dg_dataset_split(&data, 0, 0.2, 1));
    network n = small_classifier(0);
    dg_tensors *head;
    char path[] = "/tmp/states-XXXXXX";
    close(mkstemp(path));
    train_with(&n, &data, "adam(lr=0.05)", n.parameters, "fc1", path, NULL);
    MUST(dg_safetensors_read(path, &head));
    train_with(&n, &data, "adam(lr=0.05)", n.parameters, NULL, NULL, NULL);
    train_with(&n, &data, "adam(lr=0.05)", n.parameters, "fc1", NULL, head);
    cr_expect(same_bits(dg_tensors_find(n.parameters, "fc1.weight"), dg_tensors_find(head, "fc1.weight")));
    unlink(path);
    dg_tensors_free(head);
    network_release(&n);
    dg_dataset_release(&data);
}
