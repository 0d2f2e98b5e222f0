/* Text in the making, numbers in it the same under every locale. */
#include "text.h"
#include "core/base/arena.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void text_free(text *t)
{
    free(t->bytes);
    *t = (text){0};
}

static bool text_reserve(text *t, size_t more)
{
    size_t wanted = t->used + more + 1, capacity = t->capacity ? t->capacity : 256;
    if (t->failed || wanted < more)
        return !(t->failed = true);
    while (capacity < wanted)
        capacity *= 2;
    if (capacity == t->capacity)
        return true;
    char *bytes = realloc(t->bytes, capacity);
    if (!bytes)
        return !(t->failed = true);
    t->bytes = bytes;
    t->capacity = capacity;
    return true;
}

void text_bytes(text *t, const void *bytes, size_t size)
{
    if (!text_reserve(t, size))
        return;
    if (size)
        memcpy(t->bytes + t->used, bytes, size);
    t->used += size;
    t->bytes[t->used] = '\0';
}

void text_put(text *t, const char *words)
{
    text_bytes(t, words, strlen(words));
}

void text_add(text *t, const char *format, ...)
{
    va_list arguments, again;
    if (!text_reserve(t, 0))
        return;
    size_t room = t->capacity - t->used;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(t->bytes + t->used, room, format, arguments);
    bool is_cut = length >= 0 && (size_t)length >= room; /* written once more, then, into more room */
    if (is_cut && text_reserve(t, (size_t)length))
        vsnprintf(t->bytes + t->used, (size_t)length + 1, format, again);
    if (length >= 0 && !t->failed)
        t->used += (size_t)length;
    else
        t->bytes[t->used] = '\0';
    va_end(again);
    va_end(arguments);
}

void text_two(text *t, const char *first, const char *second)
{
    text_put(t, first);
    text_put(t, second);
}

void text_whole(text *t, int64_t number)
{
    char digits[24];
    char *at = digits + sizeof digits - 1;
    uint64_t left = number < 0 ? -(uint64_t)number : (uint64_t)number;
    *at = '\0';
    do
        *--at = (char)('0' + left % 10);
    while (left /= 10);
    if (number < 0)
        *--at = '-';
    text_put(t, at);
}

void text_number(text *t, double number, int decimals)
{
    static const int64_t scales[] = {1, 10, 100, 1000, 10000, 100000, 1000000};
    if (!isfinite(number) || fabs(number) > 1e12)
        number = 0;
    int64_t scale = scales[decimals], whole = llround(fabs(number) * (double)scale), part = whole % scale;
    text_add(t, "%s%" PRId64, number < 0 && whole ? "-" : "", whole / scale);
    if (!part)
        return;
    while (part % 10 == 0) {
        part /= 10;
        decimals--;
    }
    text_add(t, ".%0*" PRId64, decimals, part);
}

uint32_t text_character(const char **at)
{
    const unsigned char *s = (const unsigned char *)*at;
    int more = *s < 0x80                 ? 0
               : *s >= 0xc2 && *s < 0xe0 ? 1
               : *s >= 0xe0 && *s < 0xf0 ? 2
               : *s >= 0xf0 && *s < 0xf5 ? 3
                                         : -1;
    uint32_t c = more <= 0 ? *s : (uint32_t)(*s & (0x3f >> more));
    for (int k = 1; k <= more; k++) {
        if ((s[k] & 0xc0) != 0x80) {
            more = -1;
            break;
        }
        c = c << 6 | (s[k] & 0x3f);
    }
    bool valid = more >= 0 && !(more == 2 && (c < 0x800 || (c >= 0xd800 && c < 0xe000))) &&
                 !(more == 3 && (c < 0x10000 || c > 0x10ffff));
    *at += valid ? more + 1 : 1;
    return valid ? c : 0xfffd;
}

int text_length(const char *words)
{
    int length = 0;
    for (; *words; length++)
        text_character(&words);
    return length;
}

void text_xml(text *t, const char *words)
{
    while (*words) {
        const char *begin = words;
        uint32_t c = text_character(&words);
        if (c == '&')
            text_put(t, "&amp;");
        else if (c == '<')
            text_put(t, "&lt;");
        else if (c == '>')
            text_put(t, "&gt;");
        else if (c == '"')
            text_put(t, "&quot;");
        else if (c == '\'')
            text_put(t, "&#39;");
        else if (c == '\n' || c == '\t' || c == '\r')
            text_put(t, " ");
        else if (c < ' ' || c == 0x7f || c == 0xfffe || c == 0xffff || c == 0xfffd)
            text_put(t, "\xef\xbf\xbd");
        else
            text_bytes(t, begin, (size_t)(words - begin));
    }
}

bool text_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Without a sign and blanks at the end, behind which nothing comes. */
static const char *end_of_part(const char *words, const char *end)
{
    static const char *const signs[] = {" ", ",", ":", "|", "·", "→"};
    for (size_t k = 0; k < sizeof signs / sizeof *signs; k++) {
        size_t size = strlen(signs[k]);
        if ((size_t)(end - words) > size && strncmp(end - size, signs[k], size) == 0)
            return end_of_part(words, end - size);
    }
    return end;
}

/* Between words, where one does not take half of the room. */
static const char *end_of_word(const char *words, const char *end)
{
    const char *blank = end;
    while (blank > words && *blank != ' ')
        blank--;
    return blank - words >= (end - words) / 2 ? blank : end;
}

const char *text_cut(dg_arena *arena, const char *words, int most)
{
    const char *at = words, *end = words;
    for (int k = 0; *at; k++) {
        if (k == most - 1)
            end = at;
        if (k == most)
            end = end_of_word(words, end);
        if (k == most)
            return text_format(arena, "%.*s…", (int)(end_of_part(words, end) - words), words);
        text_character(&at);
    }
    return words;
}

const char *text_format(dg_arena *arena, const char *format, ...)
{
    char most[256]; /* is enough, mostly */
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(most, sizeof most, format, arguments);
    char *made = length >= 0 ? dg_arena_alloc(arena, (size_t)length + 1) : NULL;
    if (made && (size_t)length < sizeof most)
        memcpy(made, most, (size_t)length + 1);
    else if (made)
        vsnprintf(made, (size_t)length + 1, format, again);
    va_end(again);
    va_end(arguments);
    return made ? made : "";
}

const char *text_keep(dg_arena *arena, const text *t)
{
    const char *kept = t->bytes ? dg_arena_text(arena, t->bytes, t->used) : "";
    if (t->failed)
        arena_fail(arena);
    return kept ? kept : "";
}

const char *text_count(dg_arena *arena, int64_t count)
{
    char digits[32], made[48];
    int length = snprintf(digits, sizeof digits, "%" PRId64, count), used = 0;
    for (int k = 0; k < length; k++) {
        made[used++] = digits[k];
        if ((length - k) % 3 == 1 && k + 1 < length && digits[k] != '-')
            made[used++] = ',';
    }
    return text_format(arena, "%.*s", used, made);
}

/* One pattern, which ends at `end`. */
static bool matches(const char *pattern, const char *end, const char *words)
{
    const char *star = NULL, *again = NULL;
    while (*words) {
        if (pattern < end && *pattern == '*') {
            star = ++pattern;
            again = words;
        } else if (pattern < end && (*pattern == '?' || *pattern == *words)) {
            pattern++;
            words++;
        } else if (star) {
            pattern = star;
            words = ++again;
        } else {
            return false;
        }
    }
    while (pattern < end && *pattern == '*')
        pattern++;
    return pattern == end;
}

bool text_matches(const char *patterns, const char *words)
{
    for (const char *at = patterns; at && *at;) {
        const char *end = at + strcspn(at, ",");
        if (end > at && matches(at, end, words))
            return true;
        at = *end ? end + 1 : end;
    }
    return false;
}

bool text_lists(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = list; at && *at;) {
        size_t n = strcspn(at, ", ");
        if (n == length && strncmp(at, word, n) == 0)
            return true;
        at += n + (at[n] != '\0');
    }
    return false;
}

uint64_t text_hash(uint64_t hash, const char *words)
{
    for (; *words; words++)
        hash = (hash ^ (unsigned char)*words) * 1099511628211u;
    return (hash ^ 0x1f) * 1099511628211u;
}

void text_copy(char *to, const char *words, size_t size)
{
    size_t length = strlen(words);
    length = length < size ? length : size - 1;
    while (length && words[length] && (words[length] & 0xc0) == 0x80)
        length--;
    memcpy(to, words, length);
    to[length] = '\0';
}
