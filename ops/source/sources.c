/* Where values come from and go to: inputs, parameters, constants, assignments; and nodes that copy, fill or convert.
 */
#include "ops/shared/arguments.h"
#include "ops/shared/chunks.h"
#include "ops/shared/describe.h"

#include <dotgrad/op.h>
#include <dotgrad/ops/source.h>
#include <dotgrad/step.h>
#include <math.h>
#include <string.h>

/* ---- the engine's own: input, parameter, constant, training, output, assign ---- */

static dg_status input_infer(const dg_infer *infer)
{
    infer->outputs[0] = (dg_type){dtype_or_default(&infer->attrs[1], infer->graph), *infer->attrs[0].shape};
    return dg_ok();
}

static dg_status parameter_infer(const dg_infer *infer)
{
    const dg_shape *shape = infer->attrs[0].shape;
    char text[DG_SHAPE_TEXT];
    if (!dg_shape_is_known(shape))
        return dg_error(DG_BAD_SHAPE, "the shape is %s: a parameter's sizes are numbers",
                        dg_graph_print_shape(infer->graph, shape, text, sizeof text));
    double least = is_given(&infer->attrs[5]) ? infer->attrs[5].f : -INFINITY,
           most = is_given(&infer->attrs[6]) ? infer->attrs[6].f : INFINITY;
    if (least > most || (infer->attrs[4].b && most <= 0))
        return dg_error(DG_BAD_ARGUMENT, "no number is %sfrom %g to %g", infer->attrs[4].b ? "positive and " : "",
                        least, most);
    infer->outputs[0] = (dg_type){dtype_or_default(&infer->attrs[2], infer->graph), *shape};
    return dg_ok();
}

/* Written with a point, numbers are of the graph's float type, and so are those of 16 bits, which no node is of; else
 * they stay what they are. */
static dg_status constant_infer(const dg_infer *infer)
{
    const dg_tensor *value = infer->attrs[0].tensor;
    dg_dtype dtype = (dg_dtype)int_or(&infer->attrs[1], DG_DEFAULT_DTYPE);
    if (dtype == DG_DEFAULT_DTYPE)
        dtype =
            value->dtype == DG_FLOAT64 || dg_dtype_is_half(value->dtype) ? dg_graph_dtype(infer->graph) : value->dtype;
    infer->outputs[0] = (dg_type){dtype, value->shape};
    return dg_ok();
}

static dg_status training_infer(const dg_infer *infer)
{
    infer->outputs[0] = (dg_type){DG_BOOL, dg_scalar()};
    return dg_ok();
}

static dg_status assign_infer(const dg_infer *infer)
{
    const dg_type *parameter = infer->inputs[0], *value = infer->inputs[1];
    char own[DG_SHAPE_TEXT], other[DG_SHAPE_TEXT];
    bool known = dg_shape_is_known(&value->shape);
    if (value->shape.rank != parameter->shape.rank || (known && !dg_shape_equal(&value->shape, &parameter->shape)))
        return dg_error(DG_BAD_SHAPE, "the value is %s, the parameter %s",
                        dg_graph_print_shape(infer->graph, &value->shape, other, sizeof other),
                        dg_graph_print_shape(infer->graph, &parameter->shape, own, sizeof own));
    if (value->dtype != parameter->dtype)
        return dg_error(DG_BAD_DTYPE, "the value is %s, the parameter %s", dg_dtype_name(value->dtype),
                        dg_dtype_name(parameter->dtype));
    return dg_infer_same(infer);
}

/* ---- fills ---- */

typedef struct filling {
    dg_tensor *tensor;
    double value;
} filling;

static void fill_range(void *argument, int64_t begin, int64_t end)
{
    const filling *f = argument;
    if (f->tensor->dtype == DG_FLOAT32) {
        float *data = f->tensor->data, value = (float)f->value;
        for (int64_t i = begin; i < end; i++)
            data[i] = value;
    } else {
        for (int64_t i = begin; i < end; i++)
            dg_tensor_set(f->tensor, i, f->value);
    }
}

static dg_status fill(const dg_kernel *kernel, double value)
{
    filling f = {kernel->outputs[0], value};
    chunks_run(kernel->threads, dg_tensor_count(f.tensor), CHUNK, fill_range, &f);
    return dg_ok();
}

static dg_status zeros_like_forward(const dg_kernel *kernel)
{
    return fill(kernel, 0);
}

static dg_status ones_like_forward(const dg_kernel *kernel)
{
    return fill(kernel, 1);
}

/* ---- count: how many elements a reduction over `dim` takes together ---- */

static dg_status count_infer(const dg_infer *infer)
{
    axes set;
    DG_TRY(axes_from(&infer->attrs[0], infer->inputs[0]->shape.rank, &set));
    dg_dtype dtype = infer->inputs[0]->dtype;
    infer->outputs[0] = (dg_type){dg_dtype_is_float(dtype) ? dtype : dg_graph_dtype(infer->graph), dg_scalar()};
    return dg_ok();
}

static dg_status count_forward(const dg_kernel *kernel)
{
    const dg_shape *shape = &kernel->inputs[0]->shape;
    axes set;
    double count = 1;
    DG_TRY(axes_from(&kernel->attrs[0], shape->rank, &set));
    for (int d = 0; d < shape->rank; d++)
        if (set.has[d])
            count *= (double)shape->dims[d];
    dg_tensor_set(kernel->outputs[0], 0, count);
    return dg_ok();
}

/* ---- arange_like: 0, 1, … along a dimension ---- */

static dg_status arange_like_infer(const dg_infer *infer)
{
    const dg_shape *shape = &infer->inputs[0]->shape;
    int axis;
    if (shape->rank == 0)
        return dg_error(DG_BAD_SHAPE, "the input is a scalar, expected a dimension");
    DG_TRY(dg_infer_dim(infer->attrs[0].i, shape->rank, &axis));
    infer->outputs[0] = (dg_type){DG_INT64, {.rank = 1, .dims = {shape->dims[axis]}}};
    return dg_ok();
}

static dg_status arange_like_forward(const dg_kernel *kernel)
{
    int64_t *y = kernel->outputs[0]->data, count = kernel->outputs[0]->shape.dims[0];
    for (int64_t i = 0; i < count; i++)
        y[i] = i;
    return dg_ok();
}

/* Along time it is the number of the step. */
static void arange_like_step(const dg_step *step)
{
    const dg_shape *shape = &dg_node_type(step->inputs[0], 0)->shape;
    int axis;
    if (dg_infer_dim(step->attrs[0].i, shape->rank, &axis).code == DG_OK)
        step->outputs[0] =
            shape->dims[axis] == 1 ? step->position : dg_arange_like(step->inputs[0], .dim = step->attrs[0].i);
}

/* ---- to: another element type ---- */

static dg_status to_infer(const dg_infer *infer)
{
    infer->outputs[0] = (dg_type){dtype_or_default(&infer->attrs[0], infer->graph), infer->inputs[0]->shape};
    return dg_ok();
}

/* Towards zero; NaN gives 0 and what is out of range the nearest that is in it. */
static int64_t real_to_integer(double x, double low, double high)
{
    if (isnan(x))
        return 0;
    return x <= low ? (int64_t)low : x >= high ? (high >= 0x1p63 ? INT64_MAX : (int64_t)high) : (int64_t)x;
}

#define EACH(from, to, value)                                                                                          \
    do {                                                                                                               \
        const from *restrict x = source->data;                                                                         \
        to *restrict y = target->data;                                                                                 \
        for (int64_t i = begin; i < end; i++)                                                                          \
            y[i] = (to)(value);                                                                                        \
    } while (0)

#define FROM_EACH(from, to_int32, to_int64)                                                                            \
    switch (target->dtype) {                                                                                           \
    case DG_BOOL:                                                                                                      \
        EACH(from, uint8_t, x[i] != 0);                                                                                \
        break;                                                                                                         \
    case DG_INT32:                                                                                                     \
        EACH(from, int32_t, to_int32);                                                                                 \
        break;                                                                                                         \
    case DG_INT64:                                                                                                     \
        EACH(from, int64_t, to_int64);                                                                                 \
        break;                                                                                                         \
    case DG_FLOAT32:                                                                                                   \
        EACH(from, float, x[i]);                                                                                       \
        break;                                                                                                         \
    default:                                                                                                           \
        EACH(from, double, x[i]);                                                                                      \
        break;                                                                                                         \
    }                                                                                                                  \
    break

static void convert_range(void *argument, int64_t begin, int64_t end)
{
    const dg_kernel *kernel = argument;
    const dg_tensor *source = kernel->inputs[0];
    dg_tensor *target = kernel->outputs[0];
    switch (source->dtype) {
    case DG_BOOL:
        FROM_EACH(uint8_t, x[i], x[i]);
    case DG_INT32:
        FROM_EACH(int32_t, x[i], x[i]);
    case DG_INT64:
        FROM_EACH(int64_t, x[i], x[i]);
    case DG_FLOAT32:
        FROM_EACH(float, real_to_integer((double)x[i], INT32_MIN, INT32_MAX),
                  real_to_integer((double)x[i], -0x1p63, 0x1p63));
    default:
        FROM_EACH(double, real_to_integer(x[i], INT32_MIN, INT32_MAX), real_to_integer(x[i], -0x1p63, 0x1p63));
    }
}

static dg_status to_forward(const dg_kernel *kernel)
{
    chunks_run(kernel->threads, dg_tensor_count(kernel->outputs[0]), CHUNK, convert_range, (void *)kernel);
    return dg_ok();
}

static void to_backward(const dg_backward *vjp)
{
    dg_dtype from = dg_node_type(vjp->inputs[0], 0)->dtype, to = dg_node_type(vjp->output, 0)->dtype;
    if (dg_dtype_is_float(from) && dg_dtype_is_float(to))
        vjp->grad_inputs[0] = from == to ? vjp->grad_output : dg_to(vjp->grad_output, from);
}

static const dg_sample one_input[] = {{"detach", {"[3, 4]"}}, {.call = NULL}};
static const dg_sample zeros_samples[] = {{"zeros_like", {"[3, 4]"}}, {.call = NULL}};
static const dg_sample ones_samples[] = {{"ones_like", {"[3, 4]"}}, {.call = NULL}};
static const dg_sample count_samples[] = {
    {"count", {"[3, 4]"}}, {"count(dim=-1)", {"[3, 4]"}}, {"count(dim=[0, 2])", {"[2, 3, 4]"}}, {.call = NULL}};
static const dg_sample arange_samples[] = {{"arange_like(dim=1)", {"[3, 4]"}}, {.call = NULL}};
static const dg_sample to_samples[] = {
    {"to(float64)", {"[3, 4]"}}, {"to(float32)", {"[5] int64 below 9"}}, {"to(int64)", {"[5]"}}, {.call = NULL}};

#define DTYPE_ATTR                                                                                                     \
    {                                                                                                                  \
        .name = "dtype", .kind = DG_ATTR_DTYPE, .fallback = "none",                                                    \
        .doc = "the element type; the graph's float type when left out"                                                \
    }

static const dg_op source_ops[] = {
    {
        .name = "input",
        .family = "source",
        .summary = "a tensor that the caller or the data set feeds",
        .attrs = {{.name = "shape", .kind = DG_ATTR_SHAPE, .positional = true, .doc = "sizes; N is the batch"},
                  DTYPE_ATTR,
                  {.name = "field", .kind = DG_ATTR_TEXT, .fallback = "none", .doc = "the field of the data set"}},
        .role = DG_ROLE_INPUT,
        .infer = input_infer,
    },
    {
        .name = "parameter",
        .family = "source",
        .summary = "a named tensor that training changes",
        .attrs =
            {{.name = "shape", .kind = DG_ATTR_SHAPE, .positional = true, .doc = "sizes, all of them numbers"},
             {.name = "init", .kind = DG_ATTR_INIT, .fallback = "none", .doc = "the initialiser: xavier_uniform"},
             DTYPE_ATTR,
             {.name = "trainable", .kind = DG_ATTR_BOOL, .fallback = "true", .doc = "false: the optimiser skips it"},
             {.name = "positive",
              .kind = DG_ATTR_BOOL,
              .fallback = "false",
              .doc = "true: stays above 0; an optimiser steps its logarithm, and never decays it"},
             BOUND("min", "none", "a step ends at least here"),
             BOUND("max", "none", "a step ends at most here")},
        .role = DG_ROLE_PARAMETER,
        .infer = parameter_infer,
    },
    {
        .name = "constant",
        .family = "source",
        .summary = "numbers that never change: constant([[0, 1], [1, 0]])",
        .attrs = {{.name = "value", .kind = DG_ATTR_TENSOR, .positional = true, .doc = "a number or nested lists"},
                  {.name = "dtype",
                   .kind = DG_ATTR_DTYPE,
                   .fallback = "none",
                   .doc =
                       "the element type; left out, the graph's float type if a number has a point (1.0), else int64"}},
        .role = DG_ROLE_CONSTANT,
        .infer = constant_infer,
    },
    {
        .name = "training",
        .family = "source",
        .summary = "true in a plan for training, else false",
        .flags = DG_NOT_DIFFERENTIABLE,
        .role = DG_ROLE_TRAINING,
        .infer = training_infer,
    },
    {
        .name = "output",
        .family = "source",
        .summary = "output number `index` of a node with several",
        .inputs = {{.name = "input"}},
        .attrs = {{.name = "index", .kind = DG_ATTR_INT, .positional = true, .doc = "from 0 on"}},
        .role = DG_ROLE_OUTPUT,
        .infer = dg_infer_same,
    },
    {
        .name = "assign",
        .family = "source",
        .summary = "writes the value into the parameter at the end of a run",
        .inputs = {{.name = "parameter"}, {.name = "value"}},
        .flags = DG_EFFECT,
        .role = DG_ROLE_ASSIGN,
        .infer = assign_infer,
    },
    {
        .name = "detach",
        .family = "source",
        .summary = "y = x, gradient 0",
        .inputs = {{.name = "input"}},
        .flags = DG_VIEW | DG_NOT_DIFFERENTIABLE,
        .infer = dg_infer_same,
        .samples = one_input,
    },
    {
        .name = "zeros_like",
        .family = "source",
        .summary = "zeros in the shape of x",
        .inputs = {{.name = "input", .flags = DG_SHAPE_ONLY}},
        .flags = DG_NOT_DIFFERENTIABLE,
        .infer = dg_infer_same,
        .forward = zeros_like_forward,
        .samples = zeros_samples,
    },
    {
        .name = "ones_like",
        .family = "source",
        .summary = "ones in the shape of x",
        .inputs = {{.name = "input", .flags = DG_SHAPE_ONLY}},
        .flags = DG_NOT_DIFFERENTIABLE,
        .infer = dg_infer_same,
        .forward = ones_like_forward,
        .samples = ones_samples,
    },
    {
        .name = "count",
        .family = "source",
        .summary = "the number of elements along dimensions, as a float scalar",
        .inputs = {{.name = "input", .flags = DG_SHAPE_ONLY}},
        .attrs = {{.name = "dim", .kind = DG_ATTR_INTS, .fallback = "none", .doc = "all of them when left out"}},
        .flags = DG_NOT_DIFFERENTIABLE,
        .infer = count_infer,
        .forward = count_forward,
        .samples = count_samples,
    },
    {
        .name = "arange_like",
        .family = "source",
        .summary = "0, 1, … as far as x goes along a dimension",
        .inputs = {{.name = "input", .flags = DG_SHAPE_ONLY}},
        .attrs = {{.name = "dim", .kind = DG_ATTR_INT, .fallback = "0", .doc = "the dimension"}},
        .flags = DG_NOT_DIFFERENTIABLE,
        .infer = arange_like_infer,
        .forward = arange_like_forward,
        .samples = arange_samples,
    },
    {
        .name = "to",
        .family = "source",
        .summary = "the same values as another element type; integers are cut towards 0",
        .inputs = {{.name = "input"}},
        .attrs = {{.name = "dtype", .kind = DG_ATTR_DTYPE, .positional = true, .doc = "float64, int64, …"}},
        .flags = DG_CAST,
        .infer = to_infer,
        .forward = to_forward,
        .backward = to_backward,
        .samples = to_samples,
    },
};

const dg_op_family source_family = DG_FAMILY(source_ops);

const dg_step_rule arange_like_rule = {"arange_like", arange_like_step};
