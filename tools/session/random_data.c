/* Random tensors of the right kinds. */
#include "random_data.h"

#include <stdlib.h>
#include <string.h>

#define OTHER_SIZE 3 /* of symbols other than N */

/* How an input is used by those that read it. */
typedef struct demands {
    int64_t below;       /* integers stay below it */
    bool is_probability; /* a target between 0 and 1 */
} demands;

static int64_t known_size(const dg_node *node, int axis)
{
    const dg_shape *shape = &dg_node_type(node, 0)->shape;
    axis = axis < 0 ? axis + shape->rank : axis;
    return axis >= 0 && axis < shape->rank && shape->dims[axis] > 0 ? shape->dims[axis] : 0;
}

/* The number of different values that an index or label may have as this argument; 0: not known. */
static int64_t limit_of(const dg_node *reader, const char *argument)
{
    const dg_node *first = dg_node_input(reader, 0);
    if (!first || strcmp(argument, dg_node_input_name(reader, 0)) == 0)
        return 0;
    dg_scores scores = dg_node_op(reader)->scores;
    if (scores == DG_SCORES_CLASSES || scores == DG_SCORES_LOG_PROBABILITIES || scores == DG_SCORES_MARGINS)
        return known_size(first, dg_node_type(first, 0)->shape.rank == 1 ? 0 : 1);
    const dg_value *dim = dg_node_attr(reader, "dim");
    if (dim && dim->kind == DG_VALUE_INT && !strcmp(argument, "index"))
        return known_size(first, (int)dim->i);
    return 0;
}

static demands demands_of(const dg_graph *graph, const dg_node *input)
{
    demands found = {.below = 0};
    for (int64_t id = 0; id < dg_graph_node_count(graph); id++) {
        const dg_node *reader = dg_graph_node(graph, id);
        for (int k = 0; k < dg_node_input_count(reader); k++) {
            if (dg_node_input(reader, k) != input)
                continue;
            const char *argument = dg_node_input_name(reader, k);
            int64_t limit = limit_of(reader, argument);
            if (limit > 0 && (found.below == 0 || limit < found.below))
                found.below = limit;
            dg_scores scores = dg_node_op(reader)->scores;
            bool decides = scores == DG_SCORES_LOGITS || scores == DG_SCORES_PROBABILITIES;
            if (decides && k == dg_op_target(dg_node_op(reader)))
                found.is_probability = true;
        }
    }
    found.below = found.below > 0 ? found.below : 2;
    return found;
}

static dg_status fill_input(const graph_session *session, int64_t rows, dg_node *input, dg_tensor *tensor)
{
    const dg_type *type = dg_node_type(input, 0);
    const demands wanted = demands_of(session->graph, input);
    const dg_random key = {session->seed, dg_random_stream(dg_node_name(input)), 0};
    dg_shape shape = type->shape;
    for (int k = 0; k < shape.rank; k++)
        shape.dims[k] = shape.dims[k] >= 0 ? shape.dims[k] : shape.dims[k] == DG_N ? rows : OTHER_SIZE;
    DG_TRY(dg_tensor_make(tensor, type->dtype, shape));
    int64_t count = dg_tensor_count(tensor);
    if (dg_dtype_is_float(type->dtype) && wanted.is_probability)
        dg_random_uniform(&key, type->dtype, tensor->data, 0, count, 0.1, 0.9);
    else if (dg_dtype_is_float(type->dtype))
        dg_random_normal(&key, type->dtype, tensor->data, 0, count, 0, 1);
    else
        for (int64_t k = 0; k < count; k++)
            dg_tensor_set(
                tensor, k,
                (double)dg_random_below(&key, (uint64_t)k, type->dtype == DG_BOOL ? 2 : (uint64_t)wanted.below));
    return dg_ok();
}

dg_status random_feeds(const graph_session *session, const char *path, int64_t rows, dg_tensors *fed, dg_feed **feeds,
                       int *count)
{
    dg_node **inputs = NULL;
    int n_inputs;
    dg_status status = session_nodes(session, DG_ROLE_INPUT, &inputs, &n_inputs);
    for (int k = 0; status.code == DG_OK && k < n_inputs; k++) {
        const char *name = dg_node_name(inputs[k]);
        dg_tensor made = {0};
        if (dg_tensors_find(fed, name))
            continue;
        status = fill_input(session, rows, inputs[k], &made);
        if (status.code == DG_OK)
            status = dg_tensors_put(fed, name, &made);
        dg_tensor_release(&made);
    }
    free(inputs);
    return status.code == DG_OK ? session_feeds(session, path, fed, feeds, count) : status;
}

/* Initialisers that look at data, such as k-means, need at least a row for each row of theirs, some exactly that. */
static int64_t rows_to_fit(const graph_session *session, int64_t rows)
{
    for (int64_t id = 0; id < dg_graph_node_count(session->graph); id++) {
        const dg_node *node = dg_graph_node(session->graph, id);
        const dg_value *init = dg_node_attr(node, "init");
        const dg_shape *shape = &dg_node_type(node, 0)->shape;
        if (dg_node_op(node)->role != DG_ROLE_PARAMETER || !init || !dg_init_needs_data(init) || shape->rank == 0)
            continue;
        if (dg_init_of(init)->row_each)
            return shape->dims[0];
        if (shape->dims[0] >= rows)
            rows = 2 * shape->dims[0];
    }
    return rows;
}

dg_status random_parameters(graph_session *session, const char *path, int64_t rows, dg_tensors *fed)
{
    dg_feed *feeds = NULL;
    int n_feeds = 0;
    dg_status status = random_feeds(session, path, rows_to_fit(session, rows), fed, &feeds, &n_feeds);
    if (status.code == DG_OK)
        status =
            dg_fit_parameters(session->parameters, session->graph, feeds, n_feeds, session->seed, session->threads);
    free(feeds);
    return status.code == DG_OK ? status : dg_prefixed(status, "%s", session->name);
}
