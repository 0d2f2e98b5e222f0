/* What the result of a layer is compared with: numbers as they are, labels as one column a class. */
#include "fit.h"

#include <math.h>
#include <stdlib.h>

static dg_node *target_node(const dg_node *loss)
{
    int k = dg_op_target(dg_node_op(loss));
    return k >= 0 && k < dg_node_input_count(loss) ? dg_node_input(loss, k) : NULL;
}

static void describe(dg_node *loss, fit_target *target)
{
    dg_node *node = target_node(loss);
    const dg_type *type = dg_node_type(node, 0), *scores = dg_node_type(dg_node_input(loss, 0), 0);
    dg_scores kind = dg_node_op(loss)->scores;
    bool classes = kind == DG_SCORES_CLASSES || kind == DG_SCORES_LOG_PROBABILITIES || kind == DG_SCORES_MARGINS;
    *target = (fit_target){.loss = loss, .node = node, .high = 1};
    target->labels = classes && !dg_dtype_is_float(type->dtype);
    target->low = kind == DG_SCORES_LOGITS ? -1 : 0; /* decisions are made at 0 of logits */
    int rank = target->labels ? scores->shape.rank : type->shape.rank;
    const int64_t *dims = target->labels ? scores->shape.dims : type->shape.dims;
    target->columns = rank > 1 ? dims[rank - 1] : 1;
}

/* The layer's result, or the same under another shape. */
static bool is_result(const dg_node *node, const dg_node *layer)
{
    while (node && node != layer && (dg_node_op(node)->flags & DG_VIEW))
        node = dg_node_input(node, 0);
    return node == layer;
}

dg_status target_of(dg_node *layer, fit_target *target)
{
    dg_graph *graph = dg_node_graph(layer);
    for (int64_t id = dg_node_id(layer) + 1; id < dg_graph_node_count(graph); id++) {
        dg_node *node = dg_graph_node(graph, id);
        if (target_node(node) && is_result(dg_node_input(node, 0), layer)) {
            describe(node, target);
            return dg_ok();
        }
    }
    return dg_error(DG_BAD_ARGUMENT,
                    "it solves for a layer that feeds a loss directly, and '%s' does not: nothing may come between "
                    "the layer and the loss",
                    dg_node_name(layer));
}

dg_status target_reached(dg_node *layer, fit_target *target)
{
    dg_graph *graph = dg_node_graph(layer);
    int64_t count = dg_graph_node_count(graph), first = dg_node_id(layer);
    bool *reached = calloc((size_t)count + 1, sizeof *reached);
    dg_node *loss = NULL;
    if (!reached)
        return dg_no_memory("a walk over %lld nodes", (long long)count);
    reached[first] = true;
    for (int64_t id = first + 1; id < count && !loss; id++) {
        dg_node *node = dg_graph_node(graph, id);
        for (int k = 0; k < dg_node_input_count(node); k++)
            reached[id] = reached[id] || (dg_node_input(node, k) && reached[dg_node_id(dg_node_input(node, k))]);
        if (reached[id] && target_node(node))
            loss = node;
    }
    free(reached);
    if (!loss)
        return dg_error(DG_BAD_ARGUMENT, "it looks at targets, and layer '%s' reaches no loss", dg_node_name(layer));
    describe(loss, target);
    return dg_ok();
}

static dg_status one_hot(const fit_target *target, const dg_tensor *values, dg_tensor *matrix)
{
    for (int64_t i = 0; i < values->shape.dims[0]; i++) {
        double label = dg_tensor_get(values, i);
        if (!(label >= 0 && label < (double)target->columns))
            return dg_error(DG_BAD_DATA, "label %g is none of the %lld class(es) of the scores", label,
                            (long long)target->columns);
        dg_tensor_set(matrix, i * target->columns + (int64_t)label, 1);
    }
    return dg_ok();
}

dg_status target_matrix(const fit_target *target, const dg_tensor *values, dg_tensor *matrix)
{
    int64_t rows = values->shape.dims[0];
    DG_TRY(dg_tensor_make(matrix, DG_FLOAT64, DG_SHAPE(rows, target->columns)));
    dg_status status = dg_ok();
    if (target->labels)
        status = values->shape.dims[1] == 1 ? one_hot(target, values, matrix)
                                            : dg_error(DG_BAD_SHAPE, "a row has %lld label(s), expected one",
                                                       (long long)values->shape.dims[1]);
    for (int64_t i = 0; !target->labels && i < rows * target->columns; i++)
        dg_tensor_set(matrix, i, target->low + (target->high - target->low) * dg_tensor_get(values, i));
    if (status.code != DG_OK)
        dg_tensor_release(matrix);
    return status;
}
