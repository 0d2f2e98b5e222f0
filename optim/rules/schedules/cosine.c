/* Half a cosine from the base rate to eta_min over t_max units, by default all there are; then it stays
 * (CosineAnnealingLR; Loshchilov, Hutter: "SGDR", 2017). */
#include <dotgrad/rules.h>

#include <math.h>

static double rate(const dg_schedule *schedule, const dg_schedule_point *at)
{
    double t_max = isnan(schedule->values[0]) ? at->whole : schedule->values[0];
    double done = t_max > 0 ? fmin(at->t / t_max, 1) : 1;
    return schedule->values[1] + (at->base - schedule->values[1]) * (1 + cos(M_PI * done)) / 2;
}

const dg_schedule_rule cosine_schedule = {
    .name = "cosine",
    .summary = "eta_min + (base − eta_min)(1 + cos(π·min(t/t_max, 1)))/2",
    .arguments = {{.name = "t_max", .range = DG_ARGUMENT_POSITIVE, .fallback = {NAN}},
                  {.name = "eta_min", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {0}}},
    .rate = rate,
};
