/* A document to a dg_graph: nodes are made in the order in which they depend on each other. */
#include "building.h"

#include <dotgrad/near.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static dg_status sort_edges(building *b)
{
    dg_graph_file *file = b->file;
    size_t n = (size_t)file->n_nodes + 2, n_items = (size_t)b->base[file->n_nodes] + 1;
    b->first = calloc(n, sizeof *b->first);
    b->incoming = calloc((size_t)file->n_edges + 1, sizeof *b->incoming);
    b->made = calloc(n_items, sizeof(dg_node *));
    b->used = calloc(n_items, sizeof(used_file *));
    b->state = calloc(n_items, sizeof *b->state);
    b->stack = calloc(n_items, sizeof *b->stack);
    b->next = calloc(n > n_items ? n : n_items, sizeof *b->next);
    if (!b->first || !b->incoming || !b->made || !b->used || !b->state || !b->stack || !b->next)
        return document_no_memory(file);
    for (int e = 0; e < file->n_edges; e++)
        b->first[file->edges[e].head + 1]++;
    for (int k = 0; k < file->n_nodes; k++)
        b->first[k + 1] += b->first[k];
    for (int e = 0; e < file->n_edges; e++)
        b->incoming[b->first[file->edges[e].head] + b->next[file->edges[e].head]++] = e;
    memset(b->next, 0, n * sizeof *b->next);
    return dg_ok();
}

/* The nodes that have an op; "" for the others. */
static const char *name_with_op(const void *user, size_t index)
{
    const dg_graph_file *file = user;
    if (index >= (size_t)file->n_nodes)
        return NULL;
    return dg_file_attribute_find(&file->nodes[index].attributes, "op") ? file->nodes[index].name : "";
}

/* A misspelt name in an edge makes a node, too. */
static dg_status no_op(const dg_graph_file *file, const dg_file_node *node)
{
    for (size_t k = 0; k < node->attributes.count; k++)
        if (dg_name_is_near(node->attributes.items[k].name, "op"))
            return dg_graph_file_error(file, node->line,
                                       dg_error(DG_BAD_ARGUMENT, "node '%s' has no op (is '%s' meant to be op?)",
                                                node->name, node->attributes.items[k].name));
    bool has_default = dg_file_attribute_find(&file->node_defaults, "op");
    for (int k = 0; k < file->n_clusters; k++)
        if (file->clusters[k].name && strcmp(file->clusters[k].name, node->name) == 0)
            return dg_graph_file_error(file, node->line,
                                       dg_error(DG_BAD_ARGUMENT,
                                                "node '%s' has no op: '%s' is a subgraph, and an edge leads to a node: "
                                                "name the one in it that is meant",
                                                node->name, node->name));
    const char *near = dg_name_nearest(node->name, name_with_op, file);
    return dg_graph_file_error(file, node->line,
                               dg_error(DG_BAD_ARGUMENT,
                                        "node '%s' has no op%s%s%s%s; decoration is marked derived=true", node->name,
                                        has_default ? ": node [op=…] counts for the nodes that come after it" : "",
                                        near          ? " (did you mean '"
                                        : has_default ? ""
                                                      : ": give it one",
                                        near ? near : "", near ? "'?)" : ""));
}

static dg_status read_calls(building *b)
{
    dg_graph_file *file = b->file;
    b->owners = calloc((size_t)file->n_nodes + 1, sizeof *b->owners);
    if (!b->owners)
        return document_no_memory(file);
    for (int k = 0; k < file->n_nodes; k++) {
        dg_file_node *node = &file->nodes[k];
        const char *op = dg_file_attribute_find(&node->attributes, "op");
        b->owners[k] = op ? -1 : owned_find(file, k);
        if (b->owners[k] >= 0) {
            node->call = (dg_value){.kind = DG_VALUE_CALL, .s = ""};
            continue;
        }
        if (!op)
            return no_op(file, node);
        dg_status status = dg_call_parse(dg_graph_arena(b->graph), op, &node->call);
        const char *name = node->call.s, *meant = status.code != DG_OK || document_is_module(node) || dg_op_find(name)
                                                      ? NULL
                                                      : dg_op_nearest(name);
        if (meant)
            status = dg_error(DG_BAD_ARGUMENT, "there is no op '%s' (did you mean '%s'?)", name, meant);
        if (status.code != DG_OK)
            return dg_graph_file_error(
                file, node->line,
                dg_prefixed(status, "node '%s', op=\"%.60s%s\"", node->name, op, strlen(op) > 60 ? "…" : ""));
    }
    return dg_ok();
}

/* "a -> b -> a", for the nodes open on the stack from `from` on. */
static dg_status cycle_error(const building *b, int from)
{
    char text[400] = "";
    int start = b->depth - 1, shown = 0;
    while (b->stack[start] != from)
        start--;
    for (int k = b->depth - 1; k >= start; k--, shown++) { /* the stack goes against the arrows */
        size_t used = strlen(text);
        if (shown == 8) {
            snprintf(text + used, sizeof text - used, "… -> ");
            break;
        }
        snprintf(text + used, sizeof text - used, "%s -> ", b->file->nodes[b->node_of[b->stack[k]]].name);
    }
    size_t used = strlen(text);
    snprintf(text + used, sizeof text - used, "%s", b->file->nodes[b->node_of[b->stack[b->depth - 1]]].name);
    dg_status cycle = dg_error(DG_BAD_ARGUMENT, "the graph has a cycle: %s", text), told = cycle;
    for (int k = start; k < b->depth && strcmp(told.message, cycle.message) == 0; k++)
        told = hint_unseen(b, b->node_of[b->stack[k]], cycle);
    return dg_graph_file_error(b->file, b->file->nodes[b->node_of[from]].line, told);
}

dg_status build_source(const building *b, edge_end end, dg_node **source)
{
    const used_file *used = b->used[end.item];
    dg_node *node = used && end.out ? used->result : b->made[end.item];
    *source = node;
    if (!end.out)
        return dg_ok();
    for (int k = 0; used && k < used->n_others; k++)
        if (strcmp(used->names[k], end.out) == 0) {
            *source = used->others[k];
            return dg_ok();
        }
    const dg_op *op = dg_node_op(node);
    char *rest;
    long number = strtol(end.out, &rest, 10);
    int count = dg_node_output_count(node),
        found = *rest || rest == end.out || number < 0 || number >= count ? -1 : (int)number;
    for (int k = 0; k < DG_MAX_OUTPUTS && op->outputs[k]; k++)
        if (strcmp(op->outputs[k], end.out) == 0)
            found = k;
    const dg_file_node *tail = &b->file->nodes[b->node_of[end.item]];
    if (found < 0)
        return dg_graph_file_error(
            b->file, tail->line,
            dg_error(DG_BAD_ARGUMENT, "%s '%s' has no output '%s'", tail->call.s, tail->name, end.out));
    if (found == 0)
        return dg_ok();
    dg_value index = dg_int(found);
    *source = dg_apply(&(dg_application){
        .op = "output", .n_inputs = 1, .inputs = &node, .n_attrs = 1, .attrs = &index, .owner = node});
    return *source ? dg_ok() : dg_graph_status(b->graph);
}

/* Which input of its head each edge has become: named ones first, the others in order into what is left. */
static dg_status note_inputs(dg_graph_file *file, const dg_file_node *node, const int *edges, int count)
{
    int n = dg_node_input_count(node->node), taken_limit = n;
    bool *taken = calloc((size_t)taken_limit + 1, sizeof *taken);
    if (!taken)
        return document_no_memory(file);
    for (int i = 0; i < count; i++) {
        dg_file_edge *edge = &file->edges[edges[i]];
        edge->input = -1;
        if (!edge->arg)
            continue;
        bool variadic = false;
        for (int k = 0; k < n && edge->input < 0; k++) {
            const char *name = dg_node_input_name(node->node, k);
            variadic = k + 1 < n && name && dg_node_input_name(node->node, k + 1) == name;
            if (name && strcmp(name, edge->arg) == 0 && !variadic)
                edge->input = k;
        }
        if (edge->input < 0)
            edge->input = atoi(edge->arg);
        if (edge->input >= 0 && edge->input < n)
            taken[edge->input] = true;
    }
    for (int i = 0, place = 0; i < count; i++) {
        dg_file_edge *edge = &file->edges[edges[i]];
        if (edge->arg)
            continue;
        while (place < n && taken[place])
            place++;
        edge->input = place++;
    }
    free(taken);
    return dg_ok();
}

/* Notes what a node of the document that is read has become. */
static bool note_made(const building *b, dg_file_node *node, dg_node *made)
{
    size_t count = (size_t)node->n_made;
    if ((count & (count - 1)) == 0) { /* full: a power of two, or 0 */
        dg_node **larger = dg_arena_alloc(b->file->arena, sizeof(dg_node *) * (count ? 2 * count : 1));
        if (!larger)
            return false;
        if (count)
            memcpy(larger, node->made, sizeof(dg_node *) * count);
        node->made = larger;
    }
    node->made[node->n_made++] = made;
    return true;
}

/* share=NODE on what owns no parameter is a mistake; inside a used file it is that file's node that shares. */
static dg_status check_shares(const building *b, int index, const dg_node *made)
{
    bool any = b->shares[index] < 0;
    for (int k = 0; made && !any && k < dg_node_input_count(made); k++) {
        const dg_node *input = dg_node_input(made, k);
        any = input && dg_node_op(input)->role == DG_ROLE_PARAMETER && dg_node_owner(input);
    }
    return any || !made ? dg_ok() : dg_error(DG_BAD_ARGUMENT, "it owns no parameters that it could share");
}

/* Which of an op's inputs an unnamed edge goes to, where that is input `place` or one behind it: not one that an edge
 * names. */
static int next_place(const building *b, const dg_op *op, const int *edges, int count, int place)
{
    for (int i = 0; i < count && place < dg_op_input_count(op); i++) {
        const char *arg = b->file->edges[edges[i]].arg;
        if (arg && (strcmp(arg, op->inputs[place].name) == 0 || (isdigit((unsigned char)*arg) && atoi(arg) == place))) {
            place++;
            i = -1;
        }
    }
    return place;
}

/* An edge that stands twice by mistake would become the layer's weight. */
static dg_status check_twice(const building *b, int index, const dg_op *op, dg_node *const *inputs)
{
    const dg_file_node *node = &b->file->nodes[index];
    const int *edges = b->incoming + b->first[index];
    int count = b->first[index + 1] - b->first[index], place = 0;
    bool any = !op || (op->flags & DG_ANY_INPUTS);
    for (int i = 0; !any && i < count; i++) {
        if (b->file->edges[edges[i]].arg)
            continue;
        place = next_place(b, op, edges, count, place);
        if (place >= dg_op_input_count(op))
            break;
        const dg_input_spec *input = &op->inputs[place++];
        for (int k = 0; input->parameter && k < i; k++)
            if (inputs[k] == inputs[i] && !b->file->edges[edges[k]].arg)
                return dg_error(DG_BAD_ARGUMENT,
                                "%s '%s': the edge from '%s' stands twice, and the second one would be its %s: leave "
                                "one out, or write arg=%s on it",
                                op->name, node->name, b->file->nodes[b->file->edges[edges[i]].tail].name, input->name,
                                input->name);
    }
    return dg_ok();
}

static dg_status make_plain(building *b, int item, const char *name, dg_node *const *inputs, const char *const *names)
{
    int index = b->node_of[item];
    const dg_file_node *node = &b->file->nodes[index];
    dg_value call = node->call;
    dg_node *other;
    DG_TRY(sizes_put(b, &call));
    DG_TRY(owned_constant(b, item, name, &call));
    const dg_op *op = dg_op_find(call.s);
    dg_status status = owned_sharer(b, item, name, &other);
    if (status.code == DG_OK)
        status = check_twice(b, index, op, inputs);
    if (status.code != DG_OK)
        return dg_graph_file_error(b->file, node->line, hint_edges(b, index, status));
    if (other && op && op->role == DG_ROLE_PARAMETER) {
        b->made[item] = other;
        return dg_ok();
    }
    b->made[item] = dg_apply(&(dg_application){.graph = b->graph,
                                               .op = call.s,
                                               .name = name,
                                               .n_inputs = b->first[index + 1] - b->first[index],
                                               .inputs = inputs,
                                               .input_names = names,
                                               .n_attrs = (int)call.count,
                                               .attrs = call.items,
                                               .share = other});
    status = hint_edges(b, index, hint_misplaced(op, &call, dg_graph_status(b->graph)));
    if (status.code == DG_OK)
        status = dg_prefixed(check_shares(b, index, b->made[item]), "node '%s', share", node->name);
    return dg_graph_file_error(b->file, node->line, status);
}

static dg_status make_item(building *b, int item)
{
    dg_graph_file *file = b->file;
    int index = b->node_of[item], count = b->first[index + 1] - b->first[index];
    dg_file_node *node = &file->nodes[index];
    const int *edges = b->incoming + b->first[index];
    if (b->given && b->given[index]) {
        b->made[item] = b->given[index];
        return dg_ok();
    }
    dg_node **inputs = dg_arena_alloc(file->arena, sizeof(dg_node *) * (size_t)(count + 1));
    const char **names = dg_arena_alloc(file->arena, sizeof(char *) * (size_t)(count + 1));
    const char *name = copies_name(b, item);
    if (!inputs || !names || !name)
        return document_no_memory(file);
    for (int i = 0; i < count; i++) {
        const dg_file_edge *edge = &file->edges[edges[i]];
        DG_TRY(copies_check(b, edge, item));
        DG_TRY(build_source(b, copies_source(b, edge, item), &inputs[i]));
        file->edges[edges[i]].source = inputs[i];
        names[i] = edge->arg;
    }
    module_maker *maker = b->find_maker(node->call.s);
    int64_t before = dg_graph_node_count(b->graph);
    dg_module *outer = dg_module_switch(b->graph, copies_module(b, item));
    dg_status status = b->owners[index] >= 0 ? owned_make(b, item)
                       : maker               ? maker(b, item, name, inputs)
                                             : make_plain(b, item, name, inputs, names);
    dg_module_switch(b->graph, outer);
    if (status.code != DG_OK || b->user)
        return status;
    for (int64_t id = before; maker && id < dg_graph_node_count(b->graph); id++)
        if (dg_graph_node(b->graph, id) != b->made[item] && !note_made(b, node, dg_graph_node(b->graph, id)))
            return document_no_memory(file);
    node->node = b->made[item];
    if (!note_made(b, node, node->node))
        return document_no_memory(file);
    bool is_plain = !maker && b->owners[index] < 0 && dg_node_input_count(node->node) >= count;
    return is_plain ? note_inputs(file, node, edges, count) : dg_ok();
}

/* What an item needs beside its edges: its owner, or whose parameters it uses. −1: nothing more. */
static int next_need(const building *b, int item)
{
    int owner = owned_source(b, item), shared = owned_shared(b, item);
    return owner >= 0 && b->state[owner] != 2 ? owner : shared >= 0 && b->state[shared] != 2 ? shared : -1;
}

/* Depth first against the arrows, without recursion. */
dg_status build_item(building *b, int item)
{
    if (b->state[item])
        return dg_ok();
    b->stack[b->depth++] = item;
    b->state[item] = 1;
    while (b->depth) {
        int top = b->stack[b->depth - 1], index = b->node_of[top], owner = next_need(b, top);
        if (owner >= 0 && b->state[owner] == 1)
            return cycle_error(b, owner);
        if (owner >= 0 && b->state[owner] == 0) {
            b->state[owner] = 1;
            b->stack[b->depth++] = owner;
            continue;
        }
        if (b->first[index] + b->next[top] == b->first[index + 1]) {
            DG_TRY(make_item(b, top));
            b->state[top] = 2;
            b->depth--;
            continue;
        }
        const dg_file_edge *edge = &b->file->edges[b->incoming[b->first[index] + b->next[top]++]];
        int source = copies_source(b, edge, top).item;
        if (b->state[source] == 1)
            return cycle_error(b, source);
        if (b->state[source] == 0) {
            b->state[source] = 1;
            b->stack[b->depth++] = source;
        }
    }
    return dg_ok();
}
/* Whether item i of a call of an op is a type of elements, by its name or by its place. */
static bool is_dtype(const dg_value *call, size_t i)
{
    const dg_value *item = &call->items[i];
    const dg_op *op = dg_op_find(call->s);
    if (item->kind != DG_VALUE_NAME && item->kind != DG_VALUE_STRING)
        return false;
    if (item->key)
        return strcmp(item->key, "dtype") == 0;
    return op && i < DG_MAX_ATTRS && op->attrs[i].name && op->attrs[i].kind == DG_ATTR_DTYPE;
}

static void override_dtypes(dg_graph_file *file, dg_dtype dtype)
{
    for (int k = 0; k < file->n_nodes; k++) {
        const dg_value *call = &file->nodes[k].call;
        dg_value *items = (dg_value *)(uintptr_t)call->items;
        for (size_t i = 0; i < call->count; i++) {
            dg_dtype given;
            if (is_dtype(call, i) && dg_dtype_parse(items[i].s, &given) && dg_dtype_is_float(given))
                items[i].s = dg_dtype_name(dtype);
        }
    }
}

dg_status building_begin(building *b)
{
    DG_TRY(read_calls(b));
    DG_TRY(owned_find_shares(b));
    if (b->options->dtype != DG_DEFAULT_DTYPE)
        override_dtypes(b->file, b->options->dtype);
    DG_TRY(copies_plan(b));
    return sort_edges(b);
}

void building_free(building *b)
{
    free(b->clusters);
    free(b->owners);
    free(b->shares);
    free(b->base);
    free(b->node_of);
    free(b->first);
    free(b->incoming);
    free(b->made);
    free(b->used);
    free(b->state);
    free(b->stack);
    free(b->next);
}
