/* Liu, Li, Hall, Liang, Ma: "Sophia: a scalable stochastic second-order optimizer for language model pre-training"
 * (2023), algorithm 3, with the Gauss-Newton-Bartlett estimate of the curvature: s is the gradient of the loss with
 * targets drawn from the network's own output. The estimate is renewed every k steps. */
#include <dotgrad/rules.h>

const dg_rule sophia_rule = {
    .name = "sophia",
    .summary = "p − lr·clip(m/(rho·h + eps), 1), h the curvature estimated every k steps (Sophia-G)",
    .source = "Liu et al. 2023, algorithm 3",
    .lr = 1e-4,
    .arguments =
        {{.name = "betas", .range = DG_ARGUMENT_FRACTION, .fallback = {0.965, 0.99}, .symbols = {"beta1", "beta2"}},
         {.name = "rho", .range = DG_ARGUMENT_POSITIVE, .fallback = {0.04}},
         {.name = "weight_decay", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {0.1}},
         {.name = "k", .range = DG_ARGUMENT_COUNT, .fallback = {10}},
         {.name = "eps", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {1e-15}}},
    .needs_sampled = true,
    .lines = "renew = where((t - 1) - k * floor((t - 1) / k) == 0, 1, 0);"
             "p = p * (1 - lr * weight_decay) if weight_decay;"
             "exp_avg = beta1 * exp_avg + (1 - beta1) * g;"
             "hessian = where(renew > 0, beta2 * hessian + (1 - beta2) * s * s, hessian);"
             "p = p - lr * sign(exp_avg) * min(abs(exp_avg) / (rho * hessian + eps), 1)",
};
