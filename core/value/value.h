/* What the reader and the printer of values share, and the check of what a descriptor says of its arguments. */
#ifndef CORE_VALUE_INTERNAL_H
#define CORE_VALUE_INTERNAL_H

#include <dotgrad/argument.h>

/* How many characters at the start of the text are a NAME: a letter or _, then letters, digits, _ . and -. */
size_t name_length(const char *text, size_t length);
/* A word that stands for a value of its own: true, false, none, inf, nan. */
bool is_reserved_word(const char *text, size_t length);

/* The arguments of a descriptor that is registered, "schedule" 'inverse': `most` of them at most, each with a name of
 * its own, which is none of `taken` (ended by NULL) either. */
dg_status arguments_check(const char *what, const char *name, const dg_argument *arguments, int most,
                          const char *const *taken);

#endif
