/* One rise and one fall over the whole run, momentum against it (OneCycleLR; Smith, Topin: "Super-convergence",
 * 2019). Counts in steps; the peak is by default the optimiser's rate. */
#include <dotgrad/rules.h>

#include <math.h>

enum {
    MAX_LR,
    TOTAL_STEPS,
    PCT_START,
    ANNEAL,
    CYCLE_MOMENTUM,
    BASE_MOMENTUM,
    MAX_MOMENTUM,
    DIV,
    FINAL_DIV,
    THREE_PHASE
};

/* From `start` to `end`. */
static double between(const dg_schedule *schedule, double start, double end, double part)
{
    return schedule->values[ANNEAL] != 0 ? start + (end - start) * part
                                         : end + (start - end) / 2 * (1 + cos(M_PI * part));
}

/* Interpolates `values`, at the ends of the phases, at this point. */
static double along(const dg_schedule *schedule, const dg_schedule_point *at, const double values[4])
{
    double step = at->t * at->unit, start = schedule->values[PCT_START];
    double total = isnan(schedule->values[TOTAL_STEPS]) ? at->whole * at->unit : schedule->values[TOTAL_STEPS];
    bool three = schedule->values[THREE_PHASE] != 0;
    double ends[3] = {start * total - 1, three ? 2 * start * total - 2 : total - 1, total - 1}, begin = 0;
    int phase = 0, last = three ? 2 : 1;
    while (phase < last && step > ends[phase])
        begin = ends[phase++];
    double length = ends[phase] - begin, part = length > 0 ? (step - begin) / length : 1;
    return between(schedule, values[phase], values[phase + 1], fmin(fmax(part, 0), 1));
}

static double rate(const dg_schedule *schedule, const dg_schedule_point *at)
{
    double most = isnan(schedule->values[MAX_LR]) ? at->base : schedule->values[MAX_LR];
    double first = most / schedule->values[DIV], last = first / schedule->values[FINAL_DIV];
    bool three = schedule->values[THREE_PHASE] != 0;
    return along(schedule, at, (const double[4]){first, most, three ? first : last, last});
}

static double momentum(const dg_schedule *schedule, const dg_schedule_point *at)
{
    double low = schedule->values[BASE_MOMENTUM], high = schedule->values[MAX_MOMENTUM];
    return schedule->values[CYCLE_MOMENTUM] != 0 ? along(schedule, at, (const double[4]){high, low, high, high}) : NAN;
}

const dg_schedule_rule onecycle_schedule = {
    .name = "onecycle",
    .summary = "from max_lr/div_factor up to max_lr and down to its final_div_factor-th; momentum the other way",
    .arguments = {{.name = "max_lr", .range = DG_ARGUMENT_POSITIVE, .fallback = {NAN}},
                  {.name = "total_steps", .range = DG_ARGUMENT_COUNT, .fallback = {NAN}},
                  {.name = "pct_start", .range = DG_ARGUMENT_FRACTION, .fallback = {0.3}},
                  {.name = "anneal_strategy", .range = DG_ARGUMENT_CHOICE, .fallback = {0}, .choices = "cos|linear"},
                  {.name = "cycle_momentum", .range = DG_ARGUMENT_FLAG, .fallback = {1}},
                  {.name = "base_momentum", .range = DG_ARGUMENT_FRACTION, .fallback = {0.85}},
                  {.name = "max_momentum", .range = DG_ARGUMENT_FRACTION, .fallback = {0.95}},
                  {.name = "div_factor", .range = DG_ARGUMENT_POSITIVE, .fallback = {25}},
                  {.name = "final_div_factor", .range = DG_ARGUMENT_POSITIVE, .fallback = {1e4}},
                  {.name = "three_phase", .range = DG_ARGUMENT_FLAG, .fallback = {0}}},
    .rate = rate,
    .momentum = momentum,
};
