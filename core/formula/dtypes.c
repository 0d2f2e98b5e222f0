/* Which element type a formula is computed in. */
#include "core/base/null.h"
#include "expression.h"

static dg_dtype wider(dg_dtype a, dg_dtype b)
{
    return a == DG_DEFAULT_DTYPE ? b : b == DG_DEFAULT_DTYPE ? a : dg_dtype_promote(a, b);
}

/* bool, integers, floats */
static int kind_of(dg_dtype dtype)
{
    return dg_dtype_is_float(dtype) ? 3 : dtype == DG_BOOL ? 1 : dtype == DG_DEFAULT_DTYPE ? 0 : 2;
}

dg_status dg_formula_dtypes(const dg_formula *formula, const dg_dtype *inputs, const int *ranks, dg_dtype *compute,
                            dg_dtype *result)
{
    REFUSE_NULL(formula);
    REFUSE_NULL(inputs);
    REFUSE_NULL(ranks);
    REFUSE_NULL(compute);
    REFUSE_NULL(result);
    dg_dtype arrays = DG_DEFAULT_DTYPE, scalars = DG_DEFAULT_DTYPE;
    for (int k = 0; k < formula->n_inputs; k++) {
        if (!formula->uses[k])
            continue;
        if (inputs[k] < DG_BOOL || inputs[k] > DG_FLOAT64)
            return dg_error(DG_BAD_DTYPE, "input '%s' of a formula has no element type", formula->names[k]);
        if (formula->uses[k] != USED_AS_NUMBER)
            continue;
        dg_dtype *group = ranks[k] > 0 ? &arrays : &scalars;
        *group = wider(*group, inputs[k]);
    }
    dg_dtype type = kind_of(scalars) > kind_of(arrays) ? wider(arrays, scalars) : arrays;
    dg_dtype real = formula->pool->real == DG_DEFAULT_DTYPE ? DG_FLOAT32 : formula->pool->real;
    if (type == DG_DEFAULT_DTYPE) /* conditions and constants alone */
        type = formula->is_condition ? DG_BOOL : real;
    if (!dg_dtype_is_float(type) && (formula->needs & NEEDS_REALS))
        type = real;
    if (type == DG_BOOL && (formula->needs & NEEDS_NUMBERS))
        type = DG_INT64;
    *compute = type;
    *result = formula->is_condition ? DG_BOOL : type;
    return dg_ok();
}
