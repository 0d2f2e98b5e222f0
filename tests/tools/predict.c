/* dotgrad predict: a trained graph on rows of data. */
#include "command.h"

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
