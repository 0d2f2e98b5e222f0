/* Formulas over numbers that do not overflow. Where a float is too small for what a formula goes through on its way,
 * exp(x) of x = 100 say, products of 0 and ∞ and quotients of infinities give NaN although the result has a value; at
 * an infinite argument the value is the limit, where there is one. An element of a tile that is infinite or NaN is
 * computed again here, one number after the other. lost.c tells which formulas that can happen to. */
#ifndef CORE_WIDE_H
#define CORE_WIDE_H

#include "core/formula/expression.h"

enum { MOST_WIDE_STEPS = 400, MOST_WIDE_ROOTS = 16 };

typedef struct wide_step {
    uint8_t op;        /* a primitive, OP_CONSTANT or OP_INPUT */
    uint16_t args[3];  /* steps */
    uint16_t input;    /* of OP_INPUT: the formula's */
    long double value; /* of OP_CONSTANT */
} wide_step;

/* Expressions in order, arguments first. */
typedef struct wide_steps {
    int count, n_roots;
    const wide_step *steps;
    uint16_t roots[MOST_WIDE_ROOTS]; /* steps */
    /* Only where one of these inputs is infinite; 0: wherever a result is infinite or NaN. */
    int n_watched;
    const uint16_t *watched; /* by their number in the formula */
} wide_steps;

/* What a formula is computed for. */
typedef struct wide_use {
    dg_dtype dtype; /* a float type */
    bool is_update; /* of parameters: not of infinite ones */
} wide_use;

/* Whether a value can be NaN although the exact one, or the limit at an infinite input, is a number. */
typedef enum limit_loss { LOSES_NONE, LOSES_AT_INFINITY, LOSES_LIMITS } limit_loss;

/* Of the pass that has begun; proved by intervals. *inputs: those by whose infinity only, the i-th in the order of the
 * pass by bit i, from the 64th on again from 0. (lost.c) */
limit_loss may_lose_limits(dg_formulas *pool, const wide_use *use, uint64_t *inputs);

/* Roots and logarithms that hide an overflow, √(x⁴ + 1) say, become NaN by one: a root e of u becomes e + (u − u). For
 * programs with wide steps. False without memory. (lost.c) */
bool show_overflows(dg_formulas *pool, const wide_use *use, int n, const expression **roots);

/* Of n expressions over the named inputs; *made is NULL where no limit can be lost, or there are more than
 * MOST_WIDE_STEPS. Begins a pass. False without memory. */
bool wide_make(dg_formulas *pool, dg_arena *arena, int n, const expression *const *roots, const char *const *names,
               const wide_use *use, const wide_steps **made);

/* results[k] of root k, from inputs by their number in the formula: the limit where one is infinite, and where one is 0
 * and there is no value at it. NaN: there is none. */
void wide_run(const wide_steps *steps, const double *inputs, double *results);

#endif
