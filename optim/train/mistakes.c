/* What trains, and is hardly meant: scores that are none, layers that the loss does not see. */
#include "trainer.h"

#include "core/base/plain.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOOKED_AT = 256, LEAST_NUMBERS = 8 };

void trainer_warn(dg_trainer *t, const char *format, ...)
{
    char text[1200];
    va_list arguments;
    va_start(arguments, format);
    plain_print_list(text, sizeof text, format, arguments);
    va_end(arguments);
    for (int k = 0; k < t->n_warnings; k++)
        if (strcmp(t->warnings[k], text) == 0)
            return;
    char *copy = t->n_warnings < MOST_WARNINGS ? strdup(text) : NULL;
    if (copy)
        t->warnings[t->n_warnings++] = copy;
}

const char *dg_trainer_warning_at(const dg_trainer *trainer, size_t index)
{
    return trainer && index < (size_t)trainer->n_warnings ? trainer->warnings[index] : NULL;
}

/* ---- scores that are no longer what their loss takes: probabilities where it makes such of them itself ---- */

/* What a row's numbers [C, …], or their exponentials, add up to along C, of all rows the one farthest from 1. */
static double farthest_sum(const dg_tensor *scores, bool exponentials, bool *has_negative)
{
    int64_t rows = scores->shape.dims[0], classes = scores->shape.dims[1], inner = 1;
    double far = 1;
    for (int d = 2; d < scores->shape.rank; d++)
        inner *= scores->shape.dims[d];
    for (int64_t row = 0; row < rows; row++)
        for (int64_t i = 0; i < inner; i++) {
            double sum = 0;
            for (int64_t c = 0; c < classes; c++) {
                double value = dg_tensor_get(scores, (row * classes + c) * inner + i);
                *has_negative = *has_negative || value < 0;
                sum += exponentials ? exp(value) : value;
            }
            if (!(fabs(sum - 1) <= fabs(far - 1)))
                far = sum;
        }
    return far;
}

static bool are_within_0_and_1(const dg_tensor *scores)
{
    int64_t count = dg_tensor_count(scores);
    for (int64_t k = 0; k < count; k++)
        if (!(dg_tensor_get(scores, k) >= 0 && dg_tensor_get(scores, k) <= 1))
            return false;
    return count >= LEAST_NUMBERS;
}

/* A layer's own numbers may be any: what they happen to be says nothing. */
static bool has_parameters(const dg_node *node)
{
    for (int k = 0; k < dg_node_input_count(node); k++)
        if (dg_node_input(node, k) && dg_node_owner(dg_node_input(node, k)) == node)
            return true;
    return false;
}

static void judge_scores(dg_trainer *t, dg_node *loss, const dg_tensor *scores)
{
    dg_node *given = dg_node_input(loss, 0);
    const char *op = dg_node_op(loss)->name, *is_negative = "";
    bool has_negative = false, has_classes = scores->shape.rank >= 2 && scores->shape.dims[1] >= 2;
    double sum;
    switch (dg_node_op(loss)->scores) {
    case DG_SCORES_CLASSES:
        sum = has_classes ? farthest_sum(scores, false, &has_negative) : NAN;
        if (fabs(sum - 1) <= 1e-4 && !has_negative)
            trainer_warn(t,
                         "'%s' (%s) takes scores and makes probabilities of them itself, but '%s' (%s) gives "
                         "probabilities already: without it, learning is faster",
                         dg_node_name(loss), op, dg_node_name(given), dg_node_op(given)->name);
        return;
    case DG_SCORES_LOGITS:
        if (!has_parameters(given) && are_within_0_and_1(scores))
            trainer_warn(t,
                         "'%s' (%s) takes scores and makes probabilities of them itself, but '%s' (%s) gives "
                         "numbers from 0 to 1, as probabilities are: without it, learning is faster",
                         dg_node_name(loss), op, dg_node_name(given), dg_node_op(given)->name);
        return;
    case DG_SCORES_LOG_PROBABILITIES:
        sum = has_classes ? farthest_sum(scores, true, &has_negative) : NAN;
        is_negative = has_negative ? "" : ", none of them below 0";
        if (fabs(sum - 1) > 0.01)
            trainer_warn(t,
                         "'%s' (%s) takes logarithms of probabilities, but of '%s' (%s) the exponentials of a row "
                         "add up to %.4g%s: op=log_softmax makes such, or use cross_entropy",
                         dg_node_name(loss), op, dg_node_name(given), dg_node_op(given)->name, sum, is_negative);
        return;
    default:
        return;
    }
}

static void warn_of_scores(dg_trainer *t, const dg_task *task, dg_rows rows)
{
    dg_tensor scores;
    dg_scores kind = dg_node_op(task->loss)->scores;
    if (dg_node_input_count(task->loss) < 1 || kind == DG_SCORES_NONE || kind == DG_SCORES_VALUES)
        return;
    rows.count = rows.count < LOOKED_AT ? rows.count : LOOKED_AT;
    if (dg_predict(task, dg_node_input(task->loss, 0), rows, &scores).code != DG_OK)
        return;
    if (scores.shape.rank >= 1 && dg_dtype_is_float(scores.dtype))
        judge_scores(t, task->loss, &scores);
    dg_tensor_release(&scores);
}

void warn_of_mistakes(dg_trainer *t)
{
    const dg_rows rows = {t->options.task.data->train, t->options.task.data->n_train};
    dg_task task = t->options.task;
    if (t->n_objectives > 1)
        return;
    task.loss = t->objectives[0].loss;
    task.batch_size = t->batch_size;
    task.metrics = NULL;
    warn_of_scores(t, &task, rows);
    warn_of_ranges(t, &task, rows);
    warn_of_constant(t, &task, rows);
    warn_of_stuck(t, &task, rows);
}

/* ---- layers that the loss does not see ---- */

/* The author's own nodes that are asked for, and all that these are computed from. */
static void mark_seen(const dg_trainer *t, bool *seen)
{
    const dg_task *task = &t->options.task;
    int64_t count = dg_graph_node_count(task->graph);
    dg_node *const asked[] = {task->loss, task->output};
    for (size_t k = 0; k < sizeof asked / sizeof *asked; k++)
        if (asked[k])
            seen[dg_node_id(asked[k])] = true;
    for (int k = 0; k < t->n_objectives; k++)
        seen[dg_node_id(t->objectives[k].loss)] = true;
    for (int64_t id = count - 1; id >= 0; id--) {
        dg_node *node = dg_graph_node(task->graph, id);
        if (dg_node_is_update(node) ||
            (task->metrics && dg_node_is_named(node) && dg_name_matches(dg_node_name(node), task->metrics)))
            seen[id] = true;
        for (int k = 0; seen[id] && k < dg_node_input_count(node); k++)
            if (dg_node_input(node, k))
                seen[dg_node_id(dg_node_input(node, k))] = true;
    }
}

/* Other nodes may read what the layer owns ("store.weight"). */
static bool shares_parameters(const dg_node *node, const bool *seen)
{
    for (int k = 0; k < dg_node_input_count(node); k++) {
        const dg_node *input = dg_node_input(node, k);
        if (input && dg_node_owner(input) == node && seen[dg_node_id(input)])
            return true;
    }
    return false;
}

void warn_of_unseen(dg_trainer *t)
{
    dg_graph *graph = t->options.task.graph;
    int64_t count = dg_graph_node_count(graph), more = 0;
    bool *seen = calloc((size_t)count + 1, 1);
    dg_node *first = NULL;
    if (!seen)
        return;
    mark_seen(t, seen);
    for (int64_t id = 0; id < count; id++) {
        dg_node *node = dg_graph_node(graph, id);
        if (seen[id] || dg_node_is_emitted(node) || dg_node_owner(node) || !has_parameters(node) ||
            shares_parameters(node, seen))
            continue;
        more += first != NULL;
        first = first ? first : node;
    }
    free(seen);
    char others[48] = "";
    if (more)
        snprintf(others, sizeof others, " and %lld more layer%s", (long long)more, more == 1 ? "" : "s");
    if (first)
        trainer_warn(t, "the loss does not depend on '%s' (%s)%s: what %s is not trained; is an edge missing?",
                     dg_node_name(first), dg_node_op(first)->name, others, more ? "they own" : "it owns");
}
