/* Duchi, Hazan, Singer: "Adaptive subgradient methods for online learning and stochastic optimization" (2011). */
#include <dotgrad/rules.h>

const dg_rule adagrad_rule = {
    .name = "adagrad",
    .summary = "p − lr·g/(√Σg² + eps)",
    .source = "Duchi, Hazan, Singer 2011",
    .lr = 1e-2,
    .arguments = {{.name = "lr_decay", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {0}},
                  {.name = "weight_decay", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {0}},
                  {.name = "initial_accumulator_value", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {0}},
                  {.name = "eps", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {1e-10}}},
    .lines = "rate = lr / (1 + (t - 1) * lr_decay);"
             "g = g + weight_decay * p if weight_decay;"
             "sum = sum + g * g;"
             "p = p - rate * g / (sqrt(sum + initial_accumulator_value) + eps)",
};
