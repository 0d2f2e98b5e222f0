/* Sequences a token at a time from C: an op of one's own with a rule, a scan, and what is refused. */
#include "small.h"

#include <dotgrad/step.h>

/* y_t = y_{t−1}/2 + x_t over [N, T, features]. */
static dg_status fading_forward(const dg_kernel *kernel)
{
    const float *x = kernel->inputs[0]->data, *first = kernel->inputs[1] ? kernel->inputs[1]->data : NULL;
    const dg_shape *shape = &kernel->outputs[0]->shape;
    int64_t steps = shape->dims[1], wide = shape->dims[2];
    float *y = kernel->outputs[0]->data;
    for (int64_t i = 0; i < shape->dims[0] * steps * wide; i++) {
        int64_t t = i / wide % steps, row = i / (wide * steps);
        float before = t > 0 ? y[i - wide] : first ? first[row * wide + i % wide] : 0;
        y[i] = before / 2 + x[i];
    }
    return dg_ok();
}

static const dg_op fading = {.name = "fading",
                             .family = "test",
                             .summary = "a fading sum over time",
                             .inputs = {{.name = "input"}, {.name = "first", .flags = DG_OPTIONAL}},
                             .infer = dg_infer_same,
                             .forward = fading_forward};

static void fading_step(const dg_step *step)
{
    dg_type type = *dg_node_type(step->inputs[0], 0);
    type.shape = DG_SHAPE(type.shape.dims[0], type.shape.dims[2]);
    dg_node *before = step->state(step, type, step->inputs[1]);
    dg_node *const inputs[] = {step->inputs[0], before};
    step->outputs[0] = dg_call(DG_HERE, "fading", 2, inputs);
    step->next(step, before, dg_squeeze(step->outputs[0], .dim = 1));
}

static const dg_step_rule fading_rule = {"fading", fading_step}, other_rule = {"fading", fading_step};

static void begin(void)
{
    MUST(dg_register(&fading));
    MUST(dg_register_step(&fading_rule));
    MUST(dg_register_step(&fading_rule)); /* the same once more */
    MUST_FAIL(DG_BAD_ARGUMENT, dg_register_step(&other_rule));
    MUST_FAIL(DG_BAD_ARGUMENT, dg_register_step(&(dg_step_rule){.op = "fading"}));
}

TestSuite(stepper, .init = begin);

typedef dg_node *body(dg_node *embedded);

static dg_graph *make_net(int64_t steps, body *middle)
{
    dg_graph *g;
    MUST(dg_graph_new(&g));
    int64_t time = steps ? steps : dg_symbol(g, "T");
    dg_node *tokens = dg_input(g, DG_SHAPE(DG_N, time), .dtype = DG_INT64, .name = "tokens");
    dg_node *embedded = dg_embedding(tokens, .num_embeddings = 7, .embedding_dim = 4, .name = "embedding");
    dg_linear(middle(embedded), 7, .name = "scores");
    MUST(dg_graph_status(g));
    return g;
}

static dg_node *by_fading(dg_node *x)
{
    dg_node *const inputs[] = {dg_tanh(dg_call(DG_HERE, "fading", 1, &x))};
    return dg_call(DG_HERE, "fading", 1, inputs);
}

static void cell(dg_scan_step *s)
{
    dg_node *sum = dg_add(dg_linear(s->x, 4, .name = "in"), dg_linear(s->states[0], 4, .name = "own"));
    s->output = s->next[0] = dg_tanh(sum);
    s->next[1] = dg_expr("0.9 * b + h", {"b", s->states[1]}, {"h", s->output});
    s->output = dg_mul(s->output, s->next[1]);
}

/* One state begins at a parameter's numbers. */
static dg_node *by_scan(dg_node *x)
{
    dg_graph *g = dg_node_graph(x);
    dg_node *start = dg_parameter(g, DG_SHAPE(4), .init = "normal(0, 1)", .name = "start");
    dg_node *zeros = dg_zeros(g, DG_SHAPE(DG_N, 4));
    dg_node *states[] = {zeros, dg_add(zeros, start)};
    return dg_scan(x, 2, states, cell, .name = "scan");
}

static dg_node *backwards(dg_node *x)
{
    return dg_flip(x, 1);
}

static dg_node *mixed(dg_node *x)
{
    return dg_sub(x, dg_mean(x, .dim = 1, .keepdim = true));
}

static dg_node *drawn(dg_node *x)
{
    return dg_add(x, dg_normal_like(x));
}

typedef struct pair {
    dg_graph *whole, *copy;
    dg_tensors *parameters;
    dg_stepper *steps, *again;
} pair;

static void open_pair(pair *p, int64_t steps, body *middle)
{
    p->whole = make_net(steps, middle);
    p->copy = make_net(steps, middle);
    MUST(dg_tensors_new(&p->parameters));
    MUST(dg_parameters_init(p->parameters, p->whole, 3));
    dg_stepper_options options = {
        .graph = p->whole, .input = "tokens", .output = "scores", .parameters = p->parameters};
    MUST(dg_stepper_new(&options, &p->again));
    options.copy = p->copy;
    MUST(dg_stepper_new(&options, &p->steps));
    cr_assert_eq(dg_stepper_classes(p->steps), 7);
}

static void close_pair(pair *p)
{
    dg_stepper_free(p->steps);
    dg_stepper_free(p->again);
    dg_tensors_free(p->parameters);
    dg_graph_free(p->whole);
    dg_graph_free(p->copy);
}

/* Both sum in other orders: within float32's rounding of numbers about 1. */
static void compare(pair *p, int count)
{
    const double *a, *b;
    for (int k = 0; k < count; k++) {
        MUST(dg_stepper_step(p->steps, (k * k + 3) % 7, &a));
        MUST(dg_stepper_step(p->again, (k * k + 3) % 7, &b));
        for (int c = 0; c < 7; c++)
            cr_assert_float_eq(a[c], b[c], 2e-5, "step %d: %g and %g", k, a[c], b[c]);
    }
}

Test(stepper, an_op_of_ones_own_keeps_its_state)
{
    pair p;
    open_pair(&p, 0, by_fading);
    cr_assert_null(dg_stepper_reason(p.steps), "%s", dg_stepper_reason(p.steps));
    compare(&p, 90);
    dg_stepper_reset(p.steps);
    dg_stepper_reset(p.again);
    compare(&p, 5);
    close_pair(&p);
}

Test(stepper, the_states_of_a_scan_begin_where_they_are_said_to)
{
    pair p;
    open_pair(&p, 20, by_scan);
    cr_assert_null(dg_stepper_reason(p.steps), "%s", dg_stepper_reason(p.steps));
    compare(&p, 20);
    dg_stepper_reset(p.steps);
    dg_stepper_reset(p.again);
    compare(&p, 20);
    close_pair(&p);
}

/* What is no sequence of steps is computed as a whole; what looks ahead in a sequence of a fixed length is refused. */
Test(stepper, networks_that_have_no_steps_are_computed_as_a_whole)
{
    static body *const bodies[] = {mixed, backwards, drawn};
    for (int k = 0; k < 3; k++) {
        pair p;
        open_pair(&p, 0, bodies[k]);
        cr_assert_not_null(dg_stepper_reason(p.steps), "%d", k);
        compare(&p, 8);
        close_pair(&p);
    }
    dg_graph *g = make_net(6, mixed);
    dg_tensors *parameters;
    dg_stepper *s;
    MUST(dg_tensors_new(&parameters));
    MUST(dg_parameters_init(parameters, g, 3));
    MUST_FAIL(
        DG_BAD_ARGUMENT,
        dg_stepper_new(
            &(dg_stepper_options){.graph = g, .input = "tokens", .output = "scores", .parameters = parameters}, &s));
    MUST_FAIL(DG_BAD_ARGUMENT,
              dg_stepper_new(&(dg_stepper_options){.graph = g, .input = "none", .output = "scores"}, &s));
    MUST_FAIL(DG_BAD_ARGUMENT,
              dg_stepper_new(&(dg_stepper_options){.graph = g, .input = "scores", .output = "scores"}, &s));
    MUST_FAIL(DG_BAD_ARGUMENT, dg_stepper_new(&(dg_stepper_options){.graph = g, .input = "tokens"}, &s));
    MUST_FAIL(DG_BAD_ARGUMENT, dg_stepper_new(NULL, &s));
    MUST_FAIL(DG_NO_MEMORY,
              dg_stepper_new(
                  &(dg_stepper_options){
                      .graph = g, .input = "tokens", .output = "scores", .parameters = parameters, .memory_limit = 10},
                  &s));
    dg_tensors_free(parameters);
    dg_graph_free(g);
}

Test(stepper, a_token_that_there_is_not_is_refused)
{
    pair p;
    const double *scores;
    open_pair(&p, 0, by_fading);
    MUST_FAIL(DG_BAD_DATA, dg_stepper_step(p.steps, 7, &scores));
    MUST_FAIL(DG_BAD_DATA, dg_stepper_step(p.again, -1, &scores));
    cr_assert_null(scores);
    close_pair(&p);
}
