/* Tensors made of numbers: ranges, the identity, one value everywhere. */
#include "ops/shared/arguments.h"
#include "ops/shared/chunks.h"
#include "ops/shared/rules.h"

#include <dotgrad/op.h>
#include <math.h>
#include <string.h>

/* y_i = a + b·i, or, where the diagonal is all that is wanted, 1 on it. */
typedef struct filling {
    dg_tensor *y;
    double a, b;
    double last; /* of linspace: counted from this end in the second half */
    int64_t diagonal;
} filling;

static void fill_range(void *argument, int64_t begin, int64_t end)
{
    const filling *f = argument;
    int64_t count = dg_tensor_count(f->y);
    for (int64_t i = begin; i < end; i++) {
        double value = f->a + f->b * (double)i;
        if (!isnan(f->last) && i >= count / 2)
            value = f->last - f->b * (double)(count - 1 - i);
        if (f->diagonal > 0)
            value = i / f->diagonal == i % f->diagonal;
        dg_tensor_set(f->y, i, value);
    }
}

static dg_status fill(const dg_kernel *kernel, filling f)
{
    f.y = kernel->outputs[0];
    chunks_run(kernel->threads, dg_tensor_count(f.y), CHUNK, fill_range, &f);
    return dg_ok();
}

static bool is_whole(double number)
{
    return floor(number) == number;
}

/* ---- arange: attributes start, end, step, dtype ---- */

typedef struct arange {
    double start, end, step;
} arange;

static arange arange_of(const dg_value *attrs)
{
    bool both = is_given(&attrs[1]);
    return (arange){both ? attrs[0].f : 0, both ? attrs[1].f : attrs[0].f, attrs[2].f};
}

static dg_status arange_infer(const dg_infer *infer)
{
    arange r = arange_of(infer->attrs);
    dg_dtype dtype = (dg_dtype)int_or(&infer->attrs[3], DG_DEFAULT_DTYPE);
    bool whole = is_whole(r.start) && is_whole(r.end) && is_whole(r.step);
    double count = ceil((r.end - r.start) / r.step);
    if (!(count >= 0 && count < 0x1p53))
        return dg_error(DG_BAD_ARGUMENT, "there is no way from %g to %g in steps of %g", r.start, r.end, r.step);
    if (dtype == DG_DEFAULT_DTYPE)
        dtype = whole ? DG_INT64 : dg_graph_dtype(infer->graph);
    infer->outputs[0] = (dg_type){dtype, DG_SHAPE((int64_t)count)};
    return dg_ok();
}

static dg_status arange_forward(const dg_kernel *kernel)
{
    arange r = arange_of(kernel->attrs);
    return fill(kernel, (filling){.a = r.start, .b = r.step, .last = NAN});
}

/* ---- linspace: attributes start, end, steps, dtype ---- */

static dg_status linspace_infer(const dg_infer *infer)
{
    if (infer->attrs[2].i < 0)
        return dg_error(DG_BAD_ARGUMENT, "%lld step(s), expected at least 0", (long long)infer->attrs[2].i);
    infer->outputs[0] = (dg_type){dtype_or_default(&infer->attrs[3], infer->graph), DG_SHAPE(infer->attrs[2].i)};
    return dg_ok();
}

static dg_status linspace_forward(const dg_kernel *kernel)
{
    double start = kernel->attrs[0].f, end = kernel->attrs[1].f;
    int64_t steps = kernel->attrs[2].i;
    double step = steps > 1 ? (end - start) / (double)(steps - 1) : 0;
    return fill(kernel, (filling){.a = start, .b = step, .last = steps > 1 ? end : NAN});
}

/* ---- eye: attributes n, m, dtype ---- */

static dg_status eye_infer(const dg_infer *infer)
{
    int64_t n = infer->attrs[0].i, m = int_or(&infer->attrs[1], n);
    if (n < 0 || m < 0)
        return dg_error(DG_BAD_ARGUMENT, "a matrix of [%lld, %lld]", (long long)n, (long long)m);
    infer->outputs[0] = (dg_type){dtype_or_default(&infer->attrs[2], infer->graph), DG_SHAPE(n, m)};
    return dg_ok();
}

static dg_status eye_forward(const dg_kernel *kernel)
{
    return fill(kernel, (filling){.last = NAN, .diagonal = kernel->outputs[0]->shape.dims[1]});
}

/* ---- zeros, ones: shape, dtype; full: shape, fill_value, dtype; full_like: fill_value ---- */

static dg_status shaped_infer(const dg_infer *infer, const dg_value *dtype)
{
    infer->outputs[0] = (dg_type){dtype_or_default(dtype, infer->graph), *infer->attrs[0].shape};
    return dg_ok();
}

static dg_status zeros_infer(const dg_infer *infer)
{
    return shaped_infer(infer, &infer->attrs[1]);
}

static dg_status full_infer(const dg_infer *infer)
{
    return shaped_infer(infer, &infer->attrs[2]);
}

static dg_status zeros_forward(const dg_kernel *kernel)
{
    return fill(kernel, (filling){.a = 0, .last = NAN});
}

static dg_status ones_forward(const dg_kernel *kernel)
{
    return fill(kernel, (filling){.a = 1, .last = NAN});
}

static dg_status full_forward(const dg_kernel *kernel)
{
    return fill(kernel, (filling){.a = kernel->attrs[1].f, .last = NAN});
}

static dg_status full_like_forward(const dg_kernel *kernel)
{
    return fill(kernel, (filling){.a = kernel->attrs[0].f, .last = NAN});
}

/* ---- descriptors ---- */

static const dg_sample arange_samples[] = {
    {"arange(5)", {NULL}}, {"arange(1, 4, step=0.5)", {NULL}}, {"arange(3, dtype=float64)", {NULL}}, {.call = NULL}};
static const dg_sample linspace_samples[] = {{"linspace(-1, 1, 5)", {NULL}}, {.call = NULL}};
static const dg_sample eye_samples[] = {{"eye(3)", {NULL}}, {"eye(2, 3)", {NULL}}, {.call = NULL}};
static const dg_sample zeros_samples[] = {{"zeros([2, 3])", {NULL}}, {.call = NULL}};
static const dg_sample ones_samples[] = {{"ones([2, 3])", {NULL}}, {.call = NULL}};
static const dg_sample full_samples[] = {{"full([2, 3], 0.5)", {NULL}}, {.call = NULL}};
static const dg_sample full_like_samples[] = {{"full_like(0.5)", {"[2, 3]"}}, {.call = NULL}};

#define GIVEN_NUMBER(attr_name, text)                                                                                  \
    {                                                                                                                  \
        .name = attr_name, .kind = DG_ATTR_FLOAT, .positional = true, .doc = text                                      \
    }
#define FILL_VALUE                                                                                                     \
    {                                                                                                                  \
        .name = "fill_value", .kind = DG_ATTR_FLOAT, .positional = true, .may_be_nan = true, .doc = "the value"        \
    }
#define DTYPE_ATTR(text)                                                                                               \
    {                                                                                                                  \
        .name = "dtype", .kind = DG_ATTR_DTYPE, .fallback = "none", .doc = text                                        \
    }
#define SHAPE_ATTR                                                                                                     \
    {                                                                                                                  \
        .name = "shape", .kind = DG_ATTR_SHAPE, .positional = true, .doc = "sizes; N is the batch"                     \
    }
#define GRAPH_DTYPE DTYPE_ATTR("the element type; the graph's float type when left out")

static const dg_op fill_ops[] = {
    {
        .name = "arange",
        .family = "source",
        .summary = "start, start + step, … before end; with one number, 0, 1, … before it",
        .attrs = {GIVEN_NUMBER("start", "the first number; or the end, where that is left out"),
                  {.name = "end", .kind = DG_ATTR_FLOAT, .fallback = "none", .doc = "is not reached"},
                  {.name = "step", .kind = DG_ATTR_FLOAT, .fallback = "1", .doc = "the distance"},
                  DTYPE_ATTR("int64 when left out and all are whole numbers, else the graph's float type")},
        .flags = DG_NOT_DIFFERENTIABLE,
        .infer = arange_infer,
        .forward = arange_forward,
        .samples = arange_samples,
    },
    {
        .name = "linspace",
        .family = "source",
        .summary = "numbers from start to end, both included, at equal distances",
        .attrs = {GIVEN_NUMBER("start", "the first number"),
                  GIVEN_NUMBER("end", "the last number"),
                  {.name = "steps", .kind = DG_ATTR_INT, .positional = true, .doc = "how many"},
                  GRAPH_DTYPE},
        .flags = DG_NOT_DIFFERENTIABLE,
        .infer = linspace_infer,
        .forward = linspace_forward,
        .samples = linspace_samples,
    },
    {
        .name = "eye",
        .family = "source",
        .summary = "a matrix with ones on the diagonal, else 0",
        .attrs = {{.name = "n", .kind = DG_ATTR_INT, .positional = true, .doc = "rows"},
                  {.name = "m", .kind = DG_ATTR_INT, .fallback = "none", .doc = "columns; n when left out"},
                  GRAPH_DTYPE},
        .flags = DG_NOT_DIFFERENTIABLE,
        .infer = eye_infer,
        .forward = eye_forward,
        .samples = eye_samples,
    },
    {
        .name = "zeros",
        .family = "source",
        .summary = "zeros",
        .attrs = {SHAPE_ATTR, GRAPH_DTYPE},
        .flags = DG_NOT_DIFFERENTIABLE,
        .infer = zeros_infer,
        .forward = zeros_forward,
        .samples = zeros_samples,
    },
    {
        .name = "ones",
        .family = "source",
        .summary = "ones",
        .attrs = {SHAPE_ATTR, GRAPH_DTYPE},
        .flags = DG_NOT_DIFFERENTIABLE,
        .infer = zeros_infer,
        .forward = ones_forward,
        .samples = ones_samples,
    },
    {
        .name = "full",
        .family = "source",
        .summary = "one value everywhere",
        .attrs = {SHAPE_ATTR, FILL_VALUE, GRAPH_DTYPE},
        .flags = DG_NOT_DIFFERENTIABLE,
        .infer = full_infer,
        .forward = full_forward,
        .samples = full_samples,
    },
    {
        .name = "full_like",
        .family = "source",
        .summary = "one value everywhere, in the shape of x",
        .inputs = {{.name = "input", .flags = DG_SHAPE_ONLY}},
        .attrs = {FILL_VALUE},
        .flags = DG_NOT_DIFFERENTIABLE,
        .infer = dg_infer_same,
        .forward = full_like_forward,
        .samples = full_like_samples,
    },
};

const dg_op_family fill_family = DG_FAMILY(fill_ops);
