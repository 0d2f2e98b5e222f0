/* What plans need, before they run. */
#include "needs.h"

#include "options.h"
#include "session.h"

#include <dotgrad/ops/source.h>
#include <dotgrad/optim.h>

#include <stdlib.h>

/* Bytes of all parameters, or of all inputs; not a number that overflows. */
static double bytes_of(const dg_graph *graph, dg_role role)
{
    double bytes = 0;
    for (int64_t id = 0; id < dg_graph_node_count(graph); id++) {
        dg_node *node = dg_graph_node(graph, id);
        const dg_type *type = dg_node_type(node, 0);
        if (dg_node_op(node)->role == role)
            bytes += (double)dg_shape_count(&type->shape) * (double)dg_dtype_size(type->dtype);
    }
    return bytes;
}

/* Tensors for every input that have a shape and no data: enough for a plan that measures. */
typedef struct shape_feeds {
    dg_tensor *tensors;
    dg_feed *feeds;
    int count;
} shape_feeds;

static dg_status make_feeds(const dg_graph_file *file, shape_feeds *made)
{
    int64_t nodes = dg_graph_node_count(file->graph);
    *made = (shape_feeds){.tensors = calloc((size_t)nodes + 1, sizeof(dg_tensor)),
                          .feeds = calloc((size_t)nodes + 1, sizeof(dg_feed))};
    if (!made->tensors || !made->feeds)
        return dg_no_memory("%s", file->path);
    for (int64_t id = 0; id < nodes; id++) {
        dg_node *node = dg_graph_node(file->graph, id);
        if (dg_node_op(node)->role != DG_ROLE_INPUT)
            continue;
        const dg_type *type = dg_node_type(node, 0);
        made->tensors[made->count] = (dg_tensor){.dtype = type->dtype, .shape = type->shape};
        made->feeds[made->count] = (dg_feed){node, &made->tensors[made->count]};
        made->count++;
    }
    return dg_ok();
}

static void release_feeds(shape_feeds *feeds)
{
    free(feeds->tensors);
    free(feeds->feeds);
}

/* What nobody reads: the results of a forward pass. */
static int find_results(const dg_graph_file *file, dg_node **results)
{
    int count = 0;
    for (int k = 0; k < file->n_nodes; k++) {
        bool is_read = false;
        for (int e = 0; e < file->n_edges && !is_read; e++)
            is_read = file->edges[e].tail == k;
        if (!is_read)
            results[count++] = file->nodes[k].node;
    }
    return count;
}

/* Binds a plan to shapes alone: nothing of the tensors' size is allocated. */
static dg_status measure_plan(const dg_graph_file *file, dg_plan_options options, memory_need *need)
{
    dg_plan *plan = NULL;
    shape_feeds feeds;
    options.measuring = true;
    dg_status status = make_feeds(file, &feeds);
    if (status.code == DG_OK)
        status = dg_plan_new(file->graph, &options, &plan);
    if (status.code == DG_OK)
        status = dg_plan_prepare(plan, feeds.feeds, feeds.count);
    if (status.code == DG_OK) {
        const dg_plan_cost cost = dg_plan_cost_of(plan);
        need->arena = (double)cost.arena_bytes;
        need->flops = cost.flops;
        need->all = need->arena + bytes_of(file->graph, DG_ROLE_PARAMETER) + bytes_of(file->graph, DG_ROLE_INPUT);
    }
    dg_plan_free(plan);
    release_feeds(&feeds);
    return status;
}

dg_status needs_of_forward(const dg_graph_file *file, size_t limit, memory_need *need)
{
    dg_node **results = calloc((size_t)file->n_nodes + 1, sizeof *results);
    if (!results)
        return dg_no_memory("%s", file->path);
    dg_status status = measure_plan(
        file, (dg_plan_options){.fetch = results, .n_fetch = find_results(file, results), .memory_limit = limit}, need);
    free(results);
    return status;
}

/* Updates of every loss, or of the one that --loss names. */
static dg_status find_turns(const dg_graph_file *file, training_turns *training)
{
    dg_node *named = option_given("loss") ? dg_graph_file_find(file, option_text("loss")) : NULL;
    dg_node *const *losses = named ? &named : file->losses;
    dg_node *const *wrt, *lr = NULL;
    int n_losses = named ? 1 : file->n_losses, count = 0;
    training->turns = calloc((size_t)n_losses + 1, sizeof *training->turns);
    if (!training->turns)
        return dg_no_memory("%s", file->path);
    for (int k = 0; k < n_losses; k++) {
        DG_TRY(dg_trainable_parameters(losses[k], &wrt, &count));
        if (!count)
            continue;
        training_turn *turn = &training->turns[training->count++];
        lr = lr ? lr : dg_input(file->graph, dg_scalar(), .dtype = DG_FLOAT64, .name = "optimizer/lr");
        turn->loss = losses[k];
        DG_TRY(session_step(file, turn->loss, lr, &turn->updates, &turn->n_updates));
    }
    return dg_ok();
}

dg_status needs_of_training(const dg_graph_file *file, size_t limit, training_turns *training)
{
    double weights = bytes_of(file->graph, DG_ROLE_PARAMETER), arena = 0;
    DG_TRY(find_turns(file, training));
    for (int k = 0; k < training->count; k++) {
        training_turn *turn = &training->turns[k];
        memory_need own = {0};
        DG_TRY(measure_plan(file,
                            (dg_plan_options){.fetch = (dg_node *[]){turn->loss},
                                              .n_fetch = 1,
                                              .updates = turn->updates,
                                              .n_updates = turn->n_updates,
                                              .training = true,
                                              .memory_limit = limit},
                            &own));
        turn->flops = own.flops;
        training->need.all = own.all + arena; /* parameters and inputs count once */
        arena += own.arena;
    }
    training->need.arena = arena;
    training->need.state = bytes_of(file->graph, DG_ROLE_PARAMETER) - weights;
    return dg_ok();
}
