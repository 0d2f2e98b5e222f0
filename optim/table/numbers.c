/* Numbers of features and targets: those that float32 cannot train with, and those that a network is slow to reach. */
#include "columns.h"

#include <dotgrad/op.h>

#include <float.h>
#include <math.h>
#include <stdio.h>

#define FAR_TARGET 100 /* where a hint is worth a line */

const char *table_target(const dg_data *set, char text[120])
{
    const char *name = "";
    for (int64_t k = 0; k < set->n_columns; k++)
        if (set->columns[k].is.use == DG_COLUMN_TARGET)
            name = set->columns[k].is.name;
    snprintf(text, 120, *name ? "the target, column '%.80s'," : "the target", name);
    return text;
}

static dg_status out_of_range(const dg_data *set, int64_t row, const char *what, double number, double most)
{
    char place[DATA_PLACE];
    return dg_error(DG_BAD_DATA,
                    "%s: %s is %.6g, more than float32 can train with (%.2g): mend it, choose another unit, or train "
                    "with --dtype float64",
                    data_place(set, row, place), what, number, most);
}

/* Features that float32 cannot hold, as they are in the file. */
dg_status table_check_features(const dg_data *set, const dg_graph *graph)
{
    const dg_tensor *features = dg_tensors_find(set->data.fields, "features");
    bool is_wide = features && dg_dtype_is_float(features->dtype) && dg_graph_dtype(graph) == DG_FLOAT32;
    int64_t width = is_wide && set->count ? dg_tensor_count(features) / set->count : 1;
    char what[100] = "a feature", label[80];
    for (int64_t k = 0; is_wide && k < set->count * width; k++) {
        double number = dg_tensor_get(features, k);
        if (fabs(number) <= FLT_MAX)
            continue;
        for (int64_t c = 0; c < set->n_columns; c++)
            if (set->columns[c].is.use == DG_COLUMN_FEATURE && set->columns[c].is.first == k % width)
                snprintf(what, sizeof what, "column %s", column_label(set, c, label));
        int64_t at = dg_tensor_count(&set->offset) == width ? k % width : 0;
        if (set->offset.data)
            number = number * dg_tensor_get(&set->divisor, at) + dg_tensor_get(&set->offset, at);
        return out_of_range(set, k / width, what, number, FLT_MAX);
    }
    return dg_ok();
}

/* A target that float32 cannot hold, or not the square of. */
static dg_status check_target(const dg_data *set, const dg_tensor *target, double most)
{
    char label[120];
    for (int64_t k = 0; k < dg_tensor_count(target); k++)
        if (fabs(dg_tensor_get(target, k)) > most)
            return out_of_range(set, k / (dg_tensor_count(target) / set->count), table_target(set, label),
                                dg_tensor_get(target, k), most);
    return dg_ok();
}

/* A network begins near 0: targets far from there, or in a unit that is not theirs, take long to be reached. */
static dg_status tell_far_target(dg_data *set, const dg_node *loss, const dg_tensor *target)
{
    double count = 0, mean = 0, square = 0;
    char label[120];
    if (dg_node_op(dg_node_input(loss, 0))->flags & DG_ANY_INPUTS) /* a formula, which may do that already */
        return dg_ok();
    if (target->shape.rank != 1 && !(target->shape.rank == 2 && target->shape.dims[1] == 1))
        return dg_ok();
    for (int64_t k = 0; k < set->data.n_train; k++) {
        double value = dg_tensor_get(target, set->data.train[k]), step = value - mean;
        mean += step / ++count;
        square += step * (value - mean);
    }
    double deviation = count > 0 ? sqrt(square / count) : 0;
    if (!(fabs(mean) > FAR_TARGET || deviation > FAR_TARGET))
        return dg_ok();
    return data_notice(set,
                       "%s has mean %.3g and standard deviation %.3g, but networks begin near 0: '%s' learns faster "
                       "with a last node op=\"expr(%.3g + %.3g * x)\"",
                       table_target(set, label), mean, deviation, dg_node_name((dg_node *)(uintptr_t)loss), mean,
                       deviation > 0 ? deviation : 1);
}

dg_status table_suit_numbers(dg_data *set, const dg_node *loss, const dg_node *input, bool as_they_are,
                             const dg_tensor *target)
{
    bool is_values = as_they_are && dg_node_op(loss)->scores == DG_SCORES_VALUES;
    if (dg_node_type(input, 0)->dtype == DG_FLOAT32)
        DG_TRY(check_target(set, target, is_values ? sqrt(FLT_MAX) : FLT_MAX));
    return is_values ? tell_far_target(set, loss, target) : dg_ok();
}
