/* Parameters whose first values come from data: each is filled by its initialiser, which sees what reaches its layer.
 */
#include "fit.h"
#include "core/base/null.h"

#include <dotgrad/parameters.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FRESH = 1, PENDING = 2, KEPT = 4 }; /* made here; to be fitted; was there before, and stays when that fails */

typedef struct fitting {
    dg_tensors *parameters;
    dg_graph *graph;
    const fit_rows *rows;
    uint64_t seed, epoch; /* epoch: of a repetition; 0: the first time */
    dg_threads *threads;
    unsigned char *marks; /* by node id */
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

dg_node *layer_input(const dg_node *layer, const char *name)
{
    for (int k = 0; k < dg_node_input_count(layer); k++)
        if (dg_node_input_name(layer, k) && strcmp(dg_node_input_name(layer, k), name) == 0)
            return dg_node_input(layer, k);
    return NULL;
}

/* ---- what initialisers see ---- */

/* What an initialiser is given: `shown` comes first, so that the whole is found from it. */
typedef struct shown_data {
    dg_init_data shown;
    const fitting *of;
} shown_data;

static dg_status plan_for(const fitting *f, int count, dg_node *const *nodes, dg_plan **plan)
{
    return dg_plan_new(
        f->graph,
        &(dg_plan_options){
            .fetch = nodes, .n_fetch = count, .parameters = f->parameters, .threads = f->threads, .seed = f->seed},
        plan);
}

/* A result as float64 [rows, d] with d its last size; [N, 1] where the rows are its only dimension. */
static dg_status as_rows(const dg_node *node, const dg_tensor *result, dg_tensor *rows)
{
    const dg_shape *shape = &dg_node_type(node, 0)->shape;
    DG_TRY(dg_tensor_convert(rows, result, DG_FLOAT64));
    int rank = rows->shape.rank;
    bool column = rank == 0 || (rank == 1 && shape->dims[0] < 0);
    int64_t d = column ? 1 : rows->shape.dims[rank - 1], count = dg_tensor_count(rows);
    rows->shape = DG_SHAPE(d ? count / d : 0, d);
    return dg_ok();
}

static dg_status show_value(const dg_init_data *data, dg_node *node, dg_tensor *rows)
{
    const fitting *f = ((const shown_data *)data)->of;
    const dg_feed *feeds;
    int n_feeds;
    dg_plan *plan = NULL;
    DG_TRY(f->rows->feeds(f->rows->argument, true, 0, f->rows->sample, &feeds, &n_feeds));
    DG_TRY(plan_for(f, 1, &node, &plan));
    dg_status status = dg_plan_run(plan, feeds, n_feeds);
    if (status.code == DG_OK)
        status = as_rows(node, dg_plan_result(plan, 0), rows);
    dg_plan_free(plan);
    return status;
}

enum { MOST_NODES = 4 }; /* that an initialiser looks at together */

static dg_status show_block(const fitting *f, dg_plan *plan, int64_t begin, int count, dg_node *const *nodes,
                            dg_init_visit *visit, void *argument)
{
    const dg_feed *feeds;
    int n_feeds;
    int64_t left = f->rows->count - begin, rows = left < f->rows->block ? left : f->rows->block;
    dg_tensor values[MOST_NODES] = {{0}};
    DG_TRY(f->rows->feeds(f->rows->argument, false, begin, rows, &feeds, &n_feeds));
    dg_status status = dg_plan_run(plan, feeds, n_feeds);
    for (int k = 0; k < count && status.code == DG_OK; k++)
        status = as_rows(nodes[k], dg_plan_result(plan, k), &values[k]);
    if (status.code == DG_OK)
        status = visit(argument, values);
    for (int k = 0; k < count; k++)
        dg_tensor_release(&values[k]);
    return status;
}

static dg_status show_blocks(const dg_init_data *data, int count, dg_node *const *nodes, dg_init_visit *visit,
                             void *argument)
{
    const fitting *f = ((const shown_data *)data)->of;
    dg_plan *plan = NULL;
    if (count < 1 || count > MOST_NODES)
        return dg_error(DG_BAD_ARGUMENT, "%d node(s) at a time, expected 1 … %d", count, MOST_NODES);
    DG_TRY(plan_for(f, count, nodes, &plan));
    dg_status status = dg_ok();
    for (int64_t begin = 0; status.code == DG_OK && begin < f->rows->count; begin += f->rows->block)
        status = show_block(f, plan, begin, count, nodes, visit, argument);
    dg_plan_free(plan);
    return status;
}

/* ---- all parameters of a graph ---- */

static dg_status narrow(const dg_tensor *wide, dg_tensor *tensor)
{
    for (int64_t i = 0; i < dg_tensor_count(tensor); i++) {
        dg_tensor_set(tensor, i, dg_tensor_get(wide, i));
        if (!isfinite(dg_tensor_get(tensor, i)))
            return dg_error(DG_NUMERIC, "the solution has %g, which is beyond %s", dg_tensor_get(wide, i),
                            dg_dtype_name(tensor->dtype));
    }
    return dg_ok();
}

/* What is solved for is of float64, whatever the layer is. */
static dg_status solve_layer(dg_tensor *weight, dg_tensor *bias, const dg_value *init, const dg_random *key,
                             const dg_init_data *data)
{
    dg_tensor wide = {0}, wide_bias = {0};
    dg_status status = dg_tensor_make(&wide, DG_FLOAT64, weight->shape);
    if (status.code == DG_OK && bias)
        status = dg_tensor_make(&wide_bias, DG_FLOAT64, bias->shape);
    if (status.code == DG_OK)
        status = dg_init_solve(&wide, bias ? &wide_bias : NULL, init, key, data);
    if (status.code == DG_OK)
        status = narrow(&wide, weight);
    if (status.code == DG_OK && bias)
        status = narrow(&wide_bias, bias);
    dg_tensor_release(&wide);
    dg_tensor_release(&wide_bias);
    return status;
}

/* The bias that is solved for with the weight: the layer's own, made here, not given. */
static dg_tensor *bias_beside(const fitting *f, const dg_node *layer)
{
    dg_node *bias = layer_input(layer, "bias");
    bool own = bias && dg_node_op(bias)->role == DG_ROLE_PARAMETER && dg_node_owner(bias) == layer;
    return own && (f->epoch || (f->marks[dg_node_id(bias)] & FRESH))
               ? dg_tensors_find(f->parameters, dg_node_name(bias))
               : NULL;
}

static dg_status fit_one(const fitting *f, dg_node *parameter, dg_node *user)
{
    const char *name = dg_node_name(parameter);
    const dg_value *init = data_init(parameter);
    const dg_random key = {.seed = f->seed, .stream = dg_random_stream(name), .step = f->epoch};
    const shown_data data = {{.layer = user, .threads = f->threads, .value = show_value, .blocks = show_blocks}, f};
    dg_tensor *tensor = dg_tensors_find(f->parameters, name);
    return dg_init_of(init)->solve ? solve_layer(tensor, bias_beside(f, user), init, &key, &data.shown)
                                   : dg_parameter_fill(parameter, tensor, init, &key, &data.shown);
}

/* Fits the pending parameters of one node: those that look at the others (widths at centres) come last. */
static dg_status fit_inputs(const fitting *f, dg_node *user)
{
    for (int last = 0; last < 2; last++)
        for (int k = 1; k < dg_node_input_count(user); k++) {
            dg_node *parameter = dg_node_input(user, k);
            if (!parameter || !(f->marks[dg_node_id(parameter)] & PENDING) ||
                dg_init_of(data_init(parameter))->looks_at_others != (last == 1))
                continue;
            dg_status status = fit_one(f, parameter, user);
            if (status.code != DG_OK)
                return dg_prefixed(status, "parameter '%s'", dg_node_name(parameter));
            f->marks[dg_node_id(parameter)] &= (unsigned char)~PENDING;
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
        if (dg_node_op(node)->role != DG_ROLE_PARAMETER || dg_tensors_find(f->parameters, dg_node_name(node)))
            continue;
        f->marks[id] = FRESH;
        if (!data_init(node))
            continue;
        if (!dg_shape_is_known(&type->shape))
            return dg_error(DG_BAD_SHAPE, "parameter '%s' has a size that is not known", dg_node_name(node));
        DG_TRY(dg_tensors_add(f->parameters, dg_node_name(node), type->dtype, type->shape, &made));
        f->marks[id] |= PENDING;
    }
    return dg_parameters_init(f->parameters, f->graph, f->seed);
}

static dg_status fit_pending(const fitting *f, int64_t count, dg_status status)
{
    for (int64_t id = 0; status.code == DG_OK && id < count; id++)
        status = fit_inputs(f, dg_graph_node(f->graph, id));
    for (int64_t id = 0; id < count; id++) {
        dg_node *node = dg_graph_node(f->graph, id);
        if (!(f->marks[id] & PENDING))
            continue;
        if (status.code == DG_OK)
            status =
                dg_error(DG_BAD_ARGUMENT, "parameter '%s': no layer uses it, initialiser %s has no data to look at",
                         dg_node_name(node), data_init(node)->s);
        if (!(f->marks[id] & KEPT))
            dg_tensors_remove(f->parameters, dg_node_name(node));
    }
    return status;
}

dg_status fit_parameters(dg_tensors *parameters, dg_graph *graph, const fit_rows *rows, uint64_t seed,
                         dg_threads *threads)
{
    int64_t count = dg_graph_node_count(graph);
    fitting f = {parameters, graph, rows, seed, 0, threads, calloc((size_t)count + 1, 1)};
    if (!f.marks)
        return dg_no_memory("fitting %lld nodes", (long long)count);
    dg_status status = fit_pending(&f, count, place_pending(&f, count));
    free(f.marks);
    return status;
}

dg_status fit_again(dg_tensors *parameters, dg_graph *graph, const fit_rows *rows, const bool *layers, int64_t epoch,
                    uint64_t seed, dg_threads *threads)
{
    int64_t count = dg_graph_node_count(graph);
    fitting f = {parameters, graph, rows, seed, (uint64_t)epoch, threads, calloc((size_t)count + 1, 1)};
    if (!f.marks)
        return dg_no_memory("fitting %lld nodes", (long long)count);
    for (int64_t id = 0; id < count; id++) {
        const dg_node *node = dg_graph_node(graph, id), *layer = dg_node_owner(node);
        if (data_init(node) && layer && layers[dg_node_id(layer)])
            f.marks[id] = PENDING | KEPT;
    }
    dg_status status = fit_pending(&f, count, dg_ok());
    free(f.marks);
    return status;
}

dg_status dg_fit_parameters(dg_tensors *parameters, dg_graph *graph, const dg_feed *feeds, int n_feeds, uint64_t seed,
                            dg_threads *threads)
{
    feed_rows shown;
    fit_rows rows;
    REFUSE_NULL(parameters);
    REFUSE_NULL(graph);
    if (n_feeds && !feeds)
        return dg_error(DG_BAD_ARGUMENT, "the list of %d feeds is NULL", n_feeds);
    DG_TRY(dg_graph_status(graph));
    DG_TRY(feed_rows_make(feeds, n_feeds, &shown, &rows));
    dg_status status = fit_parameters(parameters, graph, &rows, seed, threads);
    feed_rows_release(&shown);
    return status;
}
