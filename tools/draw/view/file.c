/* A view of a graph file: a box a node, a module a cluster. A cluster with repeat=K is shown once, as K times. */
#include "file.h"

#include <dotgrad/cost.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_DPI = 600 }; /* of a file, which may be somebody else's: more takes gigabytes */

typedef struct file_walk {
    view *v;
    const dg_graph_file *file;
    const file_wish *wish;
    int *module; /* by cluster; −1: none */
    int *box;    /* by node */
    int *n_uses; /* by node */
    dg_node_cost *costs;
} file_walk;

/* ---- appearance ---- */

static const char *find(const file_walk *f, const dg_file_attributes *own, const dg_file_attributes *usual,
                        const char *name)
{
    const char *value = dg_file_attribute_find(own, name);
    (void)f;
    return value ? value : usual ? dg_file_attribute_find(usual, name) : NULL;
}

/* Keeps what of the file is not drawn, to be said. */
static void note(file_walk *f, const char *what)
{
    bool is_there = text_lists(f->v->ignored, what) || (strchr(what, ' ') && strstr(f->v->ignored, what));
    if (!is_there)
        f->v->ignored = text_format(f->v->arena, "%s%s%s", f->v->ignored, *f->v->ignored ? ", " : "", what);
}

static const char *color(file_walk *f, const dg_file_attributes *own, const dg_file_attributes *usual, const char *name)
{
    char made[8];
    const char *value = find(f, own, usual, name);
    if (value && *value && !style_color(value, made))
        note(f, text_format(f->v->arena, "%s=%.40s", name, value));
    return value && style_color(value, made) ? text_format(f->v->arena, "%s", made) : NULL;
}

/* A length in points or inches, 0 for what is none. */
static double number(file_walk *f, const dg_file_attributes *own, const dg_file_attributes *usual, const char *name,
                     double most)
{
    const char *value = find(f, own, usual, name);
    dg_value parsed;
    double d = 0;
    if (!value || !*value)
        return 0;
    if (dg_value_parse(f->v->arena, value, &parsed).code != DG_OK || !dg_value_number(&parsed, &d))
        d = 0;
    if (!(d > 0 && d <= most) && strcmp(value, "0") != 0)
        note(f, text_format(f->v->arena, "%s=%.40s", name, value));
    return d > 0 && d <= most ? d : 0;
}

/* \n, \l, \r end a line, \N is the name; other backslashes go. */
static const char *label_text(file_walk *f, const char *label, const char *name)
{
    text t = {0};
    for (const char *at = label; *at; at++) {
        if (*at != '\\' || !at[1])
            text_bytes(&t, at, 1);
        else if (*++at == 'N' || *at == 'G')
            text_put(&t, name);
        else if (*at == 'n' || *at == 'l' || *at == 'r')
            text_put(&t, at[1] ? "\n" : "");
        else
            text_bytes(&t, at, 1);
    }
    const char *kept = text_keep(f->v->arena, &t);
    text_free(&t);
    return kept;
}

static const char *plain_label(file_walk *f, const dg_file_attributes *own, const dg_file_attributes *usual,
                               const char *name)
{
    for (int turn = 0; turn < 2; turn++) {
        const dg_file_attributes *from = turn ? usual : own;
        for (size_t k = 0; from && k < from->count; k++)
            if (strcmp(from->items[k].name, "label") == 0) {
                if (from->items[k].html)
                    note(f, "HTML labels");
                return from->items[k].html ? NULL : label_text(f, from->items[k].value, name);
            }
    }
    return NULL;
}

/* A value that is one of those known, or a list of them ("rounded,filled"); the first other one is said. */
static const char *words(file_walk *f, const dg_file_attributes *own, const dg_file_attributes *usual, const char *name,
                         const char *known)
{
    const char *value = find(f, own, usual, name);
    char one[48];
    for (const char *at = value; at && *at; at += strcspn(at, ", ") + (at[strcspn(at, ", ")] != '\0')) {
        snprintf(one, sizeof one, "%.*s", (int)strcspn(at, ", "), at);
        if (*one && !text_lists(known, one)) {
            note(f, text_format(f->v->arena, "%s=%.40s", name, one));
            break;
        }
    }
    return value;
}

static const char *tooltip_of(file_walk *f, const dg_file_attributes *own, const char *name)
{
    const char *tooltip = find(f, own, NULL, "tooltip");
    return tooltip && *tooltip ? label_text(f, tooltip, name) : NULL;
}

static view_looks looks_of(file_walk *f, const dg_file_node *node)
{
    const dg_file_attributes *own = &node->attributes, *usual = &f->file->node_defaults;
    const char *peripheries = find(f, own, usual, "peripheries");
    view_looks looks = {.label = plain_label(f, own, usual, node->name),
                        .fill = color(f, own, usual, "fillcolor"),
                        .color = color(f, own, usual, "color"),
                        .fontcolor = color(f, own, usual, "fontcolor"),
                        .shape = words(f, own, usual, "shape", "box,rect,rectangle,ellipse,oval,circle"),
                        .style = words(f, own, usual, "style", "filled,rounded,solid,dashed,dotted"),
                        .tooltip = tooltip_of(f, own, node->name),
                        .penwidth = number(f, own, usual, "penwidth", 20),
                        .fontsize = number(f, own, usual, "fontsize", 72),
                        .peripheries = peripheries ? *peripheries == '0'   ? 0
                                                     : *peripheries == '2' ? 2
                                                                           : 1
                                                   : -1};
    if (looks.label && strcmp(looks.label, node->name) == 0)
        looks.label = NULL; /* the default \N */
    return looks;
}

/* ---- modules ---- */

static int64_t repeat_of(const dg_file_cluster *cluster)
{
    const char *repeat = cluster->is_cluster ? dg_file_attribute_find(&cluster->attributes, "repeat") : NULL;
    int64_t times = repeat ? strtoll(repeat, NULL, 10) : 1;
    return times > 1 ? times : 1;
}

static bool is_shared(const dg_file_cluster *cluster)
{
    const char *share = dg_file_attribute_find(&cluster->attributes, "share");
    return share && strcmp(share, "true") == 0;
}

/* As Graphviz has it: bgcolor where there is no fillcolor, pencolor before color. */
static const char *cluster_fill(file_walk *f, const dg_file_attributes *own)
{
    const char *fill = color(f, own, NULL, "fillcolor"), *ground = color(f, own, NULL, "bgcolor");
    return fill ? fill : ground;
}

static const char *cluster_color(file_walk *f, const dg_file_attributes *own)
{
    const char *pen = color(f, own, NULL, "pencolor"), *line = color(f, own, NULL, "color");
    return pen ? pen : line;
}

static void add_modules(file_walk *f)
{
    for (int k = 0; k < f->file->n_clusters; k++) {
        const dg_file_cluster *cluster = &f->file->clusters[k];
        int parent = cluster->parent < 0 ? -1 : f->module[cluster->parent];
        f->module[k] = parent;
        if (!cluster->is_cluster)
            continue;
        const char *name = dg_file_cluster_name(cluster);
        const char *label = plain_label(f, &cluster->attributes, NULL, name);
        const char *full = parent < 0 ? name : text_format(f->v->arena, "%s.%s", f->v->modules[parent].name, name);
        f->module[k] = view_add_module(
            f->v,
            (view_module){.name = full,
                          .label = label ? label : name,
                          .parent = parent,
                          .times = repeat_of(cluster),
                          .is_shared = is_shared(cluster),
                          .sizes = is_shared(cluster) && repeat_of(cluster) > 1 ? "one set of parameters" : "",
                          .fill = cluster_fill(f, &cluster->attributes),
                          .color = cluster_color(f, &cluster->attributes),
                          .fontcolor = color(f, &cluster->attributes, NULL, "fontcolor"),
                          .penwidth = number(f, &cluster->attributes, NULL, "penwidth", 20),
                          .style = words(f, &cluster->attributes, NULL, "style", "filled,rounded,solid,dashed,dotted"),
                          .tooltip = tooltip_of(f, &cluster->attributes, name)});
    }
}

/* Copies that own parameters of their own. */
static int64_t owners_of(const file_walk *f, int node)
{
    int64_t copies = 1;
    for (int k = f->file->nodes[node].cluster; k >= 0; k = f->file->clusters[k].parent)
        copies *= is_shared(&f->file->clusters[k]) ? 1 : repeat_of(&f->file->clusters[k]);
    return copies;
}

static int64_t copies_of(const file_walk *f, int node)
{
    int64_t copies = 1;
    for (int k = f->file->nodes[node].cluster; k >= 0; k = f->file->clusters[k].parent)
        copies *= repeat_of(&f->file->clusters[k]);
    return copies;
}

/* ---- boxes ---- */

/* The value of the op is its input. */
static bool passes_on(const dg_op *op)
{
    return op->formula && op->inputs[0].name && strcmp(op->formula, op->inputs[0].name) == 0;
}

/* Where a module is entered, and its skip edges begin. */
static bool is_entry(const file_walk *f, int k)
{
    const dg_file_node *node = &f->file->nodes[k];
    return !f->wish->names && node->cluster >= 0 && f->n_uses[k] > 1 && node->node != f->file->output &&
           passes_on(dg_node_op(node->node));
}

/* use() and scan(): the file that is used, as a module. */
static void label_used(file_walk *f, view_row *row, const dg_file_node *node)
{
    const dg_value *call = &node->call;
    const char *path = call->count && (call->items[0].kind == DG_VALUE_STRING || call->items[0].kind == DG_VALUE_NAME)
                           ? call->items[0].s
                           : "";
    const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path, *words = dg_value_print(f->v->arena, call);
    row->head = *base ? base : call->s;
    row->detail = words ? words : call->s;
    row->style = STYLE_MODULE;
    row->sign = NULL;
    row->call = row->detail;
    row->exact = row->loose = text_format(f->v->arena, "%s:%s", row->detail, row->exact);
}

/* The names of a node of a module that repeats: its own and those of its copies. */
static const char *list_names(file_walk *f, const dg_file_node *node)
{
    text t = {0};
    text_put(&t, node->name);
    for (int i = 0; i < node->n_made; i++)
        text_add(&t, NAME_END "%s", dg_node_name(node->made[i]));
    const char *kept = text_keep(f->v->arena, &t);
    text_free(&t);
    return kept;
}

static void add_node(file_walk *f, int k)
{
    const dg_file_node *node = &f->file->nodes[k];
    const dg_op *op = dg_node_op(node->node);
    view_row *row = dg_arena_alloc(f->v->arena, sizeof *row);
    if (!row) {
        f->v->failed = true;
        return;
    }
    *row = (view_row){.name = node->name, .op = node->call.s, .node = node->node};
    label_row(f->v, row);
    if (strcmp(node->call.s, op->name) != 0 && node->call.count && !(op->flags & DG_ANY_INPUTS))
        label_used(f, row, node);
    row->parameters = f->costs[k].parameters / owners_of(f, k);
    if (copies_of(f, k) > 1) {
        row->names = list_names(f, node);
        row->n_made = row->style != STYLE_MODULE ? node->n_made : 0;
        row->made = node->made;
    }
    if (row->style == STYLE_MODULE) {
        row->n_inner = node->n_made;
        row->made = node->made;
    }
    for (int i = 0; i < f->file->n_losses; i++)
        row->is_loss = row->is_loss || f->file->losses[i] == node->node;
    if (row->is_loss)
        row->style = STYLE_LOSS;
    row->is_output = f->file->output == node->node && op->role != DG_ROLE_INPUT;
    row->looks = looks_of(f, node);
    box_kind kind = op->role == DG_ROLE_INPUT       ? BOX_INPUT
                    : op->role == DG_ROLE_PARAMETER ? BOX_PARAMETER
                    : op->role == DG_ROLE_CONSTANT  ? BOX_CONSTANT
                    : is_entry(f, k)                ? BOX_ENTRY
                                                    : BOX_OP;
    f->box[k] = view_add_box(f->v, (view_box){.kind = kind,
                                              .n_rows = 1,
                                              .rows = row,
                                              .module = node->cluster < 0 ? -1 : f->module[node->cluster],
                                              .partner = -1});
}

/* What a layer owns, as boxes beside it. */
static void add_parameters(file_walk *f, int k)
{
    const dg_file_node *node = &f->file->nodes[k];
    for (int i = 0; i < dg_node_input_count(node->node); i++) {
        dg_node *input = dg_node_input(node->node, i);
        view_row *row = dg_arena_alloc(f->v->arena, sizeof *row);
        if (!row || !input || dg_node_op(input)->role != DG_ROLE_PARAMETER || dg_node_owner(input) != node->node)
            continue;
        const char *name = dg_node_name(input), *dot = strrchr(name, '.');
        *row = (view_row){.name = name, .op = "parameter", .node = input};
        label_row(f->v, row);
        row->head = dot ? dot + 1 : name;
        int box = view_add_box(f->v, (view_box){.kind = BOX_PARAMETER,
                                                .n_rows = 1,
                                                .rows = row,
                                                .module = f->v->boxes[f->box[k]].module,
                                                .partner = -1});
        view_add_wire(f->v, (view_wire){.from = box,
                                        .to = f->box[k],
                                        .input = i,
                                        .argument = "",
                                        .result = "",
                                        .shape = row->detail,
                                        .kind = WIRE_PARAMETER});
    }
    if (f->costs[k].parameters)
        f->v->boxes[f->box[k]].rows[0].parameters = 0; /* shown by the boxes */
}

/* ---- wires ---- */

static int output_of(const file_walk *f, const dg_file_edge *edge)
{
    const dg_node *source = edge->source;
    if (!source || source == f->file->nodes[edge->tail].node || dg_node_op(source)->role != DG_ROLE_OUTPUT)
        return 0;
    const dg_value *index = dg_node_attr(source, "index");
    return index ? (int)index->i : 0;
}

/* A layer's own parameter that others read: its box is the layer's, as in a graph that C has built, and so are its
 * numbers. With `parameters` it has one of its own. */
static void join_owner(file_walk *f, int k)
{
    view *v = f->v;
    const dg_node *node = f->file->nodes[k].node, *owner = dg_node_owner((dg_node *)(uintptr_t)node);
    int of = owner ? dg_graph_file_index(f->file, owner) : -1;
    if (f->wish->parameters || f->wish->all || dg_node_op(node)->role != DG_ROLE_PARAMETER || of < 0 || of == k)
        return;
    v->boxes[f->box[of]].rows[0].parameters += v->boxes[f->box[k]].rows[0].parameters;
    v->boxes[f->box[k]].is_gone = true;
    v->boxes[f->box[k]].became = f->box[of] + 1;
}

static void add_wire(file_walk *f, const dg_file_edge *edge)
{
    view *v = f->v;
    const dg_file_node *head = &f->file->nodes[edge->head], *tail = &f->file->nodes[edge->tail];
    int output = output_of(f, edge);
    const dg_node *source = edge->source ? edge->source : tail->node;
    const char *argument = edge->input_name ? edge->input_name : label_argument(v, head->node, edge->input);
    const char *style = words(f, &edge->attributes, &f->file->edge_defaults, "style", "solid,dashed,dotted");
    const view_box *from = &v->boxes[f->box[edge->tail]];
    const char *dot = from->is_gone ? strrchr(tail->name, '.') : NULL; /* out of its owner, by its own name */
    view_add_wire(v, (view_wire){.from = from->is_gone ? from->became - 1 : f->box[edge->tail],
                                 .to = f->box[edge->head],
                                 .input = edge->input,
                                 .output = output,
                                 .argument = argument,
                                 .result = dot ? dot + 1
                                           : edge->out && output == 0 && *label_result(v, tail->node, 0) == '\0'
                                               ? edge->out
                                           : edge->out || output ? label_result(v, tail->node, output)
                                                                 : "",
                                 .shape = label_shape(v, source, 0),
                                 .kind = dg_node_op(tail->node)->role == DG_ROLE_PARAMETER ? WIRE_PARAMETER : WIRE_DATA,
                                 .label = plain_label(f, &edge->attributes, &f->file->edge_defaults, ""),
                                 .color = color(f, &edge->attributes, &f->file->edge_defaults, "color"),
                                 .fontcolor = color(f, &edge->attributes, &f->file->edge_defaults, "fontcolor"),
                                 .tooltip = tooltip_of(f, &edge->attributes, ""),
                                 .style = style,
                                 .penwidth = number(f, &edge->attributes, &f->file->edge_defaults, "penwidth", 20)});
}

static void take_graph_looks(file_walk *f)
{
    static const char *const directions[] = {"TB", "LR", "BT", "RL"};
    const char *rankdir = dg_file_attribute_find(&f->file->attributes, "rankdir");
    for (int k = 0; rankdir && k < 4; k++)
        if (strcmp(rankdir, directions[k]) == 0)
            f->v->rankdir = directions[k];
    if (rankdir && *rankdir && !f->v->rankdir)
        note(f, text_format(f->v->arena, "rankdir=%.40s", rankdir));
    f->v->dpi = number(f, &f->file->attributes, NULL, "dpi", MOST_DPI);
    if (f->v->dpi == 0)
        f->v->dpi = number(f, &f->file->attributes, NULL, "resolution", MOST_DPI);
    f->v->background = color(f, &f->file->attributes, NULL, "bgcolor");
    f->v->color = color(f, &f->file->attributes, NULL, "fontcolor");
    const char *label = plain_label(f, &f->file->attributes, NULL, f->file->name);
    f->v->title = label && *label ? label : f->file->name ? f->file->name : "";
}

/* What Graphviz would follow and these pictures do not: said, not dropped in silence. */
static void note_ignored(file_walk *f, const dg_file_attributes *attributes, unsigned where)
{
    for (size_t k = 0; k < attributes->count; k++) {
        const dg_attribute *known = dg_attribute_find(attributes->items[k].name);
        if (!known || known->ours || known->form == DG_FORM_RESULT || !(known->where & where) || (known->drawn & where))
            continue;
        note(f, known->name);
    }
}

dg_status view_of_file(view *v, const dg_graph_file *file, const file_wish *wish)
{
    file_walk f = {.v = v, .file = file, .wish = wish};
    size_t n = (size_t)file->n_nodes + 1;
    v->graph = file->graph;
    v->ignored = "";
    f.module = dg_arena_alloc(v->arena, ((size_t)file->n_clusters + 1) * sizeof *f.module);
    f.box = dg_arena_alloc(v->arena, n * sizeof *f.box);
    f.n_uses = dg_arena_alloc(v->arena, n * sizeof *f.n_uses);
    if (!f.module || !f.box || !f.n_uses)
        return dg_no_memory("a picture of %s", file->path);
    DG_TRY(dg_graph_file_costs(file, &f.costs));
    for (int e = 0; e < file->n_edges; e++)
        f.n_uses[file->edges[e].tail]++;
    add_modules(&f);
    for (int k = 0; k < file->n_nodes; k++)
        add_node(&f, k);
    for (int k = 0; k < file->n_nodes && !v->failed; k++)
        join_owner(&f, k);
    for (int e = 0; e < file->n_edges && !v->failed; e++)
        add_wire(&f, &file->edges[e]);
    file_shares(v, file, f.box);
    for (int k = 0; wish->parameters && k < file->n_nodes; k++)
        if (v->boxes[f.box[k]].kind == BOX_OP)
            add_parameters(&f, k);
    take_graph_looks(&f);
    note_ignored(&f, &file->attributes, DG_ON_GRAPH);
    note_ignored(&f, &file->node_defaults, DG_ON_NODE);
    note_ignored(&f, &file->edge_defaults, DG_ON_EDGE);
    for (int k = 0; k < file->n_clusters; k++)
        note_ignored(&f, &file->clusters[k].attributes, DG_ON_CLUSTER);
    for (int k = 0; k < file->n_nodes; k++)
        note_ignored(&f, &file->nodes[k].attributes, DG_ON_NODE);
    for (int e = 0; e < file->n_edges; e++)
        note_ignored(&f, &file->edges[e].attributes, DG_ON_EDGE);
    free(f.costs);
    return v->failed ? dg_no_memory("a picture of %s", file->path) : dg_ok();
}
