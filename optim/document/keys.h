/* Names of used files, and their texts as values of attributes. */
#ifndef OPTIM_DOCUMENT_KEYS_H
#define OPTIM_DOCUMENT_KEYS_H

#include <dotgrad/value.h>

/* The path of `name`, seen from a file of that path (in `folder` of its folder when that is not NULL), without . and ..
 * where they can be left out. NULL without memory; to be freed. */
char *document_key(const char *user, const char *folder, const char *name);
/* %25 and %5C stand for % and \, which DOT does not keep before a quote. NULL without memory; the first is to be freed,
 * the second in the arena. */
char *document_decode(const char *text);
char *document_encode(dg_arena *arena, const char *text);

#endif
