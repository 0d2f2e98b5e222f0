/* A training step as a plan, in one call. */
#include "core/base/null.h"
#include "objective.h"
#include "optim/batch/reach.h"
#include "optim/evaluate/evaluate.h"

#include <dotgrad/ops/source.h>

#include <stdlib.h>
#include <string.h>

/* A group or a frozen name must fit a parameter of the graph: of another objective's, maybe. */
static dg_status check_groups(const dg_groups *groups, dg_graph *graph)
{
    int64_t n = dg_graph_node_count(graph);
    dg_node **all = dg_arena_alloc(dg_graph_arena(graph), ((size_t)n + 1) * sizeof *all);
    int count = 0;
    if (!all)
        return dg_no_memory("a list of %lld nodes", (long long)n);
    for (int64_t id = 0; id < n; id++) {
        dg_node *node = dg_graph_node(graph, id);
        if (dg_node_op(node)->role == DG_ROLE_PARAMETER && dg_dtype_is_float(dg_node_type(node, 0)->dtype) &&
            !dg_node_is_emitted(node))
            all[count++] = node;
    }
    return dg_groups_check(groups, all, count);
}

/* What trains, with the settings of its groups; in the graph's arena. */
static dg_status find_parameters(dg_node *loss, const dg_training_plan_options *options, dg_node ***wrt,
                                 dg_parameter_settings **settings, int *count)
{
    dg_groups groups;
    DG_TRY(objective_parameters(loss, options->trains, wrt, count));
    if (!*count)
        return reach_nothing(loss);
    *settings = dg_arena_alloc(dg_graph_arena(dg_node_graph(loss)), (size_t)*count * sizeof **settings);
    if (!*settings)
        return dg_no_memory("settings of %d parameters", *count);
    DG_TRY(dg_groups_parse(options->groups, options->freeze, &groups));
    dg_status status = check_groups(&groups, dg_node_graph(loss));
    if (status.code == DG_OK)
        status = dg_groups_apply(&groups, *wrt, count, *settings);
    dg_groups_release(&groups);
    return status;
}

static dg_status emit_step(const dg_optimizer *optimizer, const dg_training_plan_options *options, dg_node *loss,
                           int count, dg_node **wrt, const dg_parameter_settings *settings,
                           const dg_tensors *parameters, dg_training_nodes *made)
{
    dg_graph *graph = dg_node_graph(loss);
    char average[AVERAGE_TEXT];
    bool averages = options->average && strcmp(options->average, "none") != 0;
    dg_node **derived = dg_arena_alloc(dg_graph_arena(graph), (3 * (size_t)count + 1) * sizeof *derived);
    if (!derived)
        return dg_no_memory("%d gradients", count);
    dg_node **gradients = derived + count, **sampled = optimizer->rule->needs_sampled ? gradients + count : NULL;
    DG_TRY(dg_grad(loss, count, wrt, derived));
    *made = (dg_training_nodes){
        .count = count, .parameters = wrt, .gradients = derived, .first_update = dg_graph_node_count(graph)};
    memcpy(gradients, derived, (size_t)count * sizeof *gradients);
    DG_TRY(objective_clip(graph, count, options->clip_value, options->clip_norm, gradients));
    if (sampled)
        DG_TRY(sampled_gradients(loss, count, wrt, sampled));
    if (averages)
        DG_TRY(objective_average(dg_graph_arena(graph), options->average, 1, options->accumulate, 0, average));
    const dg_optimizer_step step = {.graph = graph,
                                    .count = count,
                                    .parameters = wrt,
                                    .gradients = gradients,
                                    .lr = options->lr ? options->lr
                                                      : dg_full(graph, dg_scalar(), optimizer->lr, .dtype = DG_FLOAT64),
                                    .settings = settings,
                                    .name = options->name,
                                    .accumulate = options->accumulate,
                                    .average = averages ? average : NULL,
                                    .sampled = sampled,
                                    .states = parameters};
    return dg_optimizer_emit(optimizer, &step, &made->updates, &made->n_updates);
}

static dg_status emit(dg_node *loss, const char *optimizer, const dg_training_plan_options *options,
                      dg_tensors *parameters, dg_training_nodes *made)
{
    dg_optimizer parsed;
    dg_node **wrt = NULL;
    dg_parameter_settings *settings = NULL;
    int count = 0;
    DG_TRY(dg_graph_status(dg_node_graph(loss)));
    DG_TRY(check_loss(loss));
    DG_TRY(dg_optimizer_parse(optimizer ? optimizer : DG_DEFAULT_OPTIMIZER, &parsed));
    bool emitting = dg_graph_emit(dg_node_graph(loss), true);
    dg_status status = find_parameters(loss, options, &wrt, &settings, &count);
    if (status.code == DG_OK)
        status = emit_step(&parsed, options, loss, count, wrt, settings, parameters, made);
    dg_graph_emit(dg_node_graph(loss), emitting);
    if (status.code != DG_OK || !parameters)
        return status;
    DG_TRY(dg_parameters_init(parameters, dg_node_graph(loss), options->seed));
    return objective_check_ranges(parameters, count, wrt, settings);
}

dg_status dg_training_updates(dg_node *loss, const char *optimizer, const dg_training_plan_options *options,
                              dg_node *const **updates, int *n_updates)
{
    REFUSE_NULL(updates);
    REFUSE_NULL(n_updates);
    dg_training_nodes made;
    dg_status status = dg_training_emit(loss, optimizer, options, &made);
    *updates = made.updates;
    *n_updates = made.n_updates;
    return status;
}

dg_status dg_training_emit(dg_node *loss, const char *optimizer, const dg_training_plan_options *options,
                           dg_training_nodes *made)
{
    REFUSE_NULL(made);
    *made = (dg_training_nodes){0};
    REFUSE_NULL(loss);
    const dg_graph_point before = dg_graph_mark(dg_node_graph(loss));
    dg_status status = emit(loss, optimizer, options ? options : &(dg_training_plan_options){.seed = 0}, NULL, made);
    if (status.code != DG_OK)
        *made = (dg_training_nodes){0};
    return dg_graph_undo(dg_node_graph(loss), before, status);
}

dg_status dg_training_plan_with(dg_node *loss, const char *optimizer, dg_tensors *parameters, dg_plan **plan,
                                dg_training_plan_options options)
{
    dg_training_nodes made = {0};
    if (!plan)
        return dg_error(DG_BAD_ARGUMENT, "training plan: the place for the result is NULL");
    *plan = NULL;
    if (!loss)
        return dg_error(DG_BAD_ARGUMENT,
                        "training plan: the loss is NULL: a builder returns NULL after a mistake, which "
                        "dg_graph_status of its graph tells");
    REFUSE_NULL(parameters);
    DG_TRY(dg_graph_status(dg_node_graph(loss)));
    if (options.n_fetch < 0 || (options.n_fetch && !options.fetch))
        return dg_error(DG_BAD_ARGUMENT, "training plan: the list of %d results is NULL", options.n_fetch);
    dg_node **fetch = calloc((size_t)options.n_fetch + 1, sizeof *fetch);
    if (!fetch)
        return dg_no_memory("%d results", options.n_fetch + 1);
    fetch[0] = loss;
    if (options.n_fetch)
        memcpy(fetch + 1, options.fetch, (size_t)options.n_fetch * sizeof *fetch);
    const dg_graph_point before = dg_graph_mark(dg_node_graph(loss));
    dg_status status = emit(loss, optimizer, &options, parameters, &made);
    if (status.code == DG_OK)
        status = dg_plan_new(dg_node_graph(loss),
                             &(dg_plan_options){.fetch = fetch,
                                                .n_fetch = options.n_fetch + 1,
                                                .updates = made.updates,
                                                .n_updates = made.n_updates,
                                                .parameters = parameters,
                                                .threads = options.threads,
                                                .seed = options.seed,
                                                .training = true,
                                                .memory_limit = options.memory_limit},
                             plan);
    free(fetch);
    return dg_graph_undo(dg_node_graph(loss), before, status);
}
