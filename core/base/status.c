/* Statuses: a code and one line of text. */
#include "counts.h"

#include "plain.h"

#include <dotgrad/status.h>

#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Where the number before the noun that ends at `end` begins, with at most one word between them; NULL: none does. */
static const char *count_before(const char *text, const char *end)
{
    const char *at = end;
    for (int words = 0; words < 2; words++) {
        while (at > text && isalpha((unsigned char)at[-1]))
            at--;
        if (at == text || at[-1] != ' ')
            return NULL;
        at--;
        const char *number = at;
        while (number > text && isdigit((unsigned char)number[-1]))
            number--;
        bool is_number = number < at;
        number -= number > text && number[-1] == '-';
        if (is_number && (number == text || number[-1] == ' ' || number[-1] == '('))
            return number;
    }
    return NULL;
}

void settle_counts(char *text)
{
    for (char *at = text; (at = strchr(at, '('));) {
        size_t length = strncmp(at, "(s)", 3) == 0 ? 3 : strncmp(at, "(es)", 4) == 0 ? 4 : 0;
        const char *count = length ? count_before(text, at) : NULL;
        if (!count) {
            at++;
            continue;
        }
        size_t kept = count[0] == '1' && count[1] == ' ' ? 0 : length - 2;
        memmove(at, at + 1, kept);
        memmove(at + kept, at + length, strlen(at + length) + 1);
        at += kept;
    }
}

/* A message is one line whatever the names in it are: control characters become spaces, and a character of several
 * bytes that the end of the buffer cuts is dropped whole. */
static void tidy(char *message, size_t size)
{
    size_t length = strlen(message);
    if (length + 1 == size) {
        size_t tail = 0;
        while (tail < 4 && tail < length && ((unsigned char)message[length - 1 - tail] & 0xC0) == 0x80)
            tail++;
        unsigned char lead = tail < length ? (unsigned char)message[length - 1 - tail] : 0;
        size_t wanted = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
        if (wanted > tail)
            message[length - 1 - tail] = '\0';
    }
    settle_counts(message);
    for (char *c = message; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7F)
            *c = ' ';
}

dg_status dg_error(dg_code code, const char *format, ...)
{
    dg_status status;
    status.code = code;
    va_list arguments;
    va_start(arguments, format);
    if (plain_print_list(status.message, sizeof status.message, format, arguments) < 0)
        status.message[0] = '\0';
    va_end(arguments);
    tidy(status.message, sizeof status.message);
    return status;
}

dg_status dg_no_memory(const char *format, ...)
{
    char what[900];
    va_list arguments;
    va_start(arguments, format);
    int written = plain_print_list(what, sizeof what, format, arguments);
    va_end(arguments);
    return dg_error(DG_NO_MEMORY, "no memory for %s", written < 0 ? "something" : what);
}

dg_status dg_prefixed(dg_status status, const char *format, ...)
{
    if (status.code == DG_OK)
        return status;
    dg_status result;
    result.code = status.code;
    va_list arguments;
    va_start(arguments, format);
    int written = plain_print_list(result.message, sizeof result.message, format, arguments);
    va_end(arguments);
    size_t used = written < 0 ? 0 : (size_t)written;
    if (used >= sizeof result.message)
        used = sizeof result.message - 1;
    if (snprintf(result.message + used, sizeof result.message - used, ": %s", status.message) < 0)
        result.message[used] = '\0';
    tidy(result.message, sizeof result.message);
    return result;
}
