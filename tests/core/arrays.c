/* NumPy's files, in bytes written here, and what is no set of tensors. */
#include <dotgrad/tensor.h>

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

typedef struct bytes {
    unsigned char at[1 << 14];
    size_t size;
} bytes;

static void add(bytes *to, const void *from, size_t size)
{
    cr_assert_lt(to->size + size, sizeof to->at);
    memcpy(to->at + to->size, from, size);
    to->size += size;
}

static void add_number(bytes *to, uint64_t number, size_t size)
{
    add(to, &number, size); /* little-endian, as the machine */
}

/* An .npy: numpy.lib.format, version 1.0. */
static bytes npy(const char *type, const char *order, const char *shape, const void *elements, size_t size)
{
    static bytes made;
    char header[200];
    made.size = 0;
    int length =
        snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }", type, order, shape);
    size_t padded = (10 + (size_t)length + 1 + 63) / 64 * 64 - 10;
    add(&made, "\x93NUMPY\1\0", 8);
    add_number(&made, padded, 2);
    add(&made, header, (size_t)length);
    for (size_t k = (size_t)length; k + 1 < padded; k++)
        add(&made, " ", 1);
    add(&made, "\n", 1);
    add(&made, elements, size);
    return made;
}

static dg_tensors *parse(const bytes *file)
{
    dg_tensors *set;
    dg_status status = dg_tensors_parse(file->at, file->size, 0, &set);
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
    return set;
}

static void expect_refusal(const bytes *file, const char *words)
{
    dg_tensors *set;
    dg_status status = dg_tensors_parse(file->at, file->size, 0, &set);
    cr_assert_neq(status.code, DG_OK);
    cr_assert_not_null(strstr(status.message, words), "'%s' does not say '%s'", status.message, words);
    cr_assert_null(set);
}

Test(arrays, elements_of_every_type)
{
    static const struct {
        const char *type;
        const void *elements;
        size_t size;
        dg_dtype dtype;
        double first, second;
    } cases[] = {{"|b1", "\0\2", 2, DG_BOOL, 0, 1},
                 {"|i1", "\xFF\5", 2, DG_INT32, -1, 5},
                 {"|u1", "\xFF\5", 2, DG_INT32, 255, 5},
                 {"<i2", "\xFE\xFF\1\2", 4, DG_INT32, -2, 513},
                 {">i2", "\xFF\xFE\2\1", 4, DG_INT32, -2, 513},
                 {"<u4", "\xFF\xFF\xFF\xFF\1\0\0\0", 8, DG_INT64, 4294967295.0, 1},
                 {"<i8", "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\7\0\0\0\0\0\0\0", 16, DG_INT64, -1, 7},
                 {"<u2", "\xFE\xFF\1\2", 4, DG_INT32, 65534, 513},
                 {"=i4", "\xFE\xFF\xFF\xFF\1\2\0\0", 8, DG_INT32, -2, 513},
                 {">i4", "\xFF\xFF\xFF\xFE\0\0\2\1", 8, DG_INT32, -2, 513},
                 {"<u8", "\xFF\xFF\xFF\xFF\0\0\0\0\7\0\0\0\0\0\0\0", 16, DG_INT64, 4294967295.0, 7},
                 {">f4", "\x3F\x80\0\0\xC0\0\0\0", 8, DG_FLOAT32, 1, -2},
                 {"<f8", "\0\0\0\0\0\0\xF8\x3F\0\0\0\0\0\0\0\xC0", 16, DG_FLOAT64, 1.5, -2},
                 {"<f2", "\0\x3C\0\xC0", 4, DG_FLOAT32, 1, -2},
                 {"<f4", "\0\0\x80\x3F\0\0\0\xC0", 8, DG_FLOAT32, 1, -2},
                 {">f8", "\x3F\xF8\0\0\0\0\0\0\xC0\0\0\0\0\0\0\0", 16, DG_FLOAT64, 1.5, -2}};
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        bytes file = npy(cases[k].type, "False", "(2,)", cases[k].elements, cases[k].size);
        dg_tensors *set = parse(&file);
        const dg_tensor *array = dg_tensors_find(set, "array");
        cr_assert_eq(array->dtype, cases[k].dtype, "%s", cases[k].type);
        cr_assert_eq(dg_tensor_get(array, 0), cases[k].first, "%s", cases[k].type);
        cr_assert_eq(dg_tensor_get(array, 1), cases[k].second, "%s", cases[k].type);
        dg_tensors_free(set);
    }
}

Test(arrays, order_of_fortran_is_turned_round)
{
    static const int32_t columns[] = {1, 4, 2, 5, 3, 6}, rows[] = {1, 2, 3, 4, 5, 6};
    bytes file = npy("<i4", "True", "(2, 3)", columns, sizeof columns);
    dg_tensors *set = parse(&file);
    const dg_tensor *array = dg_tensors_find(set, "array");
    cr_assert_eq(array->shape.dims[1], 3);
    cr_assert_arr_eq(array->data, rows, sizeof rows);
    dg_tensors_free(set);
}

Test(arrays, texts_become_their_numbers)
{
    static const uint32_t texts[] = {'b', 0, 'a', 0xE9, 'b', 0};
    bytes file = npy("<U2", "False", "(3,)", texts, sizeof texts);
    dg_tensors *set = parse(&file);
    const dg_tensor *array = dg_tensors_find(set, "array");
    cr_assert_eq(dg_tensor_get(array, 0), 1);
    cr_assert_eq(dg_tensor_get(array, 1), 0);
    cr_assert_str_eq(dg_tensors_note(set, "words.array"), "[\"aé\",\"b\"]");
    dg_tensors_free(set);
}

/* UTF-32 of either order in up to four bytes of UTF-8 each, bytes as Latin-1, and the order of Fortran. */
Test(arrays, texts_of_every_kind)
{
    static const uint32_t high[] = {0x20AC, 0x1F600};
    bytes file = npy("<U1", "False", "(2,)", high, sizeof high);
    dg_tensors *set = parse(&file);
    cr_assert_str_eq(dg_tensors_note(set, "words.array"), "[\"€\",\"😀\"]");
    dg_tensors_free(set);
    file = npy(">U1", "False", "(2,)", "\0\0\0z\0\0\0y", 8);
    set = parse(&file);
    cr_assert_str_eq(dg_tensors_note(set, "words.array"), "[\"y\",\"z\"]");
    cr_assert_eq(dg_tensor_get(dg_tensors_find(set, "array"), 0), 1);
    dg_tensors_free(set);
    file = npy("|S2", "True", "(2, 2)", "a\0b\0\xE9xa\0", 8);
    set = parse(&file);
    static const int64_t places[] = {0, 2, 1, 0}; /* columns a b and éx a */
    cr_assert_str_eq(dg_tensors_note(set, "words.array"), "[\"a\",\"b\",\"éx\"]");
    cr_assert_arr_eq(dg_tensors_find(set, "array")->data, places, sizeof places);
    dg_tensors_free(set);
}

Test(arrays, texts_that_are_no_unicode_are_refused)
{
    static const uint32_t wrong[] = {0xD800, 0xDFFF, 0x110000, 0xFFFFFFFF};
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        bytes file = npy("<U1", "False", "(1,)", &wrong[k], 4);
        expect_refusal(&file, "is not Unicode");
    }
}

/* Puts a member into an archive; `entries` collects the directory. */
static void add_member(bytes *archive, bytes *entries, const char *name, const bytes *content, bool deflated)
{
    unsigned char packed[1 << 14];
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)content->at,
                       .avail_in = (uInt)content->size,
                       .next_out = packed,
                       .avail_out = sizeof packed};
    cr_assert_eq(deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY), Z_OK);
    cr_assert_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
    size_t size = deflated ? stream.total_out : content->size, offset = archive->size;
    deflateEnd(&stream);
    for (int directory = 0; directory < 2; directory++) {
        bytes *to = directory ? entries : archive;
        add(to, directory ? "PK\1\2\24\0" : "PK\3\4", directory ? 6 : 4);
        add_number(to, 20, 2);
        add_number(to, 0, 2);
        add_number(to, deflated ? 8 : 0, 2);
        add_number(to, 0, 4); /* time */
        add_number(to, crc32(0, content->at, (uInt)content->size), 4);
        add_number(to, size, 4);
        add_number(to, content->size, 4);
        add_number(to, strlen(name), 2);
        add_number(to, 0, 2);
        if (directory) {
            add_number(to, 0, 8); /* comment, disk, attributes */
            add_number(to, 0, 2);
            add_number(to, offset, 4);
        }
        add(to, name, strlen(name));
        if (!directory)
            add(to, deflated ? packed : content->at, size);
    }
}

static void finish(bytes *archive, const bytes *entries, uint64_t count)
{
    size_t begin = archive->size;
    add(archive, entries->at, entries->size);
    add(archive, "PK\5\6", 4);
    add_number(archive, 0, 4);
    add_number(archive, count, 2);
    add_number(archive, count, 2);
    add_number(archive, entries->size, 4);
    add_number(archive, begin, 4);
    add_number(archive, 0, 2);
}

Test(arrays, archives_hold_arrays_by_name)
{
    static bytes archive, entries;
    static const double numbers[] = {0.5, 1.5, 2.5, 3.5};
    bytes w = npy("<f8", "False", "(2, 2)", numbers, sizeof numbers), b = npy("<f4", "False", "()", "\0\0\x80\x3F", 4),
          c = npy("<c8", "False", "(1,)", numbers, 8);
    add_member(&archive, &entries, "fc.weight.npy", &w, true);
    add_member(&archive, &entries, "fc.bias.npy", &b, false);
    add_member(&archive, &entries, "phase.npy", &c, false);
    finish(&archive, &entries, 3);
    dg_tensors *set = parse(&archive);
    cr_assert_eq(dg_tensors_count(set), 2);
    cr_assert_arr_eq(dg_tensors_find(set, "fc.weight")->data, numbers, sizeof numbers);
    cr_assert_eq(dg_tensors_find(set, "fc.bias")->shape.rank, 0);
    cr_assert_str_eq(dg_tensors_unread(set, "phase"), "<c8");
    dg_tensors_free(set);
    for (size_t size = 0; size < archive.size; size++) { /* cut anywhere: an error, never a crash */
        bytes cut = archive;
        cut.size = size;
        dg_status status = dg_tensors_parse(cut.at, cut.size, 0, &set);
        cr_assert_neq(status.code, DG_OK, "cut at %zu", size);
    }
    for (size_t k = 0; k < archive.size; k++) { /* nor when a byte is another one */
        bytes other = archive;
        other.at[k] ^= 0x41;
        if (dg_tensors_parse(other.at, other.size, 0, &set).code == DG_OK)
            dg_tensors_free(set);
    }
    cr_assert_eq(dg_tensors_parse(archive.at, archive.size, 100, &set).code, DG_NO_MEMORY);
}

Test(arrays, what_holds_a_program_is_refused_with_the_way_to_convert_it)
{
    static bytes archive, entries;
    bytes program = {.at = "\x80\2}q\0.", .size = 6}, hdf = {.at = "\x89HDF\r\n\x1a\n", .size = 8},
          other = {.at = "digraph {}", .size = 10};
    add_member(&archive, &entries, "model/data.pkl", &program, false);
    finish(&archive, &entries, 1);
    expect_refusal(&archive, "python3 -c \"import sys, torch; from safetensors.torch import save_file");
    expect_refusal(&program, "this is a pickle");
    expect_refusal(&hdf, "this is HDF5");
    expect_refusal(&other, "not a safetensors file");
}

Test(arrays, arrays_that_are_cut_or_garbled)
{
    bytes file = npy("<f8", "False", "(3,)", "\0\0\0\0\0\0\0\0", 8);
    expect_refusal(&file, "which is not what its shape needs");
    file = npy("<f8", "False", "(-3,)", "", 0);
    expect_refusal(&file, "damaged");
    file = npy("<f8", "False", "(1, 1, 1, 1, 1, 1, 1, 1, 1)", "\0\0\0\0\0\0\0\0", 8);
    expect_refusal(&file, "its rank is above 8");
    file = npy("<u8", "False", "(1,)", "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 8);
    expect_refusal(&file, "beyond the largest int64");
    file.size = 20;
    expect_refusal(&file, "truncated within its header");
}

/* A header as it stands, of format `version`. */
static bytes npy_of(int version, const char *header, const void *elements, size_t size)
{
    static bytes made;
    const unsigned char begin[] = {0x93, 'N', 'U', 'M', 'P', 'Y', (unsigned char)version, 0};
    made.size = 0;
    add(&made, begin, sizeof begin);
    add_number(&made, strlen(header), version == 1 ? 2 : 4);
    add(&made, header, strlen(header));
    add(&made, elements, size);
    return made;
}

Test(arrays, headers_of_every_version)
{
    for (int version = 1; version <= 3; version++) {
        bytes file = npy_of(version, "{'shape': (1L, 2L), 'descr':'|u1',  'fortran_order': False}\n", "\3\4", 2);
        dg_tensors *set = parse(&file);
        const dg_tensor *array = dg_tensors_find(set, "array");
        cr_assert(array->shape.rank == 2 && array->shape.dims[1] == 2, "%d", version);
        cr_assert_eq(dg_tensor_get(array, 1), 4);
        dg_tensors_free(set);
    }
    bytes file = npy_of(1, "{'descr': '<f4', 'fortran_order': False, 'shape': ()}", "\0\0\x80\x3F", 4);
    dg_tensors *set = parse(&file);
    cr_assert_eq(dg_tensors_find(set, "array")->shape.rank, 0);
    dg_tensors_free(set);
    file = npy_of(1, "{'descr': '<f4', 'fortran_order': True, 'shape': (3, 0)}", "", 0);
    set = parse(&file);
    cr_assert_eq(dg_tensor_count(dg_tensors_find(set, "array")), 0);
    dg_tensors_free(set);
}

Test(arrays, headers_that_are_none)
{
    static const struct {
        const char *header, *says;
    } cases[] = {
        {"{'descr' '<f4', 'fortran_order': False, 'shape': (1,)}", "header of the array is damaged"},
        {"{'fortran_order': False, 'shape': (1,)}", "header of the array is damaged"},
        {"{'descr': '<f4', 'shape': (1,)}", "header of the array is damaged"},
        {"{'descr': '<f4', 'fortran_order': False}", "header of the array is damaged"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': [1]}", "header of the array is damaged"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1", "header of the array is damaged"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (x,)}", "header of the array is damaged"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}", "not what its shape needs"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807,)}", "not what its shape needs"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", "not what its shape needs"},
        {"{'descr': '<U3', 'fortran_order': False, 'shape': (2,)}", "not what its shape needs"},
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        bytes file = npy_of(1, cases[k].header, "\0\0\0\0", 4);
        expect_refusal(&file, cases[k].says);
    }
    bytes file = npy_of(4, "{}", "", 0);
    expect_refusal(&file, "this is not a NumPy array");
    file = npy_of(0, "{}", "", 0);
    expect_refusal(&file, "this is not a NumPy array");
    file = npy_of(2, "{}", "", 0);
    file.size = 9;
    expect_refusal(&file, "this is not a NumPy array");
}

/* What has a type that is none of numbers or texts is left out, and named to who asks for it. */
Test(arrays, types_that_are_not_read)
{
    static const char *const headers[] = {
        "{'descr': '<c8', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<U0', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<U10000', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f\1234567890123456789012345678901234567890', 'fortran_order': False, 'shape': (1,)}"};
    for (size_t k = 0; k < sizeof headers / sizeof *headers; k++) {
        bytes file = npy_of(1, headers[k], "\0\0\0\0\0\0\0\0", 8);
        dg_tensors *set = parse(&file);
        cr_assert_eq(dg_tensors_count(set), 0, "%s", headers[k]);
        dg_tensors_free(set);
    }
}
