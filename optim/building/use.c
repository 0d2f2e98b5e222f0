/* use('file.dot', T=5): another graph file as a module. Its inputs are wired by name or in the file's order, its result
 * is what its `output` says; nodes that the result does not need (losses, labels) are left out, and so are its
 * settings. Its parameters are NODE.… of the node that uses it. Its symbols are its own: each stands for the size of
 * what is wired to the input that has it, or for what the call gives. */
#include "library.h"
#include "modules.h"
#include "wire.h"

#include <dotgrad/ops/arithmetic.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static dg_status wire(building *user, building *inner, int node, dg_node *const *given, const bool *needed)
{
    wiring w = {.user = user, .inner = inner, .sizes = (size_binding *)(uintptr_t)inner->sizes};
    dg_graph_file *used = inner->file, *file = user->file;
    int count = user->first[node + 1] - user->first[node];
    const int *edges = user->incoming + user->first[node];
    int *places = dg_arena_alloc(file->arena, sizeof *places * (size_t)(count + 1));
    w.inputs = dg_arena_alloc(file->arena, sizeof *w.inputs * (size_t)(used->n_nodes + 1));
    inner->given = dg_arena_alloc(file->arena, sizeof(dg_node *) * (size_t)(used->n_nodes + 1));
    if (!places || !w.inputs || !inner->given)
        return document_no_memory(file);
    for (int k = 0; k < used->n_nodes; k++)
        if (needed[k] && document_has_role(used, k, DG_ROLE_INPUT))
            w.inputs[w.n_inputs++] = k;
    DG_TRY(use_place_edges(&w, edges, count, places));
    w.sizes = dg_arena_alloc(file->arena, sizeof *w.sizes * (size_t)(inner->n_sizes + w.n_inputs * DG_MAX_RANK + 1));
    if (!w.sizes)
        return document_no_memory(file);
    if (inner->n_sizes)
        memcpy(w.sizes, inner->sizes, sizeof *w.sizes * (size_t)inner->n_sizes);
    inner->sizes = w.sizes;
    for (int i = 0; i < count; i++) {
        DG_TRY(use_match_input(&w, places[i], dg_node_type(given[i], 0), dg_node_name(given[i])));
        inner->given[w.inputs[places[i]]] = given[i];
        dg_file_edge *edge = &file->edges[edges[i]];
        edge->input = places[i];
        const char *name = used->nodes[w.inputs[places[i]]].name;
        edge->input_name = dg_arena_text(file->arena, name, strlen(name)); /* the used file is closed again */
        if (!edge->input_name)
            return document_no_memory(file);
    }
    for (int k = 0; k < w.n_inputs; k++)
        if (!inner->given[w.inputs[k]])
            return dg_error(DG_BAD_ARGUMENT, "input '%s' of %s is not wired", used->nodes[w.inputs[k]].name,
                            used->path);
    return dg_ok();
}

/* The nodes that edges take from the module by out=NAME: *wanted gets their numbers, *count of them. */
static void find_others(const building *user, int node, const dg_graph_file *used, used_file *into, int *wanted)
{
    const dg_graph_file *file = user->file;
    for (int e = 0; e < file->n_edges; e++) {
        const dg_file_edge *edge = &file->edges[e];
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
    dg_graph_file *file = user->file, *used = inner->file;
    int node = user->node_of[item], *wanted = dg_arena_alloc(file->arena, sizeof *wanted * (size_t)(file->n_edges + 2));
    used_file *into = dg_arena_alloc(file->arena, sizeof *into);
    bool *needed = dg_arena_alloc(file->arena, (size_t)used->n_nodes + 1);
    if (!wanted || !into || !needed)
        return document_no_memory(file);
    into->names = dg_arena_alloc(file->arena, sizeof *into->names * (size_t)(file->n_edges + 1));
    into->others = dg_arena_alloc(file->arena, sizeof *into->others * (size_t)(file->n_edges + 1));
    if (!into->names || !into->others)
        return document_no_memory(file);
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

static dg_status build_used(building *b, int item, const char *name, dg_node *const *inputs, bool *is_inside)
{
    dg_value call = b->file->nodes[b->node_of[item]].call;
    char *prefix = dg_arena_alloc(b->file->arena, strlen(name) + 2);
    if (!prefix)
        return document_no_memory(b->file);
    sprintf(prefix, "%s.", name);
    DG_TRY(sizes_put(b, &call));
    const dg_value *path = call.count ? &call.items[0] : NULL;
    bool is_text =
        path && (path->kind == DG_VALUE_STRING || path->kind == DG_VALUE_NAME || path->kind == DG_VALUE_TEXT);
    if (!is_text || (path->key && strcmp(path->key, "file") != 0))
        return dg_error(DG_BAD_ARGUMENT, "needs a file: use('file.dot')");
    building inner = {.graph = b->graph,
                      .options = b->options,
                      .find_maker = b->find_maker,
                      .library = b->library,
                      .user = b,
                      .prefix = prefix};
    size_binding *sizes = dg_arena_alloc(b->file->arena, sizeof *sizes * (call.count + 1));
    if (!sizes)
        return document_no_memory(b->file);
    DG_TRY(library_find(b->library, b->file, path->s, &call, &inner.file));
    DG_TRY(use_check_circle(b, inner.file));
    DG_TRY(owned_share_file(b, item, name, &inner.shares_with));
    DG_TRY(use_open_module(b, item, name, &inner.module));
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
    const dg_file_node *node = &b->file->nodes[b->node_of[item]];
    dg_status status = build_used(b, item, name, inputs, &is_inside);
    if (status.code == DG_OK) {
        b->made[item] = dg_identity(b->used[item]->result, .name = name);
        status = dg_graph_status(b->graph);
    }
    if (status.code == DG_OK || (is_inside && b->user)) /* of files in between the message says nothing */
        return status;
    return dg_graph_file_error(b->file, node->line, dg_prefixed(status, "use '%s'", name));
}
