/* Numbers as text whatever the locale of the program: fractions have a point, in messages, formulas and files. What
 * the C library does by itself (snprintf, strtod) writes and reads a comma where the program has asked for one. */
#ifndef CORE_BASE_PLAIN_H
#define CORE_BASE_PLAIN_H

#include <stdarg.h>
#include <stddef.h>

/* snprintf, vsnprintf and strtod. */
int plain_print(char *text, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
int plain_print_list(char *text, size_t size, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));
double plain_number(const char *text, char **end);

#endif
