/* Edges without arg= count in the order of the file, which other Graphviz programs do not keep. */
#include "document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a layout leaves behind. */
static bool looks_rewritten(const dg_graph_file *file)
{
    const char *label = dg_file_attribute_find(&file->node_defaults, "label");
    if (dg_file_attribute_find(&file->attributes, "bb") || (label && strcmp(label, "\\N") == 0))
        return true;
    for (int k = 0; k < file->n_nodes; k++)
        if (dg_file_attribute_find(&file->nodes[k].attributes, "pos"))
            return true;
    return false;
}

/* Whether the two inputs may be exchanged: a + b, a*b, max(a, b), as the op's formula says it. */
static bool is_symmetric(const dg_op *op)
{
    static const char *const forms[] = {"%s + %s",       "%s * %s",  "max(%s, %s)", "min(%s, %s)",
                                        "hypot(%s, %s)", "%s == %s", "%s != %s"};
    char text[200];
    for (size_t k = 0; op->formula && dg_op_input_count(op) == 2 && k < sizeof forms / sizeof *forms; k++) {
        const char *at = strstr(forms[k], "%s"), *last = strstr(at + 2, "%s");
        snprintf(text, sizeof text, "%.*s%s%.*s%s%s", (int)(at - forms[k]), forms[k], op->inputs[0].name,
                 (int)(last - at - 2), at + 2, op->inputs[1].name, last + 2);
        if (strcmp(text, op->formula) == 0)
            return true;
    }
    return false;
}

static int by_ends(const void *a, const void *b)
{
    const dg_file_edge *const *first = a, *const *second = b;
    int order = ((*first)->tail > (*second)->tail) - ((*first)->tail < (*second)->tail);
    return order ? order : ((*first)->head > (*second)->head) - ((*first)->head < (*second)->head);
}

dg_status document_find_parallel(const dg_graph_file *file, const dg_file_edge **edge)
{
    size_t count = (size_t)file->n_edges;
    const dg_file_edge **edges = calloc(count + 1, sizeof(dg_file_edge *));
    *edge = NULL;
    if (!edges)
        return document_no_memory(file);
    for (size_t k = 0; k < count; k++)
        edges[k] = &file->edges[k];
    qsort(edges, count, sizeof(dg_file_edge *), by_ends);
    for (size_t k = 1; k < count && !*edge; k++)
        if (by_ends(&edges[k - 1], &edges[k]) == 0)
            *edge = edges[k];
    free(edges);
    return dg_ok();
}

/* networkx writes `strict` on every graph that has no such edges. */
static dg_status check_strict(dg_graph_file *file)
{
    const dg_file_edge *edge = NULL;
    if (file->is_strict)
        DG_TRY(document_find_parallel(file, &edge));
    if (edge)
        document_warn(file,
                      "%s: 'strict' has no effect: Graphviz would make one edge of %s -> %s, which stands there twice, "
                      "and is two inputs of '%s' here",
                      file->path, file->nodes[edge->tail].name, file->nodes[edge->head].name,
                      file->nodes[edge->head].name);
    return dg_ok();
}

dg_status document_check_order(dg_graph_file *file)
{
    char list[300] = "";
    int found = 0;
    DG_TRY(check_strict(file));
    if (!looks_rewritten(file))
        return dg_ok();
    int *unnamed = calloc((size_t)file->n_nodes + 1, sizeof *unnamed);
    if (!unnamed)
        return document_no_memory(file);
    for (int e = 0; e < file->n_edges; e++)
        unnamed[file->edges[e].head] += !file->edges[e].arg;
    for (int k = 0; k < file->n_nodes; k++) {
        const dg_op *op = dg_op_find(file->nodes[k].call.s);
        if (unnamed[k] < 2 || (op && is_symmetric(op)))
            continue;
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s'%.60s'", found++ ? ", " : "", file->nodes[k].name);
    }
    free(unnamed);
    if (found)
        document_warn(file,
                      "%s: another program has written this file, and may have changed the order of edges; the "
                      "arguments of %s have no arg= (dotgrad fmt, on the file before that, writes them all)",
                      file->path, list);
    return dg_ok();
}
