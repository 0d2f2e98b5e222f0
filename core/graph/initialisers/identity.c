#include "initialiser.h"

static dg_status check_identity(const dg_init_call *call, const dg_type *type)
{
    (void)call;
    if (type->shape.rank != 2)
        return dg_error(DG_BAD_SHAPE, "needs a matrix, not rank %d", type->shape.rank);
    return dg_ok();
}

static dg_status init_identity(dg_tensor *tensor, const dg_init_call *call)
{
    (void)call;
    fill_with(tensor, 0);
    for (int64_t i = 0; i < tensor->shape.dims[0] && i < tensor->shape.dims[1]; i++)
        dg_tensor_set(tensor, i * tensor->shape.dims[1] + i, 1);
    return dg_ok();
}

const dg_initialiser identity_initialiser = {
    .name = "identity",
    .summary = "a matrix with 1 on its diagonal, 0 elsewhere",
    .any_dtype = true,
    .least_rank = 2,
    .check = check_identity,
    .fill = init_identity,
};
