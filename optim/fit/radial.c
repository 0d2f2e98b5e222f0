/* Values of radial functions between two lists of points, by the op itself in float64. */
#include "fit.h"

#include <dotgrad/ops/linear.h>
#include <dotgrad/ops/source.h>

static dg_node *fed(dg_graph *graph, const dg_tensor *tensor, dg_feed *feeds, int *n)
{
    if (!tensor)
        return NULL;
    dg_node *node = dg_input(graph, tensor->shape, .dtype = tensor->dtype);
    feeds[(*n)++] = (dg_feed){node, tensor};
    return node;
}

dg_status radial_values(const radial_basis *basis, const dg_tensor *rows, dg_tensor *values)
{
    dg_graph *graph = NULL;
    dg_plan *plan = NULL;
    dg_feed feeds[4];
    int n = 0;
    DG_TRY(dg_graph_new(&graph));
    dg_graph_set_dtype(graph, DG_FLOAT64);
    dg_node *x = fed(graph, rows, feeds, &n), *c = fed(graph, basis->centers, feeds, &n);
    dg_node *gamma = fed(graph, basis->gamma, feeds, &n), *metric = fed(graph, basis->metric, feeds, &n);
    dg_node *y = dg_rbf(x, DG_NONE, .kernel = basis->kernel, .normalize = basis->normalize, .centers = c,
                        .gamma = gamma, .metric_node = metric, .degree = basis->degree);
    dg_status status = dg_graph_status(graph);
    if (status.code == DG_OK)
        status = dg_plan_new(graph, &(dg_plan_options){.fetch = &y, .n_fetch = 1, .threads = basis->threads}, &plan);
    if (status.code == DG_OK)
        status = dg_plan_run(plan, feeds, n);
    if (status.code == DG_OK)
        status = dg_tensor_convert(values, dg_plan_result(plan, 0), DG_FLOAT64);
    dg_plan_free(plan);
    dg_graph_free(graph);
    return status;
}
