/* A drawing in the making: shared by the files that make it. */
#ifndef TOOLS_DRAWING_H
#define TOOLS_DRAWING_H

#include "cost.h"
#include "draw.h"

enum {
    MOST_FULL = 2000,   /* nodes and bends: above, layout is made quicker and shapes are left out */
    MOST_DRAWN = 20000, /* above, Graphviz takes minutes to hours */
    MOST_ADDED = 32,    /* attributes that an object is given here */
    MOST_NAME = 40,     /* characters of a name that are shown */
    MOST_FAMILIES = 6,
    MOST_LOOKS = 16,
    COUNT_TEXT = 48
};

#define GREY   "#57606A"
#define PURPLE "#AA3377"

typedef struct drawing {
    const dg_graph_file *file;
    const draw_options *options;
    bool is_picture;
    dg_graph_file styled; /* the document that is written */
    dg_arena *arena;
    drawing_layout layout;
    node_cost *costs;
    const char *title, *summary;
    const char *families[DRAW_STYLES][MOST_FAMILIES];        /* for the legend */
    bool on_each_node[MOST_LOOKS], on_each_edge[MOST_LOOKS]; /* looks that are no defaults */
    bool no_memory;
} drawing;

/* ---- attributes.c ---- */

/* Text in the drawing's arena; "" and no_memory when there is none. */
const char *draw_format(drawing *d, const char *pattern, ...) __attribute__((format(printf, 2, 3)));
const char *draw_safe(drawing *d, const char *text); /* for HTML labels, cut to MOST_NAME */

/* An object's own attributes, those of the house to follow. */
typedef struct styling {
    drawing *d;
    dg_file_attributes *to;
    const dg_file_attributes *usual; /* the author's defaults for such objects, or NULL */
    size_t n_own;
} styling;

/* For pictures, the author's attributes that are unsafe are left out. */
styling style_begin(drawing *d, dg_file_attributes *to, const dg_file_attributes *usual);
bool style_is_set(const styling *s, const char *name);
void style_append(styling *s, const char *name, const char *value, bool html);
/* Unless the author has set it. */
void style_add(styling *s, const char *name, const char *value);
void style_add_html(styling *s, const char *name, const char *value);
/* Puts what was added in order; returns its names. */
const char *style_finish(styling *s);
/* The same, and lists the names in the attribute `styled`. */
void style_finish_listed(styling *s);

/* ---- style.c ---- */

/* Return the names of what was added. */
const char *style_node_defaults(drawing *d);
const char *style_edge_defaults(drawing *d);
void style_node(drawing *d, int index);
void style_edge(drawing *d, int index, bool *is_told); /* is_told: by node and output, whose shape has been told */
void style_cluster(drawing *d, int index);
/* Adds the parameters that nodes of the file own, as nodes that are derived=true. */
int style_count_owned(const drawing *d);
void style_add_owned(drawing *d, int most);

/* ---- heat.c ---- */

/* "1.2 ms · 56 %", "runs in conv1", or "" for a node that takes no time. */
const char *heat_label(drawing *d, int index);
const char *heat_color(drawing *d, int index);
/* What was measured, and what of it no node shows: "training step of 1.2 ms; optimizer 12 %". */
const char *heat_summary(drawing *d);
/* Cells of the title's table that tell what the colours mean. */
const char *heat_legend(drawing *d);

/* ---- title.c ---- */

const char *draw_summary(drawing *d);
const char *draw_title(drawing *d);

#endif
