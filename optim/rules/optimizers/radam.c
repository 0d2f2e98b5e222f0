/* Liu, Jiang, He, Chen, Liu, Gao, Han: "On the variance of the adaptive learning rate and beyond" (2020), algorithm 2.
 */
#include <dotgrad/rules.h>

const dg_rule radam_rule = {
    .name = "radam",
    .summary = "adam, its step rectified while v is uncertain; the first ones without v",
    .source = "Liu et al. 2020, algorithm 2",
    .lr = 1e-3,
    .arguments =
        {{.name = "betas", .range = DG_ARGUMENT_FRACTION, .fallback = {0.9, 0.999}, .symbols = {"beta1", "beta2"}},
         {.name = "eps", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {1e-8}},
         {.name = "weight_decay", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {0}},
         {.name = "decoupled_weight_decay", .range = DG_ARGUMENT_FLAG, .fallback = {0}}},
    .lines = "rate = -lr / expm1(t * log(beta1));"
             "bias = -expm1(t * log(beta2));"
             "long = 2 / (1 - beta2) - 1;"
             "length = long - 2 * t * beta2 ^ t / bias;"
             "rectified = rate * sqrt(bias * max((length - 4) * (length - 2) * long / ((long - 4) * (long - 2) * "
             "length), 0));"
             "sure = where(length > 5, 1, 0);"
             "g = g + weight_decay * p * (1 - decoupled_weight_decay) if weight_decay;"
             "p = p * (1 - lr * weight_decay * decoupled_weight_decay) if decoupled_weight_decay;"
             "exp_avg = beta1 * exp_avg + (1 - beta1) * g;"
             "exp_avg_sq = beta2 * exp_avg_sq + (1 - beta2) * g * g;"
             "p = p - exp_avg * where(sure > 0, rectified / (sqrt(exp_avg_sq) + eps), rate)",
};
