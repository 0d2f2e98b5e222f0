/* Data sets: named fields with a common number of rows, and the lists of rows for training, validation and test. */
#include "core/base/null.h"
#include <dotgrad/data.h>
#include <dotgrad/random.h>

#include <math.h>
#include <stdlib.h>

dg_status dg_dataset_new(dg_dataset *data)
{
    REFUSE_NULL(data);
    *data = (dg_dataset){0};
    return dg_tensors_new(&data->fields);
}

void dg_dataset_release(dg_dataset *data)
{
    if (!data)
        return;
    dg_tensors_free(data->fields);
    free(data->train);
    free(data->validation);
    free(data->test);
    *data = (dg_dataset){0};
}

dg_status dg_dataset_rows(const dg_dataset *data, int64_t *rows)
{
    REFUSE_NULL(data);
    REFUSE_NULL(rows);
    *rows = 0;
    size_t count = data->fields ? dg_tensors_count(data->fields) : 0;
    if (!count)
        return dg_error(DG_BAD_DATA, "the data set has no fields");
    for (size_t i = 0; i < count; i++) {
        const dg_tensor *field = dg_tensors_at(data->fields, i);
        if (field->shape.rank == 0)
            return dg_error(DG_BAD_SHAPE, "field '%s' is a scalar, expected rows", dg_tensors_name(data->fields, i));
        if (i && field->shape.dims[0] != *rows)
            return dg_error(DG_BAD_SHAPE, "field '%s' has %lld row(s), '%s' has %lld", dg_tensors_name(data->fields, i),
                            (long long)field->shape.dims[0], dg_tensors_name(data->fields, 0), (long long)*rows);
        *rows = field->shape.dims[0];
    }
    return *rows ? dg_ok() : dg_error(DG_BAD_DATA, "the data set has no rows");
}

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* A sorted copy of `count` row numbers; NULL for none. */
static dg_status copy_list(const int64_t *rows, int64_t count, int64_t **list)
{
    *list = NULL;
    if (count <= 0)
        return dg_ok();
    *list = calloc((size_t)count, sizeof **list);
    if (!*list)
        return dg_no_memory("%lld row numbers", (long long)count);
    for (int64_t i = 0; i < count; i++)
        (*list)[i] = rows[i];
    qsort(*list, (size_t)count, sizeof **list, ascending);
    return dg_ok();
}

/* The lists of `data` replaced by three pieces of `rows`: training first, then validation, then test. */
static dg_status deal(dg_dataset *data, const int64_t *rows, int64_t n_train, int64_t n_validation, int64_t n_test)
{
    int64_t *train = NULL, *validation = NULL, *test = NULL;
    dg_status status = copy_list(rows, n_train, &train);
    if (status.code == DG_OK)
        status = copy_list(rows + n_train, n_validation, &validation);
    if (status.code == DG_OK)
        status = copy_list(rows + n_train + n_validation, n_test, &test);
    if (status.code != DG_OK) {
        free(train);
        free(validation);
        free(test);
        return status;
    }
    free(data->train);
    free(data->validation);
    free(data->test);
    *data = (dg_dataset){.fields = data->fields,
                         .train = train,
                         .validation = validation,
                         .test = test,
                         .n_train = n_train,
                         .n_validation = n_validation,
                         .n_test = n_test,
                         .of = data->of};
    return status;
}

static int64_t part_of(double fraction, int64_t rows)
{
    int64_t count = (int64_t)llround(fraction * (double)rows);
    return fraction > 0 && count < 1 ? 1 : count;
}

static dg_status check_fraction(const char *what, double fraction)
{
    return fraction >= 0 && fraction < 1
               ? dg_ok()
               : dg_error(DG_BAD_ARGUMENT, "%s is %g, expected a fraction from 0 to below 1", what, fraction);
}

dg_status dg_dataset_split(dg_dataset *data, double test, double validation, uint64_t seed)
{
    int64_t rows;
    REFUSE_NULL(data);
    DG_TRY(dg_dataset_rows(data, &rows));
    DG_TRY(check_fraction("test", test));
    DG_TRY(check_fraction("validation", validation));
    int64_t n_test = part_of(test, rows), n_validation = part_of(validation, rows);
    if (n_test + n_validation >= rows)
        return dg_error(DG_BAD_ARGUMENT, "test=%g and validation=%g leave no row of %lld for training: use %s", test,
                        validation, (long long)rows, validation > 0 ? "a smaller validation, or test=0" : "test=0");
    int64_t *order = calloc((size_t)rows, sizeof *order);
    if (!order)
        return dg_no_memory("%lld row numbers", (long long)rows);
    const dg_random key = {.seed = seed, .stream = dg_random_stream("split")};
    dg_random_permutation(&key, rows, order);
    dg_status status = deal(data, order, rows - n_test - n_validation, n_validation, n_test);
    free(order);
    return status;
}

dg_status dg_dataset_fold(dg_dataset *data, int64_t folds, int64_t fold, double validation, uint64_t seed)
{
    int64_t rows;
    REFUSE_NULL(data);
    DG_TRY(dg_dataset_rows(data, &rows));
    DG_TRY(check_fraction("validation", validation));
    if (folds < 2 || folds > rows)
        return dg_error(DG_BAD_ARGUMENT, "folds is %lld, expected 2 … %lld (the rows)", (long long)folds,
                        (long long)rows);
    if (fold < 1 || fold > folds)
        return dg_error(DG_BAD_ARGUMENT, "fold is %lld, expected 1 … %lld", (long long)fold, (long long)folds);
    /* in whole rows and remainders: folds·rows may not fit */
    int64_t each = rows / folds, more = rows % folds, before = fold - 1;
    int64_t begin = before * each + (before < more ? before : more), n_test = each + (before < more);
    int64_t n_validation = part_of(validation, rows), rest = rows - n_test;
    if (n_validation >= rest)
        return dg_error(DG_BAD_ARGUMENT,
                        "folds=%lld and validation=%g leave no row of %lld for training: use a smaller validation",
                        (long long)folds, validation, (long long)rows);
    int64_t *order = calloc(2 * (size_t)rows, sizeof *order);
    if (!order)
        return dg_no_memory("%lld row numbers", (long long)rows);
    int64_t *turned = order + rows;
    const dg_random key = {.seed = seed, .stream = dg_random_stream("split")};
    dg_random_permutation(&key, rows, order);
    for (int64_t i = 0; i < rows; i++) /* the part that tests comes last */
        turned[i] = order[(begin + n_test + i) % rows];
    dg_status status = deal(data, turned, rest - n_validation, n_validation, n_test);
    free(order);
    return status;
}

dg_status dg_dataset_split_at(dg_dataset *data, int64_t n_train)
{
    return dg_dataset_split_in_order(data, n_train, 0);
}

dg_status dg_dataset_split_in_order(dg_dataset *data, int64_t n_train, int64_t n_validation)
{
    int64_t rows;
    REFUSE_NULL(data);
    DG_TRY(dg_dataset_rows(data, &rows));
    if (n_train < 1 || n_train > rows)
        return dg_error(DG_BAD_ARGUMENT, "%lld training row(s), the data set has %lld row(s)", (long long)n_train,
                        (long long)rows);
    if (n_validation < 0 || n_validation > rows - n_train)
        return dg_error(DG_BAD_ARGUMENT, "%lld training and %lld validation rows, the data set has %lld rows",
                        (long long)n_train, (long long)n_validation, (long long)rows);
    int64_t *order = calloc((size_t)rows, sizeof *order);
    if (!order)
        return dg_no_memory("%lld row numbers", (long long)rows);
    for (int64_t i = 0; i < rows; i++)
        order[i] = i;
    dg_status status = deal(data, order, n_train, n_validation, rows - n_train - n_validation);
    free(order);
    return status;
}

dg_status dg_dataset_take_validation(dg_dataset *data, double fraction, uint64_t seed)
{
    REFUSE_NULL(data);
    DG_TRY(check_fraction("validation", fraction));
    int64_t taken = part_of(fraction, data->n_train), rest = data->n_train - taken;
    if (!taken)
        return dg_ok();
    if (rest < 1)
        return dg_error(DG_BAD_ARGUMENT, "validation=%g leaves no row of %lld for training", fraction,
                        (long long)data->n_train);
    int64_t total = data->n_train + data->n_validation + data->n_test;
    int64_t *order = calloc((size_t)total + (size_t)data->n_train, sizeof *order);
    if (!order)
        return dg_no_memory("%lld row numbers", (long long)total);
    int64_t *shuffled = order + total;
    const dg_random key = {.seed = seed, .stream = dg_random_stream("validation")};
    dg_random_permutation(&key, data->n_train, shuffled);
    for (int64_t i = 0; i < data->n_train; i++)
        order[i] = data->train[shuffled[i]];
    for (int64_t i = 0; i < data->n_validation; i++)
        order[data->n_train + i] = data->validation[i];
    for (int64_t i = 0; i < data->n_test; i++)
        order[data->n_train + data->n_validation + i] = data->test[i];
    dg_status status = deal(data, order, rest, taken + data->n_validation, data->n_test);
    free(order);
    return status;
}
