/* Formulas: what is read, what it becomes, how it prints, and in which element type it is computed. */
#include "formula_test.h"

#define B DG_BOOL
#define I DG_INT32
#define L DG_INT64
#define F DG_FLOAT32
#define D DG_FLOAT64

TestSuite(formula, .init = set_up, .fini = tear_down);

/* ---- parsing ---- */

Test(formula, reads_operators_by_precedence)
{
    static const struct {
        const char *text;
        double value;
    } cases[] = {
        {"1 + 2 * 3", 7},
        {"(1 + 2) * 3", 9},
        {"8 - 3 - 2", 3},
        {"8 / 4 / 2", 1},
        {"-2^2", -4},
        {"(-2)^2", 4},
        {"2^3^2", 512},
        {"2^-1", 0.5},
        {"2 * -3", -6},
        {"- -3", 3},
        {"+3", 3},
        {"-2 * 3 + 1", -5},
        {"1 + 1 < 3", 1},
        {"3 <= 2", 0},
        {"2 == 2", 1},
        {"2 != 2", 0},
        {"max(1, 5, 3)", 5},
        {"min(4, 2, 3)", 2},
        {"where(1 > 2, 10, 20)", 20},
        {"1e3 + .5 + 2.", 1002.5},
        {"pi", M_PI},
        {"e", M_E},
        {"2e", -1}, /* see below */
    };
    for (size_t i = 0; i + 1 < sizeof cases / sizeof cases[0]; i++)
        cr_expect_eq(evaluate(parse(cases[i].text), NULL), cases[i].value, "%s", cases[i].text);
}

Test(formula, numbers_inputs_in_order_of_appearance_with_x_first)
{
    const dg_formula *formula = parse("b * a + x * layer.weight + b");
    static const char *const names[] = {"x", "b", "a", "layer.weight"};
    cr_assert_eq(dg_formula_input_count(formula), 4);
    for (int k = 0; k < 4; k++)
        cr_expect_str_eq(dg_formula_input_name(formula, k), names[k]);
}

Test(formula, takes_given_inputs_in_their_order_and_bindings_as_numbers)
{
    static const char *const names[] = {"weight", "x", "unused"};
    dg_binding alpha = {"alpha", 2.5};
    const dg_formula *formula;
    dg_status status = dg_formula_parse(pool, "alpha * x - weight", &alpha, 1, names, 3, &formula);
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
    cr_expect_eq(dg_formula_input_count(formula), 3);
    cr_expect(dg_formula_uses(formula, 0) && dg_formula_uses(formula, 1) && !dg_formula_uses(formula, 2));
    cr_expect_eq(evaluate(formula, (double[]){1, 4, 0}), 9);
    status = dg_formula_parse(pool, "alpha * y", &alpha, 1, names, 3, &formula);
    cr_expect_eq(status.code, DG_BAD_ARGUMENT);
    cr_expect(strstr(status.message, "'y'"), "%s", status.message);
}

Test(formula, explains_mistakes_and_shows_their_place)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "ends where a number"},
        {"x +", "at column 4"},
        {"x ** 2", "at column 4"},
        {"(x", "expected ')' at column 3"},
        {"x)", "expected an operator or the end at column 2"},
        {"2 x", "expected an operator"},
        {"2e", "an operator is missing"},
        {"1.2.3", "not a number"},
        {"1e999", "too large"},
        {"x = 1", "expected an operator"},
        {"1 < x < 2", "do not chain"},
        {"sin(x, 2)", "sin takes at most 1 argument at column 8"},
        {"atan2(x)", "atan2 needs 'other'"},
        {"where(x > 0, 1)", "where needs 'other'"},
        {"max(x)", "at least 2 arguments, 1 given"},
        {"and(x)", "and takes 2 arguments, 1 given"},
        {"and(a=x)", "and has no argument 'a'"},
        {"sin(a=x)", "sin has no argument 'a'"},
        {"sigmoit(x)", "did you mean 'sigmoid'"},
        {"norm(x)", "op norm works on whole tensors"},
        {"softmax(x)", "op softmax works on whole tensors"},
        {"elu(x, beta=2)", "elu has no argument 'beta'"},
        {"elu(x, alpha=1, alpha=2)", "given twice"},
        {"elu(x, input=x)", "given twice"},
        {"elu()", "elu needs 'input'"},
        {"gelu(x, approximate=sine)", "sine"},
        {"x # y", "at column 3"},
        {"$", "expected a number, a name or '(' at column 1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const dg_formula *formula;
        dg_status status = dg_formula_parse(pool, cases[i].text, NULL, 0, NULL, 0, &formula);
        cr_expect_eq(status.code, DG_BAD_ARGUMENT, "%s", cases[i].text);
        cr_expect(strstr(status.message, cases[i].message), "'%s' gave: %s", cases[i].text, status.message);
        cr_expect_null(strchr(status.message, '\n'));
    }
}

Test(formula, refuses_what_is_nested_without_end_but_takes_long_texts)
{
    enum { LONG = 20000 };
    char *text = malloc(LONG * 4 + 2);
    const dg_formula *formula;
    static const char *const openings[] = {"(", "-", "sin(", "x^"};
    for (size_t k = 0; k < 4; k++) {
        text[0] = '\0';
        for (size_t i = 0, at = 0; i < LONG; i++, at += strlen(openings[k]))
            memcpy(text + at, openings[k], strlen(openings[k]) + 1);
        dg_status status = dg_formula_parse(pool, text, NULL, 0, NULL, 0, &formula);
        cr_expect_eq(status.code, DG_BAD_ARGUMENT);
        cr_expect(strstr(status.message, "nested more than"), "%s", status.message);
    }
    for (size_t i = 0; i < LONG; i++)
        memcpy(text + i * 2, i % 2 ? "y+" : "x+", 2);
    memcpy(text + LONG * 2, "x", 2);
    formula = parse(text);
    cr_expect_eq(evaluate(formula, (double[]){1, 2}), LONG / 2 * 3 + 1);
    free(text);
}

Test(formula, puts_ops_that_are_formulas_in_the_place_of_calls)
{
    double x = -0.7;
    cr_expect_float_eq(evaluate(parse("elu(x, alpha=2)"), &x), 2 * expm1(x), 1e-15);
    cr_expect_float_eq(evaluate(parse("elu(x, 2)"), &x), 2 * expm1(x), 1e-15);
    cr_expect_float_eq(evaluate(parse("elu(input=x)"), &x), expm1(x), 1e-15);
    cr_expect_float_eq(evaluate(parse("clamp(x, min=-0.5)"), &x), -0.5, 0);
    cr_expect_float_eq(evaluate(parse("silu(2 * x)"), &x), 2 * x / (1 + exp(-2 * x)), 1e-15);
    cr_expect_float_eq(evaluate(parse("softplus(x, beta=2)"), &x), log1p(exp(2 * x)) / 2, 1e-15);
    cr_expect_float_eq(evaluate(parse("gelu(x, approximate=tanh) - gelu(x)"), &x), 0, 1e-3);
    cr_expect_float_eq(evaluate(parse("elu(x, alpha=beta)"), (double[]){x, 3}), 3 * expm1(x), 1e-15);
    cr_expect_eq(parse("relu(tanh(x))"), parse("relu(tanh(x))"));
}

/* ---- keeping ---- */

Test(formula, gives_the_same_formula_for_the_same_question)
{
    const dg_formula *a = parse("x * sigmoid(x)"), *vjp;
    cr_expect_eq(a, parse("x * sigmoid(x)"));
    cr_expect_eq(dg_formula_id(a), dg_formula_id(parse("sigmoid( x )*x")));
    cr_expect_neq(dg_formula_id(a), dg_formula_id(parse("y * sigmoid(y)")));
    cr_expect_eq(derivative(a, 0), derivative(parse("sigmoid(x) * x"), 0));
    cr_assert_eq(dg_formula_vjp(pool, a, 0, &vjp).code, DG_OK);
    const dg_formula *again;
    cr_assert_eq(dg_formula_vjp(pool, a, 0, &again).code, DG_OK);
    cr_expect_eq(vjp, again);
    dg_binding one = {"k", 1}, two = {"k", 2};
    const dg_formula *f, *g;
    cr_assert_eq(dg_formula_parse(pool, "k * x", &one, 1, NULL, 0, &f).code, DG_OK);
    cr_assert_eq(dg_formula_parse(pool, "k * x", &two, 1, NULL, 0, &g).code, DG_OK);
    cr_expect_neq(f, g);
}

Test(formula, simplifies_without_hiding_nan_or_infinity)
{
    static const char *const same[][2] = {
        {"x + 0", "x"},
        {"0 + x", "x"},
        {"x - 0", "x"},
        {"0 - x", "-x"},
        {"1 * x", "x"},
        {"x / 1", "x"},
        {"x * -1", "-x"},
        {"--x", "x"},
        {"x^1", "x"},
        {"x * x", "x^2"},
        {"x + x", "2 * x"},
        {"2 * x * 3", "6 * x"},
        {"b * a", "a * b"},
        {"x * 0", "0 * x"},
        {"x - x", "x - x"},
        {"x / x", "x / x"},
        {"1 / x", "1 / x"},
        {"x^0.5", "x^0.5"},
        {"tanh(-x)", "-tanh(x)"},
        {"cos(-x)", "cos(x)"},
        {"a - (b - c)", "a - (b - c)"},
        {"a - b - c", "a - b - c"},
        {"a / (b * c)", "a / (b * c)"},
        {"where(x > 0, y, y)", "y"},
        {"where(x > 0, where(x > 0, 1, 2), 3)", "where(x > 0, 1, 3)"},
        {"where(x > 0, 1, where(x > 0, 2, 3))", "where(x > 0, 1, 3)"},
        {"where(not(x > 0), 1, 2)", "where(x > 0, 2, 1)"},
        {"abs(abs(x))", "abs(x)"},
        {"abs(x^2)", "x^2"},
        {"abs(x)^2", "x^2"},
        {"(x^2)^2", "x^4"},
        {"(-x)^3", "-x^3"},
        {"(-x)^4", "x^4"},
        {"1 / (1 / x)", "x"},
        {"a / (1 / b)", "a * b"},
        {"x / -1", "-x"},
        {"x / -y", "-x / y"},
        {"1 / -x", "-1 / x"},
        {"3 * x - 2 * x", "x"},
        {"3 * x / (2 * y)", "1.5 * (x / y)"},
        {"-x - y", "-(x + y)"},
    };
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
        cr_expect_str_eq(print(parse(same[i][0])), same[i][1]);
    double inf = INFINITY, nan = NAN;
    cr_expect_eq(evaluate(parse("where(not(x > 0), 1, 2)"), &nan), 1);
    cr_expect_eq(evaluate(parse("1 / (1 / x)"), &inf), inf);
    cr_expect(isnan(evaluate(parse("a / (1 / b)"), (double[]){0, inf})));
    cr_expect(isnan(evaluate(parse("x * 0"), &inf)));
    cr_expect(isnan(evaluate(parse("x - x"), &inf)));
    cr_expect_eq(evaluate(parse("0 / x * x"), &inf), 0); /* the limit */
    cr_expect(isnan(evaluate(parse("0 / x * x"), &(double){0})));
}

/* As of a norm: the square of a root that is 0, not NaN, at 0. */
Test(formula, the_square_of_a_root_is_what_it_was_taken_of_where_that_is_not_negative)
{
    const dg_formula *plain = parse("where(x == 0, 0, sqrt(x))^2"), *scaled = parse("where(x == 0, 0, y * sqrt(x))^2");
    cr_expect_str_eq(print(plain), "where(x >= 0, x, nan)");
    cr_expect_eq(evaluate(plain, (double[]){0}), 0);
    cr_expect_eq(evaluate(plain, (double[]){3}), 3);
    cr_expect(isnan(evaluate(plain, (double[]){-3})));
    cr_expect(isnan(evaluate(plain, (double[]){NAN})));
    cr_expect_eq(evaluate(scaled, (double[]){3, 2}), 12);
    cr_expect(isnan(evaluate(scaled, (double[]){-3, 2})));
}

Test(formula, rewrites_what_overflows)
{
    static const char *const same[][2] = {
        {"log(1 + exp(x))", "softplus(x)"},
        {"log(exp(x) + 1)", "softplus(x)"},
        {"log(1 + x)", "log1p(x)"},
        {"log(1 - x)", "log1p(-x)"},
        {"exp(x) - 1", "expm1(x)"},
        {"1 - exp(x)", "-expm1(x)"},
        {"log1p(exp(2 * x))", "softplus(2 * x)"},
        {"log(1 + 2^(3 * x))", "softplus(2.0794415416798357 * x)"},
        {"log1p(exp(-abs(x))) + max(x, 0)", "softplus(x)"},
        {"max(-x, 0) + log(1 + exp(-abs(x)))", "softplus(-x)"},
        {"exp(x) / (1 + exp(x))", "sigmoid(x)"},
        {"1 / (1 + exp(-x))", "sigmoid(x)"},
        {"1 / (1 + exp(x))", "sigmoid(-x)"},
        {"1 / (1 + exp(-1.5 * x))", "sigmoid(1.5 * x)"},
        {"x / (1 + exp(-x))", "x * sigmoid(x)"},
        {"x * exp(x) / (1 + exp(x))", "x * sigmoid(x)"},
        {"1 / (1 + e^-x)", "sigmoid(x)"},
        {"log(sigmoid(x))", "-softplus(-x)"},
        {"log(1 - sigmoid(x))", "-softplus(x)"},
        {"log(1 / (1 + exp(-x)))", "-softplus(-x)"},
        {"(exp(x) - exp(-x)) / (exp(x) + exp(-x))", "tanh(x)"},
        {"(exp(2 * x) - 1) / (exp(2 * x) + 1)", "tanh(x)"},
        {"2 * sigmoid(2 * x) - 1", "tanh(x)"},
        {"(exp(x) - exp(-x)) / 2", "sinh(x)"},
        {"log(exp(a) + exp(b))", "logaddexp(a, b)"},
        {"exp(a) / (exp(a) + exp(b))", "sigmoid(a - b)"},
        {"log(cosh(x))", "logaddexp(x, -x) - 0.6931471805599453"},
        {"log(exp(x))", "x"},
        {"sqrt(x^2)", "abs(x)"},
        {"1 / sqrt(x)", "rsqrt(x)"},
        {"exp(a) / exp(b)", "exp(a - b)"},
        {"x * tanh(log(1 + exp(x)))", "x * tanh(softplus(x))"},
    };
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
        cr_expect_str_eq(print(parse(same[i][0])), same[i][1], "%s became %s", same[i][0], print(parse(same[i][0])));
}

/* Parsing what was printed gives the very same formula, in this pool and in a fresh one. */
static void expect_round_trip(const dg_formula *formula)
{
    const char *text = print(formula);
    int n = dg_formula_input_count(formula);
    const char *names[16];
    for (int k = 0; k < n; k++)
        names[k] = dg_formula_input_name(formula, k);
    const dg_formula *again;
    dg_status status = dg_formula_parse(pool, text, NULL, 0, names, n, &again);
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
    cr_expect_str_eq(print(again), text);
    dg_formulas *other;
    cr_assert_eq(dg_formulas_new(&other).code, DG_OK);
    status = dg_formula_parse(other, text, NULL, 0, names, n, &again);
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
    cr_expect_str_eq(dg_formula_print(other, again), text);
    dg_formulas_free(other);
}

Test(formula, prints_what_parses_back)
{
    static const char *const texts[] = {
        "x^-(y * z)",
        "(-x)^y",
        "2^x^2",
        "(x^2)^y",
        "-x^2",
        "(a + b) * c",
        "a - (b + c)",
        "a / (b / c)",
        "x / 3 * y * 2",
        "3 / x * y * 2",
        "(a < b) + 1",
        "(a < b) == c",
        "1e-300 * x",
        "x * 1e30",
        "inf - x",
        "nan * x",
        "-(1 / x)",
        "-(a - b) * c",
        "-(2 / x / y)",
        "0 * (0.5 * x)",
        "-1 / x",
        "-(a / b) * c",
        "5 * (x * (y * z))",
        "1 - 2 - x - x * x / 4 / 2",
        "elu(x, 3)",
        "gelu(x)",
        "mish(x)",
        "where(and(a > 0, not(b)), a, max(a, b, 3))",
        "softplus(x, 2)",
        "hypot(a, b)",
        "a^b",
        "atan2(a, b)",
        "0.1 * x * (0.7 * y)",
        "x + sin(2 * x)^2 / 2",
        "logaddexp(a, b)",
        "x * (3 / (2 * x))",
        "a - b * -2 + c * -1",
        "remainder(a, b)",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const dg_formula *formula = parse(texts[i]);
        expect_round_trip(formula);
        for (int k = 0; k < dg_formula_input_count(formula); k++) {
            const dg_formula *vjp;
            expect_round_trip(derivative(formula, k));
            expect_round_trip(derivative(derivative(formula, k), 0));
            cr_assert_eq(dg_formula_vjp(pool, formula, k, &vjp).code, DG_OK);
            expect_round_trip(vjp);
        }
    }
}

/* ---- putting together ---- */

Test(formula, substitutes_and_joins_inputs_by_name)
{
    const dg_formula *outer = parse("a * tanh(b)"), *result, *again;
    const dg_formula *parts[] = {parse("x + y"), parse("y * z")};
    cr_assert_eq(dg_formula_substitute(pool, outer, parts, &result).code, DG_OK);
    cr_expect_eq(dg_formula_input_count(result), 3);
    cr_expect_str_eq(print(result), "(x + y) * tanh(y * z)");
    cr_expect_float_eq(evaluate(result, (double[]){1, 2, 3}), 3 * tanh(6), 1e-15);
    cr_assert_eq(dg_formula_substitute(pool, outer, parts, &again).code, DG_OK);
    cr_expect_eq(result, again);
}

Test(formula, is_not_troubled_by_depth)
{
    enum { DOUBLINGS = 16, DEPTH = 1 << DOUBLINGS };
    const dg_formula *deep = parse("sin(x) + x");
    for (int i = 0; i < DOUBLINGS; i++)
        cr_assert_eq(dg_formula_substitute(pool, deep, &deep, &deep).code, DG_OK);
    double x = 1e-3, value = x, slope = 1;
    for (int i = 0; i < DEPTH; i++) {
        slope *= 1 + cos(value);
        value = sin(value) + value;
    }
    cr_expect_float_eq(evaluate(deep, &x), value, 1e-12);
    cr_expect(close_to(evaluate(derivative(deep, 0), &x), slope, 1e-9, 1e-300));
    cr_expect_eq(dg_formula_flops(deep), 11.0 * DEPTH);
    (void)dg_formula_print(pool, deep); /* may be too long to write down; must come back */
}

/* ---- element types ---- */

Test(formula, finds_the_element_type_to_compute_in)
{
    static const struct {
        const char *text;
        dg_dtype inputs[3];
        int ranks[3];
        dg_dtype compute, result;
    } cases[] = {
        {"x + y", {F, F}, {1, 1}, F, F},
        {"x + y", {F, D}, {1, 2}, D, D},
        {"x + y", {F, D}, {1, 0}, F, F},
        {"x + y", {I, L}, {1, 0}, I, I},
        {"x + y", {L, D}, {1, 0}, D, D},
        {"x + y", {L, L}, {1, 1}, L, L},
        {"x / y", {L, L}, {1, 1}, F, F},
        {"2 * x", {L}, {1}, L, L},
        {"0.5 * x", {L}, {1}, F, F},
        {"exp(x)", {I}, {1}, F, F},
        {"exp(x)", {D}, {1}, D, D},
        {"x^3", {L}, {1}, L, L},
        {"x^y", {L, L}, {1, 1}, F, F},
        {"x > y", {L, L}, {1, 1}, L, B},
        {"x > y", {F, L}, {1, 1}, F, B},
        {"x == y", {B, B}, {1, 1}, B, B},
        {"x + y", {B, B}, {1, 1}, L, L},
        {"where(x, y, z)", {B, F, F}, {1, 1, 1}, F, F},
        {"where(x, y, z)", {D, F, F}, {1, 1, 1}, F, F},
        {"where(x, y, z)", {B, L, L}, {1, 1, 1}, L, L},
        {"where(x, y, z)", {B, B, B}, {1, 1, 1}, B, B},
        {"where(x, y, z)", {B, F, D}, {1, 1, 0}, F, F},
        {"and(x, not(y))", {F, B}, {1, 1}, B, B},
        {"where(x, 1, 0)", {B}, {1}, F, F},
        {"where(x >= 0, 1, 0)", {D}, {1}, D, D},
        {"where(x > y, x > 1, y > 1)", {D, D}, {1, 1}, D, B},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dg_dtype compute, result;
        dg_status status = dg_formula_dtypes(parse(cases[i].text), cases[i].inputs, cases[i].ranks, &compute, &result);
        cr_assert_eq(status.code, DG_OK, "%s", status.message);
        cr_expect_eq(compute, cases[i].compute, "%s (%zu) is computed in %s", cases[i].text, i, dg_dtype_name(compute));
        cr_expect_eq(result, cases[i].result, "%s (%zu) gives %s", cases[i].text, i, dg_dtype_name(result));
    }
    dg_dtype none = DG_DEFAULT_DTYPE, compute, result;
    int rank = 1;
    cr_expect_eq(dg_formula_dtypes(parse("x + 1"), &none, &rank, &compute, &result).code, DG_BAD_DTYPE);
}

Test(formula, counts_work)
{
    cr_expect_eq(dg_formula_flops(parse("x + y")), 1);
    cr_expect_eq(dg_formula_flops(parse("tanh(x)")), 10);
    cr_expect_eq(dg_formula_flops(parse("tanh(x) * tanh(x)")), 11); /* tanh(x)^2: computed once */
}
