/* Folders of runs and the notes in their checkpoints. */
#include "folder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOTE_DATA       "data"
#define NOTE_FOLDER     "data.folder"
#define NOTE_BASE       "data.base"
#define NOTE_VALIDATION "data.validation"
#define NOTE_SPLIT      "data.split_seed"
#define NOTE_FOLDS      "data.folds"
#define NOTE_FOLD       "data.fold"
#define NOTE_OUTPUT     "graph.output"
#define NOTE_LOSS       "graph.loss"
#define NOTE_DTYPE      "graph.dtype"
#define NOTE_INIT       "graph.init"

char *path_join(const char *folder, const char *name)
{
    char *path;
    size_t length = strlen(folder);
    const char *slash = length > 0 && folder[length - 1] == '/' ? "" : "/";
    return asprintf(&path, "%s%s%s", folder, slash, name) < 0 ? NULL : path;
}

char *run_folder_default(const char *graph_path)
{
    const char *slash = strrchr(graph_path, '/'), *name = slash ? slash + 1 : graph_path;
    const char *dot = strrchr(name, '.');
    int length = dot && dot > name ? (int)(dot - name) : (int)strlen(name);
    char *path;
    return asprintf(&path, "runs/%.*s", length, name) < 0 ? NULL : path;
}

char *run_folder_of(const char *checkpoint)
{
    struct stat about;
    const char *slash = strrchr(checkpoint, '/');
    if (stat(checkpoint, &about) || S_ISDIR(about.st_mode))
        return strdup(checkpoint);
    return slash ? strndup(checkpoint, slash == checkpoint ? 1 : (size_t)(slash - checkpoint)) : strdup(".");
}

/* The path from the root, links followed as far as there is such a folder; the rest has no "." and "..". */
static char *whole_path(const char *path)
{
    char *real = realpath(path, NULL), *parent, *whole = NULL;
    if (real || errno == ENOMEM)
        return real;
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    size_t name = length;
    while (name > 0 && path[name - 1] != '/')
        name--;
    bool is_dot = length - name <= 2 && !strncmp(path + name, "..", length - name);
    parent = name > 0 ? strndup(path, name) : strdup(".");
    char *above = parent ? whole_path(parent) : NULL;
    free(parent);
    if (above && is_dot)
        return above; /* below what is not there: cannot be entered anyway */
    if (above && asprintf(&whole, "%s/%.*s", strcmp(above, "/") ? above : "", (int)(length - name), path + name) < 0)
        whole = NULL;
    free(above);
    return whole;
}

/* How much of two whole paths is the same, in whole names. */
static size_t common_length(const char *a, const char *b)
{
    size_t same = 0, k = 0;
    for (; a[k] == b[k] && a[k]; k++)
        if (a[k] == '/')
            same = k;
    bool is_name = (!a[k] || a[k] == '/') && (!b[k] || b[k] == '/');
    return is_name ? k : same;
}

char *path_between(const char *from, const char *to)
{
    char *start = whole_path(from), *end = whole_path(to), *way = NULL;
    size_t size;
    FILE *out = start && end ? open_memstream(&way, &size) : NULL;
    if (out) {
        size_t same = common_length(start, end);
        const char *rest = end + same + (end[same] == '/');
        bool is_any = false;
        for (const char *at = start + same; *at; at++) {
            bool is_name = *at != '/' && (at == start || at[-1] == '/');
            if (is_name)
                fputs(is_any ? "/.." : "..", out);
            is_any |= is_name;
        }
        fprintf(out, "%s%s", !*rest ? "" : is_any ? "/" : "", *rest || is_any ? rest : ".");
        if (fclose(out) != 0) {
            free(way);
            way = NULL;
        }
    }
    free(start);
    free(end);
    return way;
}

bool names_file(const char *folder, const char *data)
{
    char *path;
    bool found = dg_data_path(data, folder, &path, NULL).code == DG_OK && path;
    free(path);
    return found;
}

static dg_status make_one(const char *folder)
{
    struct stat about;
    if (!mkdir(folder, 0777))
        return dg_ok();
    int error = errno;
    if (error == EEXIST && !stat(folder, &about) && S_ISDIR(about.st_mode))
        return dg_ok();
    return error == EEXIST ? dg_error(DG_IO, "%s: this is not a folder", folder)
                           : dg_error(DG_IO, "%s: cannot make this folder: %s", folder, strerror(error));
}

dg_status run_folder_make(const char *folder)
{
    char *path = strdup(folder);
    dg_status status = path ? dg_ok() : dg_no_memory("%s", folder);
    for (char *at = path ? strchr(path + 1, '/') : NULL; at && status.code == DG_OK; at = strchr(at + 1, '/')) {
        *at = '\0';
        status = make_one(path);
        *at = '/';
    }
    if (status.code == DG_OK)
        status = make_one(folder);
    free(path);
    if (status.code == DG_OK && access(folder, W_OK))
        return dg_error(DG_IO, "%s: cannot write in this folder: %s", folder, strerror(errno));
    return status;
}

/* A graph file is often taken for what it is the graph of. */
static dg_status read_tensors(const char *path, dg_tensors **tensors)
{
    const char *end = strrchr(path, '.');
    dg_status status = dg_tensors_read(path, tensors);
    bool is_graph = end && (strcmp(end, ".dot") == 0 || strcmp(end, ".gv") == 0);
    return status.code == DG_BAD_DATA && is_graph
               ? dg_error(status.code, "%s: a graph file has no trained numbers: name a run's folder or a checkpoint",
                          path)
               : status;
}

dg_status checkpoint_read(const char *path, dg_tensors **checkpoint)
{
    struct stat about;
    *checkpoint = NULL;
    if (!strcmp(path, "-") || stat(path, &about) || !S_ISDIR(about.st_mode))
        return read_tensors(path, checkpoint);
    char *file = path_join(path, "checkpoint.safetensors");
    if (!file)
        return dg_no_memory("%s", path);
    dg_status status = dg_tensors_read(file, checkpoint);
    free(file);
    return status;
}

static dg_status set_note(dg_tensors *extra, const char *key, const char *text)
{
    return text ? dg_tensors_set_note(extra, key, text) : dg_ok();
}

static dg_status set_count(dg_tensors *extra, const char *key, int64_t count)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)count);
    return dg_tensors_set_note(extra, key, text);
}

static dg_status damaged(const char *key, const char *text)
{
    return dg_error(DG_BAD_DATA, "the checkpoint's note '%s' is '%.40s'", key, text);
}

/* -1 where there is no such note. */
static dg_status read_count(const dg_tensors *checkpoint, const char *key, int64_t *count)
{
    const char *text = dg_tensors_note(checkpoint, key);
    char *end = NULL;
    errno = 0;
    *count = text ? strtoll(text, &end, 10) : -1;
    return !text || (end != text && !*end && !errno && *count >= -1) ? dg_ok() : damaged(key, text);
}

dg_status notes_write(dg_tensors *extra, const run_notes *notes)
{
    char number[DG_NUMBER_TEXT];
    DG_TRY(set_note(extra, NOTE_DATA, notes->data));
    DG_TRY(set_note(extra, NOTE_BASE, notes->base));
    DG_TRY(set_note(extra, NOTE_OUTPUT, notes->output));
    DG_TRY(set_note(extra, NOTE_LOSS, notes->loss));
    DG_TRY(set_note(extra, NOTE_DTYPE, notes->dtype));
    DG_TRY(set_note(extra, NOTE_INIT, notes->init));
    DG_TRY(set_count(extra, NOTE_SPLIT, notes->split_seed));
    if (notes->folds) {
        DG_TRY(set_count(extra, NOTE_FOLDS, notes->folds));
        DG_TRY(set_count(extra, NOTE_FOLD, notes->fold));
    }
    return set_note(extra, NOTE_VALIDATION, dg_number_print(notes->validation, DG_FLOAT64, number));
}

dg_status notes_read(const dg_tensors *checkpoint, run_notes *notes)
{
    const char *validation = dg_tensors_note(checkpoint, NOTE_VALIDATION);
    char *end = NULL;
    *notes = (run_notes){
        .data = dg_tensors_note(checkpoint, NOTE_DATA),
        .folder = dg_tensors_note(checkpoint, NOTE_FOLDER),
        .base = dg_tensors_note(checkpoint, NOTE_BASE),
        .output = dg_tensors_note(checkpoint, NOTE_OUTPUT),
        .loss = dg_tensors_note(checkpoint, NOTE_LOSS),
        .dtype = dg_tensors_note(checkpoint, NOTE_DTYPE),
        .init = dg_tensors_note(checkpoint, NOTE_INIT),
        .validation = validation ? strtod(validation, &end) : 0,
    };
    if (!dg_tensors_note(checkpoint, "dotgrad.graph") || !notes->loss || !validation)
        return dg_error(DG_BAD_DATA, "these tensors are not a checkpoint of dotgrad train");
    if (end == validation || *end || !(notes->validation >= 0 && notes->validation < 1))
        return damaged(NOTE_VALIDATION, validation);
    DG_TRY(read_count(checkpoint, NOTE_SPLIT, &notes->split_seed));
    DG_TRY(read_count(checkpoint, NOTE_FOLDS, &notes->folds));
    return read_count(checkpoint, NOTE_FOLD, &notes->fold);
}
