/* Taking back what was made since a moment: a failure leaves the graph as it was. */
#include "graph.h"

#include "core/base/null.h"

static bool reads_later(const dg_node *node, int64_t count)
{
    for (int k = 0; node->expansion && k < node->n_outputs; k++)
        if (node->expansion[k]->id >= count)
            return true;
    return false;
}

static bool is_later(const node_update *update, int64_t count)
{
    return !update->assign || update->assign->id >= count;
}

void graph_forget(dg_graph *graph, int64_t count)
{
    hash_table *names = &graph->names;
    for (size_t i = 0; i < names->n_slots; i++) { /* what is taken out makes others move up, to this slot perhaps */
        const dg_node *node;
        while ((node = names->slots[i].item) && node->id >= count)
            table_remove(names, names->slots[i].hash, node);
    }
    for (int64_t id = 0; id < count && graph->n_nodes > count; id++) {
        dg_node *node = graph->nodes[id];
        if (reads_later(node, count))
            node->expansion = NULL;
        while (node->updates && is_later(node->updates, count))
            node->updates = node->updates->next;
    }
    graph->n_nodes = count;
}

dg_graph_point dg_graph_mark(const dg_graph *graph)
{
    if (!graph)
        return (dg_graph_point){0};
    return (dg_graph_point){graph->n_nodes, graph->module, graph->status.code != DG_OK};
}

dg_status dg_graph_undo(dg_graph *graph, dg_graph_point point, dg_status status)
{
    REFUSE_NULL(graph);
    if (status.code == DG_OK || point.failed)
        return status;
    graph_forget(graph, point.nodes);
    graph->module = point.module;
    graph->status = dg_ok();
    return status;
}

dg_status dg_graph_recover(dg_graph *graph)
{
    REFUSE_NULL(graph);
    dg_status status = dg_graph_status(graph);
    graph->status = dg_ok();
    missing_recover(graph);
    return status;
}
