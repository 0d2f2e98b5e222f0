/* Last functions that cannot give what their loss asks for: a sigmoid before targets beyond 1, a ReLU before scores
 * that should have either sign, a softmax along the batch. Ranges are those of formulas over all numbers, proved by
 * intervals.
 */
#include "trainer.h"

#include "core/base/plain.h"

#include <dotgrad/interval.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Scores closer together than that leave every class a sizeable probability. */
#define NARROW 4

/* Beyond are infinity and what rounding outwards makes of the largest numbers. */
static bool is_bound(double x)
{
    return fabs(x) < 1e300;
}

/* What a function of one input can give at all: piece by piece, as a choice such as relu's is open over all numbers.
 * false: nothing is known, or it can give anything. */
static bool find_range(const dg_node *node, dg_interval *range)
{
    static const double ends[] = {-INFINITY, -1e3, -10, -1, -0.1, 0, 0.1, 1, 10, 1e3, INFINITY};
    const dg_formula *formula = dg_node_formula(node);
    dg_enclosure *enclosure;
    if (!formula || dg_formula_input_count(formula) != 1 ||
        dg_enclosure_new(dg_graph_formulas(dg_node_graph(node)), &formula, 1, &enclosure).code != DG_OK)
        return false;
    *range = dg_interval_of(INFINITY, -INFINITY);
    for (size_t k = 0; k + 1 < sizeof ends / sizeof *ends; k++) {
        dg_interval piece = dg_interval_of(ends[k], ends[k + 1]), gives;
        dg_enclose(enclosure, &piece, &gives);
        range->lo = fmin(range->lo, gives.lo);
        range->hi = fmax(range->hi, gives.hi);
        range->partial = range->partial || gives.partial;
    }
    dg_enclosure_free(enclosure);
    return !range->partial && range->lo < range->hi && (is_bound(range->lo) || is_bound(range->hi));
}

/* "only numbers from 0 to 1", "no number below 0". */
static void name_range(const dg_interval *range, char *text, size_t size)
{
    if (is_bound(range->lo) && is_bound(range->hi))
        plain_print(text, size, "only numbers from %.3g to %.3g", range->lo, range->hi);
    else if (is_bound(range->lo))
        plain_print(text, size, "no number below %.3g", range->lo);
    else
        plain_print(text, size, "no number above %.3g", range->hi);
}

static void warn_of_targets(dg_trainer *t, const dg_task *task, dg_rows rows, dg_node *given, const dg_interval *range)
{
    dg_tensor targets;
    char gives[80];
    int64_t outside = 0;
    double far = 0, beyond = 0;
    if (dg_node_input_count(task->loss) < 2 || !dg_node_input(task->loss, 1) ||
        dg_predict(task, dg_node_input(task->loss, 1), rows, &targets).code != DG_OK)
        return;
    for (int64_t k = 0; k < dg_tensor_count(&targets); k++) {
        double value = dg_tensor_get(&targets, k), off = fmax(range->lo - value, value - range->hi);
        outside += off > 1e-3 * (1 + fabs(value));
        if (off > beyond) {
            beyond = off;
            far = value;
        }
    }
    name_range(range, gives, sizeof gives);
    if (outside)
        trainer_warn(t,
                     "'%s' (%s) gives %s, but %lld of %lld numbers of the target are beyond, %.4g the farthest: "
                     "leave it out, or scale the target",
                     dg_node_name(given), dg_node_op(given)->name, gives, (long long)outside,
                     (long long)dg_tensor_count(&targets), far);
    dg_tensor_release(&targets);
}

/* A softmax or sigmoid is told of by itself. */
static void warn_of_one_sided(dg_trainer *t, dg_node *loss, dg_node *given, const dg_interval *range, bool decides)
{
    char gives[80];
    bool narrow = range->hi - range->lo <= NARROW, is_probability = decides && range->lo > -1e-300 && range->hi <= 1;
    if (is_probability || !(narrow || (range->lo > -1e-300 && !is_bound(range->hi)) || (decides && range->hi < 1e-300)))
        return;
    name_range(range, gives, sizeof gives);
    trainer_warn(t,
                 "'%s' (%s) takes scores of any size and either sign, but '%s' (%s) gives %s: without it, learning "
                 "is faster",
                 dg_node_name(loss), dg_node_op(loss)->name, dg_node_name(given), dg_node_op(given)->name, gives);
}

/* Each row's numbers would depend on which rows are beside it. */
static void warn_along_batch(dg_trainer *t, dg_node *node)
{
    const dg_value *dim = dg_node_attr(node, "dim");
    const dg_shape *shape = &dg_node_type(node, 0)->shape;
    if (strcmp(dg_node_op(node)->family, "softmax") != 0 || !dim || dim->kind != DG_VALUE_INT || shape->rank < 2)
        return;
    int64_t axis = dim->i < 0 ? dim->i + shape->rank : dim->i;
    if (axis == 0 && shape->dims[0] == DG_N)
        trainer_warn(t,
                     "'%s' (%s) goes along the rows of the batch, so that what it makes of one depends on the "
                     "others: dim=1 goes along the classes",
                     dg_node_name(node), dg_node_op(node)->name);
}

void warn_of_ranges(dg_trainer *t, const dg_task *task, dg_rows rows)
{
    dg_interval range;
    dg_node *given = task->loss && dg_node_input_count(task->loss) ? dg_node_input(task->loss, 0) : NULL;
    if (!given || dg_node_op(task->loss)->scores == DG_SCORES_NONE || rows.count < 1)
        return;
    warn_along_batch(t, given);
    if (task->output && task->output != given)
        warn_along_batch(t, task->output);
    if (!find_range(given, &range))
        return;
    switch (dg_node_op(task->loss)->scores) {
    case DG_SCORES_VALUES:
        warn_of_targets(t, task, rows, given, &range);
        return;
    case DG_SCORES_CLASSES:
    case DG_SCORES_LOGITS:
        warn_of_one_sided(t, task->loss, given, &range, dg_node_op(task->loss)->scores == DG_SCORES_LOGITS);
        return;
    default:
        return;
    }
}
