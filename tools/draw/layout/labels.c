/* Where labels are placed: nothing may run through them. Labels of modules go along the module's edge, those of wires
 * along their wire, to the first place that is free; a shape that finds none is left out, an argument takes the best
 * one. */
#include "grid.h"
#include "layout.h"

#include "tools/draw/font/font.h"

#include <limits.h>
#include <math.h>
#include <string.h>

enum { PIECES = 12 }; /* of a Bézier curve */
#define FAR 12.0      /* points between a label and its wire, at most */

typedef struct segment {
    layout_point a, b;
    layout_rectangle around;
} segment;

typedef struct label_work {
    view *v;
    layout *made;
    segment *segments;
    int n_segments, n_wire_segments; /* those of wires come first */
    layout_rectangle *boxes;         /* a little larger than they are */
    layout_rectangle *taken;         /* labels that are placed already */
    int n_taken;
    layout_grid segment_grid, box_grid, taken_grid;
} label_work;

static bool touch(const layout_rectangle *a, const layout_rectangle *b)
{
    return a->left < b->right && b->left < a->right && a->top < b->bottom && b->top < a->bottom;
}

static void add_segment(label_work *l, layout_point a, layout_point b)
{
    l->segments[l->n_segments++] =
        (segment){a, b, {fmin(a.x, b.x) - 0.5, fmin(a.y, b.y) - 0.5, fmax(a.x, b.x) + 0.5, fmax(a.y, b.y) + 0.5}};
}

/* Clips the segment to the rectangle: whether something is left (Liang and Barsky 1984). */
static bool crosses(const segment *s, const layout_rectangle *r)
{
    double from = 0, to = 1, dx = s->b.x - s->a.x, dy = s->b.y - s->a.y;
    double p[4] = {-dx, dx, -dy, dy};
    double q[4] = {s->a.x - r->left, r->right - s->a.x, s->a.y - r->top, r->bottom - s->a.y};
    if (!touch(&s->around, r))
        return false;
    for (int k = 0; k < 4; k++) {
        if (p[k] == 0) {
            if (q[k] < 0)
                return false;
            continue;
        }
        double t = q[k] / p[k];
        if (p[k] < 0)
            from = fmax(from, t);
        else
            to = fmin(to, t);
    }
    return from <= to;
}

/* How much is in the way there; at least `enough` where it is that much. */
static int count_hits(const label_work *l, const layout_rectangle *r, int enough)
{
    int hits = 0, k;
    layout_grid_walk boxes = layout_grid_near(&l->box_grid, r), taken = layout_grid_near(&l->taken_grid, r),
                     segments = layout_grid_near(&l->segment_grid, r);
    while (hits < enough && (k = layout_grid_next(&boxes)) >= 0)
        hits += 4 * touch(&l->boxes[k], r);
    while (hits < enough && (k = layout_grid_next(&taken)) >= 0)
        hits += 4 * touch(&l->taken[k], r);
    while (hits < enough && (k = layout_grid_next(&segments)) >= 0)
        hits += crosses(&l->segments[k], r);
    return hits;
}

/* By place: what has been collected. */
static bool make_grids(label_work *l)
{
    dg_arena *arena = l->v->arena;
    double width = l->made->width, height = l->made->height;
    bool done = layout_grid_make(arena, width, height, l->n_segments, &l->segment_grid) &&
                layout_grid_make(arena, width, height, l->v->n_boxes, &l->box_grid) &&
                layout_grid_make(arena, width, height, l->v->n_wires + l->v->n_modules, &l->taken_grid);
    for (int k = 0; done && k < l->n_segments; k++)
        done = layout_grid_add(&l->segment_grid, &l->segments[k].around, k);
    for (int b = 0; done && b < l->v->n_boxes; b++) {
        const layout_box *box = &l->made->boxes[b];
        l->boxes[b] = (layout_rectangle){box->x - 1, box->y - 1, box->x + box->width + 1, box->y + box->height + 1};
        if (!l->v->boxes[b].is_gone)
            done = layout_grid_add(&l->box_grid, &l->boxes[b], b);
    }
    return done;
}

/* The label at the end of the list stays where it is. */
static void keep_label(label_work *l)
{
    layout_grid_add(&l->taken_grid, &l->taken[l->n_taken], l->n_taken);
    l->n_taken++;
}

static bool collect(label_work *l)
{
    size_t count = 1;
    for (int w = 0; w < l->v->n_wires; w++)
        count += (size_t)(l->made->wires[w].n / 3) * PIECES;
    count += (size_t)l->v->n_modules * 4;
    l->segments = dg_arena_alloc(l->v->arena, count * sizeof *l->segments);
    l->taken = dg_arena_alloc(l->v->arena, ((size_t)l->v->n_wires + (size_t)l->v->n_modules + 1) * sizeof *l->taken);
    l->boxes = dg_arena_alloc(l->v->arena, ((size_t)l->v->n_boxes + 1) * sizeof *l->boxes);
    if (!l->segments || !l->taken || !l->boxes)
        return false;
    for (int w = 0; w < l->v->n_wires; w++) {
        const layout_wire *wire = &l->made->wires[w];
        for (int k = 0; k + 3 < wire->n; k += 3)
            for (int i = 0; i < PIECES; i++)
                add_segment(l, layout_on_curve(wire->points + k, (double)i / PIECES),
                            layout_on_curve(wire->points + k, (double)(i + 1) / PIECES));
    }
    l->n_wire_segments = l->n_segments;
    for (int m = 0; m < l->v->n_modules; m++) {
        const layout_module *module = &l->made->modules[m];
        layout_point corners[4] = {{module->left, module->top},
                                   {module->right, module->top},
                                   {module->right, module->bottom},
                                   {module->left, module->bottom}};
        for (int k = 0; module->is_placed && k < 4; k++)
            add_segment(l, corners[k], corners[(k + 1) % 4]);
    }
    return make_grids(l);
}

/* On its edge, or if something is in the way everywhere there, inside: how much is in the way at the best place, which
 * is added to the end of the list. */
static int place_module(label_work *l, layout_module *module, bool *is_inside)
{
    double width = module->label_width, height = SIZE_MODULE * 1.2;
    int fewest = INT_MAX, rows = (int)((module->bottom - module->top - height - 6) / 8);
    for (int row = 0; row < rows + 2 && fewest; row++) { /* the upper edge, the lower one, what is between */
        double top = row == 0   ? module->top + 3
                     : row == 1 ? module->bottom - height - 3
                                : module->top + 3 + 8 * (row - 1);
        for (double x = module->left + 8; fewest; x += 4) {
            bool is_last = x + width + 6 > module->right;
            if (is_last && x > module->left + 8)
                break;
            layout_rectangle r = {x - 2, top, x + width + 2, top + height};
            int hits = count_hits(l, &r, fewest);
            if (hits < fewest) {
                fewest = hits;
                *is_inside = row > 1;
                module->label_x = x;
                module->label_y = top + SIZE_MODULE;
                l->taken[l->n_taken] = r;
            }
            if (is_last)
                break;
        }
    }
    return fewest;
}

/* The n-th place that a label is tried at; false: there is none. */
static bool candidate(const layout_wire *wire, int n, layout_point *middle)
{
    static const double places[] = {0.5,  0.4,  0.6,  0.3,  0.7,  0.2,  0.8,  0.1,  0.9, 0.45,
                                    0.55, 0.35, 0.65, 0.25, 0.75, 0.15, 0.85, 0.05, 0.95};
    /* beside the wire, above or below it, in a corner: of the label's width and height, and points more */
    static const struct {
        double width, height, right, down;
    } sides[] = {{0.5, 0, 5, 0}, {0, 0.5, 0, 3}, {0.5, -0.5, 5, -2}, {0.5, 0.5, 5, 2}, {0.5, 0, 12, 0}, {0, 0.5, 0, 9}};
    enum { PLACES = sizeof places / sizeof *places, SIDES = sizeof sides / sizeof *sides };
    if (n == 0) {
        *middle = wire->label_at;
        return true;
    }
    if (n > 2 * SIDES * PLACES)
        return false;
    double at = places[(n - 1) % (2 * PLACES) / 2] * (wire->n / 3);
    int curve = (int)at, side = (n - 1) / (2 * PLACES);
    layout_point p = layout_on_curve(wire->points + 3 * curve, at - curve);
    double sign = (n - 1) % 2 ? -1 : 1;
    *middle = (layout_point){p.x + sign * (sides[side].width * wire->label_width + sides[side].right),
                             p.y + sign * (sides[side].height * wire->label_height + sides[side].down)};
    return true;
}

/* Where dot has put it, the wire is not any more. */
static bool is_far(const layout_wire *wire, const layout_rectangle *r)
{
    double least = INFINITY;
    for (int k = 0; k + 3 < wire->n; k += 3)
        for (int i = 0; i <= PIECES; i++) {
            layout_point p = layout_on_curve(wire->points + k, (double)i / PIECES);
            least = fmin(least, hypot(fmax(fmax(r->left - p.x, p.x - r->right), 0),
                                      fmax(fmax(r->top - p.y, p.y - r->bottom), 0)));
        }
    return least > FAR;
}

/* Tries all places: how much is in the way at the best one. */
static int try_places(label_work *l, const layout_wire *wire, layout_point *best)
{
    layout_point middle;
    int fewest = INT_MAX;
    for (int n = wire->has_label ? 0 : 1; fewest && candidate(wire, n, &middle); n++) {
        /* a point around it: ends of wires are moved to round corners yet */
        layout_rectangle r = {middle.x - wire->label_width / 2 - 1, middle.y - wire->label_height / 2 - 1,
                              middle.x + wire->label_width / 2 + 1, middle.y + wire->label_height / 2 + 1};
        if (n == 0 && is_far(wire, &r))
            continue;
        int outside = r.left < 0 || r.top < -4 || r.bottom > l->made->height + 4 ? 8 : 0;
        int hits = outside + count_hits(l, &r, fewest - outside);
        if (hits < fewest) {
            fewest = hits;
            *best = middle;
        }
    }
    return fewest;
}

static void place_wire(label_work *l, int w)
{
    layout_wire *wire = &l->made->wires[w];
    const view_wire *of = &l->v->wires[w];
    layout_point best = {0};
    if (!wire->label || wire->n < 4)
        return;
    int fewest = try_places(l, wire, &best);
    const char *least =
        text_format(l->v->arena, "%s%s%s", of->result, *of->result && *of->argument ? " → " : "", of->argument);
    if (fewest && *least && !of->label && strcmp(wire->label, least) != 0) {
        wire->label = text_cut(l->v->arena, least, 60); /* without the shape there is room in more places */
        wire->label_width = font_width(wire->label, SIZE_LABEL, false);
        fewest = try_places(l, wire, &best);
    }
    wire->has_label = fewest == 0 || *of->argument || *of->result || of->label;
    if (!wire->has_label)
        return;
    wire->label_at = best;
    l->made->poor += fewest > 0;
    l->taken[l->n_taken] = (layout_rectangle){best.x - wire->label_width / 2 - 1, best.y - wire->label_height / 2,
                                              best.x + wire->label_width / 2 + 1, best.y + wire->label_height / 2};
    keep_label(l);
    l->made->width = fmax(l->made->width, best.x + wire->label_width / 2 + 2);
}

int layout_crossings(view *v, layout *made)
{
    label_work l = {.v = v, .made = made};
    int count = 0;
    if (!collect(&l))
        return 0;
    for (int b = 0; b < v->n_boxes; b++) {
        const layout_box *box = &made->boxes[b];
        bool is_round = box->form == FORM_CIRCLE || box->form == FORM_ELLIPSE; /* wires end inside the corners */
        double x = is_round ? 0.15 * box->width : 1.5, y = is_round ? 0.15 * box->height : 1.5;
        layout_rectangle inside = {box->x + x, box->y + y, box->x + box->width - x, box->y + box->height - y};
        layout_grid_walk near = layout_grid_near(&l.segment_grid, &inside);
        for (int k; !v->boxes[b].is_gone && (k = layout_grid_next(&near)) >= 0;)
            count += k < l.n_wire_segments && crosses(&l.segments[k], &inside);
    }
    return count;
}

/* Without what is behind its name, then with less and less of that; its title has all. How much is in the way then. */
static int shorten_module(label_work *l, layout_module *module)
{
    static const int lengths[] = {40, 28, 20, 14, 8};
    const char *whole = module->label;
    bool is_inside;
    int hits = 1;
    if (*module->sizes) {
        module->label_width -= font_width(module->sizes, SIZE_DETAIL, false) + 6;
        module->sizes = "";
        hits = module->label_width > 0 ? place_module(l, module, &is_inside) : 0;
    }
    for (size_t k = 0; hits && k < sizeof lengths / sizeof *lengths; k++) {
        const char *less = text_cut(l->v->arena, whole, lengths[k]);
        module->label_width -= font_width(module->label, SIZE_MODULE, true) - font_width(less, SIZE_MODULE, true);
        module->label = less;
        hits = place_module(l, module, &is_inside);
    }
    return hits;
}

bool layout_place_labels(view *v, layout *made)
{
    label_work l = {.v = v, .made = made};
    bool all = true;
    made->poor = 0;
    if (!collect(&l))
        return true;
    for (int m = 0; m < v->n_modules; m++) {
        layout_module *module = &made->modules[m];
        bool is_inside = false;
        int hits;
        if (!module->is_placed || module->label_width <= 0)
            continue;
        hits = place_module(&l, module, &is_inside);
        all &= !hits && !is_inside;
        if (hits && module->wanted_width > 0)
            hits = shorten_module(&l, module);
        else if (hits || is_inside)
            module->wanted_width = 2 * module->label_width + 24; /* room beside a wire in the middle */
        made->poor += hits > 0;
        if (module->label_width > 0)
            keep_label(&l);
    }
    for (int w = 0; w < v->n_wires; w++)
        if (!v->wires[w].is_gone)
            place_wire(&l, w);
    return all;
}
