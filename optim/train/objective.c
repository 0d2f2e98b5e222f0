/* What optimisers are given: parameters, gradients, gradients with sampled targets. */
#include "objective.h"
#include "trainer.h"

#include "core/base/plain.h"

#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/reduce.h>
#include <dotgrad/ops/source.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- gradients with sampled targets ---- */

/* Targets drawn from what the network itself says. */
static dg_node *sample_target(dg_node *loss_op)
{
    dg_node *scores = dg_detach(dg_node_input(loss_op, 0)), *target = find_target(loss_op);
    dg_dtype dtype = dg_node_type(target, 0)->dtype;
    dg_node *u = dg_uniform_like(scores);
    switch (dg_node_op(loss_op)->scores) {
    case DG_SCORES_CLASSES:
    case DG_SCORES_LOG_PROBABILITIES:
        if (dg_dtype_is_float(dtype))
            return NULL;
        /* The largest of scores with Gumbel noise is a draw from their softmax. */
        u = dg_argmax(dg_expr("s - log(-log(max(u, 1e-30)))", {"s", scores}, {"u", u}),
                      .dim = dg_node_type(scores, 0)->shape.rank > 1 ? 1 : 0);
        return dtype == DG_INT64 ? u : dg_to(u, dtype);
    case DG_SCORES_LOGITS:
        return dg_expr("where(u < sigmoid(s), 1, 0 * s)", {"u", u}, {"s", scores});
    case DG_SCORES_PROBABILITIES:
        return dg_expr("where(u < s, 1, 0 * s)", {"u", u}, {"s", scores});
    case DG_SCORES_VALUES:
        return dg_add(scores, dg_normal_like(scores));
    case DG_SCORES_NONE:
    case DG_SCORES_MARGINS:
        break;
    }
    return NULL;
}

dg_status sampled_gradients(dg_node *loss, int count, dg_node *const *parameters, dg_node **gradients)
{
    dg_node *loss_op, *inputs[DG_MAX_INPUTS];
    dg_graph *graph = dg_node_graph(loss);
    DG_TRY(find_loss_op(loss, &loss_op));
    int n = loss_op ? dg_node_input_count(loss_op) : 0;
    dg_node *target = n > 0 && n <= DG_MAX_INPUTS ? sample_target(loss_op) : NULL;
    DG_TRY(dg_graph_status(graph));
    if (!target)
        return dg_error(DG_BAD_ARGUMENT,
                        "this optimizer draws targets from the network's output: it needs a loss on scores, "
                        "probabilities or values, such as cross_entropy with class labels");
    for (int k = 0; k < n; k++)
        inputs[k] = k == dg_op_target(dg_node_op(loss_op)) ? target : dg_node_input(loss_op, k);
    dg_node *again = dg_apply(&(dg_application){.graph = graph,
                                                .op = dg_node_op(loss_op)->name,
                                                .at = DG_HERE,
                                                .n_inputs = n,
                                                .inputs = inputs,
                                                .n_attrs = dg_op_attr_count(dg_node_op(loss_op)),
                                                .attrs = dg_node_attrs(loss_op),
                                                .attrs_in_order = true});
    DG_TRY(dg_graph_status(graph));
    DG_TRY(dg_grad(again, count, parameters, gradients));
    /* B·ĝ² estimates the Gauss-Newton diagonal of a mean over B samples. */
    dg_node *rows = dg_sum(dg_ones_like(dg_to(target, DG_FLOAT64)));
    for (int k = 0; k < count; k++)
        gradients[k] = dg_expr("g * sqrt(n)", {"g", gradients[k]}, {"n", rows});
    return dg_graph_status(graph);
}

/* ---- parameters and gradients ---- */

dg_status objective_parameters(dg_node *loss, const char *trains, dg_node ***parameters, int *count)
{
    dg_node *const *all;
    DG_TRY(dg_trainable_matching(loss, trains, &all, count));
    *parameters = dg_arena_alloc(dg_graph_arena(dg_node_graph(loss)), ((size_t)*count + 1) * sizeof(dg_node *));
    if (!*parameters)
        return dg_no_memory("a list of %d parameters", *count);
    if (*count)
        memcpy(*parameters, all, (size_t)*count * sizeof(dg_node *));
    return dg_ok();
}

dg_status objective_check_ranges(const dg_tensors *values, int count, dg_node *const *parameters,
                                 const dg_parameter_settings *settings)
{
    for (int k = 0; k < count; k++) {
        const char *name = dg_node_name(parameters[k]);
        const dg_tensor *value = dg_tensors_find(values, name);
        dg_status status = value ? dg_range_check(&settings[k].range, value) : dg_ok();
        if (status.code != DG_OK)
            return dg_prefixed(status, "parameter '%s'", name);
    }
    return dg_ok();
}

dg_status objective_clip(dg_graph *graph, int count, double clip_value, double clip_norm, dg_node **gradients)
{
    if (clip_value != 0)
        DG_TRY(dg_clip_value(graph, count, gradients, clip_value, gradients));
    return clip_norm != 0 ? dg_clip_norm(graph, count, gradients, clip_norm, gradients, NULL) : dg_ok();
}

/* ---- averages of the weights ---- */

dg_status objective_average(dg_arena *arena, const char *average, int64_t batches, int accumulate, int64_t epochs,
                            char text[AVERAGE_TEXT])
{
    static const dg_argument ema[] = {{.name = "decay", .range = DG_ARGUMENT_FRACTION, .fallback = {0.999}},
                                      {.name = NULL}},
                             swa[] = {{.name = "start", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {0}},
                                      {.name = NULL}};
    dg_value call;
    double number;
    DG_TRY(dg_prefixed(dg_call_parse(arena, average, &call), "average"));
    if (strcmp(call.s, "ema") == 0) {
        DG_TRY(dg_arguments_read(arena, "average: ema", &call, ema, &number, NULL));
        plain_print(text, AVERAGE_TEXT, "average = where(t > 1, %.17g * average + (1 - %.17g) * p, p)", number, number);
        return dg_ok();
    }
    if (strcmp(call.s, "swa") != 0)
        return dg_error(DG_BAD_ARGUMENT, "average is '%s', expected ema(decay=0.999), swa(start=5) or none", call.s);
    DG_TRY(dg_arguments_read(arena, "average: swa", &call, swa, &number, NULL));
    if (epochs && number >= (double)epochs)
        return dg_error(DG_BAD_ARGUMENT,
                        "average: swa: start is %g, and the training has %lld epoch(s): nothing would be averaged",
                        number, (long long)epochs);
    double start = floor(number * (double)batches / (accumulate > 1 ? accumulate : 1));
    plain_print(text, AVERAGE_TEXT, "average = where(t > %.17g + 1, average + (p - average) / max(t - %.17g, 1), p)",
                start, start);
    return dg_ok();
}
