/* A picture that is too high for its page, cut where a few wires alone run: what is below a cut becomes a column to the
 * right, and the wires go around to its top. From left to right, what is too long becomes rows in the same way, and so
 * do pictures that go up or to the left. */
#include "columns.h"

#include <math.h>
#include <stdlib.h>

typedef struct interval {
    double top, bottom;
} interval;

/* ---- cuts ---- */

static int by_top(const void *a, const void *b)
{
    const interval *one = a, *two = b;
    return (one->top > two->top) - (one->top < two->top);
}

/* What no cut may run through: boxes, modules, what is written on wires. Returns how many; −1 without memory. */
static int list_intervals(const view *v, const layout *made, interval **to)
{
    interval *list =
        dg_arena_alloc(v->arena, ((size_t)v->n_boxes + (size_t)v->n_modules + (size_t)v->n_wires + 1) * sizeof *list);
    int n = 0;
    *to = list;
    if (!list)
        return -1;
    for (int b = 0; b < v->n_boxes; b++)
        if (!v->boxes[b].is_gone)
            list[n++] = (interval){made->boxes[b].y - 3, made->boxes[b].y + made->boxes[b].height + 3};
    for (int m = 0; m < v->n_modules; m++)
        if (made->modules[m].is_placed)
            list[n++] = (interval){made->modules[m].top - 3, made->modules[m].bottom + 3};
    for (int w = 0; w < v->n_wires; w++) {
        const layout_wire *wire = &made->wires[w];
        if (!v->wires[w].is_gone && wire->has_label)
            list[n++] = (interval){wire->label_at.y - wire->label_height / 2 - 1,
                                   wire->label_at.y + wire->label_height / 2 + 1};
    }
    qsort(list, (size_t)n, sizeof *list, by_top);
    return n;
}

/* How often the wire crosses the height; *x: where, if once. */
static int count_crossings(const layout_wire *wire, double y, double *x)
{
    int count = 0;
    for (int k = 0; k + 3 < wire->n; k += 3) {
        const layout_point *p = wire->points + k;
        double before = p->y;
        for (int i = 1; i <= SAMPLES; i++) {
            double after = layout_on_curve(p, (double)i / SAMPLES).y;
            count += (before < y) != (after < y);
            before = after;
        }
        if ((p[0].y < y) != (p[3].y < y))
            *x = layout_on_curve(p, columns_find_height(p, y)).x;
    }
    return count;
}

/* False: too many wires run there, or one of them more than once. */
static bool make_cut(const view *v, const layout *made, double y, cut *to)
{
    *to = (cut){.y = y};
    for (int w = 0; w < v->n_wires; w++) {
        double x = 0;
        int count = v->wires[w].is_gone ? 0 : count_crossings(&made->wires[w], y, &x), at = to->n;
        if (!count)
            continue;
        if (count > 1 || to->n == MOST_CROSSING)
            return false;
        for (; at > 0 && to->crossings[at - 1].x > x; at--)
            to->crossings[at] = to->crossings[at - 1];
        to->crossings[at] = (crossing){.wire = w, .x = x, .out = x, .in = x};
        to->n++;
    }
    return true;
}

static bool find_cuts(columns_work *c)
{
    interval *list;
    int n = list_intervals(c->v, c->made, &list);
    c->cuts = dg_arena_alloc(c->v->arena, MOST_CUTS * sizeof *c->cuts);
    if (n < 1 || !c->cuts)
        return false;
    double bottom = list[0].bottom;
    for (int k = 1; k < n && c->n_cuts < MOST_CUTS; k++) {
        if (list[k].top > bottom)
            c->n_cuts += make_cut(c->v, c->made, (list[k].top + bottom) / 2, &c->cuts[c->n_cuts]);
        bottom = fmax(bottom, list[k].bottom);
    }
    return c->n_cuts > 0;
}

/* ---- columns ---- */

static double room_of(int wires)
{
    return wires ? FREE + APART * (wires - 1) : 0;
}

/* As few columns of at most that height as there can be: how many; 0: there are none. */
static int divide(columns_work *c, double height)
{
    int n = 0, at = 0;
    cut *begin = NULL;
    for (;;) {
        double top = begin ? begin->y : 0, room = begin ? room_of(begin->n) : 0;
        cut *next = NULL;
        if (n == MOST_COLUMNS)
            return 0;
        c->begins[n] = begin;
        c->columns[n] = (column){.top = top, .bottom = c->made->height, .n = begin ? begin->n : 0};
        if (c->made->height - top + room <= height)
            return n + 1;
        for (; at < c->n_cuts && c->cuts[at].y - top + room + room_of(c->cuts[at].n) <= height; at++)
            next = &c->cuts[at];
        if (!next)
            return 0;
        c->columns[n++].bottom = next->y;
        begin = next;
    }
}

/* The lowest columns of that number. */
static void balance(columns_work *c, double height)
{
    double low = 0, high = height;
    for (int k = 0; k < 24; k++) {
        double middle = (low + high) / 2;
        int n = divide(c, middle);
        if (n && n <= c->n)
            high = middle;
        else
            low = middle;
    }
    divide(c, high);
}

int columns_of(const columns_work *c, double y)
{
    int k = 0;
    while (k + 1 < c->n && y >= c->columns[k].bottom)
        k++;
    return k;
}

const crossing *columns_crossing(const columns_work *c, int k, int wire)
{
    const cut *at = k > 0 && k < c->n ? c->begins[k] : NULL;
    for (int i = 0; at && i < at->n; i++)
        if (at->crossings[i].wire == wire)
            return &at->crossings[i];
    return NULL;
}

static void widen(columns_work *c, double y, double left, double right)
{
    column *to = &c->columns[columns_of(c, y)];
    to->left = fmin(to->left, left);
    to->right = fmax(to->right, right);
}

/* Straight lines are no wider than the box that they are of. */
static bool is_straight_there(const columns_work *c, int wire, double y)
{
    int k = columns_of(c, y);
    const crossing *above = columns_crossing(c, k, wire), *below = columns_crossing(c, k + 1, wire);
    return (above && above->is_into_row) || (below && below->is_from_row);
}

static void find_widths(columns_work *c)
{
    const view *v = c->v;
    const layout *made = c->made;
    for (int k = 0; k < c->n; k++) {
        c->columns[k].left = made->width;
        c->columns[k].right = 0;
    }
    for (int b = 0; b < v->n_boxes; b++)
        if (!v->boxes[b].is_gone)
            widen(c, made->boxes[b].y, made->boxes[b].x, made->boxes[b].x + made->boxes[b].width);
    for (int m = 0; m < v->n_modules; m++)
        if (made->modules[m].is_placed)
            widen(c, made->modules[m].top, made->modules[m].left, made->modules[m].right);
    for (int w = 0; w < v->n_wires; w++) {
        const layout_wire *wire = &made->wires[w];
        if (v->wires[w].is_gone)
            continue;
        if (wire->has_label)
            widen(c, wire->label_at.y, wire->label_at.x - wire->label_width / 2,
                  wire->label_at.x + wire->label_width / 2);
        for (int k = 0; k + 3 < wire->n; k += 3)
            for (int i = 0; i <= SAMPLES; i++) {
                layout_point at = layout_on_curve(wire->points + k, (double)i / SAMPLES);
                if (!is_straight_there(c, w, at.y))
                    widen(c, at.y, at.x, at.x);
            }
    }
}

static void place_columns(columns_work *c)
{
    double right = 0;
    for (int k = 0; k < c->n; k++) {
        column *at = &c->columns[k];
        double gap = k ? 2 * FREE + room_of(at->n) : 0;
        at->dx = right + gap - at->left;
        at->dy = k ? room_of(at->n) - at->top : 0;
        right = at->right + at->dx;
    }
}

/* ---- the whole ---- */

static void move_all(columns_work *c)
{
    const view *v = c->v;
    layout *made = c->made;
    for (int w = 0; w < v->n_wires; w++) {
        layout_wire *wire = &made->wires[w];
        if (v->wires[w].is_gone || wire->n < 4)
            continue;
        if (!columns_move_wire(c, w)) {
            c->v->failed = true;
            return;
        }
    }
    for (int w = 0; w < v->n_wires; w++) {
        layout_point *label = &made->wires[w].label_at;
        const column *at = &c->columns[columns_of(c, label->y)];
        *label = (layout_point){label->x + at->dx, label->y + at->dy};
    }
    for (int b = 0; b < v->n_boxes; b++) {
        const column *at = &c->columns[columns_of(c, made->boxes[b].y)];
        made->boxes[b].x += at->dx;
        made->boxes[b].y += at->dy;
    }
    for (int m = 0; m < v->n_modules; m++) {
        layout_module *module = &made->modules[m];
        const column *at = &c->columns[columns_of(c, module->top)];
        module->left += at->dx;
        module->right += at->dx;
        module->top += at->dy;
        module->bottom += at->dy;
        module->label_x += at->dx;
        module->label_y += at->dy;
    }
    made->width = made->height = 0;
    for (int k = 0; k < c->n; k++) {
        const column *at = &c->columns[k];
        made->width = fmax(made->width, at->right + at->dx);
        made->height = fmax(made->height, at->bottom + at->dy + (k + 1 < c->n ? room_of(c->columns[k + 1].n) : 0));
    }
}

static void swap(double *a, double *b)
{
    double was = *a;
    *a = *b;
    *b = was;
}

/* Right becomes down. */
static void transpose(const view *v, layout *made)
{
    swap(&made->width, &made->height);
    for (int b = 0; b < v->n_boxes; b++) {
        swap(&made->boxes[b].x, &made->boxes[b].y);
        swap(&made->boxes[b].width, &made->boxes[b].height);
    }
    for (int w = 0; w < v->n_wires; w++) {
        layout_wire *wire = &made->wires[w];
        for (int k = 0; k < wire->n; k++)
            swap(&wire->points[k].x, &wire->points[k].y);
        swap(&wire->label_at.x, &wire->label_at.y);
        swap(&wire->label_width, &wire->label_height);
    }
    for (int m = 0; m < v->n_modules; m++) {
        layout_module *module = &made->modules[m];
        swap(&module->left, &module->top);
        swap(&module->right, &module->bottom);
        swap(&module->label_x, &module->label_y);
    }
}

static bool cut_into(columns_work *c, double width, double height)
{
    if (!find_cuts(c))
        return false;
    c->n = divide(c, height);
    if (c->n < 2)
        return false;
    balance(c, height);
    columns_choose_straight(c);
    find_widths(c);
    place_columns(c);
    if (c->columns[c->n - 1].right + c->columns[c->n - 1].dx > width)
        return false;
    move_all(c);
    c->made->columns = c->n;
    return true;
}

/* What is at the bottom becomes the top. */
static void reflect(const view *v, layout *made)
{
    double height = made->height;
    for (int b = 0; b < v->n_boxes; b++)
        made->boxes[b].y = height - made->boxes[b].y - made->boxes[b].height;
    for (int w = 0; w < v->n_wires; w++) {
        layout_wire *wire = &made->wires[w];
        for (int k = 0; k < wire->n; k++)
            wire->points[k].y = height - wire->points[k].y;
        wire->label_at.y = height - wire->label_at.y;
    }
    for (int m = 0; m < v->n_modules; m++) {
        layout_module *module = &made->modules[m];
        double top = module->top;
        module->top = height - module->bottom;
        module->bottom = height - top;
        module->label_y = height - module->label_y;
    }
}

/* Columns are made of a picture that goes down: in place of others, that which it is in a mirror. */
static void face_down(const view *v, layout *made, bool back)
{
    bool is_across = v->rankdir[0] == 'L' || v->rankdir[0] == 'R';
    bool is_against = v->rankdir[0] == 'B' || v->rankdir[0] == 'R';
    if (back && is_against)
        reflect(v, made);
    if (is_across)
        transpose(v, made);
    if (!back && is_against)
        reflect(v, made);
}

bool layout_columns(view *v, layout *made, double width, double height, bool cuts_u)
{
    columns_work c = {.v = v, .made = made};
    bool has_shape = false, is_across = v->rankdir[0] == 'L' || v->rankdir[0] == 'R';
    for (int w = 0; w < v->n_wires && !v->is_ladder && !cuts_u; w++)
        has_shape |= !v->wires[w].is_gone && v->wires[w].is_beside;
    if (has_shape)
        return false;
    face_down(v, made, false);
    bool is_cut = cut_into(&c, is_across ? height : width, is_across ? width : height);
    face_down(v, made, true);
    if (is_cut) {
        layout_make_room(v, made);
        layout_place_labels(v, made); /* wires that go around may run through them where they are */
        made->poor += layout_crossings(v, made);
    }
    return is_cut;
}
