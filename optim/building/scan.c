/* scan('cell.dot', dim=1, reverse=false, S=5): another graph file as the cell of a recurrence over the sequence that is
 * wired to it. In the cell's file, input `x` is one step (the sequence's shape without the time dimension). A state is
 * an input NAME for which the file has a node next_NAME, or that the file's attribute state="h,c" lists; it starts at
 * what is wired to it (arg=NAME), else at zero. Every other input is the same at all steps and has to be wired.
 * Outputs: `output`, the cell's outputs stacked along the time dimension, then each state's last value by the state's
 * name. */
#include "library.h"
#include "modules.h"
#include "wire.h"

#include <dotgrad/scan.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A cell on its way into the user's graph. Its inputs: x, the states, the others. */
typedef struct cell {
    building *user, inner;
    wiring wires;
    const char *name; /* of the node */
    int64_t dim;
    bool reverse;
    int n_states, output, *next; /* nodes of the cell's file; next: by state */
    const char **state_names;
    dg_node **wired;  /* by input; NULL: nothing */
    dg_status status; /* of making the step's nodes */
} cell;

/* ---- what the call says ---- */

static dg_status read_call(cell *c, const dg_value *call, const char **path)
{
    dg_value *rest = dg_arena_alloc(c->user->file->arena, (call->count + 1) * sizeof *rest);
    size_binding *sizes = dg_arena_alloc(c->user->file->arena, (call->count + 1) * sizeof *sizes);
    if (!rest || !sizes)
        return document_no_memory(c->user->file);
    const dg_value *first = call->count ? &call->items[0] : NULL;
    bool is_text =
        first && (first->kind == DG_VALUE_STRING || first->kind == DG_VALUE_NAME || first->kind == DG_VALUE_TEXT);
    if (!is_text || (first->key && strcmp(first->key, "file") != 0))
        return dg_error(DG_BAD_ARGUMENT, "needs the cell's file: scan('cell.dot')");
    *path = first->s;
    size_t count = 0;
    for (size_t k = 0; k < call->count; k++) {
        const dg_value *item = &call->items[k];
        bool is_dim = item->key && strcmp(item->key, "dim") == 0;
        bool is_reverse = item->key && strcmp(item->key, "reverse") == 0;
        if (is_dim && item->kind != DG_VALUE_INT)
            return dg_error(DG_BAD_ARGUMENT, "dim needs a whole number");
        if (is_reverse && item->kind != DG_VALUE_BOOL)
            return dg_error(DG_BAD_ARGUMENT, "reverse needs true or false");
        if (is_dim)
            c->dim = item->i;
        else if (is_reverse)
            c->reverse = item->b;
        else
            rest[count++] = *item;
    }
    c->inner.sizes = sizes;
    DG_TRY(library_find(c->user->library, c->user->file, *path, call, &c->inner.file));
    return use_take_sizes(c->user, &(dg_value){.kind = DG_VALUE_CALL, .count = count, .items = rest}, sizes, &c->inner);
}

/* ---- the cell's inputs ---- */

/* Whether `name` is one of the names in "h, c". */
static bool is_listed(const char *list, const char *name)
{
    size_t length = strlen(name);
    while (list && *(list += strspn(list, ", "))) {
        size_t next = strcspn(list, ", ");
        if (next == length && strncmp(list, name, length) == 0)
            return true;
        list += next;
    }
    return false;
}

static dg_status check_list(const dg_graph_file *file, const char *list)
{
    char name[200];
    while (list && *(list += strspn(list, ", "))) {
        size_t length = strcspn(list, ", ");
        snprintf(name, sizeof name, "%.*s", (int)length, list);
        int node = document_find(file, name);
        if (node < 0 || !document_has_role(file, node, DG_ROLE_INPUT))
            return dg_graph_file_error(file, 0, dg_error(DG_BAD_ARGUMENT, "state=\"…\": there is no input '%s'", name));
        list += length;
    }
    return dg_ok();
}

static dg_status find_states(cell *c)
{
    const dg_graph_file *file = c->inner.file;
    const char *list = dg_graph_file_setting(file, "state");
    char next[300];
    DG_TRY(check_list(file, list));
    for (int k = 0; k < file->n_nodes; k++) {
        const char *name = file->nodes[k].name;
        if (k == c->wires.inputs[0] || !document_has_role(file, k, DG_ROLE_INPUT))
            continue;
        snprintf(next, sizeof next, "next_%s", name);
        int after = document_find(file, next);
        if (after < 0 && is_listed(list, name))
            return dg_graph_file_error(
                file, file->nodes[k].line,
                dg_error(DG_BAD_ARGUMENT, "state '%s' has no node '%s', its next value", name, next));
        if (after < 0)
            continue;
        const char *copy =
            dg_arena_text(c->user->file->arena, name, strlen(name)); /* the cell's file is closed again */
        if (!copy)
            return document_no_memory(c->user->file);
        c->state_names[c->n_states] = copy;
        c->next[c->n_states++] = after;
        c->wires.inputs[c->wires.n_inputs++] = k;
    }
    if (c->n_states)
        return dg_ok();
    return dg_graph_file_error(
        file, 0, dg_error(DG_BAD_ARGUMENT, "the cell has no state: an input h with a node next_h is one"));
}

static dg_status find_inputs(cell *c)
{
    dg_graph_file *file = c->inner.file;
    dg_arena *arena = c->user->file->arena;
    size_t room = (size_t)file->n_nodes + 2;
    int *wanted = dg_arena_alloc(arena, room * sizeof *wanted);
    bool *needed = dg_arena_alloc(arena, room);
    c->wires = (wiring){.user = c->user, .inner = &c->inner, .inputs = dg_arena_alloc(arena, room * sizeof(int))};
    c->next = dg_arena_alloc(arena, room * sizeof *c->next);
    c->state_names = dg_arena_alloc(arena, room * sizeof *c->state_names);
    c->wired = dg_arena_alloc(arena, room * sizeof(dg_node *));
    c->inner.given = dg_arena_alloc(arena, room * sizeof(dg_node *));
    if (!wanted || !needed || !c->wires.inputs || !c->next || !c->state_names || !c->wired || !c->inner.given)
        return document_no_memory(c->user->file);
    int x = document_find(file, "x");
    if (x < 0 || !document_has_role(file, x, DG_ROLE_INPUT))
        return dg_graph_file_error(file, 0,
                                   dg_error(DG_BAD_ARGUMENT, "the cell has no input 'x', one step of the sequence"));
    c->wires.inputs[c->wires.n_inputs++] = x;
    DG_TRY(find_states(c));
    DG_TRY(use_find_result(file, &c->output));
    wanted[0] = c->output;
    memcpy(wanted + 1, c->next, (size_t)c->n_states * sizeof *wanted);
    DG_TRY(use_find_needed(&c->inner, wanted, 1 + c->n_states, needed));
    for (int k = 0; k < file->n_nodes; k++) {
        bool known = false;
        for (int i = 0; i < c->wires.n_inputs; i++)
            known |= c->wires.inputs[i] == k;
        if (needed[k] && !known && document_has_role(file, k, DG_ROLE_INPUT))
            c->wires.inputs[c->wires.n_inputs++] = k;
    }
    return dg_ok();
}

/* ---- what is wired to them ---- */

static dg_status wire_edges(cell *c, int node, dg_node *const *sources)
{
    dg_graph_file *file = c->user->file;
    const building *b = c->user;
    int count = b->first[node + 1] - b->first[node];
    const int *edges = b->incoming + b->first[node];
    int *places = dg_arena_alloc(file->arena, sizeof *places * (size_t)(count + 1));
    if (!places)
        return document_no_memory(c->user->file);
    DG_TRY(use_place_edges(&c->wires, edges, count, places));
    for (int i = 0; i < count; i++) {
        const char *name = c->inner.file->nodes[c->wires.inputs[places[i]]].name;
        dg_file_edge *edge = &file->edges[edges[i]];
        c->wired[places[i]] = sources[i];
        edge->input = places[i];
        edge->input_name = dg_arena_text(file->arena, name, strlen(name));
        if (!edge->input_name)
            return document_no_memory(c->user->file);
    }
    for (int k = 0; k < c->wires.n_inputs; k++)
        if (!c->wired[k] && (k == 0 || k > c->n_states))
            return dg_error(DG_BAD_ARGUMENT, "input '%s' of %s is not wired",
                            c->inner.file->nodes[c->wires.inputs[k]].name, c->inner.file->path);
    return dg_ok();
}

/* The type of one step of the sequence. */
static dg_status step_type(cell *c, dg_type *type)
{
    char text[DG_SHAPE_TEXT];
    int axis;
    *type = *dg_node_type(c->wired[0], 0);
    dg_graph_print_shape(c->user->graph, &type->shape, text, sizeof text);
    if (type->shape.rank == 0)
        return dg_error(DG_BAD_SHAPE, "'%s' is a scalar, expected a sequence", dg_node_name(c->wired[0]));
    DG_TRY(dg_infer_dim(c->dim, type->shape.rank, &axis));
    if (type->shape.dims[axis] < 0)
        return dg_error(DG_BAD_SHAPE,
                        "the sequence '%s' is %s: its time size, dimension %d, must be a number, because the steps are "
                        "made when the graph is built",
                        dg_node_name(c->wired[0]), text, axis);
    type->shape.rank--;
    for (int d = axis; d < type->shape.rank; d++)
        type->shape.dims[d] = type->shape.dims[d + 1];
    return dg_ok();
}

static dg_status match_inputs(cell *c)
{
    building *inner = &c->inner;
    dg_arena *arena = c->user->file->arena;
    dg_type x;
    size_t room = (size_t)inner->n_sizes + (size_t)c->wires.n_inputs * DG_MAX_RANK + 1;
    c->wires.sizes = dg_arena_alloc(arena, sizeof *c->wires.sizes * room);
    if (!c->wires.sizes)
        return document_no_memory(c->user->file);
    if (inner->n_sizes)
        memcpy(c->wires.sizes, inner->sizes, sizeof *c->wires.sizes * (size_t)inner->n_sizes);
    inner->sizes = c->wires.sizes;
    DG_TRY(step_type(c, &x));
    for (int k = 0; k < c->wires.n_inputs; k++) {
        const char *name = c->wired[k] ? dg_node_name(c->wired[k]) : NULL;
        char step[300];
        snprintf(step, sizeof step, "a step of %.280s", dg_node_name(c->wired[0]));
        if (c->wired[k])
            DG_TRY(use_match_input(&c->wires, k, k ? dg_node_type(c->wired[k], 0) : &x, k ? name : step));
    }
    return dg_ok();
}

/* Zeros for a state that nothing is wired to. */
static dg_status start_at_zero(cell *c, int state, dg_node **made)
{
    const dg_graph_file *file = c->inner.file;
    const dg_file_node *node = &file->nodes[c->wires.inputs[1 + state]];
    dg_arena *arena = dg_graph_arena(c->user->graph);
    dg_value call = node->call, attrs[2] = {0};
    const dg_value *shape = dg_call_argument(&call, 0, "shape");
    if (!shape || shape->kind != DG_VALUE_LIST)
        return dg_error(DG_BAD_ARGUMENT, "input '%s' of %s has no shape", node->name, file->path);
    for (size_t d = 0; d < shape->count; d++)
        if (shape->items[d].kind == DG_VALUE_NAME && !sizes_find(&c->inner, shape->items[d].s))
            return dg_error(
                DG_BAD_SHAPE,
                "state '%s' of %s is %s: %s is not a size of any wired input: wire a first value of the state",
                node->name, file->path, dg_value_print(arena, shape), shape->items[d].s);
    DG_TRY(sizes_put(&c->inner, &call));
    const dg_value *dtype = dg_call_argument(&call, 1, "dtype");
    attrs[0] = *dg_call_argument(&call, 0, "shape");
    attrs[0].key = "shape";
    if (dtype)
        attrs[1] = *dtype;
    attrs[1].key = "dtype";
    *made = dg_apply(&(dg_application){.graph = c->user->graph, .op = "zeros", .n_attrs = 2, .attrs = attrs});
    return *made ? dg_ok() : dg_graph_status(c->user->graph);
}

/* ---- the steps ---- */

static dg_status build_cell(cell *c, dg_scan_step *step)
{
    building *inner = &c->inner;
    for (int k = 0; k < c->wires.n_inputs; k++)
        inner->given[c->wires.inputs[k]] = k == 0 ? step->x : k <= c->n_states ? step->states[k - 1] : c->wired[k];
    for (int k = 0; k < c->n_states; k++) {
        DG_TRY(build_item(inner, copies_last(inner, c->next[k])));
        step->next[k] = inner->made[copies_last(inner, c->next[k])];
    }
    DG_TRY(build_item(inner, copies_last(inner, c->output)));
    step->output = inner->made[copies_last(inner, c->output)];
    return dg_ok();
}

static void make_step(dg_scan_step *step)
{
    cell *c = step->user;
    c->inner.module = dg_module_switch(step->graph, NULL); /* the scan's */
    dg_module_switch(step->graph, c->inner.module);
    c->status = build_cell(c, step);
}

/* output, h, c, and the same by number. */
static dg_status name_outputs(cell *c, int item, dg_node *result, dg_node *const *final)
{
    dg_arena *arena = c->user->file->arena;
    int count = 1 + c->n_states;
    used_file *into = dg_arena_alloc(arena, sizeof *into);
    const char **names = dg_arena_alloc(arena, sizeof *names * 2 * (size_t)count);
    dg_node **nodes = dg_arena_alloc(arena, sizeof(dg_node *) * 2 * (size_t)count);
    if (!into || !names || !nodes)
        return document_no_memory(c->user->file);
    for (int k = 0; k < count; k++) {
        char number[16];
        int length = snprintf(number, sizeof number, "%d", k);
        nodes[k] = nodes[count + k] = k ? final[k - 1] : result;
        names[k] = k ? c->state_names[k - 1] : "output";
        names[count + k] = dg_arena_text(arena, number, (size_t)length);
        if (!names[count + k])
            return document_no_memory(c->user->file);
    }
    *into = (used_file){.result = result, .n_others = 2 * count, .names = names, .others = nodes};
    c->user->used[item] = into;
    return dg_ok();
}

static dg_status make_steps(cell *c, int item, dg_node **made)
{
    dg_node **final = dg_arena_alloc(c->user->file->arena, sizeof(dg_node *) * 2 * (size_t)c->n_states);
    if (!final)
        return document_no_memory(c->user->file);
    dg_node **starts = final + c->n_states;
    for (int k = 0; k < c->n_states; k++) {
        starts[k] = c->wired[1 + k];
        if (!starts[k])
            DG_TRY(start_at_zero(c, k, &starts[k]));
    }
    const dg_scan_options options = {.dim = c->dim,
                                     .reverse = c->reverse,
                                     .user = c,
                                     .final = final,
                                     .state_names = c->state_names,
                                     .name = c->name};
    c->status = dg_ok();
    *made = dg_scan_at((dg_location){0}, c->wired[0], c->n_states, starts, make_step, options);
    DG_TRY(c->status);
    return *made ? name_outputs(c, item, *made, final) : dg_ok();
}

static dg_status build_scan(building *b, int item, const char *name, dg_node *const *inputs, dg_node **made)
{
    const dg_file_node *node = &b->file->nodes[b->node_of[item]];
    dg_value call = node->call;
    const char *path;
    cell c = {.user = b, .dim = 1, .name = name};
    c.inner = (building){.graph = b->graph,
                         .options = b->options,
                         .find_maker = b->find_maker,
                         .library = b->library,
                         .user = b,
                         .prefix = ""};
    *made = NULL;
    dg_status status = sizes_put(b, &call);
    if (status.code == DG_OK)
        status = read_call(&c, &call, &path);
    if (status.code == DG_OK)
        status = use_check_circle(b, c.inner.file);
    if (status.code == DG_OK)
        status = owned_share_file(b, item, name, &c.inner.shares_with);
    if (status.code == DG_OK)
        status = use_open_module(b, item, NULL, &c.inner.module);
    if (status.code == DG_OK)
        status = building_begin(&c.inner);
    if (status.code == DG_OK)
        status = find_inputs(&c);
    if (status.code == DG_OK)
        status = wire_edges(&c, b->node_of[item], inputs);
    if (status.code == DG_OK)
        status = match_inputs(&c);
    if (status.code == DG_OK)
        status = make_steps(&c, item, made);
    building_free(&c.inner);
    if (status.code != DG_OK)
        return dg_prefixed(status, "scan '%s'", c.name);
    return *made ? dg_ok() : dg_graph_status(b->graph); /* which names the scan already */
}

dg_status scan_build(building *b, int item, const char *name, dg_node *const *inputs)
{
    return dg_graph_file_error(b->file, b->file->nodes[b->node_of[item]].line,
                               build_scan(b, item, name, inputs, &b->made[item]));
}
