/* Files that a command writes must not be those that it reads, nor be named as what they are not. */
#include "output.h"

#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* Whether the file that has been looked at is that path, or lies right in that folder. */
static dg_status find_it(const struct stat *to, const char *to_path, const char *path, bool *is_it)
{
    struct stat from, folder;
    *is_it = false;
    if (stat(path, &from) != 0)
        return dg_ok();
    *is_it = from.st_dev == to->st_dev && from.st_ino == to->st_ino;
    if (!S_ISDIR(from.st_mode))
        return dg_ok();
    const char *slash = strrchr(to_path, '/');
    char *above = slash ? strndup(to_path, (size_t)(slash - to_path) + (slash == to_path)) : strdup(".");
    if (!above)
        return dg_no_memory("a folder's name");
    *is_it = stat(above, &folder) == 0 && folder.st_dev == from.st_dev && folder.st_ino == from.st_ino;
    free(above);
    return dg_ok();
}

static dg_status check_one(const struct stat *about, const char *to, const char *read)
{
    bool is_same;
    dg_status status = find_it(about, to, read, &is_same);
    const char *bracket = strchr(read, '('); /* table.csv(target=y) */
    if (status.code == DG_OK && !is_same && bracket) {
        char *path = strndup(read, (size_t)(bracket - read));
        status = path ? find_it(about, to, path, &is_same) : dg_no_memory("a file's name");
        free(path);
    }
    if (status.code != DG_OK || !is_same)
        return status;
    bool differs = strcmp(to, read) != 0;
    return dg_error(DG_BAD_ARGUMENT, "%s is read by this command%s%s%s and would be overwritten; --force replaces it",
                    to, differs ? " (as " : "", differs ? read : "", differs ? ")" : "");
}

dg_status output_check(const char *to, int n, const char *const *read)
{
    struct stat about;
    if (!to || strcmp(to, "-") == 0 || option_given("force") || stat(to, &about) != 0 || !S_ISREG(about.st_mode))
        return dg_ok();
    for (int k = 0; k < n; k++)
        if (read[k] && strcmp(read[k], "-") != 0)
            DG_TRY(check_one(&about, to, read[k]));
    return dg_ok();
}

/* Endings by which other programs know what a file holds; a name with any other is as good as none. */
static const char *const telling[] = {"csv",     "tsv",   "json", "npz", "npy", "safetensors", "svg", "png", "pdf",
                                      "html",    "tex",   "dot",  "gv",  "txt", "xlsx",        "xls", "ods", "docx",
                                      "parquet", "arrow", "h5",   "mat", "pkl", "pickle",      "pt",  "pth", "onnx",
                                      "gz",      "bz2",   "xz",   "zip", "zst", NULL};

static bool is_among(const char *const *endings, const char *ending)
{
    while (*endings && strcasecmp(*endings, ending))
        endings++;
    return *endings;
}

dg_status output_check_ending(const char *to, const char *content, const char *const *endings)
{
    char list[200] = "";
    const char *slash = to ? strrchr(to, '/') : NULL, *dot = to ? strrchr(slash ? slash : to, '.') : NULL;
    if (!dot || !is_among(telling, dot + 1) || is_among(endings, dot + 1))
        return dg_ok();
    for (int k = 0; endings[k]; k++)
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s.%s", k ? ", " : "", endings[k]);
    return dg_error(DG_BAD_ARGUMENT, "%s: %s, and not what '%s' says: the name may end in %s", to, content, dot, list);
}

dg_status output_check_tensors(const char *to)
{
    return output_check_ending(to, "tensors are written",
                               (const char *const[]){"csv", "json", "npz", "safetensors", NULL});
}
