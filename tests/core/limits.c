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

/* Both tails are 0 in float64. Their slopes are differences of numbers that are 1e4 times as large. */
Test(limits, of_ratios_of_tails_have_their_digits)
{
    static const limit ratios[] = {
        {"exp(-x^2)/erfc(x)", 60, {106.36199740303239, 1.7722078816675831}},
        {"exp(-x^2)/erfc(x)", 100, {177.25424647380068, 1.7723652547887064}},
        {"exp(-x^2/2)/normal_cdf(x)", -80, {200.56158504003702, -2.5062369806676366}},
    };
    for (size_t k = 0; k < sizeof ratios / sizeof *ratios; k++) {
        trial *t = trial_new(DG_FLOAT64);
        dg_node *x = trial_input(t, DG_SHAPE(1), DATA(ratios[k].x)), *y = dg_expr(ratios[k].formula, {"x", x});
        expect_values(trial_run(t, y), DG_SHAPE(1), 1e-13, DATA(ratios[k].wants[0]));
        expect_values(trial_run(t, trial_grad(dg_sum(y), x)), DG_SHAPE(1), 1e-10, DATA(ratios[k].wants[1]));
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
    {"asin(x)/x", 0, {1, 0, 0.3333333333333333}},
    {"asin(x)/x", -0.001, {1.0000001666667417, -0.0003333336333336012, 0.3333342333346726}},
    {"atan(x)/x", 0, {1, 0, -0.6666666666666666}},
    {"atan(x)/x", -0.001, {0.9999996666668667, 0.0006666658666675239, -0.6666642666709524}},
    {"asinh(x)/x", 0, {1, 0, -0.3333333333333333}},
    {"asinh(x)/x", -0.001, {0.9999998333334084, 0.0003333330333336012, -0.3333324333346726}},
    {"atanh(x)/x", 0, {1, 0, 0.6666666666666666}},
    {"atanh(x)/x", -0.001, {1.0000003333335332, -0.0006666674666675239, 0.6666690666709524}},
    {"tan(x)/x", 0, {1, 0, 0.6666666666666666}},
    {"tan(x)/x", -0.001, {1.0000003333334666, -0.0006666672000003238, 0.6666682666682857}},
    {"erf(x)/x", 0, {1.1283791670955126, 0, -0.7522527780636751}},
    {"erf(x)/x", -0.001, {1.1283787909692364, 0.0007522523267121694, -0.7522514240094805}},
    {"(1-erfc(x))/x", 0, {1.1283791670955126, 0, -0.7522527780636751}},
    {"(1-erfc(x))/x", -0.001, {1.1283787909692364, 0.0007522523267121694, -0.7522514240094805}},
    {"(normal_cdf(x)-0.5)/x", 0, {0.3989422804014327, 0, -0.13298076013381088}},
    {"(normal_cdf(x)-0.5)/x", -0.001, {0.3989422139110626, 0.00013298072023959, -0.1329806404511624}},
    {"(exp2(x)-1)/x", 0, {0.6931471805599453, 0.24022650695910072, 0.11100821732964317}},
    {"(exp2(x)-1)/x", -0.001, {0.6929070095474781, 0.24011552759082574, 0.11095052455218692}},
    {"log2(1+x)/x", 0, {1.4426950408889634, -0.7213475204444817, 0.9617966939259756}},
    {"log2(1+x)/x", -0.001, {1.4434168696687173, -0.7223104003150479, 0.9639642037705812}},
    {"log10(1+x)/x", 0, {0.4342944819032518, -0.2171472409516259, 0.2895296546021679}},
    {"log10(1+x)/x", -0.001, {0.4345117740176913, -0.2174370966748874, 0.2901821400812912}},
    {"log1p(x)/x", 0, {1, -0.5, 0.6666666666666666}},
    {"log1p(x)/x", -0.001, {1.0005003335835334, -0.5006674174675009, 0.6681690700042909}},
    {"expm1(x)/x", 0, {1, 0.5, 0.3333333333333333}},
    {"expm1(x)/x", -0.001, {0.9995001666250083, 0.49966679163334027, 0.3330834333055615}},
    {"(sigmoid(x)-0.5)/x", 0, {0.25, 0, -0.041666666666666664}},
    {"(sigmoid(x)-0.5)/x", -0.001, {0.24999997916666875, 4.16666583333346e-05, -0.04166664166667299}},
    {"(softplus(x)-log(2))/x", 0, {0.5, 0.125, 0}},
    {"(softplus(x)-log(2))/x", -0.001, {0.49987500000520835, 0.12499998437500175, 3.124999305555666e-05}},
    {"(sqrt(1+x)-1)/x", 0, {0.5, -0.125, 0.125}},
    {"(sqrt(1+x)-1)/x", -0.001, {0.5001250625390898, -0.12512511729697764, 0.1252347035356402}},
    {"(hypot(x,1)-1)/x^2", 0, {0.5, 0, -0.25}},
    {"(hypot(x,1)-1)/x^2", -0.001, {0.4999998750000625, 0.0002499997500002344, -0.24999925000117187}},
    {"(cosh(x)-1)/x^2", 0, {0.5, 0, 0.08333333333333333}},
    {"(cosh(x)-1)/x^2", -0.001, {0.500000041666668, -8.333333888888903e-05, 0.08333335000000075}},
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

/* Holes that a parameter is in: values and slopes by x, there and beside. Numbers from mpmath at 80 digits. */
static const struct {
    const char *formula;
    double x, b, value, slope;
} trained_holes[] = {
    {"sin(b*x)/x", 0.0, 1.5, 1.5, 0},
    {"sin(b*x)/x", -0x1p-20, 2.0, 1.9999999999987873, 2.5431315104157415e-6},
    {"sin(b*x)/x", 0.0078125, 0.25, 0.24999984105431092, -4.0690088644625871e-5},
    {"exp(-b)*sin(x)/x", 0.0, 1.5, 0.22313016014842983, 0},
    {"exp(-b)*sin(x)/x", -0x1p-20, 2.0, 0.13533528323659218, 4.3021927908770365e-8},
    {"exp(-b)*sin(x)/x", 0.0078125, 0.25, 0.77879286072433493, -0.00202811466057036},
    {"x*cos(b*x)/x", 0.0, 1.5, 1.0, 0},
    {"x*cos(b*x)/x", -0x1p-20, 2.0, 0.99999999999818101, 3.814697265622687e-6},
    {"x*cos(b*x)/x", 0.0078125, 0.25, 0.99999809265197352, -0.00048828093955920101},
    {"(1-exp(-b*x))/x", 0.0, 1.5, 1.5, -1.125},
    {"(1-exp(-b*x))/x", -0x1p-20, 2.0, 2.0000019073498455, -2.0000025431333294},
    {"(1-exp(-b*x))/x", 0.0078125, 0.25, 0.24975601824313949, -0.031209339682639992},
    {"(b^x-1)/x", 0.0, 1.5, 0.40546510810816438, 0.082200976946582715},
    {"(b^x-1)/x", -0x1p-20, 2.0, 0.69314695146214598, 0.24022640109344118},
    {"(b^x-1)/x", 0.0078125, 0.25, -1.378814311171138, 0.95399611116762368},
    {"log(1+b*x)/x", 0.0, 1.5, 1.5, -1.125},
    {"log(1+b*x)/x", -0x1p-20, 2.0, 2.0000019073510581, -2.0000050862739348},
    {"log(1+b*x)/x", 0.0078125, 0.25, 0.24975617680150393, -0.031168798233828356},
    {"tanh(b*x)/x", 0.0, 1.5, 1.5, 0},
    {"tanh(b*x)/x", -0x1p-20, 2.0, 1.9999999999975747, 5.0862630208185304e-6},
    {"tanh(b*x)/x", 0.0078125, 0.25, 0.24999968210904626, -8.1379959981221969e-5},
    {"(1-cos(b*x))/x^2", 0.0, 1.5, 1.125, 0},
    {"(1-cos(b*x))/x^2", -0x1p-20, 2.0, 1.9999999999993937, 1.2715657552080249e-6},
    {"(1-cos(b*x))/x^2", 0.0078125, 0.25, 0.031249990065893801, -2.5431308636649448e-6},
    {"sin(-2*b*x)*exp(-x^2)/x", 0.0, 1.5, -3.0, 0},
    {"sin(-2*b*x)*exp(-x^2)/x", -0x1p-20, 2.0, -3.9999999999866607, -2.7974446614509781e-5},
    {"sin(-2*b*x)*exp(-x^2)/x", 0.0078125, 0.25, -0.49996821186600133, 0.0081375037794562096},
    {"erf(x/b)/x", 0.0, 1.5, 0.75225277806367505, 0},
    {"erf(x/b)/x", -0x1p-20, 2.0, 0.56418958354771353, 8.9675519235559991e-8},
    {"erf(x/b)/x", 0.0078125, 0.25, 4.5120478550173217, -0.37590607932103801},
    {"1/x-b/tanh(b*x)", 0.0, 1.5, 0.0, -0.75},
    {"1/x-b/tanh(b*x)", -0x1p-20, 2.0, 1.2715657552080249e-6, -1.3333333333323632},
    {"1/x-b/tanh(b*x)", 0.0078125, 0.25, -0.00016276037527456728, -0.020833317438771018},
    {"x/(exp(b*x)-1)", 0.0, 1.5, 0.66666666666666667, -0.5},
    {"x/(exp(b*x)-1)", -0x1p-20, 2.0, 0.50000047683730979, -0.5000003178914388},
    {"x/(exp(b*x)-1)", 0.0078125, 0.25, 3.9960950215656744, -0.49967447920805878},
    {"(softplus(b*x)-log(2))/x", 0.0, 1.5, 0.75, 0.28125},
    {"(softplus(b*x)-log(2))/x", -0x1p-20, 2.0, 0.9999995231628418, 0.49999999999977263},
    {"(softplus(b*x)-log(2))/x", 0.0078125, 0.25, 0.12506103514654873, 0.0078124962747112805},
    {"where(x == 0, -b, (exp(-b*x)-1)/x)", 0.0, 1.5, -1.5, 1.125},
    {"where(x == 0, -b, (exp(-b*x)-1)/x)", -0x1p-20, 2.0, -2.0000019073498455, 2.0000025431333294},
    {"where(x == 0, -b, (exp(-b*x)-1)/x)", 0.0078125, 0.25, -0.24975601824313949, 0.031209339682639992},
    {"(exp(b*(x-1))-1)/(x-1)", 1.0, 1.5, 1.5, 1.125},
    {"(exp(b*(x-1))-1)/(x-1)", 0.99999904632568359, 2.0, 1.9999980926525798, 1.9999974568703086},
    {"(exp(b*(x-1))-1)/(x-1)", 1.0078125, 0.25, 0.25024429964835994, 0.031290719922017415},
};

Test(limits, of_holes_with_a_parameter_lose_no_digit)
{
    for (size_t k = 0; k < sizeof trained_holes / sizeof *trained_holes; k++)
        EACH_DTYPE(d)
        {
            const char *formula = trained_holes[k].formula;
            const double want = trained_holes[k].value, slope = trained_holes[k].slope,
                         eps = d == DG_FLOAT64 ? 1e-14 : 4e-6;
            trial *t = trial_new((dg_dtype)d);
            dg_node *x = trial_input(t, DG_SHAPE(1), DATA(trained_holes[k].x)),
                    *b = trial_input(t, DG_SHAPE(1), DATA(trained_holes[k].b)),
                    *y = dg_expr(formula, {"x", x}, {"b", b});
            double value = dg_tensor_get(trial_run(t, y), 0),
                   by_x = dg_tensor_get(trial_run(t, trial_grad(dg_sum(y), x)), 0);
            cr_expect(fabs(value - want) <= eps * fabs(want), "%s at %g, b %g: %.17g", formula, trained_holes[k].x,
                      trained_holes[k].b, value);
            cr_expect(fabs(by_x - slope) <= eps * fabs(slope), "%s at %g, b %g: slope %.17g", formula,
                      trained_holes[k].x, trained_holes[k].b, by_x);
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
