/* Values of a node for rows of data, again and again and from several threads: plans are kept, one for each caller of
 * the moment. Making and binding plans is done by one thread at a time; running them is not. */
#include "core/base/null.h"
#include "core/graph/graph.h"
#include "evaluate.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define SIZES 8 /* batch sizes that a plan is known to be bound to */

typedef struct idle_plan {
    dg_plan *plan;
    dg_shape bound[SIZES]; /* of the first feed */
    int n_bound, next;
    struct idle_plan *rest;
} idle_plan;

struct dg_predictor {
    dg_task task;
    dg_node *node;
    pthread_mutex_t lock;
    idle_plan *idle;
};

dg_status dg_predictor_new(const dg_task *task, dg_node *node, dg_predictor **predictor)
{
    REFUSE_NULL(task);
    REFUSE_NULL(predictor);
    *predictor = NULL;
    DG_TRY(task_check(task, "predictor", 0));
    REFUSE_NULL(node);
    if (dg_node_graph(node) != task->graph)
        return dg_error(DG_BAD_ARGUMENT, "the node to predict, '%s', is of another graph", dg_node_name(node));
    if (task->batch_size < 0)
        return dg_error(DG_BAD_ARGUMENT, "batch_size is %lld, expected 1 or more", (long long)task->batch_size);
    dg_predictor *made = calloc(1, sizeof *made);
    if (!made)
        return dg_no_memory("a predictor");
    made->task = *task;
    made->node = node;
    pthread_mutex_init(&made->lock, NULL);
    *predictor = made;
    return dg_ok();
}

void dg_predictor_free(dg_predictor *predictor)
{
    if (!predictor)
        return;
    for (idle_plan *idle = predictor->idle, *rest; idle; idle = rest) {
        rest = idle->rest;
        dg_plan_free(idle->plan);
        free(idle);
    }
    pthread_mutex_destroy(&predictor->lock);
    free(predictor);
}

static dg_status make_plan(dg_predictor *p, idle_plan **taken)
{
    idle_plan *made = calloc(1, sizeof *made);
    if (!made)
        return dg_no_memory("a predictor");
    dg_status status = dg_plan_new(p->task.graph,
                                   &(dg_plan_options){.fetch = &p->node,
                                                      .n_fetch = 1,
                                                      .parameters = p->task.parameters,
                                                      .threads = p->task.threads,
                                                      .seed = p->task.seed,
                                                      .memory_limit = p->task.memory_limit},
                                   &made->plan);
    if (status.code == DG_OK)
        *taken = made;
    else
        free(made);
    return status;
}

static dg_status take_plan(dg_predictor *p, idle_plan **taken)
{
    dg_status status = dg_ok();
    pthread_mutex_lock(&p->lock);
    *taken = p->idle;
    if (p->idle)
        p->idle = p->idle->rest;
    else
        status = make_plan(p, taken);
    pthread_mutex_unlock(&p->lock);
    return status;
}

static void give_plan(dg_predictor *p, idle_plan *taken)
{
    pthread_mutex_lock(&p->lock);
    taken->rest = p->idle;
    p->idle = taken;
    pthread_mutex_unlock(&p->lock);
}

/* Binds the plan to the sizes of the feeds, where it is not bound to them yet. */
static dg_status bind(dg_predictor *p, const dg_dataset *data, idle_plan *taken, const dg_feed *feeds, int n_feeds)
{
    const dg_shape sizes = n_feeds ? feeds[0].tensor->shape : dg_scalar();
    for (int k = 0; k < taken->n_bound; k++)
        if (dg_shape_equal(&taken->bound[k], &sizes))
            return dg_ok();
    pthread_mutex_lock(&p->lock);
    dg_status status = dg_plan_prepare(taken->plan, feeds, n_feeds);
    pthread_mutex_unlock(&p->lock);
    size_t limit = p->task.memory_limit, beside = tensors_bytes(data->fields) + tensors_bytes(p->task.parameters);
    if (status.code == DG_OK && limit && dg_plan_cost_of(taken->plan).arena_bytes + beside > limit)
        status =
            dg_error(DG_NO_MEMORY, "the plan needs %zu byte(s) beside %zu of parameters and data, the limit is %zu",
                     dg_plan_cost_of(taken->plan).arena_bytes, beside, limit);
    if (status.code != DG_OK)
        return status;
    taken->bound[taken->next] = sizes;
    taken->next = (taken->next + 1) % SIZES;
    taken->n_bound += taken->n_bound < SIZES;
    return status;
}

/* Puts one batch's values into the whole result, which the first batch makes. */
static dg_status keep_values(dg_node *node, const dg_tensor *values, dg_rows rows, int64_t begin, int64_t count,
                             dg_tensor *result)
{
    dg_shape shape = values->shape;
    if (shape.rank == 0 || shape.dims[0] != count) {
        char text[DG_SHAPE_TEXT];
        return dg_error(DG_BAD_SHAPE, "node '%s' is %s for a batch of %lld, expected a value for each row",
                        dg_node_name(node), dg_shape_print(&shape, text, sizeof text), (long long)count);
    }
    shape.dims[0] = rows.count;
    if (begin == 0)
        DG_TRY(dg_tensor_make(result, values->dtype, shape));
    size_t row = dg_tensor_bytes(values) / (size_t)count;
    memcpy((char *)result->data + (size_t)begin * row, values->data, dg_tensor_bytes(values));
    return dg_ok();
}

static dg_status run_batches(dg_predictor *p, const dg_dataset *data, idle_plan *taken, batch *into, dg_rows rows,
                             dg_tensor *result)
{
    int n_feeds = into->sources->count;
    dg_plan_set_step(taken->plan, 0); /* the same random numbers in every call */
    for (int64_t begin = 0; begin < rows.count; begin += into->capacity) {
        int64_t count = rows.count - begin < into->capacity ? rows.count - begin : into->capacity;
        batch_gather(into, rows, NULL, begin, count);
        DG_TRY(bind(p, data, taken, into->feeds, n_feeds));
        DG_TRY(dg_plan_run(taken->plan, into->feeds, n_feeds));
        DG_TRY(keep_values(p->node, dg_plan_result(taken->plan, 0), rows, begin, count, result));
    }
    return dg_ok();
}

dg_status dg_predictor_run(dg_predictor *predictor, const dg_dataset *data, dg_rows rows, dg_tensor *result)
{
    REFUSE_NULL(predictor);
    dg_task task = predictor->task;
    field_sources sources = {0};
    batch into = {0};
    idle_plan *taken = NULL;
    REFUSE_NULL(data);
    REFUSE_NULL(result);
    *result = (dg_tensor){0};
    if (rows.count < 1)
        return dg_error(DG_BAD_ARGUMENT, "no rows to predict for");
    task.data = data;
    int64_t size = task.batch_size ? task.batch_size : DEFAULT_BATCH_SIZE;
    pthread_mutex_lock(&task.graph->lock); /* a plan that is being made in another thread adds nodes to the graph */
    dg_status status = fields_bind(&task, &predictor->node, 1, &sources);
    pthread_mutex_unlock(&task.graph->lock);
    if (status.code == DG_OK)
        status = rows_check(rows, sources.rows, "rows");
    if (status.code == DG_OK)
        status = batch_make(&into, &sources, size < rows.count ? size : rows.count, 0);
    if (status.code == DG_OK)
        status = take_plan(predictor, &taken);
    if (status.code == DG_OK)
        status = run_batches(predictor, data, taken, &into, rows, result);
    if (taken)
        give_plan(predictor, taken);
    batch_release(&into);
    fields_release(&sources);
    if (status.code != DG_OK)
        dg_tensor_release(result);
    return status;
}

dg_status dg_predict(const dg_task *task, dg_node *node, dg_rows rows, dg_tensor *result)
{
    dg_predictor *predictor;
    REFUSE_NULL(task);
    REFUSE_NULL(result);
    *result = (dg_tensor){0};
    DG_TRY(dg_predictor_new(task, node, &predictor));
    dg_status status = dg_predictor_run(predictor, task->data, rows, result);
    dg_predictor_free(predictor);
    return status;
}
