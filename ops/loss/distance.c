/* Similarities of vectors, and the losses of pairs and triplets that are made of them. max(0, y) has the derivative 0
 * at y = 0, as PyTorch's clamp_min; a NaN goes through. */
#include <dotgrad/op.h>
#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/reduce.h>
#include <dotgrad/ops/shape.h>
#include <dotgrad/ops/source.h>

#include <stdio.h>

#include "ops/shared/rules.h"
#include "reduction.h"

#include "core/base/plain.h"

/* ---- what follows two vectors: broadcast against each other, then reduced along a dimension ---- */

static dg_status infer_along(const dg_infer *infer, int64_t dim, bool keepdim)
{
    dg_shape shape;
    int axis;
    DG_TRY(want_floats(infer, 0));
    DG_TRY(want_floats(infer, 1));
    DG_TRY(dg_shape_broadcast(&infer->inputs[0]->shape, &infer->inputs[1]->shape, &shape));
    DG_TRY(dg_infer_dim(dim, shape.rank, &axis));
    if (keepdim && shape.rank > 0) {
        shape.dims[axis] = 1;
    } else if (shape.rank > 0) {
        shape.rank--;
        for (int d = axis; d < shape.rank; d++)
            shape.dims[d] = shape.dims[d + 1];
    }
    infer->outputs[0] = (dg_type){infer->inputs[0]->dtype, shape};
    return dg_ok();
}

/* x in the broadcast shape, which `like` has. */
static dg_node *broadcast_as(dg_node *x, dg_node *like)
{
    const dg_shape *shape = &dg_node_type(x, 0)->shape, *wide = &dg_node_type(like, 0)->shape;
    bool same = shape->rank == wide->rank;
    for (int d = 0; same && d < shape->rank; d++)
        same = shape->dims[d] == wide->dims[d] && shape->dims[d] != DG_UNKNOWN;
    return same ? x : dg_expand_as(x, like);
}

/* ---- pairwise_distance ---- */

static dg_node *distance(dg_node *x1, dg_node *x2, double p, double eps, bool keepdim)
{
    char text[80];
    plain_print(text, sizeof text, "a - b + %.17g", eps);
    return dg_norm(dg_expr(text, {"a", x1}, {"b", x2}), .p = p, .dim = DG_INTS(-1), .keepdim = keepdim);
}

static dg_status want_eps(const dg_infer *infer, int attr)
{
    double eps = infer->attrs[attr].f;
    return eps >= 0 ? dg_ok() : dg_error(DG_BAD_ARGUMENT, "eps is %g, expected 0 or more", eps);
}

static dg_status pairwise_distance_infer(const dg_infer *infer)
{
    DG_TRY(want_eps(infer, 1));
    return infer_along(infer, -1, infer->attrs[2].b);
}

static void pairwise_distance_compose(const dg_compose *compose)
{
    const dg_value *attrs = compose->attrs;
    compose->outputs[0] = distance(compose->inputs[0], compose->inputs[1], attrs[0].f, attrs[1].f, attrs[2].b);
}

static const dg_sample pairwise_distance_samples[] = {{"pairwise_distance", {"[3, 4]", "[3, 4]"}},
                                                      {"pairwise_distance(p=1, keepdim=true)", {"[2, 3]", "[3]"}},
                                                      {"pairwise_distance(p=3, eps=0)", {"[4]", "[4]"}},
                                                      {.call = NULL}};

/* ---- cosine_similarity ---- */

static dg_status cosine_similarity_infer(const dg_infer *infer)
{
    DG_TRY(want_eps(infer, 1));
    return infer_along(infer, infer->attrs[0].i, false);
}

/* x/max(‖x‖, eps), the norm that of x in `like`'s shape */
static dg_node *unit_vectors(dg_node *x, dg_node *like, int64_t dim, double eps)
{
    char text[100];
    dg_node *norm = dg_norm(broadcast_as(x, like), .dim = DG_INTS(dim), .keepdim = true);
    plain_print(text, sizeof text, "x / where(n < %.17g, %.17g, n)", eps, eps);
    return dg_expr(text, {"x", x}, {"n", norm});
}

/* Both are brought to length 1 before they are multiplied, so that no product overflows. */
static void cosine_similarity_compose(const dg_compose *compose)
{
    dg_node *x1 = compose->inputs[0], *x2 = compose->inputs[1], *products = dg_mul(x1, x2);
    int64_t dim = compose->attrs[0].i;
    double eps = compose->attrs[1].f;
    if (dg_node_type(products, 0)->shape.rank == 0) {
        x1 = dg_unsqueeze(x1, 0);
        x2 = dg_unsqueeze(x2, 0);
        products = dg_unsqueeze(products, 0);
        dim = 0;
    }
    dg_node *cosines = dg_mul(unit_vectors(x1, products, dim, eps), unit_vectors(x2, products, dim, eps));
    compose->outputs[0] = dg_sum(cosines, .dim = DG_INTS(dim));
}

static const dg_sample cosine_similarity_samples[] = {{"cosine_similarity", {"[3, 4]", "[3, 4]"}},
                                                      {"cosine_similarity(dim=0)", {"[3, 2]", "[3, 1]"}},
                                                      {"cosine_similarity(dim=-1)", {"[2, 3, 4]", "[4]"}},
                                                      {"cosine_similarity(dim=0)", {"[4]", "[4]"}},
                                                      {.call = NULL}};

/* ---- cosine_embedding_loss, hinge_embedding_loss: the target is 1 for alike and −1 for unlike ---- */

static dg_status cosine_embedding_loss_infer(const dg_infer *infer)
{
    const dg_shape *shape = &infer->inputs[0]->shape, *target = &infer->inputs[2]->shape;
    char text[DG_SHAPE_TEXT], more[DG_SHAPE_TEXT];
    DG_TRY(want_floats(infer, 1));
    DG_TRY(infer_along(infer, -1, false));
    DG_TRY(shapes_agree(infer, 0, 1));
    if (shape->rank < 1 || shape->rank > 2 || target->rank != shape->rank - 1 ||
        (target->rank && sizes_differ(target->dims[0], shape->dims[0])))
        return dg_error(DG_BAD_SHAPE, "input1 is %s and target is %s, expected [N, d] and [N], or [d] and []",
                        dg_graph_print_shape(infer->graph, shape, text, sizeof text),
                        dg_graph_print_shape(infer->graph, target, more, sizeof more));
    return infer_reduced(infer, target, &infer->attrs[0]);
}

/* The denominator's eps is inside the root, as in PyTorch. */
static void cosine_embedding_loss_compose(const dg_compose *compose)
{
    dg_node *x1 = compose->inputs[0], *x2 = compose->inputs[1], *t = compose->inputs[2];
    const dg_ints last = DG_INTS(-1);
    char text[200];
    dg_dtype dtype = dg_node_type(x1, 0)->dtype;
    if (dtype == DG_FLOAT32) { /* whose squares are in the range of float64 */
        x1 = dg_to(x1, DG_FLOAT64);
        x2 = dg_to(x2, DG_FLOAT64);
    }
    dg_node *product = dg_sum(dg_mul(x1, x2), .dim = last);
    dg_node *a = dg_sum(dg_square(x1), .dim = last), *b = dg_sum(dg_square(x2), .dim = last);
    dg_node *y = dg_expr("p / sqrt(a + 1e-12) / sqrt(b + 1e-12)", {"p", product}, {"a", a}, {"b", b});
    if (dtype == DG_FLOAT32)
        y = dg_to(y, dtype);
    double margin = compose->attrs[1].f;
    plain_print(text, sizeof text,
                "where(t == 1, 1 - y, where(t == -1, where(y - (%.17g) <= 0, 0, y - (%.17g)), 0 * t))", margin, margin);
    compose->outputs[0] = reduced(dg_expr(text, {"y", y}, {"t", t}), &compose->attrs[0]);
}

static const dg_sample cosine_embedding_loss_samples[] = {
    {"cosine_embedding_loss", {"[4, 3]", "[4, 3]", "[4] int64 below 2"}},
    {"cosine_embedding_loss(reduction=none, margin=-1)", {"[4, 3]", "[4, 3]", "[4] int64 below 2"}},
    {"cosine_embedding_loss(reduction=sum, margin=0.1)", {"[3]", "[3]", "[] int64 below 2"}},
    {.call = NULL}};

static dg_status want_same_shape(const dg_infer *infer, int k)
{
    DG_TRY(want_floats(infer, 0));
    return infer->inputs[k]->shape.rank > 0 ? shapes_agree(infer, 0, k) : dg_ok();
}

static dg_status hinge_embedding_loss_infer(const dg_infer *infer)
{
    DG_TRY(want_same_shape(infer, 1));
    return infer_reduced(infer, &infer->inputs[0]->shape, &infer->attrs[0]);
}

/* Targets other than ±1 take both terms, as in PyTorch. */
static void hinge_embedding_loss_compose(const dg_compose *compose)
{
    double margin = compose->attrs[1].f;
    dg_node *losses =
        loss_of_pair(compose->inputs[0], compose->inputs[1],
                     "where(t == -1, 0, x) + where(or(t == 1, %.17g - x <= 0), 0, %.17g - x) + 0 * t", margin, margin);
    compose->outputs[0] = reduced(losses, &compose->attrs[0]);
}

static const dg_sample hinge_embedding_loss_samples[] = {
    {"hinge_embedding_loss", {"[6]", "[6] int64 below 2"}},
    {"hinge_embedding_loss(reduction=none, margin=2)", {"[2, 3]", "[2, 3] int64 below 2"}},
    {"hinge_embedding_loss(reduction=sum)", {"[4]", "[] int64 below 2"}},
    {.call = NULL}};

/* ---- triplet_margin_loss ---- */

static dg_status triplet_margin_loss_infer(const dg_infer *infer)
{
    if (!(infer->attrs[1].f > 0))
        return dg_error(DG_BAD_ARGUMENT, "margin is %g, expected more than 0", infer->attrs[1].f);
    DG_TRY(want_eps(infer, 3));
    DG_TRY(want_floats(infer, 2));
    DG_TRY(shapes_agree(infer, 0, 1));
    DG_TRY(shapes_agree(infer, 0, 2));
    DG_TRY(infer_along(infer, -1, false));
    dg_shape losses = infer->outputs[0].shape;
    return infer_reduced(infer, &losses, &infer->attrs[0]);
}

static void triplet_margin_loss_compose(const dg_compose *compose)
{
    dg_node *anchor = compose->inputs[0], *positive = compose->inputs[1], *negative = compose->inputs[2];
    double margin = compose->attrs[1].f, p = compose->attrs[2].f, eps = compose->attrs[3].f;
    char text[160];
    dg_node *near = distance(anchor, positive, p, eps, false), *far = distance(anchor, negative, p, eps, false);
    if (compose->attrs[4].b)
        far = dg_minimum(far, distance(positive, negative, p, eps, false));
    plain_print(text, sizeof text, "where(near - far + (%.17g) <= 0, 0, near - far + (%.17g))", margin, margin);
    compose->outputs[0] = reduced(dg_expr(text, {"near", near}, {"far", far}), &compose->attrs[0]);
}

static const dg_sample triplet_margin_loss_samples[] = {
    {"triplet_margin_loss", {"[4, 3]", "[4, 3]", "[4, 3]"}},
    {"triplet_margin_loss(reduction=none, margin=3, p=3, swap=true)", {"[4, 3]", "[4, 3]", "[4, 3]"}},
    {"triplet_margin_loss(reduction=sum, margin=3, p=1)", {"[3]", "[3]", "[3]"}},
    {.call = NULL}};

/* ---- margin_ranking_loss ---- */

static dg_status margin_ranking_loss_infer(const dg_infer *infer)
{
    DG_TRY(want_floats(infer, 1));
    DG_TRY(shapes_agree(infer, 0, 1));
    DG_TRY(want_same_shape(infer, 2));
    return infer_reduced(infer, &infer->inputs[0]->shape, &infer->attrs[0]);
}

static void margin_ranking_loss_compose(const dg_compose *compose)
{
    double margin = compose->attrs[1].f;
    char text[160];
    plain_print(text, sizeof text, "where(t * (b - a) + (%.17g) <= 0, 0, t * (b - a) + (%.17g))", margin, margin);
    dg_node *losses = dg_expr(text, {"a", compose->inputs[0]}, {"b", compose->inputs[1]}, {"t", compose->inputs[2]});
    compose->outputs[0] = reduced(losses, &compose->attrs[0]);
}

static const dg_sample margin_ranking_loss_samples[] = {
    {"margin_ranking_loss(margin=0.3)", {"[6]", "[6]", "[6]"}},
    {"margin_ranking_loss(reduction=none, margin=2)", {"[2, 3]", "[2, 3]", "[2, 3] int64 below 2"}},
    {"margin_ranking_loss(reduction=sum, margin=-0.2)", {"[4]", "[4]", "[]"}},
    {.call = NULL}};

#define SIGN_TARGET(text)                                                                                              \
    {                                                                                                                  \
        .name = "target", .flags = DG_SIGNS, .doc = text                                                               \
    }

static const dg_op distance_loss_ops[] = {
    {
        .name = "pairwise_distance",
        .family = "loss",
        .summary = "‖x1 − x2 + eps‖_p along the last dimension",
        .inputs = {{.name = "x1", .doc = "[.., d]"}, {.name = "x2", .doc = "[.., d], broadcast to x1"}},
        .attrs = {BOUND("p", "2", "of the norm"), NUMBER("eps", "1e-6", "keeps the norm from 0"),
                  SWITCH("keepdim", "false", "keeps the last dimension, of size 1")},
        .infer = pairwise_distance_infer,
        .compose = pairwise_distance_compose,
        .samples = pairwise_distance_samples,
    },
    {
        .name = "cosine_similarity",
        .family = "loss",
        .summary = "x1·x2 / (max(‖x1‖, eps) max(‖x2‖, eps)) along dim",
        .inputs = {{.name = "x1"}, {.name = "x2", .doc = "broadcast to x1"}},
        .attrs = {{.name = "dim", .kind = DG_ATTR_INT, .fallback = "1", .doc = "the dimension of the vectors"},
                  NUMBER("eps", "1e-8", "the least norm")},
        .infer = cosine_similarity_infer,
        .compose = cosine_similarity_compose,
        .samples = cosine_similarity_samples,
    },
    {
        .name = "cosine_embedding_loss",
        .family = "loss",
        .summary = "1 − cos where the target is 1, max(0, cos − margin) where it is −1",
        .inputs = {{.name = "input1", .doc = "[N, d] or [d]; in float64 below 1e153, whose squares are finite"},
                   {.name = "input2", .doc = "in input1's shape"},
                   SIGN_TARGET("[N] or []: 1 or −1")},
        .attrs = {REDUCTION, NUMBER("margin", "0", "the largest cosine that unlike pairs may have")},
        .infer = cosine_embedding_loss_infer,
        .compose = cosine_embedding_loss_compose,
        .samples = cosine_embedding_loss_samples,
    },
    {
        .name = "hinge_embedding_loss",
        .family = "loss",
        .summary = "x where the target is 1, max(0, margin − x) where it is −1",
        .inputs = {{.name = "input", .doc = "distances"}, SIGN_TARGET("1 or −1, in input's shape or one number")},
        .attrs = {REDUCTION, NUMBER("margin", "1", "the distance that unlike pairs should have")},
        .infer = hinge_embedding_loss_infer,
        .compose = hinge_embedding_loss_compose,
        .samples = hinge_embedding_loss_samples,
    },
    {
        .name = "triplet_margin_loss",
        .family = "loss",
        .summary = "max(0, d(anchor, positive) − d(anchor, negative) + margin), d being pairwise_distance",
        .source = "Balntas et al., Learning local feature descriptors with triplets (2016)",
        .inputs = {{.name = "anchor", .doc = "[.., d]"},
                   {.name = "positive", .doc = "in anchor's shape"},
                   {.name = "negative", .doc = "in anchor's shape"}},
        .attrs = {REDUCTION, NUMBER("margin", "1", "how much farther negatives should be"),
                  BOUND("p", "2", "of the norm"), NUMBER("eps", "1e-6", "keeps the norm from 0"),
                  SWITCH("swap", "false", "takes d(positive, negative) where that is less than d(anchor, negative)")},
        .infer = triplet_margin_loss_infer,
        .compose = triplet_margin_loss_compose,
        .samples = triplet_margin_loss_samples,
    },
    {
        .name = "margin_ranking_loss",
        .family = "loss",
        .summary = "max(0, −t (x1 − x2) + margin)",
        .inputs = {{.name = "input1"},
                   {.name = "input2", .doc = "in input1's shape"},
                   SIGN_TARGET("1: input1 should be larger, −1: input2; in input1's shape or one number")},
        .attrs = {REDUCTION, NUMBER("margin", "0", "by how much")},
        .infer = margin_ranking_loss_infer,
        .compose = margin_ranking_loss_compose,
        .samples = margin_ranking_loss_samples,
    },
};

const dg_op_family distance_loss_family = DG_FAMILY(distance_loss_ops);
