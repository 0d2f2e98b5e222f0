/* Reading and writing whole files. */
#include "file.h"
#include "core/base/null.h"

#include <dotgrad/file.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_standard(const char *path)
{
    return strcmp(path, "-") == 0;
}

const char *file_name_for_reading(const char *path)
{
    return is_standard(path) ? "standard input" : path;
}

const char *file_name_for_writing(const char *path)
{
    return is_standard(path) ? "standard output" : path;
}

static dg_status system_error(const char *name, const char *what, int number)
{
    char text[128];
    return dg_error(number == ENOMEM ? DG_NO_MEMORY : DG_IO, "%s: %s: %s", name, what,
                    strerror_r(number, text, sizeof text));
}

static dg_status write_parts(int file, const char *name, const file_part *parts, size_t n_parts)
{
    enum { PIECE = 1 << 30 }; /* one write() takes at most 2 GiB */
    for (size_t p = 0; p < n_parts; p++) {
        const char *at = parts[p].bytes;
        for (size_t left = parts[p].size; left > 0;) {
            ssize_t written = write(file, at, left < PIECE ? left : PIECE);
            if (written < 0 && errno == EINTR)
                continue;
            if (written < 0)
                return system_error(name, "cannot write", errno);
            at += written;
            left -= (size_t)written;
        }
    }
    return dg_ok();
}

/* The folder remembers a new name only once it has been synchronised itself. Some file systems cannot (EINVAL). */
static dg_status sync_folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
    if (!folder)
        return dg_no_memory("the name of the folder of %s", path);
    dg_status status = dg_ok();
    int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file >= 0 && fsync(file) != 0 && errno != EINVAL && errno != EROFS)
        status = system_error(folder, "cannot synchronise the folder", errno);
    if (file >= 0)
        close(file);
    free(folder);
    return status;
}

/* Opens a new file beside `path` and gives its name, to be freed. */
static dg_status open_temporary(const char *path, char **name, int *file)
{
    enum { ATTEMPTS = 1000 };
    int error = EEXIST;
    for (int attempt = 0; attempt < ATTEMPTS && error == EEXIST; attempt++) {
        if (asprintf(name, "%s.%ld-%d.tmp", path, (long)getpid(), attempt) < 0) {
            *name = NULL;
            return dg_no_memory("a temporary name for %s", path);
        }
        *file = open(*name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (*file >= 0)
            return dg_ok();
        error = errno;
        free(*name);
        *name = NULL;
    }
    return system_error(path, "cannot write", error);
}

static dg_status replace_file(const char *path, const struct stat *old, const file_part *parts, size_t n_parts)
{
    char *temporary = NULL;
    int file = -1;
    dg_status status = open_temporary(path, &temporary, &file);
    if (status.code != DG_OK)
        return status;
    status = write_parts(file, path, parts, n_parts);
    if (status.code != DG_OK)
        goto fail;
    if ((old && fchmod(file, old->st_mode & 07777) != 0) || fsync(file) != 0) {
        status = system_error(path, "cannot write", errno);
        goto fail;
    }
    int closed = close(file);
    file = -1;
    if (closed != 0 || rename(temporary, path) != 0) {
        status = system_error(path, "cannot write", errno);
        goto fail;
    }
    free(temporary);
    return sync_folder_of(path);
fail:
    if (file >= 0)
        close(file);
    unlink(temporary);
    free(temporary);
    return status;
}

static dg_status write_through(const char *path, const file_part *parts, size_t n_parts)
{
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0)
        return system_error(path, "cannot write", errno);
    dg_status status = write_parts(file, path, parts, n_parts);
    if (close(file) != 0 && status.code == DG_OK)
        status = system_error(path, "cannot write", errno);
    return status;
}

dg_status file_write_parts(const char *path, const file_part *parts, size_t n_parts)
{
    if (is_standard(path))
        return write_parts(STDOUT_FILENO, file_name_for_writing(path), parts, n_parts);
    struct stat old;
    if (!*path)
        return dg_error(DG_BAD_ARGUMENT, "the path to write to is empty");
    if (stat(path, &old) != 0)
        return replace_file(path, NULL, parts, n_parts);
    if (S_ISDIR(old.st_mode))
        return system_error(path, "cannot write", EISDIR);
    if (!S_ISREG(old.st_mode)) /* a pipe or device has no whole to keep */
        return write_through(path, parts, n_parts);
    char *target = realpath(path, NULL); /* what a link leads to is replaced, not the link */
    if (!target)
        return system_error(path, "cannot write", errno);
    dg_status status = replace_file(target, &old, parts, n_parts);
    free(target);
    return status;
}

dg_status dg_write_file(const char *path, const void *bytes, size_t size)
{
    REFUSE_NULL(path);
    return file_write_parts(path, &(file_part){bytes, size}, 1);
}

static dg_status check_kind(const char *path, int file)
{
    struct stat about;
    bool is_open = is_standard(path) || !strncmp(path, "/dev/fd/", 8) || !strncmp(path, "/proc/self/fd/", 14) ||
                   !strcmp(path, "/dev/stdin");
    if (fstat(file, &about) != 0)
        return system_error(file_name_for_reading(path), "cannot read", errno);
    if (S_ISDIR(about.st_mode))
        return dg_error(DG_IO, "%s: cannot read: this is a folder", path);
    if (S_ISREG(about.st_mode) || (is_open && !S_ISBLK(about.st_mode)))
        return dg_ok();
    return dg_error(DG_IO, "%s: this is a %s, not a file: send its content through standard input, -", path,
                    S_ISFIFO(about.st_mode)   ? "pipe"
                    : S_ISSOCK(about.st_mode) ? "socket"
                                              : "device");
}

dg_status file_open(const char *path, int *descriptor)
{
    /* O_NONBLOCK: opening a pipe that nobody writes to does not wait. */
    int file = is_standard(path) ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    *descriptor = -1;
    if (file < 0)
        return system_error(file_name_for_reading(path), "cannot read", errno);
    dg_status status = check_kind(path, file);
    if (status.code == DG_OK && !is_standard(path))
        fcntl(file, F_SETFL, fcntl(file, F_GETFL) & ~O_NONBLOCK);
    if (status.code == DG_OK)
        *descriptor = file;
    else
        close(file);
    return status;
}

long file_read_some(int descriptor, void *bytes, size_t size)
{
    for (;;) {
        ssize_t got = read(descriptor, bytes, size < (1 << 30) ? size : 1 << 30);
        if (got >= 0 || errno != EINTR)
            return (long)got;
    }
}

/* Reads to the end; `expected` only saves growing. */
static dg_status read_all(int file, const char *name, size_t expected, size_t most, char **bytes, size_t *size)
{
    size_t capacity = expected < SIZE_MAX / 4 ? expected + 2 : 4096, used = 0;
    char *buffer = malloc(capacity);
    for (;;) {
        if (buffer && used + 1 == capacity) {
            char *grown = capacity < SIZE_MAX / 2 ? realloc(buffer, capacity * 2) : NULL;
            if (!grown)
                free(buffer);
            buffer = grown;
            capacity *= 2;
        }
        if (!buffer)
            return dg_no_memory("the bytes of %s", name);
        size_t room = capacity - used - 1;
        long got = file_read_some(file, buffer + used, room);
        if (got < 0) {
            int error = errno;
            free(buffer);
            return system_error(name, "cannot read", error);
        }
        if (got == 0)
            break;
        used += (size_t)got;
        if (used > most) {
            free(buffer);
            return dg_error(DG_BAD_DATA, "%s: it has more than %zu bytes, which are the most that are read", name,
                            most);
        }
    }
    buffer[used] = '\0';
    *bytes = buffer;
    *size = used;
    return dg_ok();
}

dg_status dg_read_file_up_to(const char *path, size_t most, char **bytes, size_t *size)
{
    REFUSE_NULL(path);
    REFUSE_NULL(bytes);
    REFUSE_NULL(size);
    const char *name = file_name_for_reading(path);
    *bytes = NULL;
    *size = 0;
    int file;
    DG_TRY(file_open(path, &file));
    struct stat about;
    size_t expected = fstat(file, &about) == 0 && about.st_size > 0 ? (size_t)about.st_size : 4096;
    dg_status status = read_all(file, name, expected < most ? expected : most, most, bytes, size);
    close(file);
    return status;
}

dg_status dg_read_file(const char *path, char **bytes, size_t *size)
{
    return dg_read_file_up_to(path, SIZE_MAX, bytes, size);
}
