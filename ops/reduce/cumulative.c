/* Along one dimension, from each place all that came before: sums, products, greatest and least, and the linear
 * recurrence that their derivatives are made of. */
#include "ops/shared/arguments.h"
#include "ops/shared/chunks.h"
#include "ops/shared/describe.h"
#include "ops/shared/rules.h"

#include <dotgrad/op.h>
#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/reduce.h>
#include <dotgrad/ops/shape.h>
#include <dotgrad/ops/source.h>
#include <math.h>

/* A tensor as [outer, n, inner], worked on in columns of at most WIDTH. */
enum { WIDTH = 64 };
typedef struct lines {
    int64_t n, inner, blocks; /* blocks of columns in a line */
    const void *x, *a;
    void *y;
    int64_t *index;
    bool reverse, greatest;
} lines;

typedef struct line {
    int64_t start, width;
} line;

static line line_of(const lines *l, int64_t unit)
{
    int64_t column = unit % l->blocks * WIDTH, left = l->inner - column;
    return (line){unit / l->blocks * l->n * l->inner + column, left < WIDTH ? left : WIDTH};
}

#define TEMPLATE "ops/reduce/cumulative.template.h"
#include "core/base/for_types.h"

#define TEMPLATE "ops/recurrent/linear_scan.template.h"
#include "core/base/for_floats.h"

typedef void lines_work(const lines *l, int64_t begin, int64_t end);
#define BY_DTYPE(name)                                                                                                 \
    {                                                                                                                  \
        [DG_BOOL] = name##_bool, [DG_INT32] = name##_int32, [DG_INT64] = name##_int64, [DG_FLOAT32] = name##_float32,  \
        [DG_FLOAT64] = name##_float64                                                                                  \
    }
static lines_work *const cumsum_works[] = BY_DTYPE(cumsum), *const cumprod_works[] = BY_DTYPE(cumprod),
                         *const extreme_works[] = BY_DTYPE(extreme);

typedef struct running {
    const lines *lines;
    lines_work *work;
} running;

static void run_range(void *argument, int64_t begin, int64_t end)
{
    const running *r = argument;
    r->work(r->lines, begin, end);
}

/* Works on lines of the first output, whose shape is input 0's; x, a, y and the rest as `l` says. */
static dg_status run_lines(const dg_kernel *kernel, int64_t dim, lines l, lines_work *work)
{
    const dg_tensor *y = kernel->outputs[0];
    int axis;
    DG_TRY(dg_infer_dim(dim, y->shape.rank, &axis));
    int64_t count = dg_tensor_count(y), lengths = 1;
    l.n = y->shape.rank ? y->shape.dims[axis] : 1;
    for (int d = axis + 1; d < y->shape.rank; d++)
        lengths *= y->shape.dims[d];
    if (count == 0)
        return dg_ok();
    l.inner = lengths;
    l.blocks = (l.inner + WIDTH - 1) / WIDTH;
    l.y = y->data;
    int64_t units = count / (l.n * l.inner) * l.blocks, width = l.inner < WIDTH ? l.inner : WIDTH;
    chunks_run(kernel->threads, units, CHUNK / (l.n * width), run_range, &(running){&l, work});
    return dg_ok();
}

/* ---- shapes ---- */

static dg_status check_dim(const dg_infer *infer)
{
    int axis;
    return dg_infer_dim(infer->attrs[0].i, infer->inputs[0]->shape.rank, &axis);
}

static dg_status sum_infer(const dg_infer *infer)
{
    dg_dtype dtype = infer->inputs[0]->dtype;
    infer->outputs[0] = (dg_type){dg_dtype_is_float(dtype) ? dtype : DG_INT64, infer->inputs[0]->shape};
    return check_dim(infer);
}

static dg_status extreme_infer(const dg_infer *infer)
{
    infer->outputs[0] = *infer->inputs[0];
    infer->outputs[1] = (dg_type){DG_INT64, infer->inputs[0]->shape};
    return check_dim(infer);
}

static dg_status float_infer(const dg_infer *infer)
{
    DG_TRY(want_floats(infer, 0));
    infer->outputs[0] = *infer->inputs[0];
    return check_dim(infer);
}

static dg_status scan_infer(const dg_infer *infer)
{
    DG_TRY(want_floats(infer, 1));
    DG_TRY(shapes_agree(infer, 0, 1));
    return float_infer(infer);
}

/* ---- kernels ---- */

static dg_status cumsum_forward(const dg_kernel *kernel)
{
    const dg_tensor *x = kernel->inputs[0];
    return run_lines(kernel, kernel->attrs[0].i, (lines){.x = x->data, .reverse = kernel->attrs[1].b},
                     cumsum_works[x->dtype]);
}

static dg_status cumprod_forward(const dg_kernel *kernel)
{
    const dg_tensor *x = kernel->inputs[0];
    return run_lines(kernel, kernel->attrs[0].i, (lines){.x = x->data}, cumprod_works[x->dtype]);
}

static dg_status extreme(const dg_kernel *kernel, bool greatest)
{
    const dg_tensor *x = kernel->inputs[0];
    return run_lines(kernel, kernel->attrs[0].i,
                     (lines){.x = x->data, .index = kernel->outputs[1]->data, .greatest = greatest},
                     extreme_works[x->dtype]);
}

static dg_status cummax_forward(const dg_kernel *kernel)
{
    return extreme(kernel, true);
}

static dg_status cummin_forward(const dg_kernel *kernel)
{
    return extreme(kernel, false);
}

static dg_status logcumsumexp_forward(const dg_kernel *kernel)
{
    const dg_tensor *x = kernel->inputs[0];
    return run_lines(kernel, kernel->attrs[0].i, (lines){.x = x->data},
                     x->dtype == DG_FLOAT32 ? logcumsumexp_float32 : logcumsumexp_float64);
}

static dg_status scan_forward(const dg_kernel *kernel)
{
    const dg_tensor *a = kernel->inputs[0], *b = kernel->inputs[1];
    return run_lines(kernel, kernel->attrs[0].i, (lines){.a = a->data, .x = b->data, .reverse = kernel->attrs[1].b},
                     b->dtype == DG_FLOAT32 ? linear_scan_float32 : linear_scan_float64);
}

/* ---- derivatives ---- */

static bool is_scalar(const dg_node *node)
{
    return dg_node_type(node, 0)->shape.rank == 0;
}

/* y_{t−1}, with 0 before the first. */
static dg_node *shifted(dg_node *y, int64_t dim)
{
    return dg_slice_scatter(dg_slice(y, .dim = dim, .end = -1), y, .dim = dim, .start = 1);
}

/* What flows to one place comes from all places after it. */
static void cumsum_backward(const dg_backward *vjp)
{
    if (dg_dtype_is_float(dg_node_type(vjp->inputs[0], 0)->dtype))
        vjp->grad_inputs[0] = dg_cumsum(vjp->grad_output, vjp->attrs[0].i, .reverse = !vjp->attrs[1].b);
}

/* y_t = a_t·y_{t−1} + b_t: db is the transposed recurrence of g, and da_t = db_t·y_{t−1}. */
static void scan_backward(const dg_backward *vjp)
{
    int64_t dim = vjp->attrs[0].i;
    bool transposed = vjp->attrs[1].b;
    dg_node *a = vjp->inputs[0], *y = vjp->output;
    dg_node *db = dg_linear_scan(a, vjp->grad_output, dim, .transposed = !transposed);
    vjp->grad_inputs[1] = db;
    if (!vjp->wanted[0] || is_scalar(a))
        return;
    vjp->grad_inputs[0] = transposed ? dg_mul(y, shifted(db, dim)) : dg_mul(db, shifted(y, dim));
}

/* The recurrence y_t = x_t·y_{t−1} from y_{−1} = 1: right where there are zeros. */
static void cumprod_backward(const dg_backward *vjp)
{
    dg_node *x = vjp->inputs[0], *y = vjp->output;
    int64_t dim = vjp->attrs[0].i;
    if (!dg_dtype_is_float(dg_node_type(x, 0)->dtype))
        return;
    if (is_scalar(x)) {
        vjp->grad_inputs[0] = vjp->grad_output;
        return;
    }
    dg_node *first = dg_ones_like(dg_slice(x, .dim = dim, .start = 0, .end = 1));
    dg_node *before = dg_add(shifted(y, dim), dg_slice_scatter(first, x, .dim = dim, .start = 0, .end = 1));
    vjp->grad_inputs[0] = dg_mul(dg_linear_scan(x, vjp->grad_output, dim, .transposed = true), before);
}

static void extreme_backward(const dg_backward *vjp)
{
    if (vjp->grad_outputs[0])
        vjp->grad_inputs[0] =
            dg_scatter_add(vjp->grad_outputs[0], dg_output(vjp->node, 1), vjp->inputs[0], .dim = vjp->attrs[0].i);
}

/* dx_i = exp(x_i − y_i)·s_i with s_i = g_i + exp(y_i − y_{i+1})·s_{i+1}: no exponent is positive. */
static void logcumsumexp_backward(const dg_backward *vjp)
{
    dg_node *x = vjp->inputs[0], *y = vjp->output;
    int64_t dim = vjp->attrs[0].i;
    if (is_scalar(x)) {
        vjp->grad_inputs[0] = vjp->grad_output;
        return;
    }
    dg_node *rise = dg_expr("where(b == -inf, 0, a - b)", {"a", dg_slice(y, .dim = dim, .end = -1)},
                            {"b", dg_slice(y, .dim = dim, .start = 1)});
    dg_node *factor = dg_exp(dg_slice_scatter(rise, y, .dim = dim, .start = 1));
    dg_node *s = dg_linear_scan(factor, vjp->grad_output, dim, .transposed = true);
    vjp->grad_inputs[0] = dg_expr("where(y == -inf, 0, s * exp(x - y))", {"x", x}, {"y", y}, {"s", s});
}

/* ---- descriptors ---- */

#define CUMULATIVE_SAMPLES(op_name)                                                                                    \
    NAMED_SAMPLES(op_name, {#op_name "(1)", {"[3, 4]"}}, {#op_name "(dim=0)", {"[3, 2]"}},                             \
                  {#op_name "(-2)", {"[2, 3, 2]"}})
static const dg_sample cumsum_samples[] = {{"cumsum(1)", {"[3, 4]"}},
                                           {"cumsum(dim=0)", {"[3, 2]"}},
                                           {"cumsum(-2, reverse=true)", {"[2, 3, 2]"}},
                                           {.call = NULL}};
CUMULATIVE_SAMPLES(cumprod);
CUMULATIVE_SAMPLES(cummax);
CUMULATIVE_SAMPLES(cummin);
CUMULATIVE_SAMPLES(logcumsumexp);
static const dg_sample scan_samples[] = {{"linear_scan(1)", {"[3, 4]", "[3, 4]"}},
                                         {"linear_scan(0, transposed=true)", {"[3, 2]", "[3, 2]"}},
                                         {"linear_scan(-2)", {"[2, 3, 2]", "[2, 3, 2]"}},
                                         {.call = NULL}};

#define DIM_ATTR                                                                                                       \
    {                                                                                                                  \
        .name = "dim", .kind = DG_ATTR_INT, .positional = true, .doc = "the dimension"                                 \
    }
#define RUNNING(op_name, summary_text, infer_rule, kernel, derivative)                                                 \
    .name = op_name, .family = "reduce", .summary = summary_text, .infer = infer_rule, .forward = kernel,              \
    .backward = derivative

static const dg_op cumulative_ops[] = {
    {
        RUNNING("cumsum", "y_t = x_0 + … + x_t along dim", sum_infer, cumsum_forward, cumsum_backward),
        .inputs = {{.name = "input"}},
        .attrs = {DIM_ATTR,
                  {.name = "reverse", .kind = DG_ATTR_BOOL, .fallback = "false", .doc = "from the last place on"}},
        .samples = cumsum_samples,
    },
    {
        RUNNING("cumprod", "y_t = x_0 · … · x_t along dim", sum_infer, cumprod_forward, cumprod_backward),
        .inputs = {{.name = "input"}},
        .attrs = {DIM_ATTR},
        .samples = cumprod_samples,
    },
    {
        RUNNING("cummax", "y_t = max(x_0, …, x_t) along dim, and where it is; the last one on ties", extreme_infer,
                cummax_forward, extreme_backward),
        .inputs = {{.name = "input"}},
        .attrs = {DIM_ATTR},
        .outputs = {"values", "indices"},
        .samples = cummax_samples,
    },
    {
        RUNNING("cummin", "y_t = min(x_0, …, x_t) along dim, and where it is; the last one on ties", extreme_infer,
                cummin_forward, extreme_backward),
        .inputs = {{.name = "input"}},
        .attrs = {DIM_ATTR},
        .outputs = {"values", "indices"},
        .samples = cummin_samples,
    },
    {
        RUNNING("logcumsumexp", "y_t = ln(exp(x_0) + … + exp(x_t)) along dim", float_infer, logcumsumexp_forward,
                logcumsumexp_backward),
        .inputs = {{.name = "input"}},
        .attrs = {DIM_ATTR},
        .samples = logcumsumexp_samples,
    },
    {
        RUNNING("linear_scan", "y_t = a_t·y_{t−1} + b_t along dim, y_{−1} = 0", scan_infer, scan_forward,
                scan_backward),
        .inputs = {{.name = "a"}, {.name = "b"}},
        .attrs = {DIM_ATTR,
                  {.name = "transposed",
                   .kind = DG_ATTR_BOOL,
                   .fallback = "false",
                   .doc = "y_t = a_{t+1}·y_{t+1} + b_t, from the last place on"}},
        .samples = scan_samples,
    },
};

const dg_op_family cumulative_family = DG_FAMILY(cumulative_ops);
