/* use('file.dot', T=5): another graph file as a module. Its inputs are wired by name or in the file's order, its result
 * is what its `output` says; nodes that the result does not need (losses, labels) are left out, and so are its
 * settings. Its parameters are NODE.… of the node that uses it. Its symbols are its own: each stands for the size of
 * what is wired to the input that has it, or for what the call gives. */
#include "building.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_FILES_DEEP = 32 };

/* The files that are used, each read once. The first is the one that uses them. */
struct library {
    size_t count;
    struct library_file {
        char *path; /* the real one; NULL: not a file (standard input) */
        graph_file *file;
    } * files;
    int64_t n_items;
};

static dg_status no_memory(const graph_file *file)
{
    return dg_error(DG_NO_MEMORY, "%s: not enough memory", file->path);
}

bool is_use(const file_node *node)
{
    return strcmp(node->call.s, "use") == 0 || is_scan(node);
}

bool is_scan(const file_node *node)
{
    return strcmp(node->call.s, "scan") == 0;
}

/* ---- files ---- */

struct library *library_new(graph_file *file)
{
    struct library *library = calloc(1, sizeof *library);
    if (library)
        library->files = calloc(1, sizeof *library->files);
    if (!library || !library->files) {
        free(library);
        return NULL;
    }
    library->count = 1;
    library->files[0] = (struct library_file){realpath(file->path, NULL), file};
    return library;
}

void library_free(struct library *library)
{
    for (size_t k = 0; library && k < library->count; k++) {
        free(library->files[k].path);
        if (k > 0) /* the first is not ours */
            dg_arena_free(library->files[k].file->arena);
    }
    if (library)
        free(library->files);
    free(library);
}

bool library_take(struct library *library, int64_t n_items)
{
    library->n_items += n_items;
    return library->n_items <= MOST_ITEMS;
}

static dg_status read_document(const char *path, graph_file **file)
{
    dg_arena *arena;
    char *text;
    size_t size;
    DG_TRY(dg_read_file(path, &text, &size));
    dg_status status = dg_arena_new(&arena);
    if (status.code == DG_OK) {
        graph_file *made = dg_arena_alloc(arena, sizeof *made);
        const char *copy = dg_arena_text(arena, path, strlen(path));
        if (made && copy) {
            *made = (graph_file){.arena = arena, .path = copy};
            status = dot_read(made, text, size);
            *file = made;
        } else {
            status = dg_error(DG_NO_MEMORY, "%s: not enough memory", path);
        }
        if (status.code != DG_OK)
            dg_arena_free(arena);
    }
    free(text);
    return status;
}

/* The path of a used file: in the folder that the graph's attribute `folder` names, if it is there, else beside the
 * file that uses it. NULL without memory; to be freed. */
static char *path_of(const graph_file *user, const char *name)
{
    const char *slash = strrchr(user->path, '/'), *folder = graph_file_setting(user, "folder");
    int length = slash && name[0] != '/' ? (int)(slash - user->path) + 1 : 0;
    char *path;
    if (folder && name[0] != '/') {
        if (asprintf(&path, "%s/%s", folder, name) < 0)
            return NULL;
        if (access(path, R_OK) == 0)
            return path;
        free(path);
    }
    return asprintf(&path, "%.*s%s", length, user->path, name) < 0 ? NULL : path;
}

dg_status graph_file_note_folder(graph_file *file)
{
    bool uses = false;
    size_t place = 0, count = file->attributes.count;
    for (int k = 0; k < file->n_nodes; k++)
        uses |= is_use(&file->nodes[k]);
    char *real = uses && !graph_file_setting(file, "folder") ? realpath(file->path, NULL) : NULL, *slash;
    if (!real || !(slash = strrchr(real, '/'))) {
        free(real);
        return dg_ok();
    }
    file_attribute *items = dg_arena_alloc(file->arena, (count + 1) * sizeof *items);
    const char *folder = dg_arena_text(file->arena, real, slash == real ? 1 : (size_t)(slash - real));
    free(real);
    if (!items || !folder)
        return no_memory(file);
    while (place < count && strcmp(file->attributes.items[place].name, "folder") < 0)
        place++;
    if (place)
        memcpy(items, file->attributes.items, place * sizeof *items);
    items[place] = (file_attribute){.name = "folder", .value = folder};
    if (place < count)
        memcpy(items + place + 1, file->attributes.items + place, (count - place) * sizeof *items);
    file->attributes = (file_attributes){count + 1, items};
    return dg_ok();
}

dg_status library_find(struct library *library, const graph_file *user, const char *name, graph_file **file)
{
    char *path = path_of(user, name), *real = path ? realpath(path, NULL) : NULL;
    dg_status status = path ? dg_ok() : no_memory(user);
    *file = NULL;
    for (size_t k = 0; real && k < library->count; k++)
        if (library->files[k].path && strcmp(library->files[k].path, real) == 0)
            *file = library->files[k].file;
    if (status.code == DG_OK && !*file) {
        struct library_file *files = realloc(library->files, (library->count + 1) * sizeof *files);
        if (files)
            library->files = files;
        status = files ? read_document(path, file) : no_memory(user);
        if (status.code == DG_OK) {
            files[library->count++] = (struct library_file){real, *file};
            real = NULL;
        }
    }
    free(real);
    free(path);
    return status;
}

/* Refuses files that use each other in a circle. */
dg_status use_check_circle(const building *b, const graph_file *used)
{
    const building *user = b;
    int depth = 1;
    for (; user && user->file != used; user = user->user)
        depth++;
    if (!user && depth <= MOST_FILES_DEEP)
        return dg_ok();
    if (!user)
        return dg_error(DG_BAD_ARGUMENT, "files use each other more than %d deep", MOST_FILES_DEEP);
    char chain[700] = "";
    snprintf(chain, sizeof chain, "%s", used->path);
    for (user = b; user; user = user->file == used ? NULL : user->user) { /* from the inside outwards */
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
        return no_memory(b->file);
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
    const graph_file *file = inner->file;
    for (size_t i = 1; i < call->count; i++) {
        const dg_value *item = &call->items[i];
        bool is_size = (item->kind == DG_VALUE_INT && item->i >= 0) ||
                       (item->kind == DG_VALUE_NAME && isupper((unsigned char)item->s[0]));
        if (!item->key || !isupper((unsigned char)item->key[0]))
            return dg_error(DG_BAD_ARGUMENT, "'%s' is no size: behind the file come sizes such as T=5",
                            item->key ? item->key : dg_value_print(dg_graph_arena(user->graph), item));
        if (!is_size)
            return dg_error(DG_BAD_ARGUMENT, "%s=%s: wants a number, or the name of a size", item->key,
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
    const graph_file *file = inner->file;
    int depth = 0, *stack = calloc((size_t)file->n_nodes + 1, sizeof *stack);
    if (!stack)
        return no_memory(file);
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
    const graph_file *file = w->user->file, *used = w->inner->file;
    char known[300];
    int *taken = dg_arena_alloc(file->arena, sizeof *taken * (size_t)(w->n_inputs + 1));
    if (!taken)
        return no_memory(file);
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
            return dg_error(DG_BAD_ARGUMENT, "two nodes are wired to input '%s'", arg);
    }
    for (int i = 0, place = 0; i < count; i++) {
        if (places[i] >= 0)
            continue;
        while (place < w->n_inputs && taken[place])
            place++;
        if (place == w->n_inputs)
            return dg_error(DG_BAD_ARGUMENT, "%d nodes are wired to it, the inputs of %s are %s", count, used->path,
                            known);
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
    const file_node *declared = &w->inner->file->nodes[w->inputs[input]];
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

static dg_status wire(building *user, building *inner, int node, dg_node *const *given, const bool *needed)
{
    wiring w = {.user = user, .inner = inner, .sizes = (size_binding *)(uintptr_t)inner->sizes};
    graph_file *used = inner->file, *file = user->file;
    int count = user->first[node + 1] - user->first[node];
    const int *edges = user->incoming + user->first[node];
    int *places = dg_arena_alloc(file->arena, sizeof *places * (size_t)(count + 1));
    w.inputs = dg_arena_alloc(file->arena, sizeof *w.inputs * (size_t)(used->n_nodes + 1));
    inner->given = dg_arena_alloc(file->arena, sizeof(dg_node *) * (size_t)(used->n_nodes + 1));
    if (!places || !w.inputs || !inner->given)
        return no_memory(file);
    for (int k = 0; k < used->n_nodes; k++)
        if (needed[k] && document_has_role(used, k, DG_ROLE_INPUT))
            w.inputs[w.n_inputs++] = k;
    DG_TRY(use_place_edges(&w, edges, count, places));
    w.sizes = dg_arena_alloc(file->arena, sizeof *w.sizes * (size_t)(inner->n_sizes + w.n_inputs * DG_MAX_RANK + 1));
    if (!w.sizes)
        return no_memory(file);
    if (inner->n_sizes)
        memcpy(w.sizes, inner->sizes, sizeof *w.sizes * (size_t)inner->n_sizes);
    inner->sizes = w.sizes;
    for (int i = 0; i < count; i++) {
        DG_TRY(use_match_input(&w, places[i], dg_node_type(given[i], 0), dg_node_name(given[i])));
        inner->given[w.inputs[places[i]]] = given[i];
        file_edge *edge = &file->edges[edges[i]];
        edge->input = places[i];
        const char *name = used->nodes[w.inputs[places[i]]].name;
        edge->input_name = dg_arena_text(file->arena, name, strlen(name)); /* the used file is closed again */
        if (!edge->input_name)
            return no_memory(file);
    }
    for (int k = 0; k < w.n_inputs; k++)
        if (!inner->given[w.inputs[k]])
            return dg_error(DG_BAD_ARGUMENT, "input '%s' of %s is not wired", used->nodes[w.inputs[k]].name,
                            used->path);
    return dg_ok();
}

/* ---- the result ---- */

/* The node that `output` names, or of that name; else the only one that nobody reads, losses aside. */
dg_status use_find_result(const graph_file *file, int *result)
{
    const char *output = graph_file_setting(file, "output"), *loss = graph_file_setting(file, "loss");
    *result = document_find(file, output ? output : "output");
    if (output && *result < 0)
        return file_error_at(file, 0, dg_error(DG_BAD_ARGUMENT, "output=%s: there is no such node", output));
    if (*result >= 0)
        return dg_ok();
    int loss_node = document_find(file, loss ? loss : "loss");
    bool *is_read = calloc((size_t)file->n_nodes + 1, sizeof *is_read);
    if (!is_read)
        return no_memory(file);
    for (int e = 0; e < file->n_edges; e++)
        is_read[file->edges[e].tail] |= file->edges[e].head != loss_node;
    int count = 0;
    for (int k = 0; k < file->n_nodes; k++)
        if (!is_read[k] && k != loss_node && !document_has_role(file, k, DG_ROLE_INPUT)) {
            *result = k;
            count++;
        }
    free(is_read);
    if (count == 1)
        return dg_ok();
    return file_error_at(file, 0,
                         dg_error(DG_BAD_ARGUMENT, "%s: output=NODE says which is the result",
                                  count ? "several nodes are read by no other" : "there is no result"));
}

/* The nodes that edges take from the module by out=NAME: *wanted gets their numbers, *count of them. */
static void find_others(const building *user, int node, const graph_file *used, used_file *into, int *wanted)
{
    const graph_file *file = user->file;
    for (int e = 0; e < file->n_edges; e++) {
        const file_edge *edge = &file->edges[e];
        int found = edge->tail == node && edge->out ? document_find(used, edge->out) : -1;
        bool known = false;
        for (int k = 0; k < into->n_others; k++)
            known |= found >= 0 && strcmp(into->names[k], edge->out) == 0;
        if (found < 0 || known)
            continue;
        wanted[into->n_others] = found;
        into->names[into->n_others++] = edge->out;
    }
}

/* *is_inside: the message begins with the used file already. */
static dg_status build_module(building *user, building *inner, int item, dg_node *const *given, bool *is_inside)
{
    graph_file *file = user->file, *used = inner->file;
    int node = user->node_of[item], *wanted = dg_arena_alloc(file->arena, sizeof *wanted * (size_t)(file->n_edges + 2));
    used_file *into = dg_arena_alloc(file->arena, sizeof *into);
    bool *needed = dg_arena_alloc(file->arena, (size_t)used->n_nodes + 1);
    if (!wanted || !into || !needed)
        return no_memory(file);
    into->names = dg_arena_alloc(file->arena, sizeof *into->names * (size_t)(file->n_edges + 1));
    into->others = dg_arena_alloc(file->arena, sizeof *into->others * (size_t)(file->n_edges + 1));
    if (!into->names || !into->others)
        return no_memory(file);
    *is_inside = true;
    DG_TRY(use_find_result(used, &wanted[0]));
    find_others(user, node, used, into, wanted + 1);
    DG_TRY(use_find_needed(inner, wanted, 1 + into->n_others, needed));
    *is_inside = false;
    DG_TRY(wire(user, inner, node, given, needed));
    *is_inside = true;
    for (int k = 0; k <= into->n_others; k++) {
        int last = copies_last(inner, wanted[k]);
        DG_TRY(build_item(inner, last));
        *(k ? &into->others[k - 1] : &into->result) = inner->made[last];
    }
    user->used[item] = into;
    return dg_ok();
}

/* The module that the file's nodes are made in. */
dg_status use_open_module(building *b, int item, dg_module **module)
{
    const char *checkpoint = file_attribute_find(&b->file->nodes[b->node_of[item]].attributes, "checkpoint");
    *module = copies_module(b, item);
    if (!checkpoint || strcmp(checkpoint, "false") == 0)
        return dg_ok();
    if (strcmp(checkpoint, "true") != 0)
        return dg_error(DG_BAD_ARGUMENT, "checkpoint=%s: wants true or false", checkpoint);
    *module = dg_module_begin(b->graph, NULL, true); /* the caller switches back */
    return dg_graph_status(b->graph);
}

static dg_status build_used(building *b, int item, const char *name, dg_node *const *inputs, bool *is_inside)
{
    dg_value call = b->file->nodes[b->node_of[item]].call;
    char *prefix = dg_arena_alloc(b->file->arena, strlen(name) + 2);
    if (!prefix)
        return no_memory(b->file);
    sprintf(prefix, "%s.", name);
    DG_TRY(sizes_put(b, &call));
    const dg_value *path = call.count ? &call.items[0] : NULL;
    bool is_text =
        path && (path->kind == DG_VALUE_STRING || path->kind == DG_VALUE_NAME || path->kind == DG_VALUE_TEXT);
    if (!is_text || (path->key && strcmp(path->key, "file") != 0))
        return dg_error(DG_BAD_ARGUMENT, "wants a file: use('file.dot')");
    building inner = {.graph = b->graph, .options = b->options, .library = b->library, .user = b, .prefix = prefix};
    size_binding *sizes = dg_arena_alloc(b->file->arena, sizeof *sizes * (call.count + 1));
    if (!sizes)
        return no_memory(b->file);
    DG_TRY(library_find(b->library, b->file, path->s, &inner.file));
    DG_TRY(use_check_circle(b, inner.file));
    DG_TRY(use_open_module(b, item, &inner.module));
    dg_status status = building_begin(&inner);
    *is_inside = status.code != DG_OK;
    if (status.code == DG_OK)
        status = use_take_sizes(b, &call, sizes, &inner);
    inner.sizes = sizes;
    if (status.code == DG_OK)
        status = build_module(b, &inner, item, inputs, is_inside);
    building_free(&inner);
    return status;
}

dg_status use_build(building *b, int item, const char *name, dg_node *const *inputs)
{
    bool is_inside = false;
    const file_node *node = &b->file->nodes[b->node_of[item]];
    if (is_scan(node))
        return file_error_at(b->file, node->line, scan_build(b, item, inputs, &b->made[item]));
    dg_status status = build_used(b, item, name, inputs, &is_inside);
    if (status.code == DG_OK) {
        dg_node *const *result = (dg_node *const *)&b->used[item]->result;
        b->made[item] = dg_apply(
            &(dg_application){.graph = b->graph, .op = "identity", .name = name, .n_inputs = 1, .inputs = result});
        status = dg_graph_status(b->graph);
    }
    if (status.code == DG_OK || (is_inside && b->user)) /* of files in between the message says nothing */
        return status;
    return file_error_at(b->file, node->line, dg_prefixed(status, "use '%s'", name));
}
