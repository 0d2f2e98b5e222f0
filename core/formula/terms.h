/* Sums of products of powers, as expressions are read for combine.c. Everything returns false where a sum is too large
 * for it, or without memory. */
#ifndef CORE_FORMULA_TERMS_H
#define CORE_FORMULA_TERMS_H

#include "expression.h"

enum { MOST_FACTORS = 10, MOST_TERMS = 24, MOST_DEPTH = 24, MOST_NESTED = 24, MOST_WEIGHT = 400, MOST_READ = 20000 };

typedef struct factor {
    const expression *base;
    double power;
} factor;

/* coefficient · Π base^power */
typedef struct term {
    double coefficient;
    int n;
    factor factors[MOST_FACTORS];
} term;

typedef struct sum {
    int n;
    term terms[MOST_TERMS];
} sum;

bool multiply_by(term *t, const expression *base, double power);
double power_in(const term *t, const expression *base); /* 0: the base is not among its factors */
/* exp(u)·sigmoid(−u) is sigmoid(u), sign(u)·u is |u|, u² is |u|² where there is |u|, sign(u)² is 1 but at 0. */
bool settle(dg_formulas *pool, term *t);
bool add_term(dg_formulas *pool, sum *s, const term *t);

/* Whether a sum may be multiplied out: of what does not saturate. What does has slopes like 1 − y, whose terms cancel.
 */
bool is_plain(const expression *e, int depth);
/* Adds the terms of scale · e. */
bool read_sum(dg_formulas *pool, const expression *e, double scale, sum *s, int depth);

static inline bool is_sum(const expression *e)
{
    return is_op(e, P_ADD) || is_op(e, P_SUB);
}

#endif
