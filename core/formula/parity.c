/* Symmetry: with −x put for x, an even formula becomes itself and an odd one its negation, in the normal form. A choice
 * by the sign of x has its branches compared with each other's mirror image. */
#include "expression.h"

static double value_of(const expression *e, double x)
{
    if (e->arity == 0)
        return e->op == OP_CONSTANT ? e->value : x;
    double values[3] = {0, 0, 0};
    for (int k = 0; k < e->arity; k++)
        values[k] = value_of(e->args[k], x);
    return primitive_evaluate(e->op, values[0], values[1], values[2]);
}

static const expression *mirrored(dg_formulas *pool, const dg_formula *formula, const expression *e)
{
    const expression *minus = make1(pool, P_NEG, make_input(pool, formula->names[0]));
    return expression_substitute(pool, e, 1, formula->names, &minus, NULL, NULL);
}

static int compare_parity(dg_formulas *pool, const expression *e, const expression *image)
{
    return !image ? 0 : image == e ? 1 : image == make1(pool, P_NEG, e) ? -1 : 0;
}

/* Whether the condition holds on one side of 0 and not on the other: x < 0, x >= 0 and their like. */
static bool by_sign(const expression *condition, const char *name)
{
    bool compares =
        is_op(condition, P_LT) || is_op(condition, P_LE) || is_op(condition, P_GT) || is_op(condition, P_GE);
    return compares && condition->args[0]->op == OP_INPUT && condition->args[0]->name == name &&
           is_value(condition->args[1], 0);
}

static int parity_of(dg_formulas *pool, const dg_formula *formula, const expression *e, int depth)
{
    if (is_constant(e))
        return e->value == 0 ? 0 : 1;
    int found = compare_parity(pool, e, mirrored(pool, formula, e));
    if (found || depth == 0)
        return found;
    if (is_op(e, P_WHERE)) {
        if (by_sign(e->args[0], formula->names[0]))
            return compare_parity(pool, e->args[1], mirrored(pool, formula, e->args[2]));
        int b = parity_of(pool, formula, e->args[1], depth - 1), c = parity_of(pool, formula, e->args[2], depth - 1);
        bool even_choice = parity_of(pool, formula, e->args[0], depth - 1) == 1;
        if (is_value(e->args[1], 0) || is_value(e->args[2], 0)) /* 0 is even and odd */
            return even_choice ? (is_value(e->args[1], 0) ? c : b) : 0;
        return even_choice && b == c ? b : 0;
    }
    if (e->op >= PRIMITIVE_COUNT || e->arity == 0)
        return 0;
    int p = parity_of(pool, formula, e->args[0], depth - 1);
    if (e->arity == 1)
        return p == 1                                                                                    ? 1
               : p == -1 && (primitives[e->op].flags & ODD || is_op(e, P_NEG) || is_op(e, P_RECIPROCAL)) ? -1
               : p == -1 && (primitives[e->op].flags & EVEN)                                             ? 1
                                                                                                         : 0;
    int q = parity_of(pool, formula, e->args[1], depth - 1);
    if (is_op(e, P_MUL) || is_op(e, P_DIV))
        return p * q;
    if (is_op(e, P_HYPOT))
        return p && q ? 1 : 0;
    return p == q && (p == 1 || is_op(e, P_ADD) || is_op(e, P_SUB)) ? p : 0;
}

/* ---- pieces ---- */

/* The expression with every choice made as it is at x: the branch of where(), ±u of |u|, the smaller of two. */
static const expression *at_point(dg_formulas *pool, const expression *e, double x)
{
    if (e->arity == 0)
        return e;
    const expression *args[3] = {NULL, NULL, NULL};
    double values[3] = {0, 0, 0};
    for (int k = 0; k < e->arity; k++) {
        args[k] = at_point(pool, e->args[k], x);
        if (!args[k])
            return NULL;
        values[k] = value_of(args[k], x);
    }
    switch (e->op) {
    case P_WHERE:
        return values[0] != 0 ? args[1] : args[2];
    case P_ABS:
        return values[0] < 0 ? make1(pool, P_NEG, args[0]) : args[0];
    case P_MIN:
        return values[0] <= values[1] ? args[0] : args[1];
    case P_MAX:
        return values[0] >= values[1] ? args[0] : args[1];
    default:
        return primitives[e->op].flags & TRUTH || is_op(e, P_SIGN)
                   ? make_constant(pool, primitive_evaluate(e->op, values[0], values[1], values[2]))
                   : make_op(pool, e->op, args);
    }
}

int dg_formula_parity_at(dg_formulas *formulas, const dg_formula *formula, double x)
{
    enum { HEAVIEST = 400 }; /* nodes as a tree: it is walked as one */
    if (!formulas || !formula || formula->n_inputs != 1 || formula->root->weight > HEAVIEST)
        return 0;
    const expression *right = at_point(formulas, formula->root, x), *left = at_point(formulas, formula->root, -x);
    if (!right || !left)
        return 0;
    if (is_constant(right) && is_constant(left))
        return right->value == left->value ? 1 : right->value == -left->value ? -1 : 0;
    int found = compare_parity(formulas, right, mirrored(formulas, formula, left));
    return found || right != left ? found : parity_of(formulas, formula, right, 12);
}

int dg_formula_parity(dg_formulas *formulas, const dg_formula *formula)
{
    enum { DEEPEST = 12 };
    return formulas && formula && formula->n_inputs > 0 ? parity_of(formulas, formula, formula->root, DEEPEST) : 0;
}
