/* Numbers as text, whatever locale the program has set. */
#ifndef CORE_NUMBER_H
#define CORE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum number_kind {
    NUMBER_NOT, /* the text is something else */
    NUMBER_INT,
    NUMBER_FLOAT,
    NUMBER_TOO_LARGE
} number_kind;

/* Reads a number that fills the text: [+-] digits, or with a point or an exponent a float; inf and nan too. */
number_kind number_read(const char *text, size_t length, int64_t *integer, double *real);

#endif
