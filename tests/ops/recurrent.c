/* Recurrent layers and cells against loops over single numbers, in both types, for sizes known and unknown. */
#include "../support.h"

#include <stdio.h>

/* ---- the textbook, one number at a time ---- */

enum { N = 3, T = 4, FEATURES = 2, H = 2, MOST = 64 };

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

/* One step: h and c [H], of one sample. W_ih [gates·H, features]. */
static void step(int gates, int features, const double *x, const dg_tensor *const w[4], double *h, double *c)
{
    double p[4 * H], q[4 * H];
    for (int j = 0; j < gates * H; j++) {
        p[j] = w[2] ? dg_tensor_get(w[2], j) : 0;
        q[j] = w[3] ? dg_tensor_get(w[3], j) : 0;
        for (int k = 0; k < features; k++)
            p[j] += dg_tensor_get(w[0], j * features + k) * x[k];
        for (int k = 0; k < H; k++)
            q[j] += dg_tensor_get(w[1], j * H + k) * h[k];
    }
    for (int j = 0; j < H; j++) {
        if (gates == 1)
            h[j] = tanh(p[j] + q[j]);
        if (gates == 3) {
            double r = sigmoid(p[j] + q[j]), z = sigmoid(p[H + j] + q[H + j]);
            h[j] = (1 - z) * tanh(p[2 * H + j] + r * q[2 * H + j]) + z * h[j];
        }
        if (gates == 4) {
            double i = sigmoid(p[j] + q[j]), f = sigmoid(p[H + j] + q[H + j]);
            c[j] = f * c[j] + i * tanh(p[2 * H + j] + q[2 * H + j]);
            h[j] = sigmoid(p[3 * H + j] + q[3 * H + j]) * tanh(c[j]);
        }
    }
}

/* A stack over [N, T, FEATURES]; h_n and c_n come with their first values. Returns the size of a step of `y`. */
static int stack(const dg_tensors *parameters, int gates, int layers, int directions, const double *x, double *y,
                 double *h_n, double *c_n)
{
    static const char *const kinds[] = {"weight_ih", "weight_hh", "bias_ih", "bias_hh"};
    int features = FEATURES;
    double from[N * T * 2 * H];
    memcpy(from, x, sizeof(double) * N * T * FEATURES);
    for (int layer = 0; layer < layers; layer++) {
        for (int d = 0; d < directions; d++) {
            const dg_tensor *w[4];
            for (int k = 0; k < 4; k++) {
                char name[60];
                snprintf(name, sizeof name, "net.%s_l%d%s", kinds[k], layer, d ? "_reverse" : "");
                w[k] = dg_tensors_find(parameters, name);
                cr_assert(w[k] || k > 1, "%s is missing", name);
            }
            for (int n = 0; n < N; n++) {
                double *h = h_n + ((layer * directions + d) * N + n) * H, *c = c_n + (h - h_n);
                for (int k = 0; k < T; k++) {
                    int t = d ? T - 1 - k : k;
                    step(gates, features, from + (n * T + t) * features, w, h, c);
                    memcpy(y + (n * T + t) * directions * H + d * H, h, sizeof(double) * H);
                }
            }
        }
        features = directions * H;
        memcpy(from, y, sizeof(double) * (size_t)(N * T * features));
    }
    return features;
}

static void fill(double *values, int count, double phase)
{
    for (int i = 0; i < count; i++)
        values[i] = sin(1.7 * i + phase);
}

static dg_node *layer(int gates, dg_node *x, dg_node *h_0, dg_node *c_0, int layers, bool both)
{
    if (gates == 1)
        return dg_rnn(x, H, .num_layers = layers, .bidirectional = both, .h_0 = h_0, .name = "net");
    if (gates == 3)
        return dg_gru(x, H, .num_layers = layers, .bidirectional = both, .h_0 = h_0, .name = "net");
    return dg_lstm(x, H, .num_layers = layers, .bidirectional = both, .h_0 = h_0, .c_0 = c_0, .name = "net");
}

static void compare(dg_dtype dtype, int gates, int layers, int directions, bool states)
{
    trial *t = trial_new(dtype);
    double x[N * T * FEATURES], y[N * T * 2 * H], h[MOST] = {0}, c[MOST] = {0};
    dg_shape state = DG_SHAPE(layers * directions, DG_N, H), known = DG_SHAPE(layers * directions, N, H);
    fill(x, N * T * FEATURES, 0);
    if (states) {
        fill(h, layers * directions * N * H, 1);
        fill(c, layers * directions * N * H, 2);
    }
    dg_node *in = trial_feed(t, dtype, DG_SHAPE(DG_N, dg_symbol(t->graph, "T"), FEATURES), DG_SHAPE(N, T, FEATURES), x);
    dg_node *h_0 = states ? trial_feed(t, dtype, state, known, h) : NULL;
    dg_node *c_0 = states && gates == 4 ? trial_feed(t, dtype, state, known, c) : NULL;
    dg_node *node = layer(gates, in, h_0, c_0, layers, directions == 2);
    must(dg_parameters_init(t->parameters, t->graph, 7));
    int size = stack(t->parameters, gates, layers, directions, x, y, h, c);
    double tolerance = dtype == DG_FLOAT32 ? 2e-6 : 1e-14;
    expect_values(trial_run(t, node), DG_SHAPE(N, T, size), tolerance, y);
    expect_values(trial_run(t, dg_output(node, 1)), known, tolerance, h);
    if (gates == 4)
        expect_values(trial_run(t, dg_output(node, 2)), known, tolerance, c);
    trial_free(t);
}

Test(recurrent, follows_the_textbook)
{
    const int gates[] = {1, 3, 4};
    for (int k = 0; k < 3; k++)
        for (int dtype = 0; dtype < 2; dtype++) {
            compare(dtype ? DG_FLOAT32 : DG_FLOAT64, gates[k], 1, 1, false);
            compare(dtype ? DG_FLOAT32 : DG_FLOAT64, gates[k], 2, 1, true);
            compare(dtype ? DG_FLOAT32 : DG_FLOAT64, gates[k], 3, 2, true);
        }
}

/* ---- derivatives where the number of steps is not known when the graph is built ---- */

static void check_unknown_steps(int gates)
{
    trial *t = trial_new(DG_FLOAT64);
    double x[N * T * FEATURES];
    fill(x, N * T * FEATURES, 0.3);
    dg_node *in =
        trial_feed(t, DG_FLOAT64, DG_SHAPE(DG_N, dg_symbol(t->graph, "T"), FEATURES), DG_SHAPE(N, T, FEATURES), x);
    dg_node *node = layer(gates, in, NULL, NULL, 2, true);
    dg_node *loss = dg_add(dg_sum(dg_expr("y^2", {"y", node})), dg_sum(dg_expr("sin(h)", {"h", dg_output(node, 1)})));
    must(dg_parameters_init(t->parameters, t->graph, 3));
    dg_check_report *report;
    must(dg_check_gradients(
        &(dg_check_options){
            .loss = loss, .parameters = t->parameters, .feeds = t->feeds, .n_feeds = t->n_feeds, .elements = 4},
        &report));
    cr_expect(report->checked > 100);
    cr_expect_eq(report->failed, 0, "%d of %d are wrong", (int)report->failed, (int)report->checked);
    dg_check_report_free(report);
    trial_free(t);
}

Test(recurrent, is_differentiable_twice_over_an_unknown_number_of_steps)
{
    check_unknown_steps(1);
    check_unknown_steps(3);
    check_unknown_steps(4);
}

/* ---- the rest of the calls ---- */

Test(recurrent, takes_one_sequence_without_a_batch_and_time_first)
{
    trial *t = trial_new(DG_FLOAT64);
    double x[T * FEATURES];
    fill(x, T * FEATURES, 0);
    dg_node *in = trial_input(t, DG_SHAPE(T, FEATURES), x), *batch = dg_unsqueeze(in, 0), *time = dg_unsqueeze(in, 1);
    dg_node *a = dg_gru(in, H, .name = "net");
    const char *const names[] = {"net.weight_ih_l0", "net.weight_hh_l0", "net.bias_ih_l0", "net.bias_hh_l0"};
    dg_node *w[4];
    for (int k = 0; k < 4; k++)
        w[k] = dg_graph_find(t->graph, names[k]);
    dg_node *b = dg_gru(batch, H, .weight_ih_l0 = w[0], .weight_hh_l0 = w[1], .bias_ih_l0 = w[2], .bias_hh_l0 = w[3]);
    dg_node *c = dg_gru(time, H, .batch_first = false, .weight_ih_l0 = w[0], .weight_hh_l0 = w[1], .bias_ih_l0 = w[2],
                        .bias_hh_l0 = w[3]);
    double y[T * H], last[H];
    const dg_tensor *got = trial_run(t, a);
    for (int k = 0; k < T * H; k++)
        y[k] = dg_tensor_get(got, k);
    memcpy(last, y + (T - 1) * H, sizeof last);
    expect_values(trial_run(t, dg_output(a, 1)), DG_SHAPE(1, H), 0, last);
    expect_values(trial_run(t, b), DG_SHAPE(1, T, H), 1e-15, y);
    expect_values(trial_run(t, c), DG_SHAPE(T, 1, H), 1e-15, y);
    expect_values(trial_run(t, dg_output(c, 1)), DG_SHAPE(1, 1, H), 1e-15, last);
    trial_free(t);
}

Test(recurrent, owns_parameters_of_every_layer_and_direction)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_feed(t, DG_FLOAT32, DG_SHAPE(DG_N, T, 5), DG_SHAPE(1, T, 5), NULL);
    dg_node *node = dg_lstm(x, 3, .num_layers = 2, .bidirectional = true, .name = "net");
    must(dg_graph_status(t->graph));
    cr_expect_eq(dg_node_input_count(node), 3 + 16);
    cr_expect_str_eq(dg_node_input_name(node, 18), "bias_hh_l1_reverse");
    const dg_node *deep = dg_graph_find(t->graph, "net.weight_ih_l1_reverse");
    cr_assert(deep);
    cr_expect(dg_shape_equal(&dg_node_type(deep, 0)->shape, &DG_SHAPE(12, 6)));
    cr_expect_eq(dg_node_owner(deep), node);
    must(dg_parameters_init(t->parameters, t->graph, 1));
    const dg_tensor *w = dg_tensors_find(t->parameters, "net.weight_hh_l0_reverse");
    cr_assert(w);
    double greatest = 0;
    for (int64_t i = 0; i < dg_tensor_count(w); i++)
        greatest = fmax(greatest, fabs(dg_tensor_get(w, i)));
    cr_expect(greatest <= 1 / sqrt(3) && greatest > 0.4, "%g", greatest);
    trial_free(t);
}

Test(recurrent, takes_deeper_weights_by_name)
{
    trial *t = trial_new(DG_FLOAT64);
    double numbers[H * H] = {0};
    dg_node *x = trial_input(t, DG_SHAPE(1, T, FEATURES), DATA(1, 2, 3, 4, 5, 6, 7, 8));
    dg_node *zero = trial_input(t, DG_SHAPE(H, H), numbers), *bias = trial_input(t, DG_SHAPE(H), DATA(0.5, -0.25));
    dg_node *const inputs[] = {x, zero, zero, bias, zero};
    const char *const names[] = {"input", "weight_ih_l1", "weight_hh_l1", "bias_ih_l1", "weight_hh_l0"};
    dg_value attrs[] = {dg_int(H), dg_int(2)};
    attrs[1].key = "num_layers";
    dg_node *y = dg_apply(&(dg_application){
        .op = "rnn", .n_inputs = 5, .inputs = inputs, .input_names = names, .n_attrs = 2, .attrs = attrs});
    must(dg_graph_status(t->graph));
    must(dg_parameters_init(t->parameters, t->graph, 1));
    const char *own = dg_node_name(dg_node_input(y, 9));
    dg_tensor *other = dg_tensors_find(t->parameters, own);
    cr_assert(other && strstr(own, "bias_hh_l1"), "%s", own);
    memset(other->data, 0, dg_tensor_bytes(other));
    double a = tanh(0.5), b = tanh(-0.25);
    expect_values(trial_run(t, y), DG_SHAPE(1, T, H), 1e-15, DATA(a, b, a, b, a, b, a, b));
    trial_free(t);
}

Test(recurrent, gives_the_same_bits_for_any_number_of_threads)
{
    trial *t = trial_new(DG_FLOAT32);
    double x[70 * 3 * 4];
    fill(x, 70 * 3 * 4, 0);
    dg_node *y = dg_lstm(trial_input(t, DG_SHAPE(70, 3, 4), x), 5), *loss = dg_sum(dg_square(y));
    dg_node *slope = trial_grad(loss, dg_node_input(y, 4));
    dg_tensor one;
    must(dg_tensor_copy(&one, trial_run(t, slope)));
    must(dg_threads_new(3, &t->threads));
    const dg_tensor *three = trial_run(t, slope);
    cr_expect_eq(memcmp(one.data, three->data, dg_tensor_bytes(&one)), 0);
    dg_tensor_release(&one);
    dg_plan_free(t->plan);
    t->plan = NULL;
    dg_threads_free(t->threads);
    trial_free(t);
}

Test(recurrent, drops_between_layers_in_training_alone)
{
    trial *t = trial_new(DG_FLOAT64);
    double x[N * T * FEATURES];
    fill(x, N * T * FEATURES, 0);
    dg_node *in = trial_input(t, DG_SHAPE(N, T, FEATURES), x);
    dg_node *y = dg_lstm(in, H, .num_layers = 2, .dropout = 1, .name = "net");
    double expected[N * T * 2 * H], h[MOST] = {0}, c[MOST] = {0};
    must(dg_parameters_init(t->parameters, t->graph, 1));
    stack(t->parameters, 4, 2, 1, x, expected, h, c);
    expect_values(trial_run(t, y), DG_SHAPE(N, T, H), 1e-14, expected);
    dg_plan *plan;
    must(dg_plan_new(
        t->graph, &(dg_plan_options){.fetch = &y, .n_fetch = 1, .parameters = t->parameters, .training = true}, &plan));
    must(dg_plan_run(plan, t->feeds, t->n_feeds)); /* the second layer sees 0 */
    const dg_tensor *got = dg_plan_result(plan, 0);
    cr_expect_eq(dg_tensor_get(got, 0), dg_tensor_get(got, T * H));
    cr_expect_neq(dg_tensor_get(got, 0), expected[0]);
    dg_plan_free(plan);
    trial_free(t);
}

Test(recurrent_cell, is_one_step_of_its_layer)
{
    trial *t = trial_new(DG_FLOAT64);
    double x[N * FEATURES], h[MOST], c[MOST];
    fill(x, N * FEATURES, 0);
    fill(h, N * H, 1);
    fill(c, N * H, 2);
    dg_node *in = trial_input(t, DG_SHAPE(N, FEATURES), x), *h_0 = trial_input(t, DG_SHAPE(N, H), h);
    dg_node *c_0 = trial_input(t, DG_SHAPE(N, H), c);
    dg_node *cells[] = {dg_rnn_cell(in, H, .hidden = h_0, .name = "a"), dg_gru_cell(in, H, .hidden = h_0, .name = "b"),
                        dg_lstm_cell(in, H, .hidden = h_0, .cell = c_0, .name = "c")};
    must(dg_parameters_init(t->parameters, t->graph, 5));
    const int gates[] = {1, 3, 4};
    for (int k = 0; k < 3; k++) {
        const char *const kinds[] = {"weight_ih", "weight_hh", "bias_ih", "bias_hh"};
        const dg_tensor *w[4];
        double next[N * H], cell[N * H];
        for (int i = 0; i < 4; i++) {
            char name[40];
            snprintf(name, sizeof name, "%c.%s", 'a' + k, kinds[i]);
            w[i] = dg_tensors_find(t->parameters, name);
        }
        memcpy(next, h, sizeof next);
        memcpy(cell, c, sizeof cell);
        for (int n = 0; n < N; n++)
            step(gates[k], FEATURES, x + n * FEATURES, w, next + n * H, cell + n * H);
        expect_values(trial_run(t, cells[k]), DG_SHAPE(N, H), 1e-15, next);
        if (k == 2)
            expect_values(trial_run(t, dg_output(cells[k], 1)), DG_SHAPE(N, H), 1e-15, cell);
    }
    trial_free(t);
}

/* ---- failures ---- */

static void expect_refusal(dg_node *(*make)(trial *t), dg_code code, const char *text)
{
    trial *t = trial_new(DG_FLOAT32);
    make(t);
    expect_failure(dg_graph_status(t->graph), code, text);
    trial_free(t);
}

static dg_node *flat_input(trial *t)
{
    return dg_lstm(trial_input(t, DG_SHAPE(2), NULL), 3, .name = "net");
}
static dg_node *unknown_features(trial *t)
{
    return dg_gru(dg_input(t->graph, DG_SHAPE(2, 3, DG_N)), 3, .name = "net");
}
static dg_node *wrong_weight(trial *t)
{
    return dg_lstm(trial_input(t, DG_SHAPE(2, 3, 4), NULL), 3, .weight_hh_l0 = trial_input(t, DG_SHAPE(9, 3), NULL),
                   .name = "net");
}
static dg_node *wrong_state(trial *t)
{
    return dg_gru(trial_input(t, DG_SHAPE(2, 3, 4), NULL), 3, .num_layers = 2,
                  .h_0 = trial_input(t, DG_SHAPE(1, 2, 3), NULL), .name = "net");
}
static dg_node *no_hidden(trial *t)
{
    return dg_rnn(trial_input(t, DG_SHAPE(2, 3, 4), NULL), 0, .name = "net");
}
static dg_node *many_layers(trial *t)
{
    return dg_rnn(trial_input(t, DG_SHAPE(2, 3, 4), NULL), 2, .num_layers = 17, .name = "net");
}
static dg_node *wrong_cell_state(trial *t)
{
    return dg_lstm_cell(trial_input(t, DG_SHAPE(2, 4), NULL), 3, .hidden = trial_input(t, DG_SHAPE(2, 4), NULL),
                        .name = "net");
}

Test(recurrent, refuses_what_does_not_fit)
{
    expect_refusal(flat_input, DG_BAD_SHAPE, "lstm 'net': input is [2], expected [N, T, features]");
    expect_refusal(unknown_features, DG_BAD_SHAPE, "gru 'net': input is [2, 3, N], expected [N, T, features]");
    expect_refusal(wrong_weight, DG_BAD_SHAPE, "weight_hh_l0 is float32 [9, 3], expected float32 [12, 3]");
    expect_refusal(wrong_state, DG_BAD_SHAPE, "h_0 is [1, 2, 3], expected [2, 2, 3]");
    expect_refusal(no_hidden, DG_BAD_ARGUMENT, "hidden_size is 0");
    expect_refusal(many_layers, DG_BAD_ARGUMENT, "num_layers is 17");
    expect_refusal(wrong_cell_state, DG_BAD_SHAPE, "hidden is [2, 4], expected [2, 3]");
}
