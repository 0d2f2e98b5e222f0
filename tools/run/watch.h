/* What is watched of a training run: RUN/watch.csv, and numbers on the diagram. */
#ifndef TOOLS_RUN_WATCH_H
#define TOOLS_RUN_WATCH_H

#include <stdio.h>

#include <dotgrad/optim.h>

typedef struct watch_file {
    char *path;
    FILE *file;
    dg_arena *arena; /* of the last record */
    size_t count;
    dg_node **nodes;
    double *values; /* of the first probe */
    const char **words;
    uint64_t step;
} watch_file;

/* Begins RUN/watch.csv anew, or, for a run that goes on at a step, keeps what was recorded before it. */
dg_status watch_begin(watch_file *watch, const char *run, uint64_t step);
/* A row for each layer: "step,epoch,layer" and the probes. */
dg_status watch_record(watch_file *watch, const dg_watched *now);
void watch_end(watch_file *watch);

#endif
