/* Falls by a factor each unit (ExponentialLR). */
#include <dotgrad/rules.h>

#include <math.h>

static double rate(const dg_schedule *schedule, const dg_schedule_point *at)
{
    return at->base * pow(schedule->values[0], floor(at->t));
}

const dg_schedule_rule exponential_schedule = {
    .name = "exponential",
    .summary = "base·gamma^t",
    .arguments = {{.name = "gamma", .range = DG_ARGUMENT_POSITIVE, .fallback = {0.95}}},
    .rate = rate,
};
