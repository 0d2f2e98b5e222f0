/* Elementwise and comparison ops: against the C library, at singular points, with NaN, on integers, and their errors.
 */
#include "../support.h"

static dg_node *apply(const char *op, int n_inputs, dg_node *const *inputs)
{
    return dg_apply(&(dg_application){.op = op, .at = DG_HERE, .n_inputs = n_inputs, .inputs = inputs});
}

static dg_node *unary(const char *op, dg_node *x)
{
    return apply(op, 1, &x);
}

static double square(double x)
{
    return x * x;
}

static double rsqrt(double x)
{
    return 1 / sqrt(x);
}

static double reciprocal(double x)
{
    return 1 / x;
}

static double frac(double x)
{
    return x - trunc(x);
}

static double negate(double x)
{
    return -x;
}

static double same(double x)
{
    return x;
}

static double sign_of(double x)
{
    return (double)((x > 0) - (x < 0));
}

static const struct {
    const char *op;
    double (*function)(double);
    double at[4];
} functions[] = {
    {"identity", same, {-1.5, 0, 2, 1e300}},
    {"abs", fabs, {-1.5, 0, 2, -1e300}},
    {"neg", negate, {-1.5, 0, 2, 1e300}},
    {"sign", sign_of, {-1.5, 0, 2, 1e-300}},
    {"ceil", ceil, {-1.5, 0, 2.1, 1e300}},
    {"floor", floor, {-1.5, 0, 2.1, -1e300}},
    {"round", rint, {-1.5, 0.5, 2.5, 2.6}},
    {"trunc", trunc, {-1.5, 0.5, 2.9, -2.9}},
    {"frac", frac, {-1.5, 0.25, 2.75, 3}},
    {"square", square, {-1.5, 0, 2.1, 1e-3}},
    {"sqrt", sqrt, {0, 1e-8, 2, 1e10}},
    {"rsqrt", rsqrt, {1e-8, 0.5, 2, 1e10}},
    {"reciprocal", reciprocal, {-2, 1e-8, 3, 7}},
    {"exp", exp, {-700, -1.5, 0, 20}},
    {"exp2", exp2, {-20.5, -1, 0, 10}},
    {"expm1", expm1, {-40, -1e-9, 1e-5, 3}},
    {"log", log, {1e-8, 0.5, 1, 1e9}},
    {"log2", log2, {1e-8, 0.5, 8, 1e9}},
    {"log10", log10, {1e-8, 0.5, 1000, 3}},
    {"log1p", log1p, {-0.5, 1e-9, 1, 1e9}},
    {"sin", sin, {-3, 0, 1, 10}},
    {"cos", cos, {-3, 0, 1, 10}},
    {"tan", tan, {-1, 0, 1, 10}},
    {"asin", asin, {-1, 0, 0.5, 1}},
    {"acos", acos, {-1, 0, 0.5, 1}},
    {"atan", atan, {-1e6, 0, 0.5, 10}},
    {"sinh", sinh, {-3, 1e-5, 1, 10}},
    {"cosh", cosh, {-3, 0, 1, 10}},
    {"asinh", asinh, {-3, 1e-6, 1, 10}},
    {"acosh", acosh, {1, 1.5, 2, 10}},
    {"atanh", atanh, {-0.9, 1e-6, 0.5, 0.99}},
    {"erf", erf, {-3, 1e-6, 0.5, 6}},
    {"erfc", erfc, {-3, 0, 0.5, 5}},
};

Test(elementwise, functions_agree_with_the_c_library)
{
    for (size_t k = 0; k < sizeof functions / sizeof functions[0]; k++) {
        trial *t = trial_new(DG_FLOAT64);
        const dg_tensor *y = trial_run(t, unary(functions[k].op, trial_input(t, DG_SHAPE(4), functions[k].at)));
        for (int i = 0; i < 4; i++) {
            double want = functions[k].function(functions[k].at[i]), got = dg_tensor_get(y, i);
            cr_expect(got == want || fabs(got - want) <= 4e-14 * fabs(want), "%s(%g) is %.17g, expected %.17g",
                      functions[k].op, functions[k].at[i], got, want);
        }
        trial_free(t);
    }
}

Test(elementwise, a_nan_goes_through_every_function)
{
    for (size_t k = 0; k < sizeof functions / sizeof functions[0]; k++) {
        trial *t = trial_new(DG_FLOAT32);
        const dg_tensor *y = trial_run(t, unary(functions[k].op, trial_input(t, DG_SHAPE(1), DATA(NAN))));
        bool gone = strcmp(functions[k].op, "sign") == 0; /* 0, as in PyTorch */
        cr_expect(gone || isnan(dg_tensor_get(y, 0)), "%s", functions[k].op);
        trial_free(t);
    }
}

Test(elementwise, binary_functions_broadcast)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *a = trial_input(t, DG_SHAPE(2, 1), DATA(7.5, -7.5)), *b = trial_input(t, DG_SHAPE(3), DATA(2, -2, 0.5));
    dg_shape shape = DG_SHAPE(2, 3);
    expect_values(trial_run(t, dg_add(a, b)), shape, 0, DATA(9.5, 5.5, 8, -5.5, -9.5, -7));
    expect_values(trial_run(t, dg_sub(a, b)), shape, 0, DATA(5.5, 9.5, 7, -9.5, -5.5, -8));
    expect_values(trial_run(t, dg_mul(a, b)), shape, 0, DATA(15, -15, 3.75, -15, 15, -3.75));
    expect_values(trial_run(t, dg_div(a, b)), shape, 0, DATA(3.75, -3.75, 15, -3.75, 3.75, -15));
    expect_values(trial_run(t, dg_maximum(a, b)), shape, 0, DATA(7.5, 7.5, 7.5, 2, -2, 0.5));
    expect_values(trial_run(t, dg_minimum(a, b)), shape, 0, DATA(2, -2, 0.5, -7.5, -7.5, -7.5));
    expect_values(trial_run(t, dg_fmod(a, b)), shape, 0, DATA(1.5, 1.5, 0, -1.5, -1.5, 0));
    expect_values(trial_run(t, dg_remainder(a, b)), shape, 0, DATA(1.5, -0.5, 0, 0.5, -1.5, 0));
    expect_values(
        trial_run(t, dg_atan2(a, b)), shape, 1e-15,
        DATA(atan2(7.5, 2), atan2(7.5, -2), atan2(7.5, 0.5), atan2(-7.5, 2), atan2(-7.5, -2), atan2(-7.5, 0.5)));
    expect_values(trial_run(t, dg_hypot(a, b)), shape, 1e-15,
                  DATA(hypot(7.5, 2), hypot(7.5, 2), hypot(7.5, 0.5), hypot(7.5, 2), hypot(7.5, 2), hypot(7.5, 0.5)));
    trial_free(t);
}

Test(elementwise, logaddexp_does_not_overflow)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *a = trial_input(t, DG_SHAPE(6), DATA(1e4, -1e4, 0, -INFINITY, -INFINITY, INFINITY));
    dg_node *b = trial_input(t, DG_SHAPE(6), DATA(1e4, -1e4 + 1, 0, 2, -INFINITY, -INFINITY));
    expect_values(trial_run(t, dg_logaddexp(a, b)), DG_SHAPE(6), 1e-15,
                  DATA(1e4 + log(2), -1e4 + log(1 + exp(1)), log(2), 2, -INFINITY, INFINITY));
    trial_free(t);
}

Test(elementwise, ties_share_the_gradient)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(3), DATA(-1, 0, 1)), *zero = trial_input(t, dg_scalar(), DATA(0));
    expect_values(trial_run(t, trial_grad(dg_maximum(x, zero), x)), DG_SHAPE(3), 0, DATA(0, 0.5, 1));
    expect_values(trial_run(t, trial_grad(dg_minimum(x, zero), x)), DG_SHAPE(3), 0, DATA(1, 0.5, 0));
    expect_values(trial_run(t, trial_grad(dg_maximum(x, zero), zero)), dg_scalar(), 0, DATA(1.5));
    trial_free(t);
}

Test(elementwise, clamp_has_the_gradient_0_at_its_bounds)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(6), DATA(-2, -1, 0, 1, 2, NAN));
    expect_values(trial_run(t, dg_clamp(x, .min = -1, .max = 1)), DG_SHAPE(6), 0, DATA(-1, -1, 0, 1, 1, NAN));
    expect_values(trial_run(t, trial_grad(dg_clamp(x, .min = -1, .max = 1), x)), DG_SHAPE(6), 0,
                  DATA(0, 0, 1, 0, 0, 1));
    expect_values(trial_run(t, dg_clamp(x, .min = 0)), DG_SHAPE(6), 0, DATA(0, 0, 0, 1, 2, NAN));
    expect_values(trial_run(t, trial_grad(dg_clamp(x, .min = 0), x)), DG_SHAPE(6), 0, DATA(0, 0, 0, 1, 1, 1));
    expect_values(trial_run(t, dg_clamp(x, .max = 0)), DG_SHAPE(6), 0, DATA(-2, -1, 0, 0, 0, NAN));
    expect_values(trial_run(t, dg_clamp(x, .min = 2, .max = 1)), DG_SHAPE(6), 0, DATA(1, 1, 1, 1, 1, NAN));
    expect_failure((dg_clamp(x), dg_graph_status(t->graph)), DG_BAD_ARGUMENT, "clamp");
    trial_free(t);
}

Test(elementwise, pow_takes_a_number_or_an_input)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(3), DATA(0, 2, 3)), *y = trial_input(t, DG_SHAPE(3), DATA(0, -1, 0.5));
    expect_values(trial_run(t, dg_pow(x, .exponent = 3)), DG_SHAPE(3), 0, DATA(0, 8, 27));
    expect_values(trial_run(t, dg_pow(x, .other = y)), DG_SHAPE(3), 1e-15, DATA(1, 0.5, sqrt(3)));
    expect_values(trial_run(t, trial_grad(dg_pow(x, .exponent = 3), x)), DG_SHAPE(3), 1e-15, DATA(0, 12, 27));
    expect_values(trial_run(t, trial_grad(dg_pow(x, .other = y), y)), DG_SHAPE(3), 1e-15,
                  DATA(0, 0.5 * log(2), sqrt(3) * log(3)));
    expect_failure((dg_pow(x), dg_graph_status(t->graph)), DG_BAD_ARGUMENT, "pow");
    trial_free(t);
    t = trial_new(DG_FLOAT64);
    x = trial_input(t, DG_SHAPE(1), DATA(1));
    expect_failure((dg_pow(x, .other = x, .exponent = 2), dg_graph_status(t->graph)), DG_BAD_ARGUMENT, "pow");
    trial_free(t);
}

Test(elementwise, derivatives_at_singular_points_are_defined)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(1), DATA(0)), *y = trial_input(t, DG_SHAPE(1), DATA(0));
    expect_values(trial_run(t, trial_grad(dg_abs(x), x)), DG_SHAPE(1), 0, DATA(0));
    expect_values(trial_run(t, trial_grad(dg_hypot(x, y), x)), DG_SHAPE(1), 0, DATA(0));
    expect_values(trial_run(t, trial_grad(dg_sqrt(x), x)), DG_SHAPE(1), 0, DATA(INFINITY));
    expect_values(trial_run(t, trial_grad(dg_square(x), x)), DG_SHAPE(1), 0, DATA(0));
    expect_values(trial_run(t, trial_grad(dg_round(x), x)), DG_SHAPE(1), 0, DATA(0));
    trial_free(t);
}

Test(elementwise, integers_stay_integers_where_they_can)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *i = trial_feed(t, DG_INT64, DG_SHAPE(2), DG_SHAPE(2), DATA(7, 9007199254740993.0));
    dg_node *j = trial_feed(t, DG_INT64, DG_SHAPE(2), DG_SHAPE(2), DATA(2, 2));
    const dg_tensor *sum = trial_run(t, dg_add(i, j));
    cr_expect_eq(sum->dtype, DG_INT64);
    const dg_tensor *ratio = trial_run(t, dg_div(j, i));
    cr_expect_eq(ratio->dtype, DG_FLOAT32);
    cr_expect_float_eq(dg_tensor_get(ratio, 0), 2. / 7, 1e-7);
    trial_free(t);
}

Test(elementwise, shapes_that_do_not_go_together_are_named)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_add(trial_input(t, DG_SHAPE(2, 3), NULL), trial_input(t, DG_SHAPE(4), NULL), .name = "total");
    expect_failure(dg_graph_status(t->graph), DG_BAD_SHAPE, "total");
    expect_failure(dg_graph_status(t->graph), DG_BAD_SHAPE, "[2, 3]");
    expect_failure(dg_graph_status(t->graph), DG_BAD_SHAPE, "[4]");
    trial_free(t);
}

Test(compare, gives_conditions)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *a = trial_input(t, DG_SHAPE(4), DATA(1, 2, 3, NAN)), *b = trial_input(t, DG_SHAPE(4), DATA(2, 2, 2, NAN));
    cr_expect_eq(trial_run(t, dg_eq(a, b))->dtype, DG_BOOL);
    expect_values(trial_run(t, dg_eq(a, b)), DG_SHAPE(4), 0, DATA(0, 1, 0, 0));
    expect_values(trial_run(t, dg_ne(a, b)), DG_SHAPE(4), 0, DATA(1, 0, 1, 1));
    expect_values(trial_run(t, dg_lt(a, b)), DG_SHAPE(4), 0, DATA(1, 0, 0, 0));
    expect_values(trial_run(t, dg_le(a, b)), DG_SHAPE(4), 0, DATA(1, 1, 0, 0));
    expect_values(trial_run(t, dg_gt(a, b)), DG_SHAPE(4), 0, DATA(0, 0, 1, 0));
    expect_values(trial_run(t, dg_ge(a, b)), DG_SHAPE(4), 0, DATA(0, 1, 1, 0));
    expect_values(trial_run(t, dg_isnan(a)), DG_SHAPE(4), 0, DATA(0, 0, 0, 1));
    trial_free(t);
}

Test(compare, logic_takes_what_is_not_0_as_true)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *a = trial_input(t, DG_SHAPE(4), DATA(0, 0, -2, NAN)), *b = trial_input(t, DG_SHAPE(4), DATA(0, 3, 0.5, 1));
    cr_expect_eq(trial_run(t, dg_logical_and(a, b))->dtype, DG_BOOL);
    expect_values(trial_run(t, dg_logical_and(a, b)), DG_SHAPE(4), 0, DATA(0, 0, 1, 1));
    expect_values(trial_run(t, dg_logical_or(a, b)), DG_SHAPE(4), 0, DATA(0, 1, 1, 1));
    expect_values(trial_run(t, dg_logical_xor(a, b)), DG_SHAPE(4), 0, DATA(0, 1, 0, 0));
    expect_values(trial_run(t, dg_logical_not(a)), DG_SHAPE(4), 0, DATA(1, 1, 0, 0));
    trial_free(t);
}

Test(compare, where_chooses_and_sends_the_gradient_there)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *c = trial_feed(t, DG_BOOL, DG_SHAPE(2, 2), DG_SHAPE(2, 2), DATA(1, 0, 0, 1));
    dg_node *a = trial_input(t, DG_SHAPE(2, 2), DATA(1, NAN, INFINITY, 4)),
            *b = trial_input(t, DG_SHAPE(2), DATA(10, 20));
    expect_values(trial_run(t, dg_where(c, a, b)), DG_SHAPE(2, 2), 0, DATA(1, 20, 10, 4));
    expect_values(trial_run(t, trial_grad(dg_where(c, a, b), a)), DG_SHAPE(2, 2), 0, DATA(1, 0, 0, 1));
    expect_values(trial_run(t, trial_grad(dg_where(c, a, b), b)), DG_SHAPE(2), 0, DATA(1, 1));
    trial_free(t);
}
