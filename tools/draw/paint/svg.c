/* SVG. Every value is a number of ours, a colour that was checked, or text that was made safe: nothing of a graph's can
 * become markup. Text has its measured width as textLength, so that it is as wide with any font. */
#include "scene.h"

#include <ctype.h>
#include <string.h>

static void put_attribute(text *t, const char *name, double value)
{
    text_add(t, " %s=\"", name);
    text_number(t, value, 2);
    text_put(t, "\"");
}

static void put_paint(text *t, const shape *one)
{
    text_add(t, " fill=\"%s\"", one->fill ? one->fill : "none");
    if (!one->stroke)
        return;
    text_add(t, " stroke=\"%s\"", one->stroke);
    put_attribute(t, "stroke-width", one->line);
    if (*one->dash)
        text_add(t, " stroke-dasharray=\"%s\"", one->dash);
}

static void put_point(text *t, layout_point point)
{
    text_number(t, point.x, 2);
    text_put(t, ",");
    text_number(t, point.y, 2);
}

static void put_curve(text *t, const shape *one)
{
    text_put(t, "<path d=\"M");
    for (int k = 0; k < one->n; k++) {
        text_put(t, k == 0 ? "" : k == 1 ? "C" : " ");
        put_point(t, one->points[k]);
    }
    text_put(t, "\"");
    put_paint(t, one);
    text_put(t, "/>\n");
}

static void put_group(text *t, const scene *s, const shape *one)
{
    text_put(t, "<g");
    if (one->id)
        text_add(t, " id=\"%s-%s\"", s->prefix, one->id);
    text_put(t, " class=\"");
    text_xml(t, one->class);
    text_put(t, "\"");
    if (one->role) {
        text_add(t, " role=\"%s\"", one->role);
        if (one->name) {
            text_put(t, " aria-label=\"");
            text_xml(t, one->name);
            text_put(t, "\"");
        }
    }
    text_put(t, ">");
    if (one->name) {
        text_put(t, "<title>");
        text_xml(t, one->name);
        text_put(t, "</title>");
    }
    text_put(t, "\n");
}

static void put_text(text *t, const shape *one)
{
    text_put(t, "<text");
    put_attribute(t, "x", one->x);
    put_attribute(t, "y", one->y);
    put_attribute(t, "font-size", one->size);
    if (one->is_bold)
        text_put(t, " font-weight=\"bold\"");
    put_attribute(t, "textLength", one->width);
    text_add(t, " lengthAdjust=\"spacingAndGlyphs\" fill=\"%s\">", one->fill);
    text_xml(t, one->words);
    text_put(t, "</text>\n");
}

static void put_shape(text *t, const scene *s, const shape *one)
{
    switch (one->kind) {
    case SHAPE_RECTANGLE:
        text_put(t, "<rect");
        put_attribute(t, "x", one->x);
        put_attribute(t, "y", one->y);
        put_attribute(t, "width", one->width);
        put_attribute(t, "height", one->height);
        if (one->radius > 0)
            put_attribute(t, "rx", one->radius);
        put_paint(t, one);
        text_put(t, "/>\n");
        break;
    case SHAPE_ELLIPSE:
        text_put(t, "<ellipse");
        put_attribute(t, "cx", one->x);
        put_attribute(t, "cy", one->y);
        put_attribute(t, "rx", one->width);
        put_attribute(t, "ry", one->height);
        put_paint(t, one);
        text_put(t, "/>\n");
        break;
    case SHAPE_CURVE:
        put_curve(t, one);
        break;
    case SHAPE_POLYGON:
        text_put(t, "<polygon points=\"");
        for (int k = 0; k < one->n; k++) {
            text_put(t, k ? " " : "");
            put_point(t, one->points[k]);
        }
        text_put(t, "\"");
        put_paint(t, one);
        text_put(t, "/>\n");
        break;
    case SHAPE_TEXT:
        put_text(t, one);
        break;
    case SHAPE_BEGIN:
        put_group(t, s, one);
        break;
    case SHAPE_END:
        text_put(t, "</g>\n");
        break;
    }
}

void paint_svg(const scene *s, text *t)
{
    text_put(t, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"");
    text_number(t, s->width * s->scale, 2);
    text_put(t, "pt\" height=\"");
    text_number(t, s->height * s->scale, 2);
    text_put(t, "pt\" viewBox=\"0 0 ");
    text_number(t, s->width, 2);
    text_put(t, " ");
    text_number(t, s->height, 2);
    text_add(t,
             "\" role=\"graphics-document\" aria-labelledby=\"%s-title\" aria-describedby=\"%s-about\" "
             "font-family=\"Helvetica,Arial,'Liberation Sans',sans-serif\">\n<title id=\"%s-title\">",
             s->prefix, s->prefix, s->prefix);
    text_xml(t, s->title);
    text_add(t, "</title>\n<desc id=\"%s-about\">", s->prefix);
    text_xml(t, s->about);
    text_put(t, "</desc>\n<rect");
    put_attribute(t, "width", s->width);
    put_attribute(t, "height", s->height);
    text_add(t, " fill=\"%s\"/>\n", s->background);
    for (int k = 0; k < s->n; k++)
        put_shape(t, s, &s->shapes[k]);
    text_put(t, "</svg>\n");
}
