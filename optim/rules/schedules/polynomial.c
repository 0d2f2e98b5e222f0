/* Falls to 0 as a power of what is left (PolynomialLR); total_iters is by default the whole run. */
#include <dotgrad/rules.h>

#include <math.h>

static double rate(const dg_schedule *schedule, const dg_schedule_point *at)
{
    double total = isnan(schedule->values[0]) ? at->whole : schedule->values[0];
    return total > 0 ? at->base * pow(1 - fmin(at->t, total) / total, schedule->values[1]) : 0;
}

const dg_schedule_rule polynomial_schedule = {
    .name = "polynomial",
    .summary = "base·(1 − min(t/total_iters, 1))^power",
    .arguments = {{.name = "total_iters", .range = DG_ARGUMENT_POSITIVE, .fallback = {NAN}},
                  {.name = "power", .range = DG_ARGUMENT_POSITIVE, .fallback = {1}}},
    .rate = rate,
};
