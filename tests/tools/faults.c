/* Every command while allocations fail, reads and writes are short and interrupted, the disk is full, the folder is
 * read-only or the process is killed: it succeeds with the same result, or fails with a message; what it leaves can be
 * read. FAULTS_POINTS in the environment says how many places each sweep tries (12; 0: all). Needs SHIM, the path of
 * shim.c's library. Each test prints its counts. */
#include "command.h"

#include <criterion/parameterized.h>
#include <dotgrad/dotgrad.h>

#include <signal.h>
#include <sys/stat.h>
#include <time.h>

#define NET                                                                                                            \
    "digraph net {\n"                                                                                                  \
    "  graph [data=xor, epochs=3, batch_size=4, optimizer=\"adam(lr=0.05)\", loss=loss, output=output, "               \
    "set=\"act=tanh\"];\n"                                                                                             \
    "  x [op=\"input([N, 2])\"]; t [op=\"input([N, 1])\"]; subgraph cluster_body { h [op=\"linear(8)\"]; a "           \
    "[op=\"$act\"]; }\n"                                                                                               \
    "  output [op=\"linear(1)\"]; loss [op=binary_cross_entropy_with_logits];\n"                                       \
    "  x -> h -> a -> output -> loss; t -> loss [arg=target];\n"                                                       \
    "}\n"

/* A command, and a line of shell that shows what it has made. */
typedef struct subject {
    const char *name, *call, *result;
    int share; /* of the places of a sweep, that many times fewer are tried: it takes long (0: 1) */
} subject;

#define MADE(path) "cksum <" path
#define SAID       "cksum <.out"

static const subject subjects[] = {
    {"train", "train net.dot -o made --threads 1", MADE("made/checkpoint.safetensors") "; " MADE("made/graph.dot"), 0},
    {"resume", "train --resume made --epochs 5 --threads 1", MADE("made/checkpoint.safetensors"), 0},
    {"predict", "predict run points.csv --out made.csv", MADE("made.csv"), 0},
    {"packed", "predict run points.csv.gz --out made.csv", MADE("made.csv"), 0},
    {"eval", "eval worked.dot --grad y --out made.safetensors", MADE("made.safetensors"), 0},
    {"draw", "draw net.dot -o made.dot", MADE("made.dot"), 0},
    {"draw svg", "draw net.dot -o made.svg", MADE("made.svg"), 0},
    {"draw png", "draw net.dot -o made.png --style dark", MADE("made.png"), 2},
    {"draw pdf", "draw net.dot -o made.pdf --names", MADE("made.pdf"), 2},
    {"draw html", "draw net.dot -o made.html", MADE("made.html"), 2},
    {"draw tex", "draw net.dot -o made.tex --view joint", MADE("made.tex"), 2},
    {"draw plan", "draw net.dot -o made.svg --view plan", MADE("made.svg"), 2},
    {"draw heat", "draw run/graph.dot --heat gradient -o made.svg", MADE("made.svg"), 2},
    {"draw diff", "draw net.dot --diff old.dot -o made.txt", MADE("made.txt"), 2},
    {"fmt", "fmt net.dot -o made.dot", MADE("made.dot"), 0},
    {"plot", "plot run -o made.svg", MADE("made.svg"), 2},
    {"boundary", "plot run --boundary -o made.svg", MADE("made.svg"), 4},
    {"train on rows", "train rows.dot -o made --threads 1", MADE("made/checkpoint.safetensors"), 2},
    {"fit-rbf", "fit-rbf rows.csv -o made", MADE("made/checkpoint.safetensors") "; " MADE("made/graph.dot"), 2},
    {"study", "study net.dot --set 'act=tanh|relu' --seeds 2 --set epochs=1 -o made --jobs 2", "ls made/runs | sort",
     6},
    {"report", "study --report made", MADE("made/summary.csv") "; " MADE("made/comparisons.csv"), 2},
    {"activation", "activation mish 'x * sigmoid(b * x), b=1.7' --samples 16 -o made.json", MADE("made.json"), 4},
    {"activation html", "activation tanh --samples 16 -o made.html", MADE("made.html"), 4},
    {"export", "activation mish --export c", SAID, 2},
    {"depth", "activation tanh --depth 5 --width 16", SAID, 4},
    {"search", "activation --search --seed 1 --formulas 8", SAID, 6},
    {"summary", "summary net.dot", SAID, 0},
    {"check", "check worked.dot", SAID, 0},
    {"ops", "ops linear", SAID, 0},
    {"trace", "eval worked.dot --trace", SAID, 0},
    {"table", "eval net.dot --data xor --rows 3 --fetch h,output --out made.npz", MADE("made.npz"), 0},
    {"show", "show run h", SAID, 0},
    {"list", "list attributes", SAID, 0},
    {"examples", "examples", SAID, 0},
    {"examples xor", "examples xor --epochs 1 -o made", MADE("made/graph.dot"), 0},
    {"bench", "bench net.dot --mode train --seconds 0.01", "true", 2},
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
    cr_assert_eq(system("gzip -nk points.csv && sed s/tanh/relu/ net.dot >old.dot"), 0);
    write_text("rows.csv", "length,colour,width,kind\n1.5,red,2,tulip\n2,blue,,tulip\n1.3,red,3,tulip\n7,green,1,rose\n"
                           "6,green,2,rose\n5,,4,rose\n8,blue,2,rose\n1,blue,1,tulip\n");
    write_text("rows.dot",
               "digraph { graph [data=\"rows.csv\", validation=0.25, epochs=2, batch_size=2, watch=dead, "
               "watch_every=1, patience=5];\n"
               "  x [op=\"input([N, FEATURES])\"]; t [op=\"input([N], dtype=int64)\"];\n"
               "  h [op=\"rbf(3, init=kmeans)\"]; output [op=\"linear(CLASSES)\"]; loss [op=cross_entropy];\n"
               "  x -> h -> output -> loss; t -> loss [arg=target]; }\n");
    expect_fine(dotgrad("train net.dot -o run --threads 1 --no-pictures"));
    cr_assert_eq(system("mkdir kept && cp -r net.dot rows.csv run kept"), 0);
}

TestSuite(faults, .init = make_subjects, .fini = remove_folder);

static void prepare(const subject *s)
{
    cr_assert_eq(system("rm -rf made made.*"), 0);
    if (!strcmp(s->name, "resume"))
        cr_assert_eq(system("cp -r run made"), 0);
    if (strcmp(s->name, "report"))
        return;
    if (access("study", F_OK))
        expect_fine(dotgrad("study net.dot --set 'act=tanh|relu' --seeds 2 --set epochs=1 -o study"));
    cr_assert_eq(system("cp -r study made"), 0);
}

/* What no command here may touch. */
static const char *const kept[] = {"net.dot", "rows.csv", "run/checkpoint.safetensors", "run/graph.dot",
                                   "run/metrics.csv"};
enum { N_KEPT = sizeof kept / sizeof *kept };

static void expect_kept(const subject *s, const char *what)
{
    char path[64];
    for (size_t k = 0; k < N_KEPT; k++) {
        static char now[65536], before[65536]; /* longer than these files */
        snprintf(path, sizeof path, "kept/%s", kept[k]);
        memset(now, 0, sizeof now);
        memset(before, 0, sizeof before);
        read_text(kept[k], now, sizeof now);
        read_text(path, before, sizeof before);
        cr_assert(memcmp(now, before, sizeof now) == 0, "%s, %s: %s has changed", s->name, what, kept[k]);
    }
}

static bool leaves_temporary_files(void)
{
    return system("ls -A . made 2>/dev/null | grep -q '[.]tmp$'") == 0;
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
    expect_kept(s, what);
    if (status == 1) {
        cr_assert_not_null(strstr(text, "dotgrad: "), "%s, %s: no message: %s", s->name, what, text);
        return true;
    }
    show_result(s, result, sizeof result);
    cr_assert_str_eq(result, expected, "%s, %s: another result", s->name, what);
    return false;
}

static void expected_of(const subject *s, char *text, size_t size)
{
    prepare(s);
    int state = run_with(s, "");
    cr_assert_eq(state, 0, "%s: %x", s->name, state);
    show_result(s, text, size);
}

/* How many places of a sweep are tried, of so many; all of them where FAULTS_POINTS is 0. */
static long stride_of(const subject *s, long all)
{
    const char *text = getenv("FAULTS_POINTS");
    long points = text ? atol(text) : 6;
    return points ? 1 + all * (s->share ? s->share : 1) / points : 1;
}

ParameterizedTestParameters(faults, allocations_that_fail)
{
    static int which[N_SUBJECTS];
    for (int k = 0; k < N_SUBJECTS; k++)
        which[k] = k;
    return cr_make_param_array(int, which, N_SUBJECTS);
}

ParameterizedTest(int *which, faults, allocations_that_fail)
{
    const subject *s = &subjects[*which];
    char expected[512], variables[128], number[32];
    long runs = 0, failed = 0;
    expected_of(s, expected, sizeof expected);
    prepare(s);
    cr_assert_eq(run_with(s, "SHIM_COUNT=.count"), 0);
    read_text(".count", number, sizeof number);
    long all = atol(number), stride = stride_of(s, all);
    for (int from = 0; from < 2; from++)
        for (long at = 1 + from * stride / 2; at <= all; at += stride, runs++) {
            snprintf(variables, sizeof variables, "SHIM_ALLOC=%ld SHIM_FROM=%d", at, from);
            prepare(s);
            failed += judge(s, run_with(s, variables), expected, variables);
            cr_assert_not(leaves_temporary_files(), "%s, %s: a temporary file is left", s->name, variables);
        }
    printf("%s: %ld allocations; %ld runs, %ld of them failed with a message\n", s->name, all, runs, failed);
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
    for (size_t k = 0; k < N_SUBJECTS; k++) {
        const subject *s = &subjects[k];
        char expected[512], variables[64];
        expected_of(s, expected, sizeof expected);
        size_t step = s->share >= 4 && !getenv("FAULTS_POINTS") ? 3 : 1; /* of the slow ones a third, in turn */
        for (size_t i = step > 1 ? k % step : 0; i < sizeof room / sizeof *room; i += step, runs++) {
            snprintf(variables, sizeof variables, "SHIM_FULL=%ld", room[i]);
            prepare(s);
            failed += judge(s, run_with(s, variables), expected, variables);
            cr_assert_not(leaves_temporary_files(), "%s, %s: a temporary file is left", s->name, variables);
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

/* What is printed comes all the same; what is written fails, and nothing has changed. */
Test(faults, a_file_system_that_is_read_only)
{
    char expected[512];
    int failed = 0;
    for (size_t k = 0; k < N_SUBJECTS; k++) {
        const subject *s = &subjects[k];
        expected_of(s, expected, sizeof expected);
        prepare(s);
        cr_assert_eq(system("rm -rf before; test ! -e made || cp -r made before"), 0);
        bool fails = judge(s, run_with(s, "SHIM_CLOSED=1"), expected, "read-only");
        cr_assert(fails || !strstr(s->result, "made"), "%s: it says that it has written", s->name);
        cr_assert_eq(system("test ! -e made || diff -r made before"), 0, "%s: it has written", s->name);
        failed += fails;
    }
    printf("%d commands, %d of them failed with a message\n", (int)N_SUBJECTS, failed);
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

static void expect_end_of_whole(int kills)
{
    cr_assert(same_bytes("whole/checkpoint.safetensors", "killed/checkpoint.safetensors"), "after %d kills", kills);
    cr_assert(same_bytes("whole/metrics.csv", "killed/metrics.csv"), "after %d kills", kills);
    cr_assert_neq(system("ls killed/*.tmp 2>/dev/null | grep -q ."), 0, "a temporary file is left");
    cr_assert_eq(system("rm -r killed"), 0);
}

/* Killed again and again at random moments, and resumed: the end is that of a run that was left alone. Trained anew
 * until so many kills are done. */
Test(faults, kills_at_random_moments)
{
    static const int signals[] = {SIGKILL, SIGKILL, SIGTERM, SIGINT, SIGHUP};
    const char *text = getenv("FAULTS_KILLS");
    int kills = 0, wanted = text ? atoi(text) : 12, runs = 0;
    unsigned seed = (unsigned)time(NULL);
    printf("seed %u\n", seed);
    srand(seed);
    expect_fine(dotgrad("train net.dot -o whole --epochs 60000"));
    while (kills < wanted || !access("killed", F_OK)) {
        bool resumes = !access("killed/checkpoint.safetensors", F_OK), is_killed = kills < wanted;
        pid_t child = start_training(resumes);
        const struct timespec pause = {0, (1 + rand() % 400) * 1000000L};
        int state;
        if (is_killed) {
            nanosleep(&pause, NULL);
            kill(child, signals[rand() % 5]);
        }
        cr_assert_eq(waitpid(child, &state, 0), child);
        cr_assert(is_readable("killed/checkpoint.safetensors"), "after %d kills", kills);
        cr_assert(is_killed || state == 0, "it does not go on after %d kills: %x", kills, state);
        kills += is_killed && state != 0;
        if (state == 0) {
            runs++;
            expect_end_of_whole(kills);
        }
    }
    printf("%d kills, %d runs to their end\n", kills, runs);
}

/* Any command, killed at any moment: what it reads is untouched, what it writes is whole or not there, and called again
 * it does its work. */
Test(faults, kills_of_every_command)
{
    const char *text = getenv("FAULTS_KILLS");
    int wanted = text ? atoi(text) / 4 : 1, kills = 0;
    unsigned seed = (unsigned)time(NULL);
    printf("seed %u\n", seed);
    srand(seed);
    for (size_t k = 0; k < N_SUBJECTS; k++) {
        const subject *s = &subjects[k];
        char expected[512], result[512], line[1024];
        struct timespec begin, end;
        clock_gettime(CLOCK_MONOTONIC, &begin);
        expected_of(s, expected, sizeof expected);
        clock_gettime(CLOCK_MONOTONIC, &end);
        double seconds = (double)(end.tv_sec - begin.tv_sec) + 1e-9 * (double)(end.tv_nsec - begin.tv_nsec);
        snprintf(line, sizeof line, "exec '%s' %s >.out 2>.err", getenv("DOTGRAD"), s->call);
        for (int turn = 0; turn < wanted; turn++, kills++) {
            prepare(s);
            pid_t child = fork();
            cr_assert_geq(child, 0);
            if (child == 0) {
                execl("/bin/sh", "sh", "-c", line, (char *)NULL);
                _exit(127);
            }
            double wait = seconds * rand() / RAND_MAX;
            nanosleep(&(struct timespec){(time_t)wait, (long)(1e9 * (wait - (double)(time_t)wait))}, NULL);
            kill(child, SIGKILL);
            int state;
            cr_assert_eq(waitpid(child, &state, 0), child);
            cr_assert(is_readable("made/checkpoint.safetensors"), "%s: a broken checkpoint", s->name);
            expect_kept(s, "killed");
            state = run_with(s, "");
            read_text(".err", line, sizeof line);
            cr_assert_eq(state, 0, "%s: called again after a kill it fails: %s", s->name, line);
            show_result(s, result, sizeof result);
            cr_assert_str_eq(result, expected, "%s: called again after a kill it has another result", s->name);
            snprintf(line, sizeof line, "exec '%s' %s >.out 2>.err", getenv("DOTGRAD"), s->call);
        }
    }
    printf("%d kills\n", kills);
}

/* ---- standard streams and children ---- */

Test(faults, readers_that_go_away)
{
    char line[1024], text[4096];
    for (size_t k = 0; k < N_SUBJECTS; k++) {
        prepare(&subjects[k]);
        snprintf(line, sizeof line, "{ '%s' %s 2>.err; echo $? >.status; } | true", getenv("DOTGRAD"),
                 subjects[k].call);
        cr_assert_eq(system(line), 0);
        read_text(".status", text, sizeof text);
        int status = atoi(text);
        cr_assert(status == 0 || status == 1 || status == 128 + SIGPIPE, "%s: %d", subjects[k].name, status);
        expect_kept(&subjects[k], "without a reader");
    }
    printf("%d commands\n", (int)N_SUBJECTS);
}

/* What can be printed nowhere is a failure; a command that prints nothing does its work. */
Test(faults, an_output_that_is_full)
{
    char line[1024], text[4096], expected[512];
    int failed = 0;
    struct stat about;
    for (size_t k = 0; k < N_SUBJECTS; k++) {
        const subject *s = &subjects[k];
        expected_of(s, expected, sizeof expected);
        bool prints = stat(".out", &about) == 0 && about.st_size > 0;
        prepare(s);
        snprintf(line, sizeof line, "'%s' %s 2>.err >/dev/full", getenv("DOTGRAD"), s->call);
        int state = system(line);
        read_text(".err", text, sizeof text);
        cr_assert(WIFEXITED(state) && WEXITSTATUS(state) == (prints ? 1 : 0), "%s: %x: %s", s->name, state, text);
        cr_assert(!prints || strstr(text, "standard output"), "%s: %s", s->name, text);
        expect_kept(s, "with an output that is full");
        failed += prints;
    }
    printf("%d commands, %d of them failed with a message\n", (int)N_SUBJECTS, failed);
}

Test(faults, streams_that_are_closed)
{
    static const char *const closed[] = {"<&-", ">&-", "2>&-", "<&- >&-", ">&- 2>&-", "<&- 2>&-", "<&- >&- 2>&-"};
    enum { N_CLOSED = sizeof closed / sizeof *closed };
    char line[1024], expected[512], result[512];
    for (size_t k = 0; k < N_SUBJECTS; k++) {
        const subject *s = &subjects[k];
        expected_of(s, expected, sizeof expected);
        for (size_t i = k % 2; i < N_CLOSED; i += 2) { /* each with every other command */
            prepare(s);
            snprintf(line, sizeof line, "'%s' %s >.out 2>.err %s", getenv("DOTGRAD"), s->call, closed[i]);
            int state = system(line);
            cr_assert(WIFEXITED(state) && WEXITSTATUS(state) < 2, "%s %s: %x", s->call, closed[i], state);
            expect_kept(s, closed[i]);
            if (state || !strstr(s->result, "made"))
                continue;
            show_result(s, result, sizeof result);
            cr_assert_str_eq(result, expected, "%s %s: another result", s->call, closed[i]);
        }
    }
    printf("%d commands\n", (int)N_SUBJECTS);
}

/* Without gnuplot, and without the program that places boxes, or with one that dies: what needs it says so, the rest is
 * done. */
Test(faults, children_that_are_missing)
{
    static const char *const variables[] = {"PATH=/nowhere", "DOTGRAD_LAYOUT=/nowhere", "DOTGRAD_LAYOUT=/bin/false",
                                            "DOTGRAD_LAYOUT=./dies"};
    char line[1024], text[4096];
    int failed = 0;
    write_text("dies", "#!/bin/sh\nkill -9 $$\n");
    cr_assert_eq(chmod("dies", 0755), 0);
    for (size_t k = 0; k < N_SUBJECTS; k++)
        for (size_t i = k % 2; i < sizeof variables / sizeof *variables; i += 2) { /* each with every other command */
            const subject *s = &subjects[k];
            prepare(s);
            snprintf(line, sizeof line, "env %s '%s' %s >.out 2>.err", variables[i], getenv("DOTGRAD"), s->call);
            int state = system(line);
            read_text(".err", text, sizeof text);
            cr_assert(WIFEXITED(state) && WEXITSTATUS(state) < 2, "%s, %s: %x: %s", s->name, variables[i], state, text);
            cr_assert(state == 0 || strstr(text, "dotgrad: "), "%s, %s: no message: %s", s->name, variables[i], text);
            cr_assert(is_readable("made/checkpoint.safetensors"), "%s, %s: a broken checkpoint", s->name, variables[i]);
            cr_assert_not(leaves_temporary_files(), "%s, %s: a temporary file is left", s->name, variables[i]);
            expect_kept(s, variables[i]);
            failed += state != 0;
        }
    printf("%d commands, %d failures with a message\n", (int)N_SUBJECTS, failed);
}
