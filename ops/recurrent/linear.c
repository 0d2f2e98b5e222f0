/* What recurrent layers are made of: one layer in one direction over all time steps, as one op each, and their
 * derivatives. For any number of steps, also one that is not known before the plan is bound.
 *
 * Differentiated, every such layer is a linear recurrence, whose coefficients follow from the layer's gates by
 * elementwise formulas. linear_recurrence is its forward mode, linear_recurrence_transposed its reverse mode; each is
 * the other's derivative, so that derivatives of every order exist. Long because the modes of the recurrence are
 * each other's derivatives and share their shape rules. */
#include <dotgrad/op.h>
#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/linear.h>
#include <dotgrad/ops/recurrent.h>
#include <dotgrad/ops/reduce.h>
#include <dotgrad/ops/shape.h>
#include <dotgrad/ops/source.h>
#include <dotgrad/step.h>

#include <string.h>

#include "ops/shared/describe.h"
#include "ops/shared/rules.h"
#include "run.h"
#include "shared.h"

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
    return dg_error(DG_BAD_SHAPE, "%s is %s, expected %s", infer->op->inputs[k].name,
                    dg_graph_print_shape(infer->graph, shape, has, sizeof has),
                    dg_graph_print_shape(infer->graph, wants, text, sizeof text));
}

/* weight [blocks·hidden, hidden] and a sequence [N, T, blocks·hidden] are inputs `weight` and `sequence`. */
dg_status want_recurrence(const dg_infer *infer, int weight, int sequence, dg_shape *states)
{
    char text[DG_SHAPE_TEXT], more[DG_SHAPE_TEXT];
    const dg_shape *w = &infer->inputs[weight]->shape, *x = &infer->inputs[sequence]->shape;
    DG_TRY(want_floats(infer, 0));
    DG_TRY(want_floats(infer, 1));
    bool fits = w->rank == 2 && x->rank == 3 && !sizes_differ(w->dims[0], x->dims[2]) && w->dims[1] > 0;
    fits = fits && w->dims[0] > 0 && w->dims[0] % w->dims[1] == 0 && w->dims[0] / w->dims[1] <= MOST_BLOCKS;
    if (!fits)
        return dg_error(DG_BAD_SHAPE, "%s is %s and %s is %s, expected [blocks·H, H] and [N, T, blocks·H]",
                        infer->op->inputs[weight].name, dg_graph_print_shape(infer->graph, w, text, sizeof text),
                        infer->op->inputs[sequence].name, dg_graph_print_shape(infer->graph, x, more, sizeof more));
    *states = DG_SHAPE(x->dims[0], x->dims[1], w->dims[1]);
    return dg_ok();
}

dg_status want_blocks(const dg_infer *infer, int k, int blocks)
{
    const dg_shape *w = &infer->inputs[k]->shape;
    char text[DG_SHAPE_TEXT];
    if (w->dims[0] == blocks * w->dims[1])
        return dg_ok();
    return dg_error(DG_BAD_SHAPE, "weight is %s, expected [%d·H, H]",
                    dg_graph_print_shape(infer->graph, w, text, sizeof text), blocks);
}

const void *data_of(const dg_kernel *kernel, int k)
{
    return kernel->inputs[k] ? kernel->inputs[k]->data : NULL;
}

int64_t size_of_step(const dg_tensor *tensor)
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
        return dg_error(DG_BAD_SHAPE, "input is %s, expected [N, T, features]",
                        dg_graph_print_shape(infer->graph, x, text, sizeof text));
    DG_TRY(want_shape(infer, 1, &DG_SHAPE(x->dims[0], x->dims[2])));
    return dg_infer_same(infer);
}

static dg_status time_shift_forward(const dg_kernel *kernel)
{
    recurrence r = recurrence_of(kernel->outputs[0], kernel->attrs[0].b);
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

static void time_shift_step(const dg_step *step)
{
    dg_type type = *dg_node_type(step->inputs[0], 0);
    if (step->attrs[0].b)
        return;
    type.shape = DG_SHAPE(type.shape.dims[0], type.shape.dims[2]);
    dg_node *before = step->state(step, type, step->inputs[1]);
    step->outputs[0] = dg_unsqueeze(before, 1);
    step->next(step, before, time_edge(step->inputs[0], true));
}

static const dg_sample time_shift_samples[] = {{"time_shift", {"[2, 3, 2]", "[2, 2]"}},
                                               {"time_shift(reverse=true)", {"[2, 3, 2]", "[2, 2]"}},
                                               {"time_shift(reverse=true)", {"[2, 1, 2]", "-"}},
                                               {.call = NULL}};

/* ---- what layers with gates share ---- */

dg_node *block_of(dg_node *x, int b, int64_t hidden)
{
    return x ? dg_slice(x, .dim = -1, .start = b * hidden, .end = (b + 1) * hidden) : NULL;
}

dg_node *sum_of(dg_node *a, dg_node *b)
{
    return a && b ? dg_add(a, b) : a ? a : b;
}

int64_t hidden_size(const dg_node *weight)
{
    return dg_node_type(weight, 0)->shape.dims[1];
}

dg_node *at_first_step(dg_node *first, dg_node *like, bool reverse)
{
    return first ? dg_time_shift(dg_zeros_like(like), .first = first, .reverse = reverse) : NULL;
}

double gates_flops(const dg_infer *infer, double depth)
{
    double units = (double)dg_shape_count(&infer->outputs[0].shape), n_sums = (double)infer->inputs[1]->shape.dims[0];
    double hidden = (double)infer->inputs[1]->shape.dims[1];
    return units / hidden * n_sums * (2 * depth + 14);
}

double gates_gradient_flops(const dg_infer *infer)
{
    return (double)dg_shape_count(&infer->outputs[0].shape) * (2 * (double)infer->inputs[0]->shape.dims[1] + 8);
}

/* ---- linear_recurrence and its transposed ---- */

/* Inputs of both, and their outputs. */
enum { WEIGHT, GAIN, DECAY, READOUT, FROM_S, FROM_M, FROM_U, LINEAR_INPUTS };

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

static linear_steps linear_call(const dg_kernel *kernel)
{
    recurrence r = recurrence_of(kernel->outputs[U], kernel->attrs[0].b);
    return (linear_steps){.r = r,
                          .blocks = size_of_step(kernel->outputs[S]) / r.hidden,
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
}

static dg_status linear_recurrence_forward(const dg_kernel *kernel)
{
    linear_steps call = linear_call(kernel);
    linear_run(&call, kernel->workspace, kernel->threads);
    return dg_ok();
}

static dg_status linear_recurrence_transposed_forward(const dg_kernel *kernel)
{
    linear_steps call = linear_call(kernel);
    linear_transposed_run(&call, kernel->workspace, kernel->threads);
    return dg_ok();
}

static size_t linear_workspace(const dg_kernel *kernel)
{
    linear_steps call = linear_call(kernel);
    return linear_bytes(&call);
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
        vjp->grad_inputs[WEIGHT] = dg_time_products(adjoint[S], state[U], .reverse = reverse);
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
    NAMED_SAMPLES(name,                                                                                                \
                  {#name, {"[6, 2]", "[2, 3, 6]", "[2, 3, 2]", "[2, 3, 2]", "[2, 3, 6]", "[2, 3, 2]", "[2, 3, 2]"}},   \
                  {#name "(reverse=true)", {"[4, 2]", "[2, 3, 4]", "[2, 3, 2]", "-", "-", "[2, 3, 2]", "-"}},          \
                  {#name, {"[2, 2]", "[1, 3, 2]", "-", "-", "[1, 3, 2]", "-", "[1, 3, 2]"}})
LINEAR_SAMPLES(linear_recurrence);
LINEAR_SAMPLES(linear_recurrence_transposed);

/* ---- time_products ---- */

enum { PRODUCTS_FIRST = 2, PRODUCTS_INPUT }; /* inputs beyond a and states */

static dg_status time_products_count(const dg_infer *infer, int *count)
{
    *count = infer->inputs[PRODUCTS_INPUT] ? 3 : 2;
    return dg_ok();
}

static dg_status time_products_infer(const dg_infer *infer)
{
    const dg_type *a = infer->inputs[0], *states = infer->inputs[1], *input = infer->inputs[PRODUCTS_INPUT];
    char text[DG_SHAPE_TEXT];
    for (int k = 0; k <= PRODUCTS_INPUT; k++) {
        const dg_type *type = infer->inputs[k];
        DG_TRY(want_floats(infer, k));
        if (!type || k == PRODUCTS_FIRST)
            continue;
        bool fits = type->shape.rank == 3;
        for (int d = 0; fits && d < 2; d++)
            fits = !sizes_differ(type->shape.dims[d], a->shape.dims[d]);
        if (!fits)
            return dg_error(DG_BAD_SHAPE, "%s is %s, expected [N, T, features] with the N and T of all",
                            infer->op->inputs[k].name,
                            dg_graph_print_shape(infer->graph, &type->shape, text, sizeof text));
    }
    DG_TRY(want_shape(infer, PRODUCTS_FIRST, &DG_SHAPE(a->shape.dims[0], states->shape.dims[2])));
    int64_t size = a->shape.dims[2];
    infer->outputs[0] = (dg_type){a->dtype, DG_SHAPE(size, states->shape.dims[2])};
    infer->outputs[1] = (dg_type){a->dtype, DG_SHAPE(size)};
    if (input)
        infer->outputs[2] = (dg_type){a->dtype, DG_SHAPE(size, input->shape.dims[2])};
    return dg_ok();
}

static weight_sums time_products_call(const dg_kernel *kernel)
{
    const dg_tensor *input = kernel->inputs[PRODUCTS_INPUT];
    return (weight_sums){.r = recurrence_of(kernel->inputs[1], kernel->attrs[0].b),
                         .size = size_of_step(kernel->inputs[0]),
                         .features = input ? size_of_step(input) : 0,
                         .a = data_of(kernel, 0),
                         .h = data_of(kernel, 1),
                         .first = data_of(kernel, PRODUCTS_FIRST),
                         .x = data_of(kernel, PRODUCTS_INPUT),
                         .by_h = kernel->outputs[0]->data,
                         .alone = kernel->outputs[1]->data,
                         .by_x = input ? kernel->outputs[2]->data : NULL};
}

static dg_status time_products_forward(const dg_kernel *kernel)
{
    weight_sums call = time_products_call(kernel);
    weight_sums_run(&call, kernel->workspace, kernel->threads);
    return dg_ok();
}

static size_t time_products_workspace(const dg_kernel *kernel)
{
    weight_sums call = time_products_call(kernel);
    return weight_sums_bytes(&call);
}

/* Linear in a; and in h⁻ and x, each with its own sum. */
static void time_products_backward(const dg_backward *vjp)
{
    bool reverse = vjp->attrs[0].b;
    dg_node *a = vjp->inputs[0], *states = vjp->inputs[1], *first = vjp->inputs[PRODUCTS_FIRST];
    dg_node *input = vjp->inputs[PRODUCTS_INPUT], *on_a = NULL;
    dg_node *by_states = vjp->grad_outputs[0], *alone = vjp->grad_outputs[1];
    dg_node *by_input = input ? vjp->grad_outputs[2] : NULL;
    if (by_states)
        on_a = dg_matmul(dg_time_shift(states, .first = first, .reverse = reverse), by_states, .transpose_other = true);
    if (by_input) {
        dg_node *more = dg_matmul(input, by_input, .transpose_other = true);
        on_a = on_a ? dg_add(on_a, more) : more;
        vjp->grad_inputs[PRODUCTS_INPUT] = dg_matmul(a, by_input);
    }
    if (alone)
        on_a = on_a ? dg_add(on_a, alone) : dg_expand_as(alone, a);
    vjp->grad_inputs[0] = on_a;
    if (!by_states)
        return;
    dg_node *on_moved = dg_matmul(a, by_states);
    vjp->grad_inputs[1] = dg_time_shift(on_moved, .reverse = !reverse);
    if (first && vjp->wanted[PRODUCTS_FIRST])
        vjp->grad_inputs[PRODUCTS_FIRST] = time_edge(on_moved, reverse);
}

static double time_products_flops(const dg_infer *infer)
{
    double count = (double)dg_shape_count(&infer->inputs[0]->shape), columns = 0.5;
    for (int k = 1; k <= PRODUCTS_INPUT; k++)
        if (k != PRODUCTS_FIRST && infer->inputs[k])
            columns += (double)infer->inputs[k]->shape.dims[2];
    return 2 * count * columns;
}

static const dg_sample time_products_samples[] = {
    {"time_products", {"[2, 3, 4]", "[2, 3, 2]", "[2, 2]", "[2, 3, 3]"}},
    {"time_products(reverse=true)", {"[2, 3, 2]", "[2, 3, 1]", "-", "-"}},
    {"time_products(reverse=true)", {"[1, 1, 2]", "[1, 1, 2]", "[1, 2]", "-"}},
    {.call = NULL}};

/* ---- rnn_recurrence ---- */

static dg_status rnn_recurrence_infer(const dg_infer *infer)
{
    dg_shape states;
    DG_TRY(want_recurrence(infer, 1, 0, &states));
    DG_TRY(want_blocks(infer, 1, 1));
    DG_TRY(want_shape(infer, 2, &DG_SHAPE(states.dims[0], states.dims[2])));
    infer->outputs[0] = (dg_type){infer->inputs[0]->dtype, states};
    return dg_ok();
}

static bool is_relu(const dg_value *nonlinearity)
{
    return strcmp(nonlinearity->s, "relu") == 0;
}

static rnn_steps rnn_call(const dg_kernel *kernel)
{
    return (rnn_steps){.r = recurrence_of(kernel->outputs[0], kernel->attrs[0].b),
                       .relu = is_relu(&kernel->attrs[1]),
                       .products = data_of(kernel, 0),
                       .weight = data_of(kernel, 1),
                       .first = data_of(kernel, 2),
                       .h = kernel->outputs[0]->data};
}

static dg_status rnn_recurrence_forward(const dg_kernel *kernel)
{
    rnn_steps call = rnn_call(kernel);
    rnn_run(&call, kernel->workspace, kernel->threads);
    return dg_ok();
}

static size_t rnn_recurrence_workspace(const dg_kernel *kernel)
{
    rnn_steps call = rnn_call(kernel);
    return rnn_bytes(&call);
}

static void rnn_recurrence_backward(const dg_backward *vjp)
{
    dg_node *h = vjp->output;
    dg_node *gain = dg_expr(is_relu(&vjp->attrs[1]) ? "where(h <= 0, 0, 1)" : "1 - h^2", {"h", h});
    dg_node *a =
        dg_linear_recurrence_transposed(vjp->inputs[1], gain, .u = vjp->grad_output, .reverse = vjp->attrs[0].b);
    vjp->grad_inputs[0] = a;
    if (vjp->wanted[1])
        vjp->grad_inputs[1] = dg_time_products(a, h, .first = vjp->inputs[2], .reverse = vjp->attrs[0].b);
    if (vjp->wanted[2])
        vjp->grad_inputs[2] = dg_matmul(time_edge(a, vjp->attrs[0].b), vjp->inputs[1]);
}

static double rnn_recurrence_flops(const dg_infer *infer)
{
    double products = (double)dg_shape_count(&infer->inputs[0]->shape);
    return products * (2 * (double)infer->inputs[1]->shape.dims[1] + 12);
}

static void rnn_recurrence_step(const dg_step *step)
{
    dg_node *const *in = step->inputs;
    const dg_type *products = dg_node_type(in[0], 0);
    if (step->attrs[0].b)
        return;
    dg_node *h =
        step->state(step, (dg_type){products->dtype, DG_SHAPE(products->shape.dims[0], hidden_size(in[1]))}, in[2]);
    step->outputs[0] = dg_rnn_recurrence(in[0], in[1], .first = h, .nonlinearity = step->attrs[1].s);
    step->next(step, h, time_edge(step->outputs[0], true));
}

static const dg_sample rnn_recurrence_samples[] = {
    {"rnn_recurrence", {"[2, 3, 2]", "[2, 2]", "[2, 2]"}},
    {"rnn_recurrence(reverse=true)", {"[1, 3, 2]", "[2, 2]", "-"}},
    {"rnn_recurrence(nonlinearity=relu)", {"[2, 3, 2]", "[2, 2]", "[2, 2]"}},
    {.call = NULL}};

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
        .name = "time_products",
        .family = "recurrent",
        .summary = "what a recurrent layer's weights get: Σ a_t h_{t−1}ᵀ over the batch and all time steps, Σ a_t, and "
                   "with an input x Σ a_t x_tᵀ",
        .inputs = {{.name = "a", .doc = "[N, T, features]"},
                   {.name = "states", .doc = "h, [N, T, H]"},
                   FIRST("first"),
                   {.name = "input", .flags = DG_OPTIONAL, .doc = "x, [N, T, features]"}},
        .attrs = {REVERSE},
        .output_count = time_products_count,
        .infer = time_products_infer,
        .forward = time_products_forward,
        .workspace = time_products_workspace,
        .backward = time_products_backward,
        .flops = time_products_flops,
        .samples = time_products_samples,
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
        .workspace = linear_workspace,
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
        .workspace = linear_workspace,
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
        .workspace = rnn_recurrence_workspace,
        .backward = rnn_recurrence_backward,
        .flops = rnn_recurrence_flops,
        .samples = rnn_recurrence_samples,
    },
};

const dg_op_family recurrence_family = DG_FAMILY(recurrence_ops);

const dg_step_rule rnn_recurrence_rule = {"rnn_recurrence", rnn_recurrence_step};
const dg_step_rule time_shift_rule = {"time_shift", time_shift_step};
