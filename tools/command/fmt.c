/* dotgrad fmt: a graph file with every argument named, in a stable order. */
#include "command.h"
#include "graph_options.h"

#include <dotgrad/file.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: dotgrad fmt G.dot [-o OUT.dot | --check]\n\n"
    "Writes the graph as dotgrad would: one node a line, calls in one form, every argument of an op with several\n"
    "inputs named by arg=. Other Graphviz programs may then reorder its edges. Comments are not kept.\n\n"
    "  -o, --output OUT.dot  the file (standard output); it may be G.dot itself\n"
    "  --check               writes nothing; exit status 1 when the file is not in that form\n"
    "  --embed               puts the text of every used file into the graph, so that it can be kept anywhere";

enum { CHECK = 256, EMBED };

typedef struct request {
    const char *graph, *to;
    bool is_check, is_whole;
} request;

static int read_command(int argc, char **argv, request *given)
{
    static const struct option longs[] = {{"help", no_argument, NULL, 'h'},
                                          {"output", required_argument, NULL, 'o'},
                                          {"check", no_argument, NULL, CHECK},
                                          {"embed", no_argument, NULL, EMBED},
                                          {NULL, 0, NULL, 0}};
    int option;
    while ((option = command_option(argc, argv, "ho:", longs)) != -1) {
        if (option == '?')
            return EXIT_USAGE;
        if (option == 'h') {
            puts(usage);
            return 0;
        }
        given->to = option == 'o' ? optarg : given->to;
        given->is_check |= option == CHECK;
        given->is_whole |= option == EMBED;
    }
    if (argc - optind != 1)
        return command_misused(argv[0], argc == optind ? "wants a graph file" : "wants one graph file");
    given->graph = argv[optind];
    if (given->is_check && (given->to || strcmp(given->graph, "-") == 0))
        return command_misused(argv[0], "--check compares a file with itself and writes nothing");
    return -1;
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
    char *text;
    int over = read_command(argc, argv, &given);
    if (over >= 0)
        return over;
    const dg_graph_read_options reading = graph_options();
    dg_status status = dg_graph_read(given.graph, &reading, &file);
    if (status.code != DG_OK)
        return command_failed(status);
    graph_options_warn(file);
    status = given.is_whole ? dg_graph_file_bundle(file, &text) : dg_graph_file_write(file, &text);
    if (status.code == DG_OK && given.is_check)
        status = compare(given.graph, text);
    else if (status.code == DG_OK)
        status = dg_write_file(given.to ? given.to : "-", text, strlen(text));
    if (text)
        free(text);
    dg_graph_file_free(file);
    return status.code == DG_OK ? 0 : command_failed(status);
}
