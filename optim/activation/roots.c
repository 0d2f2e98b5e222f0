/* Zeros of f^(order) − slope·x in |x| ≤ ROOT_RANGE: boxes without a zero are thrown away; in one where the function is
 * monotone a change of sign is one zero; the rest is cut until it is as small as numbers allow. */
#include "activation.h"

#include <math.h>
#include <stdlib.h>

enum { MOST_STEPS = 6000, DEEPEST = 200 };

#define SAME_ROOT 1e-7 /* relative: nearer ones are one */

typedef struct search {
    const dg_activation *a;
    int order, steps;
    double slope;
    root_list *found;
    bool any_open;
    double open_end; /* where the last box that could not be decided ends: neighbours are one root */
} search;

static dg_interval less_line(const search *s, dg_interval f, double lo, double hi)
{
    if (s->slope == 0)
        return f;
    dg_interval line = dg_interval_of(s->slope * lo, s->slope * hi), made; /* slope 1: exact */
    dg_interval_primitive("sub", &f, &line, NULL, &made);
    return made;
}

static double value(const search *s, double x)
{
    return value_at(s->a, s->order, x) - s->slope * x;
}

/* Whether f(x) is the line but for rounding. */
static bool is_rounding(const search *s, double x)
{
    return fabs(value(s, x)) <= 1e-13 * fabs(x);
}

static void touch(search *s, double lo, double hi)
{
    s->found->complete = false;
    root_list *r = s->found; /* boxes come from left to right */
    if (r->n_touch && (lo - r->touch[r->n_touch - 1][1] < 0.2 || r->n_touch == MOST_TOUCHES)) {
        r->touch[r->n_touch - 1][1] = hi;
        return;
    }
    r->touch[r->n_touch][0] = lo;
    r->touch[r->n_touch++][1] = hi;
}

static void add_root(search *s, double x)
{
    root_list *r = s->found;
    if (fabs(x - rint(x)) < 1e-9 && value(s, rint(x)) == 0)
        x = rint(x);
    if (fabs(x) < 1e-5 && value(s, 0) == 0 && is_rounding(s, x)) /* of higher order, which rounding blurs */
        x = 0;
    if (s->slope != 0 && fabs(x) > 1e-3 && is_rounding(s, x * 1.001) && is_rounding(s, x * 0.999)) {
        touch(s, x, x);
        return;
    }
    if (r->n && fabs(r->at[r->n - 1] - x) <= SAME_ROOT * fmax(1e-3, fabs(x)))
        return;
    if (r->n == MOST_ROOTS) {
        r->many = true;
        return;
    }
    r->at[r->n++] = x + 0.0; /* no −0 */
}

/* A box too small to cut in which there may be a zero: one with its neighbours. */
static void add_undecided(search *s, double lo, double hi, double x)
{
    bool goes_on = s->any_open && lo - s->open_end <= SAME_ROOT * fmax(1, fabs(lo));
    s->any_open = true;
    s->open_end = hi;
    root_list *r = s->found;
    if (!goes_on)
        add_root(s, x);
    else if (r->n && fabs(value(s, x)) < fabs(value(s, r->at[r->n - 1])))
        r->at[r->n - 1] = x;
}

static void add_flat(search *s, double lo, double hi)
{
    root_list *r = s->found;
    if (r->n_flat && r->flat[r->n_flat - 1][1] >= nextafter(nextafter(lo, -INFINITY), -INFINITY)) {
        r->flat[r->n_flat - 1][1] = hi;
    } else if (r->n_flat < MOST_ROOTS) {
        r->flat[r->n_flat][0] = lo;
        r->flat[r->n_flat++][1] = hi;
    }
}

static double bisect(const search *s, double lo, double hi)
{
    double at_lo = value(s, lo);
    if (at_lo == 0)
        return lo;
    for (int k = 0; k < 200; k++) {
        double m = lo / 2 + hi / 2, v = value(s, m);
        if (m <= lo || m >= hi || v == 0)
            return m;
        if ((v > 0) == (at_lo > 0))
            lo = m;
        else
            hi = m;
    }
    return lo / 2 + hi / 2;
}

static bool has_zero(dg_interval v)
{
    return v.lo <= 0 && v.hi >= 0;
}

/* What the enclosures of the box tell. True: it is dealt with. */
static bool decide(search *s, double lo, double hi)
{
    const dg_activation *a = s->a;
    dg_interval all = less_line(s, enclose_well(a, s->order, lo, hi), lo, hi);
    if (!has_zero(all) && !all.partial)
        return true;
    if (all.lo == 0 && all.hi == 0 && !all.partial) {
        if (lo == hi)
            add_root(s, lo);
        else
            add_flat(s, lo, hi);
        return true;
    }
    if (lo == hi) {
        if (fabs(value(s, lo)) < 1e-12)
            add_root(s, lo);
        return true;
    }
    if (s->order + 1 == ORDERS || all.open || all.partial)
        return false;
    dg_interval slope = enclose_at(a, s->order + 1, lo, hi), by = dg_interval_of(s->slope, s->slope);
    dg_interval_primitive("sub", &slope, &by, NULL, &slope);
    if (has_zero(slope))
        return false;
    dg_interval p = less_line(s, enclose_at(a, s->order, lo, lo), lo, lo),
                q = less_line(s, enclose_at(a, s->order, hi, hi), hi, hi);
    if (!has_zero(p) && !has_zero(q) && (p.lo > 0) == (q.lo > 0))
        return true;
    double at_lo = value(s, lo), at_hi = value(s, hi);
    if (at_lo != 0 && at_hi != 0 && (at_lo > 0) == (at_hi > 0))
        add_root(s, fabs(at_lo) < fabs(at_hi) ? lo : hi); /* at an end, but for rounding */
    else
        add_root(s, bisect(s, lo, hi));
    return true;
}

static void look(search *s, double lo, double hi, int depth)
{
    if (s->found->many || decide(s, lo, hi))
        return;
    double m = lo / 2 + hi / 2;
    bool near_line = s->slope != 0 && fabs(value(s, m)) <= 1e-14 * fabs(m) && fabs(m) > 1e-3;
    bool vanishes = s->slope == 0 && fabs(m) > 0.1 && hi - lo > 1e-5 && fabs(value(s, lo)) < 1e-30 &&
                    fabs(value(s, m)) < 1e-30 && fabs(value(s, hi)) < 1e-30;
    if ((near_line || vanishes) && hi - lo < 0.1) {
        touch(s, lo, hi);
        return;
    }
    bool tiny = m <= lo || m >= hi || hi - lo < 1e-10 * fmax(1e-3, fabs(lo));
    if (tiny || depth > DEEPEST || ++s->steps > MOST_STEPS) {
        s->found->complete = false;
        if (tiny && fabs(value(s, m)) < 1e-7)
            add_undecided(s, lo, hi, m);
        return;
    }
    look(s, lo, m, depth + 1);
    look(s, m, hi, depth + 1);
}

root_list find_roots(const dg_activation *a, int order, double slope)
{
    root_list found = {.complete = true};
    search s = {.a = a, .order = order, .slope = slope, .found = &found};
    for (int k = 0; k < a->n_pieces; k++) {
        double lo = fmax(a->pieces[k].lo, -ROOT_RANGE), hi = fmin(a->pieces[k].hi, ROOT_RANGE);
        if (lo < hi || (lo == hi && order == 0))
            look(&s, lo, hi, 0);
    }
    /* A zero at the end of a flat interval belongs to it, and so does one of an interval that vanishes but for
     * rounding. */
    int kept = 0;
    for (int k = 0; k < found.n; k++) {
        bool inside = false;
        for (int j = 0; j < found.n_flat; j++)
            inside |= found.at[k] >= found.flat[j][0] - 1e-12 && found.at[k] <= found.flat[j][1] + 1e-12;
        for (int j = 0; j < found.n_touch; j++)
            inside |= found.at[k] >= found.touch[j][0] - 1e-9 && found.at[k] <= found.touch[j][1] + 1e-9;
        if (!inside)
            found.at[kept++] = found.at[k];
    }
    found.n = kept;
    return found;
}
