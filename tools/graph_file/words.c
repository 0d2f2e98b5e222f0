/* The words and signs of DOT text. */
#include "words.h"

#include "core/base/plain.h"

#include <ctype.h>
#include <string.h>

/* Steps over one byte that has been looked at. */
static void step(dot_words *words)
{
    words->line += words->bytes[words->at++] == '\n';
}

static bool is_at(const dot_words *words, const char *word)
{
    size_t length = strlen(word);
    return words->size - words->at >= length && memcmp(words->bytes + words->at, word, length) == 0;
}

static void skip_to(dot_words *words, const char *end)
{
    while (words->at < words->size && !is_at(words, end))
        step(words);
    for (size_t k = strlen(end); k > 0 && words->at < words->size; k--)
        step(words);
}

/* Space, comments, and lines of a preprocessor. */
void words_skip_space(dot_words *words)
{
    while (words->at < words->size) {
        char c = words->bytes[words->at];
        if (isspace((unsigned char)c))
            step(words);
        else if (is_at(words, "/*"))
            skip_to(words, "*/");
        else if (is_at(words, "//") || (c == '#' && (words->at == 0 || words->bytes[words->at - 1] == '\n')))
            skip_to(words, "\n");
        else
            return;
    }
}

/* <b>…</b> in brackets: they are counted, those in comments are not. */
static void skip_html(dot_words *words)
{
    int depth = 0;
    while (words->at < words->size) {
        if (is_at(words, "<!--")) {
            skip_to(words, "-->");
            continue;
        }
        char c = words->bytes[words->at];
        step(words);
        depth += (c == '<') - (c == '>');
        if (depth == 0)
            return;
    }
}

static bool is_of_word(char c)
{
    return isalnum((unsigned char)c) || (c & 0x80) || c == '_' || c == '.';
}

static bool is_negative_number(const dot_words *words)
{
    return words->bytes[words->at] == '-' && words->at + 1 < words->size &&
           (isdigit((unsigned char)words->bytes[words->at + 1]) || words->bytes[words->at + 1] == '.');
}

/* Behind the opening quote. */
static void take_quoted(dot_words *words, text_place *word)
{
    const char *bytes = words->bytes;
    word->is_quoted = true;
    word->name = bytes + words->at;
    for (; words->at < words->size && bytes[words->at] != '"'; step(words))
        if (bytes[words->at] == '\\' && words->at + 1 < words->size)
            step(words);
    word->length = (size_t)(bytes + words->at - word->name);
    if (words->at < words->size)
        step(words);
}

bool words_take(dot_words *words, text_place *word)
{
    const char *begin = words->bytes + words->at;
    *word = (text_place){.name = begin, .line = words->line};
    if (*begin == '"') {
        step(words);
        take_quoted(words, word);
        return true;
    }
    if (*begin == '<') {
        skip_html(words);
        word->name = begin + 1;
        word->length = (size_t)(words->bytes + words->at - begin);
        word->length -= word->length < 2 ? word->length : 2;
        return false;
    }
    if (is_negative_number(words))
        step(words);
    while (words->at < words->size && is_of_word(words->bytes[words->at]))
        step(words);
    word->length = (size_t)(words->bytes + words->at - begin);
    if (word->length == 0)
        step(words);
    return word->length > 0;
}

bool words_at_keyword(const dot_words *words, const char *keyword)
{
    size_t length = strlen(keyword);
    const char *at = words->bytes + words->at;
    return words->size - words->at >= length && plain_same_part(at, keyword, length) &&
           (words->size - words->at == length || !(isalnum((unsigned char)at[length]) || at[length] == '_'));
}

bool words_is_keyword(const text_place *word, const char *keyword)
{
    return !word->is_quoted && word->length == strlen(keyword) && plain_same_part(word->name, keyword, word->length);
}
