/* Kingma, Ba: "Adam: a method for stochastic optimization" (2015), algorithm 1; AMSGrad: Reddi, Kale, Kumar, "On the
 * convergence of Adam and beyond" (2018). The bias corrections 1 − βᵗ are written as −expm1(t·ln β). */
#include <dotgrad/rules.h>

const dg_rule adam_rule = {
    .name = "adam",
    .summary = "p − lr·m̂/(√v̂ + eps), m̂ and v̂ the running means of g and g² without bias",
    .source = "Kingma, Ba 2015, algorithm 1",
    .lr = 1e-3,
    .arguments =
        {{.name = "betas", .range = DG_ARGUMENT_FRACTION, .fallback = {0.9, 0.999}, .symbols = {"beta1", "beta2"}},
         {.name = "eps", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {1e-8}},
         {.name = "weight_decay", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {0}},
         {.name = "amsgrad", .range = DG_ARGUMENT_FLAG, .fallback = {0}}},
    .lines = "rate = -lr / expm1(t * log(beta1));"
             "scale = rsqrt(-expm1(t * log(beta2)));"
             "g = g + weight_decay * p if weight_decay;"
             "exp_avg = beta1 * exp_avg + (1 - beta1) * g;"
             "exp_avg_sq = beta2 * exp_avg_sq + (1 - beta2) * g * g;"
             "v = exp_avg_sq;"
             "max_exp_avg_sq = max(max_exp_avg_sq, exp_avg_sq) if amsgrad;"
             "v = max_exp_avg_sq if amsgrad;"
             "p = p - rate * exp_avg / (sqrt(v) * scale + eps)",
};
