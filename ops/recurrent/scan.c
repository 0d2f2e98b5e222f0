/* dg_scan: a cell's nodes made once, and made again for every further step. */
#include <dotgrad/op.h>
#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/shape.h>
#include <dotgrad/scan.h>
#include <dotgrad/step.h>

#include <stdio.h>
#include <string.h>

#include "ops/shared/rules.h"

typedef struct scanning {
    dg_graph *graph;
    dg_location at;
    const dg_scan_options *options;
    int axis, n_states;
    int64_t n_steps;
    dg_node **steps;   /* of the input, [n_steps] */
    dg_node **outputs; /* [n_steps] */
    dg_node **states;  /* before the step that is being made */
    dg_node **next;    /* after it */
    dg_node **own;     /* states before the first step */
    dg_node **first;   /* the first step's `next` */
    int64_t first_id;
    dg_node *result;    /* the first step's output */
    int64_t begin, end; /* ids of the nodes that the cell made */
    dg_node **now;      /* what those are at the step that is being made; NULL: the same node */
} scanning;

static dg_node *fail(const scanning *s, dg_status status)
{
    const char *name = s->options->name;
    char at[600] = "";
    if (s->at.file && s->at.line > 0)
        snprintf(at, sizeof at, " (%s:%d)", s->at.file, s->at.line);
    return dg_graph_fail(s->graph, dg_error(status.code, "scan%s%s%s: %s%s", name ? " '" : "", name ? name : "",
                                            name ? "'" : "", status.message, at));
}

static dg_status measure(scanning *s, dg_node *input)
{
    char text[DG_SHAPE_TEXT];
    const dg_shape *shape = &dg_node_type(input, 0)->shape;
    if (s->n_states < 1)
        return dg_error(DG_BAD_ARGUMENT, "there is no state, expected at least one");
    if (shape->rank == 0)
        return dg_error(DG_BAD_SHAPE, "input is a scalar, expected a sequence such as [N, T, features]");
    DG_TRY(dg_infer_dim(s->options->dim, shape->rank, &s->axis));
    s->n_steps = shape->dims[s->axis];
    dg_graph_print_shape(s->graph, shape, text, sizeof text);
    if (s->n_steps < 0)
        return dg_error(DG_BAD_SHAPE, "input is %s: its time size, dimension %d, must be a number", text, s->axis);
    if (s->n_steps == 0 || s->n_steps > INT32_MAX)
        return dg_error(DG_BAD_SHAPE, "input is %s: expected at least one step along dimension %d", text, s->axis);
    return dg_ok();
}

static dg_status set_up(scanning *s)
{
    dg_arena *arena = dg_graph_arena(s->graph);
    size_t n_steps = (size_t)s->n_steps, n_states = (size_t)s->n_states;
    s->steps = dg_arena_alloc(arena, n_steps * sizeof(dg_node *));
    s->outputs = dg_arena_alloc(arena, n_steps * sizeof(dg_node *));
    s->states = dg_arena_alloc(arena, n_states * sizeof(dg_node *));
    s->next = dg_arena_alloc(arena, n_states * sizeof(dg_node *));
    s->first = dg_arena_alloc(arena, n_states * sizeof(dg_node *));
    return s->steps && s->outputs && s->states && s->next && s->first ? dg_ok() : dg_no_memory("a linear scan");
}

/* The steps of `part`, which begins at step `from`. Halves of halves: the gradient of a slice is as large as what it
 * was cut from. Depth: log2 of the number of steps. */
static void cut(const scanning *s, dg_node *part, int64_t from, int64_t count)
{
    if (count == 1) {
        s->steps[from] = dg_squeeze(part, .dim = DG_INTS(s->axis));
        return;
    }
    int64_t half = count / 2;
    cut(s, dg_slice(part, .dim = s->axis, .start = 0, .end = half), from, half);
    cut(s, dg_slice(part, .dim = s->axis, .start = half, .end = count), from + half, count - half);
}

/* ---- the first step ---- */

static dg_status check_state(const scanning *s, int k)
{
    char has[DG_SHAPE_TEXT], wants[DG_SHAPE_TEXT], number[24];
    const char *name = number;
    snprintf(number, sizeof number, "%d", k);
    if (s->options->state_names)
        name = s->options->state_names[k];
    if (!s->next[k])
        return dg_error(DG_BAD_ARGUMENT, "the cell gives state '%s' no next value", name);
    const dg_type *state = dg_node_type(s->states[k], 0), *next = dg_node_type(s->next[k], 0);
    bool fits = state->shape.rank == next->shape.rank && state->dtype == next->dtype;
    for (int d = 0; fits && d < state->shape.rank; d++)
        fits = !sizes_differ(state->shape.dims[d], next->shape.dims[d]);
    if (fits)
        return dg_ok();
    return dg_error(state->dtype == next->dtype ? DG_BAD_SHAPE : DG_BAD_DTYPE,
                    "state '%s' is %s %s, its next value is %s %s", name, dg_dtype_name(state->dtype),
                    dg_graph_print_shape(s->graph, &state->shape, has, sizeof has), dg_dtype_name(next->dtype),
                    dg_graph_print_shape(s->graph, &next->shape, wants, sizeof wants));
}

static int64_t place_of(const scanning *s, int64_t step)
{
    return s->options->reverse ? s->n_steps - 1 - step : step;
}

static dg_status make_first(scanning *s, dg_scan_cell *cell)
{
    dg_scan_step step = {.user = s->options->user,
                         .graph = s->graph,
                         .x = s->steps[place_of(s, 0)],
                         .n_states = s->n_states,
                         .states = s->states,
                         .next = s->first};
    s->begin = dg_graph_node_count(s->graph);
    cell(&step);
    s->end = dg_graph_node_count(s->graph);
    DG_TRY(dg_graph_status(s->graph));
    memcpy(s->next, s->first, (size_t)s->n_states * sizeof(dg_node *));
    for (int k = 0; k < s->n_states; k++)
        DG_TRY(check_state(s, k));
    if (!step.output)
        return dg_error(DG_BAD_ARGUMENT, "the cell gives no output");
    s->outputs[place_of(s, 0)] = s->result = step.output;
    s->now = dg_arena_alloc(dg_graph_arena(s->graph), (size_t)(s->end + 1) * sizeof(dg_node *));
    return s->now ? dg_ok() : dg_no_memory("a linear scan");
}

/* ---- the others ---- */

/* The node at the step that is being made. Nodes made before the cell, too: the input's step and the states. */
static dg_node *at_step(const scanning *s, dg_node *node)
{
    return node && dg_node_id(node) < s->end && s->now[dg_node_id(node)] ? s->now[dg_node_id(node)] : node;
}

/* The name of a named node at a further step, in the node's module: "fc@3". In a scan within the scan, "fc@3" is the
 * inner step 3 of the outer step 0, and "fc@0@3" the other way round. */
static const char *name_at_step(const scanning *s, dg_node *node, int64_t step)
{
    const char *base = dg_node_name(node);
    const dg_module *module = dg_node_module(node);
    size_t prefix = module ? strlen(dg_module_prefix(module)) : 0, room = strlen(base) + 64;
    char *name = dg_arena_alloc(dg_graph_arena(s->graph), room);
    for (int zeros = 0; name && zeros < 16; zeros++) {
        size_t used = (size_t)snprintf(name, room, "%s", base);
        for (int k = 0; k < zeros; k++)
            used += (size_t)snprintf(name + used, room - used, "@0");
        snprintf(name + used, room - used, "@%lld", (long long)step);
        if (!dg_graph_find(s->graph, name))
            break;
    }
    return name ? name + prefix : NULL;
}

static dg_node *repeat(const scanning *s, dg_node *node, dg_node *const *inputs, int64_t step)
{
    dg_node *owner = dg_node_owner(node);
    return dg_node_again(node, inputs, dg_node_is_named(node) ? name_at_step(s, node, step) : NULL, s->at,
                         owner ? at_step(s, owner) : NULL);
}

/* Makes the cell's nodes again: those that change with the step. Parameters and what is computed from them alone stay,
 * but random nodes draw anew. */
static dg_status make_again(scanning *s, int64_t step)
{
    dg_node **inputs = NULL;
    int room = 0;
    for (int64_t id = s->begin; id < s->end; id++) {
        dg_node *node = dg_graph_node(s->graph, id);
        int count = dg_node_input_count(node);
        bool changes = dg_node_op(node)->flags & DG_RANDOM;
        if (count > room) {
            room = 2 * count;
            inputs = dg_arena_alloc(dg_graph_arena(s->graph), (size_t)room * sizeof(dg_node *));
            if (!inputs)
                return dg_no_memory("a linear scan");
        }
        for (int k = 0; k < count; k++) {
            inputs[k] = at_step(s, dg_node_input(node, k));
            changes = changes || inputs[k] != dg_node_input(node, k);
        }
        if (!changes)
            continue;
        dg_module *open = dg_module_switch(s->graph, dg_node_module(node));
        s->now[id] = repeat(s, node, inputs, step);
        dg_module_switch(s->graph, open);
        DG_TRY(dg_graph_status(s->graph));
    }
    return dg_ok();
}

static dg_status make_others(scanning *s, dg_node *const *states)
{
    dg_node *x = s->steps[place_of(s, 0)], *output = s->outputs[place_of(s, 0)];
    for (int64_t step = 1; step < s->n_steps; step++) {
        memset(s->now, 0, (size_t)s->end * sizeof(dg_node *));
        s->now[dg_node_id(x)] = s->steps[place_of(s, step)];
        for (int k = 0; k < s->n_states; k++)
            s->now[dg_node_id(states[k])] = s->next[k];
        DG_TRY(make_again(s, step));
        for (int k = 0; k < s->n_states; k++)
            s->states[k] = at_step(s, s->first[k]);
        memcpy(s->next, s->states, (size_t)s->n_states * sizeof(dg_node *));
        s->outputs[place_of(s, step)] = at_step(s, output);
    }
    return dg_ok();
}

static dg_status take_steps(scanning *s, dg_node *input, dg_scan_cell *cell)
{
    dg_arena *arena = dg_graph_arena(s->graph);
    s->first_id = dg_graph_node_count(s->graph);
    cut(s, input, 0, s->n_steps);
    s->own = dg_arena_alloc(arena, (size_t)s->n_states * sizeof(dg_node *));
    if (!s->own)
        return dg_no_memory("a linear scan");
    for (int k = 0; k < s->n_states; k++) /* nodes of the scan's own, so that two states may begin as one node */
        s->own[k] = s->states[k] = dg_identity(s->states[k]);
    DG_TRY(dg_graph_status(s->graph));
    DG_TRY(make_first(s, cell));
    return make_others(s, s->own);
}

/* For those who take the sequence step by step. */
static dg_node *keep(const scanning *s, dg_node *input, dg_node *const *states, dg_node *output)
{
    dg_node **starts = dg_arena_alloc(dg_graph_arena(s->graph), (size_t)s->n_states * sizeof(dg_node *));
    if (!output)
        return NULL;
    if (!starts)
        return fail(s, dg_no_memory("a linear scan"));
    memcpy(starts, states, (size_t)s->n_states * sizeof(dg_node *));
    dg_status status = dg_graph_keep_scan(s->graph, &(dg_scan_record){.sequence = input,
                                                                      .output = output,
                                                                      .axis = s->axis,
                                                                      .reverse = s->options->reverse,
                                                                      .n_states = s->n_states,
                                                                      .starts = starts,
                                                                      .states = s->own,
                                                                      .next = s->first,
                                                                      .x = s->steps[place_of(s, 0)],
                                                                      .result = s->result,
                                                                      .first_id = s->first_id,
                                                                      .begin = s->begin,
                                                                      .end = s->end});
    return status.code == DG_OK ? output : fail(s, status);
}

dg_node *dg_scan_at(dg_location at, dg_node *input, int n_states, dg_node *const *states, dg_scan_cell *cell,
                    dg_scan_options options)
{
    scanning s = {.graph = input ? dg_node_graph(input) : NULL, .at = at, .options = &options, .n_states = n_states};
    if (!s.graph || dg_graph_status(s.graph).code != DG_OK)
        return NULL;
    dg_status status = dg_ok();
    if (!cell || n_states < 0 || (n_states && !states))
        status = cell ? dg_error(DG_BAD_ARGUMENT, "the list of %d states is NULL", n_states)
                      : dg_error(DG_BAD_ARGUMENT, "the cell is NULL");
    if (status.code == DG_OK)
        status = measure(&s, input);
    if (status.code == DG_OK)
        status = set_up(&s);
    for (int k = 0; status.code == DG_OK && k < n_states; k++) {
        s.states[k] = states[k];
        if (!states[k] || dg_node_graph(states[k]) != s.graph)
            status = dg_error(DG_BAD_ARGUMENT, "state %d is not a node of the input's graph", k);
    }
    if (status.code != DG_OK)
        return fail(&s, status);
    const dg_graph_point before = dg_graph_mark(s.graph);
    dg_module_begin(s.graph, options.name, false);
    status = take_steps(&s, input, cell);
    dg_module_end(s.graph);
    if (status.code == DG_OK)
        status = dg_graph_status(s.graph);
    if (status.code != DG_OK) {
        bool is_told = dg_graph_status(s.graph).code != DG_OK;
        dg_graph_undo(s.graph, before, status);
        return is_told ? dg_graph_fail(s.graph, status) : fail(&s, status);
    }
    for (int k = 0; options.final && k < n_states; k++)
        options.final[k] = s.next[k];
    return keep(&s, input, states,
                dg_stack_at(at, (int)s.n_steps, s.outputs, (dg_stack_options){.dim = s.axis, .name = options.name}));
}
