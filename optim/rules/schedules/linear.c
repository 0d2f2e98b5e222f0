/* A straight line between two factors (LinearLR). */
#include <dotgrad/rules.h>

#include <math.h>

static double rate(const dg_schedule *schedule, const dg_schedule_point *at)
{
    double start = schedule->values[0], end = schedule->values[1], total = schedule->values[2];
    return at->base * (start + (end - start) * fmin(at->t, total) / total);
}

const dg_schedule_rule linear_schedule = {
    .name = "linear",
    .summary = "base·(start_factor + (end_factor − start_factor)·min(t/total_iters, 1))",
    .arguments = {{.name = "start_factor", .range = DG_ARGUMENT_POSITIVE, .fallback = {1.0 / 3}},
                  {.name = "end_factor", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {1}},
                  {.name = "total_iters", .range = DG_ARGUMENT_POSITIVE, .fallback = {5}}},
    .rate = rate,
};
