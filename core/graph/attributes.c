/* Attributes: from what a caller or a file wrote to what the op declares. */
#include "graph.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const kind_names[] = {
    [DG_ATTR_BOOL] = "true or false",
    [DG_ATTR_INT] = "an integer",
    [DG_ATTR_FLOAT] = "a number",
    [DG_ATTR_NAME] = "a name",
    [DG_ATTR_SIZES] = "a size or a list",
    [DG_ATTR_INTS] = "an integer or a list",
    [DG_ATTR_SHAPE] = "a shape",
    [DG_ATTR_DTYPE] = "an element type: bool, int32, int64, float32 or float64",
    [DG_ATTR_TENSOR] = "a number or a list",
    [DG_ATTR_INIT] = "an initialiser",
    [DG_ATTR_TEXT] = "a formula",
};

static bool is_text(const dg_value *value)
{
    return value->kind == DG_VALUE_NAME || value->kind == DG_VALUE_STRING || value->kind == DG_VALUE_TEXT;
}

static dg_status wrong_kind(dg_arena *arena, const dg_attr_spec *spec, const dg_value *given)
{
    const char *text = dg_value_print(arena, given);
    return dg_error(DG_BAD_ARGUMENT, "'%s' is %s, expected %s%s%s", spec->name, text ? text : "?",
                    spec->choices ? "one of " : kind_names[spec->kind], spec->choices ? spec->choices : "", "");
}

static bool is_choice(const char *choices, const char *name)
{
    size_t length = strlen(name);
    if (strchr(name, '|')) /* several of them are none */
        return false;
    for (const char *at = choices; at; at = strchr(at, '|')) {
        at += *at == '|';
        if (strncmp(at, name, length) == 0 && (at[length] == '|' || at[length] == '\0'))
            return true;
    }
    return false;
}

/* A list as C writes it, made a DG_VALUE_LIST in `items`. */
static dg_status list_of_ints(const dg_attr_spec *spec, const dg_ints *ints, dg_value items[DG_MAX_INTS],
                              dg_value *list)
{
    if (ints->guard != 0)
        return dg_error(DG_BAD_ARGUMENT, "'%s' is a list in bare braces: write DG_INTS(%lld, %lld …), or one number",
                        spec->name, (long long)ints->only, (long long)ints->guard);
    if (ints->count < 0 || ints->count > DG_MAX_INTS)
        return dg_error(DG_BAD_ARGUMENT, "'%s' has %d number(s), at most %d are possible", spec->name, ints->count,
                        DG_MAX_INTS);
    for (int i = 0; i < ints->count; i++)
        items[i] = dg_int(ints->at[i]);
    *list = (dg_value){.kind = DG_VALUE_LIST, .count = (size_t)ints->count, .items = items};
    return dg_ok();
}

/* An integer, but for DG_NONE, which says in C that there is none. */
static dg_status normalise_int(dg_arena *arena, const dg_attr_spec *spec, const dg_value *given, dg_value *value)
{
    if (given->kind != DG_VALUE_INT)
        return wrong_kind(arena, spec, given);
    *value = dg_int(given->i);
    if (value->kind == DG_VALUE_NONE)
        return dg_error(DG_BAD_ARGUMENT, "'%s' is %lld, expected an integer above it", spec->name, (long long)given->i);
    return dg_ok();
}

/* A list of integers; a single one is a list of one. */
static dg_status normalise_ints(dg_arena *arena, const dg_attr_spec *spec, const dg_value *given, dg_value *value)
{
    dg_value from_c[DG_MAX_INTS], list;
    if (given->kind == DG_VALUE_INTS) {
        DG_TRY(list_of_ints(spec, given->ints, from_c, &list));
        given = &list;
    }
    const dg_value *items = given->kind == DG_VALUE_INT ? given : given->items;
    size_t count = given->kind == DG_VALUE_INT ? 1 : given->count;
    if (given->kind != DG_VALUE_INT && given->kind != DG_VALUE_LIST)
        return wrong_kind(arena, spec, given);
    if (count > DG_MAX_INTS)
        return dg_error(DG_BAD_ARGUMENT, "'%s' has %zu number(s), at most %d are possible", spec->name, count,
                        DG_MAX_INTS);
    dg_value *copy = dg_arena_alloc(arena, (count ? count : 1) * sizeof *copy);
    if (!copy)
        return dg_no_memory("an attribute");
    for (size_t i = 0; i < count; i++) {
        if (items[i].kind != DG_VALUE_INT)
            return wrong_kind(arena, spec, given);
        DG_TRY(normalise_int(arena, spec, &items[i], &copy[i]));
    }
    *value = (dg_value){.kind = DG_VALUE_LIST, .count = count, .items = copy};
    return dg_ok();
}

/* A shape from C: its rank, and that each negative size is a symbol of the graph, or the rest. */
static dg_status check_shape(const dg_graph *graph, const dg_attr_spec *spec, const dg_shape *shape)
{
    if (shape->rank < 0 || shape->rank > DG_MAX_RANK)
        return dg_error(DG_BAD_SHAPE, "'%s' has %d dimension(s), at most %d are possible", spec->name, shape->rank,
                        DG_MAX_RANK);
    int64_t last = DG_N - (graph ? graph->n_symbols : 0);
    for (int d = 0; d < shape->rank; d++)
        if (shape->dims[d] < last)
            return dg_error(DG_BAD_SHAPE, "'%s' has the size %lld, which is neither a size nor a symbol of this graph",
                            spec->name, (long long)shape->dims[d]);
        else if (shape->dims[d] == DG_UNKNOWN && !spec->takes_rest)
            return dg_error(DG_BAD_SHAPE,
                            "'%s' has the size -1: a size that is known later is a symbol, DG_N or one of dg_symbol()",
                            spec->name);
    return dg_ok();
}

static dg_status normalise_shape(dg_graph *graph, dg_arena *arena, const dg_attr_spec *spec, const dg_value *given,
                                 dg_value *value)
{
    dg_shape *shape = dg_arena_alloc(arena, sizeof *shape);
    if (!shape)
        return dg_no_memory("an attribute");
    *value = (dg_value){.kind = DG_VALUE_SHAPE, .shape = shape};
    if (given->kind == DG_VALUE_SHAPE) {
        DG_TRY(check_shape(graph, spec, given->shape));
        *shape = *given->shape;
        return dg_ok();
    }
    if (given->kind != DG_VALUE_LIST)
        return wrong_kind(arena, spec, given);
    if (given->count > DG_MAX_RANK)
        return dg_error(DG_BAD_SHAPE, "'%s' has %zu dimension(s), at most %d are possible", spec->name, given->count,
                        DG_MAX_RANK);
    shape->rank = (int)given->count;
    for (size_t i = 0; i < given->count; i++) {
        const dg_value *item = &given->items[i];
        if (item->kind == DG_VALUE_INT && item->i >= (spec->takes_rest ? -1 : 0))
            shape->dims[i] = item->i;
        else if (item->kind == DG_VALUE_NAME && graph && size_is_name(item->s))
            shape->dims[i] = dg_symbol(graph, item->s);
        else
            return size_error(spec->name, item, dg_value_print(arena, given));
    }
    return dg_ok();
}

/* The size of nested lists, as their first items tell it. */
static dg_status measure_literal(const dg_value *value, dg_shape *shape)
{
    shape->rank = 0;
    for (; value->kind == DG_VALUE_LIST; value = value->items) {
        if (shape->rank == DG_MAX_RANK)
            return dg_error(DG_BAD_SHAPE, "lists nest deeper than %d", DG_MAX_RANK);
        shape->dims[shape->rank++] = (int64_t)value->count;
        if (value->count == 0)
            break;
    }
    return dg_ok();
}

/* Every list of one level must be as long as the first one, and numbers are at the last level alone. Finds the
 * element type that holds them all. */
static dg_status check_literal(const dg_value *value, int depth, const dg_shape *shape, dg_dtype *dtype)
{
    if (depth < shape->rank) {
        if (value->kind != DG_VALUE_LIST)
            return dg_error(DG_BAD_SHAPE, "numbers and lists are mixed");
        if (shape->dims[depth] != (int64_t)value->count)
            return dg_error(DG_BAD_SHAPE, "a list has %zu item(s) where another has %lld", value->count,
                            (long long)shape->dims[depth]);
        for (size_t i = 0; i < value->count; i++)
            DG_TRY(check_literal(&value->items[i], depth + 1, shape, dtype));
        return dg_ok();
    }
    if (value->kind == DG_VALUE_LIST)
        return dg_error(DG_BAD_SHAPE, "numbers and lists are mixed");
    dg_dtype own = value->kind == DG_VALUE_BOOL    ? DG_BOOL
                   : value->kind == DG_VALUE_INT   ? DG_INT64
                   : value->kind == DG_VALUE_FLOAT ? DG_FLOAT64
                                                   : DG_DEFAULT_DTYPE;
    if (own == DG_DEFAULT_DTYPE)
        return dg_error(DG_BAD_ARGUMENT, "expected a number, not %s", is_text(value) ? value->s : "a call");
    *dtype = own > *dtype ? own : *dtype;
    return dg_ok();
}

static void fill_literal(const dg_value *value, dg_tensor *tensor, int64_t *at)
{
    if (value->kind == DG_VALUE_LIST) {
        for (size_t i = 0; i < value->count; i++)
            fill_literal(&value->items[i], tensor, at);
    } else if (tensor->dtype == DG_INT64) {
        ((int64_t *)tensor->data)[(*at)++] = value->kind == DG_VALUE_BOOL ? value->b : value->i;
    } else {
        double number = value->kind == DG_VALUE_BOOL ? value->b : 0;
        dg_value_number(value, &number);
        dg_tensor_set(tensor, (*at)++, number);
    }
}

static dg_status normalise_tensor(dg_arena *arena, const dg_attr_spec *spec, const dg_value *given, dg_value *value)
{
    dg_tensor *tensor = dg_arena_alloc(arena, sizeof *tensor);
    if (!tensor)
        return dg_no_memory("an attribute");
    *value = (dg_value){.kind = DG_VALUE_TENSOR, .source = given->source, .tensor = tensor};
    dg_dtype dtype = DG_DEFAULT_DTYPE;
    dg_shape shape = {0};
    const void *data = NULL;
    if (given->kind == DG_VALUE_TENSOR) {
        dtype = given->tensor->dtype;
        shape = given->tensor->shape;
        data = given->tensor->data;
    } else {
        dg_status status = measure_literal(given, &shape);
        if (status.code == DG_OK)
            status = check_literal(given, 0, &shape, &dtype);
        if (status.code != DG_OK)
            return dg_prefixed(status, "'%s'", spec->name);
        if (dtype == DG_DEFAULT_DTYPE)
            dtype = DG_FLOAT64;
    }
    size_t bytes;
    DG_TRY(dg_shape_bytes(&shape, dtype, &bytes));
    if (given->kind == DG_VALUE_TENSOR && !data && bytes)
        return dg_error(DG_BAD_ARGUMENT, "'%s' is a tensor without data", spec->name);
    unsigned char *buffer = dg_arena_alloc(arena, bytes + 64);
    if (!buffer)
        return dg_no_memory("an attribute");
    buffer += (64 - (uintptr_t)buffer % 64) % 64;
    *tensor = (dg_tensor){.dtype = dtype, .shape = shape, .data = buffer};
    if (data)
        memcpy(buffer, data, bytes);
    else if (given->kind != DG_VALUE_TENSOR)
        fill_literal(given, tensor, &(int64_t){0});
    return dg_ok();
}

static dg_status normalise_text(dg_arena *arena, const dg_attr_spec *spec, const dg_value *given, dg_value *value)
{
    const char *text = given->kind == DG_VALUE_STRING ? given->s : given->source ? given->source : NULL;
    if (!text)
        text = is_text(given) ? given->s : dg_value_print(arena, given);
    if (!text)
        return wrong_kind(arena, spec, given);
    text = dg_arena_text(arena, text, strlen(text));
    if (!text)
        return dg_no_memory("an attribute");
    *value = (dg_value){.kind = DG_VALUE_TEXT, .s = text};
    return dg_ok();
}

/* A number or lists of numbers stand for constant(…). */
static dg_status constant_init(dg_arena *arena, const dg_value *given, dg_value *value)
{
    dg_value *item = dg_arena_alloc(arena, sizeof *item);
    if (!item)
        return dg_no_memory("an attribute");
    *item = *given;
    item->key = NULL;
    *value = (dg_value){.kind = DG_VALUE_CALL, .s = "constant", .count = 1, .items = item, .source = given->source};
    return dg_ok();
}

static bool is_literal(const dg_value *value)
{
    return value->kind == DG_VALUE_LIST || value->kind == DG_VALUE_INT || value->kind == DG_VALUE_FLOAT;
}

/* Numbers of an initialiser: finite, and at least one in each list. */
static dg_status check_numbers(const dg_attr_spec *spec, const dg_value *value)
{
    double number = value->kind == DG_VALUE_LIST && !value->count ? NAN : 0;
    for (size_t i = 0; value->kind == DG_VALUE_LIST && i < value->count; i++)
        DG_TRY(check_numbers(spec, &value->items[i]));
    dg_value_number(value, &number);
    return isfinite(number) ? dg_ok() : dg_error(DG_BAD_ARGUMENT, "'%s': expected finite numbers", spec->name);
}

static dg_status normalise_init(dg_arena *arena, const dg_attr_spec *spec, const dg_value *given, dg_value *value)
{
    dg_value literal = *given;
    if (is_text(given) && strchr("0123456789.[-+", given->s[0]) &&
        dg_value_parse(arena, given->s, &literal).code != DG_OK)
        literal = *given;
    if (is_literal(&literal)) {
        DG_TRY(check_numbers(spec, &literal));
        return constant_init(arena, &literal, value);
    }
    *value = *given;
    value->key = NULL;
    if (given->kind == DG_VALUE_CALL)
        return dg_ok();
    return is_text(given) ? dg_prefixed(dg_call_parse(arena, given->s, value), "'%s'", spec->name)
                          : wrong_kind(arena, spec, given);
}

static dg_status normalise_float(dg_arena *arena, const dg_attr_spec *spec, const dg_value *given, dg_value *value)
{
    double number;
    if (!dg_value_number(given, &number))
        return wrong_kind(arena, spec, given);
    if (isnan(number) && !spec->may_be_nan)
        return dg_error(DG_BAD_ARGUMENT, "'%s' is NaN, expected a number", spec->name);
    if (isinf(number) && !spec->may_be_nan && !spec->may_be_infinite)
        return dg_error(DG_BAD_ARGUMENT, "'%s' is %g, expected a finite number", spec->name, number);
    *value = (dg_value){.kind = DG_VALUE_FLOAT, .f = number};
    return dg_ok();
}

static dg_status normalise_dtype(dg_arena *arena, const dg_attr_spec *spec, const dg_value *given, dg_value *value)
{
    dg_dtype dtype;
    if (given->kind == DG_VALUE_INT && !given->source) /* as C gives it; texts name types */
        dtype = (dg_dtype)given->i;
    else if (!is_text(given) || !dg_dtype_parse(given->s, &dtype))
        return wrong_kind(arena, spec, given);
    if (dtype != DG_DEFAULT_DTYPE && (dtype < DG_BOOL || dtype > DG_FLOAT64))
        return wrong_kind(arena, spec, given);
    *value = dg_int((int64_t)dtype);
    return dg_ok();
}

/* Whether a value says in the words of C, or in a file's, what an absent one says: such a default is kept as absent. */
static bool is_absent(const dg_attr_spec *spec, const dg_value *given)
{
    if (!spec->fallback || strcmp(spec->fallback, "none") != 0)
        return false;
    if (spec->kind == DG_ATTR_DTYPE)
        return given->kind == DG_VALUE_INT && !given->source && given->i == DG_DEFAULT_DTYPE;
    return spec->choices && is_text(given) && strcmp(given->s, "none") == 0;
}

dg_status attribute_normalise(dg_graph *graph, dg_arena *arena, const dg_attr_spec *spec, const dg_value *given,
                              dg_value *value)
{
    *value = (dg_value){0};
    const dg_value none = {.kind = DG_VALUE_NAME, .s = "none"};
    if (is_absent(spec, given))
        return dg_ok();
    if (given->kind == DG_VALUE_NONE && given->source && spec->choices && is_choice(spec->choices, none.s) &&
        !is_absent(spec, &none))
        given = &none; /* written, and a choice like the others */
    const dg_value truth = {.kind = DG_VALUE_NAME, .s = given->kind == DG_VALUE_BOOL && given->b ? "true" : "false"};
    if (given->kind == DG_VALUE_BOOL && spec->choices && is_choice(spec->choices, truth.s))
        given = &truth;
    if (given->kind == DG_VALUE_NONE)
        return dg_ok();
    switch (spec->kind) {
    case DG_ATTR_BOOL:
        if (given->kind != DG_VALUE_BOOL)
            return wrong_kind(arena, spec, given);
        *value = dg_bool(given->b);
        return dg_ok();
    case DG_ATTR_INT:
        return normalise_int(arena, spec, given, value);
    case DG_ATTR_FLOAT:
        return normalise_float(arena, spec, given, value);
    case DG_ATTR_NAME:
        if (!is_text(given) || (spec->choices && !is_choice(spec->choices, given->s)))
            return wrong_kind(arena, spec, given);
        *value = (dg_value){.kind = DG_VALUE_NAME, .s = dg_arena_text(arena, given->s, strlen(given->s))};
        return value->s ? dg_ok() : dg_no_memory("an attribute");
    case DG_ATTR_SIZES:
        if (is_text(given) && spec->choices && is_choice(spec->choices, given->s)) {
            *value = (dg_value){.kind = DG_VALUE_NAME, .s = dg_arena_text(arena, given->s, strlen(given->s))};
            return value->s ? dg_ok() : dg_no_memory("an attribute");
        }
        return normalise_ints(arena, spec, given, value);
    case DG_ATTR_INTS:
        return normalise_ints(arena, spec, given, value);
    case DG_ATTR_SHAPE:
        return normalise_shape(graph, arena, spec, given, value);
    case DG_ATTR_DTYPE:
        return normalise_dtype(arena, spec, given, value);
    case DG_ATTR_TENSOR:
        return normalise_tensor(arena, spec, given, value);
    case DG_ATTR_INIT:
        DG_TRY(normalise_init(arena, spec, given, value));
        return graph ? dg_prefixed(init_is_known(value), "'%s'", spec->name) : dg_ok();
    case DG_ATTR_TEXT:
        return normalise_text(arena, spec, given, value);
    }
    return wrong_kind(arena, spec, given);
}
