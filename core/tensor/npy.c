/* NumPy's arrays (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html): a magic, a version, the
 * length of a header, the header as a Python dictionary, and the elements. */
#include "core/base/half.h"
#include "formats.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC       "\x93NUMPY"
#define MAGIC_SIZE  6
#define TYPE_TEXT   64
#define LONGEST_KEY 300

typedef struct npy_header {
    char type[TYPE_TEXT]; /* "<f4" */
    bool fortran;         /* the first index runs fastest */
    dg_shape shape;
    const unsigned char *elements;
    size_t bytes;
} npy_header;

/* ---- the header ---- */

static const char *after_key(const char *text, const char *key)
{
    char quoted[32] = "'";
    strcat(strcat(quoted, key), "'");
    const char *at = strstr(text, quoted);
    if (!at)
        return NULL;
    at += strlen(quoted);
    at += strspn(at, " ");
    if (*at != ':')
        return NULL;
    return at + 1 + strspn(at + 1, " ");
}

static bool take_shape(const char *at, dg_shape *shape)
{
    *shape = dg_scalar();
    if (!at || *at++ != '(')
        return false;
    for (;;) {
        at += strspn(at, " ,");
        if (*at == ')')
            return true;
        char *end;
        long long size = strtoll(at, &end, 10);
        if (end == at || size < 0 || shape->rank == DG_MAX_RANK)
            return false;
        shape->dims[shape->rank++] = size;
        at = end + (*end == 'L');
    }
}

static dg_status read_header(const char *bytes, size_t size, npy_header *header)
{
    const unsigned char *at = (const unsigned char *)bytes;
    bool is_old = size > 7 && at[6] == 1;
    size_t begin = is_old ? 10 : 12;
    if (size < begin || memcmp(bytes, MAGIC, MAGIC_SIZE) != 0 || at[6] < 1 || at[6] > 3)
        return dg_error(DG_BAD_DATA, "this is not a NumPy array");
    size_t length = is_old ? read_u16(at + 8) : read_u32(at + 8);
    if (length > size - begin || length > (1 << 20))
        return dg_error(DG_BAD_DATA, "the array is truncated within its header");
    char *text = strndup(bytes + begin, length);
    if (!text)
        return dg_no_memory("the header of an array");
    const char *type = after_key(text, "descr"), *order = after_key(text, "fortran_order");
    size_t type_length = type && *type == '\'' ? strcspn(type + 1, "'") : 0;
    bool fine = take_shape(after_key(text, "shape"), &header->shape) && order && type;
    header->fortran = order && !strncmp(order, "True", 4);
    memcpy(header->type, "V", 2); /* a list of fields: a type that is not read */
    if (type_length > 0 && type_length < TYPE_TEXT) {
        for (size_t k = 0; k < type_length; k++)
            header->type[k] = type[1 + k] > ' ' && type[1 + k] < 127 ? type[1 + k] : '?';
        header->type[type_length] = '\0';
    }
    free(text);
    header->elements = at + begin + length;
    header->bytes = size - begin - length;
    return fine ? dg_ok()
                : dg_error(DG_BAD_DATA, "the header of the array is damaged, or its rank is above %d", DG_MAX_RANK);
}

/* ---- elements ---- */

/* How a type of NumPy's becomes an element type. */
static const struct npy_type {
    char kind;
    size_t size;
    dg_dtype dtype;
} types[] = {
    {'b', 1, DG_BOOL},  {'i', 1, DG_INT32},   {'i', 2, DG_INT32},   {'i', 4, DG_INT32},
    {'i', 8, DG_INT64}, {'u', 1, DG_INT32},   {'u', 2, DG_INT32},   {'u', 4, DG_INT64},
    {'u', 8, DG_INT64}, {'f', 2, DG_FLOAT32}, {'f', 4, DG_FLOAT32}, {'f', 8, DG_FLOAT64},
};

static const struct npy_type *find_type(const char *text, size_t *size)
{
    const char *kind = text + (strchr("<>|=", *text) && *text);
    *size = (size_t)strtoull(*kind ? kind + 1 : kind, NULL, 10);
    for (size_t k = 0; k < sizeof types / sizeof types[0]; k++)
        if (types[k].kind == *kind && types[k].size == *size)
            return &types[k];
    return NULL;
}

static void copy_element(const unsigned char *from, const struct npy_type *type, bool swap, void *to, int64_t index)
{
    unsigned char own[8] = {0};
    for (size_t k = 0; k < type->size; k++)
        own[k] = from[swap ? type->size - 1 - k : k];
    switch (type->dtype) {
    case DG_BOOL:
        ((uint8_t *)to)[index] = own[0] != 0;
        break;
    case DG_INT32:
        ((int32_t *)to)[index] = type->size == 4   ? (int32_t)read_u32(own)
                                 : type->size == 2 ? (type->kind == 'i' ? (int16_t)read_u16(own) : read_u16(own))
                                                   : (type->kind == 'i' ? (int8_t)own[0] : own[0]);
        break;
    case DG_INT64:
        ((int64_t *)to)[index] = type->size == 8 ? (int64_t)read_u64(own) : (int64_t)read_u32(own);
        break;
    case DG_FLOAT32:
        if (type->size == 2)
            ((float *)to)[index] = half_from_float16(read_u16(own));
        else
            memcpy((float *)to + index, own, sizeof(float));
        break;
    default:
        memcpy((double *)to + index, own, sizeof(double));
    }
}

/* The place in row-major order of element `index` of an array whose first index runs fastest. */
static int64_t row_major(const dg_shape *shape, int64_t index)
{
    int64_t place = 0, stride = dg_shape_count(shape);
    for (int d = 0; d < shape->rank; d++) {
        stride /= shape->dims[d];
        place += index % shape->dims[d] * stride;
        index /= shape->dims[d];
    }
    return place;
}

static dg_status take_numbers(const npy_header *header, const struct npy_type *type, const char *name, dg_tensors *set)
{
    dg_tensor *tensor;
    int64_t count = dg_shape_count(&header->shape);
    bool swap = *header->type == '>', plain = !swap && !header->fortran && type->size == dg_dtype_size(type->dtype);
    if (dg_tensors_find(set, name))
        return dg_error(DG_BAD_DATA, "there are two arrays '%s'", name);
    DG_TRY(dg_tensors_add(set, name, type->dtype, header->shape, &tensor));
    if (plain && type->dtype != DG_BOOL && count > 0)
        memcpy(tensor->data, header->elements, header->bytes);
    else
        for (int64_t k = 0; k < count; k++)
            copy_element(header->elements + (size_t)k * type->size, type, swap, tensor->data,
                         header->fortran ? row_major(&header->shape, k) : k);
    return type->kind == 'u' && type->size == 8 ? check_unsigned(tensor, name) : dg_ok();
}

/* ---- texts ---- */

/* Text k of an array of texts as UTF-8, to be freed: 'U' is UTF-32, 'S' is bytes. NULL without memory. *wrong: a number
 * in it that stands for no character. */
static char *read_text(const npy_header *header, char kind, size_t length, int64_t k, uint32_t *wrong)
{
    char *text = calloc(4 * length + 1, 1), *to = text;
    const unsigned char *from = header->elements + (size_t)k * length * (kind == 'U' ? 4 : 1);
    bool swap = *header->type == '>';
    for (size_t c = 0; text && c < length; c++) {
        const unsigned char *at = from + 4 * c;
        uint32_t code = kind == 'S' ? from[c] : swap ? __builtin_bswap32(read_u32(at)) : read_u32(at);
        if (code == 0)
            break;
        if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) {
            *wrong = code;
            break;
        }
        if (code < 0x80) {
            *to++ = (char)code;
            continue;
        }
        int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
        *to++ = (char)((0xF0 << (3 - more) & 0xFF) | code >> 6 * more);
        while (more-- > 0)
            *to++ = (char)(0x80 | (code >> 6 * more & 0x3F));
    }
    return text;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The different texts in their order as a note, JSON; *count of them remain in `sorted`. */
static dg_status note_words(const char *name, char **sorted, int64_t *count, dg_tensors *set)
{
    char key[LONGEST_KEY];
    int64_t different = 0;
    for (int64_t k = 0; k < *count; k++)
        if (different == 0 || strcmp(sorted[different - 1], sorted[k]) != 0)
            sorted[different++] = sorted[k];
    *count = different;
    snprintf(key, sizeof key, "words.%s", name);
    cJSON *json = cJSON_CreateStringArray((const char *const *)sorted, (int)different);
    char *text = json ? cJSON_PrintUnformatted(json) : NULL;
    dg_status status = text ? dg_tensors_set_note(set, key, text) : dg_no_memory("texts");
    cJSON_free(text);
    cJSON_Delete(json);
    return status;
}

/* An array of texts becomes the numbers of its texts in their order: int64. */
static dg_status take_texts(const npy_header *header, char kind, size_t length, const char *name, dg_tensors *set)
{
    dg_tensor *tensor;
    int64_t count = dg_shape_count(&header->shape), n = 0, different = count;
    char **texts = calloc((size_t)count + 1, sizeof *texts), **sorted = calloc((size_t)count + 1, sizeof *sorted);
    dg_status status =
        texts && sorted ? dg_tensors_add(set, name, DG_INT64, header->shape, &tensor) : dg_no_memory("texts");
    for (uint32_t wrong = 0; status.code == DG_OK && n < count; n++) {
        texts[n] = sorted[n] = read_text(header, kind, length, n, &wrong);
        if (!texts[n])
            status = dg_no_memory("texts");
        else if (wrong)
            status = dg_error(DG_BAD_DATA, "array '%s': text %lld is not Unicode: it holds 0x%X", name, (long long)n,
                              (unsigned)wrong);
    }
    if (status.code == DG_OK) {
        qsort(sorted, (size_t)count, sizeof *sorted, by_text);
        status = note_words(name, sorted, &different, set);
    }
    for (int64_t k = 0; status.code == DG_OK && k < count; k++) {
        char **found = bsearch(&texts[k], sorted, (size_t)different, sizeof *sorted, by_text);
        ((int64_t *)tensor->data)[header->fortran ? row_major(&header->shape, k) : k] = found - sorted;
    }
    for (int64_t k = 0; texts && k < n; k++)
        free(texts[k]);
    free(texts);
    free(sorted);
    return status;
}

dg_status npy_take(const char *bytes, size_t size, const char *name, dg_tensors *set)
{
    npy_header header;
    size_t element, wanted;
    DG_TRY(read_header(bytes, size, &header));
    const struct npy_type *type = find_type(header.type, &element);
    char kind = header.type[header.type[0] && strchr("<>|=", header.type[0])];
    bool is_text = (kind == 'U' || kind == 'S') && element > 0 && element < 10000;
    if (!type && !is_text)
        return tensors_note_unread(set, name, header.type);
    element *= kind == 'U' ? 4 : 1;
    int64_t count = dg_shape_count(&header.shape);
    if (__builtin_mul_overflow((size_t)count, element, &wanted) || wanted != header.bytes)
        return dg_error(DG_BAD_DATA,
                        "array '%s': %zu byte(s) follow its header, which is not what its shape needs: the file is "
                        "truncated or damaged",
                        name, header.bytes);
    return type ? take_numbers(&header, type, name, set)
                : take_texts(&header, kind, element / (kind == 'U' ? 4 : 1), name, set);
}

dg_status npy_parse(const char *bytes, size_t size, dg_tensors **set)
{
    DG_TRY(dg_tensors_new(set));
    dg_status status = npy_take(bytes, size, "array", *set);
    if (status.code != DG_OK) {
        dg_tensors_free(*set);
        *set = NULL;
    }
    return status;
}
