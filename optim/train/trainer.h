/* The trainer's inside. The room:
 *
 *   trainer.c     making it
 *   experiment.c  from what a graph file asks for
 *   objective.c   what a loss trains; plan.c: the same as a plan of the caller's
 *   steps.c       steps and epochs
 *   turns.c       several objectives
 *   drive.c       optimisers that run each step themselves
 *   graph_text.c  the network's text in checkpoints
 *   health.c      numbers that are not finite
 *   mistakes.c    what trains, and is hardly meant; ranges.c: a last function that cannot give what the loss asks for;
 *                 stuck.c: a loss whose derivatives have all become 0, an output that is one for all rows
 *   watch.c       what is watched
 *   weights.c     a start from others' weights
 *   checkpoint.c  all of it, kept and taken up again */
#ifndef OPTIM_TRAINER_H
#define OPTIM_TRAINER_H

#include "optim/evaluate/evaluate.h"

#define MAX_COLUMNS   (2 * DG_MAX_METRICS + 1)
#define MOST_WARNINGS 8

/* A parameter or a state of the optimiser, which a run that diverges puts back. */
typedef struct kept_tensor {
    dg_node *node;
    dg_tensor *live;        /* what plans read and write */
    dg_tensor good, before; /* the last good state's; that of the step before, while a failure is looked for */
    bool may_be_bad;        /* not trained, and not finite from the start: a mask of −∞, say */
} kept_tensor;

typedef struct progress_state {
    int64_t epoch, batch_done; /* epochs done, batches done in the next one */
    uint64_t step;
    metric_sums sums; /* of the epoch so far */
} progress_state;

typedef struct driven driven;     /* drive.c */
typedef struct watching watching; /* watch.c */

/* What training minimises in its turns: a loss, the parameters that it trains, and how. */
typedef struct objective {
    dg_node *loss;
    const char *name;   /* of its states; NULL: it is the only one */
    const char *states; /* what names of its states begin with: "optimizer/" */
    const char *trains; /* NULL: all */
    dg_optimizer optimizer;
    dg_schedule schedule;
    double clip_value, clip_norm;
    int turns, n_parameters; /* that are trained */
    dg_node **parameters;
    dg_parameter_settings *settings;
    dg_node *const *updates;
    int n_updates;
    dg_plan *plan;         /* fetches fetch_list of its number */
    driven *driven;        /* of an optimiser that runs each step itself; else NULL */
    double rate, momentum; /* of the last step; the momentum where the schedule moves it */
    dg_tensor rate_tensor, momentum_tensor;
} objective;

struct dg_trainer {
    dg_trainer_options options; /* texts point to the copies below; resume is NULL */
    char *checkpoint, *graph_text, *average, *groups_text, *freeze, *monitor_name;
    bool wrote_graph;       /* the text is the trainer's own, not the caller's */
    dg_optimizer optimizer; /* of objectives that have none of their own */
    dg_schedule schedule;
    dg_groups groups;
    const dg_tensors *states; /* that there were before: the checkpoint's to resume from, else the parameters' */
    objective *objectives;
    int n_objectives;
    uint64_t round; /* turns of all objectives */

    field_sources sources;
    batch batch; /* its last feeds are rates and momenta of the objectives */
    metric_set metrics;
    dg_plan *evaluation_plan;
    watching *watching; /* NULL: nothing is watched */
    double *losses;     /* of the epochs done, for schedules that look at them */
    int64_t n_losses;
    bool *refit; /* by node id: layers that are fitted again after each epoch; NULL: none */

    int64_t batch_size, epochs, batches; /* batches an epoch */
    int64_t epoch, batch_done;           /* epochs done, batches done in the next one */
    uint64_t step;
    int64_t *order, order_epoch; /* the shuffled training rows of an epoch; −1: of none */
    metric_sums sums;            /* of the epoch so far */

    dg_tensor history;                /* [epochs done, n_columns] */
    int64_t history_room;             /* epochs that its buffer holds */
    int n_columns, validation_column; /* 0: no validation */
    int monitor;                      /* the column that early stopping and schedules look at */
    bool monitor_rises;               /* more of it is better */
    char columns[MAX_COLUMNS][32];
    int64_t best_epoch; /* −1: none yet */
    dg_tensors *best;   /* "best/NAME" */
    dg_tensors *last;   /* the final checkpoint, once the best weights are put in place of the last ones */
    bool started, stopped;

    kept_tensor *kept;
    int64_t n_kept;
    uint64_t parameters_state; /* of the set when `kept` was looked up: see tensors_state() */
    uint64_t check_every;      /* steps */
    progress_state good;
    bool good_is_saved; /* the last good state is in the checkpoint's file instead of `kept` and `good` */
    double saved_at;    /* seconds */

    char *warnings[MOST_WARNINGS];
    int n_warnings;

    size_t taken; /* bytes of parameters, the optimiser's state, data and plans so far, which the memory limit counts */
};

bool trainer_is_done(const dg_trainer *trainer);
/* Checks the text that the checkpoint will keep, or writes it. */
dg_status graph_text_make(dg_trainer *trainer);
/* For dg_trainer_warning_at(), each text once. */
void trainer_warn(dg_trainer *trainer, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Where the author has layers whose parameters neither the losses nor anything else that is asked for depends on: an
 * edge is missing. */
void warn_of_unseen(dg_trainer *trainer);
/* After training, by the training rows, of a trainer with one loss: scores that are what the loss makes of them itself
 * (a softmax before cross_entropy, a sigmoid before a loss on logits), or no logarithms of probabilities; and the
 * three below. */
void warn_of_mistakes(dg_trainer *trainer);
/* Where the last function cannot give what the loss asks for, whatever its input: targets beyond its range, or scores
 * of either sign; and where it is a softmax along the batch. */
void warn_of_ranges(dg_trainer *trainer, const dg_task *task, dg_rows rows);
/* Where the output is the same for every row, with the first node before it that makes it so. */
void warn_of_constant(dg_trainer *trainer, const dg_task *task, dg_rows rows);
/* Where the last two epochs had the same loss, as all its derivatives are 0 on the first rows. */
void warn_of_stuck(dg_trainer *trainer, const dg_task *task, dg_rows rows);
/* What the memory limit leaves; 0: there is none. */
size_t memory_rest(const dg_trainer *trainer);
/* Counts what is about to be allocated; DG_NO_MEMORY when it is beyond the limit. */
dg_status memory_take(dg_trainer *trainer, double bytes, const char *what);
/* Binds a plan to a whole batch within the limit and counts what it takes. */
dg_status memory_prepare(dg_trainer *trainer, dg_plan *plan, const dg_feed *feeds, int n_feeds);
/* The parameters that are the network's own, not the optimiser's. */
bool is_weight(dg_node *node);
/* After the last epoch: keeps the last state for the checkpoint and puts the best weights in place. */
dg_status trainer_finish(dg_trainer *trainer);
dg_status keep_best(dg_trainer *trainer);
/* Finds the best epoch in the history from row `from` on, beside the best so far. */
void find_best(dg_trainer *trainer, int64_t from);
/* Room for so many epochs. */
dg_status history_reserve(dg_trainer *trainer, int64_t epochs);
/* What refit asks for after an epoch. */
dg_status refit_layers(dg_trainer *trainer);
/* The rows, rates and momenta of the next batch; *count: so many rows. May be called again. */
dg_status take_batch(dg_trainer *trainer, int64_t *count);
/* The next batch through the training plan; nothing is counted. */
dg_status run_batch(dg_trainer *trainer, double *loss);

/* What the monitored column holds for an epoch that is done; less is better. */
double monitored(const dg_trainer *trainer, int64_t epoch);

/* ---- turns.c ---- */

/* From the options, before anything is emitted. */
dg_status objectives_take(dg_trainer *trainer, const dg_trainer_options *options);
void objectives_release(dg_trainer *trainer);
/* Whose turn the next step is: that of step s is number s mod `round`. */
objective *objective_now(const dg_trainer *trainer);
/* Inputs for rates and momenta. */
int objective_feeds(const dg_trainer *trainer);
void objectives_print(const dg_trainer *trainer, char *text, size_t size);
/* Gradients, clipped, and the optimisers' updates; the inputs for rates and momenta join the feeds. */
dg_status objectives_emit(dg_trainer *trainer);
dg_status objectives_check_ranges(const dg_trainer *trainer);
/* Rate and momentum of the next step. */
dg_status follow_schedule(dg_trainer *trainer, objective *o);
/* Puts the averages of the weights in their place. */
dg_status take_averages(dg_trainer *trainer);

/* ---- watch.c ---- */

/* What is watched joins the graph; after the updates. */
dg_status watch_emit(dg_trainer *trainer);
dg_status watch_plan(dg_trainer *trainer);
/* Before the next step, where its number asks for it. */
dg_status watch_step(dg_trainer *trainer);
void watch_release(dg_trainer *trainer);

/* ---- drive.c ---- */

/* What the training plan fetches beside fetch_list for an optimiser that drives, and its state's parameter. */
dg_status driven_emit(dg_trainer *trainer, objective *o, dg_node *const *gradients);
/* The plans; once the parameters are made. `fetch` is fetch_list. */
dg_status driven_plan(dg_trainer *trainer, objective *o, dg_node *const *fetch, int n_fetch);
/* After the training plan has run on a batch: a step on that batch. */
dg_status driven_step(dg_trainer *trainer, objective *o);
void driven_release(driven *driven);

/* ---- health.c ---- */

/* Lists what is kept; once the parameters are made. */
dg_status health_prepare(dg_trainer *trainer);
/* Whether all parameters are still there and of their types, for a program may replace or remove them between steps. */
dg_status health_check_parameters(dg_trainer *trainer);
void health_release(dg_trainer *trainer);
/* False when a parameter or a state of the optimiser is NaN or infinite. Large ones are looked at now and then only,
 * unless the answer is to be sure. */
bool weights_are_finite(dg_trainer *trainer, bool surely);
/* DG_NUMERIC names a parameter or state that is not finite before the first step. */
dg_status health_check_start(const dg_trainer *trainer);
/* Keeps the state as it is now as the last good one, in memory. */
dg_status keep_good(dg_trainer *trainer);
/* Goes back to the last good state, saves it, and returns DG_NUMERIC with the node and the step that failed; `what`
 * is said where they are not found. */
dg_status diverged(dg_trainer *trainer, const char *what);

/* DG_BAD_ARGUMENT: a parameter has a name that a checkpoint has for something of its own, or that `extra` has. */
dg_status checkpoint_check_names(const dg_task *task, const dg_tensors *extra);
dg_status checkpoint_collect(dg_trainer *trainer, dg_tensors **set);
dg_status checkpoint_restore(dg_trainer *trainer, const dg_tensors *set);

#endif
