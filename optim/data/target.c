/* Which inputs of a graph take the labels: what its losses compare with, and do not learn from as well. */
#include "target.h"

#include <stdlib.h>
#include <string.h>

enum { BY_TARGET = 1, BY_OTHERS = 2 };      /* what of one loss op reads a node */
enum { IS_TARGET = 1, IS_LEARNT_FROM = 2 }; /* what a node is to any of them */

static bool is_loss_op(const dg_node *node)
{
    int target = dg_op_target(dg_node_op(node));
    return target >= 0 && target < dg_node_input_count(node) && dg_node_input(node, target);
}

/* Adds what a loss op makes of each node to `roles`. */
static void walk(const dg_graph *graph, int64_t loss, unsigned char *readers, unsigned char *roles)
{
    const dg_node *op = dg_graph_node(graph, loss);
    int target = dg_op_target(dg_node_op(op));
    memset(readers, 0, (size_t)loss + 1);
    for (int k = 0; k < dg_node_input_count(op); k++)
        if (dg_node_input(op, k))
            readers[dg_node_id(dg_node_input(op, k))] |= k == target ? BY_TARGET : BY_OTHERS;
    for (int64_t id = loss; id-- > 0;) { /* inputs have smaller ids */
        const dg_node *node = dg_graph_node(graph, id);
        for (int k = 0; readers[id] && k < dg_node_input_count(node); k++)
            if (dg_node_input(node, k))
                readers[dg_node_id(dg_node_input(node, k))] |= readers[id];
        roles[id] |= readers[id] & BY_OTHERS ? IS_LEARNT_FROM : readers[id] ? IS_TARGET : 0;
    }
}

dg_status target_inputs(const dg_graph *graph, const bool *of, bool **marks)
{
    size_t count = (size_t)dg_graph_node_count(graph);
    unsigned char *readers = calloc(count + 1, 1), *roles = calloc(count + 1, 1);
    bool *are_labels = calloc(count + 1, sizeof *are_labels);
    *marks = are_labels;
    for (int64_t id = 0; readers && roles && are_labels && id < (int64_t)count; id++)
        if ((!of || of[id]) && is_loss_op(dg_graph_node(graph, id)))
            walk(graph, id, readers, roles);
    for (int64_t id = 0; readers && roles && are_labels && id < (int64_t)count; id++) {
        const dg_node *node = dg_graph_node(graph, id);
        bool is_class = !dg_dtype_is_float(dg_node_type(node, 0)->dtype);
        are_labels[id] = dg_node_op(node)->role == DG_ROLE_INPUT && (roles[id] & IS_TARGET) &&
                         (is_class || !(roles[id] & IS_LEARNT_FROM));
    }
    bool failed = !readers || !roles || !are_labels;
    free(readers);
    free(roles);
    if (!failed)
        return dg_ok();
    free(are_labels);
    *marks = NULL;
    return dg_no_memory("a walk over %zu nodes", count);
}

bool input_takes_target(const dg_node *node, const bool *marks)
{
    if (dg_node_op(node)->role != DG_ROLE_INPUT)
        return false;
    const dg_value *field = dg_node_attr(node, "field");
    if (field && field->kind != DG_VALUE_NONE && field->s && *field->s)
        return strcmp(field->s, "target") == 0;
    return marks[dg_node_id(node)] || strcmp(dg_node_name((dg_node *)(uintptr_t)node), "target") == 0;
}
