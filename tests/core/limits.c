/* Formulas where something on the way overflows although the result has a limit: products of 0 and ∞, quotients of
 * infinities. Values and derivatives of orders 1 and 2 are numbers, in both float types. Those wanted were got from
 * mpmath at 2000 digits. */
#include "../support.h"
#include "core/formula/primitives.h"
#include "core/program/wide.h"

#include <dotgrad/ops.h>

typedef struct limit {
    const char *formula;
    double x, wants[3]; /* f, f′, f″ */
} limit;

static const limit limits[] = {
    {"x*tanh(exp(x))", 88.75, {88.75, 1.0, 0}},
    {"x*tanh(exp(x))", 100, {100.0, 1.0, 0}},
    {"x*tanh(exp(x))", 1000, {1000.0, 1.0, 0}},
    {"tanh(exp(x))", 89, {1.0, 0, 0}},
    {"tanh(exp(x))", 800, {1.0, 0, 0}},
    {"sigmoid(exp(x))", 100, {1.0, 0, 0}},
    {"erf(exp(x))", 100, {1.0, 0, 0}},
    {"erf(exp(x))", 800, {1.0, 0, 0}},
    {"atan(exp(x))", 30, {1.570796326794803, 9.3576229688401746e-14, -9.3576229688401746e-14}},
    {"atan(exp(x))", 800, {1.5707963267948966, 0, 0}},
    {"1-exp(-exp(x))", 100, {1.0, 0, 0}},
    {"1-exp(-exp(x))", 1000, {1.0, 0, 0}},
    {"exp(-exp(-x))", -100, {0, 0, 0}},
    {"exp(-exp(-x))", -1000, {0, 0, 0}},
    {"x*log(2-exp(-exp(x)))", 100, {69.314718055994531, 0.69314718055994531, 0}},
    {"x*log(2-exp(-exp(x)))", 1000, {693.14718055994531, 0.69314718055994531, 0}},
    {"x*erf(0.75*exp(0.75*x))", 200, {200.0, 1.0, 0}},
    {"x*erf(0.75*exp(0.75*x))", 1000, {1000.0, 1.0, 0}},
    {"x/(1-x*exp(-(x+exp(x))))", 100, {100.0, 1.0, 0}},
    {"x/(1-x*exp(-(x+exp(x))))", 1000, {1000.0, 1.0, 0}},
    {"x/(1-x*exp(-(x+exp(x))))", -60, {-8.7565107626965203e-27, -8.7565107626965203e-27, -8.7565107626965203e-27}},
    {"x/(1-x*exp(-(x+exp(x))))", -800, {0, 0, 0}},
    {"x/(x/2+exp(-x/3))", -300, {-1.1160227928062508e-41, -3.6828752162606276e-42, -1.2152248188334731e-42}},
    {"x/(x/2+exp(-x/3))", -3000, {0, 0, 0}},
    {"tanh(sinh(x))", 100, {1.0, 0, 0}},
    {"tanh(sinh(x))", -1000, {-1.0, 0, 0}},
    {"x*tanh(sinh(x))", 100, {100.0, 1.0, 0}},
    {"x*tanh(sinh(x))", -1000, {1000.0, -1.0, 0}},
    {"exp(x)*exp(-exp(x))", 100, {0, 0, 0}},
    {"exp(x)*exp(-exp(x))", 1000, {0, 0, 0}},
    {"x*(1+exp(-0.5*x))^(-1.5)", -200, {-1.4350191946328821e-63, -1.0690893000014972e-63, -7.9643565302124956e-64}},
    {"x*(1+exp(-0.5*x))^(-1.5)", -2000, {0, 0, 0}},
    {"x*tanh(log(1+exp(x)))", 100, {100.0, 1.0, -1.0960460491754961e-84}},
    {"x*tanh(log(1+exp(x)))", 1000, {1000.0, 1.0, 0}},
    {"x/(1+exp(-x))", -800, {0, 0, 0}},
    {"x^2/(1+x^2)", 3.2e+19, {1.0, 6.103515625e-59, -5.7220458984375e-78}},
    {"x^2*exp(-x^2)", 1.6e+19, {0, 0, 0}},
    {"tanh(x^3)", 1.1805916207174113e+21, {1.0, 0, 0}},
    {"x*sigmoid(x^4)", 1099511627776.0, {1099511627776.0, 1.0, 0}},
    {"x*sigmoid(x)", -INFINITY, {0, 0, 0}},
    {"x*sigmoid(x)", INFINITY, {INFINITY, 1, 0}},
    {"x*normal_cdf(x)", -INFINITY, {0, 0, 0}},
    {"x*tanh(softplus(x))", -INFINITY, {0, 0, 0}},
    {"x/(1+abs(x))", INFINITY, {1, 0, 0}},
    {"x^2+x", -INFINITY, {INFINITY, -INFINITY, 2}},
    {"x*exp(-x^2)", INFINITY, {0, 0, 0}},
    {"x*cos(x)", INFINITY, {NAN, NAN, NAN}},
    {"x-log(1+exp(x))", INFINITY, {0, 0, 0}},
};

/* y, its derivative and the one of that, each the gradient of the sum of the one before. */
static void expect_limit(const limit *l, dg_dtype dtype, trial *t, dg_node *x, dg_node *y)
{
    double tolerance = dtype == DG_FLOAT32 ? 2e-6 : 1e-12;
    for (int order = 0; order < 3; order++) {
        double got = dg_tensor_get(trial_run(t, y), 0), want = l->wants[order];
        bool same = got == want || (isnan(got) && isnan(want));
        cr_expect(same || fabs(got - want) <= tolerance * fmax(1, fabs(want)),
                  "%s at %g, order %d, %s: it is %.17g, expected %.17g", l->formula, l->x, order, dg_dtype_name(dtype),
                  got, want);
        y = trial_grad(dg_sum(y), x);
    }
}

Test(limits, exist_where_something_overflows_on_the_way)
{
    for (size_t k = 0; k < sizeof limits / sizeof *limits; k++)
        EACH_DTYPE(d)
        {
            trial *t = trial_new((dg_dtype)d);
            dg_node *x = trial_input(t, DG_SHAPE(1), DATA(limits[k].x));
            expect_limit(&limits[k], (dg_dtype)d, t, x, dg_expr(limits[k].formula, {"x", x}));
            trial_free(t);
        }
}

/* The op, and the same graph of single ops, which a plan fuses. */
Test(limits, exist_for_ops)
{
    const limit cases[] = {{"tanhexp", 100, {100, 1, 0}}, {"tanhexp", 800, {800, 1, 0}}, {"tanhexp", -800, {0, 0, 0}}};
    for (int k = 0; k < 3; k++)
        EACH_DTYPE(d)
        {
            trial *t = trial_new((dg_dtype)d);
            dg_node *x = trial_input(t, DG_SHAPE(1), DATA(cases[k].x));
            expect_limit(&cases[k], (dg_dtype)d, t, x, dg_tanhexp(x));
            trial_free(t);
        }
}

/* Among many elements only those that became NaN are computed again, in place of an input, too; what is NaN by its
 * arguments or has no value stays so. */
Test(limits, are_found_element_by_element)
{
    enum { N = 3000 };
    static double values[N];
    EACH_DTYPE(d)
    {
        trial *t = trial_new((dg_dtype)d);
        for (int i = 0; i < N; i++)
            values[i] = i % 7 == 0 ? 800 : i % 11 == 0 ? NAN : 0.01 * (i % 300);
        dg_node *x = trial_input(t, DG_SHAPE(N), values),
                *y = dg_expr("tanh(exp(a)) + 0 * a", {"a", dg_neg(dg_neg(x))});
        const dg_tensor *g = trial_run(t, trial_grad(dg_sum(y), x));
        for (int i = 0; i < N; i++) {
            double got = dg_tensor_get(g, i), e = exp(values[i]),
                   slope = values[i] == 800 ? 0 : (1 - pow(tanh(e), 2)) * e;
            cr_assert(isnan(values[i]) ? isnan(got) : fabs(got - slope) < 1e-5, "element %d: %g, expected %g", i, got,
                      slope);
        }
        const double none[] = {-1, 0, 2000};
        dg_node *z = trial_input(t, DG_SHAPE(3), none);
        expect_values(trial_run(t, dg_expr("log(z) * exp(z)", {"z", z})), DG_SHAPE(3), 0,
                      DATA(NAN, -INFINITY, INFINITY));
        trial_free(t);
    }
}

/* Whether elements are computed again is decided when a program is made: not where intervals prove that no value can be
 * NaN, nor in the step of Adam, which is over the root of a mean of squares. Parameters are never infinite. */
Test(limits, are_looked_for_where_they_can_be)
{
    static const struct {
        const char *formula;
        bool of_values, of_updates;
    } cases[] = {
        {"p - rate * (0.9 * m + 0.1 * g) / (sqrt(0.999 * v + 0.001 * g * g) * scale + 1e-8)", true, false},
        {"p - g * p * p / (1 + p * p)", true, true},
        {"g * tanh(exp(p))", false, false},
        {"g * (1 - tanh(exp(p))^2) * exp(p)", true, true},
        {"g * p * (1 - square(tanh(p)))", true, true},
        {"g * (sigmoid(p) + p * sigmoid(p) * (1 - sigmoid(p)))", true, false},
        {"where(p <= 0, 1.67 * expm1(p), p)", false, false},
        {"g * where(p <= 0, exp(p), 1)", false, false},
        {"p * sigmoid(p)", true, false},
        {"exp(-(p^2)) + sqrt(p)", false, false},
        {"sin(p)", false, false},
        {"sin(30 * p)", true, false},
        {"g * p", false, false},
        {"m * sigmoid(p) + tanh(g) * sigmoid(v)", false, false},
        {"p - rate * g", false, false},
    };
    dg_formulas *pool;
    dg_arena *arena;
    must(dg_formulas_new(&pool));
    must(dg_arena_new(&arena));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int is_update = 0; is_update < 2; is_update++) {
            const dg_formula *formula;
            const wide_steps *made;
            const wide_use use = {.dtype = DG_FLOAT32, .is_update = is_update};
            must(dg_formula_parse(pool, cases[i].formula, NULL, 0, NULL, 0, &formula));
            cr_assert(wide_make(pool, arena, 1, &formula->root, formula->names, &use, &made));
            cr_expect_eq(made != NULL, is_update ? cases[i].of_updates : cases[i].of_values, "%s, %s", cases[i].formula,
                         is_update ? "update" : "value");
        }
    dg_arena_free(arena);
    dg_formulas_free(pool);
}

/* Holes: quotients of what vanishes, differences of poles. Numbers from mpmath at 60 digits. */
static const limit holes[] = {
    {"tanh(x)/x", 0, {1, 0, -0.66666666666666666}},
    {"tanh(x)/x", 1e-5, {0.99999999996666667, -6.6666666661333339e-6, -0.66666666650666667}},
    {"tanh(x)/x", -0.3, {0.97104204150530302, 0.18635026559557938, -0.53493782336765192}},
    {"x/sinh(x)", 0, {1, 0, -0.33333333333333333}},
    {"x/sinh(x)", 1e-4, {0.99999999833333334, -3.3333333255555557e-5, -0.33333333100000001}},
    {"(1-cos(x))/x^2", 0, {0.5, 0, -0.083333333333333333}},
    {"(1-cos(x))/x^2", -1e-3, {0.49999995833333472, 8.3333327777777928e-5, -0.083333316666667411}},
    {"log(1+x)/x", 0, {1, -0.5, 0.66666666666666666}},
    {"log(1+x)/x", 1e-6, {0.99999950000033333, -0.49999933333408333, 0.66666516666906666}},
    {"sin(x)/x", 0, {1, 0, -0.33333333333333333}},
    {"(exp(x)-1)/x", -1e-7, {0.99999995000000167, 0.49999996666666792, 0.33333330833333433}},
    {"1/x-1/tanh(x)", 0, {0, -0.33333333333333333, 0}},
    {"1/x-1/tanh(x)", 0.01, {-0.0033333111113227493, -0.33332666677248529, 0.0013332910061798788}},
    {"log(x)/(x-1)", 1, {1, -0.5, 0.66666666666666666}},
    {"sin(x-2)/(x-2)", 2, {1, 0, -0.33333333333333333}},
    {"(sin(x)/x-1)/x", 0, {0, -0.16666666666666667, 0}},
    {"x^2*log(abs(x))", 0, {0, 0, -INFINITY}},
    {"exp(-1/x^2)", 0, {0, 0, 0}},
    {"where(x == 0, 1, sin(x)/x)", 0, {1, 0, -0.33333333333333333}},
    {"abs(x)/x", 0, {NAN, 0, 0}},
};

Test(limits, exist_in_holes_and_no_digit_is_lost_around_them)
{
    for (size_t k = 0; k < sizeof holes / sizeof *holes; k++)
        EACH_DTYPE(d)
        {
            trial *t = trial_new((dg_dtype)d);
            dg_node *x = trial_input(t, DG_SHAPE(1), DATA(holes[k].x));
            expect_limit(&holes[k], (dg_dtype)d, t, x, dg_expr(holes[k].formula, {"x", x}));
            trial_free(t);
        }
}

/* With a trained parameter the formula is of two variables; the cotangent may be 0, too. */
Test(limits, exist_in_holes_of_several_inputs)
{
    EACH_DTYPE(d)
    {
        trial *t = trial_new((dg_dtype)d);
        dg_node *x = trial_input(t, DG_SHAPE(3), DATA(0, 0, 1)), *b = trial_input(t, DG_SHAPE(1), DATA(3)),
                *g = trial_input(t, DG_SHAPE(3), DATA(2, 0, 0)), *y = dg_expr("tanh(b * x) / x", {"b", b}, {"x", x});
        expect_values(trial_run(t, y), DG_SHAPE(3), 1e-6, DATA(3, 3, tanh(3)));
        expect_values(trial_run(t, trial_grad(dg_sum(dg_mul(g, y)), x)), DG_SHAPE(3), 1e-6, DATA(0, 0, 0));
        expect_values(trial_run(t, trial_grad(dg_sum(y), b)), DG_SHAPE(1), 1e-6, DATA(2 + 1 - pow(tanh(3), 2)));
        y = dg_expr("tanh(b * x) / (b * x)", {"b", b}, {"x", x});
        expect_values(trial_run(t, trial_grad(dg_sum(y), x)), DG_SHAPE(3), 1e-6,
                      DATA(0, 0, 1 - pow(tanh(3), 2) - tanh(3) / 3));
        y = dg_expr("x / b", {"b", trial_input(t, DG_SHAPE(1), DATA(0))}, {"x", x});
        expect_values(trial_run(t, y), DG_SHAPE(3), 0, DATA(NAN, NAN, INFINITY));
        trial_free(t);
    }
}

/* The text of such a formula is of an equal one; a guard of the user's own is left alone. */
Test(limits, of_holes_are_written_down)
{
    static const char *const texts[] = {"tanh(x)/x",    "x * sin(x - 1) / (x - 1)", "1/x - 1/tanh(x)", "sin(b*x)/(b*x)",
                                        "log(x)/(x-1)", "(sin(x)/x - 1)/x"};
    dg_formulas *pool;
    must(dg_formulas_new(&pool));
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
        const dg_formula *first, *again, *slope, *slope_again;
        must(dg_formula_parse(pool, texts[k], NULL, 0, NULL, 0, &first));
        const char *text = dg_formula_print(pool, first);
        cr_expect(strncmp(text, "where(abs(", 10) == 0 || strncmp(text, "x * where(abs(", 14) == 0, "%s", text);
        must(dg_formula_parse(pool, text, NULL, 0, NULL, 0, &again));
        cr_expect_eq(dg_formula_id(first), dg_formula_id(again), "%s\n%s", text, dg_formula_print(pool, again));
        must(dg_formula_derivative(pool, first, 0, &slope));
        must(dg_formula_parse(pool, dg_formula_print(pool, slope), NULL, 0, NULL, 0, &slope_again));
        cr_expect_eq(dg_formula_id(slope), dg_formula_id(slope_again), "%s\n%s", dg_formula_print(pool, slope),
                     dg_formula_print(pool, slope_again));
    }
    const char *const plain[] = {"x / abs(x)", "x / x", "exp(-1 / x^2)", "x^2 / (1 + x^2)", "sin(x) / (x - 1)"};
    for (size_t k = 0; k < sizeof plain / sizeof *plain; k++) {
        const dg_formula *formula;
        must(dg_formula_parse(pool, plain[k], NULL, 0, NULL, 0, &formula));
        cr_expect_null(strstr(dg_formula_print(pool, formula), "where"), "%s", dg_formula_print(pool, formula));
    }
    dg_formulas_free(pool);
}

/* ---- one primitive at a time, against the C library's long double functions ---- */

static long double sign_of(long double x)
{
    return (x > 0) - (x < 0);
}

static long double square_of(long double x)
{
    return x * x;
}

static long double reciprocal_of(long double x)
{
    return 1 / x;
}

static long double rsqrt_of(long double x)
{
    return 1 / sqrtl(x);
}

static long double sigmoid_of(long double x)
{
    return 1 / (1 + expl(-x));
}

static long double softplus_of(long double x)
{
    return x > 0 ? x + log1pl(expl(-x)) : log1pl(expl(x));
}

static long double cdf_of(long double x)
{
    return erfcl(-x * 0.707106781186547524400844362104849039L) / 2;
}

static long double shrink_of(long double x) /* its series where terms cancel */
{
    long double z = x * x;
    return fabsl(x) < 1e-3L ? x * z * (1 / 3.0L - z * (2 / 15.0L - z * 17 / 315.0L)) : x - tanhl(x);
}

static const struct {
    int op;
    long double (*exact)(long double);
} singles[] = {{P_ABS, fabsl},
               {P_SIGN, sign_of},
               {P_FLOOR, floorl},
               {P_CEIL, ceill},
               {P_ROUND, rintl},
               {P_TRUNC, truncl},
               {P_SQUARE, square_of},
               {P_SQRT, sqrtl},
               {P_RSQRT, rsqrt_of},
               {P_EXP, expl},
               {P_RECIPROCAL, reciprocal_of},
               {P_EXP2, exp2l},
               {P_EXPM1, expm1l},
               {P_LOG, logl},
               {P_LOG2, log2l},
               {P_LOG10, log10l},
               {P_LOG1P, log1pl},
               {P_SIN, sinl},
               {P_COS, cosl},
               {P_TAN, tanl},
               {P_ASIN, asinl},
               {P_ACOS, acosl},
               {P_ATAN, atanl},
               {P_SINH, sinhl},
               {P_COSH, coshl},
               {P_TANH, tanhl},
               {P_ASINH, asinhl},
               {P_ACOSH, acoshl},
               {P_ATANH, atanhl},
               {P_SIGMOID, sigmoid_of},
               {P_SOFTPLUS, softplus_of},
               {P_ERF, erfl},
               {P_ERFC, erfcl},
               {P_NORMAL_CDF, cdf_of},
               {P_TANHSHRINK, shrink_of}};

Test(limits, of_primitives_by_themselves)
{
    static const double points[] = {1e-300, 1e-12, 0.03, 0.4999,   0.7,  1.5,  2.5,
                                    8,      40,    700,  12345.75, 1e17, 1e40, 1e300};
    enum { N = sizeof points / sizeof *points };
    int compared = 0;
    for (size_t k = 0; k < sizeof singles / sizeof *singles; k++) {
        const wide_step steps[] = {{.op = OP_INPUT}, {.op = (uint8_t)singles[k].op}};
        const wide_steps program = {.count = 2, .n_roots = 1, .steps = steps, .roots = {1}};
        for (int i = 0; i < 2 * N; i++) {
            double x = i < N ? points[i] : -points[i - N], found;
            long double exact = singles[k].exact((long double)x);
            bool swings = singles[k].op == P_SIN || singles[k].op == P_COS || singles[k].op == P_TAN;
            if (swings && fabs(x) > 1e16) /* beyond all digits of the phase */
                continue;
            wide_run(&program, &x, &found);
            compared++;
            if (isnan((double)exact))
                cr_expect(isnan(found), "%s(%g) is %g", primitives[singles[k].op].name, x, found);
            else if (isinf((double)exact))
                cr_expect_eq(found, (double)exact, "%s(%g) is %g", primitives[singles[k].op].name, x, found);
            else
                cr_expect(fabsl((long double)found - exact) <= 1e-14L * fabsl(exact) + 1e-320L,
                          "%s(%g) is %.17g, wants %.17Lg", primitives[singles[k].op].name, x, found, exact);
        }
    }
    cr_assert_geq(compared, 900);
}
