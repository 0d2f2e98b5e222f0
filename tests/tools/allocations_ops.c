/* Every op's samples while memory runs out: the node, its value, its gradient and the gradient of that, and forward
 * mode. Samples are many and small, so that an eighth of the points is tried in each. */
#include "allocations.h"

static const dg_op *op;
static const dg_sample *sample;
static dg_dtype dtype;

enum { MOST_LEAVES = 2 * DG_MAX_INPUTS };

/* The float inputs and the parameters of a case. */
static int find_leaves(const dg_sample_case *made, dg_node **leaves)
{
    int count = 0;
    for (int64_t id = 0; id < dg_graph_node_count(made->graph) && count < MOST_LEAVES; id++) {
        dg_node *node = dg_graph_node(made->graph, id);
        dg_role role = dg_node_op(node)->role;
        if ((role == DG_ROLE_PARAMETER || role == DG_ROLE_INPUT) && dg_dtype_is_float(dg_node_type(node, 0)->dtype))
            leaves[count++] = node;
    }
    return count;
}

/* The loss, d loss, d Σ (d loss)² and the tangent of the loss, as far as there are such. */
static dg_status derive(const dg_sample_case *made, dg_node **fetch, int *n_fetch)
{
    dg_node *leaves[MOST_LEAVES];
    int count = find_leaves(made, leaves);
    *n_fetch = 1;
    fetch[0] = made->loss ? made->loss : made->node;
    if (!made->loss || !count || op->flags & DG_NOT_DIFFERENTIABLE)
        return dg_ok();
    DG_TRY(dg_grad(made->loss, count, leaves, fetch + 1));
    dg_node *square = NULL;
    for (int k = 1; k <= count; k++) {
        dg_node *part = dg_sum(dg_square(fetch[k]));
        square = square ? dg_add(square, part) : part;
    }
    DG_TRY(dg_graph_status(made->graph));
    DG_TRY(dg_grad(square, count, leaves, fetch + 1 + count));
    *n_fetch = 2 + 2 * count;
    return dg_jacobian_vector(1, &made->loss, count, leaves, NULL, &fetch[1 + 2 * count]);
}

static dg_status run_sample(uint64_t *result)
{
    dg_sample_case made;
    dg_plan *plan = NULL;
    dg_node *fetch[2 + 2 * MOST_LEAVES];
    int n_fetch = 0;
    dg_status status = dg_sample_make(&made, op, sample, dtype, 1);
    if (status.code == DG_OK)
        status = derive(&made, fetch, &n_fetch);
    if (status.code == DG_OK)
        status = dg_plan_new(
            made.graph, &(dg_plan_options){.fetch = fetch, .n_fetch = n_fetch, .parameters = made.parameters}, &plan);
    if (status.code == DG_OK)
        status = dg_plan_run(plan, made.feeds, made.n_feeds);
    for (int k = 0; status.code == DG_OK && k < n_fetch; k++)
        mix_tensor(result, dg_plan_result(plan, k));
    dg_plan_free(plan);
    dg_sample_release(&made);
    return status;
}

static void begin(void)
{
    setenv("DG_NUM_THREADS", "1", 1);
    share_of_points = 8;
}

enum { GROUPS = 4 };

static void sweep_group(int group)
{
    int tried = 0;
    for (size_t i = 0; i < dg_op_count(); i++) {
        op = dg_op_at(i);
        if ((int)(i % GROUPS) != group || !op->samples)
            continue;
        for (sample = op->samples; sample->call; sample++, tried++) {
            dtype = tried % 2 ? DG_FLOAT32 : DG_FLOAT64;
            sweep(sample->call, run_sample);
        }
    }
    cr_expect(tried > 20, "%d samples alone", tried);
}

TestSuite(allocations_ops, .init = begin);

Test(allocations_ops, of_each_first)
{
    sweep_group(0);
}

Test(allocations_ops, of_each_second)
{
    sweep_group(1);
}

Test(allocations_ops, of_each_third)
{
    sweep_group(2);
}

Test(allocations_ops, of_each_fourth)
{
    sweep_group(3);
}
