/* Numbers and letters as text whatever the locale of the program: fractions have a point, in messages, formulas and
 * files, and i is the small letter of I. What the C library does by itself (snprintf, strtod, strcasecmp) writes and
 * reads a comma where the program has asked for one, and in Turkish I has another small letter. */
#ifndef CORE_BASE_PLAIN_H
#define CORE_BASE_PLAIN_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* snprintf, vsnprintf and strtod. */
int plain_print(char *text, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
int plain_print_list(char *text, size_t size, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));
double plain_number(const char *text, char **end);

/* tolower, of ASCII alone. */
static inline char plain_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Whether the first `most` characters are the same but for large and small letters. */
static inline bool plain_same_part(const char *a, const char *b, size_t most)
{
    for (; most && *a && plain_lower(*a) == plain_lower(*b); a++, b++)
        most--;
    return !most || plain_lower(*a) == plain_lower(*b);
}

static inline bool plain_same(const char *a, const char *b)
{
    return plain_same_part(a, b, SIZE_MAX);
}

/* A name: ASCII letters, digits and _, not first a digit; within it points (out_proj.weight), where they are allowed.
 */
static inline bool plain_is_name(const char *word, bool points)
{
    char first = plain_lower(*word);
    if (!(first >= 'a' && first <= 'z') && first != '_')
        return false;
    for (const char *at = word; *at; at++) {
        char c = plain_lower(*at);
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_' && !(points && c == '.' && at[1]))
            return false;
    }
    return true;
}

#endif
