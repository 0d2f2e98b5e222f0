/* dotgrad train: a graph file and data become a folder with a trained network. */
#include "command.h"
#include "tools/draw/draw.h"
#include "tools/run/folder.h"
#include "tools/run/report.h"
#include "session.h"
#include "train_settings.h"

#include <dotgrad/dotgrad.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SAVE_EVERY 0.3 /* seconds */

/* One run from its options to its results. */
typedef struct training_run {
    train_settings settings;
    dg_tensors *checkpoint; /* that is resumed from, or NULL */
    graph_session session;
    dg_node *loss, *output;
    char *graph_text; /* as it was before gradients were added */
    char *data_folder, *folder, *checkpoint_path;
    data_set *set;
    data_scaling scaling;
    dg_tensors *extra;
    dg_trainer *trainer;
    progress_bar progress;
    metrics_file metrics;
    double saved_at;       /* seconds: when the last checkpoint was written */
    dg_status save_status; /* of writing while training */
} training_run;

static volatile sig_atomic_t stop_asked;

static void ask_to_stop(int signal_number)
{
    (void)signal_number;
    stop_asked = 1;
}

static dg_status no_memory(void)
{
    return dg_error(DG_NO_MEMORY, "not enough memory");
}

/* ---- the graph ---- */

static const char *attribute_of(const void *file, const char *name)
{
    return dg_graph_file_setting(file, name);
}

static dg_status find_loss(training_run *run)
{
    const train_settings *settings = &run->settings;
    run->loss = run->session.file->loss;
    run->output = run->session.file->output;
    if (settings->loss)
        DG_TRY(session_find(&run->session, settings->loss, &run->loss));
    if (settings->output)
        DG_TRY(session_find(&run->session, settings->output, &run->output));
    if (!run->loss)
        return dg_error(DG_BAD_ARGUMENT, "%s: the graph names no loss: call a node 'loss', or say --loss",
                        run->session.name);
    return dg_ok();
}

/* Opens the graph of the file or of the checkpoint, and takes the settings that go with it. */
static dg_status open_graph(training_run *run)
{
    train_settings *settings = &run->settings;
    const char *name = settings->graph ? settings->graph : settings->resume, *text = NULL;
    if (settings->resume) {
        DG_TRY(checkpoint_read(settings->resume, &run->checkpoint));
        dg_status status = settings_from_checkpoint(settings, run->checkpoint);
        if (status.code != DG_OK)
            return dg_prefixed(status, "%s", settings->resume);
        text = settings->graph ? NULL : dg_tensors_note(run->checkpoint, "dotgrad.graph");
    }
    session_options options = {.init = settings->init,
                               .seed = settings->seed == NOT_GIVEN ? 0 : (uint64_t)settings->seed,
                               .threads = settings->threads == NOT_GIVEN ? 0 : (int)settings->threads};
    if (settings->dtype)
        dg_dtype_parse(settings->dtype, &options.dtype);
    DG_TRY(session_open(name, text, &options, &run->session));
    if (!settings->resume) {
        dg_status status = settings_from_graph(settings, attribute_of, run->session.file);
        if (status.code != DG_OK)
            return dg_prefixed(status, "%s", name);
    }
    if (!settings->data && !settings->resume) {
        settings->data = dg_graph_file_setting(run->session.file, "data");
        const char *slash = strrchr(name, '/');
        run->data_folder = slash ? strndup(name, (size_t)(slash - name) + (slash == name)) : NULL;
        settings->folder = run->data_folder;
    }
    settings_complete(settings);
    run->session.seed = (uint64_t)settings->seed;
    DG_TRY(dg_graph_file_note_folder(run->session.file));
    DG_TRY(dg_graph_file_write(run->session.file, &run->graph_text));
    return find_loss(run);
}

/* ---- the data ---- */

/* A graph that reads no data is trained a step an epoch. */
static dg_status make_empty_data(training_run *run)
{
    dg_node **inputs;
    dg_tensor *features;
    int count;
    DG_TRY(session_nodes(&run->session, DG_ROLE_INPUT, &inputs, &count));
    const char *first = count > 0 ? dg_node_name(inputs[0]) : NULL;
    free(inputs);
    if (first)
        return dg_error(DG_BAD_ARGUMENT,
                        "%s: there is no data for the input '%s': say --data, or give the graph the "
                        "attribute data",
                        run->session.name, first);
    DG_TRY(data_set_new("none", &run->set));
    run->set->count = run->settings.batch_size;
    DG_TRY(dg_tensors_add(run->set->data.fields, "features", DG_FLOAT32, DG_SHAPE(run->set->count, 1), &features));
    return dg_dataset_split_at(&run->set->data, run->set->count);
}

static dg_status open_data(training_run *run)
{
    const train_settings *settings = &run->settings;
    if (!settings->data || !strcmp(settings->data, "none"))
        return make_empty_data(run);
    DG_TRY(data_load(&(data_request){.spec = settings->data,
                                     .folder = settings->folder,
                                     .seed = run->session.seed,
                                     .validation = settings->validation},
                     &run->set, &run->scaling));
    return data_check_labels(run->set, run->session.graph);
}

/* ---- the run's folder ---- */

static dg_status open_folder(training_run *run)
{
    const train_settings *settings = &run->settings;
    run->folder = settings->run      ? strdup(settings->run)
                  : settings->resume ? strdup(settings->resume)
                                     : run_folder_default(settings->graph);
    if (!run->folder)
        return no_memory();
    DG_TRY(run_folder_make(run->folder));
    run->checkpoint_path = path_join(run->folder, "checkpoint.safetensors");
    return run->checkpoint_path ? dg_ok() : no_memory();
}

/* graph.dot and graph.svg; a picture that cannot be drawn is no failure. */
static dg_status write_graph(const training_run *run)
{
    char *dot = path_join(run->folder, "graph.dot"), *svg = path_join(run->folder, "graph.svg");
    dg_status status = dot && svg ? dg_write_file(dot, run->graph_text, strlen(run->graph_text)) : no_memory();
    if (status.code == DG_OK) {
        dg_status drawn = draw_text(run->session.name, run->graph_text, &(draw_options){0}, svg);
        if (drawn.code != DG_OK)
            command_warn("%s", drawn.message);
    }
    free(dot);
    free(svg);
    return status;
}

/* ---- training ---- */

static double now_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* The checkpoint is as good as its last byte on the disk, which takes about 10 ms: epochs that are shorter than that
 * share one. A run resumed from an older epoch ends in the same bytes. */
static dg_status save(training_run *run)
{
    DG_TRY(dg_trainer_save(run->trainer, run->checkpoint_path));
    run->saved_at = now_seconds();
    return dg_ok();
}

static bool on_progress(void *argument, const dg_progress *now)
{
    training_run *run = argument;
    progress_show(&run->progress, now);
    if (now->epoch_done)
        run->save_status = metrics_update(&run->metrics, run->trainer);
    if (now->epoch_done && run->save_status.code == DG_OK && now_seconds() - run->saved_at >= SAVE_EVERY)
        run->save_status = save(run);
    return run->save_status.code == DG_OK;
}

static dg_status make_trainer(training_run *run)
{
    const train_settings *settings = &run->settings;
    const run_notes notes = {.data = settings->data,
                             .folder = settings->folder,
                             .output = run->output ? dg_node_name(run->output) : NULL,
                             .loss = dg_node_name(run->loss),
                             .dtype = dg_dtype_name(dg_graph_dtype(run->session.graph)),
                             .init = settings->init,
                             .validation = settings->validation};
    DG_TRY(dg_tensors_new(&run->extra));
    DG_TRY(notes_write(run->extra, &notes, run->set, &run->scaling));
    return dg_trainer_new(&(dg_trainer_options){.task = {.graph = run->session.graph,
                                                         .loss = run->loss,
                                                         .output = run->output,
                                                         .parameters = run->session.parameters,
                                                         .data = &run->set->data,
                                                         .metrics = settings->metrics,
                                                         .batch_size = settings->batch_size,
                                                         .seed = run->session.seed,
                                                         .threads = run->session.threads,
                                                         .memory_limit = settings->memory_limit},
                                                .optimizer = settings->optimizer,
                                                .schedule = settings->schedule,
                                                .epochs = settings->epochs,
                                                .clip_value = settings->clip_value,
                                                .clip_norm = settings->clip_norm,
                                                .early_stopping = settings->patience,
                                                .graph_text = run->graph_text,
                                                .extra = run->extra,
                                                .resume = run->checkpoint,
                                                .progress = on_progress,
                                                .argument = run,
                                                .stop = &stop_asked},
                          &run->trainer);
}

static dg_status run_trainer(training_run *run)
{
    const struct sigaction action = {.sa_handler = ask_to_stop};
    DG_TRY(metrics_begin(&run->metrics, run->folder, run->trainer));
    DG_TRY(save(run)); /* so that a run that is killed in its first epoch can be resumed, too */
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    progress_begin(&run->progress);
    dg_status status = dg_trainer_run(run->trainer);
    progress_end(&run->progress);
    DG_TRY(run->save_status);
    if (status.code != DG_OK && status.code != DG_INTERRUPTED)
        return dg_prefixed(status, "%s", run->session.name);
    DG_TRY(metrics_update(&run->metrics, run->trainer));
    DG_TRY(save(run));
    return status.code == DG_OK ? status
                                : dg_error(DG_INTERRUPTED, "%s: interrupted; go on with: dotgrad train --resume %s",
                                           run->folder, run->folder);
}

static dg_status train(training_run *run)
{
    dg_status status = make_trainer(run);
    return status.code == DG_OK ? run_trainer(run) : dg_prefixed(status, "%s", run->session.name);
}

/* ---- results ---- */

static dg_status print_results(training_run *run)
{
    const dg_dataset *data = &run->set->data;
    bool test = data->n_test > 0, wide = dg_graph_dtype(run->session.graph) == DG_FLOAT64;
    const dg_rows rows = test ? (dg_rows){data->test, data->n_test} : (dg_rows){data->train, data->n_train};
    dg_metrics metrics;
    dg_status status = dg_trainer_evaluate(run->trainer, rows, &metrics);
    if (status.code != DG_OK)
        return dg_prefixed(status, "%s", run->session.name);
    for (int k = 0; k < metrics.count; k++) {
        if (!strcmp(metrics.names[k], "accuracy"))
            printf("%s accuracy: %.1f %%\n", test ? "test" : "train", 100 * metrics.values[k]);
        else
            printf("%s %s: %.*g\n", test ? "test" : "train", metrics.names[k], wide ? 10 : 6, metrics.values[k]);
    }
    fflush(stdout);
    return dg_ok();
}

static void print_files(const training_run *run)
{
    static const char *const names[] = {
        "checkpoint.safetensors", "metrics.csv", "loss.svg", "loss.png", "graph.svg", "graph.dot"};
    char *path;
    fprintf(stderr, "files in %s:", run->folder);
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
        path = path_join(run->folder, names[k]);
        if (path && !access(path, F_OK))
            fprintf(stderr, " %s", names[k]);
        free(path);
    }
    fputc('\n', stderr);
}

static dg_status run_all(training_run *run)
{
    DG_TRY(open_graph(run));
    DG_TRY(open_data(run));
    DG_TRY(open_folder(run));
    DG_TRY(write_graph(run));
    DG_TRY(train(run));
    dg_status plotted = plot_curves(run->folder, run->trainer);
    if (plotted.code != DG_OK)
        command_warn("%s", plotted.message);
    DG_TRY(print_results(run));
    print_files(run);
    return dg_ok();
}

static void release(training_run *run)
{
    metrics_end(&run->metrics);
    dg_trainer_free(run->trainer);
    dg_tensors_free(run->extra);
    data_scaling_release(&run->scaling);
    data_set_free(run->set);
    free(run->graph_text);
    free(run->data_folder);
    free(run->folder);
    free(run->checkpoint_path);
    session_close(&run->session);
    dg_tensors_free(run->checkpoint);
}

int command_train(int argc, char **argv)
{
    training_run *run = calloc(1, sizeof *run);
    if (!run)
        return command_failed(no_memory());
    int over = settings_parse(argc, argv, &run->settings);
    dg_status status = dg_ok();
    if (over < 0) {
        status = run_all(run);
        release(run);
    }
    free(run);
    return over >= 0 ? over : status.code == DG_OK ? 0 : command_failed(status);
}
