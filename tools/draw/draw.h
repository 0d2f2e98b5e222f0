/* Drawing: the private header of this folder. <dotgrad/draw.h> is the public part.
 *
 *   draw.c     options to a picture
 *   fit.c      what is tried until it fits a page
 *   step.c     the derivatives of the views that show them
 *   states.c   the states of a page of HTML
 *   text.c     text in the making
 *   style.c    colours
 *   math/      formulas as they are written on paper
 *   view/      boxes, wires and modules of a graph or file
 *   passes/    what rewrites them
 *   layout/    sizes and positions
 *   paint/     formats
 *   font/      widths and outlines of characters */
#ifndef TOOLS_DRAW_H
#define TOOLS_DRAW_H

#include "include/dotgrad/draw.h"

#include "layout/layout.h"
#include "paint/scene.h"
#include "passes/diff.h"
#include "passes/mirror.h"
#include "passes/passes.h"
#include "view/derive.h"
#include "view/plan.h"

typedef struct page_size {
    double width, height; /* 0: no bound */
} page_size;

/* What a picture is drawn as: options as they are or as auto has chosen. */
typedef struct draw_choice {
    bool is_stacked;
    bool is_narrow; /* with is_stacked: details of rows have lines of their own */
    int fold;       /* 0: off, 1: exact, 2: up to sizes */
    int depth;
    const bool *closed;  /* by module; NULL: as depth says */
    bool is_alike;       /* modules that are like one before them are closed */
    int more;            /* and so many others */
    int parts;           /* at most so many, of what has no modules; 0: as it is */
    bool has_columns;    /* what is too high is cut into columns */
    bool cuts_u;         /* with has_columns: a U, too */
    const char *rankdir; /* where neither options nor the file say one; NULL: TB */
    bool is_told;        /* with is_mirrored: derivatives are told in the network's boxes, and have none */
    bool no_shapes;      /* on edges, unless they are asked for: from left to right they take much room */
    bool is_mirrored;    /* derivatives as one box beside each of the network's */
} draw_choice;

typedef struct drawing_work {
    dg_graph *graph;
    const dg_draw_options *options;
    const char *format, *who;
    page_size page;
    const style_sheet *sheet;
    own_style own; /* where the style is a file's; sheet points to it */
    shape_mode shapes;
    derived_nodes derived; /* of the views of derivatives */
    plan_steps plan;       /* of the view of a plan */
    int level, fold;       /* −1: auto; level 0: op, 1: stack, 2: module */
    layout_memo *memo;     /* of the picture; NULL */
} drawing_work;

/* Checks the options, fills in the file's loss and output, and adds the derivatives that the view shows to the graph.
 * `work` keeps pointers to both. */
dg_status draw_prepare(drawing_work *work, dg_graph *graph, dg_draw_options *options);
/* Adds the derivatives that the view shows to the graph, as training with the file's settings would. */
dg_status draw_derive(drawing_work *work);
/* A fresh view with everything but passes for size; that of the network alone where its derivatives are to be mirrored.
 * The caller frees v->arena. */
dg_status draw_view(const drawing_work *work, const draw_choice *choice, view *v);
/* A picture some piece of which found no memory is none: DG_NO_MEMORY. */
dg_status draw_check(const drawing_work *work, const view *v);
/* The same, and frees the view. */
dg_status draw_end(const drawing_work *work, view *v, dg_status status);
/* The view as it is chosen: folded, closed, stacked. */
dg_status draw_rewrite(const drawing_work *work, view *v, const draw_choice *choice);
/* The choice that fits, and its view and layout. */
dg_status draw_fit(const drawing_work *work, view *v, layout *made, draw_choice *choice);

dg_status draw_layout(const drawing_work *work, view *v, const draw_choice *choice, layout *made);
/* Draws title and legend as they are above a picture of that width; their height. */
double draw_heading(const drawing_work *work, view *v, double width, scene *s);
void draw_compose(const drawing_work *work, view *v, const layout *made, scene *s);
dg_status draw_html(const drawing_work *work, text *to);

#endif
