/* What has probably been meant, where a node cannot be made. */
#include "building.h"

#include <string.h>

/* The first edge into a node that is not to be seen; NULL: there is none. */
static const dg_file_edge *find_unseen(const building *b, int index)
{
    for (int i = b->first[index]; i < b->first[index + 1]; i++) {
        const dg_file_edge *edge = &b->file->edges[b->incoming[i]];
        const char *style = dg_file_attribute_find(&edge->attributes, "style");
        if (style && strstr(style, "invis"))
            return edge;
    }
    return NULL;
}

/* An edge that is there for the layout alone is an argument all the same, and perhaps one too many. */
dg_status hint_unseen(const building *b, int index, dg_status status)
{
    const dg_file_edge *edge = status.code == DG_OK ? NULL : find_unseen(b, index);
    return edge ? dg_error(status.code,
                           "%s; the edge from '%s' has style=invis: one that is for the layout alone is marked "
                           "derived=true, and is then no argument",
                           status.message, b->file->nodes[edge->tail].name)
                : status;
}

/* What has failed because an argument of the call is an attribute of the node says so. */
dg_status hint_misplaced(const dg_op *op, const dg_value *call, dg_status status)
{
    for (size_t i = 0; op && status.code == DG_BAD_ARGUMENT && i < call->count; i++) {
        const char *key = call->items[i].key;
        const dg_attribute *known = key ? dg_attribute_find(key) : NULL;
        for (int k = 0; known && k < dg_op_attr_count(op); k++)
            if (strcmp(op->attrs[k].name, key) == 0)
                known = NULL;
        if (known && known->ours && (known->where & DG_ON_NODE))
            return dg_error(status.code, "%s (it is an attribute of the node: [op=…, %s=…])", status.message, key);
    }
    return status;
}

/* Whether an edge that names its argument goes on into, or comes from, one with the same name. */
static bool is_chained(const building *b, const dg_file_edge *edge)
{
    for (int k = 0; edge->arg && k < b->file->n_edges; k++) {
        const dg_file_edge *other = &b->file->edges[k];
        if (other->arg && strcmp(other->arg, edge->arg) == 0 &&
            (other->tail == edge->head || other->head == edge->tail))
            return true;
    }
    return false;
}

/* a -> b -> c [arg=target]: both edges have it, which is seldom meant. */
static dg_status with_chain(const building *b, int index, dg_status status)
{
    for (int i = b->first[index]; status.code != DG_OK && i < b->first[index + 1]; i++) {
        const dg_file_edge *edge = &b->file->edges[b->incoming[i]];
        if (is_chained(b, edge))
            return dg_error(status.code,
                            "%s; arg=%s behind a chain a -> b -> c is of each of its edges: the edge that it is meant "
                            "for is written alone",
                            status.message, edge->arg);
    }
    return status;
}

/* "t -> loss", the first of several edges without a name into an op whose inputs are not alike: a tool may have written
 * them in another order, or the author. */
static dg_status with_order(const building *b, int index, dg_status status)
{
    const dg_file_node *node = &b->file->nodes[index];
    const dg_op *op = dg_op_find(node->call.s);
    int unnamed = 0, first = b->first[index];
    for (int i = first; i < b->first[index + 1]; i++)
        unnamed += !b->file->edges[b->incoming[i]].arg;
    if ((status.code != DG_BAD_SHAPE && status.code != DG_BAD_DTYPE) || unnamed < 2 || !op || op->formula ||
        (op->flags & DG_ANY_INPUTS) || dg_op_input_count(op) < 2 || (op->inputs[0].flags & DG_VARIADIC))
        return status;
    for (int i = first; i < b->first[index + 1]; i++) {
        const dg_file_edge *edge = &b->file->edges[b->incoming[i]];
        if (!edge->arg)
            return dg_error(status.code,
                            "%s; edges without a name are its arguments in their order in the file, the first is "
                            "%s -> %s: [arg=%s] on an edge makes it that one",
                            status.message, b->file->nodes[edge->tail].name, node->name, op->inputs[1].name);
    }
    return status;
}

dg_status hint_edges(const building *b, int index, dg_status status)
{
    return status.code == DG_OK ? status : with_order(b, index, with_chain(b, index, hint_unseen(b, index, status)));
}
