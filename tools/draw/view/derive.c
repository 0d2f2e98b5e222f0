/* The views of derivatives: gradients, and the updates of an optimiser, as nodes that the graph grows by. */
#include "derive.h"

#include "tools/draw/text.h"

#include <dotgrad/autograd.h>
#include <dotgrad/optim.h>

#include <stdlib.h>
#include <string.h>

/* The trainable parameters, else the float inputs, that the loss is computed from. */
static dg_status find_wrt(dg_node *loss, const char *trains, dg_node *const **wrt, int *count)
{
    dg_graph *graph = dg_node_graph(loss);
    DG_TRY(dg_trainable_matching(loss, trains, wrt, count));
    if (*count)
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
        return dg_error(DG_NO_MEMORY, "not enough memory to draw");
    return *count ? dg_ok() : dg_error(DG_BAD_ARGUMENT, "the loss depends on no parameter and no float input");
}

static dg_status emit_updates(dg_node *loss, const char *words, int count, dg_node *const *wrt,
                              dg_node *const *gradients, derived_nodes *made)
{
    dg_graph *graph = dg_node_graph(loss);
    dg_optimizer optimizer;
    dg_node *const *updates;
    DG_TRY(dg_optimizer_parse(words, &optimizer));
    dg_value value = dg_float(0.01);
    dg_node *lr =
        dg_apply(&(dg_application){.graph = graph, .op = "constant", .at = DG_HERE, .n_attrs = 1, .attrs = &value});
    if (!lr)
        return dg_graph_status(graph);
    DG_TRY(dg_optimizer_emit(
        &optimizer,
        &(dg_optimizer_step){.graph = graph, .count = count, .parameters = wrt, .gradients = gradients, .lr = lr},
        &updates, &made->count));
    made->nodes = updates;
    return dg_ok();
}

/* ---- what belongs to one parameter's update ---- */

/* The parameter that an update is of: the one whose name the target's ends with ("optimizer/fc.weight/exp_avg" holds
 * it, too). −1: of none (a counter of steps). */
static int parameter_of(const dg_node *update, int count, dg_node *const *wrt)
{
    const char *target = dg_node_name(dg_node_input(update, 0));
    int found = -1;
    for (int k = 0; k < count; k++) {
        const char *name = dg_node_name(wrt[k]);
        if (strstr(target, name) && (found < 0 || strlen(name) > strlen(dg_node_name(wrt[found]))))
            found = k;
    }
    return found;
}

/* Walks from an update to what only it needs: up to gradients, and nodes that other parameters' updates have, too. */
static void mark_group(derived_nodes *made, const bool *is_gradient, dg_node *from, int parameter, int *owner,
                       dg_node **stack)
{
    size_t depth = 0;
    stack[depth++] = from;
    while (depth) {
        const dg_node *node = stack[--depth];
        int64_t at = dg_node_id(node) - made->first;
        if (at < 0 || is_gradient[at] || owner[at] == parameter + 2 || owner[at] == 1)
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
            int64_t at = dg_node_id(node) - made->first;
            if (at < 0 || is_gradient[at])
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
    int64_t n = dg_graph_node_count(graph) - made->first, edges = 1;
    dg_arena *arena = dg_graph_arena(graph);
    for (int64_t id = made->first; id < made->first + n; id++)
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
    return fine ? dg_ok() : dg_error(DG_NO_MEMORY, "not enough memory to draw");
}

static dg_status derive(dg_node *loss, const char *trains, bool with_updates, const char *optimizer,
                        derived_nodes *made)
{
    dg_graph *graph = dg_node_graph(loss);
    dg_node *const *wrt;
    int count = 0;
    *made = (derived_nodes){0};
    made->first = dg_graph_node_count(graph);
    DG_TRY(find_wrt(loss, trains, &wrt, &count));
    dg_node **gradients = dg_arena_alloc(dg_graph_arena(graph), ((size_t)count + 1) * sizeof *gradients);
    if (!gradients)
        return dg_error(DG_NO_MEMORY, "not enough memory to draw");
    DG_TRY(dg_grad(loss, count, wrt, gradients));
    made->count = made->n_gradients = count;
    made->nodes = made->gradients = gradients;
    made->wrt = wrt;
    made->first_update = dg_graph_node_count(graph);
    made->names = dg_arena_alloc(dg_graph_arena(graph), ((size_t)count + 1) * sizeof *made->names);
    if (!made->names)
        return dg_error(DG_NO_MEMORY, "not enough memory to draw");
    for (int k = 0; k < count; k++)
        made->names[k] = text_format(dg_graph_arena(graph), "∂%s/∂%s", dg_node_name(loss), dg_node_name(wrt[k]));
    if (with_updates) {
        DG_TRY(emit_updates(loss, optimizer, count, wrt, gradients, made));
        made->rule = text_format(dg_graph_arena(graph), "%.*s", (int)strcspn(optimizer, "("), optimizer);
        DG_TRY(make_groups(graph, made->rule, count, wrt, made));
    }
    return dg_graph_status(graph);
}

dg_status derive_nodes(dg_node *loss, const char *trains, bool with_updates, const char *optimizer, derived_nodes *made)
{
    bool emitting = dg_graph_emit(dg_node_graph(loss), true);
    dg_status status = derive(loss, trains, with_updates, optimizer, made);
    dg_graph_emit(dg_node_graph(loss), emitting);
    return status;
}
