#include "initialiser.h"

#include <float.h>

static dg_status check_uniform(const dg_init_call *call, const dg_type *type)
{
    double most = type->dtype == DG_FLOAT32 ? FLT_MAX : DBL_MAX;
    if (!(call->values[0] <= call->values[1]))
        return dg_error(DG_BAD_ARGUMENT, "low %g is above high %g", call->values[0], call->values[1]);
    if (!(call->values[1] - call->values[0] <= most))
        return dg_error(DG_BAD_ARGUMENT, "high %g is farther from low %g than %s reaches", call->values[1],
                        call->values[0], dg_dtype_name(type->dtype));
    return dg_ok();
}

static dg_status init_uniform(dg_tensor *tensor, const dg_init_call *call)
{
    return fill_uniform(tensor, call, call->values[0], call->values[1]);
}

const dg_initialiser uniform_initialiser = {
    .name = "uniform",
    .summary = "drawn evenly from low to high",
    .arguments = {{.name = "low", .range = DG_ARGUMENT_FINITE, .fallback = {0}},
                  {.name = "high", .range = DG_ARGUMENT_FINITE, .fallback = {1}}},
    .check = check_uniform,
    .fill = init_uniform,
};
