/* What a picture says of sharing, losses and numbers, where its wires end, and what is seen in the dark and in grey. */
#include "command.h"
#include "contrast.h"
#include "drawn.h"

#include <dotgrad/dotgrad.h>
#include <dotgrad/draw.h>
#include <dotgrad/graphviz.h>

TestSuite(draw_looks, .init = make_folder, .fini = remove_folder);

static void expect_in(const char *path, const char *words)
{
    cr_expect_not_null(strstr(read_all(path), words), "'%s' is not in %s:\n%s", words, path, read_all(path));
}

static void expect_not_in(const char *path, const char *words)
{
    cr_expect_null(strstr(read_all(path), words), "'%s' is in %s:\n%s", words, path, read_all(path));
}

/* ---- words ---- */

Test(draw_looks, sharing_is_told_by_the_layer_and_where_no_wire_shows_it)
{
    write_text(
        "share.dot",
        "digraph share { graph [output=o]; x [op=\"input([N, 4])\"]; w [op=\"parameter([4, 4])\"];"
        "a [op=\"linear(4)\"]; b [op=\"linear(4)\", share=a]; c [op=\"linear(4)\"]; d [op=\"linear(4)\", share=c];"
        "p [op=\"expr(v^2)\"]; s [op=sum]; o [op=\"expr(y + s)\"];"
        "x -> a -> b -> c; w -> c [arg=weight]; c -> d; d -> o [arg=y]; \"a.weight\" -> p [arg=v]; p -> s;"
        "s -> o [arg=s]; }");
    expect_fine(dotgrad("draw share.dot -o share.txt"));
    expect_in("share.txt", "linear b  4 → 4, shares a ← a\n");
    expect_in("share.txt", "linear c  4 → 4, 4 parameters ← b, weight: w\n");
    expect_in("share.txt", "linear d  4 → 4, shares c\n"); /* whose weight is w */
    expect_not_in("share.txt", "v², shares");              /* there is a wire from a.weight */
    write_text("step.dot", "digraph step { graph [output=o]; x [op=\"input([N, 4])\"];"
                           "subgraph cluster_s { repeat=3; share=true; l [op=\"linear(4)\"]; t [op=tanh];"
                           "m [op=\"linear(4)\", share=l]; l -> t -> m; } o [op=tanh]; x -> l; m -> o; }");
    expect_fine(dotgrad("draw step.dot -o step.svg"));
    expect_in("step.svg", ">one set of parameters<");
    expect_in("step.svg", "linear m, 4 → 4, shares l\"");
    expect_not_in("step.svg", "shares s.0");
}

/* What is minimised has the loss's colours whatever its op; other ops of that family have no second border. */
Test(draw_looks, the_loss_is_what_is_minimised)
{
    write_text("sum.dot",
               "digraph sum { graph [loss=all, output=y]; x [op=\"input([N, 4])\"]; t [op=\"input([N, 1])\"];"
               "y [op=\"linear(1)\"]; e [op=mse_loss]; all [op=\"expr(e + 0.1 * sum_of)\"]; n [op=sum];"
               "x -> y -> e; t -> e [arg=target]; y -> n; e -> all [arg=e]; n -> all [arg=sum_of]; }");
    expect_fine(dotgrad("draw sum.dot -o sum.svg"));
    const char *at = strstr(read_all("sum.svg"), "aria-label=\"expr all");
    cr_assert_not_null(at);
    cr_expect_not_null(strstr(at, "#AA3377"));
    cr_expect_lt(strstr(at, "#AA3377"), strstr(at, "</g>"));
    int borders = 0;
    for (const char *end = strstr(at, "</g>"), *one = at; (one = strstr(one, "<rect")) && one < end; one++)
        borders++;
    cr_expect_eq(borders, 2);
}

Test(draw_looks, a_file_that_has_grown_keeps_its_loss_and_output)
{
    const char *dot = "digraph read { graph [loss=l, output=a]; x [op=\"input([N, 4])\"]; a [op=tanh]; l [op=mean];"
                      "x -> a -> l; }";
    dg_graph_file *file;
    char *bytes;
    size_t size;
    cr_assert_eq(dg_graph_read("net.dot", &(dg_graph_read_options){.text = dot}, &file).code, DG_OK);
    dg_softplus(dg_graph_find(file->graph, "a"), .name = "more");
    cr_assert_eq(dg_draw_memory(file->graph, (dg_draw_options){.file = file, .format = "txt"}, &bytes, &size).code,
                 DG_OK);
    cr_expect_not_null(strstr(bytes, "mean l  (loss)"), "%s", bytes);
    cr_expect_not_null(strstr(bytes, "tanh a  (output)"), "%s", bytes);
    free(bytes);
    dg_graph_file_free(file);
}

/* Nine digits tell a float32 from its neighbours; all of them are in the tooltip. */
Test(draw_looks, long_numbers_are_shorter_in_the_picture)
{
    write_text("long.dot",
               "digraph long { graph [output=o, set=\"k=0.1*3\"]; x [op=\"input([N, 4])\"];"
               "c [op=\"constant(0.30000000000000004)\"]; e [op=\"expr(0.10000000000000001 * x + 1e-5)\"];"
               "l [op=\"leaky_relu($k)\"]; n [op=\"expr(123456789 * x + 3.14159265358979 * y)\"]; o [op=add];"
               "x -> e -> l; l -> n [arg=x]; c -> n [arg=y]; n -> o; l -> o; }");
    expect_fine(dotgrad("draw long.dot -o long.svg --page none"));
    expect_in("long.svg", ">0.3<");
    expect_in("long.svg", ">slope 0.3<");
    expect_in("long.svg", "exactly leaky_relu(0.30000000000000004)");
    expect_in("long.svg", "exactly expr(0.10000000000000001 * x + 1e-5)");
    expect_in("long.svg", "123456789");
    expect_in("long.svg", "3.1415927");
    expect_fine(dotgrad("draw long.dot -o long.txt"));
    expect_in("long.txt", "0.1 · x + 1e−5");
    expect_fine(dotgrad("draw long.dot --set k=1/7 -o long.txt"));
    expect_in("long.txt", "slope 0.142857143");
}

/* A layer's own parameter, read elsewhere, is not the layer's value. */
Test(draw_looks, a_parameter_of_a_layer_is_read_by_its_name)
{
    write_text("own.dot",
               "digraph own { graph [loss=all, output=y]; x [op=\"input([N, 4])\"]; t [op=\"input([N, 1])\"];"
               "y [op=\"linear(1)\"]; e [op=mse_loss]; p [op=\"expr(0.1 * w^2)\"]; n [op=sum]; all [op=add];"
               "x -> y -> e; t -> e [arg=target]; \"y.weight\" -> p [arg=w]; p -> n; e -> all; n -> all; }");
    expect_fine(dotgrad("draw own.dot --view joint -o own.txt"));
    expect_in("own.txt", "p = 0.1 · w², shares y.weight ← w: y.weight");
    expect_in("own.txt", "w: y.weight");
    expect_in("own.txt", "like: y.bias");
    expect_not_in("own.txt", "w: y,");
}

/* A heading has as many lines as its words take. */
Test(draw_looks, a_long_heading_is_whole)
{
    write_text("long.dot", "digraph long { graph [loss=l, optimizer=\"adamw(lr=0.0125, betas=[0.85, 0.995], eps=1e-7, "
                           "weight_decay=0.015)\", clip_norm=2, accumulate=4, average=\"ema(decay=0.5)\"];"
                           "x [op=\"input([N, 4])\"]; y [op=\"linear(1)\"]; l [op=mean]; x -> y -> l; }");
    expect_fine(dotgrad("draw long.dot --view step -o long.svg"));
    expect_in("long.svg", "ema(decay=0.5)<");
    expect_not_in("long.svg", "…<");
    double width = strtod(strstr(strstr(read_all("long.svg"), "viewBox=\"0 0 "), "0 0 ") + 4, NULL);
    for (const char *at = read_all("long.svg"); (at = strstr(at, "<text x=\"12\"")); at++)
        cr_expect_leq(12 + strtod(strstr(at, "textLength=\"") + 12, NULL), width);
}

/* ---- a step of training ---- */

/* All that training does, with what the file or the loss says of it. */
Test(draw_looks, a_step_clips_accumulates_averages_and_freezes)
{
    write_text("step.dot",
               "digraph step { graph [loss=loss, output=y, optimizer=\"sgd(lr=0.25)\", clip_norm=2, accumulate=4,"
               "average=\"ema(decay=0.5)\", freeze=\"a.bias\"]; x [op=\"input([N, 4])\"]; t [op=\"input([N, 1])\"];"
               "a [op=\"linear(3)\"]; y [op=\"linear(1)\"]; loss [op=mse_loss]; x -> a -> y -> loss;"
               "t -> loss [arg=target]; }");
    expect_fine(dotgrad("draw step.dot --view step -o step.txt"));
    expect_in("step.txt", "min(1, limit / (norm + 1e−6))");
    expect_in("step.txt", "optimizer/runs");
    expect_in("step.txt", "optimizer/a.weight/average");
    expect_in("step.txt", "0.25 ");
    expect_in("step.txt", "∂loss/∂a.weight");
    expect_not_in("step.txt", "∂loss/∂a.bias");
    expect_in("step.txt", "· sgd(lr=0.25), clip_norm 2,\n    accumulate 4, average ema(decay=0.5), freeze a.bias\n");
    expect_fine(dotgrad("draw step.dot --view plan -o plan.txt"));
    expect_in("plan.txt", "clip_norm 2");
    expect_fine(dotgrad("draw step.dot --view joint -o joint.txt")); /* derivatives alone, as they are */
    expect_not_in("joint.txt", "limit");
    expect_in("joint.txt", "∂loss/∂a.bias");
}

/* ---- options ---- */

Test(draw_looks, options_that_change_nothing_in_a_format_are_refused)
{
    write_text("a.dot", "digraph a { x [op=\"input([N, 4])\"]; y [op=tanh]; x -> y; }");
    static const char *const calls[] = {
        "a.dot --fold off -o b.dot",   "a.dot --hide reshapes -o b.dot", "a.dot --heat activation -o b.gv",
        "a.dot --diff a.dot -o b.dot", "a.dot --page letter -o b.txt",   "a.dot --style print -o -",
        "a.dot --shapes all -o b.txt", "a.dot --rankdir LR -o b.txt",    "a.dot --diff a.dot --depth 1 -o -"};
    for (size_t k = 0; k < sizeof calls / sizeof *calls; k++) {
        outcome run = dotgrad("draw %s", calls[k]);
        cr_expect_eq(run.status, 2, "%s", calls[k]);
        cr_expect_not_null(strstr(run.err, "changes nothing in"), "%s: %s", calls[k], run.err);
    }
    expect_fine(dotgrad("draw a.dot --no-title -o b.txt"));
    expect_not_in("b.txt", "float32");
    expect_fine(dotgrad("draw a.dot --style print --rankdir LR -o b.dot"));
}

/* Lines of a difference are whole, and no longer than a terminal is wide. */
Test(draw_looks, a_difference_as_text_has_80_columns)
{
    write_text("old.dot", "digraph n { x [op=\"input([N, 4])\"]; y [op=tanh]; x -> y; }");
    write_text("new.dot",
               "digraph n { graph [optimizer=\"adam(lr=0.0123)\", epochs=5, seed=3, batch_size=16,"
               "average=\"ema(decay=0.5)\", groups=\"[group('a.*', lr=0.1), group('b.*', lr=0.2, decay=0)]\"];"
               "x [op=\"input([N, 4])\"]; y [op=\"expr(x * tanh(softplus(x)) + 0.125 * x * sigmoid(x * 1.5) "
               "- 0.25 * x * exp(-x^2) + max(0, min(1, x)))\"]; x -> y; }");
    outcome run = dotgrad("draw new.dot --diff old.dot -o -");
    expect_fine(run);
    cr_expect_not_null(strstr(run.out, "group('b.*', lr=0.2, decay=0)"), "%s", run.out);
    cr_expect_not_null(strstr(run.out, "min(1, x))"), "%s", run.out);
    for (char *line = strtok(run.out, "\n"); line; line = strtok(NULL, "\n")) {
        int columns = 0;
        for (const char *c = line; *c; c++)
            columns += ((unsigned char)*c & 0xc0) != 0x80;
        cr_expect_leq(columns, 80, "%s", line);
    }
}

/* ---- folding and order ---- */

/* Equal pieces that begin in one module of the author's and end in the next are not folded; whole modules are, also
 * those whose convolutions have a group for each of other numbers of channels. */
Test(draw_looks, folding_leaves_modules_whole)
{
    char dot[6000] = "digraph net { graph [output=s]; x [op=\"input([N, 8, 16, 16])\"]; s [op=relu];\n";
    for (int k = 0; k < 3; k++)
        sprintf(dot + strlen(dot),
                "subgraph cluster_b%1$d { e%1$d [op=\"conv2d(%2$d, kernel_size=1)\"]; f%1$d [op=relu];"
                "d%1$d [op=\"conv2d(%2$d, kernel_size=3, padding=1, groups=%2$d)\"]; g%1$d [op=relu];"
                "p%1$d [op=\"conv2d(%2$d, kernel_size=1)\"]; } e%1$d -> f%1$d -> d%1$d -> g%1$d -> p%1$d -> %3$s;\n",
                k, 16 << k, k < 2 ? k ? "e2" : "e1" : "s");
    strcat(dot, "x -> e0; }");
    write_text("net.dot", dot);
    expect_fine(dotgrad("draw net.dot --fold sizes -o net.txt"));
    expect_in("net.txt", "b0…2 ×3");
    expect_in("net.txt", "groups 16|32|64");
    write_text("two.dot", "digraph two { graph [output=d]; x [op=\"input([N, 8])\"];"
                          "subgraph cluster_a { a [op=tanh]; b [op=\"linear(8)\"]; }"
                          "subgraph cluster_b { c [op=\"linear(8)\"]; d [op=tanh]; } x -> a -> b -> c -> d; }");
    expect_fine(dotgrad("draw two.dot --fold exact -o two.txt"));
    expect_not_in("two.txt", "×2");
    expect_fine(dotgrad("draw two.dot --page 100x100 -o two.svg"));
    expect_not_in("two.svg", "×2");
}

static double left_of(const char *path, const char *node)
{
    char wanted[60];
    snprintf(wanted, sizeof wanted, "aria-label=\"%s", node);
    const char *at = strstr(read_all(path), wanted);
    cr_assert(at, "no %s", wanted);
    return strtod(strstr(at, " x=\"") + 4, NULL);
}

/* Arguments stand from left to right, in whatever order the file has their edges, modules or not. */
Test(draw_looks, arguments_stand_in_their_order)
{
    static const char *const modules[] = {
        "", "subgraph cluster_a { a; } subgraph cluster_b { b; } subgraph cluster_c { c; }"};
    for (int k = 0; k < 2; k++) {
        char dot[600];
        snprintf(dot, sizeof dot,
                 "digraph cat { graph [output=o]; x [op=\"input([N, 4])\"]; a [op=tanh]; b [op=relu]; c [op=gelu];"
                 "o [op=\"cat(dim=1)\"]; %s x -> a; x -> b; x -> c; c -> o [arg=0]; a -> o [arg=2]; b -> o [arg=1]; }",
                 modules[k]);
        write_text("cat.dot", dot);
        expect_fine(dotgrad("draw cat.dot -o cat.svg"));
        cr_expect_lt(left_of("cat.svg", "gelu c"), left_of("cat.svg", "relu b"));
        cr_expect_lt(left_of("cat.svg", "relu b"), left_of("cat.svg", "tanh a"));
    }
    char call[300];
    snprintf(call, sizeof call, "draw %s/../tools/examples/gallery/siamese.dot -o siamese.svg", getenv("TESTS"));
    expect_fine(dotgrad("%s", call));
    cr_expect_lt(left_of("siamese.svg", "linear left_fc"), left_of("siamese.svg", "linear right_fc"));
}

/* From left to right, what is too long becomes rows before it leaves the page. */
Test(draw_looks, a_picture_across_fits_its_page)
{
    char call[300];
    snprintf(call, sizeof call, "draw %s/../tools/examples/gallery/resnet18.dot --rankdir LR -o across.svg",
             getenv("TESTS"));
    outcome run = dotgrad("%s", call);
    expect_fine(run);
    cr_expect_null(strstr(run.err, "larger than the page"), "%s", run.err);
    cr_expect_not_null(strstr(run.err, "rows"), "%s", run.err);
    const char *width = strstr(read_all("across.svg"), "width=\"");
    cr_expect_leq(strtod(width + 7, NULL), 842);
    run = dotgrad("%s --shapes changes", call);
    cr_expect_null(strstr(run.err, "larger than the page"), "%s", run.err);
    run = dotgrad("%s --shapes all", call);
    expect_fine(run);
    expect_in("across.svg", ">N×64×56×56<");
}

/* A number that ends a line takes its unit along. */
Test(draw_looks, a_unit_stays_beside_its_number)
{
    write_text("unit.dot",
               "digraph u { x [op=\"input([N, 4])\"]; y [op=relu, label=\"xxxxxxxxxx xxxxxxxxxx xxxxxxxxxx xxxxx "
               "345,200 B\"]; x -> y; }");
    expect_fine(dotgrad("draw unit.dot -o unit.svg"));
    expect_in("unit.svg", ">345,200 B<");
}

/* ---- lines ---- */

/* A wire that comes to the side of a stack ends at the row that reads it: that of the formula. */
Test(draw_looks, wires_end_at_rows_of_stacks)
{
    char dot[4000] = "digraph ode { graph [output=o]; x [op=\"input([N, 4])\"]; y [op=identity]; x -> y;\n";
    for (int k = 0; k < 4; k++)
        sprintf(dot + strlen(dot),
                "e%d [op=\"expr(y + 0.5 * k)\"]; l%d [op=\"linear(4)\"]; t%d [op=tanh]; m%d [op=\"linear(4)\"];"
                "e%d -> l%d -> t%d -> m%d; y -> e%d [arg=y]; %c%c -> e%d [arg=k];\n",
                k, k, k, k, k, k, k, k, k, k ? 'm' : 'x', k ? '0' + k - 1 : ' ', k);
    strcat(dot, "o [op=\"expr(y + 2 * a + b + c + d)\"]; y -> o [arg=y]; m0 -> o [arg=a]; m1 -> o [arg=b];"
                "m2 -> o [arg=c]; m3 -> o [arg=d]; }");
    write_text("ode.dot", dot);
    static const char *const directions[] = {"TB", "LR"};
    for (int turn = 0; turn < 2; turn++) {
        int ends = 0;
        expect_fine(dotgrad("draw ode.dot --level stack --page none --rankdir %s -o ode.svg", directions[turn]));
        for (int k = 0; k < 4; k++) {
            char wanted[60];
            sprintf(wanted, "<title>%s → e%d.y", "y", k);
            const char *edge = strstr(read_all("ode.svg"), wanted),
                       *tip = edge ? strstr(edge, "<polygon points=\"") : NULL;
            cr_assert(tip, "%s", wanted);
            double at = strtod(strchr(tip + 17, ',') + 1, NULL);
            sprintf(wanted, "aria-label=\"expr e%d", k);
            const char *row = strstr(read_all("ode.svg"), wanted);
            cr_assert(row);
            double top = strtod(strstr(row, " y=\"") + 4, NULL), height = strtod(strstr(row, " height=\"") + 9, NULL);
            cr_expect(at >= top - 1.5 && at <= top + height + 1.5, "%s e%d: the tip is at %g, the row at %g … %g",
                      directions[turn], k, at, top, top + height);
            ends++;
        }
        cr_expect_eq(ends, 4);
    }
}

/* Colours that an author has chosen for lines on white are lighter in the dark, and as they are elsewhere. */
Test(draw_looks, the_authors_lines_are_seen_in_the_dark)
{
    write_text("own.dot",
               "digraph own { x [op=\"input([N, 4])\"]; y [op=tanh, color=\"#102030\", fontcolor=\"#201000\"];"
               "x -> y [color=\"#111122\", fontcolor=\"#000011\", label=mine]; }");
    expect_fine(dotgrad("draw own.dot -o light.svg && '%1$s' draw own.dot -o dark.svg --style dark && "
                        "'%1$s' draw own.dot -o own.html",
                        getenv("DOTGRAD")));
    expect_in("light.svg", "stroke=\"#111122\"");
    expect_in("light.svg", "stroke=\"#102030\"");
    expect_not_in("dark.svg", "#111122");
    const char *edge = strstr(read_all("dark.svg"), "class=\"edge\"");
    cr_assert_not_null(edge);
    cr_expect_geq(contrast(strstr(edge, "stroke=\"") + 8, "#0D1117"), 3);
    expect_in("own.html", "stroke:var(--l111122,#111122)");
    expect_in("own.html", "fill:var(--l111122,#111122)"); /* the arrow */
    expect_in("own.html", "fill:var(--t000011,#000011)");
    const char *dark = strstr(read_all("own.html"), "data-look=dark]"), *line = strstr(dark, "--l111122:");
    cr_expect_geq(contrast(line + 10, "#0D1117"), 3);
    cr_expect_geq(contrast(strstr(dark, "--t000011:") + 10, "#0D1117"), 4.5);
    cr_expect_geq(contrast(strstr(dark, "--t201000:") + 10, "#4A1F26"), 4.5); /* on an activation's dark colour */
    cr_expect_not_null(strstr(strstr(dark, "@media print"), "--l111122:#111122;"));
}

/* In every style, marks of a difference have lines of their own, also without colours. */
Test(draw_looks, marks_of_a_difference_differ_in_grey)
{
    write_text("old.dot",
               "digraph n { x [op=\"input([N, 4])\"]; a [op=tanh]; c [op=\"leaky_relu(0.1)\"]; x -> a -> c; }");
    write_text("new.dot",
               "digraph n { x [op=\"input([N, 4])\"]; b [op=relu]; c [op=\"leaky_relu(0.2)\"]; x -> b -> c; }");
    static const char *const styles[] = {"light", "dark", "print"};
    static const char *const nodes[] = {"node elementwise added", "node activation added", "node activation removed",
                                        "node activation changed"};
    for (size_t k = 0; k < sizeof styles / sizeof *styles; k++) {
        char dashes[4][20] = {"none", "none", "none", "none"};
        expect_fine(dotgrad("draw new.dot --diff old.dot --style %s -o diff.svg", styles[k]));
        for (int i = 1; i < 4; i++) {
            const char *at = strstr(read_all("diff.svg"), nodes[i]), *end = at ? strstr(at, "</g>") : NULL;
            cr_assert(at, "%s: no %s", styles[k], nodes[i]);
            const char *dash = strstr(at, "stroke-dasharray=\"");
            if (dash && dash < end)
                snprintf(dashes[i], sizeof dashes[i], "%.*s", (int)strcspn(dash + 18, "\""), dash + 18);
        }
        cr_expect_str_neq(dashes[1], dashes[2]);
        cr_expect_str_neq(dashes[1], dashes[3]);
        cr_expect_str_neq(dashes[2], dashes[3]);
    }
}

/* What the box tells of the op is not lost under a title of its author's. */
Test(draw_looks, a_label_of_the_authors_is_a_title_and_the_rest_stays)
{
    write_text("a.dot", "digraph g { x [op=\"input([N, 8])\"]; y [op=\"linear(4)\", label=\"Readout\"]; x -> y;"
                        " z [op=\"linear(3)\", label=\"Last\"]; y -> z; }");
    for (int stacked = 0; stacked < 2; stacked++) {
        expect_fine(dotgrad("draw a.dot -o a.svg --level %s", stacked ? "stack" : "op"));
        static const char *const words[] = {">Readout<", "8 → 4", "36 parameters", ">Last<", "4 → 3", "15 parameters"};
        for (size_t k = 0; k < sizeof words / sizeof *words; k++)
            cr_expect_geq(count_in("a.svg", words[k]), 1, "%s", words[k]);
    }
}

/* A level that is asked for is kept, whatever the page: what else was done, and that it was not enough, is said. */
Test(draw_looks, a_level_that_is_asked_for_is_kept)
{
    char words[8000] = "digraph g { x [op=\"input([N, 8])\"];";
    for (int k = 0; k < 60; k++)
        snprintf(words + strlen(words), sizeof words - strlen(words),
                 " subgraph cluster_m%d { m%d_fc [op=\"linear(%d)\"]; m%d_act [op=%s]; m%d_fc -> m%d_act; }", k, k,
                 8 + k * k % 7, k, k % 3 ? "relu" : "tanh", k, k);
    for (int k = 0; k < 60; k++)
        snprintf(words + strlen(words), sizeof words - strlen(words), k ? " m%d_act -> m%d_fc;" : " x -> m%d_fc;",
                 k ? k - 1 : 0, k);
    strcat(words, " }");
    write_text("a.dot", words);
    outcome run = dotgrad("draw a.dot -o a.svg --level op --fold off");
    expect_fine(run);
    cr_expect_not_null(strstr(run.err, "larger than the page"), "%s", run.err);
    cr_expect_eq(count_in("a.svg", "role=\"graphics-symbol\""), 121);
    expect_fine(dotgrad("draw a.dot -o a.svg"));
    cr_expect_lt(count_in("a.svg", "role=\"graphics-symbol\""), 121);
}

/* What is written is told, not what defaults add; and a layer that reads another size says that it follows. */
Test(draw_looks, a_difference_tells_what_is_written_and_what_follows)
{
    static const char form[] = "digraph g { x [op=\"input([N, 8])\"]; a [op=\"linear(%d)\"]; b [op=\"%s\"];"
                               " c [op=\"linear(4)\"]; x -> a -> b -> c; }";
    char words[400];
    snprintf(words, sizeof words, form, 64, "mish");
    write_text("old.dot", words);
    snprintf(words, sizeof words, form, 128, "gelu");
    write_text("new.dot", words);
    outcome run = dotgrad("draw new.dot --diff old.dot -o -");
    expect_fine(run);
    cr_expect_str_eq(run.out, "0 added, 0 removed, 2 changed; 0 edges differ; 1 layer follows in size\n"
                              "~ a  out_features 64 → 128\n"
                              "~ b  mish → gelu\n"
                              "  c  in 64 → 128 (follows)\n");
    snprintf(words, sizeof words, form, 64, "gelu(approximate=tanh)");
    write_text("new.dot", words);
    run = dotgrad("draw new.dot --diff old.dot -o -");
    cr_expect_not_null(strstr(run.out, "~ b  mish → gelu(tanh)\n"), "%s", run.out);
    expect_fine(dotgrad("draw new.dot --diff old.dot -o a.svg"));
    cr_expect_eq(count_in("a.svg", " changed\" role"), 1);
}

/* "→ 1" alone could be a size. */
Test(draw_looks, the_place_of_an_argument_is_not_a_bare_number)
{
    write_text("a.dot", "digraph g { x [op=\"input([N, 8])\"]; a [op=\"linear(4)\"]; b [op=\"linear(4)\"];"
                        " y [op=\"cat(dim=1)\"]; x -> a; x -> b; a -> y; b -> y; }");
    expect_fine(dotgrad("draw a.dot -o a.svg --level op"));
    cr_expect_geq(count_in("a.svg", "arg 0"), 1);
    cr_expect_geq(count_in("a.svg", "arg 1"), 1);
}

/* Modules that are asked to be open are, though the page is small and they are like others. */
Test(draw_looks, modules_that_are_to_be_open_stay_open)
{
    char words[6000] = "digraph g { x [op=\"input([N, 8])\"];", name[16] = "x";
    for (int k = 0; k < 12; k++) {
        size_t used = strlen(words);
        snprintf(words + used, sizeof words - used,
                 " subgraph cluster_m%d { f%d [op=\"linear(8)\"]; a%d [op=%s]; s%d [op=add]; f%d -> a%d -> s%d; }"
                 " %s -> f%d; %s -> s%d;",
                 k, k, k, k % 2 ? "relu" : "tanh", k, k, k, k, name, k, name, k);
        snprintf(name, sizeof name, "s%d", k);
    }
    strcat(words, " }");
    write_text("a.dot", words);
    expect_fine(dotgrad("draw a.dot --fold off --page 200x200 -o a.svg"));
    expect_not_in("a.svg", "linear f7");
    expect_fine(dotgrad("draw a.dot --fold off --page 200x200 --open 'm7' -o a.svg"));
    expect_in("a.svg", "linear f7");
    expect_not_in("a.svg", "linear f5");
}

/* A module's number may be in the names of its nodes again: what differs is told wherever it stands. */
Test(draw_looks, a_number_that_names_have_twice_is_joined_twice)
{
    write_text("twice.dot", "digraph { graph [output=y]; x [op=\"input([N, 8])\"]; y [op=\"linear(2)\"];"
                            " subgraph cluster_part0 { \"part0.fc0\" [op=\"linear(8)\"]; \"part0.act0\" [op=tanh]; }"
                            " subgraph cluster_part1 { \"part1.fc1\" [op=\"linear(8)\"]; \"part1.act1\" [op=tanh]; }"
                            " subgraph cluster_part2 { \"part2.fc2\" [op=\"linear(8)\"]; \"part2.act2\" [op=tanh]; }"
                            " x -> \"part0.fc0\" -> \"part0.act0\" -> \"part1.fc1\" -> \"part1.act1\" -> \"part2.fc2\""
                            " -> \"part2.act2\" -> y; }");
    expect_fine(dotgrad("draw twice.dot -o twice.txt"));
    expect_in("twice.txt", "linear part0…2.fc0…2");
    expect_in("twice.txt", "tanh part0…2.act0…2");
}
