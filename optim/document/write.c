/* A document to canonical DOT text. libcgraph's own writer reorders edges and loses backslashes. */
#include "document.h"

#include "core/base/null.h"
#include "core/base/plain.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct writing {
    const dg_graph_file *file;
    FILE *out;
    int *first, *last; /* by cluster, the graph behind them */
    int *next;         /* by node, clusters behind them */
    const char *lost;  /* a text that DOT cannot hold; NULL: none was met */
    bool as_written;   /* without settings and sizes put in */
    bool is_strict;
    bool failed; /* there was no memory for a text */
} writing;

static bool is_keyword(const char *text)
{
    static const char *const keywords[] = {"node", "edge", "graph", "digraph", "subgraph", "strict"};
    for (size_t k = 0; k < sizeof keywords / sizeof *keywords; k++)
        if (plain_same(text, keywords[k]))
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

/* Text in quotes: a quote gets a backslash, every other backslash stands for itself. So a text where one that has no
 * other one before it is followed by a quote, a line end or nothing is none that DOT can hold. */
static void write_text(writing *w, const char *text)
{
    if (is_plain(text)) {
        fputs(text, w->out);
        return;
    }
    bool escapes = false;
    const char *at = text;
    fputc('"', w->out);
    for (; *at; at++) {
        if (escapes && (*at == '"' || *at == '\n'))
            w->lost = text;
        if (*at == '"')
            fputc('\\', w->out);
        escapes = *at == '\\' && !escapes;
        fputc(*at, w->out);
    }
    if (escapes)
        w->lost = text;
    fputc('"', w->out);
}

static void write_attribute(writing *w, bool *first, const char *name, const char *value, bool html)
{
    fputs(*first ? " [" : ", ", w->out);
    *first = false;
    write_text(w, name);
    fputc('=', w->out);
    if (html)
        fprintf(w->out, "<%s>", value);
    else
        write_text(w, value);
}

static bool is_one_of(const char *name, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(name, *list) == 0)
            return true;
    return false;
}

/* Of an attribute that settings or sizes are put into, or that was not in the file. */
static bool is_changed(const writing *w, const dg_file_attribute *a)
{
    return w->as_written && a->written;
}

static void write_list(writing *w, const dg_file_attributes *attributes, bool *first, const char *const *without)
{
    const dg_file_attribute *set = NULL; /* which is was_set where settings are put in */
    for (size_t k = 0; k < attributes->count; k++)
        if (is_changed(w, &attributes->items[k]) && strcmp(attributes->items[k].name, "was_set") == 0)
            set = &attributes->items[k];
    for (size_t k = 0; k < attributes->count; k++) {
        const dg_file_attribute *a = &attributes->items[k];
        if (set && strcmp(a->name, "set") > 0) {
            write_attribute(w, first, "set", set->written, false);
            set = NULL;
        }
        bool changed = is_changed(w, a), is_set = changed && strcmp(a->name, "was_set") == 0;
        if (!is_one_of(a->name, without) && !is_set && !(changed && !*a->written))
            write_attribute(w, first, a->name, changed ? a->written : a->value, a->html);
    }
}

static void write_defaults(writing *w, const char *kind, const dg_file_attributes *attributes)
{
    bool first = true;
    for (size_t k = 0; k < attributes->count; k++) {
        const dg_file_attribute *a = &attributes->items[k];
        if (dg_attribute_is_ours(a->name)) /* these are written with each node and edge */
            continue;
        if (first)
            fprintf(w->out, "  %s", kind);
        write_attribute(w, &first, a->name, a->value, a->html);
    }
    if (!first)
        fputs("];\n", w->out);
}

static const dg_file_attribute *find_attribute(const dg_file_attributes *attributes, const char *name)
{
    for (size_t k = 0; k < attributes->count; k++)
        if (strcmp(attributes->items[k].name, name) == 0)
            return &attributes->items[k];
    return NULL;
}

/* A call in one form; one that is a setting, "$act", as it is. */
static const char *print_written(const dg_graph_file *file, const char *written)
{
    dg_value call;
    return dg_call_parse(file->arena, written, &call).code == DG_OK ? dg_value_print(file->arena, &call) : written;
}

static void write_node(writing *w, int index, int indent)
{
    const dg_file_node *node = &w->file->nodes[index];
    static const char *const shown[] = {"op", NULL};
    bool first = true;
    bool has_call = node->node && node->call.s && *node->call.s;
    const char *call = has_call ? dg_value_print(w->file->arena, &node->call) : NULL;
    w->failed = w->failed || (has_call && !call);
    if (call && document_is_module(node)) /* a path stays as it is written */
        call = dg_file_attribute_find(&node->attributes, "op");
    const dg_file_attribute *op = call ? find_attribute(&node->attributes, "op") : NULL;
    if (op && is_changed(w, op))
        call = document_is_module(node) ? op->written : print_written(w->file, op->written);
    w->failed = w->failed || (op && !call);
    fprintf(w->out, "%*s", indent, "");
    write_text(w, node->name);
    if (call) /* else it is decoration */
        write_attribute(w, &first, "op", call, false);
    write_list(w, &node->attributes, &first, shown);
    fputs(first ? ";\n" : "];\n", w->out);
}

static void write_block_attributes(writing *w, const dg_file_cluster *cluster, int indent)
{
    for (size_t k = 0; k < cluster->attributes.count; k++) {
        const dg_file_attribute *a = &cluster->attributes.items[k];
        fprintf(w->out, "%*s", indent, "");
        write_text(w, a->name);
        fputc('=', w->out);
        if (a->html)
            fprintf(w->out, "<%s>", a->value);
        else
            write_text(w, is_changed(w, a) ? a->written : a->value);
        fputs(";\n", w->out);
    }
}

/* Lists what is in each cluster (the last list: in the graph), in the file's order: nodes by their numbers,
 * clusters behind them, each where its first node is. */
static void list_entries(writing *w)
{
    const dg_graph_file *file = w->file;
    memset(w->first, 0xff, ((size_t)file->n_clusters + 1) * sizeof *w->first);
    for (int k = 0; k < file->n_nodes; k++) {
        int entry = k, outer = file->nodes[k].cluster;
        for (bool is_new = true; is_new;) {
            int list = outer < 0 ? file->n_clusters : outer;
            is_new = w->first[list] < 0 && outer >= 0; /* then this cluster is written here in the one around it */
            *(w->first[list] < 0 ? &w->first[list] : &w->next[w->last[list]]) = entry;
            w->last[list] = entry;
            w->next[entry] = -1;
            entry = file->n_nodes + outer;
            outer = is_new ? file->clusters[outer].parent : -1;
        }
    }
}

/* What is in a cluster, or in the graph. Nesting is bounded on reading. */
static void write_nodes(writing *w, int list, int indent)
{
    const dg_graph_file *file = w->file;
    for (int entry = w->first[list]; entry >= 0; entry = w->next[entry]) {
        if (entry < file->n_nodes) {
            write_node(w, entry, indent);
            continue;
        }
        int child = entry - file->n_nodes;
        fprintf(w->out, "%*ssubgraph ", indent, "");
        write_text(w, file->clusters[child].name);
        fputs(" {\n", w->out);
        write_block_attributes(w, &file->clusters[child], indent + 2);
        write_nodes(w, child, indent + 2);
        fprintf(w->out, "%*s}\n", indent, "");
    }
}

static void write_edge(writing *w, const dg_file_edge *edge, int n_incoming)
{
    const dg_file_node *head = &w->file->nodes[edge->head];
    static const char *const shown[] = {"arg", "out", NULL};
    bool first = true;
    fputs("  ", w->out);
    write_text(w, w->file->nodes[edge->tail].name);
    fputs(" -> ", w->out);
    write_text(w, head->name);
    bool is_decoration = !w->file->nodes[edge->tail].node;
    if (!is_decoration && (n_incoming > 1 || edge->arg)) {
        const char *name = edge->input_name ? edge->input_name : dg_node_input_name(head->node, edge->input);
        int declared = dg_op_input_count(dg_node_op(head->node));
        bool variadic = !edge->input_name && declared > 0 &&
                        (dg_node_op(head->node)->inputs[declared - 1].flags & DG_VARIADIC) &&
                        edge->input >= declared - 1;
        char number[16];
        snprintf(number, sizeof number, "%d", edge->input);
        write_attribute(w, &first, "arg", variadic || !name ? number : name, false);
    }
    const dg_file_attribute *out = edge->out ? find_attribute(&edge->attributes, "out") : NULL;
    if (edge->out)
        write_attribute(w, &first, "out", out && is_changed(w, out) ? out->written : edge->out, false);
    write_list(w, &edge->attributes, &first, shown);
    fputs(first ? ";\n" : "];\n", w->out);
}

/* Blocks without a box: {rank=same; a; b;} */
static void write_blocks(writing *w)
{
    for (int k = 0; k < w->file->n_clusters; k++) {
        const dg_file_cluster *block = &w->file->clusters[k];
        if (block->is_cluster || (block->attributes.count == 0 && !block->name))
            continue;
        fputs("  ", w->out);
        if (block->name) {
            fputs("subgraph ", w->out);
            write_text(w, block->name);
            fputc(' ', w->out);
        }
        fputs("{\n", w->out);
        write_block_attributes(w, block, 4);
        for (int i = 0; i < block->n_members; i++) {
            fputs("    ", w->out);
            write_text(w, w->file->nodes[block->members[i]].name);
            fputs(";\n", w->out);
        }
        fputs("  }\n", w->out);
    }
}

static void write_all(writing *w, const int *n_incoming)
{
    static const char *const shown[] = {"dotgrad", NULL};
    bool first = true;
    fputs(w->is_strict ? "strict digraph " : "digraph ", w->out);
    if (w->file->name[0])
        write_text(w, w->file->name);
    fputs(w->file->name[0] ? " {\n  graph" : "{\n  graph", w->out);
    write_attribute(w, &first, "dotgrad", "1", false);
    write_list(w, &w->file->attributes, &first, shown);
    fputs("];\n", w->out);
    write_defaults(w, "node", &w->file->node_defaults);
    write_defaults(w, "edge", &w->file->edge_defaults);
    list_entries(w);
    write_nodes(w, w->file->n_clusters, 2);
    for (int e = 0; e < w->file->n_edges; e++)
        write_edge(w, &w->file->edges[e], n_incoming[w->file->edges[e].head]);
    write_blocks(w);
    fputs("}\n", w->out);
}

static dg_status write_file(const dg_graph_file *file, bool as_written, char **text)
{
    size_t size, n_lists = (size_t)file->n_clusters + 1;
    const dg_file_edge *parallel = NULL;
    *text = NULL;
    if (as_written && file->is_strict)
        DG_TRY(document_find_parallel(file, &parallel));
    int *n_incoming = calloc((size_t)file->n_nodes + 1, sizeof *n_incoming);
    writing w = {.file = file,
                 .as_written = as_written,
                 .is_strict = as_written && file->is_strict && !parallel,
                 .first = calloc(n_lists, sizeof(int)),
                 .last = calloc(n_lists, sizeof(int)),
                 .next = calloc((size_t)file->n_nodes + n_lists, sizeof(int))};
    w.out = open_memstream(text, &size);
    bool fine = n_incoming && w.first && w.last && w.next && w.out;
    if (fine) {
        for (int e = 0; e < file->n_edges; e++)
            n_incoming[file->edges[e].head] += file->nodes[file->edges[e].tail].node != NULL;
        write_all(&w, n_incoming);
        fine = !w.failed && !ferror(w.out);
    }
    if (w.out && fclose(w.out) != 0)
        fine = false;
    free(w.first);
    free(w.last);
    free(w.next);
    free(n_incoming);
    if (fine && !w.lost)
        return dg_ok();
    free(*text);
    *text = NULL;
    if (fine)
        return dg_error(
            DG_BAD_ARGUMENT,
            "%s: the text '%.200s' cannot be written: DOT has none with a backslash before a quote, before a "
            "line end or as its last character",
            file->path, w.lost);
    return dg_no_memory("the text of %s", file->path);
}

dg_status dg_graph_file_write(const dg_graph_file *file, char **text)
{
    REFUSE_NULL(file);
    REFUSE_NULL(text);
    return write_file(file, false, text);
}

dg_status dg_graph_file_format(const dg_graph_file *file, char **text)
{
    REFUSE_NULL(file);
    REFUSE_NULL(text);
    return write_file(file, true, text);
}
