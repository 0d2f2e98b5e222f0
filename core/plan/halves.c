/* Parameters that are kept in 16 bits: who reads them as they are, and who gets them widened. */
#include "bind.h"

bool is_half(const build *u, int32_t v)
{
    return v >= 0 && dg_dtype_is_half(u->b->values[v].tensor.dtype);
}

dg_status widen(build *u, int32_t *v)
{
    static const char *const names[] = {"w"};
    binding *b = u->b;
    if (!is_half(u, *v))
        return dg_ok();
    int32_t from = *v;
    *v = b->values[from].wide;
    if (*v >= 0)
        return dg_ok();
    dg_node *parameter = b->parameters[b->values[b->values[from].root].source];
    step copy = {
        .entry = parameter->entry, .node = parameter, .attrs = parameter->attrs, .n_inputs = 1, .n_outputs = 1};
    int32_t *inputs = dg_arena_alloc(b->arena, sizeof *inputs);
    if (!inputs)
        return dg_no_memory("a plan");
    *inputs = from;
    DG_TRY(dg_formula_input(u->plan->graph->formulas, names, 1, 0, &copy.formula));
    DG_TRY(add_step(u, &copy, inputs, v));
    b->values[from].wide = *v;
    return dg_ok();
}

dg_status widen_inputs(build *u, const dg_node *node, int32_t *inputs)
{
    for (int k = 0; !node->formula && k < node->n_inputs; k++)
        if (is_half(u, inputs[k]) && !(input_spec(node->entry, node->attrs, k)->flags & (DG_HALF | DG_SHAPE_ONLY)))
            DG_TRY(widen(u, &inputs[k]));
    return dg_ok();
}

bool keeps_halves(const dg_plan *plan)
{
    const dg_tensors *set = plan->options.parameters;
    for (size_t k = 0; k < dg_tensors_count(set); k++)
        if (dg_dtype_is_half(dg_tensors_at(set, k)->dtype))
            return true;
    return false;
}
