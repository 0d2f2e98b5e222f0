/* Activation functions: one formula a line. The comparisons decide which side of a kink takes which derivative, as
 * in PyTorch. A NaN goes through. */
#include "ops/shared/arguments.h"
#include "ops/shared/describe.h"
#include "ops/shared/rules.h"

#include <dotgrad/op.h>
#include <dotgrad/ops/shape.h>
#include <math.h>
#include <string.h>

#define ACTIVATION(op_name, summary_text, source_text, formula_text)                                                   \
    {                                                                                                                  \
        .name = op_name, .family = "activation", .summary = summary_text, .source = source_text,                       \
        .inputs = {{.name = "input"}}, .formula = formula_text, .samples = (const dg_sample[])                         \
        {                                                                                                              \
            {op_name, {"[3, 4]"}},                                                                                     \
            {                                                                                                          \
                .call = NULL                                                                                           \
            }                                                                                                          \
        }                                                                                                              \
    }

/* With numbers to choose: further samples in calls like "elu(alpha=0.5)". LIMITED: not any numbers will do. */
#define FAMILY_OF(...) LIMITED(NULL, __VA_ARGS__)
#define LIMITED(check_function, op_name, summary_text, source_text, formula_text, second_sample, ...)                  \
    {                                                                                                                  \
        .name = op_name, .family = "activation", .summary = summary_text, .source = source_text,                       \
        .inputs = {{.name = "input"}}, .attrs = {__VA_ARGS__}, .formula = formula_text, .check = check_function,       \
        .samples = (const dg_sample[])                                                                                 \
        {                                                                                                              \
            {op_name, {"[3, 4]"}}, {second_sample, {"[5]"}},                                                           \
            {                                                                                                          \
                .call = NULL                                                                                           \
            }                                                                                                          \
        }                                                                                                              \
    }

/* ---- numbers that are limited ---- */

static dg_status out_of_range(const char *name, double value, const char *wants)
{
    return dg_error(DG_BAD_ARGUMENT, "%s is %g, expected %s", name, value, wants);
}

static dg_status celu_check(const dg_value *attrs)
{
    return attrs[0].f != 0 ? dg_ok() : out_of_range("alpha", attrs[0].f, "a number other than 0");
}

static dg_status softplus_check(const dg_value *attrs)
{
    return attrs[0].f != 0 ? dg_ok() : out_of_range("beta", attrs[0].f, "a number other than 0");
}

static dg_status hardtanh_check(const dg_value *attrs)
{
    if (attrs[0].f <= attrs[1].f)
        return dg_ok();
    return dg_error(DG_BAD_ARGUMENT, "min_val is %g and max_val is %g, expected min_val ≤ max_val", attrs[0].f,
                    attrs[1].f);
}

static dg_status softshrink_check(const dg_value *attrs)
{
    return attrs[0].f >= 0 ? dg_ok() : out_of_range("lambd", attrs[0].f, "0 or more");
}

static const char *gelu_formula(const dg_value *attrs, int n_inputs)
{
    (void)n_inputs;
    if (is_given(&attrs[0]) && strcmp(attrs[0].s, "tanh") == 0)
        return "input * sigmoid(sqrt(8 / pi) * (input + 0.044715 * input ^ 3))"; /* (1 + tanh(u))/2 = σ(2u) */
    return "input * normal_cdf(input)";
}

/* ---- prelu: max(0, x) + w·min(0, x), one w for all or one for each channel of [N, C, …] ---- */

static dg_status prelu_weight(const dg_infer *infer, dg_shape *shape, bool *present)
{
    (void)present;
    int64_t count = infer->attrs[0].kind == DG_VALUE_NONE ? 1 : infer->attrs[0].i;
    if (count < 1)
        return dg_error(DG_BAD_ARGUMENT, "num_parameters is %lld, expected at least 1", (long long)count);
    *shape = DG_SHAPE(count);
    return dg_ok();
}

static dg_status prelu_infer(const dg_infer *infer)
{
    const dg_shape *x = &infer->inputs[0]->shape, *w = infer->inputs[1] ? &infer->inputs[1]->shape : NULL;
    if (!dg_dtype_is_float(infer->inputs[0]->dtype))
        return dg_error(DG_BAD_DTYPE, "the input is %s, expected floats", dg_dtype_name(infer->inputs[0]->dtype));
    if (!w || w->rank > 1)
        return dg_error(DG_BAD_SHAPE, "the weight needs one dimension, [1] or [channels]");
    int64_t weights = w->rank ? w->dims[0] : 1, channels = x->rank > 1 ? x->dims[1] : 1;
    if (infer->attrs[0].kind != DG_VALUE_NONE && sizes_differ(infer->attrs[0].i, weights))
        return dg_error(DG_BAD_SHAPE, "num_parameters is %lld, but the weight has %lld number(s)",
                        (long long)infer->attrs[0].i, (long long)weights);
    if (weights != 1 && sizes_differ(channels, weights))
        return dg_error(DG_BAD_SHAPE, "%lld weight(s) for %lld channel(s)", (long long)weights, (long long)channels);
    return dg_infer_same(infer);
}

static void prelu_compose(const dg_compose *compose)
{
    dg_node *x = compose->inputs[0], *w = compose->inputs[1];
    int rank = dg_node_type(x, 0)->shape.rank;
    const dg_shape *weights = &dg_node_type(w, 0)->shape;
    if (weights->rank == 1 && weights->dims[0] == 1)
        w = dg_reshape(w, dg_scalar());
    else if (weights->rank == 1 && rank > 2) {
        dg_shape per_channel = {.rank = rank - 1, .dims = {-1}};
        for (int d = 1; d < rank - 1; d++)
            per_channel.dims[d] = 1;
        w = dg_reshape(w, per_channel);
    }
    compose->outputs[0] = dg_expr("where(x > 0, x, w * x)", {"x", x}, {"w", w});
}

static const dg_sample gelu_samples[] = {
    {"gelu", {"[3, 4]"}},
    {"gelu(approximate=tanh)", {"[3, 4]"}},
    {.call = NULL},
};

static const dg_sample threshold_samples[] = {{"threshold(0.5, -2)", {"[3, 4]"}}, {.call = NULL}};

static const dg_sample heaviside_samples[] = {
    {"heaviside", {"[3, 4]", "[3, 4]"}},
    {"heaviside", {"[3, 4]", "[4]"}},
    {.call = NULL},
};

static const dg_sample prelu_samples[] = {
    {"prelu", {"[3, 4]", "[1]"}},
    {"prelu(num_parameters=3)", {"[2, 3, 4]", "[3]"}},
    {.call = NULL},
};

static const dg_op activation_ops[] = {
    ACTIVATION("relu", "y = max(0, x), derivative 0 at 0", NULL, "where(input <= 0, 0, input)"),
    ACTIVATION("relu6", "y = min(max(0, x), 6), derivative 0 at 0 and 6", "Krizhevsky 2010",
               "where(input <= 0, 0, where(input >= 6, 6, input))"),
    FAMILY_OF("leaky_relu", "y = x above 0, else slope·x, derivative slope at 0", "Maas, Hannun, Ng 2013",
              "where(input > 0, input, negative_slope * input)", "leaky_relu(negative_slope=0.2)",
              NUMBER("negative_slope", "0.01", "the slope below 0")),
    FAMILY_OF("elu", "y = x above 0, else α(eˣ − 1), derivative α at 0",
              "Clevert, Unterthiner, Hochreiter 2016, eq. 15", "where(input <= 0, alpha * expm1(input), input)",
              "elu(alpha=0.5)", NUMBER("alpha", "1", "−α is the limit for x → −∞")),
    LIMITED(celu_check, "celu", "y = x above 0, else α(exp(x/α) − 1)", "Barron 2017, eq. 2",
            "where(input <= 0, alpha * expm1(input / alpha), input)", "celu(alpha=0.7)",
            NUMBER("alpha", "1", "−α is the limit for x → −∞")),
    ACTIVATION("selu", "y = λx above 0, else λα(eˣ − 1): keeps mean 0 and variance 1",
               "Klambauer, Unterthiner, Mayr, Hochreiter 2017, eq. 2",
               "1.0507009873554805 * where(input <= 0, 1.6732632423543772 * expm1(input), input)"),
    ACTIVATION("sigmoid", "y = 1/(1 + e⁻ˣ)", NULL, "sigmoid(input)"),
    ACTIVATION("logsigmoid", "y = ln σ(x) = −softplus(−x)", NULL, "-softplus(-input)"),
    ACTIVATION("tanh", "y = tanh x", NULL, "tanh(input)"),
    ACTIVATION("tanhshrink", "y = x − tanh x", NULL, "tanhshrink(input)"),
    LIMITED(softplus_check, "softplus", "y = ln(1 + exp(βx))/β, x itself where βx > threshold",
            "Dugas, Bengio, Bélisle, Nadeau, Garcia 2001",
            "where(beta * input > threshold, input, softplus(beta * input) / beta)", "softplus(beta=2)",
            NUMBER("beta", "1", "how sharp the bend is"), BOUND("threshold", "20", "where the line begins")),
    ACTIVATION("softsign", "y = x/(1 + |x|)", "Turian, Bergstra, Bengio 2009", "input / (1 + abs(input))"),
    ACTIVATION("silu", "y = x·σ(x)", "Elfwing, Uchibe, Doya 2018; swish: Ramachandran, Zoph, Le 2017",
               "input * sigmoid(input)"),
    ACTIVATION("mish", "y = x·tanh(softplus(x))", "Misra 2019", "input * tanh(softplus(input))"),
    {
        .name = "gelu",
        .family = "activation",
        .summary = "y = x·Φ(x) = x(1 + erf(x/√2))/2, or its approximation by tanh",
        .source = "Hendrycks, Gimpel 2016",
        .inputs = {{.name = "input"}},
        .attrs = {{.name = "approximate",
                   .kind = DG_ATTR_NAME,
                   .fallback = "none",
                   .choices = "none|tanh",
                   .doc = "tanh: x(1 + tanh(√(2/π)(x + 0.044715 x³)))/2"}},
        .formula_for = gelu_formula,
        .samples = gelu_samples,
    },
    LIMITED(hardtanh_check, "hardtanh", "y = min(max(x, min_val), max_val), derivative 0 at both", "Collobert 2004",
            "where(input <= min_val, min_val, where(input >= max_val, max_val, input))",
            "hardtanh(min_val=-0.5, max_val=3)", BOUND("min_val", "-1", "the least value"),
            BOUND("max_val", "1", "the greatest value")),
    ACTIVATION("hardsigmoid", "y = min(max(x/6 + ½, 0), 1), derivative 0 at ±3", "Courbariaux, Bengio, David 2015",
               "where(input <= -3, 0, where(input >= 3, 1, (input + 3) / 6))"),
    ACTIVATION("hardswish", "y = x·min(max(x + 3, 0), 6)/6, derivative −½ at −3 and 1½ at 3",
               "Howard et al. 2019 (MobileNetV3)",
               "where(input < -3, 0, where(input <= 3, input * (input + 3) / 6, input))"),
    FAMILY_OF("hardshrink", "y = x where |x| > λ, else 0", NULL, "where(abs(input) <= lambd, 0, input)",
              "hardshrink(lambd=1)", BOUND("lambd", "0.5", "λ")),
    LIMITED(softshrink_check, "softshrink", "y = x moved by λ towards 0, 0 where |x| ≤ λ", NULL,
            "where(abs(input) <= lambd, 0, input - lambd * sign(input))", "softshrink(lambd=1)",
            BOUND("lambd", "0.5", "λ")),
    {
        .name = "threshold",
        .family = "activation",
        .summary = "y = x where x > threshold, else value",
        .inputs = {{.name = "input"}},
        .attrs = {{.name = "threshold", .kind = DG_ATTR_FLOAT, .may_be_infinite = true, .doc = "where x itself begins"},
                  {.name = "value", .kind = DG_ATTR_FLOAT, .may_be_infinite = true, .doc = "the value below"}},
        .formula = "where(input <= threshold, value, input)",
        .samples = threshold_samples,
    },
    {
        .name = "step",
        .family = "activation",
        .summary = "y = 1 from 0 on, else 0; derivative 0 everywhere",
        .source = "McCulloch, Pitts 1943",
        .inputs = {{.name = "input"}},
        .flags = DG_NOT_DIFFERENTIABLE,
        .formula = "where(input >= 0, 1, 0)",
        .samples = (const dg_sample[]){{"step", {"[3, 4]"}}, {.call = NULL}},
    },
    {
        .name = "heaviside",
        .family = "activation",
        .summary = "y = 0 below 0, 1 above, `values` at 0",
        .inputs = {{.name = "input"}, {.name = "values"}},
        .formula = "where(input == 0, values, where(input > 0, 1, 0))",
        .samples = heaviside_samples,
    },
    {
        .name = "prelu",
        .family = "activation",
        .summary = "y = x above 0, else w·x, w trained: one for all or one a channel of [N, C, …]",
        .source = "He, Zhang, Ren, Sun 2015, eq. 1",
        .inputs = {{.name = "input"},
                   {.name = "weight",
                    .doc = "[1] or [channels]",
                    .parameter = prelu_weight,
                    .init_attr = "init",
                    .flags = DG_OPTIONAL | DG_NO_DECAY}}, /* decay would pull the slope to 0: section 2.1 */
        .attrs = {{.name = "num_parameters",
                   .kind = DG_ATTR_INT,
                   .fallback = "none",
                   .doc = "1 (when left out) or the number of channels"},
                  {.name = "init", .kind = DG_ATTR_INIT, .fallback = "constant(0.25)", .doc = "of the weight"}},
        .infer = prelu_infer,
        .compose = prelu_compose,
        .samples = prelu_samples,
    },
};

const dg_op_family activation_family = DG_FAMILY(activation_ops);
