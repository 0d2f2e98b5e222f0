/* einsum. */
#include "../support.h"

#define EINSUM(equation, ...)                                                                                          \
    dg_einsum_at(DG_HERE, (int)(sizeof((dg_node *[]){__VA_ARGS__}) / sizeof(dg_node *)), (dg_node *[]){__VA_ARGS__},   \
                 equation, dg_einsum_defaults)

Test(einsum, of_two_operands)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *a = trial_input(t, DG_SHAPE(2, 3), DATA(1, 2, 3, 4, 5, 6)),
            *v = trial_input(t, DG_SHAPE(3), DATA(1, 0, 2));
    dg_node *b = trial_input(t, DG_SHAPE(2, 3), DATA(1, 1, 1, 2, 0, 1));
    expect_values(trial_run(t, EINSUM("ij,kj->ik", a, b)), DG_SHAPE(2, 2), 0, DATA(6, 5, 15, 14));
    expect_values(trial_run(t, EINSUM("ij,ij", a, b)), dg_scalar(), 0, DATA(20));
    expect_values(trial_run(t, EINSUM("ij, ij -> i", a, b)), DG_SHAPE(2), 0, DATA(6, 14));
    expect_values(trial_run(t, EINSUM("ij,j", a, v)), DG_SHAPE(2), 0, DATA(7, 16));
    expect_values(trial_run(t, EINSUM("j,ij->ji", v, a)), DG_SHAPE(3, 2), 0, DATA(1, 4, 0, 0, 6, 12));
    expect_values(trial_run(t, EINSUM("ij,kl->jl", a, b)), DG_SHAPE(3, 3), 0, DATA(15, 5, 10, 21, 7, 14, 27, 9, 18));
    trial_free(t);
}

Test(einsum, of_one_operand)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *a = trial_input(t, DG_SHAPE(2, 2), DATA(1, 2, 3, 4));
    expect_values(trial_run(t, EINSUM("ii", a)), dg_scalar(), 0, DATA(5));
    expect_values(trial_run(t, EINSUM("ii->i", a)), DG_SHAPE(2), 0, DATA(1, 4));
    expect_values(trial_run(t, EINSUM("ba", a)), DG_SHAPE(2, 2), 0, DATA(1, 3, 2, 4));
    expect_values(trial_run(t, EINSUM("ij->", a)), dg_scalar(), 0, DATA(10));
    expect_values(trial_run(t, EINSUM("ij->ij", a)), DG_SHAPE(2, 2), 0, DATA(1, 2, 3, 4));
    expect_values(trial_run(t, trial_grad(EINSUM("ii", a), a)), DG_SHAPE(2, 2), 0, DATA(1, 0, 0, 1));
    trial_free(t);
}

Test(einsum, of_three_with_repeated_labels)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *a = trial_input(t, DG_SHAPE(2, 2), DATA(1, 2, 3, 4)), *v = trial_input(t, DG_SHAPE(2), DATA(10, 1));
    expect_values(trial_run(t, EINSUM("ii,j,jk->ik", a, v, a)), DG_SHAPE(2, 2), 0, DATA(13, 24, 52, 96));
    expect_values(trial_run(t, EINSUM("i,ij,j", v, a, v)), dg_scalar(), 0, DATA(154));
    trial_free(t);
}

Test(einsum, broadcasts_what_dots_stand_for)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *a = trial_input(t, DG_SHAPE(2, 1, 2), DATA(1, 2, 3, 4)),
            *b = trial_input(t, DG_SHAPE(2, 2), DATA(1, 0, 0, 2));
    expect_values(trial_run(t, EINSUM("...i,ij->...j", a, b)), DG_SHAPE(2, 1, 2), 0, DATA(1, 4, 3, 8));
    expect_values(trial_run(t, EINSUM("...,...", a, b)), DG_SHAPE(2, 2, 2), 0, DATA(1, 0, 0, 4, 3, 0, 0, 8));
    expect_values(trial_run(t, EINSUM("...i->i...", a)), DG_SHAPE(2, 2, 1), 0, DATA(1, 3, 2, 4));
    expect_values(trial_run(t, EINSUM("abc,cb->a", a, b)), DG_SHAPE(2), 0, DATA(5, 11));
    trial_free(t);
}

Test(einsum, takes_sizes_that_are_not_known)
{
    trial *t = trial_new(DG_FLOAT64);
    int64_t length = dg_symbol(t->graph, "T");
    dg_node *a = trial_feed(t, DG_FLOAT64, DG_SHAPE(DG_N, length, 2), DG_SHAPE(2, 3, 2),
                            DATA(1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3));
    dg_node *y = EINSUM("nqd,nkd->nqk", a, a);
    expect_values(trial_run(t, y), DG_SHAPE(2, 3, 3), 0,
                  DATA(5, 11, 17, 11, 25, 39, 17, 39, 61, 113, 71, 38, 71, 82, 21, 38, 21, 13));
    expect_values(trial_run(t, EINSUM("ntd,nte->de", a, a)), DG_SHAPE(2, 2), 0, DATA(169, 115, 115, 130));
    expect_values(trial_run(t, trial_grad(y, a)), DG_SHAPE(2, 3, 2), 0,
                  DATA(18, 24, 18, 24, 18, 24, 36, 24, 36, 24, 36, 24));
    trial_free(t);
}

Test(einsum, of_empty_tensors)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *a = trial_input(t, DG_SHAPE(2, 0), NULL), *b = trial_input(t, DG_SHAPE(0, 2), NULL);
    expect_values(trial_run(t, EINSUM("ij,jk->ik", a, b)), DG_SHAPE(2, 2), 0, DATA(0, 0, 0, 0));
    expect_values(trial_run(t, EINSUM("ij,jk->i", a, b)), DG_SHAPE(2), 0, DATA(0, 0));
    trial_free(t);
}

static void expect_bad(dg_code code, const char *equation, const char *text)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *a = trial_input(t, DG_SHAPE(2, 3), NULL), *b = trial_input(t, DG_SHAPE(3, 2), NULL);
    EINSUM(equation, a, b);
    expect_failure(dg_graph_status(t->graph), code, text);
    trial_free(t);
}

Test(einsum, says_what_is_wrong)
{
    expect_bad(DG_BAD_SHAPE, "ij,ij", "label 'i' has sizes 2 and 3");
    expect_bad(DG_BAD_SHAPE, "ii,jk", "label 'i' has sizes 2 and 3 in one operand");
    expect_bad(DG_BAD_ARGUMENT, "ij", "is not one of 2 operands");
    expect_bad(DG_BAD_ARGUMENT, "ij,jk,k", "is not one of 2 operands");
    expect_bad(DG_BAD_SHAPE, "ijk,jk", "an operand has 2 dimensions, the equation's 'ijk' labels 3");
    expect_bad(DG_BAD_ARGUMENT, "ij,jk->iz", "the result's label 'z' is in no operand");
    expect_bad(DG_BAD_ARGUMENT, "ij,jk->ii", "the result's label 'i' is there twice");
    expect_bad(DG_BAD_ARGUMENT, "i1,jk", "'1'");
}
