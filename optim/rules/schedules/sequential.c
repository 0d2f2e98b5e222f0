/* Schedules one after the other, each from its milestone (an epoch) on with its own count from 0 (SequentialLR). */
#include <dotgrad/rules.h>

#include "optim/rules/schedule.h"

static dg_status check(const dg_schedule *schedule)
{
    const double *milestones;
    int count = dg_schedule_list(schedule, "milestones", &milestones);
    return schedule->inside && schedule->inside->n_inner == count + 1
               ? dg_ok()
               : dg_error(DG_BAD_ARGUMENT, "needs one milestone fewer than schedules");
}

static double rate(const dg_schedule *schedule, const dg_schedule_point *at)
{
    const double *milestones;
    int count = dg_schedule_list(schedule, "milestones", &milestones), k = 0;
    while (k < count && at->t >= milestones[k])
        k++;
    return schedule_inner(schedule, k, at, k ? milestones[k - 1] : 0);
}

const dg_schedule_rule sequential_schedule = {
    .name = "sequential",
    .summary = "sequential([linear(total_iters=5), cosine], milestones=[5]): each from its milestone, in epochs",
    .arguments = {{.name = "schedules", .range = DG_ARGUMENT_VALUE, .required = true},
                  {.name = "milestones", .range = DG_ARGUMENT_VALUE, .required = true}},
    .check = check,
    .rate = rate,
    .composite = true,
};
