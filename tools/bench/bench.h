/* dotgrad bench: what is measured, and how it is reported.
 *
 *   bench.c  options, and measuring
 *   setup.c    from a graph file to a plan on random data
 *   report.c   results as text and as JSON
 *   profile.c  where the time goes: a table, and a picture
 *   peak.c           what the machine can do at most
 */
#ifndef TOOLS_BENCH_H
#define TOOLS_BENCH_H

#include "peak.h"
#include "tools/session/session.h"

#include <dotgrad/plan.h>

typedef enum bench_mode { BENCH_FORWARD, BENCH_GRADIENT, BENCH_TRAIN, BENCH_MODES } bench_mode;
extern const char *const bench_mode_names[BENCH_MODES];

typedef struct bench_options {
    const char *graph, *node, *picture;
    session_options session;
    dg_symbol_size sizes[SESSION_SIZES];
    bench_mode mode;
    double seconds;
    bool json, profile, peak, core, stages;
} bench_options;

/* What comes before the second step, in seconds. */
typedef struct bench_stages {
    double read;          /* the file, and building the graph */
    double differentiate; /* gradients and the optimiser's updates as nodes */
    double plan;          /* for the sizes of the batch */
    double first_step;
} bench_stages;

typedef struct bench {
    const bench_options *given;
    graph_session session;
    int64_t batch;
    dg_node **fetch; /* the loss, then gradients */
    int n_fetch;
    dg_node *const *updates;
    int n_updates;
    int64_t n_read; /* nodes of the graph as read */
    dg_tensors *fed;
    dg_feed *feeds;
    int n_feeds;
    dg_plan *plan;
    bench_stages stages;
    size_t idle_memory; /* bytes that the process held before the graph was read */
} bench;

/* Seconds since some moment. */
double bench_now(void);

/* ---- setup.c ---- */

/* Opens the graph and makes a plan of the mode's work, bound to random data. To be released even after a failure. */
dg_status bench_set_up(bench *b);
void bench_release(bench *b);

/* ---- report.c ---- */

typedef struct bench_result {
    const char *graph, *mode;
    int64_t batch_size;
    int threads;
    int64_t steps;              /* those that were timed */
    double least, median, most; /* seconds a step */
    double tile_share;          /* before the first step: see peak_tile_share(); 0: not asked for */
    dg_plan_cost cost;
    size_t peak_memory, idle_memory; /* bytes that the process held at most, and before the graph was read */
} bench_result;

void bench_print(const bench_result *result);
void bench_print_stages(const bench *b);
void bench_print_peak(const machine_peak *peak, int threads);
/* One JSON object each. */
dg_status bench_print_json(const bench_result *result);
dg_status bench_print_stages_json(const bench *b);
dg_status bench_print_peak_json(const machine_peak *peak, int threads);

/* ---- profile.c ---- */

/* A line for each step of the plan, which keeps a profile, the slowest first. */
dg_status bench_print_profile(const bench *b);
/* The graph as a picture (svg, png, pdf or dot by its ending) with each node's share of the time. */
dg_status bench_draw_profile(const bench *b, const char *path);

#endif
