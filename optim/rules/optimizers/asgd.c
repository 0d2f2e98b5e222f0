/* Polyak, Juditsky: "Acceleration of stochastic approximation by averaging" (1992), in torch.optim.ASGD's form. The
 * average is the state ax. */
#include <dotgrad/rules.h>

const dg_rule asgd_rule = {
    .name = "asgd",
    .summary = "p − η(t)·g, and the average of the weights from step t0 on",
    .source = "Polyak, Juditsky 1992",
    .lr = 1e-2,
    .arguments = {{.name = "lambd", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {1e-4}},
                  {.name = "alpha", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {0.75}},
                  {.name = "t0", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {1e6}},
                  {.name = "weight_decay", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {0}}},
    .lines = "rate = where(t > 1, eta, lr);"
             "part = where(t > 1, mu, 1);"
             "g = g + weight_decay * p if weight_decay;"
             "p = p * (1 - lambd * rate) - rate * g;"
             "ax = ax + (p - ax) * part;"
             "eta = lr / (1 + lambd * lr * t) ^ alpha;"
             "mu = 1 / max(1, t - t0)",
};
