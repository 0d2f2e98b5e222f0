#include "initialiser.h"

static dg_status init_lecun_normal(dg_tensor *tensor, const dg_init_call *call)
{
    return fill_normal(tensor, call, 0, 1 / sqrt(call->fan_in));
}

const dg_initialiser lecun_normal_initialiser = {
    .name = "lecun_normal",
    .summary = "N(0, s²), s = 1 / √fan_in",
    .source = "LeCun, Bottou, Orr, Müller, Efficient BackProp (1998), section 4.6",
    .least_rank = 2,
    .fill = init_lecun_normal,
};
