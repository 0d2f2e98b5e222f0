/* Falls by a factor every step_size units (StepLR). */
#include <dotgrad/rules.h>

#include <math.h>

static double rate(const dg_schedule *schedule, const dg_schedule_point *at)
{
    return at->base * pow(schedule->values[1], floor(floor(at->t) / schedule->values[0]));
}

const dg_schedule_rule step_schedule = {
    .name = "step",
    .summary = "base·gamma^⌊t/step_size⌋",
    .arguments = {{.name = "step_size", .range = DG_ARGUMENT_COUNT, .fallback = {30}},
                  {.name = "gamma", .range = DG_ARGUMENT_POSITIVE, .fallback = {0.1}}},
    .rate = rate,
};
