/* A document to a dg_graph: nodes are made in the order in which they depend on each other. */
#include "graph_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Edges by head, in the file's order. */
typedef struct building {
    graph_file *file;
    int *first; /* of a node's incoming edges in `incoming`, by node; one more at the end */
    int *incoming;
    signed char *state; /* by node: 0 new, 1 open, 2 made */
    int *stack, *next;  /* next: the edge to follow, by node */
    int depth;
} building;

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
        if (file->nodes[k].node == node)
            return k;
    return -1;
}

static dg_status sort_edges(building *b)
{
    graph_file *file = b->file;
    size_t n = (size_t)file->n_nodes + 2;
    b->first = calloc(n, sizeof *b->first);
    b->incoming = calloc((size_t)file->n_edges + 1, sizeof *b->incoming);
    b->state = calloc(n, sizeof *b->state);
    b->stack = calloc(n, sizeof *b->stack);
    b->next = calloc(n, sizeof *b->next);
    if (!b->first || !b->incoming || !b->state || !b->stack || !b->next)
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

static dg_status read_calls(graph_file *file)
{
    for (int k = 0; k < file->n_nodes; k++) {
        file_node *node = &file->nodes[k];
        const char *op = file_attribute_find(&node->attributes, "op");
        if (!op)
            op = file_attribute_find(&file->node_defaults, "op");
        if (!op)
            return file_error_at(
                file, node->line,
                dg_error(DG_BAD_ARGUMENT, "node '%s' has no op (decoration is marked derived=true)", node->name));
        dg_status status = dg_call_parse(dg_graph_arena(file->graph), op, &node->call);
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
        snprintf(text + used, sizeof text - used, "%s -> ", b->file->nodes[b->stack[k]].name);
    }
    size_t used = strlen(text);
    snprintf(text + used, sizeof text - used, "%s", b->file->nodes[b->stack[b->depth - 1]].name);
    return file_error_at(b->file, b->file->nodes[from].line,
                         dg_error(DG_BAD_ARGUMENT, "the graph has a cycle: %s", text));
}

/* The tail of an edge, or that output of it that `out` names. */
static dg_status edge_source(graph_file *file, const file_edge *edge, dg_node **source)
{
    const file_node *tail = &file->nodes[edge->tail];
    *source = tail->node;
    if (!edge->out)
        return dg_ok();
    const dg_op *op = dg_node_op(tail->node);
    char *end;
    long number = strtol(edge->out, &end, 10);
    int count = dg_node_output_count(tail->node),
        found = *end || end == edge->out || number < 0 || number >= count ? -1 : (int)number;
    for (int k = 0; k < DG_MAX_OUTPUTS && op->outputs[k]; k++)
        if (strcmp(op->outputs[k], edge->out) == 0)
            found = k;
    if (found < 0)
        return file_error_at(file, tail->line,
                             dg_error(DG_BAD_ARGUMENT, "%s '%s' has no output '%s'", op->name, tail->name, edge->out));
    if (found == 0)
        return dg_ok();
    dg_value index = dg_int(found);
    *source = dg_apply(&(dg_application){
        .op = "output", .n_inputs = 1, .inputs = &tail->node, .n_attrs = 1, .attrs = &index, .owner = tail->node});
    return *source ? dg_ok() : dg_graph_status(file->graph);
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

static dg_status make_node(building *b, int index)
{
    graph_file *file = b->file;
    file_node *node = &file->nodes[index];
    int count = b->first[index + 1] - b->first[index];
    const int *edges = b->incoming + b->first[index];
    dg_node **inputs = dg_arena_alloc(file->arena, sizeof(dg_node *) * (size_t)(count + 1));
    const char **names = dg_arena_alloc(file->arena, sizeof(char *) * (size_t)(count + 1));
    if (!inputs || !names)
        return no_memory(file);
    for (int i = 0; i < count; i++) {
        DG_TRY(edge_source(file, &file->edges[edges[i]], &inputs[i]));
        names[i] = file->edges[edges[i]].arg;
    }
    node->node = dg_apply(&(dg_application){.graph = file->graph,
                                            .op = node->call.s,
                                            .name = node->name,
                                            .n_inputs = count,
                                            .inputs = inputs,
                                            .input_names = names,
                                            .n_attrs = (int)node->call.count,
                                            .attrs = node->call.items});
    if (!node->node)
        return file_error_at(file, node->line, dg_graph_status(file->graph));
    note_inputs(file, node, edges, count);
    return dg_ok();
}

/* Depth first against the arrows, without recursion. */
static dg_status make_with_inputs(building *b, int root)
{
    if (b->state[root])
        return dg_ok();
    b->stack[b->depth++] = root;
    b->state[root] = 1;
    while (b->depth) {
        int top = b->stack[b->depth - 1];
        if (b->first[top] + b->next[top] == b->first[top + 1]) {
            DG_TRY(make_node(b, top));
            b->state[top] = 2;
            b->depth--;
            continue;
        }
        int tail = b->file->edges[b->incoming[b->first[top] + b->next[top]++]].tail;
        if (b->state[tail] == 1)
            return cycle_error(b, tail);
        if (b->state[tail] == 0) {
            b->state[tail] = 1;
            b->stack[b->depth++] = tail;
        }
    }
    return dg_ok();
}

/* Folded modules are not built yet: a graph that has one would be another network than the one that its author means.
 */
static dg_status refuse_repeats(const graph_file *file)
{
    for (int k = 0; k < file->n_clusters; k++) {
        const char *repeat = file_attribute_find(&file->clusters[k].attributes, "repeat");
        if (repeat && strcmp(repeat, "1") != 0)
            return file_error_at(file, 0,
                                 dg_error(DG_BAD_ARGUMENT, "subgraph '%s' has repeat=%s: only 1 is supported",
                                          file->clusters[k].name ? file->clusters[k].name : "", repeat));
    }
    return dg_ok();
}

static dg_status set_up_graph(graph_file *file, const graph_file_options *options)
{
    const char *dtype_name = graph_file_setting(file, "dtype"), *init = graph_file_setting(file, "init");
    const char *version = graph_file_setting(file, "dotgrad");
    if (version && strcmp(version, "1") != 0)
        return file_error_at(file, 0,
                             dg_error(DG_BAD_DATA, "dotgrad=%s: this program reads version 1 of the dialect", version));
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

static dg_value *copy_items(graph_file *file, const dg_value *from)
{
    dg_value *items = dg_arena_alloc(file->arena, (from->count + 1) * sizeof *items);
    if (items && from->count)
        memcpy(items, from->items, from->count * sizeof *items);
    return items;
}

/* Puts sizes for symbols, in lists at any depth: input([N, T]). */
static dg_status put_sizes(graph_file *file, const graph_file_options *options, dg_value *value, int depth)
{
    dg_value *items = copy_items(file, value);
    if (!items)
        return no_memory(file);
    for (size_t i = 0; i < value->count; i++) {
        if (items[i].kind == DG_VALUE_LIST && depth < DG_MAX_RANK)
            DG_TRY(put_sizes(file, options, &items[i], depth + 1));
        for (int k = 0; items[i].kind == DG_VALUE_NAME && depth && k < options->n_sizes; k++)
            if (strcmp(items[i].s, options->sizes[k].symbol) == 0) {
                items[i].kind = DG_VALUE_INT;
                items[i].i = options->sizes[k].size;
            }
    }
    value->items = items;
    return dg_ok();
}

static dg_status find_role(graph_file *file, const char *setting, dg_node **node)
{
    const char *name = graph_file_setting(file, setting);
    *node = dg_graph_find(file->graph, name ? name : setting);
    if (name && !*node)
        return file_error_at(file, 0, dg_error(DG_BAD_ARGUMENT, "%s=%s: there is no such node", setting, name));
    return dg_ok();
}

dg_status dot_build(graph_file *file, const graph_file_options *options)
{
    building b = {.file = file};
    DG_TRY(refuse_repeats(file));
    DG_TRY(set_up_graph(file, options));
    DG_TRY(read_calls(file));
    if (options->dtype != DG_DEFAULT_DTYPE)
        override_dtypes(file, options->dtype);
    for (int k = 0; options->n_sizes && k < file->n_nodes; k++)
        DG_TRY(put_sizes(file, options, &file->nodes[k].call, 0));
    dg_status status = sort_edges(&b);
    for (int k = 0; status.code == DG_OK && k < file->n_nodes; k++)
        status = make_with_inputs(&b, k);
    free(b.first);
    free(b.incoming);
    free(b.state);
    free(b.stack);
    free(b.next);
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
