/* Making a trainer: a graph, a data set and an optimiser become two plans, one to train and one to evaluate. */
#include "trainer.h"
#include "core/base/null.h"
#include "objective.h"

#include "optim/fit/fit.h"
#include "optim/rules/rules.h"

#include <dotgrad/parameters.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_EPOCHS 10
#define FIRST_EPOCHS   1000 /* that the history has room for at first */
#define FIT_BLOCK      2048 /* rows that initialisers take at a time */

static dg_status check_options(const dg_trainer_options *options)
{
    const dg_task *task = &options->task;
    DG_TRY(task_check(task, "trainer", TASK_LOSS | TASK_PARAMETERS | TASK_DATA));
    if (options->epochs < 0 && options->epochs != DG_NONE)
        return dg_error(DG_BAD_ARGUMENT, "epochs is %lld, expected 1 or more, or DG_NONE for none",
                        (long long)options->epochs);
    if (task->batch_size < 0)
        return dg_error(DG_BAD_ARGUMENT, "batch_size is %lld, expected 1 or more", (long long)task->batch_size);
    if (!(options->clip_value >= 0) || !(options->clip_norm >= 0))
        return dg_error(DG_BAD_ARGUMENT, "clip_value is %g, clip_norm %g: expected numbers above 0, or 0 for none",
                        options->clip_value, options->clip_norm);
    if (!(options->checkpoint_seconds >= 0))
        return dg_error(DG_BAD_ARGUMENT, "checkpoint_seconds is %g, expected 0 or more", options->checkpoint_seconds);
    if (options->accumulate < 0)
        return dg_error(DG_BAD_ARGUMENT, "accumulate is %d, expected 1 or more batches", options->accumulate);
    if (options->early_stopping < 0)
        return dg_error(DG_BAD_ARGUMENT, "early_stopping is %lld, expected 1 or more epochs",
                        (long long)options->early_stopping);
    if (task->data->n_train < 1)
        return dg_error(DG_BAD_ARGUMENT, "the data set has no training rows: dg_dataset_split() deals them");
    if (task->data->of && !task->n_inputs)
        DG_TRY(dg_data_check(task->data->of, task->graph));
    if (options->early_stopping && task->data->n_validation < 1)
        return dg_error(DG_BAD_ARGUMENT, "early stopping (patience) needs validation rows, and the data set has none: "
                                         "keep a part of the training rows with "
                                         "validation=0.2");
    return dg_ok();
}

static dg_status copy_text(const char *text, char **copy)
{
    *copy = text ? strdup(text) : NULL;
    return text && !*copy ? dg_no_memory("a text") : dg_ok();
}

static dg_status take_options(dg_trainer *t, const dg_trainer_options *options)
{
    t->options = *options;
    t->options.resume = NULL;
    DG_TRY(copy_text(options->checkpoint, &t->checkpoint));
    DG_TRY(copy_text(options->graph_text, &t->graph_text));
    bool averages = options->average && strcmp(options->average, "none") != 0;
    DG_TRY(copy_text(averages ? options->average : NULL, &t->average));
    t->options.average = t->average;
    if ((options->groups ? strlen(options->groups) : 0) + (options->freeze ? strlen(options->freeze) : 0) > 2000)
        return dg_error(DG_BAD_ARGUMENT,
                        "groups and freeze have more than 2000 bytes: a checkpoint keeps them as notes");
    DG_TRY(copy_text(options->groups, &t->groups_text));
    DG_TRY(copy_text(options->freeze, &t->freeze));
    t->options.groups = t->groups_text;
    t->options.freeze = t->freeze;
    DG_TRY(dg_groups_parse(t->groups_text, t->freeze, &t->groups));
    t->options.checkpoint = t->checkpoint;
    t->options.graph_text = t->graph_text;
    DG_TRY(dg_optimizer_parse(options->optimizer ? options->optimizer : DG_DEFAULT_OPTIMIZER, &t->optimizer));
    DG_TRY(dg_schedule_parse(options->schedule ? options->schedule : DG_DEFAULT_SCHEDULE, &t->schedule));
    DG_TRY(objectives_take(t, options));
    DG_TRY(copy_text(options->monitor, &t->monitor_name));
    t->options.monitor = t->monitor_name;
    t->options.objectives = NULL; /* they are copied */
    t->epochs = options->epochs == DG_NONE ? 0 : options->epochs ? options->epochs : DEFAULT_EPOCHS;
    t->batch_size = options->task.batch_size ? options->task.batch_size : DEFAULT_BATCH_SIZE;
    int64_t rows = options->task.data->n_train;
    t->batches = options->drop_last ? rows / t->batch_size : 1 + (rows - 1) / t->batch_size;
    if (t->batches < 1)
        return dg_error(DG_BAD_ARGUMENT,
                        "drop_last leaves nothing: %lld training row(s) are fewer than a batch of %lld",
                        (long long)rows, (long long)t->batch_size);
    if (t->epochs && options->accumulate > t->batches * t->epochs)
        return dg_error(DG_BAD_ARGUMENT,
                        "accumulate is %d, but the training has %lld batch(es), %lld an epoch: no step would be taken",
                        options->accumulate, (long long)(t->batches * t->epochs), (long long)t->batches);
    t->order_epoch = t->best_epoch = -1;
    return dg_ok();
}

/* The last batch of an epoch may have fewer rows than an op takes its statistics of; known before the first step. */
static dg_status refuse_few_rows(const dg_trainer *t)
{
    const dg_task *task = &t->options.task;
    int64_t rows = task->data->n_train, size = t->batch_size < rows ? t->batch_size : rows;
    int64_t last = t->options.drop_last || rows % size == 0 ? size : rows % size;
    for (int64_t id = 0; id < dg_graph_node_count(task->graph); id++) {
        dg_node *node = dg_graph_node(task->graph, id);
        bool depends = false;
        if (last >= dg_node_least_rows(node))
            continue;
        DG_TRY(dg_depends(task->loss, 1, &node, &depends));
        if (depends)
            return dg_error(DG_BAD_ARGUMENT,
                            "%s '%s' takes its statistics of %lld rows or more, and %lld training row(s) in batches of "
                            "%lld end with %lld: drop_last=true, or another batch_size",
                            dg_node_op(node)->name, dg_node_name(node), (long long)dg_node_least_rows(node),
                            (long long)rows, (long long)size, (long long)last);
    }
    return dg_ok();
}

/* ---- initialisers that look at data ---- */

typedef struct training_feeds {
    dg_trainer *trainer;
    batch batch;
} training_feeds;

static dg_status feed_rows_of(void *argument, bool sampled, int64_t begin, int64_t count, const dg_feed **feeds,
                              int *n_feeds)
{
    training_feeds *f = argument;
    const dg_dataset *data = f->trainer->options.task.data;
    batch_gather(&f->batch, (dg_rows){data->train, data->n_train}, sampled ? f->trainer->order : NULL, begin, count);
    *feeds = f->batch.feeds;
    *n_feeds = f->batch.sources->count;
    return dg_ok();
}

/* Calls `fit` with the training rows; the sample is drawn by the seed. */
static dg_status with_rows(dg_trainer *t, dg_status (*fit)(dg_trainer *, const fit_rows *))
{
    int64_t rows = t->options.task.data->n_train;
    int64_t sample = rows < FIT_ROWS ? rows : FIT_ROWS, block = rows < FIT_BLOCK ? rows : FIT_BLOCK;
    const dg_random key = {.seed = t->options.task.seed, .stream = dg_random_stream("fit")};
    training_feeds f = {.trainer = t};
    dg_random_permutation(&key, rows, t->order);
    t->order_epoch = -1;
    DG_TRY(batch_make(&f.batch, &t->sources, sample > block ? sample : block, 0));
    dg_status status = fit(t, &(fit_rows){rows, sample, block, &f, feed_rows_of});
    batch_release(&f.batch);
    return status;
}

static dg_status fit_missing(dg_trainer *t, const fit_rows *rows)
{
    const dg_task *task = &t->options.task;
    return fit_parameters(task->parameters, task->graph, rows, task->seed, task->threads);
}

static dg_status fit_refitted(dg_trainer *t, const fit_rows *rows)
{
    const dg_task *task = &t->options.task;
    return fit_again(task->parameters, task->graph, rows, t->refit, t->epoch, task->seed, task->threads);
}

/* Makes what parameters are missing; those that look at data see training rows. */
static dg_status make_parameters(dg_trainer *t)
{
    const dg_task *task = &t->options.task;
    if (!fit_is_needed(task->parameters, task->graph))
        return dg_parameters_init(task->parameters, task->graph, task->seed);
    return with_rows(t, fit_missing);
}

dg_status refit_layers(dg_trainer *t)
{
    return t->refit ? with_rows(t, fit_refitted) : dg_ok();
}

/* Which layers are fitted again after each epoch. */
static bool mark_refitted_by(dg_trainer *t, const char *pattern)
{
    dg_graph *graph = t->options.task.graph;
    bool any = false;
    for (int64_t id = 0; id < dg_graph_node_count(graph); id++) {
        dg_node *node = dg_graph_node(graph, id), *layer = dg_node_owner(node);
        const dg_value *init = dg_node_attr(node, "init");
        if (dg_node_op(node)->role != DG_ROLE_PARAMETER || !layer || !init || !dg_init_needs_data(init) ||
            !node_matches(layer, pattern))
            continue;
        t->refit[dg_node_id(layer)] = any = true;
    }
    return any;
}

static dg_status mark_refitted(dg_trainer *t)
{
    int64_t count = dg_graph_node_count(t->options.task.graph);
    const char *layers = t->options.refit;
    if (!layers || !layers[0])
        return dg_ok();
    char *list = strdup(layers), *rest = NULL;
    t->refit = calloc((size_t)count + 1, sizeof *t->refit);
    dg_status status = t->refit && list ? dg_ok() : dg_no_memory("a mark for %lld nodes", (long long)count);
    for (char *pattern = list ? strtok_r(list, ", ", &rest) : NULL; status.code == DG_OK && pattern;
         pattern = strtok_r(NULL, ", ", &rest))
        if (!mark_refitted_by(t, pattern))
            status = dg_error(DG_BAD_ARGUMENT,
                              "refit: no layer of '%s' has an initialiser that looks at data: give it one "
                              "(init=kmeans, init=ridge, …), or leave refit out",
                              pattern);
    free(list);
    return status;
}

/* The history grows as epochs are done, not as they are asked for. */
dg_status history_reserve(dg_trainer *t, int64_t epochs)
{
    dg_tensor larger;
    if (epochs <= t->history_room)
        return dg_ok();
    int64_t room = epochs < 2 * t->history_room ? 2 * t->history_room : epochs;
    DG_TRY(dg_tensor_make(&larger, DG_FLOAT64, DG_SHAPE(room, t->n_columns)));
    larger.shape.dims[0] = t->history.data ? t->history.shape.dims[0] : 0;
    if (dg_tensor_bytes(&larger))
        memcpy(larger.data, t->history.data, dg_tensor_bytes(&larger));
    dg_tensor_release(&t->history);
    t->history = larger;
    t->history_room = room;
    return dg_ok();
}

/* The column of that name, validation's where there is validation; the loss where none is named. */
static dg_status choose_monitor(dg_trainer *t)
{
    const char *name = t->options.monitor;
    char known[300] = "";
    size_t used = 0;
    t->monitor = t->validation_column;
    if (!name || !name[0])
        return dg_ok();
    const char *plain = strncmp(name, "validation_", 11) == 0 ? name + 11 : name;
    for (int i = 0; i < t->metrics.count; i++) {
        used = dg_text_append(known, sizeof known, used, "%s%s", i ? ", " : "", metric_name(&t->metrics, i));
        if (strcmp(metric_name(&t->metrics, i), plain) != 0)
            continue;
        t->monitor = t->validation_column + i;
        t->monitor_rises = dg_metric_rises(plain);
        return dg_ok();
    }
    return dg_error(DG_BAD_ARGUMENT, "monitor is '%s', which is not a metric of this training; there are %s", name,
                    known);
}

static dg_status make_history(dg_trainer *t)
{
    int n = 0;
    for (int i = 0; i < t->metrics.count; i++)
        snprintf(t->columns[n++], sizeof t->columns[0], "%s", metric_name(&t->metrics, i));
    if (t->options.task.data->n_validation)
        t->validation_column = n;
    for (int i = 0; t->validation_column && i < t->metrics.count; i++)
        snprintf(t->columns[n++], sizeof t->columns[0], "validation_%s", metric_name(&t->metrics, i));
    snprintf(t->columns[n++], sizeof t->columns[0], "lr");
    t->n_columns = n;
    DG_TRY(choose_monitor(t));
    return history_reserve(t, t->epochs < 1 ? 1 : t->epochs < FIRST_EPOCHS ? t->epochs : FIRST_EPOCHS);
}

/* ---- the memory limit: one sum of parameters, state, data, plans and what optimisers take ---- */

size_t memory_rest(const dg_trainer *t)
{
    size_t limit = t->options.task.memory_limit;
    return !limit ? 0 : t->taken < limit ? limit - t->taken : 1;
}

dg_status memory_take(dg_trainer *t, double bytes, const char *what)
{
    size_t limit = t->options.task.memory_limit;
    if (limit && (double)t->taken + bytes > (double)limit)
        return dg_error(DG_NO_MEMORY,
                        "%s takes %.0f bytes beside %zu of parameters, state, data and plans, the limit is %zu", what,
                        bytes, t->taken, limit);
    t->taken += bytes < (double)(SIZE_MAX / 2) ? (size_t)bytes : SIZE_MAX / 2;
    return dg_ok();
}

dg_status memory_prepare(dg_trainer *t, dg_plan *plan, const dg_feed *feeds, int n_feeds)
{
    dg_status status = dg_plan_prepare(plan, feeds, n_feeds);
    if (status.code == DG_NO_MEMORY && t->options.task.memory_limit)
        return dg_prefixed(status, "beside %zu bytes of parameters, state, data and other plans, of %zu in all",
                           t->taken, t->options.task.memory_limit);
    t->taken += dg_plan_cost_of(plan).arena_bytes;
    return status;
}

/* What does not fit, in shape or in memory, is refused before anything is trained or written. */
static dg_status make_plans(dg_trainer *t)
{
    const dg_task *task = &t->options.task;
    dg_node *fetch[MAX_FETCH];
    dg_plan_options plan = {
        .fetch = fetch, .parameters = task->parameters, .threads = task->threads, .seed = task->seed, .training = true};
    int64_t count = task->data->n_train < t->batch.capacity ? task->data->n_train : t->batch.capacity;
    batch_gather(&t->batch, (dg_rows){task->data->train, task->data->n_train}, NULL, 0, count);
    for (int k = 0; k < t->n_objectives; k++) {
        objective *o = &t->objectives[k];
        DG_TRY(fetch_list(task, &t->metrics, k, fetch, &plan.n_fetch));
        if (k > 0 && t->sources.count)
            fetch[plan.n_fetch++] = t->sources.at[0].input; /* tells the size of the batch to noise of [N, 16] */
        plan.updates = o->updates;
        plan.n_updates = o->n_updates;
        plan.memory_limit = memory_rest(t);
        if (o->driven) {
            DG_TRY(driven_plan(t, o, fetch, plan.n_fetch));
            continue;
        }
        DG_TRY(dg_plan_new(task->graph, &plan, &o->plan));
        DG_TRY(memory_prepare(t, o->plan, t->batch.feeds, t->batch.n_feeds));
    }
    DG_TRY(fetch_list(task, &t->metrics, ALL_OBJECTIVES, fetch, &plan.n_fetch));
    plan.updates = NULL;
    plan.n_updates = 0;
    plan.training = false;
    plan.memory_limit = memory_rest(t);
    DG_TRY(dg_plan_new(task->graph, &plan, &t->evaluation_plan));
    return memory_prepare(t, t->evaluation_plan, t->batch.feeds, t->sources.count);
}

/* What is held beside the plans' arenas counts against the limit, before it is allocated. */
static dg_status check_memory(dg_trainer *t)
{
    const dg_task *task = &t->options.task;
    size_t data = tensors_bytes(task->data->fields), bytes, parameters = 0;
    for (int64_t id = 0; task->memory_limit && id < dg_graph_node_count(task->graph); id++) {
        dg_node *node = dg_graph_node(task->graph, id);
        const dg_type *type = dg_node_type(node, 0);
        if (dg_node_op(node)->role != DG_ROLE_PARAMETER)
            continue;
        DG_TRY(dg_shape_bytes(&type->shape, type->dtype, &bytes));
        if (__builtin_add_overflow(parameters, bytes, &parameters))
            parameters = SIZE_MAX;
    }
    if (__builtin_add_overflow(parameters, data, &t->taken))
        t->taken = SIZE_MAX;
    if (task->memory_limit && t->taken >= task->memory_limit)
        return dg_error(DG_NO_MEMORY,
                        "parameters and the optimizer's state take %zu byte(s), the data %zu, the limit is %zu",
                        parameters, data, task->memory_limit);
    return dg_ok();
}

/* The data of all that is fetched, and of what the graph's own assignments write. */
static dg_status bind_fields(dg_trainer *t)
{
    const dg_task *task = &t->options.task;
    dg_node *fetch[MAX_FETCH], **nodes;
    int n;
    DG_TRY(fetch_list(task, &t->metrics, ALL_OBJECTIVES, fetch, &n));
    nodes = dg_arena_alloc(dg_graph_arena(task->graph), (size_t)(n + t->options.n_updates) * sizeof *nodes);
    if (!nodes)
        return dg_no_memory("%d updates", t->options.n_updates);
    memcpy(nodes, fetch, (size_t)n * sizeof *nodes);
    for (int k = 0; k < t->options.n_updates; k++)
        nodes[n++] = t->options.updates[k];
    return fields_bind(task, nodes, n, &t->sources);
}

static dg_status check_updates(const dg_trainer_options *options)
{
    for (int k = 0; k < options->n_updates; k++) {
        const dg_node *node = options->updates ? options->updates[k] : NULL;
        if (!node || dg_node_op(node)->role != DG_ROLE_ASSIGN)
            return dg_error(DG_BAD_ARGUMENT, "trainer: update %d is %s, expected an assign node", k,
                            node ? dg_node_op(node)->name : "NULL");
    }
    return options->n_objectives < 0 || (options->n_objectives && !options->objectives)
               ? dg_error(DG_BAD_ARGUMENT, "trainer: the list of %d objectives is NULL", options->n_objectives)
               : dg_ok();
}

static dg_status build(dg_trainer *t, const dg_trainer_options *options)
{
    const dg_task *task = &t->options.task;
    DG_TRY(take_options(t, options));
    t->states = options->resume ? options->resume : task->parameters;
    DG_TRY(refuse_few_rows(t));
    DG_TRY(metrics_choose(task, &t->metrics));
    for (int k = 1; k < t->n_objectives; k++)
        DG_TRY(metrics_add_loss(&t->metrics, t->objectives[k].loss, k));
    DG_TRY(bind_fields(t));
    DG_TRY(rows_check((dg_rows){task->data->train, task->data->n_train}, t->sources.rows, "training rows"));
    DG_TRY(rows_check((dg_rows){task->data->validation, task->data->n_validation}, t->sources.rows, "validation rows"));
    DG_TRY(batch_make(&t->batch, &t->sources, t->batch_size < t->sources.rows ? t->batch_size : t->sources.rows,
                      objective_feeds(t)));
    t->order = calloc((size_t)task->data->n_train, sizeof *t->order);
    if (!t->order)
        return dg_no_memory("the order of %lld rows", (long long)task->data->n_train);
    DG_TRY(make_history(t));
    DG_TRY(mark_refitted(t));
    DG_TRY(graph_text_make(t));
    bool emitting = dg_graph_emit(t->options.task.graph, true);
    dg_status status = objectives_emit(t);
    if (status.code == DG_OK)
        status = watch_emit(t);
    dg_graph_emit(t->options.task.graph, emitting);
    DG_TRY(status);
    DG_TRY(check_memory(t));
    if (options->resume) {
        status = checkpoint_restore(t, options->resume);
        if (status.code != DG_OK)
            return dg_prefixed(status, "resuming");
    }
    DG_TRY(make_parameters(t));
    DG_TRY(objectives_check_ranges(t));
    DG_TRY(health_prepare(t));
    DG_TRY(make_plans(t));
    warn_of_unseen(t);
    return watch_plan(t);
}

dg_status dg_trainer_new(const dg_trainer_options *options, dg_trainer **trainer)
{
    REFUSE_NULL(options);
    REFUSE_NULL(trainer);
    *trainer = NULL;
    DG_TRY(check_options(options));
    DG_TRY(check_updates(options));
    DG_TRY(checkpoint_check_names(&options->task, options->extra));
    dg_trainer *t = calloc(1, sizeof *t);
    if (!t)
        return dg_no_memory("a trainer");
    const dg_graph_point before = dg_graph_mark(options->task.graph);
    dg_status status = build(t, options);
    if (status.code != DG_OK) {
        dg_trainer_free(t);
        return dg_graph_undo(options->task.graph, before, status);
    }
    *trainer = t;
    return status;
}

void dg_trainer_free(dg_trainer *t)
{
    if (!t)
        return;
    watch_release(t);
    objectives_release(t);
    dg_plan_free(t->evaluation_plan);
    if (t->batch.sources)
        batch_release(&t->batch);
    fields_release(&t->sources);
    health_release(t);
    dg_tensor_release(&t->history);
    dg_schedule_release(&t->schedule);
    free(t->losses);
    free(t->refit);
    dg_tensors_free(t->best);
    dg_tensors_free(t->last);
    free(t->order);
    free(t->checkpoint);
    free(t->graph_text);
    free(t->average);
    free(t->groups_text);
    free(t->freeze);
    free(t->monitor_name);
    for (int k = 0; k < t->n_warnings; k++)
        free(t->warnings[k]);
    dg_groups_release(&t->groups);
    free(t);
}

const dg_tensor *dg_trainer_history(const dg_trainer *trainer)
{
    return trainer ? &trainer->history : NULL;
}

const char *dg_trainer_history_column(const dg_trainer *trainer, int64_t column)
{
    return trainer && column >= 0 && column < trainer->n_columns ? trainer->columns[column] : NULL;
}

dg_plan_cost dg_trainer_cost(const dg_trainer *trainer)
{
    return dg_plan_cost_of(trainer ? trainer->objectives[0].plan : NULL);
}
