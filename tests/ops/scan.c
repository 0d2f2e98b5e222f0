/* dg_scan: cells over the steps of a sequence, against the recurrent layers that ship and against numbers. */
#include "../support.h"

#include <dotgrad/dotgrad.h>
#include <stdio.h>

enum { N = 3, T = 5, F = 2, H = 4 };

static const double *numbers(int count, double phase)
{
    static double values[2][N * T * F * H];
    static int turn;
    double *into = values[turn ^= 1];
    for (int i = 0; i < count; i++)
        into[i] = sin(1.3 * i + phase);
    return into;
}

/* ---- cells ---- */

static void rnn_cell(dg_scan_step *s)
{
    dg_node *own = dg_linear(s->states[0], H, .name = "hh");
    s->output = s->next[0] = dg_tanh(dg_add(dg_linear(s->x, H, .name = "ih"), own), .name = "h");
}

static dg_node *part(dg_node *gates, int index)
{
    return dg_slice(gates, .dim = -1, .start = index * H, .end = (index + 1) * H);
}

/* c' = f c + i g, h' = o tanh(c') */
static void lstm_cell(dg_scan_step *s)
{
    dg_node *sum = dg_add(dg_linear(s->x, 4 * H, .name = "ih"), dg_linear(s->states[0], 4 * H, .name = "hh"));
    s->next[1] = dg_expr("sigmoid(f) * c + sigmoid(i) * tanh(g)", {"f", part(sum, 1)}, {"c", s->states[1]},
                         {"i", part(sum, 0)}, {"g", part(sum, 2)});
    s->output = s->next[0] = dg_expr("sigmoid(o) * tanh(c)", {"o", part(sum, 3)}, {"c", s->next[1]});
}

static void no_next_cell(dg_scan_step *s)
{
    s->output = s->x;
}

static void no_output_cell(dg_scan_step *s)
{
    s->next[0] = s->states[0];
}

static void wider_cell(dg_scan_step *s)
{
    s->output = s->next[0] = dg_linear(s->x, H + 1, .name = "wider");
}

static void sum_cell(dg_scan_step *s)
{
    s->output = s->next[0] = dg_add(s->states[0], s->x, .name = "sum");
}

static void noise_cell(dg_scan_step *s)
{
    s->next[0] = s->states[0];
    s->output = dg_normal_like(s->x);
}

/* ---- against the layers ---- */

static void expect_same(const dg_tensor *got, const dg_tensor *wants)
{
    double values[4 * N * T * F * H];
    for (int64_t i = 0; i < dg_tensor_count(wants); i++)
        values[i] = dg_tensor_get(wants, i);
    expect_values(got, wants->shape, 1e-12, values);
}

/* A layer that ships and a scan on the same weights; both losses and what they are differentiated by. */
typedef struct pair {
    trial *t;
    dg_node *x, *layer, *scan, *final[2];
    dg_node *weights[4];
} pair;

static pair pair_of(bool is_lstm, int64_t steps, bool reverse)
{
    pair p = {.t = trial_new(DG_FLOAT64)};
    int gates = is_lstm ? 4 : 1;
    p.x = trial_feed(p.t, DG_FLOAT64, DG_SHAPE(DG_N, steps, F), DG_SHAPE(N, steps, F), numbers(N * (int)steps * F, 0));
    dg_node *zero = dg_zeros(p.t->graph, DG_SHAPE(DG_N, H)), *states[2] = {zero, zero};
    p.scan = dg_scan(p.x, is_lstm ? 2 : 1, states, is_lstm ? lstm_cell : rnn_cell, .reverse = reverse, .name = "net",
                     .final = p.final);
    must(dg_graph_status(p.t->graph));
    static const char *const names[] = {"net.ih.weight", "net.hh.weight", "net.ih.bias", "net.hh.bias"};
    for (int k = 0; k < 4; k++)
        cr_assert_not_null(p.weights[k] = dg_graph_find(p.t->graph, names[k]), "%s", names[k]);
    cr_assert_eq(dg_node_type(p.weights[0], 0)->shape.dims[0], gates * H);
    dg_node *x = reverse ? dg_flip(p.x, DG_INTS(1)) : p.x;
    if (is_lstm)
        p.layer = dg_lstm(x, H, .weight_ih_l0 = p.weights[0], .weight_hh_l0 = p.weights[1], .bias_ih_l0 = p.weights[2],
                          .bias_hh_l0 = p.weights[3]);
    else
        p.layer = dg_rnn(x, H, .weight_ih_l0 = p.weights[0], .weight_hh_l0 = p.weights[1], .bias_ih_l0 = p.weights[2],
                         .bias_hh_l0 = p.weights[3]);
    must(dg_parameters_init(p.t->parameters, p.t->graph, 5));
    return p;
}

/* Fetches both nodes at once, and compares. */
static void expect_equal(pair *p, dg_node *a, dg_node *b)
{
    dg_plan *plan;
    dg_node *both[] = {a, b};
    must(dg_graph_status(p->t->graph));
    must(dg_plan_new(p->t->graph, &(dg_plan_options){.fetch = both, .n_fetch = 2, .parameters = p->t->parameters},
                     &plan));
    must(dg_plan_run(plan, p->t->feeds, p->t->n_feeds));
    expect_same(dg_plan_result(plan, 0), dg_plan_result(plan, 1));
    dg_plan_free(plan);
}

static void compare(bool is_lstm, int64_t steps, bool reverse)
{
    pair p = pair_of(is_lstm, steps, reverse);
    dg_node *layer = reverse ? dg_flip(p.layer, DG_INTS(1)) : p.layer;
    dg_node *wrt[] = {p.x, p.weights[0], p.weights[1], p.weights[2], p.weights[3]};
    dg_node *by_scan[5], *by_layer[5], *twice_by_scan[5], *twice_by_layer[5];
    expect_equal(&p, p.scan, layer);
    for (int k = 0; k < (is_lstm ? 2 : 1); k++)
        expect_equal(&p, dg_unsqueeze(p.final[k], 0), dg_output(p.layer, 1 + k));
    must(dg_grad(dg_expr("y^3", {"y", p.scan}), 5, wrt, by_scan));
    must(dg_grad(dg_expr("y^3", {"y", layer}), 5, wrt, by_layer));
    for (int k = 0; k < 5; k++)
        expect_equal(&p, by_scan[k], by_layer[k]);
    must(dg_grad(dg_expr("sin(y)", {"y", by_scan[1]}), 5, wrt, twice_by_scan));
    must(dg_grad(dg_expr("sin(y)", {"y", by_layer[1]}), 5, wrt, twice_by_layer));
    for (int k = 0; k < 5; k++)
        expect_equal(&p, twice_by_scan[k], twice_by_layer[k]);
    trial_free(p.t);
}

Test(scan, of_an_rnn_cell_is_the_rnn_layer_to_the_second_derivative)
{
    compare(false, T, false);
}

Test(scan, of_an_lstm_cell_is_the_lstm_layer_to_the_second_derivative)
{
    compare(true, T, false);
}

Test(scan, runs_backwards)
{
    compare(false, T, true);
    compare(true, T, true);
}

Test(scan, takes_a_single_step)
{
    compare(false, 1, false);
    compare(true, 1, true);
}

Test(scan, has_one_set_of_parameters)
{
    pair p = pair_of(false, T, false);
    cr_expect_eq(dg_tensors_count(p.t->parameters), 4);
    cr_expect_not_null(dg_graph_find(p.t->graph, "net.h"));
    cr_expect_not_null(dg_graph_find(p.t->graph, "net.h@4"));
    cr_expect_null(dg_graph_find(p.t->graph, "net.h@5"));
    cr_expect_eq(dg_graph_find(p.t->graph, "net"), p.scan);
    trial_free(p.t);
}

Test(scan, passes_finite_differences)
{
    pair p = pair_of(true, 3, false);
    dg_node *loss = dg_add(dg_sum(dg_expr("y^2", {"y", p.scan})), dg_sum(dg_expr("sin(c)", {"c", p.final[1]})));
    dg_check_report *report;
    must(dg_check_gradients(
        &(dg_check_options){
            .loss = loss, .parameters = p.t->parameters, .feeds = p.t->feeds, .n_feeds = p.t->n_feeds, .elements = 4},
        &report));
    cr_expect(report->checked > 50);
    cr_expect_eq(report->failed, 0, "%d of %d are wrong", (int)report->failed, (int)report->checked);
    dg_check_report_free(report);
    trial_free(p.t);
}

/* ---- other dimensions, starts and cells ---- */

Test(scan, walks_any_dimension_from_wired_states)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_input(t, DG_SHAPE(3, 2), DATA(1, 2, 3, 4, 5, 6));
    dg_node *start = trial_input(t, DG_SHAPE(2), DATA(10, 20)), *final;
    dg_node *rows = dg_scan(x, 1, &start, sum_cell, .dim = 0, .final = &final, .name = "rows");
    expect_values(trial_run(t, rows), DG_SHAPE(3, 2), 0, DATA(11, 22, 14, 26, 19, 32));
    expect_values(trial_run(t, final), DG_SHAPE(2), 0, DATA(19, 32));
    dg_node *side = trial_input(t, DG_SHAPE(3), DATA(0, 0, 0));
    dg_node *columns = dg_scan(x, 1, &side, sum_cell, .dim = -1, .reverse = true, .name = "columns");
    expect_values(trial_run(t, columns), DG_SHAPE(3, 2), 0, DATA(3, 2, 7, 4, 11, 6));
    trial_free(t);
}

Test(scan, draws_new_random_numbers_at_each_step)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_input(t, DG_SHAPE(2, 3), DATA(0, 0, 0, 0, 0, 0)), *h = trial_input(t, DG_SHAPE(1), DATA(0));
    const dg_tensor *y = trial_run(t, dg_scan(x, 1, &h, noise_cell));
    for (int i = 0; i < 6; i++)
        for (int k = 0; k < i; k++)
            cr_expect_neq(dg_tensor_get(y, i), dg_tensor_get(y, k));
    trial_free(t);
}

/* ---- mistakes ---- */

static void expect_mistake(dg_shape shape, int n_states, dg_scan_cell *cell, dg_code code, const char *words)
{
    trial *t = trial_new(DG_FLOAT32);
    static const char *const names[] = {"h"};
    dg_node *x = dg_input(t->graph, shape, .name = "x"), *h = dg_zeros(t->graph, DG_SHAPE(DG_N, H));
    cr_expect_null(dg_scan(x, n_states, &h, cell, .state_names = names, .name = "s"));
    expect_failure(dg_graph_status(t->graph), code, words);
    trial_free(t);
}

Test(scan, says_what_is_wrong)
{
    dg_shape fine = DG_SHAPE(DG_N, T, F);
    expect_mistake(fine, 0, rnn_cell, DG_BAD_ARGUMENT, "scan 's': there is no state");
    expect_mistake(DG_SHAPE(5, DG_N, F), 1, rnn_cell, DG_BAD_SHAPE,
                   "scan 's': input is [5, N, 2]: its time size, dimension 1, must be a number");
    expect_mistake(DG_SHAPE(DG_N, 0, F), 1, rnn_cell, DG_BAD_SHAPE, "at least one step");
    expect_mistake(DG_SHAPE(DG_N), 1, rnn_cell, DG_BAD_SHAPE, "dim is 1");
    expect_mistake(fine, 1, no_next_cell, DG_BAD_ARGUMENT, "the cell gives state 'h' no next value");
    expect_mistake(fine, 1, no_output_cell, DG_BAD_ARGUMENT, "the cell gives no output");
    expect_mistake(fine, 1, wider_cell, DG_BAD_SHAPE, "state 'h' is float32 [N, 4], its next value is float32 [N, 5]");
}
