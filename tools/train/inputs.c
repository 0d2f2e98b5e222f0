/* The graph and the data of a training run. */
#include "tools/session/command.h"
#include "tools/session/options.h"
#include "train.h"

#include "tools/run/folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *attribute_of(const void *file, const char *name)
{
    return dg_graph_file_setting(file, name);
}

/* Numbers to begin from. Parameters that the file lacks are initialised as usual, with a message. */
static dg_status take_weights(training_run *run)
{
    const char *path = run->settings.weights;
    dg_tensors *all, *weights;
    dg_node **parameters;
    int count, n_taken = 0, n_left = 0;
    const char *left = NULL;
    if (!path || run->settings.resume)
        return dg_ok();
    DG_TRY(session_nodes(&run->session, DG_ROLE_PARAMETER, &parameters, &count));
    dg_status status = checkpoint_read(path, &all);
    if (status.code != DG_OK) {
        free(parameters);
        return status;
    }
    status = dg_tensors_new(&weights);
    if (status.code == DG_OK)
        status = dg_checkpoint_weights(all, weights);
    for (int k = 0; k < count && status.code == DG_OK; k++) {
        const char *name = dg_node_name(parameters[k]);
        const dg_tensor *tensor = dg_tensors_find(weights, name);
        const dg_type *type = dg_node_type(parameters[k], 0);
        char has[DG_SHAPE_TEXT], wants[DG_SHAPE_TEXT];
        if (!tensor) {
            left = left ? left : name;
            n_left++;
            continue;
        }
        n_taken++;
        if (!dg_shape_equal(&tensor->shape, &type->shape) || tensor->dtype != type->dtype)
            status = dg_error(DG_BAD_SHAPE, "%s: '%s' is %s %s, the graph's is %s %s", path, name,
                              dg_dtype_name(tensor->dtype), dg_shape_print(&tensor->shape, has, sizeof has),
                              dg_dtype_name(type->dtype), dg_shape_print(&type->shape, wants, sizeof wants));
        else
            status = dg_tensors_put(run->session.parameters, name, tensor);
    }
    if (status.code == DG_OK && !n_taken)
        status = dg_error(DG_BAD_DATA, "%s: it has no parameter of this graph", path);
    else if (status.code == DG_OK && n_left)
        fprintf(stderr, "dotgrad: %s has %d of %d parameters; %s initialised: '%s'%s\n", path, n_taken, count,
                n_left == 1 ? "one is" : "the others are", left, n_left == 1 ? "" : ", …");
    dg_tensors_free(weights);
    dg_tensors_free(all);
    free(parameters);
    return status;
}

/* Whether a schedule follows what is monitored: that of the training, or one of a loss of its own. */
static bool follows_monitor(const train_settings *settings, const dg_graph_file *file)
{
    dg_schedule schedule;
    bool follows = settings->schedule && dg_schedule_parse(settings->schedule, &schedule).code == DG_OK &&
                   schedule.rule->follows_losses;
    for (int k = 0; k < file->n_nodes && !follows; k++) {
        const char *own = dg_file_attribute_find(&file->nodes[k].attributes, "schedule");
        follows = own && dg_schedule_parse(own, &schedule).code == DG_OK && schedule.rule->follows_losses;
    }
    return follows;
}

/* What the command line leaves open, as the graph's attributes say. */
static dg_status take_settings(training_run *run, const dg_graph_file *file)
{
    train_settings *settings = &run->settings;
    settings_from_graph(settings, attribute_of, file);
    settings_complete(settings);
    if (settings->fold > 1 && settings->folds == 0)
        return dg_error(DG_BAD_ARGUMENT, "fold=%lld changes nothing without folds", (long long)settings->fold);
    if (settings->monitor && settings->monitor[0] && settings->patience == 0 && !option_given("patience") &&
        !follows_monitor(settings, file))
        return dg_error(DG_BAD_ARGUMENT, "monitor=%s changes nothing without patience or schedule=plateau",
                        settings->monitor);
    if (settings->watch_every > 0 && !settings_watches(settings))
        return dg_error(DG_BAD_ARGUMENT, "watch_every=%lld changes nothing without watch",
                        (long long)settings->watch_every);
    return dg_ok();
}

/* Where the data of the checkpoint start, seen from the working folder. */
static dg_status find_base(training_run *run)
{
    train_settings *settings = &run->settings;
    char *folder = run_folder_of(settings->resume), *there = folder ? path_join(folder, settings->base) : NULL;
    run->data_folder = there ? path_between(".", there) : NULL;
    settings->folder = run->data_folder && strcmp(run->data_folder, ".") != 0 ? run->data_folder : NULL;
    free(folder);
    free(there);
    return run->data_folder ? dg_ok() : dg_no_memory("%s", settings->resume);
}

/* Also called while the graph is read, when it reads sizes of the data. */
static dg_status open_data(training_run *run, const dg_graph_file *file)
{
    train_settings *settings = &run->settings;
    const char *slash = strrchr(file->path, '/');
    bool is_named = !settings->data && !settings->resume; /* by the graph itself */
    if (run->data)
        return dg_ok();
    if (is_named) {
        settings->data = dg_graph_file_setting(file, "data");
        run->data_folder = slash ? strndup(file->path, (size_t)(slash - file->path) + (slash == file->path)) : NULL;
        settings->folder = run->data_folder;
    }
    if (!settings->data || strcmp(settings->data, "none") == 0)
        return dg_ok();
    const dg_data_options options = {.folder = settings->folder,
                                     .seed = (uint64_t)settings->split_seed,
                                     .validation = settings->validation,
                                     .folds = settings->folds,
                                     .fold = settings->fold,
                                     .memory_limit = settings->memory_limit};
    if (is_named)
        return dg_graph_file_open_data(file, &options, &run->data);
    dg_status status = dg_data_open(settings->data, &options, &run->data);
    if (status.code == DG_IO && settings->is_kept)
        status = dg_error(DG_IO, "%s: the run was trained on %s: --data D gives its place now", settings->resume,
                          status.message);
    return status;
}

static dg_status find_data(void *argument, const dg_graph_file *file, const dg_data **data)
{
    training_run *run = argument;
    DG_TRY(take_settings(run, file));
    DG_TRY(open_data(run, file));
    *data = run->data;
    return dg_ok();
}

/* An option for all losses, where each has its own. */
static dg_status check_own(const dg_trainer_options *said, const char *graph)
{
    static const char *const names[] = {"optimizer", "schedule", "clip-norm", "clip-value"};
    for (int k = 0; k < 4; k++) {
        int own = 0;
        for (int i = 0; i < said->n_objectives; i++) {
            const dg_objective *loss = &said->objectives[i];
            own += k == 0   ? loss->optimizer != NULL
                   : k == 1 ? loss->schedule != NULL
                   : k == 2 ? loss->clip_norm > 0
                            : loss->clip_value > 0;
        }
        if (own && own == said->n_objectives && option_given(names[k]))
            return dg_error(DG_BAD_ARGUMENT, "%s: --%s changes nothing: %s '%s'%s has one of its own in the graph",
                            graph, names[k], own == 1 ? "the loss" : "each loss, as",
                            dg_node_name(said->objectives[0].loss), own == 1 ? "" : ",");
    }
    return dg_ok();
}

/* Losses, updates and the like, as the graph says; and the data, made to suit it. */
static dg_status open_experiment(training_run *run)
{
    const train_settings *settings = &run->settings;
    const dg_experiment_options options = {.data = run->data,
                                           .no_data = true, /* but those */
                                           .batch_size = settings->batch_size,
                                           .loss = settings->loss,
                                           .output = settings->output,
                                           .threads = run->session.threads};
    dg_status status = dg_experiment_new(run->session.file, &options, &run->experiment);
    if (status.code == DG_BAD_ARGUMENT && settings->resume && settings->graph) /* a node that the run's options name */
        return dg_error(status.code, "%s; is this the network of %s, which is to go on?", status.message,
                        settings->resume);
    DG_TRY(status);
    DG_TRY(check_own(&run->experiment->options, run->session.name));
    run->loss = run->experiment->options.task.loss;
    run->output = run->experiment->options.task.output;
    run->graph_text = run->experiment->options.graph_text;
    return dg_ok();
}

/* Opens the graph of the file or of the checkpoint, and takes the settings that go with it. */
static dg_status open_graph(training_run *run)
{
    train_settings *settings = &run->settings;
    const char *name = settings->graph ? settings->graph : settings->resume, *text = run->text;
    if (settings->resume) {
        DG_TRY(checkpoint_read(settings->resume, &run->checkpoint));
        dg_status status = settings_from_checkpoint(settings, run->checkpoint);
        if (status.code != DG_OK)
            return dg_prefixed(status, "%s", settings->resume);
        if (settings->base)
            DG_TRY(find_base(run));
        text = settings->graph ? NULL : dg_tensors_note(run->checkpoint, "dotgrad.graph");
    }
    session_options options = {.init = settings->init, .find_data = find_data, .find_argument = run};
    if (settings->dtype)
        dg_dtype_parse(settings->dtype, &options.dtype);
    DG_TRY(session_open(name, text, &options, &run->session));
    if (settings->resume && !settings->memory_limit)
        settings->memory_limit = run->session.memory_limit;
    DG_TRY(session_setting_error(run->session.file, take_settings(run, run->session.file)));
    DG_TRY(open_data(run, run->session.file));
    run->session.seed = (uint64_t)settings->seed;
    DG_TRY(open_experiment(run));
    return take_weights(run);
}

/* Parameters that are there before anything is trained. */
static dg_status put_weights(training_run *run)
{
    for (size_t k = 0; run->weights && k < dg_tensors_count(run->weights); k++)
        DG_TRY(
            dg_tensors_put(run->session.parameters, dg_tensors_name(run->weights, k), dg_tensors_at(run->weights, k)));
    return dg_ok();
}

dg_status train_open(training_run *run)
{
    DG_TRY(open_graph(run));
    command_tell_data(run->experiment->data);
    return put_weights(run);
}
