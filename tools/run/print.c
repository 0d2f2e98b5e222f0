/* Tensors as text for people, and as CSV, JSON and NumPy's .npz. */
#include "print.h"

#include <dotgrad/file.h>

#include <cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum { MOST_ROWS = 12, MOST_COLUMNS = 8, MOST_BYTES_NPY = 256 };

const char *print_number(const dg_tensor *tensor, int64_t at, char text[NUMBER_WIDTH])
{
    if (dg_dtype_is_float(tensor->dtype))
        snprintf(text, NUMBER_WIDTH, "%.*g", tensor->dtype == DG_FLOAT32 ? 7 : 10, dg_tensor_get(tensor, at));
    else if (tensor->dtype == DG_BOOL)
        snprintf(text, NUMBER_WIDTH, "%s", dg_tensor_get(tensor, at) != 0 ? "true" : "false");
    else
        snprintf(text, NUMBER_WIDTH, "%.0f", dg_tensor_get(tensor, at));
    return text;
}

/* ---- for people ---- */

int text_columns(const char *text)
{
    int columns = 0;
    for (; *text; text++)
        columns += ((unsigned char)*text & 0xc0) != 0x80; /* bytes that do not continue a character */
    return columns;
}

int text_width(const char *text, int columns)
{
    return columns + (int)strlen(text) - text_columns(text);
}

/* Which of `count` are shown: the first and the last ones. */
static bool is_shown(int64_t at, int64_t count, int64_t most)
{
    return count <= most || at < most / 2 || at >= count - most / 2;
}

static void print_row(FILE *out, int indent, const dg_tensor *tensor, int64_t begin, int64_t columns)
{
    char text[NUMBER_WIDTH];
    fprintf(out, "%*s", indent, "");
    bool gap = false;
    for (int64_t c = 0; c < columns; c++) {
        if (!is_shown(c, columns, MOST_COLUMNS)) {
            if (!gap)
                fprintf(out, "  …");
            gap = true;
            continue;
        }
        fprintf(out, "%s%14s", c ? " " : "", print_number(tensor, begin + c, text));
    }
    fputc('\n', out);
}

void print_tensor(FILE *out, int indent, const char *name, const dg_tensor *tensor)
{
    char shape[DG_SHAPE_TEXT], text[NUMBER_WIDTH];
    int rank = tensor->shape.rank;
    int64_t count = dg_tensor_count(tensor), columns = rank ? tensor->shape.dims[rank - 1] : 1;
    if (rank == 0) {
        fprintf(out, "%*s%s = %s\n", indent, "", name, print_number(tensor, 0, text));
        return;
    }
    fprintf(out, "%*s%s %s %s\n", indent, "", name, dg_shape_print(&tensor->shape, shape, sizeof shape),
            dg_dtype_name(tensor->dtype));
    int64_t rows = columns ? count / columns : 0;
    bool gap = false;
    for (int64_t r = 0; r < rows; r++) {
        if (is_shown(r, rows, MOST_ROWS))
            print_row(out, indent + 2, tensor, r * columns, columns);
        else if (!gap)
            fprintf(out, "%*s…\n", indent + 2, "");
        gap = gap || !is_shown(r, rows, MOST_ROWS);
    }
}

/* ---- CSV ---- */

static void put_full(FILE *out, const dg_tensor *tensor, int64_t at)
{
    char text[NUMBER_WIDTH];
    double value = dg_tensor_get(tensor, at);
    if (dg_dtype_is_float(tensor->dtype))
        snprintf(text, sizeof text, "%.*g", tensor->dtype == DG_FLOAT32 ? 9 : 17, value);
    else
        snprintf(text, sizeof text, "%.0f", value);
    fputs(text, out);
}

static void put_names(FILE *out, const char *name, const dg_tensor *tensor, bool first)
{
    int64_t width =
        tensor->shape.rank > 1 && tensor->shape.dims[0] ? dg_tensor_count(tensor) / tensor->shape.dims[0] : 1;
    for (int64_t c = 0; c < width; c++) {
        fprintf(out, "%s\"", first && c == 0 ? "" : ",");
        for (const char *at = name; *at; at++)
            fprintf(out, "%s%c", *at == '"' ? "\"" : "", *at);
        int64_t rest = c;
        int64_t index[DG_MAX_RANK];
        for (int d = tensor->shape.rank - 1; d > 0; d--) {
            index[d] = rest % tensor->shape.dims[d];
            rest /= tensor->shape.dims[d];
        }
        for (int d = 1; d < tensor->shape.rank; d++)
            fprintf(out, "%s%lld%s", d == 1 ? "[" : ",", (long long)index[d], d + 1 == tensor->shape.rank ? "]" : "");
        fputc('"', out);
    }
}

static dg_status write_csv(FILE *out, const dg_tensors *set)
{
    size_t n = dg_tensors_count(set);
    int64_t rows = -1;
    for (size_t k = 0; k < n; k++) {
        const dg_shape *shape = &dg_tensors_at(set, k)->shape;
        int64_t own = shape->rank ? shape->dims[0] : 1;
        if (rows >= 0 && own != rows)
            return dg_error(
                DG_BAD_SHAPE,
                "'%s' has %lld row(s) and '%s' %lld: a table needs as many of each; .json or .npz takes both",
                dg_tensors_name(set, 0), (long long)rows, dg_tensors_name(set, k), (long long)own);
        rows = own;
        put_names(out, dg_tensors_name(set, k), dg_tensors_at(set, k), k == 0);
    }
    fputc('\n', out);
    for (int64_t r = 0; r < rows; r++) {
        for (size_t k = 0; k < n; k++) {
            const dg_tensor *tensor = dg_tensors_at(set, k);
            int64_t width = rows ? dg_tensor_count(tensor) / rows : 0;
            for (int64_t c = 0; c < width; c++) {
                fputs(k || c ? "," : "", out);
                put_full(out, tensor, r * width + c);
            }
        }
        fputc('\n', out);
    }
    return dg_ok();
}

/* ---- JSON: {"h": {"shape": [2], "dtype": "float32", "data": [[…]]}} ---- */

static cJSON *nested(const dg_tensor *tensor, int dim, int64_t *at)
{
    if (dim == tensor->shape.rank) {
        double value = dg_tensor_get(tensor, (*at)++);
        return isfinite(value) ? cJSON_CreateNumber(value) : cJSON_CreateNull(); /* JSON has no NaN */
    }
    cJSON *list = cJSON_CreateArray();
    for (int64_t i = 0; list && i < tensor->shape.dims[dim]; i++)
        cJSON_AddItemToArray(list, nested(tensor, dim + 1, at));
    return list;
}

static dg_status write_json(FILE *out, const dg_tensors *set)
{
    cJSON *all = cJSON_CreateObject();
    for (size_t k = 0; all && k < dg_tensors_count(set); k++) {
        const dg_tensor *tensor = dg_tensors_at(set, k);
        int64_t at = 0;
        cJSON_AddItemToObject(all, dg_tensors_name(set, k), nested(tensor, 0, &at));
    }
    char *text = all ? cJSON_PrintUnformatted(all) : NULL;
    cJSON_Delete(all);
    if (!text)
        return dg_no_memory("the results as JSON");
    fprintf(out, "%s\n", text);
    cJSON_free(text);
    return dg_ok();
}

/* ---- .npz: .npy files in a zip that is not packed ---- */

static void put16(FILE *out, uint32_t number)
{
    fputc((int)(number & 255), out);
    fputc((int)(number >> 8 & 255), out);
}

static void put32(FILE *out, uint32_t number)
{
    put16(out, number & 0xffff);
    put16(out, number >> 16);
}

/* The header of a .npy file; returns its length. */
static size_t npy_header(const dg_tensor *tensor, char header[MOST_BYTES_NPY])
{
    static const char *const types[] = {
        [DG_BOOL] = "|b1", [DG_INT32] = "<i4", [DG_INT64] = "<i8", [DG_FLOAT32] = "<f4", [DG_FLOAT64] = "<f8"};
    char text[MOST_BYTES_NPY], shape[DG_SHAPE_TEXT] = "";
    for (int d = 0; d < tensor->shape.rank; d++)
        snprintf(shape + strlen(shape), sizeof shape - strlen(shape), "%lld,", (long long)tensor->shape.dims[d]);
    int length = snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }",
                          types[tensor->dtype], shape);
    size_t size = ((size_t)length + 11 + 63) / 64 * 64;
    memset(header, ' ', size);
    memcpy(header, "\x93NUMPY\x01\x00", 8);
    header[8] = (char)((size - 10) & 255);
    header[9] = (char)((size - 10) >> 8);
    memcpy(header + 10, text, (size_t)length);
    header[size - 1] = '\n';
    return size;
}

/* What both headers of a member say. */
static void put_member(FILE *out, const char *name, uint32_t crc, uint32_t size)
{
    put16(out, 20);         /* version */
    put32(out, 0);          /* no flags, stored */
    put32(out, 0x00210000); /* 1980-01-01 */
    put32(out, crc);
    put32(out, size);
    put32(out, size);
    put16(out, (uint32_t)strlen(name) + 4);
    put16(out, 0);
}

static dg_status write_npz(FILE *out, const dg_tensors *set)
{
    size_t n = dg_tensors_count(set), at = 0;
    uint32_t *crcs = calloc(3 * n + 1, sizeof *crcs), *sizes = crcs ? crcs + n : NULL,
             *places = crcs ? sizes + n : NULL;
    if (!crcs)
        return dg_no_memory("an .npz");
    for (size_t k = 0; k < n; k++) {
        const dg_tensor *tensor = dg_tensors_at(set, k);
        char header[MOST_BYTES_NPY];
        size_t head = npy_header(tensor, header), bytes = dg_tensor_bytes(tensor);
        if (head + bytes + at > UINT32_MAX - 1000) {
            free(crcs);
            return dg_error(DG_BAD_DATA, "an .npz holds 4 GiB at most: use .safetensors");
        }
        crcs[k] = (uint32_t)crc32(crc32(0, (const Bytef *)header, (uInt)head), tensor->data, (uInt)bytes);
        sizes[k] = (uint32_t)(head + bytes);
        places[k] = (uint32_t)at;
        put32(out, 0x04034b50);
        put_member(out, dg_tensors_name(set, k), crcs[k], sizes[k]);
        fprintf(out, "%s.npy", dg_tensors_name(set, k));
        fwrite(header, 1, head, out);
        if (bytes)
            fwrite(tensor->data, 1, bytes, out);
        at += 30 + strlen(dg_tensors_name(set, k)) + 4 + sizes[k];
    }
    size_t directory = at;
    for (size_t k = 0; k < n; k++) {
        put32(out, 0x02014b50);
        put16(out, 20);
        put_member(out, dg_tensors_name(set, k), crcs[k], sizes[k]);
        put16(out, 0); /* no comment, one disk, no attributes */
        put16(out, 0);
        put16(out, 0);
        put32(out, 0);
        put32(out, places[k]);
        fprintf(out, "%s.npy", dg_tensors_name(set, k));
        at += 46 + strlen(dg_tensors_name(set, k)) + 4;
    }
    put32(out, 0x06054b50);
    put32(out, 0);
    put16(out, (uint32_t)n);
    put16(out, (uint32_t)n);
    put32(out, (uint32_t)(at - directory));
    put32(out, (uint32_t)directory);
    put16(out, 0);
    free(crcs);
    return dg_ok();
}

/* ---- by the ending ---- */

typedef dg_status writer(FILE *out, const dg_tensors *set);

dg_status tensors_write(const char *path, const dg_tensors *set)
{
    static const struct {
        const char *ending;
        writer *write;
    } formats[] = {{".csv", write_csv}, {".json", write_json}, {".npz", write_npz}};
    size_t length = strlen(path);
    if (strcmp(path, "-") == 0 && isatty(STDOUT_FILENO))
        return dg_error(DG_BAD_ARGUMENT, "standard output is a terminal, which shows no binary data: name a file with "
                                         "--out, or leave --out away for tables");
    for (size_t k = 0; k < sizeof formats / sizeof *formats; k++) {
        size_t size = strlen(formats[k].ending);
        if (length <= size || strcmp(path + length - size, formats[k].ending) != 0)
            continue;
        char *text = NULL;
        size_t bytes = 0;
        FILE *out = open_memstream(&text, &bytes);
        if (!out)
            return dg_no_memory("the results");
        dg_status status = formats[k].write(out, set);
        if (fclose(out) != 0 && status.code == DG_OK)
            status = dg_no_memory("the results");
        if (status.code == DG_OK)
            status = dg_write_file(path, text, bytes);
        free(text);
        return status;
    }
    return dg_safetensors_write(path, set);
}

/* ---- CSV ---- */

void csv_print(FILE *out, const char *text)
{
    const char *quote = strpbrk(text, ",\"\n\r") ? "\"" : "";
    fputs(quote, out);
    for (; *text; text++)
        fprintf(out, *text == '"' ? "\"\"" : "%c", *text);
    fputs(quote, out);
}
