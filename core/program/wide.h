/* Formulas over numbers that do not overflow. Where a float is too small for what a formula goes through on its way,
 * exp(x) of x = 100 say, products of 0 and ∞ and quotients of infinities give NaN although the result has a value: an
 * element of a tile that is NaN of finite arguments is computed again here, one number after the other. */
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
} wide_steps;

/* Of n expressions over the named inputs; *made is NULL where nothing that overflows meets what can make a NaN of it,
 * or there are more than MOST_WIDE_STEPS. Begins a pass. False without memory. */
bool wide_make(dg_formulas *pool, dg_arena *arena, int n, const expression *const *roots, const char *const *names,
               bool is_update, const wide_steps **made);

/* results[k] of root k, from inputs by their number in the formula: finite ones. NaN: there is none. */
void wide_run(const wide_steps *steps, const double *inputs, double *results);

#endif
