/* Sweeps compare values over many sizes and cases. Under sanitizers, which look at what each line of code touches and
 * not at numbers, all of them take minutes: with SWEEPS=few a sweep takes some of them that go through the same code.
 */
#ifndef TESTS_SWEEPS_H
#define TESTS_SWEEPS_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static inline bool sweeps_are_few(void)
{
    const char *sweeps = getenv("SWEEPS");
    return sweeps && strcmp(sweeps, "few") == 0;
}

#endif
