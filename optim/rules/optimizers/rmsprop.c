/* Tieleman, Hinton: "Lecture 6.5 – RMSProp" (2012); centred: Graves, "Generating sequences with recurrent neural
 * networks" (2013), equations 38–41. */
#include <dotgrad/rules.h>

const dg_rule rmsprop_rule = {
    .name = "rmsprop",
    .summary = "p − lr·g/(√v + eps), v the running mean of g²",
    .source = "Tieleman, Hinton 2012",
    .lr = 1e-2,
    .arguments = {{.name = "alpha", .range = DG_ARGUMENT_FRACTION, .fallback = {0.99}},
                  {.name = "eps", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {1e-8}},
                  {.name = "weight_decay", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {0}},
                  {.name = "momentum", .range = DG_ARGUMENT_FRACTION, .fallback = {0}},
                  {.name = "centered", .range = DG_ARGUMENT_FLAG, .fallback = {0}}},
    .lines = "g = g + weight_decay * p if weight_decay;"
             "square_avg = alpha * square_avg + (1 - alpha) * g * g;"
             "grad_avg = alpha * grad_avg + (1 - alpha) * g if centered;"
             "d = g / (sqrt(square_avg) + eps) unless centered;"
             "d = g / (sqrt(square_avg - grad_avg * grad_avg) + eps) if centered;"
             "d = momentum * momentum_buffer + d if momentum;"
             "momentum_buffer = d if momentum;"
             "p = p - lr * d",
};
