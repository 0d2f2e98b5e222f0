/* Targets that are class indices: their shape rules, and the ops class_pick, class_scatter, class_weight and
 * class_entropy. */
#ifndef OPS_LABELS_H
#define OPS_LABELS_H

#include <dotgrad/op.h>

/* Scores [N, C, inner] and their targets [N, inner]. */
typedef struct class_call {
    int64_t n, classes, inner;
    int64_t ignore;
    const dg_tensor *target;
} class_call;

static inline int64_t label_at(const class_call *c, int64_t index)
{
    return c->target->dtype == DG_INT64 ? ((const int64_t *)c->target->data)[index]
                                        : ((const int32_t *)c->target->data)[index];
}

/* The checked call: a label that is no class is DG_BAD_DATA. */
dg_status class_call_of(const dg_shape *scores, const dg_tensor *target, int64_t ignore, class_call *call);

/* DG_BAD_DATA: a number of a float tensor that is outside 0 … 1 (a NaN is not), as labels of binary losses must not be.
 */
dg_status check_unit_interval(const dg_tensor *target);

/* Classes are dimension 1 of scores [N, C, ..], or 0 of a vector [C] (one sample without a batch). */
int class_dim(const dg_shape *scores);
dg_shape without_classes(const dg_shape *scores);

/* Input k must be scores; input 1 labels in the shape of the scores (that is the number of an input) without their
 * classes; input k, when given, one weight for each class of input 0. */
dg_status want_scores(const dg_infer *infer, int k);
dg_status want_labels(const dg_infer *infer, int scores);
dg_status want_class_weight(const dg_infer *infer, int k);

dg_status unit_interval_forward(const dg_kernel *kernel);
void unit_interval_backward(const dg_backward *vjp);

dg_status class_pick_infer(const dg_infer *infer);
dg_status class_pick_forward(const dg_kernel *kernel);
void class_pick_backward(const dg_backward *vjp);

dg_status class_scatter_infer(const dg_infer *infer);
dg_status class_scatter_forward(const dg_kernel *kernel);
void class_scatter_backward(const dg_backward *vjp);

dg_status class_weight_infer(const dg_infer *infer);
dg_status class_weight_forward(const dg_kernel *kernel);

dg_status class_entropy_infer(const dg_infer *infer);
dg_status class_entropy_forward(const dg_kernel *kernel);
size_t class_entropy_workspace(const dg_kernel *kernel);
void class_entropy_backward(const dg_backward *vjp);

dg_status class_entropy_backward_infer(const dg_infer *infer);
dg_status class_entropy_backward_forward(const dg_kernel *kernel);
size_t class_entropy_backward_workspace(const dg_kernel *kernel);
void class_entropy_backward_backward(const dg_backward *vjp);

#endif
