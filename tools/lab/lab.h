/* The activation lab's command:
 *
 *     command.c      dotgrad activation: options, and what they ask for
 *     report.c       the facts as text, JSON, CSV and LaTeX; report_html.c as a page
 *     plot.c         curves and heat maps as SVG
 *     export.c       a function as graph file, op, C kernel, PyTorch, JAX and Keras code
 *     depth.c        random deep layers, measured
 *     cost.c         time of the kernel, in turns with others
 *     search.c       small formulas tried out
 *     train.c        ready tasks, and a study over each */
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
typedef struct lab_report {
    dg_activation **functions;
    int n;
    depth_table **depths; /* one a function */
} lab_report;

dg_status report_write(const lab_report *report, report_format format, FILE *to);
void report_html(const lab_report *report, FILE *to);
const char *report_title(const dg_activation *a); /* its name, or its formula */

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

/* ---- cost ---- */

/* Nanoseconds an element, forward and with the gradient, of each function and of a few that ship, in turns. */
dg_status cost_print(dg_activation *const *functions, int n, FILE *to);

/* ---- search ---- */

typedef struct search_options {
    uint64_t seed;
    int64_t formulas; /* that are tried: with a seed, the same answer on any machine */
    double seconds;   /* or until then; 0: no limit */
    int keep, most_nodes;
} search_options;
enum { MOST_FOUND = 3, FOUND_TEXT = 400 };
typedef struct search_result {
    int n;
    char texts[MOST_FOUND][FOUND_TEXT]; /* the best at a distance of 0.05 or more from every published function */
} search_result;
dg_status search_print(const search_options *options, FILE *to, search_result *result);

/* ---- comparison by training ---- */

typedef struct train_options {
    const char *folder, *task; /* task NULL: all */
    const char *budget;        /* of each study, "15m"; NULL: none */
    int seeds;
} train_options;
dg_status train_compare(dg_activation *const *functions, int n, const train_options *options);
void train_list(FILE *to); /* of the tasks */

#endif
