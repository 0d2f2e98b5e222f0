/* What a training run shows and notes: progress and metrics.csv. */
#ifndef TOOLS_RUN_REPORT_H
#define TOOLS_RUN_REPORT_H

#include <stdio.h>

#include <dotgrad/data.h>
#include <dotgrad/optim.h>

/* ---- progress.c ---- */

/* A bar on a terminal, redrawn ten times a second; else a plain line an epoch, at most about fifty. On standard error.
 */
typedef struct progress_bar {
    bool is_terminal;
    bool is_drawn;      /* an unfinished line stands on the terminal */
    double begin, last; /* seconds */
    uint64_t first_step;
    bool has_begun;
    int64_t best, epoch, epochs; /* epochs: the best one with patience, 0 if it was before; the last one; of all */
} progress_bar;

/* 1:05, 1:02:03 */
void duration_print(double seconds, char *text, size_t size);
void progress_begin(progress_bar *progress);
void progress_show(progress_bar *progress, const dg_progress *now);
void progress_end(progress_bar *progress);
/* Which epoch's weights patience has kept, and whether it ended the run. */
void progress_tell_best(const progress_bar *progress, const char *monitor, int64_t patience);

/* "98.1 %" for accuracy, "0.0123" for others. Returns text. */
char *metric_print(const char *name, double value, char *text, size_t size);

/* ---- metrics.c ---- */

/* RUN/metrics.csv: "epoch", then the columns of the trainer's history; a row for each epoch. */
typedef struct metrics_file {
    char *path;
    FILE *file;
    int64_t written; /* epochs */
} metrics_file;

/* Starts the file anew; the epochs that a resumed trainer knows are written first. */
dg_status metrics_begin(metrics_file *metrics, const char *run, const dg_trainer *trainer);
dg_status metrics_update(metrics_file *metrics, const dg_trainer *trainer); /* epochs that are not in it yet */
dg_status metrics_end(metrics_file *metrics);

#endif
