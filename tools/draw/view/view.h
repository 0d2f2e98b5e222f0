/* What a picture shows, before anything is placed: boxes of rows (one row an op), wires between rows, and modules
 * around boxes. A view is made from a graph or a graph file; passes then rewrite it (passes/), the layout places it
 * (layout/) and painters paint it (paint/). Another source of networks, a file of another program's, would be another
 * maker of views: boxes with their rows' texts (head, detail, call, exact, loose) and style, wires between them, and
 * the modules around them. A row's `node` may then be NULL: what comes after reads the texts alone.
 *
 *   view.c       arrays, order of the boxes
 *   graph.c      from a dg_graph
 *   file.c       from a graph file, with the appearance that its author set
 *   file_modules.c  what its clusters say of the graph's nodes
 *   derive.c     gradients and updates as nodes of a graph
 *   label.c      what is written in a row: its head, arguments, shapes
 *   details.c    its op's attributes
 *   numbers.c    numbers in it
 *   shares.c     parameters of others
 *   plan.c       from the steps of a plan
 */
#ifndef TOOLS_DRAW_VIEW_H
#define TOOLS_DRAW_VIEW_H

#include "tools/draw/base/style.h"
#include "tools/draw/base/text.h"

#include <dotgrad/op.h>

typedef enum view_mark { MARK_NONE, MARK_ADDED, MARK_REMOVED, MARK_CHANGED, MARK_SAVED } view_mark;

/* What the author of a file has set of the appearance; NULL and 0: nothing. Values have been checked. */
typedef struct view_looks {
    const char *label, *fill, *color, *fontcolor, *shape, *style, *tooltip;
    double penwidth, fontsize;
    int peripheries; /* −1: not said */
} view_looks;

#define NAME_END "\x1f" /* a control character, which no name has */

/* One op. */
typedef struct view_row {
    const char *name;        /* "layer1.0.conv1"; "" for a node without one of its own */
    const char *names;       /* of all nodes that it stands for, with NAME_END between them; NULL: the name alone */
    const char *op;          /* "conv2d" */
    const char *head;        /* what is written first: the op, the input's name, the constant's value */
    const struct math *math; /* of a head that is a formula; NULL */
    const char *detail;      /* "3×3, 64 → 64, pad 1": whole */
    const char *shares;      /* "weights of fc1"; "" */
    const char *sign;        /* "+": the row alone may be a small circle; NULL */
    view_style style;
    bool is_output, is_loss;
    bool is_referred;    /* another is called by its name, which is then shown: ∂ll beside ll */
    bool is_rounded;     /* a number in head or detail is shorter than in `call` */
    bool is_commutative; /* its arguments may be exchanged */
    const dg_node *node; /* NULL: of something else */
    int n_made;          /* copies of a module that repeats: the node in each; 0: it is in none */
    dg_node *const *made;
    int n_inner;               /* of one that uses a file: the nodes inside, in `made` */
    int64_t parameters;        /* of one copy */
    const char *call;          /* the op with all attributes: "linear(10,true)" */
    const char *exact, *loose; /* what makes two rows the same: with all attributes and sizes; without sizes */
    view_mark mark;
    const char *old; /* of a changed row: what has changed, "kernel_size 3 → 5"; of one without a mark: what follows */
    bool has_heat;
    double heat, heat_most; /* of folded copies the least and the largest value */
    const char *heat_text;
    view_looks looks;
} view_row;

typedef enum box_kind {
    BOX_OP, /* one row or, after stacking, several */
    BOX_INPUT,
    BOX_PARAMETER,
    BOX_CONSTANT,
    BOX_MODULE, /* a module that is closed */
    BOX_ENTRY   /* where a value enters a folded module: a dot */
} box_kind;

typedef struct view_box {
    box_kind kind;
    int n_rows;
    view_row *rows;
    int module; /* −1: none */
    bool is_gone;
    int partner;          /* of a gradient, the box that it stands beside; −1 */
    int closed, n_inside; /* the closed module that the box is, and how many nodes are in it */
    bool is_backwards;    /* its rows are in the order against its wires: of gradients, in that of the network */
    bool is_upwards;      /* its rows are shown from below to above, as its wires run */
    int became;           /* 1 + the box that stands for one that is gone; 0: none does */
    int became_row;       /* and its row */
} view_box;

typedef enum wire_kind { WIRE_DATA, WIRE_PARAMETER, WIRE_GRADIENT, WIRE_SAVED, WIRE_STATE } wire_kind;

typedef struct view_wire {
    int from, to;         /* boxes */
    int from_row, to_row; /* in them */
    int input, output;    /* which argument of the head, which result of the tail */
    const char *argument; /* "target", where it matters; "" */
    const char *result;   /* "h_n"; "" for the first */
    const char *shape;    /* "N×64" */
    bool shows_shape;
    wire_kind kind;
    bool is_skip, is_gone;
    bool is_reversed; /* laid out from `to` to `from` */
    bool is_beside;   /* both ends stand side by side */
    bool is_loose;    /* does not influence where its ends are placed */
    int64_t times;    /* wires that have become this one; 0: 1 */
    view_mark mark;
    const char *label, *color, *fontcolor, *style, *tooltip; /* the author's; NULL */
    double penwidth;
} view_wire;

typedef struct view_module {
    const char *name;                     /* "layer1.0" */
    const char *label;                    /* what is written on it */
    const char *content;                  /* in its place, of a fold that is no module of the network's; NULL or "" */
    const char *first, *last;             /* of several that it stands for, what is written on these; NULL */
    int parent;                           /* −1: none */
    int64_t times;                        /* copies that it stands for */
    bool is_shared;                       /* they own the parameters of one */
    const char *sizes;                    /* "1,234 parameters in all", where copies differ; "" */
    int64_t parameters;                   /* of all copies, where its rows tell none; 0 */
    bool is_fold;                         /* made by folding */
    int instead;                          /* of a fold: the module whose place it takes; −1: of none */
    const char *fill, *color, *fontcolor; /* the author's; NULL */
    const char *style, *tooltip;          /* his, too */
    double penwidth;
} view_module;

typedef struct view {
    dg_arena *arena;
    const dg_graph *graph;
    int n_boxes, n_wires, n_modules;
    int boxes_room, wires_room, modules_room;
    view_box *boxes;
    view_wire *wires;
    view_module *modules;
    const char *title, *summary, *told;       /* told: what passes did, "stacked, folded" */
    const char *rankdir, *background, *color; /* the author's; NULL */
    double dpi;                               /* his, of pixels; 0 */
    const char *heat_title;                   /* NULL: colours tell families */
    const char *heat_unit;                    /* as dg_heat's; NULL */
    double heat_low, heat_high;
    bool heat_is_log;
    const char *ignored; /* the author's Graphviz attributes that are not followed, "dpi, rotate"; "" */
    int n_closable;      /* modules that are still open after those like others have been closed */
    int n_parts;         /* boxes that stand for what is in no module together */
    int n_stacked;       /* ops that are rows of others' boxes */
    int n_folded;        /* runs of copies that are shown as one, */
    int n_sized;         /* and of these, such whose copies differ in their sizes */
    int n_alike;         /* modules closed as they are like one before */
    const char *notes;   /* of a difference: what is of no box and no wire, a line each; NULL */
    bool hides_nothing;  /* nothing is of the kinds that are to be hidden */
    bool is_ladder;      /* forward and gradient stand side by side */
    bool failed;         /* no memory */
} view;

/* Return the number of the new one, or 0 and view->failed without memory. */
int view_add_box(view *v, view_box box);
int view_add_wire(view *v, view_wire wire);
int view_add_module(view *v, view_module module);
view_box *view_last_box(view *v);

/* Wires by box: those that go in, or out, of box b are wires[first[b]] … wires[first[b + 1] − 1]. In the arena. */
typedef struct view_fan {
    int *first, *wires;
} view_fan;
bool view_fan_in(view *v, view_fan *fan); /* by argument */
bool view_fan_out(view *v, view_fan *fan);
/* Boxes that are there, each after those it reads, otherwise in the order of arguments as a walk from the last boxes
 * meets them: that order depends on the structure alone. Returns how many; −1 without memory. */
int view_order(view *v, const view_fan *in, int *order);
/* The same, but some boxes, one after the other, and what they need come before all else. */
int view_order_to(view *v, const view_fan *in, const int *firsts, int n_firsts, int *order);
/* The rank of each box: one more than the highest of those before it. NULL: no memory. */
int *view_ranks(view *v);

const char *view_module_label(const view_module *module); /* what is written on it; "" */
/* A node's name without that of the module that it is in: "cat" for up1_cat in up1. */
const char *view_name_within(const char *name, const view_module *module);
bool view_is_source(const view_box *box); /* input, parameter or constant */
bool view_is_inside(const view *v, int module, int outer);
int view_common_module(const view *v, int a, int b);
/* How many copies there are of what is in the module, in one of the outer one; of_parameters: that have their own. */
int64_t view_times_within(const view *v, int module, int outer, bool of_parameters);
/* "conv2d layer1.0.conv1, 3×3, 64 → 64": for readers who do not see the picture. */
const char *view_alt(view *v, const view_row *row);

/* ---- label.c ---- */

/* Fills head, detail, shares, sign, style, parameters (owned ones), exact and loose from row->node and row->op. */
void label_row(view *v, view_row *row);
/* What argument a wire is, where exchanging it with another would matter, "target", "arg 0"; else "". */
const char *label_argument(view *v, const dg_node *head, int input);
const char *label_result(view *v, const dg_node *tail, int output);
const char *label_shape(view *v, const dg_node *tail, int output);
bool label_changes_shape(const dg_node *node, int output);
bool label_is_commutative(view *v, const dg_node *node);
const char *label_for_shape(view *v, const dg_shape *shape);
/* The attributes, but for those that the weights or the edges tell already, and initialisers. details.c */
void label_details(view *v, const dg_node *node, text *t);
bool label_is_shown(const dg_op *op, const dg_attr_spec *attr, bool has_weight);
/* Whether an attribute's value, in these words, is its default. */
bool label_is_default(view *v, const dg_attr_spec *attr, const dg_value *value, const char *words);
/* Attribute k as a graph file would write it, "same", "[N, Time]", "int64"; of a type that is left out, the one that
 * there is. */
const char *label_value(view *v, const dg_node *node, int k);

/* "shares fc1", of parameters that other layers own; "". shares.c */
const char *label_shares(view *v, const dg_node *node);
/* The words with numbers of more than nine digits shorter: as that type tells them from others, at most nine digits. */
const char *label_numbers(view *v, dg_dtype dtype, const char *words);

/* ---- graph.c ---- */

typedef enum graph_part { PART_FORWARD, PART_BACKWARD, PART_ALL } graph_part;
typedef struct graph_wish {
    const dg_node *loss, *output;
    bool parameters; /* those that layers own, as boxes */
    graph_part part;
    dg_node *const *gradients; /* results to reach, with PART_BACKWARD and PART_ALL */
    int n_gradients;
    int64_t first_update; /* nodes from here on are an optimiser's; 0: there are none */
    int n_named;
    dg_node *const *named; /* gradients that have names of their own */
    const char *const *names;
    const char *(*module_of)(void *user,
                             const dg_node *node); /* a node's module; NULL, or NULL from it: as the graph says */
    void *user;
} graph_wish;
dg_status view_of_graph(view *v, dg_graph *graph, const graph_wish *wish);

#endif
