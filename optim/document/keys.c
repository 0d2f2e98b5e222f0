/* Names of used files, and their texts as values of attributes. */
#include "keys.h"

#include "core/base/plain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Leaves out "." and "name/..", in place. */
static void shorten(char *path)
{
    const char *end = path + strlen(path);
    bool is_absolute = path[0] == '/';
    char *floor = path + is_absolute, *out = floor; /* behind what may not be taken back, and behind what is kept */
    for (const char *at = floor; at < end;) {
        size_t length = strcspn(at, "/");
        const char *next = at + length + 1;
        bool is_up = length == 2 && at[0] == '.' && at[1] == '.',
             is_here = length == 0 || (length == 1 && at[0] == '.');
        if (is_up && out > floor) {
            for (out--; out > floor && out[-1] != '/'; out--)
                ;
        } else if (!is_here && !(is_up && is_absolute)) {
            memmove(out, at, length);
            out += length;
            *out++ = '/'; /* at the very end in the place of the final 0 */
            floor = is_up ? out : floor;
        }
        at = next;
    }
    out -= out > path + is_absolute;
    *out = '\0';
}

char *document_key(const char *user, const char *folder, const char *name)
{
    const char *slash = strrchr(user, '/');
    int length = slash ? (int)(slash - user) + 1 : 0;
    char *key;
    if (name[0] == '/' ? asprintf(&key, "%s", name) < 0
        : folder       ? asprintf(&key, "%.*s%s/%s", folder[0] == '/' ? 0 : length, user, folder, name) < 0
                       : asprintf(&key, "%.*s%s", length, user, name) < 0)
        return NULL;
    shorten(key);
    return key;
}

char *document_decode(const char *text)
{
    char *plain = strdup(text), *out = plain;
    for (const char *at = text; plain && *at; at++) {
        bool is_percent = strncmp(at, "%25", 3) == 0, is_backslash = plain_same_part(at, "%5C", 3);
        *out++ = is_backslash ? '\\' : *at;
        at += is_percent || is_backslash ? 2 : 0;
    }
    if (plain)
        *out = '\0';
    return plain;
}

char *document_encode(dg_arena *arena, const char *text)
{
    char *coded = dg_arena_alloc(arena, 3 * strlen(text) + 1), *out = coded;
    for (; coded && *text; text++) {
        if (*text == '%' || *text == '\\')
            out = stpcpy(out, *text == '%' ? "%25" : "%5C");
        else
            *out++ = *text;
    }
    return coded;
}
