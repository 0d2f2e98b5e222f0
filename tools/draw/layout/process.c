/* The helper as a process: found, started by posix_spawn, read with a time limit, and always reaped. */
#include "layout.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { DEFAULT_SECONDS = 60, MEGABYTES = 4096 };
#define MOST_ANSWER ((size_t)1 << 30)

/* ---- where it is ---- */

static bool try_path(char *path, size_t size, const char *folder, size_t length, const char *rest)
{
    int written = snprintf(path, size, "%.*s%s", (int)length, folder, rest);
    return written > 0 && (size_t)written < size && access(path, X_OK) == 0;
}

/* Beside the program or library that this code is in, where an installation of it would put it, or where this
 * installation did. */
static const char *find_helper(const layout_options *options, char *path, size_t size)
{
    static const char *const places[] = {"/dotgrad-layout", "/../libexec/dotgrad/dotgrad-layout",
                                         "/../../libexec/dotgrad/dotgrad-layout", "/../tools/dotgrad-layout"};
    const char *given = options->helper ? options->helper : secure_getenv("DOTGRAD_LAYOUT");
    char program[4096];
    Dl_info info;
    if (given)
        return given;
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    for (int turn = 0; turn < 2; turn++) {
        const char *from = program;
        if (turn == 0 && !(dladdr((const void *)(uintptr_t)&layout_ask, &info) && (from = info.dli_fname)))
            continue;
        if (turn == 1 && length <= 0)
            continue;
        if (turn == 1)
            program[length] = '\0';
        const char *slash = strrchr(from, '/');
        for (size_t k = 0; slash && k < sizeof places / sizeof *places; k++)
            if (try_path(path, size, from, (size_t)(slash - from), places[k]))
                return path;
    }
    return DOTGRAD_LIBEXEC "/dotgrad-layout";
}

/* ---- running it ---- */

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Reads until the end of the pipe: 1; 0: too late or too much; −1: no memory. */
static int receive(int from, double deadline, text *answer)
{
    char block[1 << 16];
    for (;;) {
        double left = deadline - seconds_now();
        struct pollfd ready = {from, POLLIN, 0};
        int got = left > 0 ? poll(&ready, 1, (int)(left * 1000) + 1) : 0;
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0 || answer->used > MOST_ANSWER)
            return 0;
        ssize_t count = read(from, block, sizeof block);
        if (count < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (count <= 0)
            return 1;
        text_bytes(answer, block, (size_t)count);
        if (answer->failed)
            return -1;
    }
}

static int spawn(const char *path, double seconds, int request, int answer, pid_t *child)
{
    char limit[32], memory[32], name[] = "dotgrad-layout";
    char *argv[] = {name, limit, memory, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, defaults;
    snprintf(limit, sizeof limit, "%d", (int)seconds + 1);
    snprintf(memory, sizeof memory, "%d", MEGABYTES);
    int error = posix_spawn_file_actions_init(&actions);
    if (error)
        return error;
    if ((error = posix_spawnattr_init(&attributes)) != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return error;
    }
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    sigaddset(&defaults, SIGTERM);
    sigaddset(&defaults, SIGINT);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawn_file_actions_adddup2(&actions, request, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, answer, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    error = posix_spawn(child, path, &actions, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

static dg_status judge(const layout_options *options, int received, int status, const text *answer, double seconds)
{
    static const char end[] = "\nend\n";
    size_t n = strlen(end);
    if (received < 0)
        return dg_no_memory("a picture of %s", options->who);
    if (received == 0 || (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU))
        return dg_error(DG_BAD_DATA, "%s: the layout did not finish in %d second(s); fold the picture or close modules",
                        options->who, (int)seconds);
    if (answer->used >= n && strcmp(answer->bytes + answer->used - n, end) == 0)
        return dg_ok();
    if (WIFSIGNALED(status))
        return dg_error(DG_BAD_DATA, "%s: the layout program crashed (signal %d)", options->who, WTERMSIG(status));
    return dg_error(DG_BAD_DATA, "%s: the layout program failed (exit status %d)", options->who,
                    WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

/* The request as an open file, at its beginning. */
static int open_request(const char *request, size_t size)
{
    int file = memfd_create("dotgrad-layout", MFD_CLOEXEC);
    for (size_t done = 0; file >= 0 && done < size;) {
        ssize_t count = write(file, request + done, size - done);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0) {
            close(file);
            return -1;
        }
        done += (size_t)count;
    }
    if (file >= 0)
        lseek(file, 0, SEEK_SET);
    return file;
}

dg_status layout_ask(const char *request, size_t size, const layout_options *options, char **bytes)
{
    double seconds = options->seconds > 0 ? options->seconds : DEFAULT_SECONDS;
    char path[4096];
    const char *program = find_helper(options, path, sizeof path);
    int ends[2] = {-1, -1}, status = 0, file = open_request(request, size);
    text answer = {0};
    pid_t child;
    *bytes = NULL;
    if (file < 0 || pipe2(ends, O_CLOEXEC) != 0) {
        dg_status failed = dg_error(DG_IO, "%s: cannot write to the layout program: %s", options->who, strerror(errno));
        if (file >= 0)
            close(file);
        return failed;
    }
    int error = spawn(program, seconds, file, ends[1], &child);
    close(file);
    close(ends[1]);
    if (error) {
        close(ends[0]);
        return dg_error(DG_IO, "%s: cannot start the layout program %s: %s (DOTGRAD_LAYOUT names another)",
                        options->who, program, strerror(error));
    }
    int received = receive(ends[0], seconds_now() + seconds, &answer);
    close(ends[0]);
    if (received <= 0)
        kill(child, SIGKILL);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    dg_status result = judge(options, received, status, &answer, seconds);
    if (result.code == DG_OK)
        *bytes = answer.bytes;
    else
        text_free(&answer);
    return result;
}
