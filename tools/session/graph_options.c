/* How graph files are read: options that every command has. */
#include "graph_options.h"

#include "command.h"
#include "options.h"

#include <dotgrad/utf8.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST_ROOTS = 64, MOST_SETTINGS = 256 };

static const char *roots[MOST_ROOTS];
static dg_file_setting settings[MOST_SETTINGS];
static dg_graph_read_options given = {.roots = roots, .set = settings};
static const char *last_given;

static dg_status take_root(const char *value)
{
    if (given.n_roots == MOST_ROOTS)
        return dg_error(DG_BAD_ARGUMENT, "--allow-path: at most %d folders", MOST_ROOTS);
    struct stat about;
    if (stat(value, &about) != 0 || !S_ISDIR(about.st_mode))
        return dg_error(DG_BAD_ARGUMENT, "--allow-path: there is no folder '%s'", value);
    roots[given.n_roots++] = value;
    return dg_ok();
}

/* act=mish; the text is cut at its =. */
static dg_status take_setting(const char *value)
{
    char *equals = strchr(value, '=');
    if (!equals || equals == value)
        return dg_error(DG_BAD_ARGUMENT, "--set needs NAME=VALUE, not '%s'", value);
    if (given.n_set == MOST_SETTINGS)
        return dg_error(DG_BAD_ARGUMENT, "--set: at most %d settings", MOST_SETTINGS);
    size_t place = 0;
    if (!dg_utf8_check(value, strlen(value), &place))
        return dg_error(DG_BAD_ARGUMENT, "--set: byte %zu (0x%02X) is not UTF-8, as graph files are", place + 1,
                        (unsigned char)value[place]);
    *equals = '\0';
    for (int k = 0; k < given.n_set; k++)
        if (strcmp(settings[k].name, value) == 0)
            return dg_error(DG_BAD_ARGUMENT, "--set: '%s' is given twice", value);
    settings[given.n_set++] = (dg_file_setting){value, equals + 1};
    return dg_ok();
}

static dg_status take_nodes(const char *value)
{
    char *end;
    errno = 0;
    long long number = strtoll(value, &end, 10);
    if (given.most_nodes)
        return dg_error(DG_BAD_ARGUMENT, "--max-nodes is given twice");
    if (end == value || *end || errno || number < 1 || number > INT32_MAX / 4)
        return dg_error(DG_BAD_ARGUMENT, "--max-nodes: '%s' is not a whole number from 1 to %d", value, INT32_MAX / 4);
    given.most_nodes = number;
    return dg_ok();
}

static dg_status take_bytes(const char *value)
{
    if (given.most_bytes)
        return dg_error(DG_BAD_ARGUMENT, "--max-bytes is given twice");
    if (dg_bytes_parse(value, &given.most_bytes))
        return dg_ok();
    return dg_error(DG_BAD_ARGUMENT, "--max-bytes: '%s' is not a size such as 512M, 2G or 1.5Gi", value);
}

static const struct {
    const char *name, *value;
    dg_status (*take)(const char *value);
    const char *doc;
} options[] = {{"--set", "NAME=VALUE", take_setting,
                "of graph [set=\"NAME=…\"], which stands as $NAME; or an attribute of the graph"},
               {"--allow-path", "DIR", take_root, "lets the graph name files in that folder, too"},
               {"--max-nodes", "N", take_nodes, "nodes that a network may have (4194304)"},
               {"--max-bytes", "SIZE", take_bytes, "bytes that a graph file may have (256Mi)"}};

void graph_options_help(bool has_set)
{
    puts("\nOf reading the graph file:\n");
    for (size_t k = 0; k < sizeof options / sizeof *options; k++) {
        char head[60];
        if (options[k].take == take_setting && !has_set)
            continue;
        snprintf(head, sizeof head, "%s %s", options[k].name, options[k].value);
        printf("      %-22s %s\n", head, options[k].doc);
    }
}

const char *graph_options_given(void)
{
    return last_given;
}

/* The option that an argument is, −1: none; *value is what follows its =, or NULL. */
static int find_option(const char *argument, const char **value)
{
    for (size_t k = 0; k < sizeof options / sizeof *options; k++) {
        size_t length = strlen(options[k].name);
        if (strncmp(argument, options[k].name, length) != 0 || (argument[length] && argument[length] != '='))
            continue;
        *value = argument[length] ? argument + length + 1 : NULL;
        return (int)k;
    }
    return -1;
}

dg_status graph_options_take(int *argc, char **argv)
{
    int kept = 0;
    dg_status status = dg_ok();
    bool has_own = *argc > 1 && (strcmp(argv[1], "study") == 0 || strcmp(argv[1], "activation") == 0);
    for (int i = 0; i < *argc; i++) {
        const char *value;
        int option = find_option(argv[i], &value);
        if (option < 0 || (has_own && options[option].take == take_setting)) {
            argv[kept++] = argv[i];
            continue;
        }
        if (!value && i + 1 == *argc)
            return dg_error(DG_BAD_ARGUMENT, "%s needs an argument", argv[i]);
        value = value ? value : argv[++i];
        last_given = options[option].name;
        if (status.code == DG_OK)
            status = options[option].take(value);
    }
    *argc = kept;
    argv[kept] = NULL;
    return status;
}

static bool data_were_read;

/* Sizes that a graph reads are those of --data. */
static dg_status find_named_data(void *argument, const dg_graph_file *file, const dg_data **data)
{
    static dg_data *named; /* kept until the program ends: a command may read its graph twice */
    const char *seed = option_text("seed");
    (void)argument;
    (void)file;
    dg_status status = dg_ok();
    if (!named)
        status =
            dg_data_open(option_text("data"), &(dg_data_options){.seed = seed ? strtoull(seed, NULL, 10) : 0}, &named);
    *data = named;
    data_were_read = true;
    return status;
}

bool graph_options_read_data(void)
{
    return data_were_read;
}

dg_graph_read_options graph_options(void)
{
    given.find_data = option_text("data") ? find_named_data : NULL;
    return given;
}

void graph_options_warn(const dg_graph_file *file)
{
    for (int k = 0; k < file->n_warnings; k++)
        command_warn("%s", file->warnings[k]);
}
