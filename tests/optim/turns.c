/* Several objectives in turn: against two torch.optim.Adam (objectives.txt, made by objectives.py; tolerance 1e-9, as
 * batches are summed in another order), and stopped in the middle of a round. */
#include "small.h"

#include <stdlib.h>
#include <unistd.h>

typedef struct game {
    dg_graph *graph;
    dg_tensors *parameters;
    dg_dataset data;
    dg_node *first, *second;
} game;

/* y = x·(w·v); w makes (y − 1)² small, v makes (y + ½)² + 0.1 Σ w·v small. */
static game make_game(bool noisy)
{
    game g;
    dg_tensor *x;
    MUST(dg_graph_new(&g.graph));
    MUST(dg_tensors_new(&g.parameters));
    dg_graph_set_dtype(g.graph, DG_FLOAT64);
    dg_node *input = dg_input(g.graph, DG_SHAPE(DG_N, 3), .name = "features");
    dg_node *w = dg_parameter(g.graph, DG_SHAPE(3), .init = "constant([0.5, -0.25, 1])", .name = "d.w");
    dg_node *v = dg_parameter(g.graph, DG_SHAPE(3), .init = "constant([1, 0.5, -0.75])", .name = "g.v");
    dg_node *wv = dg_mul(w, v), *y = dg_sum(dg_mul(input, wv), .dim = 1);
    if (noisy)
        y = dg_add(y, dg_normal_like(y));
    g.first = dg_mean(dg_square(dg_expr("y - 1", {"y", y})), .name = "d_loss");
    g.second = dg_expr("a + 0.1 * b", {"a", dg_mean(dg_square(dg_expr("y + 0.5", {"y", y})))}, {"b", dg_sum(wv)});
    MUST(dg_graph_status(g.graph));
    MUST(dg_dataset_new(&g.data));
    MUST(dg_tensors_add(g.data.fields, "features", DG_FLOAT64, DG_SHAPE(8, 3), &x));
    for (int i = 0; i < 8; i++)
        for (int j = 0; j < 3; j++)
            dg_tensor_set(x, 3 * i + j, (7 * i + 3 * j) % 11 / 5.0 - 1);
    MUST(dg_dataset_split(&g.data, 0, 0, 1));
    return g;
}

static void release(game *g)
{
    dg_dataset_release(&g->data);
    dg_tensors_free(g->parameters);
    dg_graph_free(g->graph);
}

static dg_trainer *train(game *g, int turns, int64_t batch, int64_t epochs, const dg_tensors *resume)
{
    dg_trainer *trainer;
    const dg_objective objectives[] = {{.loss = g->first,
                                        .trains = "d.*",
                                        .name = "d",
                                        .optimizer = "adam(lr=2e-2, betas=[0.5, 0.999])",
                                        .turns = turns},
                                       {.loss = g->second, .trains = "g.*", .name = "g", .optimizer = "adam(lr=1e-2)"}};
    MUST(dg_trainer_new(&(dg_trainer_options){.task = {.graph = g->graph,
                                                       .loss = g->first,
                                                       .parameters = g->parameters,
                                                       .data = &g->data,
                                                       .batch_size = batch,
                                                       .seed = 3},
                                              .objectives = objectives,
                                              .n_objectives = 2,
                                              .epochs = epochs,
                                              .resume = resume},
                        &trainer));
    return trainer;
}

static void expect(const game *g, const char *name, const char *reference)
{
    char path[600], word[64];
    double wanted[3] = {NAN, NAN, NAN};
    snprintf(path, sizeof path, "%s/optim/objectives.txt", getenv("TESTS"));
    FILE *file = fopen(path, "r");
    cr_assert(file, "%s", path);
    while (fscanf(file, "%63s", word) == 1)
        for (int k = 0; k < 3 && strcmp(word, reference) == 0; k++)
            cr_assert_eq(fscanf(file, "%lf", &wanted[k]), 1);
    fclose(file);
    for (int k = 0; k < 3; k++) {
        double found = dg_tensor_get(dg_tensors_find(g->parameters, name), k);
        cr_assert_float_eq(found, wanted[k], 1e-9, "%s[%d]: found %.12g, expected %.12g", name, k, found, wanted[k]);
    }
}

Test(turns, of_two_adams_are_those_of_pytorch)
{
    static const struct {
        int turns;
        const char *w, *v;
        double steps[2];
    } cases[] = {{1, "turns1.w", "turns1.v", {50, 50}}, {5, "turns5.w", "turns5.v", {84, 16}}};
    for (size_t i = 0; i < 2; i++) {
        game g = make_game(false);
        dg_trainer *trainer = train(&g, cases[i].turns, 8, 100, NULL);
        MUST(dg_trainer_run(trainer));
        expect(&g, "d.w", cases[i].w);
        expect(&g, "g.v", cases[i].v);
        cr_assert_eq(dg_tensor_get(dg_tensors_find(g.parameters, "optimizer/d/step"), 0), cases[i].steps[0]);
        cr_assert_eq(dg_tensor_get(dg_tensors_find(g.parameters, "optimizer/g/step"), 0), cases[i].steps[1]);
        dg_trainer_free(trainer);
        release(&g);
    }
}

/* Batches and random numbers of each turn are its own: in an epoch of 4 batches the second of 3 turns is stopped in. */
Test(turns, go_on_bit_for_bit_from_the_middle_of_a_round)
{
    game whole = make_game(true);
    dg_trainer *trainer = train(&whole, 2, 2, 5, NULL);
    MUST(dg_trainer_run(trainer));
    dg_trainer_free(trainer);
    for (int stop = 1; stop <= 8; stop++) {
        game begun = make_game(true), resumed = make_game(true);
        dg_tensors *checkpoint;
        bool done;
        char path[64];
        trainer = train(&begun, 2, 2, 5, NULL);
        for (int k = 0; k < stop; k++)
            MUST(dg_trainer_step(trainer, &done));
        snprintf(path, sizeof path, "/tmp/dotgrad-turns-%d", (int)getpid());
        MUST(dg_trainer_save(trainer, path));
        dg_trainer_free(trainer);
        MUST(dg_safetensors_read(path, &checkpoint));
        unlink(path);
        trainer = train(&resumed, 2, 2, 5, checkpoint);
        MUST(dg_trainer_run(trainer));
        static const char *const names[] = {"d.w", "g.v", "optimizer/d/d.w/exp_avg", "optimizer/g/g.v/exp_avg_sq"};
        for (int k = 0; k < 4; k++)
            cr_assert(
                same_bits(dg_tensors_find(whole.parameters, names[k]), dg_tensors_find(resumed.parameters, names[k])),
                "stopped after %d: %s", stop, names[k]);
        dg_trainer_free(trainer);
        dg_tensors_free(checkpoint);
        release(&begun);
        release(&resumed);
    }
    release(&whole);
}

Test(turns, report_the_loss_of_each)
{
    game g = make_game(false);
    dg_trainer *trainer = train(&g, 1, 8, 3, NULL);
    MUST(dg_trainer_run(trainer));
    cr_assert_str_eq(dg_trainer_history_column(trainer, 0), "loss");
    cr_assert_str_eq(dg_trainer_history_column(trainer, 1), dg_node_name(g.second));
    dg_metrics metrics;
    MUST(dg_trainer_evaluate(trainer, (dg_rows){g.data.train, g.data.n_train}, &metrics));
    cr_assert_eq(metrics.count, 2);
    cr_assert(isfinite(metrics.values[1]) && metrics.values[1] != metrics.values[0]);
    dg_trainer_free(trainer);
    release(&g);
}

/* Assignments of the graph's own: a running mean of what a batch's mean is, by hand. */
Test(turns, assignments_take_effect_with_each_step)
{
    game g = make_game(false);
    dg_node *count = dg_parameter(g.graph, dg_scalar(), .init = "zeros", .trainable = false, .name = "count");
    dg_node *update = dg_assign(count, dg_expr("c + 1", {"c", count}));
    MUST(dg_graph_status(g.graph));
    dg_trainer *trainer;
    MUST(dg_trainer_new(
        &(dg_trainer_options){
            .task = {.graph = g.graph, .loss = g.first, .parameters = g.parameters, .data = &g.data, .batch_size = 2},
            .updates = &update,
            .n_updates = 1,
            .epochs = 3},
        &trainer));
    MUST(dg_trainer_run(trainer));
    cr_assert_eq(dg_tensor_get(dg_tensors_find(g.parameters, "count"), 0), 12);
    dg_trainer_free(trainer);
    release(&g);
}

/* Early stopping and best weights by a node that the graph has, which rises as the loss falls. */
Test(turns, metrics_may_be_nodes_and_be_monitored)
{
    network net = small_classifier(0);
    dg_dataset data = three_clusters(60);
    MUST(dg_dataset_split(&data, 0, 0.2, 1));
    dg_node *size = dg_mean(dg_square(net.scores), .name = "size");
    MUST(dg_graph_status(net.graph));
    dg_trainer_options options = options_for(&net, &data, "adam(lr=0.05)");
    options.task.metrics = "accuracy, size";
    options.monitor = "size";
    options.early_stopping = 2;
    options.epochs = 30;
    dg_trainer *trainer;
    MUST(dg_trainer_new(&options, &trainer));
    MUST(dg_trainer_run(trainer));
    const dg_tensor *history = dg_trainer_history(trainer);
    cr_assert_eq(history->shape.dims[0], 3, "scores grow from the first epoch on: it stops two epochs later");
    cr_assert_str_eq(dg_trainer_history_column(trainer, 5), "validation_size");
    (void)size;
    dg_trainer_free(trainer);
    options.monitor = "precision";
    MUST_FAIL(DG_BAD_ARGUMENT, dg_trainer_new(&options, &trainer));
    dg_dataset_release(&data);
    network_release(&net);
}
