/* Numbers and dates as tables write them. */
#include "number.h"

#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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
    *number = strtod(text, &end);
    return *end == '\0' && isfinite(*number);
}

/* The length of the currency sign that text begins with; 0: none. */
static size_t currency(const char *text)
{
    static const char *const signs[] = {"$", "€", "£", "¥", "US$", "USD", "EUR", "GBP"};
    for (size_t k = 0; k < sizeof signs / sizeof signs[0]; k++)
        if (!strncmp(text, signs[k], strlen(signs[k])))
            return strlen(signs[k]);
    return 0;
}

/* Digits with commas before each three of the whole part are copied without them. */
static bool remove_groups(const char *text, char plain[LONGEST_NUMBER])
{
    size_t whole = strcspn(text, ".eE"), length = 0;
    bool grouped = memchr(text, ',', whole) != NULL;
    for (size_t k = 0; text[k]; k++) {
        if (length + 1 == LONGEST_NUMBER)
            return false;
        if (grouped && k < whole && (whole - k) % 4 == 0) {
            if (text[k] != ',' || k == 0)
                return false;
            continue;
        }
        if (text[k] == ',')
            return false;
        plain[length++] = text[k];
    }
    plain[length] = '\0';
    return true;
}

static bool read_grouped(const char *text, double *number)
{
    char inner[LONGEST_NUMBER], plain[LONGEST_NUMBER];
    size_t length = strlen(text);
    bool negative = false, debit = length > 2 && *text == '(' && text[length - 1] == ')';
    if (debit) {
        text++;
        length -= 2;
    }
    if (!debit && (*text == '-' || *text == '+')) {
        negative = *text++ == '-';
        length--;
    }
    size_t sign = currency(text);
    text += sign;
    length -= sign;
    while (length > 0 && *text == ' ')
        text++, length--;
    if (length > 0 && text[length - 1] == '%')
        length--;
    else
        for (size_t tail = length > 4 ? length - 4 : 0; tail < length && !sign; tail++) /* "12 €" */
            if (tail > 0 && currency(text + tail) == length - tail)
                length = tail;
    while (length > 0 && text[length - 1] == ' ')
        length--;
    if (length == 0 || length >= LONGEST_NUMBER || !isdigit((unsigned char)(*text == '.' ? text[1] : *text)))
        return false;
    memcpy(inner, text, length);
    inner[length] = '\0';
    if (!remove_groups(inner, plain) || !decimal_read(plain, number))
        return false;
    *number = negative || debit ? -*number : *number;
    return true;
}

static bool read_comma(const char *text, double *number)
{
    char plain[LONGEST_NUMBER];
    size_t length = strlen(text);
    const char *comma = strchr(text, ',');
    if (length == 0 || length >= LONGEST_NUMBER || (comma && (strchr(comma + 1, ',') || strchr(text, '.'))))
        return false;
    memcpy(plain, text, length + 1);
    if (comma)
        plain[comma - text] = '.';
    return decimal_read(plain, number);
}

static bool read_bool(const char *text, double *number)
{
    *number = !strcasecmp(text, "true");
    return *number == 1 || !strcasecmp(text, "false");
}

bool decimal_read_as(number_style style, const char *text, double *number)
{
    switch (style) {
    case NUMBER_GROUPED:
        return decimal_read(text, number) || read_grouped(text, number);
    case NUMBER_COMMA:
        return read_comma(text, number);
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
