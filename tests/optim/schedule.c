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
    cr_assert_str_eq(dg_schedule_known(3), "cosine");
    size_t n = 0;
    while (dg_schedule_known(n))
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
