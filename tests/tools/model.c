/* Trained runs through the library: opened with one call, read and predicted with. */
#include "command.h"

#include <dotgrad/dotgrad.h>
#include <dotgrad/model.h>
#include <math.h>

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

/* What is halved is written in 16 bits and read as float32: as the weights of another model, which multiplies those. */
Test(model, weights_in_16_bits_predict_as_rounded_ones)
{
    static const dg_dtype types[] = {DG_FLOAT16, DG_BFLOAT16};
    for (int d = 0; d < 2; d++) {
        dg_model *model, *rounded;
        dg_data *data;
        dg_tensor result, same;
        dg_model_halving told;
        MUST(dg_model_open("run", NULL, &model));
        MUST(dg_model_read(model, "flowers.csv", &data));
        MUST(dg_model_predict(model, dg_data_set(data), &result));
        MUST(dg_model_halve(model, types[d], dg_data_set(data), &told));
        cr_expect_eq(told.weights.count, 2);
        cr_expect_eq(told.rows, 6);
        cr_expect(told.outputs > 0 && told.outputs < 0.01, "%g", told.outputs);
        dg_tensor_release(&result);
        MUST(dg_model_predict(model, dg_data_set(data), &result));
        MUST(dg_safetensors_write("halves.safetensors", dg_model_parameters(model)));
        MUST(dg_model_open("g.dot", &(dg_model_options){.weights = "halves.safetensors"}, &rounded));
        MUST(dg_model_predict(rounded, dg_data_set(data), &same));
        cr_expect_arr_eq(same.data, result.data, dg_tensor_bytes(&same));
        dg_tensor_release(&same);
        dg_tensor_release(&result);
        dg_data_free(data);
        dg_model_free(rounded);
        dg_model_free(model);
    }
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
    status = dg_model_open("flowers.csv", NULL, &model);
    cr_expect_eq(status.code, DG_BAD_DATA);
    cr_expect(strstr(status.message, "not a run, checkpoint or graph file"), "%s", status.message);
    MUST(dg_model_open("run", NULL, &model));
    status = dg_model_predict_features(model, &rows, &result);
    cr_assert_eq(status.code, DG_BAD_SHAPE);
    cr_assert_not_null(strstr(status.message, "[1, 3]: a row has 3 features, but training had 2"), "%s",
                       status.message);
    dg_tensor wrong = dg_tensor_view(DG_FLOAT32, dg_scalar(), numbers);
    cr_expect(strstr(dg_model_predict_features(model, &wrong, &result).message, "expected a tensor [rows, …]"));
    wrong = dg_tensor_view(DG_FLOAT32, DG_SHAPE(0, 2), numbers);
    cr_expect(strstr(dg_model_predict_features(model, &wrong, &result).message, "[0, 2]: there is nothing"));
    wrong = dg_tensor_view(DG_FLOAT32, DG_SHAPE(1, 2), NULL);
    cr_expect(strstr(dg_model_predict_features(model, &wrong, &result).message, "[1, 2] have no data"));
    wrong = dg_tensor_view(DG_INT64, DG_SHAPE(1, 1), numbers);
    cr_expect(strstr(dg_model_predict_features(model, &wrong, &result).message, "are int64, expected float32"));
    dg_model_free(model);
}

/* ---- trained in C ---- */

static dg_graph *make_moons_network(dg_node **loss, dg_node **scores)
{
    dg_graph *g;
    MUST(dg_graph_new(&g));
    dg_node *x = dg_input(g, DG_SHAPE(DG_N, 2), .name = "x");
    dg_node *label = dg_input(g, DG_SHAPE(DG_N), .dtype = DG_INT64, .name = "label");
    *scores = dg_linear(dg_tanh(dg_linear(x, 16, .name = "hidden")), 2, .name = "scores");
    *loss = dg_cross_entropy(*scores, label, .name = "loss");
    MUST(dg_graph_status(g));
    return g;
}

Test(model, a_checkpoint_of_a_trainer_in_c_opens_by_itself)
{
    dg_node *loss, *scores;
    dg_data *data;
    dg_trainer *trainer;
    dg_tensors *parameters;
    dg_model *model;
    dg_tensor there, here;
    dg_graph *g = make_moons_network(&loss, &scores);
    MUST(dg_data_open("moons(n=200)", NULL, &data));
    MUST(dg_tensors_new(&parameters));
    dg_trainer_options options = {
        .task = {.graph = g, .loss = loss, .output = scores, .parameters = parameters, .data = dg_data_set(data)},
        .optimizer = "adam(lr=0.05)",
        .epochs = 20,
        .checkpoint = "moons.safetensors"};
    MUST(dg_trainer_new(&options, &trainer));
    MUST(dg_trainer_run(trainer));
    const double points[] = {0, 1, 1, -0.5};
    const dg_tensor rows = dg_tensor_view(DG_FLOAT64, DG_SHAPE(2, 2), points);
    MUST(dg_model_open("moons.safetensors", NULL, &model));
    cr_assert_eq(dg_model_kind_of(model), DG_MODEL_CLASSES);
    cr_assert_str_eq(dg_node_name(dg_model_output(model)), "scores");
    MUST(dg_model_predict_features(model, &rows, &there));
    const float single[] = {0, 1, 1, -0.5};
    const dg_tensor fed = dg_tensor_view(DG_FLOAT32, DG_SHAPE(2, 2), single);
    dg_plan *plan;
    MUST(dg_plan_new(g, &(dg_plan_options){.fetch = &scores, .n_fetch = 1, .parameters = parameters}, &plan));
    MUST(dg_plan_run(plan, &(dg_feed){dg_graph_find(g, "x"), &fed}, 1));
    here = *dg_plan_result(plan, 0);
    for (int k = 0; k < 4; k += 2) { /* softmax of two scores, to the rounding of float32 */
        double gap = dg_tensor_get(&here, k + 1) - dg_tensor_get(&here, k);
        cr_expect_float_eq(dg_tensor_get(&there, k), 1 / (1 + exp(gap)), 1e-6);
    }
    cr_expect_gt(dg_tensor_get(&there, 0), 0.5); /* the middle of the upper moon, class 0; */
    cr_expect_lt(dg_tensor_get(&there, 2), 0.5); /* of the lower one */
    dg_plan_free(plan);
    dg_tensor_release(&there);
    dg_model_free(model);
    dg_trainer_free(trainer);
    dg_data_free(data);
    dg_tensors_free(parameters);
    dg_graph_free(g);
}

static int count_right(dg_model *model, const dg_data *data)
{
    dg_tensor result;
    int right = 0;
    const dg_tensor *target = dg_tensors_find(dg_data_set(data)->fields, "target");
    MUST(dg_model_predict(model, dg_data_set(data), &result));
    for (int64_t row = 0; row < dg_data_rows(data); row++) {
        int best = 0;
        for (int k = 1; k < 3; k++)
            if (dg_tensor_get(&result, 3 * row + k) > dg_tensor_get(&result, 3 * row + best))
                best = k;
        right += best == (int)dg_tensor_get(target, row);
    }
    dg_tensor_release(&result);
    return right;
}

/* A linear classifier of standardised irises is right on more than nine rows of ten; of features that are not scaled as
 * they were in training, this one on a third. */
Test(model, rows_are_scaled_as_a_trainer_in_c_had_them)
{
    dg_graph *g;
    dg_data *data, *rows;
    dg_trainer *trainer;
    dg_tensors *parameters;
    dg_model *model;
    MUST(dg_graph_new(&g));
    MUST(dg_tensors_new(&parameters));
    dg_node *label = dg_input(g, DG_SHAPE(DG_N), .dtype = DG_INT64, .name = "label");
    dg_node *scores = dg_linear(dg_input(g, DG_SHAPE(DG_N, 4), .name = "x"), 3, .name = "scores");
    dg_node *loss = dg_cross_entropy(scores, label, .name = "loss");
    MUST(dg_data_open("iris(scale=standard)", NULL, &data));
    dg_trainer_options options = {
        .task = {.graph = g, .loss = loss, .output = scores, .parameters = parameters, .data = dg_data_set(data)},
        .optimizer = "adam(lr=0.05)",
        .epochs = 30,
        .checkpoint = "irises.safetensors"};
    MUST(dg_trainer_new(&options, &trainer));
    MUST(dg_trainer_run(trainer));
    MUST(dg_model_open("irises.safetensors", NULL, &model));
    MUST(dg_model_read(model, "iris", &rows));
    cr_expect_geq(count_right(model, rows), 135);
    dg_data_free(rows);
    dg_model_free(model);
    dg_trainer_free(trainer);
    dg_data_free(data);
    dg_tensors_free(parameters);
    dg_graph_free(g);
}

/* Constants in a file beside the graph go with the run. */
Test(model, a_run_with_constants_in_a_file_works_anywhere)
{
    dg_tensors *set;
    dg_model *model;
    dg_tensor before, after;
    const double scale[] = {0.01, 0.1};
    const dg_tensor tensor = dg_tensor_view(DG_FLOAT64, DG_SHAPE(2), scale);
    MUST(dg_tensors_new(&set));
    MUST(dg_tensors_put(set, "k", &tensor));
    cr_assert_eq(system("mkdir project"), 0);
    MUST(dg_safetensors_write("project/net.safetensors", set));
    dg_tensors_free(set);
    write_text("project/part.dot", "digraph { x [op=\"input([N, 2])\"]; k [op=\"constant('net.safetensors')\"]; y "
                                   "[op=mul]; x -> y; k -> y; }\n");
    write_text("project/g.dot",
               "digraph { graph [data=\"../flowers.csv(test=0)\", epochs=5];\n"
               "  x [op=\"input([N, 2])\"]; t [op=\"input([N], dtype=int64)\"]; s [op=\"use('part.dot')\"];\n"
               "  k [op=\"constant('net.safetensors')\"]; m [op=mul];\n"
               "  output [op=\"linear(2)\"]; loss [op=cross_entropy];\n"
               "  x -> s -> m -> output -> loss; k -> m; t -> loss [arg=target]; }\n");
    expect_fine(dotgrad("train project/g.dot -o project/run"));
    const double numbers[] = {102, 1, 306, 9};
    const dg_tensor rows = dg_tensor_view(DG_FLOAT64, DG_SHAPE(2, 2), numbers);
    MUST(dg_model_open("project/run", NULL, &model));
    MUST(dg_model_predict_features(model, &rows, &before));
    dg_model_free(model);
    cr_assert_eq(system("mv project/run moved && rm -r project"), 0);
    MUST(dg_model_open("moved", NULL, &model));
    MUST(dg_model_predict_features(model, &rows, &after));
    cr_expect_arr_eq(before.data, after.data, dg_tensor_bytes(&after));
    dg_tensor_release(&before);
    dg_tensor_release(&after);
    dg_model_free(model);
    expect_fine(dotgrad("predict moved flowers.csv"));
    expect_fine(dotgrad("summary moved/graph.dot"));
    write_text("moved/graph.dot", "digraph { graph [\"tensors:net.safetensors\"=\"@@@@\"]; k "
                                  "[op=\"constant('net.safetensors')\"]; y [op=sum]; k -> y; }");
    outcome broken = dotgrad("summary moved/graph.dot");
    cr_expect_eq(broken.status, 1);
    cr_expect(strstr(broken.err, "not base64"), "%s", broken.err);
}
