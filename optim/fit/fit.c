/* Parameters whose first values come from data: each is filled by its initialiser, which sees what reaches its layer.
 */
#include "fit.h"
#include "core/base/null.h"

#include <dotgrad/parameters.h>

#include <stdlib.h>

typedef struct fitting {
    dg_tensors *parameters;
    dg_graph *graph;
    const dg_feed *feeds;
    int n_feeds;
    uint64_t seed;
    dg_threads *threads;
    bool *pending; /* by node id */
} fitting;

static const dg_value *data_init(const dg_node *node)
{
    const dg_value *init = dg_node_op(node)->role == DG_ROLE_PARAMETER ? dg_node_attr(node, "init") : NULL;
    return init && init->kind != DG_VALUE_NONE && dg_init_needs_data(init) ? init : NULL;
}

bool fit_is_needed(const dg_tensors *parameters, const dg_graph *graph)
{
    for (int64_t id = 0; id < dg_graph_node_count(graph); id++) {
        dg_node *node = dg_graph_node(graph, id);
        if (data_init(node) && !dg_tensors_find(parameters, dg_node_name(node)))
            return true;
    }
    return false;
}

/* The value of a node on the data, as float64 [rows, d] with d its last size. */
static dg_status value_on_data(const fitting *f, dg_node *node, dg_tensor *rows)
{
    dg_plan *plan = NULL;
    DG_TRY(dg_plan_new(
        f->graph,
        &(dg_plan_options){
            .fetch = &node, .n_fetch = 1, .parameters = f->parameters, .threads = f->threads, .seed = f->seed},
        &plan));
    dg_status status = dg_plan_run(plan, f->feeds, f->n_feeds);
    if (status.code == DG_OK)
        status = dg_tensor_convert(rows, dg_plan_result(plan, 0), DG_FLOAT64);
    dg_plan_free(plan);
    if (status.code != DG_OK)
        return status;
    int rank = rows->shape.rank;
    int64_t d = rank ? rows->shape.dims[rank - 1] : 1, count = dg_tensor_count(rows);
    rows->shape = DG_SHAPE(d ? count / d : 0, d);
    return dg_ok();
}

/* ---- all parameters of a graph ---- */

/* What an initialiser is given: `shown` comes first, so that the whole is found from it. */
typedef struct shown_data {
    dg_init_data shown;
    const fitting *of;
} shown_data;

static dg_status show_value(const dg_init_data *data, dg_node *node, dg_tensor *rows)
{
    return value_on_data(((const shown_data *)data)->of, node, rows);
}

static dg_status fit_one(const fitting *f, dg_node *parameter, dg_node *user)
{
    const char *name = dg_node_name(parameter);
    const dg_random key = {.seed = f->seed, .stream = dg_random_stream(name)};
    const shown_data data = {{.layer = user, .threads = f->threads, .value = show_value}, f};
    return dg_init_fill_from(dg_tensors_find(f->parameters, name), data_init(parameter), &key, &data.shown);
}

/* Fits the pending parameters of one node: those that look at the others (widths at centres) come last. */
static dg_status fit_inputs(const fitting *f, dg_node *user)
{
    for (int last = 0; last < 2; last++)
        for (int k = 1; k < dg_node_input_count(user); k++) {
            dg_node *parameter = dg_node_input(user, k);
            if (!parameter || !f->pending[dg_node_id(parameter)] ||
                dg_init_of(data_init(parameter))->looks_at_others != (last == 1))
                continue;
            dg_status status = fit_one(f, parameter, user);
            if (status.code != DG_OK)
                return dg_prefixed(status, "parameter '%s'", dg_node_name(parameter));
            f->pending[dg_node_id(parameter)] = false;
        }
    return dg_ok();
}

/* Zeros for what is to be fitted, so that everything else can be made and run. */
static dg_status place_pending(const fitting *f, int64_t count)
{
    for (int64_t id = 0; id < count; id++) {
        dg_node *node = dg_graph_node(f->graph, id);
        const dg_type *type = dg_node_type(node, 0);
        dg_tensor *made;
        if (!data_init(node) || dg_tensors_find(f->parameters, dg_node_name(node)))
            continue;
        if (!dg_shape_is_known(&type->shape))
            return dg_error(DG_BAD_SHAPE, "parameter '%s' has a size that is not known", dg_node_name(node));
        DG_TRY(dg_tensors_add(f->parameters, dg_node_name(node), type->dtype, type->shape, &made));
        f->pending[id] = true;
    }
    return dg_parameters_init(f->parameters, f->graph, f->seed);
}

dg_status dg_fit_parameters(dg_tensors *parameters, dg_graph *graph, const dg_feed *feeds, int n_feeds, uint64_t seed,
                            dg_threads *threads)
{
    REFUSE_NULL(parameters);
    REFUSE_NULL(graph);
    if (n_feeds && !feeds)
        return dg_error(DG_BAD_ARGUMENT, "the list of %d feeds is NULL", n_feeds);
    DG_TRY(dg_graph_status(graph));
    int64_t count = dg_graph_node_count(graph);
    fitting f = {parameters, graph, feeds, n_feeds, seed, threads, calloc((size_t)count + 1, sizeof(bool))};
    if (!f.pending)
        return dg_error(DG_NO_MEMORY, "no memory to fit %lld nodes", (long long)count);
    dg_status status = place_pending(&f, count);
    for (int64_t id = 0; status.code == DG_OK && id < count; id++)
        status = fit_inputs(&f, dg_graph_node(graph, id));
    for (int64_t id = 0; id < count; id++) {
        dg_node *node = dg_graph_node(graph, id);
        if (f.pending[id] && status.code == DG_OK)
            status =
                dg_error(DG_BAD_ARGUMENT, "parameter '%s': no layer uses it, initialiser %s has no data to look at",
                         dg_node_name(node), data_init(node)->s);
        if (f.pending[id])
            dg_tensors_remove(parameters, dg_node_name(node));
    }
    free(f.pending);
    return status;
}
