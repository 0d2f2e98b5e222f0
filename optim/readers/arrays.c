/* Files of arrays as data sets: .safetensors and NumPy's .npz, whose arrays are fields by their names, the first size
 * the rows. */
#include "readers.h"

#include "core/base/plain.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEST_PREFIX "test."

/* What other programs call the fields. */
static const struct {
    const char *name, *field;
} customs[] = {
    {"x", "features"},
    {"data", "features"},
    {"images", "features"},
    {"inputs", "features"},
    {"x_train", "features"},
    {"train_images", "features"},
    {"train_x", "features"},
    {"y", "target"},
    {"labels", "target"},
    {"label", "target"},
    {"targets", "target"},
    {"y_train", "target"},
    {"train_y", "target"},
    {"train_labels", "target"},
    {"x_test", "test.features"},
    {"test_x", "test.features"},
    {"y_test", "test.target"},
    {"test_y", "test.target"},
    {"test_labels", "test.target"},
    {"test_images", "test.features"},
};

/* Arrays of an .npz under the names of fields. A name that is a field's already is left alone. */
static dg_status rename_fields(dg_tensors *file, dg_tensors **renamed)
{
    bool has_field = dg_tensors_find(file, "features") || dg_tensors_find(file, "target");
    DG_TRY(dg_tensors_new(renamed));
    for (size_t k = 0; k < dg_tensors_count(file); k++) {
        const char *name = dg_tensors_name(file, k), *field = name;
        char words[300];
        for (size_t c = 0; !has_field && c < sizeof customs / sizeof customs[0]; c++)
            if (plain_same(name, customs[c].name))
                field = customs[c].field;
        if (dg_tensors_find(*renamed, field))
            field = name;
        DG_TRY(dg_tensors_put(*renamed, field, dg_tensors_at(file, k)));
        snprintf(words, sizeof words, "words.%.280s", name);
        const char *note = dg_tensors_note(file, words);
        snprintf(words, sizeof words, "words.%.280s", field);
        if (note)
            DG_TRY(dg_tensors_set_note(*renamed, words, note));
    }
    return dg_ok();
}

/* ---- fields ---- */

/* The rows of `train`, followed by those of `test` when that is not NULL. */
static dg_status add_field(const char *path, const char *name, const dg_tensor *train, const dg_tensor *test,
                           dg_data *set)
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

dg_status arrays_check(const char *path, const char *name, const dg_tensor *tensor)
{
    for (int64_t k = 0; dg_dtype_is_float(tensor->dtype) && k < dg_tensor_count(tensor); k++)
        if (!isfinite(dg_tensor_get(tensor, k)))
            return dg_error(DG_BAD_DATA, "%s: %s: element %lld is not a finite number", path, name, (long long)k);
    return dg_ok();
}

/* The classes of a target: those that the file names, or its integers. */
static dg_status find_classes(const dg_tensors *file, dg_data *set)
{
    dg_tensor *target = dg_tensors_find(set->data.fields, "target");
    const char *note = dg_tensors_note(file, "words.target");
    if (target && target->shape.rank == 2 && target->shape.dims[1] == 1)
        target->shape.rank = 1; /* a column */
    if (!target || target->shape.rank != 1)
        return dg_ok();
    if (!note)
        return dg_dtype_is_float(target->dtype) ? dg_ok() : data_find_labels(set, target, NULL, false);
    cJSON *json = cJSON_Parse(note);
    int count = cJSON_GetArraySize(json), k = 0;
    const char **names = data_alloc(set, (size_t)count + 1, sizeof *names);
    const cJSON *item;
    bool fine = names != NULL;
    cJSON_ArrayForEach(item, json)
    {
        fine = fine && cJSON_IsString(item) && (names[k++] = data_text(set, item->valuestring)) != NULL;
    }
    cJSON_Delete(json);
    if (!fine)
        return data_no_memory(set->source);
    set->classes = names;
    set->n_classes = count;
    set->has_words = true;
    return dg_ok();
}

static dg_status take_fields(const char *path, const dg_tensors *file, dg_data *set)
{
    char test_name[300];
    bool has_test = false;
    int64_t train_rows = 0;
    for (size_t k = 0; k < dg_tensors_count(file); k++)
        has_test |= !strncmp(dg_tensors_name(file, k), TEST_PREFIX, strlen(TEST_PREFIX));
    for (size_t k = 0; k < dg_tensors_count(file); k++) {
        const char *name = dg_tensors_name(file, k);
        const dg_tensor *train = dg_tensors_at(file, k), *test = NULL;
        DG_TRY(arrays_check(path, name, train));
        if (!strncmp(name, TEST_PREFIX, strlen(TEST_PREFIX)))
            continue;
        if (train->shape.rank == 0)
            return dg_error(DG_BAD_SHAPE, "%s: %s is a scalar: fields have rows", path, name);
        if (has_test) {
            snprintf(test_name, sizeof test_name, TEST_PREFIX "%.280s", name);
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
    return find_classes(file, set);
}

/* Arrays of a kind that is not read are no loss where nobody wants them; features and target are wanted. */
static dg_status check_unread(const char *path, const dg_tensors *file)
{
    static const char *const wanted[] = {"features", "target"};
    for (size_t k = 0; k < sizeof customs / sizeof customs[0] + 2; k++) {
        const char *name = k < 2 ? wanted[k] : customs[k - 2].name;
        const char upper[2] = {(char)toupper((unsigned char)name[0]), '\0'};
        const char *type = dg_tensors_unread(file, name);
        if (!type && !name[1])
            type = dg_tensors_unread(file, name = upper);
        if (type)
            return dg_error(DG_BAD_DATA,
                            "%s: %s is of type '%s', which is not read: save numbers, or words as y.astype(str)", path,
                            name, type);
    }
    return dg_ok();
}

dg_status arrays_file(const data_reading *reading, dg_tensors **file)
{
    char *bytes;
    size_t size, limit = (size_t)reading->options->max_bytes;
    DG_TRY(bytes_read(reading->path, reading->options->max_bytes, reading->budget, &bytes, &size));
    if (!limit && reading->budget->limit)
        limit = reading->budget->limit - reading->budget->used + 1;
    dg_status status = dg_tensors_parse(bytes, size, limit, file);
    free(bytes);
    budget_give(reading->budget, size);
    return status.code == DG_OK ? status : dg_prefixed(status, "%s", reading->path);
}

static dg_status arrays_read(const data_reading *reading, dg_data **made)
{
    dg_tensors *file = NULL, *renamed = NULL;
    dg_data *set = NULL;
    *made = NULL;
    DG_TRY(arrays_file(reading, &file));
    dg_status status = check_unread(reading->path, file);
    if (status.code == DG_OK)
        status = rename_fields(file, &renamed);
    dg_tensors_free(file);
    if (status.code == DG_OK)
        status = data_set_new(reading->path, &set);
    if (status.code == DG_OK)
        status = take_fields(reading->path, renamed, set);
    dg_tensors_free(renamed);
    if (status.code == DG_OK)
        *made = set;
    else
        dg_data_free(set);
    return status;
}

static const dg_data_format array_formats[] = {
    {"safetensors", ".safetensors .st", "none", 0.25, "tensors features, target, …; test.features, … are for testing"},
    {"npz", ".npz", "none", 0.25, "NumPy's arrays features, target, … (or x, y, x_train, y_train, x_test, y_test)"},
};

const data_reader arrays_reader = {.formats = array_formats,
                                   .n_formats = sizeof array_formats / sizeof array_formats[0],
                                   .kinds = SETS_FILE,
                                   .read = arrays_read};
