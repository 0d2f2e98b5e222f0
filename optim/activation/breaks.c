/* What a function does where one piece ends and the next begins. */
#include "activation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SECTION "shape"

/* What the highest derivative does that is whole there. */
typedef enum break_order { AT_F = -1, AT_SLOPE, AT_BEND, AT_THIRD, AT_NONE } break_order;

typedef struct break_kind {
    double at;
    double jumps[ORDERS]; /* of f, f′, f″, f‴; infinite: unbounded there */
    bool ends;            /* f has values on one side alone */
    bool right;           /* on that one */
    break_order order;
} break_kind;

/* The numbers beside it; denormal ones say little. */
static double beside(double at, int side)
{
    return at == 0 ? side * 1e-30 : nextafter(at, side > 0 ? INFINITY : -INFINITY);
}

static double step_across(const dg_activation *a, int order, double at)
{
    double left = value_at(a, order, beside(at, -1)), right = value_at(a, order, beside(at, 1));
    double most = order == 0 ? UNBOUNDED_VALUE : 1e6;
    if (!isfinite(left) || !isfinite(right) || fabs(left) > most || fabs(right) > most)
        return INFINITY;
    double jump = right - left;
    return fabs(jump) <= 1e-9 * fmax(1, fmax(fabs(left), fabs(right))) ? 0 : jump;
}

static break_kind look_at(const dg_activation *a, double at)
{
    break_kind kind = {.at = at, .order = AT_NONE};
    bool left = !isnan(value_at(a, 0, beside(at, -1))), right = !isnan(value_at(a, 0, beside(at, 1)));
    kind.ends = left != right;
    kind.right = right;
    for (int order = 0; order < ORDERS; order++)
        kind.jumps[order] = step_across(a, order, at);
    double here = value_at(a, 0, at), before = value_at(a, 0, nextafter(at, -INFINITY));
    if (kind.jumps[0] == 0 && fabs(here - before) > 1e-9 * fmax(1, fabs(before)))
        kind.jumps[0] = here - before; /* a point apart from both sides */
    for (int order = ORDERS - 1; order >= 0; order--)
        kind.order = kind.jumps[order] != 0 ? (break_order)(order - 1) : kind.order;
    return kind;
}

/* Whether enclosures beside it are so far apart that no Lipschitz constant worth the name joins them. */
static bool surely_steps(const dg_activation *a, int order, double at)
{
    double l = beside(at, -1), r = beside(at, 1);
    dg_interval p = enclose_at(a, order, l, l), q = enclose_at(a, order, r, r);
    return !p.partial && !q.partial && fmax(q.lo - p.hi, p.lo - q.hi) > UNBOUNDED_VALUE * (r - l);
}

static void note_break(const dg_activation *a, const break_kind *kind, smoothness *s)
{
    bool pole = isinf(kind->jumps[0]);
    s->ends |= kind->ends;
    if (kind->ends)
        return;
    s->poles |= pole;
    s->steps_up |= pole; /* on which side, is not looked at */
    s->steps_down |= pole;
    s->order = (int)kind->order < s->order ? (int)kind->order : s->order;
    s->bends |= kind->order == AT_BEND;
    if (kind->order == AT_F && !pole) {
        s->jumps = true;
        s->jumps_proved |= surely_steps(a, 0, kind->at);
        s->steps_up |= kind->jumps[0] > 0;
        s->steps_down |= kind->jumps[0] < 0;
    }
    if (kind->order == AT_SLOPE) {
        s->kinks = true;
        s->kinks_proved |= surely_steps(a, 1, kind->at);
        s->kinks_up |= kind->jumps[1] > 0;
        s->kinks_down |= kind->jumps[1] < 0;
    }
}

static void add_kink(dg_activation *a, const break_kind *k)
{
    double there = value_at(a, 1, k->at) + 0.0; /* no −0 */
    if (isfinite(there))
        add_fact(a, SECTION, "kink", "kink", DG_SAMPLED, k->at, k->at, "f′ steps by %.6g at x = %.9g; f′ there is %.6g",
                 k->jumps[1], k->at, there);
    else
        add_fact(a, SECTION, "kink", "kink", DG_SAMPLED, k->at, k->at,
                 "f′ steps by %.6g at x = %.9g, where it is not defined", k->jumps[1], k->at);
}

static void add_break_fact(dg_activation *a, const break_kind *k)
{
    if (k->ends)
        add_fact(a, SECTION, "domain_end", "end of the domain", DG_SAMPLED, k->at, k->at,
                 "f is defined on the %s of x = %.9g alone", k->right ? "right" : "left", k->at);
    else if (k->order == AT_F && isinf(k->jumps[0]))
        add_fact(a, SECTION, "pole", "pole", DG_SAMPLED, k->at, k->at, "f is unbounded at x = %.9g", k->at);
    else if (k->order == AT_F)
        add_fact(a, SECTION, "jump", "jump", DG_SAMPLED, k->at, k->at, "f steps by %.6g at x = %.9g", k->jumps[0],
                 k->at);
    else if (k->order == AT_SLOPE && isinf(k->jumps[1]))
        add_fact(a, SECTION, "kink", "kink", DG_SAMPLED, k->at, k->at, "f′ is unbounded at x = %.9g", k->at);
    else if (k->order == AT_SLOPE)
        add_kink(a, k);
    else if (k->order == AT_BEND)
        add_fact(a, SECTION, "bend", "bend", DG_SAMPLED, k->at, k->at, "f″ steps by %.6g at x = %.9g", k->jumps[2],
                 k->at);
    else
        add_fact(a, SECTION, "bend", "bend", DG_SAMPLED, k->at, k->at, "f‴ steps by %.6g at x = %.9g", k->jumps[3],
                 k->at);
}

/* Nearest to 0 first. */
static int by_size(const void *a, const void *b)
{
    double p = ((const break_kind *)a)->at, q = ((const break_kind *)b)->at;
    return fabs(p) != fabs(q) ? (fabs(p) > fabs(q)) - (fabs(p) < fabs(q)) : (p > q) - (p < q);
}

static int by_place(const void *a, const void *b)
{
    double p = ((const break_kind *)a)->at, q = ((const break_kind *)b)->at;
    return (p > q) - (p < q);
}

/* After how much the breaks next to 0 come again, MOST_A_PERIOD kinds of them at most; 0: they do not. `list` is sorted
 * by size. */
static double period_of(const break_kind *list, int n)
{
    enum { LOOKED_AT = 13, MOST_A_PERIOD = 4 };
    break_kind near[LOOKED_AT];
    if (n < LOOKED_AT)
        return 0;
    memcpy(near, list, sizeof near);
    qsort(near, LOOKED_AT, sizeof *near, by_place);
    for (int m = 1; m <= MOST_A_PERIOD; m++) {
        double period = near[m].at - near[0].at;
        bool again = true;
        for (int k = 0; k + m < LOOKED_AT; k++)
            again &= near[k + m].order == near[k].order && near[k + m].ends == near[k].ends &&
                     fabs(near[k + m].at - near[k].at - period) <= 1e-9 * fmax(fabs(near[k].at), period);
        if (again)
            return period;
    }
    return 0;
}

static bool is_again(const break_kind *list, int k, double period)
{
    for (int before = 0; period > 0 && before < k; before++) {
        double times = (list[k].at - list[before].at) / period;
        if (list[k].order == list[before].order && fabs(times - rint(times)) < 1e-6)
            return true;
    }
    return false;
}

smoothness add_breaks(dg_activation *a)
{
    enum { MOST_SHOWN = 8 };
    static const char *const words[] = {"not continuous", "continuous (C⁰)", "C¹", "C²", "smooth"};
    break_kind list[MOST_PIECES];
    smoothness s = {.order = 3};
    int n = 0, shown = 0;
    for (int k = 0; k < a->n_breaks; k++) {
        list[n] = look_at(a, a->breaks[k]);
        if (list[n].order == AT_NONE)
            continue;
        note_break(a, &list[n++], &s);
    }
    qsort(list, (size_t)n, sizeof *list, by_size);
    double period = period_of(list, n);
    for (int k = 0; k < n; k++)
        if (!is_again(list, k, period) && ++shown <= MOST_SHOWN)
            add_break_fact(a, &list[k]);
    if (period > 0)
        add_fact(a, SECTION, "period", "these come again", DG_SAMPLED, period, period, "every %.9g", period);
    else if (shown > MOST_SHOWN)
        add_fact(a, SECTION, "more_breaks", "more of these", DG_SAMPLED, shown - MOST_SHOWN, shown - MOST_SHOWN,
                 "at least %d", shown - MOST_SHOWN);
    add_fact(a, SECTION, "smoothness", "smoothness",
             !a->n_breaks && continuous_between_breaks(a, 3) ? DG_PROVED : DG_SAMPLED, s.order, s.order, "%s%s",
             words[s.order + 1 > 3 ? 4 : s.order + 1], s.ends ? " where it is defined" : "");
    return s;
}
