/* RUN/snapshots: the weights as they were after so many steps. */
#include "source.h"

#include "claim.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FOLDER "snapshots"
#define ENDING ".safetensors"

typedef struct snapshot {
    uint64_t step;
    char *path;
} snapshot;

/* "120.safetensors" */
static bool is_snapshot(const char *name, uint64_t *step)
{
    char *end;
    *step = strtoull(name, &end, 10);
    return end != name && strcmp(end, ENDING) == 0;
}

static int by_step(const void *a, const void *b)
{
    const snapshot *x = a, *y = b;
    return (x->step > y->step) - (x->step < y->step);
}

/* All of the folder, in no order. */
static dg_status collect(const char *folder, snapshot **found, int64_t *count)
{
    DIR *open = opendir(folder);
    struct dirent *entry;
    int64_t room = 0;
    dg_status status = dg_ok();
    while (open && status.code == DG_OK && (entry = readdir(open))) {
        uint64_t step;
        if (!is_snapshot(entry->d_name, &step))
            continue;
        if (*count == room) {
            room = 2 * room + 64;
            snapshot *more = realloc(*found, (size_t)room * sizeof *more);
            if (!more) {
                status = dg_no_memory("%s", folder);
                break;
            }
            *found = more;
        }
        char *path = path_join(folder, entry->d_name);
        if (path)
            (*found)[(*count)++] = (snapshot){step, path};
        else
            status = dg_no_memory("%s", folder);
    }
    if (open)
        closedir(open);
    return status;
}

dg_status snapshots_list(const char *run, uint64_t **steps, char ***paths, int64_t *count)
{
    snapshot *found = NULL;
    char *folder = path_join(run, FOLDER);
    *count = 0;
    *steps = NULL;
    *paths = NULL;
    dg_status status = folder ? collect(folder, &found, count) : dg_no_memory("%s", run);
    if (status.code == DG_OK) {
        *steps = calloc((size_t)*count + 1, sizeof **steps);
        *paths = calloc((size_t)*count + 1, sizeof **paths);
        status = *steps && *paths ? dg_ok() : dg_no_memory("%s", run);
    }
    if (status.code == DG_OK && found)
        qsort(found, (size_t)*count, sizeof *found, by_step);
    for (int64_t k = 0; k < *count; k++) {
        if (status.code == DG_OK) {
            (*steps)[k] = found[k].step;
            (*paths)[k] = found[k].path;
        } else {
            free(found[k].path);
        }
    }
    if (status.code != DG_OK) {
        free(*steps);
        free(*paths);
        *steps = NULL;
        *paths = NULL;
        *count = 0;
    }
    free(found);
    free(folder);
    return status;
}

dg_status snapshot_write(const char *run, uint64_t step, const dg_tensors *parameters)
{
    char *folder = path_join(run, FOLDER), *path = NULL;
    dg_status status = folder ? run_folder_make(folder) : dg_no_memory("%s", run);
    if (status.code == DG_OK && asprintf(&path, "%s/%" PRIu64 ENDING, folder, step) < 0) {
        path = NULL;
        status = dg_no_memory("%s", run);
    }
    if (status.code == DG_OK)
        status = run_file_ready(path);
    if (status.code == DG_OK)
        status = dg_safetensors_write(path, parameters);
    free(folder);
    free(path);
    return status;
}

void snapshots_clean(const char *run, uint64_t step)
{
    uint64_t *steps;
    char **paths;
    int64_t count;
    if (snapshots_list(run, &steps, &paths, &count).code != DG_OK)
        return;
    for (int64_t k = 0; k < count; k++) {
        if (steps[k] >= step)
            unlink(paths[k]);
        free(paths[k]);
    }
    free(steps);
    free(paths);
}
