/* Values inside calls: arguments of optimisers, schedules and initialisers that are none of their range, and where the
 * message says that they stand: in a line of the file, or in an option. The rules and their arguments are those that
 * the libraries list themselves, so that a new one is covered without a line here. */
#include "command.h"

#include <dotgrad/experiment.h>
#include <dotgrad/graph_file.h>
#include <dotgrad/optim.h>
#include <dotgrad/parameters.h>
#include <dotgrad/rules.h>

TestSuite(values, .init = make_folder, .fini = remove_folder);

/* ---- arguments of rules ---- */

enum { MOST_WRONG = 24 };

/* Values that are none of the range; NULL ends. */
static void list_wrong(dg_argument_range range, const char *wrong[MOST_WRONG])
{
    static const char *const always[] = {"0x10", "1 2", "5m", "1e", "", "1e400", "[]", "[nan]", "nan", "inf", "-inf"};
    int n = 0;
    for (size_t k = 0; k < sizeof always / sizeof *always; k++)
        wrong[n++] = always[k];
    if (range == DG_ARGUMENT_VALUE) /* left to the rule */
        n = 0;
    else if (range != DG_ARGUMENT_FLAG)
        wrong[n++] = "true";
    if (range == DG_ARGUMENT_FLAG || range == DG_ARGUMENT_CHOICE)
        wrong[n++] = "1";
    else if (range != DG_ARGUMENT_FINITE && range != DG_ARGUMENT_VALUE)
        wrong[n++] = "-1";
    if (range == DG_ARGUMENT_POSITIVE || range == DG_ARGUMENT_COUNT)
        wrong[n++] = "0";
    if (range == DG_ARGUMENT_COUNT || range == DG_ARGUMENT_NATURAL || range == DG_ARGUMENT_FRACTION) {
        wrong[n++] = "1.5";
        wrong[n++] = "1e18";
    }
    if (range != DG_ARGUMENT_VALUE)
        wrong[n++] = "no_such";
    wrong[n] = NULL;
}

static dg_status read_optimizer(const char *call)
{
    dg_optimizer optimizer;
    return dg_optimizer_parse(call, &optimizer);
}

static dg_status read_schedule(const char *call)
{
    dg_schedule schedule;
    dg_status status = dg_schedule_parse(call, &schedule);
    if (status.code == DG_OK)
        dg_schedule_release(&schedule);
    return status;
}

static dg_status read_init(const char *call)
{
    dg_graph *graph;
    cr_assert_eq(dg_graph_new(&graph).code, DG_OK);
    dg_status status = dg_graph_set_init(graph, call);
    dg_graph_free(graph);
    return status;
}

/* What must be there as well. */
static const char *others(const dg_argument *arguments, const char *name)
{
    static const struct {
        const char *name, *text;
    } known[] = {{"milestones", "milestones=[1], "},  {"schedules", "schedules=[linear, cosine], "},
                 {"formula", "formula='0.9^t', "},    {"max_lr", "max_lr=0.1, "},
                 {"activation", "activation=tanh, "}, {"value", "value=1, "}};
    static char text[200];
    text[0] = '\0';
    for (const dg_argument *one = arguments; one->name; one++)
        for (size_t k = 0; one->required && k < sizeof known / sizeof *known; k++)
            if (strcmp(one->name, known[k].name) == 0 && strcmp(one->name, name) != 0)
                strcat(text, known[k].text);
    return text;
}

static int sweep(const char *rule, const dg_argument *arguments, dg_status (*read)(const char *call))
{
    const char *wrong[MOST_WRONG];
    int count = 0;
    for (const dg_argument *one = arguments; one->name; one++) {
        list_wrong(one->range, wrong);
        for (int k = 0; wrong[k]; k++, count++) {
            char call[300];
            snprintf(call, sizeof call, "%s(%s%s=%s)", rule, others(arguments, one->name), one->name, wrong[k]);
            dg_status status = read(call);
            cr_expect_neq(status.code, DG_OK, "%s is accepted", call);
            cr_expect(status.code == DG_OK || strstr(status.message, one->name), "%s: %s", call, status.message);
        }
    }
    return count;
}

Test(values, every_argument_of_a_rule_refuses_what_is_out_of_its_range)
{
    int count = 0;
    const dg_rule *rule;
    const dg_schedule_rule *schedule;
    const dg_initialiser *initialiser;
    for (size_t i = 0; (rule = dg_rule_at(i)); i++)
        count += strcmp(rule->name, "rule") == 0 ? 0 : sweep(rule->name, rule->arguments, read_optimizer);
    for (size_t i = 0; (schedule = dg_schedule_rule_at(i)); i++)
        count += sweep(schedule->name, schedule->arguments, read_schedule);
    for (size_t i = 0; (initialiser = dg_initialiser_at(i)); i++)
        count += sweep(initialiser->name, initialiser->arguments, read_init);
    cr_expect_gt(count, 2000, "%d cases", count);
}

Test(values, lists_and_formulas_of_schedules_are_refused_where_they_say_nothing)
{
    static const char *const calls[][2] = {
        {"multistep([])", "milestones is []"},
        {"multistep(milestones=5m)", "milestones needs numbers above 0 that rise"},
        {"multistep([nan])", "milestones needs numbers above 0 that rise"},
        {"multiplicative([])", "formula is []"},
        {"multiplicative([0.5])", "formula is [0.5]"},
        {"formula([])", "formula is []"},
        {"plateau(patience=1.5)", "patience is 1.5, expected a whole number, 0 or more"},
        {"plateau(cooldown=0.5)", "cooldown is 0.5, expected a whole number, 0 or more"},
        {"step(step_size=1e18)", "step_size is 1e+18, expected a whole number, 1 or more and below 9e15"}};
    for (size_t k = 0; k < sizeof calls / sizeof *calls; k++) {
        dg_status status = read_schedule(calls[k][0]);
        cr_expect_neq(status.code, DG_OK, "%s is accepted", calls[k][0]);
        cr_expect(strstr(status.message, calls[k][1]), "%s: %s", calls[k][0], status.message);
    }
}

/* ---- where they stand ---- */

#define NET                                                                                                            \
    "x [op=\"input([N, 4])\"]; t [op=\"input([N], dtype=int64)\"]; scores [op=\"linear(3)\"];\n"                       \
    "loss [op=cross_entropy%s];\nx -> scores -> loss; t -> loss [arg=target]; }\n"

static void write_net(const char *graph, const char *node)
{
    char text[1000];
    FILE *file = fopen("net.dot", "w");
    snprintf(text, sizeof text, "digraph {\ngraph [data=iris, epochs=1,\n%s comment=a];\n" NET, graph, node);
    cr_assert(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void expect_error(const char *call, const char *words, const char *more)
{
    outcome run = dotgrad("%s", call);
    cr_expect_eq(run.status, 1, "%s: %d: %s", call, run.status, run.err);
    cr_expect(strstr(run.err, words), "%s: '%s' is not in: %s", call, words, run.err);
    cr_expect(strstr(run.err, more), "%s: '%s' is not in: %s", call, more, run.err);
}

/* Setting, value, what the message says of it. */
static const char *const settings[][3] = {
    {"optimizer", "sgd(lr=nan)", "sgd: lr is nan"},
    {"optimizer", "no_such", "no_such"},
    {"schedule", "step(gamma=-1)", "step: gamma is -1"},
    {"init", "normal(std=nan)", "initialiser 'normal': std is nan"},
    {"init", "no_such", "no_such"},
    {"metrics", "accuracy, no_such", "no_such"},
    {"groups", "[group('no_such', lr=1)]", "'no_such' fits no trainable parameter"},
    {"groups", "[group('*', lr=nan)]", "lr is nan"},
    {"groups", "[group('*', min=2, max=1)]", "no number is from 2 to 1"},
    {"freeze", "no_such", "'no_such' fits no trainable parameter"},
    {"average", "ema(decay=2)", "ema: decay is 2"},
    {"average", "no_such", "'no_such'"},
    {"monitor", "no_such", "changes nothing without patience"},
    {"watch", "no_such", "'no_such'"},
    {"output", "no_such", "there is no node 'no_such'"},
    {"loss", "no_such", "there is no node 'no_such'"},
};

Test(values, of_a_file_are_refused_with_their_line)
{
    for (size_t k = 0; k < sizeof settings / sizeof *settings; k++) {
        char text[200], place[60];
        snprintf(text, sizeof text, "%s=\"%s\",", settings[k][0], settings[k][1]);
        snprintf(place, sizeof place, "dotgrad: net.dot:3: %s", settings[k][0]);
        write_net(text, "");
        expect_error("train net.dot -o run --no-pictures", place, settings[k][2]);
    }
    static const char *const data[][2] = {{"iris(test=nan)", "data iris: test needs a fraction"},
                                          {"no_such", "no_such: there is no such data set"},
                                          {"no_such.csv", "no_such.csv: there is no such"}};
    for (size_t k = 0; k < sizeof data / sizeof *data; k++) {
        char text[400];
        FILE *file = fopen("net.dot", "w");
        snprintf(text, sizeof text, "digraph {\ngraph [epochs=1,\ndata=\"%s\"];\n" NET, data[k][0], "");
        cr_assert(file && fputs(text, file) >= 0 && fclose(file) == 0);
        expect_error("train net.dot -o run --no-pictures", "dotgrad: net.dot:3: ", data[k][1]);
        expect_error("draw net.dot -o x.svg --heat gradient", "dotgrad: net.dot:3: ", data[k][1]);
    }
    write_net("", ", trains=\"*\", optimizer=\"sgd(lr=-1)\"");
    expect_error("train net.dot -o run --no-pictures", "net.dot:5: objective 'loss': optimizer", "lr is -1");
    write_net("optimizer=no_such, schedule=no_such,", "");
    expect_error("summary net.dot", "net.dot:3: optimizer", "no_such");
    expect_error("bench net.dot --mode train --seconds 0", "net.dot:3: optimizer", "no_such");
    expect_error("summary net.dot --set 'optimizer=sgd(lr=nan)'", "net.dot: optimizer", "lr is nan");
}

Test(values, of_the_command_line_are_refused_with_their_option)
{
    write_net("optimizer=sgd, schedule=constant,", "");
    for (size_t k = 0; k < sizeof settings / sizeof *settings; k++) {
        char call[300], place[60];
        snprintf(call, sizeof call, "train net.dot -o run --no-pictures --%s \"%s\"", settings[k][0], settings[k][1]);
        snprintf(place, sizeof place, "dotgrad: net.dot: %s%s", strcmp(settings[k][0], "init") == 0 ? "" : "--",
                 settings[k][0]); /* init is read with the graph */
        expect_error(call, place, settings[k][2]);
    }
}
