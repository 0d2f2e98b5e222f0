/* A locale that writes a half as "0,5", as many a program with windows has one. */
#ifndef TESTS_COMMA_H
#define TESTS_COMMA_H

#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Sets such a locale, one of the system's or one that localedef makes. False: there is none to be had here. */
static inline bool set_comma_locale(void)
{
    static const char *const known[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE"};
    for (size_t k = 0; k < sizeof known / sizeof *known; k++)
        if (setlocale(LC_ALL, known[k]))
            return true;
    char folder[] = "/tmp/dotgrad-locale-XXXXXX", line[300];
    if (!mkdtemp(folder))
        return false;
    snprintf(line, sizeof line, "localedef -i de_DE -f UTF-8 '%s/de_DE.UTF-8' >/dev/null 2>&1", folder);
    bool is_made = system(line) == 0 && setenv("LOCPATH", folder, 1) == 0 && setlocale(LC_ALL, "de_DE.UTF-8");
    snprintf(line, sizeof line, "rm -r '%s'", folder);
    if (system(line) != 0 || !is_made)
        fputs("there is no locale with a comma, and localedef makes none\n", stderr);
    return is_made;
}

#endif
