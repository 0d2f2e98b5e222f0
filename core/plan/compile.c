/* From what is to be fetched and updated to an order of nodes. Iterative: graphs may be a million nodes deep. */
#include "plan.h"

#include <stdlib.h>

typedef struct frame {
    dg_node *node;
    int next; /* edge to look at */
} frame;

typedef struct walk {
    dg_plan *plan;
    frame *stack;
    size_t depth, capacity;
} walk;

enum { UNSEEN = -1, OPEN = -2 };

/* What a node reads: its inputs, or the outputs of its expansion. */
static int edge_count(const dg_node *node)
{
    return node->expansion ? node->n_outputs : node->n_inputs;
}

static dg_node *edge(const dg_node *node, int k)
{
    return node->expansion ? node->expansion[k] : node->inputs[k];
}

static dg_status grow_places(dg_plan *plan)
{
    int64_t count = plan->graph->capacity;
    if (count <= plan->n_places)
        return dg_ok();
    int32_t *place = realloc(plan->place, (size_t)count * sizeof *place);
    if (!place)
        return dg_no_memory("a plan");
    for (int64_t i = plan->n_places; i < count; i++)
        place[i] = UNSEEN;
    plan->place = place;
    plan->n_places = count;
    return dg_ok();
}

static dg_status push(walk *w, dg_node *node)
{
    if (w->depth == w->capacity) {
        size_t capacity = w->capacity ? 2 * w->capacity : 64;
        frame *stack = realloc(w->stack, capacity * sizeof *stack);
        if (!stack)
            return dg_no_memory("a plan");
        w->stack = stack;
        w->capacity = capacity;
    }
    if (node->entry->op->compose && !dg_node_expansion(node))
        return dg_graph_status(w->plan->graph);
    DG_TRY(grow_places(w->plan));
    w->plan->place[node->id] = OPEN;
    w->stack[w->depth++] = (frame){node, 0};
    return dg_ok();
}

static dg_status append(dg_plan *plan, dg_node *node)
{
    if (plan->n_order == plan->order_capacity) {
        int64_t capacity = plan->order_capacity ? 2 * plan->order_capacity : 64;
        dg_node **order = realloc(plan->order, (size_t)capacity * sizeof *order);
        if (!order)
            return dg_no_memory("a plan");
        plan->order = order;
        plan->order_capacity = capacity;
    }
    if (plan->n_order >= INT32_MAX / 8)
        return dg_error(DG_NO_MEMORY, "the plan has too many nodes");
    plan->place[node->id] = (int32_t)plan->n_order;
    plan->order[plan->n_order++] = node;
    return dg_ok();
}

/* Depth first, inputs before the node itself. */
static dg_status visit(walk *w, dg_node *root)
{
    DG_TRY(grow_places(w->plan));
    if (w->plan->place[root->id] != UNSEEN)
        return dg_ok();
    DG_TRY(push(w, root));
    while (w->depth) {
        frame *top = &w->stack[w->depth - 1];
        if (top->next == edge_count(top->node)) {
            dg_node *done = top->node;
            w->depth--;
            DG_TRY(append(w->plan, done));
            continue;
        }
        dg_node *next = edge(top->node, top->next++);
        if (!next || w->plan->place[next->id] >= 0)
            continue;
        if (w->plan->place[next->id] == OPEN)
            return dg_error(DG_BAD_ARGUMENT, "the graph has a cycle through '%s'", dg_node_name(next));
        DG_TRY(push(w, next));
    }
    return dg_ok();
}

/* ---- updates that composed ops bring (running statistics) ---- */

/* By parameter, then in the order in which the nodes were made, which is the file's. */
static int by_parameter(const void *a, const void *b)
{
    const brought *one = a, *two = b;
    int64_t first = one->assign->inputs[0]->id, second = two->assign->inputs[0]->id;
    if (first == second) {
        first = one->by->id;
        second = two->by->id;
    }
    return (first > second) - (first < second);
}

static bool is_part_of(const dg_node *node, const dg_node *whole)
{
    while (node && node != whole)
        node = node->owner;
    return node == whole;
}

/* The value of `node`, a part of the composed node `whole`, where `parameter` is `now`. NULL: an error sticks. */
static dg_node *replay(dg_node *node, const dg_node *whole, const dg_node *parameter, dg_node *now)
{
    if (node == parameter)
        return now;
    if (!node || !is_part_of(node, whole) || node == whole)
        return node;
    dg_node *inputs[DG_MAX_INPUTS], *parts[DG_MAX_OUTPUTS];
    bool changed = false;
    if (node->n_inputs > DG_MAX_INPUTS || (node->entry->op->compose && !dg_node_expansion(node)))
        return NULL;
    for (int k = 0; k < node->n_inputs; k++) {
        inputs[k] = replay(node->inputs[k], whole, parameter, now);
        if (node->inputs[k] && !inputs[k])
            return NULL;
        changed |= inputs[k] != node->inputs[k];
    }
    for (int k = 0; node->expansion && k < node->n_outputs; k++)
        if (!(parts[k] = replay(node->expansion[k], whole, parameter, now)))
            return NULL;
    if (!changed)
        return node;
    dg_node *copy = dg_node_copy(node, inputs, parts);
    if (copy) {
        copy->original = node->original; /* its value is another one */
        copy->owner = node->owner;
    }
    return copy;
}

/* The assignment that begins where the one before it ends. */
static dg_status chain(const brought *next, dg_node *before, dg_node **made)
{
    dg_graph *graph = before->graph;
    dg_node *assign = next->assign, *parameter = assign->inputs[0];
    dg_node *given = replay(assign->inputs[1], next->by, parameter, before), *inputs[] = {parameter, given};
    *made = given ? dg_node_copy(assign, inputs, NULL) : NULL;
    if (!*made)
        return graph->status.code != DG_OK
                   ? graph->status
                   : dg_error(DG_BAD_ARGUMENT, "the updates of '%s' by two nodes cannot follow each other",
                              dg_node_name(parameter));
    (*made)->original = NULL;
    (*made)->owner = assign->owner;
    return dg_ok();
}

/* Where several nodes update one parameter (they share a layer's), they do it one after another, as in PyTorch: what is
 * assigned is what the last one makes of it. */
static dg_status visit_brought(walk *w)
{
    brought *all = w->plan->brought;
    int64_t count = w->plan->n_brought;
    qsort(all, (size_t)count, sizeof *all, by_parameter);
    for (int64_t first = 0, end; first < count; first = end) {
        dg_node *last = all[first].assign;
        for (end = first + 1; end < count && all[end].assign->inputs[0] == last->inputs[0]; end++)
            DG_TRY(chain(&all[end], last->inputs[1], &last));
        for (int64_t i = first; i < end; i++)
            all[i].assign = last;
        DG_TRY(visit(w, last));
    }
    return dg_ok();
}

static dg_status visit_updates(walk *w)
{
    dg_plan *plan = w->plan;
    int64_t capacity = 0;
    for (int64_t i = 0; plan->options.training && i < plan->n_order; i++) {
        for (const node_update *u = plan->order[i]->updates; u; u = u->next) {
            if (plan->n_brought == capacity) {
                capacity = capacity ? 2 * capacity : 16;
                brought *more = realloc(plan->brought, (size_t)capacity * sizeof *more);
                if (!more)
                    return dg_no_memory("a plan");
                plan->brought = more;
            }
            plan->brought[plan->n_brought++] = (brought){plan->order[i], u->assign};
        }
    }
    return plan->n_brought ? visit_brought(w) : dg_ok();
}

/* Puts what has been reached into the order in which it was made. The backward pass makes the gradients of a layer's
 * weights where the cotangent comes by: so ordered, neither it nor what the gradients read waits for the pass's end. */
static dg_status order_by_making(walk *w)
{
    dg_plan *plan = w->plan;
    dg_node **reached = malloc(sizeof(dg_node *) * (size_t)(plan->n_order + 1));
    int64_t count = 0;
    if (!reached)
        return dg_no_memory("a plan");
    for (int64_t id = 0; id < plan->n_places; id++) {
        if (plan->place[id] == UNSEEN)
            continue;
        reached[count++] = plan->graph->nodes[id];
        plan->place[id] = UNSEEN;
    }
    plan->n_order = 0;
    dg_status status = dg_ok();
    for (int64_t i = 0; status.code == DG_OK && i < count; i++)
        status = visit(w, reached[i]);
    free(reached);
    return status;
}

static dg_status list_inputs(dg_plan *plan)
{
    plan->inputs = calloc((size_t)plan->n_order + 1, sizeof *plan->inputs);
    if (!plan->inputs)
        return dg_no_memory("a plan");
    for (int64_t i = 0; i < plan->n_order; i++) {
        dg_role role = plan->order[i]->entry->op->role;
        if (role == DG_ROLE_INPUT)
            plan->inputs[plan->n_inputs++] = plan->order[i];
        plan->n_parameters += role == DG_ROLE_PARAMETER;
    }
    return dg_ok();
}

dg_status plan_compile(dg_plan *plan)
{
    walk w = {.plan = plan};
    dg_status status = dg_ok();
    for (int i = 0; status.code == DG_OK && i < plan->options.n_fetch; i++)
        status = visit(&w, plan->options.fetch[i]);
    for (int i = 0; status.code == DG_OK && i < plan->options.n_updates; i++)
        status = visit(&w, plan->options.updates[i]);
    if (status.code == DG_OK)
        status = visit_updates(&w);
    if (status.code == DG_OK)
        status = order_by_making(&w);
    free(w.stack);
    if (status.code != DG_OK)
        return status;
    return list_inputs(plan);
}
