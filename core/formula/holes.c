/* Holes: where a formula is 0/0, 0·∞ or ∞ − ∞ at a point and has a limit there, as sin(x)/x at 0, its value and the
 * ones of its derivatives lose all digits around it. There its power series takes its place: where(abs(x) < r, c₀ +
 * c₁·x + …, sin(x)/x), from which derivatives of all orders follow, too. r is a quarter of the radius of convergence,
 * at most 1, so that outside no more than a few bits are lost.
 *
 * What else the formula is of stays a symbol: sin(b·x)/x is b·Σ c[k]·u^k with u = b·x, near where |u| < r, whatever b
 * is; and exp(−b)·sin(x)/x has a factor that the series does without. */
#include "expression.h"
#include "factored.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_STEPS = 160, MOST_HOLES = 16 };

/* What a step of the formula depends on. */
enum dependence { ON_VARIABLE = 1, ON_OTHERS = 2 };

typedef struct hole {
    int step, variable; /* in order */
    bool is_guard;      /* where(variable == at, limit, e): e does without it */
    double at, radius;
    int n;                   /* terms that count */
    const expression *scale; /* the series is in u = scale·variable; NULL: in variable − at */
    factored made;
} hole;

typedef struct search {
    dg_formulas *pool;
    int n;
    bool failed; /* no memory */
    const expression *order[MOST_STEPS], *images[MOST_STEPS];
    int depends[MOST_STEPS];
    /* What is looked at: the variable, and its scale. */
    int variable;
    const expression *scale;
    const expression *scales[MOST_STEPS]; /* a step that is times·scales·variable; else NULL */
    double times[MOST_STEPS];
    bool is_factor[MOST_STEPS]; /* has no series */
    double values[MOST_STEPS];
    bool reached[MOST_STEPS];
    int n_holes;
    hole holes[MOST_HOLES];
} search;

static bool divides(const expression *e)
{
    return is_op(e, P_DIV) || is_op(e, P_RECIPROCAL) ||
           (is_op(e, P_POW) && is_constant(e->args[1]) && e->args[1]->value < 0);
}

static int place(const expression *e)
{
    return (int)e->place;
}

/* ---- finding ---- */

static void find_dependence(search *s, int variable)
{
    s->variable = variable;
    for (int i = 0; i < s->n; i++) {
        const expression *e = s->order[i];
        int on = e->op == OP_INPUT ? ON_OTHERS : 0;
        for (int k = 0; k < e->arity; k++)
            on |= s->depends[place(e->args[k])];
        s->depends[i] = i == variable ? ON_VARIABLE : on;
    }
}

/* p·scale or scale/p, where p does not depend on the variable; NULL: 1. */
static const expression *scaled_by(search *s, int op, const expression *scale, const expression *p)
{
    const expression *one = scale ? scale : make_constant(s->pool, 1);
    const expression *made = op == P_DIV ? make2(s->pool, P_DIV, one, p) : make2(s->pool, P_MUL, p, one);
    s->failed |= !made;
    return made;
}

/* Steps that are the variable times a number and what does not depend on it, as 2·b·x, x/b and −b·c·x are. */
static void find_scales(search *s)
{
    for (int i = 0; i < s->n; i++) {
        const expression *e = s->order[i], *p = e->arity == 2 ? e->args[1] : NULL;
        s->scales[i] = NULL;
        s->times[i] = 1;
        if (!(s->depends[i] & ON_VARIABLE) || i == s->variable ||
            !(is_op(e, P_NEG) || is_op(e, P_MUL) || is_op(e, P_DIV)))
            continue;
        int of = place(e->args[0]);
        if (is_op(e, P_MUL) && !(s->depends[of] & ON_VARIABLE)) {
            p = e->args[0];
            of = place(e->args[1]);
        }
        if ((of != s->variable && !s->scales[of]) || (p && s->depends[place(p)] & ON_VARIABLE))
            continue;
        s->scales[i] = s->scales[of];
        s->times[i] = s->times[of];
        if (!p)
            s->times[i] = -s->times[of];
        else if (is_constant(p))
            s->times[i] *= is_op(e, P_DIV) ? 1 / p->value : p->value;
        else
            s->scales[i] = scaled_by(s, e->op, s->scales[of], p);
    }
}

/* b in b^(…·x), with log(b) for scale. */
static bool is_power_of_scale(search *s, const expression *e)
{
    if (!is_op(e, P_POW) || s->depends[place(e->args[0])] != ON_OTHERS ||
        !(s->depends[place(e->args[1])] & ON_VARIABLE))
        return false;
    const expression *scale = make1(s->pool, P_LOG, e->args[0]);
    s->failed |= !scale;
    return scale && s->scale == scale;
}

/* With 1 for the scale and for all that does not depend on the variable. */
static void evaluate(search *s, double at)
{
    for (int i = 0; i < s->n; i++) {
        const expression *e = s->order[i];
        double args[3] = {0, 0, 0};
        for (int k = 0; k < e->arity; k++)
            args[k] = s->values[place(e->args[k])];
        s->values[i] = i == s->variable                       ? at
                       : s->scale && s->scales[i] == s->scale ? s->times[i] * at
                       : e->op == OP_CONSTANT                 ? e->value
                       : s->is_factor[i]                      ? 1
                       : s->depends[i] == ON_OTHERS           ? 1
                       : s->scale && is_power_of_scale(s, e)  ? exp(args[1])
                                                              : primitive_evaluate(e->op, args[0], args[1], args[2]);
    }
}

/* Whether e may have a limit where its arguments give none. */
static bool meets(const expression *e)
{
    return is_op(e, P_DIV) || is_op(e, P_MUL) || is_op(e, P_ADD) || is_op(e, P_SUB);
}

static bool has_gap(const search *s)
{
    for (int i = 0; i < s->n; i++)
        if ((s->depends[i] & ON_VARIABLE) && meets(s->order[i]) && isnan(s->values[i]))
            return true;
    return false;
}

/* Whether the arguments have no value together, but the whole has. */
static bool is_hole(const expression *e, const factored *made, const factored *a, const factored *b)
{
    if (!series_is_known(&made->s) || series_is_zero(&made->s) || made->s.low < 0)
        return false;
    if (is_op(e, P_DIV))
        return b->s.low > 0 || series_has_pole(&b->s);
    if (is_op(e, P_MUL))
        return series_has_pole(&a->s) || series_has_pole(&b->s);
    return (is_op(e, P_ADD) || is_op(e, P_SUB)) && series_has_pole(&a->s) && series_has_pole(&b->s);
}

/* ---- the radius ---- */

/* How many terms count within r; 0: more than are known. */
static int terms_within(const series *s, double r)
{
    int n = s->n;
    while (n > 1 && fabsl(s->a[n - 1]) * powl(r, n - 1) <= 0x1p-54L * fabsl(s->a[0]))
        n--;
    return n <= s->n - 2 ? n : 0;
}

/* Two digits. */
static double readable(double r)
{
    double unit = pow(10, floor(log10(r)) - 1);
    return unit >= 1 ? r : floor(r * (1 / unit)) / (1 / unit);
}

static bool choose_radius(hole *h)
{
    long double growth = 0;
    for (int k = h->made.s.n / 2; k < h->made.s.n; k++)
        growth = fmaxl(growth, powl(fabsl(h->made.s.a[k] / h->made.s.a[0]), 1.0L / k));
    double r = growth > 0 ? fmin(1, (double)(0.25L / growth)) : 1;
    for (int times = 0; times < 8 && r > 1e-6; times++, r *= 0.7) {
        h->radius = readable(r);
        h->n = terms_within(&h->made.s, h->radius);
        if (h->n)
            return true;
    }
    return false;
}

/* Whether the formula itself agrees where it takes over, and half way. */
static bool agrees(search *s, const hole *h)
{
    static const double parts[] = {-1, -0.5, 0.5, 1};
    const series *of = &h->made.s;
    for (int k = 0; k < 4; k++) {
        long double x = parts[k] * h->radius, sum = 0;
        evaluate(s, h->at + (double)x);
        for (int i = h->n; i-- > 0;)
            sum = sum * x + of->a[i];
        sum *= powl(x, of->low);
        if (!(fabsl(sum - s->values[h->step]) <= 1e-9L * (fabsl(sum) + fabsl(of->a[0] * powl(x, of->low)))))
            return false;
    }
    return true;
}

static void note_hole(search *s, const hole *found)
{
    hole *h = &s->holes[s->n_holes];
    for (int k = 0; k < s->n_holes; k++)
        if (s->holes[k].step == found->step && s->holes[k].at == found->at)
            return;
    if (s->n_holes == MOST_HOLES)
        return;
    *h = *found; /* a quotient of powers loses nothing: x/x */
    s->n_holes += h->is_guard || (choose_radius(h) && h->n > 1 && agrees(s, h));
}

/* The variable itself, or times its scale. */
static bool is_variable(const search *s, const expression *e)
{
    return e == s->order[s->variable] || (s->scale && s->scales[place(e)] == s->scale);
}

static const expression *times_factors(search *s, const hole *h, const expression *e, int degree);

/* Whether e is where(variable == at, c, …), with the limit of the rest for c. */
static bool is_guard(search *s, const expression *e, const factored *all, double at)
{
    if (!is_op(e, P_WHERE) || !is_op(e->args[0], P_EQ))
        return false;
    const factored *rest = &all[place(e->args[2])];
    const expression *a = e->args[0]->args[0], *b = e->args[0]->args[1], *given = e->args[1];
    bool is_there = (is_variable(s, a) && is_value(b, at)) || (is_variable(s, b) && is_value(a, at));
    bool is_filled = false;
    for (int k = 0; k < s->n_holes; k++)
        is_filled |= s->holes[k].variable == s->variable && s->holes[k].at == at;
    if (!is_there || !is_filled || !series_is_known(&rest->s))
        return false;
    long double limit = series_limit(&rest->s);
    if (factored_is_plain(rest) || is_constant(given))
        return is_constant(given) && (factored_is_plain(rest) || limit == 0) &&
               fabsl(limit - given->value) <= 1e-15L * fabs(given->value);
    const hole h = {.variable = s->variable, .scale = s->scale, .made = *rest};
    const expression *made = times_factors(s, &h, make_constant(s->pool, (double)limit), rest->degree);
    s->failed |= !made;
    return made == given;
}

static factored series_of(search *s, const factored *all, int i, double at)
{
    const expression *e = s->order[i];
    const factored *args[3] = {&all[i], &all[i], &all[i]};
    for (int k = 0; k < e->arity; k++)
        args[k] = &all[place(e->args[k])];
    if (i == s->variable)
        return factored_of(series_variable(at, SERIES_TERMS), s->scale ? -1 : 0);
    if (e->op == OP_CONSTANT)
        return factored_of(series_constant(e->value, SERIES_TERMS), 0);
    if (s->scale && s->scales[i] == s->scale) {
        const series u = series_variable(0, SERIES_TERMS), times = series_constant(s->times[i], SERIES_TERMS);
        return factored_of(series_apply(P_MUL, &times, &u, &u), 0);
    }
    if (e == s->scale)
        return factored_of(series_constant(1, SERIES_TERMS), 1);
    if (s->depends[i] == ON_OTHERS)
        return factored_opaque(e);
    if (s->scale && is_power_of_scale(s, e) && args[1]->degree == -1 && !args[1]->factor)
        return factored_of(series_apply(P_EXP, &args[1]->s, &args[1]->s, &args[1]->s), 0);
    factored made = factored_apply(s->pool, e->op, args[0], args[1], args[2], &s->failed);
    s->is_factor[i] = !series_is_known(&made.s) && (s->scale || s->depends[i] & ON_OTHERS);
    return s->is_factor[i] ? factored_opaque(e) : made;
}

static void look_at(search *s, factored *all, const expression *scale, double at)
{
    s->scale = scale;
    memset(s->is_factor, 0, sizeof s->is_factor);
    evaluate(s, at);
    if (!has_gap(s))
        return;
    for (int i = 0; i < s->n; i++) {
        const expression *e = s->order[i];
        all[i] = series_of(s, all, i, at);
        if (!(s->depends[i] & ON_VARIABLE))
            continue;
        const hole found = {.step = i, .variable = s->variable, .at = at, .scale = scale, .made = all[i]};
        if (e->arity == 2 && !s->is_factor[i] && is_hole(e, &all[i], &all[place(e->args[0])], &all[place(e->args[1])]))
            note_hole(s, &found);
        if (is_guard(s, e, all, at))
            note_hole(s, &(hole){.step = i, .variable = s->variable, .at = at, .is_guard = true});
    }
}

/* By every scale that the variable has. */
static void look_by_scales(search *s, factored *all)
{
    const expression *tried[MOST_STEPS];
    int n = 0;
    find_scales(s);
    for (int i = 0; i < s->n; i++) {
        const expression *e = s->order[i], *scale = s->scales[i];
        if (is_op(e, P_POW) && s->depends[place(e->args[0])] == ON_OTHERS &&
            (s->depends[place(e->args[1])] & ON_VARIABLE)) {
            scale = make1(s->pool, P_LOG, e->args[0]);
            s->failed |= !scale;
        }
        for (int k = 0; scale && k < n; k++)
            scale = tried[k] == scale ? NULL : scale;
        if (!scale || is_constant(scale))
            continue;
        tried[n++] = scale;
        look_at(s, all, scale, 0);
    }
}

/* c, when e is the variable less c. */
static bool is_shifted(const expression *e, const expression *variable, double *c)
{
    bool is_sum = is_op(e, P_ADD) || is_op(e, P_SUB);
    int k = is_sum && e->args[0] == variable ? 1 : 0;
    if (!is_sum || e->args[1 - k] != variable || !is_constant(e->args[k]))
        return false;
    *c = is_op(e, P_ADD) ? -e->args[k]->value : e->args[k]->value;
    return true;
}

static void find_holes(search *s, factored *all)
{
    double c;
    for (int v = 0; v < s->n; v++) {
        if (is_constant(s->order[v]))
            continue;
        find_dependence(s, v);
        look_at(s, all, NULL, 0);
        for (int i = 0; i < s->n; i++)
            if (s->depends[i] == ON_VARIABLE && is_shifted(s->order[i], s->order[v], &c) && c != 0)
                look_at(s, all, NULL, c);
        look_by_scales(s, all);
    }
}

/* ---- putting series in their place ---- */

/* What the series is in. */
static const expression *offset(dg_formulas *pool, const expression *variable, const hole *h)
{
    return h->scale ? make2(pool, P_MUL, h->scale, variable) : make2(pool, P_SUB, variable, make_constant(pool, h->at));
}

/* |variable − at| < r */
static const expression *nearness(dg_formulas *pool, const expression *variable, const hole *h)
{
    return make2(pool, P_LT, make1(pool, P_ABS, offset(pool, variable, h)), make_constant(pool, h->radius));
}

/* q·p^degree·e */
static const expression *times_factors(search *s, const hole *h, const expression *e, int degree)
{
    if (degree)
        e = make2(s->pool, P_MUL, make2(s->pool, P_POW, h->scale, make_constant(s->pool, degree)), e);
    return h->made.factor ? make2(s->pool, P_MUL, h->made.factor, e) : e;
}

/* Σ a[k]·u^(low + k), by Horner's rule; in u² where every other term is 0. Of p⁻ᵐ·u^low, as much as there is is the
 * variable itself, so that p may be 0. */
static const expression *polynomial(search *s, const expression *variable, const hole *h)
{
    dg_formulas *pool = s->pool;
    const series *of = &h->made.s;
    const int wanted = -h->made.degree, bare = !h->scale || wanted < 0 ? 0 : wanted < of->low ? wanted : of->low;
    const expression *u = offset(pool, variable, h);
    int step = 2;
    for (int k = 1; k < h->n; k += 2)
        step = of->a[k] != 0 ? 1 : step;
    const expression *w = step == 2 ? make1(pool, P_SQUARE, u) : u, *sum = NULL;
    for (int k = (h->n - 1) / step * step; k >= 0; k -= step) {
        const expression *term = make_constant(pool, (double)of->a[k]);
        sum = sum ? make2(pool, P_ADD, make2(pool, P_MUL, w, sum), term) : term;
        if (!sum)
            return NULL;
    }
    sum = make2(pool, P_MUL, make2(pool, P_POW, u, make_constant(pool, of->low - bare)), sum);
    if (bare)
        sum = make2(pool, P_MUL, make2(pool, P_POW, variable, make_constant(pool, bare)), sum);
    return times_factors(s, h, sum, h->made.degree + bare);
}

/* Steps that the root reaches without going behind a choice that is made by the same nearness already. */
static void find_reached(search *s, const hole *h)
{
    const expression *near = nearness(s->pool, s->order[h->variable], h);
    for (int i = 0; i < s->n; i++)
        s->reached[i] = i == s->n - 1;
    for (int i = s->n; i-- > 0;) {
        const expression *e = s->order[i];
        bool guards = is_op(e, P_WHERE) && is_op(e->args[0], P_LT) && is_constant(e->args[0]->args[1]) && near &&
                      e->args[0]->args[0] == near->args[0];
        for (int k = 0; s->reached[i] && k < (guards ? 2 : e->arity); k++)
            s->reached[place(e->args[k])] = true;
    }
}

static const expression *filled(search *s, int step, const expression *e)
{
    for (int k = 0; e && k < s->n_holes; k++) {
        const hole *h = &s->holes[k];
        const expression *variable = s->images[h->variable];
        if (h->step == step && h->is_guard)
            return s->images[place(s->order[step]->args[2])];
        if (h->step != step)
            continue;
        const expression *near = polynomial(s, variable, h);
        const expression *made = make3(s->pool, P_WHERE, nearness(s->pool, variable, h), near, e);
        if (made && s->pool->log && e->arity == 2)
            note_rewrite(s->pool, e->op, e->args[0], e->args[1], made);
        e = made;
    }
    return e;
}

static const expression *rebuild(search *s)
{
    for (int i = 0; i < s->n; i++) {
        const expression *e = s->order[i], *args[3] = {NULL, NULL, NULL};
        bool changed = false;
        for (int k = 0; k < e->arity; k++) {
            args[k] = s->images[place(e->args[k])];
            changed |= args[k] != e->args[k];
        }
        s->images[i] = filled(s, i, changed ? make_op(s->pool, e->op, args) : e);
        if (!s->images[i])
            return NULL;
    }
    return s->images[s->n - 1];
}

const expression *fill_holes(dg_formulas *pool, const expression *root)
{
    bool any = false;
    if (!root || pool->as_written)
        return root;
    if (!pass_begin(pool, root))
        return NULL;
    for (size_t i = 0; i < pool->n_order; i++) {
        ((expression *)pool->order[i])->place = i;
        any |= divides(pool->order[i]);
    }
    if (!any || pool->n_order > MOST_STEPS)
        return root;
    search *s = calloc(1, sizeof *s);
    factored *all = calloc(MOST_STEPS, sizeof *all);
    if (s && all) {
        s->pool = pool;
        s->n = (int)pool->n_order;
        for (int i = 0; i < s->n; i++)
            s->order[i] = pool->order[i];
        find_holes(s, all);
        int kept = 0;
        for (int k = 0; k < s->n_holes; k++) {
            find_reached(s, &s->holes[k]);
            if (s->reached[s->holes[k].step])
                s->holes[kept++] = s->holes[k];
        }
        s->n_holes = kept;
        root = s->failed ? NULL : kept ? rebuild(s) : root;
    } else {
        root = NULL;
    }
    free(all);
    free(s);
    return root;
}
