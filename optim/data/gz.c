/* Whole files into memory, through zlib, which hands on what is not packed. */
#include "data.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define FIRST_CAPACITY (1 << 16)
#define MAX_PIECE      (1 << 30)

static dg_status read_all(const char *path, gzFile file, char **bytes, size_t *size)
{
    size_t capacity = FIRST_CAPACITY;
    char *text = malloc(capacity + 1);
    *size = 0;
    for (;;) {
        if (!text)
            return data_no_memory(path);
        size_t room = capacity - *size;
        int got = gzread(file, text + *size, (unsigned)(room < MAX_PIECE ? room : MAX_PIECE));
        int code = Z_OK;
        const char *why = gzerror(file, &code);
        if (got < 0 || code == Z_BUF_ERROR) {
            dg_status status = code == Z_ERRNO ? dg_error(DG_IO, "%s: cannot read: %s", path, strerror(errno))
                               : code == Z_BUF_ERROR
                                   ? dg_error(DG_BAD_DATA, "%s: the packed file is cut short", path)
                                   : dg_error(DG_BAD_DATA, "%s: the packed file is damaged (%s)", path, why);
            free(text);
            return status;
        }
        if (got == 0)
            break;
        *size += (size_t)got;
        if (*size == capacity) {
            capacity *= 2;
            char *more = realloc(text, capacity + 1);
            if (!more)
                free(text);
            text = more;
        }
    }
    text[*size] = '\0';
    *bytes = text;
    return dg_ok();
}

dg_status gz_read(const char *path, char **bytes, size_t *size)
{
    struct stat about;
    int descriptor = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) : dup(STDIN_FILENO);
    if (descriptor < 0)
        return dg_error(DG_IO, "%s: cannot open: %s", path, strerror(errno));
    if (!fstat(descriptor, &about) && S_ISDIR(about.st_mode)) {
        close(descriptor);
        return dg_error(DG_IO, "%s: this is a folder, not a file", path);
    }
    gzFile file = gzdopen(descriptor, "rb");
    if (!file) {
        close(descriptor);
        return data_no_memory(path);
    }
    gzbuffer(file, FIRST_CAPACITY);
    dg_status status = read_all(path, file, bytes, size);
    gzclose(file);
    return status;
}
