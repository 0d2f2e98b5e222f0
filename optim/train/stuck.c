/* Training that has come to a point where every derivative is exactly 0, though the loss is not, or where the output is
 * one for all rows: all units of a layer are off, or a function on the way is flat. */
#include "trainer.h"

#include "core/base/plain.h"
#include "optim/batch/reach.h"

#include <dotgrad/interval.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOOKED_AT = 64 };

#define FAR        1e100
#define LEAST_LOSS 1e-6 /* below it, what there was to learn is learnt */

/* ---- formulas of one value ---- */

static bool has_no_slope(dg_formulas *formulas, const dg_formula *formula, int n_inputs)
{
    const dg_formula *slope;
    for (int k = 0; k < n_inputs; k++)
        if (dg_formula_derivative(formulas, formula, k, &slope).code != DG_OK || !dg_formula_is_zero(slope))
            return false;
    return true;
}

/* Whether the formula of a node is one number for all finite inputs, *value: 0*x + 2, by its bounds, or x - x, by its
 * derivatives where it has no steps. */
static bool is_one_number(const dg_node *node, double *value)
{
    const dg_formula *formula = dg_node_input_count(node) ? dg_node_formula(node) : NULL;
    dg_formulas *formulas = dg_graph_formulas(dg_node_graph(node));
    dg_enclosure *enclosure;
    dg_interval all[DG_MAX_INPUTS], one[DG_MAX_INPUTS], gives, at_one;
    int count = formula ? dg_formula_input_count(formula) : 0;
    if (!formula || count > DG_MAX_INPUTS || dg_enclosure_new(formulas, &formula, 1, &enclosure).code != DG_OK)
        return false;
    for (int k = 0; k < count; k++) {
        all[k] = dg_interval_of(-FAR, FAR);
        one[k] = dg_interval_of(1, 1);
    }
    dg_enclose(enclosure, all, &gives);
    dg_enclose(enclosure, one, &at_one);
    dg_enclosure_free(enclosure);
    *value = at_one.lo;
    bool is_point = gives.hi - gives.lo <= 1e-9 * (1 + fabs(gives.lo)); /* bounds are rounded outwards */
    return !gives.partial && (is_point || (!gives.open && has_no_slope(formulas, formula, count)));
}

/* Such a node on the way to `end`; NULL: there is none. */
static dg_node *find_one_number(dg_node *end, double *value)
{
    dg_graph *graph = dg_node_graph(end);
    dg_node *found = NULL;
    bool *reached;
    if (reach_new(graph, &end, 1, &reached).code != DG_OK)
        return NULL;
    for (int64_t id = 0; id <= dg_node_id(end) && !found; id++) {
        dg_node *node = dg_graph_node(graph, id);
        if (reached[id] && !dg_node_is_emitted(node) && is_one_number(node, value))
            found = node;
    }
    free(reached);
    return found;
}

/* ---- derivatives that are all 0 ---- */

/* The loss, and whether all derivatives by the parameters are 0, on rows of the data. */
static dg_status measure(const dg_task *task, dg_rows rows, dg_node **fetch, int n_fetch, double *loss, bool *are_zero)
{
    dg_fed_rows *fed;
    dg_plan *plan = NULL;
    int count;
    *are_zero = true;
    DG_TRY(dg_fed_rows_new(task, fetch, n_fetch, rows, &fed));
    const dg_feed *feeds = dg_fed_rows_feeds(fed, &count);
    dg_status status = dg_plan_new(task->graph,
                                   &(dg_plan_options){.fetch = fetch,
                                                      .n_fetch = n_fetch,
                                                      .parameters = task->parameters,
                                                      .threads = task->threads,
                                                      .seed = task->seed,
                                                      .training = true,
                                                      .memory_limit = task->memory_limit},
                                   &plan);
    if (status.code == DG_OK)
        status = dg_plan_run(plan, feeds, count);
    for (int k = 1; k < n_fetch && status.code == DG_OK && *are_zero; k++) {
        const dg_tensor *slope = dg_plan_result(plan, k);
        for (int64_t i = 0; i < dg_tensor_count(slope) && *are_zero; i++)
            *are_zero = dg_tensor_get(slope, i) == 0;
    }
    *loss = status.code == DG_OK ? dg_tensor_get(dg_plan_result(plan, 0), 0) : NAN;
    dg_plan_free(plan);
    dg_fed_rows_free(fed);
    return status;
}

/* Column 0 of the history is the loss of each epoch's training. */
static bool stands_still(const dg_trainer *trainer)
{
    const dg_tensor *history = dg_trainer_history(trainer);
    int64_t epochs = history->shape.dims[0], columns = history->shape.dims[1];
    if (epochs < 2)
        return false;
    double last = dg_tensor_get(history, (epochs - 1) * columns),
           before = dg_tensor_get(history, (epochs - 2) * columns);
    return fabs(last - before) <= 1e-6 * fabs(last);
}

static void tell_stuck(dg_trainer *t, dg_node *loss, double is, int64_t rows)
{
    double value;
    char why[400] = "all units of a layer are off (--watch dead shows them), or a function on the way is flat";
    dg_node *constant = find_one_number(loss, &value);
    if (constant)
        plain_print(why, sizeof why, "'%.200s' (%s) gives %.4g whatever it reads, and no parameter changes that",
                    dg_node_name(constant), dg_node_op(constant)->name, value);
    trainer_warn(t,
                 "'%s' is %.4g, but every derivative of it is 0 on %lld training rows, so that nothing is learnt: %s",
                 dg_node_name(loss), is, (long long)rows, why);
}

void warn_of_stuck(dg_trainer *t, const dg_task *task, dg_rows rows)
{
    dg_node *const *parameters;
    int count;
    double loss = NAN;
    bool are_zero = false;
    if (!stands_still(t) || rows.count < 1 || dg_trainable_parameters(task->loss, &parameters, &count).code != DG_OK ||
        !count)
        return;
    dg_node **fetch = calloc((size_t)count + 1, sizeof(dg_node *));
    rows.count = rows.count < task->batch_size ? rows.count : task->batch_size;
    bool emitting = dg_graph_emit(task->graph, true);
    dg_status status =
        fetch ? dg_grad(task->loss, count, parameters, fetch + 1) : dg_no_memory("%d derivatives", count);
    dg_graph_emit(task->graph, emitting);
    if (status.code == DG_OK) {
        fetch[0] = task->loss;
        status = measure(task, rows, fetch, count + 1, &loss, &are_zero);
    }
    free(fetch);
    if (status.code == DG_OK && are_zero && fabs(loss) > LEAST_LOSS)
        tell_stuck(t, task->loss, loss, rows.count);
}

/* ---- an output that is one for all rows ---- */

/* Whether the rows of a node [N, …] are one and the same but for rounding; false: they are not, or it cannot be found.
 */
static bool is_constant(const dg_task *task, dg_node *node, dg_rows rows)
{
    dg_tensor values;
    const dg_type *type = dg_node_type(node, 0);
    if (type->shape.rank < 1 || type->shape.dims[0] != DG_N || !dg_dtype_is_float(type->dtype) ||
        dg_predict(task, node, rows, &values).code != DG_OK)
        return false;
    int64_t count = dg_tensor_count(&values), width = rows.count ? count / rows.count : 0;
    bool same = width > 0;
    for (int64_t i = width; i < count && same; i++) {
        double first = dg_tensor_get(&values, i % width), value = dg_tensor_get(&values, i);
        same = fabs(value - first) <= 2e-6 * (1 + fabs(first)); /* false of NaN */
    }
    dg_tensor_release(&values);
    return same;
}

/* It reads what differs from row to row. */
static bool loses_rows(const dg_task *task, const dg_node *node, dg_rows rows)
{
    for (int k = 0; k < dg_node_input_count(node); k++) {
        dg_node *input = dg_node_input(node, k);
        const dg_type *type = input ? dg_node_type(input, 0) : NULL;
        if (type && type->shape.rank && type->shape.dims[0] == DG_N && dg_dtype_is_float(type->dtype) &&
            !is_constant(task, input, rows))
            return true;
    }
    return false;
}

/* An output that no row, no parameter and no chance can change; while the loss reads rows, that is not meant. */
static bool is_fixed(const dg_task *task)
{
    bool *output = NULL, *loss = NULL, is_free = false, reads_rows = false;
    dg_node *ends[] = {task->output, task->loss};
    if (reach_new(task->graph, &ends[0], 1, &output).code == DG_OK &&
        reach_new(task->graph, &ends[1], 1, &loss).code == DG_OK)
        for (int64_t id = 0; id < dg_graph_node_count(task->graph); id++) {
            const dg_op *op = dg_node_op(dg_graph_node(task->graph, id));
            is_free =
                is_free ||
                (output[id] && (op->role == DG_ROLE_INPUT || op->role == DG_ROLE_PARAMETER || (op->flags & DG_RANDOM)));
            reads_rows = reads_rows || (loss[id] && op->role == DG_ROLE_INPUT);
        }
    free(output);
    free(loss);
    return !is_free && reads_rows;
}

static void tell_constant(dg_trainer *t, const dg_node *output, const dg_node *node)
{
    bool is_radial = strcmp(dg_node_op(node)->name, "rbf") == 0;
    double value;
    char gives[80] = "nearly one value for all of them";
    const char *why = is_radial ? "its widths are far from the distances between rows and centres"
                                : "its units are off or saturated, or so many layers of the kind let little through";
    if (is_one_number(node, &value)) {
        plain_print(gives, sizeof gives, "%.4g for all of them", value);
        why = "it does not depend on what it reads";
    }
    trainer_warn(t, "'%s' is the same for every row: '%s' (%s) gives %s: %s",
                 dg_node_name((dg_node *)(uintptr_t)output), dg_node_name((dg_node *)(uintptr_t)node),
                 dg_node_op(node)->name, gives, why);
}

void warn_of_constant(dg_trainer *t, const dg_task *task, dg_rows rows)
{
    dg_node *output = task->output;
    rows.count = rows.count < LOOKED_AT ? rows.count : LOOKED_AT;
    if (output && is_fixed(task))
        trainer_warn(t, "'%s', the output, is computed from constants alone: no row and no parameter changes it",
                     dg_node_name(output));
    if (!output || rows.count < 2 || !is_constant(task, output, rows))
        return;
    for (int64_t id = 0; id < dg_node_id(output) + 1; id++) { /* an answer that happens to be one is no layer off */
        dg_node *node = dg_graph_node(task->graph, id);
        double value;
        if (node == output && !is_one_number(node, &value))
            return;
        if (dg_node_is_emitted(node) || dg_node_input_count(node) == 0 || !is_constant(task, node, rows) ||
            !loses_rows(task, node, rows))
            continue;
        tell_constant(t, output, node);
        return;
    }
}
