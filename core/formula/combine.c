/* Sums over a common denominator. The derivative of a quotient or a root is a sum of terms that cancel where the
 * argument is large: (1 + x²)^(−1/2) − x²(1 + x²)^(−3/2), of which nothing but rounding errors is left at 1e4. Here
 * terms are products of powers; what they have in common is taken out, what stays is multiplied out, and where that
 * makes terms vanish the sum is written as that: (1 + x²)^(−3/2). */
#include "terms.h"

#include <math.h>

/* ---- taking out and multiplying out ---- */

/* The power of a base that all terms have. Exponentials and sigmoids are taken out where
 * all have them with one sign. */
static double common_power(const sum *s, const expression *base)
{
    double least = INFINITY, most = -INFINITY;
    for (int k = 0; k < s->n; k++) {
        double power = power_in(&s->terms[k], base);
        least = fmin(least, power);
        most = fmax(most, power);
    }
    if (is_op(base, P_EXP) || is_op(base, P_SIGMOID))
        return least > 0 ? least : most < 0 ? most : 0;
    return least;
}

static bool take_out(sum *s, term *common)
{
    *common = (term){.coefficient = 1};
    for (int k = 0; k < s->n; k++)
        for (int j = 0; j < s->terms[k].n; j++) {
            const expression *base = s->terms[k].factors[j].base;
            double power = common_power(s, base);
            if (power != 0 && power_in(common, base) == 0 && !multiply_by(common, base, power))
                return false;
        }
    for (int k = 0; k < s->n; k++)
        for (int j = 0; j < common->n; j++)
            if (!multiply_by(&s->terms[k], common->factors[j].base, -common->factors[j].power))
                return false;
    return true;
}

/* Adds the terms of t · parts^power to `out`. */
static bool expand_power(dg_formulas *pool, const term *t, const sum *parts, int power, sum *out)
{
    if (power == 0)
        return add_term(pool, out, t);
    for (int k = 0; k < parts->n; k++) {
        term product = *t;
        product.coefficient *= parts->terms[k].coefficient;
        for (int j = 0; j < parts->terms[k].n; j++)
            if (!multiply_by(&product, parts->terms[k].factors[j].base, parts->terms[k].factors[j].power))
                return false;
        if (!expand_power(pool, &product, parts, power - 1, out))
            return false;
    }
    return true;
}

/* One sum in one term at a time; *expanded tells whether there was one. */
static bool multiply_out(dg_formulas *pool, const sum *s, sum *out, bool *expanded)
{
    enum { MOST_POWER = 4 };
    out->n = 0;
    for (int k = 0; k < s->n; k++) {
        const term *t = &s->terms[k];
        int j = 0;
        while (j < t->n &&
               !(is_sum(t->factors[j].base) && is_plain(t->factors[j].base, MOST_NESTED) && t->factors[j].power >= 1 &&
                 t->factors[j].power <= MOST_POWER && t->factors[j].power == floor(t->factors[j].power)))
            j++;
        if (j == t->n) {
            if (!add_term(pool, out, t))
                return false;
            continue;
        }
        sum parts = {.n = 0};
        term rest = *t;
        int power = (int)t->factors[j].power;
        if (!read_sum(pool, t->factors[j].base, 1, &parts, MOST_DEPTH) ||
            !multiply_by(&rest, t->factors[j].base, -power) || !expand_power(pool, &rest, &parts, power, out))
            return false;
        *expanded = true;
    }
    return true;
}

static bool is_same_product(const term *a, const term *b)
{
    bool same = a->n == b->n;
    for (int k = 0; same && k < a->n; k++)
        same = fabs(power_in(b, a->factors[k].base) - a->factors[k].power) < 1e-12;
    return same;
}

/* Joins equal products; returns how many vanished, those left out that are some rounding errors of their parts. */
static int join(sum *s)
{
    double sizes[MOST_TERMS];
    int n = 0, vanished = 0;
    for (int k = 0; k < s->n; k++) {
        int j = 0;
        while (j < n && !is_same_product(&s->terms[j], &s->terms[k]))
            j++;
        if (j == n) {
            s->terms[n] = s->terms[k];
            sizes[n++] = fabs(s->terms[k].coefficient);
        } else {
            s->terms[j].coefficient += s->terms[k].coefficient;
            sizes[j] = fmax(sizes[j], fabs(s->terms[k].coefficient));
        }
    }
    s->n = 0;
    for (int k = 0; k < n; k++) {
        bool stays = fabs(s->terms[k].coefficient) > 1e-14 * sizes[k];
        vanished += !stays;
        if (stays)
            s->terms[s->n++] = s->terms[k];
    }
    return vanished;
}

/* ---- writing ---- */

/* hypot(u, √c), when e = u² + c. */
static const expression *as_hypot(dg_formulas *pool, const expression *e)
{
    return make1(pool, P_SQRT, e);
}

static const expression *write_power(dg_formulas *pool, const expression *base, double power)
{
    if (is_op(base, P_SIGMOID) && power < 0) { /* 1/sigmoid(u) is 1 + exp(−u) */
        const expression *e = make1(pool, P_EXP, make1(pool, P_NEG, base->args[0]));
        return make2(pool, P_POW, make2(pool, P_ADD, e, make_constant(pool, 1)), make_constant(pool, -power));
    }
    if (is_op(base, P_EXP))
        return make1(pool, P_EXP, make2(pool, P_MUL, make_constant(pool, power), base->args[0]));
    if (power != floor(power) && 2 * power == floor(2 * power) && is_op(base, P_ADD))
        return make2(pool, P_POW, as_hypot(pool, base), make_constant(pool, 2 * power));
    return make2(pool, P_POW, base, make_constant(pool, power));
}

/* All exponentials of a term in one. */
static const expression *write_exponential(dg_formulas *pool, const term *t)
{
    const expression *u = NULL;
    for (int k = 0; k < t->n; k++)
        if (is_op(t->factors[k].base, P_EXP)) {
            const expression *part =
                make2(pool, P_MUL, make_constant(pool, t->factors[k].power), t->factors[k].base->args[0]);
            u = u ? make2(pool, P_ADD, u, part) : part;
        }
    return u ? make1(pool, P_EXP, u) : NULL;
}

/* The factors under the line, one by one: each is divided by on its own, so that products of them do not overflow. */
static const expression *divide_by(dg_formulas *pool, const expression *e, const factor *f)
{
    double power = -f->power;
    const expression *base = f->base;
    if (power != floor(power) && 2 * power == floor(2 * power) && is_op(base, P_ADD)) {
        base = as_hypot(pool, base);
        power *= 2;
    }
    enum { MOST_TIMES = 5 };
    if (power > MOST_TIMES || power != floor(power))
        return make2(pool, P_MUL, e, make2(pool, P_POW, base, make_constant(pool, -power)));
    for (int k = 0; k < (int)power; k++)
        e = make2(pool, P_DIV, e, base);
    return e;
}

static const expression *write_term(dg_formulas *pool, const term *t, const expression *inner)
{
    const expression *e = inner, *exponential = write_exponential(pool, t);
    if (exponential)
        e = e ? make2(pool, P_MUL, exponential, e) : exponential;
    for (int k = 0; k < t->n; k++)
        if (!is_op(t->factors[k].base, P_EXP) && (t->factors[k].power > 0 || is_op(t->factors[k].base, P_SIGMOID))) {
            const expression *f = write_power(pool, t->factors[k].base, t->factors[k].power);
            e = e ? make2(pool, P_MUL, e, f) : f;
        }
    e = e ? make2(pool, P_MUL, make_constant(pool, t->coefficient), e) : make_constant(pool, t->coefficient);
    for (int k = 0; k < t->n; k++)
        if (!is_op(t->factors[k].base, P_EXP) && !is_op(t->factors[k].base, P_SIGMOID) && t->factors[k].power < 0)
            e = divide_by(pool, e, &t->factors[k]);
    return e;
}

static const expression *write_sum(dg_formulas *pool, const sum *s)
{
    const expression *e = NULL;
    for (int k = 0; k < s->n; k++) {
        const expression *t = write_term(pool, &s->terms[k], NULL);
        e = e ? make2(pool, P_ADD, e, t) : t;
    }
    return e;
}

/* A power of 1 + exp(u) under the line is one of a sigmoid. */
static bool has_denominator(const term *t)
{
    for (int k = 0; k < t->n; k++) {
        double power = t->factors[k].power;
        if (power < 0 || (is_op(t->factors[k].base, P_SIGMOID) && (power >= 2 || power != floor(power))))
            return true;
    }
    return false;
}

/* Whether what is under the line of one term is under that of all. */
static bool has_shared_denominators(const sum *s)
{
    for (int k = 0; k < s->n; k++)
        for (int j = 0; j < s->terms[k].n; j++) {
            const factor *f = &s->terms[k].factors[j];
            for (int i = 0; f->power < 0 && i < s->n; i++)
                if (power_in(&s->terms[i], f->base) >= 0)
                    return false;
        }
    return true;
}

static int counts_signs(const expression *e, int depth)
{
    if (depth <= 0 || is_op(e, P_SIGN))
        return is_op(e, P_SIGN);
    return is_op(e, P_MUL) || is_op(e, P_DIV)
               ? counts_signs(e->args[0], depth - 1) + counts_signs(e->args[1], depth - 1)
               : 0;
}

static const expression *combine_sum(dg_formulas *pool, const expression *e)
{
    sum s = {.n = 0}, out = {.n = 0};
    term common;
    if (e->weight > MOST_READ || !read_sum(pool, e, 1, &s, MOST_DEPTH))
        return e;
    if (s.n == 1) /* sign(u)·sign(u), which is not what its limit is at 0 */
        return is_op(e, P_MUL) && counts_signs(e, MOST_NESTED) >= 2 ? write_term(pool, &s.terms[0], NULL) : e;
    if (s.n == 0)
        return e;
    int before = s.n, vanished = join(&s);
    if (s.n == 0)
        return make_constant(pool, 0);
    bool shared = has_shared_denominators(&s);
    if (!take_out(&s, &common) || !has_denominator(&common))
        return e;
    bool expanded = true;
    for (int round = 0; expanded && round < 6; round++) {
        expanded = false;
        if (!multiply_out(pool, &s, &out, &expanded))
            return e;
        vanished += join(&out);
        s = out;
    }
    if (!vanished && (s.n > before || !shared))
        return e;
    if (s.n == 0)
        return make_constant(pool, 0);
    term again;
    if (!take_out(&s, &again))
        return e;
    for (int k = 0; k < again.n; k++)
        if (!multiply_by(&common, again.factors[k].base, again.factors[k].power))
            return e;
    if (!settle(pool, &common))
        return e;
    if (s.n == 1) {
        common.coefficient *= s.terms[0].coefficient;
        return write_term(pool, &common, NULL);
    }
    return write_term(pool, &common, write_sum(pool, &s));
}

const expression *combine(dg_formulas *pool, const expression *e)
{
    if (!e || !is_op(e, P_WHERE))
        return e ? combine_sum(pool, e) : NULL;
    return make3(pool, P_WHERE, e->args[0], combine(pool, e->args[1]), combine(pool, e->args[2]));
}
