/* dotgrad check: gradients that are right pass, and what cannot be checked is said. */
#include "command.h"

TestSuite(check, .init = make_folder, .fini = remove_folder);

Test(check, passes_a_network_on_random_inputs)
{
    write_text("g.dot",
               "digraph { x [op=\"input([N, 4])\"]; t [op=\"input([N], dtype=int64)\"]; a [op=\"linear(5)\"];\n"
               "f [op=\"expr(x * sigmoid(beta * x), beta=parameter(1.0))\"]; b [op=\"linear(3)\"];\n"
               "loss [op=cross_entropy]; x -> a -> f -> b -> loss; t -> loss [arg=target]; }\n");
    outcome run = dotgrad("check g.dot");
    expect_fine(run);
    cr_assert_not_null(strstr(run.out, "a.weight"));
    cr_assert_not_null(strstr(run.out, "b.bias"));
    cr_assert_not_null(strstr(run.out, "f.beta"));
    cr_assert_not_null(strstr(run.out, " 0 wrong"));
}

Test(check, tells_what_a_bound_on_its_work_leaves_out)
{
    write_text("g.dot",
               "digraph { x [op=\"input([N, 4])\"]; t [op=\"input([N, 3])\"]; a [op=\"linear(5)\"]; f [op=tanh];\n"
               "b [op=\"linear(3)\"]; loss [op=mse_loss]; x -> a -> f -> b -> loss; t -> loss [arg=target]; }\n");
    outcome run = dotgrad("check g.dot --flops 1");
    expect_fine(run);
    cr_assert_not_null(strstr(run.out, "all together      2  forward         1"), "%s", run.out);
    cr_assert_not_null(
        strstr(run.out, "0 of 6 tensors are compared along directions, too, the others by one element: --flops"), "%s",
        run.out);
    run = dotgrad("check g.dot");
    expect_fine(run);
    cr_assert_null(strstr(run.out, "together"), "%s", run.out);
    cr_assert_eq(dotgrad("check g.dot --flops 0").status, 2);
}

Test(check, passes_an_rbf_network_whose_centres_look_at_data)
{
    write_text("g.dot",
               "digraph { x [op=\"input([N, 2])\"]; t [op=\"input([N, 1])\"]; h [op=\"rbf(9, init=kmeans)\"];\n"
               "y [op=\"linear(1)\"]; loss [op=mse_loss]; x -> h -> y -> loss; t -> loss [arg=target]; }\n");
    outcome run = dotgrad("check g.dot");
    expect_fine(run);
    cr_assert_not_null(strstr(run.out, "h.centers"));
}

/* A network on images leaves no time for all: each tensor is compared by itself none the less. */
Test(check, compares_each_tensor_of_a_large_network_by_itself)
{
    write_text("g.dot",
               "digraph { x [op=\"input([N, 3, 64, 64])\"]; a [op=\"conv2d(8, kernel_size=3)\"]; r [op=relu];\n"
               "p [op=\"max_pool2d(4)\"]; f [op=flatten]; y [op=\"linear(1)\"]; loss [op=sum];\n"
               "x -> a -> r -> p -> f -> y -> loss; }\n");
    outcome run = dotgrad("check g.dot --order 1 --reverse --flops 1e6");
    static const char *const names[] = {"\nx ", "\na.weight ", "\na.bias ", "\ny.weight ", "\ny.bias "};
    expect_fine(run);
    cr_assert_not_null(strstr(run.out, "0 of 5 tensors are compared along directions, too"), "%s", run.out);
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        cr_expect_not_null(strstr(run.out, names[k]), "%s", run.out);
    cr_assert_not_null(strstr(run.out, " 0 wrong, 0 skipped"), "%s", run.out);
}

Test(check, fails_where_a_derivative_is_not_that_of_the_values)
{
    write_text("g.dot", "digraph { x [op=\"input([N, 2])\"]; y [op=\"expr(sin(1e9 * x))\"]; loss [op=sum];\n"
                        "x -> y -> loss; }\n"); /* which no finite difference can follow */
    outcome run = dotgrad("check g.dot --order 1");
    cr_assert_eq(run.status, 1, "%s", run.out);
    cr_assert_not_null(strstr(run.err, "by 'x'"));
    cr_assert_not_null(strstr(run.err, "expected"));
    cr_assert_not_null(strstr(run.err, "found"));
}

Test(check, says_what_it_misses)
{
    write_text("g.dot", "digraph { x [op=\"input([N, 2])\"]; y [op=square]; x -> y; }\n");
    outcome run = dotgrad("check g.dot");
    cr_assert_eq(run.status, 1);
    cr_assert_not_null(strstr(run.err, "no loss"));
    expect_fine(dotgrad("check g.dot --node y"));
    cr_assert_eq(dotgrad("check").status, 2);
    cr_assert_eq(dotgrad("check g.dot --order 3").status, 2);
}

/* Σ (V diag(λ) Vᵀ) of equal λ: the derivative by the vectors does not exist, that of the whole does. */
Test(check, says_where_there_is_no_derivative)
{
    write_text("g.dot", "digraph { w [op=\"parameter([2, 2], init=identity)\"]; e [op=eigh]; v [op=\"output(1)\"];\n"
                        "d [op=diag_embed]; a [op=matmul]; t [op=\"transpose(0, 1)\"]; z [op=matmul]; loss [op=sum];\n"
                        "w -> e -> d; e -> v -> a; d -> a -> z; v -> t -> z -> loss; }\n");
    outcome run = dotgrad("check g.dot");
    cr_assert_eq(run.status, 1, "%s", run.out);
    cr_assert_not_null(strstr(run.err, "not differentiable here: node 'e'"), "%s", run.err);
    cr_assert_null(strstr(run.out, "WRONG"), "%s", run.out);
    cr_assert_not_null(strstr(run.out, "\n0 compared, 0 wrong, 8 skipped"), "%s", run.out);
}

/* Second derivatives of s·log(s) where s = |x − c|² is 0, on the rows that are centres, do not exist. */
Test(check, passes_thin_plate_splines_at_their_centres)
{
    write_text("g.dot", "digraph { x [op=\"parameter([2, 2], init=constant([[0, 0], [1, 2]]))\"];\n"
                        "c [op=\"parameter([2, 2], init=constant([[0, 0], [1, 2]]))\"];\n"
                        "y [op=\"rbf(kernel=thin_plate_spline)\"]; loss [op=sum];\n"
                        "x -> y -> loss; c -> y [arg=centers]; }\n");
    outcome run = dotgrad("check g.dot");
    expect_fine(run);
    cr_assert_not_null(strstr(run.out, " 0 wrong"), "%s", run.out);
    cr_assert_null(strstr(run.out, " 0 skipped"), "%s", run.out);
}
