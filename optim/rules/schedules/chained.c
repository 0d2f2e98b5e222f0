/* The factors of several schedules multiplied (ChainedScheduler). */
#include <dotgrad/rules.h>

#include "optim/rules/schedule.h"

static double rate(const dg_schedule *schedule, const dg_schedule_point *at)
{
    double factor = 1;
    for (int k = 0; k < schedule->inside->n_inner; k++)
        factor *= schedule_inner(schedule, k, at, 0) / at->base;
    return at->base * factor;
}

const dg_schedule_rule chained_schedule = {
    .name = "chained",
    .summary = "chained([linear, exponential(gamma=0.9)]): the factors of all, multiplied",
    .arguments = {{.name = "schedules", .range = DG_ARGUMENT_VALUE, .required = true}},
    .rate = rate,
    .composite = true,
};
