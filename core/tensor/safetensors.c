/* The safetensors format: header length (8 bytes, little-endian), JSON header, data without gaps. */
#include "core/base/file.h"
#include "core/base/half.h"
#include "core/base/null.h"
#include "formats.h"

#include <dotgrad/file.h>
#include <dotgrad/tensor.h>
#include <dotgrad/utf8.h>

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "safetensors.c copies the data of tensors as it is, which needs a little-endian machine"
#endif

enum { PREFIX = 8, LARGEST_HEADER = 100 * 1000 * 1000 }; /* the latter as the reference implementation has it */

/* How elements in the file become elements of a tensor. */
static void take_bools(const unsigned char *from, void *to, size_t count);
static void take_i8(const unsigned char *from, void *to, size_t count);
static void take_u8(const unsigned char *from, void *to, size_t count);
static void take_i16(const unsigned char *from, void *to, size_t count);
static void take_u16(const unsigned char *from, void *to, size_t count);
static void take_u32(const unsigned char *from, void *to, size_t count);
static void take_f16(const unsigned char *from, void *to, size_t count);
static void take_bf16(const unsigned char *from, void *to, size_t count);

static const struct stored_type {
    const char *name;
    size_t size; /* in the file */
    dg_dtype dtype;
    void (*take)(const unsigned char *from, void *to, size_t count); /* NULL: a copy of the bytes */
} stored_types[] = {
    {"BOOL", 1, DG_BOOL, take_bools},   {"I32", 4, DG_INT32, NULL},     {"I64", 8, DG_INT64, NULL},
    {"F32", 4, DG_FLOAT32, NULL},       {"F64", 8, DG_FLOAT64, NULL},   {"F16", 2, DG_FLOAT32, take_f16},
    {"BF16", 2, DG_FLOAT32, take_bf16}, {"U8", 1, DG_INT32, take_u8},   {"I8", 1, DG_INT32, take_i8},
    {"I16", 2, DG_INT32, take_i16},     {"U16", 2, DG_INT32, take_u16}, {"U32", 4, DG_INT64, take_u32},
    {"U64", 8, DG_INT64, NULL},
};
enum { N_STORED_TYPES = sizeof stored_types / sizeof *stored_types };

static void take_bools(const unsigned char *from, void *to, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ((uint8_t *)to)[i] = from[i] != 0;
}

static void take_i8(const unsigned char *from, void *to, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ((int32_t *)to)[i] = (int8_t)from[i];
}

static void take_u8(const unsigned char *from, void *to, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ((int32_t *)to)[i] = from[i];
}

static void take_i16(const unsigned char *from, void *to, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ((int32_t *)to)[i] = (int16_t)read_u16(from + 2 * i);
}

static void take_u16(const unsigned char *from, void *to, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ((int32_t *)to)[i] = read_u16(from + 2 * i);
}

static void take_u32(const unsigned char *from, void *to, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ((int64_t *)to)[i] = read_u32(from + 4 * i);
}

static void take_f16(const unsigned char *from, void *to, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ((float *)to)[i] = half_from_float16(read_u16(from + 2 * i));
}

static void take_bf16(const unsigned char *from, void *to, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ((float *)to)[i] = half_from_bfloat16(read_u16(from + 2 * i));
}

/* --- Reading ---------------------------------------------------------------------------------------------------- */

typedef struct extent {
    size_t begin, end;
    const char *name;
} extent;

typedef struct reader {
    const unsigned char *data; /* after the header */
    size_t size;               /* of the data */
    extent *extents;
    size_t n_extents;
    dg_tensors *set;
} reader;

/* A whole number that a double holds exactly. */
static bool take_size(const cJSON *item, size_t *size)
{
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0) || item->valuedouble > 0x1p53 ||
        item->valuedouble != floor(item->valuedouble))
        return false;
    *size = (size_t)item->valuedouble;
    return true;
}

static dg_status take_shape(const cJSON *item, const char *name, dg_shape *shape)
{
    *shape = (dg_shape){0};
    if (!cJSON_IsArray(item))
        return dg_error(DG_BAD_DATA, "tensor '%s' has no shape", name);
    const cJSON *dim;
    cJSON_ArrayForEach(dim, item)
    {
        size_t size;
        if (shape->rank == DG_MAX_RANK)
            return dg_error(DG_BAD_DATA, "tensor '%s' has a rank above %d", name, DG_MAX_RANK);
        if (!take_size(dim, &size))
            return dg_error(DG_BAD_DATA, "tensor '%s': size %d of its shape is not a size", name, shape->rank);
        shape->dims[shape->rank++] = (int64_t)size;
    }
    return dg_ok();
}

static dg_status take_offsets(const cJSON *item, const char *name, size_t limit, extent *offsets)
{
    if (!cJSON_IsArray(item) || cJSON_GetArraySize(item) != 2 || !take_size(item->child, &offsets->begin) ||
        !take_size(item->child->next, &offsets->end) || offsets->begin > offsets->end)
        return dg_error(DG_BAD_DATA, "tensor '%s' has no valid data_offsets", name);
    if (offsets->end > limit)
        return dg_error(DG_BAD_DATA, "tensor '%s' ends at byte %zu of the data, but there are only %zu", name,
                        offsets->end, limit);
    offsets->name = name;
    return dg_ok();
}

/* *type is NULL for one that no tensor has. */
static dg_status find_type(const cJSON *item, const char *name, const struct stored_type **type)
{
    *type = NULL;
    if (!cJSON_IsString(item))
        return dg_error(DG_BAD_DATA, "tensor '%s' has no dtype", name);
    for (size_t i = 0; i < N_STORED_TYPES; i++)
        if (strcmp(item->valuestring, stored_types[i].name) == 0) {
            *type = &stored_types[i];
            return dg_ok();
        }
    return dg_ok();
}

dg_status check_unsigned(const dg_tensor *tensor, const char *name)
{
    for (int64_t k = 0; k < dg_tensor_count(tensor); k++)
        if (((const int64_t *)tensor->data)[k] < 0)
            return dg_error(DG_BAD_DATA, "tensor '%s': element %" PRId64 " is beyond the largest int64", name, k);
    return dg_ok();
}

static dg_status read_tensor(reader *r, const cJSON *item)
{
    static const char *const fields[] = {"dtype", "shape", "data_offsets"};
    const cJSON *found[3] = {0}, *field;
    const char *name = item->string;
    if (!cJSON_IsObject(item))
        return dg_error(DG_BAD_DATA, "the header's entry '%s' is not an object", name);
    cJSON_ArrayForEach(field, item)
    {
        for (int f = 0; f < 3; f++) {
            if (strcmp(field->string, fields[f]) != 0)
                continue;
            if (found[f])
                return dg_error(DG_BAD_DATA, "tensor '%s' has '%s' twice", name, fields[f]);
            found[f] = field;
        }
    }
    const struct stored_type *type = NULL;
    dg_shape shape;
    extent *offsets = &r->extents[r->n_extents];
    DG_TRY(find_type(found[0], name, &type));
    DG_TRY(take_shape(found[1], name, &shape));
    DG_TRY(take_offsets(found[2], name, r->size, offsets));
    if (!type) { /* nobody may want it */
        r->n_extents++;
        return tensors_note_unread(r->set, name, found[0]->valuestring);
    }
    size_t count = (size_t)dg_shape_count(&shape), bytes = offsets->end - offsets->begin;
    if (count != bytes / type->size || bytes % type->size != 0) {
        char text[DG_SHAPE_TEXT];
        return dg_error(DG_BAD_DATA, "tensor '%s' is %s of %s, but has %zu byte(s)", name,
                        dg_shape_print(&shape, text, sizeof text), type->name, bytes);
    }
    r->n_extents++;
    if (dg_tensors_find(r->set, name))
        return dg_error(DG_BAD_DATA, "there are two tensors '%s'", name);
    dg_tensor *tensor;
    DG_TRY(dg_tensors_add(r->set, name, type->dtype, shape, &tensor));
    if (type->take)
        type->take(r->data + offsets->begin, tensor->data, count);
    else if (bytes)
        memcpy(tensor->data, r->data + offsets->begin, bytes);
    return !strcmp(type->name, "U64") ? check_unsigned(tensor, name) : dg_ok();
}

static dg_status read_notes(reader *r, const cJSON *notes)
{
    const cJSON *note;
    if (!cJSON_IsObject(notes))
        return dg_error(DG_BAD_DATA, "'__metadata__' is not an object");
    cJSON_ArrayForEach(note, notes)
    {
        if (!cJSON_IsString(note))
            return dg_error(DG_BAD_DATA, "note '%s' is not text", note->string);
        if (dg_tensors_note(r->set, note->string))
            return dg_error(DG_BAD_DATA, "there are two notes '%s'", note->string);
        DG_TRY(dg_tensors_set_note(r->set, note->string, note->valuestring));
    }
    return dg_ok();
}

static int by_begin(const void *a, const void *b)
{
    const extent *x = a, *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return x->end < y->end ? -1 : x->end > y->end;
}

/* The tensors together cover the data, each byte once. */
static dg_status check_cover(reader *r)
{
    size_t at = 0;
    if (r->n_extents)
        qsort(r->extents, r->n_extents, sizeof *r->extents, by_begin);
    for (size_t i = 0; i < r->n_extents; at = r->extents[i++].end)
        if (r->extents[i].begin != at)
            return dg_error(DG_BAD_DATA, "tensor '%s' begins at byte %zu of the data instead of %zu",
                            r->extents[i].name, r->extents[i].begin, at);
    if (at != r->size)
        return dg_error(DG_BAD_DATA, "%zu byte(s) follow the last tensor", r->size - at);
    return dg_ok();
}

static dg_status read_header(reader *r, const cJSON *header)
{
    const cJSON *item;
    size_t count = 0;
    bool notes_seen = false;
    cJSON_ArrayForEach(item, header)
    {
        count++;
    }
    r->extents = calloc(count + 1, sizeof *r->extents);
    if (!r->extents)
        return dg_no_memory("%zu entries", count);
    cJSON_ArrayForEach(item, header)
    {
        if (strcmp(item->string, "__metadata__") != 0) {
            DG_TRY(read_tensor(r, item));
            continue;
        }
        if (notes_seen)
            return dg_error(DG_BAD_DATA, "there are two entries '__metadata__'");
        notes_seen = true;
        DG_TRY(read_notes(r, item));
    }
    return check_cover(r);
}

static bool only_spaces(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
        at++;
    return at == end;
}

dg_status safetensors_parse(const char *bytes, size_t size, dg_tensors **set)
{
    uint64_t length;
    if (size < PREFIX)
        return dg_error(DG_BAD_DATA, "not a safetensors file: it has only %zu byte(s)", size);
    memcpy(&length, bytes, sizeof length);
    if (length > LARGEST_HEADER)
        return dg_error(DG_BAD_DATA, "not a safetensors file: its first 8 bytes are not the length of a header");
    if (length > size - PREFIX)
        return dg_error(DG_BAD_DATA, "truncated: the header has %" PRIu64 " bytes, but only %zu follow", length,
                        size - PREFIX);
    reader r = {.data = (const unsigned char *)bytes + PREFIX + length, .size = size - PREFIX - (size_t)length};
    const char *text = bytes + PREFIX, *end = NULL;
    if (!dg_utf8_check(text, (size_t)length, NULL))
        return dg_error(DG_BAD_DATA, "not a safetensors file: its header is not UTF-8 text");
    cJSON *header = length && *text == '{' ? cJSON_ParseWithLengthOpts(text, (size_t)length, &end, false) : NULL;
    dg_status status;
    if (!cJSON_IsObject(header) || !only_spaces(end, text + length))
        status = dg_error(DG_BAD_DATA, "not a safetensors file: its header is not a JSON object");
    else
        status = dg_tensors_new(&r.set);
    if (status.code == DG_OK)
        status = read_header(&r, header);
    cJSON_Delete(header);
    free(r.extents);
    if (status.code != DG_OK)
        dg_tensors_free(r.set);
    else
        *set = r.set;
    return status;
}

dg_status dg_safetensors_read(const char *path, dg_tensors **set)
{
    REFUSE_NULL(path);
    REFUSE_NULL(set);
    char *bytes;
    size_t size;
    *set = NULL;
    DG_TRY(dg_read_file(path, &bytes, &size));
    dg_status status = safetensors_parse(bytes, size, set);
    free(bytes);
    return dg_prefixed(status, "%s", file_name_for_reading(path));
}

/* --- Writing ---------------------------------------------------------------------------------------------------- */

static const char *stored_name(dg_dtype dtype)
{
    if (dg_dtype_is_half(dtype)) /* which are read as float32 */
        return dtype == DG_FLOAT16 ? "F16" : "BF16";
    for (size_t i = 0; i < N_STORED_TYPES; i++)
        if (stored_types[i].dtype == dtype)
            return stored_types[i].name;
    return NULL;
}

static bool add_sizes(cJSON *entry, const char *key, const int64_t *sizes, int count)
{
    cJSON *list = cJSON_AddArrayToObject(entry, key);
    for (int i = 0; list && i < count; i++)
        if (!cJSON_AddItemToArray(list, cJSON_CreateNumber((double)sizes[i])))
            return false;
    return list != NULL;
}

static bool add_notes(cJSON *header, const dg_tensors *set)
{
    if (dg_tensors_note_count(set) == 0)
        return true;
    cJSON *notes = cJSON_AddObjectToObject(header, "__metadata__");
    for (size_t i = 0; notes && i < dg_tensors_note_count(set); i++) {
        const char *key = dg_tensors_note_key(set, i);
        if (!cJSON_AddStringToObject(notes, key, dg_tensors_note(set, key)))
            return false;
    }
    return notes != NULL;
}

/* Data lies with the largest elements first, each size in the set's order, so that every tensor is aligned without
 * gaps. `offsets[i]` is where tensor i begins; parts[1 + k] is the k-th in the file. */
static size_t place(const dg_tensors *set, size_t *offsets, file_part *parts)
{
    size_t at = 0, n_parts = 1;
    for (size_t element = 8; element > 0; element /= 2)
        for (size_t i = 0; i < dg_tensors_count(set); i++) {
            const dg_tensor *tensor = dg_tensors_at(set, i);
            if (dg_dtype_size(tensor->dtype) != element)
                continue;
            offsets[i] = at;
            parts[n_parts++] = (file_part){tensor->data, dg_tensor_bytes(tensor)};
            at += dg_tensor_bytes(tensor);
        }
    return n_parts;
}

/* The header's text, to be freed; NULL without memory. */
static char *print_header(const dg_tensors *set, const size_t *offsets)
{
    char *text = NULL;
    cJSON *header = cJSON_CreateObject();
    if (!header || !add_notes(header, set))
        goto fail;
    for (size_t i = 0; i < dg_tensors_count(set); i++) {
        const dg_tensor *tensor = dg_tensors_at(set, i);
        int64_t ends[2] = {(int64_t)offsets[i], (int64_t)(offsets[i] + dg_tensor_bytes(tensor))};
        cJSON *entry = cJSON_AddObjectToObject(header, dg_tensors_name(set, i));
        if (!entry || !cJSON_AddStringToObject(entry, "dtype", stored_name(tensor->dtype)) ||
            !add_sizes(entry, "shape", tensor->shape.dims, tensor->shape.rank) ||
            !add_sizes(entry, "data_offsets", ends, 2))
            goto fail;
    }
    text = cJSON_PrintUnformatted(header);
fail:
    cJSON_Delete(header);
    return text;
}

/* The file in parts: *head, to be freed, then the tensors' own bytes. parts[] has room for one more than tensors. */
static dg_status make_parts(const dg_tensors *set, char **head, file_part *parts, size_t *n_parts)
{
    *head = NULL;
    size_t *offsets = calloc(dg_tensors_count(set) + 1, sizeof *offsets);
    if (offsets)
        *n_parts = place(set, offsets, parts);
    char *text = offsets ? print_header(set, offsets) : NULL;
    size_t length = text ? strlen(text) : 0;
    uint64_t padded = (length + 7) / 8 * 8;
    if (text)
        *head = malloc(PREFIX + padded);
    dg_status status = *head ? dg_ok() : dg_no_memory("the header");
    if (status.code == DG_OK && padded > LARGEST_HEADER)
        status = dg_error(DG_BAD_DATA, "the header would have %" PRIu64 " bytes", padded);
    if (status.code == DG_OK) {
        memcpy(*head, &padded, PREFIX);
        memcpy(*head + PREFIX, text, length);
        memset(*head + PREFIX + length, ' ', padded - length);
        parts[0] = (file_part){*head, PREFIX + padded};
    }
    cJSON_free(text);
    free(offsets);
    return status;
}

static dg_status write_set(const char *path, const dg_tensors *set)
{
    char *head = NULL;
    size_t n_parts = 0;
    file_part *parts = calloc(dg_tensors_count(set) + 1, sizeof *parts);
    dg_status status = parts ? make_parts(set, &head, parts, &n_parts) : dg_no_memory("the header");
    if (status.code == DG_OK)
        status = file_write_parts(path, parts, n_parts); /* its messages begin with the path */
    else
        status = dg_prefixed(status, "%s", file_name_for_writing(path));
    free(head);
    free(parts);
    return status;
}

dg_status safetensors_print(const dg_tensors *set, char **bytes, size_t *size)
{
    char *head = NULL;
    size_t n_parts = 0;
    file_part *parts = calloc(dg_tensors_count(set) + 1, sizeof *parts);
    dg_status status = parts ? make_parts(set, &head, parts, &n_parts) : dg_no_memory("the header");
    *bytes = NULL;
    *size = 0;
    for (size_t k = 0; k < n_parts; k++)
        *size += parts[k].size;
    if (status.code == DG_OK && !(*bytes = malloc(*size + 1)))
        status = dg_no_memory("%zu bytes of tensors", *size);
    char *to = *bytes;
    for (size_t k = 0; to && k < n_parts; k++) {
        if (parts[k].size)
            memcpy(to, parts[k].bytes, parts[k].size);
        to += parts[k].size;
    }
    free(head);
    free(parts);
    return status;
}

/* JSON is UTF-8: other names and notes would make a file that nobody can read. */
static dg_status check_texts(const dg_tensors *set)
{
    for (size_t i = 0; i < dg_tensors_count(set); i++) {
        const char *name = dg_tensors_name(set, i);
        if (!dg_utf8_check(name, strlen(name), NULL))
            return dg_error(DG_BAD_DATA, "the name of tensor %zu is not UTF-8", i);
    }
    for (size_t i = 0; i < dg_tensors_note_count(set); i++) {
        const char *key = dg_tensors_note_key(set, i), *text = dg_tensors_note(set, key);
        if (!dg_utf8_check(key, strlen(key), NULL) || !dg_utf8_check(text, strlen(text), NULL))
            return dg_error(DG_BAD_DATA, "note '%.40s' is not UTF-8",
                            dg_utf8_check(key, strlen(key), NULL) ? key : "?");
    }
    return dg_ok();
}

dg_status dg_safetensors_write(const char *path, const dg_tensors *set)
{
    dg_status status = check_texts(set);
    if (status.code != DG_OK)
        return dg_prefixed(status, "%s", file_name_for_writing(path));
    REFUSE_NULL(path);
    REFUSE_NULL(set);
    if (dg_tensors_find(set, "__metadata__"))
        return dg_error(DG_BAD_ARGUMENT, "%s: a tensor cannot be named '__metadata__'", file_name_for_writing(path));
    return write_set(path, set);
}
