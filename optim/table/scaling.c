/* What follows the split: missing numbers get the mean or median of the training rows, then features are scaled by
 * statistics of the training rows. */
#include "columns.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST_SQUARED 1e140 /* a sum of so many squares as there is memory for is finite */

/* ---- missing numbers ---- */

static int by_number(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The numbers of one feature in the training rows that are there; *count of them. */
static void gather(const dg_data *set, const dg_tensor *features, int64_t element, double *numbers, int64_t *count)
{
    const double *at = features->data;
    *count = 0;
    for (int64_t k = 0; k < set->data.n_train; k++) {
        double number = at[set->data.train[k] * set->n_features + element];
        if (!isnan(number))
            numbers[(*count)++] = number;
    }
}

static double middle_of(const char *fill, double *numbers, int64_t count)
{
    double sum = 0;
    if (count == 0)
        return 0;
    if (!strcmp(fill, "median")) {
        qsort(numbers, (size_t)count, sizeof *numbers, by_number);
        return count % 2 ? numbers[count / 2] : (numbers[count / 2 - 1] + numbers[count / 2]) / 2;
    }
    for (int64_t k = 0; k < count; k++)
        sum += numbers[k];
    return sum / (double)count;
}

static int64_t fill_in(const dg_data *set, dg_tensor *features, const dg_column *column)
{
    double *at = (double *)features->data + column->first;
    int64_t filled = 0;
    for (int64_t row = 0; row < set->count; row++, at += set->n_features)
        if (isnan(*at)) {
            *at = column->fill;
            filled++;
        }
    return filled;
}

static void fill_column(dg_data *set, dg_tensor *features, dg_column *column, double *numbers, double constant,
                        short_list *told, const char *label)
{
    int64_t count;
    if (isnan(column->fill)) { /* not read as in training */
        gather(set, features, column->first, numbers, &count);
        column->fill = isnan(constant) ? middle_of(set->fill, numbers, count) : constant;
    }
    int64_t filled = fill_in(set, features, column);
    if (filled)
        short_list_add(told, "%s (%lld: %.6g)", label, (long long)filled, column->fill);
}

dg_status data_fill(dg_data *set)
{
    dg_tensor *features = set->n_columns ? dg_tensors_find(set->data.fields, "features") : NULL;
    double constant = NAN;
    short_list told = {0};
    char label[80];
    if (!features || !strcmp(set->fill, "drop"))
        return dg_ok();
    decimal_read(set->fill, &constant);
    double *numbers = malloc((size_t)(set->data.n_train + 1) * sizeof *numbers);
    if (!numbers)
        return data_no_memory(set->source);
    for (int64_t k = 0; k < set->n_columns; k++)
        if (set->columns[k].is.use == DG_COLUMN_FEATURE && !set->columns[k].is.n_words)
            fill_column(set, features, &set->columns[k].is, numbers, constant, &told, column_label(set, k, label));
    free(numbers);
    const char *what = !strcmp(set->fill, "median") ? "the median" : isnan(constant) ? "the mean" : "the number given";
    return told.count ? data_notice(set, "missing cells were filled with %s of the training rows: %s", what,
                                    short_list_text(&told))
                      : dg_ok();
}

/* ---- scaling ---- */

/* Features `first`, … `first + width − 1` of the training rows. */
typedef struct feature_range {
    const dg_data *set;
    const dg_tensor *features;
    int64_t first, width, stride;
} feature_range;

static double value_of(const feature_range *range, int64_t k, int64_t c)
{
    int64_t at = range->set->data.train[k] * range->stride + range->first + c;
    return range->features->dtype == DG_FLOAT32   ? (double)((const float *)range->features->data)[at]
           : range->features->dtype == DG_FLOAT64 ? ((const double *)range->features->data)[at]
                                                  : dg_tensor_get(range->features, at);
}

static double unit_statistics(const feature_range *range, double *divisor)
{
    double least = INFINITY, greatest = -INFINITY;
    for (int64_t k = 0; k < range->set->data.n_train; k++)
        for (int64_t c = 0; c < range->width; c++) {
            double value = value_of(range, k, c);
            least = fmin(least, value);
            greatest = fmax(greatest, value);
        }
    *divisor = greatest > least ? fmin(greatest - least, DBL_MAX) : 1;
    return least;
}

/* What keeps the squares of numbers below overflow: 1, or the greatest of them. */
static double find_unit(const feature_range *range)
{
    double greatest = 0;
    for (int64_t k = 0; k < range->set->data.n_train; k++)
        for (int64_t c = 0; c < range->width; c++)
            greatest = fmax(greatest, fabs(value_of(range, k, c)));
    return greatest > MOST_SQUARED ? greatest : 1;
}

/* The deviation is that of the population. A variance within the rounding errors of its own computation is that of a
 * constant, whose divisor is 1 (the bound is scikit-learn's, after Chan, Golub and LeVeque, "Algorithms for computing
 * the sample variance", 1983). */
static double standard_statistics(const feature_range *range, double *divisor)
{
    double count = (double)range->set->data.n_train * (double)range->width, mean = 0, square = 0;
    double unit = find_unit(range);
    for (int64_t k = 0; k < range->set->data.n_train; k++)
        for (int64_t c = 0; c < range->width; c++)
            mean += value_of(range, k, c) / unit;
    mean /= count;
    for (int64_t k = 0; k < range->set->data.n_train; k++)
        for (int64_t c = 0; c < range->width; c++) {
            double difference = value_of(range, k, c) / unit - mean;
            square += difference * difference;
        }
    double variance = square / count, error = count * mean * DBL_EPSILON;
    bool constant = variance <= count * DBL_EPSILON * variance + error * error;
    *divisor = constant ? 1 : sqrt(variance) * unit;
    return mean * unit;
}

/* Numbers that float32 cannot hold, before they are scaled: one of them makes the others of its column all but equal.
 */
static dg_status tell_great(dg_data *set, const dg_tensor *features)
{
    const double *at = features->data;
    char label[80];
    for (int64_t k = 0; set->n_columns && features->dtype == DG_FLOAT64 && k < set->count * set->n_features; k++) {
        int64_t column = 0;
        if (fabs(at[k]) <= FLT_MAX)
            continue;
        while (column < set->n_columns - 1 && !(set->columns[column].is.use == DG_COLUMN_FEATURE &&
                                                set->columns[column].is.first == k % set->n_features))
            column++;
        int64_t row = k / set->n_features;
        return data_notice(set, "%s %lld, column %s: %.6g is beyond what float32 holds (3.4e38): is that intended?",
                           set->lines ? "line" : "row", (long long)(set->lines ? set->lines[row] : row + 1),
                           column_label(set, column, label), at[k]);
    }
    return dg_ok();
}

/* Columns of 0 and 1 that were made of words stay as they are: which elements they are. */
static dg_status mark_words(const dg_data *set, int64_t width, bool **marks)
{
    *marks = calloc((size_t)width + 1, sizeof **marks);
    if (!*marks)
        return data_no_memory(set->source);
    for (int64_t k = 0; k < set->n_columns; k++) {
        const dg_column *column = &set->columns[k].is;
        for (int64_t w = 0; column->use == DG_COLUMN_FEATURE && w < column->n_words; w++)
            (*marks)[column->first + w] = true;
    }
    return dg_ok();
}

dg_status data_scaling_fit(dg_data *set, const char *kind)
{
    bool unit = !strcmp(kind, "unit");
    if (!strcmp(kind, "none"))
        return dg_ok();
    const dg_tensor *features = dg_tensors_find(set->data.fields, "features");
    if (!features)
        return dg_error(DG_BAD_ARGUMENT, "%s: scale=%s: there is no field 'features' to scale", set->source, kind);
    int64_t stride = dg_tensor_count(features) / set->count, count = set->is_pixels ? 1 : stride;
    DG_TRY(dg_tensor_make(&set->offset, DG_FLOAT64, DG_SHAPE(count)));
    DG_TRY(dg_tensor_make(&set->divisor, DG_FLOAT64, DG_SHAPE(count)));
    bool *words;
    DG_TRY(mark_words(set, stride, &words));
    for (int64_t k = 0; k < count; k++) {
        double divisor = 1, offset = 0;
        if (!words[k])
            offset = (unit ? unit_statistics : standard_statistics)(
                &(feature_range){set, features, k, set->is_pixels ? stride : 1, stride}, &divisor);
        dg_tensor_set(&set->offset, k, offset);
        dg_tensor_set(&set->divisor, k, divisor);
    }
    free(words);
    return dg_ok();
}

/* The numbers of one row, from element `first` on. */
static void scale_row(const dg_data *set, dg_tensor *features, int64_t first, int64_t width)
{
    const double *offset = set->offset.data, *divisor = set->divisor.data;
    bool is_one = dg_tensor_count(&set->offset) == 1;
    float *singles = features->dtype == DG_FLOAT32 ? (float *)features->data + first : NULL;
    double *doubles = features->dtype == DG_FLOAT64 ? (double *)features->data + first : NULL;
    for (int64_t k = 0, s = 0; k < width; k++, s += !is_one)
        if (singles)
            singles[k] = (float)(((double)singles[k] - offset[s]) / divisor[s]);
        else if (doubles)
            doubles[k] = (doubles[k] - offset[s]) / divisor[s];
        else
            dg_tensor_set(features, first + k, (dg_tensor_get(features, first + k) - offset[s]) / divisor[s]);
}

dg_status data_scale(dg_data *set)
{
    dg_tensor *features = dg_tensors_find(set->data.fields, "features");
    if (features && set->offset.data)
        DG_TRY(tell_great(set, features));
    if (!set->offset.data)
        return dg_ok();
    if (!features)
        return dg_error(DG_BAD_DATA, "%s: there is no field 'features'", set->source);
    if (!dg_dtype_is_float(features->dtype)) {
        dg_tensor real;
        DG_TRY(dg_tensor_convert(&real, features, DG_FLOAT64));
        dg_status status = dg_tensors_put(set->data.fields, "features", &real);
        dg_tensor_release(&real);
        DG_TRY(status);
        features = dg_tensors_find(set->data.fields, "features");
    }
    int64_t width = dg_tensor_count(features) / set->count, count = dg_tensor_count(&set->offset);
    if (count != 1 && count != width)
        return dg_error(DG_BAD_SHAPE, "%s: the rows have %lld feature(s), but training had %lld", set->source,
                        (long long)width, (long long)count);
    for (int64_t k = 0; k < set->count; k++)
        scale_row(set, features, k * width, width);
    return dg_ok();
}
