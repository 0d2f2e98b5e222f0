/* The set that readers fill, and what a program may ask of it. */
#include "set.h"

#include "core/base/counts.h"
#include "core/base/plain.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_CLASSES 1e6

dg_status data_no_memory(const char *source)
{
    return dg_no_memory("the data of %s", source);
}

dg_status budget_take(data_budget *budget, const char *source, size_t bytes)
{
    size_t used;
    if (__builtin_add_overflow(budget->used, bytes, &used))
        return data_no_memory(source);
    if (budget->limit && used > budget->limit)
        return dg_error(DG_NO_MEMORY, "%s: reading these data takes %zu byte(s) or more, the limit is %zu", source,
                        used, budget->limit);
    budget->used = used;
    return dg_ok();
}

void budget_give(data_budget *budget, size_t bytes)
{
    budget->used -= bytes < budget->used ? bytes : budget->used;
}

dg_status data_set_new(const char *source, dg_data **made)
{
    dg_data *set = calloc(1, sizeof *set);
    *made = NULL;
    if (!set)
        return data_no_memory(source);
    set->source = strdup(source);
    dg_status status = set->source ? dg_arena_new(&set->arena) : data_no_memory(source);
    if (status.code == DG_OK)
        status = dg_dataset_new(&set->data);
    set->data.of = set;
    if (status.code == DG_OK)
        *made = set;
    else
        dg_data_free(set);
    return status;
}

void dg_data_free(dg_data *set)
{
    if (!set)
        return;
    dg_dataset_release(&set->data);
    dg_tensor_release(&set->offset);
    dg_tensor_release(&set->divisor);
    dg_arena_free(set->arena);
    free(set->notices);
    free(set->source);
    free(set);
}

char *data_text(dg_data *set, const char *text)
{
    return dg_arena_text(set->arena, text, strlen(text));
}

void *data_alloc(dg_data *set, size_t count, size_t size)
{
    size_t bytes;
    return __builtin_mul_overflow(count, size, &bytes) ? NULL : dg_arena_alloc(set->arena, bytes ? bytes : 1);
}

dg_status data_notice(dg_data *set, const char *format, ...)
{
    char text[1024];
    va_list list;
    if (set->n_notices == set->notices_capacity) {
        size_t capacity = 2 * set->notices_capacity + 8;
        const char **notices = realloc(set->notices, capacity * sizeof *notices);
        if (!notices)
            return data_no_memory(set->source);
        set->notices = notices;
        set->notices_capacity = capacity;
    }
    int head = snprintf(text, sizeof text, "%s: ", set->source);
    head = head < 0 ? 0 : head < (int)sizeof text / 2 ? head : (int)sizeof text / 2;
    va_start(list, format);
    plain_print_list(text + head, sizeof text - (size_t)head, format, list);
    va_end(list);
    settle_counts(text);
    char *copy = data_text(set, text);
    if (!copy)
        return data_no_memory(set->source);
    set->notices[set->n_notices++] = copy;
    return dg_ok();
}

const char *data_place(const dg_data *set, int64_t row, char text[DATA_PLACE])
{
    if (set->lines)
        snprintf(text, DATA_PLACE, "%.260s:%lld", set->source, (long long)set->lines[row]);
    else
        snprintf(text, DATA_PLACE, "%.260s: row %lld", set->source, (long long)row + 1);
    return text;
}

int64_t data_count_classes(const dg_tensor *target)
{
    double greatest = -1;
    for (int64_t k = 0; k < dg_tensor_count(target); k++) {
        double value = dg_tensor_get(target, k);
        if (!(value >= 0) || value != floor(value) || value > MAX_CLASSES)
            return 0;
        greatest = fmax(greatest, value);
    }
    return (int64_t)greatest + 1;
}

/* The different numbers of a target in ascending order; *count is 0 when one is not whole or there are too many. */
static void collect_labels(const dg_tensor *target, const double *ignored, double labels[DATA_MAX_LABELS],
                           int64_t *count)
{
    *count = 0;
    for (int64_t k = 0; k < dg_tensor_count(target); k++) {
        double value = dg_tensor_get(target, k);
        if (ignored && value == *ignored)
            continue;
        int64_t low = 0, high = *count;
        while (low < high) {
            int64_t middle = low + (high - low) / 2;
            if (labels[middle] < value)
                low = middle + 1;
            else
                high = middle;
        }
        if (low < *count && labels[low] == value)
            continue;
        if (value != floor(value) || fabs(value) > 9e15 || *count == DATA_MAX_LABELS) {
            *count = 0;
            return;
        }
        memmove(&labels[low + 1], &labels[low], (size_t)(*count - low) * sizeof *labels);
        labels[low] = value;
        ++*count;
    }
}

dg_status data_find_labels(dg_data *set, const dg_tensor *target, const double *ignored, bool all)
{
    double labels[DATA_MAX_LABELS];
    int64_t count;
    set->n_classes = 0;
    set->classes = NULL;
    set->labels = NULL;
    collect_labels(target, ignored, labels, &count);
    if (count == 0) {
        set->n_classes = ignored ? 0 : data_count_classes(target);
        return dg_ok();
    }
    if (!all && labels[0] >= 0 && labels[count - 1] <= MAX_CLASSES && (labels[0] == 0 || count == 1)) {
        set->n_classes = (int64_t)labels[count - 1] + 1;
        return dg_ok();
    }
    double *kept = data_alloc(set, (size_t)count, sizeof *kept);
    const char **names = data_alloc(set, (size_t)count, sizeof *names);
    if (!kept || !names)
        return data_no_memory(set->source);
    memcpy(kept, labels, (size_t)count * sizeof *kept);
    for (int64_t k = 0; k < count; k++) {
        char number[DG_NUMBER_TEXT];
        if (!(names[k] = data_text(set, dg_number_print(labels[k], DG_FLOAT64, number))))
            return data_no_memory(set->source);
    }
    set->labels = kept;
    set->classes = names;
    set->n_classes = count;
    return dg_ok();
}

/* ---- what a program may ask ---- */

const dg_dataset *dg_data_set(const dg_data *data)
{
    return data ? &data->data : NULL;
}

int64_t dg_data_rows(const dg_data *data)
{
    return data ? data->count : 0;
}

size_t dg_data_bytes(const dg_data *data)
{
    size_t bytes = 0;
    for (size_t k = 0; data && k < dg_tensors_count(data->data.fields); k++)
        bytes += dg_tensor_bytes(dg_tensors_at(data->data.fields, k));
    return bytes;
}

int64_t dg_data_column_count(const dg_data *data)
{
    return data ? data->n_columns : 0;
}

const dg_column *dg_data_column(const dg_data *data, int64_t index)
{
    return data && index >= 0 && index < data->n_columns ? &data->columns[index].is : NULL;
}

int64_t dg_data_class_count(const dg_data *data)
{
    return data ? data->n_classes : 0;
}

const char *dg_data_class(const dg_data *data, int64_t index)
{
    return data && data->classes && index >= 0 && index < data->n_classes ? data->classes[index] : NULL;
}

const dg_tensor *dg_data_offset(const dg_data *data)
{
    return data && data->offset.data ? &data->offset : NULL;
}

const dg_tensor *dg_data_divisor(const dg_data *data)
{
    return data && data->divisor.data ? &data->divisor : NULL;
}

const char *dg_data_notice(const dg_data *data, size_t index)
{
    return data && index < data->n_notices ? data->notices[index] : NULL;
}
