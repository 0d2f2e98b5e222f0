/* Every op's derivatives against finite differences, on the samples of its descriptor. */
#include "../sweeps.h"
#include "run.h"

#include <criterion/parameterized.h>
#include <stdio.h>

/* Inputs that are declared to have no gradient, as in PyTorch, though the value follows them. */
static bool has_none(const dg_op *op, const char *input)
{
    static const char *const none[][2] = {{"cross_entropy", "weight"}, {"nll_loss", "weight"}};
    for (size_t k = 0; k < sizeof none / sizeof *none; k++)
        if (strcmp(op->name, none[k][0]) == 0 && strcmp(input, none[k][1]) == 0)
            return true;
    return false;
}

static void check_op(const dg_op *op, uint64_t seed)
{
    dg_check_report *report;
    dg_status status = dg_check_op(op, &(dg_check_options){.seed = seed}, &report);
    cr_expect_eq(status.code, DG_OK, "%s: %s", op->name, status.message);
    if (status.code != DG_OK)
        return;
    for (size_t k = 0; k < report->count; k++) {
        const dg_check_entry *e = &report->entries[k];
        cr_expect_eq(e->failed, 0, "%s: %s, order %d, %s mode: %d of %d wrong; element %d: expected %.10g, found %.10g",
                     e->call, e->node, e->order, e->forward ? "forward" : "reverse", (int)e->failed, (int)e->checked,
                     (int)e->element, e->expected, e->found);
        cr_expect(e->skipped == 0 || has_none(op, e->node), "%s: %s: %d comparisons say nothing", e->call, e->node,
                  (int)e->skipped);
    }
    dg_check_report_free(report);
}

enum { GROUPS = 8 };

ParameterizedTestParameters(samples, derivatives_agree_with_finite_differences)
{
    static int groups[GROUPS];
    for (int k = 0; k < GROUPS; k++)
        groups[k] = k;
    return cr_make_param_array(int, groups, GROUPS);
}

ParameterizedTest(int *group, samples, derivatives_agree_with_finite_differences)
{
    uint64_t seeds = sweeps_are_few() ? 1 : 3;
    for (size_t i = 0; i < dg_op_count(); i++)
        if ((int)(i % GROUPS) == *group)
            for (uint64_t seed = 1; seed <= seeds; seed++)
                check_op(dg_op_at(i), seed);
}

Test(samples, every_op_has_some)
{
    for (size_t i = 0; i < dg_op_count(); i++) {
        const dg_op *op = dg_op_at(i);
        bool source = op->role != DG_ROLE_NONE || (dg_op_input_count(op) == 0 && !(op->flags & DG_ANY_INPUTS));
        cr_expect(op->samples || source || (op->flags & DG_NOT_DIFFERENTIABLE), "op '%s' has no samples", op->name);
    }
}
