/* What every command that runs a graph holds: the graph from its file, its parameters, and threads. */
#ifndef TOOLS_SESSION_H
#define TOOLS_SESSION_H

#include <dotgrad/optim.h>

#include <dotgrad/graphviz.h>

typedef struct session_options {
    dg_dtype dtype;              /* without --dtype; DG_DEFAULT_DTYPE: what the file says, else float32 */
    const char *init;            /* without --init; NULL: what the file says */
    const dg_symbol_size *sizes; /* put for symbols */
    int n_sizes;
    dg_data_finder *find_data; /* of sizes that the graph reads; NULL: the data that it names */
    void *find_argument;
} session_options;

typedef struct graph_session {
    const char *name; /* of the file, for messages */
    dg_graph_file *file;
    dg_graph *graph;        /* the file's */
    dg_node *loss, *output; /* of the command line, else of the file; NULL: none */
    dg_tensors *parameters; /* empty at first */
    dg_threads *threads;
    uint64_t seed;
    size_t memory_limit; /* bytes that a plan may take; 0: any */
} graph_session;

/* Reads the graph at `path`, or from `text` when that is not NULL; dtype, init, seed, threads, memory_limit, loss and
 * output are those of the command line, else those of the file. Close the session even after a failure. */
dg_status session_open(const char *path, const char *text, const session_options *options, graph_session *session);
/* An error that begins with a setting, as of dg_graph_file_setting_error(): with the option that gave it, else with the
 * file's line. */
dg_status session_setting_error(const dg_graph_file *file, dg_status status);
void session_close(graph_session *session);

/* The node of that name; DG_BAD_ARGUMENT when there is none. */
dg_status session_find(const graph_session *session, const char *name, dg_node **node);

/* Takes all parameters of the graph from a checkpoint or another set of tensors. DG_BAD_DATA names one that is missing,
 * DG_BAD_SHAPE and DG_BAD_DTYPE one that does not fit. */
dg_status session_take_weights(graph_session *session, const char *path, const dg_tensors *weights);

/* The tensors of `set` as feeds of the inputs of their names; *feeds is allocated. DG_BAD_ARGUMENT: a tensor that is no
 * input's. */
dg_status session_feeds(const graph_session *session, const char *path, const dg_tensors *set, dg_feed **feeds,
                        int *count);

/* A training step of the loss as nodes: gradients, clipped, and updates, by the settings of the command line, else of
 * the file (of the loss's own node first: trains, optimizer, clip_norm, clip_value), then the graph's own assignments.
 * `lr` is a scalar node. The list lives in the graph's arena. */
dg_status session_step(const dg_graph_file *file, dg_node *loss, dg_node *lr, dg_node *const **updates, int *n_updates);

/* The nodes of that role, in the graph's order; *nodes is allocated. */
dg_status session_nodes(const graph_session *session, int role, dg_node ***nodes, int *count);

/* --size NAME=N of the command line, as many as there are, behind those in `sizes`, which has room for SESSION_SIZES.
 * −1: go on; else a message has been printed, and this is the exit status. */
#define SESSION_SIZES 16
#define SIZE_OPTION                                                                                                    \
    {                                                                                                                  \
        .name = "size", .form = DG_FORM_SETTINGS, .value = "NAME=N", .is_many = true,                                  \
        .doc = "a size for another symbol, such as T=50"                                                               \
    }
int session_take_sizes(const char *command, dg_symbol_size sizes[SESSION_SIZES], int *count);
/* DG_BAD_ARGUMENT: one of them is none of the graph's. session_open() has looked. */
dg_status session_check_sizes(const dg_graph_file *file);

#endif
