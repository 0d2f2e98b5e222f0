/* The views of derivatives: gradients, and the updates of an optimiser, as nodes that the graph grows by. */
#include "derive.h"

#include "tools/draw/base/text.h"

#include <dotgrad/autograd.h>
#include <dotgrad/ops/source.h>
#include <dotgrad/optim.h>

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* The trainable parameters, else, where nothing is updated, the float inputs that the loss is computed from. */
static dg_status find_wrt(dg_node *loss, const char *trains, bool with_updates, dg_node *const **wrt, int *count)
{
    dg_graph *graph = dg_node_graph(loss);
    DG_TRY(dg_trainable_matching(loss, trains, wrt, count));
    if (*count || with_updates)
        return dg_ok();
    int64_t n = dg_graph_node_count(graph);
    dg_node **inputs = dg_arena_alloc(dg_graph_arena(graph), ((size_t)n + 1) * sizeof *inputs);
    for (int64_t id = 0; inputs && id < n; id++) {
        dg_node *node = dg_graph_node(graph, id);
        if (dg_node_op(node)->role == DG_ROLE_INPUT && dg_dtype_is_float(dg_node_type(node, 0)->dtype))
            inputs[(*count)++] = node;
    }
    *wrt = inputs;
    if (!inputs)
        return dg_no_memory("a picture");
    return *count ? dg_ok() : dg_error(DG_BAD_ARGUMENT, "the loss depends on no parameter and no float input");
}

/* The assignments that the graph's author has written take effect with each step, too. */
static dg_status add_own_updates(dg_graph *graph, derived_nodes *made)
{
    int64_t n = dg_graph_node_count(graph), own = 0;
    for (int64_t id = 0; id < n; id++)
        own += dg_node_is_update(dg_graph_node(graph, id));
    dg_node **all = dg_arena_alloc(dg_graph_arena(graph), (size_t)(made->count + own + 1) * sizeof *all);
    if (!all)
        return dg_no_memory("a picture");
    if (made->count)
        memcpy(all, made->nodes, (size_t)made->count * sizeof *all);
    for (int64_t id = 0; id < n; id++)
        if (dg_node_is_update(dg_graph_node(graph, id)))
            all[made->count++] = dg_graph_node(graph, id);
    made->nodes = all;
    return dg_ok();
}

bool derive_is_derivative(const derived_nodes *made, const dg_node *node)
{
    if (dg_node_original((dg_node *)(uintptr_t)node) != node)
        return true; /* computed once more */
    for (const dg_node *outer = node; outer;) {
        node = outer;
        outer = dg_node_op(node)->role == DG_ROLE_OUTPUT ? dg_node_input(node, 0)
                                                         : dg_node_owner((dg_node *)(uintptr_t)node);
    }
    return dg_node_id(node) >= made->first;
}

/* The step as training makes it, at the optimiser's own rate. */
static dg_status emit_step(dg_node *loss, const char *words, const dg_training_plan_options *options,
                           dg_training_nodes *step)
{
    dg_graph *graph = dg_node_graph(loss);
    dg_training_plan_options with_rate = *options;
    dg_optimizer optimizer;
    DG_TRY(dg_optimizer_parse(words, &optimizer));
    const dg_tensor rate = dg_tensor_view(DG_FLOAT64, dg_scalar(), &optimizer.lr);
    if (!(with_rate.lr = dg_constant(graph, &rate)))
        return dg_graph_status(graph);
    return dg_training_emit(loss, words, &with_rate, step);
}

/* ---- what belongs to one parameter's update ---- */

/* Whether a state's name ("optimizer/fc.weight/exp_avg") is one of that parameter's. */
static bool is_state_of(const char *state, const char *parameter)
{
    const char *end = strrchr(state, '/');
    size_t length = strlen(parameter), whole = end ? (size_t)(end - state) : 0;
    return whole > length && end[-(ptrdiff_t)length - 1] == '/' && strncmp(end - length, parameter, length) == 0;
}

/* The parameter that an update is of, itself or a state of its; −1: of none (a counter of steps). */
static int parameter_of(const dg_node *update, int count, dg_node *const *wrt)
{
    const dg_node *target = dg_node_input(update, 0);
    int found = -1;
    for (int k = 0; k < count; k++) {
        const char *name = dg_node_name(wrt[k]);
        if (target == wrt[k])
            return k;
        if (is_state_of(dg_node_name((dg_node *)(uintptr_t)target), name) &&
            (found < 0 || strlen(name) > strlen(dg_node_name(wrt[found]))))
            found = k;
    }
    return found;
}

/* A node of this step: new, or a state that the graph has from an earlier one. */
static bool is_of_step(const derived_nodes *made, const dg_node *node)
{
    return dg_node_id(node) >= made->first || (dg_node_op(node)->role == DG_ROLE_PARAMETER && dg_node_is_emitted(node));
}

/* Walks from an update to what only it needs: up to gradients, and nodes that other parameters' updates have, too. */
static void mark_group(const derived_nodes *made, const bool *is_gradient, dg_node *from, int parameter, int *owner,
                       dg_node **stack)
{
    size_t depth = 0;
    stack[depth++] = from;
    while (depth) {
        const dg_node *node = stack[--depth];
        int64_t at = dg_node_id(node);
        if (!is_of_step(made, node) || is_gradient[at] || owner[at] == parameter + 2 || owner[at] == 1)
            continue;
        owner[at] = owner[at] == 0 ? parameter + 2 : 1; /* 1: of several */
        for (int k = 0; k < dg_node_input_count(node); k++)
            if (dg_node_input(node, k))
                stack[depth++] = dg_node_input(node, k);
    }
}

static bool mark_gradients(const derived_nodes *made, bool *is_gradient, dg_node **stack)
{
    for (int k = 0; k < made->n_gradients; k++) {
        size_t depth = 0;
        stack[depth++] = made->gradients[k];
        while (depth) {
            const dg_node *node = stack[--depth];
            int64_t at = dg_node_id(node);
            if (at < made->first || is_gradient[at])
                continue;
            is_gradient[at] = true;
            for (int i = 0; i < dg_node_input_count(node); i++)
                if (dg_node_input(node, i))
                    stack[depth++] = dg_node_input(node, i);
        }
    }
    return true;
}

static dg_status make_groups(dg_graph *graph, const char *rule, int count, dg_node *const *wrt, derived_nodes *made)
{
    int64_t n = dg_graph_node_count(graph), edges = 1;
    dg_arena *arena = dg_graph_arena(graph);
    for (int64_t id = 0; id < n; id++)
        edges += dg_node_input_count(dg_graph_node(graph, id));
    bool *is_gradient = calloc((size_t)n + 1, 1);
    int *owner = calloc((size_t)n + 1, sizeof *owner);
    dg_node **stack = calloc((size_t)(edges + count) + 2, sizeof *stack);
    made->groups = dg_arena_alloc(arena, ((size_t)n + 1) * sizeof *made->groups);
    made->updated = dg_arena_alloc(arena, ((size_t)n + 1) * sizeof *made->updated);
    bool fine =
        is_gradient && owner && stack && made->groups && made->updated && mark_gradients(made, is_gradient, stack);
    for (int k = 0; fine && k < made->count; k++) {
        int parameter = parameter_of(made->nodes[k], count, wrt);
        if (parameter >= 0)
            mark_group(made, is_gradient, made->nodes[k], parameter, owner, stack);
    }
    for (int64_t k = 0; fine && k < n; k++)
        if (owner[k] > 1) {
            made->groups[k] = text_format(arena, "%s %s", rule, dg_node_name(wrt[owner[k] - 2]));
            made->updated[k] = wrt[owner[k] - 2];
        }
    made->n_groups = n;
    free(is_gradient);
    free(owner);
    free(stack);
    return fine ? dg_ok() : dg_no_memory("a picture");
}

/* Gradients alone. */
static dg_status emit_gradients(dg_node *loss, int count, dg_node *const *wrt, dg_training_nodes *made)
{
    dg_node **gradients = dg_arena_alloc(dg_graph_arena(dg_node_graph(loss)), ((size_t)count + 1) * sizeof *gradients);
    if (!gradients)
        return dg_no_memory("a picture");
    DG_TRY(dg_grad(loss, count, wrt, gradients));
    *made = (dg_training_nodes){.count = count,
                                .parameters = wrt,
                                .gradients = gradients,
                                .n_updates = count,
                                .updates = gradients,
                                .first_update = dg_graph_node_count(dg_node_graph(loss))};
    return dg_ok();
}

static dg_status derive(dg_node *loss, const char *optimizer, const dg_training_plan_options *options,
                        derived_nodes *made)
{
    dg_graph *graph = dg_node_graph(loss);
    dg_node *const *wrt;
    dg_training_nodes step = {0};
    int count = 0;
    *made = (derived_nodes){0};
    made->first = made->first_update = dg_graph_node_count(graph);
    DG_TRY(find_wrt(loss, options->trains, optimizer != NULL, &wrt, &count));
    if (count)
        DG_TRY(optimizer ? emit_step(loss, optimizer, options, &step) : emit_gradients(loss, count, wrt, &step));
    count = step.count;
    made->count = step.n_updates;
    made->nodes = step.updates;
    made->n_gradients = count;
    made->gradients = step.gradients;
    made->wrt = step.parameters;
    if (count)
        made->first_update = step.first_update;
    made->names = dg_arena_alloc(dg_graph_arena(graph), ((size_t)count + 1) * sizeof *made->names);
    if (!made->names)
        return dg_no_memory("a picture");
    for (int k = 0; k < count; k++)
        made->names[k] =
            text_format(dg_graph_arena(graph), "∂%s/∂%s", dg_node_name(loss), dg_node_name(step.parameters[k]));
    if (optimizer && count) {
        made->rule = text_format(dg_graph_arena(graph), "%.*s", (int)strcspn(optimizer, "("), optimizer);
        DG_TRY(make_groups(graph, made->rule, count, step.parameters, made));
    }
    if (optimizer)
        DG_TRY(add_own_updates(graph, made));
    return dg_graph_status(graph);
}

dg_status derive_nodes(dg_node *loss, const char *optimizer, const dg_training_plan_options *options,
                       derived_nodes *made)
{
    bool emitting = dg_graph_emit(dg_node_graph(loss), true);
    dg_status status = derive(loss, optimizer, options, made);
    dg_graph_emit(dg_node_graph(loss), emitting);
    return status;
}
