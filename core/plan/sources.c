/* Values of a binding, and those that come from outside: parameters, constants, sizes. */
#include "bind.h"

#include <stdlib.h>
#include <string.h>

dg_status new_value(binding *b, const dg_type *type, storage_kind kind, int32_t *made)
{
    if (b->n_values == b->values_capacity) {
        int32_t capacity = b->values_capacity ? 2 * b->values_capacity : 64;
        value *values = realloc(b->values, (size_t)capacity * sizeof *values);
        if (!values)
            return dg_no_memory("a plan");
        b->values = values;
        b->values_capacity = capacity;
    }
    *made = b->n_values++;
    b->values[*made] = (value){.tensor = {.dtype = type->dtype, .shape = type->shape},
                               .root = *made,
                               .origin = *made,
                               .producer = -1,
                               .source = -1,
                               .wide = -1,
                               .offset = NOWHERE,
                               .kind = kind};
    return dg_ok();
}

dg_status find_parameter(const dg_plan *plan, dg_node *node, const dg_tensor **found)
{
    dg_tensors *store = plan->options.parameters;
    const dg_tensor *tensor = store ? dg_tensors_find(store, dg_node_name(node)) : NULL;
    if (!tensor)
        return dg_error(DG_BAD_ARGUMENT, "it has no value: initialise it or load its weights");
    if (tensor->dtype != node->types[0].dtype && type_of(tensor).dtype != node->types[0].dtype)
        return dg_error(DG_BAD_DTYPE, "it is stored as %s, the graph's is %s", dg_dtype_name(tensor->dtype),
                        dg_dtype_name(node->types[0].dtype));
    if (!dg_shape_equal(&tensor->shape, &node->types[0].shape)) {
        char has[DG_SHAPE_TEXT], wants[DG_SHAPE_TEXT];
        return dg_error(DG_BAD_SHAPE, "it is stored as %s, the graph's is %s",
                        dg_shape_print(&tensor->shape, has, sizeof has),
                        dg_shape_print(&node->types[0].shape, wants, sizeof wants));
    }
    DG_TRY(purpose_check(store, node));
    *found = tensor;
    return dg_ok();
}

dg_status bind_parameter(build *u, dg_node *node, int32_t *made)
{
    const dg_tensor *tensor = NULL;
    dg_status status = find_parameter(u->plan, node, &tensor);
    if (!u->plan->options.measuring)
        DG_TRY(status);
    dg_type type = node->types[0];
    type.dtype = tensor ? tensor->dtype : type.dtype;
    DG_TRY(new_value(u->b, &type, STORED_AS_PARAMETER, made));
    u->b->values[*made].tensor.data = tensor ? tensor->data : NULL;
    u->b->kept_in[u->b->n_parameters] = type.dtype;
    u->b->values[*made].source = u->b->n_parameters;
    u->b->parameters[u->b->n_parameters++] = node;
    return dg_ok();
}

/* Room for a constant, kept by the binding. */
dg_status new_constant(binding *b, const dg_type *type, int32_t *made)
{
    if (b->n_constants == b->constants_capacity) {
        int32_t capacity = b->constants_capacity ? 2 * b->constants_capacity : 16;
        void **constants = realloc(b->constants, (size_t)capacity * sizeof *constants);
        if (!constants)
            return dg_no_memory("a plan");
        b->constants = constants;
        b->constants_capacity = capacity;
    }
    dg_tensor tensor;
    DG_TRY(dg_tensor_make(&tensor, type->dtype, type->shape));
    b->constants[b->n_constants++] = tensor.data;
    b->constant_bytes += dg_tensor_bytes(&tensor);
    DG_TRY(new_value(b, type, STORED_AS_CONSTANT, made));
    b->values[*made].tensor.data = tensor.data;
    return dg_ok();
}

dg_status bind_constant(build *u, dg_node *node, int32_t *made)
{
    if (node->entry->op->role == DG_ROLE_TRAINING) {
        DG_TRY(new_constant(u->b, &node->types[0], made));
        dg_tensor_set(&u->b->values[*made].tensor, 0, u->plan->options.training);
        return dg_ok();
    }
    const dg_tensor *literal = node->attrs[0].tensor;
    DG_TRY(new_constant(u->b, &node->types[0], made));
    dg_tensor *tensor = &u->b->values[*made].tensor;
    if (literal->dtype == tensor->dtype) {
        if (literal->data)
            memcpy(tensor->data, literal->data, dg_tensor_bytes(tensor));
        return dg_ok();
    }
    for (int64_t i = 0; i < dg_tensor_count(tensor); i++)
        dg_tensor_set(tensor, i, dg_tensor_get(literal, i));
    if (literal->dtype == DG_FLOAT64 && tensor->dtype == DG_FLOAT32)
        u->b->values[*made].literal = literal;
    return dg_ok();
}

/* The node's attributes with real sizes for symbols. */
dg_status real_attrs(build *u, const dg_node *node, const dg_value **attrs)
{
    *attrs = node->attrs;
    dg_value *copy = NULL;
    for (int k = 0; node->attrs && k < node->entry->n_attrs; k++) {
        if (node->attrs[k].kind != DG_VALUE_SHAPE)
            continue;
        dg_shape shape = *node->attrs[k].shape;
        bool symbolic = false;
        for (int d = 0; d < shape.rank; d++) {
            if (shape.dims[d] < DG_UNKNOWN && u->symbols[DG_N - shape.dims[d]] >= 0) {
                shape.dims[d] = u->symbols[DG_N - shape.dims[d]];
                symbolic = true;
            }
        }
        if (!symbolic)
            continue;
        size_t bytes = sizeof *copy * (size_t)node->entry->n_attrs;
        dg_shape *real = dg_arena_alloc(u->b->arena, sizeof *real);
        if (!copy && (copy = dg_arena_alloc(u->b->arena, bytes)))
            memcpy(copy, node->attrs, bytes);
        if (!copy || !real)
            return dg_no_memory("a plan");
        *real = shape;
        copy[k].shape = real;
        *attrs = copy;
    }
    return dg_ok();
}
