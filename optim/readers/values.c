/* Data written out in the specification itself: values(features=[[0, 1], [1, 0]], target=[1, 0]). */
#include "readers.h"

#include <math.h>
#include <string.h>

static dg_status bad_field(const char *name, const char *what)
{
    return dg_error(DG_BAD_ARGUMENT, "data values: %s %s", name, what);
}

/* The sizes of nested lists, by the first of each. */
static dg_status find_shape(const char *name, const dg_value *list, dg_shape *shape)
{
    *shape = dg_scalar();
    for (; list->kind == DG_VALUE_LIST; list = &list->items[0]) {
        if (list->count == 0)
            return bad_field(name, "holds an empty list");
        if (shape->rank == DG_MAX_RANK)
            return bad_field(name, "is nested too deep");
        shape->dims[shape->rank++] = (int64_t)list->count;
    }
    return shape->rank > 0 ? dg_ok() : bad_field(name, "needs a list with an item for each row");
}

static dg_status fill(const char *name, const dg_value *value, int depth, dg_tensor *tensor, int64_t *next)
{
    double number;
    if (depth == tensor->shape.rank) {
        if (!dg_value_number(value, &number) || !isfinite(number))
            return bad_field(name, "holds something else than finite numbers in equal lists");
        dg_tensor_set(tensor, (*next)++, number);
        return dg_ok();
    }
    if (value->kind != DG_VALUE_LIST || (int64_t)value->count != tensor->shape.dims[depth])
        return bad_field(name, "holds lists of different lengths");
    for (size_t k = 0; k < value->count; k++)
        DG_TRY(fill(name, &value->items[k], depth + 1, tensor, next));
    return dg_ok();
}

static dg_status take_field(const dg_value *value, dg_data *set)
{
    dg_shape shape;
    dg_tensor *tensor;
    int64_t next = 0;
    DG_TRY(find_shape(value->key, value, &shape));
    DG_TRY(dg_tensors_add(set->data.fields, value->key, DG_FLOAT64, shape, &tensor));
    return fill(value->key, value, 0, tensor, &next);
}

static dg_status values_take(const data_reading *reading, dg_data *set)
{
    for (size_t k = 0; k < reading->call->count; k++)
        if (reading->call->items[k].kind == DG_VALUE_LIST)
            DG_TRY(take_field(&reading->call->items[k], set));
    dg_status status = dg_dataset_rows(&set->data, &set->count);
    if (status.code != DG_OK)
        return dg_prefixed(status, "data values");
    const dg_tensor *target = dg_tensors_find(set->data.fields, "target");
    return target && target->shape.rank == 1 ? data_find_labels(set, target, NULL, false) : dg_ok();
}

static dg_status values_read(const data_reading *reading, dg_data **made)
{
    dg_data *set;
    *made = NULL;
    DG_TRY(data_set_new(reading->name, &set));
    dg_status status = values_take(reading, set);
    if (status.code == DG_OK)
        *made = set;
    else
        dg_data_free(set);
    return status;
}

static const dg_data_format formats[] = {
    {"values", "", "none", 0, "written out: values(features=[[0, 1], [1, 0]], target=[1, 0])"},
};

const data_reader values_reader = {.formats = formats, .n_formats = 1, .has_fields = true, .read = values_read};
