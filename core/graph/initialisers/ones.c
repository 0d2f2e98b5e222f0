#include "initialiser.h"

static dg_status init_ones(dg_tensor *tensor, const dg_init_call *call)
{
    (void)call;
    fill_with(tensor, 1);
    return dg_ok();
}

const dg_initialiser ones_initialiser = {
    .name = "ones",
    .summary = "1 everywhere",
    .any_dtype = true,
    .fill = init_ones,
};
