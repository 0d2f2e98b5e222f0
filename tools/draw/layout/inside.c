/* Whether wires run through boxes; a wire between boxes of one module, which may swing out of it, is kept inside; and
 * what slants by little, because dot places in whole points and leaves room for labels, is straight. */
#include "layout.h"

#include <math.h>
#include <string.h>

enum { PIECES = 32 };
#define EDGE   3.0  /* points between a wire and the border of its module */
#define SLANT  6.0  /* points that a wire may be off, and be straight nevertheless */
#define CORNER 10.0 /* points that it stays away from a corner of a box */

bool layout_is_blocked(const view *v, const layout *made, const layout_point *p, int own)
{
    double left = fmin(fmin(p[0].x, p[1].x), fmin(p[2].x, p[3].x)) - 2;
    double right = fmax(fmax(p[0].x, p[1].x), fmax(p[2].x, p[3].x)) + 2;
    double top = fmin(fmin(p[0].y, p[1].y), fmin(p[2].y, p[3].y)) - 2;
    double bottom = fmax(fmax(p[0].y, p[1].y), fmax(p[2].y, p[3].y)) + 2;
    for (int b = 0; b < v->n_boxes; b++) {
        const layout_box *box = &made->boxes[b];
        if (v->boxes[b].is_gone || box->x > right || box->x + box->width < left || box->y > bottom ||
            box->y + box->height < top)
            continue;
        for (int k = 1; k < PIECES; k++) {
            layout_point at = layout_on_curve(p, (double)k / PIECES);
            double in = b == own || k < PIECES / 8 ? 1 : -2;
            if (at.x > box->x + in && at.x < box->x + box->width - in && at.y > box->y + in &&
                at.y < box->y + box->height - in)
                return true;
        }
    }
    return false;
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
        is_changed |= layout_distance(inside->points[k], at) > 0;
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

/* Where along the border of a box a wire across it may end. */
static bool may_end(const layout_box *box, double at, bool is_across)
{
    double begin = is_across ? box->y : box->x, length = is_across ? box->height : box->width;
    return box->form == FORM_BOX && at >= begin + CORNER && at <= begin + length - CORNER;
}

void layout_straighten(const view *v, layout *made)
{
    bool is_across = v->rankdir && strchr("LR", v->rankdir[0]);
    for (int w = 0; w < v->n_wires; w++) {
        const view_wire *of = &v->wires[w];
        layout_wire *wire = &made->wires[w];
        double least = INFINITY, most = -INFINITY;
        for (int k = 0; k < wire->n; k++) {
            double at = is_across ? wire->points[k].y : wire->points[k].x;
            least = fmin(least, at);
            most = fmax(most, at);
        }
        double middle = (least + most) / 2;
        if (of->is_gone || wire->n < 4 || most - least < 0.2 || most - least > SLANT ||
            !may_end(&made->boxes[of->from], middle, is_across) || !may_end(&made->boxes[of->to], middle, is_across))
            continue;
        layout_point first = wire->points[0], last = wire->points[wire->n - 1], line[4];
        *(is_across ? &first.y : &first.x) = middle;
        *(is_across ? &last.y : &last.x) = middle;
        layout_wire straight = {.n = 1, .points = line};
        line[0] = first;
        layout_line_to(&straight, last);
        if (layout_is_blocked(v, made, line, of->to))
            continue;
        memcpy(wire->points, line, sizeof line);
        wire->n = straight.n;
    }
}

static void move_right_down(const view *v, layout *made, double x, double y)
{
    for (int b = 0; b < v->n_boxes; b++) {
        made->boxes[b].x += x;
        made->boxes[b].y += y;
    }
    for (int w = 0; w < v->n_wires; w++) {
        layout_wire *wire = &made->wires[w];
        for (int k = 0; k < wire->n; k++)
            wire->points[k] = (layout_point){wire->points[k].x + x, wire->points[k].y + y};
        wire->label_at = (layout_point){wire->label_at.x + x, wire->label_at.y + y};
    }
    for (int m = 0; m < v->n_modules; m++) {
        made->modules[m].left += x;
        made->modules[m].right += x;
        made->modules[m].top += y;
        made->modules[m].bottom += y;
        made->modules[m].label_x += x;
        made->modules[m].label_y += y;
    }
    made->width += x;
    made->height += y;
}

void layout_make_room(const view *v, layout *made)
{
    double left = 0, top = 0, right = made->width, bottom = made->height;
    for (int w = 0; w < v->n_wires; w++)
        for (int k = 0; !v->wires[w].is_gone && k + 3 < made->wires[w].n; k += 3)
            for (int i = 0; i <= PIECES; i++) {
                layout_point at = layout_on_curve(made->wires[w].points + k, (double)i / PIECES);
                left = fmin(left, at.x);
                top = fmin(top, at.y);
                right = fmax(right, at.x);
                bottom = fmax(bottom, at.y);
            }
    made->width = right;
    made->height = bottom;
    if (left < 0 || top < 0)
        move_right_down(v, made, -left, -top);
}
