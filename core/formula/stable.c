/* The stable rewrites: where the naive form overflows or cancels and another form does not, the other form. Each
 * function looks at one expression about to be made and returns NULL when it has nothing better. */
#include "expression.h"

#include <math.h>

/* u, when e = exp(u). */
static const expression *exponent(const expression *e)
{
    return is_op(e, P_EXP) ? e->args[0] : NULL;
}

/* u, when e = 1 + exp(u). */
static const expression *one_plus_exp(const expression *e)
{
    return is_op(e, P_ADD) && is_value(e->args[1], 1) ? exponent(e->args[0]) : NULL;
}

/* u, when e = d·(1 + exp(u)), d > 0. */
static const expression *some_plus_exp(dg_formulas *pool, const expression *e, double *d)
{
    if (!is_op(e, P_ADD) || !is_constant(e->args[1]) || !(e->args[1]->value > 0))
        return NULL;
    const expression *u = e->args[0];
    bool scaled = is_op(u, P_MUL) && is_constant(u->args[0]);
    double c = scaled ? u->args[0]->value : 1;
    u = exponent(scaled ? u->args[1] : u);
    *d = e->args[1]->value;
    return u && c > 0 ? make2(pool, P_ADD, u, make_constant(pool, log(c / *d))) : NULL;
}

/* e as c + factor·u; u is NULL when e is a number. */
static const expression *linear(const expression *e, double *constant, double *factor)
{
    double outer = 1;
    *constant = 0;
    for (int level = 0; level < 8; level++) {
        if (is_constant(e)) {
            *constant += outer * e->value;
            return NULL;
        }
        if (is_op(e, P_NEG)) {
            outer = -outer;
            e = e->args[0];
        } else if (is_op(e, P_MUL) && is_constant(e->args[0])) {
            outer *= e->args[0]->value;
            e = e->args[1];
        } else if ((is_op(e, P_ADD) || is_op(e, P_SUB)) && is_constant(e->args[1])) {
            *constant += (is_op(e, P_ADD) ? outer : -outer) * e->args[1]->value;
            e = e->args[0];
        } else if (is_op(e, P_SUB) && is_constant(e->args[0])) {
            *constant += outer * e->args[0]->value;
            outer = -outer;
            e = e->args[1];
        } else {
            break;
        }
    }
    *factor = outer;
    return e;
}

/* a − b where that is a number for all inputs; NULL where it is not. */
static const expression *linear_difference(dg_formulas *pool, const expression *a, const expression *b)
{
    double p, q, c, d;
    const expression *u = linear(a, &c, &p), *v = linear(b, &d, &q);
    return u && u == v && p == q ? make_constant(pool, c - d) : NULL;
}

static bool are_opposite(dg_formulas *pool, const expression *u, const expression *v)
{
    return make1(pool, P_NEG, u) == v;
}

/* f(−u) */
static const expression *of_minus(dg_formulas *pool, int op, const expression *u)
{
    return make1(pool, op, make1(pool, P_NEG, u));
}

/* log(cosh(u)) + log(2) */
static const expression *log_two_cosh(dg_formulas *pool, const expression *u)
{
    return make2(pool, P_LOGADDEXP, u, make1(pool, P_NEG, u));
}

/* Whether log(e) is at hand: exp(u), 1 + exp(u), sigmoid(u). */
static bool has_logarithm(const expression *e)
{
    return exponent(e) || one_plus_exp(e) || is_op(e, P_SIGMOID);
}

static const expression *rewrite_log(dg_formulas *pool, const expression *a)
{
    const expression *u = exponent(a);
    if (u) /* log(exp(u)) */
        return u;
    if (is_op(a, P_SIGMOID)) /* log(sigmoid(u)) */
        return make1(pool, P_NEG, of_minus(pool, P_SOFTPLUS, a->args[0]));
    if (is_op(a, P_SUB) && is_value(a->args[0], 2) && exponent(a->args[1])) /* log(2 − exp(u)) */
        return of_minus(pool, P_LOG1P, make1(pool, P_EXPM1, exponent(a->args[1])));
    if (is_op(a, P_SUB) && is_value(a->args[0], 1)) /* log(1 − u) */
        return of_minus(pool, P_LOG1P, a->args[1]);
    if (is_op(a, P_MUL) && has_logarithm(a->args[0]) && has_logarithm(a->args[1]))
        return make2(pool, P_ADD, make1(pool, P_LOG, a->args[0]), make1(pool, P_LOG, a->args[1]));
    if (is_op(a, P_MUL) && is_value(a->args[0], 2) && is_op(a->args[1], P_SQUAREPLUS) &&
        is_value(a->args[1]->args[1], 1)) /* log(u + √(u² + 1)) */
        return make1(pool, P_ASINH, a->args[1]->args[0]);
    if (is_op(a, P_COSH)) /* log(cosh(u)) */
        return make2(pool, P_SUB, log_two_cosh(pool, a->args[0]), make_constant(pool, M_LN2));
    if (is_op(a, P_MUL) && is_value(a->args[0], 2) && is_op(a->args[1], P_COSH)) /* log(exp(u) + exp(−u)) */
        return log_two_cosh(pool, a->args[1]->args[0]);
    if (!is_op(a, P_ADD))
        return NULL;
    if (is_value(a->args[1], 1)) /* log(1 + u) */
        return make1(pool, P_LOG1P, a->args[0]);
    double d;
    u = some_plus_exp(pool, a, &d);
    if (u) /* log(c·exp(u) + d) */
        return make2(pool, P_ADD, make1(pool, P_SOFTPLUS, u), make_constant(pool, log(d)));
    const expression *p = exponent(a->args[0]), *q = exponent(a->args[1]);
    return p && q ? make2(pool, P_LOGADDEXP, p, q) : NULL; /* log(exp(p) + exp(q)) */
}

static const expression *rewrite_log1p(dg_formulas *pool, const expression *a)
{
    const expression *u = exponent(a);
    if (u) /* log(1 + exp(u)) */
        return make1(pool, P_SOFTPLUS, u);
    if (is_op(a, P_EXP2)) /* log(1 + 2^u) */
        return make1(pool, P_SOFTPLUS, make2(pool, P_MUL, make_constant(pool, M_LN2), a->args[0]));
    if (is_op(a, P_EXPM1)) /* log(1 + expm1(u)) */
        return a->args[0];
    if (is_op(a, P_NEG) && is_op(a->args[0], P_SIGMOID)) /* log(1 − sigmoid(u)) */
        return make1(pool, P_NEG, make1(pool, P_SOFTPLUS, a->args[0]->args[0]));
    return NULL;
}

/* √(c·u² + d) of numbers above 0: hypot, which does not overflow on its way. */
static const expression *root_of_sum(dg_formulas *pool, const expression *a)
{
    if (!is_op(a, P_ADD) || !is_constant(a->args[1]) || !(a->args[1]->value > 1e-30))
        return NULL;
    const expression *u = a->args[0];
    double c = 1, d = a->args[1]->value;
    if (is_op(u, P_MUL) && is_constant(u->args[0])) {
        c = u->args[0]->value;
        u = u->args[1];
    }
    if (!is_op(u, P_SQUARE) || !(c > 0 && c < 1e30 && d < 1e30))
        return NULL;
    const expression *h = make2(pool, P_HYPOT, u->args[0], make_constant(pool, sqrt(d / c)));
    return make2(pool, P_MUL, make_constant(pool, sqrt(c)), h);
}

const expression *rewrite_unary(dg_formulas *pool, int op, const expression *a)
{
    const expression *u;
    switch (op) {
    case P_LOG:
        return rewrite_log(pool, a);
    case P_LOG1P:
        return rewrite_log1p(pool, a);
    case P_EXP: /* exp(−softplus(u)) */
        if (is_op(a, P_NEG) && is_op(a->args[0], P_SOFTPLUS))
            return of_minus(pool, P_SIGMOID, a->args[0]->args[0]);
        return NULL;
    case P_SQRT: /* √u² */
        return is_op(a, P_SQUARE) ? make1(pool, P_ABS, a->args[0]) : root_of_sum(pool, a);
    case P_RSQRT:
        u = root_of_sum(pool, a);
        return u ? make1(pool, P_RECIPROCAL, u) : NULL;
    case P_SQUARE: /* exp(u)² */
        return exponent(a) ? make1(pool, P_EXP, make2(pool, P_MUL, make_constant(pool, 2), exponent(a))) : NULL;
    case P_RECIPROCAL:
        u = one_plus_exp(a);
        if (u) /* 1 / (1 + exp(u)) */
            return of_minus(pool, P_SIGMOID, u);
        u = exponent(a);
        if (u) /* 1 / exp(u) */
            return of_minus(pool, P_EXP, u);
        return is_op(a, P_SQRT) ? make1(pool, P_RSQRT, a->args[0]) : NULL; /* 1 / √u */
    default:
        return NULL;
    }
}

/* u, when e = −|u|. */
static const expression *minus_absolute(const expression *e)
{
    return is_op(e, P_NEG) && is_op(e->args[0], P_ABS) ? e->args[0]->args[0] : NULL;
}

/* softplus(−|u|) + max(u, 0) */
static const expression *parts_of_softplus(dg_formulas *pool, const expression *a, const expression *b)
{
    const expression *u = is_op(a, P_SOFTPLUS) ? minus_absolute(a->args[0]) : NULL;
    if (!u || !is_op(b, P_MAX) || !is_value(b->args[1], 0))
        return NULL;
    const expression *v = b->args[0];
    return v == u || are_opposite(pool, u, v) ? make1(pool, P_SOFTPLUS, v) : NULL;
}

/* 1 ± tanh(u) and 1 ± erf(u), which is given, without the difference: 2·sigmoid(±2u), 2·normal_cdf(±√2·u). */
static const expression *tail_of(dg_formulas *pool, const expression *given, double sign)
{
    double factor = sign * (is_op(given, P_TANH) ? 2 : M_SQRT2);
    const expression *u = given->args[0];
    if (is_op(u, P_MUL) && is_constant(u->args[0]) && fabs(fabs(factor * u->args[0]->value) - 1) < 1e-15) {
        factor = factor * u->args[0]->value < 0 ? -1 : 1; /* √2·(x/√2) is x */
        u = u->args[1];
    }
    const expression *scaled = make2(pool, P_MUL, make_constant(pool, factor), u);
    return make2(pool, P_MUL, make_constant(pool, 2),
                 make1(pool, is_op(given, P_TANH) ? P_SIGMOID : P_NORMAL_CDF, scaled));
}

const expression *rewrite_sum(dg_formulas *pool, const expression *a, const expression *b)
{
    const expression *made = parts_of_softplus(pool, a, b);
    if (!made)
        made = parts_of_softplus(pool, b, a);
    if (made)
        return made;
    if (is_op(a, P_SQUARE) && is_op(a->args[0], P_SINH) && is_value(b, 1)) /* sinh(u)² + 1 */
        return make1(pool, P_SQUARE, make1(pool, P_COSH, a->args[0]->args[0]));
    for (int k = 0; k < 2; k++) { /* hypot(u, c) + u */
        const expression *h = k ? b : a, *other = k ? a : b;
        if (is_op(h, P_HYPOT) && is_constant(h->args[1]) && h->args[0] == other)
            return make2(pool, P_MUL, make_constant(pool, 2),
                         make2(pool, P_SQUAREPLUS, other, make1(pool, P_SQUARE, h->args[1])));
    }
    if (is_op(a, P_EXPM1) && is_value(b, 1)) /* expm1(u) + 1 */
        return make1(pool, P_EXP, a->args[0]);
    if (is_value(b, 1) && (is_op(a, P_TANH) || is_op(a, P_ERF))) /* tanh(u) + 1, erf(u) + 1 */
        return tail_of(pool, a, 1);
    const expression *u = exponent(a), *v = exponent(b);
    if (u && v && are_opposite(pool, u, v)) /* exp(u) + exp(−u) */
        return make2(pool, P_MUL, make_constant(pool, 2), make1(pool, P_COSH, u));
    return NULL;
}

/* w, when e = 2·sigmoid(w). */
static const expression *two_sigmoid(const expression *e)
{
    return is_op(e, P_MUL) && is_value(e->args[0], 2) && is_op(e->args[1], P_SIGMOID) ? e->args[1]->args[0] : NULL;
}

static const expression *tanh_of_half(dg_formulas *pool, const expression *w)
{
    return make1(pool, P_TANH, make2(pool, P_MUL, make_constant(pool, 0.5), w));
}

/* a − b of a softplus and its argument, or of two softpluses whose arguments differ by a number c:
 * log((1 + exp(v + c)) / (1 + exp(v))). */
static const expression *difference_of_softplus(dg_formulas *pool, const expression *a, const expression *b)
{
    enum { MOST = 80 };
    if (!is_op(b, P_SOFTPLUS))
        return is_op(a, P_SOFTPLUS) && a->args[0] == b ? of_minus(pool, P_SOFTPLUS, b) : NULL;
    const expression *v = b->args[0];
    if (a == v)
        return make1(pool, P_NEG, of_minus(pool, P_SOFTPLUS, v));
    const expression *c = is_op(a, P_SOFTPLUS) ? linear_difference(pool, a->args[0], v) : NULL;
    if (!c || fabs(c->value) > MOST)
        return NULL;
    return make1(pool, P_LOG1P, make2(pool, P_MUL, make1(pool, P_EXPM1, c), make1(pool, P_SIGMOID, v)));
}

/* c·atan(exp(u)) − c·π/4 is c/2·atan(sinh(u)), the Gudermannian function. */
static const expression *gudermannian(dg_formulas *pool, const expression *a, const expression *b)
{
    bool scaled = is_op(a, P_MUL) && is_constant(a->args[0]);
    double c = scaled ? a->args[0]->value : 1;
    const expression *inner = scaled ? a->args[1] : a;
    if (!is_op(inner, P_ATAN) || !exponent(inner->args[0]) || !is_constant(b) ||
        !(fabs(b->value - c * M_PI_4) <= 1e-15 * fabs(c)))
        return NULL;
    const expression *angle = make1(pool, P_ATAN, make1(pool, P_SINH, exponent(inner->args[0])));
    return make2(pool, P_MUL, make_constant(pool, c / 2), angle);
}

const expression *rewrite_difference(dg_formulas *pool, const expression *a, const expression *b)
{
    const expression *u = exponent(a), *v = exponent(b);
    const expression *made = difference_of_softplus(pool, a, b);
    if (!made)
        made = gudermannian(pool, a, b);
    if (made)
        return made;
    if (is_op(a, P_HYPOT) && is_constant(b) && a->args[1] == b) /* hypot(u, c) − c */
        return make2(pool, P_MUL, a->args[0], make2(pool, P_DIV, a->args[0], make2(pool, P_ADD, a, b)));
    if (u && is_value(b, 1)) /* exp(u) − 1 */
        return make1(pool, P_EXPM1, u);
    if (v && is_value(a, 1)) /* 1 − exp(v) */
        return make1(pool, P_NEG, make1(pool, P_EXPM1, v));
    if (u && v && are_opposite(pool, u, v)) /* exp(u) − exp(−u) */
        return make2(pool, P_MUL, make_constant(pool, 2), make1(pool, P_SINH, u));
    if (is_value(a, 1) && (is_op(b, P_TANH) || is_op(b, P_ERF))) /* 1 − tanh(u), 1 − erf(u) */
        return tail_of(pool, b, -1);
    u = two_sigmoid(a);
    if (u && is_value(b, 1)) /* 2·sigmoid(u) − 1 */
        return tanh_of_half(pool, u);
    v = two_sigmoid(b);
    if (v && is_value(a, 1)) /* 1 − 2·sigmoid(v) */
        return make1(pool, P_NEG, tanh_of_half(pool, v));
    return difference_of_multiples(pool, a, b);
}

/* exp(v), when e is that and v is u but for a number, which is added to *more. */
static bool is_exp_of(dg_formulas *pool, const expression *e, const expression *u, double *more)
{
    const expression *c = exponent(e) ? linear_difference(pool, exponent(e), u) : NULL;
    if (exponent(e) == u || (c && fabs(c->value) < 50))
        *more = exponent(e) == u ? 0 : c->value;
    else
        return false;
    return true;
}

/* exp(u) · sigmoid(−u), and exp(u + c) · sigmoid(−u) */
static const expression *exp_times_sigmoid(dg_formulas *pool, const expression *a, const expression *b)
{
    if (!exponent(a) || !is_op(b, P_SIGMOID))
        return NULL;
    const expression *u = make1(pool, P_NEG, b->args[0]);
    double more;
    if (!u || !is_exp_of(pool, a, u, &more))
        return NULL;
    return make2(pool, P_MUL, make_constant(pool, exp(more)), make1(pool, P_SIGMOID, u));
}

const expression *rewrite_product(dg_formulas *pool, const expression *a, const expression *b)
{
    const expression *made = exp_times_sigmoid(pool, a, b);
    return made ? made : exp_times_sigmoid(pool, b, a);
}

/* numerator / (1 + exp(u)), exp(u) taken out of a product in the numerator. */
static const expression *over_one_plus_exp(dg_formulas *pool, const expression *numerator, const expression *u)
{
    double more;
    if (is_exp_of(pool, numerator, u, &more))
        return make2(pool, P_MUL, make_constant(pool, exp(more)), make1(pool, P_SIGMOID, u));
    if (is_op(numerator, P_EXPM1) && numerator->args[0] == u)
        return tanh_of_half(pool, u);
    for (int k = 0; is_op(numerator, P_MUL) && k < 2; k++)
        if (is_exp_of(pool, numerator->args[k], u, &more))
            return make2(pool, P_MUL, make_constant(pool, exp(more)),
                         make2(pool, P_MUL, numerator->args[1 - k], make1(pool, P_SIGMOID, u)));
    return make2(pool, P_MUL, numerator, of_minus(pool, P_SIGMOID, u));
}

const expression *rewrite_quotient(dg_formulas *pool, const expression *a, const expression *b)
{
    double d;
    const expression *u = some_plus_exp(pool, b, &d);
    if (u)
        return make2(pool, P_DIV, over_one_plus_exp(pool, a, u), make_constant(pool, d));
    u = exponent(b);
    if (u && exponent(a)) /* exp(p) / exp(u) */
        return make1(pool, P_EXP, make2(pool, P_SUB, exponent(a), u));
    u = exponent(a);
    bool scaled = is_op(b, P_MUL) && is_constant(b->args[0]);
    const expression *inner = scaled ? b->args[1] : b;
    if (u && is_op(inner, P_COSH) && inner->args[0] == u) /* exp(u) / (c·cosh(u)) */
        return make2(pool, P_MUL, make_constant(pool, scaled ? 2 / b->args[0]->value : 2),
                     make1(pool, P_SIGMOID, make2(pool, P_MUL, make_constant(pool, 2), u)));
    if (scaled && is_op(inner, P_HYPOT)) /* a / (c·hypot(u, v)) */
        return make2(pool, P_MUL, make_constant(pool, 1 / b->args[0]->value), make2(pool, P_DIV, a, inner));
    u = exponent(b);
    if (u) /* a / exp(u) */
        return make2(pool, P_MUL, a, of_minus(pool, P_EXP, u));
    if (is_op(a, P_SINH) && is_op(b, P_COSH) && a->args[0] == b->args[0])
        return make1(pool, P_TANH, a->args[0]);
    if (is_op(a, P_COSH) && is_op(b, P_SQUARE) && b->args[0] == a)
        return make1(pool, P_RECIPROCAL, a);
    for (int k = 0; exponent(a) && is_op(b, P_ADD) && k < 2; k++) { /* exp(p) / (exp(p) + exp(q)) */
        const expression *q = exponent(b->args[1 - k]);
        if (b->args[k] == a && q)
            return make1(pool, P_SIGMOID, make2(pool, P_SUB, exponent(a), q));
    }
    return NULL;
}
