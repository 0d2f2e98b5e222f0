/* Programs whose locale has a comma for the decimal point: everything is read, computed and written as in any other. */
#include "../comma.h"
#include "command.h"

#include <dotgrad/dotgrad.h>
#include <dotgrad/experiment.h>
#include <dotgrad/model.h>

TestSuite(locale, .init = make_folder, .fini = remove_folder);

static void must_be(dg_status status)
{
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
}

static void expect_same_files(const char *one, const char *two)
{
    char *a, *b;
    size_t n, m;
    must_be(dg_read_file(one, &a, &n));
    must_be(dg_read_file(two, &b, &m));
    cr_expect(n == m && memcmp(a, b, n) == 0, "%s and %s differ", one, two);
    free(a);
    free(b);
}

/* Fractions stand in attributes, options, optimiser, schedule, averages, groups, data and the formulas that ops make.
 */
static const char net_text[] =
    "digraph { graph [data=\"points.csv(target=y, test=0.25)\", epochs=3, batch_size=4, validation=0.2, "
    "clip_norm=1.5,\n"
    "  optimizer=\"rule('m = 0.9*m + g; p = p - 0.5*lr*m', lr=0.01)\", schedule=\"0.5^epoch\", set=\"rate=0.25\",\n"
    "  average=\"ema(decay=0.75)\", groups=\"[group('a.*', lr=0.005)]\", loss=loss, output=y];\n"
    "  x [op=\"input([N, 2])\"]; t [op=\"input([N, 1])\"];\n"
    "  a [op=\"linear(8, init=uniform(-0.5, 0.5))\"]; n [op=\"layer_norm(8, eps=0.001)\"];\n"
    "  d [op=\"dropout($rate)\"]; e [op=\"expr(x * sigmoid(1.5 * x))\"]; y [op=\"linear(1)\"];\n"
    "  loss [op=\"huber_loss(delta=0.75)\"]; x -> a -> n -> d -> e -> y -> loss; t -> loss [arg=target]; }\n";

static void train(const char *checkpoint)
{
    dg_graph_file *file;
    dg_experiment *experiment;
    dg_trainer *trainer;
    must_be(dg_graph_read("net.dot", &(dg_graph_read_options){.text = net_text}, &file));
    must_be(dg_experiment_new(file, NULL, &experiment));
    experiment->options.checkpoint = checkpoint;
    must_be(dg_trainer_new(&experiment->options, &trainer));
    must_be(dg_trainer_run(trainer));
    dg_trainer_free(trainer);
    dg_experiment_free(experiment);
    dg_graph_file_free(file);
}

static void predict(const char *checkpoint, const char *to)
{
    dg_model *model;
    dg_data *data;
    dg_tensor result;
    char text[4000] = "";
    size_t used = 0;
    must_be(dg_model_open(checkpoint, NULL, &model));
    must_be(dg_model_read(model, "points.csv", &data));
    must_be(dg_model_predict(model, dg_data_set(data), &result));
    for (int64_t i = 0; i < dg_tensor_count(&result); i++)
        used = dg_text_append(text, sizeof text, used, "%.9g\n", dg_tensor_get(&result, i));
    must_be(dg_write_file(to, text, used));
    dg_tensor_release(&result);
    dg_data_free(data);
    dg_model_free(model);
}

static void write_points(void)
{
    char text[4000];
    size_t used = dg_text_append(text, sizeof text, 0, "u,v,y\n");
    for (int i = 0; i < 40; i++)
        used = dg_text_append(text, sizeof text, used, "%d.%d,-0.%02d,%d.5e-1\n", i % 7, i % 10, i, (i * 13) % 11);
    must_be(dg_write_file("points.csv", text, used));
}

Test(locale, training_and_predictions_are_the_same_bytes)
{
    write_points();
    train("point.safetensors");
    predict("point.safetensors", "point.txt");
    if (!set_comma_locale())
        return;
    train("comma.safetensors");
    predict("comma.safetensors", "comma.txt");
    expect_same_files("point.safetensors", "comma.safetensors");
    expect_same_files("point.txt", "comma.txt");
}

Test(locale, every_op_and_its_derivative_can_be_made)
{
    if (!set_comma_locale())
        return;
    for (size_t i = 0; i < dg_op_count(); i++) {
        const dg_op *op = dg_op_at(i);
        for (const dg_sample *sample = op->samples; sample && sample->call; sample++) {
            dg_sample_case made;
            dg_status status = dg_sample_make(&made, op, sample, DG_FLOAT64, 1);
            cr_expect_eq(status.code, DG_OK, "%s: %s", sample->call, status.message);
            if (status.code != DG_OK)
                continue;
            if (op->compose)
                cr_expect(dg_node_expansion(made.node), "%s: %s", sample->call, dg_graph_status(made.graph).message);
            dg_node *x = made.loss && made.n_feeds ? made.feeds[0].node : NULL, *gradient;
            if (x && dg_dtype_is_float(dg_node_type(x, 0)->dtype))
                must_be(dg_grad(made.loss, 1, &x, &gradient));
            dg_sample_release(&made);
        }
    }
}

Test(locale, tables_of_each_format_are_read)
{
    static const char *const tables[][2] = {
        {"a.csv", "u,v\n0.5,1.25\n1.5,2.5\n2.5,3.75\n"},
        {"a.csv(decimal=',', separator=';')", "u;v\n0,5;1,25\n1,5;2,5\n2,5;3,75\n"},
        {"a.libsvm", "1.25 1:0.5\n2.5 1:1.5\n3.75 1:2.5\n"},
        {"a.arff", "@relation r\n@attribute u numeric\n@attribute v numeric\n@data\n0.5,1.25\n1.5,2.5\n2.5,3.75\n"}};
    if (!set_comma_locale())
        return;
    for (size_t k = 0; k < sizeof tables / sizeof *tables; k++) {
        dg_data *data;
        char path[20];
        snprintf(path, sizeof path, "%.*s", (int)strcspn(tables[k][0], "("), tables[k][0]);
        must_be(dg_write_file(path, tables[k][1], strlen(tables[k][1])));
        char spec[100];
        const char *options = strchr(tables[k][0], '(');
        snprintf(spec, sizeof spec, "%s(scale=none%s%s", path, options ? ", " : ")", options ? options + 1 : "");
        must_be(dg_data_open(spec, &(dg_data_options){.whole = true}, &data));
        const dg_tensor *u = dg_tensors_find(dg_data_set(data)->fields, "features"),
                        *v = dg_tensors_find(dg_data_set(data)->fields, "target");
        cr_assert(u && v && dg_tensor_count(u) == 3 && dg_tensor_count(v) == 3, "%s", spec);
        for (int64_t i = 0; i < 3; i++) {
            cr_expect_eq(dg_tensor_get(u, i), (double)i + 0.5, "%s: %g", spec, dg_tensor_get(u, i));
            cr_expect_eq(dg_tensor_get(v, i), 1.25 * (double)(i + 1), "%s: %g", spec, dg_tensor_get(v, i));
        }
        dg_data_free(data);
    }
}

Test(locale, words_of_formats_are_known_in_capitals)
{
    static const char arff[] = "@RELATION r\n@ATTRIBUTE u INTEGER\n@ATTRIBUTE v NUMERIC\n@DATA\n1,2\n3,4\n";
    dg_graph_file *file;
    dg_data *data;
    char *text;
    if (!set_comma_locale())
        return;
    must_be(dg_write_file("a.ARFF", arff, strlen(arff)));
    must_be(dg_data_open("a.ARFF(scale=none)", &(dg_data_options){.whole = true}, &data));
    cr_expect_eq(dg_data_rows(data), 2);
    dg_data_free(data);
    must_be(
        dg_graph_read("a.dot", &(dg_graph_read_options){.text = "DIGRAPH { \"STRICT\" [op=\"input([2])\"]; }"}, &file));
    must_be(dg_graph_file_write(file, &text));
    cr_expect(strstr(text, "\"STRICT\""), "a keyword that is not quoted: %s", text);
    free(text);
    dg_graph_file_free(file);
}

Test(locale, messages_have_points)
{
    if (!set_comma_locale())
        return;
    dg_optimizer optimizer;
    cr_expect_str_eq(dg_error(DG_BAD_DATA, "%g", 0.5).message, "0.5");
    dg_status status = dg_optimizer_parse("adam(lr=-0.5)", &optimizer);
    cr_expect(strstr(status.message, "lr is -0.5"), "%s", status.message);
}
