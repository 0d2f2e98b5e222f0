/* What the shape rules of several families share. */
#ifndef OPS_RULES_H
#define OPS_RULES_H

#include <dotgrad/op.h>

#include <stdlib.h>

/* Two sizes that cannot be the same: different numbers. Symbols are checked once they are bound. */
static inline bool sizes_differ(int64_t a, int64_t b)
{
    return a >= 0 && b >= 0 && a != b;
}

/* The size that two sizes which must agree have: a number says more than a symbol. */
static inline int64_t common_size(int64_t a, int64_t b)
{
    return a >= 0 || a == b ? a : b >= 0 ? b : a == DG_UNKNOWN ? b : a;
}

static inline dg_status shapes_agree(const dg_infer *infer, int a, int b)
{
    const dg_shape *x = &infer->inputs[a]->shape, *y = &infer->inputs[b]->shape;
    bool differ = x->rank != y->rank;
    for (int d = 0; !differ && d < x->rank; d++)
        differ = sizes_differ(x->dims[d], y->dims[d]);
    if (!differ)
        return dg_ok();
    char left[DG_SHAPE_TEXT], right[DG_SHAPE_TEXT];
    const dg_shape *longer = x->rank > y->rank ? x : y;
    bool is_column = abs(x->rank - y->rank) == 1 && longer->dims[longer->rank - 1] == 1; /* [N, 1] and [N] */
    return dg_error(DG_BAD_SHAPE, "%s is %s and %s is %s: they must have the same shape%s", infer->op->inputs[a].name,
                    dg_graph_print_shape(infer->graph, x, left, sizeof left), infer->op->inputs[b].name,
                    dg_graph_print_shape(infer->graph, y, right, sizeof right),
                    is_column ? "; squeeze(dim=-1) makes [N, 1] to [N], and input([N, 1]) reads a column as [N, 1]"
                              : "");
}

/* Input k, when it is given, must be of a float type and of input 0's. */
static inline dg_status want_floats(const dg_infer *infer, int k)
{
    const dg_type *first = infer->inputs[0], *type = infer->inputs[k];
    if (!type)
        return dg_ok();
    if (!dg_dtype_is_float(type->dtype))
        return dg_error(DG_BAD_DTYPE, "%s is %s, expected float32 or float64", infer->op->inputs[k].name,
                        dg_dtype_name(type->dtype));
    if (type->dtype != first->dtype)
        return dg_error(DG_BAD_DTYPE, "%s is %s and %s is %s: they must have the same type", infer->op->inputs[0].name,
                        dg_dtype_name(first->dtype), infer->op->inputs[k].name, dg_dtype_name(type->dtype));
    return dg_ok();
}

#endif
