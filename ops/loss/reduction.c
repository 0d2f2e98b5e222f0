/* Reductions of losses, and formulas over an input and its target. */
#include "reduction.h"

#include <dotgrad/ops/reduce.h>

#include <stdarg.h>
#include <stdio.h>

#include "ops/shared/rules.h"

#include "core/base/plain.h"

dg_node *reduced(dg_node *losses, const dg_value *reduction)
{
    return is_name(reduction, "mean") ? dg_mean(losses) : is_name(reduction, "sum") ? dg_sum(losses) : losses;
}

dg_status infer_reduced(const dg_infer *infer, const dg_shape *losses, const dg_value *reduction)
{
    infer->outputs[0] = (dg_type){infer->inputs[0]->dtype, is_name(reduction, "none") ? *losses : dg_scalar()};
    return dg_ok();
}

dg_status loss_of_pair_infer(const dg_infer *infer)
{
    DG_TRY(want_floats(infer, 0));
    DG_TRY(want_floats(infer, 1));
    if (infer->inputs[1]->shape.rank > 0)
        DG_TRY(shapes_agree(infer, 0, 1));
    return infer_reduced(infer, &infer->inputs[0]->shape, &infer->attrs[0]);
}

dg_node *loss_of_pair(dg_node *x, dg_node *t, const char *format, ...)
{
    char text[400];
    va_list numbers;
    va_start(numbers, format);
    plain_print_list(text, sizeof text, format, numbers);
    va_end(numbers);
    return dg_expr(text, {"x", x}, {"t", t});
}
