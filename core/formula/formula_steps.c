/* A formula as a list of steps. */
#include <dotgrad/formula_steps.h>

#include "expression.h"

#include <stdlib.h>

static int input_number(const dg_formula *formula, const char *name)
{
    for (int k = 0; k < formula->n_inputs; k++)
        if (formula->names[k] == name)
            return k;
    return 0;
}

static dg_formula_step step_of(const dg_formula *formula, const expression *e)
{
    dg_formula_step step = {.primitive = -1, .input = -1};
    if (e->op == OP_CONSTANT) {
        step.value = e->value;
    } else if (e->op == OP_INPUT) {
        step.input = input_number(formula, e->name);
    } else {
        step.primitive = e->op;
        for (int k = 0; k < e->arity; k++)
            step.args[k] = (int)e->args[k]->place;
    }
    return step;
}

dg_status dg_formula_steps(dg_formulas *formulas, const dg_formula *formula, dg_formula_step **steps, int *n)
{
    if (!formulas || !formula || !steps || !n || formula->pool != formulas)
        return dg_error(DG_BAD_ARGUMENT, "steps want a formula and the pool that it is of");
    *steps = NULL;
    *n = 0;
    if (!pass_begin(formulas, formula->root) || !(*steps = malloc(formulas->n_order * sizeof **steps)))
        return dg_no_memory("the steps of a formula");
    for (size_t k = 0; k < formulas->n_order; k++) {
        expression *e = (expression *)formulas->order[k];
        (*steps)[k] = step_of(formula, e);
        e->place = k;
    }
    *n = (int)formulas->n_order;
    return dg_ok();
}
