/* Training itself: batches, epochs, early stopping. */
#include "trainer.h"

#include <math.h>
#include <string.h>

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

void find_best(dg_trainer *t)
{
    const double *history = t->history.data;
    t->best_epoch = -1;
    for (int64_t e = 0; t->options.early_stopping && e < t->epoch; e++) {
        double loss = history[e * t->n_columns + t->validation_column];
        if (!isnan(loss) && (t->best_epoch < 0 || loss < history[t->best_epoch * t->n_columns + t->validation_column]))
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
                            .lr = t->rate,
                            .batch_loss = batch_loss,
                            .train = *train,
                            .best = epoch_done && t->best_epoch == t->epoch - 1};
    if (validation)
        progress.validation = *validation;
    if (!t->options.progress(t->options.argument, &progress))
        t->stopped = true;
}

/* One batch through the training plan. */
static dg_status train_batch(dg_trainer *t, double *loss)
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
    t->rate = dg_schedule_rate(&t->schedule, t->optimizer.lr, t->step, (uint64_t)t->batches, (uint64_t)t->epochs);
    dg_plan_set_step(t->train_plan, t->step);
    DG_TRY(dg_plan_run(t->train_plan, t->batch.feeds, t->batch.n_feeds));
    DG_TRY(add_results(t->train_plan, &t->metrics, count, &t->sums, loss));
    if (!isfinite(*loss))
        return dg_error(DG_NUMERIC,
                        "the loss is %s in epoch %lld, step %lld of %lld; try a smaller learning rate or clip_norm",
                        isnan(*loss) ? "nan" : "infinite", (long long)t->epoch + 1, (long long)t->batch_done + 1,
                        (long long)t->batches);
    t->step++;
    t->batch_done++;
    return dg_ok();
}

/* Validation, history, best weights, checkpoint. */
static dg_status finish_epoch(dg_trainer *t, const dg_metrics *train, dg_metrics *validation)
{
    const dg_dataset *data = t->options.task.data;
    double *row = (double *)t->history.data + t->epoch * t->n_columns;
    memcpy(row, train->values, (size_t)train->count * sizeof *row);
    if (t->validation_column) {
        const dg_rows rows = {data->validation, data->n_validation};
        DG_TRY(evaluate_rows(t->evaluation_plan, &t->metrics, &t->batch, rows, validation));
        memcpy(row + t->validation_column, validation->values, (size_t)validation->count * sizeof *row);
    }
    row[t->n_columns - 1] = t->rate;
    t->epoch++;
    t->batch_done = 0;
    t->sums = (metric_sums){0};
    t->history.shape.dims[0] = t->epoch;
    find_best(t);
    if (t->options.early_stopping && t->best_epoch == t->epoch - 1)
        DG_TRY(keep_best(t));
    return t->checkpoint ? dg_trainer_save(t, t->checkpoint) : dg_ok();
}

/* The first checkpoint, so that a run that is killed in its first epoch can be resumed too; and that of a run that was
 * resumed at its very end. */
static dg_status start(dg_trainer *t)
{
    if (t->started)
        return dg_ok();
    t->started = true;
    return t->checkpoint && (t->step == 0 || trainer_is_done(t)) ? dg_trainer_save(t, t->checkpoint) : dg_ok();
}

dg_status dg_trainer_step(dg_trainer *t, bool *done)
{
    double loss;
    dg_metrics train, validation = {0};
    DG_TRY(start(t));
    *done = trainer_is_done(t);
    if (*done)
        return trainer_finish(t);
    DG_TRY(train_batch(t, &loss));
    metrics_finish(&t->metrics, &t->sums, &train);
    if (t->batch_done < t->batches) {
        report(t, loss, &train, NULL);
        return dg_ok();
    }
    DG_TRY(finish_epoch(t, &train, &validation));
    report(t, loss, &train, &validation);
    *done = trainer_is_done(t);
    return *done ? trainer_finish(t) : dg_ok();
}

dg_status dg_trainer_run(dg_trainer *t)
{
    bool done = false;
    t->stopped = false;
    while (!done) {
        DG_TRY(dg_trainer_step(t, &done));
        if (done || !(t->stopped || (t->options.stop && *t->options.stop)))
            continue;
        if (t->checkpoint && t->batch_done > 0)
            DG_TRY(dg_trainer_save(t, t->checkpoint));
        return dg_error(DG_INTERRUPTED, "stopped in epoch %lld of %lld after %lld of %lld batches%s%s",
                        (long long)t->epoch + 1, (long long)t->epochs, (long long)t->batch_done, (long long)t->batches,
                        t->checkpoint ? "; saved in " : "", t->checkpoint ? t->checkpoint : "");
    }
    return dg_ok();
}

dg_status dg_trainer_evaluate(dg_trainer *t, dg_rows rows, dg_metrics *metrics)
{
    *metrics = (dg_metrics){0};
    DG_TRY(rows_check(rows, t->sources.rows, "rows"));
    return evaluate_rows(t->evaluation_plan, &t->metrics, &t->batch, rows, metrics);
}
