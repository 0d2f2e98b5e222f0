/* A backward rule inside a module with `checkpoint` reads copies of the module's nodes (Chen et al.: "Training deep
 * nets with sublinear memory cost", 2016). What enters the module is kept and enters the copy through `recompute`, so
 * that no plan merges the copy with the module itself, and none computes it before the cotangent has come. */
#include "recompute.h"

#include <stdlib.h>

/* `items` with room for one more than `count`; NULL without memory, when they stay as they are. */
static void *grown(void *items, size_t size, size_t count, size_t *capacity)
{
    if (count < *capacity)
        return items;
    size_t wanted = *capacity ? *capacity * 2 : 16;
    void *larger = realloc(items, wanted * size);
    if (larger)
        *capacity = wanted;
    return larger;
}

static dg_status find_module(recomputation *again, dg_module *module, dg_node *cotangent, recomputed_module **found)
{
    for (size_t k = again->count; k > 0; k--) { /* the cotangent is mostly in the one that it came to last */
        *found = &again->modules[k - 1];
        if ((*found)->module == module)
            return dg_ok();
    }
    recomputed_module *modules = grown(again->modules, sizeof *modules, again->count, &again->capacity);
    if (!modules)
        return dg_no_memory("computing '%s' again", dg_node_name((dg_node *)cotangent));
    again->modules = modules;
    *found = &modules[again->count++];
    **found = (recomputed_module){.module = module, .cotangent = cotangent};
    return dg_ok();
}

static dg_node *stand_in_of(const recomputed_module *m, const dg_node *node)
{
    int64_t place = node_map_get(&m->places, node);
    return place < 0 ? NULL : m->stand_ins[place];
}

static dg_status set_stand_in(recomputed_module *m, dg_node *node, dg_node *stand_in)
{
    if (!stand_in)
        return dg_graph_status(dg_node_graph(node));
    dg_node **stand_ins = grown(m->stand_ins, sizeof(dg_node *), m->count, &m->capacity);
    if (!stand_ins)
        return dg_no_memory("computing '%s' again", dg_node_name((dg_node *)node));
    m->stand_ins = stand_ins;
    stand_ins[m->count] = stand_in;
    return node_map_put(&m->places, node, (int64_t)m->count++);
}

/* Sources and what writes are not done twice. */
static bool is_copied(const recomputed_module *m, const dg_node *node)
{
    const dg_op *op = dg_node_op(node);
    bool is_step = op->role == DG_ROLE_NONE || op->role == DG_ROLE_OUTPUT;
    return is_step && !(op->flags & DG_EFFECT) && dg_node_checkpoint(node) == m->module;
}

/* What is kept: the same value, fresh. */
static dg_node *recall(const recomputed_module *m, dg_node *node)
{
    dg_role role = dg_node_op(node)->role;
    if (role == DG_ROLE_CONSTANT || role == DG_ROLE_TRAINING)
        return node;
    dg_node *const inputs[] = {node, m->cotangent};
    return dg_apply(&(dg_application){
        .op = "recompute", .at = DG_HERE, .n_inputs = 2, .inputs = inputs, .owner = node, .original = node});
}

/* Its inputs, then what it is composed of. */
static dg_node *child_of(dg_node *node, dg_node *const *expansion, int k)
{
    int n = dg_node_input_count(node);
    return k < n ? dg_node_input(node, k) : expansion[k - n];
}

static dg_status copy(recomputed_module *m, dg_node *node, dg_node *const *expansion)
{
    int n = dg_node_input_count(node), n_children = n + (expansion ? dg_node_output_count(node) : 0);
    dg_node **children = calloc((size_t)n_children + 1, sizeof(dg_node *));
    if (!children)
        return dg_no_memory("computing '%s' again", dg_node_name((dg_node *)node));
    for (int k = 0; k < n_children; k++) {
        const dg_node *child = child_of(node, expansion, k);
        children[k] = child ? stand_in_of(m, child) : NULL;
    }
    dg_status status = set_stand_in(m, node, dg_node_copy(node, children, children + n));
    free(children);
    return status;
}

static dg_status push(recomputation *again, const recomputed_module *m, dg_node *node)
{
    recompute_frame *stack = grown(again->stack, sizeof *stack, again->depth, &again->stack_capacity);
    if (!stack)
        return dg_no_memory("computing '%s' again", dg_node_name((dg_node *)node));
    again->stack = stack;
    recompute_frame *top = &stack[again->depth++];
    *top = (recompute_frame){.node = node, .is_copied = is_copied(m, node)};
    if (top->is_copied && dg_node_op(node)->compose)
        top->expansion = dg_node_expansion(node);
    if (top->is_copied)
        top->n_children = dg_node_input_count(node) + (top->expansion ? dg_node_output_count(node) : 0);
    return dg_graph_status(dg_node_graph(node));
}

/* Copies a node after all that it is computed from, without recursion. */
static dg_status make_stand_in(recomputation *again, recomputed_module *m, dg_node *root)
{
    again->depth = 0;
    DG_TRY(push(again, m, root));
    while (again->depth) {
        recompute_frame *top = &again->stack[again->depth - 1];
        if (top->next < top->n_children) {
            dg_node *child = child_of(top->node, top->expansion, top->next++);
            if (child && !stand_in_of(m, child))
                DG_TRY(push(again, m, child));
            continue;
        }
        again->depth--;
        if (stand_in_of(m, top->node)) /* two of its readers waited for it */
            continue;
        DG_TRY(top->is_copied ? copy(m, top->node, top->expansion) : set_stand_in(m, top->node, recall(m, top->node)));
    }
    return dg_ok();
}

dg_status recompute(recomputation *again, dg_node **node, dg_node *cotangent)
{
    dg_module *module = dg_node_checkpoint(*node);
    recomputed_module *m = NULL;
    if (!module)
        return dg_ok();
    DG_TRY(find_module(again, module, cotangent, &m));
    if (!stand_in_of(m, *node))
        DG_TRY(make_stand_in(again, m, *node));
    *node = stand_in_of(m, *node);
    return dg_ok();
}

void recompute_release(recomputation *again)
{
    for (size_t k = 0; k < again->count; k++) {
        free(again->modules[k].places.slots);
        free(again->modules[k].stand_ins);
    }
    free(again->modules);
    free(again->stack);
    *again = (recomputation){0};
}

/* ---- recompute: y = input ---- */

static void recompute_backward(const dg_backward *vjp)
{
    vjp->grad_inputs[0] = vjp->grad_output;
}

static const dg_sample recompute_samples[] = {{"recompute", {"[3, 4]", "[2]"}}, {.call = NULL}};

static const dg_op recompute_ops[] = {{
    .name = "recompute",
    .family = "gradient",
    .summary = "y = input; what is computed from y is computed again, and not before after is there",
    .source = "Chen et al.: Training deep nets with sublinear memory cost, 2016",
    .inputs = {{.name = "input"},
               {.name = "after", .flags = DG_SHAPE_ONLY, .doc = "what is waited for; its value is not read"}},
    .flags = DG_VIEW | DG_FRESH,
    .infer = dg_infer_same,
    .backward = recompute_backward,
    .samples = recompute_samples,
}};

const dg_op_family recompute_family = DG_FAMILY(recompute_ops);
