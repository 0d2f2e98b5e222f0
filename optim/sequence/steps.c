/* The nodes of one step of a sequence. Every node that depends on the sequence is made again on inputs whose size along
 * time is 1; ops that carry something along time say what a step of theirs is (dg_op.step), composed ops are what they
 * are made of, and of a scan it is the cell. What does not depend on the sequence stays, but where it has a row for
 * each place (learnt places that are added), the step's own row is taken. */
#include "sequence.h"

#include <dotgrad/ops/attention.h>
#include <dotgrad/ops/shape.h>
#include <dotgrad/ops/source.h>

#include <stdlib.h>
#include <string.h>

#define PAST "DOTGRAD_PAST" /* symbols of sizes */
#define ALL  "DOTGRAD_PAST_AND_PRESENT"

typedef struct walk {
    dg_step step; /* first: what rules are given leads back to the walk */
    dg_graph *graph;
    step_graph *made;
    dg_node *input;
    int64_t time; /* the size of the sequence: a number or a symbol */
    int64_t room;
    dg_node **now;      /* by id: the node at the step; NULL: the node itself */
    dg_node ***outputs; /* by id: all outputs at the step, where they are not those of `now` */
    bool *moves;        /* by id: depends on the sequence */
    dg_status status;   /* of what rules ask for */
} walk;

/* Room for all nodes that there are. */
static dg_status make_room(walk *w)
{
    int64_t count = dg_graph_node_count(w->graph), room = 2 * count + 64;
    if (count <= w->room)
        return dg_ok();
    dg_node **now = realloc(w->now, (size_t)room * sizeof *now);
    w->now = now ? now : w->now;
    dg_node ***outputs = realloc(w->outputs, (size_t)room * sizeof *outputs);
    w->outputs = outputs ? outputs : w->outputs;
    bool *moves = realloc(w->moves, (size_t)room);
    w->moves = moves ? moves : w->moves;
    if (!now || !outputs || !moves)
        return dg_no_memory("the steps of a sequence");
    memset(now + w->room, 0, (size_t)(room - w->room) * sizeof *now);
    memset(outputs + w->room, 0, (size_t)(room - w->room) * sizeof *outputs);
    memset(moves + w->room, 0, (size_t)(room - w->room));
    w->room = room;
    return dg_ok();
}

static dg_node *now_of(const walk *w, dg_node *node)
{
    return node && w->now[dg_node_id(node)] ? w->now[dg_node_id(node)] : node;
}

static bool does_move(const walk *w, const dg_node *node)
{
    return node && w->moves[dg_node_id(node)];
}

/* The node at the step is `stepped`. */
static dg_status put(walk *w, const dg_node *node, dg_node *stepped)
{
    DG_TRY(dg_graph_status(w->graph));
    DG_TRY(make_room(w));
    w->now[dg_node_id(node)] = stepped;
    w->moves[dg_node_id(node)] = w->moves[dg_node_id(stepped)] = true;
    return dg_ok();
}

static dg_status refuse(const dg_node *node, const char *why)
{
    return dg_error(DG_BAD_ARGUMENT, "'%s' (%s) %s", dg_node_name((dg_node *)(uintptr_t)node), dg_node_op(node)->name,
                    why);
}

/* ---- what rules ask for ---- */

static dg_node *keep(walk *w, kept_value value, dg_type type)
{
    step_graph *made = w->made;
    if (made->n_kept == made->capacity) {
        int capacity = 2 * made->capacity + 8;
        kept_value *kept = realloc(made->kept, (size_t)capacity * sizeof *kept);
        if (!kept) {
            w->status = dg_no_memory("the steps of a sequence");
            return NULL;
        }
        made->kept = kept;
        made->capacity = capacity;
    }
    value.input = dg_input(w->graph, type.shape, .dtype = type.dtype);
    made->kept[made->n_kept++] = value;
    return value.input;
}

static dg_node *state_of(const dg_step *step, dg_type type, dg_node *first)
{
    walk *w = (walk *)(uintptr_t)step;
    if (does_move(w, first) && w->status.code == DG_OK)
        w->status = refuse(step->node, "begins with a state that depends on the sequence");
    return keep(w, (kept_value){.first = first, .axis = -1}, type);
}

static void next_of(const dg_step *step, dg_node *state, dg_node *value)
{
    walk *w = (walk *)(uintptr_t)step;
    for (int k = 0; k < w->made->n_kept; k++)
        if (w->made->kept[k].input == state)
            w->made->kept[k].next = value;
}

static dg_node *past_of(const dg_step *step, dg_node *x, int axis)
{
    walk *w = (walk *)(uintptr_t)step;
    dg_type type = *dg_node_type(x, 0);
    int place = axis < 0 ? axis + type.shape.rank : axis;
    type.shape.dims[place] = dg_symbol(w->graph, PAST);
    w->made->is_placed = true;
    return keep(w, (kept_value){.next = x, .axis = place}, type);
}

static dg_node *counts_of(const dg_step *step)
{
    walk *w = (walk *)(uintptr_t)step;
    if (!w->made->counts)
        w->made->counts = dg_input(w->graph, DG_SHAPE(dg_symbol(w->graph, ALL)), .dtype = DG_BOOL);
    return w->made->counts;
}

/* ---- one node ---- */

/* Where from the end the time of an elementwise node's inputs is; −1: it cannot be told. */
static int time_from_end(const walk *w, const dg_node *node, dg_node *const *inputs)
{
    for (int k = 0; k < dg_node_input_count(node); k++) {
        const dg_node *input = dg_node_input(node, k);
        if (!does_move(w, input))
            continue;
        const dg_shape *whole = &dg_node_type(input, 0)->shape, *step = &dg_node_type(inputs[k], 0)->shape;
        for (int d = 0; d < whole->rank && whole->rank == step->rank; d++)
            if (whole->dims[d] == w->time && step->dims[d] == 1)
                return whole->rank - 1 - d;
    }
    return -1;
}

/* Inputs that have a row for each place, and are the same whatever the sequence is, give the step's row. */
static void take_rows(walk *w, const dg_node *node, dg_node **inputs)
{
    int from_end = time_from_end(w, node, inputs);
    for (int k = 0; from_end >= 0 && k < dg_node_input_count(node); k++) {
        const dg_node *input = dg_node_input(node, k);
        if (!input || does_move(w, input))
            continue;
        const dg_shape *shape = &dg_node_type(input, 0)->shape;
        int d = shape->rank - 1 - from_end;
        if (d < 0 || shape->dims[d] != w->time || w->time < 2)
            continue;
        inputs[k] = dg_index_select(inputs[k], w->made->position, .dim = d);
        w->made->is_placed = true;
    }
}

/* The shape that a view gives, where it names the size of time: at the place where its input has it. */
static dg_node *view_again(walk *w, dg_node *node, dg_node *const *inputs)
{
    const dg_op *op = dg_node_op(node);
    const dg_shape *whole = &dg_node_type(dg_node_input(node, 0), 0)->shape, *step = &dg_node_type(inputs[0], 0)->shape;
    int n_attrs = dg_op_attr_count(op), axis = 0;
    dg_value attrs[DG_MAX_ATTRS];
    dg_shape shape;
    while (axis < whole->rank && !(whole->dims[axis] == w->time && step->dims[axis] == 1))
        axis++;
    for (int k = 0; k < n_attrs; k++) {
        attrs[k] = dg_node_attrs(node)[k];
        if (attrs[k].kind != DG_VALUE_SHAPE)
            continue;
        shape = *attrs[k].shape;
        if (axis < whole->rank && axis < shape.rank && shape.dims[axis] == w->time)
            shape.dims[axis] = 1;
        attrs[k].shape = &shape;
    }
    return dg_apply(&(dg_application){.graph = w->graph,
                                      .op = op->name,
                                      .n_inputs = dg_node_input_count(node),
                                      .inputs = inputs,
                                      .n_attrs = n_attrs,
                                      .attrs = attrs,
                                      .attrs_in_order = true});
}

static dg_status apply_rule(walk *w, dg_node *node, dg_node *const *inputs)
{
    const dg_step_rule *rule = dg_step_rule_of(dg_node_op(node));
    int count = dg_node_output_count(node), n_kept = w->made->n_kept;
    dg_node **outputs = dg_arena_alloc(dg_graph_arena(w->graph), (size_t)count * sizeof(dg_node *));
    if (!outputs)
        return dg_no_memory("the steps of a sequence");
    memset(outputs, 0, (size_t)count * sizeof(dg_node *));
    w->step.node = node;
    w->step.attrs = dg_node_attrs(node);
    w->step.n_inputs = dg_node_input_count(node);
    w->step.inputs = inputs;
    w->step.n_outputs = count;
    w->step.outputs = outputs;
    rule->emit(&w->step);
    DG_TRY(w->status);
    DG_TRY(dg_graph_status(w->graph));
    DG_TRY(make_room(w));
    for (int k = 0; k < count; k++) {
        if (!outputs[k])
            return refuse(node, "cannot be taken step by step: what it gives at a place depends on later ones, or on a "
                                "mask");
        w->moves[dg_node_id(outputs[k])] = true;
    }
    for (int k = n_kept; k < w->made->n_kept; k++)
        if (!w->made->kept[k].next)
            return refuse(node, "gives a state no next value");
    if (outputs[0] == w->made->position)
        w->made->is_placed = true;
    w->outputs[dg_node_id(node)] = outputs;
    return put(w, node, outputs[0]);
}

static dg_status step_node(walk *w, dg_node *node, bool is_whole);

/* A composed op is its parts, where these differ at a step. */
static dg_status expand(walk *w, dg_node *node, dg_node *stepped)
{
    int64_t begin = dg_graph_node_count(w->graph);
    dg_node *const *parts = dg_node_expansion(stepped);
    int64_t end = dg_graph_node_count(w->graph);
    int count = dg_node_output_count(node);
    bool changes = false;
    DG_TRY(dg_graph_status(w->graph));
    DG_TRY(make_room(w));
    for (int64_t id = begin; id < end; id++)
        DG_TRY(step_node(w, dg_graph_node(w->graph, id), false));
    dg_node **outputs = dg_arena_alloc(dg_graph_arena(w->graph), (size_t)count * sizeof(dg_node *));
    if (!outputs)
        return dg_no_memory("the steps of a sequence");
    for (int k = 0; k < count; k++) {
        outputs[k] = now_of(w, parts[k]);
        changes = changes || outputs[k] != parts[k];
    }
    if (!changes)
        return stepped == node ? dg_ok() : put(w, node, stepped);
    w->outputs[dg_node_id(node)] = outputs;
    return put(w, node, outputs[0]);
}

/* Output k of a node, where its outputs have become nodes of their own. */
static dg_node *output_now(const walk *w, const dg_node *node)
{
    dg_node *const *outputs = w->outputs[dg_node_id(dg_node_input(node, 0))];
    return dg_node_op(node)->role == DG_ROLE_OUTPUT && outputs ? outputs[dg_node_attrs(node)[0].i] : NULL;
}

static dg_status remake(walk *w, dg_node *node, dg_node **inputs, bool changes, bool is_whole)
{
    const dg_op *op = dg_node_op(node);
    dg_node *stepped = node;
    if (op->role == DG_ROLE_OUTPUT && output_now(w, node))
        return put(w, node, output_now(w, node));
    if (dg_step_rule_of(op))
        return apply_rule(w, node, inputs);
    if (is_whole && dg_node_formula(node))
        take_rows(w, node, inputs);
    if (changes)
        stepped = is_whole && op->flags & DG_VIEW ? view_again(w, node, inputs)
                                                  : dg_node_again(node, inputs, NULL, dg_node_location(node), NULL);
    DG_TRY(dg_graph_status(w->graph));
    DG_TRY(make_room(w));
    if (op->compose)
        return expand(w, node, stepped);
    return stepped == node ? dg_ok() : put(w, node, stepped);
}

/* is_whole: a node over the whole sequence, not a part of a composed op that is at the step already. */
static dg_status step_node(walk *w, dg_node *node, bool is_whole)
{
    int count = dg_node_input_count(node);
    bool changes = false, moves = false;
    if (node == w->input)
        return put(w, node, w->made->token);
    dg_node **inputs = malloc(((size_t)count + 1) * sizeof(dg_node *));
    if (!inputs)
        return dg_no_memory("the steps of a sequence");
    for (int k = 0; k < count; k++) {
        dg_node *input = dg_node_input(node, k);
        inputs[k] = now_of(w, input);
        changes = changes || inputs[k] != input;
        moves = moves || does_move(w, input);
    }
    dg_status status = dg_ok();
    if (moves) {
        w->moves[dg_node_id(node)] = true;
        status = remake(w, node, inputs, changes, is_whole);
    }
    free(inputs);
    return status;
}

/* ---- scans ---- */

static dg_status step_scan(walk *w, const dg_scan_record *scan)
{
    if (scan->reverse)
        return refuse(scan->output, "goes from the last step to the first");
    w->step.node = scan->output;
    DG_TRY(put(w, scan->x, dg_squeeze(now_of(w, scan->sequence), .dim = DG_INTS(scan->axis))));
    for (int k = 0; k < scan->n_states; k++) {
        dg_node *state = state_of(&w->step, *dg_node_type(scan->states[k], 0), scan->starts[k]);
        DG_TRY(w->status);
        DG_TRY(put(w, scan->states[k], state));
    }
    int first = w->made->n_kept - scan->n_states;
    for (int64_t id = scan->begin; id < scan->end; id++)
        DG_TRY(step_node(w, dg_graph_node(w->graph, id), false));
    for (int k = 0; k < scan->n_states; k++)
        w->made->kept[first + k].next = now_of(w, scan->next[k]);
    return put(w, scan->output, dg_unsqueeze(now_of(w, scan->result), scan->axis));
}

/* The scan whose nodes begin with that id, and whose sequence moves. */
static const dg_scan_record *scan_at(const walk *w, dg_node *const *scans, int n_scans, int64_t id)
{
    for (int k = 0; k < n_scans; k++) {
        const dg_scan_record *scan = dg_graph_scan_of(w->graph, scans[k]);
        if (scan->first_id == id && does_move(w, scan->sequence))
            return scan;
    }
    return NULL;
}

/* ---- the graph ---- */

/* All nodes that the output is computed from, in their order. */
static dg_status step_needed(walk *w, dg_node *output)
{
    int64_t last = dg_node_id(output);
    bool *needed = calloc((size_t)last + 1, 1);
    dg_node **scans = malloc(((size_t)last + 1) * sizeof(dg_node *));
    int n_scans = 0;
    dg_status status = needed && scans ? dg_ok() : dg_no_memory("the steps of a sequence");
    if (status.code == DG_OK)
        needed[last] = true;
    for (int64_t id = last; status.code == DG_OK && id >= 0; id--) {
        dg_node *node = dg_graph_node(w->graph, id);
        for (int k = 0; needed[id] && k < dg_node_input_count(node); k++)
            if (dg_node_input(node, k))
                needed[dg_node_id(dg_node_input(node, k))] = true;
        if (needed[id] && dg_graph_scan_of(w->graph, node))
            scans[n_scans++] = node;
    }
    for (int64_t id = 0; status.code == DG_OK && id <= last; id++) {
        const dg_scan_record *scan = scan_at(w, scans, n_scans, id);
        if (scan) {
            status = step_scan(w, scan);
            id = dg_node_id(scan->output);
        } else if (needed[id]) {
            status = step_node(w, dg_graph_node(w->graph, id), true);
        }
    }
    free(needed);
    free(scans);
    return status;
}

dg_status step_graph_make(dg_graph *graph, dg_node *input, dg_node *output, step_graph *made)
{
    dg_type type = *dg_node_type(input, 0);
    walk w = {.graph = graph, .made = made, .input = input, .time = type.shape.dims[1], .status = dg_ok()};
    *made = (step_graph){0};
    type.shape.dims[1] = 1;
    made->token = dg_input(graph, type.shape, .dtype = type.dtype);
    made->position = dg_input(graph, DG_SHAPE(1), .dtype = DG_INT64);
    w.step = (dg_step){.graph = graph,
                       .position = made->position,
                       .state = state_of,
                       .next = next_of,
                       .past = past_of,
                       .counts = counts_of};
    dg_status status = dg_graph_status(graph);
    if (status.code == DG_OK)
        status = make_room(&w);
    if (status.code == DG_OK)
        status = step_needed(&w, output);
    made->output = status.code == DG_OK ? now_of(&w, output) : NULL;
    if (status.code == DG_OK && made->output == output)
        status = refuse(output, "does not depend on the sequence");
    free(w.now);
    free(w.outputs);
    free(w.moves);
    if (status.code != DG_OK)
        step_graph_release(made);
    return status;
}

void step_graph_release(step_graph *made)
{
    free(made->kept);
    *made = (step_graph){0};
}

dg_status find_time_axis(dg_node *input, dg_node *output, int *axis)
{
    const dg_graph *graph = dg_node_graph(input);
    const dg_shape *shape = &dg_node_type(output, 0)->shape;
    int64_t time = dg_node_type(input, 0)->shape.dims[1];
    char text[DG_SHAPE_TEXT];
    *axis = 1;
    for (int64_t id = 0; id < dg_graph_node_count(graph) && shape->rank == 3; id++) {
        const dg_node *node = dg_graph_node(graph, id);
        dg_scores scores = dg_node_op(node)->scores;
        if (dg_node_input_count(node) > 0 && dg_node_input(node, 0) == output &&
            (scores == DG_SCORES_CLASSES || scores == DG_SCORES_LOG_PROBABILITIES))
            *axis = 2;
    }
    while (*axis < shape->rank && shape->dims[*axis] != time)
        ++*axis;
    if (*axis < shape->rank)
        return dg_ok();
    return dg_error(DG_BAD_SHAPE,
                    "'%s' is %s: expected scores for each place of '%s', [N, T, tokens] or [N, tokens, T]",
                    dg_node_name(output), dg_graph_print_shape(graph, shape, text, sizeof text), dg_node_name(input));
}
