#include "plain.h"

#include <locale.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static locale_t c_locale;
static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;

static void make_c_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

static locale_t plain_locale(void)
{
    pthread_once(&c_locale_once, make_c_locale);
    return c_locale; /* 0 without memory: then the program's own */
}

int plain_print_list(char *text, size_t size, const char *format, va_list arguments)
{
    locale_t plain = plain_locale(), before = plain ? uselocale(plain) : (locale_t)0;
    int length = vsnprintf(text, size, format, arguments);
    if (before)
        uselocale(before);
    return length;
}

int plain_print(char *text, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = plain_print_list(text, size, format, arguments);
    va_end(arguments);
    return length;
}

double plain_number(const char *text, char **end)
{
    locale_t plain = plain_locale();
    return plain ? strtod_l(text, end, plain) : strtod(text, end);
}
