/* A document to canonical DOT text. libcgraph's own writer reorders edges and loses backslashes. */
#include "graph_file.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct writing {
    const graph_file *file;
    const file_style *style; /* NULL: the document alone */
    FILE *out;
    bool *written; /* nodes */
} writing;

static bool is_keyword(const char *text)
{
    static const char *const keywords[] = {"node", "edge", "graph", "digraph", "subgraph", "strict"};
    for (size_t k = 0; k < sizeof keywords / sizeof *keywords; k++)
        if (strcasecmp(text, keywords[k]) == 0)
            return true;
    return false;
}

/* A name or number that DOT reads without quotes. */
static bool is_plain(const char *text)
{
    const char *at = text;
    if (isdigit((unsigned char)*at) || *at == '-' || *at == '.') {
        at += *at == '-';
        size_t whole = strspn(at, "0123456789");
        at += whole;
        size_t part = *at == '.' ? strspn(at + 1, "0123456789") : 0;
        at += *at == '.' ? part + 1 : 0;
        return *at == '\0' && whole + part > 0;
    }
    while (isalnum((unsigned char)*at) || *at == '_')
        at++;
    return *at == '\0' && at > text && !is_keyword(text);
}

/* Text in quotes: a quote gets a backslash. Every other backslash stands for itself, but one at the very end would
 * escape our quote. */
static void write_text(FILE *out, const char *text)
{
    if (is_plain(text)) {
        fputs(text, out);
        return;
    }
    size_t backslashes = 0;
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"')
            fputc('\\', out);
        backslashes = *text == '\\' ? backslashes + 1 : 0;
        fputc(*text, out);
    }
    if (backslashes % 2)
        fputc('\\', out);
    fputc('"', out);
}

static void write_attribute(FILE *out, bool *first, const char *name, const char *value, bool html)
{
    fputs(*first ? " [" : ", ", out);
    *first = false;
    write_text(out, name);
    fputc('=', out);
    if (html)
        fprintf(out, "<%s>", value);
    else
        write_text(out, value);
}

static bool is_one_of(const char *name, const char *const *list)
{
    for (; list && *list; list++)
        if (strcmp(name, *list) == 0)
            return true;
    return false;
}

/* What loads files, runs script or hides parts of a picture. */
static bool is_unsafe(const file_attribute *attribute)
{
    static const char *const names[] = {"image",  "imagepath",   "shapefile",   "stylesheet", "layer",   "layers",
                                        "target", "layerselect", "_background", "fontpath",   "charset", NULL};
    size_t length = strlen(attribute->name);
    if (is_one_of(attribute->name, names))
        return true;
    if ((length >= 3 && strcasecmp(attribute->name + length - 3, "URL") == 0) ||
        (length >= 4 && strcasecmp(attribute->name + length - 4, "href") == 0) ||
        (length >= 6 && strcasecmp(attribute->name + length - 6, "target") == 0))
        return true;
    return attribute->html && (strcasestr(attribute->value, "href") || strcasestr(attribute->value, "<img"));
}

/* How the attributes of one object are written: in brackets, or as statements of a block. */
typedef struct attribute_list {
    const writing *w;
    const char *const *without;
    int indent; /* of statements; −1: in brackets */
    bool first;
} attribute_list;

static void add_to_list(attribute_list *list, const char *name, const char *value, bool html)
{
    if (list->indent < 0) {
        write_attribute(list->w->out, &list->first, name, value, html);
        return;
    }
    bool first = true;
    fprintf(list->w->out, "%*s", list->indent, "");
    write_attribute(list->w->out, &first, name, value, html);
    fputs(";\n", list->w->out);
}

static void write_list(attribute_list *list, const file_attributes *attributes)
{
    bool for_picture = list->w->style && list->w->style->for_picture;
    for (size_t k = 0; k < attributes->count; k++) {
        const file_attribute *a = &attributes->items[k];
        if (!is_one_of(a->name, list->without) && !(for_picture && is_unsafe(a)))
            add_to_list(list, a->name, a->value, a->html);
    }
}

/* The looks that the document does not set itself, and `styled` with their names after `mark`, which tells a cluster's
 * own list from one that it inherits. */
static void write_style(attribute_list *list, const file_attributes *own, const file_attributes *looks,
                        const char *mark)
{
    char styled[1024] = "";
    size_t used = mark ? (size_t)snprintf(styled, sizeof styled, "%s", mark) : 0;
    for (size_t k = 0; k < looks->count && used < sizeof styled; k++) {
        const file_attribute *a = &looks->items[k];
        if (file_attribute_find(own, a->name))
            continue;
        add_to_list(list, a->name, a->value, a->html);
        used += (size_t)snprintf(styled + used, sizeof styled - used, "%s%s", used ? " " : "", a->name);
    }
    if (*styled)
        add_to_list(list, "styled", styled, false);
}

static void write_defaults(writing *w, const char *kind, const file_attributes *own, const file_attributes *looks)
{
    static const char *const never[] = {"op", "arg", "out", "derived", NULL};
    attribute_list list = {w, never, -1, true};
    long before = ftell(w->out);
    fprintf(w->out, "  %s", kind);
    write_list(&list, own);
    if (looks)
        write_style(&list, own, looks, NULL);
    if (list.first) /* nothing: take the word back */
        fseek(w->out, before, SEEK_SET);
    else
        fputs("];\n", w->out);
}

static void write_node(writing *w, int index, int indent)
{
    const file_node *node = &w->file->nodes[index];
    static const char *const shown[] = {"op", NULL};
    attribute_list list = {w, shown, -1, true};
    const char *call = dg_value_print(w->file->arena, &node->call);
    fprintf(w->out, "%*s", indent, "");
    write_text(w->out, node->name);
    add_to_list(&list, "op", call ? call : "", false);
    write_list(&list, &node->attributes);
    if (w->style)
        write_style(&list, &node->attributes, &w->style->nodes[index], NULL);
    fputs("];\n", w->out);
    w->written[index] = true;
}

static bool is_inside(const graph_file *file, int cluster, int outer)
{
    while (cluster >= 0 && cluster != outer)
        cluster = file->clusters[cluster].parent;
    return cluster == outer;
}

/* The cluster right below `outer` that a node is in; −1: it stands in `outer` itself. */
static int child_of(const graph_file *file, int cluster, int outer)
{
    while (cluster >= 0 && file->clusters[cluster].parent != outer)
        cluster = file->clusters[cluster].parent;
    return cluster;
}

static void write_block_attributes(const writing *w, int index, int indent)
{
    static const char *const never[] = {"derived", NULL};
    const file_cluster *cluster = &w->file->clusters[index];
    attribute_list list = {w, never, indent, true};
    write_list(&list, &cluster->attributes);
    if (w->style && cluster->is_cluster)
        write_style(&list, &cluster->attributes, &w->style->clusters[index], cluster->name);
}

/* Nodes in the file's order, those of a cluster together where its first one stands. Nesting is bounded on reading. */
static void write_nodes(writing *w, int outer, int indent)
{
    const graph_file *file = w->file;
    for (int k = 0; k < file->n_nodes; k++) {
        int cluster = file->nodes[k].cluster;
        if (w->written[k] || (outer >= 0 && !is_inside(file, cluster, outer)))
            continue;
        int child = cluster == outer ? -1 : child_of(file, cluster, outer);
        if (child < 0) {
            write_node(w, k, indent);
            continue;
        }
        fprintf(w->out, "%*ssubgraph ", indent, "");
        write_text(w->out, file->clusters[child].name);
        fputs(" {\n", w->out);
        write_block_attributes(w, child, indent + 2);
        write_nodes(w, child, indent + 2);
        fprintf(w->out, "%*s}\n", indent, "");
    }
}

static void write_edge(writing *w, int index, int n_incoming)
{
    const file_edge *edge = &w->file->edges[index];
    const file_node *head = &w->file->nodes[edge->head];
    static const char *const shown[] = {"arg", "out", NULL};
    attribute_list list = {w, shown, -1, true};
    fputs("  ", w->out);
    write_text(w->out, w->file->nodes[edge->tail].name);
    fputs(" -> ", w->out);
    write_text(w->out, head->name);
    bool is_decoration = !w->file->nodes[edge->tail].node || !head->node;
    if (!is_decoration && (n_incoming > 1 || edge->arg)) {
        const char *name = dg_node_input_name(head->node, edge->input);
        int declared = dg_op_input_count(dg_node_op(head->node));
        bool variadic = declared > 0 && (dg_node_op(head->node)->inputs[declared - 1].flags & DG_VARIADIC) &&
                        edge->input >= declared - 1;
        char number[16];
        snprintf(number, sizeof number, "%d", edge->input);
        add_to_list(&list, "arg", variadic || !name ? number : name, false);
    }
    if (edge->out)
        add_to_list(&list, "out", edge->out, false);
    write_list(&list, &edge->attributes);
    if (w->style)
        write_style(&list, &edge->attributes, &w->style->edges[index], NULL);
    fputs(list.first ? ";\n" : "];\n", w->out);
}

/* Blocks without a box: {rank=same; a; b;} */
static void write_blocks(writing *w)
{
    for (int k = 0; k < w->file->n_clusters; k++) {
        const file_cluster *block = &w->file->clusters[k];
        if (block->is_cluster || (block->attributes.count == 0 && !block->name))
            continue;
        fputs("  ", w->out);
        if (block->name) {
            fputs("subgraph ", w->out);
            write_text(w->out, block->name);
            fputc(' ', w->out);
        }
        fputs("{\n", w->out);
        write_block_attributes(w, k, 4);
        for (int i = 0; i < block->n_members; i++) {
            fputs("    ", w->out);
            write_text(w->out, w->file->nodes[block->members[i]].name);
            fputs(";\n", w->out);
        }
        fputs("  }\n", w->out);
    }
}

static void write_all(writing *w, const int *n_incoming)
{
    static const char *const shown[] = {"dotgrad", "derived", NULL};
    const graph_file *file = w->file;
    attribute_list list = {w, shown, -1, true};
    fputs("digraph ", w->out);
    if (file->name[0])
        write_text(w->out, file->name);
    fputs(file->name[0] ? " {\n  graph" : "{\n  graph", w->out);
    add_to_list(&list, "dotgrad", "1", false);
    write_list(&list, &file->attributes);
    if (w->style)
        write_style(&list, &file->attributes, &w->style->graph, NULL);
    fputs("];\n", w->out);
    write_defaults(w, "node", &file->node_defaults, w->style ? &w->style->node_defaults : NULL);
    write_defaults(w, "edge", &file->edge_defaults, w->style ? &w->style->edge_defaults : NULL);
    write_nodes(w, -1, 2);
    for (int e = 0; e < file->n_edges; e++)
        write_edge(w, e, n_incoming[file->edges[e].head]);
    write_blocks(w);
    if (w->style && w->style->derived)
        fputs(w->style->derived, w->out);
    fputs("}\n", w->out);
}

dg_status graph_file_write(const graph_file *file, char **text)
{
    return graph_file_write_styled(file, NULL, text);
}

dg_status graph_file_write_styled(const graph_file *file, const file_style *style, char **text)
{
    size_t size;
    int *n_incoming = calloc((size_t)file->n_nodes + 1, sizeof *n_incoming);
    writing w = {.file = file, .style = style, .written = calloc((size_t)file->n_nodes + 1, sizeof(bool))};
    *text = NULL;
    w.out = open_memstream(text, &size);
    bool fine = n_incoming && w.written && w.out;
    if (fine) {
        for (int e = 0; e < file->n_edges; e++)
            n_incoming[file->edges[e].head] += file->nodes[file->edges[e].tail].node != NULL;
        write_all(&w, n_incoming);
        fine = !ferror(w.out);
    }
    if (w.out && fclose(w.out) != 0)
        fine = false;
    free(w.written);
    free(n_incoming);
    if (fine)
        return dg_ok();
    free(*text);
    *text = NULL;
    return dg_error(DG_NO_MEMORY, "%s: not enough memory to write the graph", file->path);
}
