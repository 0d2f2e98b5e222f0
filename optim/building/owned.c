/* What nodes take from elsewhere: a layer's own parameter, which is a node without op ("y.weight" -> g), the parameters
 * of another layer (share=NODE), and constants
 * in a file beside the graph (constant('net.safetensors')). */
#include "building.h"
#include "library.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int owned_find(const dg_graph_file *file, int node)
{
    const char *name = file->nodes[node].name;
    char owner[400];
    for (size_t length = strlen(name); length > 0; length--) {
        if (name[length] != '.' || length >= sizeof owner)
            continue;
        snprintf(owner, sizeof owner, "%.*s", (int)length, name);
        int found = document_find(file, owner);
        if (found >= 0 && dg_file_attribute_find(&file->nodes[found].attributes, "op"))
            return found;
    }
    return -1;
}

int owned_source(const building *b, int item)
{
    int node = b->node_of[item], owner = b->owners[node];
    if (owner < 0)
        return -1;
    bool is_alike = b->file->nodes[node].cluster == b->file->nodes[owner].cluster;
    return is_alike ? b->base[owner] + item - b->base[node] : copies_last(b, owner);
}

dg_status owned_make(building *b, int item)
{
    int node = b->node_of[item], owner = b->owners[node];
    const dg_file_node *from = &b->file->nodes[node];
    const char *suffix = from->name + strlen(b->file->nodes[owner].name);
    const char *whole = copies_name(b, owned_source(b, item));
    char name[600];
    if (!whole)
        return document_no_memory(b->file);
    snprintf(name, sizeof name, "%s%s", whole, suffix);
    b->made[item] = dg_graph_find(b->graph, name);
    if (b->made[item] && b->first[node + 1] > b->first[node])
        return dg_graph_file_error(
            b->file, from->line,
            dg_error(DG_BAD_ARGUMENT, "an edge leads to '%s', which has no op: it is a parameter", from->name));
    if (b->made[item])
        return dg_ok();
    return dg_graph_file_error(b->file, from->line,
                               dg_error(DG_BAD_ARGUMENT, "node '%s' has no op, and '%s' owns no such parameter",
                                        from->name, b->file->nodes[owner].name));
}

/* ---- parameters of another node's ---- */

dg_status owned_find_shares(building *b)
{
    dg_graph_file *file = b->file;
    b->shares = calloc((size_t)file->n_nodes + 1, sizeof *b->shares);
    if (!b->shares)
        return document_no_memory(file);
    for (int k = 0; k < file->n_nodes; k++) {
        const dg_file_node *node = &file->nodes[k];
        const char *share = dg_file_attribute_find(&node->attributes, "share");
        b->shares[k] = share ? document_find(file, share) : -1;
        if (!share)
            continue;
        const dg_file_node *other = b->shares[k] < 0 ? NULL : &file->nodes[b->shares[k]];
        if (!other && b->owners[k] < 0)
            return dg_graph_file_error(
                file, node->line, dg_prefixed(document_no_node(file, share), "node '%s', share=%s", node->name, share));
        if (other == node || b->owners[k] >= 0)
            return dg_graph_file_error(file, node->line,
                                       dg_error(DG_BAD_ARGUMENT, "node '%s', share=%s: %s", node->name, share,
                                                b->owners[k] >= 0 ? "it is a parameter itself" : "that is itself"));
        if (strcmp(other->call.s, node->call.s) != 0)
            return dg_graph_file_error(file, node->line,
                                       dg_error(DG_BAD_ARGUMENT, "node '%s' is %s, and shares with '%s', which is %s",
                                                node->name, node->call.s, share, other->call.s));
    }
    return dg_ok();
}

int owned_shared(const building *b, int item)
{
    int node = b->node_of[item], other = b->shares[node];
    if (other >= 0) {
        bool is_alike = b->file->nodes[node].cluster == b->file->nodes[other].cluster;
        return is_alike ? b->base[other] + item - b->base[node] : copies_last(b, other);
    }
    int first = copies_first_shared(b, item);
    return first == item ? -1 : first;
}

dg_status owned_sharer(const building *b, int item, const char *name, dg_node **other)
{
    int shared = owned_shared(b, item);
    *other = shared >= 0 ? b->made[shared] : NULL;
    if (shared >= 0 || !b->shares_with)
        return dg_ok();
    char whole[700];
    snprintf(whole, sizeof whole, "%s%s", b->shares_with, name + strlen(b->prefix));
    *other = dg_graph_find(b->graph, whole);
    return *other
               ? dg_ok()
               : dg_error(DG_BAD_ARGUMENT, "'%s' would have the parameters of '%s', which does not exist", name, whole);
}

dg_status owned_share_file(const building *b, int item, const char *name, const char **prefix)
{
    int shared = owned_shared(b, item);
    const char *whole = shared >= 0 ? copies_name(b, shared) : NULL;
    char text[700];
    *prefix = NULL;
    if (shared < 0 && !b->shares_with)
        return dg_ok();
    if (whole)
        snprintf(text, sizeof text, "%s.", whole);
    else if (b->shares_with)
        snprintf(text, sizeof text, "%s%s.", b->shares_with, name + strlen(b->prefix));
    *prefix = dg_arena_text(b->file->arena, text, strlen(text));
    return *prefix ? dg_ok() : document_no_memory(b->file);
}

/* ---- constants in files ---- */

static bool ends_in(const char *text, const char *end)
{
    size_t length = strlen(text), size = strlen(end);
    return length > size && strcmp(text + length - size, end) == 0;
}

dg_status owned_constant(const building *b, int item, const char *name, dg_value *call)
{
    const dg_op *op = dg_op_find(call->s);
    const dg_value *first = call->count ? &call->items[0] : NULL;
    bool is_text =
        first && (first->kind == DG_VALUE_STRING || first->kind == DG_VALUE_NAME || first->kind == DG_VALUE_TEXT);
    if (!op || op->role != DG_ROLE_CONSTANT || !is_text || !ends_in(first->s, ".safetensors"))
        return dg_ok();
    const dg_tensor *found;
    const dg_file_node *node = &b->file->nodes[b->node_of[item]];
    dg_status status = library_constant(b->library, b->file, first->s, name, node->name, &found);
    dg_value *items = dg_arena_alloc(dg_graph_arena(b->graph), (call->count + 1) * sizeof *items);
    if (status.code == DG_OK && !items)
        status = document_no_memory(b->file);
    if (status.code != DG_OK)
        return dg_graph_file_error(b->file, node->line, dg_prefixed(status, "node '%s'", node->name));
    memcpy(items, call->items, call->count * sizeof *items);
    items[0] = (dg_value){.kind = DG_VALUE_TENSOR, .key = first->key, .tensor = found};
    call->items = items;
    return dg_ok();
}
