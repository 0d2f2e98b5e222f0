/* dotgrad fit-rbf, and what graph files say of networks that are solved for: refit, epochs=0. */
#include "command.h"

TestSuite(fit_rbf, .init = make_folder, .fini = remove_folder);

Test(fit_rbf, leaves_a_run_that_predicts_and_trains_on)
{
    outcome run = dotgrad("fit-rbf iris -o run --kernel gaussian,matern52");
    expect_fine(run);
    cr_expect_geq(number_after(run.out, "test accuracy: "), 92, "%s", run.out);
    cr_expect_lt(number_after(run.out, "leave-one-out rmse: "), 0.25);
    double rmse = number_after(run.out, "leave-one-out rmse: "), hinge = number_after(run.out, "leave-one-out hinge: ");
    outcome by_squares = dotgrad("fit-rbf iris -o squares --kernel gaussian,matern52 --select loocv");
    cr_expect_lt(number_after(by_squares.out, "leave-one-out rmse: "), rmse);
    cr_expect_gt(number_after(by_squares.out, "leave-one-out hinge: "), hinge);
    outcome predicted = dotgrad("predict run iris");
    expect_fine(predicted);
    cr_expect(strncmp(predicted.out, "class,", 6) == 0, "%s", predicted.out);
    double first = number_after(predicted.out, "\nsetosa,"); /* a clear row; e/(e + 2) = .58 of 1, 0, 0 */
    cr_expect(first > 0.9 && first < 1, "%s", predicted.out);
    cr_expect_lt(number_after(run.out, "test loss: "), 0.25, "%s", run.out);
    expect_fine(dotgrad("train --resume run --epochs 2"));
}

Test(fit_rbf, takes_kernel_centers_and_what_decides)
{
    outcome run = dotgrad("fit-rbf 'sinc(noise=0)' -o run --kernel gaussian --select goal=1e-4");
    expect_fine(run);
    cr_expect_leq(number_after(run.out, "train rmse: "), 0.01);
    cr_expect_lt(number_after(run.out, "centers: "), 30);
    cr_expect(!strstr(run.out, "hinge"), "%s", run.out);
    run = dotgrad("fit-rbf wine -o run --force --centers 'kmeans(40)' --select aic --kernel gaussian");
    expect_fine(run);
    cr_expect_eq(number_after(run.out, "centers: "), 40);
    cr_expect_geq(number_after(run.out, "test accuracy: "), 90);
}

Test(fit_rbf, says_what_is_wrong)
{
    cr_expect_eq(dotgrad("fit-rbf").status, 2);
    cr_expect_eq(dotgrad("fit-rbf iris --width x").status, 2);
    outcome run = dotgrad("fit-rbf iris --kernel gausian -o run");
    cr_expect_eq(run.status, 1);
    cr_expect(strstr(run.err, "kernels 'gausian': there are gaussian|"), "%s", run.err);
    run = dotgrad("fit-rbf iris --centers grid -o run");
    cr_expect_eq(run.status, 1);
    cr_expect(strstr(run.err, "expected all, kmeans, samples or ols"), "%s", run.err);
}

static void write_targets(const char *target, int rows)
{
    static char text[20000];
    int at = snprintf(text, sizeof text, "a,b,price\n");
    for (int k = 0; k < rows; k++) {
        at += snprintf(text + at, sizeof text - (size_t)at, "%d.5,%d,", k % 11, k % 7);
        at += snprintf(text + at, sizeof text - (size_t)at, target, 40 + 3 * k);
        at += snprintf(text + at, sizeof text - (size_t)at, "\n");
    }
    write_text("t.csv", text);
}

/* Prices are whole numbers, and no classes. */
Test(fit_rbf, many_whole_numbers_are_values)
{
    write_targets("%d", 150);
    outcome run = dotgrad("fit-rbf t.csv -o run --kernel gaussian");
    expect_fine(run);
    cr_expect(strstr(run.err, "'price', holds too many different numbers for classes"), "%s", run.err);
    cr_expect(strstr(run.out, "test rmse: "), "%s", run.out);
    run = dotgrad("fit-rbf t.csv -o run --force --kernel gaussian --regression");
    expect_fine(run);
    cr_expect(!strstr(run.err, "too many"), "%s", run.err);
}

Test(fit_rbf, words_that_are_no_classes_are_refused_before_anything_is_solved)
{
    write_targets("word%d", 150);
    outcome run = dotgrad("fit-rbf t.csv -o run");
    cr_expect_eq(run.status, 1);
    cr_expect(strstr(run.err, "column 'price', holds 150 different words, where 2 to 100 can be classes"), "%s",
              run.err);
    write_targets("same", 20);
    run = dotgrad("fit-rbf t.csv -o run");
    cr_expect_eq(run.status, 1);
    cr_expect(strstr(run.err, "holds 1 different word, where"), "%s", run.err);
    run = dotgrad("fit-rbf iris -o run --kernel gaussian --regression");
    expect_fine(run);
    write_targets("same", 2);
    run = dotgrad("fit-rbf 't.csv(target=b)' -o run");
    cr_expect(strstr(run.err, "1 training row, where 3 are needed at least: with test=0"), "%s", run.err);
    write_text("w.csv", "a,c\n1,yes\n2,no\n3,yes\n4,no\n5,yes\n6,no\n");
    run = dotgrad("fit-rbf w.csv -o words --regression");
    cr_expect_eq(run.status, 1);
    cr_expect(strstr(run.err, "column 'c', holds words, and --regression fits numbers"), "%s", run.err);
    cr_expect(!strstr(run.out, "kernel"), "%s", run.out);
}

static const char solved[] = "digraph g { graph [data=\"digits(scale=unit)\", epochs=%d, loss=loss, output=scores];\n"
                             "x [op=\"input([N, 64])\"]; label [op=\"input([N], dtype=int64)\"];\n"
                             "hidden [op=\"rbf(60)\"]; scores [op=\"linear(10, init=ridge)\"%s];\n"
                             "loss [op=cross_entropy]; x -> hidden -> scores -> loss; label -> loss [arg=target]; }";

static double accuracy_with(int epochs, const char *refit)
{
    char text[700];
    snprintf(text, sizeof text, solved, epochs, refit);
    write_text("g.dot", text);
    outcome run = dotgrad("train g.dot --force -o run");
    expect_fine(run);
    return number_after(run.out, "accuracy: ");
}

Test(fit_rbf, graph_files_solve_once_or_after_each_epoch)
{
    cr_expect_geq(accuracy_with(0, ""), 94);
    cr_expect_geq(accuracy_with(2, ", refit=epoch"), 94);
    char text[700];
    snprintf(text, sizeof text, solved, 1, ", refit=step");
    write_text("g.dot", text);
    outcome run = dotgrad("train g.dot --force -o run");
    cr_expect_eq(run.status, 1);
    cr_expect(strstr(run.err, "refit is 'step', expected epoch"), "%s", run.err);
}

/* Of several layers the one that nothing can be fitted of is named. */
Test(fit_rbf, refit_of_a_layer_without_data_is_told)
{
    write_text("g.dot", "digraph g { graph [data=iris, epochs=1, loss=loss]; x [op=\"input([N, 4])\"];\n"
                        "t [op=\"input([N], dtype=int64)\"]; h [op=\"rbf(9)\", refit=epoch];\n"
                        "s [op=\"linear(3)\", refit=epoch]; loss [op=cross_entropy];\n"
                        "x -> h -> s -> loss; t -> loss [arg=target]; }");
    outcome run = dotgrad("train g.dot -o run");
    cr_expect_eq(run.status, 1);
    cr_expect(strstr(run.err, "refit: no layer of 's' has an initialiser that looks at data: give it one"), "%s",
              run.err);
}

/* Units stay where the trained layer behind them has learnt them to be: k-means goes on from their centres. */
Test(fit_rbf, refitted_centres_keep_their_places)
{
    write_text("g.dot",
               "digraph g { graph [data=\"digits(scale=unit)\", epochs=4, batch_size=32, loss=loss, output=scores,\n"
               "optimizer=\"adam(lr=0.01)\"]; x [op=\"input([N, 64])\"]; label [op=\"input([N], dtype=int64)\"];\n"
               "hidden [op=\"rbf(60, normalize=true)\", refit=epoch]; scores [op=\"linear(10)\"];\n"
               "loss [op=cross_entropy]; x -> hidden -> scores -> loss; label -> loss [arg=target]; }");
    outcome run = dotgrad("train g.dot -o run");
    expect_fine(run);
    cr_expect_geq(number_after(run.out, "accuracy: "), 80, "%s", run.out);
}

/* A density of values that are no classes would be none. */
Test(fit_rbf, pnn_wants_classes)
{
    write_text("p.dot",
               "digraph g { graph [data=sinc, epochs=0, loss=loss, output=y]; x [op=\"input([N, 1])\"];\n"
               "t [op=\"input([N, 1])\"]; y [op=\"pnn(ROWS, 1)\"]; loss [op=mse_loss]; x -> y -> loss; t -> loss; }");
    outcome run = dotgrad("train p.dot -o run");
    cr_expect_eq(run.status, 1);
    cr_expect(strstr(run.err, "densities are of classes: give it labels"), "%s", run.err);
}

/* As `train` tells what it did to the data. */
Test(fit_rbf, missing_cells_are_told)
{
    write_text("points.csv", "x,y\n0,1\n1,2\n,3\n3,5\n4,2\n5,1\n6,0\n7,2\n");
    outcome run = dotgrad("fit-rbf points.csv -o run");
    expect_fine(run);
    cr_expect(strstr(run.err, "missing cells were filled with the mean"), "%s", run.err);
}

/* Behind convolutions: the centres are of what reaches the layer. */
Test(fit_rbf, centres_are_found_behind_a_convolution)
{
    write_text("c.dot",
               "digraph g { graph [data=\"digits(scale=unit, test=0.75)\", epochs=0, loss=loss, output=scores];\n"
               "x [op=\"input([N, 1, 8, 8])\"]; label [op=\"input([N], dtype=int64)\"];\n"
               "c [op=\"conv2d(8, kernel_size=3)\"]; r [op=relu]; p [op=\"max_pool2d(2)\"]; f [op=flatten];\n"
               "hidden [op=\"rbf(40, init=ols)\"]; scores [op=\"linear(10, init=svd)\"];\n"
               "loss [op=cross_entropy]; x -> c -> r -> p -> f -> hidden -> scores -> loss;\n"
               "label -> loss [arg=target]; }");
    outcome run = dotgrad("train c.dot -o run");
    expect_fine(run);
    cr_expect_geq(number_after(run.out, "accuracy: "), 90, "%s", run.out);
}
