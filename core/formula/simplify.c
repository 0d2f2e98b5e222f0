/* Making expressions in a normal form: constants are folded in double precision, neutral elements vanish, signs move
 * outwards, factors that are numbers to the left, and operands of what commutes are put in order. Nothing here hides a
 * NaN or an infinity of the user's: x·0 and x − x stay as they are. */
#include "expression.h"

#include <math.h>

/* A folded factor that is 0, subnormal or infinite would change what stays of the product. */
static bool is_sound(double factor)
{
    return fabs(factor) > 1e-30 && fabs(factor) < 1e30;
}

static bool is_factor(const expression *e) /* c·u */
{
    return is_op(e, P_MUL) && is_constant(e->args[0]);
}

const expression *negated(dg_formulas *pool, const expression *e)
{
    if (is_op(e, P_NEG))
        return e->args[0];
    if (is_constant(e) && e->value < 0)
        return make_constant(pool, -e->value);
    if (is_factor(e) && e->args[0]->value < 0)
        return make2(pool, P_MUL, make_constant(pool, -e->args[0]->value), e->args[1]);
    return NULL;
}

/* Numbers come first in products and last in sums. Of the others the smaller one comes first in products, unless it
 * would put brackets around a product; the larger one in sums. */
static bool in_order(int op, const expression *a, const expression *b)
{
    if (is_constant(a) != is_constant(b))
        return is_constant(a) == (op == P_MUL);
    if (op == P_MUL && is_op(a, P_MUL) != is_op(b, P_MUL))
        return is_op(a, P_MUL);
    if (op == P_ADD && a->weight != b->weight)
        return a->weight > b->weight;
    return expression_compare(a, b) <= 0;
}

/* ---- unary ---- */

static const expression *make_neg(dg_formulas *pool, const expression *a)
{
    if (is_op(a, P_SUB))
        return make2(pool, P_SUB, a->args[1], a->args[0]);
    if (is_factor(a) || (is_op(a, P_DIV) && is_constant(a->args[0])))
        return make2(pool, a->op, make_constant(pool, -a->args[0]->value), a->args[1]);
    return NULL;
}

/* The square of where(u == 0, 0, √u) and of where(u == 0, 0, v·√u): u and v²·u where u ≥ 0. */
static const expression *square_of_root_or_0(dg_formulas *pool, const expression *e)
{
    if (!is_op(e, P_WHERE) || !is_op(e->args[0], P_EQ) || !is_value(e->args[1], 0) || !is_value(e->args[0]->args[1], 0))
        return NULL;
    const expression *u = e->args[0]->args[0], *root = e->args[2], *factor = NULL;
    for (int k = 0; is_op(root, P_MUL) && !factor && k < 2; k++)
        if (is_op(root->args[k], P_SQRT) && root->args[k]->args[0] == u)
            factor = root->args[1 - k];
    if (!factor && !(is_op(root, P_SQRT) && root->args[0] == u))
        return NULL;
    const expression *square = factor ? make2(pool, P_MUL, make1(pool, P_SQUARE, factor), u) : u;
    return make3(pool, P_WHERE, make2(pool, P_GE, u, make_constant(pool, 0)), square, make_constant(pool, (double)NAN));
}

static const expression *simplify_unary(dg_formulas *pool, int op, const expression *a)
{
    unsigned flags = primitives[op].flags;
    const expression *positive = op == P_NEG || (flags & (ODD | EVEN)) ? negated(pool, a) : NULL;
    if (positive)
        return op == P_NEG && is_op(a, P_NEG) ? positive
               : flags & ODD                  ? make1(pool, P_NEG, make1(pool, op, positive))
               : flags & EVEN                 ? make1(pool, op, positive)
                                              : make_neg(pool, a);
    switch (op) {
    case P_NEG:
        return make_neg(pool, a);
    case P_ABS:
        return is_op(a, P_ABS) || is_op(a, P_SQUARE) ? a : NULL;
    case P_SQUARE:
        positive = square_of_root_or_0(pool, a); /* of a norm */
        if (positive)
            return positive;
        if (is_op(a, P_SQUARE))
            return make2(pool, P_POW, a->args[0], make_constant(pool, 4));
        return is_op(a, P_ABS) ? make1(pool, P_SQUARE, a->args[0]) : NULL;
    case P_RECIPROCAL:
        if (is_op(a, P_RECIPROCAL))
            return a->args[0];
        positive = negated(pool, a);
        return positive ? make1(pool, P_NEG, make1(pool, op, positive)) : NULL;
    default:
        return NULL;
    }
}

const expression *make1(dg_formulas *pool, int op, const expression *a)
{
    if (!a)
        return NULL;
    if (is_constant(a))
        return make_constant(pool, primitive_evaluate(op, a->value, 0, 0));
    if (pool->as_written)
        return expression_intern(pool, op, a, NULL, NULL);
    const expression *made = rewrite_unary(pool, op, a);
    if (pool->log)
        note_rewrite(pool, op, a, NULL, made);
    if (!made)
        made = simplify_unary(pool, op, a);
    return made ? made : expression_intern(pool, op, a, NULL, NULL);
}

/* ---- sums ---- */

/* `made`, which rewriting has made of a ∘ b, or NULL. */
static const expression *noted(dg_formulas *pool, int op, const expression *a, const expression *b,
                               const expression *made)
{
    if (pool->log)
        note_rewrite(pool, op, a, b, made);
    return made;
}

/* e as coefficient · u. */
static const expression *coefficient(const expression *e, double *factor)
{
    *factor = is_factor(e) ? e->args[0]->value : 1;
    return is_factor(e) ? e->args[1] : e;
}

static const expression *make_sum(dg_formulas *pool, const expression *a, const expression *b)
{
    if (is_value(b, 0))
        return a;
    const expression *minus = negated(pool, b);
    if (minus)
        return make2(pool, P_SUB, a, minus);
    minus = negated(pool, a);
    if (minus)
        return make2(pool, P_SUB, b, minus);
    double p, q;
    const expression *u = coefficient(a, &p), *v = coefficient(b, &q);
    if (u == v && is_sound(p + q))
        return make2(pool, P_MUL, make_constant(pool, p + q), u);
    for (int k = 0; is_op(a, P_ADD) && !is_constant(b) && k < 2; k++)
        if (coefficient(a->args[k], &p) == v && is_sound(p + q)) /* (w + p·v) + q·v */
            return make2(pool, P_ADD, a->args[1 - k], make2(pool, P_MUL, make_constant(pool, p + q), v));
    return noted(pool, P_ADD, a, b, rewrite_sum(pool, a, b));
}

static const expression *make_difference(dg_formulas *pool, const expression *a, const expression *b)
{
    if (is_value(b, 0))
        return a;
    if (is_value(a, 0))
        return make1(pool, P_NEG, b);
    const expression *minus = negated(pool, b);
    if (minus)
        return make2(pool, P_ADD, a, minus);
    minus = is_constant(a) ? NULL : negated(pool, a);
    if (minus)
        return make1(pool, P_NEG, make2(pool, P_ADD, minus, b));
    double p, q;
    const expression *u = coefficient(a, &p), *v = coefficient(b, &q);
    if (u == v && is_sound(p - q))
        return make2(pool, P_MUL, make_constant(pool, p - q), u);
    return noted(pool, P_SUB, a, b, rewrite_difference(pool, a, b));
}

/* ---- products ---- */

static const expression *scale(dg_formulas *pool, double c, const expression *b)
{
    if (c == 1)
        return b;
    if (c == -1)
        return make1(pool, P_NEG, b);
    if (is_op(b, P_NEG))
        return make2(pool, P_MUL, make_constant(pool, -c), b->args[0]);
    if (is_factor(b) && is_sound(c * b->args[0]->value))
        return make2(pool, P_MUL, make_constant(pool, c * b->args[0]->value), b->args[1]);
    if (is_op(b, P_RECIPROCAL))
        return make2(pool, P_DIV, make_constant(pool, c), b->args[0]);
    if (is_op(b, P_DIV) && is_constant(b->args[0]) && is_sound(c * b->args[0]->value))
        return make2(pool, P_DIV, make_constant(pool, c * b->args[0]->value), b->args[1]);
    if (is_op(b, P_DIV) && is_constant(b->args[1]) && is_sound(c / b->args[1]->value))
        return make2(pool, P_MUL, make_constant(pool, c / b->args[1]->value), b->args[0]);
    return NULL;
}

/* u·u², u·uⁿ → uⁿ⁺¹ for small whole n. */
static const expression *power_of_one(dg_formulas *pool, const expression *a, const expression *b)
{
    enum { LARGEST = 16 };
    if (a == b)
        return make1(pool, P_SQUARE, a);
    if (is_op(b, P_SQUARE) && b->args[0] == a)
        return make2(pool, P_POW, a, make_constant(pool, 3));
    if (!is_op(b, P_POW) || b->args[0] != a || !is_constant(b->args[1]))
        return NULL;
    double n = b->args[1]->value;
    return n >= 2 && n < LARGEST && n == floor(n) ? make2(pool, P_POW, a, make_constant(pool, n + 1)) : NULL;
}

static const expression *make_product(dg_formulas *pool, const expression *a, const expression *b)
{
    if (is_constant(a))
        return scale(pool, a->value, b);
    if (is_op(a, P_NEG))
        return make1(pool, P_NEG, make2(pool, P_MUL, a->args[0], b));
    if (is_op(b, P_NEG))
        return make1(pool, P_NEG, make2(pool, P_MUL, a, b->args[0]));
    if (is_factor(a))
        return make2(pool, P_MUL, a->args[0], make2(pool, P_MUL, a->args[1], b));
    if (is_factor(b))
        return make2(pool, P_MUL, b->args[0], make2(pool, P_MUL, a, b->args[1]));
    if (is_op(a, P_RECIPROCAL))
        return make2(pool, P_DIV, b, a->args[0]);
    if (is_op(b, P_RECIPROCAL))
        return make2(pool, P_DIV, a, b->args[0]);
    const expression *power = power_of_one(pool, a, b);
    if (!power)
        power = power_of_one(pool, b, a);
    return power ? power : noted(pool, P_MUL, a, b, rewrite_product(pool, a, b));
}

static const expression *make_quotient(dg_formulas *pool, const expression *a, const expression *b)
{
    if (is_value(b, 1))
        return a;
    if (is_value(b, -1))
        return make1(pool, P_NEG, a);
    if (is_value(a, 1))
        return make1(pool, P_RECIPROCAL, b);
    if (is_value(a, -1))
        return make1(pool, P_NEG, make1(pool, P_RECIPROCAL, b));
    const expression *minus = is_constant(b) ? NULL : negated(pool, b);
    if (minus)
        return make1(pool, P_NEG, make2(pool, P_DIV, a, minus));
    if (is_op(a, P_NEG))
        return make1(pool, P_NEG, make2(pool, P_DIV, a->args[0], b));
    if (is_op(b, P_RECIPROCAL))
        return make2(pool, P_MUL, a, b->args[0]);
    double p, q;
    const expression *u = coefficient(a, &p), *v = coefficient(b, &q);
    if (is_constant(b) && p != 1 && is_sound(p / b->value))
        return make2(pool, P_MUL, make_constant(pool, p / b->value), u);
    if (p != 1 && !is_constant(b) && is_sound(p / q))
        return make2(pool, P_MUL, make_constant(pool, p / q), make2(pool, P_DIV, u, v));
    return noted(pool, P_DIV, a, b, rewrite_quotient(pool, a, b));
}

static const expression *make_power(dg_formulas *pool, const expression *a, const expression *b)
{
    if (is_value(a, M_E))
        return make1(pool, P_EXP, b);
    if (is_value(a, 2))
        return make1(pool, P_EXP2, b);
    if (!is_constant(b))
        return NULL;
    double n = b->value;
    if (n == 0)
        return make_constant(pool, 1);
    if (n == 1)
        return a;
    if (n == 2)
        return make1(pool, P_SQUARE, a);
    if (n == -1)
        return make1(pool, P_RECIPROCAL, a);
    const expression *minus = fabs(n) < 1e9 && n == floor(n) ? negated(pool, a) : NULL;
    if (!minus)
        return NULL;
    const expression *power = make2(pool, P_POW, minus, b);
    return fmod(n, 2) == 0 ? power : make1(pool, P_NEG, power);
}

/* ---- conditions ---- */

/* u and 0, u and 1, u or 0, u or 1 */
static const expression *make_logical(dg_formulas *pool, int op, const expression *a, const expression *b)
{
    if (!is_constant(b))
        return NULL;
    bool value = b->value != 0;
    if (value == (op == P_OR))
        return make_constant(pool, value);
    return expression_is_condition(a) ? a : NULL;
}

const expression *make2(dg_formulas *pool, int op, const expression *a, const expression *b)
{
    if (!a || !b)
        return NULL;
    if (is_constant(a) && is_constant(b))
        return make_constant(pool, primitive_evaluate(op, a->value, b->value, 0));
    if (pool->as_written)
        return expression_intern(pool, op, a, b, NULL);
    if ((primitives[op].flags & COMMUTES) && !in_order(op, a, b)) {
        const expression *swap = a;
        a = b;
        b = swap;
    }
    const expression *made = NULL;
    switch (op) {
    case P_ADD:
        made = make_sum(pool, a, b);
        break;
    case P_SUB:
        made = make_difference(pool, a, b);
        break;
    case P_MUL:
        made = make_product(pool, a, b);
        break;
    case P_DIV:
        made = make_quotient(pool, a, b);
        break;
    case P_POW:
        made = make_power(pool, a, b);
        break;
    case P_MIN:
    case P_MAX:
        made = a == b ? a : NULL;
        break;
    case P_AND:
    case P_OR:
        made = make_logical(pool, op, a, b);
        break;
    case P_HYPOT:
        made = is_value(b, 0) ? make1(pool, P_ABS, a) : NULL;
        break;
    case P_SQUAREPLUS: /* (u + √u²)/2 */
        made = is_value(b, 0) ? make2(pool, P_MAX, a, b) : NULL;
        break;
    case P_EQ: /* hypot(u, 1) is never 0 */
        if (is_value(b, 0) && is_op(a, P_HYPOT) && is_constant(a->args[1]) && a->args[1]->value != 0)
            made = make_constant(pool, 0);
        break;
    default:
        break;
    }
    return made ? made : expression_intern(pool, op, a, b, NULL);
}

const expression *make3(dg_formulas *pool, int op, const expression *a, const expression *b, const expression *c)
{
    if (!a || !b || !c)
        return NULL;
    if (is_constant(a))
        return a->value != 0 ? b : c;
    if (pool->as_written)
        return expression_intern(pool, op, a, b, c);
    if (b == c)
        return b;
    if (is_op(a, P_NOT))
        return make3(pool, op, a->args[0], c, b);
    /* A choice within a choice by the same condition. */
    if (is_op(b, P_WHERE) && b->args[0] == a)
        return make3(pool, op, a, b->args[1], c);
    if (is_op(c, P_WHERE) && c->args[0] == a)
        return make3(pool, op, a, b, c->args[2]);
    return expression_intern(pool, op, a, b, c);
}

const expression *make_op(dg_formulas *pool, int op, const expression *const args[3])
{
    return primitives[op].arity == 1   ? make1(pool, op, args[0])
           : primitives[op].arity == 2 ? make2(pool, op, args[0], args[1])
                                       : make3(pool, op, args[0], args[1], args[2]);
}
