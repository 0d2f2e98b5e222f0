/* What the layout will be like: ranks, skip edges, size. */
#include "draw.h"

#include <stdlib.h>

enum { MOST_VISITS = 4000000 }; /* of the search for longer ways */

/* Outgoing edges by node. */
typedef struct fan_out {
    int *first, *edges; /* first: one more at the end */
} fan_out;

static dg_status no_memory(const dg_graph_file *file)
{
    return dg_error(DG_NO_MEMORY, "%s: not enough memory to draw", file->path);
}

static dg_status make_fan_out(const dg_graph_file *file, fan_out *out)
{
    size_t n = (size_t)file->n_nodes;
    int *used = calloc(n + 1, sizeof *used);
    out->first = calloc(n + 2, sizeof *out->first);
    out->edges = calloc((size_t)file->n_edges + 1, sizeof *out->edges);
    if (!used || !out->first || !out->edges) {
        free(used);
        return no_memory(file);
    }
    for (int e = 0; e < file->n_edges; e++)
        out->first[file->edges[e].tail + 1]++;
    for (size_t k = 0; k < n; k++)
        out->first[k + 1] += out->first[k];
    for (int e = 0; e < file->n_edges; e++)
        out->edges[out->first[file->edges[e].tail] + used[file->edges[e].tail]++] = e;
    free(used);
    return dg_ok();
}

static int by_id(const void *a, const void *b)
{
    const dg_file_node *const *first = a, *const *second = b;
    int64_t i = dg_node_id((*first)->node), j = dg_node_id((*second)->node);
    return (i > j) - (i < j);
}

/* Longest ways from the sources, then everything that has no input moves down to its first use. */
static dg_status rank_nodes(const dg_graph_file *file, const fan_out *out, int *ranks)
{
    size_t n = (size_t)file->n_nodes;
    const dg_file_node **order = calloc(n + 1, sizeof *order);
    bool *has_input = calloc(n + 1, sizeof *has_input);
    for (size_t k = 0; order && k < n; k++)
        order[k] = &file->nodes[k];
    if (order && has_input) {
        qsort(order, n, sizeof *order, by_id); /* ids are an order of computing */
        for (size_t i = 0; i < n; i++) {
            int k = (int)(order[i] - file->nodes);
            for (int o = out->first[k]; o < out->first[k + 1]; o++) {
                int head = file->edges[out->edges[o]].head;
                has_input[head] = true;
                ranks[head] = ranks[head] > ranks[k] ? ranks[head] : ranks[k] + 1;
            }
        }
        for (int k = 0; k < file->n_nodes; k++) {
            int least = file->n_nodes;
            for (int o = out->first[k]; o < out->first[k + 1]; o++) {
                int rank = ranks[file->edges[out->edges[o]].head];
                least = rank < least ? rank : least;
            }
            if (!has_input[k] && out->first[k] < out->first[k + 1])
                ranks[k] = least - 1;
        }
    }
    bool fine = order && has_input;
    free(order);
    free(has_input);
    return fine ? dg_ok() : no_memory(file);
}

/* Whether a way of several edges leads from the tail of `edge` to its head. */
static bool has_longer_way(const dg_graph_file *file, const fan_out *out, const int *ranks, const dg_file_edge *edge,
                           int *seen, int mark, int *stack, int64_t *visits)
{
    int depth = 0;
    stack[depth++] = edge->tail;
    while (depth) {
        int at = stack[--depth];
        for (int o = out->first[at]; o < out->first[at + 1]; o++) {
            int next = file->edges[out->edges[o]].head;
            if (next == edge->head && at != edge->tail)
                return true;
            if (++*visits > MOST_VISITS)
                return false;
            if (next == edge->head || seen[next] == mark || ranks[next] >= ranks[edge->head])
                continue;
            seen[next] = mark;
            stack[depth++] = next;
        }
    }
    return false;
}

static dg_status find_skips(const dg_graph_file *file, const fan_out *out, drawing_layout *layout)
{
    int *seen = calloc((size_t)file->n_nodes + 1, sizeof *seen),
        *stack = calloc((size_t)file->n_nodes + 1, sizeof *stack);
    bool *reached = calloc((size_t)file->n_nodes + 1, sizeof *reached);
    bool fine = seen && stack && reached;
    int64_t visits = 0;
    for (int e = 0; fine && e < file->n_edges; e++) {
        const dg_file_edge *edge = &file->edges[e];
        if (layout->ranks[edge->head] - layout->ranks[edge->tail] < 2 ||
            out->first[edge->tail + 1] - out->first[edge->tail] < 2)
            continue;
        layout->skips[e] = has_longer_way(file, out, layout->ranks, edge, seen, e + 1, stack, &visits);
        reached[edge->head] |= layout->skips[e];
        reached[edge->tail] |= layout->skips[e];
    }
    for (int e = 0; fine && e < file->n_edges; e++)
        layout->is_main[e] = !layout->skips[e] && (reached[file->edges[e].head] || reached[file->edges[e].tail]) &&
                             layout->ranks[file->edges[e].head] - layout->ranks[file->edges[e].tail] == 1;
    free(seen);
    free(stack);
    free(reached);
    return fine ? dg_ok() : no_memory(file);
}

dg_status layout_make(const dg_graph_file *file, drawing_layout *layout)
{
    fan_out out = {0};
    size_t n = (size_t)file->n_nodes + 1, m = (size_t)file->n_edges + 1;
    *layout = (drawing_layout){.ranks = calloc(n, sizeof(int)),
                               .skips = calloc(m, sizeof(bool)),
                               .is_main = calloc(m, sizeof(bool)),
                               .virtuals = file->n_nodes};
    dg_status status = layout->ranks && layout->skips && layout->is_main ? make_fan_out(file, &out) : no_memory(file);
    if (status.code == DG_OK)
        status = rank_nodes(file, &out, layout->ranks);
    if (status.code == DG_OK)
        status = find_skips(file, &out, layout);
    for (int e = 0; status.code == DG_OK && e < file->n_edges; e++)
        layout->virtuals += layout->ranks[file->edges[e].head] - layout->ranks[file->edges[e].tail] - 1;
    free(out.first);
    free(out.edges);
    if (status.code != DG_OK)
        layout_release(layout);
    return status;
}

void layout_release(drawing_layout *layout)
{
    free(layout->ranks);
    free(layout->skips);
    free(layout->is_main);
    *layout = (drawing_layout){0};
}
