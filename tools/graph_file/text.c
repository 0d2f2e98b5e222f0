/* DOT text in one pass: bounds on nesting, `strict`, attributes that are set twice, and lines of nodes. */
#include "text.h"

#include <dotgrad/utf8.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_NESTING = 64, MOST_KEYS = 256, MOST_IN_LIST = 64 };

typedef enum holder { NOTHING, NODE, GRAPH, SUBGRAPH } holder;

/* An attribute of ours that a node, the graph or a subgraph right in it is given. */
typedef struct setting {
    holder kind;
    text_place name; /* of a node or a subgraph */
    text_place key, value;
} setting;

typedef struct scan {
    const dg_graph_file *file;
    dot_text *text;
    dot_words in;
    size_t room;
    int depth;
    int opened[MOST_NESTING]; /* lines of the braces that are open */
    text_place subgraph;      /* whose braces are those right in the graph's; empty: it has no name */
    bool is_in_list;          /* between [ and ] */
    bool is_after_list;       /* behind ]: another [ goes on with that list */
    size_t n_list;            /* attributes of that list */
    text_place list[MOST_IN_LIST];
    bool is_other;       /* the word before is the head of an edge, or a port */
    bool is_of_subgraph; /* it is the name of a subgraph */
    holder kind;         /* whose list it is; NOTHING: of an edge, or of defaults */
    text_place node;
    size_t n_settings, settings_room;
    setting *settings;
} scan;

static dg_status fail(const dg_graph_file *file, int line, const char *what)
{
    return dg_graph_file_error(file, line, dg_error(DG_BAD_DATA, "%s", what));
}

static dg_status check_bytes(const dg_graph_file *file, const char *text, size_t size)
{
    size_t at = 0;
    int line = 1;
    if (size == 0 || strspn(text, " \t\r\n") == size)
        return fail(file, 0, "the file is empty");
    if (size > 1 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0))
        return fail(file, 0, "this is UTF-16: save it as UTF-8");
    if (!memchr(text, 0, size) && dg_utf8_check(text, size, &at))
        return dg_ok();
    const char *zero = memchr(text, 0, size);
    at = zero && (size_t)(zero - text) < at ? (size_t)(zero - text) : at;
    for (size_t i = 0; i < at; i++)
        line += text[i] == '\n';
    return fail(file, zero ? 0 : line, "this is not text: it has a byte that is not UTF-8");
}

/* An array with room for one item more than `count`; NULL without memory. */
static void *with_room(void *items, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return items;
    size_t wanted = *room ? 2 * *room : 64;
    void *larger = realloc(items, wanted * size);
    *room = larger ? wanted : *room;
    return larger;
}

static dg_status note_place(scan *s, text_place word)
{
    dot_text *text = s->text;
    text_place *places = with_room(text->places, text->n_places, &s->room, sizeof *places);
    if (!places)
        return dg_no_memory("%s", s->file->path);
    text->places = places;
    word.order = (int)text->n_places;
    text->places[text->n_places++] = word;
    return dg_ok();
}

static int compare(const char *a, size_t length, const text_place *b)
{
    int order = memcmp(a, b->name, length < b->length ? length : b->length);
    return order ? order : (length > b->length) - (length < b->length);
}

static int by_name(const void *a, const void *b)
{
    const text_place *first = a, *second = b;
    int order = compare(first->name, first->length, second);
    return order ? order : (first->order > second->order) - (first->order < second->order);
}

/* [strict] digraph. `strict` would lose the second edge of mul(x, x), and networkx writes it on every graph: it is
 * dropped, and the edges are taken as they stand in the file. What is no graph is not shown in messages. */
static dg_status take_beginning(scan *s)
{
    dot_text *text = s->text;
    words_skip_space(&s->in);
    text->is_strict = words_at_keyword(&s->in, "strict");
    if (text->is_strict) {
        memset(text->bytes + s->in.at, ' ', strlen("strict"));
        words_skip_space(&s->in);
    }
    text->is_undirected = words_at_keyword(&s->in, "graph");
    if (words_at_keyword(&s->in, "digraph") || text->is_undirected)
        return dg_ok();
    return fail(s->file, s->in.line, "this is not a DOT graph: it does not begin with 'digraph' (data have --data)");
}

static bool is_same(const text_place *a, const text_place *b)
{
    return a->length == b->length && memcmp(a->name, b->name, a->length) == 0;
}

/* A letter or digit, or what may stand in a number. */
static bool is_of_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '\'' || (unsigned char)c >= 0x80;
}

static bool is_ours(const text_place *key)
{
    char name[80];
    snprintf(name, sizeof name, "%.*s", (int)key->length, key->name);
    return dg_attribute_is_ours(name);
}

/* NAME =, whose first line is kept for messages. One of ours may stand once in a list: DOT would take the last. */
static dg_status note_key(scan *s, const text_place *word)
{
    dot_text *text = s->text;
    size_t k = 0;
    while (k < text->n_keys && !is_same(&text->keys[k], word))
        k++;
    if (k == text->n_keys && k < MOST_KEYS)
        text->keys[text->n_keys++] = *word;
    if (!s->is_in_list)
        return dg_ok();
    for (k = 0; k < s->n_list && !is_same(&s->list[k], word); k++)
        ;
    if (k == s->n_list && k < MOST_IN_LIST)
        s->list[s->n_list++] = *word;
    else if (k < s->n_list && is_ours(word))
        return dg_graph_file_error(
            s->file, word->line,
            dg_error(DG_BAD_ARGUMENT, "'%.*s' is set twice in one list", (int)word->length, word->name));
    return dg_ok();
}

/* Whose attributes stand in these braces, outside of lists or in graph [ ]. */
static holder holder_here(const scan *s)
{
    return s->depth == 1 ? GRAPH : s->depth == 2 && s->subgraph.length ? SUBGRAPH : NOTHING;
}

/* The list that begins after `before`: of a node, of an edge, of the graph, or of the defaults of a kind. */
static dg_status open_list(scan *s, const text_place *before)
{
    if (s->is_after_list)
        return dg_ok();
    bool is_graph = words_is_keyword(before, "graph");
    bool is_kind = is_graph || words_is_keyword(before, "node") || words_is_keyword(before, "edge");
    s->n_list = 0;
    s->kind = is_graph ? holder_here(s) : is_kind || s->is_other || !before->length ? NOTHING : NODE;
    s->node = *before;
    return before->length ? note_place(s, *before) : dg_ok();
}

static dg_status note_setting(scan *s, const text_place *key, const text_place *value)
{
    holder kind = s->is_in_list ? s->kind : holder_here(s);
    if (kind == NOTHING || !is_ours(key))
        return dg_ok();
    setting *settings = with_room(s->settings, s->n_settings, &s->settings_room, sizeof *settings);
    if (!settings)
        return dg_no_memory("%s", s->file->path);
    s->settings = settings;
    s->settings[s->n_settings] = (setting){.kind = kind,
                                           .name = kind == NODE       ? s->node
                                                   : kind == SUBGRAPH ? s->subgraph
                                                                      : (text_place){.name = ""},
                                           .key = *key,
                                           .value = *value};
    s->settings[s->n_settings].value.order = (int)s->n_settings;
    s->n_settings++;
    return dg_ok();
}

static int compare_keys(const setting *a, const setting *b)
{
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    int order = compare(a->name.name, a->name.length, &b->name);
    return order ? order : compare(a->key.name, a->key.length, &b->key);
}

static int by_key(const void *a, const void *b)
{
    const setting *first = a, *second = b;
    int order = compare_keys(first, second);
    return order ? order : first->value.order - second->value.order;
}

/* Steps over the space at *at, unless in a text in single quotes; false: nothing is left. *is_apart: it parts two
 * words.
 */
static bool next_sign(const text_place *value, size_t *at, bool is_in_text, bool *is_apart)
{
    size_t from = *at;
    while (!is_in_text && *at < value->length && strchr(" \t\r\n", value->name[*at]))
        ++*at;
    *is_apart = from > 0 && from < *at && *at < value->length && is_of_word(value->name[from - 1]) &&
                is_of_word(value->name[*at]);
    return *at < value->length;
}

/* Values of ours are calls, lists and names, in which space says nothing where it parts no two words:
 * linear(3) is linear( 3 ). */
static bool is_same_value(const text_place *a, const text_place *b)
{
    size_t i = 0, j = 0;
    bool is_in_text = false, apart_a, apart_b;
    for (;; i++, j++) {
        bool more_a = next_sign(a, &i, is_in_text, &apart_a), more_b = next_sign(b, &j, is_in_text, &apart_b);
        if (!more_a || !more_b)
            return more_a == more_b;
        if (a->name[i] != b->name[j] || apart_a != apart_b)
            return false;
        is_in_text = is_in_text != (a->name[i] == '\'');
    }
}

/* DOT takes the last of two values of one attribute: a node that stands twice by mistake would lose its first op. */
static dg_status check_settings(scan *s)
{
    static const char *const kinds[] = {[NODE] = "node ", [GRAPH] = "the graph", [SUBGRAPH] = "subgraph "};
    if (s->n_settings)
        qsort(s->settings, s->n_settings, sizeof *s->settings, by_key);
    for (size_t k = 1; k < s->n_settings; k++) {
        const setting *a = &s->settings[k - 1], *b = &s->settings[k];
        const char *quote = a->kind == GRAPH ? "" : "'";
        if (compare_keys(a, b) == 0 && !is_same_value(&a->value, &b->value))
            return dg_graph_file_error(s->file, b->value.line,
                                       dg_error(DG_BAD_ARGUMENT,
                                                "%s%s%.*s%s has '%.*s' already in line %d, and not with this value",
                                                kinds[a->kind], quote, (int)a->name.length, a->name.name, quote,
                                                (int)a->key.length, a->key.name, a->value.line));
    }
    return dg_ok();
}

/* NAME="", which Graphviz would take for not set, where a number or one of a few words is wanted. */
static dg_status refuse_empty(const scan *s, const text_place *key)
{
    char name[80];
    snprintf(name, sizeof name, "%.*s", (int)key->length, key->name);
    const dg_attribute *known = dg_attribute_find(name);
    bool is_number = known && known->form >= DG_FORM_COUNT && known->form <= DG_FORM_BYTES;
    if (!known || !known->option || !(is_number || known->choices))
        return dg_ok();
    return dg_graph_file_error(s->file, key->line, dg_attribute_check(known, ""));
}

static dg_status note_brace(scan *s, char c, const text_place *before)
{
    if (c == '{' && s->depth >= MOST_NESTING)
        return dg_graph_file_error(s->file, s->in.line,
                                   dg_error(DG_BAD_DATA, "braces nest deeper than %d", MOST_NESTING));
    if (c == '{' && s->depth >= 0)
        s->opened[s->depth] = s->in.line;
    if (c == '{' && s->depth == 1)
        s->subgraph = s->is_of_subgraph ? *before : (text_place){0};
    s->depth += (c == '{') - (c == '}');
    return dg_ok();
}

/* What a sign does that comes after the word `before`. */
static dg_status note_sign(scan *s, char c, const text_place *before)
{
    if (c == '[')
        DG_TRY(open_list(s, before));
    if (c == '=' && before->length)
        DG_TRY(note_key(s, before));
    if (c == '[' || c == ']')
        s->is_in_list = c == '[';
    s->is_after_list = c == ']';
    return note_brace(s, c, before);
}

static dg_status read_words(scan *s)
{
    text_place before = {0}, key = {0};
    char sign = 0; /* before the word */
    DG_TRY(take_beginning(s));
    for (words_skip_space(&s->in); s->in.at < s->in.size; words_skip_space(&s->in)) {
        text_place word = {0};
        char c = s->in.bytes[s->in.at];
        DG_TRY(note_sign(s, c, &before));
        bool took = words_take(&s->in, &word);
        if (key.length && took)
            DG_TRY(word.length ? note_setting(s, &key, &word) : refuse_empty(s, &key));
        key = c == '=' ? before : (text_place){0};
        s->is_of_subgraph = took && words_is_keyword(&before, "subgraph");
        before = took ? word : (text_place){0};
        if (took && !s->is_in_list)
            s->is_other = sign == '>' || sign == '-' || sign == ':';
        sign = took ? 0 : c;
    }
    s->text->open_line = s->depth > 0 ? s->opened[s->depth - 1] : 0;
    if (s->text->n_places)
        qsort(s->text->places, s->text->n_places, sizeof *s->text->places, by_name);
    return check_settings(s);
}

dg_status dot_text_prepare(const dg_graph_file *file, const char *text, size_t size, dot_text *prepared)
{
    *prepared = (dot_text){0};
    DG_TRY(check_bytes(file, text, size));
    size_t mark = size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    prepared->size = size - mark;
    prepared->bytes = malloc(prepared->size + 1);
    prepared->keys = malloc(MOST_KEYS * sizeof *prepared->keys);
    if (!prepared->bytes || !prepared->keys) {
        dot_text_free(prepared);
        return dg_no_memory("%s", file->path);
    }
    memcpy(prepared->bytes, text + mark, prepared->size);
    prepared->bytes[prepared->size] = '\0';
    scan s = {.file = file, .text = prepared, .in = {prepared->bytes, prepared->size, 0, 1}};
    dg_status status = read_words(&s);
    free(s.settings);
    if (status.code != DG_OK)
        dot_text_free(prepared);
    return status;
}

void dot_text_free(dot_text *text)
{
    free(text->bytes);
    free(text->places);
    free(text->keys);
    *text = (dot_text){0};
}

int dot_text_first_line(const dot_text *text, const char *name)
{
    dot_words words = {text->bytes, text->size, 0, 1};
    size_t length = strlen(name);
    for (words_skip_space(&words); words.at < words.size; words_skip_space(&words)) {
        text_place word;
        if (words_take(&words, &word) && word.length == length && memcmp(word.name, name, length) == 0)
            return word.line;
    }
    return 0;
}

int dot_text_line(const dot_text *text, const char *name)
{
    size_t low = 0, high = text->n_places, length = strlen(name);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(name, length, &text->places[middle]) > 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < text->n_places && compare(name, length, &text->places[low]) == 0 ? text->places[low].line : 0;
}
