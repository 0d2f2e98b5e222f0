/* Values of attributes: making, comparing, looking up arguments. */

#include <dotgrad/value.h>

#include "core/base/table.h"

#include <math.h>
#include <string.h>

dg_value dg_bool(bool value)
{
    return (dg_value){.kind = DG_VALUE_BOOL, .b = value};
}

dg_value dg_int(int64_t value)
{
    return value == DG_NONE ? (dg_value){0} : (dg_value){.kind = DG_VALUE_INT, .i = value};
}

/* The NaN that stands for "no number" is distinguished from others by its bits. */
static bool is_no_number(double value)
{
    const double none = DG_NO_NUMBER;
    return memcmp(&value, &none, sizeof value) == 0 || value == (double)DG_NONE;
}

dg_value dg_float(double value)
{
    return is_no_number(value) ? (dg_value){0} : (dg_value){.kind = DG_VALUE_FLOAT, .f = value};
}

dg_value dg_text(const char *value)
{
    return value ? (dg_value){.kind = DG_VALUE_TEXT, .s = value, .source = value} : (dg_value){0};
}

dg_value dg_ints_value(const dg_ints *value)
{
    if (!value)
        return (dg_value){0};
    bool one = value->count == 0 && value->guard == 0;
    if (one && (value->only == DG_SAME || value->only == DG_VALID))
        return dg_text(value->only == DG_SAME ? "same" : "valid");
    return one ? dg_int(value->only) : (dg_value){.kind = DG_VALUE_INTS, .ints = value};
}

dg_value dg_shape_value(const dg_shape *value)
{
    return value ? (dg_value){.kind = DG_VALUE_SHAPE, .shape = value} : (dg_value){0};
}

dg_value dg_dtype_value(dg_dtype value)
{
    return value == DG_DEFAULT_DTYPE ? (dg_value){0} : dg_int((int64_t)value);
}

dg_value dg_tensor_value(const dg_tensor *value)
{
    return value ? (dg_value){.kind = DG_VALUE_TENSOR, .tensor = value} : (dg_value){0};
}

bool dg_value_number(const dg_value *value, double *number)
{
    if (!value || !number)
        return false;
    if (value->kind == DG_VALUE_INT)
        *number = (double)value->i;
    else if (value->kind == DG_VALUE_FLOAT)
        *number = value->f;
    else
        return false;
    return true;
}

/* A name means the same bare, quoted or as text from C. */
static bool is_text(const dg_value *value)
{
    return value->kind == DG_VALUE_NAME || value->kind == DG_VALUE_STRING || value->kind == DG_VALUE_TEXT;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool equal_items(const dg_value *a, const dg_value *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!same_text(a->items[i].key, b->items[i].key) || !dg_value_equal(&a->items[i], &b->items[i]))
            return false;
    return true;
}

static bool equal_tensors(const dg_tensor *a, const dg_tensor *b)
{
    if (a->dtype != b->dtype || !dg_shape_equal(&a->shape, &b->shape))
        return false;
    size_t bytes = dg_tensor_bytes(a);
    return bytes == 0 || memcmp(a->data, b->data, bytes) == 0;
}

static bool equal_ints(const dg_ints *a, const dg_ints *b)
{
    return a->count == b->count && a->count >= 0 && a->count <= DG_MAX_INTS &&
           memcmp(a->at, b->at, (size_t)a->count * sizeof *a->at) == 0;
}

bool dg_value_equal(const dg_value *a, const dg_value *b)
{
    if (!a || !b)
        return a == b;
    if (is_text(a) && is_text(b))
        return same_text(a->s, b->s);
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case DG_VALUE_BOOL:
        return a->b == b->b;
    case DG_VALUE_INT:
        return a->i == b->i;
    case DG_VALUE_FLOAT: /* by its bits: 0 and −0 differ, a NaN is itself */
        return memcmp(&a->f, &b->f, sizeof a->f) == 0;
    case DG_VALUE_LIST:
        return equal_items(a, b);
    case DG_VALUE_CALL:
        return same_text(a->s, b->s) && equal_items(a, b);
    case DG_VALUE_SHAPE:
        return dg_shape_equal(a->shape, b->shape);
    case DG_VALUE_TENSOR:
        return equal_tensors(a->tensor, b->tensor);
    case DG_VALUE_INTS:
        return equal_ints(a->ints, b->ints);
    case DG_VALUE_NONE:
    case DG_VALUE_NAME:
    case DG_VALUE_STRING:
    case DG_VALUE_TEXT:
        break;
    }
    return true;
}

static uint64_t hash_optional(uint64_t hash, const char *text)
{
    return text ? hash_bytes(hash, text, strlen(text) + 1) : hash;
}

static uint64_t hash_shape(uint64_t hash, const dg_shape *shape)
{
    hash = hash_bytes(hash, &shape->rank, sizeof shape->rank);
    return hash_bytes(hash, shape->dims, (size_t)shape->rank * sizeof *shape->dims);
}

uint64_t dg_value_hash(const dg_value *value)
{
    if (!value)
        return 0;
    dg_value_kind kind = is_text(value) ? DG_VALUE_TEXT : value->kind;
    uint64_t hash = hash_bytes(HASH_START, &kind, sizeof kind);
    if (kind == DG_VALUE_TEXT || kind == DG_VALUE_CALL)
        hash = hash_optional(hash, value->s);
    if (kind == DG_VALUE_BOOL)
        hash = hash_bytes(hash, &value->b, sizeof value->b);
    if (kind == DG_VALUE_INT)
        hash = hash_bytes(hash, &value->i, sizeof value->i);
    if (kind == DG_VALUE_FLOAT)
        hash = hash_bytes(hash, &value->f, sizeof value->f);
    if (kind == DG_VALUE_SHAPE)
        hash = hash_shape(hash, value->shape);
    if (kind == DG_VALUE_TENSOR) {
        hash = hash_shape(hash_bytes(hash, &value->tensor->dtype, sizeof value->tensor->dtype), &value->tensor->shape);
        hash = hash_bytes(hash, value->tensor->data, dg_tensor_bytes(value->tensor));
    }
    if (kind == DG_VALUE_INTS)
        hash = hash_bytes(hash, &value->ints->count, sizeof value->ints->count);
    if (kind == DG_VALUE_LIST || kind == DG_VALUE_CALL)
        for (size_t i = 0; i < value->count; i++) {
            uint64_t item = dg_value_hash(&value->items[i]);
            hash = hash_bytes(hash_optional(hash, value->items[i].key), &item, sizeof item);
        }
    return hash;
}

const dg_value *dg_call_argument(const dg_value *call, size_t position, const char *key)
{
    if (!call)
        return NULL;
    if (call->kind != DG_VALUE_CALL)
        return NULL;
    const dg_value *positional = NULL;
    size_t n_positional = 0;
    for (size_t i = 0; i < call->count; i++) {
        const dg_value *item = &call->items[i];
        if (item->key && key && strcmp(item->key, key) == 0)
            return item;
        if (!item->key && n_positional++ == position)
            positional = item;
    }
    return positional;
}
