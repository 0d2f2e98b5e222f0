/* What the reader and the printer of values share. */
#ifndef CORE_VALUE_INTERNAL_H
#define CORE_VALUE_INTERNAL_H

#include <dotgrad/value.h>

/* How many characters at the start of the text are a NAME: a letter or _, then letters, digits, _ . and -. */
size_t name_length(const char *text, size_t length);
/* A word that stands for a value of its own: true, false, none, inf, nan. */
bool is_reserved_word(const char *text, size_t length);

#endif
