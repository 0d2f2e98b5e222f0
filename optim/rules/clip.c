/* Clipping of gradients, as nodes. */
#include "core/base/null.h"

#include <dotgrad/op.h>

#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/reduce.h>
#include <dotgrad/ops/source.h>
#include <dotgrad/rules.h>

#include <math.h>

static dg_status check_limit(const char *what, double limit)
{
    return isfinite(limit) && limit > 0
               ? dg_ok()
               : dg_error(DG_BAD_ARGUMENT, "%s is %g, expected a finite number above 0", what, limit);
}

static dg_status check_gradients(const char *what, int count, dg_node *const *gradients)
{
    for (int i = 0; i < count; i++)
        if (!gradients[i])
            return dg_error(DG_BAD_ARGUMENT, "%s: gradient %d is NULL", what, i);
    return dg_ok();
}

static dg_node *constant_of(dg_graph *graph, double value, dg_dtype dtype)
{
    const dg_tensor tensor = dg_tensor_view(DG_FLOAT64, dg_scalar(), &value);
    return dg_constant(graph, &tensor, .dtype = dtype);
}

dg_status dg_clip_value(dg_graph *graph, int count, dg_node *const *gradients, double limit, dg_node **clipped)
{
    REFUSE_NULL(graph);
    REFUSE_NULL(gradients);
    REFUSE_NULL(clipped);
    DG_TRY(check_limit("clip_value", limit));
    DG_TRY(check_gradients("clip_value", count, gradients));
    const dg_graph_point before = dg_graph_mark(graph);
    bool emitting = dg_graph_emit(graph, true);
    for (int i = 0; i < count; i++)
        clipped[i] = dg_clamp(gradients[i], .min = -limit, .max = limit);
    dg_graph_emit(graph, emitting);
    return dg_graph_undo(graph, before, dg_graph_status(graph));
}

static dg_status clip_norm(dg_graph *graph, int count, dg_node *const *gradients, double limit, dg_node **clipped,
                           dg_node **norm)
{
    dg_node *sum = NULL;
    for (int i = 0; i < count; i++) {
        dg_node *square = dg_sum(dg_square(gradients[i]));
        sum = sum ? dg_add(sum, square) : square;
    }
    DG_TRY(dg_graph_status(graph));
    if (!sum)
        return dg_error(DG_BAD_ARGUMENT, "clip_norm: no gradients");
    dg_dtype dtype = dg_node_type(sum, 0)->dtype;
    dg_node *total = dg_sqrt(sum);
    dg_node *factor =
        dg_expr("min(1, limit / (norm + 1e-6))", {"norm", total}, {"limit", constant_of(graph, limit, dtype)});
    for (int i = 0; i < count && factor; i++) {
        dg_dtype own = dg_node_type(gradients[i], 0)->dtype;
        clipped[i] = dg_mul(gradients[i], own == dtype ? factor : dg_to(factor, own));
    }
    if (norm)
        *norm = total;
    return dg_graph_status(graph);
}

/* Pascanu, Mikolov, Bengio: "On the difficulty of training recurrent neural networks" (2013), algorithm 1. */
dg_status dg_clip_norm(dg_graph *graph, int count, dg_node *const *gradients, double limit, dg_node **clipped,
                       dg_node **norm)
{
    REFUSE_NULL(graph);
    REFUSE_NULL(gradients);
    REFUSE_NULL(clipped);
    DG_TRY(check_limit("clip_norm", limit));
    DG_TRY(check_gradients("clip_norm", count, gradients));
    const dg_graph_point before = dg_graph_mark(graph);
    bool emitting = dg_graph_emit(graph, true);
    dg_status status = clip_norm(graph, count, gradients, limit, clipped, norm);
    dg_graph_emit(graph, emitting);
    return dg_graph_undo(graph, before, status);
}
