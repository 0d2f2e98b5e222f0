/* The words and signs of DOT text, one after another: names, numbers, texts in quotes or <…>. */
#ifndef TOOLS_GRAPH_FILE_WORDS_H
#define TOOLS_GRAPH_FILE_WORDS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct text_place {
    const char *name; /* in the text, without quotes, backslashes as they stand; not terminated */
    size_t length;
    int line, order;
    bool is_quoted; /* "node" is a name, node a keyword */
} text_place;

typedef struct dot_words {
    const char *bytes;
    size_t size, at;
    int line;
} dot_words;

/* Over space, comments, and lines of a preprocessor. */
void words_skip_space(dot_words *words);
/* The next word, which is not at the end; false: it is another sign, one byte of it, or <…> with what is in it. */
bool words_take(dot_words *words, text_place *word);
/* Whether that keyword stands there, in small or large letters. */
bool words_at_keyword(const dot_words *words, const char *keyword);
/* Whether a word is that keyword. */
bool words_is_keyword(const text_place *word, const char *keyword);

#endif
