/* libgvc in a child process. */
#include "render.h"

#include <errno.h>
#include <fcntl.h>
#include <gvc.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST_SECONDS = 120, MOST_PIXELS = 32767, PNG_DPI = 144, CHILD_CANNOT_DRAW = 10, CHILD_TOO_LARGE = 11 };
#define MORE_MEMORY  ((rlim_t)3 << 30) /* bytes, beyond what the parent has */
#define MOST_PICTURE ((size_t)1 << 30) /* bytes */

const char *render_format(const char *file)
{
    static const char *const endings[][2] = {
        {".svg", "svg"}, {".png", "png"}, {".pdf", "pdf"}, {".dot", "dot"}, {".gv", "dot"}};
    size_t length = strlen(file);
    for (size_t k = 0; k < sizeof endings / sizeof *endings; k++) {
        size_t end = strlen(endings[k][0]);
        if (length > end && strcasecmp(file + length - end, endings[k][0]) == 0)
            return endings[k][1];
    }
    return NULL;
}

/* ---- the child ---- */

/* Subgraphs are ordered by their ids. Ids that are addresses (the default) make pictures differ from run to run: here a
 * name's id is its place in the order of first use. */
typedef struct name_table {
    char **names; /* by id − 1; NULL: an object without a name */
    size_t count, capacity;
    size_t *slots; /* open addressing: id */
    size_t n_slots;
} name_table;

static size_t *find_slot(const name_table *table, const char *name)
{
    size_t hash = 14695981039346656037u;
    for (const char *c = name; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 1099511628211u;
    size_t slot = hash & (table->n_slots - 1);
    while (table->slots[slot] && strcmp(table->names[table->slots[slot] - 1], name) != 0)
        slot = (slot + 1) & (table->n_slots - 1);
    return &table->slots[slot];
}

static bool grow_names(name_table *table)
{
    size_t capacity = table->capacity ? table->capacity * 2 : 1024;
    char **names = realloc(table->names, capacity * sizeof *names);
    size_t *slots = calloc(capacity * 2, sizeof *slots);
    if (!names || !slots)
        return false;
    free(table->slots);
    *table = (name_table){names, table->count, capacity, slots, capacity * 2};
    for (size_t k = 0; k < table->count; k++)
        if (names[k])
            *find_slot(table, names[k]) = k + 1;
    return true;
}

static void *id_open(Agraph_t *graph, Agdisc_t *disciplines)
{
    (void)graph;
    (void)disciplines;
    return calloc(1, sizeof(name_table));
}

static long id_map(void *state, int kind, char *name, IDTYPE *id, int create)
{
    name_table *table = state;
    (void)kind;
    if (table->count == table->capacity && !grow_names(table))
        return 0;
    size_t *slot = name ? find_slot(table, name) : NULL;
    if (slot && *slot) {
        *id = *slot;
        return 1;
    }
    if (!create)
        return 0;
    table->names[table->count++] = name ? strdup(name) : NULL;
    *id = table->count;
    if (slot)
        *slot = table->count;
    return 1;
}

static long id_alloc(void *state, int kind, IDTYPE id)
{
    (void)state;
    (void)kind;
    (void)id;
    return 0; /* ids are never asked for by number */
}

static void id_free(void *state, int kind, IDTYPE id)
{
    (void)state;
    (void)kind;
    (void)id;
}

static char *id_print(void *state, int kind, IDTYPE id)
{
    const name_table *table = state;
    (void)kind;
    return id > 0 && id <= table->count ? table->names[id - 1] : NULL;
}

static void id_close(void *state)
{
    (void)state; /* the child ends soon */
}

static void id_register(void *graph, int kind, void *object)
{
    (void)graph;
    (void)kind;
    (void)object;
}

static Agraph_t *read_graph(const char *dot)
{
    static Agiddisc_t ids = {id_open, id_map, id_alloc, id_free, id_print, id_close, id_register};
    Agdisc_t disciplines = {NULL, &ids, &AgIoDisc};
    FILE *text = fmemopen((void *)(uintptr_t)dot, strlen(dot), "r");
    return text ? agread(text, &disciplines) : NULL;
}

/* The first complaint of Graphviz, in the child. */
static char complaint[300];

static int take_complaint(char *text)
{
    size_t used = strlen(complaint);
    if (used == 0 || complaint[used - 1] != '\n') /* the parts of one message come one by one */
        snprintf(complaint + used, sizeof complaint - used, "%s", text);
    return 0;
}

#if defined(__SANITIZE_ADDRESS__)
#define HAS_SHADOW_MEMORY 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_SHADOW_MEMORY 1
#endif
#endif
#ifndef HAS_SHADOW_MEMORY
#define HAS_SHADOW_MEMORY 0 /* address space says nothing about memory under AddressSanitizer */
#endif

static void limit_resources(void)
{
    unsigned long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "r");
    if (statm) {
        if (fscanf(statm, "%lu", &pages) != 1)
            pages = 0;
        fclose(statm);
    }
    rlim_t most = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + MORE_MEMORY;
    if (!HAS_SHADOW_MEMORY)
        setrlimit(RLIMIT_AS, &(struct rlimit){most, most});
    setrlimit(RLIMIT_CPU, &(struct rlimit){MOST_SECONDS, MOST_SECONDS});
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
}

static bool send_all(int to, const char *bytes, size_t size)
{
    while (size) {
        ssize_t sent = write(to, bytes, size);
        if (sent < 0 && errno != EINTR)
            return false;
        bytes += sent > 0 ? sent : 0;
        size -= sent > 0 ? (size_t)sent : 0;
    }
    return true;
}

static int draw_in_child(const char *dot, const char *format, int to)
{
    char dpi[16], *picture = NULL;
    unsigned size = 0;
    agseterrf(take_complaint);
    agseterr(AGERR); /* warnings are about taste */
    GVC_t *context = gvContext();
    Agraph_t *graph = context ? read_graph(dot) : NULL;
    if (!graph)
        return CHILD_CANNOT_DRAW;
    bool is_bitmap = strcmp(format, "png") == 0;
    snprintf(dpi, sizeof dpi, "%d", PNG_DPI);
    if (is_bitmap)
        agsafeset(graph, "dpi", dpi, "");
    if (gvLayout(context, graph, "dot") != 0)
        return CHILD_CANNOT_DRAW;
    double width = GD_bb(graph).UR.x, height = GD_bb(graph).UR.y;
    if (is_bitmap && (width > height ? width : height) * PNG_DPI / 72 > MOST_PIXELS)
        return CHILD_TOO_LARGE;
    if (gvRenderData(context, graph, format, &picture, &size) != 0 || !picture)
        return CHILD_CANNOT_DRAW;
    if (complaint[0]) /* there is a picture, but something is wrong with it: a label, a lost edge */
        return CHILD_CANNOT_DRAW;
    return send_all(to, picture, size) ? 0 : CHILD_CANNOT_DRAW;
}

static void __attribute__((noreturn)) be_child(const char *dot, const char *format, int to)
{
    int quiet = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (quiet >= 0) {
        dup2(quiet, STDOUT_FILENO);
        dup2(quiet, STDERR_FILENO);
    }
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    limit_resources();
    int result = draw_in_child(dot, format, to);
    if (result == CHILD_CANNOT_DRAW)
        send_all(to, complaint, strlen(complaint));
    _exit(result);
}

/* ---- the parent ---- */

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Reads until the end of the pipe. */
static bool receive(int from, double deadline, char **bytes, size_t *size)
{
    size_t capacity = 1 << 16;
    *size = 0;
    *bytes = malloc(capacity + 1);
    while (*bytes) {
        double left = deadline - seconds_now();
        struct pollfd ready = {from, POLLIN, 0};
        int got = left > 0 ? poll(&ready, 1, (int)(left * 1000) + 1) : 0;
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0 || *size > MOST_PICTURE)
            return false;
        ssize_t count = read(from, *bytes + *size, capacity - *size);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0) {
            (*bytes)[*size] = '\0';
            return count == 0;
        }
        *size += (size_t)count;
        if (*size == capacity) {
            char *more = realloc(*bytes, capacity * 2 + 1);
            if (!more)
                return false;
            *bytes = more;
            capacity *= 2;
        }
    }
    return false;
}

/* "Error: lost x edge\n" in one line. */
static const char *first_line(char *text)
{
    if (!text)
        return "";
    text[strcspn(text, "\n")] = '\0';
    return strncmp(text, "Error: ", 7) == 0 ? text + 7 : text;
}

static dg_status outcome(const char *file, int status, bool received, char *bytes, size_t size)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && received && size)
        return dg_ok();
    if (WIFEXITED(status) && WEXITSTATUS(status) == CHILD_TOO_LARGE)
        return dg_error(DG_BAD_DATA, "%s: the picture is larger than a PNG can be (%d pixels a side): draw SVG or PDF",
                        file, MOST_PIXELS);
    if (!received || (WIFSIGNALED(status) && (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL)))
        return dg_error(DG_BAD_DATA, "%s: Graphviz did not finish the picture in %d seconds", file, MOST_SECONDS);
    if (WIFSIGNALED(status))
        return dg_error(DG_BAD_DATA, "%s: Graphviz crashed (%s)", file, strsignal(WTERMSIG(status)));
    const char *why = first_line(bytes);
    return dg_error(DG_BAD_DATA, "%s: Graphviz cannot draw the graph%s%s", file, *why ? ": " : "", why);
}

/* "/CreationDate (D:20261122025050Z)" would make every PDF a different file. */
static void forget_date(char *bytes, size_t size)
{
    static const char mark[] = "/CreationDate (D:", date[] = "20000101000000";
    char *at = memmem(bytes, size, mark, strlen(mark));
    if (at && (size_t)(bytes + size - at) > strlen(mark) + strlen(date))
        memcpy(at + strlen(mark), date, strlen(date));
}

dg_status render_dot(const char *file, const char *dot, const char *format, char **bytes, size_t *size)
{
    int ends[2], status = 0;
    *bytes = NULL;
    *size = 0;
    fflush(stdout);
    fflush(stderr);
    if (pipe2(ends, O_CLOEXEC) != 0)
        return dg_error(DG_IO, "%s: cannot make a pipe to draw: %s", file, strerror(errno));
    pid_t child = fork();
    if (child == 0)
        be_child(dot, format, ends[1]);
    close(ends[1]);
    if (child < 0) {
        close(ends[0]);
        return dg_error(DG_IO, "%s: cannot make a process to draw: %s", file, strerror(errno));
    }
    bool received = receive(ends[0], seconds_now() + MOST_SECONDS, bytes, size);
    close(ends[0]);
    if (!received)
        kill(child, SIGKILL);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    dg_status result = outcome(file, status, received, *bytes, *size);
    if (result.code != DG_OK) {
        free(*bytes);
        *bytes = NULL;
        *size = 0;
    } else if (strcmp(format, "pdf") == 0) {
        forget_date(*bytes, *size);
    }
    return result;
}
