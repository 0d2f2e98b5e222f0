/* Training runs as processes, so many at a time, which end when this one does. */
#include "study.h"

#include "tools/run/claim.h"
#include "tools/run/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SHORTEST_NAP = 500000, LONGEST_NAP = 20000000 /* ns */, MOST_MESSAGE = 400 };
#define PATIENCE 10.0 /* seconds that a run has to save what it has when it is asked to end */

typedef struct child {
    pid_t process; /* 0: none */
    int64_t run;
    double begin;
    char *log;
    bool is_late;
} child;

struct pool {
    int jobs;
    double limit;
    pool_ended *ended;
    void *argument;
    child *children;
};

dg_status pool_new(int jobs, double limit, pool_ended *ended, void *argument, pool **made)
{
    pool *p = calloc(1, sizeof *p);
    *made = NULL;
    if (p)
        p->children = calloc((size_t)jobs, sizeof *p->children);
    if (!p || !p->children) {
        free(p);
        return dg_no_memory("the study");
    }
    p->jobs = jobs;
    p->limit = limit;
    p->ended = ended;
    p->argument = argument;
    *made = p;
    return dg_ok();
}

/* The last line that the run has said, without "dotgrad: ". */
static void last_line(const char *log, char text[MOST_MESSAGE])
{
    char line[MOST_MESSAGE];
    FILE *file = fopen(log, "re");
    text[0] = '\0';
    while (file && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\r\n")] = '\0';
        if (*line)
            memcpy(text, line, sizeof line);
    }
    if (file)
        fclose(file);
    if (strncmp(text, "dotgrad: ", 9) == 0)
        memmove(text, text + 9, strlen(text + 9) + 1);
}

static dg_status take_end(pool *p, child *c, int state)
{
    char message[MOST_MESSAGE];
    int status = WIFEXITED(state) ? WEXITSTATUS(state) : -1;
    pool_end how = status == 0 ? POOL_FINE : c->is_late ? POOL_TIMEOUT : status == EXIT_BUSY ? POOL_BUSY : POOL_FAILED;
    last_line(c->log, message);
    if (how == POOL_FAILED && WIFSIGNALED(state))
        snprintf(message, sizeof message, "the process died: %s", strsignal(WTERMSIG(state)));
    free(c->log);
    child ended = *c;
    *c = (child){0};
    return p->ended(p->argument, ended.run, how, message, seconds_now() - ended.begin);
}

/* Takes what has ended; *free_slot is a place for another child, or NULL. */
static dg_status look(pool *p, child **free_slot, bool *any)
{
    *free_slot = NULL;
    *any = false;
    for (int k = 0; k < p->jobs; k++) {
        child *c = &p->children[k];
        int state;
        if (c->process && p->limit > 0 && !c->is_late && seconds_now() - c->begin > p->limit) {
            c->is_late = true;
            kill(c->process, SIGKILL);
        }
        if (c->process && waitpid(c->process, &state, WNOHANG) == c->process)
            DG_TRY(take_end(p, c, state));
        *any |= c->process != 0;
        if (!c->process)
            *free_slot = c;
    }
    return dg_ok();
}

static void nap(long *length)
{
    nanosleep(&(struct timespec){0, *length}, NULL);
    *length = *length * 2 < LONGEST_NAP ? *length * 2 : LONGEST_NAP;
}

/* Between fork and exec: only what a signal handler may do. */
static void become(const char *const *arguments, int log, pid_t parent)
{
    int null = open("/dev/null", O_RDWR);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a study that is killed leaves no runs behind, which would hold their folders */
    if (getppid() != parent)
        _exit(127);
    setpgid(0, 0); /* Ctrl-C asks the study, which asks its runs */
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    execv(arguments[0], (char *const *)(uintptr_t)arguments);
    _exit(127);
}

static dg_status start(child *c, int64_t run, const char *const *arguments, const char *log)
{
    pid_t parent = getpid();
    int file = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (file < 0)
        return dg_error(DG_IO, "%s: cannot write: %s", log, strerror(errno));
    *c = (child){.run = run, .begin = seconds_now(), .log = strdup(log)};
    pid_t process = c->log ? fork() : -1;
    if (process == 0)
        become(arguments, file, parent);
    int error = errno;
    close(file);
    if (process < 0) {
        free(c->log);
        *c = (child){0};
        return dg_error(DG_IO, "cannot start a run: %s", strerror(error));
    }
    c->process = process;
    return dg_ok();
}

static dg_status interrupted(void)
{
    return dg_error(DG_INTERRUPTED, "interrupted");
}

dg_status pool_start(pool *p, int64_t run, const char *const *arguments, const char *log,
                     const volatile sig_atomic_t *stop)
{
    child *slot;
    bool any;
    for (long length = SHORTEST_NAP; !*stop; nap(&length)) {
        DG_TRY(look(p, &slot, &any));
        if (slot)
            return start(slot, run, arguments, log);
    }
    return interrupted();
}

dg_status pool_wait(pool *p, const volatile sig_atomic_t *stop)
{
    child *slot;
    bool any;
    for (long length = SHORTEST_NAP; !*stop; nap(&length)) {
        DG_TRY(look(p, &slot, &any));
        if (!any)
            return dg_ok();
    }
    return interrupted();
}

static bool all_gone(pool *p)
{
    bool any = false;
    for (int k = 0; k < p->jobs; k++) {
        child *c = &p->children[k];
        int state;
        if (c->process && waitpid(c->process, &state, WNOHANG) == c->process)
            c->process = 0;
        any |= c->process != 0;
    }
    return !any;
}

void pool_free(pool *p)
{
    long length = SHORTEST_NAP;
    double begin = seconds_now();
    if (!p)
        return;
    for (int k = 0; k < p->jobs; k++)
        if (p->children[k].process)
            kill(p->children[k].process, SIGTERM);
    while (!all_gone(p)) {
        if (seconds_now() - begin > PATIENCE)
            for (int k = 0; k < p->jobs; k++)
                if (p->children[k].process)
                    kill(p->children[k].process, SIGKILL);
        nap(&length);
    }
    for (int k = 0; k < p->jobs; k++)
        free(p->children[k].log);
    free(p->children);
    free(p);
}
