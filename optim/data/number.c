/* Numbers and dates as tables write them. */
#include "number.h"

#include "core/base/plain.h"

#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define EXACT_DIGITS                                                                                                   \
    15 /* whole numbers of so many digits, and powers of ten up to 22, are doubles without rounding                    \
        */
#define LONGEST_NUMBER 64

/* Short decimals, which nearly all are: one division of two exact doubles is correctly rounded. */
static bool read_short(const char *text, double *number)
{
    static const double powers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    const char *at = text + (*text == '-' || *text == '+');
    uint64_t whole = 0;
    int digits = 0, decimals = 0;
    for (; *at >= '0' && *at <= '9'; at++, digits++)
        whole = whole * 10 + (uint64_t)(*at - '0');
    if (*at == '.')
        for (at++; *at >= '0' && *at <= '9'; at++, digits++, decimals++)
            whole = whole * 10 + (uint64_t)(*at - '0');
    if (*at || digits == 0 || digits > EXACT_DIGITS)
        return false;
    double value = (double)whole / powers[decimals];
    *number = *text == '-' ? -value : value;
    return true;
}

bool decimal_read(const char *text, double *number)
{
    if (read_short(text, number))
        return true;
    if (*text == '\0' || text[strspn(text, "0123456789+-.eE")] != '\0')
        return false;
    char *end;
    *number = plain_number(text, &end);
    return *end == '\0' && isfinite(*number);
}

/* The length of the currency sign that text begins with; 0: none. */
static size_t currency(const char *text)
{
    static const char *const signs[] = {"$", "€", "£", "¥", "₹", "US$", "USD", "EUR", "GBP", "CHF"};
    for (size_t k = 0; k < sizeof signs / sizeof signs[0]; k++)
        if (!strncmp(text, signs[k], strlen(signs[k])))
            return strlen(signs[k]);
    return 0;
}

/* The length of a blank: a space, one that does not break the line (U+00A0), or its narrow form (U+202F). */
static size_t blank(const char *text)
{
    return *text == ' ' ? 1 : !strncmp(text, "\xC2\xA0", 2) ? 2 : !strncmp(text, "\xE2\x80\xAF", 3) ? 3 : 0;
}

/* What stands between groups of three digits: the style's own sign, a blank, or an apostrophe as in Switzerland. */
static size_t group_sign(number_style style, const char *text)
{
    if (*text == (style == NUMBER_COMMA ? '.' : ',') || *text == '\'')
        return 1;
    return !strncmp(text, "’", 3) ? 3 : blank(text);
}

static size_t count_digits(const char *text)
{
    return strspn(text, "0123456789");
}

/* 1,204.5 or 1.204,5 as 1204.5: groups are of three digits, but for the first of one to three, and one sign stands
 * between all. Returns what follows the number; NULL: it is none. */
static const char *read_groups(number_style style, const char *text, double *number)
{
    char plain[LONGEST_NUMBER + 1];
    const char *sign = text + count_digits(text);
    size_t length = count_digits(text), between = group_sign(style, sign), n = length;
    if (n >= LONGEST_NUMBER)
        return NULL;
    memcpy(plain, text, n);
    text += n;
    bool grouped = length >= 1 && length <= 3 && between && count_digits(sign + between) == 3;
    while (grouped && !strncmp(text, sign, between) && count_digits(text + between) >= 3) {
        if (n + 3 >= LONGEST_NUMBER || count_digits(text + between) != 3)
            return NULL;
        memcpy(plain + n, text + between, 3);
        n += 3;
        text += between + 3;
    }
    if (*text == (style == NUMBER_COMMA ? ',' : '.')) {
        length = count_digits(text + 1);
        if (n + length + 1 >= LONGEST_NUMBER)
            return NULL;
        plain[n++] = '.';
        memcpy(plain + n, text + 1, length);
        n += length;
        text += 1 + length;
    }
    length =
        *text == 'e' || *text == 'E' ? 1 + strspn(text + 1, "+-") + count_digits(text + 1 + strspn(text + 1, "+-")) : 0;
    if (n + length >= LONGEST_NUMBER)
        return NULL;
    memcpy(plain + n, text, length);
    plain[n + length] = '\0';
    return decimal_read(plain, number) ? text + length : NULL;
}

/* A minus, also in its typographic form, or a plus; the length of it. */
static size_t read_sign(const char *text, bool *negative)
{
    *negative |= *text == '-' || !strncmp(text, "−", 3);
    return *text == '-' || *text == '+' ? 1 : !strncmp(text, "−", 3) ? 3 : 0;
}

static bool read_dressed(number_style style, const char *text, double *number)
{
    bool negative = false, debit = *text == '(';
    size_t sign = 0;
    text += debit ? 1 : read_sign(text, &negative);
    if ((sign = currency(text))) {
        text += sign;
        while (blank(text))
            text += blank(text);
        text += !negative && !debit ? read_sign(text, &negative) : 0;
    }
    text = read_groups(style, text, number);
    if (!text)
        return false;
    while (blank(text))
        text += blank(text);
    text += *text == '%' ? 1 : sign ? 0 : currency(text);
    text += debit && *text == ')';
    *number = negative || debit ? -*number : *number;
    return *text == '\0' && (!debit || text[-1] == ')');
}

static bool read_bool(const char *text, double *number)
{
    *number = plain_same(text, "true");
    return *number == 1 || plain_same(text, "false");
}

bool decimal_read_as(number_style style, const char *text, double *number)
{
    switch (style) {
    case NUMBER_GROUPED:
        return decimal_read(text, number) || read_dressed(style, text, number);
    case NUMBER_COMMA:
        return read_dressed(style, text, number);
    case NUMBER_BOOL:
        return read_bool(text, number);
    case NUMBER_PLAIN:
        break;
    }
    return decimal_read(text, number);
}

bool text_is_date(const char *text)
{
    int parts[3], digits[3];
    char between = '\0';
    for (int k = 0; k < 3; k++) {
        char *end;
        if (!isdigit((unsigned char)*text))
            return false;
        long part = strtol(text, &end, 10);
        digits[k] = (int)(end - text);
        if (digits[k] > 4)
            return false;
        parts[k] = (int)part;
        text = end;
        if (k == 2)
            break;
        if ((*text != '-' && *text != '/' && *text != '.') || (between && *text != between))
            return false;
        between = *text++;
    }
    bool year_first = digits[0] == 4, year_last = digits[2] == 4 || digits[2] == 2;
    int day = year_first ? parts[2] : parts[0], month = parts[1];
    if (!year_first && month > 12) { /* month first */
        month = parts[0];
        day = parts[1];
    }
    return (year_first || year_last) && month >= 1 && month <= 12 && day >= 1 && day <= 31 &&
           (*text == '\0' || *text == ' ' || *text == 'T');
}
