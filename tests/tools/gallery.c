/* The gallery's pictures, checked by their geometry: no text lies over another, over a foreign node, under an edge or a
 * border, or leaves its node; no edge runs through a node; each node is in exactly one box; all fit one page with text
 * of at least 6 points. The checker reads the SVG alone. */
#include "command.h"

#include <math.h>

enum { MOST = 4000, PIECES = 12 };

typedef struct box {
    double left, top, right, bottom;
    int group; /* of what group it is a part */
    char name[200];
} box;

typedef struct piece {
    double x0, y0, x1, y1;
    int group;
} piece;

typedef struct picture {
    double width, height, view_width;
    int n_texts, n_nodes, n_borders, n_pieces, n_groups;
    box texts[MOST], nodes[MOST], borders[MOST];
    piece pieces[16 * MOST];
    double least;
    char kinds[MOST]; /* of groups: n, e, c, or others */
} picture;

static picture p;
static char svg[1 << 22];

static double number(const char *element, const char *name)
{
    char words[40];
    snprintf(words, sizeof words, " %s=\"", name);
    const char *at = strstr(element, words), *end = strchr(element, '>');
    return at && at < end ? strtod(at + strlen(words), NULL) : 0;
}

static double quarter(const double *c, double t)
{
    double s = 1 - t;
    return s * s * s * c[0] + 3 * s * s * t * c[2] + 3 * s * t * t * c[4] + t * t * t * c[6];
}

static void take_path(const char *element, int group)
{
    double c[2 * 600];
    int n = 0;
    char *at = strstr(element, "d=\"M") + 4;
    while (*at != '"' && n < 1200) {
        c[n++] = strtod(at, &at);
        while (*at == ',' || *at == ' ' || *at == 'C')
            at++;
    }
    for (int k = 0; k + 7 < n; k += 6)
        for (int i = 0; i < PIECES; i++)
            p.pieces[p.n_pieces++] =
                (piece){quarter(c + k, (double)i / PIECES), quarter(c + k + 1, (double)i / PIECES),
                        quarter(c + k, (double)(i + 1) / PIECES), quarter(c + k + 1, (double)(i + 1) / PIECES), group};
}

static box rectangle(const char *element, int group)
{
    double x = number(element, "x"), y = number(element, "y");
    return (box){x, y, x + number(element, "width"), y + number(element, "height"), group, ""};
}

static void take_text(const char *element, int group)
{
    double size = number(element, "font-size"), x = number(element, "x"), y = number(element, "y");
    box *text = &p.texts[p.n_texts++];
    *text = (box){x, y - 0.72 * size, x + number(element, "textLength"), y + 0.2 * size, group, ""};
    p.least = fmin(p.least, size);
    snprintf(text->name, sizeof text->name, "%.*s", (int)strcspn(strchr(element, '>') + 1, "<"),
             strchr(element, '>') + 1);
}

/* Lines are elements; groups nest at most as stack and node. */
static void read_svg(const char *path)
{
    int stack[8], depth = 0;
    bool fresh = false;
    read_text(path, svg, sizeof svg);
    memset(&p, 0, sizeof p);
    p.least = 100;
    sscanf(strstr(svg, " width=\"") + 8, "%lf", &p.width);
    sscanf(strstr(svg, " height=\"") + 9, "%lf", &p.height);
    sscanf(strstr(svg, "viewBox=\"0 0 ") + 13, "%lf", &p.view_width);
    for (char *line = strtok(svg, "\n"); line; line = strtok(NULL, "\n")) {
        int group = depth ? stack[depth - 1] : -1;
        char kind = group >= 0 ? p.kinds[group] : 0;
        if (strncmp(line, "<g ", 3) == 0) {
            const char *class = strstr(line, "class=\"") + 7;
            cr_assert(depth < 8 && p.n_groups < MOST);
            stack[depth++] = p.n_groups;
            p.kinds[p.n_groups++] = strncmp(class, "stack", 5) == 0   ? 's'
                                    : strncmp(class, "entry", 5) == 0 ? 'x'
                                                                      : *class;
            fresh = true;
        } else if (strncmp(line, "</g>", 4) == 0) {
            depth--;
        } else if (strncmp(line, "<text", 5) == 0) {
            take_text(line, group);
        } else if (strncmp(line, "<path", 5) == 0 && kind == 'e') {
            take_path(line, group);
        } else if (strncmp(line, "<rect", 5) == 0 && fresh && (kind == 'n' || kind == 'c')) {
            *(kind == 'n' ? &p.nodes[p.n_nodes++] : &p.borders[p.n_borders++]) = rectangle(line, group);
            fresh = false;
        } else if (strncmp(line, "<ellipse", 8) == 0 && fresh && kind == 'n') {
            double x = number(line, "cx"), y = number(line, "cy"), rx = number(line, "rx"), ry = number(line, "ry");
            p.nodes[p.n_nodes++] = (box){x - rx, y - ry, x + rx, y + ry, group, ""};
            fresh = false;
        }
    }
}

static bool touch(const box *a, const box *b)
{
    return a->left < b->right && b->left < a->right && a->top < b->bottom && b->top < a->bottom;
}

static bool crosses(const piece *s, const box *r, double inset)
{
    double from = 0, to = 1, dx = s->x1 - s->x0, dy = s->y1 - s->y0,
           q[4][2] = {{-dx, s->x0 - r->left - inset},
                      {dx, r->right - inset - s->x0},
                      {-dy, s->y0 - r->top - inset},
                      {dy, r->bottom - inset - s->y0}};
    for (int k = 0; k < 4; k++) {
        if (q[k][0] == 0 && q[k][1] < 0)
            return false;
        if (q[k][0] < 0)
            from = fmax(from, q[k][1] / q[k][0]);
        if (q[k][0] > 0)
            to = fmin(to, q[k][1] / q[k][0]);
    }
    return from <= to;
}

static bool crosses_border(const box *border, const box *text)
{
    piece sides[4] = {{border->left, border->top, border->right, border->top, 0},
                      {border->right, border->top, border->right, border->bottom, 0},
                      {border->right, border->bottom, border->left, border->bottom, 0},
                      {border->left, border->bottom, border->left, border->top, 0}};
    for (int k = 0; k < 4; k++)
        if (crosses(&sides[k], text, 0))
            return true;
    return false;
}

static int check_text(const char *what, const box *text)
{
    int faults = 0;
    for (int k = 0; k < p.n_nodes; k++) {
        const box *node = &p.nodes[k];
        bool own = node->group == text->group;
        if (own && (text->left < node->left - 0.1 || text->right > node->right + 0.1 || text->top < node->top - 0.1 ||
                    text->bottom > node->bottom + 0.1))
            faults += !!fprintf(stderr, "%s: '%s' leaves its node\n", what, text->name);
        if (!own && touch(text, node))
            faults += !!fprintf(stderr, "%s: '%s' lies over a node\n", what, text->name);
    }
    for (int k = 0; k < p.n_pieces; k++)
        if (crosses(&p.pieces[k], text, 0))
            faults += !!fprintf(stderr, "%s: an edge runs through '%s'\n", what, text->name);
    for (int k = 0; k < p.n_borders; k++)
        if (crosses_border(&p.borders[k], text))
            faults += !!fprintf(stderr, "%s: a border runs through '%s'\n", what, text->name);
    for (const box *other = text + 1; other < p.texts + p.n_texts; other++)
        if (touch(text, other))
            faults += !!fprintf(stderr, "%s: '%s' lies over '%s'\n", what, text->name, other->name);
    return faults;
}

static bool is_within(const box *border, double x, double y)
{
    return x > border->left && x < border->right && y > border->top && y < border->bottom;
}

/* An edge that begins and ends in a module does not leave it. */
static int check_edges(const char *what)
{
    int faults = 0;
    for (int first = 0, end; first < p.n_pieces; first = end) {
        for (end = first; end < p.n_pieces && p.pieces[end].group == p.pieces[first].group; end++)
            ;
        const piece *begins = &p.pieces[first], *ends = &p.pieces[end - 1];
        for (int b = 0; b < p.n_borders; b++) {
            const box *border = &p.borders[b];
            int outside = 0;
            if (!is_within(border, begins->x0, begins->y0) || !is_within(border, ends->x1, ends->y1))
                continue;
            for (int k = first; k < end; k++)
                outside += !is_within(border, p.pieces[k].x1, p.pieces[k].y1);
            faults += outside && fprintf(stderr, "%s: an edge leaves module %d, which both its ends are in\n", what, b);
        }
    }
    return faults;
}

static int check_picture(const char *what, const char *path)
{
    int faults = 0;
    read_svg(path);
    faults += check_edges(what);
    for (int k = 0; k < p.n_texts; k++)
        faults += check_text(what, &p.texts[k]);
    for (int k = 0; k < p.n_nodes; k++)
        for (int i = 0; i < p.n_pieces; i++)
            if (crosses(&p.pieces[i], &p.nodes[k], 1.5))
                faults += !!fprintf(stderr, "%s: an edge runs through node %d\n", what, k);
    for (int k = 0; k < p.n_nodes; k++)
        for (int i = k + 1; i < p.n_nodes; i++) {
            box inner = {
                p.nodes[k].left + 0.5, p.nodes[k].top + 0.5, p.nodes[k].right - 0.5, p.nodes[k].bottom - 0.5, 0, ""};
            if (touch(&inner, &p.nodes[i]))
                faults += !!fprintf(stderr, "%s: nodes %d and %d overlap\n", what, k, i);
        }
    cr_expect(p.n_nodes > 4, "%s", what);
    return faults;
}

static const char *const networks[] = {"rbf",      "mlp",         "lenet", "vgg11",     "resnet18",
                                       "resnet50", "densenet121", "unet",  "inception", "lstm-classifier",
                                       "seq2seq",  "transformer", "gan",   "vae",       "siamese"};
enum { NETWORKS = sizeof networks / sizeof *networks };

TestSuite(gallery, .init = make_folder, .fini = remove_folder);

static void draw(const char *network, const char *options)
{
    expect_fine(dotgrad("draw '%s/../tools/examples/gallery/%s.dot' %s -o x.svg", getenv("TESTS"), network, options));
}

/* Of the picture that was read. */
static void expect_one_page(const char *what)
{
    cr_expect_geq(p.least * p.width / p.view_width, 5.99, "%s", what);
    cr_expect((p.width < 595.3 && p.height < 842) || (p.width < 842 && p.height < 595.3), "%s: %g × %g", what, p.width,
              p.height);
}

Test(gallery, every_network_is_on_one_page_with_text_of_six_points)
{
    for (int k = 0; k < NETWORKS; k++) {
        draw(networks[k], "");
        read_svg("x.svg");
        expect_one_page(networks[k]);
    }
}

Test(gallery, derivatives_and_steps_are_on_one_page_and_nothing_overlaps)
{
    static const char *const views[] = {"backward", "joint", "step"};
    int faults = 0;
    for (int k = 0; k < NETWORKS; k++)
        for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
            char what[80], options[40];
            snprintf(what, sizeof what, "%s %s", networks[k], views[i]);
            snprintf(options, sizeof options, "--view %s", views[i]);
            draw(networks[k], options);
            faults += check_picture(what, "x.svg");
            expect_one_page(what);
        }
    cr_expect_eq(faults, 0);
}

Test(gallery, plans_are_on_one_page_and_nothing_overlaps)
{
    static const char *const small[] = {"rbf",     "mlp",         "lenet", "unet", "inception", "lstm-classifier",
                                        "seq2seq", "transformer", "gan",   "vae",  "siamese"};
    int faults = 0;
    for (size_t k = 0; k < sizeof small / sizeof *small; k++) {
        draw(small[k], "--view plan");
        faults += check_picture(small[k], "x.svg");
        expect_one_page(small[k]);
    }
    cr_expect_eq(faults, 0);
}

/* The skip of blocks that have a stack in them swings far to the side. */
Test(gallery, a_skip_stays_in_its_module)
{
    static const char *const directions[] = {"TB", "BT", "LR", "RL"};
    int faults = 0;
    write_text("skip.dot",
               "digraph skip { x [op=\"input([N, 1, 32, 32])\"]; stem [op=\"conv2d(32, 3, stride=2, padding=1)\"];"
               " sbn [op=batch_norm]; sact [op=relu6]; x -> stem -> sbn -> sact; subgraph cluster_a { repeat=5;"
               " dw [op=\"conv2d(32, 3, padding=1, groups=32)\"]; bn [op=batch_norm]; act [op=relu6];"
               " pw [op=\"conv2d(32, 1)\"]; bn2 [op=batch_norm]; add [op=add]; dw -> bn -> act -> pw -> bn2 -> add; }"
               " sact -> dw; sact -> add; y [op=\"mean(dim=[2, 3])\"]; z [op=\"linear(10)\"]; add -> y -> z; }");
    for (size_t k = 0; k < sizeof directions / sizeof *directions; k++) {
        expect_fine(dotgrad("draw skip.dot --level stack --rankdir %s -o x.svg", directions[k]));
        faults += check_picture(directions[k], "x.svg");
    }
    cr_expect_eq(faults, 0);
}

/* A tree of 8 inputs: far wider than high, more so beside its gradients. */
Test(gallery, what_is_too_wide_from_top_to_bottom_is_drawn_from_left_to_right)
{
    static char file[1 << 14];
    char *to =
        file + sprintf(file, "digraph { graph [output=o, loss=l]; t [op=\"input([N, 1])\"]; o [op=\"linear(1)\"];"
                             " l [op=mse_loss]; s1 -> o -> l; t -> l [arg=target];");
    for (int k = 8; k < 16; k++)
        to += sprintf(to, "x%d [op=\"input([N, 4])\"]; s%d [op=\"linear(16)\"]; x%d -> s%d;\n", k, k, k, k);
    for (int k = 7; k >= 1; k--)
        to += sprintf(to,
                      "c%d [op=\"cat(dim=1)\"]; f%d [op=\"linear(16)\"]; s%d [op=silu];"
                      " s%d -> c%d; s%d -> c%d; c%d -> f%d -> s%d;\n",
                      k, k, k, 2 * k, k, 2 * k + 1, k, k, k, k);
    sprintf(to, "}\n");
    write_text("tree.dot", file);
    outcome run = dotgrad("draw tree.dot --view step -o x.svg");
    expect_fine(run);
    cr_expect_not_null(strstr(run.err, "derivatives told in the network's boxes"), "%s", run.err);
    cr_expect_not_null(strstr(run.err, "from left to right"), "%s", run.err);
    cr_expect_eq(check_picture("tree", "x.svg"), 0);
    expect_one_page("tree");
    run = dotgrad("draw tree.dot --view step --rankdir TB -o x.svg"); /* as it was asked for */
    cr_expect_not_null(strstr(run.err, "still larger than the page"), "%s", run.err);
}

static long count_boxes(const char *path)
{
    static char text[1 << 22];
    long boxes = 0;
    read_text(path, text, sizeof text);
    for (const char *at = text; (at = strstr(at, "role=\"graphics-symbol\"")); at++)
        boxes++;
    for (const char *at = text; (at = strstr(at, ", again\"")); at++)
        boxes--; /* an input once more, where its readers are far apart */
    return boxes;
}

/* One box for the gradients, or the updates, of a node: what the boxes say adds up to the boxes of all derivatives. */
Test(gallery, boxes_of_derivatives_count_each_node_once)
{
    static const char *const few[][2] = {{"mlp", "joint"}, {"mlp", "step"}, {"lenet", "step"},
                                         {"vae", "joint"}, {"vae", "step"}, {"seq2seq", "joint"}};
    static char text[1 << 22];
    for (size_t k = 0; k < sizeof few / sizeof *few; k++) {
        char options[60];
        long sum = 0, network, all;
        draw(few[k][0], "--level op --page none");
        network = count_boxes("x.svg");
        snprintf(options, sizeof options, "--view %s --level op --page none", few[k][1]);
        draw(few[k][0], options);
        all = count_boxes("x.svg");
        snprintf(options, sizeof options, "--view %s --fold off", few[k][1]);
        draw(few[k][0], options);
        read_text("x.svg", text, sizeof text);
        for (char *at = text; (at = strstr(at, "<text")); at++) {
            char *words = strchr(at, '>') + 1, *end = strstr(words, "</text>"), *number = strstr(words, " node");
            if (!number || number > end || (number[5] != '<' && strncmp(number, " nodes<", 7) != 0))
                continue;
            while (number > words && strchr("0123456789,", number[-1]))
                number--;
            for (long value = 0; *number != ' ' || (sum += value, false); number++)
                value = *number == ',' ? value : 10 * value + *number - '0';
        }
        cr_expect_eq(sum, all - network, "%s %s: %ld in the boxes, %ld - %ld", few[k][0], few[k][1], sum, all, network);
    }
}

Test(gallery, nothing_overlaps)
{
    static const char *const options[] = {"", "--rankdir LR", "--parameters", "--names"};
    int faults = 0;
    for (int k = 0; k < NETWORKS; k++)
        for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
            char what[80];
            snprintf(what, sizeof what, "%s %s", networks[k], options[i]);
            draw(networks[k], options[i]);
            faults += check_picture(what, "x.svg");
        }
    cr_expect_eq(faults, 0);
}

/* "1,234" behind each ">" or "· " before " parameters<", by ×K of the modules around is what summary says: here for the
 * picture that folds nothing. */
Test(gallery, parameters_are_those_of_the_summary)
{
    static char text[1 << 22];
    for (int k = 0; k < NETWORKS; k++) {
        long long sum = 0, all = -1;
        draw(networks[k], "--level op --fold off --page none");
        read_text("x.svg", text, sizeof text);
        for (const char *at = text; (at = strstr(at, " parameter")); at++) {
            const char *begin = at, *end = at + strlen(" parameter");
            long long number = 0;
            end += *end == 's';
            while (begin[-1] == ',' || (begin[-1] >= '0' && begin[-1] <= '9'))
                begin--;
            for (const char *c = begin; c < at; c++)
                number = *c == ',' ? number : 10 * number + *c - '0';
            if (strncmp(end, " · ", 4) == 0 && all < 0)
                all = number;
            else if (strncmp(end, "</text>", 7) == 0 && begin < at)
                sum += number;
        }
        for (const char *at = text; (at = strstr(at, "aria-label=\"parameter ")); at++) { /* their own boxes */
            long long count = 1;
            const char *shape = strstr(at, ", ") + 2;
            for (char *end = (char *)shape; *end != '"' && *end != ','; shape = end) {
                count *= strtoll(shape, &end, 10);
                while (*end && strncmp(end, "×", 2) == 0)
                    end += 2;
            }
            sum += count;
        }
        cr_expect_eq(sum, all, "%s: %lld in the boxes, %lld in all", networks[k], sum, all);
    }
}

/* Unfolded, each node of the file is one box, named once. */
Test(gallery, each_node_is_in_one_box)
{
    char command[600];
    for (int k = 0; k < NETWORKS; k++) {
        int nodes = 0;
        draw(networks[k], "--level stack --fold off --page none");
        long boxes = count_boxes("x.svg");
        snprintf(command, sizeof command, "grep -c '\\[op=' '%s/../tools/examples/gallery/%s.dot'", getenv("TESTS"),
                 networks[k]);
        FILE *count = popen(command, "r");
        cr_assert_eq(fscanf(count, "%d", &nodes), 1);
        pclose(count);
        cr_expect_eq(boxes, nodes, "%s", networks[k]);
    }
}
