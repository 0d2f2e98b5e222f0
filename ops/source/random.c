/* Random tensors. Numbers depend on the seed, the node and the step alone, whatever the number of threads. */
#include "ops/shared/arguments.h"
#include "ops/shared/chunks.h"
#include "ops/shared/describe.h"

#include "core/base/plain.h"

#include <dotgrad/op.h>
#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/source.h>
#include <float.h>
#include <stdio.h>

typedef struct drawing {
    const dg_random *key;
    dg_tensor *tensor;
    double a, b; /* mean and deviation, low and high, or the probability */
} drawing;

static dg_status draw(const dg_kernel *kernel, double a, double b, void (*work)(void *, int64_t, int64_t))
{
    drawing d = {.key = &kernel->random, .tensor = kernel->outputs[0], .a = a, .b = b};
    chunks_run(kernel->threads, dg_tensor_count(d.tensor), CHUNK, work, &d);
    return dg_ok();
}

static void draw_normal(void *argument, int64_t begin, int64_t end)
{
    const drawing *d = argument;
    dg_random_normal(d->key, d->tensor->dtype, d->tensor->data, begin, end, d->a, d->b);
}

static void draw_uniform(void *argument, int64_t begin, int64_t end)
{
    const drawing *d = argument;
    dg_random_uniform(d->key, d->tensor->dtype, d->tensor->data, begin, end, d->a, d->b);
}

static void draw_bernoulli(void *argument, int64_t begin, int64_t end)
{
    const drawing *d = argument;
    if (d->tensor->dtype == DG_FLOAT32) {
        float *y = d->tensor->data, p = (float)d->a;
        dg_random_uniform(d->key, DG_FLOAT32, y, begin, end, 0, 1);
        for (int64_t i = begin; i < end; i++)
            y[i] = y[i] < p ? 1 : 0;
    } else if (d->tensor->dtype == DG_FLOAT64) {
        double *y = d->tensor->data;
        dg_random_uniform(d->key, DG_FLOAT64, y, begin, end, 0, 1);
        for (int64_t i = begin; i < end; i++)
            y[i] = y[i] < d->a ? 1 : 0;
    } else {
        for (int64_t i = begin; i < end; i++)
            dg_tensor_set(d->tensor, i, dg_random_unit(d->key, (uint64_t)i) < d->a);
    }
}

/* ---- of a shape that is given: shape, two numbers (bernoulli: one), dtype ---- */

static dg_status shaped_infer(const dg_infer *infer, const dg_value *dtype, bool floats)
{
    dg_dtype chosen = dtype_or_default(dtype, infer->graph);
    if (floats && !dg_dtype_is_float(chosen))
        return dg_error(DG_BAD_DTYPE, "dtype is %s, expected float32 or float64", dg_dtype_name(chosen));
    infer->outputs[0] = (dg_type){chosen, *infer->attrs[0].shape};
    return dg_ok();
}

static dg_status check_probability(double p)
{
    return p >= 0 && p <= 1 ? dg_ok() : dg_error(DG_BAD_ARGUMENT, "p is %g, expected 0 … 1", p);
}

static dg_status check_deviation(double std)
{
    return std >= 0 ? dg_ok() : dg_error(DG_BAD_ARGUMENT, "std is %g, expected at least 0", std);
}

static dg_status check_bounds(double low, double high, dg_dtype dtype)
{
    if (low > high)
        return dg_error(DG_BAD_ARGUMENT, "low is %g, which is above high, %g", low, high);
    return high - low <= (dtype == DG_FLOAT32 ? FLT_MAX : DBL_MAX)
               ? dg_ok()
               : dg_error(DG_BAD_ARGUMENT, "from low, %g, to high, %g, is farther than %s reaches", low, high,
                          dg_dtype_name(dtype));
}

static dg_status normal_infer(const dg_infer *infer)
{
    DG_TRY(check_deviation(infer->attrs[2].f));
    return shaped_infer(infer, &infer->attrs[3], true);
}

static dg_status normal_forward(const dg_kernel *kernel)
{
    return draw(kernel, kernel->attrs[1].f, kernel->attrs[2].f, draw_normal);
}

static dg_status uniform_infer(const dg_infer *infer)
{
    DG_TRY(shaped_infer(infer, &infer->attrs[3], true));
    return check_bounds(infer->attrs[1].f, infer->attrs[2].f, infer->outputs[0].dtype);
}

static dg_status uniform_forward(const dg_kernel *kernel)
{
    return draw(kernel, kernel->attrs[1].f, kernel->attrs[2].f, draw_uniform);
}

static dg_status bernoulli_infer(const dg_infer *infer)
{
    DG_TRY(check_probability(infer->attrs[1].f));
    return shaped_infer(infer, &infer->attrs[2], false);
}

static dg_status bernoulli_forward(const dg_kernel *kernel)
{
    return draw(kernel, kernel->attrs[1].f, 0, draw_bernoulli);
}

/* ---- in the shape of an input; of its type when that is a float type ---- */

static dg_status like_infer(const dg_infer *infer)
{
    dg_dtype dtype = infer->inputs[0]->dtype;
    infer->outputs[0] = *infer->inputs[0];
    infer->outputs[0].dtype = dg_dtype_is_float(dtype) ? dtype : dg_graph_dtype(infer->graph);
    return dg_ok();
}

static dg_status normal_like_infer(const dg_infer *infer)
{
    DG_TRY(check_deviation(infer->attrs[1].f));
    return like_infer(infer);
}

static dg_status normal_like_forward(const dg_kernel *kernel)
{
    return draw(kernel, kernel->attrs[0].f, kernel->attrs[1].f, draw_normal);
}

static dg_status uniform_like_infer(const dg_infer *infer)
{
    DG_TRY(like_infer(infer));
    return check_bounds(infer->attrs[0].f, infer->attrs[1].f, infer->outputs[0].dtype);
}

static dg_status uniform_like_forward(const dg_kernel *kernel)
{
    return draw(kernel, kernel->attrs[0].f, kernel->attrs[1].f, draw_uniform);
}

static dg_status bernoulli_like_infer(const dg_infer *infer)
{
    DG_TRY(check_probability(infer->attrs[0].f));
    return like_infer(infer);
}

static dg_status bernoulli_like_forward(const dg_kernel *kernel)
{
    return draw(kernel, kernel->attrs[0].f, 0, draw_bernoulli);
}

/* ---- dropout ---- */

static dg_status dropout_infer(const dg_infer *infer)
{
    DG_TRY(check_probability(infer->attrs[0].f));
    if (!dg_dtype_is_float(infer->inputs[0]->dtype))
        return dg_error(DG_BAD_DTYPE, "the input is %s, expected floats", dg_dtype_name(infer->inputs[0]->dtype));
    return dg_infer_same(infer);
}

static void dropout_compose(const dg_compose *compose)
{
    dg_node *x = compose->inputs[0];
    double p = compose->attrs[0].f;
    char formula[64];
    if (p < 1)
        plain_print(formula, sizeof formula, "x * (kept * %.17g)", 1 / (1 - p));
    else
        snprintf(formula, sizeof formula, "x * kept");
    dg_node *kept = dg_bernoulli_like(x, .p = 1 - p);
    dg_node *dropped = dg_expr(formula, {"x", x}, {"kept", kept});
    compose->outputs[0] = p > 0 ? dg_where(dg_training(compose->graph), dropped, x) : dg_identity(x);
}

#define SHAPE_ATTR                                                                                                     \
    {                                                                                                                  \
        .name = "shape", .kind = DG_ATTR_SHAPE, .positional = true, .doc = "sizes; N is the batch"                     \
    }
#define DTYPE_ATTR                                                                                                     \
    {                                                                                                                  \
        .name = "dtype", .kind = DG_ATTR_DTYPE, .fallback = "none",                                                    \
        .doc = "the element type; the graph's float type when left out"                                                \
    }
#define LIKE_INPUT                                                                                                     \
    {                                                                                                                  \
        .name = "input", .flags = DG_SHAPE_ONLY                                                                        \
    }

static const dg_sample normal_samples[] = {{"normal([3, 4], mean=1, std=0.5)", {NULL}}, {.call = NULL}};
static const dg_sample uniform_samples[] = {{"uniform([3, 4], low=-1, high=2)", {NULL}}, {.call = NULL}};
static const dg_sample bernoulli_samples[] = {{"bernoulli([3, 4], p=0.25)", {NULL}}, {.call = NULL}};
static const dg_sample normal_like_samples[] = {{"normal_like", {"[3, 4]"}}, {.call = NULL}};
static const dg_sample uniform_like_samples[] = {{"uniform_like", {"[3, 4]"}}, {.call = NULL}};
static const dg_sample bernoulli_like_samples[] = {{"bernoulli_like", {"[3, 4]"}}, {.call = NULL}};
static const dg_sample dropout_samples[] = {{"dropout", {"[3, 4]"}}, {"dropout(0.2)", {"[2, 3, 4]"}}, {.call = NULL}};

static const dg_op random_ops[] = {
    {
        .name = "normal",
        .family = "random",
        .summary = "y ~ N(mean, std²)",
        .attrs = {SHAPE_ATTR, NUMBER("mean", "0", "the mean"), NUMBER("std", "1", "the standard deviation"),
                  DTYPE_ATTR},
        .flags = DG_RANDOM | DG_NOT_DIFFERENTIABLE,
        .infer = normal_infer,
        .forward = normal_forward,
        .samples = normal_samples,
    },
    {
        .name = "uniform",
        .family = "random",
        .summary = "y uniform in [low, high)",
        .attrs = {SHAPE_ATTR, NUMBER("low", "0", "the least value"), NUMBER("high", "1", "what lies above all"),
                  DTYPE_ATTR},
        .flags = DG_RANDOM | DG_NOT_DIFFERENTIABLE,
        .infer = uniform_infer,
        .forward = uniform_forward,
        .samples = uniform_samples,
    },
    {
        .name = "bernoulli",
        .family = "random",
        .summary = "y = 1 with probability p, else 0",
        .attrs = {SHAPE_ATTR, NUMBER("p", "0.5", "the probability of 1"), DTYPE_ATTR},
        .flags = DG_RANDOM | DG_NOT_DIFFERENTIABLE,
        .infer = bernoulli_infer,
        .forward = bernoulli_forward,
        .samples = bernoulli_samples,
    },
    {
        .name = "normal_like",
        .family = "random",
        .summary = "y ~ N(mean, std²) in the shape of x",
        .inputs = {LIKE_INPUT},
        .attrs = {NUMBER("mean", "0", "the mean"), NUMBER("std", "1", "the standard deviation")},
        .flags = DG_RANDOM | DG_NOT_DIFFERENTIABLE,
        .infer = normal_like_infer,
        .forward = normal_like_forward,
        .samples = normal_like_samples,
    },
    {
        .name = "uniform_like",
        .family = "random",
        .summary = "y uniform in [low, high), in the shape of x",
        .inputs = {LIKE_INPUT},
        .attrs = {NUMBER("low", "0", "the least value"), NUMBER("high", "1", "what lies above all")},
        .flags = DG_RANDOM | DG_NOT_DIFFERENTIABLE,
        .infer = uniform_like_infer,
        .forward = uniform_like_forward,
        .samples = uniform_like_samples,
    },
    {
        .name = "bernoulli_like",
        .family = "random",
        .summary = "y = 1 with probability p, else 0, in the shape of x",
        .inputs = {LIKE_INPUT},
        .attrs = {NUMBER("p", "0.5", "the probability of 1")},
        .flags = DG_RANDOM | DG_NOT_DIFFERENTIABLE,
        .infer = bernoulli_like_infer,
        .forward = bernoulli_like_forward,
        .samples = bernoulli_like_samples,
    },
    {
        .name = "dropout",
        .family = "random",
        .summary = "in training y = x·mask/(1 − p), mask 0 with probability p; else y = x",
        .source = "Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov 2014",
        .inputs = {{.name = "input"}},
        .attrs = {NUMBER("p", "0.5", "the probability of dropping")},
        .infer = dropout_infer,
        .compose = dropout_compose,
        .samples = dropout_samples,
    },
};

const dg_op_family random_family = DG_FAMILY(random_ops);
