/* A picture as a list of shapes: what the painters of SVG, HTML, PDF, PNG and TikZ paint.
 *
 *   scene.c    the list
 *   compose.c  a view and its layout as shapes
 *   heading.c  title, summary and legend
 *   missing.c  characters that the bundled font lacks
 *   svg.c      SVG
 *   pdf.c      PDF, text as glyphs of the bundled font
 *   raster.c   the pixels of PNG; png.c the file
 *   tikz.c     LaTeX
 *   html.c     an SVG for each state, with the script that changes between them
 *   txt.c      one line a node, with rails: from the view, without a layout
 *   dot.c      the graph file with the attributes of the drawing */
#ifndef TOOLS_DRAW_SCENE_H
#define TOOLS_DRAW_SCENE_H

#include "tools/draw/layout/layout.h"

typedef enum shape_kind {
    SHAPE_RECTANGLE,
    SHAPE_ELLIPSE,
    SHAPE_CURVE,   /* Bézier curves */
    SHAPE_POLYGON, /* straight lines, closed */
    SHAPE_TEXT,
    SHAPE_BEGIN, /* of a group: a node, an edge, a module */
    SHAPE_END
} shape_kind;

typedef struct shape {
    shape_kind kind;
    double x, y, width, height, radius; /* of an ellipse: its middle and half axes */
    const char *fill, *stroke;          /* "#RRGGBB"; NULL: none */
    double line;                        /* width */
    const char *dash;                   /* "4,2"; "" */
    int n;
    const layout_point *points;
    const char *words; /* of a text: x is its left end, y its base line; width as measured */
    const char *tex;   /* for LaTeX, in the place of this and of what follows with ""; NULL: none */
    double size;
    bool is_bold;
    const char *class, *id, *name, *role; /* of a group: name is its title */
    int box, row;                         /* of a node's group: what it shows; of an edge's: its two boxes */
    int module;                           /* of a group: the module that it shows, closed or open; −1 */
    bool is_fixed;                        /* its colours are the same in the dark: it is on one that is */
    const char *names;                    /* of a node's group: the nodes that it stands for; of an edge's: the ids of
                                             the groups that it runs from and to; NULL */
} shape;

typedef struct scene {
    dg_arena *arena;
    double width, height;                            /* of what is in it */
    double scale;                                    /* points a unit */
    const char *title, *about, *background, *prefix; /* prefix: of ids */
    bool is_html;                                    /* colours become variables, nodes can be reached by keyboard */
    bool is_fixed;                                   /* a style or background was chosen: no colour becomes dark */
    int n, room;
    shape *shapes;
    bool failed;
} scene;

void scene_add(scene *s, shape one);
void scene_text(scene *s, double x, double y, const char *words, double size, bool is_bold, const char *color);
void scene_math(scene *s, double x, double y, const struct math_picture *set, double size, const char *color);
/* For formats that draw the bundled font: returns how many characters it lacks; each becomes a frame with its code. */
int scene_replace_missing(scene *s);
void scene_begin(scene *s, const char *class, const char *id, const char *name, const char *role, int box, int row,
                 int module);
void scene_end(scene *s);

typedef struct compose_options {
    const style_sheet *sheet;
    bool no_title, no_legend;
} compose_options;

/* The heading, then the picture below it. */
void scene_compose(scene *s, view *v, const layout *made, const compose_options *options);
/* Returns the height that title, summary and legend take; draws them from the left upper corner on. */
double scene_heading(scene *s, view *v, const compose_options *options, double width);

void paint_svg(const scene *s, text *to);
void paint_svg_element(const scene *s, text *to); /* without the XML declaration */
/* The colours that a page of HTML has as variables: number k of the light and of the dark style; false: no more. */
bool svg_variable(int k, const char **light, const char **dark);
/* A colour of the author's, for a line or text of that shape, that is not seen on a dark page: there it is `dark`. */
bool svg_is_lifted(const scene *s, const shape *one, const char *color, char dark[8]);
bool svg_is_variable(const char *color);
void scene_fix(scene *s, int first, const char *ground); /* shapes from number `first` on are on that colour */
dg_status paint_pdf(const scene *s, text *to);
dg_status paint_png(const scene *s, double dpi, text *to);
void paint_tikz(const scene *s, text *to);
int tikz_missing(const scene *s); /* characters that it has no letter for */

#endif
