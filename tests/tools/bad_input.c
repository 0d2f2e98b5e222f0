/* Every kind of bad input gives exit status 1 and exactly one line that tells what is wrong; never a crash. */
#include "command.h"

#define X      "x [op=\"input([N, 4])\"]; "
#define LABEL  "t [op=\"input([N], dtype=int64)\"]; "
#define SCORES "output [op=\"linear(3)\"]; loss [op=cross_entropy]; x -> output -> loss; t -> loss [arg=target]; "
#define GOOD   "digraph { graph [data=iris, epochs=1]; " X LABEL SCORES "}\n"

static void make_files(void)
{
    make_folder();
    write_text("good.dot", GOOD);
}

TestSuite(bad_input, .init = make_files, .fini = remove_folder);

static void expect_failure(outcome run, const char *what, const char *words)
{
    const char *end = strchr(run.err, '\n');
    cr_assert_eq(run.status, 1, "%s: exit status %d: %s%s", what, run.status, run.out, run.err);
    cr_assert(end && !end[1], "%s: not one line: %s", what, run.err);
    cr_assert_eq(strncmp(run.err, "dotgrad: ", 9), 0, "%s: %s", what, run.err);
    cr_assert_not_null(strstr(run.err, words), "%s: '%s' is not in: %s", what, words, run.err);
    cr_assert_str_empty(run.out, "%s: it printed a result", what);
}

typedef struct bad_text {
    const char *text, *words;
} bad_text;

/* ---- graphs ---- */

Test(bad_input, graphs)
{
    static const bad_text cases[] = {
        {"digraph { " X "y [op=realu]; x -> y; }", "'realu'"},
        {"digraph { " X "y [op=mul]; x -> y; }", "'y'"},
        {"digraph { " X "y [op=relu]; x -> y; x -> y; }", "'y'"},
        {"digraph { " X "y [op=relu]; x -> y [arg=weight]; }", "weight"},
        {"digraph { " X "y [op=\"linear(3, colour=red)\"]; x -> y; }", "colour"},
        {"digraph { " X "y [op=\"linear(three)\"]; x -> y; }", "three"},
        {"digraph { " X "z [op=\"input([N, 5])\"]; y [op=add]; x -> y; z -> y; }", "[N, 5]"},
        {"digraph { " X "a [op=add]; b [op=relu]; x -> a; b -> a; a -> b; }", "cycle"},
        {"digraph { " X "y [shape=box]; x -> y; }", "'y'"},
        {"digraph { " X "y [op=sub]; x -> y [arg=input]; x -> y [arg=input]; }", "'y'"},
        {"digraph { " X "y [op=\"expr(x * (2 + )\"]; x -> y; }", "y"},
        {"digraph { " X "y [op=relu]; x -> y;", "the '{' of line 1 has no '}'"},
        {"digraph {\n" X "y [op=relu];\nsubgraph cluster {\n/* { */ a [op=relu, label=\"{\"]; }\n{ x -> y;\n}\n",
         "the '{' of line 1 has no '}'"},
        {"digraph {\n" X "y [op=relu];\nsubgraph cluster {\nx -> y;\n", "the '{' of line 3 has no '}'"},
        {"digraph { " X "y [op=linear(3)]; x -> y; }", "values with brackets are quoted: op=\"linear(10)\""},
        {"digraph { " X "y [opp=relu]; x -> y; }", "is 'opp' meant to be op?"},
        {"digraph { " X "y [op=\"linear(CLASES)\"]; x -> y; }", "did you mean CLASSES, a size of the data?"},
        {"digraph { x [op=\"input([N, FEATURE])\"]; y [op=\"linear(3)\"]; x -> y; }", "did you mean FEATURES"},
        {"digraph { x [op=\"input([None, 4])\"]; y [op=relu]; x -> y; }",
         "a capitalised name, and None and the like are no names: N is the batch"},
        {"digraph { x [op=\"input([-1, 4])\"]; y [op=relu]; x -> y; }", "[-1, 4]: a size is a number from 0 on or a "},
        {"digraph { x [op=\"input([N, NaN])\"]; y [op=relu]; x -> y; }", "have names of their own, such as T"},
        {"", "bad.dot"},
        {"PNG\1\2\3", "bad.dot"},
        {"digraph { x [op=\"input([N, 4], dtype=int63)\"]; y [op=relu]; x -> y; }", "int63"},
        {"digraph { " X "y [op=\"layer_norm(4, eps=inf)\"]; x -> y; }", "'eps' is inf, expected a finite number"},
        {"digraph { " X "y [op=\"linear(3, init=glorot)\"]; x -> y; }", "there is no initialiser 'glorot'"},
        {"digraph { " X "y [op=\"linear(3, init=[1.5])\"]; x -> y; }", "the parameter's shape [3, 4]"},
        {"digraph { " X "y [op=\"linear(3, init=glorot)\"]; w [op=\"zeros([3, 4])\"]; x -> y; w -> y [arg=weight]; }",
         "bad.dot:1: linear 'y': 'init': there is no initialiser 'glorot'"},
        {"digraph { " X "y [op=\"prelu(7)\"]; w [op=\"zeros([4])\"]; x -> y; w -> y [arg=weight]; }",
         "num_parameters is 7, but the weight has 4 numbers"},
        {"digraph { x [op=\"zeros([2, 3, 2])\"]; y [op=\"transformer_encoder_layer(2, 1, layer_norm_eps=-1)\"];\n"
         "x -> y; }",
         "'y': its layer_norm: eps is -1"},
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        write_text("bad.dot", cases[k].text);
        outcome run = dotgrad("eval bad.dot --fetch y --out out");
        expect_failure(run, cases[k].text, cases[k].words);
        cr_assert_eq(strncmp(run.err, "dotgrad: bad.dot:", 17), 0, "no file's name: %s", run.err);
        cr_assert(access("out", F_OK), "%s: it left a result", cases[k].text);
    }
    expect_failure(dotgrad("eval missing.dot --fetch y --out out"), "a missing file", "missing.dot");
    expect_failure(dotgrad("eval . --fetch y --out out"), "a folder", ".: ");
}

/* ---- data ---- */

Test(bad_input, tables)
{
    static const bad_text cases[] = {
        {"", "t.csv: the file is empty"},
        {"1,2,3,4,0\n1,2,3,4\n", "t.csv:2:4: the row has 4 cells, expected 5"},
        {"1,2,3,4,0\n1,2,three,4,1\n", "t.csv:2:3: 'three' is not a number"},
        {"1,2,3,4,0\n1,2,inf,4,1\n", "t.csv:2:3: 'inf' is not a finite number"},
        {"1,2,3,4,0\n1,2,3,4,7\n", "label 7 is out of range"},
        {"1,2,3,4,0\n1,2,3,4,-1\n", "label -1 is out of range"},
        {"1,2,3,4,0\n1,2,3,4,0.5\n", "target is 0.5"},
        {"1,2,3,4,5,0\n1,2,3,4,5,1\n1,2,3,4,5,2\n", "x"},
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        write_text("t.csv", cases[k].text);
        expect_failure(dotgrad("train good.dot --data t.csv -o run"), cases[k].text, cases[k].words);
        cr_assert(access("run/checkpoint.safetensors", F_OK), "%s: it left a checkpoint", cases[k].text);
    }
}

Test(bad_input, data_that_is_not_there)
{
    write_text("nodata.dot", "digraph { " X LABEL SCORES "}\n");
    expect_failure(dotgrad("train nodata.dot -o run"), "no data", "there is no data");
    expect_failure(dotgrad("train good.dot --data missing.csv -o run"), "a missing file", "missing.csv");
    expect_failure(dotgrad("train good.dot --data irys -o run"), "an unknown set", "did you mean 'iris'?");
    expect_failure(dotgrad("train good.dot --data 'iris(scal=unit)' -o run"), "a misspelt option",
                   "there is no option 'scal' here (did you mean 'scale'?): scale, test");
    expect_failure(dotgrad("train good.dot --data good.dot -o run"), "a graph as data",
                   "good.dot: this is a graph file");
    expect_failure(dotgrad("fit-rbf good.dot -o run"), "a graph as data", "where data are expected");
    expect_failure(dotgrad("train good.dot --data 'iris(test=2)' -o run"), "a bad option", "test needs a fraction");
    expect_failure(dotgrad("train good.dot --data 'iris(test' -o run"), "a cut specification", "iris(test");
    write_text("columns.dot", "digraph { graph [data=iris]; " X "t [op=\"input([N, 3])\"]; y [op=\"linear(3)\"]; "
                              "loss [op=mse_loss]; x -> y -> loss; t -> loss; }\n");
    expect_failure(dotgrad("train columns.dot -o run"), "a target of so many columns as classes",
                   "does not fit: field=one_hot is a column of 0 and 1 for each class");
}

/* What stands between the parameters and the loss is named. */
Test(bad_input, losses_that_no_derivative_reaches)
{
    static const char *const flat[] = {"step", "sign", "round"};
    for (int k = 0; k < 3; k++) {
        char graph[400];
        snprintf(graph, sizeof graph,
                 "digraph { graph [data=breast_cancer]; x [op=\"input([N, 30])\"]; t [op=\"input([N, 1])\"]; "
                 "u [op=\"linear(1)\"]; says [op=\"%s\"]; loss [op=mse_loss]; x -> u -> says -> loss; t -> loss; }\n",
                 flat[k]);
        write_text("flat.dot", graph);
        expect_failure(dotgrad("train flat.dot -o run"), flat[k], "no derivative passes 'says'");
    }
}

/* ---- tensors ---- */

Test(bad_input, tensors)
{
    expect_failure(dotgrad("eval good.dot --feed missing --fetch output --out out"), "a missing file", "missing");
    write_text("cut", "\x40");
    expect_failure(dotgrad("eval good.dot --feed cut --fetch output --out out"), "a cut file", "cut");
    expect_failure(dotgrad("eval good.dot --weights cut --fetch output --out out"), "cut weights", "cut");
    expect_failure(dotgrad("eval good.dot --weights good.dot --fetch output --out out"), "not a safetensors file",
                   "good.dot");
    expect_failure(dotgrad("eval good.dot --weights nofile.st --fetch output --out out"), "no file", "nofile.st: ");
    expect_failure(dotgrad("train --resume nowhere"), "no run", "nowhere");
    cr_assert_eq(dotgrad("train good.dot -o run").status, 0);
    cr_assert_eq(system("head -c 900 run/checkpoint.safetensors >run/c && mv run/c run/checkpoint.safetensors"), 0);
    expect_failure(dotgrad("train --resume run"), "a cut checkpoint", "run/checkpoint.safetensors");
    expect_failure(dotgrad("predict run iris"), "a cut checkpoint", "run/checkpoint.safetensors");
}

/* ---- settings ---- */

Test(bad_input, settings)
{
    static const struct {
        const char *options, *words;
    } cases[] = {
        {"--optimizer 'adam(lr=0)'", "lr"},
        {"--optimizer 'adam(lr=nan)'", "lr"},
        {"--optimizer 'adam(lr=-1)'", "lr"},
        {"--optimizer 'adem(lr=0.1)'", "adem"},
        {"--optimizer 'adam(rate=0.1)'", "rate"},
        {"--optimizer 'adam(lr=0.1'", "optimizer"},
        {"--schedule 'cosin'", "cosin"},
        {"--metrics purity", "purity"},
        {"--init 'xavier_unifrom'", "xavier_unifrom"},
        {"--loss nothing", "no node 'nothing'"},
        {"--output nothing", "no node 'nothing'"},
        {"--loss output", "output"},
        {"--patience 3", "validation"},
        {"-o /dev/null/run", "/dev/null: this is not a folder"},
        {"-o good.dot", "good.dot: this is not a folder"},
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++)
        expect_failure(dotgrad("train good.dot %s", cases[k].options), cases[k].options, cases[k].words);
    write_text("bad.dot", "digraph { graph [data=iris, epochs=many]; " X LABEL SCORES "}\n");
    expect_failure(dotgrad("train bad.dot"), "epochs=many", "epochs=many");
    write_text("bad.dot", "digraph { graph [data=iris, dtype=float16]; " X LABEL SCORES "}\n");
    expect_failure(dotgrad("train bad.dot"), "dtype=float16", "float16");
    write_text("bad.dot", "digraph { graph [data=iris]; " X "y [op=\"linear(3)\"]; x -> y; }\n");
    expect_failure(dotgrad("train bad.dot"), "no loss", "no loss");
    expect_failure(dotgrad("eval good.dot --weights /dev/null/w --fetch output --out out"), "weights", "/dev/null/w");
    expect_failure(dotgrad("eval bad.dot --fetch x --feed /dev/null --out out"), "an empty feed", "/dev/null");
}

Test(bad_input, unwritable_results)
{
    write_text("c.dot", "digraph { c [op=\"constant(2.0)\"]; output [op=square]; c -> output; }\n");
    expect_failure(dotgrad("eval c.dot --out /dev/null/out"), "a result", "/dev/null/out");
    cr_assert_eq(dotgrad("train good.dot -o run").status, 0);
    expect_failure(dotgrad("predict run iris -o /dev/null/out"), "a prediction", "/dev/null/out");
    static char line[512];
    snprintf(line, sizeof line, "'%s' predict run iris 2>.err >/dev/full", getenv("DOTGRAD"));
    int result = system(line);
    cr_assert_eq(WEXITSTATUS(result), 1);
}

Test(bad_input, wrong_calls_have_a_status_of_their_own)
{
    static const char *const calls[] = {"",
                                        "tarin good.dot",
                                        "train",
                                        "train good.dot --epochs none",
                                        "train good.dot --epochs -1",
                                        "train good.dot --epochs",
                                        "train good.dot -x",
                                        "train good.dot --clip-norm 0",
                                        "train good.dot --dtype int64",
                                        "train a.dot b.dot"};
    for (size_t k = 0; k < sizeof calls / sizeof calls[0]; k++) {
        outcome run = dotgrad("%s", calls[k]);
        const char *end = strchr(run.err, '\n');
        cr_assert_eq(run.status, 2, "%s: exit status %d", calls[k], run.status);
        cr_assert(end && !end[1], "%s: not one line: %s", calls[k], run.err);
    }
}
