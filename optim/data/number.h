/* Numbers and dates as tables write them. */
#ifndef OPTIM_DATA_NUMBER_H
#define OPTIM_DATA_NUMBER_H

#include <stdbool.h>

/* A finite decimal number that fills the text: digits, sign, point, exponent. */
bool decimal_read(const char *text, double *number);

/* Numbers in dress. */
typedef enum number_style {
    NUMBER_PLAIN,
    NUMBER_GROUPED, /* "$1,204.00", "12 %", "€ 3", "(15)" for −15: a currency sign, groups of three, a percent sign */
    NUMBER_COMMA,   /* "1.204,50 €": the same, where the comma is the decimal point; a point stands between groups */
    NUMBER_BOOL     /* "true", "FALSE": 1 and 0 */
} number_style;
#define NUMBER_STYLES 4

bool decimal_read_as(number_style style, const char *text, double *number);

/* "2020-01-31", "31.01.2020", "1/31/20", with or without a time of day after it. */
bool text_is_date(const char *text);

#endif
