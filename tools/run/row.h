/* RUN/row.json: what came of a run, for those who compare runs. */
#ifndef TOOLS_RUN_ROW_H
#define TOOLS_RUN_ROW_H

#include <dotgrad/optim.h>

/* One run. Texts may be NULL. */
typedef struct run_row {
    const char *status;  /* "finished", "diverged", "failed", "timeout" */
    const char *message; /* of what went wrong, and where */
    uint64_t seed, split_seed;
    int64_t folds, fold;       /* 0: none */
    const dg_trainer *trainer; /* its history tells epochs and the last training metrics; NULL: none */
    const dg_graph *graph;     /* whose parameters are counted; NULL: none */
    dg_metrics validation, test;
    double seconds, training_seconds; /* of the process and of training in it */
    bool is_resumed;                  /* seconds are those since it was resumed */
} run_row;

#define ROW_NAME "row.json"

/* Written whole or not at all, by renaming: that it is there says that the run has ended. */
/* A run that starts again has not ended. */
dg_status run_row_forget(const char *run);
dg_status run_row_write(const char *run, const run_row *row);

#endif
