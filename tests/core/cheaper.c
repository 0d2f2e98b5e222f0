/* Cheaper forms: as exact as what they stand for, in every instruction set, and as few steps as is claimed. */
#include "core/program/faster.h"
#include "core/vector/vector.h"
#include "formula_test.h"

TestSuite(cheaper, .init = set_up, .fini = tear_down);

static const char *const isas[] = {"base", "v3", "v4"};
enum { N_ISAS = 3, MOST_NODES = 200 };

/* The value of a root over x and cotangent, node by node, in float32 or float64. */
static double value_of(const expression *root, double x, double cotangent, lane_kind lane, const vector_table *table)
{
    double values[MOST_NODES];
    cr_assert(pass_begin(pool, root));
    cr_assert_lt(pool->n_order, MOST_NODES);
    for (size_t i = 0; i < pool->n_order; i++) {
        expression *e = (expression *)pool->order[i];
        double wide[3] = {0}, y = 0;
        float narrow[3] = {0}, result;
        for (int k = 0; k < e->arity; k++) {
            wide[k] = values[e->args[k]->place];
            narrow[k] = (float)wide[k];
        }
        e->place = i;
        if (e->op == OP_CONSTANT) {
            y = lane == LANE_F32 ? (float)e->value : e->value;
        } else if (e->op == OP_INPUT) {
            y = e->name[0] == 'x' ? x : cotangent;
        } else if (lane == LANE_F32) {
            table->kernels[lane][e->op](&result, &narrow[0], &narrow[1], &narrow[2], 1);
            y = result;
        } else {
            table->kernels[lane][e->op](&y, &wide[0], &wide[1], &wide[2], 1);
        }
        values[i] = y;
    }
    return values[root->place];
}

/* A formula and its gradient with the formula's own value put in. */
static void formula_and_gradient(const char *text, const expression *roots[2])
{
    const dg_formula *formula = parse(text), *vjp;
    cr_assert_eq(dg_formula_vjp(pool, formula, 0, &vjp).code, DG_OK);
    const char *output = vjp->names[formula->n_inputs];
    roots[0] = formula->root;
    roots[1] = expression_substitute(pool, vjp->root, 1, &output, &formula->root, NULL, NULL);
    cr_assert_not_null(roots[1]);
}

/* Formulas, and how exact they are in any form: to so many roundings, or up to an absolute error where terms of the
 * order of 1 cancel. */
static const struct {
    const char *text;
    double absolute;
} formulas[] = {
    {"max(x, 0)", 0},
    {"where(x > 0, x, 0.01 * x)", 0},
    {"where(x > 0, x, expm1(x))", 0},
    {"1.0507009873554805 * where(x > 0, x, 1.6732632423543772 * expm1(x))", 0},
    {"x * (1 + erf(x / sqrt(2))) / 2", 1e-6},
    {"x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))) / 2", 1e-6},
    {"x * sigmoid(x)", 1e-6},
    {"x * tanh(softplus(x))", 1e-6},
    {"log1p(exp(-abs(x))) + max(x, 0)", 0},
    {"x / (1 + abs(x))", 1e-6},
    {"1 / (1 + exp(-x))", 1e-6},
    {"x * min(max(x + 3, 0), 6) / 6", 1e-6},
    {"sigmoid(x) + softplus(-x)", 1e-6},
    {"tanh(softplus(-x)) + sigmoid(-x)", 1e-6},
    {"sigmoid(-2 * x) * softplus(2 * x)", 1e-6},
    {"exp(-abs(x)) + sigmoid(-abs(x))", 1e-6},
    {"exp(-abs(x)) * where(x > 0, x, 3 * x)", 1e-6},
    {"exp(x) * expm1(x)", 1e-6},
    {"erf(-x) + exp(-x^2)", 1e-6},
    {"abs(x)^1.5 + abs(x)^0.5", 0},
    {"(1 + abs(x))^-2.5", 0},
    {"max(min(x, 1), -1) + min(max(x, -2), 2)", 1e-6},
    {"where(x <= 0, 2 * x, 3 * x * exp(-x))", 1e-6},
    {"where(x / 3 > 1, x / 7, x / 5)", 0},
    {"floor(x / 3) + x / 3", 1e-5},
    {"where(x <= 0, 0, where(x >= 6, 6, x))", 0},
    {"where(x < -1, -1, where(x > 1, 1, x)) + where(x > 2, 2, x)", 0},
    {"x / sqrt(1 + x^2)", 1e-6},
};
enum { N_FORMULAS = sizeof formulas / sizeof formulas[0] };

static const double points[] = {0,   -0.0, 1,     -1,    3,    -3,    6,    -6,    2,    -2,   9,     -9,
                                0.5, -0.5, -0.69, -0.70, 1e-3, -1e-3, 1e-8, -1e-8, 1.3,  -1.3, 2.7,   -2.7,
                                4.1, -4.1, 5.5,   -5.5,  12,   -12,   20.5, -20.5, 39.9, 40.1, 44,    -44,
                                87,  -87,  88.5,  -88.5, 100,  -100,  1e4,  -1e4,  1e9,  -1e9, 1e-30, -1e-30};
enum { N_POINTS = sizeof points / sizeof points[0] };

static void check_form(const char *isa, size_t f, const expression *given, const expression *cheap, const char *which)
{
    const vector_table *table = vector_table_named(isa);
    for (int i = 0; i < N_POINTS; i++) {
        double x = (float)points[i], want = value_of(given, x, 1.25, LANE_F64, table);
        double before = value_of(given, x, 1.25, LANE_F32, table), now = value_of(cheap, x, 1.25, LANE_F32, table);
        double allowed = fabs(before - want) + 3 * 0x1p-23 * fabs(want) + formulas[f].absolute;
        bool same = now == before || (isnan(now) && isnan(before));
        cr_expect(same || fabs(now - want) <= allowed + 1e-37, "%s, %s of %s at %g: %.9g, was %.9g, exactly %.9g", isa,
                  which, formulas[f].text, x, now, before, want);
    }
}

Test(cheaper, forms_are_as_exact_as_what_they_stand_for)
{
    for (size_t f = 0; f < N_FORMULAS; f++) {
        const expression *given[2], *cheap[2];
        formula_and_gradient(formulas[f].text, given);
        memcpy(cheap, given, sizeof cheap);
        cr_assert(expressions_cheaper(pool, 2, cheap));
        for (int isa = 0; isa < N_ISAS; isa++)
            if (vector_table_named(isas[isa])) {
                check_form(isas[isa], f, given[0], cheap[0], "value");
                check_form(isas[isa], f, given[1], cheap[1], "gradient");
            }
    }
}

Test(cheaper, nan_stays_nan_and_infinity_keeps_its_side)
{
    static const double specials[] = {NAN, INFINITY, -INFINITY};
    for (size_t f = 0; f < N_FORMULAS; f++) {
        const expression *given[2], *cheap[2];
        const vector_table *table = vector_tables();
        formula_and_gradient(formulas[f].text, given);
        memcpy(cheap, given, sizeof cheap);
        cr_assert(expressions_cheaper(pool, 2, cheap));
        for (int i = 0; i < 3; i++)
            for (int k = 0; k < 2; k++) {
                double before = value_of(given[k], specials[i], 1.25, LANE_F32, table);
                double now = value_of(cheap[k], specials[i], 1.25, LANE_F32, table);
                cr_expect(close_to(now, before, 3e-7, 1e-7), "%s %d at %g: %g, was %g", formulas[f].text, k,
                          specials[i], now, before);
            }
    }
}

/* ---- how few ---- */

static int count(int n, const expression **roots, int *transcendental)
{
    int steps = 0;
    *transcendental = 0;
    cr_assert(pass_begin_all(pool, n, roots));
    for (size_t i = 0; i < pool->n_order; i++)
        if (pool->order[i]->arity) {
            steps++;
            *transcendental += primitives[pool->order[i]->op].flops >= 10;
        }
    return steps;
}

Test(cheaper, value_and_gradient_together_take_few_steps)
{
    static const struct {
        const char *text;
        int steps, transcendental;
    } cases[] = {
        {"max(x, 0)", 2, 0},
        {"where(x > 0, x, 0.01 * x)", 3, 0},
        {"where(x > 0, x, expm1(x))", 6, 1},
        {"1.0507009873554805 * where(x > 0, x, 1.6732632423543772 * expm1(x))", 9, 1},
        {"x * (1 + erf(x / sqrt(2))) / 2", 8, 2},
        {"x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))) / 2", 11, 1},
        {"x * sigmoid(x)", 5, 1},
        {"x * tanh(softplus(x))", 9, 1},
        {"log1p(exp(-abs(x))) + max(x, 0)", 6, 2},
        {"x / (1 + abs(x))", 7, 0},
        {"1 / (1 + exp(-x))", 3, 1},
        {"x * min(max(x + 3, 0), 6) / 6", 7, 0},
        {"where(x <= 0, 0, where(x >= 6, 6, x))", 5, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const expression *roots[2];
        int transcendental;
        formula_and_gradient(cases[i].text, roots);
        cr_assert(expressions_cheaper(pool, 2, roots));
        int steps = count(2, roots, &transcendental);
        cr_expect_leq(steps, cases[i].steps, "%s takes %d steps", cases[i].text, steps);
        cr_expect_leq(transcendental, cases[i].transcendental, "%s takes %d transcendental steps", cases[i].text,
                      transcendental);
    }
}

Test(cheaper, making_it_cheaper_again_changes_nothing)
{
    for (size_t f = 0; f < N_FORMULAS; f++) {
        const expression *once[2], *twice[2];
        formula_and_gradient(formulas[f].text, once);
        cr_assert(expressions_cheaper(pool, 2, once));
        memcpy(twice, once, sizeof twice);
        cr_assert(expressions_cheaper(pool, 2, twice));
        cr_expect(once[0] == twice[0] && once[1] == twice[1], "%s", formulas[f].text);
    }
}

Test(cheaper, leaves_large_expressions_alone)
{
    const expression *x = parse("x")->root, *sum = x;
    for (int i = 0; i <= MOST_CHEAPENED; i++)
        sum = make1(pool, P_SIN, make2(pool, P_ADD, sum, x));
    const expression *root = sum;
    cr_assert(expressions_cheaper(pool, 1, &root));
    cr_expect_eq(root, sum);
}

Test(cheaper, a_decision_does_not_hang_on_a_rounding)
{
    const expression *root = parse("floor(x / 3)")->root, *given = root;
    cr_assert(expressions_cheaper(pool, 1, &root));
    for (int i = -3000; i < 3000; i++)
        cr_expect_eq(value_of(root, 3 * i, 0, LANE_F32, vector_tables()), i, "floor(%d / 3)", 3 * i);
    cr_expect_eq(root, given);
}

/* ---- steps ---- */

static float first_value(int first, float a, float b)
{
    switch (first) {
    case FIRST_ADD:
        return a + b;
    case FIRST_SUB:
        return a - b;
    case FIRST_MUL:
        return a * b;
    case FIRST_DIV:
        return a / b;
    case FIRST_MIN:
        return isnan(a) || a < b ? a : b;
    default:
        return isnan(a) || a > b ? a : b;
    }
}

static float second_value(int second, float t, float c)
{
    switch (second) {
    case SECOND_FROM:
        return c - t;
    case SECOND_INTO:
        return c / t;
    case SECOND_ADD:
    case SECOND_SUB:
    case SECOND_MUL:
    case SECOND_DIV:
        return first_value((int[]){FIRST_ADD, FIRST_SUB, -1, FIRST_MUL, FIRST_DIV}[second], t, c);
    default:
        return first_value(second == SECOND_MIN ? FIRST_MIN : FIRST_MAX, t, c);
    }
}

Test(cheaper, a_pair_rounds_as_its_two_operations_do)
{
    enum { N = 37 };
    float a[N], b[N], c[N], y[N];
    for (int i = 0; i < N; i++) {
        a[i] = i == 5 ? NAN : (float)sin(i * 1.7) * 3;
        b[i] = i == 9 ? NAN : (float)cos(i * 2.3) * 2;
        c[i] = i == 13 ? NAN : i == 14 ? INFINITY : (float)sin(i * 0.9 + 1);
    }
    for (int isa = 0; isa < N_ISAS; isa++) {
        const vector_table *table = vector_table_named(isas[isa]);
        for (int first = 0; table && first < PAIR_FIRSTS; first++)
            for (int second = 0; second < PAIR_SECONDS; second++) {
                int op = S_PAIRS + first * PAIR_SECONDS + second;
                table->kernels[LANE_F32][op](y, a, b, c, N);
                for (int i = 0; i < N; i++) {
                    volatile float t = first_value(first, a[i], b[i]);
                    float want = second_value(second, t, c[i]);
                    cr_expect(y[i] == want || (isnan(y[i]) && isnan(want)), "%s %s(%g, %g, %g) is %g, not %g",
                              isas[isa], primitives[op].name, (double)a[i], (double)b[i], (double)c[i], (double)y[i],
                              (double)want);
                }
            }
    }
}

Test(cheaper, choices_by_sign_and_slopes_decide_like_comparisons)
{
    static const float values[] = {0, -0.0f, 1, -1, 1e-42f, -1e-42f, INFINITY, -INFINITY, NAN};
    enum { N = sizeof values / sizeof values[0] };
    for (int isa = 0; isa < N_ISAS; isa++) {
        const vector_table *table = vector_table_named(isas[isa]);
        for (int i = 0; table && i < N; i++) {
            float a = values[i], b = 2, c = 3, y[4];
            for (int k = 0; k < 4; k++)
                table->kernels[LANE_F32][S_WHERE_GT0 + k](&y[k], &a, &b, &c, 1);
            cr_expect_eq(y[0], a > 0 ? b : c);
            cr_expect_eq(y[1], a >= 0 ? b : c);
            cr_expect_eq(y[2], a < 0 ? b : c);
            cr_expect_eq(y[3], a <= 0 ? b : c);
            for (int k = 0; k < N; k++) {
                float lost = INFINITY;
                table->kernels[LANE_F32][S_SLOPE](y, &a, &values[k], &c, 1);
                table->kernels[LANE_F32][S_SLOPE](y + 1, &a, &values[k], &lost, 1);
                cr_expect_eq(y[0], a < values[k] ? 0 : a == values[k] ? 1.5f : 3);
                cr_expect_eq(y[1], a < values[k] ? 0 : INFINITY);
            }
        }
    }
}
