/* The activation lab: ends of domains, poles, kinks that come again, moments of wide distributions, and functions as
 * ops. */
#include <criterion/criterion.h>
#include <dotgrad/dotgrad.h>
#include <math.h>
#include <string.h>

static dg_activation *analysed(const char *text, unsigned sections)
{
    dg_activation *a;
    dg_status status = dg_activation_analyse(text, &(dg_activation_options){.sections = sections}, &a);
    cr_assert_eq(status.code, DG_OK, "%s: %s", text, status.message);
    return a;
}

static const dg_fact *fact(const dg_activation *a, const char *name)
{
    const dg_fact *found = dg_activation_fact(a, name);
    cr_assert_not_null(found, "%s has no fact '%s'", dg_activation_name(a), name);
    return found;
}

static bool near(double got, double want, double tolerance)
{
    return fabs(got - want) <= tolerance;
}

static int count_facts(const dg_activation *a, const char *name)
{
    int n = 0;
    for (size_t k = 0; k < dg_activation_count(a); k++)
        n += strcmp(dg_activation_at(a, k)->name, name) == 0;
    return n;
}

Test(activation_breaks, tells_ends_and_poles_from_jumps)
{
    dg_activation *a = analysed("sqrt(x)", DG_SECTION_SHAPE);
    cr_expect_eq(fact(a, "domain_end")->lo, 0);
    cr_expect_eq(count_facts(a, "jump"), 0);
    cr_expect_null(strstr(fact(a, "lipschitz")->text, "steps"), "%s", fact(a, "lipschitz")->text);
    cr_expect_eq(fact(a, "lipschitz")->lo, INFINITY); /* f′ = 1/(2√x) */
    dg_activation_free(a);
    a = analysed("sqrt(x + 1) * 0 + clamp(x, min=-0.5, max=0.5)", DG_SECTION_SHAPE); /* on its domain 1 is one */
    cr_expect_eq(fact(a, "domain_end")->lo, -1);
    cr_expect_null(strstr(fact(a, "lipschitz")->text, "steps"), "%s", fact(a, "lipschitz")->text);
    dg_activation_free(a);
    a = analysed("where(x > 0, x, sin(x))", DG_SECTION_SHAPE); /* f‴ steps from −1 to 0 */
    cr_expect_str_eq(fact(a, "smoothness")->text, "C²");
    cr_expect_str_eq(fact(a, "bend")->text, "f‴ steps by 1 at x = 0");
    dg_activation_free(a);
    a = analysed("relu", DG_SECTION_SHAPE);
    cr_expect_str_eq(fact(a, "zeros")->text, "everywhere from -50 to 0");
    dg_activation_free(a);
    a = analysed("1 / x", DG_SECTION_SHAPE);
    cr_expect_eq(fact(a, "pole")->lo, 0);
    cr_expect_neq(fact(a, "monotone")->evidence, DG_PROVED);
    dg_activation_free(a);
    a = analysed("hardshrink", DG_SECTION_SHAPE);
    cr_expect_eq(fact(a, "lipschitz")->evidence, DG_PROVED);
    cr_expect_str_eq(fact(a, "lipschitz")->text, "none: f steps");
    dg_activation_free(a);
}

Test(activation_breaks, tells_the_period_of_kinks_that_come_again)
{
    static const struct {
        const char *formula, *name;
        double period;
        int listed;
    } cases[] = {
        {"abs(sin(x))", "kink", M_PI, 1}, {"min(sin(x), 0.5)", "kink", 2 * M_PI, 2}, {"x - floor(x)", "jump", 1, 1}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        dg_activation *a = analysed(cases[k].formula, DG_SECTION_SHAPE);
        cr_expect(near(fact(a, "period")->lo, cases[k].period, 1e-9), "%s: %s", cases[k].formula,
                  fact(a, "period")->text);
        cr_expect_eq(count_facts(a, cases[k].name), cases[k].listed, "%s", cases[k].formula);
        dg_activation_free(a);
    }
    dg_activation *a = analysed("hardtanh", DG_SECTION_SHAPE);
    cr_expect_eq(count_facts(a, "period"), 0);
    dg_activation_free(a);
}

/* A narrow spike far out carries all of E f² of a wide distribution: panels of one width miss it. */
Test(activation_breaks, does_not_tell_moments_that_do_not_settle)
{
    dg_moments m;
    dg_activation *a = analysed("tanh(x) + 1e3 * exp(-1e6 * (x - 300.7)^2)", DG_SECTION_FORMULA);
    cr_expect_eq(dg_activation_moments(a, 1, &m).code, DG_OK);
    cr_expect_eq(dg_activation_moments(a, 1e4, &m).code, DG_NUMERIC);
    dg_activation_free(a);
}

/* The slope is measured far out, and 1 but for rounding. */
Test(activation_breaks, tells_the_line_that_a_function_comes_near_to)
{
    dg_activation *a = analysed("x * sigmoid(x) + 0.5 * tanh(x)", DG_SECTION_SHAPE);
    cr_expect_str_eq(fact(a, "tail_right")->text, "the line x + 0.5");
    dg_activation_free(a);
}

Test(activation_breaks, is_an_op_of_a_graph)
{
    static const char *const cases[][2] = {
        {"mish", "mish"},
        {"elu(alpha=2)", "elu(alpha=2)"},
        {"x * sigmoid(b * x) + c * x, b=parameter(1.5, max=4, min=0, per=channel), c=0.25",
         "expr(x * sigmoid(b * x) + c * x, b=parameter(1.5, min=0, max=4, per=channel), c=0.25)"},
        {"erfact(a=0.5)", "expr(x * erf(a * exp(b * x)), a=0.5, b=parameter(0.75))"}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        dg_activation *a = analysed(cases[k][0], DG_SECTION_FORMULA);
        cr_expect_str_eq(dg_activation_call(a), cases[k][1]);
        dg_activation_free(a);
    }
    cr_expect_null(dg_activation_call(NULL));
}

/* A slope that goes steeply through 0 has a mean: of x·σ(cx) + min(x, 0)² it is ½ − √(2/π), for any c, since the slope
 * of x·σ(cx) at x and −x is 1 together. */
Test(activation_breaks, has_the_mean_of_a_slope_that_changes_its_sign)
{
    static const char *const formulas[] = {"x * sigmoid(1.5 * x) + min(x, 0)^2", "x * sigmoid(x) + min(x, 0)^2"};
    for (int k = 0; k < 2; k++) {
        dg_activation *a = analysed(formulas[k], DG_SECTION_MEAN_FIELD);
        cr_expect(near(fact(a, "slope")->lo, 0.5 - sqrt(2 / M_PI), 1e-6), "%s: %s", formulas[k],
                  fact(a, "slope")->text);
        dg_activation_free(a);
    }
    static const char *const poles[] = {"log(abs(x))", "log(abs(x)) + x", "0.01 * log(abs(x)) + x^2 + x"};
    for (int k = 0; k < 3; k++) {
        dg_activation *a = analysed(poles[k], DG_SECTION_MEAN_FIELD);
        const dg_fact *slope = dg_activation_fact(a, "slope");
        cr_expect(!slope || isnan(slope->lo), "%s: %s", poles[k], slope ? slope->text : "");
        dg_activation_free(a);
    }
}
