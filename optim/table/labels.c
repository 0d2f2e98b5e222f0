/* The target of a set meets the losses of a graph: labels become the numbers of their classes, and what a loss cannot
 * learn from is refused before training begins. */
#include "columns.h"
#include "core/base/null.h"
#include "core/base/plain.h"
#include "optim/data/target.h"

#include <dotgrad/op.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum target_kind {
    ANY_NUMBERS,
    CLASS_NUMBERS, /* whole numbers from 0 on, one of as many as there are scores */
    ZERO_TO_ONE,   /* a probability; labels are 0 and 1 */
    SIGNS          /* −1 and 1 */
} target_kind;

static target_kind kind_of(const dg_node *loss)
{
    int target = dg_op_target(dg_node_op(loss));
    if (target >= 0 && (dg_node_op(loss)->inputs[target].flags & DG_SIGNS))
        return SIGNS;
    switch (dg_node_op(loss)->scores) {
    case DG_SCORES_CLASSES:
    case DG_SCORES_LOG_PROBABILITIES:
    case DG_SCORES_MARGINS:
        return CLASS_NUMBERS;
    case DG_SCORES_LOGITS:
    case DG_SCORES_PROBABILITIES:
        return ZERO_TO_ONE;
    case DG_SCORES_NONE:
    case DG_SCORES_VALUES:
        break;
    }
    return ANY_NUMBERS;
}

static const char *name_of(const dg_node *node)
{
    return dg_node_name((dg_node *)(uintptr_t)node);
}

/* The input that the labels of a loss are made from; NULL: of several, or the node is no loss. *as_they_are: they are
 * what it holds, but for reshapes and conversions; else a formula, one_hot or the like makes others of them. */
static const dg_node *source_of(const dg_node *loss, bool *as_they_are)
{
    int k = dg_op_target(dg_node_op(loss));
    const dg_node *node = k >= 0 && k < dg_node_input_count(loss) ? dg_node_input(loss, k) : NULL;
    *as_they_are = true;
    while (node && dg_node_op(node)->role != DG_ROLE_INPUT) {
        *as_they_are = *as_they_are && (dg_node_op(node)->flags & (DG_VIEW | DG_CAST));
        node = dg_node_input_count(node) == 1 ? dg_node_input(node, 0) : NULL;
    }
    return node;
}

/* The number of classes that the scores of a loss have; 0: not known. */
static int64_t count_scores(const dg_node *loss)
{
    const dg_shape *scores = &dg_node_type(dg_node_input(loss, 0), 0)->shape;
    int64_t classes = scores->rank == 0 ? 0 : scores->dims[scores->rank == 1 ? 0 : 1];
    return classes > 0 ? classes : 0;
}

int64_t data_class_of(const dg_data *set, double label)
{
    if (!set->labels)
        return label >= 0 && label < (double)set->n_classes && label == floor(label) ? (int64_t)label : -1;
    int64_t low = 0, high = set->n_classes;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (set->labels[middle] < label)
            low = middle + 1;
        else
            high = middle;
    }
    return low < set->n_classes && set->labels[low] == label ? low : -1;
}

/* The classes are the different numbers of the target; it holds their places from now on. */
static dg_status number_classes(dg_data *set, dg_tensor *target, const double *ignored)
{
    char label[120];
    for (int64_t k = 0; k < dg_tensor_count(target); k++) {
        double value = dg_tensor_get(target, k);
        if (!ignored || value != *ignored)
            dg_tensor_set(target, k, (double)data_class_of(set, value));
    }
    set->is_numbered = true;
    return data_notice(set, "%s holds %lld class(es), which are numbered from 0: %s … %s", table_target(set, label),
                       (long long)set->n_classes, set->classes[0], set->classes[set->n_classes - 1]);
}

/* The label that the loss leaves out, in *number; NULL: none. */
static const double *ignored_of(const dg_node *loss, double *number)
{
    const dg_value *index = dg_node_attr(loss, "ignore_index");
    if (!index || index->kind != DG_VALUE_INT)
        return NULL;
    *number = (double)index->i;
    return number;
}

static bool fits(const dg_tensor *target, int64_t scores, const double *ignored)
{
    for (int64_t k = 0; k < dg_tensor_count(target); k++) {
        double value = dg_tensor_get(target, k);
        if ((!ignored || value != *ignored) && !(value >= 0 && value < (double)scores && value == floor(value)))
            return false;
    }
    return true;
}

static dg_status bad_labels(const dg_data *set, const dg_node *loss, const dg_tensor *labels, const double *ignored,
                            int64_t scores)
{
    int64_t width = dg_tensor_count(labels) / set->count;
    const char *name = name_of(dg_node_input(loss, 0));
    char place[DATA_PLACE];
    for (int64_t k = 0; k < dg_tensor_count(labels); k++) {
        double label = dg_tensor_get(labels, k);
        if (ignored && label == *ignored)
            continue;
        if (label != floor(label))
            return dg_error(DG_BAD_DATA, "%s: target is %g: '%s' needs whole numbers, the classes%s",
                            data_place(set, k / width, place), label, name_of(loss),
                            set->n_columns ? ": choose their column with target=…" : "");
        if (label < 0 || label >= (double)scores)
            return dg_error(DG_BAD_DATA,
                            "%s: label %.0f is out of range: '%s' has %lld class(es), from 0 on, and as many "
                            "different labels would be numbered; there are %lld",
                            data_place(set, k / width, place), label, name, (long long)scores,
                            (long long)set->n_classes);
    }
    return dg_ok();
}

/* Scores that no label asks for are learned to be small; that may be meant. */
static dg_status tell_surplus(dg_data *set, const dg_node *loss, int64_t scores)
{
    const char *first = set->classes ? set->classes[0] : "0", *last = NULL;
    char number[32];
    if (set->n_classes == 1)
        return data_notice(set, "every row has the same class, %s: there is nothing to learn", first);
    if (set->n_classes == 0 || set->n_classes >= scores)
        return dg_ok();
    snprintf(number, sizeof number, "%lld", (long long)set->n_classes - 1);
    last = set->classes ? set->classes[set->n_classes - 1] : number;
    return data_notice(set,
                       "the target has %lld class(es) (%s … %s), but '%s' has %lld score(s): the others are never "
                       "right; linear(CLASSES) takes the number from the data",
                       (long long)set->n_classes, first, last, name_of(dg_node_input(loss, 0)), (long long)scores);
}

/* Numbers between the classes that no row has: numbers that are names, not classes, say. */
static dg_status tell_gaps(dg_data *set, const dg_tensor *target, const double *ignored)
{
    char label[120];
    int64_t used = 0;
    bool *is_used = set->classes || set->n_classes < 2 ? NULL : calloc((size_t)set->n_classes, 1);
    if (!is_used)
        return dg_ok();
    for (int64_t k = 0; k < dg_tensor_count(target); k++) {
        double value = dg_tensor_get(target, k);
        if ((ignored && value == *ignored) || !(value >= 0 && value < (double)set->n_classes))
            continue;
        used += !is_used[(int64_t)value];
        is_used[(int64_t)value] = true;
    }
    free(is_used);
    if (used * 2 >= set->n_classes)
        return dg_ok();
    return data_notice(set, "%s has %lld different number(s) from 0 to %lld: the other %lld class(es) have no row",
                       table_target(set, label), (long long)used, (long long)set->n_classes - 1,
                       (long long)(set->n_classes - used));
}

/* A class that no row of training has cannot be learnt; where most rows have their own, the labels are names. */
static dg_status tell_untrained(dg_data *set, const dg_tensor *target, const double *ignored)
{
    bool are_classes = target->shape.rank == 1 && set->data.n_train && set->n_classes <= set->count / 2;
    bool *is_trained = are_classes ? calloc((size_t)set->n_classes + 1, 1) : NULL;
    int64_t rows = 0, first = -1;
    double last = (double)set->n_classes;
    bool is_alone = true;
    if (are_classes && !is_trained)
        return dg_no_memory("%lld classes", (long long)set->n_classes);
    for (int64_t k = 0; is_trained && k < set->data.n_train; k++) {
        double value = dg_tensor_get(target, set->data.train[k]);
        if (value >= 0 && value < last)
            is_trained[(int64_t)value] = true;
    }
    for (int64_t k = 0; is_trained && k < set->count; k++) {
        double value = dg_tensor_get(target, k);
        if ((ignored && value == *ignored) || !(value >= 0 && value < last) || is_trained[(int64_t)value])
            continue;
        rows++;
        first = first < 0 ? (int64_t)value : first;
        is_alone = is_alone && first == (int64_t)value;
    }
    free(is_trained);
    if (rows == 0)
        return dg_ok();
    char number[32];
    snprintf(number, sizeof number, "%lld", (long long)first);
    return data_notice(set,
                       "no training row is of class '%s'%s, which cannot be learnt: %lld row(s) to test or to validate "
                       "with; another split_seed deals the rows in another way",
                       set->classes ? set->classes[first] : number, is_alone ? "" : " and of some others",
                       (long long)rows);
}

/* Labels for scores: as they are where they are places of scores, else by their order where there are as many different
 * ones as scores. */
static dg_status suit_classes(dg_data *set, const dg_node *loss, dg_tensor *target)
{
    int64_t scores = count_scores(loss);
    double number = 0;
    const double *ignored = ignored_of(loss, &number);
    if (scores == 0 || set->is_numbered)
        return scores == 0 || fits(target, scores, ignored) ? dg_ok() : bad_labels(set, loss, target, ignored, scores);
    if (set->has_words && set->n_classes > scores)
        return dg_error(DG_BAD_DATA, "%s: the labels have %lld class(es) (%s … %s), but '%s' has %lld score(s)",
                        set->source, (long long)set->n_classes, set->classes[0], set->classes[set->n_classes - 1],
                        name_of(dg_node_input(loss, 0)), (long long)scores);
    if (fits(target, scores, ignored)) {
        if (set->labels) { /* 1 … K for K + 1 scores, say: places, without names */
            set->labels = NULL;
            set->classes = NULL;
            set->n_classes = data_count_classes(target);
        }
        DG_TRY(tell_gaps(set, target, ignored));
        DG_TRY(tell_untrained(set, target, ignored));
        return tell_surplus(set, loss, scores);
    }
    if (target->shape.rank == 1)
        DG_TRY(data_find_labels(set, target, ignored, true));
    if (set->labels && set->n_classes == scores) {
        DG_TRY(number_classes(set, target, ignored));
        return tell_untrained(set, target, ignored);
    }
    return bad_labels(set, loss, target, ignored, scores);
}

static dg_status suit_probabilities(dg_data *set, const dg_node *loss, dg_tensor *target)
{
    int64_t k = 0, count = dg_tensor_count(target);
    while (k < count && dg_tensor_get(target, k) >= 0 && dg_tensor_get(target, k) <= 1)
        k++;
    if (k == count)
        return dg_ok();
    if (set->has_words)
        return dg_error(DG_BAD_DATA, "%s: the labels have %lld class(es) (%s … %s), but '%s' needs two", set->source,
                        (long long)set->n_classes, set->classes[0], set->classes[set->n_classes - 1], name_of(loss));
    if (target->shape.rank == 1 && !set->is_numbered)
        DG_TRY(data_find_labels(set, target, NULL, true));
    if (set->labels && set->n_classes == 2 && !set->is_numbered)
        return number_classes(set, target, NULL);
    char place[DATA_PLACE];
    return dg_error(DG_BAD_DATA, "%s: the target is %g: '%s' needs numbers from 0 to 1, or two classes",
                    data_place(set, k / (count / set->count), place), dg_tensor_get(target, k), name_of(loss));
}

static bool are_signs(const dg_tensor *target, int64_t *place)
{
    int64_t count = dg_tensor_count(target);
    for (*place = 0; *place < count && fabs(dg_tensor_get(target, *place)) == 1;)
        ++*place;
    return *place == count;
}

static dg_status refuse_signs(const dg_data *set, const dg_node *loss, const dg_tensor *target, int64_t k)
{
    char place[DATA_PLACE];
    return dg_error(
        DG_BAD_DATA,
        "%s: the target is %g: '%s' (%s) needs -1 and 1; of 0 and 1, op=\"expr(2 * x - 1)\" between makes them",
        data_place(set, k / (dg_tensor_count(target) / set->count), place), dg_tensor_get(target, k), name_of(loss),
        dg_node_op(loss)->name);
}

static dg_status refuse_words(const dg_data *set, const dg_node *loss)
{
    char label[120];
    bool dates = false;
    for (int64_t k = 0; k < set->n_columns; k++)
        dates = dates || (set->columns[k].is.use == DG_COLUMN_TARGET && set->columns[k].is_date);
    return dg_error(DG_BAD_DATA,
                    "%s: %s holds %s such as '%.60s', but '%s' (%s) needs numbers: choose a column of numbers with "
                    "target=…, or a loss on classes (cross_entropy)",
                    set->source, table_target(set, label), dates ? "dates" : "words",
                    set->word_example ? set->word_example : set->classes[0], name_of(loss), dg_node_op(loss)->name);
}

/* Tokens are whole numbers: they cannot be scaled. */
static dg_status check_tokens(const dg_data *set, const dg_graph *graph, const bool *are_targets)
{
    for (int64_t id = 0; set->offset.data && id < dg_graph_node_count(graph); id++) {
        const dg_node *node = dg_graph_node(graph, id);
        if (dg_node_op(node)->role != DG_ROLE_INPUT || dg_dtype_is_float(dg_node_type(node, 0)->dtype))
            continue;
        const dg_value *field = dg_node_attr(node, "field");
        bool is_named = field && field->kind != DG_VALUE_NONE && field->s && *field->s;
        if (is_named ? !strcmp(field->s, "features") : !are_targets[id])
            return dg_error(DG_BAD_DATA, "%s: input '%s' is %s, but the features are scaled: use scale=none",
                            set->source, name_of(node), dg_dtype_name(dg_node_type(node, 0)->dtype));
    }
    return dg_ok();
}

/* What is computed from labels is the graph's own affair: they stay as they are. */
static dg_status suit_target(dg_data *data, const dg_node *loss, const dg_node *input, bool as_they_are,
                             dg_tensor *target)
{
    bool is_float = dg_dtype_is_float(dg_node_type(input, 0)->dtype);
    target_kind kind = kind_of(loss);
    int64_t k;
    if (kind == CLASS_NUMBERS && !is_float)
        return as_they_are ? suit_classes(data, loss, target) : dg_ok();
    if (kind == ZERO_TO_ONE)
        return as_they_are ? suit_probabilities(data, loss, target) : dg_ok();
    if (data->has_words && is_float && (as_they_are || kind != SIGNS))
        return refuse_words(data, loss);
    if (kind == SIGNS)
        return as_they_are && !are_signs(target, &k) ? refuse_signs(data, loss, target, k) : dg_ok();
    return is_float ? table_suit_numbers(data, loss, input, as_they_are, target) : dg_ok();
}

/* An autoencoder on a table of features alone: its last column has become a target that nobody asks for. */
static dg_status tell_unread_target(dg_data *data, const dg_graph *graph, const bool *are_targets)
{
    char label[120];
    bool has_loss = false;
    if (!data->is_usual_target || data->has_words || data->n_classes)
        return dg_ok();
    for (int64_t id = 0; id < dg_graph_node_count(graph); id++) {
        const dg_node *node = dg_graph_node(graph, id);
        has_loss = has_loss || dg_op_target(dg_node_op(node)) >= 0;
        if (input_takes_target(node, are_targets))
            return dg_ok();
    }
    if (!has_loss)
        return dg_ok();
    return data_notice(data, "no loss compares with %s which is the last: data=\"%s(target=none)\" makes it a feature",
                       table_target(data, label), data->source);
}

/* Whether an element of a row is no probability. */
static bool is_outside(const dg_tensor *field, int64_t k)
{
    double value = dg_tensor_get(field, k);
    return !(value >= 0 && value <= 1);
}

static dg_status refuse_copied(const dg_data *data, const dg_node *loss, const dg_tensor *field, int64_t k, bool trains)
{
    int64_t width = dg_tensor_count(field) / data->count, at = dg_tensor_count(&data->offset) == width ? k % width : 0;
    char place[DATA_PLACE], label[80], column[120] = "a feature", scaled[80] = "";
    double value = dg_tensor_get(field, k), number = value;
    for (int64_t c = 0; c < data->n_columns; c++)
        if (data->columns[c].is.use == DG_COLUMN_FEATURE && data->columns[c].is.first == k % width)
            snprintf(column, sizeof column, "column %s", column_label(data, c, label));
    if (data->offset.data) {
        number = number * dg_tensor_get(&data->divisor, at) + dg_tensor_get(&data->offset, at);
        plain_print(scaled, sizeof scaled, ", scaled %.6g,", value);
    }
    return dg_error(DG_BAD_DATA, "%s: %s is %.6g%s but '%s' (%s) compares with it and needs numbers from 0 to 1: %s",
                    data_place(data, k / width, place), column, number, scaled, name_of(loss), dg_node_op(loss)->name,
                    trains ? "scale=unit in data makes such of the training rows"
                           : "it is beyond those of the training rows; a node op=\"clamp(0, 1)\" before the loss's "
                             "target cuts it, mse_loss takes it");
}

/* An autoencoder's own input as the target of a loss of probabilities: all rows are looked at before any is trained on.
 */
static dg_status check_copied(const dg_data *data, const dg_node *loss, const dg_node *input)
{
    const dg_value *named = dg_node_attr(input, "field");
    bool is_named = named && named->kind != DG_VALUE_NONE && named->s && *named->s;
    const char *own = is_named ? named->s : name_of(input);
    const dg_tensor *field = dg_tensors_find(data->data.fields, own);
    field = field || is_named ? field : dg_tensors_find(data->data.fields, "features");
    int64_t count = field ? dg_tensor_count(field) : 0, width = data->count ? count / data->count : 0;
    if (kind_of(loss) != ZERO_TO_ONE || width < 1)
        return dg_ok();
    for (int64_t row = 0; row < data->data.n_train; row++)
        for (int64_t k = data->data.train[row] * width, end = k + width; k < end; k++)
            if (is_outside(field, k))
                return refuse_copied(data, loss, field, k, true);
    for (int64_t k = 0; k < count; k++)
        if (is_outside(field, k))
            return refuse_copied(data, loss, field, k, false);
    return dg_ok();
}

static dg_status suit(dg_data *data, const dg_graph *graph, const bool *are_targets)
{
    dg_tensor *target = dg_tensors_find(data->data.fields, "target");
    DG_TRY(check_tokens(data, graph, are_targets));
    DG_TRY(table_check_features(data, graph));
    DG_TRY(tell_unread_target(data, graph, are_targets));
    for (int64_t id = 0; id < dg_graph_node_count(graph); id++) {
        const dg_node *loss = dg_graph_node(graph, id);
        bool as_they_are;
        const dg_node *input = source_of(loss, &as_they_are);
        if (input && target && input_takes_target(input, are_targets))
            DG_TRY(suit_target(data, loss, input, as_they_are, target));
        else if (input && as_they_are)
            DG_TRY(check_copied(data, loss, input));
    }
    return dg_ok();
}

dg_status dg_data_suit(dg_data *data, const dg_graph *graph)
{
    bool *are_targets;
    REFUSE_NULL(data);
    REFUSE_NULL(graph);
    DG_TRY(dg_graph_status(graph));
    DG_TRY(target_inputs(graph, NULL, &are_targets));
    dg_status status = suit(data, graph, are_targets);
    free(are_targets);
    return status;
}

static bool are_probabilities(const dg_tensor *target)
{
    for (int64_t k = 0; k < dg_tensor_count(target); k++)
        if (!(dg_tensor_get(target, k) >= 0 && dg_tensor_get(target, k) <= 1))
            return false;
    return true;
}

/* Of data as they are: the first row that does not fit. No scores: targets from 0 to 1. */
static dg_status refuse_labels(const dg_data *data, const dg_node *loss, const dg_tensor *target, int64_t scores)
{
    char place[DATA_PLACE];
    double number = 0, value = 0;
    const double *ignored = scores ? ignored_of(loss, &number) : NULL;
    int64_t k = 0, count = dg_tensor_count(target), width = data->count ? count / data->count : 1;
    for (; k < count; k++) {
        value = dg_tensor_get(target, k);
        if (scores ? (!ignored || value != *ignored) && !(value >= 0 && value < (double)scores && value == floor(value))
                   : !(value >= 0 && value <= 1))
            break;
    }
    data_place(data, width ? k / width : k, place);
    if (!scores)
        return dg_error(DG_BAD_DATA,
                        "%s: target is %g: '%s' (%s) needs numbers from 0 to 1; dg_data_suit() numbers two classes",
                        place, value, name_of(loss), dg_node_op(loss)->name);
    return dg_error(DG_BAD_DATA,
                    "%s: label %g: '%s' has %lld scores, for the classes 0 … %lld: '%s' (%s) needs as many scores as "
                    "there are classes; dg_data_suit() numbers labels from 0 on",
                    place, value, name_of(dg_node_input(loss, 0)), (long long)scores, (long long)scores - 1,
                    name_of(loss), dg_node_op(loss)->name);
}

static dg_status check_loss(const dg_data *data, const dg_node *loss, const dg_node *input, bool as_they_are,
                            const dg_tensor *target)
{
    target_kind kind = kind_of(loss);
    bool is_float = dg_dtype_is_float(dg_node_type(input, 0)->dtype);
    double number;
    int64_t scores = kind == CLASS_NUMBERS && !is_float ? count_scores(loss) : 0, k = 0;
    bool fine = !as_they_are || kind == SIGNS ? true
                : kind == ZERO_TO_ONE         ? are_probabilities(target)
                                              : scores == 0 || fits(target, scores, ignored_of(loss, &number));
    if (kind != ZERO_TO_ONE && data->has_words && is_float && (as_they_are || kind != SIGNS))
        return refuse_words(data, loss);
    if (as_they_are && kind == SIGNS && !are_signs(target, &k))
        return refuse_signs(data, loss, target, k);
    return fine ? dg_ok() : refuse_labels(data, loss, target, kind == ZERO_TO_ONE ? 0 : scores);
}

dg_status dg_data_check(const dg_data *data, const dg_graph *graph)
{
    bool *are_targets;
    REFUSE_NULL(data);
    REFUSE_NULL(graph);
    const dg_tensor *target = dg_tensors_find(data->data.fields, "target");
    DG_TRY(target_inputs(graph, NULL, &are_targets));
    dg_status status = dg_ok();
    for (int64_t id = 0; status.code == DG_OK && id < dg_graph_node_count(graph); id++) {
        const dg_node *loss = dg_graph_node(graph, id);
        bool as_they_are;
        const dg_node *input = source_of(loss, &as_they_are);
        if (input && target && input_takes_target(input, are_targets))
            status = check_loss(data, loss, input, as_they_are, target);
        else if (input && as_they_are)
            status = check_copied(data, loss, input);
    }
    free(are_targets);
    return status;
}
