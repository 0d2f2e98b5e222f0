/* A formula of t (steps done), epoch (epochs done), steps and epochs (of the whole run) and lr (the base rate). One
 * that reads lr is the rate itself, any other is the factor that multiplies it (LambdaLR). */
#include <dotgrad/rules.h>

#include "optim/rules/schedule.h"

static double rate(const dg_schedule *schedule, const dg_schedule_point *at)
{
    double value = dg_schedule_formula(schedule, "formula", at);
    return schedule->inside->reads_rate ? value : at->base * value;
}

const dg_schedule_rule formula_schedule = {
    .name = "formula",
    .summary = "base·formula('…') of t, epoch, steps, epochs; the rate itself when it reads lr",
    .arguments = {{.name = "formula", .range = DG_ARGUMENT_VALUE, .required = true}},
    .rate = rate,
};
