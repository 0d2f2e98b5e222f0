/* Ready tasks and studies (tools/examples/tasks), and the studies that these scripts make. */
#include "command.h"

TestSuite(ready_studies, .init = make_folder, .fini = remove_folder);

/* The number that a shell's line prints. */
static double shell_number(const char *line)
{
    char text[64] = "";
    FILE *out = popen(line, "r");
    cr_assert_not_null(out);
    size_t length = fread(text, 1, sizeof text - 1, out);
    text[length] = '\0';
    pclose(out);
    return strtod(text, NULL);
}

static void shell(const char *line)
{
    cr_assert_eq(system(line), 0, "%s", line);
}

static void expect_words(const char *text, const char *words)
{
    cr_assert_not_null(strstr(text, words), "'%s' is not in: %s", words, text);
}

/* Every task trains with every function. One epoch: that it learns is the studies' matter. */
Test(ready_studies, tasks_take_any_activation)
{
    static const char *const tasks[] = {"mlp-digits",         "cnn-digits",  "deep-mlp-digits", "autoencoder-digits",
                                        "transformer-digits", "mlp-spirals", "mlp-sinc"};
    for (size_t k = 0; k < sizeof tasks / sizeof *tasks; k++) {
        expect_fine(dotgrad("train \"$TESTS\"/../tools/examples/tasks/%s.dot --set 'act=expr(x * tanh(softplus(x)))' "
                            "--epochs 1 --no-pictures -o %s",
                            tasks[k], tasks[k]));
    }
    expect_fine(dotgrad("summary \"$TESTS\"/../tools/examples/tasks/cnn-fashion-mnist.dot --set act=mish"));
}

/* MISH_SEEDS and MISH_EPOCHS make it whole. */
Test(ready_studies, repeats_the_protocol_of_the_mish_paper)
{
    const char *seeds = getenv("MISH_SEEDS"), *epochs = getenv("MISH_EPOCHS");
    char line[512], results[4096];
    int n = seeds ? atoi(seeds) : 3;
    snprintf(line, sizeof line,
             "\"$TESTS\"/../tools/examples/tasks/mish-study out --seeds %d --set epochs=%s >results 2>.err", n,
             epochs ? epochs : "1");
    shell(line);
    read_text("results", results, sizeof results);
    snprintf(line, sizeof line, "cnn-digits: test_accuracy (more is better), %d seeds", n);
    expect_words(results, line);
    expect_words(results, "act=silu against act=mish");
    expect_words(results, "act=relu against act=mish");
    cr_assert_eq(shell_number("ls out/runs/*/row.json | wc -l"), 3 * n);
    cr_assert_eq(access("out/report.html", R_OK), 0);
}

Test(ready_studies, tells_how_much_faster_relu_converges_than_tanh)
{
    char results[4096];
    shell("\"$TESTS\"/../tools/examples/tasks/relu-tanh-study out --seeds 2 --set epochs=20 >results 2>.err");
    read_text("results", results, sizeof results);
    expect_words(results, "four-layer-cnn: epochs_to_target (less is better), 2 seeds");
    expect_words(results, "act=relu against act=tanh");
    expect_words(results, "times as fast");
}

/* An option in the place of the folder is none. */
Test(ready_studies, ready_studies_take_options_without_a_folder)
{
    char text[4096];
    static const char *const names[] = {"relu-tanh-study", "mish-study"};
    for (int k = 0; k < 2; k++) {
        char line[256];
        snprintf(line, sizeof line, "\"$TESTS\"/../tools/examples/tasks/%s --dry-run >plan 2>.err", names[k]);
        shell(line);
        read_text("plan", text, sizeof text);
        expect_words(text, k ? "23 pairs" : "10 pairs");
        cr_expect_neq(access("--dry-run", F_OK), 0);
    }
}
