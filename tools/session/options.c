/* The options of a command. */
#include "options.h"

#include "command.h"
#include "graph_options.h"

#include <dotgrad/near.h>

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_OPTIONS = 80, MOST_GIVEN = 256, FIRST_VALUE = 1000, WIDTH = 26 };

/* An option of either kind. */
typedef struct known_option {
    option_row row;
    const dg_attribute *attribute; /* NULL: the command's own */
} known_option;

typedef struct given_option {
    const known_option *of;
    const char *text;
} given_option;

static known_option known[MOST_OPTIONS];
static int n_known;
static given_option given[MOST_GIVEN];
static int n_given;

/* ---- which there are ---- */

static void list_known(const command_options *of)
{
    n_known = n_given = 0;
    for (const option_row *row = of->own; row && row->name && n_known < MOST_OPTIONS; row++)
        known[n_known++] = (known_option){.row = *row};
    for (size_t k = 0; dg_attribute_at(k) && n_known < MOST_OPTIONS; k++) {
        const dg_attribute *one = dg_attribute_at(k);
        if (one->option && (one->use & of->use & ~(unsigned)DG_USE_ALWAYS))
            known[n_known++] = (known_option){.row = {.name = one->option,
                                                      .letter = one->letter,
                                                      .form = one->form,
                                                      .doc = one->doc,
                                                      .most = one->most,
                                                      .choices = one->choices},
                                              .attribute = one};
    }
}

/* The attribute's own name will do, too: batch_size. */
static const known_option *find(const char *name)
{
    for (int k = 0; k < n_known; k++)
        if (strcmp(known[k].row.name, name) == 0 || (known[k].attribute && strcmp(known[k].attribute->name, name) == 0))
            return &known[k];
    return NULL;
}

/* ---- --help ---- */

static const char *value_of(const option_row *row)
{
    static const char *const words[] = {
        [DG_FORM_TEXT] = "TEXT",  [DG_FORM_CALL] = "CALL", [DG_FORM_NAME] = "NAME",
        [DG_FORM_NODE] = "NODE",  [DG_FORM_LIST] = "A,B",  [DG_FORM_SETTINGS] = "NAME=VALUE",
        [DG_FORM_COUNT] = "N",    [DG_FORM_NATURAL] = "N", [DG_FORM_FRACTION] = "X",
        [DG_FORM_POSITIVE] = "X", [DG_FORM_NUMBER] = "X",  [DG_FORM_FLAG] = "",
        [DG_FORM_BYTES] = "SIZE", [DG_FORM_FILE] = "FILE"};
    return row->value ? row->value : row->choices ? row->choices : words[row->form];
}

static void print_option(const option_row *row)
{
    char head[120], letter[8] = "    ";
    const char *value = value_of(row), *at = row->doc;
    if (row->letter)
        snprintf(letter, sizeof letter, "-%c, ", row->letter);
    int length = snprintf(head, sizeof head,
                          row->may_be_bare ? "%s--%s[=%s]"
                          : *value         ? "%s--%s %s"
                                           : "%s--%s",
                          letter, row->name, value);
    if (length <= WIDTH)
        printf("  %-*s ", WIDTH, head);
    else
        printf("  %s\n  %*s ", head, WIDTH, "");
    for (; *at; at += strcspn(at, "\n") + (at[strcspn(at, "\n")] == '\n'))
        printf("%*s%.*s\n", at == row->doc ? 0 : WIDTH + 3, "", (int)strcspn(at, "\n"), at);
}

static int help(const command_options *of)
{
    bool any = false;
    printf("usage: ");
    for (const char *at = of->usage; *at; at++)
        printf(*at == '\n' ? "\n       " : "%c", *at);
    printf("\n\n%s\n\n", of->about);
    for (int k = 0; k < n_known; k++)
        if (!known[k].attribute)
            print_option(&known[k].row);
    print_option(&(option_row){.name = "help", .letter = 'h', .form = DG_FORM_FLAG, .doc = "this text"});
    for (int k = 0; k < n_known; k++) {
        if (!known[k].attribute)
            continue;
        if (!any)
            puts("\nIn place of the graph's attributes of the same names:\n");
        any = true;
        print_option(&known[k].row);
    }
    if (of->use & DG_USE_ALWAYS)
        graph_options_help(!find("set"));
    if (of->footer)
        printf("\n%s\n", of->footer);
    return 0;
}

/* ---- reading ---- */

static bool is_among(const char *names, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = names; at && *at; at += strcspn(at, "|") + (at[strcspn(at, "|")] == '|'))
        if (strcspn(at, "|") == length && memcmp(at, name, length) == 0)
            return true;
    return false;
}

static bool any_given(const char *names)
{
    for (int k = 0; k < n_given; k++)
        if (is_among(names, given[k].of->row.name))
            return true;
    return false;
}

/* "a|b" as "--a or --b". */
static const char *print_names(const char *names, char text[200])
{
    size_t used = (size_t)snprintf(text, 200, "--");
    for (const char *at = names; *at && used < 190; at++)
        used += (size_t)snprintf(text + used, 200 - used, *at == '|' ? " or --" : "%c", *at);
    return text;
}

static int take_one(const command_options *of, const known_option *one, const char *text)
{
    char name[64];
    for (int k = 0; k < n_given; k++)
        if (given[k].of == one && !one->row.is_many)
            return command_misused(of->command, "--%s is given twice", one->row.name);
    if (n_given == MOST_GIVEN)
        return command_misused(of->command, "more than %d options", MOST_GIVEN);
    given[n_given++] = (given_option){one, text ? text : ""};
    if (one->row.form == DG_FORM_FLAG || (!text && one->row.may_be_bare))
        return -1;
    snprintf(name, sizeof name, "--%s", one->row.name);
    const dg_attribute form = {.name = name, .form = one->row.form, .most = one->row.most, .choices = one->row.choices};
    dg_status status = dg_attribute_check(&form, text);
    return status.code == DG_OK ? -1 : command_misused(of->command, "%s", status.message);
}

/* Options that change nothing, or that contradict each other. */
static int check_together(const command_options *of)
{
    char names[200];
    for (int k = 0; k < n_given; k++) {
        const option_row *row = &given[k].of->row;
        if (row->needs && !any_given(row->needs))
            return command_misused(of->command, "--%s changes nothing without %s", row->name,
                                   print_names(row->needs, names));
        for (int i = 0; i < n_given; i++)
            if (is_among(row->against, given[i].of->row.name) ||
                (row->alone && given[i].of != given[k].of && !is_among(row->alone, given[i].of->row.name)))
                return command_misused(of->command, "--%s does not go with --%s", row->name, given[i].of->row.name);
    }
    const char *idle = of->use & DG_USE_ALWAYS ? NULL : graph_options_given();
    if (idle)
        return command_misused(of->command, "%s changes nothing here: no graph file is read", idle);
    return -1;
}

static int check_operands(const command_options *of, int count, char **operands)
{
    if (count < of->least && count == 0)
        return command_misused(of->command, "needs %s", of->operand);
    if (count < of->least)
        return command_misused(of->command, "'%s' is one argument too few: needs %s", operands[count - 1], of->operand);
    if (count > of->most)
        return command_misused(of->command, "'%s' is one argument too many%s%s", operands[of->most],
                               of->most ? ": expected " : "", of->most ? of->operand : "");
    return -1;
}

static const char *long_name(const void *longs, size_t index)
{
    return ((const struct option *)longs)[index].name;
}

/* "--epohcs=3" for --epochs. */
static void misused_unknown(const char *command, const char *text, const struct option *longs, bool reads_graph)
{
    char name[80];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(text + 2, "="), text + 2);
    const char *near = dg_name_nearest(name, long_name, longs);
    for (size_t k = 0; reads_graph && dg_attribute_at(k); k++) {
        const dg_attribute *one = dg_attribute_at(k);
        if (!one->option || strcmp(one->option, name) != 0)
            continue;
        command_misused(command, "there is no option --%s; an attribute of the graph is set with --set %s=…", name,
                        one->name);
        return;
    }
    command_misused(command, "there is no option --%s%s%s%s", name, near ? " (did you mean --" : "", near ? near : "",
                    near ? "?)" : "");
}

/* getopt_long, its messages in our form. −1: no further option; '?': a message has been printed. Every option with an
 * argument is in `longs`, a short one through its val; `shorts` begins with a colon, which tells ':' from '?'. */
static int next_option(int argc, char **argv, const char *shorts, const struct option *longs, bool reads_graph)
{
    opterr = 0;
    int index = -1, option = getopt_long(argc, argv, shorts, longs, &index);
    if (index >= 0 && option != ':' && option != '?') { /* a beginning of a name would do for getopt */
        const char *text = argv[optind - 1];
        text = optarg && optarg == text ? argv[optind - 2] : text;
        if (strcspn(text + 2, "=") != strlen(longs[index].name)) {
            misused_unknown(argv[0], text, longs, reads_graph);
            return '?';
        }
    }
    if (option == ':' || option == '?') {
        const char *text = optind > 0 && optind <= argc ? argv[optind - 1] : "";
        bool is_short = optopt > 0 && optopt < 256 && strncmp(text, "--", 2) != 0;
        if (option == ':')
            command_misused(argv[0], "%s needs an argument", text);
        else if (is_short)
            command_misused(argv[0], "there is no option -%c", optopt);
        else if (optopt)
            command_misused(argv[0], "%s takes no argument", text);
        else
            misused_unknown(argv[0], text, longs, reads_graph);
        return '?';
    }
    return option;
}

int options_take(const command_options *of, int argc, char **argv, char ***operands)
{
    struct option longs[MOST_OPTIONS + 2] = {{"help", no_argument, NULL, 'h'}};
    char shorts[2 * MOST_OPTIONS + 3] = ":h", *end = shorts + 2;
    int option, over = -1;
    list_known(of);
    optind = 0; /* a command may call another one */
    for (int k = 0; k < n_known; k++) {
        const option_row *row = &known[k].row;
        int value = row->form == DG_FORM_FLAG ? no_argument : row->may_be_bare ? optional_argument : required_argument;
        longs[k + 1] = (struct option){row->name, value, NULL, row->letter ? row->letter : FIRST_VALUE + k};
        if (row->letter)
            end += sprintf(end, value == required_argument ? "%c:" : "%c", row->letter);
    }
    bool reads_graph = of->use & DG_USE_ALWAYS;
    while (over < 0 && (option = next_option(argc, argv, shorts, longs, reads_graph)) != -1) {
        const known_option *one = option >= FIRST_VALUE ? &known[option - FIRST_VALUE] : NULL;
        if (option == 'h')
            return help(of);
        if (option == '?')
            return EXIT_USAGE;
        for (int k = 0; !one && k < n_known; k++)
            if (known[k].row.letter == option)
                one = &known[k];
        over = take_one(of, one, optarg);
    }
    over = over < 0 ? check_operands(of, argc - optind, argv + optind) : over;
    *operands = argv + optind;
    return over < 0 ? check_together(of) : over;
}

/* ---- looking up ---- */

const char *option_text_at(const char *name, int k)
{
    const known_option *one = find(name);
    for (int i = 0; one && i < n_given; i++)
        if (given[i].of == one && k-- == 0)
            return given[i].text;
    return NULL;
}

const char *option_text(const char *name)
{
    return option_text_at(name, 0);
}

bool option_given(const char *name)
{
    return option_text(name) != NULL;
}

int64_t option_whole(const char *name, int64_t otherwise)
{
    const char *text = option_text(name);
    return text ? strtoll(text, NULL, 10) : otherwise;
}

double option_number(const char *name, double otherwise)
{
    const char *text = option_text(name);
    return text ? strtod(text, NULL) : otherwise;
}

bool duration_parse(const char *text, double *seconds)
{
    static const struct {
        const char *unit;
        double seconds;
    } units[] = {{"", 1}, {"s", 1}, {"m", 60}, {"min", 60}, {"h", 3600}, {"d", 86400}};
    char *end;
    double number = strtod(text, &end);
    for (size_t k = 0; k < sizeof units / sizeof *units; k++)
        if (end != text && strcmp(end, units[k].unit) == 0 && number > 0 && isfinite(number)) {
            *seconds = number * units[k].seconds;
            return true;
        }
    return false;
}

const char *option_or_attribute(const dg_graph_file *file, const char *name)
{
    const char *text = option_text(name);
    return text ? text : dg_graph_file_setting(file, name);
}

int64_t option_or_attribute_whole(const dg_graph_file *file, const char *name, int64_t otherwise)
{
    const char *text = option_or_attribute(file, name);
    return text ? strtoll(text, NULL, 10) : otherwise;
}
