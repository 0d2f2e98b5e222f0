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
