/* You, Gitman, Ginsburg: "Large batch training of convolutional networks" (2017), algorithm 1. */
#include <dotgrad/rules.h>

const dg_rule lars_rule = {
    .name = "lars",
    .summary = "sgd with momentum, each parameter's rate scaled by ‖p‖/(‖g‖ + weight_decay·‖p‖)",
    .source = "You, Gitman, Ginsburg 2017, algorithm 1",
    .lr = 0.1,
    .arguments = {{.name = "momentum", .range = DG_ARGUMENT_FRACTION, .fallback = {0.9}},
                  {.name = "weight_decay", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {1e-4}},
                  {.name = "trust_coefficient", .range = DG_ARGUMENT_POSITIVE, .fallback = {1e-3}},
                  {.name = "eps", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {1e-8}}},
    .lines = "a = norm(p);"
             "b = norm(g);"
             "trust = where(a > 0, where(b > 0, trust_coefficient * a / (b + weight_decay * a + eps), 1), 1);"
             "momentum_buffer = momentum * momentum_buffer + lr * trust * (g + weight_decay * p);"
             "p = p - momentum_buffer",
};
