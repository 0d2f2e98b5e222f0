/* The data sets that the executable carries (data_builtin.S). */
#include "data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

extern const char data_digits_begin[], data_digits_end[];
extern const char data_iris_begin[], data_iris_end[];
extern const char data_wine_begin[], data_wine_end[];
extern const char data_breast_cancer_begin[], data_breast_cancer_end[];

typedef struct builtin_set {
    const char *name;
    const char *begin, *end;
    size_t unpacked; /* an upper bound of the size when it is packed; else 0 */
    bool is_pixels;
} builtin_set;

static const builtin_set builtins[] = {
    {"digits", data_digits_begin, data_digits_end, 1 << 20, true},
    {"iris", data_iris_begin, data_iris_end, 0, false},
    {"wine", data_wine_begin, data_wine_end, 0, false},
    {"breast_cancer", data_breast_cancer_begin, data_breast_cancer_end, 0, false},
};

static const builtin_set *find(const char *name)
{
    for (size_t k = 0; k < sizeof builtins / sizeof builtins[0]; k++)
        if (!strcmp(builtins[k].name, name))
            return &builtins[k];
    return NULL;
}

bool builtin_is(const char *name)
{
    return find(name) != NULL;
}

/* A copy that csv_parse may write to. */
static dg_status unpack(const builtin_set *builtin, char **text, size_t *size)
{
    size_t packed = (size_t)(builtin->end - builtin->begin);
    *size = builtin->unpacked ? builtin->unpacked : packed;
    *text = calloc(*size + 1, 1);
    if (!*text)
        return data_no_memory(builtin->name);
    if (!builtin->unpacked) {
        memcpy(*text, builtin->begin, packed);
        return dg_ok();
    }
    z_stream stream = {.next_in = (z_const Bytef *)(uintptr_t)builtin->begin,
                       .avail_in = (uInt)packed,
                       .next_out = (Bytef *)*text,
                       .avail_out = (uInt)*size};
    if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK)
        return data_no_memory(builtin->name);
    int result = inflate(&stream, Z_FINISH);
    *size = stream.total_out;
    inflateEnd(&stream);
    (*text)[*size] = '\0';
    return result == Z_STREAM_END ? dg_ok() : dg_error(DG_BAD_DATA, "%s: the packed data are damaged", builtin->name);
}

dg_status builtin_read(const char *name, data_set **set)
{
    const builtin_set *builtin = find(name);
    const csv_options options = {0};
    char *text = NULL;
    size_t size;
    *set = NULL;
    if (!builtin)
        return dg_error(DG_BAD_ARGUMENT, "%s: there is no such data set", name);
    dg_status status = unpack(builtin, &text, &size);
    if (status.code == DG_OK)
        status = csv_parse(name, text, size, &options, set);
    if (status.code == DG_OK)
        (*set)->is_pixels = builtin->is_pixels;
    free(text);
    return status;
}
