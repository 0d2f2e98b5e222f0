/* Reading expressions as sums of products of powers. */
#include "terms.h"

#include <math.h>

/* ---- products ---- */

bool multiply_by(term *t, const expression *base, double power)
{
    int k = 0;
    while (k < t->n && t->factors[k].base != base)
        k++;
    if (k == t->n) {
        if (t->n == MOST_FACTORS || !base)
            return false;
        t->factors[t->n++] = (factor){base, 0};
    }
    t->factors[k].power += power;
    if (fabs(t->factors[k].power) < 1e-12)
        t->factors[k] = t->factors[--t->n];
    return true;
}

double power_in(const term *t, const expression *base)
{
    for (int k = 0; k < t->n; k++)
        if (t->factors[k].base == base)
            return t->factors[k].power;
    return 0;
}

bool settle(dg_formulas *pool, term *t)
{
    for (int k = 0; k < t->n; k++) {
        const expression *base = t->factors[k].base;
        double power = t->factors[k].power;
        if (is_op(base, P_SIGN) && power >= 2) {
            if (!multiply_by(t, base, -2 * floor(power / 2)))
                return false;
            k = -1;
        } else if (is_op(base, P_SIGN) && power == 1 && power_in(t, base->args[0]) >= 1) {
            const expression *u = base->args[0];
            if (!multiply_by(t, base, -1) || !multiply_by(t, u, -1) || !multiply_by(t, make1(pool, P_ABS, u), 1))
                return false;
            k = -1;
        } else if (is_op(base, P_ABS) && power_in(t, base->args[0]) >= 2) {
            if (!multiply_by(t, base->args[0], -2) || !multiply_by(t, base, 2))
                return false;
            k = -1;
        } else if (is_op(base, P_SIGMOID) && power > 0) {
            /* exp(c·u) with sigmoid(v): −v is c·u, so far as its power goes */
            for (int j = 0; j < t->n; j++) {
                const expression *e = t->factors[j].base;
                if (!is_op(e, P_EXP))
                    continue;
                double whole = t->factors[j].power;
                const expression *up = make2(pool, P_MUL, make_constant(pool, whole), e->args[0]);
                const expression *opposite = make1(pool, P_NEG, base->args[0]);
                for (int times = 1; times <= 4 && times <= power; times++) {
                    const expression *u = make2(pool, P_DIV, up, make_constant(pool, times));
                    if (u != opposite)
                        continue;
                    return multiply_by(t, e, -whole) && multiply_by(t, base, -times) &&
                           multiply_by(t, make1(pool, P_SIGMOID, u), times);
                }
            }
        }
    }
    return true;
}

bool add_term(dg_formulas *pool, sum *s, const term *t)
{
    if (s->n == MOST_TERMS || !isfinite(t->coefficient))
        return false;
    s->terms[s->n] = *t;
    return settle(pool, &s->terms[s->n++]);
}

/* ---- reading ---- */

bool is_plain(const expression *e, int depth)
{
    if (depth <= 0 || e->weight > MOST_WEIGHT)
        return false;
    switch (e->op) {
    case OP_CONSTANT:
    case OP_INPUT:
        return true;
    case P_ADD:
    case P_SUB:
    case P_MUL:
    case P_DIV:
    case P_HYPOT:
        return is_plain(e->args[0], depth - 1) && is_plain(e->args[1], depth - 1);
    case P_POW:
        return is_constant(e->args[1]) && is_plain(e->args[0], depth - 1);
    case P_NEG:
    case P_ABS:
    case P_SQUARE:
    case P_EXP:
    case P_SIGN:
    case P_SQRT:
    case P_RSQRT:
    case P_RECIPROCAL:
    case P_LOG:
    case P_LOG1P:
    case P_SOFTPLUS:
    case P_SINH:
    case P_COSH:
    case P_COS:
    case P_SIN:
        return is_plain(e->args[0], depth - 1);
    default:
        return false;
    }
}

/* Multiplies t by e^power. */
static bool read_factor(dg_formulas *pool, const expression *e, double power, term *t, int depth);

/* e^power where e is a sum: 1 + exp(u) is 1/sigmoid(−u), all others stand for themselves. */
static bool read_atom(dg_formulas *pool, const expression *e, double power, term *t)
{
    if (is_op(e, P_ADD) && is_constant(e->args[1]) && e->args[1]->value > 0) {
        const expression *u = e->args[0];
        double c = 1, d = e->args[1]->value;
        if (is_op(u, P_MUL) && is_constant(u->args[0]) && u->args[0]->value > 0) {
            c = u->args[0]->value;
            u = u->args[1];
        }
        if (is_op(u, P_EXP)) {
            const expression *v = make2(pool, P_ADD, u->args[0], make_constant(pool, log(c / d)));
            const expression *base = make1(pool, P_SIGMOID, v ? make1(pool, P_NEG, v) : NULL);
            t->coefficient *= pow(d, power);
            return multiply_by(t, base, -power);
        }
    }
    return multiply_by(t, e, power);
}

/* exp(u)^power: a power of exp(m) for every term c·m of u. */
static bool read_exponential(dg_formulas *pool, const expression *u, double power, term *t, int depth)
{
    sum parts = {.n = 0};
    if (depth <= 0 || !read_sum(pool, u, 1, &parts, depth - 1))
        return multiply_by(t, make1(pool, P_EXP, u), power);
    for (int k = 0; k < parts.n; k++) {
        const term *part = &parts.terms[k];
        const expression *m = NULL;
        for (int j = 0; j < part->n; j++) {
            const expression *f =
                make2(pool, P_POW, part->factors[j].base, make_constant(pool, part->factors[j].power));
            m = m ? make2(pool, P_MUL, m, f) : f;
        }
        if (!m && fabs(part->coefficient * power) > 50)
            return false;
        if (!m)
            t->coefficient *= exp(part->coefficient * power);
        else if (is_constant(m) || !multiply_by(t, make1(pool, P_EXP, m), part->coefficient * power))
            return false;
    }
    return true;
}

/* c·|x|^n with its sign: whole powers of what may be negative, any power of what is written as positive. */
static bool read_power(dg_formulas *pool, const expression *e, double inner, double power, term *t, int depth)
{
    if (power == floor(power) || inner != 2)
        return read_factor(pool, e, inner * power, t, depth);
    return read_factor(pool, make1(pool, P_ABS, e), inner * power, t, depth);
}

static bool read_factor(dg_formulas *pool, const expression *e, double power, term *t, int depth)
{
    if (!e || depth <= 0)
        return false;
    bool whole = power == floor(power);
    depth--;
    switch (e->op) {
    case OP_CONSTANT:
        t->coefficient *= pow(e->value, power);
        return isfinite(t->coefficient) && t->coefficient != 0;
    case P_NEG:
        t->coefficient *= whole && fmod(power, 2) == 0 ? 1 : -1;
        return whole && read_factor(pool, e->args[0], power, t, depth);
    case P_MUL:
    case P_DIV:
        if (!whole && !is_constant(e->args[0]))
            return multiply_by(t, e, power);
        return read_factor(pool, e->args[0], power, t, depth) &&
               read_factor(pool, e->args[1], e->op == P_MUL ? power : -power, t, depth);
    case P_SQUARE:
        return read_power(pool, e->args[0], 2, power, t, depth);
    case P_POW:
        if (!is_constant(e->args[1]) || (!whole && e->args[1]->value == floor(e->args[1]->value)))
            return multiply_by(t, e, power);
        return read_factor(pool, e->args[0], e->args[1]->value * power, t, depth);
    case P_SQRT:
        return read_factor(pool, e->args[0], 0.5 * power, t, depth);
    case P_RSQRT:
        return read_factor(pool, e->args[0], -0.5 * power, t, depth);
    case P_RECIPROCAL:
        return read_factor(pool, e->args[0], -power, t, depth);
    case P_HYPOT: {
        const expression *c = e->args[1], *u = e->args[0];
        if (!is_constant(c))
            return multiply_by(t, e, power);
        const expression *inside =
            make2(pool, P_ADD, make1(pool, P_SQUARE, u), make_constant(pool, c->value * c->value));
        return multiply_by(t, inside, 0.5 * power);
    }
    case P_EXP:
        return read_exponential(pool, e->args[0], power, t, depth);
    case P_SINH:
        return multiply_by(t, make1(pool, P_TANH, e->args[0]), power) &&
               multiply_by(t, make1(pool, P_COSH, e->args[0]), power);
    default:
        return read_atom(pool, e, power, t);
    }
}

bool read_sum(dg_formulas *pool, const expression *e, double scale, sum *s, int depth)
{
    if (!e || depth <= 0)
        return false;
    if (is_op(e, P_NEG))
        return read_sum(pool, e->args[0], -scale, s, depth - 1);
    if (is_sum(e))
        return read_sum(pool, e->args[0], scale, s, depth - 1) &&
               read_sum(pool, e->args[1], is_op(e, P_ADD) ? scale : -scale, s, depth - 1);
    if (is_value(e, 0))
        return true;
    bool is_scaled = is_op(e, P_MUL) && is_constant(e->args[0]);
    if (is_scaled && is_sum(e->args[1]))
        return read_sum(pool, e->args[1], scale * e->args[0]->value, s, depth - 1);
    if (is_op(e, P_MUL) || is_op(e, P_DIV)) { /* a sum times or over what is no sum is the sum of that */
        const expression *a = e->args[0], *b = e->args[1];
        if (is_op(e, P_MUL) && is_sum(b) && !is_sum(a)) {
            a = b;
            b = e->args[0];
        }
        if (is_sum(a) && is_plain(a, MOST_NESTED)) {
            int first = s->n;
            if (!read_sum(pool, a, scale, s, depth - 1))
                return false;
            for (int k = first; k < s->n; k++)
                if (!read_factor(pool, b, is_op(e, P_MUL) ? 1 : -1, &s->terms[k], depth - 1) ||
                    !settle(pool, &s->terms[k]))
                    return false;
            return true;
        }
    }
    term t = {.coefficient = scale};
    return read_factor(pool, e, 1, &t, depth - 1) && add_term(pool, s, &t);
}
