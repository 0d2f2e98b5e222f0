/* What is written in pictures: values, formulas, names, and what is said of the picture itself. */
#include "drawn.h"

TestSuite(draw_words, .init = make_folder, .fini = remove_folder);

/* Types and sizes by their names, a type that is not written as the one that there is, headings cut between words. */
Test(draw_words, a_difference_names_types_and_sizes)
{
    write_text("old.dot",
               "digraph n { graph [classes=\"first,second,third,fourth\"]; x [op=\"input([N, 4])\"];"
               " y [op=\"input([N, 1])\"]; z [op=\"zeros([Time, 2])\"]; e [op=mse_loss]; d [op=\"linear(1)\"];"
               " x -> d -> e; y -> e; f [op=sum]; z -> f; }");
    write_text("new.dot", "digraph n { graph [epochs=7, optimizer=\"adam(lr=0.0123, betas=[0.5, 0.75])\", "
                          "classes=\"one,two,three,four\", batch_size=16, metrics=\"accuracy\", patience=123456];"
                          " x [op=\"input([N, 4])\"]; y [op=\"input([N], dtype=int64)\"];"
                          " z [op=\"zeros([Steps, 2], dtype=float64)\"]; e [op=cross_entropy]; d [op=\"linear(1)\"];"
                          " x -> d -> e; y -> e; f [op=sum]; z -> f; }");
    outcome run = dotgrad("draw new.dot --diff old.dot -o -");
    expect_fine(run);
    cr_expect_not_null(strstr(run.out, "~ y  shape [N, 1] → [N], dtype float32 → int64\n"), "%s", run.out);
    cr_expect_not_null(strstr(run.out, "~ z  shape [Time, 2] → [Steps, 2], dtype float32 → float64\n"), "%s", run.out);
    const char *cut = strstr(run.out, "…");
    cr_assert_not_null(cut, "%s", run.out);
    cr_expect(strncmp(cut + strlen("…"), "\n", 1) == 0, "%s", run.out);
    const char *word = cut;
    while (word > run.out && word[-1] != ' ' && word[-1] != '\n')
        word--;
    char last[100];
    snprintf(last, sizeof last, "%.*s", (int)(cut - word), word);
    cr_expect_gt(strlen(last), 0);
    const char *note = strstr(run.out, "~ graph");
    cr_assert_not_null(note);
    const char *whole = strstr(note, last);
    cr_assert_not_null(whole, "'%s': %s", last, run.out);
    cr_expect(strchr(" ,\n", whole[strlen(last)]), "cut in a word: '%s': %s", last, run.out);
}

/* ---- gradients ---- */

/* A gradient is called by the name of what it is of, which is seen beside it; one by a parameter without a layer, or
 * by one that layers share, is said where it is computed. */
Test(draw_words, gradients_say_what_they_are_of)
{
    write_text("a.dot",
               "digraph g { graph [loss=l]; x [op=\"input([N, 4])\"]; y [op=\"input([N, 4])\"];"
               " W [op=\"parameter([4])\"]; a [op=add]; f [op=\"linear(4)\"]; n0 [op=\"expr(x * sigmoid(x))\"];"
               " g [op=\"linear(4)\", share=f]; ll [op=\"expr(0.5 * (y - m)^2)\"]; l [op=mean];"
               " x -> a; W -> a -> f -> n0 -> g; g -> ll [arg=m]; y -> ll [arg=y]; ll -> l; }");
    expect_fine(dotgrad("draw a.dot --view joint --level stack --page 360x360 -o a.svg"));
    static const char *const words[] = {">∂ll<", ">∂n0<", "∂W · ", "∂weight, ∂bias · ", "∂f.weight, ∂f.bias · ",
                                        ">ll<",  ">n0<"};
    for (size_t k = 0; k < sizeof words / sizeof *words; k++)
        expect_in_file("a.svg", words[k]);
    expect_fine(dotgrad("draw a.dot --level stack -o a.svg"));
    cr_expect_eq(count_in("a.svg", ">ll<"), 0, "nothing is called by it");
}

/* ---- formulas ---- */

/* The height of what is around the text, of a stack its row. */
static double top_of(const char *path, const char *words)
{
    const char *at = strstr(read_all(path), words);
    cr_assert_not_null(at, "'%s' is not in %s", words, path);
    while (strncmp(at, " y=\"", 4) != 0)
        at--;
    return strtod(at + 4, NULL);
}

Test(draw_words, a_formula_is_set_alike_wherever_it_is)
{
    write_text("a.dot", "digraph g { x [op=\"input([N, 4])\"]; m [op=\"linear(4)\"]; s [op=\"linear(4)\"];"
                        " z [op=\"expr(mu + exp(lv / 2) * x)\"]; z2 [op=\"expr(mu + exp(lv / 2) * x)\"]; r [op=relu];"
                        " x -> m; x -> s; m -> z [arg=mu]; s -> z [arg=lv]; x -> z [arg=x]; z -> z2 [arg=mu];"
                        " s -> z2 [arg=lv]; x -> z2 [arg=x]; z2 -> r; }");
    expect_fine(dotgrad("draw a.dot --level stack -o a.svg"));
    cr_expect_eq(count_in("a.svg", ">lv/2<"), 2, "%s", read_all("a.svg"));
    expect_fine(dotgrad("draw a.dot -o a.txt"));
    expect_in_file("a.txt", "z = μ + exp(lv / 2) · x ← ");
}

/* A long sum is broken before its signs, never in brackets, and is written as a short one. */
Test(draw_words, a_long_formula_is_broken_at_its_outermost_signs)
{
    write_text("a.dot", "digraph g { x [op=\"input([N, 4])\"]; f [op=\"expr(log(abs(x)) + sqrt(1 / (1 + x^2)) * "
                        "(alpha + beta * x + 0.25 * x^3) * sin(x) - log(abs(x) + sqrt(1 + x^2)) * cos(2 * x + 0.5) - "
                        "0.125 * x * x)\", alpha=1]; a [op=\"parameter([4])\"]; b [op=\"parameter([4])\"];"
                        " x -> f [arg=x]; a -> f [arg=alpha]; b -> f [arg=beta]; }");
    expect_fine(dotgrad("draw a.dot -o a.svg"));
    const char *body = strstr(read_all("a.svg"), "</title>");
    cr_expect_null(strstr(body, ">log"));
    expect_in_file("a.svg", ">− ln");
    cr_expect_gt(top_of("a.svg", ">− ln"), top_of("a.svg", ">ln"));
}

/* Squares, and what is arithmetic. */
Test(draw_words, products_with_themselves_are_squares_and_polynomials_are_arithmetic)
{
    static const char *const formulas[] = {"x * x", "(x - 1)^2", "x + 0.5 * x^3"};
    char words[300];
    for (size_t k = 0; k < sizeof formulas / sizeof *formulas; k++) {
        snprintf(words, sizeof words, "digraph g { x [op=\"input([N, 4])\"]; f [op=\"expr(%s)\"]; x -> f; }",
                 formulas[k]);
        write_text("a.dot", words);
        expect_fine(dotgrad("draw a.dot -o a.svg"));
        expect_in_file("a.svg", ">elementwise<");
        cr_expect_eq(count_in("a.svg", ">activation<"), 0, "%s", formulas[k]);
    }
    write_text("a.dot", "digraph g { x [op=\"input([N, 4])\"]; f [op=\"expr(x * x)\"]; x -> f; }");
    expect_fine(dotgrad("draw a.dot -o a.tex"));
    expect_in_file("a.tex", "{x}^{2}");
}

/* ---- what is said of a picture ---- */

/* Of steps that a picture may take to fit, those that have changed something. */
Test(draw_words, only_what_was_done_is_said)
{
    write_text("a.dot", "digraph g { x [op=\"input([N, 4])\"]; a [op=\"linear(4)\"]; b [op=\"linear(4)\"];"
                        " c [op=add]; d [op=\"linear(4)\"]; x -> a -> c; x -> b -> d; d -> c; e [op=tanh]; c -> e; }");
    outcome run = dotgrad("draw a.dot --page 80x80 -o a.svg");
    expect_fine(run);
    cr_expect_null(strstr(run.err, "folded"), "%s", run.err);
    cr_expect_null(strstr(run.err, " 1 parts"), "%s", run.err);
    run = dotgrad("draw a.dot --heat none_such -o a.svg");
    outcome help = dotgrad("draw --help");
    char *list = strstr(run.err, "not one of ");
    cr_assert_not_null(list, "%s", run.err);
    list[strcspn(list, "(")] = '\0';
    for (char *word = strtok(list + strlen("not one of "), ", "); word; word = strtok(NULL, ", "))
        cr_expect_not_null(strstr(help.out, word), "'%s' is not in the help", word);
}
