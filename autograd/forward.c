/* Forward mode: tangents flow from the inputs to the outputs. */
#include <dotgrad/autograd.h>
#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/shape.h>
#include <dotgrad/ops/source.h>

#include "walk.h"

/* Brings a tangent of `node` to the whole shape and the dtype of the node. */
static dg_node *conform_tangent(dg_node *tangent, dg_node *node, int output)
{
    const dg_type *type = dg_node_type(node, output);
    if (tangent && !same_shape(&dg_node_type(tangent, 0)->shape, &type->shape))
        tangent = dg_expand_as(tangent, output ? dg_output(node, output) : node);
    if (tangent && dg_node_type(tangent, 0)->dtype != type->dtype)
        tangent = dg_to(tangent, type->dtype);
    return tangent;
}

static dg_node *tangent_of(const walk *w, const dg_node *node, walk_kind kind, int k)
{
    dg_node *child = walk_child(node, kind, k, false);
    return child ? walk_value(w, (walk_point){child, 0}) : NULL;
}

/* An elementwise op's Jacobian is diagonal, its own transpose: the reverse rule serves, with the tangent of each input
 * where the cotangent is. */
static dg_status through_formula(walk *w, dg_node *node)
{
    const dg_formula *formula = dg_node_formula(node);
    int n = dg_node_input_count(node), n_formula = dg_formula_input_count(formula);
    dg_node **inputs = w->scratch, *sum = NULL;
    for (int k = 0; k < n_formula && k < n; k++) {
        dg_node *tangent = tangent_of(w, node, WALK_FORMULA, k);
        if (!tangent)
            continue;
        const dg_formula *product;
        DG_TRY(dg_formula_vjp(dg_graph_formulas(w->graph), formula, k, &product));
        if (dg_formula_is_zero(product))
            continue;
        for (int j = 0; j < n_formula + 2; j++)
            inputs[j] = !dg_formula_uses(product, j) ? NULL
                        : j < n_formula              ? dg_node_input(node, j)
                        : j == n_formula             ? node
                                                     : tangent;
        dg_node *part = dg_formula_node(w->graph, DG_HERE, product, inputs);
        sum = sum ? dg_add(sum, part) : part;
    }
    /* With one input the shape is right, even where the sizes are not known to be equal. */
    bool whole = walk_single_input(node) && sum && dg_node_type(sum, 0)->dtype == dg_node_type(node, 0)->dtype;
    walk_add(w, (walk_point){node, 0}, whole ? sum : conform_tangent(sum, node, 0));
    return dg_ok();
}

static void through_rule(walk *w, dg_node *node)
{
    int n = dg_node_input_count(node), n_outputs = dg_node_output_count(node), size = w->scratch_size;
    dg_node **inputs = w->scratch, **tangents = w->scratch + size, *results[DG_MAX_OUTPUTS] = {NULL};
    for (int k = 0; k < n; k++) {
        inputs[k] = dg_node_input(node, k);
        tangents[k] = tangent_of(w, node, WALK_BACKWARD, k);
    }
    dg_node_op(node)->jvp(&(dg_tangents){.graph = w->graph,
                                         .node = node,
                                         .attrs = dg_node_attrs(node),
                                         .n_inputs = n,
                                         .inputs = inputs,
                                         .output = node,
                                         .tangents = tangents,
                                         .n_outputs = n_outputs,
                                         .output_tangents = results});
    for (int k = 0; k < n_outputs; k++)
        walk_add(w, (walk_point){node, k}, conform_tangent(results[k], node, k));
}

/* Jᵀu is linear in u, so that the reverse of u ↦ Jᵀu is J: the derivative of <Jᵀu, tangents> by u.
 * (J. Townsend: "A new trick for calculating Jacobian vector products", 2017.) */
static dg_status through_two_reverses(walk *w, dg_node *node)
{
    int n = dg_node_input_count(node), n_outputs = dg_node_output_count(node), size = w->scratch_size, n_found = 0;
    dg_node **inputs = w->scratch, **gradients = w->scratch + size, **found = w->scratch + 2 * size,
            **tangents = w->scratch + 3 * size, *u[DG_MAX_OUTPUTS] = {NULL}, *results[DG_MAX_OUTPUTS];
    for (int k = 0; k < n; k++) {
        inputs[k] = dg_node_input(node, k);
        gradients[k] = NULL;
        w->flags[k] = tangent_of(w, node, WALK_BACKWARD, k) != NULL;
    }
    for (int k = 0; k < n_outputs; k++)
        if (dg_dtype_is_float(dg_node_type(node, k)->dtype))
            u[k] = dg_zeros_like(k ? dg_output(node, k) : node);
    walk_backward(w, node, inputs, u, gradients);
    for (int k = 0; k < n; k++) {
        dg_node *gradient = w->flags[k] && gradients[k] ? conform_gradient(gradients[k], inputs[k]) : NULL;
        if (!gradient)
            continue;
        tangents[n_found] = tangent_of(w, node, WALK_BACKWARD, k);
        found[n_found++] = gradient;
    }
    DG_TRY(dg_graph_status(w->graph));
    for (int k = 0; n_found && k < n_outputs; k++)
        if (u[k]) {
            DG_TRY(dg_vector_jacobian(n_found, found, tangents, 1, &u[k], results));
            walk_add(w, (walk_point){node, k}, results[0]);
        }
    return dg_ok();
}

static dg_status propagate(walk *w, const walk_entry *entry)
{
    dg_node *node = entry->node;
    if (entry->kind != WALK_STOP && dg_node_op(node)->jvp) {
        through_rule(w, node);
        return dg_ok();
    }
    switch (entry->kind) {
    case WALK_FORMULA:
        return through_formula(w, node);
    case WALK_BACKWARD:
        return through_two_reverses(w, node);
    case WALK_OUTPUT:
        walk_add(w, (walk_point){node, 0}, walk_value(w, walk_resolve(node)));
        return dg_ok();
    case WALK_COMPOSED:
        for (int k = 0; k < dg_node_output_count(node); k++)
            walk_add(w, (walk_point){node, k}, tangent_of(w, node, WALK_COMPOSED, k));
        return dg_ok();
    case WALK_MISSING:
        return walk_missing(node);
    case WALK_STOP:
        break;
    }
    return dg_ok();
}

static dg_status start(walk *w, int count, dg_node *const *wrt, dg_node *const *tangents)
{
    for (int k = 0; k < count; k++) {
        dg_node *tangent = tangents ? tangents[k] : NULL;
        if (tangent)
            DG_TRY(walk_fit(w->graph, &tangent, wrt[k], "tangent"));
        else if (walk_depends(w, walk_resolve(wrt[k]).node))
            tangent = dg_ones_like(wrt[k]);
        walk_add(w, walk_resolve(wrt[k]), tangent);
    }
    return dg_ok();
}

dg_status dg_jacobian_vector(int n_outputs, dg_node *const *outputs, int count, dg_node *const *wrt,
                             dg_node *const *tangents, dg_node **output_tangents)
{
    dg_graph *graph;
    if ((n_outputs && !(outputs && output_tangents)) || (count && !wrt) || count < 0 || n_outputs < 0)
        return dg_error(DG_BAD_ARGUMENT, "the lists of %d outputs, %d nodes and tangents: one is NULL", n_outputs,
                        count);
    for (int k = 0; k < n_outputs; k++)
        output_tangents[k] = NULL;
    DG_TRY(walk_check(&graph, n_outputs, outputs, count, wrt));
    if (!n_outputs)
        return dg_ok();
    walk w;
    const dg_graph_point before = dg_graph_mark(graph);
    bool emitting = dg_graph_emit(graph, true);
    dg_status status = walk_make(&w, graph, n_outputs, outputs, count, wrt, false);
    if (status.code == DG_OK)
        status = start(&w, count, wrt, tangents);
    for (int64_t i = 0; i < w.count && status.code == DG_OK; i++)
        if (w.entries[i].flows)
            status = propagate(&w, &w.entries[i]);
    for (int k = 0; k < n_outputs && status.code == DG_OK; k++) {
        dg_node *tangent = walk_value(&w, (walk_point){outputs[k], 0});
        output_tangents[k] = tangent ? tangent : dg_zeros_like(outputs[k]);
    }
    dg_graph_emit(graph, emitting);
    walk_release(&w);
    if (status.code == DG_OK)
        status = dg_graph_status(graph);
    for (int k = 0; k < n_outputs && status.code != DG_OK; k++)
        output_tangents[k] = NULL;
    return dg_graph_undo(graph, before, status);
}
