/* dotgrad draw: a graph file as a picture. */
#include "draw_heat.h"
#include "tools/session/command.h"
#include "tools/session/graph_options.h"
#include "tools/session/options.h"
#include "tools/session/output.h"

#include <dotgrad/draw.h>
#include <dotgrad/file.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { USE = DG_USE_ALWAYS | DG_USE_LOSS | DG_USE_OUTPUT | DG_USE_DATA | DG_USE_STEP | DG_USE_SEED };
enum { MOST = 100000 };

static const option_row own[] = {
    {.name = "out", .letter = 'o', .form = DG_FORM_FILE, .doc = "where the picture goes"},
    {.name = "format",
     .form = DG_FORM_NAME,
     .choices = "svg|pdf|png|html|tex|txt|dot",
     .doc = "whatever the name of FILE"},
    {.name = "force", .form = DG_FORM_FLAG, .doc = "lets FILE be one that is read here"},
    {.name = "view",
     .form = DG_FORM_NAME,
     .value = "VIEW",
     .choices = "forward|backward|joint|step|plan",
     .doc = "forward (the default), backward (the nodes of the gradients), joint (both side by side, with the\n"
            "values that backward reads), step (with the optimiser's updates), plan (what runs together,\n"
            "in which order, where results lie and how long). Derivatives that do not fit the page are one\n"
            "box beside each of the network's; --page none shows every node"},
    {.name = "backward", .form = DG_FORM_FLAG, .against = "view", .doc = "--view joint"},
    {.name = "diff",
     .form = DG_FORM_FILE,
     .value = "OLD.dot",
     .doc = "what has been added, removed and changed since OLD.dot, which --set leaves alone; as text with -o -"},
    {.name = "heat",
     .form = DG_FORM_NAME,
     .value = "PROBE",
     .doc = "colours by numbers, measured on at most 256 training rows: gradient, activation, mean,\n"
            "std, rank, dead, saturated, grad_norm, update_ratio (or update), time or memory"},
    {.name = "run",
     .form = DG_FORM_FILE,
     .value = "RUN/",
     .doc = "a run's folder: its graph and its trained weights, in place of GRAPH.dot with initial ones"},
    {.name = "page",
     .form = DG_FORM_NAME,
     .value = "PAGE",
     .doc = "the page that the picture is made to fit: a4 (the default), letter, WIDTHxHEIGHT in points, or\nnone: "
            "everything is shown"},
    {.name = "level",
     .form = DG_FORM_NAME,
     .value = "LEVEL",
     .choices = "op|stack|module|auto",
     .doc = "op (a box an op), stack (chains are one box of rows), module (modules are boxes), or auto. A level that\n"
            "is asked for is kept, fold, depth, open and close likewise; only what is left open is chosen so that\n"
            "the picture fits"},
    {.name = "fold",
     .form = DG_FORM_NAME,
     .value = "FOLD",
     .choices = "off|exact|sizes|auto",
     .doc = "off, exact (what repeats is shown once, as ×K), sizes (what repeats but for its sizes, too),\n"
            "or auto"},
    {.name = "depth", .form = DG_FORM_COUNT, .most = MOST, .doc = "modules N deep are closed: 1, the outermost"},
    {.name = "open",
     .form = DG_FORM_LIST,
     .value = "PATTERN",
     .doc = "modules that stay open: names with * and ?, several with commas between them"},
    {.name = "close", .form = DG_FORM_LIST, .value = "PATTERN", .doc = "modules that are closed"},
    {.name = "hide",
     .form = DG_FORM_LIST,
     .value = "KINDS",
     .doc = "of parameters, constants, inputs, reshapes, dropout, with commas between them"},
    {.name = "around", .form = DG_FORM_NODE, .doc = "only what is near a node"},
    {.name = "radius",
     .form = DG_FORM_COUNT,
     .most = MOST,
     .needs = "around",
     .doc = "near: at most so many wires away (2)"},
    {.name = "from", .form = DG_FORM_NODE, .doc = "only what lies on ways from that node"},
    {.name = "to", .form = DG_FORM_NODE, .doc = "only what lies on ways to that node"},
    {.name = "parameters", .form = DG_FORM_FLAG, .doc = "what layers own as boxes of their own"},
    {.name = "names", .form = DG_FORM_FLAG, .doc = "the nodes' names beside their ops"},
    {.name = "shapes",
     .form = DG_FORM_NAME,
     .choices = "changes|all|none",
     .doc = "shapes on edges: changes (the default), all or none"},
    {.name = "title", .form = DG_FORM_TEXT, .against = "no-title", .doc = "the heading, instead of the graph's name"},
    {.name = "no-title", .form = DG_FORM_FLAG, .doc = "without heading"},
    {.name = "no-legend", .form = DG_FORM_FLAG, .doc = "without the names of the colours"},
    {.name = "rankdir",
     .form = DG_FORM_NAME,
     .choices = "TB|LR|BT|RL",
     .doc = "from top to bottom (the default), left to right, …"},
    {.name = "style",
     .form = DG_FORM_FILE,
     .value = "STYLE",
     .doc = "light, dark, print (greys, families by border and pattern),\n"
            "or a file of lines such as `base = dark`, `linear.fill = #DCE8F5`"},
    {.name = "dpi", .form = DG_FORM_COUNT, .most = MOST, .doc = "for png: dots an inch (144)"},
    {.name = "width", .form = DG_FORM_NAME, .value = "WIDTH", .doc = "for png: 3.5in, 9cm or 252 (points)"},
    {0}};

static const command_options known = {
    .command = "draw",
    .usage = "dotgrad draw GRAPH.dot -o FILE [options]\ndotgrad draw --run RUN/ -o FILE [options]",
    .about = "Draws the network of a graph file. FILE ends in .svg, .pdf, .png, .html, .tex, .txt, or in .dot for the "
             "graph\n"
             "file itself with the attributes of the drawing added; - is standard output (--format; txt by default).",
    .own = own,
    .use = USE,
    .footer = "--data and --seed are for --heat, --optimizer for --view step, --view plan and --heat update.\n"
              "What the graph file itself says of colours, labels and shapes goes before the style of this program.",
    .operand = "one graph file",
    .most = 1};

typedef struct draw_request {
    dg_draw_options options;
    const char *graph, *to, *old, *heat, *run, *data;
} draw_request;

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

/* One of "forward|backward|…", by its number. */
static int number_of(const char *choices, const char *word)
{
    int number = 0;
    for (size_t length = strlen(word); *choices; choices++) {
        if (strncmp(choices, word, length) == 0 && (choices[length] == '|' || !choices[length]))
            return number;
        choices += strcspn(choices, "|");
        number++;
        if (!*choices)
            break;
    }
    return 0;
}

static void take_options(draw_request *request)
{
    const char *view = option_text("view");
    *request = (draw_request){.to = option_text("out"),
                              .old = option_text("diff"),
                              .heat = option_text("heat"),
                              .run = option_text("run"),
                              .data = option_text("data"),
                              .options = {.optimizer = option_text("optimizer"),
                                          .title = option_text("title"),
                                          .format = option_text("format"),
                                          .level = option_text("level"),
                                          .fold = option_text("fold"),
                                          .page = option_text("page"),
                                          .depth = (int)option_whole("depth", 0),
                                          .open = option_text("open"),
                                          .close = option_text("close"),
                                          .hide = option_text("hide"),
                                          .around = option_text("around"),
                                          .radius = (int)option_whole("radius", 0),
                                          .from = option_text("from"),
                                          .to = option_text("to"),
                                          .rankdir = option_text("rankdir"),
                                          .shapes = option_text("shapes"),
                                          .style = option_text("style"),
                                          .parameters = option_given("parameters"),
                                          .names = option_given("names"),
                                          .no_title = option_given("no-title"),
                                          .no_legend = option_given("no-legend"),
                                          .dpi = (double)option_whole("dpi", 0)}};
    view = option_given("backward") ? "joint" : view;
    if (view)
        request->options.view = (dg_draw_view)number_of("forward|backward|joint|step|plan", view);
    if (option_given("width"))
        request->options.width = read_length(option_text("width"));
}

/* What a format has no place for: a graph file has all of the graph and its looks, lines of text have no looks. */
static const struct {
    const char *option, *formats;
} unused[] = {{"level", "dot"},   {"fold", "dot"},   {"depth", "dot"},  {"open", "dot"},
              {"close", "dot"},   {"hide", "dot"},   {"around", "dot"}, {"from", "dot"},
              {"to", "dot"},      {"heat", "dot"},   {"diff", "dot"},   {"page", "dot txt"},
              {"rankdir", "txt"}, {"shapes", "txt"}, {"style", "txt"},  {"no-legend", "txt"}};
/* The words of a difference tell of the whole graph. */
static const char *const unused_in_words[] = {"level",  "fold", "depth", "open",  "close", "hide",
                                              "around", "from", "to",    "names", "title", "no-title"};

static int check_format(const char *command, const draw_request *request)
{
    const char *format = request->options.format;
    for (size_t k = 0; k < sizeof unused / sizeof *unused; k++)
        if (option_given(unused[k].option) && strstr(unused[k].formats, format))
            return command_misused(command, "--%s changes nothing in %s%s", unused[k].option, format,
                                   strcmp(format, "dot") == 0 ? ", which has all of the graph" : "");
    bool has_words = request->old && strcmp(format, "txt") == 0;
    for (size_t k = 0; has_words && k < sizeof unused_in_words / sizeof *unused_in_words; k++)
        if (option_given(unused_in_words[k]))
            return command_misused(command, "--%s changes nothing in a difference as text", unused_in_words[k]);
    return -1;
}

/* Options that would change nothing. */
static int check_use(const char *command, const draw_request *request)
{
    bool is_png = strcmp(request->options.format, "png") == 0;
    bool has_step = request->options.view == DG_VIEW_STEP || request->options.view == DG_VIEW_PLAN ||
                    (request->heat && strncmp(request->heat, "update", 6) == 0);
    if (option_given("width") && request->options.width <= 0)
        return command_misused(command, "--width: '%s' is not a length: 3.5in, 9cm, 252pt", option_text("width"));
    if (!is_png && (option_given("dpi") || option_given("width")))
        return command_misused(command, "--%s is for png; %s has no dots", option_given("dpi") ? "dpi" : "width",
                               request->options.format);
    if (option_given("seed") && !request->heat)
        return command_misused(command, "--seed changes nothing without --heat");
    if (request->options.optimizer && !has_step)
        return command_misused(command,
                               "--optimizer changes nothing without --view step, --view plan or --heat update");
    return -1;
}

static int take_format(const char *command, draw_request *request)
{
    if (!request->options.format)
        request->options.format = strcmp(request->to, "-") == 0 ? "txt" : dg_draw_format(request->to);
    if (!request->options.format)
        return command_misused(command, "-o %s: the name must end in .svg, .pdf, .png, .html, .tex, .txt or .dot",
                               request->to);
    return -1;
}

static int read_command(int argc, char **argv, draw_request *request)
{
    char **operands;
    int over = options_take(&known, argc, argv, &operands);
    if (over >= 0)
        return over;
    take_options(request);
    request->graph = operands[0] ? operands[0] : request->run;
    if (!request->graph)
        return command_misused(argv[0], "needs a graph file");
    if (operands[0] && request->run)
        return command_misused(argv[0], "'%s' is one argument too many: --run has its own graph", operands[0]);
    if (!request->to)
        return command_misused(argv[0], "needs -o FILE: x.svg, x.pdf, x.png, x.html, x.tex, x.txt or x.dot");
    over = take_format(argv[0], request);
    over = over < 0 ? check_use(argv[0], request) : over;
    if (over >= 0)
        return over;
    dg_status status = output_check(
        request->to, 5,
        (const char *const[]){request->graph, request->run, request->old, request->data, request->options.style});
    return status.code == DG_OK ? -1 : command_misused(argv[0], "%s", status.message);
}

/* Options are wrong before any file is read: the library's checks, on a graph of nothing. */
static bool is_misused(const draw_request *request, dg_status *status)
{
    *status = dg_draw_check(&request->options);
    return status->code != DG_OK;
}

/* The node that an option names, where it is given. */
static dg_status find_node(const dg_graph_file *file, const char *option, dg_node **node)
{
    const char *name = option_text(option);
    *node = NULL;
    return name ? dg_prefixed(dg_graph_file_require(file, name, node), "%s", file->path) : dg_ok();
}

/* A picture has the turn of one of several losses. */
static void tell_losses(const draw_request *request, const dg_graph_file *file)
{
    const dg_node *drawn = request->options.loss ? request->options.loss : file->loss;
    if (request->options.view == DG_VIEW_FORWARD || file->n_losses < 2)
        return;
    fprintf(stderr, "dotgrad: %s: the turn of '%s'; --loss chooses another:", request->to,
            dg_node_name((dg_node *)(uintptr_t)drawn));
    for (int k = 0; k < file->n_losses; k++)
        if (file->losses[k] != drawn)
            fprintf(stderr, " %s", dg_node_name(file->losses[k]));
    fputc('\n', stderr);
}

/* Measures, compares and draws; the file of `m` is open. */
static dg_status draw(draw_request *request, measured *m, char *told)
{
    dg_graph_read_options reading = graph_options();
    dg_graph_file *old = NULL;
    char *bytes = NULL;
    size_t size;
    dg_status status = dg_ok();
    if (request->heat)
        status = measured_heat(m, request->heat, request->data, request->options.optimizer);
    reading.set = NULL; /* the old file is as it was written */
    reading.n_set = 0;
    if (status.code == DG_OK && request->old)
        status = dg_graph_read(request->old, &reading, &old);
    request->options.file = m->file;
    request->options.heat = m->heat;
    request->options.old_file = old;
    request->options.told = told;
    if (status.code == DG_OK)
        status = find_node(m->file, "loss", &request->options.loss);
    if (status.code == DG_OK)
        status = find_node(m->file, "output", &request->options.output);
    if (status.code == DG_OK)
        status = dg_draw_memory(m->file->graph, request->options, &bytes, &size);
    if (status.code == DG_OK)
        status = dg_write_file(request->to, bytes, size);
    if (status.code == DG_OK)
        tell_losses(request, m->file);
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
    status = request.heat ? dg_probe_check(request.heat) : dg_ok();
    if (status.code != DG_OK)
        return command_misused(argv[0], "--heat: %s", status.message);
    over = check_format(argv[0], &request);
    if (over >= 0)
        return over;
    status = measured_open(&m, request.graph, request.run);
    if (status.code == DG_OK && request.data && !request.heat && !graph_options_read_data()) {
        measured_close(&m);
        return command_misused(argv[0], "--data changes nothing without --heat: no size of the graph is of data");
    }
    if (status.code == DG_OK)
        status = draw(&request, &m, told);
    measured_close(&m);
    if (status.code == DG_OK && *told)
        fprintf(stderr, "dotgrad: %s: %s\n", request.to, told);
    return status.code == DG_OK ? 0 : command_failed(status);
}
