#include "initialiser.h"

static dg_status init_xavier_normal(dg_tensor *tensor, const dg_init_call *call)
{
    return fill_normal(tensor, call, 0, fabs(xavier_std(call)));
}

const dg_initialiser xavier_normal_initialiser = {
    .name = "xavier_normal",
    .summary = "N(0, s²), s = gain √(2 / (fan_in + fan_out))",
    .source = "Glorot and Bengio, Understanding the difficulty of training deep feedforward neural networks (2010)",
    .arguments = {GAIN},
    .least_rank = 2,
    .fill = init_xavier_normal,
};
