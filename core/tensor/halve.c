/* Weights in 16 bits. */
#include "core/base/half.h"
#include "core/base/null.h"

#include <dotgrad/tensor.h>

#include <math.h>

static bool is_weight(const dg_tensor *tensor)
{
    return tensor->dtype == DG_FLOAT32 && tensor->shape.rank >= 2;
}

/* What a number is in the type. */
static float rounded(float value, dg_dtype type)
{
    return type == DG_FLOAT16 ? half_from_float16(half_to_float16(value)) : half_from_bfloat16(half_to_bfloat16(value));
}

/* Looks at one tensor: what changes, or which number cannot be kept. */
static dg_status look_at(const char *name, const dg_tensor *tensor, dg_halving *told)
{
    const float *data = tensor->data;
    double most = 0, error = 0;
    for (int64_t i = 0; i < dg_tensor_count(tensor); i++) {
        float now = rounded(data[i], told->type);
        if (!isfinite(data[i]))
            continue;
        if (!isfinite(now))
            return dg_error(DG_NUMERIC, "'%s': element %lld, %g, is beyond %s, whose largest number is %g%s", name,
                            (long long)i, (double)data[i], dg_dtype_name(told->type),
                            told->type == DG_FLOAT16 ? 65504 : 0x1.fep127,
                            told->type == DG_FLOAT16 ? ": keep the weights in bfloat16" : "");
        most = fmax(most, fabs((double)data[i]));
        error = fmax(error, fabs((double)now - (double)data[i]));
        told->vanished += now == 0 && data[i] != 0;
    }
    if (most > 0 && error / most > told->error) {
        told->error = error / most;
        told->name = name;
    }
    told->count++;
    told->bytes_before += dg_tensor_bytes(tensor);
    return dg_ok();
}

static dg_status halved(const dg_tensor *tensor, dg_dtype type, dg_tensor *half)
{
    const float *from = tensor->data;
    DG_TRY(dg_tensor_make(half, type, tensor->shape));
    uint16_t *to = half->data;
    for (int64_t i = 0; i < dg_tensor_count(tensor); i++)
        to[i] = type == DG_FLOAT16 ? half_to_float16(from[i]) : half_to_bfloat16(from[i]);
    return dg_ok();
}

dg_status dg_tensors_halve(dg_tensors *set, dg_dtype type, dg_halving *told)
{
    dg_halving own, *to = told ? told : &own;
    REFUSE_NULL(set);
    if (!dg_dtype_is_half(type))
        return dg_error(DG_BAD_ARGUMENT, "weights are kept in float16 or bfloat16, not in %s", dg_dtype_name(type));
    *to = (dg_halving){.type = type};
    for (size_t k = 0; k < dg_tensors_count(set); k++)
        if (is_weight(dg_tensors_at(set, k)))
            DG_TRY(look_at(dg_tensors_name(set, k), dg_tensors_at(set, k), to));
    for (size_t k = 0; k < dg_tensors_count(set); k++) {
        dg_tensor half, *weight = dg_tensors_at(set, k);
        if (!is_weight(weight))
            continue;
        DG_TRY(halved(weight, type, &half));
        to->bytes += dg_tensor_bytes(&half);
        dg_status status = dg_tensors_put(set, dg_tensors_name(set, k), &half);
        dg_tensor_release(&half);
        DG_TRY(status);
    }
    return dg_ok();
}
