/* A document to a dg_graph: nodes are made in the order in which they depend on each other. */
#include "building.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static dg_status no_memory(const graph_file *file)
{
    return dg_error(DG_NO_MEMORY, "%s: not enough memory", file->path);
}

dg_status file_error_at(const graph_file *file, int line, dg_status status)
{
    return line > 0 ? dg_prefixed(status, "%s:%d", file->path, line) : dg_prefixed(status, "%s", file->path);
}

const char *file_attribute_find(const file_attributes *attributes, const char *name)
{
    for (size_t k = 0; k < attributes->count; k++)
        if (strcmp(attributes->items[k].name, name) == 0)
            return attributes->items[k].value;
    return NULL;
}

const char *graph_file_setting(const graph_file *file, const char *name)
{
    return file_attribute_find(&file->attributes, name);
}

int graph_file_index(const graph_file *file, const dg_node *node)
{
    for (int k = 0; k < file->n_nodes; k++)
        for (int i = 0; i < file->nodes[k].n_made; i++)
            if (file->nodes[k].made[i] == node)
                return k;
    return -1;
}

dg_node *graph_file_find(const graph_file *file, const char *name)
{
    dg_node *node = dg_graph_find(file->graph, name);
    int index = node ? -1 : document_find(file, name);
    return index < 0 ? node : file->nodes[index].node;
}

int document_find(const graph_file *file, const char *name)
{
    for (int k = 0; k < file->n_nodes; k++)
        if (strcmp(file->nodes[k].name, name) == 0)
            return k;
    return -1;
}

bool document_has_role(const graph_file *file, int node, dg_role role)
{
    const dg_op *op = dg_op_find(file->nodes[node].call.s);
    return op && op->role == role;
}

static dg_status sort_edges(building *b)
{
    graph_file *file = b->file;
    size_t n = (size_t)file->n_nodes + 2, n_items = (size_t)b->base[file->n_nodes] + 1;
    b->first = calloc(n, sizeof *b->first);
    b->incoming = calloc((size_t)file->n_edges + 1, sizeof *b->incoming);
    b->made = calloc(n_items, sizeof(dg_node *));
    b->used = calloc(n_items, sizeof(used_file *));
    b->state = calloc(n_items, sizeof *b->state);
    b->stack = calloc(n_items, sizeof *b->stack);
    b->next = calloc(n > n_items ? n : n_items, sizeof *b->next);
    if (!b->first || !b->incoming || !b->made || !b->used || !b->state || !b->stack || !b->next)
        return no_memory(file);
    for (int e = 0; e < file->n_edges; e++)
        b->first[file->edges[e].head + 1]++;
    for (int k = 0; k < file->n_nodes; k++)
        b->first[k + 1] += b->first[k];
    for (int e = 0; e < file->n_edges; e++)
        b->incoming[b->first[file->edges[e].head] + b->next[file->edges[e].head]++] = e;
    memset(b->next, 0, n * sizeof *b->next);
    return dg_ok();
}

static dg_status read_calls(const building *b)
{
    graph_file *file = b->file;
    for (int k = 0; k < file->n_nodes; k++) {
        file_node *node = &file->nodes[k];
        const char *op = file_attribute_find(&node->attributes, "op");
        if (!op)
            op = file_attribute_find(&file->node_defaults, "op");
        if (!op)
            return file_error_at(
                file, node->line,
                dg_error(DG_BAD_ARGUMENT, "node '%s' has no op (decoration is marked derived=true)", node->name));
        dg_status status = dg_call_parse(dg_graph_arena(b->graph), op, &node->call);
        if (status.code != DG_OK)
            return file_error_at(
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
    return file_error_at(b->file, b->file->nodes[b->node_of[from]].line,
                         dg_error(DG_BAD_ARGUMENT, "the graph has a cycle: %s", text));
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
    const file_node *tail = &b->file->nodes[b->node_of[end.item]];
    if (found < 0)
        return file_error_at(
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
static void note_inputs(graph_file *file, const file_node *node, const int *edges, int count)
{
    int n = dg_node_input_count(node->node), taken_limit = n;
    bool *taken = calloc((size_t)taken_limit + 1, sizeof *taken);
    if (!taken)
        return;
    for (int i = 0; i < count; i++) {
        file_edge *edge = &file->edges[edges[i]];
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
        file_edge *edge = &file->edges[edges[i]];
        if (edge->arg)
            continue;
        while (place < n && taken[place])
            place++;
        edge->input = place++;
    }
    free(taken);
}

/* Notes what a node of the document that is read has become. */
static bool note_made(const building *b, file_node *node, dg_node *made)
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

static dg_status make_plain(building *b, int item, const char *name, dg_node *const *inputs, const char *const *names)
{
    int index = b->node_of[item];
    dg_value call = b->file->nodes[index].call;
    DG_TRY(sizes_put(b, &call));
    b->made[item] = dg_apply(&(dg_application){.graph = b->graph,
                                               .op = call.s,
                                               .name = name,
                                               .n_inputs = b->first[index + 1] - b->first[index],
                                               .inputs = inputs,
                                               .input_names = names,
                                               .n_attrs = (int)call.count,
                                               .attrs = call.items});
    return file_error_at(b->file, b->file->nodes[index].line, dg_graph_status(b->graph));
}

static dg_status make_item(building *b, int item)
{
    graph_file *file = b->file;
    int index = b->node_of[item], count = b->first[index + 1] - b->first[index];
    file_node *node = &file->nodes[index];
    const int *edges = b->incoming + b->first[index];
    if (b->given && b->given[index]) {
        b->made[item] = b->given[index];
        return dg_ok();
    }
    dg_node **inputs = dg_arena_alloc(file->arena, sizeof(dg_node *) * (size_t)(count + 1));
    const char **names = dg_arena_alloc(file->arena, sizeof(char *) * (size_t)(count + 1));
    const char *name = copies_name(b, item);
    if (!inputs || !names || !name)
        return no_memory(file);
    for (int i = 0; i < count; i++) {
        const file_edge *edge = &file->edges[edges[i]];
        DG_TRY(copies_check(b, edge, item));
        DG_TRY(build_source(b, copies_source(b, edge, item), &inputs[i]));
        file->edges[edges[i]].source = inputs[i];
        names[i] = edge->arg;
    }
    int64_t before = dg_graph_node_count(b->graph);
    dg_module *outer = dg_module_switch(b->graph, copies_module(b, item));
    dg_status status = is_use(node) ? use_build(b, item, name, inputs) : make_plain(b, item, name, inputs, names);
    dg_module_switch(b->graph, outer);
    if (status.code != DG_OK || b->user)
        return status;
    for (int64_t id = before; is_use(node) && id < dg_graph_node_count(b->graph); id++)
        if (dg_graph_node(b->graph, id) != b->made[item] && !note_made(b, node, dg_graph_node(b->graph, id)))
            return no_memory(file);
    node->node = b->made[item];
    if (!note_made(b, node, node->node))
        return no_memory(file);
    if (!is_use(node))
        note_inputs(file, node, edges, count);
    return dg_ok();
}

/* Depth first against the arrows, without recursion. */
dg_status build_item(building *b, int item)
{
    if (b->state[item])
        return dg_ok();
    b->stack[b->depth++] = item;
    b->state[item] = 1;
    while (b->depth) {
        int top = b->stack[b->depth - 1], index = b->node_of[top];
        if (b->first[index] + b->next[top] == b->first[index + 1]) {
            DG_TRY(make_item(b, top));
            b->state[top] = 2;
            b->depth--;
            continue;
        }
        const file_edge *edge = &b->file->edges[b->incoming[b->first[index] + b->next[top]++]];
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

static dg_status check_version(const graph_file *file)
{
    const char *version = graph_file_setting(file, "dotgrad");
    if (version && strcmp(version, "1") != 0)
        return file_error_at(file, 0,
                             dg_error(DG_BAD_DATA, "dotgrad=%s: this program reads version 1 of the dialect", version));
    return dg_ok();
}

static dg_status set_up_graph(graph_file *file, const graph_file_options *options)
{
    const char *dtype_name = graph_file_setting(file, "dtype"), *init = graph_file_setting(file, "init");
    dg_dtype dtype = options->dtype;
    if (dtype == DG_DEFAULT_DTYPE && dtype_name && (!dg_dtype_parse(dtype_name, &dtype) || !dg_dtype_is_float(dtype)))
        return file_error_at(file, 0, dg_error(DG_BAD_DTYPE, "dtype=%s: wants float32 or float64", dtype_name));
    if (dtype != DG_DEFAULT_DTYPE)
        dg_graph_set_dtype(file->graph, dtype);
    dg_status status = dg_graph_set_init(file->graph, options->init ? options->init : init);
    return status.code == DG_OK ? status : file_error_at(file, 0, dg_prefixed(status, "init"));
}

/* A dtype asked for by the caller goes into every input and constant that names a float type of its own. */
static void override_dtypes(graph_file *file, dg_dtype dtype)
{
    for (int k = 0; k < file->n_nodes; k++) {
        dg_value *items = (dg_value *)(uintptr_t)file->nodes[k].call.items;
        for (size_t i = 0; i < file->nodes[k].call.count; i++) {
            dg_dtype given;
            bool is_dtype = items[i].key && strcmp(items[i].key, "dtype") == 0 &&
                            (items[i].kind == DG_VALUE_NAME || items[i].kind == DG_VALUE_STRING);
            if (is_dtype && dg_dtype_parse(items[i].s, &given) && dg_dtype_is_float(given))
                items[i].s = dg_dtype_name(dtype);
        }
    }
}

dg_status building_begin(building *b)
{
    DG_TRY(check_version(b->file));
    DG_TRY(read_calls(b));
    if (b->options->dtype != DG_DEFAULT_DTYPE)
        override_dtypes(b->file, b->options->dtype);
    DG_TRY(copies_plan(b));
    return sort_edges(b);
}

void building_free(building *b)
{
    free(b->clusters);
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

static dg_status find_role(graph_file *file, const char *setting, dg_node **node)
{
    const char *name = graph_file_setting(file, setting);
    *node = graph_file_find(file, name ? name : setting);
    if (name && !*node)
        return file_error_at(file, 0, dg_error(DG_BAD_ARGUMENT, "%s=%s: there is no such node", setting, name));
    return dg_ok();
}

/* The caller's sizes in the form that use() gives them in. */
static dg_status take_sizes(building *b)
{
    const graph_file_options *options = b->options;
    size_binding *sizes = dg_arena_alloc(b->file->arena, sizeof *sizes * (size_t)(options->n_sizes + 1));
    if (!sizes)
        return no_memory(b->file);
    for (int k = 0; k < options->n_sizes; k++)
        sizes[k] = (size_binding){.symbol = options->sizes[k].symbol, .value = dg_int(options->sizes[k].size)};
    b->sizes = sizes;
    b->n_sizes = options->n_sizes;
    return dg_ok();
}

dg_status dot_build(graph_file *file, const graph_file_options *options)
{
    building b = {.file = file, .graph = file->graph, .options = options, .prefix = ""};
    DG_TRY(set_up_graph(file, options));
    DG_TRY(take_sizes(&b));
    for (int k = 0; k < file->n_nodes; k++)
        file->nodes[k].n_made = 0;
    b.library = library_new(file);
    dg_status status = b.library ? building_begin(&b) : no_memory(file);
    for (int item = 0; status.code == DG_OK && item < b.base[file->n_nodes]; item++)
        status = build_item(&b, item);
    building_free(&b);
    library_free(b.library);
    DG_TRY(status);
    DG_TRY(find_role(file, "loss", &file->loss));
    return find_role(file, "output", &file->output);
}

/* ---- the whole ---- */

dg_status graph_file_parse(const char *path, const char *text, const graph_file_options *options, graph_file **file)
{
    const graph_file_options defaults = {0};
    dg_arena *arena;
    *file = NULL;
    DG_TRY(dg_arena_new(&arena));
    graph_file *made = dg_arena_alloc(arena, sizeof *made);
    dg_status status = made ? dg_ok() : dg_error(DG_NO_MEMORY, "%s: not enough memory", path);
    if (made) {
        made->arena = arena;
        made->path = dg_arena_text(arena, path, strlen(path));
        status = made->path ? dg_graph_new(&made->graph) : dg_error(DG_NO_MEMORY, "%s: not enough memory", path);
    }
    if (status.code == DG_OK)
        status = dot_read(made, text, strlen(text));
    if (status.code == DG_OK)
        status = dot_build(made, options ? options : &defaults);
    if (status.code == DG_OK)
        *file = made;
    else if (made)
        graph_file_free(made);
    else
        dg_arena_free(arena);
    return status;
}

dg_status graph_file_read(const char *path, const graph_file_options *options, graph_file **file)
{
    char *text;
    size_t size;
    *file = NULL;
    DG_TRY(dg_read_file(path, &text, &size));
    dg_status status = strlen(text) == size ? graph_file_parse(path, text, options, file)
                                            : dg_error(DG_BAD_DATA, "%s: this is not text: it has a byte 0", path);
    free(text);
    return status;
}

void graph_file_free(graph_file *file)
{
    if (!file)
        return;
    dg_graph_free(file->graph);
    dg_arena_free(file->arena);
}
