/* Graph files: DOT graphs in dotgrad's dialect, read through libcgraph, kept as a document, and written again.
 *
 *   read.c    text to a document (this is all that knows libcgraph)
 *   build.c   document to a dg_graph
 *   write.c   document to text
 */
#ifndef TOOLS_GRAPH_FILE_H
#define TOOLS_GRAPH_FILE_H

#include <dotgrad/op.h>

typedef struct file_attribute {
    const char *name, *value;
    bool html; /* <…>, not "…" */
} file_attribute;

typedef struct file_attributes {
    size_t count;
    file_attribute *items; /* by name */
} file_attributes;

typedef struct file_node {
    const char *name;
    file_attributes attributes; /* all, `op` among them */
    int cluster;                /* innermost cluster, −1: none */
    dg_value call;              /* of `op` */
    dg_node *node;              /* in a cluster that repeats, of the last copy; of use(), what the file gives */
    int n_made;                 /* all nodes that this one has become, */
    dg_node **made;             /* those inside a used file among them; `node` is the last */
    int line; /* 0: not known */
} file_node;

typedef struct file_edge {
    int tail, head;             /* nodes */
    file_attributes attributes; /* all, `arg` and `out` among them */
    const char *arg, *out;      /* NULL: not given */
    int input;                  /* of the head, once built */
    const char *input_name;     /* its name, where the head is a use(); else NULL */
    const dg_node *source;      /* what runs along it, once built: the tail or an output of it */
} file_edge;

/* A subgraph: a cluster, or a block without a box ({rank=same; a; b;}), which keeps a list of its nodes. */
typedef struct file_cluster {
    const char *name; /* NULL: anonymous */
    int parent;       /* −1: the graph */
    bool is_cluster;
    file_attributes attributes;
    int n_members;
    int *members; /* of a block */
} file_cluster;

typedef struct graph_file {
    const char *path; /* for messages */
    const char *name; /* of the digraph */
    dg_arena *arena;  /* owns all text */
    dg_graph *graph;
    file_attributes attributes, node_defaults, edge_defaults;
    int n_nodes, n_edges, n_clusters;
    file_node *nodes; /* in the file's order */
    file_edge *edges;
    file_cluster *clusters; /* parents before children */
    dg_node *loss, *output; /* NULL: the file has none */
} graph_file;

/* A real size for a symbol: {"N", 64}. */
typedef struct file_size {
    const char *symbol;
    int64_t size;
} file_size;

typedef struct graph_file_options {
    dg_dtype dtype;         /* float type of the whole graph; DG_DEFAULT_DTYPE: as the file says, else float32 */
    const char *init;       /* initialiser of weights that name none; NULL: as the file says */
    const file_size *sizes; /* put for symbols in the calls of ops */
    int n_sizes;
} graph_file_options;

/* Reads a file ("-": standard input), or text that came from `path`. One clear error with path, line where it is known,
 * node and shapes: DG_IO, DG_BAD_DATA (not DOT, cut, binary, too large or too deep), DG_BAD_ARGUMENT, DG_BAD_SHAPE, …
 */
dg_status graph_file_read(const char *path, const graph_file_options *options, graph_file **file);
dg_status graph_file_parse(const char *path, const char *text, const graph_file_options *options, graph_file **file);
void graph_file_free(graph_file *file);

/* A graph attribute such as "epochs"; NULL when the file does not set it. */
const char *graph_file_setting(const graph_file *file, const char *name);
/* A node by its name in the graph ("block.0.conv1"), or in the file ("block.conv1", which is the last copy). */
dg_node *graph_file_find(const graph_file *file, const char *name);
/* The file's node for a node of the graph, −1 for those that the file does not have (owned parameters, gradients). */
int graph_file_index(const graph_file *file, const dg_node *node);
const char *file_attribute_find(const file_attributes *attributes, const char *name); /* NULL: not set */

/* The canonical text: what is equal as a graph is equal in bytes. *text is allocated. */
dg_status graph_file_write(const graph_file *file, char **text);

/* Sets the attribute `folder`, where the files that this one uses are, for a copy that is kept somewhere else. */
dg_status graph_file_note_folder(graph_file *file);

/* Steps of reading, in order; dot_build also resolves `loss` and `output`. */
dg_status dot_read(graph_file *file, const char *text, size_t size);
dg_status dot_build(graph_file *file, const graph_file_options *options);
/* "path:line: message" */
dg_status file_error_at(const graph_file *file, int line, dg_status status);

#endif
