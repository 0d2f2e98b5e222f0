/* What is written in a file that was drawn. */
#ifndef TESTS_DRAWN_H
#define TESTS_DRAWN_H

#include "command.h"

static inline char *read_all(const char *path)
{
    static char text[1 << 20];
    read_text(path, text, sizeof text);
    return text;
}

static inline int count_in(const char *path, const char *words)
{
    int count = 0;
    for (const char *at = read_all(path); (at = strstr(at, words)); at += strlen(words))
        count++;
    return count;
}

static inline void expect_in_file(const char *path, const char *words)
{
    cr_assert(count_in(path, words) > 0, "'%s' is not in %s:\n%s", words, path, read_all(path));
}

#endif
