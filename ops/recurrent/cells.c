/* Recurrent cells: one time step of rnn, gru and lstm. */
#include <dotgrad/op.h>
#include <dotgrad/ops/activation.h>
#include <dotgrad/ops/linear.h>

#include <string.h>

#include "layers.h"
#include "ops/shared/rules.h"
#include "shared.h"

enum { HIDDEN_SIZE, BIAS, NONLINEARITY }; /* attributes */

/* Inputs: x, h, with lstm c, then weight_ih, weight_hh, bias_ih, bias_hh. */
static int first_weight(const dg_op *op)
{
    return recurrent_gates(op) == 4 ? 3 : 2;
}

static dg_status cell_input_weight(const dg_infer *infer, dg_shape *shape, bool *present)
{
    char text[DG_SHAPE_TEXT];
    const dg_type *input = infer->inputs[0];
    int64_t hidden = infer->attrs[HIDDEN_SIZE].i;
    *present = input != NULL;
    if (hidden < 1)
        return dg_error(DG_BAD_ARGUMENT, "hidden_size is %lld, expected at least 1", (long long)hidden);
    if (*present && (input->shape.rank < 1 || input->shape.dims[input->shape.rank - 1] < 0))
        return dg_error(DG_BAD_SHAPE, "input is %s, expected [N, features] with a number of features",
                        dg_graph_print_shape(infer->graph, &input->shape, text, sizeof text));
    if (*present)
        *shape = DG_SHAPE(recurrent_gates(infer->op) * hidden, input->shape.dims[input->shape.rank - 1]);
    return dg_ok();
}

static dg_status cell_bias(const dg_infer *infer, dg_shape *shape, bool *present)
{
    *present = infer->attrs[BIAS].b;
    *shape = DG_SHAPE(recurrent_gates(infer->op) * infer->attrs[HIDDEN_SIZE].i);
    return dg_ok();
}

static dg_status cell_infer(const dg_infer *infer)
{
    char text[DG_SHAPE_TEXT];
    const dg_shape *x = &infer->inputs[0]->shape;
    int64_t hidden = infer->attrs[HIDDEN_SIZE].i, size = recurrent_gates(infer->op) * hidden;
    int weight = first_weight(infer->op);
    if (x->rank < 1 || x->rank > 2)
        return dg_error(DG_BAD_SHAPE, "input is %s, expected [N, features] or [features]",
                        dg_graph_print_shape(infer->graph, x, text, sizeof text));
    dg_shape state = *x;
    state.dims[x->rank - 1] = hidden;
    DG_TRY(want_floats(infer, 0));
    for (int k = 1; k < weight; k++)
        DG_TRY(want_shape(infer, k, &state));
    DG_TRY(want_shape(infer, weight, &DG_SHAPE(size, x->dims[x->rank - 1])));
    DG_TRY(want_shape(infer, weight + 1, &DG_SHAPE(size, hidden)));
    DG_TRY(want_shape(infer, weight + 2, &DG_SHAPE(size)));
    DG_TRY(want_shape(infer, weight + 3, &DG_SHAPE(size)));
    for (int k = 0; k < infer->n_outputs; k++)
        infer->outputs[k] = (dg_type){infer->inputs[0]->dtype, state};
    return dg_ok();
}

/* W x + b for x and for h; without h the bias alone, without both NULL. */
static dg_node *products(dg_node *x, dg_node *weight, dg_node *bias)
{
    return x ? dg_linear(x, DG_NONE, .weight = weight, .bias_node = bias, .bias = bias != NULL) : bias;
}

static void products_of(const dg_compose *compose, dg_node **of_x, dg_node **of_h)
{
    dg_node *const *weights = compose->inputs + first_weight(dg_node_op(compose->node));
    *of_x = products(compose->inputs[0], weights[0], weights[2]);
    *of_h = products(compose->inputs[1], weights[1], weights[3]);
}

static void rnn_cell_compose(const dg_compose *compose)
{
    dg_node *of_x, *of_h;
    products_of(compose, &of_x, &of_h);
    dg_node *sum = sum_of(of_x, of_h);
    compose->outputs[0] = strcmp(compose->attrs[NONLINEARITY].s, "relu") == 0 ? dg_relu(sum) : dg_tanh(sum);
}

static void gru_cell_compose(const dg_compose *compose)
{
    dg_node *of_x, *of_h, *h = compose->inputs[1];
    int64_t hidden = compose->attrs[HIDDEN_SIZE].i;
    products_of(compose, &of_x, &of_h);
    dg_node *r = dg_sigmoid(sum_of(block_of(of_x, 0, hidden), block_of(of_h, 0, hidden)));
    dg_node *z = dg_sigmoid(sum_of(block_of(of_x, 1, hidden), block_of(of_h, 1, hidden)));
    dg_node *p = block_of(of_x, 2, hidden), *q = block_of(of_h, 2, hidden);
    dg_node *n = q ? dg_expr("tanh(p + r * q)", {"p", p}, {"r", r}, {"q", q}) : dg_tanh(p);
    compose->outputs[0] =
        h ? dg_expr("(1 - z) * n + z * h", {"z", z}, {"n", n}, {"h", h}) : dg_expr("(1 - z) * n", {"z", z}, {"n", n});
}

static void lstm_cell_compose(const dg_compose *compose)
{
    dg_node *of_x, *of_h, *c = compose->inputs[2];
    int64_t hidden = compose->attrs[HIDDEN_SIZE].i;
    products_of(compose, &of_x, &of_h);
    dg_node *sum = sum_of(of_x, of_h);
    dg_node *i = block_of(sum, 0, hidden), *f = block_of(sum, 1, hidden), *g = block_of(sum, 2, hidden);
    c = c ? dg_expr("sigmoid(f) * c + sigmoid(i) * tanh(g)", {"f", f}, {"c", c}, {"i", i}, {"g", g})
          : dg_expr("sigmoid(i) * tanh(g)", {"i", i}, {"g", g});
    compose->outputs[0] = dg_expr("sigmoid(o) * tanh(c)", {"o", block_of(sum, 3, hidden)}, {"c", c});
    compose->outputs[1] = c;
}

static const dg_sample rnn_cell_samples[] = {{"rnn_cell(3)", {"[2, 2]", "[2, 3]"}},
                                             {"rnn_cell(3, nonlinearity=relu, bias=false)", {"[2]", "-"}},
                                             {.call = NULL}};
static const dg_sample gru_cell_samples[] = {{"gru_cell(3)", {"[2, 2]", "[2, 3]"}},
                                             {"gru_cell(3)", {"[2]", "-"}},
                                             {"gru_cell(3, bias=false)", {"[2]", "-"}},
                                             {.call = NULL}};
static const dg_sample lstm_cell_samples[] = {{"lstm_cell(3)", {"[2, 2]", "[2, 3]", "[2, 3]"}},
                                              {"lstm_cell(3, bias=false)", {"[2]", "[3]", "-"}},
                                              {.call = NULL}};

#define STATE(state_name)                                                                                              \
    {                                                                                                                  \
        .name = state_name, .flags = DG_OPTIONAL, .doc = "[N, H] or [H]; left out: 0"                                  \
    }
#define WEIGHT(weight_name, rule, text)                                                                                \
    {                                                                                                                  \
        .name = weight_name, .flags = DG_OPTIONAL, .doc = text, .parameter = rule, .init_for = recurrent_init          \
    }
#define WEIGHTS(blocks)                                                                                                \
    WEIGHT("weight_ih", cell_input_weight, "[" blocks "H, features]"),                                                 \
        WEIGHT("weight_hh", recurrent_hidden_weight, "[" blocks "H, H]"),                                              \
        WEIGHT("bias_ih", cell_bias, "[" blocks "H]"), WEIGHT("bias_hh", cell_bias, "[" blocks "H]")
#define INPUT                                                                                                          \
    {                                                                                                                  \
        .name = "input", .doc = "[N, features] or [features]"                                                          \
    }
#define ATTRIBUTES                                                                                                     \
    {.name = "hidden_size", .kind = DG_ATTR_INT, .doc = "H", .positional = true},                                      \
    {                                                                                                                  \
        .name = "bias", .kind = DG_ATTR_BOOL, .fallback = "true", .doc = "owns biases, where none are wired"           \
    }

static const dg_op recurrent_cell_ops[] = {
    {
        .name = "rnn_cell",
        .family = "recurrent",
        .summary = "h′ = tanh(W_ih x + b_ih + W_hh h + b_hh), or max(0, …)",
        .inputs = {INPUT, STATE("hidden"), WEIGHTS("")},
        .attrs = {ATTRIBUTES,
                  {.name = "nonlinearity",
                   .kind = DG_ATTR_NAME,
                   .fallback = "tanh",
                   .choices = "tanh|relu",
                   .doc = "of the hidden state"}},
        .from_input = "input_size",
        .unnamed = 1,
        .infer = cell_infer,
        .compose = rnn_cell_compose,
        .samples = rnn_cell_samples,
    },
    {
        .name = "gru_cell",
        .family = "recurrent",
        .summary = "h′ = (1 − z) n + z h, n = tanh(W_in x + b_in + r (W_hn h + b_hn)); gates r, z, n",
        .inputs = {INPUT, STATE("hidden"), WEIGHTS("3·")},
        .attrs = {ATTRIBUTES},
        .from_input = "input_size",
        .unnamed = 1,
        .infer = cell_infer,
        .compose = gru_cell_compose,
        .samples = gru_cell_samples,
    },
    {
        .name = "lstm_cell",
        .family = "recurrent",
        .summary = "c′ = f c + i g, h′ = o tanh c′, gates i, f, g, o of W_ih x + b_ih + W_hh h + b_hh",
        .inputs = {INPUT, STATE("hidden"), STATE("cell"), WEIGHTS("4·")},
        .attrs = {ATTRIBUTES},
        .from_input = "input_size",
        .unnamed = 1,
        .outputs = {"h", "c"},
        .infer = cell_infer,
        .compose = lstm_cell_compose,
        .samples = lstm_cell_samples,
    },
};

const dg_op_family recurrent_cell_family = DG_FAMILY(recurrent_cell_ops);
