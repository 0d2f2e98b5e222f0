/* DOT text to a document, through libcgraph. Its state is global, parsing included: one lock around every call. */
#include <dotgrad/graphviz.h>

#include <cgraph.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_BYTES = 1 << 28, MOST_NESTING = 64, MOST_MESSAGE = 400 };

static pthread_mutex_t cgraph_lock = PTHREAD_MUTEX_INITIALIZER;

/* ---- text ---- */

static bool is_utf8(const unsigned char *text, size_t size, size_t *at)
{
    for (size_t i = 0; i < size;) {
        unsigned char c = text[i];
        size_t more = c < 0x80 ? 0 : c >= 0xc2 && c < 0xe0 ? 1 : (c & 0xf0) == 0xe0 ? 2 : c >= 0xf0 && c < 0xf5 ? 3 : 9;
        *at = i++;
        if (more == 9 || size - i < more)
            return false;
        for (; more; more--, i++)
            if ((text[i] & 0xc0) != 0x80)
                return false;
    }
    return true;
}

static int line_of(const char *text, size_t at)
{
    int line = 1;
    for (size_t i = 0; i < at; i++)
        line += text[i] == '\n';
    return line;
}

/* libcgraph recurses on braces: bound them first. Quotes, comments and HTML strings are stepped over. */
static dg_status check_nesting(const dg_graph_file *file, const char *text, size_t size)
{
    int depth = 0;
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '"') {
            for (i++; i < size && text[i] != '"'; i++)
                i += text[i] == '\\';
        } else if (text[i] == '/' && i + 1 < size && text[i + 1] == '*') {
            const char *end = strstr(text + i + 2, "*/");
            i = end ? (size_t)(end - text) + 1 : size;
        } else if ((text[i] == '/' && i + 1 < size && text[i + 1] == '/') ||
                   (text[i] == '#' && (i == 0 || text[i - 1] == '\n'))) {
            while (i < size && text[i] != '\n')
                i++;
        } else if (text[i] == '{' && ++depth > MOST_NESTING) {
            return dg_graph_file_error(file, line_of(text, i),
                                       dg_error(DG_BAD_DATA, "braces nest deeper than %d", MOST_NESTING));
        } else if (text[i] == '}') {
            depth--;
        }
    }
    return dg_ok();
}

static dg_status check_text(const dg_graph_file *file, const char *text, size_t size)
{
    size_t at = 0;
    if (size == 0 || strspn(text, " \t\r\n") == size)
        return dg_graph_file_error(file, 0, dg_error(DG_BAD_DATA, "the file is empty"));
    if (size > MOST_BYTES)
        return dg_graph_file_error(
            file, 0, dg_error(DG_BAD_DATA, "the file has %zu bytes, at most %d are read", size, MOST_BYTES));
    if (memchr(text, 0, size) || !is_utf8((const unsigned char *)text, size, &at))
        return dg_graph_file_error(file, 0, dg_error(DG_BAD_DATA, "this is not text: it has a byte that is not UTF-8"));
    return check_nesting(file, text, size);
}

/* ---- libcgraph ---- */

typedef struct source {
    const char *text;
    size_t size, at;
} source;

static int read_some(void *channel, char *buffer, int size)
{
    source *from = channel;
    size_t left = from->size - from->at, count = left < (size_t)size ? left : (size_t)size;
    memcpy(buffer, from->text + from->at, count);
    from->at += count;
    return (int)count;
}

static char first_message[MOST_MESSAGE]; /* under the lock */

static int take_message(char *text)
{
    size_t used = strlen(first_message);
    if (used == 0 || first_message[used - 1] != '\n') /* the parts of one message come one by one */
        snprintf(first_message + used, sizeof first_message - used, "%s", text);
    return 0;
}

/* "Error: <unknown>: syntax error in line 3 near 'x'\n" */
static dg_status syntax_error(const dg_graph_file *file)
{
    char *message = first_message, *end = message + strcspn(message, "\n"), *at;
    int line = 0;
    *end = '\0';
    if ((at = strstr(message, " in line ")) && sscanf(at, " in line %d", &line) == 1) {
        char *rest = at + strlen(" in line ") + strspn(at + strlen(" in line "), "0123456789");
        memmove(at, rest, strlen(rest) + 1);
    }
    for (const char *const *prefix = (const char *const[]){"Error: ", "Warning: ", "<unknown>: ", NULL}; *prefix;
         prefix++)
        if (strncmp(message, *prefix, strlen(*prefix)) == 0)
            message += strlen(*prefix);
    return dg_graph_file_error(file, line, dg_error(DG_BAD_DATA, "%s", *message ? message : "this is not a DOT graph"));
}

/* Under the lock. */
static dg_status parse(const dg_graph_file *file, const char *text, size_t size, Agraph_t **graph)
{
    source from = {text, size, 0};
    Agiodisc_t io = {read_some, AgIoDisc.putstr, AgIoDisc.flush};
    Agdisc_t disciplines = {NULL, NULL, &io};
    first_message[0] = '\0';
    agreseterrors();
    agusererrf before = agseterrf(take_message);
    agreadline(1);
    *graph = agread(&from, &disciplines);
    bool failed = agerrors() != 0 || first_message[0];
    int extra = 0;
    if (*graph && !failed) {
        for (Agraph_t *more; (more = agread(&from, &disciplines)); extra++)
            agclose(more);
        failed = agerrors() != 0 || first_message[0];
    }
    while (from.at < from.size) { /* what the lexer holds back would be the next file's beginning */
        Agraph_t *more = agread(&from, &disciplines);
        if (more)
            agclose(more);
        else if (from.at < from.size)
            from.at = from.size;
    }
    agseterrf(before);
    if (failed || !*graph)
        return syntax_error(file);
    if (extra)
        return dg_graph_file_error(file, 0,
                                   dg_error(DG_BAD_DATA, "there are %d graphs in the file, one is wanted", extra + 1));
    if (agisstrict(*graph))
        return dg_graph_file_error(
            file, 0, dg_error(DG_BAD_DATA, "the graph is strict: it would lose the second edge of mul(x, x)"));
    if (!agisdirected(*graph))
        return dg_graph_file_error(file, 0, dg_error(DG_BAD_DATA, "the graph is undirected: write 'digraph' and '->'"));
    return dg_ok();
}

/* ---- document ---- */

typedef struct reading {
    dg_graph_file *file;
    Agraph_t *graph;
    Agnode_t **nodes; /* by place in the file */
    int *place;       /* by AGSEQ of the node; −1: dropped */
    size_t n_places;
    Agraph_t **subgraphs;
} reading;

static dg_status no_memory(const dg_graph_file *file)
{
    return dg_error(DG_NO_MEMORY, "%s: not enough memory", file->path);
}

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

/* What an export added for looks: the words of an object's attribute `styled`, and for the graph itself and the
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
 * or that differ from those of `like`, its parent. What an export added for looks is dropped. */
static dg_status take_attributes(const reading *r, void *object, int kind, void *like, dg_file_attributes *taken)
{
    size_t count = 0;
    Agsym_t *symbol = NULL;
    while ((symbol = agnxtattr(r->graph, kind, symbol)))
        count++;
    taken->items = dg_arena_alloc(r->file->arena, (count + 1) * sizeof *taken->items);
    if (!taken->items)
        return no_memory(r->file);
    const char *styled = styled_words(r, object, kind);
    while ((symbol = agnxtattr(r->graph, kind, symbol))) {
        char *value = object ? agxget(object, symbol) : symbol->defval;
        const char *usual = like ? agxget(like, symbol) : object && kind != AGRAPH ? symbol->defval : "";
        bool is_set = like && agattr(object, kind, symbol->name, NULL) != agattr(like, kind, symbol->name, NULL);
        if ((strcmp(value, usual) == 0 && (!is_set || !*value)) || is_listed(styled, symbol->name) ||
            is_about_styles(symbol->name))
            continue;
        dg_file_attribute *attribute = &taken->items[taken->count++];
        attribute->html = aghtmlstr(value);
        attribute->name = keep(r, symbol->name);
        attribute->value = keep(r, value);
        if (!attribute->name || !attribute->value)
            return no_memory(r->file);
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

static bool in_derived(const reading *r, Agnode_t *node)
{
    for (int k = 0; r->subgraphs[k]; k++)
        if (is_derived(r->graph, r->subgraphs[k], AGRAPH) && agsubnode(r->subgraphs[k], node, 0))
            return true;
    return is_derived(r->graph, node, AGNODE);
}

/* The line where a node is first given attributes: "name [", with or without quotes. 0 when the scan finds none. */
static int find_line(const char *text, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = text; (at = strstr(at, name)); at += length ? length : 1) {
        const char *end = at + length;
        bool quoted = at > text && at[-1] == '"' && *end == '"';
        const char *before = quoted ? at - 1 : at;
        if (before > text && !strchr(" \t\r\n;{}>,", before[-1]))
            continue;
        end += quoted;
        end += strspn(end, " \t\r\n");
        if (*end == '[')
            return line_of(text, (size_t)(at - text));
    }
    return 0;
}

static dg_status take_nodes(reading *r, const char *text)
{
    dg_graph_file *file = r->file;
    size_t all = (size_t)agnnodes(r->graph), found = 0, last = 0;
    file->nodes = dg_arena_alloc(file->arena, (all + 1) * sizeof *file->nodes);
    r->nodes = calloc(all + 1, sizeof *r->nodes);
    if (!file->nodes || !r->nodes)
        return no_memory(file);
    for (Agnode_t *node = agfstnode(r->graph); node; node = agnxtnode(r->graph, node)) {
        r->nodes[found++] = node;
        last = AGSEQ(node) > last ? AGSEQ(node) : last;
    }
    qsort(r->nodes, found, sizeof *r->nodes, by_sequence);
    r->n_places = last + 1;
    r->place = malloc(r->n_places * sizeof *r->place);
    if (!r->place)
        return no_memory(file);
    memset(r->place, 0xff, r->n_places * sizeof *r->place);
    bool many = found > 2000; /* the scan for lines is quadratic */
    for (size_t k = 0; k < found; k++) {
        char *name = agnameof(r->nodes[k]);
        if (!name || name[0] == '%')
            return dg_graph_file_error(file, 0,
                                       dg_error(DG_BAD_DATA, "a node's name begins with %%: Graphviz would lose it"));
        if (in_derived(r, r->nodes[k]))
            continue;
        dg_file_node *node = &file->nodes[file->n_nodes];
        r->place[AGSEQ(r->nodes[k])] = file->n_nodes++;
        node->cluster = -1;
        node->name = keep(r, name);
        node->line = many ? 0 : find_line(text, name);
        DG_TRY(take_attributes(r, r->nodes[k], AGNODE, NULL, &node->attributes));
    }
    return dg_ok();
}

static dg_status take_edges(reading *r)
{
    dg_graph_file *file = r->file;
    size_t all = (size_t)agnedges(r->graph), found = 0;
    file->edges = dg_arena_alloc(file->arena, (all + 1) * sizeof *file->edges);
    Agedge_t **edges = calloc(all + 1, sizeof *edges);
    dg_status status = edges && file->edges ? dg_ok() : no_memory(file);
    for (Agnode_t *node = agfstnode(r->graph); edges && node; node = agnxtnode(r->graph, node))
        for (Agedge_t *edge = agfstout(r->graph, node); edge; edge = agnxtout(r->graph, edge))
            edges[found++] = edge;
    if (edges)
        qsort(edges, found, sizeof *edges, edges_by_sequence);
    for (size_t k = 0; status.code == DG_OK && k < found; k++) {
        int tail = r->place[AGSEQ(agtail(edges[k]))], head = r->place[AGSEQ(aghead(edges[k]))];
        if (tail < 0 || head < 0 || is_derived(r->graph, edges[k], AGEDGE))
            continue;
        dg_file_edge *edge = &file->edges[file->n_edges++];
        edge->tail = tail;
        edge->head = head;
        status = take_attributes(r, edges[k], AGEDGE, NULL, &edge->attributes);
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
        return no_memory(r->file);
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

static int find_subgraph(const reading *r, const Agraph_t *graph, const int *places)
{
    for (int k = 0; r->subgraphs[k]; k++)
        if (r->subgraphs[k] == graph)
            return places[k];
    return -1;
}

static dg_status take_members(reading *r, Agraph_t *sub, int index)
{
    dg_graph_file *file = r->file;
    dg_file_cluster *cluster = &file->clusters[index];
    cluster->members = dg_arena_alloc(file->arena, sizeof(int) * ((size_t)agnnodes(sub) + 1));
    if (!cluster->members)
        return no_memory(file);
    for (int k = 0; r->nodes[k]; k++) {
        int place = r->place[AGSEQ(r->nodes[k])];
        if (place < 0 || !agsubnode(sub, r->nodes[k], 0))
            continue;
        cluster->members[cluster->n_members++] = place;
        if (cluster->is_cluster)
            file->nodes[place].cluster = index; /* children come later: the innermost stays */
    }
    return dg_ok();
}

static dg_status take_subgraphs(reading *r)
{
    dg_graph_file *file = r->file;
    size_t all = 0;
    while (r->subgraphs[all])
        all++;
    file->clusters = dg_arena_alloc(file->arena, (all + 1) * sizeof *file->clusters);
    int *places = calloc(all + 1, sizeof *places);
    dg_status status = places && file->clusters ? dg_ok() : no_memory(file);
    for (size_t k = 0; status.code == DG_OK && k < all; k++) {
        Agraph_t *sub = r->subgraphs[k], *parent = agparent(sub);
        places[k] = -1;
        if (is_derived(r->graph, sub, AGRAPH))
            continue;
        places[k] = file->n_clusters;
        dg_file_cluster *cluster = &file->clusters[file->n_clusters++];
        const char *name = agnameof(sub);
        cluster->name = name && name[0] != '%' ? keep(r, name) : NULL;
        cluster->is_cluster = name && strncmp(name, "cluster", 7) == 0;
        cluster->parent = find_subgraph(r, parent, places);
        status = take_attributes(r, sub, AGRAPH, parent, &cluster->attributes);
        if (status.code == DG_OK)
            status = take_members(r, sub, places[k]);
    }
    free(places);
    return status;
}

static dg_status take_document(reading *r, const char *text)
{
    dg_graph_file *file = r->file;
    size_t count = 0;
    r->subgraphs = calloc(count_subgraphs(r->graph) + 1, sizeof(Agraph_t *));
    if (!r->subgraphs)
        return no_memory(file);
    DG_TRY(list_subgraphs(r, r->graph, &count));
    char *name = agnameof(r->graph);
    file->name = keep(r, name && name[0] != '%' ? name : "");
    DG_TRY(take_attributes(r, r->graph, AGRAPH, NULL, &file->attributes));
    DG_TRY(take_attributes(r, NULL, AGNODE, NULL, &file->node_defaults));
    DG_TRY(take_attributes(r, NULL, AGEDGE, NULL, &file->edge_defaults));
    DG_TRY(take_nodes(r, text));
    DG_TRY(take_edges(r));
    return take_subgraphs(r);
}

dg_status dg_document_parse_dot(dg_graph_file *file, const char *text, size_t size)
{
    reading r = {.file = file};
    DG_TRY(check_text(file, text, size));
    pthread_mutex_lock(&cgraph_lock);
    dg_status status = parse(file, text, size, &r.graph);
    if (status.code == DG_OK)
        status = take_document(&r, text);
    if (r.graph)
        agclose(r.graph);
    pthread_mutex_unlock(&cgraph_lock);
    free(r.nodes);
    free(r.place);
    free(r.subgraphs);
    return status;
}

dg_status dg_graph_read(const char *path, const dg_graph_read_options *options, dg_graph_file **file)
{
    return dg_document_read(dg_document_parse_dot, path, options, file);
}
