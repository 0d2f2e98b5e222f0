/* Runs the command (the executable that DOTGRAD names) in a folder of the test's own. */
#ifndef TESTS_TOOLS_COMMAND_H
#define TESTS_TOOLS_COMMAND_H

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64];

static inline void make_folder(void)
{
    strcpy(folder, "/tmp/dotgrad-test-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    cr_assert_eq(chdir(folder), 0);
}

static inline void remove_folder(void)
{
    char line[128];
    snprintf(line, sizeof line, "rm -r '%s'", folder);
    cr_assert_eq(chdir("/"), 0);
    cr_assert_eq(system(line), 0);
}

/* A limit on memory for a shell command, in KiB. AddressSanitizer reserves terabytes of addresses: there is none then.
 */
#ifdef SANITIZED
#define LIMIT_MEMORY(kib) ""
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LIMIT_MEMORY(kib) ""
#endif
#endif
#ifndef LIMIT_MEMORY
#define LIMIT_MEMORY(kib) "ulimit -v " #kib "; "
#endif

/* What a call of the command said; texts are cut where they are longer. */
typedef struct outcome {
    int status;
    char out[16384], err[8192];
} outcome;

static inline void read_text(const char *path, char *text, size_t size)
{
    FILE *file = fopen(path, "rb");
    size_t length = file ? fread(text, 1, size - 1, file) : 0;
    text[length] = '\0';
    if (file)
        fclose(file);
}

/* `format` is what follows "dotgrad" in a shell's line. */
static inline outcome __attribute__((format(printf, 1, 2))) dotgrad(const char *format, ...)
{
    static char arguments[4096], line[8192];
    const char *program = getenv("DOTGRAD");
    outcome run;
    va_list list;
    va_start(list, format);
    vsnprintf(arguments, sizeof arguments, format, list);
    va_end(list);
    cr_assert_not_null(program, "DOTGRAD is not set");
    snprintf(line, sizeof line, "'%s' %s >.out 2>.err", program, arguments);
    int result = system(line);
    run.status = WIFEXITED(result) ? WEXITSTATUS(result) : -1;
    read_text(".out", run.out, sizeof run.out);
    read_text(".err", run.err, sizeof run.err);
    return run;
}

/* Fails the test when the command did. */
static inline void expect_fine(outcome run)
{
    cr_assert_eq(run.status, 0, "exit status %d: %s", run.status, run.err);
}

static inline void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file, "%s", path);
    cr_assert_eq(fwrite(text, 1, strlen(text), file), strlen(text));
    fclose(file);
}

static inline bool same_bytes(const char *a, const char *b)
{
    char line[4096];
    snprintf(line, sizeof line, "cmp -s '%s' '%s'", a, b);
    return system(line) == 0;
}

/* The number that follows `label` in a text. */
static inline double number_after(const char *text, const char *label)
{
    const char *at = strstr(text, label);
    cr_assert_not_null(at, "'%s' is not in: %s", label, text);
    return strtod(at + strlen(label), NULL);
}

#endif
