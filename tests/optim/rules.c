/* Rules as text, optimisers with names, and descriptors of one's own. */
#include "small.h"

#include <time.h>

/* Σ c·p² over two parameters [3] and [2, 2], in float64. */
typedef struct rig {
    dg_graph *graph;
    dg_tensors *parameters;
    dg_node *p[2], *gradients[2], *lr;
} rig;

static rig make_rig(dg_dtype dtype)
{
    rig r;
    MUST(dg_graph_new(&r.graph));
    MUST(dg_tensors_new(&r.parameters));
    dg_graph_set_dtype(r.graph, dtype);
    r.p[0] = dg_parameter(r.graph, DG_SHAPE(3), .init = "constant([1.5, -0.5, 0.25])", .name = "a");
    r.p[1] = dg_parameter(r.graph, DG_SHAPE(2, 2), .init = "constant([[1, -2], [0.5, 3]])", .name = "b");
    dg_node *loss = dg_add(dg_sum(dg_square(r.p[0])), dg_sum(dg_expr("x^2 * 0.3 + sin(x)", {"x", r.p[1]})));
    r.lr = dg_input(r.graph, dg_scalar(), .dtype = DG_FLOAT64, .name = "lr");
    MUST(dg_grad(loss, 2, r.p, r.gradients));
    return r;
}

static void free_rig(rig *r)
{
    dg_tensors_free(r->parameters);
    dg_graph_free(r->graph);
}

static dg_status emit(rig *r, const char *call, const char *name, int first, int count, dg_node *const **updates,
                      int *n)
{
    dg_optimizer optimizer;
    MUST(dg_optimizer_parse(call, &optimizer));
    return dg_optimizer_emit(&optimizer,
                             &(dg_optimizer_step){.graph = r->graph,
                                                  .count = count,
                                                  .parameters = r->p + first,
                                                  .gradients = r->gradients + first,
                                                  .lr = r->lr,
                                                  .name = name},
                             updates, n);
}

static dg_plan *plan_of(rig *r, dg_node *const *updates, int n)
{
    dg_plan *plan;
    MUST(dg_parameters_init(r->parameters, r->graph, 0));
    MUST(dg_plan_new(
        r->graph, &(dg_plan_options){.updates = updates, .n_updates = n, .parameters = r->parameters, .training = true},
        &plan));
    return plan;
}

static void step(rig *r, dg_plan *plan, double lr)
{
    const dg_tensor rate = dg_tensor_view(DG_FLOAT64, dg_scalar(), &lr);
    MUST(dg_plan_run(plan, &(dg_feed){r->lr, &rate}, 1));
}

/* Runs 30 steps of a call; the parameters stay in the rig. */
static rig run(const char *call, dg_dtype dtype)
{
    rig r = make_rig(dtype);
    dg_node *const *updates;
    int n;
    MUST(emit(&r, call, NULL, 0, 2, &updates, &n));
    dg_plan *plan = plan_of(&r, updates, n);
    for (int i = 0; i < 30; i++)
        step(&r, plan, 0.02);
    dg_plan_free(plan);
    return r;
}

Test(rules, text_gives_the_bits_of_the_shipped_rule)
{
    for (size_t i = 0; dg_rule_at(i); i++) {
        const dg_rule *rule = dg_rule_at(i);
        char call[2000];
        size_t used = 0;
        if (!rule->lines || !rule->lines[0] || rule->needs_sampled)
            continue;
        used = dg_text_append(call, sizeof call, used, "rule('%s', lr=%.17g", rule->lines, rule->lr);
        for (int k = 0; rule->arguments[k].name; k++)
            for (int j = 0; j < dg_argument_width(&rule->arguments[k]); j++)
                used = dg_text_append(call, sizeof call, used, ", %s=%.17g", dg_argument_symbol(&rule->arguments[k], j),
                                      rule->arguments[k].fallback[j]);
        dg_text_append(call, sizeof call, used, ")");
        for (int type = 0; type < 2; type++) {
            dg_dtype dtype = type ? DG_FLOAT64 : DG_FLOAT32;
            rig shipped = run(rule->name, dtype), text = run(call, dtype);
            for (size_t t = 0; t < dg_tensors_count(shipped.parameters); t++) {
                const char *name = dg_tensors_name(shipped.parameters, t);
                cr_assert(same_bits(dg_tensors_at(shipped.parameters, t), dg_tensors_find(text.parameters, name)),
                          "%s: %s", rule->name, name);
            }
            free_rig(&shipped);
            free_rig(&text);
        }
    }
}

Test(rules, keep_state_and_reduce)
{
    /* Gradient clipping to norm 1, then a heavy ball, with the norm's own running mean as a number. */
    rig r = make_rig(DG_FLOAT64);
    dg_node *const *updates;
    int n;
    MUST(emit(&r, "rule('n = 0.5*n + 0.5*norm(g)\nm = k*m + g / max(1, norm(g))\np -= lr * m', k=0.9)", NULL, 0, 1,
              &updates, &n));
    dg_plan *plan = plan_of(&r, updates, n);
    double p[3] = {1.5, -0.5, 0.25}, m[3] = {0}, mean = 0;
    for (int i = 0; i < 20; i++) {
        double norm = 2 * sqrt(p[0] * p[0] + p[1] * p[1] + p[2] * p[2]);
        mean = 0.5 * mean + 0.5 * norm;
        for (int k = 0; k < 3; k++) {
            m[k] = 0.9 * m[k] + 2 * p[k] / fmax(1, norm);
            p[k] -= 0.02 * m[k];
        }
        step(&r, plan, 0.02);
    }
    for (int k = 0; k < 3; k++)
        cr_assert_float_eq(dg_tensor_get(dg_tensors_find(r.parameters, "a"), k), p[k], 1e-13);
    const dg_tensor *state = dg_tensors_find(r.parameters, "optimizer/a/n");
    cr_assert_eq(state->shape.rank, 0);
    cr_assert_float_eq(dg_tensor_get(state, 0), mean, 1e-13);
    dg_plan_free(plan);
    free_rig(&r);
}

Test(rules, compute_what_needs_no_parameter_once)
{
    rig r = make_rig(DG_FLOAT32);
    dg_node *const *updates;
    int n;
    MUST(emit(&r, "rule('c = 0.5*c + lr; p = p - c*g')", NULL, 0, 2, &updates, &n));
    cr_assert_eq(n, 4, "%d: the count, c, a and b", n);
    dg_plan *plan = plan_of(&r, updates, n);
    step(&r, plan, 1);
    step(&r, plan, 1);
    const dg_tensor *c = dg_tensors_find(r.parameters, "optimizer/c");
    cr_assert(c && c->dtype == DG_FLOAT64);
    cr_assert_eq(dg_tensor_get(c, 0), 1.5);
    dg_plan_free(plan);
    free_rig(&r);
}

Test(rules, that_make_no_sense_are_refused_with_the_reason)
{
    static const struct {
        const char *call, *says;
    } bad[] = {
        {"rule", "needs the lines in quotes"},
        {"rule(q = q - lr*g)", "lines stand in quotes: rule('p = p - lr*g', lr=0.1)"},
        {"rule('')", "empty"},
        {"rule('q = g')", "no line gives p"},
        {"rule('p = p - lr*g', lr=0.1, lr=0.2)", "lr is given twice"},
        {"rule('p = p - lr*b*g', b=0.1, b=0.2)", "b is given twice"},
        {"rule('step = step + 1; p = p - lr*g/step')", "lines read the count as t"},
        {"rule('e = g; p = p - lr*e')", "'e' is a constant"},
        {"rule('p = p - rate*g')", "'rate'"},
        {"rule('p = p - lr*')", "p - lr*"},
        {"rule('p = p - lr*norm(g')", ""},
        {"rule('p - lr*g')", "not a statement"},
        {"rule('p = p - lr*g if big')", "'big'"},
        {"rule('p = p - lr*g', lr=0)", "lr is 0"},
        {"rule('p = p - lr*g', k=x)", "k needs a number"},
        {"rule('p = p - lr*g', t=3)", "'t'"},
        {"rule('p = p - lr*gg(g)')", "gg"},
        {"rule('p = p - lr*g', momentum=0.9)", "no line reads momentum"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        dg_optimizer optimizer;
        dg_status status = dg_optimizer_parse(bad[i].call, &optimizer);
        cr_assert(status.code == DG_BAD_ARGUMENT, "%s: %d", bad[i].call, (int)status.code);
        cr_assert(strstr(status.message, bad[i].says), "%s: %s", bad[i].call, status.message);
    }
}

/* What shapes say against a line is found where nodes are made: it names the line, and no place in the library. */
Test(rules, mistakes_of_ops_name_the_line)
{
    static const char *const bad[][2] = {
        {"rule('p = p - lr*matmul(g, transpose(g, dim0=0, dim1=5))')", "dim1=5))': transpose: dim is 5"},
        {"rule('q = sum(g, dim=7); p = p - lr*q')", "optimizer rule, 'q = sum(g, dim=7)': sum: dim is 7"},
        {"rule('k = sum(lr, dim=7); p = p - k*g')", "optimizer rule, 'k = sum(lr, dim=7)': sum: "}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        rig r = make_rig(DG_FLOAT32);
        dg_node *const *updates;
        int n;
        dg_status status = emit(&r, bad[i][0], NULL, 0, 2, &updates, &n);
        cr_expect(status.code != DG_OK && strstr(status.message, bad[i][1]), "%s: %s", bad[i][0], status.message);
        cr_expect_null(strstr(status.message, ".c:"), "%s", status.message);
        free_rig(&r);
    }
}

Test(rules, updates_that_cannot_be_are_named_by_their_parameter)
{
    rig r = make_rig(DG_FLOAT32);
    dg_node *const *updates;
    int n;
    MUST(emit(&r, "sgd", NULL, 0, 2, &updates, &n));
    dg_plan *plan = plan_of(&r, updates, n);
    const double lr = 0.1;
    const dg_tensor rate = dg_tensor_view(DG_FLOAT64, dg_scalar(), &lr), *a = dg_tensors_find(r.parameters, "a");
    dg_status status = dg_plan_run(plan, (const dg_feed[]){{r.lr, &rate}, {r.p[0], a}}, 2);
    cr_expect_str_eq(status.message, "update of 'a': 'a' is fed in this run, so that it cannot be updated");
    cr_expect_eq(status.code, DG_BAD_ARGUMENT);
    dg_plan_free(plan);
    free_rig(&r);
}

Test(rules, print_what_reads_back)
{
    dg_optimizer first, second;
    char text[DG_OPTIMIZER_TEXT], again[DG_OPTIMIZER_TEXT];
    MUST(dg_optimizer_parse("rule('m = k*m + g; p = p - lr*m', lr=0.05, k=0.8)", &first));
    cr_assert_eq(dg_optimizer_hyper(&first, "k"), 0.8);
    cr_assert(isnan(dg_optimizer_hyper(&first, "m")));
    MUST(dg_optimizer_parse(dg_optimizer_print(&first, text, sizeof text), &second));
    cr_assert_eq(memcmp(&first, &second, sizeof first), 0);
    cr_assert_str_eq(dg_optimizer_print(&second, again, sizeof again), text);
}

/* Alternate plans on one graph: each counts its own steps, with a name or without. */
Test(rules, two_optimisers_on_one_graph_keep_apart)
{
    for (int named = 0; named < 2; named++) {
        rig r = make_rig(DG_FLOAT64), alone = make_rig(DG_FLOAT64);
        dg_node *const *updates;
        dg_plan *plans[2], *single[2];
        int n;
        for (int k = 0; k < 2; k++) {
            MUST(emit(&r, "adam", named ? (k ? "second" : "first") : NULL, k, 1, &updates, &n));
            plans[k] = plan_of(&r, updates, n);
        }
        for (int k = 0; k < 2; k++) {
            rig own = make_rig(DG_FLOAT64);
            MUST(emit(&own, "adam", NULL, k, 1, &updates, &n));
            single[k] = plan_of(&own, updates, n);
            for (int i = 0; i < 5; i++)
                step(&own, single[k], 0.1);
            MUST(dg_tensors_put(alone.parameters, k ? "b" : "a", dg_tensors_find(own.parameters, k ? "b" : "a")));
            dg_plan_free(single[k]);
            free_rig(&own);
        }
        for (int i = 0; i < 10; i++)
            step(&r, plans[i % 2], 0.1);
        for (int k = 0; k < 2; k++)
            cr_assert(same_bits(dg_tensors_find(r.parameters, k ? "b" : "a"),
                                dg_tensors_find(alone.parameters, k ? "b" : "a")));
        cr_assert(dg_tensors_find(r.parameters, named ? "optimizer/first/a/exp_avg" : "optimizer/a/exp_avg"));
        cr_assert(dg_tensors_find(r.parameters, named ? "optimizer/second/step" : "optimizer/2/step"));
        /* The same parameters again: the same state. */
        int64_t before = (int64_t)dg_tensors_count(r.parameters);
        MUST(emit(&r, "adam", named ? "second" : NULL, 1, 1, &updates, &n));
        MUST(dg_parameters_init(r.parameters, r.graph, 0));
        cr_assert_eq((int64_t)dg_tensors_count(r.parameters), before);
        dg_plan_free(plans[0]);
        dg_plan_free(plans[1]);
        free_rig(&r);
        free_rig(&alone);
    }
}

Test(rules, steps_that_do_not_fit_are_refused)
{
    rig r = make_rig(DG_FLOAT64), other = make_rig(DG_FLOAT64);
    dg_node *const *updates;
    int n;
    dg_node *swapped[2] = {r.gradients[1], r.gradients[0]}, *mine[2] = {r.gradients[0], r.gradients[1]};
    memcpy(r.gradients, swapped, sizeof swapped);
    MUST_FAIL(DG_BAD_SHAPE, emit(&r, "sgd", NULL, 0, 2, &updates, &n));
    memcpy(r.gradients, mine, sizeof mine);
    r.gradients[0] = other.gradients[0];
    MUST_FAIL(DG_BAD_ARGUMENT, emit(&r, "sgd", NULL, 0, 2, &updates, &n));
    memcpy(r.gradients, mine, sizeof mine);
    MUST_FAIL(DG_BAD_ARGUMENT, emit(&r, "sophia", NULL, 0, 2, &updates, &n));
    MUST_FAIL(DG_BAD_ARGUMENT, emit(&r, "sgd", "a/b", 0, 2, &updates, &n));
    MUST_FAIL(DG_BAD_ARGUMENT, dg_optimizer_emit(&(dg_optimizer){.lr = 1}, NULL, &updates, &n));
    free_rig(&r);
    free_rig(&other);
}

static void emit_half(dg_rule_step *s)
{
    dg_node *g = dg_rule_symbol(s, "g");
    dg_rule_set(s, "u", dg_mul(g, dg_full(dg_rule_graph(s), dg_scalar(), 0.5, .dtype = dg_rule_type(s)->dtype)));
    dg_rule_lines(s, "p = p - lr * u * scale");
}

static void emit_nothing(dg_rule_step *s)
{
    (void)s;
}

static void emit_null(dg_rule_step *s)
{
    dg_rule_set(s, "p", NULL);
}

static void emit_misfit(dg_rule_step *s)
{
    dg_rule_set(s, "p", dg_matmul(dg_rule_symbol(s, "p"), dg_rule_symbol(s, "lr")));
}

static void emit_bad_line(dg_rule_step *s)
{
    dg_rule_lines(s, "p = p - sum(g, dim=7)");
}

Test(rules, functions_that_make_no_step_are_named)
{
    static const dg_rule rules[] = {
        {.name = "nothing_test", .summary = "forgets p", .lr = 1, .emit = emit_nothing},
        {.name = "null_test", .summary = "takes p away", .lr = 1, .emit = emit_null},
        {.name = "misfit_test", .summary = "multiplies what does not fit", .lr = 1, .emit = emit_misfit},
        {.name = "line_test", .summary = "has a line that does not fit", .lr = 1, .emit = emit_bad_line}};
    static const char *const says[] = {"optimizer nothing_test, parameter 'a': its function gives p",
                                       "optimizer null_test, parameter 'a': its function gives p",
                                       "optimizer misfit_test, parameter 'a': matmul: ",
                                       "optimizer line_test, 'p = p - sum(g, dim=7)': sum: dim is 7"};
    for (int k = 0; k < 4; k++) {
        dg_node *const *updates;
        int n;
        MUST(dg_register_rule(&rules[k]));
        rig r = make_rig(DG_FLOAT32);
        dg_status status = emit(&r, rules[k].name, NULL, 0, 2, &updates, &n);
        cr_expect(status.code != DG_OK && strncmp(status.message, says[k], strlen(says[k])) == 0, "%s: %s",
                  rules[k].name, status.message);
        MUST(dg_graph_status(r.graph));
        free_rig(&r);
    }
}

static double half_rate(const dg_schedule *schedule, const dg_schedule_point *at)
{
    (void)schedule;
    return at->base / 2;
}

Test(rules, of_a_program_are_like_those_that_ship)
{
    static const dg_rule half = {.name = "half_test",
                                 .summary = "p − lr·g/2·scale",
                                 .lr = 0.25,
                                 .arguments = {{.name = "scale", .range = DG_ARGUMENT_POSITIVE, .fallback = {2}}},
                                 .emit = emit_half},
                         bad = {.name = "bad_test",
                                .summary = "reads what is not there",
                                .lr = 0.1,
                                .lines = "p = p - q"},
                         idle = {.name = "idle_test", .summary = "never moves", .lines = "p = p - lr*g"},
                         none = {.name = "none_test", .summary = "does nothing", .lr = 0.1};
    MUST(dg_register_rule(&half));
    MUST_FAIL(DG_BAD_ARGUMENT, dg_register_rule(&half));
    MUST_FAIL(DG_BAD_ARGUMENT, dg_register_rule(&bad));
    MUST_FAIL(DG_BAD_ARGUMENT, dg_register_rule(&idle));
    MUST_FAIL(DG_BAD_ARGUMENT, dg_register_rule(&none));
    MUST_FAIL(DG_BAD_ARGUMENT, dg_register_rule(NULL));
    rig mine = run("half_test", DG_FLOAT64), sgd = run("sgd", DG_FLOAT64);
    cr_assert(same_bits(dg_tensors_find(mine.parameters, "a"), dg_tensors_find(sgd.parameters, "a")));
    free_rig(&mine);
    free_rig(&sgd);
}

/* What no call could name, and what the rule could not tell from its own. */
Test(rules, names_that_calls_cannot_have_are_refused)
{
    static const dg_rule rules[] = {
        {.name = "a b", .summary = "x", .lr = 1, .lines = "p = p - lr*g"},
        {.name = "2nd", .summary = "x", .lr = 1, .lines = "p = p - lr*g"},
        {.name = "taken_test", .summary = "x", .lr = 1, .arguments = {{.name = "g"}}, .lines = "p = p - lr*g"},
        {.name = "twice_test",
         .summary = "x",
         .lr = 1,
         .arguments = {{.name = "mu"}, {.name = "mu"}},
         .lines = "p = g"},
        {.name = "blank_test", .summary = "x", .lr = 1, .arguments = {{.name = "m u"}}, .lines = "p = p - lr*g"}};
    static const dg_schedule_rule schedules[] = {
        {.name = "a(b", .summary = "x", .rate = half_rate},
        {.name = "taken_test", .summary = "x", .rate = half_rate, .arguments = {{.name = "warmup"}}},
        {.name = "twice_test", .summary = "x", .rate = half_rate, .arguments = {{.name = "k"}, {.name = "k"}}}};
    for (size_t k = 0; k < sizeof rules / sizeof *rules; k++)
        MUST_FAIL(DG_BAD_ARGUMENT, dg_register_rule(&rules[k]));
    for (size_t k = 0; k < sizeof schedules / sizeof *schedules; k++)
        MUST_FAIL(DG_BAD_ARGUMENT, dg_register_schedule(&schedules[k]));
    dg_status status = dg_register_schedule(&schedules[1]);
    cr_expect_str_eq(status.message, "schedule 'taken_test': the name of argument 'warmup' is taken");
    status = dg_register_rule(&rules[0]);
    cr_expect_str_eq(status.message, "optimizer 'a b': a name is letters, digits and _");
}

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Seconds to emit Adam for n layers with a bias each. */
static double emit_layers(int n)
{
    dg_graph *graph;
    dg_optimizer optimizer;
    dg_node *const *parameters, *const *updates;
    int count, n_updates;
    MUST(dg_graph_new(&graph));
    MUST(dg_optimizer_parse("adam", &optimizer));
    dg_node *x = dg_input(graph, DG_SHAPE(DG_N, 4), .name = "x");
    for (int i = 0; i < n; i++)
        x = dg_tanh(dg_linear(x, 4));
    dg_node *loss = dg_sum(x), *lr = dg_input(graph, dg_scalar(), .dtype = DG_FLOAT64, .name = "lr");
    MUST(dg_trainable_parameters(loss, &parameters, &count));
    dg_node **gradients = calloc((size_t)count, sizeof *gradients);
    MUST(dg_grad(loss, count, parameters, gradients));
    MUST(dg_clip_norm(graph, count, gradients, 1, gradients, NULL));
    double begin = cpu_seconds();
    MUST(dg_optimizer_emit(
        &optimizer,
        &(dg_optimizer_step){
            .graph = graph, .count = count, .parameters = parameters, .gradients = gradients, .lr = lr},
        &updates, &n_updates));
    double seconds = cpu_seconds() - begin;
    free(gradients);
    dg_graph_free(graph);
    return seconds;
}

Test(rules, are_emitted_in_linear_time)
{
    double small = 1e9, large = 1e9; /* the least of three, and a bound far from 16 and from 256: machines are busy */
    for (int i = 0; i < 3; i++) {
        small = fmin(small, emit_layers(250));
        large = fmin(large, emit_layers(4000));
    }
    cr_assert(large < 100 * small, "250 layers %.4f s, 4000 layers %.4f s", small, large);
}
