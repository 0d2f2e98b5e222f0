/* The drawing's appearance as attributes of Graphviz, beside the author's, which win. */
#include "dot.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_ADDED = 32, MOST_LOOKS = 16 };

typedef struct dotting {
    const dg_graph_file *file;
    view *v;
    const layout *made;
    const compose_options *options;
    dg_arena *arena;
    dg_graph_file styled;
    bool on_each_node[MOST_LOOKS], on_each_edge[MOST_LOOKS]; /* attributes that are no defaults */
    bool no_memory;
} dotting;

/* What all nodes and all edges share. */
static const char *const node_looks[][2] = {{"fontcolor", "#24292F"},   {"fontname", "Helvetica,Arial,sans-serif"},
                                            {"fontsize", "11"},         {"margin", "0.12,0.06"},
                                            {"penwidth", "1.2"},        {"shape", "box"},
                                            {"style", "rounded,filled"}};
static const char *const edge_looks[][2] = {{"arrowsize", "0.6"},     {"color", "#57606A"},
                                            {"fontcolor", "#57606A"}, {"fontname", "Helvetica,Arial,sans-serif"},
                                            {"fontsize", "9"},        {"penwidth", "1.1"}};
enum { NODE_LOOKS = sizeof node_looks / sizeof *node_looks, EDGE_LOOKS = sizeof edge_looks / sizeof *edge_looks };

/* ---- attributes of one object ---- */

typedef struct styling {
    dotting *d;
    dg_file_attributes *to;
    const dg_file_attributes *usual; /* the author's defaults for such objects, or NULL */
    size_t n_own;
} styling;

static styling begin(dotting *d, dg_file_attributes *to, const dg_file_attributes *usual)
{
    dg_file_attributes own = *to;
    to->items = dg_arena_alloc(d->arena, (own.count + MOST_ADDED) * sizeof *to->items);
    if (!to->items) {
        d->no_memory = true;
        to->count = 0;
        return (styling){d, to, usual, 0};
    }
    if (own.count)
        memcpy(to->items, own.items, own.count * sizeof *own.items);
    return (styling){d, to, usual, own.count};
}

static void append(styling *s, const char *name, const char *value, bool html)
{
    if (s->to->items && s->to->count < s->n_own + MOST_ADDED)
        s->to->items[s->to->count++] = (dg_file_attribute){.name = name, .value = value, .html = html};
}

static bool is_set(const styling *s, const char *name)
{
    return dg_file_attribute_find(s->to, name) || (s->usual && dg_file_attribute_find(s->usual, name));
}

static void add(styling *s, const char *name, const char *value)
{
    if (!is_set(s, name))
        append(s, name, value, false);
}

static void add_html(styling *s, const char *name, const char *value)
{
    if (!is_set(s, name))
        append(s, name, value, true);
}

static int by_name(const void *a, const void *b)
{
    const dg_file_attribute *first = a, *second = b;
    return strcmp(first->name, second->name);
}

/* Puts what was added in order; returns its names. */
static const char *finish(styling *s)
{
    const char *words = "";
    size_t added = s->to->count - s->n_own;
    if (s->to->items)
        qsort(s->to->items + s->n_own, added, sizeof *s->to->items, by_name);
    for (size_t k = s->n_own; k < s->to->count; k++)
        words = text_format(s->d->arena, "%s%s%s", words, *words ? " " : "", s->to->items[k].name);
    return words;
}

static void finish_listed(styling *s)
{
    const char *words = finish(s);
    if (*words)
        append(s, "styled", words, false);
}

/* ---- text ---- */

static const char *safe(dotting *d, const char *words)
{
    text t = {0};
    text_xml(&t, words);
    const char *kept = *words ? text_keep(d->arena, &t) : " ";
    text_free(&t);
    return kept;
}

/* For attributes in which Graphviz expands backslashes. */
static const char *without_backslashes(dotting *d, const char *words)
{
    text t = {0};
    for (; *words; words++) {
        if (*words == '\\')
            text_put(&t, "\\");
        text_bytes(&t, (unsigned char)*words < ' ' ? " " : words, 1);
    }
    const char *kept = text_keep(d->arena, &t);
    text_free(&t);
    return kept;
}

/* The lines that other formats have, too. */
static const char *label_of(dotting *d, const layout_row *row)
{
    const style_sheet *sheet = d->options->sheet;
    text t = {0};
    for (int k = 0; k < row->n_lines; k++) {
        const layout_line *line = &row->lines[k];
        text_put(&t, k ? "<BR/>" : "");
        if (line->is_bold)
            text_add(&t, "<B>%s</B>", safe(d, line->head));
        else
            text_add(&t, "<FONT POINT-SIZE=\"9\" COLOR=\"%s\">%s</FONT>", sheet->weak, safe(d, line->head));
        if (*line->tail)
            text_add(&t, "  <FONT POINT-SIZE=\"9\" COLOR=\"%s\">%s</FONT>", sheet->weak, safe(d, line->tail));
    }
    const char *kept = t.used ? text_keep(d->arena, &t) : " ";
    d->no_memory |= t.failed;
    text_free(&t);
    return kept;
}

/* ---- nodes and edges ---- */

static bool is_plain_id(const char *name)
{
    return *name && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") == strlen(name);
}

static const char *inches(dotting *d, double points)
{
    text t = {0};
    text_number(&t, points / 72, 3);
    const char *kept = text_keep(d->arena, &t);
    text_free(&t);
    return kept;
}

static void style_form(styling *s, const view_box *box, const layout_box *place)
{
    if (place->form == FORM_DOT) {
        add(s, "label", "");
        add(s, "shape", "point");
        add(s, "width", "0.07");
        add(s, "height", "0.07");
        return;
    }
    if (place->form == FORM_CIRCLE && !is_set(s, "shape")) {
        add(s, "shape", "circle");
        add(s, "fixedsize", "true");
        add(s, "margin", "0");
        add(s, "fontsize", "13");
    }
    add(s, "width", inches(s->d, place->width));
    add(s, "height", inches(s->d, place->height));
    add_html(s, "label", label_of(s->d, &place->rows[0]));
    if (box->kind == BOX_PARAMETER)
        add(s, "style", "filled");
}

static void style_node(dotting *d, int k, dg_file_attributes *to, bool derived)
{
    const view_box *box = &d->v->boxes[k];
    const view_row *row = &box->rows[0];
    const style_sheet *sheet = d->options->sheet;
    styling s = begin(d, to, derived ? NULL : &d->file->node_defaults);
    if (derived)
        append(&s, "derived", "true", false);
    style_form(&s, box, &d->made->boxes[k]);
    add(&s, "fillcolor", box->kind == BOX_ENTRY ? sheet->weak : sheet->families[row->style].fill);
    add(&s, "color",
        box->kind == BOX_ENTRY ? sheet->weak
        : row->is_output       ? sheet->ink
                               : sheet->families[row->style].border);
    if (row->is_output || row->style == STYLE_INPUT)
        add(&s, "penwidth", "1.8");
    if (row->is_loss)
        add(&s, "peripheries", "2");
    if (derived)
        return;
    add(&s, "tooltip", without_backslashes(d, view_alt(d->v, row)));
    add(&s, "class", dg_node_op(row->node)->family);
    if (is_plain_id(row->name))
        add(&s, "id", text_format(d->arena, "node_%s", row->name));
    for (int i = 0; i < NODE_LOOKS; i++)
        if (d->on_each_node[i])
            add(&s, node_looks[i][0], node_looks[i][1]);
    finish_listed(&s);
}

static void style_edge(dotting *d, int w, dg_file_attributes *to, bool derived)
{
    const view_wire *wire = &d->v->wires[w];
    const layout_wire *place = &d->made->wires[w];
    const style_sheet *sheet = d->options->sheet;
    styling s = begin(d, to, derived ? NULL : &d->file->edge_defaults);
    if (derived)
        append(&s, "derived", "true", false);
    if (place->label && !wire->label)
        add(&s, "label", text_format(d->arena, "  %s  ", without_backslashes(d, place->label)));
    if (wire->is_skip) {
        add(&s, "color", sheet->skip);
        add(&s, "penwidth", "1.6");
    } else if (wire->kind == WIRE_PARAMETER) {
        add(&s, "color", sheet->families[STYLE_PARAMETER].border);
    } else if (!wire->is_skip && !view_is_source(&d->v->boxes[wire->from])) {
        add(&s, "weight", "8");
    }
    if (derived)
        return;
    for (int i = 0; i < EDGE_LOOKS; i++)
        if (d->on_each_edge[i])
            add(&s, edge_looks[i][0], edge_looks[i][1]);
    finish_listed(&s);
}

/* ---- clusters ---- */

static void style_cluster(dotting *d, dg_file_cluster *cluster, int module)
{
    static const char *const looks[][2] = {
        {"style", "rounded,filled"}, {"labeljust", "l"}, {"fontsize", "10"}, {"margin", "14"}};
    const style_sheet *sheet = d->options->sheet;
    const layout_module *place = &d->made->modules[module];
    styling s = begin(d, &cluster->attributes, NULL);
    const char *label = text_format(d->arena, "<B>%s</B>", safe(d, place->label));
    if (*place->times) {
        label = text_format(d->arena, "%s <FONT COLOR=\"%s\"><B>%s</B></FONT>", label, sheet->fold, place->times);
        add(&s, "color", sheet->fold);
        add(&s, "penwidth", "1.4");
    }
    if (*place->sizes)
        label = text_format(d->arena, "%s  <FONT POINT-SIZE=\"9\" COLOR=\"%s\">%s</FONT>", label, sheet->weak,
                            safe(d, place->sizes));
    add_html(&s, "label", label);
    add(&s, "color", sheet->frame);
    add(&s, "fillcolor", sheet->frame_fill);
    for (size_t k = 0; k < sizeof looks / sizeof *looks; k++)
        add(&s, looks[k][0], looks[k][1]);
    /* with the name, for subgraphs inherit */
    append(&s, "styled", text_format(d->arena, "%s %s", cluster->name, finish(&s)), false);
}

/* ---- defaults ---- */

static bool node_has(const dotting *d, const char *name, const char *value)
{
    for (int k = 0; k < d->file->n_nodes; k++) {
        const char *own = dg_file_attribute_find(&d->file->nodes[k].attributes, name);
        if (own && strcmp(own, value) == 0)
            return true;
    }
    return false;
}

static bool edge_has(const dotting *d, const char *name, const char *value)
{
    for (int k = 0; k < d->file->n_edges; k++) {
        const char *own = dg_file_attribute_find(&d->file->edges[k].attributes, name);
        if (own && strcmp(own, value) == 0)
            return true;
    }
    return false;
}

/* Attributes that all share, as defaults; but one that the author gave an object in the very same value goes on each
 * object, for the reader could not tell that object's own from the default. Returns the names. */
static const char *style_defaults(dotting *d, bool nodes)
{
    styling s = begin(d, nodes ? &d->styled.node_defaults : &d->styled.edge_defaults, NULL);
    for (int k = 0; k < (nodes ? NODE_LOOKS : EDGE_LOOKS); k++) {
        const char *const *look = nodes ? node_looks[k] : edge_looks[k];
        bool on_each = nodes ? node_has(d, look[0], look[1]) : edge_has(d, look[0], look[1]);
        *(nodes ? &d->on_each_node[k] : &d->on_each_edge[k]) = on_each;
        if (!on_each)
            add(&s, look[0], look[1]);
    }
    return finish(&s);
}

/* ---- the graph ---- */

static const char *title_of(dotting *d)
{
    const style_sheet *sheet = d->options->sheet;
    bool present[N_STYLES] = {false};
    text t = {0};
    text_put(&t, "<TABLE BORDER=\"0\" CELLBORDER=\"0\" CELLSPACING=\"4\" CELLPADDING=\"2\">");
    if (!d->options->no_title) {
        if (*d->v->title)
            text_add(&t, "<TR><TD ALIGN=\"LEFT\"><FONT POINT-SIZE=\"15\"><B>%s</B></FONT></TD></TR>",
                     safe(d, d->v->title));
        text_add(&t, "<TR><TD ALIGN=\"LEFT\"><FONT POINT-SIZE=\"9\" COLOR=\"%s\">%s</FONT></TD></TR>", sheet->weak,
                 safe(d, d->v->summary));
    }
    for (int b = 0; b < d->v->n_boxes; b++) {
        present[d->v->boxes[b].rows[0].style] |= d->v->boxes[b].kind != BOX_ENTRY;
        present[STYLE_INPUT] |= d->v->boxes[b].rows[0].is_output;
    }
    if (!d->options->no_legend) {
        text_put(&t, "<TR><TD ALIGN=\"LEFT\"><TABLE BORDER=\"0\" CELLSPACING=\"4\" CELLPADDING=\"3\"><TR>");
        for (int k = 0; k < N_STYLES; k++)
            if (present[k])
                text_add(&t, "<TD BGCOLOR=\"%s\" COLOR=\"%s\" BORDER=\"1\"%s><FONT POINT-SIZE=\"9\"> %s </FONT></TD>",
                         sheet->families[k].fill, sheet->families[k].border,
                         k == STYLE_PARAMETER ? "" : " STYLE=\"ROUNDED\"", sheet->families[k].legend);
        text_put(&t, "<TD></TD></TR></TABLE></TD></TR>");
    }
    if (d->options->no_title && d->options->no_legend)
        text_put(&t, "<TR><TD></TD></TR>");
    text_put(&t, "</TABLE>");
    const char *kept = text_keep(d->arena, &t);
    text_free(&t);
    return kept;
}

static void style_graph(dotting *d, const char *rankdir, const char *node_words, const char *edge_words)
{
    static const char *const looks[][2] = {{"charset", "UTF-8"}, {"fontname", "Helvetica,Arial,sans-serif"},
                                           {"fontsize", "11"},   {"labeljust", "l"},
                                           {"labelloc", "t"},    {"newrank", "true"},
                                           {"nodesep", "0.25"},  {"pad", "0.17"},
                                           {"ranksep", "0.28"}};
    dg_file_attributes *to = &d->styled.attributes;
    styling s = begin(d, to, NULL);
    if (rankdir) { /* asked for: from now on the graph's own */
        for (size_t k = 0; k < to->count; k++)
            if (strcmp(to->items[k].name, "rankdir") == 0)
                to->items[k].value = rankdir;
        add(&s, "rankdir", rankdir);
        s.n_own = to->count;
    }
    add_html(&s, "label", title_of(d));
    add(&s, "bgcolor", d->options->sheet->background);
    add(&s, "fontcolor", d->options->sheet->ink);
    for (size_t k = 0; k < sizeof looks / sizeof *looks; k++)
        add(&s, looks[k][0], looks[k][1]);
    const char *words = finish(&s);
    append(&s, "styled_graph", words, false);
    append(&s, "styled_node", node_words, false);
    append(&s, "styled_edge", edge_words, false);
}

static bool copy_document(dotting *d)
{
    const dg_graph_file *file = d->file;
    size_t nodes = (size_t)d->v->n_boxes + 1, edges = (size_t)d->v->n_wires + 1,
           clusters = (size_t)file->n_clusters + 1;
    d->styled = *file;
    d->styled.nodes = dg_arena_alloc(d->arena, nodes * sizeof *d->styled.nodes);
    d->styled.edges = dg_arena_alloc(d->arena, edges * sizeof *d->styled.edges);
    d->styled.clusters = dg_arena_alloc(d->arena, clusters * sizeof *d->styled.clusters);
    if (!d->styled.nodes || !d->styled.edges || !d->styled.clusters)
        return false;
    memcpy(d->styled.nodes, file->nodes, (size_t)file->n_nodes * sizeof *file->nodes);
    memcpy(d->styled.edges, file->edges, (size_t)file->n_edges * sizeof *file->edges);
    memcpy(d->styled.clusters, file->clusters, (size_t)file->n_clusters * sizeof *file->clusters);
    return true;
}

/* Parameters that layers own, after the file's own nodes: derived, in the module of their owner. */
static void add_derived(dotting *d)
{
    for (int b = d->file->n_nodes; b < d->v->n_boxes; b++) {
        int owner = -1;
        for (int w = d->file->n_edges; w < d->v->n_wires; w++)
            if (d->v->wires[w].from == b)
                owner = d->v->wires[w].to;
        d->styled.nodes[b] = (dg_file_node){.name = d->v->boxes[b].rows[0].name,
                                            .cluster = owner < 0 ? -1 : d->file->nodes[owner].cluster};
        style_node(d, b, &d->styled.nodes[b].attributes, true);
    }
    for (int w = d->file->n_edges; w < d->v->n_wires; w++) {
        d->styled.edges[w] = (dg_file_edge){.tail = d->v->wires[w].from, .head = d->v->wires[w].to};
        style_edge(d, w, &d->styled.edges[w].attributes, true);
    }
    d->styled.n_nodes = d->v->n_boxes;
    d->styled.n_edges = d->v->n_wires;
}

dg_status paint_dot(const dg_graph_file *file, view *v, const layout *made, const compose_options *options,
                    const char *rankdir, char **bytes)
{
    dotting d = {.file = file, .v = v, .made = made, .options = options, .arena = v->arena};
    if (!copy_document(&d))
        return dg_no_memory("a picture of %s", file->path);
    const char *node_words = style_defaults(&d, true), *edge_words = style_defaults(&d, false);
    for (int k = 0; k < file->n_nodes; k++)
        style_node(&d, k, &d.styled.nodes[k].attributes, false);
    for (int e = 0; e < file->n_edges; e++)
        style_edge(&d, e, &d.styled.edges[e].attributes, false);
    for (int k = 0, module = 0; k < file->n_clusters; k++)
        if (file->clusters[k].is_cluster)
            style_cluster(&d, &d.styled.clusters[k], module++);
    add_derived(&d);
    style_graph(&d, rankdir, node_words, edge_words);
    if (d.no_memory || v->failed)
        return dg_no_memory("a picture of %s", file->path);
    return dg_graph_file_write(&d.styled, bytes);
}
