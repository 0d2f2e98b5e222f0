/* From a view to places: sizes of boxes from our own widths of text, positions from Graphviz's `dot`.
 *
 *   measure.c   lines of text and sizes of boxes
 *   request.c   what the helper is asked: sizes and numbers alone, never a text of the graph's
 *   process.c   the helper as a process with limits
 *   memo.c      what it has answered before
 *   helper.c    the program dotgrad-layout: reads a request, answers with positions
 *   answer.c    positions into the layout
 *   curve.c     wires as Bézier curves
 *   rows.c      wires end at the rows of stacks that they are of
 *   inside.c    and stay inside their modules and the picture, and what is nearly straight is so
 *   route.c     what runs through boxes nevertheless, or turns on the spot, is led around them
 *   shape.c     U-shaped networks and ladders: which wires are laid out backwards, which boxes are side by side
 *   labels.c    where labels of wires and modules are placed, so that nothing runs through them
 *   columns.c   what is too high, in columns
 *   columns_wires.c  and its wires, over the cuts */
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

/* What the helper has answered to requests, of one picture. */
enum { MOST_ANSWERS = 32 };
typedef struct layout_answer {
    size_t size; /* of the request */
    char *request, *bytes;
} layout_answer;
typedef struct layout_memo {
    int next; /* the answer that is replaced next */
    layout_answer answers[MOST_ANSWERS];
} layout_memo;
void layout_memo_free(layout_memo *memo);

typedef struct layout_options {
    const char *rankdir;
    bool names, is_stacked;
    bool is_narrow;     /* rows of stacks have their details on lines of their own */
    bool no_labels;     /* of wires: shapes */
    int spread;         /* how much wider than usual boxes are apart: −1, 0, 1, … */
    double seconds;     /* at most; 0: 60 */
    const char *who;    /* for messages: the graph's name */
    const char *helper; /* the program's path; NULL: where it was installed */
    layout_memo *memo;  /* NULL: nothing is remembered */
} layout_options;

enum { MOST_LAID_OUT = 20000 }; /* boxes and bends; dot takes minutes for more */

/* All in the view's arena. DG_BAD_DATA: too large (bends), or the helper failed; the message says how. */
dg_status layout_make(view *v, const layout_options *options, layout *made);

/* ---- curves: of four points p[0] … p[3] ---- */

double layout_distance(layout_point a, layout_point b);
layout_point layout_on_curve(const layout_point *p, double t);
void layout_split_curve(layout_point p[4], double t, layout_point first[4]); /* p: what is left behind t */
void layout_turn_wire(layout_wire *wire);                                    /* its last point becomes the first */
/* Three points more, of a line or of a rounded corner; the caller has the room. */
void layout_line_to(layout_wire *wire, layout_point end);
void layout_bend_to(layout_wire *wire, layout_point corner, layout_point end);
/* Along straight lines from the wire's last point to the last of n corners, which are rounded: at most 6n points. */
void layout_go_along(layout_wire *wire, const layout_point *corners, int n, double radius);

/* ---- stages ---- */

bool layout_is_double(const view_box *box); /* has two borders */
bool layout_measure(view *v, const layout_options *options, layout *made);
/* Boxes and bends of wires; −1 without memory. `longest`: the height of the highest column of boxes. */
int64_t layout_bends(view *v, const layout *made, double *longest);
void layout_choose_shape(view *v); /* is_reversed */
bool layout_is_side_by_side(const view *v, int wire);
void layout_request(view *v, const layout_options *options, const layout *made, text *request);
dg_status layout_ask(const char *request, size_t size, const layout_options *options, char **answer);
/* The same, but what is in options->memo is not asked again. */
dg_status layout_ask_once(const char *request, size_t size, const layout_options *options, char **answer);
dg_status layout_take(view *v, const char *answer, const layout_options *options, layout *made);
/* How many wires do not end where their row is if the stack's rows are shown upwards, or downwards: two for each, one
 * for those that are loose. */
int layout_strays(view *v, const layout *made, int b, bool is_upwards, const view_fan *in, const view_fan *out);
/* Moves ends of wires to their rows of stacks, unless they would run through a box then. */
void layout_meet_rows(view *v, layout *made);
/* Wires between boxes of one module do not leave it, unless they would run through a box then. False: no memory. */
bool layout_keep_inside(const view *v, layout *made);
/* Wires that are nearly straight, from top to bottom or from side to side as the picture runs, become so. */
void layout_straighten(const view *v, layout *made);
/* The picture becomes as large as its wires need. */
void layout_make_room(const view *v, layout *made);
/* Whether the curve of four points runs through a box, that of its end, `own`, as well, or close by another. */
bool layout_is_blocked(const view *v, const layout *made, const layout_point *p, int own);
/* Leads wires that run through a box or touch one, turn on the spot or leave their module around all boxes, where there
 * is a way; *led: how many. Their labels have no place then. False: no memory. */
bool layout_route(view *v, layout *made, int *led);
/* False: a module's label has no place yet; its wanted_width is then more. */
bool layout_place_labels(view *v, layout *made);
/* How many wires run through a box. */
int layout_crossings(view *v, layout *made);
/* Once all is placed: in as few columns of at most that height as there can be, if they are no wider than that. A U,
 * whose arms would be cut, stays whole unless cuts_u. */
bool layout_columns(view *v, layout *made, double width, double height, bool cuts_u);

#endif
