/* Loss, output and outputs of nodes with several, in graphs that are written and read again. */
#include <criterion/criterion.h>
#include <dotgrad/dotgrad.h>
#include <dotgrad/graphviz.h>
#include <dotgrad/model.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* An LSTM whose last state is read by a layer, by nobody, or has a name. */
typedef struct recurrent {
    dg_graph *graph;
    dg_node *rnn, *last, *scores, *loss;
} recurrent;

static recurrent make_recurrent(const char *name)
{
    recurrent r;
    cr_assert_eq(dg_graph_new(&r.graph).code, DG_OK);
    dg_node *x = dg_input(r.graph, DG_SHAPE(DG_N, 5, 3), .name = "x");
    dg_node *label = dg_input(r.graph, DG_SHAPE(DG_N), .dtype = DG_INT64, .name = "label");
    r.rnn = dg_lstm(x, 4, .name = "rnn");
    r.last = name ? dg_output(r.rnn, 1, .name = name) : dg_output(r.rnn, 1);
    r.scores = dg_linear(dg_mean(r.last, .dim = DG_INTS(0)), 2, .name = "scores");
    r.loss = dg_cross_entropy(r.scores, label, .name = "loss");
    cr_assert_eq(dg_graph_status(r.graph).code, DG_OK, "%s", dg_graph_status(r.graph).message);
    return r;
}

/* What is read back is `output` of the same op with the same inputs; the text is the same again. */
static void expect_output_again(dg_graph *graph, dg_node *loss, dg_node *output)
{
    char *text, *second;
    dg_graph_file *file;
    dg_status status = dg_graph_write(graph, &(dg_graph_write_options){.loss = loss, .output = output}, &text);
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
    status = dg_graph_read("net.dot", &(dg_graph_read_options){.text = text}, &file);
    cr_assert_eq(status.code, DG_OK, "%s\n%s", status.message, text);
    dg_node *found = output ? file->output : dg_graph_find(file->graph, "h");
    dg_node *wanted = output ? output : dg_graph_find(graph, "h");
    cr_assert(found, "%s", text);
    cr_expect_str_eq(dg_node_name(found), dg_node_name(wanted));
    cr_expect_eq(dg_node_op(found)->role, DG_ROLE_OUTPUT);
    cr_expect_eq(dg_node_attrs(found)[0].i, 1);
    cr_expect_str_eq(dg_node_name(dg_node_input(found, 0)), "rnn");
    status =
        dg_graph_write(file->graph, &(dg_graph_write_options){.loss = file->loss, .output = file->output}, &second);
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
    cr_expect_str_eq(second, text);
    free(second);
    free(text);
    dg_graph_file_free(file);
}

Test(written_roles, an_output_of_several_is_written_as_output)
{
    recurrent plain = make_recurrent(NULL), named = make_recurrent("h");
    expect_output_again(plain.graph, plain.loss, plain.last);
    expect_output_again(named.graph, named.loss, named.last);
    expect_output_again(named.graph, named.loss, NULL); /* its name is kept */
    dg_graph_free(plain.graph);
    dg_graph_free(named.graph);
}

Test(written_roles, an_output_that_nobody_reads_is_not_lost)
{
    dg_graph *graph;
    cr_assert_eq(dg_graph_new(&graph).code, DG_OK);
    dg_node *rnn = dg_lstm(dg_input(graph, DG_SHAPE(DG_N, 5, 3), .name = "x"), 4, .name = "rnn");
    dg_node *last = dg_output(rnn, 1);
    expect_output_again(graph, NULL, last);
    char *text;
    cr_assert_eq(dg_graph_write(graph, NULL, &text).code, DG_OK);
    cr_expect(strstr(text, dg_node_name(last)), "%s", text);
    free(text);
    dg_graph_free(graph);
}

/* An output that an edge takes is no node of the file. */
Test(written_roles, an_output_that_is_read_stays_an_edges)
{
    recurrent r = make_recurrent(NULL);
    char *text;
    cr_assert_eq(dg_graph_write(r.graph, &(dg_graph_write_options){.loss = r.loss, .output = r.scores}, &text).code,
                 DG_OK);
    cr_expect(strstr(text, "out=h_n") && !strstr(text, "output("), "%s", text);
    free(text);
    dg_graph_free(r.graph);
}

/* A graph that was read, with a node of its own for the output. */
Test(written_roles, an_output_node_of_a_file_is_written_again)
{
    static const char net[] = "digraph { graph [output=h]; x [op=\"input([N, 5, 3])\"]; rnn [op=\"lstm(4)\"]; "
                              "h [op=\"output(1)\"]; x -> rnn -> h; }";
    dg_graph_file *file;
    cr_assert_eq(dg_graph_read("net.dot", &(dg_graph_read_options){.text = net}, &file).code, DG_OK);
    expect_output_again(file->graph, NULL, file->output);
    expect_output_again(file->graph, NULL, NULL);
    dg_graph_file_free(file);
}

/* Each name reads back as the loss and as the output, or is refused when it is written. */
Test(written_roles, names_of_loss_and_output_read_back_or_are_refused)
{
    static const struct {
        const char *name;
        bool as_loss, as_output;
    } names[] = {{"my loss", false, true}, {"a,b", false, true},       {"$a", false, false}, {"${a}", false, false},
                 {"a$b", false, false},    {"'$a'", true, true},       {"$", true, true},    {"$1", true, true},
                 {"'${a}'", false, false}, {"a;b", true, true},        {"a:b", true, true},  {"none", true, true},
                 {"%x", false, false},     {"say \"a\"", false, true}, {"{a}", true, true},  {"<a>", true, true},
                 {"a\tb", false, true},    {"a\nb", true, true},       {"1.50", true, true}, {"edge", true, true}};
    for (size_t k = 0; k < 2 * (sizeof names / sizeof *names); k++) {
        const char *name = names[k / 2].name;
        bool is_loss = k % 2 == 0, is_fine = is_loss ? names[k / 2].as_loss : names[k / 2].as_output;
        dg_graph *graph;
        char *text;
        cr_assert_eq(dg_graph_new(&graph).code, DG_OK);
        dg_node *y = dg_relu(dg_input(graph, DG_SHAPE(DG_N, 3), .name = "x"), .name = is_loss ? "y" : name);
        dg_node *sum = dg_sum(y, .name = is_loss ? name : "sum");
        cr_assert_eq(dg_graph_status(graph).code, DG_OK);
        dg_status status = dg_graph_write(graph, &(dg_graph_write_options){.loss = sum, .output = y}, &text);
        cr_expect_eq(status.code, is_fine ? DG_OK : DG_BAD_ARGUMENT, "'%s' as %s: %s", name,
                     is_loss ? "loss" : "output", status.message);
        if (status.code == DG_OK) {
            dg_graph_file *file;
            status = dg_graph_read("net.dot", &(dg_graph_read_options){.text = text}, &file);
            cr_assert_eq(status.code, DG_OK, "%s\n%s", status.message, text);
            cr_expect_str_eq(dg_node_name(file->loss), is_loss ? name : "sum");
            cr_expect_str_eq(dg_node_name(file->output), is_loss ? "y" : name);
            dg_graph_file_free(file);
        } else
            cr_expect(strstr(status.message, "cannot be written") &&
                          (strchr(name, '\t') || strstr(status.message, name)),
                      "%s", status.message);
        free(text);
        dg_graph_free(graph);
    }
}

/* What a trainer in C keeps opens by itself, with the output that it was given. */
Test(written_roles, a_checkpoint_opens_with_an_output_of_several)
{
    recurrent r = make_recurrent(NULL);
    dg_tensors *parameters;
    dg_dataset data;
    dg_tensor *features, *target;
    dg_trainer *trainer;
    dg_model *model;
    char path[] = "/tmp/roles-XXXXXX";
    close(mkstemp(path));
    cr_assert_eq(dg_tensors_new(&parameters).code, DG_OK);
    cr_assert_eq(dg_dataset_new(&data).code, DG_OK);
    cr_assert_eq(dg_tensors_add(data.fields, "features", DG_FLOAT32, DG_SHAPE(8, 5, 3), &features).code, DG_OK);
    cr_assert_eq(dg_tensors_add(data.fields, "target", DG_INT64, DG_SHAPE(8), &target).code, DG_OK);
    for (int64_t k = 0; k < 8 * 5 * 3; k++)
        dg_tensor_set(features, k, (double)(k % 7) - 3);
    for (int64_t k = 0; k < 8; k++)
        dg_tensor_set(target, k, (double)(k % 2));
    cr_assert_eq(dg_dataset_split(&data, 0, 0, 1).code, DG_OK);
    dg_trainer_options options = {
        .task = {.graph = r.graph, .loss = r.loss, .output = r.last, .parameters = parameters, .data = &data},
        .epochs = 1,
        .checkpoint = path};
    dg_status status = dg_trainer_new(&options, &trainer);
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
    status = dg_trainer_run(trainer);
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
    cr_expect_null(dg_trainer_warning_at(trainer, 0));
    status = dg_model_open(path, NULL, &model);
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
    cr_expect_str_eq(dg_node_name(dg_model_output(model)), dg_node_name(r.last));
    dg_model_free(model);
    unlink(path);
    dg_trainer_free(trainer);
    dg_dataset_release(&data);
    dg_tensors_free(parameters);
    dg_graph_free(r.graph);
}
