/* What fuzz targets share. A target is LLVMFuzzerTestOneInput(); libFuzzer calls it with inputs that it makes up from
 * the corpus, replay.c with each file of the corpus once. A fault is an abort with a message, or what a sanitizer
 * finds. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <dotgrad/dotgrad.h>

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define CHECK(condition, ...)                                                                                          \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "\n%s:%d: %s: ", __FILE__, __LINE__, #condition);                                          \
            fprintf(stderr, __VA_ARGS__);                                                                              \
            fputc('\n', stderr);                                                                                       \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

/* A refusal has a message, on one line. */
#define CHECK_REFUSAL(status) CHECK((status).message[0], "a failure without a message")
#define MUST(call)                                                                                                     \
    do {                                                                                                               \
        dg_status must_ = (call);                                                                                      \
        CHECK(must_.code == DG_OK, "%s", must_.message);                                                               \
    } while (0)

/* A copy that ends in 0, so that a sanitizer sees a read beyond the end. */
static inline char *text_of(const uint8_t *bytes, size_t size)
{
    char *text = malloc(size + 1);
    CHECK(text, "no memory");
    if (size)
        memcpy(text, bytes, size);
    text[size] = '\0';
    return text;
}

/* Makes a folder of the process's own the working folder, in memory where there is such a place. */
static inline void enter_own_folder(void)
{
    static char folder[64];
    if (folder[0])
        return;
    strcpy(folder, access("/dev/shm", W_OK) ? "/tmp/dotgrad-fuzz-XXXXXX" : "/dev/shm/dotgrad-fuzz-XXXXXX");
    CHECK(mkdtemp(folder) && chdir(folder) == 0, "%s", folder);
}

static inline void write_bytes(const char *path, const void *bytes, size_t size)
{
    int file = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    CHECK(file >= 0 && write(file, bytes, size) == (ssize_t)size, "%s", path);
    close(file);
}

#endif
