/* What libcgraph has read to a document. Under the lock of read.c. */
#include "take.h"
#include "statements.h"

#include <stdlib.h>
#include <string.h>

typedef struct subgraph_place {
    Agraph_t *graph;
    int place;
} subgraph_place;

typedef struct reading {
    dg_graph_file *file;
    Agraph_t *graph;
    const dot_text *text;
    int *place; /* by AGSEQ of the node; −1: dropped */
    size_t n_places;
    bool *is_dropped; /* by AGSEQ: in a subgraph that is decoration */
    Agraph_t **subgraphs;
    subgraph_place *found; /* by address */
    int n_sought;          /* lines of nodes that only edges name */
} reading;

enum { MOST_SOUGHT = 64 }; /* each reads the text once more */

static const char *keep(const reading *r, const char *text)
{
    return dg_arena_text(r->file->arena, text, strlen(text));
}

/* Whether `name` is among the words of `list`. */
static bool is_listed(const char *list, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = list; at && (at = strstr(at, name)); at += length)
        if ((at == list || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    return false;
}

/* What an export added for a drawing: the words of an object's attribute `styled`, and for the graph itself and the
 * defaults of the graph's attributes styled_graph, styled_node and styled_edge. Subgraphs inherit: theirs holds their
 * name, too. */
static const char *styled_words(const reading *r, void *object, int kind)
{
    const char *name = object && object != r->graph ? "styled"
                       : object                     ? "styled_graph"
                       : kind == AGNODE             ? "styled_node"
                                                    : "styled_edge";
    bool on_object = object && object != r->graph;
    Agsym_t *symbol = agattr(r->graph, on_object ? kind : AGRAPH, (char *)(uintptr_t)name, NULL);
    const char *words = symbol ? agxget(on_object ? object : r->graph, symbol) : "";
    const char *mark = on_object && kind == AGRAPH ? agnameof(object) : NULL;
    return mark && !is_listed(words, mark) ? "" : words;
}

static bool is_about_styles(const char *name)
{
    static const char *const names[] = {"styled", "styled_graph", "styled_node", "styled_edge"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (strcmp(name, names[k]) == 0)
            return true;
    return false;
}

static int by_name(const void *a, const void *b)
{
    const dg_file_attribute *first = a, *second = b;
    return strcmp(first->name, second->name);
}

/* Attributes of an object that differ from the default, or from "", by name; of a subgraph, those that it sets itself
 * or that differ from those of `like`, its parent. What an export added for a drawing is dropped. */
static dg_status take_attributes(const reading *r, void *object, int kind, void *like, dg_file_attributes *taken)
{
    size_t count = 0;
    Agsym_t *symbol = NULL;
    while ((symbol = agnxtattr(r->graph, kind, symbol)))
        count++;
    taken->items = dg_arena_alloc(r->file->arena, (count + 1) * sizeof *taken->items);
    if (!taken->items)
        return dg_no_memory("%s", r->file->path);
    const char *styled = styled_words(r, object, kind);
    while ((symbol = agnxtattr(r->graph, kind, symbol))) {
        char *value = object ? agxget(object, symbol) : symbol->defval;
        const char *usual = like ? agxget(like, symbol) : object && kind != AGRAPH ? symbol->defval : "";
        bool is_usual = strcmp(value, usual) == 0, is_part = object && kind != AGRAPH;
        if ((is_usual && !*value) || (is_part && !*value && dg_attribute_is_ours(symbol->name)))
            continue; /* a default that is set later is for others */
        bool is_set = is_usual && is_part
                          ? dg_attribute_is_ours(symbol->name)
                          : like && agattr(object, kind, symbol->name, NULL) != agattr(like, kind, symbol->name, NULL);
        if ((is_usual && !is_set) || is_listed(styled, symbol->name) || is_about_styles(symbol->name))
            continue;
        dg_file_attribute *attribute = &taken->items[taken->count++];
        attribute->html = aghtmlstr(value);
        attribute->name = keep(r, symbol->name);
        attribute->value = keep(r, value);
        if (!attribute->name || !attribute->value)
            return dg_no_memory("%s", r->file->path);
    }
    qsort(taken->items, taken->count, sizeof *taken->items, by_name);
    return dg_ok();
}

static bool is_derived(Agraph_t *graph, void *object, int kind)
{
    Agsym_t *symbol = agattr(graph, kind, "derived", NULL);
    return symbol && strcmp(agxget(object, symbol), "true") == 0;
}

static int by_sequence(const void *a, const void *b)
{
    Agnode_t *const *first = a, *const *second = b;
    return (AGSEQ(*first) > AGSEQ(*second)) - (AGSEQ(*first) < AGSEQ(*second));
}

static int edges_by_sequence(const void *a, const void *b)
{
    Agedge_t *const *first = a, *const *second = b;
    return (AGSEQ(*first) > AGSEQ(*second)) - (AGSEQ(*first) < AGSEQ(*second));
}

/* Nodes in subgraphs that are decoration. */
static void mark_dropped(const reading *r)
{
    for (int k = 0; r->subgraphs[k]; k++)
        if (is_derived(r->graph, r->subgraphs[k], AGRAPH))
            for (Agnode_t *node = agfstnode(r->subgraphs[k]); node; node = agnxtnode(r->subgraphs[k], node))
                r->is_dropped[AGSEQ(node)] = true;
}

static dg_status take_node(reading *r, Agnode_t *from)
{
    dg_graph_file *file = r->file;
    char *name = agnameof(from);
    if (!name || name[0] == '%')
        return dg_graph_file_error(file, 0,
                                   dg_error(DG_BAD_DATA, "a node's name begins with %%: Graphviz would lose it"));
    if (r->is_dropped[AGSEQ(from)] || is_derived(r->graph, from, AGNODE))
        return dg_ok();
    dg_file_node *node = &file->nodes[file->n_nodes];
    r->place[AGSEQ(from)] = file->n_nodes++;
    node->cluster = -1;
    node->name = keep(r, name);
    node->line = dot_text_line(r->text, name);
    if (!node->name)
        return dg_no_memory("%s", file->path);
    DG_TRY(take_attributes(r, from, AGNODE, NULL, &node->attributes));
    if (!node->line && !dg_file_attribute_find(&node->attributes, "op") && r->n_sought++ < MOST_SOUGHT)
        node->line = dot_text_first_line(r->text, name);
    return dg_ok();
}

static dg_status take_nodes(reading *r)
{
    dg_graph_file *file = r->file;
    size_t all = (size_t)agnnodes(r->graph), found = 0, last = 0;
    Agnode_t **nodes = calloc(all + 1, sizeof *nodes);
    file->nodes = dg_arena_alloc(file->arena, (all + 1) * sizeof *file->nodes);
    for (Agnode_t *node = agfstnode(r->graph); nodes && node; node = agnxtnode(r->graph, node)) {
        nodes[found++] = node;
        last = AGSEQ(node) > last ? AGSEQ(node) : last;
    }
    r->n_places = last + 1;
    r->place = malloc(r->n_places * sizeof *r->place);
    r->is_dropped = calloc(r->n_places, sizeof *r->is_dropped);
    dg_status status = nodes && file->nodes && r->place && r->is_dropped ? dg_ok() : dg_no_memory("%s", file->path);
    if (status.code == DG_OK) {
        qsort(nodes, found, sizeof *nodes, by_sequence);
        memset(r->place, 0xff, r->n_places * sizeof *r->place);
        mark_dropped(r);
    }
    for (size_t k = 0; status.code == DG_OK && k < found; k++)
        status = take_node(r, nodes[k]);
    free(nodes);
    return status;
}

/* key=…, by which libcgraph tells parallel edges apart, is to it a name and no attribute. */
static dg_status take_key(const reading *r, Agedge_t *from, dg_file_attributes *taken)
{
    const char *key = agnameof(from);
    if (!key || !*key || *key == '%')
        return dg_ok();
    dg_file_attribute *attribute = &taken->items[taken->count++]; /* take_attributes() has left room for one */
    *attribute = (dg_file_attribute){.name = keep(r, "key"), .value = keep(r, key)};
    if (!attribute->name || !attribute->value)
        return dg_no_memory("%s", r->file->path);
    qsort(taken->items, taken->count, sizeof *taken->items, by_name);
    return dg_ok();
}

static dg_status take_edges(reading *r)
{
    dg_graph_file *file = r->file;
    size_t all = (size_t)agnedges(r->graph), found = 0;
    file->edges = dg_arena_alloc(file->arena, (all + 1) * sizeof *file->edges);
    Agedge_t **edges = calloc(all + 1, sizeof *edges);
    dg_status status = edges && file->edges ? dg_ok() : dg_no_memory("%s", file->path);
    for (Agnode_t *node = agfstnode(r->graph); edges && node; node = agnxtnode(r->graph, node))
        for (Agedge_t *edge = agfstout(r->graph, node); edge; edge = agnxtout(r->graph, edge))
            edges[found++] = edge;
    if (edges)
        qsort(edges, found, sizeof *edges, edges_by_sequence);
    if (status.code == DG_OK && agfstsubg(r->graph))
        status = statements_sort_edges(file, r->graph, r->text, edges, found);
    for (size_t k = 0; status.code == DG_OK && k < found; k++) {
        int tail = r->place[AGSEQ(agtail(edges[k]))], head = r->place[AGSEQ(aghead(edges[k]))];
        if (tail < 0 || head < 0 || is_derived(r->graph, edges[k], AGEDGE))
            continue;
        dg_file_edge *edge = &file->edges[file->n_edges++];
        edge->tail = tail;
        edge->head = head;
        status = take_attributes(r, edges[k], AGEDGE, NULL, &edge->attributes);
        if (status.code == DG_OK)
            status = take_key(r, edges[k], &edge->attributes);
        edge->arg = dg_file_attribute_find(&edge->attributes, "arg");
        edge->out = dg_file_attribute_find(&edge->attributes, "out");
    }
    free(edges);
    return status;
}

/* ---- subgraphs ---- */

static size_t count_subgraphs(Agraph_t *graph)
{
    size_t count = 0;
    for (Agraph_t *sub = agfstsubg(graph); sub; sub = agnxtsubg(sub))
        count += 1 + count_subgraphs(sub);
    return count;
}

static int subgraphs_by_sequence(const void *a, const void *b)
{
    Agraph_t *const *first = a, *const *second = b;
    return (AGSEQ(*first) > AGSEQ(*second)) - (AGSEQ(*first) < AGSEQ(*second));
}

/* Parents before children, in the file's order; nesting is bounded by check_nesting. */
static dg_status list_subgraphs(reading *r, Agraph_t *graph, size_t *count)
{
    size_t n = 0;
    for (Agraph_t *sub = agfstsubg(graph); sub; sub = agnxtsubg(sub))
        n++;
    Agraph_t **children = calloc(n + 1, sizeof(Agraph_t *));
    if (!children)
        return dg_no_memory("%s", r->file->path);
    n = 0;
    for (Agraph_t *sub = agfstsubg(graph); sub; sub = agnxtsubg(sub))
        children[n++] = sub;
    qsort(children, n, sizeof(Agraph_t *), subgraphs_by_sequence);
    dg_status status = dg_ok();
    for (size_t k = 0; status.code == DG_OK && k < n; k++) {
        r->subgraphs[(*count)++] = children[k];
        status = list_subgraphs(r, children[k], count);
    }
    free(children);
    return status;
}

static int by_address(const void *a, const void *b)
{
    const subgraph_place *first = a, *second = b;
    return (first->graph > second->graph) - (first->graph < second->graph);
}

/* The document's cluster right around a subgraph: blocks without a box do not count. −1: the graph. */
static int find_parent(const reading *r, size_t count, Agraph_t *sub)
{
    for (Agraph_t *at = agparent(sub); at && at != r->graph; at = agparent(at)) {
        const subgraph_place key = {at, 0}, *found = bsearch(&key, r->found, count, sizeof key, by_address);
        if (found && found->place >= 0 && r->file->clusters[found->place].is_cluster)
            return found->place;
    }
    return -1;
}

/* A module has the nodes that are in its box: DOT would draw such a node in both. */
static dg_status in_two_clusters(const reading *r, const Agnode_t *node, int index)
{
    const dg_graph_file *file = r->file;
    const dg_file_node *known = &file->nodes[r->place[AGSEQ(node)]];
    const char *first = file->clusters[known->cluster].name, *second = file->clusters[index].name;
    int line = statements_line(file, r->graph, r->text, first, node),
        again = statements_line(file, r->graph, r->text, second, node), later = line > again ? line : again;
    return dg_graph_file_error(
        file, later,
        dg_error(DG_BAD_DATA,
                 "node '%s' stands in '%s' (line %d) and in '%s' (line %d), and neither is in the other: a node is in "
                 "one cluster; edges to the nodes of another one are written outside of both",
                 known->name, first, line, second, again));
}

static bool is_around(const dg_graph_file *file, int outer, int cluster)
{
    while (cluster >= 0 && cluster != outer)
        cluster = file->clusters[cluster].parent;
    return cluster == outer;
}

static bool is_box(Agraph_t *sub)
{
    const char *name = agnameof(sub), *drawn = agget(sub, (char *)(uintptr_t) "cluster");
    return name && (strncmp(name, "cluster", 7) == 0 || (name[0] != '%' && drawn && strcmp(drawn, "true") == 0));
}

/* Whether the node is in a group {rank=same; …} within the cluster, which says where nodes are drawn, not whose they
 * are. */
static bool is_in_rank(Agraph_t *cluster, Agnode_t *node)
{
    for (Agraph_t *sub = agfstsubg(cluster); sub; sub = agnxtsubg(sub)) {
        const char *rank = agget(sub, (char *)(uintptr_t) "rank");
        if (!is_box(sub) && agsubnode(sub, node, 0) && ((rank && *rank) || is_in_rank(sub, node)))
            return true;
    }
    return false;
}

static Agraph_t *subgraph_of(const reading *r, size_t count, int cluster)
{
    for (size_t k = 0; k < count; k++)
        if (r->found[k].place == cluster)
            return r->found[k].graph;
    return NULL;
}

/* The cluster of a node that is there already in `known`, where `index` lies elsewhere; −1: it cannot be in both. */
static int choose_cluster(const reading *r, size_t count, Agnode_t *node, int known, Agraph_t *sub, int index)
{
    if (is_in_rank(sub, node))
        return known;
    Agraph_t *first = subgraph_of(r, count, known);
    return first && is_in_rank(first, node) ? index : -1;
}

static dg_status take_members(reading *r, Agraph_t *sub, size_t count, int index)
{
    dg_graph_file *file = r->file;
    dg_file_cluster *cluster = &file->clusters[index];
    cluster->members = dg_arena_alloc(file->arena, sizeof(int) * ((size_t)agnnodes(sub) + 1));
    if (!cluster->members)
        return dg_no_memory("%s", file->path);
    for (Agnode_t *node = agfstnode(sub); node; node = agnxtnode(sub, node)) {
        int place = r->place[AGSEQ(node)];
        if (place < 0)
            continue;
        cluster->members[cluster->n_members++] = place;
        if (!cluster->is_cluster)
            continue;
        int own = index; /* children come later: the innermost stays */
        if (!is_around(file, file->nodes[place].cluster, index))
            own = choose_cluster(r, count, node, file->nodes[place].cluster, sub, index);
        if (own < 0)
            return in_two_clusters(r, node, index);
        file->nodes[place].cluster = own;
    }
    return dg_ok();
}

static dg_status take_subgraph(reading *r, Agraph_t *sub, size_t count, subgraph_place *found)
{
    dg_graph_file *file = r->file;
    if (is_derived(r->graph, sub, AGRAPH))
        return dg_ok();
    found->place = file->n_clusters;
    dg_file_cluster *cluster = &file->clusters[file->n_clusters++];
    const char *name = agnameof(sub);
    cluster->name = name && name[0] != '%' ? keep(r, name) : NULL;
    DG_TRY(take_attributes(r, sub, AGRAPH, agparent(sub), &cluster->attributes));
    cluster->is_cluster = is_box(sub);
    cluster->parent = find_parent(r, count, sub);
    return take_members(r, sub, count, found->place);
}

static dg_status take_subgraphs(reading *r, size_t count)
{
    dg_graph_file *file = r->file;
    file->clusters = dg_arena_alloc(file->arena, (count + 1) * sizeof *file->clusters);
    r->found = calloc(count + 1, sizeof *r->found);
    if (!r->found || !file->clusters)
        return dg_no_memory("%s", file->path);
    for (size_t k = 0; k < count; k++)
        r->found[k] = (subgraph_place){r->subgraphs[k], -1};
    qsort(r->found, count, sizeof *r->found, by_address);
    for (size_t k = 0; k < count; k++) {
        const subgraph_place key = {r->subgraphs[k], 0};
        DG_TRY(take_subgraph(r, r->subgraphs[k], count, bsearch(&key, r->found, count, sizeof key, by_address)));
    }
    return dg_ok();
}

static dg_status take_lines(const reading *r)
{
    dg_graph_file *file = r->file;
    file->lines = dg_arena_alloc(file->arena, (r->text->n_keys + 1) * sizeof *file->lines);
    if (!file->lines)
        return dg_no_memory("%s", file->path);
    for (size_t k = 0; k < r->text->n_keys; k++) {
        const text_place *key = &r->text->keys[k];
        const char *name = dg_arena_text(file->arena, key->name, key->length);
        if (!name)
            return dg_no_memory("%s", file->path);
        file->lines[file->n_lines++] = (dg_file_line){name, key->line};
    }
    return dg_ok();
}

static dg_status take_all(reading *r)
{
    dg_graph_file *file = r->file;
    size_t count = 0;
    r->subgraphs = calloc(count_subgraphs(r->graph) + 1, sizeof(Agraph_t *));
    if (!r->subgraphs)
        return dg_no_memory("%s", file->path);
    DG_TRY(list_subgraphs(r, r->graph, &count));
    char *name = agnameof(r->graph);
    file->name = keep(r, name && name[0] != '%' ? name : "");
    if (!file->name)
        return dg_no_memory("%s", file->path);
    file->is_strict = r->text->is_strict;
    DG_TRY(take_attributes(r, r->graph, AGRAPH, NULL, &file->attributes));
    DG_TRY(take_attributes(r, NULL, AGNODE, NULL, &file->node_defaults));
    DG_TRY(take_attributes(r, NULL, AGEDGE, NULL, &file->edge_defaults));
    DG_TRY(take_nodes(r));
    DG_TRY(take_edges(r));
    DG_TRY(take_lines(r));
    return take_subgraphs(r, count);
}

dg_status take_document(dg_graph_file *file, Agraph_t *graph, const dot_text *text)
{
    reading r = {.file = file, .graph = graph, .text = text};
    dg_status status = take_all(&r);
    free(r.place);
    free(r.is_dropped);
    free(r.subgraphs);
    free(r.found);
    return status;
}
