/* The table of primitives. A derivative is a formula over the arguments a, b, c and the primitive's own value y; a
 * missing one is 0 everywhere. Where a choice has to be made (kinks, ties, singular points) it is PyTorch's, except
 * that the gradients of hypot and atan2 at the origin are 0. */
#include "primitives.h"

#include <dotgrad/formula.h>

#include <string.h>

#define COMPARES (INTEGERS | CONDITIONS | TRUTH)
#define DECIDES  (INTEGERS | CONDITIONS | TRUTH | LOGICAL)

#define PAIR(first, name, second, sign)                                                                                \
    [S_PAIRS + FIRST_##first * PAIR_SECONDS + SECOND_##second] = {name "_" sign, 3, 2, 0, {NULL}}
#define PAIRS(first, name)                                                                                             \
    PAIR(first, name, ADD, "add"), PAIR(first, name, SUB, "sub"), PAIR(first, name, FROM, "from"),                     \
        PAIR(first, name, MUL, "mul"), PAIR(first, name, DIV, "div"), PAIR(first, name, INTO, "into"),                 \
        PAIR(first, name, MIN, "min"), PAIR(first, name, MAX, "max")

const primitive_info primitives[PRIMITIVE_COUNT] = {
    [P_ADD] = {"add", 2, 1, COMMUTES | INTEGERS, {"1", "1"}},
    [P_SUB] = {"sub", 2, 1, INTEGERS, {"1", "-1"}},
    [P_MUL] = {"mul", 2, 1, COMMUTES | INTEGERS, {"b", "a"}},
    [P_DIV] = {"div", 2, 4, 0, {"1 / b", "-y / b"}},
    [P_POW] = {"pow",
               2,
               20,
               0,
               {"where(and(b == 0, not(or(a > 0, a < 0))), 0, b * a^(b - 1))",
                "where(and(a == 0, b >= 0), 0, y * log(a))"}},
    [P_NEG] = {"neg", 1, 1, INTEGERS, {"-1"}},
    [P_ABS] = {"abs", 1, 1, EVEN | INTEGERS, {"sign(a)"}},
    [P_SIGN] = {"sign", 1, 1, ODD | INTEGERS, {NULL}},
    [P_FLOOR] = {"floor", 1, 1, INTEGERS, {NULL}},
    [P_CEIL] = {"ceil", 1, 1, INTEGERS, {NULL}},
    [P_ROUND] = {"round", 1, 1, ODD | INTEGERS, {NULL}}, /* halves to even */
    [P_TRUNC] = {"trunc", 1, 1, ODD | INTEGERS, {NULL}},
    [P_FMOD] = {"fmod", 2, 4, INTEGERS, {"1", "-where(b == 0, a / b, round((a - y) / b))"}}, /* has the sign of a */
    [P_REMAINDER] =
        {"remainder", 2, 4, INTEGERS, {"1", "-where(b == 0, a / b, round((a - y) / b))"}}, /* has the sign of b */
    [P_MIN] = {"min",
               2,
               1,
               COMMUTES | INTEGERS | CONDITIONS,
               {"where(a > b, 0, where(a == b, 0.5, 1))", "where(b > a, 0, where(a == b, 0.5, 1))"}},
    [P_MAX] = {"max",
               2,
               1,
               COMMUTES | INTEGERS | CONDITIONS,
               {"where(a < b, 0, where(a == b, 0.5, 1))", "where(b < a, 0, where(a == b, 0.5, 1))"}},
    [P_HYPOT] = {"hypot", 2, 8, COMMUTES, {"where(y == 0, 0, a / y)", "where(y == 0, 0, b / y)"}},
    [P_ATAN2] = {"atan2",
                 2,
                 10,
                 0,
                 {"where(hypot(a, b) == 0, 0, b / hypot(a, b) / hypot(a, b))",
                  "where(hypot(a, b) == 0, 0, -a / hypot(a, b) / hypot(a, b))"}},
    [P_LOGADDEXP] = {"logaddexp", 2, 20, COMMUTES, {"sigmoid(a - b)", "sigmoid(b - a)"}},
    [P_LT] = {"lt", 2, 1, COMPARES, {NULL}},
    [P_LE] = {"le", 2, 1, COMPARES, {NULL}},
    [P_GT] = {"gt", 2, 1, COMPARES, {NULL}},
    [P_GE] = {"ge", 2, 1, COMPARES, {NULL}},
    [P_EQ] = {"eq", 2, 1, COMMUTES | COMPARES, {NULL}},
    [P_NE] = {"ne", 2, 1, COMMUTES | COMPARES, {NULL}},
    [P_AND] = {"and", 2, 1, COMMUTES | DECIDES, {NULL}},
    [P_OR] = {"or", 2, 1, COMMUTES | DECIDES, {NULL}},
    [P_NOT] = {"not", 1, 1, DECIDES, {NULL}},
    [P_ISNAN] = {"isnan", 1, 1, TRUTH, {NULL}},
    [P_WHERE] = {"where", 3, 1, INTEGERS | CONDITIONS, {NULL, "where(a, 1, 0)", "where(a, 0, 1)"}}, /* a ? b : c */
    [P_SQUARE] = {"square", 1, 1, EVEN | INTEGERS, {"2 * a"}},
    [P_SQRT] = {"sqrt", 1, 4, 0, {"0.5 / y"}},
    [P_RSQRT] = {"rsqrt", 1, 8, 0, {"-0.5 * y^3"}}, /* 1/√a */
    [P_RECIPROCAL] = {"reciprocal", 1, 4, 0, {"-y^2"}},
    [P_EXP] = {"exp", 1, 10, 0, {"y"}},
    [P_EXP2] = {"exp2", 1, 10, 0, {"log(2) * y"}},
    [P_EXPM1] = {"expm1", 1, 10, 0, {"exp(a)"}}, /* eᵃ − 1 */
    [P_LOG] = {"log", 1, 10, 0, {"1 / a"}},
    [P_LOG2] = {"log2", 1, 10, 0, {"1 / (log(2) * a)"}},
    [P_LOG10] = {"log10", 1, 10, 0, {"1 / (log(10) * a)"}},
    [P_LOG1P] = {"log1p", 1, 10, 0, {"1 / (1 + a)"}}, /* log(1 + a) */
    [P_SIN] = {"sin", 1, 10, ODD, {"cos(a)"}},
    [P_COS] = {"cos", 1, 10, EVEN, {"-sin(a)"}},
    [P_TAN] = {"tan", 1, 10, ODD, {"1 + y^2"}},
    [P_ASIN] = {"asin", 1, 10, ODD, {"rsqrt((1 - a) * (1 + a))"}},
    [P_ACOS] = {"acos", 1, 10, 0, {"-rsqrt((1 - a) * (1 + a))"}},
    [P_ATAN] = {"atan", 1, 10, ODD, {"1 / (1 + a^2)"}},
    [P_SINH] = {"sinh", 1, 10, ODD, {"cosh(a)"}},
    [P_COSH] = {"cosh", 1, 10, EVEN, {"sinh(a)"}},
    [P_TANH] = {"tanh", 1, 10, ODD, {"1 - y^2"}},
    [P_ASINH] = {"asinh", 1, 10, ODD, {"rsqrt(a^2 + 1)"}},
    [P_ACOSH] = {"acosh", 1, 10, 0, {"rsqrt((a - 1) * (a + 1))"}},
    [P_ATANH] = {"atanh", 1, 10, ODD, {"1 / ((1 - a) * (1 + a))"}},
    [P_SIGMOID] = {"sigmoid", 1, 10, 0, {"y * (1 - y)"}},  /* 1 / (1 + e⁻ᵃ) */
    [P_SOFTPLUS] = {"softplus", 1, 20, 0, {"sigmoid(a)"}}, /* log(1 + eᵃ) */
    [P_ERF] = {"erf", 1, 10, ODD, {"2 / sqrt(pi) * exp(-a^2)"}},
    [P_ERFC] = {"erfc", 1, 10, 0, {"-2 / sqrt(pi) * exp(-a^2)"}},
    [P_NORMAL_CDF] = {"normal_cdf", 1, 10, 0, {"rsqrt(2 * pi) * exp(-0.5 * a^2)"}}, /* erfc(−a/√2)/2 */
    [P_TANHSHRINK] = {"tanhshrink", 1, 20, ODD, {"tanh(a)^2"}},                     /* a − tanh(a) */
    /* (a + √(a² + b))/2; √(a² + b) is 2·y − a, without a difference */
    [P_SQUAREPLUS] = {"squareplus", 2, 10, 0, {"1 / (2 - a / y)", "0.25 / (2 * y - a)"}},

    [S_WHERE_GT0] = {"where_gt0", 3, 1, 0, {NULL}},
    [S_WHERE_GE0] = {"where_ge0", 3, 1, 0, {NULL}},
    [S_WHERE_LT0] = {"where_lt0", 3, 1, 0, {NULL}},
    [S_WHERE_LE0] = {"where_le0", 3, 1, 0, {NULL}},
    [S_SLOPE] = {"slope", 3, 2, 0, {NULL}},
    [S_EXP_MINUS_ABS] = {"exp_minus_abs", 1, 10, 0, {NULL}},
    [S_EXP_CAPPED] = {"exp_capped", 1, 10, 0, {NULL}},
    [S_GAUSS] = {"gauss", 1, 10, 0, {NULL}},
    [S_ERF_OF_GAUSS] = {"erf_of_gauss", 2, 10, 0, {NULL}},
    [S_HALF_GAUSS] = {"half_gauss", 1, 10, 0, {NULL}},
    [S_CDF_OF_GAUSS] = {"cdf_of_gauss", 2, 10, 0, {NULL}},
    [S_LOG1P_OF_EXP] = {"log1p_of_exp", 1, 10, 0, {NULL}},
    [S_EXP_SPLIT] = {"exp_split", 1, 10, 0, {NULL}},
    [S_EXP_JOIN] = {"exp_join", 2, 1, 0, {NULL}},
    [S_EXPM1_JOIN] = {"expm1_join", 2, 1, 0, {NULL}},
    PAIRS(ADD, "add"),
    PAIRS(SUB, "sub"),
    PAIRS(MUL, "mul"),
    PAIRS(DIV, "div"),
    PAIRS(MIN, "min"),
    PAIRS(MAX, "max"),
};

int primitive_find(const char *name, int length)
{
    for (int p = 0; p < FORMULA_PRIMITIVES; p++)
        if (strncmp(primitives[p].name, name, (size_t)length) == 0 && primitives[p].name[length] == '\0')
            return p;
    return -1;
}

int dg_primitive_count(void)
{
    return FORMULA_PRIMITIVES;
}

const char *dg_primitive_name(int primitive)
{
    return primitives[primitive].name;
}

int dg_primitive_arity(int primitive)
{
    return primitives[primitive].arity;
}

const char *dg_primitive_derivative(int primitive, int argument)
{
    const char *derivative = primitives[primitive].derivatives[argument];
    return derivative ? derivative : "";
}
