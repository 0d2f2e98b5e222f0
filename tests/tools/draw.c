/* dotgrad draw: pictures that are the same every time and true to the file. Long because one suite holds what all
 * formats of a picture have in common. */
#include "command.h"
#include "contrast.h"
#include "drawn.h"

#include <math.h>

#define MLP                                                                                                            \
    "digraph mlp { graph [output=scores]; x [op=\"input([N, 4])\"]; t [op=\"input([N], dtype=int64)\"];"               \
    " fc [op=\"linear(8)\"]; act [op=relu]; scores [op=\"linear(3)\"]; loss [op=cross_entropy];"                       \
    " x -> fc -> act -> scores -> loss; t -> loss [arg=target]; }\n"

static void make_files(void)
{
    make_folder();
    write_text("mlp.dot", MLP);
}

TestSuite(draw, .init = make_files, .fini = remove_folder);

Test(draw, shows_ops_shapes_parameters_and_a_legend)
{
    expect_fine(dotgrad("draw mlp.dot -o mlp.svg"));
    static const char *const wanted[] = {">mlp<",
                                         ">linear<",
                                         ">relu<",
                                         ">cross_entropy<",
                                         ">N×4<",
                                         ">N×8<",
                                         ">N×3<",
                                         ">N int64 → target<",
                                         ">40 parameters<",
                                         ">27 parameters<",
                                         ">x<",
                                         ">t<",
                                         ">scores<",
                                         ">activation<",
                                         "class=\"node loss\"",
                                         "67 parameters",
                                         "role=\"graphics-document\"",
                                         "<title id=\"dg-mlp-title\">mlp</title>",
                                         "aria-label=\"linear fc, 4 → 8, 40 parameters\"",
                                         "<title>act → scores, N×8</title>"};
    for (size_t k = 0; k < sizeof wanted / sizeof *wanted; k++)
        expect_in_file("mlp.svg", wanted[k]);
    cr_assert_eq(count_in("mlp.svg", "class=\"node "), 6);
    cr_assert_eq(count_in("mlp.svg", "class=\"edge\""), 5);
    cr_assert_eq(count_in("mlp.svg", "<text "), count_in("mlp.svg", "textLength"));
}

Test(draw, is_the_same_every_time)
{
    static const char *const endings[] = {"svg", "png", "pdf", "dot"};
    write_text(
        "boxes.dot",
        "digraph g { x [op=\"input([N, 4])\"]; subgraph cluster_a { a [op=relu]; subgraph cluster_b { b [op=tanh]; } }"
        " subgraph cluster_c { c [op=add]; } x -> a -> b -> c; x -> c; }");
    for (size_t k = 0; k < sizeof endings / sizeof *endings; k++)
        for (int again = 0; again < 3; again++) {
            expect_fine(dotgrad("draw boxes.dot -o 1.%s", endings[k]));
            expect_fine(dotgrad("draw boxes.dot -o 2.%s", endings[k]));
            cr_assert(same_bytes(again ? "2.svg" : "1.svg", "1.svg"));
            char one[16], two[16];
            snprintf(one, sizeof one, "1.%s", endings[k]);
            snprintf(two, sizeof two, "2.%s", endings[k]);
            cr_assert(same_bytes(one, two), "%s", endings[k]);
        }
}

/* Fonts that are installed, and the language, are no part of a picture. */
Test(draw, is_the_same_whatever_fonts_there_are)
{
    static const char *const endings[] = {"svg", "html", "tex", "txt", "dot"};
    static const char *const surroundings[] = {"FONTCONFIG_FILE=none.conf", "FONTCONFIG_FILE=/dev/null LC_ALL=C.UTF-8",
                                               "FONTCONFIG_FILE=dejavu.conf LC_ALL=C",
                                               "LANG=de_DE.UTF-8 HOME=/nowhere"};
    write_text("none.conf", "<?xml version=\"1.0\"?><fontconfig></fontconfig>\n");
    write_text("dejavu.conf",
               "<?xml version=\"1.0\"?><fontconfig><dir>/usr/share/fonts/truetype/dejavu</dir></fontconfig>\n");
    for (size_t k = 0; k < sizeof endings / sizeof *endings; k++) {
        char line[200], one[16];
        expect_fine(dotgrad("draw mlp.dot -o 0.%s", endings[k]));
        snprintf(one, sizeof one, "0.%s", endings[k]);
        for (size_t i = 0; i < sizeof surroundings / sizeof *surroundings; i++) {
            snprintf(line, sizeof line, "%s \"$DOTGRAD\" draw mlp.dot -o 1.%s 2>.err", surroundings[i], endings[k]);
            cr_assert_eq(system(line), 0);
            snprintf(line, sizeof line, "1.%s", endings[k]);
            cr_expect(same_bytes(one, line), "%s under %s", one, surroundings[i]);
        }
    }
}

Test(draw, writes_each_format)
{
    expect_fine(dotgrad("draw mlp.dot -o mlp.png"));
    cr_assert_eq(memcmp(read_all("mlp.png"), "\x89PNG", 4), 0);
    expect_fine(dotgrad("draw mlp.dot -o mlp.PDF"));
    cr_assert_eq(memcmp(read_all("mlp.PDF"), "%PDF", 4), 0);
    expect_fine(dotgrad("draw mlp.dot -o mlp.gv"));
    expect_in_file("mlp.gv", "digraph mlp");
    outcome run = dotgrad("draw mlp.dot -o - --format svg");
    cr_assert_not_null(strstr(run.out, "<svg"));
    run = dotgrad("draw - --format dot -o - <mlp.dot");
    cr_assert_not_null(strstr(run.out, "digraph mlp"));
}

Test(draw, names_the_formats_when_it_is_called_in_a_wrong_way)
{
    static const char *const calls[] = {"draw mlp.dot -o x.jpeg", "draw mlp.dot -o x", "draw mlp.dot -o x --format gif",
                                        "draw mlp.dot"};
    for (size_t k = 0; k < sizeof calls / sizeof *calls; k++) {
        outcome run = dotgrad("%s", calls[k]);
        cr_assert_eq(run.status, 2, "%s", calls[k]);
        cr_assert_not_null(strstr(run.err, "svg"), "%s: %s", calls[k], run.err);
        cr_assert_not_null(strstr(run.err, "png"), "%s: %s", calls[k], run.err);
    }
    cr_assert_eq(dotgrad("draw mlp.dot -o x.svg --rankdir UP").status, 2);
    cr_assert_eq(dotgrad("draw mlp.dot -o x.svg --shapes some").status, 2);
    cr_assert_eq(dotgrad("draw -o x.svg").status, 2);
}

Test(draw, options_change_the_picture)
{
    expect_fine(dotgrad("draw mlp.dot --title 'A <new> & title' --rankdir LR --shapes none -o 1.dot"));
    expect_in_file("1.dot", "A &lt;new&gt; &amp; title");
    expect_in_file("1.dot", "rankdir=LR");
    cr_assert_eq(count_in("1.dot", "label=\"  "), 1);
    expect_fine(dotgrad("draw mlp.dot --shapes all -o 2.dot"));
    cr_assert_eq(count_in("2.dot", "label=\"  "), 5);
    expect_fine(dotgrad("draw mlp.dot -o 3.dot"));
    cr_assert_eq(count_in("3.dot", "label=\"  "), 4, "relu does not change the shape");
    cr_assert_eq(count_in("1.dot", "label=\"  target"), 1, "which argument an edge is stays");
    expect_fine(dotgrad("draw mlp.dot --parameters -o 4.dot"));
    cr_assert_eq(count_in("4.dot", "-> fc [derived=true"), 2);
    cr_assert_eq(count_in("4.dot", "derived=true"), 8);
    expect_fine(dotgrad("draw 4.dot -o 5.dot"));
    cr_assert(same_bytes("3.dot", "5.dot"), "parameters that were drawn as nodes do not stay");
    expect_fine(dotgrad("draw mlp.dot --names -o 6.svg"));
    expect_in_file("6.svg", ">fc<");
}

Test(draw, the_authors_looks_win)
{
    write_text("own.dot", "digraph g { graph [bgcolor=yellow, label=\"heading\"]; node [shape=ellipse]; x "
                          "[op=\"input([N, 4])\", fillcolor=pink];"
                          " y [op=add, label=\"plus\"]; x -> y [label=\"first\", color=purple]; x -> y; }");
    expect_fine(dotgrad("draw own.dot -o own.svg"));
    static const char *const wanted[] = {"fill=\"#FFFF00\"", ">heading<", "<ellipse",          "fill=\"#FFC0CB\"",
                                         ">plus<",           ">first<",   "stroke=\"#800080\""};
    for (size_t k = 0; k < sizeof wanted / sizeof *wanted; k++)
        expect_in_file("own.svg", wanted[k]);
    write_text("own.dot", "digraph g { graph [dpi=300, rotate=90]; x [op=\"input([N, 4])\", URL=\"http://a\"]; }");
    outcome run = dotgrad("draw own.dot -o own.svg");
    expect_fine(run);
    cr_assert_not_null(strstr(run.err, "the file's rotate, URL not followed"), "%s", run.err);
    write_text("own.dot",
               "digraph g { graph [size=\"5,5\", ratio=fill, margin=1, pad=1, splines=ortho];"
               " x [op=\"input([N, 4])\", width=3]; y [op=relu, xlabel=q]; x -> y [headlabel=h, weight=3]; }");
    run = dotgrad("draw own.dot -o own.svg");
    expect_fine(run);
    cr_assert_not_null(strstr(run.err, "the file's margin, pad, ratio, size, splines, width, xlabel, headlabel, weight "
                                       "not followed"),
                       "%s", run.err);
    write_text("own.dot", "digraph g { graph [rankdir=UP, comment=c]; x [op=\"input([N, 4])\", fillcolor=nocolour, "
                          "fontsize=big]; y [op=relu, penwidth=2, class=c]; x -> y; }");
    run = dotgrad("draw own.dot -o own.svg");
    expect_fine(run);
    cr_assert_not_null(strstr(run.err, "the file's fillcolor=nocolour, fontsize=big, rankdir=UP not followed"), "%s",
                       run.err);
}

/* What is followed of modules, edges and the graph; all else is named. */
Test(draw, the_authors_looks_of_modules_and_edges_win)
{
    write_text(
        "own.dot",
        "digraph g { graph [dpi=72]; x [op=\"input([N, 4])\"]; subgraph cluster_a { graph [bgcolor=\"#112233\","
        " pencolor=\"#445566\", penwidth=3, style=dashed, tooltip=\"a module\", fontname=Courier]; y [op=relu]; }"
        " subgraph cluster_b { graph [fillcolor=\"#AABBCC\", style=filled, label=\"my b\"]; z [op=tanh]; }"
        " x -> y [label=first, fontcolor=\"#006600\", tooltip=\"an edge\"]; y -> z [style=dotted, arrowhead=dot]; }");
    outcome run = dotgrad("draw own.dot --page none -o own.svg");
    expect_fine(run);
    cr_expect_not_null(strstr(run.err, "the file's fontname, arrowhead not followed"), "%s", run.err);
    static const char *const wanted[] = {
        "fill=\"#112233\" stroke=\"#445566\" stroke-width=\"3\" stroke-dasharray=\"5,3\"",
        "<title>module a, a module</title>",
        "fill=\"#AABBCC\"",
        ">my b<",
        "fill=\"#006600\">first<",
        ", an edge</title>",
        "stroke-dasharray=\"1.5,2.5\""};
    for (size_t k = 0; k < sizeof wanted / sizeof *wanted; k++)
        expect_in_file("own.svg", wanted[k]);
    expect_fine(dotgrad("draw own.dot --page none -o 1.png && '%1$s' draw own.dot --page none --dpi 144 -o 2.png",
                        getenv("DOTGRAD")));
    const unsigned char *small = (const unsigned char *)read_all("1.png");
    int width = small[18] * 256 + small[19];
    const unsigned char *large = (const unsigned char *)read_all("2.png");
    cr_expect_leq(abs(large[18] * 256 + large[19] - 2 * width), 2, "72 dots an inch: %d", width);
    write_text("own.dot",
               "digraph g { node [fontname=Courier, shape=diamond]; edge [style=\"dashed,bold\"];"
               " x [op=\"input([N, 4])\"]; y [op=relu, style=\"filled,wedged\", label=<<B>y</B>>]; x -> y; }");
    run = dotgrad("draw own.dot -o own.svg");
    expect_fine(run);
    cr_expect_not_null(
        strstr(run.err, "the file's shape=diamond, HTML labels, style=wedged, style=bold, fontname not followed"), "%s",
        run.err);
}

Test(draw, a_module_that_repeats_is_one_box)
{
    write_text("six.dot", "digraph g { x [op=\"input([N, 8])\"]; subgraph cluster_block { repeat=6; in [op=identity];"
                          " fc [op=\"linear(8)\"]; add [op=add]; } y [op=\"linear(2)\"];"
                          " x -> in -> fc -> add -> y; in -> add; }");
    expect_fine(dotgrad("draw six.dot -o six.svg"));
    static const char *const wanted[] = {">block<", ">×6<", ">72 parameters<", "450 parameters", "stroke=\"#AA3377\""};
    for (size_t k = 0; k < sizeof wanted / sizeof *wanted; k++)
        expect_in_file("six.svg", wanted[k]);
    expect_fine(dotgrad("draw six.dot --parameters -o 1.dot"));
    expect_in_file("1.dot", "<B>weight</B>");
    cr_assert_eq(count_in("1.dot", "derived=true"), 8, "the weight and bias of two layers");
    expect_fine(dotgrad("draw 1.dot --parameters -o 2.dot"));
    cr_assert(same_bytes("1.dot", "2.dot"));
}

Test(draw, marks_edges_that_skip)
{
    write_text(
        "skip.dot",
        "digraph g { x [op=\"input([N, 4])\"]; a [op=relu]; b [op=tanh]; c [op=add]; d [op=mul]; x -> a -> b -> c -> d;"
        " a -> c; y [op=\"input([N, 4])\"]; y -> d; }");
    expect_fine(dotgrad("draw skip.dot -o skip.svg"));
    cr_assert_eq(count_in("skip.svg", "class=\"edge skip\""), 1);
}

static void write_chain(const char *path, int length)
{
    FILE *file = fopen(path, "wb");
    fputs("digraph long { x [op=\"input([N, 4])\"]; n0 [op=relu]; x -> n0;\n", file);
    for (int k = 1; k < length; k++)
        fprintf(file, "n%d [op=relu]; n%d -> n%d;\n", k, k - 1, k);
    fputs("}\n", file);
    fclose(file);
}

Test(draw, long_chains_are_folded)
{
    write_chain("long.dot", 21000);
    outcome run = dotgrad("draw long.dot -o long.svg");
    expect_fine(run);
    cr_assert_not_null(strstr(run.err, "folded"), "%s", run.err);
    expect_in_file("long.svg", ">×21000<");
    cr_assert_eq(count_in("long.svg", "class=\"node "), 2);
}

Test(draw, what_is_too_large_unfolded_is_refused_with_advice)
{
    write_chain("long.dot", 21000);
    outcome run = dotgrad("draw long.dot --level op --fold off -o longer.svg");
    cr_assert_eq(run.status, 1);
    cr_assert_not_null(strstr(run.err, "too large"), "%s", run.err);
    cr_assert_not_null(strstr(run.err, "--fold"), "%s", run.err);
    cr_assert(access("longer.svg", F_OK));
    write_chain("long.dot", 1000);
    run = dotgrad("draw long.dot --level op --fold off -o long.png");
    cr_assert_eq(run.status, 1);
    cr_assert_not_null(strstr(run.err, "32767"), "%s", run.err);
    cr_assert_not_null(strstr(run.err, "SVG"), "%s", run.err);
    cr_assert(access("long.png", F_OK));
}

/* The layout program is replaced by ones that fail in each way. */
Test(draw, a_layout_program_that_fails_is_an_error)
{
    static const char *const scripts[][2] = {{"exit 3", "exit status 3"},
                                             {"kill -SEGV $$", "crashed (signal 11)"},
                                             {"echo graph 100 100; exit 0", "failed"},
                                             {"kill -KILL $$", "crashed (signal 9)"}};
    for (size_t k = 0; k < sizeof scripts / sizeof *scripts; k++) {
        FILE *file = fopen("layout", "w");
        fprintf(file, "#!/bin/sh\n%s\n", scripts[k][0]);
        fclose(file);
        cr_assert_eq(system("chmod +x layout"), 0);
        setenv("DOTGRAD_LAYOUT", "./layout", 1);
        outcome run = dotgrad("draw mlp.dot -o x.svg");
        cr_expect_eq(run.status, 1);
        cr_expect_not_null(strstr(run.err, scripts[k][1]), "%s: %s", scripts[k][0], run.err);
    }
    setenv("DOTGRAD_LAYOUT", "./nothing", 1);
    outcome run = dotgrad("draw mlp.dot -o x.svg");
    cr_expect_eq(run.status, 1);
    cr_expect_not_null(strstr(run.err, "./nothing"), "%s", run.err);
    unsetenv("DOTGRAD_LAYOUT");
}

Test(draw, a_failure_leaves_the_old_picture)
{
    write_text("old.svg", "old");
    outcome run = dotgrad("draw mlp.dot --around nobody -o old.svg");
    cr_assert_eq(run.status, 1);
    cr_assert_not_null(strstr(run.err, "'nobody'"), "%s", run.err);
    cr_assert_str_eq(read_all("old.svg"), "old");
    run = dotgrad("draw mlp.dot -o no/such/folder.svg");
    cr_assert_eq(run.status, 1);
    cr_assert_not_null(strstr(run.err, "no/such/folder.svg"), "%s", run.err);
}

/* A network with one value saved for each gradient; the names of what is derived by what. */
Test(draw, views_show_gradients_and_updates)
{
    expect_fine(dotgrad("draw mlp.dot --view joint --page none --fold off -o joint.svg"));
    static const char *const gradients[] = {"∂loss/∂fc.weight", "∂loss/∂fc.bias", "∂loss/∂scores.weight",
                                            "∂loss/∂scores.bias"};
    for (size_t k = 0; k < sizeof gradients / sizeof *gradients; k++) {
        char words[80];
        snprintf(words, sizeof words, ">%s<", gradients[k]);
        expect_in_file("joint.svg", words);
    }
    expect_in_file("joint.svg", "forward and backward");
    expect_in_file("joint.svg", "class=\"node source saved\" role=\"graphics-symbol\" aria-label=\"input x\"");
    expect_fine(dotgrad("draw mlp.dot --view backward --page none --fold off -o backward.svg"));
    cr_assert_eq(count_in("backward.svg", "aria-label=\"relu act"), 1, "a value that backward reads");
    expect_fine(dotgrad("draw mlp.dot --view step --optimizer 'adam(lr=0.1)' --page none --fold off -o step.svg"));
    expect_in_file("step.svg", ">adam fc.weight<");
    expect_in_file("step.svg", "67 parameters");
    outcome run = dotgrad("draw mlp.dot --view step --optimizer nothing -o step.svg");
    cr_assert_eq(run.status, 1);
    cr_assert_not_null(strstr(run.err, "nothing"), "%s", run.err);
    cr_assert_eq(dotgrad("draw mlp.dot --view sideways -o x.svg").status, 2);
}

Test(draw, text_is_a_line_a_node_of_at_most_80_columns)
{
    outcome run = dotgrad("draw mlp.dot -o -");
    expect_fine(run);
    static const char *const wanted[] = {"○ x\n", "● linear fc  4 → 8, 40 parameters\n", "● relu act\n", "(output)\n",
                                         "← scores, target: t"};
    for (size_t k = 0; k < sizeof wanted / sizeof *wanted; k++)
        cr_expect_not_null(strstr(run.out, wanted[k]), "'%s' is not in\n%s", wanted[k], run.out);
    for (char *line = strtok(run.out, "\n"); line; line = strtok(NULL, "\n")) {
        int columns = 0;
        for (const char *c = line; *c; c++)
            columns += ((unsigned char)*c & 0xc0) != 0x80;
        cr_expect_leq(columns, 80, "%s", line);
    }
}

Test(draw, a_page_holds_everything_and_loads_nothing)
{
    write_text("page.dot", "digraph \"a</script><script>alert(1)</script>\" { x [op=\"input([N, 4])\"];"
                           " subgraph \"cluster_<i>\" { a [op=\"linear(4)\"]; \"b</script>\" [op=relu]; }"
                           " subgraph cluster_two { c [op=\"linear(4)\"]; } x -> a -> \"b</script>\" -> c; }");
    expect_fine(dotgrad("draw page.dot -o page.html"));
    cr_assert_eq(count_in("page.html", "<script"), 2, "data and the program");
    cr_assert_eq(count_in("page.html", "</script>"), 2);
    cr_assert_eq(count_in("page.html", "class=\"state\""), 5, "overview, all open, all closed, two modules");
    cr_assert_eq(count_in("page.html", "src="), 0);
    cr_assert_eq(count_in("page.html", "@import"), 0);
    cr_assert_eq(count_in("page.html", "url("), 0);
    expect_in_file("page.html", "default-src 'none'");
    expect_in_file("page.html", "tabindex=\"0\"");
}

Test(draw, the_difference_names_what_has_changed)
{
    write_text("new.dot",
               "digraph mlp { graph [output=scores]; x [op=\"input([N, 4])\"]; t [op=\"input([N], dtype=int64)\"];"
               " fc [op=\"linear(9)\"]; act [op=tanh]; drop [op=\"dropout(0.3)\"]; scores [op=\"linear(3)\"];"
               " loss [op=cross_entropy]; x -> fc -> act -> drop -> scores -> loss; t -> loss [arg=target]; }\n");
    outcome run = dotgrad("draw new.dot --diff mlp.dot -o -");
    expect_fine(run);
    cr_expect_str_eq(run.out, "1 added, 0 removed, 2 changed; 3 edges differ; 1 layer follows in size\n"
                              "~ fc  out_features 8 → 9\n"
                              "~ act  relu → tanh\n"
                              "+ drop  dropout(0.3)\n"
                              "  scores  in 8 → 9 (follows)\n"
                              "+ act -> drop\n"
                              "+ drop -> scores\n"
                              "- act -> scores\n");
    run = dotgrad("draw mlp.dot --diff new.dot -o -");
    cr_expect_not_null(strstr(run.out, "0 added, 1 removed, 2 changed; 3 edges differ;"), "%s", run.out);
    run = dotgrad("draw mlp.dot --diff mlp.dot -o -");
    cr_expect_str_eq(run.out, "0 added, 0 removed, 0 changed; 0 edges differ\n");
    expect_fine(dotgrad("draw new.dot --diff mlp.dot -o diff.svg"));
    cr_expect_eq(count_in("diff.svg", " added\" role"), 1);
    cr_expect_eq(count_in("diff.svg", " changed\" role"), 2);
}

/* Exchanging the arguments of an op that is not commutative changes what can be read. */
Test(draw, which_argument_an_edge_is_can_be_seen)
{
    static const char *const ops[] = {
        "sub",      "div",       "pow",  "matmul", "cat", "lt", "atan2", "expr(p - 2*q)", "where(condition=none)",
        "mse_loss", "remainder", "stack"};
    for (size_t k = 0; k < sizeof ops / sizeof *ops; k++) {
        bool formula = strncmp(ops[k], "expr", 4) == 0;
        if (strncmp(ops[k], "where", 5) == 0)
            continue;
        for (int version = 0; version < 2; version++) {
            char text[600];
            const char *first = formula ? "p" : "0", *second = formula ? "q" : "1";
            snprintf(text, sizeof text,
                     "digraph g { a [op=\"input([4, 4])\"]; b [op=\"input([4, 4])\"]; y [op=\"%s\"];"
                     " a -> y [arg=%s]; b -> y [arg=%s]; }",
                     ops[k], version ? second : first, version ? first : second);
            write_text(version ? "2.dot" : "1.dot", text);
            expect_fine(dotgrad("draw %d.dot -o %d.svg", version + 1, version + 1));
        }
        cr_expect_not(same_bytes("1.svg", "2.svg"), "%s", ops[k]);
        expect_fine(dotgrad("draw 1.dot -o 1.txt && '%s' draw 2.dot -o 2.txt", getenv("DOTGRAD")));
        cr_expect_not(same_bytes("1.txt", "2.txt"), "%s", ops[k]);
    }
}

/* The numbers of heat are those of eval: the gradient's norm to three digits; a network that is made with dead units
 * shows them. */
Test(draw, heat_shows_dead_units_and_gradients)
{
    write_text("dead.dot",
               "digraph dead { graph [data=digits, loss=loss, output=scores]; x [op=\"input([N, 64])\"];"
               " label [op=\"input([N], dtype=int64)\"]; fc [op=\"linear(8)\"]; low [op=\"expr(relu(x - 100))\"];"
               " high [op=relu]; scores [op=\"linear(10)\"]; loss [op=cross_entropy];"
               " x -> fc; fc -> low; fc -> high; both [op=add]; low -> both; high -> both -> scores -> loss;"
               " label -> loss [arg=target]; }");
    outcome run = dotgrad("draw dead.dot --heat dead -o -");
    expect_fine(run);
    cr_expect_not_null(strstr(run.out, "[8 of 8 dead]"), "%s", run.out);
    run = dotgrad("draw dead.dot --heat gradient -o -");
    expect_fine(run);
    cr_expect_not_null(strstr(run.out, "‖∂‖"), "%s", run.out);
    cr_expect_not_null(strstr(run.out, "digits, 256 rows"), "%s", run.out);
    static const char *const others[] = {"activation", "saturated", "update", "time", "memory"};
    for (size_t k = 0; k < sizeof others / sizeof *others; k++)
        expect_fine(dotgrad("draw dead.dot --heat %s -o heat.svg", others[k]));
    cr_expect_eq(dotgrad("draw dead.dot --heat fever -o x.svg").status, 2);
    run = dotgrad("draw mlp.dot --heat dead -o x.svg");
    cr_expect_eq(run.status, 1);
    cr_expect_not_null(strstr(run.err, "--data"), "%s", run.err);
    run = dotgrad("draw mlp.dot --data digits -o x.svg");
    cr_expect_eq(run.status, 2);
    cr_expect_not_null(strstr(run.err, "--data changes nothing without --heat"), "%s", run.err);
    write_text("sizes.dot", "digraph { x [op=\"input([N, FEATURES])\"]; y [op=\"linear(CLASSES)\"]; x -> y; }");
    run = dotgrad("draw sizes.dot --data iris -o -"); /* the sizes are the data's */
    expect_fine(run);
    cr_expect_not_null(strstr(run.out, "4 → 3"), "%s", run.out);
}

/* In every style, all text of a node on its node's colour, computed from the file. */
Test(draw, text_can_be_read_in_every_style)
{
    write_text("own.style", "# mine\nbase = dark\nlinear.fill = #123456\nactivation.dash = 4,2\nbackground=black\n");
    static const char *const styles[] = {"light", "dark", "print", "own.style"};
    for (size_t i = 0; i < 2 * (sizeof styles / sizeof *styles); i++) {
        size_t k = i / 2, turn = 1 - i % 2; /* the last one is of the file's own style, without derivatives */
        int texts = 0;
        expect_fine(dotgrad("draw mlp.dot %s --style %s -o style.svg", turn ? "--view step" : "--parameters --names",
                            styles[k]));
        const char *fill = NULL;
        for (char *line = strtok(read_all("style.svg"), "\n"); line; line = strtok(NULL, "\n")) {
            char *at = strstr(line, "fill=\"#");
            bool is_mark = strstr(line, " width=\"5\"") != NULL;
            if (strncmp(line, "<rect", 5) == 0 && at && !is_mark)
                fill = at + 6;
            if (strncmp(line, "<text", 5) == 0 && fill) {
                cr_expect_geq(contrast(at + 6, fill), 4.5, "%s: %s", styles[k], line);
                texts++;
            }
        }
        cr_expect_gt(texts, 20);
    }
    expect_in_file("style.svg", "#123456");
    write_text("own.style", "base = dark\nlinear.fill = \"><script>\n");
    outcome run = dotgrad("draw mlp.dot --style own.style -o x.svg");
    cr_expect_eq(run.status, 2);
    cr_expect_not_null(strstr(run.err, "own.style:2:"), "%s", run.err);
}

/* One layer for all copies of a module. */
Test(draw, counts_parameters_that_copies_share_once)
{
    write_text("share.dot", "digraph { graph [output=o]; x [op=\"input([N, 3])\"];"
                            "subgraph cluster_b { repeat=3; share=true; w [op=\"linear(3)\"]; a [op=tanh]; w -> a; }"
                            "subgraph cluster_c { repeat=2; v [op=\"linear(3)\"]; g [op=gelu]; v -> g; }"
                            "o [op=\"linear(1)\"]; x -> w; a -> v; g -> o; }");
    expect_fine(dotgrad("draw share.dot -o share.svg"));
    expect_in_file("share.svg", ">12 parameters<");
    expect_in_file("share.svg", "40 parameters"); /* 12 + 2·12 + 4 */
}

/* One size of a window stands for all dimensions of the op, as it says itself, whatever its name. */
Test(draw, windows_show_each_size)
{
    write_text("w.dot", "digraph { graph [output=u]; x [op=\"input([N, 1, 6, 6])\"]; p [op=\"max_pool2d(2)\"];"
                        "u [op=\"unfold(3)\"]; l [op=\"flatten(start_dim=2)\"]; q [op=\"avg_pool1d(4)\"]; x -> p -> u;"
                        "x -> l -> q; }");
    outcome run = dotgrad("draw w.dot -o -");
    expect_fine(run);
    cr_expect_not_null(strstr(run.out, "window 2×2"), "%s", run.out);
    cr_expect_not_null(strstr(run.out, "window 3×3"), "%s", run.out);
    cr_expect_not_null(strstr(run.out, "window 4"), "%s", run.out);
    cr_expect_null(strstr(run.out, "window 4×4"), "%s", run.out);
}

/* The optimiser of a graph that names none is the one of its training. */
Test(draw, a_step_is_the_one_of_training)
{
    write_text("none.dot",
               "digraph { x [op=\"input([N, 2])\"]; w [op=\"linear(1)\"]; loss [op=mean]; x -> w -> loss; }");
    expect_fine(dotgrad("draw none.dot --view step --page none -o none.svg"));
    expect_in_file("none.svg", "adam w.weight");
}

/* The value that enters is read twice, and handed on by a dot in the frame. */
Test(draw, skips_of_a_repeated_module_are_in_its_frame)
{
    write_text("r.dot",
               "digraph { x [op=\"input([N, 4])\"]; f [op=\"linear(4)\"]; x -> f; subgraph cluster_b { repeat=3;"
               "a [op=\"linear(4)\"]; s [op=add]; } f -> a -> s; f -> s; o [op=tanh]; s -> o; }");
    expect_fine(dotgrad("draw r.dot -o r.svg"));
    cr_expect_eq(count_in("r.svg", "class=\"entry\""), 1);
}

/* A layer's gradient reads what enters the layer, also where that is the result of the copy before. */
Test(draw, values_that_are_read_between_copies_enter_as_the_first_does)
{
    write_text("r.dot", "digraph { graph [loss=l]; x [op=\"input([N, 40])\"]; f [op=\"linear(40)\"]; x -> f;"
                        "subgraph cluster_b { repeat=3; a [op=\"linear(40)\"]; t [op=tanh]; s [op=add]; }"
                        "f -> a -> t -> s; f -> s; l [op=mean]; s -> l; }");
    expect_fine(dotgrad("draw r.dot --view joint --page 400x500 -o r.svg"));
    expect_in_file("r.svg", "<title>f → ∂a, ");
    cr_expect_eq(count_in("r.svg", "<title>s → ∂a, "), 0);
}

/* Where the first text that is `words` is: "x" or "y". */
static double place_of(const char *svg, const char *words, const char *axis)
{
    static char text[1 << 20];
    char wanted[80], attribute[8], *at;
    read_text(svg, text, sizeof text);
    snprintf(wanted, sizeof wanted, ">%s</text>", words);
    snprintf(attribute, sizeof attribute, " %s=\"", axis);
    cr_assert_not_null(at = strstr(text, wanted), "%s", words);
    while (strncmp(at, attribute, 4) != 0)
        at--;
    return strtod(at + 4, NULL);
}

static double line_of(const char *svg, const char *words)
{
    return place_of(svg, words, "y");
}

/* Fractions above and below a line, powers raised, roots, bars and cases; in LaTeX as LaTeX has them; in text in a
 * line. */
Test(draw, formulas_are_written_as_mathematics)
{
    write_text("f.dot", "digraph { x [op=\"input([N, 4])\"]; f [op=\"expr((x + 3) / (abs(x) + 7))\"]; x -> f; }");
    expect_fine(dotgrad("draw f.dot -o f.svg"));
    cr_expect_lt(line_of("f.svg", "x + 3") + 9, line_of("f.svg", "+ 7"));
    expect_in_file("f.svg", "(x + 3) / (abs(x) + 7)"); /* for who does not see it */
    expect_fine(dotgrad("draw f.dot -o f.tex"));
    expect_in_file("f.tex", "\\frac{x+3}{\\left|x\\right|+7}");
    expect_fine(dotgrad("draw f.dot -o f.txt"));
    expect_in_file("f.txt", "(x + 3) / (abs(x) + 7)");
    write_text("f.dot", "digraph { x [op=\"input([N, 4])\"]; f [op=\"expr(2.5*mu + 1.5*width)\"];"
                        "x -> f [arg=mu]; x -> f [arg=width]; }");
    expect_fine(dotgrad("draw f.dot -o f.svg"));
    expect_in_file("f.svg", "1.5 · width<");
    cr_expect_lt(place_of("f.svg", "2.5", "x"), place_of("f.svg", "μ + 1.5 · width", "x"));
    write_text("g.dot", "digraph { x [op=\"input([N, 4])\"]; f [op=\"expr(where(x > 0, sqrt(y), y^-2.5 - (x - 1)))\"];"
                        "x -> f [arg=x]; x -> f [arg=y]; }");
    expect_fine(dotgrad("draw g.dot -o g.svg"));
    cr_expect_lt(line_of("g.svg", "if x &gt; 0"), line_of("g.svg", "else"));
    cr_expect_lt(line_of("g.svg", "−2.5"), line_of("g.svg", "− (x − 1)"));
    cr_expect_lt(place_of("g.svg", "y", "x"), place_of("g.svg", "if x &gt; 0", "x"));
    expect_fine(dotgrad("draw g.dot -o g.tex"));
    expect_in_file("g.tex", "\\sqrt{y} & \\textrm{if }x>0\\\\ {y}^{-2.5}-\\left(x-1\\right) & \\textrm{else}");
}

/* PNG and PDF draw one font, TeX has another: what they lack is shown as its code, and told. */
Test(draw, characters_without_a_glyph_are_shown_as_their_codes)
{
    write_text("c.dot", "digraph { \"層\" [op=\"input([N, 4])\"]; a [op=relu]; \"層\" -> a; }");
    outcome run = dotgrad("draw c.dot -o c.png");
    expect_fine(run);
    cr_expect_not_null(strstr(run.err, "1 character shown as its code: png has no such letter"), "%s", run.err);
    run = dotgrad("draw c.dot -o c.tex");
    cr_expect_not_null(strstr(run.err, "svg and html show it"), "%s", run.err);
    expect_in_file("c.tex", "U+5C64");
    run = dotgrad("draw c.dot -o c.svg");
    cr_expect_str_empty(run.err);
    expect_in_file("c.svg", ">層</text>");
}

/* Down, up, and of gradients against the network's order: from the loss on. */
Test(draw, rows_of_a_stack_are_in_the_direction_of_its_wires)
{
    write_text("s.dot", "digraph { graph [loss=l]; x [op=\"input([N, 4])\"]; a [op=tanh]; b [op=relu]; c [op=sigmoid];"
                        "l [op=mean]; x -> a -> b -> c -> l; }");
    expect_fine(dotgrad("draw s.dot --level stack -o s.svg"));
    cr_expect_lt(line_of("s.svg", "tanh"), line_of("s.svg", "sigmoid"));
    expect_fine(dotgrad("draw s.dot --level stack --rankdir BT -o s.svg"));
    cr_expect_gt(line_of("s.svg", "tanh"), line_of("s.svg", "sigmoid"));
    expect_fine(dotgrad("draw s.dot --page 200x200 --view backward -o s.svg"));
    cr_expect_gt(line_of("s.svg", "∂tanh"), line_of("s.svg", "∂sigmoid"));
    expect_fine(dotgrad("draw s.dot --page 310x245 --view joint -o s.svg"));
    cr_expect_lt(line_of("s.svg", "∂tanh"), line_of("s.svg", "∂sigmoid"));
}

/* Each of several losses trains parameters of its own, with an optimiser of its own. */
Test(draw, a_step_is_the_turn_of_one_loss)
{
    write_text("two.dot", "digraph { graph [loss=\"la, lb\", output=o, optimizer=rmsprop]; x [op=\"input([N, 2])\"];"
                          "y [op=\"input([N, 1])\"]; h [op=\"linear(3)\"]; o [op=\"linear(1)\"]; x -> h -> o;"
                          "la [op=mse_loss, trains=\"h.*\", optimizer=adam]; o -> la; y -> la [arg=target];"
                          "lb [op=l1_loss, trains=\"o.*\", optimizer=\"sgd(momentum=0.9)\"]; o -> lb;"
                          "y -> lb [arg=target]; }");
    outcome run = dotgrad("draw two.dot --view step -o a.svg");
    expect_fine(run);
    cr_assert_not_null(strstr(run.err, "the turn of 'la'; --loss chooses another: lb"), "%s", run.err);
    expect_in_file("a.svg", "adam update of h, ");
    cr_expect_eq(count_in("a.svg", "adam update of o"), 0);
    expect_fine(dotgrad("draw two.dot --view step --page none -o a.svg"));
    expect_in_file("a.svg", "adam h.weight");
    cr_expect_eq(count_in("a.svg", "adam o.weight"), 0);
    expect_fine(dotgrad("draw two.dot --view step --loss lb -o b.svg"));
    expect_in_file("b.svg", "sgd update of o, ");
    cr_expect_eq(count_in("b.svg", "sgd update of h"), 0);
}

/* 240 rows: a quarter is kept for testing. */
Test(draw, heat_of_a_run_is_measured_on_its_training_rows)
{
    FILE *table = fopen("rows.csv", "w");
    fputs("a,b,y\n", table);
    for (int k = 0; k < 240; k++)
        fprintf(table, "%d,%d,%d\n", k % 7, k % 11, k % 5);
    fclose(table);
    write_text("rows.dot", "digraph { graph [data=\"rows.csv\", epochs=1, loss=l, output=o]; x [op=\"input([N, 2])\"];"
                           "y [op=\"input([N, 1])\"]; h [op=\"linear(3)\"]; r [op=relu]; o [op=\"linear(1)\"];"
                           "l [op=mse_loss]; x -> h -> r -> o -> l; y -> l [arg=target]; }");
    expect_fine(dotgrad("train rows.dot -o run"));
    expect_fine(dotgrad("draw --run run --heat dead -o heat.svg"));
    expect_in_file("heat.svg", "rows.csv, 180 rows");
    expect_fine(dotgrad("draw --run run --heat dead --data rows.csv -o heat.svg"));
    expect_in_file("heat.svg", "rows.csv, 240 rows");
}
