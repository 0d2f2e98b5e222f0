/* Sets of tensors in any format that is known, told by the first bytes. */
#include "core/base/file.h"
#include "core/base/null.h"
#include "formats.h"

#include <dotgrad/file.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNREAD      "unread."
#define LONGEST_KEY 300
#define MAX_RATIO   100                /* of unpacked to packed bytes … */
#define FREE_BYTES  ((size_t)64 << 20) /* … beyond these, where the caller names no limit */

uint16_t read_u16(const unsigned char *at)
{
    return (uint16_t)(at[0] | at[1] << 8);
}

uint32_t read_u32(const unsigned char *at)
{
    return (uint32_t)read_u16(at) | (uint32_t)read_u16(at + 2) << 16;
}

uint64_t read_u64(const unsigned char *at)
{
    return (uint64_t)read_u32(at) | (uint64_t)read_u32(at + 4) << 32;
}

dg_status tensors_note_unread(dg_tensors *set, const char *name, const char *type)
{
    char key[LONGEST_KEY];
    int length = snprintf(key, sizeof key, UNREAD "%s", name);
    return length > 0 && length < LONGEST_KEY ? dg_tensors_set_note(set, key, type) : dg_ok();
}

const char *dg_tensors_unread(const dg_tensors *set, const char *name)
{
    char key[LONGEST_KEY];
    int length = snprintf(key, sizeof key, UNREAD "%s", name);
    return length > 0 && length < LONGEST_KEY ? dg_tensors_note(set, key) : NULL;
}

static bool begins(const char *bytes, size_t size, const char *magic, size_t length)
{
    return size >= length && !memcmp(bytes, magic, length);
}

/* A pickle begins with its protocol, and the first instruction is one of few. */
static bool is_pickle(const unsigned char *bytes, size_t size)
{
    return size > 2 && bytes[0] == 0x80 && bytes[1] >= 2 && bytes[1] <= 5 && strchr("}(]cK\x8a\x95", bytes[2]) &&
           bytes[2];
}

dg_status dg_tensors_parse(const void *bytes, size_t size, size_t limit, dg_tensors **set)
{
    const char *text = bytes;
    size_t usual = size < SIZE_MAX / MAX_RATIO ? MAX_RATIO * size : SIZE_MAX;
    REFUSE_NULL(set);
    *set = NULL;
    if (size == 0)
        return dg_error(DG_BAD_DATA, "the file is empty");
    REFUSE_NULL(bytes);
    if (begins(text, size, "PK\3\4", 4) || begins(text, size, "PK\5\6", 4))
        return npz_parse(text, size, limit ? limit : usual > FREE_BYTES ? usual : FREE_BYTES, set);
    if (begins(text, size, "\x93NUMPY", 6))
        return npy_parse(text, size, set);
    if (is_pickle(bytes, size))
        return dg_error(DG_BAD_DATA, "this is a pickle, which holds a program. Convert it where it can be trusted: in "
                                     "Python, safetensors.numpy.save_file(arrays_by_name, 'model.safetensors')");
    if (begins(text, size, "\x89HDF\r\n", 6))
        return dg_error(DG_BAD_DATA, "this is HDF5, as Keras writes it. Convert it: in Python, "
                                     "safetensors.numpy.save_file({v.name: v.numpy() for v in model.variables}, "
                                     "'model.safetensors')");
    return safetensors_parse(text, size, set);
}

dg_status dg_tensors_read(const char *path, dg_tensors **set)
{
    char *bytes;
    size_t size;
    REFUSE_NULL(set);
    *set = NULL;
    DG_TRY(dg_read_file(path, &bytes, &size));
    dg_status status = dg_tensors_parse(bytes, size, 0, set);
    free(bytes);
    return dg_prefixed(status, "%s", file_name_for_reading(path));
}
