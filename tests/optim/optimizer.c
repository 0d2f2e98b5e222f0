/* Optimisers against plain loops written from torch.optim's documentation. */
#include "small.h"

#define SIZE  5
#define STEPS 30

typedef struct reference {
    double lr, momentum, dampening, decay, alpha, beta1, beta2, eps;
    bool nesterov, centered, amsgrad;
    void (*step)(const struct reference *r, int t, double *p, double g, double state[3]);
} reference;

static void sgd_step(const reference *r, int t, double *p, double g, double s[3])
{
    g += r->decay * *p;
    if (r->momentum != 0) {
        s[0] = t > 1 ? r->momentum * s[0] + (1 - r->dampening) * g : g;
        g = r->nesterov ? g + r->momentum * s[0] : s[0];
    }
    *p -= r->lr * g;
}

static void rmsprop_step(const reference *r, int t, double *p, double g, double s[3])
{
    (void)t;
    g += r->decay * *p;
    s[0] = r->alpha * s[0] + (1 - r->alpha) * g * g;
    double v = s[0];
    if (r->centered) {
        s[1] = r->alpha * s[1] + (1 - r->alpha) * g;
        v -= s[1] * s[1];
    }
    double d = g / (sqrt(v) + r->eps);
    if (r->momentum > 0) {
        s[2] = r->momentum * s[2] + d;
        d = s[2];
    }
    *p -= r->lr * d;
}

static void adam_core(const reference *r, int t, double *p, double g, double s[3])
{
    s[0] = r->beta1 * s[0] + (1 - r->beta1) * g;
    s[1] = r->beta2 * s[1] + (1 - r->beta2) * g * g;
    s[2] = fmax(s[2], s[1]);
    double v = r->amsgrad ? s[2] : s[1];
    double m = s[0] / (1 - pow(r->beta1, t));
    *p -= r->lr * m / (sqrt(v / (1 - pow(r->beta2, t))) + r->eps);
}

static void adam_step(const reference *r, int t, double *p, double g, double s[3])
{
    adam_core(r, t, p, g + r->decay * *p, s);
}

static void adamw_step(const reference *r, int t, double *p, double g, double s[3])
{
    *p -= r->lr * r->decay * *p;
    adam_core(r, t, p, g, s);
}

typedef struct optimizer_case {
    const char *call;
    reference r;
} optimizer_case;

#define ADAM .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8

static const optimizer_case cases[] = {
    {"sgd", {.lr = 1e-3, .step = sgd_step}},
    {"sgd(lr=0.1)", {.lr = 0.1, .step = sgd_step}},
    {"sgd(lr=0.1, weight_decay=0.01)", {.lr = 0.1, .decay = 0.01, .step = sgd_step}},
    {"sgd(lr=0.1, momentum=0.9)", {.lr = 0.1, .momentum = 0.9, .step = sgd_step}},
    {"sgd(0.1, 0.9, 0.3)", {.lr = 0.1, .momentum = 0.9, .dampening = 0.3, .step = sgd_step}},
    {"sgd(lr=0.1, momentum=0.9, nesterov=true, weight_decay=1e-3)",
     {.lr = 0.1, .momentum = 0.9, .nesterov = true, .decay = 1e-3, .step = sgd_step}},
    {"rmsprop", {.lr = 0.01, .alpha = 0.99, .eps = 1e-8, .step = rmsprop_step}},
    {"rmsprop(lr=0.02, alpha=0.9, momentum=0.5, weight_decay=0.1)",
     {.lr = 0.02, .alpha = 0.9, .eps = 1e-8, .momentum = 0.5, .decay = 0.1, .step = rmsprop_step}},
    {"rmsprop(centered=true, eps=1e-4, momentum=0.9)",
     {.lr = 0.01, .alpha = 0.99, .eps = 1e-4, .centered = true, .momentum = 0.9, .step = rmsprop_step}},
    {"adam", {.lr = 1e-3, ADAM, .step = adam_step}},
    {"adam(lr=0.1, betas=[0.5, 0.9], eps=1e-3, weight_decay=0.1)",
     {.lr = 0.1, .beta1 = 0.5, .beta2 = 0.9, .eps = 1e-3, .decay = 0.1, .step = adam_step}},
    {"adam(lr=0.1, amsgrad=true)", {.lr = 0.1, ADAM, .amsgrad = true, .step = adam_step}},
    {"adam(lr=0.1, betas=[0, 0.999])", {.lr = 0.1, .beta2 = 0.999, .eps = 1e-8, .step = adam_step}},
    {"adamw(lr=0.05)", {.lr = 0.05, ADAM, .decay = 0.01, .step = adamw_step}},
    {"adamw(lr=0.05, weight_decay=0.3, amsgrad=true)",
     {.lr = 0.05, ADAM, .decay = 0.3, .amsgrad = true, .step = adamw_step}},
};

/* A gradient that changes with place, step and parameter. */
static double gradient_at(int t, int i, double p)
{
    return sin(0.7 * t + i) + 0.3 * p - (t > 12 ? 0.2 : 0);
}

typedef struct rig {
    dg_graph *graph;
    dg_node *g, *lr;
    dg_tensors *parameters;
    dg_plan *plan;
} rig;

static rig make_rig(const char *call, dg_dtype dtype, dg_shape shape, double *base)
{
    rig r;
    dg_optimizer optimizer;
    MUST(dg_graph_new(&r.graph));
    MUST(dg_tensors_new(&r.parameters));
    MUST(dg_optimizer_parse(call, &optimizer));
    *base = optimizer.lr;
    dg_node *p = dg_parameter(r.graph, shape, .init = "constant(0.5)", .dtype = dtype, .name = "p");
    r.g = dg_input(r.graph, shape, .dtype = dtype, .name = "g");
    r.lr = dg_input(r.graph, dg_scalar(), .dtype = DG_FLOAT64, .name = "lr");
    dg_node *const *updates;
    int n;
    const dg_optimizer_step step = {.graph = r.graph, .count = 1, .parameters = &p, .gradients = &r.g, .lr = r.lr};
    MUST(dg_optimizer_emit(&optimizer, &step, &updates, &n));
    MUST(dg_parameters_init(r.parameters, r.graph, 0));
    MUST(dg_plan_new(
        r.graph, &(dg_plan_options){.updates = updates, .n_updates = n, .parameters = r.parameters, .training = true},
        &r.plan));
    return r;
}

static void free_rig(rig *r)
{
    dg_plan_free(r->plan);
    dg_tensors_free(r->parameters);
    dg_graph_free(r->graph);
}

static void follow(const optimizer_case *c, dg_dtype dtype, dg_shape shape, double tolerance)
{
    double lr, p[SIZE], state[SIZE][3] = {{0}};
    int64_t count = dg_shape_count(&shape);
    rig r = make_rig(c->call, dtype, shape, &lr);
    cr_assert_eq(lr, c->r.lr, "%s", c->call);
    dg_tensor gradient, rate = dg_tensor_view(DG_FLOAT64, dg_scalar(), &lr);
    MUST(dg_tensor_make(&gradient, dtype, shape));
    const dg_feed feeds[] = {{r.g, &gradient}, {r.lr, &rate}};
    const dg_tensor *stored = dg_tensors_find(r.parameters, "p");
    for (int i = 0; i < count; i++)
        p[i] = 0.5;
    for (int t = 1; t <= STEPS; t++) {
        for (int i = 0; i < count; i++) {
            double g = gradient_at(t, i, p[i]);
            dg_tensor_set(&gradient, i, g);
            c->r.step(&c->r, t, &p[i], dg_tensor_get(&gradient, i), state[i]);
        }
        MUST(dg_plan_run(r.plan, feeds, 2));
        for (int i = 0; i < count; i++)
            cr_assert(fabs(dg_tensor_get(stored, i) - p[i]) < tolerance, "%s, step %d: %.17g, expected %.17g", c->call,
                      t, dg_tensor_get(stored, i), p[i]);
    }
    cr_assert_eq(dg_tensor_get(dg_tensors_find(r.parameters, "optimizer/step"), 0), STEPS);
    dg_tensor_release(&gradient);
    free_rig(&r);
}

#define N_CASES (sizeof cases / sizeof cases[0])

Test(optimizer, follows_torch_in_float64)
{
    for (size_t i = 0; i < N_CASES; i++)
        follow(&cases[i], DG_FLOAT64, DG_SHAPE(SIZE), 1e-12);
}

Test(optimizer, follows_torch_in_float32)
{
    for (size_t i = 0; i < N_CASES; i++)
        follow(&cases[i], DG_FLOAT32, DG_SHAPE(SIZE), 3e-4); /* 1/(√v + ε) forgives little where v is small */
}

Test(optimizer, updates_scalar_parameters_too)
{
    for (size_t i = 0; i < N_CASES; i++) {
        follow(&cases[i], DG_FLOAT32, dg_scalar(), 3e-4);
        follow(&cases[i], DG_FLOAT64, dg_scalar(), 1e-12);
    }
}

Test(optimizer, corrects_bias_accurately_in_float32_after_many_steps)
{
    double lr;
    rig r = make_rig("adam(lr=0.5)", DG_FLOAT32, DG_SHAPE(1), &lr);
    dg_tensor_set(dg_tensors_find(r.parameters, "optimizer/step"), 0, 1e6 - 1);
    float g = 0, p;
    dg_tensor gradient = dg_tensor_view(DG_FLOAT32, DG_SHAPE(1), &g),
              rate = dg_tensor_view(DG_FLOAT64, dg_scalar(), &lr);
    const dg_feed feeds[] = {{r.g, &gradient}, {r.lr, &rate}};
    g = 1;
    MUST(dg_plan_run(r.plan, feeds, 2));
    p = (float)dg_tensor_get(dg_tensors_find(r.parameters, "p"), 0);
    cr_assert_float_eq(p, 0.5 - 0.5 * 0.1 / (sqrt(0.001) + 1e-8), 1e-5);
    free_rig(&r);
}

Test(optimizer, never_decays_prelu_or_exempt_parameters)
{
    dg_graph *graph;
    dg_tensors *parameters;
    dg_optimizer optimizer;
    dg_node *const *updates, *const *list;
    int n, count;
    MUST(dg_graph_new(&graph));
    MUST(dg_tensors_new(&parameters));
    MUST(dg_optimizer_parse("adamw(lr=0.1, weight_decay=0.5)", &optimizer));
    dg_node *x = dg_input(graph, DG_SHAPE(DG_N, 2), .name = "x");
    dg_node *plain = dg_parameter(graph, DG_SHAPE(2), .init = "ones", .name = "plain");
    dg_node *exempt = dg_parameter(graph, DG_SHAPE(2), .init = "ones", .name = "exempt");
    dg_node *y = dg_sum(dg_prelu(dg_add(dg_mul(x, plain), exempt), .name = "act"), .name = "y");
    MUST(dg_trainable_parameters(y, &list, &count));
    cr_assert_eq(count, 3);
    dg_node *zeros[3], *parameter_nodes[3];
    for (int i = 0; i < 3; i++) {
        parameter_nodes[i] = list[i];
        zeros[i] = dg_zeros_like(list[i]);
    }
    dg_node *lr = dg_input(graph, dg_scalar(), .dtype = DG_FLOAT64, .name = "lr");
    const dg_optimizer_step step = {.graph = graph,
                                    .count = 3,
                                    .parameters = parameter_nodes,
                                    .gradients = zeros,
                                    .lr = lr,
                                    .no_decay = &exempt,
                                    .n_no_decay = 1};
    MUST(dg_optimizer_emit(&optimizer, &step, &updates, &n));
    MUST(dg_parameters_init(parameters, graph, 0));
    dg_plan *plan;
    MUST(dg_plan_new(graph,
                     &(dg_plan_options){.updates = updates, .n_updates = n, .parameters = parameters, .training = true},
                     &plan));
    double rate = 0.1;
    dg_tensor rate_tensor = dg_tensor_view(DG_FLOAT64, dg_scalar(), &rate);
    MUST(dg_plan_run(plan, &(dg_feed){lr, &rate_tensor}, 1));
    cr_assert_float_eq(dg_tensor_get(dg_tensors_find(parameters, "plain"), 0), 0.95, 1e-6);
    cr_assert_eq(dg_tensor_get(dg_tensors_find(parameters, "exempt"), 0), 1);
    cr_assert_eq(dg_tensor_get(dg_tensors_find(parameters, "act.weight"), 0), 0.25);
    dg_plan_free(plan);
    dg_tensors_free(parameters);
    dg_graph_free(graph);
}

Test(optimizer, prints_every_value)
{
    dg_optimizer optimizer;
    char text[DG_OPTIMIZER_TEXT];
    MUST(dg_optimizer_parse("adam(0.01)", &optimizer));
    cr_assert_str_eq(dg_optimizer_print(&optimizer, text, sizeof text),
                     "adam(lr=0.01, betas=[0.9, 0.999], eps=1e-08, weight_decay=0, amsgrad=false)");
    dg_optimizer again;
    MUST(dg_optimizer_parse(text, &again));
    cr_assert_eq(memcmp(&again, &optimizer, sizeof again), 0);
    cr_assert_str_eq(dg_optimizer_name(&again), "adam");
    cr_assert_str_eq(dg_optimizer_name_at(0), "sgd");
    for (size_t i = 0; dg_optimizer_name_at(i); i++)
        cr_assert(dg_rule_at(i)->summary[0]);
}

Test(optimizer, rejects_calls_that_make_no_sense)
{
    static const struct {
        const char *call, *says;
    } bad[] = {
        {"adm", "adam"},
        {"adam(lr=0)", "lr is 0"},
        {"adam(lr=-0.1)", "lr is -0.1"},
        {"adam(lr=nan)", "lr is nan"},
        {"adam(lr=inf)", "lr is inf"},
        {"adam(lr=1e999)", "lr"},
        {"adam(lr='fast')", "lr"},
        {"adam(betas=[1, 0.9])", "betas"},
        {"adam(betas=[0.9, -0.1])", "betas"},
        {"adam(betas=0.9)", "a list of two"},
        {"adam(eps=-1)", "eps"},
        {"adam(rate=0.1)", "unknown argument 'rate'"},
        {"adam(0.1, lr=0.1)", "twice"},
        {"sgd(nesterov=true)", "nesterov"},
        {"sgd(nesterov=1)", "true or false"},
        {"sgd(lr=0.1, momentum=0.9, dampening=0.1, nesterov=true)", "nesterov"},
        {"sgd(1, 0, 0, 0, false, 3)", "at most 5"},
        {"adam(lr=", ""},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        dg_optimizer optimizer;
        dg_status status = dg_optimizer_parse(bad[i].call, &optimizer);
        cr_assert(status.code == DG_BAD_ARGUMENT, "%s: %d", bad[i].call, (int)status.code);
        cr_assert(strstr(status.message, bad[i].says), "%s: %s", bad[i].call, status.message);
    }
}
