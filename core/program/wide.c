/* Numbers m·2ᵉ whose exponent e has a range of its own, and the primitives over them. m is 0, ±∞, NaN, or ½ ≤ |m| < 1;
 * both parts are long doubles: relative errors are some 1e-17 up to exponents of a thousand, and grow with the
 * exponent's size, because exp and log pass from one part to the other. Long
 * because it has an arithmetic of its own and every primitive in it. */
#include "wide.h"

#include <math.h>

#define LN2       0.693147180559945309417232121458176568L
#define TWO_OF_PI 1.12837916709551257389615890312154517L /* 2/√π */

/* An exponent that is out of bounds stays there, so that differences of exponents have a meaning. */
#define MOST_EXPONENT 1e3000L

typedef struct wide {
    long double m, e;
} wide;

static wide wide_of(long double value)
{
    int e = 0;
    if (value == 0 || !isfinite(value))
        return (wide){value, 0};
    long double m = frexpl(value, &e);
    return (wide){m, e};
}

static wide normal(long double m, long double e)
{
    wide x = wide_of(m);
    if (x.m == 0 || !isfinite(x.m))
        return x;
    x.e += e;
    if (x.e < -MOST_EXPONENT)
        return (wide){copysignl(0, m), 0};
    x.e = x.e > MOST_EXPONENT ? MOST_EXPONENT : x.e;
    return x;
}

/* The nearest long double: infinite or 0 beyond its range. */
static long double narrow(wide x)
{
    if (x.m == 0 || !isfinite(x.m))
        return x.m;
    if (x.e > 17000 || x.e < -17000)
        return copysignl(x.e > 0 ? (long double)INFINITY : 0, x.m);
    return ldexpl(x.m, (int)x.e);
}

static wide minus(wide x)
{
    return (wide){-x.m, x.e};
}

static wide magnitude(wide x)
{
    return (wide){fabsl(x.m), x.e};
}

static wide plus(wide x, wide y)
{
    enum { PLACES = 200 };
    bool plain = isfinite(x.m) && isfinite(y.m);
    if (!plain)
        return wide_of(x.m + y.m);
    if (x.m == 0 || y.m == 0)
        return x.m == 0 ? y : x;
    if (x.e < y.e)
        return plus(y, x);
    return x.e - y.e > PLACES ? x : normal(x.m + ldexpl(y.m, (int)(y.e - x.e)), x.e);
}

static wide times(wide x, wide y)
{
    return normal(x.m * y.m, x.e + y.e);
}

static wide over(wide x, wide y)
{
    return normal(x.m / y.m, x.e - y.e);
}

static wide root(wide x)
{
    bool odd = fmodl(x.e, 2) != 0;
    return normal(sqrtl(odd ? 2 * x.m : x.m), (x.e - odd) / 2);
}

static wide power_of_e(wide x)
{
    long double u = narrow(x);
    if (isnan(u))
        return x;
    if (u > LN2 * MOST_EXPONENT || u < -LN2 * MOST_EXPONENT)
        return u > 0 ? (wide){0.5L, MOST_EXPONENT} : (wide){0, 0};
    long double e = floorl(u / LN2), rest = u - e * LN2;
    return normal(expl(rest > 1 || rest < 0 ? 0 : rest), e);
}

static wide logarithm(wide x)
{
    if (!(x.m > 0) || !isfinite(x.m))
        return wide_of(logl(x.m));
    return plus(wide_of(logl(x.m)), times(wide_of(x.e), wide_of(LN2)));
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
    long double difference = x.m == y.m && x.e == y.e ? 0 : plus(x, minus(y)).m;
    return difference > 0 ? 1 : difference < 0 ? -1 : 0;
}

static const wide one = {0.5L, 1};

static wide hyperbolic(wide x, long double sign) /* (eˣ + sign·e⁻ˣ)/2 */
{
    wide up = power_of_e(x), down = power_of_e(minus(x));
    return times(plus(up, sign < 0 ? minus(down) : down), (wide){0.5L, 0});
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
    return over(times(power_of_e(minus(times(x, x))), wide_of(TWO_OF_PI / 2)), x); /* its first term is enough there */
}

/* Functions that are x near 0: what a long double cannot hold is that. */
static wide near_itself(long double (*function)(long double), wide x)
{
    return x.m != 0 && x.e < -1000 ? x : wide_of(function(narrow(x)));
}

static wide angle(wide y, wide x)
{
    long double e = x.e > y.e ? x.e : y.e;
    return wide_of(atan2l(narrow((wide){y.m, y.e - e}), narrow((wide){x.m, x.e - e})));
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

static wide transcendental(int op, wide a)
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
        return near_itself(sinl, a);
    case P_COS:
        return wide_of(cosl(x));
    case P_TAN:
        return near_itself(tanl, a);
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
        return times(erfc_of(times(minus(a), wide_of(0.707106781186547524400844362104849039L))), (wide){0.5L, 0});
    default:
        return wide_of((long double)NAN);
    }
}

static wide of_one(int op, wide a)
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
        return transcendental(op, a);
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
        wide h = root(plus(times(a, a), b)), half = {0.5L, 0};
        return a.m < 0 ? over(times(half, b), plus(h, minus(a))) : times(half, plus(a, h));
    }
    case P_FMOD:
        return wide_of(fmodl(narrow(a), narrow(b)));
    case P_REMAINDER: {
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

void wide_run(const wide_steps *steps, const double *inputs, double *results)
{
    wide values[MOST_WIDE_STEPS];
    for (int i = 0; i < steps->count; i++) {
        const wide_step *step = &steps->steps[i];
        const wide *a = &values[step->args[0]], *b = &values[step->args[1]], *c = &values[step->args[2]];
        if (step->op == OP_CONSTANT)
            values[i] = wide_of(step->value);
        else if (step->op == OP_INPUT)
            values[i] = wide_of(inputs[step->input]);
        else if (step->op == P_WHERE)
            values[i] = a->m != 0 ? *b : *c;
        else
            values[i] = primitives[step->op].arity == 1 ? of_one(step->op, *a) : of_two(step->op, *a, *b);
    }
    for (int k = 0; k < steps->n_roots; k++)
        results[k] = (double)narrow(values[steps->roots[k]]);
}

/* ---- making ---- */

/* What a formula goes through, of which NaN may come. Sets of inputs have a bit for every 64th. */
typedef struct traits {
    bool exponential; /* overflows soon */
    bool bounded;     /* stays between numbers that are known */
    bool grows;       /* is a product or power of numbers that are not known */
    bool saturates;   /* has a slope that becomes 0 */
    bool lost;        /* something that grows meets one that saturates, or both sides of a quotient grow */
    uint64_t inputs;  /* that it is of */
    uint64_t faster;  /* those in which it is of a higher degree than the first */
} traits;

static bool is_bounded(const expression *e, const traits *const *args)
{
    switch (e->op) {
    case P_TANH:
    case P_SIGMOID:
    case P_ERF:
    case P_ERFC:
    case P_NORMAL_CDF:
    case P_ATAN:
    case P_SIGN:
    case P_NOT:
    case P_ISNAN:
    case P_LT:
    case P_LE:
    case P_GT:
    case P_GE:
    case P_EQ:
    case P_NE:
    case P_AND:
    case P_OR:
    case OP_CONSTANT:
        return true;
    case P_NEG:
    case P_ABS:
    case P_SQUARE:
        return args[0]->bounded;
    case P_ADD:
    case P_SUB:
    case P_MUL:
    case P_MIN:
    case P_MAX:
        return args[0]->bounded && args[1]->bounded;
    case P_WHERE:
        return args[1]->bounded && args[2]->bounded;
    default:
        return false;
    }
}

/* What an op adds to what its arguments have. */
static void add_own_traits(traits *t, const expression *e, const traits *const *args, bool is_update)
{
    const traits *a = args[0], *b = args[1];
    switch (e->op) {
    case P_EXP:
    case P_EXP2:
    case P_EXPM1:
    case P_SINH:
    case P_COSH:
        t->exponential = true;
        break;
    case P_POW:
        t->grows = true;
        t->faster = t->inputs;
        break;
    case P_SQUARE:
        t->grows |= !a->bounded;
        t->faster |= a->bounded ? 0 : t->inputs;
        break;
    case P_MUL:
        t->lost |= (a->grows && b->saturates) || (b->grows && a->saturates);
        t->grows |= !a->bounded && !b->bounded;
        t->faster |= a->bounded || b->bounded ? 0 : a->inputs & b->inputs;
        break;
    case P_DIV:
        t->lost |= (a->grows && b->saturates) || (b->grows && a->saturates);
        t->lost |= is_update ? (a->faster & b->faster) != 0 : a->grows && b->grows;
        break;
    case P_TANH:
    case P_SIGMOID:
    case P_ERF:
    case P_ERFC:
    case P_NORMAL_CDF:
    case P_ATAN:
        t->grows = false;
        t->saturates = true;
        t->faster = 0;
        break;
    case P_SOFTPLUS:
    case P_TANHSHRINK:
        t->saturates = true;
        break;
    default: /* ∞ − ∞, and what else is not a number of it */
        t->lost |= e->arity > 1 && a->grows && b->grows && (a->saturates || b->saturates);
        break;
    }
}

static traits traits_of(const expression *e, const traits *known, bool is_update)
{
    traits t = {0};
    const traits *args[3] = {NULL, NULL, NULL};
    for (int k = 0; k < e->arity; k++) {
        const traits *arg = args[k] = &known[e->args[k]->place];
        t.exponential |= arg->exponential;
        t.grows |= arg->grows;
        t.saturates |= arg->saturates;
        t.lost |= arg->lost;
        t.inputs |= arg->inputs;
        t.faster |= arg->faster;
    }
    t.bounded = is_bounded(e, args);
    add_own_traits(&t, e, args, is_update);
    return t;
}

/* Whether a value may be NaN by overflow. In an update a quotient counts only where both sides grow faster than in
 * proportion to one input: the step of Adam and its like, over the root of a mean of squares, has no such limit. */
static bool may_lose_a_limit(dg_formulas *pool, bool is_update)
{
    traits known[MOST_WIDE_STEPS];
    bool may = false;
    int n_inputs = 0;
    for (size_t i = 0; i < pool->n_order; i++) {
        expression *e = (expression *)pool->order[i];
        e->place = i;
        known[i] = traits_of(e, known, is_update);
        if (e->op == OP_INPUT)
            known[i].inputs = UINT64_C(1) << n_inputs++ % 64;
        may |= known[i].exponential || known[i].lost;
    }
    return may;
}

bool wide_make(dg_formulas *pool, dg_arena *arena, int n, const expression *const *roots, const char *const *names,
               bool is_update, const wide_steps **made)
{
    *made = NULL;
    if (!pass_begin_all(pool, n, roots))
        return false;
    if (n > MOST_WIDE_ROOTS || pool->n_order > MOST_WIDE_STEPS || !may_lose_a_limit(pool, is_update))
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
        for (uint16_t k = 0; e->op == OP_INPUT && names[k] != e->name; k++)
            steps[i].input = (uint16_t)(k + 1);
        for (int k = 0; k < e->arity; k++)
            steps[i].args[k] = (uint16_t)e->args[k]->place;
    }
    *all = (wide_steps){.count = (int)pool->n_order, .n_roots = n, .steps = steps};
    for (int k = 0; k < n; k++)
        all->roots[k] = (uint16_t)roots[k]->place;
    *made = all;
    return true;
}
