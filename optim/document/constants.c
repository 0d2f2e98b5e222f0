/* Constants in files: read from the disk, or from the graph that keeps them; and kept. */
#include "constants.h"

#include "core/tensor/formats.h"

#include <stdlib.h>
#include <string.h>

struct constant_file {
    char *key;
    dg_tensors *tensors;
    bool *is_used; /* of each tensor: a constant has its value */
};

static const char prefix[] = "tensors:";

/* ---- base64 (RFC 4648, section 4) ---- */

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void encode(const unsigned char *bytes, size_t size, char *to)
{
    for (size_t i = 0; i < size; i += 3) {
        unsigned more = (unsigned)(size - i < 3 ? size - i : 3), three = (unsigned)bytes[i] << 16;
        three |= more > 1 ? (unsigned)bytes[i + 1] << 8 : 0;
        three |= more > 2 ? bytes[i + 2] : 0;
        *to++ = digits[three >> 18];
        *to++ = digits[three >> 12 & 63];
        *to++ = '=';
        *to++ = '=';
        if (more > 1)
            to[-2] = digits[three >> 6 & 63];
        if (more > 2)
            to[-1] = digits[three & 63];
    }
    *to = '\0';
}

/* Writes over the text; false where a character is none of base64's. */
static bool decode(char *text, size_t *size)
{
    size_t length = strlen(text);
    unsigned char *to = (unsigned char *)text;
    unsigned four = 0;
    *size = 0;
    while (length && text[length - 1] == '=')
        length--;
    for (size_t i = 0; i < length; i++) {
        const char *digit = text[i] ? strchr(digits, text[i]) : NULL;
        if (!digit)
            return false;
        four = four << 6 | (unsigned)(digit - digits);
        if (i % 4 != 0)
            to[(*size)++] = (unsigned char)(four >> (6 - 2 * (i % 4)));
    }
    return length % 4 != 1;
}

/* ---- reading ---- */

static dg_status parse_kept(const dg_graph_file *top, const char *name, const char *text, dg_tensors **tensors)
{
    size_t size;
    char *bytes = strdup(text);
    if (!bytes)
        return dg_no_memory("'%s' of %s", name, top->path);
    dg_status status =
        decode(bytes, &size) ? safetensors_parse(bytes, size, tensors) : dg_error(DG_BAD_DATA, "this is not base64");
    free(bytes);
    return status.code == DG_OK ? status : dg_prefixed(status, "%s: %s", top->path, name);
}

static dg_status read_tensors(const dg_graph_file *top, const char *key, const char *path, dg_tensors **tensors)
{
    const dg_file_attributes *attributes = &top->attributes;
    size_t length = sizeof prefix - 1;
    for (size_t k = 0; k < attributes->count; k++) {
        const char *name = attributes->items[k].name;
        if (strncmp(name, prefix, length) == 0 && strcmp(name + length, key) == 0)
            return parse_kept(top, name, attributes->items[k].value, tensors);
    }
    DG_TRY(dg_graph_file_check_path(top, path));
    return dg_safetensors_read(path, tensors);
}

static dg_status add_file(constant_files *all, const dg_graph_file *top, const char *key, const char *path)
{
    constant_file *files = realloc(all->files, (all->count + 1) * sizeof *files), made = {0};
    if (!files)
        return dg_no_memory("%s", path);
    all->files = files;
    DG_TRY(read_tensors(top, key, path, &made.tensors));
    made.key = strdup(key);
    made.is_used = calloc(dg_tensors_count(made.tensors) + 1, sizeof *made.is_used);
    all->files[all->count++] = made;
    return made.key && made.is_used ? dg_ok() : dg_no_memory("%s", path);
}

static const dg_tensor *use(constant_file *file, const char *name)
{
    const dg_tensor *found = dg_tensors_find(file->tensors, name);
    for (size_t k = 0; found && k < dg_tensors_count(file->tensors); k++)
        file->is_used[k] |= dg_tensors_at(file->tensors, k) == found;
    return found;
}

dg_status constants_find(constant_files *all, const dg_graph_file *top, const char *key, const char *path,
                         const char *name, const char *otherwise, const dg_tensor **found)
{
    size_t k = 0;
    *found = NULL;
    while (k < all->count && (!all->files[k].key || strcmp(all->files[k].key, key) != 0))
        k++;
    if (k == all->count)
        DG_TRY(add_file(all, top, key, path));
    *found = use(&all->files[k], name);
    if (!*found)
        *found = use(&all->files[k], otherwise);
    return *found ? dg_ok() : dg_error(DG_BAD_DATA, "%s has no tensor '%s'", key, name);
}

void constants_free(constant_files *all)
{
    for (size_t k = 0; k < all->count; k++) {
        free(all->files[k].key);
        free(all->files[k].is_used);
        dg_tensors_free(all->files[k].tensors);
    }
    free(all->files);
    *all = (constant_files){0};
}

/* ---- keeping ---- */

static dg_status print_used(const constant_file *file, char **bytes, size_t *size)
{
    dg_tensors *used;
    DG_TRY(dg_tensors_new(&used));
    dg_status status = dg_ok();
    for (size_t k = 0; k < dg_tensors_count(file->tensors) && status.code == DG_OK; k++)
        if (file->is_used[k])
            status = dg_tensors_put(used, dg_tensors_name(file->tensors, k), dg_tensors_at(file->tensors, k));
    if (status.code == DG_OK)
        status = safetensors_print(used, bytes, size);
    dg_tensors_free(used);
    return status;
}

dg_status constants_keep(const constant_files *all, dg_arena *arena, dg_file_attribute *items, size_t *count)
{
    for (size_t k = 0; k < all->count; k++) {
        char *bytes = NULL;
        size_t size;
        dg_status status = print_used(&all->files[k], &bytes, &size);
        char *name = dg_arena_alloc(arena, sizeof prefix + strlen(all->files[k].key));
        char *text = bytes ? dg_arena_alloc(arena, (size + 2) / 3 * 4 + 1) : NULL;
        if (text)
            encode((const unsigned char *)bytes, size, text);
        free(bytes);
        DG_TRY(status);
        if (!name || !text)
            return dg_no_memory("%s in the graph", all->files[k].key);
        stpcpy(stpcpy(name, prefix), all->files[k].key);
        items[(*count)++] = (dg_file_attribute){.name = name, .value = text};
    }
    return dg_ok();
}
