/* The activation lab's command:
 *
 *     command.c      dotgrad activation: options, and what they ask for
 *     catalogue.c    the list of published functions
 *     report.c       the facts as text, CSV and LaTeX; report_json.c as JSON, report_html.c as a page
 *     plot.c         curves and heat maps as SVG
 *     export.c       a function as graph file, op, C kernel, PyTorch, JAX and Keras code
 *     depth.c        random deep layers, measured
 *     exact.c        true values by GNU MPFR
 *     exhaustive.c   how far a comparison over all of float32 is
 *     cost.c         time of the kernel, in turns with others
 *     search.c       small formulas tried out
 *     tasks.h        the ready tasks
 *     train.c        studies over them, or in a network of the user's
 *     inside.c       the activations of such a network
 *     trained.c      their parameters before and after a run
 *     found.c        what a search found, trained: the verdict */
#ifndef TOOLS_LAB_H
#define TOOLS_LAB_H

#include <stdio.h>

#include <dotgrad/activation.h>
#include <dotgrad/graph_file.h>
#include <dotgrad/optim.h>

/* ---- reports of n analyses ---- */

typedef enum report_format {
    REPORT_TEXT,
    REPORT_JSON,
    REPORT_CSV,
    REPORT_LATEX,
    REPORT_HTML,
    REPORT_SVG
} report_format;

/* What was measured beside the facts; NULL or 0 where it was not. */
typedef struct depth_table depth_table;
typedef struct cost_table cost_table;
typedef struct lab_report {
    dg_activation **functions;
    int n;
    depth_table **depths; /* one a function */
    cost_table *cost;     /* of all of them, in this order */
} lab_report;

dg_status report_write(const lab_report *report, report_format format, FILE *to);
dg_status report_json(const lab_report *report, FILE *to);
void report_html(const lab_report *report, FILE *to);
const char *report_title(const dg_activation *a); /* its name, or its formula */
/* Whether the k-th fact is one that functions are compared by: a number or a short text, that comes once. */
bool report_compares(const dg_activation *a, size_t k);
/* The text cut to so many letters, with … behind them. */
void report_cut(const char *text, int width, char *cell, size_t size);
/* The text as a cell of CSV. */
void report_quoted(FILE *to, const char *text);

/* ---- the catalogue ---- */

int catalogue_print(void); /* the command's exit status */

/* ---- plots ---- */

/* f, f′ and f″ over |x| ≤ 5. */
void plot_function(const dg_activation *a, FILE *to);
/* f, or a derivative, of several. */
void plot_functions(dg_activation *const *functions, int n, int order, FILE *to);
void write_escaped(FILE *to, const char *text); /* for HTML and SVG */

/* ---- exports ---- */

extern const char *const export_names; /* "graph|op|c|torch|jax|keras" */
/* `number`: of the function in its file, from 0; the further ones have it in their names. DG_BAD_ARGUMENT: there is no
 * export of that name. */
dg_status export_write(const dg_activation *a, const char *kind, int number, FILE *to);

/* ---- depth ---- */

enum { MOST_LAYERS = 200 };

typedef struct depth_options {
    int layers, width, rows;
    double sigma_w, sigma_b; /* σ_w 0: of the edge of chaos */
    uint64_t seed;
} depth_options;

/* One a layer, of one random network with Gaussian weights. */
typedef struct depth_row {
    double mean, second, correlation; /* of the activations; of two inputs that began at 0.5 */
    double gradient;                  /* norm of the gradient there, over that at the last layer */
    double dead, saturated; /* share of units that are constant over all rows; of values with |f′| < 0.05 sup */
} depth_row;

struct depth_table {
    int layers;
    double sigma_w, sigma_b;
    depth_row rows[MOST_LAYERS];
};

dg_status depth_probe(const dg_activation *a, const depth_options *options, depth_table *table);
void depth_print(const depth_table *table, FILE *to);
void plot_depth(const depth_table *table, FILE *to); /* a heat map as SVG */

/* ---- true values, by GNU MPFR ---- */

typedef struct exact exact;
dg_status exact_new(exact **made); /* NULL: the build has no MPFR */
void exact_free(exact *e);
const char *exact_name(void); /* what errors are measured against */
/* As .reference of dg_activation_options; `argument` is an exact. */
bool exact_value(void *argument, const char *formula, double x, double *value);
dg_status exact_status(const exact *e); /* DG_NO_MEMORY: a value was called unknown for want of it */

/* ---- errors at every float32 number: how far that is, on standard error ---- */

typedef struct exhaustive {
    char function[160];
    double begin, drawn, done;
    int tenths;
    bool is_terminal;
} exhaustive;

/* From then until the end signals that ask the program to end, end the comparison. */
void exhaustive_begin(exhaustive *e, const char *function);
bool exhaustive_goes_on(void *argument,
                        double done); /* as .progress of dg_activation_options; argument: an exhaustive */
void exhaustive_end(const exhaustive *e);
bool exhaustive_was_ended(void); /* by a signal */

/* ---- cost ---- */

/* The fused kernels on one thread, in float32: medians over turns that all take. */
typedef struct cost_row {
    const char *name;                         /* as long as its function lives */
    double forward, gradient;                 /* nanoseconds an element */
    double forward_to_relu, gradient_to_relu; /* medians of the ratios within a turn */
    int bytes_kept;                           /* for the gradient, an element */
} cost_row;

struct cost_table {
    int n, n_functions; /* the functions come first, behind them a few that ship and are not among them */
    cost_row rows[];
};

dg_status cost_measure(dg_activation *const *functions, int n, cost_table **table); /* free with free() */
void cost_print(const cost_table *table, FILE *to);
void cost_csv(const cost_table *table, FILE *to);

/* ---- search ---- */

typedef struct search_options {
    uint64_t seed;
    int64_t formulas; /* that are tried: with a seed, the same answer on any machine */
    double seconds;   /* or until then; 0: no limit */
    int keep, most_nodes;
} search_options;
enum { MOST_FOUND = 12, FOUND_TEXT = 400 };
typedef struct search_found {
    char text[FOUND_TEXT];
    int nodes;
    double distance; /* from the nearest published function */
    const char *nearest;
} search_found;
typedef struct search_result {
    int n;
    search_found best[MOST_FOUND]; /* at a distance of 0.05 or more from every published function */
} search_result;
dg_status search_print(const search_options *options, FILE *to, search_result *result);

/* ---- comparison by training: functions as calls, "relu", "expr(x * tanh(exp(x)))" ---- */

typedef struct train_options {
    const char *folder, *tasks, *but; /* tasks NULL: all whose data are built in; but: not that one */
    char beside[4096];                /* of the folder, where it is named after the report */
    const char *budget;               /* "15m"; NULL: none */
    const char *range;                /* "lr=geomspace(1e-4, 1e-1, 5)", chosen by validation data; NULL: as usual */
    const char *const *set;           /* further settings: "epochs=5" */
    int n_set;
    int seeds;
    double seconds;                /* of all that found_compare() does; 0: no limit */
    dg_graph_read_options reading; /* of the user's network: folders that it may name files in */
    bool search_is_timed;          /* what is trained was found in a time, not only in a number of formulas */
} train_options;

/* The folder of a study that has a report: reports/mish-study for reports/mish.html; "study" for none (NULL). */
dg_status train_name_study(train_options *made, const char *report);
/* One study over the ready tasks. */
dg_status train_compare(const char *const *calls, int n, const train_options *options);
/* The same in a graph file: calls in the place of the ops of those nodes. "original" leaves them. */
dg_status train_in(const char *graph, const char *nodes, const char *const *calls, int n, const train_options *options);

/* The ranks of a study's methods, in their order. */
typedef struct method_rank {
    double median, mean;  /* over pairs of task and seed; of mean scores over tasks, NaN for one task */
    int64_t pairs, least; /* all of them; of the task that has the fewest */
} method_rank;
dg_status train_read_ranks(const char *folder, method_rank *ranks, int most, int *n);

/* Trains what a search found beside ReLU, and prints whether the best of it has the better median rank on tasks that
 * it was not chosen by; FOLDER/verdict.txt has it, too. `spent`: seconds of the budget that are gone. */
dg_status found_compare(const search_result *found, const train_options *options, double spent, FILE *to);

/* ---- functions inside a graph file ---- */

typedef struct inside {
    char *nodes;        /* "act1,act2": whose ops are replaced */
    char *calls[16];    /* their different ops, as they are */
    char *formulas[16]; /* the same as functions to be analysed; NULL: it has no formula over x alone */
    int n;
} inside;

/* `nodes` NULL: every node that is an activation. DG_BAD_ARGUMENT: there are none. Free with inside_free(). */
dg_status inside_read(const char *graph, const char *nodes, const dg_graph_read_options *reading, inside *found);
void inside_free(inside *found);
/* Whether the node is one of them. */
bool inside_takes(const dg_file_node *node, const char *nodes);

/* Prints the parameters of these nodes as they were at first, by the run's seed, and as they are in `weights`: a run's
 * folder, a checkpoint or another file of tensors. DG_BAD_DATA and DG_BAD_SHAPE: they are not of this graph. */
dg_status trained_print(const char *graph, const char *nodes, const dg_graph_read_options *reading, const char *weights,
                        FILE *to);

#endif
