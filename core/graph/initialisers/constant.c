#include "initialiser.h"

/* Nested lists of the tensor's own shape. */
static dg_status fill_from_list(dg_tensor *tensor, const dg_value *value, int depth, int64_t *at)
{
    double number;
    if (depth == tensor->shape.rank) {
        if (!dg_value_number(value, &number))
            return dg_error(DG_BAD_ARGUMENT, "argument 'value' has more dimensions than the parameter, or no number");
        dg_tensor_set(tensor, (*at)++, number);
        return dg_ok();
    }
    if (value->kind != DG_VALUE_LIST || (int64_t)value->count != tensor->shape.dims[depth]) {
        char text[DG_SHAPE_TEXT];
        return dg_error(DG_BAD_SHAPE, "argument 'value' does not have the parameter's shape %s",
                        dg_shape_print(&tensor->shape, text, sizeof text));
    }
    for (size_t i = 0; i < value->count; i++)
        DG_TRY(fill_from_list(tensor, &value->items[i], depth + 1, at));
    return dg_ok();
}

static dg_status check_constant(const dg_init_call *call, const dg_type *type)
{
    (void)type;
    if (call->given[0]->kind == DG_VALUE_LIST)
        return dg_ok();
    double number;
    if (!dg_value_number(call->given[0], &number))
        return dg_error(DG_BAD_ARGUMENT, "argument 'value' needs a number or nested lists of numbers");
    if (!isfinite(number))
        return dg_error(DG_BAD_ARGUMENT, "argument 'value' is %g", number);
    return dg_ok();
}

static dg_status init_constant(dg_tensor *tensor, const dg_init_call *call)
{
    if (call->given[0]->kind == DG_VALUE_LIST)
        return fill_from_list(tensor, call->given[0], 0, &(int64_t){0});
    fill_with(tensor, call->values[0]);
    return dg_ok();
}

const dg_initialiser constant_initialiser = {
    .name = "constant",
    .summary = "one number everywhere, or nested lists of the shape of the parameter",
    .arguments = {{.name = "value", .range = DG_ARGUMENT_VALUE, .required = true}},
    .any_dtype = true,
    .check = check_constant,
    .fill = init_constant,
};
