/* Weights from files: any set of tensors becomes the parameters of a graph. */
#include "core/base/null.h"
#include "core/graph/graph.h"

#include <dotgrad/op.h>
#include <dotgrad/optim.h>

#include <float.h>
#include <math.h>
#include <string.h>

/* A number that float32 cannot hold is no rounding. */
static dg_status check_range(const char *name, const dg_tensor *tensor)
{
    for (int64_t k = 0; k < dg_tensor_count(tensor); k++) {
        double value = dg_tensor_get(tensor, k);
        if (isfinite(value) && fabs(value) > (double)FLT_MAX)
            return dg_error(DG_BAD_DATA, "'%s': element %lld, %g, is beyond float32", name, (long long)k, value);
    }
    return dg_ok();
}

static dg_status put_converted(const char *name, const dg_tensor *tensor, dg_dtype dtype, dg_tensors *parameters)
{
    dg_tensor converted;
    if (dtype == DG_FLOAT32)
        DG_TRY(check_range(name, tensor));
    DG_TRY(dg_tensor_convert(&converted, tensor, dtype));
    dg_status status = dg_tensors_put(parameters, name, &converted);
    dg_tensor_release(&converted);
    return status;
}

static dg_status take_weight(const dg_node *node, const dg_tensors *weights, dg_tensors *parameters)
{
    const char *name = dg_node_name((dg_node *)(uintptr_t)node);
    const dg_type *type = dg_node_type(node, 0);
    const dg_tensor *tensor = dg_tensors_find(weights, name);
    char wanted[DG_SHAPE_TEXT], found[DG_SHAPE_TEXT];
    if (!tensor && dg_tensors_unread(weights, name))
        return dg_error(DG_BAD_DTYPE, "'%s' has elements of type '%s', which is not supported", name,
                        dg_tensors_unread(weights, name));
    if (!tensor)
        return dg_error(DG_BAD_DATA, "there is no parameter '%s'", name);
    bool floats =
        (dg_dtype_is_float(tensor->dtype) || dg_dtype_is_half(tensor->dtype)) && dg_dtype_is_float(type->dtype);
    bool integers = (tensor->dtype == DG_INT32 && type->dtype == DG_INT64);
    if (tensor->dtype != type->dtype && !floats && !integers)
        return dg_error(DG_BAD_DTYPE, "'%s' is %s, the graph's is %s", name, dg_dtype_name(tensor->dtype),
                        dg_dtype_name(type->dtype));
    if (!dg_shape_equal(&tensor->shape, &type->shape))
        return dg_error(DG_BAD_SHAPE, "'%s' is %s, the graph's is %s", name,
                        dg_shape_print(&tensor->shape, found, sizeof found),
                        dg_shape_print(&type->shape, wanted, sizeof wanted));
    return tensor->dtype == type->dtype ? dg_tensors_put(parameters, name, tensor)
                                        : put_converted(name, tensor, type->dtype, parameters);
}

/* An optimiser's state is the set's own, no weight to predict with; one without, or with another's, goes on from none.
 */
static dg_status take_weights(const dg_graph *graph, const dg_tensors *weights, const dg_tensors *set,
                              dg_tensors *parameters)
{
    for (int64_t id = 0; id < dg_graph_node_count(graph); id++) {
        dg_node *node = dg_graph_node((dg_graph *)(uintptr_t)graph, id);
        const char *name = dg_node_name(node);
        bool is_state = strncmp(name, "optimizer/", strlen("optimizer/")) == 0;
        if (dg_node_op(node)->role != DG_ROLE_PARAMETER ||
            (is_state && (!dg_tensors_find(set, name) || !purpose_fits(set, node))))
            continue;
        DG_TRY(take_weight(node, is_state ? set : weights, parameters));
        DG_TRY(purpose_keep(parameters, node));
    }
    return dg_ok();
}

dg_status dg_weights_take(const dg_graph *graph, const dg_tensors *weights, dg_tensors *parameters)
{
    dg_tensors *plain;
    REFUSE_NULL(graph);
    REFUSE_NULL(weights);
    REFUSE_NULL(parameters);
    DG_TRY(dg_tensors_new(&plain));
    dg_status status = dg_checkpoint_weights(weights, plain);
    for (size_t k = 0; status.code == DG_OK && k < dg_tensors_note_count(weights); k++) /* of what could not be read */
        status = dg_tensors_set_note(plain, dg_tensors_note_key(weights, k),
                                     dg_tensors_note(weights, dg_tensors_note_key(weights, k)));
    if (status.code == DG_OK)
        status = take_weights(graph, plain, weights, parameters);
    dg_tensors_free(plain);
    return status;
}
