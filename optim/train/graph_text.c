/* The network's text in checkpoints, by which they open by themselves. */
#include "trainer.h"

#include "core/base/plain.h"

#include <dotgrad/graph_file.h>

#include <stdlib.h>
#include <string.h>

/* ---- whether a text can be a graph file, as far as this library tells: the reader of DOT is another one's ---- */

/* Behind what nobody reads: blanks, comments, lines that begin with #. */
static const char *skip_blanks(const char *text, const char *at)
{
    for (;;) {
        const char *begin = at;
        at += strspn(at, " \t\r\n");
        if (strncmp(at, "//", 2) == 0 || (*at == '#' && (at == text || at[-1] == '\n')))
            at += strcspn(at, "\n");
        else if (strncmp(at, "/*", 2) == 0)
            at = strstr(at + 2, "*/") ? strstr(at + 2, "*/") + 2 : at + strlen(at);
        if (at == begin)
            return at;
    }
}

/* Behind a text in quotes, or in angles, which nest; where the text ends, if it ends in it. */
static const char *skip_quoted(const char *at)
{
    int depth = 0;
    if (*at == '"') {
        for (at++; *at && *at != '"'; at++)
            at += *at == '\\' && at[1];
        return *at ? at + 1 : at;
    }
    do {
        depth += (*at == '<') - (*at == '>');
        at++;
    } while (*at && depth);
    return at;
}

static bool can_be_graph(const char *text)
{
    static const char word[] = "digraph";
    const char *at = skip_blanks(text, text);
    int depth = 0;
    if (!plain_same_part(at, word, strlen(word)) || !strchr(" \t\r\n\"{/", at[strlen(word)]))
        return false;
    at = skip_blanks(text, at + strlen(word));
    at = *at == '"' ? skip_quoted(at) : at + strcspn(at, "{\"<>[];= \t\r\n");
    at = skip_blanks(text, at);
    if (*at != '{')
        return false;
    do {
        bool is_arrow = strncmp(at, "->", 2) == 0;
        depth += (*at == '{') - (*at == '}');
        at = is_arrow ? at + 2 : *at == '"' || *at == '<' ? skip_quoted(at) : at + 1;
        at = skip_blanks(text, at);
    } while (*at && depth > 0);
    return depth == 0 && !*at;
}

/* ---- what the checkpoint keeps ---- */

/* A graph that has no text (dg_graph_write tells when) trains all the same, where no checkpoint is asked for. */
static dg_status write_graph(dg_trainer *t)
{
    const dg_task *task = &t->options.task;
    dg_node *output = task->output && task->output != task->loss ? task->output : t->metrics.prediction;
    dg_status status =
        dg_graph_write(task->graph, &(dg_graph_write_options){.loss = task->loss, .output = output}, &t->graph_text);
    t->wrote_graph = status.code == DG_OK;
    if (status.code == DG_OK || status.code == DG_NO_MEMORY)
        return status;
    if (t->checkpoint)
        return dg_error(status.code,
                        "checkpoint: it keeps the graph's text, by which dg_model_open() opens it: %.600s; or "
                        "graph_text=\"\" for checkpoints without one",
                        status.message);
    trainer_warn(t, "checkpoints will not open by themselves, for they have no text of the graph: %.600s",
                 status.message);
    return dg_ok();
}

dg_status graph_text_make(dg_trainer *t)
{
    if (!t->graph_text)
        return write_graph(t);
    if (t->graph_text[0])
        return can_be_graph(t->graph_text)
                   ? dg_ok()
                   : dg_error(DG_BAD_ARGUMENT,
                              "graph_text is '%.60s', expected the text of a graph file, \"digraph { … }\", by which "
                              "the checkpoint opens; NULL: the graph's own, \"\": none",
                              t->graph_text);
    free(t->graph_text);
    t->graph_text = NULL;
    t->options.graph_text = NULL;
    return dg_ok();
}
