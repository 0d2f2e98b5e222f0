/* Loss and metrics over rows of a data set. */
#include "evaluate.h"
#include "core/base/null.h"
#include "judge.h"

#include <stdlib.h>
#include <string.h>

dg_status check_loss(const dg_node *loss)
{
    if (!loss)
        return dg_error(DG_BAD_ARGUMENT, "no loss node");
    const dg_type *type = dg_node_type(loss, 0);
    char text[DG_SHAPE_TEXT];
    if (dg_shape_count(&type->shape) == 1 && dg_dtype_is_float(type->dtype))
        return dg_ok();
    const dg_value *reduction = dg_node_attr(loss, "reduction");
    const char *remedy = !dg_dtype_is_float(type->dtype) ? ""
                         : reduction                     ? ": write reduction='mean'"
                                                         : ": a node op=mean behind it makes one";
    return dg_error(DG_BAD_SHAPE, "loss '%s' is %s %s, expected one number of a float type%s",
                    dg_node_name((dg_node *)(uintptr_t)loss), dg_dtype_name(type->dtype),
                    dg_graph_print_shape(dg_node_graph(loss), &type->shape, text, sizeof text), remedy);
}

dg_status fetch_list(const dg_task *task, const metric_set *set, int objective, dg_node *fetch[MAX_FETCH], int *n_fetch)
{
    *n_fetch = 0;
    if (objective <= 0) {
        DG_TRY(check_loss(task->loss));
        fetch[(*n_fetch)++] = task->loss;
        if (set->prediction) {
            fetch[(*n_fetch)++] = set->prediction;
            fetch[(*n_fetch)++] = set->target;
        }
    }
    for (int i = 1; i < set->count; i++) {
        if (!set->nodes[i] || (objective != ALL_OBJECTIVES && set->objective[i] != objective))
            continue;
        if (set->objective[i])
            DG_TRY(check_loss(set->nodes[i]));
        fetch[(*n_fetch)++] = set->nodes[i];
    }
    return dg_ok();
}

dg_status add_results(const dg_plan *plan, const metric_set *set, int objective, int64_t rows, metric_sums *sums,
                      double *loss)
{
    int next = 0;
    *loss = dg_tensor_get(dg_plan_result(plan, 0), 0);
    if (objective <= 0) {
        metrics_add_number(0, *loss, rows, sums);
        next = set->prediction ? 3 : 1;
        if (set->prediction)
            DG_TRY(metrics_add(set, dg_plan_result(plan, 1), dg_plan_result(plan, 2), sums));
    }
    for (int i = 1; i < set->count; i++)
        if (set->nodes[i] && (objective == ALL_OBJECTIVES || set->objective[i] == objective))
            metrics_add_number(i, dg_tensor_get(dg_plan_result(plan, next++), 0), rows, sums);
    return dg_ok();
}

/* The pass; where `all` is not NULL, the scores of each row too. */
static dg_status run_rows(dg_plan *plan, const metric_set *set, batch *into, dg_rows rows, metric_sums *sums,
                          judged *all)
{
    dg_plan_set_step(plan, 0); /* the same random numbers in every pass */
    for (int64_t begin = 0; begin < rows.count; begin += into->capacity) {
        int64_t count = rows.count - begin < into->capacity ? rows.count - begin : into->capacity;
        double loss;
        batch_gather(into, rows, NULL, begin, count);
        DG_TRY(dg_plan_run(plan, into->feeds, into->sources->count));
        DG_TRY(add_results(plan, set, ALL_OBJECTIVES, count, sums, &loss));
        if (all)
            DG_TRY(judged_add(all, set, dg_plan_result(plan, 1), dg_plan_result(plan, 2)));
    }
    return dg_ok();
}

dg_status evaluate_rows(dg_plan *plan, const metric_set *set, batch *into, dg_rows rows, dg_metrics *metrics)
{
    metric_sums sums = {0};
    judged all = {0};
    bool judges = metrics_judge(set) && rows.count > 0;
    dg_status status = run_rows(plan, set, into, rows, &sums, judges ? &all : NULL);
    if (status.code == DG_OK) {
        metrics_finish(set, &sums, metrics);
        status = judges ? metrics_put_judged(set, &all, metrics) : status;
    }
    judged_release(&all);
    return status;
}

/* ---- rows for plans of others ---- */

struct dg_fed_rows {
    field_sources sources;
    batch batch;
};

void dg_fed_rows_free(dg_fed_rows *fed)
{
    if (!fed)
        return;
    if (fed->batch.sources)
        batch_release(&fed->batch);
    fields_release(&fed->sources);
    free(fed);
}

dg_status dg_fed_rows_new(const dg_task *task, dg_node *const *nodes, int n_nodes, dg_rows rows, dg_fed_rows **fed)
{
    REFUSE_NULL(task);
    REFUSE_NULL(nodes);
    REFUSE_NULL(fed);
    *fed = NULL;
    DG_TRY(task_check(task, "feeding rows", TASK_DATA));
    dg_fed_rows *made = calloc(1, sizeof *made);
    if (!made)
        return dg_no_memory("rows to feed");
    dg_status status = fields_bind(task, nodes, n_nodes, &made->sources);
    if (status.code == DG_OK)
        status = rows_check(rows, made->sources.rows, "rows");
    if (status.code == DG_OK)
        status = batch_make(&made->batch, &made->sources, rows.count ? rows.count : 1, 0);
    if (status.code != DG_OK) {
        dg_fed_rows_free(made);
        return status;
    }
    batch_gather(&made->batch, rows, NULL, 0, rows.count);
    *fed = made;
    return status;
}

const dg_feed *dg_fed_rows_feeds(const dg_fed_rows *fed, int *count)
{
    if (count)
        *count = fed ? fed->sources.count : 0;
    return fed ? fed->batch.feeds : NULL;
}

/* What a pass over a task's rows works with. */
typedef struct pass {
    field_sources sources;
    batch batch;
    dg_plan *plan;
} pass;

static void pass_release(pass *p)
{
    dg_plan_free(p->plan);
    batch_release(&p->batch);
    fields_release(&p->sources);
}

static dg_status pass_make(pass *p, const dg_task *task, dg_rows rows, dg_node *const *fetch, int n_fetch)
{
    int64_t size = task->batch_size ? task->batch_size : DEFAULT_BATCH_SIZE;
    if (size < 0)
        return dg_error(DG_BAD_ARGUMENT, "batch_size is %lld, expected 1 or more", (long long)size);
    DG_TRY(fields_bind(task, fetch, n_fetch, &p->sources));
    DG_TRY(rows_check_some(rows, p->sources.rows));
    DG_TRY(batch_make(&p->batch, &p->sources, size < rows.count ? size : rows.count, 0));
    return dg_plan_new(task->graph,
                       &(dg_plan_options){.fetch = fetch,
                                          .n_fetch = n_fetch,
                                          .parameters = task->parameters,
                                          .threads = task->threads,
                                          .seed = task->seed,
                                          .memory_limit = task->memory_limit},
                       &p->plan);
}

dg_status dg_evaluate(const dg_task *task, dg_rows rows, dg_metrics *metrics)
{
    metric_set set;
    dg_node *fetch[MAX_FETCH];
    int n_fetch;
    REFUSE_NULL(task);
    REFUSE_NULL(metrics);
    *metrics = (dg_metrics){0};
    DG_TRY(task_check(task, "evaluation", TASK_LOSS | TASK_DATA));
    DG_TRY(metrics_choose(task, &set));
    DG_TRY(fetch_list(task, &set, ALL_OBJECTIVES, fetch, &n_fetch));
    pass p = {0};
    dg_status status = pass_make(&p, task, rows, fetch, n_fetch);
    if (status.code == DG_OK)
        status = evaluate_rows(p.plan, &set, &p.batch, rows, metrics);
    pass_release(&p);
    return status;
}

static dg_status fill_counts(const judged *all, dg_tensor *counts)
{
    int64_t classes = judged_classes(all);
    DG_TRY(dg_tensor_make(counts, DG_INT64, DG_SHAPE(classes, classes)));
    judged_count(all, counts->data);
    return dg_ok();
}

dg_status dg_confusion(const dg_task *task, dg_rows rows, dg_tensor *counts)
{
    metric_set set;
    metric_sums sums = {0};
    judged all = {0};
    dg_node *fetch[MAX_FETCH];
    int n_fetch;
    REFUSE_NULL(task);
    REFUSE_NULL(counts);
    *counts = (dg_tensor){0};
    DG_TRY(task_check(task, "confusion", TASK_DATA));
    dg_task judging = *task;
    judging.metrics = "f1_macro";
    DG_TRY(metrics_choose(&judging, &set));
    DG_TRY(fetch_list(&judging, &set, ALL_OBJECTIVES, fetch, &n_fetch));
    pass p = {0};
    dg_status status = pass_make(&p, &judging, rows, fetch, n_fetch);
    if (status.code == DG_OK)
        status = run_rows(p.plan, &set, &p.batch, rows, &sums, &all);
    if (status.code == DG_OK)
        status = fill_counts(&all, counts);
    judged_release(&all);
    pass_release(&p);
    return status;
}
