/* Studies: paired runs as processes, which are killed, cut into parts, edited and repeated. Statistics have a test of
 * their own (optim/statistics). */
#include "command.h"

#include <dotgrad/dotgrad.h>

#include <signal.h>

#define NET                                                                                                            \
    "digraph net {\n"                                                                                                  \
    "  graph [set=\"act=relu, lr=0.05\", data=\"iris\", validation=0.2, epochs=3, batch_size=16,"                      \
    "         optimizer=\"adam(lr=$lr)\"];\n"                                                                          \
    "  x [op=\"input([N, 4])\"]; t [op=\"input([N], dtype=int64)\"]; h [op=\"linear(8)\"]; a [op=\"$act\"];\n"         \
    "  output [op=\"linear(3)\"]; loss [op=cross_entropy]; x -> h -> a -> output -> loss; t -> loss [arg=target];\n"   \
    "}\n"

static void make_net(void)
{
    make_folder();
    write_text("net.dot", NET);
}

TestSuite(study, .init = make_net, .fini = remove_folder);

/* The number that a shell's line prints. */
static double shell_number(const char *line)
{
    char text[64] = "";
    FILE *out = popen(line, "r");
    cr_assert_not_null(out);
    size_t length = fread(text, 1, sizeof text - 1, out);
    text[length] = '\0';
    pclose(out);
    return strtod(text, NULL);
}

static void shell(const char *line)
{
    cr_assert_eq(system(line), 0, "%s", line);
}

static void expect_words(const char *text, const char *words)
{
    cr_assert_not_null(strstr(text, words), "'%s' is not in: %s", words, text);
}

#define ROWS "ls study/runs/*/row.json | wc -l"
/* A column of runs.csv by its name, without the head. */
#define COLUMN(name)                                                                                                   \
    "awk -F, 'NR == 1 { for (k = 1; k <= NF; k++) if ($k == \"" name "\") c = k } NR > 1 { print $c }' study/runs.csv"

/* One function by two names: where split, order and first numbers are the same, so are all results. */
Test(study, pairs_have_the_same_split_order_and_numbers)
{
    outcome run = dotgrad("study net.dot --set 'act=relu|expr(relu(x))|tanh' --seeds 4 --jobs 2 -o study");
    expect_fine(run);
    cr_assert_eq(shell_number(ROWS), 12);
    expect_words(run.out, "0 wins, 4 ties, 0 losses");
    expect_words(run.out, "4 pairs are too few to tell");
    cr_assert_eq(shell_number(COLUMN("test_loss") " | sort -u | wc -l"), 8); /* seeds differ, names do not */
    cr_assert_eq(shell_number("head -1 study/curves.csv | grep -c epoch,loss,accuracy"), 1);
    cr_assert_eq(shell_number("wc -l < study/curves.csv"), 1 + 12 * 3);
}

/* Seven pairs were asked for, but five have ended in both. */
Test(study, counts_pairs_that_have_ended_when_it_says_that_they_are_too_few)
{
    outcome run = dotgrad("study net.dot --set 'act=relu|tanh' --seeds 7 --jobs 2 -o study");
    expect_fine(run);
    cr_assert_null(strstr(run.out, "too few to tell"), "%s", run.out);
    shell("for key in $(grep ',tanh,[01],' study/runs.csv | cut -d, -f1); do rm -r study/runs/$key; done");
    cr_assert_eq(shell_number(ROWS), 12);
    run = dotgrad("study --report study");
    expect_fine(run);
    expect_words(run.out, "5 pairs are too few to tell: with 1 comparison the test can come below 5 % from 6 on");
    shell("grep -q '5 pairs are too few to tell' study/report.html");
    shell("! grep -q nan study/report.html");
    cr_assert_eq(shell_number("sed -n 2p study/ranks.csv | cut -d, -f5"), 5);
}

Test(study, chooses_by_validation_data_and_never_by_the_test_part)
{
    expect_fine(
        dotgrad("study net.dot --set 'act=relu|tanh' --range 'lr=geomspace(1e-4, 0.1, 4)' --select lr --seeds 3"));
    char chosen[2][64], wanted[2][64];
    static const char *const acts[] = {"relu", "tanh"};
    for (int k = 0; k < 2; k++) {
        char line[400];
        snprintf(line, sizeof line,
                 "awk -F, 'NR == 1 { for (k = 1; k <= NF; k++) if ($k == \"validation_accuracy\") c = k } $3 == \"%s\" "
                 "{ sum[$4] += $c } END { for (lr in sum) printf \"%%.9f lr=%%s\\n\", sum[lr], lr }' study/runs.csv "
                 "| sort -k1,1gr -s | head -1 | cut -d' ' -f1 >wanted",
                 acts[k]);
        shell(line);
        snprintf(line, sizeof line,
                 "lr=$(grep 'act=%s' study/summary.csv | cut -d, -f3 | tr -d '\"' | cut -d= -f2); awk -F, -v lr=$lr "
                 "'NR == 1 { for (k = 1; k <= NF; k++) if ($k == \"validation_accuracy\") c = k } $3 == \"%s\" && "
                 "$4 == lr { s += $c } END { printf \"%%.9f\\n\", s }' study/runs.csv >chosen",
                 acts[k], acts[k]);
        shell(line);
        read_text("wanted", wanted[k], sizeof wanted[k]);
        read_text("chosen", chosen[k], sizeof chosen[k]);
        cr_assert_str_eq(chosen[k], wanted[k]);
    }
    outcome run = dotgrad("study net.dot --set 'validation=0' --range 'lr=linspace(0.1, 0.2, 2)' --select lr -o none");
    cr_assert_eq(run.status, 1);
    expect_words(run.err, "--set validation=0.2");
}

/* The rows of a study that was killed twice, each time once some more rows were there. */
static double rows_after_two_kills(const char *arguments)
{
    char line[1024];
    shell("rm -rf study");
    for (int kill = 0; kill < 2; kill++) {
        snprintf(
            line, sizeof line,
            "'%s' %s study >.log 2>&1 & pid=$!; while [ $(ls study/runs/*/row.json 2>/dev/null | wc -l) -lt %d ] && "
            "kill -0 $pid; do sleep 0.01; done; kill -9 $pid; wait $pid 2>/dev/null; sleep 0.2; true",
            getenv("DOTGRAD"), arguments, 4 + 5 * kill);
        shell(line);
    }
    return shell_number(ROWS);
}

Test(study, killed_twice_goes_on_and_repeats_nothing)
{
    const char *arguments = "study net.dot --set 'act=relu|tanh|silu' --set 'epochs=40' --seeds 6 --jobs 2 -o";
    double before = 18;
    expect_fine(dotgrad("%s whole", arguments));
    for (int attempt = 0; attempt < 20 && before == 18; attempt++) /* the machine may be too busy to kill it in time */
        before = rows_after_two_kills(arguments);
    cr_assert(before >= 9 && before < 18, "%g rows when it was killed for the second time", before);
    shell("touch -d '2001-01-01' study/runs/*/row.json");
    expect_fine(dotgrad("%s study", arguments));
    cr_assert_eq(shell_number("find study/runs -name row.json -not -newermt 2002-01-01 | wc -l"), before);
    shell("for s in whole study; do cut -d, -f1-18 $s/runs.csv >$s.rows; done; cmp whole.rows study.rows");
    cr_assert(same_bytes("whole/curves.csv", "study/curves.csv"));
    cr_assert(same_bytes("whole/comparisons.csv", "study/comparisons.csv"));
}

Test(study, marks_rows_of_an_edited_graph_as_stale)
{
    expect_fine(dotgrad("study net.dot --set 'act=relu|tanh' --seeds 2"));
    shell("sed -i 's/linear(8)/linear(9)/' net.dot");
    outcome run = dotgrad("study net.dot --set 'act=relu|tanh' --seeds 2");
    expect_fine(run);
    expect_words(run.out, "4 rows are stale");
    cr_assert_eq(shell_number(COLUMN("stale") " | grep -c true"), 4);
    cr_assert_eq(shell_number(ROWS), 8);
    shell("sed -i 's/linear(9)/linear(8)/' net.dot; touch -d '2001-01-01' study/runs/*/row.json");
    expect_fine(dotgrad("study net.dot --set 'act=relu|tanh' --seeds 2")); /* nothing to do */
    cr_assert_eq(shell_number("find study/runs -name row.json -newermt 2002-01-01 | wc -l"), 0);
}

Test(study, sees_that_the_data_have_changed)
{
    shell("for k in $(seq 60); do echo \"$k,$((k % 7)),$((k % 3)),$((k % 5)),$((k % 2))\"; done >rows.csv");
    shell("sed -i 's/data=\"iris\"/data=\"rows.csv(header=false)\"/; s/linear(3)/linear(2)/' net.dot");
    expect_fine(dotgrad("study net.dot --seeds 2"));
    shell("sed -i '1s/^1,/2,/' rows.csv");
    outcome run = dotgrad("study net.dot --seeds 2");
    expect_fine(run);
    expect_words(run.out, "2 rows are stale, of settings that are not compared now, or of graphs or data");
}

Test(study, takes_runs_that_fail_diverge_or_take_too_long_as_rows)
{
    outcome run = dotgrad("study net.dot --set 'lr=0.05|1e39' --set 'optimizer=sgd(lr=$lr)' --seeds 3");
    cr_assert_neq(run.status, 2);
    if (run.status) /* $lr stands in the graph, not in what the command line sets */
        run = dotgrad("study net.dot --set 'lr=0.05|1e39' --seeds 3");
    expect_fine(run);
    cr_assert_eq(shell_number(COLUMN("status") " | grep -c diverged"), 3);
    cr_assert_eq(shell_number("grep -c 'epoch 1, step' study/runs.csv"), 3);
    expect_words(run.out, "3 failed");
    run = dotgrad("study net.dot --set 'data=iris|nosuch.csv' --seeds 2 -o failing");
    expect_fine(run);
    cr_assert_eq(shell_number("grep -c ',failed,' failing/runs.csv"), 2);
    cr_assert_eq(shell_number("grep -c 'nosuch.csv' failing/runs/*/row.json | grep -c ':1'"), 2);
    run = dotgrad("study net.dot --set 'epochs=3|1000000000' --seeds 1 --limit 15s -o slow");
    expect_fine(run);
    cr_assert_null(strstr(run.out, "+- nan"), "%s", run.out);
    cr_assert_eq(shell_number("grep -c ',timeout,' slow/runs.csv"), 1);
}

Test(study, does_a_part_and_joins_the_parts)
{
    const char *arguments = "study net.dot --set 'act=relu|tanh|silu' --seeds 3 -o";
    expect_fine(dotgrad("%s whole", arguments));
    for (int k = 3; k >= 1; k--)
        expect_fine(dotgrad("%s study --shard %d/3", arguments, k));
    cr_assert_eq(shell_number(ROWS), 9);
    shell("rm study/*.csv");
    expect_fine(dotgrad("study --report study"));
    cr_assert(same_bytes("whole/curves.csv", "study/curves.csv"));
    cr_assert(same_bytes("whole/comparisons.csv", "study/comparisons.csv"));
}

Test(study, is_repeated_from_its_manifest_without_the_graph)
{
    expect_fine(dotgrad("study net.dot --set 'act=relu|mish' --seeds 2 --folds 3 -o first"));
    shell("rm net.dot; mkdir far; cp first/manifest far");
    expect_fine(dotgrad("study --repeat far/manifest -o again"));
    cr_assert(same_bytes("first/curves.csv", "again/curves.csv"));
    cr_assert(same_bytes("first/comparisons.csv", "again/comparisons.csv"));
    char manifest[20000];
    read_text("again/manifest", manifest, sizeof manifest);
    expect_words(manifest, "\"processors\":");
    shell("sed 's/\"dotgrad\":.*,/\"dotgrad\": \"0.0.1\",/' far/manifest >old");
    outcome run = dotgrad("study --repeat old -o again");
    expect_fine(run);
    expect_words(run.err, "old was written by dotgrad 0.0.1");
}

Test(study, repeats_within_the_limits_of_the_manifest)
{
    expect_fine(dotgrad("study net.dot --set 'epochs=3|1000000000' --seeds 1 --limit 2s -o first"));
    expect_fine(dotgrad("study --repeat first/manifest -o again"));
    cr_assert(shell_number("grep -c ',timeout,' again/runs.csv") >= 1);
    expect_fine(
        dotgrad("study net.dot --set 'act=relu|tanh' --set epochs=300 --seeds 300 --jobs 2 --budget 1s -o few"));
    outcome run = dotgrad("study --repeat few/manifest -o fewer");
    expect_fine(run);
    expect_words(run.out, "pairs were dropped");
}

Test(study, tests_every_fold_in_its_turn)
{
    expect_fine(dotgrad("study net.dot --folds 5 --seeds 2"));
    cr_assert_eq(shell_number(ROWS), 10);
    cr_assert_eq(shell_number(COLUMN("fold") " | sort | uniq -c | awk '$1 == 2' | wc -l"), 5);
}

Test(study, drops_whole_pairs_when_the_budget_is_spent)
{
    outcome run =
        dotgrad("study net.dot --set 'act=relu|tanh|silu' --set 'epochs=300' --seeds 400 --jobs 2 --budget 2s");
    expect_fine(run);
    expect_words(run.out, "pairs were dropped");
    double rows = shell_number(ROWS);
    cr_assert(rows >= 3 && rows < 1200, "%g rows", rows);
    cr_assert_eq(shell_number(COLUMN("seed") " | sort | uniq -c | awk '$1 != 3' | wc -l"), 0); /* no half pair */
    cr_assert_eq(shell_number(COLUMN("epochs_done") " | sort -u"), 300);                       /* none is shorter */
}

Test(study, draws_at_random_and_halves)
{
    outcome run = dotgrad("study net.dot --sample 'lr=loguniform(1e-4, 1e-1)' --sample 'batch_size=randint(8, 65)' "
                          "--trials 9 --halving 3 --set epochs=9 --seeds 2");
    expect_fine(run);
    cr_assert_eq(shell_number(ROWS), 9 + 3 + 2); /* 9 of 1 epoch, 3 of 3, 1 of 9 on two seeds */
    cr_assert_eq(shell_number(COLUMN("epochs_done") " | sort | uniq -c | awk '{ print $1 \":\" $2 }' | tr '\\n' ' ' | "
                                                    "grep -c '9:1 3:3 2:9'"),
                 1);
    cr_assert_eq(shell_number(COLUMN("lr") " | sort -u | wc -l"), 9);
    shell("touch -d '2001-01-01' study/runs/*/row.json");
    expect_fine(dotgrad("study net.dot --sample 'lr=loguniform(1e-4, 1e-1)' --sample 'batch_size=randint(8, 65)' "
                        "--trials 9 --halving 3 --set epochs=9 --seeds 2"));
    cr_assert_eq(shell_number("find study/runs -name row.json -newermt 2002-01-01 | wc -l"), 0);
}

Test(study, plans_without_a_trace)
{
    outcome run = dotgrad("study net.dot --set 'act=relu|expr(a|b)' --range 'lr=geomspace(1e-3, 1e-1, 3)' --dry-run");
    cr_assert_eq(run.status, 1); /* a formula with | in it is one value, and no formula */
    run = dotgrad("study net.dot --set 'act=relu|mish' --range 'lr=geomspace(1e-3, 1e-1, 3)' --dry-run -o study");
    expect_fine(run);
    expect_words(run.out, "1 graph, 6 methods, 1 configuration of each");
    expect_words(run.out, "act=mish, lr=0.01\n");
    cr_assert_neq(access("study", F_OK), 0);
}

Test(study, says_what_is_wrong_with_a_plan)
{
    static const struct {
        const char *arguments, *words;
        int status;
    } cases[] = {
        {"study", "needs a graph file", 2},
        {"study net.dot --set acct=relu", "act", 1},
        {"study net.dot --set act=", "NAME=VALUES", 1},
        {"study net.dot --set 'act=relu||mish'", "empty value", 1},
        {"study net.dot --range 'lr=geomspace(0, 1, 3)'", "numbers above 0", 1},
        {"study net.dot --range 'lr=logspace(0, 1, 3)'", "geomspace(FROM, TO, COUNT)", 1},
        {"study net.dot --sample 'lr=normal(0, 1)'", "loguniform(LOW, HIGH)", 1},
        {"study net.dot --select lr", "nothing named 'lr' is varied", 1},
        {"study net.dot --shard 4/3", "I from 1 to N", 2},
        {"study net.dot --budget soon", "15m", 2},
        {"study net.dot net.dot", "two graphs are named 'net'", 1},
        {"study net.dot --seeds 1 --baseline nosuch -o s", "there is no method 'nosuch'; there are 'net'", 2},
        {"study net.dot --seeds 1 --metric test_rmse -o s", "no metric 'test_rmse'", 2},
        {"study net.dot --seeds 1 --metric foo -o s", "no metric 'foo'; there are loss, accuracy", 2},
        {"study net.dot --set 'act=relu|mish' --select act --by foo -o s", "--by: there is no metric 'foo'", 2},
        {"study net.dot --seeds 1 --target validation_accuracy=abc -o s", "METRIC=NUMBER", 2},
        {"study net.dot --seeds 1 --target foo=3 -o s", "--target: there is no metric 'foo'", 2},
        {"study net.dot --seeds 1 --target test_accuracy=0.5 -o s", "measured after training", 2},
        {"study net.dot --seeds 1 --target validation_accuracy=0.5 --set validation=0 -o s", "--set validation=0.2", 1},
        {"study net.dot --seeds 1 --metric validation_loss --set validation=0 -o s", "--set validation=0.2", 1},
        {"study net.dot --seeds 1 --folds 2000 -o s", "--folds=2000, but the data have ", 1},
        {"study net.dot --set 'lr=0.1|abc' -o s", "net.dot: optimizer: adam: lr is abc", 1},
        {"study net.dot --set 'schedule=cosine|cosin' -o s", "did you mean 'cosine'?", 1},
        {"study net.dot --set 'freeze=nosuch|h' -o s", "freeze: 'nosuch' fits no trainable parameter", 1},
        {"study net.dot --set 'act=tanh|tanh' -o s", "'act' has the value 'tanh' twice", 1},
        {"study --report nosuch", "nosuch/manifest", 1}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        outcome run = dotgrad("%s", cases[k].arguments);
        cr_assert_eq(run.status, cases[k].status, "%s: %d: %s", cases[k].arguments, run.status, run.err);
        expect_words(run.err, cases[k].words);
    }
    cr_assert_neq(access("s", F_OK), 0); /* before anything is trained */
}

/* Of one graph accuracy, of the other the error: each task has its own metric, and ranks join them. */
Test(study, ranks_methods_over_tasks_with_different_metrics)
{
    write_text("line.dot",
               "digraph line { graph [set=\"act=relu\", data=\"sinc(n=60)\", epochs=30, optimizer=\"adam(lr=0.02)\"];"
               "x [op=\"input([N, 1])\"]; y [op=\"input([N, 1])\"]; h [op=\"linear(4)\"]; a [op=\"$act\"];"
               "output [op=\"linear(1)\"]; loss [op=mse_loss]; x -> h -> a -> output -> loss;"
               "y -> loss [arg=target]; }");
    outcome run = dotgrad("study net.dot line.dot --set 'act=tanh|expr(tanh(x))|expr(0*x)' --set epochs=30 --seeds 4");
    expect_fine(run);
    expect_words(run.out, "net: test_accuracy (more is better)");
    expect_words(run.out, "line: test_rmse (less is better)");
    expect_words(run.out, "Friedman's test over tasks");
    cr_assert_eq(shell_number("grep -c 'test_accuracy$' study/summary.csv"), 3);
    cr_assert_eq(shell_number("grep -c 'test_rmse$' study/summary.csv"), 3);
    /* The first two are one function and share ranks 1 and 2, the third is last: all 8 pairs. */
    cr_assert_eq(shell_number("sed -n 2p study/ranks.csv | cut -d, -f2"), 1.5);
    cr_assert_eq(shell_number("sed -n 3p study/ranks.csv | cut -d, -f2"), 1.5);
    cr_assert_eq(shell_number("sed -n 4p study/ranks.csv | cut -d, -f2"), 3);
    cr_assert_eq(shell_number("sed -n 4p study/ranks.csv | cut -d, -f4"), 8);
}

Test(study, replaces_the_ops_of_nodes)
{
    write_text("two.dot", "digraph two { graph [set=\"act=relu\", data=iris, epochs=2, optimizer=adam];"
                          "x [op=\"input([N, 4])\"]; t [op=\"input([N], dtype=int64)\"]; h [op=\"linear(8)\"];"
                          "a1 [op=\"$act\"]; a2 [op=tanh]; output [op=\"linear(3)\"]; loss [op=cross_entropy];"
                          "x -> h -> a1 -> a2 -> output -> loss; t -> loss [arg=target]; }");
    expect_fine(
        dotgrad("study two.dot --replace 'a*=original|mish|expr(x * sigmoid(b * x), b=parameter(1, per=channel))'"
                " --seeds 2"));
    cr_assert_eq(shell_number("cat study/graphs/*.dot | grep -c 'a[12] .op=mish'"), 2);
    cr_assert_eq(shell_number("cat study/graphs/*.dot | grep -c 'a1 .op=relu'"), 1);
    cr_assert_eq(shell_number("cat study/graphs/*.dot | grep -c 'a2 .op=tanh'"), 1);
    cr_assert_eq(shell_number("grep -c finished study/runs.csv"), 6);
    cr_assert_eq(shell_number("cat study/runs/*/row.json | grep -c '\"parameters\":[\t ]*83'"), 2); /* 2 · 8 more */
    outcome run = dotgrad("study two.dot --replace 'a3=mish' --seeds 2 -o none");
    cr_assert_eq(run.status, 1);
    expect_words(run.err, "there is no node 'a3' whose op could be another");
}

Test(study, chooses_the_rate_that_is_first_at_the_target)
{
    outcome run = dotgrad("study net.dot --set epochs=30 --range 'lr=geomspace(1e-4, 0.1, 3)' --select lr --seeds 2 "
                          "--target accuracy=0.8 --by epochs_to_target");
    expect_fine(run);
    expect_words(run.out, "lr=0.1 by epochs_to_target");
    run = dotgrad("study --report study --metric epochs_to_target");
    expect_fine(run);
    expect_words(run.out, "net: epochs_to_target (less is better)");
    run = dotgrad("study net.dot --range 'lr=linspace(0.1, 0.2, 2)' --select lr --by epochs_to_target -o none");
    cr_assert_eq(run.status, 2);
    expect_words(run.err, "needs --target");
}

/* Pictures and all in one page: nothing of it is fetched. */
Test(study, reports_in_one_page_as_csv_and_as_latex)
{
    shell("sed 's/linear(8)/linear(5)/' net.dot >net2.dot");
    outcome run = dotgrad("study net.dot net2.dot --set 'act=relu|tanh|mish' --seeds 3 --target accuracy=0.5 -o study");
    expect_fine(run);
    cr_assert(!strstr(run.err, "picture"), "%s", run.err);
    expect_words(run.out, "Friedman's test over tasks");
    shell("test $(grep -c '<svg' study/report.html) -ge 7");
    shell("! grep -E 'src=|href=.http|@import' study/report.html");
    shell("grep -q 'critical difference' study/report.html && grep -q 'd<sub>z</sub>' study/report.html");
    shell("grep -q 'too few to tell' study/report.html && grep -q 'baseline\\|act=relu' study/report.html");
    shell("for f in scores-net loss-net2 curves-net ranks; do xmllint --noout study/$f.svg 2>/dev/null || grep -q "
          "'</svg>' "
          "study/$f.svg; done");
    cr_assert_eq(shell_number("grep -c 'pm' study/table.tex"), 3);
    cr_assert_geq(shell_number("grep -o mathbf study/table.tex | wc -l"), 2); /* the best of each graph */
}

Test(study, says_with_which_runs_a_target_was_reached)
{
    expect_fine(dotgrad("study net.dot --set 'lr=0.05|1e-7' --set epochs=15 --seeds 2 --target accuracy=0.8 -o study"));
    cr_assert_eq(shell_number(COLUMN("epochs_to_target") " | grep -c ."), 2); /* none of the slow ones */
    double wanted = shell_number("awk -F, '$3 == 0.05 && $5 == 0 && $10 >= 0.8 { print $8; exit }' study/curves.csv");
    double got = shell_number("awk -F, 'NR == 1 { for (k = 1; k <= NF; k++) if ($k == \"epochs_to_target\") c = k } "
                              "$3 == 0.05 && $5 == 0 { print $c }' study/runs.csv");
    cr_assert(wanted >= 1);
    cr_assert_eq(got, wanted);
}

/* gnuplot draws a filled band where there are several runs of one graph. */
Test(study, curves_of_several_runs_are_one_picture)
{
    char picture[200];
    expect_fine(dotgrad("study net.dot --set 'act=relu|tanh' --seeds 3 -o study"));
    expect_fine(dotgrad("plot study/runs/* --what accuracy -o curves.svg"));
    cr_assert_geq(shell_number("grep -c 'act=relu.*3 runs' curves.svg"), 1);
    shell("test $(grep -c 'fill-opacity' curves.svg) -ge 2");
    expect_fine(dotgrad("plot study/runs/* --what lr -o curves.png"));
    read_text("curves.png", picture, sizeof picture);
    cr_assert_eq(memcmp(picture, "\x89PNG", 4), 0);
    outcome run = dotgrad("plot study/runs/* --what nosuch");
    cr_assert_eq(run.status, 1);
    expect_words(run.err, "there is no column 'nosuch'; there are epoch,loss,accuracy");
    run = dotgrad("plot study/runs/* --what h.std");
    cr_assert_eq(run.status, 1);
    expect_words(run.err, "trained with --watch");
    run = dotgrad("plot nosuch");
    cr_assert_eq(run.status, 1);
    expect_words(run.err, "nosuch/metrics.csv");
    cr_assert_eq(dotgrad("plot").status, 2);
}

/* What was watched of a layer is a curve, of several seeds a band: of each epoch the last number in watch.csv. */
Test(study, figures_of_watched_layers_are_curves)
{
    for (int seed = 0; seed < 2; seed++)
        expect_fine(dotgrad("train net.dot --seed %d --set epochs=4 --watch std --watch-every 1 -o run%d", seed, seed));
    expect_fine(dotgrad("plot run0 run1 --what h.std -o std.svg"));
    cr_assert_geq(shell_number("grep -c '2 runs' std.svg"), 1);
    cr_assert_geq(shell_number("grep -c 'fill-opacity' std.svg"), 1);
    expect_words(dotgrad("plot run0 --what nolayer.std").err, "there is no column 'nolayer.std'");
}

Test(study, in_a_folder_that_begins_with_a_dash_is_done)
{
    expect_fine(dotgrad("study net.dot --set 'act=relu|tanh' --seeds 1 --set epochs=1 -o -s"));
    cr_expect_eq(shell_number("ls ./-s/runs/*/row.json | wc -l"), 2);
    cr_expect_eq(shell_number("grep -c ,finished, ./-s/runs.csv"), 2);
}

/* Where no run of a method has ended there is no number; where none has at all, nothing to compare. */
Test(study, without_a_finished_run_says_so)
{
    outcome run =
        dotgrad("study net.dot --set memory_limit=1k --seeds 2 --metric epochs_to_target --target accuracy=0.5");
    cr_expect_eq(run.status, 1);
    cr_expect_not_null(strstr(run.err, "no run has finished, so that there is nothing to compare"), "%s", run.err);
    run = dotgrad(
        "study net.dot --set 'memory_limit=1k|1G' --seeds 2 --metric epochs_to_target --target accuracy=0.1 -o two");
    cr_expect_not_null(strstr(run.out, "no run has finished, 2 failed\n"), "%s", run.out);
    cr_expect_null(strstr(run.out, "nan"), "%s", run.out);
}

/* No run is done twice at a time, none is taken for failed. */
Test(study, two_at_once_share_the_work)
{
    char line[1024];
    const char *arguments = "study net.dot --set 'act=relu|tanh|silu' --set epochs=60 --seeds 5 --jobs 2 -o";
    expect_fine(dotgrad("%s whole", arguments));
    snprintf(line, sizeof line, "'%s' %s study >.a 2>&1 & '%s' %s study >.b 2>&1; b=$?; wait; exit $b",
             getenv("DOTGRAD"), arguments, getenv("DOTGRAD"), arguments);
    shell(line);
    cr_assert_eq(shell_number(COLUMN("status") " | grep -c finished"), 15);
    expect_fine(dotgrad("study --report study"));
    cr_assert(same_bytes("whole/curves.csv", "study/curves.csv"));
}
