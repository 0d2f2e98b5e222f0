/* A view and its layout as shapes: modules, then wires, then boxes, then what is written on wires and modules. */
#include "scene.h"

#include "tools/draw/font/font.h"
#include "tools/draw/math/math.h"

#include <math.h>
#include <string.h>

#define ARROW  6.0
#define CORNER 6.0 /* radius */

typedef struct composing {
    scene *s;
    view *v;
    const layout *made;
    const compose_options *options;
    double dx, dy; /* of the picture below its heading */
} composing;

/* ---- colours ---- */

static const char *fill_of(composing *c, const view_row *row)
{
    const style_sheet *sheet = c->options->sheet;
    char made[8];
    if (row->looks.fill)
        return row->looks.fill;
    if (c->v->heat_title) {
        double low = c->v->heat_low, high = c->v->heat_high, heat = row->heat_most;
        if (!row->has_heat)
            return sheet->background;
        double place = c->v->heat_is_log ? (heat > 0 && high > low ? log(heat / low) / log(high / low) : 0)
                       : high > low      ? (heat - low) / (high - low)
                                         : 0;
        style_mix(sheet->heat_low, sheet->heat_high, place, made);
        return text_format(c->s->arena, "%s", made);
    }
    return sheet->families[row->style].fill;
}

static const char *ink_on(composing *c, const view_row *row, const char *fill, bool weak)
{
    const style_sheet *sheet = c->options->sheet;
    const char *ink = row->looks.fontcolor                ? row->looks.fontcolor
                      : c->v->heat_title && row->has_heat ? sheet->heat_ink
                      : weak                              ? sheet->weak
                                                          : sheet->ink;
    if (style_contrast(ink, fill) >= 4.5)
        return ink;
    if (!row->looks.fontcolor && style_contrast(sheet->ink, fill) >= 4.5)
        return sheet->ink;
    return style_contrast("#000000", fill) >= style_contrast("#FFFFFF", fill) ? "#000000" : "#FFFFFF";
}

/* A colour that the author of a file has chosen for lines, most likely on white, as it is seen on a dark ground. */
static const char *line_color(composing *c, const char *own)
{
    char made[8];
    if (c->v->background || !style_is_dark(c->options->sheet->background))
        return own;
    style_lift(own, c->options->sheet->background, LEAST_OF_LINES, made);
    return text_format(c->s->arena, "%s", made);
}

/* Of the author's style, where it says so; else as it was. */
static void take_dash(const char *style, const char **dash)
{
    if (style && strstr(style, "dashed"))
        *dash = "5,3";
    else if (style && strstr(style, "dotted"))
        *dash = "1.5,2.5";
}

/* Marks differ without colours, too. */
static const char *mark_dash(view_mark mark)
{
    return mark == MARK_REMOVED ? DASH_REMOVED : mark == MARK_CHANGED ? DASH_CHANGED : "";
}

static const char *border_of(composing *c, const view_row *row, double *line, const char **dash)
{
    const style_sheet *sheet = c->options->sheet;
    *line = row->style == STYLE_INPUT || row->is_output ? 1.8 : 1.2;
    *dash = sheet->families[row->style].dash;
    if (row->looks.penwidth > 0)
        *line = row->looks.penwidth;
    take_dash(row->looks.style, dash);
    if (row->mark == MARK_ADDED || row->mark == MARK_REMOVED || row->mark == MARK_CHANGED) {
        *line = 2.6;
        *dash = mark_dash(row->mark);
        return row->mark == MARK_ADDED ? sheet->added : row->mark == MARK_REMOVED ? sheet->removed : sheet->changed;
    }
    if (strcmp(row->shares, "again") == 0)
        *dash = "3,2";
    if (row->looks.color)
        return line_color(c, row->looks.color);
    return row->is_output ? sheet->ink : sheet->families[row->style].border;
}

/* ---- boxes ---- */

static void put_lines(composing *c, const view_row *row, const layout_row *lines, double left, double top, double width,
                      double height, bool centred, const char *fill)
{
    double all = 0;
    for (int k = 0; k < lines->n_lines; k++)
        all += lines->lines[k].height;
    double y = top + (height - all) / 2;
    int first = c->s->n;
    for (int k = 0; k < lines->n_lines; k++) {
        const layout_line *line = &lines->lines[k];
        double x = centred ? left + (width - line->width) / 2 : left + 7;
        double head = line->math ? line->math->width : font_width(line->head, line->size, line->is_bold);
        const char *ink = ink_on(c, row, fill, line->is_weak);
        if (line->math)
            scene_math(c->s, x, y + line->base, line->math, line->size, ink);
        else
            scene_text(c->s, x, y + line->base, line->head, line->size, line->is_bold, ink);
        if (*line->tail)
            scene_text(c->s, x + head + 5, y + line->base, line->tail, SIZE_DETAIL, false, ink_on(c, row, fill, true));
        y += line->height;
    }
    scene_fix(c->s, first, fill);
}

/* The radius of a box's corners on the outside. */
static double corner_of(const view_box *box, box_form form)
{
    const view_row *row = box->rows;
    if (row->style == STYLE_PARAMETER || box->n_rows > 1 || form != FORM_BOX ||
        (row->looks.shape && strcmp(row->looks.shape, "box") == 0 && row->looks.style &&
         !strstr(row->looks.style, "rounded")))
        return 0;
    return layout_is_double(box) ? CORNER + 3 : CORNER;
}

static void put_frame(composing *c, const view_box *box, const view_row *row, double x, double y, double width,
                      double height, box_form form)
{
    double line;
    const char *dash, *border = border_of(c, row, &line, &dash), *fill = fill_of(c, row);
    bool is_square = corner_of(box, form) == 0, is_double = layout_is_double(box);
    shape frame = {.kind = SHAPE_RECTANGLE,
                   .x = x,
                   .y = y,
                   .width = width,
                   .height = height,
                   .radius = is_square ? 0 : CORNER,
                   .fill = fill,
                   .stroke = border,
                   .line = line,
                   .dash = dash};
    if (form == FORM_CIRCLE || form == FORM_ELLIPSE) {
        frame.kind = SHAPE_ELLIPSE;
        frame.x = x + width / 2;
        frame.y = y + height / 2;
        frame.width = width / 2;
        frame.height = height / 2;
    }
    if (is_double && form == FORM_BOX) {
        shape outer = frame;
        outer.radius = corner_of(box, form);
        outer.fill = c->options->sheet->background;
        scene_add(c->s, outer);
        frame.x += 3;
        frame.y += 3;
        frame.width -= 6;
        frame.height -= 6;
    }
    scene_add(c->s, frame);
    if (row->mark == MARK_SAVED)
        scene_add(c->s, (shape){.kind = SHAPE_RECTANGLE,
                                .x = x + width - 8,
                                .y = y + 3,
                                .width = 5,
                                .height = 5,
                                .fill = c->options->sheet->gradient});
}

static const char *node_class(const composing *c, const view_box *box, const view_row *row)
{
    static const char *const marks[] = {"", " added", " removed", " changed", " saved"};
    return text_format(c->s->arena, "node %s%s%s", row->node ? dg_node_op(row->node)->family : "module",
                       box->kind == BOX_MODULE ? " closed" : "", marks[row->mark]);
}

static const char *row_title(composing *c, const view_row *row)
{
    const char *alt = view_alt(c->v, row);
    if (row->looks.tooltip)
        return text_format(c->s->arena, "%s, %s", alt, row->looks.tooltip);
    return alt;
}

/* The module of the network that a module, or a fold in its place, shows; −1: a fold of more than one. */
static int module_of(const view *v, int module)
{
    return v->modules[module].is_fold ? v->modules[module].instead : module;
}

static const char *box_id(const composing *c, int b, int row)
{
    return c->v->boxes[b].n_rows > 1 ? text_format(c->s->arena, "node-%d-%d", b, row)
                                     : text_format(c->s->arena, "node-%d", b);
}

static void put_box(composing *c, int b)
{
    const view_box *box = &c->v->boxes[b];
    const layout_box *place = &c->made->boxes[b];
    double x = place->x + c->dx, y = place->y + c->dy;
    if (box->n_rows > 1)
        scene_begin(c->s, "stack", text_format(c->s->arena, "stack-%d", b), NULL, NULL, b, -1, -1);
    for (int k = 0; k < box->n_rows; k++) {
        int r = box->is_upwards ? box->n_rows - 1 - k : k;
        const view_row *row = &box->rows[r];
        double height = box->n_rows > 1 ? place->rows[r].height : place->height;
        scene_begin(c->s, box->kind == BOX_ENTRY ? "entry" : node_class(c, box, row), box_id(c, b, r),
                    box->kind == BOX_ENTRY ? "entry of the module" : row_title(c, row), "graphics-symbol", b, r,
                    box->kind == BOX_MODULE ? module_of(c->v, box->closed) : -1);
        if (!c->s->failed && box->kind != BOX_MODULE)
            c->s->shapes[c->s->n - 1].names = row->names ? row->names : row->name;
        if (place->form == FORM_DOT) {
            scene_add(c->s, (shape){.kind = SHAPE_ELLIPSE,
                                    .x = x + 3,
                                    .y = y + 3,
                                    .width = 2.6,
                                    .height = 2.6,
                                    .fill = c->options->sheet->weak});
        } else {
            put_frame(c, box, row, x, y, place->width, height, place->form);
            put_lines(c, row, &place->rows[r], x, y, place->width, height, box->n_rows == 1, fill_of(c, row));
        }
        scene_end(c->s);
        y += height;
    }
    if (box->n_rows > 1)
        scene_end(c->s);
}

/* ---- wires ---- */

static double distance(layout_point a, layout_point b)
{
    return hypot(a.x - b.x, a.y - b.y);
}

static layout_point between(layout_point a, layout_point b, double t)
{
    return (layout_point){a.x + (b.x - a.x) * t, a.y + (b.y - a.y) * t};
}

/* Cuts curves so that they end where they come as near as `length` to their end; returns how many points are left. */
static int shorten(layout_point *points, int n, double length)
{
    enum { PIECES = 64, HALVES = 12 };
    layout_point tip = points[n - 1], first[4];
    while (n > 4 && distance(points[n - 4], tip) < length)
        n -= 3;
    layout_point *last = points + n - 4;
    double far = 1;
    while (far > 0.05 && distance(layout_on_curve(last, far), tip) < length)
        far -= 1.0 / PIECES;
    double near = fmin(far + 1.0 / PIECES, 1);
    for (int k = 0; k < HALVES; k++) {
        double middle = (far + near) / 2;
        *(distance(layout_on_curve(last, middle), tip) < length ? &near : &far) = middle;
    }
    layout_split_curve(last, far, first);
    for (int k = 0; k < 4; k++)
        last[k] = first[k];
    return n;
}

static void wire_look(composing *c, const view_wire *wire, const char **color, double *line, const char **dash)
{
    const style_sheet *sheet = c->options->sheet;
    *color = sheet->weak;
    *line = 1.1;
    *dash = "";
    if (wire->kind == WIRE_PARAMETER)
        *color = sheet->families[STYLE_PARAMETER].border;
    if (wire->kind == WIRE_GRADIENT) {
        *color = sheet->gradient;
        *dash = "5,3";
    }
    if (wire->kind == WIRE_SAVED) {
        *color = sheet->saved;
        *dash = "1.5,3";
    }
    if (wire->is_skip) {
        *color = sheet->skip;
        *line = 1.6;
        *dash = sheet->skip_dash;
    }
    if (wire->mark == MARK_ADDED || wire->mark == MARK_REMOVED || wire->mark == MARK_CHANGED) {
        *color = wire->mark == MARK_ADDED ? sheet->added : wire->mark == MARK_REMOVED ? sheet->removed : sheet->changed;
        *line = 2.2;
        *dash = mark_dash(wire->mark);
    }
    if (wire->color)
        *color = line_color(c, wire->color);
    if (wire->penwidth > 0)
        *line = wire->penwidth;
    take_dash(wire->style, dash);
}

static const char *row_name(const view_row *row)
{
    return *row->name ? row->name : row->op;
}

/* For the layout, boxes have sharp corners: an end at a corner is moved to where it is round, and `next` along. */
static void meet_corner(const composing *c, int b, layout_point *end, layout_point *next)
{
    const layout_box *box = &c->made->boxes[b];
    double radius = corner_of(&c->v->boxes[b], box->form), left = box->x + c->dx + radius,
           top = box->y + c->dy + radius;
    layout_point middle = {fmin(fmax(end->x, left), left + box->width - 2 * radius),
                           fmin(fmax(end->y, top), top + box->height - 2 * radius)};
    double away = distance(middle, *end);
    if (radius == 0 || away <= radius || middle.x == end->x || middle.y == end->y)
        return;
    layout_point moved = between(middle, *end, radius / away);
    next->x += moved.x - end->x;
    next->y += moved.y - end->y;
    *end = moved;
}

static void put_wire(composing *c, int w)
{
    const view_wire *wire = &c->v->wires[w];
    const layout_wire *place = &c->made->wires[w];
    const char *color, *dash;
    double line;
    layout_point *points = dg_arena_alloc(c->s->arena, (size_t)(place->n + 1) * sizeof *points);
    layout_point *arrow = dg_arena_alloc(c->s->arena, 3 * sizeof *arrow);
    if (place->n < 4 || !points || !arrow)
        return;
    wire_look(c, wire, &color, &line, &dash);
    for (int k = 0; k < place->n; k++)
        points[k] = (layout_point){place->points[k].x + c->dx, place->points[k].y + c->dy};
    meet_corner(c, wire->from, &points[0], &points[1]);
    meet_corner(c, wire->to, &points[place->n - 1], &points[place->n - 2]);
    layout_point tip = points[place->n - 1];
    int n = place->n;
    if (c->v->boxes[wire->to].kind != BOX_ENTRY)
        n = shorten(points, n, ARROW - 0.5);
    layout_point back = points[n - 1];
    double length = fmax(distance(back, tip), 1e-6), x = (tip.x - back.x) / length, y = (tip.y - back.y) / length;
    arrow[0] = tip;
    arrow[1] = (layout_point){tip.x - ARROW * x + 2.3 * y, tip.y - ARROW * y - 2.3 * x};
    arrow[2] = (layout_point){tip.x - ARROW * x - 2.3 * y, tip.y - ARROW * y + 2.3 * x};
    const view_row *from = &c->v->boxes[wire->from].rows[wire->from_row],
                   *to = &c->v->boxes[wire->to].rows[wire->to_row];
    const char *name = text_format(c->s->arena, "%s → %s%s%s, %s", row_name(from), row_name(to),
                                   *wire->argument ? "." : "", wire->argument, wire->shape ? wire->shape : "");
    if (wire->tooltip)
        name = text_format(c->s->arena, "%s, %s", name, wire->tooltip);
    scene_begin(c->s, wire->is_skip ? "edge skip" : "edge", text_format(c->s->arena, "edge-%d", w), name, NULL,
                wire->from, wire->to, -1);
    if (!c->s->failed)
        c->s->shapes[c->s->n - 1].names = text_format(c->s->arena, "%s%s%s", box_id(c, wire->from, wire->from_row),
                                                      NAME_END, box_id(c, wire->to, wire->to_row));
    scene_add(c->s,
              (shape){.kind = SHAPE_CURVE, .n = n, .points = points, .stroke = color, .line = line, .dash = dash});
    if (c->v->boxes[wire->to].kind != BOX_ENTRY)
        scene_add(c->s, (shape){.kind = SHAPE_POLYGON, .n = 3, .points = arrow, .fill = color, .stroke = NULL});
    if (place->has_label && place->label)
        scene_text(c->s, place->label_at.x + c->dx - place->label_width / 2,
                   place->label_at.y + c->dy + SIZE_LABEL * 0.35, place->label, SIZE_LABEL, false,
                   wire->fontcolor && style_contrast(wire->fontcolor, c->s->background) >= 4.5
                       ? wire->fontcolor
                       : c->options->sheet->weak);
    scene_end(c->s);
}

/* ---- modules ---- */

static void put_module(composing *c, int m)
{
    const view_module *module = &c->v->modules[m];
    const layout_module *place = &c->made->modules[m];
    const style_sheet *sheet = c->options->sheet;
    bool many = module->times > 1;
    const char *dash = "";
    double x = place->label_x + c->dx, y = place->label_y + c->dy;
    if (!place->is_placed)
        return;
    const char *name =
        text_format(c->s->arena, "module %s%s%s", *module->name ? module->name : view_module_label(module),
                    *place->times ? " " : "", place->times);
    if (*module->sizes)
        name = text_format(c->s->arena, "%s, %s", name, module->sizes);
    if (module->tooltip)
        name = text_format(c->s->arena, "%s, %s", name, module->tooltip);
    take_dash(module->style, &dash);
    scene_begin(c->s, "cluster", text_format(c->s->arena, "module-%d", m), name, "group", -1, -1,
                module->is_fold ? -1 : m);
    scene_add(c->s, (shape){.kind = SHAPE_RECTANGLE,
                            .x = place->left + c->dx,
                            .y = place->top + c->dy,
                            .width = place->right - place->left,
                            .height = place->bottom - place->top,
                            .radius = 8,
                            .fill = module->fill ? module->fill : sheet->frame_fill,
                            .stroke = module->color ? line_color(c, module->color)
                                      : many        ? sheet->fold
                                                    : sheet->frame,
                            .line = module->penwidth > 0 ? module->penwidth
                                    : many               ? 1.4
                                                         : 1,
                            .dash = dash});
    const char *ink = module->fontcolor ? module->fontcolor : sheet->ink;
    const char *ground = module->fill ? module->fill : sheet->frame_fill;
    if (style_contrast(ink, ground) < 4.5)
        ink = style_is_dark(ground) ? "#FFFFFF" : "#000000";
    int first = c->s->n;
    scene_text(c->s, x, y, place->label, SIZE_MODULE, true, ink);
    x += *place->label ? font_width(place->label, SIZE_MODULE, true) + 5 : 0;
    scene_text(c->s, x, y, place->times, SIZE_MODULE, true, sheet->fold);
    x += font_width(place->times, SIZE_MODULE, true) + 6;
    scene_text(c->s, x, y, place->sizes, SIZE_DETAIL, false, sheet->weak);
    scene_fix(c->s, first, ground);
    scene_end(c->s);
}

static void put_modules(composing *c, int parent)
{
    for (int m = 0; m < c->v->n_modules; m++)
        if (c->v->modules[m].parent == parent && c->made->modules[m].is_placed) {
            put_module(c, m);
            put_modules(c, m);
        }
}

void scene_compose(scene *s, view *v, const layout *made, const compose_options *options)
{
    composing c = {s, v, made, options, 12, 12};
    double widest = made->width > 420 ? made->width : 420;
    s->background = v->background ? v->background : options->sheet->background;
    s->is_fixed = v->background || options->sheet != &style_light;
    double height = scene_heading(s, v, options, widest);
    s->width = fmax(s->width, made->width + 24);
    c.dx = fmax(12, height > 0 ? 12 + (s->width - 24 - made->width) / 2 : 12);
    c.dy += height;
    put_modules(&c, -1);
    for (int w = 0; w < v->n_wires; w++)
        if (!v->wires[w].is_gone)
            put_wire(&c, w);
    for (int b = 0; b < v->n_boxes; b++)
        if (!v->boxes[b].is_gone)
            put_box(&c, b);
    s->height = c.dy + made->height + 12;
}
