/* Primitives over intervals. A bound is the float64 number on the safe side of the exact bound. Long because it is one
 * table of all primitives. */
#include "interval.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { LIBRARY_ULPS = 8 }; /* more than the GNU C library's functions are off by in float64 */

static double up(double x)
{
    return nextafter(x, INFINITY);
}

static dg_interval make(double lo, double hi, bool partial)
{
    dg_interval made = dg_interval_of(lo, hi);
    made.partial = partial;
    return made;
}

static dg_interval everything(bool partial)
{
    return make(-INFINITY, INFINITY, partial);
}

/* What may be undefined everywhere in the interval. */
static dg_interval nothing(void)
{
    return everything(true);
}

/* ---- exact arithmetic with its rounding error ---- */

/* a + b to one side: sign −1 down, +1 up. Knuth's two-sum tells whether the sum is exact. */
static double sum_towards(double a, double b, double sign)
{
    double s = a + b;
    if (!isfinite(s))
        return isinf(a) || isinf(b) ? (isnan(s) ? sign * INFINITY : s) : (s > 0) == (sign > 0) ? s : sign * -DBL_MAX;
    double t = s - a, error = (a - (s - t)) + (b - t);
    return error * sign > 0 ? nextafter(s, sign * INFINITY) : s;
}

/* 0 times a bound that is not known is 0: every number of the interval is finite. */
static double product_towards(double a, double b, double sign)
{
    if (a == 0 || b == 0)
        return 0;
    double p = a * b;
    if (isinf(p))
        return isinf(a) || isinf(b) || (p > 0) == (sign > 0) ? p : sign * -DBL_MAX;
    double error = fma(a, b, -p);
    if (fabs(p) < 0x1p-960) { /* the error itself may have been rounded away: only the sign is certain */
        double moved = nextafter(p, sign * INFINITY);
        bool positive = (a > 0) == (b > 0);
        return positive && moved < 0 ? 0 : !positive && moved > 0 ? 0 : moved;
    }
    return error * sign > 0 ? nextafter(p, sign * INFINITY) : p;
}

static double quotient_towards(double a, double b, double sign)
{
    if (a == 0 || isinf(b))
        return 0; /* the limit; the caller's interval holds the other bound */
    double q = a / b;
    if (isinf(q))
        return isinf(a) || b == 0 || (q > 0) == (sign > 0) ? q : sign * -DBL_MAX;
    bool positive = (a > 0) == (b > 0);
    if (fabs(q) < 0x1p-960 || fabs(a) < 0x1p-900) {
        double moved = nextafter(q, sign * INFINITY);
        return positive && moved < 0 ? 0 : !positive && moved > 0 ? 0 : moved;
    }
    double rest = fma(-q, b, a); /* a − q·b has the sign of the error times b */
    double error = b > 0 ? rest : -rest;
    return error * sign > 0 ? nextafter(q, sign * INFINITY) : q;
}

static dg_interval add(dg_interval a, dg_interval b)
{
    return make(sum_towards(a.lo, b.lo, -1), sum_towards(a.hi, b.hi, 1), a.partial || b.partial);
}

static dg_interval negate(dg_interval a)
{
    return make(-a.hi, -a.lo, a.partial);
}

static dg_interval subtract(dg_interval a, dg_interval b)
{
    return add(a, negate(b));
}

static dg_interval multiply(dg_interval a, dg_interval b)
{
    const double ends[4][2] = {{a.lo, b.lo}, {a.lo, b.hi}, {a.hi, b.lo}, {a.hi, b.hi}};
    dg_interval made = make(INFINITY, -INFINITY, a.partial || b.partial);
    for (int k = 0; k < 4; k++) {
        made.lo = fmin(made.lo, product_towards(ends[k][0], ends[k][1], -1));
        made.hi = fmax(made.hi, product_towards(ends[k][0], ends[k][1], 1));
    }
    return made;
}

/* Of a divisor that does not change its sign; 0 may be an end of it. */
static dg_interval divide_by_sign(dg_interval a, dg_interval b)
{
    if (b.hi <= 0) {
        a = negate(a);
        b = negate(b);
    }
    bool touches = b.lo == 0;
    double lo = a.lo >= 0 ? quotient_towards(a.lo, b.hi, -1) : touches ? -INFINITY : quotient_towards(a.lo, b.lo, -1);
    double hi = a.hi <= 0 ? quotient_towards(a.hi, b.hi, 1) : touches ? INFINITY : quotient_towards(a.hi, b.lo, 1);
    return make(lo, hi, a.partial || b.partial || touches);
}

static dg_interval divide(dg_interval a, dg_interval b)
{
    if (b.lo == 0 && b.hi == 0)
        return nothing();
    if (b.lo < 0 && b.hi > 0)
        return a.lo == 0 && a.hi == 0 ? make(0, 0, true) : everything(true);
    return divide_by_sign(a, b);
}

/* ---- monotone functions of the library ---- */

static double widen(double x, double sign, int ulps)
{
    for (int k = 0; k < ulps && isfinite(x); k++)
        x = nextafter(x, sign * INFINITY);
    return x;
}

/* A function that grows, between `least` and `greatest`. It is exact where its argument is 0 and its value whole, which
 * all of these are (exp(0) = 1, tanh(0) = 0), and so at 1 (log(1) = 0, exp2(1) = 2); an infinite value of a finite
 * argument is beyond the largest number. */
static dg_interval growing(double (*f)(double), dg_interval a, double least, double greatest)
{
    double lo = f(a.lo), hi = f(a.hi);
    if (!((a.lo == 0 || a.lo == 1) && lo == floor(lo)))
        lo = isinf(lo) && lo > 0 ? DBL_MAX : widen(lo, -1, LIBRARY_ULPS);
    if (!((a.hi == 0 || a.hi == 1) && hi == floor(hi)))
        hi = isinf(hi) && hi < 0 ? -DBL_MAX : widen(hi, 1, LIBRARY_ULPS);
    return make(fmax(lo, least), fmin(hi, greatest), a.partial);
}

static dg_interval falling(double (*f)(double), dg_interval a, double least, double greatest)
{
    dg_interval made = make(widen(f(a.hi), -1, LIBRARY_ULPS), widen(f(a.lo), 1, LIBRARY_ULPS), a.partial);
    return make(fmax(made.lo, least), fmin(made.hi, greatest), a.partial);
}

/* A growing function that exists from `from` to `to` alone. */
static dg_interval growing_within(double (*f)(double), dg_interval a, double from, double to)
{
    if (a.hi < from || a.lo > to)
        return nothing();
    bool partial = a.partial || a.lo < from || a.hi > to;
    dg_interval made = growing(f, make(fmax(a.lo, from), fmin(a.hi, to), partial), -INFINITY, INFINITY);
    return made;
}

static double sigmoid(double x)
{
    return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x));
}

static double softplus(double x)
{
    return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

static dg_interval square(dg_interval a)
{
    double low = a.lo > 0 ? a.lo : a.hi < 0 ? -a.hi : 0, high = fmax(-a.lo, a.hi);
    return make(product_towards(low, low, -1), product_towards(high, high, 1), a.partial);
}

static double root_towards(double x, double sign)
{
    if (x <= 0 || isinf(x))
        return x <= 0 ? 0 : x;
    double r = sqrt(x), error = fma(-r, r, x);
    return x < 0x1p-900 || error * sign > 0 ? nextafter(r, sign * INFINITY) : r;
}

static dg_interval square_root(dg_interval a)
{
    if (a.hi < 0)
        return nothing();
    return make(root_towards(fmax(a.lo, 0), -1), root_towards(a.hi, 1), a.partial || a.lo < 0);
}

static dg_interval normal_cdf(dg_interval a)
{
    /* erfc(−a/√2)/2; the rounding of the argument is an interval, too. √½ lies between the two numbers. */
    dg_interval z = multiply(negate(a), make(0.70710678118654746, 0.70710678118654757, false));
    dg_interval made = falling(erfc, z, 0, 2);
    return make(made.lo / 2, fmin(up(made.hi / 2), a.hi <= 0 ? 0.5 : 1), a.partial);
}

static dg_interval tanhshrink_at(double x)
{
    dg_interval point = make(x, x, false);
    if (fabs(x) < 1e-3) { /* |x|³/3·(1 − 2z/5 + 17z²/105 − …) with z = x²: the terms fall and alternate */
        double z = x * x, c = fabs(x) * z / 3, sum = 1 - 0.4 * z + 17.0 / 105 * z * z;
        dg_interval size =
            make(widen(c * (sum - 62.0 / 945 * z * z * z), -1, LIBRARY_ULPS), widen(c * sum, 1, LIBRARY_ULPS), false);
        size.lo = fmax(size.lo, 0);
        return x == 0 ? make(0, 0, false) : x < 0 ? negate(size) : size;
    }
    return subtract(point, growing(tanh, point, -1, 1));
}

static dg_interval tanhshrink(dg_interval a)
{
    if (isinf(a.lo) || isinf(a.hi))
        return subtract(a, growing(tanh, a, -1, 1));
    return make(tanhshrink_at(a.lo).lo, tanhshrink_at(a.hi).hi, a.partial);
}

/* ---- periodic functions ---- */

/* Whether some c + k·period may lie in [lo, hi]: false only when none does. */
static bool may_contain(double lo, double hi, double c, double period)
{
    double first = floor((lo - c) / period), slack = 1e-9 * (1 + fabs(first) * 1e-6);
    for (double k = first; k <= first + 1; k++) {
        double at = c + k * period, margin = slack + fabs(at) * 4e-16;
        if (at >= lo - margin && at <= hi + margin)
            return true;
    }
    return false;
}

static dg_interval cosine_from(dg_interval a, double (*f)(double), double top)
{
    if (!(a.hi - a.lo < 6.28) || fabs(a.lo) > 1e9 || fabs(a.hi) > 1e9)
        return a.lo == a.hi && isfinite(a.lo) ? make(fmax(-1, widen(f(a.lo), -1, LIBRARY_ULPS)),
                                                     fmin(1, widen(f(a.lo), 1, LIBRARY_ULPS)), a.partial)
                                              : make(-1, 1, a.partial);
    double p = f(a.lo), q = f(a.hi);
    double lo = widen(fmin(p, q), -1, LIBRARY_ULPS), hi = widen(fmax(p, q), 1, LIBRARY_ULPS);
    if (a.lo == 0 && a.hi == 0)
        return make(p, p, a.partial);
    if (may_contain(a.lo, a.hi, top, 2 * M_PI))
        hi = 1;
    if (may_contain(a.lo, a.hi, top + M_PI, 2 * M_PI))
        lo = -1;
    return make(fmax(lo, -1), fmin(hi, 1), a.partial);
}

static dg_interval tangent(dg_interval a)
{
    if (!(a.hi - a.lo < 3.14) || fabs(a.lo) > 1e9 || may_contain(a.lo, a.hi, M_PI / 2, M_PI))
        return everything(true);
    return growing(tan, a, -INFINITY, INFINITY);
}

/* ---- powers ---- */

static dg_interval whole_power(dg_interval a, int n)
{
    dg_interval made = make(1, 1, a.partial), base = n % 2 == 0 ? square(a) : a;
    int count = n % 2 == 0 ? n / 2 : n;
    /* Of one sign the ends are enough, and are powers of points. */
    if (base.lo >= 0 || n % 2) {
        dg_interval ends[2];
        for (int k = 0; k < 2; k++) {
            double x = k ? base.hi : base.lo;
            ends[k] = make(1, 1, false);
            for (int i = 0; i < count; i++)
                ends[k] = multiply(ends[k], make(x, x, false));
        }
        made.lo = ends[0].lo;
        made.hi = ends[1].hi;
    }
    return made;
}

static double power_end(double x, double n, double sign)
{
    double p = pow(x, n);
    if (isinf(p) && isfinite(x) && x != 0)
        return sign < 0 ? DBL_MAX : p;
    return (x == 0 || x == 1) && !isinf(p) ? p : fmax(widen(p, sign, LIBRARY_ULPS), 0);
}

/* aⁿ for a ≥ 0 and one n. */
static dg_interval real_power(dg_interval a, double n)
{
    if (a.hi < 0)
        return nothing();
    dg_interval base = make(fmax(a.lo, 0), a.hi, a.partial || a.lo < 0);
    double p = n >= 0 ? base.lo : base.hi, q = n >= 0 ? base.hi : base.lo;
    double lo = isinf(p) ? (n > 0 ? INFINITY : 0) : power_end(p, n, -1), hi = power_end(q, n, 1);
    return make(lo, hi, base.partial || (n < 0 && base.lo == 0));
}

static dg_interval power(dg_interval a, dg_interval b)
{
    if (b.lo == b.hi) {
        double n = b.lo;
        bool partial = b.partial;
        dg_interval made;
        if (n == floor(n) && fabs(n) <= 64) {
            made = whole_power(a, (int)fabs(n));
            if (n < 0)
                made = divide(make(1, 1, false), made);
        } else if (n == floor(n) && a.lo < 0) {
            made = everything(true);
        } else {
            made = real_power(a, n);
        }
        made.partial |= partial;
        return made;
    }
    if (a.hi <= 0 && a.lo < 0)
        return nothing();
    dg_interval base = make(fmax(a.lo, 0), a.hi, a.partial || a.lo < 0);
    dg_interval exponent = multiply(b, growing(log, base, -INFINITY, INFINITY));
    dg_interval made = growing(exp, exponent, 0, INFINITY);
    if (base.lo == 0) /* 0⁰ is 1, 0 to a positive power 0 */
        made = make(0, fmax(made.hi, 1), made.partial || b.lo < 0);
    made.partial |= base.partial || b.partial;
    return made;
}

/* ---- two arguments ---- */

static double log_add_exp(double a, double b)
{
    double most = fmax(a, b), least = fmin(a, b);
    return isinf(most) ? most : most + log1p(exp(least - most));
}

static dg_interval logaddexp(dg_interval a, dg_interval b)
{
    double lo = log_add_exp(a.lo, b.lo), hi = log_add_exp(a.hi, b.hi);
    double scale = fmax(fmax(fabs(a.lo), fabs(b.lo)), 1), scale_hi = fmax(fmax(fabs(a.hi), fabs(b.hi)), 1);
    /* A sum of opposite signs loses digits against the larger of its parts. */
    lo = isinf(lo) ? lo : lo - scale * 0x1p-49;
    hi = isinf(hi) ? hi : hi + scale_hi * 0x1p-49;
    return make(fmax(lo, fmax(a.lo, b.lo)), hi, a.partial || b.partial);
}

static dg_interval hypotenuse(dg_interval a, dg_interval b)
{
    double al = a.lo > 0 ? a.lo : a.hi < 0 ? -a.hi : 0, bl = b.lo > 0 ? b.lo : b.hi < 0 ? -b.hi : 0;
    double ah = fmax(-a.lo, a.hi), bh = fmax(-b.lo, b.hi);
    return make(fmax(0, widen(hypot(al, bl), -1, LIBRARY_ULPS)), widen(hypot(ah, bh), 1, LIBRARY_ULPS),
                a.partial || b.partial);
}

/* (a + √(a² + b))/2 grows with both. For a < 0 the sum cancels: it is b/2 over the other sum. */
static dg_interval squareplus_at(double a, double b)
{
    dg_interval x = make(a, a, false), y = make(b, b, false), two = make(2, 2, false);
    dg_interval root = square_root(add(square(x), y));
    if (a >= 0)
        return divide(add(x, root), two);
    return divide(divide(y, two), subtract(root, x));
}

static dg_interval squareplus(dg_interval a, dg_interval b)
{
    if (b.lo < 0)
        return everything(true);
    if (isinf(a.lo) || isinf(a.hi) || isinf(b.hi))
        return make(0, INFINITY, a.partial || b.partial);
    return make(fmax(squareplus_at(a.lo, b.lo).lo, 0), squareplus_at(a.hi, b.hi).hi, a.partial || b.partial);
}

static dg_interval angle(dg_interval a, dg_interval b)
{
    bool partial = a.partial || b.partial;
    if (b.lo <= 0)
        return make(-M_PI - 1e-15, M_PI + 1e-15, partial);
    dg_interval made = growing(atan, divide(a, b), -M_PI / 2 - 1e-15, M_PI / 2 + 1e-15);
    made.partial = partial;
    return made;
}

/* a − b·⌊a/b⌋ (of_floor) or a − b·trunc(a/b), for one b > 0. */
static dg_interval rest(dg_interval a, dg_interval b, bool of_floor)
{
    bool partial = a.partial || b.partial;
    double m = fmax(fabs(b.lo), fabs(b.hi));
    if (b.lo <= 0 && b.hi >= 0)
        return everything(true);
    if (b.lo == b.hi && b.lo > 0 && isfinite(a.lo) && isfinite(a.hi)) {
        double p = floor(a.lo / m), q = floor(a.hi / m);
        if (p == q && (of_floor || a.lo >= 0) && fabs(p) < 1e9) {
            dg_interval made = subtract(a, multiply(make(m, m, false), make(p, p, false)));
            return make(fmax(made.lo, 0), fmin(made.hi, m), partial);
        }
        return of_floor || a.lo >= 0 ? make(0, m, partial) : make(-m, m, partial);
    }
    return make(-m, m, partial);
}

/* ---- conditions ---- */

static dg_interval truth(bool may_be_false, bool may_be_true, bool partial)
{
    return make(may_be_false ? 0 : 1, may_be_true ? 1 : 0, partial);
}

static dg_interval compare(int op, dg_interval a, dg_interval b)
{
    bool partial = a.partial || b.partial;
    switch (op) {
    case P_LT:
        return truth(a.hi >= b.lo, a.lo < b.hi, partial);
    case P_LE:
        return truth(a.hi > b.lo, a.lo <= b.hi, partial);
    case P_GT:
        return truth(a.lo <= b.hi, a.hi > b.lo, partial);
    case P_GE:
        return truth(a.lo < b.hi, a.hi >= b.lo, partial);
    case P_EQ:
        return truth(!(a.lo == a.hi && b.lo == b.hi && a.lo == b.lo), a.lo <= b.hi && b.lo <= a.hi, partial);
    default: /* P_NE */
        return truth(a.lo <= b.hi && b.lo <= a.hi, !(a.lo == a.hi && b.lo == b.hi && a.lo == b.lo), partial);
    }
}

static bool may_be_false(dg_interval a)
{
    return a.lo <= 0 && a.hi >= 0;
}

static bool may_be_true(dg_interval a)
{
    return !(a.lo == 0 && a.hi == 0);
}

static dg_interval choose(dg_interval condition, dg_interval b, dg_interval c)
{
    if (!may_be_false(condition))
        return b;
    if (!may_be_true(condition))
        return c;
    dg_interval made = make(fmin(b.lo, c.lo), fmax(b.hi, c.hi), b.partial || c.partial || condition.partial);
    made.open = true;
    return made;
}

static dg_interval logical(int op, dg_interval a, dg_interval b)
{
    bool partial = a.partial || b.partial;
    if (op == P_AND)
        return truth(may_be_false(a) || may_be_false(b), may_be_true(a) && may_be_true(b), partial);
    if (op == P_OR)
        return truth(may_be_false(a) && may_be_false(b), may_be_true(a) || may_be_true(b), partial);
    return truth(may_be_true(a), may_be_false(a), partial); /* P_NOT */
}

/* ---- the table ---- */

static dg_interval apply_arithmetic(int op, dg_interval a, dg_interval b)
{
    switch (op) {
    case P_ADD:
        return add(a, b);
    case P_SUB:
        return subtract(a, b);
    case P_MUL:
        return multiply(a, b);
    case P_DIV:
        return divide(a, b);
    case P_POW:
        return power(a, b);
    case P_NEG:
        return negate(a);
    case P_ABS:
        return make(a.lo > 0 ? a.lo : a.hi < 0 ? -a.hi : 0, fmax(-a.lo, a.hi), a.partial);
    case P_SIGN:
        return make(a.lo > 0 ? 1 : a.lo < 0 ? -1 : 0, a.hi > 0 ? 1 : a.hi < 0 ? -1 : 0, a.partial);
    case P_FLOOR:
        return make(floor(a.lo), floor(a.hi), a.partial);
    case P_CEIL:
        return make(ceil(a.lo), ceil(a.hi), a.partial);
    case P_ROUND:
        return make(rint(a.lo), rint(a.hi), a.partial);
    case P_TRUNC:
        return make(trunc(a.lo), trunc(a.hi), a.partial);
    case P_FMOD:
        return rest(a, b, false);
    case P_REMAINDER:
        return rest(a, b, true);
    case P_MIN:
        return make(fmin(a.lo, b.lo), fmin(a.hi, b.hi), a.partial || b.partial);
    case P_MAX:
        return make(fmax(a.lo, b.lo), fmax(a.hi, b.hi), a.partial || b.partial);
    case P_HYPOT:
        return hypotenuse(a, b);
    case P_ATAN2:
        return angle(a, b);
    case P_LOGADDEXP:
        return logaddexp(a, b);
    case P_SQUARE:
        return square(a);
    case P_SQRT:
        return square_root(a);
    case P_RSQRT:
        return divide(make(1, 1, false), square_root(a));
    case P_RECIPROCAL:
        return divide(make(1, 1, false), a);
    default: /* P_SQUAREPLUS */
        return squareplus(a, b);
    }
}

static dg_interval cosh_of(dg_interval a)
{
    double low = a.lo > 0 ? a.lo : a.hi < 0 ? -a.hi : 0;
    return growing(cosh, make(low, fmax(-a.lo, a.hi), a.partial), 1, INFINITY);
}

static dg_interval acos_of(dg_interval a)
{
    if (a.hi < -1 || a.lo > 1)
        return nothing();
    return falling(acos, make(fmax(a.lo, -1), fmin(a.hi, 1), a.partial || a.lo < -1 || a.hi > 1), 0, M_PI + 1e-15);
}

static dg_interval apply_function(int op, dg_interval a)
{
    switch (op) {
    case P_EXP:
        return growing(exp, a, 0, INFINITY);
    case P_EXP2:
        return growing(exp2, a, 0, INFINITY);
    case P_EXPM1:
        return growing(expm1, a, -1, INFINITY);
    case P_LOG:
        return growing_within(log, a, 0, INFINITY);
    case P_LOG2:
        return growing_within(log2, a, 0, INFINITY);
    case P_LOG10:
        return growing_within(log10, a, 0, INFINITY);
    case P_LOG1P:
        return growing_within(log1p, a, -1, INFINITY);
    case P_SIN:
        return cosine_from(a, sin, M_PI / 2);
    case P_COS:
        return cosine_from(a, cos, 0);
    case P_TAN:
        return tangent(a);
    case P_ASIN:
        return growing_within(asin, a, -1, 1);
    case P_ACOS:
        return acos_of(a);
    case P_ATAN:
        return growing(atan, a, -M_PI / 2 - 1e-15, M_PI / 2 + 1e-15);
    case P_SINH:
        return growing(sinh, a, -INFINITY, INFINITY);
    case P_COSH:
        return cosh_of(a);
    case P_TANH:
        return growing(tanh, a, -1, 1);
    case P_ASINH:
        return growing(asinh, a, -INFINITY, INFINITY);
    case P_ACOSH:
        return growing_within(acosh, a, 1, INFINITY);
    case P_ATANH:
        return growing_within(atanh, a, -1, 1);
    case P_SIGMOID:
        return growing(sigmoid, a, 0, 1);
    case P_SOFTPLUS:
        return growing(softplus, a, 0, INFINITY);
    case P_ERF:
        return growing(erf, a, -1, 1);
    case P_ERFC:
        return falling(erfc, a, 0, 2);
    case P_NORMAL_CDF:
        return normal_cdf(a);
    default: /* P_TANHSHRINK */
        return tanhshrink(a);
    }
}

static dg_interval apply(int op, dg_interval a, dg_interval b, dg_interval c)
{
    switch (op) {
    case P_LT:
    case P_LE:
    case P_GT:
    case P_GE:
    case P_EQ:
    case P_NE:
        return compare(op, a, b);
    case P_AND:
    case P_OR:
    case P_NOT:
        return logical(op, a, b);
    case P_ISNAN:
        return truth(true, a.partial, false);
    case P_WHERE:
        return choose(a, b, c);
    case P_SQUAREPLUS:
        return apply_arithmetic(op, a, b);
    default:
        return op < P_EXP ? apply_arithmetic(op, a, b) : apply_function(op, a);
    }
}

/* Steps of the primitives that are not continuous. */
static bool may_step(int op, dg_interval result)
{
    switch (op) {
    case P_SIGN:
    case P_FLOOR:
    case P_CEIL:
    case P_ROUND:
    case P_TRUNC:
    case P_FMOD:
    case P_REMAINDER:
    case P_ATAN2:
    case P_LT:
    case P_LE:
    case P_GT:
    case P_GE:
    case P_EQ:
    case P_NE:
    case P_AND:
    case P_OR:
    case P_NOT:
    case P_ISNAN:
        return result.lo != result.hi;
    default:
        return false;
    }
}

dg_interval interval_apply(int op, dg_interval a, dg_interval b, dg_interval c)
{
    dg_interval made = apply(op, a, b, c);
    if (op == P_WHERE)
        return made; /* the branch that is not taken does not count */
    made.open = may_step(op, made);
    const dg_interval *args[3] = {&a, &b, &c};
    for (int k = 0; k < primitives[op].arity; k++)
        made.open |= args[k]->open;
    return made;
}

bool dg_interval_primitive(const char *name, const dg_interval *a, const dg_interval *b, const dg_interval *c,
                           dg_interval *result)
{
    int op = name ? primitive_find(name, (int)strlen(name)) : -1;
    dg_interval none = dg_interval_of(0, 0);
    if (op < 0 || !a || !result)
        return false;
    *result = interval_apply(op, *a, b ? *b : none, c ? *c : none);
    return true;
}
