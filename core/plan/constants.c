/* Algebra at planning time: constants that turned up among the inputs of an elementwise step go into its formula, so
 * that a product with 1, or dropout outside training, is no work at all. */
#include "core/formula/expression.h"
#include "plan.h"

#include <math.h>

/* The number that an input is, when it is a constant and all its elements are one number. */
static bool constant_input(const binding *b, int32_t v, double *number)
{
    if (v < 0)
        return false;
    const value *root = &b->values[b->values[v].root];
    if (root->kind != STORED_AS_CONSTANT || (dg_tensor_count(&root->tensor) != 1 && !root->uniform))
        return false;
    *number = dg_tensor_get(&root->tensor, 0);
    return isfinite(*number);
}

dg_status formula_with_constants(const binding *b, dg_formulas *pool, const dg_formula *formula, const int32_t *inputs,
                                 const dg_formula **result)
{
    enum { MOST = 64 };
    const char *names[MOST];
    const dg_formula *replacements[MOST];
    int n = dg_formula_input_count(formula), n_constants = 0;
    double number;
    *result = formula;
    for (int k = 0; k < n && k < MOST; k++)
        n_constants += dg_formula_uses(formula, k) && constant_input(b, inputs[k], &number);
    if (n_constants == 0 || n > MOST)
        return dg_ok();
    for (int k = 0; k < n; k++)
        names[k] = dg_formula_input_name(formula, k);
    for (int k = 0; k < n; k++) {
        char text[DG_NUMBER_TEXT];
        if (dg_formula_uses(formula, k) && constant_input(b, inputs[k], &number))
            DG_TRY(
                dg_formula_parse(pool, dg_number_print(number, DG_FLOAT64, text), NULL, 0, names, n, &replacements[k]));
        else
            DG_TRY(dg_formula_input(pool, names, n, k, &replacements[k]));
    }
    return dg_formula_substitute(pool, formula, replacements, result);
}

int formula_is_input(const dg_formula *formula)
{
    for (int k = 0; formula->root->op == OP_INPUT && k < formula->n_inputs; k++)
        if (formula->names[k] == formula->root->name)
            return k;
    return -1;
}
