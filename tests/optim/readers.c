/* Every reader of data on every kind of odd content: a clear sentence, or the right values. One table: a row is a
 * reader, a column a kind. */
#include "optim/readers/readers.h"
#include "tables.h"

#include <stdint.h>
#include <sys/stat.h>
#include <zlib.h>

TestSuite(readers, .init = make_folder, .fini = remove_folder);

typedef struct bytes {
    char data[2048];
    size_t size;
} bytes;

static void add(bytes *to, const void *data, size_t size)
{
    cr_assert_leq(to->size + size, sizeof to->data);
    memcpy(to->data + to->size, data, size);
    to->size += size;
}

static void add_number(bytes *to, uint64_t number, int size, bool big_endian)
{
    for (int k = 0; k < size; k++) {
        unsigned char byte = (unsigned char)(number >> 8 * (big_endian ? size - 1 - k : k));
        add(to, &byte, 1);
    }
}

/* ---- files of arrays ---- */

static bytes npy(const char *type, const char *shape, const void *elements, size_t size)
{
    bytes made = {0};
    char header[128];
    int length = snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': %s, }", type, shape);
    while ((10 + length + 1) % 16)
        header[length++] = ' ';
    header[length++] = '\n';
    add(&made, "\x93NUMPY\1\0", 8);
    add_number(&made, (uint64_t)length, 2, false);
    add(&made, header, (size_t)length);
    add(&made, elements, size);
    return made;
}

/* A zip archive whose members are not packed (PKWARE's APPNOTE.TXT, 4.3). */
static bytes npz(int count, const char *const *names, const bytes *arrays)
{
    bytes made = {0}, directory = {0};
    for (int k = 0; k < count; k++) {
        size_t offset = made.size, length = strlen(names[k]);
        for (int copy = 0; copy < 2; copy++) {
            bytes *to = copy ? &directory : &made;
            add(to, copy ? "PK\1\2\x14\0" : "PK\3\4", copy ? 6 : 4);
            add(to, "\x14\0\0\0\0\0\0\0\0\0", 10);
            add_number(to, crc32(0, (const Bytef *)arrays[k].data, (uInt)arrays[k].size), 4, false);
            add_number(to, arrays[k].size, 4, false);
            add_number(to, arrays[k].size, 4, false);
            add_number(to, length, 2, false);
            add_number(to, 0, 2, false);
            if (copy) {
                add(to, "\0\0\0\0\0\0\0\0\0\0", 10);
                add_number(to, offset, 4, false);
            }
            add(to, names[k], length);
        }
        add(&made, arrays[k].data, arrays[k].size);
    }
    size_t start = made.size;
    add(&made, directory.data, directory.size);
    add(&made, "PK\5\6\0\0\0\0", 8);
    add_number(&made, (uint64_t)count, 2, false);
    add_number(&made, (uint64_t)count, 2, false);
    add_number(&made, directory.size, 4, false);
    add_number(&made, start, 4, false);
    add_number(&made, 0, 2, false);
    return made;
}

static bytes safetensors(const char *header, const void *elements, size_t size)
{
    bytes made = {0};
    add_number(&made, strlen(header), 8, false);
    add(&made, header, strlen(header));
    add(&made, elements, size);
    return made;
}

static bytes idx(int type, int rank, const int *sizes, const void *elements, size_t size)
{
    bytes made = {0};
    add_number(&made, (uint64_t)(type << 8 | rank), 4, true);
    for (int k = 0; k < rank; k++)
        add_number(&made, (uint64_t)sizes[k], 4, true);
    add(&made, elements, size);
    return made;
}

static bytes text(const char *content)
{
    bytes made = {0};
    add(&made, content, strlen(content));
    return made;
}

/* ---- the kinds ---- */

enum { FINE, EMPTY, WRONG_TYPE, IS_NAN, IS_INF, HUGE_INT, NOT_UTF_8, ONE_ROW, ONE_COLUMN, NO_TARGET, KINDS };
enum { CSV, ARFF, LIBSVM, IDX, NPY, NPZ, SAFETENSORS, READERS };

static const char *const names[READERS] = {"t.csv", "t.arff", "t.libsvm", "mnist", "t.npy", "t.npz", "t.safetensors"};

#define ARFF_HEAD "@relation r\n@attribute a numeric\n@attribute y {p,q}\n@data\n"
static const char *const texts[3][KINDS] = {
    {"a,y\n1,p\n2,q\n3,p\n", "", "a,y\n1,p\n2,q\nx,p\n4,q\n", "a,y\n1,p\nnan,q\n3,p\n", "a,y\n1,p\ninf,q\n3,p\n",
     "a,y\n9007199254740993,p\n2,q\n3,p\n", "a,y\n1,p\n2,\xFC\n3,p\n", "a,y\n1,p\n", "y\np\nq\n", "a,y\n1,\n2,\n3,\n"},
    {ARFF_HEAD "1,p\n2,q\n3,p\n", "", ARFF_HEAD "1,p\nx,q\n3,p\n", ARFF_HEAD "1,p\n?,q\n3,p\n",
     ARFF_HEAD "1,p\n2,q\ninf,p\n", ARFF_HEAD "9007199254740993,p\n2,q\n3,p\n", ARFF_HEAD "1,p\n2,\xFC\n",
     ARFF_HEAD "1,p\n", "@relation r\n@attribute y {p,q}\n@data\np\nq\n", ARFF_HEAD "1,?\n2,?\n"},
    {"1 1:1\n2 1:2\n1 1:3\n", "", "1 1:1\n2 1:x\n1 1:3\n", "1 1:nan\n2 1:2\n1 1:3\n", "1 1:1\n2 1:inf\n1 1:3\n",
     "1 1:9007199254740993\n2 1:2\n1 1:3\n", "1 1:1\n2 1:\xFC\n", "1 1:1\n", "1\n2\n", "1:1 2:2\n1:2 2:3\n"},
};

static bytes make_npy(int kind)
{
    static const double fine[] = {1, 0, 2, 1, 3, 0}, no_number[] = {1, 0, NAN, 1, 3, 0},
                        infinite[] = {1, 0, INFINITY, 1, 3, 0};
    static const int64_t huge[] = {9007199254740993, 0, 2, 1, 3, 0};
    switch (kind) {
    case EMPTY:
        return (bytes){0};
    case WRONG_TYPE:
        return npy("|O", "(3, 2)", fine, sizeof fine);
    case IS_NAN:
        return npy("<f8", "(3, 2)", no_number, sizeof fine);
    case IS_INF:
        return npy("<f8", "(3, 2)", infinite, sizeof fine);
    case HUGE_INT:
        return npy("<i8", "(3, 2)", huge, sizeof huge);
    case NOT_UTF_8:
        return npy("<f\xFC", "(3, 2)", fine, sizeof fine);
    case ONE_ROW:
        return npy("<f8", "(1, 2)", fine, 16);
    case ONE_COLUMN:
        return npy("<f8", "(3, 1)", fine, 24);
    case NO_TARGET:
        return npy("<f8", "(6,)", fine, sizeof fine);
    default:
        return npy("<f8", "(3, 2)", fine, sizeof fine);
    }
}

static bytes make_npz(int kind)
{
    static const double x[] = {1, 2, 3}, no_number[] = {1, NAN, 3}, infinite[] = {1, INFINITY, 3};
    static const int64_t y[] = {0, 1, 0}, huge[] = {9007199254740993, 2, 3};
    static const char *const members[] = {"x.npy", "y.npy"}, *const odd[] = {"x\xFC.npy", "y.npy"};
    bytes arrays[2] = {npy("<f8", "(3, 1)", x, sizeof x), npy("<i8", "(3,)", y, sizeof y)};
    if (kind == EMPTY)
        return (bytes){0};
    if (kind == WRONG_TYPE)
        arrays[1] = npy("|O", "(3,)", y, sizeof y);
    if (kind == IS_NAN)
        arrays[0] = npy("<f8", "(3, 1)", no_number, sizeof x);
    if (kind == IS_INF)
        arrays[0] = npy("<f8", "(3, 1)", infinite, sizeof x);
    if (kind == HUGE_INT)
        arrays[0] = npy("<i8", "(3, 1)", huge, sizeof huge);
    if (kind == ONE_ROW) {
        arrays[0] = npy("<f8", "(1, 1)", x, 8);
        arrays[1] = npy("<i8", "(1,)", y, 8);
    }
    if (kind == ONE_COLUMN)
        arrays[0] = npy("<f8", "(3,)", x, sizeof x);
    return npz(kind == NO_TARGET ? 1 : 2, kind == NOT_UTF_8 ? odd : members, arrays);
}

static bytes make_safetensors(int kind)
{
    static const double x[] = {1, 2, 3}, no_number[] = {1, NAN, 3}, infinite[] = {1, INFINITY, 3};
    static const int64_t y[] = {0, 1, 0}, huge[] = {9007199254740993, 2, 3};
    static const char *const headers[KINDS] = {
        [WRONG_TYPE] = "{\"features\":{\"dtype\":\"C64\",\"shape\":[3,1],\"data_offsets\":[0,24]},"
                       "\"target\":{\"dtype\":\"I64\",\"shape\":[3],\"data_offsets\":[24,48]}}",
        [HUGE_INT] = "{\"features\":{\"dtype\":\"I64\",\"shape\":[3,1],\"data_offsets\":[0,24]},"
                     "\"target\":{\"dtype\":\"I64\",\"shape\":[3],\"data_offsets\":[24,48]}}",
        [NOT_UTF_8] = "{\"features\xFC\":{\"dtype\":\"F64\",\"shape\":[3,1],\"data_offsets\":[0,24]}}",
        [ONE_ROW] = "{\"features\":{\"dtype\":\"F64\",\"shape\":[1,1],\"data_offsets\":[0,8]},"
                    "\"target\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[8,16]}}",
        [ONE_COLUMN] = "{\"features\":{\"dtype\":\"F64\",\"shape\":[3],\"data_offsets\":[0,24]},"
                       "\"target\":{\"dtype\":\"I64\",\"shape\":[3],\"data_offsets\":[24,48]}}",
        [NO_TARGET] = "{\"features\":{\"dtype\":\"F64\",\"shape\":[3,1],\"data_offsets\":[0,24]}}",
    };
    static const char usual[] = "{\"features\":{\"dtype\":\"F64\",\"shape\":[3,1],\"data_offsets\":[0,24]},"
                                "\"target\":{\"dtype\":\"I64\",\"shape\":[3],\"data_offsets\":[24,48]}}";
    const void *first = kind == IS_NAN     ? (const void *)no_number
                        : kind == IS_INF   ? (const void *)infinite
                        : kind == HUGE_INT ? (const void *)huge
                                           : x;
    bytes elements = {0};
    if (kind == EMPTY)
        return elements;
    add(&elements, first, kind == ONE_ROW ? 8 : 24);
    add(&elements, y, kind == NO_TARGET || kind == NOT_UTF_8 ? 0 : kind == ONE_ROW ? 8 : 24);
    return safetensors(headers[kind] ? headers[kind] : usual, elements.data, elements.size);
}

/* Pictures of one element, of a type with NaN where that is asked for. */
static bytes make_idx(int kind, bytes *labels)
{
    static const char no_number[] = "\x3F\x80\0\0\x7F\xC0\0\0\x40\x40\0\0",
                      infinite[] = "\x3F\x80\0\0\x7F\x80\0\0\x40\x40\0\0";
    static const char huge[] = "\x7F\xFF\xFF\xFF\0\0\0\2\0\0\0\3";
    const int sizes[] = {kind == ONE_ROW ? 1 : 3, 1, 1};
    *labels = idx(8, 1, sizes, "\0\1\0", (size_t)sizes[0]);
    switch (kind) {
    case EMPTY:
        return (bytes){0};
    case WRONG_TYPE:
        return idx(7, 3, sizes, "\1\2\3", 3);
    case IS_NAN:
        return idx(0x0D, 3, sizes, no_number, 12);
    case IS_INF:
        return idx(0x0D, 3, sizes, infinite, 12);
    case HUGE_INT: /* the widest that the format has: int32 */
        return idx(0x0C, 3, sizes, huge, 12);
    case NOT_UTF_8:
        return idx(8, 3, sizes, "\xFC\2\3", 3);
    case ONE_COLUMN:
        return idx(8, 1, sizes, "\1\2\3", 3);
    case NO_TARGET:
        *labels = (bytes){0};
        return idx(8, 3, sizes, "\1\2\3", 3);
    default:
        return idx(8, 3, sizes, "\1\2\3", (size_t)sizes[0]);
    }
}

/* ---- one try ---- */

static void write_as(const char *name, const bytes *file, size_t size)
{
    write_bytes(name, file->data, size);
}

/* Writes the content of that kind, cut to `most` bytes where it is longer; the size of the whole. */
static size_t write_kind(int reader, int kind, size_t most)
{
    bytes labels, file = reader <= LIBSVM ? text(texts[reader][kind])
                         : reader == IDX  ? make_idx(kind, &labels)
                         : reader == NPY  ? make_npy(kind)
                         : reader == NPZ  ? make_npz(kind)
                                          : make_safetensors(kind);
    size_t size = file.size < most ? file.size : most;
    if (reader != IDX) {
        write_as(names[reader], &file, size);
        return file.size;
    }
    mkdir("mnist", 0777);
    write_as("mnist/train-images-idx3-ubyte", &file, size);
    write_as("mnist/train-labels-idx1-ubyte", &labels, labels.size);
    write_as("mnist/t10k-images-idx3-ubyte", &file, file.size);
    write_as("mnist/t10k-labels-idx1-ubyte", &labels, labels.size);
    return file.size;
}

/* All numbers of the fields are finite, and there are rows. */
static bool is_sound(const dg_data *data)
{
    const dg_tensors *fields = dg_data_set(data)->fields;
    for (size_t k = 0; k < dg_tensors_count(fields); k++)
        for (int64_t i = 0; i < dg_tensor_count(dg_tensors_at(fields, k)); i++)
            if (!isfinite(dg_tensor_get(dg_tensors_at(fields, k), i)))
                return false;
    return dg_data_rows(data) > 0;
}

static bool is_one_line(const char *message)
{
    return *message && !strchr(message, '\n');
}

/* What a reader says of a kind: words of its message, or NULL where it reads so many rows. */
static const struct {
    const char *words;
    int rows;
} wanted[READERS][KINDS] = {
    [CSV] = {{NULL, 3},
             {"t.csv: the file is empty", 0},
             {"t.csv:4:1: 'x' is not a number", 0},
             {NULL, 3},
             {"t.csv:3:1: 'inf' is not a finite number", 0},
             {NULL, 3},
             {"t.csv:3: byte 3 of the line (0xFC) is not UTF-8", 0},
             {"leave no row of 1 for training: use test=0", 0},
             {"the table has no column of features beside the target", 0},
             {"the target, column 'y', is empty", 0}},
    [ARFF] = {{NULL, 3},
              {"t.arff: the file is empty", 0},
              {"t.arff:6:1: 'x' is not a number", 0},
              {NULL, 3},
              {"t.arff:7:1: 'inf' is not a finite number", 0},
              {NULL, 3},
              {"t.arff:6: byte 3 of the line (0xFC) is not UTF-8", 0},
              {"leave no row of 1 for training", 0},
              {"no column of features beside the target", 0},
              {"the target, column 'y', is empty", 0}},
    [LIBSVM] = {{NULL, 3},
                {"t.libsvm: the file is empty", 0},
                {"t.libsvm:2: '1:x' is not INDEX:VALUE", 0},
                {"t.libsvm:1: '1:nan' is not INDEX:VALUE", 0},
                {"t.libsvm:2: '1:inf' is not INDEX:VALUE", 0},
                {NULL, 3},
                {"t.libsvm:2: byte 5 of the line (0xFC) is not UTF-8", 0},
                {"leave no row of 1 for training", 0},
                {"there is no INDEX:VALUE in it", 0},
                {"t.libsvm:1: the line begins with no number, the label", 0}},
    [IDX] = {{NULL, 6},
             {"train-images-idx3-ubyte: the file is empty", 0},
             {"this is not an IDX file", 0},
             {"image 2 has an element that is not a finite float32 number", 0},
             {"image 2 has an element that is not a finite float32 number", 0},
             {NULL, 6},
             {NULL, 6},
             {NULL, 2},
             {NULL, 6},
             {"train-labels-idx1-ubyte: the file is empty", 0}},
    [NPY] = {{NULL, 3},
             {"t.npy: the file is empty", 0},
             {"of type '|O', which is not read", 0},
             {NULL, 3},
             {"t.npy:2:1: 'inf' is not a finite number", 0},
             {NULL, 3},
             {"of type '<f?', which is not read", 0},
             {"leave no row of 1 for training", 0},
             {"no column of features beside the target", 0},
             {NULL, 6}},
    [NPZ] = {{NULL, 3},
             {"t.npz: the file is empty", 0},
             {"y is of type '|O', which is not read", 0},
             {"features: element 1 is not a finite number", 0},
             {"features: element 1 is not a finite number", 0},
             {NULL, 3},
             {"t.npz: the name of an array is not UTF-8", 0},
             {"leave no row of 1 for training", 0},
             {NULL, 3},
             {NULL, 3}},
    [SAFETENSORS] = {{NULL, 3},
                     {"t.safetensors: the file is empty", 0},
                     {"features is of type 'C64', which is not read", 0},
                     {"features: element 1 is not a finite number", 0},
                     {"features: element 1 is not a finite number", 0},
                     {NULL, 3},
                     {"its header is not UTF-8 text", 0},
                     {"leave no row of 1 for training", 0},
                     {NULL, 3},
                     {NULL, 3}},
};

Test(readers, answer_odd_content_with_a_sentence_or_the_right_values)
{
    for (int reader = 0; reader < READERS; reader++)
        for (int kind = 0; kind < KINDS; kind++) {
            dg_data *data;
            const char *words = wanted[reader][kind].words;
            write_kind(reader, kind, SIZE_MAX);
            dg_status status = dg_data_open(names[reader], NULL, &data);
            cr_expect((status.code != DG_OK) == (words != NULL), "%s, kind %d: %s", names[reader], kind,
                      status.message);
            if (words)
                cr_expect(strstr(status.message, words) && is_one_line(status.message),
                          "%s, kind %d: '%s' is not in '%s'", names[reader], kind, words, status.message);
            else if (status.code == DG_OK)
                cr_expect(is_sound(data) && dg_data_rows(data) == wanted[reader][kind].rows, "%s, kind %d",
                          names[reader], kind);
            dg_data_free(data);
        }
}

/* The first element of the features, unscaled, where the file holds 1, a missing one (of 2 and 3 the mean is not known
 * before the split), or 2^53 + 1, which is between two doubles. */
/* A format is known by its ending though nothing in its text tells it. */
Test(readers, a_format_goes_by_its_path_before_its_text)
{
    static const data_reader own = {.n_formats = 0};
    const dg_data_format *format;
    const data_reader *csv = reader_of_path("rows.csv", false, &format),
                      *svm = reader_of_path("rows.svm", false, &format);
    cr_expect_eq(reader_of_text(&own, "1 1:2\n", 6, &format), &own);
    cr_expect_eq(reader_of_text(csv, "1 1:2\n", 6, &format), svm);
    cr_expect_str_eq(format->name, "libsvm");
    cr_expect_eq(reader_of_text(csv, "1,2\n", 4, &format), csv);
}

Test(readers, keep_numbers_as_they_are)
{
    static const char *const specs[READERS] = {"t.csv(scale=none)", "t.arff(scale=none)", "t.libsvm(scale=none)",
                                               "mnist(scale=none)", "t.npy(scale=none)",  "t.npz",
                                               "t.safetensors"};
    for (int reader = 0; reader < READERS; reader++) {
        write_kind(reader, FINE, SIZE_MAX);
        dg_data *data = open_well(specs[reader], &(dg_data_options){.whole = true});
        cr_expect_eq(at(data, "features", 0), 1, "%s", specs[reader]);
        cr_expect_eq(at(data, "features", 2), 3, "%s", specs[reader]);
        dg_data_free(data);
        write_kind(reader, HUGE_INT, SIZE_MAX);
        data = open_well(specs[reader], &(dg_data_options){.whole = true});
        cr_expect_eq(at(data, "features", 0), reader == IDX ? 0x1p31 : 0x1p53, "%s: %.17g", specs[reader],
                     at(data, "features", 0)); /* int32 as float32 */
        dg_data_free(data);
        if (reader == CSV || reader == ARFF || reader == NPY) {
            write_kind(reader, IS_NAN, SIZE_MAX);
            data = open_well(specs[reader], &(dg_data_options){.whole = true});
            cr_expect_eq(at(data, "features", 1), 2, "%s: the mean of 1 and 3", specs[reader]);
            cr_expect(is_noticed(data, "missing cells were filled"));
            dg_data_free(data);
        }
    }
}

/* A file that is cut anywhere is refused by one line that names it, or what is left of it is a table of its own. */
Test(readers, answer_cut_files)
{
    int refused = 0, read = 0;
    for (int reader = 0; reader < READERS; reader++) {
        size_t size = write_kind(reader, FINE, SIZE_MAX);
        for (size_t most = 0; most < size; most++) {
            dg_data *data;
            write_kind(reader, FINE, most);
            dg_status status = dg_data_open(names[reader], NULL, &data);
            if (status.code == DG_OK)
                cr_expect(is_sound(data) && dg_data_rows(data) <= 3 && reader <= LIBSVM, "%s cut to %zu bytes",
                          names[reader], most);
            else
                cr_expect(is_one_line(status.message) && strstr(status.message, names[reader]) == status.message,
                          "%s cut to %zu bytes: '%s'", names[reader], most, status.message);
            refused += status.code != DG_OK;
            read += status.code == DG_OK;
            dg_data_free(data);
        }
    }
    fprintf(stderr, "%d cut files were refused, %d were tables\n", refused, read);
}
