/* dotgrad activation: the report in its formats, exports, sweeps, probes, search. */
#include "command.h"

TestSuite(activation_command, .init = make_folder, .fini = remove_folder);

static void expect_words(const char *text, int n, const char *const *words)
{
    for (int k = 0; k < n; k++)
        cr_expect(strstr(text, words[k]), "'%s' is not in: %s", words[k], text);
}

Test(activation_command, reports_a_formula_as_text)
{
    outcome run = dotgrad("activation 'x * tanh(log(1 + exp(x)))'");
    expect_fine(run);
    static const char *const words[] = {"x * tanh(softplus(x))",
                                        "log(exp(x) + 1) → softplus(x)",
                                        "-0.3088434",
                                        "1.088498",
                                        "[proved]",
                                        "[sampled]",
                                        "[computed]",
                                        "Mish itself",
                                        "edge of chaos"};
    expect_words(run.out, 9, words);
}

Test(activation_command, writes_json_csv_latex_svg_and_a_page)
{
    static const char *const endings[] = {"json", "csv", "tex", "svg", "html"};
    static const char *const first[] = {"[{", "function,section,name", "\\begin{align*}", "<svg", "<!DOCTYPE html>"};
    static char text[1 << 20];
    for (int k = 0; k < 5; k++) {
        char path[32];
        snprintf(path, sizeof path, "report.%s", endings[k]);
        expect_fine(dotgrad("activation gelu -o %s", path));
        read_text(path, text, sizeof text);
        cr_expect(strncmp(text, first[k], strlen(first[k])) == 0, "%s begins: %.60s", path, text);
        cr_expect_null(strstr(text, "http://www.w3.org/1999"), "%s", path);
    }
    cr_expect(strstr(text, "</html>") && strstr(text, "class Activation(nn.Module)"));
    cr_expect_null(strstr(text, "<script src"));
    cr_expect_null(strstr(text, "<link"));
}

Test(activation_command, puts_functions_side_by_side_on_a_page)
{
    static char text[1 << 20];
    expect_fine(
        dotgrad("activation relu tanh 'x * sigmoid(b * x) + 0.000000000001 * x * x * tanh(x) * tanh(x) * tanh(x), "
                "b=parameter(1.0, min=0.5, max=4, per=channel)' -o report.html"));
    read_text("report.html", text, sizeof text);
    static const char *const words[] = {"<th>relu</th><th>tanh</th>",
                                        ("<td>symmetry</td><td class=\"proved\">neither even nor odd</td>"
                                         "<td class=\"proved\">odd</td>"),
                                        "1, trainable, at least 0.5, at most 4, one for each channel", "…</text>"};
    expect_words(text, 4, words);
}

Test(activation_command, puts_functions_side_by_side)
{
    expect_fine(dotgrad("activation relu gelu 'x * sigmoid(2 * x)'"));
    FILE *file = fopen("mine.txt", "w");
    fputs("# mine\nx * tanh(x)\n\nswish(beta=2) # as published\n", file);
    fclose(file);
    outcome run = dotgrad("activation --file mine.txt");
    expect_fine(run);
    static const char *const words[] = {"x * tanh(x)", "swish(beta=2)", "supremum", "monotone"};
    expect_words(run.out, 4, words);
    run = dotgrad("activation 'x * sigmoid(b * x)' --sweep b=1:2:3");
    expect_fine(run);
    cr_expect(strstr(run.out, "x * sigmoid(1.5 * x)"), "%s", run.out);
}

Test(activation_command, exports_code_that_compiles_and_a_graph_that_runs)
{
    expect_fine(dotgrad("activation 'x * tanh(softplus(b * x)), b=parameter(1.5)' --export graph -o net.dot"));
    outcome run = dotgrad("summary net.dot");
    expect_fine(run);
    expect_fine(dotgrad("check net.dot --node y"));
    expect_fine(dotgrad("activation mish --export c -o mish.c"));
    cr_expect_eq(system("${CC:-cc} -std=c99 -Wall -D_GNU_SOURCE -c mish.c -o mish.o"), 0);
    run = dotgrad("activation 'x * sigmoid(b * x), b=parameter(1)' --export torch");
    expect_fine(run);
    static const char *const words[] = {"nn.Parameter(torch.tensor(float(1)))", "return x * torch.sigmoid(b * x)"};
    expect_words(run.out, 2, words);
}

/* As a plugin the op is like any other; its parameters are attributes. */
Test(activation_command, exports_an_op_whose_parameters_are_attributes)
{
    expect_fine(
        dotgrad("activation 'x * sigmoid(b * x) + c, b=parameter(1.5, per=channel), c=0.25' --export op -o op.h"));
    FILE *plugin = fopen("op.c", "w");
    fputs("#include \"op.h\"\nconst dg_op *const dotgrad_plugin[] = {&my_activation, NULL};\n", plugin);
    fclose(plugin);
    cr_assert_eq(
        system("${CC:-cc} -shared -fPIC -Wall -Werror op.c -I$TESTS/../core/include -I$BUILD/core/include -o op.so"),
        0);
    outcome run = dotgrad("ops my_activation --plugin ./op.so");
    expect_fine(run);
    static const char *const words[] = {"my_activation", "b", "1.5", "c", "0.25"};
    expect_words(run.out, 5, words);
    plugin = fopen("op.dot", "w");
    fputs("digraph g { x [op=\"input([3])\"]; y [op=\"my_activation(b=2)\"]; x -> y; }", plugin);
    fclose(plugin);
    expect_fine(dotgrad("check op.dot --node y --plugin ./op.so"));
}

Test(activation_command, exports_functions_of_one_file_under_names_of_their_own)
{
    outcome run = dotgrad("activation mish 'x * sigmoid(b * x), b=0.1234567890123' --export torch");
    expect_fine(run);
    static const char *const words[] = {"class Activation(nn.Module)", "class Activation2(nn.Module)",
                                        "self.b = 0.1234567890123\n"};
    expect_words(run.out, 3, words);
    cr_expect_null(strstr(strstr(run.out, "import torch\n") + 1, "import torch\n"));
    expect_fine(dotgrad("activation mish gelu --export c -o two.c"));
    cr_expect_eq(system("${CC:-cc} -std=c99 -Wall -D_GNU_SOURCE -c two.c -o two.o"), 0);
    run = dotgrad("activation mish gelu --export jax");
    expect_fine(run);
    static const char *const functions[] = {"def activation(x)", "def activation2(x)"};
    expect_words(run.out, 2, functions);
}

/* torch.where(x >= 0, 1, 0) is int64; and one parameter a channel is one in a module, too. */
Test(activation_command, exports_numbers_of_the_type_of_x_and_parameters_of_channels)
{
    outcome run = dotgrad("activation step --export torch");
    expect_fine(run);
    cr_expect(strstr(run.out, "return T(torch.where(x >= 0, 1, 0))"), "%s", run.out);
    run = dotgrad("activation step --export jax");
    expect_fine(run);
    cr_expect(strstr(run.out, "return T(jnp.where(x >= 0, 1, 0))"), "%s", run.out);
    run =
        dotgrad("activation 'x * sigmoid(b * x) + c * x, b=parameter(1.5, min=0, max=4, per=channel), c=parameter(2)' "
                "--export torch");
    expect_fine(run);
    static const char *const words[] = {
        "def __init__(self, channels):",
        "self.b = nn.Parameter(torch.full((channels,), float(1.5)))  # at least 0, at most 4: clamp it after each step",
        "self.c = nn.Parameter(torch.tensor(float(2)))\n", "b = T(self.b).reshape(-1, *[1] * (x.dim() - 2))\n",
        "c = T(self.c)\n"};
    expect_words(run.out, 5, words);
}

Test(activation_command, probes_depth_and_tells_costs)
{
    outcome run = dotgrad("activation relu --depth 12 --width 64");
    expect_fine(run);
    static const char *const words[] = {"σ_w = 1.4142", "gradient norm", "   12  "};
    expect_words(run.out, 3, words);
    run = dotgrad("activation mish --cost");
    expect_fine(run);
    static const char *const rivals[] = {"forward, ns", "mish", "relu", "bytes kept"};
    expect_words(run.out, 4, rivals);
}

Test(activation_command, search_is_the_same_for_a_seed)
{
    outcome first = dotgrad("activation --search --seed 3 --formulas 60"),
            again = dotgrad("activation --search --seed 3 --formulas 60");
    expect_fine(first);
    cr_expect_str_eq(first.out, again.out);
    cr_expect(strstr(first.out, "60 formulas tried"), "%s", first.out);
}

#define NET                                                                                                            \
    "digraph net { graph [data=iris, validation=0.2, epochs=2, optimizer=\"adam(lr=0.01)\"]; x [op=\"input([N, "       \
    "4])\"];"                                                                                                          \
    "t [op=\"input([N], dtype=int64)\"]; h [op=\"linear(8)\"]; act1 [op=relu]; h2 [op=\"linear(6)\"]; act2 [op=%s];"   \
    "output [op=\"linear(3)\"]; loss [op=cross_entropy]; x -> h -> act1 -> h2 -> act2 -> output -> loss;"              \
    "t -> loss [arg=target]; }"

static void write_net(const char *second)
{
    FILE *file = fopen("net.dot", "w");
    fprintf(file, NET, second);
    fclose(file);
    file = fopen("a.txt", "w");
    fputs("mish\nx * sigmoid(b * x), b=parameter(1.0, min=0, per=channel)\n", file);
    fclose(file);
}

/* The functions of the network first, then those that are put into it; then the study of both. */
Test(activation_command, compares_functions_inside_a_network)
{
    write_net("relu");
    outcome run = dotgrad("activation --in net.dot --replace act1,act2 --with a.txt --seeds 2 --train in");
    expect_fine(run);
    static const char *const words[] = {"relu", "supremum", "net: test_accuracy",
                                        "act1,act2=mish against act1,act2=relu",
                                        "b=parameter(1, min=0, per=channel)) against"};
    expect_words(run.out, 5, words);
    cr_expect_eq(system("[ $(cat in/graphs/*.dot | grep -c 'act[12] .op=mish') = 2 ]"), 0);
    cr_expect_eq(system("[ $(ls in/runs/*/row.json | wc -l) = 6 ]"), 0);
    write_net("tanh"); /* two different ones: they stay as they are */
    run = dotgrad("activation gelu --in net.dot --range 'optimizer=arange(1, 2, 1)' --seeds 2 --train no");
    cr_expect_eq(run.status, 1);
    run = dotgrad("activation gelu --in net.dot --seeds 2 --set epochs=1 --train mixed");
    expect_fine(run);
    cr_expect(strstr(run.out, "act1,act2=gelu against act1,act2=original"), "%s", run.out);
}

/* The slope of PReLU began at its 0.25, the parameters of the formula at the 1 that is written, one for each channel.
 */
Test(activation_command, shows_parameters_before_and_after_a_run)
{
    write_net("'expr(x * sigmoid(b * x), b=parameter(1.0, min=0, per=channel))'");
    cr_expect_eq(system("sed -i \"s/act1 .op=relu./act1 [op=prelu]/; s/op='\\(.*\\)'\\]/op=\\\"\\1\\\"]/\" net.dot"),
                 0);
    expect_fine(dotgrad("train net.dot -o run"));
    outcome run = dotgrad("activation --in net.dot --weights run");
    expect_fine(run);
    double before, least, mean, most;
    char *line = strstr(run.out, "act1.weight"), *b = strstr(run.out, "act2.b");
    cr_assert(line && b, "%s", run.out);
    cr_assert_eq(sscanf(line, "act1.weight [1] %lf %lf", &before, &mean), 2, "%s", line);
    cr_expect_eq(before, 0.25);
    cr_expect_neq(mean, 0.25);
    cr_assert_eq(sscanf(b, "act2.b [6] %lf %lf %lf %lf", &before, &least, &mean, &most), 4, "%s", b);
    cr_expect_eq(before, 1);
    cr_expect(least < mean && mean < most, "%s", b);
    outcome shown = dotgrad("show run");
    char text[64];
    snprintf(text, sizeof text, "%12.6g %12.6g %12.6g", least, mean, most);
    cr_expect(strstr(shown.out, text), "'%s' is not in: %s", text, shown.out);
    cr_expect_neq(access("study", F_OK), 0);
    run = dotgrad("activation --in net.dot --weights net.dot");
    cr_expect_eq(run.status, 1);
    run = dotgrad("activation mish --weights run");
    cr_expect_eq(run.status, 2);
}

/* A line is as long as its author likes. */
Test(activation_command, reads_long_lines_of_a_file)
{
    FILE *file = fopen("long.txt", "w");
    fprintf(file, "x %*s* tanh(x)\n", 5000, "");
    fclose(file);
    outcome run = dotgrad("activation --file long.txt --export torch");
    expect_fine(run);
    cr_expect(strstr(run.out, "return x * torch.tanh(x)"), "%s", run.out);
    cr_expect_null(strstr(run.out, "class Activation2"));
}

Test(activation_command, trains_in_ready_tasks)
{
    outcome run =
        dotgrad("activation relu 'x * sigmoid(b * x), b=parameter(1.0)' --train cmp --task mlp-spirals,mlp-sinc "
                "--seeds 2 --set epochs=2");
    expect_fine(run);
    static const char *const words[] = {"mlp-spirals: test_accuracy", "mlp-sinc: test_rmse", "b=parameter(1)",
                                        "Friedman's test", "by validation_rmse"};
    expect_words(run.out, 5, words);
    cr_expect_eq(system("cmp cmp/tasks/mlp-sinc.dot \"$TESTS\"/../tools/examples/tasks/mlp-sinc.dot"), 0);
}

/* Small enough for a test; `--search --train FOLDER --budget 15m` is the whole. */
Test(activation_command, search_says_whether_it_beats_relu)
{
    outcome run =
        dotgrad("activation --search --seed 1 --formulas 150 --train found --task mlp-spirals,mlp-sinc --seeds 2 "
                "--set epochs=3");
    expect_fine(run);
    static const char *const words[] = {"150 formulas tried", "from the nearest published function", "ReLU's",
                                        "verdict: its median rank"};
    expect_words(run.out, 4, words);
    cr_expect_eq(access("found/verdict.txt", R_OK), 0);
    cr_expect_eq(system("grep -q mlp-digits found/seen/manifest && ! grep -q mlp-digits found/unseen/manifest"), 0);
}

Test(activation_command, says_what_is_wrong)
{
    static const struct {
        const char *call, *message;
        int status;
    } cases[] = {
        {"activation 'x * tan('", "at column 9", 1},
        {"activation 'x * beta'", "'beta' has no value", 1},
        {"activation 'x + y, y=1, y=2'", "two values: 'y=2'", 1},
        {"activation 'x * b, b=parameter(1.0, per=row)'", "one for each channel", 1},
        {"activation 'x ** 2'", "(a power is x^2) at column 4", 1},
        {"activation mishh", "no activation 'mishh' (did you mean 'mish'?)", 1},
        {"activation", "needs a function", 2},
        {"activation crelu", "two outputs", 1},
        {"activation mish --format pdf", "pdf", 2},
        {"activation mish --sweep beta", "NAME=FROM:TO:N", 1},
        {"activation --file none.txt", "none.txt", 1},
        {"activation mish --train x --task mnist", "there is no task 'mnist'", 1},
        {"activation mish --replace a", "--replace changes nothing without --in", 2},
        {"activation mish --in none.dot", "none.dot", 1},
        {"activation mish --train x --budget soon", "not a time", 1},
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        outcome run = dotgrad("%s", cases[k].call);
        cr_expect_eq(run.status, cases[k].status, "%s: %d %s", cases[k].call, run.status, run.err);
        cr_expect(strstr(run.err, cases[k].message), "%s: %s", cases[k].call, run.err);
    }
}
