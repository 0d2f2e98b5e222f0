/* True values by GNU MPFR: against mpmath's, and inside what interval arithmetic encloses, for every published
 * function. */
#include <criterion/criterion.h>
#include <dotgrad/dotgrad.h>
#include <dotgrad/interval.h>
#include <math.h>

#include "command.h"
#include "tools/lab/lab.h"

/* mpmath, 60 digits. */
Test(exact, has_the_values_of_mpmath)
{
    static const struct {
        const char *formula;
        double x, value;
    } cases[] = {
        {"x * tanh(softplus(x))", -20, -4.122307240628761e-08},
        {"1 - tanh(x)^2", 40, 7.219405551381661e-35}, /* 116 bits are lost on the way */
        {"normal_cdf(x)", -10, 7.619853024160526e-24},
        {"x - tanh(x)", 1e-8, 3.333333333333333e-25},
        {"where(x > 0, x, 0.25 * x)", -3, -0.75},
        {"squareplus(x, 4)", -100, 0.009999000199950014},
        {"logaddexp(x, 1)", 2, 2.3132616875182228},
        {"remainder(x, 3)", -1, 2},
    };
    exact *e;
    cr_assert_eq(exact_new(&e).code, DG_OK);
    cr_assert_not_null(e);
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        double value;
        cr_assert(exact_value(e, cases[k].formula, cases[k].x, &value), "%s", cases[k].formula);
        cr_expect(fabs(value - cases[k].value) <= 4e-16 * fabs(cases[k].value), "%s at %g: %.17g", cases[k].formula,
                  cases[k].x, value);
    }
    double value;
    cr_expect_not(exact_value(e, "log(x)", -1, &value));
    cr_expect_not(exact_value(e, "no formula(", 1, &value));
    exact_free(e);
}

static void expect_inside(exact *e, const dg_activation *a, int order, dg_formulas *pool)
{
    static const double points[] = {-300.5, -20, -3, -1.25, -0.3, -1e-5, 1e-9, 0.7, 2, 11, 90.25, 5000};
    const char *names[1] = {"x"}, *text = dg_activation_text(a, order);
    const dg_formula *f;
    dg_enclosure *enclosure;
    cr_assert_eq(dg_formula_parse(pool, text, NULL, 0, names, 1, &f).code, DG_OK, "%s", text);
    cr_assert_eq(dg_enclosure_new(pool, &f, 1, &enclosure).code, DG_OK);
    for (size_t k = 0; k < sizeof points / sizeof *points; k++) {
        dg_interval x = dg_interval_of(points[k], points[k]), y;
        double value;
        dg_enclose(enclosure, &x, &y);
        if (!exact_value(e, text, points[k], &value) || y.partial || fabs(value) > 1e300)
            continue;
        double slack = 4e-16 * fabs(value) + 0x1p-159; /* rounded to float64; below, MPFR is not asked for more */
        cr_expect(value >= y.lo - slack && value <= y.hi + slack, "%s at %g: %.17g is not in [%.17g, %.17g]", text,
                  points[k], value, y.lo, y.hi);
    }
    dg_enclosure_free(enclosure);
}

Test(exact, is_inside_the_enclosures_of_every_published_function)
{
    exact *e;
    cr_assert_eq(exact_new(&e).code, DG_OK);
    for (size_t k = 0; k < dg_catalogue_count(); k++) {
        const dg_catalogue_entry *entry = dg_catalogue_at(k);
        const dg_activation_options options = {.sections = DG_SECTION_FORMULA};
        dg_activation *a;
        dg_formulas *pool;
        if (entry->left_out)
            continue;
        cr_assert_eq(dg_activation_analyse(entry->formula, &options, &a).code, DG_OK);
        cr_assert_eq(dg_formulas_new(&pool).code, DG_OK);
        for (int order = 0; order < 3; order++)
            expect_inside(e, a, order, pool);
        dg_formulas_free(pool);
        dg_activation_free(a);
    }
    exact_free(e);
}

/* Points that interval arithmetic cannot decide are decided. */
Test(exact, is_what_errors_are_measured_against)
{
    dg_activation *plain, *measured;
    exact *e;
    cr_assert_eq(exact_new(&e).code, DG_OK);
    const dg_activation_options options = {.sections = DG_SECTION_NUMERICS,
                                           .samples = 512,
                                           .reference = exact_value,
                                           .reference_argument = e,
                                           .reference_name = exact_name()};
    const dg_activation_options usual = {.sections = DG_SECTION_NUMERICS, .samples = 512};
    cr_assert_eq(dg_activation_analyse("x * tanh(exp(x))", &options, &measured).code, DG_OK);
    cr_assert_eq(dg_activation_analyse("x * tanh(exp(x))", &usual, &plain).code, DG_OK);
    cr_expect(strncmp(dg_activation_fact(measured, "reference")->text, "GNU MPFR", 8) == 0);
    cr_expect_str_eq(dg_activation_fact(plain, "reference")->text, "interval arithmetic in float64");
    cr_expect_null(strstr(dg_activation_fact(measured, "ulp_f")->text, "not decided"), "%s",
                   dg_activation_fact(measured, "ulp_f")->text);
    cr_expect(fabs(dg_activation_fact(measured, "ulp_f")->lo - dg_activation_fact(plain, "ulp_f")->lo) < 0.02, "%s",
              dg_activation_fact(plain, "ulp_f")->text);
    dg_activation_free(plain);
    dg_activation_free(measured);
    exact_free(e);
}

/* Goes on until so much is done. */
static bool goes_on(void *argument, double done)
{
    double *asked = argument;
    asked[1] = done;
    return done < asked[0];
}

static const dg_fact *said(const dg_activation *a, const char *name, const char *words)
{
    const dg_fact *fact = dg_activation_fact(a, name);
    cr_assert_not_null(fact, "%s", name);
    cr_expect(strstr(fact->text, words), "%s: %s", fact->label, fact->text);
    return fact;
}

/* Over numbers of all sizes, of which the smallest come first by their bits; and nothing is proved by a part of them.
 */
Test(exact, an_interrupted_comparison_says_how_far_it_came_and_what_decided)
{
    double asked[2] = {0x1p-15, -1};
    exact *e;
    cr_assert_eq(exact_new(&e).code, DG_OK);
    dg_activation *a;
    const dg_activation_options options = {.sections = DG_SECTION_NUMERICS,
                                           .exhaustive = true,
                                           .progress = goes_on,
                                           .progress_argument = asked,
                                           .reference = exact_value,
                                           .reference_argument = e,
                                           .reference_name = exact_name()};
    cr_assert_eq(dg_activation_analyse("silu", &options, &a).code, DG_OK);
    cr_expect_eq(asked[1], asked[0]);
    cr_expect_eq(said(a, "compared", "spread evenly: interrupted")->lo, 100 * asked[0]);
    said(a, "reference", "interval arithmetic in float64 at ");
    const dg_fact *worst = said(a, "ulp_f", "worst error ");
    cr_expect_eq(worst->evidence, DG_SAMPLED);
    cr_expect(fabs(number_after(worst->text, "at x = ")) > 1e-10, "%s", worst->text);
    said(a, "overflow_f", "0 of 130560");
    dg_activation_free(a);
    asked[0] = 0;
    cr_assert_eq(dg_activation_analyse("silu", &options, &a).code, DG_OK);
    said(a, "compared", "4096 numbers: interrupted before the first of all");
    said(a, "reference", "GNU MPFR ");
    dg_activation_free(a);
    exact_free(e);
}
