/* Zhuang, Tang, Ding, Tatikonda, Dvornek, Papademetris, Duncan: "AdaBelief optimizer" (2020), algorithm 2, with
 * decoupled decay. */
#include <dotgrad/rules.h>

const dg_rule adabelief_rule = {
    .name = "adabelief",
    .summary = "adam with the running mean of (g − m)² in the place of v",
    .source = "Zhuang et al. 2020, algorithm 2",
    .lr = 1e-3,
    .arguments =
        {{.name = "betas", .range = DG_ARGUMENT_FRACTION, .fallback = {0.9, 0.999}, .symbols = {"beta1", "beta2"}},
         {.name = "eps", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {1e-16}},
         {.name = "weight_decay", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {0}}},
    .lines = "rate = -lr / expm1(t * log(beta1));"
             "scale = rsqrt(-expm1(t * log(beta2)));"
             "p = p * (1 - lr * weight_decay) if weight_decay;"
             "exp_avg = beta1 * exp_avg + (1 - beta1) * g;"
             "exp_avg_var = beta2 * exp_avg_var + (1 - beta2) * (g - exp_avg) ^ 2 + eps;"
             "p = p - rate * exp_avg / (sqrt(exp_avg_var) * scale + eps)",
};
