/* dotgrad draw: whatever a file says, no text breaks out of its place in a picture. */
#include "drawn.h"

TestSuite(draw_hostile, .init = make_folder, .fini = remove_folder);

Test(draw_hostile, hostile_texts_are_shown_and_do_nothing)
{
    write_text(
        "bad.dot",
        "digraph \"<script>alert(1)</script>\" { graph [URL=\"javascript:alert(2)\", stylesheet=\"http://evil/\"];\n"
        " \"<script>alert(3)</script>\" [op=\"input([N, 4])\", URL=\"javascript:alert(4)\", image=\"/etc/passwd\"];\n"
        " y [op=relu, label=<<TABLE HREF=\"javascript:alert(5)\"><TR><TD>y</TD></TR></TABLE>>, "
        "tooltip=\"</title>&\"];\n"
        " z [op=tanh, label=<<TABLE><TR><TD><IMG SRC=\"/etc/passwd\"/></TD></TR></TABLE>>];\n"
        " \"<script>alert(3)</script>\" -> y [href=\"javascript:alert(6)\", headURL=\"javascript:alert(7)\"]; y -> z;\n"
        " subgraph \"cluster_<b>&\" { href=\"javascript:alert(8)\"; z; } }\n");
    expect_fine(dotgrad("draw bad.dot -o bad.svg"));
    cr_assert_eq(count_in("bad.svg", "javascript"), 0, "%s", read_all("bad.svg"));
    cr_assert_eq(count_in("bad.svg", "<script"), 0);
    cr_assert_eq(count_in("bad.svg", "<image"), 0);
    cr_assert_eq(count_in("bad.svg", "evil"), 0);
    expect_in_file("bad.svg", "&lt;script&gt;");
    expect_fine(dotgrad("draw bad.dot -o 1.dot"));
    cr_assert_eq(count_in("1.dot", "javascript"), 6, "the graph file keeps what its author wrote");
    expect_fine(dotgrad("draw 1.dot -o 2.dot"));
    cr_assert(same_bytes("1.dot", "2.dot"));
}

Test(draw_hostile, latex_gets_no_command_from_a_name)
{
    write_text("tex.dot",
               "digraph g { \"\\\\input{/etc/passwd}\" [op=\"input([N, 4])\"]; \"$x_1^2$ 50% #&~{}\" [op=relu];"
               " \"\\\\input{/etc/passwd}\" -> \"$x_1^2$ 50% #&~{}\"; }");
    expect_fine(dotgrad("draw tex.dot --names -o x.tex"));
    cr_assert_eq(count_in("x.tex", "\\input{"), 0, "%s", read_all("x.tex"));
    expect_in_file("x.tex", "\\textbackslash{}input\\{/etc/passwd\\}");
    expect_in_file("x.tex", "\\$x\\_1\\textasciicircum{}2\\$ 50\\% \\#\\&\\textasciitilde{}\\{\\}");
}

static const char *const graphviz_attributes[] = {"_background",
                                                  "area",
                                                  "arrowhead",
                                                  "arrowsize",
                                                  "arrowtail",
                                                  "bb",
                                                  "bgcolor",
                                                  "center",
                                                  "charset",
                                                  "class",
                                                  "clusterrank",
                                                  "color",
                                                  "colorscheme",
                                                  "comment",
                                                  "compound",
                                                  "concentrate",
                                                  "constraint",
                                                  "Damping",
                                                  "decorate",
                                                  "defaultdist",
                                                  "dim",
                                                  "dimen",
                                                  "dir",
                                                  "diredgeconstraints",
                                                  "distortion",
                                                  "dpi",
                                                  "edgehref",
                                                  "edgetarget",
                                                  "edgetooltip",
                                                  "edgeURL",
                                                  "epsilon",
                                                  "esep",
                                                  "fillcolor",
                                                  "fixedsize",
                                                  "fontcolor",
                                                  "fontname",
                                                  "fontnames",
                                                  "fontpath",
                                                  "fontsize",
                                                  "forcelabels",
                                                  "gradientangle",
                                                  "group",
                                                  "head_lp",
                                                  "headclip",
                                                  "headhref",
                                                  "headlabel",
                                                  "headport",
                                                  "headtarget",
                                                  "headtooltip",
                                                  "headURL",
                                                  "height",
                                                  "href",
                                                  "id",
                                                  "image",
                                                  "imagepath",
                                                  "imagepos",
                                                  "imagescale",
                                                  "inputscale",
                                                  "K",
                                                  "label",
                                                  "label_scheme",
                                                  "labelangle",
                                                  "labeldistance",
                                                  "labelfloat",
                                                  "labelfontcolor",
                                                  "labelfontname",
                                                  "labelfontsize",
                                                  "labelhref",
                                                  "labeljust",
                                                  "labelloc",
                                                  "labeltarget",
                                                  "labeltooltip",
                                                  "labelURL",
                                                  "landscape",
                                                  "layer",
                                                  "layerlistsep",
                                                  "layers",
                                                  "layerselect",
                                                  "layersep",
                                                  "layout",
                                                  "len",
                                                  "levels",
                                                  "levelsgap",
                                                  "lhead",
                                                  "lheight",
                                                  "lp",
                                                  "ltail",
                                                  "lwidth",
                                                  "margin",
                                                  "maxiter",
                                                  "mclimit",
                                                  "mindist",
                                                  "minlen",
                                                  "mode",
                                                  "model",
                                                  "newrank",
                                                  "nodesep",
                                                  "nojustify",
                                                  "normalize",
                                                  "notranslate",
                                                  "nslimit",
                                                  "nslimit1",
                                                  "oneblock",
                                                  "ordering",
                                                  "orientation",
                                                  "outputorder",
                                                  "overlap",
                                                  "overlap_scaling",
                                                  "overlap_shrink",
                                                  "pack",
                                                  "packmode",
                                                  "pad",
                                                  "page",
                                                  "pagedir",
                                                  "pencolor",
                                                  "penwidth",
                                                  "peripheries",
                                                  "pin",
                                                  "pos",
                                                  "quadtree",
                                                  "quantum",
                                                  "rank",
                                                  "rankdir",
                                                  "ranksep",
                                                  "ratio",
                                                  "rects",
                                                  "regular",
                                                  "remincross",
                                                  "repulsiveforce",
                                                  "resolution",
                                                  "root",
                                                  "rotate",
                                                  "rotation",
                                                  "samehead",
                                                  "sametail",
                                                  "samplepoints",
                                                  "scale",
                                                  "searchsize",
                                                  "sep",
                                                  "shape",
                                                  "shapefile",
                                                  "showboxes",
                                                  "sides",
                                                  "size",
                                                  "skew",
                                                  "smoothing",
                                                  "sortv",
                                                  "splines",
                                                  "start",
                                                  "style",
                                                  "stylesheet",
                                                  "tail_lp",
                                                  "tailclip",
                                                  "tailhref",
                                                  "taillabel",
                                                  "tailport",
                                                  "tailtarget",
                                                  "tailtooltip",
                                                  "tailURL",
                                                  "target",
                                                  "tooltip",
                                                  "truecolor",
                                                  "URL",
                                                  "vertices",
                                                  "viewport",
                                                  "voro_margin",
                                                  "weight",
                                                  "width",
                                                  "xdotversion",
                                                  "xlabel",
                                                  "xlp",
                                                  "z"};

/* Every attribute of Graphviz with values that try to break out, on graph, node, edge and cluster: nothing of them
 * reaches the picture but checked colours and text. */
Test(draw_hostile, no_attribute_breaks_out_of_the_picture)
{
    static const char *const values[] = {"x\\\"><script>alert(1)</script>", "\\\" onload=\\\"alert(1)",
                                         "javascript:alert(1)", "url(http://evil/x)", "]]><script>"};
    enum { NAMES = sizeof graphviz_attributes / sizeof *graphviz_attributes, VALUES = sizeof values / sizeof *values };
    static char text[1 << 18];
    for (int v = 0; v < VALUES; v++) {
        char list[16384] = "";
        for (int k = 0; k < NAMES; k++)
            snprintf(list + strlen(list), sizeof list - strlen(list), "%s\"%s\"=\"%s\"", k ? ", " : "",
                     graphviz_attributes[k], values[v]);
        snprintf(
            text, sizeof text,
            "digraph g { graph [%s]; x [op=\"input([N, 4])\", %s]; subgraph cluster_c { graph [%s]; y [op=relu, %s]; }"
            " x -> y [%s]; }",
            list, list, list, list, list);
        write_text("bad.dot", text);
        static const char *const formats[] = {"svg", "html"};
        for (int k = 0; k < 2; k++) {
            expect_fine(dotgrad("draw bad.dot -o bad.%s", formats[k]));
            char path[16];
            snprintf(path, sizeof path, "bad.%s", formats[k]);
            cr_expect_eq(count_in(path, "<script>alert"), 0, "%s", values[v]);
            cr_expect_eq(count_in(path, "\" onload"), 0, "%s", values[v]);
            cr_expect_eq(count_in(path, "=\"javascript"), 0, "%s", values[v]);
            cr_expect_eq(count_in(path, "\"url(") + count_in(path, ":url("), 0, "%s", values[v]);
            cr_expect_eq(count_in(path, "<image"), 0);
            cr_expect_eq(count_in(path, "href"), k ? 1 : 0, "the page's own icon alone");
        }
        expect_fine(
            dotgrad("draw bad.dot -o bad.pdf && '%1$s' draw bad.dot -o bad.png && '%1$s' draw bad.dot -o bad.tex",
                    getenv("DOTGRAD")));
    }
}
