#include "initialiser.h"

static dg_status init_zeros(dg_tensor *tensor, const dg_init_call *call)
{
    (void)call;
    fill_with(tensor, 0);
    return dg_ok();
}

const dg_initialiser zeros_initialiser = {
    .name = "zeros",
    .summary = "0 everywhere",
    .any_dtype = true,
    .fill = init_zeros,
};
