/* What a function does far out, and what it lets through: tails, saturation, the textbook's table. */
#include "activation.h"

#include "core/base/plain.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define SECTION   "shape"
#define MOST_RUNS 3

/* ---- far out ---- */

typedef struct tail {
    double slope, offset; /* f ≈ slope·x + offset */
    const char *words;    /* NULL: a line */
    bool undefined;
} tail;

/* 1: |f| grows from one point to the next, −1: it shrinks, 0: neither. */
static int trend(const dg_activation *a, double sign)
{
    double before = fabs(value_at(a, 0, sign * 1e6));
    int up = 0, down = 0;
    for (double x = 1.37e6; x < 1e13; x *= 1.37) {
        double size = fabs(value_at(a, 0, sign * x));
        up += !(size <= before);
        down += !(size >= before);
        before = size;
    }
    return down == 0 ? 1 : up == 0 ? -1 : 0;
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
    t.undefined = isnan(f[0]) && isnan(f[1]) && isnan(f[2]);
    if (t.undefined)
        t.words = "f is not defined there";
    else if (!isfinite(f[0]) || fabs(f[0]) > 1e60)
        t.words = "grows faster than any power";
    else if (isnan(f[2]) || isnan(d[2]))
        t.words = "not a number";
    else if (fabs(f[2] - f[1]) <= 1e-5 * fmax(1, fabs(f[2])) && fabs(f[1] - f[0]) <= 1e-4 * fmax(1, fabs(f[1])))
        t.slope = 0, t.offset = f[2];
    else if (fabs(f[1] / x[1] - f[2] / x[2]) <= 1e-6 * fabs(f[2] / x[2]) &&
             fabs(f[0] / x[0] - f[2] / x[2]) <= 1e-4 * fabs(f[2] / x[2]))
        t.slope = f[2] / x[2], t.offset = value_at(a, 0, sign * 1e4) - t.slope * sign * 1e4;
    else {
        int way = trend(a, sign);
        bool fast = fabs(f[2]) > 100 * fabs(f[1]) && fabs(f[1]) > 100 * fabs(f[0]);
        t.words = way > 0   ? fast ? "grows like a power" : "grows slowly (a logarithm or a root)"
                  : way < 0 ? "settles slowly"
                            : "oscillates";
    }
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

/* Where something is so, within |x| ≤ 6: from … to of each stretch, as many as have room. */
typedef struct stretches {
    double at[MOST_RUNS][2];
    int n;
    bool open; /* the last goes on */
} stretches;

static void stretch(stretches *s, double x, bool is_so)
{
    if (is_so && !s->open && s->n++ < MOST_RUNS)
        s->at[s->n - 1][0] = x;
    if (is_so && s->n <= MOST_RUNS)
        s->at[s->n - 1][1] = x;
    s->open = is_so;
}

typedef struct gating {
    double dead, saturated; /* shares of N(0, 1) with f′ = 0, |f′| < 0.05·sup */
    double zero;            /* with f = 0 */
    stretches ignored, attended;
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
        bool flat = slope == 0 || slope<0.05 * steepest, steep = slope> 0 && slope >= 0.5 * steepest;
        total += w;
        g.dead += slope == 0 ? w : 0;
        g.zero += f[i] == 0 ? w : 0;
        g.saturated += flat ? w : 0;
        if (fabs(x[i]) <= 6) {
            stretch(&g.ignored, x[i], flat);
            stretch(&g.attended, x[i], steep);
        }
    }
    g.dead /= total;
    g.zero /= total;
    g.saturated /= total;
    return g;
}

static void region(char *text, size_t size, const stretches *s)
{
    size_t used = 0;
    if (s->n == 0)
        snprintf(text, size, "none");
    else if (s->n > MOST_RUNS)
        snprintf(text, size, "%d bands within |x| ≤ 6", s->n);
    for (int k = 0; s->n <= MOST_RUNS && k < s->n && used < size; k++) {
        double lo = s->at[k][0], hi = s->at[k][1];
        char one[64];
        if (lo < -5.9 && hi > 5.9)
            snprintf(one, sizeof one, "everywhere");
        else if (lo < -5.9)
            plain_print(one, sizeof one, "x < %.2f", hi);
        else if (hi > 5.9)
            plain_print(one, sizeof one, "x > %.2f", lo);
        else
            plain_print(one, sizeof one, "%.2f < x < %.2f", lo, hi);
        int length = snprintf(text + used, size - used, "%s%s", k ? "; " : "", one);
        used += length > 0 ? (size_t)length : size;
    }
}

static void add_region(dg_activation *a, const stretches *s, const char *name, const char *label)
{
    char text[200];
    int last = s->n < MOST_RUNS ? s->n : MOST_RUNS;
    region(text, sizeof text, s);
    add_fact(a, "textbook", name, label, DG_SAMPLED, s->n ? s->at[0][0] : NAN, s->n ? s->at[last - 1][1] : NAN, "%s",
             text);
}

static const char *style(const dg_activation *a, const gating *g)
{
    tail left = tail_of(a, -1), right = tail_of(a, 1);
    bool flat_left = !left.words && left.slope == 0, flat_right = !right.words && right.slope == 0;
    const dg_fact *monotone = dg_activation_fact(a, "monotone");
    bool increasing = monotone && strncmp(monotone->text, "incr", 4) == 0;
    bool decreasing = monotone && strncmp(monotone->text, "decr", 4) == 0;
    bool unknown = monotone && strncmp(monotone->text, "not known", 9) == 0;
    if (left.undefined || right.undefined)
        return left.undefined && right.undefined ? "none: f is not defined far out"
                                                 : "none: f is not defined on both sides";
    if (left.words && right.words && strcmp(left.words, "oscillates") == 0)
        return "periodic: selects bands";
    if (flat_left && flat_right)
        return left.offset == right.offset ? "bump: selects a neighbourhood" : "squashing: compresses both far sides";
    if (flat_left != flat_right && (flat_left ? left : right).offset == 0 && g->zero > 0.2)
        return "hard gate: passes one side, zero on the other";
    if (flat_left != flat_right && unknown)
        return "soft gate: passes one side, closes on the other";
    if (flat_left != flat_right)
        return increasing || decreasing ? "soft gate: passes one side, saturates on the other"
                                        : "soft gate with a dip: passes one side, dips before it closes";
    if (unknown)
        return "passes both sides";
    return increasing || decreasing ? "passes both sides, weighted" : "not monotone, open on both sides";
}

void add_gating(dg_activation *a)
{
    const dg_fact *slope = dg_activation_fact(a, "lipschitz");
    gating g = measure(a, slope ? slope->lo : INFINITY);
    add_tail(a, -1, "tail_left", "for x → −∞");
    add_tail(a, 1, "tail_right", "for x → +∞");
    add_fact(a, SECTION, "dead", "share of N(0,1) with f′ = 0", DG_SAMPLED, g.dead, g.dead, "%.1f %%", 100 * g.dead);
    add_fact(a, SECTION, "saturated", "share of N(0,1) with |f′| < 5 % of the steepest", DG_SAMPLED, g.saturated,
             g.saturated, "%.1f %%", 100 * g.saturated);
    add_region(a, &g.attended, "attended", "region attended (slope at least half the steepest)");
    add_region(a, &g.ignored, "ignored", "region ignored (slope below 5 % of the steepest)");
    add_fact(a, "textbook", "selection", "style of selection", DG_SAMPLED, NAN, NAN, "%s", style(a, &g));
    double mean = gaussian_mean(a, 1, 0, -1);
    if (isfinite(mean) && !gaussian_settles(a, 1, 0, -1))
        add_fact(a, "textbook", "zero_centred", "zero-centred under N(0,1)", DG_SAMPLED, NAN, NAN,
                 "not known: the mean does not settle");
    else if (isfinite(mean))
        add_fact(a, "textbook", "zero_centred", "zero-centred under N(0,1)", DG_COMPUTED, mean, mean, "%s (mean %.5f)",
                 fabs(mean) < 1e-3 ? "yes" : "no", fabs(mean) < 5e-6 ? 0 : mean); /* no −0 */
    else
        add_fact(a, "textbook", "zero_centred", "zero-centred under N(0,1)", DG_COMPUTED, NAN, NAN,
                 "no: the mean is not finite");
    add_fact(a, "textbook", "sparse", "sparse (f = 0 for a share of N(0,1))", DG_SAMPLED, g.zero, g.zero,
             "%s (%.1f %%)", g.zero > 0.05 ? "yes" : "no", 100 * g.zero);
}
