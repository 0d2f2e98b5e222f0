/* DOT text before libcgraph sees it: what it cannot take is refused here, what it would do wrongly is put right. */
#ifndef TOOLS_GRAPH_FILE_TEXT_H
#define TOOLS_GRAPH_FILE_TEXT_H

#include "words.h"

#include <dotgrad/graph_file.h>

typedef struct dot_text {
    char *bytes; /* a copy without byte-order mark and without the word `strict` */
    size_t size;
    bool is_undirected; /* graph, not digraph */
    int open_line;      /* of the innermost { that has no }; 0: there is none */
    bool is_strict;     /* the word stood there */
    size_t n_places;
    text_place *places; /* where nodes are first given attributes: NAME [; by name */
    size_t n_keys;
    text_place *keys; /* names of attributes, MOST_KEYS at most, where each is set first */
} dot_text;

/* DG_BAD_DATA: empty, too large, not UTF-8, UTF-16, nested too deep for libcgraph, which recurses on braces. */
dg_status dot_text_prepare(const dg_graph_file *file, const char *text, size_t size, dot_text *prepared);
void dot_text_free(dot_text *text);
/* The line where that node is first given attributes; 0: not known. */
int dot_text_line(const dot_text *text, const char *name);
/* The first line with that word, found by reading all before it; 0: there is none. */
int dot_text_first_line(const dot_text *text, const char *name);

#endif
