/* dotgrad activation: the report in its formats, exports, sweeps, probes, search. */
#include "command.h"

#include <cjson/cJSON.h>

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
    static const char *const names[] = {"elu", "elu", "gelu", "elu", "elu"};
    static const char *const first[] = {"[{", "function,section,name", "\\begin{align*}", "<svg", "<!DOCTYPE html>"};
    static char text[1 << 20];
    for (int k = 0; k < 5; k++) {
        char path[32];
        snprintf(path, sizeof path, "report.%s", endings[k]);
        expect_fine(dotgrad("activation %s -o %s", names[k], path));
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
    expect_fine(dotgrad("activation relu elu 'x * sigmoid(2 * x)'"));
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

Test(activation_command, says_what_it_is_the_same_as_without_factors_of_1_and_shifts_of_0)
{
    outcome run = dotgrad("activation 'x * sigmoid(1.5 * x) + 0.25'");
    expect_fine(run);
    cr_expect(strstr(run.out, "silu: 0.66667 · SiLU(1.5 x) + 0.25; Elfwing"), "%s", run.out);
    run = dotgrad("activation 'tanh(x - 0.5)'");
    expect_fine(run);
    cr_expect(strstr(run.out, "tanh: Tanh(x - 0.5); elementary"), "%s", run.out);
}

/* tests/tools/exports.py runs every function of the catalogue in torch, JAX and Keras. */
Test(activation_command, exports_a_layer_of_keras_with_weights_and_their_bounds)
{
    outcome run = dotgrad("activation 'x * sigmoid(b * x) + c * x + d, b=parameter(1.5, min=0, max=4, per=channel), "
                          "c=parameter(2, min=1), d=0.5' --export keras");
    expect_fine(run);
    static const char *const words[] = {
        "class Activation(keras.layers.Layer):",
        "def __init__(self, axis=-1, **kwargs):",
        ("self.b = self.add_weight(\n            name=\"b\", shape=(input_shape[self.axis],), "
         "initializer=keras.initializers.Constant(1.5),\n"),
        "constraint=lambda w: ops.clip(w, 0, 4))\n",
        "self.c = self.add_weight(\n            name=\"c\", shape=(), initializer=keras.initializers.Constant(2),\n",
        "constraint=lambda w: ops.maximum(w, 1))",
        "b = ops.reshape(T(self.b), shape)\n",
        "d = T(0.5)\n",
        "return x * ops.sigmoid(b * x) + c * x + d\n"};
    expect_words(run.out, 9, words);
    run = dotgrad("activation mish --export keras");
    expect_fine(run);
    cr_expect_null(strstr(run.out, "def build"), "%s", run.out);
}

/* Frameworks multiply the slope of what is not taken by 0, and 0·NaN is NaN. */
Test(activation_command, exports_choices_whose_other_branch_has_a_slope)
{
    outcome run = dotgrad("activation 'where(x > 0, sqrt(x) + x^b, log(-x)), b=1.5' --export torch");
    expect_fine(run);
    static const char *const words[] = {"torch.sqrt(torch.where(x > 0, x, 1))", "torch.where(x > 0, x, 1) ** b",
                                        "torch.log(torch.where(x > 0, 1, -x))"};
    expect_words(run.out, 3, words);
}

/* lambda is a word of Python, T the function that the code calls. */
Test(activation_command, exports_names_that_python_has_a_meaning_for_with_an_underscore)
{
    static const char *const words[] = {"    lambda_ = T(", "    T_ = T(", "sigmoid(lambda_ * x) + T_\n"};
    static const char *const kinds[] = {"torch", "jax", "keras"};
    for (int k = 0; k < 3; k++) {
        outcome run = dotgrad(
            "activation 'x * sigmoid(lambda * x) + T, lambda=parameter(1), T=parameter(2)' --export %s", kinds[k]);
        expect_fine(run);
        expect_words(run.out, 3, words);
    }
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

static int count_of(const char *text, const char *part)
{
    int n = 0;
    for (const char *at = text; (at = strstr(at, part)); at += strlen(part))
        n++;
    return n;
}

/* Those that ship are not measured twice, and no function is left out. */
Test(activation_command, tells_the_cost_of_each_function_once)
{
    outcome run = dotgrad("activation relu mish --cost --format csv");
    expect_fine(run);
    cr_expect_eq(count_of(run.out, "\n\"mish\","), 1, "%s", run.out);
    cr_expect_eq(count_of(run.out, "\n\"relu\","), 1, "%s", run.out);
    cr_expect_eq(count_of(run.out, "\n"), 1 + 6, "%s", run.out);
    run = dotgrad("activation swish --sweep beta=0.5:2:40 --cost -o cost.csv");
    expect_fine(run);
    cr_expect_eq(system("[ $(wc -l <cost.csv) = 47 ]"), 0);
}

static const cJSON *named(const cJSON *list, const char *name)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, list) if (strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(item, "function")), name) ==
                                       0) return item;
    return NULL;
}

/* relu keeps one of input and output, tanh its output; a time over itself is 1. */
Test(activation_command, has_costs_and_layers_in_json_beside_the_facts)
{
    static char text[1 << 20];
    expect_fine(dotgrad("activation relu 'x * sigmoid(x)' --cost --depth 7 --width 16 -o report.json"));
    read_text("report.json", text, sizeof text);
    cJSON *all = cJSON_Parse(text);
    cr_assert_eq(cJSON_GetArraySize(all), 2);
    for (int k = 0; k < 2; k++) {
        const cJSON *function = cJSON_GetArrayItem(all, k), *cost = cJSON_GetObjectItem(function, "cost");
        const cJSON *depth = cJSON_GetObjectItem(function, "depth"), *beside = cJSON_GetObjectItem(cost, "beside");
        cr_expect_gt(cJSON_GetArraySize(cJSON_GetObjectItem(function, "facts")), 40);
        cr_expect_eq(cJSON_GetArraySize(cJSON_GetObjectItem(depth, "layers")), 7);
        cr_expect_gt(cJSON_GetNumberValue(cJSON_GetObjectItem(cost, "forward_ns")), 0);
        cr_expect_gt(cJSON_GetNumberValue(cJSON_GetObjectItem(cost, "gradient_ns")), 0);
        cr_expect_eq(cJSON_GetNumberValue(cJSON_GetObjectItem(cost, "bytes_kept")), 4);
        cr_expect_eq(cJSON_GetArraySize(beside), 6); /* the other one, and five that ship */
        cr_expect(named(beside, k ? "relu" : "x * sigmoid(x)") && named(beside, "tanh"));
    }
    cr_expect_eq(cJSON_GetNumberValue(
                     cJSON_GetObjectItem(cJSON_GetObjectItem(cJSON_GetArrayItem(all, 0), "cost"), "forward_to_relu")),
                 1);
    cJSON_Delete(all);
}

Test(activation_command, has_costs_on_the_page_beside_the_facts)
{
    static char text[1 << 20];
    expect_fine(dotgrad("activation relu 'x * tanh(x)' --cost -o report.html"));
    read_text("report.html", text, sizeof text);
    static const char *const words[] = {"<h2>Cost</h2>", "<tr><td>x * tanh(x)</td><td>",
                                        "<tr class=\"ships\"><td>mish</td>", "<td>1.00</td><td>1.00</td><td>4</td>",
                                        "edge of chaos"};
    expect_words(text, 5, words);
    cr_expect_eq(count_of(text, "<td>relu</td>"), 1);
}

/* The machine decides how far it comes; the report is whole. */
Test(activation_command, an_exhaustive_comparison_tells_its_progress_and_may_be_ended)
{
    static char text[1 << 16];
    int result = system("timeout --preserve-status -s INT 3 \"$DOTGRAD\" activation relu --exhaustive >.out 2>.err");
    cr_expect(WIFEXITED(result) && WEXITSTATUS(result) == 1);
    read_text(".out", text, sizeof text);
    static const char *const words[] = {"errors in float32 are measured at", "interrupted", "is it new?"};
    expect_words(text, 3, words);
    read_text(".err", text, sizeof text);
    static const char *const messages[] = {"relu: every float32 number", "dotgrad: interrupted"};
    expect_words(text, 2, messages);
}

/* The longest label of all, wider than its column. */
Test(activation_command, keeps_every_value_apart_from_its_label)
{
    outcome run = dotgrad("activation tanh");
    expect_fine(run);
    cr_expect(strstr(run.out, "(E f′⁴/(E f′²)² − 1)  "), "%s", run.out);
}

Test(activation_command, search_is_the_same_for_a_seed)
{
    outcome first = dotgrad("activation --search --seed 3 --formulas 20"),
            again = dotgrad("activation --search --seed 3 --formulas 20");
    expect_fine(first);
    cr_expect_str_eq(first.out, again.out);
    cr_expect(strstr(first.out, "20 formulas tried"), "%s", first.out);
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
    expect_fine(dotgrad("activation --in net.dot --with a.txt --seeds 2 --set epochs=1 -o lab.txt"));
    cr_expect_eq(system("test -f lab.txt && test -f lab-study/runs.csv && ! test -e study"), 0);
    run = dotgrad("activation elu --in net.dot --range 'optimizer=arange(1, 2, 1)' --seeds 2 --train no");
    cr_expect_eq(run.status, 1);
    run = dotgrad("activation elu --in net.dot --seeds 2 --set epochs=1 --train mixed");
    expect_fine(run);
    cr_expect(strstr(run.out, "act1,act2=elu against act1,act2=original"), "%s", run.out);
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
        dotgrad("activation --search --seed 1 --formulas 60 --train found --task mlp-spirals,mlp-sinc --seeds 2 "
                "--set epochs=3");
    expect_fine(run);
    static const char *const words[] = {"60 formulas tried",
                                        "from the nearest published function",
                                        "ReLU's",
                                        "verdict: 2 pairs on the task that has the fewest, of 10 that are wanted",
                                        "the seed and --formulas decide",
                                        "win/tie/loss    p (Wilcoxon)    p (Holm)\n  mlp-spirals"};
    expect_words(run.out, 6, words);
    cr_expect_eq(system("p=$(sed -n '2s/.*\",.*\",.*\",//p' found/unseen/comparisons.csv | cut -d, -f12); "
                        "grep -q \"mlp-spirals .* $(printf %.4g $p) \" found/verdict.txt"),
                 0);
    cr_expect_null(strstr(run.out, "nan"), "%s", run.out); /* a mean rank over a single task */
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
        {"activation 'elu, alpha=2'", "stand in brackets: 'elu(alpha=2)'", 1},
        {"activation 'elu(2)'", "write 'elu(x, 2)', or 'elu(alpha=2)' by its name", 1},
        {"activation '3'", "the formula '3' does not depend on x\n", 1},
        {"activation torch.tanh", "did you mean 'tanh'?", 1},
        {"activation 'np.tanh(x)'", "did you mean 'tanh'?", 1},
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
