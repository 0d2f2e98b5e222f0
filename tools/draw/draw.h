/* Pictures of graphs in one house style. A drawing is a document like the file's own, with attributes for looks added
 * (and listed in `styled` attributes, so that the reader drops them again); the author's own visual attributes win.
 *
 *   draw.c             the document and the picture
 *   style.c       nodes, edges and clusters
 *   title.c       title, summary and legend
 *   label.c       what is written in a node
 *   heat.c        shares of the time: colours and words
 *   layout.c      ranks, skip edges and what a layout will cost
 *   attributes.c  attributes beside the author's
 *   render.c           Graphviz, in a process of its own
 */
#ifndef TOOLS_DRAW_H
#define TOOLS_DRAW_H

#include <dotgrad/graphviz.h>

typedef enum draw_shapes { DRAW_SHAPES_CHANGES, DRAW_SHAPES_ALL, DRAW_SHAPES_NONE } draw_shapes;

/* Where the time of a step goes, to be shown by the nodes' colours. */
typedef struct draw_heat {
    const char *what; /* "training step of 1.2 ms": stands below the title */
    double *seconds;  /* by node of the file */
    int *hosts;       /* by node of the file: 1 + the node in whose step it ran, when it had no time of its own; 0 */
    double whole;     /* seconds of the step */
    double optimizer; /* those that no node of the file has: of the updates; the rest is told as that */
} draw_heat;

typedef struct draw_options {
    const char *title;     /* NULL: the graph's name */
    const char *rankdir;   /* "TB" (NULL) or "LR" */
    draw_shapes shapes;    /* on edges */
    bool parameters;       /* those that layers own as nodes of their own */
    bool names;            /* of nodes beside their ops */
    const draw_heat *heat; /* NULL: colours tell families */
} draw_options;

/* The picture, or for format "dot" the graph file, of a graph: *bytes is allocated. DG_BAD_DATA: too
 * large to be drawn (more than 20,000 nodes and bends), or Graphviz fails. */
dg_status draw_graph(const dg_graph_file *file, const draw_options *options, const char *format, char **bytes,
                     size_t *size);
/* The same from the text of a graph file into a file; the format is `path`'s ending. */
dg_status draw_text(const char *name, const char *text, const draw_options *options, const char *path);

/* ---- layout.c ---- */

typedef struct drawing_layout {
    int *ranks;       /* by node; those of parents are smaller */
    bool *skips;      /* by edge: there is a longer way, too */
    bool *is_main;    /* by edge: of an edge's head that skips reach, the one that is no skip */
    int64_t virtuals; /* nodes and bends: what Graphviz works on */
} drawing_layout;

dg_status layout_make(const dg_graph_file *file, drawing_layout *layout);
void layout_release(drawing_layout *layout);

/* ---- label.c ---- */

typedef struct draw_style {
    const char *families; /* words, as ops name them */
    const char *fill, *border;
} draw_style;

enum {
    STYLE_INPUT,
    STYLE_PARAMETER,
    STYLE_ELEMENTWISE,
    DRAW_STYLES = 9
}; /* the first ones have a meaning of their own */
extern const draw_style draw_styles[DRAW_STYLES];

int draw_style_of(const dg_op *op);
/* The sign that stands for an op in a small circle, or NULL. */
const char *draw_sign(const dg_op *op);
/* "10 → 64, gaussian" for a node of the file; "" when there is nothing to tell. Returns text. */
#define DRAW_DETAIL 160
char *draw_detail(const dg_graph_file *file, const dg_file_node *node, char text[DRAW_DETAIL]);
/* "N×64"; "scalar" for rank 0. Returns text. */
char *draw_shape(const dg_graph *graph, const dg_shape *shape, char *text, size_t size);
/* `text` for an HTML label, cut to `most` characters. NULL without memory. */
const char *draw_escape(dg_arena *arena, const char *text, int most);
/* For an attribute in which Graphviz expands backslashes (tooltips). */
const char *draw_escape_backslashes(dg_arena *arena, const char *text);

#endif
