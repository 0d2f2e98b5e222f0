/* Graphviz knows a stack as one box: a wire that comes in, or goes out, at its side may be beside any of its rows. The
 * end is moved to the row that it is of. And a wire between boxes of one module may swing out of it: it is kept inside.
 */
#include "layout.h"

#include <math.h>
#include <string.h>

enum { PIECES = 32 };
#define NEAR   1.5  /* points */
#define EDGE   3.0  /* points between a wire and the border of its module */
#define AROUND 14.0 /* points that a wire takes to come to a side straight on */

/* The upper and lower edge of a row. */
static void row_place(const view *v, const layout *made, int b, int row, double *top, double *bottom)
{
    const view_box *box = &v->boxes[b];
    double y = made->boxes[b].y;
    for (int k = 0; k < box->n_rows; k++) {
        int r = box->is_upwards ? box->n_rows - 1 - k : k;
        double height = made->boxes[b].rows[r].height;
        if (r == row) {
            *top = y;
            *bottom = y + height;
            return;
        }
        y += height;
    }
    *top = made->boxes[b].y;
    *bottom = y;
}

static double distance(layout_point a, layout_point b)
{
    return hypot(a.x - b.x, a.y - b.y);
}

layout_point layout_on_curve(const layout_point *p, double t)
{
    double s = 1 - t, a = s * s * s, b = 3 * s * s * t, c = 3 * s * t * t, d = t * t * t;
    return (layout_point){a * p[0].x + b * p[1].x + c * p[2].x + d * p[3].x,
                          a * p[0].y + b * p[1].y + c * p[2].y + d * p[3].y};
}

bool layout_is_blocked(const view *v, const layout *made, const layout_point *p, int own)
{
    for (int k = 1; k < PIECES; k++) {
        layout_point at = layout_on_curve(p, (double)k / PIECES);
        for (int b = 0; b < v->n_boxes; b++) {
            const layout_box *box = &made->boxes[b];
            double in = b == own || k < PIECES / 8 ? 1 : -2;
            if (!v->boxes[b].is_gone && at.x > box->x + in && at.x < box->x + box->width - in && at.y > box->y + in &&
                at.y < box->y + box->height - in)
                return true;
        }
    }
    return false;
}

/* Where a wire meets the row, in the middle of a side: false where it does already, or the box has but one. */
static bool find_end(const view *v, const layout *made, int b, int row, const layout_point *p, layout_point *end)
{
    const layout_box *box = &made->boxes[b];
    double top, bottom, right = box->x + box->width;
    if (v->boxes[b].n_rows < 2 || box->form != FORM_BOX)
        return false;
    row_place(v, made, b, row, &top, &bottom);
    if (p->y >= top - NEAR && p->y <= bottom + NEAR)
        return false;
    *end = (layout_point){p->x - box->x < right - p->x ? box->x : right, (top + bottom) / 2};
    return true;
}

/* A curve from a point of the wire, in its direction there, that comes to the end straight on: the widest of some that
 * runs through no box. */
static bool find_curve(const view *v, const layout *made, const layout_point *p, int from, int b, double side,
                       layout_point end, layout_point curve[4])
{
    static const struct {
        double along, reach;
    } ways[] = {{0.33, 28}, {0.5, 14}, {0.7, 14}, {0.7, 8}, {0.9, 8}};
    int before = from ? from - 1 : 0, after = from ? from : 1;
    while (from ? before > 0 && distance(p[before], p[after]) < 1 : after < 3 && distance(p[before], p[after]) < 1)
        from ? before-- : after++;
    double x = p[after].x - p[before].x, y = p[after].y - p[before].y, size = fmax(hypot(x, y), 1e-6);
    double length = distance(p[from], end);
    for (size_t k = 0; k < sizeof ways / sizeof *ways; k++) {
        double along = ways[k].along * length / size, reach = fmin(length / 3, ways[k].reach);
        curve[0] = p[from];
        curve[1] = (layout_point){p[from].x + x * along, p[from].y + y * along};
        curve[2] = (layout_point){end.x + side * reach, end.y};
        curve[3] = end;
        if (!layout_is_blocked(v, made, curve, b))
            return true;
    }
    return false;
}

/* The wire's last end to the row: its last curves become one. */
static void move_end(const view *v, const layout *made, int b, int row, layout_wire *wire)
{
    layout_point *p = wire->points, end, curve[4];
    int last = wire->n - 1, from = last - 3;
    if (!find_end(v, made, b, row, &p[last], &end))
        return;
    double moved = distance(end, p[last]);
    double side = end.x > made->boxes[b].x + 1 ? 1 : -1;
    while (from > 0 && distance(p[from], end) < 2 * moved + AROUND)
        from -= 3;
    while (from >= 0 && !find_curve(v, made, p, from, b, side, end, curve))
        from -= 3;
    if (from < 0)
        return;
    for (int k = 1; k < 4; k++)
        p[from + k] = curve[k];
    wire->n = from + 4;
    wire->has_label = false; /* Graphviz's place for it was beside the wire as it was */
}

static void turn(layout_wire *wire)
{
    for (int k = 0; k < wire->n / 2; k++) {
        layout_point point = wire->points[k];
        wire->points[k] = wire->points[wire->n - 1 - k];
        wire->points[wire->n - 1 - k] = point;
    }
}

void layout_meet_rows(const view *v, layout *made)
{
    for (int w = 0; w < v->n_wires; w++) {
        const view_wire *wire = &v->wires[w];
        layout_wire *place = &made->wires[w];
        if (wire->is_gone || place->n < 4)
            continue;
        move_end(v, made, wire->to, wire->to_row, place);
        turn(place);
        move_end(v, made, wire->from, wire->from_row, place);
        turn(place);
    }
}

/* Whether the wire runs through a box, or close by one that it is not of. */
static bool wire_is_blocked(const view *v, const layout *made, const view_wire *of, const layout_wire *wire)
{
    for (int k = 0; k + 3 < wire->n; k += 3)
        if (layout_is_blocked(v, made, wire->points + k, k ? of->to : of->from))
            return true;
    return false;
}

static layout_point moved_inside(layout_point at, const layout_module *module)
{
    return (layout_point){fmin(fmax(at.x, module->left + EDGE), module->right - EDGE),
                          fmin(fmax(at.y, module->top + EDGE), module->bottom - EDGE)};
}

/* A control point is moved towards the end of its curve that it belongs to: the wire stays smooth there. */
static layout_point drawn_inside(layout_point at, layout_point end, const layout_module *module)
{
    layout_point inside = moved_inside(at, module);
    double left = 1;
    if (inside.x != at.x)
        left = fmin(left, (inside.x - end.x) / (at.x - end.x));
    if (inside.y != at.y)
        left = fmin(left, (inside.y - end.y) / (at.y - end.y));
    left = fmax(left, 0);
    return (layout_point){end.x + left * (at.x - end.x), end.y + left * (at.y - end.y)};
}

/* The wire inside the module, in `inside`; false: it is already. */
static bool bring_inside(const layout_wire *wire, const layout_module *module, bool is_smooth, layout_wire *inside)
{
    bool is_changed = false;
    for (int k = 3; k < wire->n - 1; k += 3)
        inside->points[k] = moved_inside(wire->points[k], module);
    for (int k = 0; k < wire->n; k++) {
        layout_point at = wire->points[k];
        if (k % 3)
            inside->points[k] = is_smooth ? drawn_inside(at, inside->points[k % 3 == 1 ? k - 1 : k + 1], module)
                                          : moved_inside(at, module);
        is_changed |= distance(inside->points[k], at) > 0;
    }
    return is_changed;
}

bool layout_keep_inside(const view *v, layout *made)
{
    for (int w = 0; w < v->n_wires; w++) {
        const view_wire *of = &v->wires[w];
        layout_wire *wire = &made->wires[w];
        int module = view_common_module(v, v->boxes[of->from].module, v->boxes[of->to].module);
        if (of->is_gone || wire->n < 4 || module < 0 || !made->modules[module].is_placed)
            continue;
        layout_wire inside = *wire;
        inside.points = dg_arena_alloc(v->arena, (size_t)wire->n * sizeof *inside.points);
        if (!inside.points)
            return false;
        memcpy(inside.points, wire->points, (size_t)wire->n * sizeof *inside.points);
        if (!bring_inside(wire, &made->modules[module], true, &inside))
            continue;
        if (wire_is_blocked(v, made, of, &inside))
            bring_inside(wire, &made->modules[module], false, &inside);
        if (wire_is_blocked(v, made, of, wire) || !wire_is_blocked(v, made, of, &inside))
            *wire = inside;
    }
    return true;
}
