/* Graphs with their parameters. */
#include "session.h"

#include "command.h"
#include "graph_options.h"
#include "options.h"

#include <dotgrad/near.h>
#include <dotgrad/op.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *size_name(const void *file, size_t index)
{
    return dg_graph_file_size_at(file, index);
}

/* The sizes that --size names are the graph's. */
dg_status session_check_sizes(const dg_graph_file *file)
{
    const char *given, *size = NULL;
    for (int k = 0; (given = option_text_at("size", k)); k++) { /* NAME alone: session_take_sizes has cut it */
        bool found = false;
        for (size_t i = 0; !found && (size = dg_graph_file_size_at(file, i)); i++)
            found = strcmp(size, given) == 0;
        const char *near = found ? NULL : dg_name_nearest(given, size_name, file);
        const char *first = dg_graph_file_size_at(file, 0);
        if (!found)
            return dg_error(DG_BAD_ARGUMENT, "%s: --size %s: no node has a size of that name%s%s%s", file->path, given,
                            near    ? " (did you mean '"
                            : first ? "; there is "
                                    : "",
                            near    ? near
                            : first ? first
                                    : "",
                            near ? "'?)" : "");
    }
    return dg_ok();
}

/* What the command line says comes before the file. */
static dg_status take_settings(graph_session *session)
{
    const dg_graph_file *file = session->file;
    const char *limit = option_or_attribute(file, "memory_limit"), *loss = option_text("loss"),
               *output = option_text("output");
    session->seed = (uint64_t)option_or_attribute_whole(file, "seed", 0);
    session->loss = file->loss;
    session->output = file->output;
    if (limit)
        dg_bytes_parse(limit, &session->memory_limit); /* its form has been checked */
    if (loss) {                                        /* of several the first */
        char first[400];
        snprintf(first, sizeof first, "%.*s", (int)strcspn(loss, ", \t"), loss);
        DG_TRY(session_setting_error(file, dg_prefixed(dg_graph_file_require(file, first, &session->loss), "loss")));
    }
    if (output)
        DG_TRY(
            session_setting_error(file, dg_prefixed(dg_graph_file_require(file, output, &session->output), "output")));
    return dg_threads_new((int)option_or_attribute_whole(file, "threads", 0), &session->threads);
}

dg_status session_open(const char *path, const char *text, const session_options *options, graph_session *session)
{
    dg_graph_read_options reading = graph_options();
    const char *dtype = option_text("dtype"), *init = option_text("init");
    reading.text = text;
    reading.dtype = options->dtype;
    if (dtype)
        dg_dtype_parse(dtype, &reading.dtype);
    reading.init = init ? init : options->init;
    reading.sizes = options->sizes;
    reading.n_sizes = options->n_sizes;
    if (options->find_data) {
        reading.find_data = options->find_data;
        reading.find_argument = options->find_argument;
    }
    *session = (graph_session){.name = path};
    DG_TRY(dg_graph_read(path, &reading, &session->file));
    graph_options_warn(session->file);
    DG_TRY(session_check_sizes(session->file));
    session->graph = session->file->graph;
    DG_TRY(dg_tensors_new(&session->parameters));
    return take_settings(session);
}

dg_status session_setting_error(const dg_graph_file *file, dg_status status)
{
    char option[40];
    if (status.code == DG_OK)
        return status;
    size_t length = strspn(status.message, "abcdefghijklmnopqrstuvwxyz_");
    snprintf(option, sizeof option, "%.*s", (int)length, status.message);
    if (!dg_attribute_is_ours(option) || !option_given(option))
        return dg_graph_file_setting_error(file, status);
    for (char *c = option; *c; c++)
        *c = (char)(*c == '_' ? '-' : *c);
    return dg_error(status.code, "%s: --%s%s", file->path, option, status.message + length);
}

void session_close(graph_session *session)
{
    dg_threads_free(session->threads);
    dg_tensors_free(session->parameters);
    dg_graph_file_free(session->file);
    *session = (graph_session){0};
}

dg_status session_find(const graph_session *session, const char *name, dg_node **node)
{
    return dg_prefixed(dg_graph_file_require(session->file, name, node), "%s", session->name);
}

dg_status session_nodes(const graph_session *session, int role, dg_node ***nodes, int *count)
{
    int64_t all = dg_graph_node_count(session->graph);
    *count = 0;
    *nodes = calloc((size_t)all + 1, sizeof(dg_node *));
    if (!*nodes)
        return dg_no_memory("%s", session->name);
    for (int64_t id = 0; id < all; id++) {
        dg_node *node = dg_graph_node(session->graph, id);
        if ((int)dg_node_op(node)->role == role)
            (*nodes)[(*count)++] = node;
    }
    return dg_ok();
}

/* Assignments that the graph's author wrote take effect with every step. */
static dg_status add_own_updates(const dg_graph_file *file, dg_node *const **updates, int *n_updates)
{
    int64_t nodes = dg_graph_node_count(file->graph);
    int count = *n_updates;
    dg_node **all = dg_arena_alloc(dg_graph_arena(file->graph), ((size_t)count + (size_t)nodes + 1) * sizeof *all);
    if (!all)
        return dg_no_memory("%s", file->path);
    for (int k = 0; k < count; k++)
        all[k] = (*updates)[k];
    for (int64_t id = 0; id < nodes; id++) {
        dg_node *node = dg_graph_node(file->graph, id);
        if (dg_node_is_update(node))
            all[count++] = node;
    }
    *updates = all;
    *n_updates = count;
    return dg_ok();
}

/* An attribute of the loss's own node, or the option or graph's. */
static const char *setting_of(const dg_graph_file *file, const dg_file_attributes *own, const char *name)
{
    const char *text = own ? dg_file_attribute_find(own, name) : NULL;
    return text ? text : option_or_attribute(file, name);
}

dg_status session_step(const dg_graph_file *file, dg_node *loss, dg_node *lr, dg_node *const **updates, int *n_updates)
{
    int at = dg_graph_file_index(file, loss);
    const dg_file_attributes *own = at >= 0 ? &file->nodes[at].attributes : NULL;
    const char *value = setting_of(file, own, "clip_value"), *norm = setting_of(file, own, "clip_norm");
    const dg_training_plan_options options = {.trains = own ? dg_file_attribute_find(own, "trains") : NULL,
                                              .name = file->n_losses > 1 ? dg_node_name(loss) : NULL,
                                              .groups = option_or_attribute(file, "groups"),
                                              .freeze = option_or_attribute(file, "freeze"),
                                              .clip_value = value ? strtod(value, NULL) : 0,
                                              .clip_norm = norm ? strtod(norm, NULL) : 0,
                                              .accumulate = (int)option_or_attribute_whole(file, "accumulate", 1),
                                              .average = option_or_attribute(file, "average"),
                                              .lr = lr};
    DG_TRY(dg_training_updates(loss, setting_of(file, own, "optimizer"), &options, updates, n_updates));
    return add_own_updates(file, updates, n_updates);
}

dg_status session_take_weights(graph_session *session, const char *path, const dg_tensors *weights)
{
    dg_status status = dg_weights_take(session->graph, weights, session->parameters);
    return status.code == DG_OK ? status : dg_prefixed(status, "%s", path);
}

dg_status session_feeds(const graph_session *session, const char *path, const dg_tensors *set, dg_feed **feeds,
                        int *count)
{
    size_t all = dg_tensors_count(set);
    *count = 0;
    *feeds = calloc(all + 1, sizeof(dg_feed));
    if (!*feeds)
        return dg_no_memory("%s", path);
    for (size_t k = 0; k < all; k++) {
        const char *name = dg_tensors_name(set, k);
        dg_node *node = dg_graph_find(session->graph, name);
        if (!node || dg_node_op(node)->role != DG_ROLE_INPUT) {
            free(*feeds);
            *feeds = NULL;
            *count = 0;
            return dg_error(DG_BAD_ARGUMENT, "%s: '%s' is not an input of %s", path, name, session->name);
        }
        (*feeds)[(*count)++] = (dg_feed){node, dg_tensors_at(set, k)};
    }
    return dg_ok();
}

int session_take_sizes(const char *command, dg_symbol_size sizes[SESSION_SIZES], int *count)
{
    const char *text;
    for (int k = 0; (text = option_text_at("size", k)); k++) {
        char *equals = strchr(text, '='); /* in the process's own arguments */
        int64_t size;
        if (!equals || equals == text)
            return command_misused(command, "--size needs NAME=N, not '%s'", text);
        if (*count == SESSION_SIZES)
            return command_misused(command, "--size: at most %d sizes", SESSION_SIZES);
        if (!command_int(command, "--size", equals + 1, 1, INT32_MAX, &size))
            return EXIT_USAGE;
        *equals = '\0';
        for (int i = 0; i < *count; i++)
            if (strcmp(sizes[i].symbol, text) == 0)
                return command_misused(command, "--size: '%s' is given twice", text);
        sizes[(*count)++] = (dg_symbol_size){text, size};
    }
    return -1;
}
