/* Zeiler: "ADADELTA: an adaptive learning rate method" (2012), algorithm 1. */
#include <dotgrad/rules.h>

const dg_rule adadelta_rule = {
    .name = "adadelta",
    .summary = "p − lr·g·√(mean of squared steps + eps)/√(mean of g² + eps)",
    .source = "Zeiler 2012, algorithm 1",
    .lr = 1,
    .arguments = {{.name = "rho", .range = DG_ARGUMENT_FRACTION, .fallback = {0.9}},
                  {.name = "eps", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {1e-6}},
                  {.name = "weight_decay", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {0}}},
    .lines = "g = g + weight_decay * p if weight_decay;"
             "square_avg = rho * square_avg + (1 - rho) * g * g;"
             "d = sqrt(acc_delta + eps) / sqrt(square_avg + eps) * g;"
             "acc_delta = rho * acc_delta + (1 - rho) * d * d;"
             "p = p - lr * d",
};
