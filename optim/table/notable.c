/* Columns of numbers that are hardly meant so: the same number in every row, one number far from all others. */
#include "columns.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

enum { LEAST_ROWS = 4, MOST_SAMPLED = 4096 };

/* As many times as far from the median as nine of ten other numbers: scaled, these are all but equal. */
static const double far_times = 1e4;

static int by_number(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* A column in all rows: the least and the greatest number, and where the median and nine of ten numbers around it are,
 * by rows at equal distances. */
typedef struct spread {
    double least, greatest, median, usual;
    int64_t least_row, greatest_row;
} spread;

static spread measure(const dg_data *set, const dg_tensor *field, int64_t element, double *sampled)
{
    int64_t width = dg_tensor_count(field) / set->count;
    spread s = {.least = INFINITY, .greatest = -INFINITY};
    int64_t step = (set->count + MOST_SAMPLED - 1) / MOST_SAMPLED, count = 0;
    for (int64_t row = 0; row < set->count; row++) {
        double number = dg_tensor_get(field, row * width + element);
        if (number < s.least) {
            s.least = number;
            s.least_row = row;
        }
        if (number > s.greatest) {
            s.greatest = number;
            s.greatest_row = row;
        }
        if (row % step == 0)
            sampled[count++] = number;
    }
    qsort(sampled, (size_t)count, sizeof *sampled, by_number);
    s.median = sampled[count / 2];
    for (int64_t k = 0; k < count; k++)
        sampled[k] = fabs(sampled[k] - s.median);
    qsort(sampled, (size_t)count, sizeof *sampled, by_number);
    s.usual = sampled[count * 9 / 10 - (count % 10 == 0)];
    return s;
}

static dg_status tell_far(dg_data *set, int64_t column, const spread *s)
{
    bool is_below = s->median - s->least > s->greatest - s->median;
    double number = is_below ? s->least : s->greatest;
    int64_t row = is_below ? s->least_row : s->greatest_row;
    char label[80];
    if (!(fabs(number - s->median) > far_times * s->usual) || !(s->usual > 0) || fabs(number) > FLT_MAX)
        return dg_ok(); /* what float32 does not hold is told where it is scaled */
    return data_notice(set, "%s %lld, column %s: %.6g, where most numbers are within %.3g of %.6g: is that intended?",
                       set->lines ? "line" : "row", (long long)(set->lines ? set->lines[row] : row + 1),
                       column_label(set, column, label), number, s->usual, s->median);
}

dg_status data_tell_columns(dg_data *set)
{
    const dg_tensor *const fields[] = {[DG_COLUMN_FEATURE] = dg_tensors_find(set->data.fields, "features"),
                                       [DG_COLUMN_TARGET] = dg_tensors_find(set->data.fields, "target"),
                                       [DG_COLUMN_LEFT_OUT] = NULL};
    short_list same = {0};
    char label[80];
    if (set->count < LEAST_ROWS)
        return dg_ok();
    double *sampled = malloc(MOST_SAMPLED * sizeof *sampled);
    dg_status status = sampled ? dg_ok() : data_no_memory(set->source);
    for (int64_t k = 0; status.code == DG_OK && k < set->n_columns; k++) {
        const dg_column *column = &set->columns[k].is;
        const dg_tensor *field = fields[column->use];
        bool is_class = column->use == DG_COLUMN_TARGET && set->n_classes;
        if (!field || !dg_dtype_is_float(field->dtype) || column->n_words || is_class)
            continue;
        const spread s = measure(set, field, column->first, sampled);
        if (s.least == s.greatest)
            short_list_add(&same, "%s (%.6g)", column_label(set, k, label), s.least);
        else
            status = tell_far(set, k, &s);
    }
    free(sampled);
    if (status.code == DG_OK && same.count)
        status = data_notice(set, "the same number in every row, from which nothing is learnt: column%s %s",
                             same.count == 1 ? "" : "s", short_list_text(&same));
    return status;
}
