/* What the optimiser is given: gradients, rate and momentum as the schedule has them, gradients with sampled targets,
 * averages of the weights. */
#include "objective.h"
#include "trainer.h"

#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/reduce.h>
#include <dotgrad/ops/source.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- gradients with sampled targets ---- */

/* Targets drawn from what the network itself says. */
static dg_node *sample_target(dg_node *loss_op)
{
    dg_node *scores = dg_detach(dg_node_input(loss_op, 0)), *target = find_target(loss_op);
    dg_dtype dtype = dg_node_type(target, 0)->dtype;
    dg_node *u = dg_uniform_like(scores);
    switch (dg_node_op(loss_op)->scores) {
    case DG_SCORES_CLASSES:
    case DG_SCORES_LOG_PROBABILITIES:
        if (dg_dtype_is_float(dtype))
            return NULL;
        /* The largest of scores with Gumbel noise is a draw from their softmax. */
        u = dg_argmax(dg_expr("s - log(-log(max(u, 1e-30)))", {"s", scores}, {"u", u}),
                      .dim = dg_node_type(scores, 0)->shape.rank > 1 ? 1 : 0);
        return dtype == DG_INT64 ? u : dg_to(u, dtype);
    case DG_SCORES_LOGITS:
        return dg_expr("where(u < sigmoid(s), 1, 0 * s)", {"u", u}, {"s", scores});
    case DG_SCORES_PROBABILITIES:
        return dg_expr("where(u < s, 1, 0 * s)", {"u", u}, {"s", scores});
    case DG_SCORES_VALUES:
        return dg_add(scores, dg_normal_like(scores));
    case DG_SCORES_NONE:
    case DG_SCORES_MARGINS:
        break;
    }
    return NULL;
}

dg_status sampled_gradients(dg_node *loss, int count, dg_node *const *parameters, dg_node **gradients)
{
    dg_node *loss_op, *inputs[DG_MAX_INPUTS];
    dg_graph *graph = dg_node_graph(loss);
    DG_TRY(find_loss_op(loss, &loss_op));
    int n = loss_op ? dg_node_input_count(loss_op) : 0;
    dg_node *target = n > 0 && n <= DG_MAX_INPUTS ? sample_target(loss_op) : NULL;
    DG_TRY(dg_graph_status(graph));
    if (!target)
        return dg_error(DG_BAD_ARGUMENT,
                        "this optimizer draws targets from the network's output: it wants a loss on scores, "
                        "probabilities or values, such as cross_entropy with class labels");
    for (int k = 0; k < n; k++)
        inputs[k] = k == dg_op_target(dg_node_op(loss_op)) ? target : dg_node_input(loss_op, k);
    dg_node *again = dg_apply(&(dg_application){.graph = graph,
                                                .op = dg_node_op(loss_op)->name,
                                                .at = DG_HERE,
                                                .n_inputs = n,
                                                .inputs = inputs,
                                                .n_attrs = dg_op_attr_count(dg_node_op(loss_op)),
                                                .attrs = dg_node_attrs(loss_op),
                                                .attrs_in_order = true});
    DG_TRY(dg_graph_status(graph));
    DG_TRY(dg_grad(again, count, parameters, gradients));
    /* B·ĝ² estimates the Gauss-Newton diagonal of a mean over B samples. */
    dg_node *rows = dg_sum(dg_ones_like(dg_to(target, DG_FLOAT64)));
    for (int k = 0; k < count; k++)
        gradients[k] = dg_expr("g * sqrt(n)", {"g", gradients[k]}, {"n", rows});
    return dg_graph_status(graph);
}

/* ---- the step ---- */

/* An input for a number that each step is given; one that an earlier trainer of the graph made is used again. */
static dg_node *number_input(dg_graph *graph, const char *name)
{
    dg_node *known = dg_graph_find(graph, name);
    if (known && dg_node_op(known)->role == DG_ROLE_INPUT && dg_node_type(known, 0)->dtype == DG_FLOAT64)
        return known;
    return dg_input(graph, dg_scalar(), .dtype = DG_FLOAT64, .name = name);
}

dg_status objective_parameters(dg_node *loss, const char *trains, const dg_groups *groups, dg_node ***parameters,
                               dg_parameter_settings **settings, int *count)
{
    dg_node *const *all;
    dg_arena *arena = dg_graph_arena(dg_node_graph(loss));
    DG_TRY(dg_trainable_matching(loss, trains, &all, count));
    if (!*count)
        return dg_error(DG_BAD_ARGUMENT, "loss '%s' depends on no trainable parameter", dg_node_name(loss));
    *parameters = dg_arena_alloc(arena, (size_t)*count * sizeof(dg_node *));
    *settings = dg_arena_alloc(arena, (size_t)*count * sizeof **settings);
    if (!*parameters || !*settings)
        return dg_no_memory("a list of %d parameters", *count);
    memcpy(*parameters, all, (size_t)*count * sizeof(dg_node *));
    return dg_groups_apply(groups, *parameters, count, *settings);
}

dg_status objective_check_ranges(const dg_tensors *values, int count, dg_node *const *parameters,
                                 const dg_parameter_settings *settings)
{
    for (int k = 0; k < count; k++) {
        const char *name = dg_node_name(parameters[k]);
        const dg_tensor *value = dg_tensors_find(values, name);
        dg_status status = value ? dg_range_check(&settings[k].range, value) : dg_ok();
        if (status.code != DG_OK)
            return dg_prefixed(status, "parameter '%s'", name);
    }
    return dg_ok();
}

dg_status objective_gradients(dg_node *loss, int count, dg_node *const *parameters, double clip_value, double clip_norm,
                              dg_node **gradients)
{
    dg_graph *graph = dg_node_graph(loss);
    DG_TRY(dg_grad(loss, count, parameters, gradients));
    if (clip_value != 0)
        DG_TRY(dg_clip_value(graph, count, gradients, clip_value, gradients));
    return clip_norm != 0 ? dg_clip_norm(graph, count, gradients, clip_norm, gradients, NULL) : dg_ok();
}

static dg_status average_lines(const dg_trainer *t, char text[160])
{
    static const dg_argument ema[] = {{.name = "decay", .range = DG_ARGUMENT_FRACTION, .fallback = {0.999}},
                                      {.name = NULL}},
                             swa[] = {{.name = "start", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {0}},
                                      {.name = NULL}};
    dg_arena *arena = dg_graph_arena(t->options.task.graph);
    dg_value call;
    double number;
    DG_TRY(dg_call_parse(arena, t->options.average, &call));
    if (strcmp(call.s, "ema") == 0) {
        DG_TRY(dg_arguments_read(arena, "average ema", &call, ema, &number, NULL));
        snprintf(text, 160, "average = where(t > 1, %.17g * average + (1 - %.17g) * p, p)", number, number);
        return dg_ok();
    }
    if (strcmp(call.s, "swa") != 0)
        return dg_error(DG_BAD_ARGUMENT, "average is '%s', wants ema(decay=0.999) or swa(start=EPOCH)", call.s);
    DG_TRY(dg_arguments_read(arena, "average swa", &call, swa, &number, NULL));
    int every = t->options.accumulate > 1 ? t->options.accumulate : 1;
    double start = floor(number * (double)t->batches / every);
    snprintf(text, 160, "average = where(t > %.17g + 1, average + (p - average) / max(t - %.17g, 1), p)", start, start);
    return dg_ok();
}

/* The hyper-parameter that a schedule of the momentum moves. */
static dg_status moving_momentum(dg_trainer *t, dg_named_node *moving, int *n)
{
    *n = 0;
    if (!dg_schedule_moves_momentum(&t->schedule))
        return dg_ok();
    bool momentum = !isnan(dg_optimizer_hyper(&t->optimizer, "momentum"));
    if (!momentum && isnan(dg_optimizer_hyper(&t->optimizer, "beta1")))
        return dg_error(DG_BAD_ARGUMENT,
                        "schedule %s moves the momentum, which optimizer %s does not have: add cycle_momentum=false",
                        t->schedule.rule->name, dg_optimizer_name(&t->optimizer));
    if (t->optimizer.rule->drive)
        return dg_error(DG_BAD_ARGUMENT, "optimizer %s has no momentum to move", dg_optimizer_name(&t->optimizer));
    dg_node *node = number_input(t->options.task.graph, "optimizer/momentum");
    *moving = (dg_named_node){momentum ? "momentum" : "beta1", node};
    *n = 1;
    t->momentum_tensor = dg_tensor_view(DG_FLOAT64, dg_scalar(), &t->momentum);
    t->batch.feeds[t->sources.count + 1] = (dg_feed){node, &t->momentum_tensor};
    return dg_ok();
}

/* A network whose parameters are all solved for has no gradients to take. */
static dg_status is_only_solved(const dg_trainer *t, bool *only)
{
    dg_node *const *parameters;
    int count = 1;
    if (t->epochs == 0)
        DG_TRY(dg_trainable_parameters(t->options.task.loss, &parameters, &count));
    *only = count == 0;
    return dg_ok();
}

dg_status emit_updates(dg_trainer *t)
{
    const dg_task *task = &t->options.task;
    bool only_solved;
    DG_TRY(is_only_solved(t, &only_solved));
    if (only_solved) {
        t->batch.n_feeds = t->sources.count;
        return dg_ok();
    }
    dg_node **parameters, **gradients, **sampled = NULL;
    dg_named_node moving;
    char average[160];
    int count, n_moving;
    DG_TRY(objective_parameters(task->loss, NULL, &t->groups, &parameters, &t->settings, &count));
    t->parameters = parameters;
    t->n_parameters = count;
    gradients = dg_arena_alloc(dg_graph_arena(task->graph), 2 * (size_t)count * sizeof(dg_node *));
    if (!gradients)
        return dg_no_memory("%d gradients", count);
    DG_TRY(objective_gradients(task->loss, count, parameters, t->options.clip_value, t->options.clip_norm, gradients));
    if (t->optimizer.rule->needs_sampled) {
        sampled = gradients + count;
        DG_TRY(sampled_gradients(task->loss, count, parameters, sampled));
    }
    if (t->options.average)
        DG_TRY(average_lines(t, average));
    DG_TRY(moving_momentum(t, &moving, &n_moving));
    dg_node *lr = number_input(task->graph, "optimizer/lr");
    t->rate_tensor = dg_tensor_view(DG_FLOAT64, dg_scalar(), &t->rate);
    t->batch.feeds[t->sources.count] = (dg_feed){lr, &t->rate_tensor};
    if (t->optimizer.rule->drive)
        return driven_emit(t, count, parameters, gradients);
    const dg_optimizer_step step = {.graph = task->graph,
                                    .count = count,
                                    .parameters = parameters,
                                    .gradients = gradients,
                                    .lr = lr,
                                    .settings = t->settings,
                                    .moving = &moving,
                                    .n_moving = n_moving,
                                    .accumulate = t->options.accumulate,
                                    .average = t->options.average ? average : NULL,
                                    .sampled = sampled};
    return dg_optimizer_emit(&t->optimizer, &step, &t->updates, &t->n_updates);
}

/* The losses of the epochs done, validation's where there is validation. */
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
        t->losses[e] = ((const double *)t->history.data)[e * t->n_columns + t->validation_column];
    return dg_ok();
}

dg_status follow_schedule(dg_trainer *t)
{
    bool follows = t->schedule.rule->follows_losses;
    if (follows)
        DG_TRY(gather_losses(t));
    t->rate = dg_schedule_follow(&t->schedule, t->optimizer.lr, t->step, (uint64_t)t->batches, (uint64_t)t->epochs,
                                 follows ? (int)t->n_losses : 0, t->losses, &t->momentum);
    return dg_ok();
}

dg_status take_averages(dg_trainer *t)
{
    const dg_task *task = &t->options.task;
    for (int64_t id = 0; id < dg_graph_node_count(task->graph); id++) {
        dg_node *node = dg_graph_node(task->graph, id);
        char name[600];
        if (!is_weight(node))
            continue;
        int length = snprintf(name, sizeof name, "optimizer/%s/average", dg_node_name(node));
        const dg_tensor *average = length < (int)sizeof name ? dg_tensors_find(task->parameters, name) : NULL;
        if (average)
            DG_TRY(dg_tensors_put(task->parameters, dg_node_name(node), average));
    }
    return dg_ok();
}
