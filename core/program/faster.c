/* Algebra that saves time: expressions of one argument that need the same exponential share it, gradients of max and
 * min become one step, divisions by numbers become products. Each rule looks at one expression; it may ask which others
 * are computed beside it (is_wanted), because sharing pays only where there is something to share. Long
 * because every rule is a few lines beside its kin. */
#include "faster.h"

#include <math.h>
#include <stdlib.h>

/* The image of an expression of the pass under way: what takes its place. */
static const expression *image(const expression *e)
{
    return e->image;
}

/* ---- making: just as asked, but for numbers ---- */

static const expression *op1(dg_formulas *pool, int op, const expression *a)
{
    return a ? expression_intern(pool, op, a, NULL, NULL) : NULL;
}

static const expression *op2(dg_formulas *pool, int op, const expression *a, const expression *b)
{
    return a && b ? expression_intern(pool, op, a, b, NULL) : NULL;
}

static const expression *op3(dg_formulas *pool, int op, const expression *a, const expression *b, const expression *c)
{
    return a && b && c ? expression_intern(pool, op, a, b, c) : NULL;
}

static const expression *number(dg_formulas *pool, double value)
{
    return make_constant(pool, value);
}

/* factor · a */
static const expression *times(dg_formulas *pool, double factor, const expression *a)
{
    if (!a || factor == 1)
        return a;
    if (is_constant(a))
        return number(pool, factor * a->value);
    double product = is_op(a, P_MUL) && is_constant(a->args[0]) ? factor * a->args[0]->value : 0;
    if (fabs(product) > 1e-30 && fabs(product) < 1e30)
        return times(pool, product, a->args[1]);
    return op2(pool, P_MUL, number(pool, factor), a);
}

static const expression *product(dg_formulas *pool, const expression *a, const expression *b)
{
    if (!a || !b)
        return NULL;
    if (is_constant(a))
        return times(pool, a->value, b);
    return is_constant(b) ? times(pool, b->value, a) : op2(pool, P_MUL, a, b);
}

static const expression *plus(dg_formulas *pool, const expression *a, double value)
{
    return op2(pool, P_ADD, a, number(pool, value));
}

/* ---- which expressions there are ---- */

/* Whether the pass under way computes e. Asking may make e in the pool, which is harmless. */
static bool is_wanted(const dg_formulas *pool, const expression *e)
{
    return e && e->pass == pool->pass;
}

static bool wants_op(dg_formulas *pool, int op, const expression *a)
{
    return is_wanted(pool, make1(pool, op, a));
}

static const expression *minus(dg_formulas *pool, const expression *u)
{
    return make1(pool, P_NEG, u);
}

/* ---- sigmoid, softplus and their kin share exp(−|u|) ---- */

/* u, when e = −|u|. */
static const expression *minus_absolute(const expression *e)
{
    return is_op(e, P_NEG) && is_op(e->args[0], P_ABS) ? e->args[0]->args[0] : NULL;
}

/* Sigmoids and softpluses of u, −u and −|u|: from two on it pays to compute exp(−|u|) for all. */
static bool shares_exponential(dg_formulas *pool, const expression *u)
{
    const expression *inner = minus_absolute(u), *v = inner ? inner : u, *absolute = make1(pool, P_ABS, v);
    const expression *arguments[] = {v, minus(pool, v), absolute ? minus(pool, absolute) : NULL};
    int members = 0;
    for (int k = 0; k < 3; k++)
        if (arguments[k])
            members += wants_op(pool, P_SIGMOID, arguments[k]) + wants_op(pool, P_SOFTPLUS, arguments[k]);
    return members >= 2;
}

/* |e| without the sign that it is written with; says whether there was one. */
static const expression *without_sign(dg_formulas *pool, const expression *e, bool *negative)
{
    *negative = is_op(e, P_NEG) || (is_op(e, P_MUL) && is_constant(e->args[0]) && e->args[0]->value < 0);
    if (!*negative)
        return e;
    return is_op(e, P_NEG) ? e->args[0] : times(pool, -1, e);
}

static const expression *exp_minus_absolute(dg_formulas *pool, const expression *u)
{
    const expression *inner = minus_absolute(u);
    bool negative;
    return op1(pool, S_EXP_MINUS_ABS, without_sign(pool, image(inner ? inner : u), &negative));
}

/* (u ≥ 0 ? 1 : t) / (1 + t), with t = exp(−|u|) */
static const expression *shared_sigmoid(dg_formulas *pool, const expression *u)
{
    const expression *t = exp_minus_absolute(pool, u), *top = t;
    if (!minus_absolute(u)) {
        bool negative;
        const expression *v = without_sign(pool, image(u), &negative);
        top = op3(pool, negative ? S_WHERE_LE0 : S_WHERE_GE0, v, number(pool, 1), t);
    }
    return op2(pool, P_DIV, top, plus(pool, t, 1));
}

/* max(u, 0) + log(1 + t) */
static const expression *shared_softplus(dg_formulas *pool, const expression *u)
{
    const expression *tail = op1(pool, S_LOG1P_OF_EXP, exp_minus_absolute(pool, u));
    return minus_absolute(u) ? tail : op2(pool, P_ADD, op2(pool, P_MAX, image(u), number(pool, 0)), tail);
}

/* ---- mish: tanh(softplus(u)) is rational in w = exp(u) ----
 * tanh(log(1 + w)) = n / (n + 2) with n = w·(w + 2). From u = 40 on it is 1 in float32, and so is sigmoid(u). */

/* u, when e = tanh(softplus(u)). */
static const expression *of_tanh_softplus(const expression *e)
{
    return is_op(e, P_TANH) && is_op(e->args[0], P_SOFTPLUS) ? e->args[0]->args[0] : NULL;
}

/* u, when e = 1 − tanh(softplus(u))². */
static const expression *of_mish_slope(const expression *e)
{
    bool fits = is_op(e, P_SUB) && is_value(e->args[0], 1) && is_op(e->args[1], P_SQUARE);
    return fits ? of_tanh_softplus(e->args[1]->args[0]) : NULL;
}

static const expression *exp_capped(dg_formulas *pool, const expression *u)
{
    return op1(pool, S_EXP_CAPPED, image(u));
}

static const expression *mish_top(dg_formulas *pool, const expression *u) /* n */
{
    const expression *w = exp_capped(pool, u);
    return op2(pool, P_MUL, plus(pool, w, 2), w);
}

static const expression *mish_scale(dg_formulas *pool, const expression *u) /* 1 / (n + 2) */
{
    return op1(pool, P_RECIPROCAL, plus(pool, mish_top(pool, u), 2));
}

static const expression *tanh_softplus(dg_formulas *pool, const expression *u)
{
    return op2(pool, P_MUL, mish_top(pool, u), mish_scale(pool, u));
}

/* 4·a / (n + 2)². The square underflows to 0 first, so that it is 0 for large u like what it stands for. */
static const expression *over_mish_square(dg_formulas *pool, const expression *a, const expression *u)
{
    return op2(pool, P_MUL, a, times(pool, 4, op1(pool, P_SQUARE, mish_scale(pool, u))));
}

/* 1 − tanh(softplus(u))² = 4·(w + 1)² / (n + 2)² */
static const expression *mish_slope(dg_formulas *pool, const expression *u)
{
    return over_mish_square(pool, op1(pool, P_SQUARE, plus(pool, exp_capped(pool, u), 1)), u);
}

/* sigmoid(u)·(1 − tanh(softplus(u))²) = 4·w·(w + 1) / (n + 2)² */
static const expression *mish_slope_times_sigmoid(dg_formulas *pool, const expression *u)
{
    const expression *w = exp_capped(pool, u);
    return over_mish_square(pool, op2(pool, P_MUL, plus(pool, w, 1), w), u);
}

static const expression *mish_sigmoid(dg_formulas *pool, const expression *u) /* w / (1 + w) */
{
    const expression *w = exp_capped(pool, u);
    return op2(pool, P_DIV, w, plus(pool, w, 1));
}

static bool wants_tanh_softplus(dg_formulas *pool, const expression *u)
{
    const expression *softplus = make1(pool, P_SOFTPLUS, u);
    return softplus && wants_op(pool, P_TANH, softplus);
}

static const expression *cheaper_sigmoid(dg_formulas *pool, const expression *u)
{
    if (wants_tanh_softplus(pool, u))
        return mish_sigmoid(pool, u);
    return shares_exponential(pool, u) ? shared_sigmoid(pool, u) : NULL;
}

/* ---- exponentials ---- */

/* z, when e = exp(−z²). */
static const expression *of_gauss(const expression *e)
{
    bool fits = is_op(e, P_EXP) && is_op(e->args[0], P_NEG) && is_op(e->args[0]->args[0], P_SQUARE);
    return fits ? e->args[0]->args[0]->args[0] : NULL;
}

static const expression *gauss(dg_formulas *pool, const expression *z)
{
    bool negative;
    return op1(pool, S_GAUSS, without_sign(pool, image(z), &negative));
}

/* u, when e = exp(−u²/2). */
static const expression *of_half_gauss(const expression *e)
{
    const expression *v = e->args[0];
    bool fits = is_op(v, P_MUL) && is_value(v->args[0], -0.5) && is_op(v->args[1], P_SQUARE);
    return fits ? v->args[1]->args[0] : NULL;
}

static const expression *half_gauss(dg_formulas *pool, const expression *u)
{
    return op1(pool, S_HALF_GAUSS, image(u));
}

static const expression *cheaper_exp(dg_formulas *pool, const expression *e)
{
    const expression *u = e->args[0], *z = of_gauss(e);
    if (of_half_gauss(e) && wants_op(pool, P_NORMAL_CDF, of_half_gauss(e)))
        return half_gauss(pool, of_half_gauss(e));
    if (z)
        return gauss(pool, z);
    if (minus_absolute(u))
        return exp_minus_absolute(pool, u);
    if (wants_op(pool, P_EXPM1, u))
        return op2(pool, S_EXP_JOIN, image(u), op1(pool, S_EXP_SPLIT, image(u)));
    return NULL;
}

static const expression *cheaper_expm1(dg_formulas *pool, const expression *u)
{
    if (!wants_op(pool, P_EXP, u))
        return NULL;
    return op2(pool, S_EXPM1_JOIN, image(u), op1(pool, S_EXP_SPLIT, image(u)));
}

static const expression *cheaper_erf(dg_formulas *pool, const expression *z)
{
    const expression *square = make1(pool, P_SQUARE, z);
    if (!square || !wants_op(pool, P_EXP, minus(pool, square)))
        return NULL;
    return op2(pool, S_ERF_OF_GAUSS, image(z), gauss(pool, z));
}

/* ---- powers and quotients ---- */

static const expression *whole_power(dg_formulas *pool, const expression *a, int n)
{
    if (n <= 1)
        return n == 1 ? a : number(pool, 1);
    const expression *half = op1(pool, P_SQUARE, whole_power(pool, a, n / 2));
    return n % 2 ? op2(pool, P_MUL, half, a) : half;
}

/* Small whole powers, and those halfway between: √a times a whole power. */
static const expression *cheaper_power(dg_formulas *pool, const expression *a, const expression *exponent)
{
    enum { MOST_WHOLE = 8, MOST_HALF = 4 };
    if (!is_constant(exponent) || is_constant(a))
        return NULL;
    double n = exponent->value, whole = floor(fabs(n));
    const expression *power = NULL;
    if (fabs(n) == 0.5)
        power = op1(pool, P_ABS, op1(pool, P_SQRT, a)); /* +0 for −0 */
    else if (fabs(n) == whole && whole > 0 && n <= MOST_WHOLE && n >= -MOST_HALF)
        power = whole_power(pool, a, (int)whole);
    else if (fabs(n) == whole + 0.5 && whole < MOST_HALF)
        power = op2(pool, P_MUL, whole_power(pool, a, (int)whole), op1(pool, P_SQRT, a));
    return power && n < 0 ? op1(pool, P_RECIPROCAL, power) : power;
}

/* (1/b)/b as (1/b)², and (1/b)²/b as (1/b)²·(1/b): a division takes as long as several products. */
static const expression *power_of_reciprocal(dg_formulas *pool, const expression *a, const expression *b)
{
    bool squared = is_op(a, P_SQUARE);
    const expression *once = squared ? a->args[0] : a;
    if (!is_op(once, P_RECIPROCAL) || once->args[0] != b)
        return NULL;
    return squared ? op2(pool, P_MUL, a, once) : op1(pool, P_SQUARE, once);
}

/* a / 3 as a·(1/3): off by less than one rounding more, as powers of reciprocals are, which no decision may hang on. */
static const expression *cheaper_quotient(dg_formulas *pool, const expression *a, const expression *b, bool decides)
{
    int exponent;
    const expression *power = decides ? NULL : power_of_reciprocal(pool, a, b);
    if (power)
        return power;
    if (!is_constant(b) || !(fabs(b->value) > 1e-30 && fabs(b->value) < 1e30))
        return NULL;
    return decides && fabs(frexp(b->value, &exponent)) != 0.5 ? NULL : times(pool, 1 / b->value, a);
}

/* ---- choices ---- */

/* Whether p = q/2. */
static bool is_half(const expression *p, const expression *q, int depth)
{
    if (is_constant(p) && is_constant(q))
        return p->value == 0.5 * q->value;
    if (is_op(p, P_MUL) && is_constant(p->args[0])) {
        bool has_factor = is_op(q, P_MUL) && is_constant(q->args[0]);
        double factor = has_factor ? q->args[0]->value : 1;
        return p->args[0]->value == 0.5 * factor && p->args[1] == (has_factor ? q->args[1] : q);
    }
    return depth > 0 && is_op(p, P_WHERE) && is_op(q, P_WHERE) && p->args[0] == q->args[0] &&
           is_half(p->args[1], q->args[1], depth - 1) && is_half(p->args[2], q->args[2], depth - 1);
}

static bool compares(const expression *e, int op, const expression *a, const expression *b)
{
    return is_op(e, op) && e->args[0] == a && e->args[1] == b;
}

/* A bound that is in the comparison, too, does not matter: below c, max(v, d) is v when d < c. */
static const expression *without_bound(const expression *a, const expression *b, int op)
{
    bool fits = is_op(a, op) && is_constant(a->args[1]) && is_constant(b);
    return fits && (op == P_MIN ? b->value < a->args[1]->value : b->value > a->args[1]->value) ? a->args[0] : a;
}

/* a < b ? 0 : a == b ? c/2 : c, the form that gradients of max and min have. */
static const expression *slope(dg_formulas *pool, const expression *e)
{
    enum { DEPTH = 6 };
    const expression *condition = e->args[0], *rest = e->args[2];
    bool fits = (is_op(condition, P_LT) || is_op(condition, P_GT)) && is_value(e->args[1], 0) && is_op(rest, P_WHERE);
    if (!fits)
        return NULL;
    const expression *a = condition->args[is_op(condition, P_GT)], *b = condition->args[is_op(condition, P_LT)];
    const expression *tie = rest->args[0];
    if (!(compares(tie, P_EQ, a, b) || compares(tie, P_EQ, b, a)) || !is_half(rest->args[1], rest->args[2], DEPTH))
        return NULL;
    a = image(a);
    b = image(b);
    return op3(pool, S_SLOPE, without_bound(a, b, P_MIN), without_bound(b, a, P_MAX), image(rest->args[2]));
}

enum { MOST_FACTORS = 8 };

/* e / u, when u is a factor of e; else NULL. */
static const expression *without_factor(dg_formulas *pool, const expression *e, const expression *u, int depth)
{
    if (e == u)
        return number(pool, 1);
    for (int k = 0; is_op(e, P_MUL) && depth > 0 && k < 2; k++) {
        const expression *rest = without_factor(pool, e->args[k], u, depth - 1);
        if (rest)
            return product(pool, rest, e->args[1 - k]);
    }
    return NULL;
}

/* condition ? p·u : q·u as (condition ? p : q)·u. */
static const expression *factored_choice(dg_formulas *pool, const expression *condition, const expression *p,
                                         const expression *q)
{
    const expression *left = p;
    for (int k = 0; k < MOST_FACTORS && left; k++) {
        const expression *u = is_op(left, P_MUL) ? left->args[1] : left;
        const expression *others = is_constant(u) ? NULL : without_factor(pool, q, u, MOST_FACTORS);
        if (others)
            return product(pool, op3(pool, P_WHERE, condition, without_factor(pool, p, u, MOST_FACTORS), others), u);
        left = is_op(left, P_MUL) ? left->args[0] : NULL;
    }
    return NULL;
}

/* x ≤ c ? c : x as max(x, c), and one bound within another: x ≤ c ? c : min(x, d) as min(max(x, c), d). */
static const expression *clamped(dg_formulas *pool, const expression *condition, const expression *p,
                                 const expression *q)
{
    bool below = is_op(condition, P_LT) || is_op(condition, P_LE),
         above = is_op(condition, P_GT) || is_op(condition, P_GE);
    if (!(below || above) || !is_constant(p) || condition->args[1] != p || isnan(p->value)) /* bounds nothing */
        return NULL;
    if (p->value == 0 && (is_op(condition, P_LT) || is_op(condition, P_GT))) /* would keep −0 */
        return NULL;
    const expression *x = condition->args[0];
    int op = below ? P_MAX : P_MIN, other = below ? P_MIN : P_MAX;
    if (q == x)
        return op2(pool, op, x, p);
    bool is_bounded = is_op(q, other) && q->args[0] == x && is_constant(q->args[1]);
    if (!is_bounded || (below ? p->value > q->args[1]->value : p->value < q->args[1]->value))
        return NULL;
    return op2(pool, other, op2(pool, op, x, p), q->args[1]);
}

static const expression *cheaper_choice(dg_formulas *pool, const expression *e)
{
    const expression *made = slope(pool, e);
    if (!made)
        made = clamped(pool, image(e->args[0]), image(e->args[1]), image(e->args[2]));
    return made ? made : factored_choice(pool, image(e->args[0]), image(e->args[1]), image(e->args[2]));
}

/* ---- all rules ---- */

/* What takes the place of e, whose arguments have their images; NULL: nothing better than the same of the images. */
static const expression *cheaper(dg_formulas *pool, const expression *e, const expression *const args[3], bool decides)
{
    const expression *u = e->args[0];
    switch (e->op) {
    case P_SIGMOID:
        return cheaper_sigmoid(pool, u);
    case P_SOFTPLUS:
        return shares_exponential(pool, u) ? shared_softplus(pool, u) : NULL;
    case P_TANH:
        u = of_tanh_softplus(e);
        return u ? tanh_softplus(pool, u) : NULL;
    case P_SUB:
        u = of_mish_slope(e);
        return u ? mish_slope(pool, u) : NULL;
    case P_MUL:
        for (int k = 0; k < 2; k++) {
            u = of_mish_slope(e->args[k]);
            if (u && is_op(e->args[1 - k], P_SIGMOID) && e->args[1 - k]->args[0] == u)
                return mish_slope_times_sigmoid(pool, u);
        }
        return product(pool, args[0], args[1]);
    case P_EXP:
        return cheaper_exp(pool, e);
    case P_EXPM1:
        return cheaper_expm1(pool, u);
    case P_ERF:
        return cheaper_erf(pool, u);
    case P_NORMAL_CDF:
        return op2(pool, S_CDF_OF_GAUSS, image(u), half_gauss(pool, u));
    case P_RSQRT:
        return wants_op(pool, P_SQRT, u) ? op1(pool, P_RECIPROCAL, op1(pool, P_SQRT, args[0])) : NULL;
    case P_POW:
        return cheaper_power(pool, args[0], args[1]);
    case P_DIV:
        return cheaper_quotient(pool, args[0], args[1], decides);
    case P_WHERE:
        return cheaper_choice(pool, e);
    default:
        return NULL;
    }
}

/* Whether the last bit of that argument may decide which of quite different values there is. */
static bool leaps(int op, int argument)
{
    if (op == P_WHERE || (op >= S_WHERE_GT0 && op <= S_WHERE_LE0))
        return argument == 0;
    return (op >= P_SIGN && op <= P_REMAINDER) || (op >= P_LT && op <= P_ISNAN) || (op == S_SLOPE && argument < 2);
}

/* For each expression in order, whether a decision depends on its value. */
static void find_decisions(const dg_formulas *pool, bool *decides)
{
    for (size_t i = 0; i < pool->n_order; i++)
        ((expression *)pool->order[i])->place = i;
    for (size_t i = pool->n_order; i-- > 0;) {
        const expression *e = pool->order[i];
        for (int k = 0; k < e->arity; k++)
            decides[e->args[k]->place] |= decides[i] || leaps(e->op, k);
    }
}

static bool rewrite(dg_formulas *pool, int n, const expression **roots, const bool *decides)
{
    for (size_t i = 0; i < pool->n_order; i++) {
        expression *e = (expression *)pool->order[i];
        const expression *args[3] = {NULL, NULL, NULL}, *made = e;
        bool changed = false;
        for (int k = 0; k < e->arity; k++) {
            args[k] = image(e->args[k]);
            changed |= args[k] != e->args[k];
        }
        if (e->arity) {
            made = cheaper(pool, e, args, decides[i]);
            if (!made)
                made = changed ? expression_intern(pool, e->op, args[0], args[1], args[2]) : e;
        }
        e->image = made;
        if (!made)
            return false;
    }
    for (int k = 0; k < n; k++)
        roots[k] = image(roots[k]);
    return true;
}

bool expressions_cheaper(dg_formulas *pool, int n, const expression **roots)
{
    bool decides[MOST_CHEAPENED] = {false};
    if (!pass_begin_all(pool, n, roots))
        return false;
    if (pool->n_order > MOST_CHEAPENED)
        return true;
    find_decisions(pool, decides);
    return rewrite(pool, n, roots, decides) && expressions_as_steps(pool, n, roots);
}
