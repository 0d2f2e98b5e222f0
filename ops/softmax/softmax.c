/* softmax, log_softmax, softmin. Rows are shifted by their largest element, so that no exponential overflows; a row of
 * −inf alone gives NaN, as in PyTorch. */
#include <dotgrad/op.h>
#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/reduce.h>
#include <dotgrad/ops/softmax.h>

#include <string.h>

#include "kernel.h"
#include "ops/shared/chunks.h"
#include "ops/shared/rules.h"

enum {
    PIECE_ELEMENTS = 1 << 15, /* some 5 µs of exponentials */
    COLUMNS = 256             /* of a piece, where the rows are not in memory one after the other */
};

/* ---- a tensor as [outer, size, inner] around the dimension ---- */

typedef struct softmax_call {
    const dg_kernel *kernel;
    const softmax_table *table;
    softmax_form form;
    int64_t outer, size, inner;
    int64_t blocks; /* of columns */
} softmax_call;

static dg_status call_of(const dg_kernel *kernel, softmax_form form, softmax_call *call)
{
    const dg_tensor *y = kernel->outputs[0];
    int axis;
    DG_TRY(dg_infer_dim(kernel->attrs[0].i, y->shape.rank, &axis));
    softmax_call c = {.kernel = kernel, .form = form, .outer = 1, .size = 1, .inner = 1};
    for (int d = 0; d < y->shape.rank; d++)
        *(d < axis ? &c.outer : d > axis ? &c.inner : &c.size) *= y->shape.dims[d];
    c.blocks = (c.inner + COLUMNS - 1) / COLUMNS;
    c.table = y->dtype == DG_FLOAT32 ? &softmax_tables()->float32 : &softmax_tables()->float64;
    *call = c;
    return dg_ok();
}

static const void *input_at(const softmax_call *c, int k, int64_t index)
{
    const dg_tensor *x = c->kernel->inputs[k];
    return (const char *)x->data + (size_t)index * dg_dtype_size(x->dtype);
}

static void *output_at(const softmax_call *c, int64_t index)
{
    const dg_tensor *y = c->kernel->outputs[0];
    return (char *)y->data + (size_t)index * dg_dtype_size(y->dtype);
}

/* Of columns, which a prologue cannot be asked for: the whole input, made where the output will be. */
static void make_input(void *argument, int64_t begin, int64_t end)
{
    const softmax_call *c = argument;
    void *to = output_at(c, begin);
    const void *x = dg_prologue_read(c->kernel, begin, end - begin, to);
    if (x != to)
        memcpy(to, x, (size_t)(end - begin) * dg_dtype_size(c->kernel->outputs[0]->dtype));
}

/* Cuts the tensor into rows, or into blocks of columns. A little work is done by the caller alone. */
static dg_status run(softmax_call *c, void (*rows)(void *, int64_t, int64_t), void (*columns)(void *, int64_t, int64_t))
{
    int64_t count = c->outer * c->size * c->inner;
    dg_threads *threads = count < 4 * PIECE_ELEMENTS ? NULL : c->kernel->threads;
    if (count == 0)
        return dg_ok();
    if (c->inner == 1) {
        chunks_run(threads, c->outer, PIECE_ELEMENTS / c->size, rows, c);
        return dg_ok();
    }
    if (c->kernel->prologue)
        chunks_run(threads, count, CHUNK, make_input, c);
    int64_t width = c->inner < COLUMNS ? c->inner : COLUMNS;
    chunks_run(threads, c->outer * c->blocks, PIECE_ELEMENTS / (c->size * width), columns, c);
    if (c->blocks > 1) /* else each piece has run its own */
        dg_epilogue_run(c->kernel, 0, count);
    return dg_ok();
}

/* Where a block of columns lies. */
static int64_t block_begin(const softmax_call *c, int64_t block, int64_t *width)
{
    int64_t first = block % c->blocks * COLUMNS;
    *width = c->inner - first < COLUMNS ? c->inner - first : COLUMNS;
    return block / c->blocks * c->size * c->inner + first;
}

static void columns_done(const softmax_call *c, int64_t begin, int64_t end)
{
    if (c->blocks == 1)
        dg_epilogue_run(c->kernel, begin * c->size * c->inner, end * c->size * c->inner);
}

/* ---- softmax, log_softmax ---- */

/* Rows whose input is made by a prologue: as many as the scratch has room for, or one at a time in the output. */
static void run_made_rows(const softmax_call *c, int64_t begin, int64_t end)
{
    double scratch[2048];
    int64_t room = (int64_t)(sizeof scratch / dg_dtype_size(c->kernel->outputs[0]->dtype)), some = room / c->size;
    for (int64_t r = begin; r<end; r += some> 0 ? some : 1) {
        int64_t rows = some == 0 ? 1 : end - r < some ? end - r : some, count = rows * c->size, at = r * c->size;
        const void *x = dg_prologue_read(c->kernel, at, count, some > 0 ? scratch : output_at(c, at));
        c->table->rows(c->form, x, output_at(c, at), rows, c->size, count, count, NULL, NULL);
        dg_epilogue_run(c->kernel, at, at + count);
    }
}

static void run_rows(void *argument, int64_t begin, int64_t end)
{
    const softmax_call *c = argument;
    if (c->kernel->prologue) {
        run_made_rows(c, begin, end);
        return;
    }
    int64_t some = c->kernel->epilogue && c->size < CHUNK / 8 ? CHUNK / 8 / c->size : end - begin;
    for (int64_t r = begin; r < end; r += some) {
        int64_t rows = end - r < some ? end - r : some, at = r * c->size;
        c->table->rows(c->form, input_at(c, 0, at), output_at(c, at), rows, c->size, (c->outer - r) * c->size,
                       rows * c->size, NULL, NULL);
        dg_epilogue_run(c->kernel, at, at + rows * c->size);
    }
}

static void run_columns(void *argument, int64_t begin, int64_t end)
{
    const softmax_call *c = argument;
    for (int64_t block = begin; block < end; block++) {
        int64_t width, at = block_begin(c, block, &width);
        const void *x = c->kernel->prologue ? output_at(c, at) : input_at(c, 0, at);
        c->table->columns(c->form, x, output_at(c, at), c->size, c->inner, width, NULL, NULL);
    }
    columns_done(c, begin, end);
}

static dg_status softmax_forward(const dg_kernel *kernel)
{
    softmax_call c;
    DG_TRY(call_of(kernel, SOFTMAX_PLAIN, &c));
    return run(&c, run_rows, run_columns);
}

static dg_status log_softmax_forward(const dg_kernel *kernel)
{
    softmax_call c;
    DG_TRY(call_of(kernel, SOFTMAX_LOG, &c));
    return run(&c, run_rows, run_columns);
}

static dg_status softmax_infer(const dg_infer *infer)
{
    int axis;
    DG_TRY(want_floats(infer, 0));
    DG_TRY(dg_infer_dim(infer->attrs[0].i, infer->inputs[0]->shape.rank, &axis));
    return dg_infer_same(infer);
}

/* ---- their derivatives: ops of their own, for one pass over the rows ---- */

static void run_rows_backward(void *argument, int64_t begin, int64_t end)
{
    const softmax_call *c = argument;
    int64_t some = c->kernel->epilogue && c->size < CHUNK / 8 ? CHUNK / 8 / c->size : end - begin;
    for (int64_t r = begin; r < end; r += some) {
        int64_t rows = end - r < some ? end - r : some, at = r * c->size;
        c->table->rows_backward(c->form, input_at(c, 1, at), input_at(c, 0, at), output_at(c, at), rows, c->size,
                                rows * c->size);
        dg_epilogue_run(c->kernel, at, at + rows * c->size);
    }
}

static void run_columns_backward(void *argument, int64_t begin, int64_t end)
{
    const softmax_call *c = argument;
    for (int64_t block = begin; block < end; block++) {
        int64_t width, at = block_begin(c, block, &width);
        c->table->columns_backward(c->form, input_at(c, 1, at), input_at(c, 0, at), output_at(c, at), c->size, c->inner,
                                   width);
    }
    columns_done(c, begin, end);
}

static dg_status softmax_backward_forward(const dg_kernel *kernel)
{
    softmax_call c;
    DG_TRY(call_of(kernel, SOFTMAX_PLAIN, &c));
    return run(&c, run_rows_backward, run_columns_backward);
}

static dg_status log_softmax_backward_forward(const dg_kernel *kernel)
{
    softmax_call c;
    DG_TRY(call_of(kernel, SOFTMAX_LOG, &c));
    return run(&c, run_rows_backward, run_columns_backward);
}

static dg_status softmax_backward_infer(const dg_infer *infer)
{
    DG_TRY(want_floats(infer, 1));
    DG_TRY(shapes_agree(infer, 0, 1));
    return softmax_infer(infer);
}

static dg_node *sum_along(dg_node *node, const dg_value *attrs)
{
    if (dg_node_type(node, 0)->shape.rank == 0)
        return node;
    return dg_sum(node, .dim = DG_INTS(attrs[0].i), .keepdim = true);
}

/* Of dx = y (g − Σ y g), linear in g, with the cotangent c: dg = y (c − Σ y c), dy = c (g − Σ y g) − g Σ y c. */
static void softmax_backward_backward(const dg_backward *vjp)
{
    dg_node *g = vjp->inputs[0], *y = vjp->inputs[1], *c = vjp->grad_output;
    if (vjp->wanted[0])
        vjp->grad_inputs[0] = dg_softmax_backward(c, y, .dim = vjp->attrs[0].i);
    if (vjp->wanted[1])
        vjp->grad_inputs[1] =
            dg_expr("c * (g - s) - g * t", {"c", c}, {"g", g}, {"s", sum_along(dg_mul(y, g), vjp->attrs)},
                    {"t", sum_along(dg_mul(y, c), vjp->attrs)});
}

/* Of dx = g − eʸ Σ g: dg = c − Σ eʸ c, dy = −c eʸ Σ g. */
static void log_softmax_backward_backward(const dg_backward *vjp)
{
    dg_node *g = vjp->inputs[0], *y = vjp->inputs[1], *c = vjp->grad_output;
    if (vjp->wanted[0])
        vjp->grad_inputs[0] = dg_sub(c, sum_along(dg_expr("c * exp(y)", {"c", c}, {"y", y}), vjp->attrs));
    if (vjp->wanted[1])
        vjp->grad_inputs[1] = dg_expr("-c * exp(y) * s", {"c", c}, {"y", y}, {"s", sum_along(g, vjp->attrs)});
}

static void softmax_backward(const dg_backward *vjp)
{
    vjp->grad_inputs[0] = dg_softmax_backward(vjp->grad_output, vjp->output, .dim = vjp->attrs[0].i);
}

static void log_softmax_backward(const dg_backward *vjp)
{
    vjp->grad_inputs[0] = dg_log_softmax_backward(vjp->grad_output, vjp->output, .dim = vjp->attrs[0].i);
}

static void softmin_compose(const dg_compose *compose)
{
    compose->outputs[0] = dg_softmax(dg_neg(compose->inputs[0]), .dim = compose->attrs[0].i);
}

static double softmax_flops(const dg_infer *infer)
{
    return 14 * (double)dg_shape_count(&infer->outputs[0].shape);
}

static double softmax_backward_flops(const dg_infer *infer)
{
    return 4 * (double)dg_shape_count(&infer->outputs[0].shape);
}

static const dg_sample softmax_samples[] = {{"softmax", {"[3, 4]"}},
                                            {"softmax(dim=0)", {"[3, 4]"}},
                                            {"softmax(dim=1)", {"[2, 3, 2]"}},
                                            {"softmax", {"[]"}},
                                            {.call = NULL}};
static const dg_sample log_softmax_samples[] = {{"log_softmax", {"[3, 4]"}},
                                                {"log_softmax(dim=0)", {"[3, 4]"}},
                                                {"log_softmax(dim=-2)", {"[2, 3, 2]"}},
                                                {.call = NULL}};
static const dg_sample softmin_samples[] = {{"softmin", {"[3, 4]"}}, {"softmin(dim=0)", {"[3, 4]"}}, {.call = NULL}};

static const dg_sample softmax_backward_samples[] = {{"softmax_backward", {"[3, 4]", "[3, 4] unit"}},
                                                     {"softmax_backward(dim=0)", {"[3, 2]", "[3, 2] unit"}},
                                                     {"softmax_backward(dim=1)", {"[2, 3, 2]", "[2, 3, 2] unit"}},
                                                     {"softmax_backward", {"[]", "[] unit"}},
                                                     {.call = NULL}};
static const dg_sample log_softmax_backward_samples[] = {{"log_softmax_backward", {"[3, 4]", "[3, 4]"}},
                                                         {"log_softmax_backward(dim=0)", {"[3, 2]", "[3, 2]"}},
                                                         {"log_softmax_backward(dim=-2)", {"[2, 3, 2]", "[2, 3, 2]"}},
                                                         {.call = NULL}};

#define DIM                                                                                                            \
    {                                                                                                                  \
        .name = "dim", .kind = DG_ATTR_INT, .fallback = "-1", .doc = "the dimension of the classes"                    \
    }

static const dg_op softmax_ops[] = {
    {
        .name = "softmax",
        .family = "softmax",
        .summary = "eˣ / Σ eˣ along dim",
        .inputs = {{.name = "input"}},
        .attrs = {DIM},
        .flags = DG_EPILOGUE | DG_PROLOGUE,
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
        .attrs = {DIM},
        .flags = DG_EPILOGUE | DG_PROLOGUE,
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
        .attrs = {DIM},
        .infer = softmax_infer,
        .compose = softmin_compose,
        .samples = softmin_samples,
    },
    {
        .name = "softmax_backward",
        .family = "softmax",
        .summary = "y (g − Σ y g) along dim: the gradient of softmax, whose value is y",
        .inputs = {{.name = "grad_output", .doc = "g"}, {.name = "output", .doc = "y"}},
        .attrs = {DIM},
        .flags = DG_EPILOGUE,
        .infer = softmax_backward_infer,
        .forward = softmax_backward_forward,
        .backward = softmax_backward_backward,
        .flops = softmax_backward_flops,
        .samples = softmax_backward_samples,
    },
    {
        .name = "log_softmax_backward",
        .family = "softmax",
        .summary = "g − eʸ Σ g along dim: the gradient of log_softmax, whose value is y",
        .inputs = {{.name = "grad_output", .doc = "g"}, {.name = "output", .doc = "y, at most 40"}},
        .attrs = {DIM},
        .flags = DG_EPILOGUE,
        .infer = softmax_backward_infer,
        .forward = log_softmax_backward_forward,
        .backward = log_softmax_backward_backward,
        .flops = softmax_flops,
        .samples = log_softmax_backward_samples,
    },
};

const dg_op_family softmax_family = DG_FAMILY(softmax_ops);
