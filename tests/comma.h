/* A locale that writes a half as "0,5", as many a program with windows has one: best the Turkish one, where i is not
 * the small letter of I, either. */
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
    static const char *const known[] = {"tr_TR.UTF-8", "tr_TR.utf8",  "de_DE.UTF-8",
                                        "de_DE.utf8",  "fr_FR.UTF-8", "de_DE"};
    char folder[] = "/tmp/dotgrad-locale-XXXXXX", line[300];
    for (size_t k = 0; k < sizeof known / sizeof *known; k++)
        if (setlocale(LC_ALL, known[k]))
            return true;
    if (!mkdtemp(folder))
        return false;
    snprintf(line, sizeof line, "localedef -i tr_TR -f UTF-8 '%s/tr_TR.UTF-8' >/dev/null 2>&1", folder);
    bool is_made = system(line) == 0 && setenv("LOCPATH", folder, 1) == 0 && setlocale(LC_ALL, "tr_TR.UTF-8");
    snprintf(line, sizeof line, "rm -r '%s'", folder);
    if (system(line) != 0 || !is_made)
        fputs("there is no locale with a comma, and localedef makes none\n", stderr);
    return is_made;
}

#endif
