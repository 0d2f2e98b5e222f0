/* Dozat: "Incorporating Nesterov momentum into Adam" (2016), with torch.optim.NAdam's momentum schedule. */
#include <dotgrad/rules.h>

const dg_rule nadam_rule = {
    .name = "nadam",
    .summary = "adam with Nesterov's momentum",
    .source = "Dozat 2016",
    .lr = 2e-3,
    .arguments =
        {{.name = "betas", .range = DG_ARGUMENT_FRACTION, .fallback = {0.9, 0.999}, .symbols = {"beta1", "beta2"}},
         {.name = "eps", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {1e-8}},
         {.name = "weight_decay", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {0}},
         {.name = "momentum_decay", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {4e-3}},
         {.name = "decoupled_weight_decay", .range = DG_ARGUMENT_FLAG, .fallback = {0}}},
    .lines = "mu = beta1 * (1 - 0.5 * 0.96 ^ (t * momentum_decay));"
             "mu_next = beta1 * (1 - 0.5 * 0.96 ^ ((t + 1) * momentum_decay));"
             "mu_product = where(t > 1, mu_product, 1) * mu;"
             "now = lr * (1 - mu) / (1 - mu_product);"
             "next = lr * mu_next / (1 - mu_product * mu_next);"
             "scale = rsqrt(-expm1(t * log(beta2)));"
             "g = g + weight_decay * p * (1 - decoupled_weight_decay) if weight_decay;"
             "p = p * (1 - lr * weight_decay * decoupled_weight_decay) if decoupled_weight_decay;"
             "exp_avg = beta1 * exp_avg + (1 - beta1) * g;"
             "exp_avg_sq = beta2 * exp_avg_sq + (1 - beta2) * g * g;"
             "p = p - (now * g + next * exp_avg) / (sqrt(exp_avg_sq) * scale + eps)",
};
