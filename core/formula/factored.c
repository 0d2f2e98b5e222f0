/* Arithmetic of factored series. */
#include "factored.h"

#include <math.h>
#include <stdlib.h>

factored factored_of(series s, int degree)
{
    return (factored){.s = s, .degree = degree};
}

factored factored_opaque(const expression *e)
{
    return (factored){.s = series_constant(1, SERIES_TERMS), .factor = e};
}

/* a·b or a/b, of which either may be 1. */
static const expression *joined(dg_formulas *pool, int op, const expression *a, const expression *b, bool *failed)
{
    const expression *made = !b ? a : !a && op == P_DIV ? make1(pool, P_RECIPROCAL, b) : !a ? b : make2(pool, op, a, b);
    *failed |= !made && (a || b);
    return made;
}

static factored product(dg_formulas *pool, int op, const factored *a, const factored *b, bool *failed)
{
    factored made = {.s = series_apply(op, &a->s, &b->s, &b->s),
                     .degree = op == P_DIV ? a->degree - b->degree : a->degree + b->degree};
    if (series_is_known(&made.s))
        made.factor = joined(pool, op, a->factor, b->factor, failed);
    return made;
}

static factored sum(int op, const factored *a, const factored *b)
{
    factored made = {.s = series_apply(op, &a->s, &b->s, &b->s)};
    const factored *of = series_is_zero(&a->s) ? b : a;
    if (!series_is_zero(&a->s) && !series_is_zero(&b->s) && (a->degree != b->degree || a->factor != b->factor))
        made.s.n = 0;
    made.degree = of->degree;
    made.factor = of->factor;
    return made;
}

/* To a whole power. */
static factored power(dg_formulas *pool, const factored *a, int p, bool *failed)
{
    const series exponent = series_constant(p, SERIES_TERMS);
    factored made = {.s = series_apply(P_POW, &a->s, &exponent, &exponent), .degree = a->degree * p};
    if (a->factor && series_is_known(&made.s)) {
        made.factor = make2(pool, P_POW, a->factor, make_constant(pool, p));
        *failed |= !made.factor;
    }
    return made;
}

factored factored_apply(dg_formulas *pool, int op, const factored *a, const factored *b, const factored *c,
                        bool *failed)
{
    bool are_plain = factored_is_plain(a) && (primitives[op].arity < 2 || factored_is_plain(b)) &&
                     (primitives[op].arity < 3 || factored_is_plain(c));
    if (are_plain)
        return factored_of(series_apply(op, &a->s, &b->s, &c->s), 0);
    switch (op) {
    case P_NEG:
        return (factored){series_apply(op, &a->s, &a->s, &a->s), a->degree, a->factor};
    case P_MUL:
    case P_DIV:
        return product(pool, op, a, b, failed);
    case P_ADD:
    case P_SUB:
        return sum(op, a, b);
    case P_SQUARE:
        return power(pool, a, 2, failed);
    case P_RECIPROCAL:
        return power(pool, a, -1, failed);
    case P_POW: {
        long double p = factored_is_plain(b) ? series_limit(&b->s) : (long double)NAN;
        const bool is_whole = series_is_number(&b->s) && p == truncl(p) && fabsl(p) < 64;
        return is_whole ? power(pool, a, (int)p, failed) : (factored){.degree = 0};
    }
    case P_WHERE: {
        const bool is_chosen = factored_is_plain(a) && series_is_number(&a->s);
        return is_chosen ? (series_is_zero(&a->s) ? *c : *b) : (factored){.degree = 0};
    }
    default:
        return (factored){.degree = 0};
    }
}
