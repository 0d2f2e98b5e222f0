/* dotgrad activation: what is known of a function of one variable. */
#include "tools/session/command.h"
#include "lab.h"
#include "tools/run/stop.h"
#include "tools/session/graph_options.h"
#include "tools/session/options.h"
#include "tools/session/output.h"

#include <dotgrad/file.h>

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_FUNCTIONS = 512 };

static const option_row own[] = {
    {.name = "file", .form = DG_FORM_FILE, .doc = "formulas, one a line; # begins a comment"},
    {.name = "in",
     .form = DG_FORM_FILE,
     .value = "G.dot",
     .doc = "puts the functions into that network, and trains it with each, in a study (--train: where; else beside "
            "--out, REPORT-study; else study)",
     .against = "search|catalogue|export"},
    {.name = "replace",
     .form = DG_FORM_LIST,
     .needs = "in",
     .doc = "nodes whose op is replaced: act1,block.* (all activations)"},
    {.name = "with", .form = DG_FORM_FILE, .needs = "in", .doc = "functions that are put there, one a line"},
    {.name = "weights",
     .form = DG_FORM_FILE,
     .value = "RUN",
     .needs = "in",
     .against = "format",
     .doc = "the parameters of its functions before and after that run; without functions there is no study"},
    {.name = "range",
     .form = DG_FORM_TEXT,
     .value = "'NAME=R'",
     .needs = "in|train",
     .doc = "of the study: rates chosen on validation data, 'lr=geomspace(1e-4, 1e-1, 5)' (so for ready tasks)"},
    {.name = "set",
     .form = DG_FORM_TEXT,
     .value = "NAME=VALUE",
     .needs = "in|train",
     .doc = "of the study: a setting or an attribute of its graphs, epochs=5",
     .is_many = true},
    {.name = "sweep",
     .form = DG_FORM_TEXT,
     .value = "NAME=FROM:TO:N",
     .doc = "N functions with NAME going evenly from FROM to TO: beta=0.5:2:4"},
    {.name = "catalogue",
     .form = DG_FORM_FLAG,
     .alone = "",
     .doc = "every published function: what is proved of it, and which are the same under another name"},
    {.name = "format",
     .form = DG_FORM_NAME,
     .choices = "text|json|csv|latex|html|svg",
     .doc = "of the report (the ending of --out, else text)"},
    {.name = "out", .letter = 'o', .form = DG_FORM_FILE, .doc = "where the report goes (standard output)"},
    {.name = "force", .form = DG_FORM_FLAG, .needs = "out", .doc = "lets --out replace a file that is read"},
    {.name = "export",
     .form = DG_FORM_NAME,
     .choices = "graph|op|c|torch|jax|keras",
     .against = "format|depth|cost|samples|exhaustive|train",
     .doc = "the function as code"},
    {.name = "depth", .form = DG_FORM_COUNT, .most = MOST_LAYERS, .doc = "probes a random network of so many layers"},
    {.name = "width", .form = DG_FORM_COUNT, .most = 2048, .needs = "depth", .doc = "units a layer (128)"},
    {.name = "sigma-w",
     .form = DG_FORM_POSITIVE,
     .needs = "depth",
     .doc = "weights are N(0, σ_w²/width) (the edge of chaos without biases)"},
    {.name = "sigma-b",
     .form = DG_FORM_NUMBER,
     .doc = "deviation of biases, for the edge of chaos and the probe (0.2; 0)"},
    {.name = "cost",
     .form = DG_FORM_FLAG,
     .against = "train",
     .doc = "nanoseconds an element, in turns with functions that ship: that table alone as text or CSV, a part of a "
            "report as HTML or JSON"},
    {.name = "samples",
     .form = DG_FORM_COUNT,
     .most = 1 << 24,
     .doc = "float32 numbers that errors are sampled at (4096)"},
    {.name = "exhaustive",
     .form = DG_FORM_FLAG,
     .against = "samples",
     .doc = "errors at every float32 number: an hour for relu, many for others"},
    {.name = "search",
     .form = DG_FORM_FLAG,
     .alone = "nodes|formulas|seconds|seed|train|task|seeds|budget|range|set",
     .doc = "looks for new functions by their analysis; with --train also trains the best: does one beat ReLU?"},
    {.name = "nodes", .form = DG_FORM_COUNT, .most = 24, .needs = "search", .doc = "of a formula, at most (9)"},
    {.name = "formulas", .form = DG_FORM_COUNT, .needs = "search", .doc = "that are tried: the budget (4000)"},
    {.name = "seconds", .form = DG_FORM_POSITIVE, .needs = "search", .doc = "ends the search earlier"},
    {.name = "seed", .form = DG_FORM_NATURAL, .needs = "search|depth", .doc = "of the search and of the probe (0)"},
    {.name = "train",
     .form = DG_FORM_FILE,
     .value = "FOLDER",
     .doc = "compares the functions by training: a study of ready tasks, rates chosen on validation data"},
    {.name = "task",
     .form = DG_FORM_LIST,
     .needs = "train",
     .against = "in",
     .doc = "of the tasks below (all that bring their data)"},
    {.name = "seeds", .form = DG_FORM_COUNT, .needs = "in|train", .doc = "paired seeds (10)"},
    {.name = "budget",
     .form = DG_FORM_TEXT,
     .value = "TIME",
     .needs = "in|train",
     .doc = "drops whole pairs that would take longer: 90s, 15m; with --search, of search and studies together"},
    {0}};

static const command_options known = {
    .command = "activation",
    .usage = "dotgrad activation FUNCTION … [options]\n"
             "dotgrad activation --in G.dot [--replace NODES] --with FUNCTIONS.txt [options]\n"
             "dotgrad activation --in G.dot [--replace NODES] --weights RUN\n"
             "dotgrad activation --catalogue\ndotgrad activation --search [options]",
    .about =
        "Analyses functions of one variable: derivatives, range, symmetry, Lipschitz constants, kinks, zeros, moments\n"
        "and edge of chaos, errors in float32, and which published function it is or is near to. Facts are proved by\n"
        "interval arithmetic (for every number within float32's range), computed, or marked as sampled.\n\n"
        "FUNCTION is a formula over x, 'x * tanh(exp(x))', with the values of further names behind it,\n"
        "'x * sigmoid(beta * x), beta=parameter(1.0)'; or a name of the catalogue or of an op: mish, 'swish(beta=2)'.\n"
        "Several are put side by side. What begins with - stands behind --: dotgrad activation -- '-x'.",
    .own = own,
    .use = DG_USE_ALWAYS,
    .footer =
        "Tasks:\n"
#define TASK(symbol, name, file, alone, about) "  " name ": " about "\n"
#include "tasks.h"
#undef TASK
        "In a graph file: op=\"expr(x * tanh(exp(x)))\"; init=\"critical(mish)\" draws weights at the edge of chaos.",
    .operand = "functions",
    .most = MOST_FUNCTIONS};

typedef struct job {
    exact *reference;
    dg_activation *functions[MOST_FUNCTIONS];
    depth_table *depths[MOST_FUNCTIONS];
    cost_table *cost;
    int n;
} job;

static report_format format_of(const char *out)
{
    static const char *const names[] = {"text", "json", "csv", "latex", "html", "svg"};
    static const char *const endings[] = {".txt", ".json", ".csv", ".tex", ".html", ".svg"};
    const char *format = option_text("format");
    for (int k = 0; k < 6; k++) {
        size_t n = out ? strlen(out) : 0, e = strlen(endings[k]);
        if (format ? strcmp(format, names[k]) == 0 : n > e && strcmp(out + n - e, endings[k]) == 0)
            return (report_format)k;
    }
    return REPORT_TEXT;
}

/* As text and CSV the costs are a table of their own, and nothing else is asked. */
static bool cost_alone(void)
{
    const report_format format = format_of(option_text("out"));
    return option_given("cost") && (format == REPORT_TEXT || format == REPORT_CSV);
}

static dg_status add(job *j, const char *formula)
{
    if (j->n == MOST_FUNCTIONS)
        return dg_error(DG_BAD_ARGUMENT, "more than %d functions", MOST_FUNCTIONS);
    exhaustive far;
    dg_activation_options options = {.samples = (int)option_whole("samples", 0),
                                     .exhaustive = option_given("exhaustive") && !exhaustive_was_ended(),
                                     .progress = exhaustive_goes_on,
                                     .progress_argument = &far,
                                     .reference = j->reference ? exact_value : NULL,
                                     .reference_argument = j->reference,
                                     .reference_name = exact_name(),
                                     .sigma_b = option_given("sigma-b") ? option_number("sigma-b", 0) : 0};
    if (option_given("sigma-b") && options.sigma_b == 0)
        options.sigma_b = -1;
    if (option_text("export") || cost_alone() || (option_text("train") && !option_text("in")))
        options.sections = DG_SECTION_FORMULA;
    const bool takes_long = options.exhaustive && options.sections == 0;
    if (takes_long)
        exhaustive_begin(&far, formula);
    dg_status status = dg_activation_analyse(formula, &options, &j->functions[j->n]);
    if (takes_long)
        exhaustive_end(&far);
    j->n += status.code == DG_OK;
    return status.code == DG_OK && j->reference ? exact_status(j->reference) : status;
}

/* "FORMULA" with name=value, which replaces the value that stands there or comes behind the formula. */
static dg_status add_swept(job *j, const char *formula, const char *name, double value)
{
    size_t size = strlen(formula) + strlen(name) + 64;
    char *text = malloc(size);
    if (!text)
        return dg_no_memory("a sweep");
    const dg_catalogue_entry *entry = dg_catalogue_find(formula);
    bool named = entry && !entry->left_out;
    snprintf(text, size, named ? "%s(%s=%.9g)" : "%s, %s=%.9g", formula, name, value);
    dg_status status = add(j, text);
    free(text);
    return status;
}

static dg_status sweep(job *j, const char *formula, const char *text)
{
    char name[64];
    double from, to;
    int n, used = 0;
    if (sscanf(text, "%63[A-Za-z0-9_]=%lf:%lf:%d%n", name, &from, &to, &n, &used) != 4 || text[used] || n < 2 || n > 64)
        return dg_error(DG_BAD_ARGUMENT, "--sweep: '%s' is not NAME=FROM:TO:N with N from 2 to 64", text);
    for (int k = 0; k < n; k++)
        DG_TRY(add_swept(j, formula, name, from + (to - from) * k / (n - 1)));
    return dg_ok();
}

static dg_status add_file(job *j, const char *path)
{
    char *line = NULL;
    size_t room = 0;
    FILE *file = fopen(path, "r");
    if (!file)
        return dg_error(DG_IO, "%s: cannot open: %s", path, strerror(errno));
    dg_status status = dg_ok();
    for (int number = 1; status.code == DG_OK && getline(&line, &room, file) >= 0; number++) {
        line[strcspn(line, "#\r\n")] = '\0';
        if (line[strspn(line, " \t")])
            status = dg_prefixed(add(j, line), "%s, line %d", path, number);
    }
    if (status.code == DG_OK && ferror(file))
        status = dg_error(DG_IO, "%s: cannot read: %s", path, strerror(errno));
    fclose(file);
    free(line);
    return status;
}

static dg_status add_all(job *j, char **operands)
{
    const char *swept = option_text("sweep"), *file = option_text("file");
    for (; *operands; operands++)
        DG_TRY(swept ? sweep(j, *operands, swept) : add(j, *operands));
    return file ? add_file(j, file) : dg_ok();
}

static dg_status probe_depths(job *j)
{
    depth_options options = {.layers = (int)option_whole("depth", 0),
                             .width = (int)option_whole("width", 128),
                             .rows = 32,
                             .sigma_w = option_number("sigma-w", 0),
                             .sigma_b = option_number("sigma-b", 0),
                             .seed = (uint64_t)option_whole("seed", 0)};
    for (int i = 0; i < j->n; i++) {
        j->depths[i] = calloc(1, sizeof *j->depths[i]);
        if (!j->depths[i])
            return dg_no_memory("a probe");
        DG_TRY(depth_probe(j->functions[i], &options, j->depths[i]));
    }
    return dg_ok();
}

/* ---- what comes out ---- */

static dg_status write_out(const job *j, FILE *to)
{
    const char *export = option_text("export");
    for (int i = 0; export && i < j->n; i++)
        DG_TRY(export_write(j->functions[i], export, i, to));
    if (export)
        return dg_ok();
    if (cost_alone()) {
        (format_of(option_text("out")) == REPORT_CSV ? cost_csv : cost_print)(j->cost, to);
        return dg_ok();
    }
    lab_report report = {.functions = (dg_activation **)(uintptr_t)j->functions, .n = j->n, .cost = j->cost};
    report.depths = j->depths[0] ? (depth_table **)(uintptr_t)j->depths : NULL;
    return report_write(&report, format_of(option_text("out")), to);
}

/* A file is written whole or not at all. */
static dg_status write_report(job *j)
{
    const char *out = option_text("out");
    if (option_given("depth"))
        DG_TRY(probe_depths(j));
    if (option_given("cost"))
        DG_TRY(cost_measure(j->functions, j->n, &j->cost));
    if (!out) {
        dg_status status = write_out(j, stdout);
        return status.code == DG_OK && fflush(stdout)
                   ? dg_error(DG_IO, "standard output: cannot write: %s", strerror(errno))
                   : status;
    }
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    if (!to)
        return dg_no_memory("a report");
    dg_status status = write_out(j, to);
    bool is_whole = !ferror(to);
    is_whole = fclose(to) == 0 && is_whole;
    if (status.code == DG_OK)
        status = is_whole ? dg_write_file(out, text, size) : dg_no_memory("a report");
    free(text);
    return status;
}

/* ---- training ---- */

enum { MOST_SET = 64 };

static dg_status training(train_options *made, const char *set[MOST_SET])
{
    *made = (train_options){.folder = option_text("train"),
                            .tasks = option_text("task"),
                            .budget = option_text("budget"),
                            .range = option_text("range"),
                            .set = set,
                            .seeds = (int)option_whole("seeds", 10),
                            .reading = graph_options()};
    if (!made->folder)
        DG_TRY(train_name_study(made, option_text("out")));
    while (made->n_set < MOST_SET && (set[made->n_set] = option_text_at("set", made->n_set)))
        made->n_set++;
    if (made->budget && !duration_parse(made->budget, &made->seconds))
        return dg_error(DG_BAD_ARGUMENT, "--budget: '%s' is not a time such as 90s, 15m or 2h", made->budget);
    return dg_ok();
}

static dg_status finish(job *j)
{
    train_options options;
    const char *set[MOST_SET], *calls[MOST_FUNCTIONS];
    if (!option_given("train"))
        return write_report(j);
    DG_TRY(training(&options, set));
    for (int k = 0; k < j->n; k++)
        calls[k] = dg_activation_call(j->functions[k]);
    return train_compare(calls, j->n, &options);
}

/* ---- in a network of the user's ---- */

/* Those of the graph itself come first in the report. */
static dg_status add_inside(job *j, const inside *found)
{
    for (int k = 0; k < found->n; k++) {
        dg_status status = add(j, found->formulas[k]);
        if (status.code != DG_OK)
            command_warn("%s is not analysed: %s", found->calls[k], status.message);
    }
    return dg_ok();
}

static dg_status train_inside(const job *j, int first, const inside *found)
{
    train_options options;
    const char *set[MOST_SET], *calls[MOST_FUNCTIONS + 1];
    DG_TRY(training(&options, set));
    calls[0] = found->n == 1 ? found->calls[0] : "original";
    for (int k = first; k < j->n; k++)
        calls[k - first + 1] = dg_activation_call(j->functions[k]);
    return train_in(option_text("in"), found->nodes, calls, j->n - first + 1, &options);
}

static dg_status compare_inside(job *j, char **operands)
{
    inside found;
    const dg_graph_read_options reading = graph_options();
    const char *with = option_text("with"), *weights = option_text("weights");
    dg_status status = inside_read(option_text("in"), option_text("replace"), &reading, &found);
    if (status.code == DG_OK)
        status = add_inside(j, &found);
    int first = j->n;
    if (status.code == DG_OK)
        status = add_all(j, operands);
    if (status.code == DG_OK && with)
        status = add_file(j, with);
    if (status.code == DG_OK && j->n == first && !weights)
        status = dg_error(DG_BAD_ARGUMENT, "--in: no function is given to put into %s: --with FILE, or as an argument",
                          option_text("in"));
    if (status.code == DG_OK && j->n)
        status = write_report(j);
    if (status.code == DG_OK && weights)
        status = trained_print(option_text("in"), option_text("replace"), &reading, weights, stdout);
    fflush(stdout);
    if (status.code == DG_OK && j->n > first)
        status = train_inside(j, first, &found);
    inside_free(&found);
    return status;
}

static void release(job *j)
{
    for (int i = 0; i < j->n; i++) {
        dg_activation_free(j->functions[i]);
        free(j->depths[i]);
    }
    free(j->cost);
    exact_free(j->reference);
    free(j);
}

/* With --train what was found is trained beside ReLU, in what is left of the budget; the search has a third of it. */
static dg_status search_for(void)
{
    const char *set[MOST_SET];
    train_options training_options;
    search_result found = {.n = 0};
    double begin = seconds_now();
    DG_TRY(training(&training_options, set));
    search_options options = {.seed = (uint64_t)option_whole("seed", 0),
                              .formulas = option_whole("formulas", 4000),
                              .seconds = option_number("seconds", training_options.seconds / 3),
                              .keep = 20,
                              .most_nodes = (int)option_whole("nodes", 9)};
    training_options.search_is_timed = options.seconds > 0;
    DG_TRY(search_print(&options, stdout, &found));
    fflush(stdout);
    if (!option_given("train"))
        return dg_ok();
    if (found.n)
        return found_compare(&found, &training_options, seconds_now() - begin, stdout);
    puts("verdict: no formula of use is at a distance of 0.05 or more from every published one");
    return dg_ok();
}

/* What was measured goes into the report that was asked for, or is not measured: 0, or the exit status. */
static int check_formats(void)
{
    static const char *const facts[] = {"depth", "samples", "exhaustive"};
    const report_format format = format_of(option_text("out"));
    const bool is_drawn = format == REPORT_SVG || format == REPORT_LATEX;
    if (option_given("cost") && is_drawn)
        return command_misused("activation", "--cost is written as text, CSV, JSON or HTML");
    if (option_given("depth") && !cost_alone() && (is_drawn || format == REPORT_CSV))
        return command_misused("activation", "--depth is written as text, JSON or HTML");
    for (size_t k = 0; cost_alone() && k < sizeof facts / sizeof *facts; k++)
        if (option_given(facts[k]))
            return command_misused("activation", "--cost as text or CSV does not go with --%s; as JSON or HTML it does",
                                   facts[k]);
    return 0;
}

int command_activation(int argc, char **argv)
{
    char **operands;
    int over = options_take(&known, argc, argv, &operands);
    if (over >= 0)
        return over;
    if (option_number("sigma-b", 0) < 0)
        return command_misused("activation", "--sigma-b needs a number from 0 on");
    if ((option_given("catalogue") || option_given("search")) && *operands)
        return command_misused("activation", "--%s takes no function", option_given("search") ? "search" : "catalogue");
    static const char *const idle[] = {"format", "out", "depth", "samples", "exhaustive"};
    for (size_t k = 0; option_given("train") && !option_given("in") && k < sizeof idle / sizeof *idle; k++)
        if (option_given(idle[k]))
            return command_misused("activation", "--train does not go with --%s", idle[k]);
    const int unwritten = check_formats();
    if (unwritten)
        return unwritten;
    if (option_given("catalogue"))
        return catalogue_print();
    dg_status status = output_check(option_text("out"), 3,
                                    (const char *const[]){option_text("file"), option_text("with"), option_text("in")});
    if (status.code == DG_OK && !option_given("format") && !option_given("export"))
        status = output_check_ending(option_text("out"), "a report is written",
                                     (const char *const[]){"txt", "json", "csv", "tex", "html", "svg", NULL});
    if (status.code != DG_OK)
        return command_failed(status);
    job *j = calloc(1, sizeof *j);
    if (!j)
        return command_failed(dg_no_memory("functions"));
    status = exact_new(&j->reference);
    if (status.code == DG_OK)
        status = option_given("search") ? search_for()
                 : option_given("in")   ? compare_inside(j, operands)
                                        : add_all(j, operands);
    bool plain = !option_given("search") && !option_given("in");
    if (status.code == DG_OK && plain && !j->n) {
        release(j);
        return command_misused("activation", "needs a function: a formula such as 'x * tanh(exp(x))', or a name");
    }
    if (status.code == DG_OK && plain)
        status = finish(j);
    release(j);
    if (status.code == DG_OK && exhaustive_was_ended())
        status = dg_error(DG_INTERRUPTED, "interrupted: the report is of the float32 numbers that were compared");
    return status.code == DG_OK ? 0 : command_failed(status);
}
