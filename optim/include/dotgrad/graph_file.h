/* Graph files: networks as Graphviz DOT text in dotgrad's dialect, kept as a document.
 *
 * A document is what the file says: nodes, edges and clusters with all their attributes, in the file's order. Building
 * makes a dg_graph from it; writing gives the canonical text. The document stays beside the graph, so that what was
 * read can be drawn, changed and written again with everything that its author put into it.
 *
 * DOT text is read by <dotgrad/graphviz.h>, in the library dotgrad-graphviz. All else is here and needs no Graphviz.
 * What the graph's attributes say of training becomes a trainer's options in <dotgrad/experiment.h>.
 */
#ifndef DOTGRAD_GRAPH_FILE_H
#define DOTGRAD_GRAPH_FILE_H

#include <dotgrad/data.h>
#include <dotgrad/op.h>

DG_BEGIN_C

/* ---- the document ---- */

typedef struct dg_file_attribute {
    const char *name, *value;
    bool html; /* <…>, not "…" */
    const char
        *written; /* as its author wrote it, where settings or sizes are put in; "": nobody did; NULL: as it is */
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

/* Where in the text an attribute of a name is first set. */
typedef struct dg_file_line {
    const char *name;
    int line;
} dg_file_line;

/* To be read, not changed, by those who get one; text and arrays live as long as the file. */
typedef struct dg_graph_file {
    const char *path; /* for messages */
    const char *name; /* of the digraph */
    bool is_strict;   /* strict digraph: Graphviz makes one edge of two with the same ends; building does not */
    dg_arena *arena;  /* owns all text */
    dg_graph *graph;
    dg_file_attributes attributes, node_defaults, edge_defaults;
    int n_nodes, n_edges, n_clusters;
    dg_file_node *nodes; /* in the file's order */
    dg_file_edge *edges;
    dg_file_cluster *clusters; /* parents before children */
    dg_node *loss, *output;    /* NULL: the file has none */
    int n_losses;              /* of loss="d_loss, g_loss": `loss` is the first */
    dg_node **losses;
    int n_warnings; /* what the author should know; the caller may print it */
    const char **warnings;
    int n_lines;
    dg_file_line *lines;             /* for messages; of the first few hundred names */
    struct dg_file_library *library; /* the files that this one uses; private */
} dg_graph_file;

void dg_graph_file_free(dg_graph_file *file); /* with its graph; NULL is fine */

/* A graph attribute such as "epochs"; NULL when the file does not set it. */
const char *dg_graph_file_setting(const dg_graph_file *file, const char *name);
/* A node by its name in the graph ("block.0.conv1"), or in the file ("block.conv1", which is the last copy). */
dg_node *dg_graph_file_find(const dg_graph_file *file, const char *name);
/* The same where it must be there: DG_BAD_ARGUMENT says that it is not, and which one was probably meant. */
dg_status dg_graph_file_require(const dg_graph_file *file, const char *name, dg_node **node);
/* The file's node for a node of the graph, −1 for those that the file does not have (owned parameters, gradients). */
int dg_graph_file_index(const dg_graph_file *file, const dg_node *node);
const char *dg_file_attribute_find(const dg_file_attributes *attributes, const char *name); /* NULL: not set */
/* "block" of a cluster's name "cluster_block". */
const char *dg_file_cluster_name(const dg_file_cluster *cluster);
/* "path:line: message" */
dg_status dg_graph_file_error(const dg_graph_file *file, int line, dg_status status);
/* The same of an error whose message begins with a setting of the graph ("optimizer: sgd: lr is nan, …"), or with the
 * loss that has settings of its own ("objective 'd_loss': …"): with the line that sets it. */
dg_status dg_graph_file_setting_error(const dg_graph_file *file, dg_status status);

/* ---- attributes ---- */

enum { DG_ON_GRAPH = 1, DG_ON_CLUSTER = 2, DG_ON_NODE = 4, DG_ON_EDGE = 8 };

typedef enum dg_attribute_form {
    DG_FORM_TEXT,     /* any text */
    DG_FORM_CALL,     /* NAME, or NAME(…) */
    DG_FORM_NAME,     /* one word */
    DG_FORM_NODE,     /* the name of a node */
    DG_FORM_LIST,     /* names with commas or spaces between them */
    DG_FORM_SETTINGS, /* NAME=VALUE, NAME=VALUE, … */
    DG_FORM_COUNT,    /* a whole number from 1 on */
    DG_FORM_NATURAL,  /* a whole number from 0 on */
    DG_FORM_FRACTION, /* a number from 0 on, below 1 */
    DG_FORM_POSITIVE, /* a number above 0 */
    DG_FORM_NUMBER,   /* a number */
    DG_FORM_FLAG,     /* true or false */
    DG_FORM_BYTES,    /* 512M, 2G, 1.5Gi */
    DG_FORM_FILE,     /* a path */
    /* Graphviz's */
    DG_FORM_LABEL,  /* text for people; may be HTML-like */
    DG_FORM_WORD,   /* one word or number: letters, digits and _ . : + - ! */
    DG_FORM_WORDS,  /* such words with commas between them, each with (numbers) */
    DG_FORM_COLOR,  /* names or #numbers of colours, a list of them */
    DG_FORM_FONT,   /* the name of a font */
    DG_FORM_POINTS, /* one number or two */
    DG_FORM_RESULT, /* what a layout program adds */
    DG_FORM_LINK    /* names files, links or windows, or takes work without end: not for pictures of what others sent */
} dg_attribute_form;

/* What reads an attribute that has an option: a command has the options of what it does. */
enum {
    DG_USE_ALWAYS = 1,     /* reading of the file */
    DG_USE_WEIGHTS = 2,    /* initialising parameters */
    DG_USE_DTYPE = 4,      /* building a graph in a type of the caller's */
    DG_USE_SEED = 8,       /* random numbers */
    DG_USE_OUTPUT = 16,    /* the node that is predicted */
    DG_USE_LOSS = 32,      /* the node that is differentiated */
    DG_USE_DATA = 64,      /* reading data */
    DG_USE_BATCH = 128,    /* cutting data into batches */
    DG_USE_STEP = 256,     /* the optimiser's step */
    DG_USE_TRAINING = 512, /* a whole training */
    DG_USE_THREADS = 1024,
    DG_USE_MEMORY = 2048, /* plans that may be refused */
    DG_USE_UPDATES = 4096 /* the optimiser's step with all that goes with it */
};

/* One attribute of graph files. Attributes that are not ours are kept as they are found. */
typedef struct dg_attribute {
    const char *name;
    unsigned where; /* DG_ON_… */
    dg_attribute_form form;
    bool ours; /* else Graphviz's */
    const char *doc;
    const char *option;  /* of commands, without --; NULL: there is none */
    char letter;         /* 'b' of -b; 0: none */
    unsigned use;        /* DG_USE_…: which commands have the option */
    int64_t most;        /* of whole numbers, the largest; 0: 2,147,483,647 */
    const char *choices; /* of names: "float32|float64"; NULL: any */
    unsigned drawn;      /* of Graphviz's: DG_ON_…, where dotgrad's pictures follow it, or need not */
} dg_attribute;

const dg_attribute *dg_attribute_at(size_t index);       /* ours, then Graphviz's; NULL behind the last */
const dg_attribute *dg_attribute_find(const char *name); /* NULL: it is neither */
bool dg_attribute_is_ours(const char *name);
/* DG_BAD_ARGUMENT tells what form the value of an attribute of ours should have, and that text (not the path of a file
 * that is only written or read) is UTF-8. */
dg_status dg_attribute_check(const dg_attribute *attribute, const char *value);
/* "512M": so many bytes, kB, MB, GB, TB (powers of 1000) or KiB, MiB … (of 1024), the B left out or not. */
bool dg_bytes_parse(const char *text, size_t *bytes);
/* The one that such a name is probably meant to be, ours first: "epoch" on a graph gives "epochs". NULL: none. */
const char *dg_attribute_near(const char *name, unsigned where);

/* ---- reading ---- */

/* A real size for a symbol: {"N", 64}. */
typedef struct dg_symbol_size {
    const char *symbol;
    int64_t size;
} dg_symbol_size;

/* A setting or an attribute of a graph, as "optimizer", "adam(lr=0.01)". */
typedef struct dg_file_setting {
    const char *name, *value;
} dg_file_setting;

/* The text of a file that another one uses, under its path from that one's folder: {"parts/block.dot", "digraph …"}. */
typedef struct dg_file_text {
    const char *name, *text;
} dg_file_text;

/* Opens the data whose sizes a graph reads; asked at most once, when its attributes are known, but no node is. The data
 * stay the caller's. */
typedef dg_status dg_data_finder(void *argument, const dg_graph_file *file, const dg_data **data);

/* Everything may be 0 or NULL. Nothing of it is needed when reading is over.
 *
 * Sizes from data: ROWS, FEATURES, CLASSES and VOCAB (dg_data_size_at()) stand in the `op` of a node for numbers,
 * "linear(CLASSES)", "rbf(ROWS, init=all)", "linear(2*FEATURES)". They are those of `sizes`, else of `data` or what
 * `find_data` answers, else what the graph's attribute `sizes` says, else those of the data set that its attribute
 * `data` names, which is then opened. The document has the numbers from then on, and the attribute `sizes` for the
 * files that it uses, so that what is written of it needs no data any more. Without all these a size in the shape of an
 * input is a symbol as any other; elsewhere it is DG_BAD_ARGUMENT. In a used file a size that use() gives, or that one
 * of its inputs has, is that one. */
typedef struct dg_graph_read_options {
    const char *text;            /* the file's text; NULL: what is in the file */
    dg_dtype dtype;              /* float type of the whole graph; DG_DEFAULT_DTYPE: as the file says, else float32 */
    const char *init;            /* initialiser of weights that name none; NULL: as the file says */
    const dg_symbol_size *sizes; /* put for symbols in the calls of ops */
    int n_sizes;
    const dg_file_text *texts; /* of used files, before those that are on the disk */
    int n_texts;
    const char *const *roots; /* folders that the graph may name files in, besides its own and the working folder */
    int n_roots;
    const dg_file_setting *set; /* $name of the graph, or an attribute of the experiment: "act", "mish" */
    int n_set;
    /* Ops in the place of those of nodes of the file, by names with commas between them and * for any letters:
     * {"act1, block.*", "mish"}; "" leaves what is there. DG_BAD_ARGUMENT: no node has that name. */
    const dg_file_setting *ops;
    int n_ops;
    const dg_data *data;       /* whose sizes the graph reads */
    dg_data_finder *find_data; /* the same, where the graph's attributes say which they are */
    void *find_argument;
    size_t most_bytes;  /* of a file; 0: 256 MiB */
    int64_t most_nodes; /* of the network; 0: 4,194,304 */
} dg_graph_read_options;

/* A reader of text: fills name, attributes, nodes, edges and clusters of a document whose path and arena are set. */
typedef dg_status dg_document_parser(dg_graph_file *file, const char *text, size_t size);

/* The text of a graph file ("-": standard input), of options->most_bytes at most; *text is allocated. options: NULL for
 * none. DG_IO: it cannot be read; of a run's folder the message says where its graph is. DG_BAD_DATA: it is no text. */
dg_status dg_graph_file_text(const char *path, const dg_graph_read_options *options, char **text);

/* Reads a document with that parser, which reads the files that it uses, too, and builds the graph. This is what
 * dg_graph_read() is made of. One clear error with path, line where it is known, node and shapes: DG_IO, DG_BAD_DATA
 * (not a graph, cut, binary, too large or too deep), DG_BAD_ARGUMENT, DG_BAD_SHAPE, … */
dg_status dg_document_read(dg_document_parser *parse, const char *path, const dg_graph_read_options *options,
                           dg_graph_file **file);
/* Builds the document's graph, which must be new, once more with other options; finds `loss` and `output`. */
dg_status dg_graph_file_build(dg_graph_file *file, const dg_graph_read_options *options);

/* Whether the graph may name that path (of data, say), which is seen from the working folder: DG_BAD_ARGUMENT, with the
 * remedy, where it is neither below the graph's own folder, nor the working folder, nor one of .roots, links followed,
 * or is a device or a pipe; DG_IO: there is no such file. */
dg_status dg_graph_file_check_path(const dg_graph_file *file, const char *path);

/* Opens the data set that the graph's attribute `data` names; relative paths start in the folder of the graph, or in
 * that of the options, and are checked as by dg_graph_file_check_path(). options: NULL for seed, split, validation and
 * memory_limit of the graph. *data is NULL when the graph names none. */
dg_status dg_graph_file_open_data(const dg_graph_file *file, const dg_data_options *options, dg_data **data);

/* The k-th name of a size that nodes of the file have in their calls, "N", "T", each once, and those that were put in
 * from data; NULL behind the last. Sizes within the files that it uses are theirs. */
const char *dg_graph_file_size_at(const dg_graph_file *file, size_t k);

/* The files that the graph uses, in the order of their reading: paths from the graph's folder, and texts. */
size_t dg_graph_file_used_count(const dg_graph_file *file);
const char *dg_graph_file_used_name(const dg_graph_file *file, size_t k); /* NULL behind the last */
const char *dg_graph_file_used_text(const dg_graph_file *file, size_t k);

/* ---- writing ---- */

/* Everything may be 0 or NULL. */
typedef struct dg_graph_write_options {
    const char *name;                /* of the digraph */
    const dg_file_setting *settings; /* the experiment: data, epochs, optimizer, … */
    int n_settings;
    dg_node *loss, *output; /* what training minimises, and what prediction reads */
    /* Where constants of more than 64 numbers go, NAME.safetensors without $; to be kept beside the graph file. NULL:
     * all numbers stand in the text. */
    const char *constants;
} dg_graph_write_options;

/* Writes any graph, built in C or read, as a graph file that reads back to the same nodes with the same names: those
 * that its author made, with the calls that make them again; layers make their own parameters. An output of an op with
 * several is a node where it has a name, is the loss or the output, or is read by nobody, else what an edge takes
 * (out=h_n). Modules become clusters, one in another, with their names, of which a second one has #2 behind it; those
 * with checkpoint keep it. *text is allocated.
 *
 * What was emitted beside the network, gradients, updates, an optimiser's state, is not written; where the network goes
 * on from a derivative, that is (dg_graph_mark_network in <dotgrad/op.h>). DG_BAD_ARGUMENT: the graph has a mistake, a
 * setting is one that the reader would refuse, a name is none that DOT can hold (a backslash at its end or before a
 * quote, % at its beginning), the loss or output is of another graph or has a name that these attributes cannot have
 * ($name is a setting, and loss a list, with blanks or commas), or a derivative that the network
 * goes on from reads a part of a composed op: such a one is made by the op grad. */
dg_status dg_graph_write(dg_graph *graph, const dg_graph_write_options *options, char **text);

/* The canonical text: what is equal as a graph is equal in bytes. *text is allocated. */
dg_status dg_graph_file_write(const dg_graph_file *file, char **text);
/* The same with settings ($name) and sizes from data (FEATURES) as their author wrote them: nothing of the file is
 * lost, but what reading was told to set is not in it. */
dg_status dg_graph_file_format(const dg_graph_file *file, char **text);
/* As dg_graph_file_write(), with the text of every used file in it (attributes file:NAME), which reading finds again:
 * it can be kept anywhere. */
dg_status dg_graph_file_bundle(const dg_graph_file *file, char **text);

DG_END_C

#endif
