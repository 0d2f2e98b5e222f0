/* Data sets, their splits, and mini-batches. */
#include "small.h"

#include "optim/batch/batch.h"

static void count_rows(const int64_t *rows, int64_t count, int *seen)
{
    for (int64_t i = 0; i < count; i++) {
        seen[rows[i]]++;
        cr_assert(i == 0 || rows[i - 1] < rows[i], "a list is in order");
    }
}

Test(dataset, split_deals_every_row_once)
{
    dg_dataset data = three_clusters(101);
    MUST(dg_dataset_split(&data, 0.25, 0.1, 3));
    cr_assert_eq(data.n_test, 25);
    cr_assert_eq(data.n_validation, 10);
    cr_assert_eq(data.n_train, 66);
    int seen[101] = {0};
    count_rows(data.train, data.n_train, seen);
    count_rows(data.validation, data.n_validation, seen);
    count_rows(data.test, data.n_test, seen);
    for (int i = 0; i < 101; i++)
        cr_assert_eq(seen[i], 1);
    dg_dataset again = three_clusters(101), other = three_clusters(101);
    MUST(dg_dataset_split(&again, 0.25, 0.1, 3));
    MUST(dg_dataset_split(&other, 0.25, 0.1, 4));
    cr_assert_arr_eq(data.test, again.test, 25 * sizeof(int64_t));
    cr_assert_arr_neq(data.test, other.test, 25 * sizeof(int64_t));
    dg_dataset_release(&data);
    dg_dataset_release(&again);
    dg_dataset_release(&other);
}

Test(dataset, published_split_and_validation_from_training_rows)
{
    dg_dataset data = three_clusters(50);
    MUST(dg_dataset_split_at(&data, 40));
    MUST(dg_dataset_take_validation(&data, 0.25, 1));
    cr_assert_eq(data.n_train, 30);
    cr_assert_eq(data.n_validation, 10);
    cr_assert_eq(data.n_test, 10);
    int seen[50] = {0};
    count_rows(data.train, data.n_train, seen);
    count_rows(data.validation, data.n_validation, seen);
    for (int i = 0; i < 40; i++)
        cr_assert_eq(seen[i], 1);
    for (int i = 0; i < 10; i++)
        cr_assert_eq(data.test[i], 40 + i);
    dg_dataset_release(&data);
}

Test(dataset, says_what_is_wrong)
{
    dg_dataset data = three_clusters(10), empty;
    int64_t rows;
    dg_tensor *made;
    MUST(dg_dataset_new(&empty));
    MUST_FAIL(DG_BAD_DATA, dg_dataset_rows(&empty, &rows));
    MUST_FAIL(DG_BAD_ARGUMENT, dg_dataset_split(&data, 1, 0, 1));
    MUST_FAIL(DG_BAD_ARGUMENT, dg_dataset_split(&data, -0.1, 0, 1));
    MUST_FAIL(DG_BAD_ARGUMENT, dg_dataset_split(&data, 0, NAN, 1));
    MUST_FAIL(DG_BAD_ARGUMENT, dg_dataset_split(&data, 0.5, 0.5, 1));
    dg_status status = dg_dataset_split(&data, 0.5, 0.5, 1);
    cr_expect_not_null(strstr(status.message, "use a smaller validation, or test=0"), "%s", status.message);
    MUST_FAIL(DG_BAD_ARGUMENT, dg_dataset_split_at(&data, 11));
    MUST(dg_tensors_add(data.fields, "more", DG_FLOAT32, DG_SHAPE(9, 2), &made));
    MUST_FAIL(DG_BAD_SHAPE, dg_dataset_rows(&data, &rows));
    dg_dataset_release(&data);
    dg_dataset_release(&empty);
}

Test(batch, gathers_rows_in_order_and_a_smaller_last_one)
{
    dg_dataset data = three_clusters(10);
    network net = small_classifier(0);
    dg_task task = {.graph = net.graph, .loss = net.loss, .data = &data};
    field_sources sources;
    batch b;
    MUST(fields_bind(&task, &net.loss, 1, &sources));
    cr_assert_eq(sources.count, 2);
    MUST(batch_make(&b, &sources, 4, 0));
    static const int64_t list[] = {9, 8, 7, 6, 5, 4}, order[] = {5, 0, 1, 4, 2, 3};
    batch_gather(&b, (dg_rows){list, 6}, order, 4, 2);
    const dg_tensor *x = b.feeds[0].tensor, *label = b.feeds[1].tensor;
    cr_assert_eq(b.feeds[0].node, net.x);
    cr_assert_eq(x->shape.dims[0], 2);
    cr_assert_eq(label->shape.dims[0], 2);
    for (int64_t i = 0; i < 2; i++) {
        int64_t row = list[order[4 + i]];
        cr_assert_eq(dg_tensor_get(label, i), (double)(row % 3));
        cr_assert_eq(dg_tensor_get(x, 2 * i), dg_tensor_get(dg_tensors_find(data.fields, "features"), 2 * row));
    }
    batch_gather(&b, (dg_rows){NULL, 10}, NULL, 4, 4);
    cr_assert_eq(b.feeds[1].tensor->shape.dims[0], 4);
    cr_assert_eq(dg_tensor_get(b.feeds[1].tensor, 0), 1);
    batch_release(&b);
    fields_release(&sources);
    network_release(&net);
    dg_dataset_release(&data);
}

Test(fields, take_the_shape_and_type_of_the_input)
{
    dg_dataset data;
    dg_tensor *pixels, *target;
    dg_graph *graph;
    field_sources sources;
    MUST(dg_dataset_new(&data));
    MUST(dg_tensors_add(data.fields, "features", DG_INT32, DG_SHAPE(3, 12), &pixels));
    MUST(dg_tensors_add(data.fields, "target", DG_FLOAT64, DG_SHAPE(3, 1), &target));
    for (int64_t i = 0; i < 36; i++)
        dg_tensor_set(pixels, i, (double)i);
    MUST(dg_graph_new(&graph));
    dg_node *x = dg_input(graph, DG_SHAPE(DG_N, 1, 3, 4), .name = "x");
    dg_node *label = dg_input(graph, DG_SHAPE(DG_N), .dtype = DG_INT64, .name = "label");
    dg_node *loss = dg_cross_entropy(dg_linear(dg_flatten(x), 2), label);
    dg_task task = {.graph = graph, .loss = loss, .data = &data};
    MUST(fields_bind(&task, &loss, 1, &sources));
    cr_assert_eq(sources.at[0].rows.dtype, DG_FLOAT32);
    cr_assert(dg_shape_equal(&sources.at[0].rows.shape, &DG_SHAPE(3, 1, 3, 4)));
    cr_assert_eq(dg_tensor_get(&sources.at[0].rows, 35), 35);
    cr_assert(dg_shape_equal(&sources.at[1].rows.shape, &DG_SHAPE(3)));
    fields_release(&sources);
    dg_tensor_set(target, 2, 0.5);
    MUST_FAIL(DG_BAD_DATA, fields_bind(&task, &loss, 1, &sources));
    dg_graph_free(graph);
    dg_dataset_release(&data);
}

Test(fields, go_by_attribute_by_the_loss_and_by_name)
{
    dg_dataset data = three_clusters(6);
    dg_tensor *weight;
    MUST(dg_tensors_add(data.fields, "weight", DG_FLOAT32, DG_SHAPE(6, 1), &weight));
    dg_graph *graph;
    field_sources sources;
    MUST(dg_graph_new(&graph));
    dg_node *t = dg_input(graph, DG_SHAPE(DG_N, 1), .name = "t");
    dg_node *w = dg_input(graph, DG_SHAPE(DG_N, 1), .field = "weight", .name = "w");
    dg_node *x = dg_input(graph, DG_SHAPE(DG_N, 2), .name = "x");
    dg_node *loss = dg_mse_loss(dg_mul(dg_linear(x, 1), w), t);
    dg_task task = {.graph = graph, .loss = loss, .data = &data};
    MUST(fields_bind(&task, &loss, 1, &sources));
    cr_assert_str_eq(sources.at[0].field, "target");
    cr_assert_str_eq(sources.at[1].field, "weight");
    cr_assert_str_eq(sources.at[2].field, "features");
    fields_release(&sources);
    const dg_input_field chosen[] = {{w, "target"}, {t, "weight"}};
    task.inputs = chosen;
    task.n_inputs = 2;
    MUST(fields_bind(&task, &loss, 1, &sources));
    cr_assert_str_eq(sources.at[0].field, "weight");
    cr_assert_str_eq(sources.at[1].field, "target");
    fields_release(&sources);
    dg_graph_free(graph);
    dg_dataset_release(&data);
}

Test(fields, an_autoencoder_has_no_target_field)
{
    dg_dataset data = three_clusters(6);
    dg_graph *graph;
    field_sources sources;
    MUST(dg_graph_new(&graph));
    dg_node *x = dg_input(graph, DG_SHAPE(DG_N, 2), .name = "x");
    dg_node *loss = dg_mse_loss(dg_linear(dg_linear(x, 1), 2), x);
    dg_task task = {.graph = graph, .loss = loss, .data = &data};
    MUST(fields_bind(&task, &loss, 1, &sources));
    cr_assert_eq(sources.count, 1);
    cr_assert_str_eq(sources.at[0].field, "features");
    fields_release(&sources);
    dg_graph_free(graph);
    dg_dataset_release(&data);
}

Test(fields, say_what_does_not_fit)
{
    dg_dataset data = three_clusters(6);
    dg_graph *graph;
    field_sources sources;
    MUST(dg_graph_new(&graph));
    dg_node *x = dg_input(graph, DG_SHAPE(DG_N, 3), .name = "x");
    dg_node *a = dg_input(graph, DG_SHAPE(DG_N, 2), .name = "a"), *b = dg_input(graph, DG_SHAPE(DG_N, 2), .name = "b");
    dg_node *no_such = dg_input(graph, DG_SHAPE(DG_N, 2), .field = "colour", .name = "c");
    dg_node *both = dg_add(a, b);
    dg_task task = {.graph = graph, .data = &data};
    MUST_FAIL(DG_BAD_SHAPE, fields_bind(&task, &x, 1, &sources));
    MUST_FAIL(DG_BAD_ARGUMENT, fields_bind(&task, &both, 1, &sources));
    MUST_FAIL(DG_BAD_ARGUMENT, fields_bind(&task, &no_such, 1, &sources));
    dg_status status = fields_bind(&task, &no_such, 1, &sources);
    cr_expect_str_eq(status.message,
                     "input 'c': the data set has no field 'colour'; there are features, target: give the "
                     "input the name of its field, or field=…");
    static const int64_t wrong[] = {0, 6};
    MUST_FAIL(DG_BAD_ARGUMENT, rows_check((dg_rows){wrong, 2}, 6, "rows"));
    dg_graph_free(graph);
    dg_dataset_release(&data);
}
