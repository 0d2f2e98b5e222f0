/* Rows become predictions. */
#include "core/base/null.h"
#include "model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

dg_status dg_model_read(const dg_model *model, const char *spec, dg_data **data)
{
    REFUSE_NULL(model);
    REFUSE_NULL(spec);
    REFUSE_NULL(data);
    return dg_data_open(spec,
                        &(dg_data_options){.as_in = model->checkpoint,
                                           .n_features = model->n_features,
                                           .memory_limit = model->memory_limit},
                        data);
}

/* A row of scores becomes probabilities: softmax, or the exponentials of logarithms. */
static bool spread(const dg_tensor *scores, int64_t row, int64_t width, bool are_logarithms, double *to)
{
    double greatest = -INFINITY, sum = 0;
    for (int64_t k = 0; k < width; k++) {
        to[k] = dg_tensor_get(scores, row * width + k);
        if (isnan(to[k]))
            return false;
        greatest = fmax(greatest, to[k]);
    }
    for (int64_t k = 0; k < width; k++) {
        to[k] = exp(are_logarithms ? to[k] : to[k] - greatest);
        sum += to[k];
    }
    for (int64_t k = 0; !are_logarithms && k < width; k++)
        to[k] /= sum;
    return !isnan(sum);
}

static bool squash(const dg_tensor *scores, int64_t row, int64_t width, bool are_logits, double *to)
{
    for (int64_t k = 0; k < width; k++) {
        double score = dg_tensor_get(scores, row * width + k);
        to[k] = are_logits ? 1 / (1 + exp(-score)) : score;
        if (isnan(score))
            return false;
    }
    return true;
}

/* Values of the output become probabilities, where they stand for such. */
static dg_status interpret(const dg_model *model, dg_tensor *result)
{
    dg_tensor chances;
    if (model->meaning == VALUES)
        return dg_ok();
    int64_t rows = result->shape.dims[0], width = rows > 0 ? dg_tensor_count(result) / rows : 0;
    DG_TRY(dg_tensor_make(&chances, DG_FLOAT64, result->shape));
    for (int64_t row = 0; row < rows; row++) {
        double *to = (double *)chances.data + row * width;
        bool classes = model->meaning == SCORES || model->meaning == LOG_PROBABILITIES;
        bool fine = classes ? spread(result, row, width, model->meaning == LOG_PROBABILITIES, to)
                            : squash(result, row, width, model->meaning == LOGITS, to);
        if (!fine) {
            dg_tensor_release(&chances);
            return dg_error(DG_NUMERIC, "row %lld: the scores of '%s' are not numbers (NaN)", (long long)row + 1,
                            dg_node_name(model->output));
        }
    }
    dg_tensor_release(result);
    *result = chances;
    return dg_ok();
}

dg_status dg_model_predict(dg_model *model, const dg_dataset *data, dg_tensor *result)
{
    int64_t rows = 0;
    if (!model || !data || !result)
        return dg_error(DG_BAD_ARGUMENT, "dg_model_predict needs a model, data and a place for the result");
    *result = (dg_tensor){0};
    dg_status status = dg_dataset_rows(data, &rows);
    if (status.code == DG_OK)
        status = dg_predictor_run(model->predictor, data, (dg_rows){.count = rows}, result);
    if (status.code == DG_OK)
        status = interpret(model, result);
    if (status.code != DG_OK)
        dg_tensor_release(result);
    return status.code == DG_OK ? status : dg_prefixed(status, "%s", model->path);
}

static dg_status scale(const dg_model *model, dg_tensor *features)
{
    const dg_tensor *offset = dg_tensors_find(model->checkpoint, "data.offset");
    const dg_tensor *divisor = dg_tensors_find(model->checkpoint, "data.divisor");
    int64_t rows = features->shape.dims[0], width = dg_tensor_count(features) / rows;
    if (!offset || !divisor)
        return dg_ok();
    int64_t count = dg_tensor_count(offset);
    if (count != dg_tensor_count(divisor) || (count != 1 && count != width))
        return dg_error(DG_BAD_SHAPE, "%s: the rows have %lld feature(s), but training had %lld", model->path,
                        (long long)width, (long long)count);
    for (int64_t k = 0; k < rows * width; k++) {
        int64_t s = count == 1 ? 0 : k % width;
        dg_tensor_set(features, k, (dg_tensor_get(features, k) - dg_tensor_get(offset, s)) / dg_tensor_get(divisor, s));
    }
    return dg_ok();
}

static dg_status check_features(const dg_model *model, const dg_tensor *features)
{
    char text[DG_SHAPE_TEXT];
    const dg_shape *shape = &features->shape;
    if (!dg_dtype_is_float(features->dtype))
        return dg_error(DG_BAD_DTYPE, "%s: the features are %s, expected float32 or float64", model->path,
                        dg_dtype_name(features->dtype));
    if (shape->rank < 1 || shape->rank > DG_MAX_RANK || !dg_shape_is_known(shape))
        return dg_error(DG_BAD_SHAPE, "%s: the features have no rows, expected a tensor [rows, …]", model->path);
    dg_shape_print(shape, text, sizeof text);
    int64_t count = dg_shape_count(shape), rows = shape->dims[0];
    if (count < 1)
        return dg_error(DG_BAD_SHAPE, "%s: the features are %s: there is nothing to predict from", model->path, text);
    if (!features->data)
        return dg_error(DG_BAD_ARGUMENT, "%s: the features %s have no data", model->path, text);
    if (model->n_features && count / rows != model->n_features)
        return dg_error(DG_BAD_SHAPE, "%s: the features are %s: a row has %lld feature(s), but training had %lld",
                        model->path, text, (long long)(count / rows), (long long)model->n_features);
    return dg_ok();
}

dg_status dg_model_predict_features(dg_model *model, const dg_tensor *features, dg_tensor *result)
{
    dg_dataset data;
    if (!model || !features || !result)
        return dg_error(DG_BAD_ARGUMENT, "dg_model_predict_features needs a model, rows and a place for the result");
    *result = (dg_tensor){0};
    DG_TRY(check_features(model, features));
    DG_TRY(dg_dataset_new(&data));
    dg_tensor wide = {0}; /* scaling a date in float32 would lose it */
    dg_status status = dg_tensor_convert(&wide, features, DG_FLOAT64);
    if (status.code == DG_OK)
        status = scale(model, &wide);
    if (status.code == DG_OK)
        status = dg_tensors_put(data.fields, "features", &wide);
    if (status.code == DG_OK)
        status = dg_model_predict(model, &data, result);
    dg_tensor_release(&wide);
    dg_dataset_release(&data);
    return status;
}
