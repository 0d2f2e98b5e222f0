/* The trainer's inside, shared by trainer.c (making it), steps.c (steps and epochs) and checkpoint.c. */
#ifndef OPTIM_TRAINER_H
#define OPTIM_TRAINER_H

#include "evaluate.h"

#define MAX_COLUMNS (2 * DG_MAX_METRICS + 1)

struct dg_trainer {
    dg_trainer_options options; /* texts point to the copies below; resume is NULL */
    char *checkpoint, *graph_text;
    dg_optimizer optimizer;
    dg_schedule schedule;

    field_sources sources;
    batch batch; /* its last feed is the learning rate */
    metric_set metrics;
    dg_plan *train_plan, *evaluation_plan; /* both fetch fetch_list */
    double rate;                           /* of the last step */
    dg_tensor rate_tensor;

    int64_t batch_size, epochs, batches; /* batches an epoch */
    int64_t epoch, batch_done;           /* epochs done, batches done in the next one */
    uint64_t step;
    int64_t *order, order_epoch; /* the shuffled training rows of an epoch; −1: of none */
    metric_sums sums;            /* of the epoch so far */

    dg_tensor history;                /* [epochs done, n_columns], with room for all epochs */
    int n_columns, validation_column; /* 0: no validation */
    char columns[MAX_COLUMNS][32];
    int64_t best_epoch; /* −1: none yet */
    dg_tensors *best;   /* "best/NAME" */
    dg_tensors *last;   /* the final checkpoint, once the best weights are put in place of the last ones */
    bool started, stopped;
};

bool trainer_is_done(const dg_trainer *trainer);
/* The parameters that are the network's own, not the optimiser's. */
bool is_weight(dg_node *node);
/* After the last epoch: keeps the last state for the checkpoint and puts the best weights in place. */
dg_status trainer_finish(dg_trainer *trainer);
dg_status keep_best(dg_trainer *trainer);
/* Finds the best epoch in the history. */
void find_best(dg_trainer *trainer);

dg_status checkpoint_collect(dg_trainer *trainer, dg_tensors **set);
dg_status checkpoint_restore(dg_trainer *trainer, const dg_tensors *set);

#endif
