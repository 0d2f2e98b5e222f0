/* softmax, log_softmax, softmin. Rows are shifted by their largest element, so that no exponential overflows; a row of
 * −inf alone gives NaN, as in PyTorch. */
#include <dotgrad/op_families.h>
#include <dotgrad/ops.h>

#include <math.h>

#include "rules.h"

enum { LANES = 16, PIECE_ELEMENTS = 1 << 13 };

#define REAL       float
#define EXP        expf
#define NAME(name) name##_float32
#include "softmax_real.h"
#undef REAL
#undef EXP
#undef NAME

#define REAL       double
#define EXP        exp
#define NAME(name) name##_float64
#include "softmax_real.h"
#undef REAL
#undef EXP
#undef NAME

/* Tensors as [outer, size, inner] around the dimension. A bundle is up to LANES neighbouring rows. */
typedef struct softmax_call {
    const dg_tensor *x, *y;
    bool logarithm;
    int64_t size, inner;
    int64_t bundles_inner, bundles, bundles_per_piece;
} softmax_call;

static void run_bundle(const softmax_call *c, int64_t bundle)
{
    int64_t outer = bundle / c->bundles_inner, first = bundle % c->bundles_inner * LANES;
    int64_t lanes = c->inner - first < LANES ? c->inner - first : LANES;
    int64_t at = outer * c->size * c->inner + first;
    if (c->y->dtype == DG_FLOAT32)
        (c->logarithm ? log_softmax_rows_float32 : softmax_rows_float32)(
            (const float *)c->x->data + at, (float *)c->y->data + at, c->size, c->inner, lanes);
    else
        (c->logarithm ? log_softmax_rows_float64 : softmax_rows_float64)(
            (const double *)c->x->data + at, (double *)c->y->data + at, c->size, c->inner, lanes);
}

static void run_piece(void *argument, int64_t piece)
{
    const softmax_call *c = argument;
    int64_t begin = piece * c->bundles_per_piece, end = begin + c->bundles_per_piece;
    for (int64_t bundle = begin; bundle < end && bundle < c->bundles; bundle++)
        run_bundle(c, bundle);
}

static dg_status run(const dg_kernel *kernel, bool logarithm)
{
    const dg_shape *shape = &kernel->outputs[0]->shape;
    int axis;
    DG_TRY(dg_infer_dim(kernel->attrs[0].i, shape->rank, &axis));
    if (dg_shape_count(shape) == 0)
        return dg_ok();
    softmax_call c = {.x = kernel->inputs[0], .y = kernel->outputs[0], .logarithm = logarithm, .inner = 1};
    c.size = shape->rank ? shape->dims[axis] : 1;
    for (int d = axis + 1; d < shape->rank; d++)
        c.inner *= shape->dims[d];
    c.bundles_inner = (c.inner + LANES - 1) / LANES;
    c.bundles = dg_shape_count(shape) / (c.size * c.inner) * c.bundles_inner;
    int64_t bundle_elements = c.size * (c.inner < LANES ? c.inner : LANES);
    c.bundles_per_piece = bundle_elements < PIECE_ELEMENTS ? PIECE_ELEMENTS / bundle_elements : 1;
    dg_threads_run(kernel->threads, (c.bundles + c.bundles_per_piece - 1) / c.bundles_per_piece, run_piece, &c);
    return dg_ok();
}

static dg_status softmax_forward(const dg_kernel *kernel)
{
    return run(kernel, false);
}

static dg_status log_softmax_forward(const dg_kernel *kernel)
{
    return run(kernel, true);
}

static dg_status softmax_infer(const dg_infer *infer)
{
    int axis;
    DG_TRY(want_floats(infer, 0));
    DG_TRY(dg_infer_dim(infer->attrs[0].i, infer->inputs[0]->shape.rank, &axis));
    return dg_infer_same(infer);
}

static dg_node *sum_along(dg_node *node, const dg_value *attrs)
{
    if (dg_node_type(node, 0)->shape.rank == 0)
        return node;
    return dg_sum(node, .dim = DG_INTS(attrs[0].i), .keepdim = true);
}

/* dx = y (g − Σ g y) */
static void softmax_backward(const dg_backward *vjp)
{
    dg_node *y = vjp->output, *g = vjp->grad_output;
    dg_node *sum = sum_along(dg_mul(g, y), vjp->attrs);
    vjp->grad_inputs[0] = dg_expr("y * (g - s)", {"y", y}, {"g", g}, {"s", sum});
}

/* dx = g − eʸ Σ g */
static void log_softmax_backward(const dg_backward *vjp)
{
    dg_node *y = vjp->output, *g = vjp->grad_output;
    vjp->grad_inputs[0] = dg_expr("g - exp(y) * s", {"g", g}, {"y", y}, {"s", sum_along(g, vjp->attrs)});
}

static void softmin_compose(const dg_compose *compose)
{
    compose->outputs[0] = dg_softmax(dg_neg(compose->inputs[0]), .dim = compose->attrs[0].i);
}

static double softmax_flops(const dg_infer *infer)
{
    return 14 * (double)dg_shape_count(&infer->outputs[0].shape);
}

static const dg_sample softmax_samples[] = {{"softmax", {"[3, 4]"}},
                                            {"softmax(dim=0)", {"[3, 4]"}},
                                            {"softmax(dim=1)", {"[2, 3, 2]"}},
                                            {"softmax", {"[]"}},
                                            {0}};
static const dg_sample log_softmax_samples[] = {
    {"log_softmax", {"[3, 4]"}}, {"log_softmax(dim=0)", {"[3, 4]"}}, {"log_softmax(dim=-2)", {"[2, 3, 2]"}}, {0}};
static const dg_sample softmin_samples[] = {{"softmin", {"[3, 4]"}}, {"softmin(dim=0)", {"[3, 4]"}}, {0}};

static const dg_op softmax_ops[] = {
    {
        .name = "softmax",
        .family = "softmax",
        .summary = "eˣ / Σ eˣ along dim",
        .inputs = {{.name = "input"}},
        .attrs = {{.name = "dim", .kind = DG_ATTR_INT, .fallback = "-1", .doc = "the dimension of the classes"}},
        .infer = softmax_infer,
        .forward = softmax_forward,
        .backward = softmax_backward,
        .flops = softmax_flops,
        .samples = softmax_samples,
    },
    {
        .name = "log_softmax",
        .family = "softmax",
        .summary = "x − ln Σ eˣ along dim",
        .inputs = {{.name = "input"}},
        .attrs = {{.name = "dim", .kind = DG_ATTR_INT, .fallback = "-1", .doc = "the dimension of the classes"}},
        .infer = softmax_infer,
        .forward = log_softmax_forward,
        .backward = log_softmax_backward,
        .flops = softmax_flops,
        .samples = log_softmax_samples,
    },
    {
        .name = "softmin",
        .family = "softmax",
        .summary = "softmax of −x",
        .inputs = {{.name = "input"}},
        .attrs = {{.name = "dim", .kind = DG_ATTR_INT, .fallback = "-1", .doc = "the dimension of the classes"}},
        .infer = softmax_infer,
        .compose = softmin_compose,
        .samples = softmin_samples,
    },
};

const dg_op_family dg_softmax_ops = DG_FAMILY(softmax_ops);
