/* Reading and writing graph files: what is loaded and exported is the same graph, and bad files tell what is wrong. */
#include "../sweeps.h"
#include "command.h"

#include <glob.h>

TestSuite(graph_file, .init = make_folder, .fini = remove_folder);

static char *read_all(const char *path)
{
    static char text[1 << 20];
    read_text(path, text, sizeof text);
    return text;
}

/* What fmt makes of a graph. */
static const char *formatted(const char *text)
{
    static outcome run;
    write_text("f.dot", text);
    run = dotgrad("fmt f.dot");
    expect_fine(run);
    return run.out;
}

static void expect_words(const char *text, const char *words)
{
    cr_expect_not_null(strstr(text, words), "'%s' is not in: %s", words, text);
}

static void expect_refused(const char *text, const char *words)
{
    write_text("f.dot", text);
    outcome run = dotgrad("fmt f.dot");
    cr_expect_eq(run.status, 1, "exit status %d: %s", run.status, text);
    expect_words(run.err, words);
}

static void expect_in_file(const char *path, const char *words)
{
    cr_assert_not_null(strstr(read_all(path), words), "'%s' is not in %s:\n%s", words, path, read_all(path));
}

/* ---- round trips ---- */

/* A cell of a scan takes its sizes from its user. */
static bool is_loadable(const char *path)
{
    return !strstr(path, "cell.dot");
}

/* In this folder: a graph finds the files that it uses, and the data whose sizes it reads, beside it. */
static void expect_round_trips(const char *from, size_t least)
{
    char line[1200];
    glob_t found;
    snprintf(line, sizeof line, "cd '%s'/%s && { cp *.dot *.csv *.txt \"$OLDPWD\" 2>/dev/null || true; }",
             getenv("TESTS"), from);
    cr_assert_eq(system(line), 0, "%s", line);
    cr_assert_eq(glob("*.dot", 0, NULL, &found), 0);
    cr_assert_geq(found.gl_pathc, least);
    size_t step = sweeps_are_few() && least > 100 ? 4 : 1;
    for (size_t k = 0; k < found.gl_pathc; k += step) {
        if (!is_loadable(found.gl_pathv[k]))
            continue;
        expect_fine(dotgrad("draw '%s' -o 1.dot", found.gl_pathv[k]));
        expect_fine(dotgrad("draw 1.dot -o 2.dot"));
        cr_assert(same_bytes("1.dot", "2.dot"), "%s", found.gl_pathv[k]);
    }
    globfree(&found);
}

Test(graph_file, reference_cases_export_to_the_same_bytes_after_loading)
{
    expect_round_trips("reference", 300);
}

Test(graph_file, examples_export_to_the_same_bytes_after_loading)
{
    expect_round_trips("../tools/examples", 5);
}

Test(graph_file, exported_graphs_compute_the_same)
{
    static const char *const cases[] = {"conv2d", "binary_sub_0", "linear_3d_nobias", "cross_entropy_mean",
                                        "rbf_gaussian"};
    const char *tests = getenv("TESTS");
    int compared = 0;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        char path[512];
        snprintf(path, sizeof path, "%s/reference/%s.dot", tests, cases[k]);
        if (access(path, R_OK) != 0)
            continue;
        expect_fine(dotgrad("draw '%s' --parameters -o drawn.dot", path));
        expect_fine(
            dotgrad("eval '%s' --feed '%s/reference/%s.in.safetensors' --fetch y --out a", path, tests, cases[k]));
        expect_fine(
            dotgrad("eval drawn.dot --feed '%s/reference/%s.in.safetensors' --fetch y --out b", tests, cases[k]));
        cr_assert(same_bytes("a", "b"), "%s", cases[k]);
        compared++;
    }
    cr_assert_geq(compared, 2);
}

Test(graph_file, the_same_graph_written_in_another_way_exports_to_the_same_bytes)
{
    write_text("a.dot",
               "digraph g {\n  x [op=\"input([N, 4])\"];\n  y [op=\"linear(3, bias=true)\", shape=box, color=red];\n"
               "  s [op=sub];\n  x -> y;\n  y -> s [arg=input];\n  y -> s [arg=other];\n}\n");
    write_text(
        "b.dot",
        "/* a comment */ digraph \"g\"{ x[op=\"input( [N,4] )\"]; y[color=\"red\",op=\"linear( 3,bias = true )\"]\n"
        "y[shape=box]; s[op=\"sub()\"]; x->y->s; # another\n y -> s; }");
    expect_fine(dotgrad("draw a.dot -o 1.dot"));
    expect_fine(dotgrad("draw b.dot -o 2.dot"));
    cr_assert(same_bytes("1.dot", "2.dot"));
}

Test(graph_file, odd_names_survive)
{
    static const char *const names[] = {"\"a \\\"b\\\" c\"", "\"{|}<x>:p\"", "\"\\\\\"", "\"é×∂\"",  "\"\"",
                                        "\"node\"",          "\"1.5\"",      "\"-\"",    "\"a->b\"", "\"\\N \\G\""};
    char text[512];
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        snprintf(text, sizeof text, "digraph { %s [op=\"input([N, 4])\"]; y [op=relu]; %s -> y; }", names[k], names[k]);
        write_text("a.dot", text);
        expect_fine(dotgrad("draw a.dot -o 1.dot"));
        expect_fine(dotgrad("draw 1.dot -o 2.dot"));
        expect_fine(dotgrad("draw 1.dot -o 1.svg"));
        cr_assert(same_bytes("1.dot", "2.dot"), "%s", names[k]);
        cr_assert_null(strstr(read_all("1.dot"), "%"), "%s", names[k]);
    }
}

/* ---- attributes ---- */

Test(graph_file, keeps_what_it_does_not_know)
{
    write_text("a.dot",
               "digraph g {\n graph [author=\"me\", nodesep=1.5];\n node [shape=ellipse];\n edge [color=red];\n"
               " subgraph cluster_a { label=\"mine\"; pencolor=blue; x [op=\"input([N, 4])\", URL=\"http://x/\"]; }\n"
               " y [op=tanh, tooltip=\"a\\\\b\", label=<<I>y</I>>, pos=\"1,2!\"];\n"
               " x -> y [style=dashed, note=\"a, b\"];\n { rank=same; x; y; }\n}\n");
    expect_fine(dotgrad("draw a.dot -o 1.dot"));
    static const char *const kept[] = {"author=me",        "nodesep=1.5",   "node [shape=ellipse", "edge [color=red",
                                       "label=mine",       "pencolor=blue", "URL=\"http://x/\"",   "tooltip=\"a\\\\b\"",
                                       "label=<<I>y</I>>", "pos=\"1,2!\"",  "style=dashed",        "note=\"a, b\"",
                                       "rank=same"};
    for (size_t k = 0; k < sizeof kept / sizeof *kept; k++)
        expect_in_file("1.dot", kept[k]);
    expect_fine(dotgrad("draw 1.dot -o 2.dot"));
    cr_assert(same_bytes("1.dot", "2.dot"));
}

Test(graph_file, looks_of_its_own_are_replaced_and_those_of_the_author_stay)
{
    write_text(
        "a.dot",
        "digraph g { x [op=\"input([N, 4])\", penwidth=1.2, fontsize=11]; y [op=relu]; x -> y [color=\"#57606A\"];"
        " subgraph cluster_a { fontsize=11; subgraph cluster_b { label=deep; fontsize=10; y; } } }");
    expect_fine(dotgrad("draw a.dot --rankdir LR -o 1.dot"));
    expect_fine(dotgrad("draw 1.dot -o 2.dot"));
    cr_assert(same_bytes("1.dot", "2.dot"));
    expect_in_file("2.dot", "rankdir=LR");
    expect_in_file("2.dot", "fontsize=11, penwidth=1.2");
    expect_in_file("2.dot", "label=deep");
    write_text("b.dot", "digraph g { y [op=relu, fillcolor=\"#FF0000\", styled=\"color label\", color=red, label=old];"
                        " x [op=\"input([N, 4])\"]; x -> y; }");
    expect_fine(dotgrad("draw b.dot -o 1.dot"));
    expect_in_file("1.dot", "fillcolor=\"#FF0000\"");
    cr_assert_null(strstr(read_all("1.dot"), "color=red"));
    cr_assert_null(strstr(read_all("1.dot"), "label=old"));
}

Test(graph_file, decoration_is_dropped)
{
    write_text("a.dot", "digraph g { x [op=\"input([N, 4])\"]; y [op=relu]; x -> y; d [derived=true]; y -> d;"
                        " x -> y [derived=true]; subgraph cluster_l { derived=true; k; l; k -> l; } }");
    expect_fine(dotgrad("draw a.dot -o 1.dot"));
    cr_assert_null(strstr(read_all("1.dot"), "derived"));
    cr_assert_null(strstr(read_all("1.dot"), "cluster_l"));
}

/* ---- bad files ---- */

#define X "x [op=\"input([N, 4])\"]; "

static void expect_error(const char *what, const char *words)
{
    outcome run = dotgrad("draw bad.dot -o out.svg");
    const char *end = strchr(run.err, '\n');
    cr_assert_eq(run.status, 1, "%s: exit status %d: %s", what, run.status, run.err);
    cr_assert(end && !end[1], "%s: not one line: %s", what, run.err);
    cr_assert_eq(strncmp(run.err, "dotgrad: bad.dot:", 17), 0, "%s: %s", what, run.err);
    cr_assert_not_null(strstr(run.err, words), "%s: '%s' is not in: %s", what, words, run.err);
    cr_assert(access("out.svg", F_OK), "%s: it left a picture", what);
}

Test(graph_file, bad_files_tell_what_is_wrong)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"graph { " X "y [op=relu]; x -- y; }", "undirected"},
        {"digraph a { " X "} digraph b { " X "}", "2 graphs"},
        {"digraph a { " X "} and more", "near 'and'"},
        {"digraph {\n" X "\na [op=add]; b [op=relu];\n x -> a; b -> a; a -> b; }", "b -> a -> b"},
        {"digraph { " X "x -> x; }", "cycle: x -> x"},
        {"digraph {\n\n  " X "\n  y [shape=box];\n x -> y; }", "bad.dot:4: node 'y' has no op"},
        {"", "empty"},
        {" \n\t ", "empty"},
        {"// nothing but a comment\n", "not a DOT graph"},
        {"root:x:0:0:/bin/sh\n", "not a DOT graph: it does not begin"},
        {"digraph { \xff\xfe }", "not UTF-8"},
        {"\x89PNG\r\n", "not UTF-8"},
        {"digraph {\n" X "y [op=relu]; x -> y", "syntax error"},
        {"digraph { " X "y [op=\"relu", "syntax error"},
        {"digraph { " X "/* for ever", "syntax error"},
        {"digraph { " X "y [op=relu, label=<<B>x", "syntax error"},
        {"digraph { \"%1\" [op=\"input([N])\"]; }", "%"},
        {"digraph { " X "y [op=sub]; x -> y [arg=0]; x -> y [arg=2]; }", "no input '2'"},
        {"digraph { " X "y [op=sub]; x -> y [arg=-1]; x -> y; }", "no input '-1'"},
        {"digraph { " X "y [op=sub]; x -> y [arg=0]; x -> y [arg=input]; }",
         "two nodes are connected to input 'input'"},
        {"digraph { " X "y [op=sub]; x -> y [arg=minuend]; x -> y; }", "minuend"},
        {"digraph { " X "y [op=sub]; x -> y; }", "'other' is missing"},
        {"digraph { " X "y [op=relu]; x -> y; x -> y; }", "'y'"},
        {"digraph { " X "y [op=relu]; x -> y [out=h_n]; }", "no output 'h_n'"},
        {"digraph { " X "y [op=relu]; x -> y [out=1]; }", "no output '1'"},
        {"digraph { " X "y [op=realu]; x -> y; }", "did you mean 'relu'"},
        {"digraph { " X "y [op=ad]; x -> y; }", "did you mean 'add'"},
        {"digraph { " X "y [op=relu];\n /* z */ x -> z; }",
         "bad.dot:2: node 'z' has no op: give it one; decoration is marked derived=true"},
        {"digraph { " X "\nhidden [op=relu];\n x -> hidden;\n \"hiden\" -> hidden; }",
         "bad.dot:4: node 'hiden' has no op (did you mean 'hidden'?); decoration is marked derived=true"},
        {"digraph { " X "y [op=\"relu(\"]; x -> y; }", "relu("},
        {"digraph { subgraph cluster_a { repeat=many; " X "} }", "repeat=many"},
        {"digraph { graph [dotgrad=2]; " X "}", "version 1"},
        {"digraph { graph [loss=nothing]; " X "}", "loss=nothing"},
        {"digraph { graph [output=nothing]; " X "}", "output=nothing"},
        {"digraph { graph [dtype=int8]; " X "}", "int8"},
        {"digraph { " X "y [op=add]; z [op=\"input([N, 5])\"]; x -> y; z -> y; }", "[N, 5]"},
        {"digraph { " X "y [op=cross_entropy]; t [op=\"input([N], dtype=int64)\"]; t -> y; x -> y; }",
         "the first is t -> y: [arg=target] on an edge makes it that one"},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        write_text("bad.dot", cases[k].text);
        expect_error(cases[k].text, cases[k].words);
    }
}

Test(graph_file, a_byte_0_is_no_text)
{
    FILE *file = fopen("bad.dot", "wb");
    fwrite("digraph { x\0 }", 1, 14, file);
    fclose(file);
    expect_error("byte 0", "a byte 0");
}

/* Writes before, `many` times inside, and after. */
static void write_many(const char *before, const char *inside, const char *middle, const char *closing,
                       const char *after)
{
    enum { MANY = 50000 };
    FILE *file = fopen("bad.dot", "wb");
    fputs(before, file);
    for (int k = 0; k < MANY; k++)
        fputs(inside, file);
    fputs(middle, file);
    for (int k = 0; k < MANY; k++)
        fputs(closing, file);
    fputs(after, file);
    fclose(file);
}

Test(graph_file, deep_nesting_is_refused)
{
    write_many("digraph ", "{", "", "}", "");
    expect_error("braces", "nest deeper");
    write_many("digraph { " X "y [op=\"", "sum(", "x", ")", "\"]; x -> y; }");
    expect_error("calls", "'y'");
    write_many("digraph { " X "y [op=\"expr(", "(", "x", ")", ")\"]; x -> y; }");
    expect_error("formula", "'y'");
    write_many("digraph { " X "y [op=\"constant(", "[", "1", "]", ")\"]; }");
    expect_error("lists", "'y'");
}

Test(graph_file, every_cut_of_a_file_is_refused_or_a_graph)
{
    const char *text = "digraph g { graph [loss=l]; x [op=\"input([N, 4])\", label=<<B>x</B>>]; subgraph cluster_a { "
                       "y [op=\"linear(3)\"]; } l [op=mean]; /* c */ x -> y -> l [arg=input]; }";
    for (size_t length = 1; length < strlen(text); length += 3) {
        char *cut = strndup(text, length);
        write_text("bad.dot", cut);
        outcome run = dotgrad("draw bad.dot -o out.dot");
        cr_assert_eq(run.status, 1, "'%s': exit status %d", cut, run.status);
        cr_assert_eq(strncmp(run.err, "dotgrad: bad.dot:", 17), 0, "'%s': %s", cut, run.err);
        free(cut);
    }
}

/* ---- what statements say ---- */

#define TWO "a [op=\"input([N, 2])\"]; b [op=\"input([N, 2])\"]; c [op=sub]; "

Test(graph_file, braces_give_edges_in_the_order_of_the_text)
{
    static const char b_first[] = "b -> c [arg=input];\n  a -> c [arg=other]";
    static const char *const cases[] = {
        "digraph { " TWO "{b a} -> c; }",
        "digraph { " TWO "{ { \"b\" } {{a}} } -> c; }",
        "digraph { " TWO "{b, a} -> c; }",
        "digraph { " TWO "b, a -> c; }",
        "digraph { " TWO "subgraph s {b} d [op=relu]; a -> d; subgraph s {a b} -> c [color=red]; }",
        "DIGRAPH { " TWO
        "/* {a b} -> c */ { node [color=\"}\"] b:n a:s:e [tooltip=\"-> {\"]; label=<{<b>a</b>}> } -> {c}; }",
        "digraph { " TWO "{ b\n# a\n// a\na } -> { c d } d [op=add]; }",
        "digraph { " TWO "{\"\\\nb\" \"\" + \"a\"} -> c; }",
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        const char *text = formatted(cases[k]);
        const char *first = strstr(text, "b -> c [arg=input"), *second = strstr(text, "a -> c [arg=other");
        cr_expect(first && second && first < second, "%s gives %s", cases[k], text);
    }
    expect_words(formatted(cases[0]), b_first);
    const char *text = formatted(
        "digraph { " TWO "d [op=div]; e [op=tanh]; a -> e; {a b} -> c; {b {e -> d} a} -> k; b -> d; k [op=cat] }");
    expect_words(text, "e -> d [arg=input];");
    expect_words(text, "b -> k [arg=0];\n  e -> k [arg=1];\n  d -> k [arg=2];\n  a -> k [arg=3]");
    text = formatted("digraph { " TWO "{b a} -> c; a -> d [out=0]; {a b} -> d; b -> d [color=red]; d [op=cat] }");
    expect_words(text, "a -> d [arg=0, out=0];\n  a -> d [arg=1];\n  b -> d [arg=2];\n  b -> d [arg=3, color=red]");
}

Test(graph_file, an_edge_that_stands_twice_is_no_weight)
{
    expect_refused("digraph { x [op=\"input([4, 4])\"];\nh [op=\"linear(4)\"]; x -> h; x -> h; }",
                   "f.dot:2: linear 'h': the edge from 'x' stands twice, and the second one would be its weight");
    expect_refused("digraph { x [op=\"input([N, 4])\"]; h [op=layer_norm]; w [op=\"ones([4])\"]; x -> h; "
                   "w -> h [arg=weight]; x -> h; }",
                   "would be its bias: leave one out, or write arg=bias on it");
    expect_words(formatted("digraph { x [op=\"input([4, 4])\"]; h [op=\"linear(4)\"]; x -> h; x -> h [arg=weight]; }"),
                 "x -> h [arg=weight]");
    expect_words(formatted("digraph { x [op=\"input([N, 4])\"]; h [op=mul]; x -> h; x -> h; }"), "x -> h [arg=other]");
    expect_words(
        formatted("digraph { x [op=\"input([N, 3, 4])\"]; h [op=\"multihead_attention(4, 2)\"]; x -> h; x -> h; "
                  "x -> h; }"),
        "x -> h [arg=value]");
}

Test(graph_file, a_node_is_in_one_cluster)
{
    expect_refused("digraph { x [op=\"input([N, 4])\"]; y [op=relu];\n"
                   "subgraph cluster_a { x -> h; h [op=\"linear(3)\"]; }\nsubgraph cluster_b {\nh -> y; }\n}",
                   "f.dot:4: node 'h' stands in 'cluster_a' (line 2) and in 'cluster_b' (line 4)");
    expect_refused("digraph { subgraph cluster_a { subgraph cluster_c { x [op=\"input([N, 4])\"]; } x -> y }\n"
                   "y [op=relu]; subgraph cluster_b { {color=red; x} } }",
                   "node 'x' stands in 'cluster_c' (line 1) and in 'cluster_b' (line 2)");
    expect_words(formatted("digraph { subgraph cluster_a { subgraph cluster_c { x [op=\"input([N, 4])\"]; } x -> y }\n"
                           "y [op=relu]; subgraph other { x y } subgraph cluster_a { x } }"),
                 "    subgraph cluster_c {\n      x [op=\"input([N, 4])\"];");
}

Test(graph_file, ports_name_no_output_and_no_argument)
{
    static const char lstm[] =
        "digraph { x [op=\"input([N, 5, 4])\"]; r [op=\"lstm(3)\"%s]; y [op=relu]; x -> r; r:%s; }";
    static const char *const cases[][3] = {
        {"", "1 -> y", "which output of output, h_n, c_n is meant is said by out=1 on the edge"},
        {"", "h_n:s -> y", "edge r -> y: 'r:h_n' is a place in the picture"},
        {"", "s -> y", NULL},
        {"", "1 -> y [out=h_n]", NULL},
        {", shape=record, label=\"a|<1> b\"", "1 -> y", NULL},
    };
    char text[400];
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        snprintf(text, sizeof text, lstm, cases[k][0], cases[k][1]);
        if (cases[k][2])
            expect_refused(text, cases[k][2]);
        else
            expect_words(formatted(text), "tailport=");
    }
    expect_refused("digraph { " TWO "a -> c:other; b -> c; }", "said by arg=other on the edge");
    expect_refused("digraph { " TWO "e [op=\"expr(x - b)\"]; a -> e:b; b -> e; }", "said by arg=b on the edge");
    expect_words(formatted("digraph { " TWO "d [op=tanh]; a -> d:0; a -> c; b -> c; }"), "headport=0");
}

Test(graph_file, strict_is_kept_where_it_loses_nothing)
{
    expect_words(formatted("strict digraph g { " TWO "a -> c; b -> c; }"), "strict digraph g {");
    write_text("a.dot", "strict digraph { " TWO "a -> c; a -> c; }");
    outcome run = dotgrad("fmt a.dot");
    expect_fine(run);
    expect_words(run.err, "'strict' has no effect: Graphviz would make one edge of a -> c");
    cr_expect_eq(strncmp(run.out, "digraph {", 9), 0, "%s", run.out);
}

Test(graph_file, keywords_are_those_of_dot)
{
    expect_words(formatted("DiGraph { NODE [op=relu]; Node [color=red]; y; NODE [op=tanh]; z; EDGE [color=blue]; "
                           "x [op=\"input([N, 4])\"]; SubGraph cluster_z { z } x -> y -> z; }"),
                 "y [op=relu");
    expect_refused("digraph { x [op=\"input([N, 4])\"]; \"node\" [op=relu]; \"node\" [op=tanh]; x -> \"node\"; }",
                   "node 'node' has 'op' already in line 1");
}

Test(graph_file, attributes_of_ours_stand_once)
{
    static const char *const cases[][2] = {
        {"digraph { graph [epochs=3];\nepochs=5; ", "f.dot:2: the graph has 'epochs' already in line 1"},
        {"digraph { epochs=3; Graph [seed=1]\ngraph [seed=2]; ", "f.dot:2: the graph has 'seed' already in line 1"},
        {"digraph { subgraph cluster_a { repeat=2; k [op=relu] }\nsubgraph cluster_a { graph [repeat=3] } ",
         "f.dot:2: subgraph 'cluster_a' has 'repeat' already in line 1"},
        {"digraph { k [op=relu] [color=red]\n[op=tanh]; ", "f.dot:2: 'op' is set twice in one list"},
    };
    char text[400];
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        snprintf(text, sizeof text, "%s x [op=\"input([N, 4])\"]; x -> k; }", cases[k][0]);
        expect_refused(text, cases[k][1]);
    }
    expect_words(
        formatted(
            "digraph { epochs=3; graph [epochs=3] graph [label=a] label=b; \"graph\" [op=relu]; x -> graph_; "
            "x -> \"graph\"; graph_ [op=relu, label=\"epochs=4\"]; x [op=\"input([N, 4])\"]; "
            "subgraph cluster_a { checkpoint=true; graph_ } subgraph cluster_b { checkpoint=false; \"graph\" } }"),
        "epochs=3");
}

Test(graph_file, edges_that_look_otherwise_are_told)
{
    write_text("a.dot", "digraph { " TWO "a -> c; b -> c [style=invis]; d [op=tanh]; a -> d [dir=back]; "
                        "d -> a [style=invis, derived=true]; }");
    outcome run = dotgrad("fmt a.dot");
    expect_fine(run);
    expect_words(run.err, "inputs of their heads, whatever they look like: b -> c (style=invis), a -> d (dir=back);");
    expect_refused("digraph { x [op=\"input([N, 4])\"]; subgraph cluster_a { b [op=tanh] } x -> cluster_a; x -> b; }",
                   "'cluster_a' is a subgraph, and an edge leads to a node");
}
