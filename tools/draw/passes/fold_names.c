/* Names that stand for several: of the copies that a fold shows as one. */
#include "passes.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS "0123456789"

static bool is_number(const char *words)
{
    return *words && words[strspn(words, DIGITS)] == '\0';
}

/* "0…11" of copies that follow on each other, "2|5" of two that do not, "2|…|8" of more. */
static const char *join_middles(view *v, const char *first, const char *last, int copies)
{
    long long from = strtoll(first, NULL, 10), to = strtoll(last, NULL, 10);
    bool has_gaps = is_number(first) && is_number(last) && to - from >= copies;
    return text_format(v->arena, "%s%s%s", first, !has_gaps ? "…" : copies == 2 ? "|" : "|…|", last);
}

/* "down1…4.conv1…4" of names in which one number alone differs, wherever it stands; NULL of others. */
static const char *join_numbers(view *v, const char *first, const char *last, int copies)
{
    const char *joined = "", *from = NULL, *to = NULL;
    while (*first || *last) {
        size_t a = strspn(first, DIGITS), b = strspn(last, DIGITS), same = strcspn(first, DIGITS);
        if (!a != !b || (!a && (same != strcspn(last, DIGITS) || strncmp(first, last, same) != 0)))
            return NULL;
        const char *one = text_format(v->arena, "%.*s", (int)(a ? a : same), first);
        const char *other = text_format(v->arena, "%.*s", (int)(a ? b : same), last);
        bool differs = strcmp(one, other) != 0;
        if (differs && from && (strcmp(one, from) != 0 || strcmp(other, to) != 0))
            return NULL;
        from = differs ? one : from;
        to = differs ? other : to;
        joined = text_format(v->arena, "%s%s", joined, differs ? join_middles(v, one, other, copies) : one);
        first += strlen(one);
        last += strlen(other);
    }
    return joined;
}

/* "layer.0…11.fc": what differs in the middle, from the first to the last; NULL where one of these is joined itself. */
static const char *join_words(view *v, const char *first, const char *last, int copies)
{
    size_t a = strlen(first), b = strlen(last), before = 0, after = 0;
    if (strcmp(first, last) == 0)
        return first;
    while (before < a && before < b && first[before] == last[before])
        before++;
    while (before && text_is_digit(first[before - 1]))
        before--;
    while (after < a - before && after < b - before && first[a - after - 1] == last[b - after - 1])
        after++;
    while (after && text_is_digit(first[a - after]))
        after--;
    const char *middle = text_format(v->arena, "%.*s", (int)(a - after - before), first + before);
    const char *other = text_format(v->arena, "%.*s", (int)(b - after - before), last + before);
    if (strstr(middle, "…") || strstr(other, "…") || strchr(middle, '|') || strchr(other, '|'))
        return NULL;
    const char *numbers = join_numbers(v, first, last, copies);
    if (numbers)
        return numbers;
    return text_format(v->arena, "%.*s%s%s", (int)before, first, join_middles(v, middle, other, copies),
                       last + b - after);
}

/* From the first of the one to the last of the other. */
name_range fold_join_names(view *v, name_range first, name_range last, int copies)
{
    const char *words = join_words(v, first.words, last.words, copies);
    if (!words)
        words = join_words(v, first.first, last.last, INT_MAX);
    if (!words)
        words = text_format(v->arena, "%s … %s", first.first, last.last);
    return (name_range){words, first.first, last.last};
}

name_range fold_names_of_row(view *v, const view_row *row)
{
    if (!row->names)
        return (name_range){row->name, row->name, row->name};
    const char *last = strrchr(row->names, NAME_END[0]);
    return (name_range){row->name, text_format(v->arena, "%.*s", (int)strcspn(row->names, NAME_END), row->names),
                        last ? last + 1 : row->names};
}

name_range fold_names_of_module(const view_module *module)
{
    return (name_range){module->label, module->first ? module->first : module->label,
                        module->last ? module->last : module->label};
}

/* "features.2…7" where a number at the end is all that differs, else "conv1 … relu3". */
const char *fold_join_ends(view *v, const char *first, const char *last)
{
    size_t same = 0;
    while (first[same] && first[same] == last[same])
        same++;
    while (same && text_is_digit(first[same - 1]))
        same--;
    if (strcmp(first, last) == 0)
        return first;
    return text_format(v->arena, "%s%s%s", first, is_number(first + same) && is_number(last + same) ? "…" : " … ",
                       is_number(first + same) && is_number(last + same) ? last + same : last);
}
