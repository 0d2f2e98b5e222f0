/* Arguments of calls as numbers: defaults, ranges, and messages that name the call, the argument and the value. */
#include "call.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int call_width(const call_arg *arg)
{
    return arg->symbols[1] ? 2 : 1;
}

const char *call_symbol(const call_arg *arg, int k)
{
    return arg->symbols[k] ? arg->symbols[k] : arg->name;
}

size_t text_append(char *text, size_t size, size_t used, const char *format, ...)
{
    if (used + 1 >= size)
        return used;
    va_list list;
    va_start(list, format);
    int length = vsnprintf(text + used, size - used, format, list);
    va_end(list);
    if (length < 0)
        return used;
    return used + (size_t)length < size ? used + (size_t)length : size - 1;
}

static const char *const range_texts[] = {
    [CALL_POSITIVE] = "a finite number above 0",    [CALL_NOT_NEGATIVE] = "a finite number, 0 or more",
    [CALL_FRACTION] = "a number from 0 to below 1", [CALL_FINITE] = "a finite number",
    [CALL_COUNT] = "a whole number, 1 or more",     [CALL_FLAG] = "true or false",
};

static bool in_range(call_range range, double x)
{
    switch (range) {
    case CALL_POSITIVE:
        return isfinite(x) && x > 0;
    case CALL_NOT_NEGATIVE:
        return isfinite(x) && x >= 0;
    case CALL_FRACTION:
        return x >= 0 && x < 1;
    case CALL_COUNT:
        return x >= 1 && x < 9e15 && x == floor(x);
    case CALL_FINITE:
        return isfinite(x);
    case CALL_FLAG:
    case CALL_CHOICE:
        break;
    }
    return false;
}

static bool read_choice(const char *choices, const char *name, double *value)
{
    size_t length = strlen(name);
    int index = 0;
    for (const char *at = choices; at; index++) {
        const char *end = strchr(at, '|');
        if (length == (end ? (size_t)(end - at) : strlen(at)) && strncmp(at, name, length) == 0) {
            *value = index;
            return true;
        }
        at = end ? end + 1 : NULL;
    }
    return false;
}

static bool read_one(const call_arg *arg, const dg_value *given, double *value)
{
    if (arg->range == CALL_FLAG) {
        *value = given->kind == DG_VALUE_BOOL && given->b;
        return given->kind == DG_VALUE_BOOL;
    }
    if (arg->range == CALL_CHOICE)
        return (given->kind == DG_VALUE_NAME || given->kind == DG_VALUE_STRING) &&
               read_choice(arg->choices, given->s, value);
    return dg_value_number(given, value) && in_range(arg->range, *value);
}

static dg_status read_argument(dg_arena *arena, const char *what, const call_arg *arg, const dg_value *given,
                               double *values)
{
    int width = call_width(arg);
    bool good = true;
    if (given->kind == DG_VALUE_NONE)
        return dg_ok();
    if (width == 1)
        good = read_one(arg, given, values);
    else {
        good = given->kind == DG_VALUE_LIST && given->count == (size_t)width;
        for (int k = 0; good && k < width; k++)
            good = read_one(arg, &given->items[k], &values[k]);
    }
    if (good)
        return dg_ok();
    dg_value bare = *given;
    bare.key = NULL;
    const char *text = dg_value_print(arena, &bare);
    const char *wants = arg->range == CALL_CHOICE ? arg->choices : range_texts[arg->range];
    return dg_error(DG_BAD_ARGUMENT, "%s: %s is %s, wants %s%s", what, arg->name, text ? text : "?",
                    width > 1 ? "a list of two, each " : "", wants);
}

static dg_status unknown_keyword(const char *what, const char *key, const call_arg *args)
{
    char known[300] = "";
    size_t used = 0;
    for (int k = 0; args[k].name; k++)
        used = text_append(known, sizeof known, used, "%s%s", k ? ", " : "", args[k].name);
    return dg_error(DG_BAD_ARGUMENT, "%s: unknown argument '%s'; it takes %s", what, key, used ? known : "none");
}

dg_status call_read(dg_arena *arena, const char *what, const dg_value *call, const call_arg *args, double *values)
{
    int n = 0, offsets[32];
    uint32_t given = 0;
    for (int at = 0; args[n].name && n < 32; n++) {
        offsets[n] = at;
        for (int k = 0; k < call_width(&args[n]); k++)
            values[at++] = args[n].fallback[k];
    }
    for (size_t i = 0; i < call->count; i++) {
        const dg_value *item = &call->items[i];
        int k = item->key ? 0 : (int)(i < 32 ? i : 32);
        while (item->key && k < n && strcmp(args[k].name, item->key) != 0)
            k++;
        if (k >= n && item->key)
            return unknown_keyword(what, item->key, args);
        if (k >= n)
            return dg_error(DG_BAD_ARGUMENT, "%s: %zu arguments, takes at most %d", what, call->count, n);
        if (given & (1u << k))
            return dg_error(DG_BAD_ARGUMENT, "%s: %s is given twice", what, args[k].name);
        given |= 1u << k;
        DG_TRY(read_argument(arena, what, &args[k], item, &values[offsets[k]]));
    }
    return dg_ok();
}

static size_t print_number(const call_arg *arg, double value, char *text, size_t size, size_t used)
{
    char number[DG_NUMBER_TEXT];
    if (arg->range == CALL_FLAG)
        return text_append(text, size, used, "%s", value != 0 ? "true" : "false");
    if (arg->range == CALL_CHOICE) {
        const char *choice = arg->choices;
        for (int k = 0; k < (int)value; k++)
            choice = strchr(choice, '|') + 1;
        return text_append(text, size, used, "%.*s", (int)strcspn(choice, "|"), choice);
    }
    return text_append(text, size, used, "%s", dg_number_print(value, DG_FLOAT64, number));
}

size_t call_print(const call_arg *args, const double *values, char *text, size_t size, size_t used)
{
    for (int i = 0; args[i].name; i++) {
        int width = call_width(&args[i]);
        used = text_append(text, size, used, "%s%s=%s", i ? ", " : "", args[i].name, width > 1 ? "[" : "");
        for (int k = 0; k < width; k++) {
            if (k)
                used = text_append(text, size, used, ", ");
            used = print_number(&args[i], *values++, text, size, used);
        }
        if (width > 1)
            used = text_append(text, size, used, "]");
    }
    return used;
}
