/* A library to be loaded before all others, which makes the calls of a program fail on purpose.
 *
 *   SHIM_ALLOC=K    the K-th allocation that the program itself asks for fails; with SHIM_FROM=1, all from there on
 *   SHIM_COUNT=F    writes the number of those allocations to the file F at the end
 *   SHIM_SHORT=1    reads and writes move a few bytes, and every other one is interrupted (EINTR; of the program's own
 *                   alone: zlib gives up there)
 *   SHIM_FULL=N     after N bytes written to files the disk is full (ENOSPC)
 *   SHIM_CLOSED=1   the file system is read-only (EROFS): nothing is made, opened for writing, renamed or removed
 *
 * Allocations of other libraries (Graphviz, OpenBLAS) succeed: whether those survive is not for us to test. Children do
 * not inherit any of it, and at the program's exit all of it ends: a build that counts lines then writes its counters.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static atomic_long allocations, written;
static long fail_at, full_after = -1;
static bool fail_from, is_short, is_closed, is_ready, is_watching_end;
static char count_file[256];
static uintptr_t text_begin, text_end; /* of the program */

static int find_program(struct dl_phdr_info *info, size_t size, void *argument)
{
    (void)size;
    (void)argument;
    for (int k = 0; k < info->dlpi_phnum; k++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[k];
        if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_X))
            continue;
        text_begin = info->dlpi_addr + segment->p_vaddr;
        text_end = text_begin + segment->p_memsz;
    }
    return 1; /* the first object is the program */
}

static long take_number(const char *name, long otherwise)
{
    const char *text = getenv(name);
    long number = text ? atol(text) : otherwise;
    unsetenv(name);
    return number;
}

static void __attribute__((constructor)) begin(void)
{
    const char *file = getenv("SHIM_COUNT");
    snprintf(count_file, sizeof count_file, "%s", file ? file : "");
    fail_at = take_number("SHIM_ALLOC", 0);
    fail_from = take_number("SHIM_FROM", 0) != 0;
    is_short = take_number("SHIM_SHORT", 0) != 0;
    full_after = take_number("SHIM_FULL", -1);
    is_closed = take_number("SHIM_CLOSED", 0) != 0;
    unsetenv("SHIM_COUNT");
    unsetenv("LD_PRELOAD");
    dl_iterate_phdr(find_program, NULL);
    allocations = 0;
    is_ready = true;
}

static void __attribute__((destructor)) end(void)
{
    FILE *file = count_file[0] ? fopen(count_file, "w") : NULL;
    if (file) {
        fprintf(file, "%ld\n", (long)allocations);
        fclose(file);
    }
}

static void rest(void)
{
    is_ready = is_short = is_closed = false;
    full_after = -1;
}

/* Whether this allocation fails; `caller` is where it was asked for. */
static bool fails(const void *caller)
{
    uintptr_t at = (uintptr_t)caller;
    if (!is_ready || at < text_begin || at >= text_end)
        return false;
    if (!is_watching_end) { /* now, for what is registered before the program begins runs after its destructors */
        is_watching_end = true;
        atexit(rest);
    }
    long number = ++allocations;
    if (!fail_at || (fail_from ? number < fail_at : number != fail_at))
        return false;
    errno = ENOMEM;
    return true;
}

#define CALLER __builtin_return_address(0)

static bool is_programs(const void *caller)
{
    return (uintptr_t)caller >= text_begin && (uintptr_t)caller < text_end;
}

void *malloc(size_t size)
{
    return fails(CALLER) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails(CALLER) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return fails(CALLER) ? NULL : __libc_realloc(old, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return fails(CALLER) ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **made, size_t alignment, size_t size)
{
    *made = fails(CALLER) ? NULL : __libc_memalign(alignment, size);
    return *made ? 0 : ENOMEM;
}

char *strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = fails(CALLER) ? NULL : __libc_malloc(size);
    return copy ? memcpy(copy, text, size) : NULL;
}

char *strndup(const char *text, size_t most)
{
    size_t size = strnlen(text, most);
    char *copy = fails(CALLER) ? NULL : __libc_malloc(size + 1);
    if (copy) {
        memcpy(copy, text, size);
        copy[size] = '\0';
    }
    return copy;
}

int asprintf(char **text, const char *format, ...)
{
    va_list arguments;
    if (fails(CALLER))
        return -1;
    va_start(arguments, format);
    int length = vasprintf(text, format, arguments);
    va_end(arguments);
    return length;
}

FILE *open_memstream(char **text, size_t *size)
{
    FILE *(*real)(char **, size_t *) = (FILE * (*)(char **, size_t *)) dlsym(RTLD_NEXT, "open_memstream");
    return fails(CALLER) ? NULL : real(text, size);
}

/* ---- reading and writing ---- */

ssize_t write(int file, const void *bytes, size_t size)
{
    static ssize_t (*real)(int, const void *, size_t);
    static atomic_uint calls;
    if (!real)
        real = (ssize_t(*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
    if (is_short && ++calls % 2) {
        errno = EINTR;
        return -1;
    }
    if (full_after >= 0 && file > STDERR_FILENO) {
        long left = full_after - written;
        if (left <= 0) {
            errno = ENOSPC;
            return -1;
        }
        size = size < (size_t)left ? size : (size_t)left;
        written += (long)size;
    }
    return real(file, bytes, is_short && size > 700 ? 700 : size);
}

ssize_t read(int file, void *bytes, size_t size)
{
    static ssize_t (*real)(int, void *, size_t);
    static atomic_uint calls;
    if (!real)
        real = (ssize_t(*)(int, void *, size_t))dlsym(RTLD_NEXT, "read");
    if (is_short && is_programs(CALLER) && ++calls % 3 == 0) {
        errno = EINTR;
        return -1;
    }
    return real(file, bytes, is_short && size > 130 ? 130 : size);
}

/* ---- a file system that is read-only ---- */

static int refused(void)
{
    errno = EROFS;
    return -1;
}

int open(const char *path, int flags, ...)
{
    static int (*real)(const char *, int, ...);
    if (!real)
        real = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
    mode_t mode = 0;
    if (flags & O_CREAT) {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
    }
    if (is_closed && (flags & (O_WRONLY | O_RDWR | O_CREAT)) && strncmp(path, "/dev/", 5) != 0)
        return refused();
    return real(path, flags, mode);
}

FILE *fopen(const char *path, const char *mode)
{
    static FILE *(*real)(const char *, const char *);
    if (!real)
        real = (FILE * (*)(const char *, const char *)) dlsym(RTLD_NEXT, "fopen");
    if (is_closed && strpbrk(mode, "wa+")) {
        refused();
        return NULL;
    }
    return real(path, mode);
}

int mkdir(const char *path, mode_t mode)
{
    static int (*real)(const char *, mode_t);
    if (!real)
        real = (int (*)(const char *, mode_t))dlsym(RTLD_NEXT, "mkdir");
    struct stat there;
    if (is_closed && stat(path, &there) != 0)
        return refused();
    return real(path, mode);
}

int rename(const char *from, const char *to)
{
    static int (*real)(const char *, const char *);
    if (!real)
        real = (int (*)(const char *, const char *))dlsym(RTLD_NEXT, "rename");
    return is_closed ? refused() : real(from, to);
}

int unlink(const char *path)
{
    static int (*real)(const char *);
    if (!real)
        real = (int (*)(const char *))dlsym(RTLD_NEXT, "unlink");
    return is_closed ? refused() : real(path);
}
