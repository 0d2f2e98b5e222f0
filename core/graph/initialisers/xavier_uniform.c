#include "initialiser.h"

static dg_status init_xavier_uniform(dg_tensor *tensor, const dg_init_call *call)
{
    return fill_uniform_std(tensor, call, xavier_std(call));
}

const dg_initialiser xavier_uniform_initialiser = {
    .name = "xavier_uniform",
    .summary = "U(−√3 s, √3 s), s = gain √(2 / (fan_in + fan_out))",
    .source = "Glorot and Bengio, Understanding the difficulty of training deep feedforward neural networks (2010)",
    .arguments = {GAIN},
    .least_rank = 2,
    .fill = init_xavier_uniform,
};
