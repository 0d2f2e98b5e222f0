/* A program against the installed tree alone: a graph file is trained as its attributes say, and a loss of the
 * program's own has accuracy and probabilities as those that ship. */
#include <dotgrad/dotgrad.h>
#include <dotgrad/graphviz.h>
#include <dotgrad/model.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void ok(dg_status status)
{
    if (status.code == DG_OK)
        return;
    fprintf(stderr, "%s\n", status.message);
    exit(1);
}

static dg_status own_infer(const dg_infer *infer)
{
    infer->outputs[0].dtype = infer->inputs[0]->dtype;
    infer->outputs[0].shape = dg_scalar();
    return dg_ok();
}

static void own_compose(const dg_compose *compose)
{
    compose->outputs[0] = dg_cross_entropy(compose->inputs[0], compose->inputs[1]);
}

static const dg_op own_loss = {.name = "own_entropy",
                               .family = "loss",
                               .summary = "cross entropy again",
                               .inputs = {{.name = "input"}, {.name = "truth", .flags = DG_TARGET | DG_INDEX}},
                               .scores = DG_SCORES_CLASSES,
                               .infer = own_infer,
                               .compose = own_compose};

static double metric(const dg_metrics *metrics, const char *name)
{
    for (int k = 0; k < metrics->count; k++)
        if (strcmp(metrics->names[k], name) == 0)
            return metrics->values[k];
    return NAN;
}

int main(int n_arguments, char **arguments)
{
    dg_graph_file *file;
    dg_experiment *experiment;
    dg_trainer *trainer;
    dg_metrics metrics;
    dg_model *model;
    dg_tensor result;
    ok(dg_register(&own_loss));
    if (n_arguments != 3)
        return 2;
    ok(dg_graph_read(arguments[1], NULL, &file));
    ok(dg_experiment_new(file, NULL, &experiment));
    experiment->options.checkpoint = arguments[2];
    ok(dg_trainer_new(&experiment->options, &trainer));
    ok(dg_trainer_run(trainer));
    ok(dg_trainer_evaluate(trainer, dg_experiment_test_rows(experiment), &metrics));
    ok(dg_model_open(arguments[2], NULL, &model));
    ok(dg_model_predict(model, dg_data_set(experiment->data), &result));
    double sum = 0;
    int64_t classes = result.shape.dims[result.shape.rank - 1];
    for (int64_t k = 0; k < classes; k++)
        sum += dg_tensor_get(&result, k);
    printf("loss %.9g, accuracy %.6f, %s summing to %.6f\n", metric(&metrics, "loss"), metric(&metrics, "accuracy"),
           dg_model_kind_of(model) == DG_MODEL_CLASSES ? "probabilities" : "values", sum);
    dg_tensor_release(&result);
    dg_model_free(model);
    dg_trainer_free(trainer);
    dg_experiment_free(experiment);
    dg_graph_file_free(file);
    return 0;
}
