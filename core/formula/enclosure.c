/* Enclosures: the expressions of formulas as a list of steps over intervals. */
#include "interval.h"

#include "expression.h"

#include <stdlib.h>
#include <string.h>

/* What intervals of the parts would hold too loosely are steps of their own: 1 − tanh²(u), 1 − sigmoid(u),
 * sin(u)·cos(u), a/squareplus(a, b), a/hypot(a, b). */
enum { STEP_SECH2 = OP_INPUT + 1, STEP_SIGMOID_REST, STEP_SIN_COS, STEP_SQUAREPLUS_RATIO, STEP_HYPOT_RATIO };

typedef struct interval_step {
    int op;       /* a primitive, OP_CONSTANT, OP_INPUT or one of the above */
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

/* The argument, when e is such an expression; *op is its step. */
static const expression *tight_step(const expression *e, int *op)
{
    if (is_op(e, P_MUL) && is_op(e->args[0], P_SIN) + is_op(e->args[0], P_COS) == 1 &&
        is_op(e->args[1], is_op(e->args[0], P_SIN) ? P_COS : P_SIN) && e->args[0]->args[0] == e->args[1]->args[0]) {
        *op = STEP_SIN_COS;
        return e->args[0]->args[0];
    }
    if (is_op(e, P_DIV) && is_op(e->args[1], P_SQUAREPLUS) && e->args[1]->args[0] == e->args[0]) {
        *op = STEP_SQUAREPLUS_RATIO;
        return e->args[0];
    }
    if (is_op(e, P_DIV) && is_op(e->args[1], P_HYPOT) &&
        (e->args[1]->args[0] == e->args[0] || e->args[1]->args[1] == e->args[0])) {
        *op = STEP_HYPOT_RATIO;
        return e->args[0];
    }
    if (!is_op(e, P_SUB) || !is_value(e->args[0], 1))
        return NULL;
    const expression *b = e->args[1];
    *op = STEP_SIGMOID_REST;
    if (is_op(b, P_SIGMOID))
        return b->args[0];
    *op = STEP_SECH2;
    return is_op(b, P_SQUARE) && is_op(b->args[0], P_TANH) ? b->args[0]->args[0] : NULL;
}

static interval_step step_of(const dg_formula *formula, const expression *e)
{
    interval_step step = {.op = e->op};
    int op;
    const expression *u = tight_step(e, &op);
    if (u) {
        step.op = op;
        step.args[0] = (int)u->place;
        step.args[1] = is_op(e, P_DIV) ? (int)e->args[1]->place : 0;
    } else if (e->op == OP_CONSTANT)
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
            return dg_error(DG_BAD_ARGUMENT, "formulas that are enclosed together need the same inputs");
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
        return dg_error(DG_BAD_ARGUMENT, "an enclosure needs a pool and at least one formula");
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

static dg_interval run_step(const interval_step *step, const dg_interval *values)
{
    const int *args = step->args;
    dg_interval none = dg_interval_of(0, 0), one = dg_interval_of(1, 1), made;
    switch (step->op) {
    case STEP_SECH2:
        made = interval_apply(P_SQUARE, interval_apply(P_COSH, values[args[0]], none, none), none, none);
        made = interval_apply(P_DIV, one, made, none);
        made.hi = made.hi < 1 ? made.hi : 1;
        return made;
    case STEP_SIN_COS: /* sin(2u)/2 */
        made = interval_apply(P_MUL, dg_interval_of(2, 2), values[args[0]], none);
        return interval_apply(P_MUL, dg_interval_of(0.5, 0.5), interval_apply(P_SIN, made, none, none), none);
    case STEP_SQUAREPLUS_RATIO: /* a is not more than the mean of a and √(a² + b) */
        made = interval_apply(P_DIV, values[args[0]], values[args[1]], none);
        made.hi = made.hi < 1 ? made.hi : 1;
        return made;
    case STEP_HYPOT_RATIO:
        made = interval_apply(P_DIV, values[args[0]], values[args[1]], none);
        made.lo = made.lo > -1 ? made.lo : -1;
        made.hi = made.hi < 1 ? made.hi : 1;
        return made;
    case STEP_SIGMOID_REST:
        return interval_apply(P_SIGMOID, interval_apply(P_NEG, values[args[0]], none, none), none, none);
    default:
        return interval_apply(step->op, values[args[0]], values[args[1]], values[args[2]]);
    }
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
            values[i] = run_step(step, values);
    }
    for (int k = 0; k < enclosure->n_results; k++)
        results[k] = values[enclosure->results[k]];
}
