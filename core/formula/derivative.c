/* Symbolic derivatives by the chain rule, one pass over the graph: the derivative of f(u, v) is ∂f/∂u·u' + ∂f/∂v·v',
 * with ∂f/∂u from the table of primitives. What is structurally zero vanishes. */
#include "expression.h"

#include "parse.h"

/* A derivative in the table, over the inputs a, b, c, y. */
static const expression *rule_of(dg_formulas *pool, int op, int argument)
{
    if (!pool->rules[op][argument])
        pool->rules[op][argument] = parse_rule(pool, primitives[op].derivatives[argument]);
    return pool->rules[op][argument];
}

/* The rule with e's arguments for a, b, c and e itself for y. Rules are a few nodes deep. */
static const expression *apply_rule(dg_formulas *pool, const expression *rule, const expression *e)
{
    if (!rule || is_constant(rule))
        return rule;
    if (rule->op == OP_INPUT)
        return rule->name[0] == 'y' ? e : e->args[rule->name[0] - 'a'];
    const expression *args[3] = {NULL, NULL, NULL};
    for (int k = 0; k < rule->arity; k++)
        args[k] = apply_rule(pool, rule->args[k], e);
    return make_op(pool, rule->op, args);
}

/* A choice with a number in one branch, where a product would do work for nothing or give 0·inf. */
static bool is_choice(const expression *e)
{
    enum { MOST_LEVELS = 8 };
    for (int level = 0; level < MOST_LEVELS && is_op(e, P_WHERE); level++) {
        if (is_constant(e->args[1]) || is_constant(e->args[2]))
            return true;
        e = e->args[2];
    }
    return false;
}

static const expression *chain_to_depth(dg_formulas *pool, const expression *a, const expression *b, int depth)
{
    if (!a || !b)
        return NULL;
    if (is_value(a, 0) || is_value(b, 0))
        return make_constant(pool, 0);
    if (is_value(a, 1) || is_value(b, 1))
        return is_value(a, 1) ? b : a;
    if (depth > 0 && is_op(a, P_WHERE) && is_op(b, P_WHERE) && a->args[0] == b->args[0])
        return make3(pool, P_WHERE, a->args[0], chain_to_depth(pool, a->args[1], b->args[1], depth - 1),
                     chain_to_depth(pool, a->args[2], b->args[2], depth - 1));
    if (depth > 0 && is_choice(a))
        return make3(pool, P_WHERE, a->args[0], chain_to_depth(pool, a->args[1], b, depth - 1),
                     chain_to_depth(pool, a->args[2], b, depth - 1));
    if (depth > 0 && is_choice(b))
        return make3(pool, P_WHERE, b->args[0], chain_to_depth(pool, a, b->args[1], depth - 1),
                     chain_to_depth(pool, a, b->args[2], depth - 1));
    return make2(pool, P_MUL, a, b);
}

enum { MOST_CHOICES = 8 }; /* within each other that are looked into */

const expression *chain_rule(dg_formulas *pool, const expression *derivative, const expression *factor)
{
    return chain_to_depth(pool, derivative, factor, MOST_CHOICES);
}

/* u, when a + b is c + (u − c). */
static const expression *cancelled(const expression *a, const expression *b)
{
    return is_constant(a) && is_op(b, P_SUB) && is_value(b->args[1], a->value) ? b->args[0] : NULL;
}

/* Sums of choices by the same condition are one choice. */
static const expression *add_terms(dg_formulas *pool, const expression *a, const expression *b, int depth)
{
    if (a && b && depth > 0 && is_op(a, P_WHERE) && is_op(b, P_WHERE) && a->args[0] == b->args[0])
        return make3(pool, P_WHERE, a->args[0], add_terms(pool, a->args[1], b->args[1], depth - 1),
                     add_terms(pool, a->args[2], b->args[2], depth - 1));
    const expression *rest = a && b ? cancelled(a, b) : NULL;
    if (!rest && a && b)
        rest = cancelled(b, a);
    return rest ? rest : make2(pool, P_ADD, a, b);
}

/* hypot(u, c), when e = u·(u / (hypot(u, c) + c)), the stable form of hypot(u, c) − c. */
static const expression *hypot_less_constant(const expression *e)
{
    const expression *q = is_op(e, P_MUL) ? e->args[1] : NULL;
    if (!q || !is_op(q, P_DIV) || q->args[0] != e->args[0] || !is_op(q->args[1], P_ADD))
        return NULL;
    const expression *h = q->args[1]->args[0];
    bool is_it = is_op(h, P_HYPOT) && h->args[0] == e->args[0] && h->args[1] == q->args[1]->args[1];
    return is_it && is_constant(h->args[1]) ? h : NULL;
}

/* u, when e = 1 − sigmoid(u). */
static const expression *rest_of_sigmoid(const expression *e)
{
    return is_op(e, P_SUB) && is_value(e->args[0], 1) && is_op(e->args[1], P_SIGMOID) ? e->args[1]->args[0] : NULL;
}

/* u, when e = 1 − tanh(u)². */
static const expression *rest_of_tanh(const expression *e)
{
    const expression *square = is_op(e, P_SUB) && is_value(e->args[0], 1) ? e->args[1] : NULL;
    return square && is_op(square, P_SQUARE) && is_op(square->args[0], P_TANH) ? square->args[0]->args[0] : NULL;
}

static bool are_opposite(dg_formulas *pool, const expression *u, const expression *v)
{
    return make1(pool, P_NEG, u) == v;
}

/* u, when e = sigmoid(u)·(1 − sigmoid(u)) or sigmoid(u)·sigmoid(−u). */
static const expression *slope_of_sigmoid(dg_formulas *pool, const expression *e)
{
    for (int k = 0; is_op(e, P_MUL) && k < 2; k++) {
        const expression *a = e->args[k], *b = e->args[1 - k];
        const expression *u = is_op(a, P_SIGMOID) ? a->args[0] : NULL;
        if (u && (rest_of_sigmoid(b) == u || (is_op(b, P_SIGMOID) && are_opposite(pool, u, b->args[0]))))
            return u;
    }
    return NULL;
}

/* Whether e = sigmoid(u)·sigmoid(v) + sigmoid(−u)·sigmoid(−v), as a difference of sigmoids has. */
static bool is_sum_of_tails(dg_formulas *pool, const expression *e, const expression **u, const expression **v)
{
    const expression *list[4];
    for (int k = 0; k < 4; k++) {
        const expression *product = is_op(e, P_ADD) ? e->args[k / 2] : e;
        if (!is_op(e, P_ADD) || !is_op(product, P_MUL) || !is_op(product->args[k % 2], P_SIGMOID))
            return false;
        list[k] = product->args[k % 2]->args[0];
    }
    *u = list[0];
    *v = list[1];
    return (are_opposite(pool, *u, list[2]) && are_opposite(pool, *v, list[3])) ||
           (are_opposite(pool, *u, list[3]) && are_opposite(pool, *v, list[2]));
}

bool has_rests(dg_formulas *pool, const expression *root)
{
    bool any = !pass_begin(pool, root);
    for (size_t i = 0; !any && i < pool->n_order; i++)
        any = rest_of_sigmoid(pool->order[i]) || rest_of_tanh(pool->order[i]);
    return any;
}

/* What is left of 1 beside a sigmoid or a squared tanh that goes to 1 has no digits there, and the higher derivatives
 * are nothing but such rests: they are taken from the other side, sigmoid(−u) and 1/cosh(u)². First derivatives keep
 * them, which are next to numbers of the size of 1 or go to 0 themselves, for the sake of the value that is known. */
const expression *without_rests(dg_formulas *pool, const expression *root)
{
    if (!pass_begin(pool, root))
        return NULL;
    for (size_t i = 0; i < pool->n_order; i++) {
        expression *e = (expression *)pool->order[i];
        const expression *u = rest_of_sigmoid(e), *v = rest_of_tanh(e), *args[3] = {NULL, NULL, NULL};
        for (int k = 0; k < e->arity; k++)
            args[k] = e->args[k]->image;
        e->image = u          ? make1(pool, P_SIGMOID, make1(pool, P_NEG, u->image))
                   : v        ? make1(pool, P_SQUARE, make1(pool, P_RECIPROCAL, make1(pool, P_COSH, v->image)))
                   : e->arity ? make_op(pool, e->op, args)
                              : e;
        if (!e->image)
            return NULL;
    }
    return root->image;
}

static const expression *tanh_of_half(dg_formulas *pool, const expression *u)
{
    return make1(pool, P_TANH, make2(pool, P_MUL, make_constant(pool, 0.5), u));
}

/* −sigmoid(u)·(1 − sigmoid(u))·tanh(u/2)·u′, which is exact where it goes through 0. */
static const expression *curvature_of_sigmoid(dg_formulas *pool, const expression *e, const expression *u)
{
    const expression *outer = make1(pool, P_NEG, make2(pool, P_MUL, e, tanh_of_half(pool, u)));
    return chain_rule(pool, outer, u->image);
}

/* sigmoid(u)·sigmoid(−u)·tanh(v/2)·u′ + sigmoid(v)·sigmoid(−v)·tanh(u/2)·v′ */
static const expression *slope_of_tails(dg_formulas *pool, const expression *u, const expression *v)
{
    const expression *parts[2];
    for (int k = 0; k < 2; k++) {
        const expression *w = k ? v : u, *minus = make1(pool, P_SIGMOID, make1(pool, P_NEG, w));
        const expression *slope = make2(pool, P_MUL, make1(pool, P_SIGMOID, w), minus);
        parts[k] = chain_rule(pool, make2(pool, P_MUL, slope, tanh_of_half(pool, k ? u : v)), w->image);
    }
    return make2(pool, P_ADD, parts[0], parts[1]);
}

/* What the rules would write as a difference, and what is none. NULL: e is none of that. */
static const expression *differentiate_whole(dg_formulas *pool, const expression *e)
{
    const expression *h = hypot_less_constant(e), *u = slope_of_sigmoid(pool, e), *v;
    if (h)
        return h->image;
    if (u)
        return curvature_of_sigmoid(pool, e, u);
    return is_sum_of_tails(pool, e, &u, &v) ? slope_of_tails(pool, u, v) : NULL;
}

static const expression *differentiate_one(dg_formulas *pool, const expression *e, const char *name)
{
    const expression *whole = differentiate_whole(pool, e);
    if (whole)
        return whole;
    const expression *sum = make_constant(pool, e->op == OP_INPUT && e->name == name);
    for (int k = 0; sum && k < e->arity; k++) {
        if (is_value(e->args[k]->image, 0) || !primitives[e->op].derivatives[k])
            continue;
        const expression *outer = apply_rule(pool, rule_of(pool, e->op, k), e);
        sum = add_terms(pool, sum, chain_rule(pool, outer, e->args[k]->image), MOST_CHOICES);
    }
    return sum;
}

const expression *differentiate(dg_formulas *pool, const expression *root, const char *name)
{
    if (!pass_begin(pool, root))
        return NULL;
    for (size_t i = 0; i < pool->n_order; i++) {
        expression *e = (expression *)pool->order[i];
        e->image = differentiate_one(pool, e, name);
        if (!e->image)
            return NULL;
    }
    return combine(pool, root->image);
}
