/* The canonical text of values. */
#include "core/base/arena.h"
#include "value.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Text that grows; `failed` sticks. */
typedef struct text {
    char *bytes;
    size_t length, capacity;
    bool failed;
} text;

static void add_bytes(text *t, const char *bytes, size_t length)
{
    if (t->failed)
        return;
    if (length > t->capacity - t->length) {
        size_t capacity = t->capacity ? t->capacity : 64;
        while (length > capacity - t->length && capacity <= SIZE_MAX / 2)
            capacity *= 2;
        char *grown = length > capacity - t->length ? NULL : realloc(t->bytes, capacity);
        if (!grown) {
            t->failed = true;
            return;
        }
        t->bytes = grown;
        t->capacity = capacity;
    }
    memcpy(t->bytes + t->length, bytes, length);
    t->length += length;
}

static void add(text *t, const char *string)
{
    add_bytes(t, string, strlen(string));
}

static void add_int(text *t, int64_t number)
{
    char digits[DG_NUMBER_TEXT];
    snprintf(digits, sizeof digits, "%" PRId64, number);
    add(t, digits);
}

/* With a point or an exponent, so that it is read back as a float. */
static void add_float(text *t, double number, dg_dtype dtype)
{
    char digits[DG_NUMBER_TEXT];
    add(t, dg_number_print(number, dtype, digits));
    if (!strpbrk(digits, ".en"))
        add(t, ".0");
}

static void add_quoted(text *t, const char *string)
{
    add(t, "'");
    for (const char *c = string; *c; c++) {
        if (*c == '\n')
            add(t, "\\n");
        else if (*c == '\t')
            add(t, "\\t");
        else {
            if (*c == '\'' || *c == '\\')
                add(t, "\\");
            add_bytes(t, c, 1);
        }
    }
    add(t, "'");
}

static void add_word(text *t, const char *string)
{
    size_t length = strlen(string);
    if (length > 0 && name_length(string, length) == length && !is_reserved_word(string, length))
        add(t, string);
    else
        add_quoted(t, string);
}

static void add_shape(text *t, const dg_value *value)
{
    const dg_shape *shape = value->shape;
    bool nameless = false; /* a symbol whose name only its graph knows */
    for (int d = 0; d < shape->rank; d++)
        nameless |= shape->dims[d] < DG_N;
    if (nameless && value->source) {
        add(t, value->source);
        return;
    }
    add(t, "[");
    for (int d = 0; d < shape->rank; d++) {
        add(t, d ? ", " : "");
        if (shape->dims[d] >= DG_UNKNOWN)
            add_int(t, shape->dims[d]);
        else
            add(t, shape->dims[d] == DG_N ? "N" : "?");
    }
    add(t, "]");
}

static void add_element(text *t, const dg_tensor *tensor, int64_t index)
{
    if (tensor->dtype == DG_BOOL)
        add(t, dg_tensor_get(tensor, index) != 0 ? "true" : "false");
    else if (tensor->dtype == DG_INT64)
        add_int(t, ((const int64_t *)tensor->data)[index]);
    else if (tensor->dtype == DG_INT32)
        add_int(t, ((const int32_t *)tensor->data)[index]);
    else
        add_float(t, dg_tensor_get(tensor, index), tensor->dtype);
}

/* Dimension d of the elements from `begin` on, `count` of them. */
static void add_tensor(text *t, const dg_tensor *tensor, int d, int64_t begin, int64_t count)
{
    if (d == tensor->shape.rank) {
        add_element(t, tensor, begin);
        return;
    }
    int64_t size = tensor->shape.dims[d];
    add(t, "[");
    for (int64_t i = 0; i < size && !t->failed; i++) {
        add(t, i ? ", " : "");
        add_tensor(t, tensor, d + 1, begin + i * (count / size), count / size);
    }
    add(t, "]");
}

static void add_value(text *t, const dg_value *value);

static void add_items(text *t, const dg_value *value, const char *open, const char *close)
{
    add(t, open);
    for (size_t i = 0; i < value->count && !t->failed; i++) {
        const dg_value *item = &value->items[i];
        add(t, i ? ", " : "");
        if (item->key) {
            add(t, item->key);
            add(t, "=");
        }
        add_value(t, item);
    }
    add(t, close);
}

static void add_value(text *t, const dg_value *value)
{
    switch (value->kind) {
    case DG_VALUE_NONE:
        add(t, "none");
        break;
    case DG_VALUE_BOOL:
        add(t, value->b ? "true" : "false");
        break;
    case DG_VALUE_INT:
        add_int(t, value->i);
        break;
    case DG_VALUE_FLOAT:
        add_float(t, value->f, DG_FLOAT64);
        break;
    case DG_VALUE_NAME:
    case DG_VALUE_STRING:
        add_word(t, value->s);
        break;
    case DG_VALUE_TEXT:
        add(t, value->s);
        break;
    case DG_VALUE_LIST:
        add_items(t, value, "[", "]");
        break;
    case DG_VALUE_CALL:
        add(t, value->s);
        if (value->count)
            add_items(t, value, "(", ")");
        break;
    case DG_VALUE_INTS:
        for (int i = 0; i < value->ints->count && i < DG_MAX_INTS; i++) {
            add(t, i ? ", " : "[");
            add_int(t, value->ints->at[i]);
        }
        add(t, value->ints->count > 0 ? "]" : "[]");
        break;
    case DG_VALUE_SHAPE:
        add_shape(t, value);
        break;
    case DG_VALUE_TENSOR:
        add_tensor(t, value->tensor, 0, 0, dg_tensor_count(value->tensor));
        break;
    }
}

const char *dg_value_print(dg_arena *arena, const dg_value *value)
{
    if (!arena || !value)
        return NULL;
    text t = {0};
    add_value(&t, value);
    if (t.failed)
        arena_fail(arena);
    const char *printed = t.failed ? NULL : dg_arena_text(arena, t.bytes, t.length);
    free(t.bytes);
    return printed;
}
