/* What pictures are made from: a trained run, or a graph file by itself, with the rows of its data. */
#ifndef TOOLS_RUN_SOURCE_H
#define TOOLS_RUN_SOURCE_H

#include "folder.h"

#include <dotgrad/graphviz.h>
#include <dotgrad/optim.h>

typedef struct plot_source {
    const char *path;
    dg_graph_file *file;
    dg_tensors *checkpoint; /* of a run; NULL: a graph file by itself */
    dg_tensors *parameters; /* may be changed */
    dg_threads *threads;
    dg_data *data; /* NULL: the graph has none */
    dg_node *loss; /* NULL: none */
} plot_source;

/* Opens a run's folder or a graph file (.dot, .gv), whose parameters are initialised. `data`: a specification, read as
 * training read its own; NULL: the data of training, split and scaled as there. Close it even after a failure. */
dg_status plot_source_open(plot_source *s, const char *path, const char *data, const dg_graph_read_options *reading);
void plot_source_close(plot_source *s);

/* The node of that name; DG_BAD_ARGUMENT: there is none. */
dg_status plot_source_node(const plot_source *s, const char *name, dg_node **node);
/* A node's value for these rows of the data, as one batch; released with dg_tensor_release. */
dg_status plot_source_value(const plot_source *s, dg_node *node, dg_rows rows, dg_tensor *value);

/* RUN/snapshots: what `train --snapshot-every` has left, by steps. Free both with free(), each path, too. */
dg_status snapshots_list(const char *run, uint64_t **steps, char ***paths, int64_t *count);
/* RUN/snapshots/STEP.safetensors. */
dg_status snapshot_write(const char *run, uint64_t step, const dg_tensors *parameters);
/* Takes those of an earlier run away: from a step on. */
void snapshots_clean(const char *run, uint64_t step);

#endif
