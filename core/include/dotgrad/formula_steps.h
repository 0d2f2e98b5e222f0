/* A formula as a list of steps, for evaluators of one's own: in other arithmetic, on other machines. */
#ifndef DOTGRAD_FORMULA_STEPS_H
#define DOTGRAD_FORMULA_STEPS_H

#include <dotgrad/formula.h>

DG_BEGIN_C

/* One operation, after those that it reads. */
typedef struct dg_formula_step {
    int primitive; /* as of dg_primitive_name(); −1: an input or a constant */
    int input;     /* its number; −1: it is none */
    double value;  /* of a constant */
    int args[3];   /* steps, as many as dg_primitive_arity() says */
} dg_formula_step;

/* The steps of a formula, each distinct expression once, the whole last. *steps is allocated; free it with free(). The
 * pool is the formula's own. DG_NO_MEMORY. */
dg_status dg_formula_steps(dg_formulas *formulas, const dg_formula *formula, dg_formula_step **steps, int *n);

DG_END_C

#endif
