/* Plans: running, rebinding, folding, merging, reuse of memory, assignments, random nodes. */
#include <criterion/criterion.h>
#include <dotgrad/core.h>
#include <dotgrad/ops.h>
#include <math.h>
#include <string.h>

static dg_graph *new_graph(void)
{
    dg_graph *graph;
    dg_status status = dg_graph_new(&graph);
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
    return graph;
}

static dg_plan *plan_for(dg_graph *g, dg_plan_options options)
{
    dg_plan *plan;
    dg_status status = dg_plan_new(g, &options, &plan);
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
    return plan;
}

static void run(dg_plan *plan, const dg_feed *feeds, int n)
{
    dg_status status = dg_plan_run(plan, feeds, n);
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
}

static void expect_values(const dg_tensor *tensor, const double *wants)
{
    for (int64_t i = 0; i < dg_tensor_count(tensor); i++)
        cr_expect_float_eq(dg_tensor_get(tensor, i), wants[i], 1e-6, "element %d is %g, expected %g", (int)i,
                           dg_tensor_get(tensor, i), wants[i]);
}

Test(plan, runs_with_several_batch_sizes)
{
    dg_graph *g = new_graph();
    dg_node *x = dg_input(g, DG_SHAPE(DG_N, 2)), *y = dg_mul(dg_add(x, x), x);
    dg_plan *plan = plan_for(g, (dg_plan_options){.fetch = &y, .n_fetch = 1});
    float data[] = {1, 2, 3, -4, 5, 6};
    const double wants[] = {2, 8, 18, 32, 50, 72};
    for (int64_t n = 3; n >= 0; n--) {
        dg_tensor t = dg_tensor_view(DG_FLOAT32, DG_SHAPE(n, 2), data);
        run(plan, &(dg_feed){x, &t}, 1);
        run(plan, &(dg_feed){x, &t}, 1);
        cr_expect_eq(dg_plan_result(plan, 0)->shape.dims[0], n);
        expect_values(dg_plan_result(plan, 0), wants);
    }
    dg_plan_free(plan);
    dg_graph_free(g);
}

Test(plan, reads_the_feed_in_place_and_follows_its_address)
{
    dg_graph *g = new_graph();
    dg_node *x = dg_input(g, DG_SHAPE(DG_N, 2)), *flat = dg_reshape(x, DG_SHAPE(-1));
    dg_plan *plan = plan_for(g, (dg_plan_options){.fetch = &flat, .n_fetch = 1});
    float first[] = {1, 2}, second[] = {3, 4};
    dg_tensor t = dg_tensor_view(DG_FLOAT32, DG_SHAPE(1, 2), first);
    run(plan, &(dg_feed){x, &t}, 1);
    cr_expect_eq(dg_plan_result(plan, 0)->data, (void *)first);
    t.data = second;
    run(plan, &(dg_feed){x, &t}, 1);
    cr_expect_eq(dg_plan_result(plan, 0)->data, (void *)second);
    dg_plan_free(plan);
    dg_graph_free(g);
}

Test(plan, feeds_are_checked)
{
    dg_graph *g = new_graph();
    dg_node *x = dg_input(g, DG_SHAPE(DG_N, 2), .name = "x"), *z = dg_input(g, DG_SHAPE(DG_N, 2), .name = "z");
    dg_node *y = dg_add(x, z);
    dg_plan *plan = plan_for(g, (dg_plan_options){.fetch = &y, .n_fetch = 1});
    double d[4] = {0};
    float f[4] = {0};
    dg_tensor wide = dg_tensor_view(DG_FLOAT64, DG_SHAPE(1, 2), d),
              good = dg_tensor_view(DG_FLOAT32, DG_SHAPE(1, 2), f),
              long_ = dg_tensor_view(DG_FLOAT32, DG_SHAPE(2, 2), f),
              odd = dg_tensor_view(DG_FLOAT32, DG_SHAPE(1, 3), f);
    const struct {
        const dg_tensor *x, *z;
        dg_code code;
        const char *word;
    } cases[] = {{&good, NULL, DG_BAD_ARGUMENT, "'z'"},
                 {&wide, &good, DG_BAD_DTYPE, "float64"},
                 {&odd, &good, DG_BAD_SHAPE, "[1, 3]"},
                 {&good, &long_, DG_BAD_SHAPE, "N is 1"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dg_feed feeds[] = {{x, cases[i].x}, {z, cases[i].z}};
        dg_status status = dg_plan_run(plan, feeds, cases[i].z ? 2 : 1);
        cr_expect_eq(status.code, cases[i].code, "%s", status.message);
        cr_expect(strstr(status.message, cases[i].word), "%s", status.message);
    }
    dg_plan_free(plan);
    dg_graph_free(g);
}

static size_t steps_of(dg_graph *g, dg_node *fetch, dg_feed feed, bool unoptimized)
{
    dg_plan *plan = plan_for(
        g, (dg_plan_options){.fetch = &fetch, .n_fetch = 1, .without = unoptimized ? DG_ALL_OPTIMIZATIONS : 0});
    run(plan, &feed, 1);
    size_t steps = dg_plan_cost_of(plan).steps;
    dg_plan_free(plan);
    return steps;
}

Test(plan, merges_equal_steps_and_folds_constants)
{
    dg_graph *g = new_graph();
    dg_node *x = dg_input(g, DG_SHAPE(4));
    dg_node *twice = dg_matmul(dg_unsqueeze(x, 0), dg_unsqueeze(x, 1));
    dg_node *again = dg_matmul(dg_unsqueeze(x, 0), dg_unsqueeze(x, 1));
    dg_node *constant = dg_sum(dg_exp(dg_ones_like(x)));
    dg_node *y = dg_add(dg_sub(twice, again), constant);
    float data[] = {1, 2, 3, 4};
    dg_tensor t = dg_tensor_view(DG_FLOAT32, DG_SHAPE(4), data);
    cr_expect_lt(steps_of(g, y, (dg_feed){x, &t}, false), steps_of(g, y, (dg_feed){x, &t}, true));
    dg_plan *plan = plan_for(g, (dg_plan_options){.fetch = &y, .n_fetch = 1});
    run(plan, &(dg_feed){x, &t}, 1);
    expect_values(dg_plan_result(plan, 0), (double[]){4 * exp(1)});
    dg_plan_free(plan);
    dg_graph_free(g);
}

Test(plan, prunes_what_nobody_fetches)
{
    dg_graph *g = new_graph();
    dg_node *x = dg_input(g, DG_SHAPE(4)), *unread = dg_input(g, DG_SHAPE(7));
    dg_exp(unread);
    dg_node *y = dg_relu(x);
    float data[] = {1, -2, 3, 4};
    dg_tensor t = dg_tensor_view(DG_FLOAT32, DG_SHAPE(4), data);
    cr_expect_eq(steps_of(g, y, (dg_feed){x, &t}, false), 1);
    dg_graph_free(g);
}

Test(plan, long_chain_reuses_memory)
{
    dg_graph *g = new_graph();
    dg_node *x = dg_input(g, DG_SHAPE(64, 64)), *y = x;
    for (int i = 0; i < 50; i++)
        y = dg_softmax(dg_matmul(y, x));
    dg_tensor t;
    cr_assert_eq(dg_tensor_make(&t, DG_FLOAT32, DG_SHAPE(64, 64)).code, DG_OK);
    dg_plan *plan = plan_for(g, (dg_plan_options){.fetch = &y, .n_fetch = 1});
    run(plan, &(dg_feed){x, &t}, 1);
    cr_expect_leq(dg_plan_cost_of(plan).arena_bytes, 3 * 64 * 64 * sizeof(float));
    expect_values(dg_plan_result(plan, 0), (const double[4096]){[0 ... 4095] = 1.0 / 64});
    dg_plan_free(plan);
    dg_tensor_release(&t);
    dg_graph_free(g);
}

Test(plan, memory_limit_names_what_needs_it)
{
    dg_graph *g = new_graph();
    dg_node *x = dg_input(g, DG_SHAPE(100)), *y = dg_outer(x, x, .name = "big");
    dg_plan *plan = plan_for(g, (dg_plan_options){.fetch = &y, .n_fetch = 1, .memory_limit = 1000});
    float data[100] = {0};
    dg_tensor t = dg_tensor_view(DG_FLOAT32, DG_SHAPE(100), data);
    dg_status status = dg_plan_run(plan, &(dg_feed){x, &t}, 1);
    cr_expect_eq(status.code, DG_NO_MEMORY);
    cr_expect(strstr(status.message, "'big'"), "%s", status.message);
    dg_plan_free(plan);
    dg_graph_free(g);
}

/* ---- assignments ---- */

typedef struct two {
    dg_graph *g;
    dg_node *a, *b;
    dg_tensors *parameters;
} two;

static two two_parameters(void)
{
    two t = {.g = new_graph()};
    t.a = dg_parameter(t.g, DG_SHAPE(3), .init = "constant(2)", .name = "a");
    t.b = dg_parameter(t.g, DG_SHAPE(3), .init = "constant(5)", .name = "b");
    cr_assert_eq(dg_tensors_new(&t.parameters).code, DG_OK);
    cr_assert_eq(dg_parameters_init(t.parameters, t.g, 1).code, DG_OK);
    return t;
}

static void free_two(two *t)
{
    dg_tensors_free(t->parameters);
    dg_graph_free(t->g);
}

Test(assignments, read_the_old_values)
{
    for (int unoptimized = 0; unoptimized < 2; unoptimized++) {
        two t = two_parameters();
        dg_node *updates[] = {dg_assign(t.a, dg_add(t.a, t.b)), dg_assign(t.b, dg_mul(t.a, t.b))};
        dg_plan *plan = plan_for(t.g, (dg_plan_options){.updates = updates,
                                                        .n_updates = 2,
                                                        .parameters = t.parameters,
                                                        .without = unoptimized ? DG_ALL_OPTIMIZATIONS : 0});
        run(plan, NULL, 0);
        expect_values(dg_tensors_find(t.parameters, "a"), (double[]){7, 7, 7});
        expect_values(dg_tensors_find(t.parameters, "b"), (double[]){10, 10, 10});
        run(plan, NULL, 0);
        expect_values(dg_tensors_find(t.parameters, "a"), (double[]){17, 17, 17});
        expect_values(dg_tensors_find(t.parameters, "b"), (double[]){70, 70, 70});
        dg_plan_free(plan);
        free_two(&t);
    }
}

Test(assignments, swap_two_parameters)
{
    two t = two_parameters();
    dg_node *updates[] = {dg_assign(t.a, t.b), dg_assign(t.b, t.a)};
    dg_plan *plan = plan_for(t.g, (dg_plan_options){.updates = updates, .n_updates = 2, .parameters = t.parameters});
    run(plan, NULL, 0);
    expect_values(dg_tensors_find(t.parameters, "a"), (double[]){5, 5, 5});
    expect_values(dg_tensors_find(t.parameters, "b"), (double[]){2, 2, 2});
    dg_plan_free(plan);
    free_two(&t);
}

Test(assignments, chained_update_uses_the_new_value_node)
{
    two t = two_parameters();
    dg_node *moment = dg_add(t.b, t.a); /* b' = b + a, then a' = a − b' */
    dg_node *updates[] = {dg_assign(t.b, moment), dg_assign(t.a, dg_sub(t.a, moment))};
    dg_plan *plan = plan_for(t.g, (dg_plan_options){.updates = updates, .n_updates = 2, .parameters = t.parameters});
    run(plan, NULL, 0);
    expect_values(dg_tensors_find(t.parameters, "b"), (double[]){7, 7, 7});
    expect_values(dg_tensors_find(t.parameters, "a"), (double[]){-5, -5, -5});
    dg_plan_free(plan);
    free_two(&t);
}

Test(assignments, failing_kernel_leaves_parameters_alone)
{
    two t = two_parameters();
    dg_node *label = dg_input(t.g, DG_SHAPE(1), .dtype = DG_INT64, .name = "label");
    dg_node *picked = dg_gather(t.b, label, .dim = 0, .name = "pick");
    dg_node *update = dg_assign(t.a, dg_add(t.a, t.b));
    dg_plan *plan = plan_for(
        t.g, (dg_plan_options){
                 .fetch = &picked, .n_fetch = 1, .updates = &update, .n_updates = 1, .parameters = t.parameters});
    int64_t nine = 9;
    dg_tensor feed = dg_tensor_view(DG_INT64, DG_SHAPE(1), &nine);
    dg_status status = dg_plan_run(plan, &(dg_feed){label, &feed}, 1);
    cr_expect_eq(status.code, DG_BAD_DATA, "%s", status.message);
    cr_expect(strstr(status.message, "'pick'") && strstr(status.message, "9"), "%s", status.message);
    expect_values(dg_tensors_find(t.parameters, "a"), (double[]){2, 2, 2});
    dg_plan_free(plan);
    free_two(&t);
}

Test(assignments, missing_and_misshapen_parameters_are_named)
{
    two t = two_parameters();
    dg_node *y = dg_add(t.a, t.b);
    dg_plan *plan = plan_for(t.g, (dg_plan_options){.fetch = &y, .n_fetch = 1});
    dg_status status = dg_plan_run(plan, NULL, 0);
    cr_expect_eq(status.code, DG_BAD_ARGUMENT);
    cr_expect(strstr(status.message, "'a'"), "%s", status.message);
    dg_plan_free(plan);
    dg_tensors_remove(t.parameters, "b");
    dg_tensor *wrong;
    cr_assert_eq(dg_tensors_add(t.parameters, "b", DG_FLOAT32, DG_SHAPE(4), &wrong).code, DG_OK);
    status = dg_parameters_init(t.parameters, t.g, 1);
    cr_expect_eq(status.code, DG_BAD_SHAPE);
    cr_expect(strstr(status.message, "[4]") && strstr(status.message, "[3]"), "%s", status.message);
    free_two(&t);
}

/* ---- random nodes, training ---- */

Test(random_nodes, depend_on_seed_and_step_alone)
{
    dg_graph *g = new_graph();
    dg_node *noise[] = {dg_normal(g, DG_SHAPE(8), .name = "a"), dg_normal(g, DG_SHAPE(8), .name = "b")};
    float first[8], second[8];
    dg_plan *plan = plan_for(g, (dg_plan_options){.fetch = noise, .n_fetch = 2, .seed = 3});
    run(plan, NULL, 0);
    memcpy(first, dg_plan_result(plan, 0)->data, sizeof first);
    cr_expect_neq(memcmp(first, dg_plan_result(plan, 1)->data, sizeof first), 0, "two nodes draw the same");
    run(plan, NULL, 0);
    memcpy(second, dg_plan_result(plan, 0)->data, sizeof second);
    cr_expect_neq(memcmp(first, second, sizeof first), 0, "two steps draw the same");
    dg_plan_set_step(plan, 0);
    run(plan, NULL, 0);
    cr_expect_eq(memcmp(first, dg_plan_result(plan, 0)->data, sizeof first), 0);
    dg_plan_free(plan);
    plan = plan_for(g, (dg_plan_options){.fetch = noise, .n_fetch = 2, .seed = 4});
    run(plan, NULL, 0);
    cr_expect_neq(memcmp(first, dg_plan_result(plan, 0)->data, sizeof first), 0, "two seeds draw the same");
    dg_plan_free(plan);
    dg_graph_free(g);
}

Test(training, dropout_is_the_identity_in_evaluation)
{
    dg_graph *g = new_graph();
    dg_node *x = dg_input(g, DG_SHAPE(1000)), *y = dg_dropout(x, .p = 0.25);
    float data[1000];
    for (int i = 0; i < 1000; i++)
        data[i] = 1;
    dg_tensor t = dg_tensor_view(DG_FLOAT32, DG_SHAPE(1000), data);
    dg_plan *evaluation = plan_for(g, (dg_plan_options){.fetch = &y, .n_fetch = 1});
    run(evaluation, &(dg_feed){x, &t}, 1);
    for (int i = 0; i < 1000; i++)
        cr_assert_eq(dg_tensor_get(dg_plan_result(evaluation, 0), i), 1);
    dg_plan *training = plan_for(g, (dg_plan_options){.fetch = &y, .n_fetch = 1, .training = true});
    run(training, &(dg_feed){x, &t}, 1);
    int zeros = 0;
    for (int i = 0; i < 1000; i++) {
        double v = dg_tensor_get(dg_plan_result(training, 0), i);
        cr_assert(v == 0 || fabs(v - 4.0 / 3) < 1e-6);
        zeros += v == 0;
    }
    cr_expect(zeros > 190 && zeros < 310, "%d of 1000 are dropped", zeros);
    dg_plan_free(evaluation);
    dg_plan_free(training);
    dg_graph_free(g);
}

Test(plan, threads_give_the_same_bits)
{
    dg_graph *g = new_graph();
    dg_node *x = dg_input(g, DG_SHAPE(300, 400)), *w = dg_input(g, DG_SHAPE(400, 500));
    dg_node *y[] = {dg_matmul(x, w), dg_sum(dg_gelu(x)), dg_softmax(x)};
    dg_random key = {.seed = 1};
    dg_tensor a, b;
    cr_assert_eq(dg_tensor_make(&a, DG_FLOAT32, DG_SHAPE(300, 400)).code, DG_OK);
    cr_assert_eq(dg_tensor_make(&b, DG_FLOAT32, DG_SHAPE(400, 500)).code, DG_OK);
    dg_random_normal(&key, DG_FLOAT32, a.data, 0, 120000, 0, 1);
    dg_random_normal(&key, DG_FLOAT32, b.data, 0, 200000, 0, 1);
    dg_feed feeds[] = {{x, &a}, {w, &b}};
    dg_plan *plans[2];
    dg_threads *threads[2];
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(dg_threads_new(i + 1, &threads[i]).code, DG_OK);
        plans[i] = plan_for(g, (dg_plan_options){.fetch = y, .n_fetch = 3, .threads = threads[i]});
        run(plans[i], feeds, 2);
    }
    for (int k = 0; k < 3; k++)
        cr_expect_eq(memcmp(dg_plan_result(plans[0], k)->data, dg_plan_result(plans[1], k)->data,
                            dg_tensor_bytes(dg_plan_result(plans[0], k))),
                     0, "result %d differs", k);
    for (int i = 0; i < 2; i++) {
        dg_plan_free(plans[i]);
        dg_threads_free(threads[i]);
    }
    dg_tensor_release(&a);
    dg_tensor_release(&b);
    dg_graph_free(g);
}

/* sin of an integer and exp of a constant have the graph's precision; 0.1 beside a float64 input is 0.1 to 17 digits.
 */
Test(plan, constants_and_formulas_without_floats_keep_float64)
{
    for (int wide = 0; wide < 2; wide++) {
        dg_graph *g = new_graph();
        dg_graph_set_dtype(g, wide ? DG_FLOAT64 : DG_FLOAT32);
        dg_tensor tenth_written;
        cr_assert_eq(dg_tensor_make(&tenth_written, DG_FLOAT64, DG_SHAPE(2)).code, DG_OK);
        dg_tensor_set(&tenth_written, 0, 0.1);
        dg_tensor_set(&tenth_written, 1, 1.0 / 3);
        dg_node *whole = dg_input(g, dg_scalar(), .dtype = DG_INT64),
                *x = dg_input(g, DG_SHAPE(2), .dtype = DG_FLOAT64);
        dg_node *tenth = dg_constant(g, &tenth_written);
        dg_node *fetch[] = {dg_sin(whole), dg_mul(x, tenth), dg_expr("t + x * t", {"t", tenth}, {"x", x})};
        int64_t three = 3;
        double ones[] = {1, 1};
        dg_tensor a = dg_tensor_view(DG_INT64, dg_scalar(), &three), b = dg_tensor_view(DG_FLOAT64, DG_SHAPE(2), ones);
        dg_feed feeds[] = {{whole, &a}, {x, &b}};
        for (int k = 0; k < 2; k++) {
            dg_plan *plan =
                plan_for(g, (dg_plan_options){.fetch = fetch, .n_fetch = 3, .without = k ? DG_ALL_OPTIMIZATIONS : 0});
            run(plan, feeds, 2);
            cr_expect_eq(dg_plan_result(plan, 0)->dtype, wide ? DG_FLOAT64 : DG_FLOAT32);
            cr_expect_float_eq(dg_tensor_get(dg_plan_result(plan, 0), 0), sin(3), wide ? 1e-16 : 1e-7);
            cr_expect_eq(dg_tensor_get(dg_plan_result(plan, 1), 0), 0.1);
            cr_expect_eq(dg_tensor_get(dg_plan_result(plan, 1), 1), 1.0 / 3);
            cr_expect_eq(dg_tensor_get(dg_plan_result(plan, 2), 1), 2.0 / 3);
            dg_plan_free(plan);
        }
        dg_tensor_release(&tenth_written);
        dg_graph_free(g);
    }
}
