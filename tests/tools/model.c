/* Trained runs through the library: opened with one call, read and predicted with from several threads. */
#include "command.h"

#include <dotgrad/model.h>
#include <math.h>
#include <pthread.h>

#define THREADS 4
#define CALLS   25

static void train_flowers(void)
{
    make_folder();
    write_text("flowers.csv", "length,width,kind\n100,1,tulip\n110,2,tulip\n105,1.5,tulip\n300,9,rose\n310,8,rose\n"
                              "305,8.5,rose\n");
    write_text("g.dot", "digraph { graph [data=\"flowers.csv(test=0)\", epochs=100, optimizer=\"adam(lr=0.05)\"];\n"
                        "  x [op=\"input([N, 2])\"]; t [op=\"input([N], dtype=int64)\"]; h [op=\"linear(8)\"];\n"
                        "  a [op=tanh]; output [op=\"linear(2)\"]; loss [op=cross_entropy];\n"
                        "  x -> h -> a -> output -> loss; t -> loss [arg=target]; }\n");
    expect_fine(dotgrad("train g.dot -o run"));
}

TestSuite(model, .init = train_flowers, .fini = remove_folder);

#define MUST(call)                                                                                                     \
    do {                                                                                                               \
        dg_status status_ = (call);                                                                                    \
        cr_assert_eq(status_.code, DG_OK, "%s", status_.message);                                                      \
    } while (0)

Test(model, opens_with_graph_weights_scaling_columns_and_classes)
{
    dg_model *model;
    dg_data *data;
    dg_tensor result, rows;
    MUST(dg_model_open("run", NULL, &model));
    cr_assert_eq(dg_model_kind_of(model), DG_MODEL_CLASSES);
    cr_assert_eq(dg_model_class_count(model), 2);
    cr_assert_str_eq(dg_model_class(model, 1), "tulip");
    cr_assert_str_eq(dg_node_name(dg_model_output(model)), "output");
    cr_assert_eq(dg_tensors_count(dg_model_parameters(model)), 4);
    write_text("new.csv", "width,length\n1,102\n9,306\n");
    MUST(dg_model_read(model, "new.csv", &data));
    MUST(dg_model_predict(model, dg_data_set(data), &result));
    cr_assert_eq(result.shape.dims[0], 2);
    cr_assert_gt(dg_tensor_get(&result, 1), 0.8);
    cr_assert_gt(dg_tensor_get(&result, 2), 0.8);
    cr_assert_float_eq(dg_tensor_get(&result, 0) + dg_tensor_get(&result, 1), 1, 1e-12);
    const double numbers[] = {102, 1, 306, 9};
    dg_tensor same;
    rows = dg_tensor_view(DG_FLOAT64, DG_SHAPE(2, 2), numbers);
    MUST(dg_model_predict_features(model, &rows, &same));
    cr_assert_arr_eq(same.data, result.data, 4 * sizeof(double));
    dg_tensor_release(&same);
    dg_tensor_release(&result);
    dg_data_free(data);
    dg_model_free(model);
}

Test(model, graph_files_take_weights_and_other_nodes)
{
    dg_model *model;
    dg_tensor result;
    const float numbers[] = {200, 5};
    const dg_tensor rows = dg_tensor_view(DG_FLOAT32, DG_SHAPE(1, 2), numbers);
    MUST(dg_model_open("g.dot", &(dg_model_options){.weights = "run", .output = "a", .threads = 1}, &model));
    cr_assert_eq(dg_model_kind_of(model), DG_MODEL_VALUES);
    MUST(dg_model_predict_features(model, &rows, &result));
    cr_assert_eq(result.shape.dims[1], 8);
    dg_tensor_release(&result);
    dg_model_free(model);
}

Test(model, refuses_with_a_sentence)
{
    dg_model *model;
    dg_tensor result;
    const float numbers[] = {1, 2, 3};
    const dg_tensor rows = dg_tensor_view(DG_FLOAT32, DG_SHAPE(1, 3), numbers);
    dg_status status = dg_model_open("nowhere", NULL, &model);
    cr_assert_eq(status.code, DG_IO);
    cr_assert_eq(strncmp(status.message, "nowhere: ", 9), 0, "%s", status.message);
    cr_assert_not_null(strstr(dg_model_open("g.dot", NULL, &model).message, "name its weights"));
    cr_assert_eq(dg_model_open("run", &(dg_model_options){.output = "nobody"}, &model).code, DG_BAD_ARGUMENT);
    cr_assert_null(model);
    cr_assert_eq(dg_model_open(NULL, NULL, &model).code, DG_BAD_ARGUMENT);
    MUST(dg_model_open("run", NULL, &model));
    status = dg_model_predict_features(model, &rows, &result);
    cr_assert_eq(status.code, DG_BAD_SHAPE);
    cr_assert_not_null(strstr(status.message, "3 features, but training had 2"), "%s", status.message);
    dg_model_free(model);
}

/* ---- a server ---- */

typedef struct client {
    dg_model *model;
    int number;
    dg_status status;
    double sum;
} client;

/* Rows of several batch sizes, through features and through files. */
static void *ask(void *argument)
{
    client *me = argument;
    for (int call = 0; call < CALLS && me->status.code == DG_OK; call++) {
        int64_t rows = 1 + (call + me->number) % 5;
        double numbers[10];
        dg_tensor result;
        dg_data *data = NULL;
        for (int64_t k = 0; k < rows; k++) {
            numbers[2 * k] = 100 + 40.0 * (double)k + call;
            numbers[2 * k + 1] = 1 + (double)k;
        }
        const dg_tensor features = dg_tensor_view(DG_FLOAT64, DG_SHAPE(rows, 2), numbers);
        me->status = dg_model_predict_features(me->model, &features, &result);
        for (int64_t k = 0; me->status.code == DG_OK && k < 2 * rows; k += 2)
            me->sum += dg_tensor_get(&result, k);
        dg_tensor_release(&result);
        if (me->status.code == DG_OK && call % 8 == 0)
            me->status = dg_model_read(me->model, "flowers.csv", &data);
        if (data) {
            me->status = dg_model_predict(me->model, dg_data_set(data), &result);
            me->sum += me->status.code == DG_OK ? dg_tensor_get(&result, 0) : 0;
            dg_tensor_release(&result);
        }
        dg_data_free(data);
    }
    return NULL;
}

Test(model, answers_several_threads_with_what_one_gets)
{
    dg_model *model;
    client alone[THREADS], together[THREADS];
    pthread_t threads[THREADS];
    MUST(dg_model_open("run", NULL, &model));
    for (int k = 0; k < THREADS; k++)
        together[k] = (client){.model = model, .number = k};
    for (int k = 0; k < THREADS; k++)
        cr_assert_eq(pthread_create(&threads[k], NULL, ask, &together[k]), 0);
    for (int k = 0; k < THREADS; k++)
        pthread_join(threads[k], NULL);
    for (int k = 0; k < THREADS; k++) {
        alone[k] = (client){.model = model, .number = k};
        ask(&alone[k]);
        MUST(together[k].status);
        cr_assert_eq(together[k].sum, alone[k].sum, "thread %d", k);
        cr_assert_gt(alone[k].sum, 0);
    }
    dg_model_free(model);
}
