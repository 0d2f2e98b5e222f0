/* Holes: where a formula is 0/0, 0·∞ or ∞ − ∞ at a point and has a limit there, as sin(x)/x at 0, its value and the
 * ones of its derivatives lose all digits around it. There its power series takes its place: where(abs(x) < r, c₀ +
 * c₁·x + …, sin(x)/x), from which derivatives of all orders follow, too. r is a quarter of the radius of convergence,
 * at most 1, so that outside no more than a few bits are lost. */
#include "expression.h"
#include "series.h"

#include <math.h>
#include <stdlib.h>

enum { MOST_STEPS = 160, MOST_HOLES = 16 };

/* What a step of the formula depends on. */
typedef enum dependence { ON_NOTHING, ON_VARIABLE, ON_OTHERS } dependence;

typedef struct hole {
    int step, variable; /* in order */
    bool is_guard;      /* where(variable == at, limit, e): e does without it */
    double at, radius;
    int n; /* terms that count */
    series s;
} hole;

typedef struct search {
    dg_formulas *pool;
    int n;
    const expression *order[MOST_STEPS], *images[MOST_STEPS];
    dependence depends[MOST_STEPS];
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
    for (int i = 0; i < s->n; i++) {
        const expression *e = s->order[i];
        dependence most = e->op == OP_INPUT ? ON_OTHERS : ON_NOTHING;
        for (int k = 0; k < e->arity; k++)
            most = s->depends[place(e->args[k])] > most ? s->depends[place(e->args[k])] : most;
        s->depends[i] = i == variable ? ON_VARIABLE : most;
    }
}

static void evaluate(search *s, int variable, double at)
{
    for (int i = 0; i < s->n; i++) {
        const expression *e = s->order[i];
        double args[3] = {0, 0, 0};
        for (int k = 0; k < e->arity; k++)
            args[k] = s->values[place(e->args[k])];
        s->values[i] = i == variable                 ? at
                       : e->op == OP_CONSTANT        ? e->value
                       : e->op == OP_INPUT           ? 0
                       : s->depends[i] > ON_VARIABLE ? 0
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
        if (s->depends[i] == ON_VARIABLE && meets(s->order[i]) && isnan(s->values[i]))
            return true;
    return false;
}

/* Whether the arguments have no value together, but the whole has. */
static bool is_hole(const expression *e, const series *made, const series *a, const series *b)
{
    if (!series_is_known(made) || series_is_zero(made) || made->low < 0)
        return false;
    if (is_op(e, P_DIV))
        return b->low > 0 || series_has_pole(b);
    if (is_op(e, P_MUL))
        return series_has_pole(a) || series_has_pole(b);
    return (is_op(e, P_ADD) || is_op(e, P_SUB)) && series_has_pole(a) && series_has_pole(b);
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
    for (int k = h->s.n / 2; k < h->s.n; k++)
        growth = fmaxl(growth, powl(fabsl(h->s.a[k] / h->s.a[0]), 1.0L / k));
    double r = growth > 0 ? fmin(1, (double)(0.25L / growth)) : 1;
    for (int times = 0; times < 8 && r > 1e-6; times++, r *= 0.7) {
        h->radius = readable(r);
        h->n = terms_within(&h->s, h->radius);
        if (h->n)
            return true;
    }
    return false;
}

/* Whether the formula itself agrees where it takes over, and half way. */
static bool agrees(search *s, const hole *h)
{
    static const double parts[] = {-1, -0.5, 0.5, 1};
    for (int k = 0; k < 4; k++) {
        long double x = parts[k] * h->radius, sum = 0;
        evaluate(s, h->variable, h->at + (double)x);
        for (int i = h->n; i-- > 0;)
            sum = sum * x + h->s.a[i];
        sum *= powl(x, h->s.low);
        if (!(fabsl(sum - s->values[h->step]) <= 1e-9L * (fabsl(sum) + fabsl(h->s.a[0] * powl(x, h->s.low)))))
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

/* Whether e is where(variable == at, c, …), with the limit of the rest for c. */
static bool is_guard(const search *s, const expression *e, const series *all, int variable, double at)
{
    if (!is_op(e, P_WHERE) || !is_op(e->args[0], P_EQ) || !is_constant(e->args[1]))
        return false;
    long double limit = series_limit(&all[place(e->args[2])]), given = e->args[1]->value;
    const expression *a = e->args[0]->args[0], *b = e->args[0]->args[1];
    bool is_there = (a == s->order[variable] && is_value(b, at)) || (b == s->order[variable] && is_value(a, at));
    bool is_filled = false;
    for (int k = 0; k < s->n_holes; k++)
        is_filled |= s->holes[k].variable == variable && s->holes[k].at == at;
    return is_there && is_filled && fabsl(limit - given) <= 1e-15L * fabsl(given);
}

static void look_at(search *s, series *all, int variable, double at)
{
    evaluate(s, variable, at);
    if (!has_gap(s))
        return;
    for (int i = 0; i < s->n; i++) {
        const expression *e = s->order[i];
        const series *args[3] = {&all[i], &all[i], &all[i]};
        for (int k = 0; k < e->arity; k++)
            args[k] = &all[place(e->args[k])];
        if (i == variable)
            all[i] = series_variable(at, SERIES_TERMS);
        else if (e->op == OP_CONSTANT)
            all[i] = series_constant(e->value, SERIES_TERMS);
        else if (s->depends[i] != ON_VARIABLE)
            all[i].n = 0;
        else
            all[i] = series_apply(e->op, args[0], args[1], args[2]);
        if (s->depends[i] == ON_VARIABLE && e->arity == 2 && is_hole(e, &all[i], args[0], args[1]))
            note_hole(s, &(hole){.step = i, .variable = variable, .at = at, .s = all[i]});
        if (s->depends[i] == ON_VARIABLE && is_guard(s, e, all, variable, at))
            note_hole(s, &(hole){.step = i, .variable = variable, .at = at, .is_guard = true});
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

static void find_holes(search *s, series *all)
{
    double c;
    for (int v = 0; v < s->n; v++) {
        if (is_constant(s->order[v]))
            continue;
        find_dependence(s, v);
        look_at(s, all, v, 0);
        for (int i = 0; i < s->n; i++)
            if (s->depends[i] == ON_VARIABLE && is_shifted(s->order[i], s->order[v], &c) && c != 0)
                look_at(s, all, v, c);
    }
}

/* ---- putting series in their place ---- */

static const expression *offset(dg_formulas *pool, const expression *variable, double at)
{
    return make2(pool, P_SUB, variable, make_constant(pool, at));
}

/* |variable − at| < r */
static const expression *nearness(dg_formulas *pool, const expression *variable, const hole *h)
{
    return make2(pool, P_LT, make1(pool, P_ABS, offset(pool, variable, h->at)), make_constant(pool, h->radius));
}

/* Σ a[k]·v^(low + k), by Horner's rule; in v² where every other term is 0. */
static const expression *polynomial(dg_formulas *pool, const expression *v, const hole *h)
{
    int step = 2;
    for (int k = 1; k < h->n; k += 2)
        step = h->s.a[k] != 0 ? 1 : step;
    const expression *w = step == 2 ? make1(pool, P_SQUARE, v) : v, *sum = NULL;
    for (int k = (h->n - 1) / step * step; k >= 0; k -= step) {
        const expression *term = make_constant(pool, (double)h->s.a[k]);
        sum = sum ? make2(pool, P_ADD, make2(pool, P_MUL, w, sum), term) : term;
        if (!sum)
            return NULL;
    }
    return make2(pool, P_MUL, make2(pool, P_POW, v, make_constant(pool, h->s.low)), sum);
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
        const expression *near = polynomial(s->pool, offset(s->pool, variable, h->at), h);
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
    series *all = calloc(MOST_STEPS, sizeof *all);
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
        root = kept ? rebuild(s) : root;
    } else {
        root = NULL;
    }
    free(all);
    free(s);
    return root;
}
