/* Element types and shapes. */
#include "core/base/null.h"

#include <dotgrad/tensor.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    size_t size;
} dtypes[] = {
    [DG_DEFAULT_DTYPE] = {"default", 0}, [DG_BOOL] = {"bool", 1},         [DG_INT32] = {"int32", 4},
    [DG_INT64] = {"int64", 8},           [DG_FLOAT32] = {"float32", 4},   [DG_FLOAT64] = {"float64", 8},
    [DG_FLOAT16] = {"float16", 2},       [DG_BFLOAT16] = {"bfloat16", 2},
};

static bool is_dtype(dg_dtype dtype)
{
    return dtype > DG_DEFAULT_DTYPE && dtype <= DG_BFLOAT16;
}

size_t dg_dtype_size(dg_dtype dtype)
{
    return is_dtype(dtype) ? dtypes[dtype].size : 0;
}

const char *dg_dtype_name(dg_dtype dtype)
{
    return is_dtype(dtype) ? dtypes[dtype].name : dtypes[DG_DEFAULT_DTYPE].name;
}

bool dg_dtype_is_float(dg_dtype dtype)
{
    return dtype == DG_FLOAT32 || dtype == DG_FLOAT64;
}

bool dg_dtype_is_half(dg_dtype dtype)
{
    return dtype == DG_FLOAT16 || dtype == DG_BFLOAT16;
}

bool dg_dtype_parse(const char *name, dg_dtype *dtype)
{
    if (!name || !dtype)
        return false;
    for (dg_dtype candidate = DG_BOOL; candidate <= DG_FLOAT64; candidate++)
        if (strcmp(name, dtypes[candidate].name) == 0) {
            *dtype = candidate;
            return true;
        }
    return false;
}

dg_dtype dg_dtype_promote(dg_dtype a, dg_dtype b)
{
    return a > b ? a : b;
}

bool dg_shape_equal(const dg_shape *a, const dg_shape *b)
{
    if (!a || !b)
        return a == b;
    if (a->rank != b->rank)
        return false;
    for (int d = 0; d < a->rank; d++)
        if (a->dims[d] != b->dims[d])
            return false;
    return true;
}

bool dg_shape_is_known(const dg_shape *shape)
{
    if (!shape)
        return false;
    for (int d = 0; d < shape->rank; d++)
        if (shape->dims[d] < 0)
            return false;
    return true;
}

int64_t dg_shape_count(const dg_shape *shape)
{
    if (!shape)
        return DG_UNKNOWN;
    if (!dg_shape_is_known(shape))
        return DG_UNKNOWN;
    int64_t count = 1;
    bool overflow = false;
    for (int d = 0; d < shape->rank; d++) {
        if (shape->dims[d] == 0)
            return 0;
        overflow |= __builtin_mul_overflow(count, shape->dims[d], &count);
    }
    return overflow ? INT64_MAX : count; /* dg_shape_bytes refuses the latter */
}

dg_status dg_shape_bytes(const dg_shape *shape, dg_dtype dtype, size_t *bytes)
{
    REFUSE_NULL(shape);
    REFUSE_NULL(bytes);
    char text[DG_SHAPE_TEXT];
    *bytes = 0;
    if (!is_dtype(dtype))
        return dg_error(DG_BAD_DTYPE, "shape %s: its element type is not known",
                        dg_shape_print(shape, text, sizeof text));
    if (shape->rank < 0 || shape->rank > DG_MAX_RANK)
        return dg_error(DG_BAD_SHAPE, "a shape of rank %d; the largest is %d", shape->rank, DG_MAX_RANK);
    if (!dg_shape_is_known(shape))
        return dg_error(DG_BAD_SHAPE, "shape %s: its sizes are not all known",
                        dg_shape_print(shape, text, sizeof text));
    int64_t count = dg_shape_count(shape), result;
    if (__builtin_mul_overflow(count, (int64_t)dg_dtype_size(dtype), &result) || result > PTRDIFF_MAX - 64)
        return dg_error(DG_NO_MEMORY, "shape %s of %s does not fit in memory", dg_shape_print(shape, text, sizeof text),
                        dg_dtype_name(dtype));
    *bytes = (size_t)result;
    return dg_ok();
}

char *dg_shape_print(const dg_shape *shape, char *text, size_t size)
{
    if (!shape || !text)
        return text;
    if (size == 0)
        return text;
    size_t used = 0;
    int rank = shape->rank < 0 ? 0 : shape->rank > DG_MAX_RANK ? DG_MAX_RANK : shape->rank;
    snprintf(text, size, "[");
    for (int d = 0; d < rank; d++) {
        used = strlen(text);
        const char *comma = d ? ", " : "";
        if (shape->dims[d] >= 0)
            snprintf(text + used, size - used, "%s%" PRId64, comma, shape->dims[d]);
        else
            snprintf(text + used, size - used, "%s%s", comma, shape->dims[d] == DG_N ? "N" : "?");
    }
    used = strlen(text);
    snprintf(text + used, size - used, "]");
    return text;
}

/* One size of a broadcast result; false: the sizes do not go together. */
static bool broadcast_size(int64_t a, int64_t b, int64_t *size)
{
    if (a == 1 || b == 1)
        *size = a == 1 ? b : a;
    else if (a >= 0 && b >= 0)
        *size = a;
    else if (a < 0 && b < 0)
        *size = a == b ? a : DG_UNKNOWN;
    else
        *size = a >= 0 ? a : b;
    return a < 0 || b < 0 || a == b || a == 1 || b == 1;
}

dg_status dg_shape_broadcast(const dg_shape *a, const dg_shape *b, dg_shape *result)
{
    REFUSE_NULL(a);
    REFUSE_NULL(b);
    REFUSE_NULL(result);
    dg_shape joined = {.rank = a->rank > b->rank ? a->rank : b->rank};
    for (int d = 1; d <= joined.rank; d++) { /* counted from the right */
        int64_t of_a = d <= a->rank ? a->dims[a->rank - d] : 1, of_b = d <= b->rank ? b->dims[b->rank - d] : 1;
        if (!broadcast_size(of_a, of_b, &joined.dims[joined.rank - d])) {
            char text_a[DG_SHAPE_TEXT], text_b[DG_SHAPE_TEXT];
            return dg_error(DG_BAD_SHAPE, "shapes %s and %s do not broadcast", dg_shape_print(a, text_a, sizeof text_a),
                            dg_shape_print(b, text_b, sizeof text_b));
        }
    }
    *result = joined;
    return dg_ok();
}
