/* What `dotgrad draw --heat` measures: a run's weights or fresh ones, on the run's data or on data given. */
#include "draw_heat.h"

#include "tools/run/folder.h"
#include "tools/run/print.h"
#include "tools/session/graph_options.h"
#include "tools/session/options.h"

#include <dotgrad/data.h>
#include <dotgrad/graph_file.h>
#include <dotgrad/model.h>
#include <dotgrad/optim.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ROWS = 256 };

/* ---- feeds ---- */

/* Whether the input is read as a target alone: an autoencoder compares with what it also reads. */
static bool is_target(const dg_graph *graph, const dg_node *input)
{
    bool is_one = false;
    for (int64_t id = 0; id < dg_graph_node_count(graph); id++) {
        const dg_node *node = dg_graph_node(graph, id);
        int target = dg_op_target(dg_node_op(node));
        for (int k = 0; k < dg_node_input_count(node); k++) {
            if (dg_node_input(node, k) != input || dg_node_is_emitted(node))
                continue;
            if (k != target)
                return false;
            is_one = true;
        }
    }
    return is_one;
}

static const char *field_of(const dg_graph *graph, const dg_node *input)
{
    const dg_value *field = dg_node_attr(input, "field");
    if (field && (field->kind == DG_VALUE_NAME || field->kind == DG_VALUE_STRING || field->kind == DG_VALUE_TEXT) &&
        *field->s)
        return field->s;
    return is_target(graph, input) ? "target" : "features";
}

/* The first rows of a field in the input's shape and type. */
static dg_status take_rows(const dg_dataset *data, const dg_node *input, const char *field, dg_tensor *made)
{
    const dg_type *type = dg_node_type(input, 0);
    const dg_tensor *from = dg_tensors_find(data->fields, field);
    if (!from)
        return dg_error(DG_BAD_ARGUMENT, "input '%s' needs the field %s, which the data do not have",
                        dg_node_name((dg_node *)(uintptr_t)input), field);
    dg_shape shape = type->shape;
    int64_t all = from->shape.rank ? from->shape.dims[0] : 0, width = all ? dg_tensor_count(from) / all : 0, inner = 1;
    const int64_t *order = data->n_train ? data->train : NULL;
    int64_t rows = data->n_train ? data->n_train : all;
    rows = rows < MOST_ROWS ? rows : MOST_ROWS;
    if (shape.rank && shape.dims[0] >= 0 && shape.dims[0] < rows)
        rows = shape.dims[0];
    if (shape.rank)
        shape.dims[0] = rows;
    for (int k = 1; k < shape.rank; k++) {
        if (shape.dims[k] < 0) /* a symbol: of the field's size, where ranks agree */
            shape.dims[k] = k < from->shape.rank ? from->shape.dims[k] : 1;
        inner *= shape.dims[k];
    }
    if (inner != width)
        return dg_error(DG_BAD_SHAPE, "input '%s' has %lld element(s) a row, the field %s of the data %lld",
                        dg_node_name((dg_node *)(uintptr_t)input), (long long)inner, field, (long long)width);
    DG_TRY(dg_tensor_make(made, type->dtype, shape));
    for (int64_t row = 0; row < rows; row++)
        for (int64_t k = 0; k < width; k++)
            dg_tensor_set(made, row * width + k, dg_tensor_get(from, (order ? order[row] : row) * width + k));
    return dg_ok();
}

static dg_status feed_data(measured *m, const dg_dataset *data)
{
    dg_graph *graph = m->file->graph;
    for (int64_t id = 0; id < dg_graph_node_count(graph); id++) {
        dg_node *node = dg_graph_node(graph, id);
        if (dg_node_op(node)->role != DG_ROLE_INPUT)
            continue;
        dg_feed *feeds = realloc(m->feeds, ((size_t)m->n_feeds + 1) * sizeof *feeds);
        dg_tensor *tensor = calloc(1, sizeof *tensor);
        if (feeds)
            m->feeds = feeds;
        if (!feeds || !tensor) {
            free(tensor);
            return dg_no_memory("what is measured");
        }
        m->feeds[m->n_feeds++] = (dg_feed){node, tensor};
        DG_TRY(take_rows(data, node, field_of(graph, node), tensor));
        m->rows = tensor->shape.rank ? tensor->shape.dims[0] : m->rows;
    }
    return dg_ok();
}

/* The set that a run was trained on, split as then. */
static dg_status open_trained(const char *run, dg_data **data, char **name)
{
    dg_tensors *checkpoint;
    run_notes notes;
    DG_TRY(checkpoint_read(run, &checkpoint));
    dg_status status = notes_read(checkpoint, &notes);
    char *folder = run_folder_of(run), *base = NULL;
    if (status.code == DG_OK && notes.base)
        base = folder ? path_join(folder, notes.base) : NULL;
    if (status.code == DG_OK && (!folder || (notes.base && !base)))
        status = dg_no_memory("what is measured");
    if (status.code == DG_OK && !notes.data)
        status = dg_error(DG_BAD_ARGUMENT, "%s: the run names no data to measure on: give --data", run);
    if (status.code == DG_OK)
        status = dg_data_open(notes.data,
                              &(dg_data_options){.folder = base ? base : notes.folder,
                                                 .seed = notes.split_seed > 0 ? (uint64_t)notes.split_seed : 0,
                                                 .validation = notes.validation > 0 ? notes.validation : 0,
                                                 .folds = notes.folds > 0 ? notes.folds : 0,
                                                 .fold = notes.fold > 0 ? notes.fold : 0},
                              data);
    if (status.code == DG_OK && !(*name = strdup(notes.data)))
        status = dg_no_memory("what is measured");
    free(base);
    free(folder);
    dg_tensors_free(checkpoint);
    return status;
}

static dg_status open_data(measured *m, const char *spec)
{
    bool is_named = spec != NULL;
    if (m->model && is_named) {
        m->data_name = spec;
        return dg_model_read(m->model, spec, &m->data);
    }
    if (m->model) {
        DG_TRY(open_trained(m->run, &m->data, &m->own_name));
        m->data_name = m->own_name;
        return dg_data_suit(m->data, m->file->graph);
    }
    m->data_name = is_named ? spec : dg_graph_file_setting(m->file, "data");
    if (!m->data_name)
        return dg_error(DG_BAD_ARGUMENT, "%s: the file names no data to measure on: give --data", m->file->path);
    if (is_named)
        DG_TRY(dg_data_open(spec, NULL, &m->data));
    else
        DG_TRY(dg_graph_file_open_data(m->file, NULL, &m->data));
    return m->data ? dg_data_suit(m->data, m->file->graph)
                   : dg_error(DG_BAD_ARGUMENT, "%s: the file names no data to measure on: give --data", m->file->path);
}

/* ---- weights ---- */

static dg_status take_weights(measured *m)
{
    const dg_tensors *from = dg_model_parameters(m->model);
    for (size_t k = 0; k < dg_tensors_count(from); k++)
        DG_TRY(dg_tensors_put(m->parameters, dg_tensors_name(from, k), dg_tensors_at(from, k)));
    return dg_ok();
}

dg_status measured_open(measured *m, const char *graph, const char *run)
{
    const dg_graph_read_options reading = graph_options();
    *m = (measured){0};
    DG_TRY(dg_tensors_new(&m->parameters));
    if (run) {
        m->run = run;
        DG_TRY(dg_model_open(run, &(dg_model_options){.reading = &reading}, &m->model));
        m->file = dg_model_file(m->model);
        return take_weights(m);
    }
    DG_TRY(dg_graph_read(graph, &reading, &m->own));
    graph_options_warn(m->own);
    m->file = m->own;
    return dg_ok();
}

dg_status measured_heat(measured *m, const char *what, const char *data, const char *optimizer)
{
    DG_TRY(open_data(m, data));
    DG_TRY(feed_data(m, dg_data_set(m->data)));
    const char *loss = option_text("loss");
    dg_node *last = m->file->loss ? m->file->loss : m->file->output;
    if (loss)
        DG_TRY(dg_prefixed(dg_graph_file_require(m->file, loss, &last), "%s", m->file->path));
    if (!last)
        return dg_error(DG_BAD_ARGUMENT, "%s: the file names neither a loss nor an output to measure", m->file->path);
    snprintf(m->title, sizeof m->title, "%.120s, %lld row%s", m->data_name, (long long)m->rows, plural(m->rows));
    return dg_heat_measure(&(dg_heat_request){.what = what,
                                              .loss = last,
                                              .parameters = m->parameters,
                                              .feeds = m->feeds,
                                              .n_feeds = m->n_feeds,
                                              .file = m->file,
                                              .optimizer = optimizer,
                                              .seed = (uint64_t)option_or_attribute_whole(m->file, "seed", 0),
                                              .data = m->title},
                           &m->heat);
}

void measured_close(measured *m)
{
    dg_heat_free(m->heat);
    for (int k = 0; k < m->n_feeds; k++) {
        dg_tensor_release((dg_tensor *)(uintptr_t)m->feeds[k].tensor);
        free((void *)(uintptr_t)m->feeds[k].tensor);
    }
    free(m->feeds);
    dg_data_free(m->data);
    free(m->own_name);
    dg_tensors_free(m->parameters);
    dg_model_free(m->model);
    dg_graph_file_free(m->own);
}
