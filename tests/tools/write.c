/* Graphs that were built in C as graph files: what is written reads back to the same graph. */
#include <criterion/criterion.h>
#include <dotgrad/dotgrad.h>
#include <dotgrad/graphviz.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The text reads back to nodes of the same names, ops, shapes and parameters, and writes the same text. */
static dg_graph_file *read_back(dg_graph *graph, const dg_graph_write_options *options, char **text)
{
    dg_graph_file *file;
    dg_status status = dg_graph_write(graph, options, text);
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
    status = dg_graph_read("net.dot", &(dg_graph_read_options){.text = *text}, &file);
    cr_assert_eq(status.code, DG_OK, "%s\n%s", status.message, *text);
    char *again;
    status = dg_graph_file_write(file, &again);
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
    cr_expect_str_eq(again, *text);
    free(again);
    return file;
}

static void expect_same_nodes(dg_graph *a, dg_graph *b)
{
    for (int64_t id = 0; id < dg_graph_node_count(a); id++) {
        dg_node *node = dg_graph_node(a, id), *found = dg_graph_find(b, dg_node_name(node));
        if (!dg_node_is_named(node) || dg_node_op(node)->role == DG_ROLE_OUTPUT)
            continue;
        cr_assert_not_null(found, "'%s' is lost", dg_node_name(node));
        cr_expect_eq(dg_node_op(node), dg_node_op(found), "%s", dg_node_name(node));
        cr_expect(dg_shape_equal(&dg_node_type(node, 0)->shape, &dg_node_type(found, 0)->shape), "%s",
                  dg_node_name(node));
        cr_expect_eq(dg_node_type(node, 0)->dtype, dg_node_type(found, 0)->dtype);
        for (int k = 0; k < dg_node_input_count(node); k++)
            cr_expect_eq(!dg_node_input(node, k), !dg_node_input(found, k), "%s", dg_node_name(node));
    }
}

Test(graph_file, a_network_built_in_c_reads_back)
{
    dg_graph *g;
    cr_assert_eq(dg_graph_new(&g).code, DG_OK);
    dg_node *x = dg_input(g, DG_SHAPE(DG_N, 1, 8, 8), .name = "x");
    dg_node *label = dg_input(g, DG_SHAPE(DG_N), .dtype = DG_INT64, .name = "label");
    dg_node *h = dg_conv2d(x, 4, .kernel_size = DG_INTS(3), .padding = DG_INTS(1), .name = "c1");
    dg_module_begin(g, "block.0", true);
    h = dg_relu(dg_batch_norm(h, .name = "bn"));
    dg_module_end(g);
    h = dg_dropout(dg_flatten(h), .p = 0.25);
    dg_node *scores = dg_linear(dg_linear(h, 16), 3, .name = "scores", .bias = false);
    dg_node *loss = dg_cross_entropy(scores, label, .label_smoothing = 0.1, .name = "loss");
    cr_assert_eq(dg_graph_status(g).code, DG_OK, "%s", dg_graph_status(g).message);
    char *text;
    const dg_file_setting settings[] = {{"optimizer", "adam(lr=0.01)"}, {"epochs", "3"}};
    dg_graph_file *file = read_back(
        g,
        &(dg_graph_write_options){.name = "net", .settings = settings, .n_settings = 2, .loss = loss, .output = scores},
        &text);
    expect_same_nodes(g, file->graph);
    cr_expect_str_eq(dg_node_name(file->loss), "loss");
    cr_expect_str_eq(dg_node_name(file->output), "scores");
    cr_expect_str_eq(dg_graph_file_setting(file, "epochs"), "3");
    cr_expect_not_null(strstr(text, "checkpoint=true"), "%s", text);
    cr_expect_not_null(dg_node_checkpoint(dg_graph_find(file->graph, "block.0.bn")));
    dg_graph_file_free(file);
    free(text);
    dg_graph_free(g);
}

Test(graph_file, outputs_formulas_and_shared_parameters_read_back)
{
    dg_graph *g;
    cr_assert_eq(dg_graph_new(&g).code, DG_OK);
    dg_node *x = dg_input(g, DG_SHAPE(DG_N, 5, 3), .name = "x");
    dg_node *rnn = dg_lstm(x, 4, .name = "rnn");
    dg_node *last = dg_output(rnn, 1);
    dg_node *beta = dg_parameter(g, DG_SHAPE(4), .name = "beta");
    dg_node *y = dg_expr("h * sigmoid(b * h)", {"h", last}, {"b", beta});
    dg_node *z = dg_linear(y, 2, .name = "z");
    dg_node *norm = dg_sum(dg_square(dg_graph_find(g, "z.weight")));
    dg_add(dg_sum(z), norm);
    cr_assert_eq(dg_graph_status(g).code, DG_OK, "%s", dg_graph_status(g).message);
    char *text;
    dg_graph_file *file = read_back(g, NULL, &text);
    expect_same_nodes(g, file->graph);
    cr_expect_not_null(strstr(text, "out=h_n"), "%s", text);
    cr_expect_not_null(strstr(text, "\"z.weight\" -> "), "%s", text);
    dg_graph_file_free(file);
    free(text);
    dg_graph_free(g);
}

Test(graph_file, costs_are_counted_for_each_node)
{
    static const char net[] = "digraph { x [op=\"input([N, 3])\"]; y [op=\"linear(2)\"]; z [op=relu]; x -> y -> z; }";
    const dg_symbol_size batch = {"N", 4};
    dg_graph_file *file;
    dg_node_cost *costs;
    char text[20];
    cr_assert_eq(
        dg_graph_read("net.dot", &(dg_graph_read_options){.text = net, .sizes = &batch, .n_sizes = 1}, &file).code,
        DG_OK);
    cr_assert_eq(dg_graph_file_costs(file, &costs).code, DG_OK);
    const dg_node_cost *y = &costs[dg_graph_file_index(file, dg_graph_find(file->graph, "y"))];
    cr_expect_eq(y->parameters, 2 * 3 + 2);
    cr_expect_eq(y->trainable, 2 * 3 + 2);
    cr_expect_eq(y->weights, 4 * (2 * 3 + 2));
    cr_expect_eq(y->bytes, 4 * 4 * 2);
    cr_expect(y->flops >= 2 * 4 * 3 * 2 && y->flops <= 2 * 4 * 3 * 2 + 4 * 2, "%g", y->flops);
    cr_expect_str_eq(dg_count_print(8010, text, sizeof text), "8,010");
    cr_expect_str_eq(dg_amount_print(1.25e6, "B", text, sizeof text), "1.25 MB");
    cr_expect_str_eq(dg_seconds_print(0.00456, text, sizeof text), "4.56 ms");
    free(costs);
    dg_graph_file_free(file);
}

/* One number for all dimensions is one number, and a default is left out. */
Test(graph_file, sizes_are_written_as_people_write_them)
{
    dg_graph *g;
    cr_assert_eq(dg_graph_new(&g).code, DG_OK);
    dg_node *x = dg_input(g, DG_SHAPE(2, 3, 8, 8), .name = "x");
    dg_node *a = dg_conv2d(x, 4, .kernel_size = 3, .stride = 1, .name = "a");
    dg_node *b = dg_max_pool2d(a, .kernel_size = DG_INTS(2, 3), .padding = 1, .name = "b");
    dg_sum(b, .dim = 1, .name = "c");
    dg_sum(b, .dim = DG_INTS(0, 1), .name = "d");
    char *text;
    dg_graph_file *file = read_back(g, NULL, &text);
    expect_same_nodes(g, file->graph);
    cr_expect_not_null(strstr(text, "a [op=\"conv2d(out_channels=4, kernel_size=3)\"]"), "%s", text);
    cr_expect_not_null(strstr(text, "b [op=\"max_pool2d(kernel_size=[2, 3], padding=1)\"]"), "%s", text);
    cr_expect_not_null(strstr(text, "c [op=\"sum(dim=1)\"]"), "%s", text);
    cr_expect_not_null(strstr(text, "d [op=\"sum(dim=[0, 1])\"]"), "%s", text);
    dg_graph_file_free(file);
    free(text);
    dg_graph_free(g);
}

Test(graph_file, large_constants_stand_in_a_file_beside_the_graph)
{
    char folder[] = "/tmp/dotgrad-test-XXXXXX", path[64];
    dg_graph *g;
    double numbers[100];
    dg_tensor value = {.dtype = DG_FLOAT64, .shape = DG_SHAPE(10, 10), .data = numbers};
    cr_assert_not_null(mkdtemp(folder));
    cr_assert_eq(chdir(folder), 0);
    cr_assert_eq(dg_graph_new(&g).code, DG_OK);
    for (int i = 0; i < 100; i++)
        numbers[i] = i / 7.0;
    dg_value attrs[2] = {{.kind = DG_VALUE_TENSOR, .tensor = &value}, dg_int(DG_FLOAT64)};
    dg_node *c = dg_apply(&(dg_application){.graph = g, .op = "constant", .name = "c", .n_attrs = 2, .attrs = attrs});
    dg_sum(c, .name = "s");
    cr_assert_eq(dg_graph_status(g).code, DG_OK, "%s", dg_graph_status(g).message);
    snprintf(path, sizeof path, "%s/net.safetensors", folder);
    char *text;
    dg_graph_file *file = read_back(g, &(dg_graph_write_options){.constants = path}, &text);
    cr_expect_not_null(strstr(text, "constant(net.safetensors"), "%s", text);
    const dg_tensor *back = dg_node_attrs(dg_graph_find(file->graph, "c"))[0].tensor;
    for (int i = 0; i < 100; i++)
        cr_expect_eq(dg_tensor_get(back, i), i / 7.0); /* every bit */
    dg_graph_file_free(file);
    free(text);
    dg_graph_free(g);
    cr_assert_eq(chdir("/"), 0);
    unlink(path);
    rmdir(folder);
}

Test(graph_file, used_texts_may_be_given_by_the_caller)
{
    static const dg_file_text texts[] = {
        {"parts/a.dot", "digraph { x [op=\"input([N, 2])\"]; y [op=\"use('b.dot')\"]; x -> y; }"},
        {"parts/b.dot", "digraph { x [op=\"input([N, 2])\"]; y [op=tanh]; x -> y; }"}};
    static const char net[] = "digraph { x [op=\"input([N, 2])\"]; y [op=\"use('parts/a.dot')\"]; x -> y; }";
    dg_graph_file *file;
    dg_status status =
        dg_graph_read("net.dot", &(dg_graph_read_options){.text = net, .texts = texts, .n_texts = 2}, &file);
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
    cr_assert_eq(dg_graph_file_used_count(file), 2);
    cr_expect_str_eq(dg_graph_file_used_name(file, 1), "parts/b.dot");
    cr_expect_str_eq(dg_graph_file_used_text(file, 1), texts[1].text);
    char *whole;
    dg_graph_file *again;
    cr_assert_eq(dg_graph_file_bundle(file, &whole).code, DG_OK);
    status = dg_graph_read("elsewhere/net.dot", &(dg_graph_read_options){.text = whole}, &again);
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
    cr_expect_not_null(dg_graph_find(again->graph, "y.y.y"));
    free(whole);
    dg_graph_file_free(again);
    dg_graph_file_free(file);
}

Test(graph_file, a_graph_built_in_c_is_written_and_trained_by_the_command)
{
    char folder[] = "/tmp/dotgrad-test-XXXXXX", line[600];
    dg_graph *g;
    cr_assert_not_null(mkdtemp(folder));
    cr_assert_eq(chdir(folder), 0);
    cr_assert_eq(dg_graph_new(&g).code, DG_OK);
    dg_node *x = dg_input(g, DG_SHAPE(DG_N, 2), .name = "x");
    dg_node *label = dg_input(g, DG_SHAPE(DG_N), .dtype = DG_INT64, .name = "label");
    dg_node *scores = dg_linear(dg_relu(dg_linear(x, 16)), 2, .name = "scores");
    dg_node *loss = dg_cross_entropy(scores, label, .name = "loss");
    cr_assert_eq(dg_graph_status(g).code, DG_OK, "%s", dg_graph_status(g).message);
    const dg_file_setting settings[] = {
        {"data", "moons(n=400)"}, {"epochs", "30"}, {"optimizer", "adam(lr=0.05)"}, {"batch_size", "32"}};
    char *text;
    dg_status status = dg_graph_write(
        g, &(dg_graph_write_options){.settings = settings, .n_settings = 4, .loss = loss, .output = scores}, &text);
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
    cr_assert_eq(dg_write_file("net.dot", text, strlen(text)).code, DG_OK);
    snprintf(line, sizeof line, "'%s' train net.dot -o run >out 2>err", getenv("DOTGRAD"));
    cr_assert_eq(system(line), 0, "%s", text);
    char *out;
    size_t size;
    cr_assert_eq(dg_read_file("out", &out, &size).code, DG_OK);
    const char *accuracy = strstr(out, "test accuracy: ");
    cr_assert_not_null(accuracy, "%s", out);
    cr_expect_gt(strtod(accuracy + 15, NULL), 85, "%s", out); /* a line alone reaches some 85 % on moons */
    free(out);
    free(text);
    dg_graph_free(g);
    snprintf(line, sizeof line, "rm -r '%s'", folder);
    cr_assert_eq(chdir("/"), 0);
    cr_assert_eq(system(line), 0);
}

Test(graph_file, null_is_refused)
{
    char *text;
    dg_graph_file *file;
    cr_expect_eq(dg_graph_write(NULL, NULL, &text).code, DG_BAD_ARGUMENT);
    cr_expect_eq(dg_graph_read(NULL, NULL, &file).code, DG_BAD_ARGUMENT);
    cr_expect_eq(dg_graph_read("net.dot", NULL, NULL).code, DG_BAD_ARGUMENT);
    cr_expect_eq(dg_graph_file_write(NULL, &text).code, DG_BAD_ARGUMENT);
    cr_expect_eq(dg_graph_file_bundle(NULL, &text).code, DG_BAD_ARGUMENT);
    cr_expect_null(dg_graph_file_setting(NULL, "epochs"));
    cr_expect_null(dg_graph_file_find(NULL, "x"));
    cr_expect_null(dg_attribute_find(NULL));
    cr_expect_eq(dg_graph_file_used_count(NULL), 0);
    dg_graph_file_free(NULL);
}

Test(graph_file, clusters_that_nest_and_interleave_are_written_where_their_first_node_stands)
{
    static const char net[] =
        "digraph { x [op=\"constant(1.0)\"]; subgraph cluster_a { a1 [op=tanh]; subgraph cluster_b { b1 [op=tanh]; } } "
        "c [op=tanh]; subgraph cluster_a { a2 [op=tanh]; } subgraph cluster_d { d1 [op=tanh]; } "
        "x -> a1 -> b1 -> c -> a2 -> d1; }";
    dg_graph_file *file;
    char *text;
    dg_status status = dg_graph_read("net.dot", &(dg_graph_read_options){.text = net}, &file);
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
    cr_assert_eq(dg_graph_file_write(file, &text).code, DG_OK);
    cr_expect_not_null(strstr(text,
                              "  x [op=\"constant(1.0)\"];\n  subgraph cluster_a {\n    a1 [op=tanh];\n    subgraph "
                              "cluster_b {\n      b1 [op=tanh];\n    }\n    a2 [op=tanh];\n  }\n  c [op=tanh];\n  "
                              "subgraph cluster_d {\n    d1 [op=tanh];\n  }\n"),
                       "%s", text);
    free(text);
    dg_graph_file_free(file);
}

/* ---- what training adds is not the network ---- */

static dg_graph *make_classifier(dg_node **loss, dg_node **scores)
{
    dg_graph *g;
    cr_assert_eq(dg_graph_new(&g).code, DG_OK);
    dg_node *x = dg_input(g, DG_SHAPE(DG_N, 2), .name = "x");
    dg_node *label = dg_input(g, DG_SHAPE(DG_N), .dtype = DG_INT64, .name = "label");
    dg_module_begin(g, "body", true);
    dg_node *h = dg_gelu(dg_layer_norm(dg_linear(x, 8, .name = "a")));
    dg_module_end(g);
    *scores = dg_linear(h, 2, .name = "scores");
    *loss = dg_cross_entropy(*scores, label, .name = "loss");
    cr_assert_eq(dg_graph_status(g).code, DG_OK, "%s", dg_graph_status(g).message);
    return g;
}

static char *written(dg_graph *graph, const dg_graph_write_options *options)
{
    char *text;
    dg_status status = dg_graph_write(graph, options, &text);
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
    return text;
}

Test(graph_file, gradients_and_updates_are_not_written)
{
    dg_node *loss, *scores;
    dg_graph *g = make_classifier(&loss, &scores);
    const dg_graph_write_options with_loss = {.loss = loss, .output = scores};
    char *before = written(g, NULL), *before_with_loss = written(g, &with_loss);
    dg_tensors *parameters;
    dg_plan *plan;
    cr_assert_eq(dg_tensors_new(&parameters).code, DG_OK);
    dg_status status = dg_training_plan(loss, "adamw(lr=1e-3)", parameters, &plan, .clip_norm = 1);
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
    dg_node *const *wrt, *tangent;
    int count;
    cr_assert_eq(dg_trainable_parameters(loss, &wrt, &count).code, DG_OK);
    cr_assert_eq(dg_jacobian_vector(1, &loss, count, wrt, NULL, &tangent).code, DG_OK);
    char *after = written(g, NULL), *after_with_loss = written(g, &with_loss);
    cr_expect_str_eq(after, before);
    cr_expect_str_eq(after_with_loss, before_with_loss);
    char *text;
    dg_graph_file_free(read_back(g, &with_loss, &text));
    free(text);
    free(before);
    free(after);
    free(before_with_loss);
    free(after_with_loss);
    dg_plan_free(plan);
    dg_tensors_free(parameters);
    dg_graph_free(g);
}

Test(graph_file, updates_written_by_hand_are_not_of_the_network_of_the_loss)
{
    dg_node *loss, *scores, *gradient;
    dg_graph *g = make_classifier(&loss, &scores);
    const dg_graph_write_options with_loss = {.loss = loss, .output = scores};
    char *before = written(g, &with_loss);
    dg_node *weight = dg_graph_find(g, "scores.weight");
    cr_assert_eq(dg_grad(loss, DG_NODES(weight), &gradient).code, DG_OK);
    dg_assign(weight, dg_expr("w - 0.1 * g", {"w", weight}, {"g", gradient}), .name = "step");
    char *after = written(g, &with_loss);
    cr_expect_str_eq(after, before);
    free(before);
    free(after);
    dg_graph_free(g);
}

/* A residual of a differential equation: the loss is made of a derivative, which is therefore written, too. */
Test(graph_file, derivatives_that_the_network_goes_on_from_are_written)
{
    dg_graph *g;
    dg_node *slope;
    char *text;
    cr_assert_eq(dg_graph_new(&g).code, DG_OK);
    dg_node *t = dg_input(g, DG_SHAPE(DG_N, 1), .name = "t");
    dg_node *u = dg_linear(dg_tanh(dg_linear(t, 8, .name = "a")), 1, .name = "u");
    cr_assert_eq(dg_grad(u, DG_NODES(t), &slope).code, DG_OK);
    dg_node *loss = dg_mean(dg_square(dg_add(slope, u)), .name = "loss");
    dg_node *const *wrt, *gradients[4];
    int count;
    cr_assert_eq(dg_trainable_parameters(loss, &wrt, &count).code, DG_OK);
    cr_assert_eq(count, 4);
    cr_assert_eq(dg_grad(loss, count, wrt, gradients).code, DG_OK);
    dg_graph_file *file = read_back(g, &(dg_graph_write_options){.loss = loss, .output = u}, &text);
    cr_assert_not_null(file->loss);
    /* the same number from both, to the rounding of float32 */
    dg_tensors *parameters;
    const dg_tensor points = dg_tensor_view(DG_FLOAT32, DG_SHAPE(2, 1), (float[]){0.5, -1});
    double values[2];
    cr_assert_eq(dg_tensors_new(&parameters).code, DG_OK);
    cr_assert_eq(dg_parameters_init(parameters, file->graph, 1).code, DG_OK);
    for (int k = 0; k < 2; k++) {
        dg_plan *plan;
        dg_node *fetched = k ? file->loss : loss, *fed = k ? dg_graph_find(file->graph, "t") : t;
        cr_assert_eq(dg_plan_new(dg_node_graph(fetched),
                                 &(dg_plan_options){.fetch = &fetched, .n_fetch = 1, .parameters = parameters}, &plan)
                         .code,
                     DG_OK);
        dg_status status = dg_plan_run(plan, &(dg_feed){fed, &points}, 1);
        cr_assert_eq(status.code, DG_OK, "%s", status.message);
        values[k] = dg_tensor_get(dg_plan_result(plan, 0), 0);
        dg_plan_free(plan);
    }
    cr_expect_float_eq(values[0], values[1], 1e-6 * values[0]);
    dg_tensors_free(parameters);
    dg_graph_file_free(file);
    free(text);
    dg_graph_free(g);
}

Test(graph_file, what_the_reader_refuses_is_refused_when_it_is_written)
{
    static const struct {
        const char *name, *value, *word;
    } wrong[] = {{"epoch", "3", "did you mean 'epochs'"},
                 {"epochs", "many", "a whole number"},
                 {"dtype", "float64", "built in float32"},
                 {"loss", "los", "no node 'los' (did you mean 'loss'?)"},
                 {"output", "loss", "this is the loss"},
                 {"repeat", "3", "clusters"},
                 {"arg", "x", "edges"},
                 {"optimizer", NULL, "NULL"},
                 {"label", "\xff", "UTF-8"}};
    dg_node *loss, *scores;
    dg_graph *g = make_classifier(&loss, &scores);
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        const dg_file_setting setting = {wrong[k].name, wrong[k].value};
        char *text;
        dg_status status = dg_graph_write(
            g,
            &(dg_graph_write_options){
                .settings = &setting, .n_settings = 1, .loss = strcmp(wrong[k].name, "loss") ? loss : NULL},
            &text);
        cr_expect_eq(status.code, DG_BAD_ARGUMENT, "%s=%s is written", wrong[k].name, wrong[k].value);
        cr_expect(strstr(status.message, wrong[k].word), "%s: %s", wrong[k].name, status.message);
        free(text);
    }
    const dg_file_setting twice[] = {{"epochs", "3"}, {"epochs", "4"}};
    char *text;
    cr_expect_eq(dg_graph_write(g, &(dg_graph_write_options){.settings = twice, .n_settings = 2}, &text).code,
                 DG_BAD_ARGUMENT);
    dg_graph_free(g);
}

/* DOT reads a backslash before a quote or a line end as something else, wherever it stands before one. */
Test(graph_file, names_read_back_or_are_refused)
{
    static const struct {
        const char *name;
        bool is_fine;
    } names[] = {{"a\\b", true},    {"a\\\\", true},   {"say \"a\"", true}, {"\\\\\"", true}, {"two\nlines", true},
                 {"\\n", true},     {"graph", true},   {"50%", true},       {"a\\", false},   {"\\\\\\", false},
                 {"a\\\"b", false}, {"a\\\nb", false}, {"%3", false}};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        dg_graph *g;
        char *text;
        cr_assert_eq(dg_graph_new(&g).code, DG_OK);
        dg_relu(dg_input(g, DG_SHAPE(DG_N, 3), .name = names[k].name), .name = "y");
        cr_assert_eq(dg_graph_status(g).code, DG_OK, "%s", dg_graph_status(g).message);
        if (names[k].is_fine) {
            dg_graph_file *file = read_back(g, NULL, &text);
            expect_same_nodes(g, file->graph);
            dg_graph_file_free(file);
            free(text);
        } else {
            dg_status status = dg_graph_write(g, NULL, &text);
            cr_expect_eq(status.code, DG_BAD_ARGUMENT, "'%s' is written", names[k].name);
            cr_expect(strstr(status.message, "cannot be written"), "%s", status.message);
            cr_expect(strchr(names[k].name, '\n') || strstr(status.message, names[k].name), "%s", status.message);
            cr_expect_null(text);
        }
        dg_graph_free(g);
    }
}

Test(graph_file, words_of_padding_are_written_in_c)
{
    dg_graph *g;
    char *text;
    cr_assert_eq(dg_graph_new(&g).code, DG_OK);
    dg_node *x = dg_input(g, DG_SHAPE(DG_N, 1, 9, 9), .name = "x");
    dg_conv2d(x, 2, .kernel_size = 5, .padding = DG_SAME, .name = "c");
    dg_graph_file *file = read_back(g, NULL, &text);
    cr_expect_not_null(strstr(text, "padding=same"), "%s", text);
    dg_graph_file_free(file);
    free(text);
    dg_graph_free(g);
}

Test(graph_file, what_a_graph_is_made_with_is_written)
{
    dg_graph *g;
    char *text;
    const int64_t ends[] = {INT64_MIN, INT64_MAX};
    const dg_tensor tensor = dg_tensor_view(DG_INT64, DG_SHAPE(2), ends);
    cr_assert_eq(dg_graph_new(&g).code, DG_OK);
    cr_assert_eq(dg_graph_set_init(g, "normal(0, 0.1)").code, DG_OK);
    dg_node *x = dg_input(g, DG_SHAPE(DG_N, dg_symbol(g, "Time"), 3), .name = "x");
    dg_linear(x, 2, .name = "y");
    dg_constant(g, &tensor, .name = "ends");
    dg_graph_file *file = read_back(g, NULL, &text);
    cr_expect_not_null(strstr(text, "[N, Time, 3]"), "%s", text);
    cr_expect_not_null(strstr(text, "init=\"normal(0, 0.1)\""), "%s", text);
    const dg_tensor *back = dg_node_attrs(dg_graph_find(file->graph, "ends"))[0].tensor;
    cr_expect_arr_eq(back->data, ends, sizeof ends);
    dg_tensors *a, *b; /* the same weights from the same seed */
    cr_assert_eq(dg_tensors_new(&a).code, DG_OK);
    cr_assert_eq(dg_tensors_new(&b).code, DG_OK);
    cr_assert_eq(dg_parameters_init(a, g, 5).code, DG_OK);
    cr_assert_eq(dg_parameters_init(b, file->graph, 5).code, DG_OK);
    const dg_tensor *here = dg_tensors_find(a, "y.weight"), *there = dg_tensors_find(b, "y.weight");
    cr_expect_arr_eq(here->data, there->data, dg_tensor_bytes(here));
    dg_tensors_free(a);
    dg_tensors_free(b);
    dg_graph_file_free(file);
    free(text);
    static const char *const refused[] = {"no word", "", "2D", "a\"b", "a.b"};
    for (size_t k = 0; k < sizeof refused / sizeof *refused; k++) {
        dg_graph *with;
        dg_plan *plan;
        cr_assert_eq(dg_graph_new(&with).code, DG_OK);
        cr_expect_eq(dg_symbol(with, refused[k]), DG_UNKNOWN);
        dg_node *y = dg_input(with, DG_SHAPE(DG_N, 2));
        dg_status status = dg_plan_new(with, &(dg_plan_options){.fetch = &y, .n_fetch = 1}, &plan);
        cr_expect_eq(status.code, DG_BAD_ARGUMENT);
        cr_expect(strstr(status.message, refused[k]) && strstr(status.message, "a size's name"), "%s", status.message);
        dg_graph_free(with);
    }
    dg_graph_free(g);
}
