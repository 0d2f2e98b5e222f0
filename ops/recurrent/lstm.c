/* An lstm layer in one direction over all time steps as one op, and its gradient as another. The gradient's own
 * derivative, and that of a layer whose gates are used themselves, go back to what it is: a linear recurrence, whose
 * coefficients follow from the gates by elementwise formulas. */
#include <dotgrad/op.h>
#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/linear.h>
#include <dotgrad/ops/recurrent.h>
#include <dotgrad/ops/shape.h>
#include <dotgrad/ops/source.h>
#include <dotgrad/step.h>

#include "ops/shared/rules.h"
#include "run.h"
#include "shared.h"

/* ---- lstm_recurrence ---- */

enum { INPUT, WEIGHT, FIRST_STATE, FIRST_CELL, INPUT_WEIGHT, INPUT_BIAS }; /* inputs */
enum { CELL = 1, GATES };                                                  /* outputs beyond the first */

static dg_status lstm_recurrence_infer(const dg_infer *infer)
{
    dg_shape states;
    const dg_type *input = infer->inputs[INPUT], *weight = infer->inputs[WEIGHT];
    if (infer->inputs[INPUT_WEIGHT]) {
        char text[DG_SHAPE_TEXT];
        DG_TRY(want_floats(infer, INPUT));
        DG_TRY(want_floats(infer, WEIGHT));
        if (input->shape.rank != 3 || weight->shape.rank != 2)
            return dg_error(DG_BAD_SHAPE, "input is %s, expected [N, T, features], and weight [4·H, H]",
                            dg_graph_print_shape(infer->graph, &input->shape, text, sizeof text));
        states = DG_SHAPE(input->shape.dims[0], input->shape.dims[1], weight->shape.dims[1]);
        DG_TRY(want_shape(infer, INPUT_WEIGHT, &DG_SHAPE(weight->shape.dims[0], input->shape.dims[2])));
        DG_TRY(want_shape(infer, INPUT_BIAS, &DG_SHAPE(weight->shape.dims[0])));
    } else {
        DG_TRY(want_recurrence(infer, WEIGHT, INPUT, &states));
        if (infer->inputs[INPUT_BIAS])
            return dg_error(DG_BAD_ARGUMENT, "bias needs an input_weight");
    }
    DG_TRY(want_blocks(infer, WEIGHT, 4));
    for (int k = FIRST_STATE; k <= FIRST_CELL; k++)
        DG_TRY(want_shape(infer, k, &DG_SHAPE(states.dims[0], states.dims[2])));
    infer->outputs[0] = infer->outputs[CELL] = infer->outputs[GATES] = (dg_type){input->dtype, states};
    infer->outputs[GATES].shape.dims[2] *= 4;
    return dg_ok();
}

static lstm_steps lstm_call(const dg_kernel *kernel)
{
    return (lstm_steps){.r = recurrence_of(kernel->outputs[0], kernel->attrs[0].b),
                        .has_weight = kernel->inputs[INPUT_WEIGHT],
                        .features = kernel->inputs[INPUT_WEIGHT] ? size_of_step(kernel->inputs[INPUT]) : 0,
                        .input = data_of(kernel, INPUT),
                        .input_weight = data_of(kernel, INPUT_WEIGHT),
                        .bias = data_of(kernel, INPUT_BIAS),
                        .weight = data_of(kernel, WEIGHT),
                        .first = data_of(kernel, FIRST_STATE),
                        .first_cell = data_of(kernel, FIRST_CELL),
                        .h = kernel->outputs[0]->data,
                        .cell = kernel->outputs[CELL]->data,
                        .gates = kernel->outputs[GATES]->data};
}

static dg_status lstm_recurrence_forward(const dg_kernel *kernel)
{
    lstm_steps call = lstm_call(kernel);
    lstm_run(&call, kernel->workspace, kernel->threads);
    return dg_ok();
}

static size_t lstm_recurrence_workspace(const dg_kernel *kernel)
{
    lstm_steps call = lstm_call(kernel);
    return lstm_bytes(&call);
}

/* What an LSTM's gradient is made of: the gates, c, c⁻ and, as a linear recurrence, its coefficients. With i, f, g, o
 * for the gates and c⁻ for the cell before: ∂c/∂(sums) = (g i (1 − i), c⁻ f (1 − f), i (1 − g²)), ∂c/∂c⁻ = f ∂h/∂(sum
 * of o) = o (1 − o) tanh c, ∂h/∂c = o (1 − tanh² c) */
typedef struct lstm_parts {
    dg_node *i, *f, *g, *o, *cell, *before;
    dg_node *weight, *gain, *readout;
    bool reverse;
} lstm_parts;

static lstm_parts lstm_parts_of(dg_node *weight, dg_node *gates, dg_node *cell, dg_node *first_cell, bool reverse)
{
    int64_t n = hidden_size(weight);
    lstm_parts p = {block_of(gates, 0, n), block_of(gates, 1, n), block_of(gates, 2, n), block_of(gates, 3, n),
                    .cell = cell,          .weight = weight,      .reverse = reverse};
    p.before = dg_time_shift(cell, .first = first_cell, .reverse = reverse);
    dg_node *part[] = {
        dg_expr("g * i * (1 - i)", {"g", p.g}, {"i", p.i}), dg_expr("c * f * (1 - f)", {"c", p.before}, {"f", p.f}),
        dg_expr("i * (1 - g^2)", {"g", p.g}, {"i", p.i}), dg_expr("o * (1 - o) * tanh(c)", {"o", p.o}, {"c", cell})};
    p.gain = dg_cat(4, part, .dim = -1);
    p.readout = dg_expr("o * (1 - tanh(c)^2)", {"o", p.o}, {"c", cell});
    return p;
}

static dg_node *lstm_adjoint(const lstm_parts *p, dg_node *on_sums, dg_node *on_cell, dg_node *on_h)
{
    return dg_linear_recurrence_transposed(p->weight, p->gain, .decay = p->f, .readout = p->readout, .s = on_sums,
                                           .m = on_cell, .u = on_h, .reverse = p->reverse);
}

/* The cotangent of the gates' sums where they themselves have one, [N, T, 4·H], or NULL. */
static dg_node *lstm_sums_from_gates(const lstm_parts *p, dg_node *on_gates)
{
    dg_node *gate[] = {p->i, p->f, p->g, p->o}, *part[4];
    for (int b = 0; b < 4; b++)
        part[b] = dg_expr(b == 2 ? "d * (1 - y^2)" : "d * y * (1 - y)",
                          {"d", block_of(on_gates, b, hidden_size(p->weight))}, {"y", gate[b]});
    return dg_cat(4, part, .dim = -1);
}

static void lstm_recurrence_backward(const dg_backward *vjp)
{
    bool reverse = vjp->attrs[0].b;
    dg_node *const *in = vjp->inputs, *const *on = vjp->grad_outputs, *gates = dg_output(vjp->output, GATES);
    dg_node *cell = dg_output(vjp->output, CELL), *sums, *on_first_cell;
    if (on[GATES]) {
        lstm_parts p = lstm_parts_of(in[WEIGHT], gates, cell, in[FIRST_CELL], reverse);
        sums = lstm_adjoint(&p, lstm_sums_from_gates(&p, on[GATES]), on[CELL], on[0]);
        on_first_cell = vjp->wanted[FIRST_CELL] ? time_edge(dg_mul(p.f, dg_output(sums, M)), reverse) : NULL;
    } else {
        sums = dg_lstm_recurrence_grad(in[WEIGHT], gates, cell, .first_cell = in[FIRST_CELL], .on_output = on[0],
                                       .on_cell = on[CELL], .reverse = reverse);
        on_first_cell = vjp->wanted[FIRST_CELL] ? dg_output(sums, 1) : NULL;
    }
    vjp->grad_inputs[FIRST_CELL] = on_first_cell;
    if (vjp->wanted[FIRST_STATE])
        vjp->grad_inputs[FIRST_STATE] = dg_matmul(time_edge(sums, reverse), in[WEIGHT]);
    if (!in[INPUT_WEIGHT])
        vjp->grad_inputs[INPUT] = sums;
    else if (vjp->wanted[INPUT])
        vjp->grad_inputs[INPUT] = dg_matmul(sums, in[INPUT_WEIGHT]);
    if (!vjp->wanted[WEIGHT] && !vjp->wanted[INPUT_WEIGHT] && !vjp->wanted[INPUT_BIAS])
        return;
    vjp->grad_inputs[WEIGHT] = dg_time_products(sums, vjp->output, .first = in[FIRST_STATE],
                                                .input = in[INPUT_WEIGHT] ? in[INPUT] : NULL, .reverse = reverse);
    if (in[INPUT_BIAS])
        vjp->grad_inputs[INPUT_BIAS] = dg_output(vjp->grad_inputs[WEIGHT], 1);
    if (in[INPUT_WEIGHT])
        vjp->grad_inputs[INPUT_WEIGHT] = dg_output(vjp->grad_inputs[WEIGHT], 2);
}

static double lstm_recurrence_flops(const dg_infer *infer)
{
    int64_t features = infer->inputs[INPUT_WEIGHT] ? infer->inputs[INPUT]->shape.dims[2] : 0;
    return gates_flops(infer, (double)(features + infer->inputs[WEIGHT]->shape.dims[1]));
}

static void lstm_recurrence_step(const dg_step *step)
{
    dg_node *const *in = step->inputs;
    const dg_type *input = dg_node_type(in[INPUT], 0);
    const dg_type type = {input->dtype, DG_SHAPE(input->shape.dims[0], hidden_size(in[WEIGHT]))};
    if (step->attrs[0].b)
        return;
    dg_node *h = step->state(step, type, in[FIRST_STATE]), *c = step->state(step, type, in[FIRST_CELL]);
    dg_node *y = dg_lstm_recurrence(in[INPUT], in[WEIGHT], .first = h, .first_cell = c,
                                    .input_weight = in[INPUT_WEIGHT], .bias = in[INPUT_BIAS]);
    for (int k = 0; k < step->n_outputs; k++)
        step->outputs[k] = k ? dg_output(y, k) : y;
    step->next(step, h, time_edge(y, true));
    step->next(step, c, time_edge(dg_output(y, CELL), true));
}

static const dg_sample lstm_recurrence_samples[] = {
    {"lstm_recurrence", {"[2, 3, 8]", "[8, 2]", "[2, 2]", "[2, 2]"}},
    {"lstm_recurrence(reverse=true)", {"[1, 3, 4]", "[4, 1]", "[1, 1]", "-"}},
    {"lstm_recurrence", {"[2, 3, 3]", "[8, 2]", "[2, 2]", "[2, 2]", "[8, 3]", "[8]"}},
    {"lstm_recurrence(reverse=true)", {"[2, 2, 1]", "[4, 1]", "-", "-", "[4, 1]", "-"}},
    {.call = NULL}};

/* ---- lstm_recurrence_grad ---- */

enum { G_WEIGHT, G_GATES, G_CELL, G_FIRST_CELL, G_ON_OUTPUT, G_ON_CELL }; /* inputs */

static dg_status lstm_recurrence_grad_infer(const dg_infer *infer)
{
    dg_shape states;
    DG_TRY(want_recurrence(infer, G_WEIGHT, G_GATES, &states));
    DG_TRY(want_blocks(infer, G_WEIGHT, 4));
    DG_TRY(want_shape(infer, G_CELL, &states));
    DG_TRY(want_shape(infer, G_FIRST_CELL, &DG_SHAPE(states.dims[0], states.dims[2])));
    DG_TRY(want_shape(infer, G_ON_OUTPUT, &states));
    DG_TRY(want_shape(infer, G_ON_CELL, &states));
    infer->outputs[0] = *infer->inputs[G_GATES];
    infer->outputs[1] = (dg_type){infer->inputs[G_GATES]->dtype, DG_SHAPE(states.dims[0], states.dims[2])};
    return dg_ok();
}

static lstm_gradient_steps lstm_gradient_call(const dg_kernel *kernel)
{
    return (lstm_gradient_steps){.r = recurrence_of(kernel->inputs[G_CELL], kernel->attrs[0].b),
                                 .weight = data_of(kernel, G_WEIGHT),
                                 .gates = data_of(kernel, G_GATES),
                                 .cell = data_of(kernel, G_CELL),
                                 .first_cell = data_of(kernel, G_FIRST_CELL),
                                 .on_h = data_of(kernel, G_ON_OUTPUT),
                                 .on_cell = data_of(kernel, G_ON_CELL),
                                 .on_sums = kernel->outputs[0]->data,
                                 .on_first_cell = kernel->outputs[1]->data};
}

static dg_status lstm_recurrence_grad_forward(const dg_kernel *kernel)
{
    lstm_gradient_steps call = lstm_gradient_call(kernel);
    lstm_gradient_run(&call, kernel->workspace, kernel->threads);
    return dg_ok();
}

static size_t lstm_recurrence_grad_workspace(const dg_kernel *kernel)
{
    lstm_gradient_steps call = lstm_gradient_call(kernel);
    return lstm_gradient_bytes(&call);
}

/* The cotangents of the gates and of the cell from those of the coefficients: of the gain's blocks a, b, c, d, of the
 * decay and of the readout. */
static void lstm_coefficient_gradients(const dg_backward *vjp, const lstm_parts *p, dg_node *const gain[4],
                                       dg_node *decay, dg_node *readout)
{
    dg_node *part[4];
    part[0] = dg_expr("a * g * (1 - 2 * i) + c * (1 - g^2)", {"a", gain[0]}, {"c", gain[2]}, {"g", p->g}, {"i", p->i});
    part[1] = dg_expr("b * c * (1 - 2 * f) + d", {"b", gain[1]}, {"c", p->before}, {"f", p->f}, {"d", decay});
    part[2] = dg_expr("a * i * (1 - i) - 2 * c * i * g", {"a", gain[0]}, {"c", gain[2]}, {"g", p->g}, {"i", p->i});
    part[3] = dg_expr("d * (1 - 2 * o) * tanh(c) + k * (1 - tanh(c)^2)", {"d", gain[3]}, {"o", p->o}, {"c", p->cell},
                      {"k", readout});
    vjp->grad_inputs[G_GATES] = dg_cat(4, part, .dim = -1);
    dg_node *before = dg_expr("b * f * (1 - f)", {"b", gain[1]}, {"f", p->f});
    dg_node *now = dg_expr("o * (1 - tanh(c)^2) * (d * (1 - o) - 2 * k * tanh(c))", {"d", gain[3]}, {"o", p->o},
                           {"c", p->cell}, {"k", readout});
    vjp->grad_inputs[G_CELL] = dg_add(now, dg_time_shift(before, .reverse = !p->reverse));
    if (vjp->wanted[G_FIRST_CELL])
        vjp->grad_inputs[G_FIRST_CELL] = time_edge(before, p->reverse);
}

static void lstm_recurrence_grad_backward(const dg_backward *vjp)
{
    dg_node *const *in = vjp->inputs;
    bool reverse = vjp->attrs[0].b;
    lstm_parts p = lstm_parts_of(in[G_WEIGHT], in[G_GATES], in[G_CELL], in[G_FIRST_CELL], reverse);
    dg_node *adjoint = lstm_adjoint(&p, NULL, in[G_ON_CELL], in[G_ON_OUTPUT]);
    dg_node *on_m = dg_output(adjoint, M), *on_u = dg_output(adjoint, U);
    dg_node *placed = at_first_step(vjp->grad_outputs[1], in[G_CELL], reverse); /* the first cell's is f·m there */
    dg_node *state =
        dg_linear_recurrence(p.weight, p.gain, .decay = p.f, .readout = p.readout, .s = vjp->grad_outputs[0],
                             .m = placed ? dg_mul(p.f, placed) : NULL, .reverse = reverse);
    dg_node *m = dg_output(state, M), *u = dg_output(state, U);
    vjp->grad_inputs[G_ON_OUTPUT] = u;
    vjp->grad_inputs[G_ON_CELL] = m;
    if (vjp->wanted[G_WEIGHT])
        vjp->grad_inputs[G_WEIGHT] = dg_time_products(adjoint, u, .reverse = reverse);
    if (!vjp->wanted[G_GATES] && !vjp->wanted[G_CELL] && !vjp->wanted[G_FIRST_CELL])
        return;
    dg_node *gain[4];
    for (int b = 0; b < 4; b++)
        gain[b] = dg_mul(b == 3 ? on_u : on_m, block_of(state, b, hidden_size(p.weight)));
    dg_node *m_before = sum_of(dg_time_shift(m, .reverse = reverse), placed);
    lstm_coefficient_gradients(vjp, &p, gain, dg_mul(on_m, m_before), dg_mul(on_u, m));
}

static const dg_sample lstm_recurrence_grad_samples[] = {
    {"lstm_recurrence_grad", {"[8, 2]", "[2, 3, 8]", "[2, 3, 2]", "[2, 2]", "[2, 3, 2]", "[2, 3, 2]"}},
    {"lstm_recurrence_grad(reverse=true)", {"[4, 1]", "[1, 3, 4]", "[1, 3, 1]", "-", "[1, 3, 1]", "-"}},
    {.call = NULL}};

static const dg_op lstm_recurrence_ops[] = {
    {
        .name = "lstm_recurrence",
        .family = "recurrent",
        .summary = "(i, f, g, o) = (σ, σ, tanh, σ)(V x_t + b + W h_{t−1}), c_t = f c_{t−1} + i g, h_t = o tanh c_t",
        .source = "Hochreiter and Schmidhuber, Long short-term memory (1997); Gers, Schmidhuber, Cummins (2000)",
        .inputs = {{.name = "input", .doc = "x, [N, T, features]; without input_weight V x + b, [N, T, 4·H]"},
                   {.name = "weight", .doc = "W, [4·H, H]"},
                   FIRST("first"),
                   FIRST("first_cell"),
                   OPTIONAL("input_weight", "V, [4·H, features]"),
                   OPTIONAL("bias", "b, [4·H]; left out: 0")},
        .attrs = {REVERSE},
        .outputs = {"output", "cell", "gates"},
        .infer = lstm_recurrence_infer,
        .forward = lstm_recurrence_forward,
        .workspace = lstm_recurrence_workspace,
        .backward = lstm_recurrence_backward,
        .flops = lstm_recurrence_flops,
        .samples = lstm_recurrence_samples,
    },
    {
        .name = "lstm_recurrence_grad",
        .family = "recurrent",
        .summary = "the gradient of lstm_recurrence: from cotangents of output and cell those of the gates' sums "
                   "V x_t + b + W h_{t−1} and of first_cell",
        .inputs = {{.name = "weight", .doc = "W, [4·H, H]"},
                   {.name = "gates", .doc = "[N, T, 4·H]"},
                   {.name = "cell", .doc = "[N, T, H]"},
                   FIRST("first_cell"),
                   OPTIONAL("on_output", "[N, T, H]; left out: 0"),
                   OPTIONAL("on_cell", "[N, T, H]; left out: 0")},
        .attrs = {REVERSE},
        .outputs = {"sums", "first_cell"},
        .infer = lstm_recurrence_grad_infer,
        .forward = lstm_recurrence_grad_forward,
        .workspace = lstm_recurrence_grad_workspace,
        .backward = lstm_recurrence_grad_backward,
        .flops = gates_gradient_flops,
        .samples = lstm_recurrence_grad_samples,
    },
};

const dg_op_family lstm_recurrence_family = DG_FAMILY(lstm_recurrence_ops);

const dg_step_rule lstm_recurrence_rule = {"lstm_recurrence", lstm_recurrence_step};
