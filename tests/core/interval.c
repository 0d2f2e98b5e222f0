/* Intervals of primitives and of formulas: they must hold every value, as the C library's long double functions (64
 * bits of precision: independent of float64's rounding) give it at points of the interval, and must not be needlessly
 * wide. */
#include "formula_test.h"

#include <dotgrad/interval.h>

TestSuite(interval, .init = set_up, .fini = tear_down);

static long double sigmoid_l(long double x)
{
    return 1 / (1 + expl(-x));
}

static long double softplus_l(long double x)
{
    return x > 0 ? x + log1pl(expl(-x)) : log1pl(expl(x));
}

static long double cdf_l(long double x)
{
    return erfcl(-x / sqrtl(2)) / 2;
}

static long double shrink_l(long double x)
{
    long double z = x * x;
    return fabsl(x) < 1e-2L ? x * z * (1 / 3.0L - z * (2 / 15.0L - z * (17 / 315.0L - z * 62 / 2835.0L)))
                            : x - tanhl(x);
}

static long double square_l(long double x)
{
    return x * x;
}

static long double reciprocal_l(long double x)
{
    return 1 / x;
}

static long double rsqrt_l(long double x)
{
    return 1 / sqrtl(x);
}

static long double sign_l(long double x)
{
    return x > 0 ? 1 : x < 0 ? -1 : 0;
}

static const struct {
    const char *name;
    long double (*exact)(long double);
} unary[] = {
    {"abs", fabsl},
    {"sign", sign_l},
    {"floor", floorl},
    {"ceil", ceill},
    {"round", rintl},
    {"trunc", truncl},
    {"square", square_l},
    {"sqrt", sqrtl},
    {"rsqrt", rsqrt_l},
    {"reciprocal", reciprocal_l},
    {"exp", expl},
    {"exp2", exp2l},
    {"expm1", expm1l},
    {"log", logl},
    {"log2", log2l},
    {"log10", log10l},
    {"log1p", log1pl},
    {"sin", sinl},
    {"cos", cosl},
    {"tan", tanl},
    {"asin", asinl},
    {"acos", acosl},
    {"atan", atanl},
    {"sinh", sinhl},
    {"cosh", coshl},
    {"tanh", tanhl},
    {"asinh", asinhl},
    {"acosh", acoshl},
    {"atanh", atanhl},
    {"sigmoid", sigmoid_l},
    {"softplus", softplus_l},
    {"erf", erfl},
    {"erfc", erfcl},
    {"normal_cdf", cdf_l},
    {"tanhshrink", shrink_l},
};

static uint64_t state = 1;

/* In [0, 1). */
static double uniform(void)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (double)(state >> 11) * 0x1p-53;
}

/* Of either sign and of any size that matters. */
static double any_number(void)
{
    double size = exp2(uniform() * 40 - 30);
    return uniform() < 0.1 ? 0 : uniform() < 0.5 ? size : -size;
}

static void expect_holds(const char *name, dg_interval over, dg_interval found, double x, long double value)
{
    if (isnan((double)value))
        cr_expect(found.partial, "%s([%g, %g]) is not partial, and is no number at %g", name, over.lo, over.hi, x);
    else
        cr_expect((long double)found.lo <= value && value <= (long double)found.hi,
                  "%s([%.17g, %.17g]) = [%.17g, %.17g] and is %.20Lg at %.17g", name, over.lo, over.hi, found.lo,
                  found.hi, value, x);
}

Test(interval, holds_every_value_of_each_primitive)
{
    for (size_t f = 0; f < sizeof unary / sizeof unary[0]; f++)
        for (int i = 0; i < 2000; i++) {
            double p = any_number(), q = i % 3 ? p + fabs(any_number()) : p;
            dg_interval over = dg_interval_of(p, q), found;
            cr_assert(dg_interval_primitive(unary[f].name, &over, NULL, NULL, &found));
            for (int k = 0; k <= 8; k++) {
                double x = k == 8 ? q : p + (q - p) * k / 8;
                expect_holds(unary[f].name, over, found, x, unary[f].exact(x));
            }
        }
}

Test(interval, of_a_point_is_narrow)
{
    for (size_t f = 0; f < sizeof unary / sizeof unary[0]; f++)
        for (int i = 0; i < 500; i++) {
            double p = any_number();
            dg_interval over = dg_interval_of(p, p), found;
            dg_interval_primitive(unary[f].name, &over, NULL, NULL, &found);
            if (!found.partial && isfinite(found.hi))
                cr_expect(found.hi - found.lo <= 1e-14 * (fabs(p) + fabs(found.lo)) + 1e-300 ||
                              (!strcmp(unary[f].name, "normal_cdf") && p < -5),
                          "%s(%.17g) = [%.17g, %.17g]", unary[f].name, p, found.lo, found.hi);
        }
}

static long double binary_l(const char *name, long double a, long double b)
{
    return !strcmp(name, "add")         ? a + b
           : !strcmp(name, "sub")       ? a - b
           : !strcmp(name, "mul")       ? a * b
           : !strcmp(name, "div")       ? a / b
           : !strcmp(name, "min")       ? fminl(a, b)
           : !strcmp(name, "max")       ? fmaxl(a, b)
           : !strcmp(name, "pow")       ? powl(a, b)
           : !strcmp(name, "hypot")     ? hypotl(a, b)
           : !strcmp(name, "atan2")     ? atan2l(a, b)
           : !strcmp(name, "fmod")      ? fmodl(a, b)
           : !strcmp(name, "remainder") ? a - b * floorl(a / b)
           : !strcmp(name, "logaddexp") ? fmaxl(a, b) + log1pl(expl(-fabsl(a - b)))
                                        : (a + sqrtl(a * a + b)) / 2; /* squareplus */
}

Test(interval, holds_every_value_of_two_arguments)
{
    static const char *const names[] = {"add",   "sub",   "mul",  "div",       "min",       "max",       "pow",
                                        "hypot", "atan2", "fmod", "remainder", "logaddexp", "squareplus"};
    for (size_t f = 0; f < sizeof names / sizeof names[0]; f++)
        for (int i = 0; i < 2000; i++) {
            double p = any_number(), q = p + fabs(any_number()), r = any_number(), s = r + fabs(any_number());
            if (i % 4 == 0)
                q = p;
            if (i % 5 == 0)
                s = r = f == 6 ? round(r) : r;
            dg_interval a = dg_interval_of(p, q), b = dg_interval_of(r, s), found;
            cr_assert(dg_interval_primitive(names[f], &a, &b, NULL, &found));
            for (int k = 0; k < 9; k++) {
                double x = p + (q - p) * (k % 3) / 2, y = r + (s - r) * (k / 3) / 2;
                long double value = binary_l(names[f], x, y);
                if (fabsl(x / (long double)(y == 0 ? 1 : y)) > 1e9L && (f == 9 || f == 10))
                    continue; /* the remainder itself is beyond long double */
                if (!strcmp(names[f], "squareplus") && x < 0)
                    continue; /* the reference cancels there; the next test has exact values */
                if (isinf((double)value) && x != 0)
                    continue; /* beyond float64 */
                expect_holds(names[f], a, found, x, isinf(value) ? (long double)NAN : value);
            }
        }
}

Test(interval, of_exact_arithmetic_is_exact)
{
    static const struct {
        const char *name;
        double a[2], b[2], lo, hi;
    } cases[] = {
        {"add", {1, 1}, {-1, 1}, 0, 2},   {"mul", {-2, 3}, {0, 4}, -8, 12}, {"div", {1, 2}, {4, 8}, 0.125, 0.5},
        {"sub", {0, 1}, {0, 1}, -1, 1},   {"pow", {-3, 2}, {2, 2}, 0, 9},   {"pow", {-3, 2}, {3, 3}, -27, 8},
        {"min", {-1, 5}, {0, 2}, -1, 2},  {"lt", {0, 1}, {2, 3}, 1, 1},     {"gt", {0, 1}, {1, 3}, 0, 0},
        {"le", {0, 1}, {0.5, 3}, 0, 1},   {"cos", {0, 0}, {0, 0}, 1, 1},    {"tanh", {0, 0}, {0, 0}, 0, 0},
        {"exp", {-1e9, 0}, {0, 0}, 0, 1}, {"log", {1, 1}, {0, 0}, 0, 0},    {"squareplus", {-3, 0}, {0, 0}, 0, 0},
        {"eq", {1, 1}, {1, 1}, 1, 1},     {"sin", {0, 10}, {0, 0}, -1, 1},  {"abs", {-3, 2}, {0, 0}, 0, 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dg_interval a = dg_interval_of(cases[i].a[0], cases[i].a[1]), b = dg_interval_of(cases[i].b[0], cases[i].b[1]),
                    found;
        cr_assert(dg_interval_primitive(cases[i].name, &a, &b, NULL, &found));
        cr_expect(found.lo == cases[i].lo && found.hi == cases[i].hi, "%s (%zu) = [%.17g, %.17g]", cases[i].name, i,
                  found.lo, found.hi);
    }
}

Test(interval, of_a_formula_holds_its_values_and_decides_branches)
{
    static const char *const texts[] = {
        "x * sigmoid(x)",     "x * tanh(softplus(x))",  "where(x > 0, x, 0.1 * expm1(x))",
        "x * normal_cdf(x)",  "sin(3 * x) / (1 + x^2)", "x - floor(x)",
        "min(max(x, -1), 1)", "1 - tanh(x)^2",          "1 - sigmoid(3 * x)",
        "sin(x) * cos(x)",    "x / squareplus(x, 4)",   "x / hypot(x, 1)",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const dg_formula *list[2] = {parse(texts[i]), derivative(parse(texts[i]), 0)};
        dg_enclosure *enclosure;
        cr_assert_eq(dg_enclosure_new(pool, list, 2, &enclosure).code, DG_OK);
        for (int k = 0; k < 2000; k++) {
            double p = any_number(), q = p + fabs(any_number()), x = p + (q - p) * uniform();
            dg_interval over = dg_interval_of(p, q), found[2];
            dg_enclose(enclosure, &over, found);
            for (int j = 0; j < 2; j++) {
                double value = evaluate(list[j], &x), slack = 1e-14 * fabs(value) + 1e-15; /* of the value */
                cr_expect(found[j].lo <= value + slack && value - slack <= found[j].hi,
                          "%s, order %d, [%.17g, %.17g]: [%.17g, %.17g], and %.17g at %.17g", texts[i], j, p, q,
                          found[j].lo, found[j].hi, value, x);
            }
        }
        dg_enclosure_free(enclosure);
    }
}

Test(interval, of_formulas_wants_the_same_inputs)
{
    const dg_formula *list[2] = {parse("x + y"), parse("x")};
    dg_enclosure *enclosure;
    cr_expect_eq(dg_enclosure_new(pool, list, 2, &enclosure).code, DG_BAD_ARGUMENT);
    cr_expect_null(enclosure);
    cr_expect_eq(dg_enclosure_new(NULL, list, 1, &enclosure).code, DG_BAD_ARGUMENT);
    dg_enclosure_free(NULL);
}
