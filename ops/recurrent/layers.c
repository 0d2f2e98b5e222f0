/* Recurrent layers: rnn, gru and lstm, of several layers and in both directions. A layer in one direction is the
 * product of the whole sequence with weight_ih, and one op over the steps; of an lstm of modest size, that op alone. */
#include <dotgrad/op.h>
#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/linear.h>
#include <dotgrad/ops/recurrent.h>
#include <dotgrad/ops/shape.h>
#include <dotgrad/ops/source.h>

#include <stdio.h>
#include <string.h>

#include "layers.h"
#include "ops/shared/rules.h"
#include "shared.h"

/* ---- places of inputs and attributes ---- */

enum { HIDDEN_SIZE, NUM_LAYERS, BIAS, BATCH_FIRST, DROPOUT, BIDIRECTIONAL, NONLINEARITY }; /* attributes */
enum { MOST_LAYERS = 16 };

/* A call, as its attributes have it. Inputs: the sequence, h_0, with lstm c_0, then the four weights of each layer and
 * direction. */
typedef struct recurrent_layers {
    int gates; /* 1: rnn, 3: gru, 4: lstm */
    int64_t hidden;
    int layers, directions;
    bool batch_first;
} recurrent_layers;

static recurrent_layers layers_of(const dg_op *op, const dg_value *attrs)
{
    return (recurrent_layers){.gates = recurrent_gates(op),
                              .hidden = attrs[HIDDEN_SIZE].i,
                              .layers = (int)attrs[NUM_LAYERS].i,
                              .directions = attrs[BIDIRECTIONAL].b ? 2 : 1,
                              .batch_first = attrs[BATCH_FIRST].b};
}

static int first_weight(const recurrent_layers *l)
{
    return l->gates == 4 ? 3 : 2;
}

static dg_status check_attributes(const dg_infer *infer)
{
    const dg_value *attrs = infer->attrs;
    double p = attrs[DROPOUT].f;
    if (attrs[HIDDEN_SIZE].i < 1)
        return dg_error(DG_BAD_ARGUMENT, "hidden_size is %lld, expected at least 1", (long long)attrs[HIDDEN_SIZE].i);
    if (attrs[NUM_LAYERS].i < 1 || attrs[NUM_LAYERS].i > MOST_LAYERS)
        return dg_error(DG_BAD_ARGUMENT, "num_layers is %lld, expected 1 … %d", (long long)attrs[NUM_LAYERS].i,
                        MOST_LAYERS);
    return p >= 0 && p <= 1 ? dg_ok() : dg_error(DG_BAD_ARGUMENT, "dropout is %g, expected 0 … 1", p);
}

/* ---- weights ---- */

int recurrent_gates(const dg_op *op)
{
    return strncmp(op->name, "lstm", 4) == 0 ? 4 : strncmp(op->name, "gru", 3) == 0 ? 3 : 1;
}

dg_status recurrent_init(const dg_infer *infer, char *text, size_t size)
{
    char bound[DG_NUMBER_TEXT];
    dg_number_print(1 / __builtin_sqrt((double)infer->attrs[HIDDEN_SIZE].i), DG_FLOAT64, bound);
    snprintf(text, size, "uniform(-%s, %s)", bound, bound);
    return dg_ok();
}

static dg_status first_input_weight(const dg_infer *infer, dg_shape *shape, bool *present)
{
    char text[DG_SHAPE_TEXT];
    const dg_type *input = infer->inputs[0];
    DG_TRY(check_attributes(infer));
    *present = input != NULL;
    if (!*present)
        return dg_ok();
    if (input->shape.rank < 2 || input->shape.dims[input->shape.rank - 1] < 0)
        return dg_error(DG_BAD_SHAPE, "input is %s, expected [N, T, features] with a number of features",
                        dg_graph_print_shape(infer->graph, &input->shape, text, sizeof text));
    recurrent_layers l = layers_of(infer->op, infer->attrs);
    *shape = DG_SHAPE(l.gates * l.hidden, input->shape.dims[input->shape.rank - 1]);
    return dg_ok();
}

static dg_status deeper_input_weight(const dg_infer *infer, dg_shape *shape, bool *present)
{
    (void)present;
    recurrent_layers l = layers_of(infer->op, infer->attrs);
    *shape = DG_SHAPE(l.gates * l.hidden, l.directions * l.hidden);
    return dg_ok();
}

dg_status recurrent_hidden_weight(const dg_infer *infer, dg_shape *shape, bool *present)
{
    (void)present;
    int64_t hidden = infer->attrs[HIDDEN_SIZE].i;
    *shape = DG_SHAPE(recurrent_gates(infer->op) * hidden, hidden);
    return dg_ok();
}

/* Attribute 2 of the layers: bias. */
static dg_status layer_bias(const dg_infer *infer, dg_shape *shape, bool *present)
{
    *present = infer->attrs[BIAS].b;
    *shape = DG_SHAPE(recurrent_gates(infer->op) * infer->attrs[HIDDEN_SIZE].i);
    return dg_ok();
}

#define LAYER_WEIGHT(weight_name, rule)                                                                                \
    {                                                                                                                  \
        .name = weight_name, .flags = DG_OPTIONAL, .parameter = rule, .init_for = recurrent_init                       \
    }
#define DIRECTION(suffix, input_weight)                                                                                \
    LAYER_WEIGHT("weight_ih_l" suffix, input_weight), LAYER_WEIGHT("weight_hh_l" suffix, recurrent_hidden_weight),     \
        LAYER_WEIGHT("bias_ih_l" suffix, layer_bias), LAYER_WEIGHT("bias_hh_l" suffix, layer_bias)
#define LAYER(number) DIRECTION(number, deeper_input_weight)
#define BOTH(number)  LAYER(number), LAYER(number "_reverse")

/* Those that come after weight_ih_l0 … bias_hh_l0. */
static const dg_input_spec weights_of_one_direction[] = {
    LAYER("1"), LAYER("2"),  LAYER("3"),  LAYER("4"),  LAYER("5"),  LAYER("6"),  LAYER("7"), LAYER("8"),
    LAYER("9"), LAYER("10"), LAYER("11"), LAYER("12"), LAYER("13"), LAYER("14"), LAYER("15")};
static const dg_input_spec weights_of_both_directions[] = {
    DIRECTION("0_reverse", first_input_weight),
    BOTH("1"),
    BOTH("2"),
    BOTH("3"),
    BOTH("4"),
    BOTH("5"),
    BOTH("6"),
    BOTH("7"),
    BOTH("8"),
    BOTH("9"),
    BOTH("10"),
    BOTH("11"),
    BOTH("12"),
    BOTH("13"),
    BOTH("14"),
    BOTH("15"),
};

static const dg_input_spec *more_weights(const dg_value *attrs, int *count)
{
    bool both = attrs[BIDIRECTIONAL].b;
    int64_t layers = attrs[NUM_LAYERS].i;
    layers = layers < 1 ? 1 : layers > MOST_LAYERS ? MOST_LAYERS : layers;
    *count = 4 * ((both ? 2 : 1) * (int)layers - 1);
    return both ? weights_of_both_directions : weights_of_one_direction;
}

/* ---- shapes ---- */

static dg_status want_weight(const dg_infer *infer, const recurrent_layers *l, int layer, int direction,
                             int64_t features)
{
    static const char *const names[] = {"weight_ih", "weight_hh", "bias_ih", "bias_hh"};
    int first = first_weight(l) + 4 * (layer * l->directions + direction);
    char has[DG_SHAPE_TEXT], text[DG_SHAPE_TEXT];
    for (int k = 0; k < 4; k++) {
        const dg_type *type = first + k < infer->n_inputs ? infer->inputs[first + k] : NULL;
        dg_shape wants = {.rank = k < 2 ? 2 : 1, .dims = {l->gates * l->hidden, k ? l->hidden : features}};
        if (!type && k >= 2)
            continue;
        bool fits = type && type->shape.rank == wants.rank && type->dtype == infer->inputs[0]->dtype;
        for (int d = 0; fits && d < wants.rank; d++)
            fits = !sizes_differ(type->shape.dims[d], wants.dims[d]);
        if (!fits)
            return dg_error(DG_BAD_SHAPE, "%s_l%d%s is %s %s, expected %s %s", names[k], layer,
                            direction ? "_reverse" : "", type ? dg_dtype_name(type->dtype) : "left out",
                            type ? dg_graph_print_shape(infer->graph, &type->shape, has, sizeof has) : "",
                            dg_dtype_name(infer->inputs[0]->dtype),
                            dg_graph_print_shape(infer->graph, &wants, text, sizeof text));
    }
    return dg_ok();
}

static dg_status recurrent_infer(const dg_infer *infer)
{
    char text[DG_SHAPE_TEXT];
    const dg_type *input = infer->inputs[0];
    dg_shape sequence = input->shape;
    DG_TRY(check_attributes(infer));
    DG_TRY(want_floats(infer, 0));
    recurrent_layers l = layers_of(infer->op, infer->attrs);
    if (sequence.rank < 2 || sequence.rank > 3)
        return dg_error(DG_BAD_SHAPE, "input is %s, expected %s or [T, features]",
                        dg_graph_print_shape(infer->graph, &sequence, text, sizeof text),
                        l.batch_first ? "[N, T, features]" : "[T, N, features]");
    int64_t features = sequence.dims[sequence.rank - 1];
    for (int layer = 0; layer < l.layers; layer++)
        for (int direction = 0; direction < l.directions; direction++)
            DG_TRY(want_weight(infer, &l, layer, direction, layer ? l.directions * l.hidden : features));
    dg_shape state = {.rank = sequence.rank, .dims = {l.layers * l.directions}};
    if (sequence.rank == 3)
        state.dims[1] = sequence.dims[l.batch_first ? 0 : 1];
    state.dims[state.rank - 1] = l.hidden;
    for (int k = 1; k < first_weight(&l); k++)
        DG_TRY(want_shape(infer, k, &state));
    sequence.dims[sequence.rank - 1] = l.directions * l.hidden;
    infer->outputs[0] = (dg_type){input->dtype, sequence};
    for (int k = 1; k < infer->n_outputs; k++)
        infer->outputs[k] = (dg_type){input->dtype, state};
    return dg_ok();
}

/* ---- layers ---- */

/* State number `index` of [layers·directions, N, H]: [N, H]. */
static dg_node *state_at(dg_node *states, int index)
{
    return states ? dg_squeeze(dg_slice(states, .dim = 0, .start = index, .end = index + 1), .dim = DG_INTS(0)) : NULL;
}

/* Whether the input's products are best taken in the same breath as the hidden state's, which saves their way through
 * memory; of large weights, which are read anew at every step, as little as can be should go there. */
static bool joins_input(dg_node *const *weights)
{
    enum { MOST_NUMBERS = 1 << 17 };
    const dg_shape *input = &dg_node_type(weights[0], 0)->shape, *hidden = &dg_node_type(weights[1], 0)->shape;
    return dg_shape_count(input) + dg_shape_count(hidden) <= MOST_NUMBERS;
}

/* weights: weight_ih, weight_hh, bias_ih, bias_hh; first: of h and c, which last becomes those after the last step. */
static dg_node *run_direction(const dg_compose *compose, dg_node *x, dg_node *const *weights, dg_node *const first[2],
                              bool reverse, dg_node *last[2])
{
    int gates = recurrent_gates(dg_node_op(compose->node));
    dg_node *b_ih = weights[2], *b_hh = weights[3], *y, *products = NULL;
    dg_node *bias = gates == 3 || !b_hh ? b_ih : b_ih ? dg_add(b_ih, b_hh) : b_hh;
    bool joined = gates == 4 && joins_input(weights);
    if (!joined)
        products = dg_linear(x, DG_NONE, .weight = weights[0], .bias_node = bias, .bias = bias != NULL);
    if (gates == 4) {
        y = joined ? dg_lstm_recurrence(x, weights[1], .first = first[0], .first_cell = first[1], .reverse = reverse,
                                        .input_weight = weights[0], .bias = bias)
                   : dg_lstm_recurrence(products, weights[1], .first = first[0], .first_cell = first[1],
                                        .reverse = reverse);
        last[1] = time_edge(dg_output(y, 1), !reverse);
    } else if (gates == 3) {
        y = dg_gru_recurrence(products, weights[1], .bias = b_hh, .first = first[0], .reverse = reverse);
    } else {
        y = dg_rnn_recurrence(products, weights[1], .first = first[0], .reverse = reverse,
                              .nonlinearity = compose->attrs[NONLINEARITY].s);
    }
    last[0] = time_edge(y, !reverse);
    return y;
}

/* The sequence as [N, T, features], and back. */
static dg_node *to_batch_first(dg_node *x, int rank, bool batch_first)
{
    return rank == 2 ? dg_unsqueeze(x, 0) : batch_first ? x : dg_transpose(x, 0, 1);
}

static dg_node *from_batch_first(dg_node *y, int rank, bool batch_first)
{
    return rank == 2 ? dg_squeeze(y, .dim = DG_INTS(0)) : batch_first ? y : dg_transpose(y, 0, 1);
}

static void recurrent_compose(const dg_compose *compose)
{
    recurrent_layers l = layers_of(dg_node_op(compose->node), compose->attrs);
    double dropout = compose->attrs[DROPOUT].f;
    int rank = dg_node_type(compose->inputs[0], 0)->shape.rank, n_states = first_weight(&l) - 1;
    dg_node *y = to_batch_first(compose->inputs[0], rank, l.batch_first);
    dg_node *states[2] = {NULL}, *last[2][2 * MOST_LAYERS] = {{NULL}};
    for (int k = 0; k < n_states; k++) {
        states[k] = compose->inputs[1 + k];
        if (states[k] && rank == 2)
            states[k] = dg_unsqueeze(states[k], 1);
    }
    for (int layer = 0; layer < l.layers; layer++) {
        dg_node *sides[2];
        for (int direction = 0; direction < l.directions; direction++) {
            int index = layer * l.directions + direction;
            dg_node *first[2] = {state_at(states[0], index), state_at(states[1], index)}, *after[2] = {NULL};
            sides[direction] =
                run_direction(compose, y, compose->inputs + first_weight(&l) + 4 * index, first, direction == 1, after);
            last[0][index] = after[0];
            last[1][index] = after[1];
        }
        y = l.directions == 2 ? dg_cat(2, sides, .dim = -1) : sides[0];
        if (dropout > 0 && layer + 1 < l.layers)
            y = dg_dropout(y, .p = dropout);
    }
    compose->outputs[0] = from_batch_first(y, rank, l.batch_first);
    for (int k = 0; k < n_states; k++) {
        dg_node *all = dg_stack(l.layers * l.directions, last[k], .dim = 0);
        compose->outputs[1 + k] = rank == 2 ? dg_squeeze(all, .dim = DG_INTS(1)) : all;
    }
}

static const dg_sample rnn_samples[] = {{"rnn(3)", {"[2, 4, 2]"}},
                                        {"rnn(3, nonlinearity=relu, bias=false)", {"[3, 2]", "[1, 3]"}},
                                        {"rnn(2, num_layers=2, bidirectional=true)", {"[2, 3, 2]", "[4, 2, 2]"}},
                                        {.call = NULL}};
static const dg_sample gru_samples[] = {{"gru(3)", {"[2, 3, 2]"}},
                                        {"gru(2, bias=false, batch_first=false)", {"[3, 2, 2]", "[1, 2, 2]"}},
                                        {"gru(2, num_layers=2, bidirectional=true)", {"[1, 3, 2]", "[4, 1, 2]"}},
                                        {.call = NULL}};
static const dg_sample lstm_samples[] = {
    {"lstm(3)", {"[2, 3, 2]"}},
    {"lstm(2, bias=false)", {"[3, 2]", "[1, 2]", "[1, 2]"}},
    {"lstm(2, num_layers=2, bidirectional=true)", {"[1, 3, 2]", "[4, 1, 2]", "[4, 1, 2]"}},
    {"lstm(2, batch_first=false, dropout=0.5, num_layers=2)", {"[3, 1, 2]", "[2, 1, 2]", "-"}},
    {.call = NULL}};

#define SEQUENCE                                                                                                       \
    {                                                                                                                  \
        .name = "input", .doc = "[N, T, features], or [T, features]"                                                   \
    }
#define STATE(state_name)                                                                                              \
    {                                                                                                                  \
        .name = state_name, .flags = DG_OPTIONAL, .doc = "[layers·directions, N, H]; left out: 0"                     \
    }
#define WEIGHTS(blocks)                                                                                                \
    {.name = "weight_ih_l0",                                                                                           \
     .flags = DG_OPTIONAL,                                                                                             \
     .doc = "[" blocks "H, features]; the others: weight_ih_l0_reverse, weight_ih_l1, …, and so for each of the four", \
     .parameter = first_input_weight,                                                                                  \
     .init_for = recurrent_init},                                                                                      \
        {.name = "weight_hh_l0",                                                                                       \
         .flags = DG_OPTIONAL,                                                                                         \
         .doc = "[" blocks "H, H]",                                                                                    \
         .parameter = recurrent_hidden_weight,                                                                         \
         .init_for = recurrent_init},                                                                                  \
        {.name = "bias_ih_l0",                                                                                         \
         .flags = DG_OPTIONAL,                                                                                         \
         .doc = "[" blocks "H]",                                                                                       \
         .parameter = layer_bias,                                                                                      \
         .init_for = recurrent_init},                                                                                  \
    {                                                                                                                  \
        .name = "bias_hh_l0", .flags = DG_OPTIONAL, .doc = "[" blocks "H]", .parameter = layer_bias,                   \
        .init_for = recurrent_init                                                                                     \
    }
#define ATTRIBUTES                                                                                                     \
    {.name = "hidden_size", .kind = DG_ATTR_INT, .doc = "H", .positional = true},                                      \
        {.name = "num_layers", .kind = DG_ATTR_INT, .fallback = "1", .doc = "layers on top of each other, to 16"},     \
        {.name = "bias", .kind = DG_ATTR_BOOL, .fallback = "true", .doc = "owns biases, where none are wired"},        \
        {.name = "batch_first", .kind = DG_ATTR_BOOL, .fallback = "true", .doc = "false: input is [T, N, features]"},  \
        {.name = "dropout", .kind = DG_ATTR_FLOAT, .fallback = "0", .doc = "probability, between layers"},             \
    {                                                                                                                  \
        .name = "bidirectional", .kind = DG_ATTR_BOOL, .fallback = "false",                                            \
        .doc = "a second layer beside each, from the last step to the first; outputs are joined"                       \
    }

static const dg_op recurrent_ops[] = {
    {
        .name = "rnn",
        .family = "recurrent",
        .summary = "h_t = tanh(W_ih x_t + b_ih + W_hh h_{t−1} + b_hh), or max(0, …)",
        .source = "Elman, Finding structure in time (1990)",
        .inputs = {SEQUENCE, STATE("h_0"), WEIGHTS("")},
        .more_inputs = more_weights,
        .attrs = {ATTRIBUTES,
                  {.name = "nonlinearity",
                   .kind = DG_ATTR_NAME,
                   .fallback = "tanh",
                   .choices = "tanh|relu",
                   .doc = "of the hidden state"}},
        .from_input = "input_size",
        .unnamed = 1,
        .outputs = {"output", "h_n"},
        .infer = recurrent_infer,
        .compose = recurrent_compose,
        .samples = rnn_samples,
    },
    {
        .name = "gru",
        .family = "recurrent",
        .summary = "h_t = (1 − z) n + z h_{t−1}, n = tanh(W_in x + b_in + r (W_hn h_{t−1} + b_hn)); gates r, z, n",
        .source = "Cho et al., Learning phrase representations using RNN encoder-decoder (2014)",
        .inputs = {SEQUENCE, STATE("h_0"), WEIGHTS("3·")},
        .more_inputs = more_weights,
        .attrs = {ATTRIBUTES},
        .from_input = "input_size",
        .unnamed = 1,
        .outputs = {"output", "h_n"},
        .infer = recurrent_infer,
        .compose = recurrent_compose,
        .samples = gru_samples,
    },
    {
        .name = "lstm",
        .family = "recurrent",
        .summary = "c_t = f c_{t−1} + i g, h_t = o tanh c_t, gates i, f, g, o of W_ih x_t + b_ih + W_hh h_{t−1} + b_hh",
        .source = "Hochreiter and Schmidhuber, Long short-term memory (1997); Gers, Schmidhuber, Cummins (2000)",
        .inputs = {SEQUENCE, STATE("h_0"), STATE("c_0"), WEIGHTS("4·")},
        .more_inputs = more_weights,
        .attrs = {ATTRIBUTES},
        .from_input = "input_size",
        .unnamed = 1,
        .outputs = {"output", "h_n", "c_n"},
        .infer = recurrent_infer,
        .compose = recurrent_compose,
        .samples = lstm_samples,
    },
};

const dg_op_family recurrent_family = DG_FAMILY(recurrent_ops);
