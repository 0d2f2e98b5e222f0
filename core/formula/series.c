/* Arithmetic of Laurent series. Functions are taken by the differential equation that each solves: exp(w)′ = w′·exp(w),
 * term by term (Knuth, The Art of Computer Programming 2, section 4.7; Griewank and Walther, Evaluating Derivatives,
 * section 13.2). */
#include "series.h"

#include "primitives.h"

#include <math.h>

/* Two that cancel down to their rounding errors leave 0; a number of the formula, log(2), was rounded to float64. */
#define ROUNDING 0x1p-53L

static const series unknown;

static series lifted(series x)
{
    int zeros = 0;
    while (zeros < x.n && x.a[zeros] == 0)
        zeros++;
    for (int k = 0; k < x.n; k++)
        if (!isfinite(x.a[k]))
            return unknown;
    if (zeros == 0 || zeros == x.n)
        return x;
    for (int k = 0; k + zeros < x.n; k++)
        x.a[k] = x.a[k + zeros];
    x.low += zeros;
    x.n -= zeros;
    return x;
}

series series_constant(long double value, int terms)
{
    series made = {.n = terms, .a = {value}};
    return lifted(made);
}

series series_variable(long double at, int terms)
{
    series made = {.n = terms, .a = {at, 1}};
    return lifted(made);
}

bool series_is_zero(const series *x)
{
    return x->n > 0 && x->a[0] == 0;
}

bool series_has_pole(const series *x)
{
    return x->n > 0 && x->low < 0 && x->a[0] != 0;
}

long double series_term(const series *x, int power)
{
    int k = power - x->low;
    return k >= 0 && k < x->n ? x->a[k] : 0;
}

long double series_limit(const series *x)
{
    bool known = x->n > 0 && (series_is_zero(x) || (x->low >= 0) || x->low + x->n > 0);
    return known && !series_has_pole(x) ? series_term(x, 0) : (long double)NAN;
}

bool series_is_number(const series *x)
{
    for (int k = 0; k < x->n; k++)
        if (x->a[k] != 0 && x->low + k != 0)
            return false;
    return x->n > 0;
}

/* ---- arithmetic ---- */

static series scaled(const series *x, long double factor)
{
    series made = *x;
    for (int k = 0; k < made.n; k++)
        made.a[k] *= factor;
    return made;
}

static series plus(const series *x, const series *y, long double sign)
{
    if (!x->n || !y->n)
        return unknown;
    if (series_is_zero(x))
        return scaled(y, sign);
    if (series_is_zero(y))
        return *x;
    int low = x->low < y->low ? x->low : y->low;
    int to_x = x->low + x->n, to_y = y->low + y->n, end = to_x < to_y ? to_x : to_y;
    series made = {.low = low, .n = end - low < SERIES_TERMS ? end - low : SERIES_TERMS};
    if (made.n <= 0)
        return unknown;
    for (int k = 0; k < made.n; k++) {
        long double p = series_term(x, low + k), q = sign * series_term(y, low + k), sum = p + q;
        made.a[k] = fabsl(sum) <= ROUNDING * (fabsl(p) + fabsl(q)) ? 0 : sum;
    }
    return lifted(made);
}

static series times(const series *x, const series *y)
{
    series made = {.low = x->low + y->low, .n = x->n < y->n ? x->n : y->n};
    if (!made.n)
        return unknown;
    for (int k = 0; k < made.n; k++)
        for (int j = 0; j <= k; j++)
            made.a[k] += x->a[j] * y->a[k - j];
    return lifted(made);
}

static series over(const series *x, const series *y)
{
    series made = {.low = x->low - y->low, .n = x->n < y->n ? x->n : y->n};
    if (!made.n || series_is_zero(y))
        return unknown;
    for (int k = 0; k < made.n; k++) {
        long double rest = x->a[k];
        for (int j = 1; j <= k; j++)
            rest -= y->a[j] * made.a[k - j];
        made.a[k] = rest / y->a[0];
    }
    return lifted(made);
}

/* Terms from s⁰ on, of a series without a pole. */
static series from_zero(const series *x)
{
    if (!x->n || series_has_pole(x))
        return unknown;
    if (series_is_zero(x))
        return series_constant(0, x->n);
    int known = x->low + x->n;
    series made = {.n = known < SERIES_TERMS ? known : SERIES_TERMS};
    for (int k = 0; k < made.n; k++)
        made.a[k] = series_term(x, k);
    return made;
}

/* start + ∫ w′·slope, all from s⁰ on. */
static series integral(long double start, const series *w, const series *slope)
{
    const series v = from_zero(w), g = from_zero(slope);
    series made = {.n = v.n < g.n ? v.n : g.n};
    if (!made.n)
        return unknown;
    made.a[0] = start;
    for (int k = 1; k < made.n; k++) {
        for (int j = 1; j <= k; j++)
            made.a[k] += (long double)j * v.a[j] * g.a[k - j];
        made.a[k] /= k;
    }
    return lifted(made);
}

/* ---- functions ---- */

static series exponential(const series *w, long double start)
{
    const series v = from_zero(w);
    series made = {.n = v.n};
    if (!v.n)
        return unknown;
    made.a[0] = expl(v.a[0]);
    for (int k = 1; k < made.n; k++) {
        for (int j = 1; j <= k; j++)
            made.a[k] += (long double)j * v.a[j] * made.a[k - j];
        made.a[k] /= k;
    }
    made.a[0] = start;
    return lifted(made);
}

/* sine and cosine (sign −1), hyperbolic ones (sign 1) */
static void waves(const series *w, long double sign, series *sine, series *cosine)
{
    const series v = from_zero(w);
    *sine = *cosine = unknown;
    if (!v.n)
        return;
    sine->n = cosine->n = v.n;
    sine->a[0] = sign < 0 ? sinl(v.a[0]) : sinhl(v.a[0]);
    cosine->a[0] = sign < 0 ? cosl(v.a[0]) : coshl(v.a[0]);
    for (int k = 1; k < v.n; k++) {
        for (int j = 1; j <= k; j++) {
            sine->a[k] += (long double)j * v.a[j] * cosine->a[k - j] / k;
            cosine->a[k] += sign * (long double)j * v.a[j] * sine->a[k - j] / k;
        }
    }
    *sine = lifted(*sine);
    *cosine = lifted(*cosine);
}

static series ratio_of_waves(const series *w, long double sign)
{
    series sine, cosine;
    waves(w, sign, &sine, &cosine);
    return over(&sine, &cosine);
}

/* w^p: by w·y′ = p·w′·y, after s^low has been taken out. */
static series power(const series *w, long double p)
{
    bool whole = p == floorl(p) && fabsl(p) < 64;
    if (!w->n || series_is_zero(w) || (!whole && (w->low != 0 || !(w->a[0] > 0))))
        return unknown;
    series made = {.low = whole ? w->low * (int)p : 0, .n = w->n};
    made.a[0] = powl(w->a[0], p);
    for (int k = 1; k < made.n; k++) {
        for (int j = 1; j <= k; j++)
            made.a[k] += (p * j - (k - j)) * w->a[j] * made.a[k - j];
        made.a[k] /= k * w->a[0];
    }
    return lifted(made);
}

static series logarithm(const series *w, long double start)
{
    if (!w->n || w->low != 0 || !(w->a[0] > 0))
        return unknown;
    const series slope = power(w, -1);
    return integral(start, w, &slope);
}

static long double value_of(const series *w)
{
    return series_limit(w);
}

/* 1 + factor·w² */
static series one_and_square(const series *w, long double factor)
{
    const series square = times(w, w), part = scaled(&square, factor), one = series_constant(1, SERIES_TERMS);
    return plus(&one, &part, 1);
}

/* start + ∫ w′·scale·(1 + factor·w²)^p */
static series by_root(const series *w, long double start, long double scale, long double factor, long double p)
{
    const series inner = one_and_square(w, factor), slope = power(&inner, p), g = scaled(&slope, scale);
    return integral(start, w, &g);
}

/* start + ∫ w′·scale·exp(−factor·w²) */
static series by_gauss(const series *w, long double start, long double scale, long double factor)
{
    const series square = times(w, w), inner = scaled(&square, -factor);
    const series slope = exponential(&inner, expl(series_limit(&inner))), g = scaled(&slope, scale);
    return integral(start, w, &g);
}

static series sigmoid(const series *w)
{
    const series minus = scaled(w, -1), e = exponential(&minus, expl(value_of(&minus))),
                 one = series_constant(1, SERIES_TERMS);
    const series sum = plus(&one, &e, 1);
    return power(&sum, -1);
}

static series softplus(const series *w)
{
    const series slope = sigmoid(w);
    long double x = value_of(w);
    return integral(x > 0 ? x + log1pl(expl(-x)) : log1pl(expl(x)), w, &slope);
}

static series log_one_plus(const series *w)
{
    const series one = series_constant(1, SERIES_TERMS), sum = plus(&one, w, 1);
    return logarithm(&sum, log1pl(value_of(w)));
}

/* Functions that step: numbers of numbers. */
static series of_number(int op, const series *w)
{
    long double x = value_of(w);
    if (!series_is_number(w))
        return unknown;
    switch (op) {
    case P_ABS:
        return series_constant(fabsl(x), w->n);
    case P_SIGN:
        return series_constant((x > 0) - (x < 0), w->n);
    case P_FLOOR:
        return series_constant(floorl(x), w->n);
    case P_CEIL:
        return series_constant(ceill(x), w->n);
    case P_TRUNC:
        return series_constant(truncl(x), w->n);
    default:
        return unknown;
    }
}

static series of_exponentials(int op, const series *w)
{
    const series times_ln2 = scaled(w, M_LN2 + 2.319046813846299558e-17L);
    series sine, cosine, made;
    switch (op) {
    case P_EXP:
        return exponential(w, expl(value_of(w)));
    case P_EXPM1:
        return exponential(w, expm1l(value_of(w)));
    case P_EXP2:
        return exponential(&times_ln2, exp2l(value_of(w)));
    case P_LOG:
        return logarithm(w, logl(value_of(w)));
    case P_LOG2:
        made = logarithm(w, logl(value_of(w)));
        return scaled(&made, 1.44269504088896340735992468100189214L);
    case P_LOG10:
        made = logarithm(w, logl(value_of(w)));
        return scaled(&made, 0.434294481903251827651128918916605082L);
    case P_LOG1P:
        return log_one_plus(w);
    case P_SIGMOID:
        return sigmoid(w);
    case P_SOFTPLUS:
        return softplus(w);
    case P_SINH:
    case P_COSH:
        waves(w, 1, &sine, &cosine);
        return op == P_SINH ? sine : cosine;
    case P_TANH:
        return ratio_of_waves(w, 1);
    case P_TANHSHRINK:
        made = ratio_of_waves(w, 1);
        return plus(w, &made, -1);
    default:
        return of_number(op, w);
    }
}

static series of_one(int op, const series *w)
{
    const long double x = value_of(w), two_of_pi = 1.12837916709551257389615890312154517L; /* 2/√π */
    series sine, cosine;
    switch (op) {
    case P_NEG:
        return scaled(w, -1);
    case P_SQUARE:
        return times(w, w);
    case P_RECIPROCAL:
        return power(w, -1);
    case P_SQRT:
        return power(w, 0.5L);
    case P_RSQRT:
        return power(w, -0.5L);
    case P_SIN:
    case P_COS:
        waves(w, -1, &sine, &cosine);
        return op == P_SIN ? sine : cosine;
    case P_TAN:
        return ratio_of_waves(w, -1);
    case P_ASIN:
        return by_root(w, asinl(x), 1, -1, -0.5L);
    case P_ACOS:
        return by_root(w, acosl(x), -1, -1, -0.5L);
    case P_ATAN:
        return by_root(w, atanl(x), 1, 1, -1);
    case P_ASINH:
        return by_root(w, asinhl(x), 1, 1, -0.5L);
    case P_ATANH:
        return by_root(w, atanhl(x), 1, -1, -1);
    case P_ERF:
        return by_gauss(w, erfl(x), two_of_pi, 1);
    case P_ERFC:
        return by_gauss(w, erfcl(x), -two_of_pi, 1);
    case P_NORMAL_CDF:
        return by_gauss(w, erfcl(-x * sqrtl(0.5L)) / 2, two_of_pi * sqrtl(0.125L), 0.5L);
    default:
        return of_exponentials(op, w);
    }
}

static series of_two(int op, const series *a, const series *b)
{
    series p, q, sum;
    switch (op) {
    case P_ADD:
        return plus(a, b, 1);
    case P_SUB:
        return plus(a, b, -1);
    case P_MUL:
        return times(a, b);
    case P_DIV:
        return over(a, b);
    case P_POW:
        if (series_is_number(b))
            return power(a, value_of(b));
        p = logarithm(a, logl(value_of(a)));
        q = times(b, &p);
        return exponential(&q, expl(value_of(&q)));
    case P_HYPOT:
        p = times(a, a);
        q = times(b, b);
        sum = plus(&p, &q, 1);
        return power(&sum, 0.5L);
    case P_SQUAREPLUS:
        p = times(a, a);
        sum = plus(&p, b, 1);
        q = power(&sum, 0.5L);
        sum = plus(a, &q, 1);
        return scaled(&sum, 0.5L);
    case P_LOGADDEXP:
        p = plus(b, a, -1);
        q = softplus(&p);
        return plus(a, &q, 1);
    default:
        return unknown;
    }
}

series series_apply(int op, const series *a, const series *b, const series *c)
{
    if (op == P_WHERE)
        return !series_is_number(a) ? unknown : series_is_zero(a) ? *c : *b;
    return primitives[op].arity == 1 ? of_one(op, a) : of_two(op, a, b);
}
