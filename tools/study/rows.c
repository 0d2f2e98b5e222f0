/* What came of the runs: FOLDER/runs/KEY/row.json. */
#include "study.h"

#include "tools/run/folder.h"
#include "tools/run/row.h"

#include <dirent.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Which part of a row "test_accuracy" is in. */
double study_row_number(const cJSON *row, const char *name)
{
    static const char *const parts[] = {"train", "validation", "test"};
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(row, name);
    for (size_t k = 0; k < sizeof parts / sizeof *parts && !item; k++) {
        size_t length = strlen(parts[k]);
        if (strncmp(name, parts[k], length) == 0 && name[length] == '_')
            item = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(row, parts[k]), name + length + 1);
    }
    return cJSON_IsNumber(item) ? item->valuedouble : NAN;
}

bool study_row_is(const cJSON *row, const char *status)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(row, "status");
    return cJSON_IsString(item) && strcmp(item->valuestring, status) == 0;
}

dg_status study_read_row(study *s, int64_t index)
{
    const study_run run = study_run_at(s, index);
    char *path, *text;
    size_t size;
    if (asprintf(&path, "%s/runs/%s/" ROW_NAME, s->folder, run.key) < 0)
        return dg_no_memory("the study");
    cJSON_Delete(s->rows[index]);
    s->rows[index] = NULL;
    bool is_there = access(path, F_OK) == 0;
    dg_status status = is_there ? dg_read_file(path, &text, &size) : dg_ok();
    if (is_there && status.code == DG_OK) {
        s->rows[index] = cJSON_Parse(text);
        free(text);
        if (!s->rows[index])
            status = dg_error(DG_BAD_DATA,
                              "%s: this is not a row of a run: remove the file, then the run is done again", path);
    }
    free(path);
    return status;
}

dg_status study_read_rows(study *s)
{
    for (int64_t k = 0; k < s->n_pairs * s->n_variants; k++)
        DG_TRY(study_read_row(s, k));
    return dg_ok();
}

dg_status study_write_row(study *s, const study_run *run, const char *status, const char *message, double seconds)
{
    char *folder;
    if (asprintf(&folder, "%s/runs/%s", s->folder, run->key) < 0)
        return dg_no_memory("the study");
    dg_status written = run_folder_make(folder);
    if (written.code == DG_OK)
        written = run_row_write(folder, &(run_row){.status = status,
                                                   .message = message,
                                                   .seed = (uint64_t)run->seed,
                                                   .split_seed = run->variant->split_seed,
                                                   .folds = s->folds,
                                                   .fold = run->fold,
                                                   .seconds = seconds});
    free(folder);
    return written.code == DG_OK ? study_read_row(s, run->index) : written;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Rows in the folder that are of none of the study's runs: of settings that it has not, of a graph that was edited, of
 * data that have changed. */
dg_status study_count_stale(const study *s, int64_t *stale)
{
    int64_t count = s->n_pairs * s->n_variants;
    char(*keys)[17] = malloc(((size_t)count + 1) * sizeof *keys), *path = path_join(s->folder, "runs");
    DIR *names = path ? opendir(path) : NULL;
    *stale = 0;
    for (int64_t k = 0; keys && k < count; k++)
        memcpy(keys[k], study_run_at(s, k).key, sizeof *keys);
    if (keys)
        qsort(keys, (size_t)count, sizeof *keys, by_text);
    for (struct dirent *entry; keys && names && (entry = readdir(names));) {
        char *row;
        if (entry->d_name[0] == '.' || bsearch(entry->d_name, keys, (size_t)count, sizeof *keys, by_text) ||
            asprintf(&row, "%s/%s/" ROW_NAME, path, entry->d_name) < 0)
            continue;
        *stale += access(row, F_OK) == 0;
        free(row);
    }
    if (names)
        closedir(names);
    bool fine = keys && path;
    free(keys);
    free(path);
    return fine ? dg_ok() : dg_no_memory("the study");
}
