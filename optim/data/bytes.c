/* Whole files into memory, through zlib, which hands on what is not packed: no more than the bounds allow, and nothing
 * that may never end. */
#include "set.h"

#include <errno.h>
#include <fcntl.h>
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
    gzFile file;
    size_t limit;
    bool is_memory_limit;
    size_t packed; /* bytes of a regular file; 0: not known */
    data_budget *budget;
} bytes_source;

static dg_status too_large(const bytes_source *source)
{
    if (source->is_memory_limit)
        return dg_error(DG_NO_MEMORY, "%s: there are more bytes than memory may be taken, the limit is %zu",
                        source->path, source->limit);
    return dg_error(DG_NO_MEMORY, "%s: there are more than %zu bytes%s: allow them with max_bytes=…", source->path,
                    source->limit, source->packed && gzdirect(source->file) == 0 ? " in this packed file" : "");
}

static dg_status bad_read(const bytes_source *source, int code, const char *why)
{
    if (code == Z_ERRNO)
        return dg_error(DG_IO, "%s: cannot read: %s", source->path, strerror(errno));
    if (code == Z_BUF_ERROR)
        return dg_error(DG_BAD_DATA, "%s: the packed file is cut short", source->path);
    return dg_error(DG_BAD_DATA, "%s: the packed file is damaged (%s)", source->path, why);
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

static dg_status read_all(const bytes_source *source, char **text, size_t *capacity, size_t *size)
{
    for (;;) {
        if (*size == *capacity)
            DG_TRY(grow(source, text, capacity, *capacity ? 2 * *capacity : FIRST_CAPACITY));
        size_t room = *capacity - *size;
        int got = gzread(source->file, *text + *size, (unsigned)(room < MAX_PIECE ? room : MAX_PIECE));
        int code = Z_OK;
        const char *why = gzerror(source->file, &code);
        if (got < 0 || code == Z_BUF_ERROR)
            return bad_read(source, code, why);
        if (got == 0)
            return dg_ok();
        *size += (size_t)got;
        if (*size > source->limit)
            return too_large(source);
    }
}

/* Devices and named pipes may never end, or never begin. A pipe that is open already is what a shell's <(…) gives. */
static dg_status check_kind(const char *path, const struct stat *about)
{
    bool is_open = !strcmp(path, "-") || !strncmp(path, "/dev/fd/", 8) || !strncmp(path, "/proc/self/fd/", 14) ||
                   !strcmp(path, "/dev/stdin");
    if (S_ISDIR(about->st_mode))
        return dg_error(DG_IO, "%s: this is a folder, not a file", path);
    if (S_ISREG(about->st_mode) || (is_open && !S_ISBLK(about->st_mode)))
        return dg_ok();
    return dg_error(DG_IO, "%s: this is a %s, not a file: send its content through standard input, -", path,
                    S_ISFIFO(about->st_mode)   ? "pipe"
                    : S_ISSOCK(about->st_mode) ? "socket"
                                               : "device");
}

static dg_status open_source(bytes_source *source, int64_t max_bytes, int descriptor)
{
    struct stat about;
    if (fstat(descriptor, &about))
        return dg_error(DG_IO, "%s: cannot read: %s", source->path, strerror(errno));
    DG_TRY(check_kind(source->path, &about));
    source->packed = S_ISREG(about.st_mode) ? (size_t)about.st_size : 0;
    source->file = gzdopen(descriptor, "rb");
    if (!source->file)
        return data_no_memory(source->path);
    gzbuffer(source->file, FIRST_CAPACITY);
    source->is_memory_limit = max_bytes <= 0 && source->budget->limit;
    bool is_packed = source->packed > 0 && !gzdirect(source->file);
    source->limit = max_bytes > 0 ? (size_t)max_bytes : source->budget->limit ? source->budget->limit : MAX_BYTES;
    if (is_packed && max_bytes <= 0 && !source->budget->limit && source->packed < MAX_BYTES / MAX_RATIO) {
        source->limit = MAX_RATIO * source->packed;
        source->limit = source->limit < FREE_BYTES ? FREE_BYTES : source->limit;
    }
    return !is_packed && source->packed > source->limit ? too_large(source) : dg_ok();
}

dg_status bytes_read(const char *path, int64_t max_bytes, data_budget *budget, char **bytes, size_t *size)
{
    char *text = NULL;
    size_t capacity = 0, length = 0;
    bytes_source source = {.path = path, .budget = budget};
    /* O_NONBLOCK: opening a pipe that nobody writes to does not wait. */
    int descriptor = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : dup(STDIN_FILENO);
    *bytes = NULL;
    *size = 0;
    if (descriptor < 0)
        return dg_error(DG_IO, "%s: cannot open: %s", path, strerror(errno));
    if (strcmp(path, "-"))
        fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK);
    dg_status status = open_source(&source, max_bytes, descriptor);
    if (status.code == DG_OK && source.packed && source.packed < source.limit) /* one piece where nothing is packed */
        status = grow(&source, &text, &capacity, source.packed + 1);
    if (status.code == DG_OK)
        status = read_all(&source, &text, &capacity, &length);
    if (source.file)
        gzclose(source.file);
    else
        close(descriptor);
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
