/* Studies: every combination of settings, on the same seeds and folds, as training runs of their own. Its files:
 *
 *   axes.c      'act=relu|mish', 'lr=geomspace(1e-4, 1e-1, 5)', 'lr=loguniform(1e-4, 1e-1)': what is varied
 *   plan.c      graphs × settings become variants, each a document; variants × seeds × folds are runs, each with a key
 *   manifest.c  the study as a text file
 *   pool.c      training runs as processes
 *   run.c       which runs, in which order, until when; successive halving
 *   rows.c      what came of the runs: row.json of each
 *   tables.c    runs.csv and curves.csv
 *   choose.c    the setting of each method that is compared, by validation data
 *   compare.c   methods against each other
 *   report.c    the comparison as HTML, with figures.c; table.c: as CSV, LaTeX and text */
#ifndef TOOLS_STUDY_H
#define TOOLS_STUDY_H

#include <signal.h>
#include <stdio.h>

#include <cjson/cJSON.h>
#include <dotgrad/graph_file.h>
#include <dotgrad/statistics.h>

/* ---- what is asked for ---- */

typedef struct study_texts {
    const char **items;
    int count;
} study_texts;

typedef struct study_options {
    study_texts graphs, set, replace, range, sample; /* as on the command line */
    study_texts passed;                              /* options that every run gets: --plugin, --allow-path … */
    const char *folder, *select, *by, *metric, *target, *baseline;
    int64_t seeds, folds, trials;
    double halving;       /* 0: none; else one of so many configurations goes on to the next rung */
    double budget, limit; /* seconds; 0: none */
    int64_t jobs, threads, shard, shards;
    bool is_dry, retries;
    dg_graph_read_options reading; /* without .set */
} study_options;

/* ---- axes.c ---- */

#define STUDY_AS_IT_IS "original" /* the value of --replace that leaves the ops of the graph */

typedef struct study_axis {
    const char *name;
    study_texts values;
    bool is_chosen; /* by validation data, one value for each method: --select, --sample */
    bool is_drawn;  /* value k is that of trial k of all such axes */
    bool is_op;     /* the name is of nodes, the values are ops in the place of theirs: --replace */
} study_axis;

/* ---- plan.c ---- */

/* One document. */
typedef struct study_variant {
    int graph, method;    /* method: which values of the axes that are compared */
    int configuration;    /* which values of the axes that are chosen */
    int rung;             /* of successive halving; the last one has all epochs */
    const char **choices; /* the value of each axis */
    const char *text;     /* the document with the settings put in and all files that it uses */
    const char *data;     /* the data set with an absolute path; NULL: as the document says */
    uint64_t split_seed;
    int64_t epochs;
    const char *file; /* what trains: FOLDER/graphs/HASH.dot */
    uint64_t hash;    /* of text and data */
} study_variant;

typedef struct study {
    dg_arena *arena;
    const char *folder;
    const char *version; /* of the dotgrad that wrote the manifest; NULL: this one */
    int n_graphs, n_axes, n_variants, n_methods, n_configurations, n_rungs;
    const char **graphs; /* names */
    study_axis *axes;
    study_variant *variants;
    int64_t seeds, folds; /* folds 0: none */
    int64_t n_pairs;      /* seeds × folds */
    const char *by, *metric, *target, *baseline;
    const char *metrics; /* "loss, accuracy": what its graphs measure; NULL: not known, it is of a manifest */
    double halving;
    double budget, limit; /* of a manifest: seconds; 0: none */
    int64_t threads;      /* of a manifest: of each run; 0: it does not say */
    study_texts passed;
    cJSON **rows; /* of run pair·n_variants + variant; NULL: it has not ended */
} study;

/* A run is pair·n_variants + variant, pair fold-1 + seed·folds. */
typedef struct study_run {
    int64_t index, pair, seed, fold; /* fold 0: none */
    const study_variant *variant;
    char key[17];
} study_run;

dg_status study_axes_read(study *s, const study_options *options);
/* From options; the documents are written by study_prepare. Free with study_free. */
dg_status study_plan(const study_options *options, study *s);
void study_free(study *s);
study_run study_run_at(const study *s, int64_t index);
const char *study_format(study *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "act=mish, width=64": the values of a method's axes (or, with `chosen`, of those that are chosen); the graph's name
 * where there is nothing else to tell methods by. */
const char *study_label(study *s, const study_variant *variant, bool chosen);

/* ---- manifest.c ---- */

/* Makes the folder with manifest and documents. A manifest that is another is replaced. */
dg_status study_prepare(study *s, const study_options *options);
dg_status study_from_manifest(const char *path, const char *folder, study *s);

/* ---- rows.c ---- */

/* Reads the rows of all runs that have ended. */
dg_status study_read_rows(study *s);
dg_status study_read_row(study *s, int64_t index);
bool study_row_is(const cJSON *row, const char *status);
/* "test_accuracy", "validation_loss", "train_loss", "seconds"; NaN: the row has none. */
double study_row_number(const cJSON *row, const char *name);
/* A row for a run that could not write its own. */
dg_status study_write_row(study *s, const study_run *run, const char *status, const char *message, double seconds);
dg_status study_count_stale(const study *s, int64_t *stale);

/* ---- pool.c ---- */

/* Called as runs end: how, and with which message of theirs. */
typedef enum pool_end {
    POOL_FINE,
    POOL_FAILED,
    POOL_BUSY /* another process holds the folder */,
    POOL_TIMEOUT
} pool_end;
typedef dg_status pool_ended(void *argument, int64_t run, pool_end how, const char *message, double seconds);

typedef struct pool pool;
dg_status pool_new(int jobs, double limit, pool_ended *ended, void *argument, pool **made);
/* Starts a process once there is room; `log` takes its standard error. DG_INTERRUPTED: *stop was set. */
dg_status pool_start(pool *p, int64_t run, const char *const *arguments, const char *log,
                     const volatile sig_atomic_t *stop);
dg_status pool_wait(pool *p, const volatile sig_atomic_t *stop); /* until all have ended */
void pool_free(pool *p);                                         /* asks those that still run to end */

/* ---- run.c ---- */

typedef struct study_progress {
    int64_t done, all, dropped_pairs;
} study_progress;

dg_status study_run_all(study *s, const study_options *options, const volatile sig_atomic_t *stop,
                        study_progress *progress);
/* Halving: whether the configuration goes on to that rung, as far as rows tell; always true in the first. */
bool study_goes_on(const study *s, const study_variant *variant);

/* ---- choose.c ---- */

/* Whether --metric, --by, --target and --baseline name what there is. */
dg_status study_check_choices(study *s);
/* The metric that is compared on a graph ("test_accuracy"), and whether more of it is better; that of another graph
 * where no run of this one has finished. DG_BAD_DATA: no run has at all. */
dg_status study_metric(study *s, int graph, const char **metric, bool *rises);
/* By which configurations are chosen: "validation_accuracy". */
const char *study_by(study *s, const char *metric, bool *rises);
/* The chosen variant of each graph and method, [graph·n_methods + method]; −1: none of its runs has ended well. */
dg_status study_choose(study *s, int **chosen);
/* Epochs until --target is reached in that run; NaN: never, or there is no target. */
double study_epochs_to_target(const study *s, const study_run *run);
/* That, where the name is "epochs_to_target"; else study_row_number() of the run, which has ended. */
double study_run_number(const study *s, const study_run *run, const char *name);

/* ---- compare.c ---- */

typedef struct study_cell {
    int variant;                       /* chosen; −1: none */
    int64_t ended, bad;                /* runs that ended, those among them that diverged, failed or took too long */
    dg_summary score, seconds, epochs; /* epochs to target, of the runs that reach it */
    double *scores;                    /* by pair; NaN: none */
} study_cell;

typedef struct study_comparison {
    int graph, method; /* against the baseline's */
    int64_t bad;       /* pairs that are left out: one of both has no number */
    dg_paired_comparison pairs;
    double holm;
} study_comparison;

typedef struct study_result {
    const char **metrics, **by; /* of each graph */
    bool *rise;
    int baseline;      /* method */
    study_cell *cells; /* [graph·n_methods + method] */
    int n_comparisons;
    study_comparison *comparisons;
    int64_t pairs_needed; /* below which no comparison can come below 5 % */
    bool has_friedman;
    dg_friedman_test friedman;
    double *mean_ranks;
    double *median_ranks; /* of each method over all pairs of all graphs, a run that failed ranking last; 1 is best */
    int64_t ranked;       /* such pairs, */
    int64_t ranked_least; /* on the graph that has the fewest */
    int64_t stale;
    study_progress progress;
} study_result;

/* The method that --baseline names; the first, where it is not given. */
dg_status study_find_baseline(study *s, int *baseline);
dg_status study_compare(study *s, study_result *result);

/* The pairs of the comparison that has the fewest: pairs that were dropped, or have not ended in both, do not count. */
int64_t study_fewest_pairs(const study_result *result);

/* ---- tables.c, table.c, report.c ---- */

dg_status study_write_tables(study *s); /* runs.csv, curves.csv */
/* summary.csv, comparisons.csv, ranks.csv, table.tex */
dg_status study_write_results(study *s, const study_result *result);
/* "test_accuracy" where all graphs have that metric, else "score". */
const char *study_common_metric(const study *s, const study_result *result);
void study_print(study *s, const study_result *result, FILE *out); /* as text */
/* report.html with scores.svg, loss.svg, curves.svg and ranks.svg; *pictures tells of one that could not be drawn. */
dg_status study_write_report(study *s, const study_result *result, dg_status *pictures);

#endif
