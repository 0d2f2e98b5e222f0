/* The geometry of a picture, read from the SVG alone: no text lies over another, over a foreign node, under an edge or
 * a border, leaves its node, or has a sign at its end that joins it with nothing; no edge runs through a node, no node
 * over another; an edge begins and ends at the border of what it joins, in a stack at its row; all is inside the
 * picture, and fits one page with text of at least 6 points.
 */
#ifndef TESTS_TOOLS_PICTURE_H
#define TESTS_TOOLS_PICTURE_H

#include "command.h"

#include <math.h>

enum { MOST = 4000, PIECES = 12 };

typedef struct box {
    double left, top, right, bottom;
    int group; /* of what group it is a part */
    bool is_round;
    char name[200];
    double corner; /* its radius */
    bool is_bold;  /* of a text */
} box;

typedef struct piece {
    double x0, y0, x1, y1;
    int group;
} piece;

typedef struct edge {
    char ends[2][120]; /* ids of what it joins */
    double x[2], y[2]; /* where it begins and ends */
    double gap;        /* between the line's end and its arrowhead */
    int group;
} edge;

typedef struct picture {
    double width, height, view_width, view_height;
    int n_texts, n_nodes, n_borders, n_pieces, n_groups, n_edges, n_dots;
    box texts[MOST], nodes[MOST], borders[MOST], dots[MOST];
    edge edges[MOST];
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

static void take_word(const char *element, const char *name, char word[120])
{
    const char *at = strstr(element, name), *end = strchr(element, '>');
    word[0] = 0;
    if (at && at < end)
        snprintf(word, 120, "%.*s", (int)strcspn(at + strlen(name), "\""), at + strlen(name));
}

static void take_edge(const char *element, int group)
{
    edge *taken = &p.edges[p.n_edges++];
    taken->group = group;
    take_word(element, " data-from=\"", taken->ends[0]);
    take_word(element, " data-to=\"", taken->ends[1]);
}

static void take_path(const char *element, int group)
{
    edge *of = &p.edges[p.n_edges - 1];
    double c[2 * 600] = {0};
    int n = 0;
    char *at = strstr(element, "d=\"M") + 4;
    while (*at != '"' && n < 1200) {
        c[n++] = strtod(at, &at);
        while (*at == ',' || *at == ' ' || *at == 'C')
            at++;
    }
    cr_assert(n >= 8);
    of->x[0] = c[0];
    of->y[0] = c[1];
    of->x[1] = c[n - 2];
    of->y[1] = c[n - 1];
    for (int k = 0; k + 7 < n; k += 6)
        for (int i = 0; i < PIECES; i++)
            p.pieces[p.n_pieces++] =
                (piece){quarter(c + k, (double)i / PIECES), quarter(c + k + 1, (double)i / PIECES),
                        quarter(c + k, (double)(i + 1) / PIECES), quarter(c + k + 1, (double)(i + 1) / PIECES), group};
}

static box rectangle(const char *element, int group)
{
    double x = number(element, "x"), y = number(element, "y");
    return (box){x, y, x + number(element, "width"), y + number(element, "height"), group, false, "", 0, false};
}

static void take_text(const char *element, int group)
{
    double size = number(element, "font-size"), x = number(element, "x"), y = number(element, "y");
    box *text = &p.texts[p.n_texts++];
    *text = (box){x,
                  y - 0.72 * size,
                  x + number(element, "textLength"),
                  y + 0.2 * size,
                  group,
                  false,
                  "",
                  0,
                  strstr(element, "font-weight")};
    p.least = fmin(p.least, size);
    snprintf(text->name, sizeof text->name, "%.*s", (int)strcspn(strchr(element, '>') + 1, "<"),
             strchr(element, '>') + 1);
}

/* The tip of its arrow is where an edge ends; the line ends in the middle between the other corners. */
static void take_arrow(const char *element)
{
    edge *of = &p.edges[p.n_edges - 1];
    double x[3] = {0}, y[3] = {0};
    char *at = strstr(element, " points=\"") + strlen(" points=\"");
    for (int k = 0; k < 3 && *at != '"'; k++) {
        x[k] = strtod(at, &at);
        y[k] = strtod(at + 1, &at);
        at += *at == ' ';
    }
    of->gap = hypot((x[1] + x[2]) / 2 - of->x[1], (y[1] + y[2]) / 2 - of->y[1]);
    of->x[1] = x[0];
    of->y[1] = y[0];
}

/* Lines are elements; groups nest at most as stack and node. */
static void read_svg(const char *path)
{
    int stack[8], depth = 0;
    bool fresh = false;
    char id[120] = "";
    read_text(path, svg, sizeof svg);
    memset(&p, 0, sizeof p);
    p.least = 100;
    sscanf(strstr(svg, " width=\"") + 8, "%lf", &p.width);
    sscanf(strstr(svg, " height=\"") + 9, "%lf", &p.height);
    sscanf(strstr(svg, "viewBox=\"0 0 ") + 13, "%lf %lf", &p.view_width, &p.view_height);
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
            take_word(line, " id=\"", id);
            if (*class == 'e' && p.kinds[p.n_groups - 1] == 'e')
                take_edge(line, p.n_groups - 1);
        } else if (strncmp(line, "</g>", 4) == 0) {
            depth--;
        } else if (strncmp(line, "<text", 5) == 0) {
            take_text(line, group);
        } else if (strncmp(line, "<path", 5) == 0 && kind == 'e') {
            take_path(line, group);
        } else if (strncmp(line, "<polygon", 8) == 0 && kind == 'e') {
            take_arrow(line);
        } else if (strncmp(line, "<rect", 5) == 0 && fresh && (kind == 'n' || kind == 'c')) {
            box *taken = kind == 'n' ? &p.nodes[p.n_nodes++] : &p.borders[p.n_borders++];
            *taken = rectangle(line, group);
            taken->corner = number(line, "rx");
            snprintf(taken->name, sizeof taken->name, "%s", id);
            fresh = false;
        } else if (strncmp(line, "<ellipse", 8) == 0 && fresh && (kind == 'n' || kind == 'x')) {
            double x = number(line, "cx"), y = number(line, "cy"), rx = number(line, "rx"), ry = number(line, "ry");
            box *taken = kind == 'n' ? &p.nodes[p.n_nodes++] : &p.dots[p.n_dots++];
            *taken = (box){x - rx, y - ry, x + rx, y + ry, group, true, "", 0, false};
            snprintf(taken->name, sizeof taken->name, "%s", id);
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

/* How far the point is inside of the border; outside, less than 0. */
static double depth_in(const box *node, double x, double y)
{
    double middle_x = (node->left + node->right) / 2, middle_y = (node->top + node->bottom) / 2;
    double rx = node->right - middle_x, ry = node->bottom - middle_y;
    if (node->is_round)
        return (1 - hypot((x - middle_x) / rx, (y - middle_y) / ry)) * fmin(rx, ry);
    double across = fabs(x - middle_x) - rx + node->corner, down = fabs(y - middle_y) - ry + node->corner;
    return node->corner - hypot(fmax(across, 0), fmax(down, 0)) - fmin(fmax(across, down), 0);
}

/* An edge's end on a circle or at a round corner is no crossing, though it is inside the rectangle around it. */
static bool runs_through(const piece *s, const box *node)
{
    if (!crosses(s, node, 1.5))
        return false;
    if (!node->is_round && node->corner == 0)
        return true;
    for (int k = 0; k <= 4; k++)
        if (depth_in(node, s->x0 + (s->x1 - s->x0) * k / 4, s->y0 + (s->y1 - s->y0) * k / 4) > 1.5)
            return true;
    return false;
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

/* Whether a sign that joins two things has one alone. */
static bool is_torn(const char *words)
{
    static const char *const signs[] = {"·", "→", "|", "←", ",", ":"};
    for (size_t k = 0; k < sizeof signs / sizeof *signs; k++) {
        size_t size = strlen(signs[k]), length = strlen(words);
        bool ends = length > size && strcmp(words + length - size, signs[k]) == 0 && k < 4;
        if (length > size && (ends || strncmp(words, signs[k], size) == 0))
            return true;
    }
    return false;
}

static int check_text(const char *what, const box *text)
{
    int faults = 0;
    if (!text->is_bold && is_torn(text->name)) /* formulas are bold, and set in pieces */
        faults += !!fprintf(stderr, "%s: '%s' begins or ends with a separator\n", what, text->name);
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

static const box *find_box(const char *id)
{
    for (int k = 0; k < p.n_nodes; k++)
        if (strcmp(p.nodes[k].name, id) == 0)
            return &p.nodes[k];
    for (int k = 0; k < p.n_dots; k++)
        if (strcmp(p.dots[k].name, id) == 0)
            return &p.dots[k];
    return NULL;
}

/* Each edge begins and ends at the border of what it joins, and no other row of a stack is closer. 2 points: boxes are
 * laid out in whole points, and the line has a width. */
static int check_ends(const char *what)
{
    int faults = 0;
    for (int e = 0; e < p.n_edges; e++)
        for (int k = 0; k < 2; k++) {
            const edge *of = &p.edges[e];
            const box *own = find_box(of->ends[k]);
            double x = of->x[k], y = of->y[k], away = own ? fabs(depth_in(own, x, y)) : 1000;
            const char *dash = strrchr(of->ends[k], '-');
            if (away > 2)
                faults += !!fprintf(stderr, "%s: edge %s → %s %s %.1f points away\n", what, of->ends[0], of->ends[1],
                                    k ? "ends" : "begins", away);
            for (int i = 0; dash && i < p.n_nodes; i++)
                if (strncmp(p.nodes[i].name, of->ends[k], (size_t)(dash - of->ends[k] + 1)) == 0 && own &&
                    strncmp(dash - 5, "-node-", 6) != 0 && fabs(depth_in(&p.nodes[i], x, y)) < away - 0.5)
                    faults += !!fprintf(stderr, "%s: edge %s → %s %s at the row %s\n", what, of->ends[0], of->ends[1],
                                        k ? "ends" : "begins", p.nodes[i].name);
        }
    for (int k = 0; k < p.n_pieces; k++) {
        const piece *s = &p.pieces[k];
        if (s->x1 < 0 || s->y1 < 0 || s->x1 > p.view_width || s->y1 > p.view_height)
            faults += !!fprintf(stderr, "%s: an edge leaves the picture at %.1f, %.1f\n", what, s->x1, s->y1);
    }
    return faults;
}

/* ---- what is ugly ---- */

/* Whether a node is a row of the stack that an edge begins or ends at. */
static bool is_same_stack(const edge *of, const char *name)
{
    for (int k = 0; k < 2; k++) {
        const char *dash = strrchr(of->ends[k], '-');
        size_t length = dash ? (size_t)(dash - of->ends[k]) : 0;
        bool is_row = dash && dash - of->ends[k] > 5 && strncmp(dash - 5, "-node", 5) != 0;
        if (is_row && strncmp(of->ends[k], name, length + 1) == 0)
            return true;
    }
    return false;
}

static double distance_to(const piece *s, const box *r)
{
    double least = 1e9;
    for (int k = 0; k <= 8; k++) {
        double x = s->x0 + (s->x1 - s->x0) * k / 8, y = s->y0 + (s->y1 - s->y0) * k / 8;
        least = fmin(least, hypot(fmax(fmax(r->left - x, x - r->right), 0), fmax(fmax(r->top - y, y - r->bottom), 0)));
    }
    return least;
}

/* A label of an edge is beside it. */
static int check_labels(const char *what)
{
    enum { FAR = 16 };
    int faults = 0;
    for (int k = 0; k < p.n_texts; k++) {
        double least = 1e9;
        for (int i = 0; i < p.n_pieces && p.kinds[p.texts[k].group] == 'e'; i++)
            if (p.pieces[i].group == p.texts[k].group)
                least = fmin(least, distance_to(&p.pieces[i], &p.texts[k]));
        if (least < 1e9 && least > FAR)
            faults += !!fprintf(stderr, "%s: '%s' is %.0f points from its edge\n", what, p.texts[k].name, least);
    }
    return faults;
}

/* The other way within nine points. */
static bool turns_back(const edge *of)
{
    for (int k = 0; k < p.n_pieces; k++) {
        const piece *a = &p.pieces[k];
        double x = a->x1 - a->x0, y = a->y1 - a->y0, length = 0;
        for (int i = k + 1; a->group == of->group && i < p.n_pieces && p.pieces[i].group == a->group && length < 9;
             i++) {
            const piece *b = &p.pieces[i];
            double u = b->x1 - b->x0, v = b->y1 - b->y0, most = hypot(x, y) * hypot(u, v);
            if (most > 0.01 && x * u + y * v < -0.7 * most)
                return true;
            length += hypot(u, v);
        }
    }
    return false;
}

static int check_beauty(const char *what)
{
    int faults = check_labels(what);
    for (int e = 0; e < p.n_edges; e++) {
        const edge *of = &p.edges[e];
        const box *ends[2] = {find_box(of->ends[0]), find_box(of->ends[1])};
        if (of->gap > 1.5)
            faults += !!fprintf(stderr, "%s: edge %s → %s ends %.1f points before its arrowhead\n", what, of->ends[0],
                                of->ends[1], of->gap);
        faults +=
            turns_back(of) && fprintf(stderr, "%s: edge %s → %s turns on the spot\n", what, of->ends[0], of->ends[1]);
        for (int k = 0; k < p.n_nodes; k++) {
            const box *node = &p.nodes[k];
            if (node == ends[0] || node == ends[1] || is_same_stack(of, node->name))
                continue;
            for (int i = 0; i < p.n_pieces; i++)
                if (p.pieces[i].group == of->group && distance_to(&p.pieces[i], node) < 1.5) {
                    faults +=
                        !!fprintf(stderr, "%s: edge %s → %s touches %s\n", what, of->ends[0], of->ends[1], node->name);
                    break;
                }
        }
    }
    return faults;
}

static inline int check_picture(const char *what, const char *path)
{
    int faults = 0;
    read_svg(path);
    faults += check_edges(what) + check_ends(what) + check_beauty(what);
    for (int k = 0; k < p.n_texts; k++)
        faults += check_text(what, &p.texts[k]);
    for (int k = 0; k < p.n_nodes; k++)
        for (int i = 0; i < p.n_pieces; i++)
            if (runs_through(&p.pieces[i], &p.nodes[k]))
                faults += !!fprintf(stderr, "%s: an edge runs through node %d\n", what, k);
    for (int k = 0; k < p.n_nodes; k++)
        for (int i = k + 1; i < p.n_nodes; i++) {
            box inner = {p.nodes[k].left + 0.5,
                         p.nodes[k].top + 0.5,
                         p.nodes[k].right - 0.5,
                         p.nodes[k].bottom - 0.5,
                         0,
                         false,
                         "",
                         0,
                         false};
            if (touch(&inner, &p.nodes[i]))
                faults += !!fprintf(stderr, "%s: nodes %d and %d overlap\n", what, k, i);
        }
    cr_expect(p.n_nodes > 4, "%s", what);
    return faults;
}

/* Of the picture that was read. */
static inline void expect_one_page(const char *what)
{
    cr_expect_geq(p.least * p.width / p.view_width, 5.99, "%s", what);
    cr_expect((p.width < 595.3 && p.height < 842) || (p.width < 842 && p.height < 595.3), "%s: %g × %g", what, p.width,
              p.height);
}

#endif
