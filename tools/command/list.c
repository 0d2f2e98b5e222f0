/* dotgrad list: the tables that graph files choose from. */
#include "tools/run/print.h"
#include "tools/session/command.h"
#include "tools/session/options.h"

#include <dotgrad/draw.h>
#include <dotgrad/graph_file.h>
#include <dotgrad/near.h>
#include <dotgrad/op.h>
#include <dotgrad/optim.h>

#include <stdio.h>
#include <string.h>

/* ---- attributes ---- */

static const char *form_name(dg_attribute_form form)
{
    static const char *const names[] = {[DG_FORM_TEXT] = "text",
                                        [DG_FORM_CALL] = "call",
                                        [DG_FORM_NAME] = "name",
                                        [DG_FORM_NODE] = "node",
                                        [DG_FORM_LIST] = "names",
                                        [DG_FORM_SETTINGS] = "settings",
                                        [DG_FORM_COUNT] = "whole number > 0",
                                        [DG_FORM_NATURAL] = "whole number",
                                        [DG_FORM_FRACTION] = "number below 1",
                                        [DG_FORM_POSITIVE] = "number > 0",
                                        [DG_FORM_NUMBER] = "number",
                                        [DG_FORM_FLAG] = "true, false",
                                        [DG_FORM_BYTES] = "bytes: 512M, 2Gi",
                                        [DG_FORM_FILE] = "path",
                                        [DG_FORM_LABEL] = "label",
                                        [DG_FORM_WORD] = "word",
                                        [DG_FORM_WORDS] = "words",
                                        [DG_FORM_COLOR] = "colours",
                                        [DG_FORM_FONT] = "font",
                                        [DG_FORM_POINTS] = "numbers",
                                        [DG_FORM_RESULT] = "of a layout",
                                        [DG_FORM_LINK] = "not followed"};
    return names[form];
}

/* "graph, node*": with a star behind those that pictures follow. */
static void print_places(unsigned where, unsigned drawn, char text[64])
{
    static const struct {
        unsigned where;
        const char *name;
    } places[] = {{DG_ON_GRAPH, "graph"}, {DG_ON_CLUSTER, "cluster"}, {DG_ON_NODE, "node"}, {DG_ON_EDGE, "edge"}};
    char *end = text;
    *text = '\0';
    for (size_t k = 0; k < sizeof places / sizeof *places; k++)
        if (where & places[k].where)
            end += sprintf(end, "%s%s%s", end > text ? ", " : "", places[k].name, drawn & places[k].where ? "*" : "");
}

/* "1 to 1024", "float32|float64", "call". */
static const char *print_form(const dg_attribute *a, char text[64])
{
    bool is_whole = a->form == DG_FORM_COUNT || a->form == DG_FORM_NATURAL;
    if (is_whole && a->most && a->most < INT32_MAX)
        snprintf(text, 64, "%d to %lld", a->form == DG_FORM_COUNT, (long long)a->most);
    else
        snprintf(text, 64, "%s", a->choices ? a->choices : form_name(a->form));
    return text;
}

static void list_attributes(void)
{
    bool is_ours = true;
    puts("dotgrad's own (an option of that name comes before them):\n");
    for (size_t k = 0; dg_attribute_at(k); k++) {
        const dg_attribute *a = dg_attribute_at(k);
        char places[64], form[64], option[40] = "";
        if (is_ours && !a->ours)
            puts("\nGraphviz's, which are kept; where there is a *, dotgrad's own pictures follow them, too (draw "
                 "names others):\n");
        is_ours = a->ours;
        print_places(a->where, a->drawn, places);
        if (a->option)
            snprintf(option, sizeof option, "--%s", a->option);
        if (is_ours)
            printf("  %-14s %-26s %-18s%-15s %s\n", a->name, places, print_form(a, form), option, a->doc);
        else
            printf("  %-16s %-31s %-14s%s\n", a->name, places, form_name(a->form), a->doc);
    }
    puts("\nNames close to one of dotgrad's own are errors; others are kept, with a warning.");
}

/* ---- tables with names and summaries ---- */

static void list_ops(void)
{
    const char *family = "";
    for (size_t k = 0; k < dg_op_count(); k++) {
        const dg_op *op = dg_op_at(k);
        if (strcmp(family, op->family) != 0) {
            printf("%s%s\n", *family ? "\n" : "", op->family);
            family = op->family;
        }
        printf("  %-34s %s\n", op->name, op->summary);
    }
}

static void list_data(void)
{
    for (size_t k = 0; dg_data_format_at(k); k++) {
        const dg_data_format *format = dg_data_format_at(k);
        printf("  %-16s %-*s %s", format->name, text_width(format->paths, 30), format->paths, format->summary);
        if (strcmp(format->scale, "none") != 0 || format->test > 0)
            printf("; scale=%s, test=%g", format->scale, format->test);
        puts("");
    }
    puts("\nOptions, in brackets: digits(scale=standard, test=0.25)\n");
    for (size_t k = 0; dg_data_option_at(k); k++) {
        const dg_data_option *option = dg_data_option_at(k);
        printf("  %-16s %-*s %s\n", option->name, text_width(option->sets, 30), option->sets, option->summary);
    }
}

static void list_sizes(void)
{
    for (size_t k = 0; dg_data_size_at(k); k++)
        printf("  %-16s %s\n", dg_data_size_at(k)->name, dg_data_size_at(k)->summary);
    puts("\nIn the op of a node for a number: linear(CLASSES), rbf(ROWS, init=all), linear(2*FEATURES).");
}

static void list_names(const char *(*known)(size_t))
{
    for (size_t k = 0; known(k); k++)
        printf("  %s\n", known(k));
}

/* "lr=0.001, betas=[0.9, 0.999]": arguments with their defaults, those that are required alone by name. */
static void print_arguments(const dg_argument *arguments, bool any)
{
    char text[100];
    for (int k = 0; arguments[k].name; k++, any = true) {
        dg_argument_default(&arguments[k], text, sizeof text);
        printf("%s%s%s%s", any ? ", " : "", arguments[k].name, *text ? "=" : "", text);
    }
}

static void list_optimizers(void)
{
    char lr[DG_NUMBER_TEXT];
    for (size_t k = 0; dg_rule_at(k); k++) {
        const dg_rule *rule = dg_rule_at(k);
        printf("  %s(lr=%s", rule->name, dg_number_print(rule->lr, DG_FLOAT64, lr));
        print_arguments(rule->arguments, true);
        printf(")\n      %s%s%s%s\n", rule->summary, rule->source ? " [" : "", rule->source ? rule->source : "",
               rule->source ? "]" : "");
    }
}

static void list_schedules(void)
{
    for (size_t k = 0; dg_schedule_rule_at(k); k++) {
        const dg_schedule_rule *rule = dg_schedule_rule_at(k);
        printf("  %s(", rule->name);
        print_arguments(rule->arguments, false);
        printf("%s)\n      %s\n",
               rule->composite           ? ""
               : rule->arguments[0].name ? ", warmup=0, per=epoch"
                                         : "warmup=0, per=epoch",
               rule->summary);
    }
    puts("\nA formula of t (steps), epoch, steps, epochs and lr is a schedule too: schedule=\"0.9^epoch\".");
}

static void list_initialisers(void)
{
    for (size_t k = 0; dg_initialiser_at(k); k++) {
        const dg_initialiser *one = dg_initialiser_at(k);
        printf("  %s", one->name);
        if (one->arguments[0].name) {
            putchar('(');
            print_arguments(one->arguments, false);
            putchar(')');
        }
        printf("\n      %s%s%s%s%s\n", one->summary, one->needs_data ? "; needs data" : "", one->source ? " [" : "",
               one->source ? one->source : "", one->source ? "]" : "");
    }
}

static void list_metrics(void)
{
    for (size_t k = 0; dg_metric_name_at(k); k++)
        printf("  %-14s %s\n", dg_metric_name_at(k), dg_metric_summary(k));
}

static void list_styles(void)
{
    list_names(dg_draw_style_name_at);
}

static void list_probes(void)
{
    for (size_t k = 0; dg_probe_name_at(k); k++)
        printf("  %-14s %s\n", dg_probe_name_at(k), dg_probe_summary(k));
}

static const struct {
    const char *name, *summary;
    void (*print)(void);
} tables[] = {
    {"attributes", "of graph files: on graphs, clusters, nodes and edges", list_attributes},
    {"ops", "what nodes compute (dotgrad ops NAME tells all of one)", list_ops},
    {"optimizers", "what makes a step of gradients", list_optimizers},
    {"schedules", "of learning rates", list_schedules},
    {"initialisers", "of parameters", list_initialisers},
    {"data", "sets by name and formats of files, with their options", list_data},
    {"sizes", "that graphs read from data", list_sizes},
    {"metrics", "what is reported beside the loss", list_metrics},
    {"styles", "of pictures", list_styles},
    {"probes", "what draw --heat measures", list_probes},
};

static const char *table_name(const void *unused, size_t index)
{
    (void)unused;
    return index < sizeof tables / sizeof *tables ? tables[index].name : NULL;
}

static void print_tables(void)
{
    for (size_t k = 0; k < sizeof tables / sizeof *tables; k++)
        printf("  %-14s %s\n", tables[k].name, tables[k].summary);
}

int command_list(int argc, char **argv)
{
    static const command_options options = {.command = "list",
                                            .usage = "dotgrad list [TABLE]",
                                            .about = "Prints a table of what graph files choose from, or the tables.",
                                            .operand = "one table",
                                            .most = 1};
    char **operands;
    int over = options_take(&options, argc, argv, &operands);
    if (over >= 0)
        return over;
    if (!operands[0]) {
        print_tables();
        return 0;
    }
    for (size_t k = 0; k < sizeof tables / sizeof *tables; k++)
        if (strcmp(tables[k].name, operands[0]) == 0) {
            tables[k].print();
            return 0;
        }
    const char *near = dg_name_nearest(operands[0], table_name, NULL);
    return command_misused(argv[0], "there is no table '%s'%s%s%s", operands[0], near ? " (did you mean '" : "",
                           near ? near : "", near ? "'?)" : "");
}
