/* Cheaper forms of expressions that are about to run in float32. What a user reads stays as it was written; this is
 * done when a program is made. */
#ifndef CORE_CHEAPER_H
#define CORE_CHEAPER_H

#include "core/formula/expression.h"

enum { MOST_CHEAPENED = 500 };

/* Puts in place of each root an equal expression, such that all of them together take less time in one float32 program.
 * It contains steps (primitives.h), so it is for programs alone: no printing for users, no derivatives. Results differ
 * from those of the given expressions by about two roundings; half powers of −∞ become NaN. Expressions of more than
 * MOST_CHEAPENED nodes stay as they are. Begins passes. False without memory. */
bool expressions_cheaper(dg_formulas *pool, int n, const expression **roots);

/* In faster_steps.c: comparisons with 0 and pairs of operations become single steps. Any number of nodes. */
bool expressions_as_steps(dg_formulas *pool, int n, const expression **roots);

#endif
