/* Graphs and tables as users bring them, nearly right: what works without advice, and which advice is given. */
#include "command.h"

/* Two clusters of numbers with the name of each in the last column; the same without it. */
static void make_tables(void)
{
    make_folder();
    FILE *words = fopen("words.csv", "w"), *numbers = fopen("numbers.csv", "w");
    cr_assert(words && numbers);
    fputs("a,b,c,kind\n", words);
    fputs("a,b,c\n", numbers);
    for (int k = 0; k < 24; k++) {
        double a = (k % 2 ? 1.25 : -1.5) + 0.05 * (k % 5), b = 0.5 - 0.07 * (k % 7), c = 0.5 * a - b;
        fprintf(words, "%g,%g,%g,%s\n", a, b, c, k % 2 ? "rose" : "thorn");
        fprintf(numbers, "%g,%g,%g\n", a, b, c);
    }
    fclose(words);
    fclose(numbers);
}

TestSuite(advice, .init = make_tables, .fini = remove_folder);

static const char *const autoencoder = "digraph ae {\n"
                                       "  graph [epochs=2, loss=loss, output=y];\n"
                                       "  x [op=\"input([N, 3])\"]; h [op=\"linear(2)\"]; y [op=\"linear(3)\"];\n"
                                       "  loss [op=mse_loss];\n"
                                       "  x -> h -> y -> loss; x -> loss [arg=target];\n"
                                       "}\n";

/* An autoencoder compares with its own input: the words of the last column are none of its business. */
Test(advice, autoencoders_leave_a_target_of_words_alone)
{
    write_text("ae.dot", autoencoder);
    expect_fine(dotgrad("train ae.dot --data words.csv -o out"));
    outcome run = dotgrad("predict out words.csv");
    expect_fine(run);
    cr_assert_eq(strncmp(run.out, "y_0,y_1,y_2\n", 12), 0, "%s", run.out);
}

/* What also classifies takes the labels where cross_entropy compares with them, without field=. */
Test(advice, autoencoders_that_classify_find_features_and_labels)
{
    write_text("both.dot", "digraph both {\n"
                           "  graph [epochs=60, optimizer=\"adam(lr=0.05)\", loss=total, output=z];\n"
                           "  x [op=\"input([N, 3])\"]; label [op=\"input([N], dtype=int64)\"];\n"
                           "  h [op=\"linear(2)\"]; y [op=\"linear(3)\"]; z [op=\"linear(CLASSES)\"];\n"
                           "  copied [op=mse_loss]; told [op=cross_entropy]; total [op=add];\n"
                           "  x -> h -> y -> copied; x -> copied [arg=target];\n"
                           "  h -> z -> told; label -> told [arg=target]; copied -> total; told -> total;\n"
                           "}\n");
    outcome run = dotgrad("train both.dot --data words.csv -o out");
    expect_fine(run);
    cr_assert_gt(number_after(run.out, "test accuracy: "), 99);
}

/* The last of the columns is the target where no other is named; who compares with features alone wants it too. */
Test(advice, autoencoders_of_a_table_of_features_alone_are_told_of_target_none)
{
    write_text("ae.dot", autoencoder);
    outcome run = dotgrad("train ae.dot --data numbers.csv -o out");
    cr_assert_eq(run.status, 1);
    cr_assert_not_null(strstr(run.err, "column 'c' is the target; with target=none"), "%s", run.err);
    run = dotgrad("train ae.dot --data 'numbers.csv(target=none)' -o out");
    expect_fine(run);
    cr_assert_null(strstr(run.err, "target=none"), "%s", run.err);
    write_text("sized.dot", "digraph ae {\n"
                            "  graph [data=\"numbers.csv\", epochs=2, loss=loss, output=y];\n"
                            "  x [op=\"input([N, FEATURES])\"]; h [op=\"linear(2)\"]; y [op=\"linear(FEATURES)\"];\n"
                            "  loss [op=mse_loss];\n"
                            "  x -> h -> y -> loss; x -> loss [arg=target];\n"
                            "}\n");
    run = dotgrad("train sized.dot -o out2");
    expect_fine(run);
    cr_assert_not_null(strstr(run.err, "no loss compares with the target, column 'c', which is the last"), "%s",
                       run.err);
}

/* Logistic regression and softmax on noisy data are as they should be; of a perceptron that never ends it is warned. */
Test(advice, rows_that_are_not_separable_are_a_note_to_logistic_regression)
{
    static const struct {
        const char *labels, *loss;
        bool is_warned;
    } cases[] = {{"N], dtype=int64", "y [op=\"linear(2)\"]; loss [op=cross_entropy]; y -> loss;", false},
                 {"N, 1]", "y [op=\"linear(1)\"]; loss [op=binary_cross_entropy_with_logits]; y -> loss;", false},
                 {"N, 1]",
                  "y [op=\"linear(1)\"]; each [op=\"expr(relu(1 - (2 * t - 1) * y))\"]; loss [op=mean];"
                  "y -> each [arg=y]; t -> each [arg=t]; each -> loss;",
                  true}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        char text[800];
        snprintf(text, sizeof text,
                 "digraph { graph [epochs=2, data=\"values(features=[[0, 0], [0, 1], [1, 0], [1, 1]], "
                 "target=[0, 1, 1, 0], test=0)\"];\n"
                 "x [op=\"input([N, 2])\"]; t [op=\"input([%s, field=target)\"]; %s x -> y; %s }",
                 cases[k].labels, cases[k].loss, cases[k].is_warned ? "" : "t -> loss [arg=target];");
        write_text("xor.dot", text);
        outcome run = dotgrad("train xor.dot -o run%zu --no-pictures", k);
        expect_fine(run);
        const char *told =
            strstr(run.err, "not separable: whatever its weights, 'y' errs on one of the 4 training rows");
        cr_assert_not_null(told, "%s", run.err);
        cr_expect_eq(strstr(run.err, "warning") != NULL, cases[k].is_warned, "%s", run.err);
    }
}

#define COPY                                                                                                           \
    "digraph copy { graph [data=\"%s\", epochs=2, output=p]; x [op=\"input([N, FEATURES])\"]; h [op=\"linear(2)\"];\n" \
    "y [op=\"linear(FEATURES)\"]; p [op=sigmoid]; loss [op=binary_cross_entropy]; x -> h -> y -> p -> loss; %s }"

/* Of pictures that are copied nothing is decided, whether they are compared with as they are or cut. */
Test(advice, accuracy_is_of_targets_that_are_0_or_1)
{
    static const char *const targets[] = {"x -> loss [arg=target];",
                                          "c [op=\"clamp(0, 1)\"]; x -> c; c -> loss [arg=target];"};
    char text[800];
    for (size_t k = 0; k < sizeof targets / sizeof *targets; k++) {
        snprintf(text, sizeof text, COPY, "digits(scale=unit)", targets[k]);
        write_text("copy.dot", text);
        outcome run = dotgrad("train copy.dot -o run%zu --no-pictures", k);
        expect_fine(run);
        cr_expect_null(strstr(run.out, "accuracy"), "%s: %s", targets[k], run.out);
        run = dotgrad("train copy.dot -o asked%zu --no-pictures --metrics accuracy", k);
        cr_expect_eq(run.status, 1, "%s", targets[k]);
        cr_expect_not_null(strstr(run.err, "accuracy counts decisions, but targets are not all 0 and 1, one is 0."),
                           "%s", run.err);
    }
    snprintf(text, sizeof text, COPY, "digits(scale=unit)",
             "c [op=\"expr(where(x > 0.5, 1, 0))\"]; x -> c; c -> loss [arg=target];");
    write_text("copy.dot", text);
    outcome run = dotgrad("train copy.dot -o cut --no-pictures");
    expect_fine(run);
    cr_expect_not_null(strstr(run.out, "accuracy"), "%s", run.out);
}

/* A row beyond those of training is scaled beyond 0 … 1: a loss of probabilities says so before it trains. */
Test(advice, rows_that_are_scaled_beyond_probabilities_are_told_before_training)
{
    FILE *file = fopen("far.csv", "w");
    cr_assert_not_null(file);
    fputs("a,b,kind\n", file);
    for (int k = 0; k < 12; k++)
        fprintf(file, "%d,%d,%s\n", k == 7 ? 90 : k % 5, k % 3, k % 2 ? "yes" : "no");
    fclose(file);
    char text[800];
    bool seen[2] = {false};
    for (int seed = 0; seed < 12 && !(seen[0] && seen[1]); seed++) {
        snprintf(text, sizeof text, COPY, "far.csv(scale=unit)", "x -> loss [arg=target];");
        write_text("copy.dot", text);
        outcome run = dotgrad("train copy.dot -o run --force --no-pictures --split-seed %d", seed);
        seen[run.status == 0] = true;
        if (run.status == 0)
            continue;
        cr_expect_null(strstr(run.err, "epoch 1"), "%s", run.err);
        if (strstr(run.err, "'a' is 90"))
            cr_expect_not_null(strstr(run.err, "far.csv:9: column 'a' is 90, scaled 22.5, but 'loss'"), "%s", run.err);
        cr_expect_not_null(strstr(run.err, "op=\"clamp(0, 1)\""), "%s", run.err);
    }
    cr_expect(seen[0] && seen[1]);
    snprintf(text, sizeof text, COPY, "far.csv(scale=unit)", "c [op=\"clamp(0, 1)\"]; x -> c; c -> loss [arg=target];");
    write_text("copy.dot", text);
    for (int seed = 0; seed < 4; seed++)
        expect_fine(dotgrad("train copy.dot -o run --force --no-pictures --split-seed %d", seed));
    snprintf(text, sizeof text, COPY, "far.csv(scale=standard, test=0)", "x -> loss [arg=target];");
    write_text("copy.dot", text);
    outcome run = dotgrad("train copy.dot -o run --force --no-pictures");
    cr_expect_eq(run.status, 1);
    cr_expect_not_null(strstr(run.err, "scale=unit in data makes such"), "%s", run.err);
}

/* What a formula of one number stops is told as that, not as units that are off; an output of constants as well. */
Test(advice, formulas_of_one_number_are_told)
{
    static const struct {
        const char *output, *nodes, *words;
    } cases[] = {{"y", "y [op=\"expr(0 * x + 2)\"]; h -> y -> loss;",
                  "'y' (expr) gives 2 for all of them: it does not depend on what it reads"},
                 {"h", "y [op=\"expr(x - x)\"]; h -> y -> loss;", "'y' (expr) gives 0 whatever it reads"},
                 {"c", "c [op=\"constant([1, 2, 3])\"]; h -> loss;", "'c', the output, is computed from constants"},
                 {"h", "y [op=\"expr(relu(x - 1e6))\"]; h -> y -> loss;", "all units of a layer are off"}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        char text[600];
        snprintf(text, sizeof text,
                 "digraph { graph [data=wine, epochs=2, output=%s]; x [op=\"input([N, 13])\"]; "
                 "t [op=\"input([N], dtype=int64)\"]; h [op=\"linear(3)\"]; loss [op=cross_entropy]; x -> h; "
                 "t -> loss [arg=target]; %s }",
                 cases[k].output, cases[k].nodes);
        write_text("one.dot", text);
        outcome run = dotgrad("train one.dot -o run%zu --no-pictures", k);
        expect_fine(run);
        cr_expect_not_null(strstr(run.err, cases[k].words), "%s: %s", cases[k].nodes, run.err);
    }
}

/* A loss of each row or element is told what makes one number of it. */
Test(advice, losses_of_many_numbers_are_told_how_to_become_one)
{
    static const struct {
        const char *loss, *words;
    } cases[] = {{"loss [op=\"binary_cross_entropy(reduction='none')\"];", "write reduction='mean'"},
                 {"loss [op=bce];", "a node op=mean behind it"}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        char text[600];
        snprintf(text, sizeof text,
                 "digraph { graph [data=breast_cancer, epochs=1]; x [op=\"input([N, 30])\"]; t [op=\"input([N, 1])\"];"
                 "y [op=\"linear(1)\"]; p [op=sigmoid]; %s x -> y -> p -> loss; t -> loss [arg=target]; }",
                 cases[k].loss);
        write_text("each.dot", text);
        outcome run = dotgrad("train each.dot -o run%zu --no-pictures", k);
        cr_expect_eq(run.status, 1);
        cr_expect_not_null(strstr(run.err, cases[k].words), "%s", run.err);
    }
}
