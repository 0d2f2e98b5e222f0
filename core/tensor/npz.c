/* NumPy's .npz: a zip archive of .npy files, stored or deflated. The central directory at the end of the archive says
 * where each begins (PKWARE, APPNOTE.TXT, 4.3: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT). */
#include "formats.h"

#include <dotgrad/utf8.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
    END_SIZE = 22,
    END_COMMENT = 65535,
    ENTRY_SIZE = 46,
    LOCAL_SIZE = 30,
    END64_LOCATOR = 20,
    END64_SIZE = 56,
    LONGEST_NAME = 256
};

typedef struct archive {
    const unsigned char *bytes;
    size_t size, limit, unpacked; /* bytes unpacked so far */
} archive;

typedef struct member {
    char name[LONGEST_NAME]; /* without ".npy" */
    bool is_array, is_pickle;
    unsigned method;
    uint64_t packed, size, offset;
    uint32_t check; /* CRC-32 of the unpacked bytes */
} member;

static dg_status damaged(void)
{
    return dg_error(DG_BAD_DATA, "the archive is damaged or truncated");
}

/* Where the central directory begins, and how many entries it has. */
static dg_status find_directory(const archive *a, uint64_t *at, uint64_t *count)
{
    for (size_t back = END_SIZE; back <= a->size && back <= END_SIZE + END_COMMENT; back++) {
        const unsigned char *end = a->bytes + a->size - back;
        if (memcmp(end, "PK\5\6", 4) != 0)
            continue;
        *count = read_u16(end + 10);
        *at = read_u32(end + 16);
        if (*at == UINT32_MAX && back + END64_LOCATOR <= a->size && !memcmp(end - END64_LOCATOR, "PK\6\7", 4)) {
            uint64_t end64 = read_u64(end - END64_LOCATOR + 8);
            if (end64 > a->size || a->size - end64 < END64_SIZE || memcmp(a->bytes + end64, "PK\6\6", 4) != 0)
                return damaged();
            *count = read_u64(a->bytes + end64 + 32);
            *at = read_u64(a->bytes + end64 + 48);
        }
        return *at <= a->size ? dg_ok() : damaged();
    }
    return damaged();
}

/* The bytes of a member, once they are what was packed. */
static dg_status take_member(const char *bytes, const member *m, dg_tensors *set)
{
    if (crc32_z(0, (const unsigned char *)bytes, m->size) != m->check)
        return dg_error(DG_BAD_DATA, "array '%s' is damaged: its checksum does not match", m->name);
    return npy_take(bytes, m->size, m->name, set);
}

/* Sizes beyond 4 GiB are in an extra field. */
static void take_large(const unsigned char *extra, size_t length, member *m)
{
    for (size_t at = 0; at + 4 <= length;) {
        size_t field = read_u16(extra + at + 2), used = 4;
        uint64_t *const wanted[] = {&m->size, &m->packed, &m->offset};
        for (int k = 0; read_u16(extra + at) == 1 && k < 3; k++)
            if (*wanted[k] == UINT32_MAX && used + 8 <= field + 4 && at + used + 8 <= length) {
                *wanted[k] = read_u64(extra + at + used);
                used += 8;
            }
        at += 4 + field;
    }
}

static bool ends_in(const char *name, size_t length, const char *end)
{
    size_t size = strlen(end);
    return length >= size && !memcmp(name + length - size, end, size);
}

/* The entry at *at, which moves to the next one. */
static dg_status read_entry(const archive *a, uint64_t *at, member *m)
{
    if (*at > a->size || a->size - *at < ENTRY_SIZE || memcmp(a->bytes + *at, "PK\1\2", 4) != 0)
        return damaged();
    const unsigned char *entry = a->bytes + *at;
    size_t name = read_u16(entry + 28), extra = read_u16(entry + 30), comment = read_u16(entry + 32);
    size_t whole = ENTRY_SIZE + name + extra + comment;
    if (a->size - *at < whole)
        return damaged();
    const char *text = (const char *)entry + ENTRY_SIZE;
    m->is_array = ends_in(text, name, ".npy");
    m->is_pickle = ends_in(text, name, ".pkl");
    size_t kept = m->is_array ? name - 4 : name;
    if (kept >= LONGEST_NAME)
        return dg_error(DG_BAD_DATA, "the name of an array has %zu byte(s), at most %d are read", kept,
                        LONGEST_NAME - 1);
    if (m->is_array && !dg_utf8_check(text, kept, NULL))
        return dg_error(DG_BAD_DATA, "the name of an array is not UTF-8");
    memcpy(m->name, text, kept);
    m->name[kept] = '\0';
    m->method = read_u16(entry + 10);
    m->check = read_u32(entry + 16);
    m->packed = read_u32(entry + 20);
    m->size = read_u32(entry + 24);
    m->offset = read_u32(entry + 42);
    take_large(entry + ENTRY_SIZE + name, extra, m);
    *at += whole;
    return dg_ok();
}

static dg_status inflate_member(const unsigned char *packed, const member *m, char *bytes)
{
    z_stream stream = {.next_in = (z_const Bytef *)(uintptr_t)packed, .next_out = (Bytef *)bytes};
    uint64_t left_in = m->packed, left_out = m->size;
    int result = Z_OK;
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
        return dg_no_memory("decompression");
    while (result == Z_OK) { /* zlib counts in 32 bits */
        uInt in = left_in < (1U << 30) ? (uInt)left_in : 1U << 30,
             out = left_out < (1U << 30) ? (uInt)left_out : 1U << 30;
        stream.avail_in = in;
        stream.avail_out = out;
        result = inflate(&stream, Z_NO_FLUSH);
        left_in -= in - stream.avail_in;
        left_out -= out - stream.avail_out;
        if (in == stream.avail_in && out == stream.avail_out)
            break;
    }
    inflateEnd(&stream);
    return result == Z_STREAM_END && left_out == 0 ? dg_ok() : damaged();
}

static dg_status read_member(archive *a, const member *m, dg_tensors *set)
{
    if (m->offset > a->size || a->size - m->offset < LOCAL_SIZE || memcmp(a->bytes + m->offset, "PK\3\4", 4) != 0)
        return damaged();
    const unsigned char *local = a->bytes + m->offset;
    uint64_t begin = m->offset + LOCAL_SIZE + read_u16(local + 26) + read_u16(local + 28);
    if (begin > a->size || m->packed > a->size - begin || (m->method == 0 && m->size != m->packed))
        return damaged();
    if (m->method == 0)
        return take_member((const char *)a->bytes + begin, m, set);
    if (m->method != 8)
        return dg_error(DG_BAD_DATA, "array '%s' is compressed by a method that NumPy does not use", m->name);
    if (m->size > a->limit - a->unpacked)
        return dg_error(DG_NO_MEMORY,
                        "array '%s' has %llu byte(s) uncompressed, more than the %zu that are left of the limit",
                        m->name, (unsigned long long)m->size, a->limit - a->unpacked);
    a->unpacked += m->size;
    char *bytes = malloc((size_t)m->size + 1);
    dg_status status = bytes ? inflate_member(a->bytes + begin, m, bytes) : dg_no_memory("array '%s'", m->name);
    if (status.code == DG_OK)
        status = take_member(bytes, m, set);
    free(bytes);
    return status;
}

static dg_status read_members(archive *a, dg_tensors *set)
{
    uint64_t at = 0, count = 0;
    size_t arrays = 0;
    bool is_pickle = false;
    DG_TRY(find_directory(a, &at, &count));
    for (uint64_t k = 0; k < count; k++) {
        member m = {0};
        DG_TRY(read_entry(a, &at, &m));
        is_pickle = is_pickle || m.is_pickle;
        arrays += m.is_array;
        if (m.is_array)
            DG_TRY(read_member(a, &m, set));
    }
    if (arrays)
        return dg_ok();
    return is_pickle
               ? dg_error(DG_BAD_DATA, "this is PyTorch's own format, which holds a program (pickle). Convert it: "
                                       "python3 -c \"import sys, torch; from safetensors.torch import save_file; "
                                       "save_file(torch.load(sys.argv[1], map_location='cpu', weights_only=True), "
                                       "sys.argv[2])\" model.pt model.safetensors")
               : dg_error(DG_BAD_DATA, "there is no array in this archive");
}

dg_status npz_parse(const char *bytes, size_t size, size_t limit, dg_tensors **set)
{
    archive a = {.bytes = (const unsigned char *)bytes, .size = size, .limit = limit};
    DG_TRY(dg_tensors_new(set));
    dg_status status = read_members(&a, *set);
    if (status.code != DG_OK) {
        dg_tensors_free(*set);
        *set = NULL;
    }
    return status;
}
