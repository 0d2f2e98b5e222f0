/* Numbers as they are read in a picture: nine digits tell a float32 apart from all others. */
#include "view.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_DIGITS = 9, MOST_LENGTH = 60 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The length of the number that text begins with, and how many of its digits count. */
static size_t number_length(const char *at, int *digits)
{
    size_t length = 0;
    bool counts = false;
    *digits = 0;
    for (bool has_point = false; is_digit(at[length]) || (at[length] == '.' && !has_point); length++) {
        has_point |= at[length] == '.';
        counts |= at[length] != '0' && at[length] != '.';
        *digits += counts && at[length] != '.';
    }
    size_t sign = at[length] == 'e' && (at[length + 1] == '-' || at[length + 1] == '+');
    if (length && at[length] == 'e' && is_digit(at[length + 1 + sign]))
        for (length += 1 + sign; is_digit(at[length]);)
            length++;
    return length;
}

/* The number that a text is; NaN: none. */
static double read_number(view *v, const char *words)
{
    dg_value value;
    double number = NAN;
    if (dg_value_parse(v->arena, words, &value).code == DG_OK)
        dg_value_number(&value, &number);
    return number;
}

/* To nine digits, by way of whole numbers: the same under every locale. */
static double rounded(view *v, double number)
{
    char words[48];
    if (number == 0 || !isfinite(number))
        return number;
    int exponent = (int)floor(log10(fabs(number))) - (MOST_DIGITS - 1);
    if (abs(exponent) > 250)
        return number;
    snprintf(words, sizeof words, "%llde%d", llround(number / pow(10, exponent)), exponent);
    return read_number(v, words);
}

const char *label_numbers(view *v, dg_dtype dtype, const char *words)
{
    text t = {0};
    bool is_changed = false;
    for (const char *at = words; *at;) {
        char given[MOST_LENGTH + 1], number[DG_NUMBER_TEXT];
        int digits = 0;
        bool in_word = at > words && (at[-1] == '_' || at[-1] == '.' || is_digit(at[-1]) || (at[-1] & 0x80) ||
                                      (at[-1] >= 'A' && at[-1] <= 'Z') || (at[-1] >= 'a' && at[-1] <= 'z'));
        size_t length = in_word || !is_digit(*at) ? 0 : number_length(at, &digits);
        if (digits <= MOST_DIGITS || length > MOST_LENGTH || !memchr(at, '.', length)) {
            text_bytes(&t, at, length ? length : 1);
            at += length ? length : 1;
            continue;
        }
        snprintf(given, sizeof given, "%.*s", (int)length, at);
        double exact = read_number(v, given);
        text_put(&t, isnan(exact) ? given
                                  : dg_number_print(dtype == DG_FLOAT64 ? rounded(v, exact) : exact,
                                                    dtype == DG_FLOAT64 ? DG_FLOAT64 : DG_FLOAT32, number));
        is_changed = true;
        at += length;
    }
    const char *kept = is_changed ? text_keep(v->arena, &t) : words;
    text_free(&t);
    return kept;
}
