/* What a plan costs, and the time of its steps. */
#include <criterion/criterion.h>
#include <dotgrad/core.h>
#include <dotgrad/ops.h>

#define SIZE 6

typedef struct fixture {
    dg_graph *graph;
    dg_node *x, *product;
    dg_plan *plan;
    float numbers[SIZE * SIZE];
} fixture;

/* x · x for x [N, N], fetched. */
static void set_up(fixture *f)
{
    cr_assert_eq(dg_graph_new(&f->graph).code, DG_OK);
    f->x = dg_input(f->graph, DG_SHAPE(DG_N, DG_N));
    f->product = dg_matmul(f->x, f->x, .name = "product");
    cr_assert_eq(dg_plan_new(f->graph, &(dg_plan_options){.fetch = &f->product, .n_fetch = 1}, &f->plan).code, DG_OK);
}

static void run(fixture *f, int64_t size)
{
    const dg_tensor x = dg_tensor_view(DG_FLOAT32, DG_SHAPE(size, size), f->numbers);
    dg_status status = dg_plan_run(f->plan, &(dg_feed){f->x, &x}, 1);
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
}

static void release(fixture *f)
{
    dg_plan_free(f->plan);
    dg_graph_free(f->graph);
}

Test(profile, is_off_at_first)
{
    fixture f = {0};
    set_up(&f);
    cr_expect_eq(dg_plan_profile_entries(f.plan, NULL, 0), 0);
    run(&f, 2);
    cr_expect_eq(dg_plan_profile_entries(f.plan, NULL, 0), 0);
    release(&f);
}

Test(profile, tells_calls_work_and_bytes_of_each_step)
{
    fixture f = {0};
    dg_plan_profile_entry entry;
    set_up(&f);
    dg_plan_profile(f.plan, true);
    for (int k = 0; k < 3; k++)
        run(&f, 4);
    cr_assert_eq(dg_plan_profile_entries(f.plan, &entry, 1), 1);
    cr_expect_eq(entry.node, f.product);
    cr_expect_eq(entry.calls, 3);
    cr_expect_geq(entry.seconds, 0);
    cr_expect_eq(entry.flops, 2 * 4 * 4 * 4);
    cr_expect_eq(entry.bytes, 3 * 4 * 4 * sizeof(float));
    cr_expect_eq(dg_plan_cost_of(f.plan).flops, entry.flops);
    release(&f);
}

Test(profile, is_one_for_each_set_of_sizes_and_begins_anew)
{
    fixture f = {0};
    dg_plan_profile_entry entry;
    set_up(&f);
    dg_plan_profile(f.plan, true);
    run(&f, 4);
    run(&f, SIZE);
    run(&f, SIZE);
    dg_plan_profile(f.plan, false);
    run(&f, SIZE);
    cr_assert_eq(dg_plan_profile_entries(f.plan, &entry, 1), 1);
    cr_expect_eq(entry.calls, 2);
    cr_expect_eq(entry.flops, 2 * SIZE * SIZE * SIZE);
    dg_plan_profile(f.plan, true);
    cr_expect_eq(dg_plan_profile_entries(f.plan, NULL, 0), 0);
    run(&f, SIZE);
    cr_assert_eq(dg_plan_profile_entries(f.plan, &entry, 1), 1);
    cr_expect_eq(entry.calls, 1);
    release(&f);
}

Test(profile, lists_all_nodes_of_a_fused_step)
{
    dg_plan_profile_entry entry;
    dg_graph *g;
    dg_plan *plan;
    float numbers[SIZE] = {0};
    const dg_tensor tensor = dg_tensor_view(DG_FLOAT32, DG_SHAPE(SIZE), numbers);
    cr_assert_eq(dg_graph_new(&g).code, DG_OK);
    dg_node *x = dg_input(g, DG_SHAPE(SIZE)), *inner = dg_sin(x), *outer = dg_exp(inner);
    cr_assert_eq(dg_plan_new(g, &(dg_plan_options){.fetch = &outer, .n_fetch = 1}, &plan).code, DG_OK);
    dg_plan_profile(plan, true);
    cr_assert_eq(dg_plan_run(plan, &(dg_feed){x, &tensor}, 1).code, DG_OK);
    cr_assert_eq(dg_plan_profile_entries(plan, &entry, 1), 1);
    cr_assert_eq(entry.n_nodes, 2);
    cr_expect((entry.nodes[0] == inner && entry.nodes[1] == outer) ||
              (entry.nodes[0] == outer && entry.nodes[1] == inner));
    cr_expect(entry.node == entry.nodes[0] || entry.node == entry.nodes[1]);
    dg_plan_free(plan);
    dg_graph_free(g);
}

Test(profile, a_plan_is_prepared_without_running)
{
    fixture f = {0};
    set_up(&f);
    cr_expect_eq(dg_plan_cost_of(f.plan).steps, 0);
    const dg_tensor x = dg_tensor_view(DG_FLOAT32, DG_SHAPE(4, 4), f.numbers);
    dg_plan_profile(f.plan, true);
    cr_assert_eq(dg_plan_prepare(f.plan, &(dg_feed){f.x, &x}, 1).code, DG_OK);
    dg_plan_cost cost = dg_plan_cost_of(f.plan);
    cr_expect_eq(cost.steps, 1);
    cr_expect_eq(cost.flops, 2 * 4 * 4 * 4);
    cr_expect_geq(cost.arena_bytes, 4 * 4 * sizeof(float));
    cr_expect_eq(dg_plan_profile_entries(f.plan, NULL, 0), 0);
    cr_expect_eq(dg_plan_prepare(f.plan, NULL, 0).code, DG_BAD_ARGUMENT);
    run(&f, 4);
    cr_expect_eq(dg_plan_cost_of(f.plan).arena_bytes, cost.arena_bytes);
    release(&f);
}
