/* The folder that a training run leaves behind, and the checkpoint in it. The room:
 *
 *   folder.c     the folder
 *   claim.c      held by one process while it is written
 *   progress.c   and metrics.c (report.h): what is shown and noted while a run trains
 *   watch.c      what is watched: watch.csv, numbers on the diagram
 *   snapshots.c  weights kept on the way
 *   row.c        what came of a run, for those who compare runs
 *   source.c     a run, or a graph file by itself, with its data: what pictures are made from
 *   print.c      numbers and tensors as text
 *   child.c      other programs, within limits
 *   stop.c       the clock of what runs long, and the call to stop it */
#ifndef TOOLS_RUN_FOLDER_H
#define TOOLS_RUN_FOLDER_H

#include <dotgrad/data.h>

/* "FOLDER/NAME"; free it with free(). NULL without memory. */
char *path_join(const char *folder, const char *name);
/* "runs/NAME" for ".../NAME.dot"; free it with free(). NULL without memory. */
char *run_folder_default(const char *graph_path);
/* The folder that a run is resumed in: the one given, or that of the checkpoint given. Free it with free(). */
char *run_folder_of(const char *checkpoint);
/* The way from one folder to another, "../../data", whether they exist or not; free it with free(). NULL without
 * memory. */
char *path_between(const char *from, const char *to);
/* Whether a specification of data names a file or folder below `folder` (NULL: the working folder). */
bool names_file(const char *folder, const char *data);
/* Makes the folder and those above it; DG_IO when that fails or nothing can be written there. */
dg_status run_folder_make(const char *folder);
/* The checkpoint of a run's folder, or the one that the path itself names. */
dg_status checkpoint_read(const char *path, dg_tensors **checkpoint);

/* What a checkpoint keeps beside what the trainer and the data keep (dg_data_keep): the specification of the data and
 * names in the graph. */
typedef struct run_notes {
    const char *data;   /* NULL: none */
    const char *base;   /* where a relative path of the data starts, seen from the run's folder; NULL: it is no path */
    const char *folder; /* the same from the working folder, in checkpoints of before; not written */
    const char *output, *loss; /* names of nodes; output may be NULL */
    const char *dtype, *init;
    double validation;
    int64_t split_seed, folds, fold; /* −1: the checkpoint is older than these */
} run_notes;

dg_status notes_write(dg_tensors *extra, const run_notes *notes);
/* The texts live as long as the checkpoint. DG_BAD_DATA: it was not written by `dotgrad train`. */
dg_status notes_read(const dg_tensors *checkpoint, run_notes *notes);

#endif
