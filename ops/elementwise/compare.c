/* Comparisons, logic and choice. Conditions are bool; a number counts as true unless it is 0. */
#include <dotgrad/op.h>

#define CONDITION(op_name, summary_text, formula_text)                                                                 \
    {                                                                                                                  \
        .name = op_name, .family = "compare", .summary = summary_text,                                                 \
        .inputs = {{.name = "input"}, {.name = "other"}}, .flags = DG_NOT_DIFFERENTIABLE, .formula = formula_text,     \
        .samples = (const dg_sample[])                                                                                 \
        {                                                                                                              \
            {op_name, {"[3, 4]", "[3, 4]"}}, {op_name, {"[2, 1, 4]", "[3, 1]"}},                                       \
            {                                                                                                          \
                .call = NULL                                                                                           \
            }                                                                                                          \
        }                                                                                                              \
    }

#define TEST(op_name, summary_text, formula_text)                                                                      \
    {                                                                                                                  \
        .name = op_name, .family = "compare", .summary = summary_text, .inputs = {{.name = "input"}},                  \
        .flags = DG_NOT_DIFFERENTIABLE, .formula = formula_text, .samples = (const dg_sample[])                        \
        {                                                                                                              \
            {op_name, {"[3, 4]"}},                                                                                     \
            {                                                                                                          \
                .call = NULL                                                                                           \
            }                                                                                                          \
        }                                                                                                              \
    }

static const dg_sample where_samples[] = {
    {"where", {"[3, 4] bool", "[3, 4]", "[3, 4]"}},
    {"where", {"[4] bool", "[2, 1, 1]", "[3, 1]"}},
    {.call = NULL},
};

static const dg_op compare_ops[] = {
    CONDITION("eq", "y = a = b", "input == other"),
    CONDITION("ne", "y = a ≠ b", "input != other"),
    CONDITION("lt", "y = a < b", "input < other"),
    CONDITION("le", "y = a ≤ b", "input <= other"),
    CONDITION("gt", "y = a > b", "input > other"),
    CONDITION("ge", "y = a ≥ b", "input >= other"),
    CONDITION("logical_and", "y = a and b", "and(input, other)"),
    CONDITION("logical_or", "y = a or b", "or(input, other)"),
    CONDITION("logical_xor", "y = one of a and b, not both", "not(input) != not(other)"),
    TEST("logical_not", "y = x is 0", "not(input)"),
    TEST("isnan", "y = x is not a number", "isnan(input)"),
    TEST("isinf", "y = x is ∞ or −∞", "abs(input) == inf"),
    TEST("isfinite", "y = x is neither ∞ nor −∞ nor NaN", "abs(input) < inf"),
    {
        .name = "where",
        .family = "compare",
        .summary = "y = a where the condition holds, else b",
        .inputs = {{.name = "condition", .flags = DG_INDEX}, {.name = "input"}, {.name = "other"}},
        .formula = "where(condition, input, other)",
        .samples = where_samples,
    },
};

const dg_op_family compare_family = DG_FAMILY(compare_ops);
