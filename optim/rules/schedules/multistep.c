/* Falls by a factor at each milestone (MultiStepLR). */
#include <dotgrad/rules.h>

#include <math.h>

static double rate(const dg_schedule *schedule, const dg_schedule_point *at)
{
    const double *milestones;
    int count = dg_schedule_list(schedule, "milestones", &milestones), passed = 0;
    while (passed < count && floor(at->t) >= milestones[passed])
        passed++;
    return at->base * pow(schedule->values[1], passed);
}

static dg_status check(const dg_schedule *schedule)
{
    const double *milestones;
    return dg_schedule_list(schedule, "milestones", &milestones) > 0
               ? dg_ok()
               : dg_error(DG_BAD_ARGUMENT, "milestones is [], expected at least one number");
}

const dg_schedule_rule multistep_schedule = {
    .name = "multistep",
    .summary = "base·gamma^(milestones passed)",
    .arguments = {{.name = "milestones", .range = DG_ARGUMENT_VALUE, .required = true},
                  {.name = "gamma", .range = DG_ARGUMENT_POSITIVE, .fallback = {0.1}}},
    .check = check,
    .rate = rate,
};
