/* Chen, Liang, Huang, Real, Wang, Liu, Pham, Dong, Luong, Hsieh, Lu, Le: "Symbolic discovery of optimization
 * algorithms" (2023), algorithm 2. */
#include <dotgrad/rules.h>

const dg_rule lion_rule = {
    .name = "lion",
    .summary = "steps by the sign of a mean of g and momentum",
    .source = "Chen et al. 2023, algorithm 2",
    .lr = 1e-4,
    .arguments =
        {{.name = "betas", .range = DG_ARGUMENT_FRACTION, .fallback = {0.9, 0.99}, .symbols = {"beta1", "beta2"}},
         {.name = "weight_decay", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {0}}},
    .lines = "p = p * (1 - lr * weight_decay) if weight_decay;"
             "p = p - lr * sign(beta1 * exp_avg + (1 - beta1) * g);"
             "exp_avg = beta2 * exp_avg + (1 - beta2) * g",
};
