/* The facts of a function's shape. */
#include "activation.h"

#include "core/base/plain.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define SECTION "shape"

/* ---- range ---- */

static dg_evidence how(bool proved)
{
    return proved ? DG_PROVED : DG_SAMPLED;
}

/* Functions that grow without bound but slowly have a greatest float32 value that says nothing. */
static bool grows_slowly(const dg_activation *a, double sign_x, double sign_f)
{
    double p = sign_f * value_at(a, 0, sign_x * 1e12), q = sign_f * value_at(a, 0, sign_x * 1e24),
           r = sign_f * value_at(a, 0, sign_x * 1e36);
    return q > p + 1e-3 * fabs(p) && r > q + 1e-3 * fabs(q) && r > 1;
}

static extent sided_extent(const dg_activation *a, int order, double sign)
{
    extent e = upper_extent(a, order, sign);
    if (order == 0 && isfinite(e.bound) && (grows_slowly(a, 1, sign) || grows_slowly(a, -1, sign))) {
        e.bound = e.attained = INFINITY;
        e.proved = false;
    }
    if (isinf(e.bound) && e.attained > UNBOUNDED_VALUE)
        e.attained = INFINITY;
    return e;
}

/* The number next to 0 is written 0. */
static double readable(double x)
{
    return fabs(x) < 1e-300 ? 0 : x;
}

#define FAR_AWAY 1e10 /* a limit, not a place */

static void add_range(dg_activation *a)
{
    char low[64], high[64];
    extent up = sided_extent(a, 0, 1), down = sided_extent(a, 0, -1);
    bool proved = up.proved && down.proved;
    add_fact(a, SECTION, "inf", "infimum", how(down.proved), -down.bound, -down.attained, "%s",
             enclosed_text(-down.bound, -down.attained, low));
    if (fabs(down.at) > FAR_AWAY)
        add_fact(a, SECTION, "inf_at", "least value near x =", DG_SAMPLED, down.at, down.at, "none: for x → %s∞",
                 down.at < 0 ? "−" : "+");
    else
        add_fact(a, SECTION, "inf_at", "least value near x =", DG_SAMPLED, down.at, down.at, "%.6g", readable(down.at));
    add_fact(a, SECTION, "sup", "supremum", how(up.proved), up.attained, up.bound, "%s",
             enclosed_text(up.attained, up.bound, high));
    add_fact(a, SECTION, "range", "range", how(proved), -down.bound, up.bound, "%s to %s", low, high);
}

/* ---- Lipschitz constants ---- */

/* sup |f^(order)|, which is a Lipschitz constant unless the function before it steps. */
static void add_lipschitz(dg_activation *a, int order, const smoothness *s, const char *name, const char *label)
{
    char text[64];
    if (s->jumps || (order == 2 && s->kinks)) {
        bool proved = s->jumps_proved || (order == 2 && s->kinks_proved);
        add_fact(a, SECTION, name, label, how(proved), INFINITY, INFINITY, "none: %s steps",
                 order == 1 || s->jumps ? "f" : "f′");
        return;
    }
    extent up = sided_extent(a, order, 1), down = sided_extent(a, order, -1);
    double attained = fmax(up.attained, down.attained), bound = fmax(up.bound, down.bound);
    double at = up.attained >= down.attained ? up.at : down.at;
    if (attained == INFINITY) {
        bool proved = (up.attained == INFINITY && up.proved) || (down.attained == INFINITY && down.proved);
        add_fact(a, SECTION, name, label, how(proved), attained, bound, "none: it is unbounded");
        return;
    }
    bool proved = up.proved && down.proved && continuous_between_breaks(a, order);
    attained = fmax(attained, 0.0) + 0.0; /* of a constant: no −0 */
    add_fact(a, SECTION, name, label, how(proved), attained, fmax(bound, attained), "%s (at x = %.6g)",
             enclosed_text(attained, fmax(bound, attained), text), readable(at));
}

/* ---- signs ---- */

static const char *sign_words(int up, int down, bool may_up, bool may_down, bool *proved)
{
    *proved = true;
    if (up == 1 && may_up)
        return "up";
    if (down == 1 && may_down)
        return "down";
    *proved = (up == -1 || !may_up) && (down == -1 || !may_down);
    return "neither";
}

static void add_signs(dg_activation *a, const smoothness *s)
{
    bool proved;
    const char *found = sign_words(never_below(a, 1, 1), never_below(a, 1, -1), !s->steps_down, !s->steps_up, &proved);
    proved &= !s->poles && !s->ends;
    add_fact(a, SECTION, "monotone", "monotone", how(proved), NAN, NAN, "%s",
             found[0] == 'u'   ? "increasing (f′ ≥ 0)"
             : found[0] == 'd' ? "decreasing (f′ ≤ 0)"
             : proved          ? "no"
                               : "not known");
    found = sign_words(never_below(a, 2, 1), never_below(a, 2, -1), !s->jumps && !s->poles && !s->kinks_down,
                       !s->jumps && !s->poles && !s->kinks_up, &proved);
    proved &= !s->poles && !s->ends && (!s->jumps || s->jumps_proved);
    add_fact(a, SECTION, "convex", "convex", how(proved), NAN, NAN, "%s",
             found[0] == 'u'   ? "convex (f″ ≥ 0)"
             : found[0] == 'd' ? "concave (f″ ≤ 0)"
             : proved          ? "no"
                               : "not known");
}

/* A point where f(−x) is certainly not ±f(x). */
static bool differs(const dg_activation *a, double sign)
{
    for (int k = 1; k < 40; k++) {
        double x = 0.17 * k;
        dg_interval p = enclose_at(a, 0, x, x), q = enclose_at(a, 0, -x, -x);
        if (sign < 0)
            q = dg_interval_of(-q.hi, -q.lo);
        if (!p.partial && !q.partial && (p.lo > q.hi || p.hi < q.lo))
            return true;
    }
    return false;
}

/* The parity that all pieces share with their mirror images; 0: none. On a piece no choice may be open. */
static int parity_by_pieces(const dg_activation *a)
{
    int shared = 0;
    for (int k = 0; k < a->n_pieces; k++) {
        const piece *p = &a->pieces[k], *q = &a->pieces[a->n_pieces - 1 - k];
        if (p->lo != -q->hi || p->hi != -q->lo)
            return 0;
        double x = p->lo / 2 + p->hi / 2, f = value_at(a, 0, x), g = value_at(a, 0, -x);
        dg_interval whole = enclose_at(a, 0, p->lo, p->hi);
        if (whole.lo == 0 && whole.hi == 0 && enclose_at(a, 0, q->lo, q->hi).hi == 0)
            continue; /* 0 is even and odd */
        int here = 0;
        if (p->lo == p->hi)
            here = f == g ? 1 : f == -g ? -1 : 0;
        else if (!whole.open)
            here = dg_formula_parity_at(a->pool, a->orders[0], x);
        if (!here || (shared && shared != here))
            return 0;
        shared = here;
    }
    return shared;
}

/* Whether there is a number at which f and its mirror image both have values. */
static bool has_both_sides(const dg_activation *a)
{
    for (int k = 1; k < 400; k++)
        if (isfinite(value_at(a, 0, 0.017 * k)) && isfinite(value_at(a, 0, -0.017 * k)))
            return true;
    return false;
}

static void add_parity(dg_activation *a)
{
    if (!has_both_sides(a)) {
        add_fact(a, SECTION, "parity", "symmetry", DG_SAMPLED, NAN, NAN, "none: f is not defined on both sides of 0");
        return;
    }
    int parity = dg_formula_parity(a->pool, a->orders[0]);
    parity = parity ? parity : parity_by_pieces(a);
    bool not_even = differs(a, 1), not_odd = differs(a, -1);
    bool proved = parity != 0 || (not_even && not_odd);
    add_fact(a, SECTION, "parity", "symmetry", how(proved), parity, parity, "%s",
             parity > 0             ? "even"
             : parity < 0           ? "odd"
             : not_even && not_odd  ? "neither even nor odd"
             : !not_even && not_odd ? "even, it seems"
             : not_even             ? "odd, it seems"
                                    : "even and odd, it seems");
}

/* ---- points ---- */

static size_t append(char *text, size_t size, size_t used, const char *format, double a, double b)
{
    int n = used < size ? snprintf(text + used, size - used, format, readable(a), readable(b)) : 0;
    return used + (size_t)(n > 0 ? n : 0);
}

static void add_roots(dg_activation *a, const root_list *r, const char *name, const char *label, bool with_value)
{
    char text[1500] = "";
    size_t used = 0;
    for (int k = 0; k < r->n_flat; k++)
        used = append(text, sizeof text, used, "everywhere from %.6g to %.6g; ", r->flat[k][0], r->flat[k][1]);
    for (int k = 0; k < r->n; k++)
        used = append(text, sizeof text, used, with_value ? "%.9g (%.6g); " : "%.9g; ", r->at[k],
                      value_at(a, 0, r->at[k]));
    for (int k = 0; k < r->n_touch; k++)
        used =
            append(text, sizeof text, used, "to within rounding from %.6g to %.6g; ", r->touch[k][0], r->touch[k][1]);
    if (r->many)
        used = append(text, sizeof text, used, "and more; ", 0, 0);
    if (used >= 2 && used < sizeof text)
        text[used - 2] = '\0';
    double first = r->n ? r->at[0] : NAN, last = r->n ? r->at[r->n - 1] : NAN;
    add_fact(a, SECTION, name, label, how(r->complete && !r->many), first, last, "%s", used ? text : "none");
}

static void add_at_0(dg_activation *a, int order, const char *name, const char *label, double value)
{
    if (isfinite(value))
        add_fact(a, SECTION, name, label, how(!enclose_at(a, order, 0, 0).partial), value + 0.0, value + 0.0, "%.9g",
                 value + 0.0); /* no −0 */
    else
        add_fact(a, SECTION, name, label, DG_SAMPLED, NAN, NAN, "not defined");
}

static void add_points(dg_activation *a)
{
    root_list zeros = find_roots(a, 0, 0), extrema = find_roots(a, 1, 0), fixed = find_roots(a, 0, 1);
    add_roots(a, &zeros, "zeros", "zeros in |x| ≤ 50", false);
    add_roots(a, &extrema, "critical_points", "f′ = 0 in |x| ≤ 50 (f there)", true);
    add_roots(a, &fixed, "fixed_points", "fixed points in |x| ≤ 50", false);
    double f0 = value_at(a, 0, 0), d0 = value_at(a, 1, 0);
    add_at_0(a, 0, "f0", "f(0)", f0);
    add_at_0(a, 1, "df0", "f′(0)", d0);
}

void add_shape(dg_activation *a)
{
    add_range(a);
    add_parity(a);
    smoothness s = add_breaks(a);
    add_signs(a, &s);
    add_lipschitz(a, 1, &s, "lipschitz", "Lipschitz constant of f (sup |f′|)");
    add_lipschitz(a, 2, &s, "lipschitz_df", "Lipschitz constant of f′ (sup |f″|)");
    add_points(a);
    add_gating(a);
}
