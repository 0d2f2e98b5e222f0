/* Documents of graph files: defaults, names of attributes, bounds, which files a graph may name, run folders that work
 * anywhere. Long because one file of helpers serves all of them. */
#include "command.h"

#include <sys/stat.h>

TestSuite(document, .init = make_folder, .fini = remove_folder);

/* The canonical text of a graph. */
static const char *exported(const char *text)
{
    static char result[1 << 16];
    write_text("a.dot", text);
    expect_fine(dotgrad("fmt a.dot --values -o b.dot"));
    read_text("b.dot", result, sizeof result);
    return result;
}

static void expect_words(const char *text, const char *words)
{
    cr_expect_not_null(strstr(text, words), "'%s' is not in: %s", words, text);
}

static void expect_no_words(const char *text, const char *words)
{
    cr_expect_null(strstr(text, words), "'%s' is in: %s", words, text);
}

/* Reading fails with one line that has both words. */
static void expect_error(const char *text, const char *first, const char *second)
{
    write_text("bad.dot", text);
    outcome run = dotgrad("summary bad.dot");
    const char *end = strchr(run.err, '\n');
    cr_expect_eq(run.status, 1, "%s: exit status %d", text, run.status);
    cr_expect(end && !end[1], "%s: not one line: %s", text, run.err);
    expect_words(run.err, first);
    expect_words(run.err, second);
}

/* ---- defaults, clusters, strict ---- */

Test(document, defaults_of_edges_count_for_those_that_come_after_them)
{
    const char *text = exported("digraph { x [op=\"constant([[3.0, 1.0, 2.0]])\"]; l [op=sort]; y [op=identity]; "
                                "edge [out=indices]; l -> y; x -> l [out=0]; }");
    expect_words(text, "l -> y [out=indices]");
    text = exported("digraph { x [op=\"constant(1.0)\"]; k [op=\"constant(2.0)\"]; y [op=sub]; x -> y; "
                    "edge [arg=other]; k -> y; }");
    expect_words(text, "x -> y [arg=input]");
    expect_words(text, "k -> y [arg=other]");
    text =
        exported("digraph { x [op=\"constant([-2.0, 3.0])\"]; b [op=\"constant([10.0, 20.0])\"]; y [op=\"linear(2)\"]; "
                 "x -> y [arg=input]; edge [arg=bias]; b -> y; }");
    expect_words(text, "b -> y [arg=bias]");
    expect_error("digraph { edge [arg=other]; a [op=\"constant(1.0)\"]; b [op=\"constant(5.0)\"]; y [op=sub]; "
                 "a -> y; b -> y; }",
                 "two nodes are connected to input 'other'", "'y'");
}

Test(document, defaults_of_nodes_count_for_those_that_come_after_them)
{
    expect_words(exported("digraph { x [op=\"constant(1.0)\"]; node [op=relu]; y; z; x -> y -> z; }"), "z [op=relu");
    expect_error("digraph { a [label=q]; node [op=relu]; x [op=\"constant(1.0)\"]; x -> a; }", "'a' has no op",
                 "come after it");
}

Test(document, repeat_on_a_subgraph_that_is_no_cluster_is_refused_or_meant)
{
    expect_error("digraph { x [op=\"constant(1.0)\"]; y [op=tanh]; subgraph block { repeat=3; b [op=\"expr(2*x)\"]; } "
                 "x -> b -> y; }",
                 "repeat=3", "cluster_block");
    write_text("a.dot", "digraph { x [op=\"constant(1.0)\"]; y [op=identity]; "
                        "subgraph block { cluster=true; repeat=3; b [op=\"expr(2*x)\"]; } x -> b -> y; }");
    outcome run = dotgrad("summary a.dot"); /* three products by 2 */
    expect_fine(run);
    expect_words(run.out, "3 FLOP");
}

Test(document, strict_graphs_and_byte_order_marks_are_read)
{
    const char *text = exported("strict digraph { x [op=\"constant(3.0)\"]; y [op=mul]; x -> y; x -> y; }");
    expect_words(text, "x -> y [arg=input];\n  x -> y [arg=other]");
    exported("\xef\xbb\xbfstrict digraph strict_ { x [op=\"constant(3.0)\"]; }");
    expect_error("\xff\xfe"
                 "d",
                 "UTF-16", "UTF-8");
}

Test(document, braces_and_quotes_in_html_labels_are_no_structure)
{
    char text[9000] = "digraph { x [op=\"constant(1.0)\", label=<", *end = text + strlen(text);
    memset(end, '{', 65);
    strcpy(end + 65, ">]; }");
    exported(text);
    strcpy(text, "digraph { x [op=\"constant(1.0)\", label=<5\" >]; ");
    end = text + strlen(text);
    memset(end, '{', 2000);
    memset(end + 2000, '}', 2000);
    strcpy(end + 4000, " }");
    expect_error(text, "nest deeper than 64", "bad.dot:1:");
}

Test(document, names_of_pytorch_modules_are_answered_with_the_op)
{
    static const char *const names[][2] = {{"ReLU", "'relu'"},
                                           {"BatchNorm1d", "'batch_norm'"},
                                           {"CrossEntropyLoss", "'cross_entropy'"},
                                           {"BCEWithLogitsLoss", "'binary_cross_entropy_with_logits'"},
                                           {"BCELoss", "'binary_cross_entropy'"},
                                           {"PReLU", "'prelu'"},
                                           {"MSELoss", "'mse_loss'"}};
    char text[200];
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        snprintf(text, sizeof text, "digraph { x [op=\"constant(1.0)\"]; y [op=%s]; x -> y; }", names[k][0]);
        expect_error(text, names[k][0], names[k][1]);
    }
}

/* ---- attributes ---- */

Test(document, names_near_one_of_ours_are_errors_with_the_suggestion)
{
    static const char *const cases[][2] = {
        {"graph [epoch=3]; x;", "did you mean 'epochs'"},
        {"graph [batchsize=3]; x;", "did you mean 'batch_size'"},
        {"graph [optimiser=adam]; x;", "did you mean 'optimizer'"},
        {"graph [Loss=x]; x;", "did you mean 'loss'"},
        {"subgraph cluster_a { repeats=3; x; }", "did you mean 'repeat'"},
        {"x; y [op=tanh]; x -> y [args=0];", "did you mean 'arg'"},
        {"x; y [op=tanh, checkpont=true]; x -> y;", "did you mean 'checkpoint'"},
        {"x; y [op=\"linear(3, refit=epoch)\"]; x -> y;",
         "no attribute 'refit'; there are out_features, bias, init (it is an attribute of the node: [op=…, refit=…])"},
        {"x [repeat=3];", "attribute of clusters"},
        {"x; y [op=tanh]; x -> y [op=tanh];", "attribute of nodes"},
        {"x; y [op=tanh]; x -> y [\nar=0];",
         "bad.dot:2: edge x -> y: there is no edge attribute 'ar' (did you mean 'arg'?)"},
        {"x; y [op=tanh, derivd=true]; x -> y;", "did you mean 'derived'"},
        {"graph [epochs=many]; x;", "epochs=many: expected a whole number from 0 to 1000000000"},
        {"graph [epochs=1000000001]; x;", "from 0 to 1000000000"},
        {"graph [threads=99999999999999999999]; x;", "from 1 to 1024"},
        {"graph [dtype=int46]; x;", "dtype=int46: expected one of float32, float64"},
        {"x; y [op=tanh, derived=perhaps]; x -> y;", "derived=perhaps: expected true or false"},
        {"graph [loss=x, output=x]; x;", "output=x: this is the loss"},
        {"graph [epochs=3, seed=1, epochs=4]; x;", "bad.dot:1: 'epochs' is set twice in one list"},
        {"c [op=\"constant([1, 2])\"]; y [op=\"softmax(0)\"]; c -> y;",
         "softmax 'y': input is int64, expected float32 or float64; 'c' is of whole numbers: a point (1.0)"},
        {"x; y [op=\"expr(b*x, b=2, b=3)\"]; x -> y;", "expr 'y': 'b' is given twice"},
        {"x;\ny [op=tanh]; x -> y; y [op=relu];",
         "bad.dot:2: node 'y' has 'op' already in line 2, and not with this value"},
        {"x;\n x -> y [arg=0];\ny [op=tanh]; subgraph cluster_a { node [init=zeros];\ny [op=relu]; }",
         "bad.dot:4: node 'y' has 'op' already in line 3"},
        {"graph [validation=1.5]; x;", "validation=1.5: expected a number from 0 on, below 1"},
        {"graph [clip_norm=-1]; x;", "clip_norm=-1: expected a number above 0"},
        {"graph [memory_limit=lots]; x;", "memory_limit=lots: expected a size"},
    };
    char text[300];
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        snprintf(text, sizeof text, "digraph { node [op=\"constant(1.0)\"]; %s }", cases[k][0]);
        expect_error(text, cases[k][1], "bad.dot");
    }
}

/* Lists of edges, ports among them, are not of their heads; a value that is repeated is the same. */
Test(document, what_is_repeated_and_the_same_is_no_mistake)
{
    static const char *const fine[] = {
        "node [op=\"input([N])\"] a b node [op=sub]; a:n -> y:n [arg=0]; b -> y:n [arg=1]; y -> z:s [arg=1]; b -> z",
        "a [op=\"input([N, 2])\"]; y [op=relu]; z [op=tanh]; a -> y -> z; y [op=\"relu\"]; y [init=zeros];",
        "a [op=\"input([N, 2])\"] y [op=relu] z [op=sub] a -> y { a y } -> z y [op=relu]"};
    char text[400];
    for (size_t k = 0; k < sizeof fine / sizeof *fine; k++) {
        snprintf(text, sizeof text, "digraph { %s }", fine[k]);
        write_text("a.dot", text);
        expect_fine(dotgrad("summary a.dot"));
    }
}

Test(document, arguments_that_stand_as_attributes_are_errors_with_the_remedy)
{
    static const char *const cases[][2] = {
        {"x [field=features];", "write op=\"input(…, field=features)\""},
        {"x [dtype=int64];", "write op=\"input(…, dtype=int64)\""},
        {"x; y [op=\"conv2d(3, 1)\", kernel_size=3]; x -> y;", "write op=\"conv2d(…, kernel_size=3)\""},
        {"x; y [op=\"conv2d(3, 1)\", kernelsize=3]; x -> y;", "write op=\"conv2d(…, kernel_size=3)\""},
        {"x; y [op=softmax, dim=1]; x -> y;", "write op=\"softmax(…, dim=1)\""},
        {"x; y [op=mul]; x -> y [other=true]; x -> y;", "write arg=other"},
    };
    char text[300];
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        snprintf(text, sizeof text, "digraph { node [op=\"input([N, 3, 8, 8])\"];\n%s }", cases[k][0]);
        expect_error(text, cases[k][1], "bad.dot:2: ");
    }
}

Test(document, options_of_calls_that_stand_on_the_graph_are_errors_with_their_place)
{
    static const char *const cases[][2] = {
        {"lr=0.1", "lr=0.1: this is an option of optimizer: write optimizer=\"adam(lr=0.1)\""},
        {"learning_rate=0.1", "optimizer=\"adam(lr=0.1)\""},
        {"optimizer=sgd, lr=0.1", "optimizer=\"sgd(lr=0.1)\""},
        {"weight_decay=0.1", "optimizer=\"adam(weight_decay=0.1)\""},
        {"betas=\"[0.9, 0.99]\"", "optimizer=\"adam(betas=[0.9, 0.99])\""},
        {"momentum=0.9", "(momentum=0.9)\""},
        {"step_size=3", "schedule=\"step(step_size=3)\""},
        {"T_max=3", "schedule=\"cosine(t_max=3)\""},
        {"warmup=5", "(warmup=5)\""},
        {"data=iris, test=0.2", "data=\"iris(test=0.2)\""},
        {"scale=standard", "data=\"points.csv(scale=standard)\""},
        {"label_smoothing=0.1", "of node 'c': write op=\"cross_entropy(…, label_smoothing=0.1)\""},
    };
    char text[400];
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        snprintf(text, sizeof text,
                 "digraph {\ngraph [%s];\nx [op=\"input([N, 4])\"]; t [op=\"input([N], dtype=int64)\"]; "
                 "c [op=cross_entropy]; x -> c; t -> c; }",
                 cases[k][0]);
        expect_error(text, "bad.dot:2: ", cases[k][1]);
    }
    expect_error("digraph { x [op=\"input([N, 4])\"]; y [op=\"linear(3)\", lr=0.1]; x -> y; }",
                 "groups=\"[group('NODE.*', lr=…)]\"", "'y'");
    expect_error("digraph { x [op=\"input([N, 4])\"]; y [op=\"linear(3)\", trainable=false]; x -> y; }",
                 "freeze=\"NODE.*\"", "'y'");
    expect_error("digraph { x [op=\"input([N, 4])\"]; y [op=\"linear(3)\", activation=relu]; x -> y; }",
                 "a node of its own", "'y'");
    expect_words(exported("digraph { graph [scale=\"2,3\", K=0.3, note=k]; x [op=\"constant(1.0)\"]; }"),
                 "scale=\"2,3\"");
}

Test(document, graphs_that_are_not_directed_get_the_remedy)
{
    expect_error("graph { x [op=\"input([N])\"]; x -- y; }", "digraph", "bad.dot");
    expect_error("graph { x [op=\"input([N])\"]; x -> y; }", "begins with 'digraph'", "bad.dot");
    expect_error("digraph { x [op=\"input([N])\"]; x -- y; }", "written ->", "bad.dot");
}

Test(document, other_unknown_names_are_kept_with_one_warning)
{
    write_text("a.dot", "digraph { graph [date=today, author=me]; x [op=\"constant(1.0)\", colour=x, color=red]; }");
    outcome run = dotgrad("fmt a.dot -o b.dot");
    const char *end = strchr(run.err, '\n');
    expect_fine(run);
    cr_expect(end && !end[1], "not one line: %s", run.err);
    expect_words(run.err, "graph attribute 'author' (line 1), graph attribute 'date' (line 1), "
                          "node attribute 'colour' (line 1; did you mean 'color'?)");
    read_text("b.dot", run.out, sizeof run.out);
    expect_words(run.out, "date=today");
    expect_words(run.out, "colour=x");
}

/* ---- bounds ---- */

Test(document, what_would_be_too_large_is_refused_before_the_work)
{
    char name[32], text[300];
    for (int k = 0; k < 31; k++) {
        snprintf(name, sizeof name, "f%d.dot", k);
        snprintf(
            text, sizeof text,
            "digraph { x [op=\"input([N, 2])\"]; a [op=\"use('f%d.dot')\"]; b [op=\"use('f%d.dot')\"]; x -> a -> b; }",
            k + 1, k + 1);
        write_text(name, k < 30 ? text : "digraph { x [op=\"input([N, 2])\"]; a [op=tanh]; x -> a; }");
    }
    expect_error("digraph { x [op=\"input([N, 2])\"]; y [op=\"use('f0.dot')\"]; x -> y; }", "more than 4194304 nodes",
                 "--max-nodes");
    write_text("a.dot",
               "digraph { x [op=\"constant(1.0)\"]; subgraph cluster_a { repeat=100; a [op=tanh]; } x -> a; }");
    expect_fine(dotgrad("summary a.dot"));
    outcome run = dotgrad("--max-nodes 100 summary a.dot");
    cr_expect_eq(run.status, 1);
    expect_words(run.err, "more than 100 nodes");
    run = dotgrad("--max-nodes 99 summary a.dot");
    cr_expect_eq(run.status, 1);
    expect_words(run.err, "more than 99 nodes");
    run = dotgrad("summary a.dot --max-bytes 20");
    cr_expect_eq(run.status, 1);
    expect_words(run.err, "more than 20 bytes");
    run = dotgrad("summary a.dot --max-bytes many");
    cr_expect_eq(run.status, 2);
}

Test(document, files_without_end_are_refused)
{
    outcome run = dotgrad("draw - -o x.dot --max-bytes 1M </dev/zero");
    cr_expect_eq(run.status, 1);
    expect_words(run.err, "more than 1000000 bytes");
    expect_words(dotgrad("summary /dev/zero").err, "/dev/zero: this is a device, not a file");
    cr_assert_eq(mkfifo("pipe", 0600), 0);
    static const char *const calls[] = {"summary pipe", "train pipe", "train --resume pipe", "predict pipe iris",
                                        "draw pipe -o x.svg"};
    for (size_t k = 0; k < sizeof calls / sizeof calls[0]; k++) /* nobody writes to it */
        expect_words(dotgrad("%s", calls[k]).err,
                     "pipe: this is a pipe, not a file: send its content through standard input, -");
    expect_error("digraph { x [op=\"input([N, 2])\"]; y [op=\"use('pipe')\"]; x -> y; }", "device or a pipe", "'y'");
}

Test(document, many_subgraphs_take_linear_time)
{
    FILE *file = fopen("a.dot", "wb");
    fputs("digraph { x [op=\"constant(1.0)\"]; ", file);
    for (int k = 0; k < 12000; k++)
        fprintf(file, "{ n%d [op=relu]; } x -> n%d; ", k, k);
    fputs("}\n", file);
    fclose(file);
    expect_fine(dotgrad("draw a.dot -o b.dot"));
}

/* ---- which files a graph may name ---- */

Test(document, a_graph_names_files_below_its_folder_and_the_working_folder)
{
    static const char block[] = "digraph { a [op=\"input([N, 2])\"]; b [op=tanh]; a -> b; }";
    static const char net[] = "digraph { x [op=\"input([N, 2])\"]; y [op=\"use('%s')\"]; x -> y; }";
    char text[300];
    cr_assert_eq(mkdir("project", 0777) | mkdir("other", 0777) | mkdir("project/parts", 0777), 0);
    write_text("other/block.dot", block);
    write_text("project/parts/block.dot", block);
    snprintf(text, sizeof text, net, "parts/block.dot");
    write_text("project/net.dot", text);
    snprintf(text, sizeof text, net, "../other/block.dot");
    write_text("project/out.dot", text);
    cr_assert_eq(symlink("../../other/block.dot", "project/parts/link.dot"), 0);
    snprintf(text, sizeof text, net, "parts/link.dot");
    write_text("project/link.dot", text);
    expect_fine(dotgrad("summary project/net.dot"));
    expect_fine(dotgrad("summary project/out.dot")); /* below the working folder */
    cr_assert_eq(chdir("project"), 0);
    expect_fine(dotgrad("summary net.dot"));
    const char *const outside[] = {"out.dot", "link.dot"};
    for (int k = 0; k < 2; k++) {
        outcome run = dotgrad("summary %s", outside[k]);
        cr_expect_eq(run.status, 1);
        expect_words(run.err, "--allow-path");
        expect_words(run.err, "/other");
        expect_fine(dotgrad("summary %s --allow-path ../other", outside[k]));
    }
    cr_assert_eq(chdir(".."), 0);
}

Test(document, the_content_of_what_is_no_graph_is_not_shown)
{
    write_text("secret.txt", "password: swordfish\n");
    outcome run = dotgrad("summary secret.txt");
    cr_expect_eq(run.status, 1);
    expect_no_words(run.err, "swordfish");
    expect_no_words(run.err, "password");
    write_text("a.dot", "digraph { x [op=\"input([N, 2])\"]; y [op=\"use('secret.txt')\"]; x -> y; }");
    run = dotgrad("summary a.dot");
    cr_expect_eq(run.status, 1);
    expect_words(run.err, "not a DOT graph");
    expect_no_words(run.err, "password");
}

/* ---- run folders ---- */

Test(document, a_run_folder_works_anywhere)
{
    static const char net[] =
        "digraph { graph [data=xor, epochs=2, batch_size=4, optimizer=adam]; x [op=\"input([N, 2])\"]; "
        "t [op=\"input([N], dtype=int64)\"]; h [op=\"use('parts/block.dot')\"]; output [op=\"linear(2)\"]; "
        "loss [op=cross_entropy]; x -> h -> output -> loss; t -> loss [arg=target]; }";
    cr_assert_eq(mkdir("project", 0777) | mkdir("project/parts", 0777), 0);
    write_text("project/net.dot", net);
    write_text("project/parts/block.dot",
               "digraph { a [op=\"input([N, F])\"]; /* 50 % \\ */ fc [op=\"linear(4)\", label=\"a \\\"b\\\"\\n\"]; "
               "b [op=\"use('act.dot')\"]; a -> fc -> b; }");
    write_text("project/parts/act.dot", "digraph { a [op=\"input([N, F])\"]; b [op=tanh]; a -> b; }");
    expect_fine(dotgrad("train project/net.dot -o run"));
    write_text("rows.csv", "a,b\n0,1\n1,1\n");
    outcome before = dotgrad("predict run rows.csv");
    expect_fine(before);
    cr_assert_eq(system("rm -r project && mkdir -p else/where && mv run else/where/run && cp rows.csv else"), 0);
    cr_assert_eq(chdir("else"), 0);
    outcome after = dotgrad("predict where/run rows.csv");
    expect_fine(after);
    cr_expect_str_eq(after.out, before.out);
    expect_fine(dotgrad("summary where/run/graph.dot"));
    expect_fine(dotgrad("draw where/run/graph.dot -o a.dot"));
    expect_fine(dotgrad("draw a.dot -o b.dot"));
    cr_expect(same_bytes("a.dot", "b.dot"));
    expect_fine(dotgrad("train --resume where/run --epochs 3"));
    char text[1 << 14];
    read_text("where/run/graph.dot", text, sizeof text);
    expect_no_words(text, "folder=");
    expect_no_words(text, folder);
    cr_assert_eq(chdir(".."), 0);
}

/* ---- fmt, list, rewritten files ---- */

Test(document, fmt_names_every_argument_and_is_stable)
{
    char text[4096];
    write_text("a.dot", "digraph { b [op=\"constant(1.0)\"]; a [op=\"constant(5.0)\"]; y [op=sub]; a -> y; b -> y; }");
    expect_fine(dotgrad("fmt a.dot -o b.dot"));
    read_text("b.dot", text, sizeof text);
    expect_words(text, "a -> y [arg=input]");
    expect_words(text, "b -> y [arg=other]");
    expect_fine(dotgrad("fmt b.dot -o c.dot"));
    cr_expect(same_bytes("b.dot", "c.dot"));
    expect_fine(dotgrad("fmt --check b.dot"));
    cr_expect_eq(dotgrad("fmt --check a.dot").status, 1);
    cr_expect_eq(dotgrad("fmt").status, 2);
}

/* In place, settings and sizes stay as their author wrote them; with --values numbers are put in. */
Test(document, fmt_keeps_settings_and_sizes_of_data_as_they_are_written)
{
    static const char net[] =
        "digraph { graph [data=iris, set=\"act=relu, width=64\", optimizer=\"adam(lr=0.1*$width)\", seed=1];"
        " x [op=\"input([N,FEATURES])\"]; h [op=\"linear(2*$width,bias=false)\"]; a [op=\"$act\"];"
        " e [op=\"expr(x^$width)\"]; subgraph cluster_b { repeat=\"$width-61\"; c [op=\"linear(2*$width)\"]; }"
        " o [op=\"linear(CLASSES)\"]; x -> h -> a -> e -> c -> o; }";
    static const char *const words[] = {"set=\"act=relu, width=64\"",
                                        "optimizer=\"adam(lr=0.1*$width)\"",
                                        "x [op=\"input([N, FEATURES])\"]",
                                        "h [op=\"linear(2*$width, bias=false)\"]",
                                        "a [op=\"$act\"]",
                                        "e [op=\"expr(x^$width)\"]",
                                        "repeat=\"$width-61\"",
                                        "o [op=\"linear(CLASSES)\"]"};
    char text[4096], values[4096], again[4096];
    write_text("a.dot", net);
    expect_fine(dotgrad("fmt a.dot --values -o values.dot"));
    expect_fine(dotgrad("fmt a.dot -o a.dot"));
    read_text("a.dot", text, sizeof text);
    for (size_t k = 0; k < sizeof words / sizeof *words; k++)
        expect_words(text, words[k]);
    cr_expect_null(strstr(text, "was_set"), "%s", text);
    cr_expect_null(strstr(text, "sizes"), "%s", text);
    expect_fine(dotgrad("fmt --check a.dot"));
    expect_fine(dotgrad("fmt a.dot --values -o again.dot")); /* the network is the same */
    read_text("values.dot", values, sizeof values);
    read_text("again.dot", again, sizeof again);
    cr_expect_str_eq(values, again);
    expect_words(values, "o [op=\"linear(3)\"]");
    expect_words(values, "was_set");
}

Test(document, files_that_another_program_has_rewritten_are_warned_about)
{
    static const char sub[] = "digraph { node [label=\"\\N\"]; b [op=\"constant(1.0)\"]; a [op=\"constant(5.0)\"]; "
                              "y [op=%s]; a -> y%s; b -> y%s; }";
    char text[400];
    snprintf(text, sizeof text, sub, "sub", "", "");
    write_text("a.dot", text);
    expect_words(dotgrad("summary a.dot").err, "have no arg=");
    snprintf(text, sizeof text, sub, "add", "", "");
    write_text("a.dot", text);
    cr_expect_str_eq(dotgrad("summary a.dot").err, "");
    snprintf(text, sizeof text, sub, "sub", " [arg=input]", " [arg=other]");
    write_text("a.dot", text);
    cr_expect_str_eq(dotgrad("summary a.dot").err, "");
}

Test(document, tables_are_listed)
{
    static const char *const words[][2] = {{"attributes", "batch_size"},
                                           {"attributes", "styled_edge"},
                                           {"attributes", "--clip-norm"},
                                           {"ops", "activation"},
                                           {"optimizers", "adam"},
                                           {"schedules", "cosine"},
                                           {"initialisers", "xavier_uniform"},
                                           {"initialisers", "kmeans(iterations=100)"},
                                           {"initialisers", "uniform(low=0, high=1)"},
                                           {"initialisers", "mode=fan_in"},
                                           {"data", "digits"},
                                           {"metrics", "accuracy"},
                                           {"styles", "print"}};
    for (size_t k = 0; k < sizeof words / sizeof *words; k++) {
        outcome run = dotgrad("list %s", words[k][0]);
        expect_fine(run);
        expect_words(run.out, words[k][1]);
    }
    expect_words(dotgrad("list").out, "attributes");
    cr_expect_eq(dotgrad("list nothing").status, 2);
}

Test(document, a_layer_s_own_parameter_is_a_node_without_op)
{
    write_text("a.dot", "digraph { x [op=\"constant([[1.0, 2.0]])\"]; y [op=\"linear(1, bias=false)\"]; w [op=sum]; "
                        "x -> y; \"y.weight\" -> w; }");
    outcome run = dotgrad("summary a.dot");
    expect_fine(run);
    expect_words(run.out, "parameters  2 ");
    expect_fine(dotgrad("fmt a.dot -o b.dot"));
    expect_fine(dotgrad("fmt --check b.dot"));
    expect_error("digraph { x [op=\"constant([[1.0, 2.0]])\"]; y [op=tanh]; w [op=sum]; x -> y; \"y.weight\" -> w; }",
                 "'y.weight' has no op", "'y' owns no such parameter");
}

/* ---- options that are attributes ---- */

Test(document, every_option_of_train_may_stand_in_the_graph)
{
    write_text("a.dot", "digraph { graph [data=\"xor(n=40)\", epochs=50, batch_size=4, optimizer=\"sgd(lr=1e-30)\", "
                        "validation=0.25, patience=2, clip_norm=1.5, clip_value=0.5, threads=1, memory_limit=\"1G\"]; "
                        "x [op=\"input([N, 2])\"]; t [op=\"input([N], dtype=int64)\"]; output [op=\"linear(2)\"]; "
                        "loss [op=cross_entropy]; x -> output -> loss; t -> loss [arg=target]; }");
    outcome run = dotgrad("train a.dot -o run");
    expect_fine(run);
    char text[1 << 14];
    read_text("run/metrics.csv", text, sizeof text);
    int lines = 0;
    for (const char *at = text; *at; at++)
        lines += *at == '\n';
    cr_expect(lines < 10, "a rate near 0 makes nothing better, and patience=2 stops: %s", text);
    write_text("b.dot",
               "digraph { graph [memory_limit=\"1kB\"]; x [op=\"ones([1000])\"]; output [op=exp]; x -> output; }");
    run = dotgrad("eval b.dot --fetch output --out o.safetensors");
    cr_expect_eq(run.status, 1, "%s", run.err);
    run = dotgrad("train --help");
    static const char *const options[] = {"--data",    "--epochs",       "--validation", "--patience", "--clip-norm",
                                          "--threads", "--memory-limit", "--seed",       "--run",      "--resume"};
    for (size_t k = 0; k < sizeof options / sizeof *options; k++)
        expect_words(run.out, options[k]);
}

Test(document, data_that_a_graph_names_lies_below_allowed_folders)
{
    static const char net[] =
        "digraph { graph [data=\"../d (1).csv(target=y)\", epochs=1, loss=l]; x [op=\"input([N, 1])\"]; "
        "t [op=\"input([N, 1])\"]; o [op=\"linear(1)\"]; l [op=mse_loss]; x -> o -> l; t -> l [arg=target]; }";
    cr_assert_eq(mkdir("project", 0777), 0);
    write_text("d (1).csv", "x,y\n1,2\n2,4\n3,6\n4,8\n5,10\n6,12\n");
    write_text("project/net.dot", net);
    cr_assert_eq(chdir("project"), 0);
    outcome run = dotgrad("train net.dot -o run");
    cr_expect_eq(run.status, 1, "%s", run.err);
    expect_words(run.err, "--allow-path");
    expect_fine(dotgrad("train net.dot -o run --allow-path .."));
    expect_fine(dotgrad("train net.dot -o other --data '../d (1).csv(target=y)'")); /* what is typed is free */
    cr_assert_eq(chdir(".."), 0);
}

/* ---- settings ---- */

#define SET_NET                                                                                                        \
    "digraph { graph [set=\"act=relu, width=64, k=2\", optimizer=\"adam(lr=0.01*$k)\", epochs=\"$k\"]; "               \
    "x [op=\"input([N, 8])\"]; h [op=\"linear(2*$width)\"]; a [op=\"$act\"]; e [op=\"expr(x^$k)\"]; "                  \
    "subgraph cluster_b { repeat=\"$k+1\"; c [op=\"linear(2*$width)\"]; } x -> h -> a -> e -> c; }"

Test(document, settings_stand_for_their_values_in_every_attribute_of_ours)
{
    const char *text = exported(SET_NET);
    expect_words(text, "h [op=\"linear(128)\"]");
    expect_words(text, "a [op=relu]");
    expect_words(text, "e [op=\"expr(x^2)\"]");
    expect_words(text, "repeat=3");
    expect_words(text, "epochs=2");
    expect_words(text, "optimizer=\"adam(lr=0.02)\"");
    expect_fine(dotgrad("fmt --check b.dot")); /* what is put in reads back */
    expect_fine(dotgrad("fmt a.dot -o b.dot --set act=mish --set 'k=1+2' --set seed=7"));
    char other[4096];
    read_text("b.dot", other, sizeof other);
    expect_words(other, "a [op=mish]");
    expect_words(other, "x^(1+2)");
    expect_words(other, "epochs=3");
    expect_words(other, "seed=7");
    expect_fine(dotgrad("fmt a.dot -o b.dot --set 'act=expr(x*tanh(exp(x)))'"));
    read_text("b.dot", other, sizeof other);
    expect_words(other, "a [op=\"expr(x*tanh(exp(x)))\"]");
}

Test(document, settings_that_are_not_declared_or_not_read_are_errors)
{
    static char large[20000];
    write_text("a.dot", SET_NET);
    static const char *const cases[][2] = {{"--set atc=mish", "did you mean 'act'"},
                                           {"--set something=1", "declares it"},
                                           {"--set act", "NAME=VALUE"},
                                           {"--set epochs=many", "whole number"}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        outcome run = dotgrad("summary a.dot %s", cases[k][0]);
        cr_expect_neq(run.status, 0, "%s", cases[k][0]);
        expect_words(run.err, cases[k][1]);
    }
    expect_error("digraph { graph [set=\"act=relu\"]; x [op=\"constant(1.0)\"]; y [op=\"$atc\"]; x -> y; }",
                 "no setting 'atc'", "did you mean 'act'");
    expect_error("digraph { graph [set=\"act=relu\"]; x [op=\"constant(1.0)\"]; y [op=\"\"]; x -> y; }",
                 "'act' is read nowhere", "a shell takes $act away");
    expect_error("digraph { graph [set=\"act=relu\"]; x [op=\"constant(1.0)\"]; y [op=$act]; x -> y; }",
                 "bad.dot:1:", "op=\"$act\"");
    expect_error("digraph { graph [set=\"act=relu, k=1, act=tanh\"]; x [op=\"$act\"]; }", "set: 'act' is given twice",
                 "bad.dot");
    size_t used = (size_t)sprintf(large, "digraph { graph [set=\"");
    for (int k = 0; k < 1001; k++)
        used += (size_t)sprintf(large + used, "a%d=1,", k);
    sprintf(large + used, "\"]; x [op=\"constant(1.0)\"]; }");
    expect_error(large, "more than 1000 settings", "bad.dot");
    expect_error("digraph { graph [set=\"act\"]; x [op=\"constant(1.0)\"]; }", "NAME=VALUE", "bad.dot");
    expect_error("digraph { graph [set=\"a=lin\"]; x [op=\"input([N, 2])\"]; y [op=\"my$a\"]; x -> y; }",
                 "inside a name", "'y'");
}

Test(document, settings_reach_the_files_that_a_graph_uses)
{
    write_text("b.dot", "digraph { graph [set=\"width=4\"]; x [op=\"input([N, F])\"]; fc [op=\"linear($width)\"]; "
                        "y [op=\"$act\"]; x -> fc -> y; }");
    write_text("a.dot", "digraph { graph [set=\"act=tanh, wide=16, file='b.dot'\"]; x [op=\"input([N, 2])\"]; "
                        "p [op=\"use('${file}', width=$wide)\"]; q [op=\"use('${file}')\"]; z [op=\"$act\"]; "
                        "x -> p -> q -> z; }");
    outcome run = dotgrad("summary a.dot");
    expect_fine(run);
    expect_words(run.out, "parameters  116 "); /* 2*16 + 16, and 16*4 + 4 */
    expect_fine(dotgrad("fmt a.dot --embed -o whole.dot --set wide=8"));
    cr_assert_eq(unlink("b.dot"), 0);
    run = dotgrad("summary whole.dot");
    expect_fine(run);
    expect_words(run.out, "parameters  60 ");
    write_text("b.dot", "digraph { x [op=\"input([N, F])\"]; y [op=tanh]; x -> y; }");
    run = dotgrad("summary a.dot");
    cr_expect_eq(run.status, 1);
    expect_words(run.err, "no setting 'width'");
}
