/* Elementwise functions: one formula a line. Shapes, kernels and derivatives of any order follow from it. */
#include "ops/shared/arguments.h"
#include "ops/shared/describe.h"

#include <dotgrad/op.h>

#define UNARY(op_name, summary_text, formula_text, sample)                                                             \
    {                                                                                                                  \
        .name = op_name, .family = "elementwise", .summary = summary_text, .inputs = {{.name = "input"}},              \
        .formula = formula_text, .samples = (const dg_sample[])                                                        \
        {                                                                                                              \
            {op_name, {sample}},                                                                                       \
            {                                                                                                          \
                .call = NULL                                                                                           \
            }                                                                                                          \
        }                                                                                                              \
    }

/* Derivative 0 wherever there is one. */
#define STEPWISE(op_name, summary_text)                                                                                \
    {                                                                                                                  \
        .name = op_name, .family = "elementwise", .summary = summary_text, .inputs = {{.name = "input"}},              \
        .flags = DG_NOT_DIFFERENTIABLE, .formula = op_name "(input)", .samples = (const dg_sample[])                   \
        {                                                                                                              \
            {op_name, {"[3, 4]"}},                                                                                     \
            {                                                                                                          \
                .call = NULL                                                                                           \
            }                                                                                                          \
        }                                                                                                              \
    }

#define BINARY(op_name, summary_text, formula_text, sample, other_sample)                                              \
    {                                                                                                                  \
        .name = op_name, .family = "elementwise", .summary = summary_text,                                             \
        .inputs = {{.name = "input"}, {.name = "other"}}, .formula = formula_text, .samples = (const dg_sample[])      \
        {                                                                                                              \
            {op_name, {"[3, 4] " sample, "[3, 4] " other_sample}},                                                     \
                {op_name, {"[2, 1, 4] " sample, "[3, 1] " other_sample}},                                              \
            {                                                                                                          \
                .call = NULL                                                                                           \
            }                                                                                                          \
        }                                                                                                              \
    }

/* At the bounds the derivative is 0, as in PyTorch 2.15; older ones have 1 there. */
static const char *clamp_formula(const dg_value *attrs, int n_inputs)
{
    (void)n_inputs;
    bool low = is_given(&attrs[0]), high = is_given(&attrs[1]);
    if (!low && !high)
        return NULL;
    if (low && high && attrs[0].f > attrs[1].f)
        return "where(input == input, max, input)";
    return !high  ? "where(input <= min, min, input)"
           : !low ? "where(input >= max, max, input)"
                  : "where(input <= min, min, where(input >= max, max, input))";
}

/* The exponent is the attribute or the second input, one of them. */
static const char *pow_formula(const dg_value *attrs, int n_inputs)
{
    bool by_number = is_given(&attrs[0]), by_input = n_inputs > 1;
    if (by_number == by_input)
        return NULL;
    return by_number ? "input ^ exponent" : "input ^ other";
}

static const dg_sample clamp_samples[] = {
    {"clamp(min=-0.5, max=1)", {"[3, 4]"}},
    {"clamp(min=-0.5)", {"[5]"}},
    {"clamp(max=0.5)", {"[5]"}},
    {.call = NULL},
};

static const dg_sample pow_samples[] = {
    {"pow(exponent=3)", {"[3, 4]"}},
    {"pow(exponent=2.5)", {"[5] positive"}},
    {"pow", {"[3, 4] positive", "[3, 4]"}},
    {"pow", {"[2, 1, 4] positive", "[3, 1]"}},
    {.call = NULL},
};

static const dg_op elementwise_ops[] = {
    UNARY("identity", "y = x", "input", "[3, 4]"),
    UNARY("abs", "y = |x|, derivative 0 at 0", "abs(input)", "[3, 4]"),
    UNARY("neg", "y = −x", "-input", "[3, 4]"),
    STEPWISE("sign", "y = −1, 0 or 1, the sign of x"),
    STEPWISE("ceil", "y = ⌈x⌉"),
    STEPWISE("floor", "y = ⌊x⌋"),
    STEPWISE("round", "y = the nearest integer, ties to the even one"),
    STEPWISE("trunc", "y = x rounded towards 0"),
    UNARY("frac", "y = x − trunc(x)", "input - trunc(input)", "[3, 4]"),
    UNARY("square", "y = x²", "input ^ 2", "[3, 4]"),
    UNARY("sqrt", "y = √x", "sqrt(input)", "[3, 4] positive"),
    UNARY("rsqrt", "y = 1/√x", "rsqrt(input)", "[3, 4] positive"),
    UNARY("reciprocal", "y = 1/x", "1 / input", "[3, 4] positive"),
    UNARY("exp", "y = eˣ", "exp(input)", "[3, 4]"),
    UNARY("exp2", "y = 2ˣ", "exp2(input)", "[3, 4]"),
    UNARY("expm1", "y = eˣ − 1", "expm1(input)", "[3, 4]"),
    UNARY("log", "y = ln x", "log(input)", "[3, 4] positive"),
    UNARY("log2", "y = log₂ x", "log2(input)", "[3, 4] positive"),
    UNARY("log10", "y = log₁₀ x", "log10(input)", "[3, 4] positive"),
    UNARY("log1p", "y = ln(1 + x)", "log1p(input)", "[3, 4] positive"),
    UNARY("sin", "y = sin x", "sin(input)", "[3, 4]"),
    UNARY("cos", "y = cos x", "cos(input)", "[3, 4]"),
    UNARY("tan", "y = tan x", "tan(input)", "[3, 4] unit"),
    UNARY("asin", "y = asin x", "asin(input)", "[3, 4] unit"),
    UNARY("acos", "y = acos x", "acos(input)", "[3, 4] unit"),
    UNARY("atan", "y = atan x", "atan(input)", "[3, 4]"),
    UNARY("sinh", "y = sinh x", "sinh(input)", "[3, 4]"),
    UNARY("cosh", "y = cosh x", "cosh(input)", "[3, 4]"),
    UNARY("asinh", "y = asinh x", "asinh(input)", "[3, 4]"),
    UNARY("acosh", "y = acosh x", "acosh(input)", "[3, 4] above 1"),
    UNARY("atanh", "y = atanh x", "atanh(input)", "[3, 4] unit"),
    UNARY("erf", "y = erf x = 2/√π ∫₀ˣ exp(−t²) dt", "erf(input)", "[3, 4]"),
    UNARY("erfc", "y = 1 − erf x", "erfc(input)", "[3, 4]"),
    {
        .name = "clamp",
        .family = "elementwise",
        .summary = "y = min(max(x, min), max), either bound may be left out; derivative 0 at the bounds",
        .inputs = {{.name = "input"}},
        .attrs = {BOUND("min", "none", "the least value"), BOUND("max", "none", "the greatest value")},
        .formula_for = clamp_formula,
        .samples = clamp_samples,
    },
    BINARY("add", "y = a + b", "input + other", "", ""),
    BINARY("sub", "y = a − b", "input - other", "", ""),
    BINARY("mul", "y = a·b", "input * other", "", ""),
    BINARY("div", "y = a/b", "input / other", "", "positive"),
    BINARY("maximum", "y = max(a, b), each derivative ½ on ties", "max(input, other)", "", ""),
    BINARY("minimum", "y = min(a, b), each derivative ½ on ties", "min(input, other)", "", ""),
    BINARY("atan2", "y = the angle of the point (b, a), −π … π", "atan2(input, other)", "", "positive"),
    BINARY("hypot", "y = √(a² + b²)", "hypot(input, other)", "", ""),
    BINARY("fmod", "y = a − b·trunc(a/b), of the sign of a", "fmod(input, other)", "unit", "above 1"),
    BINARY("remainder", "y = a − b·⌊a/b⌋, of the sign of b", "remainder(input, other)", "unit", "above 1"),
    BINARY("logaddexp", "y = ln(eᵃ + eᵇ)", "logaddexp(input, other)", "", ""),
    {
        .name = "pow",
        .family = "elementwise",
        .summary = "y = a^b, with b the second input or the number `exponent`",
        .inputs = {{.name = "input"}, {.name = "other", .flags = DG_OPTIONAL}},
        .attrs = {BOUND("exponent", "none", "b, when it is a number")},
        .formula_for = pow_formula,
        .samples = pow_samples,
    },
};

const dg_op_family elementwise_family = DG_FAMILY(elementwise_ops);
