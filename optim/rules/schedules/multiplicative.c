/* Each unit multiplies the rate by the formula's value there (MultiplicativeLR). */
#include <dotgrad/rules.h>

#include <math.h>

static double rate(const dg_schedule *schedule, const dg_schedule_point *at)
{
    double now = at->base;
    for (double t = 1; t <= floor(at->t); t++) {
        dg_schedule_point there = *at;
        there.t = t;
        now *= dg_schedule_formula(schedule, "formula", &there);
    }
    return now;
}

const dg_schedule_rule multiplicative_schedule = {
    .name = "multiplicative",
    .summary = "base·Π formula('…') over the units done",
    .arguments = {{.name = "formula", .range = DG_ARGUMENT_VALUE, .required = true}},
    .rate = rate,
};
