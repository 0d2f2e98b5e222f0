/* Every option of every command and every attribute of graph files with values that are wrong: absent, of another form,
 * negative, too large, twice, misspelt. The commands, their options and the attributes are those that the program lists
 * itself, so that a new one is covered without a line here. */
#include "../sweeps.h"
#include "command.h"

#include <dotgrad/graph_file.h>

#define NET                                                                                                            \
    "x [op=\"input([N, 4])\"]; t [op=\"input([N], dtype=int64)\"]; output [op=\"linear(3)\"]; loss "                   \
    "[op=cross_entropy]; "                                                                                             \
    "x -> output -> loss; t -> loss [arg=target]; "

enum { MOST = 80, NAME = 40, VALUE = 80 };

typedef struct known_option {
    char name[NAME], value[VALUE]; /* "epochs", "N"; "" of a switch */
    bool may_be_bare;
} known_option;

static void make_files(void)
{
    make_folder();
    write_text("good.dot", "digraph { graph [data=iris, epochs=1]; " NET "}\n");
    write_text("table.csv", "1,2,3,4,0\n1,2,3,4,1\n2,2,3,4,2\n");
}

TestSuite(options, .init = make_files, .fini = remove_folder);

/* ---- what there is ---- */

static int list_commands(char names[MOST][NAME])
{
    static outcome run;
    int count = 0;
    run = dotgrad("--help");
    for (char *line = strtok(run.out, "\n"); line && count < MOST; line = strtok(NULL, "\n"))
        if (sscanf(line, "  %39[a-z-] %*s", names[count]) == 1 && names[count][0] != '-')
            count++;
    cr_assert_gt(count, 8);
    return count;
}

/* Lines such as "  -o, --out FILE   …", "      --profile[=FILE]   …"; 0 of a command that says nothing of --help. */
static int list_options(const char *command, known_option options[MOST])
{
    static outcome run;
    int count = 0;
    run = dotgrad("%s --help", command);
    expect_fine(run);
    if (!strstr(run.out, "-h, --help"))
        return 0;
    for (char *line = strtok(run.out, "\n"); line && count < MOST; line = strtok(NULL, "\n")) {
        known_option *one = &options[count];
        char letter;
        int at = 0;
        *one = (known_option){.name = ""};
        if ((sscanf(line, "  -%c, --%39[a-z-]%n", &letter, one->name, &at) < 2 || !at) &&
            (strncmp(line, "      --", 8) != 0 || sscanf(line, "      --%39[a-z-]%n", one->name, &at) < 1 || !at))
            continue;
        if (line[at] == ' ' && line[at + 1] != ' ')
            sscanf(line + at, " %79s", one->value);
        one->may_be_bare = line[at] == '[';
        count += strcmp(one->name, "help") != 0;
    }
    return count;
}

/* ---- what is expected ---- */

static void expect_refusal(outcome run, int least, const char *call, const char *words)
{
    const char *end = strchr(run.err, '\n');
    cr_expect(run.status >= least && run.status <= 2, "%s: exit status %d: %s", call, run.status, run.err);
    cr_expect(end && !end[1], "%s: not one line: %s", call, run.err);
    cr_expect_eq(strncmp(run.err, "dotgrad", 7), 0, "%s: %s", call, run.err);
    cr_expect_not_null(strstr(run.err, words), "%s: '%s' is not in: %s", call, words, run.err);
}

static void expect_misuse(const char *command, const char *words, const char *format, const char *a, const char *b)
{
    char call[300], text[200];
    snprintf(text, sizeof text, format, a, b);
    cr_assert_lt(snprintf(call, sizeof call, "%s %s", command, text), (int)sizeof call);
    expect_refusal(dotgrad("%s", call), 2, call, words);
}

/* A value of the option's form: "1" for N, the first of a|b|c. */
static const char *fine_value(const known_option *option, char text[VALUE])
{
    if (strchr(option->value, '|'))
        snprintf(text, VALUE, "%.*s", (int)strcspn(option->value, "|"), option->value);
    else
        snprintf(text, VALUE, "%s",
                 strcmp(option->value, "N") == 0       ? "1"
                 : strcmp(option->value, "X") == 0     ? "0.5"
                 : strcmp(option->value, "SIZE") == 0  ? "1G"
                 : strcmp(option->name, "view") == 0   ? "plan"
                 : strcmp(option->value, "LEVEL") == 0 ? "op"
                 : strcmp(option->value, "FOLD") == 0  ? "off"
                                                       : "a");
    return text;
}

/* ---- options ---- */

static void sweep_option(const char *command, const known_option *option, bool is_new)
{
    static const char *const wrong[] = {"abc", "-1", "''", "1e999"};
    bool is_whole = strcmp(option->value, "N") == 0, is_number = is_whole || strcmp(option->value, "X") == 0,
         is_bytes = strcmp(option->value, "SIZE") == 0;
    char name[NAME + 2], value[VALUE];
    if (!is_new && sweeps_are_few())
        return;
    snprintf(name, sizeof name, "--%s", option->name);
    if (*option->value)
        expect_misuse(command, "needs an argument", "good.dot --%s%s", option->name, "");
    else if (!option->may_be_bare)
        expect_misuse(command, "takes no argument", "--%s=%s good.dot", option->name, "x");
    if (!is_new) /* the same attribute of another command */
        return;
    enum { WRONG = sizeof wrong / sizeof *wrong };
    static size_t turn;
    size_t first = sweeps_are_few() ? turn++ % WRONG : 0, end = sweeps_are_few() ? first + 1 : WRONG;
    for (size_t k = first; (is_number || is_bytes) && k < end; k++)
        expect_misuse(command, name, "--%s %s good.dot", option->name, wrong[k]);
    if (is_whole)
        expect_misuse(command, name, "--%s %s good.dot", option->name, "99999999999999999999");
    if (strchr(option->value, '|') && !strchr(option->value, '='))
        expect_misuse(command, "expected one of", "--%s %s good.dot", option->name, "nothing");
    bool is_many = strchr(option->value, '=') || strcmp(option->name, "allow-path") == 0;
    if (!is_many && !option->may_be_bare && *option->value) {
        char twice[3 * VALUE + NAME];
        fine_value(option, value);
        snprintf(twice, sizeof twice, "'%s' --%s '%s'", value, option->name, value);
        expect_misuse(command, "given twice", "--%s %s", option->name, twice);
    }
    snprintf(value, sizeof value, "q%s", option->name);
    expect_misuse(command, "there is no option", "--%s%s good.dot", value, "");
}

/* Whether no option of that name and form has been seen. */
static bool take_new(const known_option *option, known_option *seen, int *n_seen)
{
    for (int k = 0; k < *n_seen; k++)
        if (strcmp(seen[k].name, option->name) == 0 && strcmp(seen[k].value, option->value) == 0)
            return false;
    if (*n_seen < 4 * MOST)
        seen[(*n_seen)++] = *option;
    return true;
}

Test(options, every_one_refuses_what_it_cannot_read)
{
    char commands[MOST][NAME];
    static known_option options[MOST], seen[4 * MOST];
    int n_seen = 0;
    int n_commands = list_commands(commands), n_options = 0, n_swept = 0;
    for (int k = 0; k < n_commands; k++) {
        /* Commands that read their options by the one parser; others have tests of their own. */
        int count = dotgrad("%s --help --help=x", commands[k]).status == 0 ? list_options(commands[k], options) : 0;
        for (int i = 0; i < count; i++)
            sweep_option(commands[k], &options[i], take_new(&options[i], seen, &n_seen));
        n_options += count;
        n_swept += count > 0;
    }
    cr_expect_gt(n_options, 100, "%d options of %d commands", n_options, n_swept);
}

Test(options, misspelt_ones_get_the_suggestion)
{
    expect_misuse("train", "did you mean --epochs?", "good.dot --%s%s", "epohcs", "=3");
    expect_misuse("train", "did you mean --optimizer?", "good.dot --%s%s", "optimiser", "=sgd");
    expect_misuse("draw", "did you mean --rankdir?", "good.dot --%s%s", "randir", "=LR");
    expect_misuse("trian", "did you mean 'train'?", "%s%s", "good.dot", "");
    expect_misuse("list optimisers", "did you mean 'optimizers'?", "%s%s", "", "");
    expect_refusal(dotgrad("ops realu"), 1, "ops realu", "did you mean 'relu'?");
}

/* What PyTorch, Keras or a paper calls it is answered with the name here. */
Test(options, names_of_other_libraries_get_the_suggestion)
{
    static const struct {
        const char *arguments, *meant;
    } cases[] = {{"--schedule CosineAnnealingLR", "cosine"},
                 {"--schedule CosineAnnealingWarmRestarts", "cosine_restarts"},
                 {"--schedule ReduceLROnPlateau", "plateau"},
                 {"--schedule one_cycle", "onecycle"},
                 {"--schedule 'MultiStepLR([3, 8])'", "multistep"},
                 {"--optimizer sophia_g", "sophia"},
                 {"--optimizer 'torch.optim.Adam(lr=0.01)'", "adam"},
                 {"--optimizer levenberg_marquardt", "lm"}};
    char text[60];
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        snprintf(text, sizeof text, "(did you mean '%s'?)", cases[k].meant);
        expect_refusal(dotgrad("train good.dot %s", cases[k].arguments), 1, cases[k].arguments, text);
    }
    expect_refusal(dotgrad("ops BCEWithLogitsLoss"), 1, "ops", "did you mean 'binary_cross_entropy_with_logits'?");
    expect_refusal(dotgrad("ops Dense"), 1, "ops", "did you mean 'linear'?");
    expect_refusal(dotgrad("ops BCEWithLogitsLoss"), 1, "ops", "did you mean 'binary_cross_entropy_with_logits'?");
    expect_refusal(dotgrad("ops GlobalAveragePooling1D"), 1, "ops", "did you mean 'adaptive_avg_pool1d'?");
    expect_refusal(dotgrad("ops nll"), 1, "ops", "did you mean 'nll_loss'?");
}

/* What is given to options that take a text, a name or a file: no such thing. */
Test(options, texts_that_name_nothing_are_refused)
{
    static const char *const calls[][2] = {
        {"train good.dot --optimizer 'adam(lr=0.1'", "optimizer"},
        {"train good.dot --optimizer no_such", "no_such"},
        {"train good.dot --schedule no_such", "no_such"},
        {"train good.dot --init no_such", "no_such"},
        {"train good.dot --average no_such", "no_such"},
        {"train good.dot --metrics no_such", "no_such"},
        {"train good.dot --groups no_such", "group"},
        {"train good.dot --freeze no_such", "no_such"},
        {"train good.dot --monitor no_such", "no_such"},
        {"train good.dot --loss no_such", "no_such"},
        {"train good.dot --output no_such", "no_such"},
        {"train good.dot --output loss", "is the loss"},
        {"train good.dot --data no_such", "no_such"},
        {"train good.dot --data 'iris(no_such=1)'", "no_such"},
        {"train good.dot --weights no_such", "no_such"},
        {"train --resume no_such", "no_such"},
        {"train good.dot --set no_such=3", "no_such"},
        {"train good.dot --fold 2", "without folds"},
        {"train good.dot --watch-every 5", "without watch"},
        {"train good.dot --monitor loss", "without patience or schedule=plateau"},
        {"eval good.dot --fetch no_such", "no_such"},
        {"eval good.dot --grad no_such", "no_such"},
        {"eval good.dot --grad loss --wrt no_such", "no_such"},
        {"eval good.dot --feed no_such", "no_such"},
        {"eval good.dot --weights no_such", "no_such"},
        {"check good.dot --loss no_such", "no_such"},
        {"check good.dot --node no_such", "no_such"},
        {"bench good.dot --loss no_such --seconds 0", "no_such"},
        {"bench good.dot --optimizer no_such --seconds 0", "no_such"},
        {"bench good.dot --size T=x", "--size"},
        {"bench good.dot --size T=3 --seconds 0", "--size T: no node has a size of that name; there is N"},
        {"summary good.dot --size NN=3", "--size NN: no node has a size of that name; there is N"},
        {"summary good.dot --loss no_such", "no_such"},
        {"summary good.dot --optimizer no_such", "no_such"},
        {"summary good.dot --size N=1 --size N=2", "given twice"},
        {"summary good.dot --allow-path no_such", "--allow-path: there is no folder 'no_such'"},
        {"summary good.dot --allow-path ''", "--allow-path: there is no folder ''"},
        {"predict no_such table.csv", "no_such"},
        {"draw good.dot -o - --around no_such", "no_such"},
        {"draw good.dot -o - --from no_such", "no_such"},
        {"draw good.dot -o - --to no_such", "no_such"},
        {"draw good.dot -o - --open no_such", "no_such"},
        {"draw good.dot -o - --close no_such", "no_such"},
        {"draw good.dot -o - --hide no_such", "no_such"},
        {"draw good.dot -o - --style no_such", "no_such"},
        {"draw good.dot -o - --page no_such", "no_such"},
        {"draw good.dot -o - --loss no_such", "no_such"},
        {"draw good.dot -o - --heat no_such", "no_such"},
        {"draw good.dot -o - --diff no_such", "no_such"},
        {"draw good.dot -o x.png --width no_such", "no_such"},
        {"draw --run no_such -o -", "no_such"},
    };
    for (size_t k = 0; k < sizeof calls / sizeof *calls; k++)
        expect_refusal(dotgrad("%s", calls[k][0]), 1, calls[k][0], calls[k][1]);
}

/* A run keeps what it was called with, and what it keeps is UTF-8: a name in Latin-1 is refused before the training. */
Test(options, texts_are_utf_8)
{
    static const char *const calls[][2] = {{"train good.dot --data 't\xe4.csv'", "--data: byte 2 (0xE4) is not UTF-8"},
                                           {"train good.dot --output '\xff'", "--output: byte 1 (0xFF) is not UTF-8"},
                                           {"train good.dot --optimizer 'sgd(\xc3)'", "--optimizer: byte 5 (0xC3)"}};
    for (size_t k = 0; k < sizeof calls / sizeof *calls; k++)
        expect_refusal(dotgrad("%s", calls[k][0]), 2, calls[k][0], calls[k][1]);
    expect_refusal(dotgrad("fit-rbf 't\xe4.csv' -o r"), 1, "fit-rbf", "");
    expect_refusal(dotgrad("train good.dot --set 'a=\xe4'"), 1, "--set", "--set: byte 3 (0xE4) is not UTF-8");
    expect_fine(dotgrad("train good.dot -o 'r\xe4' --no-pictures"));
}

/* As in a file, a name is a whole one. */
Test(options, the_beginning_of_a_name_is_none)
{
    static const char *const calls[][2] = {{"train good.dot --epoch 3", "no option --epoch (did you mean --epochs?)"},
                                           {"train good.dot --epoch=3", "no option --epoch (did you mean --epochs?)"},
                                           {"fmt good.dot --chec", "no option --chec (did you mean --check?)"}};
    for (size_t k = 0; k < sizeof calls / sizeof *calls; k++)
        expect_refusal(dotgrad("%s", calls[k][0]), 2, calls[k][0], calls[k][1]);
}

Test(options, those_that_change_nothing_or_contradict_each_other_are_refused)
{
    static const char *const calls[][2] = {
        {"eval good.dot --wrt x", "without --grad"},
        {"eval good.dot --rows 3", "without --data or --feed"},
        {"eval good.dot --feed a --data iris", "does not go with"},
        {"eval good.dot --weights a --init zeros", "does not go with --init"},
        {"eval good.dot --trace --fetch x", "does not go with --fetch"},
        {"draw good.dot -o x.svg --radius 2", "without --around"},
        {"draw good.dot -o x.svg --dpi 100", "--dpi is for png"},
        {"draw good.dot -o x.svg --data iris", "without --heat"},
        {"draw good.dot -o x.svg --optimizer sgd", "without --view step"},
        {"draw good.dot -o x.svg --title a --no-title", "does not go with"},
        {"draw good.dot -o x.svg --view backward --optimizer sgd", "--view plan or --heat update"},
        {"draw good.dot -o x.svg --view plan --backward", "does not go with"},
        {"draw good.dot --run r -o x.svg", "one argument too many"},
        {"bench good.dot --json --profile", "does not go with"},
        {"bench --peak --batch-size 3", "does not go with --batch-size"},
        {"bench good.dot --mode forward --optimizer sgd", "changes nothing"},
        {"bench good.dot --mode gradient --clip-norm 1", "--clip-norm changes nothing with --mode gradient"},
        {"bench good.dot --stages --seconds 1", "does not go with --seconds"},
        {"bench --peak --clip-norm 1", "does not go with --clip-norm"},
        {"activation --catalogue --out x.txt", "does not go with --out"},
        {"activation --search --export c", "does not go with --export"},
        {"activation mish --export c --depth 3", "does not go with --depth"},
        {"activation mish --cost --format latex", "--cost is written as text, CSV, JSON or HTML"},
        {"activation mish --cost --out x.svg", "--cost is written as text, CSV, JSON or HTML"},
        {"activation mish --cost --samples 3", "--cost as text or CSV does not go with --samples"},
        {"activation mish --depth 3 --out x.csv", "--depth is written as text, JSON or HTML"},
        {"activation mish --exhaustive --samples 3", "does not go with --samples"},
        {"activation mish --seed 3", "without --search or --depth"},
        {"activation mish --train t --out x.txt", "does not go with --out"},
        {"study good.dot --set a=1 --by validation", "without --select"},
        {"study --report s --seeds 3", "does not go with --seeds"},
        {"study --report s --jobs 3", "does not go with --jobs"},
        {"study --repeat s/manifest --folds 3", "does not go with --folds"},
        {"train --resume r --init zeros", "does not go with --init"},
        {"train good.dot --trace -o r", "does not go with --run"},
        {"train good.dot --trace --watch dead", "does not go with --watch"},
        {"bench good.dot --node x --loss loss", "does not go with"},
        {"fmt good.dot --check -o x.dot", "does not go with"},
        {"predict run table.csv --weights w", "its own"},
        {"predict run table.csv --data iris", "one argument too many"},
        {"predict run table.csv --force", "without --out"},
        {"train good.dot --steps 3", "without --trace"},
        {"train --resume r --weights w", "does not go with"},
        {"train --resume r --force", "does not go with"},
        {"ops --set a=3", "changes nothing"},
        {"list --max-nodes 3", "changes nothing"},
        {"summary good.dot more.dot", "one argument too many"},
    };
    for (size_t k = 0; k < sizeof calls / sizeof *calls; k++)
        expect_refusal(dotgrad("%s", calls[k][0]), 2, calls[k][0], calls[k][1]);
}

/* ---- attributes ---- */

/* Values that are none of the form; NULL ends. */
static const char *const *wrong_values(const dg_attribute *attribute)
{
    static const char *const whole[] = {"abc", "-1", "1.5", "99999999999999999999", "", NULL};
    static const char *const number[] = {"abc", "-1", "nan", "1e999", "", NULL};
    static const char *const flag[] = {"yes", "1", "", NULL};
    static const char *const bytes[] = {"abc", "-1", "512X", "", NULL};
    static const char *const name[] = {"nothing", "", NULL}, *const none[] = {NULL};
    switch (attribute->form) {
    case DG_FORM_COUNT:
    case DG_FORM_NATURAL:
        return whole;
    case DG_FORM_FRACTION:
    case DG_FORM_POSITIVE:
        return number;
    case DG_FORM_FLAG:
        return flag;
    case DG_FORM_BYTES:
        return bytes;
    default:
        return attribute->choices ? name : none;
    }
}

/* The network with one attribute on the graph, a cluster, a node or an edge. */
static void write_with(const char *path, unsigned where, const char *name, const char *value)
{
    char text[1200], set[200];
    snprintf(set, sizeof set, "\"%s\"=\"%s\"", name, value);
    snprintf(text, sizeof text,
             "digraph { graph [comment=a%s%s%s];\n" NET
             "\nsubgraph cluster_a { graph [label=a%s%s]; y [op=relu%s%s]; }\n"
             "output -> y%s%s%s; }\n",
             strcmp(name, "data") == 0 ? "" : ", data=iris", where & DG_ON_GRAPH ? ", " : "",
             where & DG_ON_GRAPH ? set : "", where & DG_ON_CLUSTER ? ", " : "", where & DG_ON_CLUSTER ? set : "",
             where & DG_ON_NODE ? ", " : "", where & DG_ON_NODE ? set : "", where & DG_ON_EDGE ? " [" : "",
             where & DG_ON_EDGE ? set : "", where & DG_ON_EDGE ? "]" : "");
    write_text(path, text);
}

static bool is_ours_on(const dg_attribute *attribute, unsigned where)
{
    return attribute->ours && (attribute->where & where) && !strchr(attribute->name, ':');
}

Test(options, every_attribute_refuses_what_it_cannot_read)
{
    int count = 0;
    for (size_t k = 0; dg_attribute_at(k); k++)
        for (unsigned where = DG_ON_GRAPH; where <= DG_ON_EDGE; where *= 2) {
            const dg_attribute *one = dg_attribute_at(k);
            const char *const *wrong = wrong_values(one);
            for (; is_ours_on(one, where) && *wrong; wrong++, count++) {
                char call[200];
                if (!**wrong && !one->option) /* edge [arg=""] takes a default away */
                    continue;
                snprintf(call, sizeof call, "%s=%s on %u", one->name, *wrong, where);
                write_with("bad.dot", where, one->name, *wrong);
                expect_refusal(dotgrad("summary bad.dot"), 1, call, one->name);
            }
        }
    cr_expect_gt(count, 60, "%d cases", count);
}

Test(options, attributes_stand_once_and_misspelt_ones_get_the_suggestion)
{
    for (size_t k = 0; dg_attribute_at(k); k++) {
        const dg_attribute *one = dg_attribute_at(k);
        char text[300], near[NAME];
        size_t length = strlen(one->name);
        if (!is_ours_on(one, DG_ON_GRAPH) || !one->option)
            continue;
        snprintf(text, sizeof text, "digraph { graph [%s=1,\n%s=1]; x [op=\"constant(1)\"]; }", one->name, one->name);
        write_text("bad.dot", text);
        expect_refusal(dotgrad("summary bad.dot"), 1, text, "bad.dot:2: ");
        snprintf(near, sizeof near, "%s%c", one->name, one->name[length - 1]); /* the last letter twice */
        if (dg_attribute_find(near))
            continue;
        snprintf(text, sizeof text, "digraph {\ngraph [%s=1]; x [op=\"constant(1)\"]; }", near);
        write_text("bad.dot", text);
        outcome run = dotgrad("summary bad.dot");
        expect_refusal(run, 1, text, "did you mean '");
        cr_expect_not_null(strstr(run.err, "bad.dot:2: "), "%s", text);
    }
}

/* In the file as on the command line: refused where they contradict the file, a warning where they are of no effect. */
Test(options, attributes_that_change_nothing_are_told)
{
    write_with("bad.dot", DG_ON_GRAPH, "monitor", "accuracy");
    expect_refusal(dotgrad("train bad.dot -o run"), 1, "monitor", "monitor=accuracy changes nothing without patience");
    write_with("bad.dot", DG_ON_CLUSTER, "chain", "y");
    expect_refusal(dotgrad("summary bad.dot"), 1, "chain", "chain=y, which changes nothing without repeat");
    write_text("bad.dot", "digraph { " NET " subgraph a { graph [checkpoint=true]; y [op=relu]; } output -> y; }");
    expect_refusal(dotgrad("summary bad.dot"), 1, "checkpoint", "it is not a cluster: name it cluster_a");
    static const char *const on_nodes[][3] = {
        {"turns", "3", "not a loss"},           {"trains", "*", "not a loss"},    {"optimizer", "sgd", "not a loss"},
        {"schedule", "constant", "not a loss"}, {"clip_norm", "1", "not a loss"}, {"clip_value", "1", "not a loss"},
        {"checkpoint", "true", "use() or"}};
    for (size_t k = 0; k < sizeof on_nodes / sizeof *on_nodes; k++) {
        char words[100];
        write_with("idle.dot", DG_ON_NODE, on_nodes[k][0], on_nodes[k][1]);
        outcome run = dotgrad("summary idle.dot");
        snprintf(words, sizeof words, "node 'y': %s has no effect: ", on_nodes[k][0]);
        cr_expect_eq(run.status, 0, "%s", run.err);
        cr_expect_not_null(strstr(run.err, words), "%s", run.err);
        cr_expect_not_null(strstr(run.err, on_nodes[k][2]), "%s", run.err);
    }
}

/* Texts of attributes that name nothing, in the file as on the command line. */
Test(options, attributes_that_name_nothing_are_refused)
{
    static const char *const names[] = {"output",  "loss",   "data",   "optimizer", "schedule", "init",
                                        "metrics", "groups", "freeze", "monitor",   "average"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        write_with("bad.dot", DG_ON_GRAPH, names[k], "no_such");
        expect_refusal(dotgrad("train bad.dot -o run"), 1, names[k], "no_such");
    }
}

/* ---- files that are read ---- */

Test(options, no_command_writes_over_what_it_reads)
{
    static const char *const calls[] = {"eval good.dot -o good.dot",
                                        "draw good.dot -o good.dot",
                                        "draw good.dot -o ./good.dot",
                                        "predict run table.csv -o table.csv",
                                        "predict run 'table.csv(target=none)' -o table.csv",
                                        "predict run table.csv -o run/checkpoint.safetensors"};
    char before[1000], after[1000];
    expect_fine(dotgrad("train good.dot -o run --no-pictures"));
    read_text("good.dot", before, sizeof before);
    for (size_t k = 0; k < sizeof calls / sizeof *calls; k++)
        expect_refusal(dotgrad("%s", calls[k]), 2, calls[k], "--force");
    read_text("good.dot", after, sizeof after);
    cr_expect_str_eq(before, after);
    expect_fine(dotgrad("draw good.dot -o good.dot --force"));
    expect_fine(dotgrad("summary good.dot"));
}

Test(options, a_run_does_not_replace_one_of_another_network)
{
    write_text("other.dot", "digraph other { graph [data=iris, epochs=1]; " NET "}\n");
    write_text("longer.dot", "digraph { graph [data=iris, epochs=1]; " NET "more [op=\"linear(2)\"]; "
                             "output -> more; }\n");
    expect_fine(dotgrad("train good.dot -o run --no-pictures"));
    expect_fine(dotgrad("train good.dot -o run --no-pictures --epochs 2"));
    expect_refusal(dotgrad("train other.dot -o run --no-pictures"), 1, "another name", "another network");
    expect_refusal(dotgrad("train longer.dot -o run --no-pictures"), 1, "another layer", "another network");
    expect_fine(dotgrad("predict run iris"));
    expect_fine(dotgrad("train other.dot -o run --no-pictures --force"));
}
