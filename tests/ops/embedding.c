/* Rows by number: values and gradients by hand, padding, many indices on several threads, failures. */
#include "../support.h"

Test(embedding, reads_rows_and_adds_their_gradients)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *i = trial_labels(t, DG_SHAPE(2, 2), DATA(2, 0, 2, 2));
    dg_node *w = trial_input(t, DG_SHAPE(3, 2), DATA(1, 2, 3, 4, 5, 6)), *y = dg_embedding(i, .weight = w);
    expect_values(trial_run(t, y), DG_SHAPE(2, 2, 2), 0, DATA(5, 6, 1, 2, 5, 6, 5, 6));
    expect_values(trial_run(t, trial_grad(dg_sum(y), w)), DG_SHAPE(3, 2), 0, DATA(1, 1, 0, 0, 3, 3));
    trial_free(t);
}

Test(embedding, gives_padding_no_gradient_and_starts_it_at_0)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *i = trial_labels(t, DG_SHAPE(3), DATA(2, 1, 2));
    dg_node *w = trial_input(t, DG_SHAPE(3, 1), DATA(1, 2, 3));
    dg_node *y = dg_embedding(i, .weight = w, .padding_idx = -1);
    expect_values(trial_run(t, y), DG_SHAPE(3, 1), 0, DATA(3, 2, 3));
    expect_values(trial_run(t, trial_grad(dg_sum(y), w)), DG_SHAPE(3, 1), 0, DATA(0, 1, 0));
    trial_run(t, dg_embedding(i, .num_embeddings = 3, .embedding_dim = 2, .padding_idx = 1, .name = "table"));
    const dg_tensor *table = dg_tensors_find(t->parameters, "table.weight");
    for (int64_t k = 0; k < 6; k++)
        cr_expect_eq(dg_tensor_get(table, k) == 0, k == 2 || k == 3);
    trial_free(t);
}

Test(index_select, takes_any_dimension)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *i = trial_labels(t, DG_SHAPE(2), DATA(2, 0));
    dg_node *x = trial_input(t, DG_SHAPE(2, 3), DATA(1, 2, 3, 4, 5, 6)), *y = dg_index_select(x, i, .dim = 1);
    expect_values(trial_run(t, y), DG_SHAPE(2, 2), 0, DATA(3, 1, 6, 4));
    expect_values(trial_run(t, dg_index_add_like(y, i, x, .dim = 1)), DG_SHAPE(2, 3), 0, DATA(1, 0, 3, 4, 0, 6));
    trial_free(t);
}

enum { ROWS = 50, WIDTH = 300, COUNT = 400 };

Test(index_add_like, adds_the_same_on_several_threads)
{
    static double index[COUNT], values[COUNT * WIDTH], wants[ROWS * WIDTH];
    for (int i = 0; i < COUNT; i++) {
        index[i] = i * 7 % (ROWS - 1);
        for (int k = 0; k < WIDTH; k++) {
            values[i * WIDTH + k] = (i + k) % 11;
            wants[(int)index[i] * WIDTH + k] += values[i * WIDTH + k];
        }
    }
    trial *t = trial_new(DG_FLOAT32);
    must(dg_threads_new(3, &t->threads));
    dg_node *i = trial_labels(t, DG_SHAPE(COUNT), index), *x = trial_input(t, DG_SHAPE(COUNT, WIDTH), values);
    dg_node *like = trial_input(t, DG_SHAPE(ROWS, WIDTH), NULL);
    expect_values(trial_run(t, dg_index_add_like(x, i, like)), DG_SHAPE(ROWS, WIDTH), 0, wants);
    dg_plan_free(t->plan);
    t->plan = NULL;
    dg_threads_free(t->threads);
    trial_free(t);
}

Test(one_hot, is_of_whole_numbers)
{
    trial *t = trial_new(DG_FLOAT32);
    const dg_tensor *y = trial_run(t, dg_one_hot(trial_labels(t, DG_SHAPE(2), DATA(2, 0)), 3));
    cr_expect_eq(y->dtype, DG_INT64);
    expect_values(y, DG_SHAPE(2, 3), 0, DATA(0, 0, 1, 1, 0, 0));
    trial_free(t);
}

Test(embedding, tells_what_does_not_fit)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *i = trial_labels(t, DG_SHAPE(2), DATA(0, 3)), *w = trial_input(t, DG_SHAPE(3, 2), NULL);
    expect_failure(trial_try(t, dg_embedding(i, .weight = w)), DG_BAD_DATA, "index 3 at place 1 is outside 0 … 2");
    expect_failure(trial_try(t, dg_one_hot(i, 3)), DG_BAD_DATA, "index 3 at place 1 is outside 0 … 2");
    dg_embedding(i);
    expect_failure(dg_graph_status(t->graph), DG_BAD_ARGUMENT, "neither a weight nor num_embeddings");
    trial_free(t);
    t = trial_new(DG_FLOAT32);
    dg_embedding(trial_input(t, DG_SHAPE(2), NULL), .num_embeddings = 2, .embedding_dim = 2);
    expect_failure(dg_graph_status(t->graph), DG_BAD_DTYPE, "input is float32, expected int64 or int32");
    trial_free(t);
}
