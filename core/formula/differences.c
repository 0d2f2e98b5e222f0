/* Differences of one function at two multiples of the same number, exp(c·x) − exp(b·x), whose digits cancel where x or
 * c − b is small: as products with a function of (c − b)·x alone, whose argument is exact there. Over x such a product
 * has a hole of the one scale c − b, which holes.c fills. */
#include "expression.h"

#include <math.h>

enum { MOST_PARTS = 6, MOST_LEVELS = 8 };

/* number · Π over / Π under */
typedef struct product {
    double number;
    int n_over, n_under;
    const expression *over[MOST_PARTS], *under[MOST_PARTS];
} product;

/* False: it has too many parts. */
static bool read_product(const expression *e, bool is_under, product *p, int depth)
{
    if (depth == 0)
        return false;
    if (is_constant(e)) {
        p->number = is_under ? p->number / e->value : p->number * e->value;
        return isfinite(p->number) && p->number != 0;
    }
    if (is_op(e, P_NEG)) {
        p->number = -p->number;
        return read_product(e->args[0], is_under, p, depth - 1);
    }
    if (is_op(e, P_MUL) || is_op(e, P_DIV))
        return read_product(e->args[0], is_under, p, depth - 1) &&
               read_product(e->args[1], is_under != is_op(e, P_DIV), p, depth - 1);
    int *n = is_under ? &p->n_under : &p->n_over;
    if (*n == MOST_PARTS)
        return false;
    (is_under ? p->under : p->over)[(*n)++] = e;
    return true;
}

static const expression *write_product(dg_formulas *pool, const product *p)
{
    const expression *e = make_constant(pool, p->number);
    for (int k = 0; k < p->n_over; k++)
        e = make2(pool, P_MUL, e, p->over[k]);
    for (int k = 0; k < p->n_under; k++)
        e = make2(pool, P_DIV, e, p->under[k]);
    return e;
}

/* Takes out of both lists what is in both, into `common`. */
static void take_common(const expression **a, int *n_a, const expression **b, int *n_b, const expression **common,
                        int *n_common)
{
    for (int i = 0; i < *n_a; i++)
        for (int j = 0; j < *n_b; j++)
            if (a[i] == b[j]) {
                common[(*n_common)++] = a[i];
                a[i--] = a[--*n_a];
                b[j] = b[--*n_b];
                break;
            }
}

/* What is made of u and v. */
typedef struct pair {
    dg_formulas *pool;
    const expression *difference, *sum; /* u − v and u + v, as (p ∓ q)·m */
} pair;

static bool is_number(const product *p)
{
    return p->n_over == 0 && p->n_under == 0;
}

/* Whether u is p·m and v is q·m, so that cancellation is not what it seems: p and q are symbols, or numbers that are
 * close to each other. */
static bool read_pair(dg_formulas *pool, const expression *u, const expression *v, pair *made)
{
    product p = {.number = 1}, q = {.number = 1}, m = {.number = 1};
    if (!read_product(u, false, &p, MOST_LEVELS) || !read_product(v, false, &q, MOST_LEVELS))
        return false;
    take_common(p.over, &p.n_over, q.over, &q.n_over, m.over, &m.n_over);
    take_common(p.under, &p.n_under, q.under, &q.n_under, m.under, &m.n_under);
    if (m.n_over == 0)
        return false;
    if (is_number(&p) && is_number(&q) &&
        !(p.number * q.number > 0 && fabs(p.number - q.number) < 0.5 * fmin(fabs(p.number), fabs(q.number))))
        return false;
    const expression *a = write_product(pool, &p), *b = write_product(pool, &q), *c = write_product(pool, &m);
    made->pool = pool;
    made->difference = make2(pool, P_MUL, make2(pool, P_SUB, a, b), c);
    made->sum = make2(pool, P_MUL, make2(pool, P_ADD, a, b), c);
    return true;
}

static const expression *half(const pair *p, int op, const expression *e)
{
    return make1(p->pool, op, make2(p->pool, P_MUL, make_constant(p->pool, 0.5), e));
}

static const expression *times(const pair *p, double factor, const expression *a, const expression *b)
{
    return make2(p->pool, P_MUL, make_constant(p->pool, factor), make2(p->pool, P_MUL, a, b));
}

static const expression *scaled(const pair *p, double factor, const expression *u)
{
    return make2(p->pool, P_MUL, make_constant(p->pool, factor), u);
}

/* sigmoid(u)·sigmoid(−v) + sigmoid(v)·sigmoid(−u): (eᵘ + eᵛ) / ((1 + eᵘ)·(1 + eᵛ)), which neither overflows nor cancels
 */
static const expression *both_slopes(const pair *p, const expression *u, const expression *v)
{
    dg_formulas *pool = p->pool;
    const expression *parts[2];
    for (int k = 0; k < 2; k++)
        parts[k] = make2(pool, P_MUL, make1(pool, P_SIGMOID, k ? v : u),
                         make1(pool, P_SIGMOID, make1(pool, P_NEG, k ? u : v)));
    return make2(pool, P_ADD, parts[0], parts[1]);
}

const expression *difference_of_multiples(dg_formulas *pool, const expression *a, const expression *b)
{
    pair p;
    static const int known[] = {P_EXP, P_EXPM1, P_SIGMOID, P_TANH, P_SIN, P_COS, P_SINH, P_COSH};
    size_t k = 0;
    while (k < sizeof known / sizeof *known && known[k] != a->op)
        k++;
    if (k == sizeof known / sizeof *known || b->op != a->op)
        return NULL;
    const expression *u = a->args[0], *v = b->args[0];
    if (!read_pair(pool, u, v, &p))
        return NULL;
    switch (a->op) {
    case P_EXP:
    case P_EXPM1: /* (eᵘ + eᵛ)·tanh((u − v)/2) */
        return times(&p, 1, make2(pool, P_ADD, make1(pool, P_EXP, u), make1(pool, P_EXP, v)),
                     half(&p, P_TANH, p.difference));
    case P_SIGMOID:
        return times(&p, 1, both_slopes(&p, u, v), half(&p, P_TANH, p.difference));
    case P_TANH: /* 2·sigmoid(2u) − 2·sigmoid(2v) */
        return times(&p, 2, both_slopes(&p, scaled(&p, 2, u), scaled(&p, 2, v)), make1(pool, P_TANH, p.difference));
    case P_SIN:
        return times(&p, 2, half(&p, P_COS, p.sum), half(&p, P_SIN, p.difference));
    case P_COS:
        return times(&p, -2, half(&p, P_SIN, p.sum), half(&p, P_SIN, p.difference));
    case P_SINH:
        return times(&p, 2, half(&p, P_COSH, p.sum), half(&p, P_SINH, p.difference));
    default:
        return times(&p, 2, half(&p, P_SINH, p.sum), half(&p, P_SINH, p.difference));
    }
}
