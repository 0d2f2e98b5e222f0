/* What is varied: lists, ranges and draws. */
#include "study.h"

#include <dotgrad/random.h>
#include <dotgrad/value.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_VALUES = 10000 };

static dg_status add_value(study *s, study_axis *axis, const char *text, size_t length)
{
    const char *at = text;
    while (length && (at[length - 1] == ' ' || at[length - 1] == '\t'))
        length--;
    for (; length && (*at == ' ' || *at == '\t'); length--)
        at++;
    if (!length)
        return dg_error(DG_BAD_ARGUMENT, "'%s' has an empty value", axis->name);
    if (axis->values.count == MOST_VALUES)
        return dg_error(DG_BAD_ARGUMENT, "'%s' has more than %d values", axis->name, MOST_VALUES);
    for (int k = 0; !axis->is_drawn && k < axis->values.count; k++)
        if (strlen(axis->values.items[k]) == length && strncmp(axis->values.items[k], at, length) == 0)
            return dg_error(DG_BAD_ARGUMENT, "'%s' has the value '%.*s' twice", axis->name, (int)length, at);
    const char **items = dg_arena_alloc(s->arena, ((size_t)axis->values.count + 1) * sizeof *items);
    const char *copy = dg_arena_text(s->arena, at, length);
    if (!items || !copy)
        return dg_no_memory("the study");
    if (axis->values.count)
        memcpy(items, axis->values.items, (size_t)axis->values.count * sizeof *items);
    items[axis->values.count] = copy;
    axis->values = (study_texts){items, axis->values.count + 1};
    return dg_ok();
}

static dg_status add_number(study *s, study_axis *axis, double number)
{
    char text[DG_NUMBER_TEXT];
    dg_number_print(number, DG_FLOAT64, text);
    return add_value(s, axis, text, strlen(text));
}

/* relu|mish|expr(max(x, 0)): cut at bars outside of brackets and quotes. */
static dg_status read_list(study *s, study_axis *axis, const char *text)
{
    int depth = 0;
    bool is_quoted = false;
    const char *begin = text;
    for (const char *at = text;; at++) {
        is_quoted ^= *at == '\'';
        depth += !is_quoted && (*at == '(' || *at == '[');
        depth -= !is_quoted && (*at == ')' || *at == ']');
        if (*at && (*at != '|' || depth > 0 || is_quoted))
            continue;
        DG_TRY(add_value(s, axis, begin, (size_t)(at - begin)));
        if (!*at)
            return dg_ok();
        begin = at + 1;
    }
}

static bool number_of(const dg_value *value, double *number)
{
    *number = value->kind == DG_VALUE_INT ? (double)value->i : value->kind == DG_VALUE_FLOAT ? value->f : NAN;
    return isfinite(*number);
}

static dg_status read_call(study *s, const study_axis *axis, const char *text, int least, int most, dg_value *call,
                           double numbers[3])
{
    dg_status status = dg_call_parse(s->arena, text, call);
    if (status.code != DG_OK)
        return dg_prefixed(status, "'%s'", axis->name);
    if ((int)call->count < least || (int)call->count > most)
        return dg_error(DG_BAD_ARGUMENT, "'%s=%s': %s needs %d number(s)", axis->name, text, call->s, least);
    for (size_t k = 0; k < call->count; k++)
        if (!number_of(&call->items[k], &numbers[k]))
            return dg_error(DG_BAD_ARGUMENT, "'%s=%s': argument %zu is not a number", axis->name, text, k + 1);
    return dg_ok();
}

/* geomspace(1e-4, 1e-1, 5), linspace(0, 1, 11), arange(1, 10, 2): as NumPy's. */
static dg_status read_range(study *s, study_axis *axis, const char *text)
{
    dg_value call;
    double n[3] = {0, 0, 1};
    DG_TRY(read_call(s, axis, text, 3, 3, &call, n));
    bool geometric = strcmp(call.s, "geomspace") == 0, linear = strcmp(call.s, "linspace") == 0;
    if (strcmp(call.s, "arange") == 0) {
        if (n[2] == 0 || (n[1] - n[0]) / n[2] > MOST_VALUES || !((n[1] - n[0]) / n[2] > 0))
            return dg_error(DG_BAD_ARGUMENT, "'%s=%s': steps do not lead from %g to %g", axis->name, text, n[0], n[1]);
        for (int64_t k = 0; (double)k < ceil((n[1] - n[0]) / n[2]); k++)
            DG_TRY(add_number(s, axis, n[0] + (double)k * n[2]));
        return dg_ok();
    }
    if (!geometric && !linear)
        return dg_error(DG_BAD_ARGUMENT,
                        "'%s=%s': there is no range %s; there are geomspace(FROM, TO, COUNT), "
                        "linspace(FROM, TO, COUNT), arange(FROM, BEFORE, STEP)",
                        axis->name, text, call.s);
    if (!(n[2] >= 1 && n[2] <= MOST_VALUES) || n[2] != floor(n[2]))
        return dg_error(DG_BAD_ARGUMENT, "'%s=%s': the count is a whole number from 1 to %d", axis->name, text,
                        MOST_VALUES);
    if (geometric && !(n[0] > 0 && n[1] > 0))
        return dg_error(DG_BAD_ARGUMENT, "'%s=%s': geomspace goes between numbers above 0", axis->name, text);
    for (int64_t k = 0; k < (int64_t)n[2]; k++) {
        double part = n[2] > 1 ? (double)k / (n[2] - 1) : 0;
        bool is_end = part == 1;
        double value = geometric ? n[0] * pow(n[1] / n[0], part) : n[0] + part * (n[1] - n[0]);
        char digits[32]; /* 15 digits: 0.001, not 0.0010000000000000002 */
        snprintf(digits, sizeof digits, "%.15g", is_end ? n[1] : value);
        DG_TRY(add_number(s, axis, strtod(digits, NULL)));
    }
    return dg_ok();
}

/* loguniform(1e-4, 1e-1), uniform(0, 1), randint(16, 129) (below the second), choice(a, b): one value a trial. */
static dg_status read_draw(study *s, study_axis *axis, const char *text, int64_t trials)
{
    dg_value call;
    double n[3] = {0, 0, 0};
    const dg_random key = {.stream = dg_random_stream(axis->name)};
    dg_status status = dg_call_parse(s->arena, text, &call);
    if (status.code != DG_OK)
        return dg_prefixed(status, "'%s'", axis->name);
    bool choice = strcmp(call.s, "choice") == 0, log_scale = strcmp(call.s, "loguniform") == 0,
         whole = strcmp(call.s, "randint") == 0;
    if (!choice && !log_scale && !whole && strcmp(call.s, "uniform") != 0)
        return dg_error(DG_BAD_ARGUMENT,
                        "'%s=%s': there is no draw %s; there are uniform(LOW, HIGH), "
                        "loguniform(LOW, HIGH), randint(LOW, ABOVE), choice(A, B, …)",
                        axis->name, text, call.s);
    if (choice && !call.count)
        return dg_error(DG_BAD_ARGUMENT, "'%s=%s': choice needs values", axis->name, text);
    if (!choice)
        DG_TRY(read_call(s, axis, text, 2, 2, &call, n));
    if (!choice && !(n[0] < n[1] && (!log_scale || n[0] > 0)))
        return dg_error(DG_BAD_ARGUMENT, "'%s=%s': expected %s", axis->name, text,
                        log_scale ? "0 < LOW < HIGH" : "LOW < HIGH");
    for (int64_t k = 0; k < trials; k++) {
        double u = dg_random_unit(&key, (uint64_t)k), value = n[0] + u * (n[1] - n[0]);
        if (choice) {
            const char *one = dg_value_print(s->arena, &call.items[(size_t)(u * (double)call.count)]);
            DG_TRY(one ? add_value(s, axis, one, strlen(one)) : dg_no_memory("the study"));
            continue;
        }
        value = log_scale ? n[0] * pow(n[1] / n[0], u) : whole ? floor(value) : value;
        char digits[32];
        snprintf(digits, sizeof digits, "%.6g", value);
        DG_TRY(add_number(s, axis, strtod(digits, NULL)));
    }
    return dg_ok();
}

typedef dg_status axis_reader(study *s, study_axis *axis, const char *text);

static dg_status add_axis(study *s, const char *option, const char *text, study_axis **made)
{
    const char *equals = strchr(text, '=');
    if (!equals || equals == text || !equals[1])
        return dg_error(DG_BAD_ARGUMENT, "--%s needs NAME=VALUES, not '%s'", option, text);
    *made = &s->axes[s->n_axes++];
    **made = (study_axis){.name = dg_arena_text(s->arena, text, (size_t)(equals - text))};
    if (!(*made)->name)
        return dg_no_memory("the study");
    for (int k = 0; k + 1 < s->n_axes; k++)
        if (strcmp(s->axes[k].name, (*made)->name) == 0)
            return dg_error(DG_BAD_ARGUMENT, "'%s' is varied twice", s->axes[k].name);
    return dg_ok();
}

static dg_status select_axes(study *s, const char *names)
{
    for (const char *at = names; at && *at;) {
        size_t length = strcspn(at, ", ");
        int found = -1;
        for (int k = 0; k < s->n_axes; k++)
            if (strlen(s->axes[k].name) == length && strncmp(s->axes[k].name, at, length) == 0)
                found = k;
        if (length && found < 0)
            return dg_error(DG_BAD_ARGUMENT, "--select: nothing named '%.*s' is varied", (int)length, at);
        if (length)
            s->axes[found].is_chosen = true;
        at += length + strspn(at + length, ", ");
    }
    return dg_ok();
}

dg_status study_axes_read(study *s, const study_options *options)
{
    int all = options->set.count + options->replace.count + options->range.count + options->sample.count;
    study_axis *axis;
    s->axes = dg_arena_alloc(s->arena, ((size_t)all + 1) * sizeof *s->axes);
    if (!s->axes)
        return dg_no_memory("the study");
    for (int k = 0; k < options->set.count; k++) {
        DG_TRY(add_axis(s, "set", options->set.items[k], &axis));
        DG_TRY(read_list(s, axis, options->set.items[k] + strlen(axis->name) + 1));
    }
    for (int k = 0; k < options->replace.count; k++) {
        DG_TRY(add_axis(s, "replace", options->replace.items[k], &axis));
        axis->is_op = true;
        DG_TRY(read_list(s, axis, options->replace.items[k] + strlen(axis->name) + 1));
    }
    for (int k = 0; k < options->range.count; k++) {
        DG_TRY(add_axis(s, "range", options->range.items[k], &axis));
        DG_TRY(read_range(s, axis, options->range.items[k] + strlen(axis->name) + 1));
    }
    for (int k = 0; k < options->sample.count; k++) {
        DG_TRY(add_axis(s, "sample", options->sample.items[k], &axis));
        axis->is_drawn = axis->is_chosen = true;
        DG_TRY(read_draw(s, axis, options->sample.items[k] + strlen(axis->name) + 1, options->trials));
    }
    return select_axes(s, options->select);
}
