/* Falls when the loss has stopped falling (ReduceLROnPlateau). The losses of the epochs done are gone through from
 * the first, so that nothing needs to be kept. */
#include <dotgrad/rules.h>

#include <math.h>

enum { FACTOR, PATIENCE, THRESHOLD, THRESHOLD_MODE, COOLDOWN, MIN_LR, EPS };

static bool is_better(const dg_schedule *schedule, double loss, double best)
{
    double threshold = schedule->values[THRESHOLD];
    return schedule->values[THRESHOLD_MODE] != 0 ? loss < best - threshold : loss < best * (1 - threshold);
}

static double rate(const dg_schedule *schedule, const dg_schedule_point *at)
{
    double best = INFINITY, now = at->base, bad = 0, rest = 0;
    for (int i = 0; i < at->n_losses; i++) {
        if (isnan(at->losses[i])) /* not measured: the turns of that epoch were other losses' */
            continue;
        if (is_better(schedule, at->losses[i], best)) {
            best = at->losses[i];
            bad = 0;
        } else {
            bad++;
        }
        if (rest > 0) {
            rest--;
            bad = 0;
        }
        if (bad > schedule->values[PATIENCE]) {
            double next = fmax(now * schedule->values[FACTOR], schedule->values[MIN_LR]);
            now = now - next > schedule->values[EPS] ? next : now;
            rest = schedule->values[COOLDOWN];
            bad = 0;
        }
    }
    return now;
}

const dg_schedule_rule plateau_schedule = {
    .name = "plateau",
    .summary = "times factor after more than `patience` epochs without a better loss (validation's where there is one)",
    .arguments = {{.name = "factor", .range = DG_ARGUMENT_FRACTION, .fallback = {0.1}},
                  {.name = "patience", .range = DG_ARGUMENT_NATURAL, .fallback = {10}},
                  {.name = "threshold", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {1e-4}},
                  {.name = "threshold_mode", .range = DG_ARGUMENT_CHOICE, .fallback = {0}, .choices = "rel|abs"},
                  {.name = "cooldown", .range = DG_ARGUMENT_NATURAL, .fallback = {0}},
                  {.name = "min_lr", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {0}},
                  {.name = "eps", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {1e-8}}},
    .rate = rate,
    .follows_losses = true,
};
