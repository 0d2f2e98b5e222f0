/* Cosines that begin again, each t_mult times as long as the one before (CosineAnnealingWarmRestarts;
 * Loshchilov, Hutter: "SGDR: stochastic gradient descent with warm restarts", 2017, equation 5). */
#include <dotgrad/rules.h>

#include <math.h>

static double rate(const dg_schedule *schedule, const dg_schedule_point *at)
{
    double length = schedule->values[0], mult = schedule->values[1], eta_min = schedule->values[2], t = at->t;
    if (mult == 1) {
        t = fmod(t, length);
    } else {
        while (t >= length) {
            t -= length;
            length *= mult;
        }
    }
    return eta_min + (at->base - eta_min) * (1 + cos(M_PI * t / length)) / 2;
}

const dg_schedule_rule cosine_restarts_schedule = {
    .name = "cosine_restarts",
    .summary = "a cosine from base to eta_min over t_0 units, then again over t_0·t_mult, …",
    .arguments = {{.name = "t_0", .range = DG_ARGUMENT_COUNT, .fallback = {10}},
                  {.name = "t_mult", .range = DG_ARGUMENT_COUNT, .fallback = {1}},
                  {.name = "eta_min", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {0}}},
    .rate = rate,
};
