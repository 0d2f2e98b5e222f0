/* An array of NumPy's as a data set; a matrix in an .npy file is a table without a header. */
#include "readers.h"

#include <math.h>

/* An array of another rank than 2 has features alone, a row for each of its first index. */
static dg_status take_features(const data_reading *reading, const dg_tensor *array, dg_data **made)
{
    dg_data *set;
    if (array->shape.rank == 0 || dg_tensor_count(array) == 0)
        return dg_error(DG_BAD_DATA, "%s: the array has no rows", reading->path);
    DG_TRY(arrays_check(reading->path, "the array", array));
    DG_TRY(data_set_new(reading->path, &set));
    set->count = array->shape.dims[0];
    dg_status status = dg_tensors_put(set->data.fields, "features", array);
    if (status.code == DG_OK)
        *made = set;
    else
        dg_data_free(set);
    return status;
}

static dg_status fill_table(const dg_tensor *array, data_table *table)
{
    int64_t width = array->shape.dims[1];
    DG_TRY(data_table_set_columns(table, width));
    for (int64_t row = 0; row < array->shape.dims[0]; row++) {
        DG_TRY(data_table_add_row(table, row + 1));
        for (int64_t k = 0; k < width; k++) {
            double number = dg_tensor_get(array, row * width + k);
            if (isfinite(number))
                data_table_put_number(table, k, number);
            else
                DG_TRY(data_table_put(table, k, isnan(number) ? "nan" : number > 0 ? "inf" : "-inf"));
        }
    }
    return dg_ok();
}

static dg_status npy_read(const data_reading *reading, dg_data **made)
{
    dg_tensors *file = NULL;
    data_table table;
    *made = NULL;
    DG_TRY(arrays_file(reading, &file));
    const dg_tensor *array = dg_tensors_find(file, "array");
    dg_status status = dg_ok();
    if (!array)
        status = dg_error(DG_BAD_DATA,
                          "%s: the elements of the array are of type '%s', which is not read: "
                          "numpy.savez('x.npz', features=…, target=…) takes numbers and words",
                          reading->path, dg_tensors_unread(file, "array") ? dg_tensors_unread(file, "array") : "?");
    else if (array->shape.rank != 2 || array->shape.dims[1] < 1) {
        status = take_features(reading, array, made);
    } else {
        data_table_begin(&table, reading->path, reading, NULL, 0);
        status = fill_table(array, &table);
        if (status.code == DG_OK)
            status = data_table_to_set(&table, reading, made);
        data_table_free(&table);
    }
    dg_tensors_free(file);
    return status;
}

static const dg_data_format npy_formats[] = {
    {"npy", ".npy", "standard", 0.25, "one array of NumPy's; a matrix is a table without a header"},
};

const data_reader npy_reader = {
    .formats = npy_formats, .n_formats = 1, .kinds = SETS_TABLE | SETS_FILE, .read = npy_read};
