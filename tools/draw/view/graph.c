/* A view of a graph as it was built: a box for each node of the user's, or of the derivatives. */
#include "view.h"

#include <stdlib.h>
#include <string.h>

typedef struct graph_walk {
    view *v;
    dg_graph *graph;
    const graph_wish *wish;
    int64_t n;
    bool *is_forward, *is_wanted; /* by node */
    int *box;                     /* by node, −1: none */
} graph_walk;

/* Marks what a node is computed from, itself included. */
static bool mark_ancestors(graph_walk *g, const dg_node *from, bool *marks)
{
    dg_node **stack = malloc(((size_t)g->n + 1) * sizeof *stack);
    size_t depth = 0;
    if (!stack)
        return false;
    if (!marks[dg_node_id(from)]) {
        marks[dg_node_id(from)] = true;
        stack[depth++] = (dg_node *)(uintptr_t)from;
    }
    while (depth) {
        const dg_node *node = stack[--depth];
        for (int k = 0; k < dg_node_input_count(node); k++) {
            dg_node *input = dg_node_input(node, k);
            if (input && !marks[dg_node_id(input)]) {
                marks[dg_node_id(input)] = true;
                stack[depth++] = input;
            }
        }
        dg_node *owner = dg_node_owner(node); /* a part of a composed op stands for it */
        if (owner && dg_node_id(owner) < g->n && !marks[dg_node_id(owner)]) {
            marks[dg_node_id(owner)] = true;
            stack[depth++] = owner;
        }
    }
    free(stack);
    return true;
}

static bool is_plain(const dg_node *node)
{
    return !dg_node_is_emitted(node) && dg_node_op(node)->role != DG_ROLE_ASSIGN;
}

/* A part of a composed op, which it may have got only when it was differentiated. */
static bool is_part(const dg_node *node)
{
    return dg_node_original((dg_node *)(uintptr_t)node) == node && dg_node_op(node)->role != DG_ROLE_ASSIGN;
}

/* The user's node that a part of a composed op or of a layer belongs to. */
static const dg_node *outermost(const graph_walk *g, const dg_node *node)
{
    while (node && g->is_forward[dg_node_id(node)] && (dg_node_owner(node) || dg_node_op(node)->role == DG_ROLE_OUTPUT))
        node = dg_node_op(node)->role == DG_ROLE_OUTPUT ? dg_node_input(node, 0) : dg_node_owner(node);
    return node;
}

/* With the backward view, of forward nodes only those that a derivative reads. */
static void choose_saved(graph_walk *g)
{
    bool *is_read = dg_arena_alloc(g->v->arena, (size_t)g->n + 1);
    for (int64_t id = 0; is_read && id < g->n; id++) {
        const dg_node *node = dg_graph_node(g->graph, id);
        for (int k = 0; g->is_wanted[id] && !g->is_forward[id] && k < dg_node_input_count(node); k++) {
            const dg_node *input = dg_node_input(node, k), *of = input ? outermost(g, input) : NULL;
            if (of && g->is_forward[dg_node_id(of)])
                is_read[dg_node_id(of)] = true;
        }
    }
    for (int64_t id = 0; is_read && id < g->n; id++)
        if (g->is_forward[id])
            g->is_wanted[id] = is_read[id];
}

static bool choose_nodes(graph_walk *g)
{
    const graph_wish *wish = g->wish;
    if (!wish->loss && !wish->output && dg_graph_mark_network(g->graph, NULL, NULL, g->is_forward).code != DG_OK)
        return false;
    if (wish->loss && !mark_ancestors(g, wish->loss, g->is_forward))
        return false;
    if (wish->output && !mark_ancestors(g, wish->output, g->is_forward))
        return false;
    for (int64_t id = 0; id < g->n; id++) {
        const dg_node *node = dg_graph_node(g->graph, id);
        const dg_node *owner = dg_node_owner(node);
        if (!wish->loss && !wish->output)
            g->is_forward[id] = g->is_forward[id] && dg_node_op(node)->role != DG_ROLE_ASSIGN;
        else if (owner && dg_node_id(owner) < id && g->is_forward[dg_node_id(owner)] && is_part(node))
            g->is_forward[id] = true;
    }
    if (wish->part != PART_BACKWARD)
        memcpy(g->is_wanted, g->is_forward, (size_t)g->n);
    for (int k = 0; k < wish->n_gradients; k++)
        if (wish->gradients[k] && !mark_ancestors(g, wish->gradients[k], g->is_wanted))
            return false;
    for (int64_t id = 0; id < g->n; id++) /* what the author's own assignments are computed from */
        g->is_forward[id] |= g->is_wanted[id] && is_plain(dg_graph_node(g->graph, id));
    if (wish->part == PART_BACKWARD)
        choose_saved(g);
    return true;
}

/* Whether a node gets a box: of forward nodes, those that no layer and no composed op owns. */
static bool has_box(const graph_walk *g, const dg_node *node)
{
    const dg_op *op = dg_node_op(node);
    if (!g->is_wanted[dg_node_id(node)] || op->role == DG_ROLE_OUTPUT)
        return false;
    if (g->is_forward[dg_node_id(node)]) {
        if (op->role == DG_ROLE_PARAMETER && dg_node_owner(node))
            return g->wish->parameters;
        return !dg_node_owner(node);
    }
    return !dg_node_owner(node) ||
           dg_node_original(node) != node; /* every node of a derivative, computed again or new */
}

/* The innermost of the modules seen whose name is a beginning of `name`. */
static int module_above(const view *v, const char *name)
{
    int best = -1;
    size_t longest = 0;
    for (int m = 0; m < v->n_modules; m++) {
        size_t length = strlen(v->modules[m].name);
        if (length > longest && strncmp(v->modules[m].name, name, length) == 0 && name[length] == '.') {
            best = m;
            longest = length;
        }
    }
    return best;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Modules by their names: one that begins with another's name and a dot is inside that. */
static const char *module_name(const graph_walk *g, const dg_node *node)
{
    const char *name = g->wish->module_of ? g->wish->module_of(g->wish->user, node) : NULL;
    const dg_module *module = dg_node_module(node);
    const dg_node *of = dg_node_derivative_of(node);
    if (name)
        return name;
    if (!g->is_forward[dg_node_id(node)] && of && dg_node_id(of) < g->n) {
        const char *inner = module_name(g, outermost(g, of));
        return *inner ? text_format(g->v->arena, "∂%s", inner) : "";
    }
    return module ? dg_module_name(module) : "";
}

static bool make_modules(graph_walk *g)
{
    const char **names = dg_arena_alloc(g->v->arena, ((size_t)g->n + 1) * sizeof *names);
    size_t count = 0;
    if (!names)
        return false;
    for (int64_t id = 0; id < g->n; id++) {
        const char *name = module_name(g, dg_graph_node(g->graph, id));
        if (*name && (!count || strcmp(names[count - 1], name) != 0))
            names[count++] = name;
    }
    qsort(names, count, sizeof *names, by_name);
    for (size_t k = 0; k < count; k++) {
        if (k && strcmp(names[k - 1], names[k]) == 0)
            continue;
        int parent = module_above(g->v, names[k]);
        const char *own = parent < 0 ? names[k] : names[k] + strlen(g->v->modules[parent].name) + 1;
        view_add_module(g->v, (view_module){.name = names[k], .label = own, .parent = parent, .times = 1, .sizes = ""});
    }
    return true;
}

static int module_named(const view *v, const char *name)
{
    int low = 0, high = v->n_modules - 1;
    while (low <= high) {
        int middle = (low + high) / 2, order = strcmp(v->modules[middle].name, name);
        if (order == 0)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle - 1;
    }
    return -1;
}

static void add_box(graph_walk *g, dg_node *node)
{
    const dg_op *op = dg_node_op(node);
    view_row *row = dg_arena_alloc(g->v->arena, sizeof *row);
    bool is_forward = g->is_forward[dg_node_id(node)];
    const char *module = g->wish->part != PART_BACKWARD ? module_name(g, node) : "";
    if (!row) {
        g->v->failed = true;
        return;
    }
    *row = (view_row){.name = dg_node_name(node), .op = op->name, .node = node};
    label_row(g->v, row);
    if (!is_forward)
        row->parameters = 0; /* an optimiser's state */
    row->is_loss = node == g->wish->loss;
    if (row->is_loss)
        row->style = STYLE_LOSS;
    row->is_output = node == g->wish->output && op->role != DG_ROLE_INPUT;
    if (!is_forward) {
        row->style = op->role == DG_ROLE_PARAMETER ? STYLE_PARAMETER
                     : op->role == DG_ROLE_ASSIGN  ? STYLE_UPDATE
                                                   : STYLE_GRADIENT;
        row->shares = *row->shares ? text_format(g->v->arena, "reads %s", row->shares + strlen("shares ")) : "";
        row->looks.tooltip = dg_node_derivative_of(node)
                                 ? text_format(g->v->arena, "for the derivative of %s",
                                               dg_node_name((dg_node *)(uintptr_t)dg_node_derivative_of(node)))
                                 : NULL;
    }
    for (int k = 0; k < g->wish->n_gradients; k++)
        row->is_output |= node == g->wish->gradients[k];
    for (int k = 0; k < g->wish->n_named; k++)
        if (node == g->wish->named[k]) {
            row->name = g->wish->names[k];
            row->is_output = true; /* shows its name */
        }
    box_kind kind = op->role == DG_ROLE_INPUT       ? BOX_INPUT
                    : op->role == DG_ROLE_PARAMETER ? BOX_PARAMETER
                    : op->role == DG_ROLE_CONSTANT  ? BOX_CONSTANT
                                                    : BOX_OP;
    if (is_forward && g->wish->part == PART_BACKWARD) { /* it is read */
        kind = kind == BOX_OP ? BOX_INPUT : kind;
        row->parameters = 0;
    }
    int in = *module ? module_named(g->v, module) : -1;
    g->box[dg_node_id(node)] =
        view_add_box(g->v, (view_box){.kind = kind, .n_rows = 1, .rows = row, .module = in, .partner = -1});
}

/* The box that stands for a node, and which of its results the node is. */
static int box_of(const graph_walk *g, const dg_node *node, int *output)
{
    *output = 0;
    while (node) {
        if (dg_node_op(node)->role == DG_ROLE_OUTPUT) {
            const dg_value *index = dg_node_attr(node, "index");
            *output = index ? (int)index->i : 0;
            node = dg_node_input(node, 0);
            continue;
        }
        if (dg_node_id(node) >= g->n)
            return -1;
        if (g->box[dg_node_id(node)] >= 0)
            return g->box[dg_node_id(node)];
        node = dg_node_owner(node);
        *output = 0;
    }
    return -1;
}

/* A parameter that has no box comes out of its owner's, by its own name. */
static void name_parameter(graph_walk *g, const dg_node *source, bool is_forward, view_wire *wire)
{
    while (source && dg_node_op(source)->role == DG_ROLE_OUTPUT)
        source = dg_node_input(source, 0);
    if (!source || dg_node_op(source)->role != DG_ROLE_PARAMETER || g->v->boxes[wire->from].rows[0].node == source)
        return;
    const char *name = dg_node_name((dg_node *)(uintptr_t)source), *dot = strrchr(name, '.');
    wire->result = dot ? dot + 1 : name;
    wire->shape = is_forward ? label_shape(g->v, source, 0) : "";
    if (is_forward)
        wire->kind = WIRE_PARAMETER;
}

static void add_wires(graph_walk *g, dg_node *node)
{
    view *v = g->v;
    int to = g->box[dg_node_id(node)];
    bool is_forward = g->is_forward[dg_node_id(node)], is_update = dg_node_op(node)->role == DG_ROLE_ASSIGN;
    if (is_forward && g->wish->part == PART_BACKWARD)
        return;
    for (int k = 0; k < dg_node_input_count(node); k++) {
        dg_node *input = dg_node_input(node, k);
        int output, from = input ? box_of(g, input, &output) : -1;
        if (from < 0 || from == to)
            continue;
        const dg_node *tail = v->boxes[from].rows[0].node;
        bool tail_is_forward = g->is_forward[dg_node_id(tail)];
        const dg_op *op = dg_node_op(node);
        bool for_shape = k < dg_op_input_count(op) && op->inputs[k].flags & DG_SHAPE_ONLY;
        bool is_parameter = dg_node_op(tail)->role == DG_ROLE_PARAMETER;
        output = output < dg_node_output_count(tail) ? output : 0;
        view_wire wire = {.from = from,
                          .to = to,
                          .input = k,
                          .output = output,
                          .argument = label_argument(v, node, k),
                          .result = label_result(v, tail, output),
                          .shape = label_shape(v, tail, output),
                          .kind = is_forward                     ? is_parameter ? WIRE_PARAMETER : WIRE_DATA
                                  : is_update && k == 0          ? WIRE_STATE
                                  : is_update && tail_is_forward ? WIRE_DATA
                                  : tail_is_forward              ? WIRE_SAVED
                                                                 : WIRE_GRADIENT};
        name_parameter(g, input, is_forward, &wire);
        view_add_wire(v, wire);
        bool is_step = g->wish->first_update && dg_node_id(node) >= g->wish->first_update;
        if (!is_forward && tail_is_forward && !is_step && !is_update && !for_shape) /* a value that was kept */
            v->boxes[from].rows[0].mark = MARK_SAVED;
    }
}

/* The forward box beside which a gradient's box stands: the last one made for a node's derivative. */
static void find_partners(graph_walk *g)
{
    for (int64_t id = 0; id < g->n; id++) {
        const dg_node *node = dg_graph_node(g->graph, id), *of = dg_node_derivative_of(node);
        int output, box = g->box[id];
        if (box >= 0 && !g->is_forward[id] && of)
            g->v->boxes[box].partner = box_of(g, of, &output);
    }
}

dg_status view_of_graph(view *v, dg_graph *graph, const graph_wish *wish)
{
    graph_walk g = {v, graph, wish, dg_graph_node_count(graph), NULL, NULL, NULL};
    size_t n = (size_t)g.n + 1;
    v->graph = graph;
    g.is_forward = dg_arena_alloc(v->arena, n);
    g.is_wanted = dg_arena_alloc(v->arena, n);
    g.box = dg_arena_alloc(v->arena, n * sizeof *g.box);
    if (!g.is_forward || !g.is_wanted || !g.box || !choose_nodes(&g) || !make_modules(&g))
        return dg_no_memory("a picture");
    for (int64_t id = 0; id < g.n; id++) {
        dg_node *node = dg_graph_node(graph, id);
        g.box[id] = -1;
        if (has_box(&g, node))
            add_box(&g, node);
    }
    if (v->failed)
        return dg_no_memory("a picture");
    for (int64_t id = 0; id < g.n; id++)
        if (g.box[id] >= 0)
            add_wires(&g, dg_graph_node(graph, id));
    find_partners(&g);
    return v->failed ? dg_no_memory("a picture") : dg_ok();
}
