/* Schedules against their closed forms, with torch.optim.lr_scheduler's values at whole epochs. */
#include "small.h"

static double rate(const char *call, uint64_t step)
{
    dg_schedule schedule;
    MUST(dg_schedule_parse(call, &schedule));
    return dg_schedule_rate(&schedule, 0.5, step, 10, 20); /* base .5, 10 steps an epoch, 20 epochs */
}

Test(schedule, constant_stays)
{
    cr_assert_eq(rate("constant", 0), 0.5);
    cr_assert_eq(rate("constant()", 199), 0.5);
}

Test(schedule, step_falls_at_whole_epochs)
{
    cr_assert_eq(rate("step(step_size=5, gamma=0.1)", 49), 0.5);
    cr_assert_float_eq(rate("step(step_size=5, gamma=0.1)", 50), 0.05, 1e-15);
    cr_assert_float_eq(rate("step(5, 0.1)", 149), 0.005, 1e-15);
    cr_assert_float_eq(rate("step(step_size=7, gamma=0.5, per=step)", 21), 0.5 * 0.125, 1e-15);
}

Test(schedule, exponential_multiplies_each_epoch)
{
    cr_assert_eq(rate("exponential(gamma=0.9)", 9), 0.5);
    cr_assert_float_eq(rate("exponential(gamma=0.9)", 37), 0.5 * 0.729, 1e-15);
    cr_assert_float_eq(rate("exponential(gamma=0.9, per=step)", 3), 0.5 * 0.729, 1e-15);
}

Test(schedule, cosine_falls_over_the_whole_run)
{
    cr_assert_eq(rate("cosine", 0), 0.5);
    cr_assert_float_eq(rate("cosine", 100), 0.25, 1e-15);
    cr_assert_float_eq(rate("cosine(eta_min=0.1)", 200), 0.1, 1e-15);
    for (uint64_t epoch = 0; epoch <= 10; epoch++) /* CosineAnnealingLR(T_max=10, eta_min=.1) */
        cr_assert_float_eq(rate("cosine(t_max=10, eta_min=0.1)", epoch * 10),
                           0.1 + 0.4 * (1 + cos(M_PI * (double)epoch / 10)) / 2, 1e-15);
    cr_assert_float_eq(rate("cosine(t_max=10, eta_min=0.1)", 150), 0.1, 1e-15);
}

Test(schedule, warm_up_rises_linearly_and_shifts_the_rest)
{
    cr_assert_float_eq(rate("constant(warmup=2)", 0), 0.5 / 20, 1e-15);
    cr_assert_float_eq(rate("constant(warmup=2)", 19), 0.5, 1e-15);
    cr_assert_float_eq(rate("exponential(gamma=0.9, warmup=5, per=step)", 4), 0.5, 1e-15);
    cr_assert_float_eq(rate("exponential(gamma=0.9, warmup=5, per=step)", 6), 0.45, 1e-15);
    cr_assert_eq(rate("cosine(warmup=10)", 100), 0.5);
    cr_assert_float_eq(rate("cosine(warmup=10)", 150), 0.25, 1e-15);
    cr_assert_float_eq(rate("cosine(warmup=10)", 200), 0, 1e-15);
    cr_assert_eq(rate("step(step_size=5, gamma=0.1, warmup=3)", 79), 0.5);
    cr_assert_float_eq(rate("step(step_size=5, gamma=0.1, warmup=3)", 80), 0.05, 1e-15);
}

Test(schedule, prints_what_reads_back)
{
    static const char *const calls[] = {"constant",
                                        "step(3, 0.5, per=step)",
                                        "exponential(warmup=2)",
                                        "cosine",
                                        "cosine(t_max=7, eta_min=0.01)",
                                        "multistep([3, 8], gamma=0.5)",
                                        "onecycle(max_lr=0.2)",
                                        "formula('exp(-t / steps)')",
                                        "sequential([linear, cosine(per=step)], milestones=[4])"};
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        dg_schedule first, second;
        char text[DG_SCHEDULE_TEXT], again[DG_SCHEDULE_TEXT];
        MUST(dg_schedule_parse(calls[i], &first));
        MUST(dg_schedule_parse(dg_schedule_print(&first, text, sizeof text), &second));
        cr_assert_str_eq(dg_schedule_print(&second, again, sizeof again), text);
        dg_schedule_release(&first);
        dg_schedule_release(&second);
    }
    cr_assert_str_eq(dg_schedule_name_at(3), "cosine");
    size_t n = 0;
    while (dg_schedule_name_at(n))
        cr_assert(dg_schedule_rule_at(n++)->summary[0]);
    cr_assert(n >= 15, "%zu", n);
}

Test(schedule, rejects_calls_that_make_no_sense)
{
    static const char *const bad[] = {
        "cosin",           "step(step_size=0)",   "step(step_size=1.5)", "exponential(gamma=nan)",
        "cosine(t_max=0)", "constant(warmup=-1)", "constant(per=week)",  "constant(lr=1)"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        dg_schedule schedule;
        MUST_FAIL(DG_BAD_ARGUMENT, dg_schedule_parse(bad[i], &schedule));
    }
}

/* Rates, and momenta where they move, that PyTorch 2.15's torch.optim.lr_scheduler has before steps 0, 1, 3, 7, 12 and
 * 19 of 20 with the base rate 0.5. The plateau sees the losses below. */
static const struct {
    const char *call;
    double rates[6], momenta[6];
} torchs[] = {
    {"constant(factor=0.25, total_iters=4, per=step)", {0.125, 0.125, 0.125, 0.5, 0.5, 0.5}, {}},
    {"step(step_size=3, gamma=0.5, per=step)", {0.5, 0.5, 0.25, 0.125, 0.03125, 0.0078125}, {}},
    {"exponential(gamma=0.9, per=step)",
     {0.5, 0.45, 0.36450000000000005, 0.23914845000000007, 0.14121476824050008, 0.06754258588364964},
     {}},
    {"cosine(t_max=25, eta_min=0.1, per=step)",
     {0.5, 0.4984229402628956, 0.4859552971776504, 0.42748479794973815, 0.312558103905863, 0.15420627451571783},
     {}},
    {"multistep([3, 8], gamma=0.5, per=step)", {0.5, 0.5, 0.25, 0.25, 0.125, 0.125}, {}},
    {"linear(start_factor=0.25, end_factor=0.75, total_iters=8, per=step)",
     {0.125, 0.15625, 0.21875, 0.34375, 0.375, 0.375},
     {}},
    {"polynomial(total_iters=15, power=2, per=step)",
     {0.5, 0.4355555555555556, 0.32000000000000006, 0.14222222222222228, 0.020000000000000004, 0.0},
     {}},
    {"cosine_restarts(t_0=4, t_mult=2, eta_min=0.05, per=step)",
     {0.5, 0.4340990257669732, 0.11590097423302682, 0.3611037722821452, 0.5, 0.3188953224536289},
     {}},
    {"cosine_restarts(t_0=5, per=step)",
     {0.5, 0.45225424859373686, 0.17274575140626316, 0.32725424859373686, 0.32725424859373686, 0.047745751406263165},
     {}},
    {"onecycle(max_lr=1.5, per=step)",
     {0.06000000000000005, 0.19750776405003778, 1.0024922359499622, 1.4257269480202106, 0.750003, 6e-06},
     {0.95, 0.9404508497187474, 0.8845491502812526, 0.854951556604879, 0.8999999999999999, 0.95}},
    {"onecycle(max_lr=1.5, anneal_strategy=linear, three_phase=true, pct_start=0.4, per=step)",
     {0.06, 0.2657142857142857, 0.677142857142857, 1.5, 0.47142857142857153, 5.999999999999062e-06},
     {0.95, 0.9357142857142857, 0.9071428571428571, 0.85, 0.9214285714285714, 0.95}},
    {"cyclic(max_lr=1.5, step_size_up=4, per=step)",
     {0.5, 0.75, 1.25, 0.75, 1.5, 1.25},
     {0.9, 0.875, 0.8250000000000001, 0.875, 0.8, 0.8250000000000001}},
    {"cyclic(max_lr=1.5, step_size_up=2, step_size_down=4, mode=triangular2, per=step)",
     {0.5, 1.0000000000000002, 1.25, 0.7500000000000004, 0.5, 0.5624999999999998},
     {0.9, 0.85, 0.8250000000000001, 0.875, 0.9, 0.89375}},
    {"cyclic(max_lr=1.5, step_size_up=3, mode=exp_range, gamma=0.95, cycle_momentum=false, per=step)",
     {0.5, 0.8166666666666669, 1.3573749999999998, 0.732779098697917, 0.5, 0.6257845341784353},
     {}},
    {"0.9^t", {0.5, 0.45, 0.36450000000000005, 0.23914845000000004, 0.14121476824050005, 0.06754258588364964}, {}},
    {"formula('lr / (1 + t)')", {0.5, 0.25, 0.125, 0.0625, 0.038461538461538464, 0.025}, {}},
    {"multiplicative('1 - 0.01*t', per=step)",
     {0.5, 0.495, 0.47054699999999994, 0.37515319490879984, 0.221387480227668, 0.0651997509102356},
     {}},
    {"sequential([linear(total_iters=3), exponential(gamma=0.8)], milestones=[4])",
     {0.16666666666666666, 0.2777777777777778, 0.5, 0.25600000000000006, 0.08388608000000004, 0.017592186044416015},
     {}},
    {"chained([linear(total_iters=4), exponential(gamma=0.9)])",
     {0.16666666666666666, 0.225, 0.3037500000000001, 0.23914845000000007, 0.14121476824050008, 0.06754258588364964},
     {}},
    {"plateau(factor=0.5, patience=2, cooldown=1, threshold=1e-3)", {0.5, 0.5, 0.5, 0.5, 0.125, 0.0625}, {}},
};

Test(schedule, is_that_of_torch)
{
    static const uint64_t at[6] = {0, 1, 3, 7, 12, 19};
    double losses[20];
    for (int i = 0; i < 20; i++)
        losses[i] = i < 5 ? 1.0 / (1 + i) : 0.2 + 0.001 * (i % 3);
    for (size_t i = 0; i < sizeof torchs / sizeof torchs[0]; i++) {
        dg_schedule schedule;
        MUST(dg_schedule_parse(torchs[i].call, &schedule));
        cr_assert_eq(dg_schedule_moves_momentum(&schedule), torchs[i].momenta[0] > 0, "%s", torchs[i].call);
        for (int k = 0; k < 6; k++) {
            double momentum, found = dg_schedule_follow(&schedule, 0.5, at[k], 1, 20, (int)at[k], losses, &momentum);
            cr_assert(fabs(found - torchs[i].rates[k]) <= 1e-12, "%s, step %d: %.17g, expected %.17g", torchs[i].call,
                      (int)at[k], found, torchs[i].rates[k]);
            if (torchs[i].momenta[0] > 0)
                cr_assert(fabs(momentum - torchs[i].momenta[k]) <= 1e-12, "%s, step %d: momentum %.17g, expected %.17g",
                          torchs[i].call, (int)at[k], momentum, torchs[i].momenta[k]);
        }
        dg_schedule_release(&schedule);
    }
}

/* Every other epoch has no turn of the loss that is looked at. */
Test(schedule, plateau_passes_over_epochs_that_measured_nothing)
{
    const double losses[] = {NAN, 1, NAN, 0.9, NAN, 0.8, NAN, 0.8};
    dg_schedule schedule;
    MUST(dg_schedule_parse("plateau(factor=0.5, patience=0)", &schedule));
    cr_assert_eq(dg_schedule_follow(&schedule, 0.5, 7, 1, 20, 7, losses, NULL), 0.5);
    cr_assert_eq(dg_schedule_follow(&schedule, 0.5, 8, 1, 20, 8, losses, NULL), 0.25);
    dg_schedule_release(&schedule);
}
