/* Whole Jacobians and Hessians, and products with them that never build the matrix. */
#include <dotgrad/autograd.h>
#include <dotgrad/ops/shape.h>
#include <dotgrad/ops/source.h>

#include "walk.h"

#include <stdlib.h>

/* The number of elements of a node whose sizes are all known; `what` is made of them, for the message. */
static dg_status known_count(const char *what, dg_node *node, int64_t *count)
{
    char text[DG_SHAPE_TEXT];
    const dg_shape *shape = &dg_node_type(node, 0)->shape;
    *count = dg_shape_count(shape);
    if (*count < 0 || *count > INT32_MAX)
        return dg_error(DG_BAD_SHAPE, "a %s '%s' needs known sizes, it is %s", what, dg_node_name(node),
                        dg_graph_print_shape(dg_node_graph(node), shape, text, sizeof text));
    return dg_ok();
}

/* A constant in the shape of `like` that is 1 at one element. */
static dg_node *one_hot(dg_node *like, int64_t element)
{
    const dg_type *type = dg_node_type(like, 0);
    dg_tensor tensor;
    dg_status status = dg_tensor_make(&tensor, type->dtype, type->shape);
    if (status.code != DG_OK)
        return dg_graph_fail(dg_node_graph(like), status);
    dg_tensor_set(&tensor, element, 1);
    dg_node *node = dg_constant(dg_node_graph(like), &tensor, .dtype = type->dtype);
    dg_tensor_release(&tensor);
    return node;
}

static dg_status joined_shape(const dg_node *output, const dg_node *wrt, dg_shape *shape)
{
    const dg_shape *a = &dg_node_type(output, 0)->shape, *b = &dg_node_type(wrt, 0)->shape;
    if (a->rank + b->rank > DG_MAX_RANK)
        return dg_error(DG_BAD_SHAPE, "a Jacobian of rank %d + %d: at most %d is possible", a->rank, b->rank,
                        DG_MAX_RANK);
    *shape = *a;
    for (int d = 0; d < b->rank; d++)
        shape->dims[shape->rank++] = b->dims[d];
    return dg_ok();
}

dg_status dg_jacobian(dg_node *output, dg_node *wrt, dg_node **jacobian)
{
    dg_graph *graph;
    int64_t n_rows, n_columns;
    dg_shape shape;
    if (!jacobian)
        return dg_error(DG_BAD_ARGUMENT, "the place for the Jacobian is NULL");
    *jacobian = NULL;
    DG_TRY(walk_check(&graph, 1, &output, 1, &wrt));
    DG_TRY(known_count("Jacobian of", output, &n_rows));
    DG_TRY(known_count("Jacobian by", wrt, &n_columns));
    DG_TRY(joined_shape(output, wrt, &shape));
    const dg_graph_point point = dg_graph_mark(graph);
    if (n_rows == 0 || n_columns == 0) {
        dg_tensor none;
        DG_TRY(dg_tensor_make(&none, dg_node_type(wrt, 0)->dtype, shape));
        bool before = dg_graph_emit(graph, true);
        *jacobian = dg_constant(graph, &none, .dtype = none.dtype);
        dg_graph_emit(graph, before);
        dg_tensor_release(&none);
        return dg_graph_undo(graph, point, dg_graph_status(graph));
    }
    bool by_rows = n_rows <= n_columns;
    int64_t n = by_rows ? n_rows : n_columns;
    dg_node **parts = calloc((size_t)n, sizeof(dg_node *));
    if (!parts)
        return dg_no_memory("a Jacobian of %lld by %lld", (long long)n_rows, (long long)n_columns);
    dg_status status = dg_ok();
    bool emitting = dg_graph_emit(graph, true);
    for (int64_t k = 0; k < n && status.code == DG_OK; k++) {
        dg_node *unit = one_hot(by_rows ? output : wrt, k);
        status = !unit     ? dg_graph_status(graph)
                 : by_rows ? dg_vector_jacobian(1, &output, &unit, 1, &wrt, &parts[k])
                           : dg_jacobian_vector(1, &output, 1, &wrt, &unit, &parts[k]);
    }
    if (status.code == DG_OK) {
        *jacobian = dg_reshape(dg_stack((int)n, parts, .dim = by_rows ? 0 : -1), shape);
        status = dg_graph_status(graph);
    }
    dg_graph_emit(graph, emitting);
    free(parts);
    return dg_graph_undo(graph, point, status);
}

dg_status dg_hessian(dg_node *output, dg_node *wrt, dg_node **hessian)
{
    dg_node *gradient;
    if (!hessian)
        return dg_error(DG_BAD_ARGUMENT, "the place for the Hessian is NULL");
    *hessian = NULL;
    int64_t elements;
    if (output && wrt) /* else the gradient, which nobody named, would have the mistake */
        DG_TRY(known_count("Hessian by", wrt, &elements));
    const dg_graph_point before = dg_graph_mark(dg_node_graph(output));
    DG_TRY(dg_grad(output, 1, &wrt, &gradient));
    return dg_graph_undo(dg_node_graph(output), before, dg_jacobian(gradient, wrt, hessian));
}

dg_status dg_hessian_vector(dg_node *output, int count, dg_node *const *wrt, dg_node *const *vectors,
                            dg_node **products)
{
    if (count < 0)
        return dg_error(DG_BAD_ARGUMENT, "the product with a Hessian by %d node(s)", count);
    dg_node **gradients = calloc((size_t)count + 1, sizeof(dg_node *));
    if (!gradients)
        return dg_no_memory("%d gradients", count);
    dg_graph *graph = dg_node_graph(output);
    const dg_graph_point before = dg_graph_mark(graph);
    dg_status status = dg_grad(output, count, wrt, gradients);
    if (status.code == DG_OK) /* a Hessian is symmetric: vᵀH is (Hv)ᵀ */
        status = dg_vector_jacobian(count, gradients, vectors, count, wrt, products);
    free(gradients);
    return graph ? dg_graph_undo(graph, before, status) : status;
}

dg_status dg_gauss_newton_vector(dg_node *loss, dg_node *output, int count, dg_node *const *wrt,
                                 dg_node *const *vectors, dg_node **products)
{
    dg_node *tangent, *curved;
    if (!loss || !output)
        return dg_error(DG_BAD_ARGUMENT, "the %s of a Gauss-Newton product is NULL", loss ? "output" : "loss");
    dg_graph *graph = dg_node_graph(output);
    const dg_graph_point before = dg_graph_mark(graph);
    dg_status status = dg_jacobian_vector(1, &output, count, wrt, vectors, &tangent);
    if (status.code == DG_OK)
        status = dg_hessian_vector(loss, 1, &output, &tangent, &curved);
    if (status.code == DG_OK)
        status = dg_vector_jacobian(1, &output, &curved, count, wrt, products);
    return dg_graph_undo(graph, before, status);
}
