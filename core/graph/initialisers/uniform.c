#include "initialiser.h"

static dg_status check_uniform(const dg_init_call *call, const dg_type *type)
{
    (void)type;
    if (!(call->values[0] <= call->values[1]))
        return dg_error(DG_BAD_ARGUMENT, "low %g is above high %g", call->values[0], call->values[1]);
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
