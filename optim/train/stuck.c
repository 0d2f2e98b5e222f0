/* Training that has come to a point where every derivative is exactly 0, though the loss is not: all units of a layer
 * are off for all rows, or a function on the way is flat. */
#include "trainer.h"

#include <math.h>
#include <stdlib.h>

#define LEAST_LOSS 1e-6 /* below it, what there was to learn is learnt */

/* The loss, and whether all derivatives by the parameters are 0, on rows of the data. */
static dg_status measure(const dg_task *task, dg_rows rows, dg_node **fetch, int n_fetch, double *loss, bool *are_zero)
{
    dg_fed_rows *fed;
    dg_plan *plan = NULL;
    int count;
    *are_zero = true;
    DG_TRY(dg_fed_rows_new(task, fetch, n_fetch, rows, &fed));
    const dg_feed *feeds = dg_fed_rows_feeds(fed, &count);
    dg_status status = dg_plan_new(task->graph,
                                   &(dg_plan_options){.fetch = fetch,
                                                      .n_fetch = n_fetch,
                                                      .parameters = task->parameters,
                                                      .threads = task->threads,
                                                      .seed = task->seed,
                                                      .training = true,
                                                      .memory_limit = task->memory_limit},
                                   &plan);
    if (status.code == DG_OK)
        status = dg_plan_run(plan, feeds, count);
    for (int k = 1; k < n_fetch && status.code == DG_OK && *are_zero; k++) {
        const dg_tensor *slope = dg_plan_result(plan, k);
        for (int64_t i = 0; i < dg_tensor_count(slope) && *are_zero; i++)
            *are_zero = dg_tensor_get(slope, i) == 0;
    }
    *loss = status.code == DG_OK ? dg_tensor_get(dg_plan_result(plan, 0), 0) : NAN;
    dg_plan_free(plan);
    dg_fed_rows_free(fed);
    return status;
}

/* Column 0 of the history is the loss of each epoch's training. */
static bool stands_still(const dg_trainer *trainer)
{
    const dg_tensor *history = dg_trainer_history(trainer);
    int64_t epochs = history->shape.dims[0], columns = history->shape.dims[1];
    if (epochs < 2)
        return false;
    double last = dg_tensor_get(history, (epochs - 1) * columns),
           before = dg_tensor_get(history, (epochs - 2) * columns);
    return fabs(last - before) <= 1e-6 * fabs(last);
}

void warn_of_stuck(dg_trainer *t, const dg_task *task, dg_rows rows)
{
    dg_node *const *parameters;
    int count;
    double loss = NAN;
    bool are_zero = false;
    if (!stands_still(t) || rows.count < 1 || dg_trainable_parameters(task->loss, &parameters, &count).code != DG_OK ||
        !count)
        return;
    dg_node **fetch = calloc((size_t)count + 1, sizeof(dg_node *));
    rows.count = rows.count < task->batch_size ? rows.count : task->batch_size;
    bool emitting = dg_graph_emit(task->graph, true);
    dg_status status =
        fetch ? dg_grad(task->loss, count, parameters, fetch + 1) : dg_no_memory("%d derivatives", count);
    dg_graph_emit(task->graph, emitting);
    if (status.code == DG_OK) {
        fetch[0] = task->loss;
        status = measure(task, rows, fetch, count + 1, &loss, &are_zero);
    }
    free(fetch);
    if (status.code == DG_OK && are_zero && fabs(loss) > LEAST_LOSS)
        trainer_warn(t,
                     "'%s' is %.4g, but every derivative of it is 0 on %lld training rows, so that nothing is learnt: "
                     "all units of a layer are off (--watch dead shows them), or a function on the way is flat",
                     dg_node_name(task->loss), loss, (long long)rows.count);
}
