/* Formulas as trees: the program of a formula, with all that rewriting made of it, against the tree evaluated naively
 * in long double; its derivatives against differences of that. Points where the naive value is badly conditioned, or
 * near a corner, are left out. */
#include "fuzz.h"

#include <dotgrad/formula.h>
#include <dotgrad/op.h>

#include <math.h>

typedef long double real;

enum { MOST_NODES = 48, DEPTH = 5, POINTS = 8 };

static real sigmoid_of(real a)
{
    return 1 / (1 + expl(-a));
}

static real softplus_of(real a)
{
    return a > 50 ? a : log1pl(expl(a));
}

static real relu_of(real a)
{
    return a > 0 ? a : 0;
}

static real square_of(real a)
{
    return a * a;
}

static real silu_of(real a)
{
    return a * sigmoid_of(a);
}

static real gelu_of(real a)
{
    return a * erfcl(-a / sqrtl(2)) / 2;
}

static real reciprocal_of(real a)
{
    return 1 / a;
}

static real rsqrt_of(real a)
{
    return 1 / sqrtl(a);
}

static real logsigmoid_of(real a)
{
    return -softplus_of(-a);
}

static real neg_of(real a)
{
    return -a;
}

static real elu_of(real a)
{
    return a > 0 ? a : expm1l(a);
}

static real mish_of(real a)
{
    return a * tanhl(softplus_of(a));
}

static real softsign_of(real a)
{
    return a / (1 + fabsl(a));
}

static const struct {
    const char *name;
    real (*of)(real a);
    bool has_corner; /* at 0 */
} functions[] = {
    {"exp", expl, false},
    {"log", logl, false},
    {"tanh", tanhl, false},
    {"sigmoid", sigmoid_of, false},
    {"sqrt", sqrtl, false},
    {"abs", fabsl, true},
    {"sin", sinl, false},
    {"cos", cosl, false},
    {"softplus", softplus_of, false},
    {"expm1", expm1l, false},
    {"log1p", log1pl, false},
    {"erf", erfl, false},
    {"atan", atanl, false},
    {"relu", relu_of, true},
    {"square", square_of, false},
    {"silu", silu_of, false},
    {"gelu", gelu_of, false},
    {"reciprocal", reciprocal_of, false},
    {"rsqrt", rsqrt_of, false},
    {"sinh", sinhl, false},
    {"cosh", coshl, false},
    {"asinh", asinhl, false},
    {"exp2", exp2l, false},
    {"log2", log2l, false},
    {"logsigmoid", logsigmoid_of, false},
    {"neg", neg_of, false},
    {"elu", elu_of, true},
    {"mish", mish_of, false},
    {"softsign", softsign_of, true},
    {"erfc", erfcl, false},
    {"log10", log10l, false},
};
enum { N_FUNCTIONS = sizeof functions / sizeof *functions, N_OPERATORS = 5 /* + - * / ^ */, N_OTHERS = 4 };

typedef enum node_kind { NUMBER, X, Y, FUNCTION, OPERATOR, MAXIMUM, MINIMUM, WHERE, HYPOT } node_kind;

typedef struct node {
    node_kind kind;
    int of, arguments[3]; /* which function or operator */
    double number;
} node;

typedef struct tree {
    node nodes[MOST_NODES];
    int count, promised; /* nodes made, and with those that their parents still wait for */
    const uint8_t *bytes;
    size_t left;
    char text[8192];
    size_t length;
} tree;

static uint8_t take(tree *t)
{
    if (!t->left)
        return 0;
    t->left--;
    return *t->bytes++;
}

static int grow(tree *t, int depth)
{
    static const double numbers[] = {0, 1, 2, 0.5, 3, -1, 1e-3, 10, 100, 0.25, -2, 1e-30, 7, 88, -100, 0.1};
    int index = t->count++;
    node *made = &t->nodes[index];
    uint8_t choice = take(t);
    *made = (node){.kind = NUMBER};
    if (depth == 0 || t->promised + 3 > MOST_NODES || choice % 4 == 0) {
        made->kind = (node_kind)(take(t) % 3);
        made->number = made->kind == NUMBER ? numbers[take(t) % 16] : 0;
        return index;
    }
    int which = choice / 4 + 64 * (take(t) % 4);
    which %= N_FUNCTIONS + 2 * N_OPERATORS + N_OTHERS;
    int arguments = 1;
    if (which < N_FUNCTIONS) {
        made->kind = FUNCTION;
        made->of = which;
    } else if ((which -= N_FUNCTIONS) < 2 * N_OPERATORS) {
        made->kind = OPERATOR;
        made->of = which % N_OPERATORS;
        arguments = 2;
    } else {
        made->kind = (node_kind)(MAXIMUM + which - 2 * N_OPERATORS);
        arguments = made->kind == WHERE ? 3 : 2;
    }
    t->promised += arguments;
    for (int k = 0; k < arguments; k++)
        t->nodes[index].arguments[k] = grow(t, depth - 1);
    return index;
}

#define PRINT(t, ...)                                                                                                  \
    ((t)->length += (size_t)snprintf((t)->text + (t)->length, sizeof(t)->text - (t)->length, __VA_ARGS__))

static void print(tree *t, int index)
{
    const node *n = &t->nodes[index];
    static const char *const openings[] = {
        [MAXIMUM] = "max(", [MINIMUM] = "min(", [WHERE] = "where(", [HYPOT] = "hypot("};
    if (n->kind <= Y) {
        PRINT(t, n->kind == X ? "x" : n->kind == Y ? "y" : n->number < 0 ? "(%.17g)" : "%.17g", n->number);
        return;
    }
    if (n->kind == FUNCTION)
        PRINT(t, "%s(", functions[n->of].name);
    else
        PRINT(t, "%s", n->kind == OPERATOR ? "(" : openings[n->kind]);
    print(t, n->arguments[0]);
    if (n->kind == OPERATOR)
        PRINT(t, " %c ", "+-*/^"[n->of]);
    else if (n->kind != FUNCTION)
        PRINT(t, n->kind == WHERE ? " > 0, " : ", ");
    if (n->kind != FUNCTION)
        print(t, n->arguments[1]);
    if (n->kind == WHERE) {
        PRINT(t, ", ");
        print(t, n->arguments[2]);
    }
    PRINT(t, ")");
}

/* The naive value, what it goes through at most, and whether a corner, a pole or a huge number is near. */
typedef struct passage {
    real x, y, largest;
    bool is_bad;
    bool round; /* to double after each step: what the conditioning can be judged by */
} passage;

static real operate(passage *p, int of, real a, real b)
{
    if (of == 4 && a <= 0)
        p->is_bad = true;
    return of == 0 ? a + b : of == 1 ? a - b : of == 2 ? a * b : of == 3 ? a / b : powl(a, b);
}

static real evaluate(const tree *t, int index, passage *p)
{
    const node *n = &t->nodes[index];
    real a, b, value;
    if (n->kind <= Y) {
        value = n->kind == X ? p->x : n->kind == Y ? p->y : (real)n->number;
    } else {
        a = evaluate(t, n->arguments[0], p);
        b = n->kind == FUNCTION ? 0 : evaluate(t, n->arguments[1], p);
        bool near = fabsl(a) < 1e-3L, tie = fabsl(a - b) <= 1e-3L * (1 + fabsl(a));
        if (n->kind == FUNCTION) {
            p->is_bad |= near && functions[n->of].has_corner;
            value = functions[n->of].of(a);
        } else if (n->kind == OPERATOR) {
            value = operate(p, n->of, a, b);
        } else if (n->kind == WHERE) {
            p->is_bad |= near;
            real other = evaluate(t, n->arguments[2], p);
            value = a > 0 ? b : other;
        } else {
            p->is_bad |= n->kind != HYPOT && tie;
            value = n->kind == HYPOT ? hypotl(a, b) : (a > b) == (n->kind == MAXIMUM) ? a : b;
        }
    }
    if (!(fabsl(value) < 1e60L))
        p->is_bad = true;
    p->largest = fmaxl(p->largest, fabsl(value));
    return p->round ? (real)(double)value : value;
}

static real at(const tree *t, real x, real y, bool round, passage *p)
{
    *p = (passage){.x = x, .y = y, .round = round};
    return evaluate(t, 0, p);
}

static const double xs[POINTS] = {0.3, -0.7, 1.9, -3.1, 0.011, 12.5, -20.25, 2.0};
static const double ys[POINTS] = {1.3, 0.4, -2.2, 5.5, -0.6, 0.9, 3.3, -1.0};

static bool run(const dg_formula *formula, double out[POINTS])
{
    const dg_dtype inputs[] = {DG_FLOAT64, DG_FLOAT64};
    const int ranks[] = {1, 1};
    const dg_operand operands[] = {{.dtype = DG_FLOAT64, .data = xs, .strides = {1}},
                                   {.dtype = DG_FLOAT64, .data = ys, .strides = {1}}};
    const dg_shape shape = DG_SHAPE(POINTS);
    dg_dtype compute, result;
    dg_program *program;
    dg_arena *arena;
    MUST(dg_formula_dtypes(formula, inputs, ranks, &compute, &result));
    if (compute != DG_FLOAT64 || result != DG_FLOAT64)
        return false;
    MUST(dg_arena_new(&arena));
    MUST(dg_program_make(arena, formula, compute, &program));
    dg_program_run(program, &shape, operands, result, out, 0, POINTS);
    dg_arena_free(arena);
    return true;
}

static void check_value(const tree *t, int i, double got)
{
    passage p, other;
    real want = at(t, xs[i], ys[i], false, &p), rounded = at(t, xs[i], ys[i], true, &other);
    real moved = at(t, xs[i] * (1 + 1e-13L), ys[i] * (1 - 1e-13L), false, &other);
    real allowed = 50 * fabsl(moved - want) + 50 * fabsl(rounded - want) + 1e-11L * (fabsl(want) + 1e-3L * p.largest) +
                   1e-13L * p.largest + 1e-23L;
    if (p.is_bad || other.is_bad || allowed > 1e-3L * (fabsl(want) + 1))
        return;
    CHECK(fabsl(got - want) <= allowed, "%s at x=%.17g, y=%.17g is %.17g, expected %.17Lg (±%Lg)", t->text, xs[i],
          ys[i], got, want, allowed);
}

static real slope(const tree *t, int i, int by, real h, bool *is_bad)
{
    passage p;
    real values[4];
    static const int steps[] = {1, -1, 2, -2};
    for (int k = 0; k < 4; k++) {
        values[k] = at(t, xs[i] + (by == 0 ? steps[k] * h : 0), ys[i] + (by == 1 ? steps[k] * h : 0), false, &p);
        *is_bad |= p.is_bad;
    }
    return (8 * (values[0] - values[1]) - (values[2] - values[3])) / (12 * h);
}

static void check_slope(const tree *t, int i, int by, double got)
{
    bool is_bad = false;
    passage p;
    at(t, xs[i], ys[i], false, &p);
    real coarse = slope(t, i, by, 2.5e-5L, &is_bad), want = slope(t, i, by, 6.25e-6L, &is_bad);
    real allowed = 100 * fabsl(want - coarse) + 1e-7L * (fabsl(want) + 1e-9L * p.largest) + 1e-12L * p.largest + 1e-10L;
    if (is_bad || p.is_bad || !isfinite(got) || allowed > 1e-2L * (fabsl(want) + 1))
        return;
    CHECK(fabsl(got - want) <= allowed, "d/d%c %s at x=%.17g, y=%.17g is %.17g, expected %.17Lg (±%Lg)", "xy"[by],
          t -> text, xs[i], ys[i], got, want, allowed);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *const names[] = {"x", "y"};
    tree t = {.promised = 1, .bytes = bytes, .left = size};
    const dg_formula *formula, *derivative;
    dg_formulas *pool;
    double out[POINTS];
    grow(&t, DEPTH);
    print(&t, 0);
    MUST(dg_formulas_new(&pool));
    dg_status status = dg_formula_parse(pool, t.text, NULL, 0, names, 2, &formula);
    CHECK(status.code == DG_OK, "%s: %s", t.text, status.message);
    if (run(formula, out)) {
        for (int i = 0; i < POINTS; i++)
            check_value(&t, i, out[i]);
        for (int by = 0; by < 2; by++) {
            MUST(dg_formula_derivative(pool, formula, by, &derivative));
            for (int i = 0; run(derivative, out) && i < POINTS; i++)
                check_slope(&t, i, by, out[i]);
        }
    }
    dg_formulas_free(pool);
    return 0;
}
