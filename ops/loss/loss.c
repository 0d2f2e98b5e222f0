/* Losses. Each is composed of one node that gives the loss of every element or sample, and of a reduction. Long
 * because cross entropy in its forms shares labels, weights and smoothing. */
#include <dotgrad/op.h>
#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/loss.h>
#include <dotgrad/ops/reduce.h>
#include <dotgrad/ops/shape.h>
#include <dotgrad/ops/softmax.h>
#include <dotgrad/ops/source.h>

#include <math.h>
#include <stdio.h>

#include "labels.h"
#include "ops/shared/rules.h"
#include "reduction.h"

/* ---- what class indices need ---- */

static const dg_sample class_pick_samples[] = {{"class_pick", {"[4, 3]", "[4] int64 below 3"}},
                                               {"class_pick(ignore_index=1)", {"[2, 3, 2]", "[2, 2] int32 below 3"}},
                                               {"class_pick", {"[3]", "[] int64 below 3"}},
                                               {.call = NULL}};
static const dg_sample class_scatter_samples[] = {
    {"class_scatter", {"[4]", "[4] int64 below 3", "[4, 3]"}},
    {"class_scatter(ignore_index=1)", {"[2, 2]", "[2, 2] int32 below 3", "[2, 3, 2]"}},
    {.call = NULL}};
static const dg_sample class_weight_samples[] = {
    {"class_weight", {"[4, 3]", "[4] int64 below 3", "-"}},
    {"class_weight(ignore_index=1)", {"[4, 3]", "[4] int64 below 3", "[3] positive"}},
    {.call = NULL}};

static const dg_sample class_entropy_samples[] = {
    {"class_entropy", {"[4, 3]", "[4] int64 below 3", "-"}},
    {"class_entropy(reduction=sum, ignore_index=1)", {"[2, 3, 2]", "[2, 2] int32 below 3", "-"}},
    {"class_entropy(reduction=none)", {"[3]", "[] int64 below 3", "-"}},
    {.call = NULL}};
static const dg_sample class_entropy_backward_samples[] = {
    {"class_entropy_backward", {"[]", "[4, 3] unit", "[4] int64 below 3", "-"}},
    {"class_entropy_backward(reduction=sum)", {"[]", "[2, 3, 2] unit", "[2, 2] int32 below 3", "-"}},
    {"class_entropy_backward(reduction=none, ignore_index=1)", {"[4]", "[4, 3] unit", "[4] int64 below 3", "-"}},
    {.call = NULL}};

/* ---- reductions ---- */

/* The mean of weighted losses divides by the sum of the weights, as PyTorch's does; samples that all have weight 0
 * contribute 0. Of no samples there is no mean. */
static dg_node *weighted_mean(dg_node *losses, dg_node *weights)
{
    return dg_expr("where(and(w == 0, n > 0), 0, l / w)", {"l", dg_sum(losses)}, {"w", dg_sum(weights)},
                   {"n", dg_count(weights)});
}

/* ---- mse_loss, l1_loss ---- */

static void mse_loss_compose(const dg_compose *compose)
{
    dg_node *losses = loss_of_pair(compose->inputs[0], compose->inputs[1], "square(x - t)");
    compose->outputs[0] = reduced(losses, &compose->attrs[0]);
}

static void l1_loss_compose(const dg_compose *compose)
{
    dg_node *losses = loss_of_pair(compose->inputs[0], compose->inputs[1], "abs(x - t)");
    compose->outputs[0] = reduced(losses, &compose->attrs[0]);
}

static const dg_sample mse_loss_samples[] = {{"mse_loss", {"[2, 3]", "[2, 3]"}},
                                             {"mse_loss(reduction=sum)", {"[4]", "[4]"}},
                                             {"mse_loss(reduction=none)", {"[2, 3]", "[2, 3]"}},
                                             {"mse_loss", {"[2, 3]", "[]"}},
                                             {.call = NULL}};
static const dg_sample l1_loss_samples[] = {{"l1_loss", {"[2, 3]", "[2, 3]"}},
                                            {"l1_loss(reduction=sum)", {"[4]", "[4]"}},
                                            {"l1_loss(reduction=none)", {"[2, 3]", "[2, 3]"}},
                                            {.call = NULL}};

/* ---- nll_loss, cross_entropy ---- */

/* −w_t x_t of every sample, and the weights that a mean divides by. */
static dg_node *picked_losses(dg_node *input, dg_node *target, dg_node *weight, dg_node *weights, int64_t ignore)
{
    dg_node *picked = dg_class_pick(input, target, .ignore_index = ignore);
    return weight ? dg_expr("-w * p", {"w", weights}, {"p", picked}) : dg_neg(picked);
}

static dg_status nll_loss_infer(const dg_infer *infer)
{
    DG_TRY(want_scores(infer, 0));
    DG_TRY(want_class_weight(infer, 2));
    DG_TRY(want_labels(infer, 0));
    return infer_reduced(infer, &infer->inputs[1]->shape, &infer->attrs[0]);
}

static void nll_loss_compose(const dg_compose *compose)
{
    dg_node *x = compose->inputs[0], *target = compose->inputs[1], *weight = compose->inputs[2];
    const dg_value *reduction = &compose->attrs[0];
    int64_t ignore = compose->attrs[1].i;
    bool mean = is_name(reduction, "mean");
    dg_node *weights = mean || weight ? dg_class_weight(x, target, .weight = weight, .ignore_index = ignore) : NULL;
    dg_node *losses = picked_losses(x, target, weight, weights, ignore);
    compose->outputs[0] = mean ? weighted_mean(losses, weights) : reduced(losses, reduction);
}

static bool has_labels(const dg_type *target)
{
    return !dg_dtype_is_float(target->dtype);
}

/* A target of numbers of classes that has kept a float type is the usual mistake. */
static dg_status want_probabilities(const dg_infer *infer)
{
    const dg_type *target = infer->inputs[1];
    char text[DG_SHAPE_TEXT], more[DG_SHAPE_TEXT];
    DG_TRY(want_floats(infer, 1));
    dg_status status = shapes_agree(infer, 0, 1);
    if (status.code == DG_OK || target->shape.rank != infer->inputs[0]->shape.rank - 1)
        return status;
    dg_graph_print_shape(infer->graph, &target->shape, text, sizeof text);
    dg_graph_print_shape(infer->graph, &infer->inputs[0]->shape, more, sizeof more);
    return dg_error(DG_BAD_DTYPE,
                    "target is %s %s: numbers of classes are integers, input(%s, dtype=int64); probabilities of "
                    "classes are %s, as the input",
                    dg_dtype_name(target->dtype), text, text, more);
}

static dg_status cross_entropy_infer(const dg_infer *infer)
{
    double smoothing = infer->attrs[2].f;
    DG_TRY(want_scores(infer, 0));
    DG_TRY(want_class_weight(infer, 2));
    if (!(smoothing >= 0 && smoothing <= 1))
        return dg_error(DG_BAD_ARGUMENT, "label_smoothing is %g, expected 0 … 1", smoothing);
    if (has_labels(infer->inputs[1])) {
        DG_TRY(want_labels(infer, 0));
    } else {
        DG_TRY(want_probabilities(infer));
    }
    dg_shape losses = without_classes(&infer->inputs[0]->shape);
    return infer_reduced(infer, &losses, &infer->attrs[0]);
}

/* Class weights beside scores [N, C, d1 ..]: [C, 1 ..]. They are constants, as in PyTorch. */
static dg_node *beside_scores(dg_node *weight, const dg_shape *scores)
{
    weight = weight ? dg_detach(weight) : NULL;
    for (int d = class_dim(scores) + 1; weight && d < scores->rank; d++)
        weight = dg_unsqueeze(weight, -1);
    return weight;
}

/* −Σ_c w_c terms_c of every sample; with log p for terms, the sum of the losses against each class */
static dg_node *class_sum(dg_node *terms, dg_node *weight, int dim)
{
    dg_node *losses = weight ? dg_expr("-w * p", {"w", weight}, {"p", terms}) : dg_neg(terms);
    return dg_sum(losses, .dim = DG_INTS(dim));
}

/* A formula in which %s stands for the number. */
static const char *formula_with(dg_graph *graph, const char *format, double number)
{
    char digits[DG_NUMBER_TEXT], text[120];
    dg_number_print(number, DG_FLOAT64, digits);
    int length = snprintf(text, sizeof text, format, digits);
    const char *formula = dg_arena_text(dg_graph_arena(graph), text, (size_t)length);
    if (!formula)
        dg_graph_fail(graph, dg_no_memory("a formula"));
    return formula;
}

/* (1 − ε)·loss + ε/C·Σ_c loss of class c; samples that are ignored stay 0 */
static dg_node *smoothed(dg_graph *graph, dg_node *losses, dg_node *all, dg_node *counted, dg_node *classes,
                         double smoothing)
{
    const char *formula = formula_with(graph, "where(m > 0, l + %s * (u / c - l), 0)", smoothing);
    return formula ? dg_expr(formula, {"m", counted}, {"l", losses}, {"u", all}, {"c", classes}) : NULL;
}

static dg_node *cross_entropy_with_labels(const dg_compose *compose, dg_node *log_p, int dim)
{
    dg_node *x = compose->inputs[0], *target = compose->inputs[1], *weight = compose->inputs[2];
    const dg_value *reduction = &compose->attrs[0];
    int64_t ignore = compose->attrs[1].i;
    double smoothing = compose->attrs[2].f;
    bool mean = is_name(reduction, "mean");
    dg_node *weights = mean || weight ? dg_class_weight(x, target, .weight = weight, .ignore_index = ignore) : NULL;
    dg_node *losses = picked_losses(log_p, target, weight, weights, ignore);
    if (smoothing > 0) {
        dg_node *all = class_sum(log_p, beside_scores(weight, &dg_node_type(x, 0)->shape), dim);
        dg_node *counted = dg_class_weight(x, target, .ignore_index = ignore);
        losses = smoothed(compose->graph, losses, all, counted, dg_count(x, .dim = DG_INTS(dim)), smoothing);
    }
    return mean ? weighted_mean(losses, weights) : reduced(losses, reduction);
}

/* Targets that are probabilities, [N, C, ..] like the scores: −Σ_c w_c t_c log p_c. A mean divides by the samples. */
static dg_node *cross_entropy_with_probabilities(const dg_compose *compose, dg_node *log_p, int dim)
{
    dg_node *x = compose->inputs[0], *target = compose->inputs[1], *weight = compose->inputs[2];
    double smoothing = compose->attrs[2].f;
    if (smoothing > 0) {
        const char *formula = formula_with(compose->graph, "t + %s * (1 / c - t)", smoothing);
        target = formula ? dg_expr(formula, {"t", target}, {"c", dg_count(x, .dim = DG_INTS(dim))}) : NULL;
    }
    dg_node *terms = dg_mul(target, log_p);
    return reduced(class_sum(terms, beside_scores(weight, &dg_node_type(x, 0)->shape), dim), &compose->attrs[0]);
}

static void cross_entropy_compose(const dg_compose *compose)
{
    dg_node *target = compose->inputs[1], *weight = compose->inputs[2];
    if (has_labels(dg_node_type(target, 0)) && compose->attrs[2].f == 0) {
        compose->outputs[0] = dg_class_entropy(compose->inputs[0], target, .weight = weight ? dg_detach(weight) : NULL,
                                               .reduction = compose->attrs[0].s, .ignore_index = compose->attrs[1].i);
        return;
    }
    int dim = class_dim(&dg_node_type(compose->inputs[0], 0)->shape);
    dg_node *log_p = dg_log_softmax(compose->inputs[0], .dim = dim);
    compose->outputs[0] = has_labels(dg_node_type(target, 0)) ? cross_entropy_with_labels(compose, log_p, dim)
                                                              : cross_entropy_with_probabilities(compose, log_p, dim);
}

static const dg_sample nll_loss_samples[] = {
    {"nll_loss", {"[4, 3]", "[4] int64 below 3", "-"}},
    {"nll_loss(reduction=sum, ignore_index=1)", {"[2, 3, 2]", "[2, 2] int64 below 3", "-"}},
    {"nll_loss(reduction=none)", {"[4, 3]", "[4] int32 below 3", "[3] positive"}},
    {"nll_loss", {"[4, 3]", "[4] int64 below 3", "[3] positive"}},
    {.call = NULL}};
static const dg_sample cross_entropy_samples[] = {
    {"cross_entropy", {"[4, 3]", "[4] int64 below 3", "-"}},
    {"cross_entropy", {"[3]", "[] int64 below 3", "-"}},
    {"cross_entropy(reduction=sum, ignore_index=1)", {"[2, 3, 2]", "[2, 2] int64 below 3", "-"}},
    {"cross_entropy(reduction=none)", {"[4, 3]", "[4] int32 below 3", "[3] positive"}},
    {"cross_entropy(label_smoothing=0.1, ignore_index=0)", {"[5, 3]", "[5] int64 below 3", "[3] positive"}},
    {"cross_entropy", {"[4, 3]", "[4, 3] unit", "-"}},
    {"cross_entropy(label_smoothing=0.2)", {"[2, 3, 2]", "[2, 3, 2] unit", "[3] positive"}},
    {.call = NULL}};

/* ---- binary_cross_entropy ---- */

/* bce: −t ln x − (1 − t) ln(1 − x), the logarithms cut at −100; its derivative by x is (x − t) / max(x (1 − x), 1e-12).
 * Both are PyTorch's, and the second is not the derivative of the first near 0 and 1: a kernel, not a formula. */

typedef struct entropy_call {
    const dg_tensor *x, *t, *y;
    int64_t count;
} entropy_call;

#define TEMPLATE "ops/loss/binary_entropy.template.h"
#include "core/base/for_floats.h"

enum { ENTROPY_PIECE = 1 << 12 };

static void run_entropy(void *argument, int64_t piece)
{
    const entropy_call *c = argument;
    int64_t begin = piece * ENTROPY_PIECE, count = c->count - begin < ENTROPY_PIECE ? c->count - begin : ENTROPY_PIECE;
    if (c->y->dtype == DG_FLOAT32)
        entropy_float32((const float *)c->x->data + begin, (const float *)c->t->data + begin,
                        (float *)c->y->data + begin, count);
    else
        entropy_float64((const double *)c->x->data + begin, (const double *)c->t->data + begin,
                        (double *)c->y->data + begin, count);
}

static dg_status bce_forward(const dg_kernel *kernel)
{
    entropy_call c = {kernel->inputs[0], kernel->inputs[1], kernel->outputs[0], dg_tensor_count(kernel->outputs[0])};
    DG_TRY(check_unit_interval(c.t));
    dg_threads_run(kernel->threads, (c.count + ENTROPY_PIECE - 1) / ENTROPY_PIECE, run_entropy, &c);
    return dg_ok();
}

static dg_status bce_infer(const dg_infer *infer)
{
    DG_TRY(want_floats(infer, 0));
    DG_TRY(want_floats(infer, 1));
    DG_TRY(shapes_agree(infer, 0, 1));
    return dg_infer_same(infer);
}

static void bce_backward(const dg_backward *vjp)
{
    dg_node *x = vjp->inputs[0], *t = vjp->inputs[1], *g = vjp->grad_output;
    if (vjp->wanted[0])
        vjp->grad_inputs[0] = dg_expr("g * (x - t) / max(x * (1 - x), 1e-12)", {"g", g}, {"x", x}, {"t", t});
    if (vjp->wanted[1])
        vjp->grad_inputs[1] = dg_expr("g * (max(log1p(-x), -100) - max(log(x), -100))", {"g", g}, {"x", x});
}

static dg_status unit_interval_infer(const dg_infer *infer)
{
    DG_TRY(want_floats(infer, 0));
    return dg_infer_same(infer);
}

static const dg_sample unit_interval_samples[] = {{"unit_interval", {"[2, 3] unit"}}, {.call = NULL}};
static const dg_sample bce_samples[] = {{"bce", {"[2, 3] unit", "[2, 3] unit"}}, {.call = NULL}};

/* Weights of the elements are broadcast to them. */
static dg_status binary_infer(const dg_infer *infer)
{
    const dg_shape *shape = &infer->inputs[0]->shape;
    char text[DG_SHAPE_TEXT], more[DG_SHAPE_TEXT];
    DG_TRY(want_floats(infer, 0));
    DG_TRY(want_floats(infer, 1));
    DG_TRY(shapes_agree(infer, 0, 1));
    for (int k = 2; k < infer->n_inputs; k++) {
        DG_TRY(want_floats(infer, k));
        if (!infer->inputs[k])
            continue;
        const dg_shape *weight = &infer->inputs[k]->shape;
        bool fits = weight->rank <= shape->rank;
        for (int d = 1; fits && d <= weight->rank; d++)
            fits = weight->dims[weight->rank - d] == 1 ||
                   !sizes_differ(weight->dims[weight->rank - d], shape->dims[shape->rank - d]);
        if (!fits)
            return dg_error(DG_BAD_SHAPE, "%s is %s and does not broadcast to %s", infer->op->inputs[k].name,
                            dg_graph_print_shape(infer->graph, weight, text, sizeof text),
                            dg_graph_print_shape(infer->graph, shape, more, sizeof more));
    }
    return infer_reduced(infer, shape, &infer->attrs[0]);
}

static void binary_cross_entropy_compose(const dg_compose *compose)
{
    dg_node *losses = dg_bce(compose->inputs[0], compose->inputs[1]), *weight = compose->inputs[2];
    compose->outputs[0] = reduced(weight ? dg_mul(losses, weight) : losses, &compose->attrs[0]);
}

static const dg_sample binary_cross_entropy_samples[] = {
    {"binary_cross_entropy", {"[2, 3] unit", "[2, 3] unit", "-"}},
    {"binary_cross_entropy(reduction=sum)", {"[2, 3] unit", "[2, 3] unit", "[3] positive"}},
    {"binary_cross_entropy(reduction=none)", {"[4] unit", "[4] unit", "-"}},
    {.call = NULL}};

/* With x before the sigmoid: (1 − t) x + q ln(1 + e⁻ˣ), where q = 1 + (pos_weight − 1) t. */
static void with_logits_compose(const dg_compose *compose)
{
    dg_node *x = compose->inputs[0], *t = dg_unit_interval(compose->inputs[1]);
    dg_node *weight = compose->inputs[2], *p = compose->inputs[3];
    dg_node *losses = p ? dg_expr("(1 - t) * x + (1 + (p - 1) * t) * log1p(exp(-x))", {"x", x}, {"t", t}, {"p", p})
                        : dg_expr("(1 - t) * x + log1p(exp(-x))", {"x", x}, {"t", t});
    compose->outputs[0] = reduced(weight ? dg_mul(losses, weight) : losses, &compose->attrs[0]);
}

static const dg_sample with_logits_samples[] = {
    {"binary_cross_entropy_with_logits", {"[2, 3]", "[2, 3] unit", "-", "-"}},
    {"binary_cross_entropy_with_logits(reduction=sum)", {"[2, 3]", "[2, 3] unit", "[2, 1] positive", "-"}},
    {"binary_cross_entropy_with_logits(reduction=none)", {"[2, 3]", "[2, 3] unit", "-", "[3] positive"}},
    {.call = NULL}};

#define IGNORE_INDEX                                                                                                   \
    {                                                                                                                  \
        .name = "ignore_index", .kind = DG_ATTR_INT, .fallback = "-100", .doc = "samples of this target do not count"  \
    }
#define LABELS                                                                                                         \
    {                                                                                                                  \
        .name = "target", .flags = DG_INDEX, .doc = "[N, ..] class indices"                                            \
    }
#define CLASS_WEIGHT                                                                                                   \
    {                                                                                                                  \
        .name = "weight", .flags = DG_OPTIONAL | DG_INDEX, .doc = "[C], one for each class; constant"                  \
    }

static double class_entropy_flops(const dg_infer *infer)
{
    return 14 * (double)dg_shape_count(&infer->inputs[0]->shape);
}

static const dg_op loss_ops[] = {
    {
        .name = "mse_loss",
        .family = "loss",
        .scores = DG_SCORES_VALUES,
        .squares = true,
        .summary = "(x − target)²",
        .inputs = PAIR_INPUTS,
        .attrs = {REDUCTION},
        .infer = loss_of_pair_infer,
        .compose = mse_loss_compose,
        .samples = mse_loss_samples,
    },
    {
        .name = "l1_loss",
        .family = "loss",
        .scores = DG_SCORES_VALUES,
        .summary = "|x − target|",
        .inputs = PAIR_INPUTS,
        .attrs = {REDUCTION},
        .infer = loss_of_pair_infer,
        .compose = l1_loss_compose,
        .samples = l1_loss_samples,
    },
    {
        .name = "unit_interval",
        .family = "loss",
        .summary = "y = x, which must be within 0 … 1, as labels of binary losses are: other numbers fail the run",
        .inputs = {{.name = "input"}},
        .flags = DG_IN_PLACE,
        .infer = unit_interval_infer,
        .forward = unit_interval_forward,
        .backward = unit_interval_backward,
        .samples = unit_interval_samples,
    },
    {
        .name = "class_pick",
        .family = "loss",
        .summary = "y = x[target], along dim 1; 0 where target is ignore_index",
        .inputs = {{.name = "input", .doc = "[N, C, ..] or [C]"}, LABELS},
        .attrs = {IGNORE_INDEX},
        .infer = class_pick_infer,
        .forward = class_pick_forward,
        .backward = class_pick_backward,
        .samples = class_pick_samples,
    },
    {
        .name = "class_scatter",
        .family = "loss",
        .summary = "zeros in the shape of like with x written at target, along dim 1",
        .inputs = {{.name = "input", .doc = "[N, ..]"},
                   LABELS,
                   {.name = "like", .flags = DG_SHAPE_ONLY, .doc = "[N, C, ..]"}},
        .attrs = {IGNORE_INDEX},
        .infer = class_scatter_infer,
        .forward = class_scatter_forward,
        .backward = class_scatter_backward,
        .samples = class_scatter_samples,
    },
    {
        .name = "class_weight",
        .family = "loss",
        .summary = "the weight of each target's class (1 without weights); 0 where target is ignore_index",
        .inputs = {{.name = "input", .flags = DG_SHAPE_ONLY, .doc = "[N, C, ..]"}, LABELS, CLASS_WEIGHT},
        .attrs = {IGNORE_INDEX},
        .flags = DG_NOT_DIFFERENTIABLE,
        .infer = class_weight_infer,
        .forward = class_weight_forward,
        .samples = class_weight_samples,
    },
    {
        .name = "class_entropy",
        .family = "loss",
        .summary = "cross_entropy against class indices, and the softmax that its gradient needs",
        .inputs = {{.name = "input", .doc = "[N, C], [N, C, ..] or [C]: scores before the softmax"},
                   LABELS,
                   CLASS_WEIGHT},
        .attrs = {REDUCTION, IGNORE_INDEX},
        .outputs = {"loss", "softmax"},
        .infer = class_entropy_infer,
        .forward = class_entropy_forward,
        .workspace = class_entropy_workspace,
        .backward = class_entropy_backward,
        .flops = class_entropy_flops,
        .samples = class_entropy_samples,
    },
    {
        .name = "class_entropy_backward",
        .family = "loss",
        .summary = "g w_t (p − e_t), for a mean divided by Σ w: the gradient of class_entropy, whose softmax is p",
        .inputs = {{.name = "grad_output", .doc = "g"}, {.name = "probabilities", .doc = "p"}, LABELS, CLASS_WEIGHT},
        .attrs = {REDUCTION, IGNORE_INDEX},
        .infer = class_entropy_backward_infer,
        .forward = class_entropy_backward_forward,
        .workspace = class_entropy_backward_workspace,
        .backward = class_entropy_backward_backward,
        .samples = class_entropy_backward_samples,
    },
    {
        .name = "cross_entropy",
        .family = "loss",
        .scores = DG_SCORES_CLASSES,
        .summary = "−log softmax(x)[target]",
        .inputs = {{.name = "input", .doc = "[N, C], [N, C, ..] or [C]: scores before the softmax"},
                   {.name = "target", .doc = "class indices [N, ..], or probabilities in input's shape"},
                   CLASS_WEIGHT},
        .attrs =
            {REDUCTION,
             IGNORE_INDEX,
             {.name = "label_smoothing", .kind = DG_ATTR_FLOAT, .fallback = "0", .doc = "moved to all classes alike"}},
        .infer = cross_entropy_infer,
        .compose = cross_entropy_compose,
        .samples = cross_entropy_samples,
    },
    {
        .name = "nll_loss",
        .elsewhere = {"NLL"},
        .family = "loss",
        .scores = DG_SCORES_LOG_PROBABILITIES,
        .summary = "−x[target]",
        .inputs = {{.name = "input", .doc = "[N, C], [N, C, ..] or [C]: logarithms of probabilities"},
                   LABELS,
                   CLASS_WEIGHT},
        .attrs = {REDUCTION, IGNORE_INDEX},
        .infer = nll_loss_infer,
        .compose = nll_loss_compose,
        .samples = nll_loss_samples,
    },
    {
        .name = "bce",
        .family = "loss",
        .summary = "binary_cross_entropy of each element",
        .inputs = {{.name = "input", .doc = "probabilities"}, {.name = "target"}},
        .infer = bce_infer,
        .forward = bce_forward,
        .backward = bce_backward,
        .samples = bce_samples,
    },
    {
        .name = "binary_cross_entropy",
        .elsewhere = {"BCE", "BCELoss"},
        .family = "loss",
        .scores = DG_SCORES_PROBABILITIES,
        .summary = "−t ln x − (1 − t) ln(1 − x)",
        .inputs = {{.name = "input", .doc = "probabilities"},
                   {.name = "target", .doc = "in input's shape"},
                   {.name = "weight", .flags = DG_OPTIONAL, .doc = "multiplies the losses, broadcast to them"}},
        .attrs = {REDUCTION},
        .infer = binary_infer,
        .compose = binary_cross_entropy_compose,
        .samples = binary_cross_entropy_samples,
    },
    {
        .name = "binary_cross_entropy_with_logits",
        .elsewhere = {"BCEWithLogits", "BCEWithLogitsLoss"},
        .family = "loss",
        .scores = DG_SCORES_LOGITS,
        .summary = "the same on sigmoid(x)",
        .inputs = {{.name = "input", .doc = "scores before the sigmoid"},
                   {.name = "target", .doc = "in input's shape"},
                   {.name = "weight", .flags = DG_OPTIONAL, .doc = "multiplies the losses, broadcast to them"},
                   {.name = "pos_weight", .flags = DG_OPTIONAL, .doc = "multiplies the losses of target 1"}},
        .attrs = {REDUCTION},
        .infer = binary_infer,
        .compose = with_logits_compose,
        .samples = with_logits_samples,
    },
};

const dg_op_family loss_family = DG_FAMILY(loss_ops);
