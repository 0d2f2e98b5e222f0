/* Tensors: making, copying, reading and converting. */
#include <dotgrad/tensor.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/half.h"
#include "core/base/null.h"
#include "core/base/pages.h"

static dg_status make(dg_tensor *tensor, dg_dtype dtype, const dg_shape *shape, size_t *bytes)
{
    *tensor = (dg_tensor){0};
    DG_TRY(dg_shape_bytes(shape, dtype, bytes));
    void *data = pages_alloc(*bytes);
    if (!data) {
        char text[DG_SHAPE_TEXT];
        return dg_no_memory("a tensor %s of %s", dg_shape_print(shape, text, sizeof text), dg_dtype_name(dtype));
    }
    *tensor = (dg_tensor){.dtype = dtype, .shape = *shape, .data = data, .owns_data = true};
    return dg_ok();
}

dg_status dg_tensor_make(dg_tensor *tensor, dg_dtype dtype, dg_shape shape)
{
    REFUSE_NULL(tensor);
    size_t bytes;
    DG_TRY(make(tensor, dtype, &shape, &bytes));
    memset(tensor->data, 0, bytes);
    return dg_ok();
}

dg_status dg_tensor_copy(dg_tensor *copy, const dg_tensor *source)
{
    REFUSE_NULL(copy);
    REFUSE_NULL(source);
    dg_tensor made;
    size_t bytes;
    if (!source->data && dg_tensor_count(source) > 0)
        return dg_error(DG_BAD_ARGUMENT, "the tensor to copy has no data");
    *copy = (dg_tensor){0};
    DG_TRY(make(&made, source->dtype, &source->shape, &bytes));
    if (bytes)
        memcpy(made.data, source->data, bytes);
    *copy = made;
    return dg_ok();
}

dg_tensor dg_tensor_view(dg_dtype dtype, dg_shape shape, const void *data)
{
    dg_tensor tensor = {.dtype = dtype, .shape = shape};
    memcpy(&tensor.data, &data, sizeof data); /* a view of constant data is read only by its user's word */
    return tensor;
}

void dg_tensor_release(dg_tensor *tensor)
{
    if (!tensor)
        return;
    if (tensor->owns_data)
        free(tensor->data);
    *tensor = (dg_tensor){0};
}

size_t dg_tensor_bytes(const dg_tensor *tensor)
{
    if (!tensor)
        return 0;
    return (size_t)dg_tensor_count(tensor) * dg_dtype_size(tensor->dtype);
}

int64_t dg_tensor_count(const dg_tensor *tensor)
{
    if (!tensor)
        return 0;
    return dg_shape_count(&tensor->shape);
}

/* As dg_tensor_count() has it, without a call: single elements are asked for by the million. */
static bool has_element(const dg_tensor *tensor, int64_t index)
{
    int64_t count = 1;
    bool is_huge = false;
    if (!tensor || !tensor->data || index < 0 || tensor->shape.rank < 0 || tensor->shape.rank > DG_MAX_RANK)
        return false;
    for (int d = 0; d < tensor->shape.rank; d++) {
        if (tensor->shape.dims[d] <= 0) /* empty, or not known */
            return false;
        is_huge |= __builtin_mul_overflow(count, tensor->shape.dims[d], &count);
    }
    return is_huge || index < count;
}

static double element(const dg_tensor *tensor, int64_t index)
{
    switch (tensor->dtype) {
    case DG_BOOL:
        return ((const uint8_t *)tensor->data)[index];
    case DG_INT32:
        return ((const int32_t *)tensor->data)[index];
    case DG_INT64:
        return (double)((const int64_t *)tensor->data)[index];
    case DG_FLOAT32:
        return (double)((const float *)tensor->data)[index];
    case DG_FLOAT64:
        return ((const double *)tensor->data)[index];
    case DG_FLOAT16:
        return (double)half_from_float16(((const uint16_t *)tensor->data)[index]);
    case DG_BFLOAT16:
        return (double)half_from_bfloat16(((const uint16_t *)tensor->data)[index]);
    case DG_DEFAULT_DTYPE:
        break;
    }
    return NAN;
}

double dg_tensor_get(const dg_tensor *tensor, int64_t index)
{
    return has_element(tensor, index) ? element(tensor, index) : NAN;
}

/* Towards zero; what lies beyond the type's ends becomes the end, NaN becomes 0. */
static int64_t to_int64(double value)
{
    if (isnan(value))
        return 0;
    if (value >= 0x1p63)
        return INT64_MAX;
    return value < -0x1p63 ? INT64_MIN : (int64_t)value;
}

static int32_t to_int32(int64_t value)
{
    return value > INT32_MAX ? INT32_MAX : value < INT32_MIN ? INT32_MIN : (int32_t)value;
}

static void set_element(dg_tensor *tensor, int64_t index, double value)
{
    switch (tensor->dtype) {
    case DG_BOOL:
        ((uint8_t *)tensor->data)[index] = value != 0;
        break;
    case DG_INT32:
        ((int32_t *)tensor->data)[index] = to_int32(to_int64(rint(value)));
        break;
    case DG_INT64:
        ((int64_t *)tensor->data)[index] = to_int64(rint(value));
        break;
    case DG_FLOAT32:
        ((float *)tensor->data)[index] = (float)value;
        break;
    case DG_FLOAT64:
        ((double *)tensor->data)[index] = value;
        break;
    case DG_FLOAT16:
        ((uint16_t *)tensor->data)[index] = half_to_float16(half_float_beside(value));
        break;
    case DG_BFLOAT16:
        ((uint16_t *)tensor->data)[index] = half_to_bfloat16(half_float_beside(value));
        break;
    case DG_DEFAULT_DTYPE:
        break;
    }
}

void dg_tensor_set(dg_tensor *tensor, int64_t index, double value)
{
    if (has_element(tensor, index))
        set_element(tensor, index, value);
}

/* From the integers, without the detour through a double that would round twice. */
static void set_int(dg_tensor *tensor, int64_t index, int64_t value)
{
    switch (tensor->dtype) {
    case DG_INT32:
        ((int32_t *)tensor->data)[index] = to_int32(value);
        break;
    case DG_INT64:
        ((int64_t *)tensor->data)[index] = value;
        break;
    case DG_FLOAT32:
        ((float *)tensor->data)[index] = (float)value;
        break;
    default:
        set_element(tensor, index, (double)value);
    }
}

static void set_truncated(dg_tensor *tensor, int64_t index, double value)
{
    if (tensor->dtype == DG_INT32 || tensor->dtype == DG_INT64)
        set_int(tensor, index, to_int64(value));
    else
        set_element(tensor, index, value);
}

dg_status dg_tensor_convert(dg_tensor *result, const dg_tensor *source, dg_dtype dtype)
{
    REFUSE_NULL(result);
    REFUSE_NULL(source);
    if (!source->data && dg_tensor_count(source) > 0)
        return dg_error(DG_BAD_ARGUMENT, "the tensor to convert has no data");
    if (source->dtype == dtype)
        return dg_tensor_copy(result, source);
    dg_tensor made;
    size_t bytes;
    *result = (dg_tensor){0};
    DG_TRY(make(&made, dtype, &source->shape, &bytes));
    int64_t count = dg_tensor_count(source);
    if (source->dtype == DG_INT64)
        for (int64_t i = 0; i < count; i++)
            set_int(&made, i, ((const int64_t *)source->data)[i]);
    else
        for (int64_t i = 0; i < count; i++)
            set_truncated(&made, i, element(source, i));
    *result = made;
    return dg_ok();
}

double dg_tensor_difference(const dg_tensor *a, const dg_tensor *b)
{
    double most = 0, error = 0;
    if (dg_tensor_count(a) != dg_tensor_count(b))
        return NAN;
    for (int64_t i = 0; i < dg_tensor_count(a); i++) {
        double x = dg_tensor_get(a, i), y = dg_tensor_get(b, i);
        if (x == y || (isnan(x) && isnan(y)))
            x = isfinite(x) ? x : 0;
        else if (!isfinite(x) || !isfinite(y))
            return NAN;
        else
            error = fmax(error, fabs(y - x));
        most = fmax(most, fabs(x));
    }
    return most > 0 ? error / most : error;
}
