/* SVG. Every value is a number of ours, a colour that was checked, or text that was made safe: nothing of a graph's can
 * become markup. Text has its measured width as textLength, so that it is as wide with any font. */
#include "scene.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static void put_attribute(text *t, const char *name, double value)
{
    text_add(t, " %s=\"", name);
    text_number(t, value, 2);
    text_put(t, "\"");
}

bool svg_variable(int k, const char **light, const char **dark)
{
    const style_sheet *a = &style_light, *b = &style_dark;
    const char *const pairs[][2] = {
        {a->background, b->background}, {a->ink, b->ink},     {a->weak, b->weak},       {a->frame_fill, b->frame_fill},
        {a->frame, b->frame},           {a->fold, b->fold},   {a->skip, b->skip},       {a->gradient, b->gradient},
        {a->saved, b->saved},           {a->added, b->added}, {a->removed, b->removed}, {a->changed, b->changed}};
    enum { PAIRS = sizeof pairs / sizeof *pairs };
    if (k >= PAIRS + 2 * N_STYLES)
        return false;
    if (k < PAIRS) {
        *light = pairs[k][0];
        *dark = pairs[k][1];
        return true;
    }
    int family = (k - PAIRS) / 2;
    bool fill = (k - PAIRS) % 2 == 0;
    *light = fill ? a->families[family].fill : a->families[family].border;
    *dark = fill ? b->families[family].fill : b->families[family].border;
    return true;
}

bool svg_is_variable(const char *color)
{
    const char *light, *dark;
    for (int k = 0; svg_variable(k, &light, &dark); k++)
        if (strcmp(light, color) == 0)
            return true;
    return false;
}

bool svg_is_lifted(const scene *s, const shape *one, const char *color, char dark[8])
{
    double least = one->kind == SHAPE_TEXT ? LEAST_OF_TEXT : LEAST_OF_LINES;
    bool is_ground = color == one->fill && one->kind != SHAPE_TEXT && one->kind != SHAPE_POLYGON;
    if (!color || s->is_fixed || one->is_fixed || is_ground || svg_is_variable(color))
        return false;
    style_lift(color, style_dark.background, least, dark);
    return strcmp(color, dark) != 0;
}

/* As an attribute, or in HTML as a variable of the page, so that it can become dark, or light on what is dark then. */
static void put_color(const scene *s, text *t, const char *name, const char *color, const shape *of)
{
    const char *light, *dark;
    char lifted[8];
    for (int k = 0; s->is_html && !s->is_fixed && !of->is_fixed && color && svg_variable(k, &light, &dark); k++)
        if (strcmp(light, color) == 0) {
            text_add(t, "%s:var(--c%d);", name, k);
            return;
        }
    if (s->is_html && svg_is_lifted(s, of, color, lifted))
        text_add(t, "%s:var(--%c%s,%s);", name, of->kind == SHAPE_TEXT ? 't' : 'l', color + 1, color);
    else
        text_add(t, s->is_html ? "%s:%s;" : " %s=\"%s\"", name, color ? color : "none");
}

static void put_paint(const scene *s, text *t, const shape *one)
{
    text_put(t, s->is_html ? " style=\"" : "");
    put_color(s, t, "fill", one->fill, one);
    if (one->stroke)
        put_color(s, t, "stroke", one->stroke, one);
    text_put(t, s->is_html ? "\"" : "");
    if (!one->stroke)
        return;
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

static void put_curve(const scene *s, text *t, const shape *one)
{
    text_put(t, "<path d=\"M");
    for (int k = 0; k < one->n; k++) {
        text_put(t, k == 0 ? "" : k == 1 ? "C" : " ");
        put_point(t, one->points[k]);
    }
    text_put(t, "\"");
    put_paint(s, t, one);
    text_put(t, "/>\n");
}

/* For the search: a line each. */
static void put_names(text *t, dg_arena *arena, const char *names)
{
    text_put(t, " data-names=\"");
    for (const char *at = names; *at; at += strspn(at, NAME_END)) {
        size_t length = strcspn(at, NAME_END);
        text_put(t, at > names ? "&#10;" : "");
        text_xml(t, text_format(arena, "%.*s", (int)length, at));
        at += length;
    }
    text_put(t, "\"");
}

/* What an edge runs from and to: on a page the numbers of its boxes, for its script; in a file ids of groups. */
static void put_joined(text *t, const scene *s, const shape *one)
{
    if (s->is_html) {
        text_add(t, " data-from=\"%d\" data-to=\"%d\"", one->box, one->row);
        return;
    }
    int length = (int)strcspn(one->names, NAME_END);
    text_add(t, " data-from=\"%s-%.*s\" data-to=\"%s-%s\"", s->prefix, length, one->names, s->prefix,
             one->names + length + 1);
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
    if (s->is_html && one->role && one->box >= 0)
        text_add(t, " tabindex=\"0\" data-box=\"%d\"", one->box);
    if (s->is_html && one->role && one->names && *one->names)
        put_names(t, s->arena, one->names);
    if (!one->role && one->names && strncmp(one->class, "edge", 4) == 0)
        put_joined(t, s, one);
    if (s->is_html && one->module >= 0)
        text_add(t, "%s data-module=\"%d\"", one->box < 0 ? " tabindex=\"0\"" : "", one->module);
    text_put(t, ">");
    if (one->name) {
        text_put(t, "<title>");
        text_xml(t, one->name);
        text_put(t, "</title>");
    }
    text_put(t, "\n");
}

static void put_text(const scene *s, text *t, const shape *one)
{
    text_put(t, "<text");
    put_attribute(t, "x", one->x);
    put_attribute(t, "y", one->y);
    put_attribute(t, "font-size", one->size);
    if (one->is_bold)
        text_put(t, " font-weight=\"bold\"");
    put_attribute(t, "textLength", one->width);
    text_put(t, " lengthAdjust=\"spacingAndGlyphs\"");
    put_paint(s, t, one);
    text_put(t, ">");
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
        put_paint(s, t, one);
        text_put(t, "/>\n");
        break;
    case SHAPE_ELLIPSE:
        text_put(t, "<ellipse");
        put_attribute(t, "cx", one->x);
        put_attribute(t, "cy", one->y);
        put_attribute(t, "rx", one->width);
        put_attribute(t, "ry", one->height);
        put_paint(s, t, one);
        text_put(t, "/>\n");
        break;
    case SHAPE_CURVE:
        put_curve(s, t, one);
        break;
    case SHAPE_POLYGON:
        text_put(t, "<polygon points=\"");
        for (int k = 0; k < one->n; k++) {
            text_put(t, k ? " " : "");
            put_point(t, one->points[k]);
        }
        text_put(t, "\"");
        put_paint(s, t, one);
        text_put(t, "/>\n");
        break;
    case SHAPE_TEXT:
        if (*one->words)
            put_text(s, t, one);
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
    text_put(t, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    paint_svg_element(s, t);
}

void paint_svg_element(const scene *s, text *t)
{
    text_put(t, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"");
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
    put_paint(s, t, &(shape){.fill = s->background});
    text_put(t, "/>\n");
    for (int k = 0; k < s->n; k++)
        put_shape(t, s, &s->shapes[k]);
    text_put(t, "</svg>\n");
}
