/* dotgrad train and what is like it:
 *
 *   train.c         training, the run's folder, results
 *   settings.c      options, attributes, notes of checkpoints
 *   inputs.c        graph and data
 *   results.c       results and the files that tell of them
 *   separability.c  whether a linear classifier that errs could do better
 *   trace.c         every node with its numbers filled in
 *   fit_rbf.c       dotgrad fit-rbf */
#ifndef TOOLS_TRAIN_H
#define TOOLS_TRAIN_H

#include "settings.h"
#include "tools/run/claim.h"
#include "tools/run/report.h"
#include "tools/run/watch.h"
#include "tools/session/session.h"

#include <dotgrad/experiment.h>

/* One run from its options to its results. */
typedef struct training_run {
    train_settings settings;
    dg_tensors *checkpoint;    /* that is resumed from, or NULL */
    const char *text;          /* the graph's, where it is in no file; NULL: read it */
    const dg_tensors *weights; /* parameters that are there already; NULL: none */
    graph_session session;
    dg_node *loss, *output;
    dg_experiment *experiment; /* what the graph says of it */
    const char *graph_text;    /* as it was before gradients were added */
    char *data_folder, *folder, *checkpoint_path;
    char *base; /* where data start, seen from the folder */
    run_claim claim;
    bool is_plotted, has_confusion; /* of this run: the folder may hold older pictures */
    dg_data *data;
    dg_tensors *extra;
    dg_trainer *trainer;
    size_t n_warned; /* of the trainer's warnings, told */
    progress_bar progress;
    metrics_file metrics;
    watch_file watch;
    dg_status metrics_status; /* of writing while training */
    uint64_t kept_step;       /* of the last snapshot */
    double begin, training_seconds;
    dg_metrics validated, tested;
} training_run;

/* Everything from the settings to the run's folder and its results on standard output; what the run holds is released.
 */
dg_status train_run(training_run *run);
/* ---- results.c ---- */

bool train_file_is_written(const char *path);
void train_draw_watched(training_run *run);
dg_status train_print_results(training_run *run);
void train_tell_mistakes(training_run *run);
/* The trainer's warnings that have not been told. */
void train_tell_warnings(training_run *run);
void train_write_confusion(training_run *run);
dg_status train_write_row(training_run *run, const dg_status *trained);
void train_print_files(const training_run *run);

/* ---- inputs.c ---- */

/* Opens graph and data, and takes the settings that the graph or the checkpoint says. */
dg_status train_open(training_run *run);

#endif
