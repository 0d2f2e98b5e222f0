/* The data sets that the executable carries (data_builtin.S). */
#include "readers.h"

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

/* A copy that csv_parse() may write to. */
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
    return result == Z_STREAM_END ? dg_ok()
                                  : dg_error(DG_BAD_DATA, "%s: the compressed data are damaged", builtin->name);
}

static dg_status builtin_read(const data_reading *reading, dg_data **set)
{
    const builtin_set *builtin = find(reading->name);
    data_table table;
    char *text = NULL;
    size_t size;
    *set = NULL;
    if (!builtin)
        return dg_error(DG_BAD_ARGUMENT, "%s: there is no such data set", reading->name);
    dg_status status = unpack(builtin, &text, &size);
    if (status.code != DG_OK) {
        free(text);
        return status;
    }
    data_table_begin(&table, reading->name, reading, text, size);
    status = budget_take(reading->budget, reading->name, size);
    if (status.code == DG_OK)
        status = csv_parse(&table, reading, text, size);
    if (status.code == DG_OK)
        status = data_table_to_set(&table, reading, set);
    if (status.code == DG_OK)
        (*set)->is_pixels = builtin->is_pixels;
    data_table_free(&table);
    return status;
}

static const dg_data_format formats[] = {
    {"digits", "", "standard", 0.25, "1,797 handwritten digits of 8 × 8 pixels, 10 classes"},
    {"iris", "", "standard", 0.25, "150 flowers, 4 measures, 3 classes"},
    {"wine", "", "standard", 0.25, "178 wines, 13 measures, 3 classes"},
    {"breast_cancer", "", "standard", 0.25, "569 tumours, 30 measures, 2 classes"},
};

const data_reader builtin_reader = {
    .formats = formats, .n_formats = sizeof formats / sizeof formats[0], .kinds = SETS_TABLE, .read = builtin_read};
