#include "initialiser.h"

static dg_status init_kaiming_normal(dg_tensor *tensor, const dg_init_call *call)
{
    return fill_normal(tensor, call, 0, kaiming_std(call));
}

const dg_initialiser kaiming_normal_initialiser = {
    .name = "kaiming_normal",
    .summary = "N(0, s²), s = gain / √fan; the gain is of the nonlinearity, a the slope of leaky_relu",
    .source = "He, Zhang, Ren, Sun, Delving deep into rectifiers (2015)",
    .arguments = {KAIMING},
    .least_rank = 2,
    .fill = init_kaiming_normal,
};
