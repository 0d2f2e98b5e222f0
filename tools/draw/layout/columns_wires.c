/* Wires of a picture in columns: straight down to a cut and from it, where nothing is in the way, and around from below
 * one column to above the next. */
#include "columns.h"

#include <math.h>
#include <string.h>

#define BEND   6.0  /* radius of corners */
#define CORNER 14.0 /* points that a line stays away from a corner of a box */
#define BESIDE 5.0  /* between a line and what is written on it */

double columns_find_height(const layout_point *p, double y)
{
    double from = 0, to = 1;
    bool down = p[0].y < p[3].y;
    for (int k = 0; k < 40; k++) {
        double middle = (from + to) / 2;
        if ((layout_on_curve(p, middle).y < y) == down)
            from = middle;
        else
            to = middle;
    }
    return (from + to) / 2;
}

/* Whether the curve runs through what is written on another wire. */
static bool crosses_label(const columns_work *c, int own, const layout_point *p)
{
    for (int w = 0; w < c->v->n_wires; w++) {
        const layout_wire *wire = &c->made->wires[w];
        double x = wire->label_width / 2 + 1, y = wire->label_height / 2 + 1;
        for (int k = 0; w != own && !c->v->wires[w].is_gone && wire->has_label && k <= 2 * SAMPLES; k++) {
            layout_point at = layout_on_curve(p, 0.5 * k / SAMPLES);
            if (fabs(at.x - wire->label_at.x) < x && fabs(at.y - wire->label_at.y) < y)
                return true;
        }
    }
    return false;
}

/* ---- straight lines ---- */

/* One end of a wire. */
typedef struct wire_end {
    int box, row;
    layout_point at;
} wire_end;

static wire_end find_end(const columns_work *c, int w, bool is_upper)
{
    const view_wire *of = &c->v->wires[w];
    const layout_wire *wire = &c->made->wires[w];
    bool is_upwards = wire->points[0].y > wire->points[wire->n - 1].y;
    return is_upwards != is_upper ? (wire_end){of->from, of->from_row, wire->points[0]}
                                  : (wire_end){of->to, of->to_row, wire->points[wire->n - 1]};
}

/* Where a line straight down may leave a row, or come to it; false: nowhere. */
static bool find_span(const columns_work *c, const wire_end *end, bool is_upper, double *left, double *right)
{
    const view_box *of = &c->v->boxes[end->box];
    const layout_box *box = &c->made->boxes[end->box];
    const char way = c->v->rankdir[0];
    int shown = of->is_upwards ? of->n_rows - 1 - end->row : end->row;
    *left = box->x;
    *right = box->x + box->width;
    if (of->n_rows > 1 && (way == 'L' || way == 'R')) { /* rows are side by side */
        for (int k = 0; k < shown; k++)
            *left += box->rows[of->is_upwards ? of->n_rows - 1 - k : k].height;
        *right = *left + box->rows[end->row].height;
    } else if (of->n_rows > 1 && shown != (is_upper != (way == 'B') ? of->n_rows - 1 : 0)) {
        return false;
    }
    double inset = box->form == FORM_BOX ? fmin(CORNER, (*right - *left) / 2) : (*right - *left) / 2;
    *left += inset;
    *right -= inset;
    return true;
}

static bool is_free(const columns_work *c, int w, const wire_end *end, bool is_upper, double x, double y)
{
    const layout_box *box = &c->made->boxes[end->box];
    layout_point line[4] = {{x, is_upper ? box->y + box->height : y}};
    layout_wire straight = {.n = 1, .points = line};
    layout_line_to(&straight, (layout_point){x, is_upper ? y : box->y});
    return !layout_is_blocked(c->v, c->made, line, end->box) && !crosses_label(c, w, line);
}

/* Straight from, or into, the row, between the wires beside it: where the wire ends, or else crosses the cut. */
static bool choose_line(const columns_work *c, const cut *at, int i, bool is_upper, double *x)
{
    const crossing *of = &at->crossings[i];
    wire_end end = find_end(c, of->wire, is_upper);
    double left, right, before = i ? (is_upper ? of[-1].out : of[-1].in) : -INFINITY,
                        after = i + 1 < at->n ? of[1].x : INFINITY;
    if (!find_span(c, &end, is_upper, &left, &right))
        return false;
    left = fmax(left, before + APART);
    right = fmin(right, after - APART);
    for (int k = 0; k < 2 && left <= right; k++) {
        *x = fmin(fmax(k ? of->x : end.at.x, left), right);
        if (is_free(c, of->wire, &end, is_upper, *x, at->y))
            return true;
    }
    return false;
}

/* What is written on a wire stays beside it. */
static void move_label(const columns_work *c, int w)
{
    layout_wire *wire = &c->made->wires[w];
    int k = columns_of(c, wire->label_at.y);
    const crossing *above = columns_crossing(c, k, w), *below = columns_crossing(c, k + 1, w);
    if (above && above->is_into_row)
        wire->label_at.x = above->in + BESIDE + wire->label_width / 2;
    else if (below && below->is_from_row)
        wire->label_at.x = below->out + BESIDE + wire->label_width / 2;
}

/* Whether the label of a wire is above the cut. */
static bool is_labelled_above(const columns_work *c, int w, const cut *at)
{
    return c->made->wires[w].has_label && c->made->wires[w].label_at.y < at->y;
}

/* Whether what comes from one row is one line as far as above the next column: straight down, as one of the two is. */
static bool is_bundle(const columns_work *c, const cut *at, const crossing *left, const crossing *right)
{
    const view_wire *a = &c->v->wires[left->wire], *b = &c->v->wires[right->wire];
    return (left->is_from_row || right->is_from_row) && a->from == b->from && a->from_row == b->from_row &&
           find_end(c, left->wire, true).box == a->from && find_end(c, right->wire, true).box == b->from &&
           a->kind == b->kind && a->is_skip == b->is_skip && strcmp(a->result, b->result) == 0 &&
           !(is_labelled_above(c, left->wire, at) && is_labelled_above(c, right->wire, at));
}

/* The wire furthest to the left has the first lane. */
static void choose_lanes(const columns_work *c, cut *at)
{
    at->n_lanes = 0;
    for (int i = 0; i < at->n; i++) {
        crossing *of = &at->crossings[i];
        bool is_one = i && is_bundle(c, at, of - 1, of);
        if (is_one && !of[-1].is_from_row) {
            of[-1].out = of->out;
            of[-1].is_from_row = true;
        } else if (is_one) {
            of->out = of[-1].out;
            of->is_from_row = true;
        }
        of->lane = is_one ? at->n_lanes - 1 : at->n_lanes++;
        move_label(c, of->wire);
    }
}

void columns_choose_straight(columns_work *c)
{
    for (int k = 1; k < c->n; k++)
        for (int i = 0; i < c->begins[k]->n; i++) {
            crossing *at = &c->begins[k]->crossings[i];
            const layout_wire *wire = &c->made->wires[at->wire];
            double top = fmin(wire->points[0].y, wire->points[wire->n - 1].y);
            double bottom = fmax(wire->points[0].y, wire->points[wire->n - 1].y), x;
            if (columns_of(c, top) == k - 1 && choose_line(c, c->begins[k], i, true, &x)) {
                at->is_from_row = true;
                at->out = x;
            }
            if (columns_of(c, bottom) == k && choose_line(c, c->begins[k], i, false, &x)) {
                at->is_into_row = true;
                at->in = x;
            }
            move_label(c, at->wire);
        }
    for (int k = 1; k < c->n; k++)
        choose_lanes(c, c->begins[k]);
}

/* ---- around ---- */

/* From below one column around to above the next: the wire furthest to the left is the outermost one below, the
 * innermost one above, so that none crosses another. */
static void go_around(const columns_work *c, int k, const crossing *of, layout_wire *wire)
{
    const cut *at = c->begins[k + 1];
    const column *from = &c->columns[k], *to = &c->columns[k + 1];
    int last = at->n_lanes - 1;
    double below = from->bottom + from->dy + FREE + APART * (last - of->lane);
    double above = to->top + to->dy - FREE - APART * of->lane;
    double middle = from->right + from->dx + FREE + APART * (last - of->lane);
    layout_point end = {of->in + to->dx, to->top + to->dy};
    layout_point begin = wire->points[wire->n - 1];
    layout_point corners[] = {{begin.x, below}, {middle, below}, {middle, above}, {end.x, above}, end};
    layout_go_along(wire, corners, 5, BEND);
}

static void add_curve(const column *at, const layout_point *p, layout_wire *wire)
{
    for (int k = wire->n ? 1 : 0; k < 4; k++)
        wire->points[wire->n++] = (layout_point){p[k].x + at->dx, p[k].y + at->dy};
}

/* A wire comes to its cut, and goes on from it, straight down, in as wide a curve as brings it through no box and no
 * label. */
static void straighten(const columns_work *c, int w, layout_point first[4], layout_point rest[4])
{
    static const double shares[] = {0.4, 0.2, 0.1};
    wire_end upper = find_end(c, w, true), lower = find_end(c, w, false);
    layout_point before[4], after[4];
    for (size_t k = 0; k < sizeof shares / sizeof *shares; k++) {
        memcpy(before, first, sizeof before);
        before[2] = (layout_point){first[3].x, first[3].y - shares[k] * (first[3].y - first[0].y)};
        if (!layout_is_blocked(c->v, c->made, before, upper.box) && !crosses_label(c, -1, before)) {
            first[2] = before[2];
            break;
        }
    }
    for (size_t k = 0; k < sizeof shares / sizeof *shares; k++) {
        memcpy(after, rest, sizeof after);
        after[1] = (layout_point){rest[0].x, rest[0].y + shares[k] * (rest[3].y - rest[0].y)};
        if (!layout_is_blocked(c->v, c->made, after, lower.box) && !crosses_label(c, -1, after)) {
            rest[1] = after[1];
            break;
        }
    }
}

/* The line from the row to the cut below it. */
static void begin_straight(const columns_work *c, int k, const crossing *of, layout_wire *wire)
{
    const layout_box *box = &c->made->boxes[find_end(c, of->wire, true).box];
    const column *at = &c->columns[k];
    wire->points[0] = (layout_point){of->out + at->dx, box->y + box->height + at->dy};
    wire->n = 1;
    layout_line_to(wire, (layout_point){of->out + at->dx, at->bottom + at->dy});
}

/* The line from the cut to the row below it. */
static void end_straight(const columns_work *c, int k, const crossing *of, layout_wire *wire)
{
    const layout_box *box = &c->made->boxes[find_end(c, of->wire, false).box];
    layout_line_to(wire, (layout_point){of->in + c->columns[k].dx, box->y + c->columns[k].dy});
}

/* From the curve `p` on to the last column that it comes to; whether the wire has ended. */
static bool pass_cuts(const columns_work *c, int w, int *k, layout_point p[4], layout_wire *moved)
{
    layout_point first[4];
    while (columns_of(c, p[3].y) > *k) {
        const crossing *of = columns_crossing(c, *k + 1, w);
        if (!of)
            return false;
        layout_split_curve(p, columns_find_height(p, c->columns[*k].bottom), first);
        straighten(c, w, first, p);
        if (of->is_from_row)
            begin_straight(c, *k, of, moved);
        else
            add_curve(&c->columns[*k], first, moved);
        go_around(c, *k, of, moved);
        ++*k;
        if (of->is_into_row) {
            end_straight(c, *k, of, moved);
            return true;
        }
    }
    return false;
}

bool columns_move_wire(const columns_work *c, int w)
{
    layout_wire *wire = &c->made->wires[w];
    layout_point *points = dg_arena_alloc(c->v->arena, ((size_t)wire->n + (size_t)c->n * 33) *
                                                           sizeof *points); /* nine curves around, three more */
    bool is_upwards = wire->points[0].y > wire->points[wire->n - 1].y, has_ended = false;
    if (!points)
        return false;
    layout_wire moved = {.points = points}, down = *wire;
    down.points = dg_arena_alloc(c->v->arena, (size_t)wire->n * sizeof *points);
    if (!down.points)
        return false;
    memcpy(down.points, wire->points, (size_t)wire->n * sizeof *points);
    if (is_upwards)
        layout_turn_wire(&down);
    int k = columns_of(c, down.points[0].y);
    for (int i = 0; i + 3 < down.n && !has_ended; i += 3) {
        layout_point p[4] = {down.points[i], down.points[i + 1], down.points[i + 2], down.points[i + 3]};
        has_ended = pass_cuts(c, w, &k, p, &moved);
        if (!has_ended)
            add_curve(&c->columns[k], p, &moved);
    }
    wire->points = moved.points;
    wire->n = moved.n;
    if (is_upwards)
        layout_turn_wire(wire);
    return true;
}
