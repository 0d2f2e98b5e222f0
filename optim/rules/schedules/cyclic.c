/* Up and down between the base rate and max_lr, again and again, momentum against it (CyclicLR; Smith: "Cyclical
 * learning rates for training neural networks", 2017). */
#include <dotgrad/rules.h>

#include <math.h>

enum { MAX_LR, SIZE_UP, SIZE_DOWN, MODE, GAMMA, CYCLE_MOMENTUM, BASE_MOMENTUM, MAX_MOMENTUM };

/* Where between the two it is: 0 at the base, 1 at the peak of the first cycle. */
static double height(const dg_schedule *schedule, const dg_schedule_point *at)
{
    double up = schedule->values[SIZE_UP], down = isnan(schedule->values[SIZE_DOWN]) ? up : schedule->values[SIZE_DOWN];
    double size = up + down, ratio = up / size, cycle = floor(1 + at->t / size), x = 1 + at->t / size - cycle;
    double scale = x <= ratio ? x / ratio : (x - 1) / (ratio - 1);
    int mode = (int)schedule->values[MODE];
    return scale * (mode == 1 ? pow(2, 1 - cycle) : mode == 2 ? pow(schedule->values[GAMMA], at->t) : 1);
}

static double rate(const dg_schedule *schedule, const dg_schedule_point *at)
{
    return at->base + (schedule->values[MAX_LR] - at->base) * height(schedule, at);
}

static double momentum(const dg_schedule *schedule, const dg_schedule_point *at)
{
    double low = schedule->values[BASE_MOMENTUM], high = schedule->values[MAX_MOMENTUM];
    return schedule->values[CYCLE_MOMENTUM] != 0 ? high - (high - low) * height(schedule, at) : NAN;
}

const dg_schedule_rule cyclic_schedule = {
    .name = "cyclic",
    .summary = "from base to max_lr in step_size_up units and back in step_size_down, again and again",
    .arguments =
        {{.name = "max_lr", .range = DG_ARGUMENT_POSITIVE, .required = true},
         {.name = "step_size_up", .range = DG_ARGUMENT_POSITIVE, .fallback = {2000}},
         {.name = "step_size_down", .range = DG_ARGUMENT_POSITIVE, .fallback = {NAN}},
         {.name = "mode", .range = DG_ARGUMENT_CHOICE, .fallback = {0}, .choices = "triangular|triangular2|exp_range"},
         {.name = "gamma", .range = DG_ARGUMENT_POSITIVE, .fallback = {1}},
         {.name = "cycle_momentum", .range = DG_ARGUMENT_FLAG, .fallback = {1}},
         {.name = "base_momentum", .range = DG_ARGUMENT_FRACTION, .fallback = {0.8}},
         {.name = "max_momentum", .range = DG_ARGUMENT_FRACTION, .fallback = {0.9}}},
    .rate = rate,
    .momentum = momentum,
};
