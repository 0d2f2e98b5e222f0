/* Files that a command writes must not be those that it reads. */
#include "output.h"

#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Whether the file that has been looked at is that path, or lies right in that folder. */
static bool is_it(const struct stat *to, const char *to_path, const char *path)
{
    struct stat from, folder;
    if (stat(path, &from) != 0)
        return false;
    if (!S_ISDIR(from.st_mode))
        return from.st_dev == to->st_dev && from.st_ino == to->st_ino;
    const char *slash = strrchr(to_path, '/');
    char *above = slash ? strndup(to_path, (size_t)(slash - to_path) + (slash == to_path)) : strdup(".");
    bool is_in = above && stat(above, &folder) == 0 && folder.st_dev == from.st_dev && folder.st_ino == from.st_ino;
    free(above);
    return is_in;
}

dg_status output_check(const char *to, int n, const char *const *read)
{
    struct stat about;
    if (!to || strcmp(to, "-") == 0 || option_given("force") || stat(to, &about) != 0 || !S_ISREG(about.st_mode))
        return dg_ok();
    for (int k = 0; k < n; k++) {
        char *path = read[k] && strcmp(read[k], "-") != 0 ? strdup(read[k]) : NULL;
        bool is_same = path && is_it(&about, to, path);
        char *bracket = path ? strchr(path, '(') : NULL; /* table.csv(target=y) */
        if (bracket && !is_same) {
            *bracket = '\0';
            is_same = is_it(&about, to, path);
        }
        free(path);
        if (is_same)
            return dg_error(
                DG_BAD_ARGUMENT, "%s is read by this command%s%s%s and would be overwritten; --force replaces it", to,
                strcmp(to, read[k]) ? " (as " : "", strcmp(to, read[k]) ? read[k] : "", strcmp(to, read[k]) ? ")" : "");
    }
    return dg_ok();
}
