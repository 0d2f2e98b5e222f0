/* The files that a graph file uses, each read once: from texts that are kept in the graph or given by the caller, else
 * from the disk, where only files below certain folders are opened. Long because finding, checking and keeping a
 * used file are one thread of decisions. */
#include "library.h"

#include "core/base/null.h"
#include "optim/document/constants.h"
#include "optim/document/keys.h"
#include "optim/document/settings.h"
#include "sizes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file's key (keys.c) is its path from the folder of the first one, without . and .. where they can be left out;
 * absolute paths stay. */
typedef struct library_file {
    const char *key, *text; /* in the file's arena */
    char *variant;          /* the settings that it was read with; NULL: none */
    const char *scope;      /* all settings, for the files that it uses; in its arena */
    char *real;             /* where it was read from; NULL: from text */
    dg_graph_file *file;
    int64_t note;
} library_file;

/* The first file is the one that uses the others. */
struct dg_file_library {
    dg_document_parser *parse;
    dg_graph_read_options options; /* but for what is gone when reading is over */
    size_t count;
    library_file *files;
    constant_files constants;
    int n_roots;
    char **roots; /* real paths */
    int64_t n_items;
};

/* ---- folders that may be read ---- */

static bool is_below(const char *path, const char *root)
{
    size_t length = strlen(root);
    return strncmp(path, root, length) == 0 && (path[length] == '/' || path[length] == '\0' || length == 1);
}

static void add_root(struct dg_file_library *library, const char *folder)
{
    char *real = realpath(folder, NULL);
    if (real)
        library->roots[library->n_roots++] = real;
}

static bool take_roots(struct dg_file_library *library, const dg_graph_file *file, const dg_graph_read_options *options)
{
    char *folder = strdup(file->path), *slash = folder ? strrchr(folder, '/') : NULL;
    library->roots = calloc((size_t)options->n_roots + 2, sizeof(char *));
    if (!library->roots || !folder) {
        free(folder);
        return false;
    }
    if (slash)
        slash[slash == folder] = '\0';
    add_root(library, ".");
    if (slash)
        add_root(library, folder);
    for (int k = 0; k < options->n_roots; k++)
        add_root(library, options->roots[k]);
    free(folder);
    return true;
}

dg_status dg_graph_file_check_path(const dg_graph_file *file, const char *path)
{
    REFUSE_NULL(file);
    REFUSE_NULL(path);
    const struct dg_file_library *library = file->library;
    char text[128], *real = realpath(path, NULL);
    struct stat about;
    if (!real)
        return dg_error(errno == ENOMEM ? DG_NO_MEMORY : DG_IO, "%s: cannot read: %s", path,
                        strerror_r(errno, text, sizeof text));
    bool allowed = false;
    for (int k = 0; k < library->n_roots; k++)
        allowed |= is_below(real, library->roots[k]);
    const char *slash = strrchr(real, '/');
    dg_status status = dg_ok();
    if (!allowed)
        status = dg_error(DG_BAD_ARGUMENT,
                          "%s: a graph may only name files below its own folder and the working folder; "
                          "--allow-path %.*s (.roots in C) opens this one",
                          path, slash == real ? 1 : (int)(slash - real), real);
    else if (stat(real, &about) != 0 || !(S_ISREG(about.st_mode) || S_ISDIR(about.st_mode)))
        status =
            dg_error(DG_BAD_ARGUMENT, "%s: a graph may only name files and folders, this is a device or a pipe", path);
    free(real);
    return status;
}

/* ---- the library ---- */

struct dg_file_library *library_new(dg_graph_file *file, dg_document_parser *parse,
                                    const dg_graph_read_options *options)
{
    struct dg_file_library *library = calloc(1, sizeof *library);
    const char *slash = strrchr(file->path, '/'), *name = slash ? slash + 1 : file->path;
    if (!library)
        return NULL;
    library->files = calloc(1, sizeof *library->files);
    library->parse = parse;
    library->options = *options;
    library->options.most_bytes = options->most_bytes ? options->most_bytes : MOST_BYTES;
    library->options.most_nodes = options->most_nodes ? options->most_nodes : MOST_NODES;
    if (library->options.most_nodes > INT32_MAX / 4)
        library->options.most_nodes = INT32_MAX / 4;
    if (!library->files || !take_roots(library, file, options)) {
        library_free(library);
        return NULL;
    }
    library->count = 1;
    library->files[0] = (library_file){
        .key = dg_arena_text(file->arena, name, strlen(name)), .real = realpath(file->path, NULL), .file = file};
    if (library->files[0].key)
        return library;
    library_free(library);
    return NULL;
}

void library_free(struct dg_file_library *library)
{
    if (!library)
        return;
    for (size_t k = 0; k < library->count; k++) {
        free(library->files[k].real);
        free(library->files[k].variant);
        if (k > 0) /* the first is not ours */
            dg_arena_free(library->files[k].file->arena);
    }
    constants_free(&library->constants);
    for (int k = 0; k < library->n_roots; k++)
        free(library->roots[k]);
    free(library->roots);
    free(library->files);
    free(library);
}

void library_forget_texts(struct dg_file_library *library)
{
    library->options.n_texts = 0;
    library->options.n_sizes = 0;
    library->options.data = NULL;
    library->options.find_data = NULL;
}

void library_count_anew(struct dg_file_library *library)
{
    library->n_items = 0;
    for (size_t k = 0; k < library->count; k++)
        library->files[k].note = 0;
}

bool library_take(struct dg_file_library *library, int64_t n_items)
{
    library->n_items += n_items;
    return library->n_items <= library->options.most_nodes;
}

int64_t library_most(const struct dg_file_library *library)
{
    return library->options.most_nodes;
}

dg_status library_too_many(const dg_graph_file *file)
{
    return dg_graph_file_error(
        file, 0,
        dg_error(DG_BAD_DATA,
                 "the network would have more than %lld nodes (--max-nodes, or .most_nodes in C, "
                 "raises this bound)",
                 (long long)library_most(file->library)));
}

static library_file *find_entry(const struct dg_file_library *library, const dg_graph_file *file)
{
    for (size_t k = 0; k < library->count; k++)
        if (library->files[k].file == file)
            return &library->files[k];
    return &library->files[0]; /* a copy of the first that is built with other sizes */
}

bool library_is_same(const struct dg_file_library *library, const dg_graph_file *a, const dg_graph_file *b)
{
    const char *first = find_entry(library, a)->real, *second = find_entry(library, b)->real;
    return a == b || (first && second && strcmp(first, second) == 0);
}

int64_t *library_note(struct dg_file_library *library, const dg_graph_file *file)
{
    return &find_entry(library, file)->note;
}

/* ---- names ---- */

/* Where that is on the disk. To be freed. */
static char *path_of(const struct dg_file_library *library, const char *key)
{
    const char *top = library->files[0].file->path, *slash = strrchr(top, '/');
    char *path;
    return asprintf(&path, "%.*s%s", slash && key[0] != '/' ? (int)(slash - top) + 1 : 0, top, key) < 0 ? NULL : path;
}

/* ---- reading ---- */

/* The text that the graph itself or the caller has for a key; NULL: none. */
static const char *find_text(const struct dg_file_library *library, const char *key, bool *is_kept)
{
    const dg_file_attributes *attributes = &library->files[0].file->attributes;
    for (int k = 0; k < library->options.n_texts; k++)
        if (strcmp(library->options.texts[k].name, key) == 0)
            return library->options.texts[k].text;
    for (size_t k = 0; k < attributes->count; k++)
        if (strncmp(attributes->items[k].name, "file:", 5) == 0 && strcmp(attributes->items[k].name + 5, key) == 0) {
            *is_kept = true;
            return attributes->items[k].value;
        }
    return NULL;
}

/* The text of a used file; *real is NULL when it does not come from the disk. Both are allocated. */
static dg_status take_text(const struct dg_file_library *library, const char *key, const char *path, char **text,
                           char **real)
{
    const dg_graph_file *top = library->files[0].file;
    bool is_kept = false;
    const char *known = find_text(library, key, &is_kept);
    *real = NULL;
    *text = known ? (is_kept ? document_decode(known) : strdup(known)) : NULL;
    if (known)
        return *text ? dg_ok() : document_no_memory(top);
    DG_TRY(dg_graph_file_check_path(top, path));
    DG_TRY(dg_graph_file_text(path, &library->options, text));
    *real = realpath(path, NULL);
    return dg_ok();
}

/* For messages: a path, or the file that a text is kept in. */
static const char *describe(const struct dg_file_library *library, dg_arena *arena, const library_file *made,
                            const char *path)
{
    const char *top = library->files[0].file->path;
    size_t room = strlen(path) + strlen(top) + 8;
    char *text = dg_arena_alloc(arena, room);
    if (text && made->real)
        strcpy(text, path);
    else if (text && made->key)
        snprintf(text, room, "%s (%s)", top, made->key);
    return text;
}

static dg_status read_document(struct dg_file_library *library, const char *key, const char *path,
                               const settings_given *given, library_file *made)
{
    dg_arena *arena;
    char *text;
    *made = (library_file){0};
    DG_TRY(take_text(library, key, path, &text, &made->real));
    dg_status status = dg_arena_new(&arena);
    if (status.code == DG_OK) {
        made->file = dg_arena_alloc(arena, sizeof *made->file);
        made->key = dg_arena_text(arena, key, strlen(key));
        made->text = dg_arena_text(arena, text, strlen(text));
        const char *copy = describe(library, arena, made, path);
        if (made->file && made->key && made->text && copy) {
            *made->file = (dg_graph_file){.arena = arena, .path = copy, .library = library};
            status = library->parse(made->file, text, strlen(text));
        } else {
            status = document_no_memory(library->files[0].file);
        }
        if (status.code == DG_OK)
            status = settings_put(made->file, given, &made->scope);
        if (status.code == DG_OK)
            status = document_check(made->file, library->files[0].file);
        if (status.code == DG_OK)
            status = data_sizes_put(library->files[0].file, made->file, &library->options, given->call);
        if (status.code != DG_OK)
            dg_arena_free(arena);
    }
    free(text);
    if (status.code != DG_OK)
        free(made->real);
    return status;
}

/* Adds the file of that key, read with those settings; takes `variant`. */
static dg_status add_file(struct dg_file_library *library, const char *key, char *variant, const settings_given *given,
                          dg_graph_file **file)
{
    const dg_graph_file *top = library->files[0].file;
    char *path = path_of(library, key);
    library_file *files = realloc(library->files, (library->count + 1) * sizeof *files), made;
    if (files)
        library->files = files;
    dg_status status = files && path ? read_document(library, key, path, given, &made) : document_no_memory(top);
    if (status.code == DG_OK) {
        made.variant = variant;
        files[library->count++] = made;
        *file = made.file;
    } else {
        free(variant);
    }
    free(path);
    return status;
}

/* Whether there is such a file, read already or not. */
static bool is_there(const struct dg_file_library *library, const char *key)
{
    bool is_kept;
    char *path = path_of(library, key);
    bool found = find_text(library, key, &is_kept) || (path && access(path, R_OK) == 0);
    for (size_t k = 0; k < library->count; k++)
        found |= strcmp(library->files[k].key, key) == 0;
    free(path);
    return found;
}

/* The file of that key, read with those settings; takes `variant`. */
static dg_status take_file(struct dg_file_library *library, const char *key, char *variant, const settings_given *given,
                           dg_graph_file **file)
{
    bool is_kept;
    *file = NULL;
    for (size_t k = 1; k < library->count && !*file; k++)
        if (strcmp(library->files[k].key, key) == 0 && strcmp(library->files[k].variant, variant) == 0)
            *file = library->files[k].file;
    if (!*file && strcmp(library->files[0].key, key) == 0 && !find_text(library, key, &is_kept))
        *file = library->files[0].file;
    if (!*file)
        return add_file(library, key, variant, given, file);
    free(variant);
    return dg_ok();
}

/* The settings in a call that uses a file: keywords in small letters, but for those of scan() itself. */
static dg_status take_settings(const dg_graph_file *user, const dg_value *call, dg_file_setting *settings, int *count)
{
    for (size_t k = 1; k < call->count; k++) {
        const dg_value *item = &call->items[k];
        if (!item->key || !document_is_setting(item->key))
            continue;
        dg_value value = *item;
        value.key = NULL;
        const char *text = dg_value_print(user->arena, &value);
        if (!text)
            return document_no_memory(user);
        settings[(*count)++] = (dg_file_setting){item->key, text};
    }
    return dg_ok();
}

dg_status library_find(struct dg_file_library *library, const dg_graph_file *user, const char *name,
                       const dg_value *call, dg_graph_file **file)
{
    const library_file *entry = find_entry(library, user);
    const char *folder = dg_graph_file_setting(user, "folder");
    char *key = folder ? document_key(entry->key, folder, name) : NULL, *variant = NULL;
    settings_given given = {.outer = entry->scope, .call = call};
    size_t size;
    *file = NULL;
    if (!key || !is_there(library, key)) {
        free(key);
        key = document_key(entry->key, NULL, name);
    }
    dg_file_setting *settings = dg_arena_alloc(user->arena, (call->count + 1) * sizeof *settings);
    FILE *out = open_memstream(&variant, &size);
    dg_status status =
        key && settings && out ? take_settings(user, call, settings, &given.count) : document_no_memory(user);
    given.settings = settings;
    for (int k = 0; out && status.code == DG_OK && k < given.count; k++)
        fprintf(out, "%s=%s, ", settings[k].name, settings[k].value);
    for (size_t k = 0; out && k < call->count; k++)
        if (data_size_is_given(&call->items[k]))
            fprintf(out, "%s, ", call->items[k].key);
    if (out) {
        fprintf(out, "| %s", given.outer ? given.outer : "");
        if (fclose(out) != 0 && status.code == DG_OK)
            status = document_no_memory(user);
    }
    if (status.code == DG_OK)
        status = take_file(library, key, variant, &given, file);
    else
        free(variant);
    free(key);
    return status;
}

void library_set_scope(struct dg_file_library *library, const char *scope)
{
    library->files[0].scope = scope;
}

dg_status library_constant(struct dg_file_library *library, const dg_graph_file *user, const char *file,
                           const char *name, const char *otherwise, const dg_tensor **found)
{
    char *key = document_key(find_entry(library, user)->key, NULL, file), *path = key ? path_of(library, key) : NULL;
    dg_status status =
        path ? constants_find(&library->constants, library->files[0].file, key, path, name, otherwise, found)
             : document_no_memory(user);
    free(key);
    free(path);
    return status;
}

/* ---- the files, for those who keep them ---- */

/* The k-th used file; a file that was read with several settings is one. NULL behind the last. */
static const library_file *used_file_at(const dg_graph_file *file, size_t k)
{
    const library_file *files = file->library->files;
    for (size_t i = 1; i < file->library->count; i++) {
        size_t first = 1;
        while (strcmp(files[first].key, files[i].key) != 0)
            first++;
        if (first == i && k-- == 0)
            return &files[i];
    }
    return NULL;
}

size_t dg_graph_file_used_count(const dg_graph_file *file)
{
    size_t count = 0;
    while (file && used_file_at(file, count))
        count++;
    return count;
}

const char *dg_graph_file_used_name(const dg_graph_file *file, size_t k)
{
    const library_file *used = file ? used_file_at(file, k) : NULL;
    return used ? used->key : NULL;
}

const char *dg_graph_file_used_text(const dg_graph_file *file, size_t k)
{
    const library_file *used = file ? used_file_at(file, k) : NULL;
    return used ? used->text : NULL;
}

static int by_name(const void *a, const void *b)
{
    const dg_file_attribute *first = a, *second = b;
    return strcmp(first->name, second->name);
}

dg_status dg_graph_file_bundle(const dg_graph_file *file, char **text)
{
    REFUSE_NULL(file);
    REFUSE_NULL(text);
    dg_graph_file whole = *file;
    const constant_files *constants = &file->library->constants;
    size_t used = dg_graph_file_used_count(file), count = 0, most = file->attributes.count + used + constants->count;
    dg_file_attribute *items = dg_arena_alloc(file->arena, (most + 1) * sizeof *items);
    *text = NULL;
    if (!items)
        return document_no_memory(file);
    for (size_t k = 0; k < file->attributes.count; k++)
        if (strncmp(file->attributes.items[k].name, "file:", 5) != 0 &&
            strncmp(file->attributes.items[k].name, "tensors:", 8) != 0)
            items[count++] = file->attributes.items[k];
    for (size_t k = 0; k < used; k++) {
        const char *key = dg_graph_file_used_name(file, k);
        char *name = dg_arena_alloc(file->arena, strlen(key) + 6);
        const char *coded = document_encode(file->arena, dg_graph_file_used_text(file, k));
        if (!name || !coded)
            return document_no_memory(file);
        stpcpy(stpcpy(name, "file:"), key);
        items[count++] = (dg_file_attribute){.name = name, .value = coded};
    }
    DG_TRY(constants_keep(constants, file->arena, items, &count));
    qsort(items, count, sizeof *items, by_name);
    whole.attributes = (dg_file_attributes){count, items};
    return dg_graph_file_write(&whole, text);
}
