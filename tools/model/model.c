/* Opening trained networks. */
#include "model.h"

#include <dotgrad/op.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define CHECKPOINT         "checkpoint.safetensors"
#define DEFAULT_BATCH_SIZE 256

static bool is_graph_file(const char *path)
{
    size_t length = strlen(path);
    return (length > 4 && !strcmp(path + length - 4, ".dot")) || (length > 3 && !strcmp(path + length - 3, ".gv"));
}

/* The tensors of a run's folder, or of the file that the path itself names. */
static dg_status read_tensors(const char *path, dg_tensors **tensors)
{
    struct stat about;
    char *file;
    if (!strcmp(path, "-") || stat(path, &about) || !S_ISDIR(about.st_mode))
        return dg_tensors_read(path, tensors);
    if (asprintf(&file, "%s/" CHECKPOINT, path) < 0)
        return dg_no_memory("%s", path);
    dg_status status = dg_tensors_read(file, tensors);
    free(file);
    return status;
}

/* What only training needed, and the weights, which are the model's by now, take room for nothing. */
static void drop_weights(dg_tensors *checkpoint)
{
    for (size_t k = dg_tensors_count(checkpoint); k-- > 0;)
        if (strncmp(dg_tensors_name(checkpoint, k), "data.", 5) != 0)
            dg_tensors_remove(checkpoint, dg_tensors_name(checkpoint, k));
}

/* What the graph names, else what its loss compares with the target. */
static dg_node *find_output(const dg_graph_file *file)
{
    if (file->output || !file->loss || dg_node_op(file->loss)->scores == DG_SCORES_NONE)
        return file->output;
    return dg_node_input(file->loss, 0);
}

static dg_status open_graph(dg_model *model, const dg_model_options *options)
{
    const char *weights = options->weights ? options->weights : model->path, *output = options->output;
    bool is_file = is_graph_file(model->path);
    dg_graph_read_options reading = options->reading ? *options->reading : (dg_graph_read_options){0};
    if (is_file && !options->weights)
        return dg_error(DG_BAD_ARGUMENT,
                        "%s: a graph file alone is not trained: name its weights, a run or a checkpoint", model->path);
    dg_status read = read_tensors(weights, &model->checkpoint);
    if (read.code == DG_BAD_DATA && !is_file)
        return dg_error(DG_BAD_DATA, "%s; so this is not a run, checkpoint or graph file (.dot, .gv)", read.message);
    DG_TRY(read);
    if (!is_file) {
        const char *dtype = dg_tensors_note(model->checkpoint, "graph.dtype");
        reading.text = dg_tensors_note(model->checkpoint, "dotgrad.graph");
        output = output ? output : dg_tensors_note(model->checkpoint, "graph.output");
        if (!reading.text)
            return dg_error(
                DG_BAD_DATA,
                "%s: these tensors are not a checkpoint of a training: there is no graph with them; open the "
                "graph file and name them as its weights",
                model->path);
        if (dtype && !dg_dtype_parse(dtype, &reading.dtype))
            return dg_error(DG_BAD_DATA, "%s: the checkpoint's dtype is '%s'", model->path, dtype);
    }
    DG_TRY(dg_graph_read(model->path, &reading, &model->file));
    if (dg_data_kept_text(model->checkpoint))
        DG_TRY(dg_graph_read(model->path, &reading, &model->copy));
    DG_TRY(dg_tensors_new(&model->parameters));
    dg_status status = dg_weights_take(model->file->graph, model->checkpoint, model->parameters);
    if (status.code != DG_OK)
        return dg_prefixed(status, "%s", weights);
    drop_weights(model->checkpoint);
    if (output)
        return dg_prefixed(dg_graph_file_require(model->file, output, &model->output), "%s", model->path);
    model->output = find_output(model->file);
    return model->output
               ? dg_ok()
               : dg_error(DG_BAD_ARGUMENT, "%s: the graph names no output: name one with --output", model->path);
}

static output_meaning find_meaning(const dg_graph *graph, const dg_node *output)
{
    static const output_meaning meanings[] = {
        [DG_SCORES_NONE] = VALUES,    [DG_SCORES_CLASSES] = SCORES, [DG_SCORES_LOG_PROBABILITIES] = LOG_PROBABILITIES,
        [DG_SCORES_MARGINS] = VALUES, [DG_SCORES_LOGITS] = LOGITS,  [DG_SCORES_PROBABILITIES] = PROBABILITIES,
        [DG_SCORES_VALUES] = VALUES};
    const dg_shape *shape = &dg_node_type(output, 0)->shape;
    for (int64_t id = 0; id < dg_graph_node_count(graph); id++) {
        const dg_node *node = dg_graph_node(graph, id);
        if (dg_node_input_count(node) == 0 || dg_node_input(node, 0) != output)
            continue;
        output_meaning meaning = meanings[dg_node_op(node)->scores];
        if (meaning != VALUES)
            return meaning < LOGITS && shape->rank != 2 ? VALUES : meaning;
    }
    return VALUES;
}

static void mark(const dg_node *node, bool *read)
{
    if (!node || read[dg_node_id(node)])
        return;
    read[dg_node_id(node)] = true;
    for (int k = 0; k < dg_node_input_count(node); k++)
        mark(dg_node_input(node, k), read);
}

/* Whether a node compares with labels, which data to predict from have not: an autoencoder's own input is there. */
static dg_status reads_labels(const dg_graph *graph, const dg_node *node, bool *reads)
{
    int target = dg_op_target(dg_node_op(node));
    size_t count = (size_t)dg_graph_node_count(graph);
    *reads = false;
    if (target < 0 || target >= dg_node_input_count(node) || !dg_node_input(node, target))
        return dg_ok();
    bool *by_target = calloc(2 * count + 2, sizeof *by_target), *by_others = by_target + count + 1;
    if (!by_target)
        return dg_no_memory("%zu nodes", count);
    for (int k = 0; k < dg_node_input_count(node); k++)
        mark(dg_node_input(node, k), k == target ? by_target : by_others);
    for (size_t id = 0; id < count; id++)
        *reads = *reads || (by_target[id] && !by_others[id] &&
                            dg_node_op(dg_graph_node(graph, (int64_t)id))->role == DG_ROLE_INPUT);
    free(by_target);
    return dg_ok();
}

static dg_status check_output(const dg_model *model, const bool *read)
{
    const dg_graph *graph = model->file->graph;
    dg_node *usual = find_output(model->file);
    for (int64_t id = 0; id < dg_graph_node_count(graph); id++) {
        dg_node *node = dg_graph_node(graph, id);
        bool reads = false;
        if (read[id])
            DG_TRY(reads_labels(graph, node, &reads));
        if (!reads)
            continue;
        dg_node *scores = usual && usual != model->output ? usual : dg_node_input(node, 0);
        return dg_error(DG_BAD_ARGUMENT,
                        "%s: output '%s' needs targets (%s '%s' compares with them): predictions are of nodes before "
                        "the loss, '%s' or what it is computed from; losses of data with targets are told by dotgrad "
                        "eval",
                        model->path, dg_node_name(model->output), dg_node_op(node)->name, dg_node_name(node),
                        dg_node_name(scores));
    }
    return dg_ok();
}

/* How many numbers a row has, when one input with a known size alone is what the output reads; else 0. */
static dg_status count_features(dg_model *model)
{
    const dg_graph *graph = model->file->graph;
    int64_t all = dg_graph_node_count(graph), found = 0;
    bool *read = calloc((size_t)all + 1, sizeof(bool));
    if (!read)
        return dg_no_memory("%s", model->path);
    mark(model->output, read);
    dg_status status = check_output(model, read);
    for (int64_t id = 0; id < all; id++) {
        const dg_node *node = dg_graph_node(graph, id);
        if (!read[id] || dg_node_op(node)->role != DG_ROLE_INPUT)
            continue;
        dg_shape row = dg_node_type(node, 0)->shape;
        if (row.rank > 0)
            row.dims[0] = 1;
        model->n_features = found++ == 0 && dg_shape_is_known(&row) ? dg_shape_count(&row) : 0;
    }
    free(read);
    return status;
}

static dg_status open_model(dg_model *model, const dg_model_options *options)
{
    DG_TRY(open_graph(model, options));
    DG_TRY(dg_threads_new(options->threads, &model->threads));
    dg_status status = dg_data_kept_classes(model->checkpoint, &model->classes, &model->n_classes);
    if (status.code != DG_OK)
        return dg_prefixed(status, "%s", model->path);
    DG_TRY(count_features(model));
    model->memory_limit = options->memory_limit;
    model->meaning = find_meaning(model->file->graph, model->output);
    const dg_task task = {.graph = model->file->graph,
                          .output = model->output,
                          .parameters = model->parameters,
                          .batch_size = options->batch_size ? options->batch_size : DEFAULT_BATCH_SIZE,
                          .threads = model->threads,
                          .memory_limit = options->memory_limit};
    return dg_predictor_new(&task, model->output, &model->predictor);
}

dg_status dg_model_open(const char *path, const dg_model_options *options, dg_model **made)
{
    static const dg_model_options none;
    if (!path || !made)
        return dg_error(DG_BAD_ARGUMENT, "dg_model_open needs a path and a place for the model");
    *made = NULL;
    dg_model *model = calloc(1, sizeof *model);
    if (!model || !(model->path = strdup(path))) {
        free(model);
        return dg_no_memory("%s", path);
    }
    dg_status status = open_model(model, options ? options : &none);
    if (status.code == DG_OK)
        *made = model;
    else
        dg_model_free(model);
    return status;
}

void dg_model_free(dg_model *model)
{
    if (!model)
        return;
    dg_predictor_free(model->predictor);
    dg_stepper_free(model->stepper);
    dg_threads_free(model->threads);
    for (int64_t k = 0; model->classes && k < model->n_classes; k++)
        free(model->classes[k]);
    free(model->classes);
    dg_tensors_free(model->parameters);
    dg_tensors_free(model->checkpoint);
    dg_graph_file_free(model->copy);
    dg_graph_file_free(model->file);
    free(model->path);
    free(model);
}

/* ---- what a program may ask ---- */

dg_model_kind dg_model_kind_of(const dg_model *model)
{
    switch (model ? model->meaning : VALUES) {
    case SCORES:
    case LOG_PROBABILITIES:
        return DG_MODEL_CLASSES;
    case LOGITS:
    case PROBABILITIES:
        return DG_MODEL_CHANCES;
    case VALUES:
        break;
    }
    return DG_MODEL_VALUES;
}

dg_node *dg_model_output(const dg_model *model)
{
    return model ? model->output : NULL;
}

dg_graph_file *dg_model_file(const dg_model *model)
{
    return model ? model->file : NULL;
}

const dg_tensors *dg_model_parameters(const dg_model *model)
{
    return model ? model->parameters : NULL;
}

int64_t dg_model_class_count(const dg_model *model)
{
    return model ? model->n_classes : 0;
}

const char *dg_model_class(const dg_model *model, int64_t index)
{
    return model && model->classes && index >= 0 && index < model->n_classes ? model->classes[index] : NULL;
}
