/* Kingma, Ba: "Adam: a method for stochastic optimization" (2015), algorithm 2. */
#include <dotgrad/rules.h>

const dg_rule adamax_rule = {
    .name = "adamax",
    .summary = "adam with the running maximum of |g| in the place of √v",
    .source = "Kingma, Ba 2015, algorithm 2",
    .lr = 2e-3,
    .arguments =
        {{.name = "betas", .range = DG_ARGUMENT_FRACTION, .fallback = {0.9, 0.999}, .symbols = {"beta1", "beta2"}},
         {.name = "eps", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {1e-8}},
         {.name = "weight_decay", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {0}}},
    .lines = "rate = -lr / expm1(t * log(beta1));"
             "g = g + weight_decay * p if weight_decay;"
             "exp_avg = beta1 * exp_avg + (1 - beta1) * g;"
             "exp_inf = max(beta2 * exp_inf, abs(g) + eps);"
             "p = p - rate * exp_avg / exp_inf",
};
