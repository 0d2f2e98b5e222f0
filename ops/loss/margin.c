/* Losses of labels beyond cross_entropy: margins against one class or several, focal and dice. */
#include <dotgrad/op.h>
#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/loss.h>
#include <dotgrad/ops/reduce.h>
#include <dotgrad/ops/shape.h>
#include <dotgrad/ops/source.h>

#include <stdio.h>

#include "labels.h"
#include "ops/shared/rules.h"
#include "reduction.h"

#include "core/base/plain.h"

/* ---- soft_margin_loss ---- */

static dg_status soft_margin_loss_infer(const dg_infer *infer)
{
    DG_TRY(want_floats(infer, 0));
    if (infer->inputs[1]->shape.rank > 0)
        DG_TRY(shapes_agree(infer, 0, 1));
    return infer_reduced(infer, &infer->inputs[0]->shape, &infer->attrs[0]);
}

static void soft_margin_loss_compose(const dg_compose *compose)
{
    dg_node *losses = loss_of_pair(compose->inputs[0], compose->inputs[1], "softplus(-t * x)");
    compose->outputs[0] = reduced(losses, &compose->attrs[0]);
}

static const dg_sample soft_margin_loss_samples[] = {{"soft_margin_loss", {"[2, 3]", "[2, 3]"}},
                                                     {"soft_margin_loss(reduction=sum)", {"[4]", "[]"}},
                                                     {"soft_margin_loss(reduction=none)", {"[4]", "[4]"}},
                                                     {.call = NULL}};

/* ---- multi_margin_loss: Σ_{j≠y} w_y max(0, margin − x_y + x_j)^p / C ---- */

static dg_status want_vector_scores(const dg_infer *infer)
{
    char text[DG_SHAPE_TEXT];
    const dg_shape *shape = &infer->inputs[0]->shape;
    DG_TRY(want_floats(infer, 0));
    if (shape->rank == 1 || shape->rank == 2)
        return dg_ok();
    return dg_error(DG_BAD_SHAPE, "input is %s, expected [N, C] or [C]",
                    dg_graph_print_shape(infer->graph, shape, text, sizeof text));
}

static dg_status multi_margin_loss_infer(const dg_infer *infer)
{
    double p = infer->attrs[1].f;
    DG_TRY(want_vector_scores(infer));
    DG_TRY(want_class_weight(infer, 2));
    DG_TRY(want_labels(infer, 0));
    if (p != 1 && p != 2)
        return dg_error(DG_BAD_ARGUMENT, "p is %g, expected 1 or 2", p);
    return infer_reduced(infer, &infer->inputs[1]->shape, &infer->attrs[0]);
}

static void multi_margin_loss_compose(const dg_compose *compose)
{
    dg_node *x = compose->inputs[0], *target = dg_unsqueeze(compose->inputs[1], -1), *weight = compose->inputs[2];
    dg_node *place = dg_arange_like(x, .dim = -1);
    double margin = compose->attrs[2].f;
    char text[160];
    plain_print(text, sizeof text, "where(or(j == t, %.17g - y + x <= 0), 0, %.17g - y + x)%s", margin, margin,
                compose->attrs[1].f == 2 ? "^2" : "");
    dg_node *excess = dg_expr(text, {"j", place}, {"t", target}, {"y", dg_gather(x, target, .dim = -1)}, {"x", x});
    dg_node *losses = dg_mean(excess, .dim = DG_INTS(-1));
    if (weight) {
        dg_node *own = dg_expr("where(j == t, w, 0)", {"j", place}, {"t", target}, {"w", weight});
        losses = dg_mul(losses, dg_sum(own, .dim = DG_INTS(-1)));
    }
    compose->outputs[0] = reduced(losses, &compose->attrs[0]);
}

static const dg_sample multi_margin_loss_samples[] = {
    {"multi_margin_loss", {"[4, 3]", "[4] int64 below 3", "-"}},
    {"multi_margin_loss(reduction=none, p=2, margin=2)", {"[4, 3]", "[4] int64 below 3", "[3] positive"}},
    {"multi_margin_loss(reduction=sum)", {"[3]", "[] int64 below 3", "-"}},
    {.call = NULL}};

/* ---- multilabel_margin_loss: Σ_{y} Σ_{i no target} max(0, 1 − x_y + x_i) / C ---- */

static dg_status multilabel_margin_loss_infer(const dg_infer *infer)
{
    DG_TRY(want_vector_scores(infer));
    if (infer->inputs[1]->dtype != DG_INT64 && infer->inputs[1]->dtype != DG_INT32)
        return dg_error(DG_BAD_DTYPE, "target is %s, expected class indices", dg_dtype_name(infer->inputs[1]->dtype));
    DG_TRY(shapes_agree(infer, 0, 1));
    dg_shape losses = infer->inputs[0]->shape;
    losses.rank--;
    if (losses.dims[losses.rank] == 0)
        return dg_error(DG_BAD_SHAPE, "input has no classes, expected [N, C] or [C] with one at least");
    return infer_reduced(infer, &losses, &infer->attrs[0]);
}

/* Row j of the square of classes is the j-th target, column i the class that it is compared with. */
static void multilabel_margin_loss_compose(const dg_compose *compose)
{
    dg_node *x = compose->inputs[0], *target = compose->inputs[1], *place = dg_arange_like(x, .dim = -1);
    const dg_ints last = DG_INTS(-1);
    dg_node *count = dg_count(x, .dim = last);
    dg_node *stops = dg_expr("where(t < 0, j, c)", {"t", target}, {"j", place}, {"c", count});
    dg_node *counted = dg_expr("j < s", {"j", place}, {"s", dg_amin(stops, .dim = last, .keepdim = true)});
    dg_node *labels = dg_expr("where(m, t, 0)", {"m", counted}, {"t", target});
    dg_node *own = dg_unsqueeze(dg_gather(x, labels, .dim = -1), -1);
    counted = dg_unsqueeze(counted, -1);
    dg_node *hits = dg_expr("and(m, t == i)", {"m", counted}, {"t", dg_unsqueeze(labels, -1)}, {"i", place});
    dg_node *is_target = dg_any(hits, .dim = DG_INTS(-2), .keepdim = true);
    dg_node *excess = dg_expr("where(or(or(not(m), h), 1 - y + x <= 0), 0, 1 - y + x)", {"m", counted},
                              {"h", is_target}, {"y", own}, {"x", dg_unsqueeze(x, -2)});
    dg_node *losses = dg_div(dg_sum(excess, .dim = DG_INTS(-1, -2)), count);
    compose->outputs[0] = reduced(losses, &compose->attrs[0]);
}

static const dg_sample multilabel_margin_loss_samples[] = {
    {"multilabel_margin_loss", {"[3, 4]", "[3, 4] int64 below 4"}},
    {"multilabel_margin_loss(reduction=none)", {"[3, 4]", "[3, 4] int64 below 2"}},
    {"multilabel_margin_loss(reduction=sum)", {"[4]", "[4] int32 below 3"}},
    {.call = NULL}};

/* ---- multilabel_soft_margin_loss: mean over the classes of −t ln σ(x) − (1 − t) ln σ(−x) ---- */

static dg_status multilabel_soft_margin_loss_infer(const dg_infer *infer)
{
    dg_shape losses = infer->inputs[0]->shape;
    char text[DG_SHAPE_TEXT];
    DG_TRY(want_floats(infer, 0));
    DG_TRY(shapes_agree(infer, 0, 1));
    DG_TRY(want_floats(infer, 2));
    if (losses.rank == 0)
        return dg_error(DG_BAD_SHAPE, "input is [], expected [.., C]");
    const dg_type *weight = infer->inputs[2];
    int64_t classes = losses.dims[--losses.rank];
    if (weight && (weight->shape.rank > 1 ||
                   (weight->shape.rank && weight->shape.dims[0] != 1 && sizes_differ(weight->shape.dims[0], classes))))
        return dg_error(DG_BAD_SHAPE, "weight is %s, expected one number for each of %lld class(es)",
                        dg_graph_print_shape(infer->graph, &weight->shape, text, sizeof text), (long long)classes);
    return infer_reduced(infer, &losses, &infer->attrs[0]);
}

static void multilabel_soft_margin_loss_compose(const dg_compose *compose)
{
    dg_node *weight = compose->inputs[2];
    dg_node *terms = loss_of_pair(compose->inputs[0], compose->inputs[1], "softplus(-x) + (1 - t) * x");
    dg_node *losses = dg_mean(weight ? dg_mul(terms, weight) : terms, .dim = DG_INTS(-1));
    compose->outputs[0] = reduced(losses, &compose->attrs[0]);
}

static const dg_sample multilabel_soft_margin_loss_samples[] = {
    {"multilabel_soft_margin_loss", {"[2, 3]", "[2, 3] unit", "-"}},
    {"multilabel_soft_margin_loss(reduction=none)", {"[2, 3]", "[2, 3] unit", "[3] positive"}},
    {"multilabel_soft_margin_loss(reduction=sum)", {"[3]", "[3] int64 below 2", "-"}},
    {.call = NULL}};

/* ---- focal_loss: −α_t (1 − p_t)^γ ln p_t ---- */

static dg_status focal_loss_infer(const dg_infer *infer)
{
    double alpha = infer->attrs[1].f, gamma = infer->attrs[2].f;
    if (!(gamma >= 0))
        return dg_error(DG_BAD_ARGUMENT, "gamma is %g, expected 0 or more", gamma);
    if (!(alpha <= 1))
        return dg_error(DG_BAD_ARGUMENT, "alpha is %g, expected 0 … 1, or less than 0 for none", alpha);
    return soft_margin_loss_infer(infer);
}

/* p_t is σ(x) where the target is 1 and σ(−x) where it is 0, linear between. */
static void focal_loss_compose(const dg_compose *compose)
{
    double alpha = compose->attrs[1].f;
    dg_node *x = compose->inputs[0], *t = compose->inputs[1];
    if (dg_dtype_is_float(dg_node_type(t, 0)->dtype))
        t = dg_unit_interval(t);
    dg_node *losses = loss_of_pair(
        x, t, "(softplus(-x) + (1 - t) * x) * (t * sigmoid(-x) + (1 - t) * sigmoid(x))^%.17g", compose->attrs[2].f);
    if (alpha >= 0) {
        char text[80];
        plain_print(text, sizeof text, "l * (%.17g * t + %.17g * (1 - t))", alpha, 1 - alpha);
        losses = dg_expr(text, {"l", losses}, {"t", t});
    }
    compose->outputs[0] = reduced(losses, &compose->attrs[0]);
}

static const dg_sample focal_loss_samples[] = {{"focal_loss", {"[2, 3]", "[2, 3] unit"}},
                                               {"focal_loss(reduction=sum, alpha=-1, gamma=1.5)", {"[4]", "[4] unit"}},
                                               {"focal_loss(reduction=none, gamma=0)", {"[4]", "[4] int64 below 2"}},
                                               {.call = NULL}};

/* ---- dice_loss: 1 − (2 Σ x t + s)/(Σ x + Σ t + s) of each sample ---- */

static dg_status dice_loss_infer(const dg_infer *infer)
{
    dg_shape losses = infer->inputs[0]->shape;
    DG_TRY(want_floats(infer, 0));
    DG_TRY(shapes_agree(infer, 0, 1));
    losses.rank = losses.rank > 1 ? 1 : 0;
    return infer_reduced(infer, &losses, &infer->attrs[0]);
}

static void dice_loss_compose(const dg_compose *compose)
{
    dg_node *x = compose->inputs[0], *t = compose->inputs[1];
    char text[160];
    int rank = dg_node_type(x, 0)->shape.rank;
    dg_ints all = {.only = DG_NONE};
    for (int d = 1; d < rank; d++)
        all.at[all.count++] = d;
    t = dg_to(t, dg_node_type(x, 0)->dtype);
    dg_node *both = dg_sum(dg_mul(x, t), .dim = all), *parts = dg_sum(dg_add(x, t), .dim = all);
    plain_print(text, sizeof text, "1 - (2 * b + %.17g) / (p + %.17g)", compose->attrs[1].f, compose->attrs[1].f);
    compose->outputs[0] = reduced(dg_expr(text, {"b", both}, {"p", parts}), &compose->attrs[0]);
}

static const dg_sample dice_loss_samples[] = {{"dice_loss", {"[2, 3, 2] unit", "[2, 3, 2] unit"}},
                                              {"dice_loss(reduction=none, smooth=0.5)", {"[2, 3] unit", "[2, 3] unit"}},
                                              {"dice_loss(reduction=sum)", {"[4] unit", "[4] unit"}},
                                              {.call = NULL}};

static const dg_op label_loss_ops[] = {
    {
        .name = "soft_margin_loss",
        .family = "loss",
        .summary = "ln(1 + exp(−t x))",
        .inputs = {{.name = "input"},
                   {.name = "target", .flags = DG_SIGNS, .doc = "1 or −1, in input's shape or one number"}},
        .attrs = {REDUCTION},
        .infer = soft_margin_loss_infer,
        .compose = soft_margin_loss_compose,
        .samples = soft_margin_loss_samples,
    },
    {
        .name = "multi_margin_loss",
        .family = "loss",
        .scores = DG_SCORES_MARGINS,
        .summary = "Σ_j w_y max(0, margin − x_y + x_j)ᵖ / C over classes j but the target y",
        .source =
            "Crammer and Singer, On the algorithmic implementation of multiclass kernel-based vector machines (2001)",
        .inputs = {{.name = "input", .doc = "[N, C] or [C]"},
                   {.name = "target", .flags = DG_INDEX, .doc = "[N] or []: class indices"},
                   {.name = "weight", .flags = DG_OPTIONAL, .doc = "[C], one for each class"}},
        .attrs = {REDUCTION, NUMBER("p", "1", "1 or 2"),
                  NUMBER("margin", "1", "by which the target's score should lead")},
        .infer = multi_margin_loss_infer,
        .compose = multi_margin_loss_compose,
        .samples = multi_margin_loss_samples,
    },
    {
        .name = "multilabel_margin_loss",
        .family = "loss",
        .summary = "Σ max(0, 1 − x_y + x_i) / C over targets y and classes i that are none",
        .inputs = {{.name = "input", .doc = "[N, C] or [C]"},
                   {.name = "target",
                    .flags = DG_INDEX,
                    .doc = "class indices in input's shape; the first negative one ends them"}},
        .attrs = {REDUCTION},
        .infer = multilabel_margin_loss_infer,
        .compose = multilabel_margin_loss_compose,
        .samples = multilabel_margin_loss_samples,
    },
    {
        .name = "multilabel_soft_margin_loss",
        .family = "loss",
        .scores = DG_SCORES_LOGITS,
        .summary = "mean over classes of −t ln σ(x) − (1 − t) ln σ(−x)",
        .inputs = {{.name = "input", .doc = "[.., C]: scores before the sigmoid"},
                   {.name = "target", .doc = "in input's shape"},
                   {.name = "weight", .flags = DG_OPTIONAL, .doc = "[C], one for each class"}},
        .attrs = {REDUCTION},
        .infer = multilabel_soft_margin_loss_infer,
        .compose = multilabel_soft_margin_loss_compose,
        .samples = multilabel_soft_margin_loss_samples,
    },
    {
        .name = "focal_loss",
        .family = "loss",
        .scores = DG_SCORES_LOGITS,
        .summary = "−α_t (1 − p_t)^γ ln p_t, p = σ(x)",
        .source = "Lin, Goyal, Girshick, He, Dollár, Focal loss for dense object detection (2017), eq. 5",
        .inputs = {{.name = "input", .doc = "scores before the sigmoid"},
                   {.name = "target", .doc = "0 … 1, in input's shape or one number"}},
        .attrs = {REDUCTION, NUMBER("alpha", "0.25", "weight of target 1, 1 − alpha of target 0; below 0: none"),
                  NUMBER("gamma", "2", "how little easy samples count")},
        .infer = focal_loss_infer,
        .compose = focal_loss_compose,
        .samples = focal_loss_samples,
    },
    {
        .name = "dice_loss",
        .family = "loss",
        .summary = "1 − (2 Σ x t + s)/(Σ x + Σ t + s) of each sample",
        .source = "Sudre, Li, Vercauteren, Ourselin, Cardoso, Generalised Dice overlap (2017)",
        .inputs = {{.name = "input", .doc = "[N, ..]: probabilities; of rank 1 one sample"},
                   {.name = "target", .doc = "0 … 1, in input's shape"}},
        .attrs = {REDUCTION, NUMBER("smooth", "1", "s, which keeps empty samples from 0/0")},
        .infer = dice_loss_infer,
        .compose = dice_loss_compose,
        .samples = dice_loss_samples,
    },
};

const dg_op_family label_loss_family = DG_FAMILY(label_loss_ops);
