/* What every instruction costs beside its arithmetic is reading and writing a tile. So two cheap operations in a row
 * become one step, and so does a choice with the comparison with 0 that it makes. */
#include "faster.h"

#include <stdlib.h>

/* The first operation of a pair: e = a ∘ b; −1 when it is none. */
static int first_of(const expression *e)
{
    switch (e->op) {
    case P_ADD:
        return FIRST_ADD;
    case P_SUB:
        return FIRST_SUB;
    case P_MUL:
    case P_SQUARE:
        return FIRST_MUL;
    case P_DIV:
        return FIRST_DIV;
    case P_MIN:
        return FIRST_MIN;
    case P_MAX:
        return FIRST_MAX;
    default:
        return -1;
    }
}

/* The second operation when argument k of e is what the first gives; −1 when it is none. */
static int second_of(const expression *e, int k)
{
    switch (e->op) {
    case P_ADD:
        return SECOND_ADD;
    case P_SUB:
        return k == 0 ? SECOND_SUB : SECOND_FROM;
    case P_MUL:
        return SECOND_MUL;
    case P_DIV:
        return k == 0 ? SECOND_DIV : SECOND_INTO;
    case P_RECIPROCAL:
        return SECOND_INTO;
    case P_MIN: /* which argument comes first decides between 0 and −0 */
        return k == 0 ? SECOND_MIN : -1;
    case P_MAX:
        return k == 0 ? SECOND_MAX : -1;
    default:
        return -1;
    }
}

/* e, whose arguments have their images, together with an argument that nothing else reads. */
static const expression *pair(dg_formulas *pool, const expression *e, unsigned alone)
{
    for (int k = 0; k < e->arity; k++) {
        const expression *t = e->args[k]->image;
        int first = first_of(t), second = second_of(e, k);
        if (first < 0 || second < 0 || !(alone & 1u << k))
            continue;
        const expression *a = t->args[0], *b = is_op(t, P_SQUARE) ? a : t->args[1];
        const expression *c = is_op(e, P_RECIPROCAL) ? make_constant(pool, 1) : e->args[1 - k]->image;
        return c ? expression_intern(pool, S_PAIRS + first * PAIR_SECONDS + second, a, b, c) : NULL;
    }
    return NULL;
}

/* A choice by a comparison with 0. */
static const expression *choice(dg_formulas *pool, const expression *e)
{
    static const int steps[] = {S_WHERE_LT0, S_WHERE_LE0, S_WHERE_GT0, S_WHERE_GE0};
    static const int swapped[] = {S_WHERE_GT0, S_WHERE_GE0, S_WHERE_LT0, S_WHERE_LE0};
    const expression *condition = e->args[0]->image;
    if (!is_op(e, P_WHERE) || condition->op < P_LT || condition->op > P_GE)
        return NULL;
    bool zero_first = is_value(condition->args[0], 0);
    if (!zero_first && !is_value(condition->args[1], 0))
        return NULL;
    int step = (zero_first ? swapped : steps)[condition->op - P_LT];
    return expression_intern(pool, step, condition->args[zero_first], e->args[1]->image, e->args[2]->image);
}

/* For each expression in order, bit k set when argument k is read by it alone, and once. */
static void find_alone(const dg_formulas *pool, int n, const expression **roots, unsigned *readers,
                       unsigned char *alone)
{
    for (size_t i = 0; i < pool->n_order; i++)
        ((expression *)pool->order[i])->place = i;
    for (size_t i = 0; i < pool->n_order; i++)
        for (int k = 0; k < pool->order[i]->arity; k++)
            readers[pool->order[i]->args[k]->place]++;
    for (int k = 0; k < n; k++)
        readers[roots[k]->place] += 2;
    for (size_t i = 0; i < pool->n_order; i++)
        for (int k = 0; k < pool->order[i]->arity; k++)
            if (readers[pool->order[i]->args[k]->place] == 1)
                alone[i] |= (unsigned char)(1u << k);
}

static bool rewrite(dg_formulas *pool, int n, const expression **roots, const unsigned char *alone)
{
    for (size_t i = 0; i < pool->n_order; i++) {
        expression *e = (expression *)pool->order[i];
        const expression *made = e;
        if (e->arity) {
            made = choice(pool, e);
            if (!made)
                made = pair(pool, e, alone[i]);
            if (!made)
                made = expression_intern(pool, e->op, e->args[0]->image, e->arity > 1 ? e->args[1]->image : NULL,
                                         e->arity > 2 ? e->args[2]->image : NULL);
        }
        if (!made)
            return false;
        e->image = made;
    }
    for (int k = 0; k < n; k++)
        roots[k] = roots[k]->image;
    return true;
}

bool expressions_as_steps(dg_formulas *pool, int n, const expression **roots)
{
    if (!pass_begin_all(pool, n, roots))
        return false;
    unsigned *readers = calloc(pool->n_order + 1, sizeof *readers);
    unsigned char *alone = calloc(pool->n_order + 1, 1);
    bool done = readers && alone;
    if (done)
        find_alone(pool, n, roots, readers, alone);
    done = done && rewrite(pool, n, roots, alone);
    free(readers);
    free(alone);
    return done;
}
