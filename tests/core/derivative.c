/* Derivatives of formulas, against finite differences in float64, PyTorch's choices at kinks, and exact limits. */
#include "formula_test.h"

TestSuite(derivative, .init = set_up, .fini = tear_down);

/* Points at which every primitive is smooth. */
static void points_of(const char *name, double points[4][3])
{
    static const double plain[4][3] = {{0.7, 1.3, 0.4}, {-1.6, 2.2, -0.3}, {2.3, -1.7, 1.2}, {-0.4, 0.9, 2.5}};
    memcpy(points, plain, sizeof plain);
    for (int i = 0; i < 4; i++) {
        double *p = points[i];
        if (!strcmp(name, "asin") || !strcmp(name, "acos") || !strcmp(name, "atanh"))
            p[0] /= 3;
        else if (!strcmp(name, "acosh"))
            p[0] = 1.2 + fabs(p[0]);
        else if (!strncmp(name, "log", 3) && strcmp(name, "logaddexp"))
            p[0] = fabs(p[0]);
        else if (strstr(name, "sqrt") || !strcmp(name, "pow"))
            p[0] = fabs(p[0]);
        else if (!strcmp(name, "tan"))
            p[0] /= 2;
        else if (!strcmp(name, "fmod") || !strcmp(name, "remainder"))
            p[0] *= 3;
    }
}

/* Central differences with one step of Richardson's extrapolation. */
static double difference(const dg_formula *formula, const double *point, int input)
{
    double moved[8], estimates[2];
    for (int i = 0; i < 2; i++) {
        double h = 1e-3 / (1 + i);
        memcpy(moved, point, 3 * sizeof *moved);
        moved[input] = point[input] + h;
        double up = evaluate(formula, moved);
        moved[input] = point[input] - h;
        estimates[i] = (up - evaluate(formula, moved)) / (2 * h);
    }
    return (4 * estimates[1] - estimates[0]) / 3;
}

static void check_primitive(int primitive, const dg_formula *formula)
{
    const char *name = dg_primitive_name(primitive);
    double points[4][3];
    points_of(name, points);
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < dg_formula_input_count(formula); k++) {
            if (!strcmp(name, "where") && k == 0)
                continue;
            const dg_formula *first = derivative(formula, k);
            double got = evaluate(first, points[i]), want = difference(formula, points[i], k);
            cr_expect(close_to(got, want, 1e-8, 1e-9), "d %s / d argument %d: %.12g, differences give %.12g", name, k,
                      got, want);
            for (int j = 0; j < dg_formula_input_count(formula); j++) {
                if (!strcmp(name, "where") && j == 0)
                    continue;
                got = evaluate(derivative(first, j), points[i]);
                want = difference(first, points[i], j);
                cr_expect(close_to(got, want, 1e-7, 1e-8), "d² %s by %d, %d: %.12g, differences give %.12g", name, k, j,
                          got, want);
            }
        }
}

Test(derivative, differentiates_every_primitive_twice)
{
    static const char *const inputs[] = {"a", "b", "c"};
    for (int p = 0; p < dg_primitive_count(); p++) {
        char text[100];
        int arity = dg_primitive_arity(p);
        snprintf(text, sizeof text, "%s(a%s%s)", dg_primitive_name(p), arity > 1 ? ", b" : "", arity > 2 ? ", c" : "");
        const dg_formula *formula;
        dg_status status = dg_formula_parse(pool, text, NULL, 0, inputs, arity, &formula);
        cr_assert_eq(status.code, DG_OK, "%s", status.message);
        check_primitive(p, formula);
    }
}

Test(derivative, lists_its_derivatives_like_a_calculus_sheet)
{
    for (int p = 0; p < dg_primitive_count(); p++)
        for (int k = 0; k < dg_primitive_arity(p); k++) {
            const char *rule = dg_primitive_derivative(p, k);
            static const char *const inputs[] = {"a", "b", "c", "y"};
            const dg_formula *formula;
            if (*rule)
                cr_expect_eq(dg_formula_parse(pool, rule, NULL, 0, inputs, 4, &formula).code, DG_OK, "%s", rule);
        }
}

Test(derivative, takes_pytorchs_side_at_kinks)
{
    static const struct {
        const char *text;
        double x, slope;
    } cases[] = {
        {"relu(x)", 0, 0},
        {"leaky_relu(x)", 0, 0.01},
        {"elu(x)", 0, 1},
        {"selu(x)", 0, 1.7580993408473766},
        {"relu6(x)", 0, 0},
        {"relu6(x)", 6, 0},
        {"hardtanh(x)", -1, 0},
        {"hardtanh(x)", 1, 0},
        {"hardsigmoid(x)", 3, 0},
        {"hardshrink(x)", 0.5, 0},
        {"softshrink(x)", -0.5, 0},
        {"hardswish(x)", -3, -0.5},
        {"hardswish(x)", 3, 1.5},
        {"abs(x)", 0, 0},
        {"max(x, 0)", 0, 0.5},
        {"min(x, 0)", 0, 0.5},
        {"max(x, 0)", 1, 1},
        {"max(x, 0)", -1, 0},
        {"clamp(x, min=0)", 0, 0},
        {"step(x)", 0, 0},
        {"sqrt(x)", 0, INFINITY},
        {"x^2", 0, 0},
        {"x^1.5", 0, 0},
        {"2^x", -2000, 0},
        {"x^3", -2, 12},
        {"x^-2", -2, 0.25},
        {"hypot(x, 0)", 0, 0},
        {"atan2(x, 0)", 0, 0},
        {"sign(x) + floor(x) + round(x)", 0.3, 0},
        {"(x > 0) * 5", 0.3, 0},
        {"0 * x", INFINITY, 0},
        {"sqrt(where(x > 0, x, 0))", -1, 0},
        {"where(x > 0, log(x), x)", 0, 1},
        {"where(x < 0, exp(-x), x)", 1e4, 1},
        {"max(log(x), -5)", 0, 0},
        {"x - tanh(x)", 1e-9, 1e-18},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double got = slope_in(DG_FLOAT64, cases[i].text, cases[i].x);
        cr_expect(close_to(got, cases[i].slope, 1e-14, 0), "(%s)' at %g is %g", cases[i].text, cases[i].x, got);
    }
    const dg_formula *power = parse("a^b");
    cr_expect_eq(evaluate(derivative(power, 0), (double[]){0, 0}), 0);
    cr_expect_eq(evaluate(derivative(power, 1), (double[]){0, 0}), 0);
    cr_expect_eq(evaluate(derivative(power, 1), (double[]){0, 2}), 0);
    cr_expect_eq(evaluate(power, (double[]){-2, 3}), -8);
    cr_expect_eq(evaluate(derivative(power, 0), (double[]){-2, 3}), 12);
}

Test(derivative, stays_finite_at_extremes_in_both_float_types)
{
    static const struct {
        const char *text;
        double x, value, slope;
    } cases[] = {
        {"x * tanh(log(1 + exp(x)))", 100, 100, 1},
        {"x * tanh(log(1 + exp(x)))", -100, -3.7200759760208356e-42, -3.6828752162606272e-42},
        {"x * tanh(log(1 + exp(x)))", 1e4, 1e4, 1},
        {"x * tanh(log(1 + exp(x)))", -1e4, 0, 0},
        {"log(1 + exp(x))", 1e4, 1e4, 1},
        {"log(1 + exp(x))", -1e4, 0, 0},
        {"log(1 / (1 + exp(-x)))", -1e4, -1e4, 1},
        {"1 / (1 + exp(-x))", 1e4, 1, 0},
        {"1 / (1 + exp(-x))", -1e4, 0, 0},
        {"exp(x) / (1 + exp(x))", 1e4, 1, 0},
        {"x / (1 + exp(-x))", 1e4, 1e4, 1},
        {"x / (1 + exp(-x))", -1e4, 0, 0},
        {"0.5 * x * (1 + erf(x / sqrt(2)))", 1e4, 1e4, 1},
        {"0.5 * x * (1 + erf(x / sqrt(2)))", -1e4, 0, 0},
        {"gelu(x, approximate=tanh)", 1e4, 1e4, 1},
        {"elu(x)", -1e4, -1, 0},
        {"elu(x)", 1e4, 1e4, 1},
        {"(exp(x) - exp(-x)) / (exp(x) + exp(-x))", 1e4, 1, 0},
        {"log(cosh(x))", 1e4, 1e4 - M_LN2, 1},
        {"exp(-x^2)", 1e4, 0, 0},
        {"atan(x)", 1e4, 1.5706963267952299, 9.9999999e-09},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (dg_dtype type = DG_FLOAT32; type <= DG_FLOAT64; type++) {
            double value = evaluate_in(type, parse(cases[i].text), &cases[i].x);
            double slope = slope_in(type, cases[i].text, cases[i].x);
            double relative = type == DG_FLOAT32 ? 3e-7 : 1e-15;
            cr_expect(close_to(value, cases[i].value, relative, 1e-37), "%s at %g in %s: %g", cases[i].text, cases[i].x,
                      dg_dtype_name(type), value);
            cr_expect(close_to(slope, cases[i].slope, relative * 4, 1e-37), "(%s)' at %g in %s: %g", cases[i].text,
                      cases[i].x, dg_dtype_name(type), slope);
        }
}

/* ---- reverse rules ---- */

Test(derivative, reuses_the_output_where_that_is_less_work)
{
    static const struct {
        const char *text, *vjp;
    } cases[] = {
        {"tanh(x)", "cotangent * (1 - output^2)"},
        {"sigmoid(x)", "output * (1 - output) * cotangent"},
        {"exp(x)", "cotangent * output"},
        {"sqrt(x)", "cotangent * (0.5 / output)"},
        {"relu(x)", NULL},
        {"x * sigmoid(x)", NULL},
        {"x + 1", "cotangent"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const dg_formula *vjp;
        cr_assert_eq(dg_formula_vjp(pool, parse(cases[i].text), 0, &vjp).code, DG_OK);
        cr_assert_eq(dg_formula_input_count(vjp), 3);
        cr_expect_str_eq(dg_formula_input_name(vjp, 1), "output");
        cr_expect_str_eq(dg_formula_input_name(vjp, 2), "cotangent");
        if (cases[i].vjp)
            cr_expect_str_eq(print(vjp), cases[i].vjp);
        cr_expect_eq(dg_formula_uses(vjp, 1), cases[i].vjp && strstr(cases[i].vjp, "output") != NULL);
    }
}

Test(derivative, a_reverse_rule_of_a_reverse_rule_keeps_its_inputs_apart)
{
    const dg_formula *vjp, *second;
    cr_assert_eq(dg_formula_vjp(pool, parse("tanh(x)"), 0, &vjp).code, DG_OK);
    cr_assert_eq(dg_formula_vjp(pool, vjp, 1, &second).code, DG_OK);
    cr_assert_eq(dg_formula_input_count(second), 5);
    for (int a = 0; a < 5; a++)
        for (int b = 0; b < a; b++)
            cr_expect_str_neq(dg_formula_input_name(second, a), dg_formula_input_name(second, b));
    /* d/d output of cotangent·(1 − output²), times the new cotangent */
    double got = evaluate(second, (double[]){0, 0.3, 2, 0, 5});
    cr_expect_float_eq(got, 5 * 2 * -2 * 0.3, 1e-15);
}

Test(derivative, a_choice_of_zero_never_multiplies)
{
    const dg_formula *vjp;
    cr_assert_eq(dg_formula_vjp(pool, parse("where(x > 0, x, exp(-x * 1e4))"), 0, &vjp).code, DG_OK);
    cr_expect_eq(evaluate(vjp, (double[]){1, 1, 3}), 3);
    cr_assert_eq(dg_formula_vjp(pool, parse("relu(x)"), 0, &vjp).code, DG_OK);
    cr_expect_eq(evaluate(vjp, (double[]){-1, 0, INFINITY}), 0);
}
