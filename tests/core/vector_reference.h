/* What the vector functions are measured against, and the bounds they keep: for choose.c, which takes samples, and for
 * soak/vector_exhaustive.c, which takes everything. */
#ifndef TESTS_CORE_VECTOR_REFERENCE_H
#define TESTS_CORE_VECTOR_REFERENCE_H

#include "core/formula/primitives.h"

#include <math.h>
#include <stdbool.h>

/* A function in the C library's double for float32, and in long double for float64; and how far off its vector code may
 * be, in units in the last place. */
typedef struct accuracy {
    int op;
    double (*wide)(double);
    long double (*widest)(long double);
    double ulps32, ulps64;
} accuracy;

typedef struct accuracy2 {
    int op;
    double (*wide)(double, double);
    long double (*widest)(long double, long double);
    double ulps32, ulps64;
} accuracy2;

#define REFERENCES(REAL, suffix)                                                                                       \
    static inline REAL reference_sigmoid##suffix(REAL x)                                                               \
    {                                                                                                                  \
        REAL t = exp##suffix(-fabs##suffix(x));                                                                        \
        return (x >= 0 ? 1 : t) / (1 + t);                                                                             \
    }                                                                                                                  \
    static inline REAL reference_softplus##suffix(REAL x)                                                              \
    {                                                                                                                  \
        return (x > 0 ? x : 0) + log1p##suffix(exp##suffix(-fabs##suffix(x)));                                         \
    }                                                                                                                  \
    static inline REAL reference_rsqrt##suffix(REAL x)                                                                 \
    {                                                                                                                  \
        return 1 / sqrt##suffix(x);                                                                                    \
    }                                                                                                                  \
    static inline REAL reference_reciprocal##suffix(REAL x)                                                            \
    {                                                                                                                  \
        return 1 / x;                                                                                                  \
    }                                                                                                                  \
    static inline REAL reference_square##suffix(REAL x)                                                                \
    {                                                                                                                  \
        return x * x;                                                                                                  \
    }                                                                                                                  \
    static inline REAL reference_remainder##suffix(REAL a, REAL b)                                                     \
    {                                                                                                                  \
        REAL m = fmod##suffix(a, b);                                                                                   \
        return m != 0 && (m < 0) != (b < 0) ? m + b : m;                                                               \
    }                                                                                                                  \
    static inline REAL reference_hypot##suffix(REAL a, REAL b)                                                         \
    {                                                                                                                  \
        return hypot##suffix(a, b);                                                                                    \
    }                                                                                                                  \
    static inline REAL reference_logaddexp##suffix(REAL a, REAL b)                                                     \
    {                                                                                                                  \
        REAL high = a > b ? a : b;                                                                                     \
        return a == b ? a + log##suffix(2) : high + log1p##suffix(exp##suffix(-fabs##suffix(a - b)));                  \
    }

REFERENCES(double, )
REFERENCES(long double, l)

/* x − tanh x = (x cosh x − sinh x)/cosh x, near 0 by the series of its numerator: Σ x²ᵏ⁺¹·2k/(2k + 1)!. */
static long double reference_tanhshrinkl(long double x)
{
    if (!(fabsl(x) < 1))
        return x - tanhl(x);
    long double term = x * x * x / 6, sum = 2 * term;
    for (int k = 2; k < 20; k++) {
        term *= x * x / (2 * k * (2 * k + 1));
        sum += 2 * k * term;
    }
    return x == 0 ? x : sum / coshl(x);
}

static double reference_tanhshrink(double x)
{
    return (double)reference_tanhshrinkl((long double)x);
}

/* erfc(−x/√2)/2; what is rounded in x/√2 is given back. */
static long double reference_normal_cdfl(long double x)
{
    const long double root = 0.707106781186547524400844362104849039L, rest = -fmal(root, root, -0.5L) / (2 * root);
    long double z = -x * root, lost = fmal(-x, root, -z) - x * rest, y = erfcl(z) / 2;
    return z > 1 && z < 200 ? y * (1 - 2 * z * lost) : y;
}

static double reference_normal_cdf(double x)
{
    return (double)reference_normal_cdfl((long double)x);
}

static const accuracy accuracies[] = {
    {P_EXP, exp, expl, 1, 1},
    {P_EXP2, exp2, exp2l, 1.25, 1.25},
    {P_EXPM1, expm1, expm1l, 1.5, 1.25},
    {P_LOG, log, logl, 1, 1},
    {P_LOG2, log2, log2l, 2, 1},
    {P_LOG10, log10, log10l, 2, 1},
    {P_LOG1P, log1p, log1pl, 1.5, 1.5},
    {P_TANH, tanh, tanhl, 2.5, 2},
    {P_TANHSHRINK, reference_tanhshrink, reference_tanhshrinkl, 7, 7},
    {P_SIGMOID, reference_sigmoid, reference_sigmoidl, 2.5, 1.75},
    {P_SOFTPLUS, reference_softplus, reference_softplusl, 2, 1.75},
    {P_ERF, erf, erfl, 1.5, 1.25},
    {P_ERFC, erfc, erfcl, 0.75, 3.5},
    {P_NORMAL_CDF, reference_normal_cdf, reference_normal_cdfl, 4.5, 3.5},
    {P_SIN, sin, sinl, 1.75, 1},
    {P_COS, cos, cosl, 1.75, 1},
    {P_TAN, tan, tanl, 4, 1.25},
    {P_SINH, sinh, sinhl, 2.5, 2},
    {P_COSH, cosh, coshl, 2, 2},
    {P_ASIN, asin, asinl, 2.5, 1},
    {P_ACOS, acos, acosl, 1.5, 1},
    {P_ATAN, atan, atanl, 2, 1},
    {P_ASINH, asinh, asinhl, 0.75, 2},
    {P_ACOSH, acosh, acoshl, 0.75, 2},
    {P_ATANH, atanh, atanhl, 0.75, 2},
    {P_SQRT, sqrt, sqrtl, 0.5, 0.5},
    {P_RSQRT, reference_rsqrt, reference_rsqrtl, 1.5, 1.5},
    {P_RECIPROCAL, reference_reciprocal, reference_reciprocall, 0.5, 0.5},
    {P_SQUARE, reference_square, reference_squarel, 0.5, 0.5},
    {P_FLOOR, floor, floorl, 0, 0},
    {P_CEIL, ceil, ceill, 0, 0},
    {P_ROUND, rint, rintl, 0, 0},
    {P_TRUNC, trunc, truncl, 0, 0},
    {P_ABS, fabs, fabsl, 0, 0},
};

/* logaddexp: in units of its largest argument, if that is larger than the result. */
static const accuracy2 accuracies2[] = {
    {P_POW, pow, powl, 0.75, 1},
    {P_ATAN2, atan2, atan2l, 2, 1},
    {P_HYPOT, reference_hypot, reference_hypotl, 0.75, 1.5},
    {P_FMOD, fmod, fmodl, 0, 0},
    {P_REMAINDER, reference_remainder, reference_remainderl, 0.5, 0.5},
    {P_LOGADDEXP, reference_logaddexp, reference_logaddexpl, 2, 2},
};

enum { N_ACCURACIES = sizeof accuracies / sizeof accuracies[0] };
enum { N_ACCURACIES2 = sizeof accuracies2 / sizeof accuracies2[0] };

/* How far off a result is, in units in the last place of a format with `digits` bits and numbers below 2^most.
 * Special values and the sign of 0 must be right; infinity counts as 2^most. `scale`: a number whose last place counts
 * if it is larger than that of `want`. */
static inline double ulps_off(long double got, long double want, long double scale, int digits, int most)
{
    if (isnan(want) || isnan(got))
        return isnan(want) && isnan(got) ? 0 : (double)INFINITY;
    if (got == want)
        return got == 0 && signbit(got) != signbit(want) ? (double)INFINITY : 0;
    long double end = ldexpl(1, most);
    if (isinf(want) || (fabsl(want) >= end && isinf(got)))
        return isinf(got) && signbit(got) == signbit(want) ? 0 : (double)INFINITY;
    if (isinf(got))
        got = copysignl(end, got);
    if (want != 0 && got == 0 && signbit(got) != signbit(want))
        return (double)INFINITY;
    int exponent;
    frexpl(fabsl(scale) > fabsl(want) ? scale : want, &exponent);
    if (exponent < 3 - most)
        exponent = 3 - most;
    return (double)(fabsl(got - want) / ldexpl(1, exponent - digits));
}

static inline double ulps_off_32(float got, double want, float scale)
{
    return ulps_off((long double)got, (long double)want, (long double)scale, 24, 128);
}

static inline double ulps_off_64(double got, long double want, double scale)
{
    return ulps_off((long double)got, want, (long double)scale, 53, 1024);
}

#endif
