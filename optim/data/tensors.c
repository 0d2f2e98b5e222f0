/* A safetensors file as a data set: each tensor is a field, its first size the rows; test.FIELD holds rows for testing.
 */
#include "data.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEST_PREFIX "test."

/* Classes are what an integer target counts. */
static dg_status count_classes(const char *path, data_set *set)
{
    const dg_tensor *target = dg_tensors_find(set->data.fields, "target");
    if (!target || dg_dtype_is_float(target->dtype) || target->shape.rank != 1)
        return dg_ok();
    for (int64_t k = 0; k < set->count; k++) {
        double label = dg_tensor_get(target, k);
        if (label < 0)
            return dg_error(DG_BAD_DATA, "%s: target: element %lld is %g, wants a class from 0 on", path, (long long)k,
                            label);
        set->n_classes = label >= (double)set->n_classes ? (int64_t)label + 1 : set->n_classes;
    }
    return dg_ok();
}

/* The rows of `train`, followed by those of `test` when that is not NULL. */
static dg_status add_field(const char *path, const char *name, const dg_tensor *train, const dg_tensor *test,
                           data_set *set)
{
    dg_tensor *field;
    dg_shape shape = train->shape;
    if (!test)
        return dg_tensors_put(set->data.fields, name, train);
    shape.dims[0] = test->shape.dims[0];
    if (test->dtype != train->dtype || !dg_shape_equal(&shape, &test->shape))
        return dg_error(DG_BAD_SHAPE, "%s: " TEST_PREFIX "%s has other sizes or another type than %s", path, name,
                        name);
    shape.dims[0] += train->shape.dims[0];
    DG_TRY(dg_tensors_add(set->data.fields, name, train->dtype, shape, &field));
    memcpy(field->data, train->data, dg_tensor_bytes(train));
    memcpy((char *)field->data + dg_tensor_bytes(train), test->data, dg_tensor_bytes(test));
    return dg_ok();
}

static dg_status check_numbers(const char *path, const char *name, const dg_tensor *tensor)
{
    for (int64_t k = 0; dg_dtype_is_float(tensor->dtype) && k < dg_tensor_count(tensor); k++)
        if (!isfinite(dg_tensor_get(tensor, k)))
            return dg_error(DG_BAD_DATA, "%s: %s: element %lld is not a finite number", path, name, (long long)k);
    return dg_ok();
}

static dg_status take_fields(const char *path, const dg_tensors *file, data_set *set)
{
    char test_name[256];
    bool has_test = false;
    int64_t train_rows = 0;
    for (size_t k = 0; k < dg_tensors_count(file); k++)
        has_test |= !strncmp(dg_tensors_name(file, k), TEST_PREFIX, strlen(TEST_PREFIX));
    for (size_t k = 0; k < dg_tensors_count(file); k++) {
        const char *name = dg_tensors_name(file, k);
        const dg_tensor *train = dg_tensors_at(file, k), *test = NULL;
        DG_TRY(check_numbers(path, name, train));
        if (!strncmp(name, TEST_PREFIX, strlen(TEST_PREFIX)))
            continue;
        if (train->shape.rank == 0)
            return dg_error(DG_BAD_SHAPE, "%s: %s is a scalar: fields have rows", path, name);
        if (has_test) {
            snprintf(test_name, sizeof test_name, TEST_PREFIX "%s", name);
            test = dg_tensors_find(file, test_name);
            if (!test || test->shape.rank == 0)
                return dg_error(DG_BAD_DATA, "%s: there is no tensor %s beside %s", path, test_name, name);
        }
        train_rows = train->shape.dims[0];
        DG_TRY(add_field(path, name, train, test, set));
    }
    dg_status status = dg_dataset_rows(&set->data, &set->count);
    if (status.code != DG_OK)
        return dg_prefixed(status, "%s", path);
    set->published = has_test ? train_rows : 0;
    return count_classes(path, set);
}

dg_status tensors_read(const char *path, data_set **made)
{
    dg_tensors *file = NULL;
    data_set *set = NULL;
    *made = NULL;
    DG_TRY(dg_safetensors_read(path, &file));
    dg_status status = data_set_new(path, &set);
    if (status.code == DG_OK)
        status = take_fields(path, file, set);
    dg_tensors_free(file);
    if (status.code == DG_OK)
        *made = set;
    else
        data_set_free(set);
    return status;
}
