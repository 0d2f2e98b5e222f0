/* Walks from nodes to all that they read. */
#include <dotgrad/optim.h>

#include "reach.h"

#include <stdlib.h>

dg_status reach_new(dg_graph *graph, dg_node *const *nodes, int n_nodes, bool **marks)
{
    int64_t count = dg_graph_node_count(graph);
    bool *mark = calloc((size_t)count + 1, sizeof *mark);
    if (!mark)
        return dg_error(DG_NO_MEMORY, "no memory to walk %lld nodes", (long long)count);
    for (int i = 0; i < n_nodes; i++)
        if (nodes[i])
            mark[dg_node_id(nodes[i])] = true;
    for (int64_t id = count; id-- > 0;) { /* inputs have smaller ids */
        const dg_node *node = dg_graph_node(graph, id);
        for (int k = 0; mark[id] && k < dg_node_input_count(node); k++)
            if (dg_node_input(node, k))
                mark[dg_node_id(dg_node_input(node, k))] = true;
    }
    *marks = mark;
    return dg_ok();
}

static bool is_trainable(const dg_node *node)
{
    const dg_value *trainable = dg_node_attr(node, "trainable");
    return dg_node_op(node)->role == DG_ROLE_PARAMETER && (!trainable || trainable->b);
}

dg_status dg_trainable_parameters(dg_node *output, dg_node *const **parameters, int *count)
{
    *parameters = NULL;
    *count = 0;
    if (!output)
        return dg_error(DG_BAD_ARGUMENT, "trainable parameters of no node");
    dg_graph *graph = dg_node_graph(output);
    bool *mark;
    DG_TRY(reach_new(graph, &output, 1, &mark));
    size_t n = 0;
    for (int64_t id = 0; id <= dg_node_id(output); id++)
        n += mark[id] && is_trainable(dg_graph_node(graph, id));
    dg_node **list = dg_arena_alloc(dg_graph_arena(graph), (n + 1) * sizeof(dg_node *));
    for (int64_t id = 0; list && id <= dg_node_id(output); id++)
        if (mark[id] && is_trainable(dg_graph_node(graph, id)))
            list[(*count)++] = dg_graph_node(graph, id);
    free(mark);
    if (!list)
        return dg_no_memory("a list of %zu parameters", n);
    *parameters = list;
    return dg_ok();
}
