/* Where limits can be lost: by intervals, which values can be infinite or 0 in a float type, and where such values of
 * one and the same input meet: 0·∞, ∞ − ∞, 0/0 and ∞/∞. */
#include "core/formula/interval.h"
#include "wide.h"

#include <float.h>
#include <math.h>

/* What is known of an expression. Sets of inputs have a bit for every 64th. */
typedef struct traits {
    dg_interval range; /* of real numbers */
    uint64_t inputs;   /* that it is of */
    uint64_t faster;   /* those in which it is of a higher degree than the first */
    bool swings;       /* has no value at an infinite input */
} traits;

typedef struct analysis {
    const wide_use *use;
    double most, least; /* what is larger is infinite, what is smaller may be 0 */
    traits known[MOST_WIDE_STEPS];
    bool inside[MOST_WIDE_STEPS]; /* overflows within a root or logarithm */
    int n_inputs;
    bool infinite;     /* inputs may be that */
    uint64_t together; /* inputs that infinities and zeros meet by */
} analysis;

static bool can_rise(const analysis *a, const traits *t) /* to +∞ */
{
    return t->range.hi > a->most;
}

static bool can_fall(const analysis *a, const traits *t)
{
    return t->range.lo < -a->most;
}

static bool can_be_infinite(const analysis *a, const traits *t)
{
    return can_rise(a, t) || can_fall(a, t);
}

static bool can_vanish(const analysis *a, const traits *t)
{
    return t->range.lo <= a->least && t->range.hi >= -a->least;
}

static bool is_bounded(const analysis *a, const traits *t)
{
    return !can_be_infinite(a, t);
}

/* Of independent inputs 0·∞ has no limit, and is NaN as it is in the float type. */
static bool are_independent(const traits *u, const traits *v)
{
    return !(u->inputs & v->inputs);
}

/* Whether u can be infinite where sign·v is as large with the other sign: the sum may be smaller than both. */
static bool leave_range(const analysis *a, const traits *u, const traits *v, int sign)
{
    double large = a->most / 16, lo = sign > 0 ? v->range.lo : -v->range.hi, hi = sign > 0 ? v->range.hi : -v->range.lo;
    return (can_rise(a, u) && lo < -large) || (can_fall(a, u) && hi > large);
}

/* In an update a quotient counts only where both sides grow faster than in proportion to one input: the step of Adam
 * and its like, over the root of a mean of squares, has no such limit. Sums of a parameter and its step do not count.
 */
static bool loses_limit(const analysis *a, const expression *e, const traits *u, const traits *v)
{
    bool is_update = a->use->is_update, is_sum_or_product = e->arity == 2 && e->op <= P_DIV;
    if (is_sum_or_product && !is_update && (u->swings || v->swings) && !are_independent(u, v))
        return true;
    switch (e->op) {
    case P_MUL:
        return !are_independent(u, v) &&
               ((can_be_infinite(a, u) && can_vanish(a, v)) || (can_vanish(a, u) && can_be_infinite(a, v)));
    case P_DIV:
        if (is_update)
            return (u->faster & v->faster) != 0;
        return !are_independent(u, v) &&
               ((can_be_infinite(a, u) && can_be_infinite(a, v)) || (can_vanish(a, u) && can_vanish(a, v)));
    case P_ADD:
        return !is_update && !are_independent(u, v) && (leave_range(a, u, v, 1) || leave_range(a, v, u, 1));
    case P_SUB:
        return !is_update && !are_independent(u, v) && (leave_range(a, u, v, -1) || leave_range(a, v, u, -1));
    case P_SIN:
    case P_COS:
    case P_TAN: /* of a number that overflows */
        return !is_update && e->args[0]->op != OP_INPUT && can_be_infinite(a, u);
    default:
        return false;
    }
}

/* A root or a logarithm of what overflows, or a quotient by it: infinite or 0, although the exact one is not. */
static bool overflows_inside(const analysis *a, const expression *e, const traits *u, const traits *v)
{
    switch (e->op) {
    case P_DIV:
        return !a->use->is_update && (u->faster & v->faster) && can_be_infinite(a, v);
    case P_POW:
        if (!is_constant(e->args[1]) || fabs(e->args[1]->value) >= 1)
            return false;
        break;
    case P_SQRT:
    case P_RSQRT:
    case P_LOG:
    case P_LOG2:
    case P_LOG10:
    case P_LOG1P:
    case P_ASINH:
    case P_ACOSH:
        break;
    default:
        return false;
    }
    return !a->use->is_update && u->faster && can_be_infinite(a, u);
}

static uint64_t degrees_of(const analysis *a, const expression *e, const traits *u, const traits *v)
{
    switch (e->op) {
    case P_POW:
    case P_EXP:
    case P_EXP2:
    case P_EXPM1:
    case P_SINH:
    case P_COSH:
        return u->inputs | v->inputs;
    case P_SQUARE:
        return u->faster | (is_bounded(a, u) ? 0 : u->inputs);
    case P_MUL:
        return u->faster | v->faster | (is_bounded(a, u) || is_bounded(a, v) ? 0 : u->inputs & v->inputs);
    default:
        return u->faster | v->faster;
    }
}

static traits traits_of(analysis *a, const expression *e)
{
    const traits nothing = {.range = dg_interval_of(0, 0)}, *args[3] = {&nothing, &nothing, &nothing};
    traits t = nothing;
    if (e->op == OP_CONSTANT) {
        t.range = dg_interval_of(e->value, e->value);
        return t;
    }
    if (e->op == OP_INPUT) {
        double end = a->infinite ? (double)INFINITY : a->most;
        t.range = dg_interval_of(-end, end);
        t.inputs = UINT64_C(1) << a->n_inputs++ % 64;
        return t;
    }
    for (int k = 0; k < e->arity; k++) {
        args[k] = &a->known[e->args[k]->place];
        t.inputs |= args[k]->inputs;
        t.swings |= args[k]->swings;
    }
    t.swings |= e->op == P_SIN || e->op == P_COS || e->op == P_TAN;
    t.range = interval_apply(e->op, args[0]->range, args[1]->range, args[2]->range);
    if (isnan(t.range.lo) || isnan(t.range.hi))
        t.range = dg_interval_of(-INFINITY, INFINITY);
    t.faster = is_bounded(a, &t) ? 0 : degrees_of(a, e, args[0], args[1]) | args[2]->faster;
    return t;
}

/* Fills a->known and the places of the pass that has begun; tells whether a limit can be lost. */
static bool analyse(dg_formulas *pool, const wide_use *use, bool infinite, analysis *a)
{
    bool is_single = use->dtype == DG_FLOAT32, may = false;
    a->use = use;
    a->most = is_single ? (double)FLT_MAX : DBL_MAX;
    a->least = is_single ? (double)FLT_MIN : DBL_MIN;
    a->n_inputs = 0;
    a->infinite = infinite;
    a->together = 0;
    for (size_t i = 0; i < pool->n_order; i++) {
        expression *e = (expression *)pool->order[i];
        e->place = i;
        a->known[i] = traits_of(a, e);
        a->inside[i] = false;
        if (e->arity == 0)
            continue;
        const traits *u = &a->known[e->args[0]->place], *v = &a->known[e->args[e->arity > 1]->place];
        a->inside[i] = overflows_inside(a, e, u, v);
        if (!a->inside[i] && !loses_limit(a, e, u, v))
            continue;
        a->together |= u->inputs & v->inputs;
        may = true;
    }
    return may;
}

limit_loss may_lose_limits(dg_formulas *pool, const wide_use *use, uint64_t *inputs)
{
    analysis a;
    *inputs = 0;
    if (analyse(pool, use, false, &a))
        return LOSES_LIMITS;
    if (use->is_update || !analyse(pool, use, true, &a))
        return LOSES_NONE;
    *inputs = a.together;
    return LOSES_AT_INFINITY;
}

bool show_overflows(dg_formulas *pool, const wide_use *use, int n, const expression **roots)
{
    analysis a;
    size_t places[MOST_WIDE_ROOTS];
    const expression *images[MOST_WIDE_STEPS];
    if (!pass_begin_all(pool, n, roots))
        return false;
    analyse(pool, use, !use->is_update, &a);
    for (size_t i = 0; i < pool->n_order; i++)
        for (int k = 0; k < n; k++)
            if (roots[k] == pool->order[i])
                places[k] = i;
    for (size_t i = 0; i < pool->n_order; i++) {
        const expression *e = pool->order[i], *args[3] = {NULL, NULL, NULL};
        bool changed = false;
        for (int k = 0; k < e->arity; k++) {
            args[k] = images[e->args[k]->place];
            changed |= args[k] != e->args[k];
        }
        images[i] = changed ? expression_intern(pool, e->op, args[0], args[1], args[2]) : e;
        if (images[i] && e->arity > 0 && a.inside[i]) {
            const expression *u = args[e->op == P_DIV], *zero = expression_intern(pool, P_SUB, u, u, NULL);
            images[i] = zero ? expression_intern(pool, P_ADD, images[i], zero, NULL) : NULL;
        }
        if (!images[i])
            return false;
    }
    for (int k = 0; k < n; k++)
        roots[k] = images[places[k]];
    return true;
}
