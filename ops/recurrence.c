/* What recurrent layers are made of: one layer in one direction over all time steps, as one op each, and their
 * derivatives. For any number of steps, also one that is not known before the plan is bound.
 *
 * Differentiated, every such layer is a linear recurrence, whose coefficients follow from the layer's gates by
 * elementwise formulas. linear_recurrence is its forward mode, linear_recurrence_transposed its reverse mode; each is
 * the other's derivative, so that derivatives of every order exist. */
#include <dotgrad/op_families.h>
#include <dotgrad/ops.h>

#include <string.h>

#include "recurrence.h"
#include "recurrence_kernel.h"
#include "rules.h"

/* ---- shape rules ---- */

dg_status want_shape(const dg_infer *infer, int k, const dg_shape *wants)
{
    char has[DG_SHAPE_TEXT], text[DG_SHAPE_TEXT];
    if (!infer->inputs[k])
        return dg_ok();
    const dg_shape *shape = &infer->inputs[k]->shape;
    DG_TRY(want_floats(infer, k));
    bool fits = shape->rank == wants->rank;
    for (int d = 0; fits && d < shape->rank; d++)
        fits = !sizes_differ(shape->dims[d], wants->dims[d]);
    if (fits)
        return dg_ok();
    return dg_error(DG_BAD_SHAPE, "%s is %s, wants %s", infer->op->inputs[k].name,
                    dg_graph_print_shape(infer->graph, shape, has, sizeof has),
                    dg_graph_print_shape(infer->graph, wants, text, sizeof text));
}

enum { MOST_BLOCKS = 8 };

/* weight [blocks·hidden, hidden] and a sequence [N, T, blocks·hidden] are inputs `weight` and `sequence`. */
static dg_status want_recurrence(const dg_infer *infer, int weight, int sequence, dg_shape *states)
{
    char text[DG_SHAPE_TEXT], more[DG_SHAPE_TEXT];
    const dg_shape *w = &infer->inputs[weight]->shape, *x = &infer->inputs[sequence]->shape;
    DG_TRY(want_floats(infer, 0));
    DG_TRY(want_floats(infer, 1));
    bool fits = w->rank == 2 && x->rank == 3 && !sizes_differ(w->dims[0], x->dims[2]) && w->dims[1] > 0;
    fits = fits && w->dims[0] > 0 && w->dims[0] % w->dims[1] == 0 && w->dims[0] / w->dims[1] <= MOST_BLOCKS;
    if (!fits)
        return dg_error(DG_BAD_SHAPE, "%s is %s and %s is %s, wants [blocks·H, H] and [N, T, blocks·H]",
                        infer->op->inputs[weight].name, dg_graph_print_shape(infer->graph, w, text, sizeof text),
                        infer->op->inputs[sequence].name, dg_graph_print_shape(infer->graph, x, more, sizeof more));
    *states = DG_SHAPE(x->dims[0], x->dims[1], w->dims[1]);
    return dg_ok();
}

static dg_status want_blocks(const dg_infer *infer, int blocks)
{
    const dg_shape *w = &infer->inputs[1]->shape;
    char text[DG_SHAPE_TEXT];
    if (w->dims[0] == blocks * w->dims[1])
        return dg_ok();
    return dg_error(DG_BAD_SHAPE, "weight is %s, wants [%d·H, H]",
                    dg_graph_print_shape(infer->graph, w, text, sizeof text), blocks);
}

static const void *data_of(const dg_kernel *kernel, int k)
{
    return kernel->inputs[k] ? kernel->inputs[k]->data : NULL;
}

static int64_t last_size(const dg_tensor *tensor)
{
    return tensor->shape.dims[tensor->shape.rank - 1];
}

/* ---- time_shift ---- */

static dg_status time_shift_infer(const dg_infer *infer)
{
    const dg_shape *x = &infer->inputs[0]->shape;
    char text[DG_SHAPE_TEXT];
    DG_TRY(want_floats(infer, 0));
    if (x->rank != 3)
        return dg_error(DG_BAD_SHAPE, "input is %s, wants [N, T, features]",
                        dg_graph_print_shape(infer->graph, x, text, sizeof text));
    DG_TRY(want_shape(infer, 1, &DG_SHAPE(x->dims[0], x->dims[2])));
    return dg_infer_same(infer);
}

static dg_status time_shift_forward(const dg_kernel *kernel)
{
    recurrence r;
    DG_TRY(recurrence_make(&r, kernel->outputs[0], 0, kernel->attrs[0].b));
    shift_run(&r, r.hidden, data_of(kernel, 0), data_of(kernel, 1), kernel->outputs[0]->data);
    return dg_ok();
}

dg_node *time_edge(dg_node *x, bool last)
{
    dg_node *step = last ? dg_slice(x, .dim = 1, .start = -1) : dg_slice(x, .dim = 1, .start = 0, .end = 1);
    return dg_sum(step, .dim = DG_INTS(1)); /* of one step: its size is not known where that of time is not */
}

static void time_shift_backward(const dg_backward *vjp)
{
    bool reverse = vjp->attrs[0].b;
    if (vjp->wanted[0])
        vjp->grad_inputs[0] = dg_time_shift(vjp->grad_output, .reverse = !reverse);
    if (vjp->n_inputs > 1 && vjp->wanted[1])
        vjp->grad_inputs[1] = time_edge(vjp->grad_output, reverse);
}

static const dg_sample time_shift_samples[] = {{"time_shift", {"[2, 3, 2]", "[2, 2]"}},
                                               {"time_shift(reverse=true)", {"[2, 3, 2]", "[2, 2]"}},
                                               {"time_shift(reverse=true)", {"[2, 1, 2]", "-"}},
                                               {0}};

/* ---- linear_recurrence and its transposed ---- */

/* Inputs of both, and their outputs. */
enum { WEIGHT, GAIN, DECAY, READOUT, FROM_S, FROM_M, FROM_U, LINEAR_INPUTS };
enum { S, M, U, LINEAR_OUTPUTS };

static dg_status linear_infer(const dg_infer *infer)
{
    dg_shape states, gain = infer->inputs[GAIN]->shape;
    DG_TRY(want_recurrence(infer, WEIGHT, GAIN, &states));
    DG_TRY(want_shape(infer, DECAY, &states));
    DG_TRY(want_shape(infer, READOUT, &states));
    DG_TRY(want_shape(infer, FROM_S, &gain));
    DG_TRY(want_shape(infer, FROM_M, &states));
    DG_TRY(want_shape(infer, FROM_U, &states));
    dg_dtype dtype = infer->inputs[GAIN]->dtype;
    infer->outputs[S] = (dg_type){dtype, gain};
    infer->outputs[M] = infer->outputs[U] = (dg_type){dtype, states};
    return dg_ok();
}

static dg_status linear_make(const dg_kernel *kernel, linear_steps *call)
{
    int64_t size = last_size(kernel->outputs[S]), hidden = last_size(kernel->outputs[U]);
    *call = (linear_steps){.blocks = size / hidden,
                           .weight = data_of(kernel, WEIGHT),
                           .gain = data_of(kernel, GAIN),
                           .decay = data_of(kernel, DECAY),
                           .readout = data_of(kernel, READOUT),
                           .from_s = data_of(kernel, FROM_S),
                           .from_m = data_of(kernel, FROM_M),
                           .from_u = data_of(kernel, FROM_U),
                           .s = kernel->outputs[S]->data,
                           .m = kernel->outputs[M]->data,
                           .u = kernel->outputs[U]->data};
    return recurrence_make(&call->r, kernel->outputs[U], size, kernel->attrs[0].b);
}

static dg_status linear_recurrence_forward(const dg_kernel *kernel)
{
    linear_steps call;
    DG_TRY(linear_make(kernel, &call));
    linear_run(&call, kernel->threads);
    return dg_ok();
}

static dg_status linear_recurrence_transposed_forward(const dg_kernel *kernel)
{
    linear_steps call;
    DG_TRY(linear_make(kernel, &call));
    linear_transposed_run(&call, kernel->threads);
    return dg_ok();
}

/* W and the sums over time: Σ_t a_t b_{t−1}ᵀ, [size of a, size of b] */
static dg_node *weight_gradient(dg_node *a, dg_node *before)
{
    return dg_matmul(dg_flatten(a, .start_dim = 0, .end_dim = 1), dg_flatten(before, .start_dim = 0, .end_dim = 1),
                     .transpose_input = true);
}

/* Both are linear in the last three inputs, whose gradients the other one gives. What multiplies a coefficient in the
 * recurrence is the same for both: a state of the one, a state of the other. */
static void linear_backward(const dg_backward *vjp)
{
    bool transposed = strcmp(dg_node_op(vjp->node)->name, "linear_recurrence_transposed") == 0, coefficients = false;
    bool reverse = vjp->attrs[0].b;
    dg_node *const *in = vjp->inputs, *const *g = vjp->grad_outputs;
    dg_node *own[LINEAR_OUTPUTS], *other[LINEAR_OUTPUTS];
    other[S] = transposed
                   ? dg_linear_recurrence(in[WEIGHT], in[GAIN], .decay = in[DECAY], .readout = in[READOUT], .s = g[S],
                                          .m = g[M], .u = g[U], .reverse = reverse)
                   : dg_linear_recurrence_transposed(in[WEIGHT], in[GAIN], .decay = in[DECAY], .readout = in[READOUT],
                                                     .s = g[S], .m = g[M], .u = g[U], .reverse = reverse);
    other[M] = dg_output(other[S], M);
    other[U] = dg_output(other[S], U);
    for (int k = 0; k < LINEAR_OUTPUTS; k++)
        if (vjp->wanted[FROM_S + k])
            vjp->grad_inputs[FROM_S + k] = other[k];
    for (int k = WEIGHT; k <= READOUT; k++)
        coefficients = coefficients || vjp->wanted[k];
    if (!coefficients)
        return;
    own[S] = vjp->output;
    own[M] = dg_output(vjp->output, M);
    own[U] = dg_output(vjp->output, U);
    dg_node *const *state = transposed ? other : own, *const *adjoint = transposed ? own : other;
    if (vjp->wanted[WEIGHT])
        vjp->grad_inputs[WEIGHT] = weight_gradient(adjoint[S], dg_time_shift(state[U], .reverse = reverse));
    if (vjp->wanted[GAIN]) {
        const dg_shape *w = &dg_node_type(in[WEIGHT], 0)->shape;
        int64_t blocks = w->dims[0] / w->dims[1];
        dg_node *parts[MOST_BLOCKS];
        for (int64_t b = 0; b < blocks; b++)
            parts[b] = adjoint[b == blocks - 1 && in[READOUT] ? U : M];
        vjp->grad_inputs[GAIN] = dg_mul(dg_cat((int)blocks, parts, .dim = -1), state[S]);
    }
    if (vjp->wanted[DECAY])
        vjp->grad_inputs[DECAY] = dg_mul(adjoint[M], dg_time_shift(state[M], .reverse = reverse));
    if (vjp->wanted[READOUT])
        vjp->grad_inputs[READOUT] = dg_mul(adjoint[U], state[M]);
}

static double linear_flops(const dg_infer *infer)
{
    double states = (double)dg_shape_count(&infer->outputs[U].shape);
    return 2 * states * (double)infer->inputs[WEIGHT]->shape.dims[0] +
           2 * (double)dg_shape_count(&infer->outputs[S].shape) + 4 * states;
}

#define LINEAR_SAMPLES(name)                                                                                           \
    {                                                                                                                  \
        {name, {"[6, 2]", "[2, 3, 6]", "[2, 3, 2]", "[2, 3, 2]", "[2, 3, 6]", "[2, 3, 2]", "[2, 3, 2]"}},              \
            {name "(reverse=true)", {"[4, 2]", "[2, 3, 4]", "[2, 3, 2]", "-", "-", "[2, 3, 2]", "-"}},                 \
            {name, {"[2, 2]", "[1, 3, 2]", "-", "-", "[1, 3, 2]", "-", "[1, 3, 2]"}},                                  \
        {                                                                                                              \
            0                                                                                                          \
        }                                                                                                              \
    }
static const dg_sample linear_recurrence_samples[] = LINEAR_SAMPLES("linear_recurrence");
static const dg_sample linear_recurrence_transposed_samples[] = LINEAR_SAMPLES("linear_recurrence_transposed");

/* ---- what the layers' backward rules share ---- */

/* Block b of [.., blocks·H]. */
static dg_node *block(dg_node *x, int b, int64_t hidden)
{
    return x ? dg_slice(x, .dim = -1, .start = b * hidden, .end = (b + 1) * hidden) : NULL;
}

/* The gradients by products, weight and the first hidden state, where `a` and `memory` are what
 * linear_recurrence_transposed gives for s and m. Inputs 0, 1, and `first`. */
static void layer_gradients(const dg_backward *vjp, dg_node *a, int first)
{
    bool reverse = vjp->attrs[0].b;
    if (vjp->wanted[1])
        vjp->grad_inputs[1] =
            weight_gradient(a, dg_time_shift(vjp->output, .first = vjp->inputs[first], .reverse = reverse));
    if (vjp->wanted[first])
        vjp->grad_inputs[first] = dg_matmul(time_edge(a, reverse), vjp->inputs[1]);
}

/* ---- rnn_recurrence ---- */

static dg_status rnn_recurrence_infer(const dg_infer *infer)
{
    dg_shape states;
    DG_TRY(want_recurrence(infer, 1, 0, &states));
    DG_TRY(want_blocks(infer, 1));
    DG_TRY(want_shape(infer, 2, &DG_SHAPE(states.dims[0], states.dims[2])));
    infer->outputs[0] = (dg_type){infer->inputs[0]->dtype, states};
    return dg_ok();
}

static bool is_relu(const dg_value *nonlinearity)
{
    return strcmp(nonlinearity->s, "relu") == 0;
}

static dg_status rnn_recurrence_forward(const dg_kernel *kernel)
{
    rnn_steps call = {.relu = is_relu(&kernel->attrs[1]),
                      .products = data_of(kernel, 0),
                      .weight = data_of(kernel, 1),
                      .first = data_of(kernel, 2),
                      .h = kernel->outputs[0]->data};
    DG_TRY(recurrence_make(&call.r, kernel->outputs[0], last_size(kernel->outputs[0]), kernel->attrs[0].b));
    rnn_run(&call, kernel->threads);
    return dg_ok();
}

static void rnn_recurrence_backward(const dg_backward *vjp)
{
    dg_node *h = vjp->output;
    dg_node *gain = dg_expr(is_relu(&vjp->attrs[1]) ? "where(h <= 0, 0, 1)" : "1 - h^2", {"h", h});
    dg_node *a =
        dg_linear_recurrence_transposed(vjp->inputs[1], gain, .u = vjp->grad_output, .reverse = vjp->attrs[0].b);
    vjp->grad_inputs[0] = a;
    layer_gradients(vjp, a, 2);
}

static double rnn_recurrence_flops(const dg_infer *infer)
{
    double products = (double)dg_shape_count(&infer->inputs[0]->shape);
    return products * (2 * (double)infer->inputs[1]->shape.dims[1] + 12);
}

static const dg_sample rnn_recurrence_samples[] = {
    {"rnn_recurrence", {"[2, 3, 2]", "[2, 2]", "[2, 2]"}},
    {"rnn_recurrence(reverse=true)", {"[1, 3, 2]", "[2, 2]", "-"}},
    {"rnn_recurrence(nonlinearity=relu)", {"[2, 3, 2]", "[2, 2]", "[2, 2]"}},
    {0}};

/* ---- lstm_recurrence ---- */

enum { CELL = 1, GATES = 2 }; /* outputs beyond the first */

static dg_status lstm_recurrence_infer(const dg_infer *infer)
{
    dg_shape states;
    DG_TRY(want_recurrence(infer, 1, 0, &states));
    DG_TRY(want_blocks(infer, 4));
    for (int k = 2; k < 4; k++)
        DG_TRY(want_shape(infer, k, &DG_SHAPE(states.dims[0], states.dims[2])));
    infer->outputs[0] = infer->outputs[CELL] = (dg_type){infer->inputs[0]->dtype, states};
    infer->outputs[GATES] = *infer->inputs[0];
    return dg_ok();
}

static dg_status lstm_recurrence_forward(const dg_kernel *kernel)
{
    lstm_steps call = {.products = data_of(kernel, 0),
                       .weight = data_of(kernel, 1),
                       .first = data_of(kernel, 2),
                       .first_cell = data_of(kernel, 3),
                       .h = kernel->outputs[0]->data,
                       .cell = kernel->outputs[CELL]->data,
                       .gates = kernel->outputs[GATES]->data};
    DG_TRY(recurrence_make(&call.r, kernel->outputs[0], last_size(kernel->outputs[GATES]), kernel->attrs[0].b));
    lstm_run(&call, kernel->threads);
    return dg_ok();
}

/* With i, f, g, o for the gates and c⁻ for the cell before:
 *     ∂c/∂(products) = (g i (1 − i), c⁻ f (1 − f), i (1 − g²)), ∂c/∂c⁻ = f
 *     ∂h/∂(products of o) = o (1 − o) tanh c, ∂h/∂c = o (1 − tanh² c) */
static void lstm_recurrence_backward(const dg_backward *vjp)
{
    bool reverse = vjp->attrs[0].b;
    dg_node *weight = vjp->inputs[1], *c_0 = vjp->inputs[3], *gates = dg_output(vjp->output, GATES);
    dg_node *cell = dg_output(vjp->output, CELL), *gate[4], *part[4], *direct = NULL;
    int64_t hidden = dg_node_type(weight, 0)->shape.dims[1];
    for (int b = 0; b < 4; b++)
        gate[b] = block(gates, b, hidden);
    dg_node *i = gate[0], *f = gate[1], *g = gate[2], *o = gate[3];
    part[0] = dg_expr("g * i * (1 - i)", {"g", g}, {"i", i});
    part[1] = dg_expr("c * f * (1 - f)", {"c", dg_time_shift(cell, .first = c_0, .reverse = reverse)}, {"f", f});
    part[2] = dg_expr("i * (1 - g^2)", {"g", g}, {"i", i});
    part[3] = dg_expr("o * (1 - o) * tanh(c)", {"o", o}, {"c", cell});
    dg_node *gain = dg_cat(4, part, .dim = -1);
    dg_node *readout = dg_expr("o * (1 - tanh(c)^2)", {"o", o}, {"c", cell});
    if (vjp->grad_outputs[GATES]) {
        for (int b = 0; b < 4; b++)
            part[b] = dg_expr(b == 2 ? "d * (1 - y^2)" : "d * y * (1 - y)",
                              {"d", block(vjp->grad_outputs[GATES], b, hidden)}, {"y", gate[b]});
        direct = dg_cat(4, part, .dim = -1);
    }
    dg_node *a =
        dg_linear_recurrence_transposed(weight, gain, .decay = f, .readout = readout, .s = direct,
                                        .m = vjp->grad_outputs[CELL], .u = vjp->grad_outputs[0], .reverse = reverse);
    vjp->grad_inputs[0] = a;
    layer_gradients(vjp, a, 2);
    if (vjp->wanted[3])
        vjp->grad_inputs[3] = time_edge(dg_mul(f, dg_output(a, M)), reverse);
}

static double lstm_recurrence_flops(const dg_infer *infer)
{
    double products = (double)dg_shape_count(&infer->inputs[0]->shape);
    return products * (2 * (double)infer->inputs[1]->shape.dims[1] + 14);
}

static const dg_sample lstm_recurrence_samples[] = {
    {"lstm_recurrence", {"[2, 3, 8]", "[8, 2]", "[2, 2]", "[2, 2]"}},
    {"lstm_recurrence(reverse=true)", {"[1, 3, 4]", "[4, 1]", "[1, 1]", "-"}},
    {0}};

/* ---- gru_recurrence ---- */

static dg_status gru_recurrence_infer(const dg_infer *infer)
{
    dg_shape states, size = infer->inputs[0]->shape;
    DG_TRY(want_recurrence(infer, 1, 0, &states));
    DG_TRY(want_blocks(infer, 3));
    DG_TRY(want_shape(infer, 2, &DG_SHAPE(size.dims[2])));
    DG_TRY(want_shape(infer, 3, &DG_SHAPE(states.dims[0], states.dims[2])));
    infer->outputs[0] = (dg_type){infer->inputs[0]->dtype, states};
    infer->outputs[1] = infer->outputs[0];
    infer->outputs[1].shape.dims[2] = 4 * states.dims[2];
    return dg_ok();
}

static dg_status gru_recurrence_forward(const dg_kernel *kernel)
{
    gru_steps call = {.products = data_of(kernel, 0),
                      .weight = data_of(kernel, 1),
                      .bias = data_of(kernel, 2),
                      .first = data_of(kernel, 3),
                      .h = kernel->outputs[0]->data,
                      .gates = kernel->outputs[1]->data};
    DG_TRY(recurrence_make(&call.r, kernel->outputs[0], last_size(kernel->outputs[1]), kernel->attrs[0].b));
    gru_run(&call, kernel->threads);
    return dg_ok();
}

/* With r, z, n for the gates, q = W_n h⁻ + b_n and h⁻ for the hidden state before, s the hidden state's products:
 *     ∂h/∂s = ((1 − z) (1 − n²) q r (1 − r), (h⁻ − n) z (1 − z), (1 − z) (1 − n²) r), ∂h/∂h⁻ = z
 * The input's products are added to s in r and z; in n they bypass r. */
static void gru_recurrence_backward(const dg_backward *vjp)
{
    bool reverse = vjp->attrs[0].b;
    dg_node *weight = vjp->inputs[1], *h = vjp->output, *direct = vjp->grad_outputs[1];
    dg_node *gates = dg_output(h, 1), *gate[4], *on[4], *part[3];
    int64_t hidden = dg_node_type(weight, 0)->shape.dims[1];
    for (int b = 0; b < 4; b++) {
        gate[b] = block(gates, b, hidden);
        on[b] = block(direct, b, hidden);
    }
    dg_node *r = gate[0], *z = gate[1], *n = gate[2], *q = gate[3];
    dg_node *before = dg_time_shift(h, .first = vjp->inputs[3], .reverse = reverse);
    part[0] = dg_expr("(1 - z) * (1 - n^2) * q * r * (1 - r)", {"z", z}, {"n", n}, {"q", q}, {"r", r});
    part[1] = dg_expr("(h - n) * z * (1 - z)", {"h", before}, {"n", n}, {"z", z});
    part[2] = dg_expr("(1 - z) * (1 - n^2) * r", {"z", z}, {"n", n}, {"r", r});
    dg_node *gain = dg_cat(3, part, .dim = -1), *from_s = NULL;
    if (direct) {
        part[0] =
            dg_expr("(a + b * (1 - n^2) * q) * r * (1 - r)", {"a", on[0]}, {"b", on[2]}, {"n", n}, {"q", q}, {"r", r});
        part[1] = dg_expr("a * z * (1 - z)", {"a", on[1]}, {"z", z});
        part[2] = dg_expr("a + b * (1 - n^2) * r", {"a", on[3]}, {"b", on[2]}, {"n", n}, {"r", r});
        from_s = dg_cat(3, part, .dim = -1);
    }
    dg_node *a = dg_linear_recurrence_transposed(weight, gain, .decay = z, .s = from_s, .u = vjp->grad_outputs[0],
                                                 .reverse = reverse);
    dg_node *on_h = dg_output(a, M);
    if (vjp->wanted[0]) {
        part[0] = dg_slice(a, .dim = -1, .end = 2 * hidden);
        part[1] = direct ? dg_expr("((1 - z) * a + b) * (1 - n^2)", {"z", z}, {"a", on_h}, {"b", on[2]}, {"n", n})
                         : dg_expr("(1 - z) * a * (1 - n^2)", {"z", z}, {"a", on_h}, {"n", n});
        vjp->grad_inputs[0] = dg_cat(2, part, .dim = -1);
    }
    layer_gradients(vjp, a, 3);
    if (vjp->wanted[2])
        vjp->grad_inputs[2] = dg_sum(a, .dim = DG_INTS(0, 1));
    if (vjp->wanted[3])
        vjp->grad_inputs[3] = dg_add(vjp->grad_inputs[3], time_edge(dg_mul(z, on_h), reverse));
}

static const dg_sample gru_recurrence_samples[] = {
    {"gru_recurrence", {"[2, 3, 6]", "[6, 2]", "[6]", "[2, 2]"}},
    {"gru_recurrence(reverse=true)", {"[1, 3, 3]", "[3, 1]", "-", "[1, 1]"}},
    {0}};

#define REVERSE                                                                                                        \
    {                                                                                                                  \
        .name = "reverse", .kind = DG_ATTR_BOOL, .fallback = "false", .doc = "from the last time step to the first"    \
    }
#define PRODUCTS(text)                                                                                                 \
    {                                                                                                                  \
        .name = "products", .doc = text                                                                                \
    }
#define FIRST(first_name)                                                                                              \
    {                                                                                                                  \
        .name = first_name, .flags = DG_OPTIONAL, .doc = "[N, H], before the first step; left out: 0"                  \
    }
#define LINEAR_INPUT_SPECS                                                                                             \
    {                                                                                                                  \
        {.name = "weight", .doc = "W, [blocks·H, H]"}, {.name = "gain", .doc = "C, [N, T, blocks·H]"},                 \
            {.name = "decay", .flags = DG_OPTIONAL, .doc = "F, [N, T, H]; left out: 0"},                               \
            {.name = "readout", .flags = DG_OPTIONAL, .doc = "K, [N, T, H]; with one the last block bypasses m"},      \
            {.name = "s", .flags = DG_OPTIONAL, .doc = "[N, T, blocks·H]; left out: 0"},                               \
            {.name = "m", .flags = DG_OPTIONAL, .doc = "[N, T, H]; left out: 0"},                                      \
        {                                                                                                              \
            .name = "u", .flags = DG_OPTIONAL, .doc = "[N, T, H]; left out: 0"                                         \
        }                                                                                                              \
    }

static const dg_op recurrence_ops[] = {
    {
        .name = "time_shift",
        .family = "recurrent",
        .summary = "y_t = x_{t−1}, and first (or 0) at the first time step",
        .inputs = {{.name = "input", .doc = "[N, T, features]"},
                   {.name = "first", .flags = DG_OPTIONAL, .doc = "[N, features]"}},
        .attrs = {REVERSE},
        .infer = time_shift_infer,
        .forward = time_shift_forward,
        .backward = time_shift_backward,
        .samples = time_shift_samples,
    },
    {
        .name = "linear_recurrence",
        .family = "recurrent",
        .summary =
            "s_t = e_t + W u_{t−1}, m_t = φ_t + F_t m_{t−1} + Σ_b C_t^b s_t^b, u_t = ψ_t + m_t or, the last block "
            "left out of the sum, ψ_t + K_t m_t + C_t^last s_t^last; e, φ, ψ are the inputs s, m, u",
        .inputs = LINEAR_INPUT_SPECS,
        .attrs = {REVERSE},
        .outputs = {"s", "m", "u"},
        .infer = linear_infer,
        .forward = linear_recurrence_forward,
        .backward = linear_backward,
        .flops = linear_flops,
        .samples = linear_recurrence_samples,
    },
    {
        .name = "linear_recurrence_transposed",
        .family = "recurrent",
        .summary = "the transposed of linear_recurrence: from cotangents of its outputs those of its inputs s, m, u",
        .inputs = LINEAR_INPUT_SPECS,
        .attrs = {REVERSE},
        .outputs = {"s", "m", "u"},
        .infer = linear_infer,
        .forward = linear_recurrence_transposed_forward,
        .backward = linear_backward,
        .flops = linear_flops,
        .samples = linear_recurrence_transposed_samples,
    },
    {
        .name = "rnn_recurrence",
        .family = "recurrent",
        .summary = "h_t = tanh(p_t + W h_{t−1}) or max(0, …), p being the products of the input",
        .source = "Elman, Finding structure in time (1990)",
        .inputs = {PRODUCTS("[N, T, H]"), {.name = "weight", .doc = "W, [H, H]"}, FIRST("first")},
        .attrs = {REVERSE,
                  {.name = "nonlinearity",
                   .kind = DG_ATTR_NAME,
                   .fallback = "tanh",
                   .choices = "tanh|relu",
                   .doc = "of the hidden state"}},
        .infer = rnn_recurrence_infer,
        .forward = rnn_recurrence_forward,
        .backward = rnn_recurrence_backward,
        .flops = rnn_recurrence_flops,
        .samples = rnn_recurrence_samples,
    },
    {
        .name = "lstm_recurrence",
        .family = "recurrent",
        .summary = "(i, f, g, o) = (σ, σ, tanh, σ)(p_t + W h_{t−1}), c_t = f c_{t−1} + i g, h_t = o tanh c_t",
        .source = "Hochreiter and Schmidhuber, Long short-term memory (1997); Gers, Schmidhuber, Cummins (2000)",
        .inputs =
            {PRODUCTS("p, [N, T, 4·H]"), {.name = "weight", .doc = "W, [4·H, H]"}, FIRST("first"), FIRST("first_cell")},
        .attrs = {REVERSE},
        .outputs = {"output", "cell", "gates"},
        .infer = lstm_recurrence_infer,
        .forward = lstm_recurrence_forward,
        .backward = lstm_recurrence_backward,
        .flops = lstm_recurrence_flops,
        .samples = lstm_recurrence_samples,
    },
    {
        .name = "gru_recurrence",
        .family = "recurrent",
        .summary = "(a, b, q) = W h_{t−1} + bias, r = σ(p_r + a), z = σ(p_z + b), n = tanh(p_n + r q), "
                   "h_t = (1 − z) n + z h_{t−1}",
        .source = "Cho et al., Learning phrase representations using RNN encoder-decoder (2014)",
        .inputs = {PRODUCTS("p, [N, T, 3·H]"),
                   {.name = "weight", .doc = "W, [3·H, H]"},
                   {.name = "bias", .flags = DG_OPTIONAL, .doc = "[3·H]; left out: 0"},
                   FIRST("first")},
        .attrs = {REVERSE},
        .outputs = {"output", "gates"},
        .infer = gru_recurrence_infer,
        .forward = gru_recurrence_forward,
        .backward = gru_recurrence_backward,
        .flops = lstm_recurrence_flops,
        .samples = gru_recurrence_samples,
    },
};

const dg_op_family dg_recurrence_ops = DG_FAMILY(recurrence_ops);
