/* Loshchilov, Hutter: "Decoupled weight decay regularization" (2019), algorithm 2. */
#include <dotgrad/rules.h>

const dg_rule adamw_rule = {
    .name = "adamw",
    .summary = "adam, with weights that shrink by 1 − lr·weight_decay apart from the gradient",
    .source = "Loshchilov, Hutter 2019, algorithm 2",
    .lr = 1e-3,
    .arguments =
        {{.name = "betas", .range = DG_ARGUMENT_FRACTION, .fallback = {0.9, 0.999}, .symbols = {"beta1", "beta2"}},
         {.name = "eps", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {1e-8}},
         {.name = "weight_decay", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {1e-2}},
         {.name = "amsgrad", .range = DG_ARGUMENT_FLAG, .fallback = {0}}},
    .lines = "rate = -lr / expm1(t * log(beta1));"
             "scale = rsqrt(-expm1(t * log(beta2)));"
             "shrink = 1 - lr * weight_decay if weight_decay;"
             "p = shrink * p if weight_decay;"
             "exp_avg = beta1 * exp_avg + (1 - beta1) * g;"
             "exp_avg_sq = beta2 * exp_avg_sq + (1 - beta2) * g * g;"
             "v = exp_avg_sq;"
             "max_exp_avg_sq = max(max_exp_avg_sq, exp_avg_sq) if amsgrad;"
             "v = max_exp_avg_sq if amsgrad;"
             "p = p - rate * exp_avg / (sqrt(v) * scale + eps)",
};
