/* The house style of nodes, edges and clusters. */
#include "drawing.h"

#include <stdlib.h>
#include <string.h>

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

/* ---- nodes ---- */

/* Grey is too weak on the colours of heat. */
static const char *small_color(const drawing *d)
{
    return d->options->heat ? "#24292F" : GREY;
}

static const char *small(drawing *d, const char *text)
{
    return draw_format(d, "<BR/><FONT POINT-SIZE=\"9\" COLOR=\"%s\">%s</FONT>", small_color(d), text);
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

/* How often a cluster is repeated; 1 for those that are not. */
static int64_t repeat_of(const dg_file_cluster *cluster)
{
    const char *repeat = cluster->is_cluster ? dg_file_attribute_find(&cluster->attributes, "repeat") : NULL;
    int64_t times = repeat ? strtoll(repeat, NULL, 10) : 1;
    return times > 1 ? times : 1;
}

/* The parameters of one copy of a node. */
static int64_t parameters_of(const drawing *d, int index)
{
    int64_t copies = 1;
    for (int k = d->file->nodes[index].cluster; k >= 0; k = d->file->clusters[k].parent)
        copies *= repeat_of(&d->file->clusters[k]);
    return d->costs[index].parameters / copies;
}

static const char *constant_text(const drawing *d, const dg_file_node *node)
{
    const char *text = node->call.count ? dg_value_print(d->arena, &node->call.items[0]) : NULL;
    return text && strlen(text) <= 16 ? text : dg_node_name(node->node);
}

static const char *node_label(drawing *d, int index, bool is_output)
{
    const dg_file_node *node = &d->file->nodes[index];
    const dg_op *op = dg_node_op(node->node);
    char detail[DRAW_DETAIL], count[COUNT_TEXT];
    bool is_named = op->role == DG_ROLE_INPUT || op->role == DG_ROLE_PARAMETER;
    const char *head = is_named ? node->name : op->role == DG_ROLE_CONSTANT ? constant_text(d, node) : node->call.s;
    const char *label = draw_format(d, "<B>%s</B>", draw_safe(d, head));
    if (!is_named && (is_output || d->options->names) && strcmp(head, node->name) != 0)
        label = draw_format(d, "%s  <FONT POINT-SIZE=\"9\" COLOR=\"%s\">%s</FONT>", label, small_color(d),
                            draw_safe(d, node->name));
    draw_detail(d->file, node, detail);
    if (detail[0])
        label = draw_format(d, "%s%s", label, small(d, draw_safe(d, detail)));
    if (d->options->heat && *heat_label(d, index))
        return draw_format(d, "%s%s", label, small(d, draw_safe(d, heat_label(d, index))));
    int64_t parameters = parameters_of(d, index);
    if (parameters && !d->options->parameters && op->role != DG_ROLE_PARAMETER)
        label = draw_format(d, "%s%s", label,
                            small(d, draw_format(d, "%s %s", cost_print_count(parameters, count, sizeof count),
                                                 parameters == 1 ? "parameter" : "parameters")));
    return label;
}

static const char *node_tooltip(drawing *d, int index)
{
    const dg_file_node *node = &d->file->nodes[index];
    char shape[DG_SHAPE_TEXT], count[COUNT_TEXT];
    int64_t parameters = parameters_of(d, index);
    const dg_type *type = dg_node_type(node->node, 0);
    const char *text = draw_format(d, "%s: %s, %s %s", node->name, node->call.s, dg_dtype_name(type->dtype),
                                   draw_shape(d->file->graph, &type->shape, shape, sizeof shape));
    if (parameters)
        text = draw_format(d, "%s, %s parameter%s", text, cost_print_count(parameters, count, sizeof count),
                           parameters == 1 ? "" : "s");
    if (d->options->heat && *heat_label(d, index))
        text = draw_format(d, "%s, %s", text, heat_label(d, index));
    const char *safe = draw_escape_backslashes(d->arena, text);
    return safe ? safe : "";
}

/* A name that goes into SVG as it is. */
static bool is_plain_id(const char *name)
{
    return *name && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") == strlen(name);
}

/* Where a module is entered, and its skip edges begin: a dot is enough. */
static bool is_entry(const drawing *d, int index)
{
    int n_uses = 0;
    const dg_file_node *node = &d->file->nodes[index];
    if (node->cluster < 0 || strcmp(dg_node_op(node->node)->name, "identity") != 0 || d->options->names)
        return false;
    for (int e = 0; e < d->file->n_edges; e++)
        n_uses += d->file->edges[e].tail == index;
    return n_uses > 1;
}

static void style_entry(styling *s)
{
    style_add(s, "label", "");
    style_add(s, "shape", "point");
    style_add(s, "width", "0.07");
    style_add(s, "height", "0.07");
    style_add(s, "color", GREY);
    style_add(s, "fillcolor", GREY);
}

static void style_sign(styling *s, const char *sign)
{
    style_add_html(s, "label", draw_format(s->d, "<B>%s</B>", draw_safe(s->d, sign)));
    style_add(s, "shape", "circle");
    style_add(s, "fixedsize", "true");
    style_add(s, "width", "0.34");
    style_add(s, "height", "0.34");
    style_add(s, "margin", "0");
    style_add(s, "fontsize", "13");
}

/* What every node is given. */
static void finish_node(styling *s, int index)
{
    drawing *d = s->d;
    const dg_file_node *node = &d->file->nodes[index];
    style_add(s, "tooltip", node_tooltip(d, index));
    style_add(s, "class", dg_node_op(node->node)->family);
    if (is_plain_id(node->name))
        style_add(s, "id", draw_format(d, "node_%s", node->name));
    for (int k = 0; k < NODE_LOOKS; k++)
        if (d->on_each_node[k])
            style_add(s, node_looks[k][0], node_looks[k][1]);
    style_finish_listed(s);
}

void style_node(drawing *d, int index)
{
    dg_file_node *node = &d->styled.nodes[index];
    const dg_op *op = dg_node_op(node->node);
    int style = draw_style_of(op);
    bool is_output = d->file->output == node->node && op->role != DG_ROLE_INPUT;
    styling s = style_begin(d, &node->attributes, &d->file->node_defaults);
    const char *sign = draw_sign(op);
    if (is_entry(d, index) && !is_output && !d->options->heat && !style_is_set(&s, "shape")) {
        style_entry(&s);
        finish_node(&s, index);
        return;
    }
    note_family(d, style, op->role == DG_ROLE_CONSTANT ? "constant" : style == STYLE_INPUT ? "input" : op->family);
    if (sign && !is_output && !d->options->names && !d->options->heat && !style_is_set(&s, "shape"))
        style_sign(&s, sign);
    style_add_html(&s, "label", node_label(d, index, is_output));
    style_add(&s, "fillcolor", d->options->heat ? heat_color(d, index) : draw_styles[style].fill);
    style_add(&s, "color", is_output ? draw_styles[STYLE_INPUT].border : draw_styles[style].border);
    if (is_output)
        note_family(d, STYLE_INPUT, "output");
    if (is_output || style == STYLE_INPUT)
        style_add(&s, "penwidth", "1.8");
    if (style == STYLE_PARAMETER)
        style_add(&s, "style", "filled");
    if (strcmp(op->family, "loss") == 0 || d->file->loss == node->node)
        style_add(&s, "peripheries", "2");
    finish_node(&s, index);
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
static int edge_output(const dg_graph_file *file, const dg_file_edge *edge)
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
    const dg_file_edge *edge = &d->file->edges[e];
    if (d->options->shapes == DRAW_SHAPES_ALL)
        return true;
    if (d->options->shapes == DRAW_SHAPES_NONE || d->layout.virtuals > MOST_FULL || d->layout.skips[e])
        return false;
    int output = edge_output(d->file, edge);
    return !is_told[edge->tail * DG_MAX_OUTPUTS + output] && changes_shape(d->file->nodes[edge->tail].node, output);
}

void style_edge(drawing *d, int e, bool *is_told)
{
    dg_file_edge *edge = &d->styled.edges[e];
    const dg_node *tail = d->file->nodes[edge->tail].node;
    styling s = style_begin(d, &edge->attributes, &d->file->edge_defaults);
    char shape[DG_SHAPE_TEXT];
    if (tells_shape(d, e, is_told)) {
        int output = edge_output(d->file, edge);
        draw_shape(d->file->graph, &dg_node_type(d->file->edges[e].source, 0)->shape, shape, sizeof shape);
        style_add(&s, "label",
                  edge->out ? draw_format(d, "  %s: %s  ", edge->out, shape) : draw_format(d, "  %s  ", shape));
        is_told[edge->tail * DG_MAX_OUTPUTS + output] = true;
    }
    if (d->layout.skips[e]) {
        style_add(&s, "color", "#4477AA");
        style_add(&s, "penwidth", "1.6");
    } else if (dg_node_op(tail)->role == DG_ROLE_PARAMETER) {
        style_add(&s, "color", draw_styles[STYLE_PARAMETER].border);
    }
    if (d->layout.is_main[e])
        style_add(&s, "weight", "8");
    for (int k = 0; k < EDGE_LOOKS; k++)
        if (d->on_each_edge[k])
            style_add(&s, edge_looks[k][0], edge_looks[k][1]);
    style_finish_listed(&s);
}

/* ---- what layers own, as nodes ---- */

static void add_parameter(drawing *d, int owner, dg_node *parameter)
{
    dg_graph_file *styled = &d->styled;
    char shape[DG_SHAPE_TEXT];
    dg_file_node *node = &styled->nodes[styled->n_nodes];
    dg_file_edge *edge = &styled->edges[styled->n_edges++];
    const char *name = dg_node_name(parameter), *prefix = dg_node_name(dg_node_owner(parameter)), *part = name;
    if (strncmp(name, prefix, strlen(prefix)) == 0 && name[strlen(prefix)] == '.')
        part = name + strlen(prefix) + 1;
    *node = (dg_file_node){.name = name, .cluster = d->file->nodes[owner].cluster};
    *edge = (dg_file_edge){.tail = styled->n_nodes++, .head = owner};
    draw_shape(d->file->graph, &dg_node_type(parameter, 0)->shape, shape, sizeof shape);
    styling s = style_begin(d, &node->attributes, NULL);
    style_append(&s, "derived", "true", false);
    style_append(&s, "label", draw_format(d, "<B>%s</B>%s", draw_safe(d, part), small(d, draw_safe(d, shape))), true);
    style_append(&s, "fillcolor", draw_styles[STYLE_PARAMETER].fill, false);
    style_append(&s, "color", draw_styles[STYLE_PARAMETER].border, false);
    style_append(&s, "style", "filled", false);
    style_append(&s, "fontsize", "10", false);
    s = style_begin(d, &edge->attributes, NULL);
    style_append(&s, "derived", "true", false);
    style_append(&s, "color", draw_styles[STYLE_PARAMETER].border, false);
    note_family(d, STYLE_PARAMETER, "parameter");
}

static int by_node_name(const void *a, const void *b)
{
    dg_node *const *first = a, *const *second = b;
    return strcmp(dg_node_name(*first), dg_node_name(*second));
}

/* All parameters of the graph that a node of the file owns, by name: that order does not depend on the file's. */
void style_add_owned(drawing *d, int most)
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
        int owner = dg_graph_file_index(d->file, dg_node_owner(nodes[k]));
        if (owner >= 0 && d->file->nodes[owner].node == dg_node_owner(nodes[k])) /* of copies, one is drawn */
            add_parameter(d, owner, nodes[k]);
    }
    d->no_memory |= !nodes;
}

int style_count_owned(const drawing *d)
{
    int owned = 0;
    for (int64_t id = 0; d->options->parameters && id < dg_graph_node_count(d->file->graph); id++)
        owned += dg_node_op(dg_graph_node(d->file->graph, id))->role == DG_ROLE_PARAMETER;
    return owned;
}

/* ---- clusters ---- */

void style_cluster(drawing *d, int index)
{
    static const char *const looks[][2] = {{"style", "rounded,filled"}, {"fillcolor", "#FAFBFC"}, {"color", "#D0D7DE"},
                                           {"labeljust", "l"},          {"fontsize", "10"},       {"margin", "14"}};
    dg_file_cluster *cluster = &d->styled.clusters[index];
    if (!cluster->is_cluster) {
        style_begin(d, &cluster->attributes, NULL);
        return;
    }
    const char *name = cluster->name + strlen("cluster");
    styling s = style_begin(d, &cluster->attributes, NULL);
    const char *label = draw_format(d, "<B>%s</B>", draw_safe(d, *name == '_' ? name + 1 : name));
    if (repeat_of(cluster) > 1) {
        label =
            draw_format(d, "%s <FONT COLOR=\"" PURPLE "\"><B>×%lld</B></FONT>", label, (long long)repeat_of(cluster));
        style_add(&s, "color", PURPLE);
        style_add(&s, "penwidth", "1.4");
    }
    style_add_html(&s, "label", label);
    for (size_t k = 0; k < sizeof looks / sizeof *looks; k++)
        style_add(&s, looks[k][0], looks[k][1]);
    /* with the name, for subgraphs inherit */
    style_append(&s, "styled", draw_format(d, "%s %s", cluster->name, style_finish(&s)), false);
}

/* ---- defaults ---- */

static bool node_has(const drawing *d, const char *name, const char *value)
{
    for (int k = 0; k < d->file->n_nodes; k++) {
        const char *own = dg_file_attribute_find(&d->file->nodes[k].attributes, name);
        if (own && strcmp(own, value) == 0)
            return true;
    }
    return false;
}

static bool edge_has(const drawing *d, const char *name, const char *value)
{
    for (int k = 0; k < d->file->n_edges; k++) {
        const char *own = dg_file_attribute_find(&d->file->edges[k].attributes, name);
        if (own && strcmp(own, value) == 0)
            return true;
    }
    return false;
}

/* Looks that all nodes share, as defaults; but one that the author gave a node in the very same value goes on each
 * node, for the reader could not tell that node's own from the default. Returns the names. */
const char *style_node_defaults(drawing *d)
{
    styling s = style_begin(d, &d->styled.node_defaults, NULL);
    for (int k = 0; k < NODE_LOOKS; k++) {
        d->on_each_node[k] = node_has(d, node_looks[k][0], node_looks[k][1]);
        if (!d->on_each_node[k])
            style_add(&s, node_looks[k][0], node_looks[k][1]);
    }
    return style_finish(&s);
}

const char *style_edge_defaults(drawing *d)
{
    styling s = style_begin(d, &d->styled.edge_defaults, NULL);
    for (int k = 0; k < EDGE_LOOKS; k++) {
        d->on_each_edge[k] = edge_has(d, edge_looks[k][0], edge_looks[k][1]);
        if (!d->on_each_edge[k])
            style_add(&s, edge_looks[k][0], edge_looks[k][1]);
    }
    return style_finish(&s);
}