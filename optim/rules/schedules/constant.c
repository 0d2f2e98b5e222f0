/* The rate stays; for the first total_iters units it may be another (torch.optim.lr_scheduler.ConstantLR). */
#include <dotgrad/rules.h>

static double rate(const dg_schedule *schedule, const dg_schedule_point *at)
{
    return at->t < schedule->values[1] ? at->base * schedule->values[0] : at->base;
}

const dg_schedule_rule constant_schedule = {
    .name = "constant",
    .summary = "base; base·factor while t < total_iters",
    .arguments = {{.name = "factor", .range = DG_ARGUMENT_POSITIVE, .fallback = {1}},
                  {.name = "total_iters", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {0}}},
    .rate = rate,
};
