/* Activations that take several features together: gated units, maxout, CReLU, sparsemax, Gumbel softmax; and
 * straight_through. */
#include "ops/shared/arguments.h"
#include "ops/shared/chunks.h"
#include "ops/shared/describe.h"
#include "ops/shared/rules.h"

#include "core/base/plain.h"

#include <dotgrad/op.h>
#include <dotgrad/ops/activation.h>
#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/reduce.h>
#include <dotgrad/ops/shape.h>
#include <dotgrad/ops/softmax.h>
#include <dotgrad/ops/source.h>
#include <math.h>
#include <stdio.h>

/* ---- glu and its kin: y = a·f(b), x = [a, b] along dim ---- */

static dg_status feature_axis(const dg_infer *infer, const dg_value *dim, int *axis)
{
    const dg_shape *x = &infer->inputs[0]->shape;
    char text[DG_SHAPE_TEXT];
    DG_TRY(want_floats(infer, 0));
    if (x->rank == 0)
        return dg_error(DG_BAD_SHAPE, "the input is a scalar, expected a dimension");
    DG_TRY(dg_infer_dim(dim->i, x->rank, axis));
    if (x->dims[*axis] < 0)
        return dg_error(DG_BAD_SHAPE, "the input is %s: the size of dimension %d must be a number",
                        dg_graph_print_shape(infer->graph, x, text, sizeof text), *axis);
    return dg_ok();
}

static dg_status gated_infer(const dg_infer *infer)
{
    int axis;
    DG_TRY(feature_axis(infer, &infer->attrs[0], &axis));
    infer->outputs[0] = *infer->inputs[0];
    int64_t *size = &infer->outputs[0].shape.dims[axis];
    if (*size % 2 != 0)
        return dg_error(DG_BAD_SHAPE, "dimension %d has %lld feature(s), expected an even number", axis,
                        (long long)*size);
    *size /= 2;
    return dg_ok();
}

static void gated(const dg_compose *compose, const char *formula)
{
    dg_node *x = compose->inputs[0];
    int64_t dim = compose->attrs[0].i;
    const dg_shape *shape = &dg_node_type(x, 0)->shape;
    int axis;
    if (dg_infer_dim(dim, shape->rank, &axis).code != DG_OK)
        return;
    int64_t half = shape->dims[axis] / 2;
    dg_node *a = dg_slice(x, .dim = axis, .start = 0, .end = half);
    dg_node *b = dg_slice(x, .dim = axis, .start = half, .end = 2 * half);
    compose->outputs[0] = dg_expr(formula, {"a", a}, {"b", b});
}

static void glu_compose(const dg_compose *compose)
{
    gated(compose, "a * sigmoid(b)");
}

static void swiglu_compose(const dg_compose *compose)
{
    gated(compose, "a * silu(b)");
}

static void geglu_compose(const dg_compose *compose)
{
    gated(compose, "a * gelu(b)");
}

static void reglu_compose(const dg_compose *compose)
{
    gated(compose, "a * relu(b)");
}

/* ---- maxout ---- */

static dg_status maxout_infer(const dg_infer *infer)
{
    int axis;
    int64_t pieces = infer->attrs[0].i;
    DG_TRY(feature_axis(infer, &infer->attrs[1], &axis));
    infer->outputs[0] = *infer->inputs[0];
    int64_t *size = &infer->outputs[0].shape.dims[axis];
    if (pieces < 1 || *size % pieces != 0)
        return dg_error(DG_BAD_SHAPE, "dimension %d has %lld feature(s), which do not divide into pieces of %lld", axis,
                        (long long)*size, (long long)pieces);
    *size /= pieces;
    return dg_ok();
}

/* Neighbours along dim are the pieces of one unit: dim becomes [units, pieces], of which the last is reduced. */
static void maxout_compose(const dg_compose *compose)
{
    dg_node *x = compose->inputs[0];
    const dg_shape *shape = &dg_node_type(x, 0)->shape;
    int axis;
    int64_t pieces = compose->attrs[0].i;
    if (dg_infer_dim(compose->attrs[1].i, shape->rank, &axis).code != DG_OK)
        return;
    if (shape->rank == DG_MAX_RANK) {
        dg_graph_fail(compose->graph,
                      dg_error(DG_BAD_SHAPE, "maxout: %d dimension(s) leave none for the pieces", DG_MAX_RANK));
        return;
    }
    dg_shape split = {.rank = shape->rank + 1};
    for (int d = 0; d < split.rank; d++)
        split.dims[d] = d < axis       ? shape->dims[d]
                        : d == axis    ? shape->dims[d] / pieces
                        : d > axis + 1 ? shape->dims[d - 1]
                                       : pieces;
    compose->outputs[0] = dg_amax(dg_reshape(x, split), .dim = DG_INTS(axis + 1));
}

/* ---- crelu ---- */

static dg_status crelu_infer(const dg_infer *infer)
{
    int axis;
    DG_TRY(feature_axis(infer, &infer->attrs[0], &axis));
    infer->outputs[0] = *infer->inputs[0];
    infer->outputs[0].shape.dims[axis] *= 2;
    return dg_ok();
}

static void crelu_compose(const dg_compose *compose)
{
    dg_node *x = compose->inputs[0];
    dg_node *const halves[] = {dg_relu(x), dg_relu(dg_neg(x))};
    compose->outputs[0] = dg_cat(2, halves, .dim = compose->attrs[0].i);
}

/* ---- sparsemax: the projection onto the simplex, y = max(x − τ, 0) with Σ y = 1 ---- */

static dg_status sparsemax_infer(const dg_infer *infer)
{
    int axis;
    DG_TRY(want_floats(infer, 0));
    DG_TRY(dg_infer_dim(infer->attrs[0].i, infer->inputs[0]->shape.rank, &axis));
    return dg_infer_same(infer);
}

typedef struct rows {
    const dg_tensor *x;
    dg_tensor *y;
    int64_t size, inner;
} rows;

/* Michelot 1986: τ = (Σ x − 1)/n over those that are kept, then those below it go, until none does. τ never falls,
 * whatever is rounded, so that what has gone stays away and there are at most as many turns as elements. A row with a
 * NaN is NaN. */
#define PROJECT_ROWS(type)                                                                                             \
    for (int64_t row = begin; row < end; row++) {                                                                      \
        int64_t start = row / r->inner * r->size * r->inner + row % r->inner, previous = 0, count = -1;                \
        const type *x = (const type *)r->x->data + start;                                                              \
        type *y = (type *)r->y->data + start;                                                                          \
        double largest = (double)x[0], tau = -INFINITY;                                                                \
        for (int64_t i = 1; i < r->size; i++)                                                                          \
            largest = (double)x[i * r->inner] > largest ? (double)x[i * r->inner] : largest;                           \
        while (count != previous) {                                                                                    \
            double sum = -1;                                                                                           \
            previous = count;                                                                                          \
            count = 0;                                                                                                 \
            for (int64_t i = 0; i < r->size; i++) {                                                                    \
                double z = (double)x[i * r->inner] - largest;                                                          \
                if (!(z <= tau)) {                                                                                     \
                    sum += z;                                                                                          \
                    count++;                                                                                           \
                }                                                                                                      \
            }                                                                                                          \
            double mean = sum / (double)count;                                                                         \
            tau = mean <= tau ? tau : mean;                                                                            \
        }                                                                                                              \
        for (int64_t i = 0; i < r->size; i++) {                                                                        \
            double z = (double)x[i * r->inner] - largest - tau;                                                        \
            y[i * r->inner] = (type)(z <= 0 ? 0 : z);                                                                  \
        }                                                                                                              \
    }

static void project_range(void *argument, int64_t begin, int64_t end)
{
    const rows *r = argument;
    if (r->y->dtype == DG_FLOAT32) {
        PROJECT_ROWS(float)
    } else {
        PROJECT_ROWS(double)
    }
}

static dg_status sparsemax_forward(const dg_kernel *kernel)
{
    const dg_shape *shape = &kernel->inputs[0]->shape;
    rows r = {.x = kernel->inputs[0], .y = kernel->outputs[0], .size = 1, .inner = 1};
    int axis;
    DG_TRY(dg_infer_dim(kernel->attrs[0].i, shape->rank, &axis));
    if (dg_shape_count(shape) == 0)
        return dg_ok();
    r.size = shape->rank ? shape->dims[axis] : 1;
    for (int d = axis + 1; d < shape->rank; d++)
        r.inner *= shape->dims[d];
    chunks_run(kernel->threads, dg_shape_count(shape) / r.size, CHUNK / (r.size + 1) + 1, project_range, &r);
    return dg_ok();
}

/* dx = g − mean of g, both over what is not 0 */
static void sparsemax_backward(const dg_backward *vjp)
{
    dg_node *y = vjp->output, *g = vjp->grad_output;
    bool scalar = dg_node_type(y, 0)->shape.rank == 0;
    dg_node *kept = dg_expr("where(y <= 0, 0, g)", {"y", y}, {"g", g});
    dg_node *one = dg_expr("where(y <= 0, 0, 1 + 0 * y)", {"y", y});
    dg_node *sum = scalar ? kept : dg_sum(kept, .dim = DG_INTS(vjp->attrs[0].i), .keepdim = true);
    dg_node *count = scalar ? one : dg_sum(one, .dim = DG_INTS(vjp->attrs[0].i), .keepdim = true);
    vjp->grad_inputs[0] = dg_expr("where(y <= 0, 0, g - s / n)", {"y", y}, {"g", g}, {"s", sum}, {"n", count});
}

/* ---- straight_through: the value of one, the gradient to the other ---- */

static dg_status straight_through_infer(const dg_infer *infer)
{
    for (int k = 0; k < 2; k++)
        DG_TRY(want_floats(infer, k));
    DG_TRY(shapes_agree(infer, 0, 1));
    return dg_infer_same(infer);
}

static void straight_through_backward(const dg_backward *vjp)
{
    vjp->grad_inputs[1] = vjp->grad_output;
}

/* ---- gumbel_softmax ---- */

static dg_status gumbel_infer(const dg_infer *infer)
{
    if (!(infer->attrs[0].f > 0))
        return dg_error(DG_BAD_ARGUMENT, "tau is %g, expected more than 0", infer->attrs[0].f);
    int axis;
    DG_TRY(want_floats(infer, 0));
    if (infer->inputs[0]->shape.rank == 0)
        return dg_error(DG_BAD_SHAPE, "the input is a scalar, expected a dimension");
    DG_TRY(dg_infer_dim(infer->attrs[2].i, infer->inputs[0]->shape.rank, &axis));
    return dg_infer_same(infer);
}

static void gumbel_compose(const dg_compose *compose)
{
    dg_node *x = compose->inputs[0];
    char formula[96];
    int axis, rank = dg_node_type(x, 0)->shape.rank;
    if (dg_infer_dim(compose->attrs[2].i, rank, &axis).code != DG_OK)
        return;
    plain_print(formula, sizeof formula, "(x - log(-log(max(u, 1e-37)))) / %.17g", compose->attrs[0].f);
    dg_node *y = dg_softmax(dg_expr(formula, {"x", x}, {"u", dg_uniform_like(x)}), .dim = axis);
    if (compose->attrs[1].b) {
        dg_node *places = dg_arange_like(x, .dim = axis);
        for (int d = axis + 1; d < rank; d++)
            places = dg_unsqueeze(places, -1);
        dg_node *best = dg_argmax(y, .dim = axis, .keepdim = true);
        dg_node *hard = dg_to(dg_eq(best, places), dg_node_type(x, 0)->dtype);
        y = dg_straight_through(hard, y);
    }
    compose->outputs[0] = y;
}

/* ---- descriptors ---- */

#define DIM(fallback_text)                                                                                             \
    {                                                                                                                  \
        .name = "dim", .kind = DG_ATTR_INT, .fallback = fallback_text, .doc = "the dimension of the features"          \
    }
#define GATED(op_name, text, paper, rule, sample)                                                                      \
    {                                                                                                                  \
        .name = op_name, .family = "activation", .summary = text, .source = paper, .inputs = {{.name = "input"}},      \
        .attrs = {DIM("-1")}, .infer = gated_infer, .compose = rule,                                                   \
        .samples = SAMPLES({op_name, {"[3, 6]"}}, {sample, {"[2, 4, 2]"}})                                             \
    }

static const dg_op glu_ops[] = {
    GATED("glu", "y = a·σ(b), a and b the halves of x", "Dauphin, Fan, Auli, Grangier 2017, eq. 1", glu_compose,
          "glu(dim=1)"),
    GATED("swiglu", "y = a·silu(b), a and b the halves of x", "Shazeer 2020, eq. 5", swiglu_compose, "swiglu(dim=1)"),
    GATED("geglu", "y = a·gelu(b), a and b the halves of x", "Shazeer 2020, eq. 5", geglu_compose, "geglu(dim=1)"),
    GATED("reglu", "y = a·relu(b), a and b the halves of x", "Shazeer 2020, eq. 5", reglu_compose, "reglu(dim=1)"),
    {
        .name = "maxout",
        .family = "activation",
        .summary = "y = the largest of each run of `pieces` features; on ties each derivative is an equal share",
        .source = "Goodfellow, Warde-Farley, Mirza, Courville, Bengio 2013",
        .inputs = {{.name = "input"}},
        .attrs = {{.name = "pieces", .kind = DG_ATTR_INT, .fallback = "2", .doc = "features that one unit sees"},
                  DIM("-1")},
        .infer = maxout_infer,
        .compose = maxout_compose,
        .samples = SAMPLES({"maxout", {"[3, 6]"}}, {"maxout(pieces=3, dim=1)", {"[2, 6, 2]"}}),
    },
    {
        .name = "crelu",
        .family = "activation",
        .summary = "y = [max(0, x), max(0, −x)] along dim: twice the features",
        .source = "Shang, Sohn, Almeida, Lee 2016, definition 2.1",
        .inputs = {{.name = "input"}},
        .attrs = {DIM("1")},
        .infer = crelu_infer,
        .compose = crelu_compose,
        .samples = SAMPLES({"crelu", {"[3, 4]"}}, {"crelu(dim=-1)", {"[2, 3, 2]"}}),
    },
    {
        .name = "sparsemax",
        .family = "activation",
        .summary = "the probabilities nearest to x: y = max(x − τ, 0) with τ such that Σ y = 1 along dim",
        .source = "Martins, Astudillo 2016, algorithm 1",
        .inputs = {{.name = "input"}},
        .attrs = {DIM("-1")},
        .infer = sparsemax_infer,
        .forward = sparsemax_forward,
        .backward = sparsemax_backward,
        .samples = SAMPLES({"sparsemax", {"[3, 4]"}}, {"sparsemax(dim=0)", {"[3, 2]"}}),
    },
    {
        .name = "gumbel_softmax",
        .family = "activation",
        .summary = "softmax((x + Gumbel noise)/tau) along dim, new noise in every run",
        .source = "Jang, Gu, Poole 2017, eq. 2; Maddison, Mnih, Teh 2017",
        .inputs = {{.name = "input"}},
        .attrs = {{.name = "tau", .kind = DG_ATTR_FLOAT, .fallback = "1", .doc = "the temperature"},
                  {.name = "hard",
                   .kind = DG_ATTR_BOOL,
                   .fallback = "false",
                   .doc = "the largest as 1, all else 0; the gradient is that of the softmax"},
                  DIM("-1")},
        .infer = gumbel_infer,
        .compose = gumbel_compose,
        .samples = SAMPLES({"gumbel_softmax", {"[3, 4]"}}, {"gumbel_softmax(tau=0.5, dim=0)", {"[3, 2]"}}),
    },
    {
        .name = "straight_through",
        .family = "activation",
        .summary = "y = the value of `hard`, whose gradient goes to `soft`: a step that training can pass",
        .source = "Bengio, Léonard, Courville 2013",
        .inputs = {{.name = "hard", .doc = "what y is"},
                   {.name = "soft", .doc = "what the gradient reaches, of the same shape"}},
        .flags = DG_VIEW | DG_CUSTOM_GRADIENT,
        .infer = straight_through_infer,
        .backward = straight_through_backward,
        .samples = SAMPLES({"straight_through", {"[3, 4]", "[3, 4]"}}),
    },
};

const dg_op_family glu_family = DG_FAMILY(glu_ops);
