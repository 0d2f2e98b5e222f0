/* Training from graph files while memory runs out: initialisers that look at data, layers that are solved for, losses
 * of every sort with their metrics, probes, confusion, proofs of separability. */
#include "allocations.h"

#include <dotgrad/graphviz.h>
#include <dotgrad/probe.h>

static void make_files(void)
{
    make_folder();
    setenv("DG_NUM_THREADS", "1", 1);
    setenv("PATH", "/usr/bin:/bin", 1);
    write_text("kinds.csv", "a,b,kind\n1,0,x\n2,1,y\n3,0,x\n4,1,y\n5,0,x\n6,1,y\n7,0,x\n8,1,y\n");
    write_text("sums.csv", "a,b,t\n1,0,1\n2,1,3\n3,0,3\n4,1,5\n5,0,5\n6,1,7\n7,0,7\n8,1,9\n");
    write_text("bits.csv", "a,b,t\n0,0,0\n0,1,1\n1,0,1\n1,1,0\n");
    share_of_points = 2;
}

TestSuite(allocations_training, .init = make_files, .fini = remove_folder);

static const char *graph_text;

static dg_status open_experiment(dg_graph_file **file, dg_experiment **experiment)
{
    *file = NULL;
    *experiment = NULL;
    dg_status status = dg_graph_read("g.dot", &(dg_graph_read_options){.text = graph_text}, file);
    return status.code == DG_OK ? dg_experiment_new(*file, NULL, experiment) : status;
}

static void mix_metrics(uint64_t *result, const dg_metrics *metrics)
{
    for (int k = 0; k < metrics->count; k++) {
        mix(result, metrics->names[k], strlen(metrics->names[k]));
        mix(result, &metrics->values[k], sizeof metrics->values[k]);
    }
}

/* Trains as the file says and looks at its metrics. */
static dg_status train(uint64_t *result)
{
    dg_graph_file *file;
    dg_experiment *experiment;
    dg_trainer *trainer = NULL;
    dg_metrics metrics;
    dg_status status = open_experiment(&file, &experiment);
    if (status.code == DG_OK)
        status = dg_trainer_new(&experiment->options, &trainer);
    if (status.code == DG_OK)
        status = dg_trainer_run(trainer);
    if (status.code == DG_OK)
        status = dg_trainer_evaluate(trainer, dg_experiment_test_rows(experiment), &metrics);
    if (status.code == DG_OK)
        mix_metrics(result, &metrics);
    for (size_t k = 0; status.code == DG_OK && k < dg_tensors_count(experiment->parameters); k++)
        mix_tensor(result, dg_tensors_at(experiment->parameters, k));
    dg_trainer_free(trainer);
    dg_experiment_free(experiment);
    dg_graph_file_free(file);
    return status;
}

static void sweep_texts(const char *name, const char *const *texts, size_t count)
{
    for (size_t k = 0; k < count; k++) {
        graph_text = texts[k];
        sweep(name, train);
    }
}

#define SWEEP_TEXTS(name, texts) sweep_texts(name, texts, sizeof texts / sizeof *texts)

#define SOLVED(attributes, init, solve)                                                                                \
    "digraph { graph [data=\"kinds.csv(test=0)\", loss=loss, output=y, " attributes "];\n"                             \
    "x [op=\"input([N, FEATURES])\"]; t [op=\"input([N], dtype=int64)\"]; h [op=\"rbf(" init ")\"];\n"                 \
    "y [op=\"linear(CLASSES, init=" solve "\"]; loss [op=cross_entropy]; x -> h -> y -> loss; t -> loss; }"

Test(allocations_training, of_layers_that_are_solved_for)
{
    static const char *const texts[] = {
        SOLVED("epochs=0", "3, init=kmeans, width=dmax", "svd)"),
        SOLVED("epochs=0", "4, init=per_class(2), width=nearest(2)", "ridge(1e-2))"),
        SOLVED("epochs=0", "3, init=ols, width=mean_distance, normalize=true", "lstsq)"),
        SOLVED("epochs=0", "8, init=all, kernel=inverse_multiquadric", "ridge)"),
        SOLVED("epochs=2, dtype=float64", "3, init=samples", "ridge)\", refit=\"epoch"),
    };
    SWEEP_TEXTS("solved", texts);
}

Test(allocations_training, of_losses_and_their_metrics)
{
    static const char *const texts[] = {
        "digraph { graph [data=\"kinds.csv(target=kind)\", epochs=1, loss=loss, output=y, metrics=\"accuracy, f1, "
        "auc\",\n"
        "  optimizer=rmsprop];\n"
        "x [op=\"input([N, FEATURES])\"]; t [op=\"input([N], dtype=int64)\"]; y [op=\"linear(CLASSES)\"];\n"
        "loss [op=cross_entropy]; x -> y -> loss; t -> loss; }",
        "digraph { graph [data=\"sums.csv(scale=standard)\", epochs=1, loss=loss, output=y, metrics=rmse,\n"
        "  schedule=\"step(step_size=1)\", clip_norm=1, average=ema, validation=0.25];\n"
        "x [op=\"input([N, FEATURES])\"]; t [op=\"input([N, 1])\"]; y [op=\"linear(1)\"]; loss [op=huber_loss];\n"
        "x -> y -> loss; t -> loss; }",
        "digraph { graph [data=\"bits.csv(test=0)\", epochs=2, loss=loss, output=y, optimizer=\"adam(lr=0.1)\"];\n"
        "x [op=\"input([N, FEATURES])\"]; t [op=\"input([N, 1])\"]; h [op=\"linear(2)\"]; s [op=tanh];\n"
        "y [op=\"linear(1)\"]; loss [op=binary_cross_entropy_with_logits]; x -> h -> s -> y -> loss; t -> loss; }",
    };
    SWEEP_TEXTS("metrics", texts);
}

Test(allocations_training, of_two_losses_that_take_turns)
{
    static const char *const texts[] = {
        "digraph { graph [data=\"sums.csv(test=0, scale=standard)\", epochs=1, loss=\"d_loss, g_loss\", batch_size=4,\n"
        "  drop_last=true, optimizer=\"adam(lr=0.01)\"];\n"
        "x [op=\"input([N, 2], field=features)\"]; z [op=normal_like]; g [op=\"linear(2)\"]; d [op=\"linear(1)\"];\n"
        "f [op=\"linear(1)\", share=d]; both [op=\"expr(softplus(-r) + softplus(f))\"]; fools "
        "[op=\"expr(softplus(-f))\"];\n"
        "d_loss [op=mean, trains=\"d.*\"]; g_loss [op=mean, trains=\"g.*\"]; x -> z -> g -> f; x -> d;\n"
        "d -> both [arg=r]; f -> both [arg=f]; both -> d_loss; f -> fools [arg=f]; fools -> g_loss; }",
    };
    SWEEP_TEXTS("turns", texts);
}

/* ---- what is asked of a trained graph ---- */

static const char *probe;

static dg_status measure(uint64_t *result)
{
    dg_graph_file *file;
    dg_experiment *experiment;
    dg_probing *probing = NULL;
    dg_fed_rows *fed = NULL;
    dg_plan *plan = NULL;
    int n_fetch = 0, n_feeds = 0;
    dg_node *const *fetch = NULL;
    dg_status status = open_experiment(&file, &experiment);
    if (status.code == DG_OK)
        status = dg_parameters_init(experiment->parameters, file->graph, 1);
    if (status.code == DG_OK)
        status = dg_probing_new(&(dg_probing_options){.what = probe, .loss = file->loss}, &probing);
    if (status.code == DG_OK)
        fetch = dg_probing_fetch(probing, &n_fetch);
    if (status.code == DG_OK)
        status =
            dg_plan_new(file->graph,
                        &(dg_plan_options){
                            .fetch = fetch, .n_fetch = n_fetch, .parameters = experiment->parameters, .training = true},
                        &plan);
    if (status.code == DG_OK)
        status = dg_fed_rows_new(&experiment->options.task, &file->loss, 1, (dg_rows){NULL, 4}, &fed);
    if (status.code == DG_OK) {
        const dg_feed *feeds = dg_fed_rows_feeds(fed, &n_feeds);
        status = dg_plan_run(plan, feeds, n_feeds);
    }
    if (status.code == DG_OK)
        status = dg_probing_measure(probing, plan, 0);
    for (size_t k = 0; status.code == DG_OK && k < dg_probing_count(probing); k++) {
        double value = dg_probing_at(probing, k).value;
        mix(result, &value, sizeof value);
    }
    dg_fed_rows_free(fed);
    dg_plan_free(plan);
    dg_probing_free(probing);
    dg_experiment_free(experiment);
    dg_graph_file_free(file);
    return status;
}

#define BITS                                                                                                           \
    "digraph { graph [data=\"bits.csv(test=0)\", loss=loss, output=y];\n"                                              \
    "x [op=\"input([N, FEATURES])\"]; t [op=\"input([N, 1])\"]; h [op=\"linear(3)\"]; s [op=relu];\n"                  \
    "a [op=\"linear(1)\"]; y [op=step]; loss [op=mse_loss]; x -> h -> s -> a -> y -> loss; t -> loss; }"

Test(allocations_training, of_probes)
{
    static const char *const probes[] = {"grad_norm", "mean", "std", "dead", "saturated", "rank", "update_ratio"};
    graph_text = BITS;
    for (size_t k = 0; k < sizeof probes / sizeof *probes; k++) {
        probe = probes[k];
        sweep(probe, measure);
    }
}

#define PERCEPTRON                                                                                                     \
    "digraph { graph [data=\"bits.csv(test=0)\", loss=loss, output=y, dtype=float64];\n"                               \
    "x [op=\"input([N, FEATURES])\"]; t [op=\"input([N, 1])\"]; a [op=\"linear(1)\"]; y [op=step]; loss "              \
    "[op=mse_loss];\n"                                                                                                 \
    "x -> a -> y -> loss; t -> loss; }"

static dg_status prove(uint64_t *result)
{
    dg_graph_file *file;
    dg_experiment *experiment;
    dg_separability found = {0};
    dg_status status = open_experiment(&file, &experiment);
    if (status.code == DG_OK)
        status = dg_parameters_init(experiment->parameters, file->graph, 1);
    if (status.code == DG_OK)
        status = dg_separability_find(&experiment->options.task, (dg_rows){NULL, 4}, &found);
    mix(result, &found.verdict, sizeof found.verdict);
    for (int64_t k = 0; k < found.n_proof; k++)
        mix(result, &found.proof[k].weight, sizeof found.proof[k].weight);
    dg_separability_release(&found);
    dg_experiment_free(experiment);
    dg_graph_file_free(file);
    return status;
}

Test(allocations_training, of_a_proof)
{
    graph_text = PERCEPTRON;
    sweep("separability", prove);
}

static dg_status confuse(uint64_t *result)
{
    dg_graph_file *file;
    dg_experiment *experiment;
    dg_tensor counts = {0}, values = {0};
    dg_status status = open_experiment(&file, &experiment);
    if (status.code == DG_OK)
        status = dg_parameters_init(experiment->parameters, file->graph, 1);
    const dg_rows rows = {NULL, 8};
    if (status.code == DG_OK)
        status = dg_confusion(&experiment->options.task, rows, &counts);
    if (status.code == DG_OK)
        mix_tensor(result, &counts);
    if (status.code == DG_OK)
        status = dg_predict(&experiment->options.task, file->output, rows, &values);
    if (status.code == DG_OK)
        mix_tensor(result, &values);
    dg_tensor_release(&counts);
    dg_tensor_release(&values);
    dg_experiment_free(experiment);
    dg_graph_file_free(file);
    return status;
}

#define KINDS                                                                                                          \
    "digraph { graph [data=\"kinds.csv(test=0)\", loss=loss, output=y];\n"                                             \
    "x [op=\"input([N, FEATURES])\"]; t [op=\"input([N], dtype=int64)\"]; y [op=\"linear(CLASSES)\"];\n"               \
    "loss [op=cross_entropy]; x -> y -> loss; t -> loss; }"

Test(allocations_training, of_confusion)
{
    graph_text = KINDS;
    sweep("confusion", confuse);
}

Test(allocations_training, of_a_proof_of_classes)
{
    graph_text = KINDS;
    sweep("separability of classes", prove);
}
