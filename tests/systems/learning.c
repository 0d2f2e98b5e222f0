/* Perceptrons, layers, costs, descent and gradients: what the first chapters of textbooks show. Numbers of the costs
 * and the valley are made by learning.py (PyTorch 2, float64). */
#include "found.h"

TestSuite(learning, .init = make_folder, .fini = remove_folder);

static double errors_of(const char *example, const char *options)
{
    outcome run = dotgrad("train " EXAMPLES "%s.dot %s --no-pictures --force -o run", example, options);
    expect_fine(run);
    return number_after(run.out, "train loss: ");
}

Test(learning, the_perceptron_rule_learns_what_a_line_separates)
{
    expect("AND, part of the rows wrong", errors_of("perceptron-rule", ""), 0, 0);
    expect("OR", errors_of("perceptron-rule", "--set 'want=[0, 1, 1, 1]'"), 0, 0);
    expect("NAND", errors_of("perceptron-rule", "--set 'want=[1, 1, 1, 0]'"), 0, 0);
    expect("iris setosa", errors_of("perceptron-iris", ""), 0, 0);
}

/* Not after thirty epochs, and not after three hundred: some row is always wrong, and it says why. */
Test(learning, the_perceptron_rule_never_learns_exclusive_or)
{
    for (int epochs = 30; epochs <= 300; epochs += 90) {
        char options[80];
        snprintf(options, sizeof options, "--set 'want=[0, 1, 1, 0]' --epochs %d", epochs);
        expect_from("XOR, part of the rows wrong", errors_of("perceptron-rule", options), 0.25);
    }
    outcome run =
        dotgrad("train " EXAMPLES "perceptron-rule.dot --set 'want=[0, 1, 1, 0]' --no-pictures --force -o run");
    cr_expect(strstr(run.err, "not separable: whatever its weights, 'says' errs on one of the 4 training rows"), "%s",
              run.err);
    cr_expect(strstr(run.err, "mean of rows 2 and 3, which should give 1, is one of rows 1 and 4, which should give 0"),
              "%s", run.err);
    run = dotgrad("eval " EXAMPLES "perceptron-rule.dot --set 'want=[0, 1, 1, 0]' --weights run --fetch says "
                  "--data 'values(features=[[0, 0], [0, 1], [1, 0], [1, 1]], target=[0, 1, 1, 0])'");
    cr_expect(strstr(run.err, "not separable: whatever its weights, 'says' errs on one of the 4 rows"), "%s", run.err);
    run = dotgrad("train " EXAMPLES "perceptron-rule.dot --no-pictures --force -o run --epochs 1");
    cr_expect(strstr(run.err, "but separable"), "%s", run.err);
    run = dotgrad("train " EXAMPLES "perceptron-rule.dot --no-pictures --force -o run");
    cr_expect(!strstr(run.err, "separable"), "%s", run.err);
}

/* Losses of margins, of a score and no threshold, in a graph file of its own; exclusive or, and the gate NAND. */
Test(learning, losses_of_margins_say_that_exclusive_or_is_not_separable)
{
    static const char *const costs[] = {"relu(-y * s)", "relu(1 - y * s)", "softplus(-y * s)"};
    for (int k = 0; k < 3; k++) {
        char graph[600];
        snprintf(graph, sizeof graph,
                 "digraph scores { graph [set=\"want=[-1, 1, 1, -1]\", loss=loss, epochs=20, batch_size=1,"
                 "data=\"values(features=[[0, 0], [0, 1], [1, 0], [1, 1]], target=$want, scale=none, test=0)\"];"
                 "x [op=\"input([N, 2])\"]; label [op=\"input([N, 1], field=target)\"]; score [op=\"linear(1)\"];"
                 "each [op=\"expr(%s)\"]; loss [op=mean]; x -> score; score -> each [arg=s]; label -> each [arg=y];"
                 "each -> loss; }",
                 costs[k]);
        write_text("scores.dot", graph);
        outcome run = dotgrad("train scores.dot --no-pictures --force -o run");
        expect_fine(run);
        cr_expect(strstr(run.err, "not separable: whatever its weights, 'score' errs on one of the 4 training rows"),
                  "%s: %s", costs[k], run.err);
        cr_expect(strstr(run.err, "mean of rows 2 and 3, where it should be above 0, is one of rows 1 and 4, where it"),
                  "%s: %s", costs[k], run.err);
        run = dotgrad("train scores.dot --set 'want=[1, 1, 1, -1]' --no-pictures --force -o run");
        expect_fine(run);
        cr_expect(!strstr(run.err, "separable"), "%s: %s", costs[k], run.err);
    }
}

/* The same by a softmax of two scores and its cross-entropy; AND is learnt, and nothing is told. */
Test(learning, a_softmax_says_that_exclusive_or_is_not_separable)
{
    write_text("softmax.dot",
               "digraph softmax { graph [set=\"want=[0, 1, 1, 0]\", loss=loss, epochs=20, batch_size=4,"
               "data=\"values(features=[[0, 0], [0, 1], [1, 0], [1, 1]], target=$want, scale=none, test=0)\"];"
               "x [op=\"input([N, 2])\"]; label [op=\"input([N], dtype=int64)\"]; scores [op=\"linear(2)\"];"
               "loss [op=cross_entropy]; x -> scores -> loss; label -> loss [arg=target]; }");
    outcome run = dotgrad("train softmax.dot --no-pictures --force -o run");
    expect_fine(run);
    cr_expect(strstr(run.err, "not separable: whatever its weights, 'scores' errs on one of the 4 training rows of "
                              "classes 0 and 1\n"),
              "%s", run.err);
    cr_expect(!strstr(run.err, "warning"), "%s", run.err);
    run = dotgrad("train softmax.dot --set 'want=[0, 0, 0, 1]' --no-pictures --force -o run");
    expect_fine(run);
    cr_expect(!strstr(run.err, "separable"), "%s", run.err);
}

Test(learning, gates_of_fixed_weights_answer_their_truth_tables)
{
    static const double truth[2][4] = {{0, 0, 0, 1}, {0, 1, 1, 1}};
    for (int gate = 0; gate < 2; gate++) {
        dg_tensors *set;
        expect_fine(dotgrad("eval " EXAMPLES "perceptron-%s.dot --fetch fires --out gate", gate ? "or" : "and"));
        cr_assert_eq(dg_safetensors_read("gate", &set).code, DG_OK);
        for (int row = 0; row < 4; row++)
            expect(gate ? "OR fires" : "AND fires", dg_tensor_get(dg_tensors_find(set, "fires"), row), truth[gate][row],
                   0);
        dg_tensors_free(set);
    }
}

Test(learning, exclusive_or_by_a_hidden_layer)
{
    outcome run = dotgrad("train " EXAMPLES "xor.dot --no-pictures -o run");
    expect_fine(run);
    expect("XOR accuracy, %", number_after(run.out, "train accuracy: "), 100, 0);
}

Test(learning, linear_layers_in_a_row_are_one)
{
    outcome run = dotgrad("eval " EXAMPLES "stacked-linear.dot");
    expect_fine(run);
    expect("largest difference of two layers and one", number_after(run.out, "difference = "), 0, 1e-13);
}

/* 600 turns are 300 steps of each unit. */
Test(learning, a_saturated_sigmoid_is_slow_by_the_quadratic_cost)
{
    outcome run = dotgrad("train " EXAMPLES "saturated-sigmoid.dot --no-pictures -o run");
    expect_fine(run);
    expect("answer by the quadratic cost after 300 steps", number_after(run.out, "a_quadratic: "), 0.2028484242677765,
           1e-9);
    expect("answer by cross-entropy after 300 steps", number_after(run.out, "a_entropy: "), 0.012008741510817504, 1e-9);
}

Test(learning, optimisers_go_down_the_valley_as_pytorchs_do)
{
    static const struct {
        const char *name, *call;
        double x, y;
    } cases[] = {{"sgd", "sgd(lr=1e-3)", -0.5137053476630796, 0.2714697564621988},
                 {"momentum", "sgd(lr=1e-3, momentum=0.9)", 0.9214381597294388, 0.8487184712982853},
                 {"rmsprop", "rmsprop(lr=1e-2)", -0.8229750735377835, 0.6828114875172957},
                 {"adam", "adam(lr=0.02)", -1.0142143965729788, 1.0345017247102393}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        char what[60];
        outcome run = dotgrad("train " EXAMPLES "valley.dot --optimizer '%s' --epochs 500 --no-pictures -o run%zu",
                              cases[k].call, k);
        expect_fine(run);
        snprintf(what, sizeof what, "%s: x after 500 steps", cases[k].name);
        expect(what, number_after(run.out, "x: "), cases[k].x, 1e-8);
        snprintf(what, sizeof what, "%s: y after 500 steps", cases[k].name);
        expect(what, number_after(run.out, "y: "), cases[k].y, 1e-8);
    }
    outcome run = dotgrad("train " EXAMPLES "valley.dot --optimizer lbfgs --epochs 60 --no-pictures -o run");
    expect_fine(run);
    expect("lbfgs: f after 60 steps", number_after(run.out, "loss: "), 0, 1e-10);
    run = dotgrad("train " EXAMPLES "valley.dot --optimizer 'sgd(lr=0.1)' --no-pictures -o far");
    expect("too large a rate: exit status", run.status, 1, 0);
    cr_expect(strstr(run.err, "smaller learning rate"), "%s", run.err);
}

/* The noise is 0.1: the mean square that is left is 0.01, whatever the batch. */
Test(learning, batch_stochastic_and_mini_batch_descent_find_one_line)
{
    static const int sizes[] = {1, 16, 128};
    for (int k = 0; k < 3; k++) {
        outcome run = dotgrad("train " EXAMPLES "line.dot --batch-size %d --epochs %d --no-pictures -o run%d", sizes[k],
                              sizes[k] == 128 ? 300 : 60, k);
        expect_fine(run);
        expect("slope", number_after(run.out, "w: "), 2, 0.1);
        expect("height", number_after(run.out, "b: "), -0.5, 0.1);
        expect("mean square left", number_after(run.out, "train loss: "), 0.01, 0.005);
    }
    outcome run = dotgrad("train " EXAMPLES "line.dot --batch-size 128 --set rate=2 --no-pictures -o far");
    expect_fine(run);
    expect_from("rate 2 diverges: mean square after 100 steps", number_after(run.out, "train loss: "), 1e20);
    run = dotgrad("train " EXAMPLES "line.dot --batch-size 128 --set rate=0.001 --no-pictures -o near");
    expect_fine(run);
    expect_to("rate 0.001 has not arrived: slope", number_after(run.out, "w: "), 1);
}

static double ratio_of(const char *act, int depth, const char *init)
{
    outcome run =
        dotgrad("eval " EXAMPLES "vanishing-gradient.dot --set act=%s --set depth=%d --set init=%s", act, depth, init);
    expect_fine(run);
    return number_after(run.out, "ratio = ");
}

/* σ' is at most 1/4, and the weights of a layer keep lengths on average: at most 4⁻ᵈ, and not much less, as the units
 * are hardly saturated. Rectified units with twice the variance keep the gradient. */
Test(learning, gradients_vanish_behind_sigmoids_and_not_behind_rectified_units)
{
    static const int depths[] = {2, 10, 50};
    for (int k = 0; k < 3; k++) {
        double depth = depths[k];
        expect("sigmoid: log4 of the gradient's loss, a layer",
               -log(ratio_of("sigmoid", depths[k], "lecun_normal")) / log(4) / depth, 1.08, 0.12);
        expect_from("tanh: part of the gradient kept, a layer",
                    pow(ratio_of("tanh", depths[k], "lecun_normal"), 1 / depth), 0.6);
        expect("relu: part of the gradient kept, a layer",
               pow(ratio_of("relu", depths[k], "kaiming_normal"), 1 / depth), 1, 0.25);
        expect("leaky_relu: part of the gradient kept, a layer",
               pow(ratio_of("leaky_relu", depths[k], "kaiming_normal"), 1 / depth), 1, 0.25);
    }
}

/* A column of the last record of run/watch.csv, least and most over the layers that have it; *first: of the first. */
static void last_watched(int column, double *least, double *most, double *first)
{
    char line[400], newest[40] = "";
    FILE *file = fopen("run/watch.csv", "r");
    cr_assert_not_null(file);
    while (fgets(line, sizeof line, file)) {
        char *rest = line, *step = strsep(&rest, ","), *field = NULL;
        for (int k = 1; k <= column; k++)
            field = strsep(&rest, ",\n");
        if (strcmp(step, newest) != 0) {
            snprintf(newest, sizeof newest, "%.30s", step);
            *least = INFINITY;
            *most = *first = -INFINITY;
        }
        if (!field || !*field)
            continue;
        double value = strtod(field, NULL);
        *first = isinf(*first) ? value : *first;
        *least = fmin(*least, value);
        *most = fmax(*most, value);
    }
    fclose(file);
}

/* σ′ is at most 1/4: behind nineteen more layers at most 4⁻¹⁹ = 4e-12 is left, of weights that keep lengths. */
Test(learning, watching_shows_gradients_that_vanish_and_units_that_die)
{
    static const char *const acts[] = {"tanh", "relu", "leaky_relu"};
    enum { GRADIENT = 3, DEAD = 4 };
    double least, most, first;
    outcome run = dotgrad("train " EXAMPLES "watch-depth.dot --no-pictures --force -o run");
    expect_fine(run);
    expect_to("20 layers of sigmoid: test accuracy, %", number_after(run.out, "accuracy: "), 20);
    last_watched(GRADIENT, &least, &most, &first);
    expect_to("gradient at the first layer, of the largest", first / most, 4e-12);
    expect_to("units that are dead", (last_watched(DEAD, &least, &most, &first), most), 0);
    for (int k = 0; k < 3; k++) {
        run = dotgrad("train " EXAMPLES "watch-depth.dot --set act=%s --set init=%s --no-pictures --force -o run",
                      acts[k], k ? "kaiming_normal" : "xavier_normal");
        expect_fine(run);
        expect_from(acts[k], number_after(run.out, "accuracy: "), 85);
        last_watched(GRADIENT, &least, &most, &first);
        expect_from("gradient at the first layer, of the largest", first / most, 0.01);
    }
    expect_to("Leaky ReLU: units that are dead", (last_watched(DEAD, &least, &most, &first), most), 0);
    run = dotgrad("train " EXAMPLES
                  "watch-depth.dot --set act=relu --set init=kaiming_normal --no-pictures --force -o run "
                  "--optimizer 'adam(lr=0.03)'");
    expect_fine(run);
    last_watched(DEAD, &least, &most, &first);
    expect("ReLU at too large a rate: dead units of a layer", most, 1, 0);
    expect_to("test accuracy, %", number_after(run.out, "accuracy: "), 20);
}
