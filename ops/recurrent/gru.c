/* A gru layer in one direction over all time steps as one op, and its gradient as another. The gradient's own
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

/* ---- gru_recurrence ---- */

enum { GRU_PRODUCTS, GRU_WEIGHT, GRU_BIAS, GRU_FIRST }; /* inputs */

static dg_status gru_recurrence_infer(const dg_infer *infer)
{
    dg_shape states, size = infer->inputs[GRU_PRODUCTS]->shape;
    DG_TRY(want_recurrence(infer, GRU_WEIGHT, GRU_PRODUCTS, &states));
    DG_TRY(want_blocks(infer, GRU_WEIGHT, 3));
    DG_TRY(want_shape(infer, GRU_BIAS, &DG_SHAPE(size.dims[2])));
    DG_TRY(want_shape(infer, GRU_FIRST, &DG_SHAPE(states.dims[0], states.dims[2])));
    infer->outputs[0] = (dg_type){infer->inputs[GRU_PRODUCTS]->dtype, states};
    infer->outputs[1] = infer->outputs[0];
    infer->outputs[1].shape.dims[2] = 4 * states.dims[2];
    return dg_ok();
}

static gru_steps gru_call(const dg_kernel *kernel)
{
    return (gru_steps){.r = recurrence_of(kernel->outputs[0], kernel->attrs[0].b),
                       .products = data_of(kernel, GRU_PRODUCTS),
                       .weight = data_of(kernel, GRU_WEIGHT),
                       .bias = data_of(kernel, GRU_BIAS),
                       .first = data_of(kernel, GRU_FIRST),
                       .h = kernel->outputs[0]->data,
                       .gates = kernel->outputs[1]->data};
}

static dg_status gru_recurrence_forward(const dg_kernel *kernel)
{
    gru_steps call = gru_call(kernel);
    gru_run(&call, kernel->workspace, kernel->threads);
    return dg_ok();
}

static size_t gru_recurrence_workspace(const dg_kernel *kernel)
{
    gru_steps call = gru_call(kernel);
    return gru_bytes(&call);
}

/* With r, z, n for the gates, q = W_n h⁻ + b_n and h⁻ for the hidden state before, s the hidden state's products:
 *     ∂h/∂s = ((1 − z) (1 − n²) q r (1 − r), (h⁻ − n) z (1 − z), (1 − z) (1 − n²) r), ∂h/∂h⁻ = z
 * The input's products are added to s in r and z; in n they bypass r. */
typedef struct gru_parts {
    dg_node *r, *z, *n, *q, *before;
    dg_node *weight, *gain;
    bool reverse;
} gru_parts;

static gru_parts gru_parts_of(dg_node *weight, dg_node *gates, dg_node *h, dg_node *first, bool reverse)
{
    int64_t size = hidden_size(weight);
    gru_parts p = {block_of(gates, 0, size), block_of(gates, 1, size), block_of(gates, 2, size),
                   block_of(gates, 3, size), .weight = weight,         .reverse = reverse};
    p.before = dg_time_shift(h, .first = first, .reverse = reverse);
    dg_node *part[] = {dg_expr("(1 - z) * (1 - n^2) * q * r * (1 - r)", {"z", p.z}, {"n", p.n}, {"q", p.q}, {"r", p.r}),
                       dg_expr("(h - n) * z * (1 - z)", {"h", p.before}, {"n", p.n}, {"z", p.z}),
                       dg_expr("(1 - z) * (1 - n^2) * r", {"z", p.z}, {"n", p.n}, {"r", p.r})};
    p.gain = dg_cat(3, part, .dim = -1);
    return p;
}

static dg_node *gru_adjoint(const gru_parts *p, dg_node *on_sums, dg_node *on_h)
{
    return dg_linear_recurrence_transposed(p->weight, p->gain, .decay = p->z, .s = on_sums, .u = on_h,
                                           .reverse = p->reverse);
}

/* Cotangents by the linear recurrence, where the gates have one: of the input's products, of s, and of the first hidden
 * state where it bypasses W. */
static void gru_gradient_by_parts(const dg_backward *vjp, dg_node *gates, dg_node *result[3])
{
    dg_node *weight = vjp->inputs[GRU_WEIGHT], *on[4];
    gru_parts p = gru_parts_of(weight, gates, vjp->output, vjp->inputs[GRU_FIRST], vjp->attrs[0].b);
    int64_t hidden = hidden_size(weight);
    for (int b = 0; b < 4; b++)
        on[b] = block_of(vjp->grad_outputs[1], b, hidden);
    dg_node *part[] = {dg_expr("(a + b * (1 - n^2) * q) * r * (1 - r)", {"a", on[0]}, {"b", on[2]}, {"n", p.n},
                               {"q", p.q}, {"r", p.r}),
                       dg_expr("a * z * (1 - z)", {"a", on[1]}, {"z", p.z}),
                       dg_expr("a + b * (1 - n^2) * r", {"a", on[3]}, {"b", on[2]}, {"n", p.n}, {"r", p.r})};
    dg_node *sums = gru_adjoint(&p, dg_cat(3, part, .dim = -1), vjp->grad_outputs[0]), *on_h = dg_output(sums, M);
    dg_node *both[] = {dg_slice(sums, .dim = -1, .end = 2 * hidden),
                       dg_expr("((1 - z) * a + b) * (1 - n^2)", {"z", p.z}, {"a", on_h}, {"b", on[2]}, {"n", p.n})};
    result[0] = dg_cat(2, both, .dim = -1);
    result[1] = sums;
    result[2] = time_edge(dg_mul(p.z, on_h), p.reverse);
}

static void gru_recurrence_backward(const dg_backward *vjp)
{
    bool reverse = vjp->attrs[0].b;
    dg_node *const *in = vjp->inputs, *gates = dg_output(vjp->output, 1), *on[3];
    if (vjp->grad_outputs[1]) {
        gru_gradient_by_parts(vjp, gates, on);
    } else {
        on[0] = dg_gru_recurrence_grad(in[GRU_WEIGHT], gates, vjp->output, vjp->grad_outputs[0], .first = in[GRU_FIRST],
                                       .reverse = reverse);
        on[1] = dg_output(on[0], 1);
        on[2] = dg_output(on[0], 2);
    }
    vjp->grad_inputs[GRU_PRODUCTS] = on[0];
    if (vjp->wanted[GRU_FIRST])
        vjp->grad_inputs[GRU_FIRST] = dg_add(dg_matmul(time_edge(on[1], reverse), in[GRU_WEIGHT]), on[2]);
    if (!vjp->wanted[GRU_WEIGHT] && !vjp->wanted[GRU_BIAS])
        return;
    vjp->grad_inputs[GRU_WEIGHT] = dg_time_products(on[1], vjp->output, .first = in[GRU_FIRST], .reverse = reverse);
    if (in[GRU_BIAS])
        vjp->grad_inputs[GRU_BIAS] = dg_output(vjp->grad_inputs[GRU_WEIGHT], 1);
}

static double gru_recurrence_flops(const dg_infer *infer)
{
    return gates_flops(infer, (double)infer->inputs[GRU_WEIGHT]->shape.dims[1]);
}

static void gru_recurrence_step(const dg_step *step)
{
    dg_node *const *in = step->inputs;
    const dg_type *products = dg_node_type(in[GRU_PRODUCTS], 0);
    if (step->attrs[0].b)
        return;
    dg_node *h =
        step->state(step, (dg_type){products->dtype, DG_SHAPE(products->shape.dims[0], hidden_size(in[GRU_WEIGHT]))},
                    in[GRU_FIRST]);
    dg_node *y = dg_gru_recurrence(in[GRU_PRODUCTS], in[GRU_WEIGHT], .bias = in[GRU_BIAS], .first = h);
    step->outputs[0] = y;
    step->outputs[1] = dg_output(y, 1);
    step->next(step, h, time_edge(y, true));
}

static const dg_sample gru_recurrence_samples[] = {
    {"gru_recurrence", {"[2, 3, 6]", "[6, 2]", "[6]", "[2, 2]"}},
    {"gru_recurrence(reverse=true)", {"[1, 3, 3]", "[3, 1]", "-", "[1, 1]"}},
    {.call = NULL}};

/* ---- gru_recurrence_grad ---- */

enum { R_WEIGHT, R_GATES, R_OUTPUT, R_ON_OUTPUT, R_FIRST }; /* inputs */

static dg_status gru_recurrence_grad_infer(const dg_infer *infer)
{
    const dg_type *weight = infer->inputs[R_WEIGHT], *gates = infer->inputs[R_GATES];
    char text[DG_SHAPE_TEXT];
    for (int k = R_WEIGHT; k <= R_GATES; k++)
        DG_TRY(want_floats(infer, k));
    if (weight->shape.rank != 2 || gates->shape.rank != 3)
        return dg_error(DG_BAD_SHAPE, "gates is %s, expected [N, T, 4·H], and weight [3·H, H]",
                        dg_graph_print_shape(infer->graph, &gates->shape, text, sizeof text));
    DG_TRY(want_blocks(infer, R_WEIGHT, 3));
    int64_t n = gates->shape.dims[0], t = gates->shape.dims[1], hidden = weight->shape.dims[1];
    DG_TRY(want_shape(infer, R_GATES, &DG_SHAPE(n, t, 4 * hidden)));
    DG_TRY(want_shape(infer, R_OUTPUT, &DG_SHAPE(n, t, hidden)));
    DG_TRY(want_shape(infer, R_ON_OUTPUT, &DG_SHAPE(n, t, hidden)));
    DG_TRY(want_shape(infer, R_FIRST, &DG_SHAPE(n, hidden)));
    infer->outputs[0] = infer->outputs[1] = (dg_type){gates->dtype, DG_SHAPE(n, t, 3 * hidden)};
    infer->outputs[2] = (dg_type){gates->dtype, DG_SHAPE(n, hidden)};
    return dg_ok();
}

static gru_gradient_steps gru_gradient_call(const dg_kernel *kernel)
{
    return (gru_gradient_steps){.r = recurrence_of(kernel->inputs[R_OUTPUT], kernel->attrs[0].b),
                                .weight = data_of(kernel, R_WEIGHT),
                                .gates = data_of(kernel, R_GATES),
                                .h = data_of(kernel, R_OUTPUT),
                                .first = data_of(kernel, R_FIRST),
                                .on_h = data_of(kernel, R_ON_OUTPUT),
                                .on_products = kernel->outputs[0]->data,
                                .on_sums = kernel->outputs[1]->data,
                                .on_first = kernel->outputs[2]->data};
}

static dg_status gru_recurrence_grad_forward(const dg_kernel *kernel)
{
    gru_gradient_steps call = gru_gradient_call(kernel);
    gru_gradient_run(&call, kernel->workspace, kernel->threads);
    return dg_ok();
}

static size_t gru_recurrence_grad_workspace(const dg_kernel *kernel)
{
    gru_gradient_steps call = gru_gradient_call(kernel);
    return gru_gradient_bytes(&call);
}

/* The cotangents of the gates and of the hidden states from those of the coefficients: of the gain's blocks a, b, c and
 * of the decay d; where the input's products have one, on_n is that of n's, and m the
 * hidden state's. */
static void gru_coefficient_gradients(const dg_backward *vjp, const gru_parts *p, dg_node *const gain[3],
                                      dg_node *decay, dg_node *on_n, dg_node *m)
{
    dg_node *part[4], *a = gain[0], *b = gain[1], *c = gain[2];
    part[0] = dg_expr("(1 - z) * (1 - n^2) * (a * q * (1 - 2 * r) + c)", {"z", p->z}, {"n", p->n}, {"a", a},
                      {"q", p->q}, {"r", p->r}, {"c", c});
    part[1] =
        dg_expr("b * (h - n) * (1 - 2 * z) - (1 - n^2) * (a * q * r * (1 - r) + c * r) + d", {"b", b}, {"h", p->before},
                {"n", p->n}, {"z", p->z}, {"a", a}, {"q", p->q}, {"r", p->r}, {"c", c}, {"d", decay});
    part[2] = dg_expr("-2 * n * (1 - z) * (a * q * r * (1 - r) + c * r) - b * z * (1 - z)", {"n", p->n}, {"z", p->z},
                      {"a", a}, {"q", p->q}, {"r", p->r}, {"c", c}, {"b", b});
    part[3] = dg_expr("a * (1 - z) * (1 - n^2) * r * (1 - r)", {"a", a}, {"z", p->z}, {"n", p->n}, {"r", p->r});
    if (on_n) {
        part[1] = dg_sub(part[1], dg_expr("y * m * (1 - n^2)", {"y", on_n}, {"m", m}, {"n", p->n}));
        part[2] = dg_sub(part[2], dg_expr("2 * y * m * (1 - z) * n", {"y", on_n}, {"m", m}, {"z", p->z}, {"n", p->n}));
    }
    vjp->grad_inputs[R_GATES] = dg_cat(4, part, .dim = -1);
    dg_node *before = dg_expr("b * z * (1 - z)", {"b", b}, {"z", p->z});
    vjp->grad_inputs[R_OUTPUT] = dg_time_shift(before, .reverse = !p->reverse);
    if (vjp->wanted[R_FIRST])
        vjp->grad_inputs[R_FIRST] = time_edge(before, p->reverse);
}

static void gru_recurrence_grad_backward(const dg_backward *vjp)
{
    dg_node *const *in = vjp->inputs, *const *on = vjp->grad_outputs;
    bool reverse = vjp->attrs[0].b;
    gru_parts p = gru_parts_of(in[R_WEIGHT], in[R_GATES], in[R_OUTPUT], in[R_FIRST], reverse);
    int64_t hidden = hidden_size(p.weight);
    dg_node *adjoint = gru_adjoint(&p, NULL, in[R_ON_OUTPUT]), *on_m = dg_output(adjoint, M);
    /* The products' are those of s in r and z, (1 − z) (1 − n²) m in n; the first state's is z·m at the first step. */
    dg_node *from_s = on[1], *from_m = NULL, *on_n = block_of(on[0], 2, hidden);
    dg_node *placed = at_first_step(on[2], in[R_OUTPUT], reverse);
    if (on[0]) {
        dg_node *both[] = {dg_slice(on[0], .dim = -1, .end = 2 * hidden), dg_zeros_like(on_n)};
        from_s = sum_of(from_s, dg_cat(2, both, .dim = -1));
        from_m = dg_expr("y * (1 - z) * (1 - n^2)", {"y", on_n}, {"z", p.z}, {"n", p.n});
    }
    if (placed)
        from_m = sum_of(from_m, dg_mul(p.z, placed));
    dg_node *state = dg_linear_recurrence(p.weight, p.gain, .decay = p.z, .s = from_s, .m = from_m, .reverse = reverse);
    dg_node *u = dg_output(state, U);
    vjp->grad_inputs[R_ON_OUTPUT] = u;
    if (vjp->wanted[R_WEIGHT])
        vjp->grad_inputs[R_WEIGHT] = dg_time_products(adjoint, u, .reverse = reverse);
    if (!vjp->wanted[R_GATES] && !vjp->wanted[R_OUTPUT] && !vjp->wanted[R_FIRST])
        return;
    dg_node *gain[3];
    for (int b = 0; b < 3; b++)
        gain[b] = dg_mul(on_m, block_of(state, b, hidden));
    dg_node *m_before = sum_of(dg_time_shift(dg_output(state, M), .reverse = reverse), placed);
    gru_coefficient_gradients(vjp, &p, gain, dg_mul(on_m, m_before), on_n, on_m);
}

static const dg_sample gru_recurrence_grad_samples[] = {
    {"gru_recurrence_grad", {"[6, 2]", "[2, 3, 8]", "[2, 3, 2]", "[2, 3, 2]", "[2, 2]"}},
    {"gru_recurrence_grad(reverse=true)", {"[3, 1]", "[1, 3, 4]", "[1, 3, 1]", "[1, 3, 1]", "-"}},
    {.call = NULL}};

static const dg_op gru_recurrence_ops[] = {
    {
        .name = "gru_recurrence",
        .family = "recurrent",
        .summary = "(a, b, q) = W h_{t−1} + bias, r = σ(p_r + a), z = σ(p_z + b), n = tanh(p_n + r q), "
                   "h_t = (1 − z) n + z h_{t−1}",
        .source = "Cho et al., Learning phrase representations using RNN encoder-decoder (2014)",
        .inputs = {PRODUCTS("p, [N, T, 3·H]"),
                   {.name = "weight", .doc = "W, [3·H, H]"},
                   OPTIONAL("bias", "[3·H]; left out: 0"),
                   FIRST("first")},
        .attrs = {REVERSE},
        .outputs = {"output", "gates"},
        .infer = gru_recurrence_infer,
        .forward = gru_recurrence_forward,
        .workspace = gru_recurrence_workspace,
        .backward = gru_recurrence_backward,
        .flops = gru_recurrence_flops,
        .samples = gru_recurrence_samples,
    },
    {
        .name = "gru_recurrence_grad",
        .family = "recurrent",
        .summary =
            "the gradient of gru_recurrence: from the cotangent of output those of p, of W h_{t−1} + bias, and of "
            "first where it is not multiplied by W",
        .inputs = {{.name = "weight", .doc = "W, [3·H, H]"},
                   {.name = "gates", .doc = "[N, T, 4·H]"},
                   {.name = "output", .doc = "h, [N, T, H]"},
                   {.name = "on_output", .doc = "[N, T, H]"},
                   FIRST("first")},
        .attrs = {REVERSE},
        .outputs = {"products", "sums", "first"},
        .infer = gru_recurrence_grad_infer,
        .forward = gru_recurrence_grad_forward,
        .workspace = gru_recurrence_grad_workspace,
        .backward = gru_recurrence_grad_backward,
        .flops = gates_gradient_flops,
        .samples = gru_recurrence_grad_samples,
    },
};

const dg_op_family gru_recurrence_family = DG_FAMILY(gru_recurrence_ops);

const dg_step_rule gru_recurrence_rule = {"gru_recurrence", gru_recurrence_step};
