/* What a plan computes for each row by itself. */
#include "question.h"

#include "core/base/null.h"
#include "optim/batch/fields.h"

#include <stdlib.h>
#include <string.h>

dg_status question_run(const question *q, dg_node *const *fetch, int n_fetch, const dg_feed *more, int n_more,
                       dg_plan **plan)
{
    dg_fed_rows *fed = NULL;
    dg_feed *feeds = NULL;
    int count;
    dg_status status = dg_fed_rows_new(q->task, fetch, n_fetch, q->rows, &fed);
    if (status.code != DG_OK)
        return status;
    const dg_feed *rows = dg_fed_rows_feeds(fed, &count);
    feeds = calloc((size_t)(count + n_more) + 1, sizeof *feeds);
    if (!feeds) {
        status = dg_no_memory("%d feeds", count + n_more);
        goto done;
    }
    if (count)
        memcpy(feeds, rows, (size_t)count * sizeof *feeds);
    memcpy(feeds + count, more, (size_t)n_more * sizeof *feeds);
    status = dg_plan_new(q->task->graph,
                         &(dg_plan_options){.fetch = fetch,
                                            .n_fetch = n_fetch,
                                            .parameters = q->task->parameters,
                                            .threads = q->task->threads,
                                            .seed = q->task->seed,
                                            .memory_limit = q->task->memory_limit,
                                            .per_sample = true},
                         plan);
    if (status.code == DG_OK)
        status = dg_plan_run(*plan, feeds, count + n_more);
done:
    free(feeds);
    dg_fed_rows_free(fed);
    return status;
}

dg_status question_loss(const question *q, const double *answer, int64_t width, dg_tensor *losses)
{
    dg_type type = *dg_node_type(q->unit, 0);
    dg_tensor said;
    dg_plan *plan = NULL;
    if (type.shape.rank < 1)
        return dg_ok();
    type.shape.dims[0] = q->rows.count;
    if (dg_shape_count(&type.shape) != q->rows.count * width)
        return dg_ok();
    DG_TRY(dg_tensor_make(&said, type.dtype, type.shape));
    for (int64_t i = 0; i < q->rows.count * width; i++)
        dg_tensor_set(&said, i, answer[i % width]);
    dg_node *fetch[] = {q->task->loss};
    dg_status status = question_run(q, fetch, 1, &(dg_feed){.node = q->unit, .tensor = &said}, 1, &plan);
    if (status.code == DG_OK && dg_tensor_count(dg_plan_result(plan, 0)) == q->rows.count)
        status = dg_tensor_copy(losses, dg_plan_result(plan, 0));
    dg_plan_free(plan);
    dg_tensor_release(&said);
    return status;
}
