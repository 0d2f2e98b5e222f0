/* Comparisons by training: a study of functions in the ready tasks, or in a network of the user's own. */
#include "lab.h"

#include "tools/run/folder.h"

#include <dotgrad/file.h>

#include <errno.h>
#include <math.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

typedef struct task {
    const char *name, *text;
    bool alone; /* only when it is asked for by name */
} task;

#define TASK(symbol, name, file, alone, about) extern const char task_##symbol[];
#include "tasks.h"
#undef TASK

static const task tasks[] = {
#define TASK(symbol, name, file, alone, about) {name, task_##symbol, alone},
#include "tasks.h"
#undef TASK
};
enum { TASKS = sizeof tasks / sizeof tasks[0], MOST_WORDS = 128 };

/* ---- the words of a command ---- */

typedef struct words {
    char *items[MOST_WORDS];
    int n;
    bool failed;
} words;

static void __attribute__((format(printf, 2, 3))) add_word(words *w, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    w->failed = w->failed || w->n + 1 == MOST_WORDS || vasprintf(&w->items[w->n], format, list) < 0;
    va_end(list);
    w->n += !w->failed;
    w->items[w->n] = NULL;
}

static void add_option(words *w, const char *option, const char *value)
{
    if (!value)
        return;
    add_word(w, "--%s", option);
    add_word(w, "%s", value);
}

/* Runs this program and frees the words. */
static dg_status run_words(words *w)
{
    pid_t child;
    int state = 0;
    dg_status status = w->failed ? dg_error(DG_BAD_ARGUMENT, "a study with too many options") : dg_ok();
    int error = w->failed ? 0 : posix_spawn(&child, "/proc/self/exe", NULL, NULL, w->items, environ);
    if (error)
        status = dg_error(DG_IO, "cannot start a study: %s", strerror(error));
    while (status.code == DG_OK && waitpid(child, &state, 0) < 0)
        if (errno != EINTR)
            status = dg_error(DG_IO, "cannot wait for a study: %s", strerror(errno));
    if (status.code == DG_OK && !(WIFEXITED(state) && WEXITSTATUS(state) == 0))
        status = dg_error(DG_NUMERIC, "the study failed");
    for (int k = 0; k < w->n; k++)
        free(w->items[k]);
    return status;
}

/* ---- tasks ---- */

static bool is_named(const char *names, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = names + strspn(names, ", "); *at; at += strspn(at, ", ")) {
        size_t here = strcspn(at, ", ");
        if (here == length && strncmp(at, name, length) == 0)
            return true;
        at += here;
    }
    return false;
}

static dg_status check_tasks(const char *names)
{
    char name[64];
    for (const char *at = names ? names + strspn(names, ", ") : ""; *at; at += strspn(at, ", ")) {
        size_t length = strcspn(at, ", ");
        bool known = false;
        snprintf(name, sizeof name, "%.*s", (int)length, at);
        for (int k = 0; k < TASKS; k++)
            known |= strcmp(tasks[k].name, name) == 0;
        if (!known)
            return dg_error(DG_BAD_ARGUMENT, "there is no task '%s'; --help lists them", name);
        at += length;
    }
    return dg_ok();
}

static bool is_wanted(const train_options *options, const task *t)
{
    if (options->but && is_named(options->but, t->name))
        return false;
    return options->tasks ? is_named(options->tasks, t->name) : !t->alone;
}

/* The tasks as files of FOLDER/tasks: operands of the study. */
static dg_status write_tasks(const train_options *options, words *w)
{
    char *folder = path_join(options->folder, "tasks");
    dg_status status = folder ? run_folder_make(folder) : dg_no_memory("a study");
    for (int k = 0; k < TASKS && status.code == DG_OK; k++) {
        if (!is_wanted(options, &tasks[k]))
            continue;
        add_word(w, "%s/%s.dot", folder, tasks[k].name);
        if (!w->failed)
            status = dg_write_file(w->items[w->n - 1], tasks[k].text, strlen(tasks[k].text));
    }
    free(folder);
    return status;
}

/* "act=relu|expr(x * tanh(exp(x)))" */
static void add_alternatives(words *w, const char *option, const char *name, const char *const *calls, int n)
{
    char *text = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);
    if (to) {
        fprintf(to, "%s=", name);
        for (int k = 0; k < n; k++) {
            bool again = false;
            for (int before = 0; before < k; before++)
                again |= strcmp(calls[before], calls[k]) == 0;
            if (!again)
                fprintf(to, "%s%s", k ? "|" : "", calls[k]);
        }
    }
    w->failed = w->failed || !to || fclose(to) != 0;
    add_option(w, option, w->failed ? NULL : text);
    free(text);
}

static void add_common(words *w, const train_options *options)
{
    add_word(w, "--seeds");
    add_word(w, "%d", options->seeds);
    for (int k = 0; k < options->n_set; k++)
        add_option(w, "set", options->set[k]);
    for (int k = 0; k < options->reading.n_roots; k++)
        add_option(w, "allow-path", options->reading.roots[k]);
    add_option(w, "budget", options->budget);
    add_option(w, "out", options->folder);
}

dg_status train_compare(const char *const *calls, int n, const train_options *options)
{
    words w = {.n = 0};
    DG_TRY(check_tasks(options->tasks));
    add_word(&w, "dotgrad");
    add_word(&w, "study");
    dg_status status = write_tasks(options, &w);
    if (status.code != DG_OK)
        w.failed = true;
    add_alternatives(&w, "set", "act", calls, n);
    add_option(&w, "range", options->range ? options->range : "lr=geomspace(1e-4, 1e-1, 5)");
    add_option(&w, "select", "lr");
    add_option(&w, "by", "validation");
    add_common(&w, options);
    dg_status ran = run_words(&w);
    return status.code != DG_OK ? status : ran;
}

dg_status train_in(const char *graph, const char *nodes, const char *const *calls, int n, const train_options *options)
{
    words w = {.n = 0};
    add_word(&w, "dotgrad");
    add_word(&w, "study");
    add_word(&w, "%s", graph);
    add_alternatives(&w, "replace", nodes, calls, n);
    if (options->range) {
        add_option(&w, "range", options->range);
        add_word(&w, "--select");
        add_word(&w, "%.*s", (int)strcspn(options->range, "="), options->range);
    }
    add_common(&w, options);
    return run_words(&w);
}

dg_status train_name_study(train_options *made, const char *report)
{
    const char *slash = report ? strrchr(report, '/') : NULL, *name = slash ? slash + 1 : report;
    const char *dot = name ? strrchr(name, '.') : NULL;
    int length = !report ? 0 : dot && dot > name ? (int)(dot - report) : (int)strlen(report);
    int whole =
        snprintf(made->beside, sizeof made->beside, "%.*s%sstudy", length, report ? report : "", report ? "-" : "");
    made->folder = made->beside;
    return whole < (int)sizeof made->beside ? dg_ok() : dg_error(DG_BAD_ARGUMENT, "--out: the path is too long");
}

/* ---- what a study found ---- */

dg_status train_read_ranks(const char *folder, method_rank *ranks, int most, int *n)
{
    char *path = path_join(folder, "ranks.csv"), *text = NULL;
    size_t size;
    *n = 0;
    dg_status status = path ? dg_read_file(path, &text, &size) : dg_no_memory("a study");
    char *rest = text;
    for (char *line = strsep(&rest, "\n"); status.code == DG_OK && rest && *rest && *n < most;) {
        line = strsep(&rest, "\n");
        char *numbers = line[0] == '"' ? strstr(line, "\",") : NULL; /* of the last quote that a comma follows */
        for (char *next = numbers; next; next = strstr(next + 1, "\","))
            numbers = next;
        method_rank *rank = &ranks[*n];
        double pairs = 0, least = 0;
        *rank = (method_rank){.median = NAN, .mean = NAN};
        if (!numbers || (sscanf(numbers + 2, "%lf,%lf,%lf,%lf", &rank->median, &rank->mean, &pairs, &least) != 4 &&
                         sscanf(numbers + 2, "%lf,,%lf,%lf", &rank->median, &pairs, &least) != 3))
            status = dg_error(DG_BAD_DATA, "%s: '%s' is no rank of a method", path, line);
        rank->pairs = (int64_t)pairs;
        rank->least = (int64_t)least;
        ++*n;
    }
    free(text);
    free(path);
    return status;
}
