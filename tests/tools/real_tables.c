/* Public tables as they are found: each trains in one command with at most one option of its data, about as well as
 * scikit-learn does on such splits. */
#include "command.h"

#define SEEDS 3

/* The mean over 20 splits (test part 0.25) that scikit-learn 1.9 gets, and their deviation: for classes the accuracy of
 * StandardScaler and LogisticRegression(C=10), for numbers the rmse of Ridge(1), after get_dummies for words and the
 * training mean for missing cells. Three seeds here may differ from these means by their own deviation, and a softmax
 * regression by Adam is not quite theirs: the bound is two deviations. */
static const struct {
    const char *file, *option;
    int features, classes; /* classes 1: a number */
    double wanted, deviation;
    const char *rate;
} tables[] = {
    {"glass.csv", "", 9, 6, 62.6, 5.8, "0.05"},
    {"haberman.csv", "", 3, 2, 75.3, 4.6, "0.05"},
    {"banknote_authentication.csv", "", 4, 2, 98.9, 0.5, "0.05"},
    {"sonar.csv", "", 60, 2, 75.7, 4.8, "0.05"},
    {"ionosphere.csv", "", 34, 2, 87.8, 3.4, "0.05"},
    {"ecoli.csv", "", 7, 8, 86.5, 3.3, "0.05"},
    {"ecoli.data", "", 7, 8, 86.5, 3.3, "0.05"},
    {"breast-cancer.csv", "", 39, 2, 67.6, 4.4, "0.05"},
    {"horse-colic.csv", "", 27, 2, 68.8, 4.7, "0.05"},
    {"penguins.csv", "(target=species)", 9, 3, 99.1, 0.9, "0.05"},
    {"mpg.csv", "(target=mpg)", 9, 1, 3.35, 0.26, "0.2"},
    {"auto_imports.csv", "", 74, 1, 2479, 440, "100"},
};

TestSuite(real_tables, .init = make_folder, .fini = remove_folder);

static void write_graph(int features, int classes, const char *rate)
{
    char text[1024];
    bool number = classes == 1;
    snprintf(text, sizeof text,
             "digraph { graph [epochs=%d, batch_size=32, optimizer=\"adam(lr=%s)\", schedule=cosine];\n"
             "  x [op=\"input([N, %d])\"]; t [op=\"input(%s)\"]; output [op=\"linear(%d)\"]; loss [op=%s];\n"
             "  x -> output -> loss; t -> loss [arg=target]; }\n",
             number ? 300 : 100, rate, features, number ? "[N, 1]" : "[N], dtype=int64", classes,
             number ? "mse_loss" : "cross_entropy");
    write_text("g.dot", text);
}

Test(real_tables, train_about_as_well_as_scikit_learn)
{
    for (size_t k = 0; k < sizeof tables / sizeof tables[0]; k++) {
        bool number = tables[k].classes == 1;
        double mean = 0;
        write_graph(tables[k].features, tables[k].classes, tables[k].rate);
        for (int seed = 0; seed < SEEDS; seed++) {
            outcome run = dotgrad("train g.dot --data \"$TESTS/tables/%s%s\" --seed %d -o run --no-pictures",
                                  tables[k].file, tables[k].option, seed);
            expect_fine(run);
            mean += number_after(run.out, number ? "test rmse: " : "test accuracy: ") / SEEDS;
        }
        double worse = number ? mean - tables[k].wanted : tables[k].wanted - mean;
        cr_assert_leq(worse, 2 * tables[k].deviation, "%s: %g, wanted about %g", tables[k].file, mean,
                      tables[k].wanted);
    }
}

Test(real_tables, are_predicted_on_as_they_are)
{
    for (size_t k = 0; k < sizeof tables / sizeof tables[0]; k++) {
        write_graph(tables[k].features, tables[k].classes, tables[k].rate);
        expect_fine(dotgrad("train g.dot --data \"$TESTS/tables/%s%s\" --epochs 1 -o run --no-pictures", tables[k].file,
                            tables[k].option));
        expect_fine(dotgrad("predict run \"$TESTS/tables/%s\" -o out.csv", tables[k].file));
        cr_assert_eq(system("test $(wc -l <out.csv) -gt 200"), 0, "%s", tables[k].file);
    }
}
