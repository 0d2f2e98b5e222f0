/* The text of a function: "FORMULA, name=value, …", a name, or a call. */
#include "activation.h"

#include "core/base/plain.h"

#include <dotgrad/op.h>

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_name_character(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static size_t name_length(const char *text)
{
    size_t n = 0;
    if (!isdigit((unsigned char)*text))
        while (is_name_character(text[n]))
            n++;
    return n;
}

static const char *skip(const char *text)
{
    return text + strspn(text, " \t\n");
}

/* The end of a piece that reaches to the next comma outside of brackets. */
static const char *piece_end(const char *text)
{
    int depth = 0;
    for (; *text; text++) {
        if (*text == '(' || *text == '[')
            depth++;
        else if (*text == ')' || *text == ']')
            depth--;
        else if (*text == ',' && depth == 0)
            break;
    }
    return text;
}

static dg_status read_number(const char *what, const char *text, double *value)
{
    char *end;
    const char *at = skip(text);
    *value = plain_number(at, &end);
    if (end == at || *skip(end))
        return dg_error(DG_BAD_ARGUMENT, "%s: '%s' is not a number; write a number or parameter(1.0, min=0)", what, at);
    return dg_ok();
}

/* An argument of parameter(…): a number, min=, max=, per=; name= says nothing about one function. */
static dg_status read_parameter_argument(dg_activation *a, const char *text, dg_activation_parameter *p)
{
    const char *at = skip(text);
    size_t n = name_length(at);
    const char *after = skip(at + n);
    if (!n || *after != '=')
        return read_number(p->name, at, &p->value);
    if (n == 3 && (strncmp(at, "min", 3) == 0 || strncmp(at, "max", 3) == 0))
        return read_number(p->name, after + 1, at[1] == 'i' ? &p->min : &p->max);
    if (n == 3 && strncmp(at, "per", 3) == 0) {
        const char *word = skip(after + 1);
        size_t length = name_length(word);
        if (length != 7 || strncmp(word, "channel", length) != 0)
            return dg_error(DG_BAD_ARGUMENT, "%s: per=%s: a parameter is one for all, or one for each channel", p->name,
                            word);
        p->per = dg_arena_text(a->arena, word, length);
        return p->per ? dg_ok() : dg_no_memory("a function");
    }
    if (n == 4 && strncmp(at, "name", 4) == 0)
        return dg_ok();
    return dg_error(DG_BAD_ARGUMENT, "%s: parameter(…) has a value, min, max and per, not '%.*s'", p->name, (int)n, at);
}

static dg_status read_parameter_call(dg_activation *a, const char *arguments, dg_activation_parameter *p)
{
    const char *close = strrchr(arguments, ')');
    if (!close || *skip(close + 1))
        return dg_error(DG_BAD_ARGUMENT, "%s: parameter(…) is not closed", p->name);
    p->trainable = true;
    p->value = NAN;
    for (const char *at = arguments; at < close;) {
        const char *end = piece_end(at);
        end = end > close ? close : end;
        const char *one = dg_arena_text(a->arena, at, (size_t)(end - at));
        if (!one)
            return dg_no_memory("a function");
        DG_TRY(read_parameter_argument(a, one, p));
        at = end < close ? end + 1 : close;
    }
    if (isnan(p->value))
        return dg_error(DG_BAD_ARGUMENT, "%s: parameter(…) needs a number to begin with, parameter(1.0)", p->name);
    return dg_ok();
}

/* What is behind the bracket of a call that makes a parameter; NULL: it is none. */
static const char *parameter_call(const char *value)
{
    char name[80];
    size_t n = name_length(value);
    snprintf(name, sizeof name, "%.*s", (int)n, value);
    const dg_op *op = value[n] == '(' ? dg_op_find(name) : NULL;
    return op && op->role == DG_ROLE_PARAMETER ? value + n + 1 : NULL;
}

/* "name=value", which takes the place of an earlier value of that name. */
static dg_status read_parameter(dg_activation *a, const char *text)
{
    const char *at = skip(text);
    size_t n = name_length(at);
    const char *after = skip(at + n);
    if (!n || *after != '=')
        return dg_error(DG_BAD_ARGUMENT, "expected name=value where it says '%s'", at);
    int k = 0;
    while (k < a->n_parameters && (strncmp(a->parameters[k].name, at, n) != 0 || a->parameters[k].name[n] != '\0'))
        k++;
    if (k == MOST_PARAMETERS)
        return dg_error(DG_BAD_ARGUMENT, "more than %d parameters", MOST_PARAMETERS);
    dg_activation_parameter *p = &a->parameters[k];
    *p = (dg_activation_parameter){.min = -INFINITY, .max = INFINITY};
    p->name = dg_arena_text(a->arena, at, n);
    if (!p->name)
        return dg_no_memory("a function");
    a->n_parameters = k == a->n_parameters ? k + 1 : a->n_parameters;
    const char *value = skip(after + 1);
    const char *call = parameter_call(value);
    if (call)
        DG_TRY(read_parameter_call(a, call, p));
    else
        DG_TRY(read_number(p->name, value, &p->value));
    if (!isfinite(p->value))
        return dg_error(DG_BAD_ARGUMENT, "%s is %g, expected a finite number", p->name,
                        isnan(p->value) ? fabs(p->value) : p->value);
    if (!(p->value >= p->min && p->value <= p->max))
        return dg_error(DG_BAD_ARGUMENT, "%s = %g is not between its bounds %g and %g", p->name, p->value, p->min,
                        p->max);
    return dg_ok();
}

/* The text before the first comma outside of brackets is the formula, pieces behind it are values. */
static dg_status read_pieces(dg_activation *a, const char *text)
{
    const char *end = piece_end(text);
    a->text = dg_arena_text(a->arena, text, (size_t)(end - text));
    if (!a->text)
        return dg_no_memory("a function");
    while (*end == ',') {
        const char *next = piece_end(end + 1);
        const char *one = dg_arena_text(a->arena, end + 1, (size_t)(next - end - 1));
        if (!one)
            return dg_no_memory("a function");
        int before = a->n_parameters;
        DG_TRY(read_parameter(a, one));
        if (a->n_parameters == before)
            return dg_error(DG_BAD_ARGUMENT, "a name has two values: '%s' is the second", skip(one));
        end = next;
    }
    return dg_ok();
}

static const char *joined(dg_activation *a, const char *p, size_t n, const char *q, const char *r)
{
    char *text = dg_arena_alloc(a->arena, n + strlen(q) + strlen(r) + 1);
    if (text) {
        memcpy(text, p, n);
        strcpy(text + n, q);
        strcat(text, r);
    }
    return text;
}

/* A function of one input whose name may stand alone. */
static bool is_function(const char *name)
{
    const dg_op *op = dg_op_find(name);
    if (!op || !(op->formula || op->formula_for) || (op->flags & DG_ANY_INPUTS) || dg_op_input_count(op) < 1)
        return false;
    for (int k = 1; k < dg_op_input_count(op); k++)
        if (!(op->inputs[k].flags & DG_OPTIONAL))
            return false;
    return true;
}

/* "elu(alpha=2)": whether the arguments say nothing of an input. */
static bool without_input(const char *arguments)
{
    const char *at = skip(arguments);
    size_t n = name_length(at);
    const char *after = skip(at + n);
    return *at == ')' || (n && after[0] == '=' && after[1] != '=');
}

/* A name, or a call of one, that stands for a whole function. */
static dg_status read_named(dg_activation *a, const char *given, size_t n, bool *done)
{
    const char *after = skip(given + n), *name = dg_arena_text(a->arena, given, n);
    bool bare = *after == '\0', call = *after == '(' && without_input(after + 1);
    *done = false;
    if (!name)
        return dg_no_memory("a function");
    if (!bare && !call)
        return dg_ok();
    const dg_catalogue_entry *entry = dg_catalogue_find(name);
    if (is_function(name)) {
        const char *rest = bare ? ")" : *skip(after + 1) == ')' ? skip(after + 1) : joined(a, ", ", 2, after + 1, "");
        a->text = rest ? joined(a, name, n, "(x", rest) : NULL;
        *done = a->is_op = true;
        return a->text ? dg_ok() : dg_no_memory("a function");
    }
    if (!entry)
        return dg_catalogue_count() ? dg_ok() : dg_no_memory("the catalogue");
    *done = true;
    if (entry->left_out)
        return dg_error(DG_BAD_ARGUMENT, "'%s' is in the catalogue without a formula: %s", name, entry->left_out);
    DG_TRY(read_pieces(a, entry->formula));
    const char *close = call ? strrchr(after, ')') : NULL;
    for (const char *at = call ? after + 1 : NULL; close && at && at < close;) {
        const char *end = piece_end(at);
        end = end > close ? close : end;
        const char *one = dg_arena_text(a->arena, at, (size_t)(end - at));
        if (!one)
            return dg_no_memory("a function");
        int before = a->n_parameters;
        if (*skip(one))
            DG_TRY(read_parameter(a, one));
        if (a->n_parameters != before)
            return dg_error(DG_BAD_ARGUMENT, "'%s' has no parameter '%s'", name, a->parameters[before].name);
        at = end + 1;
    }
    return dg_ok();
}

dg_status read_function(dg_activation *a, const char *given)
{
    given = skip(given);
    if (!*given)
        return dg_error(DG_BAD_ARGUMENT, "the formula is empty; write something like \"x * tanh(exp(x))\"");
    a->name = dg_arena_text(a->arena, given, strlen(given));
    if (!a->name)
        return dg_no_memory("a function");
    size_t n = name_length(given);
    bool done = false;
    if (n && !(n == 1 && *given == 'x'))
        DG_TRY(read_named(a, given, n, &done));
    if (!done)
        DG_TRY(read_pieces(a, given));
    for (int k = 0; k < a->n_parameters; k++)
        a->bindings[k] = (dg_binding){a->parameters[k].name, a->parameters[k].value};
    return dg_ok();
}
