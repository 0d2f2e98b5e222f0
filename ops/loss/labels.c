/* Class indices as targets. Tensors are seen as [N, C, inner], their targets as [N, inner]; a label that is no class is
 * DG_BAD_DATA. */
#include "labels.h"

#include <dotgrad/ops/loss.h>

#include <string.h>

#include "ops/shared/rules.h"

#define TEMPLATE "ops/loss/labels.template.h"
#include "core/base/for_floats.h"

int class_dim(const dg_shape *shape)
{
    return shape->rank == 1 ? 0 : 1;
}

dg_shape without_classes(const dg_shape *shape)
{
    dg_shape result = *shape;
    for (int d = class_dim(shape); d + 1 < shape->rank; d++)
        result.dims[d] = shape->dims[d + 1];
    result.rank--;
    return result;
}

dg_status class_call_of(const dg_shape *scores, const dg_tensor *target, int64_t ignore, class_call *call)
{
    int dim = class_dim(scores);
    class_call c = {
        .n = dim ? scores->dims[0] : 1, .classes = scores->dims[dim], .inner = 1, .ignore = ignore, .target = target};
    for (int d = dim + 1; d < scores->rank; d++)
        c.inner *= scores->dims[d];
    for (int64_t i = 0; i < c.n * c.inner; i++) {
        int64_t label = label_at(&c, i);
        if (label != c.ignore && (label < 0 || label >= c.classes))
            return dg_error(DG_BAD_DATA, "label %lld is out of range: the scores have %lld class(es)", (long long)label,
                            (long long)c.classes);
    }
    *call = c;
    return dg_ok();
}

dg_status want_scores(const dg_infer *infer, int k)
{
    char text[DG_SHAPE_TEXT];
    DG_TRY(want_floats(infer, k));
    if (infer->inputs[k]->shape.rank >= 1)
        return dg_ok();
    return dg_error(DG_BAD_SHAPE, "%s is %s, expected [N, C], [N, C, ..] or [C]", infer->op->inputs[k].name,
                    dg_graph_print_shape(infer->graph, &infer->inputs[k]->shape, text, sizeof text));
}

/* What helps where labels fit scores [N, .., C], as a layer of linear() along a sequence gives them. */
static const char *remedy_of(const dg_shape *scores, const dg_shape *target)
{
    bool last = scores->rank > 2 && target->rank == scores->rank - 1;
    for (int d = 0; last && d < target->rank; d++)
        last = !sizes_differ(target->dims[d], scores->dims[d]);
    if (scores->rank > 2 && target->rank == 1)
        return ": one label a row goes with scores [N, C]: op=flatten before the last layer, or of a sequence its "
               "mean or last step, leads to such";
    return !last               ? ""
           : scores->rank == 3 ? ": classes are dimension 1; transpose(1, 2) of the scores puts them there"
                               : ": classes are dimension 1; permute the scores, of which they are the last";
}

dg_status want_labels(const dg_infer *infer, int scores)
{
    const dg_type *target = infer->inputs[1];
    char text[DG_SHAPE_TEXT], more[DG_SHAPE_TEXT];
    if (target->dtype != DG_INT64 && target->dtype != DG_INT32)
        return dg_error(DG_BAD_DTYPE, "target is %s, expected class indices (int64 or int32): input(…, dtype=int64)",
                        dg_dtype_name(target->dtype));
    dg_shape want = without_classes(&infer->inputs[scores]->shape);
    bool differ = target->shape.rank != want.rank;
    for (int d = 0; !differ && d < want.rank; d++)
        differ = sizes_differ(target->shape.dims[d], want.dims[d]);
    if (!differ)
        return dg_ok();
    return dg_error(DG_BAD_SHAPE, "target is %s, expected %s%s",
                    dg_graph_print_shape(infer->graph, &target->shape, text, sizeof text),
                    dg_graph_print_shape(infer->graph, &want, more, sizeof more),
                    remedy_of(&infer->inputs[scores]->shape, &target->shape));
}

dg_status want_class_weight(const dg_infer *infer, int k)
{
    const dg_shape *scores = &infer->inputs[0]->shape;
    char text[DG_SHAPE_TEXT], more[DG_SHAPE_TEXT];
    DG_TRY(want_floats(infer, k));
    if (!infer->inputs[k])
        return dg_ok();
    const dg_shape *weight = &infer->inputs[k]->shape;
    dg_shape want = DG_SHAPE(scores->dims[class_dim(scores)]);
    if (weight->rank == 1 && !sizes_differ(weight->dims[0], want.dims[0]))
        return dg_ok();
    return dg_error(DG_BAD_SHAPE, "weight is %s, expected one for each class: %s",
                    dg_graph_print_shape(infer->graph, weight, text, sizeof text),
                    dg_graph_print_shape(infer->graph, &want, more, sizeof more));
}

/* ---- unit_interval ---- */

dg_status check_unit_interval(const dg_tensor *target)
{
    int64_t count = dg_tensor_count(target), at;
    at = target->dtype == DG_FLOAT32 ? outside_float32(target->data, count) : outside_float64(target->data, count);
    if (at < 0)
        return dg_ok();
    return dg_error(DG_BAD_DATA,
                    "target number %lld is %g, outside 0 … 1: labels of this loss are 0 and 1, or probabilities",
                    (long long)at + 1, dg_tensor_get(target, at));
}

dg_status unit_interval_forward(const dg_kernel *kernel)
{
    const dg_tensor *x = kernel->inputs[0], *y = kernel->outputs[0];
    if (y->data != x->data && dg_tensor_count(x) > 0)
        memcpy(y->data, x->data, dg_tensor_bytes(x));
    return check_unit_interval(x);
}

void unit_interval_backward(const dg_backward *vjp)
{
    vjp->grad_inputs[0] = vjp->grad_output;
}

/* ---- class_pick, class_scatter, class_weight ---- */

dg_status class_pick_infer(const dg_infer *infer)
{
    DG_TRY(want_scores(infer, 0));
    DG_TRY(want_labels(infer, 0));
    infer->outputs[0] = (dg_type){infer->inputs[0]->dtype, without_classes(&infer->inputs[0]->shape)};
    return dg_ok();
}

dg_status class_pick_forward(const dg_kernel *kernel)
{
    const dg_tensor *x = kernel->inputs[0], *y = kernel->outputs[0];
    class_call c;
    DG_TRY(class_call_of(&x->shape, kernel->inputs[1], kernel->attrs[0].i, &c));
    if (y->dtype == DG_FLOAT32)
        pick_float32(&c, x->data, y->data);
    else
        pick_float64(&c, x->data, y->data);
    return dg_ok();
}

void class_pick_backward(const dg_backward *vjp)
{
    vjp->grad_inputs[0] =
        dg_class_scatter(vjp->grad_output, vjp->inputs[1], vjp->inputs[0], .ignore_index = vjp->attrs[0].i);
}

dg_status class_scatter_infer(const dg_infer *infer)
{
    DG_TRY(want_scores(infer, 2));
    DG_TRY(want_labels(infer, 2));
    DG_TRY(shapes_agree(infer, 0, 1));
    infer->outputs[0] = *infer->inputs[2];
    return dg_ok();
}

dg_status class_scatter_forward(const dg_kernel *kernel)
{
    const dg_tensor *x = kernel->inputs[0], *y = kernel->outputs[0];
    class_call c;
    DG_TRY(class_call_of(&y->shape, kernel->inputs[1], kernel->attrs[0].i, &c));
    if (y->dtype == DG_FLOAT32)
        scatter_float32(&c, x->data, y->data);
    else
        scatter_float64(&c, x->data, y->data);
    return dg_ok();
}

void class_scatter_backward(const dg_backward *vjp)
{
    if (vjp->wanted[0])
        vjp->grad_inputs[0] = dg_class_pick(vjp->grad_output, vjp->inputs[1], .ignore_index = vjp->attrs[0].i);
}

dg_status class_weight_infer(const dg_infer *infer)
{
    DG_TRY(want_class_weight(infer, 2));
    return class_pick_infer(infer);
}

dg_status class_weight_forward(const dg_kernel *kernel)
{
    const dg_tensor *weight = kernel->inputs[2], *y = kernel->outputs[0];
    class_call c;
    DG_TRY(class_call_of(&kernel->inputs[0]->shape, kernel->inputs[1], kernel->attrs[0].i, &c));
    if (y->dtype == DG_FLOAT32)
        weigh_float32(&c, weight ? weight->data : NULL, y->data);
    else
        weigh_float64(&c, weight ? weight->data : NULL, y->data);
    return dg_ok();
}
