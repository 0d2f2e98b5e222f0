/* Composed ops: the nodes that stand for one. */
#include "graph.h"

/* What compose made is what infer had said: sizes as far as both are numbers; the rest when a plan is bound. */
static void check_expansion(dg_node *node, int output, const dg_type *made)
{
    const dg_type *said = &node->types[output];
    bool fits = made->dtype == said->dtype && made->shape.rank == said->shape.rank;
    for (int d = 0; fits && d < made->shape.rank; d++)
        fits = made->shape.dims[d] < 0 || said->shape.dims[d] < 0 || made->shape.dims[d] == said->shape.dims[d];
    if (fits)
        return;
    char first[DG_SHAPE_TEXT], second[DG_SHAPE_TEXT];
    dg_graph_fail(node->graph, dg_error(made->dtype == said->dtype ? DG_BAD_SHAPE : DG_BAD_DTYPE,
                                        "%s '%s': its compose made %s %s, its infer says %s %s", node->entry->op->name,
                                        dg_node_name(node), dg_dtype_name(made->dtype),
                                        dg_graph_print_shape(node->graph, &made->shape, first, sizeof first),
                                        dg_dtype_name(said->dtype),
                                        dg_graph_print_shape(node->graph, &said->shape, second, sizeof second)));
}

dg_node *const *dg_node_expansion(dg_node *node)
{
    if (!node)
        return NULL;
    dg_graph *graph = node->graph;
    if (!node->entry->op->compose || node->expansion || graph->status.code != DG_OK)
        return node->expansion;
    dg_node **outputs = dg_arena_alloc(graph->arena, sizeof(dg_node *) * (size_t)node->n_outputs);
    if (!outputs) {
        dg_graph_fail(graph, dg_no_memory("a node"));
        return NULL;
    }
    dg_node *outer = graph->owner;
    int64_t before = graph->n_nodes;
    graph->owner = node;
    missing_forget();
    node->entry->op->compose(&(dg_compose){.graph = graph,
                                           .node = node,
                                           .attrs = node->attrs,
                                           .n_inputs = node->n_inputs,
                                           .inputs = node->inputs,
                                           .n_outputs = node->n_outputs,
                                           .outputs = outputs});
    graph->owner = outer;
    for (int k = 0; k < node->n_outputs; k++) {
        if (!outputs[k] && graph->status.code == DG_OK)
            dg_graph_fail(graph, dg_error(DG_BAD_ARGUMENT, "%s '%s': its compose made no output %d",
                                          node->entry->op->name, dg_node_name(node), k));
        if (outputs[k])
            check_expansion(node, k, &outputs[k]->types[0]);
    }
    if (graph->status.code != DG_OK) {
        graph_forget(graph, before);
        return NULL;
    }
    node->expansion = outputs;
    return outputs;
}

void dg_compose_update(const dg_compose *compose, dg_node *parameter, dg_node *value)
{
    if (!compose)
        return;
    dg_graph *graph = compose->graph;
    const dg_op *assign = NULL;
    for (size_t i = 0; i < dg_op_count() && !assign; i++)
        assign = dg_op_at(i)->role == DG_ROLE_ASSIGN ? dg_op_at(i) : NULL;
    dg_node *const inputs[] = {parameter, value};
    if (!assign || !parameter || !value)
        return;
    node_update *update = dg_arena_alloc(graph->arena, sizeof *update);
    if (!update) {
        dg_graph_fail(graph, dg_no_memory("a node"));
        return;
    }
    update->assign = dg_apply(&(dg_application){.graph = graph, .op = assign->name, .n_inputs = 2, .inputs = inputs});
    update->next = compose->node->updates;
    compose->node->updates = update;
}
