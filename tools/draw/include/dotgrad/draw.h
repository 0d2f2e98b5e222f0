/* Pictures of networks, in the library dotgrad-graphviz.
 *
 *     DG_TRY(dg_draw(graph, "net.svg"));
 *     DG_TRY(dg_draw(graph, "step.html", .view = DG_VIEW_STEP, .loss = loss, .optimizer = "adam(lr=1e-3)"));
 *     DG_TRY(dg_draw(file->graph, "net.pdf", .file = file, .depth = 1, .style = "print"));
 *
 * A picture has a box for every node of the user's, or fewer: what repeats may be folded, chains stacked, modules
 * closed (level, fold, depth); by default, as much of that is done as makes the picture fit a page. What is too high is
 * cut into columns; modules that are like one before them are closed first, of others as few as do; what is in none,
 * and still too much, is grouped in parts. Gradients and updates that are too many for a page are one box beside each
 * of the network's. The same graph gives the same bytes on every machine: text is measured by widths that the library
 * carries.
 *
 * Positions come from Graphviz, in a program of its own (dotgrad-layout, in libexec; the environment's DOTGRAD_LAYOUT
 * names another) with limits of time and memory: when it is missing, crashes or hangs, drawing returns a status.
 * Drawing different graphs in several threads is safe. The views of derivatives add their nodes to the graph. */
#ifndef DOTGRAD_DRAW_H
#define DOTGRAD_DRAW_H

#include <dotgrad/graph_file.h>
#include <dotgrad/optim.h>
#include <dotgrad/plan.h>
#include <dotgrad/probe.h>

DG_BEGIN_C

typedef enum dg_draw_view {
    DG_VIEW_FORWARD,  /* the network as it was built */
    DG_VIEW_BACKWARD, /* the nodes of its gradients alone */
    DG_VIEW_JOINT,    /* both, side by side, with the values that backward reads */
    DG_VIEW_STEP,     /* a whole step of training: gradients, the optimiser's updates, assignments of the author's */
    DG_VIEW_PLAN      /* the steps of a plan in their order: which nodes run together, work and memory of each */
} dg_draw_view;

/* A number for some nodes, shown as a colour and in words; of dg_heat_measure() or of the caller's own. */
typedef struct dg_heat {
    const char *title; /* "gradient norm, one batch of digits" */
    size_t count;
    dg_node *const *nodes;
    const double *values;     /* by node; NaN: none, the box is white */
    const char *const *texts; /* what stands in the box, by node; NULL, and NULL in it: the number */
    bool is_linear;           /* colours on a linear scale; else logarithmic */
    const char *unit; /* of numbers without texts, of ranges and of the scale: "s", "B", "%" (of 1); NULL: none */
} dg_heat;

/* What dg_heat_measure() looks at. The graph grows by the derivatives that it takes. */
typedef struct dg_heat_request {
    const char *what;       /* the name of a probe: <dotgrad/probe.h> */
    dg_node *loss;          /* what is computed; without one, the last node that is of interest */
    dg_tensors *parameters; /* those that are missing are made by their initialisers */
    const dg_feed *feeds;
    int n_feeds;
    const dg_graph_file *file; /* for its optimizer; may be NULL */
    const char *optimizer;     /* NULL: the file's, else adam */
    const char *data;          /* words for the title: "digits, 256 rows"; may be NULL */
    uint64_t seed;
} dg_heat_request;
/* *heat is freed with dg_heat_free(). DG_BAD_ARGUMENT: no such probe; errors of plans and derivatives. */
dg_status dg_heat_measure(const dg_heat_request *request, dg_heat **heat);
void dg_heat_free(dg_heat *heat); /* NULL is fine */

/* Sizes are in points (1/72 inch). NULL, 0 and false are the defaults; texts and lists are only read. */
typedef struct dg_draw_options {
    DG_OPTIONS_BEGIN
    dg_draw_view view DG_DEFAULT();
    const dg_graph_file *file DG_DEFAULT(); /* of the graph: its clusters, names and appearance are drawn */
    dg_node *loss DG_DEFAULT();
    dg_node *output DG_DEFAULT();       /* these two, NULL: the file's, or none; the views of derivatives need a loss */
    const char *optimizer DG_DEFAULT(); /* of DG_VIEW_STEP: "adam(lr=0.001)"; NULL: the file's, else adam */
    const dg_training_plan_options *step DG_DEFAULT(); /* of it and of gradients: what dg_training_plan() gets; NULL:
                                                        * the file's; of one of several losses, .trains */
    const char *title DG_DEFAULT();                    /* NULL: the file's name */
    const char *format DG_DEFAULT();                   /* svg, pdf, png, html, tex, txt, dot; NULL: as the path ends */
    const char *level DG_DEFAULT();                    /* op, stack, module, auto (NULL) */
    const char *fold DG_DEFAULT();                     /* off, exact, sizes, auto (NULL) */
    const char *page DG_DEFAULT();                     /* a4 (NULL), letter, WIDTHxHEIGHT in points, none */
    int depth DG_DEFAULT(); /* modules this deep are closed: 1, the outermost; 0: as the page asks */
    const char *open DG_DEFAULT();
    const char *close DG_DEFAULT();  /* both: names of modules, with * and ?, several with commas between them */
    const char *hide DG_DEFAULT();   /* of parameters, constants, inputs, reshapes, dropout */
    const char *around DG_DEFAULT(); /* a node's name: only what is at most `radius` (0: 2) wires away */
    int radius DG_DEFAULT();
    const char *from DG_DEFAULT(), *to DG_DEFAULT(); /* only what lies on ways between two nodes */
    const char *rankdir DG_DEFAULT();                /* TB, LR, BT, RL; NULL: the file's, else TB */
    const char *shapes DG_DEFAULT();                 /* on wires: changes (NULL), all, none */
    const char *style DG_DEFAULT();                  /* light (NULL), dark, print, or a file */
    dg_flag parameters DG_DEFAULT();                 /* those that layers own, as boxes */
    dg_flag names DG_DEFAULT();                      /* of nodes, beside their ops */
    dg_flag no_title DG_DEFAULT(), no_legend DG_DEFAULT();
    double dpi DG_DEFAULT();   /* of png: dots an inch; 0: 144 */
    double width DG_DEFAULT(); /* of png: in points, in the place of dpi */
    const dg_heat *heat DG_DEFAULT();
    dg_graph *old DG_DEFAULT(); /* the picture shows what has changed since this graph; of the forward view alone */
    const dg_graph_file *old_file DG_DEFAULT();
    double seconds DG_DEFAULT(); /* for the layout at most, up to a day; 0: 60 */
    char *told DG_DEFAULT(); /* 256 bytes, or NULL: receives what was done to fit the page, "stacked, folded"; or "" */
} dg_draw_options;

#define DG_DRAW_TOLD 256

/* Draws into a file, whole or not at all. DG_BAD_ARGUMENT: an option or format that is not known, a node that is not
 * there; DG_BAD_DATA: too large for a layout, or the layout program failed; DG_IO. */
#define dg_draw(...) dg_draw_given(__VA_ARGS__, )
#define dg_draw_given(graph, path, ...)                                                                                \
    dg_draw_file(DG_GRAPH_ARGUMENT(graph, "argument graph of dg_draw"), (path),                                        \
                 DG_OPTIONS(dg_draw_options, DG_GIVEN(.told = NULL, ) __VA_ARGS__))
/* Draws into memory: *bytes is allocated, to be freed with free(). `format` is taken from the options. */
#define dg_draw_bytes(...) dg_draw_bytes_given(__VA_ARGS__, )
#define dg_draw_bytes_given(graph, bytes, size, ...)                                                                   \
    dg_draw_memory(DG_GRAPH_ARGUMENT(graph, "argument graph of dg_draw_bytes"),                                        \
                   DG_OPTIONS(dg_draw_options, DG_GIVEN(.told = NULL, ) __VA_ARGS__), (bytes), (size))

dg_status dg_draw_file(dg_graph *graph, const char *path, dg_draw_options options);
dg_status dg_draw_memory(dg_graph *graph, dg_draw_options options, char **bytes, size_t *size);

/* Whether the options' words and numbers are ones that are known: what drawing would say before it looks at a graph. */
dg_status dg_draw_check(const dg_draw_options *options);

/* The format that a path ends in, NULL: none that is known. */
const char *dg_draw_format(const char *path);

const char *dg_draw_style_name_at(size_t index); /* the names of styles; NULL after the last */

DG_END_C

#endif
