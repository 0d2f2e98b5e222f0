/* Checkpoints: all that a run needs to go on bit for bit, in one set of tensors and notes. */
#include "core/base/null.h"
#include "trainer.h"

#include "core/graph/graph.h"

#include <dotgrad/argument.h>

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_SIZE 512
#define NOTE_SIZE 2048

static bool has_prefix(const char *name, const char *prefix)
{
    return strncmp(name, prefix, strlen(prefix)) == 0;
}

bool is_weight(dg_node *node)
{
    return dg_node_op(node)->role == DG_ROLE_PARAMETER && !has_prefix(dg_node_name(node), "optimizer/");
}

static dg_status check_extra(const dg_tensors *extra, const char *name)
{
    return extra && dg_tensors_find(extra, name)
               ? dg_error(DG_BAD_ARGUMENT, "extra has a tensor '%s', as a parameter is called: it would take its place",
                          name)
               : dg_ok();
}

/* Parameters stand in a checkpoint under their names, beside what a trainer and its caller keep there. */
dg_status checkpoint_check_names(const dg_task *task, const dg_tensors *extra)
{
    static const char *const kept[] = {"optimizer/", "trainer/", "best/"};
    dg_tensors *data;
    DG_TRY(dg_tensors_new(&data));
    dg_status status = task->data->of ? dg_data_keep(task->data->of, data) : dg_ok();
    for (int64_t id = 0; id < dg_graph_node_count(task->graph) && status.code == DG_OK; id++) {
        dg_node *node = dg_graph_node(task->graph, id);
        if (dg_node_op(node)->role != DG_ROLE_PARAMETER || dg_node_is_emitted(node))
            continue;
        const char *name = dg_node_name(node);
        bool is_taken = dg_tensors_find(data, name) != NULL;
        for (size_t k = 0; k < sizeof kept / sizeof *kept; k++)
            is_taken = is_taken || has_prefix(name, kept[k]);
        if (is_taken)
            status =
                dg_error(DG_BAD_ARGUMENT,
                         "parameter '%s': checkpoints keep something else under this name (optimizer/…, trainer/…, "
                         "best/…, data.offset and the like): give the node another one",
                         name);
        else
            status = check_extra(extra, name);
    }
    dg_tensors_free(data);
    return status;
}

static dg_status best_name(const char *name, char text[NAME_SIZE])
{
    int length = snprintf(text, NAME_SIZE, "best/%s", name);
    return length > 0 && length < NAME_SIZE ? dg_ok()
                                            : dg_error(DG_BAD_ARGUMENT, "the name '%.100s…' is too long", name);
}

dg_status keep_best(dg_trainer *t)
{
    const dg_task *task = &t->options.task;
    if (!t->best)
        DG_TRY(dg_tensors_new(&t->best));
    for (int64_t id = 0; id < dg_graph_node_count(task->graph); id++) {
        dg_node *node = dg_graph_node(task->graph, id);
        char name[NAME_SIZE];
        if (!is_weight(node))
            continue;
        DG_TRY(best_name(dg_node_name(node), name));
        DG_TRY(dg_tensors_put(t->best, name, dg_tensors_find(task->parameters, dg_node_name(node))));
    }
    return dg_ok();
}

dg_status trainer_finish(dg_trainer *t)
{
    if ((!t->best && !t->options.average) || t->last)
        return dg_ok();
    DG_TRY(checkpoint_collect(t, &t->last));
    return t->best ? dg_checkpoint_weights(t->best, t->options.task.parameters) : take_averages(t);
}

/* ---- notes ---- */

typedef struct note {
    const char *key;
    char text[NOTE_SIZE];
    const char *what;   /* resuming asks for the same; NULL: it may differ */
    const char *absent; /* what it is in checkpoints that were made before there was such a note; NULL: none were */
} note;

#define N_NOTES 21

static void print_number(char text[NOTE_SIZE], double number)
{
    char digits[DG_NUMBER_TEXT];
    snprintf(text, NOTE_SIZE, "%s", dg_number_print(number, DG_FLOAT64, digits));
}

static void print_names(const dg_trainer *t, bool columns, char text[NOTE_SIZE])
{
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < (columns ? t->n_columns : t->metrics.count); i++)
        used = dg_text_append(text, NOTE_SIZE, used, "%s%s", i ? "," : "",
                              columns ? t->columns[i] : metric_name(&t->metrics, i));
}

/* The notes of the trainer's present state, but for the graph's text. */
static int list_notes(const dg_trainer *t, note notes[N_NOTES])
{
    const dg_dataset *data = t->options.task.data;
    int n = 0;
    notes[n] = (note){.key = "dotgrad.format", .text = "1", .what = "format"};
    notes[++n] = (note){.key = "dotgrad.optimizer", .what = "optimizer"};
    dg_optimizer_print(&t->optimizer, notes[n].text, NOTE_SIZE);
    notes[++n] = (note){.key = "dotgrad.schedule", .what = "schedule"};
    dg_schedule_print(&t->schedule, notes[n].text, NOTE_SIZE);
    notes[++n] = (note){.key = "dotgrad.metrics", .what = "metrics"};
    print_names(t, false, notes[n].text);
    notes[++n] = (note){.key = "dotgrad.seed", .what = "seed"};
    snprintf(notes[n].text, NOTE_SIZE, "%" PRIu64, t->options.task.seed);
    notes[++n] = (note){.key = "dotgrad.batch_size", .what = "batch_size"};
    snprintf(notes[n].text, NOTE_SIZE, "%" PRId64, t->batch_size);
    notes[++n] = (note){.key = "dotgrad.clip_value", .what = "clip_value"};
    print_number(notes[n].text, t->options.clip_value);
    notes[++n] = (note){.key = "dotgrad.clip_norm", .what = "clip_norm"};
    print_number(notes[n].text, t->options.clip_norm);
    notes[++n] = (note){.key = "dotgrad.early_stopping", .what = "early_stopping"};
    snprintf(notes[n].text, NOTE_SIZE, "%" PRId64, t->options.early_stopping);
    notes[++n] = (note){.key = "dotgrad.drop_last", .what = "drop_last", .absent = "false"};
    snprintf(notes[n].text, NOTE_SIZE, "%s", t->options.drop_last ? "true" : "false");
    notes[++n] = (note){.key = "dotgrad.accumulate", .what = "accumulate", .absent = "1"};
    snprintf(notes[n].text, NOTE_SIZE, "%d", t->options.accumulate > 1 ? t->options.accumulate : 1);
    notes[++n] = (note){.key = "dotgrad.average", .what = "average", .absent = "none"};
    snprintf(notes[n].text, NOTE_SIZE, "%s", t->options.average ? t->options.average : "none");
    notes[++n] = (note){.key = "dotgrad.groups", .what = "groups", .absent = ""};
    snprintf(notes[n].text, NOTE_SIZE, "%s", t->options.groups ? t->options.groups : "");
    notes[++n] = (note){.key = "dotgrad.freeze", .what = "freeze", .absent = ""};
    snprintf(notes[n].text, NOTE_SIZE, "%s", t->options.freeze ? t->options.freeze : "");
    notes[++n] = (note){.key = "dotgrad.objectives", .what = "objectives", .absent = ""};
    objectives_print(t, notes[n].text, NOTE_SIZE);
    notes[++n] = (note){.key = "dotgrad.monitor", .what = "monitor", .absent = ""};
    snprintf(notes[n].text, NOTE_SIZE, "%s", t->options.monitor ? t->options.monitor : "");
    notes[++n] = (note){.key = "dotgrad.rows", .what = "number of training and validation rows"};
    snprintf(notes[n].text, NOTE_SIZE, "%" PRId64 ",%" PRId64, data->n_train, data->n_validation);
    notes[++n] = (note){.key = "dotgrad.history", .what = "history"};
    print_names(t, true, notes[n].text);
    notes[++n] = (note){.key = "dotgrad.epochs"};
    snprintf(notes[n].text, NOTE_SIZE, "%" PRId64, t->epochs);
    notes[++n] = (note){.key = "dotgrad.epoch"};
    snprintf(notes[n].text, NOTE_SIZE, "%" PRId64, t->epoch);
    notes[++n] = (note){.key = "dotgrad.batch"};
    snprintf(notes[n].text, NOTE_SIZE, "%" PRId64, t->batch_done);
    return n + 1;
}

/* ---- saving ---- */

static dg_status put_extra(dg_tensors *set, const dg_tensors *extra)
{
    for (size_t i = 0; extra && i < dg_tensors_count(extra); i++)
        DG_TRY(dg_tensors_put(set, dg_tensors_name(extra, i), dg_tensors_at(extra, i)));
    for (size_t i = 0; extra && i < dg_tensors_note_count(extra); i++)
        DG_TRY(dg_tensors_set_note(set, dg_tensors_note_key(extra, i),
                                   dg_tensors_note(extra, dg_tensors_note_key(extra, i))));
    return dg_ok();
}

static dg_status put_all(dg_trainer *t, dg_tensors *set)
{
    const dg_task *task = &t->options.task;
    if (task->data->of)
        DG_TRY(dg_data_keep(task->data->of, set));
    DG_TRY(put_extra(set, t->options.extra));
    for (int64_t id = 0; id < dg_graph_node_count(task->graph); id++) {
        dg_node *node = dg_graph_node(task->graph, id);
        const dg_tensor *tensor =
            dg_node_op(node)->role == DG_ROLE_PARAMETER ? dg_tensors_find(task->parameters, dg_node_name(node)) : NULL;
        if (tensor)
            DG_TRY(dg_tensors_put(set, dg_node_name(node), tensor));
        if (tensor)
            DG_TRY(purpose_keep(set, node));
    }
    DG_TRY(put_extra(set, t->best));
    DG_TRY(dg_tensors_put(set, "trainer/history", &t->history));
    const dg_tensor sums = dg_tensor_view(DG_FLOAT64, DG_SHAPE(2, DG_MAX_METRICS), &t->sums);
    DG_TRY(dg_tensors_put(set, "trainer/sums", &sums));
    note notes[N_NOTES];
    int n = list_notes(t, notes);
    for (int i = 0; i < n; i++)
        DG_TRY(dg_tensors_set_note(set, notes[i].key, notes[i].text));
    char step[32];
    snprintf(step, sizeof step, "%" PRIu64, t->step);
    DG_TRY(dg_tensors_set_note(set, "dotgrad.step", step));
    return t->graph_text ? dg_tensors_set_note(set, "dotgrad.graph", t->graph_text) : dg_ok();
}

dg_status checkpoint_collect(dg_trainer *t, dg_tensors **set)
{
    DG_TRY(dg_tensors_new(set));
    dg_status status = put_all(t, *set);
    if (status.code != DG_OK) {
        dg_tensors_free(*set);
        *set = NULL;
    }
    return status;
}

/* A link is replaced: what it leads to is none of the run's. */
static dg_status forget_link(const char *path)
{
    struct stat about;
    if (strcmp(path, "-") == 0 || lstat(path, &about) != 0 || !S_ISLNK(about.st_mode) || unlink(path) == 0)
        return dg_ok();
    char text[128];
    return dg_error(DG_IO, "%s: cannot replace the symbolic link: %s", path, strerror_r(errno, text, sizeof text));
}

dg_status dg_trainer_save(dg_trainer *trainer, const char *path)
{
    REFUSE_NULL(trainer);
    REFUSE_NULL(path);
    DG_TRY(forget_link(path));
    if (trainer->last)
        return dg_safetensors_write(path, trainer->last);
    dg_tensors *set;
    DG_TRY(checkpoint_collect(trainer, &set));
    dg_status status = dg_safetensors_write(path, set);
    dg_tensors_free(set);
    return status;
}

/* ---- resuming ---- */

static dg_status read_count(const dg_tensors *set, const char *key, uint64_t limit, uint64_t *count)
{
    const char *text = dg_tensors_note(set, key);
    char *end = NULL;
    errno = 0;
    *count = text ? strtoull(text, &end, 10) : 0;
    if (!text || end == text || *end || errno || *count > limit || text[0] == '-')
        return dg_error(DG_BAD_DATA, "the checkpoint's note '%s' is %s%s%s", key, text ? "'" : "",
                        text ? text : "missing", text ? "'" : "");
    return dg_ok();
}

static dg_status check_notes(const dg_trainer *t, const dg_tensors *set)
{
    note notes[N_NOTES];
    int n = list_notes(t, notes);
    for (int i = 0; i < n; i++) {
        const char *there = dg_tensors_note(set, notes[i].key);
        there = there ? there : notes[i].absent;
        if (!there)
            return dg_error(DG_BAD_DATA, "the checkpoint lacks the note '%s'", notes[i].key);
        if (notes[i].what && strcmp(there, notes[i].text) != 0)
            return dg_error(DG_BAD_ARGUMENT, "the checkpoint was made with another %s: %.300s, now %.300s",
                            notes[i].what, there, notes[i].text);
    }
    const char *graph = dg_tensors_note(set, "dotgrad.graph");
    if (t->graph_text && !t->wrote_graph && (!graph || strcmp(graph, t->graph_text) != 0))
        return dg_error(DG_BAD_ARGUMENT, "the checkpoint was made with another graph");
    return dg_ok();
}

/* The tensor of that name, dtype and shape. */
static dg_status take(const dg_tensors *set, const char *name, dg_dtype dtype, const dg_shape *shape,
                      const dg_tensor **tensor)
{
    char has[DG_SHAPE_TEXT], wants[DG_SHAPE_TEXT];
    *tensor = dg_tensors_find(set, name);
    if (!*tensor)
        return dg_error(DG_BAD_DATA, "the checkpoint lacks the tensor '%s'", name);
    if ((*tensor)->dtype != dtype || !dg_shape_equal(&(*tensor)->shape, shape))
        return dg_error(DG_BAD_DATA, "the checkpoint's tensor '%s' is %s %s, expected %s %s", name,
                        dg_dtype_name((*tensor)->dtype), dg_shape_print(&(*tensor)->shape, has, sizeof has),
                        dg_dtype_name(dtype), dg_shape_print(shape, wants, sizeof wants));
    return dg_ok();
}

/* A state that none of the trainer's optimisers has: of others, which ran on this graph before or will again. */
static bool is_state_of_another(const dg_trainer *t, const dg_node *node)
{
    bool is_ours = !node->purpose;
    for (int k = 0; k < t->n_objectives && !is_ours; k++)
        is_ours = t->objectives[k].states && strcmp(t->objectives[k].states, node->purpose->group) == 0;
    return !is_ours;
}

static dg_status restore_parameters(dg_trainer *t, const dg_tensors *set)
{
    const dg_task *task = &t->options.task;
    for (int64_t id = 0; id < dg_graph_node_count(task->graph); id++) {
        dg_node *node = dg_graph_node(task->graph, id);
        const dg_type *type = dg_node_type(node, 0);
        const dg_tensor *tensor;
        char name[NAME_SIZE];
        if (dg_node_op(node)->role != DG_ROLE_PARAMETER || is_state_of_another(t, node))
            continue;
        DG_TRY(take(set, dg_node_name(node), type->dtype, &type->shape, &tensor));
        DG_TRY(purpose_check(set, node));
        DG_TRY(dg_tensors_put(task->parameters, dg_node_name(node), tensor));
        DG_TRY(purpose_keep(task->parameters, node));
        if (t->best_epoch < 0 || !is_weight(node))
            continue;
        if (!t->best)
            DG_TRY(dg_tensors_new(&t->best));
        DG_TRY(best_name(dg_node_name(node), name));
        DG_TRY(take(set, name, type->dtype, &type->shape, &tensor));
        DG_TRY(dg_tensors_put(t->best, name, tensor));
    }
    return dg_ok();
}

static dg_status damaged(const char *name, const char *what)
{
    return dg_error(DG_BAD_DATA, "the checkpoint's tensor '%s' is damaged: %s", name, what);
}

/* What training never leaves: a loss that is NaN ends it (sums of large ones may overflow), rows are counted and the
 * rate is computed. Other metrics may be NaN, where nothing has measured them, and so may the loss where another
 * objective has all turns. */
static dg_status check_numbers(const dg_trainer *t, const dg_tensor *history, const dg_tensor *sums)
{
    const double *rows = history->data, *over = sums->data, *under = over + DG_MAX_METRICS;
    for (int64_t epoch = 0; epoch < history->shape.dims[0]; epoch++) {
        const double *row = rows + epoch * t->n_columns;
        if (isnan(row[0]) && t->n_objectives == 1)
            return damaged("trainer/history", "a loss is NaN");
        if (!isfinite(row[t->n_columns - 1]))
            return damaged("trainer/history", "a learning rate is not finite");
    }
    if (isnan(over[0]))
        return damaged("trainer/sums", "the loss so far is NaN");
    for (int i = 0; i < DG_MAX_METRICS; i++)
        if (!isfinite(under[i]))
            return damaged("trainer/sums", "a number of rows is not finite");
    return dg_ok();
}

dg_status checkpoint_restore(dg_trainer *t, const dg_tensors *set)
{
    uint64_t epoch, batches, step;
    const dg_tensor *history, *sums;
    DG_TRY(check_notes(t, set));
    if (t->options.task.data->of)
        DG_TRY(dg_data_check_kept(t->options.task.data->of, set));
    DG_TRY(read_count(set, "dotgrad.epoch", UINT64_MAX, &epoch));
    if (epoch > (uint64_t)t->epochs)
        return dg_error(DG_BAD_ARGUMENT,
                        "epochs is %lld, but the checkpoint has done %llu already: give at least that many",
                        (long long)t->epochs, (unsigned long long)epoch);
    DG_TRY(read_count(set, "dotgrad.batch", (uint64_t)t->batches - 1, &batches));
    DG_TRY(read_count(set, "dotgrad.step", UINT64_MAX, &step));
    const dg_shape sums_shape = DG_SHAPE(2, DG_MAX_METRICS), history_shape = DG_SHAPE((int64_t)epoch, t->n_columns);
    DG_TRY(take(set, "trainer/history", DG_FLOAT64, &history_shape, &history));
    DG_TRY(take(set, "trainer/sums", DG_FLOAT64, &sums_shape, &sums));
    DG_TRY(check_numbers(t, history, sums));
    t->order_epoch = -1;
    t->epoch = (int64_t)epoch;
    t->batch_done = (int64_t)batches;
    t->step = step;
    DG_TRY(history_reserve(t, t->epoch));
    t->history.shape = history->shape;
    memcpy(&t->sums, sums->data, sizeof t->sums);
    if (epoch)
        memcpy(t->history.data, history->data, dg_tensor_bytes(history));
    t->best_epoch = -1;
    find_best(t, 0);
    return restore_parameters(t, set);
}

/* The name under which a checkpoint has a weight to predict with: the best one where kept, else the average, else
 * itself. */
static dg_status weight_to_use(const dg_tensors *checkpoint, const char *name, const char **found, char text[NAME_SIZE])
{
    DG_TRY(best_name(name, text));
    *found = dg_tensors_find(checkpoint, text) ? text : NULL;
    if (*found)
        return dg_ok();
    *found = name;
    snprintf(text, NAME_SIZE, "/%s/average", name); /* behind "optimizer", or "optimizer/OBJECTIVE" */
    size_t size = strlen(text);
    for (size_t i = 0; i < dg_tensors_count(checkpoint); i++) {
        const char *there = dg_tensors_name(checkpoint, i);
        size_t length = strlen(there);
        if (length >= size && has_prefix(there, "optimizer/") && strcmp(there + length - size, text) == 0)
            *found = there;
    }
    return dg_ok();
}

dg_status dg_checkpoint_weights(const dg_tensors *checkpoint, dg_tensors *parameters)
{
    REFUSE_NULL(checkpoint);
    REFUSE_NULL(parameters);
    for (size_t i = 0; i < dg_tensors_count(checkpoint); i++) {
        const char *name = dg_tensors_name(checkpoint, i), *found;
        char text[NAME_SIZE];
        if (has_prefix(name, "optimizer/") || has_prefix(name, "trainer/"))
            continue;
        if (has_prefix(name, "best/")) {
            DG_TRY(dg_tensors_put(parameters, name + strlen("best/"), dg_tensors_at(checkpoint, i)));
            continue;
        }
        DG_TRY(weight_to_use(checkpoint, name, &found, text));
        DG_TRY(dg_tensors_put(parameters, name, dg_tensors_find(checkpoint, found)));
    }
    return dg_ok();
}
