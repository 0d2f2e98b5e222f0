/* What a training run leaves: results on standard output, files in its folder. */
#include "train.h"

#include "separability.h"
#include "tools/plot/pictures.h"
#include "tools/run/folder.h"
#include "tools/run/row.h"
#include "tools/run/stop.h"
#include "tools/session/command.h"

#include <dotgrad/draw.h>
#include <dotgrad/graph_file.h>
#include <dotgrad/optim.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bool train_file_is_written(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && about.st_size > 0;
}

/* Heat maps of what was watched, and the diagram with the numbers of the last record. */
void train_draw_watched(training_run *run)
{
    char *path = path_join(run->folder, "watch.svg"), title[80];
    dg_status status = watch_draw_maps(run->folder);
    snprintf(title, sizeof title, "%.40s, before step %llu", run->settings.watch, (unsigned long long)run->watch.step);
    const dg_heat heat = {.title = title,
                          .count = run->watch.count,
                          .nodes = run->watch.nodes,
                          .values = run->watch.values,
                          .texts = run->watch.words};
    if (status.code == DG_OK && path)
        status = run_file_ready(path);
    if (status.code == DG_OK && path && run->watch.count)
        status = dg_draw(run->session.file->graph, path, .file = run->session.file, .heat = &heat);
    if (status.code != DG_OK)
        command_warn("the picture of what was watched is missing: %s", status.message);
    free(path);
}

dg_status train_print_results(training_run *run)
{
    const dg_dataset *data = dg_data_set(run->experiment->data);
    bool test = data->n_test > 0, wide = dg_graph_dtype(run->session.graph) == DG_FLOAT64;
    const dg_rows rows = test ? (dg_rows){data->test, data->n_test} : (dg_rows){data->train, data->n_train};
    dg_metrics metrics;
    dg_status status = dg_trainer_evaluate(run->trainer, rows, &metrics);
    if (status.code != DG_OK)
        return dg_prefixed(status, "%s", run->session.name);
    if (!isfinite(metrics.values[0]))
        return dg_error(DG_NUMERIC, "%s: the %s loss '%s' is %s, though the training loss is a number",
                        run->session.name, test ? "test" : "train", dg_node_name(run->loss),
                        isnan(metrics.values[0]) ? "nan" : "infinite");
    for (int k = 0; k < metrics.count; k++) {
        if (!strcmp(metrics.names[k], "accuracy"))
            printf("%s accuracy: %.1f %%\n", test ? "test" : "train", 100 * metrics.values[k]);
        else
            printf("%s %s: %.*g\n", test ? "test" : "train", metrics.names[k], wide ? 10 : 6, metrics.values[k]);
    }
    fflush(stdout);
    if (test)
        run->tested = metrics;
    if (data->n_validation)
        status = dg_trainer_evaluate(run->trainer, (dg_rows){data->validation, data->n_validation}, &run->validated);
    return dg_prefixed(status, "%s", run->session.name);
}

void train_tell_mistakes(training_run *run)
{
    const dg_dataset *data = dg_data_set(run->experiment->data);
    const dg_task task = {.graph = run->session.graph,
                          .loss = run->loss,
                          .output = run->output,
                          .parameters = run->session.parameters,
                          .data = data,
                          .batch_size = run->settings.batch_size,
                          .seed = run->session.seed,
                          .threads = run->session.threads,
                          .memory_limit = run->settings.memory_limit};
    if (run->experiment->options.n_objectives > 1)
        return;
    tell_separability(run->session.name, &task, (dg_rows){data->train, data->n_train}, "training rows");
}

void train_tell_warnings(training_run *run)
{
    const char *warning;
    while ((warning = dg_trainer_warning_at(run->trainer, run->n_warned))) {
        command_warn("%s: %s", run->session.name, warning);
        run->n_warned++;
    }
}

/* Of classifiers, on the test part: which class was taken for which. */
void train_write_confusion(training_run *run)
{
    const dg_dataset *data = dg_data_set(run->experiment->data);
    bool decides = false;
    for (int k = 0; k < run->tested.count; k++)
        decides |= strcmp(run->tested.names[k], "accuracy") == 0 || strncmp(run->tested.names[k], "f1", 2) == 0;
    if (!decides || !data->n_test)
        return;
    const dg_task task = {.graph = run->session.graph,
                          .loss = run->loss,
                          .output = run->output,
                          .parameters = run->session.parameters,
                          .data = data,
                          .batch_size = run->settings.batch_size,
                          .seed = run->session.seed,
                          .threads = run->session.threads};
    dg_status status = confusion_write(run->folder, &task, (dg_rows){data->test, data->n_test}, run->experiment->data,
                                       !run->settings.no_pictures);
    run->has_confusion = status.code == DG_OK;
    if (status.code != DG_OK && status.code != DG_BAD_SHAPE) /* scores of another kind */
        command_warn("%s", status.message);
}

/* Of the whole folder the last file. */
dg_status train_write_row(training_run *run, const dg_status *trained)
{
    const train_settings *settings = &run->settings;
    return run_row_write(run->folder, &(run_row){.status = trained->code == DG_OK ? "finished" : "diverged",
                                                 .message = trained->code == DG_OK ? NULL : trained->message,
                                                 .seed = run->session.seed,
                                                 .split_seed = (uint64_t)settings->split_seed,
                                                 .folds = settings->folds,
                                                 .fold = settings->folds ? settings->fold : 0,
                                                 .trainer = run->trainer,
                                                 .graph = run->session.graph,
                                                 .validation = run->validated,
                                                 .test = run->tested,
                                                 .seconds = seconds_now() - run->begin,
                                                 .training_seconds = run->training_seconds,
                                                 .is_resumed = settings->resume != NULL});
}

void train_print_files(const training_run *run)
{
    static const char *const names[] = {
        "checkpoint.safetensors", "metrics.csv", "loss.svg",  "loss.png",  "loss.gp",   "confusion.csv",
        "confusion.svg",          "graph.svg",   "graph.dot", "watch.csv", "watch.svg", ROW_NAME};
    char *path;
    fprintf(stderr, "files in %s:", run->folder);
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
        bool is_of_run = strncmp(names[k], "loss.", 5) == 0         ? run->is_plotted
                         : strncmp(names[k], "confusion.", 10) == 0 ? run->has_confusion
                         : strncmp(names[k], "watch.", 6) == 0      ? run->watch.count > 0
                                                                    : true;
        path = path_join(run->folder, names[k]);
        if (path && is_of_run && train_file_is_written(path))
            fprintf(stderr, " %s", names[k]);
        free(path);
    }
    fputc('\n', stderr);
}
