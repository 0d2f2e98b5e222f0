/* Families of ops and their colours, in each style. */
#ifndef TOOLS_DRAW_STYLE_H
#define TOOLS_DRAW_STYLE_H

#include <dotgrad/op.h>

typedef enum view_style {
    STYLE_INPUT,
    STYLE_LINEAR,
    STYLE_NORM,
    STYLE_ACTIVATION,
    STYLE_ELEMENTWISE,
    STYLE_POOL,
    STYLE_SHAPE,
    STYLE_PARAMETER,
    STYLE_LOSS,
    STYLE_MODULE,
    STYLE_GRADIENT,
    STYLE_UPDATE,
    N_STYLES
} view_style;

typedef struct style_family {
    const char *families; /* words, as ops name them */
    const char *legend;   /* what the legend calls them */
    const char *fill, *border, *dash;
} style_family;

/* Colours of a whole picture. */
typedef struct style_sheet {
    const char *name;
    style_family families[N_STYLES];
    const char *background, *ink, *weak, *frame_fill, *frame, *fold, *skip, *gradient, *saved, *added, *removed,
        *changed;
    const char *heat_low, *heat_high, *heat_ink;
    const char *skip_dash;
} style_sheet;

extern const style_sheet style_light, style_dark, style_print;
/* A style of the user's, from lines "NAME = VALUE" (# begins a comment): `base` is a style that it begins as (light),
 *     background, ink, weak, frame_fill, frame, fold, skip, gradient, saved, added, removed, changed, heat_low,
 * heat_high, heat_ink                                    colours FAMILY.fill, FAMILY.border, FAMILY.dash     of input,
 * linear, norm, activation, elementwise, pool, shape, parameter, loss, module, gradient, update; a dash is "6,2" The
 * sheet points into the struct, which is not to be copied. DG_IO, DG_BAD_DATA with the line. */
enum { OWN_VALUES = 64 };
typedef struct own_style {
    style_sheet sheet;
    char values[OWN_VALUES][16];
    int n_values;
} own_style;
dg_status style_read(const char *path, own_style *made);

const style_sheet *style_find(const char *name); /* NULL: there is none */
view_style style_of(const dg_op *op);

/* "#RRGGBB" of "#rgb", "#rrggbb", "#rrggbbaa" or a colour's name of SVG and X11; NULL for anything else. `text` has
 * room for 8. */
const char *style_color(const char *words, char text[8]);
/* Red, green, blue of "#RRGGBB", 0 … 1. */
void style_rgb(const char *color, double rgb[3]);
double style_contrast(const char *a, const char *b); /* WCAG 2: 1 … 21 */
/* The colour, lighter or darker as far as it takes to have that contrast (1 … 4.5) with a ground. */
void style_lift(const char *color, const char *ground, double least, char text[8]);
#define DASH_REMOVED   "5,3"
#define DASH_CHANGED   "9,2,2,2"
#define LEAST_OF_LINES 3.0
#define LEAST_OF_TEXT  7.0              /* with the page: 4.5 with what is filled */
bool style_is_dark(const char *ground); /* white is read on it more easily than black */
/* Between two colours, 0 … 1. */
void style_mix(const char *low, const char *high, double place, char text[8]);

#endif
