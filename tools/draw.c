/* A graph file's document with the house style put on it. */
#include "draw.h"

#include "cost.h"
#include "render.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    MOST_FULL = 2000,   /* nodes and bends: above, layout is made quicker and shapes are left out */
    MOST_DRAWN = 20000, /* above, Graphviz takes minutes to hours */
    MOST_ADDED = 32,    /* attributes that an object is given here */
    MOST_NAME = 40,     /* characters of a name that are shown */
    MOST_FAMILIES = 6
};

#define GREY       "#57606A"
#define COUNT_TEXT 48

/* What all nodes and all edges share. */
static const char *const node_looks[][2] = {{"fontcolor", "#24292F"}, {"fontname", "Helvetica,Arial,sans-serif"},
                                            {"fontsize", "11"},       {"height", "0.3"},
                                            {"margin", "0.15,0.075"}, {"penwidth", "1.2"},
                                            {"shape", "box"},         {"style", "rounded,filled"},
                                            {"width", "0.4"}};
static const char *const edge_looks[][2] = {{"arrowsize", "0.6"}, {"color", GREY},
                                            {"fontcolor", GREY},  {"fontname", "Helvetica,Arial,sans-serif"},
                                            {"fontsize", "8"},    {"penwidth", "1.1"}};
enum { NODE_LOOKS = sizeof node_looks / sizeof *node_looks, EDGE_LOOKS = sizeof edge_looks / sizeof *edge_looks };

typedef struct drawing {
    const graph_file *file;
    const draw_options *options;
    bool is_picture;
    graph_file styled; /* the document that is written */
    dg_arena *arena;
    drawing_layout layout;
    node_cost *costs;
    const char *title, *summary;
    const char *families[DRAW_STYLES][MOST_FAMILIES]; /* for the legend */
    bool on_each_node[NODE_LOOKS], on_each_edge[EDGE_LOOKS];
    bool no_memory;
} drawing;

static const char *format(drawing *d, const char *pattern, ...) __attribute__((format(printf, 2, 3)));

static const char *format(drawing *d, const char *pattern, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, pattern);
    int length = vasprintf(&text, pattern, arguments);
    va_end(arguments);
    const char *kept = length < 0 ? NULL : dg_arena_text(d->arena, text, (size_t)length);
    if (length >= 0)
        free(text);
    if (!kept)
        d->no_memory = true;
    return kept ? kept : "";
}

static const char *escaped(drawing *d, const char *text)
{
    const char *safe = draw_escape(d->arena, text, MOST_NAME);
    if (!safe)
        d->no_memory = true;
    return safe ? safe : "";
}

/* ---- attributes ---- */

/* An object's own attributes with those of the house behind them. */
typedef struct styling {
    drawing *d;
    file_attributes *to;
    const file_attributes *usual; /* the author's defaults for such objects, or NULL */
    size_t n_own;
} styling;

/* Not followed when drawing: what reads files, links to somewhere, or makes Graphviz fail. */
static bool is_unsafe(const file_attribute *attribute)
{
    static const char *const names[] = {
        "URL",        "href",        "edgeURL",      "edgehref",  "headURL",    "headhref",    "labelURL",
        "labelhref",  "tailURL",     "tailhref",     "target",    "edgetarget", "headtarget",  "labeltarget",
        "tailtarget", "image",       "imagepath",    "shapefile", "stylesheet", "_background", "layers",
        "layer",      "layerselect", "layerlistsep", "layersep",  "fontpath",   "nslimit1",    "mclimit",
        "searchsize", "viewport",    "page",         "dpi",       "resolution", "layout",      "charset",
        "rotate",     "samplepoints"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (strcmp(attribute->name, names[k]) == 0)
            return true;
    if (strcmp(attribute->name, "splines") == 0)
        return strcasecmp(attribute->value, "ortho") == 0;
    if (strcmp(attribute->name, "size") == 0)
        return strchr(attribute->value, '!') != NULL;
    if (strcmp(attribute->name, "shape") == 0)
        return strcasecmp(attribute->value, "epsf") == 0 || strcasecmp(attribute->value, "custom") == 0;
    return attribute->html && (strcasestr(attribute->value, "<img") || strcasestr(attribute->value, "href"));
}

static styling begin(drawing *d, file_attributes *to, const file_attributes *usual)
{
    file_attributes own = *to;
    to->count = 0;
    to->items = dg_arena_alloc(d->arena, (own.count + MOST_ADDED) * sizeof *to->items);
    if (!to->items) {
        d->no_memory = true;
        return (styling){d, to, usual, 0};
    }
    for (size_t k = 0; k < own.count; k++)
        if (!d->is_picture || !is_unsafe(&own.items[k]))
            to->items[to->count++] = own.items[k];
    return (styling){d, to, usual, to->count};
}

static void append(styling *s, const char *name, const char *value, bool html)
{
    if (s->to->items && s->to->count < s->n_own + MOST_ADDED)
        s->to->items[s->to->count++] = (file_attribute){name, value, html};
}

/* The author's own value wins. */
static bool is_set(const styling *s, const char *name)
{
    return file_attribute_find(s->to, name) || (s->usual && file_attribute_find(s->usual, name));
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
    const file_attribute *first = a, *second = b;
    return strcmp(first->name, second->name);
}

/* Lists what was added in the attribute `styled`; the names so listed. */
static const char *finish(styling *s)
{
    const char *words = "";
    size_t added = s->to->count - s->n_own;
    if (s->to->items)
        qsort(s->to->items + s->n_own, added, sizeof *s->to->items, by_name);
    for (size_t k = s->n_own; k < s->to->count; k++)
        words = format(s->d, "%s%s%s", words, *words ? " " : "", s->to->items[k].name);
    return words;
}

static void finish_styled(styling *s)
{
    const char *words = finish(s);
    if (*words)
        append(s, "styled", words, false);
}

/* ---- nodes ---- */

static const char *small(drawing *d, const char *text)
{
    return format(d, "<BR/><FONT POINT-SIZE=\"8.5\" COLOR=\"" GREY "\">%s</FONT>", text);
}

static void note_family(drawing *d, int style, const char *family)
{
    for (int k = 0; k < MOST_FAMILIES; k++) {
        if (!d->families[style][k])
            d->families[style][k] = family;
        if (strcmp(d->families[style][k], family) == 0)
            return;
    }
}

static const char *constant_text(const drawing *d, const file_node *node)
{
    const char *text = node->call.count ? dg_value_print(d->arena, &node->call.items[0]) : NULL;
    return text && strlen(text) <= 16 ? text : dg_node_name(node->node);
}

static const char *node_label(drawing *d, int index, bool is_output)
{
    const file_node *node = &d->file->nodes[index];
    const dg_op *op = dg_node_op(node->node);
    char detail[DRAW_DETAIL], count[COUNT_TEXT];
    bool is_named = op->role == DG_ROLE_INPUT || op->role == DG_ROLE_PARAMETER;
    const char *head = is_named ? node->name : op->role == DG_ROLE_CONSTANT ? constant_text(d, node) : op->name;
    const char *label = format(d, "<B>%s</B>", escaped(d, head));
    if (!is_named && (is_output || d->options->names) && strcmp(head, node->name) != 0)
        label = format(d, "%s  <FONT POINT-SIZE=\"9\" COLOR=\"" GREY "\">%s</FONT>", label, escaped(d, node->name));
    draw_detail(d->file, node, detail);
    if (detail[0])
        label = format(d, "%s%s", label, small(d, escaped(d, detail)));
    int64_t parameters = d->costs[index].parameters;
    if (parameters && !d->options->parameters && op->role != DG_ROLE_PARAMETER)
        label = format(d, "%s%s", label,
                       small(d, format(d, "%s %s", cost_print_count(parameters, count, sizeof count),
                                       parameters == 1 ? "parameter" : "parameters")));
    return label;
}

static const char *node_tooltip(drawing *d, int index)
{
    const file_node *node = &d->file->nodes[index];
    char shape[DG_SHAPE_TEXT], count[COUNT_TEXT];
    int64_t parameters = d->costs[index].parameters;
    const dg_type *type = dg_node_type(node->node, 0);
    const char *text = format(d, "%s: %s, %s %s", node->name, dg_node_op(node->node)->name, dg_dtype_name(type->dtype),
                              draw_shape(d->file->graph, &type->shape, shape, sizeof shape));
    if (parameters)
        text = format(d, "%s, %s parameter%s", text, cost_print_count(parameters, count, sizeof count),
                      parameters == 1 ? "" : "s");
    const char *safe = draw_escape_backslashes(d->arena, text);
    return safe ? safe : "";
}

/* A name that goes into SVG as it is. */
static bool is_plain_id(const char *name)
{
    return *name && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") == strlen(name);
}

static void style_sign(styling *s, const char *sign)
{
    add_html(s, "label", format(s->d, "<B>%s</B>", escaped(s->d, sign)));
    add(s, "shape", "circle");
    add(s, "fixedsize", "true");
    add(s, "width", "0.34");
    add(s, "height", "0.34");
    add(s, "margin", "0");
    add(s, "fontsize", "13");
}

static void style_node(drawing *d, int index)
{
    file_node *node = &d->styled.nodes[index];
    const dg_op *op = dg_node_op(node->node);
    int style = draw_style_of(op);
    bool is_output = d->file->output == node->node && op->role != DG_ROLE_INPUT;
    styling s = begin(d, &node->attributes, &d->file->node_defaults);
    const char *sign = draw_sign(op);
    note_family(d, style, op->role == DG_ROLE_CONSTANT ? "constant" : style == STYLE_INPUT ? "input" : op->family);
    if (sign && !is_output && !d->options->names && !is_set(&s, "shape"))
        style_sign(&s, sign);
    add_html(&s, "label", node_label(d, index, is_output));
    add(&s, "fillcolor", draw_styles[style].fill);
    add(&s, "color", is_output ? draw_styles[STYLE_INPUT].border : draw_styles[style].border);
    if (is_output)
        note_family(d, STYLE_INPUT, "output");
    if (is_output || style == STYLE_INPUT)
        add(&s, "penwidth", "1.8");
    if (style == STYLE_PARAMETER)
        add(&s, "style", "filled");
    if (strcmp(op->family, "loss") == 0 || d->file->loss == node->node)
        add(&s, "peripheries", "2");
    add(&s, "tooltip", node_tooltip(d, index));
    add(&s, "class", op->family);
    if (is_plain_id(node->name))
        add(&s, "id", format(d, "node-%s", node->name));
    for (int k = 0; k < NODE_LOOKS; k++)
        if (d->on_each_node[k])
            add(&s, node_looks[k][0], node_looks[k][1]);
    finish_styled(&s);
}

/* ---- edges ---- */

static bool changes_shape(const dg_node *node, int output)
{
    const dg_node *input = dg_node_input_count(node) ? dg_node_input(node, 0) : NULL;
    dg_role role = dg_node_op(node)->role;
    if (role == DG_ROLE_PARAMETER || role == DG_ROLE_CONSTANT)
        return false;
    return !input || !dg_shape_equal(&dg_node_type(input, 0)->shape, &dg_node_type(node, output)->shape);
}

/* Which output of its tail an edge takes. */
static int edge_output(const graph_file *file, const file_edge *edge)
{
    const dg_node *source = dg_node_input(file->nodes[edge->head].node, edge->input);
    if (!source || source == file->nodes[edge->tail].node || dg_node_op(source)->role != DG_ROLE_OUTPUT)
        return 0;
    const dg_value *index = dg_node_attr(source, "index");
    return index ? (int)index->i : 0;
}

/* Whether the shape is told on this edge: of the edges from one output, on the first that is no skip. */
static bool tells_shape(const drawing *d, int e, const bool *is_told)
{
    const file_edge *edge = &d->file->edges[e];
    if (d->options->shapes == DRAW_SHAPES_ALL)
        return true;
    if (d->options->shapes == DRAW_SHAPES_NONE || d->layout.virtuals > MOST_FULL || d->layout.skips[e])
        return false;
    int output = edge_output(d->file, edge);
    return !is_told[edge->tail * DG_MAX_OUTPUTS + output] && changes_shape(d->file->nodes[edge->tail].node, output);
}

static void style_edge(drawing *d, int e, bool *is_told)
{
    file_edge *edge = &d->styled.edges[e];
    const dg_node *tail = d->file->nodes[edge->tail].node;
    styling s = begin(d, &edge->attributes, &d->file->edge_defaults);
    char shape[DG_SHAPE_TEXT];
    if (tells_shape(d, e, is_told)) {
        int output = edge_output(d->file, edge);
        draw_shape(d->file->graph, &dg_node_type(tail, output)->shape, shape, sizeof shape);
        add(&s, "label", edge->out ? format(d, "  %s: %s  ", edge->out, shape) : format(d, "  %s  ", shape));
        is_told[edge->tail * DG_MAX_OUTPUTS + output] = true;
    }
    if (d->layout.skips[e]) {
        add(&s, "color", "#4477AA");
        add(&s, "penwidth", "1.6");
    } else if (dg_node_op(tail)->role == DG_ROLE_PARAMETER) {
        add(&s, "color", draw_styles[STYLE_PARAMETER].border);
    }
    if (d->layout.is_main[e])
        add(&s, "weight", "8");
    for (int k = 0; k < EDGE_LOOKS; k++)
        if (d->on_each_edge[k])
            add(&s, edge_looks[k][0], edge_looks[k][1]);
    finish_styled(&s);
}

/* ---- what layers own, as nodes ---- */

static void add_parameter(drawing *d, int owner, dg_node *parameter)
{
    graph_file *styled = &d->styled;
    char shape[DG_SHAPE_TEXT];
    file_node *node = &styled->nodes[styled->n_nodes];
    file_edge *edge = &styled->edges[styled->n_edges++];
    const char *name = dg_node_name(parameter), *prefix = d->file->nodes[owner].name, *part = name;
    if (strncmp(name, prefix, strlen(prefix)) == 0 && name[strlen(prefix)] == '.')
        part = name + strlen(prefix) + 1;
    *node = (file_node){.name = name, .cluster = d->file->nodes[owner].cluster};
    *edge = (file_edge){.tail = styled->n_nodes++, .head = owner};
    draw_shape(d->file->graph, &dg_node_type(parameter, 0)->shape, shape, sizeof shape);
    styling s = begin(d, &node->attributes, NULL);
    append(&s, "derived", "true", false);
    append(&s, "label", format(d, "<B>%s</B>%s", escaped(d, part), small(d, escaped(d, shape))), true);
    append(&s, "fillcolor", draw_styles[STYLE_PARAMETER].fill, false);
    append(&s, "color", draw_styles[STYLE_PARAMETER].border, false);
    append(&s, "style", "filled", false);
    append(&s, "fontsize", "10", false);
    s = begin(d, &edge->attributes, NULL);
    append(&s, "derived", "true", false);
    append(&s, "color", draw_styles[STYLE_PARAMETER].border, false);
    note_family(d, STYLE_PARAMETER, "parameter");
}

static int by_node_name(const void *a, const void *b)
{
    dg_node *const *first = a, *const *second = b;
    return strcmp(dg_node_name(*first), dg_node_name(*second));
}

/* All parameters of the graph that a node of the file owns, by name: that order does not depend on the file's. */
static void add_parameters(drawing *d, int most)
{
    dg_node **nodes = dg_arena_alloc(d->arena, ((size_t)most + 1) * sizeof *nodes);
    int count = 0;
    for (int64_t id = 0; nodes && count < most && id < dg_graph_node_count(d->file->graph); id++) {
        dg_node *node = dg_graph_node(d->file->graph, id);
        if (dg_node_op(node)->role == DG_ROLE_PARAMETER && dg_node_owner(node))
            nodes[count++] = node;
    }
    if (nodes)
        qsort(nodes, (size_t)count, sizeof *nodes, by_node_name);
    for (int k = 0; k < count; k++) {
        int owner = graph_file_index(d->file, dg_node_owner(nodes[k]));
        if (owner >= 0)
            add_parameter(d, owner, nodes[k]);
    }
    d->no_memory |= !nodes;
}

static int count_owned(const drawing *d)
{
    int owned = 0;
    for (int64_t id = 0; d->options->parameters && id < dg_graph_node_count(d->file->graph); id++)
        owned += dg_node_op(dg_graph_node(d->file->graph, id))->role == DG_ROLE_PARAMETER;
    return owned;
}

/* ---- clusters, title and legend ---- */

static void style_cluster(drawing *d, int index)
{
    file_cluster *cluster = &d->styled.clusters[index];
    if (!cluster->is_cluster) {
        begin(d, &cluster->attributes, NULL);
        return;
    }
    const char *name = cluster->name + strlen("cluster");
    styling s = begin(d, &cluster->attributes, NULL);
    add_html(&s, "label", format(d, "<B>%s</B>", escaped(d, *name == '_' ? name + 1 : name)));
    add(&s, "style", "rounded,filled");
    add(&s, "fillcolor", "#FAFBFC");
    add(&s, "color", "#D0D7DE");
    add(&s, "labeljust", "l");
    add(&s, "fontsize", "10");
    add(&s, "margin", "14");
    append(&s, "styled", format(d, "%s %s", cluster->name, finish(&s)), false); /* the name: subgraphs inherit */
}

static bool has_batch(const drawing *d)
{
    for (int k = 0; k < d->file->n_nodes; k++) {
        const dg_node *node = d->file->nodes[k].node;
        const dg_shape *shape = &dg_node_type(node, 0)->shape;
        for (int i = 0; dg_node_op(node)->role == DG_ROLE_INPUT && i < shape->rank; i++)
            if (shape->dims[i] == DG_N)
                return true;
    }
    return false;
}

static const char *make_summary(drawing *d)
{
    char count[COUNT_TEXT], work[COUNT_TEXT];
    int64_t parameters = 0;
    double flops = 0;
    for (int k = 0; k < d->file->n_nodes; k++) {
        parameters += d->costs[k].parameters;
        flops += d->costs[k].flops;
    }
    const char *text = dg_dtype_name(dg_graph_dtype(d->file->graph));
    text = format(d, "%s · %s %s", text, cost_print_count(parameters, count, sizeof count),
                  parameters == 1 ? "parameter" : "parameters");
    if (!isfinite(flops) || flops <= 0)
        return text;
    cost_print_amount(flops, "FLOP", work, sizeof work);
    return format(d, "%s · %s%s", text, work, has_batch(d) ? " / sample" : "");
}

static int by_text(const void *a, const void *b)
{
    const char *const *first = a, *const *second = b;
    return strcmp(*first, *second);
}

static const char *make_legend(drawing *d, int *chips)
{
    static const int order[DRAW_STYLES] = {STYLE_INPUT, 3, 4, 5, STYLE_ELEMENTWISE, 6, 7, STYLE_PARAMETER, 8};
    const char *row = "";
    *chips = 0;
    for (int i = 0; i < DRAW_STYLES; i++) {
        const char **families = d->families[order[i]], *words = "";
        size_t count = 0;
        while (count < MOST_FAMILIES && families[count])
            count++;
        qsort(families, count, sizeof *families, by_text);
        for (size_t k = 0; k < count; k++)
            words = format(d, "%s%s%s", words, *words ? " / " : "", families[k]);
        if (!*words)
            continue;
        if (order[i] == STYLE_PARAMETER)
            words = "parameter";
        row = format(d, "%s<TD BGCOLOR=\"%s\" COLOR=\"%s\" BORDER=\"1\"%s><FONT POINT-SIZE=\"8\"> %s </FONT></TD>", row,
                     draw_styles[order[i]].fill, draw_styles[order[i]].border,
                     order[i] == STYLE_PARAMETER ? "" : " STYLE=\"ROUNDED\"", escaped(d, words));
        ++*chips;
    }
    return row;
}

static const char *make_title(drawing *d)
{
    int chips;
    const char *legend = make_legend(d, &chips), *rows = "";
    if (*d->title)
        rows = format(d, "<TR><TD ALIGN=\"LEFT\"><FONT POINT-SIZE=\"15\"><B>%s</B></FONT></TD></TR>",
                      escaped(d, d->title));
    rows = format(d, "%s<TR><TD ALIGN=\"LEFT\"><FONT POINT-SIZE=\"9\" COLOR=\"" GREY "\">%s</FONT></TD></TR>", rows,
                  d->summary);
    if (chips)
        rows = format(d,
                      "%s<TR><TD ALIGN=\"LEFT\"><TABLE BORDER=\"0\" CELLSPACING=\"4\" CELLPADDING=\"3\"><TR>%s</TR>"
                      "</TABLE></TD></TR>",
                      rows, legend);
    return format(d, "<TABLE BORDER=\"0\" CELLBORDER=\"0\" CELLSPACING=\"4\" CELLPADDING=\"2\">%s</TABLE>", rows);
}

/* ---- defaults ---- */

static bool node_has(const drawing *d, const char *name, const char *value)
{
    for (int k = 0; k < d->file->n_nodes; k++) {
        const char *own = file_attribute_find(&d->file->nodes[k].attributes, name);
        if (own && strcmp(own, value) == 0)
            return true;
    }
    return false;
}

static bool edge_has(const drawing *d, const char *name, const char *value)
{
    for (int k = 0; k < d->file->n_edges; k++) {
        const char *own = file_attribute_find(&d->file->edges[k].attributes, name);
        if (own && strcmp(own, value) == 0)
            return true;
    }
    return false;
}

/* Looks that all nodes share, as defaults; but one that the author gave a node in the very same value goes on each
 * node, for the reader could not tell that node's own from the default. Returns the names. */
static const char *style_node_defaults(drawing *d)
{
    styling s = begin(d, &d->styled.node_defaults, NULL);
    for (int k = 0; k < NODE_LOOKS; k++) {
        d->on_each_node[k] = node_has(d, node_looks[k][0], node_looks[k][1]);
        if (!d->on_each_node[k])
            add(&s, node_looks[k][0], node_looks[k][1]);
    }
    return finish(&s);
}

static const char *style_edge_defaults(drawing *d)
{
    styling s = begin(d, &d->styled.edge_defaults, NULL);
    for (int k = 0; k < EDGE_LOOKS; k++) {
        d->on_each_edge[k] = edge_has(d, edge_looks[k][0], edge_looks[k][1]);
        if (!d->on_each_edge[k])
            add(&s, edge_looks[k][0], edge_looks[k][1]);
    }
    return finish(&s);
}

static void style_graph(drawing *d, const char *node_words, const char *edge_words)
{
    static const char *const looks[][2] = {{"bgcolor", "white"},     {"charset", "UTF-8"},
                                           {"fontcolor", "#24292F"}, {"fontname", "Helvetica,Arial,sans-serif"},
                                           {"fontsize", "11"},       {"labeljust", "l"},
                                           {"labelloc", "t"},        {"newrank", "true"},
                                           {"nodesep", "0.28"},      {"pad", "0.3"},
                                           {"ranksep", "0.32"}};
    file_attributes *to = &d->styled.attributes;
    styling s = begin(d, to, NULL);
    if (d->options->rankdir) { /* asked for: from now on the graph's own */
        for (size_t k = 0; k < to->count; k++)
            if (strcmp(to->items[k].name, "rankdir") == 0)
                to->items[k].value = d->options->rankdir;
        add(&s, "rankdir", d->options->rankdir);
        s.n_own = to->count;
    }
    add_html(&s, "label", make_title(d));
    for (size_t k = 0; k < sizeof looks / sizeof *looks; k++) {
        bool inherited = false; /* in the very same value as a cluster's own: the reader could not tell */
        for (int i = 0; i < d->file->n_clusters; i++) {
            const char *own = file_attribute_find(&d->file->clusters[i].attributes, looks[k][0]);
            inherited |= own && strcmp(own, looks[k][1]) == 0;
        }
        if (!inherited)
            add(&s, looks[k][0], looks[k][1]);
    }
    if (d->layout.virtuals > MOST_FULL)
        add(&s, "nslimit", "0");
    const char *words = finish(&s);
    append(&s, "styled_graph", words, false);
    append(&s, "styled_node", node_words, false);
    append(&s, "styled_edge", edge_words, false);
}

/* ---- the whole ---- */

static dg_status make_styled(drawing *d)
{
    const graph_file *file = d->file;
    int owned = count_owned(d);
    size_t n_nodes = (size_t)(file->n_nodes + owned) + 1, n_edges = (size_t)(file->n_edges + owned) + 1;
    size_t n_clusters = (size_t)file->n_clusters + 1;
    d->styled = *file;
    d->styled.nodes = dg_arena_alloc(d->arena, n_nodes * sizeof(file_node));
    d->styled.edges = dg_arena_alloc(d->arena, n_edges * sizeof(file_edge));
    d->styled.clusters = dg_arena_alloc(d->arena, n_clusters * sizeof(file_cluster));
    bool *is_told = dg_arena_alloc(d->arena, (size_t)file->n_nodes * DG_MAX_OUTPUTS + 1);
    if (!d->styled.nodes || !d->styled.edges || !d->styled.clusters || !is_told)
        return dg_error(DG_NO_MEMORY, "%s: not enough memory to draw", file->path);
    memcpy(d->styled.nodes, file->nodes, (size_t)file->n_nodes * sizeof(file_node));
    memcpy(d->styled.edges, file->edges, (size_t)file->n_edges * sizeof(file_edge));
    memcpy(d->styled.clusters, file->clusters, (size_t)file->n_clusters * sizeof(file_cluster));
    const char *node_words = style_node_defaults(d), *edge_words = style_edge_defaults(d);
    for (int k = 0; k < file->n_nodes; k++)
        style_node(d, k);
    for (int e = 0; e < file->n_edges; e++)
        style_edge(d, e, is_told);
    for (int k = 0; k < file->n_clusters; k++)
        style_cluster(d, k);
    if (owned)
        add_parameters(d, owned);
    d->summary = make_summary(d);
    style_graph(d, node_words, edge_words);
    return d->no_memory ? dg_error(DG_NO_MEMORY, "%s: not enough memory to draw", file->path) : dg_ok();
}

/* Says in the SVG that it is one picture, and what of. */
static dg_status describe_svg(drawing *d, char **bytes, size_t *size)
{
    char *root = strstr(*bytes, "<svg "), *end = root ? strchr(root, '>') : NULL;
    if (!end)
        return dg_ok();
    const char *text =
        format(d, "%s%sa network of %d nodes: %s", d->title, *d->title ? ", " : "", d->file->n_nodes, d->summary);
    text = draw_escape(d->arena, text, 400);
    char *described = NULL;
    int length = text ? asprintf(&described, "%.*s role=\"img\"%.*s>\n<desc>%s</desc>%s", (int)(root + 4 - *bytes),
                                 *bytes, (int)(end - root - 4), root + 4, text, end + 1)
                      : -1;
    if (length < 0)
        return dg_error(DG_NO_MEMORY, "%s: not enough memory to draw", d->file->path);
    free(*bytes);
    *bytes = described;
    *size = (size_t)length;
    return dg_ok();
}

static dg_status draw_picture(drawing *d, const char *kind, char **bytes, size_t *size)
{
    char *text;
    if (d->layout.virtuals > MOST_DRAWN)
        return dg_error(DG_BAD_DATA,
                        "%s: the graph is too large to be drawn: %lld nodes and bends, at most %d; cut it into parts, "
                        "or write -o x.dot and lay that out with sfdp",
                        d->file->path, (long long)d->layout.virtuals, MOST_DRAWN);
    DG_TRY(graph_file_write(&d->styled, &text));
    dg_status status = render_dot(d->file->path, text, kind, bytes, size);
    free(text);
    if (status.code == DG_OK && strcmp(kind, "svg") == 0)
        status = describe_svg(d, bytes, size);
    return status;
}

/* What the nodes cost for one sample: from the same document built once more, with 1 for N. */
static dg_status find_costs(drawing *d)
{
    static const file_size one = {"N", 1};
    graph_file sized = *d->file;
    const graph_file_options options = {.dtype = dg_graph_dtype(d->file->graph), .sizes = &one, .n_sizes = 1};
    sized.nodes = dg_arena_alloc(d->arena, ((size_t)sized.n_nodes + 1) * sizeof *sized.nodes);
    sized.edges = dg_arena_alloc(d->arena, ((size_t)sized.n_edges + 1) * sizeof *sized.edges);
    if (!sized.nodes || !sized.edges)
        return dg_error(DG_NO_MEMORY, "%s: not enough memory to draw", d->file->path);
    memcpy(sized.nodes, d->file->nodes, (size_t)sized.n_nodes * sizeof *sized.nodes);
    memcpy(sized.edges, d->file->edges, (size_t)sized.n_edges * sizeof *sized.edges);
    DG_TRY(dg_graph_new(&sized.graph));
    dg_status status = dot_build(&sized, &options);
    if (status.code == DG_OK)
        status = cost_of_nodes(&sized, &d->costs);
    dg_graph_free(sized.graph);
    return status;
}

dg_status draw_graph(const graph_file *file, const draw_options *options, const char *kind, char **bytes, size_t *size)
{
    static const draw_options usual = {0};
    drawing d = {.file = file,
                 .options = options ? options : &usual,
                 .is_picture = strcmp(kind, "dot") != 0,
                 .arena = file->arena};
    *bytes = NULL;
    *size = 0;
    d.title = d.options->title ? d.options->title : file->name;
    DG_TRY(layout_make(file, &d.layout));
    dg_status status = find_costs(&d);
    if (status.code != DG_OK) /* no batch of one */
        status = cost_of_nodes(file, &d.costs);
    if (status.code == DG_OK)
        status = make_styled(&d);
    if (status.code == DG_OK && d.is_picture)
        status = draw_picture(&d, kind, bytes, size);
    else if (status.code == DG_OK && (status = graph_file_write(&d.styled, bytes)).code == DG_OK)
        *size = strlen(*bytes);
    layout_release(&d.layout);
    free(d.costs);
    return status;
}

dg_status draw_text(const char *name, const char *text, const draw_options *options, const char *path)
{
    graph_file *file;
    char *bytes;
    size_t size;
    const char *kind = render_format(path);
    if (!kind)
        return dg_error(DG_BAD_ARGUMENT, "%s: the format is not known: svg, png, pdf or dot", path);
    DG_TRY(graph_file_parse(name, text, NULL, &file));
    dg_status status = draw_graph(file, options, kind, &bytes, &size);
    graph_file_free(file);
    if (status.code == DG_OK)
        status = dg_write_file(path, bytes, size);
    free(bytes);
    return status;
}
