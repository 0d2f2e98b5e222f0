/* Numbers m·2ᵉ whose exponent e has a range of its own, and the primitives over them. m is 0, ±∞, NaN, or ½ ≤ |m| < 1;
 * all parts are long doubles: relative errors are some 1e-17 up to exponents of a thousand, and grow with the
 * exponent's size, because exp and log pass from one part to the other. Long
 * because it has an arithmetic of its own and every primitive in it. */
#include "wide.h"

#include "core/formula/series.h"

#include <math.h>

#define LN2       0.693147180559945309417232121458176568L
#define TWO_OF_PI 1.12837916709551257389615890312154517L /* 2/√π */

/* An exponent that is out of bounds stays there, so that differences of exponents have a meaning. */
#define MOST_EXPONENT 1e3000L

/* The exponents of what stands for infinity, and negated for what stands for a number next to 0: two of them, since a
 * limit is what does not depend on it. Exponentials of both are in bounds. From FAR on an exponent is due to them. */
static const long double endless[] = {8192, 9000};
#define FAR 6000

/* What both make so large, a logarithm for instance, has no bound. */
#define ENDLESS_LOG 4000

/* m·2^(e + low): beside an exponent that is an exponential itself a small one is not lost. */
typedef struct wide {
    long double m, e, low;
} wide;

/* What is left of endless numbers that cancel, as a part of them: not known, so that a limit is what comes of either
 * of two. */
static _Thread_local long double left_over;
static _Thread_local bool is_beside_zero; /* where numbers cancel that differ by endlessly little, too */

static wide wide_of(long double value)
{
    int e = 0;
    if (value == 0 || !isfinite(value))
        return (wide){value, 0, 0};
    long double m = frexpl(value, &e);
    return (wide){m, e, 0};
}

static wide normal(long double m, long double e, long double low)
{
    wide x = wide_of(m);
    if (x.m == 0 || !isfinite(x.m))
        return x;
    low += x.e;
    x.e = e + low;
    x.low = low - (x.e - e);
    if (x.e < -MOST_EXPONENT)
        return (wide){copysignl(0, m), 0, 0};
    return x.e > MOST_EXPONENT ? (wide){x.m, MOST_EXPONENT, 0} : x;
}

/* The nearest long double: infinite or 0 beyond its range. */
static long double narrow(wide x)
{
    if (x.m == 0 || !isfinite(x.m))
        return x.m;
    if (x.e > 17000 || x.e < -17000)
        return copysignl(x.e > 0 ? (long double)INFINITY : 0, x.m);
    return ldexpl(x.m, (int)(x.e + x.low));
}

static wide minus(wide x)
{
    return (wide){-x.m, x.e, x.low};
}

static wide magnitude(wide x)
{
    return (wide){fabsl(x.m), x.e, x.low};
}

static wide plus(wide x, wide y)
{
    enum { PLACES = 200 };
    bool plain = isfinite(x.m) && isfinite(y.m);
    if (!plain)
        return wide_of(x.m + y.m);
    if (x.m == 0 || y.m == 0)
        return x.m == 0 ? y : x;
    long double apart = (x.e - y.e) + (x.low - y.low);
    if (apart < 0)
        return plus(y, x);
    if (apart > PLACES)
        return x;
    long double sum = x.m + ldexpl(y.m, -(int)apart);
    bool is_endless = x.e > FAR || is_beside_zero;
    if (is_endless && fabsl(sum) < 0x1p-50L)
        sum = left_over;
    return normal(sum, x.e, x.low);
}

/* a + b without loss: what the sum leaves is added to *rest. */
static long double exact_sum(long double a, long double b, long double *rest)
{
    long double s = a + b, t = s - a;
    *rest += (a - (s - t)) + (b - t);
    return s;
}

static wide times(wide x, wide y)
{
    long double low = x.low + y.low, e = exact_sum(x.e, y.e, &low);
    return normal(x.m * y.m, e, low);
}

static wide over(wide x, wide y)
{
    long double low = x.low - y.low, e = exact_sum(x.e, -y.e, &low);
    bool unknown = left_over != 0 && x.e >= MOST_EXPONENT && y.e >= MOST_EXPONENT;
    return normal(unknown ? 3 * x.m / y.m : x.m / y.m, e, low);
}

static wide root(wide x)
{
    bool odd = fmodl(fmodl(x.e, 2) + fmodl(x.low, 2), 2) != 0;
    return normal(sqrtl(odd ? 2 * x.m : x.m), x.e / 2, (x.low - odd) / 2);
}

static wide power_of_e(wide x)
{
    long double u = narrow(x);
    if (isnan(u))
        return x;
    if (u > LN2 * MOST_EXPONENT || u < -LN2 * MOST_EXPONENT)
        return u > 0 ? (wide){0.5L, MOST_EXPONENT, 0} : (wide){0, 0, 0};
    long double e = floorl(u / LN2), rest = u - e * LN2;
    return normal(expl(rest > 1 || rest < 0 ? 0 : rest), e, 0);
}

static wide logarithm(wide x)
{
    if (!(x.m > 0) || !isfinite(x.m))
        return wide_of(logl(x.m));
    return plus(wide_of(logl(x.m) + x.low * LN2), times(wide_of(x.e), wide_of(LN2)));
}

static wide power(wide x, wide y)
{
    long double n = narrow(y);
    if (x.m == 0 || n == 0 || !isfinite(x.m))
        return wide_of(powl(x.m, n));
    bool whole = n == floorl(n);
    if (x.m < 0 && !whole)
        return wide_of((long double)NAN);
    wide size = power_of_e(times(y, logarithm(magnitude(x))));
    return x.m < 0 && fmodl(n, 2) != 0 ? minus(size) : size;
}

/* −1, 0 or 1; 2: one is NaN. */
static int compare(wide x, wide y)
{
    if (isnan(x.m) || isnan(y.m))
        return 2;
    long double difference = x.m == y.m && x.e == y.e && x.low == y.low ? 0 : plus(x, minus(y)).m;
    return difference > 0 ? 1 : difference < 0 ? -1 : 0;
}

static const wide one = {0.5L, 1, 0};

static wide hyperbolic(wide x, long double sign) /* (eˣ + sign·e⁻ˣ)/2 */
{
    wide up = power_of_e(x), down = power_of_e(minus(x));
    return times(plus(up, sign < 0 ? minus(down) : down), (wide){0.5L, 0, 0});
}

static wide sigmoid(wide x)
{
    wide t = power_of_e(minus(magnitude(x)));
    return over(x.m < 0 ? t : one, plus(one, t));
}

static wide softplus(wide x) /* max(x, 0) + log(1 + e^−|x|) */
{
    wide t = power_of_e(minus(magnitude(x))), tail = t.e < -60 ? t : wide_of(log1pl(narrow(t)));
    return isnan(x.m) ? x : x.m > 0 ? plus(x, tail) : tail;
}

static wide erfc_of(wide x)
{
    long double u = narrow(x);
    if (!(u > 50))
        return wide_of(erfcl(u));
    /* 1 − t + 3t² − 15t³ …, t = 1/2x² (Abramowitz and Stegun, 7.1.23): the first term left out is below 1e-20. */
    long double t = 0.5L / (u * u), sum = 1;
    for (int k = 15; k > 0; k -= 2)
        sum = 1 - (long double)k * t * sum;
    return over(times(power_of_e(minus(times(x, x))), wide_of(sum * (TWO_OF_PI / 2))), x);
}

/* Functions that are x near 0: what a long double cannot hold is that. */
static wide near_itself(long double (*function)(long double), wide x)
{
    return x.m != 0 && x.e < -1000 ? x : wide_of(function(narrow(x)));
}

static wide angle(wide y, wide x)
{
    long double e = x.e > y.e ? x.e : y.e;
    return wide_of(atan2l(narrow((wide){y.m, y.e - e, y.low}), narrow((wide){x.m, x.e - e, x.low})));
}

static wide truth(bool value)
{
    return wide_of(value);
}

static wide inverse_sinh(wide a)
{
    wide size = a.e > 100 ? logarithm(times(wide_of(2), magnitude(a))) : near_itself(asinhl, magnitude(a));
    return a.m < 0 ? minus(size) : size;
}

/* What oscillates has no value at an endless number, but what is made of it may have a limit: one that is the same
 * whatever stands for it. */
static wide swing(int phase)
{
    static const long double values[] = {0.6L, -0.7L, 0.8L, -0.3L, 0.9L, -0.5L};
    return wide_of(values[phase]);
}

static wide transcendental(int op, wide a, int phase)
{
    const wide ln2 = wide_of(LN2);
    long double x = narrow(a);
    switch (op) {
    case P_EXP:
        return power_of_e(a);
    case P_EXP2:
        return power_of_e(times(a, ln2));
    case P_EXPM1:
        return a.e < 1 ? near_itself(expm1l, a) : plus(power_of_e(a), minus(one));
    case P_LOG:
        return logarithm(a);
    case P_LOG2:
        return over(logarithm(a), ln2);
    case P_LOG10:
        return over(logarithm(a), wide_of(2.30258509299404568401799145468436421L));
    case P_LOG1P:
        return a.e > 100 ? logarithm(a) : near_itself(log1pl, a);
    case P_SIN:
        return a.e > FAR ? swing(phase) : near_itself(sinl, a);
    case P_COS:
        return a.e > FAR ? swing(phase + 2) : wide_of(cosl(x));
    case P_TAN:
        return a.e > FAR ? swing(phase + 4) : near_itself(tanl, a);
    case P_ASIN:
        return near_itself(asinl, a);
    case P_ACOS:
        return wide_of(acosl(x));
    case P_ATAN:
        return near_itself(atanl, a);
    case P_SINH:
        return a.e < 1 ? near_itself(sinhl, a) : hyperbolic(a, -1);
    case P_COSH:
        return hyperbolic(a, 1);
    case P_TANH:
        return near_itself(tanhl, a);
    case P_ASINH:
        return inverse_sinh(a);
    case P_ACOSH:
        return a.e > 100 ? logarithm(times(wide_of(2), a)) : wide_of(acoshl(x));
    case P_ATANH:
        return near_itself(atanhl, a);
    case P_SIGMOID:
        return sigmoid(a);
    case P_SOFTPLUS:
        return softplus(a);
    case P_ERF:
        return a.m != 0 && a.e < -1000 ? times(a, wide_of(TWO_OF_PI)) : wide_of(erfl(x));
    case P_ERFC:
        return erfc_of(a);
    case P_TANHSHRINK: /* x³/3 near 0 */
        return a.e < -20 ? over(times(a, times(a, a)), wide_of(3)) : plus(a, minus(wide_of(tanhl(x))));
    case P_NORMAL_CDF:
        return times(erfc_of(times(minus(a), wide_of(0.707106781186547524400844362104849039L))), (wide){0.5L, 0, 0});
    default:
        return wide_of((long double)NAN);
    }
}

static wide of_one(int op, wide a, int phase)
{
    long double x = narrow(a);
    switch (op) {
    case P_NEG:
        return minus(a);
    case P_ABS:
        return magnitude(a);
    case P_SIGN:
        return wide_of((a.m > 0) - (a.m < 0));
    case P_FLOOR:
        return a.e > 100 ? a : wide_of(floorl(x));
    case P_CEIL:
        return a.e > 100 ? a : wide_of(ceill(x));
    case P_ROUND:
        return a.e > 100 ? a : wide_of(rintl(x));
    case P_TRUNC:
        return a.e > 100 ? a : wide_of(truncl(x));
    case P_NOT:
        return truth(a.m == 0);
    case P_ISNAN:
        return truth(isnan(a.m));
    case P_SQUARE:
        return times(a, a);
    case P_SQRT:
        return root(a);
    case P_RSQRT:
        return over(one, root(a));
    case P_RECIPROCAL:
        return over(one, a);
    default:
        return transcendental(op, a, phase);
    }
}

static wide of_two(int op, wide a, wide b)
{
    int order = compare(a, b);
    switch (op) {
    case P_ADD:
        return plus(a, b);
    case P_SUB:
        return plus(a, minus(b));
    case P_MUL:
        return times(a, b);
    case P_DIV:
        return over(a, b);
    case P_POW:
        return power(a, b);
    case P_SQUAREPLUS: {
        wide h = root(plus(times(a, a), b)), half = {0.5L, 0, 0};
        return a.m < 0 ? over(times(half, b), plus(h, minus(a))) : times(half, plus(a, h));
    }
    case P_FMOD: /* jumps: has no limit beside 0 */
        return wide_of(is_beside_zero ? (long double)NAN : fmodl(narrow(a), narrow(b)));
    case P_REMAINDER: {
        if (is_beside_zero)
            return wide_of((long double)NAN);
        long double divisor = narrow(b), rest = fmodl(narrow(a), divisor);
        return wide_of(rest != 0 && (rest < 0) != (divisor < 0) ? rest + divisor : rest);
    }
    case P_MIN:
    case P_MAX:
        return isnan(a.m) ? a : isnan(b.m) ? b : (order < 0) == (op == P_MIN) ? a : b;
    case P_HYPOT:
        return root(plus(times(a, a), times(b, b)));
    case P_ATAN2:
        return angle(a, b);
    case P_LOGADDEXP:
        return plus(order < 0 ? b : a, softplus(minus(magnitude(plus(a, minus(b))))));
    case P_LT:
        return truth(order == -1);
    case P_LE:
        return truth(order == -1 || order == 0);
    case P_GT:
        return truth(order == 1);
    case P_GE:
        return truth(order == 1 || order == 0);
    case P_EQ:
        return truth(order == 0);
    case P_NE:
        return truth(order != 0);
    case P_AND:
        return truth(a.m != 0 && b.m != 0);
    case P_OR:
        return truth(a.m != 0 || b.m != 0);
    default:
        return wide_of((long double)NAN);
    }
}

/* How inputs are read: infinities as endless numbers; zeros as they are, or as numbers next to 0 of that sign. */
typedef struct approach {
    int phase; /* of endless[] */
    int side;  /* of 0: −1, 0 (not at all), 1 */
} approach;

static wide argument(double x, const approach *how)
{
    if (isinf(x))
        return (wide){copysignl(0.5L, x), endless[how->phase], 0};
    if (x == 0 && how->side)
        return (wide){0.5L * how->side, -endless[how->phase], 0};
    return wide_of(x);
}

static void run_once(const wide_steps *steps, const double *inputs, const approach *how, long double *results)
{
    wide values[MOST_WIDE_STEPS];
    left_over = how->phase ? 0x1p-50L : 0;
    is_beside_zero = how->side != 0;
    for (int i = 0; i < steps->count; i++) {
        const wide_step *step = &steps->steps[i];
        const wide *a = &values[step->args[0]], *b = &values[step->args[1]], *c = &values[step->args[2]];
        if (step->op == OP_CONSTANT)
            values[i] = wide_of(step->value);
        else if (step->op == OP_INPUT)
            values[i] = argument(inputs[step->input], how);
        else if (step->op == P_WHERE)
            values[i] = a->m != 0 ? *b : *c;
        else
            values[i] = primitives[step->op].arity == 1 ? of_one(step->op, *a, how->phase) : of_two(step->op, *a, *b);
    }
    for (int k = 0; k < steps->n_roots; k++)
        results[k] = narrow(values[steps->roots[k]]);
}

/* The limits from one side: where both phases agree, or both have no bound. */
static void run_to_limit(const wide_steps *steps, const double *inputs, int side, double *results)
{
    long double first[MOST_WIDE_ROOTS], second[MOST_WIDE_ROOTS];
    run_once(steps, inputs, &(approach){0, side}, first);
    run_once(steps, inputs, &(approach){1, side}, second);
    for (int k = 0; k < steps->n_roots; k++) {
        long double x = first[k], y = second[k];
        bool agree = x == y || fabsl(x - y) <= 1e-12L * fabsl(x) || fabsl(x - y) < 1e-300L;
        bool unbounded = fabsl(x) > ENDLESS_LOG && fabsl(y) > ENDLESS_LOG && (x > 0) == (y > 0);
        results[k] = unbounded && (x != y) ? (double)copysignl(INFINITY, x) : agree ? (double)x : (double)NAN;
    }
}

/* ---- limits by power series, where terms cancel ---- */

enum { MOST_SERIES_STEPS = 100, LIMIT_TERMS = 10 };

/* The limits as the input `moved` goes to its value 0; others that are 0 are `beside`. */
__attribute__((noinline)) static void run_series(const wide_steps *steps, const double *inputs, int moved,
                                                 double beside, double *results)
{
    series values[MOST_SERIES_STEPS];
    for (int i = 0; i < steps->count; i++) {
        const wide_step *step = &steps->steps[i];
        const series *a = &values[step->args[0]], *b = &values[step->args[1]], *c = &values[step->args[2]];
        if (step->op == OP_CONSTANT)
            values[i] = series_constant(step->value, LIMIT_TERMS);
        else if (step->op != OP_INPUT)
            values[i] = series_apply(step->op, a, b, c);
        else if (step->input == moved)
            values[i] = series_variable(0, LIMIT_TERMS);
        else
            values[i] = series_constant(inputs[step->input] == 0 ? beside : inputs[step->input], LIMIT_TERMS);
    }
    for (int k = 0; k < steps->n_roots; k++)
        results[k] = (double)series_limit(&values[steps->roots[k]]);
}

/* For results that are NaN yet. Where several inputs are 0, a cotangent for one, the limit in one of them has to be
 * there for the others at 0 and for others next to it: 0/0 of two is no number. */
static void find_limits(const wide_steps *steps, const double *inputs, double *results)
{
    double at[MOST_WIDE_ROOTS], beside[MOST_WIDE_ROOTS];
    bool any = false;
    for (int k = 0; k < steps->n_roots; k++)
        any |= isnan(results[k]);
    for (int i = 0; any && steps->count <= MOST_SERIES_STEPS && i < steps->count; i++) {
        const wide_step *step = &steps->steps[i];
        if (step->op != OP_INPUT || inputs[step->input] != 0)
            continue;
        run_series(steps, inputs, step->input, 0, at);
        run_series(steps, inputs, step->input, 0x1p-10, beside);
        for (int k = 0; k < steps->n_roots; k++)
            if (isnan(results[k]) && !isnan(beside[k]))
                results[k] = at[k];
    }
}

/* Inputs that are infinite, and those that are 0. */
static int count_inputs(const wide_steps *steps, const double *inputs, bool infinite)
{
    int n = 0;
    for (int i = 0; i < steps->count; i++)
        if (steps->steps[i].op == OP_INPUT) {
            double x = inputs[steps->steps[i].input];
            n += infinite ? isinf(x) != 0 : x == 0;
        }
    return n;
}

void wide_run(const wide_steps *steps, const double *inputs, double *results)
{
    long double plain[MOST_WIDE_ROOTS];
    double left[MOST_WIDE_ROOTS], right[MOST_WIDE_ROOTS];
    if (count_inputs(steps, inputs, true) > 0) {
        run_to_limit(steps, inputs, 0, results);
        return;
    }
    bool all = true;
    run_once(steps, inputs, &(approach){0, 0}, plain);
    for (int k = 0; k < steps->n_roots; k++) {
        results[k] = (double)plain[k];
        all &= !isnan(plain[k]);
    }
    int zeros = all ? 0 : count_inputs(steps, inputs, false);
    if (zeros == 1) {
        run_to_limit(steps, inputs, -1, left);
        run_to_limit(steps, inputs, 1, right);
    }
    for (int k = 0; zeros == 1 && k < steps->n_roots; k++) /* on one side the formula may be of no number */
        if (isnan(plain[k]) && (left[k] == right[k] || isnan(left[k]) || isnan(right[k]) ||
                                fabs(left[k] - right[k]) <= 1e-12 * fabs(left[k])))
            results[k] = isnan(left[k]) ? right[k] : left[k];
    if (zeros > 0)
        find_limits(steps, inputs, results);
}

/* ---- making ---- */

static uint16_t input_number(const expression *e, const char *const *names)
{
    uint16_t k = 0;
    while (names[k] != e->name)
        k++;
    return k;
}

/* The inputs of the pass that have their bit in the set. */
static bool watch(dg_formulas *pool, dg_arena *arena, const char *const *names, uint64_t set, wide_steps *steps)
{
    uint16_t *watched = dg_arena_alloc(arena, (pool->n_order + 1) * sizeof *watched);
    if (!watched)
        return false;
    int n_inputs = 0;
    for (size_t i = 0; i < pool->n_order; i++)
        if (pool->order[i]->op == OP_INPUT && (set >> n_inputs++ % 64 & 1))
            watched[steps->n_watched++] = input_number(pool->order[i], names);
    steps->watched = watched;
    return true;
}

bool wide_make(dg_formulas *pool, dg_arena *arena, int n, const expression *const *roots, const char *const *names,
               const wide_use *use, const wide_steps **made)
{
    uint64_t inputs;
    *made = NULL;
    if (!pass_begin_all(pool, n, roots))
        return false;
    if (n > MOST_WIDE_ROOTS || pool->n_order > MOST_WIDE_STEPS)
        return true;
    limit_loss loss = may_lose_limits(pool, use, &inputs);
    if (loss == LOSES_NONE)
        return true;
    wide_steps *all = dg_arena_alloc(arena, sizeof *all);
    wide_step *steps = dg_arena_alloc(arena, pool->n_order * sizeof *steps);
    if (!all || !steps)
        return false;
    for (size_t i = 0; i < pool->n_order; i++) {
        const expression *e = pool->order[i];
        steps[i] = (wide_step){.op = e->op};
        if (e->op == OP_CONSTANT)
            steps[i].value = e->value;
        if (e->op == OP_INPUT)
            steps[i].input = input_number(e, names);
        for (int k = 0; k < e->arity; k++)
            steps[i].args[k] = (uint16_t)e->args[k]->place;
    }
    *all = (wide_steps){.count = (int)pool->n_order, .n_roots = n, .steps = steps};
    for (int k = 0; k < n; k++)
        all->roots[k] = (uint16_t)roots[k]->place;
    if (loss == LOSES_AT_INFINITY && !watch(pool, arena, names, inputs, all))
        return false;
    *made = all;
    return true;
}
