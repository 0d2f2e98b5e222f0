#include <criterion/criterion.h>
#include <dotgrad/tensor.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/dotgrad-test-XXXXXX";
static char path[64];

static void setup(void)
{
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/a.safetensors", folder);
}

static void teardown(void)
{
    unlink(path);
    cr_assert_eq(rmdir(folder), 0, "something was left in %s", folder);
}

TestSuite(safetensors, .init = setup, .fini = teardown);

static dg_tensors *example(void)
{
    dg_tensors *set;
    dg_tensor *tensor;
    cr_assert_eq(dg_tensors_new(&set).code, DG_OK);
    for (dg_dtype dtype = DG_BOOL; dtype <= DG_FLOAT64; dtype++) {
        cr_assert_eq(dg_tensors_add(set, dg_dtype_name(dtype), dtype, DG_SHAPE(3), &tensor).code, DG_OK);
        for (int i = 0; i < 3; i++)
            dg_tensor_set(tensor, i, i * .75);
    }
    cr_assert_eq(dg_tensors_add(set, "a \"scalar\" é", DG_FLOAT32, dg_scalar(), &tensor).code, DG_OK);
    dg_tensor_set(tensor, 0, -1.5);
    cr_assert_eq(dg_tensors_add(set, "empty", DG_FLOAT32, DG_SHAPE(0, 4), NULL).code, DG_OK);
    cr_assert_eq(dg_tensors_set_note(set, "graph", "digraph {\n  a -> \"b\"\n}").code, DG_OK);
    cr_assert_eq(dg_tensors_set_note(set, "step", "12").code, DG_OK);
    return set;
}

static dg_status read_back(dg_tensors **set)
{
    return dg_safetensors_read(path, set);
}

/* A file made of a header's text and so many zero bytes. */
static dg_status read_text(const char *header, size_t n_bytes)
{
    char bytes[4096] = {0};
    uint64_t length = strlen(header);
    memcpy(bytes, &length, 8);
    memcpy(bytes + 8, header, length);
    cr_assert_eq(dg_write_file(path, bytes, 8 + length + n_bytes).code, DG_OK);
    dg_tensors *set = NULL;
    dg_status status = read_back(&set);
    cr_assert_eq(set != NULL, status.code == DG_OK);
    if (status.code != DG_OK)
        cr_assert_eq(strncmp(status.message, path, strlen(path)), 0, "%s", status.message);
    dg_tensors_free(set);
    return status;
}

Test(safetensors, what_is_written_reads_back)
{
    dg_tensors *set = example(), *back;
    cr_assert_eq(dg_safetensors_write(path, set).code, DG_OK);
    dg_status status = read_back(&back);
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
    cr_assert_eq(dg_tensors_count(back), dg_tensors_count(set));
    for (size_t i = 0; i < dg_tensors_count(set); i++) {
        const dg_tensor *a = dg_tensors_at(set, i), *b = dg_tensors_at(back, i);
        cr_assert_str_eq(dg_tensors_name(set, i), dg_tensors_name(back, i));
        cr_assert_eq(a->dtype, b->dtype);
        cr_assert(dg_shape_equal(&a->shape, &b->shape));
        cr_assert_eq((uintptr_t)b->data % 64, 0);
        if (dg_tensor_bytes(a))
            cr_assert_arr_eq(a->data, b->data, dg_tensor_bytes(a));
    }
    cr_assert_str_eq(dg_tensors_note(back, "graph"), "digraph {\n  a -> \"b\"\n}");
    cr_assert_str_eq(dg_tensors_note(back, "step"), "12");
    dg_tensors_free(set);
    dg_tensors_free(back);
}

Test(safetensors, bytes_are_those_of_the_format)
{
    dg_tensors *set;
    dg_tensor *tensor;
    cr_assert_eq(dg_tensors_new(&set).code, DG_OK);
    cr_assert_eq(dg_tensors_add(set, "t", DG_BOOL, DG_SHAPE(1), &tensor).code, DG_OK);
    dg_tensor_set(tensor, 0, 1);
    cr_assert_eq(dg_tensors_add(set, "x", DG_FLOAT32, DG_SHAPE(1, 2), &tensor).code, DG_OK);
    dg_tensor_set(tensor, 0, 1);
    dg_tensor_set(tensor, 1, -2);
    cr_assert_eq(dg_tensors_set_note(set, "by", "hand").code, DG_OK);
    cr_assert_eq(dg_safetensors_write(path, set).code, DG_OK);
    const char header[] = "{\"__metadata__\":{\"by\":\"hand\"},"
                          "\"t\":{\"dtype\":\"BOOL\",\"shape\":[1],\"data_offsets\":[8,9]},"
                          "\"x\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[0,8]}}";
    char *bytes;
    size_t size, length = strlen(header), padded = (length + 7) / 8 * 8;
    cr_assert_eq(dg_read_file(path, &bytes, &size).code, DG_OK);
    cr_assert_eq(size, 8 + padded + 9);
    cr_assert_eq((unsigned char)bytes[0], padded);
    cr_assert_arr_eq(bytes + 1, "\0\0\0\0\0\0\0", 7);
    cr_assert_arr_eq(bytes + 8, header, length);
    for (size_t i = length; i < padded; i++)
        cr_assert_eq(bytes[8 + i], ' ');
    cr_assert_arr_eq(bytes + 8 + padded, "\0\0\x80\x3F\0\0\0\xC0\1", 9);
    free(bytes);
    dg_tensors_free(set);
}

Test(safetensors, the_same_content_gives_the_same_bytes)
{
    char *bytes[2];
    size_t sizes[2];
    for (int i = 0; i < 2; i++) {
        dg_tensors *set = example();
        cr_assert_eq(dg_safetensors_write(path, set).code, DG_OK);
        cr_assert_eq(dg_read_file(path, &bytes[i], &sizes[i]).code, DG_OK);
        dg_tensors_free(set);
    }
    cr_assert_eq(sizes[0], sizes[1]);
    cr_assert_arr_eq(bytes[0], bytes[1], sizes[0]);
    free(bytes[0]);
    free(bytes[1]);
}

Test(safetensors, a_file_cut_anywhere_is_refused)
{
    dg_tensors *set = example(), *back;
    char *bytes;
    size_t size;
    cr_assert_eq(dg_safetensors_write(path, set).code, DG_OK);
    cr_assert_eq(dg_read_file(path, &bytes, &size).code, DG_OK);
    for (size_t cut = 0; cut < size; cut++) {
        char *part = malloc(cut + 1); /* its own, so that reading beyond it is seen by the tools */
        memcpy(part, bytes, cut);
        cr_assert_eq(dg_write_file(path, part, cut).code, DG_OK);
        free(part);
        dg_status status = read_back(&back);
        cr_assert_eq(status.code, DG_BAD_DATA, "cut at %zu", cut);
        cr_assert_null(back);
    }
    free(bytes);
    dg_tensors_free(set);
}

Test(safetensors, a_file_with_any_byte_changed_is_read_or_refused)
{
    dg_tensors *set = example(), *back;
    char *bytes;
    size_t size;
    cr_assert_eq(dg_safetensors_write(path, set).code, DG_OK);
    cr_assert_eq(dg_read_file(path, &bytes, &size).code, DG_OK);
    for (size_t at = 0; at < size; at++)
        for (int change = 1; change < 256; change *= 2) {
            bytes[at] = (char)(bytes[at] ^ change);
            FILE *file = fopen(path, "wb");
            cr_assert_eq(fwrite(bytes, 1, size, file), size);
            fclose(file);
            bytes[at] = (char)(bytes[at] ^ change);
            dg_status status = read_back(&back);
            cr_assert(status.code == DG_OK || status.code == DG_BAD_DATA || status.code == DG_BAD_DTYPE);
            dg_tensors_free(back);
        }
    free(bytes);
    dg_tensors_free(set);
}

#define ENTRY(name, type, shape, begin, end)                                                                           \
    "\"" name "\":{\"dtype\":\"" type "\",\"shape\":" shape ",\"data_offsets\":[" #begin "," #end "]}"

Test(safetensors, wrong_headers_are_named)
{
    const struct {
        const char *header;
        size_t bytes;
        dg_code code;
        const char *says;
    } cases[] = {
        {"{}", 0, DG_OK, ""},
        {"{}   \n", 0, DG_OK, ""},
        {"{" ENTRY("a", "F32", "[2]", 0, 8) "}", 8, DG_OK, ""},
        {"{" ENTRY("a", "F32", "[]", 0, 4) "}", 4, DG_OK, ""},
        {"", 0, DG_BAD_DATA, "not a JSON object"},
        {"[]", 0, DG_BAD_DATA, "not a JSON object"},
        {" {}", 0, DG_BAD_DATA, "not a JSON object"},
        {"{\"a\":", 0, DG_BAD_DATA, "not a JSON object"},
        {"{} x", 0, DG_BAD_DATA, "not a JSON object"},
        {"{}", 3, DG_BAD_DATA, "3 bytes follow the last tensor"},
        {"{\"a\":1}", 0, DG_BAD_DATA, "'a' is not an object"},
        {"{\"a\":{}}", 0, DG_BAD_DATA, "'a' has no dtype"},
        {"{\"a\":{\"dtype\":\"F32\"}}", 0, DG_BAD_DATA, "'a' has no shape"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, DG_BAD_DATA, "'a' has no valid data_offsets"},
        {"{" ENTRY("a", "F32", "[3]", 0, 8) "}", 8, DG_BAD_DATA, "'a' is [3] of F32, but has 8 bytes"},
        {"{" ENTRY("a", "F32", "[2]", 0, 9) "}", 9, DG_BAD_DATA, "'a' is [2] of F32, but has 9 bytes"},
        {"{" ENTRY("a", "F32", "[-2]", 0, 8) "}", 8, DG_BAD_DATA, "is not a size"},
        {"{" ENTRY("a", "F32", "[1.5]", 0, 6) "}", 6, DG_BAD_DATA, "is not a size"},
        {"{" ENTRY("a", "F32", "[\"2\"]", 0, 8) "}", 8, DG_BAD_DATA, "is not a size"},
        {"{" ENTRY("a", "F32", "[1e300]", 0, 8) "}", 8, DG_BAD_DATA, "is not a size"},
        {"{" ENTRY("a", "F32", "[1,1,1,1,1,1,1,1,1]", 0, 4) "}", 4, DG_BAD_DATA, "rank above 8"},
        {"{" ENTRY("a", "F32", "[4294967296,4294967296,4294967296]", 0, 8) "}", 8, DG_BAD_DATA, "but has 8 bytes"},
        {"{" ENTRY("a", "F32", "[4611686018427387905]", 0, 4) "}", 4, DG_BAD_DATA, "is not a size"},
        {"{" ENTRY("a", "F32", "[2]", 8, 0) "}", 8, DG_BAD_DATA, "no valid data_offsets"},
        {"{" ENTRY("a", "F32", "[2]", 0, 8) "}", 4, DG_BAD_DATA, "ends at byte 8 of the data, but there are only 4"},
        {"{" ENTRY("a", "F32", "[2]", 4, 12) "}", 12, DG_BAD_DATA, "begins at byte 4 of the data instead of 0"},
        {"{" ENTRY("a", "F32", "[1]", 0, 4) "," ENTRY("b", "F32", "[1]", 2, 6) "}", 6, DG_BAD_DATA, "begins at byte 2"},
        {"{" ENTRY("a", "F32", "[1]", 0, 4) "," ENTRY("b", "F32", "[1]", 0, 4) "}", 4, DG_BAD_DATA, "begins at byte 0"},
        {"{" ENTRY("a", "F32", "[1]", 0, 4) "," ENTRY("a", "F32", "[1]", 4, 8) "}", 8, DG_BAD_DATA, "two tensors 'a'"},
        {"{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4, DG_BAD_DATA,
         "'a' has 'dtype' twice"},
        {"{\"__metadata__\":{\"a\":1}}", 0, DG_BAD_DATA, "note 'a' is not text"},
        {"{\"__metadata__\":{\"a\":\"x\",\"a\":\"y\"}}", 0, DG_BAD_DATA, "two notes 'a'"},
        {"{\"__metadata__\":{},\"__metadata__\":{}}", 0, DG_BAD_DATA, "two entries '__metadata__'"},
        {"{\"__metadata__\":[]}", 0, DG_BAD_DATA, "'__metadata__' is not an object"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dg_status status = read_text(cases[i].header, cases[i].bytes);
        cr_assert_eq(status.code, cases[i].code, "%s: %s", cases[i].header, status.message);
        cr_assert(strstr(status.message, cases[i].says), "%s: %s", cases[i].header, status.message);
    }
}

Test(safetensors, a_header_length_beyond_the_file_is_refused)
{
    dg_tensors *set;
    cr_assert_eq(dg_write_file(path, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF{}", 10).code, DG_OK);
    cr_assert_eq(read_back(&set).code, DG_BAD_DATA);
    cr_assert_eq(dg_write_file(path, "\x03\0\0\0\0\0\0\0{}", 10).code, DG_OK);
    dg_status status = read_back(&set);
    cr_assert(strstr(status.message, "truncated: the header has 3 bytes, but only 2 follow"), "%s", status.message);
}

Test(safetensors, a_header_that_is_not_utf_8_is_refused)
{
    dg_status status = read_text("{\"t\xB3\":{\"dtype\":\"I8\",\"shape\":[3],\"data_offsets\":[0,3]}}", 3);
    cr_assert_eq(status.code, DG_BAD_DATA);
    cr_assert(strstr(status.message, "not UTF-8"), "%s", status.message);
}

Test(safetensors, small_types_are_widened)
{
    const char header[] = "{" ENTRY("h", "F16", "[6]", 0, 12) "," ENTRY("b", "BF16", "[1]", 12, 14) "," ENTRY(
        "u", "U8", "[1]", 14, 15) "," ENTRY("i", "I8", "[1]", 15, 16) "," ENTRY("s", "I16", "[1]", 16, 18) "}";
    const uint16_t halves[] = {0x3C00, 0xC000, 0x7BFF, 0x0001, 0xFC00, 0x7E00};
    const unsigned char rest[] = {0x80, 0xBF, 200, 200, 0xFE, 0xFF}; /* −1; 200; −56; −2 */
    unsigned char bytes[1024];
    uint64_t length = strlen(header);
    memcpy(bytes, &length, 8);
    memcpy(bytes + 8, header, length);
    memcpy(bytes + 8 + length, halves, 12);
    memcpy(bytes + 20 + length, rest, 6);
    cr_assert_eq(dg_write_file(path, bytes, 26 + length).code, DG_OK);
    dg_tensors *set;
    dg_status status = read_back(&set);
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
    const dg_tensor *h = dg_tensors_find(set, "h");
    cr_assert_eq(h->dtype, DG_FLOAT32);
    const double wanted[] = {1, -2, 65504, 0x1p-24, -INFINITY};
    for (int i = 0; i < 5; i++)
        cr_assert_eq(dg_tensor_get(h, i), wanted[i]);
    cr_assert(isnan(dg_tensor_get(h, 5)));
    cr_assert_eq(dg_tensor_get(dg_tensors_find(set, "b"), 0), -1);
    cr_assert_eq(dg_tensors_find(set, "u")->dtype, DG_INT32);
    cr_assert_eq(dg_tensor_get(dg_tensors_find(set, "u"), 0), 200);
    cr_assert_eq(dg_tensor_get(dg_tensors_find(set, "i"), 0), -56);
    cr_assert_eq(dg_tensor_get(dg_tensors_find(set, "s"), 0), -2);
    dg_tensors_free(set);
}

Test(safetensors, unsigned_types_are_widened_to_what_holds_them)
{
    const char header[] = "{" ENTRY("w", "U16", "[2]", 0, 4) "," ENTRY("d", "U32", "[2]", 4, 12) "}";
    const unsigned char data[] = {0xFF, 0xFF, 1, 0, 0xFF, 0xFF, 0xFF, 0xFF, 7, 0, 0, 0};
    unsigned char bytes[1024];
    uint64_t length = strlen(header);
    memcpy(bytes, &length, 8);
    memcpy(bytes + 8, header, length);
    memcpy(bytes + 8 + length, data, sizeof data);
    cr_assert_eq(dg_write_file(path, bytes, 8 + length + sizeof data).code, DG_OK);
    dg_tensors *set;
    dg_status status = read_back(&set);
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
    const dg_tensor *w = dg_tensors_find(set, "w"), *d = dg_tensors_find(set, "d");
    cr_assert_eq(w->dtype, DG_INT32);
    cr_assert_eq(dg_tensor_get(w, 0), 65535);
    cr_assert_eq(dg_tensor_get(w, 1), 1);
    cr_assert_eq(d->dtype, DG_INT64);
    cr_assert_eq(dg_tensor_get(d, 0), 4294967295);
    cr_assert_eq(dg_tensor_get(d, 1), 7);
    dg_tensors_free(set);
}

Test(safetensors, failures_of_the_system_name_the_path)
{
    dg_tensors *set;
    dg_status status = dg_safetensors_read("/nowhere/a.safetensors", &set);
    cr_assert_eq(status.code, DG_IO);
    cr_assert_str_eq(status.message, "/nowhere/a.safetensors: cannot read: No such file or directory");
    cr_assert_eq(dg_safetensors_read(folder, &set).code, DG_IO);
    set = example();
    status = dg_safetensors_write("/nowhere/a.safetensors", set);
    cr_assert_eq(status.code, DG_IO);
    cr_assert_str_eq(status.message, "/nowhere/a.safetensors: cannot write: No such file or directory");
    status = dg_safetensors_write(folder, set);
    cr_assert_eq(status.code, DG_IO);
    cr_assert_eq(dg_tensors_add(set, "__metadata__", DG_BOOL, dg_scalar(), NULL).code, DG_OK);
    cr_assert_eq(dg_safetensors_write(path, set).code, DG_BAD_ARGUMENT);
    cr_assert_neq(access(path, F_OK), 0);
    dg_tensors_free(set);
}

Test(safetensors, writing_replaces_what_a_link_leads_to_and_keeps_its_mode)
{
    char link[80];
    struct stat about;
    snprintf(link, sizeof link, "%s/link", folder);
    cr_assert_eq(dg_write_file(path, "old", 3).code, DG_OK);
    cr_assert_eq(chmod(path, 0640), 0);
    cr_assert_eq(symlink(path, link), 0);
    cr_assert_eq(dg_write_file(link, "newer", 5).code, DG_OK);
    char *bytes;
    size_t size;
    cr_assert_eq(dg_read_file(path, &bytes, &size).code, DG_OK);
    cr_assert_str_eq(bytes, "newer");
    cr_assert_eq(size, 5);
    free(bytes);
    cr_assert_eq(lstat(link, &about), 0);
    cr_assert(S_ISLNK(about.st_mode));
    cr_assert_eq(stat(path, &about), 0);
    cr_assert_eq(about.st_mode & 07777, 0640);
    unlink(link);
}

Test(safetensors, a_failed_write_leaves_the_old_file)
{
    dg_status status = dg_write_file("/dev/full", "x", 1);
    cr_assert_eq(status.code, DG_IO);
    cr_assert_str_eq(status.message, "/dev/full: cannot write: No space left on device");
    cr_assert_eq(dg_write_file("/dev/null", "x", 1).code, DG_OK);
    if (geteuid() == 0) /* who may write everywhere */
        return;
    cr_assert_eq(dg_write_file(path, "old", 3).code, DG_OK);
    cr_assert_eq(chmod(folder, 0500), 0);
    cr_assert_eq(dg_write_file(path, "new", 3).code, DG_IO);
    cr_assert_eq(chmod(folder, 0700), 0);
    char *bytes;
    size_t size;
    cr_assert_eq(dg_read_file(path, &bytes, &size).code, DG_OK);
    cr_assert_str_eq(bytes, "old");
    free(bytes);
}

Test(safetensors, writes_utf_8_or_nothing)
{
    dg_tensors *set;
    cr_assert_eq(dg_tensors_new(&set).code, DG_OK);
    cr_assert_eq(dg_tensors_set_note(set, "classes", "s\xEDm").code, DG_OK);
    dg_status status = dg_safetensors_write("/tmp/dotgrad-latin1.safetensors", set);
    cr_assert_eq(status.code, DG_BAD_DATA);
    cr_assert_not_null(strstr(status.message, "note 'classes' is not UTF-8"), "%s", status.message);
    dg_tensors_free(set);
}
