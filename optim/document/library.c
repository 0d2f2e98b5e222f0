/* The files that a graph file uses, each read once. */
#include "library.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The first is the one that uses the others. */
struct dg_file_library {
    dg_document_parser *parse;
    size_t count;
    struct library_file {
        char *path; /* the real one; NULL: not a file (standard input) */
        dg_graph_file *file;
    } * files;
    int64_t n_items;
};

struct dg_file_library *library_new(dg_graph_file *file, dg_document_parser *parse)
{
    struct dg_file_library *library = calloc(1, sizeof *library);
    if (library)
        library->files = calloc(1, sizeof *library->files);
    if (!library || !library->files) {
        free(library);
        return NULL;
    }
    library->parse = parse;
    library->count = 1;
    library->files[0] = (struct library_file){realpath(file->path, NULL), file};
    return library;
}

void library_free(struct dg_file_library *library)
{
    for (size_t k = 0; library && k < library->count; k++) {
        free(library->files[k].path);
        if (k > 0) /* the first is not ours */
            dg_arena_free(library->files[k].file->arena);
    }
    if (library)
        free(library->files);
    free(library);
}

void library_count_anew(struct dg_file_library *library)
{
    library->n_items = 0;
}

bool library_take(struct dg_file_library *library, int64_t n_items)
{
    library->n_items += n_items;
    return library->n_items <= MOST_ITEMS;
}

static dg_status read_document(dg_document_parser *parse, const char *path, dg_graph_file **file)
{
    dg_arena *arena;
    char *text;
    size_t size;
    DG_TRY(dg_read_file(path, &text, &size));
    dg_status status = dg_arena_new(&arena);
    if (status.code == DG_OK) {
        dg_graph_file *made = dg_arena_alloc(arena, sizeof *made);
        const char *copy = dg_arena_text(arena, path, strlen(path));
        if (made && copy) {
            *made = (dg_graph_file){.arena = arena, .path = copy};
            status = parse(made, text, size);
            *file = made;
        } else {
            status = dg_error(DG_NO_MEMORY, "%s: not enough memory", path);
        }
        if (status.code != DG_OK)
            dg_arena_free(arena);
    }
    free(text);
    return status;
}

/* The path of a used file: in the folder that the graph's attribute `folder` names, if it is there, else beside the
 * file that uses it. NULL without memory; to be freed. */
static char *path_of(const dg_graph_file *user, const char *name)
{
    const char *slash = strrchr(user->path, '/'), *folder = dg_graph_file_setting(user, "folder");
    int length = slash && name[0] != '/' ? (int)(slash - user->path) + 1 : 0;
    char *path;
    if (folder && name[0] != '/') {
        if (asprintf(&path, "%s/%s", folder, name) < 0)
            return NULL;
        if (access(path, R_OK) == 0)
            return path;
        free(path);
    }
    return asprintf(&path, "%.*s%s", length, user->path, name) < 0 ? NULL : path;
}

dg_status dg_graph_file_note_folder(dg_graph_file *file)
{
    bool uses = false;
    size_t place = 0, count = file->attributes.count;
    for (int k = 0; k < file->n_nodes; k++)
        uses |= document_is_module(&file->nodes[k]);
    char *real = uses && !dg_graph_file_setting(file, "folder") ? realpath(file->path, NULL) : NULL, *slash;
    if (!real || !(slash = strrchr(real, '/'))) {
        free(real);
        return dg_ok();
    }
    dg_file_attribute *items = dg_arena_alloc(file->arena, (count + 1) * sizeof *items);
    const char *folder = dg_arena_text(file->arena, real, slash == real ? 1 : (size_t)(slash - real));
    free(real);
    if (!items || !folder)
        return document_no_memory(file);
    while (place < count && strcmp(file->attributes.items[place].name, "folder") < 0)
        place++;
    if (place)
        memcpy(items, file->attributes.items, place * sizeof *items);
    items[place] = (dg_file_attribute){.name = "folder", .value = folder};
    if (place < count)
        memcpy(items + place + 1, file->attributes.items + place, (count - place) * sizeof *items);
    file->attributes = (dg_file_attributes){count + 1, items};
    return dg_ok();
}

dg_status library_find(struct dg_file_library *library, const dg_graph_file *user, const char *name,
                       dg_graph_file **file)
{
    char *path = path_of(user, name), *real = path ? realpath(path, NULL) : NULL;
    dg_status status = path ? dg_ok() : document_no_memory(user);
    *file = NULL;
    for (size_t k = 0; real && k < library->count; k++)
        if (library->files[k].path && strcmp(library->files[k].path, real) == 0)
            *file = library->files[k].file;
    if (status.code == DG_OK && !*file) {
        struct library_file *files = realloc(library->files, (library->count + 1) * sizeof *files);
        if (files)
            library->files = files;
        status = files ? read_document(library->parse, path, file) : document_no_memory(user);
        if (status.code == DG_OK) {
            files[library->count++] = (struct library_file){real, *file};
            real = NULL;
        }
    }
    free(real);
    free(path);
    return status;
}
