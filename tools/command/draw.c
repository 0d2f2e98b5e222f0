/* dotgrad draw: a graph file as a picture. */
#include "command.h"
#include "draw_heat.h"
#include "graph_options.h"

#include <dotgrad/draw.h>
#include <dotgrad/file.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    OPTION_TITLE = 256,
    OPTION_RANKDIR,
    OPTION_PARAMETERS,
    OPTION_NAMES,
    OPTION_SHAPES,
    OPTION_FORMAT,
    OPTION_LEVEL,
    OPTION_FOLD,
    OPTION_PAGE,
    OPTION_DEPTH,
    OPTION_OPEN,
    OPTION_CLOSE,
    OPTION_HIDE,
    OPTION_AROUND,
    OPTION_RADIUS,
    OPTION_FROM,
    OPTION_TO,
    OPTION_STYLE,
    OPTION_NO_TITLE,
    OPTION_NO_LEGEND,
    OPTION_DPI,
    OPTION_WIDTH,
    OPTION_VIEW,
    OPTION_BACKWARD,
    OPTION_OPTIMIZER,
    OPTION_DIFF,
    OPTION_HEAT,
    OPTION_RUN,
    OPTION_DATA
};

typedef struct draw_request {
    dg_draw_options options;
    const char *graph, *to, *old, *heat, *run, *data;
} draw_request;

static int help(void)
{
    puts("usage: dotgrad draw GRAPH.dot -o FILE [options]\n\n"
         "Draws the network of a graph file. FILE ends in .svg, .pdf, .png, .html, .tex, .txt, or in .dot for the "
         "graph\n"
         "file itself with the attributes of the drawing added; - is standard output (say --format; txt as usual).\n\n"
         "  -o, --out FILE           where the picture goes\n"
         "      --format FORMAT      svg, pdf, png, html, tex, txt or dot, whatever the name of FILE\n\n"
         "What is shown.\n"
         "      --view VIEW          forward (as usual), backward (the nodes of the gradients), joint (both side by "
         "side,\n"
         "                           with the values that backward reads), step (with the optimiser's updates),\n"
         "                           plan (what runs together, in which order, where results lie and how long)\n"
         "      --backward           --view joint\n"
         "      --diff OLD.dot       what has been added, removed and changed since OLD.dot; as text with -o -\n"
         "      --heat PROBE         colours by numbers, measured on at most 256 training rows: gradient, activation, "
         "dead,\n"
         "                           saturated, update, time or memory\n"
         "      --run RUN            a run's folder: its graph and weights (fresh ones as usual); GRAPH.dot is then "
         "left out\n"
         "      --data DATA          for --heat: the data, instead of what the file names\n"
         "      --optimizer CALL     of --view step: adam(lr=0.001); as usual the file's, else sgd\n\n"
         "How much is shown. Without these, as much as fits the page; what was done to fit is reported on standard "
         "error.\n"
         "      --page PAGE          a4 (as usual), letter, none, or WIDTHxHEIGHT in points\n"
         "      --level LEVEL        op (a box an op), stack (chains are one box of rows), module, or auto\n"
         "      --fold FOLD          off, exact (what repeats is shown once, as ×K), sizes (what repeats but for its\n"
         "                           sizes, too), or auto\n"
         "      --depth N            modules N deep are closed: 1, the outermost\n"
         "      --open PATTERN       stay open: names with * and ?, several with commas between them\n"
         "      --close PATTERN      modules that are closed\n"
         "      --hide KINDS         of parameters, constants, inputs, reshapes, dropout, with commas between them\n"
         "      --around NODE        only what is near a node: at most --radius N (2) wires away\n"
         "      --from A, --to B     only what lies on ways from A, to B\n"
         "      --parameters         what layers own as boxes of their own\n"
         "      --names              the nodes' names beside their ops\n"
         "      --shapes WHICH       shapes on wires: changes (as usual), all or none\n\n"
         "How it looks.\n"
         "      --title TEXT         the heading, instead of the graph's name\n"
         "      --no-title, --no-legend\n"
         "      --rankdir DIRECTION  TB (from top to bottom), LR, BT or RL\n"
         "      --style STYLE        light, dark, print (greys, families by border and pattern),\n"
         "                           or a file of lines such as `base = dark`, `linear.fill = #DCE8F5`\n"
         "      --dpi DPI            of png: dots an inch (144)\n"
         "      --width WIDTH        of png: 3.5in, 9cm or 252 (points)\n\n"
         "What the graph file itself says of colours, labels and shapes goes before the style of this program.");
    return 0;
}

/* "3.5in", "9cm", "90mm", "252pt", "252": in points; 0 for what is none. */
static double read_length(const char *words)
{
    static const struct {
        const char *unit;
        double points;
    } units[] = {{"", 1}, {"pt", 1}, {"in", 72}, {"cm", 72 / 2.54}, {"mm", 7.2 / 2.54}};
    char *end;
    double length = strtod(words, &end);
    for (size_t k = 0; k < sizeof units / sizeof *units; k++)
        if (end != words && strcmp(end, units[k].unit) == 0 && length > 0 && length < 1e5)
            return length * units[k].points;
    return 0;
}

/* Options that are a text as it is; NULL: the option is none of them. */
static const char **text_option(dg_draw_options *options, int option)
{
    switch (option) {
    case OPTION_TITLE:
        return &options->title;
    case OPTION_RANKDIR:
        return &options->rankdir;
    case OPTION_SHAPES:
        return &options->shapes;
    case OPTION_FORMAT:
        return &options->format;
    case OPTION_LEVEL:
        return &options->level;
    case OPTION_FOLD:
        return &options->fold;
    case OPTION_PAGE:
        return &options->page;
    case OPTION_OPEN:
        return &options->open;
    case OPTION_CLOSE:
        return &options->close;
    case OPTION_HIDE:
        return &options->hide;
    case OPTION_AROUND:
        return &options->around;
    case OPTION_FROM:
        return &options->from;
    case OPTION_TO:
        return &options->to;
    case OPTION_STYLE:
        return &options->style;
    case OPTION_OPTIMIZER:
        return &options->optimizer;
    default:
        return NULL;
    }
}

static bool *switch_option(dg_draw_options *options, int option)
{
    switch (option) {
    case OPTION_PARAMETERS:
        return &options->parameters;
    case OPTION_NAMES:
        return &options->names;
    case OPTION_NO_TITLE:
        return &options->no_title;
    case OPTION_NO_LEGEND:
        return &options->no_legend;
    default:
        return NULL;
    }
}

/* −1: go on; else the exit status. */
static int take_number(const char *command, int option, draw_request *request)
{
    char *end;
    long number = strtol(optarg, &end, 10);
    bool whole = *optarg && !*end && number >= 1 && number <= 100000;
    switch (option) {
    case OPTION_DEPTH:
    case OPTION_RADIUS:
    case OPTION_DPI:
        if (!whole)
            return command_misused(command, "%s: '%s' is not a whole number from 1 on",
                                   option == OPTION_DEPTH ? "--depth"
                                   : option == OPTION_DPI ? "--dpi"
                                                          : "--radius",
                                   optarg);
        if (option == OPTION_DEPTH)
            request->options.depth = (int)number;
        else if (option == OPTION_RADIUS)
            request->options.radius = (int)number;
        else
            request->options.dpi = (double)number;
        return -1;
    case OPTION_WIDTH:
        request->options.width = read_length(optarg);
        return request->options.width > 0
                   ? -1
                   : command_misused(command, "--width: '%s' is no length: 3.5in, 9cm, 252pt", optarg);
    default:
        return EXIT_USAGE;
    }
}

static int take_view(const char *command, const char *words, draw_request *request)
{
    static const char *const views[] = {"forward", "backward", "joint", "step", "plan"};
    for (size_t k = 0; k < sizeof views / sizeof *views; k++)
        if (strcmp(words, views[k]) == 0) {
            request->options.view = (dg_draw_view)k;
            return -1;
        }
    return command_misused(command, "--view: '%s' is not one of forward, backward, joint, step, plan", words);
}

static int take_option(char **argv, int option, draw_request *request)
{
    const char **words = text_option(&request->options, option);
    bool *turned = switch_option(&request->options, option);
    if (option == 'h')
        return help();
    if (option == OPTION_VIEW || option == OPTION_BACKWARD)
        return take_view(argv[0], option == OPTION_VIEW ? optarg : "joint", request);
    if (option == 'o')
        request->to = optarg;
    else if (option == OPTION_DIFF)
        request->old = optarg;
    else if (option == OPTION_HEAT)
        request->heat = optarg;
    else if (option == OPTION_RUN)
        request->run = optarg;
    else if (option == OPTION_DATA)
        request->data = optarg;
    else if (words)
        *words = optarg;
    else if (turned)
        *turned = true;
    else if (option == '?')
        return EXIT_USAGE;
    else
        return take_number(argv[0], option, request);
    return -1;
}

static int take_format(const char *command, draw_request *request)
{
    if (!request->options.format)
        request->options.format = strcmp(request->to, "-") == 0 ? "txt" : dg_draw_format(request->to);
    if (!request->options.format)
        return command_misused(command, "-o %s: the ending is none of .svg, .pdf, .png, .html, .tex, .txt and .dot",
                               request->to);
    return -1;
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
                                          {"level", required_argument, NULL, OPTION_LEVEL},
                                          {"fold", required_argument, NULL, OPTION_FOLD},
                                          {"page", required_argument, NULL, OPTION_PAGE},
                                          {"depth", required_argument, NULL, OPTION_DEPTH},
                                          {"open", required_argument, NULL, OPTION_OPEN},
                                          {"close", required_argument, NULL, OPTION_CLOSE},
                                          {"hide", required_argument, NULL, OPTION_HIDE},
                                          {"around", required_argument, NULL, OPTION_AROUND},
                                          {"radius", required_argument, NULL, OPTION_RADIUS},
                                          {"from", required_argument, NULL, OPTION_FROM},
                                          {"to", required_argument, NULL, OPTION_TO},
                                          {"style", required_argument, NULL, OPTION_STYLE},
                                          {"no-title", no_argument, NULL, OPTION_NO_TITLE},
                                          {"no-legend", no_argument, NULL, OPTION_NO_LEGEND},
                                          {"dpi", required_argument, NULL, OPTION_DPI},
                                          {"width", required_argument, NULL, OPTION_WIDTH},
                                          {"view", required_argument, NULL, OPTION_VIEW},
                                          {"backward", no_argument, NULL, OPTION_BACKWARD},
                                          {"optimizer", required_argument, NULL, OPTION_OPTIMIZER},
                                          {"diff", required_argument, NULL, OPTION_DIFF},
                                          {"heat", required_argument, NULL, OPTION_HEAT},
                                          {"run", required_argument, NULL, OPTION_RUN},
                                          {"data", required_argument, NULL, OPTION_DATA},
                                          {0}};
    for (int option; (option = command_option(argc, argv, "ho:", longs)) != -1;) {
        int over = take_option(argv, option, request);
        if (over >= 0)
            return over;
    }
    if (argc - optind == 0 && request->run)
        request->graph = request->run;
    else if (argc - optind != 1)
        return command_misused(argv[0], optind == argc ? "wants a graph file" : "wants one graph file");
    else
        request->graph = argv[optind];
    if (!request->to)
        return command_misused(argv[0], "wants -o FILE: x.svg, x.pdf, x.png, x.html, x.tex, x.txt or x.dot");
    return take_format(argv[0], request);
}

/* Options are wrong before any file is read: the library's checks, on a graph of nothing. */
static bool is_misused(const draw_request *request, dg_status *status)
{
    *status = dg_draw_check(&request->options);
    return status->code != DG_OK;
}

/* Measures, compares and draws; the file of `m` is open. */
static dg_status draw(draw_request *request, measured *m, char *told)
{
    const dg_graph_read_options reading = graph_options();
    dg_graph_file *old = NULL;
    char *bytes = NULL;
    size_t size;
    dg_status status = dg_ok();
    if (request->heat)
        status = measured_heat(m, request->heat, request->data, request->options.optimizer);
    if (status.code == DG_OK && request->old)
        status = dg_graph_read(request->old, &reading, &old);
    request->options.file = m->file;
    request->options.heat = m->heat;
    request->options.old_file = old;
    request->options.told = told;
    if (status.code == DG_OK)
        status = dg_draw_memory(m->file->graph, request->options, &bytes, &size);
    if (status.code == DG_OK)
        status = dg_write_file(request->to, bytes, size);
    free(bytes);
    dg_graph_file_free(old);
    return status;
}

int command_draw(int argc, char **argv)
{
    draw_request request = {0};
    measured m;
    char told[DG_DRAW_TOLD] = "";
    dg_status status;
    int over = read_command(argc, argv, &request);
    if (over >= 0)
        return over;
    if (is_misused(&request, &status))
        return command_misused(argv[0], "%s", status.message);
    if (request.heat && !dg_probe_is_known(request.heat))
        return command_misused(argv[0],
                               "--heat: '%s' is not one of gradient, activation, dead, saturated, update, time, memory",
                               request.heat);
    status = measured_open(&m, request.graph, request.run);
    if (status.code == DG_OK)
        status = draw(&request, &m, told);
    measured_close(&m);
    if (status.code == DG_OK && *told)
        fprintf(stderr, "dotgrad: %s: %s\n", request.to, told);
    return status.code == DG_OK ? 0 : command_failed(status);
}
