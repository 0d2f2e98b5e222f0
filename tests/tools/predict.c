/* dotgrad predict: a trained graph on rows of data. */
#include "command.h"

#include <dotgrad/dotgrad.h>

#define GRAPH                                                                                                          \
    "digraph { graph [data=\"flowers.csv(test=0)\", epochs=150, optimizer=\"adam(lr=0.05)\"];\n"                       \
    "  x [op=\"input([N, 2])\"]; t [op=\"input([N], dtype=int64)\"]; output [op=\"linear(2)\"];\n"                     \
    "  loss [op=cross_entropy]; x -> output -> loss; t -> loss [arg=target]; }\n"

static void train_flowers(void)
{
    make_folder();
    write_text("flowers.csv", "length,width,kind\n100,1,tulip\n110,2,tulip\n105,1.5,tulip\n300,9,\"rose, red\"\n"
                              "310,8,\"rose, red\"\n305,8.5,\"rose, red\"\n");
    write_text("g.dot", GRAPH);
    expect_fine(dotgrad("train g.dot -o run"));
}

TestSuite(predict, .init = train_flowers, .fini = remove_folder);

Test(predict, names_the_class_and_its_probability)
{
    outcome run = dotgrad("predict run flowers.csv");
    expect_fine(run);
    cr_assert_eq(strncmp(run.out, "class,\"p_rose, red\",p_tulip\ntulip,0.", 36), 0, "%s", run.out);
    const char *last = strstr(run.out, "\n\"rose, red\",");
    cr_assert_not_null(last, "%s", run.out);
    cr_assert_gt(strtod(last + strlen("\n\"rose, red\","), NULL), 0.5);
}

Test(predict, takes_rows_without_a_target_from_standard_input)
{
    char text[512];
    write_text("rows.csv", "length,width\n102,1\n306,9\n");
    outcome run = dotgrad("predict run/checkpoint.safetensors - -o out.csv <rows.csv");
    expect_fine(run);
    read_text("out.csv", text, sizeof text);
    cr_assert_not_null(strstr(text, "\ntulip,"));
    cr_assert_not_null(strstr(text, "\n\"rose, red\","));
}

Test(predict, gives_the_values_of_any_node)
{
    outcome run = dotgrad("predict run flowers.csv --output x");
    expect_fine(run);
    cr_assert_eq(strncmp(run.out, "x_0,x_1\n-", 9), 0, "%s", run.out); /* scaled: the small ones are below the mean */
}

Test(predict, applies_a_graph_file_with_weights)
{
    outcome run = dotgrad("predict g.dot --weights run flowers.csv"), same = dotgrad("predict run flowers.csv");
    expect_fine(run);
    cr_assert_str_eq(run.out, same.out);
}

Test(predict, tells_what_weights_in_16_bits_change)
{
    static const char *const types[] = {"bfloat16", "float16"};
    for (int d = 0; d < 2; d++) {
        char told[64];
        outcome run = dotgrad("predict run flowers.csv --weights-type %s", types[d]);
        expect_fine(run);
        snprintf(told, sizeof told, "1 weight(s) in %s: 8e-06 MB instead of 1.6e-05", types[d]);
        cr_expect_not_null(strstr(run.err, told), "%s", run.err);
        cr_expect_not_null(strstr(run.err, "('output.weight'); outputs by up to 0."), "%s", run.err);
        cr_expect_not_null(strstr(run.out, "\n\"rose, red\",0.99"), "%s", run.out);
    }
    cr_expect_eq(dotgrad("predict run flowers.csv --weights-type float8").status, 2);
}

Test(predict, training_and_prediction_keep_to_a_memory_limit)
{
    expect_fine(dotgrad("train g.dot -o other --epochs 1 --memory-limit 1M"));
    outcome run = dotgrad("train g.dot -o third --epochs 1 --memory-limit 8");
    cr_assert_eq(run.status, 1);
    cr_assert_not_null(strstr(run.err, "the limit is 8"), "%s", run.err);
    expect_fine(dotgrad("predict run flowers.csv --memory-limit 1M"));
    run = dotgrad("predict run flowers.csv --memory-limit 8");
    cr_assert_eq(run.status, 1);
    cr_assert_not_null(strstr(run.err, "the limit is 8"), "%s", run.err);
}

/* A checkpoint with names of more or fewer classes than the output scores: columns go by numbers, and that is told. */
Test(predict, says_where_the_names_of_classes_do_not_fit)
{
    static const char *const names[][2] = {{"[\"a\", \"b\", \"c\"]", "training had names of 3: classes are numbers"},
                                           {"[\"a\"]", "training had names of 1: those beyond are numbers"}};
    cr_assert_null(strstr(dotgrad("predict run flowers.csv").err, "names"));
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        dg_tensors *set;
        cr_assert_eq(dg_tensors_read("run/checkpoint.safetensors", &set).code, DG_OK);
        cr_assert_eq(dg_tensors_set_note(set, "data.classes", names[k][0]).code, DG_OK);
        cr_assert_eq(dg_safetensors_write("other.safetensors", set).code, DG_OK);
        dg_tensors_free(set);
        outcome run = dotgrad("predict other.safetensors flowers.csv");
        expect_fine(run);
        cr_expect_not_null(strstr(run.err, names[k][1]), "%s", run.err);
    }
}

Test(predict, refuses_what_does_not_fit)
{
    cr_assert_eq(dotgrad("predict").status, 2);
    cr_assert_eq(dotgrad("predict run").status, 2);
    outcome run = dotgrad("predict g.dot flowers.csv");
    cr_assert_eq(run.status, 1);
    cr_assert_not_null(strstr(run.err, "--weights"));
    run = dotgrad("predict run iris");
    cr_assert_eq(run.status, 1);
    cr_assert_not_null(strstr(run.err, "training had 3, of which 2 are features"), "%s", run.err);
    run = dotgrad("predict nowhere flowers.csv");
    cr_assert_eq(run.status, 1);
}

/* A name that says what the file is not would be believed by the next program. */
Test(predict, what_is_written_is_what_the_name_says)
{
    static const char *const calls[][2] = {
        {"predict run flowers.csv -o p.xlsx", "p.xlsx: CSV is written"},
        {"predict run flowers.csv -o p.JSON", "not what '.JSON' says: the name may end in .csv, .txt"},
        {"predict run flowers.csv -o a.b/p.npz", "CSV is written"},
        {"show run -o s.xlsx", "tensors are written, and not what '.xlsx' says"},
        {"eval run/graph.dot --weights run --data flowers.csv -o e.txt", ".csv, .json, .npz, .safetensors"},
        {"activation tanh -o a.docx", "a report is written"},
        {"fmt run/graph.dot -o f.svg", "a graph file is written, and not what '.svg' says"}};
    for (size_t k = 0; k < sizeof calls / sizeof *calls; k++) {
        outcome run = dotgrad("%s", calls[k][0]);
        cr_expect(run.status == 1 || run.status == 2, "%s: %d", calls[k][0], run.status);
        cr_expect_not_null(strstr(run.err, calls[k][1]), "%s: %s", calls[k][0], run.err);
    }
    cr_expect_eq(system("ls | grep -E '^(p|s|e|a|f)[.]'"), 256);
    expect_fine(dotgrad("predict run flowers.csv -o p.2024"));
    expect_fine(dotgrad("predict run flowers.csv -o p.csv"));
    expect_fine(dotgrad("predict run flowers.csv -o p"));
}

Test(predict, what_needs_targets_is_no_output)
{
    write_text("net.dot", "digraph { graph [data=iris, epochs=1]; x [op=\"input([N, 4])\"]; output [op=\"linear(3)\"]; "
                          "t [op=\"input([N], dtype=int64)\"]; loss [op=cross_entropy]; twice [op=\"expr(2*x)\"]; "
                          "x -> output -> loss -> twice; t -> loss [arg=target]; }");
    expect_fine(dotgrad("train net.dot -o run"));
    write_text("rows.csv", "5,3,1,0.2\n");
    static const char *const outputs[] = {"loss", "twice"};
    for (size_t k = 0; k < sizeof outputs / sizeof *outputs; k++) {
        outcome run = dotgrad("predict run rows.csv --output %s", outputs[k]);
        cr_expect_eq(run.status, 1);
        cr_expect(strstr(run.err, "needs targets (cross_entropy 'loss' compares with them)") &&
                      strstr(run.err, "'output' or what it is computed from"),
                  "%s", run.err);
    }
    expect_fine(dotgrad("predict run rows.csv --output output"));
}
