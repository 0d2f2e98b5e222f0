/* Enclosures: the expressions of formulas as a list of steps over intervals. */
#include "interval.h"

#include "expression.h"

#include <stdlib.h>
#include <string.h>

typedef struct interval_step {
    int op;       /* a primitive, OP_CONSTANT or OP_INPUT */
    int args[3];  /* steps, or the number of an input */
    double value; /* of a constant */
} interval_step;

struct dg_enclosure {
    int n_steps, n_results;
    interval_step *steps;
    int *results; /* steps */
    dg_interval *values;
};

static int input_number(const dg_formula *formula, const char *name)
{
    for (int k = 0; k < formula->n_inputs; k++)
        if (formula->names[k] == name)
            return k;
    return 0;
}

static interval_step step_of(const dg_formula *formula, const expression *e)
{
    interval_step step = {.op = e->op};
    if (e->op == OP_CONSTANT)
        step.value = e->value;
    else if (e->op == OP_INPUT)
        step.args[0] = input_number(formula, e->name);
    else
        for (int k = 0; k < e->arity; k++)
            step.args[k] = (int)e->args[k]->place;
    return step;
}

static dg_status same_inputs(const dg_formula *const *list, int n)
{
    for (int k = 1; k < n; k++)
        if (list[k]->n_inputs != list[0]->n_inputs ||
            memcmp(list[k]->names, list[0]->names, (size_t)list[0]->n_inputs * sizeof *list[0]->names) != 0)
            return dg_error(DG_BAD_ARGUMENT, "formulas that are enclosed together want the same inputs");
    return dg_ok();
}

static bool make_steps(dg_formulas *pool, const dg_formula *const *list, int n, dg_enclosure *made)
{
    const expression **roots = malloc((size_t)n * sizeof *roots);
    for (int k = 0; roots && k < n; k++)
        roots[k] = list[k]->root;
    bool passed = roots && pass_begin_all(pool, n, roots);
    free(roots);
    if (!passed)
        return false;
    made->n_steps = (int)pool->n_order;
    made->n_results = n;
    made->steps = malloc(pool->n_order * sizeof *made->steps);
    made->values = malloc(pool->n_order * sizeof *made->values);
    made->results = malloc((size_t)n * sizeof *made->results);
    if (!made->steps || !made->values || !made->results)
        return false;
    for (size_t i = 0; i < pool->n_order; i++) {
        expression *e = (expression *)pool->order[i];
        made->steps[i] = step_of(list[0], e);
        e->place = i;
    }
    for (int k = 0; k < n; k++)
        made->results[k] = (int)list[k]->root->place;
    return true;
}

dg_status dg_enclosure_new(dg_formulas *formulas, const dg_formula *const *list, int n, dg_enclosure **enclosure)
{
    if (!formulas || !list || n < 1 || !enclosure)
        return dg_error(DG_BAD_ARGUMENT, "an enclosure wants a pool and at least one formula");
    *enclosure = NULL;
    DG_TRY(same_inputs(list, n));
    dg_enclosure *made = calloc(1, sizeof *made);
    if (!made || !make_steps(formulas, list, n, made)) {
        dg_enclosure_free(made);
        return dg_no_memory("an enclosure");
    }
    *enclosure = made;
    return dg_ok();
}

void dg_enclosure_free(dg_enclosure *enclosure)
{
    if (!enclosure)
        return;
    free(enclosure->steps);
    free(enclosure->values);
    free(enclosure->results);
    free(enclosure);
}

void dg_enclose(const dg_enclosure *enclosure, const dg_interval *inputs, dg_interval *results)
{
    if (!enclosure || !inputs || !results)
        return;
    dg_interval *values = enclosure->values;
    for (int i = 0; i < enclosure->n_steps; i++) {
        const interval_step *step = &enclosure->steps[i];
        const int *args = step->args;
        if (step->op == OP_CONSTANT)
            values[i] = dg_interval_of(step->value, step->value);
        else if (step->op == OP_INPUT)
            values[i] = inputs[args[0]];
        else
            values[i] = interval_apply(step->op, values[args[0]], values[args[1]], values[args[2]]);
    }
    for (int k = 0; k < enclosure->n_results; k++)
        results[k] = values[enclosure->results[k]];
}
