/* Bounds by branch and bound: pieces are cut into boxes, a box is enclosed, and the box with the highest bound is cut
 * first, until what is attained and what is possible are close. */
#include "activation.h"
#include "core/base/arena.h"

#include <math.h>
#include <stdlib.h>

enum { MOST_BOXES = 12000, MOST_SIGN_BOXES = 20000, MOST_DEPTH = 3000 };

#define CLOSE     1e-7 /* relative */
#define UNBOUNDED UNBOUNDED_VALUE

typedef struct box {
    double lo, hi, bound;
} box;

/* ---- enclosing ---- */

static dg_interval meet(dg_interval a, dg_interval b)
{
    a.lo = fmax(a.lo, b.lo);
    a.hi = fmin(a.hi, b.hi);
    return a;
}

/* A point inside that halves a box in the order of magnitude. */
static double middle_of(double lo, double hi)
{
    if (lo < 0 && hi > 0)
        return 0;
    double sign = lo < 0 ? -1 : 1, near = fmin(fabs(lo), fabs(hi)), far = fmax(fabs(lo), fabs(hi));
    if (far > 1 && near < 0.5)
        return sign * 0.5 * fmin(far, 2);
    if (near >= 0.5 && far > 4 * near)
        return sign * sqrt(near) * sqrt(far);
    return lo / 2 + hi / 2;
}

dg_interval enclose_well(const dg_activation *a, int order, double lo, double hi)
{
    dg_interval x = dg_interval_of(lo, hi), results[ORDERS];
    dg_enclose(a->enclosure, &x, results);
    dg_interval whole = results[order];
    if (order + 1 == ORDERS || lo == hi || whole.partial || whole.open)
        return whole;
    dg_interval slope = results[order + 1];
    if (!isfinite(slope.lo) && !isfinite(slope.hi))
        return whole;
    /* f is continuous here, and its slopes are in `slope`: monotone, or near its value in the middle. */
    if (slope.lo >= 0 || slope.hi <= 0) {
        dg_interval p = enclose_at(a, order, lo, lo), q = enclose_at(a, order, hi, hi);
        dg_interval ends = slope.lo >= 0 ? dg_interval_of(p.lo, q.hi) : dg_interval_of(q.lo, p.hi);
        return meet(whole, ends);
    }
    double m = middle_of(lo, hi);
    dg_interval middle = enclose_at(a, order, m, m), product, moved = dg_interval_of(lo, hi), at = dg_interval_of(m, m);
    dg_interval_primitive("sub", &moved, &at, NULL, &moved);
    dg_interval_primitive("mul", &slope, &moved, NULL, &product);
    dg_interval_primitive("add", &middle, &product, NULL, &product);
    return meet(whole, product);
}

/* ---- a heap with the highest bound at its top ---- */

typedef struct heap {
    box *boxes;
    int n, made;
} heap;

static void push(heap *h, box b)
{
    int k = h->n++;
    for (; k > 0 && h->boxes[(k - 1) / 2].bound < b.bound; k = (k - 1) / 2)
        h->boxes[k] = h->boxes[(k - 1) / 2];
    h->boxes[k] = b;
    h->made++;
}

static box pop(heap *h)
{
    box top = h->boxes[0], last = h->boxes[--h->n];
    int k = 0;
    for (int child; (child = 2 * k + 1) < h->n; k = child) {
        if (child + 1 < h->n && h->boxes[child + 1].bound > h->boxes[child].bound)
            child++;
        if (h->boxes[child].bound <= last.bound)
            break;
        h->boxes[k] = h->boxes[child];
    }
    h->boxes[k] = last;
    return top;
}

static void attain(const dg_activation *a, int order, double sign, double x, extent *e)
{
    dg_interval point = enclose_at(a, order, x, x);
    bool defined = !point.partial && (order == 0 || !enclose_at(a, 0, x, x).partial);
    double value = !defined ? -INFINITY : sign > 0 ? point.lo : -point.hi;
    if (value > e->attained) {
        e->attained = value;
        e->at = x;
    }
}

static void add_box(const dg_activation *a, int order, double sign, double lo, double hi, heap *h, extent *e)
{
    dg_interval all = enclose_well(a, order, lo, hi);
    box b = {lo, hi, sign > 0 ? all.hi : -all.lo};
    attain(a, order, sign, middle_of(lo, hi), e);
    attain(a, order, sign, lo, e);
    attain(a, order, sign, hi, e);
    if (b.bound > e->attained)
        push(h, b);
}

static bool is_close(const extent *e, double bound)
{
    return bound <= e->attained + CLOSE * fmax(1e-3, fabs(e->attained));
}

/* A good value to begin with, so that boxes which cannot be better are never cut: the best of a grid, climbed from. */
static void look_around(const dg_activation *a, int order, double sign, extent *e)
{
    double at = 0, best = -INFINITY;
    for (int k = -240; k <= 240; k++) {
        double x = k * 0.05 + 0.0007, value = sign * value_at(a, order, x);
        if (value > best) {
            best = value;
            at = x;
        }
    }
    for (double step = 0.03; step > 1e-9; step *= 0.6)
        for (int side = -1; side <= 1; side += 2) {
            double value = sign * value_at(a, order, at + side * step);
            if (value > best) {
                best = value;
                at += side * step;
            }
        }
    bool at_break = false;
    for (int k = 0; k < a->n_breaks; k++)
        at_break |= a->breaks[k] == at;
    if (isfinite(best) && !at_break)
        attain(a, order, sign, at, e);
}

extent upper_extent(const dg_activation *a, int order, double sign)
{
    extent e = {.attained = -INFINITY};
    heap h = {.boxes = malloc((2 * MOST_BOXES + 4 * MOST_PIECES) * sizeof *h.boxes)};
    if (!h.boxes) {
        arena_fail(a->arena);
        return (extent){.attained = -INFINITY, .bound = INFINITY};
    }
    look_around(a, order, sign, &e);
    for (int k = 0; k < a->n_pieces; k++)
        if (order == 0 || a->pieces[k].lo < a->pieces[k].hi) /* at a break, derivatives are a convention */
            add_box(a, order, sign, a->pieces[k].lo, a->pieces[k].hi, &h, &e);
    e.bound = e.attained;
    while (h.n) {
        box top = pop(&h);
        double m = middle_of(top.lo, top.hi);
        e.bound = fmax(top.bound, e.attained);
        if (e.attained > UNBOUNDED || is_close(&e, top.bound) || h.made > MOST_BOXES || m <= top.lo || m >= top.hi)
            break;
        e.bound = e.attained;
        add_box(a, order, sign, top.lo, m, &h, &e);
        add_box(a, order, sign, m, top.hi, &h, &e);
    }
    free(h.boxes);
    e.proved = is_close(&e, e.bound) || e.attained > UNBOUNDED;
    if (e.attained > UNBOUNDED)
        e.bound = INFINITY;
    return e;
}

/* ---- continuity ---- */

bool continuous_below(const dg_activation *a, int order, double lo, double hi)
{
    dg_interval x = dg_interval_of(lo, hi), results[ORDERS];
    dg_enclose(a->enclosure, &x, results);
    for (int k = 0; k < order; k++)
        if (results[k].open || results[k].partial)
            return false;
    return true;
}

bool continuous_between_breaks(const dg_activation *a, int order)
{
    box stack[MOST_DEPTH];
    int made = 0;
    for (int k = 0; k < a->n_pieces; k++) {
        int n = 0;
        if (a->pieces[k].lo < a->pieces[k].hi)
            stack[n++] = (box){a->pieces[k].lo, a->pieces[k].hi, 0};
        while (n) {
            box b = stack[--n];
            if (continuous_below(a, order, b.lo, b.hi))
                continue;
            double m = middle_of(b.lo, b.hi);
            if (m <= b.lo || m >= b.hi || ++made > MOST_BOXES / 2 || n + 2 > MOST_DEPTH)
                return false;
            stack[n++] = (box){b.lo, m, 0};
            stack[n++] = (box){m, b.hi, 0};
        }
    }
    return true;
}

/* ---- signs ---- */

/* A number at which sign·f^(order) is certainly below 0. */
static bool has_witness(const dg_activation *a, int order, double sign)
{
    for (int k = -400; k <= 400; k++) {
        double x = k * 0.0251 + 0.003;
        dg_interval point = enclose_at(a, order, x, x);
        if (!point.partial && !point.open && (sign > 0 ? point.hi < 0 : point.lo > 0) &&
            continuous_below(a, order, x, x))
            return true;
    }
    return false;
}

int never_below(const dg_activation *a, int order, double sign)
{
    if (has_witness(a, order, sign))
        return -1;
    box *stack = malloc((MOST_SIGN_BOXES + 2 * MOST_PIECES + 4) * sizeof *stack);
    int n = 0, made = 0, verdict = 1;
    if (!stack) {
        arena_fail(a->arena);
        return 0;
    }
    for (int k = 0; k < a->n_pieces; k++) /* single points are breaks: derivatives there are a convention */
        if (a->pieces[k].lo < a->pieces[k].hi)
            stack[n++] = (box){a->pieces[k].lo, a->pieces[k].hi, 0};
    while (n && verdict >= 0) {
        box b = stack[--n];
        dg_interval all = enclose_well(a, order, b.lo, b.hi);
        if (!all.partial && (sign > 0 ? all.lo >= 0 : all.hi <= 0) && continuous_below(a, order, b.lo, b.hi))
            continue;
        double m = middle_of(b.lo, b.hi);
        dg_interval point = enclose_at(a, order, m, m);
        if (!point.partial && (sign > 0 ? point.hi < 0 : point.lo > 0) && continuous_below(a, order, m, m)) {
            verdict = -1;
        } else if (m <= b.lo || m >= b.hi || ++made > MOST_SIGN_BOXES / 2) {
            verdict = 0;
            break;
        } else {
            stack[n++] = (box){b.lo, m, 0};
            stack[n++] = (box){m, b.hi, 0};
        }
    }
    free(stack);
    return verdict;
}
