/* Every command while allocations fail, reads and writes are short and interrupted, the disk is full, the folder is
 * read-only or the process is killed: it succeeds with the same result, or fails with a message; what it leaves can be
 * read. FAULTS_POINTS in the environment says how many places each sweep tries (30; 0: all). Needs SHIM, the path of
 * shim.c's library. Each test prints its counts. */
#include "command.h"

#include <dotgrad/dotgrad.h>

#include <signal.h>
#include <sys/stat.h>
#include <time.h>

#define NET                                                                                                            \
    "digraph net {\n"                                                                                                  \
    "  graph [data=xor, epochs=3, batch_size=4, optimizer=\"adam(lr=0.05)\", loss=loss, output=output];\n"             \
    "  x [op=\"input([N, 2])\"]; t [op=\"input([N, 1])\"]; subgraph cluster_body { h [op=\"linear(8)\"]; a "           \
    "[op=tanh]; }\n"                                                                                                   \
    "  output [op=\"linear(1)\"]; loss [op=binary_cross_entropy_with_logits];\n"                                       \
    "  x -> h -> a -> output -> loss; t -> loss [arg=target];\n"                                                       \
    "}\n"

/* A command, and a line of shell that shows what it has made. A picture may lack a word for which there was no memory.
 */
typedef struct subject {
    const char *name, *call, *result;
    bool may_differ;
} subject;

static const subject subjects[] = {
    {"train", "train net.dot -o made --threads 1", "cksum <made/checkpoint.safetensors; cksum <made/graph.dot", false},
    {"resume", "train --resume made --epochs 5 --threads 1", "cksum <made/checkpoint.safetensors", false},
    {"predict", "predict run points.csv --out made.csv", "cksum <made.csv", false},
    {"packed", "predict run points.csv.gz --out made.csv", "cksum <made.csv", false},
    {"eval", "eval worked.dot --grad y --out made.safetensors", "cksum <made.safetensors", false},
    {"summary", "summary net.dot", "cksum <.out", false},
    {"check", "check worked.dot", "cksum <.out", false},
    {"draw", "draw net.dot -o made.dot", "cksum <made.dot", true},
    {"ops", "ops linear", "cksum <.out", false},
};
enum { N_SUBJECTS = sizeof subjects / sizeof *subjects };

static void make_subjects(void)
{
    make_folder();
    setenv("PATH", "/usr/bin:/bin", 1);
    write_text("net.dot", NET);
    write_text("worked.dot", "digraph { graph [dtype=float64]; x [op=\"constant([0.5, 2.0])\"]; w [op=\"parameter([2], "
                             "init=ones)\"]; y [op=\"expr(sin(x * w))\"]; x -> y [arg=x]; w -> y [arg=w]; "
                             "loss [op=sum]; y -> loss; }");
    write_text("points.csv", "0,1\n1,1\n0,0\n");
    cr_assert_eq(system("gzip -nk points.csv"), 0);
    expect_fine(dotgrad("train net.dot -o run --threads 1"));
}

TestSuite(faults, .init = make_subjects, .fini = remove_folder, .timeout = 3600);

static void prepare(const subject *s)
{
    cr_assert_eq(system("rm -rf made made.*"), 0);
    if (!strcmp(s->name, "resume"))
        cr_assert_eq(system("cp -r run made"), 0);
}

/* The state of the command with these variables set; its words are in .out and .err. */
static int run_with(const subject *s, const char *variables)
{
    char line[1024];
    snprintf(line, sizeof line, "LD_PRELOAD='%s' %s '%s' %s >.out 2>.err", getenv("SHIM"), variables, getenv("DOTGRAD"),
             s->call);
    return system(line);
}

static void show_result(const subject *s, char *text, size_t size)
{
    char line[512];
    snprintf(line, sizeof line, "{ %s; } >.result 2>&1", s->result);
    cr_assert_geq(system(line), 0);
    read_text(".result", text, size);
}

static bool is_readable(const char *path)
{
    dg_tensors *set;
    if (access(path, F_OK))
        return true;
    dg_status status = dg_safetensors_read(path, &set);
    if (status.code == DG_OK)
        dg_tensors_free(set);
    return status.code == DG_OK;
}

/* Same result, or a message; the checkpoint is whole. True when it failed. */
static bool judge(const subject *s, int state, const char *expected, const char *what)
{
    char text[4096], result[512];
    read_text(".err", text, sizeof text);
    cr_assert(WIFEXITED(state), "%s, %s: died (%x): %s", s->name, what, state, text);
    int status = WEXITSTATUS(state);
    cr_assert(status == 0 || status == 1, "%s, %s: exit status %d: %s", s->name, what, status, text);
    cr_assert(is_readable("made/checkpoint.safetensors"), "%s, %s: a broken checkpoint", s->name, what);
    if (status == 1) {
        cr_assert_not_null(strstr(text, "dotgrad: "), "%s, %s: no message: %s", s->name, what, text);
        return true;
    }
    show_result(s, result, sizeof result);
    cr_assert(s->may_differ || !strcmp(result, expected), "%s, %s: another result", s->name, what);
    return false;
}

static void expected_of(const subject *s, char *text, size_t size)
{
    prepare(s);
    int state = run_with(s, "");
    cr_assert_eq(state, 0, "%s: %x", s->name, state);
    show_result(s, text, size);
}

static long points(void)
{
    const char *text = getenv("FAULTS_POINTS");
    return text ? atol(text) : 30;
}

Test(faults, allocations_that_fail)
{
    for (size_t k = 0; k < N_SUBJECTS; k++) {
        const subject *s = &subjects[k];
        char expected[512], variables[128], number[32];
        long runs = 0, failed = 0;
        expected_of(s, expected, sizeof expected);
        prepare(s);
        cr_assert_eq(run_with(s, "SHIM_COUNT=.count"), 0);
        read_text(".count", number, sizeof number);
        long all = atol(number), stride = points() ? 1 + all / points() : 1;
        for (int from = 0; from < 2; from++)
            for (long at = 1 + from * stride / 2; at <= all; at += stride, runs++) {
                snprintf(variables, sizeof variables, "SHIM_ALLOC=%ld SHIM_FROM=%d", at, from);
                prepare(s);
                failed += judge(s, run_with(s, variables), expected, variables);
            }
        printf("%s: %ld allocations; %ld runs, %ld of them failed with a message\n", s->name, all, runs, failed);
    }
}

Test(faults, reads_and_writes_that_are_short_and_interrupted)
{
    for (size_t k = 0; k < N_SUBJECTS; k++) {
        char expected[512];
        expected_of(&subjects[k], expected, sizeof expected);
        prepare(&subjects[k]);
        cr_assert_not(judge(&subjects[k], run_with(&subjects[k], "SHIM_SHORT=1"), expected, "short"), "%s",
                      subjects[k].name);
    }
    printf("%d commands\n", (int)N_SUBJECTS);
}

Test(faults, a_disk_that_is_full)
{
    static const long room[] = {0, 1, 100, 1000, 2000, 4000, 8000, 16000, 30000};
    long runs = 0, failed = 0;
    for (size_t k = 0; k < 4; k++) { /* those that write files */
        const subject *s = &subjects[k];
        char expected[512], variables[64];
        expected_of(s, expected, sizeof expected);
        for (size_t i = 0; i < sizeof room / sizeof *room; i++, runs++) {
            snprintf(variables, sizeof variables, "SHIM_FULL=%ld", room[i]);
            prepare(s);
            failed += judge(s, run_with(s, variables), expected, variables);
            cr_assert_neq(system("ls made/*.tmp made*.tmp 2>/dev/null | grep -q ."), 0, "%s: a temporary file is left",
                          s->name);
        }
    }
    cr_assert_gt(failed, 0);
    printf("%ld runs, %ld of them failed with a message\n", runs, failed);
}

Test(faults, files_that_may_not_grow)
{
    static const int blocks[] = {0, 1, 2, 4}; /* of 512 or 1024 bytes */
    char line[512], text[4096];
    int failed = 0;
    for (size_t k = 0; k < sizeof blocks / sizeof *blocks; k++) {
        cr_assert_eq(system("rm -rf made"), 0);
        snprintf(line, sizeof line,
                 "(trap '' XFSZ; ulimit -f %d; exec '%s' train net.dot -o made) >/dev/null 2>.err | cat", blocks[k],
                 getenv("DOTGRAD"));
        cr_assert_geq(system(line), 0);
        read_text(".err", text, sizeof text);
        cr_assert(is_readable("made/checkpoint.safetensors"), "%s", text);
        failed += access("made/checkpoint.safetensors", F_OK) != 0;
    }
    printf("%zu limits, %d without a checkpoint\n", sizeof blocks / sizeof *blocks, failed);
}

Test(faults, a_folder_that_is_read_only)
{
    if (geteuid() == 0) { /* for root no folder is: a file in the place of one stands for it */
        write_text("closed", "");
        outcome run = dotgrad("train net.dot -o closed");
        cr_assert_eq(run.status, 1);
        cr_assert_not_null(strstr(run.err, "closed"), "%s", run.err);
        run = dotgrad("train net.dot -o /proc/nowhere");
        cr_assert_eq(run.status, 1);
        cr_assert_not_null(strstr(run.err, "/proc/nowhere"), "%s", run.err);
        return;
    }
    cr_assert_eq(mkdir("closed", 0555), 0);
    outcome run = dotgrad("train net.dot -o closed");
    cr_assert_eq(run.status, 1);
    cr_assert_not_null(strstr(run.err, "closed"), "%s", run.err);
}

/* ---- kills ---- */

static pid_t start_training(bool resumes)
{
    pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        cr_assert_not_null(freopen("/dev/null", "w", stdout));
        cr_assert_not_null(freopen("/dev/null", "w", stderr));
        if (resumes)
            execl(getenv("DOTGRAD"), "dotgrad", "train", "--resume", "killed", (char *)NULL);
        execl(getenv("DOTGRAD"), "dotgrad", "train", "net.dot", "-o", "killed", "--epochs", "60000", (char *)NULL);
        _exit(127);
    }
    return child;
}

/* Killed again and again at random moments, and resumed: the end is that of a run that was left alone. */
Test(faults, kills_at_random_moments)
{
    static const int signals[] = {SIGKILL, SIGKILL, SIGTERM, SIGINT, SIGHUP};
    const char *text = getenv("FAULTS_KILLS");
    int kills = 0, wanted = text ? atoi(text) : 12, state = -1;
    unsigned seed = (unsigned)time(NULL);
    printf("seed %u\n", seed);
    srand(seed);
    expect_fine(dotgrad("train net.dot -o whole --epochs 60000"));
    while (state != 0) {
        bool resumes = !access("killed/checkpoint.safetensors", F_OK);
        pid_t child = start_training(resumes);
        const struct timespec pause = {0, (1 + rand() % 400) * 1000000L};
        bool is_killed = kills < wanted;
        if (is_killed) {
            nanosleep(&pause, NULL);
            kill(child, signals[rand() % 5]);
            kills++;
        }
        cr_assert_eq(waitpid(child, &state, 0), child);
        cr_assert(is_readable("killed/checkpoint.safetensors"), "after %d kills", kills);
        cr_assert(is_killed || state == 0, "it does not go on after %d kills: %x", kills, state);
    }
    cr_assert(same_bytes("whole/checkpoint.safetensors", "killed/checkpoint.safetensors"), "after %d kills", kills);
    cr_assert(same_bytes("whole/metrics.csv", "killed/metrics.csv"), "after %d kills", kills);
    cr_assert_neq(system("ls killed/*.tmp 2>/dev/null | grep -q ."), 0, "a temporary file is left");
    printf("%d kills\n", kills);
}

Test(faults, readers_that_go_away)
{
    static const char *const calls[] = {
        "ops",   "ops linear", "summary net.dot", "predict run points.csv", "check worked.dot", "draw net.dot -o -",
        "--help"};
    char line[512];
    for (size_t k = 0; k < sizeof calls / sizeof *calls; k++) {
        snprintf(line, sizeof line, "{ '%s' %s 2>.err; echo $? >.status; } | true", getenv("DOTGRAD"), calls[k]);
        cr_assert_eq(system(line), 0);
        char text[32];
        read_text(".status", text, sizeof text);
        int status = atoi(text);
        cr_assert(status == 0 || status == 1 || status == 128 + SIGPIPE, "%s: %d", calls[k], status);
    }
    printf("%zu commands\n", sizeof calls / sizeof *calls);
}
