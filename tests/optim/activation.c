/* The activation lab: facts of known functions against published constants. The constants under N(0, 1), of minima and
 * slopes and of the edge of chaos are mpmath's and SciPy's, independent of this code, compared to their 5 digits. */
#include <criterion/criterion.h>
#include <dotgrad/dotgrad.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
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

Test(activation, has_the_constants_of_known_functions)
{
    static const struct {
        const char *name;
        double inf, inf_at, slope, slope_at, mean, second, slope_second; /* NaN: a limit, or everywhere */
    } known[] = {
        {"silu", -.278465, -1.27846, 1.099839, 2.39936, .20662, .35578, .37948},
        {"gelu", -.169971, -.75179, 1.128904, 1.41421, .28209, .42522, .45585},
        {"mish", -.308843, -1.19243, 1.088498, 1.49057, .24040, .45234, .47908},
        {"elu", -1, NAN, 1, NAN, .16052, .64495, .66810},
        {"selu", -1.758099, NAN, 1.758099, NAN, 0, 1, 1.07157},
        {"tanh", -1, NAN, 1, 0, 0, .39429, .46440},
        {"relu", 0, NAN, 1, NAN, .39894, .5, .5},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        dg_activation *a = analysed(known[i].name, DG_SECTION_SHAPE | DG_SECTION_MEAN_FIELD);
        const dg_fact *inf = fact(a, "inf"), *slope = fact(a, "lipschitz");
        cr_expect_eq(inf->evidence, DG_PROVED, "%s", known[i].name);
        cr_expect_eq(slope->evidence, DG_PROVED, "%s", known[i].name);
        cr_expect(inf->lo <= inf->hi && near(inf->lo, known[i].inf, 1e-6) && near(inf->hi, known[i].inf, 1e-6),
                  "%s: infimum in [%.9g, %.9g]", known[i].name, inf->lo, inf->hi);
        cr_expect(near(slope->lo, known[i].slope, 1e-6) && near(slope->hi, known[i].slope, 1e-6),
                  "%s: slope in [%.9g, %.9g]", known[i].name, slope->lo, slope->hi);
        if (!isnan(known[i].inf_at))
            cr_expect(near(fact(a, "critical_points")->lo, known[i].inf_at, 1e-5), "%s: %s", known[i].name,
                      fact(a, "critical_points")->text);
        cr_expect(near(fact(a, "mean")->lo, known[i].mean, 6e-6), "%s: %s", known[i].name, fact(a, "mean")->text);
        cr_expect(near(fact(a, "second")->lo, known[i].second, 6e-6), "%s: %s", known[i].name, fact(a, "second")->text);
        cr_expect(near(fact(a, "slope_second")->lo, known[i].slope_second, 6e-6), "%s: %s", known[i].name,
                  fact(a, "slope_second")->text);
        dg_activation_free(a);
    }
}

Test(activation, has_the_edge_of_chaos_of_known_functions)
{
    static const struct {
        const char *name;
        double sigma_w, q, q_slope, chi_below;
    } known[] = {
        {"tanh", 1.3041, .51208, NAN, NAN},     {"elu", 1.2293, 1.10693, NAN, NAN},
        {"silu", 1.6795, .68945, 1.0987, .820}, {"gelu", 1.5470, .57564, 1.0950, .776},
        {"mish", 1.4634, .74555, 1.0245, .933},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        dg_activation *a = analysed(known[i].name, DG_SECTION_MEAN_FIELD);
        dg_edge edge;
        cr_assert_eq(dg_activation_edge(a, 0.2, &edge).code, DG_OK);
        cr_expect(near(edge.sigma_w, known[i].sigma_w, 6e-5), "%s: sigma_w %.6f", known[i].name, edge.sigma_w);
        cr_expect(near(edge.q, known[i].q, 6e-6), "%s: q %.7f", known[i].name, edge.q);
        if (!isnan(known[i].q_slope)) {
            cr_expect(near(edge.q_slope, known[i].q_slope, 6e-5), "%s: slope %.6f", known[i].name, edge.q_slope);
            cr_expect(near(fact(a, "chi_below")->lo, known[i].chi_below, 6e-4), "%s: %s", known[i].name,
                      fact(a, "chi_below")->text);
        }
        dg_activation_free(a);
    }
    dg_activation *relu = analysed("relu", DG_SECTION_FORMULA);
    dg_edge edge;
    cr_expect_eq(dg_activation_edge(relu, 0.2, &edge).code, DG_NUMERIC);
    cr_assert_eq(dg_activation_edge(relu, 0, &edge).code, DG_OK);
    cr_expect(near(edge.sigma_w, sqrt(2), 1e-9));
    dg_activation_free(relu);
}

static void expect_same_as(const char *text, const char *name)
{
    dg_activation *a = analysed(text, DG_SECTION_FORMULA);
    dg_relative found[12];
    int n = dg_activation_relatives(a, found, 12), at = -1;
    for (int k = 0; k < n; k++)
        if (strcmp(found[k].entry->name, name) == 0)
            at = k;
    cr_expect(at >= 0 && found[at].distance < 1e-6, "'%s' is not found to be %s", text, name);
    dg_activation_free(a);
}

/* Around a pole both sides cancel: that is no mean. */
Test(activation, has_no_mean_around_a_pole)
{
    dg_activation *a = analysed("1 / x", DG_SECTION_MEAN_FIELD);
    cr_expect(isnan(fact(a, "mean")->lo), "%s", fact(a, "mean")->text);
    dg_activation_free(a);
}

/* What rounding blurs is one zero, or none beside an interval of such. */
Test(activation, tells_zeros_apart_from_rounding)
{
    dg_activation *a = analysed("gelu", DG_SECTION_SHAPE);
    cr_expect_str_eq(fact(a, "zeros")->text, "0; to within rounding from -50 to -38.4766");
    dg_activation_free(a);
    a = analysed("x * exp(x^2)", DG_SECTION_SHAPE);
    cr_expect_str_eq(fact(a, "fixed_points")->text, "0");
    cr_expect_eq(fact(a, "zero_centred")->text[0], 'n', "%s", fact(a, "zero_centred")->text);
    cr_expect(isnan(fact(a, "zero_centred")->lo));
    cr_expect_str_eq(fact(a, "inf_at")->text, "none: for x → −∞");
    dg_activation_free(a);
}

Test(activation, recognises_functions_under_other_names_and_scales)
{
    expect_same_as("x * tanh(log(1 + exp(x)))", "mish");
    expect_same_as("tanh(exp(x)) * x", "tanhexp");
    expect_same_as("tanh(exp(x)) * x", "telu");
    expect_same_as("3 * (2 * x) / (1 + exp(-2 * x)) - 1", "silu");
    expect_same_as("(exp(x) - 1) / (exp(x) + 1)", "sigmoid");
    expect_same_as("softplus(0.7 * x) / 0.7", "softplus");
    expect_same_as("3 * tanh(0.37 * x + 0.3)", "tanh");
    expect_same_as("gelu(0.43 * x + 0.6)", "gelu");
    expect_same_as("tanhexp(0.33 * x + 0.9)", "tanhexp");
    expect_same_as("1 - 2 * elu(0.3 * x - 1)", "elu");
    expect_same_as("softsign(-0.45 * x - 0.6)", "softsign");
    dg_activation *a = analysed("relu", DG_SECTION_RELATIVES);
    for (size_t k = 0; k < dg_activation_count(a); k++)
        cr_expect((!strstr(dg_activation_at(a, k)->text, "relu6: ") &&
                   !strstr(dg_activation_at(a, k)->text, "hard_elish: ")) ||
                      strcmp(dg_activation_at(a, k)->name, "same_as") != 0,
                  "it is not ReLU: %s", dg_activation_at(a, k)->text);
    dg_activation_free(a);
    a = analysed("x * sin(3 * x) * exp(-x^2) + 0.3 * x", DG_SECTION_RELATIVES);
    cr_expect_eq(fact(a, "is_new")->text[0], 'y');
    dg_activation_free(a);
}

/* Limits that mpmath gives at 60 digits: f, f′ and f″ are 0 or x, 1 and 0 to float32's precision there. */
Test(activation, is_right_far_out_in_float32)
{
    static const char *const texts[] = {"x * tanh(log(1 + exp(x)))", "tanh(exp(x)) * x"};
    static const float points[] = {-1e4f, -100, 100, 1e4f};
    for (size_t i = 0; i < 2; i++) {
        dg_activation *a = analysed(texts[i], DG_SECTION_FORMULA);
        dg_formulas *pool;
        dg_arena *arena;
        cr_assert_eq(dg_formulas_new(&pool).code, DG_OK);
        cr_assert_eq(dg_arena_new(&arena).code, DG_OK);
        const dg_formula *f;
        cr_assert_eq(dg_formula_parse(pool, texts[i], NULL, 0, NULL, 0, &f).code, DG_OK);
        for (int order = 0; order < 3; order++) {
            dg_program *program;
            cr_assert_eq(dg_program_make(arena, f, DG_FLOAT32, &program).code, DG_OK);
            for (int k = 0; k < 4; k++) {
                float got;
                dg_shape shape = dg_scalar();
                dg_operand operand = {.dtype = DG_FLOAT32, .data = &points[k]};
                dg_program_run(program, &shape, &operand, DG_FLOAT32, &got, 0, 1);
                double want = order == 0 ? fmax(points[k], 0) : order == 1 ? points[k] > 0 : 0;
                /* At −100 the truth is −100·e⁻¹⁰⁰ = −3.7e-42, below float32's normal numbers. */
                cr_expect(fabs(got - want) <= 1e-5 * fabs(want) + 1e-38, "%s, order %d at %g: %g", texts[i], order,
                          (double)points[k], (double)got);
            }
            cr_assert_eq(dg_formula_derivative(pool, f, 0, &f).code, DG_OK);
        }
        dg_arena_free(arena);
        dg_formulas_free(pool);
        dg_activation_free(a);
    }
}

Test(activation, tells_what_is_proved)
{
    static const struct {
        const char *formula, *fact, *begins;
        dg_evidence evidence;
    } cases[] = {
        {"tanh", "parity", "odd", DG_PROVED},
        {"x * tanh(x)", "parity", "even", DG_PROVED},
        {"where(x > 0, x, -x)", "parity", "even", DG_PROVED},
        {"silu", "parity", "neither", DG_PROVED},
        {"tanh", "monotone", "increasing", DG_PROVED},
        {"exp(-x)", "monotone", "decreasing", DG_PROVED},
        {"mish", "monotone", "no", DG_PROVED},
        {"softplus", "convex", "convex", DG_PROVED},
        {"relu", "convex", "convex", DG_PROVED},
        {"-exp(x)", "convex", "concave", DG_PROVED},
        {"gelu", "convex", "no", DG_PROVED},
        {"step", "lipschitz", "none: f steps", DG_PROVED},
        {"relu", "lipschitz_df", "none: f′ steps", DG_PROVED},
        {"exp(x)", "lipschitz", "none: it is unbounded", DG_PROVED},
        {"x^2", "lipschitz", "none: it is unbounded", DG_PROVED},
        {"relu", "smoothness", "continuous", DG_SAMPLED},
        {"elu", "smoothness", "C¹", DG_SAMPLED},
        {"mish", "smoothness", "smooth", DG_PROVED},
        {"relu", "tail_left", "the constant 0", DG_SAMPLED},
        {"softplus", "tail_right", "the line x", DG_SAMPLED},
        {"relu", "selection", "hard gate", DG_SAMPLED},
        {"mish", "selection", "soft gate with a dip", DG_SAMPLED},
        {"tanh", "selection", "squashing", DG_SAMPLED},
        {"exp(-x^2)", "selection", "bump", DG_SAMPLED},
        {"sin(x)", "selection", "periodic", DG_SAMPLED},
        {"sqrt(x)", "tail_left", "f is not defined there", DG_SAMPLED},
        {"sqrt(x)", "selection", "none: f is not defined on both sides", DG_SAMPLED},
        {"sqrt(x)", "zero_centred", "no: the mean is not finite", DG_COMPUTED},
        {"x * sin(50 * x)", "tail_right", "oscillates", DG_SAMPLED},
        {"x * sin(50 * x)", "attended", "144 bands within |x| ≤ 6", DG_SAMPLED},
        {"x^3", "tail_right", "grows like a power", DG_SAMPLED},
        {"1 / log(2 + abs(x))", "tail_right", "settles slowly", DG_SAMPLED},
        {"floor(x)", "attended", "none", DG_SAMPLED},
        {"floor(x)", "saturated", "100.0 %", DG_SAMPLED},
        {"hardtanh", "ignored", "x < -1.01; x > 1.00", DG_SAMPLED},
        {"abs(x)", "attended", "everywhere", DG_SAMPLED},
        {"-x", "selection", "passes both sides, weighted", DG_SAMPLED},
        {"abs(abs(x) - 1)", "kink", "f′ steps by -2 at x = 0; f′ there is 0", DG_SAMPLED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dg_activation *a = analysed(cases[i].formula, DG_SECTION_SHAPE);
        const dg_fact *found = fact(a, cases[i].fact);
        cr_expect(strncmp(found->text, cases[i].begins, strlen(cases[i].begins)) == 0, "%s, %s: %s", cases[i].formula,
                  cases[i].fact, found->text);
        cr_expect_eq(found->evidence, cases[i].evidence, "%s, %s: %s", cases[i].formula, cases[i].fact,
                     dg_evidence_name(found->evidence));
        dg_activation_free(a);
    }
}

/* Where a bound is not found, a step hides between samples, or f has no value, nothing is proved. */
Test(activation, proves_nothing_of_steps_it_did_not_see_and_bounds_it_did_not_find)
{
    static const struct {
        const char *formula, *fact;
    } cases[] = {
        {"telu", "lipschitz"},
        {"tanhexp", "lipschitz"},
        {"floor(x)", "smoothness"},
        {"floor(x)", "monotone"},
        {"round(x)", "monotone"},
        {"ceil(x)", "smoothness"},
        {"trunc(x)", "monotone"},
        {"remainder(x, 3)", "smoothness"},
        {"fmod(x, 3)", "smoothness"},
        {"x - floor(x)", "smoothness"},
        {"sign(x - 10000000)", "smoothness"},
        {"sign(x - 10000000)", "convex"},
        {"sign(x - 10000000)", "lipschitz"},
        {"max(x, 100000000)", "smoothness"},
        {"tan(x)", "smoothness"},
        {"where(abs(x - 0.0123) < 0.00001, 1, 0) + x", "smoothness"},
        {"where(abs(x - 0.0123) < 0.00001, 1, 0) + x", "monotone"},
        {"where(abs(x - 0.0123) < 0.00001, 1, 0) + x", "lipschitz"},
        {"log(x)", "monotone"},
        {"log(x)", "convex"},
        {"sqrt(x)", "convex"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dg_activation *a = analysed(cases[i].formula, DG_SECTION_SHAPE);
        const dg_fact *found = fact(a, cases[i].fact);
        cr_expect_eq(found->evidence, DG_SAMPLED, "%s, %s: %s", cases[i].formula, cases[i].fact, found->text);
        dg_activation_free(a);
    }
    dg_activation *a = analysed("telu", DG_SECTION_SHAPE); /* SciPy: sup |f′| = 1.06198 */
    const dg_fact *slope = fact(a, "lipschitz");
    cr_expect(near(slope->lo, 1.06198, 1e-5) && slope->hi >= slope->lo, "%s", slope->text);
    dg_activation_free(a);
    static const char *const stepping[] = {"floor(x)", "x - floor(x)", "tan(x)", "remainder(x, 3)"};
    for (size_t i = 0; i < 4; i++) {
        a = analysed(stepping[i], DG_SECTION_SHAPE);
        cr_expect_str_eq(fact(a, "smoothness")->text, "not continuous", "%s", stepping[i]);
        dg_activation_free(a);
    }
}

/* E tan², E exp(x²) and E f′² of sin(1/x) under N(0, 1) do not exist. */
Test(activation, gives_no_figure_where_the_quadrature_does_not_settle)
{
    static const struct {
        const char *formula, *fact;
    } cases[] = {{"tan(x)", "second"}, {"exp(0.5 * x^2)", "second"}, {"sin(1 / x)", "slope_second"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dg_activation *a = analysed(cases[i].formula, DG_SECTION_MEAN_FIELD);
        cr_expect_str_eq(fact(a, cases[i].fact)->text, "not computed", "%s: %s", cases[i].formula,
                         fact(a, cases[i].fact)->text);
        dg_activation_free(a);
    }
    /* E round(3x)² = 9.08333 (SciPy: a sum over the steps), since its steps end panels. */
    dg_activation *a = analysed("round(3 * x)", DG_SECTION_MEAN_FIELD);
    cr_expect(near(fact(a, "second")->lo, 9.08333, 1e-5), "%s", fact(a, "second")->text);
    dg_activation_free(a);
}

/* Range, symmetry, monotonicity and the Lipschitz constant of each activation that ships and takes one input. */
Test(activation, proves_the_shape_of_every_activation_that_ships)
{
    static const char *const facts[] = {"range", "parity", "monotone", "lipschitz"};
    int count = 0;
    for (size_t i = 0; i < dg_op_count(); i++) {
        const dg_op *op = dg_op_at(i);
        dg_activation *a;
        bool one_input = dg_op_input_count(op) == 1 && (op->formula || op->formula_for);
        if (strcmp(op->family, "activation") != 0 || !one_input || strcmp(op->name, "threshold") == 0)
            continue; /* threshold has no defaults */
        dg_status status = dg_activation_analyse(op->name, &(dg_activation_options){.sections = DG_SECTION_SHAPE}, &a);
        cr_assert_eq(status.code, DG_OK, "%s: %s", op->name, status.message);
        /* Of bent_identity, whose formula avoids cancellation in f and not in f′, the bound is known to 2e-4 alone; of
         * tanhexp none is found, since x·eˣ has none that sech²(eˣ) could hold down. */
        size_t n = strcmp(op->name, "bent_identity") == 0 || strcmp(op->name, "tanhexp") == 0 ? 3 : 4;
        for (size_t k = 0; k < n; k++)
            cr_expect_eq(fact(a, facts[k])->evidence, DG_PROVED, "%s, %s: %s", op->name, facts[k],
                         fact(a, facts[k])->text);
        dg_activation_free(a);
        count++;
    }
    cr_expect_geq(count, 30);
}

Test(activation, finds_zeros_extrema_kinks_and_jumps)
{
    dg_activation *a = analysed("x^3 - x", DG_SECTION_SHAPE);
    cr_expect_str_eq(fact(a, "zeros")->text, "-1; 0; 1");
    cr_expect(near(fact(a, "critical_points")->lo, -1 / sqrt(3), 1e-9));
    cr_expect(near(fact(a, "fixed_points")->hi, sqrt(2), 1e-9), "%s", fact(a, "fixed_points")->text);
    dg_activation_free(a);
    a = analysed("sin(x) - 1", DG_SECTION_SHAPE);
    cr_expect(near(fact(a, "zeros")->lo, -15.5 * M_PI, 1e-6), "%s", fact(a, "zeros")->text);
    int listed = 0;
    for (const char *at = fact(a, "zeros")->text; (at = strchr(at, ';')); at++)
        listed++;
    cr_expect_eq(listed, 15, "%s", fact(a, "zeros")->text); /* 2πk + π/2 in |x| ≤ 50: k from −8 to 7 */
    dg_activation_free(a);
    a = analysed("exp(-1000 * (x - 0.7)^2)", DG_SECTION_SHAPE); /* not from −50 to 50: at 0.7 it is 1 */
    cr_expect(strncmp(fact(a, "zeros")->text, "to within rounding from -50 to -0.", 34) == 0, "%s",
              fact(a, "zeros")->text);
    dg_activation_free(a);
    a = analysed("sqrt(x)", DG_SECTION_SHAPE);
    cr_expect(strstr(fact(a, "parity")->text, "not defined") && fact(a, "parity")->evidence == DG_SAMPLED);
    dg_activation_free(a);
    a = analysed("sin(1 / x)", DG_SECTION_SHAPE);
    cr_expect_str_eq(fact(a, "f0")->text, "not defined");
    cr_expect(fact(a, "f0")->evidence == DG_SAMPLED && fact(a, "df0")->evidence == DG_SAMPLED);
    dg_activation_free(a);
    a = analysed("hardshrink", DG_SECTION_SHAPE);
    cr_expect(fabs(fact(a, "jump")->lo) == 0.5, "%s", fact(a, "jump")->text);
    dg_activation_free(a);
    a = analysed("sign(x - 1e7)", DG_SECTION_SHAPE);
    cr_expect_eq(fact(a, "jump")->lo, 1e7);
    dg_activation_free(a);
    a = analysed("where(2 * x > 3, x, 1.5)", DG_SECTION_SHAPE);
    cr_expect_eq(fact(a, "kink")->lo, 1.5);
    dg_activation_free(a);
}

Test(activation, checks_derivatives_and_compares_float32_before_and_after_rewriting)
{
    dg_activation *a = analysed("x * tanh(log(1 + exp(x)))", DG_SECTION_NUMERICS);
    cr_expect_eq(fact(a, "nan")->lo, 0, "%s", fact(a, "nan")->text);
    cr_expect(strncmp(fact(a, "check_differences")->text, "agree", 5) == 0, "%s", fact(a, "check_differences")->text);
    cr_expect(strncmp(fact(a, "check_modes")->text, "agree", 5) == 0, "%s", fact(a, "check_modes")->text);
    cr_expect_lt(fact(a, "ulp_f")->lo, 256);
    cr_expect_gt(fact(a, "ulp_f_written")->lo, 256);
    dg_activation_free(a);
}

Test(activation, reads_formulas_parameters_and_names)
{
    dg_activation *a = analysed("x * sigmoid(beta * x), beta=parameter(1.5, min=0, per=channel)", DG_SECTION_FORMULA);
    cr_assert_eq(dg_activation_parameter_count(a), 1);
    const dg_activation_parameter *beta = dg_activation_parameter_at(a, 0);
    cr_expect(beta->value == 1.5 && beta->min == 0 && beta->trainable);
    cr_expect_str_eq(dg_activation_text(a, 0), "x * sigmoid(1.5 * x)");
    cr_expect_str_eq(dg_activation_free_text(a), "x * sigmoid(beta * x)");
    cr_expect(strstr(fact(a, "df_dparameter")->text, "sigmoid"), "%s", fact(a, "df_dparameter")->text);
    dg_activation_free(a);
    a = analysed("swish(beta=2)", DG_SECTION_FORMULA);
    cr_expect_str_eq(dg_activation_text(a, 0), "x * sigmoid(2 * x)");
    dg_activation_free(a);
    a = analysed("elu(alpha=2)", DG_SECTION_FORMULA);
    cr_expect_str_eq(dg_activation_text(a, 0), "where(x <= 0, 2 * expm1(x), x)");
    dg_activation_free(a);
}

Test(activation, explains_what_is_wrong_with_a_formula)
{
    static const struct {
        const char *formula, *message;
    } cases[] = {
        {"", "the formula is empty"},
        {"x * tan(", "at column 9"},
        {"x ** 2", "at column 4"},
        {"x * beta", "'beta' has no value"},
        {"1 + 2", "does not depend on x"},
        {"x * b, b=one", "'one' is not a number"},
        {"x, b=1", "does not use 'b'"},
        {"x * b, b=1e400", "b is inf, expected a finite number"},
        {"x * b, b=nan", "b is nan, expected a finite number"},
        {"x * b, b=parameter(1, min=2)", "not between its bounds"},
        {"swish(gamma=2)", "has no argument 'gamma'"},
        {"erfact(gamma=2)", "has no parameter 'gamma'"},
        {"crelu", "two outputs"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dg_activation *a;
        dg_status status = dg_activation_analyse(cases[i].formula, NULL, &a);
        cr_expect_eq(status.code, DG_BAD_ARGUMENT, "%s", cases[i].formula);
        cr_expect_null(a);
        cr_expect(strstr(status.message, cases[i].message), "'%s' gave: %s", cases[i].formula, status.message);
    }
    cr_expect_eq(dg_activation_analyse(NULL, NULL, NULL).code, DG_BAD_ARGUMENT);
}

Test(activation, catalogue_has_published_functions_that_parse)
{
    size_t with_formula = 0;
    for (size_t k = 0; k < dg_catalogue_count(); k++) {
        const dg_catalogue_entry *entry = dg_catalogue_at(k);
        cr_expect_eq(dg_catalogue_find(entry->name), entry, "%s", entry->name);
        char aliases[400], *rest = NULL;
        cr_assert_lt((size_t)snprintf(aliases, sizeof aliases, "%s", entry->aliases), sizeof aliases);
        for (char *alias = strtok_r(aliases, ",", &rest); alias; alias = strtok_r(NULL, ",", &rest))
            cr_expect_eq(dg_catalogue_find(alias), entry, "%s of %s is another's name, too", alias, entry->name);
        cr_expect(*entry->source && *entry->title, "%s", entry->name);
        if (entry->left_out) {
            cr_expect(*entry->left_out, "%s says nothing of why", entry->name);
            continue;
        }
        with_formula++;
        dg_activation_free(analysed(entry->formula, DG_SECTION_FORMULA));
    }
    cr_expect_geq(with_formula, 250);
    cr_expect_eq(dg_catalogue_find("Swish"), dg_catalogue_find("swish"));
    cr_expect_null(dg_catalogue_find("no such function"));
    cr_expect_null(dg_catalogue_at(dg_catalogue_count()));
}

Test(activation, critical_initialiser_has_the_deviation_of_the_edge)
{
    static const struct {
        const char *call;
        double sigma_w;
    } cases[] = {{"critical(relu)", 1.41421},
                 {"critical(tanh)", 1.3041},
                 {"critical(tanh, sigma_b=0)", 1},
                 {"critical(mish)", 1.4634},
                 {"critical(mish, sigma_b=0.2)", 1.4634}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dg_arena *arena;
        dg_value init;
        dg_tensor weight;
        cr_assert_eq(dg_arena_new(&arena).code, DG_OK);
        cr_assert_eq(dg_value_parse(arena, cases[i].call, &init).code, DG_OK);
        cr_assert_eq(dg_tensor_make(&weight, DG_FLOAT32, DG_SHAPE(400, 100)).code, DG_OK);
        dg_random key = {.seed = 7};
        dg_status status = dg_init_fill(&weight, &init, &key);
        cr_assert_eq(status.code, DG_OK, "%s", status.message);
        double square = 0;
        for (int64_t k = 0; k < 40000; k++)
            square += dg_tensor_get(&weight, k) * dg_tensor_get(&weight, k);
        /* 40,000 numbers: the deviation is known to 1/√80000 = 0.35 %; four times that. */
        cr_expect(fabs(sqrt(square / 40000) * 10 / cases[i].sigma_w - 1) < 0.015, "%s: %g", cases[i].call,
                  sqrt(square / 400));
        dg_tensor_release(&weight);
        dg_arena_free(arena);
    }
}

/* What goes to 1 leaves no digits of what is left: at all sizes of x, but next to zeros of f″. */
Test(activation, second_derivatives_keep_their_digits)
{
    static const char *const names[] = {"silu", "mish", "softplus", "tanh", "sigmoid"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        dg_activation *a = analysed(names[k], DG_SECTION_NUMERICS);
        const char *lost = strstr(fact(a, "ulp_d2f")->text, "more than 8 bits lost at ");
        cr_expect(!lost || strtod(lost + 25, NULL) < 0.2, "%s: %s", names[k], fact(a, "ulp_d2f")->text);
        dg_activation_free(a);
    }
}

/* It rises everywhere, which intervals do not prove. */
Test(activation, tells_of_no_dip_that_is_not_known)
{
    dg_activation *a = analysed("(exp(x) - exp(0.5 * x)) / x", DG_SECTION_SHAPE);
    cr_expect_str_eq(fact(a, "selection")->text, "soft gate: passes one side, closes on the other");
    dg_activation_free(a);
}
