/* What an optimiser's step is refused for, before a node is made. */
#include "rules.h"

#include <dotgrad/op.h>

static dg_status check_parameter(const dg_optimizer_step *step, int i)
{
    dg_node *parameter = step->parameters[i], *gradient = step->gradients[i];
    if (!parameter || dg_node_op(parameter)->role != DG_ROLE_PARAMETER)
        return dg_error(DG_BAD_ARGUMENT, "optimizer: '%s' is not a parameter",
                        parameter ? dg_node_name(parameter) : "NULL");
    const char *name = dg_node_name(parameter);
    if (!dg_dtype_is_float(dg_node_type(parameter, 0)->dtype))
        return dg_error(DG_BAD_DTYPE, "optimizer: parameter '%s' is %s, expected a float type", name,
                        dg_dtype_name(dg_node_type(parameter, 0)->dtype));
    if (!gradient)
        return dg_error(DG_BAD_ARGUMENT, "optimizer: parameter '%s' has no gradient", name);
    if (dg_node_graph(parameter) != step->graph || dg_node_graph(gradient) != step->graph)
        return dg_error(DG_BAD_ARGUMENT, "optimizer: parameter '%s' or its gradient belongs to another graph", name);
    if (!dg_dtype_is_float(dg_node_type(gradient, 0)->dtype))
        return dg_error(DG_BAD_DTYPE, "optimizer: the gradient of parameter '%s' is %s, expected a float type", name,
                        dg_dtype_name(dg_node_type(gradient, 0)->dtype));
    if (!dg_shape_equal(&dg_node_type(parameter, 0)->shape, &dg_node_type(gradient, 0)->shape)) {
        char a[DG_SHAPE_TEXT], b[DG_SHAPE_TEXT];
        return dg_error(DG_BAD_SHAPE, "optimizer: parameter '%s' is %s, its gradient %s", name,
                        dg_graph_print_shape(step->graph, &dg_node_type(parameter, 0)->shape, a, sizeof a),
                        dg_graph_print_shape(step->graph, &dg_node_type(gradient, 0)->shape, b, sizeof b));
    }
    return dg_ok();
}

static dg_status check_moving(const dg_optimizer_step *step)
{
    if (step->n_moving < 0 || (step->n_moving && !step->moving))
        return dg_error(DG_BAD_ARGUMENT, "optimizer: the list of %d moving arguments is NULL", step->n_moving);
    for (int i = 0; i < step->n_moving; i++)
        if (!step->moving[i].name || !step->moving[i].node || dg_node_graph(step->moving[i].node) != step->graph)
            return dg_error(DG_BAD_ARGUMENT,
                            "optimizer: moving argument %d has no name, or no node of the step's graph", i);
    return dg_ok();
}

dg_status rule_check_step(const dg_optimizer *optimizer, const dg_optimizer_step *step)
{
    if (!optimizer || !optimizer->rule)
        return dg_error(DG_BAD_ARGUMENT, "optimizer: not read with dg_optimizer_parse");
    if (!step || !step->graph)
        return dg_error(DG_BAD_ARGUMENT, "optimizer: the graph is NULL");
    DG_TRY(dg_graph_status(step->graph));
    if (optimizer->rule->drive)
        return dg_error(DG_BAD_ARGUMENT,
                        "optimizer %s drives the training itself: it has no update nodes; use a trainer",
                        optimizer->rule->name);
    if (optimizer->rule->needs_sampled && !step->sampled)
        return dg_error(DG_BAD_ARGUMENT, "optimizer %s needs gradients with sampled targets", optimizer->rule->name);
    if (!step->lr || dg_node_type(step->lr, 0)->shape.rank != 0 || !dg_dtype_is_float(dg_node_type(step->lr, 0)->dtype))
        return dg_error(DG_BAD_ARGUMENT, "optimizer: the learning rate must be a scalar node of a float type");
    if (dg_node_graph(step->lr) != step->graph)
        return dg_error(DG_BAD_ARGUMENT, "optimizer: the learning rate '%s' is a node of another graph",
                        dg_node_name(step->lr));
    if (step->n_no_decay < 0 || (step->n_no_decay && !step->no_decay))
        return dg_error(DG_BAD_ARGUMENT, "optimizer: the list of %d nodes without decay is NULL", step->n_no_decay);
    DG_TRY(check_moving(step));
    if (step->accumulate < 0)
        return dg_error(DG_BAD_ARGUMENT, "optimizer: accumulate is %d, expected 1 or more runs", step->accumulate);
    if (step->count < 0 || step->count > 1000000)
        return dg_error(DG_BAD_ARGUMENT, "optimizer: %d parameters", step->count);
    if (step->count && (!step->parameters || !step->gradients))
        return dg_error(DG_BAD_ARGUMENT, "optimizer: the list of %d parameters or that of their gradients is NULL",
                        step->count);
    for (int i = 0; i < step->count; i++)
        DG_TRY(check_parameter(step, i));
    return dg_ok();
}
