/* Graphviz knows a stack as one box: a wire that comes in, or goes out, may be beside any of its rows. The end is moved
 * to the row that it is of: in a curve where that runs through no box, else along the edge of the stack. */
#include "layout.h"

#include <math.h>
#include <string.h>

#define NEAR   1.5  /* points */
#define AROUND 14.0 /* points that a wire takes to come to a side straight on */
#define BEND   6.0
enum { MOST_ENDS = 3, MOST_AROUND = 54 }; /* points of a way around a box */

/* A wire's last end, which is to be moved. */
typedef struct ending {
    const view *v;
    const layout *made;
    int b;              /* its box */
    double top, bottom; /* of the row */
    bool is_first, is_last;
    layout_wire *wire;
    const layout_module *within; /* what the wire is not to leave; NULL */
} ending;

/* Where it may end, and the direction away from the box there. */
typedef struct landing {
    layout_point at;
    double x, y;
} landing;

static void row_place(ending *e, int row)
{
    const view_box *box = &e->v->boxes[e->b];
    const layout_box *place = &e->made->boxes[e->b];
    int shown = box->is_upwards ? box->n_rows - 1 - row : row;
    e->is_first = shown == 0;
    e->is_last = shown == box->n_rows - 1;
    e->top = place->y;
    for (int k = 0; k < shown; k++)
        e->top += place->rows[box->is_upwards ? box->n_rows - 1 - k : k].height;
    e->bottom = e->top + place->rows[row].height;
}

/* Whether the point is at the row: at its side, or above the first or below the last row. */
static bool meets(const ending *e, layout_point p)
{
    const layout_box *box = &e->made->boxes[e->b];
    double top = e->is_first ? e->top - NEAR : e->top + NEAR, bottom = e->is_last ? e->bottom + NEAR : e->bottom - NEAR;
    if (p.x > box->x + NEAR && p.x < box->x + box->width - NEAR)
        return (e->is_first && p.y <= box->y + NEAR) || (e->is_last && p.y >= box->y + box->height - NEAR);
    return p.y >= top && p.y <= bottom;
}

static bool is_stack(const view *v, const layout *made, int b)
{
    return v->boxes[b].n_rows > 1 && made->boxes[b].form == FORM_BOX;
}

int layout_strays(view *v, const layout *made, int b, bool is_upwards, const view_fan *in, const view_fan *out)
{
    bool was = v->boxes[b].is_upwards;
    int count = 0;
    v->boxes[b].is_upwards = is_upwards;
    for (int turn = 0; turn < 2 && is_stack(v, made, b); turn++) {
        const view_fan *fan = turn ? out : in;
        for (int i = fan->first[b]; i < fan->first[b + 1]; i++) {
            const view_wire *of = &v->wires[fan->wires[i]];
            const layout_wire *wire = &made->wires[fan->wires[i]];
            ending e = {.v = v, .made = made, .b = b};
            if (of->is_gone || wire->n < 4)
                continue;
            row_place(&e, turn ? of->from_row : of->to_row);
            count += meets(&e, wire->points[turn ? 0 : wire->n - 1]) ? 0 : of->is_loose ? 1 : 2;
        }
    }
    v->boxes[b].is_upwards = was;
    return count;
}

/* The row's sides, the nearer one first; and the edge above the first, or below the last. */
static int list_landings(const ending *e, layout_point p, landing list[MOST_ENDS])
{
    const layout_box *box = &e->made->boxes[e->b];
    double right = box->x + box->width, y = (e->top + e->bottom) / 2;
    bool is_left = p.x - box->x < right - p.x;
    int n = 0;
    list[n++] = (landing){{is_left ? box->x : right, y}, is_left ? -1 : 1, 0};
    list[n++] = (landing){{is_left ? right : box->x, y}, is_left ? 1 : -1, 0};
    if (e->is_first || e->is_last)
        list[n++] = (landing){
            {fmin(fmax(p.x, box->x + AROUND), fmax(right - AROUND, box->x + AROUND)), e->is_first ? e->top : e->bottom},
            0,
            e->is_first ? -1 : 1};
    return n;
}

/* The wire's direction at point number `from` of it, of length 1. */
static layout_point direction(const layout_point *p, int from)
{
    int before = from ? from - 1 : 0, after = from ? from : 1;
    while (from ? before > 0 && layout_distance(p[before], p[after]) < 1
                : after < 3 && layout_distance(p[before], p[after]) < 1)
        from ? before-- : after++;
    double x = p[after].x - p[before].x, y = p[after].y - p[before].y, size = fmax(hypot(x, y), 1e-6);
    return (layout_point){x / size, y / size};
}

/* Whether the curve runs through a box, or leaves the module that it is to stay in. */
static bool is_barred(const ending *e, const layout_point *curve)
{
    enum { STEPS = 16 };
    for (int k = 1; e->within && k < STEPS; k++) {
        layout_point at = layout_on_curve(curve, (double)k / STEPS);
        if (at.x < e->within->left + 1 || at.x > e->within->right - 1 || at.y < e->within->top + 1 ||
            at.y > e->within->bottom - 1)
            return true;
    }
    return layout_is_blocked(e->v, e->made, curve, e->b);
}

/* A curve from a point of the wire, in its direction there, that comes to its end straight on: the widest of some that
 * runs through no box. */
static bool find_curve(const ending *e, int from, const landing *to, layout_point curve[4])
{
    static const struct {
        double along, reach;
    } ways[] = {{0.33, 28}, {0.5, 14}, {0.7, 14}, {0.7, 8}, {0.9, 8}};
    layout_point begin = e->wire->points[from], way = direction(e->wire->points, from);
    double length = layout_distance(begin, to->at);
    for (size_t k = 0; k < sizeof ways / sizeof *ways; k++) {
        double along = ways[k].along * length, reach = fmin(length / 3, ways[k].reach);
        curve[0] = begin;
        curve[1] = (layout_point){begin.x + way.x * along, begin.y + way.y * along};
        curve[2] = (layout_point){to->at.x + to->x * reach, to->at.y + to->y * reach};
        curve[3] = to->at;
        if (!is_barred(e, curve))
            return true;
    }
    return false;
}

/* The last curves of the wire, from point number `from` on, become one. */
static bool curve_to(const ending *e, const landing *to)
{
    const layout_wire *wire = e->wire;
    layout_point curve[4], was = wire->points[wire->n - 1];
    int from = wire->n - 4;
    double moved = layout_distance(to->at, was);
    while (from > 0 && layout_distance(wire->points[from], to->at) < 2 * moved + AROUND)
        from -= 3;
    while (from >= 0 && !find_curve(e, from, to, curve))
        from -= 3;
    if (from < 0)
        return false;
    memcpy(wire->points + from + 1, curve + 1, 3 * sizeof *curve);
    e->wire->n = from + 4;
    return true;
}

static bool is_within(layout_point p, double left, double top, double right, double bottom)
{
    return p.x > left && p.x < right && p.y > top && p.y < bottom;
}

/* What of the wire is outside of the box and `apart` points around it, up to where it comes in for the last time:
 * false if it begins inside. */
static bool keep_outside(const ending *e, double apart, layout_wire *kept)
{
    enum { STEPS = 64 };
    const layout_box *box = &e->made->boxes[e->b];
    const layout_wire *wire = e->wire;
    double left = box->x - apart, top = box->y - apart, right = box->x + box->width + apart,
           bottom = box->y + box->height + apart;
    for (int from = wire->n - 4; from >= 0; from -= 3)
        for (int k = STEPS - 1; k >= 0; k--)
            if (!is_within(layout_on_curve(wire->points + from, (double)k / STEPS), left, top, right, bottom)) {
                layout_point rest[4], first[4];
                memcpy(rest, wire->points + from, sizeof rest);
                memcpy(kept->points, wire->points, ((size_t)from + 1) * sizeof *rest);
                kept->n = from + 1;
                if (k == 0)
                    return from > 0;
                layout_split_curve(rest, (double)k / STEPS, first);
                memcpy(kept->points + kept->n, first + 1, 3 * sizeof *first);
                kept->n += 3;
                return true;
            }
    return false;
}

/* The corners of a way from there around the box, `apart` from it, to the landing: how many, at most seven. */
static int list_corners(const ending *e, double apart, layout_point from, const landing *to, bool is_clockwise,
                        layout_point corners[7])
{
    const layout_box *box = &e->made->boxes[e->b];
    double left = box->x - apart, top = box->y - apart, right = box->x + box->width + apart,
           bottom = box->y + box->height + apart;
    const layout_point around[4] = {{left, top}, {right, top}, {right, bottom}, {left, bottom}}; /* clockwise */
    double away[4] = {fabs(from.y - top), fabs(from.x - right), fabs(from.y - bottom), fabs(from.x - left)};
    int side = 0, last = to->x < 0 ? 3 : to->x > 0 ? 1 : to->y < 0 ? 0 : 2, n = 0;
    for (int k = 1; k < 4; k++)
        side = away[k] < away[side] ? k : side;
    layout_point end = {to->at.x + apart * to->x, to->at.y + apart * to->y};
    const layout_point *next = &around[(side + 1) % 4];
    bool is_behind = side == last && ((end.x - from.x) * (next->x - from.x) + (end.y - from.y) * (next->y - from.y) >
                                      0) != is_clockwise;
    for (; side != last || is_behind; is_behind = false) {
        corners[n++] = is_clockwise ? *next : around[side];
        side = (side + (is_clockwise ? 1 : 3)) % 4;
        next = &around[(side + 1) % 4];
    }
    corners[n++] = end;
    corners[n++] = to->at;
    return n;
}

/* As the wire was until close to the box, then beside its edge. How long that is; -1: blocked. */
static double go_around(const ending *e, double apart, const landing *to, bool is_clockwise, layout_wire *kept)
{
    layout_point corners[8];
    double length = 0;
    if (!keep_outside(e, apart, kept))
        return -1;
    layout_point close = corners[0] = kept->points[kept->n - 1];
    int n = 1 + list_corners(e, apart, close, to, is_clockwise, corners + 1);
    bool is_early = keep_outside(e, apart + BEND, kept); /* so that the corner is a round one */
    int first = kept->n - 1;
    layout_go_along(kept, is_early ? corners : corners + 1, is_early ? n : n - 1, apart - 1);
    for (int k = first; k + 3 < kept->n; k += 3)
        if (is_barred(e, kept->points + k))
            return -1;
    for (int k = 0; k + 1 < n; k++)
        length += layout_distance(corners[k], corners[k + 1]);
    return length;
}

/* The shortest way of those around the box. */
static bool find_way_around(const ending *e, const landing *list, int n)
{
    static const double apart[] = {8, 5, 12};
    size_t room = (size_t)e->wire->n + MOST_AROUND;
    layout_wire best = {.points = dg_arena_alloc(e->v->arena, room * sizeof *best.points)}, tried = best;
    tried.points = dg_arena_alloc(e->v->arena, room * sizeof *tried.points);
    for (size_t a = 0; best.points && tried.points && !best.n && a < sizeof apart / sizeof *apart; a++) {
        double least = 0;
        for (int k = 0; k < 2 * n; k++) {
            double length = go_around(e, apart[a], &list[k / 2], k % 2, &tried);
            if (length < 0 || (best.n && length >= least))
                continue;
            layout_wire other = best;
            best = tried;
            tried = other;
            least = length;
        }
    }
    if (!best.n)
        return false;
    e->wire->points = best.points;
    e->wire->n = best.n;
    return true;
}

static bool find_way(const ending *e)
{
    landing list[MOST_ENDS];
    int n = list_landings(e, e->wire->points[e->wire->n - 1], list);
    for (int k = 0; k < n; k++)
        if (curve_to(e, &list[k]))
            return true;
    return find_way_around(e, list, n);
}

/* `module`: that both ends of the wire are in; −1. */
static void move_end(view *v, const layout *made, int b, int row, int module, layout_wire *wire)
{
    ending e = {.v = v, .made = made, .b = b, .wire = wire};
    if (!is_stack(v, made, b))
        return;
    if (module >= 0 && made->modules[module].is_placed)
        e.within = &made->modules[module];
    row_place(&e, row);
    if (meets(&e, wire->points[wire->n - 1]))
        return;
    bool is_moved = find_way(&e);
    e.within = NULL;
    if (is_moved || find_way(&e))
        wire->has_label = false; /* Graphviz's place for it was beside the wire as it was */
}

void layout_meet_rows(view *v, layout *made)
{
    for (int w = 0; w < v->n_wires; w++) {
        const view_wire *wire = &v->wires[w];
        layout_wire *place = &made->wires[w];
        if (wire->is_gone || place->n < 4)
            continue;
        int module = view_common_module(v, v->boxes[wire->from].module, v->boxes[wire->to].module);
        move_end(v, made, wire->to, wire->to_row, module, place);
        layout_turn_wire(place);
        move_end(v, made, wire->from, wire->from_row, module, place);
        layout_turn_wire(place);
    }
}
