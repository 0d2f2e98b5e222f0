/* Runs and graph files as what pictures are made from. */
#include "source.h"

#include <dotgrad/op.h>
#include <dotgrad/plan.h>

#include <stdlib.h>
#include <string.h>

static bool is_graph_file(const char *path)
{
    const char *end = strrchr(path, '.');
    return end && (strcmp(end, ".dot") == 0 || strcmp(end, ".gv") == 0);
}

/* ---- data ---- */

/* As training read and split them. */
static dg_status open_own_data(plot_source *s)
{
    run_notes notes;
    DG_TRY(notes_read(s->checkpoint, &notes));
    if (!notes.data || strcmp(notes.data, "none") == 0)
        return dg_ok();
    char *run = notes.base ? run_folder_of(s->path) : NULL, *folder = run ? path_join(run, notes.base) : NULL;
    dg_status status = notes.base && !folder ? dg_no_memory("%s", s->path) : dg_ok();
    if (status.code == DG_OK)
        status = dg_data_open(notes.data,
                              &(dg_data_options){.folder = folder ? folder : notes.folder,
                                                 .seed = notes.split_seed > 0 ? (uint64_t)notes.split_seed : 0,
                                                 .validation = notes.validation,
                                                 .folds = notes.folds > 0 ? notes.folds : 0,
                                                 .fold = notes.fold > 0 ? notes.fold : 0},
                              &s->data);
    free(run);
    free(folder);
    return status;
}

static dg_status open_data(plot_source *s, const char *data)
{
    if (data && s->checkpoint)
        DG_TRY(dg_data_open(data, &(dg_data_options){.as_in = s->checkpoint}, &s->data));
    else if (data)
        DG_TRY(dg_data_open(data, NULL, &s->data));
    else if (s->checkpoint)
        DG_TRY(open_own_data(s));
    else
        DG_TRY(dg_graph_file_open_data(s->file, NULL, &s->data));
    return s->data ? dg_data_suit(s->data, s->file->graph) : dg_ok();
}

/* ---- the network ---- */

/* The graph as it was trained, which a checkpoint keeps with the files that it uses. */
static dg_status open_run(plot_source *s, const dg_graph_read_options *reading)
{
    run_notes notes;
    dg_graph_read_options options = *reading;
    DG_TRY(checkpoint_read(s->path, &s->checkpoint));
    dg_status status = notes_read(s->checkpoint, &notes);
    if (status.code != DG_OK)
        return dg_prefixed(status, "%s", s->path);
    options.text = dg_tensors_note(s->checkpoint, "dotgrad.graph");
    if (notes.dtype && !dg_dtype_parse(notes.dtype, &options.dtype))
        return dg_error(DG_BAD_DATA, "%s: the checkpoint's dtype is '%s'", s->path, notes.dtype);
    DG_TRY(dg_graph_read(s->path, &options, &s->file));
    char *first = strndup(notes.loss, strcspn(notes.loss, ", "));
    if (!first)
        return dg_no_memory("%s", s->path);
    s->loss = dg_graph_file_find(s->file, first);
    free(first);
    status = dg_weights_take(s->file->graph, s->checkpoint, s->parameters);
    return dg_prefixed(status, "%s", s->path);
}

/* Rows for the initialisers that look at data. */
static dg_status fill_parameters(plot_source *s)
{
    dg_fed_rows *fed = NULL;
    dg_node *loss = s->loss;
    int count = 0;
    const dg_feed *feeds = NULL;
    if (s->data && loss) {
        const dg_dataset *set = dg_data_set(s->data);
        const dg_task task = {.graph = s->file->graph, .loss = loss, .output = s->file->output, .data = set};
        DG_TRY(dg_fed_rows_new(&task, &loss, 1, (dg_rows){set->train, set->n_train}, &fed));
        feeds = dg_fed_rows_feeds(fed, &count);
    }
    const char *seed = dg_graph_file_setting(s->file, "seed");
    dg_status status =
        dg_fit_parameters(s->parameters, s->file->graph, feeds, count, seed ? strtoull(seed, NULL, 10) : 0, s->threads);
    dg_fed_rows_free(fed);
    return status;
}

dg_status plot_source_open(plot_source *s, const char *path, const char *data, const dg_graph_read_options *reading)
{
    *s = (plot_source){.path = path};
    DG_TRY(dg_tensors_new(&s->parameters));
    DG_TRY(dg_threads_new(0, &s->threads));
    if (!is_graph_file(path)) {
        DG_TRY(open_run(s, reading));
        return open_data(s, data);
    }
    DG_TRY(dg_graph_read(path, reading, &s->file));
    s->loss = s->file->loss;
    DG_TRY(open_data(s, data));
    return fill_parameters(s);
}

void plot_source_close(plot_source *s)
{
    dg_graph_file_free(s->file);
    dg_data_free(s->data);
    dg_tensors_free(s->checkpoint);
    dg_tensors_free(s->parameters);
    dg_threads_free(s->threads);
    *s = (plot_source){0};
}

dg_status plot_source_node(const plot_source *s, const char *name, dg_node **node)
{
    return dg_prefixed(dg_graph_file_require(s->file, name, node), "%s", s->path);
}

dg_status plot_source_value(const plot_source *s, dg_node *node, dg_rows rows, dg_tensor *value)
{
    dg_fed_rows *fed = NULL;
    dg_plan *plan = NULL;
    int count = 0;
    const dg_feed *feeds = NULL;
    dg_status status = dg_ok();
    *value = (dg_tensor){0};
    if (s->data) {
        const dg_task task = {
            .graph = s->file->graph, .loss = s->loss, .output = s->file->output, .data = dg_data_set(s->data)};
        DG_TRY(dg_fed_rows_new(&task, &node, 1, rows, &fed));
        feeds = dg_fed_rows_feeds(fed, &count);
    }
    status = dg_plan_new(
        s->file->graph,
        &(dg_plan_options){.fetch = &node, .n_fetch = 1, .parameters = s->parameters, .threads = s->threads}, &plan);
    if (status.code == DG_OK)
        status = dg_plan_run(plan, feeds, count);
    if (status.code == DG_OK)
        status = dg_tensor_copy(value, dg_plan_result(plan, 0));
    dg_plan_free(plan);
    dg_fed_rows_free(fed);
    return status.code == DG_OK ? status : dg_prefixed(status, "%s", s->path);
}
