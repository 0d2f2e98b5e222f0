#include "initialiser.h"

/* LeCun, Bottou, Orr, Müller (1998), "Efficient BackProp", section 4.6: std = 1 / √fan_in. */
static dg_status init_lecun_uniform(dg_tensor *tensor, const dg_init_call *call)
{
    return fill_uniform_std(tensor, call, 1 / sqrt(call->fan_in));
}

const dg_initialiser lecun_uniform_initialiser = {
    .name = "lecun_uniform",
    .summary = "U(−√3 s, √3 s), s = 1 / √fan_in",
    .source = "LeCun, Bottou, Orr, Müller, Efficient BackProp (1998), section 4.6",
    .least_rank = 2,
    .fill = init_lecun_uniform,
};
