/* Reads the call grammar of graph files.
 *
 * A text is first checked to be balanced, which also bounds its depth; after that a comma, a closing bracket or a
 * quote can be found by counting, and everything that is not a number, word, string, list or call is a formula. */
#include "core/base/null.h"
#include "number.h"
#include "value.h"

#include <math.h>
#include <string.h>

enum { DEEPEST = 64 };

typedef struct slice {
    const char *at;
    size_t length;
} slice;

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

size_t name_length(const char *text, size_t length)
{
    if (length == 0 || !is_letter(text[0]))
        return 0;
    size_t n = 1;
    while (n < length && (is_letter(text[n]) || (text[n] >= '0' && text[n] <= '9') || text[n] == '.' || text[n] == '-'))
        n++;
    return n;
}

static bool is_word(const char *text, size_t length, const char *word)
{
    return strlen(word) == length && memcmp(text, word, length) == 0;
}

bool is_reserved_word(const char *text, size_t length)
{
    static const char *const words[] = {"true", "false", "none", "inf", "nan"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (is_word(text, length, words[i]))
            return true;
    return false;
}

static slice trim(slice text)
{
    while (text.length && is_space(text.at[0])) {
        text.at++;
        text.length--;
    }
    while (text.length && is_space(text.at[text.length - 1]))
        text.length--;
    return text;
}

/* "…, found '…'", with as much of the text as is good to read. */
static dg_status unexpected(const char *wanted, slice found)
{
    enum { SHOWN = 40 };
    if (found.length == 0)
        return dg_error(DG_BAD_ARGUMENT, "expected %s, found nothing", wanted);
    bool cut = found.length > SHOWN;
    return dg_error(DG_BAD_ARGUMENT, "expected %s, found '%.*s%s'", wanted, cut ? SHOWN : (int)found.length, found.at,
                    cut ? "…" : "");
}

/* The length of the 'string' at the start of the text; 0: its end is missing. */
static size_t string_length(const char *text, size_t length)
{
    for (size_t i = 1; i < length; i++) {
        if (text[i] == '\\')
            i++;
        else if (text[i] == '\'')
            return i + 1;
    }
    return 0;
}

static dg_status check_balanced(slice text)
{
    char closers[DEEPEST];
    size_t depth = 0, openers[DEEPEST];
    for (size_t i = 0; i < text.length; i++) {
        char c = text.at[i];
        slice rest = {text.at + i, text.length - i};
        if (c == '\'') {
            size_t string = string_length(rest.at, rest.length);
            if (!string)
                return unexpected("a closing quote", rest);
            i += string - 1;
        } else if (c == '(' || c == '[' || c == '{') {
            if (depth == DEEPEST)
                return dg_error(DG_BAD_ARGUMENT, "brackets nest deeper than %d", DEEPEST);
            closers[depth] = c == '(' ? ')' : c == '[' ? ']' : '}';
            openers[depth++] = i;
        } else if (c == ')' || c == ']' || c == '}') {
            if (depth == 0 || closers[depth - 1] != c)
                return dg_error(DG_BAD_ARGUMENT, "'%c' closes nothing in '%.*s'", c, (int)(i < 60 ? i + 1 : 60),
                                text.at + (i < 60 ? 0 : i - 59));
            depth--;
        }
    }
    if (depth > 0)
        return dg_error(DG_BAD_ARGUMENT, "'%c' is missing after '%.*s'", closers[depth - 1],
                        (int)(text.length - openers[depth - 1] < 60 ? text.length - openers[depth - 1] : 60),
                        text.at + openers[depth - 1]);
    return dg_ok();
}

/* The length of the balanced text's part before a comma or closing bracket outside all brackets. */
static size_t part_length(const char *text, size_t length)
{
    size_t depth = 0, i = 0;
    for (; i < length; i++) {
        char c = text[i];
        if (c == '\'')
            i += string_length(text + i, length - i) - 1;
        else if (c == '(' || c == '[' || c == '{')
            depth++;
        else if ((c == ',' && depth == 0) || ((c == ')' || c == ']' || c == '}') && depth-- == 0))
            break;
    }
    return i;
}

/* Whether the bracket that opens the text is closed by its last character. */
static bool is_enclosed(slice text)
{
    size_t at = 1 + part_length(text.at + 1, text.length - 1);
    while (at < text.length && text.at[at] == ',')
        at += 1 + part_length(text.at + at + 1, text.length - at - 1);
    return at + 1 == text.length;
}

static dg_status parse_value(dg_arena *arena, slice text, dg_value *value);

/* Splits "KEY = rest"; a comparison is no key. */
static slice take_key(slice text, slice *rest)
{
    size_t name = name_length(text.at, text.length), at = name;
    while (at < text.length && is_space(text.at[at]))
        at++;
    if (name == 0 || at >= text.length || text.at[at] != '=' || (at + 1 < text.length && text.at[at + 1] == '='))
        return (slice){0};
    *rest = (slice){text.at + at + 1, text.length - at - 1};
    return (slice){text.at, name};
}

/* The items between two brackets, with keys where `keyed`. */
static dg_status parse_items(dg_arena *arena, slice text, bool keyed, dg_value *value)
{
    size_t count = 1;
    if (trim(text).length == 0)
        return dg_ok();
    for (size_t at = part_length(text.at, text.length); at < text.length; count++)
        at += 1 + part_length(text.at + at + 1, text.length - at - 1);
    if (count > SIZE_MAX / sizeof(dg_value))
        return dg_no_memory("a value");
    dg_value *items = dg_arena_alloc(arena, count * sizeof *items);
    if (!items)
        return dg_no_memory("a value");
    for (size_t i = 0; i < count; i++) {
        slice part = {text.at, part_length(text.at, text.length)}, rest;
        slice key = keyed ? take_key(trim(part), &rest) : (slice){0};
        dg_status status = parse_value(arena, key.length ? rest : part, &items[i]);
        if (status.code != DG_OK)
            return key.length ? dg_prefixed(status, "%.*s", (int)(key.length < 80 ? key.length : 80), key.at) : status;
        if (key.length && !(items[i].key = dg_arena_text(arena, key.at, key.length)))
            return dg_no_memory("a value");
        if (i + 1 < count)
            text = (slice){text.at + part.length + 1, text.length - part.length - 1};
    }
    value->count = count;
    value->items = items;
    return dg_ok();
}

/* Without the quotes and the backslashes. */
static dg_status parse_string(dg_arena *arena, slice text, dg_value *value)
{
    char *string = dg_arena_text(arena, text.at + 1, text.length - 2);
    if (!string)
        return dg_no_memory("a value");
    size_t length = 0;
    for (size_t i = 0; i < text.length - 2; i++) {
        char c = string[i];
        if (c == '\\') {
            c = string[++i];
            c = (char)(c == 'n' ? '\n' : c == 't' ? '\t' : c);
        }
        string[length++] = c;
    }
    string[length] = '\0';
    value->kind = DG_VALUE_STRING;
    value->s = string;
    return dg_ok();
}

/* NAME(…) or a word; *is_one tells whether the text was either. */
static dg_status parse_name_or_call(dg_arena *arena, slice text, dg_value *value, bool *is_one)
{
    size_t name = name_length(text.at, text.length), at = name;
    while (at < text.length && is_space(text.at[at]))
        at++;
    slice bracket = {text.at + at, text.length - at};
    bool is_call = name > 0 && bracket.length > 0 && bracket.at[0] == '(' && is_enclosed(bracket);
    *is_one = is_call || (name > 0 && name == text.length);
    if (!*is_one)
        return dg_ok();
    if (!is_call && is_reserved_word(text.at, name)) {
        if (is_word(text.at, name, "none"))
            return dg_ok();
        value->kind = DG_VALUE_BOOL; /* inf and nan are numbers and have been read as such */
        value->b = is_word(text.at, name, "true");
        return dg_ok();
    }
    value->kind = is_call ? DG_VALUE_CALL : DG_VALUE_NAME;
    value->s = dg_arena_text(arena, text.at, name);
    if (!value->s)
        return dg_no_memory("a value");
    return is_call ? parse_items(arena, (slice){bracket.at + 1, bracket.length - 2}, true, value) : dg_ok();
}

static dg_status parse_value(dg_arena *arena, slice text, dg_value *value)
{
    text = trim(text);
    *value = (dg_value){0};
    if (text.length == 0)
        return unexpected("a value", text);
    value->source = dg_arena_text(arena, text.at, text.length);
    if (!value->source)
        return dg_no_memory("a value");
    int64_t integer = 0;
    double real = 0;
    switch (number_read(text.at, text.length, &integer, &real)) {
    case NUMBER_INT:
        value->kind = DG_VALUE_INT;
        value->i = integer;
        return dg_ok();
    case NUMBER_FLOAT:
        value->kind = DG_VALUE_FLOAT;
        value->f = real;
        return dg_ok();
    case NUMBER_TOO_LARGE:
        return unexpected("a number that fits 64 bits", text);
    case NUMBER_NOT:
        break;
    }
    if (text.at[0] == '\'' && string_length(text.at, text.length) == text.length)
        return parse_string(arena, text, value);
    if (text.at[0] == '[' && is_enclosed(text)) {
        value->kind = DG_VALUE_LIST;
        return parse_items(arena, (slice){text.at + 1, text.length - 2}, false, value);
    }
    bool is_one;
    dg_status status = parse_name_or_call(arena, text, value, &is_one);
    if (status.code == DG_OK && !is_one) {
        value->kind = DG_VALUE_TEXT;
        value->s = value->source;
    }
    return status;
}

dg_status dg_value_parse(dg_arena *arena, const char *text, dg_value *value)
{
    REFUSE_NULL(arena);
    REFUSE_NULL(text);
    REFUSE_NULL(value);
    slice whole = {text, strlen(text)};
    *value = (dg_value){0};
    DG_TRY(check_balanced(whole));
    dg_status status = parse_value(arena, whole, value);
    if (status.code != DG_OK) {
        *value = (dg_value){0};
        whole = trim(whole);
        if (whole.length)
            status = dg_prefixed(status, "'%.*s%s'", whole.length > 80 ? 80 : (int)whole.length, whole.at,
                                 whole.length > 80 ? "…" : "");
    }
    return status;
}

dg_status dg_call_parse(dg_arena *arena, const char *text, dg_value *call)
{
    REFUSE_NULL(arena);
    REFUSE_NULL(text);
    REFUSE_NULL(call);
    DG_TRY(dg_value_parse(arena, text, call));
    if (call->kind == DG_VALUE_NAME)
        call->kind = DG_VALUE_CALL;
    if (call->kind == DG_VALUE_CALL)
        return dg_ok();
    *call = (dg_value){0};
    return unexpected("NAME or NAME(…)", trim((slice){text, strlen(text)}));
}
