/* Activation functions of papers, one formula a line. */
#include "ops/shared/describe.h"

#include <dotgrad/op.h>
#include <math.h>

#define ACTIVATION(op_name, summary_text, source_text, formula_text)                                                   \
    {                                                                                                                  \
        .name = op_name, .family = "activation", .summary = summary_text, .source = source_text,                       \
        .inputs = {{.name = "input"}}, .formula = formula_text, .samples = SAMPLES({op_name, {"[3, 4]"}})              \
    }
/* With a number to choose: a further sample in a call like "snake(a=0.5)". LIMITED: not any number will do. */
#define FAMILY_OF(...) LIMITED(NULL, __VA_ARGS__)
#define LIMITED(check_function, op_name, summary_text, source_text, formula_text, second_sample, ...)                  \
    {                                                                                                                  \
        .name = op_name, .family = "activation", .summary = summary_text, .source = source_text,                       \
        .inputs = {{.name = "input"}}, .attrs = {__VA_ARGS__}, .formula = formula_text, .check = check_function,       \
        .samples = SAMPLES({op_name, {"[3, 4]"}}, {second_sample, {"[5]"}})                                            \
    }

/* ---- numbers that are limited ---- */

static dg_status want_not_negative(const char *name, double value)
{
    return value >= 0 ? dg_ok() : dg_error(DG_BAD_ARGUMENT, "%s is %g, expected 0 or more", name, value);
}

static dg_status squareplus_check(const dg_value *attrs)
{
    return want_not_negative("b", attrs[0].f);
}

static dg_status isru_check(const dg_value *attrs)
{
    return want_not_negative("alpha", attrs[0].f);
}

static dg_status snake_check(const dg_value *attrs)
{
    return attrs[0].f != 0 ? dg_ok() : dg_error(DG_BAD_ARGUMENT, "a is %g, expected a number other than 0", attrs[0].f);
}

/* ---- pau: a rational function whose coefficients are trained ---- */

static dg_status one_number(const dg_infer *infer, dg_shape *shape, bool *present)
{
    *present = infer->inputs[0] != NULL;
    *shape = dg_scalar();
    return dg_ok();
}

#define COEFFICIENT(coefficient, start)                                                                                \
    {                                                                                                                  \
        .name = coefficient, .flags = DG_OPTIONAL, .parameter = one_number, .init = "constant(" start ")"              \
    }

static const dg_op research_activation_ops[] = {
    FAMILY_OF("swish", "y = x·σ(βx)", "Ramachandran, Zoph, Le 2017", "input * sigmoid(beta * input)", "swish(beta=2)",
              NUMBER("beta", "1", "1: silu; large: nearly relu")),
    FAMILY_OF("eswish", "y = βx·σ(x)", "Alcaide 2018", "beta * input * sigmoid(input)", "eswish(beta=1.5)",
              NUMBER("beta", "1.375", "the slope far to the right")),
    LIMITED(squareplus_check, "squareplus", "y = (x + √(x² + b))/2", "Barron 2021", "squareplus(input, b)",
            "squareplus(b=1)", NUMBER("b", "4", "how round the bend is")),
    ACTIVATION("sparse_plus", "y = 0 up to −1, (x + 1)²/4 up to 1, x from there", "Keras 3, sparse_plus",
               "where(input <= -1, 0, where(input < 1, (input + 1) ^ 2 / 4, input))"),
    ACTIVATION("sparse_sigmoid", "y = min(max((x + 1)/2, 0), 1), derivative 0 at ±1", "Keras 3, sparse_sigmoid",
               "where(input <= -1, 0, where(input >= 1, 1, (input + 1) / 2))"),
    ACTIVATION("exponential", "y = eˣ", "Keras 3, exponential", "exp(input)"),
    ACTIVATION("penalized_tanh", "y = tanh x above 0, else tanh(x)/4", "Xu, Huang, Li 2016",
               "where(input > 0, tanh(input), 0.25 * tanh(input))"),
    LIMITED(isru_check, "isru", "y = x/√(1 + αx²)", "Carlile, Delamarter, Kinney, Marti, Whitney 2017",
            "input / sqrt(1 + alpha * input ^ 2)", "isru(alpha=3)", NUMBER("alpha", "1", "1/√α is the limit")),
    LIMITED(isru_check, "isrlu", "y = x from 0 on, else x/√(1 + αx²)",
            "Carlile, Delamarter, Kinney, Marti, Whitney 2017",
            "where(input >= 0, input, input / sqrt(1 + alpha * input ^ 2))", "isrlu(alpha=3)",
            NUMBER("alpha", "1", "−1/√α is the limit for x → −∞")),
    ACTIVATION("bent_identity", "y = (√(x² + 1) − 1)/2 + x", NULL, "(sqrt(input ^ 2 + 1) - 1) / 2 + input"),
    ACTIVATION("lecun_tanh", "y = 1.7159·tanh(2x/3)", "LeCun, Bottou, Orr, Müller 1998, section 4.4",
               "1.7159 * tanh(2 / 3 * input)"),
    FAMILY_OF("sine", "y = sin(ω₀x)", "Sitzmann, Martel, Bergman, Lindell, Wetzstein 2020", "sin(omega * input)",
              "sine(omega=1)", NUMBER("omega", "30", "ω₀, the frequency")),
    LIMITED(snake_check, "snake", "y = x + sin²(ax)/a", "Ziyin, Hartwig, Ueda 2020", "input + sin(a * input) ^ 2 / a",
            "snake(a=0.5)", NUMBER("a", "1", "the frequency, not 0")),
    ACTIVATION("gcu", "y = x·cos x", "Noel, Arunkumar, Trivedi, Dutta 2021", "input * cos(input)"),
    ACTIVATION("gaussian", "y = exp(−x²)", "Broomhead, Lowe 1988", "exp(-(input ^ 2))"),
    ACTIVATION("lisht", "y = x·tanh x", "Roy, Manna, Dubey, Chaudhuri 2019", "input * tanh(input)"),
    ACTIVATION("tanhexp", "y = x·tanh(eˣ)", "Liu, Di 2020", "input * tanh(exp(input))"),
    ACTIVATION("serf", "y = x·erf(softplus x)", "Nag, Bhattacharyya, Mukherjee, Kundu 2021",
               "input * erf(softplus(input))"),
    ACTIVATION("relu_squared", "y = max(0, x)²", "So, Mańke, Liu, Dai, Shazeer, Le 2021",
               "where(input <= 0, 0, input ^ 2)"),
    {
        .name = "pau",
        .family = "activation",
        .summary = "y = (a0 + a1·x + … + a5·x⁵)/(1 + |b1·x + … + b4·x⁴|), all coefficients trained from a leaky ReLU",
        .source = "Molina, Schramowski, Kersting 2020 (Padé activation units)",
        .inputs = {{.name = "input"},
                   COEFFICIENT("a0", "0.02996348"),
                   COEFFICIENT("a1", "0.61690165"),
                   COEFFICIENT("a2", "2.37539147"),
                   COEFFICIENT("a3", "3.06608078"),
                   COEFFICIENT("a4", "1.52474449"),
                   COEFFICIENT("a5", "0.25281987"),
                   COEFFICIENT("b1", "1.19160814"),
                   COEFFICIENT("b2", "4.40811795"),
                   COEFFICIENT("b3", "0.91111034"),
                   COEFFICIENT("b4", "0.34885983")},
        .formula = "(a0 + input * (a1 + input * (a2 + input * (a3 + input * (a4 + input * a5)))))"
                   " / (1 + abs(input * (b1 + input * (b2 + input * (b3 + input * b4)))))",
        .samples =
            SAMPLES({"pau", {"[3, 4]"}}, {"pau", {"[4]", "[]", "[]", "[]", "[]", "[]", "[]", "[]", "[]", "[]", "[]"}}),
    },
};

const dg_op_family research_activation_family = DG_FAMILY(research_activation_ops);
