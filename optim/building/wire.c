/* What use() and scan() share: sizes for a used file's symbols, edges to its inputs, its result. */
#include "wire.h"

#include "core/graph/graph.h"
#include "library.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_FILES_DEEP = 32 };

/* Refuses files that use each other in a circle. */
dg_status use_check_circle(const building *b, const dg_graph_file *used)
{
    const building *user = b;
    int depth = 1;
    for (; user && !library_is_same(b->library, user->file, used); user = user->user)
        depth++;
    if (!user && depth <= MOST_FILES_DEEP)
        return dg_ok();
    if (!user)
        return dg_error(DG_BAD_ARGUMENT, "files use each other more than %d deep", MOST_FILES_DEEP);
    char chain[700] = "";
    snprintf(chain, sizeof chain, "%s", used->path);
    for (user = b; user;
         user = library_is_same(b->library, user->file, used) ? NULL : user->user) { /* from the inside outwards */
        char longer[700];
        snprintf(longer, sizeof longer, "%.300s uses %.380s", user->file->path, chain);
        strcpy(chain, longer);
    }
    return dg_error(DG_BAD_ARGUMENT, "files use each other in a circle: %s", chain);
}

/* ---- sizes ---- */

const size_binding *sizes_find(const building *b, const char *symbol)
{
    for (int k = 0; k < b->n_sizes; k++)
        if (strcmp(b->sizes[k].symbol, symbol) == 0)
            return &b->sizes[k];
    return NULL;
}

/* In lists at any depth, input([N, T]), and where a used file is given sizes, use('file.dot', T=T). */
static dg_status put_sizes(const building *b, dg_value *value, int depth, bool everywhere)
{
    dg_value *items = dg_arena_alloc(dg_graph_arena(b->graph), (value->count + 1) * sizeof *items);
    if (!items)
        return document_no_memory(b->file);
    if (value->count)
        memcpy(items, value->items, value->count * sizeof *items);
    for (size_t i = 0; i < value->count; i++) {
        bool is_list = items[i].kind == DG_VALUE_LIST;
        const size_binding *size =
            items[i].kind == DG_VALUE_NAME && (depth || everywhere || b->user) ? sizes_find(b, items[i].s) : NULL;
        if (is_list && depth < DG_MAX_RANK)
            DG_TRY(put_sizes(b, &items[i], depth + 1, everywhere));
        if (!size)
            continue;
        const char *key = items[i].key;
        items[i] = size->value;
        items[i].key = key;
    }
    value->items = items;
    return dg_ok();
}

dg_status sizes_put(const building *b, dg_value *call)
{
    return b->n_sizes ? put_sizes(b, call, 0, strcmp(call->s, "use") == 0 || strcmp(call->s, "scan") == 0) : dg_ok();
}

static bool mentions(const dg_value *value, const char *symbol, int depth)
{
    bool found = value->kind == DG_VALUE_NAME && strcmp(value->s, symbol) == 0;
    bool has_items = value->kind == DG_VALUE_LIST || value->kind == DG_VALUE_CALL;
    for (size_t i = 0; !found && has_items && depth < 64 && i < value->count; i++)
        found = mentions(&value->items[i], symbol, depth + 1);
    return found;
}

/* The sizes that the call gives: T=5, or T=L where L is a symbol of the user's. */
dg_status use_take_sizes(const building *user, const dg_value *call, size_binding *sizes, building *inner)
{
    const dg_graph_file *file = inner->file;
    for (size_t i = 1; i < call->count; i++) {
        const dg_value *item = &call->items[i];
        bool is_size = (item->kind == DG_VALUE_INT && item->i >= 0) ||
                       (item->kind == DG_VALUE_NAME && isupper((unsigned char)item->s[0]));
        if (item->key && document_is_setting(item->key))
            continue;
        if (!item->key || !isupper((unsigned char)item->key[0]))
            return dg_error(DG_BAD_ARGUMENT,
                            "'%s' is not a size: behind the file come sizes such as T=5 and settings such as width=64",
                            item->key ? item->key : dg_value_print(dg_graph_arena(user->graph), item));
        if (!is_size)
            return dg_error(DG_BAD_ARGUMENT, "%s=%s: expected a number, or the name of a size", item->key,
                            dg_value_print(dg_graph_arena(user->graph), item));
        bool known = false;
        for (int k = 0; !known && k < file->n_nodes; k++)
            known = mentions(&file->nodes[k].call, item->key, 0);
        if (!known)
            return dg_error(DG_BAD_ARGUMENT, "%s has no size '%s'", file->path, item->key);
        sizes[inner->n_sizes] = (size_binding){.symbol = item->key, .value = *item};
        sizes[inner->n_sizes++].value.key = NULL;
    }
    return dg_ok();
}

/* ---- inputs ---- */

/* The module's inputs: those of the file that the wanted nodes are computed from. */
dg_status use_find_needed(building *inner, const int *wanted, int n_wanted, bool *needed)
{
    const dg_graph_file *file = inner->file;
    int depth = 0, *stack = calloc((size_t)file->n_nodes + 1, sizeof *stack);
    if (!stack)
        return document_no_memory(file);
    for (int k = 0; k < n_wanted; k++)
        if (!needed[wanted[k]]) {
            needed[wanted[k]] = true;
            stack[depth++] = wanted[k];
        }
    while (depth) {
        int node = stack[--depth];
        for (int i = inner->first[node]; i < inner->first[node + 1]; i++) {
            int tail = file->edges[inner->incoming[i]].tail;
            if (!needed[tail]) {
                needed[tail] = true;
                stack[depth++] = tail;
            }
        }
        for (int c = file->nodes[node].cluster; c >= 0; c = file->clusters[c].parent) {
            int exit = inner->clusters[c].repeat > 1 ? inner->clusters[c].exit : -1;
            if (exit >= 0 && !needed[exit]) { /* an earlier copy's */
                needed[exit] = true;
                stack[depth++] = exit;
            }
        }
    }
    free(stack);
    return dg_ok();
}

static void list_inputs(const wiring *w, char *text, size_t size)
{
    snprintf(text, size, "%s", w->n_inputs ? "" : "none");
    for (int k = 0; k < w->n_inputs; k++) {
        size_t used = strlen(text);
        snprintf(text + used, size - used, "%s%s", k ? ", " : "", w->inner->file->nodes[w->inputs[k]].name);
    }
}

/* The module's input that an edge names, −1: none. */
static int named_input(const wiring *w, const char *name)
{
    char *end;
    for (int k = 0; k < w->n_inputs; k++)
        if (strcmp(w->inner->file->nodes[w->inputs[k]].name, name) == 0)
            return k;
    long number = strtol(name, &end, 10);
    return end != name && !*end && number >= 0 && number < w->n_inputs ? (int)number : -1;
}

/* Sets *places to the module's input that each edge goes to. */
dg_status use_place_edges(const wiring *w, const int *edges, int count, int *places)
{
    const dg_graph_file *file = w->user->file, *used = w->inner->file;
    char known[300];
    int *taken = dg_arena_alloc(file->arena, sizeof *taken * (size_t)(w->n_inputs + 1));
    if (!taken)
        return document_no_memory(file);
    list_inputs(w, known, sizeof known);
    for (int i = 0; i < count; i++) {
        const char *arg = file->edges[edges[i]].arg;
        places[i] = arg ? named_input(w, arg) : -1;
        if (!arg)
            continue;
        if (places[i] < 0)
            return dg_error(DG_BAD_ARGUMENT, "%s has no input '%s' for its result; there are %s", used->path, arg,
                            known);
        if (taken[places[i]]++)
            return dg_error(DG_BAD_ARGUMENT, "two nodes are connected to input '%s'", arg);
    }
    for (int i = 0, place = 0; i < count; i++) {
        if (places[i] >= 0)
            continue;
        while (place < w->n_inputs && taken[place])
            place++;
        if (place == w->n_inputs)
            return dg_error(DG_BAD_ARGUMENT, "it gets %d node(s), the inputs of %s are %s", count, used->path, known);
        taken[place] = 1;
        places[i] = place;
    }
    return dg_ok();
}

/* A symbol of the used file stands for this size. */
static dg_status bind_size(wiring *w, const char *symbol, int64_t size)
{
    building *inner = w->inner;
    dg_value value = dg_int(size);
    if (size == DG_UNKNOWN)
        return dg_ok();
    if (size < 0)
        value = (dg_value){.kind = DG_VALUE_NAME, .s = dg_symbol_name(inner->graph, size)};
    const size_binding *known = sizes_find(inner, symbol);
    if (!known) {
        w->sizes[inner->n_sizes++] = (size_binding){.symbol = symbol, .value = value};
        return dg_ok();
    }
    if (known->value.kind != value.kind || dg_value_equal(&known->value, &value))
        return dg_ok(); /* a number and a symbol: whether they agree is known when a plan is made */
    dg_arena *arena = dg_graph_arena(inner->graph);
    return dg_error(DG_BAD_SHAPE, "size %s would be both %s and %s", symbol, dg_value_print(arena, &known->value),
                    dg_value_print(arena, &value));
}

/* What is wired to an input must be as the used file declares the input. */
dg_status use_match_input(wiring *w, int input, const dg_type *type, const char *name)
{
    const dg_file_node *declared = &w->inner->file->nodes[w->inputs[input]];
    const dg_value *shape = dg_call_argument(&declared->call, 0, "shape");
    const dg_value *dtype_name = dg_call_argument(&declared->call, 1, "dtype");
    char text[DG_SHAPE_TEXT];
    dg_dtype dtype = DG_FLOAT32;
    if (!shape || shape->kind != DG_VALUE_LIST)
        return dg_error(DG_BAD_ARGUMENT, "input '%s' of %s has no shape", declared->name, w->inner->file->path);
    bool has_dtype = dtype_name && (dtype_name->kind == DG_VALUE_NAME || dtype_name->kind == DG_VALUE_STRING);
    if (has_dtype && !dg_dtype_parse(dtype_name->s, &dtype))
        return dg_error(DG_BAD_DTYPE, "input '%s' of %s: there is no dtype '%s'", declared->name, w->inner->file->path,
                        dtype_name->s);
    bool fits = shape->count == (size_t)type->shape.rank;
    for (size_t d = 0; fits && d < shape->count; d++) {
        int64_t size = type->shape.dims[d];
        fits = shape->items[d].kind != DG_VALUE_INT || size < 0 || shape->items[d].i == size;
        const size_binding *bound =
            shape->items[d].kind == DG_VALUE_NAME ? sizes_find(w->inner, shape->items[d].s) : NULL;
        if (fits && bound && bound->value.kind == DG_VALUE_INT && size >= 0)
            fits = bound->value.i == size;
    }
    if (!fits)
        return dg_error(DG_BAD_SHAPE, "input '%s' of %s is %s, '%s' is %s", declared->name, w->inner->file->path,
                        dg_value_print(dg_graph_arena(w->inner->graph), shape), name,
                        dg_graph_print_shape(w->inner->graph, &type->shape, text, sizeof text));
    if (dtype != type->dtype && !(dg_dtype_is_float(dtype) && dg_dtype_is_float(type->dtype)))
        return dg_error(DG_BAD_DTYPE, "input '%s' of %s is %s, '%s' is %s", declared->name, w->inner->file->path,
                        dg_dtype_name(dtype), name, dg_dtype_name(type->dtype));
    for (size_t d = 0; d < shape->count; d++)
        if (shape->items[d].kind == DG_VALUE_NAME)
            DG_TRY(bind_size(w, shape->items[d].s, type->shape.dims[d]));
    return dg_ok();
}
/* ---- the result ---- */

/* The node that `output` names, or of that name; else the only one that nobody reads, losses aside. */
dg_status use_find_result(const dg_graph_file *file, int *result)
{
    const char *output = dg_graph_file_setting(file, "output"), *loss = dg_graph_file_setting(file, "loss");
    *result = document_find(file, output ? output : "output");
    if (output && *result < 0)
        return dg_graph_file_error(file, 0, dg_prefixed(document_no_node(file, output), "output=%s", output));
    if (*result >= 0)
        return dg_ok();
    bool *is_read = calloc(2 * (size_t)file->n_nodes + 2, sizeof *is_read),
         *is_loss = is_read ? is_read + file->n_nodes + 1 : NULL;
    char name[400];
    if (!is_read)
        return document_no_memory(file);
    loss = loss ? loss : "loss";
    for (const char *at = document_name_in(loss, name, sizeof name); at; at = document_name_in(at, name, sizeof name))
        if (document_find(file, name) >= 0)
            is_loss[document_find(file, name)] = true;
    for (int e = 0; e < file->n_edges; e++)
        is_read[file->edges[e].tail] |= !is_loss[file->edges[e].head];
    int count = 0;
    for (int k = 0; k < file->n_nodes; k++)
        if (!is_read[k] && !is_loss[k] && !document_has_role(file, k, DG_ROLE_INPUT)) {
            *result = k;
            count++;
        }
    free(is_read);
    if (count == 1)
        return dg_ok();
    return dg_graph_file_error(file, 0,
                               dg_error(DG_BAD_ARGUMENT, "%s: output=NODE says which is the result",
                                        count ? "several nodes are read by no other" : "there is no result"));
}

dg_status use_open_module(building *b, int item, const char *name, dg_module **module)
{
    const char *checkpoint = dg_file_attribute_find(&b->file->nodes[b->node_of[item]].attributes, "checkpoint");
    *module = copies_module(b, item);
    bool is_checkpoint = checkpoint && strcmp(checkpoint, "true") == 0;
    if (checkpoint && !is_checkpoint && strcmp(checkpoint, "false") != 0)
        return dg_error(DG_BAD_ARGUMENT, "checkpoint=%s: expected true or false", checkpoint);
    if (name) {
        const char *prefix = *module ? dg_module_prefix(*module) : "";
        char *whole = dg_arena_alloc(b->file->arena, strlen(prefix) + strlen(name) + 1);
        if (!whole)
            return document_no_memory(b->file);
        *module = module_begin_labelled(b->graph, strcat(strcpy(whole, prefix), name), is_checkpoint);
    } else if (is_checkpoint)
        *module = dg_module_begin(b->graph, NULL, true);
    return dg_graph_status(b->graph);
}
