/* Activation functions: closed forms, derivatives at kinks as in PyTorch, extreme arguments, NaN, the layer prelu. */
#include "../support.h"

static dg_node *activation(const char *call, dg_node *x)
{
    dg_arena *arena = dg_graph_arena(dg_node_graph(x));
    dg_value value;
    must(dg_call_parse(arena, call, &value));
    return dg_apply(&(dg_application){
        .op = value.s, .at = DG_HERE, .n_inputs = 1, .inputs = &x, .n_attrs = (int)value.count, .attrs = value.items});
}

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static double gelu(double x)
{
    return x / 2 * (1 + erf(x / sqrt(2)));
}

static double gelu_tanh(double x)
{
    return x / 2 * (1 + tanh(sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
}

static double mish(double x)
{
    return x * tanh(log(1 + exp(x)));
}

static double silu(double x)
{
    return x * sigmoid(x);
}

static double logsigmoid(double x)
{
    return log(sigmoid(x));
}

static double softplus_2(double x)
{
    return log(1 + exp(2 * x)) / 2;
}

static double elu(double x)
{
    return x > 0 ? x : exp(x) - 1;
}

static double celu_2(double x)
{
    return x > 0 ? x : 2 * (exp(x / 2) - 1);
}

static double selu(double x)
{
    return 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * (exp(x) - 1));
}

static double relu6(double x)
{
    return fmin(fmax(x, 0), 6);
}

static double hardsigmoid(double x)
{
    return fmin(fmax(x / 6 + 0.5, 0), 1);
}

static double hardswish(double x)
{
    return x * hardsigmoid(x);
}

static double softshrink(double x)
{
    return x > 0.5 ? x - 0.5 : x < -0.5 ? x + 0.5 : 0;
}

static double hardshrink(double x)
{
    return fabs(x) > 0.5 ? x : 0;
}

static double leaky(double x)
{
    return x > 0 ? x : 0.01 * x;
}

static double tanhshrink(double x)
{
    return x - tanh(x);
}

static double softsign(double x)
{
    return x / (1 + fabs(x));
}

static double threshold(double x)
{
    return x > 0.1 ? x : -2;
}

static double step(double x)
{
    return x >= 0;
}

static double hardtanh(double x)
{
    return fmin(fmax(x, -0.4), 0.6);
}

static const struct {
    const char *call;
    double (*function)(double);
} activations[] = {
    {"sigmoid", sigmoid},
    {"gelu", gelu},
    {"mish", mish},
    {"gelu(approximate=tanh)", gelu_tanh},
    {"silu", silu},
    {"logsigmoid", logsigmoid},
    {"softplus(beta=2)", softplus_2},
    {"elu", elu},
    {"celu(alpha=2)", celu_2},
    {"selu", selu},
    {"relu6", relu6},
    {"hardsigmoid", hardsigmoid},
    {"hardswish", hardswish},
    {"softshrink", softshrink},
    {"hardshrink", hardshrink},
    {"leaky_relu", leaky},
    {"tanhshrink", tanhshrink},
    {"softsign", softsign},
    {"threshold(0.1, -2)", threshold},
    {"step", step},
    {"hardtanh(min_val=-0.4, max_val=0.6)", hardtanh},
    {"tanh", tanh},
};

enum { ACTIVATIONS = sizeof activations / sizeof activations[0] };

Test(activation, functions_have_their_closed_form)
{
    const double points[] = {-7, -2.3, -0.6, -0.01, 0, 0.02, 0.55, 1.7, 6.5};
    for (int k = 0; k < ACTIVATIONS; k++) {
        trial *t = trial_new(DG_FLOAT64);
        const dg_tensor *y = trial_run(t, activation(activations[k].call, trial_input(t, DG_SHAPE(9), points)));
        for (int i = 0; i < 9; i++) {
            double want = activations[k].function(points[i]), got = dg_tensor_get(y, i);
            cr_expect(fabs(got - want) <= 1e-14 * (1 + fabs(want)), "%s at %g is %.17g, expected %.17g",
                      activations[k].call, points[i], got, want);
        }
        trial_free(t);
    }
}

Test(activation, gradients_are_difference_quotients)
{
    const double points[] = {-3.3, -1.1, -0.2, 0.3, 0.9, 2.2}, h = 1e-5;
    for (int k = 0; k < ACTIVATIONS; k++) {
        trial *t = trial_new(DG_FLOAT64);
        dg_node *x = trial_input(t, DG_SHAPE(6), points);
        const dg_tensor *g = trial_run(t, trial_grad(activation(activations[k].call, x), x));
        for (int i = 0; i < 6; i++) {
            double want = (activations[k].function(points[i] + h) - activations[k].function(points[i] - h)) / (2 * h);
            cr_expect_float_eq(dg_tensor_get(g, i), want, 1e-8, "%s at %g: %.12g, expected %.12g", activations[k].call,
                               points[i], dg_tensor_get(g, i), want);
        }
        trial_free(t);
    }
}

Test(activation, derivatives_at_kinks_are_those_of_pytorch)
{
    const struct {
        const char *call;
        double at, want;
    } kinks[] = {
        {"relu", 0, 0},
        {"leaky_relu", 0, 0.01},
        {"elu", 0, 1},
        {"celu", 0, 1},
        {"selu", 0, 1.7580993408473766},
        {"relu6", 0, 0},
        {"relu6", 6, 0},
        {"hardtanh", -1, 0},
        {"hardtanh", 1, 0},
        {"hardsigmoid", -3, 0},
        {"hardsigmoid", 3, 0},
        {"hardshrink", 0.5, 0},
        {"hardshrink", -0.5, 0},
        {"softshrink", 0.5, 0},
        {"softshrink", -0.5, 0},
        {"hardswish", -3, -0.5},
        {"hardswish", 3, 1.5},
        {"step", 0, 0},
        {"threshold(0, 0)", 0, 0},
        {"softsign", 0, 1},
        {"tanhshrink", 0, 0},
    };
    for (size_t k = 0; k < sizeof kinks / sizeof kinks[0]; k++) {
        trial *t = trial_new(DG_FLOAT64);
        dg_node *x = trial_input(t, DG_SHAPE(1), &kinks[k].at);
        double got = dg_tensor_get(trial_run(t, trial_grad(activation(kinks[k].call, x), x)), 0);
        cr_expect_float_eq(got, kinks[k].want, 1e-12, "%s at %g: %.12g, expected %.12g", kinks[k].call, kinks[k].at,
                           got, kinks[k].want);
        trial_free(t);
    }
}

Test(activation, extreme_arguments_neither_overflow_nor_give_nan)
{
    for (int k = 0; k < ACTIVATIONS; k++) {
        trial *t = trial_new(DG_FLOAT32);
        dg_node *x = trial_input(t, DG_SHAPE(4), DATA(-1e4, -100, 100, 1e4));
        dg_node *y = activation(activations[k].call, x);
        const dg_tensor *value = trial_run(t, y);
        for (int i = 0; i < 4; i++)
            cr_expect(isfinite(dg_tensor_get(value, i)), "%s, element %d", activations[k].call, i);
        const dg_tensor *gradient = trial_run(t, trial_grad(y, x));
        for (int i = 0; i < 4; i++)
            cr_expect(fabs(dg_tensor_get(gradient, i)) <= 1.8, "derivative of %s, element %d", activations[k].call, i);
        trial_free(t);
    }
}

Test(activation, mish_at_100_has_the_derivative_1)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_input(t, DG_SHAPE(1), DATA(100));
    expect_values(trial_run(t, trial_grad(dg_mish(x), x)), DG_SHAPE(1), 0, DATA(1));
    trial_free(t);
}

Test(activation, a_nan_goes_through)
{
    for (int k = 0; k < ACTIVATIONS; k++) {
        trial *t = trial_new(DG_FLOAT32);
        double y =
            dg_tensor_get(trial_run(t, activation(activations[k].call, trial_input(t, DG_SHAPE(1), DATA(NAN)))), 0);
        cr_expect(isnan(y) || strcmp(activations[k].call, "step") == 0, "%s", activations[k].call);
        trial_free(t);
    }
    trial *t = trial_new(DG_FLOAT32);
    expect_values(trial_run(t, dg_relu(trial_input(t, DG_SHAPE(3), DATA(NAN, -1, 2)))), DG_SHAPE(3), 0,
                  DATA(NAN, 0, 2));
    trial_free(t);
}

/* Minimum and where it is, by golden section; the numbers were measured with another program. */
Test(activation, minima_are_where_they_are_known_to_be)
{
    const struct {
        const char *call;
        double at, value;
    } minima[] = {{"silu", -1.27846, -0.278465}, {"gelu", -0.75179, -0.169971}, {"mish", -1.19243, -0.308843}};
    for (int k = 0; k < 3; k++) {
        trial *t = trial_new(DG_FLOAT64);
        dg_node *x = trial_input(t, DG_SHAPE(1), &minima[k].at), *y = activation(minima[k].call, x);
        cr_expect_float_eq(dg_tensor_get(trial_run(t, y), 0), minima[k].value, 5e-7);
        cr_expect_float_eq(dg_tensor_get(trial_run(t, trial_grad(y, x)), 0), 0, 1e-5);
        trial_free(t);
    }
}

Test(heaviside, takes_its_value_at_0)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(3), DATA(-2, 0, 3)), *values = trial_input(t, dg_scalar(), DATA(0.5));
    dg_node *y = dg_heaviside(x, values);
    expect_values(trial_run(t, y), DG_SHAPE(3), 0, DATA(0, 0.5, 1));
    expect_values(trial_run(t, trial_grad(y, x)), DG_SHAPE(3), 0, DATA(0, 0, 0));
    expect_values(trial_run(t, trial_grad(y, values)), dg_scalar(), 0, DATA(1));
    trial_free(t);
}

Test(prelu, owns_a_slope_of_a_quarter)
{
    trial *t = trial_new(DG_FLOAT64);
    must(dg_graph_set_init(t->graph, "xavier_uniform"));
    dg_node *x = trial_input(t, DG_SHAPE(2, 2), DATA(-4, 3, 0, -1));
    expect_values(trial_run(t, dg_prelu(x, .name = "p")), DG_SHAPE(2, 2), 0, DATA(-1, 3, 0, -0.25));
    const dg_tensor *weight = dg_tensors_find(t->parameters, "p.weight");
    cr_assert(weight);
    expect_values(weight, DG_SHAPE(1), 0, DATA(0.25));
    trial_free(t);
}

Test(prelu, has_one_slope_a_channel)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(1, 2, 3), DATA(-1, 2, -3, 4, -5, 0));
    dg_node *w = trial_input(t, DG_SHAPE(2), DATA(0.5, 10)), *y = dg_prelu(x, .weight = w);
    expect_values(trial_run(t, y), DG_SHAPE(1, 2, 3), 0, DATA(-0.5, 2, -1.5, 4, -50, 0));
    expect_values(trial_run(t, trial_grad(y, w)), DG_SHAPE(2), 0, DATA(-4, -5));
    expect_values(trial_run(t, trial_grad(y, x)), DG_SHAPE(1, 2, 3), 0, DATA(0.5, 1, 0.5, 1, 10, 10));
    trial_free(t);
}

Test(prelu, wants_as_many_slopes_as_channels)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_prelu(trial_input(t, DG_SHAPE(1, 2, 3), NULL), .weight = trial_input(t, DG_SHAPE(3), NULL), .name = "p");
    expect_failure(dg_graph_status(t->graph), DG_BAD_SHAPE, "3 weights for 2 channels");
    trial_free(t);
    t = trial_new(DG_FLOAT64);
    dg_prelu(trial_input(t, DG_SHAPE(1, 2, 3), NULL), .num_parameters = 0);
    expect_failure(dg_graph_status(t->graph), DG_BAD_ARGUMENT, "num_parameters is 0");
    trial_free(t);
}

Test(gelu, knows_one_approximation)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_gelu(trial_input(t, DG_SHAPE(1), NULL), .approximate = "cubic");
    expect_failure(dg_graph_status(t->graph), DG_BAD_ARGUMENT, "cubic");
    trial_free(t);
}
