/* The folder of a run: who may write in it, what a refused run leaves alone, what a killed run leaves, and children
 * that hang. Each test prints how many cases it went through. Long because all are of one folder, which one fingerprint
 * watches. */
#include "command.h"

#include <dotgrad/dotgrad.h>

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>

#define NET                                                                                                            \
    "digraph net {\n"                                                                                                  \
    "  graph [data=xor, epochs=3, batch_size=4, optimizer=\"adam(lr=0.05)\", loss=loss, output=output];\n"             \
    "  x [op=\"input([N, 2])\"]; t [op=\"input([N, 1])\"]; h [op=\"linear(8)\"]; a [op=tanh];\n"                       \
    "  output [op=\"linear(1)\"]; loss [op=binary_cross_entropy_with_logits];\n"                                       \
    "  x -> h -> a -> output -> loss; t -> loss [arg=target];\n"                                                       \
    "}\n"

static void make_net(void)
{
    make_folder();
    write_text("net.dot", NET);
}

TestSuite(run_folder, .init = make_net, .fini = remove_folder);

/* "SUM NAME\n" of every file of a folder, hidden ones too, and whether it is there. */
static void fingerprint(const char *run, char *text, size_t size)
{
    char line[256];
    snprintf(line, sizeof line, "(cd '%s' && ls -lA --time-style=full-iso && cat * | cksum) >.prints 2>&1", run);
    cr_assert_geq(system(line), 0);
    read_text(".prints", text, size);
}

static void expect_failure(outcome run, int status, const char *words)
{
    cr_assert_eq(run.status, status, "exit status %d: %s", run.status, run.err);
    cr_assert_not_null(strstr(run.err, words), "'%s' is not in: %s", words, run.err);
}

Test(run_folder, is_not_touched_by_a_refused_run)
{
    static const char *const refused[] = {
        "train other.dot --resume run --epochs 40",
        "train --resume run --epochs 40 --optimizer 'adam(lr=oops)'",
        "train --resume run --epochs 1",
        "train --resume run --seed 9",
        "train --resume run --data nosuch.csv",
        "train net.dot -o run --optimizer 'adam(lr=oops)'",
        "train net.dot -o run --schedule nosuch",
        "train net.dot -o run --data iris",
        "train net.dot -o run --loss nosuch",
        "train net.dot -o run --metrics nosuch",
        "train net.dot -o run --memory-limit 10",
        "train broken.dot -o run",
        "train nosuch.dot -o run",
    };
    char before[8192], after[8192];
    write_text("broken.dot", "digraph { x [op=\"input([N, 2])\"]; y [op=nosuch]; x -> y }");
    cr_assert_eq(system("sed 's/tanh/relu/' net.dot >other.dot"), 0);
    expect_fine(dotgrad("train net.dot -o run"));
    fingerprint("run", before, sizeof before);
    for (size_t k = 0; k < sizeof refused / sizeof *refused; k++) {
        outcome run = dotgrad("%s", refused[k]);
        cr_assert_eq(run.status, 1, "%s: exit status %d: %s", refused[k], run.status, run.err);
        fingerprint("run", after, sizeof after);
        cr_assert_str_eq(before, after, "%s changed the folder", refused[k]);
    }
    expect_failure(dotgrad("train net.dot -o new --optimizer nosuch"), 1, "nosuch");
    cr_assert(access("new", F_OK), "a refused run made its folder");
    printf("%zu refused runs\n", sizeof refused / sizeof *refused + 1);
}

Test(run_folder, keeps_what_a_person_has_edited)
{
    char text[4096];
    expect_fine(dotgrad("train net.dot -o run"));
    cr_assert_eq(system("sed -i 's/tanh/relu/' run/graph.dot && sed -i \"s/title 'loss'/title 'mine'/\" run/loss.gp && "
                        "echo '<svg/>' >run/graph.svg"),
                 0);
    outcome again = dotgrad("train --resume run --epochs 5");
    expect_fine(again);
    cr_assert_not_null(strstr(again.err, "run/graph.dot"), "%s", again.err);
    cr_assert_eq(system("grep -q relu run/graph.dot && grep -q mine run/loss.gp"), 0);
    read_text("run/graph.svg", text, sizeof text);
    cr_assert_str_eq(text, "<svg/>\n");
    cr_assert_eq(system("grep -q mine run/loss.svg"), 0, "the edited script was not used");
}

Test(run_folder, does_not_follow_links)
{
    static const char *const names[] = {
        "checkpoint.safetensors", "metrics.csv", "loss.svg", "loss.png", "loss.gp", "graph.svg", "graph.dot"};
    char path[64], text[64];
    struct stat about;
    cr_assert_eq(mkdir("run", 0777), 0);
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        write_text(names[k], "mine");
        snprintf(path, sizeof path, "../%s", names[k]);
        snprintf(text, sizeof text, "run/%s", names[k]);
        cr_assert_eq(symlink(path, text), 0);
    }
    expect_fine(dotgrad("train net.dot -o run"));
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        read_text(names[k], text, sizeof text);
        cr_assert_str_eq(text, "mine", "%s was written through a link", names[k]);
        snprintf(path, sizeof path, "run/%s", names[k]);
        cr_assert_eq(lstat(path, &about), 0, "%s", path);
        cr_assert(S_ISREG(about.st_mode) && about.st_size > 0, "%s", path);
    }
    cr_assert_eq(unlink("run/metrics.csv") || mkfifo("run/metrics.csv", 0666), 0);
    expect_failure(dotgrad("train net.dot -o run"), 1, "metrics.csv");
    printf("%zu links, 1 pipe\n", sizeof names / sizeof *names);
}

/* ---- processes ---- */

static void nap(double seconds)
{
    const struct timespec pause = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&pause, NULL);
}

static pid_t start(const char *run, const char *epochs)
{
    pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        signal(SIGHUP, SIG_DFL); /* under nohup it would stay ignored */
        signal(SIGINT, SIG_DFL);
        int quiet = open("/dev/null", O_RDWR), messages = open(".messages", O_WRONLY | O_CREAT | O_TRUNC, 0666);
        dup2(quiet, 1);
        dup2(messages, 2);
        execl(getenv("DOTGRAD"), "dotgrad", "train", "net.dot", "-o", run, "--epochs", epochs, (char *)NULL);
        _exit(127);
    }
    return child;
}

static bool wait_for_file(const char *path)
{
    for (int k = 0; k < 30000 && access(path, F_OK); k++)
        nap(0.01);
    return !access(path, F_OK);
}

/* The exit state once it ends within some minutes; else it is killed and the test fails. */
static int expect_end(pid_t child)
{
    int state;
    for (double spent = 0; spent < 300; spent += 0.02) {
        if (waitpid(child, &state, WNOHANG) == child)
            return state;
        nap(0.02);
    }
    kill(child, SIGKILL);
    waitpid(child, &state, 0);
    cr_assert_fail("it did not end");
    return state;
}

Test(run_folder, is_held_by_one_training)
{
    char pid[32];
    pid_t first = start("run", "100000000");
    cr_assert(wait_for_file("run/checkpoint.safetensors"));
    snprintf(pid, sizeof pid, "process %ld ", (long)first);
    expect_failure(dotgrad("train net.dot -o run"), 3, pid);
    expect_failure(dotgrad("train --resume run"), 3, pid);
    expect_failure(dotgrad("train --resume run/checkpoint.safetensors"), 3, pid);
    kill(first, SIGTERM);
    int state = expect_end(first);
    cr_assert(WIFEXITED(state) && WEXITSTATUS(state) == 1);
    cr_assert(access("run/.lock", F_OK), "the lock was left");
    expect_fine(dotgrad("train net.dot -o run"));
    write_text("run/.lock", "process 1 on mars\n"); /* of a run that was killed: nobody holds it */
    expect_fine(dotgrad("train net.dot -o run"));
}

Test(run_folder, is_cleaned_of_what_killed_runs_left)
{
    expect_fine(dotgrad("train net.dot -o run"));
    write_text("run/checkpoint.safetensors.123-0.tmp", "half");
    write_text("run/graph.svg.99-7.tmp", "half");
    write_text("run/mine.123-0.tmp", "whole");
    write_text("run/checkpoint.safetensors.old.tmp", "whole");
    expect_fine(dotgrad("train --resume run --epochs 4"));
    cr_assert(access("run/checkpoint.safetensors.123-0.tmp", F_OK));
    cr_assert(access("run/graph.svg.99-7.tmp", F_OK));
    cr_assert(!access("run/mine.123-0.tmp", F_OK));
    cr_assert(!access("run/checkpoint.safetensors.old.tmp", F_OK));
}

static void make_gnuplot(const char *script)
{
    static char path[4096];
    cr_assert(!mkdir("bin", 0777) || errno == EEXIST);
    write_text("bin/gnuplot", script);
    cr_assert_eq(chmod("bin/gnuplot", 0755), 0);
    snprintf(path, sizeof path, "%s/bin:%s", folder, "/usr/bin:/bin");
    setenv("PATH", path, 1);
}

Test(run_folder, outlives_a_gnuplot_that_hangs)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
    make_gnuplot("#!/bin/sh\necho $$ >../gnuplot.new\nmv ../gnuplot.new ../gnuplot.pid\nsleep 1000 & wait\n");
    for (int k = 0; k < 3; k++) {
        char pid[32];
        unlink("gnuplot.pid");
        pid_t child = start("run", "3");
        cr_assert(wait_for_file("gnuplot.pid"));
        kill(child, signals[k]);
        int state = expect_end(child);
        cr_assert(WIFSIGNALED(state) && WTERMSIG(state) == signals[k], "signal %d: state %x", signals[k], state);
        read_text("gnuplot.pid", pid, sizeof pid);
        cr_assert(kill(atoi(pid), 0) && errno == ESRCH, "gnuplot still runs");
        cr_assert(!access("run/checkpoint.safetensors", F_OK));
    }
    outcome run = dotgrad("train net.dot -o run"); /* nobody asks: the limit on time */
    expect_fine(run);
    cr_assert_not_null(strstr(run.err, "gnuplot did not end in"), "%s", run.err);
    printf("%d signals, 1 limit\n", 3);
}

Test(run_folder, says_what_gnuplot_did_not_write)
{
    static const char *const scripts[] = {"#!/bin/sh\nexit 3\n", "#!/bin/sh\nexit 0\n", "#!/bin/sh\nkill -9 $$\n",
                                          "#!/bin/sh\n: >loss.svg.tmp\nexit 0\n"};
    for (size_t k = 0; k < sizeof scripts / sizeof *scripts; k++) {
        make_gnuplot(scripts[k]);
        outcome run = dotgrad("train net.dot -o run");
        expect_fine(run);
        cr_assert_not_null(strstr(run.err, "the loss curve is not drawn"), "%s", run.err);
        cr_assert_null(strstr(run.err, "loss.png "), "%s", run.err);
        cr_assert(access("run/loss.png", F_OK));
    }
    make_gnuplot("#!/bin/sh\n"); /* as a disk that is full leaves it: an empty picture */
    cr_assert_eq(system("sed -n 's/.*/&/p' /dev/null >run/loss.png"), 0);
    outcome run = dotgrad("train net.dot -o run");
    const char *list = strstr(run.err, "files in");
    cr_assert(list && !strstr(list, "loss.png"), "%s", run.err);
    printf("%zu failures\n", sizeof scripts / sizeof *scripts + 1);
}

/* ---- streams ---- */

Test(run_folder, has_no_messages_in_its_files_when_streams_are_closed)
{
    static const char *const closed[] = {"<&-", ">&-", "2>&-", "<&- >&-", ">&- 2>&-", "<&- 2>&-", "<&- >&- 2>&-"};
    char line[512], text[4096];
    outcome whole = dotgrad("train net.dot -o whole --validation 0.25");
    expect_fine(whole);
    for (size_t k = 0; k < sizeof closed / sizeof *closed; k++) {
        snprintf(line, sizeof line, "'%s' train net.dot -o run --validation 0.25 %s", getenv("DOTGRAD"), closed[k]);
        int result = system(line);
        bool no_output = strstr(closed[k], ">&-") == closed[k] || strstr(closed[k], " >&-");
        cr_assert_eq(WEXITSTATUS(result), no_output ? 1 : 0, "%s: %x", closed[k], result);
        cr_assert(same_bytes("whole/metrics.csv", "run/metrics.csv"), "%s", closed[k]);
        cr_assert(same_bytes("whole/checkpoint.safetensors", "run/checkpoint.safetensors"), "%s", closed[k]);
        read_text("run/graph.svg", text, sizeof text);
        cr_assert_null(strstr(text, "epoch "), "%s", closed[k]);
    }
    printf("%zu combinations\n", sizeof closed / sizeof *closed);
}

Test(run_folder, is_whole_when_nobody_reads_the_progress)
{
    char line[512];
    expect_fine(dotgrad("train net.dot -o whole --epochs 200"));
    snprintf(line, sizeof line, "'%s' train net.dot -o run --epochs 200 2>&1 | head -n 1 >.out", getenv("DOTGRAD"));
    cr_assert_eq(system(line), 0);
    cr_assert(wait_for_file("run/loss.png"));
    cr_assert(same_bytes("whole/checkpoint.safetensors", "run/checkpoint.safetensors"));
}

/* ---- numbers ---- */

Test(run_folder, of_a_run_that_diverges_has_the_last_good_checkpoint_and_a_curve)
{
    dg_tensors *saved;
    write_text("far.dot", "digraph { graph [epochs=1000, optimizer=\"sgd(lr=3)\", dtype=float64];\n"
                          "w [op=\"parameter([1], init=ones)\"]; s [op=square]; loss [op=sum]; w -> s -> loss; }");
    expect_failure(dotgrad("train far.dot -o run"), 1, "'s' (square) is the first node that is infinite");
    cr_assert_eq(dg_safetensors_read("run/checkpoint.safetensors", &saved).code, DG_OK);
    cr_assert_str_eq(dg_tensors_note(saved, "dotgrad.epoch"), "221");
    cr_assert(isfinite(dg_tensor_get(dg_tensors_find(saved, "w"), 0)));
    dg_tensors_free(saved);
    cr_assert(!access("run/loss.svg", F_OK) && !access("run/loss.png", F_OK));
    expect_failure(dotgrad("train --resume run"), 1, "epoch 222");
}

Test(run_folder, takes_no_memory_for_epochs_to_come)
{
    char line[512];
    snprintf(
        line, sizeof line,
        "(" LIMIT_MEMORY(2000000) "OPENBLAS_NUM_THREADS=1 exec '%s' train net.dot -o run --epochs 1000000000) "
                                  ">.out 2>.err & while ! test -e run/metrics.csv && kill -0 $!; do sleep 0.05; done; "
                                  "kill $!; wait $!",
        getenv("DOTGRAD"));
    int result = system(line);
    outcome run;
    read_text(".err", run.err, sizeof run.err);
    cr_assert(!access("run/checkpoint.safetensors", F_OK), "%x: %s", result, run.err);
    cr_assert_not_null(strstr(run.err, "interrupted"), "%s", run.err);
}

Test(run_folder, refuses_limits_below_zero)
{
    static const char *const wrong[] = {"--clip-norm -1", "--clip-value -1", "--validation -1", "--clip-norm 0",
                                        "--epochs -1",    "--patience -1",   "--seed -1",       "--clip-norm nan"};
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        outcome run = dotgrad("train net.dot -o run %s", wrong[k]);
        cr_assert_eq(run.status, 2, "%s: %d %s", wrong[k], run.status, run.err);
    }
    printf("%zu options\n", sizeof wrong / sizeof *wrong);
}

Test(run_folder, says_that_a_cosine_gets_longer)
{
    expect_fine(dotgrad("train net.dot -o run --schedule cosine --epochs 4"));
    outcome longer = dotgrad("train --resume run --epochs 8");
    expect_fine(longer);
    cr_assert_not_null(strstr(longer.err, "cosine(t_max=4)"), "%s", longer.err);
    expect_fine(dotgrad("train net.dot -o fixed --schedule 'cosine(t_max=4)' --epochs 4"));
    longer = dotgrad("train --resume fixed --epochs 8");
    expect_fine(longer);
    cr_assert_null(strstr(longer.err, "warning"), "%s", longer.err);
}

static void read_row(const char *run, char *text, size_t size)
{
    char path[128];
    snprintf(path, sizeof path, "%s/row.json", run);
    read_text(path, text, size);
}

/* The last epoch of metrics.csv, and what the command prints. */
Test(run_folder, has_a_row_with_what_came_of_the_run)
{
    char row[4096], metrics[4096];
    outcome run = dotgrad("train net.dot --data iris --loss loss -o none");
    cr_assert_eq(run.status, 1); /* refused: no row */
    cr_assert_neq(access("none/row.json", F_OK), 0);
    write_text("iris.dot", "digraph { graph [data=iris, epochs=4, validation=0.2]; x [op=\"input([N, 4])\"];"
                           "t [op=\"input([N], dtype=int64)\"]; output [op=\"linear(3)\"]; loss [op=cross_entropy];"
                           "x -> output -> loss; t -> loss [arg=target]; }");
    run = dotgrad("train iris.dot -o run --seed 5 --split-seed 9 --no-pictures");
    expect_fine(run);
    read_row("run", row, sizeof row);
    read_text("run/metrics.csv", metrics, sizeof metrics);
    cr_assert_not_null(strstr(row, "\"finished\""), "%s", row);
    cr_assert_eq(number_after(row, "\"seed\":"), 5);
    cr_assert_eq(number_after(row, "\"split_seed\":"), 9);
    cr_assert_eq(number_after(row, "\"epochs\":"), 4);
    cr_assert_eq(number_after(row, "\"parameters\":"), 15);
    cr_assert_eq(number_after(strstr(row, "\"train\""), "\"loss\":"), number_after(metrics, "\n4,"));
    double test = number_after(run.out, "test loss: ");
    cr_assert_float_eq(number_after(strstr(row, "\"test\""), "\"loss\":"), test, 1e-5 * test);
    cr_assert_not_null(strstr(strstr(row, "\"validation\""), "\"accuracy\":"), "%s", row);
    cr_assert_neq(access("run/loss.svg", F_OK), 0);
    cr_assert_neq(access("run/graph.svg", F_OK), 0);
}

Test(run_folder, has_a_row_that_says_where_the_run_diverged)
{
    char row[4096];
    outcome run = dotgrad("train net.dot -o run --no-pictures --optimizer 'sgd(lr=1e39)'");
    cr_assert_eq(run.status, 1);
    read_row("run", row, sizeof row);
    cr_assert_not_null(strstr(row, "\"diverged\""), "%s", row);
    cr_assert_not_null(strstr(row, "epoch 1, step"), "%s", row);
    expect_fine(dotgrad("train net.dot -o run --no-pictures"));
    read_row("run", row, sizeof row);
    cr_assert_not_null(strstr(row, "\"finished\""), "%s", row);
}

/* The split does not move with the seed of the run: two runs are then paired. */
Test(run_folder, of_a_fold_is_resumed_with_the_same_rows)
{
    expect_fine(
        dotgrad("train net.dot --data spirals -o a --epochs 4 --folds 3 --fold 2 --split-seed 7 --no-pictures"));
    expect_fine(
        dotgrad("train net.dot --data spirals -o b --epochs 2 --folds 3 --fold 2 --split-seed 7 --no-pictures"));
    expect_fine(dotgrad("train --resume b --epochs 4 --no-pictures"));
    cr_assert(same_bytes("a/checkpoint.safetensors", "b/checkpoint.safetensors"));
    expect_fine(
        dotgrad("train net.dot --data spirals -o c --epochs 4 --folds 3 --fold 3 --split-seed 7 --no-pictures"));
    cr_assert_not(same_bytes("a/metrics.csv", "c/metrics.csv"));
}

/* A split by another seed, which a damaged note is read as, would train on rows that tested. */
Test(run_folder, with_a_damaged_note_on_its_split_is_not_resumed)
{
    static const char *const notes[][2] = {{"data.split_seed", "../7"}, {"data.split_seed", "99999999999999999999"},
                                           {"data.split_seed", ""},     {"data.validation", "7"},
                                           {"data.validation", "0,1"},  {"data.folds", "three"}};
    char before[2000], after[2000], words[64];
    expect_fine(dotgrad("train net.dot --data spirals -o good --epochs 2 --folds 3 --split-seed 7 --no-pictures"));
    for (size_t k = 0; k < sizeof notes / sizeof *notes; k++) {
        dg_tensors *set;
        cr_assert_eq(system("rm -rf bad && cp -r good bad"), 0);
        cr_assert_eq(dg_tensors_read("bad/checkpoint.safetensors", &set).code, DG_OK);
        cr_assert_eq(dg_tensors_set_note(set, notes[k][0], notes[k][1]).code, DG_OK);
        cr_assert_eq(dg_safetensors_write("bad/checkpoint.safetensors", set).code, DG_OK);
        dg_tensors_free(set);
        fingerprint("bad", before, sizeof before);
        snprintf(words, sizeof words, "'%s' is '%s'", notes[k][0], notes[k][1]);
        expect_failure(dotgrad("train --resume bad --epochs 4 --no-pictures"), 1, words);
        fingerprint("bad", after, sizeof after);
        cr_assert_str_eq(before, after);
    }
}

/* The checkpoint `from` as `to`, without one of its notes. */
static void copy_without(const char *from, const char *to, const char *key)
{
    dg_tensors *set, *copy;
    cr_assert_eq(dg_tensors_read(from, &set).code, DG_OK);
    cr_assert_eq(dg_tensors_new(&copy).code, DG_OK);
    cr_assert_not_null(dg_tensors_note(set, key), "%s", key);
    for (size_t k = 0; k < dg_tensors_count(set); k++)
        cr_assert_eq(dg_tensors_put(copy, dg_tensors_name(set, k), dg_tensors_at(set, k)).code, DG_OK);
    for (size_t k = 0; k < dg_tensors_note_count(set); k++) {
        const char *one = dg_tensors_note_key(set, k);
        if (strcmp(one, key) != 0)
            cr_assert_eq(dg_tensors_set_note(copy, one, dg_tensors_note(set, one)).code, DG_OK);
    }
    cr_assert_eq(dg_safetensors_write(to, copy).code, DG_OK);
    dg_tensors_free(copy);
    dg_tensors_free(set);
}

/* Nothing else says that the columns are those of the first epochs. */
Test(run_folder, without_the_columns_of_its_data_is_not_resumed)
{
    static const char *const notes[] = {"data.columns", "data.classes"};
    write_text("words.csv", "a,b,y\n1,2,no\n2,3,yes\n3,1,no\n4,4,yes\n5,2,no\n6,1,yes\n7,7,no\n8,3,yes\n");
    expect_fine(dotgrad("train net.dot --data words.csv -o good --epochs 2 --no-pictures"));
    for (size_t k = 0; k < sizeof notes / sizeof *notes; k++) {
        cr_assert_eq(system("rm -rf bad && cp -r good bad"), 0);
        copy_without("good/checkpoint.safetensors", "bad/checkpoint.safetensors", notes[k]);
        expect_failure(dotgrad("train --resume bad --epochs 4 --no-pictures"), 1, notes[k]);
    }
}

/* Of a run that was stopped and goes on, too. */
Test(run_folder, keeps_what_was_watched)
{
    const char *watch = "--watch 'grad_norm, update_ratio, dead' --watch-every 2";
    char line[4096];
    expect_fine(dotgrad("train net.dot -o plain --epochs 8 --no-pictures"));
    expect_fine(dotgrad("train net.dot -o run --epochs 8 %s", watch));
    cr_assert(same_bytes("plain/checkpoint.safetensors", "run/checkpoint.safetensors"));
    read_text("run/watch.csv", line, sizeof line);
    cr_assert_eq(strncmp(line, "step,epoch,layer,grad_norm,update_ratio,dead\n0,1,h,", 51), 0, "%s", line);
    cr_assert_eq(access("run/watch-grad_norm.svg", R_OK), 0);
    cr_assert_eq(access("run/watch-dead.png", R_OK), 0);
    read_text("run/watch.svg", line, sizeof line);
    cr_assert_not_null(strstr(line, "before step"), "%s", line);
    expect_fine(dotgrad("train net.dot -o part --epochs 5 --no-pictures %s", watch));
    expect_fine(dotgrad("train --resume part --epochs 8 --no-pictures %s", watch));
    cr_assert(same_bytes("run/watch.csv", "part/watch.csv"));
    cr_assert_eq(system("sed 's/epochs=3/epochs=3, watch=\"std\", watch_every=4/' net.dot >watched.dot"), 0);
    expect_fine(dotgrad("train watched.dot -o own --no-pictures"));
    read_text("own/watch.csv", line, sizeof line);
    cr_assert_not_null(strstr(line, "step,epoch,layer,std\n"), "%s", line);
    outcome run = dotgrad("train net.dot -o run --watch gradnorm");
    cr_assert_eq(run.status, 1);
    cr_assert_not_null(strstr(run.err, "'gradnorm' is not one of"), "%s", run.err);
}

Test(run_folder, in_the_place_of_a_graph_says_where_its_graph_is)
{
    expect_fine(dotgrad("train net.dot -o run"));
    outcome run = dotgrad("summary run");
    cr_assert_eq(run.status, 1);
    cr_assert_str_eq(run.err, "dotgrad: run: this is the folder of a run: its graph is run/graph.dot\n");
    cr_assert_eq(system("mkdir empty"), 0);
    run = dotgrad("summary empty");
    cr_assert_str_eq(run.err, "dotgrad: empty: cannot read: this is a folder\n");
}

/* Rows of the test part, all of them, and the right ones on the diagonal. */
Test(run_folder, tells_which_class_was_taken_for_which)
{
    char table[1024];
    double all = 0, right = 0;
    write_text("iris.dot", "digraph { graph [data=iris, epochs=3, metrics=\"accuracy, auc, f1_macro\", validation=0.2];"
                           "x [op=\"input([N, 4])\"]; t [op=\"input([N], dtype=int64)\"]; output [op=\"linear(3)\"];"
                           "loss [op=cross_entropy]; x -> output -> loss; t -> loss [arg=target]; }");
    outcome run = dotgrad("train iris.dot -o run");
    expect_fine(run);
    read_text("run/confusion.csv", table, sizeof table);
    cr_assert_eq(strncmp(table, "target,setosa,versicolor,virginica\nsetosa,", 41), 0, "%s", table);
    const char *at = table;
    for (int row = 0; row < 3; row++) {
        at = strchr(strchr(at, '\n'), ',');
        for (int k = 0; k < 3; k++) {
            double count = strtod(at + 1, (char **)(uintptr_t)&at);
            all += count;
            right += k == row ? count : 0;
        }
    }
    cr_assert_eq(all, 38);
    cr_assert_float_eq(100 * right / all, number_after(run.out, "test accuracy: "), 0.051);
    cr_assert(number_after(run.out, "test auc: ") > 0.3);
    cr_assert(number_after(run.out, "test f1_macro: ") >= 0);
    cr_assert_eq(access("run/confusion.svg", R_OK), 0);
    cr_assert_null(strstr(run.err, "nan"), "%s", run.err);
    write_text("told", run.err);
    cr_assert_eq(system("sed -n 's/^files in run: / /; s/$/ /p' told >listed && for f in run/*; do"
                        " grep -q \" ${f#run/} \" listed || exit 1; done"),
                 0, "a file is not listed: %s", run.err);
}

/* A class may hold what CSV gives a meaning. */
Test(run_folder, quotes_the_names_of_classes)
{
    char table[1024];
    write_text("odd.csv", "a,kind\n1,\"x,\"\"y\"\"\"\n2,plain\n1.1,\"x,\"\"y\"\"\"\n2.1,plain\n");
    write_text("odd.dot", "digraph { graph [data=\"odd.csv(target=kind)\", epochs=1]; x [op=\"input([N, 1])\"];"
                          "t [op=\"input([N], dtype=int64)\"]; output [op=\"linear(2)\"]; loss [op=cross_entropy];"
                          "x -> output -> loss; t -> loss [arg=target]; }");
    expect_fine(dotgrad("train odd.dot -o run"));
    read_text("run/confusion.csv", table, sizeof table);
    cr_assert_not_null(strstr(table, "\"x,\"\"y\"\"\""), "%s", table);
}
