/* What the reductions with a kernel share: shapes, the kernel's call, and the derivative of those that choose. */
#include "reduction.h"

#include "ops/shared/rules.h"

#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/reduce.h>

dg_status reduction_shape(const dg_infer *infer, const dg_value *dims, bool keepdim, bool need_elements)
{
    const dg_shape *x = &infer->inputs[0]->shape;
    dg_shape *y = &infer->outputs[0].shape;
    axes set;
    DG_TRY(axes_from(dims, x->rank, &set));
    y->rank = 0;
    for (int d = 0; d < x->rank; d++) {
        if (set.has[d] && need_elements && x->dims[d] == 0)
            return dg_error(DG_BAD_SHAPE, "dimension %d has no elements to choose from", d);
        if (!set.has[d] || keepdim)
            y->dims[y->rank++] = set.has[d] ? 1 : x->dims[d];
    }
    return dg_ok();
}

dg_status reduction_of_floats(const dg_infer *infer)
{
    dg_dtype dtype = infer->inputs[0]->dtype;
    if (!dg_dtype_is_float(dtype))
        return dg_error(DG_BAD_DTYPE, "the input is %s, expected float32 or float64", dg_dtype_name(dtype));
    infer->outputs[0].dtype = dtype;
    return dg_ok();
}

/* Attributes: dim, keepdim. */
dg_status reduction_infer_float(const dg_infer *infer)
{
    DG_TRY(reduction_of_floats(infer));
    return reduction_shape(infer, &infer->attrs[0], infer->attrs[1].b, false);
}

dg_status reduction_infer_sum(const dg_infer *infer)
{
    dg_dtype dtype = infer->inputs[0]->dtype;
    infer->outputs[0].dtype = dg_dtype_is_float(dtype) ? dtype : DG_INT64;
    return reduction_shape(infer, &infer->attrs[0], infer->attrs[1].b, false);
}

dg_status reduction_infer_choice(const dg_infer *infer)
{
    infer->outputs[0].dtype = infer->inputs[0]->dtype;
    return reduction_shape(infer, &infer->attrs[0], infer->attrs[1].b, true);
}

dg_status reduction_infer_truth(const dg_infer *infer)
{
    infer->outputs[0].dtype = DG_BOOL;
    return reduction_shape(infer, &infer->attrs[0], infer->attrs[1].b, false);
}

double reduction_flops(const dg_infer *infer)
{
    return (double)dg_shape_count(&infer->inputs[0]->shape);
}

size_t reduction_workspace(const dg_kernel *kernel)
{
    axes set;
    if (axes_from(&kernel->attrs[0], kernel->inputs[0]->shape.rank, &set).code != DG_OK)
        return 0;
    return reduce_workspace(kernel->inputs[0], &set, kernel->outputs[0]->dtype);
}

dg_layout reduction_layout(const dg_kernel *kernel, int k)
{
    axes set;
    if (k > 0 || axes_from(&kernel->attrs[0], kernel->inputs[0]->shape.rank, &set).code != DG_OK)
        return DG_LAYOUT_PLAIN;
    return reduce_layout(&set);
}

dg_status reduction_forward(const dg_kernel *kernel, const reduction_loops *loops)
{
    axes set;
    DG_TRY(axes_from(&kernel->attrs[0], kernel->inputs[0]->shape.rank, &set));
    reduce_run(loops, kernel, &set, 1);
    return dg_ok();
}

void reduction_terms_over(const dg_shape *shape, const axes *set, int64_t at, dg_terms *terms)
{
    int64_t strides[DG_MAX_RANK], stride = 1, first = 0, count = 1;
    for (int d = shape->rank - 1; d >= 0; d--) {
        strides[d] = stride;
        stride *= shape->dims[d];
        if (set->has[d]) {
            count *= shape->dims[d];
        } else {
            first += at % shape->dims[d] * strides[d];
            at /= shape->dims[d];
        }
    }
    for (int64_t i = 0; i < count; i++) {
        int64_t element = first, rest = i;
        for (int d = shape->rank - 1; d >= 0; d--)
            if (set->has[d]) {
                element += rest % shape->dims[d] * strides[d];
                rest /= shape->dims[d];
            }
        if (!dg_terms_add(terms, (dg_term){1, {0}, {element}}))
            return;
    }
}

void reduction_terms(const dg_kernel *kernel, int64_t at, dg_terms *terms)
{
    const dg_shape *shape = &kernel->inputs[0]->shape;
    axes set;
    if (axes_from(&kernel->attrs[0], shape->rank, &set).code == DG_OK)
        reduction_terms_over(shape, &set, at, terms);
}

/* A node of the result's shape, such as the cotangent, with the reduced dimensions back as 1. */
dg_node *reduction_kept(const dg_backward *vjp, dg_node *node)
{
    return restore_dims(node, dg_node_type(vjp->inputs[0], 0)->shape.rank, &vjp->attrs[0], vjp->attrs[1].b);
}

/* Those that share the greatest (least) value share its gradient evenly; a NaN is shared by none, which gives 0/0. */
void reduction_choice_backward(const dg_backward *vjp)
{
    dg_node *x = vjp->inputs[0], *y = reduction_kept(vjp, vjp->output), *g = reduction_kept(vjp, vjp->grad_output);
    if (!dg_dtype_is_float(dg_node_type(x, 0)->dtype))
        return;
    dg_node *chosen = dg_expr("where(x == y, 1, 0)", {"x", x}, {"y", y});
    dg_node *ties = dg_sum(chosen, .dim = ints_option(&vjp->attrs[0]), .keepdim = true);
    vjp->grad_inputs[0] = dg_expr("where(x == y, g, 0) / ties", {"x", x}, {"y", y}, {"g", g}, {"ties", ties});
}
