/* Groups of parameters, ranges, and what is frozen. Numbers of 100 steps in float64 are torch.optim's (objectives.txt,
 * made by objectives.py; tolerance 1e-11 of each number, for sums in another order). */
#include "small.h"

#include <stdlib.h>

static void reference(const char *name, int count, double *numbers)
{
    char path[600], word[64];
    snprintf(path, sizeof path, "%s/optim/objectives.txt", getenv("TESTS"));
    FILE *file = fopen(path, "r");
    cr_assert(file, "%s", path);
    while (fscanf(file, "%63s", word) == 1)
        if (strcmp(word, name) == 0)
            for (int k = 0; k < count; k++)
                cr_assert_eq(fscanf(file, "%lf", &numbers[k]), 1);
    fclose(file);
}

static void expect(const dg_tensors *parameters, const char *name, const char *reference_name)
{
    double wanted[3] = {NAN, NAN, NAN};
    reference(reference_name, 3, wanted);
    for (int k = 0; k < 3; k++) {
        double found = dg_tensor_get(dg_tensors_find(parameters, name), k);
        cr_assert_float_eq(found, wanted[k], 1e-11 * fabs(wanted[k]), "%s[%d]: found %.17g, expected %.17g", name, k,
                           found, wanted[k]);
    }
}

/* sum((a − t)²) + ½ sum((b·t − 1)²) + sum((c − t)²) with t = [0.2, 3, 5] */
static dg_node *three(dg_graph *graph)
{
    dg_graph_set_dtype(graph, DG_FLOAT64);
    dg_node *a = dg_parameter(graph, DG_SHAPE(3), .init = "constant([1, -2, 0.5])", .name = "a");
    dg_node *b = dg_parameter(graph, DG_SHAPE(3), .init = "constant([0.3, 0.7, -1.5])", .name = "b");
    dg_node *c = dg_parameter(graph, DG_SHAPE(3), .init = "constant([0.5, 2, 8])", .name = "c");
    double numbers[3] = {0.2, 3, 5};
    const dg_tensor values = dg_tensor_view(DG_FLOAT64, DG_SHAPE(3), numbers);
    dg_node *t = dg_constant(graph, &values);
    return dg_sum(dg_expr("(a - t)^2 + 0.5 * (b * t - 1)^2 + (c - t)^2", {"a", a}, {"b", b}, {"c", c}, {"t", t}));
}

typedef struct made {
    dg_graph *graph;
    dg_tensors *parameters;
    dg_plan *plan;
} made;

static dg_status make(made *m, const char *optimizer, const char *groups, const char *freeze)
{
    *m = (made){.graph = NULL};
    MUST(dg_graph_new(&m->graph));
    MUST(dg_tensors_new(&m->parameters));
    return dg_training_plan(three(m->graph), optimizer, m->parameters, &m->plan, .groups = groups, .freeze = freeze);
}

static void release(made *m)
{
    dg_plan_free(m->plan);
    dg_tensors_free(m->parameters);
    dg_graph_free(m->graph);
}

static void run(made *m, int steps)
{
    for (int i = 0; i < steps; i++)
        MUST(dg_plan_run(m->plan, NULL, 0));
}

Test(groups, have_rates_and_decay_of_their_own_and_step_logarithms)
{
    made m;
    MUST(make(&m, "adamw(lr=0.01, weight_decay=0.02)", "[group('a', lr=0.05, decay=0.3), group('c', positive=true)]",
              NULL));
    run(&m, 100);
    expect(m.parameters, "a", "groups.a");
    expect(m.parameters, "b", "groups.b");
    expect(m.parameters, "c", "groups.c");
    release(&m);
}

Test(groups, of_which_the_first_that_fits_counts)
{
    made m;
    MUST(make(&m, "sgd(lr=0.1)", "[group('[ab]', freeze=true), group('*', lr=0.01)]", NULL));
    run(&m, 1);
    cr_assert_eq(dg_tensor_get(dg_tensors_find(m.parameters, "a"), 1), -2);
    cr_assert_float_eq(dg_tensor_get(dg_tensors_find(m.parameters, "c"), 0), 0.5 - 0.01 * 2 * (0.5 - 0.2), 1e-15);
    release(&m);
}

Test(groups, freeze_leaves_parameters_as_they_are)
{
    made m;
    MUST(make(&m, "adamw(lr=0.1, weight_decay=0.5)", NULL, "a, c"));
    run(&m, 3);
    cr_assert_eq(dg_tensor_get(dg_tensors_find(m.parameters, "a"), 0), 1);
    cr_assert_eq(dg_tensor_get(dg_tensors_find(m.parameters, "c"), 2), 8);
    cr_assert_neq(dg_tensor_get(dg_tensors_find(m.parameters, "b"), 2), -1.5);
    cr_assert_null(dg_tensors_find(m.parameters, "optimizer/a/exp_avg"));
    release(&m);
}

Test(groups, bounds_hold_a_step_where_it_would_leave_them)
{
    made m;
    MUST(make(&m, "sgd(lr=0.5)", "group('a', min=-2, max=1.5)", NULL));
    run(&m, 1); /* a step of ½ goes to the target 0.2, 3, 5 itself */
    static const double wanted[3] = {0.2, 1.5, 1.5};
    for (int k = 0; k < 3; k++)
        cr_assert_float_eq(dg_tensor_get(dg_tensors_find(m.parameters, "a"), k), wanted[k], 1e-15);
    release(&m);
}

Test(groups, mistakes_are_named)
{
    static const struct {
        const char *groups, *freeze, *says;
    } wrong[] = {
        {"[group('hiden.*', lr=0.1)]", NULL, "hiden.*"},
        {"[group('a', rate=0.1)]", NULL, "rate"},
        {"[group('a', lr=-1)]", NULL, "lr"},
        {"[group('b', positive=true)]", NULL, "positive"},
        {"[group('a', min=2, max=1)]", NULL, "from 2 to 1"},
        {"[group('a', max=0)]", NULL, "element 0 is 1"},
        {"[grup('a')]", NULL, "group('hidden.*'"},
        {"[group(lr=1)]", NULL, "pattern"},
        {NULL, "a, b, c", "nothing is left"},
        {NULL, "d", "'d'"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        made m;
        dg_status status = make(&m, "adam", wrong[i].groups, wrong[i].freeze);
        cr_assert_eq(status.code, DG_BAD_ARGUMENT, "%s %s", wrong[i].groups, wrong[i].freeze);
        cr_assert(strstr(status.message, wrong[i].says), "%s", status.message);
        release(&m);
    }
    made m;
    MUST_FAIL(DG_BAD_ARGUMENT, make(&m, "rule('p = p - lr*g')", "[group('a', decay=0.1)]", NULL));
    release(&m);
}

/* The options of a parameter that stands in a formula's call reach it, or are refused. */
Test(groups, parameters_in_a_formula_have_options)
{
    dg_graph *graph;
    MUST(dg_graph_new(&graph));
    dg_node *x = dg_input(graph, DG_SHAPE(DG_N, 2), .name = "x");
    dg_value call;
    MUST(dg_call_parse(dg_graph_arena(graph),
                       "expr(w * x + v * x, w=parameter(1.0, trainable=false), v=parameter(2, positive=true, max=9))",
                       &call));
    dg_node *y = dg_apply(&(dg_application){
        .op = "expr", .name = "y", .n_inputs = 1, .inputs = &x, .n_attrs = (int)call.count, .attrs = call.items});
    MUST(dg_graph_status(graph));
    dg_node *loss = dg_sum(dg_square(y)), *const * list;
    int count;
    MUST(dg_trainable_parameters(loss, &list, &count));
    cr_assert_eq(count, 1);
    cr_assert_str_eq(dg_node_name(list[0]), "y.v");
    dg_range range = dg_parameter_range(list[0]);
    cr_assert(range.positive && range.max == 9 && range.min == -INFINITY);
    MUST(dg_call_parse(dg_graph_arena(graph), "expr(w * x, w=parameter(1.0, trainble=false))", &call));
    dg_apply(
        &(dg_application){.op = "expr", .n_inputs = 1, .inputs = &x, .n_attrs = (int)call.count, .attrs = call.items});
    dg_status status = dg_graph_status(graph);
    cr_assert_eq(status.code, DG_BAD_ARGUMENT);
    cr_assert(strstr(status.message, "trainble"), "%s", status.message);
    dg_graph_free(graph);
}

Test(groups, an_initialiser_keeps_to_the_range)
{
    dg_graph *graph;
    dg_tensors *parameters;
    MUST(dg_graph_new(&graph));
    MUST(dg_tensors_new(&parameters));
    dg_parameter(graph, DG_SHAPE(50), .init = "normal", .positive = true, .name = "p");
    MUST(dg_graph_status(graph));
    MUST_FAIL(DG_BAD_ARGUMENT, dg_parameters_init(parameters, graph, 1));
    dg_tensors_free(parameters);
    dg_graph_free(graph);
}

/* loss = sum(w), sgd(lr=1): w is −1, −2, −3, so that the averages are −1, (−1 − 2)/2 and (−1.5 − 3)/2; from step 1 on
 * swa is the mean of −2 and −3. The updates alone do the same in a plan of one's own. */
Test(training_plan, keeps_an_average_beside_the_weights)
{
    static const struct {
        const char *average;
        double last;
    } cases[] = {{"ema(decay=0.5)", -2.25}, {"swa(start=1)", -2.5}};
    for (size_t k = 0; k < 2 * sizeof cases / sizeof *cases; k++) {
        made m = {.graph = NULL};
        MUST(dg_graph_new(&m.graph));
        MUST(dg_tensors_new(&m.parameters));
        dg_graph_set_dtype(m.graph, DG_FLOAT64);
        dg_node *w = dg_parameter(m.graph, DG_SHAPE(2), .init = "zeros", .name = "w"), *loss = dg_sum(w);
        const char *average = cases[k / 2].average;
        if (k % 2) {
            dg_node *const *updates;
            const dg_training_plan_options options = {.average = average};
            int n_updates;
            MUST(dg_training_updates(loss, "sgd(lr=1)", &options, &updates, &n_updates));
            MUST(dg_parameters_init(m.parameters, m.graph, 0));
            const dg_plan_options plan = {.fetch = (dg_node *[]){loss},
                                          .n_fetch = 1,
                                          .updates = updates,
                                          .n_updates = n_updates,
                                          .parameters = m.parameters,
                                          .training = true};
            MUST(dg_plan_new(m.graph, &plan, &m.plan));
        } else {
            MUST(dg_training_plan(loss, "sgd(lr=1)", m.parameters, &m.plan, .average = average));
        }
        run(&m, 3);
        cr_expect_eq(dg_tensor_get(dg_tensors_find(m.parameters, "w"), 1), -3);
        cr_expect_eq(dg_tensor_get(dg_tensors_find(m.parameters, "optimizer/w/average"), 1), cases[k / 2].last, "%s",
                     average);
        release(&m);
    }
    MUST_FAIL(DG_BAD_ARGUMENT, dg_training_updates(NULL, "sgd", NULL, NULL, NULL));
}

/* The gradients that come with a step are those of the loss, before they are clipped; what is frozen has none. A group
 * may be of another objective's parameters. */
Test(groups, a_step_tells_its_gradients)
{
    made m = {.graph = NULL};
    MUST(dg_graph_new(&m.graph));
    MUST(dg_tensors_new(&m.parameters));
    dg_graph_set_dtype(m.graph, DG_FLOAT64);
    dg_node *a = dg_parameter(m.graph, DG_SHAPE(2), .init = "ones", .name = "a"),
            *b = dg_parameter(m.graph, DG_SHAPE(2), .init = "ones", .name = "b");
    dg_node *loss = dg_sum(dg_expr("3 * a^2 + b", {"a", a}, {"b", b}));
    dg_parameter(m.graph, DG_SHAPE(2), .name = "other");
    const dg_training_plan_options options = {
        .clip_norm = 0.5, .freeze = "b", .groups = "group('other', lr=0.5)", .average = "ema(decay=0.5)"};
    dg_training_nodes step;
    MUST(dg_training_emit(loss, "sgd(lr=1)", &options, &step));
    cr_assert_eq(step.count, 1);
    cr_expect_eq(step.parameters[0], a);
    cr_expect_geq(step.n_updates, 2); /* a and its average */
    cr_expect_lt(dg_node_id(step.gradients[0]), step.first_update);
    MUST(dg_parameters_init(m.parameters, m.graph, 0));
    const dg_plan_options plan = {.fetch = step.gradients,
                                  .n_fetch = 1,
                                  .updates = step.updates,
                                  .n_updates = step.n_updates,
                                  .parameters = m.parameters,
                                  .training = true};
    MUST(dg_plan_new(m.graph, &plan, &m.plan));
    run(&m, 1);
    cr_expect_eq(dg_tensor_get(dg_plan_result(m.plan, 0), 0), 6);
    /* 1 − 0.5 · 6 / ‖(6, 6)‖, by 1e-6 in the denominator as PyTorch has it */
    cr_expect_float_eq(dg_tensor_get(dg_tensors_find(m.parameters, "a"), 0), 1 - 0.5 / sqrt(2), 1e-6);
    cr_expect_eq(dg_tensor_get(dg_tensors_find(m.parameters, "b"), 0), 1);
    release(&m);
    MUST_FAIL(DG_BAD_ARGUMENT, dg_training_emit(NULL, "sgd", NULL, &step));
    cr_expect_eq(step.count, 0);
}

Test(groups, a_step_is_of_a_loss_of_one_number)
{
    dg_graph *graph;
    dg_training_nodes step;
    MUST(dg_graph_new(&graph));
    dg_node *a = dg_parameter(graph, DG_SHAPE(2), .name = "a"), *loss = dg_square(a, .name = "losses");
    const int64_t before = dg_graph_node_count(graph);
    dg_status status = dg_training_emit(loss, "sgd", NULL, &step);
    cr_assert_eq(status.code, DG_BAD_SHAPE);
    cr_assert(strstr(status.message, "loss 'losses' is float32 [2], expected one number"), "%s", status.message);
    cr_expect_eq(dg_graph_node_count(graph), before);
    MUST(dg_training_emit(dg_sum(loss), "sgd", NULL, &step));
    dg_graph_free(graph);
}
