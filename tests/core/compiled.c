/* Programs that were compiled to loops give the same bits as their instructions one after another. */
#include "core/plan/plan.h"
#include "planned.h"

#include <dotgrad/dotgrad.h>

/* How many programs of the plan's current binding have loops. */
static int loops_of(const dg_plan *plan)
{
    int found = 0;
    for (int32_t t = 0; t < plan->current->n_tasks; t++) {
        const task *one = &plan->current->tasks[t];
        for (int32_t k = 0; one->parts && k < one->n_parts; k++)
            found += one->parts[k].program->loop != NULL;
    }
    return found;
}

static bool has_loops(void)
{
    return strcmp(dg_isa(), "base") != 0;
}

enum { COUNT = 2100 }; /* more than one tile */

/* From −30 to 30, with what is special among them. */
static void fill(float *x)
{
    static const float special[] = {0.0f, -0.0f, INFINITY, -INFINITY, NAN, 1e-40f, -1e-40f, 3e38f, -3e38f, 88.9f};
    for (int i = 0; i < COUNT; i++)
        x[i] = i % 37 == 5 ? special[i / 37 % 10] : 60.0f * (float)i / COUNT - 30;
}

/* A call as graph files have it: "elu(alpha=2)". */
static dg_node *apply(const char *text, dg_node *x)
{
    dg_value call;
    OK(dg_call_parse(dg_graph_arena(dg_node_graph(x)), text, &call));
    return dg_apply(&(dg_application){
        .op = call.s, .at = DG_HERE, .n_inputs = 1, .inputs = &x, .n_attrs = (int)call.count, .attrs = call.items});
}

/* y and its slope with compiled loops and without. */
static int compare_activation(const char *call)
{
    dg_graph *graph = new_graph();
    dg_node *x = dg_input(graph, DG_SHAPE(DG_N)), *y = apply(call, x), *slope;
    OK(dg_grad(dg_sum(y), 1, &x, &slope));
    dg_node *fetched[] = {y, slope};
    float data[COUNT];
    fill(data);
    dg_tensor fed = dg_tensor_view(DG_FLOAT32, DG_SHAPE(COUNT), data);
    dg_plan_options options = {.fetch = fetched, .n_fetch = 2};
    dg_plan *compiled = new_plan(graph, options);
    options.without = DG_COMPILED;
    dg_plan *stepped = new_plan(graph, options);
    OK(dg_plan_run(compiled, &(dg_feed){x, &fed}, 1));
    OK(dg_plan_run(stepped, &(dg_feed){x, &fed}, 1));
    int loops = loops_of(compiled);
    cr_expect_eq(loops_of(stepped), 0);
    for (int r = 0; r < 2; r++) {
        const float *a = dg_plan_result(compiled, r)->data, *b = dg_plan_result(stepped, r)->data;
        for (int i = 0; i < COUNT; i++)
            cr_expect(memcmp(&a[i], &b[i], sizeof *a) == 0 || (isnan(a[i]) && isnan(b[i])),
                      "%s, result %d at %g: %.9g compiled, %.9g stepped", call, r, (double)data[i], (double)a[i],
                      (double)b[i]);
    }
    dg_plan_free(compiled);
    dg_plan_free(stepped);
    dg_graph_free(graph);
    return loops;
}

Test(compiled, activations_give_the_same_bits)
{
    static const char *const calls[] = {"elu",      "selu",      "gelu",        "silu",       "mish",
                                        "sigmoid",  "hardswish", "hardsigmoid", "softplus",   "tanh",
                                        "softsign", "celu",      "hardtanh",    "leaky_relu", "logsigmoid"};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        int loops = compare_activation(calls[i]);
        cr_expect(loops > 0 || !has_loops(), "%s runs step by step", calls[i]);
    }
}

/* The values of constants are no part of the code. */
Test(compiled, a_loop_is_for_any_constants)
{
    cr_expect(compare_activation("softshrink(0.2)") > 0 || !has_loops());
    cr_expect(compare_activation("leaky_relu(0.2)") > 0 || !has_loops());
}

Test(compiled, formulas_that_are_often_written_have_loops)
{
    cr_expect(compare_activation("expr(x * min(max(x + 3, 0), 6) / 6)") > 0 || !has_loops());
    cr_expect(compare_activation("expr(min(max(x / 6 + 0.5, 0), 1))") > 0 || !has_loops());
    cr_expect(compare_activation("expr(max(0, x))") > 0 || !has_loops());
    cr_expect(compare_activation("expr(min(max(x / 6 + 0.5, -1), 0))") > 0 || !has_loops());
    cr_expect(compare_activation("expr(2 * where(x > 0, x, 1.5 * expm1(x)))") > 0 || !has_loops());
}

/* Their minima and maxima take bounds for usual numbers. */
Test(compiled, bounds_that_are_no_usual_numbers_run_step_by_step)
{
    cr_expect(compare_activation("expr(x * min(max(x + 3, 1), 6) / 6)") > 0 || !has_loops());
    cr_expect_eq(compare_activation("expr(x * min(max(x + 3, -0.0), 6) / 6)"), 0);
    cr_expect_eq(compare_activation("expr(x * min(max(x + 3, 0), nan) / 6)"), 0);
}

Test(compiled, other_formulas_run_step_by_step)
{
    cr_expect_eq(compare_activation("expr(x * sigmoid(x) + hypot(x, 3) - tanh(x) * 0.7)"), 0);
}

/* Ten steps of a small network; the weights at the end. */
static void train(const char *optimizer, unsigned without, dg_tensors *parameters)
{
    dg_graph *graph = new_graph();
    dg_node *x = dg_input(graph, DG_SHAPE(DG_N, 3)), *target = dg_input(graph, DG_SHAPE(DG_N, 1));
    dg_node *loss = dg_mse_loss(dg_linear(dg_silu(dg_linear(x, 40)), 1), target);
    dg_plan *plan;
    float inputs[30], targets[10];
    for (int i = 0; i < 30; i++)
        inputs[i] = (float)(i * 7 % 11) / 11;
    for (int i = 0; i < 10; i++)
        targets[i] = (float)(i % 3);
    dg_tensor fed[] = {dg_tensor_view(DG_FLOAT32, DG_SHAPE(10, 3), inputs),
                       dg_tensor_view(DG_FLOAT32, DG_SHAPE(10, 1), targets)};
    cr_assert_eq(setenv("DG_WITHOUT", without ? "compiled" : "", 1), 0);
    OK(dg_training_plan(loss, optimizer, parameters, &plan, .seed = 3));
    for (int i = 0; i < 10; i++)
        OK(dg_plan_run(plan, (dg_feed[]){{x, &fed[0]}, {target, &fed[1]}}, 2));
    cr_expect(loops_of(plan) > 0 || without || !has_loops(), "%s runs step by step", optimizer);
    dg_plan_free(plan);
    dg_graph_free(graph);
}

Test(compiled, optimisers_give_the_same_bits)
{
    static const char *const calls[] = {"sgd(lr=0.1, momentum=0.9)", "adam(lr=0.01)", "adamw(lr=0.01)",
                                        "rmsprop(lr=0.01)", "adagrad"};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        dg_tensors *compiled = new_tensors(), *stepped = new_tensors();
        train(calls[i], 0, compiled);
        train(calls[i], 1, stepped);
        cr_assert_eq(dg_tensors_count(compiled), dg_tensors_count(stepped));
        for (size_t k = 0; k < dg_tensors_count(compiled); k++) {
            const dg_tensor *a = dg_tensors_at(compiled, k), *b = dg_tensors_at(stepped, k);
            cr_expect_eq(memcmp(a->data, b->data, dg_tensor_bytes(a)), 0, "%s: %s differs", calls[i],
                         dg_tensors_name(compiled, k));
        }
        dg_tensors_free(compiled);
        dg_tensors_free(stepped);
    }
}
