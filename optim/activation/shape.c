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

static void add_range(dg_activation *a)
{
    char low[64], high[64];
    extent up = sided_extent(a, 0, 1), down = sided_extent(a, 0, -1);
    bool proved = up.proved && down.proved;
    add_fact(a, SECTION, "inf", "infimum", how(down.proved), -down.bound, -down.attained, "%s",
             enclosed_text(-down.bound, -down.attained, low));
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

/* ---- far out ---- */

typedef struct tail {
    double slope, offset; /* f ≈ slope·x + offset */
    const char *words;    /* NULL: a line */
} tail;

static bool keeps_growing(const dg_activation *a, double sign)
{
    double before = fabs(value_at(a, 0, sign * 1e6));
    for (double x = 3.7e6; x < 1e13; x *= 3.7) {
        double size = fabs(value_at(a, 0, sign * x));
        if (!(size > before))
            return false;
        before = size;
    }
    return true;
}

static tail tail_of(const dg_activation *a, double sign)
{
    tail t = {0};
    double x[3] = {sign * 1e6, sign * 1e9, sign * 1e12}, f[3], d[3];
    for (int k = 0; k < 3; k++) {
        f[k] = value_at(a, 0, x[k]);
        d[k] = value_at(a, 1, x[k]);
    }
    t.slope = f[2] / x[2];
    t.offset = fabs(t.slope) < 1e-9 ? f[2] : f[0] - t.slope * x[0];
    if (fabs(t.slope) < 1e-9)
        t.slope = 0;
    if (!isfinite(f[0]) || fabs(f[0]) > 1e60)
        t.words = "grows faster than any power";
    else if (isnan(f[2]) || isnan(d[2]))
        t.words = "not a number";
    else if (fabs(f[2] - f[1]) <= 1e-5 * fmax(1, fabs(f[2])) && fabs(f[1] - f[0]) <= 1e-4 * fmax(1, fabs(f[1])))
        t.slope = 0, t.offset = f[2];
    else if (fabs(f[1] / x[1] - f[2] / x[2]) <= 1e-6 * fabs(f[2] / x[2]) &&
             fabs(f[0] / x[0] - f[2] / x[2]) <= 1e-4 * fabs(f[2] / x[2]))
        t.slope = f[2] / x[2], t.offset = value_at(a, 0, sign * 1e4) - t.slope * sign * 1e4;
    else if (fabs(f[2]) > 100 * fabs(f[1]) && fabs(f[1]) > 100 * fabs(f[0]))
        t.words = "grows like a power";
    else if (keeps_growing(a, sign))
        t.words = "grows slowly (a logarithm or a root)";
    else
        t.words = "oscillates";
    if (!t.words && fabs(t.offset) < 1e-6)
        t.offset = 0;
    return t;
}

static void add_tail(dg_activation *a, double sign, const char *name, const char *label)
{
    tail t = tail_of(a, sign);
    char slope[64], offset[64] = "";
    plain_print(slope, sizeof slope, "%.6g ", t.slope);
    if (t.offset != 0)
        plain_print(offset, sizeof offset, " %s %.6g", t.offset > 0 ? "+" : "−", fabs(t.offset));
    if (t.words)
        add_fact(a, SECTION, name, label, DG_SAMPLED, NAN, NAN, "%s", t.words);
    else if (t.slope == 0)
        add_fact(a, SECTION, name, label, DG_SAMPLED, t.offset, t.offset, "the constant %.6g", t.offset);
    else
        add_fact(a, SECTION, name, label, DG_SAMPLED, t.slope, t.slope, "the line %sx%s",
                 strcmp(slope, "1 ") == 0    ? ""
                 : strcmp(slope, "-1 ") == 0 ? "−"
                                             : slope,
                 offset);
}

/* ---- saturation and the textbook table ---- */

typedef struct gating {
    double dead, saturated; /* shares of N(0, 1) with f′ = 0, |f′| < 0.05·sup */
    double zero;            /* with f = 0 */
    double ignored_lo, ignored_hi, attended_lo, attended_hi;
    bool ignores, attends;
} gating;

static gating measure(const dg_activation *a, double steepest)
{
    enum { N = 2001 };
    double x[N], f[N], d[N], total = 0;
    gating g = {0};
    for (int i = 0; i < N; i++)
        x[i] = (i - N / 2) * 8.0 / (N / 2) + 1e-9;
    dg_activation_values(a, 0, x, f, N);
    dg_activation_values(a, 1, x, d, N);
    if (!isfinite(steepest) || steepest > 1e3) {
        steepest = 0;
        for (int i = 0; i < N; i++)
            steepest = fabs(x[i]) < 3 && isfinite(d[i]) ? fmax(steepest, fabs(d[i])) : steepest;
    }
    for (int i = 0; i < N; i++) {
        double w = exp(-x[i] * x[i] / 2), slope = fabs(d[i]);
        total += w;
        g.dead += slope == 0 ? w : 0;
        g.zero += f[i] == 0 ? w : 0;
        bool flat = slope < 0.05 * steepest, steep = slope >= 0.5 * steepest;
        g.saturated += flat ? w : 0;
        if (flat && fabs(x[i]) <= 6) {
            g.ignored_lo = g.ignores ? g.ignored_lo : x[i];
            g.ignored_hi = x[i];
            g.ignores = true;
        }
        if (steep && fabs(x[i]) <= 6) {
            g.attended_lo = g.attends ? g.attended_lo : x[i];
            g.attended_hi = x[i];
            g.attends = true;
        }
    }
    g.dead /= total;
    g.zero /= total;
    g.saturated /= total;
    return g;
}

static void region(char *text, size_t size, bool any, double lo, double hi)
{
    if (!any)
        snprintf(text, size, "none");
    else if (lo < -5.9 && hi > 5.9)
        snprintf(text, size, "both far sides");
    else if (lo < -5.9)
        plain_print(text, size, "x < %.2f", hi);
    else if (hi > 5.9)
        plain_print(text, size, "x > %.2f", lo);
    else
        plain_print(text, size, "%.2f < x < %.2f", lo, hi);
}

static const char *style(const dg_activation *a, const gating *g)
{
    tail left = tail_of(a, -1), right = tail_of(a, 1);
    bool flat_left = !left.words && left.slope == 0, flat_right = !right.words && right.slope == 0;
    const dg_fact *monotone = dg_activation_fact(a, "monotone");
    bool increasing = monotone && strncmp(monotone->text, "incr", 4) == 0;
    if (left.words && right.words && strcmp(left.words, "oscillates") == 0)
        return "periodic: selects bands";
    if (flat_left && flat_right)
        return left.offset == right.offset ? "bump: selects a neighbourhood" : "squashing: compresses both far sides";
    if (flat_left != flat_right && (flat_left ? left : right).offset == 0 && g->zero > 0.2)
        return "hard gate: passes one side, zero on the other";
    if (flat_left != flat_right)
        return increasing ? "soft gate: passes one side, saturates on the other"
                          : "soft gate with a dip: passes one side, dips before it closes";
    return increasing ? "passes both sides, weighted" : "not monotone, open on both sides";
}

static void add_gating(dg_activation *a)
{
    const dg_fact *slope = dg_activation_fact(a, "lipschitz");
    gating g = measure(a, slope ? slope->lo : INFINITY);
    char text[80];
    add_fact(a, SECTION, "dead", "share of N(0,1) with f′ = 0", DG_SAMPLED, g.dead, g.dead, "%.1f %%", 100 * g.dead);
    add_fact(a, SECTION, "saturated", "share of N(0,1) with |f′| < 5 % of the steepest", DG_SAMPLED, g.saturated,
             g.saturated, "%.1f %%", 100 * g.saturated);
    region(text, sizeof text, g.attends, g.attended_lo, g.attended_hi);
    add_fact(a, "textbook", "attended", "region attended (slope at least half the steepest)", DG_SAMPLED, g.attended_lo,
             g.attended_hi, "%s", text);
    region(text, sizeof text, g.ignores, g.ignored_lo, g.ignored_hi);
    add_fact(a, "textbook", "ignored", "region ignored (slope below 5 % of the steepest)", DG_SAMPLED, g.ignored_lo,
             g.ignored_hi, "%s", text);
    add_fact(a, "textbook", "selection", "style of selection", DG_SAMPLED, NAN, NAN, "%s", style(a, &g));
    double mean = gaussian_mean(a, 1, 0, -1);
    bool centred = fabs(mean) < 1e-3;
    add_fact(a, "textbook", "zero_centred", "zero-centred under N(0,1)", DG_COMPUTED, mean, mean, "%s (mean %.5f)",
             centred ? "yes" : "no", mean);
    add_fact(a, "textbook", "sparse", "sparse (f = 0 for a share of N(0,1))", DG_SAMPLED, g.zero, g.zero,
             "%s (%.1f %%)", g.zero > 0.05 ? "yes" : "no", 100 * g.zero);
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
    add_tail(a, -1, "tail_left", "for x → −∞");
    add_tail(a, 1, "tail_right", "for x → +∞");
    add_gating(a);
}
