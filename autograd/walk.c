/* Finds the nodes that a derivative runs through. Without recursion, in time linear in what is reached. */
#include "walk.h"

#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/reduce.h>
#include <dotgrad/ops/source.h>

#include <stdlib.h>
#include <string.h>

/* Places to look at, in turn: at first near where the node's number puts it, so that a walk along the graph walks along
 * the map; at random once these are taken. */
static size_t place_of(const dg_node *node, size_t capacity, size_t k)
{
    enum { NEAR = 8 };
    uint64_t id = (uint64_t)dg_node_id(node), far = id * UINT64_C(0x9E3779B97F4A7C15) >> 20;
    return (size_t)(k < NEAR ? id + k : far + k) & (capacity - 1);
}

static size_t slot_of(const node_map *map, const dg_node *node)
{
    size_t k = 0, slot;
    while (slot = place_of(node, map->capacity, k), map->slots[slot].node && map->slots[slot].node != node)
        k++;
    return slot;
}

static dg_status map_grow(node_map *map)
{
    node_map larger = {.count = map->count, .capacity = map->capacity ? map->capacity * 2 : 64};
    larger.slots = calloc(larger.capacity, sizeof *larger.slots);
    if (!larger.slots)
        return dg_no_memory("the derivatives of %zu nodes", map->count);
    for (size_t i = 0; i < map->capacity; i++)
        if (map->slots[i].node)
            larger.slots[slot_of(&larger, map->slots[i].node)] = map->slots[i];
    free(map->slots);
    *map = larger;
    return dg_ok();
}

dg_status node_map_put(node_map *map, const dg_node *node, int64_t index)
{
    node = dg_node_original(node);
    if (map->count * 2 >= map->capacity)
        DG_TRY(map_grow(map));
    size_t slot = slot_of(map, node);
    map->count += !map->slots[slot].node;
    map->slots[slot].node = node;
    map->slots[slot].index = index;
    return dg_ok();
}

int64_t node_map_get(const node_map *map, const dg_node *node)
{
    if (!map->capacity)
        return -1;
    size_t slot = slot_of(map, dg_node_original(node));
    return map->slots[slot].node ? map->slots[slot].index : -1;
}

walk_point walk_resolve(dg_node *node)
{
    if (dg_node_op(node)->role == DG_ROLE_OUTPUT)
        return (walk_point){dg_node_original(dg_node_input(node, 0)), (int)dg_node_attrs(node)[0].i};
    return (walk_point){dg_node_original(node), 0};
}

static dg_status check_nodes(const dg_graph *graph, int count, dg_node *const *nodes, const char *what)
{
    for (int k = 0; k < count; k++) {
        if (!nodes[k])
            return dg_error(DG_BAD_ARGUMENT, "%s %d of the derivative is not a node", what, k);
        if (dg_node_graph(nodes[k]) != graph)
            return dg_error(DG_BAD_ARGUMENT, "%s '%s' is a node of another graph", what, dg_node_name(nodes[k]));
        if (!dg_dtype_is_float(dg_node_type(nodes[k], 0)->dtype))
            return dg_error(DG_BAD_DTYPE, "%s '%s' is %s: only floats have derivatives", what, dg_node_name(nodes[k]),
                            dg_dtype_name(dg_node_type(nodes[k], 0)->dtype));
    }
    return dg_ok();
}

dg_status walk_check(dg_graph **graph, int n_outputs, dg_node *const *outputs, int n_wrt, dg_node *const *wrt)
{
    *graph = NULL;
    for (int k = 0; k < n_outputs && !*graph; k++)
        *graph = outputs[k] ? dg_node_graph(outputs[k]) : NULL;
    for (int k = 0; k < n_wrt && !*graph; k++)
        *graph = wrt[k] ? dg_node_graph(wrt[k]) : NULL;
    if (*graph)
        DG_TRY(dg_graph_status(*graph));
    DG_TRY(check_nodes(*graph, n_outputs, outputs, "output"));
    return check_nodes(*graph, n_wrt, wrt, "input");
}

bool walk_single_input(const dg_node *node)
{
    int given = 0;
    for (int k = 0; k < dg_node_input_count(node); k++)
        given += dg_node_input(node, k) != NULL;
    return given == 1;
}

static bool is_float(const dg_node *node)
{
    for (int k = 0; k < dg_node_output_count(node); k++)
        if (dg_dtype_is_float(dg_node_type(node, k)->dtype))
            return true;
    return false;
}

dg_status walk_missing(dg_node *node)
{
    return dg_error(DG_BAD_ARGUMENT, "op '%s' (node '%s') has no derivative", dg_node_op(node)->name,
                    dg_node_name(node));
}

void walk_backward(walk *w, dg_node *node, dg_node *const *inputs, dg_node *const *cotangents, dg_node **gradients)
{
    dg_node_op(node)->backward(&(dg_backward){.graph = w->graph,
                                              .node = node,
                                              .attrs = dg_node_attrs(node),
                                              .n_inputs = dg_node_input_count(node),
                                              .inputs = inputs,
                                              .output = node,
                                              .n_outputs = dg_node_output_count(node),
                                              .grad_outputs = cotangents,
                                              .grad_output = cotangents[0],
                                              .wanted = w->flags,
                                              .grad_inputs = gradients});
}

walk_kind walk_kind_of(const dg_node *node)
{
    const dg_op *op = dg_node_op(node);
    if ((op->flags & DG_NOT_DIFFERENTIABLE) || dg_node_input_count(node) == 0 || !is_float(node))
        return WALK_STOP;
    if (op->role == DG_ROLE_OUTPUT)
        return WALK_OUTPUT;
    if (op->backward)
        return WALK_BACKWARD;
    if (dg_node_formula(node))
        return WALK_FORMULA;
    return op->compose ? WALK_COMPOSED : WALK_MISSING;
}

static unsigned input_flags(const dg_op *op, int k)
{
    if (op->flags & DG_ANY_INPUTS)
        return 0;
    int declared = dg_op_input_count(op);
    if (declared == 0)
        return 0;
    return op->inputs[k < declared ? k : declared - 1].flags;
}

dg_node *walk_child(const dg_node *node, walk_kind kind, int k, bool everything)
{
    if (kind == WALK_COMPOSED) {
        dg_node *const *expansion = dg_node_expansion((dg_node *)node);
        return expansion ? expansion[k] : NULL;
    }
    dg_node *input = dg_node_input(node, k);
    unsigned flags = input_flags(dg_node_op(node), k);
    if (!input || (flags & DG_SHAPE_ONLY))
        return NULL;
    if (everything || kind == WALK_OUTPUT)
        return input;
    if (kind == WALK_STOP || (flags & DG_INDEX) || !dg_dtype_is_float(dg_node_type(input, 0)->dtype))
        return NULL;
    return input;
}

static int child_count(const dg_node *node, walk_kind kind)
{
    return kind == WALK_COMPOSED ? dg_node_output_count(node) : dg_node_input_count(node);
}

/* A node can only depend on nodes made before it, or, being composed, on those inside it. */
static int64_t earliest(int count, dg_node *const *wrt)
{
    int64_t first = INT64_MAX;
    for (int k = 0; k < count; k++)
        for (const dg_node *node = walk_resolve(wrt[k]).node; node; node = dg_node_owner(node))
            if (dg_node_id(node) < first)
                first = dg_node_id(node);
    return first;
}

typedef struct frame {
    dg_node *node;
    walk_kind kind;
    int next, n_children;
} frame;

typedef struct search {
    walk *w;
    frame *stack;
    size_t depth, capacity;
    int64_t earliest;
    bool everything;
} search;

static dg_status push(search *s, dg_node *node)
{
    if (s->depth == s->capacity) {
        size_t capacity = s->capacity ? s->capacity * 2 : 256;
        frame *larger = realloc(s->stack, capacity * sizeof *larger);
        if (!larger)
            return dg_no_memory("the derivative of '%s'", dg_node_name(node));
        s->stack = larger;
        s->capacity = capacity;
    }
    walk_kind kind = walk_kind_of(node);
    if (kind == WALK_COMPOSED && !dg_node_expansion(node))
        return dg_graph_status(s->w->graph);
    s->stack[s->depth++] = (frame){node, kind, 0, child_count(node, kind)};
    return dg_ok();
}

static dg_status finish(search *s, const frame *f)
{
    walk *w = s->w;
    if (w->count == w->capacity) {
        int64_t capacity = w->capacity ? w->capacity * 2 : 256;
        walk_entry *larger = realloc(w->entries, (size_t)capacity * sizeof *larger);
        if (!larger)
            return dg_no_memory("the derivatives of %lld nodes", (long long)w->count);
        w->entries = larger;
        w->capacity = capacity;
    }
    walk_entry entry = {.node = f->node, .kind = f->kind};
    for (int k = 0; k < f->n_children && !entry.flows; k++) {
        const dg_node *child = walk_child(f->node, f->kind, k, s->everything);
        entry.flows = child && walk_depends(w, child);
    }
    entry.depends = entry.flows || node_map_get(&w->wrt, f->node) >= 0;
    w->entries[w->count] = entry;
    return node_map_put(&w->places, f->node, w->count++);
}

static dg_status visit(search *s, dg_node *root)
{
    if (node_map_get(&s->w->places, root) >= 0)
        return dg_ok();
    DG_TRY(push(s, dg_node_original(root)));
    while (s->depth) {
        frame *f = &s->stack[s->depth - 1];
        if (f->next == f->n_children) {
            DG_TRY(finish(s, f));
            s->depth--;
            continue;
        }
        dg_node *child = walk_child(f->node, f->kind, f->next++, s->everything);
        child = child ? dg_node_original(child) : NULL; /* what is computed again is no other value */
        if (child && dg_node_id(child) >= s->earliest && node_map_get(&s->w->places, child) < 0)
            DG_TRY(push(s, child));
    }
    return dg_ok();
}

/* Room for the values of all outputs, and for the inputs or outputs of the widest node. */
static dg_status make_room(walk *w)
{
    int64_t n_values = 0;
    int widest = DG_MAX_OUTPUTS;
    for (int64_t i = 0; i < w->count; i++) {
        walk_entry *entry = &w->entries[i];
        if (!entry->depends)
            continue;
        entry->first = n_values;
        n_values += dg_node_output_count(entry->node);
        if (dg_node_input_count(entry->node) > widest)
            widest = dg_node_input_count(entry->node);
    }
    w->scratch_size = widest + 2;
    w->values = calloc((size_t)n_values + 1, sizeof(dg_node *));
    w->scratch = calloc((size_t)w->scratch_size * 4, sizeof(dg_node *));
    w->flags = calloc((size_t)w->scratch_size, sizeof(bool));
    if (!w->values || !w->scratch || !w->flags)
        return dg_no_memory("the derivatives of %lld nodes", (long long)w->count);
    return dg_ok();
}

dg_status walk_make(walk *w, dg_graph *graph, int n_roots, dg_node *const *roots, int n_wrt, dg_node *const *wrt,
                    bool everything)
{
    *w = (walk){.graph = graph};
    search s = {.w = w, .everything = everything, .earliest = everything ? 0 : earliest(n_wrt, wrt)};
    dg_status status = dg_ok();
    for (int k = 0; k < n_wrt && status.code == DG_OK; k++)
        status = node_map_put(&w->wrt, walk_resolve(wrt[k]).node, k);
    for (int k = 0; k < n_roots && status.code == DG_OK; k++)
        status = visit(&s, roots[k]);
    if (status.code == DG_OK)
        status = make_room(w);
    free(s.stack);
    return status;
}

void walk_release(walk *w)
{
    free(w->entries);
    free(w->places.slots);
    free(w->wrt.slots);
    free(w->values);
    free(w->scratch);
    free(w->flags);
    *w = (walk){0};
}

bool walk_depends(const walk *w, const dg_node *node)
{
    int64_t place = node_map_get(&w->places, node);
    return place >= 0 && w->entries[place].depends;
}

static dg_node **value_of(const walk *w, walk_point point)
{
    int64_t place = node_map_get(&w->places, point.node);
    return place >= 0 && w->entries[place].depends ? &w->values[w->entries[place].first + point.output] : NULL;
}

dg_node *walk_value(const walk *w, walk_point point)
{
    dg_node **value = value_of(w, point);
    return value ? *value : NULL;
}

/* The sum of what several readers give is no reader's: it belongs to what they read. */
static dg_node *add_for(walk *w, walk_point point, dg_node *sum, dg_node *value)
{
    dg_node *reader = dg_graph_differentiate(w->graph, NULL);
    if (reader)
        dg_graph_differentiate(w->graph, point.node);
    sum = dg_add(sum, value);
    dg_graph_differentiate(w->graph, reader);
    return sum;
}

void walk_add(walk *w, walk_point point, dg_node *value)
{
    dg_node **sum = value_of(w, point);
    if (sum && value)
        *sum = *sum ? add_for(w, point, *sum, value) : value;
}

bool same_shape(const dg_shape *a, const dg_shape *b)
{
    if (a->rank != b->rank)
        return false;
    for (int d = 0; d < a->rank; d++)
        if (a->dims[d] != b->dims[d] || a->dims[d] == DG_UNKNOWN)
            return false;
    return true;
}

dg_node *conform_gradient(dg_node *gradient, dg_node *like)
{
    const dg_type *type = dg_node_type(like, 0);
    if (gradient && !same_shape(&dg_node_type(gradient, 0)->shape, &type->shape))
        gradient = dg_sum_to(gradient, like);
    if (gradient && dg_node_type(gradient, 0)->dtype != type->dtype)
        gradient = dg_to(gradient, type->dtype);
    return gradient;
}

dg_status walk_fit(dg_graph *graph, dg_node **value, dg_node *like, const char *what)
{
    const dg_type *given = dg_node_type(*value, 0), *type = dg_node_type(like, 0);
    bool fits = given->shape.rank == type->shape.rank;
    for (int d = 0; fits && d < type->shape.rank; d++) {
        int64_t a = given->shape.dims[d], b = type->shape.dims[d];
        fits = a == b || a < 0 || b < 0;
    }
    if (dg_node_graph(*value) != graph)
        return dg_error(DG_BAD_ARGUMENT, "%s '%s' is a node of another graph", what, dg_node_name(*value));
    if (!dg_dtype_is_float(given->dtype))
        return dg_error(DG_BAD_DTYPE, "%s '%s' is %s, expected %s", what, dg_node_name(*value),
                        dg_dtype_name(given->dtype), dg_dtype_name(type->dtype));
    char a[DG_SHAPE_TEXT], b[DG_SHAPE_TEXT];
    if (!fits)
        return dg_error(DG_BAD_SHAPE, "%s '%s' is %s, but '%s' is %s", what, dg_node_name(*value),
                        dg_graph_print_shape(graph, &given->shape, a, sizeof a), dg_node_name(like),
                        dg_graph_print_shape(graph, &type->shape, b, sizeof b));
    if (given->dtype != type->dtype)
        *value = dg_to(*value, type->dtype);
    return dg_ok();
}
