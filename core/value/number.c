/* Numbers to text and back. */
#include "number.h"

#include "core/base/plain.h"

#include <dotgrad/value.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool reads_back(const char *text, double number, dg_dtype dtype)
{
    double back = plain_number(text, NULL);
    return dtype == DG_FLOAT32 ? (float)back == (float)number : back == number;
}

/* In exponent form with the fewest digits; returns how many those are. */
static int shortest(double number, dg_dtype dtype, char text[DG_NUMBER_TEXT])
{
    int most = dtype == DG_FLOAT32 ? 9 : 17, digits = 1;
    for (; digits <= most; digits++) {
        plain_print(text, DG_NUMBER_TEXT, "%.*e", digits - 1, number);
        if (reads_back(text, number, dtype))
            break;
    }
    return digits > most ? most : digits;
}

char *dg_number_print(double number, dg_dtype dtype, char text[DG_NUMBER_TEXT])
{
    enum { MOST_PLAIN = 15 }; /* beyond 10^15 an exponent is easier to read */
    if (!text)
        return NULL;
    if (isnan(number)) {
        strcpy(text, "nan");
        return text;
    }
    if (isinf(number)) {
        strcpy(text, number > 0 ? "inf" : "-inf");
        return text;
    }
    if (dtype == DG_BOOL || dtype == DG_INT32 || dtype == DG_INT64) {
        plain_print(text, DG_NUMBER_TEXT, "%.0f", fabs(number) < 0x1p64 ? number : copysign(0x1p64, number));
        return text;
    }
    int digits = shortest(number, dtype, text);
    int exponent = (int)strtol(strchr(text, 'e') + 1, NULL, 10);
    if (exponent >= digits && exponent <= MOST_PLAIN)
        digits = exponent + 1;
    plain_print(text, DG_NUMBER_TEXT, "%.*g", digits, number);
    return text;
}

static size_t digits_at(const char *text, size_t length, size_t from)
{
    size_t n = 0;
    while (from + n < length && text[from + n] >= '0' && text[from + n] <= '9')
        n++;
    return n;
}

/* The length of an unsigned decimal number at the start of the text. */
static size_t measure(const char *text, size_t length, bool *integral)
{
    size_t whole = digits_at(text, length, 0), at = whole, fraction = 0;
    *integral = true;
    if (at < length && text[at] == '.') {
        fraction = digits_at(text, length, at + 1);
        if (whole + fraction > 0) {
            at += 1 + fraction;
            *integral = false;
        }
    }
    if (whole + fraction == 0)
        return 0;
    if (at < length && (text[at] == 'e' || text[at] == 'E')) {
        size_t sign = at + 1 < length && (text[at + 1] == '+' || text[at + 1] == '-');
        size_t exponent = digits_at(text, length, at + 1 + sign);
        if (exponent > 0) {
            at += 1 + sign + exponent;
            *integral = false;
        }
    }
    return at;
}

/* strtod needs a terminated text. */
static double convert(const char *text, size_t length)
{
    char small[128];
    char *copy = length < sizeof small ? small : malloc(length + 1);
    if (!copy)
        return NAN;
    memcpy(copy, text, length);
    copy[length] = '\0';
    double real = plain_number(copy, NULL);
    if (copy != small)
        free(copy);
    return real;
}

static bool read_integer(const char *digits, size_t length, bool negative, int64_t *integer)
{
    int64_t value = 0; /* at once with its sign: the least number has no opposite */
    for (size_t i = 0; i < length; i++) {
        int64_t digit = negative ? '0' - digits[i] : digits[i] - '0';
        if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, digit, &value))
            return false;
    }
    *integer = value;
    return true;
}

number_kind number_read(const char *text, size_t length, int64_t *integer, double *real)
{
    bool negative = length > 0 && text[0] == '-', integral;
    size_t sign = length > 0 && (text[0] == '-' || text[0] == '+');
    const char *digits = text + sign;
    length -= sign;
    if (length == 3 && (memcmp(digits, "inf", 3) == 0 || memcmp(digits, "nan", 3) == 0)) {
        *real = digits[0] == 'n' ? NAN : negative ? -INFINITY : INFINITY;
        return NUMBER_FLOAT;
    }
    if (length == 0 || measure(digits, length, &integral) != length)
        return NUMBER_NOT;
    if (integral)
        return read_integer(digits, length, negative, integer) ? NUMBER_INT : NUMBER_TOO_LARGE;
    *real = convert(digits, length);
    if (!isfinite(*real))
        return NUMBER_TOO_LARGE;
    *real = negative ? -*real : *real;
    return NUMBER_FLOAT;
}
