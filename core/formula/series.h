/* Laurent series in one variable: Σ a[k]·s^(low + k). By them the limit of a formula at a point is known where the
 * formula itself has none, 0/0 or ∞ − ∞ say, however many of its terms cancel. */
#ifndef CORE_FORMULA_SERIES_H
#define CORE_FORMULA_SERIES_H

#include <stdbool.h>

enum { SERIES_TERMS = 40 };

/* n of the terms are known; a[0] is not 0, unless all are. n = 0: there is no such series, or it is not found. */
typedef struct series {
    int low, n;
    long double a[SERIES_TERMS];
} series;

/* Of so many known terms, SERIES_TERMS at most. */
series series_constant(long double value, int terms);
series series_variable(long double at, int terms); /* at + s */

static inline bool series_is_known(const series *x)
{
    return x->n > 0;
}

/* 0 for all s. */
bool series_is_zero(const series *x);
/* The same for all s. */
bool series_is_number(const series *x);
/* ±∞ at s = 0. */
bool series_has_pole(const series *x);
/* At s = 0; NaN where there is a pole, or no series. */
long double series_limit(const series *x);
/* The coefficient of s^power; 0 beyond what is known. */
long double series_term(const series *x, int power);

/* A primitive of series, over its arguments. Not found where it leaves one analytic piece for another: abs, max,
 * conditions and their like know no series, unless what they look at is a number. */
series series_apply(int op, const series *a, const series *b, const series *c);

#endif
