/* Formulas in the notations of others: LaTeX, C, and Python with PyTorch, JAX or Keras. A notation is a table of
 * templates, one for each primitive, in which $a, $b and $c stand for the arguments. */
#include "expression.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* How tightly a text binds, weakest first. */
enum { CHOICE, COMPARED, SUMMED, MULTIPLIED, NEGATED, RAISED, CLOSED };

typedef struct template
{
    const char *text;
    uint8_t binds, needs[3]; /* its own strength, and the least of its arguments */
}
template;

#define CALL(text)                                                                                                     \
    {                                                                                                                  \
        text, CLOSED,                                                                                                  \
        {                                                                                                              \
            CHOICE, CHOICE, CHOICE                                                                                     \
        }                                                                                                              \
    }
#define BINARY(sign, strength, right)                                                                                  \
    {                                                                                                                  \
        "$a " sign " $b", strength,                                                                                    \
        {                                                                                                              \
            strength, right, 0                                                                                         \
        }                                                                                                              \
    }
#define ARITHMETIC                                                                                                     \
    [P_ADD] = BINARY("+", SUMMED, MULTIPLIED), [P_SUB] = BINARY("-", SUMMED, MULTIPLIED),                              \
    [P_NEG] = {"-$a", NEGATED, {RAISED}}, [P_LT] = BINARY("<", COMPARED, SUMMED),                                      \
    [P_GT] = BINARY(">", COMPARED, SUMMED)
#define CODE_ARITHMETIC                                                                                                \
    ARITHMETIC, [P_MUL] = BINARY("*", MULTIPLIED, NEGATED), [P_DIV] = BINARY("/", MULTIPLIED, RAISED),                 \
                [P_RECIPROCAL] = {"1 / $a", MULTIPLIED, {RAISED}}, [P_LE] = BINARY("<=", COMPARED, SUMMED),            \
                [P_GE] = BINARY(">=", COMPARED, SUMMED), [P_EQ] = BINARY("==", COMPARED, SUMMED),                      \
                [P_NE] = BINARY("!=", COMPARED, SUMMED)

#define LATEX(name)          CALL("\\" name "\\left($a\\right)")
#define LATEX_OPERATOR(name) CALL("\\operatorname{" name "}\\left($a\\right)")
static const template latex[FORMULA_PRIMITIVES] = {
    ARITHMETIC,
    [P_MUL] = {"$a \\, $b", MULTIPLIED, {MULTIPLIED, RAISED}},
    [P_DIV] = CALL("\\frac{$a}{$b}"),
    [P_POW] = {"$a^{$b}", RAISED, {CLOSED, CHOICE}},
    [P_SQUARE] = {"$a^{2}", RAISED, {CLOSED}},
    [P_RECIPROCAL] = CALL("\\frac{1}{$a}"),
    [P_SQRT] = CALL("\\sqrt{$a}"),
    [P_RSQRT] = CALL("\\frac{1}{\\sqrt{$a}}"),
    [P_ABS] = CALL("\\left|$a\\right|"),
    [P_SIGN] = LATEX_OPERATOR("sgn"),
    [P_FLOOR] = CALL("\\left\\lfloor $a \\right\\rfloor"),
    [P_CEIL] = CALL("\\left\\lceil $a \\right\\rceil"),
    [P_ROUND] = LATEX_OPERATOR("round"),
    [P_TRUNC] = LATEX_OPERATOR("trunc"),
    [P_FMOD] = CALL("\\operatorname{fmod}\\left($a, $b\\right)"),
    [P_REMAINDER] = {"$a \\bmod $b", MULTIPLIED, {CLOSED, CLOSED}},
    [P_MIN] = CALL("\\min\\left($a, $b\\right)"),
    [P_MAX] = CALL("\\max\\left($a, $b\\right)"),
    [P_HYPOT] = CALL("\\operatorname{hypot}\\left($a, $b\\right)"),
    [P_ATAN2] = CALL("\\operatorname{atan2}\\left($a, $b\\right)"),
    [P_LOGADDEXP] = CALL("\\operatorname{logaddexp}\\left($a, $b\\right)"),
    [P_SQUAREPLUS] = CALL("\\operatorname{squareplus}\\left($a, $b\\right)"),
    [P_LE] = BINARY("\\le", COMPARED, SUMMED),
    [P_GE] = BINARY("\\ge", COMPARED, SUMMED),
    [P_EQ] = BINARY("=", COMPARED, SUMMED),
    [P_NE] = BINARY("\\ne", COMPARED, SUMMED),
    [P_AND] = BINARY("\\land", CHOICE, COMPARED),
    [P_OR] = BINARY("\\lor", CHOICE, COMPARED),
    [P_NOT] = {"\\lnot $a", NEGATED, {CLOSED}},
    [P_ISNAN] = LATEX_OPERATOR("isnan"),
    [P_WHERE] = {"\\begin{cases} $b & \\text{if } $a \\\\ $c & \\text{otherwise} \\end{cases}",
                 CHOICE,
                 {CHOICE, CHOICE, CHOICE}},
    [P_EXP] = {"e^{$a}", RAISED, {CHOICE}},
    [P_EXP2] = {"2^{$a}", RAISED, {CHOICE}},
    [P_EXPM1] = {"e^{$a} - 1", SUMMED, {CHOICE}},
    [P_LOG] = LATEX("ln"),
    [P_LOG2] = LATEX("log_2"),
    [P_LOG10] = LATEX("log_{10}"),
    [P_LOG1P] = CALL("\\ln\\left(1 + $a\\right)"),
    [P_SIN] = LATEX("sin"),
    [P_COS] = LATEX("cos"),
    [P_TAN] = LATEX("tan"),
    [P_ASIN] = LATEX("arcsin"),
    [P_ACOS] = LATEX("arccos"),
    [P_ATAN] = LATEX("arctan"),
    [P_SINH] = LATEX("sinh"),
    [P_COSH] = LATEX("cosh"),
    [P_TANH] = LATEX("tanh"),
    [P_ASINH] = LATEX_OPERATOR("arsinh"),
    [P_ACOSH] = LATEX_OPERATOR("arcosh"),
    [P_ATANH] = LATEX_OPERATOR("artanh"),
    [P_SIGMOID] = CALL("\\sigma\\left($a\\right)"),
    [P_SOFTPLUS] = LATEX_OPERATOR("softplus"),
    [P_ERF] = LATEX_OPERATOR("erf"),
    [P_ERFC] = LATEX_OPERATOR("erfc"),
    [P_NORMAL_CDF] = CALL("\\Phi\\left($a\\right)"),
    [P_TANHSHRINK] = LATEX_OPERATOR("tanhshrink"),
};

/* Beside the C library: helpers that DG_C_HELPERS defines. */
#define SAME(name) CALL(name "($a)")
static const template c_code[FORMULA_PRIMITIVES] = {
    CODE_ARITHMETIC,
    [P_POW] = CALL("pow($a, $b)"),
    [P_SQUARE] = CALL("square($a)"),
    [P_SQRT] = SAME("sqrt"),
    [P_RSQRT] = {"1 / sqrt($a)", MULTIPLIED, {CHOICE}},
    [P_ABS] = SAME("fabs"),
    [P_SIGN] = SAME("sign"),
    [P_FLOOR] = SAME("floor"),
    [P_CEIL] = SAME("ceil"),
    [P_ROUND] = SAME("rint"),
    [P_TRUNC] = SAME("trunc"),
    [P_FMOD] = CALL("fmod($a, $b)"),
    [P_REMAINDER] = CALL("floor_remainder($a, $b)"),
    [P_MIN] = CALL("fmin($a, $b)"),
    [P_MAX] = CALL("fmax($a, $b)"),
    [P_HYPOT] = CALL("hypot($a, $b)"),
    [P_ATAN2] = CALL("atan2($a, $b)"),
    [P_LOGADDEXP] = CALL("log_add_exp($a, $b)"),
    [P_SQUAREPLUS] = CALL("squareplus($a, $b)"),
    [P_AND] = {"$a && $b", CHOICE, {COMPARED, COMPARED}},
    [P_OR] = {"$a || $b", CHOICE, {COMPARED, COMPARED}},
    [P_NOT] = {"!$a", NEGATED, {CLOSED}},
    [P_ISNAN] = SAME("isnan"),
    [P_WHERE] = CALL("($a ? $b : $c)"),
    [P_EXP] = SAME("exp"),
    [P_EXP2] = SAME("exp2"),
    [P_EXPM1] = SAME("expm1"),
    [P_LOG] = SAME("log"),
    [P_LOG2] = SAME("log2"),
    [P_LOG10] = SAME("log10"),
    [P_LOG1P] = SAME("log1p"),
    [P_SIN] = SAME("sin"),
    [P_COS] = SAME("cos"),
    [P_TAN] = SAME("tan"),
    [P_ASIN] = SAME("asin"),
    [P_ACOS] = SAME("acos"),
    [P_ATAN] = SAME("atan"),
    [P_SINH] = SAME("sinh"),
    [P_COSH] = SAME("cosh"),
    [P_TANH] = SAME("tanh"),
    [P_ASINH] = SAME("asinh"),
    [P_ACOSH] = SAME("acosh"),
    [P_ATANH] = SAME("atanh"),
    [P_SIGMOID] = SAME("sigmoid"),
    [P_SOFTPLUS] = SAME("softplus"),
    [P_ERF] = SAME("erf"),
    [P_ERFC] = SAME("erfc"),
    [P_NORMAL_CDF] = CALL("(0.5 * erfc(-0.70710678118654752 * ($a)))"),
    [P_TANHSHRINK] = SAME("tanhshrink"),
};

/* Python: `n` is the array module, `s` where softplus is, `p` where erf is. T() makes an array of a
 * number, for functions that take no numbers. */
#define PYTHON(n, sigma, s, p, arc)                                                                                    \
    CODE_ARITHMETIC,                                                                                                   \
        [P_POW] = {"$a ** $b", RAISED, {CLOSED, NEGATED}}, [P_SQUARE] = {"$a ** 2", RAISED, {CLOSED}},                 \
        [P_SQRT] = SAME(n "sqrt"), [P_RSQRT] = {"1 / " n "sqrt($a)", MULTIPLIED, {CHOICE}}, [P_ABS] = SAME(n "abs"),   \
        [P_SIGN] = SAME(n "sign"), [P_FLOOR] = SAME(n "floor"), [P_CEIL] = SAME(n "ceil"),                             \
        [P_ROUND] = SAME(n "round"), [P_TRUNC] = SAME(n "trunc"), [P_FMOD] = CALL(n "fmod($a, $b)"),                   \
        [P_REMAINDER] = {"$a % $b", MULTIPLIED, {RAISED, RAISED}}, [P_MIN] = CALL(n "minimum(T($a), T($b))"),          \
        [P_MAX] = CALL(n "maximum(T($a), T($b))"), [P_HYPOT] = CALL(n "sqrt(($a) ** 2 + ($b) ** 2)"),                  \
        [P_ATAN2] = CALL(n arc "tan2(T($a), T($b))"), [P_LOGADDEXP] = CALL(n "logaddexp(T($a), T($b))"),               \
        [P_SQUAREPLUS] = CALL("(0.5 * (($a) + " n "sqrt(($a) ** 2 + ($b))))"),                                         \
        [P_AND] = {"$a & $b", CHOICE, {CLOSED, CLOSED}}, [P_OR] = {"$a | $b", CHOICE, {CLOSED, CLOSED}},               \
        [P_NOT] = {"~$a", NEGATED, {CLOSED}}, [P_ISNAN] = SAME(n "isnan"), [P_WHERE] = CALL(n "where($a, $b, $c)"),    \
        [P_EXP] = SAME(n "exp"), [P_EXP2] = {"2 ** $a", RAISED, {NEGATED}}, [P_EXPM1] = SAME(n "expm1"),               \
        [P_LOG] = SAME(n "log"), [P_LOG2] = SAME(n "log2"), [P_LOG10] = SAME(n "log10"), [P_LOG1P] = SAME(n "log1p"),  \
        [P_SIN] = SAME(n "sin"), [P_COS] = SAME(n "cos"), [P_TAN] = SAME(n "tan"), [P_ASIN] = SAME(n arc "sin"),       \
        [P_ACOS] = SAME(n arc "cos"), [P_ATAN] = SAME(n arc "tan"), [P_SINH] = SAME(n "sinh"),                         \
        [P_COSH] = SAME(n "cosh"), [P_TANH] = SAME(n "tanh"), [P_ASINH] = SAME(n arc "sinh"),                          \
        [P_ACOSH] = SAME(n arc "cosh"), [P_ATANH] = SAME(n arc "tanh"), [P_SIGMOID] = SAME(sigma),                     \
        [P_SOFTPLUS] = SAME(s "softplus"), [P_ERF] = SAME(p "erf"), [P_ERFC] = CALL("(1 - " p "erf($a))"),             \
        [P_NORMAL_CDF] = CALL("(0.5 * (1 + " p "erf(0.7071067811865476 * ($a))))"),                                    \
        [P_TANHSHRINK] = CALL("(($a) - " n "tanh($a))")

static const template torch_code[FORMULA_PRIMITIVES] = {PYTHON("torch.", "torch.sigmoid", "F.", "torch.", "arc")};
static const template jax_code[FORMULA_PRIMITIVES] = {
    PYTHON("jnp.", "jax.nn.sigmoid", "jax.nn.", "jax.scipy.special.", "arc")};
static const template keras_code[FORMULA_PRIMITIVES] = {PYTHON("ops.", "ops.sigmoid", "ops.", "ops.", "arc")};

static const template *const dialects[] = {
    [DG_LATEX] = latex,       [DG_C_CODE] = c_code,         [DG_TORCH_CODE] = torch_code,
    [DG_JAX_CODE] = jax_code, [DG_KERAS_CODE] = keras_code,
};

typedef struct writer {
    char *text;
    size_t length, capacity;
    enum dg_dialect dialect;
    bool failed;
} writer;

static void write_text(writer *w, const char *text, size_t length)
{
    if (w->length + length + 1 > w->capacity) {
        size_t capacity = (w->length + length + 1) * 2;
        char *grown = realloc(w->text, capacity);
        if (!grown) {
            w->failed = true;
            return;
        }
        w->text = grown;
        w->capacity = capacity;
    }
    memcpy(w->text + w->length, text, length);
    w->length += length;
    w->text[w->length] = '\0';
}

/* Names of several letters, those of Greek ones as the letter. */
static void write_latex_name(writer *w, const char *name)
{
    static const char *const greek[] = {"alpha", "beta", "gamma", "delta", "epsilon", "lambda", "mu",
                                        "nu",    "rho",  "sigma", "tau",   "theta",   "omega",  "kappa",
                                        "zeta",  "xi",   "eta",   "phi",   "chi",     "psi"};
    for (size_t k = 0; k < sizeof greek / sizeof greek[0]; k++)
        if (strcmp(name, greek[k]) == 0)
            write_text(w, "\\", 1);
    if (strlen(name) == 1 || (w->length && w->text[w->length - 1] == '\\')) {
        write_text(w, name, strlen(name));
        return;
    }
    write_text(w, "\\mathit{", 8);
    for (const char *at = name; *at; at++)
        write_text(w, *at == '_' ? "\\_" : at, *at == '_' ? 2 : 1);
    write_text(w, "}", 1);
}

/* Words of Python, names that the code is written with, and members of torch.nn.Module and keras.layers.Layer. */
static const char taken_in_python[] =
    " False None True and as assert async await break class continue def del elif else except finally for from global "
    "if "
    "import in is lambda nonlocal not or pass raise return try while with yield "
    "F T float jax jnp keras math nn ops range self shape super torch "
    "add_weight axis bfloat16 build built buffers call children compute_dtype cpu cuda double dtype eval forward "
    "get_config "
    "half input inputs losses metrics modules name output parameters path quantize state train trainable training type "
    "variables weights ";

static bool is_taken(const writer *w, const char *name)
{
    const size_t n = strlen(name);
    for (const char *at = taken_in_python; w->dialect != DG_C_CODE && n && (at = strstr(at, name)); at++)
        if (at[-1] == ' ' && at[n] == ' ')
            return true;
    return false;
}

/* What Python or its code has a meaning of its own for gets a _. */
static void write_name(writer *w, const char *name)
{
    write_text(w, name, strlen(name));
    if (is_taken(w, name))
        write_text(w, "_", 1);
}

static void write_latex_number(writer *w, const char *number)
{
    const char *exponent = strchr(number, 'e');
    if (!exponent) {
        write_text(w, number, strlen(number));
        return;
    }
    write_text(w, number, (size_t)(exponent - number));
    write_text(w, " \\cdot 10^{", 11);
    write_text(w, exponent + 1, strlen(exponent + 1));
    write_text(w, "}", 1);
}

static void write_constant(writer *w, double value)
{
    char number[DG_NUMBER_TEXT];
    bool code = w->dialect != DG_LATEX;
    if (isnan(value) || isinf(value)) {
        const char *c = isnan(value) ? "NAN" : value > 0 ? "INFINITY" : "-INFINITY";
        const char *python = isnan(value) ? "float('nan')" : value > 0 ? "float('inf')" : "float('-inf')";
        const char *tex = isnan(value) ? "\\text{NaN}" : value > 0 ? "\\infty" : "-\\infty";
        const char *text = !code ? tex : w->dialect == DG_C_CODE ? c : python;
        write_text(w, text, strlen(text));
        return;
    }
    dg_number_print(value, DG_FLOAT64, number);
    if (!code)
        write_latex_number(w, number);
    else
        write_text(w, number, strlen(number));
    if (w->dialect == DG_C_CODE && !strpbrk(number, ".e"))
        write_text(w, ".0", 2); /* 1 / 2 is 0 in C */
}

static uint8_t strength_of(const writer *w, const expression *e)
{
    if (e->op == OP_INPUT)
        return CLOSED;
    if (e->op == OP_CONSTANT)
        return signbit(e->value) ? NEGATED : CLOSED;
    return dialects[w->dialect][e->op].binds;
}

static void write_expression(writer *w, const expression *e, uint8_t least)
{
    bool brackets = strength_of(w, e) < least;
    if (brackets)
        write_text(w, w->dialect == DG_LATEX ? "\\left(" : "(", w->dialect == DG_LATEX ? 6 : 1);
    if (e->op == OP_CONSTANT) {
        write_constant(w, e->value);
    } else if (e->op == OP_INPUT) {
        if (w->dialect == DG_LATEX)
            write_latex_name(w, e->name);
        else
            write_name(w, e->name);
    } else {
        const template *t = &dialects[w->dialect][e->op];
        for (const char *at = t->text; *at; at++) {
            if (*at == '$' && at[1] >= 'a' && at[1] <= 'c') {
                int k = *++at - 'a';
                write_expression(w, e->args[k], t->needs[k]);
            } else {
                write_text(w, at, 1);
            }
        }
    }
    if (brackets)
        write_text(w, w->dialect == DG_LATEX ? "\\right)" : ")", w->dialect == DG_LATEX ? 7 : 1);
}

/* ---- choices ---- */

/* The argument for which e may have no value or no slope, −1 if there is none; and one for which it has both. */
static int critical_argument(const expression *e, double *harmless)
{
    *harmless = 1;
    switch (e->op) {
    case P_DIV:
        return 1;
    case P_POW:
        return is_constant(e->args[1]) && e->args[1]->value >= 1 && e->args[1]->value == trunc(e->args[1]->value) ? -1
                                                                                                                  : 0;
    case P_RECIPROCAL:
    case P_SQRT:
    case P_RSQRT:
    case P_LOG:
    case P_LOG2:
    case P_LOG10:
        return 0;
    case P_LOG1P:
    case P_ASIN:
    case P_ACOS:
    case P_ATANH:
        *harmless = 0;
        return 0;
    default:
        return -1;
    }
}

static bool is_critical(const expression *e)
{
    double harmless;
    const int k = critical_argument(e, &harmless);
    bool is = k >= 0 && !is_constant(e->args[k]);
    for (int i = 0; !is && i < e->arity; i++)
        is = is_critical(e->args[i]);
    return is;
}

/* e, which is taken where `condition` is `when`: elsewhere its critical arguments are harmless ones. */
static const expression *harmless_elsewhere(dg_formulas *pool, const expression *condition, bool when,
                                            const expression *e)
{
    const expression *args[3] = {NULL, NULL, NULL};
    double harmless;
    if (!e || !is_critical(e))
        return e;
    const int critical = critical_argument(e, &harmless);
    for (int k = 0; k < e->arity; k++) {
        args[k] = harmless_elsewhere(pool, condition, when, e->args[k]);
        if (args[k] && k == critical && !is_constant(e->args[k])) {
            const expression *one = make_constant(pool, harmless);
            args[k] = make3(pool, P_WHERE, condition, when ? args[k] : one, when ? one : args[k]);
        }
        if (!args[k])
            return NULL;
    }
    return make_op(pool, e->op, args);
}

/* Frameworks that differentiate as they run multiply what is not taken of a choice by 0, and 0·NaN is NaN: what a
 * choice does not take gets arguments that it has a slope for, where(x > 0, sqrt(where(x > 0, x, 1)), 0). Around a hole
 * that is a number beside it, where(abs(x) < r, series, f(where(abs(x) < r, r, x))). */
static const expression *apart_from_choices(dg_formulas *pool, const expression *e)
{
    const expression *args[3] = {NULL, NULL, NULL};
    if (!e || e->arity == 0)
        return e;
    for (int k = 0; k < e->arity; k++)
        if (!(args[k] = apart_from_choices(pool, e->args[k])))
            return NULL;
    const expression *near = args[0];
    if (!is_op(e, P_WHERE))
        return make_op(pool, e->op, args);
    if (is_op(near, P_LT) && is_op(near->args[0], P_ABS) && is_constant(near->args[1]) && is_critical(args[2])) {
        const expression *inner = near->args[0]->args[0], *away = make3(pool, P_WHERE, near, near->args[1], inner);
        args[2] = away ? expression_substitute(pool, args[2], 0, NULL, NULL, inner, away) : NULL;
        if (inner->arity > 0)
            args[2] = harmless_elsewhere(pool, near, false, args[2]);
    } else {
        args[1] = harmless_elsewhere(pool, near, true, args[1]);
        args[2] = harmless_elsewhere(pool, near, false, args[2]);
    }
    return args[1] && args[2] ? make_op(pool, e->op, args) : NULL;
}

const char *dg_formula_print_as(dg_formulas *formulas, const dg_formula *formula, enum dg_dialect dialect)
{
    enum { LONGEST = 20000 }; /* nodes written as a tree */
    if (!formulas || !formula || (size_t)dialect >= sizeof dialects / sizeof dialects[0])
        return NULL;
    if (formula->root->weight > LONGEST)
        return "";
    writer w = {.dialect = dialect};
    bool is_python = dialect != DG_LATEX && dialect != DG_C_CODE;
    const expression *root = is_python ? apart_from_choices(formulas, formula->root) : formula->root;
    if (!root)
        return NULL;
    write_expression(&w, root, CHOICE);
    const char *kept = w.failed || !w.text ? NULL : dg_arena_text(formulas->arena, w.text, w.length);
    free(w.text);
    return kept;
}
