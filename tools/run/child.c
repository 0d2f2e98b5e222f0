/* Children with a limit on their time. */
#include "child.h"
#include "stop.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static const int asking[] = {SIGINT, SIGTERM, SIGHUP};
enum { N_ASKING = sizeof asking / sizeof *asking, LONGEST_NAP = 20000000 /* ns */ };

static volatile sig_atomic_t asked; /* the signal that came while a child ran */

static void take_signal(int number)
{
    asked = number;
}

/* A signal that is ignored stays so: nohup. */
static void watch_signals(struct sigaction before[N_ASKING])
{
    const struct sigaction action = {.sa_handler = take_signal};
    asked = 0;
    for (int k = 0; k < N_ASKING; k++)
        if (sigaction(asking[k], NULL, &before[k]) == 0 && before[k].sa_handler != SIG_IGN)
            sigaction(asking[k], &action, NULL);
}

static void leave_signals(const struct sigaction before[N_ASKING])
{
    for (int k = 0; k < N_ASKING; k++)
        sigaction(asking[k], &before[k], NULL);
    if (asked)
        raise(asked);
}

static int set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, usual;
    sigemptyset(&none);
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    int error = posix_spawnattr_setsigmask(attributes, &none);
    error = error ? error : posix_spawnattr_setsigdefault(attributes, &usual);
    error = error ? error : posix_spawnattr_setpgroup(attributes, 0);
    return error ? error
                 : posix_spawnattr_setflags(attributes,
                                            POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
}

static int set_files(posix_spawn_file_actions_t *actions, const char *folder)
{
    int error = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", 0, 0);
    error = error ? error : posix_spawn_file_actions_addopen(actions, STDOUT_FILENO, "/dev/null", 1, 0);
    error = error ? error : posix_spawn_file_actions_addopen(actions, STDERR_FILENO, "/dev/null", 1, 0);
    return error ? error : posix_spawn_file_actions_addchdir_np(actions, folder);
}

static int start(const char *const *arguments, const char *folder, pid_t *child)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error = posix_spawn_file_actions_init(&actions);
    if (error)
        return error;
    error = posix_spawnattr_init(&attributes);
    if (!error) {
        error = set_attributes(&attributes);
        error = error ? error : set_files(&actions, folder);
        if (!error)
            error =
                posix_spawnp(child, arguments[0], &actions, &attributes, (char *const *)(uintptr_t)arguments, environ);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

/* The child's state, once it has ended by itself; false when it was made to. */
static bool wait_for(pid_t child, double seconds, int *state)
{
    double end = seconds_now() + seconds;
    struct timespec nap = {0, 500000};
    for (;;) {
        pid_t ended = waitpid(child, state, WNOHANG);
        if (ended == child)
            return true;
        if ((ended < 0 && errno != EINTR) || asked || seconds_now() > end)
            break;
        nanosleep(&nap, NULL);
        nap.tv_nsec = nap.tv_nsec * 2 < LONGEST_NAP ? nap.tv_nsec * 2 : LONGEST_NAP;
    }
    kill(-child, SIGKILL);
    while (waitpid(child, state, 0) < 0 && errno == EINTR)
        continue;
    return false;
}

dg_status child_run(const char *const *arguments, const char *folder, double seconds)
{
    struct sigaction before[N_ASKING];
    pid_t child = 0;
    int state = 0;
    watch_signals(before);
    int error = start(arguments, folder, &child);
    bool ended = !error && wait_for(child, seconds, &state);
    bool was_asked = asked != 0;
    leave_signals(before);
    if (error)
        return dg_error(error == ENOMEM ? DG_NO_MEMORY : DG_IO, "cannot run %s: %s", arguments[0], strerror(error));
    if (was_asked)
        return dg_error(DG_IO, "%s was stopped", arguments[0]);
    if (!ended)
        return dg_error(DG_IO, "%s did not end in %g seconds", arguments[0], seconds);
    if (WIFSIGNALED(state))
        return dg_error(DG_IO, "%s died: %s", arguments[0], strsignal(WTERMSIG(state)));
    return WEXITSTATUS(state) ? dg_error(DG_IO, "%s failed (exit status %d)", arguments[0], WEXITSTATUS(state))
                              : dg_ok();
}
