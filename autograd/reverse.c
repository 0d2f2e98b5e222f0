/* Reverse mode: cotangents flow from the outputs back to what they were computed from, and every step is a node. */
#include <dotgrad/autograd.h>
#include <dotgrad/ops/source.h>

#include "core/base/null.h"
#include "recompute.h"
#include "walk.h"

/* cotangent · ∂formula/∂input for every input that matters. */
static dg_status through_formula(walk *w, dg_node *node, dg_node *cotangent)
{
    dg_formulas *formulas = dg_graph_formulas(w->graph);
    const dg_formula *formula = dg_node_formula(node);
    int n = dg_node_input_count(node), n_formula = dg_formula_input_count(formula);
    dg_node **inputs = w->scratch;
    bool single = walk_single_input(node);
    for (int k = 0; k < n_formula; k++) {
        dg_node *input = k < n ? walk_child(node, WALK_FORMULA, k, false) : NULL;
        if (!input || !walk_depends(w, input))
            continue;
        const dg_formula *vjp;
        DG_TRY(dg_formula_vjp(formulas, formula, k, &vjp));
        if (dg_formula_is_zero(vjp))
            continue;
        for (int j = 0; j < n_formula + 2; j++)
            inputs[j] = !dg_formula_uses(vjp, j) ? NULL
                        : j < n_formula          ? dg_node_input(node, j)
                        : j == n_formula         ? node
                                                 : cotangent;
        dg_node *gradient = dg_formula_node(w->graph, DG_HERE, vjp, inputs);
        /* With one input nothing was broadcast, even where the sizes are not known to be equal. */
        bool whole = single && gradient && dg_node_type(gradient, 0)->dtype == dg_node_type(input, 0)->dtype;
        walk_add(w, (walk_point){input, 0}, whole ? gradient : conform_gradient(gradient, input));
    }
    return dg_ok();
}

static void through_rule(walk *w, dg_node *node, dg_node *const *cotangents)
{
    int n = dg_node_input_count(node), size = w->scratch_size;
    dg_node **inputs = w->scratch, **gradients = w->scratch + size;
    for (int k = 0; k < n; k++) {
        const dg_node *child = walk_child(node, WALK_BACKWARD, k, false);
        inputs[k] = dg_node_input(node, k);
        gradients[k] = NULL;
        w->flags[k] = child && walk_depends(w, child);
    }
    walk_backward(w, node, inputs, cotangents, gradients);
    for (int k = 0; k < n; k++)
        if (w->flags[k] && gradients[k])
            walk_add(w, (walk_point){inputs[k], 0}, conform_gradient(gradients[k], inputs[k]));
}

static dg_status propagate(walk *w, recomputation *again, const walk_entry *entry)
{
    dg_node *node = entry->node;
    int n_outputs = dg_node_output_count(node), first = 0;
    dg_node *const *cotangents = &w->values[entry->first];
    while (first < n_outputs && !cotangents[first])
        first++;
    if (first == n_outputs)
        return dg_ok();
    if (entry->kind == WALK_FORMULA || entry->kind == WALK_BACKWARD)
        DG_TRY(recompute(again, &node, cotangents[first]));
    switch (entry->kind) {
    case WALK_FORMULA: {
        bool done = false;
        if (node == entry->node) /* what is computed again is read in its module */
            DG_TRY(through_two(w, node, cotangents[0], &done));
        return done ? dg_ok() : through_formula(w, node, cotangents[0]);
    }
    case WALK_BACKWARD:
        through_rule(w, node, cotangents);
        return dg_ok();
    case WALK_OUTPUT:
        walk_add(w, walk_resolve(node), cotangents[0]);
        return dg_ok();
    case WALK_COMPOSED:
        for (int k = 0; k < n_outputs; k++) {
            dg_node *inside = walk_child(node, WALK_COMPOSED, k, false);
            if (inside)
                walk_add(w, (walk_point){inside, 0}, cotangents[k]);
        }
        return dg_ok();
    case WALK_MISSING:
        return walk_missing(node);
    case WALK_STOP:
        break;
    }
    return dg_ok();
}

static dg_status start(walk *w, int n_outputs, dg_node *const *outputs, dg_node *const *cotangents)
{
    for (int k = 0; k < n_outputs; k++) {
        dg_node *cotangent = cotangents ? cotangents[k] : NULL;
        if (cotangent)
            DG_TRY(walk_fit(w->graph, &cotangent, outputs[k], "cotangent"));
        else if (walk_depends(w, outputs[k]))
            cotangent = dg_ones_like(outputs[k]);
        walk_add(w, (walk_point){outputs[k], 0}, cotangent);
    }
    return dg_ok();
}

dg_status dg_vector_jacobian(int n_outputs, dg_node *const *outputs, dg_node *const *cotangents, int count,
                             dg_node *const *wrt, dg_node **grads)
{
    dg_graph *graph;
    if ((count && !(wrt && grads)) || (n_outputs && !outputs) || count < 0 || n_outputs < 0)
        return dg_error(DG_BAD_ARGUMENT, "the lists of %d outputs, %d nodes and their gradients: one is NULL",
                        n_outputs, count);
    for (int k = 0; k < count; k++)
        grads[k] = NULL;
    DG_TRY(walk_check(&graph, n_outputs, outputs, count, wrt));
    if (!count)
        return dg_ok();
    walk w;
    recomputation again = {0};
    const dg_graph_point before = dg_graph_mark(graph);
    bool emitting = dg_graph_emit(graph, true);
    dg_status status = walk_make(&w, graph, n_outputs, outputs, count, wrt, false);
    if (status.code == DG_OK)
        status = start(&w, n_outputs, outputs, cotangents);
    for (int64_t i = w.count - 1; i >= 0 && status.code == DG_OK; i--) {
        if (!w.entries[i].flows)
            continue;
        dg_node *outer = dg_graph_differentiate(graph, w.entries[i].node);
        status = propagate(&w, &again, &w.entries[i]);
        dg_graph_differentiate(graph, outer);
    }
    for (int k = 0; k < count && status.code == DG_OK; k++) {
        dg_node *gradient = walk_value(&w, walk_resolve(wrt[k]));
        grads[k] = gradient ? gradient : dg_zeros_like(wrt[k]);
    }
    dg_graph_emit(graph, emitting);
    walk_release(&w);
    recompute_release(&again);
    if (status.code == DG_OK)
        status = dg_graph_status(graph);
    for (int k = 0; k < count && status.code != DG_OK; k++)
        grads[k] = NULL;
    return dg_graph_undo(graph, before, status);
}

dg_status dg_depends(dg_node *output, int count, dg_node *const *wrt, bool *depends)
{
    dg_graph *graph;
    walk w;
    if (count > 0) {
        REFUSE_NULL(wrt);
        REFUSE_NULL(depends);
    }
    for (int k = 0; k < count; k++)
        depends[k] = false;
    DG_TRY(walk_check(&graph, 1, &output, count, wrt));
    if (!count)
        return dg_ok();
    const dg_graph_point before = dg_graph_mark(graph);
    dg_status status = walk_make(&w, graph, 1, &output, count, wrt, false);
    for (int k = 0; k < count && status.code == DG_OK; k++)
        depends[k] = walk_depends(&w, walk_resolve(wrt[k]).node);
    walk_release(&w);
    return dg_graph_undo(graph, before, status.code == DG_OK ? dg_graph_status(graph) : status);
}

dg_status dg_grad(dg_node *output, int count, dg_node *const *wrt, dg_node **grads)
{
    return dg_vector_jacobian(1, &output, NULL, count, wrt, grads);
}
