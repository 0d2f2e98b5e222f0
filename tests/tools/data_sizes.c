/* ROWS, FEATURES, CLASSES and VOCAB in graph files: bound from data before the graph is built, kept by what is written.
 */
#include "command.h"

#include <dotgrad/graphviz.h>

TestSuite(data_sizes, .init = make_folder, .fini = remove_folder);

#define NET(attributes)                                                                                                \
    "digraph { graph [loss=loss, output=s, epochs=2" attributes "];\n"                                                 \
    "  x [op=\"input([N, FEATURES])\"]; t [op=\"input([N], dtype=int64)\"]; h [op=\"linear(2*CLASSES)\"];\n"           \
    "  s [op=\"linear(CLASSES)\"]; loss [op=cross_entropy]; x -> h -> s -> loss; t -> loss [arg=target]; }\n"

static dg_data *open_data(const char *spec)
{
    dg_data *data;
    cr_assert_eq(dg_data_open(spec, NULL, &data).code, DG_OK);
    return data;
}

static dg_graph_file *read_graph(const char *text, const dg_graph_read_options *options)
{
    dg_graph_file *file;
    dg_graph_read_options with = *options;
    with.text = text;
    dg_status status = dg_graph_read("net.dot", &with, &file);
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
    return file;
}

static int64_t size_of(const dg_graph_file *file, const char *node, int dimension)
{
    return dg_node_type(dg_graph_file_find(file, node), 0)->shape.dims[dimension];
}

static void expect_refusal(const char *text, const dg_graph_read_options *options, const char *words)
{
    dg_graph_file *file;
    dg_graph_read_options with = *options;
    with.text = text;
    dg_status status = dg_graph_read("net.dot", &with, &file);
    cr_assert_neq(status.code, DG_OK);
    cr_assert_not_null(strstr(status.message, words), "%s", status.message);
}

/* 0, 1 and 7 are eight classes, of which five are never seen. */
Test(data_sizes, classes_without_rows_are_told)
{
    write_text("gaps.csv", "a,y\n1,0\n2,1\n3,7\n1.5,0\n2.5,1\n3.5,7\n1.2,0\n2.2,1\n");
    write_text("gaps.dot", NET(", data=\"gaps.csv\""));
    outcome run = dotgrad("train gaps.dot -o run");
    expect_fine(run);
    cr_assert_not_null(strstr(run.err, "3 different numbers from 0 to 7: the other 5 classes have no row"), "%s",
                       run.err);
}

/* iris: 150 rows of which a quarter test, 4 features, 3 classes. */
Test(data_sizes, are_those_of_the_data)
{
    dg_data *data = open_data("iris");
    cr_assert_eq(dg_data_size_of(data, "ROWS"), dg_data_set(data)->n_train);
    cr_assert_eq(dg_data_size_of(data, "FEATURES"), 4);
    cr_assert_eq(dg_data_size_of(data, "CLASSES"), 3);
    cr_assert_eq(dg_data_size_of(data, "VOCAB"), 0, "measures are no tokens");
    dg_graph_file *file = read_graph(NET(""), &(dg_graph_read_options){.data = data});
    cr_assert_eq(size_of(file, "x", 1), 4);
    cr_assert_eq(size_of(file, "h", 1), 6);
    cr_assert_eq(size_of(file, "s", 1), 3);
    dg_graph_file_free(file);
    file = read_graph("digraph { p [op=\"parameter([ROWS, 2])\"]; }", &(dg_graph_read_options){.data = data});
    cr_assert_eq(size_of(file, "p", 0), dg_data_set(data)->n_train);
    dg_graph_file_free(file);
    dg_data_free(data);
    write_text("tokens.csv", "0,3,7\n1,2,0\n5,5,5\n4,1,0\n");
    data = open_data("tokens.csv(scale=none, target=none, header=false)");
    cr_assert_eq(dg_data_size_of(data, "VOCAB"), 8);
    dg_data_free(data);
}

/* Before the data the graph names: what the caller gives, then what the attribute says. */
Test(data_sizes, have_an_order)
{
    const dg_symbol_size given[] = {{"CLASSES", 7}};
    dg_graph_file *file = read_graph(NET(", data=wine"), &(dg_graph_read_options){0});
    cr_assert_eq(size_of(file, "x", 1), 13);
    dg_graph_file_free(file);
    file = read_graph(NET(", data=wine, sizes=\"CLASSES=5\""), &(dg_graph_read_options){0});
    cr_assert_eq(size_of(file, "x", 1), 13);
    cr_assert_eq(size_of(file, "s", 1), 5);
    dg_graph_file_free(file);
    file = read_graph(NET(", data=wine, sizes=\"CLASSES=5\""), &(dg_graph_read_options){.sizes = given, .n_sizes = 1});
    cr_assert_eq(size_of(file, "s", 1), 7);
    dg_graph_file_free(file);
}

Test(data_sizes, refuse_what_the_data_do_not_say)
{
    dg_data *data = open_data("sinc");
    expect_refusal(NET(""), &(dg_graph_read_options){0}, "there are none: give --set data");
    expect_refusal(NET(""), &(dg_graph_read_options){.data = data}, "the target of the data is not classes");
    expect_refusal("digraph { p [op=\"parameter([VOCAB, 2])\"]; }", &(dg_graph_read_options){.data = data},
                   "not tokens");
    expect_refusal(NET(", data=\"nowhere.csv\""), &(dg_graph_read_options){0}, "nowhere.csv");
    dg_data_free(data);
}

/* Keywords, quoted texts and longer names are no sizes; an input without data has a symbol. */
Test(data_sizes, are_words_of_their_own)
{
    dg_graph_file *file = read_graph("digraph { x [op=\"input([ROWS, 2])\"]; MY_CLASSES [op=\"parameter([2, 3])\"]; }",
                                     &(dg_graph_read_options){0});
    cr_assert_lt(size_of(file, "x", 0), 0);
    dg_graph_file_free(file);
}

Test(data_sizes, of_used_files)
{
    write_text("head.dot",
               "digraph { x [op=\"input([N, FEATURES])\"]; h [op=\"linear(FEATURES)\"]; y [op=\"linear(CLASSES)\"]; "
               "x -> h -> y }");
    write_text("u.dot",
               "digraph { graph [loss=loss, output=s, epochs=2, data=iris];\n"
               "  x [op=\"input([N, 4])\"]; t [op=\"input([N], dtype=int64)\"]; w [op=\"linear(9)\"];\n"
               "  s [op=\"use('head.dot')\"]; five [op=\"use('head.dot', CLASSES=5)\"]; loss [op=cross_entropy];\n"
               "  x -> w -> s -> loss; w -> five; t -> loss [arg=target]; }\n");
    outcome run = dotgrad("summary u.dot");
    expect_fine(run);
    cr_assert_not_null(strstr(run.out, "[N, 3]"), "%s", run.out);
    cr_assert_not_null(strstr(run.out, "[N, 5]"), "%s", run.out);
    expect_fine(dotgrad("train u.dot -o run"));
    cr_assert_eq(system("rm head.dot u.dot"), 0);
    write_text("row.csv", "5.1,3.5,1.4,0.2\n");
    expect_fine(dotgrad("predict run row.csv"));
    expect_fine(dotgrad("summary run/graph.dot"));
}

/* What training leaves behind has the sizes: nothing of it needs the data. */
Test(data_sizes, are_kept_by_runs)
{
    write_text("net.dot", NET(""));
    expect_fine(dotgrad("train net.dot --data iris -o run"));
    outcome run = dotgrad("summary run/graph.dot");
    expect_fine(run);
    cr_assert_not_null(strstr(run.out, "[N, 6]"), "%s", run.out);
    expect_fine(dotgrad("draw run/graph.dot -o net.svg"));
    expect_fine(dotgrad("train --resume run --epochs 3"));
    expect_fine(dotgrad("predict run iris -o out.csv"));
    expect_fine(dotgrad("summary net.dot --size CLASSES=4 --size FEATURES=2"));
    expect_fine(dotgrad("summary net.dot --set data=wine"));
    run = dotgrad("summary net.dot --data wine");
    cr_expect_eq(run.status, 2);
    cr_expect_not_null(strstr(run.err, "no option --data; an attribute of the graph is set with --set data=…"), "%s",
                       run.err);
    expect_fine(dotgrad("eval net.dot --data iris --rows 2 --fetch s"));
    run = dotgrad("train net.dot");
    cr_assert_eq(run.status, 1);
    cr_assert_not_null(strstr(run.err, "needs CLASSES from data"), "%s", run.err);
}

/* The rows that train depend on the options of training: 150 iris, a quarter tests (38), validation as asked. */
Test(data_sizes, follow_the_options_of_training)
{
    write_text("net.dot",
               "digraph { graph [loss=loss, epochs=1, data=iris, validation=0.1]; p [op=\"parameter([ROWS])\"];\n"
               "  x [op=\"input([N, FEATURES])\"]; s [op=sum]; q [op=sum]; y [op=mul]; loss [op=mean];\n"
               "  x -> s -> y; p -> q -> y; y -> loss; }\n");
    expect_fine(dotgrad("train net.dot -o a"));
    outcome run = dotgrad("summary a/graph.dot");
    cr_assert_not_null(strstr(run.out, "[97]"), "%s", run.out);
    expect_fine(dotgrad("train net.dot --validation 0.2 -o b"));
    run = dotgrad("summary b/graph.dot");
    cr_assert_not_null(strstr(run.out, "[82]"), "%s", run.out);
}
