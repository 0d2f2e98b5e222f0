/* Statements of DOT text: stmt = side { "->" side } { "[" … "]" }, side = node { "," node } | ["subgraph" NAME] { … }.
 */
#include "statements.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

/* A subgraph, as far as one pair of braces tells of it: one with a name may be opened again. */
typedef struct part {
    const struct part *outer; /* the first part of the subgraph around it; NULL: the graph */
    struct part *first;       /* of the same subgraph */
    struct part *last;        /* in the first one: the part that was opened last */
    struct part *next;        /* of the same subgraph */
    text_place name;          /* length 0: none */
    size_t begin, end;        /* of `mentions` */
} part;

/* One side of an arrow: a list of nodes, or a subgraph, which is a set of them. */
typedef struct side {
    const part *whole; /* NULL: a list */
    size_t begin, end; /* of `mentions` */
} side;

typedef struct pair {
    uint64_t tail, head, order; /* AGSEQ of nodes */
    Agedge_t *edge;             /* NULL: as the text states it */
} pair;

typedef struct list {
    size_t count, room;
    void *items;
} list;

typedef struct statements {
    const dg_graph_file *file;
    Agraph_t *graph;
    dot_words in;
    char sign; /* the token: 'w' a word or <…>, '>' an arrow, 0 the end, or the sign itself */
    text_place word;
    char *name;                                /* room for the longest name, as libcgraph has it */
    list parts;                                /* part * */
    void *named;                               /* first parts with names, a tree of <search.h> */
    list mentions, sides, pairs, tails, heads; /* Agnode_t *, side, pair, Agnode_t *, Agnode_t * */
    list seen;                                 /* uint64_t by AGSEQ: the set that has the node already */
    uint64_t n_sets;
    bool has_sets; /* a side of an edge is a subgraph */
    const char *sought_subgraph;
    const Agnode_t *sought;
    int found; /* the line */
} statements;

/* A place for one item more; NULL without memory. */
static void *append(list *l, size_t size)
{
    if (l->count == l->room) {
        size_t room = l->room ? 2 * l->room : 64;
        void *larger = realloc(l->items, room * size);
        if (!larger)
            return NULL;
        l->items = larger;
        l->room = room;
    }
    return (char *)l->items + l->count++ * size;
}

static Agnode_t *node_at(const list *l, size_t k)
{
    return ((Agnode_t **)l->items)[k];
}

static dg_status add_node(const statements *s, list *l, Agnode_t *node)
{
    Agnode_t **place = append(l, sizeof *place);
    if (!place)
        return dg_no_memory("%s", s->file->path);
    *place = node;
    return dg_ok();
}

/* ---- tokens ---- */

static void advance(statements *s)
{
    words_skip_space(&s->in);
    s->sign = s->in.at < s->in.size ? s->in.bytes[s->in.at] : '\0';
    if (!s->sign)
        return;
    bool is_arrow = s->sign == '-' && s->in.at + 1 < s->in.size && s->in.bytes[s->in.at + 1] == '>';
    bool is_word = words_take(&s->in, &s->word) || s->sign == '<';
    if (is_arrow)
        s->in.at++;
    s->sign = is_arrow ? '>' : is_word ? 'w' : s->sign;
}

static bool is_at_keyword(const statements *s, const char *keyword)
{
    return s->sign == 'w' && words_is_keyword(&s->word, keyword);
}

/* Appends what libcgraph makes of a word in quotes: \" is ", \\ stays, a line that ends in \ goes on. */
static size_t append_word(char *name, size_t length, const text_place *word)
{
    for (size_t k = 0; k < word->length; k++) {
        bool is_pair = word->is_quoted && word->name[k] == '\\' && k + 1 < word->length;
        char next = is_pair ? word->name[k + 1] : '\0';
        if (next == '\n' || next == '"' || next == '\\')
            k++;
        if (next == '\\')
            name[length++] = '\\';
        if (next != '\n')
            name[length++] = word->name[k];
    }
    return length;
}

/* A word, or some in quotes with + between them, to s->name. */
static void take_name(statements *s)
{
    size_t length = append_word(s->name, 0, &s->word);
    for (advance(s); s->sign == '+'; advance(s)) {
        advance(s);
        length = append_word(s->name, length, &s->word);
    }
    s->name[length] = '\0';
}

/* ---- subgraphs ---- */

static int by_outer_and_name(const void *a, const void *b)
{
    const part *first = a, *second = b;
    size_t least = first->name.length < second->name.length ? first->name.length : second->name.length;
    if (first->outer != second->outer)
        return (uintptr_t)first->outer < (uintptr_t)second->outer ? -1 : 1;
    int order = memcmp(first->name.name, second->name.name, least);
    return order ? order : (first->name.length > second->name.length) - (first->name.length < second->name.length);
}

static dg_status open_part(statements *s, const part *outer, text_place name, part **opened)
{
    part **place = append(&s->parts, sizeof *place), *made = calloc(1, sizeof *made);
    *opened = made;
    if (place)
        *place = made;
    if (!place || !made) {
        free(place ? NULL : made);
        return dg_no_memory("%s", s->file->path);
    }
    *made = (part){.outer = outer ? outer->first : NULL, .first = made, .last = made, .name = name};
    made->begin = made->end = s->mentions.count;
    if (!name.length)
        return dg_ok();
    part **known = tsearch(made, &s->named, by_outer_and_name);
    if (!known)
        return dg_no_memory("%s", s->file->path);
    made->first = *known;
    if (made != made->first)
        made->first->last->next = made;
    made->first->last = made;
    return dg_ok();
}

/* ---- edges ---- */

static dg_status add_once(statements *s, list *into, size_t begin, size_t end)
{
    dg_status status = dg_ok();
    for (size_t k = begin; status.code == DG_OK && k < end; k++) {
        Agnode_t *node = node_at(&s->mentions, k);
        while (s->seen.count <= AGSEQ(node)) {
            uint64_t *place = append(&s->seen, sizeof *place);
            if (!place)
                return dg_no_memory("%s", s->file->path);
            *place = 0;
        }
        uint64_t *seen = (uint64_t *)s->seen.items + AGSEQ(node);
        if (*seen != s->n_sets)
            status = add_node(s, into, node);
        *seen = s->n_sets;
    }
    return status;
}

/* The nodes of a side, in the order in which the text first names them there. */
static dg_status list_nodes(statements *s, const side *of, list *into)
{
    dg_status status = dg_ok();
    into->count = 0;
    for (size_t k = of->begin; !of->whole && status.code == DG_OK && k < of->end; k++)
        status = add_node(s, into, node_at(&s->mentions, k));
    if (!of->whole)
        return status;
    s->n_sets++;
    for (const part *at = of->whole->first; status.code == DG_OK; at = at->next) {
        status = add_once(s, into, at->begin, at->end);
        if (at == of->whole)
            break;
    }
    return status;
}

static dg_status add_edges(statements *s, const side *from, const side *to)
{
    DG_TRY(list_nodes(s, from, &s->tails));
    DG_TRY(list_nodes(s, to, &s->heads));
    for (size_t i = 0; i < s->tails.count; i++)
        for (size_t k = 0; k < s->heads.count; k++) {
            pair *added = append(&s->pairs, sizeof *added);
            if (!added)
                return dg_no_memory("%s", s->file->path);
            *added = (pair){AGSEQ(node_at(&s->tails, i)), AGSEQ(node_at(&s->heads, k)), s->pairs.count - 1, NULL};
        }
    return dg_ok();
}

/* ---- statements ---- */

static dg_status read_block(statements *s, part *around);

static dg_status mention(statements *s, const part *around, int line)
{
    Agnode_t *node = agnode(s->graph, s->name, 0);
    if (!node)
        return dg_ok();
    for (const part *at = around; s->sought == node && !s->found && at; at = at->outer)
        if (at->name.length == strlen(s->sought_subgraph) &&
            memcmp(at->name.name, s->sought_subgraph, at->name.length) == 0)
            s->found = line;
    return add_node(s, &s->mentions, node);
}

/* NAME { ":" PORT } { "," … }; of NAME = VALUE nothing is taken. */
static dg_status read_list(statements *s, const part *around, side *into)
{
    into->begin = s->mentions.count;
    while (s->sign == 'w') {
        int line = s->word.line;
        take_name(s);
        bool is_setting = s->sign == '=';
        if (!is_setting)
            DG_TRY(mention(s, around, line));
        while (s->sign == ':' || s->sign == '=') {
            advance(s);
            if (s->sign == 'w')
                take_name(s);
        }
        if (is_setting || s->sign != ',')
            break;
        advance(s);
    }
    into->end = s->mentions.count;
    return dg_ok();
}

static dg_status read_side(statements *s, part *around, side *into)
{
    text_place name = {0};
    part *opened;
    *into = (side){0};
    if (s->sign == 'w' && !is_at_keyword(s, "subgraph"))
        return read_list(s, around, into);
    if (s->sign == 'w')
        advance(s);
    if (s->sign == 'w') {
        name = s->word;
        take_name(s);
    }
    DG_TRY(open_part(s, around, name, &opened));
    into->whole = opened;
    if (s->sign != '{')
        return dg_ok();
    advance(s);
    DG_TRY(read_block(s, opened));
    if (s->sign == '}')
        advance(s);
    return dg_ok();
}

static dg_status add_side(statements *s, part *around)
{
    side read, *place;
    DG_TRY(read_side(s, around, &read));
    place = append(&s->sides, sizeof *place);
    if (!place)
        return dg_no_memory("%s", s->file->path);
    *place = read;
    return dg_ok();
}

static void skip_lists(statements *s)
{
    while (s->sign == '[') {
        while (s->sign && s->sign != ']')
            advance(s);
        if (s->sign)
            advance(s);
    }
}

/* Its edges are made at its end: after those of the statements within its braces. */
static dg_status read_statement(statements *s, part *around)
{
    size_t first = s->sides.count;
    if (is_at_keyword(s, "node") || is_at_keyword(s, "edge") || is_at_keyword(s, "graph")) {
        advance(s);
        skip_lists(s);
        return dg_ok();
    }
    DG_TRY(add_side(s, around));
    while (s->sign == '>') {
        advance(s);
        DG_TRY(add_side(s, around));
    }
    for (size_t k = first + 1; k < s->sides.count; k++) {
        const side from = ((side *)s->sides.items)[k - 1], to = ((side *)s->sides.items)[k];
        s->has_sets |= from.whole || to.whole;
        DG_TRY(add_edges(s, &from, &to));
    }
    s->sides.count = first;
    skip_lists(s);
    return dg_ok();
}

static dg_status read_block(statements *s, part *around)
{
    dg_status status = dg_ok();
    while (status.code == DG_OK && s->sign && s->sign != '}') {
        if (s->sign == 'w' || s->sign == '{')
            status = read_statement(s, around);
        else
            advance(s);
    }
    if (around)
        around->end = s->mentions.count;
    return status;
}

static dg_status read_statements(statements *s, const dot_text *text)
{
    s->in = (dot_words){text->bytes, text->size, 0, 1};
    s->name = malloc(text->size + 1);
    if (!s->name)
        return dg_no_memory("%s", s->file->path);
    do
        advance(s);
    while (s->sign && s->sign != '{');
    advance(s);
    return read_block(s, NULL);
}

static void statements_free(statements *s)
{
    list *lists[] = {&s->mentions, &s->sides, &s->pairs, &s->tails, &s->heads, &s->seen, &s->parts};
    for (size_t k = 0; k < s->parts.count; k++) {
        part *at = ((part **)s->parts.items)[k];
        if (at && at->name.length)
            tdelete(at, &s->named, by_outer_and_name);
    }
    for (size_t k = 0; k < s->parts.count; k++)
        free(((part **)s->parts.items)[k]);
    for (size_t k = 0; k < sizeof lists / sizeof *lists; k++)
        free(lists[k]->items);
    free(s->name);
}

/* ---- what is asked ---- */

static int compare(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int by_nodes(const void *a, const void *b)
{
    const pair *first = a, *second = b;
    int order = compare(first->tail, second->tail);
    order = order ? order : compare(first->head, second->head);
    return order ? order : compare(first->order, second->order);
}

static int by_order(const void *a, const void *b)
{
    const pair *first = a, *second = b;
    int order = compare(first->order, second->order);
    return order ? order : compare(AGSEQ(first->edge), AGSEQ(second->edge));
}

static bool is_of_nodes(const pair *a, const pair *b)
{
    return a->tail == b->tail && a->head == b->head;
}

/* Of the edges from one node to another the first is the first that the text states. With `key` libcgraph makes one
 * edge of several: it stands where the text first states it. */
static void take_orders(pair *edges, size_t count, const pair *stated, size_t n_stated)
{
    size_t at = 0;
    for (size_t k = 0; k < count; k++) {
        while (at < n_stated && by_nodes(&stated[at], &(pair){edges[k].tail, edges[k].head, 0, NULL}) < 0)
            at++;
        if (at < n_stated && is_of_nodes(&stated[at], &edges[k]))
            edges[k].order = stated[at++].order;
    }
}

dg_status statements_sort_edges(const dg_graph_file *file, Agraph_t *graph, const dot_text *text, Agedge_t **edges,
                                size_t count)
{
    statements s = {.file = file, .graph = graph};
    pair *made = NULL;
    dg_status status = read_statements(&s, text);
    if (status.code == DG_OK && s.has_sets) {
        made = calloc(count + 1, sizeof *made);
        status = made ? dg_ok() : dg_no_memory("%s", file->path);
    }
    for (size_t k = 0; made && k < count; k++)
        made[k] = (pair){AGSEQ(agtail(edges[k])), AGSEQ(aghead(edges[k])), k, edges[k]};
    if (made && count && s.pairs.count) {
        qsort(made, count, sizeof *made, by_nodes);
        qsort(s.pairs.items, s.pairs.count, sizeof(pair), by_nodes);
        take_orders(made, count, s.pairs.items, s.pairs.count);
        qsort(made, count, sizeof *made, by_order);
        for (size_t k = 0; k < count; k++)
            edges[k] = made[k].edge;
    }
    free(made);
    statements_free(&s);
    return status;
}

int statements_line(const dg_graph_file *file, Agraph_t *graph, const dot_text *text, const char *subgraph,
                    const Agnode_t *node)
{
    statements s = {.file = file, .graph = graph, .sought_subgraph = subgraph, .sought = node};
    dg_status status = read_statements(&s, text);
    statements_free(&s);
    return status.code == DG_OK ? s.found : 0;
}
