/* Which parameters of others a layer reads: what no wire shows. */
#include "file.h"

#include <string.h>

static bool is_parameter(const dg_node *node)
{
    return node && dg_node_op(node)->role == DG_ROLE_PARAMETER;
}

static bool reads(const dg_node *node, const dg_node *parameter)
{
    for (int k = 0; k < dg_node_input_count(node); k++)
        if (dg_node_input(node, k) == parameter)
            return true;
    return false;
}

/* Whether a node reads all parameters that the owner of one has: then the owner's name tells which. */
static bool reads_all_of(const dg_node *node, const dg_node *owner)
{
    bool all = owner != NULL;
    for (int k = 0; all && k < dg_node_input_count(owner); k++) {
        const dg_node *input = dg_node_input(owner, k);
        all = !is_parameter(input) || dg_node_owner(input) != owner || reads(node, input);
    }
    return all;
}

static const char *put(view *v, const char *words, const char *name)
{
    if (*words && text_lists(words + strlen("shares "), name))
        return words;
    return text_format(v->arena, "%s%s%s", words, *words ? ", " : "shares ", name);
}

static const char *put_parameter(view *v, const char *words, const dg_node *node, dg_node *parameter)
{
    dg_node *owner = dg_node_owner(parameter);
    return put(v, words, dg_node_name(reads_all_of(node, owner) ? owner : parameter));
}

const char *label_shares(view *v, const dg_node *node)
{
    const char *words = "";
    for (int k = 0; k < dg_node_input_count(node); k++) {
        dg_node *source = dg_node_input(node, k);
        if (is_parameter(source) && dg_node_owner(source) && dg_node_owner(source) != node)
            words = put_parameter(v, words, node, source);
    }
    return words;
}

static bool is_copy(const dg_file_node *node, const dg_node *owner)
{
    for (int i = 0; i < node->n_made; i++)
        if (node->made[i] == owner)
            return true;
    return false;
}

/* Whether a wire shows what argument k is: its own box, or, of an op that is no layer, the one that owns it. */
static bool is_shown(const view *v, const dg_node *node, int k, const view_fan *in, int box)
{
    const dg_op *op = dg_node_op(node);
    bool is_layers = k < dg_op_input_count(op) && op->inputs[k].parameter;
    for (int i = in->first[box]; i < in->first[box + 1]; i++) {
        const view_wire *wire = &v->wires[in->wires[i]];
        if (wire->input == k && (!is_layers || v->boxes[wire->from].rows[0].node == dg_node_input(node, k)))
            return true;
    }
    return false;
}

/* What a node of a file shares: as it is written there, else what it reads without a wire. */
static const char *shares_of(view *v, const dg_file_node *node, const view_fan *in, int box)
{
    const char *written = dg_file_attribute_find(&node->attributes, "share"), *words = "";
    if (written && *written)
        return text_format(v->arena, "shares %s", written);
    for (int k = 0; k < dg_node_input_count(node->node); k++) {
        dg_node *source = dg_node_input(node->node, k);
        if (!is_parameter(source) || dg_node_owner(source) == node->node || is_shown(v, node->node, k, in, box) ||
            is_copy(node, dg_node_owner(source)))
            continue;
        words = put_parameter(v, words, node->node, source);
    }
    return words;
}

void file_shares(view *v, const dg_graph_file *file, const int *box)
{
    view_fan in;
    if (!view_fan_in(v, &in))
        return;
    for (int k = 0; k < file->n_nodes; k++)
        if (v->boxes[box[k]].rows[0].style != STYLE_MODULE && !v->boxes[box[k]].is_gone)
            v->boxes[box[k]].rows[0].shares = shares_of(v, &file->nodes[k], &in, box[k]);
}
