/* The numbers that `dotgrad draw --heat` shows. */
#ifndef TOOLS_COMMAND_DRAW_HEAT_H
#define TOOLS_COMMAND_DRAW_HEAT_H

#include <dotgrad/data.h>
#include <dotgrad/draw.h>
#include <dotgrad/model.h>

typedef struct measured {
    dg_model *model;     /* of a run; NULL */
    dg_graph_file *own;  /* of a graph file; NULL */
    dg_graph_file *file; /* the one that is drawn */
    dg_tensors *parameters;
    dg_data *data;
    dg_feed *feeds; /* with tensors of their own */
    int n_feeds;
    int64_t rows;
    const char *run; /* NULL: none */
    const char *data_name;
    char *own_name; /* data_name where it is a run's */
    char title[200];
    dg_heat *heat;
} measured;

/* A graph file, or with `run` the run's folder. Close it even after a failure. */
dg_status measured_open(measured *m, const char *graph, const char *run);
/* Measures on at most 256 training rows. data: NULL for what the file names. */
dg_status measured_heat(measured *m, const char *what, const char *data, const char *optimizer);
void measured_close(measured *m);

#endif
