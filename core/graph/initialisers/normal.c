#include "initialiser.h"

static dg_status check_normal(const dg_init_call *call, const dg_type *type)
{
    double row = call->values[2];
    int64_t rows = type->shape.rank ? type->shape.dims[0] : 0;
    if (row != floor(row) || row < -1 || row >= (double)rows)
        return dg_error(DG_BAD_ARGUMENT, "zero_row is %g, expected a row, below %lld, or -1", row, (long long)rows);
    return dg_ok();
}

static dg_status init_normal(dg_tensor *tensor, const dg_init_call *call)
{
    DG_TRY(fill_normal(tensor, call, call->values[0], call->values[1]));
    if (call->values[2] < 0)
        return dg_ok();
    int64_t width = dg_tensor_count(tensor) / tensor->shape.dims[0], begin = (int64_t)call->values[2] * width;
    for (int64_t i = begin; i < begin + width; i++)
        dg_tensor_set(tensor, i, 0); /* the padding of an embedding */
    return dg_ok();
}

const dg_initialiser normal_initialiser = {
    .name = "normal",
    .summary = "N(mean, std²); row zero_row, where it is 0 or more, is 0 (the padding of an embedding)",
    .arguments = {{.name = "mean", .range = DG_ARGUMENT_FINITE, .fallback = {0}},
                  {.name = "std", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {1}},
                  {.name = "zero_row", .range = DG_ARGUMENT_FINITE, .fallback = {-1}}},
    .check = check_normal,
    .fill = init_normal,
};
