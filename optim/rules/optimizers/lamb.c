/* You, Li, Reddi, Hseu, Kumar, Bhojanapalli, Song, Demmel, Keutzer, Hsieh: "Large batch optimization for deep
 * learning: training BERT in 76 minutes" (2020), algorithm 2, with φ(z) = z. */
#include <dotgrad/rules.h>

const dg_rule lamb_rule = {
    .name = "lamb",
    .summary = "adamw's step, scaled to the norm of each parameter",
    .source = "You et al. 2020, algorithm 2",
    .lr = 1e-3,
    .arguments =
        {{.name = "betas", .range = DG_ARGUMENT_FRACTION, .fallback = {0.9, 0.999}, .symbols = {"beta1", "beta2"}},
         {.name = "eps", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {1e-6}},
         {.name = "weight_decay", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {1e-2}}},
    .lines = "first = -1 / expm1(t * log(beta1));"
             "scale = rsqrt(-expm1(t * log(beta2)));"
             "exp_avg = beta1 * exp_avg + (1 - beta1) * g;"
             "exp_avg_sq = beta2 * exp_avg_sq + (1 - beta2) * g * g;"
             "r = first * exp_avg / (sqrt(exp_avg_sq) * scale + eps) + weight_decay * p;"
             "a = norm(p);"
             "b = norm(r);"
             "trust = where(a > 0, where(b > 0, a / b, 1), 1);"
             "p = p - lr * trust * r",
};
