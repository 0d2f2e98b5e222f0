/* Text in the making, numbers in it the same under every locale. */
#ifndef TOOLS_DRAW_TEXT_H
#define TOOLS_DRAW_TEXT_H

#include <dotgrad/value.h>

#include <stdarg.h>
#include <stdint.h>

/* A buffer that grows. After a failed allocation it takes nothing more and `failed` stays set. */
typedef struct text {
    char *bytes; /* terminated; NULL: nothing yet */
    size_t used, capacity;
    bool failed;
} text;

void text_free(text *t);
void text_bytes(text *t, const void *bytes, size_t size);
void text_put(text *t, const char *words);
void text_two(text *t, const char *first, const char *second);
void text_add(text *t, const char *format, ...) __attribute__((format(printf, 2, 3))); /* no floating point */
void text_whole(text *t, int64_t number);
/* At most `decimals` (0 … 3) digits after the point, without trailing zeros. */
void text_number(text *t, double number, int decimals);
/* For text and attributes of XML: & < > " ' as entities, control characters and bytes that are no UTF-8 as U+FFFD. */
void text_xml(text *t, const char *words);

/* The next character of UTF-8, U+FFFD for a byte that begins none; *at moves behind it. */
uint32_t text_character(const char **at);
int text_length(const char *words); /* in characters */
bool text_is_digit(char c);
/* The first `most` characters, with "…" in place of the last one where there are more; in the arena. */
const char *text_cut(dg_arena *arena, const char *words, int most);
/* In the arena; "" without memory, and the arena has failed. */
const char *text_format(dg_arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *text_keep(dg_arena *arena, const text *t);
/* "1,234,567" */
const char *text_count(dg_arena *arena, int64_t count);

/* A shell pattern with * and ?, or several with commas between them. */
bool text_matches(const char *patterns, const char *words);
/* Whether a list "a,b" has this word. */
bool text_lists(const char *list, const char *word);

void text_copy(char *to, const char *words, size_t size); /* cut where it is longer */
uint64_t text_hash(uint64_t hash, const char *words);
#define TEXT_HASH 14695981039346656037u

#endif
