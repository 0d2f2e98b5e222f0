/* Text that is UTF-8. */
#ifndef DOTGRAD_UTF8_H
#define DOTGRAD_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Whether `size` bytes are UTF-8; *place, which may be NULL, is where the first byte is that is not, else size. */
bool dg_utf8_check(const char *text, size_t size, size_t *place);

#endif
