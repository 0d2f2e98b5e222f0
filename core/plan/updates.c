/* Updates of parameters: what is assigned, and what is saved before. */
#include "bind.h"

#include <stdlib.h>

dg_status bind_assignment(build *u, dg_node *node, int32_t *result)
{
    int32_t parameter = node_result(u, node->inputs[0], 0), given = node_result(u, node->inputs[1], 0);
    binding *b = u->b;
    if (b->values[parameter].kind == STORED_BY_CALLER)
        return dg_error(DG_BAD_ARGUMENT, "'%s' is fed in this run, so that it cannot be updated",
                        dg_node_name(node->inputs[0]));
    if (b->values[parameter].kind != STORED_AS_PARAMETER)
        return dg_error(DG_BAD_ARGUMENT, "'%s' is not a parameter", dg_node_name(node->inputs[0]));
    if (is_half(u, parameter))
        return dg_error(DG_BAD_DTYPE, "parameter '%s' is kept in %s, which is for inference: training needs float32",
                        dg_node_name(node->inputs[0]), dg_dtype_name(b->values[parameter].tensor.dtype));
    DG_TRY(widen(u, &given));
    const dg_tensor *to = &b->values[parameter].tensor, *from = &b->values[given].tensor;
    if (to->dtype != from->dtype || !dg_shape_equal(&to->shape, &from->shape)) {
        char has[DG_SHAPE_TEXT], wants[DG_SHAPE_TEXT];
        return dg_error(DG_BAD_SHAPE, "the value is %s %s, parameter '%s' is %s %s", dg_dtype_name(from->dtype),
                        dg_shape_print(&from->shape, has, sizeof has), dg_node_name(node->inputs[0]),
                        dg_dtype_name(to->dtype), dg_shape_print(&to->shape, wants, sizeof wants));
    }
    b->assignments[b->n_assignments++] = (assignment){.value = given, .parameter = parameter, .node = node};
    *result = given;
    return dg_ok();
}

dg_status check_assignments(build *u)
{
    binding *b = u->b;
    int32_t *first = calloc((size_t)b->n_values + 1, sizeof *first), count = 0; /* 1 + the assignment, by root */
    dg_status status = first ? dg_ok() : dg_no_memory("a plan");
    for (int32_t i = 0; status.code == DG_OK && i < b->n_assignments; i++) {
        const assignment *a = &b->assignments[i];
        int32_t root = b->values[a->parameter].root;
        const assignment *earlier = first[root] ? &b->assignments[first[root] - 1] : NULL;
        if (!earlier) {
            b->assignments[count++] = *a;
            first[root] = count;
        } else if (earlier->value != a->value) {
            dg_node *one = node_in_messages(earlier->node), *two = node_in_messages(a->node);
            status =
                dg_error(DG_BAD_ARGUMENT,
                         "parameter '%s' has two updates in one plan, '%s' and '%s': give it one, computed from both",
                         dg_node_name(b->parameters[b->values[root].source]), dg_node_name(one), dg_node_name(two));
        }
    }
    free(first);
    b->n_assignments = count;
    return status;
}

/* A value that is saved before the assignments begin. */
static dg_status save(build *u, int32_t *v)
{
    binding *b = u->b;
    int32_t from = *v;
    dg_type type = type_of(&b->values[from].tensor);
    DG_TRY(new_value(b, &type, STORED_IN_ARENA, v));
    b->savings[b->n_savings++] = (saving){from, *v};
    return dg_ok();
}

dg_status save_old_values(build *u)
{
    binding *b = u->b;
    int n_fetch = u->plan->options.n_fetch;
    bool *changes = calloc((size_t)b->n_values + 1, sizeof *changes);
    b->savings = dg_arena_alloc(b->arena, sizeof *b->savings * (size_t)(n_fetch + b->n_assignments + 1));
    dg_status status = changes && b->savings ? dg_ok() : dg_no_memory("a plan");
    for (int i = 0; status.code == DG_OK && i < b->n_assignments; i++)
        changes[b->values[b->assignments[i].parameter].root] = true;
    for (int i = 0; status.code == DG_OK && i < n_fetch; i++)
        if (changes[b->values[b->fetch[i]].root])
            status = save(u, &b->fetch[i]);
    for (int i = 0; status.code == DG_OK && i < b->n_assignments; i++)
        if (changes[b->values[b->assignments[i].value].root])
            status = save(u, &b->assignments[i].value);
    free(changes);
    return status;
}
