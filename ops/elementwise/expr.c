/* expr: a formula as an op. Its inputs are the formula's free names. */
#include <dotgrad/op.h>

static const dg_sample expr_samples[] = {
    {.call = "expr(x * sigmoid(1.5 * x))", .inputs = {"[3, 4]"}},
    {"expr(where(x > 0, x, 0.1 * x) + erf(x))", {"[5]"}},
    {"expr(exp(-x^2) * x)", {"[2, 3]"}},
    {.call = NULL},
};

static const dg_op expr_ops[] = {{
    .name = "expr",
    .family = "activation",
    .summary = "a formula over its inputs, computed in one pass: expr(x * sigmoid(beta * x), beta=parameter(1.0))",
    .attrs =
        {{.name = "formula",
          .kind = DG_ATTR_TEXT,
          .doc = "functions: every elementwise op by name; + - * / ^ and comparisons; pi, e; x is the unnamed input"}},
    .flags = DG_ANY_INPUTS,
    .samples = expr_samples,
}};

const dg_op_family expr_family = DG_FAMILY(expr_ops);
