/* Giving a graph's parameters their first values. */
#include "core/base/null.h"
#include "graph.h"

#include <dotgrad/parameters.h>

#include <math.h>

/* The initialiser of a parameter that names none: the graph's, else zeros for vectors and scalars, xavier_uniform for
 * the rest. */
static dg_status find_init(const dg_graph *graph, const dg_node *node, dg_value *init)
{
    const dg_value *own = dg_node_attr(node, "init");
    if (own && own->kind != DG_VALUE_NONE) {
        *init = *own;
        return dg_ok();
    }
    const char *text = node->types[0].shape.rank < 2 ? "zeros" : graph->init[0] ? graph->init : "xavier_uniform";
    return dg_call_parse(graph->arena, text, init);
}

static dg_status check_stored(const dg_graph *graph, const dg_type *wants, const dg_tensor *has)
{
    char first[DG_SHAPE_TEXT], second[DG_SHAPE_TEXT];
    if (has->dtype != wants->dtype)
        return dg_error(DG_BAD_DTYPE, "the stored tensor is %s, the graph's is %s%s", dg_dtype_name(has->dtype),
                        dg_dtype_name(wants->dtype),
                        dg_dtype_is_half(has->dtype)
                            ? ": weights in 16 bits are for inference; dg_weights_take() makes a set of them to train"
                            : "");
    if (!dg_shape_equal(&has->shape, &wants->shape))
        return dg_error(DG_BAD_SHAPE, "the stored tensor is %s, the graph's is %s",
                        dg_shape_print(&has->shape, first, sizeof first),
                        dg_graph_print_shape(graph, &wants->shape, second, sizeof second));
    return dg_ok();
}

dg_range dg_parameter_range(const dg_node *parameter)
{
    dg_range range = {.min = -INFINITY, .max = INFINITY};
    const dg_value *positive = parameter ? dg_node_attr(parameter, "positive") : NULL;
    const dg_value *min = parameter ? dg_node_attr(parameter, "min") : NULL;
    const dg_value *max = parameter ? dg_node_attr(parameter, "max") : NULL;
    range.positive = positive && positive->kind == DG_VALUE_BOOL && positive->b;
    if (min)
        dg_value_number(min, &range.min);
    if (max)
        dg_value_number(max, &range.max);
    return range;
}

bool dg_range_is_all(const dg_range *range)
{
    return !range || (!range->positive && range->min == -INFINITY && range->max == INFINITY);
}

dg_status dg_range_check(const dg_range *range, const dg_tensor *values)
{
    REFUSE_NULL(range);
    REFUSE_NULL(values);
    bool narrow = values->dtype == DG_FLOAT32;
    double min = narrow ? (float)range->min : range->min, max = narrow ? (float)range->max : range->max;
    int64_t count = dg_range_is_all(range) ? 0 : dg_tensor_count(values);
    for (int64_t i = 0; i < count; i++) {
        double number = dg_tensor_get(values, i);
        if (range->positive && !(number > 0))
            return dg_error(DG_BAD_ARGUMENT, "element %lld is %g, but must be positive", (long long)i, number);
        if (!(number >= min && number <= max))
            return dg_error(DG_BAD_ARGUMENT, "element %lld is %g, which is not from %g to %g", (long long)i, number,
                            range->min, range->max);
    }
    return dg_ok();
}

/* The function by which a layer keeps what its parameter's initialiser says; NULL: as it is. */
static const dg_input_spec *spec_of(const dg_node *parameter)
{
    const dg_node *layer = parameter->owner;
    if (layer && layer->entry->n_inputs == 0 && !layer->entry->op->more_inputs)
        return NULL; /* of a formula's inputs nothing is declared */
    for (int k = 0; layer && k < layer->n_inputs; k++)
        if (layer->inputs[k] == parameter)
            return input_spec(layer->entry, layer->attrs, k);
    return NULL;
}

dg_status dg_parameter_fill(const dg_node *parameter, dg_tensor *tensor, const dg_value *init, const dg_random *key,
                            const dg_init_data *data)
{
    REFUSE_NULL(parameter);
    REFUSE_NULL(tensor);
    DG_TRY(dg_init_fill_from(tensor, init, key, data));
    const dg_input_spec *spec = spec_of(parameter);
    const char *what = spec && spec->init_attr ? spec->init_attr : "its initialiser";
    for (int64_t i = 0; spec && spec->stored && i < dg_tensor_count(tensor); i++) {
        double x = dg_tensor_get(tensor, i), kept = spec->stored(parameter->owner->attrs, x);
        if (isnan(kept))
            return dg_error(DG_BAD_ARGUMENT, "%s is %g, which gives no %s: expected a number above 0", what, x,
                            spec->name);
        dg_tensor_set(tensor, i, kept);
        if (!isfinite(dg_tensor_get(tensor, i)))
            return dg_error(DG_NUMERIC, "%s is %g, whose %s of %g is beyond %s", what, x, spec->name, kept,
                            dg_dtype_name(tensor->dtype));
    }
    const dg_range range = dg_parameter_range(parameter);
    return dg_range_check(&range, tensor);
}

static dg_status init_one(dg_tensors *parameters, const dg_graph *graph, dg_node *node, uint64_t seed)
{
    const char *name = dg_node_name(node);
    const dg_tensor *stored = dg_tensors_find(parameters, name);
    if (!purpose_fits(parameters, node)) /* of another optimiser; a plan that reads it is refused */
        return dg_ok();
    if (stored) {
        DG_TRY(check_stored(graph, &node->types[0], stored));
        return purpose_keep(parameters, node);
    }
    dg_value init;
    DG_TRY(find_init(graph, node, &init));
    if (dg_init_needs_data(&init))
        return dg_error(DG_BAD_ARGUMENT,
                        "its initialiser %s needs data: train, call dg_fit_parameters(), or give weights", init.s);
    dg_tensor *made;
    size_t bytes;
    const dg_type *type = &node->types[0];
    char text[DG_SHAPE_TEXT];
    DG_TRY(dg_shape_bytes(&type->shape, type->dtype, &bytes)); /* else with its name a second time, */
    if (dg_tensors_add(parameters, name, type->dtype, type->shape, &made).code != DG_OK) /* as here */
        return dg_no_memory("its numbers, %s of %s", dg_shape_print(&type->shape, text, sizeof text),
                            dg_dtype_name(type->dtype));
    dg_random key = {.seed = seed, .stream = dg_random_stream(name)};
    dg_status status = dg_parameter_fill(node, made, &init, &key, NULL);
    if (status.code == DG_OK)
        status = purpose_keep(parameters, node);
    if (status.code != DG_OK)
        dg_tensors_remove(parameters, name);
    return status;
}

dg_status dg_parameters_init(dg_tensors *parameters, const dg_graph *graph, uint64_t seed)
{
    REFUSE_NULL(parameters);
    REFUSE_NULL(graph);
    DG_TRY(dg_graph_status(graph));
    for (int64_t id = 0; id < graph->n_nodes; id++) {
        dg_node *node = graph->nodes[id];
        if (node->entry->op->role != DG_ROLE_PARAMETER)
            continue;
        dg_status status = init_one(parameters, graph, node, seed);
        if (status.code != DG_OK)
            return dg_prefixed(status, "parameter '%s'", dg_node_name(node));
    }
    return dg_ok();
}

dg_status dg_parameters_check(const dg_graph *graph)
{
    REFUSE_NULL(graph);
    for (int64_t id = 0; id < graph->n_nodes; id++) {
        dg_node *node = graph->nodes[id];
        dg_value init;
        if (node->entry->op->role != DG_ROLE_PARAMETER)
            continue;
        dg_status status = find_init(graph, node, &init);
        if (status.code == DG_OK)
            status = dg_init_check(&node->types[0], &init);
        if (status.code != DG_OK)
            return dg_prefixed(status, "parameter '%s'", dg_node_name(node));
    }
    return dg_ok();
}
