/* From a view to places: sizes of boxes from our own widths of text, positions from Graphviz's `dot`.
 *
 *   measure.c   lines of text and sizes of boxes
 *   request.c   what the helper is asked: sizes and numbers alone, never a text of the graph's
 *   process.c   the helper as a process with limits
 *   helper.c    the program dotgrad-layout: reads a request, answers with positions
 *   answer.c    positions into the layout
 *   rows.c      wires end at the rows of stacks that they are of, and stay inside their modules
 *   shape.c     U-shaped networks and ladders: which wires are laid out backwards, which boxes are side by side
 *   labels.c    where labels of wires and modules are placed, so that nothing runs through them
 *   columns.c   what is too high, in columns */
#ifndef TOOLS_DRAW_LAYOUT_H
#define TOOLS_DRAW_LAYOUT_H

#include "tools/draw/view/view.h"

#define SIZE_HEAD   11.0 /* points */
#define SIZE_DETAIL 9.0
#define SIZE_LABEL  9.0 /* of wires */
#define SIZE_MODULE 10.0
#define SIZE_TITLE  15.0
#define SIZE_LEAST  9.0 /* the smallest text there is */

typedef struct layout_line {
    const char *head; /* bold or not, in `size` */
    double size;
    bool is_bold, is_weak;
    const char *tail;                /* behind it, weak, in SIZE_DETAIL; "" */
    double width, height, base;      /* base: of its base line below its upper edge */
    const struct math_picture *math; /* the head as mathematics; NULL: in a line */
} layout_line;

typedef struct layout_row {
    int n_lines;
    layout_line *lines;
    double width, height;
} layout_row;

typedef enum box_form { FORM_BOX, FORM_CIRCLE, FORM_ELLIPSE, FORM_DOT } box_form;

typedef struct layout_box {
    box_form form;
    double x, y, width, height; /* x, y: the left upper corner; y downwards */
    layout_row *rows;
} layout_box;

typedef struct layout_point {
    double x, y;
} layout_point;

typedef struct layout_wire {
    int n;                /* 1 + 3·segments; 0: not placed */
    layout_point *points; /* of Bézier curves, from the tail to the head */
    const char *label;    /* NULL: none */
    double label_width, label_height;
    bool has_label;
    layout_point label_at; /* its middle */
} layout_wire;

typedef struct layout_module {
    bool is_placed;
    double left, top, right, bottom;
    const char *label, *times, *sizes; /* what is written on it, one behind the other */
    double label_width, wanted_width;  /* wanted_width: that the module should have */
    double label_x, label_y;           /* its left end and base line */
} layout_module;

typedef struct layout {
    double width, height;
    layout_box *boxes;
    layout_wire *wires;
    layout_module *modules;
    int64_t bends; /* boxes and bends that dot worked on */
    int columns;   /* that the picture has been cut into; 0: none */
    int poor;      /* labels that something runs through, and wires that run through boxes */
} layout;

typedef struct layout_options {
    const char *rankdir;
    bool names, is_stacked;
    bool no_labels;     /* of wires: shapes */
    int spread;         /* how much wider than usual boxes are apart: −1, 0, 1, … */
    double seconds;     /* at most; 0: 60 */
    const char *who;    /* for messages: the graph's name */
    const char *helper; /* the program's path; NULL: where it was installed */
} layout_options;

enum { MOST_LAID_OUT = 20000 }; /* boxes and bends; dot takes minutes for more */

/* All in the view's arena. DG_BAD_DATA: too large (bends), or the helper failed; the message says how. */
dg_status layout_make(view *v, const layout_options *options, layout *made);

/* ---- stages ---- */

bool layout_is_double(const view_box *box); /* has two borders */
bool layout_measure(view *v, const layout_options *options, layout *made);
/* Boxes and bends of wires; −1 without memory. `longest`: the height of the highest column of boxes. */
int64_t layout_bends(view *v, const layout *made, double *longest);
void layout_choose_shape(view *v); /* is_reversed */
bool layout_is_side_by_side(const view *v, int wire);
void layout_request(view *v, const layout_options *options, const layout *made, text *request);
dg_status layout_ask(const char *request, size_t size, const layout_options *options, char **answer);
dg_status layout_take(view *v, const char *answer, const layout_options *options, layout *made);
/* Moves ends of wires along the sides of stacks to their rows, unless they would run through a box then. */
void layout_meet_rows(const view *v, layout *made);
/* Wires between boxes of one module do not leave it, unless they would run through a box then. False: no memory. */
bool layout_keep_inside(const view *v, layout *made);
/* Whether the curve of four points runs through a box, that of its end, `own`, as well, or close by another. */
bool layout_is_blocked(const view *v, const layout *made, const layout_point *p, int own);
layout_point layout_on_curve(const layout_point *p, double t); /* of a Bézier curve of four points */
/* False: a module's label has no place yet; its wanted_width is then more. */
bool layout_place_labels(view *v, layout *made);
/* How many wires run through a box. */
int layout_crossings(view *v, layout *made);
/* Once all is placed: in as few columns of at most that height as there can be, if they are no wider than that. */
bool layout_columns(view *v, layout *made, double width, double height);

#endif
