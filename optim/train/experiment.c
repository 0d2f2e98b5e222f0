/* From a graph file's attributes to the options of a trainer. */
#include "core/base/null.h"
#include "core/base/plain.h"

#include <dotgrad/experiment.h>

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- settings ---- */

typedef enum setting_kind { TEXT, WHOLE, NUMBER, FLAG, BYTES } setting_kind;

/* Where an attribute's value goes in the options. */
typedef struct setting {
    const char *name;
    setting_kind kind;
    size_t offset;
} setting;

#define AT(member)      offsetof(dg_trainer_options, member)
#define AT_TASK(member) (offsetof(dg_trainer_options, task) + offsetof(dg_task, member))

static const setting settings[] = {{"optimizer", TEXT, AT(optimizer)},
                                   {"schedule", TEXT, AT(schedule)},
                                   {"average", TEXT, AT(average)},
                                   {"groups", TEXT, AT(groups)},
                                   {"freeze", TEXT, AT(freeze)},
                                   {"monitor", TEXT, AT(monitor)},
                                   {"watch", TEXT, AT(watch)},
                                   {"metrics", TEXT, AT_TASK(metrics)},
                                   {"epochs", WHOLE, AT(epochs)},
                                   {"patience", WHOLE, AT(early_stopping)},
                                   {"watch_every", WHOLE, AT(watch_every)},
                                   {"batch_size", WHOLE, AT_TASK(batch_size)},
                                   {"clip_value", NUMBER, AT(clip_value)},
                                   {"clip_norm", NUMBER, AT(clip_norm)},
                                   {"drop_last", FLAG, AT(drop_last)},
                                   {"memory_limit", BYTES, AT_TASK(memory_limit)}};

static int64_t whole(const dg_graph_file *file, const char *name, int64_t usual)
{
    const char *text = dg_graph_file_setting(file, name);
    return text ? strtoll(text, NULL, 10) : usual;
}

static void take_settings(const dg_graph_file *file, dg_trainer_options *options)
{
    for (size_t k = 0; k < sizeof settings / sizeof *settings; k++) {
        const char *text = dg_graph_file_setting(file, settings[k].name);
        void *at = (char *)options + settings[k].offset;
        if (!text)
            continue;
        if (settings[k].kind == TEXT)
            *(const char **)at = text;
        else if (settings[k].kind == WHOLE)
            *(int64_t *)at = strtoll(text, NULL, 10);
        else if (settings[k].kind == NUMBER)
            *(double *)at = plain_number(text, NULL);
        else if (settings[k].kind == FLAG)
            *(bool *)at = strcmp(text, "false") != 0;
        else
            dg_bytes_parse(text, at); /* its form has been checked */
    }
    options->accumulate = (int)whole(file, "accumulate", 0);
    options->task.seed = (uint64_t)whole(file, "seed", 0);
    if (dg_graph_file_setting(file, "epochs") && options->epochs == 0)
        options->epochs = DG_NONE;
}

/* ---- losses, updates, layers that are fitted again ---- */

/* Settings that a loss has of its own. */
static dg_status take_objective(const dg_graph_file *file, dg_node *loss, dg_objective *objective)
{
    int index = dg_graph_file_index(file, loss);
    *objective = (dg_objective){.loss = loss};
    if (index < 0)
        return dg_ok();
    const dg_file_attributes *own = &file->nodes[index].attributes;
    const char *turns = dg_file_attribute_find(own, "turns");
    const char *norm = dg_file_attribute_find(own, "clip_norm"), *value = dg_file_attribute_find(own, "clip_value");
    objective->trains = dg_file_attribute_find(own, "trains");
    objective->optimizer = dg_file_attribute_find(own, "optimizer");
    objective->schedule = dg_file_attribute_find(own, "schedule");
    objective->clip_norm = norm ? plain_number(norm, NULL) : 0;
    objective->clip_value = value ? plain_number(value, NULL) : 0;
    long count = turns ? strtol(turns, NULL, 10) : 1;
    objective->turns = (int)count;
    return count >= 1 && count <= 1000000
               ? dg_ok()
               : dg_error(DG_BAD_ARGUMENT, "loss '%s': turns=%s: expected a whole number from 1 on", dg_node_name(loss),
                          turns);
}

static bool is_plain(const dg_objective *own)
{
    return !own->trains && !own->optimizer && !own->schedule && !(own->clip_norm > 0) && !(own->clip_value > 0);
}

/* Several losses, or one that says what it trains, are objectives. */
static dg_status take_losses(dg_experiment *e, const dg_graph_file *file, const char *names)
{
    dg_trainer_options *options = &e->options;
    bool is_said = names || dg_graph_file_setting(file, "loss");
    names = names ? names : is_said ? dg_graph_file_setting(file, "loss") : "loss";
    char *copy = dg_arena_text(e->arena, names, strlen(names)), *rest = NULL;
    dg_objective *objectives = dg_arena_alloc(e->arena, (strlen(names) + 1) * sizeof *objectives);
    int count = 0;
    if (!copy || !objectives)
        return dg_no_memory("an experiment");
    for (char *name = strtok_r(copy, ", \t", &rest); name && (is_said || file->loss);
         name = strtok_r(NULL, ", \t", &rest)) {
        dg_node *loss;
        DG_TRY(dg_graph_file_require(file, name, &loss));
        DG_TRY(take_objective(file, loss, &objectives[count++]));
    }
    if (!count)
        return dg_error(DG_BAD_ARGUMENT,
                        "the graph names no loss: call a node 'loss', or name one with --loss (.loss in C)");
    options->task.loss = objectives[0].loss;
    if (count > 1 || !is_plain(objectives)) {
        options->objectives = objectives;
        options->n_objectives = count;
    }
    return dg_ok();
}

static dg_status take_output(dg_experiment *e, const dg_graph_file *file, const char *name)
{
    dg_task *task = &e->options.task;
    task->output = file->output;
    if (name)
        DG_TRY(dg_graph_file_require(file, name, &task->output));
    return name && task->output == task->loss
               ? dg_error(DG_BAD_ARGUMENT,
                          "--output %s is the loss, which training minimises; it names the node whose values are "
                          "the predictions",
                          name)
               : dg_ok();
}

/* Assignments that the graph's author wrote: each takes effect with every step. What a trainer or a drawing has emitted
 * into the graph is nobody's. */
static dg_status take_updates(dg_experiment *e, const dg_graph *graph)
{
    int64_t count = dg_graph_node_count(graph);
    dg_node **updates = dg_arena_alloc(e->arena, ((size_t)count + 1) * sizeof(dg_node *));
    if (!updates)
        return dg_no_memory("an experiment");
    e->options.updates = updates;
    for (int64_t id = 0; id < count; id++) {
        dg_node *node = dg_graph_node(graph, id);
        if (dg_node_is_update(node))
            updates[e->options.n_updates++] = node;
    }
    return dg_ok();
}

/* The names of the nodes with refit=epoch, with commas between them. */
static dg_status take_refitted(dg_experiment *e, const dg_graph_file *file)
{
    for (int i = 0; i < file->n_nodes; i++) {
        const dg_file_node *node = &file->nodes[i];
        const char *refit = dg_file_attribute_find(&node->attributes, "refit");
        if (!refit)
            continue;
        if (strcmp(refit, "epoch") != 0)
            return dg_graph_file_error(
                file, node->line,
                dg_error(DG_BAD_ARGUMENT, "node '%s': refit is '%s', expected epoch", node->name, refit));
        for (int k = 0; k < node->n_made; k++) {
            const char *before = e->options.refit ? e->options.refit : "", *name = dg_node_name(node->made[k]);
            char *list = dg_arena_alloc(e->arena, strlen(before) + strlen(name) + 2);
            if (!list)
                return dg_no_memory("an experiment");
            strcat(strcat(strcpy(list, before), name), ",");
            e->options.refit = list;
        }
    }
    return dg_ok();
}

/* ---- data ---- */

/* A graph that reads no data is trained a step an epoch. */
static dg_status check_no_inputs(const dg_graph *graph)
{
    for (int64_t id = 0; id < dg_graph_node_count(graph); id++)
        if (dg_node_op(dg_graph_node(graph, id))->role == DG_ROLE_INPUT)
            return dg_error(
                DG_BAD_ARGUMENT,
                "there is no data for the input '%s': give --data (.data in C), or the graph the attribute data",
                dg_node_name(dg_graph_node(graph, id)));
    return dg_ok();
}

static dg_status take_data(dg_experiment *e, const dg_graph_file *file, const dg_experiment_options *options)
{
    char none[48];
    e->data = options->data;
    if (!e->data) {
        if (!options->no_data)
            DG_TRY(dg_graph_file_open_data(file, NULL, &e->own_data));
        if (!e->own_data) {
            DG_TRY(check_no_inputs(file->graph));
            int64_t rows = e->options.task.batch_size;
            snprintf(none, sizeof none, "none(n=%lld)", (long long)(rows ? rows : 32));
            DG_TRY(dg_data_open(none, NULL, &e->own_data));
        }
        e->data = e->own_data;
    }
    DG_TRY(dg_data_suit(e->data, file->graph));
    e->options.task.data = dg_data_set(e->data);
    return dg_ok();
}

/* ---- the whole ---- */

static dg_status fill(dg_experiment *e, dg_graph_file *file, const dg_experiment_options *options)
{
    dg_task *task = &e->options.task;
    if (options->batch_size < 0)
        return dg_error(DG_BAD_ARGUMENT, "batch_size is %lld, expected 1 or more, or 0 for the file's",
                        (long long)options->batch_size);
    take_settings(file, &e->options);
    if (options->batch_size)
        task->batch_size = options->batch_size;
    DG_TRY(dg_tensors_new(&e->parameters));
    if (!options->threads)
        DG_TRY(dg_threads_new((int)whole(file, "threads", 0), &e->own_threads));
    task->graph = file->graph;
    task->parameters = e->parameters;
    task->threads = options->threads ? options->threads : e->own_threads;
    DG_TRY(take_losses(e, file, options->loss));
    DG_TRY(take_output(e, file, options->output));
    DG_TRY(take_updates(e, file->graph));
    DG_TRY(dg_graph_file_bundle(file, &e->text));
    e->options.graph_text = e->text;
    return take_data(e, file, options);
}

dg_status dg_experiment_new(dg_graph_file *file, const dg_experiment_options *options, dg_experiment **experiment)
{
    static const dg_experiment_options usual = {0};
    dg_arena *arena;
    REFUSE_NULL(file);
    REFUSE_NULL(experiment);
    *experiment = NULL;
    DG_TRY(dg_arena_new(&arena));
    dg_experiment *e = dg_arena_alloc(arena, sizeof *e);
    if (!e) {
        dg_arena_free(arena);
        return dg_no_memory("an experiment");
    }
    *e = (dg_experiment){.arena = arena};
    dg_status status = dg_graph_file_setting_error(file, fill(e, file, options ? options : &usual));
    if (status.code == DG_OK)
        status = take_refitted(e, file);
    if (status.code != DG_OK)
        dg_experiment_free(e);
    else
        *experiment = e;
    return status;
}

void dg_experiment_free(dg_experiment *e)
{
    if (!e)
        return;
    dg_data_free(e->own_data);
    dg_threads_free(e->own_threads);
    dg_tensors_free(e->parameters);
    free(e->text);
    dg_arena_free(e->arena);
}

dg_rows dg_experiment_test_rows(const dg_experiment *e)
{
    if (!e)
        return (dg_rows){0};
    const dg_dataset *data = e->options.task.data;
    return data->n_test ? (dg_rows){data->test, data->n_test} : (dg_rows){data->train, data->n_train};
}
