/* Training itself: batches, epochs, early stopping. */
#include "core/base/null.h"
#include "trainer.h"

#include <math.h>
#include <string.h>
#include <time.h>

static dg_rows training_rows(const dg_trainer *t)
{
    return (dg_rows){t->options.task.data->train, t->options.task.data->n_train};
}

bool trainer_is_done(const dg_trainer *t)
{
    int64_t patience = t->options.early_stopping;
    return t->epoch >= t->epochs ||
           (patience && t->best_epoch >= 0 && t->batch_done == 0 && t->epoch - 1 - t->best_epoch >= patience);
}

double monitored(const dg_trainer *t, int64_t epoch)
{
    double value = ((const double *)t->history.data)[epoch * t->n_columns + t->monitor];
    return t->monitor_rises ? -value : value;
}

void find_best(dg_trainer *t, int64_t from)
{
    for (int64_t e = from; t->options.early_stopping && e < t->epoch; e++) {
        double loss = monitored(t, e);
        if (!isnan(loss) && (t->best_epoch < 0 || loss < monitored(t, t->best_epoch)))
            t->best_epoch = e;
    }
}

static void report(dg_trainer *t, double batch_loss, const dg_metrics *train, const dg_metrics *validation)
{
    if (!t->options.progress)
        return;
    bool epoch_done = t->batch_done == 0;
    dg_progress progress = {.epoch_done = epoch_done,
                            .epoch = epoch_done ? t->epoch : t->epoch + 1,
                            .epochs = t->epochs,
                            .batch = epoch_done ? t->batches : t->batch_done,
                            .batches = t->batches,
                            .step = t->step,
                            .lr = t->objectives[0].rate,
                            .batch_loss = batch_loss,
                            .train = *train,
                            .best = epoch_done && t->best_epoch == t->epoch - 1};
    if (validation)
        progress.validation = *validation;
    if (!t->options.progress(t->options.argument, &progress))
        t->stopped = true;
}

dg_status take_batch(dg_trainer *t, int64_t *rows)
{
    const dg_task *task = &t->options.task;
    int64_t begin = t->batch_done * t->batch_size, left = task->data->n_train - begin;
    int64_t count = left < t->batch_size ? left : t->batch_size;
    if (t->order_epoch != t->epoch) {
        const dg_random key = {.seed = task->seed, .stream = dg_random_stream("shuffle"), .step = (uint64_t)t->epoch};
        dg_random_permutation(&key, task->data->n_train, t->order);
        t->order_epoch = t->epoch;
    }
    batch_gather(&t->batch, training_rows(t), t->order, begin, count);
    if (rows)
        *rows = count;
    return follow_schedule(t, objective_now(t));
}

dg_status run_batch(dg_trainer *t, double *loss)
{
    objective *now = objective_now(t);
    int64_t count;
    DG_TRY(take_batch(t, &count));
    dg_plan_set_step(now->plan, t->step);
    DG_TRY(dg_plan_run(now->plan, t->batch.feeds, t->batch.n_feeds));
    DG_TRY(add_results(now->plan, &t->metrics, (int)(now - t->objectives), count, &t->sums, loss));
    return now->driven && isfinite(*loss) ? driven_step(t, now) : dg_ok();
}

static dg_status train_batch(dg_trainer *t, double *loss)
{
    DG_TRY(watch_step(t));
    DG_TRY(run_batch(t, loss));
    if (!isfinite(*loss))
        return diverged(t, isnan(*loss) ? "the loss is nan" : "the loss is infinite");
    if (!weights_are_finite(t, t->batch_done + 1 == t->batches))
        return diverged(t, "a parameter is not finite");
    t->step++;
    t->batch_done++;
    return dg_ok();
}

/* What the last step leaves has been looked at by no further step: one batch tells whether its loss is a number. */
static dg_status check_last_step(dg_trainer *t)
{
    const dg_dataset *data = t->options.task.data;
    dg_metrics metrics;
    int64_t count = data->n_train < t->batch.capacity ? data->n_train : t->batch.capacity;
    DG_TRY(evaluate_rows(t->evaluation_plan, &t->metrics, &t->batch, (dg_rows){data->train, count}, &metrics));
    if (isfinite(metrics.values[0]))
        return dg_ok();
    t->step--;
    t->batch_done--;
    return diverged(t, "the loss is not finite after the last step");
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static dg_status save(dg_trainer *t)
{
    DG_TRY(dg_trainer_save(t, t->checkpoint));
    t->good_is_saved = true;
    t->saved_at = seconds_now();
    return dg_ok();
}

/* What a run that diverges goes back to: the checkpoint, or, where it is too early for another, a copy in memory. */
static dg_status keep_state(dg_trainer *t)
{
    bool is_time = t->checkpoint && seconds_now() - t->saved_at >= t->options.checkpoint_seconds;
    return is_time ? save(t) : keep_good(t);
}

/* Validation, history, best weights, checkpoint. */
static dg_status finish_epoch(dg_trainer *t, const dg_metrics *train, dg_metrics *validation)
{
    const dg_dataset *data = t->options.task.data;
    DG_TRY(history_reserve(t, t->epoch + 1));
    double *row = (double *)t->history.data + t->epoch * t->n_columns;
    memcpy(row, train->values, (size_t)train->count * sizeof *row);
    DG_TRY(refit_layers(t));
    if (t->validation_column) {
        const dg_rows rows = {data->validation, data->n_validation};
        DG_TRY(evaluate_rows(t->evaluation_plan, &t->metrics, &t->batch, rows, validation));
        memcpy(row + t->validation_column, validation->values, (size_t)validation->count * sizeof *row);
    }
    row[t->n_columns - 1] = t->objectives[0].rate;
    t->epoch++;
    t->batch_done = 0;
    t->sums = (metric_sums){0};
    t->history.shape.dims[0] = t->epoch;
    find_best(t, t->epoch - 1);
    if (t->options.early_stopping && t->best_epoch == t->epoch - 1)
        DG_TRY(keep_best(t));
    return keep_state(t);
}

/* The first checkpoint, so that a run that is killed in its first epoch can be resumed too. */
static dg_status start(dg_trainer *t)
{
    if (t->started)
        return dg_ok();
    t->started = true;
    DG_TRY(health_check_start(t));
    return t->checkpoint ? save(t) : keep_good(t);
}

/* The end of training: the best weights, and the last checkpoint. */
static dg_status finish(dg_trainer *t)
{
    DG_TRY(trainer_finish(t));
    warn_of_mistakes(t);
    return t->checkpoint && !t->good_is_saved ? save(t) : dg_ok();
}

dg_status dg_trainer_step(dg_trainer *trainer, bool *done)
{
    double loss;
    REFUSE_NULL(trainer);
    REFUSE_NULL(done);
    dg_metrics train, validation = {0};
    DG_TRY(start(trainer));
    *done = trainer_is_done(trainer);
    if (*done)
        return finish(trainer);
    DG_TRY(health_check_parameters(trainer));
    DG_TRY(train_batch(trainer, &loss));
    if (trainer->batch_done < trainer->batches) {
        metrics_finish(&trainer->metrics, &trainer->sums, &train);
        report(trainer, loss, &train, NULL);
        return dg_ok();
    }
    if (trainer->epoch + 1 == trainer->epochs)
        DG_TRY(check_last_step(trainer));
    metrics_finish(&trainer->metrics, &trainer->sums, &train);
    DG_TRY(finish_epoch(trainer, &train, &validation));
    report(trainer, loss, &train, &validation);
    *done = trainer_is_done(trainer);
    return *done ? finish(trainer) : dg_ok();
}

dg_status dg_trainer_run(dg_trainer *trainer)
{
    bool done = false;
    REFUSE_NULL(trainer);
    trainer->stopped = false;
    while (!done) {
        DG_TRY(dg_trainer_step(trainer, &done));
        if (done || !(trainer->stopped || (trainer->options.stop && *trainer->options.stop)))
            continue;
        if (trainer->checkpoint && (trainer->batch_done > 0 || !trainer->good_is_saved))
            DG_TRY(dg_trainer_save(trainer, trainer->checkpoint));
        return dg_error(DG_INTERRUPTED, "stopped in epoch %lld of %lld after %lld of %lld batch(es)%s%s",
                        (long long)trainer->epoch + 1, (long long)trainer->epochs, (long long)trainer->batch_done,
                        (long long)trainer->batches, trainer->checkpoint ? "; saved in " : "",
                        trainer->checkpoint ? trainer->checkpoint : "");
    }
    return dg_ok();
}

dg_status dg_trainer_evaluate(dg_trainer *trainer, dg_rows rows, dg_metrics *metrics)
{
    REFUSE_NULL(trainer);
    REFUSE_NULL(metrics);
    *metrics = (dg_metrics){0};
    DG_TRY(rows_check_some(rows, trainer->sources.rows));
    return evaluate_rows(trainer->evaluation_plan, &trainer->metrics, &trainer->batch, rows, metrics);
}
