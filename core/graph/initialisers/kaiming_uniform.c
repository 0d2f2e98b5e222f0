#include "initialiser.h"

static dg_status init_kaiming_uniform(dg_tensor *tensor, const dg_init_call *call)
{
    return fill_uniform_std(tensor, call, kaiming_std(call));
}

const dg_initialiser kaiming_uniform_initialiser = {
    .name = "kaiming_uniform",
    .summary = "U(−√3 s, √3 s), s = gain / √fan; the gain is of the nonlinearity, a the slope of leaky_relu",
    .source = "He, Zhang, Ren, Sun, Delving deep into rectifiers (2015)",
    .arguments = {KAIMING},
    .least_rank = 2,
    .fill = init_kaiming_uniform,
};
