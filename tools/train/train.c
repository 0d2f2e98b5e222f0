/* dotgrad train: a graph file and data become a folder with a trained network. */
#include "train.h"

#include "tools/plot/pictures.h"
#include "tools/run/folder.h"
#include "tools/run/row.h"
#include "tools/run/source.h"
#include "tools/run/stop.h"
#include "tools/session/command.h"
#include "trace.h"

#include <dotgrad/draw.h>
#include <dotgrad/graph_file.h>
#include <dotgrad/optim.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The checkpoint is as good as its last byte on the disk, which takes about 10 ms: epochs that are shorter than this
 * share one. A run resumed from an older epoch ends in the same bytes. */
#define SAVE_EVERY 0.3 /* seconds */

/* ---- the run's folder ---- */

static bool resumes_in_place(const training_run *run)
{
    return run->settings.resume && !strcmp(run->settings.resume, run->folder);
}

/* Names the folder and, when it is there, holds it before anything in it is read. */
static dg_status find_folder(training_run *run)
{
    const train_settings *settings = &run->settings;
    struct stat about;
    run->folder = settings->run      ? strdup(settings->run)
                  : settings->resume ? run_folder_of(settings->resume)
                                     : run_folder_default(settings->graph);
    run->checkpoint_path = run->folder ? path_join(run->folder, "checkpoint.safetensors") : NULL;
    if (!run->checkpoint_path)
        return dg_no_memory("a training");
    bool is_there = stat(run->folder, &about) == 0 && S_ISDIR(about.st_mode);
    return is_there ? run_claim_take(&run->claim, run->folder) : dg_ok();
}

/* A file that the run writes anew, made ready for it. `name` in the run's folder, to be freed. */
static dg_status ready_file(const training_run *run, const char *name, char **path)
{
    *path = path_join(run->folder, name);
    return *path ? run_file_ready(*path) : dg_no_memory("a training");
}

/* graph.dot. One that a person has edited is left alone by the run that goes on there. */
static dg_status write_dot(const training_run *run, bool *is_theirs)
{
    char *path = NULL, *there = NULL;
    size_t size;
    dg_status status = ready_file(run, "graph.dot", &path);
    *is_theirs = status.code == DG_OK && resumes_in_place(run) && train_file_is_written(path) &&
                 dg_read_file(path, &there, &size).code == DG_OK && strcmp(there, run->graph_text) != 0;
    if (*is_theirs)
        command_warn("%s: this is not the graph of the checkpoint, which is what trains; the file is left as it is",
                     path);
    else if (status.code == DG_OK)
        status = dg_write_file(path, run->graph_text, strlen(run->graph_text));
    free(there);
    free(path);
    return status;
}

/* graph.svg; a picture that cannot be drawn is no failure. */
static dg_status write_svg(const training_run *run)
{
    char *path = NULL;
    dg_status status = ready_file(run, "graph.svg", &path);
    if (status.code == DG_OK && !(resumes_in_place(run) && train_file_is_written(path))) {
        dg_status drawn = dg_draw(run->session.file->graph, path, .file = run->session.file);
        if (drawn.code != DG_OK)
            command_warn("%s", drawn.message);
    }
    free(path);
    return status;
}

/* The run is accepted: from here on its folder changes. */
static dg_status open_folder(training_run *run)
{
    bool is_theirs;
    DG_TRY(run_folder_make(run->folder));
    if (!run->claim.path)
        DG_TRY(run_claim_take(&run->claim, run->folder));
    run_folder_clean(run->folder);
    DG_TRY(run_file_ready(run->checkpoint_path));
    DG_TRY(run_row_forget(run->folder));
    DG_TRY(write_dot(run, &is_theirs));
    return is_theirs || run->settings.no_pictures ? dg_ok() : write_svg(run);
}

/* ---- training ---- */

/* The weights after every so many steps, and before the first. The last step of an epoch is told with its end, or once
 * more. */
static dg_status keep_snapshot(training_run *run, uint64_t step)
{
    uint64_t every = (uint64_t)run->settings.snapshot_every;
    if (!every || step % every != 0 || (step > 0 && step == run->kept_step))
        return dg_ok();
    run->kept_step = step;
    return snapshot_write(run->folder, step, run->session.parameters);
}

static bool on_progress(void *argument, const dg_progress *now)
{
    training_run *run = argument;
    progress_show(&run->progress, now);
    if (now->epoch_done)
        run->metrics_status = metrics_update(&run->metrics, run->trainer);
    if (run->metrics_status.code == DG_OK)
        run->metrics_status = keep_snapshot(run, now->step);
    return run->metrics_status.code == DG_OK;
}

static dg_status on_watched(void *argument, const dg_watched *now)
{
    training_run *run = argument;
    return watch_record(&run->watch, now);
}

static uint64_t step_of(const dg_tensors *checkpoint)
{
    const char *note = dg_tensors_note(checkpoint, "dotgrad.step");
    return note ? strtoull(note, NULL, 10) : 0;
}

/* A schedule that ends with the last epoch is another curve when there are more epochs: the rate jumps. */
static void warn_of_schedule(const training_run *run)
{
    const char *before = run->checkpoint ? dg_tensors_note(run->checkpoint, "dotgrad.epochs") : NULL;
    int64_t epochs = before ? strtoll(before, NULL, 10) : 0;
    dg_schedule schedule;
    dg_optimizer optimizer;
    if (epochs < 1 || epochs == run->settings.epochs ||
        dg_optimizer_parse(run->settings.optimizer, &optimizer).code != DG_OK ||
        dg_schedule_parse(run->settings.schedule, &schedule).code != DG_OK)
        return;
    uint64_t step = step_of(run->checkpoint);
    uint64_t batches =
        1 + (uint64_t)(dg_data_set(run->experiment->data)->n_train - 1) / (uint64_t)run->settings.batch_size;
    double old = dg_schedule_rate(&schedule, optimizer.lr, step, batches, (uint64_t)epochs);
    double new = dg_schedule_rate(&schedule, optimizer.lr, step, batches, (uint64_t)run->settings.epochs);
    if (dg_schedule_knows_the_end(&schedule))
        command_warn("%s: the %s schedule of %lld epochs now spans %lld: the learning rate goes on at %.3g instead of "
                     "%.3g; a schedule that stays as it is says where it ends: cosine(t_max=%lld)",
                     run->folder, schedule.rule->name, (long long)epochs, (long long)run->settings.epochs, new, old,
                     (long long)epochs);
    dg_schedule_release(&schedule);
}

/* What the checkpoint keeps for those who go on or predict from it. */
static dg_status write_notes(training_run *run)
{
    const train_settings *settings = &run->settings;
    const char *data = settings->data, *loss = dg_graph_file_setting(run->session.file, "loss");
    loss = settings->loss ? settings->loss : loss ? loss : "loss";
    bool is_found = data && *data != '/' && names_file(settings->folder, data);
    if (is_found && !(run->base = path_between(run->folder, settings->folder ? settings->folder : ".")))
        return dg_no_memory("a training");
    const run_notes notes = {.data = data,
                             .base = run->base,
                             .output = run->output ? dg_node_name(run->output) : NULL,
                             .loss = loss,
                             .dtype = settings->dtype,
                             .init = settings->init,
                             .validation = settings->validation,
                             .split_seed = settings->split_seed,
                             .folds = settings->folds,
                             .fold = settings->fold};
    DG_TRY(dg_tensors_new(&run->extra));
    return notes_write(run->extra, &notes);
}

static dg_status make_trainer(training_run *run)
{
    const train_settings *settings = &run->settings;
    const dg_trainer_options *said = &run->experiment->options;
    DG_TRY(write_notes(run));
    return dg_trainer_new(&(dg_trainer_options){.task = {.graph = run->session.graph,
                                                         .loss = run->loss,
                                                         .output = run->output,
                                                         .parameters = run->session.parameters,
                                                         .data = dg_data_set(run->experiment->data),
                                                         .metrics = settings->metrics,
                                                         .batch_size = settings->batch_size,
                                                         .seed = run->session.seed,
                                                         .threads = run->session.threads,
                                                         .memory_limit = settings->memory_limit},
                                                .objectives = said->objectives,
                                                .n_objectives = said->n_objectives,
                                                .updates = said->updates,
                                                .n_updates = said->n_updates,
                                                .monitor = settings->monitor,
                                                .optimizer = settings->optimizer,
                                                .schedule = settings->schedule,
                                                .epochs = settings->epochs ? settings->epochs : DG_NONE,
                                                .refit = said->refit,
                                                .clip_value = settings->clip_value,
                                                .clip_norm = settings->clip_norm,
                                                .early_stopping = settings->patience,
                                                .drop_last = settings->drop_last == 1,
                                                .accumulate = (int)settings->accumulate,
                                                .average = settings->average,
                                                .groups = settings->groups,
                                                .freeze = settings->freeze,
                                                .graph_text = run->graph_text,
                                                .extra = run->extra,
                                                .resume = run->checkpoint,
                                                .checkpoint = settings->trace ? NULL : run->checkpoint_path,
                                                .checkpoint_seconds = SAVE_EVERY,
                                                .watch = settings->watch,
                                                .watch_every = settings->watch_every,
                                                .watched = settings->trace ? NULL : on_watched,
                                                .progress = settings->trace ? NULL : on_progress,
                                                .argument = run,
                                                .stop = &stop_asked},
                          &run->trainer);
}

static const char *monitored(const train_settings *settings)
{
    static const char of[] = "validation_";
    const char *name = settings->monitor && *settings->monitor ? settings->monitor : "loss";
    return strncmp(name, of, sizeof of - 1) == 0 ? name + sizeof of - 1 : name;
}

static dg_status run_trainer(training_run *run)
{
    if (settings_watches(&run->settings))
        DG_TRY(watch_begin(&run->watch, run->folder, resumes_in_place(run) ? step_of(run->checkpoint) : 0));
    snapshots_clean(run->folder, resumes_in_place(run) ? step_of(run->checkpoint) + 1 : 0);
    if (!run->checkpoint)
        DG_TRY(keep_snapshot(run, 0));
    stop_watch(true); /* whoever sees metrics.csv can stop the run, which saves then */
    DG_TRY(metrics_begin(&run->metrics, run->folder, run->trainer));
    progress_begin(&run->progress);
    double begin = seconds_now();
    dg_status status = dg_trainer_run(run->trainer);
    run->training_seconds = seconds_now() - begin;
    progress_end(&run->progress);
    stop_watch(false);
    DG_TRY(run->metrics_status);
    if (status.code == DG_INTERRUPTED)
        status = dg_error(DG_INTERRUPTED, "%s: interrupted; go on with: dotgrad train --resume %s", run->folder,
                          run->folder);
    else
        status = dg_prefixed(status, "%s", run->session.name);
    if (status.code == DG_OK && run->settings.patience)
        progress_tell_best(&run->progress, monitored(&run->settings), run->settings.patience);
    dg_status written = metrics_update(&run->metrics, run->trainer);
    return status.code == DG_OK ? written : status;
}

/* Also of a run that diverged: there it tells most. */
static void draw_curves(training_run *run)
{
    const dg_trainer_options *said = &run->experiment->options;
    dg_status plotted = plot_curves(run->folder, run->trainer, said->objectives, said->n_objectives);
    if (plotted.code != DG_OK)
        command_warn("%s", plotted.message);
    run->is_plotted = plotted.code == DG_OK;
}

/* "digraph net" of a graph's text. */
static size_t head_length(const char *text)
{
    size_t length = strcspn(text, "{\n");
    while (length && text[length - 1] == ' ')
        length--;
    return length;
}

/* Whether the checkpoint is of a graph of that name with, at least, parameters of those names. */
static bool is_same_network(const training_run *run, const dg_tensors *there, dg_node *const *parameters, int count)
{
    const char *text = dg_tensors_note(there, "dotgrad.graph");
    if (!text)
        return true; /* not of a run: the checkpoint's own checks say what is wrong with it */
    size_t length = head_length(text);
    if (length != head_length(run->graph_text) || memcmp(text, run->graph_text, length) != 0)
        return false;
    for (int k = 0; run->settings.run && k < count;
         k++) /* in the usual folder, of the file's name, it may have grown */
        if (!dg_tensors_find(there, dg_node_name(parameters[k])))
            return false;
    return true;
}

/* A new run does not replace one of another network without --force. */
static dg_status check_folder(const training_run *run)
{
    dg_tensors *there = NULL;
    dg_node **parameters = NULL;
    int count = 0;
    if (run->settings.resume || run->settings.force || !train_file_is_written(run->checkpoint_path) ||
        checkpoint_read(run->checkpoint_path, &there).code != DG_OK)
        return dg_ok();
    dg_status status = session_nodes(&run->session, DG_ROLE_PARAMETER, &parameters, &count);
    if (status.code == DG_OK && !is_same_network(run, there, parameters, count))
        status = dg_error(DG_BAD_ARGUMENT,
                          "%s: this folder has the run of another network, which would be lost: -o names "
                          "another folder, --force replaces the run",
                          run->folder);
    free(parameters);
    dg_tensors_free(there);
    return status;
}
static dg_status accept(training_run *run)
{
    DG_TRY(find_folder(run));
    DG_TRY(train_open(run));
    DG_TRY(check_folder(run));
    dg_status status = make_trainer(run);
    return run->settings.resume ? dg_prefixed(status, "%s", run->session.name)
                                : session_setting_error(run->session.file, status);
}

static dg_status work_through(training_run *run)
{
    const dg_task task = {.graph = run->session.graph,
                          .loss = run->loss,
                          .output = run->output,
                          .parameters = run->session.parameters,
                          .data = dg_data_set(run->experiment->data)};
    int64_t steps = run->settings.steps ? run->settings.steps : 1;
    return dg_prefixed(trace_steps(stdout, &run->session, &task, run->trainer, steps, run->settings.batch_size), "%s",
                       run->session.name);
}

static dg_status run_all(training_run *run)
{
    DG_TRY(accept(run));
    if (run->settings.trace)
        return work_through(run);
    DG_TRY(open_folder(run));
    warn_of_schedule(run);
    train_tell_warnings(run);
    dg_status status = run_trainer(run);
    if ((status.code == DG_OK || status.code == DG_NUMERIC) && !run->settings.no_pictures)
        draw_curves(run);
    if (run->watch.count && !run->settings.no_pictures)
        train_draw_watched(run);
    if (status.code == DG_OK)
        status = train_print_results(run);
    if (status.code == DG_OK) {
        train_tell_mistakes(run);
        train_tell_warnings(run);
        train_write_confusion(run);
    }
    if (status.code == DG_OK || status.code == DG_NUMERIC) {
        dg_status written = train_write_row(run, &status);
        status = status.code == DG_OK ? written : status;
    }
    if (status.code == DG_OK)
        train_print_files(run);
    return status;
}

static void release(training_run *run)
{
    metrics_end(&run->metrics);
    watch_end(&run->watch);
    run_claim_drop(&run->claim);
    dg_trainer_free(run->trainer);
    dg_tensors_free(run->extra);
    dg_experiment_free(run->experiment);
    dg_data_free(run->data);
    free(run->data_folder);
    free(run->base);
    free(run->folder);
    free(run->checkpoint_path);
    session_close(&run->session);
    dg_tensors_free(run->checkpoint);
}

dg_status train_run(training_run *run)
{
    run->begin = seconds_now();
    signal(SIGPIPE, SIG_IGN); /* nobody reads the progress any more: no reason to lose the run */
    dg_status status = run_all(run);
    release(run);
    return status;
}

int command_train(int argc, char **argv)
{
    training_run *run = calloc(1, sizeof *run);
    if (!run)
        return command_failed(dg_no_memory("a training"));
    int over = settings_parse(argc, argv, &run->settings);
    dg_status status = over < 0 ? train_run(run) : dg_ok();
    free(run);
    return over >= 0 ? over : status.code == DG_OK ? 0 : command_failed(status);
}
