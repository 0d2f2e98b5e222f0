/* dotgrad draw: a graph file as a picture. */
#include "command.h"
#include "tools/draw/draw.h"
#include "tools/draw/render.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_TITLE = 256, OPTION_RANKDIR, OPTION_PARAMETERS, OPTION_NAMES, OPTION_SHAPES, OPTION_FORMAT };

typedef struct draw_request {
    draw_options options;
    const char *graph, *to, *format;
} draw_request;

static int help(void)
{
    puts("usage: dotgrad draw GRAPH.dot -o FILE [options]\n\n"
         "Draws the network of a graph file. FILE ends in .svg, .png, .pdf, or in .dot for the graph file itself with "
         "the\n"
         "attributes of the drawing added; - is standard output (say --format).\n\n"
         "  -o, --out FILE           where the picture goes\n"
         "      --format FORMAT      svg, png, pdf or dot, whatever the name of FILE\n"
         "      --title TEXT         the heading, instead of the graph's name\n"
         "      --rankdir TB|LR      from top to bottom, or from left to right\n"
         "      --parameters         draw what layers own as nodes of their own\n"
         "      --names              write the nodes' names beside their ops\n"
         "      --shapes WHICH       shapes on edges: changes (as usual), all or none\n\n"
         "What the graph file itself says of colours, labels and shapes goes before the style of this program.");
    return 0;
}

static bool take_choice(const char *command, const char *option, const char *text, const char *const *choices,
                        int *choice)
{
    for (*choice = 0; choices[*choice]; ++*choice)
        if (strcmp(text, choices[*choice]) == 0)
            return true;
    command_misused(command, "%s: '%s' is not one of %s, %s%s%s", option, text, choices[0], choices[1],
                    choices[2] ? ", " : "", choices[2] ? choices[2] : "");
    return false;
}

/* −1: go on; else the exit status. */
static int take_option(char **argv, int option, draw_request *request)
{
    static const char *const shapes[] = {"changes", "all", "none", NULL}, *const directions[] = {"TB", "LR", NULL};
    int choice;
    switch (option) {
    case 'h':
        return help();
    case 'o':
        request->to = optarg;
        return -1;
    case OPTION_FORMAT:
        request->format = optarg;
        return -1;
    case OPTION_TITLE:
        request->options.title = optarg;
        return -1;
    case OPTION_PARAMETERS:
        request->options.parameters = true;
        return -1;
    case OPTION_NAMES:
        request->options.names = true;
        return -1;
    case OPTION_RANKDIR:
        if (!take_choice(argv[0], "--rankdir", optarg, directions, &choice))
            return EXIT_USAGE;
        request->options.rankdir = directions[choice];
        return -1;
    case OPTION_SHAPES:
        if (!take_choice(argv[0], "--shapes", optarg, shapes, &choice))
            return EXIT_USAGE;
        request->options.shapes = (draw_shapes)choice;
        return -1;
    default:
        return EXIT_USAGE;
    }
}

static int take_format(const char *command, draw_request *request)
{
    static const char *const formats[] = {"svg", "png", "pdf", "dot", NULL};
    if (!request->format) {
        if (strcmp(request->to, "-") == 0)
            return command_misused(command, "-o -: say --format svg, png, pdf or dot");
        request->format = render_format(request->to);
        if (!request->format)
            return command_misused(command, "-o %s: the ending is none of .svg, .png, .pdf and .dot", request->to);
        return -1;
    }
    for (int k = 0; formats[k]; k++)
        if (strcmp(request->format, formats[k]) == 0)
            return -1;
    return command_misused(command, "--format: '%s' is not svg, png, pdf or dot", request->format);
}

static int read_command(int argc, char **argv, draw_request *request)
{
    static const struct option longs[] = {{"help", no_argument, NULL, 'h'},
                                          {"out", required_argument, NULL, 'o'},
                                          {"format", required_argument, NULL, OPTION_FORMAT},
                                          {"title", required_argument, NULL, OPTION_TITLE},
                                          {"rankdir", required_argument, NULL, OPTION_RANKDIR},
                                          {"parameters", no_argument, NULL, OPTION_PARAMETERS},
                                          {"names", no_argument, NULL, OPTION_NAMES},
                                          {"shapes", required_argument, NULL, OPTION_SHAPES},
                                          {0}};
    for (int option; (option = command_option(argc, argv, "ho:", longs)) != -1;) {
        int over = take_option(argv, option, request);
        if (over >= 0)
            return over;
    }
    if (argc - optind != 1)
        return command_misused(argv[0], optind == argc ? "wants a graph file" : "wants one graph file");
    request->graph = argv[optind];
    if (!request->to)
        return command_misused(argv[0], "wants -o FILE: x.svg, x.png, x.pdf or x.dot");
    return take_format(argv[0], request);
}

int command_draw(int argc, char **argv)
{
    draw_request request = {0};
    dg_graph_file *file;
    char *bytes;
    size_t size;
    int over = read_command(argc, argv, &request);
    if (over >= 0)
        return over;
    dg_status status = dg_graph_read(request.graph, NULL, &file);
    if (status.code != DG_OK)
        return command_failed(status);
    status = draw_graph(file, &request.options, request.format, &bytes, &size);
    if (status.code == DG_OK)
        status = dg_write_file(request.to, bytes, size);
    free(bytes);
    dg_graph_file_free(file);
    return status.code == DG_OK ? 0 : command_failed(status);
}
