/* Graph files: networks as Graphviz DOT text in dotgrad's dialect, kept as a document.
 *
 * A document is what the file says: nodes, edges and clusters with all their attributes, in the file's order. Building
 * makes a dg_graph from it; writing gives the canonical text. The document stays beside the graph, so that what was
 * read can be drawn, changed and written again with everything that its author put into it.
 *
 * DOT text is read by <dotgrad/graphviz.h>, in the library dotgrad-graphviz. All else is here and needs no Graphviz.
 */
#ifndef DOTGRAD_GRAPH_FILE_H
#define DOTGRAD_GRAPH_FILE_H

#include <dotgrad/op.h>

DG_BEGIN_C

/* ---- the document ---- */

typedef struct dg_file_attribute {
    const char *name, *value;
    bool html; /* <…>, not "…" */
} dg_file_attribute;

typedef struct dg_file_attributes {
    size_t count;
    dg_file_attribute *items; /* by name */
} dg_file_attributes;

typedef struct dg_file_node {
    const char *name;
    dg_file_attributes attributes; /* all, `op` among them */
    int cluster;                   /* innermost cluster, −1: none */
    dg_value call;                 /* of `op` */
    dg_node *node;                 /* in a cluster that repeats, of the last copy; of use(), what the file gives */
    int n_made;                    /* all nodes that this one has become, */
    dg_node **made;                /* those inside a used file among them; `node` is the last */
    int line;                      /* 0: not known */
} dg_file_node;

typedef struct dg_file_edge {
    int tail, head;                /* nodes */
    dg_file_attributes attributes; /* all, `arg` and `out` among them */
    const char *arg, *out;         /* NULL: not given */
    int input;                     /* of the head, once built */
    const char *input_name;        /* its name, where the head is a use(); else NULL */
    const dg_node *source;         /* what runs along it, once built: the tail or an output of it */
} dg_file_edge;

/* A subgraph: a cluster, or a block without a box ({rank=same; a; b;}), which keeps a list of its nodes. */
typedef struct dg_file_cluster {
    const char *name; /* NULL: anonymous */
    int parent;       /* −1: the graph */
    bool is_cluster;
    dg_file_attributes attributes;
    int n_members;
    int *members; /* of a block */
} dg_file_cluster;

/* To be read, not changed, by those who get one; text and arrays live as long as the file. */
typedef struct dg_graph_file {
    const char *path; /* for messages */
    const char *name; /* of the digraph */
    dg_arena *arena;  /* owns all text */
    dg_graph *graph;
    dg_file_attributes attributes, node_defaults, edge_defaults;
    int n_nodes, n_edges, n_clusters;
    dg_file_node *nodes; /* in the file's order */
    dg_file_edge *edges;
    dg_file_cluster *clusters;       /* parents before children */
    dg_node *loss, *output;          /* NULL: the file has none */
    struct dg_file_library *library; /* the files that this one uses; private */
} dg_graph_file;

void dg_graph_file_free(dg_graph_file *file); /* with its graph; NULL is fine */

/* A graph attribute such as "epochs"; NULL when the file does not set it. */
const char *dg_graph_file_setting(const dg_graph_file *file, const char *name);
/* A node by its name in the graph ("block.0.conv1"), or in the file ("block.conv1", which is the last copy). */
dg_node *dg_graph_file_find(const dg_graph_file *file, const char *name);
/* The file's node for a node of the graph, −1 for those that the file does not have (owned parameters, gradients). */
int dg_graph_file_index(const dg_graph_file *file, const dg_node *node);
const char *dg_file_attribute_find(const dg_file_attributes *attributes, const char *name); /* NULL: not set */
/* "path:line: message" */
dg_status dg_graph_file_error(const dg_graph_file *file, int line, dg_status status);

/* ---- reading ---- */

/* A real size for a symbol: {"N", 64}. */
typedef struct dg_symbol_size {
    const char *symbol;
    int64_t size;
} dg_symbol_size;

typedef struct dg_graph_read_options {
    const char *text;            /* the file's text; NULL: what is in the file */
    dg_dtype dtype;              /* float type of the whole graph; DG_DEFAULT_DTYPE: as the file says, else float32 */
    const char *init;            /* initialiser of weights that name none; NULL: as the file says */
    const dg_symbol_size *sizes; /* put for symbols in the calls of ops */
    int n_sizes;
} dg_graph_read_options;

/* A reader of text: fills name, attributes, nodes, edges and clusters of a document whose path and arena are set. */
typedef dg_status dg_document_parser(dg_graph_file *file, const char *text, size_t size);

/* Reads a document with that parser, which reads the files that it uses, too, and builds the graph. This is what
 * dg_graph_read() is made of. One clear error with path, line where it is known, node and shapes: DG_IO, DG_BAD_DATA
 * (not a graph, cut, binary, too large or too deep), DG_BAD_ARGUMENT, DG_BAD_SHAPE, … */
dg_status dg_document_read(dg_document_parser *parse, const char *path, const dg_graph_read_options *options,
                           dg_graph_file **file);
/* Builds the document's graph, which must be new, once more with other options; finds `loss` and `output`. */
dg_status dg_graph_file_build(dg_graph_file *file, const dg_graph_read_options *options);

/* ---- writing ---- */

/* The canonical text: what is equal as a graph is equal in bytes. *text is allocated. */
dg_status dg_graph_file_write(const dg_graph_file *file, char **text);

/* Sets the attribute `folder`, where the files that this one uses are, for a copy that is kept somewhere else. */
dg_status dg_graph_file_note_folder(dg_graph_file *file);

DG_END_C

#endif
