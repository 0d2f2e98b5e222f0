/* What a training run is asked to do: the command line over the graph's attributes (or, resuming, the checkpoint's
 * notes) over the defaults. */
#ifndef TOOLS_TRAIN_SETTINGS_H
#define TOOLS_TRAIN_SETTINGS_H

#include <dotgrad/tensor.h>

#define NOT_GIVEN (-1) /* of whole numbers; of others, NAN */

typedef struct train_settings {
    const char *graph; /* the graph file; NULL when resuming without one */
    const char *run, *resume;
    const char *data, *folder; /* folder: what a relative path in data starts from; NULL: the working folder */
    bool is_kept;              /* the data are those of the checkpoint */
    const char *base;          /* then: see run_notes; NULL: none */
    const char *optimizer, *schedule, *init, *metrics, *average, *groups, *freeze, *monitor, *weights, *watch, *output,
        *loss, *dtype;
    int64_t epochs, batch_size, seed, split_seed, folds, fold, patience, drop_last, accumulate, watch_every,
        snapshot_every; /* steps; 0: never */
    double validation, clip_value, clip_norm;
    size_t memory_limit; /* 0: none */
    bool no_pictures, force, trace;
    int64_t steps; /* of the trace */
} train_settings;

/* -1: go on; else the command is over with this exit status (after --help or a message). */
int settings_parse(int argc, char **argv, train_settings *settings);

/* Takes from the attributes of a graph what the command line has left open: attribute(argument, name) answers the text
 * of a graph attribute, or NULL. A run that goes on takes only what is no part of its result. */
void settings_from_graph(train_settings *settings, const char *(*attribute)(const void *, const char *),
                         const void *argument);
bool settings_watches(const train_settings *settings);
/* Takes from a checkpoint what the command line has left open. The texts live with the checkpoint. */
dg_status settings_from_checkpoint(train_settings *settings, const dg_tensors *checkpoint);
/* Defaults for the rest. */
void settings_complete(train_settings *settings);

#endif
