/* Weights in 16 bits. */
#include "core/base/null.h"
#include "model.h"

enum { MOST_ROWS = 256 }; /* that are compared */

dg_status dg_model_halve(dg_model *model, dg_dtype type, const dg_dataset *data, dg_model_halving *told)
{
    dg_model_halving own, *to = told ? told : &own;
    dg_tensor before = {0}, after = {0};
    REFUSE_NULL(model);
    *to = (dg_model_halving){0};
    dg_status status = data ? dg_dataset_rows(data, &to->rows) : dg_ok();
    const dg_rows rows = {.count = to->rows < MOST_ROWS ? to->rows : MOST_ROWS};
    to->rows = rows.count;
    if (status.code == DG_OK && rows.count)
        status = dg_predictor_run(model->predictor, data, rows, &before);
    if (status.code == DG_OK)
        status = dg_tensors_halve(model->parameters, type, &to->weights);
    if (status.code == DG_OK && rows.count)
        status = dg_predictor_run(model->predictor, data, rows, &after);
    if (status.code == DG_OK && rows.count)
        to->outputs = dg_tensor_difference(&before, &after);
    dg_tensor_release(&before);
    dg_tensor_release(&after);
    return status.code == DG_OK ? status : dg_prefixed(status, "%s", model->path);
}
