/* How well one colour is seen on another. */
#ifndef TESTS_TOOLS_CONTRAST_H
#define TESTS_TOOLS_CONTRAST_H

#include <math.h>
#include <stdlib.h>

static inline double channel(const char *color, int k)
{
    char digits[3] = {color[1 + 2 * k], color[2 + 2 * k], '\0'};
    double c = (double)strtol(digits, NULL, 16) / 255;
    return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

/* WCAG's contrast of two colours "#RRGGBB". */
static inline double contrast(const char *a, const char *b)
{
    double one = 0.2126 * channel(a, 0) + 0.7152 * channel(a, 1) + 0.0722 * channel(a, 2);
    double two = 0.2126 * channel(b, 0) + 0.7152 * channel(b, 1) + 0.0722 * channel(b, 2);
    return (fmax(one, two) + 0.05) / (fmin(one, two) + 0.05);
}

#endif
