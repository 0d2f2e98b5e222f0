/* Loss, accuracy and root mean squared error. */
#include "metrics.h"

#include "judge.h"
#include "optim/batch/reach.h"

#include <dotgrad/near.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOOKED_AT = 64 };

/* What one metric adds up over a batch. */
typedef dg_status adding(const metric_set *set, const dg_tensor *prediction, const dg_tensor *target, double *over,
                         double *under);

struct metric_rule {
    const char *name, *summary;
    adding *add; /* NULL: the loss, or judged */
    bool root;
    bool rises;
    dg_status (*judge)(const judged *all, double *value); /* of a whole pass; NULL: sums give it */
};

static dg_status do_not_fit(const char *metric, const dg_tensor *prediction, const dg_tensor *target)
{
    char a[DG_SHAPE_TEXT], b[DG_SHAPE_TEXT];
    return dg_error(DG_BAD_SHAPE, "metric %s: prediction %s and target %s do not go together", metric,
                    dg_shape_print(&prediction->shape, a, sizeof a), dg_shape_print(&target->shape, b, sizeof b));
}

/* √(mean (prediction − target)²) */
static dg_status add_squares(const metric_set *set, const dg_tensor *prediction, const dg_tensor *target, double *over,
                             double *under)
{
    (void)set;
    int64_t count = dg_tensor_count(prediction);
    if (count != dg_tensor_count(target))
        return do_not_fit("rmse", prediction, target);
    for (int64_t i = 0; i < count; i++) {
        double difference = dg_tensor_get(prediction, i) - dg_tensor_get(target, i);
        *over += difference * difference;
    }
    *under += (double)count;
    return dg_ok();
}

/* The place of the largest of `classes` scores that lie `stride` apart; the first of equal ones. */
static int64_t largest(const dg_tensor *scores, int64_t at, int64_t classes, int64_t stride)
{
    int64_t best = 0;
    double best_score = dg_tensor_get(scores, at);
    for (int64_t c = 1; c < classes; c++) {
        double score = dg_tensor_get(scores, at + c * stride);
        if (score > best_score) {
            best = c;
            best_score = score;
        }
    }
    return best;
}

/* Whether targets are labels of classes that are scored, of a single one perhaps: then they have a dimension less. */
static bool are_labels(const metric_set *set, const dg_tensor *prediction, const dg_tensor *target)
{
    bool of_classes = set->scores == DG_SCORES_CLASSES || set->scores == DG_SCORES_LOG_PROBABILITIES ||
                      set->scores == DG_SCORES_MARGINS;
    return of_classes && !dg_dtype_is_float(target->dtype) && target->shape.rank == prediction->shape.rank - 1;
}

dg_status metric_check_decision(const char *metric, double wanted)
{
    if (wanted >= -1 && wanted <= 1)
        return dg_ok();
    return dg_error(
        DG_BAD_DATA,
        "metric %s: a target is %g, but one score decides between 0 and 1 (or −1 and 1); for regression take "
        "rmse",
        metric, wanted);
}

/* Scores [N, C, …] or [C] with C > 1 against labels [N, …] or [], or against scores or probabilities of their own
 * shape; anything else is a decision by the threshold. */
static dg_status add_hits(const metric_set *set, const dg_tensor *prediction, const dg_tensor *target, double *over,
                          double *under)
{
    const dg_shape *shape = &prediction->shape;
    int64_t count = dg_tensor_count(prediction), n = dg_tensor_count(target);
    int axis = shape->rank > 1;
    int64_t classes = shape->rank ? shape->dims[axis] : 1, stride = 1;
    for (int d = axis + 1; d < shape->rank; d++)
        stride *= shape->dims[d];
    bool own_shape = count == n && !are_labels(set, prediction, target),
         by_threshold = own_shape && (classes == 1 || shape->rank == 1 || !isnan(set->threshold));
    if (by_threshold) {
        double threshold = isnan(set->threshold) ? 0.5 : set->threshold;
        for (int64_t i = 0; i < n; i++) {
            double wanted = dg_tensor_get(target, i);
            DG_TRY(metric_check_decision("accuracy", wanted));
            *over += (dg_tensor_get(prediction, i) > threshold) == (wanted > 0.5);
        }
        *under += (double)n;
        return dg_ok();
    }
    if (classes < 1 || (!own_shape && count / classes != n))
        return do_not_fit("accuracy", prediction, target);
    for (int64_t i = 0; i < count / classes; i++) {
        int64_t at = i / stride * stride * classes + i % stride;
        int64_t label = own_shape ? largest(target, at, classes, stride) : (int64_t)dg_tensor_get(target, i);
        if (!own_shape && label == set->ignored)
            continue;
        *over += largest(prediction, at, classes, stride) == label;
        *under += 1;
    }
    return dg_ok();
}

/* Decisions between two, as accuracy takes them: twice the right ones among those that are 1, over all that are 1 and
 * all that are said to be. */
static dg_status add_f1(const metric_set *set, const dg_tensor *prediction, const dg_tensor *target, double *over,
                        double *under)
{
    int64_t count = dg_tensor_count(prediction), n = dg_tensor_count(target);
    double threshold = isnan(set->threshold) ? 0.5 : set->threshold;
    if (are_labels(set, prediction, target) && n > 0 && count > 2 * n && count % n == 0)
        return dg_error(DG_BAD_SHAPE, "metric f1 is of two classes, here there are %lld: f1_macro is of several",
                        (long long)(count / n));
    if (count != n && count != 2 * n)
        return do_not_fit("f1", prediction, target);
    bool one_class = are_labels(set, prediction, target) && count == n; /* which is 0 */
    for (int64_t i = 0; i < n; i++) {
        if (count == n && !one_class)
            DG_TRY(metric_check_decision("f1", dg_tensor_get(target, i)));
        bool says = one_class    ? false
                    : count == n ? dg_tensor_get(prediction, i) > threshold
                                 : dg_tensor_get(prediction, 2 * i + 1) > dg_tensor_get(prediction, 2 * i);
        bool is = dg_tensor_get(target, i) > 0.5;
        *over += 2 * (says && is);
        *under += says + is;
    }
    return dg_ok();
}

static const metric_rule rules[] = {
    {"loss", "the mean of the loss over rows", NULL, false, false, NULL},
    {"accuracy", "the share of predicted classes that equal the target", add_hits, false, true, NULL},
    {"f1", "2·TP/(2·TP + FP + FN), of two classes", add_f1, false, true, NULL},
    {"rmse", "√(mean (prediction − target)²)", add_squares, true, false, NULL},
    {"auc", "area under the ROC curve, of several classes each against the rest; on validation and test data", NULL,
     false, true, judged_auc},
    {"f1_macro", "mean of the classes' f1; on validation and test data", NULL, false, true, judged_f1},
};
#define N_RULES (sizeof rules / sizeof rules[0])

/* What a loss is judged by, from what its scores are. NaN: no threshold of its own. */
static const struct judgement {
    const char *metrics;
    double threshold;
} by_scores[] = {
    [DG_SCORES_NONE] = {"", NAN},
    [DG_SCORES_CLASSES] = {"accuracy", NAN},
    [DG_SCORES_LOG_PROBABILITIES] = {"accuracy", NAN},
    [DG_SCORES_MARGINS] = {"accuracy", NAN},
    [DG_SCORES_LOGITS] = {"accuracy", 0},
    [DG_SCORES_PROBABILITIES] = {"accuracy", 0.5},
    [DG_SCORES_VALUES] = {"rmse", NAN},
};

const char *metric_name(const metric_set *set, int metric)
{
    return set->nodes[metric] ? dg_node_name(set->nodes[metric]) : set->rules[metric]->name;
}

const char *dg_metric_name_at(size_t index)
{
    return index < N_RULES ? rules[index].name : NULL;
}

const char *dg_metric_summary(size_t index)
{
    return index < N_RULES ? rules[index].summary : NULL;
}

bool dg_metric_rises(const char *name)
{
    if (!name)
        return false;
    for (size_t i = 0; i < N_RULES; i++)
        if (strcmp(rules[i].name, name) == 0)
            return rules[i].rises;
    return false;
}

static dg_status add_node(metric_set *set, dg_node *node, int objective)
{
    for (int i = 0; i < set->count; i++)
        if (set->nodes[i] == node) {
            set->objective[i] = objective;
            return dg_ok();
        }
    if (set->count == DG_MAX_METRICS)
        return dg_error(DG_BAD_ARGUMENT, "metrics: more than %d", DG_MAX_METRICS);
    if (dg_shape_count(&dg_node_type(node, 0)->shape) != 1)
        return dg_error(DG_BAD_SHAPE, "metrics: '%s' is a node of several numbers, expected one: its mean, its sum",
                        dg_node_name(node));
    set->nodes[set->count] = node;
    set->objective[set->count++] = objective;
    return dg_ok();
}

dg_status metrics_add_loss(metric_set *set, dg_node *loss, int objective)
{
    return add_node(set, loss, objective);
}

static const char *rule_name(const void *user, size_t index)
{
    (void)user;
    return index < N_RULES ? rules[index].name : NULL;
}

static dg_status unknown_metric(const char *name)
{
    const char *near = dg_name_nearest(name, rule_name, NULL);
    return dg_error(
        DG_BAD_ARGUMENT,
        "metrics: unknown metric '%s'%s%s%s; there are loss, accuracy, f1, rmse, auc, f1_macro, and every node of one "
        "number",
        name, near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
}

static dg_status add_rule(const dg_task *task, metric_set *set, const char *name, size_t length)
{
    char text[256];
    snprintf(text, sizeof text, "%.*s", (int)length, name);
    const metric_rule *rule = NULL;
    for (size_t i = 0; i < N_RULES; i++)
        if (strlen(rules[i].name) == length && strncmp(rules[i].name, name, length) == 0)
            rule = &rules[i];
    dg_node *node = rule ? NULL : dg_graph_find(task->graph, text);
    if (node)
        return add_node(set, node, 0);
    if (!rule)
        return unknown_metric(text);
    for (int i = 0; i < set->count; i++)
        if (set->rules[i] == rule)
            return dg_ok();
    if (set->count == DG_MAX_METRICS)
        return dg_error(DG_BAD_ARGUMENT, "metrics: more than %d", DG_MAX_METRICS);
    set->rules[set->count++] = rule;
    return dg_ok();
}

static dg_status add_names(const dg_task *task, metric_set *set, const char *text)
{
    for (const char *at = text; *at;) {
        size_t skip = strspn(at, ", \t[]"), length = strcspn(at + skip, ", \t[]");
        if (length)
            DG_TRY(add_rule(task, set, at + skip, length));
        at += skip + length;
    }
    return dg_ok();
}

/* Where no loss op tells, the task's output is judged against the input that takes the field "target". */
static dg_node *target_input(const dg_task *task)
{
    dg_node *target = NULL;
    for (int64_t id = 0; !target && id < dg_graph_node_count(task->graph); id++) {
        dg_node *node = dg_graph_node(task->graph, id);
        const dg_value *field = dg_node_op(node)->role == DG_ROLE_INPUT ? dg_node_attr(node, "field") : NULL;
        if (field && (field->kind == DG_VALUE_NAME || field->kind == DG_VALUE_STRING || field->kind == DG_VALUE_TEXT) &&
            strcmp(field->s, "target") == 0)
            target = node;
    }
    for (int i = 0; i < task->n_inputs; i++)
        if (task->inputs[i].field && strcmp(task->inputs[i].field, "target") == 0)
            target = task->inputs[i].input;
    return target ? target : dg_graph_find(task->graph, "target");
}

/* The first number that is neither 0 nor 1 (nor −1); NaN: there is none. */
static double find_undecided(const dg_tensor *numbers)
{
    for (int64_t k = 0; k < dg_tensor_count(numbers); k++) {
        double value = dg_tensor_get(numbers, k);
        if (value != 0 && fabs(value) != 1)
            return value;
    }
    return NAN;
}

/* Of a target that is computed from data alone, some rows. */
static dg_status find_computed(const dg_task *task, dg_node *target, double *soft)
{
    const dg_type *type = dg_node_type(target, 0);
    int64_t rows = task->data->n_train < LOOKED_AT ? task->data->n_train : LOOKED_AT;
    bool *reached, reads_data = false, is_learnt = false;
    DG_TRY(reach_new(task->graph, &target, 1, &reached));
    for (int64_t id = 0; id < dg_graph_node_count(task->graph); id++) {
        dg_role role = dg_node_op(dg_graph_node(task->graph, id))->role;
        reads_data = reads_data || (reached[id] && role == DG_ROLE_INPUT);
        is_learnt = is_learnt || (reached[id] && role == DG_ROLE_PARAMETER);
    }
    free(reached);
    dg_tensor values;
    if (!reads_data || is_learnt || rows < 1 || !type->shape.rank || type->shape.dims[0] != DG_N ||
        dg_predict(task, target, (dg_rows){task->data->train, rows}, &values).code != DG_OK)
        return dg_ok();
    *soft = find_undecided(&values);
    dg_tensor_release(&values);
    return dg_ok();
}

/* *soft: a target that is neither 0 nor 1 (nor −1), though the loss op takes it for a probability: of pictures that are
 * copied, say, in which nothing is decided. NaN: none is found. */
static dg_status find_soft(const dg_task *task, dg_node *loss_op, double *soft)
{
    const dg_tensor *field;
    dg_scores scores = loss_op ? dg_node_op(loss_op)->scores : DG_SCORES_NONE;
    *soft = NAN;
    if ((scores != DG_SCORES_LOGITS && scores != DG_SCORES_PROBABILITIES) || !task->data)
        return dg_ok();
    DG_TRY(find_field(task, find_target(loss_op), &field));
    if (!field)
        return find_computed(task, find_target(loss_op), soft);
    *soft = find_undecided(field);
    return dg_ok();
}

static dg_status refuse_soft(const metric_set *set, double soft)
{
    for (int i = 1; i < set->count; i++) {
        const metric_rule *rule = set->rules[i];
        if (rule && (rule->add == add_hits || rule->add == add_f1 || rule->judge))
            return dg_error(
                DG_BAD_DATA,
                "metrics: %s counts decisions, but targets are not all 0 and 1, one is %.6g: the loss tells "
                "how near such are",
                rule->name, soft);
    }
    return dg_ok();
}

dg_status metrics_choose(const dg_task *task, metric_set *set)
{
    *set = (metric_set){.count = 1, .rules = {&rules[0]}, .threshold = NAN, .ignored = INT64_MIN};
    dg_node *loss_op;
    DG_TRY(find_loss_op(task->loss, &loss_op));
    const struct judgement *by = &by_scores[loss_op ? dg_node_op(loss_op)->scores : DG_SCORES_NONE];
    set->threshold = by->threshold;
    set->scores = loss_op ? dg_node_op(loss_op)->scores : DG_SCORES_NONE;
    const dg_value *ignored = loss_op ? dg_node_attr(loss_op, "ignore_index") : NULL;
    if (ignored && ignored->kind == DG_VALUE_INT)
        set->ignored = ignored->i;
    double soft;
    DG_TRY(find_soft(task, loss_op, &soft));
    bool is_asked = task->metrics && task->metrics[0];
    DG_TRY(add_names(task, set, is_asked ? task->metrics : isnan(soft) ? by->metrics : ""));
    if (!isnan(soft))
        DG_TRY(refuse_soft(set, soft));
    const metric_rule *judging = NULL;
    for (int i = 1; i < set->count; i++)
        judging = !judging && set->rules[i] ? set->rules[i] : judging;
    if (!judging)
        return dg_ok();
    set->prediction = loss_op ? dg_node_input(loss_op, 0) : task->output;
    set->target = loss_op ? find_target(loss_op) : target_input(task);
    if (!set->prediction || !set->target)
        return dg_error(DG_BAD_ARGUMENT,
                        "metrics: %s needs a loss op, or an output node and an input that takes 'target'",
                        judging->name);
    return dg_ok();
}

void metrics_add_number(int metric, double value, int64_t rows, metric_sums *sums)
{
    sums->over[metric] += value * (double)rows;
    sums->under[metric] += (double)rows;
}

dg_status metrics_add(const metric_set *set, const dg_tensor *prediction, const dg_tensor *target, metric_sums *sums)
{
    for (int i = 1; i < set->count; i++)
        if (set->rules[i] && set->rules[i]->add)
            DG_TRY(set->rules[i]->add(set, prediction, target, &sums->over[i], &sums->under[i]));
    return dg_ok();
}

void metrics_finish(const metric_set *set, const metric_sums *sums, dg_metrics *metrics)
{
    *metrics = (dg_metrics){.count = set->count};
    for (int i = 0; i < set->count; i++) {
        bool none_are_ones = sums->under[0] > 0 && set->rules[i] && set->rules[i]->add == add_f1;
        double nothing = none_are_ones ? 0 : NAN; /* NaN: no turn has measured it */
        double mean = sums->under[i] > 0 ? sums->over[i] / sums->under[i] : nothing;
        metrics->names[i] = metric_name(set, i);
        metrics->values[i] = set->rules[i] && set->rules[i]->root ? sqrt(mean) : mean;
    }
}

bool metrics_judge(const metric_set *set)
{
    for (int i = 0; i < set->count; i++)
        if (set->rules[i] && set->rules[i]->judge)
            return true;
    return false;
}

dg_status metrics_put_judged(const metric_set *set, const judged *all, dg_metrics *metrics)
{
    for (int i = 0; i < set->count; i++)
        if (set->rules[i] && set->rules[i]->judge)
            DG_TRY(set->rules[i]->judge(all, &metrics->values[i]));
    return dg_ok();
}
