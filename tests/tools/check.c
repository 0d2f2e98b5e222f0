/* dotgrad check: gradients that are right pass, and what cannot be checked is said. */
#include "command.h"

TestSuite(check, .init = make_folder, .fini = remove_folder, .timeout = 120);

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

Test(check, passes_an_rbf_network_whose_centres_look_at_data)
{
    write_text("g.dot",
               "digraph { x [op=\"input([N, 2])\"]; t [op=\"input([N, 1])\"]; h [op=\"rbf(9, init=kmeans)\"];\n"
               "y [op=\"linear(1)\"]; loss [op=mse_loss]; x -> h -> y -> loss; t -> loss [arg=target]; }\n");
    outcome run = dotgrad("check g.dot");
    expect_fine(run);
    cr_assert_not_null(strstr(run.out, "h.centers"));
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
