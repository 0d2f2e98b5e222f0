/* gather and scatter_add. */
#include "../support.h"

Test(gather, reads_along_a_dimension)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_input(t, DG_SHAPE(2, 3), DATA(1, 2, 3, 4, 5, 6));
    dg_node *i = trial_labels(t, DG_SHAPE(2, 2), DATA(2, 0, 1, 1)), *j = trial_labels(t, DG_SHAPE(1, 3), DATA(1, 0, 1));
    expect_values(trial_run(t, dg_gather(x, i, .dim = 1)), DG_SHAPE(2, 2), 0, DATA(3, 1, 5, 5));
    expect_values(trial_run(t, dg_gather(x, j)), DG_SHAPE(1, 3), 0, DATA(4, 2, 6));
    expect_values(trial_run(t, trial_grad(dg_gather(x, i, .dim = 1), x)), DG_SHAPE(2, 3), 0, DATA(1, 0, 1, 0, 2, 0));
    dg_node *g = trial_grad(dg_square(dg_gather(x, i, .dim = -1)), x);
    expect_values(trial_run(t, g), DG_SHAPE(2, 3), 0, DATA(2, 0, 6, 0, 20, 0));
    expect_values(trial_run(t, trial_grad(g, x)), DG_SHAPE(2, 3), 0, DATA(2, 0, 2, 0, 4, 0));
    trial_free(t);
}

Test(gather, keeps_the_element_type)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_feed(t, DG_BOOL, DG_SHAPE(3), DG_SHAPE(3), DATA(1, 0, 1));
    dg_node *i = trial_feed(t, DG_INT32, DG_SHAPE(4), DG_SHAPE(4), DATA(0, 1, 1, 2));
    const dg_tensor *y = trial_run(t, dg_gather(x, i));
    cr_expect_eq(y->dtype, DG_BOOL);
    expect_values(y, DG_SHAPE(4), 0, DATA(1, 0, 0, 1));
    trial_free(t);
}

Test(gather, names_an_index_that_is_out_of_range)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_input(t, DG_SHAPE(3), DATA(1, 2, 3)), *i = trial_labels(t, DG_SHAPE(2), DATA(0, 3));
    expect_failure(trial_try(t, dg_gather(x, i, .name = "g")), DG_BAD_DATA, "'g'");
    expect_failure(trial_try(t, dg_gather(x, i)), DG_BAD_DATA, "index 3 at place 1 is outside 0 … 2");
    expect_failure(trial_try(t, dg_gather(x, trial_labels(t, DG_SHAPE(1), DATA(-1)))), DG_BAD_DATA, "index -1");
    dg_gather(x, x);
    expect_failure(dg_graph_status(t->graph), DG_BAD_DTYPE, "float32");
    trial_free(t);
}

Test(gather, wants_an_index_that_fits)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_gather(trial_input(t, DG_SHAPE(2, 3), NULL), trial_labels(t, DG_SHAPE(3, 2), NULL), .dim = 1);
    expect_failure(dg_graph_status(t->graph), DG_BAD_SHAPE, "[3, 2]");
    trial_free(t);
}

Test(scatter_add, adds_what_points_to_one_place)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(4), DATA(1, 2, 4, 8)), *i = trial_labels(t, DG_SHAPE(4), DATA(2, 0, 2, 2));
    dg_node *like = trial_input(t, DG_SHAPE(3), DATA(9, 9, 9)), *y = dg_scatter_add(x, i, like);
    expect_values(trial_run(t, y), DG_SHAPE(3), 0, DATA(2, 0, 13));
    dg_node *weighted = dg_mul(y, trial_input(t, DG_SHAPE(3), DATA(1, 10, 100)));
    expect_values(trial_run(t, trial_grad(weighted, x)), DG_SHAPE(4), 0, DATA(100, 1, 100, 100));
    expect_values(trial_run(t, trial_grad(y, like)), DG_SHAPE(3), 0, DATA(0, 0, 0));
    dg_scatter_add(trial_input(t, DG_SHAPE(2), NULL), i, like);
    expect_failure(dg_graph_status(t->graph), DG_BAD_SHAPE, "must have the same shape");
    trial_free(t);
}
