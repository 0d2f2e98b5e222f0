/* Arguments of calls as numbers: defaults, ranges, and messages that name the call, the argument and the value. */
#include "core/base/null.h"
#include "core/base/plain.h"
#include "value.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int dg_argument_width(const dg_argument *arg)
{
    int width = 1;
    if (!arg)
        return 0;
    while (width < DG_ARGUMENT_WIDTH && arg->symbols[width])
        width++;
    return width;
}

const char *dg_argument_symbol(const dg_argument *arg, int k)
{
    if (!arg || k < 0 || k >= DG_ARGUMENT_WIDTH)
        return NULL;
    return arg->symbols[k] ? arg->symbols[k] : arg->name;
}

size_t dg_text_append(char *text, size_t size, size_t used, const char *format, ...)
{
    if (!text || !format || used + 1 >= size)
        return used;
    va_list list;
    va_start(list, format);
    int length = plain_print_list(text + used, size - used, format, list);
    va_end(list);
    if (length < 0)
        return used;
    return used + (size_t)length < size ? used + (size_t)length : size - 1;
}

dg_status arguments_check(const char *what, const char *name, const dg_argument *arguments, int most,
                          const char *const *taken)
{
    for (int k = 0; k < most && arguments[k].name; k++) {
        const char *own = arguments[k].name;
        bool is_taken = false;
        for (int i = 0; taken[i]; i++)
            is_taken = is_taken || strcmp(taken[i], own) == 0;
        for (int i = 0; i < k; i++)
            is_taken = is_taken || strcmp(arguments[i].name, own) == 0;
        if (!plain_is_name(own, false))
            return dg_error(DG_BAD_ARGUMENT, "%s '%s': argument %d is called '%s': a name is letters, digits and _",
                            what, name, k, own);
        if (is_taken)
            return dg_error(DG_BAD_ARGUMENT, "%s '%s': the name of argument '%s' is taken", what, name, own);
    }
    return dg_ok();
}

static const char *const range_texts[] = {
    [DG_ARGUMENT_POSITIVE] = "a finite number above 0",    [DG_ARGUMENT_NOT_NEGATIVE] = "a finite number, 0 or more",
    [DG_ARGUMENT_FRACTION] = "a number from 0 to below 1", [DG_ARGUMENT_FINITE] = "a finite number",
    [DG_ARGUMENT_COUNT] = "a whole number, 1 or more",     [DG_ARGUMENT_FLAG] = "true or false",
    [DG_ARGUMENT_NATURAL] = "a whole number, 0 or more",
};

#define LARGEST_COUNT 9e15 /* below which every whole number is a double */

static bool in_range(dg_argument_range range, double x)
{
    switch (range) {
    case DG_ARGUMENT_POSITIVE:
        return isfinite(x) && x > 0;
    case DG_ARGUMENT_NOT_NEGATIVE:
        return isfinite(x) && x >= 0;
    case DG_ARGUMENT_FRACTION:
        return x >= 0 && x < 1;
    case DG_ARGUMENT_COUNT:
        return x >= 1 && x < LARGEST_COUNT && x == floor(x);
    case DG_ARGUMENT_NATURAL:
        return x >= 0 && x < LARGEST_COUNT && x == floor(x);
    case DG_ARGUMENT_FINITE:
        return isfinite(x);
    case DG_ARGUMENT_FLAG:
    case DG_ARGUMENT_CHOICE:
    case DG_ARGUMENT_VALUE:
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

static bool read_one(const dg_argument *arg, const dg_value *given, double *value)
{
    if (arg->range == DG_ARGUMENT_VALUE) {
        if (!dg_value_number(given, value))
            *value = NAN;
        return true;
    }
    if (arg->range == DG_ARGUMENT_FLAG) {
        *value = given->kind == DG_VALUE_BOOL && given->b;
        return given->kind == DG_VALUE_BOOL;
    }
    if (arg->range == DG_ARGUMENT_CHOICE)
        return (given->kind == DG_VALUE_NAME || given->kind == DG_VALUE_STRING) &&
               read_choice(arg->choices, given->s, value);
    return dg_value_number(given, value) && in_range(arg->range, *value);
}

static dg_status read_argument(dg_arena *arena, const char *what, const dg_argument *arg, const dg_value *given,
                               double *values)
{
    int width = dg_argument_width(arg);
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
    const char *wants = arg->range == DG_ARGUMENT_CHOICE ? arg->choices : range_texts[arg->range];
    bool is_count = arg->range == DG_ARGUMENT_COUNT || arg->range == DG_ARGUMENT_NATURAL;
    double number;
    bool is_large = is_count && dg_value_number(given, &number) && number >= LARGEST_COUNT;
    return dg_error(DG_BAD_ARGUMENT, "%s: %s is %s, expected %s%s%s", what, arg->name, text ? text : "?",
                    width == 3   ? "a list of three, each "
                    : width == 2 ? "a list of two, each "
                                 : "",
                    wants, is_large ? " and below 9e15" : "");
}

static dg_status unknown_keyword(const char *what, const char *key, const dg_argument *args)
{
    char known[300] = "";
    size_t used = 0;
    for (int k = 0; args[k].name; k++)
        used = dg_text_append(known, sizeof known, used, "%s%s", k ? ", " : "", args[k].name);
    return dg_error(DG_BAD_ARGUMENT, "%s: unknown argument '%s'; it takes %s", what, key, used ? known : "none");
}

dg_status dg_arguments_read(dg_arena *arena, const char *what, const dg_value *call, const dg_argument *arguments,
                            double *values, const dg_value **items)
{
    int n = 0, offsets[DG_MOST_ARGUMENTS];
    const dg_value *given[DG_MOST_ARGUMENTS] = {NULL};
    REFUSE_NULL(arena);
    REFUSE_NULL(what);
    REFUSE_NULL(call);
    REFUSE_NULL(arguments);
    REFUSE_NULL(values);
    for (int at = 0; n < DG_MOST_ARGUMENTS && arguments[n].name; n++) {
        offsets[n] = at;
        for (int k = 0; k < dg_argument_width(&arguments[n]); k++)
            values[at++] = arguments[n].fallback[k];
    }
    for (size_t i = 0; call->kind == DG_VALUE_CALL && i < call->count; i++) {
        const dg_value *item = &call->items[i];
        int k = item->key ? 0 : (int)(i < DG_MOST_ARGUMENTS ? i : DG_MOST_ARGUMENTS);
        while (item->key && k < n && strcmp(arguments[k].name, item->key) != 0)
            k++;
        if (k >= n && item->key)
            return unknown_keyword(what, item->key, arguments);
        if (k >= n)
            return dg_error(DG_BAD_ARGUMENT, "%s: %zu argument(s) given, it takes at most %d", what, call->count, n);
        if (given[k])
            return dg_error(DG_BAD_ARGUMENT, "%s: %s is given twice", what, arguments[k].name);
        given[k] = item;
        DG_TRY(read_argument(arena, what, &arguments[k], item, &values[offsets[k]]));
    }
    for (int k = 0; k < n; k++) {
        bool there = given[k] && given[k]->kind != DG_VALUE_NONE;
        if (arguments[k].required && !there)
            return dg_error(DG_BAD_ARGUMENT, "%s: argument '%s' is missing", what, arguments[k].name);
        if (items)
            items[k] = there ? given[k] : NULL;
    }
    return dg_ok();
}

static size_t print_number(const dg_argument *arg, double value, char *text, size_t size, size_t used)
{
    char number[DG_NUMBER_TEXT];
    if (arg->range == DG_ARGUMENT_FLAG)
        return dg_text_append(text, size, used, "%s", value != 0 ? "true" : "false");
    if (arg->range == DG_ARGUMENT_CHOICE) {
        const char *choice = arg->choices;
        for (int k = 0; k < (int)value; k++)
            choice = strchr(choice, '|') + 1;
        return dg_text_append(text, size, used, "%.*s", (int)strcspn(choice, "|"), choice);
    }
    return dg_text_append(text, size, used, "%s", dg_number_print(value, DG_FLOAT64, number));
}

static size_t print_value(const dg_argument *arg, const double *values, char *text, size_t size, size_t used)
{
    int width = dg_argument_width(arg);
    for (int k = 0; k < width; k++) {
        used = dg_text_append(text, size, used, "%s", k ? ", " : width > 1 ? "[" : "");
        used = print_number(arg, values[k], text, size, used);
    }
    return width > 1 ? dg_text_append(text, size, used, "]") : used;
}

size_t dg_arguments_print(const dg_argument *args, const double *values, char *text, size_t size, size_t used)
{
    bool any = false;
    if (!args || !values)
        return used;
    for (int i = 0; args[i].name; values += dg_argument_width(&args[i]), i++) {
        if (isnan(values[0]))
            continue;
        used = dg_text_append(text, size, used, "%s%s=", any ? ", " : "", args[i].name);
        used = print_value(&args[i], values, text, size, used);
        any = true;
    }
    return used;
}

char *dg_argument_default(const dg_argument *arg, char *text, size_t size)
{
    if (!text)
        return NULL;
    if (size)
        text[0] = '\0';
    if (!arg)
        return text;
    if (arg->required || isnan(arg->fallback[0]))
        dg_text_append(text, size, 0, "%s", arg->required ? "" : "none");
    else
        print_value(arg, arg->fallback, text, size, 0);
    return text;
}
