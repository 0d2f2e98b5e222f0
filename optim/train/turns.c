/* The objectives of a trainer, which take turns: what each trains, its updates, rate and momentum. */
#include "objective.h"
#include "trainer.h"

#include "optim/rules/rules.h"

#include "core/graph/graph.h"
#include "optim/batch/reach.h"

#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/source.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what is asked for ---- */

static dg_status parse_calls(const dg_trainer_options *all, const char *optimizer, const char *schedule, objective *o)
{
    optimizer = optimizer ? optimizer : all->optimizer;
    schedule = schedule ? schedule : all->schedule;
    DG_TRY(dg_optimizer_parse(optimizer ? optimizer : DG_DEFAULT_OPTIMIZER, &o->optimizer));
    return dg_schedule_parse(schedule ? schedule : DG_DEFAULT_SCHEDULE, &o->schedule);
}

static dg_status take_objective(const dg_trainer_options *all, const dg_objective *from, objective *o)
{
    dg_arena *arena = dg_graph_arena(all->task.graph);
    if (!from->loss || dg_node_graph(from->loss) != all->task.graph)
        return dg_error(DG_BAD_ARGUMENT, "an objective has no loss, or one of another graph");
    const char *name = from->name ? from->name : dg_node_name(from->loss);
    if (from->turns < 0 || !(from->clip_value >= 0) || !(from->clip_norm >= 0))
        return dg_error(DG_BAD_ARGUMENT, "objective '%s': turns is %d, clip_value %g, clip_norm %g: expected 0 or more",
                        name, from->turns, from->clip_value, from->clip_norm);
    *o = (objective){.loss = from->loss,
                     .name = dg_arena_text(arena, name, strlen(name)),
                     .trains = from->trains ? dg_arena_text(arena, from->trains, strlen(from->trains)) : NULL,
                     .clip_value = from->clip_value != 0 ? from->clip_value : all->clip_value,
                     .clip_norm = from->clip_norm != 0 ? from->clip_norm : all->clip_norm,
                     .turns = from->turns ? from->turns : 1};
    if (!o->name || (from->trains && !o->trains))
        return dg_no_memory("objective '%s'", name);
    return dg_prefixed(parse_calls(all, from->optimizer, from->schedule, o), "objective '%s'", name);
}

static dg_status check_names(const dg_trainer *t)
{
    for (int k = 0; k < t->n_objectives; k++)
        for (int j = 0; j < k; j++)
            if (strcmp(t->objectives[k].name, t->objectives[j].name) == 0)
                return dg_error(DG_BAD_ARGUMENT, "two objectives are called '%s'", t->objectives[k].name);
    return dg_ok();
}

dg_status objectives_take(dg_trainer *t, const dg_trainer_options *options)
{
    int count = options->n_objectives;
    t->objectives = calloc((size_t)count + 1, sizeof *t->objectives);
    if (!t->objectives)
        return dg_no_memory("%d objectives", count);
    t->n_objectives = count ? count : 1;
    t->round = 0;
    if (!count) {
        objective *only = &t->objectives[0];
        *only = (objective){
            .loss = options->task.loss, .clip_value = options->clip_value, .clip_norm = options->clip_norm, .turns = 1};
        DG_TRY(parse_calls(options, NULL, NULL, only));
    }
    for (int k = 0; k < count; k++)
        DG_TRY(take_objective(options, &options->objectives[k], &t->objectives[k]));
    for (int k = 0; k < t->n_objectives; k++)
        t->round += (uint64_t)t->objectives[k].turns;
    return count ? check_names(t) : dg_ok();
}

void objectives_release(dg_trainer *t)
{
    for (int k = 0; t->objectives && k < t->n_objectives; k++) {
        driven_release(t->objectives[k].driven);
        dg_plan_free(t->objectives[k].plan);
        dg_schedule_release(&t->objectives[k].schedule);
    }
    free(t->objectives);
}

objective *objective_now(const dg_trainer *t)
{
    uint64_t at = t->step % t->round;
    objective *o = t->objectives;
    for (; at >= (uint64_t)o->turns; o++)
        at -= (uint64_t)o->turns;
    return o;
}

int objective_feeds(const dg_trainer *t)
{
    int count = 0;
    for (int k = 0; k < t->n_objectives; k++)
        count += 1 + dg_schedule_moves_momentum(&t->objectives[k].schedule);
    return count;
}

/* "d_loss(trains='d.*', optimizer='…', schedule='…', …); …"; "" of a trainer with one. */
void objectives_print(const dg_trainer *t, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (int k = 0; k < t->n_objectives && t->objectives[0].name; k++) {
        const objective *o = &t->objectives[k];
        char optimizer[DG_OPTIMIZER_TEXT], schedule[DG_SCHEDULE_TEXT];
        used = dg_text_append(text, size, used, "%s%s(trains='%s', turns=%d, clip_value=%g, clip_norm=%g, %s, %s)",
                              k ? "; " : "", o->name, o->trains ? o->trains : "", o->turns, o->clip_value, o->clip_norm,
                              dg_optimizer_print(&o->optimizer, optimizer, sizeof optimizer),
                              dg_schedule_print(&o->schedule, schedule, sizeof schedule));
    }
}

/* ---- updates ---- */

/* An input for a number that each step is given; one that an earlier trainer of the graph made is used again. */
static dg_node *number_input(const dg_trainer *t, const objective *o, const char *what)
{
    dg_graph *graph = t->options.task.graph;
    char name[200];
    snprintf(name, sizeof name, "optimizer/%.150s%s%s", o->name ? o->name : "", o->name ? "/" : "", what);
    dg_node *known = dg_graph_find(graph, name);
    if (known && dg_node_op(known)->role == DG_ROLE_INPUT && dg_node_type(known, 0)->dtype == DG_FLOAT64)
        return known;
    return dg_input(graph, dg_scalar(), .dtype = DG_FLOAT64, .name = name);
}

/* The hyper-parameter that a schedule of the momentum moves. */
static dg_status moving_momentum(dg_trainer *t, objective *o, int *feed, dg_named_node *moving, int *n)
{
    *n = 0;
    if (!dg_schedule_moves_momentum(&o->schedule))
        return dg_ok();
    bool momentum = !isnan(dg_optimizer_hyper(&o->optimizer, "momentum"));
    if (!momentum && isnan(dg_optimizer_hyper(&o->optimizer, "beta1")))
        return dg_error(DG_BAD_ARGUMENT,
                        "schedule %s moves the momentum, which optimizer %s does not have: add cycle_momentum=false",
                        o->schedule.rule->name, dg_optimizer_name(&o->optimizer));
    if (o->optimizer.rule->drive)
        return dg_error(DG_BAD_ARGUMENT, "optimizer %s has no momentum to move", dg_optimizer_name(&o->optimizer));
    dg_node *node = number_input(t, o, "momentum");
    *moving = (dg_named_node){momentum ? "momentum" : "beta1", node};
    *n = 1;
    o->momentum_tensor = dg_tensor_view(DG_FLOAT64, dg_scalar(), &o->momentum);
    t->batch.feeds[(*feed)++] = (dg_feed){node, &o->momentum_tensor};
    return dg_ok();
}

/* A value that the graph assigns and the optimiser's step cannot both be the next one. */
static dg_status refuse_two_values(const dg_trainer *t, const objective *o)
{
    for (int k = 0; k < t->options.n_updates; k++) {
        dg_node *own = t->options.updates[k], *parameter = dg_node_input(own, 0);
        for (int i = 0; i < o->n_parameters; i++)
            if (o->parameters[i] == parameter)
                return dg_error(DG_BAD_ARGUMENT,
                                "parameter '%s' gets its value from '%s', and optimizer %s trains it, too: write "
                                "trainable=false at the parameter",
                                dg_node_name(parameter), dg_node_name(own), dg_optimizer_name(&o->optimizer));
    }
    return dg_ok();
}

/* The optimiser's updates of one objective, then the assignments of the graph's own. */
static dg_status join_updates(const dg_trainer *t, objective *o, dg_node *const *updates, int n_updates)
{
    int own = t->options.n_updates;
    dg_node **all = dg_arena_alloc(dg_graph_arena(t->options.task.graph), (size_t)(n_updates + own + 1) * sizeof *all);
    if (!all)
        return dg_no_memory("%d updates", n_updates + own);
    if (n_updates)
        memcpy(all, updates, (size_t)n_updates * sizeof *all);
    if (own)
        memcpy(all + n_updates, t->options.updates, (size_t)own * sizeof *all);
    o->updates = all;
    o->n_updates = n_updates + own;
    return dg_ok();
}

static dg_status emit_objective(dg_trainer *t, objective *o, int *feed)
{
    const dg_task *task = &t->options.task;
    dg_node **gradients, **sampled = NULL, *const * updates;
    dg_named_node moving;
    char average[AVERAGE_TEXT];
    int n_moving, n_updates, count = o->n_parameters;
    DG_TRY(refuse_two_values(t, o));
    gradients = dg_arena_alloc(dg_graph_arena(task->graph), 2 * (size_t)count * sizeof(dg_node *) + 1);
    if (!gradients)
        return dg_no_memory("%d gradients", count);
    if (count) {
        DG_TRY(dg_grad(o->loss, count, o->parameters, gradients));
        DG_TRY(objective_clip(task->graph, count, o->clip_value, o->clip_norm, gradients));
    }
    if (o->optimizer.rule->needs_sampled) {
        sampled = gradients + count;
        DG_TRY(sampled_gradients(o->loss, count, o->parameters, sampled));
    }
    if (t->options.average)
        DG_TRY(objective_average(dg_graph_arena(task->graph), t->options.average, t->batches, t->options.accumulate,
                                 t->epochs, average));
    dg_node *lr = number_input(t, o, "lr");
    o->rate_tensor = dg_tensor_view(DG_FLOAT64, dg_scalar(), &o->rate);
    t->batch.feeds[(*feed)++] = (dg_feed){lr, &o->rate_tensor};
    DG_TRY(moving_momentum(t, o, feed, &moving, &n_moving));
    if (o->optimizer.rule->drive)
        return driven_emit(t, o, gradients);
    const dg_optimizer_step step = {.graph = task->graph,
                                    .count = count,
                                    .parameters = o->parameters,
                                    .gradients = gradients,
                                    .lr = lr,
                                    .settings = o->settings,
                                    .name = o->name,
                                    .moving = &moving,
                                    .n_moving = n_moving,
                                    .accumulate = t->options.accumulate,
                                    .average = t->options.average ? average : NULL,
                                    .sampled = sampled,
                                    .states = t->states};
    DG_TRY(dg_optimizer_emit(&o->optimizer, &step, &updates, &n_updates));
    o->states = dg_node_input(updates[0], 0)->purpose->group;
    return join_updates(t, o, updates, n_updates);
}

/* What is left of an objective's parameters; none where the graph's own assignments are what its steps are for, or
 * none is taken. */
static dg_status apply_groups(const dg_trainer *t, objective *o)
{
    bool idle = t->options.n_updates || t->epochs == 0;
    for (int i = 0; i < o->n_parameters && idle; i++) {
        const dg_group *group = groups_find(&t->groups, o->parameters[i]);
        idle = group && group->freeze;
    }
    if (!idle)
        return dg_groups_apply(&t->groups, o->parameters, &o->n_parameters, o->settings);
    o->n_parameters = 0;
    return dg_ok();
}

/* What each trains; a group or a frozen name must fit a parameter of one of them. */
static dg_status find_parameters(dg_trainer *t)
{
    dg_arena *arena = dg_graph_arena(t->options.task.graph);
    int total = 0;
    for (int k = 0; k < t->n_objectives; k++) {
        objective *o = &t->objectives[k];
        DG_TRY(objective_parameters(o->loss, o->trains, &o->parameters, &o->n_parameters));
        if (!o->n_parameters && !t->options.n_updates && t->epochs != 0) /* 0: all are solved for */
            return reach_nothing(o->loss);
        total += o->n_parameters;
    }
    dg_node **all = dg_arena_alloc(arena, ((size_t)total + 1) * sizeof *all);
    if (!all)
        return dg_no_memory("a list of %d parameters", total);
    for (int k = 0, n = 0; k < t->n_objectives; n += t->objectives[k++].n_parameters)
        memcpy(all + n, t->objectives[k].parameters, (size_t)t->objectives[k].n_parameters * sizeof *all);
    DG_TRY(dg_groups_check(&t->groups, all, total));
    for (int k = 0; k < t->n_objectives; k++) {
        objective *o = &t->objectives[k];
        o->settings = dg_arena_alloc(arena, ((size_t)o->n_parameters + 1) * sizeof *o->settings);
        if (!o->settings)
            return dg_no_memory("settings of %d parameters", o->n_parameters);
        dg_status status = apply_groups(t, o);
        if (status.code != DG_OK)
            return o->name ? dg_prefixed(status, "objective '%s'", o->name) : status;
    }
    return dg_ok();
}

dg_status objectives_emit(dg_trainer *t)
{
    int feed = t->sources.count;
    DG_TRY(find_parameters(t));
    for (int k = 0; k < t->n_objectives; k++) {
        objective *o = &t->objectives[k];
        dg_status status = emit_objective(t, o, &feed);
        if (status.code != DG_OK)
            return o->name ? dg_prefixed(status, "objective '%s'", o->name) : status;
    }
    return dg_ok();
}

dg_status objectives_check_ranges(const dg_trainer *t)
{
    for (int k = 0; k < t->n_objectives; k++)
        DG_TRY(objective_check_ranges(t->options.task.parameters, t->objectives[k].n_parameters,
                                      t->objectives[k].parameters, t->objectives[k].settings));
    return dg_ok();
}

/* ---- rate and momentum ---- */

/* What the epochs done came to, in the column that is monitored; less is better. */
static dg_status gather_losses(dg_trainer *t)
{
    if (t->n_losses == t->epoch && t->losses)
        return dg_ok();
    double *larger = realloc(t->losses, ((size_t)t->epoch + 1) * sizeof *larger);
    if (!larger)
        return dg_no_memory("the losses of %lld epochs", (long long)t->epoch);
    t->losses = larger;
    t->n_losses = t->epoch;
    for (int64_t e = 0; e < t->epoch; e++)
        t->losses[e] = monitored(t, e);
    return dg_ok();
}

dg_status follow_schedule(dg_trainer *t, objective *o)
{
    bool follows = o->schedule.rule->follows_losses;
    if (follows)
        DG_TRY(gather_losses(t));
    o->rate = dg_schedule_follow(&o->schedule, o->optimizer.lr, t->step, (uint64_t)t->batches, (uint64_t)t->epochs,
                                 follows ? (int)t->n_losses : 0, t->losses, &o->momentum);
    if (o->rate < 0)
        return dg_error(DG_BAD_ARGUMENT, "step %llu: the schedule gives the learning rate %g, expected 0 or more",
                        (unsigned long long)t->step + 1, o->rate);
    return dg_ok();
}

/* ---- averages ---- */

dg_status take_averages(dg_trainer *t)
{
    dg_tensors *parameters = t->options.task.parameters;
    for (int k = 0; k < t->n_objectives; k++) {
        const objective *o = &t->objectives[k];
        for (int i = 0; i < o->n_parameters; i++) {
            const char *name = dg_node_name(o->parameters[i]);
            char text[700];
            int length = snprintf(text, sizeof text, "%s%s/average", o->states, name);
            const dg_tensor *average = length < (int)sizeof text ? dg_tensors_find(parameters, text) : NULL;
            if (average)
                DG_TRY(dg_tensors_put(parameters, name, average));
        }
    }
    return dg_ok();
}
