/* dotgrad fmt: a graph file with every argument named, in a stable order. */
#include "tools/session/command.h"
#include "tools/session/graph_options.h"
#include "tools/session/options.h"
#include "tools/session/output.h"

#include <dotgrad/file.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const option_row own[] = {
    {.name = "output",
     .letter = 'o',
     .form = DG_FORM_FILE,
     .doc = "the file (standard output); it may be G.dot itself"},
    {.name = "check",
     .form = DG_FORM_FLAG,
     .against = "output",
     .doc = "writes nothing; exit status 1 when the file is not in that form"},
    {.name = "values",
     .form = DG_FORM_FLAG,
     .doc = "puts in values for settings ($name) and sizes from data (FEATURES), as --set and --embed do, too"},
    {.name = "embed",
     .form = DG_FORM_FLAG,
     .doc = "puts the text of every used file into the graph, so that it can be kept anywhere"},
    {0}};

static const command_options options = {
    .command = "fmt",
    .usage = "dotgrad fmt G.dot [-o OUT.dot | --check]",
    .about =
        "Writes the graph as dotgrad would: one node a line, calls in one form, every argument of an op with several\n"
        "inputs named by arg=. Other Graphviz programs may then reorder its edges. Comments are not kept.",
    .own = own,
    .use = DG_USE_ALWAYS,
    .operand = "one graph file",
    .least = 1,
    .most = 1};

typedef struct request {
    const char *graph, *to;
    bool is_check, is_whole;
} request;

static int read_command(int argc, char **argv, request *given)
{
    char **operands;
    int over = options_take(&options, argc, argv, &operands);
    if (over >= 0)
        return over;
    *given = (request){operands[0], option_text("output"), option_given("check"), option_given("embed")};
    if (given->is_check && strcmp(given->graph, "-") == 0)
        return command_misused(argv[0], "--check needs a file: standard input cannot be compared with itself");
    dg_status status =
        output_check_ending(given->to, "a graph file is written", (const char *const[]){"dot", "gv", "txt", NULL});
    return status.code == DG_OK ? -1 : command_misused(argv[0], "%s", status.message);
}

static dg_status compare(const char *path, const char *text)
{
    char *old;
    size_t size;
    DG_TRY(dg_read_file(path, &old, &size));
    bool is_same = size == strlen(text) && memcmp(old, text, size) == 0;
    free(old);
    return is_same ? dg_ok() : dg_error(DG_BAD_DATA, "%s: not as dotgrad fmt writes it", path);
}

int command_fmt(int argc, char **argv)
{
    request given = {0};
    dg_graph_file *file;
    char *text = NULL;
    int over = read_command(argc, argv, &given);
    if (over >= 0)
        return over;
    const dg_graph_read_options reading = graph_options();
    dg_status status = dg_graph_read(given.graph, &reading, &file);
    if (status.code != DG_OK)
        return command_failed(status);
    graph_options_warn(file);
    status = given.is_whole                                ? dg_graph_file_bundle(file, &text)
             : option_given("values") || reading.n_set > 0 ? dg_graph_file_write(file, &text)
                                                           : dg_graph_file_format(file, &text);
    if (status.code == DG_OK && given.is_check)
        status = compare(given.graph, text);
    else if (status.code == DG_OK)
        status = dg_write_file(given.to ? given.to : "-", text, strlen(text));
    if (text)
        free(text);
    dg_graph_file_free(file);
    return status.code == DG_OK ? 0 : command_failed(status);
}
