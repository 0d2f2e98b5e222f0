/* Formulas in other notations, and what rewriting did to them. */
#include "formula_test.h"

TestSuite(notation, .init = set_up, .fini = tear_down);

static const char *as(const char *text, enum dg_dialect dialect)
{
    const char *made = dg_formula_print_as(pool, parse(text), dialect);
    cr_assert_not_null(made);
    return made;
}

Test(notation, brackets_are_where_each_notation_needs_them)
{
    static const struct {
        const char *text;
        enum dg_dialect dialect;
        const char *wants;
    } cases[] = {
        {"x * sigmoid(2 * x)", DG_LATEX, "x \\, \\sigma\\left(2 \\, x\\right)"},
        {"(x + 1) / (x^2 + 1)", DG_LATEX, "\\frac{x + 1}{x^{2} + 1}"},
        {"where(x > 0, x, 0)", DG_LATEX,
         "\\begin{cases} x & \\text{if } x > 0 \\\\ 0 & \\text{otherwise} \\end{cases}"},
        {"alpha * exp(x)", DG_LATEX, "\\alpha \\, e^{x}"},
        {"1e-20 * x", DG_LATEX, "1 \\cdot 10^{-20} \\, x"},
        {"1 / (2 * x)", DG_C_CODE, "1 / (2.0 * x)"},
        {"a - (b - c)", DG_C_CODE, "a - (b - c)"},
        {"-(x^2) * y", DG_C_CODE, "-(y * square(x))"},
        {"where(x > 0, x, 2)", DG_C_CODE, "(x > 0.0 ? x : 2.0)"},
        {"(-x)^y", DG_TORCH_CODE, "(-x) ** y"},
        {"max(x, 0)", DG_TORCH_CODE, "torch.maximum(T(x), T(0))"},
        {"erf(x) + softplus(x)", DG_JAX_CODE, "jax.nn.softplus(x) + jax.scipy.special.erf(x)"},
        {"and(x > 0, x < 1)", DG_KERAS_CODE, "(x < 1) & (x > 0)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_expect_str_eq(as(cases[i].text, cases[i].dialect), cases[i].wants, "%s: %s", cases[i].text,
                         as(cases[i].text, cases[i].dialect));
}

/* What a framework's own derivative would make NaN at 0. */
Test(notation, divides_by_no_0_in_a_branch_that_is_not_taken)
{
    static const char *const beside = "(x / torch.sinh(x))";
    const char *made = as("x / sinh(x)", DG_TORCH_CODE);
    cr_expect_null(strstr(made, beside), "%s", made);
    cr_expect(strstr(made, "torch.sinh(torch.where(torch.abs(x) < 0.75, T(0.75), T(x)))") ||
                  strstr(made, "torch.sinh(torch.where(torch.abs(x) < 0.75, 0.75, x))"),
              "%s", made);
    cr_expect(strstr(as("x / sinh(x)", DG_C_CODE), "x / sinh(x)"));
    cr_expect_str_eq(as("where(abs(x) < 1, x, 2)", DG_TORCH_CODE), "torch.where(torch.abs(x) < 1, x, 2)");
}

Test(notation, tells_the_rewrites_of_a_text)
{
    dg_rewrite made[8];
    int n;
    cr_assert_eq(dg_formula_rewrites(pool, "x * tanh(log(1 + exp(x)))", NULL, 0, made, 8, &n).code, DG_OK);
    cr_assert_geq(n, 1);
    cr_expect_str_eq(made[n - 1].before, "log(exp(x) + 1)");
    cr_expect_str_eq(made[n - 1].after, "softplus(x)");
    cr_assert_eq(dg_formula_rewrites(pool, "x * x", NULL, 0, made, 8, &n).code, DG_OK);
    cr_expect_eq(n, 0);
    cr_expect_eq(dg_formula_rewrites(pool, "x * (", NULL, 0, made, 8, &n).code, DG_BAD_ARGUMENT);
}

Test(notation, formulas_can_be_kept_as_they_are_written)
{
    dg_formulas_keep_written(pool, true);
    const dg_formula *formula = parse("log(1 + exp(x))");
    cr_expect_str_eq(print(formula), "log(1 + exp(x))");
    double tiny = -40; /* where 1 + exp(x) is 1 */
    cr_expect_eq(evaluate(formula, &tiny), 0);
    dg_formulas_keep_written(pool, false);
    cr_expect_str_eq(print(parse("log(1 + exp(x)) + 0")), "softplus(x)");
}

Test(notation, switches_are_where_pieces_meet)
{
    const dg_formula *list[8];
    int n;
    cr_assert_eq(dg_formula_switches(pool, parse("where(2 * x > 3, x, abs(x)) + min(x, 1)"), list, 8, &n).code, DG_OK);
    cr_expect_eq(n, 3);
    cr_assert_eq(dg_formula_switches(pool, parse("x * tanh(x)"), list, 8, &n).code, DG_OK);
    cr_expect_eq(n, 0);
}
