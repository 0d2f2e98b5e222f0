/* dotgrad fit-rbf, and what graph files say of networks that are solved for: refit, epochs=0. */
#include "command.h"

TestSuite(fit_rbf, .init = make_folder, .fini = remove_folder);

Test(fit_rbf, leaves_a_run_that_predicts_and_trains_on)
{
    outcome run = dotgrad("fit-rbf iris -o run --kernel gaussian,matern52");
    expect_fine(run);
    cr_expect_geq(number_after(run.out, "test accuracy: "), 92, "%s", run.out);
    cr_expect_lt(number_after(run.out, "leave-one-out rmse: "), 0.25);
    outcome predicted = dotgrad("predict run iris");
    expect_fine(predicted);
    cr_expect(strncmp(predicted.out, "class,", 6) == 0, "%s", predicted.out);
    expect_fine(dotgrad("train --resume run --epochs 2"));
}

Test(fit_rbf, takes_kernel_centers_and_what_decides)
{
    outcome run = dotgrad("fit-rbf 'sinc(noise=0)' -o run --kernel gaussian --select goal=1e-4");
    expect_fine(run);
    cr_expect_leq(number_after(run.out, "train rmse: "), 0.01);
    cr_expect_lt(number_after(run.out, "centers: "), 30);
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

/* Behind convolutions: the centres are of what reaches the layer. */
Test(fit_rbf, centres_are_found_behind_a_convolution)
{
    write_text("c.dot", "digraph g { graph [data=\"digits(scale=unit)\", epochs=0, loss=loss, output=scores];\n"
                        "x [op=\"input([N, 1, 8, 8])\"]; label [op=\"input([N], dtype=int64)\"];\n"
                        "c [op=\"conv2d(8, kernel_size=3)\"]; r [op=relu]; p [op=\"max_pool2d(2)\"]; f [op=flatten];\n"
                        "hidden [op=\"rbf(100, init=ols)\"]; scores [op=\"linear(10, init=svd)\"];\n"
                        "loss [op=cross_entropy]; x -> c -> r -> p -> f -> hidden -> scores -> loss;\n"
                        "label -> loss [arg=target]; }");
    outcome run = dotgrad("train c.dot -o run");
    expect_fine(run);
    cr_expect_geq(number_after(run.out, "accuracy: "), 90, "%s", run.out);
}
