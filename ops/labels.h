/* Targets that are class indices: their shape rules, and the ops class_pick, class_scatter and class_weight. */
#ifndef OPS_LABELS_H
#define OPS_LABELS_H

#include <dotgrad/op.h>

/* Classes are dimension 1 of scores [N, C, ..], or 0 of a vector [C] (one sample without a batch). */
int class_dim(const dg_shape *scores);
dg_shape without_classes(const dg_shape *scores);

/* Input k must be scores; input 1 labels in the shape of the scores (that is the number of an input) without their
 * classes; input k, when given, one weight for each class of input 0. */
dg_status want_scores(const dg_infer *infer, int k);
dg_status want_labels(const dg_infer *infer, int scores);
dg_status want_class_weight(const dg_infer *infer, int k);

dg_status class_pick_infer(const dg_infer *infer);
dg_status class_pick_forward(const dg_kernel *kernel);
void class_pick_backward(const dg_backward *vjp);

dg_status class_scatter_infer(const dg_infer *infer);
dg_status class_scatter_forward(const dg_kernel *kernel);
void class_scatter_backward(const dg_backward *vjp);

dg_status class_weight_infer(const dg_infer *infer);
dg_status class_weight_forward(const dg_kernel *kernel);

#endif
