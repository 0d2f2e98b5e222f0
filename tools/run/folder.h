/* The folder that a training run leaves behind, and the checkpoint in it. */
#ifndef TOOLS_RUN_FOLDER_H
#define TOOLS_RUN_FOLDER_H

#include "optim/data/data.h"

/* "FOLDER/NAME"; free it with free(). NULL without memory. */
char *path_join(const char *folder, const char *name);
/* "runs/NAME" for ".../NAME.dot"; free it with free(). NULL without memory. */
char *run_folder_default(const char *graph_path);
/* The folder that a run is resumed in: the one given, or that of the checkpoint given. Free it with free(). */
char *run_folder_of(const char *checkpoint);
/* Makes the folder and those above it; DG_IO when that fails or nothing can be written there. */
dg_status run_folder_make(const char *folder);
/* The checkpoint of a run's folder, or the one that the path itself names. */
dg_status checkpoint_read(const char *path, dg_tensors **checkpoint);

/* What a checkpoint keeps of the data, beside what the trainer keeps: scaling, names of classes, the specification. */
typedef struct run_notes {
    const char *data, *folder; /* as in data_request; NULL: no data */
    const char *output, *loss; /* names of nodes; output may be NULL */
    const char *dtype, *init;
    double validation;
} run_notes;

dg_status notes_write(dg_tensors *extra, const run_notes *notes, const data_set *set, const data_scaling *scaling);
/* The texts live as long as the checkpoint. DG_BAD_DATA: it was not written by `dotgrad train`. */
dg_status notes_read(const dg_tensors *checkpoint, run_notes *notes);
/* The scaling that a checkpoint keeps; none when it keeps none. */
dg_status notes_scaling(const dg_tensors *checkpoint, data_scaling *scaling);
/* The names of classes; *count is 0 when there are none. Free with notes_free_classes. */
dg_status notes_classes(const dg_tensors *checkpoint, char ***classes, int64_t *count, bool *are_words);
void notes_free_classes(char **classes, int64_t count);

#endif
