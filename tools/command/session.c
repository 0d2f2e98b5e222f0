/* Graphs with their parameters. */
#include "session.h"

#include "command.h"
#include "graph_options.h"

#include <dotgrad/op.h>

#include <stdlib.h>
#include <string.h>

#define MAX_THREADS 1024

dg_status session_open(const char *path, const char *text, const session_options *options, graph_session *session)
{
    dg_graph_read_options reading = graph_options();
    reading.text = text;
    reading.dtype = options->dtype;
    reading.init = options->init;
    reading.sizes = options->sizes;
    reading.n_sizes = options->n_sizes;
    reading.find_data = options->find_data;
    reading.find_argument = options->find_argument;
    *session = (graph_session){.name = path, .seed = options->seed, .memory_limit = options->memory_limit};
    DG_TRY(dg_graph_read(path, &reading, &session->file));
    graph_options_warn(session->file);
    session->graph = session->file->graph;
    DG_TRY(dg_tensors_new(&session->parameters));
    const char *threads = dg_graph_file_setting(session->file, "threads");
    const char *limit = dg_graph_file_setting(session->file, "memory_limit");
    if (!session->memory_limit && limit)
        dg_bytes_parse(limit, &session->memory_limit); /* reading has checked its form */
    long n_threads = options->threads || !threads ? options->threads : strtol(threads, NULL, 10);
    return dg_threads_new(n_threads > MAX_THREADS ? MAX_THREADS : (int)n_threads, &session->threads);
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
    *node = dg_graph_file_find(session->file, name);
    return *node ? dg_ok() : dg_error(DG_BAD_ARGUMENT, "%s: there is no node '%s'", session->name, name);
}

dg_status session_nodes(const graph_session *session, int role, dg_node ***nodes, int *count)
{
    int64_t all = dg_graph_node_count(session->graph);
    *count = 0;
    *nodes = calloc((size_t)all + 1, sizeof(dg_node *));
    if (!*nodes)
        return dg_error(DG_NO_MEMORY, "%s: not enough memory", session->name);
    for (int64_t id = 0; id < all; id++) {
        dg_node *node = dg_graph_node(session->graph, id);
        if ((int)dg_node_op(node)->role == role)
            (*nodes)[(*count)++] = node;
    }
    return dg_ok();
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
        return dg_error(DG_NO_MEMORY, "%s: not enough memory", path);
    for (size_t k = 0; k < all; k++) {
        const char *name = dg_tensors_name(set, k);
        dg_node *node = dg_graph_find(session->graph, name);
        if (!node || dg_node_op(node)->role != DG_ROLE_INPUT) {
            free(*feeds);
            *feeds = NULL;
            *count = 0;
            return dg_error(DG_BAD_ARGUMENT, "%s: '%s' is no input of %s", path, name, session->name);
        }
        (*feeds)[(*count)++] = (dg_feed){node, dg_tensors_at(set, k)};
    }
    return dg_ok();
}

bool session_take_dtype(const char *command, const char *text, session_options *options)
{
    if (dg_dtype_parse(text, &options->dtype) && dg_dtype_is_float(options->dtype))
        return true;
    command_misused(command, "--dtype: '%s' is not float32 or float64", text);
    return false;
}

bool session_take_seed(const char *command, const char *text, session_options *options)
{
    int64_t seed;
    bool fine = command_int(command, "--seed", text, 0, INT64_MAX, &seed);
    if (fine)
        options->seed = (uint64_t)seed;
    return fine;
}

bool session_take_threads(const char *command, const char *text, session_options *options)
{
    int64_t threads;
    bool fine = command_int(command, "--threads", text, 1, MAX_THREADS, &threads);
    if (fine)
        options->threads = (int)threads;
    return fine;
}

bool session_take_memory_limit(const char *command, const char *text, size_t *limit)
{
    if (dg_bytes_parse(text, limit))
        return true;
    command_misused(command, "--memory-limit: '%s' is not a size such as 512M, 2G or 1.5Gi", text);
    return false;
}

bool session_take_size(const char *command, char *text, dg_symbol_size *sizes, int *count)
{
    char *equals = strchr(text, '=');
    int64_t size;
    if (!equals || equals == text || *count == SESSION_SIZES) {
        command_misused(command, "--size wants NAME=SIZE, not '%s'", text);
        return false;
    }
    if (!command_int(command, "--size", equals + 1, 1, INT32_MAX, &size))
        return false;
    *equals = '\0';
    sizes[(*count)++] = (dg_symbol_size){text, size};
    return true;
}
