/* Whole files into memory, unpacked by zlib where they are packed: no more than the bounds allow, and nothing that may
 * never end. */
#include "set.h"

#include "core/base/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define FIRST_CAPACITY (1 << 16)
#define MAX_PIECE      (1 << 30)
#define MAX_BYTES      ((size_t)2 << 30)  /* where nobody has said another bound */
#define MAX_RATIO      100                /* of unpacked to packed bytes … */
#define FREE_BYTES     ((size_t)64 << 20) /* … beyond these */

/* An open file and how much of it may be read. */
typedef struct bytes_source {
    const char *path;
    int descriptor;
    size_t limit;
    bool is_memory_limit;
    size_t size;                        /* bytes of a regular file; 0: not known */
    bool is_packed, has_begun, is_over; /* has_begun: a member of the packed file, which has not ended */
    z_stream stream;                    /* its input is in `bytes` */
    unsigned char *bytes;               /* [FIRST_CAPACITY] */
    data_budget *budget;
} bytes_source;

static dg_status too_large(const bytes_source *source)
{
    if (source->is_memory_limit)
        return dg_error(DG_NO_MEMORY, "%s: there are more bytes than memory may be taken, the limit is %zu",
                        source->path, source->limit);
    return dg_error(DG_NO_MEMORY, "%s: there are more than %zu bytes%s: allow them with max_bytes=…", source->path,
                    source->limit, source->is_packed ? " in this compressed file" : "");
}

/* The next bytes of the file, behind those that are not used yet. */
static dg_status fill(bytes_source *source)
{
    z_stream *stream = &source->stream;
    memmove(source->bytes, stream->next_in, stream->avail_in);
    stream->next_in = source->bytes;
    long got = file_read_some(source->descriptor, source->bytes + stream->avail_in, FIRST_CAPACITY - stream->avail_in);
    if (got < 0)
        return dg_error(DG_IO, "%s: cannot read: %s", source->path, strerror(errno));
    stream->avail_in += (unsigned)got;
    source->is_over = got == 0;
    return dg_ok();
}

/* Unpacks some bytes; a file may have several packed members, and what follows the last is not looked at, as by gunzip.
 */
static dg_status unpack(bytes_source *source, char *to, size_t room, size_t *got)
{
    z_stream *stream = &source->stream;
    stream->next_out = (Bytef *)to;
    stream->avail_out = (unsigned)(room < MAX_PIECE ? room : MAX_PIECE);
    unsigned before = stream->avail_out;
    while (stream->avail_out == before) {
        while (stream->avail_in < 2 && !source->is_over)
            DG_TRY(fill(source));
        bool is_member = stream->avail_in >= 2 && stream->next_in[0] == 0x1F && stream->next_in[1] == 0x8B;
        if (!source->has_begun && !is_member)
            break;
        source->has_begun = true;
        int code = inflate(stream, Z_NO_FLUSH);
        if (code == Z_STREAM_END) {
            source->has_begun = false;
            inflateReset(stream);
        } else if (code == Z_BUF_ERROR) {
            return dg_error(DG_BAD_DATA, "%s: the compressed file is truncated", source->path);
        } else if (code != Z_OK) {
            return dg_error(DG_BAD_DATA, "%s: the compressed file is damaged (%s)", source->path,
                            stream->msg ? stream->msg : "its bytes make no sense");
        }
    }
    *got = before - stream->avail_out;
    return dg_ok();
}

static dg_status next_piece(bytes_source *source, char *to, size_t room, size_t *got)
{
    z_stream *stream = &source->stream;
    if (source->is_packed)
        return unpack(source, to, room, got);
    if (stream->avail_in > 0) { /* what was read to see whether it is packed */
        *got = stream->avail_in < room ? stream->avail_in : room;
        memcpy(to, stream->next_in, *got);
        stream->next_in += *got;
        stream->avail_in -= (unsigned)*got;
        return dg_ok();
    }
    long count = file_read_some(source->descriptor, to, room);
    *got = count > 0 ? (size_t)count : 0;
    return count < 0 ? dg_error(DG_IO, "%s: cannot read: %s", source->path, strerror(errno)) : dg_ok();
}

static dg_status grow(const bytes_source *source, char **text, size_t *capacity, size_t wanted)
{
    DG_TRY(budget_take(source->budget, source->path, wanted - *capacity));
    char *more = realloc(*text, wanted + 1);
    if (!more)
        return data_no_memory(source->path);
    *text = more;
    *capacity = wanted;
    return dg_ok();
}

static dg_status read_all(bytes_source *source, char **text, size_t *capacity, size_t *size)
{
    for (;;) {
        if (*size == *capacity)
            DG_TRY(grow(source, text, capacity, *capacity ? 2 * *capacity : FIRST_CAPACITY));
        size_t got = 0;
        DG_TRY(next_piece(source, *text + *size, *capacity - *size, &got));
        if (got == 0)
            return dg_ok();
        *size += got;
        if (*size > source->limit)
            return too_large(source);
    }
}

static dg_status open_source(bytes_source *source, int64_t max_bytes)
{
    struct stat about;
    DG_TRY(file_open(source->path, &source->descriptor));
    bool is_file = fstat(source->descriptor, &about) == 0 && S_ISREG(about.st_mode);
    source->size = is_file ? (size_t)about.st_size : 0;
    source->bytes = malloc(FIRST_CAPACITY);
    if (!source->bytes || inflateInit2(&source->stream, 16 + MAX_WBITS) != Z_OK)
        return data_no_memory(source->path);
    source->stream.next_in = source->bytes;
    while (source->stream.avail_in < 2 && !source->is_over)
        DG_TRY(fill(source));
    source->is_packed = source->stream.avail_in >= 2 && source->bytes[0] == 0x1F && source->bytes[1] == 0x8B;
    source->is_memory_limit = max_bytes <= 0 && source->budget->limit;
    source->limit = max_bytes > 0 ? (size_t)max_bytes : source->budget->limit ? source->budget->limit : MAX_BYTES;
    bool is_file_packed = source->is_packed && source->size;
    if (is_file_packed && max_bytes <= 0 && !source->budget->limit && source->size < MAX_BYTES / MAX_RATIO) {
        source->limit = MAX_RATIO * source->size;
        source->limit = source->limit < FREE_BYTES ? FREE_BYTES : source->limit;
    }
    return !source->is_packed && source->size > source->limit ? too_large(source) : dg_ok();
}

dg_status bytes_read(const char *path, int64_t max_bytes, data_budget *budget, char **bytes, size_t *size)
{
    char *text = NULL;
    size_t capacity = 0, length = 0;
    bytes_source source = {.path = path, .budget = budget, .descriptor = -1};
    *bytes = NULL;
    *size = 0;
    dg_status status = open_source(&source, max_bytes);
    if (status.code == DG_OK && source.size && source.size < source.limit) /* one piece where nothing is packed */
        status = grow(&source, &text, &capacity, source.size + 1);
    if (status.code == DG_OK)
        status = read_all(&source, &text, &capacity, &length);
    inflateEnd(&source.stream);
    free(source.bytes);
    if (source.descriptor >= 0)
        close(source.descriptor);
    budget_give(budget, capacity - (status.code == DG_OK ? length : 0));
    if (status.code != DG_OK) {
        free(text);
        return status;
    }
    text[length] = '\0';
    *bytes = text;
    *size = length;
    return dg_ok();
}
