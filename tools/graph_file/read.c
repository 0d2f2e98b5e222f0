/* DOT text to a document, through libcgraph. Its state is global, parsing included: one lock around every call. */
#include <dotgrad/graphviz.h>

#include "core/base/null.h"
#include "take.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_MESSAGE = 400 };

static pthread_mutex_t cgraph_lock = PTHREAD_MUTEX_INITIALIZER;

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
static dg_status syntax_error(const dg_graph_file *file, const dot_text *text)
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
    const char *remedy = strstr(message, "near '$") ? "; values with $ are quoted: op=\"$act\""
                         : text->is_undirected      ? "; a network is directed: it begins with 'digraph', not 'graph'"
                         : strstr(message, "near '--'") ? "; edges of a digraph are written ->"
                         : strstr(message, "near '('")  ? "; values with brackets are quoted: op=\"linear(10)\""
                                                        : "";
    char brace[80] = "";
    if (text->open_line && !*remedy && !strstr(message, " near ")) /* the file ended too early */
        snprintf(brace, sizeof brace, ": the '{' of line %d has no '}'", text->open_line);
    return dg_graph_file_error(
        file, line, dg_error(DG_BAD_DATA, "%s%s%s", *message ? message : "this is not a DOT graph", brace, remedy));
}

/* Under the lock. */
static dg_status parse(const dg_graph_file *file, const dot_text *prepared, Agraph_t **graph)
{
    source from = {prepared->bytes, prepared->size, 0};
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
        return syntax_error(file, prepared);
    if (extra)
        return dg_graph_file_error(file, 0, dg_error(DG_BAD_DATA, "the file has %d graph(s), expected one", extra + 1));
    if (!agisdirected(*graph))
        return dg_graph_file_error(file, 0, dg_error(DG_BAD_DATA, "the graph is undirected: write 'digraph' and '->'"));
    return dg_ok();
}

dg_status dg_document_parse_dot(dg_graph_file *file, const char *text, size_t size)
{
    REFUSE_NULL(file);
    REFUSE_NULL(text);
    dot_text prepared;
    Agraph_t *graph = NULL;
    DG_TRY(dot_text_prepare(file, text, size, &prepared));
    pthread_mutex_lock(&cgraph_lock);
    dg_status status = parse(file, &prepared, &graph);
    if (status.code == DG_OK)
        status = take_document(file, graph, &prepared);
    if (graph)
        agclose(graph);
    pthread_mutex_unlock(&cgraph_lock);
    dot_text_free(&prepared);
    return status;
}

dg_status dg_graph_read(const char *path, const dg_graph_read_options *options, dg_graph_file **file)
{
    REFUSE_NULL(path);
    REFUSE_NULL(file);
    return dg_document_read(dg_document_parse_dot, path, options, file);
}
