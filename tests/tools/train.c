/* dotgrad train: what a run prints and leaves behind, and that it is the same however often it is stopped. */
#include "../sweeps.h"
#include "command.h"

#include <dotgrad/dotgrad.h>

#include <signal.h>
#include <time.h>

#define IRIS                                                                                                           \
    "digraph iris {\n"                                                                                                 \
    "  graph [data=iris, epochs=12, batch_size=16, optimizer=\"adam(lr=0.02)\", loss=loss, output=scores];\n"          \
    "  x [op=\"input([N, 4])\"];\n"                                                                                    \
    "  label [op=\"input([N], dtype=int64)\"];\n"                                                                      \
    "  hidden [op=\"linear(16)\"]; act [op=tanh]; drop [op=\"dropout(0.1)\"]; scores [op=\"linear(3)\"];\n"            \
    "  loss [op=cross_entropy];\n"                                                                                     \
    "  x -> hidden -> act -> drop -> scores -> loss; label -> loss [arg=target];\n"                                    \
    "}\n"

static void make_iris(void)
{
    make_folder();
    write_text("iris.dot", IRIS);
}

TestSuite(train, .init = make_iris, .fini = remove_folder);

Test(train, prints_the_result_and_leaves_files)
{
    static const char *const files[] = {
        "checkpoint.safetensors", "metrics.csv", "loss.svg", "loss.png", "graph.svg", "graph.dot"};
    outcome run = dotgrad("train iris.dot -o out");
    expect_fine(run);
    cr_assert_gt(number_after(run.out, "test accuracy: "), 90);
    cr_assert_not_null(strstr(run.out, " %\n"));
    for (size_t k = 0; k < sizeof files / sizeof files[0]; k++) {
        char path[64];
        snprintf(path, sizeof path, "out/%s", files[k]);
        cr_assert(!access(path, F_OK), "%s is missing", path);
        cr_assert_not_null(strstr(run.err, files[k]));
    }
}

Test(train, ends_standard_output_with_the_accuracy)
{
    outcome run = dotgrad("train iris.dot -o out");
    expect_fine(run);
    run.out[strlen(run.out) - 1] = '\0';
    const char *last = strrchr(run.out, '\n');
    cr_assert_eq(strncmp(last ? last + 1 : run.out, "test accuracy: ", 15), 0, "%s", run.out);
}

Test(train, makes_a_folder_of_the_graphs_name)
{
    expect_fine(dotgrad("train iris.dot --epochs 1"));
    cr_assert(!access("runs/iris/checkpoint.safetensors", F_OK));
}

Test(train, writes_a_row_of_metrics_an_epoch)
{
    char text[8192];
    int lines = 0;
    expect_fine(dotgrad("train iris.dot -o out --epochs 5 --validation 0.2"));
    read_text("out/metrics.csv", text, sizeof text);
    for (const char *at = text; *at; at++)
        lines += *at == '\n';
    cr_assert_eq(lines, 6, "%s", text);
    cr_assert_eq(strncmp(text, "epoch,loss,accuracy,validation_loss,validation_accuracy,", 55), 0, "%s", text);
}

Test(train, takes_options_before_attributes)
{
    dg_tensors *checkpoint;
    expect_fine(dotgrad("train iris.dot -o out --epochs 2 --optimizer 'sgd(lr=0.1)' --batch-size 8 --seed 7"));
    cr_assert_eq(dg_safetensors_read("out/checkpoint.safetensors", &checkpoint).code, DG_OK);
    cr_assert_eq(strncmp(dg_tensors_note(checkpoint, "dotgrad.optimizer"), "sgd(lr=0.1", 10), 0);
    cr_assert_str_eq(dg_tensors_note(checkpoint, "dotgrad.batch_size"), "8");
    cr_assert_str_eq(dg_tensors_note(checkpoint, "dotgrad.seed"), "7");
    cr_assert_str_eq(dg_tensors_note(checkpoint, "dotgrad.epoch"), "2");
    dg_tensors_free(checkpoint);
}

Test(train, gives_the_same_bytes_for_the_same_seed)
{
    outcome a = dotgrad("train iris.dot -o a --epochs 4"), b = dotgrad("train iris.dot -o b --epochs 4");
    expect_fine(a);
    expect_fine(b);
    cr_assert(same_bytes("a/checkpoint.safetensors", "b/checkpoint.safetensors"));
    cr_assert(same_bytes("a/metrics.csv", "b/metrics.csv"));
    cr_assert_str_eq(a.out, b.out);
    expect_fine(dotgrad("train iris.dot -o c --epochs 4 --seed 1"));
    cr_assert_not(same_bytes("a/checkpoint.safetensors", "c/checkpoint.safetensors"));
}

Test(train, gives_the_same_bytes_for_any_number_of_threads)
{
    setenv("DG_NUM_THREADS", "1", 1);
    expect_fine(dotgrad("train iris.dot -o a --epochs 4"));
    setenv("DG_NUM_THREADS", "2", 1);
    expect_fine(dotgrad("train iris.dot -o b --epochs 4"));
    expect_fine(dotgrad("train iris.dot -o c --epochs 4 --threads 3"));
    cr_assert(same_bytes("a/checkpoint.safetensors", "b/checkpoint.safetensors"));
    cr_assert(same_bytes("a/checkpoint.safetensors", "c/checkpoint.safetensors"));
}

Test(train, goes_on_with_more_epochs)
{
    expect_fine(dotgrad("train iris.dot -o whole"));
    expect_fine(dotgrad("train iris.dot -o part --epochs 5"));
    expect_fine(dotgrad("train --resume part --epochs 12"));
    cr_assert(same_bytes("whole/checkpoint.safetensors", "part/checkpoint.safetensors"));
    cr_assert(same_bytes("whole/metrics.csv", "part/metrics.csv"));
}

/* So many that the run is killed while it trains; sanitizers make each take long. */
static const char *many_epochs(void)
{
    return sweeps_are_few() ? "3000" : "12000";
}

static void wait_for(long milliseconds)
{
    const struct timespec pause = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&pause, NULL);
}

/* Starts a long run, sends it `number` after `milliseconds`, or as soon as it trains where that is 0, and waits for its
 * end. */
static int train_and_kill(const char *run, int number, long milliseconds)
{
    char metrics[64];
    snprintf(metrics, sizeof metrics, "%s/metrics.csv", run);
    pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        cr_assert_not_null(freopen("/dev/null", "w", stdout));
        cr_assert_not_null(freopen("/dev/null", "w", stderr));
        execl(getenv("DOTGRAD"), "dotgrad", "train", "iris.dot", "-o", run, "--epochs", many_epochs(), (char *)NULL);
        _exit(127);
    }
    int state;
    wait_for(milliseconds);
    while (milliseconds == 0 && access(metrics, F_OK) && waitpid(child, &state, WNOHANG) == 0)
        wait_for(1);
    kill(child, number);
    cr_assert_eq(waitpid(child, &state, 0), child);
    return state;
}

static void resume_until_done(const char *run)
{
    char path[64];
    snprintf(path, sizeof path, "%s/checkpoint.safetensors", run);
    if (access(path, F_OK))
        expect_fine(dotgrad("train iris.dot -o %s --epochs %s", run, many_epochs()));
    else
        expect_fine(dotgrad("train --resume %s", run));
}

Test(train, gives_the_same_bytes_when_killed_and_resumed)
{
    static const long moments[] = {30, 450, 900};
    expect_fine(dotgrad("train iris.dot -o whole --epochs %s", many_epochs()));
    for (int k = 0; k < 3; k++) {
        char run[16], path[64];
        snprintf(run, sizeof run, "killed%d", k);
        train_and_kill(run, SIGKILL, moments[k]);
        resume_until_done(run);
        snprintf(path, sizeof path, "%s/checkpoint.safetensors", run);
        cr_assert(same_bytes("whole/checkpoint.safetensors", path), "killed after %ld ms", moments[k]);
        snprintf(path, sizeof path, "%s/metrics.csv", run);
        cr_assert(same_bytes("whole/metrics.csv", path), "killed after %ld ms", moments[k]);
    }
}

Test(train, saves_when_asked_to_stop)
{
    expect_fine(dotgrad("train iris.dot -o whole --epochs %s", many_epochs()));
    int state = train_and_kill("stopped", SIGTERM, 0);
    cr_assert(WIFEXITED(state), "it did not stop by itself");
    cr_assert(!access("stopped/checkpoint.safetensors", F_OK));
    resume_until_done("stopped");
    cr_assert(same_bytes("whole/checkpoint.safetensors", "stopped/checkpoint.safetensors"));
}

Test(train, learns_xor)
{
    write_text("xor.dot", "digraph { graph [data=xor, epochs=300, batch_size=4, optimizer=\"adam(lr=0.05)\"];\n"
                          "x [op=\"input([N, 2])\"]; t [op=\"input([N, 1])\"]; h [op=\"linear(8)\"]; a [op=tanh];\n"
                          "output [op=\"linear(1)\"]; loss [op=binary_cross_entropy_with_logits];\n"
                          "x -> h -> a -> output -> loss; t -> loss [arg=target]; }\n");
    outcome run = dotgrad("train xor.dot -o out");
    expect_fine(run);
    cr_assert_eq(number_after(run.out, "train accuracy: "), 100);
}

Test(train, measures_regression_by_its_error)
{
    write_text("line.csv", "x,y\n0,1\n1,3\n2,5\n3,7\n4,9\n5,11\n6,13\n7,15\n");
    write_text("line.dot",
               "digraph { graph [data=\"line.csv(test=0.25)\", epochs=400, batch_size=8, dtype=float64,\n"
               "  optimizer=\"adam(lr=0.1)\"];\n"
               "x [op=\"input([N, 1])\"]; t [op=\"input([N, 1])\"];\n"
               "output [op=\"linear(1)\"]; loss [op=mse_loss]; x -> output -> loss; t -> loss [arg=target]; }");
    outcome run = dotgrad("train line.dot -o out");
    expect_fine(run);
    cr_assert_lt(number_after(run.out, "test rmse: "), 0.05);
}

/* Relative paths of data count from where they counted in training, seen from the run. */
Test(train, goes_on_from_any_folder)
{
    cr_assert_eq(
        system("mkdir -p p/data p/nets && printf 'a,b,c\\n1,2,0\\n2,1,1\\n3,5,0\\n4,1,1\\n5,6,0\\n' >p/data/d.csv"), 0);
    write_text("p/nets/n.dot",
               "digraph { graph [loss=loss, output=s, epochs=2, data=\"../data/d.csv\"]; x [op=\"input([N, 2])\"];"
               "t [op=\"input([N], dtype=int64)\"]; s [op=\"linear(2)\"]; loss [op=cross_entropy];"
               "x -> s -> loss; t -> loss [arg=target]; }");
    expect_fine(dotgrad("train p/nets/n.dot -o p/runs/a"));
    cr_assert_eq(system("cd p && \"$DOTGRAD\" train nets/n.dot --data data/d.csv -o runs/b >/dev/null 2>&1"), 0);
    expect_fine(dotgrad("train --resume p/runs/a --epochs 3"));
    expect_fine(dotgrad("train --resume p/runs/b --epochs 3"));
    cr_assert_eq(system("cd p/runs/a && \"$DOTGRAD\" train --resume . --epochs 4 >/dev/null 2>&1"), 0);
    cr_assert_eq(
        system("mv p moved && cd / && \"$DOTGRAD\" train --resume \"$OLDPWD/moved/runs/b\" --epochs 4 >/dev/null 2>&1"),
        0);
    cr_assert_eq(system("mv moved/runs/b ."), 0);
    outcome run = dotgrad("train --resume b --epochs 5");
    cr_assert_eq(run.status, 1);
    cr_assert_not_null(strstr(run.err, "data/d.csv: there is no such file: --data D"), "%s", run.err);
    expect_fine(dotgrad("train --resume b --epochs 5 --data moved/data/d.csv"));
    expect_fine(dotgrad("train --resume b --epochs 6"));
}

Test(train, finds_data_beside_the_graph)
{
    cr_assert_eq(system("mkdir sub"), 0);
    write_text("sub/t.csv", "1,2,3,4,0\n2,3,4,5,1\n3,4,5,6,2\n4,5,6,7,0\n");
    cr_assert_eq(system("sed 's/data=iris/data=\"t.csv\"/' iris.dot >sub/own.dot"), 0);
    expect_fine(dotgrad("train sub/own.dot -o out --epochs 2"));
    expect_fine(dotgrad("train --resume out --epochs 3"));
}

Test(train, trains_a_graph_that_reads_no_data)
{
    write_text("w.dot", "digraph { graph [epochs=200, optimizer=\"sgd(lr=0.1)\", dtype=float64];\n"
                        "w [op=\"parameter([1], init=ones)\"]; three [op=\"constant(3.0)\"]; d [op=sub];\n"
                        "s [op=square]; loss [op=sum]; w -> d [arg=input]; three -> d [arg=other]; d -> s -> loss; }");
    outcome run = dotgrad("train w.dot -o out");
    expect_fine(run);
    cr_assert_lt(number_after(run.out, "train loss: "), 1e-10);
}

Test(train, stops_early_and_keeps_the_best)
{
    outcome run = dotgrad("train iris.dot -o out --epochs 2000 --validation 0.2 --patience 5");
    expect_fine(run);
    char text[65536];
    int lines = 0;
    read_text("out/metrics.csv", text, sizeof text);
    for (const char *at = text; *at; at++)
        lines += *at == '\n';
    cr_assert_lt(lines, 1500);
}

/* A rate near 0 makes no epoch better than the first. */
Test(train, tells_that_patience_ended_it_and_whose_weights_it_kept)
{
    outcome run = dotgrad("train iris.dot -o run --optimizer 'sgd(lr=1e-30)' --validation 0.2 "
                          "--patience 2 --epochs 9 --monitor validation_accuracy --no-pictures");
    cr_assert_eq(run.status, 0, "%s", run.err);
    cr_expect(strstr(run.err, "stopped after epoch 3 of 9: no better validation accuracy for 2 epochs (patience)\n"
                              "the weights are those of epoch 1, whose validation accuracy was best\n"),
              "%s", run.err);
    run = dotgrad("train iris.dot -o other --validation 0.2 --patience 9 --epochs 1 --no-pictures");
    cr_assert_eq(run.status, 0, "%s", run.err);
    cr_expect_null(strstr(run.err, "the weights are those"), "%s", run.err);
}

Test(train, warns_when_gnuplot_is_missing)
{
    setenv("PATH", "/nowhere", 1);
    static char line[512];
    snprintf(line, sizeof line, "'%s' train iris.dot --epochs 2 -o out >.out 2>.err", getenv("DOTGRAD"));
    int result = system(line);
    outcome run;
    read_text(".err", run.err, sizeof run.err);
    setenv("PATH", "/usr/bin:/bin", 1);
    cr_assert_eq(WEXITSTATUS(result), 0, "%s", run.err);
    cr_assert_not_null(strstr(run.err, "warning: "));
    cr_assert_not_null(strstr(run.err, "gnuplot"));
}

/* A softmax or sigmoid before a loss that has its own, and nll_loss without logarithms: each trains, and slowly. Wine
 * is separable, so that there is nothing else to warn of. */
Test(train, warns_of_scores_that_are_not_what_the_loss_takes)
{
    static const struct {
        const char *data, *last, *target, *words;
    } cases[] = {
        {"wine", "p [op=softmax]; loss [op=cross_entropy]; y -> p -> loss;", "N], dtype=int64",
         "'loss' (cross_entropy) takes scores and makes probabilities of them itself, but 'p' (softmax) gives"},
        {"wine", "p [op=softmax]; loss [op=nll_loss]; y -> p -> loss;", "N], dtype=int64", "op=log_softmax makes such"},
        {"breast_cancer", "p [op=sigmoid]; loss [op=binary_cross_entropy_with_logits]; y -> p -> loss;", "N, 1]",
         "but 'p' (sigmoid) gives numbers from 0 to 1"},
        {"wine", "loss [op=cross_entropy]; y -> loss;", "N], dtype=int64", NULL},
        {"wine", "p [op=log_softmax]; loss [op=nll_loss]; y -> p -> loss;", "N], dtype=int64", NULL},
        {"breast_cancer", "p [op=sigmoid]; loss [op=binary_cross_entropy]; y -> p -> loss;", "N, 1]", NULL},
        {"breast_cancer", "loss [op=binary_cross_entropy_with_logits]; y -> loss;", "N, 1]", NULL}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        char text[800];
        bool is_wine = strcmp(cases[k].data, "wine") == 0;
        snprintf(text, sizeof text,
                 "digraph { graph [data=%s, epochs=2]; x [op=\"input([N, FEATURES])\"]; y [op=\"linear(%d)\"];\n"
                 "t [op=\"input([%s)\"]; %s x -> y; t -> loss [arg=target]; }",
                 cases[k].data, is_wine ? 3 : 1, cases[k].target, cases[k].last);
        write_text("scores.dot", text);
        outcome run = dotgrad("train scores.dot -o run%zu --no-pictures", k);
        cr_expect_eq(run.status, 0, "%s", run.err);
        if (cases[k].words)
            cr_expect_not_null(strstr(run.err, cases[k].words), "%s: %s", cases[k].last, run.err);
        else
            cr_expect_null(strstr(run.err, "warning"), "%s: %s", cases[k].last, run.err);
    }
}

/* A last function that cannot give what the loss asks for, or that mixes rows. */
Test(train, warns_of_values_that_the_last_function_cannot_give)
{
    static const struct {
        const char *data, *last, *target, *words;
    } cases[] = {{"wine", "p [op=sigmoid]; loss [op=mse_loss]; y -> p -> loss;", "N, 1]",
                  "'p' (sigmoid) gives only numbers from 0 to 1, but "},
                 {"wine", "p [op=\"expr(-softplus(x))\"]; loss [op=l1_loss]; y -> p -> loss;", "N, 1]",
                  "numbers of the target are"},
                 {"breast_cancer", "p [op=sigmoid]; loss [op=mse_loss]; y -> p -> loss;", "N, 1]", NULL},
                 {"breast_cancer", "p [op=tanh]; loss [op=mse_loss]; y -> p -> loss;", "N, 1]", NULL},
                 {"wine", "p [op=relu]; loss [op=mse_loss]; y -> p -> loss;", "N, 1]", NULL},
                 {"wine", "p [op=silu]; loss [op=mse_loss]; y -> p -> loss;", "N, 1]", NULL},
                 {"wine", "p [op=relu]; loss [op=cross_entropy]; y -> p -> loss;", "N], dtype=int64",
                  "but 'p' (relu) gives no number below 0: without it"},
                 {"wine", "p [op=tanh]; loss [op=cross_entropy]; y -> p -> loss;", "N], dtype=int64",
                  "but 'p' (tanh) gives only numbers from -1 to 1: without it"},
                 {"wine", "p [op=\"expr(30 * tanh(x / 30))\"]; loss [op=cross_entropy]; y -> p -> loss;",
                  "N], dtype=int64", NULL},
                 {"wine", "p [op=\"expr(-x^2)\"]; loss [op=cross_entropy]; y -> p -> loss;", "N], dtype=int64", NULL},
                 {"breast_cancer", "p [op=relu]; loss [op=binary_cross_entropy_with_logits]; y -> p -> loss;", "N, 1]",
                  "but 'p' (relu) gives no number below 0: without it"},
                 {"wine", "p [op=\"softmax(dim=0)\"]; loss [op=cross_entropy]; y -> p -> loss;", "N], dtype=int64",
                  "'p' (softmax) goes along the rows of the batch"},
                 {"wine", "p [op=\"softmax(dim=0)\"]; loss [op=cross_entropy]; y -> loss; y -> p; graph [output=p];",
                  "N], dtype=int64", "'p' (softmax) goes along the rows of the batch"},
                 {"wine", "p [op=\"softmax(dim=1)\"]; loss [op=cross_entropy]; y -> loss; y -> p; graph [output=p];",
                  "N], dtype=int64", NULL}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        char text[800];
        bool is_one = strstr(cases[k].target, ", 1]") != NULL;
        snprintf(text, sizeof text,
                 "digraph { graph [data=%s, epochs=1]; x [op=\"input([N, FEATURES])\"]; y [op=\"linear(%d)\"];\n"
                 "t [op=\"input([%s)\"]; %s x -> y; t -> loss [arg=target]; }",
                 cases[k].data, is_one ? 1 : 3, cases[k].target, cases[k].last);
        write_text("ranges.dot", text);
        outcome run = dotgrad("train ranges.dot -o run%zu --no-pictures", k);
        cr_expect_eq(run.status, 0, "%s", run.err);
        if (cases[k].words)
            cr_expect_not_null(strstr(run.err, cases[k].words), "%s: %s", cases[k].last, run.err);
        else
            cr_expect_null(strstr(run.err, "warning"), "%s: %s", cases[k].last, run.err);
    }
}

/* Derivatives that are all 0, by a flat formula and by units that are off, are told; a small rate is no such thing. */
Test(train, warns_of_a_loss_whose_derivatives_are_0)
{
    static const struct {
        const char *unit, *rate;
        bool is_told;
    } cases[] = {{"where(x > 0, 1, 0 * x)", "0.1", true},
                 {"relu(x - 1e6)", "0.1", true},
                 {"relu(x + 1e6)", "1e-12", false},
                 {"tanh(x)", "1e-12", false}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        char text[600];
        snprintf(text, sizeof text,
                 "digraph { graph [data=breast_cancer, epochs=2, drop_last=true, batch_size=427, "
                 "optimizer=\"sgd(lr=%s)\"];\n"
                 "x [op=\"input([N, 30])\"]; t [op=\"input([N, 1])\"]; u [op=\"linear(4)\"]; a [op=\"expr(%s)\"];\n"
                 "y [op=\"sum(dim=1, keepdim=true)\"]; loss [op=mse_loss]; x -> u -> a -> y -> loss; t -> loss; }",
                 cases[k].rate, cases[k].unit);
        write_text("flat.dot", text);
        outcome run = dotgrad("train flat.dot -o run%zu --no-pictures", k);
        cr_expect_eq(run.status, 0, "%s", run.err);
        cr_expect_eq(strstr(run.err, "every derivative of it is 0 on 427 training rows") != NULL, cases[k].is_told,
                     "%s: %s", cases[k].unit, run.err);
    }
}

/* The layer that makes all rows one is named. */
Test(train, warns_of_an_output_that_is_one_for_all_rows)
{
    static const struct {
        const char *hidden, *words;
    } cases[] = {
        {"h [op=\"rbf(20, init=normal, width=0.01)\"]; x -> h;",
         "'h' (rbf) gives nearly one value for all of them: its widths"},
        {"h [op=\"rbf(20)\"]; x -> h;", NULL},
        {"u [op=\"linear(8)\"]; h [op=\"expr(relu(x - 1e6))\"]; x -> u -> h;", "'h' (expr) gives nearly one value"},
        {"u [op=\"linear(8)\"]; h [op=\"expr(sigmoid(x + 1e6))\"]; x -> u -> h;", "'h' (expr) gives nearly one value"},
        {"u [op=\"linear(8)\"]; h [op=tanh]; x -> u -> h;", NULL}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        char text[600];
        snprintf(text, sizeof text,
                 "digraph { graph [data=\"wine(scale=none)\", epochs=1, output=s]; x [op=\"input([N, 13])\"];\n"
                 "t [op=\"input([N], dtype=int64)\"]; %s s [op=\"linear(3)\"]; loss [op=cross_entropy];\n"
                 "h -> s -> loss; t -> loss; }",
                 cases[k].hidden);
        write_text("one.dot", text);
        outcome run = dotgrad("train one.dot -o run%zu --no-pictures", k);
        cr_expect_eq(run.status, 0, "%s", run.err);
        if (cases[k].words)
            cr_expect_not_null(strstr(run.err, cases[k].words), "%s: %s", cases[k].hidden, run.err);
        else
            cr_expect_null(strstr(run.err, "is the same for every row"), "%s: %s", cases[k].hidden, run.err);
    }
}

Test(train, warns_of_layers_that_the_loss_does_not_see)
{
    static const char net[] =
        "digraph { graph [data=wine, epochs=1, metrics=\"accuracy%s\"]; x [op=\"input([N, 13])\"];\n"
        "y [op=\"linear(3)\"]; z [op=\"linear(5)\"]; n [op=mean]; loss [op=cross_entropy];\n"
        "t [op=\"input([N], dtype=int64)\"]; x -> y -> loss; t -> loss; x -> z -> n;%s }";
    static const struct {
        const char *metrics, *more, *words;
    } cases[] = {{"", "", "the loss does not depend on 'z' (linear): what it owns is not trained"},
                 {"", "u [op=\"linear(2)\"]; z -> u;", "'z' (linear) and 1 more layer: "},
                 {", n", "", NULL},
                 {"", "loss2 [op=add]; loss -> loss2; n -> loss2; graph [loss=loss2];", NULL}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        char text[900];
        snprintf(text, sizeof text, net, cases[k].metrics, cases[k].more);
        write_text("unseen.dot", text);
        outcome run = dotgrad("train unseen.dot -o run%zu --no-pictures", k);
        cr_expect_eq(run.status, 0, "%s", run.err);
        if (cases[k].words)
            cr_expect_not_null(strstr(run.err, cases[k].words), "%s: %s", cases[k].more, run.err);
        else
            cr_expect_null(strstr(run.err, "warning"), "%s: %s", cases[k].more, run.err);
    }
}

/* F1 and the area under the curve of numbers that are no labels would be numbers without a meaning. */
Test(train, metrics_of_decisions_refuse_targets_that_are_none)
{
    static const char *const metrics[] = {"accuracy", "f1", "auc", "f1_macro"};
    char text[400] = "a,y\n";
    for (int k = 0; k < 40; k++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%d,%d.5\n", k, k);
    write_text("values.csv", text);
    write_text("values.dot", "digraph { graph [data=\"values.csv\", epochs=1]; x [op=\"input([N, 1])\"];\n"
                             "y [op=\"linear(1)\"]; t [op=\"input([N, 1])\"]; loss [op=mse_loss];\n"
                             "x -> y -> loss; t -> loss [arg=target]; }");
    for (size_t k = 0; k < sizeof metrics / sizeof *metrics; k++) {
        outcome run = dotgrad("train values.dot --metrics %s -o values%zu --no-pictures", metrics[k], k);
        cr_expect_eq(run.status, 1, "%s: %s", metrics[k], run.out);
        cr_expect_not_null(strstr(run.err, "for regression take rmse"), "%s: %s", metrics[k], run.err);
    }
}

Test(train, a_run_does_not_go_on_with_another_network)
{
    write_text("other.dot",
               "digraph { graph [data=iris, epochs=1]; x [op=\"input([N, 4])\"]; y [op=\"linear(3)\"];\n"
               "t [op=\"input([N], dtype=int64)\"]; loss [op=cross_entropy]; x -> y -> loss; t -> loss; }");
    cr_assert_eq(dotgrad("train other.dot -o other --output y --no-pictures").status, 0);
    outcome run = dotgrad("train iris.dot --resume other --epochs 2");
    cr_expect_eq(run.status, 1);
    cr_expect_not_null(strstr(run.err, "there is no node 'y'"), "%s", run.err);
    cr_expect_not_null(strstr(run.err, "is this the network of other, which is to go on?"), "%s", run.err);
}
